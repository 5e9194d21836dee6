"""Encodings: told apart where they can be, and where they cannot, the line is named."""

from __future__ import annotations

import codecs

import pytest

from functions.import_publish.formats import Limits, table
from tests.unit.import_publish.formats.zoo import Stream, good, opened, problems, records, refused

SLOVENE = "barcode,name\n1,Žlička čokolade\n2,Šunka\n3,Kruh\n"
GERMAN = "barcode,name\n1,Käse\n2,Müsli süß\n"


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    found = opened(codecs.BOM_UTF8 + SLOVENE.encode())
    assert found.columns == ["barcode", "name"]
    assert found.encoding == "utf-8"


@pytest.mark.parametrize(("bom", "encoding"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")])
def test_utf_16_says_so_by_its_mark(bom: bytes, encoding: str) -> None:
    content = bom + SLOVENE.encode(encoding)
    assert good(content) == {2: ["1", "Žlička čokolade"], 3: ["2", "Šunka"], 4: ["3", "Kruh"]}
    assert opened(content).encoding == encoding


def test_utf_16_without_its_mark_is_refused_and_not_taken_for_nul_bytes() -> None:
    assert refused(SLOVENE.encode("utf-16-le")) == ([], "BAD_ENCODING", 1)
    assert refused(SLOVENE.encode("utf-16-be")) == ([], "BAD_ENCODING", 1)


def test_utf_16_without_its_mark_can_be_declared() -> None:
    assert good(SLOVENE.encode("utf-16-le"), encoding="utf-16")[2] == ["1", "Žlička čokolade"]


def test_utf_32_is_refused() -> None:
    assert refused(SLOVENE.encode("utf-32")) == ([], "BAD_ENCODING", 1)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Žlička čokolade"),
        ("cp1250", "Zażółć gęślą jaźń"),
        ("cp1250", "Příliš žluťoučký kůň"),
        ("cp1250", "Tükörfúrógép, sűrű őszi lé"),
        ("cp1252", "Käse, süße Früchte, Öl – 5 €"),
        ("cp1252", "Crème brûlée à la façon d’été"),
        ("cp1252", "Jamón ibérico, piña, ½ kg"),
        ("cp1252", "Smörgås och räksallad på köpet"),
        ("cp1252", "Rødgrød med fløde på"),
        ("cp1252", "Pão de açúcar, feijão, limões"),
    ],
)
def test_two_code_pages_are_told_apart_by_the_language_their_letters_make(encoding: str, text: str) -> None:
    found = opened(f"barcode\tname\n1\t{text}\n".encode(encoding))
    assert [record.cells for record in found] == [["1", text]]
    assert found.encoding == encoding


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp1253", "cp850", "cp437", "mac-roman"])
def test_other_code_pages_are_not_guessed_but_refused_at_their_first_line(encoding: str) -> None:
    text = {"cp1251": "Молоко", "koi8-r": "Молоко", "cp1253": "Γάλα"}.get(encoding, "Käse, Müsli, Brötchen, Grüße")
    assert refused(f"barcode,name\n1,Milk\n2,{text}\n".encode(encoding)) == ([2], "BAD_ENCODING", 3)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1251", "Молоко"), ("cp850", "Käse"), ("latin-1", "Käse"), ("shift_jis", "牛乳"), ("GB18030", "牛奶")],
)
def test_a_declared_encoding_is_believed(encoding: str, text: str) -> None:
    assert good(f"barcode,name\n1,{text}\n".encode(encoding), encoding=encoding) == {2: ["1", text]}


@pytest.mark.parametrize("encoding", ["zip", "rot13", "idna", "unicode_escape", "no-such", "", "utf\0-8"])
def test_what_is_declared_must_be_an_encoding_of_text(encoding: str) -> None:
    if encoding:
        assert refused(GERMAN.encode(), encoding=encoding) == ([], "BAD_ENCODING", 1)
    else:
        assert len(good(GERMAN.encode(), encoding=encoding)) == 2


def test_a_mark_is_stronger_than_what_is_declared() -> None:
    assert good(codecs.BOM_UTF8 + GERMAN.encode(), encoding="cp1252")[2] == ["1", "Käse"]


def test_a_broken_byte_in_utf_8_concerns_its_row_only() -> None:
    content = b"barcode,name\n" + "1,Käse\n".encode() * 5 + b"6,K\xe4se\n" + "7,Müsli\n".encode()
    found = records(content)
    assert [(record.line, record.problem and record.problem[0]) for record in found[5:]] == [
        (7, "BAD_ENCODING"),
        (8, None),
    ]
    assert found[5].cells == ["6", "K\ufffdse"], "what is shown can be stored"


def test_a_broken_byte_in_a_declared_encoding_concerns_its_row_only() -> None:
    assert problems(b"barcode,name\n1,K\xe4se\n2,\x81\n3,x\n", encoding="cp1252") == {3: "BAD_ENCODING"}
    odd = codecs.BOM_UTF16_LE + "barcode,name\n1,x\n2,y\n".encode("utf-16-le")
    assert problems(odd + b"\x00\xd8" + "\n3,z\n".encode("utf-16-le")) == {4: "BAD_ENCODING"}
    assert problems(odd + "3,z".encode("utf-16-le") + b"z") == {4: "BAD_ENCODING"}, "half a character at the end"


def test_a_broken_byte_in_the_header_is_about_the_file() -> None:
    assert refused(b"barcode,n\xe4me\n1,K\xc3\xa4se\n2,\xc3\xbc\n") == ([], "BAD_ENCODING", 1)


def test_a_file_of_two_encodings_is_refused_at_the_first_strange_line() -> None:
    mixed = b"barcode,name\n1,Milk\n" + "2,Käse\n".encode() + "3,Müsli Öl ä ö ü\n".encode("cp1252")
    assert refused(mixed) == ([2], "BAD_ENCODING", 3)


def test_utf_8_that_begins_far_behind_text_of_a_code_page_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    western = "".join(f"{n},Käse süß\n" for n in range(2, 9_002)).encode("cp1252")
    later = "".join(f"{n},Käse süß\n" for n in range(9_002, 40_002)).encode()
    monkeypatch.setattr(table, "CHUNK", len(western) + 13)
    lines, code, line = refused(b"barcode,name\n" + western + later)
    assert (lines[-1], code, line) == (9_001, "BAD_ENCODING", 9_002)


def test_the_first_letter_beyond_ascii_may_come_late() -> None:
    content = b"barcode,name\n" + b"1,plain\n" * 50_000 + "2,Žlička čokolade\n".encode("cp1250")
    found = opened(content)
    assert found.encoding == "utf-8", "so far"
    last = list(found)[-1]
    assert last == (50_002, ["2", "Žlička čokolade"], None)
    assert found.encoding == "cp1250"


@pytest.mark.parametrize("size", [8, 9, 10, 11, 13, 64])
def test_a_character_cut_in_two_by_the_network_is_one_character(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", size)
    content = "barcode,name\n" + "1,aä€😀\n" * 20
    assert set(map(tuple, good(content).values())) == {("1", "aä€😀")}


def test_a_sample_that_ends_in_the_middle_of_a_character_is_still_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    head = "barcode,name\n1,€" + "x" * (64 << 10)
    content = (head + "😀\n").encode()
    monkeypatch.setattr(table, "CHUNK", len(content) - 2)
    assert good(content, Limits(cell=1 << 20))[2][1] == "€" + "x" * (64 << 10) + "😀"


def test_nul_bytes_concern_their_row_only() -> None:
    found = records("barcode,name\n1,Milk\n2,Mi\0lk\n3,Bread\n")
    assert [(record.line, record.problem and record.problem[0]) for record in found] == [
        (2, None),
        (3, "NUL_BYTE"),
        (4, None),
    ]
    assert found[1].cells == ["2", "Mi\ufffdlk"]


def test_nul_bytes_in_the_header_are_about_the_file() -> None:
    assert refused(b"bar\0code,name\n1,Milk\n") == ([], "NUL_BYTE", 1)


def test_a_stream_of_single_bytes_is_read_like_any_other() -> None:
    content = SLOVENE.encode()
    assert len(good(Stream(content[n : n + 1] for n in range(len(content))))) == 3
