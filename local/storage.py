"""`python -m local.storage`: the local Cloud Storage, for Google's unmodified client and for signed upload URLs.

The part of the JSON API that the suite uses (media, multipart and resumable uploads, ranges, generations,
preconditions) and PUT and GET of the XML API behind V4 signatures. A process of its own: large files must not hold
up messages.
"""

from __future__ import annotations

import argparse
import logging
import re
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from local.issuer import UPLOAD_SERVICE_ACCOUNT, Issuer
from local.processes import HOST
from local.storage_disk import Disk, Facts, Precondition, Upload, resource
from local.storage_signatures import BadSignature, verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

BUCKETS = ("retailscan-imports",)
SHARED_HEADERS = ("Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match", "x-goog-resumable")
"""What a page of another origin may send, as infra/terraform/modules/bucket says."""
_MEDIA = "application/octet-stream"
_PART = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_LENGTHS = re.compile(r"(\d+),(\d+)")


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class _Session:
    """One resumable upload."""

    def __init__(self, upload: Upload, bucket: str, name: str, media: str, match: int | None) -> None:
        self.upload, self.bucket, self.name, self.media, self.match = upload, bucket, name, media, match
        self.facts: Facts | None = None


class Storage:
    """The server's state and its operations."""

    def __init__(self, folder: Path, key: RSAPublicKey, buckets: tuple[str, ...] = BUCKETS) -> None:
        self._disk, self._key = Disk(folder, list(buckets)), key
        self._sessions: dict[str, _Session] = {}

    def app(self) -> Starlette:
        """What uvicorn serves."""
        return Starlette(
            routes=[
                Route("/health", _health),
                Route("/storage/v1/b/{bucket}", self._api(self.bucket)),
                Route("/storage/v1/b/{bucket}/o", self._api(self.listing)),
                Route("/storage/v1/b/{bucket}/o/{name:path}", self._api(self.read), methods=["GET"]),
                Route("/storage/v1/b/{bucket}/o/{name:path}", self._api(self.delete), methods=["DELETE"]),
                Route("/download/storage/v1/b/{bucket}/o/{name:path}", self._api(self.content)),
                Route("/upload/storage/v1/b/{bucket}/o", self._api(self.insert), methods=["POST"]),
                Route("/upload/storage/v1/b/{bucket}/o", self._api(self.resume), methods=["PUT"]),
                Route("/upload/storage/v1/b/{bucket}/o", self._api(self.give_up), methods=["DELETE"]),
                Route("/{bucket}", self._xml(self.signed_list), methods=["GET"]),
                Route("/{bucket}/{name:path}", _preflight, methods=["OPTIONS"]),
                Route("/{bucket}/{name:path}", self._xml(self.signed_put), methods=["PUT"]),
                Route("/{bucket}/{name:path}", self._xml(self.signed_get), methods=["GET"]),
            ]
        )

    # ---- the JSON API

    async def bucket(self, request: Request) -> Response:
        """A bucket's own facts."""
        return _json({"kind": "storage#bucket", "name": self._bucket(request), "id": self._bucket(request)})

    async def listing(self, request: Request) -> Response:
        """Every object with a prefix, on one page."""
        found = self._disk.listed(self._bucket(request), request.query_params.get("prefix", ""))
        return _json({"kind": "storage#objects", "items": [resource(facts) for facts in found]})

    async def read(self, request: Request) -> Response:
        """An object's facts, or its content with `alt=media`."""
        if request.query_params.get("alt") == "media":
            return await self.content(request)
        return _json(resource(self._found(request)))

    async def content(self, request: Request) -> Response:
        """Its bytes, or some of them."""
        facts = self._found(request)
        return _bytes(self._disk, facts, request.headers.get("range", ""))

    async def delete(self, request: Request) -> Response:
        """Forget an object."""
        self._disk.delete(self._found(request))
        return Response(status_code=204)

    async def insert(self, request: Request) -> Response:
        """A new object, or the beginning of a resumable upload."""
        kind = request.query_params.get("uploadType", "media")
        if kind == "resumable":
            return await self._begin(request)
        if kind == "multipart":
            return await self._multipart(request)
        upload = await self._receive(request)
        media = request.headers.get("content-type", _MEDIA)
        name = request.query_params["name"]
        return _json(resource(self._keep(upload, self._bucket(request), name, media, _match(request))))

    async def _begin(self, request: Request) -> Response:
        facts = orjson.loads(await request.body() or b"{}")
        name = facts.get("name") or request.query_params["name"]
        media = facts.get("contentType") or request.headers.get("x-upload-content-type", _MEDIA)
        bucket, match = self._bucket(request), _match(request)
        self._disk.check(bucket, name, match)
        identifier = uuid.uuid4().hex
        self._sessions[identifier] = _Session(self._disk.upload(), bucket, name, media, match)
        place = request.url.replace(query=f"uploadType=resumable&upload_id={identifier}")
        return Response(status_code=200, headers={"location": str(place), "x-guploader-uploadid": identifier})

    async def _multipart(self, request: Request) -> Response:
        boundary = request.headers["content-type"].partition("boundary=")[2].strip("\"; '").encode()
        first, second = _two_parts(await request.body(), b"--" + boundary)
        facts = orjson.loads(first[1])
        upload = self._disk.upload()
        upload.write(second[1])
        media = facts.get("contentType") or second[0].get("content-type", _MEDIA)
        name = facts.get("name") or request.query_params["name"]
        _check_hashes(upload, facts)
        return _json(resource(self._keep(upload, self._bucket(request), name, media, _match(request))))

    async def resume(self, request: Request) -> Response:
        """The next piece of a resumable upload, or the question how much has come."""
        session = self._sessions.get(request.query_params.get("upload_id", ""))
        if session is None:
            raise Refused(404, "there is no such upload")
        first, total = _place(request.headers.get("content-range", ""))
        if session.facts is None:
            if first is not None:
                await self._take(request, session, first)
            if total is None or session.upload.size < total:
                return _incomplete(session.upload.size)
            session.facts = self._keep(session.upload, session.bucket, session.name, session.media, session.match)
        return _json(resource(session.facts))

    async def _take(self, request: Request, session: _Session, first: int) -> None:
        # A piece that is sent again after a lost answer: what is there already is read over.
        skip = session.upload.size - first
        if skip < 0:
            raise Refused(503, "a piece in between is missing")
        try:
            async for data in request.stream():
                kept = data[skip:]
                skip = max(0, skip - len(data))
                session.upload.write(kept)
        except ClientDisconnect:
            raise Refused(400, "the client went away") from None

    async def give_up(self, request: Request) -> Response:
        """Throw a resumable upload away."""
        session = self._sessions.pop(request.query_params.get("upload_id", ""), None)
        if session is not None:
            session.upload.discard()
        return Response(status_code=499)

    # ---- the XML API behind signatures

    async def signed_put(self, request: Request) -> Response:
        """A whole object."""
        self._demand_signature(request)
        bucket, name = self._bucket(request), request.path_params["name"]
        length = request.headers.get("content-length")
        limits = _LENGTHS.fullmatch(request.headers.get("x-goog-content-length-range", ""))
        lowest, highest = (int(limits[1]), int(limits[2])) if limits else (0, 5 << 40)
        if length is not None and not lowest <= int(length) <= highest:
            raise Refused(400, "EntityTooLarge" if int(length) > highest else "EntityTooSmall")
        match = request.headers.get("x-goog-if-generation-match")
        wanted = None if match is None else int(match)
        self._disk.check(bucket, name, wanted)
        upload = await self._receive(request, highest)
        media, encoding = request.headers.get("content-type", _MEDIA), request.headers.get("content-encoding", "")
        facts = self._keep(upload, bucket, name, media, wanted, encoding)
        return Response(headers={"x-goog-generation": str(facts.generation), "x-goog-hash": f"crc32c={facts.crc32c}"})

    async def signed_get(self, request: Request) -> Response:
        """An object's bytes."""
        self._demand_signature(request)
        return _bytes(self._disk, self._found(request), request.headers.get("range", ""))

    async def signed_list(self, request: Request) -> Response:
        """A bucket's objects, all on one page."""
        self._demand_signature(request)
        found = self._disk.listed(self._bucket(request), request.query_params.get("prefix", ""))
        listed = "".join(
            f"<Contents><Key>{escape(facts.name)}</Key><Size>{facts.size}</Size>"
            f"<LastModified>{resource(facts)['updated']}</LastModified></Contents>"
            for facts in found
        )
        body = f"<?xml version='1.0'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>{listed}"
        return Response(f"{body}<IsTruncated>false</IsTruncated></ListBucketResult>", media_type="application/xml")

    def _demand_signature(self, request: Request) -> None:
        try:
            verify(
                self._key,
                UPLOAD_SERVICE_ACCOUNT,
                method=request.method,
                raw_path=request.scope["raw_path"].decode("ascii"),
                query=request.url.query,
                headers={name: value for name, value in request.headers.items()},
                now=datetime.now(UTC),
            )
        except BadSignature as problem:
            status = 400 if problem.args[0] in ("InvalidArgument", "ExpiredToken") else 403
            raise Refused(status, problem.args[0]) from None

    # ---- what they share

    def _bucket(self, request: Request) -> str:
        name: str = request.path_params["bucket"]
        if name not in self._disk.buckets:
            raise Refused(404, "The specified bucket does not exist.")
        return name

    def _found(self, request: Request) -> Facts:
        generation = request.query_params.get("generation")
        name = request.path_params["name"]
        facts = self._disk.find(self._bucket(request), name, int(generation) if generation else None)
        if facts is None:
            raise Refused(404, f"No such object: {name}")
        return facts

    async def _receive(self, request: Request, highest: int = 5 << 40) -> Upload:
        upload = self._disk.upload()
        try:
            async for data in request.stream():
                upload.write(data)
                if upload.size > highest:
                    raise Refused(400, "EntityTooLarge")
        except ClientDisconnect:
            upload.discard()
            raise Refused(400, "the client went away") from None
        except BaseException:
            upload.discard()
            raise
        return upload

    def _keep(self, upload: Upload, bucket: str, name: str, media: str, match: int | None, encoding: str = "") -> Facts:
        try:
            return self._disk.keep(upload, bucket, name, media, encoding=encoding, match=match)
        finally:
            upload.discard()

    def _api(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def serve(request: Request) -> Response:
            try:
                answer: Response = await handler(request)
                return answer
            except Refused as refused:
                body = {"error": {"code": refused.status, "message": refused.message, "errors": []}}
                return _json(body, refused.status)
            except Precondition:
                body = {"error": {"code": 412, "message": "At least one condition did not hold.", "errors": []}}
                return _json(body, 412)

        return serve

    def _xml(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def serve(request: Request) -> Response:
            try:
                answer: Response = await handler(request)
            except Refused as refused:
                answer = _fault(refused.status, refused.message)
            except Precondition:
                answer = _fault(412, "PreconditionFailed")
            answer.headers.update(_shared(request))
            return answer

        return serve


async def _preflight(request: Request) -> Response:
    """What the bucket of an environment answers to pages of its own dashboard; here, to those of this machine."""
    return Response(headers=_shared(request))


def _shared(request: Request) -> dict[str, str]:
    """For pages of this machine alone; other origins are told nothing, as by a bucket that does not list them."""
    origin = request.headers.get("origin", "")
    if urlsplit(origin).hostname not in (HOST, "localhost"):
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "PUT,POST",
        "access-control-allow-headers": ",".join(SHARED_HEADERS),
        "access-control-max-age": "3600",
        "vary": "Origin",
    }


async def _health(_request: Request) -> Response:
    return _json({"status": "ok"})


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _fault(status: int, code: str) -> Response:
    return Response(f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>", status, media_type="application/xml")


def _incomplete(size: int) -> Response:
    return Response(status_code=308, headers={"range": f"bytes=0-{size - 1}"} if size else {})


def _match(request: Request) -> int | None:
    text = request.query_params.get("ifGenerationMatch")
    return None if text is None else int(text)


def _place(header: str) -> tuple[int | None, int | None]:
    """The first byte of a piece (None: there is none) and the size of the whole, when that is known."""
    if not header:
        return 0, 0
    found = _CONTENT_RANGE.fullmatch(header)
    if found is None:
        raise Refused(400, "the Content-Range cannot be read")
    return (int(found[1]) if found[1] else None), (None if found[3] == "*" else int(found[3]))


def _two_parts(body: bytes, line: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Headers and content of the two parts of a multipart/related body. Not MIME's own parser: content is binary."""
    parts = []
    end = body.rfind(line + b"--")
    middle = body.find(b"\r\n" + line, len(line))
    for part in (body[len(line) + 2 : middle], body[middle + len(line) + 4 : end - 2]):
        head, found, content = part.partition(b"\r\n\r\n")
        if not found or end < 0:
            raise Refused(400, "a multipart upload has two parts")
        pairs = (each.partition(":") for each in head.decode("latin-1").split("\r\n"))
        parts.append(({name.strip().lower(): value.strip() for name, _, value in pairs}, content))
    return parts


def _check_hashes(upload: Upload, facts: dict[str, Any]) -> None:
    crc, md5 = upload.hashes()
    if facts.get("crc32c", crc) != crc or facts.get("md5Hash", md5) != md5:
        upload.discard()
        raise Refused(400, "Provided hash does not match the content.")


def _bytes(disk: Disk, facts: Facts, wanted: str) -> Response:
    first, last, status = 0, facts.size - 1, 200
    headers = {
        "x-goog-generation": str(facts.generation),
        "x-goog-hash": f"crc32c={facts.crc32c},md5={facts.md5}",
        "x-goog-stored-content-length": str(facts.size),
        "accept-ranges": "bytes",
        **({"content-encoding": facts.encoding} if facts.encoding else {}),
    }
    if found := _RANGE.fullmatch(wanted):
        first, last, status = int(found[1]), min(int(found[2] or last), last), 206
        if first > last:
            return Response(status_code=416, headers={"content-range": f"bytes */{facts.size}"})
        headers["content-range"] = f"bytes {first}-{last}/{facts.size}"
    length = last - first + 1
    headers["content-length"] = str(length)
    # Opened before the answer starts: what is replaced or deleted meanwhile is still read to its end.
    file = disk.open(facts)

    async def parts() -> AsyncIterator[bytes]:
        with file:
            file.seek(first)
            left = length
            while left > 0 and (data := file.read(min(_PART, left))):
                left -= len(data)
                yield data

    return StreamingResponse(parts(), status, headers, facts.media)


def main() -> int:
    """The command; runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.storage", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True, help="of the local cloud, where its keys are")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    import uvicorn

    storage = Storage(options.data_dir / "storage", Issuer(options.data_dir).upload_public_key())
    uvicorn.run(storage.app(), host=HOST, port=options.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
