"""The log of the local Pub/Sub and Cloud Tasks: what was written comes back, whatever cut the writing off."""

from pathlib import Path

import pytest

from local.journal import Journal

RECORDS = [(1, b"topic"), (5, b"x" * 1000), (6, b""), (255, bytes(range(256)))]


def written(path: Path) -> Path:
    journal = Journal(path)
    journal.rewrite([])
    for kind, payload in RECORDS:
        journal.append(kind, payload)
    journal.close()
    return path


def test_what_was_written_comes_back_in_order(tmp_path: Path) -> None:
    assert list(Journal(written(tmp_path / "log")).replay()) == RECORDS


def test_no_log_is_an_empty_log(tmp_path: Path) -> None:
    assert list(Journal(tmp_path / "none").replay()) == []


def test_whatever_byte_a_kill_cuts_at_the_whole_records_before_it_come_back(tmp_path: Path) -> None:
    data = written(tmp_path / "log").read_bytes()
    ends = [4]
    for _, payload in RECORDS:
        ends.append(ends[-1] + 9 + len(payload))
    assert ends[-1] == len(data)

    for cut in range(4, len(data) + 1):
        (tmp_path / "cut").write_bytes(data[:cut])
        whole = sum(1 for end in ends[1:] if end <= cut)
        assert list(Journal(tmp_path / "cut").replay()) == RECORDS[:whole]


def test_a_damaged_record_ends_the_log(tmp_path: Path) -> None:
    path = written(tmp_path / "log")
    data = bytearray(path.read_bytes())
    data[4 + 9 + 5 + 9 + 500] ^= 1
    path.write_bytes(data)

    assert list(Journal(path).replay()) == RECORDS[:1]


def test_a_record_that_was_only_buffered_is_not_there_yet(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log")
    journal.rewrite([])
    journal.append(1, b"later")

    assert list(Journal(tmp_path / "log").replay()) == []
    journal.append_now(2, b"now")
    assert list(Journal(tmp_path / "log").replay()) == [(1, b"later"), (2, b"now")]
    journal.close()


def test_rewriting_replaces_everything_at_once(tmp_path: Path) -> None:
    journal = Journal(written(tmp_path / "log"))
    before = (tmp_path / "log").stat().st_size
    journal.rewrite([(1, b"only")])
    journal.append_now(2, b"more")
    journal.close()

    assert list(Journal(tmp_path / "log").replay()) == [(1, b"only"), (2, b"more")]
    assert (tmp_path / "log").stat().st_size < before


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"not ours")

    with pytest.raises(ValueError, match="not a journal"):
        list(Journal(tmp_path / "log").replay())
