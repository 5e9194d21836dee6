"""A file as a table: opened, unpacked, told what it is, and read once."""

from __future__ import annotations

import io
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from typing import BinaryIO, Protocol

from functions.import_publish.formats.archives import Zip, gunzip, spooled
from functions.import_publish.formats.delimited import Delimited
from functions.import_publish.formats.detect import LONGEST_MAGIC, container_of, format_of
from functions.import_publish.formats.encoding import Decoder
from functions.import_publish.formats.jsonish import JsonArray, JsonLines
from functions.import_publish.formats.limits import CHUNK, FileProblem, Hints, Limits, Meter, Record
from functions.import_publish.formats.lines import Lines
from functions.import_publish.formats.workbook import Workbook
from functions.import_publish.formats.workbook_parts import is_workbook

_FORWARD = 100
"""Records of JSON that are read ahead until one of them can be read and names the columns."""


class _Reader(Protocol):
    """What reads one format."""

    columns: list[str]

    def __iter__(self) -> Iterator[Record]: ...


class Table:
    """The records of a file, once, and what the file turned out to be.

    `encoding` and `columns` are final when all has been read: a file may be ASCII for a thousand lines, and an
    object of JSON may have a field that none before had. Columns are only ever added.
    """

    def __init__(self, stream: BinaryIO, hints: Hints, limits: Limits) -> None:
        """See `read`."""
        self._limits = limits
        self._meter = Meter(limits)
        self._open = ExitStack()
        weakref.finalize(self, self._open.close)
        self._decoder: Decoder | None = None
        self.format = ""
        """csv, ndjson, json or xlsx."""
        self.compression = ""
        """gzip, zip, or nothing."""
        self.delimiter = ""
        """Of a CSV file; empty for the others."""
        try:
            reader = self._opened(_chunks(stream, self._meter), hints)
            self.columns = reader.columns
            """Their names, aligned with the cells of a record."""
            self._records = self._looked_ahead(iter(reader))
        except BaseException:
            self.close()
            raise

    @property
    def encoding(self) -> str:
        """As Python names it."""
        return self._decoder.encoding if self._decoder is not None else "utf-8"

    @property
    def unpacked(self) -> int:
        """Bytes so far of what is inside; of a file that is not packed, of the file."""
        return self._meter.unpacked or self._meter.packed

    @property
    def packed(self) -> int:
        """Bytes read so far of the file as it was uploaded."""
        return self._meter.packed

    def __iter__(self) -> Iterator[Record]:
        """The records, once. Raises FileProblem where the rest cannot be read; what came before stands."""
        rows, most = 0, self._limits.rows
        try:
            for record in self._records:
                rows += 1
                if rows > most:
                    message = f"The file has more than {most} rows: split it."
                    raise FileProblem("TOO_MANY_ROWS", message, record.line)
                yield record
            if not rows:
                raise FileProblem("FILE_EMPTY", "The file has no rows: upload one that has some.")
        finally:
            self.close()

    def close(self) -> None:
        """Gives back the files on the disk. Reading to the end does so too."""
        self._open.close()

    def _opened(self, chunks: Iterator[bytes], hints: Hints) -> _Reader:
        head, chunks = _peeked(chunks)
        self.compression = container_of(head)
        if self.compression == "":
            return self._text(chunks, hints)
        self._meter.is_compressed()
        if self.compression == "gzip":
            head, chunks = _peeked(gunzip(chunks, self._meter))
            kind = container_of(head)
            return self._text(chunks, hints) if kind == "" else self._inner(kind, chunks, hints)
        archive = self._archive(chunks)
        if is_workbook(archive):
            self.compression = ""
            return self._workbook(archive, hints)
        files = archive.files()
        if len(files) > 1:
            raise FileProblem("ARCHIVE_MANY_FILES", f"The archive holds {len(files)} files: put in exactly one.")
        if not files:
            raise FileProblem("FILE_EMPTY", "The archive holds no file: put in exactly one.")
        head, chunks = _peeked(archive.chunks(files[0]))
        kind = container_of(head)
        hints = Hints(files[0].filename, "", hints.encoding, hints.delimiter, hints.sheet)
        return self._text(chunks, hints) if kind == "" else self._inner(kind, chunks, hints)

    def _inner(self, kind: str, chunks: Iterator[bytes], hints: Hints) -> _Reader:
        """A workbook in an archive is fine, and a zip itself; any other archive in one is not."""
        if kind == "zip":
            archive = self._archive(_limited(chunks, self._limits.packed))
            if is_workbook(archive):
                return self._workbook(archive, hints)
        raise FileProblem("ARCHIVE_NESTED", "There is an archive in the archive: put the file itself there.")

    def _archive(self, chunks: Iterator[bytes]) -> Zip:
        return Zip(self._open.enter_context(spooled(chunks)), self._meter, self._limits)

    def _workbook(self, archive: Zip, hints: Hints) -> _Reader:
        self.format = "xlsx"
        texts = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - open until the table is closed
        return Workbook(archive, texts, hints.sheet, self._limits)

    def _text(self, chunks: Iterator[bytes], hints: Hints) -> _Reader:
        self._decoder = Decoder(chunks, hints.encoding)
        texts = iter(self._decoder)
        try:
            first = next(texts, ("", False))
        except FileProblem as problem:
            raise problem.at(1) from None
        self.format = format_of(first[0], hints)
        texts = chain([first], texts)
        if self.format == "json":
            return JsonArray(texts, self._limits)
        lines = Lines(texts, self._limits)
        if self.format == "ndjson":
            return JsonLines(lines, self._limits)
        reader = Delimited(lines, hints, self._limits)
        self.delimiter = reader.delimiter
        return reader

    def _looked_ahead(self, records: Iterator[Record]) -> Iterable[Record]:
        """JSON names its columns in the records, and they should be known before the first is taken."""
        if self.format not in ("json", "ndjson"):
            return records
        ahead: list[Record] = []
        try:
            for record in islice(records, _FORWARD):
                ahead.append(record)
                if record.problem is None:
                    break
        except FileProblem as problem:
            return _cut_short(ahead, problem)
        return chain(ahead, records)


def read(stream: BinaryIO, hints: Hints | None = None, limits: Limits | None = None) -> Table:
    """Opens a file of whatever format. `stream` is read forward only, with blocking `read(n)`; the caller closes it.

    Memory stays flat: a few pieces of CHUNK bytes and one record. Zip and XLSX are put on the disk first.
    Raises FileProblem, here for what the first bytes show and from the table's iterator for the rest. Whatever the
    bytes are, nothing else is raised but what the stream itself raises.
    """
    return Table(stream, hints or Hints(), limits or Limits())


def _chunks(stream: BinaryIO, meter: Meter) -> Iterator[bytes]:
    """The file in pieces of CHUNK bytes, also if the network gives it in crumbs."""
    while True:
        piece = stream.read(CHUNK)
        if 0 < len(piece) < CHUNK:
            crumbs = io.BytesIO()
            crumbs.write(piece)
            while crumbs.tell() < CHUNK and (piece := stream.read(CHUNK - crumbs.tell())):
                crumbs.write(piece)
            piece = crumbs.getvalue()
        if not piece:
            return
        meter.took(len(piece))
        yield piece


def _peeked(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, enough to know a container by, and the pieces with them."""
    first = next(chunks, b"")
    while 0 < len(first) < LONGEST_MAGIC and (more := next(chunks, b"")):
        first += more
    return first, chain([first] if first else [], chunks)


def _limited(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    count = 0
    for chunk in chunks:
        count += len(chunk)
        if count > most:
            raise FileProblem("TOO_LARGE", "The workbook is too large: split it.")
        yield chunk


def _cut_short(records: list[Record], problem: FileProblem) -> Iterator[Record]:
    yield from records
    raise problem
