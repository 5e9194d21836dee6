"""Which promotions a basket gets: lines, rules and the facts of the moment in; who touched what by how much out.

Pure and deterministic: neither the order of the lines nor that of the rules matters. Rules go by priority, the higher
first; within a priority exclusive ones come first, then best deals against each other, then those that stack; among
these each line for itself, then sets, then carts; among these by id. docs/promotions.md says it with examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import groupby
from typing import NamedTuple

from functions.common.retail.basket import Line, in_order
from functions.common.retail.best_deal import best_deal, units_of
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_benefits import (
    BUNDLED,
    CLOSED,
    DEALT,
    TOUCHED,
    Counter,
    Grant,
    Nothing,
    Why,
    grants,
    item_grant,
)
from functions.common.retail.promotion_rules import (
    MOST_MINOR,
    Bundle,
    CartThreshold,
    Item,
    Rule,
    RuleInvalid,
    Stacking,
    normal_code,
)
from functions.common.retail.time_windows import why_closed

_TAKES = {Stacking.EXCLUSIVE: TOUCHED, Stacking.BEST_DEAL: CLOSED | DEALT, Stacking.STACK: CLOSED}
_LEAVES = {Stacking.EXCLUSIVE: TOUCHED | CLOSED, Stacking.BEST_DEAL: TOUCHED | DEALT, Stacking.STACK: TOUCHED}
_MODES = (Stacking.EXCLUSIVE, Stacking.BEST_DEAL, Stacking.STACK)


@dataclass(frozen=True, slots=True)
class Usage:
    """How often a rule was redeemed before: in all, by this user, with each code; and what it has cost so far."""

    total: int = 0
    by_user: int = 0
    by_code: Mapping[str, int] = field(default_factory=dict)
    spent: int = 0


UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules ask besides the basket. `moment` is aware, `zone` the store's; `usage` goes by rule id."""

    store: str
    moment: datetime
    zone: tzinfo
    groups: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    usage: Mapping[str, Usage] = field(default_factory=dict)
    rounding: Rounding = Rounding.HALF_EVEN


class Unit(NamedTuple):
    """One unit of a line, counted from 0."""

    line: str
    number: int


class Share(NamedTuple):
    """Minor units that belong to a unit."""

    line: str
    number: int
    amount: int


@dataclass(frozen=True, slots=True)
class Given:
    """One time that a rule gave something: who got how much, and on which condition.

    All `triggers` and, in a set, all others who got something had to be there; or what is `counted` had to cost
    `minimum`.
    """

    shares: tuple[Share, ...]
    triggers: tuple[Unit, ...] = ()
    minimum: int | None = None
    counted: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that gave something. `bundle`: each time is a set, which is broken when a part of it comes back."""

    rule: Rule
    discount: int
    given: tuple[Given, ...]
    bundle: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that did nothing, and why; `missing` units or minor units where that is the reason, `others` who won."""

    rule: Rule
    reason: str
    missing: int = 0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coupon:
    """What became of a code: the rule that took it, or why none did."""

    code: str
    rule: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Promoted:
    """What the units of each line (by id) cost before and after, and each rule's part in it, in the order of going."""

    before: Mapping[str, tuple[int, ...]]
    after: Mapping[str, tuple[int, ...]]
    rules: tuple[Applied | Skipped, ...]
    coupons: tuple[Coupon, ...]

    @property
    def applied(self) -> tuple[Applied, ...]:
        """The rules that gave something."""
        return tuple(each for each in self.rules if isinstance(each, Applied))


def promote(lines: Iterable[Line], rules: Iterable[Rule], facts: Facts) -> Promoted:
    """Apply the rules to the basket.

    Raises BasketInvalid for a basket that cannot be and RuleInvalid when two rules have one id.
    """
    counter = Counter(in_order(lines), facts.rounding)
    before = list(counter.left)
    ordered = sorted(rules, key=_rank)
    if len({rule.id for rule in ordered}) < len(ordered):
        raise RuleInvalid("Every rule needs an id of its own.", "id")
    done: dict[str, Applied | Skipped] = {}
    codes: dict[str, str | None] = {}
    ready = []
    for rule in ordered:
        refusal = _refusal(rule, facts, codes)
        if refusal is None:
            ready.append(rule)
        else:
            done[rule.id] = Skipped(rule, refusal)
    run = _Run(counter, facts, codes, done)
    for (_, stacking), group in groupby(ready, key=lambda rule: (rule.priority, rule.stacking)):
        if stacking is Stacking.BEST_DEAL:
            run.together(list(group))
        else:
            for rule in group:
                run.alone(rule)
    outcomes = tuple(done[rule.id] for rule in ordered)
    coupons = tuple(_coupon(code, outcomes) for code in sorted(_normal(facts.codes)))
    return Promoted(_by_line(counter, before), _by_line(counter, counter.left), outcomes, coupons)


# ---- whether a rule may go ----------------------------------------------------------------------------------


def _rank(rule: Rule) -> tuple[int, int, int, str]:
    stage = 0 if isinstance(rule.benefit, Item) else 1 if isinstance(rule.benefit, Bundle) else 2
    return -rule.priority, _MODES.index(rule.stacking), stage, rule.id


def _refusal(rule: Rule, facts: Facts, codes: dict[str, str | None]) -> str | None:
    """Why the rule is not on now, here, for this shopper; notes the code that it would take."""
    if rule.stores and facts.store not in rule.stores:
        return "OTHER_STORE"
    closed = why_closed(rule.window, facts.moment, facts.zone)
    if closed is not None:
        return closed.value
    if rule.for_groups and not rule.for_groups & facts.groups:
        return "NOT_IN_GROUP"
    usage, limits = facts.usage.get(rule.id, UNUSED), rule.limits
    codes[rule.id] = None
    if rule.codes:
        shown = sorted(rule.codes & _normal(facts.codes))
        if not shown:
            return "NO_CODE"
        fresh = [code for code in shown if limits.per_code is None or usage.by_code.get(code, 0) < limits.per_code]
        if not fresh:
            return "CODE_USED"
        codes[rule.id] = fresh[0]
    if limits.per_user is not None and usage.by_user >= limits.per_user:
        return "USER_LIMIT"
    if limits.total is not None and usage.total >= limits.total:
        return "TOTAL_LIMIT"
    if limits.budget is not None and usage.spent >= limits.budget:
        return "BUDGET_SPENT"
    return None


def _normal(codes: Iterable[str]) -> set[str]:
    return {normal_code(code) for code in codes}


def _coupon(code: str, outcomes: Sequence[Applied | Skipped]) -> Coupon:
    knowing = [outcome for outcome in outcomes if code in outcome.rule.codes]
    for outcome in knowing:
        if isinstance(outcome, Applied) and outcome.code == code:
            return Coupon(code, outcome.rule.id, None)
    if not knowing:
        return Coupon(code, None, "UNKNOWN_CODE")
    # The rule went with another code of the same basket, or it did not go.
    first = knowing[0]
    return Coupon(code, None, first.reason if isinstance(first, Skipped) else "NOT_NEEDED")


# ---- how rules go -------------------------------------------------------------------------------------------


class _Run:
    """One going through the rules; it is the only one that changes what is on the counter."""

    def __init__(
        self,
        counter: Counter,
        facts: Facts,
        codes: Mapping[str, str | None],
        done: dict[str, Applied | Skipped],
    ) -> None:
        self._counter, self._facts, self._codes, self._done = counter, facts, codes, done
        self._units = [
            Unit(line.id, number)
            for line, span in zip(counter.lines, counter.spans, strict=True)
            for number in range(len(span))
        ]

    def alone(self, rule: Rule) -> None:
        """A rule that is exclusive or stacks."""
        found = self._offer(rule, _TAKES[rule.stacking])
        if isinstance(found, Skipped):
            self._done[rule.id] = found
        else:
            self._take(rule, found)

    def together(self, rules: list[Rule]) -> None:
        """Best deals of one priority: who saves more on a unit gets it."""
        blocked = _TAKES[Stacking.BEST_DEAL]
        offers: dict[str, list[Grant]] = {}
        for rule in rules:
            found = self._offer(rule, blocked)
            if isinstance(found, Skipped):
                self._done[rule.id] = found
            else:
                offers[rule.id] = found
        competing = [rule for rule in rules if rule.id in offers]
        won = offers
        if len(competing) > 1:
            budgets = {rule.id: self._budget(rule) for rule in competing}
            won = best_deal(competing, offers, self._counter, blocked, budgets)
        taken = {name: units_of(found) for name, found in won.items()}
        for rule in competing:
            if rule.id in won:
                self._take(rule, won[rule.id])
            else:
                wanted = units_of(offers[rule.id])
                others = tuple(name for name, units in taken.items() if not units.isdisjoint(wanted))
                self._done[rule.id] = Skipped(rule, "BETTER_DEAL", others=tuple(sorted(others)))

    def _offer(self, rule: Rule, blocked: int) -> list[Grant] | Skipped:
        """What the rule would give now, within its budget."""
        benefit = rule.benefit
        found: list[Grant] | Nothing
        if isinstance(benefit, Bundle | CartThreshold):
            found = grants(benefit, self._counter, blocked)
        else:
            found = self._items(benefit, blocked)
        if isinstance(found, Nothing):
            return Skipped(rule, found.why.value, found.missing)
        over = sum([grant.total for grant in found]) - self._budget(rule)
        return found if over <= 0 else Skipped(rule, "BUDGET_SPENT", over)

    def _budget(self, rule: Rule) -> int:
        """What the rule may still give in all."""
        budget = rule.limits.budget
        return MOST_MINOR if budget is None else budget - self._facts.usage.get(rule.id, UNUSED).spent

    def _items(self, item: Item, blocked: int) -> list[Grant] | Nothing:
        counter = self._counter
        numbers = counter.matching(item.match)
        if not numbers:
            return Nothing(Why.NO_MATCH)
        found, free = [], False
        for number in numbers:
            units = counter.free((number,), blocked)
            if units:
                free = True
                grant = item_grant(item, counter, number, units)
                if grant is not None:
                    found.append(grant)
        return found or Nothing(Why.NOTHING_OFF if free else Why.UNITS_TAKEN)

    def _take(self, rule: Rule, found: Sequence[Grant]) -> None:
        counter = self._counter
        bundle = isinstance(rule.benefit, Bundle)
        mark = _LEAVES[rule.stacking] | (BUNDLED if bundle else 0)
        left, marks = counter.left, counter.marks
        for grant in found:
            for unit, share in zip(grant.targets, grant.shares, strict=True):
                left[unit] -= share
                marks[unit] |= mark
            for unit in grant.triggers:
                marks[unit] |= mark
        given = tuple(self._given(grant) for grant in found)
        total = sum(grant.total for grant in found)
        self._done[rule.id] = Applied(rule, total, given, bundle, self._codes[rule.id])

    def _given(self, grant: Grant) -> Given:
        units = self._units
        return Given(
            shares=tuple([_share(units[unit], share) for unit, share in zip(grant.targets, grant.shares, strict=True)]),
            triggers=tuple([units[unit] for unit in grant.triggers]),
            minimum=grant.minimum,
            counted=tuple([_share(units[unit], cost) for unit, cost in grant.counted]),
        )


def _share(unit: Unit, amount: int) -> Share:
    return Share(unit[0], unit[1], amount)


def _by_line(counter: Counter, amounts: Sequence[int]) -> dict[str, tuple[int, ...]]:
    return {
        line.id: tuple(amounts[span.start : span.stop]) for line, span in zip(counter.lines, counter.spans, strict=True)
    }
