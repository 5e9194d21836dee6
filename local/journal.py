"""Append-only log: what the local Pub/Sub and Cloud Tasks must still know after a restart or a kill -9.

A record is `length u32, crc32 u32, kind u8, payload`. Records are handed to the operating system before the caller
answers its client, so a killed process loses nothing; there is no fsync, so a power cut may lose the last moments.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_HEAD = struct.Struct(">IIB")
_MAGIC = b"RSJ1"

Record = tuple[int, bytes]


class Journal:
    """One log file. `append` buffers, `flush` writes; `append_now` does both."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._buffer: list[bytes] = []
        self.size = 0

    def replay(self) -> Iterator[Record]:
        """Yields every whole record; cuts off a tail torn by a kill in the middle of a write."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        if not data.startswith(_MAGIC):
            if data:
                raise ValueError(f"{self._path} is not a journal of the local cloud; `make reset` removes it")
            return
        at = len(_MAGIC)
        while at + _HEAD.size <= len(data):
            length, crc, kind = _HEAD.unpack_from(data, at)
            payload = data[at + _HEAD.size : at + _HEAD.size + length]
            if len(payload) < length or zlib.crc32(payload, kind) != crc:
                break
            yield kind, payload
            at += _HEAD.size + length

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replaces the log by `records` in one atomic rename, and opens it for appending."""
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(_MAGIC)
            for kind, payload in records:
                file.write(_encode(kind, payload))
        fresh.replace(self._path)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self.size = os.fstat(self._fd).st_size

    def append(self, kind: int, payload: bytes) -> None:
        """Adds a record to the buffer; it is safe only after `flush`."""
        self._buffer.append(_encode(kind, payload))

    def append_now(self, kind: int, payload: bytes) -> None:
        """Adds a record and hands everything buffered to the operating system."""
        self._buffer.append(_encode(kind, payload))
        self.flush()

    def flush(self) -> None:
        """Hands everything buffered to the operating system."""
        if not self._buffer or self._fd < 0:
            return
        view = memoryview(b"".join(self._buffer))
        self._buffer.clear()
        self.size += len(view)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        """Flushes and closes; safe to repeat."""
        self.flush()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _encode(kind: int, payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), zlib.crc32(payload, kind), kind) + payload
