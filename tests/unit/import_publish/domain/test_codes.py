"""One table of codes: each is used, each says in one sentence what to do, and the worst decides about a row."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain.codes import CODES, Code, Fault, Stage, fault, storable, worst

ROOM = Path(__file__).parents[4] / "functions" / "import_publish"


@pytest.mark.parametrize(("code", "entry"), CODES.items(), ids=list(CODES))
def test_a_code_says_in_one_sentence_what_to_do(code: str, entry: Code) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
    places = {name: f"<{name}>" for _, name, _, _ in string.Formatter().parse(entry.sentence) if name}
    sentence = entry.sentence.format(**places)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence


def test_every_code_the_rules_find_is_in_the_table() -> None:
    found = set()
    for path in (ROOM / "domain").glob("*.py"):
        found |= set(re.findall(r'(?:fault|Refused)\(\s*"([A-Z_]+)"', path.read_text()))
    assert found
    assert found <= CODES.keys()


def test_every_code_is_in_the_documentation() -> None:
    page = (ROOM.parents[1] / "docs" / "import-codes.md").read_text()
    assert re.findall(r"^\| `([A-Z_]+)` \| (\w+) \|", page, re.MULTILINE) == [
        (code, entry.severity) for stage in get_args(Stage) for code, entry in CODES.items() if entry.stage == stage
    ]


def test_a_fault_is_stored_in_a_fixed_order() -> None:
    assert fault("BARCODE_CHECK_DIGIT", "barcode", "EAN", "4006381333932", right="1") == Fault(
        "BARCODE_CHECK_DIGIT",
        "barcode",
        "EAN",
        "4006381333932",
        "Correct the barcode: its last digit should be 1.",
        "error",
    )
    assert fault("PRICE_ZERO", "price", severity="error").severity == "error"


def test_a_code_that_is_not_in_the_table_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        fault("SOMETHING_ELSE", "price")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], "valid"),
        (["FORMULA_INJECTION"], "warning"),
        (["PRICE_JUMP", "FORMULA_INJECTION"], "confirm"),
        (["FORMULA_INJECTION", "BARCODE_MISSING", "PRICE_ZERO"], "error"),
    ],
)
def test_the_worst_fault_decides_about_a_row(codes: list[str], expected: str) -> None:
    assert worst([fault(code, "", before=1, after=2) for code in codes]) == expected


@given(st.text(max_size=20))
def test_what_is_kept_can_always_be_written(text: str) -> None:
    kept = storable(text)
    kept.encode()
    assert kept == text or any("\ud800" <= char <= "\udfff" for char in text)
