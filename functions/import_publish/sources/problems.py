"""What can go wrong with a source, with stable codes, and the limits that everything from outside has to keep."""

from __future__ import annotations

from dataclasses import dataclass


class SourceProblem(Exception):
    """A source did not give what it should. `passing` ones may be over at the next try.

    `where` is the path inside the answer that caused it, never a value: that may be a secret.
    """

    def __init__(
        self, code: str, message: str, *, passing: bool = False, where: str | None = None, after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.passing, self.where = code, message, passing, where
        self.after = after
        """Seconds the source asks us to wait."""


class NothingNew(Exception):
    """The source has nothing that has not been fetched already."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a source may cost. Sizes in bytes, times in seconds."""

    file_bytes: int = 100 << 20
    """Of one file, or of all pages of one pull together."""
    page_bytes: int = 16 << 20
    """Of one page of an ERP, after unpacking."""
    pages: int = 100_000
    seconds: float = 540.0
    """For one pull as a whole; the door itself ends after ten minutes."""
    connect_seconds: float = 5.0
    silence_seconds: float = 20.0
    """How long nothing at all may come."""
    slow_bytes: int = 1_024
    """Less than this in a second, on average and after `slow_after` seconds, is not worth waiting for."""
    slow_after: float = 20.0
    tries: int = 5
    """Of one request that fails for a passing reason."""
    first_wait: float = 0.5
    longest_wait: float = 60.0


def unreachable(message: str) -> SourceProblem:
    """Nobody answers there now."""
    return SourceProblem("SOURCE_UNREACHABLE", message, passing=True)


def forbidden_address(message: str) -> SourceProblem:
    """We do not go there."""
    return SourceProblem("SOURCE_FORBIDDEN_ADDRESS", message)
