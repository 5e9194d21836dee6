"""Build something once, on first use: after the server's fork, never at import (docs/traps.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """A value built by the first caller; `functools.cache` may build twice under threads."""

    __slots__ = ("_build", "_lock", "_value")

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._lock = Lock()
        self._value: T | None = None

    def __call__(self) -> T:
        value = self._value
        if value is None:
            with self._lock:
                value = self._value
                if value is None:
                    value = self._value = self._build()
        return value

    @property
    def built(self) -> T | None:
        """The value when somebody has asked for it already."""
        return self._value

    def replace(self, value: T | None) -> None:
        """Put another value in place (tests), or None to build anew."""
        with self._lock:
            self._value = value


class OncePerLoop(Generic[T]):
    """A value of the running event loop: clients, locks and what holds them belong to one.

    Another loop's value is forgotten, not closed. Call it where a loop runs; else it raises RuntimeError.
    """

    __slots__ = ("_build", "_loop", "_value")

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._loop: asyncio.AbstractEventLoop | None = None
        self._value: T | None = None

    def __call__(self) -> T:
        loop = asyncio.get_running_loop()
        value = self._value
        if value is None or self._loop is not loop:
            value = self._value = self._build()
            self._loop = loop
        return value

    @property
    def built(self) -> T | None:
        """This loop's value, when somebody has asked for it already."""
        return self._value if self._loop is asyncio.get_running_loop() else None

    def replace(self, value: T | None) -> None:
        """Put another value in place for this loop, or None to build anew."""
        self._value = value
        self._loop = None if value is None else asyncio.get_running_loop()
