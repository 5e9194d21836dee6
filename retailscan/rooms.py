"""What can be learned of a room from its card and its code: doors, routes, events, settings."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from functions.common import contracts
from functions.common.cards import Card
from functions.common.events import EventDoor
from functions.common.http import HttpDoor
from functions.common.routing import Route


@dataclass(frozen=True, slots=True)
class EventKind:
    """A version of an event, its topic, the class of its data and a sample of it."""

    type: str
    version: int
    topic: str
    contract: Any
    sample: dict[str, Any]

    @property
    def description(self) -> str:
        """The first sentence of its contract."""
        text: str = (self.contract.__doc__ or "").strip().splitlines()[0]
        sentence = text.partition(": ")[2] or text
        return sentence[0].upper() + sentence[1:]


def main_of(room: str) -> ModuleType:
    """The room's doors; raises ModuleNotFoundError when it has none."""
    return importlib.import_module(f"functions.{room}.main")


def http_doors(room: str) -> list[HttpDoor]:
    """The HTTP doors of a room's main module."""
    return [value for value in vars(main_of(room)).values() if isinstance(value, HttpDoor)]


def event_doors(room: str) -> list[EventDoor]:
    """The event doors of a room's main module."""
    return [value for value in vars(main_of(room)).values() if isinstance(value, EventDoor)]


def http_routes(cards: Iterable[Card]) -> Iterator[Route]:
    """Every HTTP operation of these rooms; their pages are none."""
    return (route for card in cards for door in http_doors(card.room) for route in door.routes if not route.page)


def event_kinds() -> dict[tuple[str, int], EventKind]:
    """Every event with a contract in functions.common.contracts, by (type, version)."""
    found: dict[tuple[str, int], EventKind] = {}
    for info in pkgutil.iter_modules(contracts.__path__):
        module = importlib.import_module(f"{contracts.__name__}.{info.name}")
        for (kind, version), sample in getattr(module, "SAMPLES", {}).items():
            name = "".join(word.title() for word in kind.partition(".")[2].split("_"))
            contract = getattr(module, name if version == 1 else f"{name}V{version}")
            found[kind, version] = EventKind(kind, version, module.TOPIC, contract, sample)
    return found


def settings_of(room: str) -> list[type[Any]]:
    """The dataclasses of a room's settings module; none when it has no such module."""
    name = f"functions.{room}.settings"
    if importlib.util.find_spec(name) is None:
        return []
    module = importlib.import_module(name)
    classes = (value for value in vars(module).values() if isinstance(value, type))
    return [kind for kind in classes if dataclasses.is_dataclass(kind) and kind.__module__ == name]
