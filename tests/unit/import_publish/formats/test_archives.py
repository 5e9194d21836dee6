"""Gzip and zip: what is in them, and what they pretend."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

import pytest

from functions.import_publish.formats import FileProblem, Limits
from functions.import_publish.formats.archives import Zip, gunzip
from functions.import_publish.formats.limits import Meter
from tests.unit.import_publish.formats.zoo import (
    Entry,
    Stream,
    deflated,
    good,
    opened,
    refused,
    sheet,
    workbook,
    zeros,
    zipped,
)

CSV = b"barcode,name\n1,Milk\n2,Bread\n"
ROWS = {2: ["1", "Milk"], 3: ["2", "Bread"]}
MIB = 1 << 20


def many_rows(count: int) -> bytes:
    return b"barcode,name\n" + b"".join(b"%d,%x\n" % (n, n * 2_654_435_761) for n in range(count))


# ---- gzip ------------------------------------------------------------------------------------------------


def test_a_gzip_file_is_read_through() -> None:
    found = opened(gzip.compress(CSV))
    assert (found.compression, found.format) == ("gzip", "csv")
    assert {record.line: record.cells for record in found} == ROWS
    assert found.unpacked == len(CSV)


def test_several_members_and_zeros_behind_them_are_one_file() -> None:
    assert good(gzip.compress(CSV[:20]) + gzip.compress(b"") + gzip.compress(CSV[20:]) + bytes(512)) == ROWS


def test_a_gzip_cut_off_on_the_way_keeps_its_rows_and_names_the_line() -> None:
    packed = gzip.compress(many_rows(60_000))
    lines, code, line = refused(packed[: len(packed) // 2])
    assert code == "TRUNCATED"
    assert line == lines[-1] + 1
    assert lines == list(range(2, line))
    assert line > 20_000


@pytest.mark.parametrize("cut", [1, 8])
def test_a_gzip_without_its_last_bytes_is_cut_off(cut: int) -> None:
    assert refused(gzip.compress(CSV)[:-cut]) == ([2, 3], "TRUNCATED", 4)


def test_a_damaged_gzip_is_refused() -> None:
    packed = bytearray(gzip.compress(CSV))
    packed[-6] ^= 1
    assert refused(bytes(packed))[1] == "BAD_ARCHIVE"
    assert refused(gzip.compress(CSV) + b"more")[1] == "BAD_ARCHIVE"


def test_an_empty_gzip_is_an_empty_file() -> None:
    assert refused(gzip.compress(b""))[1] == "FILE_EMPTY"
    assert refused(b"\x1f\x8b")[1] == "TRUNCATED"


def test_a_gzip_bomb_is_refused_early() -> None:
    stream = Stream([gzip.compress(b"")[:10], *zeros(512)])
    assert refused(stream)[1] == "RATIO_TOO_HIGH"
    assert stream.given <= 512 << 10


def test_a_gzip_larger_than_allowed_is_refused_before_it_is_unpacked_twice() -> None:
    meter = Meter(Limits(unpacked=2 * MIB, ratio=10_000))
    with pytest.raises(FileProblem, match="TOO_LARGE_UNPACKED"):
        for _ in gunzip(iter([gzip.compress(b"")[:10], *zeros(64)]), meter):
            pass
    assert meter.unpacked < 4 * MIB


def test_a_packed_file_has_a_lower_limit_than_one_that_is_not() -> None:
    content = many_rows(2_000)
    packed = gzip.compress(content)
    assert len(good(content, Limits(packed=100))) == 2_000
    assert refused(packed, Limits(packed=len(packed) - 1))[1] == "TOO_LARGE"
    assert refused(content, Limits(unpacked=len(content) - 1))[1] == "TOO_LARGE"
    assert refused(packed, Limits(unpacked=len(content) - 1))[1] == "TOO_LARGE_UNPACKED"


def test_a_gzip_in_a_gzip_is_nested() -> None:
    assert refused(gzip.compress(gzip.compress(CSV)))[1] == "ARCHIVE_NESTED"


# ---- zip -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_of_one_file_is_read_through(method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("list.csv", CSV)
    found = opened(file.getvalue())
    assert (found.compression, found.format) == ("zip", "csv")
    assert {record.line: record.cells for record in found} == ROWS
    assert found.unpacked == len(CSV)


def test_what_macos_packs_along_does_not_count() -> None:
    entries = [
        Entry("list/", method=0),
        Entry("list/a.csv", CSV),
        Entry("__MACOSX/._a.csv", b"\0"),
        Entry("list/.DS_Store"),
    ]
    assert good(zipped(*entries)) == ROWS


def test_a_zip_of_two_files_is_ambiguous() -> None:
    assert refused(zipped(Entry("a.csv", CSV), Entry("b.csv", CSV)))[1] == "ARCHIVE_MANY_FILES"


def test_a_zip_of_nothing_is_empty() -> None:
    assert refused(zipped())[1] == "FILE_EMPTY"
    assert refused(zipped(Entry("folder/", method=0)))[1] == "FILE_EMPTY"
    assert refused(zipped(Entry("a.csv")))[1] == "FILE_EMPTY"


def test_a_directory_of_a_million_files_is_refused_unread() -> None:
    directory = zipped(Entry("a" * 60_000, CSV))
    entry = directory[directory.index(b"PK\1\2") : directory.index(b"PK\5\6")]
    many = entry * 20
    end = bytearray(directory[directory.index(b"PK\5\6") :])
    end[12:16] = len(many).to_bytes(4, "little")
    content = directory[: directory.index(b"PK\1\2")] + many + bytes(end)
    assert refused(content)[1] == "ARCHIVE_MANY_FILES"


def test_half_a_gibibyte_of_zeros_is_refused_without_unpacking_it() -> None:
    packed = b"".join(zeros(512))
    honest = zipped(Entry("bomb.csv", packed=packed, size=512 * MIB, crc=1))
    assert len(honest) < 600_000
    assert refused(honest)[1] == "RATIO_TOO_HIGH"
    assert refused(honest, Limits(ratio=100_000))[1] == "TOO_LARGE_UNPACKED"


def unpacked(content: bytes, meter: Meter, limits: Limits) -> None:
    archive = Zip(io.BytesIO(content), meter, limits)
    for _ in archive.chunks(archive.files()[0]):
        pass


@pytest.mark.parametrize("declared", [0, 1_000, 40 * MIB])
def test_a_bomb_whose_header_lies_is_refused_when_it_shows(declared: int) -> None:
    limits = Limits(unpacked=20 * MIB if declared < MIB else 60 * MIB)
    packed = b"".join(zeros(512))
    content = zipped(Entry("bomb.csv", packed=packed, size=declared, crc=1))
    meter = Meter(limits)
    with pytest.raises(FileProblem) as caught:
        unpacked(content, meter, limits)
    assert caught.value.code in ("BAD_ARCHIVE", "RATIO_TOO_HIGH")
    assert meter.unpacked < 2 * limits.unpacked
    assert refused(content, limits)[0] == []


def test_a_header_that_declares_less_hides_no_rows() -> None:
    """zipfile stops at the declared size; with the checksum of what comes before, nobody would notice."""
    part = CSV[:20]
    content = zipped(Entry("a.csv", packed=deflated(CSV), size=len(part), crc=zlib.crc32(part)))
    assert refused(content)[1] == "BAD_ARCHIVE"


def test_a_header_that_declares_more_is_refused() -> None:
    assert refused(zipped(Entry("a.csv", CSV, size=len(CSV) + 1)))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV, packed=deflated(CSV) + b"more")))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV, packed=deflated(CSV)[:-3])))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV, packed=b"\xff" * 50)))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV, crc=1)))[1] == "BAD_ARCHIVE"


def test_a_name_that_reaches_behind_the_end_is_refused() -> None:
    content = bytearray(zipped(Entry("a.csv", CSV)))
    content[26:30] = b"\xff\xff\xff\xff"
    assert refused(bytes(content))[1] == "TRUNCATED"


def test_the_rows_before_the_damage_stand() -> None:
    content = many_rows(60_000)
    lines, code, line = refused(zipped(Entry("a.csv", content, crc=1)))
    assert (len(lines), code, line) == (60_000, "BAD_ARCHIVE", 60_002)


def test_a_password_is_refused() -> None:
    assert refused(zipped(Entry("a.csv", CSV, flags=1)))[1] == "ARCHIVE_ENCRYPTED"
    assert refused(zipped(Entry("a.csv", CSV, flags=0x41)))[1] == "ARCHIVE_ENCRYPTED"


def test_a_link_is_refused() -> None:
    assert refused(zipped(Entry("a.csv", b"/etc/passwd", attributes=0o120777 << 16)))[1] == "BAD_ARCHIVE"


def test_a_path_out_of_the_archive_leads_nowhere() -> None:
    assert good(zipped(Entry("../../etc/cron.d/x.csv", CSV))) == ROWS
    assert good(zipped(Entry("/etc/passwd", CSV))) == ROWS


def test_files_that_overlap_are_refused() -> None:
    assert refused(zipped(Entry("a.csv", CSV), Entry("b.csv", CSV, offset=0)))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV), Entry("b.csv", CSV, offset=20)))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV, offset=10)))[1] == "BAD_ARCHIVE"
    assert refused(zipped(Entry("a.csv", CSV), Entry("a.csv", CSV)))[1] == "BAD_ARCHIVE"


def test_an_unusual_method_is_refused() -> None:
    assert refused(zipped(Entry("a.csv", CSV, method=12)))[1] == "BAD_ARCHIVE"


def test_a_file_that_is_not_where_the_directory_says_is_refused() -> None:
    content = bytearray(zipped(Entry("a.csv", CSV)))
    content[0] = 0
    assert refused(b"PK\3\4" + bytes(content))[1] == "BAD_ARCHIVE"


def test_a_zip_cut_off_on_the_way_is_told_from_a_broken_one() -> None:
    content = zipped(Entry("a.csv", CSV))
    assert refused(content[:-30])[1] == "TRUNCATED"
    assert refused(content.replace(b"PK\1\2", b"PK\1\0"))[1] == "BAD_ARCHIVE"


@pytest.mark.parametrize("inner", [zipped(Entry("a.csv", CSV)), gzip.compress(CSV)])
def test_an_archive_in_a_zip_is_nested(inner: bytes) -> None:
    assert refused(zipped(Entry("inner", inner)))[1] == "ARCHIVE_NESTED"
    if inner.startswith(b"PK"):
        assert refused(gzip.compress(inner))[1] == "ARCHIVE_NESTED"


def test_a_workbook_in_an_archive_is_a_workbook() -> None:
    book = workbook(sheet([["barcode", "name"], [1, "Milk"]]))
    for content, compression in ((gzip.compress(book), "gzip"), (zipped(Entry("a.xlsx", book)), "zip"), (book, "")):
        found = opened(content)
        assert (found.format, found.compression) == ("xlsx", compression)
        assert [record.cells for record in found] == [["1", "Milk"]]


def test_a_workbook_in_an_archive_has_the_limit_of_one() -> None:
    book = workbook(sheet([["barcode", "name"], [1, "Milk"]]))
    assert refused(gzip.compress(book), Limits(packed=len(book) - 1))[1] == "TOO_LARGE"
