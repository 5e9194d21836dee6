"""The XML inside a workbook, read as it streams by: no entities, no depth, no growth, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol
from xml.parsers import expat

from functions.import_publish.formats.limits import FileProblem

MOST_DEPTH = 64
MOST_NAMES = 4_000
"""Different names of elements and attributes. The parser keeps each for good; a real workbook has some two hundred."""
MOST_PENDING = 2 << 20
"""Bytes of one tag. The parser keeps a tag in memory until it is whole."""
STEP = 64 << 10


class Handler(Protocol):
    """What wants to see the elements; names come without their prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


def parse(chunks: Iterator[bytes], handler: Handler, pause: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Feeds a part to the handler, and stops for a moment after every step in which `pause` says so.

    Raises FileProblem BAD_ARCHIVE when it is no XML, or XML that no spreadsheet program writes.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate(intern=names)
    _connect(parser, handler)
    fed = 0
    problem: FileProblem | None = None
    steps = _steps(chunks)
    while True:
        try:
            step = next(steps, b"")
            parser.Parse(step, not step)
            fed += len(step)
            if len(names) > MOST_NAMES or fed - parser.CurrentByteIndex > MOST_PENDING:
                raise _hostile("holds far more than a table")
        except FileProblem as found:
            problem = found
        # Texts that cannot be decoded are ValueErrors, encodings that do not exist LookupErrors.
        except (expat.ExpatError, ValueError, LookupError):
            problem = FileProblem("BAD_ARCHIVE", "The workbook is damaged: save it again.")
        # What was read before a problem stands.
        if pause():
            yield
        if problem is not None:
            raise problem
        if not step:
            return


def _steps(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for place in range(0, len(chunk), STEP):
            yield chunk[place : place + STEP]


def _connect(parser: expat.XMLParserType, handler: Handler) -> None:
    local: dict[str, str] = {}
    depth = 0

    def name_of(name: str) -> str:
        # A few programs give every element a prefix.
        if len(local) > MOST_NAMES:
            raise _hostile("holds far more than a table")
        local[name] = short = name.rpartition(":")[2]
        return short

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise _hostile("is nested too deep")
        handler.start(local.get(name) or name_of(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(local[name])

    def doctype(*_: object) -> None:
        raise _hostile("declares entities")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = doctype


def _hostile(what: str) -> FileProblem:
    return FileProblem("BAD_ARCHIVE", f"The workbook {what}, which no spreadsheet program writes: save it again.")
