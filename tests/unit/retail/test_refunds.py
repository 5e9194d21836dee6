"""What comes back: never more than was paid, and a promotion ends when what it was given for comes back."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import pytest

from functions.common.retail.basket import Line, priced_line
from functions.common.retail.promotion_rules import (
    BuyGet,
    CartThreshold,
    Match,
    NForPrice,
    Off,
    Percentage,
    Rule,
)
from functions.common.retail.promotions import Unit
from functions.common.retail.refunds import (
    Account,
    NotReturnable,
    Refund,
    from_dict,
    give_back,
    sale_of,
    to_dict,
    units_to_return,
)
from functions.common.retail.taxes import TaxRules
from functions.common.retail.totals import total_up
from tests.unit.retail.baskets import SHOP, TAXES

ALL = Match()


def line(name: str, price: int, pieces: int = 1, tax_class: str = "standard") -> Line:
    return priced_line(name, f"4{name}", pieces * 1000, price, tax_class=tax_class, category=name)


def sold(lines: list[Line], *benefits: object, taxes: TaxRules | None = None) -> Account:
    rules = [Rule(f"r{n}", benefit) for n, benefit in enumerate(benefits)]  # type: ignore[arg-type]
    return Account(sale_of(total_up(lines, rules, SHOP, taxes), taxes))


def returned(account: Account, *units: tuple[str, int]) -> tuple[Refund, Account]:
    return give_back(account, [Unit(*unit) for unit in units])


def one_by_one(account: Account, units: Iterable[tuple[str, int]]) -> list[int]:
    amounts = []
    for unit in units:
        refund, account = returned(account, unit)
        amounts.append(refund.amount)
    return amounts


def test_a_unit_without_promises_is_worth_what_was_paid_for_it() -> None:
    account = sold([line("a", 1000, 2)], Percentage(ALL, 1000))
    refund, account = returned(account, ("a", 0))
    assert (refund.amount, refund.clawed_back, refund.broken) == (900, 0, ())
    assert (account.paid_back, list(account.kept)) == (900, [Unit("a", 1)])


def test_who_gives_back_what_he_paid_for_pays_for_the_gift() -> None:
    # Two for 100 each and a third for nothing: 200 paid. One back, and what is kept is worth 200.
    account = sold([line("a", 100, 3)], BuyGet(ALL, 2, 1))
    refund, account = returned(account, ("a", 1))
    assert (refund.amount, refund.clawed_back, refund.broken, refund.shares) == (0, 100, ("r0",), ())
    refund, account = returned(account, ("a", 0))
    assert (refund.amount, refund.clawed_back, refund.broken) == (100, -100, ())
    refund, account = returned(account, ("a", 2))
    assert (refund.amount, account.paid_back) == (100, 200)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_in_every_order_what_was_paid_is_paid_back(order: tuple[int, ...]) -> None:
    account = sold([line("a", 100, 3)], BuyGet(ALL, 2, 1))
    assert one_by_one(account, [("a", number) for number in order]) == [0, 100, 100]


def test_of_a_price_for_three_the_rest_is_worth_its_own_price() -> None:
    account = sold([line("a", 400), line("b", 300), line("c", 200)], NForPrice(ALL, 3, 600))
    refund, account = returned(account, ("c", 0))
    assert (refund.amount, refund.clawed_back) == (0, 133)  # a and b are worth 700, and 600 was paid
    refund, _ = returned(account, ("b", 0))
    assert refund.amount == 200


def test_a_cart_offer_goes_when_what_is_kept_counts_too_little() -> None:
    account = sold([line("a", 600), line("b", 400), line("c", 100)], CartThreshold(1000, Off("amount", 110)))
    refund, account = returned(account, ("c", 0))
    assert (refund.amount, refund.broken) == (90, ())
    refund, account = returned(account, ("b", 0))
    assert (refund.amount, refund.clawed_back, refund.broken) == (300, 60, ("r0",))
    refund, account = returned(account, ("a", 0))
    assert (refund.amount, account.paid_back) == (600, 990)


def test_a_cart_offer_without_a_condition_is_no_promise() -> None:
    account = sold([line("a", 600), line("b", 400)], CartThreshold(0, Off("amount", 100)))
    assert account.sale.promises == ()
    assert one_by_one(account, [("b", 0), ("a", 0)]) == [360, 540]


def test_tax_comes_back_at_the_rate_it_was_paid_at() -> None:
    lines = [line("a", 119), line("b", 107, tax_class="reduced")]
    account = sold(lines, taxes=TaxRules(TAXES))
    refund, _ = returned(account, ("b", 0))
    assert [(s.rate, s.net, s.tax, s.gross) for s in refund.shares] == [("7", 100, 7, 107)]


def test_what_is_kept_may_become_dearer_at_another_rate() -> None:
    lines = [line("a", 1190), line("b", 1070, tax_class="reduced")]
    account = sold(lines, NForPrice(ALL, 2, 2000), taxes=TaxRules(TAXES))
    refund, account = returned(account, ("b", 0))
    # 2000 was paid, 947 of it for b; a alone is worth 1190 and not 1053.
    assert (refund.amount, refund.clawed_back) == (810, 137)
    assert [(share.rate, share.gross) for share in refund.shares] == [("19", -137), ("7", 947)]
    last, account = returned(account, ("a", 0))
    assert (last.amount, account.paid_back) == (1190, 2000)


def test_tax_on_top_is_taken_back_with_the_promotion() -> None:
    account = sold([line("a", 100, 2)], BuyGet(ALL, 1, 1), taxes=TaxRules(TAXES, inclusive=False))
    assert account.sale.total == 119
    assert one_by_one(account, [("a", 1), ("a", 0)]) == [0, 119]


@pytest.mark.parametrize("units", [[("a", 2)], [("b", 0)], [("a", 0), ("a", 0)]])
def test_what_was_not_sold_cannot_come_back(units: list[tuple[str, int]]) -> None:
    with pytest.raises(NotReturnable):
        returned(sold([line("a", 100, 2)]), *units)


def test_nothing_comes_back_twice() -> None:
    _, account = returned(sold([line("a", 100, 2)]), ("a", 0))
    with pytest.raises(NotReturnable):
        returned(account, ("a", 0))


def test_of_a_line_those_come_back_first_that_break_the_fewest_promises() -> None:
    account = sold([line("a", 100, 7)], BuyGet(ALL, 2, 1))  # two sets of three, and one more
    assert units_to_return(account, "a", 1) == (Unit("a", 2),)
    refund, account = give_back(account, units_to_return(account, "a", 1))
    assert (refund.amount, refund.broken) == (100, ())
    _, account = give_back(account, units_to_return(account, "a", 1))
    refund, _ = give_back(account, units_to_return(account, "a", 2))
    assert refund.broken == (), "the set that is broken comes back before the other one"


@pytest.mark.parametrize("count", [0, -1, 3])
def test_no_more_of_a_line_comes_back_than_is_left(count: int) -> None:
    with pytest.raises(NotReturnable, match="2 units"):
        units_to_return(sold([line("a", 100, 2)]), "a", count)


def test_an_account_is_plain_data_and_comes_back_from_it() -> None:
    lines = [line("a", 119, 3), line("b", 107, tax_class="city")]
    account = sold(
        lines,
        BuyGet(Match(categories=frozenset("a")), 2, 1),
        CartThreshold(100, Off("percent", 1000)),
        taxes=TaxRules(TAXES),
    )
    _, account = returned(account, ("b", 0))
    assert account.sale.promises
    assert account.refunded
    assert from_dict(orjson.loads(orjson.dumps(to_dict(account)))) == account
