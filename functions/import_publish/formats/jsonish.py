"""NDJSON and JSON arrays, one element at a time, with every number exactly as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from functions.import_publish.formats.json_values import Broken, Flattener, scan
from functions.import_publish.formats.limits import Cell, FileProblem, Limits, Problem, Record
from functions.import_publish.formats.lines import Lines, defect, shown

_BLANK = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_AFTER_SCALAR = re.compile(r"[,\]]")


class JsonLines:
    """One object on every line. A broken line concerns nobody else."""

    def __init__(self, lines: Lines, limits: Limits) -> None:
        self._lines = lines
        self._limits = limits
        self._flatten = Flattener(limits)
        self.columns = self._flatten.columns

    def __iter__(self) -> Iterator[Record]:
        read = self._flatten.cells
        most = self._limits.cell
        for batch in self._lines:
            careful = self._lines.suspect
            for number, line in enumerate(batch, self._lines.before + 1):
                problem: Problem | None = None
                if careful:
                    problem = defect(line)
                if problem is None:
                    try:
                        yield Record(number, read(line), None)
                        continue
                    except Broken as broken:
                        problem = broken.problem
                        if not line.strip(" \t\n"):
                            continue
                    except FileProblem as found:
                        raise found.at(number) from None
                yield Record(number, [shown(line.rstrip("\n"))[:most]], problem)


class JsonArray:
    """The elements of one array. The array itself is never in memory, only what surrounds the element read now."""

    def __init__(self, texts: Iterator[tuple[str, bool]], limits: Limits) -> None:
        self._texts = texts
        self._limits = limits
        self._flatten = Flattener(limits)
        self.columns = self._flatten.columns
        self._text = ""
        self._place = 0
        self._ended = False
        self._number = 0
        self._measured = (0, 0)
        """Of the element read now: characters, and brackets open behind them."""

    def __iter__(self) -> Iterator[Record]:
        """The elements. Raises FileProblem, with the element's number, where the array itself is broken."""
        self._number = 1
        self._expect("[")
        if self._peek() == "]":
            self._place += 1
        else:
            while True:
                yield self._record()
                self._number += 1
                if self._expect(",]") == "]":
                    break
        if self._peek():
            raise FileProblem("BAD_JSON", "Something follows behind the array: remove it.", self._number)

    def _record(self) -> Record:
        start, end = self._element()
        text = self._text[start:end]
        self._place = end
        problem = defect(text)
        if problem is None:
            try:
                return Record(self._number, self._flatten.cells(text), None)
            except Broken as broken:
                problem = broken.problem
            except FileProblem as found:
                raise found.at(self._number) from None
        cells: list[Cell] = [shown(text)[: self._limits.cell]]
        return Record(self._number, cells, problem)

    def _element(self) -> tuple[int, int]:
        """Where the element is, having read as much of the file as it needs."""
        self._peek()
        self._measured = (0, 0)
        while True:
            end = self._end()
            if (end or len(self._text)) - self._place > self._limits.line:
                message = f"The element is longer than {self._limits.line} characters: shorten it."
                raise FileProblem("LINE_TOO_LONG", message, self._number)
            if end is not None:
                return self._place, end
            if not self._more():
                message = "The file ends in the middle of an element: upload it again."
                raise FileProblem("TRUNCATED", message, self._number)

    def _end(self) -> int | None:
        """Where the element ends, or None if that is not in the text yet."""
        text, place = self._text, self._place
        first = text[place : place + 1]
        if first and first not in '{["':
            found = _AFTER_SCALAR.search(text, place)
            return found.start() if found else len(text) if self._ended else None
        # The scanner in C finds the end of nearly every element; what it cannot read is measured by its brackets.
        end = scan(text, place)
        return end if end is not None else self._end_by_brackets(place)

    def _end_by_brackets(self, place: int) -> int | None:
        # What was measured when less of it was there is not measured again.
        measured, depth = self._measured
        for token in _TOKEN.finditer(self._text, place + measured):
            sign = token[0]
            if sign in "{[":
                depth += 1
            elif sign in "}]":
                depth -= 1
            elif sign == '"':
                break
            if depth <= 0:
                return token.end()
            measured = token.end() - place
        self._measured = (measured, depth)
        return None

    def _peek(self) -> str:
        """The next character that is not blank, or nothing at the end of the file."""
        while True:
            found = _BLANK.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _expect(self, signs: str) -> str:
        sign = self._peek()
        if not sign:
            raise FileProblem("TRUNCATED", "The array is never closed: upload the file again.", self._number)
        if sign not in signs:
            wanted = " or ".join(signs)
            message = f"There should be {wanted} and is {shown(sign)!r}: correct it."
            raise FileProblem("BAD_JSON", message, self._number)
        self._place += 1
        return sign

    def _more(self) -> bool:
        """Drops what is done and reads on. False at the end of the file."""
        if self._ended:
            return False
        try:
            text, _ = next(self._texts, (None, False))
        except FileProblem as problem:
            raise problem.at(self._number) from None
        self._text = self._text[self._place :] + (text or "")
        self._place = 0
        self._ended = text is None
        return not self._ended
