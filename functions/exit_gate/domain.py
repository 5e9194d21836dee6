"""What a gate decides: a genuine pass and the purchase it belongs to in, open or a reason out. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common.exit_pass import EXPIRED, INVALID, LEEWAY, OTHER_STORE, ExitPass
from functions.common.retail import purchase_states as states

USED, REFUNDED, NOT_PAID, NOT_READY = "PASS_USED", "PASS_REFUNDED", "NOT_PAID", "PASS_NOT_READY"
MESSAGES = {
    INVALID: "this is not an exit pass of ours",
    OTHER_STORE: "this pass is for another store",
    EXPIRED: "this pass has run out: the app shows a fresh one, or why there is none",
    USED: "this pass was used before",
    REFUNDED: "this purchase was paid back",
    NOT_PAID: "this checkout is not paid",
    NOT_READY: "the receipt is just being written: try again in a moment",
}
"""Reason -> sentence."""

_LEFT = frozenset({states.EXITED, states.CLOSED})


@dataclass(frozen=True, slots=True)
class Opened:
    """The gate opens. `again`: this very request had opened it before, and its answer was lost."""

    again: bool = False


@dataclass(frozen=True, slots=True)
class Shut:
    """It stays shut; `used_at` is when the pass was used, if it was."""

    code: str
    used_at: datetime | None = None


Verdict = Opened | Shut


def judge_place(shown: ExitPass, store_id: str, now: datetime) -> Shut | None:
    """What is wrong whatever became of the purchase; None when it has to be looked at."""
    if shown.store_id != store_id:
        return Shut(OTHER_STORE)
    if shown.issued_at - LEEWAY > now:
        return Shut(INVALID)
    return None


def judge(shown: ExitPass, purchase: Mapping[str, Any] | None, *, op: str, now: datetime) -> Verdict:
    """Whether a genuine pass of this store opens the gate for its purchase.

    Of several reasons the gravest is told: money that went back before a second use, that before the end of its time.
    """
    if purchase is None or purchase.get("pass") is None:
        return Shut(INVALID)
    gone = _gone(purchase, op)
    if gone is not None:
        return gone
    # A pass that was replaced by a fresh one is as good as over.
    if shown.expires_at + LEEWAY <= now or shown.number != purchase["pass"]["jti"]:
        return Shut(EXPIRED)
    return Opened()


def judge_override(purchase: Mapping[str, Any], *, op: str) -> Verdict:
    """Whether staff may let somebody out without a pass: only who has paid, and once."""
    gone = _gone(purchase, op)
    if gone is not None:
        return gone
    if purchase["state"] == states.PAID:
        return Shut(NOT_READY)
    if purchase["state"] != states.EXIT_ISSUED:
        return Shut(NOT_PAID)
    return Opened()


def _gone(purchase: Mapping[str, Any], op: str) -> Verdict | None:
    kept = purchase.get("pass") or {}
    if op and (kept.get("usedBy") or {}).get("op") == op:
        return Opened(again=True)
    if purchase["state"] == states.REFUNDED or (kept.get("usedAt") is None and _all_back(purchase)):
        return Shut(REFUNDED)
    if purchase["state"] in _LEFT:
        used_at = kept.get("usedAt")
        # Nobody came for four hours, and the purchase was closed: its pass was never used.
        never_used = purchase["state"] == states.CLOSED and used_at is None
        return Shut(EXPIRED) if never_used else Shut(USED, used_at)
    return None


def _all_back(purchase: Mapping[str, Any]) -> bool:
    """Whether everything was given back before anybody left, though some of its money may still be on its way."""
    if not purchase.get("refunds"):
        return False
    from functions.common.retail import refunds  # for the few that come back

    return not refunds.from_dict(purchase["account"]).kept
