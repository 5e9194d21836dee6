"""Barcodes as numbers: they sort as the texts do, nothing is found twice that is there once, and nothing is missed."""

from __future__ import annotations

import tracemalloc
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain.duplicates import NO_KEY, find_duplicates, in_order, pack, unpack, withdrawals

DIGITS = st.text("0123456789", min_size=1, max_size=14)
FEW = st.lists(st.sampled_from(["1", "10", "01", "4006381333931", "96385074", "00000017"]), max_size=30)


@given(DIGITS)
def test_a_key_is_its_barcode(text: str) -> None:
    assert unpack(pack(text)) == text
    assert NO_KEY < pack(text) < 2**51


@given(st.lists(DIGITS, max_size=20))
def test_keys_sort_as_barcodes_do(texts: list[str]) -> None:
    assert [unpack(key) for key in sorted(map(pack, texts))] == sorted(texts)


@pytest.mark.parametrize("text", ["", "1" * 15, "12a", "١٢", "-1", " 1"])
def test_only_digits_have_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 14 digits"):
        pack(text)


@given(st.lists(st.one_of(DIGITS, st.sampled_from(["7", "70", "07"]), st.none()), max_size=40))
def test_duplicates_are_what_counting_finds(codes: list[str | None]) -> None:
    keys = array("Q", [NO_KEY if code is None else pack(code) for code in codes])
    expected = {
        code: [at for at, other in enumerate(codes) if other == code]
        for code in codes
        if code is not None and codes.count(code) > 1
    }
    found = find_duplicates(keys)
    assert {unpack(key): list(places) for key, places in found} == expected
    assert len(found) == len(expected)
    assert [unpack(key) for key, _ in found] == sorted(expected)
    for code in codes:
        if code is not None:
            assert list(found.of(pack(code))) == expected.get(code, [])
    assert list(found.of(NO_KEY)) == []


@given(FEW, FEW)
def test_what_a_full_catalogue_does_not_name_is_withdrawn(file: list[str], live: list[str]) -> None:
    keys = array("Q", [NO_KEY, *map(pack, file)])
    assert list(withdrawals(sorted(set(live)), in_order(keys))) == sorted(set(live) - set(file))


@given(st.lists(DIGITS, max_size=200))
def test_keys_come_in_order_and_complete(codes: list[str]) -> None:
    keys = array("Q", map(pack, codes))
    assert list(in_order(keys)) == sorted(keys)


@pytest.mark.parametrize(("different", "most"), [(50_000, 24), (25_000, 40), (1, 72)])
def test_a_file_of_whatever_duplicates_stays_small_in_memory(different: int, most: int) -> None:
    """Bytes a row beyond its key; a dictionary of rows by barcode takes some 200."""
    keys = array("Q", (pack(str(10**12 + n % different)) for n in range(50_000)))
    tracemalloc.start()
    try:
        found = find_duplicates(keys)
        assert sum(1 for _ in in_order(keys)) == 50_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == (0 if different == 50_000 else different)
    assert peak < 50_000 * most
