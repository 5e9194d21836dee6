"""Purchases as the app and staff see them."""

from __future__ import annotations

from typing import Any

from functions.checkout import refusals, schemas
from functions.checkout.payments.provider import Intent
from functions.common.mongo import Document

_SUMS = ("subtotal", "discount", "net", "tax", "total")
_TO_PAY = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def checkout(purchase: Document, intent: Intent | None = None, publishable_key: str = "") -> schemas.CheckoutView:
    """A checkout; with its payment as it was just read, the app can go on paying."""
    return schemas.CheckoutView(**_fields(purchase, intent, publishable_key))


def purchase(document: Document) -> schemas.PurchaseView:
    """A purchase for staff; nothing in it lets anybody pay."""
    return schemas.PurchaseView(
        **_fields(document, None, ""),
        user_id=document["userId"],
        policy=document.get("policy"),
        history=[schemas.HistoryStep(**step) for step in document["history"]],
    )


def summary(document: Document) -> schemas.CheckoutSummary:
    """A purchase in a list."""
    return schemas.CheckoutSummary(
        checkout_id=document["_id"],
        state=document["state"],
        currency=document["currency"],
        total=_total(document),
        refunded=document["refunded"],
        receipt_number=(document.get("receipt") or {}).get("number"),
        created_at=document["createdAt"],
        expires_at=document["expiresAt"],
        paid_at=document.get("paidAt"),
    )


def task(document: Document, intervention: Document) -> schemas.Task:
    """An intervention for staff."""
    lines = document["lines"]
    ages = [line["ageRestriction"] or 0 for line in lines]
    return schemas.Task(
        intervention_id=intervention["id"],
        checkout_id=document["_id"],
        store_id=document["storeId"],
        kind=intervention["kind"],
        status=intervention["status"],
        claimed_by=intervention["by"],
        at=intervention["at"],
        reason=intervention["reason"],
        differences=_differences(intervention),
        state=document["state"],
        currency=document["currency"],
        total=_total(document),
        units=sum(max(1, line["quantity"] // line["pack"]) if line["measure"] == "each" else 1 for line in lines),
        age_limit=max(ages, default=0) or None,
        lines=[_line(line) for line in lines],
        expires_at=document["expiresAt"],
    )


def _fields(document: Document, intent: Intent | None, publishable_key: str) -> dict[str, Any]:
    totals, refusal = document.get("totals"), document.get("refusal")
    return {
        "checkout_id": document["_id"],
        "session_id": document["sessionId"],
        "store_id": document["storeId"],
        "cart_version": document["cartVer"],
        "state": document["state"],
        "currency": document["currency"],
        "lines": [_line(line) for line in document.get("lines") or ()],
        **{name: totals[name] if totals is not None else 0 for name in _SUMS},
        "tax_shares": [schemas.TaxShare(**share) for share in totals["shares"]] if totals is not None else [],
        "promotions": [_promotion(each) for each in document.get("promotions") or ()],
        "payment": _payment(document, intent, publishable_key),
        "interventions": [_intervention(each) for each in document.get("interventions") or ()],
        "refusal": None
        if refusal is None
        else schemas.RefusalView(code=refusal["code"], message=refusals.message(refusal)),
        "receipt_number": (document.get("receipt") or {}).get("number"),
        "refunded": document["refunded"],
        "created_at": document["createdAt"],
        "expires_at": document["expiresAt"],
        "paid_at": document.get("paidAt"),
        "exited_at": (document.get("pass") or {}).get("usedAt"),
    }


def _total(document: Document) -> int:
    totals = document.get("totals")
    return int(totals["total"]) if totals is not None else int(document["expected"]["total"])


def _line(line: Document) -> schemas.SoldLine:
    return schemas.SoldLine(
        line_id=line["id"],
        barcode=line["barcode"],
        unit_barcode=line["unit"],
        name=line["name"],
        quantity=line["quantity"],
        measure=line["measure"],
        unit_price=line["unitPrice"],
        **{name: line[name] for name in ("amount", "discount", "payable", "net", "tax", "gross", "note")},
        tax_class=line["taxClass"],
        age_restriction=line["ageRestriction"],
        image_url=line["imageUrl"],
    )


def _promotion(each: Document) -> schemas.GivenPromotion:
    return schemas.GivenPromotion(
        promotion_id=each["promotionId"],
        **{name: each[name] for name in ("ver", "name", "discount", "times", "code")},
        lines=[schemas.LineDiscount(line_id=line["lineId"], amount=line["amount"]) for line in each["lines"]],
    )


def _payment(document: Document, intent: Intent | None, publishable_key: str) -> schemas.PaymentView | None:
    payment = document.get("payment")
    if payment is None:
        return None
    method = payment["method"]
    payable = intent is not None and intent.id == payment["intentId"] and intent.status in _TO_PAY
    return schemas.PaymentView(
        provider=payment["provider"],
        intent_id=payment["intentId"],
        client_secret=intent.client_secret if payable and intent is not None else None,
        publishable_key=publishable_key,
        status=payment["status"],
        amount=payment["amount"],
        captured=payment["captured"],
        method=None if method is None else schemas.PaymentMethod(**method),
        error=payment["error"],
    )


def _intervention(each: Document) -> schemas.InterventionView:
    return schemas.InterventionView(
        intervention_id=each["id"],
        kind=each["kind"],
        status=each["status"],
        reason=each["reason"],
        differences=_differences(each),
    )


def _differences(each: Document) -> list[schemas.BasketDifference] | None:
    found = each["diff"]
    return None if found is None else [schemas.BasketDifference(**difference) for difference in found]
