"""The receipt as a page of its own: no script, nothing fetched from anywhere, every text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from functions.checkout.papers.receipt import Receipt, ReceiptLine, method_text, quantity_text

_STYLE = (
    "body{margin:0;background:#eee;color:#111;font:15px/1.4 system-ui,sans-serif}"
    "main{max-width:28rem;margin:1rem auto;padding:1.25rem;background:#fff}"
    "h1{margin:0;font-size:1.2rem}table{width:100%;border-collapse:collapse;margin:.75rem 0}"
    "td,th{padding:.15rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    ".n{text-align:right;white-space:nowrap;padding-left:.75rem;overflow-wrap:normal}"
    ".s{color:#555;font-size:.85rem}.t td{border-top:2px solid #111;font-weight:700;font-size:1.1rem}"
    "@media print{body{background:#fff}main{margin:0;padding:0}}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy it is sent with: even a text that escaped the escaping could do nothing."""


def render(receipt: Receipt) -> bytes:
    """The page."""
    number = f"Receipt {receipt.number}"
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
        f"<title>{_text(f'{receipt.store_name}: {number}')}</title><style>{_STYLE}</style></head><body><main>"
    )
    return (head + "".join(_body(receipt, number)) + "</main></body></html>").encode()


def _body(receipt: Receipt, number: str) -> Iterator[str]:
    yield f"<h1>{_text(receipt.store_name)}</h1>"
    if receipt.address:
        yield f'<p class="s">{"<br>".join(map(_text, receipt.address))}</p>'
    yield f'<p>{_text(number)}<br><span class="s">{_text(f"{receipt.local_time} {receipt.time_zone}")}</span></p>'
    yield _table(_lines(receipt))
    yield _table(_sums(receipt))
    if receipt.shares:
        yield _table(_taxes(receipt))
    yield _table(_paid(receipt))
    if receipt.footer:
        yield f"<p>{'<br>'.join(map(_text, receipt.footer.splitlines()))}</p>"
    yield f'<p class="s">{_text(receipt.checkout_id)}</p>'


def _lines(receipt: Receipt) -> Iterator[str]:
    for line in receipt.lines:
        yield _row(_text(line.name) + _details(receipt, line), receipt.money(line.amount))
        if line.discount:
            yield _row('<span class="s">discount</span>', receipt.money(-line.discount))


def _details(receipt: Receipt, line: ReceiptLine) -> str:
    many = line.count is None or line.count > 1
    if not many:
        return ""
    price = f" &times; {_text(receipt.money(line.unit_price))}" if line.unit_price is not None else ""
    return f'<br><span class="s">{_text(quantity_text(line))}{price}</span>'


def _sums(receipt: Receipt) -> Iterator[str]:
    if receipt.discount:
        yield _row("Subtotal", receipt.money(receipt.subtotal))
        for each in receipt.promotions:
            code = f" ({each.code})" if each.code else ""
            yield _row(f'<span class="s">{_text(each.name + code)}</span>', receipt.money(-each.discount))
        yield _row("You save", receipt.money(receipt.discount))
    if not receipt.inclusive:
        yield _row("Net", receipt.money(receipt.net))
        yield _row("Tax", receipt.money(receipt.tax))
    yield _row("Total", f"{receipt.money(receipt.total)} {receipt.currency}", kind="t")


def _taxes(receipt: Receipt) -> Iterator[str]:
    yield '<tr class="s"><th>Tax</th><th class="n">net</th><th class="n">tax</th><th class="n">gross</th></tr>'
    for share in receipt.shares:
        names = f" {', '.join(share.names)}" if share.names else ""
        amounts = (receipt.money(each) for each in (share.net, share.tax, share.gross))
        yield _row(_text(f"{share.rate} %{names}"), *amounts, kind="s")


def _paid(receipt: Receipt) -> Iterator[str]:
    if receipt.payment is not None:
        yield _row(_text(method_text(receipt.payment)), receipt.money(receipt.payment.amount))
    for refund in receipt.refunds:
        yield _row(_text(f"Paid back {refund.at:%Y-%m-%d}"), receipt.money(-refund.amount))


def _table(rows: Iterable[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _row(label: str, *amounts: str, kind: str = "") -> str:
    """A row; `label` is HTML already, the amounts are text."""
    cells = "".join(f'<td class="n">{_text(each)}</td>' for each in amounts)
    return f"<tr{f' class={kind}' if kind else ''}><td>{label}</td>{cells}</tr>"


def _text(text: str) -> str:
    return escape(text, quote=True)
