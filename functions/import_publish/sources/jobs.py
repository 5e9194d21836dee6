"""What an adapter is given to work with, and what it gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.problems import Budget

Sleep = Callable[[float], Awaitable[None]]
Checkpoint = dict[str, Any]
"""Where the last import that was staged has left off; small JSON, in the words of the adapter."""


@dataclass(frozen=True, slots=True)
class Job:
    """One pull. `secret` never leaves this object but to the source itself."""

    settings: Mapping[str, Any]
    guard: Guard
    budget: Budget
    sleep: Sleep
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None
    own_storage: str = ""
    """The address of the local cloud's Cloud Storage; empty for Google's."""
    begun: float = field(default_factory=monotonic)

    @property
    def left(self) -> float:
        """Seconds until the pull must have ended."""
        return self.begun + self.budget.seconds - monotonic()


@dataclass(frozen=True, slots=True)
class File:
    """A file as it comes."""

    name: str
    media: str
    content: AsyncIterator[bytes]
    checkpoint: Checkpoint = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of an ERP. `position` asks for the next page; None: this was the last."""

    items: list[dict[str, Any]]
    position: dict[str, Any] | None
    checkpoint: Checkpoint


Pages = Callable[[Job, "dict[str, Any] | None"], AsyncIterator[Page]]
"""An ERP adapter: the pages from a position on."""

Alive = Callable[[Mapping[str, Any] | None], Awaitable[None]]
"""Says that the worker is alive, and how far it is; raises when somebody else has taken over."""
