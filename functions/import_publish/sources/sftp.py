"""A file over SFTP, from a server whose host key is known beforehand."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from functions.import_publish.sources.jobs import File, Job
from functions.import_publish.sources.object_stores import Entry, is_pattern, newest
from functions.import_publish.sources.problems import SourceProblem, unreachable

if TYPE_CHECKING:
    from asyncssh import SFTPClient, SFTPClientFile

_PART = 256 << 10
_MOST_LISTED = 10_000


@asynccontextmanager
async def fetch(job: Job) -> AsyncIterator[File]:
    """One file; a last part with `*`, `?` or `[...]` means the newest that matches.

    Raises SourceProblem, NothingNew.
    """
    path = job.path or str(job.settings.get("path") or "")
    if not path:
        raise SourceProblem("SOURCE_SETTINGS", "neither the connection nor the request names a path")
    async with _connected(job) as sftp:
        checkpoint: dict[str, Any] = {}
        if is_pattern(path):
            found = newest(await _listed(sftp, path), path, job)
            path, checkpoint = found.name, {"name": found.name, "stamp": found.stamp}
        with _translated():
            file = await sftp.open(path, "rb")
        try:
            yield File(path.rpartition("/")[2] or "file", "", _content(file, job), checkpoint)
        finally:
            with contextlib.suppress(Exception):
                await file.close()


async def _content(file: SFTPClientFile, job: Job) -> AsyncIterator[bytes]:
    budget, started, came = job.budget, monotonic(), 0
    while True:
        with _translated():
            async with asyncio.timeout(min(budget.silence_seconds, max(0.0, started + budget.seconds - monotonic()))):
                data = _bytes(await file.read(_PART))
        if not data:
            return
        came += len(data)
        took = monotonic() - started
        if came > budget.file_bytes:
            raise SourceProblem("SOURCE_TOO_LARGE", f"the file is larger than {budget.file_bytes:,} bytes")
        if took > budget.slow_after and came < took * budget.slow_bytes:
            raise SourceProblem("SOURCE_TOO_SLOW", "the source sends hardly anything", passing=True)
        yield data


def _bytes(data: bytes | str) -> bytes:
    # The type says both, whatever a file was opened for.
    return data.encode() if isinstance(data, str) else data


async def _listed(sftp: SFTPClient, pattern: str) -> list[Entry]:
    folder, slash = pattern.rpartition("/")[:2]
    if is_pattern(folder):
        raise SourceProblem("SOURCE_SETTINGS", "only the last part of a path may be a pattern")
    entries: list[Entry] = []
    with _translated():
        async for each in sftp.scandir(folder + slash or "."):
            attributes = each.attrs
            if attributes.permissions is not None and not stat.S_ISREG(attributes.permissions):
                continue
            file = each.filename if isinstance(each.filename, str) else each.filename.decode("utf-8", "replace")
            entries.append(Entry(f"{folder}{slash}{file}", f"{attributes.mtime or 0:012d}", attributes.size or 0))
            if len(entries) > _MOST_LISTED:
                raise SourceProblem("SOURCE_TOO_LARGE", f"there are more than {_MOST_LISTED:,} files in this folder")
    return entries


@asynccontextmanager
async def _connected(job: Job) -> AsyncIterator[SFTPClient]:
    import asyncssh

    settings, budget = job.settings, job.budget
    host, port = str(settings["host"]), int(settings.get("port") or 22)
    address = await job.guard.resolve(host, port, "sftp")
    try:
        trusted = asyncssh.import_public_key(str(settings["hostKey"]))
    except asyncssh.KeyImportError:
        raise SourceProblem("SOURCE_SETTINGS", "the host key cannot be read") from None
    with _translated():
        connection = await asyncssh.connect(
            address,
            port,
            username=str(settings["username"]),
            # Nothing of the machine this runs on: no agent, no files of keys, no configuration.
            config=None,
            agent_path=None,
            known_hosts=([trusted], [], []),
            connect_timeout=budget.connect_seconds,
            login_timeout=budget.silence_seconds,
            keepalive_interval=budget.silence_seconds,
            **_credentials(job),
        )
    async with connection:
        with _translated():
            sftp = await connection.start_sftp_client()
        async with sftp:
            yield sftp


def _credentials(job: Job) -> dict[str, Any]:
    import asyncssh

    key, password = job.secret.get("privateKey"), job.secret.get("password")
    if key:
        try:
            loaded = asyncssh.import_private_key(key, job.secret.get("passphrase"))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            raise SourceProblem("SECRET_INCOMPLETE", "the private key cannot be read") from None
        return {"client_keys": [loaded], "password": None}
    if password:
        return {"client_keys": None, "password": password}
    raise SourceProblem("SECRET_INCOMPLETE", "the connection's secret has neither password nor privateKey")


@contextlib.contextmanager
def _translated() -> Any:
    import asyncssh

    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise SourceProblem("SOURCE_HOST_KEY", "the server is not the one whose host key is known") from None
    except asyncssh.PermissionDenied:
        raise SourceProblem("SOURCE_REFUSES", "the server refuses our credentials") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise SourceProblem("SOURCE_NOT_FOUND", "the server has no such file") from None
    except asyncssh.SFTPPermissionDenied:
        raise SourceProblem("SOURCE_REFUSES", "the server does not let us read this file") from None
    except TimeoutError:
        raise SourceProblem("SOURCE_TIMES_OUT", "the server does not answer in time", passing=True) from None
    except asyncssh.Error:
        raise SourceProblem("SOURCE_BAD_ANSWER", "the connection broke, or this is no SFTP", passing=True) from None
    except OSError:
        raise unreachable("nobody answers there") from None
