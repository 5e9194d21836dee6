"""The receipt as text in columns, as a till's printer has it: what the PDF consists of. No I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from functions.checkout.papers.receipt import Receipt, ReceiptLine, method_text, quantity_text

COLUMNS = 42
_RULE = "-" * COLUMNS
_COLUMN = 11
_SHARE = ("net", "tax", "gross")


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row, `COLUMNS` characters wide at most."""

    text: str
    bold: bool = False


def rows(receipt: Receipt) -> Iterator[Row]:
    """The receipt from top to bottom."""
    yield from (Row(_centre(part), bold=True) for part in _wrap(receipt.store_name))
    yield from (Row(_centre(part)) for line in receipt.address for part in _wrap(line))
    yield Row("")
    yield Row(_pair(f"Receipt {receipt.number}", receipt.local_time))
    yield Row(_RULE)
    for line in receipt.lines:
        yield from _line(receipt, line)
    yield Row(_RULE)
    yield from _sums(receipt)
    yield from _taxes(receipt)
    yield from _paid(receipt)
    for part in receipt.footer.splitlines():
        yield from (Row(_centre(each)) for each in _wrap(part))
    yield Row("")
    yield from (Row(part) for part in _wrap(receipt.checkout_id))


def _line(receipt: Receipt, line: ReceiptLine) -> Iterator[Row]:
    name, amount = list(_wrap(line.name, COLUMNS - 12)), receipt.money(line.amount)
    yield Row(_pair(name[0], amount))
    yield from (Row(part) for part in name[1:])
    if line.unit_price is not None and (line.count is None or line.count > 1):
        yield Row(f"  {quantity_text(line)} x {receipt.money(line.unit_price)}")
    elif line.count is None:
        yield Row(f"  {quantity_text(line)}")
    if line.discount:
        yield Row(_pair("  discount", receipt.money(-line.discount)))


def _sums(receipt: Receipt) -> Iterator[Row]:
    if receipt.discount:
        yield Row(_pair("Subtotal", receipt.money(receipt.subtotal)))
        for promotion in receipt.promotions:
            label = f"  {promotion.name}" + (f" ({promotion.code})" if promotion.code else "")
            parts = list(_wrap(label, COLUMNS - 12))
            yield Row(_pair(parts[0], receipt.money(-promotion.discount)))
            yield from (Row(part) for part in parts[1:])
        yield Row(_pair("You save", receipt.money(receipt.discount)))
    if not receipt.inclusive:
        yield Row(_pair("Net", receipt.money(receipt.net)))
        yield Row(_pair("Tax", receipt.money(receipt.tax)))
    yield Row(_pair(f"TOTAL {receipt.currency}", receipt.money(receipt.total)), bold=True)
    yield Row("")


def _taxes(receipt: Receipt) -> Iterator[Row]:
    if not receipt.shares:
        return
    # Amounts too long for columns stand below one another.
    beside = all(len(receipt.money(each)) < _COLUMN for share in receipt.shares for each in (share.net, share.gross))
    if beside:
        yield Row(_columns("Tax", *_SHARE))
    for share in receipt.shares:
        amounts = [receipt.money(each) for each in (share.net, share.tax, share.gross)]
        yield Row(_columns(f"{share.rate}%", *amounts) if beside else f"Tax {share.rate}%")
        if not beside:
            yield from (Row(_pair(f"  {what}", amount)) for what, amount in zip(_SHARE, amounts, strict=True))
        # What it is called may be longer than the column of its rate.
        yield from (Row(f"  {part}") for name in share.names for part in _wrap(name, COLUMNS - 2))
    yield Row("")


def _paid(receipt: Receipt) -> Iterator[Row]:
    if receipt.payment is not None:
        yield Row(_pair(method_text(receipt.payment), receipt.money(receipt.payment.amount)))
    for refund in receipt.refunds:
        yield Row(_pair(f"Paid back {refund.at:%Y-%m-%d}", receipt.money(-refund.amount)))
    yield Row("")


def _pair(left: str, right: str) -> str:
    room = COLUMNS - width(right) - 1
    return left if not right else f"{_cut(left, room)}{' ' * max(room - width(_cut(left, room)), 0)} {right}"


def _columns(*texts: str) -> str:
    return texts[0].ljust(COLUMNS - 3 * _COLUMN) + "".join(text.rjust(_COLUMN) for text in texts[1:])


def _centre(text: str) -> str:
    return " " * max((COLUMNS - width(text)) // 2, 0) + text


def width(text: str) -> int:
    """How many columns a text takes: East Asian letters take two, accents on their own none."""
    return sum(_width(each) for each in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(text: str, room: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += _width(character)
        if taken > room:
            return text[:index]
    return text


def _wrap(text: str, room: int = COLUMNS) -> Iterator[str]:
    """The text in rows; what has no spaces is cut where the row ends."""
    rest = text
    while width(rest) > room:
        row = _cut(rest, room)
        if " " in row.strip() and rest[len(row)] != " ":
            row = row[: row.rindex(" ")] or row
        yield row.rstrip()
        rest = rest[len(row) :].lstrip()
    yield rest
