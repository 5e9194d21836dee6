"""What a file is: by its content, whatever it is called."""

from __future__ import annotations

import gc
import io
import tempfile
import warnings

import pytest

from functions.import_publish.formats import FileProblem, Hints, Limits, read
from tests.unit.import_publish.formats.zoo import good, opened, refused, sheet, workbook

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("a,b\n1,2\n", "csv"),
        ('{"a":1}\n{"a":2}\n', "ndjson"),
        ('{"a":1}', "ndjson"),
        ('\ufeff\n  [\n {"a":1}]', "json"),
        ("[a],[b]\n1,2\n", "csv"),
        ("{a},b\n1,2\n", "ndjson"),
    ],
)
def test_the_first_signs_tell_the_format(content: str, form: str) -> None:
    if content.startswith("{a"):
        assert refused(content)[1] == "BAD_JSON"
    else:
        assert opened(content).format == form


def test_names_and_media_types_do_not_decide() -> None:
    assert opened('{"a":1}\n', name="list.csv", media="text/csv").format == "ndjson"
    assert opened("a,b\n1,2\n", name="list.xlsx", media="application/json").format == "csv"
    assert opened(workbook(sheet([["a"], [1]])), name="list.csv").format == "xlsx"


def test_a_name_settles_what_could_be_both() -> None:
    assert opened("[name];b\n1;2\n", name="list.CSV").columns == ["[name]", "b"]
    assert opened("[name];b\n1;2\n", media="text/csv; charset=utf-8").format == "csv"
    assert opened("[name];b\n1;2\n", name="a.csv.gz").format == "csv"
    assert refused("[name];b\n1;2\n")[1] == "BAD_JSON"


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"%PDF-1.7\n",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0\0",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\0",
        b"\x28\xb5\x2f\xfd\0",
        PNG,
        b"\xff\xd8\xff\xe0",
        b"PAR1\x15",
        b"<!DOCTYPE html><html><body>Log in</body></html>",
        b"\xef\xbb\xbf\n<?xml version='1.0'?><items/>",
    ],
)
def test_what_is_no_table_is_told_what_it_is(content: bytes) -> None:
    assert refused(content)[1] == "UNKNOWN_FORMAT"


def test_a_problem_can_be_told_and_passed_on() -> None:
    problem = FileProblem("NO_HEADER", "Put names there.", 3)
    assert str(problem) == "NO_HEADER: Put names there. (line 3)"
    assert str(FileProblem("FILE_EMPTY", "Empty.")) == "FILE_EMPTY: Empty."
    assert problem.at(9) is problem
    assert FileProblem("FILE_EMPTY", "Empty.").at(9).line == 9


def test_a_table_counts_its_bytes() -> None:
    content = b"a,b\n" + b"1,2\n" * 70_000
    found = opened(content)
    assert 0 < found.packed < len(content)
    assert len(list(found)) == 70_000
    assert found.packed == found.unpacked == len(content)


def test_what_the_stream_raises_is_not_hidden() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        read(Broken())  # type: ignore[arg-type]


@pytest.mark.parametrize("stop", ["read", "close", "forget", "begin", "refuse"])
def test_files_on_the_disk_are_given_back_however_reading_ends(stop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[io.IOBase] = []
    for kind in ("TemporaryFile", "SpooledTemporaryFile"):
        make = getattr(tempfile, kind)

        def made(*args: object, make: object = make, **options: object) -> object:
            file = make(*args, **options)  # type: ignore[operator]
            files.append(file)
            return file

        monkeypatch.setattr(tempfile, kind, made)
    rows = [["a"], *([n] for n in range(5_000))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if stop == "refuse":
            assert refused(workbook(sheet([["a", "a"]])))[1] == "DUPLICATE_HEADER"
        else:
            table = read(io.BytesIO(workbook(sheet(rows))), Hints(), Limits())
            if stop == "read":
                assert len(list(table)) == 5_000
            elif stop == "close":
                table.close()
            elif stop == "begin":
                next(iter(table))
            del table
        gc.collect()
    assert len(files) == 2
    assert all(file.closed for file in files)


def test_the_same_bytes_give_the_same_records() -> None:
    content = b"a,b\n1,2\n3,4\n"
    assert good(content) == good(content)
