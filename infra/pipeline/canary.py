"""Moves traffic to what was just deployed: 5, 25, 100 percent, looking at errors and latency in between.

The release is the unit: its services move together, and one that fails takes all of them back. Whatever ends the
program early, an answer of Google's that does not come or a signal, the old revisions get everything back first.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from infra.pipeline import Failed
from infra.pipeline.google import Clock
from infra.pipeline.judging import Limits, Sample, judge
from infra.pipeline.monitoring import SETTLE_SECONDS
from infra.pipeline.run import CANDIDATE, STABLE, Service

STEPS = (5, 25, 100)
LOOK_SECONDS = 30.0
BASELINE_SECONDS = 3600.0


class Traffic(Protocol):
    """Who serves what; `run.Run` is the real one."""

    def service(self, name: str) -> Service: ...
    def split(self, name: str, shares: dict[str, int], tags: dict[str, str]) -> None: ...


class Figures(Protocol):
    """What was counted; `monitoring.Monitoring` is the real one."""

    def samples(self, service: str, begin: float, end: float) -> Mapping[str, Sample]: ...


class RolledBack(Failed):
    """The candidates were not good enough; the old revisions serve everything again."""


@dataclass(frozen=True, slots=True)
class Change:
    """A service with a revision that is to replace another one."""

    service: str
    old: str
    new: str


@dataclass(frozen=True)
class Canary:
    """How the shifting is done. `visit` is called while waiting, where no shopper does (staging)."""

    traffic: Traffic
    figures: Figures
    clock: Clock
    limits: Limits
    say: Callable[[str], None] = print
    visit: Callable[[float], None] | None = None

    def release(self, changes: Sequence[Change]) -> None:
        """All steps for all changes. Raises RolledBack, or whatever else went wrong, with the traffic moved back."""
        if not changes:
            self.say("nothing new: no service has another revision than the one that serves")
            return
        before = self._baseline(changes)
        with _signals_raise():
            try:
                for percent in STEPS:
                    self._step(changes, percent, before)
            except BaseException as reason:
                self.say(f"rolling back: {reason or type(reason).__name__}")
                self._back(changes)
                raise
        for change in changes:
            self.traffic.split(change.service, {change.new: 100}, {STABLE: change.new, CANDIDATE: change.new})
        self.say(f"{len(changes)} services serve their new revision")

    def _step(self, changes: Sequence[Change], percent: int, before: Mapping[str, Sample]) -> None:
        self.say(f"{percent} % to the new revisions of {', '.join(change.service for change in changes)}")
        for change in changes:
            shares = {change.old: 100 - percent, change.new: percent}
            self.traffic.split(change.service, shares, {STABLE: change.old, CANDIDATE: change.new})
        begun = self.clock.time()
        undecided = list(changes)
        while undecided:
            self._wait()
            waited = self.clock.time() - begun
            undecided = [each for each in undecided if not self._may_go_on(each, percent, begun, waited, before)]

    def _may_go_on(
        self, change: Change, percent: int, begun: float, waited: float, before: Mapping[str, Sample]
    ) -> bool:
        found = self.figures.samples(change.service, begun, self.clock.time() - SETTLE_SECONDS)
        new, old = found.get(change.new, Sample()), found.get(change.old, Sample())
        if percent == 100:
            old = before[change.service]
        verdict = judge(new, old, share=percent / 100, waited=waited, limits=self.limits)
        if verdict.action == "roll back":
            raise RolledBack(f"{change.service} at {percent} %: {verdict.why}")
        if verdict.action == "go on":
            self.say(f"{change.service} at {percent} %: {verdict.why}")
        return verdict.action == "go on"

    def _wait(self) -> None:
        if self.visit is None:
            self.clock.sleep(LOOK_SECONDS)
        else:
            self.visit(LOOK_SECONDS)

    def _baseline(self, changes: Iterable[Change]) -> dict[str, Sample]:
        end = self.clock.time() - SETTLE_SECONDS
        return {
            change.service: self.figures.samples(change.service, end - BASELINE_SECONDS, end).get(change.old, Sample())
            for change in changes
        }

    def _back(self, changes: Iterable[Change]) -> None:
        stuck = []
        for change in changes:
            try:
                self.traffic.split(change.service, {change.old: 100}, {STABLE: change.old})
            except Failed as error:
                stuck.append(f"{change.service} ({error})")
        if stuck:
            self.say(f"NOT rolled back, do it by hand: {', '.join(stuck)}")


def changes(traffic: Traffic, services: Iterable[str]) -> list[Change]:
    """What is to be moved. Raises Failed for a revision that does not start."""
    found = []
    for name in services:
        service = traffic.service(name)
        if service.created != service.ready:
            raise Failed(f"{service.created} of {name} does not start: {service.why}")
        if service.stable is not None and service.stable != service.created:
            found.append(Change(name, service.stable, service.created))
    return found


def settle(traffic: Traffic, services: Iterable[str], say: Callable[[str], None] = print) -> None:
    """Before anything new: everything to the stable revision, by name, so that the next one starts without traffic.

    It also ends what an interrupted canary left behind.
    """
    for name in services:
        service = traffic.service(name)
        if service.stable is None:
            raise Failed(f"{name} has no revision that serves: repair it with Terraform first")
        if service.shares != {service.stable: 100}:
            say(f"{name}: back to {service.stable} alone, was {service.shares}")
        traffic.split(name, {service.stable: 100}, {STABLE: service.stable})


@contextmanager
def _signals_raise() -> Iterator[None]:
    def ended(number: int, _frame: Any) -> None:
        # Once is enough: moving back must not be interrupted.
        signal.signal(number, signal.SIG_IGN)
        raise RolledBack(f"ended by {signal.Signals(number).name}")

    before = {number: signal.signal(number, ended) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
