"""The verbs of notices: take in a fact, see to what is due, keep devices, read. Gather, decide, apply; then push."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from functions.common import clock, failpoints, log, metrics
from functions.common.auth import Principal
from functions.common.contracts.envelope import Event
from functions.common.errors import AlreadyDone, Conflict, NotFound, Rejected, Retryable
from functions.common.moments import in_millis
from functions.notify import words
from functions.notify.domain import facts, mailbox, pushing
from functions.notify.domain.mailbox import Device, Mailbox, Notice, Sending
from functions.notify.domain.pushing import Outcome
from functions.notify.fcm import Parcel
from functions.notify.repository import Key

ROUNDS = 12
SOON = timedelta(seconds=5)
"""A task that comes earlier than it should, by our clock, is asked to come again."""
SWEPT_AFTER = timedelta(seconds=10)
"""What is overdue for so long has lost its task."""
MOST_SWEPT = 200

_told = metrics.Counter("notify_notices", "Facts taken in, by kind and outcome.", ("kind", "outcome"))


class Mailboxes(Protocol):
    """This room's collection; `repository.MongoMailboxes`."""

    async def find(self, key: Key) -> Mailbox | None: ...
    async def save(self, key: Key, box: Mailbox) -> bool: ...
    async def after(self, key: Key, number: int) -> list[Notice]: ...
    async def with_token(self, tenant_id: str, token: str, but: str) -> list[Key]: ...
    async def due(self, before: datetime, limit: int) -> list[Key]: ...


class Pushes(Protocol):
    """Sends to devices; `fcm.Fcm`."""

    async def send(self, parcels: Sequence[Parcel]) -> list[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with. `ring` wakes the streams of a visit, `wake_up` has it attended to at a time."""

    mailboxes: Mailboxes
    pushes: Pushes
    ring: Callable[[str], Awaitable[None]]
    wake_up: Callable[[Key, datetime], Awaitable[None]]


class NotTheirs(Conflict):
    """A mailbox of this name exists, and it is another shopper's, store's or tenant's."""

    code = "NOT_THIS_SHOPPERS"


Change = Callable[[Mailbox], Mailbox | None]
"""The next version of a mailbox; None when there is nothing to change."""


def moment() -> datetime:
    """The time as MongoDB keeps it, in milliseconds."""
    return in_millis(clock.now())


def key_of(caller: Principal) -> Key:
    """The mailbox of a session token: no other can be named."""
    return Key(caller.tenant_id, caller.store_id, caller.sub, caller.session_id)


async def take(deps: Deps, event: Event, now: datetime) -> None:
    """Tell the shopper what the event says, and push it. A fact that is known already is not told again.

    Raises Rejected for an event that is not what its contract says, AlreadyDone when nothing was left to do.
    """
    try:
        fact = facts.of_event(event.type, event.data, event.occurred_at)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Rejected(f"{event.type} does not say what it should: {type(error).__name__}") from error
    if not (event.tenant_id and event.store_id and fact.session_id and fact.user_id):
        raise Rejected(f"{event.type} does not say whom it is about")
    key = Key(event.tenant_id, event.store_id, fact.user_id, fact.session_id)
    known = False

    def add(box: Mailbox) -> Mailbox:
        nonlocal known
        taken = mailbox.take(box, fact, event.id, now)
        known = taken is None
        return box if taken is None else taken

    pushed = await _attend(deps, key, now, first=add)
    _told.inc(fact.kind, "known" if known else "taken")
    if known and not pushed:
        raise AlreadyDone


async def attend(deps: Deps, key: Key, now: datetime) -> None:
    """Do what is due in a mailbox: tell of the cart, push, push again. Safe to repeat and to do twice at once."""
    if await _attend(deps, key, now, first=None):
        return
    box = await deps.mailboxes.find(key)
    early = [] if box is None else [alarm for alarm in box.alarms if now < alarm <= now + SOON]
    if early:
        await deps.wake_up(key, min(early))


async def sweep(deps: Deps, now: datetime) -> int:
    """Attend to what was left: by dead processes, or because no task could be made. Returns how many mailboxes."""
    keys = await deps.mailboxes.due(now - SWEPT_AFTER, MOST_SWEPT)
    for key in keys:
        await attend(deps, key, moment())
    if keys:
        log.info("notify.swept", mailboxes=len(keys))
    return len(keys)


async def register(deps: Deps, caller: Principal, device: Device) -> None:
    """Have this device told of the visit. A device is in one visit at a time: the phone may have changed hands."""
    for other in await deps.mailboxes.with_token(caller.tenant_id, device.token, caller.session_id):
        await _change(deps, other, lambda box: mailbox.without_token(box, device.token), device.registered_at)
    await _change(deps, key_of(caller), lambda box: mailbox.register(box, device), device.registered_at, create=True)


async def remove(deps: Deps, caller: Principal, device_id: str, now: datetime) -> None:
    """Leave this device alone from now on. Raises NotFound when the visit has none of this id."""
    await _change_device(deps, caller, lambda box: mailbox.remove(box, device_id), now)


async def put_in_front(deps: Deps, caller: Principal, device_id: str, in_front: bool, now: datetime) -> datetime | None:
    """Whether the app is in front, which makes it quiet; returns until when. Raises NotFound as `remove` does."""
    until = now + mailbox.IN_FRONT if in_front else None
    await _change_device(deps, caller, lambda box: mailbox.put_in_front(box, device_id, until), now)
    return until


async def _change_device(deps: Deps, caller: Principal, change: Change, now: datetime) -> None:
    if await _change(deps, key_of(caller), change, now) is None:
        raise NotFound("this visit has no such device")


async def read(deps: Deps, caller: Principal, after: int) -> list[Notice]:
    """What the shopper was told in this visit behind a notice."""
    return await deps.mailboxes.after(key_of(caller), after)


# ---- how a mailbox is changed ----------------------------------------------------------------------------------


async def _change(
    deps: Deps, key: Key, change: Change, now: datetime, *, create: bool = False, known: Mailbox | None = None
) -> tuple[Mailbox, Mailbox] | None:
    """Before and after; None when there is nothing to change. `known` is what the caller believes is kept.

    Raises NotTheirs when the visit is another shopper's, Conflict when others were faster every time.
    """
    refused = False
    for attempt in range(ROUNDS):
        before = known if known is not None else await deps.mailboxes.find(key)
        known = None
        if before is None:
            if not create:
                return None
            if refused:
                raise NotTheirs("this visit is not this shopper's")
            before = mailbox.empty(key.session_id, key.tenant_id, key.store_id, key.user_id, now)
        after = change(before)
        if after is None:
            return None
        if await deps.mailboxes.save(key, after):
            return before, replace(after, ver=before.ver + 1)
        refused = before.ver == 0
        await asyncio.sleep(random.random() * 0.01 * 2 ** min(attempt, 5))
    raise Conflict("others change this at the same time; repeat it", code="CONCURRENT_CHANGE")


async def _attend(deps: Deps, key: Key, now: datetime, *, first: Callable[[Mailbox], Mailbox] | None) -> bool:
    """Everything that is due, after `first`, in one write; then the pushes. Whether there was anything to do."""
    sendings: tuple[Sending, ...] = ()

    def step(box: Mailbox) -> Mailbox | None:
        nonlocal sendings
        changed = mailbox.tell_cart(first(box) if first is not None else box, now)
        changed, sendings = mailbox.claim(changed, now)
        return changed if changed != box else None

    try:
        changed = await _change(deps, key, step, now, create=first is not None)
    except NotTheirs as foreign:
        raise Rejected(foreign.message, code=foreign.code) from foreign
    except Conflict as busy:
        raise Retryable("others change the mailbox at the same time") from busy
    if changed is None:
        return False
    before, after = changed
    await failpoints.hit("notify.after_claim_before_push")
    if after.last_id > before.last_id:
        await deps.ring(key.session_id)
    alarms = set(after.alarms - before.alarms)
    for settled in await asyncio.gather(*(_push(deps, key, sending, after) for sending in sendings)):
        alarms |= settled
    if alarms:
        await deps.wake_up(key, min(alarms))
    return True


async def _push(deps: Deps, key: Key, sending: Sending, kept: Mailbox) -> frozenset[datetime]:
    """Send what was claimed and write down what became of it; returns the times it brought up."""
    now = moment()
    outcomes = await deps.pushes.send([parcel_of(key, sending, device, now) for device in sending.devices])
    await failpoints.hit("notify.after_push_before_mark")
    by_device = {d.id: (d.token, o) for d, o in zip(sending.devices, outcomes, strict=True)}
    now = moment()
    verdict = pushing.judge(by_device, attempts=sending.attempts, until=sending.until, now=now, roll=random.random())
    log.info(
        "notify.pushed",
        kind=sending.notice.kind,
        devices=len(outcomes),
        gone=len(verdict.gone),
        attempt=sending.attempts,
        codes=sorted({outcome.code for outcome in outcomes if outcome.code}),
        again=verdict.again_at is not None,
    )
    settled = await _change(
        deps,
        key,
        lambda box: mailbox.settle(
            box, sending, done=verdict.done, gone=verdict.gone, again_at=verdict.again_at, now=now
        ),
        now,
        known=kept,
    )
    if settled is None:
        return frozenset()
    before, after = settled
    return after.alarms - before.alarms


def parcel_of(key: Key, sending: Sending, device: Device, now: datetime) -> Parcel:
    """The message for a device: words that anybody may see, and which notice the app should read with its own token."""
    notice = sending.notice
    said = words.words(notice.text, notice.count, device.language)
    return Parcel(
        token=device.token,
        platform=device.platform,
        title=said.title,
        body=said.body,
        data={"kind": notice.kind, "notice": str(notice.id), "sessionId": key.session_id},
        collapse=facts.COLLAPSE[notice.kind],
        lasts=timedelta(seconds=max(0, int((sending.until - now).total_seconds()))),
    )
