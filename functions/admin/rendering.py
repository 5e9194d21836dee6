"""Templates and the addresses of static files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


class Templates:
    """Whatever is not a template of ours is escaped. What the API leaves out is nothing, and no error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment: Environment | None = None

    @property
    def environment(self) -> Environment:
        """Made at its first use: jinja2 is no part of a cold start."""
        if self._environment is None:
            from jinja2 import Environment, FileSystemLoader

            self._environment = Environment(
                loader=FileSystemLoader(self._folder),
                autoescape=True,
                auto_reload=False,
                trim_blocks=True,
                lstrip_blocks=True,
            )
        return self._environment

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """The page."""
        return self.environment.get_template(template).render(context)

    def warm(self) -> None:
        """Compile them all, so that no reader waits for it."""
        if self._environment is None:
            for name in self.environment.list_templates():
                self.environment.get_template(name)


class Assets:
    """Addresses that change with the file, so that browsers may keep it for ever."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._urls: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Raises FileNotFoundError: a page that names no file is a mistake of ours."""
        if name not in self._urls:
            digest = hashlib.sha256((self._folder / name).read_bytes()).hexdigest()[:12]
            self._urls[name] = f"/admin/static/{name}?v={digest}"
        return self._urls[name]
