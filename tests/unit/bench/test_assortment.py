"""The file that the import benchmark brings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bench import assortment
from functions.common.retail.barcode import canonical


def test_every_row_has_a_valid_barcode_of_its_own() -> None:
    found = [row.barcode for row in assortment.goods(5_000, ["Bread", "Jam"])]
    assert len(set(found)) == 5_000
    assert all(canonical(barcode) == barcode for barcode in found)


def test_names_repeat_but_with_another_size() -> None:
    names = [row.name for row in assortment.goods(4, ["Bread", "Jam"])]
    assert names == ["Bread 100 g", "Jam 100 g", "Bread 150 g", "Jam 150 g"]


def test_the_second_part_of_an_assortment_holds_none_of_the_first() -> None:
    first = {row.barcode for row in assortment.goods(100, ["Bread"])}
    second = {row.barcode for row in assortment.goods(100, ["Bread"], first=100)}
    assert first.isdisjoint(second)


def test_without_the_real_data_names_are_made_up(tmp_path: Path) -> None:
    assert len(set(assortment.titles(tmp_path / "absent.csv"))) > 100


@pytest.mark.skipif(not assortment.REAL.exists(), reason="../shared/data is not there")
def test_the_real_titles_are_names_that_can_be_imported() -> None:
    found = assortment.titles()
    assert len(found) > 15_000
    assert all(1 <= len(title) <= assortment.LONGEST_NAME and title.isprintable() for title in found)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    target = tmp_path / "goods.csv"
    rows = list(assortment.goods(300, ['Crème, "extra"', "Jam"]))
    assert assortment.write(target, iter(rows)) == target.stat().st_size
    with target.open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [each["name"] for each in read] == [row.name for row in rows]
    assert [round(float(each["price"]) * 100) for each in read] == [row.price for row in rows]
