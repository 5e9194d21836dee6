"""What the local Stripe does wrong when it is asked to: before it did what it was asked for, or after.

A rule is `{"verb": "create", "effect": "drop", "times": 3, "share": 0.5}`; verbs are create, confirm, capture, cancel,
refund, read and list, or `*`. `times` -1 is for ever.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

EFFECTS = {
    "drop": "does it, then breaks the connection without an answer",
    "500": "does it, then answers 500 once; the key has the true answer",
    "stored-500": "does it, then answers 500, and repeats that 500 for the key",
    "hang": "does it, then answers nothing for `seconds`",
    "slow": "waits `seconds`, then does it; the key is in use meanwhile",
    "drop-before": "breaks the connection, nothing done",
    "500-before": "answers 500, nothing done, nothing kept",
    "stored-500-before": "answers 500, nothing done, and repeats that 500 for the key",
    "429": "answers 429, nothing done, nothing kept",
    "garbage": "does it, then answers something that is not JSON",
}
VERBS = ("create", "confirm", "capture", "cancel", "refund", "read", "list", "*")


@dataclass
class Rule:
    """One fault."""

    verb: str
    effect: str
    times: int = -1
    share: float = 1.0
    seconds: float = 30.0
    struck: int = 0


class Faults:
    """Which of them are on. `seed` makes the shares repeatable."""

    def __init__(self, seed: int | None = None) -> None:
        self.rules: list[Rule] = []
        self._chance = random.Random(seed)

    def add(self, verb: str, effect: str, *, times: int = -1, share: float = 1.0, seconds: float = 30.0) -> Rule:
        """One more rule. Raises ValueError for a verb or an effect that there is not."""
        if verb not in VERBS:
            raise ValueError(f"{verb} is none of {', '.join(VERBS)}")
        if effect not in EFFECTS:
            raise ValueError(f"{effect} is none of {', '.join(EFFECTS)}")
        rule = Rule(verb, effect, int(times), float(share), float(seconds))
        self.rules.append(rule)
        return rule

    def replace(self, rules: Iterable[dict[str, Any]]) -> None:
        """These rules from now on, and no others; all of them or, when one cannot be, none."""
        before, self.rules = self.rules, []
        try:
            for each in rules:
                self.add(**each)
        except (ValueError, TypeError):
            self.rules = before
            raise

    def strike(self, verb: str) -> Rule | None:
        """The rule that strikes now; counts."""
        for rule in self.rules:
            if rule.verb in (verb, "*") and rule.times != 0 and self._chance.random() < rule.share:
                rule.times -= 1 if rule.times > 0 else 0
                rule.struck += 1
                return rule
        return None

    def plain(self) -> list[dict[str, Any]]:
        """The rules, with how often each has struck."""
        return [asdict(rule) for rule in self.rules]
