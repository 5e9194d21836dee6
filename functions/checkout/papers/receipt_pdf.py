"""The receipt as a PDF: a strip of paper as wide as a till's, cut into pages where it is long."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from functions.checkout.papers.receipt import Receipt
from functions.checkout.papers.receipt_text import Row, rows
from functions.common.once import Once

# Points: 80 mm wide, and never longer than 297 mm, so that it can be printed on ordinary paper too.
WIDTH, LONGEST, MARGIN = 227.0, 842.0, 12.0
SIZE, LEADING = 8.0, 10.5
_ROWS_A_PAGE = int((LONGEST - 2 * MARGIN) // LEADING)
_FONT = Path(__file__).parent / "fonts" / "DejaVuSansMono.ttf"


def render(receipt: Receipt) -> bytes:
    """The bytes of the document; the same receipt makes the same bytes."""
    from reportlab.pdfgen.canvas import Canvas

    font = _font()
    target = io.BytesIO()
    pages = list(_pages(list(rows(receipt))))
    canvas = Canvas(target, invariant=True, pageCompression=1)
    canvas.setTitle(f"Receipt {receipt.number}")
    canvas.setAuthor(receipt.store_name)
    canvas.setSubject(receipt.checkout_id)
    for number, page in enumerate(pages, start=1):
        height = LONGEST if len(pages) > 1 else 2 * MARGIN + LEADING * len(page)
        canvas.setPageSize((WIDTH, height))
        for index, row in enumerate(page):
            text = canvas.beginText(MARGIN, height - MARGIN - LEADING * index - SIZE)
            text.setFont(font, SIZE)
            # One font in one file: bold is the same letters with an outline.
            text.setTextRenderMode(2 if row.bold else 0)
            text.textOut(row.text)
            canvas.setLineWidth(0.25)
            canvas.drawText(text)
        if len(pages) > 1:
            canvas.setFont(font, 6)
            canvas.drawRightString(WIDTH - MARGIN, MARGIN / 2, f"{number} / {len(pages)}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _pages(all_rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(all_rows), _ROWS_A_PAGE):
        yield all_rows[start : start + _ROWS_A_PAGE]


def _register() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Receipt", str(_FONT)))
    return "Receipt"


_font = Once(_register)
