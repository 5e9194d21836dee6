"""When a shopper is disturbed, on which devices, and when not: the rules of a visit's mailbox."""

from __future__ import annotations

import pytest

from functions.notify.domain import mailbox
from functions.notify.domain.mailbox import Mailbox, Sending
from tests.unit.notify.builders import (
    MILK,
    NOW,
    box,
    device,
    done,
    looked,
    paid,
    payment,
    price,
    repriced,
    seconds,
    sold_out,
    taken,
)


def told(there: Mailbox) -> list[str]:
    return [each.kind for each in there.notices]


# ---- telling


def test_what_happened_is_told_and_pushed_at_once() -> None:
    there, sendings = taken(box(), paid(), "e1", NOW)
    assert told(there) == ["paid"]
    (sending,) = sendings
    assert [each.id for each in sending.devices] == ["phone"]
    assert there.due_at == NOW + mailbox.LEASE
    assert done(there, sendings).due_at is None


def test_the_same_event_again_changes_nothing() -> None:
    there, _ = taken(box(), paid(), "e1", NOW)
    assert mailbox.take(there, paid(), "e1", seconds(1)) is None
    there, _ = taken(there, repriced(price()), "e2", seconds(1))
    assert mailbox.take(there, repriced(price()), "e2", seconds(1)) is None


def test_without_a_device_it_is_there_to_be_read() -> None:
    there, sendings = taken(mailbox.empty("v", "t", "s", "u", NOW), paid(), "e1", NOW)
    assert (told(there), sendings, there.due_at) == (["paid"], (), None)


def test_what_is_over_when_it_comes_disturbs_nobody() -> None:
    there, sendings = taken(box(), payment("failed", at=seconds(-3600)), "e1", NOW)
    assert (told(there), sendings, there.due_at) == (["payment_failed"], (), None)


def test_numbers_grow_also_from_one_mailbox_to_the_next() -> None:
    there, _ = taken(box(), paid(), "e1", NOW)
    there, _ = taken(there, paid(), "e2", NOW)
    first, second = (each.id for each in there.notices)
    assert first < second
    anew, _ = taken(box(), paid(), "e3", seconds(1))
    assert anew.notices[0].id > second


def test_fifty_notices_and_the_last_events_are_kept() -> None:
    there = box()
    for number in range(mailbox.MOST_SEEN + 10):
        there, _ = taken(there, paid(), f"e{number}", seconds(number))
    assert len(there.notices) == mailbox.MOST_NOTICES
    assert len(there.seen) == mailbox.MOST_SEEN
    assert there.notices[-1].event == there.seen[-1] == f"e{mailbox.MOST_SEEN + 9}"


# ---- the cart


def test_a_hundred_changes_of_a_cart_in_ten_seconds_are_two_pushes() -> None:
    there = box()
    pushes: list[Sending] = []
    for tenth in range(100):
        there, sendings = taken(
            there, repriced(price(new=tenth), at=seconds(tenth / 10)), f"e{tenth}", seconds(tenth / 10)
        )
        there, pushes = done(there, sendings), [*pushes, *sendings]
    assert len(pushes) == 1
    assert there.alarms == {seconds(10)}
    assert looked(there, seconds(9.999))[1] == ()
    there, sendings = looked(there, seconds(10))
    assert len(sendings) == 1
    assert sendings[0].notice.data["prices"][0] | {"name": ""} == {**price(old=199, new=99), "name": ""}
    assert done(there, sendings).due_at is None


def test_changes_that_undo_each_other_while_they_wait_are_not_told() -> None:
    there, first = taken(box(), repriced(price()), "e1", NOW)
    there, _ = taken(done(there, first), repriced(price(old=149, new=99), at=seconds(1)), "e2", seconds(1))
    there, _ = taken(there, repriced(price(old=99, new=149), at=seconds(2)), "e3", seconds(2))
    there, sendings = looked(there, seconds(10))
    assert (len(there.notices), sendings, there.due_at) == (1, (), None)


@pytest.mark.parametrize(
    ("facts", "text", "count"),
    [
        ([repriced(price())], "cart_prices", 1),
        ([repriced(price(), price(MILK))], "cart_prices", 2),
        ([sold_out()], "cart_stock", 1),
        ([repriced(price()), sold_out(MILK)], "cart_changed", 2),
        ([repriced(total=(500, 400))], "cart_total", 0),
    ],
)
def test_the_words_say_what_has_changed(facts: list[object], text: str, count: int) -> None:
    there = box()
    for number, fact in enumerate(facts):
        after = mailbox.take(there, fact, f"e{number}", NOW)  # type: ignore[arg-type]
        assert after is not None
        there = after
    (notice,) = mailbox.tell_cart(there, NOW).notices
    assert (notice.text, notice.count) == (text, count)


def test_a_push_of_the_cart_that_failed_waits_for_its_turn_too() -> None:
    there, (first,) = taken(box(), repriced(price()), "e1", NOW)
    there = mailbox.settle(there, first, done=(), gone=(), again_at=seconds(4), now=NOW)
    there, sendings = looked(there, seconds(4))
    assert sendings == ()
    assert there.alarms == {seconds(10)}
    assert len(looked(there, seconds(10))[1]) == 1


def test_the_ten_seconds_count_from_when_fcm_had_the_push_for_sure() -> None:
    there, (slow,) = taken(box(), repriced(price()), "e1", NOW)
    there, _ = taken(there, sold_out(MILK, at=seconds(1)), "e2", seconds(1))
    assert there.digest is not None
    assert there.digest.due == seconds(10)
    there = mailbox.settle(there, slow, done=["phone"], gone=(), again_at=None, now=seconds(8))
    assert there.alarms == {seconds(18)}
    assert looked(there, seconds(17))[1] == ()
    assert len(looked(there, seconds(18))[1]) == 1


def test_a_newer_notice_of_the_cart_stands_in_place_of_one_that_failed() -> None:
    there, (first,) = taken(box(), repriced(price()), "e1", NOW)
    there = mailbox.settle(there, first, done=(), gone=(), again_at=seconds(30), now=NOW)
    there, _ = taken(there, sold_out(MILK, at=seconds(1)), "e2", seconds(1))
    there, second = looked(there, seconds(10))
    assert [each.notice.text for each in second] == ["cart_stock"]
    there, third = looked(done(there, second), seconds(30))
    assert (third, there.due_at) == ((), None)


def test_paid_stands_in_place_of_a_failed_payment_that_could_not_be_told() -> None:
    there, (failed,) = taken(box(), payment("failed"), "e1", NOW)
    there = mailbox.settle(there, failed, done=(), gone=(), again_at=seconds(5), now=NOW)
    there, sendings = taken(there, paid(at=seconds(1)), "e2", seconds(6))
    assert [each.notice.kind for each in sendings] == ["paid"]


def test_news_that_only_open_apps_get_replaces_nothing() -> None:
    there, (failed,) = taken(box(), payment("failed"), "e1", NOW)
    there = mailbox.settle(there, failed, done=(), gone=(), again_at=seconds(5), now=NOW)
    there, sendings = taken(there, payment("processing", at=seconds(1)), "e2", seconds(6))
    assert [each.notice.kind for each in sendings] == ["payment_failed"]


# ---- pushing


def test_two_workers_do_not_push_the_same_notice() -> None:
    there, _ = taken(box(), paid(), "e1", NOW)
    assert looked(there, seconds(1))[1] == ()


def test_what_a_dead_worker_held_is_pushed_by_the_next() -> None:
    there, _ = taken(box(), paid(), "e1", NOW)
    there, again = looked(there, NOW + mailbox.LEASE)
    assert [each.attempts for each in again] == [2]


def test_a_worker_that_took_too_long_leaves_it_to_the_one_who_came_after() -> None:
    there, (slow,) = taken(box(), paid(), "e1", NOW)
    there, (second,) = looked(there, NOW + mailbox.LEASE)
    there = mailbox.settle(there, slow, done=(), gone=(), again_at=seconds(60), now=NOW)
    assert there.due_at == NOW + mailbox.LEASE * 2
    there = mailbox.settle(there, second, done=["phone"], gone=(), again_at=None, now=NOW)
    assert there.due_at is None
    assert mailbox.settle(there, slow, done=["phone"], gone=(), again_at=seconds(60), now=NOW).due_at is None


def test_only_the_devices_that_were_not_reached_are_asked_again() -> None:
    there = mailbox.register(box(), device("tablet"))
    there, (first,) = taken(there, paid(), "e1", NOW)
    there = mailbox.settle(there, first, done=["phone"], gone=(), again_at=seconds(5), now=NOW)
    (again,) = looked(there, seconds(5))[1]
    assert [each.id for each in again.devices] == ["tablet"]


def test_a_dead_token_takes_its_device_with_it() -> None:
    there = mailbox.register(box(), device("tablet"))
    there, (first,) = taken(there, paid(), "e1", NOW)
    there = mailbox.settle(there, first, done=["tablet"], gone=["token-phone"], again_at=None, now=NOW)
    assert [each.id for each in there.devices] == ["tablet"]


def test_a_device_that_has_a_new_token_since_keeps_it() -> None:
    there, (first,) = taken(box(), paid(), "e1", NOW)
    there = mailbox.register(there, device(token="token-new"))
    there = mailbox.settle(there, first, done=(), gone=["token-phone"], again_at=None, now=NOW)
    assert [each.token for each in there.devices] == ["token-new"]


def test_what_is_too_late_is_not_tried_again() -> None:
    there, (first,) = taken(box(), payment("failed"), "e1", NOW)
    there = mailbox.settle(there, first, done=(), gone=(), again_at=seconds(60), now=NOW)
    there, sendings = looked(there, seconds(3600))
    assert (sendings, there.due_at) == ((), None)


# ---- devices


def test_an_app_in_front_is_not_disturbed_and_another_device_is() -> None:
    there = mailbox.register(box(), device("tablet"))
    quiet = mailbox.put_in_front(there, "phone", seconds(120))
    assert quiet is not None
    (sending,) = taken(quiet, paid(), "e1", NOW)[1]
    assert [each.id for each in sending.devices] == ["tablet"]


def test_an_app_that_fell_silent_is_not_taken_for_one_in_front() -> None:
    quiet = mailbox.put_in_front(box(), "phone", NOW + mailbox.IN_FRONT)
    assert quiet is not None
    assert taken(quiet, paid(), "e1", seconds(119))[1] == ()
    assert len(taken(quiet, paid(), "e1", seconds(120))[1]) == 1


def test_an_app_that_registers_again_stays_in_front() -> None:
    quiet = mailbox.put_in_front(box(), "phone", seconds(120))
    assert quiet is not None
    (phone,) = mailbox.register(quiet, device(token="token-new")).devices
    assert (phone.token, phone.in_front_until) == ("token-new", seconds(120))


def test_an_app_that_goes_to_the_back_is_disturbed_again() -> None:
    quiet = mailbox.put_in_front(box(), "phone", seconds(120))
    assert quiet is not None
    loud = mailbox.put_in_front(quiet, "phone", None)
    assert loud is not None
    assert len(taken(loud, paid(), "e1", NOW)[1]) == 1


def test_a_device_nobody_knows_can_neither_be_quiet_nor_go() -> None:
    assert mailbox.put_in_front(box(), "tablet", seconds(120)) is None
    assert mailbox.remove(box(), "tablet") is None
    assert mailbox.without_token(box(), "token-tablet") is None


def test_a_device_that_goes_is_not_told_any_more() -> None:
    for gone in (mailbox.remove(box(), "phone"), mailbox.without_token(box(), "token-phone")):
        assert gone is not None
        assert taken(gone, paid(), "e1", NOW)[1] == ()


def test_a_token_is_in_a_visit_once_and_a_visit_has_five_devices() -> None:
    there = mailbox.register(box(), device("anew", token="token-phone"))
    assert [each.id for each in there.devices] == ["anew"]
    for number in range(6):
        there = mailbox.register(there, device(f"d{number}"))
    assert [each.id for each in there.devices] == ["d1", "d2", "d3", "d4", "d5"]
