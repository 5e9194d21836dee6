"""The objects of the local Cloud Storage: one file of content and one of facts each, swapped in whole."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import google_crc32c
import orjson


class Precondition(Exception):
    """The object is not as the request demands (412)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one object. Hashes are base64, as the API writes them."""

    bucket: str
    name: str
    generation: int
    size: int
    media: str
    crc32c: str
    md5: str
    created: float
    encoding: str = ""


class Upload:
    """Content on its way: nothing of it can be seen before `Disk.keep`."""

    def __init__(self, folder: Path) -> None:
        fd, name = tempfile.mkstemp(dir=folder, prefix=".upload-")
        self._file: IO[bytes] = os.fdopen(fd, "wb")
        self.path = Path(name)
        self.size = 0
        # The class has no types.
        self._crc: Any = google_crc32c.Checksum()  # type: ignore[no-untyped-call]
        self._md5 = hashlib.md5(usedforsecurity=False)

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self._file.write(data)
        self._crc.update(data)
        self._md5.update(data)
        self.size += len(data)

    def hashes(self) -> tuple[str, str]:
        """CRC32C and MD5."""
        return base64.b64encode(self._crc.digest()).decode(), base64.b64encode(self._md5.digest()).decode()

    def close(self) -> None:
        """No more will come."""
        self._file.close()

    def discard(self) -> None:
        """Throw it away; safe after `Disk.keep`."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class Disk:
    """All buckets below one folder. Only one process at a time may use it."""

    def __init__(self, folder: Path, buckets: list[str]) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for torn in folder.glob(".upload-*"):
            torn.unlink()
        self.buckets = set(buckets)
        self._objects: dict[tuple[str, str], Facts] = {}
        for file in folder.glob("*.json"):
            facts = Facts(**orjson.loads(file.read_bytes()))
            self._objects[facts.bucket, facts.name] = facts

    def upload(self) -> Upload:
        """A place for content to come."""
        return Upload(self._folder)

    def keep(
        self, upload: Upload, bucket: str, name: str, media: str, *, encoding: str = "", match: int | None = None
    ) -> Facts:
        """Make the content visible. Raises Precondition when `match` is not the generation there (0: nothing)."""
        self.check(bucket, name, match)
        upload.close()
        crc, md5 = upload.hashes()
        before = self._objects.get((bucket, name))
        generation = max(time.time_ns() // 1000, before.generation + 1 if before else 0)
        facts = Facts(bucket, name, generation, upload.size, media, crc, md5, time.time(), encoding)
        content, card = self._content(facts), self._card(facts)
        upload.path.replace(content)
        fresh = card.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(asdict(facts)))
        fresh.replace(card)
        self._objects[bucket, name] = facts
        if before is not None:
            self._content(before).unlink(missing_ok=True)
        return facts

    def check(self, bucket: str, name: str, match: int | None) -> None:
        """Raises Precondition when `match` is not the generation that is there."""
        there = self._objects.get((bucket, name))
        if match is not None and match != (there.generation if there else 0):
            raise Precondition

    def find(self, bucket: str, name: str, generation: int | None = None) -> Facts | None:
        """An object, or None; with a `generation` only that very content."""
        facts = self._objects.get((bucket, name))
        return facts if facts is not None and generation in (None, facts.generation) else None

    def open(self, facts: Facts) -> IO[bytes]:
        """Its content."""
        return self._content(facts).open("rb")

    def delete(self, facts: Facts) -> None:
        """Forget it."""
        del self._objects[facts.bucket, facts.name]
        self._card(facts).unlink(missing_ok=True)
        self._content(facts).unlink(missing_ok=True)

    def listed(self, bucket: str, prefix: str) -> Iterator[Facts]:
        """The objects whose name starts so, in order."""
        for key in sorted(self._objects):
            if key[0] == bucket and key[1].startswith(prefix):
                yield self._objects[key]

    def _card(self, facts: Facts) -> Path:
        return self._folder / f"{_file_name(facts)}.json"

    def _content(self, facts: Facts) -> Path:
        return self._folder / f"{_file_name(facts)}-{facts.generation}.bin"


def _file_name(facts: Facts) -> str:
    return hashlib.sha256(f"{facts.bucket}\0{facts.name}".encode()).hexdigest()[:40]


def resource(facts: Facts) -> dict[str, Any]:
    """The object as the JSON API shows it."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(facts.created)) + ".000Z"
    return {
        "kind": "storage#object",
        "id": f"{facts.bucket}/{facts.name}/{facts.generation}",
        "name": facts.name,
        "bucket": facts.bucket,
        "generation": str(facts.generation),
        "metageneration": "1",
        "contentType": facts.media,
        **({"contentEncoding": facts.encoding} if facts.encoding else {}),
        "storageClass": "STANDARD",
        "size": str(facts.size),
        "md5Hash": facts.md5,
        "crc32c": facts.crc32c,
        "etag": base64.b64encode(str(facts.generation).encode()).decode(),
        "timeCreated": when,
        "updated": when,
    }
