"""Between the wire and the rules: bodies to fields and trials, documents and totals to views."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.common.errors import Malformed
from functions.common.mongo import Document
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_explain import Explanation, explain, message
from functions.common.retail.promotions import Usage
from functions.common.retail.taxes import Level, Rate, TaxRules, parse_rate
from functions.common.retail.totals import LineTotal, Totals
from functions.common.stores import Store
from functions.discount import domain
from functions.discount.service import Trial

if TYPE_CHECKING:
    from pydantic import BaseModel

    from functions.discount import schemas


def fields(body: BaseModel) -> dict[str, Any]:
    """Every field of a body under the name it is stored by."""
    return body.model_dump(by_alias=True)


def promotion(document: Document, claimed: Collection[str]) -> dict[str, Any]:
    """A promotion as a token for these stores may see it."""
    store_ids, more = domain.shown(claimed, document["storeIds"])
    view = {name: document[name] for name in (*domain.FIELDS, "promotionId", "ver", "createdAt", "updatedAt")}
    return {**view, "storeIds": store_ids, "moreStores": more}


def version(document: Document, claimed: Collection[str]) -> dict[str, Any]:
    """A version as a token for these stores may see it."""
    changes = [
        {**change, **{side: domain.shown(claimed, change[side])[0] for side in ("before", "after")}}
        if change["field"] == "storeIds"
        else change
        for change in document["changes"]
    ]
    content = {**document["content"], "storeIds": domain.shown(claimed, document["content"]["storeIds"])[0]}
    view = {name: document[name] for name in ("ver", "action", "who", "role", "when", "requestId")}
    return {**view, "changes": changes, "content": content}


# ---- dry runs ------------------------------------------------------------------------------------------------


def trial(body: schemas.DryRun, now: datetime) -> Trial:
    """The dry run that a body asks for. Raises Malformed when a name that must be one stands there twice."""
    plain = body.model_dump(by_alias=True)
    for name, key in (("promotions", "promotionId"), ("usage", "promotionId")):
        _once(name, [each[key] for each in plain[name]])
    return Trial(
        store_id=body.store_id,
        moment=body.at or now,
        lines=plain["lines"],
        groups=frozenset(body.groups),
        codes=frozenset(body.codes),
        usage={
            each.promotion_id: Usage(
                each.total, each.by_user, {count.coupon: count.times for count in each.by_code}, each.spent
            )
            for each in body.usage
        },
        saved=body.saved,
        unsaved={each["promotionId"]: each for each in plain["promotions"]},
        rounding=Rounding(body.rounding),
        taxes=_taxes(body.taxes) if body.taxes is not None else None,
    )


def dry_run(store: Store, moment: datetime, totals: Totals) -> dict[str, Any]:
    """What a dry run found."""
    return {
        "storeId": store.id,
        "currency": store.currency,
        "at": moment,
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "net": totals.net,
        "tax": totals.tax,
        "total": totals.total,
        "lines": [_line(each) for each in totals.lines],
        "taxShares": [
            {
                "rate": share.rate,
                "net": share.net,
                "tax": share.tax,
                "gross": share.gross,
                "parts": [{"name": part.name, "rate": part.rate, "tax": part.tax} for part in share.parts],
            }
            for share in totals.shares
        ],
        "promotions": [_explanation(each) for each in explain(totals.promotions)],
        "codes": [
            {
                "code": coupon.code,
                "promotionId": coupon.rule,
                "reason": coupon.reason,
                "message": message(coupon.reason) if coupon.reason is not None else None,
            }
            for coupon in totals.promotions.coupons
        ],
    }


def _once(name: str, keys: list[str]) -> None:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise Malformed("this id is there twice", code="DUPLICATE_ID", field=f"{name}.{index}.promotionId")


def _taxes(table: schemas.TaxTable) -> TaxRules:
    classes = {
        each.tax_class: tuple(Rate(parse_rate(rate.rate), rate.name) for rate in each.rates) for each in table.classes
    }
    return TaxRules(classes, table.inclusive, Level(table.level), Rounding(table.rounding), default=table.default_class)


def _line(each: LineTotal) -> dict[str, Any]:
    return {
        "lineId": each.line.id,
        "barcode": each.line.barcode,
        "quantity": each.line.quantity,
        "amount": each.amount,
        "discount": each.discount,
        "payable": each.payable,
        "net": each.net,
        "tax": each.tax,
        "gross": each.gross,
        "units": [unit._asdict() for unit in each.units],
    }


def _explanation(each: Explanation) -> Mapping[str, Any]:
    return {
        "promotionId": each.rule,
        "ver": each.version,
        "name": each.name,
        "discount": each.discount,
        "times": each.times,
        "code": each.code,
        "touches": [
            {"lineId": touch.line, "unit": touch.number, "role": touch.role, "amount": touch.amount}
            for touch in each.touches
        ],
        "reason": each.reason,
        "message": each.message,
        "missing": each.missing,
        "others": list(each.others),
    }
