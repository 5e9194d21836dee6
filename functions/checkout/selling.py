"""A quote as a purchase keeps it: what is sold, what it costs, which promotions were given and what that promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.checkout import domain
from functions.common import cart_lines
from functions.common.carts import Visit
from functions.common.quotes import Quote, demand_of
from functions.common.retail import refunds
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Applied
from functions.common.retail.taxes import TaxShare
from functions.common.retail.totals import LineTotal, Totals
from functions.common.tenants import TenantSettings


def sold(quote: Quote, terms: TenantSettings) -> dict[str, Any]:
    """What a quote comes to: lines, totals, promotions, and the account that refunds are made from."""
    totals = quote.totals
    return {
        "lines": [_line(line, quote.by_line[line.id]) for line in quote.lines],
        "totals": totals_of(totals),
        "promotions": [_promotion(each) for each in totals.promotions.applied],
        "redemptions": [
            {"ruleId": each.rule.id, "ver": each.rule.version, "code": each.code, "amount": each.discount}
            for each in totals.promotions.applied
            if is_limited(each.rule)
        ],
        "account": refunds.to_dict(refunds.Account(refunds.sale_of(totals, terms.taxes))),
    }


def priced(
    purchase_id: str, visit: Visit, quote: Quote, terms: TenantSettings, left: Mapping[str, int]
) -> dict[str, Any]:
    """The fields that a purchase has from the moment on that its total is agreed."""
    checks = terms.checks
    card = visit.card_at(quote.moment)
    kinds = domain.checks_for(
        # An app may choose the key that a visit's id follows from, but not the millisecond at which it began.
        f"{visit.session_id} {visit.created_at.timestamp():.3f}",
        quote.total,
        quote.age_limit,
        age_check=checks.age_check,
        share=checks.spot_check_share,
        risk_amount=checks.risk_amount,
    )
    return {
        **sold(quote, terms),
        "codes": list(visit.codes),
        "card": None
        if card is None
        else {"cardId": card.card_id, "brandId": card.brand_id, "groups": sorted(card.groups)},
        "scarce": domain.scarce(demand_of(quote.lines), left),
        "interventions": [
            {
                "id": domain.intervention_id(purchase_id, number),
                "kind": kind,
                "status": domain.OPEN,
                "by": None,
                "at": quote.moment,
                "reason": None,
                "diff": None,
            }
            for number, kind in enumerate(kinds, 1)
        ],
    }


def totals_of(totals: Totals) -> dict[str, Any]:
    """The sums."""
    return {
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "net": totals.net,
        "tax": totals.tax,
        "total": totals.total,
        "shares": [_share(share) for share in totals.shares],
    }


def demand(purchase: Mapping[str, Any]) -> dict[str, int]:
    """How much of each product, in thousandths, a purchase takes; sorted by barcode."""
    return demand_of(cart_lines.from_document(line) for line in purchase.get("lines") or ())


def units(purchase: Mapping[str, Any]) -> int:
    """How many things that is."""
    return sum(cart_lines.from_document(line).units for line in purchase.get("lines") or ())


def is_limited(rule: Rule) -> bool:
    """Whether the rule is given only so often, or up to a budget."""
    limits = rule.limits
    return any(each is not None for each in (limits.per_code, limits.per_user, limits.total, limits.budget))


def rfc3339(at: datetime) -> str:
    """A time as events have it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(line: cart_lines.CartLine, total: LineTotal) -> dict[str, Any]:
    return {
        **cart_lines.to_document(line),
        "discount": total.discount,
        "payable": total.payable,
        "net": total.net,
        "tax": total.tax,
        "gross": total.gross,
        "rates": [{"name": rate.name, "millionths": rate.millionths} for rate in total.rates],
    }


def _share(share: TaxShare) -> dict[str, Any]:
    return {
        "rate": share.rate,
        "net": share.net,
        "tax": share.tax,
        "gross": share.gross,
        "parts": [{"name": part.name, "rate": part.rate, "tax": part.tax} for part in share.parts],
    }


def _promotion(applied: Applied) -> dict[str, Any]:
    by_line: dict[str, int] = {}
    for given in applied.given:
        for share in given.shares:
            by_line[share.line] = by_line.get(share.line, 0) + share.amount
    return {
        "promotionId": applied.rule.id,
        "ver": applied.rule.version,
        "name": applied.rule.name,
        "discount": applied.discount,
        "times": len(applied.given),
        "code": applied.code,
        "lines": [{"lineId": line, "amount": amount} for line, amount in by_line.items() if amount],
    }
