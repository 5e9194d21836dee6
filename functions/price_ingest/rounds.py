"""Coalescing: messages that arrive while a round is under way share the next one.

Each message waits for its own round and is answered by it, so it is acknowledged only once its own writes are
durable. Tenants have lanes of their own: one that floods does not hold up another. Further rounds of a lane may be
under way at once when they are worth it, and as long as they touch different products; two rounds on one product
would only make one of them lose its compare-and-set and start again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from functions.common import metrics
from functions.common.errors import Retryable

_sizes = metrics.Histogram("price_round_messages", "Messages sharing a round.", buckets=metrics.SIZE_BUCKETS).labels()
_waiting = metrics.Gauge("price_updates_waiting", "Updates waiting for a round.").labels()


class Load(Protocol):
    """What a round is made of."""

    @property
    def weight(self) -> int:
        """How many updates."""

    @property
    def keys(self) -> Collection[Hashable]:
        """The products it touches."""


L = TypeVar("L", bound=Load)
Run = Callable[[str, Sequence[L]], Awaitable[Sequence[BaseException | None]]]
"""Settles the loads of one lane; one result for each, None for success. Must not raise for one bad load."""


_Ticket = tuple[L, "asyncio.Future[None]"]
"""A load, and what its caller waits for."""


class _Lane(Generic[L]):
    __slots__ = ("busy", "running", "waiting", "weight")

    def __init__(self) -> None:
        self.waiting: deque[_Ticket[L]] = deque()
        self.weight = 0
        self.running = 0
        self.busy: set[Hashable] = set()


class Rounds(Generic[L]):
    """The rounds of one process. `most_waiting` bounds the updates a lane holds in memory.

    A round beside another one needs at least `worth` updates: small ones are cheaper together, one after the other.
    """

    def __init__(
        self,
        run: Run[L],
        *,
        most_updates: int = 1_000,
        in_flight: int = 4,
        worth: int | None = None,
        most_waiting: int = 50_000,
    ) -> None:
        self._run, self._most_updates = run, most_updates
        self._in_flight, self._most_waiting = in_flight, most_waiting
        self._worth = most_updates // 5 if worth is None else worth
        self._lanes: dict[str, _Lane[L]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, lane_id: str, load: L) -> asyncio.Future[None]:
        """Settle `load` with whatever else waits in its lane; the future ends with what its round says about it.

        Raises Retryable when the lane is full.
        """
        lane = self._lanes.get(lane_id)
        if lane is None:
            lane = self._lanes[lane_id] = _Lane()
        weight = load.weight
        if lane.weight and lane.weight + weight > self._most_waiting:
            raise Retryable("too many updates are waiting; come back later")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append((load, done))
        lane.weight += weight
        _waiting.value += weight
        self._start(lane_id, lane)
        return done

    def _start(self, lane_id: str, lane: _Lane[L]) -> None:
        while not lane.running or (lane.running < self._in_flight and lane.weight >= self._worth):
            tickets = self._collect(lane)
            if not tickets:
                break
            lane.running += 1
            task = asyncio.get_running_loop().create_task(self._settle(lane_id, lane, tickets))
            # The loop keeps only weak references to its tasks.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not lane.running and not lane.waiting:
            self._lanes.pop(lane_id, None)

    def _collect(self, lane: _Lane[L]) -> list[_Ticket[L]]:
        """The next round: from the head of the queue, so that nobody is overtaken."""
        tickets: list[_Ticket[L]] = []
        weight = 0
        while lane.waiting:
            load, _ = lane.waiting[0]
            if tickets and weight + load.weight > self._most_updates:
                break
            if lane.busy and not lane.busy.isdisjoint(load.keys):
                break
            tickets.append(lane.waiting.popleft())
            weight += load.weight
        for load, _ in tickets:
            lane.busy.update(load.keys)
        lane.weight -= weight
        _waiting.value -= weight
        return tickets

    async def _settle(self, lane_id: str, lane: _Lane[L], tickets: list[_Ticket[L]]) -> None:
        _sizes.observe(len(tickets))
        results: Sequence[BaseException | None]
        try:
            results = await self._run(lane_id, [load for load, _ in tickets])
        except Exception as error:
            results = [error] * len(tickets)
        except BaseException:  # the process is going down: whoever waits must be told
            results = [Retryable("stopped before it was settled")] * len(tickets)
            raise
        finally:
            for load, _ in tickets:
                lane.busy.difference_update(load.keys)
            lane.running -= 1
            self._start(lane_id, lane)
            for (_, done), result in zip(tickets, results, strict=True):
                # Its caller may have gone away; the round has settled it all the same.
                if done.done():
                    continue
                if result is None:
                    done.set_result(None)
                else:
                    done.set_exception(result)
