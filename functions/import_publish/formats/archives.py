"""Gzip and zip, unpacked while reading: counted byte by byte, believing no declared size, writing no name to a disk."""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from functions.import_publish.formats.limits import CHUNK, FileProblem, Limits, Meter, too_dense, too_large_unpacked

MOST_DIRECTORY = 1 << 20
"""Bytes of a zip's directory. zipfile makes an object of every entry, so a directory of any size is a bomb itself."""
_LOCAL = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1 | 0x40
_IS_LINK = 0xA000
_KIND = 0xF000


def gunzip(chunks: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    """What is in a gzip file, of one member or several. Raises FileProblem at the byte that cannot be read."""
    inflater = zlib.decompressobj(31)
    read = made = 0
    started = False
    for chunk in chunks:
        read += len(chunk)
        more = True
        while more:
            if inflater.eof:
                # Some tools fill up with zeros behind the last member.
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    break
                inflater = zlib.decompressobj(31)
            try:
                data = inflater.decompress(chunk, CHUNK)
            except zlib.error:
                raise _broken() from None
            chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            more = bool(chunk) or len(data) == CHUNK
            made += len(data)
            meter.gave(len(data), so_far=made, of=read - len(chunk))
            started = True
            if data:
                yield data
    if not (started and inflater.eof):
        raise _cut()


def spooled(chunks: Iterator[bytes]) -> BinaryIO:
    """A zip has its directory at the end, so it is put on the disk first. The caller closes it."""
    file = tempfile.SpooledTemporaryFile(max_size=4 * CHUNK)  # noqa: SIM115 - the caller's, see above
    try:
        for chunk in chunks:
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file  # type: ignore[return-value]


class Zip:
    """The directory of a zip, checked, and its entries as streams."""

    def __init__(self, file: BinaryIO, meter: Meter, limits: Limits) -> None:
        """Raises FileProblem if the directory is damaged, too large, or describes what no honest tool writes."""
        self._file = file
        self._meter = meter
        self._limits = limits
        try:
            with zipfile.ZipFile(_Guarded(file)) as opened:
                self._end = opened.start_dir
                entries = opened.infolist()
        except FileProblem:
            raise
        except (zipfile.BadZipFile, struct.error, ValueError, OverflowError, NotImplementedError, OSError, EOFError):
            raise self._unreadable() from None
        self.entries: dict[str, zipfile.ZipInfo] = {info.filename: info for info in entries}
        self._check(entries)

    def files(self) -> list[zipfile.ZipInfo]:
        """What a person would call the files of the archive: no folders, and not what macOS packs along."""
        return [
            info
            for name, info in self.entries.items()
            if not name.endswith("/") and not name.startswith("__MACOSX/") and not name.endswith(".DS_Store")
        ]

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """An entry's bytes. Raises FileProblem when they are not what the directory says, at the first excess byte."""
        packed = self._packed(info)
        crc = made = 0
        for data in packed if info.compress_type == zipfile.ZIP_STORED else _inflate(packed):
            made += len(data)
            if made > info.file_size:
                raise _broken()
            crc = zlib.crc32(data, crc)
            self._meter.gave(len(data), so_far=made, of=info.compress_size)
            yield data
        if made != info.file_size or crc != info.CRC:
            raise _broken()

    def _unreadable(self) -> FileProblem:
        """A zip without its end was cut off on the way; any other is broken."""
        size = self._file.seek(0, 2)
        self._file.seek(max(0, size - (1 << 16) - 22))
        return _broken() if b"PK\5\6" in self._file.read() else _cut()

    def _check(self, entries: list[zipfile.ZipInfo]) -> None:
        if len(self.entries) != len(entries):
            raise FileProblem("BAD_ARCHIVE", "Two files of the archive have the same name: pack it again.")
        free = unpacked = 0
        for info in sorted(entries, key=lambda entry: entry.header_offset):
            if info.flag_bits & _ENCRYPTED:
                raise FileProblem("ARCHIVE_ENCRYPTED", "The archive has a password: upload it without one.")
            if info.external_attr >> 16 & _KIND == _IS_LINK:
                raise FileProblem("BAD_ARCHIVE", "The archive holds a link instead of a file: pack the file itself.")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise FileProblem("BAD_ARCHIVE", "The archive is packed in an unusual way: pack it as a common zip.")
            if info.header_offset < free:
                raise FileProblem("BAD_ARCHIVE", "Files of the archive overlap: pack it again.")
            free = info.header_offset + _LOCAL.size + info.compress_size
            unpacked += info.file_size
            # An honest bomb is refused before it is opened; a lying one when it comes true, in `chunks`.
            if info.file_size > max(1 << 20, self._limits.ratio * max(info.compress_size, 1)):
                raise too_dense(self._limits)
        if free > self._end:
            raise _broken()
        if unpacked > self._limits.unpacked:
            raise too_large_unpacked(self._limits)

    def _packed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size:
            raise _broken()
        magic, _, flags, method, _, _, _, _, _, name, extra = _LOCAL.unpack(header)
        if magic != b"PK\3\4" or method != info.compress_type or flags & _ENCRYPTED:
            raise _broken()
        place = info.header_offset + _LOCAL.size + name + extra
        left = info.compress_size
        while left:
            # Entries are read one after the other or in turns, so each remembers its own place.
            self._file.seek(place)
            chunk = self._file.read(min(CHUNK, left))
            if not chunk:
                raise _cut()
            place += len(chunk)
            left -= len(chunk)
            yield chunk


class _Guarded:
    """The file as zipfile sees it: what it wants to read at once is bounded."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def read(self, count: int = -1) -> bytes:
        if count > MOST_DIRECTORY:
            raise FileProblem("ARCHIVE_MANY_FILES", "The archive holds far too many files: put in exactly one.")
        # zipfile looks for the end of the directory with read(), in at most the last 64 KiB and a little.
        return self._file.read(count if count >= 0 else 1 << 17)


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    for chunk in chunks:
        more = True
        while more:
            if inflater.eof:
                raise _broken()
            try:
                data = inflater.decompress(chunk, CHUNK)
            except zlib.error:
                raise _broken() from None
            chunk = inflater.unused_data or inflater.unconsumed_tail
            more = bool(chunk) or (len(data) == CHUNK and not inflater.eof)
            if data:
                yield data
    if not inflater.eof:
        raise _broken()


def _broken() -> FileProblem:
    return FileProblem("BAD_ARCHIVE", "The archive is damaged: pack it again.")


def _cut() -> FileProblem:
    return FileProblem("TRUNCATED", "The archive ends too early: upload it again.")
