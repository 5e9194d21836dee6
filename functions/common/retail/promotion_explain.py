"""Why a basket costs what it costs: each rule's part in it, for the shopper, the staff and whoever wrote the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from functions.common.retail.promotions import Applied, Promoted, Skipped

MESSAGES = {
    "OTHER_STORE": "The promotion is not for this store.",
    "NOT_STARTED": "The promotion has not started yet.",
    "ENDED": "The promotion is over.",
    "OTHER_WEEKDAY": "The promotion is not on today.",
    "OTHER_HOURS": "The promotion is not on at this hour.",
    "NOT_IN_GROUP": "The promotion is for members of a group that the shopper does not belong to.",
    "NO_CODE": "The promotion needs a code.",
    "CODE_USED": "The code has been used as often as it may be.",
    "USER_LIMIT": "The shopper has had the promotion as often as one may.",
    "TOTAL_LIMIT": "The promotion has been given as often as planned.",
    "BUDGET_SPENT": "What is left of the promotion's budget is not enough.",
    "NO_MATCH": "Nothing in the basket is what the promotion is about.",
    "UNITS_TAKEN": "Other promotions have taken the units that this one is about.",
    "TOO_FEW_UNITS": "There are too few units of what the promotion asks for.",
    "BELOW_THRESHOLD": "What counts for the promotion costs too little.",
    "NOTHING_OFF": "The promotion would not make anything cheaper.",
    "BETTER_DEAL": "Other promotions save more on the same units.",
}
"""Reason -> sentence."""

CODE_MESSAGES = {
    "UNKNOWN_CODE": "No promotion knows this code.",
    "NOT_NEEDED": "The promotion was given for another code.",
}
"""Reasons that only coupon codes have; they also have those of the rule that knows them."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A unit (counted from 0) that a rule used, and how much less it costs for it: a trigger costs no less."""

    line: str
    number: int
    role: Literal["discounted", "trigger"]
    amount: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One rule: what it did (`times` it gave `discount` in all), or the reason why it did nothing.

    `missing` is units (TOO_FEW_UNITS) or minor units (BELOW_THRESHOLD, BUDGET_SPENT); `others` are the rules that won.
    """

    rule: str
    version: int
    name: str
    discount: int = 0
    times: int = 0
    code: str | None = None
    touches: tuple[Touch, ...] = ()
    reason: str | None = None
    message: str | None = None
    missing: int = 0
    others: tuple[str, ...] = ()


def explain(promoted: Promoted) -> tuple[Explanation, ...]:
    """Every rule that was asked, in the order they went."""
    return tuple(_explain(outcome) for outcome in promoted.rules)


def message(reason: str) -> str:
    """The sentence of a reason."""
    return MESSAGES.get(reason) or CODE_MESSAGES[reason]


def _explain(outcome: Applied | Skipped) -> Explanation:
    rule = outcome.rule
    if isinstance(outcome, Skipped):
        return Explanation(
            rule.id,
            rule.version,
            rule.name,
            reason=outcome.reason,
            message=message(outcome.reason),
            missing=outcome.missing,
            others=outcome.others,
        )
    touches: list[Touch] = []
    for given in outcome.given:
        touches += [Touch(share.line, share.number, "discounted", share.amount) for share in given.shares]
        touches += [Touch(unit.line, unit.number, "trigger", 0) for unit in given.triggers]
    return Explanation(
        rule.id,
        rule.version,
        rule.name,
        discount=outcome.discount,
        times=len(outcome.given),
        code=outcome.code,
        touches=tuple(sorted(touches, key=lambda touch: (touch.line, touch.number))),
    )
