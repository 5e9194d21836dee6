"""The arithmetic of each benefit: units on the counter in, who gets how much off out. It decides; nothing is changed.

Whatever is off is computed once for all units it is about and split among them by largest remainder in proportion to
what they cost now, so no unit ever goes below zero and no cent is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from functions.common.retail.basket import EACH, Line, unit_amounts
from functions.common.retail.money import Rounding, allocate, divide
from functions.common.retail.promotion_rules import (
    WHOLE,
    Amount,
    Bundle,
    BuyGet,
    CartThreshold,
    Choose,
    FixedPrice,
    Item,
    Match,
    MemberPrice,
    MixAndMatch,
    NForPrice,
    Off,
    Percentage,
    Slot,
)

TOUCHED, DEALT, CLOSED, BUNDLED = 1, 2, 4, 8
"""Marks on a unit: some rule used it; a best deal did; an exclusive rule did; it is in a set."""


class Why(StrEnum):
    """Why a rule that is on did nothing."""

    NO_MATCH = "NO_MATCH"
    UNITS_TAKEN = "UNITS_TAKEN"
    TOO_FEW_UNITS = "TOO_FEW_UNITS"
    BELOW_THRESHOLD = "BELOW_THRESHOLD"
    NOTHING_OFF = "NOTHING_OFF"


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why, and how many units or minor units are missing where that is the reason."""

    why: Why
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """One time that a benefit is given; units by their place on the counter, `shares` beside `targets`.

    `minimum` and `counted` (unit, minor units) are the condition of a cart threshold.
    """

    targets: Sequence[int]
    shares: Sequence[int]
    triggers: Sequence[int] = ()
    minimum: int | None = None
    counted: Sequence[tuple[int, int]] = ()

    @property
    def total(self) -> int:
        """Minor units off."""
        return sum(self.shares)


class Counter:
    """The units of a basket, line after line: what each costs now, and which marks it bears."""

    __slots__ = ("_matching", "left", "line_of", "lines", "marks", "price", "rounding", "spans")

    def __init__(self, lines: Sequence[Line], rounding: Rounding) -> None:
        self.lines, self.rounding = lines, rounding
        self.price: list[int] = []
        self.line_of: list[int] = []
        self.spans: list[range] = []
        for number, line in enumerate(lines):
            amounts = unit_amounts(line)
            self.spans.append(range(len(self.price), len(self.price) + len(amounts)))
            self.price += amounts
            self.line_of += [number] * len(amounts)
        self.left = list(self.price)
        self.marks = [0] * len(self.price)
        # By identity: a pattern is asked about again and again, and its rule outlives the counter.
        self._matching: dict[int, list[int]] = {}

    def matching(self, match: Match) -> list[int]:
        """The numbers of the lines that a pattern accepts."""
        found = self._matching.get(id(match))
        if found is None:
            accepts = match.accepts
            found = self._matching[id(match)] = [n for n, line in enumerate(self.lines) if accepts(line)]
        return found

    def free(self, numbers: Sequence[int], blocked: int) -> list[int]:
        """The units of these lines that bear none of the blocking marks."""
        marks = self.marks
        return [unit for number in numbers for unit in self.spans[number] if not marks[unit] & blocked]

    def cost(self, units: Sequence[int]) -> int:
        """What units cost now."""
        left = self.left
        return sum([left[unit] for unit in units])

    def split(self, total: int, units: Sequence[int]) -> list[int]:
        """The shares of units in what they get off together, above zero and at most what they cost."""
        if len(units) == 1:
            return [total]
        return allocate(total, [self.left[unit] for unit in units])

    def off(self, off: Off, units: Sequence[int]) -> int:
        """How much less these units cost together."""
        cost = self.cost(units)
        if off.kind == "percent":
            return divide(cost * off.value, WHOLE, self.rounding)
        return min(off.value, cost) if off.kind == "amount" else max(0, cost - off.value)


# ---- each line for itself -----------------------------------------------------------------------------------


def item_total(item: Item, counter: Counter, number: int, units: Sequence[int]) -> int:
    """How much these units of one line get off together."""
    if isinstance(item, Percentage):
        return divide(counter.cost(units) * item.basis_points, WHOLE, counter.rounding)
    return sum(_each_off(item, counter, number, units))


def item_grant(item: Item, counter: Counter, number: int, units: Sequence[int]) -> Grant | None:
    """What these units of one line get off; None when it is nothing."""
    if isinstance(item, Percentage):
        total = item_total(item, counter, number, units)
        return Grant(units, counter.split(total, units)) if total else None
    shares = _each_off(item, counter, number, units)
    return Grant(units, shares) if any(shares) else None


def _each_off(
    item: Amount | FixedPrice | MemberPrice, counter: Counter, number: int, units: Sequence[int]
) -> list[int]:
    left = counter.left
    if isinstance(item, Amount):
        return [min(item.amount, left[unit]) for unit in units]
    line, price = counter.lines[number], item.price
    if line.units == 1:
        size = line.pack if line.measure == EACH else 1000
        price = divide(price * line.quantity, size, counter.rounding)
    return [max(0, left[unit] - price) for unit in units]


# ---- sets and carts -----------------------------------------------------------------------------------------


def grants(benefit: Bundle | CartThreshold, counter: Counter, blocked: int) -> list[Grant] | Nothing:
    """Every time that this benefit can be given with the units that are free, or why it cannot once."""
    if isinstance(benefit, CartThreshold):
        return _threshold(benefit, counter, blocked)
    if isinstance(benefit, MixAndMatch):
        return _mix_and_match(benefit, counter, blocked | BUNDLED)
    numbers = counter.matching(benefit.match)
    if not numbers:
        return Nothing(Why.NO_MATCH)
    units = counter.free(numbers, blocked | BUNDLED)
    size = benefit.buy + benefit.get if isinstance(benefit, BuyGet) else benefit.quantity
    times = _at_most(len(units) // size, benefit.max_occurrences)
    if not times:
        return _too_few(counter, numbers, units, size)
    found = (
        _buy_get(benefit, counter, units, times)
        if isinstance(benefit, BuyGet)
        else _n_for_price(benefit, counter, units, times)
    )
    return found or Nothing(Why.NOTHING_OFF)


def _buy_get(benefit: BuyGet, counter: Counter, units: list[int], times: int) -> list[Grant]:
    # What is given comes from one end of the prices and what must be bought from the other: what is left over, in
    # the middle, stays for other sets.
    ranked = _ranked(counter, units, benefit.choose)
    targets, triggers = ranked[: times * benefit.get], ranked[::-1][: times * benefit.buy]
    found = []
    for turn in range(times):
        given = targets[turn * benefit.get : (turn + 1) * benefit.get]
        total = counter.off(benefit.off, given)
        if total:
            bought = triggers[turn * benefit.buy : (turn + 1) * benefit.buy]
            found.append(Grant(given, counter.split(total, given), bought))
    return found


def _n_for_price(benefit: NForPrice, counter: Counter, units: list[int], times: int) -> list[Grant]:
    ranked = _ranked(counter, units, Choose.MOST_EXPENSIVE)
    found = []
    for turn in range(times):
        together = ranked[turn * benefit.quantity : (turn + 1) * benefit.quantity]
        total = counter.cost(together) - benefit.price
        if total <= 0:
            break  # what follows is cheaper still
        found.append(Grant(together, counter.split(total, together)))
    return found


def _mix_and_match(benefit: MixAndMatch, counter: Counter, blocked: int) -> list[Grant] | Nothing:
    other = Choose.MOST_EXPENSIVE if benefit.choose is Choose.CHEAPEST else Choose.CHEAPEST
    places: list[list[int]] = []
    lists: list[list[int]] = []
    for slots, choose in ((benefit.targets, benefit.choose), (benefit.triggers, other)):
        for slot in slots:
            numbers = counter.matching(slot.match)
            if not numbers:
                return Nothing(Why.NO_MATCH)
            lists.append(_ranked(counter, counter.free(numbers, blocked), choose)[::-1])
            places += [lists[-1]] * slot.quantity
    targets = sum(slot.quantity for slot in benefit.targets)
    found: list[Grant] = []
    used: set[int] = set()
    while benefit.max_occurrences is None or len(found) < benefit.max_occurrences:
        seated = seat(places, used)
        if None in seated:
            return found or _incomplete(benefit, counter)
        units = [unit for unit in seated if unit is not None]
        given = units[:targets]
        total = counter.off(benefit.off, given)
        if not total:
            break
        found.append(Grant(given, counter.split(total, given), units[targets:]))
        used.update(units)
        for each in lists:
            while each and each[-1] in used:
                each.pop()
    return found or Nothing(Why.NOTHING_OFF)


def seat(places: Sequence[Sequence[int]], used: set[int]) -> list[int | None]:
    """A unit for each place, from its list (the first choice last) and none twice; None where there is none.

    As few places as can be stay empty: who comes late may have others move (the bipartite matching of Kuhn, 1955).
    """
    owner: dict[int, int] = {}

    def find(place: int, asked: set[int]) -> bool:
        for unit in reversed(places[place]):
            if unit not in used and unit not in owner:
                owner[unit] = place
                return True
        for unit in reversed(places[place]):
            if unit not in used and unit not in asked:
                asked.add(unit)
                if find(owner[unit], asked):
                    owner[unit] = place
                    return True
        return False

    for place in range(len(places)):
        find(place, set())
    unit_at = {place: unit for unit, place in owner.items()}
    return [unit_at.get(place) for place in range(len(places))]


def _threshold(benefit: CartThreshold, counter: Counter, blocked: int) -> list[Grant] | Nothing:
    numbers = counter.matching(benefit.targets)
    if not numbers:
        return Nothing(Why.NO_MATCH)
    counted = counter.free(counter.matching(benefit.counts), blocked)
    missing = benefit.threshold - counter.cost(counted)
    if missing > 0:
        return Nothing(Why.BELOW_THRESHOLD, missing)
    units = counter.free(numbers, blocked)
    if not units:
        return Nothing(Why.UNITS_TAKEN)
    total = counter.off(benefit.off, units)
    if not total:
        return Nothing(Why.NOTHING_OFF)
    counts = [(unit, counter.left[unit]) for unit in counted]
    return [Grant(units, counter.split(total, units), minimum=benefit.threshold, counted=counts)]


def _ranked(counter: Counter, units: Sequence[int], choose: Choose) -> list[int]:
    """Units by what they cost now; among equals the earlier one on the counter comes first."""
    left = counter.left
    if choose is Choose.CHEAPEST:
        return sorted(units, key=left.__getitem__)
    return sorted(units, key=lambda unit: -left[unit])


def _at_most(times: int, limit: int | None) -> int:
    return times if limit is None else min(times, limit)


def _too_few(counter: Counter, numbers: Sequence[int], units: Sequence[int], size: int) -> Nothing:
    there = sum(len(counter.spans[number]) for number in numbers)
    return Nothing(Why.UNITS_TAKEN) if there >= size else Nothing(Why.TOO_FEW_UNITS, size - there)


def _incomplete(benefit: MixAndMatch, counter: Counter) -> Nothing:
    """Whether the set could be made if no other rule had taken anything."""
    slots: tuple[Slot, ...] = (*benefit.targets, *benefit.triggers)
    places = [counter.free(counter.matching(slot.match), 0) for slot in slots for _ in range(slot.quantity)]
    lacking = seat(places, set()).count(None)
    return Nothing(Why.TOO_FEW_UNITS, lacking) if lacking else Nothing(Why.UNITS_TAKEN)
