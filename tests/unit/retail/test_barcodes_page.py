"""The page for app developers is true: every example on it is run."""

import json
import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from functions.common.retail import labels
from functions.common.retail.barcode import InvalidCode, Reason
from functions.common.retail.gs1_table import GS
from functions.common.retail.labels import NOTHING, Label, parse_template
from functions.common.retail.pricing import Sale
from functions.common.retail.scancode import Kind, resolve

PAGE = (Path(__file__).parents[3] / "docs" / "barcodes.md").read_text(encoding="utf-8")
TEMPLATES = [parse_template(name) for name in ("odoo-weight", "odoo-price", "upca-price-verified")]
TODAY = date(2026, 11, 20)


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose header begins with a heading."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found is not None
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found[1].splitlines()]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def symbol(cell: str) -> str:
    text = "".join(quoted(cell)).replace("<GS>", GS)
    return "1" * 513 if text == "(513 characters)" else text


@pytest.mark.parametrize("row", table("what"), ids=lambda row: row[0])
def test_an_accepted_example_is_resolved_as_the_page_says(row: list[str]) -> None:
    _, code, kind, lookup, says = row
    found = resolve(symbol(code), TEMPLATES, today=TODAY)
    assert [found.kind] == quoted(kind)
    assert list(found.lookup) == quoted(lookup)
    assert told(found.label) == set(quoted(says))


def told(label: Label) -> set[str]:
    """What a label says, less where it came from."""
    names = {field.name for field in fields(Label)} - {"source", "price_source", "elements"}
    return {f"{name}={value}" for name in names if (value := getattr(label, name)) != getattr(NOTHING, name)}


def test_every_kind_of_code_has_an_example() -> None:
    assert {kind for row in table("what") for kind in quoted(row[2])} == set(Kind)


@pytest.mark.parametrize("row", table("reason"), ids=lambda row: row[0])
def test_a_refused_example_is_refused_for_the_reason_the_page_says(row: list[str]) -> None:
    with pytest.raises(InvalidCode) as refused:
        resolve(symbol(row[2]), TEMPLATES, today=TODAY)
    assert [refused.value.code] == quoted(row[0])


def test_every_reason_is_on_the_page() -> None:
    assert [code for row in table("reason") for code in quoted(row[0])] == list(Reason)


def test_every_verdict_is_on_the_page() -> None:
    assert set(Sale) <= {code for row in table("in the answer") for code in quoted(row[1])}


def test_the_layouts_on_the_page_are_the_ones_that_exist() -> None:
    rows = {quoted(row[0])[0]: (quoted(row[1])[0].replace(r"\|", "|"), row[2]) for row in table("name")}
    assert rows == {
        name: (preset["pattern"], f"{preset['kind']}, {parse_template(name).decimals} decimals")
        for name, preset in labels.PRESETS.items()
    }


def test_the_template_on_the_page_is_a_valid_one() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_template(json.loads(block)).starts == ("21", "22")
