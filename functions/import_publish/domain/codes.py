"""Every code an import can answer with: how much it weighs, where it comes from, and the sentence that goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["error", "confirm", "warning"]
Stage = Literal["file", "row", "rules", "live", "import", "publish"]

ERROR: Severity = "error"
CONFIRM: Severity = "confirm"
WARNING: Severity = "warning"

LONGEST_VALUE = 200
_WEIGHT = {WARNING: 1, CONFIRM: 2, ERROR: 3}


class Code(NamedTuple):
    """One entry of the table."""

    stage: Stage
    """What finds it: reading the file, reading a row, the tenant's rules, a look at the live products, the import as
    a whole, or publishing."""
    severity: Severity
    """An error is never published, a confirm only when it is confirmed, a warning is only told."""
    sentence: str
    """What to do, with {places} for what is known only then."""


class Fault(NamedTuple):
    """One thing wrong with one row, in the order in which it is stored."""

    code: str
    field: str
    """The canonical field; empty when it is about the whole row."""
    column: str | None
    """The column as the file names it."""
    value: str
    """As it came, at most 200 characters."""
    message: str
    severity: Severity


class Unusable(ValueError):
    """A profile or a set of rules that cannot be used; `problems` are (where, what to do about it)."""

    def __init__(self, code: str, problems: Iterable[tuple[str, str]]) -> None:
        self.code = code
        self.problems = list(problems)
        super().__init__("; ".join(f"{where}: {what}" for where, what in self.problems))


def fault(
    code: str,
    field: str,
    column: str | None = None,
    value: str | None = None,
    *,
    severity: Severity | None = None,
    **known: object,
) -> Fault:
    """A fault with the sentence of the table. Raises KeyError for a code or a place that is not in it."""
    entry = CODES[code]
    message = entry.sentence.format(**known)
    return Fault(code, field, column, storable((value or "")[:LONGEST_VALUE]), message, severity or entry.severity)


def worst(faults: Iterable[Fault]) -> Severity | Literal["valid"]:
    """What a row with these faults counts as."""
    found: Severity | Literal["valid"] = "valid"
    weight = 0
    for each in faults:
        if _WEIGHT[each.severity] > weight:
            weight = _WEIGHT[each.severity]
            found = each.severity
    return found


def storable(text: str) -> str:
    """Text that can be written as UTF-8: JSON can spell half a surrogate pair, a database cannot keep it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _number_codes(prefix: str, noun: str, advice: str) -> dict[str, Code]:
    return {
        f"{prefix}_NOT_A_NUMBER": Code("row", ERROR, f"Write the {noun} with the digits 0 to 9, such as 12.99."),
        f"{prefix}_TOO_MANY_DECIMALS": Code("row", ERROR, f"Write the {noun} with at most {{places}} decimals."),
        f"{prefix}_AMBIGUOUS": Code(
            "row",
            ERROR,
            "This can be read in two ways: say in the profile whether a comma or a point is the decimal sign.",
        ),
        f"{prefix}_DECIMAL_SIGN": Code(
            "row", ERROR, f"The profile says that the decimal sign is {{sign}}: change the profile or the {noun}."
        ),
        f"{prefix}_IS_A_DATE": Code(
            "row", ERROR, f"A spreadsheet has made a date of the {noun}: format the column as text and enter it again."
        ),
        f"{prefix}_SCIENTIFIC": Code(
            "row", ERROR, f"A spreadsheet has shortened the {noun}: format the column as text and enter it again."
        ),
        f"{prefix}_WITH_UNIT": Code("row", ERROR, advice),
    }


CODES: dict[str, Code] = {
    # The file as a whole, or a row that could not be taken apart.
    "FILE_EMPTY": Code("file", ERROR, "The file is empty: upload one with a line of column names and rows."),
    "UNKNOWN_FORMAT": Code("file", ERROR, "Upload CSV, NDJSON, a JSON array or XLSX, plain or in gzip or zip."),
    "BAD_ENCODING": Code("file", ERROR, "Save the file as UTF-8, or name its encoding in the profile."),
    "NUL_BYTE": Code("file", ERROR, "The file holds a NUL byte: export it again as text."),
    "TRUNCATED": Code("file", ERROR, "The file ends too early: upload it again."),
    "BAD_ARCHIVE": Code("file", ERROR, "The archive is damaged: pack it again."),
    "ARCHIVE_MANY_FILES": Code("file", ERROR, "Put exactly one file into the archive."),
    "ARCHIVE_ENCRYPTED": Code("file", ERROR, "Upload the archive without a password."),
    "ARCHIVE_NESTED": Code("file", ERROR, "Do not put an archive into an archive."),
    "TOO_LARGE": Code("file", ERROR, "The file is larger than an import may be: split it."),
    "TOO_LARGE_UNPACKED": Code("file", ERROR, "Unpacked the file is larger than an import may be: split it."),
    "RATIO_TOO_HIGH": Code("file", ERROR, "The file unpacks to far too many bytes: upload it unpacked."),
    "TOO_MANY_ROWS": Code("file", ERROR, "The file has more rows than an import may have: split it."),
    "TOO_MANY_COLUMNS": Code("file", ERROR, "The file has more columns than an import may have: remove some."),
    "DUPLICATE_HEADER": Code("file", ERROR, "Two columns have the same name: rename one."),
    "NO_HEADER": Code("file", ERROR, "Put the names of the columns into the first line."),
    "LINE_TOO_LONG": Code("file", ERROR, "A line is too long: look for a quote that is never closed."),
    "UNCLOSED_QUOTE": Code("file", ERROR, "A quote is never closed: close it, or double it inside a text."),
    "FILE_GONE": Code("file", ERROR, "The file is not kept any more: upload it again."),
    "STAGING_FAILED": Code("file", ERROR, "The file could not be staged, by no fault of yours: ask for help."),
    "SHEET_MISSING": Code("file", ERROR, "The workbook has no sheet of that name: name one in the profile."),
    "SHEET_AMBIGUOUS": Code("file", ERROR, "The workbook has several sheets: name one in the profile."),
    "CELL_TOO_LONG": Code("file", ERROR, "The cell is too long: shorten it."),
    "RAGGED_ROW": Code("file", ERROR, "The row has more or fewer cells than there are columns: quote its texts."),
    "BAD_JSON": Code("file", ERROR, "This is not JSON: correct it."),
    "NOT_AN_OBJECT": Code("file", ERROR, "Every element must be a JSON object."),
    "FORMULA": Code("file", ERROR, "The cell holds a formula: put its value there instead."),
    # The profile and the columns.
    "PROFILE_INVALID": Code("file", ERROR, "Correct the profile."),
    "RULES_INVALID": Code("file", ERROR, "Correct the rules."),
    "COLUMN_MISSING": Code("file", ERROR, "Add the column, or name it in the profile."),
    "COLUMN_UNKNOWN": Code("file", ERROR, "Name a field, or a column of the file that is one."),
    "COLUMN_AMBIGUOUS": Code("file", ERROR, "Several columns could be meant: name one in the profile."),
    # One row: what cannot be read.
    "BARCODE_MISSING": Code("row", ERROR, "Every product needs a barcode."),
    "BARCODE_CHECK_DIGIT": Code("row", ERROR, "Correct the barcode: its last digit should be {right}."),
    "BARCODE_LENGTH": Code("row", ERROR, "A barcode has 8, 12, 13 or 14 digits, not {length}."),
    "BARCODE_LOST_ZEROS": Code(
        "row", ERROR, "Leading zeros are missing: write {whole}, or let the profile restore zeros."
    ),
    "BARCODE_NOT_DIGITS": Code("row", ERROR, "Write the barcode with the digits 0 to 9 only."),
    "BARCODE_ZEROS": Code("row", ERROR, "Zeros are no barcode: enter the one that is on the product."),
    "BARCODE_TEXT_MARK": Code(
        "row", ERROR, "A spreadsheet's text mark stands before the barcode: remove it, or let the profile remove it."
    ),
    "BARCODE_MANGLED_BY_SPREADSHEET": Code(
        "row",
        ERROR,
        "A spreadsheet has made a number of the barcode and lost digits: format the column as text before the codes "
        "are entered, and export again.",
    ),
    **_number_codes("PRICE", "price", "Write the price without its currency; that has a column of its own."),
    **_number_codes("STOCK", "stock", "Write the stock without its unit; the profile says which it is."),
    "TEXT_TOO_LONG": Code("row", ERROR, "Shorten the text to {most} characters; it has {length}."),
    "CONTROL_CHARACTERS": Code("row", ERROR, "Remove tabs, line breaks and other control characters."),
    "SLUG_INVALID": Code("row", ERROR, "Use small letters, digits and hyphens, at most 48 of them."),
    "NOT_A_CHOICE": Code("row", ERROR, "Use one of: {choices}."),
    "IMAGE_URL_INVALID": Code("row", ERROR, "Give an address that begins with https:// and has no blanks."),
    "AGE_INVALID": Code("row", ERROR, "Give an age from 1 to 99, or 0 for none."),
    "AS_OF_NOT_A_TIME": Code(
        "row", ERROR, "Write the time as 2026-11-20T09:30:00+01:00, or name its form in the profile."
    ),
    "CURRENCY_UNKNOWN": Code("row", ERROR, "Use a currency code of ISO 4217, such as EUR."),
    # One row: what the tenant's rules say.
    "REQUIRED_MISSING": Code("rules", ERROR, "The rules ask for this field in every row."),
    "WRONG_CURRENCY": Code("rules", ERROR, "The store's currency is {currency}: give the price in it."),
    "PRICE_NEGATIVE": Code("rules", ERROR, "A price cannot be below zero."),
    "PRICE_ZERO": Code("rules", CONFIRM, "Confirm that the product is free of charge, or enter its price."),
    "PRICE_TOO_LOW": Code("rules", ERROR, "The rules allow no price below {least}."),
    "PRICE_TOO_HIGH": Code("rules", ERROR, "The rules allow no price above {most}."),
    "PRICE_LOOKS_LIKE_DATE": Code(
        "rules", CONFIRM, "A spreadsheet writes dates as such numbers: confirm the price, or enter it again."
    ),
    "STOCK_NEGATIVE": Code("rules", ERROR, "A stock cannot be below zero."),
    "STOCK_TOO_HIGH": Code("rules", ERROR, "The rules allow no stock above {most}."),
    "TAX_CLASS_NOT_ALLOWED": Code("rules", ERROR, "The rules allow these tax classes: {choices}."),
    "NAME_TOO_LONG": Code("rules", ERROR, "The rules allow {most} characters in a name; this one has {length}."),
    "AS_OF_IN_FUTURE": Code("rules", ERROR, "The time lies in the future: correct it."),
    "FORMULA_INJECTION": Code(
        "rules",
        WARNING,
        "A spreadsheet would run this text as a formula; it is kept as it came and escaped in exports.",
    ),
    "DUPLICATE_IN_FILE": Code("rules", ERROR, "The same barcode is in line {lines}: keep one of them."),
    # One row against the live products.
    "NAME_NEEDED_FOR_NEW": Code("live", ERROR, "The product is new here, so it needs a name."),
    "BARCODE_IN_USE": Code("live", ERROR, "Product {other} has a pack with this barcode: change one of them."),
    "UNKNOWN_BRAND": Code("live", ERROR, "There is no such brand: create it first, or the product goes without one."),
    "MEASURE_CHANGED": Code("live", CONFIRM, "Confirm that the product is sold by {after}, no longer by {before}."),
    "STOCK_NOT_WHOLE": Code("live", ERROR, "The product is sold by the piece: give a whole number."),
    "PRICE_JUMP": Code("live", CONFIRM, "Confirm the price: it goes from {before} to {after}."),
    "DELETED_PRODUCT_RETURNS": Code("live", WARNING, "The product was withdrawn and comes back."),
    "PRICE_OLDER_THAN_LIVE": Code("live", WARNING, "The store has a newer price, which stays."),
    "STOCK_OLDER_THAN_LIVE": Code("live", WARNING, "The store has a newer stock count, which stays."),
    # The import as a whole.
    "FULL_WITHDRAWS_MANY": Code(
        "import", CONFIRM, "Confirm that {withdrawn} of {live} products are withdrawn, which the file does not name."
    ),
    "FULL_HAS_UNREADABLE_ROWS": Code(
        "import", CONFIRM, "Confirm that products may be withdrawn though {rows} rows have no readable barcode."
    ),
    # Publishing.
    "WITHDRAWN_MEANWHILE": Code("publish", ERROR, "The product was withdrawn after the review: import the row again."),
    "TOO_MUCH_METADATA": Code("publish", ERROR, "The product would have too many metadata keys: remove some."),
    "CONCURRENT_EDIT": Code("publish", ERROR, "Others were changing the product all the time: retry the row."),
    "PUBLISH_FAILED": Code("publish", ERROR, "The row could not be written: retry it."),
}
