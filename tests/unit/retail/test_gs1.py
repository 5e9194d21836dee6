"""GS1 element strings: every element checked, and what does not belong together reported."""

import contextlib
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import gs1
from functions.common.retail.barcode import InvalidCode, Reason, check_digit
from functions.common.retail.gs1 import Severity
from functions.common.retail.gs1_label import label_of, trade_item
from functions.common.retail.gs1_table import GS, SPECS
from functions.common.retail.labels import Label

MILK = "0104006381333931"
COUPON = f"2554006381333931{GS}"


def values(data: str) -> dict[str, str]:
    return dict(gs1.parse_element_string(data).values)


def refusal(data: str) -> tuple[Reason, str]:
    with pytest.raises(InvalidCode) as refused:
        gs1.parse_element_string(data)
    return refused.value.code, refused.value.message


def problems(data: str) -> list[tuple[str, str, str]]:
    return [(problem.severity, problem.code, problem.ai) for problem in gs1.parse_element_string(data).problems]


def label(data: str, today: date | None = None) -> Label:
    return label_of(values(data), source="gs1", today=today)


def test_the_published_vector_is_read_exactly() -> None:
    elements = gs1.parse_element_string(f"019040123451234631030012341727013110LOT7{GS}39221299")
    assert elements.values == {
        "01": "90401234512346",
        "3103": "001234",
        "17": "270131",
        "10": "LOT7",
        "3922": "1299",
    }
    assert elements.problems == ()


def test_elements_keep_the_order_they_were_scanned_in() -> None:
    assert list(values(f"10LOT7{GS}{MILK}")) == ["10", "01"]


def test_a_separator_is_needed_only_after_data_of_no_fixed_length() -> None:
    together = values(f"{MILK}17270131")
    assert together == values(f"{MILK}{GS}17270131{GS}") == values(f"{GS}{GS}{MILK}{GS}{GS}17270131")


def test_a_missing_separator_is_never_guessed() -> None:
    assert values(f"{MILK}10LOT717270131")["10"] == "LOT717270131"
    assert refusal(f"{MILK}42227610LOT7") == (Reason.BAD_AI_DATA, "AI 422 takes 3 characters, not 9.")


@pytest.mark.parametrize("data", ["", GS, GS + GS])
def test_no_elements_at_all_are_refused(data: str) -> None:
    assert refusal(data)[0] is Reason.EMPTY


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        (MILK[:-1] + "2", Reason.CHECK_DIGIT, "The check digit in the data of AI 01 is wrong."),
        (MILK[:-1], Reason.BAD_AI_DATA, "AI 01 takes 14 characters, not 13."),
        (f"01{GS}4006381333931", Reason.BAD_AI_DATA, "AI 01 takes digits only."),
        ("0104006381E33931", Reason.BAD_AI_DATA, "AI 01 takes digits only."),
        ("01٠4006381333931", Reason.BAD_AI_DATA, "AI 01 takes digits only."),
        (f"{MILK}10", Reason.BAD_AI_DATA, "AI 10 takes 1 to 20 characters, not 0."),
        (f"{MILK}10{'A' * 21}", Reason.BAD_AI_DATA, "AI 10 takes 1 to 20 characters, not 21."),
        (f"{MILK}10A B", Reason.BAD_AI_DATA, "AI 10 takes GS1 characters only."),
        (f"{MILK}10Ä", Reason.BAD_AI_DATA, "AI 10 takes GS1 characters only."),
        (f"{MILK}10A#", Reason.BAD_AI_DATA, "AI 10 takes GS1 characters only."),
        ("8010abc", Reason.BAD_AI_DATA, "AI 8010 takes capitals and digits only."),
        ("8030a/b", Reason.BAD_AI_DATA, "AI 8030 takes base64url only."),
        (f"{MILK}17271301", Reason.BAD_AI_DATA, "The data of AI 17 are not a date YYMMDD (DD may be 00)."),
        (f"{MILK}17270230", Reason.BAD_AI_DATA, "The data of AI 17 are not a date YYMMDD (DD may be 00)."),
        (f"{MILK}17270001", Reason.BAD_AI_DATA, "The data of AI 17 are not a date YYMMDD (DD may be 00)."),
        (f"{MILK}17270000", Reason.BAD_AI_DATA, "The data of AI 17 are not a date YYMMDD (DD may be 00)."),
        (f"{MILK}70032701001200", Reason.BAD_AI_DATA, "The data of AI 7003 are not a date YYMMDD."),
        (f"{MILK}70032701312400", Reason.BAD_AI_DATA, "The data of AI 7003 are not a time hhmm."),
        (f"{MILK}70032701311260", Reason.BAD_AI_DATA, "The data of AI 7003 are not a time hhmm."),
        (f"{MILK}7007270131270230", Reason.BAD_AI_DATA, "The data of AI 7007 are not one or two dates YYMMDD."),
        (f"{MILK}70072701312", Reason.BAD_AI_DATA, "The data of AI 7007 are not one or two dates YYMMDD."),
        (f"{MILK}701127013112", Reason.BAD_AI_DATA, "The data of AI 7011 are not a time hhmm."),
        (f"{MILK}39319991299", Reason.BAD_AI_DATA, "The data of AI 3931 are not begun with an ISO 4217 number."),
        (
            "8006040063813339310302",
            Reason.BAD_AI_DATA,
            "The data of AI 8006 are not a piece and a total, such as 0102.",
        ),
        (
            "8006040063813339310002",
            Reason.BAD_AI_DATA,
            "The data of AI 8006 are not a piece and a total, such as 0102.",
        ),
        (f"{MILK}4232760", Reason.BAD_AI_DATA, "The data of AI 423 are not three-digit country numbers."),
        ("43212", Reason.BAD_AI_DATA, "The data of AI 4321 are not 0 or 1."),
        ("4330000123+", Reason.BAD_AI_DATA, "The data of AI 4330 are not ended by a minus."),
        ("800311234567890128", Reason.BAD_AI_DATA, "The data of AI 8003 are not begun with 0."),
        ("43242701312500", Reason.BAD_AI_DATA, "The data of AI 4324 are not a time hhmm or 9999."),
        ("0", Reason.UNKNOWN_AI, "There is no GS1 application identifier '0'."),
        ("05123", Reason.UNKNOWN_AI, "There is no GS1 application identifier '0512'."),
        (f"{MILK}3106001234", Reason.UNKNOWN_AI, "There is no GS1 application identifier '3106'."),
        (f"{MILK}x\x00é", Reason.UNKNOWN_AI, r"There is no GS1 application identifier 'x\x00\xe9'."),
        (f"{MILK}0104006381333948", Reason.DUPLICATE_AI, "AI 01 is there twice with different data."),
    ],
)
def test_broken_data_are_refused_with_code_and_sentence(data: str, reason: Reason, message: str) -> None:
    assert refusal(data) == (reason, message)


@pytest.mark.parametrize(
    "data",
    [
        f"{MILK}17270200",
        f"{MILK}17240229",
        f"{MILK}7007270131270201",
        f"{MILK}7007270131",
        f"{MILK}7011270131",
        f"{MILK}70112701311259",
        f"{MILK}39319781299",
        "8006040063813339310202",
        f"{MILK}423276040",
        "4330000123-",
        "4330000123",
        "43211",
        "43242701319999",
        "43242701312359",
        "8010A/B-#1",
        "8030aZ09_-",
        "8003" + "0" + "123456789012" + check_digit("123456789012") + "SERIAL",
        f"{MILK}7039276ABC",
        f"{MILK}10!\"%&'()*+,-./:;<=>?_",
        f"{MILK}10" + "Az09" * 5,
        f"{MILK}{MILK}",
    ],
)
def test_data_within_the_rules_are_accepted(data: str) -> None:
    assert values(data)


@given(st.text(max_size=60) | st.text(f"0123456789{GS}ABC()", max_size=60))
def test_no_text_makes_the_parser_crash(text: str) -> None:
    for parse in (gs1.parse_element_string, gs1.parse_bracketed):
        with contextlib.suppress(InvalidCode):
            assert parse(text).values


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (MILK, []),
        (f"{MILK}1727013110LOT7", []),
        ("10LOT7", [("warning", "AI_INCOMPLETE", "10")]),
        (f"10LOT7{GS}0204006381333931", [("warning", "AI_INCOMPLETE", "02")]),
        ("02040063813339313701", []),
        (f"{MILK}02040063813339313701", [("reject", "AI_CONFLICT", "01"), ("reject", "AI_CONFLICT", "01")]),
        (f"{MILK}2554006381333931", [("reject", "AI_CONFLICT", "01"), ("reject", "AI_CONFLICT", "255")]),
        (f"{MILK}39221299", [("warning", "AI_INCOMPLETE", "3922")]),
        (f"{MILK}310300123439221299", []),
        (f"{MILK}302{GS}39221299", []),
        (f"{MILK}320300123439221299", []),
        (
            f"{MILK}31030012343102001234",
            [("reject", "AI_CONFLICT", "3103"), ("reject", "AI_CONFLICT", "3102")],
        ),
        (
            f"{MILK}310300123439221299{GS}39211299",
            [("reject", "AI_CONFLICT", "3922"), ("reject", "AI_CONFLICT", "3921")],
        ),
        (f"{MILK}310300123439221299{GS}39329781299", [("reject", "AI_CONFLICT", "3922")]),
        (f"{MILK}39410050", [("warning", "AI_INCOMPLETE", "3941")]),
        (f"2554006381333931{GS}39410050", []),
        (f"{MILK}21A{GS}235B", [("reject", "AI_CONFLICT", "21")]),
        (f"{MILK}250A", [("warning", "AI_INCOMPLETE", "250")]),
        ("01" + "3061414112345" + check_digit("3061414112345") + "3103001234", []),
    ],
)
def test_what_contradicts_is_rejected_and_what_is_missing_is_a_warning(
    data: str, found: list[tuple[str, str, str]]
) -> None:
    assert problems(data) == found


def test_a_problem_says_which_elements_are_meant() -> None:
    rejected, *_ = gs1.parse_element_string(f"{MILK}2554006381333931").problems
    assert rejected.severity is Severity.REJECT
    assert rejected.message == "AI 01 must not be together with AI 255."
    (missing,) = gs1.parse_element_string("2112345").problems
    assert missing.message == "AI 21 needs AI 01 or 03 or 8006 beside it."


@pytest.mark.parametrize(
    "text",
    [
        "(01)04006381333931(17)270131(10)LOT(7)",
        "(01)04006381333931 (17)270131 (10)LOT(7) ",
        " (01) 04006381333931 (17) 270131 (10) LOT(7)",
    ],
)
def test_the_form_printed_for_people_is_read_too(text: str) -> None:
    assert gs1.parse_bracketed(text).values == {"01": "04006381333931", "17": "270131", "10": "LOT(7)"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello (01)04006381333931", Reason.UNSUPPORTED_SYMBOL),
        ("(hello)", Reason.UNSUPPORTED_SYMBOL),
        ("(01", Reason.UNSUPPORTED_SYMBOL),
        ("(01)", Reason.BAD_AI_DATA),
        ("(0101)04006381333931", Reason.UNKNOWN_AI),
        ("(01)04006381333932", Reason.CHECK_DIGIT),
        ("(10)A(10)B", Reason.DUPLICATE_AI),
    ],
)
def test_printed_text_that_is_broken_is_refused(text: str, reason: Reason) -> None:
    with pytest.raises(InvalidCode) as refused:
        gs1.parse_bracketed(text)
    assert refused.value.code is reason


@pytest.mark.parametrize(
    ("text", "today", "meant"),
    [
        ("270131", date(2026, 11, 20), date(2027, 1, 31)),
        ("270100", date(2026, 11, 20), date(2027, 1, 31)),
        ("280200", date(2026, 11, 20), date(2028, 2, 29)),
        ("270200", date(2026, 11, 20), date(2027, 2, 28)),
        ("760101", date(2026, 11, 20), date(2076, 1, 1)),  # 50 years ahead
        ("770101", date(2026, 11, 20), date(1977, 1, 1)),  # 51 would be too far
        ("990101", date(2026, 11, 20), date(1999, 1, 1)),
        ("000101", date(2049, 1, 1), date(2000, 1, 1)),  # 49 years back
        ("000101", date(2050, 1, 1), date(2100, 1, 1)),
        ("990101", None, date(2099, 1, 1)),
    ],
)
def test_the_century_of_a_date_is_the_nearest_one(text: str, today: date | None, meant: date) -> None:
    assert gs1.read_date(text, today) == meant


@given(st.integers(0, 99), st.dates(date(1901, 1, 1), date(2199, 1, 1)))
def test_a_year_is_at_most_49_back_and_50_ahead(year: int, today: date) -> None:
    meant = gs1.read_date(f"{year:02}0101", today).year
    assert -49 <= meant - today.year <= 50
    assert meant % 100 == year


def test_a_leap_day_that_its_century_does_not_have_is_refused() -> None:
    assert values(f"{MILK}17000229")
    with pytest.raises(InvalidCode) as refused:
        label(f"{MILK}17000229", date(2090, 1, 1))
    assert refused.value.code is Reason.BAD_AI_DATA


def test_a_label_tells_everything_the_elements_say() -> None:
    data = f"{MILK}11260101132601021526010316260104172601052112{GS}10LOT7"
    said = label(data, date(2026, 1, 1))
    assert said == Label(
        source="gs1",
        produced=date(2026, 1, 1),
        packed=date(2026, 1, 2),
        best_before=date(2026, 1, 3),
        sell_by=date(2026, 1, 4),
        use_by=date(2026, 1, 5),
        serial="12",
        lot="LOT7",
        elements=tuple(values(data).items()),
    )


@pytest.mark.parametrize(
    ("element", "measure", "thousandths"),
    [
        ("3103001234", "weight", 1234),
        ("3100000002", "weight", 2000),
        ("3105012345", "weight", 123),
        ("3105012350", "weight", 124),  # 0.1235 kg: the half to the even gram
        ("3202000100", "weight", 454),  # a pound is 0.45359237 kg
        ("3563010000", "weight", 311),
        ("3152000150", "volume", 1500),
        ("3163000001", "volume", 1000),
        ("3570000012", "volume", 355),  # a can of 12 US fluid ounces
        ("3600000001", "volume", 946),
        ("3611000010", "volume", 3785),
        ("3640000001", "volume", 16),
        ("3650000001", "volume", 28317),
        ("3660000001", "volume", 764555),
        ("3112000250", "length", 2500),
        ("3211000100", "length", 254),
        ("3220000010", "length", 3048),
        ("3230000001", "length", 914),
        ("3142000125", "area", 1250),
        ("3500001000", "area", 645),
        ("3510000001", "area", 93),
        ("3520000001", "area", 836),
    ],
)
def test_measures_are_thousandths_of_the_metric_unit(element: str, measure: str, thousandths: int) -> None:
    said = label(MILK + element)
    assert (said.measure, said.quantity) == (measure, thousandths)


def test_weight_is_taken_first_then_volume_and_length_and_gross_weight_is_none() -> None:
    assert label(f"{MILK}31120002503103001234").measure == "weight"
    assert label(f"{MILK}31120002503152000150").measure == "volume"
    assert label(f"{MILK}31420001253112000250").measure == "length"
    assert label(f"{MILK}3303001234").quantity is None


def test_prices_come_with_decimals_and_perhaps_a_currency() -> None:
    own = label(f"{MILK}310300123439221299")
    assert (own.price, own.price_decimals, own.price_currency, own.price_source) == (1299, 2, None, "3922")
    foreign = label(f"{MILK}310300123439339781299")
    assert (foreign.price, foreign.price_decimals, foreign.price_currency) == (1299, 3, "978")
    per_unit = label(f"{MILK}31030012343952001099")
    assert (per_unit.unit_price, per_unit.unit_price_decimals, per_unit.price) == (1099, 2, None)


def test_a_price_count_or_measure_of_zero_counts_as_not_filled_in() -> None:
    for element in ("3103000000", "39220", "39329780", "3952000000", "300"):
        said = label(MILK + element)
        assert (said.quantity, said.price, said.unit_price, said.count) == (None, None, None, None)


def test_a_variable_item_without_measure_asks_for_the_quantity() -> None:
    assert label("0190401234512346").ask_quantity
    assert label("01904012345123463103000000").ask_quantity
    assert not label("01904012345123463103001234").ask_quantity
    assert not label("0190401234512346303").ask_quantity
    assert not label(MILK).ask_quantity


def test_a_percentage_off_is_thousandths_of_a_percent() -> None:
    assert label(f"{COUPON}39421250").percent_off == 12_500
    assert label(f"{COUPON}39400100").percent_off == 100_000
    with pytest.raises(InvalidCode, match="more than 100"):
        label(f"{COUPON}39400101")


def test_the_earlier_of_expiry_day_and_expiry_time_counts() -> None:
    assert (label(f"{MILK}70032701311430").use_by, label(f"{MILK}70032701311430").use_by_time) == (
        date(2027, 1, 31),
        time(14, 30),
    )
    sooner = label(f"{MILK}1727013070032701311430")
    assert (sooner.use_by, sooner.use_by_time) == (date(2027, 1, 30), None)
    later = label(f"{MILK}1727020170032701311430")
    assert (later.use_by, later.use_by_time) == (date(2027, 1, 31), time(14, 30))


@pytest.mark.parametrize(
    ("data", "gtin", "coupon"),
    [
        (MILK, "04006381333931", None),
        ("0304006381333931", "04006381333931", None),
        ("8006040063813339310102", "04006381333931", None),
        ("2554006381333931001", None, "4006381333931001"),
        ("8110106141416543213150110120", None, "106141416543213150110120"),
        ("8112100614141543211", None, "100614141543211"),
        ("00340123450000000000", None, None),
    ],
)
def test_the_thing_at_hand_is_a_trade_item_or_a_coupon(data: str, gtin: str | None, coupon: str | None) -> None:
    assert trade_item(values(data)) == gtin
    assert label(data).coupon == coupon


def test_every_ai_of_the_semantics_is_known() -> None:
    wanted = """
        00 01 02 10 11 12 13 15 16 17 20 21 22 240 241 250 251 30 37 3100 3105 3165 3203 3695 3900 3909 3912 3922 3935
        3940 3943 3950 400 401 402 403 410 414 417 420 421 422 423 424 425 426 7003 7006 8005 8006 8020 8110 8112 8200
        90 91 99
    """
    assert [ai for ai in wanted.split() if ai not in SPECS] == []


@pytest.mark.parametrize("ai", ["04", "14", "18", "19", "05", "3106", "3395", "3944", "3956", "38", "88", "9", ""])
def test_numbers_that_are_no_ai_are_unknown(ai: str) -> None:
    assert ai not in SPECS


def test_every_check_named_in_the_table_exists() -> None:
    named = {part.check for spec in SPECS.values() for part in spec.parts} - {"", "sum"}
    assert named == gs1.CHECKS.keys() == gs1.CHECK_NAMES.keys()


def test_only_the_last_part_of_an_ai_varies_and_predefined_ones_do_not() -> None:
    for ai, spec in SPECS.items():
        assert spec.parts[-1].end == spec.most, ai
        assert spec.parts[-1].start <= spec.least, ai
        assert not spec.predefined or spec.least == spec.most, ai
