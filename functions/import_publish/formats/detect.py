"""What a file is, by what is in it. Names and media types lie, and many files have neither."""

from __future__ import annotations

import json

from functions.import_publish.formats.limits import FileProblem, Hints

_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file, or one with a password: save it as .xlsx without one"),
    (b"%PDF", "a PDF: export the table it was made from"),
    (b"BZh", "packed with bzip2: pack it with gzip or zip"),
    (b"\xfd7zXZ\0", "packed with xz: pack it with gzip or zip"),
    (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip: pack it as zip"),
    (b"Rar!\x1a\x07", "packed with RAR: pack it as zip"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard: pack it with gzip or zip"),
    (b"\x89PNG", "a picture: upload a table"),
    (b"\xff\xd8\xff", "a picture: upload a table"),
    (b"PAR1", "Parquet: export it as CSV or NDJSON"),
)
LONGEST_MAGIC = 8
_SCALARS = '{["-0123456789tfn]'


def container_of(head: bytes) -> str:
    """`gzip`, `zip`, or nothing for what can be read as text. Raises FileProblem UNKNOWN_FORMAT for what is neither."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        return "zip"
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise FileProblem("UNKNOWN_FORMAT", f"The file is {what}.")
    return ""


def format_of(text: str, hints: Hints) -> str:
    """`csv`, `ndjson` or `json`, from the first piece of text.

    Raises FileProblem UNKNOWN_FORMAT for markup, BAD_JSON for one object over several lines.
    """
    start = text.lstrip(" \t\n\r")
    if start.startswith("<"):
        raise FileProblem("UNKNOWN_FORMAT", "The file is a web page or XML: upload CSV, NDJSON, JSON or XLSX.")
    if start.startswith("[") and start[1:].lstrip(" \t\n\r")[:1] in _SCALARS and not _is_named(hints, (".csv",), "csv"):
        return "json"
    if not start.startswith("{"):
        return "csv"
    first, _, rest = start.replace("\r", "\n").partition("\n")
    following = rest.lstrip(" \t\n")
    if (
        following
        and not following.startswith("{")
        and not _is_named(hints, (".ndjson", ".jsonl"), "ndjson")
        and not _is_json(first)
    ):
        message = "The file is one JSON object over several lines: upload a JSON array, or one object on each line."
        raise FileProblem("BAD_JSON", message, 1 + text[: len(text) - len(start)].count("\n"))
    return "ndjson"


def _is_named(hints: Hints, endings: tuple[str, ...], media: str) -> bool:
    return hints.name.casefold().removesuffix(".gz").endswith(endings) or media in hints.media.casefold()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
