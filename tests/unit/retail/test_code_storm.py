"""200,000 random and mutated codes through the resolver: it answers or refuses, and never crashes.

The seed is printed; SEED=... runs the same codes again.
"""

import os
import random
import sys
from collections import Counter
from datetime import date, time

import pytest

from functions.common.retail import labels
from functions.common.retail.barcode import InvalidCode, Reason, canonical, check_digit
from functions.common.retail.gs1_table import GS
from functions.common.retail.labels import parse_template
from functions.common.retail.pricing import Offer, judge, price_item
from functions.common.retail.scancode import Kind, Resolved, resolve

CODES = 200_000
TODAY = date(2026, 11, 20)
TEMPLATES = [parse_template(name) for name in ("odoo-weight", "odoo-price", "upca-price-verified", "german-press")]
MENU = "0123456789" * 6 + "]CdeQEJI" + "()/?&=%.;:-_ABCXYZabc" + GS * 3 + "\xe8\x00\t\r\n é٣️\ud800"


class Printer:
    """Makes up codes as they are printed: mostly right, then damaged."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.makers = (self.gtin, self.gtin, self.store_label, self.element_string, self.link, self.noise)

    def code(self) -> str:
        text = self.random.choice(self.makers)()
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 6))):
            text = self.damaged(text)
        return text

    def digits(self, count: int) -> str:
        return "".join(self.random.choices("0123456789", k=count))

    def coded(self, body: str) -> str:
        return body + check_digit(body)

    def gtin(self) -> str:
        start = self.random.choice(("", "", "0", "00000", "05", "99", "98", "04", "9"))
        size = self.random.choice((7, 7, 11, 12, 12, 12, 13))
        code = self.coded((start + self.digits(size))[:size])
        return self.random.choice(("", "", "", "]E0", "]E4", "]C0", "]I1")) + code

    def store_label(self) -> str:
        value = self.random.choice(("00000", self.digits(5)))
        if self.random.random() < 0.5:
            return self.coded(self.random.choice(("21", "23", "29")) + self.digits(5) + value)
        return self.coded("2" + self.digits(5) + labels.verifier_digit(value[:4]) + value[:4])

    def element_string(self) -> str:
        elements = self.random.sample(
            (
                "01" + self.coded(self.random.choice("0019") + self.digits(12)),
                "02" + self.coded("0" + self.digits(12)) + "372" + GS,
                "17" + self.day(),
                "15" + self.day()[:4] + "00",
                "10" + self.digits(self.random.randrange(1, 22)) + GS,
                "21" + self.random.choice(("A/1", "_", "")) + GS,
                f"310{self.random.randrange(7)}" + self.digits(6),
                f"3922{self.digits(self.random.randrange(1, 17))}" + GS,
                "3932978" + self.digits(4) + GS,
                f"255{self.coded(self.digits(12))}" + GS,
                f"3942{self.random.choice('0019')}" + self.digits(3) + GS,
                "7003" + self.day() + "1430" + GS,
                "30" + self.digits(2) + GS,
            ),
            self.random.randrange(1, 6),
        )
        if self.random.random() < 0.1:  # the same AI again, perhaps with other data
            elements.append(elements[0][:-2] + self.digits(1) + GS)
        return self.random.choice(("]C1", "]d2", "]Q3", GS, "")) + "".join(elements).removesuffix(GS)

    def day(self) -> str:
        return self.digits(2) + f"{self.random.randrange(1, 13):02}{self.random.randrange(29):02}"

    def link(self) -> str:
        path = f"/01/{self.coded('0' + self.digits(12))}" + self.random.choice(
            ("", "/10/A%2FB", "/22/1/10/B", "/21/1/10/B")
        )
        query = self.random.choice(("", "", f"?17={self.day()}&3103={self.digits(6)}", "?linkType=all", "?99=%"))
        return (
            self.random.choice(("https://id.gs1.org", "HTTP://X", "https://shop.example/p", "]Q1https://x.example"))
            + path
            + query
        )

    def noise(self) -> str:
        return "".join(self.random.choices(MENU, k=self.random.choice((0, 1, 5, 13, 40, 512, 600))))

    def damaged(self, text: str) -> str:
        at = self.random.randrange(len(text) + 1)
        sign = self.random.choice(MENU)
        return self.random.choice(
            (text[:at] + sign + text[at + 1 :], text[:at] + sign + text[at:], text[:at] + text[at + 1 :], text[:at])
        )


@pytest.fixture(scope="module")
def seed() -> int:
    return int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))


def test_every_code_is_answered_or_refused(seed: int) -> None:
    printer, outcomes = Printer(seed), Counter[str]()
    sys.stdout.write(f"seed {seed}: {CODES} codes\n")
    for _ in range(CODES):
        code = printer.code()
        try:
            outcomes[str(outcome(code))] += 1
        except Exception as problem:
            raise AssertionError(f"{code!r} made the resolver crash (SEED={seed})") from problem
    sys.stdout.write(", ".join(f"{name} {count}" for name, count in outcomes.most_common()) + "\n")
    # Every way to answer and every way to refuse was met, or the storm proves less than it says.
    assert set(outcomes) == {*map(str, Kind), *map(str, Reason)}


def outcome(code: str) -> str:
    """What became of one code; whatever holds for every code is checked on the way."""
    try:
        found = resolve(code, TEMPLATES, today=TODAY)
    except InvalidCode as invalid:
        refused = invalid
    else:
        check_found(found)
        return found.kind
    assert refused.message.isascii()
    assert refused.message.isprintable()
    assert len(refused.message) < 200
    return refused.code


def check_found(found: Resolved) -> None:
    assert found.lookup or found.kind is Kind.COUPON
    for barcode in found.lookup:
        assert canonical(barcode) == barcode
    for offer in (Offer(249, "EUR"), Offer(1099, "JPY", measure="weight"), Offer(None, "KWD")):
        priced = price_item(found.label, offer)
        assert priced.amount is None or priced.amount >= 0
        assert priced.ask_quantity <= (priced.amount is None)
    judge(found.label, today=TODAY, now=time(12), recalled_lots=("1",))
