"""A receipt says what was bought, in every form the same, and no product's name can make it say anything else."""

from __future__ import annotations

import html.parser
import io
import re
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.checkout.papers import receipt, receipt_html, receipt_pdf
from functions.checkout.papers.receipt_text import COLUMNS, rows, width
from functions.common.retail.taxes import Rate, TaxRules
from tests.unit.checkout.papers.goods import line, purchase, receipted

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    "</title><h1>Free</h1>",
    "&lt;b&gt; &amp; {{7*7}} ${x} <!-- ",
    "]]><svg/onload=x>",
    "(text) Tj ET \\ endstream",
    "=cmd|' /C calc'!A0",
]


class Page(html.parser.HTMLParser):
    """The elements and the words of a page, as a browser sees them."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def text_of(bought: dict[str, Any]) -> str:
    return "\n".join(row.text for row in rows(receipt.of(bought)))


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_a_receipt_says_who_sold_what_when_and_for_how_much() -> None:
    said = receipt.of(receipted(line("Oat milk", 398, quantity=2000, unit_price=199), line("Rye bread", 349)))
    assert (said.number, said.store_name, said.address) == (
        4711, "Acme Märkte Centre", ("Markt 1", "10115 Berlin", "DE"),
    )  # fmt: skip
    assert (said.total, said.currency, said.local_time) == (747, "EUR", "2026-11-20 18:58:01")
    assert [(each.name, each.count, each.unit_price, each.amount) for each in said.lines] == [
        ("Oat milk", 2, 199, 398), ("Rye bread", 1, 349, 349),
    ]  # fmt: skip
    assert said.payment is not None
    assert receipt.method_text(said.payment) == "Card Visa **** 4242"


def test_what_was_weighed_has_a_measure_and_no_count() -> None:
    (weighed,) = receipt.of(receipted(line("Bananas", 102, quantity=512, unit_price=199, measure="weight"))).lines
    assert (weighed.count, receipt.quantity_text(weighed)) == (None, "0.512 kg")


def test_a_pack_counts_as_one() -> None:
    (six,) = receipt.of(receipted(line("Six", 899, quantity=6000, pack=6000, unit="4006381333948"))).lines
    assert six.count == 1


def test_tax_shares_add_up_to_the_total() -> None:
    said = receipt.of(receipted(line("Wine", 999), line("Bread", 349, tax_class="reduced")))
    assert [(share.rate, share.names, share.gross) for share in said.shares] == [
        ("19", ("VAT",), 999), ("7", ("VAT",), 349),
    ]  # fmt: skip
    assert sum(share.gross for share in said.shares) == said.total == said.net + said.tax
    assert [each.tax_rate for each in said.lines] == ["19", "7"]
    assert said.inclusive


def test_taxes_on_top_are_shown_before_the_total() -> None:
    taxes = TaxRules({"standard": (Rate(62_500, "State"), Rate(26_250, "City"))}, inclusive=False)
    bought = receipted(line("Soap", 1000), taxes=taxes)
    said = receipt.of(bought)
    assert (said.inclusive, said.net, said.tax, said.total) == (False, 1000, 89, 1089)
    assert re.search(r"Net\s+10\.00\nTax\s+0\.89\nTOTAL EUR\s+10\.89", text_of(bought))
    assert "8.875%" in text_of(bought)


def test_a_promotion_is_named_with_what_it_took_off() -> None:
    row = {"name": "Pasta night", "code": "PASTA", "discount": 50, "reason": None}
    silent = {"name": "Not for you", "code": None, "discount": 0, "reason": "NO_CODE"}
    bought = receipted(line("Pasta", 199), promotions=[row, silent])
    bought["totals"] |= {"discount": 50, "total": 149}
    assert re.search(r"Pasta night \(PASTA\)\s+-0\.50", text_of(bought))
    for form in (text_of(bought), Page(receipt_html.render(receipt.of(bought))).text):
        assert "Not for you" not in form


def test_money_that_went_back_shows_and_money_on_its_way_does_not() -> None:
    done = {"id": "r1", "amount": 50, "state": "succeeded", "at": receipted()["paidAt"], "reason": "broken"}
    bought = receipted(line("Pasta", 199), refunds=[done, done | {"id": "r2", "state": "pending"}], refunded=50)
    assert [each.refund_id for each in receipt.of(bought).refunds] == ["r1"]
    assert re.search(r"Paid back 2026-11-20\s+-0\.50", text_of(bought))


def test_currencies_without_and_with_three_decimals() -> None:
    assert re.search(r"TOTAL JPY\s+1200$", text_of(receipted(line("Tea", 1200), currency="JPY")), re.MULTILINE)
    assert re.search(r"TOTAL KWD\s+1\.200$", text_of(receipted(line("Tea", 1200), currency="KWD")), re.MULTILINE)


def test_a_free_purchase_has_a_receipt_without_a_payment() -> None:
    bought = receipted(line("Sample", 0), payment=None)
    assert receipt.of(bought).payment is None
    assert receipt_pdf.render(receipt.of(bought)).startswith(b"%PDF")


# ---- HTML --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_part_of_the_page(name: str) -> None:
    promotion = {"name": name, "code": name, "discount": 1}
    bought = receipted(line(name, 199), promotions=[promotion])
    bought["receipt"] |= {"store": {"name": name, "address": {"street": name}}, "footer": name}
    bought["payment"]["method"] = {"type": name, "brand": name, "last4": name}
    bought["totals"] |= {"discount": 1, "total": 198}
    bought["totals"]["shares"] = [share | {"parts": [{"name": name}]} for share in bought["totals"]["shares"]]
    page, harmless = Page(receipt_html.render(receipt.of(bought))), Page(receipt_html.render(receipt.of(receipted())))
    assert page.tags - harmless.tags <= {"br"}
    assert page.attributes == harmless.attributes
    assert page.text.count(name) >= 5


def test_the_page_may_load_and_run_nothing() -> None:
    assert "default-src 'none'" in receipt_html.POLICY
    page = Page(receipt_html.render(receipt.of(receipted())))
    assert page.tags.isdisjoint({"script", "img", "link", "iframe", "form", "a", "object"})
    assert page.attributes.isdisjoint({"style", "src", "href", "onclick"})


@given(st.text(max_size=80))
@settings(max_examples=200)
def test_any_name_is_text_on_the_page(name: str) -> None:
    page = Page(receipt_html.render(receipt.of(receipted(line(name or "x", 199)))))
    assert page.tags.isdisjoint({"script", "img", "svg", "iframe"})


# ---- text and PDF -------------------------------------------------------------------------------------------


def test_characters_that_turn_the_writing_around_are_left_out() -> None:
    name = "Milk \u202e99.1\u202c\x1b[31m\u0000 0.99\u2066"
    for form in (text_of(receipted(line(name, 199))), receipt_html.render(receipt.of(receipted(line(name)))).decode()):
        assert not set(form) & set("\u202e\u202c\u2066\x1b\x00")


@given(st.lists(st.tuples(st.text(max_size=120), st.integers(0, 10**10)), min_size=1, max_size=8))
@settings(max_examples=150)
def test_no_row_is_wider_than_the_paper(sold: list[tuple[str, int]]) -> None:
    said = receipt.of(receipted(*(line(name or "x", amount) for name, amount in sold)))
    assert all(width(row.text) <= COLUMNS for row in rows(said))


def test_a_long_name_is_wrapped_and_its_amount_kept() -> None:
    text = text_of(receipted(line("Extra long aged mountain cheese from the highest of all valleys", 1299)))
    assert re.search(r"^Extra long aged mountain\s+12\.99\ncheese from the highest of all\nvalleys$", text, re.M)


def test_the_pdf_has_what_the_text_has() -> None:
    bought = receipted(line("Fjällby Żubrówka Молоко ακρ", 199), line("Rye bread", 349, tax_class="reduced"))
    text = pdf_text(receipt_pdf.render(receipt.of(bought)))
    for part in ("Acme Märkte Centre", "Receipt 4711", "Fjällby Żubrówka Молоко ακρ", "5.48", "Come again", "4242"):
        assert part in text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_part_of_the_document(name: str) -> None:
    content = receipt_pdf.render(receipt.of(receipted(line(name, 199))))
    read = pypdf.PdfReader(io.BytesIO(content), strict=True)
    assert name[:20] in read.pages[0].extract_text()
    assert read.get_fields() is None
    assert "/JavaScript" not in str(read.trailer["/Root"])


def test_a_receipt_of_200_lines_has_every_line_once_on_numbered_pages() -> None:
    bought = receipted(*(line(f"Product number {n:03d}", 100 + n) for n in range(200)))
    content = receipt_pdf.render(receipt.of(bought))
    read = pypdf.PdfReader(io.BytesIO(content))
    text = pdf_text(content)
    assert [text.count(f"Product number {n:03d}") for n in range(200)] == [1] * 200
    assert len(read.pages) > 2
    assert f"{len(read.pages)} / {len(read.pages)}" in read.pages[-1].extract_text()
    assert len(content) < 60_000


def test_a_short_receipt_is_one_short_page() -> None:
    read = pypdf.PdfReader(io.BytesIO(receipt_pdf.render(receipt.of(receipted()))))
    assert len(read.pages) == 1
    assert read.pages[0].mediabox.height < 400


def test_the_same_receipt_is_the_same_document() -> None:
    assert receipt_pdf.render(receipt.of(receipted())) == receipt_pdf.render(receipt.of(receipted()))


def test_the_builder_makes_purchases_whose_sums_are_right() -> None:
    bought = purchase([line("a", 101), line("b", 99)])
    assert bought["totals"]["total"] == sum(each["gross"] for each in bought["lines"]) == 200
