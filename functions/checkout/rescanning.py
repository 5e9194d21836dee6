"""Staff look into the bag: what they scan is compared with the basket, and the basket with what is paid.

What is missing is taken off, and less is captured than was authorised. What is there and not in the basket ends the
checkout: the shopper adds it to the cart and checks out again, for nobody is charged more than was agreed to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from functions.checkout import advancing, domain, interventions, reserving, selling
from functions.checkout.core import Deps
from functions.checkout.domain import Difference
from functions.checkout.refusals import Refusal
from functions.common import cart_lines, product_source, products
from functions.common.cart_lines import CartLine, ProductNow, offer_of, unit_of
from functions.common.errors import Conflict, Malformed, NotFound
from functions.common.mongo import Document
from functions.common.product_edits import Editor
from functions.common.quotes import Quote
from functions.common.redemptions import Redemption
from functions.common.retail import pricing
from functions.common.retail import purchase_states as states
from functions.common.retail.barcode import InvalidCode
from functions.common.retail.basket import EACH
from functions.common.retail.labels import parse_template
from functions.common.retail.money import divide
from functions.common.retail.promotions import Facts
from functions.common.retail.scancode import Resolved, resolve
from functions.common.retail.totals import total_up
from functions.common.stores import Store

PIECE = 1000
Outcome = Literal["same", "lowered", "extra"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something in the bag: its code as it was scanned, and how often, in thousandths."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Rescanned:
    """What a rescan came to; totals in minor units."""

    outcome: Outcome
    differences: tuple[Difference, ...]
    old_total: int
    purchase: Document


async def rescan(deps: Deps, purchase: Document, identifier: str, bag: Sequence[Found], editor: Editor) -> Rescanned:
    """Compare the bag with the basket and make the basket what is really there.

    Raises Conflict when it does not wait for staff (any more), Malformed for a code that cannot be read, NotFound for
    one that the store does not know.
    """
    intervention = interventions.find(purchase, identifier)
    interventions.check_waiting(purchase)
    if purchase["state"] == states.RESERVED:
        # The provider may have been asked for the whole amount, and the key of that is for one amount.
        raise Conflict("its payment is just being made: try again", code="CONCURRENT_EDIT", retry_after=1)
    interventions.check_mine(intervention, editor)
    found = await _goods(deps, purchase, bag)
    basket = [(line["barcode"], line["name"], line["quantity"]) for line in purchase["lines"]]
    differences = tuple(domain.differences(basket, found))
    old_total = purchase["totals"]["total"]
    # Who looks into the bag has taken it on.
    fields = {"status": domain.CLAIMED, "by": editor.who, "diff": [_plain(each) for each in differences]}
    if any(not each.missing for each in differences):
        return await _extra(deps, purchase, identifier, fields, differences, editor)
    more: Mapping[str, Any] = {}
    if differences:
        more = await _lowered(deps, purchase, differences, editor)
    changed = await interventions.write(deps, purchase, identifier, fields, editor, "intervention.rescanned", more=more)
    if changed is None:
        await _hold_what_stays(deps, purchase, more, editor)
        raise Conflict("this basket is changing just now: try again", code="CONCURRENT_EDIT", retry_after=1)
    return Rescanned("lowered" if differences else "same", differences, old_total, changed)


async def _extra(
    deps: Deps,
    purchase: Document,
    identifier: str,
    fields: Mapping[str, Any],
    differences: tuple[Difference, ...],
    editor: Editor,
) -> Rescanned:
    old_total = purchase["totals"]["total"]
    written = {**fields, "status": domain.REJECTED, "reason": "there is more in the bag than in the basket"}
    refusal = Refusal("ITEMS_MISSING_FROM_CART", {"items": [_plain(each) for each in differences if not each.missing]})
    changed = await interventions.write(
        deps, purchase, identifier, written, editor, "intervention.rescanned", refusal=refusal
    )
    if changed is None:
        raise Conflict("this basket is changing just now: try again", code="CONCURRENT_EDIT", retry_after=1)
    return Rescanned("extra", differences, old_total, await interventions.ended(deps, changed))


# ---- what is in the bag -----------------------------------------------------------------------------------------


async def _goods(deps: Deps, purchase: Document, bag: Sequence[Found]) -> dict[str, int]:
    """How much of each product, by its own barcode, in thousandths."""
    store = await deps.store(purchase["tenantId"], purchase["storeId"])
    if store is None:
        raise NotFound("there is no such store", code="STORE_NOT_FOUND")
    lines = [cart_lines.from_document(line) for line in purchase["lines"]]
    templates = tuple(parse_template(each) for each in store.label_templates)
    goods: dict[str, int] = {}
    unknown: list[tuple[Found, Resolved]] = []
    for each in bag:
        line = next((line for line in lines if line.code == each.code and line.fixed), None)
        if line is not None:
            # A label that says how much it is: the very code that is in the basket.
            goods[line.barcode] = goods.get(line.barcode, 0) + line.quantity * (each.quantity // PIECE)
            continue
        try:
            unknown.append((each, resolve(each.code, templates)))
        except InvalidCode as problem:
            raise Malformed(str(problem), code=problem.code, field="items") from problem
    held = await _products(purchase, [barcode for _, read in unknown for barcode in read.lookup])
    for each, read in unknown:
        barcode, quantity = _amount(each, read, held, store)
        goods[barcode] = goods.get(barcode, 0) + quantity
    return goods


async def _products(purchase: Document, barcodes: Sequence[str]) -> dict[str, ProductNow]:
    """The products with these barcodes, or with packs that have them, by what was asked for."""
    if not barcodes:
        return {}
    found: dict[str, ProductNow] = {}
    source = product_source.MongoProducts()
    for document in await source.find(purchase["tenantId"], purchase["storeId"], sorted(set(barcodes))):
        if products.is_absent(document):
            continue
        now = ProductNow(products.from_cached(products.to_cached(document)), document["ver"])
        for barcode in (document["barcode"], *(unit.get("barcode") for unit in document.get("units") or ())):
            if barcode is not None:
                found.setdefault(barcode, now)
    return found


def _amount(each: Found, read: Resolved, held: Mapping[str, ProductNow], store: Store) -> tuple[str, int]:
    barcode = next((code for code in read.lookup if code in held), None)
    if barcode is None:
        raise NotFound(f"this store does not know {each.code}", code="PRODUCT_NOT_FOUND")
    product = held[barcode].product
    offer = offer_of(product, unit_of(product, barcode), store.currency)
    if offer.measure == EACH:
        labelled = pricing.price_item(read.label, offer).quantity
        return product["barcode"], (labelled or offer.pack or PIECE) * each.quantity // PIECE
    measured = pricing.price_item(read.label, offer).quantity
    return product["barcode"], each.quantity if measured is None else measured * (each.quantity // PIECE)


# ---- what is left of the basket -----------------------------------------------------------------------------------


async def _lowered(deps: Deps, purchase: Document, missing: Sequence[Difference], editor: Editor) -> dict[str, Any]:
    """The fields of the purchase without what is missing, at the prices that were agreed. Raises Conflict."""
    before = [cart_lines.from_document(line) for line in purchase["lines"]]
    stays = domain.without_missing(
        [(line.id, line.barcode, line.quantity, line.pack, _divisible(line)) for line in before], missing
    )
    after = [_less(line, stays[line.id]) for line in before if stays[line.id]]
    if not after:
        raise Conflict("nothing of the basket is there: refuse it", code="NOTHING_FOUND")
    terms = await deps.terms(purchase["tenantId"])
    quote = await _again(deps, purchase, after, editor)
    if purchase["payment"] is not None and not quote.total:
        raise Conflict("what is there costs nothing, and no payment can be of nothing: refuse it", code="NOTHING_FOUND")
    if quote.total > purchase["totals"]["total"]:
        raise Conflict(
            "without what is missing the rest costs more than was agreed: refuse the basket",
            code="TOTAL_WOULD_RISE",
            details={"total": quote.total},
        )
    sold = selling.sold(quote, terms)
    if sold["redemptions"] != purchase["redemptions"]:
        await _claim_anew(deps, purchase, quote, editor)
    return sold


async def _again(deps: Deps, purchase: Document, lines: Sequence[CartLine], editor: Editor) -> Quote:
    """What the lines cost with the promotions of now, as of the moment when the basket was agreed on."""
    from zoneinfo import ZoneInfo

    tenant_id, store_id = purchase["tenantId"], purchase["storeId"]
    terms = await deps.terms(tenant_id)
    rules = await deps.rules.of_store(tenant_id, store_id, editor.now, fresh=True)
    usage = await deps.redemptions.usage(
        tenant_id, purchase["userId"], purchase["codes"], rules, order_id=purchase["_id"]
    )
    card = purchase["card"]
    groups = frozenset(card["groups"]) if card is not None else frozenset()
    facts = Facts(
        store_id,
        purchase["createdAt"],
        ZoneInfo(purchase["zone"]),
        groups,
        frozenset(purchase["codes"]),
        usage,
        terms.rounding,
    )
    totals = total_up([line.basket_line() for line in lines], rules, facts, terms.taxes)
    by_line = {each.line.id: each for each in totals.lines}
    return Quote(tuple(lines), totals, purchase["currency"], purchase["createdAt"], by_line=by_line)


async def _claim_anew(deps: Deps, purchase: Document, quote: Quote, editor: Editor) -> None:
    """The coupons that the smaller basket gets, in the place of those of the whole one."""
    limited = [
        Redemption(each.rule, each.code, each.discount)
        for each in quote.totals.promotions.applied
        if selling.is_limited(each.rule)
    ]
    if not limited:
        return  # what was claimed is confirmed with the payment; a coupon that was shown is not given back
    refused = await deps.redemptions.claim(
        tenant_id=purchase["tenantId"],
        store_id=purchase["storeId"],
        user_id=purchase["userId"],
        order_id=purchase["_id"],
        redemptions=limited,
        now=editor.now,
    )
    if refused:
        # Asking for these has given back what the whole basket had: it must not be paid for without.
        if not await reserving.claim_again(deps, purchase, editor.now):
            await advancing.give_up(deps, purchase, "COUPON_USED_UP", editor.now)
        raise Conflict("a promotion has been used up meanwhile: refuse the basket", code="COUPON_USED_UP")


async def _hold_what_stays(deps: Deps, purchase: Document, more: Mapping[str, Any], editor: Editor) -> None:
    """Somebody was faster, so the basket stays as that one has left it, with its own promotions."""
    if more.get("redemptions", purchase["redemptions"]) == purchase["redemptions"]:
        return
    current = await deps.purchases.by_id(purchase["_id"])
    if current is not None and current["state"] in states.UNPAID - {states.CANCELLING}:
        await reserving.claim_again(deps, current, editor.now)


def _divisible(line: CartLine) -> bool:
    return line.measure == EACH and not line.fixed


def _less(line: CartLine, quantity: int) -> CartLine:
    """The line with less of it, at the same price."""
    if quantity == line.quantity:
        return line
    return replace(line, quantity=quantity, amount=divide(line.amount * quantity, line.quantity))


def _plain(each: Difference) -> dict[str, Any]:
    return {"barcode": each.barcode, "name": each.name, "basket": each.basket, "found": each.found}
