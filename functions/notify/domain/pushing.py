"""What FCM's answers mean for a device and its notice, and how long to wait before asking again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

THROTTLED_SECONDS: Final = 60.0
"""What FCM asks for when it says 429 and no time."""
FIRST_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 300.0
MOST_RETRY_AFTER: Final = 3600.0
SPREAD: Final = 0.1
"""So much later than `Retry-After` at most: not all who were sent away come back in the same moment."""

Result = Literal["sent", "gone", "refused", "later"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: sent, its token is gone, refused for good, or to be tried later.

    `retry_after` is in seconds, as FCM said; `throttled` when it said that we ask too much.
    """

    result: Result
    retry_after: float | None = None
    throttled: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write down: devices not to be asked again, tokens to be taken out, and when to ask the others."""

    done: tuple[str, ...]
    gone: tuple[str, ...]
    again_at: datetime | None


def judge(
    outcomes: Mapping[str, tuple[str, Outcome]], *, attempts: int, until: datetime, now: datetime, roll: float
) -> Verdict:
    """What follows from the outcomes by device, each with the token that was used. `roll` is random, from 0 to 1."""
    done = tuple(device for device, (_, outcome) in outcomes.items() if outcome.result in ("sent", "refused"))
    gone = tuple(token for token, outcome in outcomes.values() if outcome.result == "gone")
    later = [outcome for _, outcome in outcomes.values() if outcome.result == "later"]
    if not later:
        return Verdict(done, gone, None)
    again_at = now + timedelta(seconds=max(wait(outcome, attempts, roll) for outcome in later))
    return Verdict(done, gone, again_at if again_at < until else None)


def wait(outcome: Outcome, attempts: int, roll: float) -> float:
    """Seconds before the next attempt: never less than FCM asks for, else exponential with jitter."""
    if outcome.retry_after is not None:
        return min(outcome.retry_after, MOST_RETRY_AFTER) * (1 + SPREAD * roll)
    if outcome.throttled:
        return THROTTLED_SECONDS * (1 + SPREAD * roll)
    longest = min(FIRST_SECONDS * 2.0 ** (attempts - 1), LONGEST_SECONDS)
    return longest * (1 + roll) / 2
