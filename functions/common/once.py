"""Build something once, on first use: after the server's fork, never at import (docs/traps.md)."""

from __future__ import annotations

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
