"""Pages for browsers through an HttpDoor: a folder of static files, and the headers every page carries.

Routes that answer with pages or files are declared with `page=True`: they are not part of the API's contract.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from functions.common.envelope import Reply
from functions.common.errors import NotFound

Headers = tuple[tuple[str, str], ...]

HTML = "text/html; charset=utf-8"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": HTML,
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""The content types of what a folder may hold; a browser is told never to guess another."""
_PACKED_ALREADY = frozenset({".jpg", ".png", ".webp", ".woff2"})
_SMALLEST_TO_PACK = 512
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the pages of one room may do beyond talking to where they come from.

    `script`, `connect`, `frame` and `image` name further origins. `camera`: the page may ask for it. `wasm`: the page
    may compile WebAssembly, though never text.
    """

    script: Sequence[str] = ()
    connect: Sequence[str] = ()
    frame: Sequence[str] = ()
    image: Sequence[str] = ()
    camera: bool = False
    wasm: bool = False

    def csp(self) -> str:
        """The Content-Security-Policy: nothing inline, nothing foreign but what is named, in nobody's frame."""
        wasm = ("'wasm-unsafe-eval'",) if self.wasm else ()
        rules = {
            "default-src": ("'none'",),
            "script-src": ("'self'", *wasm, *self.script),
            "style-src": ("'self'",),
            "img-src": ("'self'", "data:", "blob:", *self.image),
            "font-src": ("'self'",),
            "connect-src": ("'self'", *self.connect),
            "worker-src": ("'self'",),
            "manifest-src": ("'self'",),
            "frame-src": tuple(self.frame) or ("'none'",),
            "form-action": ("'self'",),
            "frame-ancestors": ("'none'",),
            "base-uri": ("'none'",),
        }
        return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())

    def headers(self) -> Headers:
        """What every page and file of the room carries."""
        camera = "(self)" if self.camera else "()"
        return (
            ("Content-Security-Policy", self.csp()),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Permissions-Policy", f"camera={camera}, microphone=(), geolocation=(), usb=(), payment=(self)"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
        )


def page(html: str, policy: Policy, *, status: int = 200, headers: Headers = ()) -> Reply:
    """A page that was made for this caller alone, never kept by anybody; `headers` come on top (cookies)."""
    own = (("Content-Type", HTML), ("Cache-Control", "no-store"))
    return Reply(raw=html.encode(), status=status, headers=(*own, *policy.headers(), *headers))


def redirect(location: str, *, headers: Headers = (), status: int = 303) -> Reply:
    """Go there with GET."""
    return Reply(raw=b"", status=status, headers=(("Location", location), *headers))


@dataclass(frozen=True, slots=True)
class _File:
    """One file, ready to be sent; `packed` is it with gzip, or None when that does not help."""

    kind: str
    plain: bytes
    packed: bytes | None
    tag: str


class Folder:
    """Files under `root`, as they are at start. A path is looked up among them, so none can lead out of the folder.

    Whatever lies in `vendor/` (whose folders carry versions) or is asked for with `?v=` may be kept for ever; all else
    is asked for again each time, and costs an empty 304 while it is unchanged.
    """

    def __init__(self, root: Path, policy: Policy) -> None:
        paths = (path for path in root.rglob("*") if path.suffix in KINDS and path.is_file())
        self._paths = {path.relative_to(root).as_posix(): path for path in paths}
        self._files: dict[str, _File] = {}
        self._headers = policy.headers()

    @property
    def names(self) -> frozenset[str]:
        """What can be asked for."""
        return frozenset(self._paths)

    @property
    def version(self) -> str:
        """Another one whenever a file is: a hash of them all. Reads every file."""
        digest = hashlib.sha256()
        for name, path in sorted(self._paths.items()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:16]

    async def reply(
        self, name: str, *, known: str | None = None, encodings: str | None = None, versioned: bool = False
    ) -> Reply:
        """The file; `known` and `encodings` are the request's If-None-Match and Accept-Encoding.

        Raises NotFound.
        """
        if name not in self._paths:
            raise NotFound("there is no such file", code="NO_SUCH_PATH")
        if name not in self._files:
            self._files[name] = await asyncio.to_thread(_load, self._paths[name])
        file = self._files[name]
        packed = file.packed if file.packed is not None and _takes_gzip(encodings) else None
        tag = f'"{file.tag}-gz"' if packed is not None else f'"{file.tag}"'
        keep = _FOR_EVER if versioned or name.startswith("vendor/") else "no-cache"
        headers: Headers = (
            ("Content-Type", file.kind),
            ("Cache-Control", keep),
            ("ETag", tag),
            ("Vary", "Accept-Encoding"),
        )
        if known is not None and _matches(known, tag):
            return Reply(raw=b"", status=304, headers=(*headers, *self._headers))
        if packed is not None:
            headers = (*headers, ("Content-Encoding", "gzip"))
        return Reply(raw=file.plain if packed is None else packed, headers=(*headers, *self._headers))


def _load(path: Path) -> _File:
    plain = path.read_bytes()
    packed = None
    if path.suffix not in _PACKED_ALREADY and len(plain) >= _SMALLEST_TO_PACK:
        packed = gzip.compress(plain, 6, mtime=0)
    return _File(KINDS[path.suffix], plain, packed, hashlib.sha256(plain).hexdigest()[:32])


def _takes_gzip(encodings: str | None) -> bool:
    """RFC 9110 12.5.3; a weight of zero says no."""
    for each in (encodings or "").lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _matches(known: str, tag: str) -> bool:
    """RFC 9110 13.1.2: the weak comparison, for proxies that weaken tags."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in known.split(","))
