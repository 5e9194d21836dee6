"""The notices of a visit: what was told, to which devices, and what is still to be pushed when.

One document a visit, so that telling, joining and claiming are one conditional write, and its numbers have no gaps that
a reader could fall into. Everything here takes a mailbox and gives the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from functions.notify.domain import facts
from functions.notify.domain.changes import Changes
from functions.notify.domain.facts import COLLAPSE, Fact

LIFE: Final = timedelta(hours=4, minutes=30)
"""A visit lasts for four hours at most; a mailbox is kept so long from its beginning and from each registration."""
MOST_DEVICES: Final = 5
MOST_NOTICES: Final = 50
MOST_SEEN: Final = 200
CART_PAUSE: Final = timedelta(seconds=10)
"""A shopper is told of a cart at most once in this time."""
LEASE: Final = timedelta(seconds=20)
"""For so long a push is somebody's; longer than it can take, time-outs included."""
IN_FRONT: Final = timedelta(minutes=2)
"""For so long an app that said it is in front is believed: it may have been killed without a word."""


@dataclass(frozen=True, slots=True)
class Device:
    """An installation of the app. `token` is what FCM knows it by."""

    id: str
    token: str
    platform: str
    language: str
    registered_at: datetime
    in_front_until: datetime | None = None

    def is_in_front(self, now: datetime) -> bool:
        """Whether its owner is looking at the app."""
        return self.in_front_until is not None and self.in_front_until > now


@dataclass(frozen=True, slots=True)
class Push:
    """What is left to push of a notice: not before a time, not after another, and not to `reached` devices again."""

    not_before: datetime
    until: datetime
    attempts: int = 0
    reached: tuple[str, ...] = ()
    leased_until: datetime | None = None

    @property
    def due(self) -> datetime:
        """When somebody should see to it."""
        return max(self.not_before, self.leased_until or self.not_before)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing told. `id` grows within the visit; `text` and `count` choose its words, `push` is what is left."""

    id: int
    event: str
    kind: str
    text: str
    count: int
    at: datetime
    data: Mapping[str, Any]
    push: Push | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """Changes of the cart that wait to be told together."""

    changes: Changes
    event: str
    at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What one visit was told and by which devices. `ver` is 0 before it is kept for the first time.

    `cart_at` is when the cart was told of or pushed last; `seen` are the ids of the events that are in here.
    """

    session_id: str
    tenant_id: str
    store_id: str
    user_id: str
    expires_at: datetime
    ver: int = 0
    last_id: int = 0
    devices: tuple[Device, ...] = ()
    notices: tuple[Notice, ...] = ()
    digest: Digest | None = None
    cart_at: datetime | None = None
    seen: tuple[str, ...] = ()

    @property
    def alarms(self) -> frozenset[datetime]:
        """When something is to be done that nobody is doing."""
        pushes = {n.push.not_before for n in self.notices if n.push is not None and n.push.leased_until is None}
        return frozenset(pushes | ({self.digest.due} if self.digest is not None else set()))

    @property
    def due_at(self) -> datetime | None:
        """When somebody should look after it at the latest; None when nothing is left to do."""
        times = [n.push.due for n in self.notices if n.push is not None]
        times += [self.digest.due] if self.digest is not None else []
        return min(times, default=None)


@dataclass(frozen=True, slots=True)
class Sending:
    """A notice that its holder is to push now, to these devices."""

    notice: Notice
    until: datetime
    attempts: int
    devices: tuple[Device, ...]


def empty(session_id: str, tenant_id: str, store_id: str, user_id: str, now: datetime) -> Mailbox:
    """The mailbox of a visit that was told nothing yet."""
    return Mailbox(session_id, tenant_id, store_id, user_id, now + LIFE)


def register(box: Mailbox, device: Device) -> Mailbox:
    """The visit has this device now. Its token is in there once; beyond five devices the oldest goes."""
    before = next((each for each in box.devices if each.id == device.id), None)
    if before is not None:
        device = replace(device, in_front_until=before.in_front_until)
    others = tuple(each for each in box.devices if each.id != device.id and each.token != device.token)
    expires_at = max(box.expires_at, device.registered_at + LIFE)
    return replace(box, devices=(*others, device)[-MOST_DEVICES:], expires_at=expires_at)


def remove(box: Mailbox, device_id: str) -> Mailbox | None:
    """Without the device; None when it is not there."""
    left = tuple(each for each in box.devices if each.id != device_id)
    return replace(box, devices=left) if len(left) < len(box.devices) else None


def without_token(box: Mailbox, token: str) -> Mailbox | None:
    """Without the device of this token; None when there is none."""
    left = tuple(each for each in box.devices if each.token != token)
    return replace(box, devices=left) if len(left) < len(box.devices) else None


def put_in_front(box: Mailbox, device_id: str, until: datetime | None) -> Mailbox | None:
    """The app on this device is in front until then, or is not (None); None when there is no such device."""
    if all(each.id != device_id for each in box.devices):
        return None
    changed = [replace(each, in_front_until=until) if each.id == device_id else each for each in box.devices]
    return replace(box, devices=tuple(changed))


def take(box: Mailbox, fact: Fact, event_id: str, now: datetime) -> Mailbox | None:
    """With the fact in it; None when it is in there already."""
    if event_id in box.seen:
        return None
    box = replace(box, seen=(*box.seen, event_id)[-MOST_SEEN:])
    if fact.changes is None:
        return _tell(box, fact, event_id, now, text=fact.kind, count=1)
    if box.digest is None:
        due = now if box.cart_at is None else max(now, box.cart_at + CART_PAUSE)
        return replace(box, digest=Digest(fact.changes, event_id, fact.at, due))
    joined = box.digest.changes.joined(fact.changes)
    return replace(box, digest=replace(box.digest, changes=joined, at=max(box.digest.at, fact.at)))


def tell_cart(box: Mailbox, now: datetime) -> Mailbox:
    """With what waited about the cart told, when it is time; what is again as it was is not told at all."""
    if box.digest is None or box.digest.due > now:
        return box
    digest, box = box.digest, replace(box, digest=None)
    changes = digest.changes.left()
    if changes is None:
        return box
    until = facts.lasting(facts.CART_CHANGED, digest.at)
    fact = Fact(box.session_id, box.user_id, facts.CART_CHANGED, digest.at, until, changes.as_data())
    told = _tell(box, fact, digest.event, now, text=_cart_text(changes), count=changes.items)
    return replace(told, cart_at=now)


def _tell(box: Mailbox, fact: Fact, event_id: str, now: datetime, *, text: str, count: int) -> Mailbox:
    # A number that also grows when the mailbox was thrown away and begun anew: readers go on behind it.
    number = max(box.last_id + 1, int(now.timestamp() * 1000))
    push = Push(now, fact.until) if fact.until > now else None
    notice = Notice(number, event_id, fact.kind, text, count, fact.at, fact.data, push)
    return replace(box, last_id=number, notices=(*box.notices, notice)[-MOST_NOTICES:])


def _cart_text(changes: Changes) -> str:
    if changes.prices and changes.stock:
        return "cart_changed"
    if changes.prices:
        return "cart_prices"
    return "cart_stock" if changes.stock else "cart_total"


def claim(box: Mailbox, now: datetime) -> tuple[Mailbox, tuple[Sending, ...]]:
    """With every push that is due held by the caller, who has to send them and then `settle` each."""
    notices: list[Notice] = []
    sendings: list[Sending] = []
    cart_at = box.cart_at
    for notice in box.notices:
        push = notice.push
        if push is not None and push.due <= now:
            wanted = _wanted(box, notice, push, now)
            if not wanted:
                push = None
            elif (
                notice.kind == facts.CART_CHANGED and push.attempts and cart_at is not None and _too_soon(cart_at, now)
            ):
                push = replace(push, not_before=cart_at + CART_PAUSE, leased_until=None)
            else:
                push = replace(push, attempts=push.attempts + 1, leased_until=now + LEASE)
                sendings.append(Sending(notice, push.until, push.attempts, wanted))
                cart_at = now if notice.kind == facts.CART_CHANGED else cart_at
        notices.append(replace(notice, push=push))
    return replace(box, notices=tuple(notices), cart_at=cart_at), tuple(sendings)


def _too_soon(cart_at: datetime, now: datetime) -> bool:
    return now < cart_at + CART_PAUSE


def _wanted(box: Mailbox, notice: Notice, push: Push, now: datetime) -> tuple[Device, ...]:
    """The devices to disturb: none when it is too late, or when a newer notice stands in its place."""
    if push.until <= now or _is_superseded(box, notice):
        return ()
    return tuple(each for each in box.devices if each.id not in push.reached and not each.is_in_front(now))


def _is_superseded(box: Mailbox, notice: Notice) -> bool:
    key = COLLAPSE[notice.kind]
    return any(
        other.id > notice.id and COLLAPSE[other.kind] == key and other.kind != facts.PAYMENT_CHANGED
        for other in box.notices
    )


def settle(
    box: Mailbox,
    sending: Sending,
    *,
    done: Sequence[str],
    gone: Sequence[str],
    again_at: datetime | None,
    now: datetime,
) -> Mailbox:
    """After sending: `done` devices are not asked again, those with `gone` tokens go, the rest is asked at `again_at`.

    Somebody else may have claimed it since, when the sender took too long: then it is left to him.
    """
    devices = tuple(each for each in box.devices if each.token not in gone)
    notices = []
    for notice in box.notices:
        push = notice.push
        if notice.id == sending.notice.id and push is not None:
            push = replace(push, reached=(*push.reached, *done))
            if push.attempts == sending.attempts:
                push = None if again_at is None else replace(push, not_before=again_at, leased_until=None)
        notices.append(replace(notice, push=push))
    box = replace(box, devices=devices, notices=tuple(notices))
    return _pause_cart(box, now) if sending.notice.kind == facts.CART_CHANGED else box


def _pause_cart(box: Mailbox, now: datetime) -> Mailbox:
    """FCM got it at some time until now: from now on the ten seconds count."""
    digest = box.digest
    if digest is not None:
        digest = replace(digest, due=max(digest.due, now + CART_PAUSE))
    return replace(box, cart_at=now if box.cart_at is None else max(box.cart_at, now), digest=digest)
