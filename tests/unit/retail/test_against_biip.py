"""The same questions put to biip, an independent reader of GS1 data: both must say the same."""

import warnings
from datetime import date
from typing import Any

import pytest
from biip import ParseError
from biip.checksums import gs1_price_weight_check_digit, gs1_standard_check_digit
from biip.gs1_application_identifiers import _GS1_APPLICATION_IDENTIFIERS as THEIR_AIS
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.gtin import Gtin
from biip.upc import Upc
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import barcode, labels
from functions.common.retail.barcode import InvalidCode
from functions.common.retail.digital_link import parse_link
from functions.common.retail.gs1 import parse_element_string, read_date
from functions.common.retail.gs1_table import GS, SPECS

DIGITS = "0123456789"
CHARSETS = {
    "n": DIGITS,
    "x": "!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz",
    "y": "#-/0123456789ABCXYZ",
    "z": "-0123456789ABCXYZ_abcxyz",
}
DATES = st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(lambda day: day.strftime("%y%m%d"))
TIMES = st.times().map(lambda time: time.strftime("%H%M"))
# What a checked part holds; biip checks the same AIs by patterns.
CHECKED: dict[str, st.SearchStrategy[str]] = {
    "day": st.one_of(DATES, DATES.map(lambda day: day[:4] + "00")),
    "date": DATES,
    "dates": st.one_of(DATES, st.tuples(DATES, DATES).map("".join)),
    "time": TIMES,
    "delivery": TIMES,
    "currency": st.sampled_from(["978", "840", "392", "048"]),
    "pieces": st.sampled_from(["0101", "0102", "0303", "0199"]),
    "threes": st.lists(st.sampled_from(["276", "040", "756"]), min_size=1, max_size=5).map("".join),
    "flag": st.sampled_from("01"),
    "zero": st.just("0"),
    "minus": st.sampled_from(["", "-"]),
}
# biip wants more of these than the general format says (a fixed structure inside the text), and takes neither a
# range of dates (7007) nor the 9999 that stands for no time of day (4324, 4325).
STRUCTURED = {"4307", "4317", "4324", "4325", "4330", "4331", "4332", "4333", "7007"} | {
    *("7250", "7251", "7258", "8001", "8008", "8010")
}


def parts_of(ai: str) -> st.SearchStrategy[str]:
    """Data within the rules of an AI."""
    spec, texts = SPECS[ai], []
    for part in spec.parts:
        shortest = min(max(part.start, spec.least), part.end) - part.start
        longest = part.end - part.start
        if part.check == "sum":
            bodies = st.text(DIGITS, min_size=longest - 1, max_size=longest - 1)
            texts.append(bodies.map(lambda body: body + barcode.check_digit(body)))
        elif part.check:
            texts.append(CHECKED[part.check])
        else:
            texts.append(st.text(CHARSETS[part.charset], min_size=shortest, max_size=longest))
    return st.tuples(*texts).map("".join)


ELEMENTS = st.lists(
    st.sampled_from(sorted(SPECS.keys() - STRUCTURED)).flatmap(lambda ai: st.tuples(st.just(ai), parts_of(ai))),
    min_size=1,
    max_size=6,
    unique_by=lambda element: element[0],
)


def joined(elements: list[tuple[str, str]]) -> str:
    return "".join(ai + data + ("" if SPECS[ai].predefined else GS) for ai, data in elements).removesuffix(GS)


def theirs(data: str) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = GS1Message.parse(data)
    return {element.ai.ai: "".join(element.pattern_groups) for element in message.element_strings}


@given(ELEMENTS)
def test_element_strings_are_taken_apart_the_same(elements: list[tuple[str, str]]) -> None:
    data = joined(elements)
    ours = parse_element_string(data).values
    assert ours == dict(elements)
    assert ours == theirs(data)


@given(ELEMENTS, st.data())
def test_what_we_accept_of_damaged_data_they_read_the_same(elements: list[tuple[str, str]], data: Any) -> None:
    text = joined(elements)
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.sampled_from(["", "0", "9", "A", GS])) + text[at + 1 :]
    try:
        ours = parse_element_string(damaged).values
    except InvalidCode:
        return
    if ours.keys().isdisjoint(STRUCTURED):
        assert ours == theirs(damaged)


def test_both_know_the_same_application_identifiers_and_separators() -> None:
    assert {ai: not spec.predefined for ai, spec in SPECS.items()} == {
        ai: entry.separator_required for ai, entry in THEIR_AIS.items()
    }


def test_both_know_the_same_formats() -> None:
    """Lengths, digits and characters, in the notation of the standard."""
    ours = {ai: written(ai) for ai in SPECS}
    # Optional parts and fixed structures are written in many ways there; the longest data are compared for those.
    plain = {ai: entry.format for ai, entry in THEIR_AIS.items() if "[" not in entry.format}
    different = {ai: (ours[ai], text) for ai, text in plain.items() if normal(text) != normal(ours[ai])}
    assert different == {}


def written(ai: str) -> str:
    spec, words = SPECS[ai], [f"N{len(ai)}"]
    for part in spec.parts:
        fixed = part.end <= spec.least
        words.append(f"{part.charset.upper()}{'' if fixed else '..'}{part.end - part.start}")
    return "+".join(words)


def normal(text: str) -> tuple[int, str]:
    """The longest data an AI takes and the kind of its last part."""
    parts = text.split("+")[1:]
    longest = sum(int(part.lstrip("NXYZ.")) for part in parts)
    return longest, parts[-1][0]


@given(st.sampled_from([8, 12, 13, 14]).flatmap(lambda size: st.text(DIGITS, min_size=size, max_size=size)))
def test_both_accept_the_same_gtins(digits: str) -> None:
    body = digits[:-1]
    assert barcode.check_digit(body) == str(gs1_standard_check_digit(body))
    right = body + barcode.check_digit(body)
    # biip refuses the GTIN-8s that begin with zeros in other clothes; the fourteen digits are what counts.
    assert Gtin.parse(right).value.zfill(14) == barcode.canonical(right).zfill(14)
    if digits != right:
        with pytest.raises(ParseError):
            Gtin.parse(digits)


@given(st.text(DIGITS, min_size=8, max_size=8))
def test_both_expand_a_upc_e_the_same(digits: str) -> None:
    for number_system in "01":
        for check in DIGITS:
            code = number_system + digits[1:7] + check
            try:
                expected: str | None = Upc.parse(code).as_upc_a()
            except ParseError:
                expected = None
            assert barcode.expand_upc_e(code) == expected


@pytest.mark.parametrize("size", [4, 5])
def test_both_compute_the_same_verifier_digits_for_every_value(size: int) -> None:
    values = [str(number).zfill(size) for number in range(10**size)]
    assert [labels.verifier_digit(value) for value in values] == [
        str(gs1_price_weight_check_digit(value)) for value in values
    ]


@given(
    st.text(DIGITS, min_size=13, max_size=13),
    st.lists(st.sampled_from(["22", "10", "21"]), unique=True).map(lambda ais: sorted(ais, key="22 10 21".find)),
    st.text(CHARSETS["x"], min_size=1, max_size=20),
    DATES,
)
def test_digital_links_are_taken_apart_the_same(body: str, qualifiers: list[str], text: str, day: str) -> None:
    elements = {"01": body + barcode.check_digit(body), **dict.fromkeys(qualifiers, text), "17": day}
    link = GS1DigitalLinkURI.parse(f"https://id.gs1.org/01/{elements['01']}")
    message = GS1Message.parse(joined(list(elements.items())))
    uri = message.as_gs1_digital_link_uri().as_uri()
    assert parse_link(uri).values == elements
    assert parse_link(link.as_uri()).values == {"01": elements["01"]}


@given(DATES)
def test_dates_are_the_same(day: str) -> None:
    (element,) = GS1Message.parse("17" + day).element_strings
    assert read_date(day, date(2026, 11, 20)) == element.date
