"""Text to physical lines, in batches: LF, CRLF and lone CR end a line, and nothing else does."""

from __future__ import annotations

import io
from collections.abc import Iterator

from functions.import_publish.formats.encoding import MARK
from functions.import_publish.formats.limits import FileProblem, Limits, Problem

BAD_TEXT: Problem = (
    "BAD_ENCODING",
    "The row holds bytes that are no text in the file's encoding: save the file as UTF-8.",
    None,
)
NUL: Problem = ("NUL_BYTE", "The row holds a NUL byte: export it again as text.", None)


class Lines:
    """Batches of lines, each ending with one LF, except perhaps the last of the file.

    Line breaks are all read as LF, inside a quoted cell too: which of the three a tool wrote says nothing.
    """

    def __init__(self, texts: Iterator[tuple[str, bool]], limits: Limits) -> None:
        self._texts = texts
        self._most = limits.line
        self.before = 0
        """Lines in the batches before this one."""
        self.suspect = False
        """Whether this batch has characters that no text has, so that each line must be looked at."""
        self.longest = 0
        """Characters of the longest line of this batch."""

    def __iter__(self) -> Iterator[list[str]]:
        """The batches. Raises FileProblem, with its line, after all lines before it have been handed out."""
        rest, cut, suspect, ended = "", False, False, False
        problem: FileProblem | None = None
        texts = iter(self._texts)
        while not ended:
            try:
                text, marked = next(texts, ("", None))
            except FileProblem as found:
                text, marked, problem = "", None, found
            ended = marked is None
            if cut:
                text = "\r" + text
            # A CR at the end of a piece may be half of a CRLF.
            if cut := not ended and text.endswith("\r"):
                text = text[:-1]
            suspect = suspect or bool(marked) or "\0" in text
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            lines = list(io.StringIO(rest + text, newline="\n"))
            rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
            yield from self._checked(lines, suspect)
            if len(rest) > self._most:
                raise self._too_long(0)
            suspect = suspect and bool(rest)
        if problem is not None:
            raise problem.at(self.before + 1)
        if rest:
            yield from self._checked([rest], suspect)

    def _checked(self, lines: list[str], suspect: bool) -> Iterator[list[str]]:
        if not lines:
            return
        self.suspect = suspect
        self.longest = max(map(len, lines))
        if self.longest <= self._most:
            yield lines
            self.before += len(lines)
            return
        place = next(n for n, line in enumerate(lines) if len(line) > self._most)
        if place:
            yield lines[:place]
        raise self._too_long(place)

    def _too_long(self, place: int) -> FileProblem:
        return FileProblem(
            "LINE_TOO_LONG",
            f"The line is longer than {self._most} characters: look for a quote that is never closed.",
            self.before + place + 1,
        )


def defect(text: str) -> Problem | None:
    """What no row may hold, if the text does."""
    if MARK in text:
        return BAD_TEXT
    return NUL if "\0" in text else None


def shown(text: str) -> str:
    """The text as it can be stored and shown."""
    return text.replace(MARK, "\ufffd").replace("\0", "\ufffd")
