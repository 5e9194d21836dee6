"""The bucket that keeps every file as it came, until its import is over: Cloud Storage, here and in the local cloud.

Google's client is blocking, so every call runs in a small pool of threads of its own. `open` gives a blocking reader:
use it inside a thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import orjson

from functions.common import clock
from functions.common.errors import Unavailable
from functions.common.once import Once
from functions.import_publish import settings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from google.cloud.storage import Blob as GoogleBlob
    from google.cloud.storage import Bucket as GoogleBucket

T = TypeVar("T")

THREADS = 8
PART_BYTES = 4 << 20
"""What is read or written at a time. Cloud Storage wants multiples of 256 KiB."""
TIMEOUT_SECONDS = (3.0, 30.0)
RETRY_SECONDS = 10.0
"""How long a call is tried again. The client's own two minutes would outlive every request."""
UPLOAD_LIVES = timedelta(hours=1)
_MEDIA = "application/octet-stream"


class BlobMissing(Exception):
    """There is no such object (any more)."""


class BlobTooLarge(Exception):
    """More bytes came than were allowed; nothing was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the file is larger than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in the bucket. `sha256` is known (hex) only to whoever put it; `generation` names this very content."""

    object: str
    size: int
    sha256: str
    media: str
    generation: int


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """Leave to PUT one file, once, straight into the bucket. The headers are signed: send them as they are."""

    url: str
    headers: dict[str, str]
    expires_at: datetime


class Reader(io.BufferedIOBase):
    """A blocking, forward-only reader of one object that never holds more than one part of it."""

    def __init__(self, blob: GoogleBlob, size: int) -> None:
        self._blob, self._size = blob, size
        self._fetched = 0
        self._part: Any = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """The next `size` bytes, fewer only at the end. Raises BlobMissing, Unavailable."""
        wanted = self._size if size is None or size < 0 else size
        taken: list[bytes] = []
        while wanted > 0:
            if not self._part and not self._fetch():
                break
            piece = self._part[:wanted]
            self._part = self._part[len(piece) :]
            wanted -= len(piece)
            taken.append(bytes(piece))
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def read1(self, size: int = -1, /) -> bytes:
        """What is at hand, at most `size` bytes."""
        if not self._part:
            self._fetch()
        return self.read(len(self._part) if size < 0 else min(size, len(self._part)))

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """For io.BufferedReader and its friends."""
        target = memoryview(buffer).cast("B")
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)

    def _fetch(self) -> bool:
        if self._fetched >= self._size:
            return False
        last = min(self._fetched + PART_BYTES, self._size) - 1
        # Raw: Cloud Storage would otherwise unpack what its uploader calls gzip, and no limit of ours would see it.
        part = _translated(
            lambda: self._blob.download_as_bytes(
                start=self._fetched, end=last, raw_download=True, checksum=None, **_patience()
            )
        )
        if not part:
            raise Unavailable("the file store gave less than it has")
        self._fetched += len(part)
        self._part = memoryview(part)
        return True


class Bucket:
    """One bucket. Objects are named `<tenantId>/<importId>/<name>`, which keeps tenants apart."""

    def __init__(self, name: str, *, endpoint: str = "", upload_key: str = "") -> None:
        self._name, self._endpoint, self._upload_key = name, endpoint, upload_key
        self._bucket = Once(self._connect)
        self._pool = Once(lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="bucket"))

    async def put(self, name: str, content: bytes | AsyncIterable[bytes], *, limit: int, media: str = _MEDIA) -> Stored:
        """Keep `content` as the object `name`, whole or not at all. Raises BlobTooLarge, Unavailable."""
        digest, size = hashlib.sha256(), 0
        blob = await self._run(lambda: self._bucket().blob(name))
        writer = await self._run(lambda: _writer(blob, media))
        try:
            async for piece in _pieces(content):
                size += len(piece)
                if size > limit:
                    raise BlobTooLarge(limit)
                digest.update(piece)
                await self._run(lambda piece=piece: writer.write(piece))  # type: ignore[misc]
            await self._run(writer.close)
            # The writer does not say which generation it has made.
            await self._run(lambda: blob.reload(**_patience()))
        except BaseException:
            # Not closed: closing would keep what has come so far.
            self._pool().submit(writer.terminate)
            raise
        return Stored(name, size, digest.hexdigest(), media, int(blob.generation or 0))

    def open(self, name: str, generation: int | None = None) -> BinaryIO:
        """A blocking reader, for use inside a thread. Raises BlobMissing, Unavailable."""
        found = self._look(name, generation)
        if found is None:
            raise BlobMissing(name)
        blob, size = found
        return cast(BinaryIO, Reader(blob, size))

    async def stat(self, name: str) -> Stored | None:
        """What is there now, or None. Raises Unavailable."""
        found = await self._run(lambda: self._look(name, None))
        if found is None:
            return None
        blob, size = found
        return Stored(name, size, "", blob.content_type or _MEDIA, int(blob.generation or 0))

    async def digest(self, stored: Stored) -> Stored:
        """The same with its SHA-256, for what came through an upload URL. Raises BlobMissing, Unavailable."""

        def read() -> str:
            digest = hashlib.sha256()
            with self.open(stored.object, stored.generation) as file:
                while part := file.read(PART_BYTES):
                    digest.update(part)
            return digest.hexdigest()

        sha256 = await self._run(read)
        return Stored(stored.object, stored.size, sha256, stored.media, stored.generation)

    async def delete(self, name: str) -> None:
        """Forget an object; one that is not there is fine. Raises Unavailable."""
        try:
            await self._run(lambda: self._bucket().blob(name).delete(**_patience()))
        except BlobMissing:
            return

    async def upload_url(
        self, name: str, *, limit: int, media: str = _MEDIA, lives: timedelta = UPLOAD_LIVES
    ) -> UploadTicket:
        """A URL to PUT the file to: once (never over what is there), and at most `limit` bytes. Raises Unavailable."""
        headers = {
            "content-type": media,
            "x-goog-content-length-range": f"0,{limit}",
            "x-goog-if-generation-match": "0",
        }
        expires_at = clock.now() + lives
        # A copy: Google's library puts a Host into it, which clients set themselves and browsers refuse to be told.
        url = await self._run(lambda: self._sign(name, dict(headers), lives))
        return UploadTicket(url, headers, expires_at)

    async def run(self, work: Callable[[], T]) -> T:
        """Run something blocking in the bucket's threads. Raises what it raises, outages as Unavailable."""
        return await self._run(work)

    def close(self) -> None:
        """Give the threads back; safe to repeat."""
        pool = self._pool.built
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
            self._pool.replace(None)
        self._bucket.replace(None)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool(), _translated, work)

    def _look(self, name: str, generation: int | None) -> tuple[GoogleBlob, int] | None:
        def load() -> tuple[GoogleBlob, int]:
            blob = self._bucket().blob(name, generation=generation)
            blob.reload(**_patience())
            # This very content from now on, even if somebody replaces it.
            pinned = self._bucket().blob(name, generation=blob.generation)
            pinned.content_type = blob.content_type
            return pinned, int(blob.size or 0)

        try:
            return _translated(load)
        except BlobMissing:
            return None

    def _sign(self, name: str, headers: dict[str, str], lives: timedelta) -> str:
        bucket = self._bucket()
        options: dict[str, Any] = {}
        if self._upload_key:
            from google.oauth2.service_account import Credentials

            key = orjson.loads(self._upload_key)
            options["credentials"] = Credentials.from_service_account_info(key)  # type: ignore[no-untyped-call]
            options["api_access_endpoint"] = self._endpoint or None
        else:
            # On Cloud Run there is no key to lose: IAM signs for the service's own account (signBlob).
            from google.auth.transport.requests import Request

            credentials = bucket.client._credentials
            credentials.refresh(Request())
            options["service_account_email"] = credentials.service_account_email
            options["access_token"] = credentials.token
        url: str = bucket.blob(name).generate_signed_url(
            version="v4", method="PUT", expiration=lives, headers=headers, **options
        )
        return url

    def _connect(self) -> GoogleBucket:
        from google.cloud.storage import Client

        if not self._endpoint:
            return Client().bucket(self._name)
        from google.auth.credentials import AnonymousCredentials

        options = {"api_endpoint": self._endpoint}
        client = Client(project="local", credentials=AnonymousCredentials(), client_options=options)  # type: ignore[no-untyped-call]
        return client.bucket(self._name)


def _writer(blob: GoogleBlob, media: str) -> Any:
    # A part sent twice is the same part: uploads are resumable, and the name belongs to one attempt.
    return blob.open("wb", chunk_size=PART_BYTES, content_type=media, **_patience())


def _patience() -> dict[str, Any]:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return {"retry": DEFAULT_RETRY.with_timeout(RETRY_SECONDS), "timeout": TIMEOUT_SECONDS}


async def _pieces(content: bytes | AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    """The content in pieces worth a trip to a thread."""
    if isinstance(content, bytes):
        for start in range(0, len(content), PART_BYTES):
            yield content[start : start + PART_BYTES]
        return
    waiting, size = [], 0
    async for piece in content:
        waiting.append(piece)
        size += len(piece)
        if size >= PART_BYTES // 4:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _translated(work: Callable[[], T]) -> T:
    """Google's exceptions as ours."""
    from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
    from google.auth.exceptions import TransportError
    from requests.exceptions import RequestException

    try:
        return work()
    except NotFound as error:
        raise BlobMissing("there is no such object") from error
    except (RetryError, TransportError, RequestException) as error:
        raise Unavailable("the file store cannot be reached", retry_after=5) from error
    except GoogleAPICallError as error:
        if error.code is None or error.code >= 500 or error.code == 429:
            raise Unavailable("the file store cannot be reached", retry_after=5) from error
        raise


bucket = Once(
    lambda: Bucket(
        settings.load().import_bucket,
        endpoint=settings.load().storage_emulator_host,
        upload_key=settings.load().import_upload_key,
    )
)
"""The bucket of this process, connected on first use."""
