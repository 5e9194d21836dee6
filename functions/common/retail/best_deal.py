"""Rules that compete for units: who gets which, so that the shopper saves as much as can be found by simple means.

Each line goes to the rule that takes most off it. A set or a cart offer takes its units out of that, the one that
gains most first, as long as it saves more than it takes away. So the outcome is never worse than any of the rules
alone; the best of all combinations of sets it need not be (that is a set packing, for which no fast way is known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.common.retail.promotion_benefits import Counter, Grant, Nothing, grants, item_grant, item_total
from functions.common.retail.promotion_rules import MOST_MINOR, Bundle, CartThreshold, Item, Rule


def best_deal(
    rules: Sequence[Rule],
    offers: Mapping[str, list[Grant]],
    counter: Counter,
    blocked: int,
    budgets: Mapping[str, int],
) -> dict[str, list[Grant]]:
    """What each rule (by id) gets to give, of what it would give alone; who gets nothing is left out.

    Among equals the earlier rule wins, and lines win over sets. `budgets`: what rules that have a budget may give at
    most. Nothing is taken yet, but units of sets that have won bear the lowest of the blocking marks afterwards.
    """
    contest = _Contest(rules, offers, counter, blocked, budgets)
    contest.hand_out_sets()
    contest.hand_out_lines()
    return contest.won


def units_of(offer: Sequence[Grant]) -> set[int]:
    """Every unit that what a rule gives depends on."""
    return {unit for grant in offer for unit in (*grant.targets, *grant.triggers, *(unit for unit, _ in grant.counted))}


class _Contest:
    """The rules at it, and what is left to win."""

    def __init__(
        self,
        rules: Sequence[Rule],
        offers: Mapping[str, list[Grant]],
        counter: Counter,
        blocked: int,
        budgets: Mapping[str, int],
    ) -> None:
        self._counter, self._blocked, self._budgets = counter, blocked, budgets
        self._mark = blocked & -blocked
        self.won: dict[str, list[Grant]] = {}
        self._sets = {rule.id: rule for rule in rules if isinstance(rule.benefit, Bundle | CartThreshold)}
        self._offers = {name: offers[name] for name in self._sets}
        self._items: list[list[tuple[str, Item]]] = [[] for _ in counter.lines]
        for rule in rules:
            if isinstance(rule.benefit, Item):
                for number in counter.matching(rule.benefit.match):
                    self._items[number].append((rule.id, rule.benefit))
        # Line -> (how much off, by whom) as long as no set takes units of it.
        self._best = [self._best_item(number, self._free(number)) for number in range(len(counter.lines))]

    def hand_out_sets(self) -> None:
        """The set that gains most over what lines would get takes its units; then again among the rest."""
        while self._offers:
            gains = {name: self._gain(found) for name, found in self._offers.items()}
            name = max(gains, key=gains.__getitem__)
            if gains[name] <= 0:
                return
            self._give(name, self._offers.pop(name))

    def hand_out_lines(self) -> None:
        """Each line, as far as it is left, to the rule that takes most off it."""
        items = {name: item for found in self._items for name, item in found}
        for number, (total, name) in enumerate(self._best):
            if total:
                grant = item_grant(items[name], self._counter, number, self._free(number))
                assert grant is not None
                self.won.setdefault(name, []).append(grant)

    def _free(self, number: int) -> list[int]:
        return self._counter.free((number,), self._blocked)

    def _best_item(self, number: int, units: Sequence[int]) -> tuple[int, str]:
        best = (0, "")
        if units:
            for name, item in self._items[number]:
                total = item_total(item, self._counter, number, units)
                if total > best[0]:
                    best = (total, name)
        return best

    def _gain(self, found: Sequence[Grant]) -> int:
        """What a set saves, less what the lines it takes units of would have saved with them."""
        loss = 0
        for number, used in self._used(found).items():
            total = self._best[number][0]
            if total:
                loss += total - self._best_item(number, [u for u in self._free(number) if u not in used])[0]
        return sum(grant.total for grant in found) - loss

    def _used(self, found: Sequence[Grant]) -> dict[int, set[int]]:
        used: dict[int, set[int]] = {}
        for grant in found:
            for unit in (*grant.targets, *grant.triggers):
                used.setdefault(self._counter.line_of[unit], set()).add(unit)
        return used

    def _give(self, name: str, found: list[Grant]) -> None:
        self.won[name] = found
        taken = self._used(found)
        for number, units in taken.items():
            for unit in units:
                self._counter.marks[unit] |= self._mark
            self._best[number] = self._best_item(number, self._free(number))
        gone = set[int]().union(*taken.values())
        for other, offer in list(self._offers.items()):
            if not gone.isdisjoint(units_of(offer)):
                self._again(other)

    def _again(self, name: str) -> None:
        """What another set can still give."""
        benefit = self._sets[name].benefit
        assert isinstance(benefit, Bundle | CartThreshold)
        found = grants(benefit, self._counter, self._blocked)
        # Other units than before may cost it more than before.
        if isinstance(found, Nothing) or sum(grant.total for grant in found) > self._budgets.get(name, MOST_MINOR):
            del self._offers[name]
        else:
            self._offers[name] = found
