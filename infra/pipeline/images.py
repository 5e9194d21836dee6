"""Which rooms have changed: an image is called by a fingerprint of everything it is made of.

Not by what a commit touched: that forgets builds that failed in between, knows nothing of a newer base image, and a
change in functions/common must rebuild all its users. Two commits with the same files share an image.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.pipeline import Failed
from infra.pipeline.google import Google, Refused

CARD = "function.yaml"
REFERENCE = re.compile(
    r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[a-z0-9:.-]+)/(?P<repository>[a-z0-9-]+)"
)
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def rooms(root: Path) -> list[str]:
    """Every folder of functions/ with a card."""
    return sorted(path.parent.name for path in (root / "functions").glob(f"*/{CARD}"))


def fingerprint(root: Path, room: str, base: str) -> str:
    """Of the recipe, the base image and every file the recipe copies for this room. A tag, too."""
    sha = hashlib.sha256(f"base {base}\n".encode())
    recipe = (root / "Dockerfile").read_text()
    for path in sorted({root / "Dockerfile", root / ".dockerignore", *_copied(root, recipe, room)}):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        sha.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return f"inputs-{sha.hexdigest()[:32]}"


def _copied(root: Path, recipe: str, room: str) -> Iterator[Path]:
    for line in re.sub(r"\\\n\s*", "", recipe).splitlines():
        words = line.split()
        if not words or words[0] != "COPY" or words[1].startswith("--from="):
            continue
        for word in words[1:-1]:
            source = root / word.replace("${FUNCTION}", room)
            if not source.exists():
                raise Failed(f"the Dockerfile copies {word}, which {room} does not have")
            yield from _files(source)


def _files(source: Path) -> Iterable[Path]:
    if source.is_file():
        return [source]
    # What .dockerignore keeps out of a folder that it lets in.
    return (
        path
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )


@dataclass(frozen=True, slots=True)
class Registry:
    """The one repository of images, in Artifact Registry, of all environments."""

    google: Google
    repository: str

    def find(self, room: str, tag: str) -> str | None:
        """The image by digest, or None: nothing with this tag was checked, scanned and signed yet."""
        named = REFERENCE.fullmatch(self.repository)
        if named is None:
            raise Failed(f"{self.repository} is not LOCATION-docker.pkg.dev/PROJECT/REPOSITORY")
        url = (
            f"https://artifactregistry.googleapis.com/v1/projects/{named['project']}/locations/{named['location']}"
            f"/repositories/{named['repository']}/packages/{room}/tags/{tag}"
        )
        try:
            version: str = self.google("GET", url)["version"]
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return f"{self.repository}/{room}@{version.rpartition('/')[2]}"
