"""Receipts and passes at the door: for the shopper, for staff, and for whoever has a link."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable

from functions.checkout import settings, wiring
from functions.checkout.door import CHECKOUT, CONFLICTS, NOT_FOUND, SHOPPER, STAFF, door, purchase_of
from functions.checkout.papers import links, passes, pictures, receipt, receipt_html, receipt_pdf
from functions.checkout.papers.pictures import Form
from functions.checkout.papers.receipt import Receipt
from functions.common import auth, exit_pass, stores
from functions.common.errors import Conflict, NotFound
from functions.common.http import Call, Reply
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states

RECEIPT = f"{CHECKOUT}/receipt"
REPRINT = "/v1/stores/{storeId}/purchases/{checkoutId}/receipt"
LINK = "/v1/receipts/{receiptToken}"
HTML, PDF = "text/html", "application/pdf"


@door.get(
    RECEIPT, auth=SHOPPER, summary="The receipt of a checkout of this visit", reply="ReceiptView", errors=CONFLICTS
)
async def read_receipt(call: Call) -> Reply:
    return _json(_receipt(await purchase_of(call)))


@door.get(f"{RECEIPT}.html", auth=SHOPPER, summary="The receipt as a page", reply_media=HTML, errors=CONFLICTS)
async def read_receipt_page(call: Call) -> Reply:
    return await _rendered(receipt_html.render, _receipt(await purchase_of(call)), HTML)


@door.get(f"{RECEIPT}.pdf", auth=SHOPPER, summary="The receipt to print", reply_media=PDF, errors=CONFLICTS)
async def read_receipt_document(call: Call) -> Reply:
    return await _rendered(receipt_pdf.render, _receipt(await purchase_of(call)), PDF)


@door.post(
    f"{RECEIPT}/links",
    auth=SHOPPER,
    summary="A link that opens the receipt without signing in, for 30 days",
    reply="ReceiptLink",
    status=201,
    rate="checkout",
    errors=CONFLICTS,
)
async def make_receipt_link(call: Call) -> Reply:
    purchase = await purchase_of(call)
    _receipt(purchase)
    link = await links.make(wiring.deps().purchases, purchase, call.now)
    return Reply({"token": link.token, "path": f"/v1/receipts/{link.token}", "expiresAt": link.expires_at})


@door.get(
    REPRINT, auth=STAFF, summary="The receipt of a purchase, for staff", reply="ReceiptView", rate="manage",
    errors=CONFLICTS,
)  # fmt: skip
async def reprint(call: Call) -> Reply:
    return _json(_receipt(await _purchase_for_staff(call)))


@door.get(
    f"{REPRINT}.pdf", auth=STAFF, summary="The receipt to print again, for staff", reply_media=PDF, rate="manage",
    errors=CONFLICTS,
)  # fmt: skip
async def reprint_document(call: Call) -> Reply:
    return await _rendered(receipt_pdf.render, _receipt(await _purchase_for_staff(call)), PDF)


@door.get(LINK, auth=auth.public(), summary="The receipt that a link opens", reply_media=HTML, errors=NOT_FOUND)
async def open_receipt(call: Call) -> Reply:
    return await _rendered(receipt_html.render, await _linked(call), HTML)


@door.get(f"{LINK}/pdf", auth=auth.public(), summary="The same to print", reply_media=PDF, errors=NOT_FOUND)
async def open_receipt_document(call: Call) -> Reply:
    return await _rendered(receipt_pdf.render, await _linked(call), PDF)


@door.get(f"{LINK}/json", auth=auth.public(), summary="The same as data", reply="ReceiptView", errors=NOT_FOUND)
async def open_receipt_data(call: Call) -> Reply:
    return _json(await _linked(call))


# ---- passes --------------------------------------------------------------------------------------------------


@door.get(f"{CHECKOUT}/pass", auth=SHOPPER, summary="What opens the gate, once", reply="PassView", errors=CONFLICTS)
async def read_pass(call: Call) -> Reply:
    return _pass(await purchase_of(call))


@door.post(
    f"{CHECKOUT}/pass",
    auth=SHOPPER,
    summary="A fresh pass when the old one is running out; may be repeated",
    reply="PassView",
    rate="checkout",
    errors=CONFLICTS,
)
async def renew_pass(call: Call) -> Reply:
    return _pass(await passes.renew(wiring.deps().purchases, await purchase_of(call), call.now))


@door.get(f"{CHECKOUT}/pass.svg", auth=SHOPPER, summary="The pass as a QR code", reply_media="image/svg+xml",
          errors=CONFLICTS)  # fmt: skip
async def draw_pass_svg(call: Call) -> Reply:
    return await _picture(await purchase_of(call), "svg")


@door.get(f"{CHECKOUT}/pass.png", auth=SHOPPER, summary="The pass as a QR code of pixels", reply_media="image/png",
          errors=CONFLICTS)  # fmt: skip
async def draw_pass_png(call: Call) -> Reply:
    return await _picture(await purchase_of(call), "png")


# ---- what they share -----------------------------------------------------------------------------------------


async def _purchase_for_staff(call: Call) -> Document:
    store = await stores.scope_for(call.principal, call.params["storeId"])
    found = await wiring.deps().purchases.find(store.tenant_id, store.id, call.params["checkoutId"])
    if found is None:
        raise NotFound("there is no such purchase", code="PURCHASE_NOT_FOUND")
    return found


async def _linked(call: Call) -> Receipt:
    return receipt.of(await links.open_link(wiring.deps().purchases, call.params["receiptToken"], call.now))


def _receipt(purchase: Document) -> Receipt:
    if purchase.get("receipt") is not None:
        return receipt.of(purchase)
    if purchase["state"] in states.GIVEN_UP:
        raise Conflict("this checkout was given up", code="CHECKOUT_ENDED")
    raise Conflict("there is a receipt once the payment has gone through", code="NOT_PAID_YET", retry_after=1)


def _json(what: Receipt) -> Reply:
    from functions.checkout.papers.schemas import ReceiptView

    return Reply(ReceiptView.model_validate(dataclasses.asdict(what)))


async def _rendered(render: Callable[[Receipt], bytes], what: Receipt, media: str) -> Reply:
    # A receipt of 200 lines takes a while, and payments must not wait for it.
    content = await asyncio.to_thread(render, what)
    more: tuple[tuple[str, str], ...] = (("content-disposition", f'inline; filename="receipt-{what.number}.pdf"'),)
    if media == HTML:
        media = f"{HTML}; charset=utf-8"
        more = (("content-security-policy", receipt_html.POLICY),)
    return _bytes(content, media, *more)


def _pass(purchase: Document) -> Reply:
    found = passes.current(purchase)
    return Reply(
        {
            "checkoutId": found.checkout_id,
            "text": exit_pass.sign(found, settings.exit_pass().exit_signing_key),
            "items": found.items,
            "issuedAt": found.issued_at,
            "expiresAt": found.expires_at,
        }
    )


async def _picture(purchase: Document, form: Form) -> Reply:
    text = exit_pass.sign(passes.current(purchase), settings.exit_pass().exit_signing_key)
    # Making a code is a tenth of a second of arithmetic, and payments must not wait for it either.
    content = await asyncio.to_thread(pictures.draw, text, form)
    return _bytes(content, pictures.MEDIA[form], ("content-security-policy", "default-src 'none'"))


def _bytes(content: bytes, media: str, *more: tuple[str, str]) -> Reply:
    async def once() -> AsyncIterator[bytes]:
        yield content

    # The address of a receipt is its secret: neither search engines nor the next page shall learn it.
    closed = (("x-robots-tag", "noindex"), ("referrer-policy", "no-referrer"))
    length = ("content-length", str(len(content)))
    return Reply(stream=once(), headers=(("content-type", media), length, *closed, *more))
