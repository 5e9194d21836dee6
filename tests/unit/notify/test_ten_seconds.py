"""Whatever happens in whatever order: a cart disturbs its shopper at most once in ten seconds, nothing gets lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.domain import mailbox
from functions.notify.domain.mailbox import Mailbox, Sending
from tests.unit.notify.builders import MILK, NOW, PEN, box, looked, paid, price, repriced, seconds, sold_out, taken

HAPPENS = st.tuples(
    st.sampled_from(["price", "stock", "paid", "look", "look", "settle", "fail"]),
    st.floats(min_value=0, max_value=8, allow_nan=False),
)


class Shop:
    """A mailbox, the pushes that are on their way, and every moment at which a cart was pushed."""

    def __init__(self) -> None:
        self.box: Mailbox = box()
        self.now: datetime = NOW
        self.count = 0
        self.under_way: list[Sending] = []
        self.cart_pushes: list[datetime] = []
        self.cart_settled: datetime | None = None

    def event(self, what: str) -> None:
        self.count += 1
        facts = {
            "price": repriced(price(PEN, old=self.count - 1, new=self.count), at=self.now),
            "stock": sold_out(MILK, at=self.now),
            "paid": paid(at=self.now),
        }
        self.keep(*taken(self.box, facts[what], f"e{self.count}", self.now))

    def keep(self, there: Mailbox, sendings: tuple[Sending, ...]) -> None:
        self.box = there
        self.under_way += sendings
        if any(each.notice.kind == "cart_changed" for each in sendings):
            # FCM may have got the one before only when its sender said so.
            before = max(filter(None, (*self.cart_pushes[-1:], self.cart_settled)), default=None)
            assert before is None or self.now - before >= timedelta(seconds=10)
            self.cart_pushes.append(self.now)

    def settle(self, again: bool) -> None:
        if self.under_way:
            sending = self.under_way.pop(0)
            if sending.notice.kind == "cart_changed":
                self.cart_settled = self.now
            reached = () if again else [each.id for each in sending.devices]
            again_at = self.now + timedelta(seconds=3) if again else None
            self.box = mailbox.settle(self.box, sending, done=reached, gone=(), again_at=again_at, now=self.now)

    def step(self, what: str) -> None:
        if what in ("settle", "fail"):
            self.settle(again=what == "fail")
        elif what == "look":
            self.keep(*looked(self.box, self.now))
        else:
            self.event(what)


@given(st.lists(HAPPENS, max_size=60))
@settings(max_examples=150, deadline=None)
def test_a_cart_is_pushed_at_most_once_in_ten_seconds_and_its_last_price_is_told(
    happens: list[tuple[str, float]],
) -> None:
    shop, prices = Shop(), 0
    for what, later in happens:
        shop.now += timedelta(seconds=later)
        shop.step(what)
        prices = shop.count if what == "price" else prices
    shop.now += timedelta(seconds=30)
    shop.keep(*looked(shop.box, shop.now))
    gaps = [b - a for a, b in zip(shop.cart_pushes, shop.cart_pushes[1:], strict=False)]
    assert all(gap >= timedelta(seconds=10) for gap in gaps), gaps
    told = [each["new"] for notice in shop.box.notices for each in notice.data.get("prices", ())]
    assert told[-1:] == ([prices] if prices else [])
    ids = [notice.id for notice in shop.box.notices]
    assert ids == sorted(set(ids))


def test_the_clock_may_be_read_in_milliseconds() -> None:
    there, _ = taken(box(), repriced(price()), "e1", NOW)
    there, _ = taken(there, sold_out(MILK), "e2", seconds(0.001))
    assert there.alarms == {seconds(10)}
