"""From `priced` to `reserved`: card, coupons and stock are claimed for this checkout alone; and how they go back."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from functions.checkout import selling
from functions.checkout.core import Deps
from functions.checkout.refusals import Refusal
from functions.common import failpoints, log
from functions.common.contracts.checkout import INTERVENTION_OPENED
from functions.common.errors import Conflict, Problem
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.quotes import STRICT
from functions.common.redemptions import Redemption
from functions.common.retail import purchase_states as states
from functions.common.stock_holds import Shortage
from functions.common.together import together

HELD_LONGER = timedelta(minutes=30)
"""Holds outlive the window: only what a dead process took for a checkout that had ended is ever found by its end."""


async def reserve(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """The purchase with all that is limited held for it; None when somebody was faster. Raises Refusal."""
    await _claim_card(deps, purchase, now)
    await failpoints.hit("card.after_claim")
    await _claim_redemptions(deps, purchase, now)
    await failpoints.hit("redemption.after_claim")
    holds = await _hold_stock(deps, purchase)
    await failpoints.hit("order.before_reserved")
    opened = [
        entry(
            INTERVENTION_OPENED,
            {
                "checkoutId": purchase["_id"],
                "sessionId": purchase["sessionId"],
                "userId": purchase["userId"],
                "interventionId": each["id"],
                "kind": each["kind"],
            },
        )
        for each in purchase["interventions"]
    ]
    return await deps.purchases.move(
        purchase, states.RESERVED, now=now, values={"holds": holds}, events=opened, repeatable=True
    )


async def release(deps: Deps, purchase: Document) -> None:
    """All that this checkout may hold goes back, the cart last: the next checkout finds everything free.

    Safe to repeat, also for what was never held. Only for a purchase that can never be paid any more.
    """
    tenant_id, store_id, order = purchase["tenantId"], purchase["storeId"], purchase["_id"]
    if purchase.get("policy") == STRICT:
        # Staff may have taken goods out of the basket after they were held.
        held = [hold["barcode"] for hold in purchase.get("holds") or ()]
        await deps.holds.release(tenant_id, store_id, order, sorted({*selling.demand(purchase), *held}))
        await failpoints.hit("release.after_stock")
    if _may_hold_promotions(purchase):
        await deps.redemptions.release(tenant_id, order)
        await failpoints.hit("release.after_redemptions")
    card = purchase.get("card")
    if card is not None:
        await deps.cards.release(tenant_id, store_id, card["cardId"], order)
        await failpoints.hit("release.after_card")
    await deps.carts.unlock(tenant_id, store_id, purchase["sessionId"], order)
    await failpoints.hit("release.after_unlock")


async def use_up(deps: Deps, purchase: Document) -> None:
    """All that was held for a purchase that is paid is used for good. Safe to repeat."""
    tenant_id, store_id, order, paid_at = purchase["tenantId"], purchase["storeId"], purchase["_id"], purchase["paidAt"]
    work: list[Coroutine[Any, Any, Any]] = []
    if purchase["policy"] == STRICT:
        work.append(_sell(deps, purchase))
    if _may_hold_promotions(purchase):
        work.append(_redeem(deps, purchase))
    if purchase["card"] is not None:
        work.append(deps.cards.use(tenant_id, store_id, purchase["card"]["cardId"], order, paid_at))
    # What fails is tried again when the purchase is looked after again.
    await together(*work)


async def claim_again(deps: Deps, purchase: Document, now: datetime) -> bool:
    """Hold once more the promotions that the purchase says it has; whether they are held. Safe to repeat."""
    if not purchase["redemptions"]:
        return True
    try:
        await _claim_redemptions(deps, purchase, now)
    except (Refusal, Problem):
        return False
    return True


async def _redeem(deps: Deps, purchase: Document) -> None:
    """What is paid is redeemed; should it have been given back meanwhile, it is taken anew as long as there is some."""
    tenant_id, order = purchase["tenantId"], purchase["_id"]
    if await deps.redemptions.confirm(tenant_id, order):
        return
    again = await claim_again(deps, purchase, purchase["paidAt"])
    if not again or not await deps.redemptions.confirm(tenant_id, order):
        # Paid is paid: the shopper keeps what was agreed to, and people learn that a limit was exceeded.
        log.error("checkout.redeemed_beyond_limit", checkoutId=order)


def _may_hold_promotions(purchase: Document) -> bool:
    """Whether limited promotions were claimed: also by the basket as it was before staff took something out."""
    return bool(purchase.get("redemptions")) or any(each["diff"] for each in purchase.get("interventions") or ())


async def _sell(deps: Deps, purchase: Document) -> None:
    sold = selling.demand(purchase)
    scope = purchase["tenantId"], purchase["storeId"], purchase["_id"]
    await deps.holds.commit(*scope, sold, purchase["paidAt"], by="checkout")
    # Staff may have taken goods out of the basket after they were held.
    gone = [hold["barcode"] for hold in purchase["holds"] if hold["barcode"] not in sold]
    if gone:
        await deps.holds.release(*scope, gone)


async def _claim_card(deps: Deps, purchase: Document, now: datetime) -> None:
    card = purchase["card"]
    if card is None:
        return
    claimed = await deps.cards.claim(
        tenant_id=purchase["tenantId"],
        store_id=purchase["storeId"],
        session_id=purchase["sessionId"],
        card_id=card["cardId"],
        checkout_id=purchase["_id"],
        now=now,
    )
    if claimed is None:
        raise Refusal(await _why_no_card(deps, purchase, now))


async def _why_no_card(deps: Deps, purchase: Document, now: datetime) -> str:
    """Its time may have ended since the basket was priced; then it may be gone from the database too."""
    scope = purchase["tenantId"], purchase["storeId"], purchase["sessionId"]
    found = await deps.cards.find(*scope, purchase["card"]["cardId"])
    over = found is None or (found.used_by is None and found.is_over(now))
    return "CARD_EXPIRED" if over else "CARD_USED"


async def _claim_redemptions(deps: Deps, purchase: Document, now: datetime) -> None:
    if not purchase["redemptions"]:
        return
    redemptions = await _redemptions(deps, purchase, now)
    try:
        refused = await deps.redemptions.claim(
            tenant_id=purchase["tenantId"],
            store_id=purchase["storeId"],
            user_id=purchase["userId"],
            order_id=purchase["_id"],
            redemptions=redemptions,
            now=now,
        )
    except Conflict as conflict:
        # Another process has ended this order meanwhile; if it has not, the shopper may try again.
        raise Refusal("COUPON_USED_UP", {"promotions": []}) from conflict
    if refused:
        gone = [{"promotionId": each.rule_id, "code": each.code, "reason": each.reason} for each in refused]
        raise Refusal("COUPON_USED_UP", {"promotions": gone})


async def _redemptions(deps: Deps, purchase: Document, now: datetime) -> list[Redemption]:
    """The rules as they were when the basket was priced; one that was edited since is priced anew."""
    tenant_id, store_id = purchase["tenantId"], purchase["storeId"]
    for fresh in (False, True):
        rules = {rule.id: rule for rule in await deps.rules.of_store(tenant_id, store_id, now, fresh=fresh)}
        wanted = purchase["redemptions"]
        if all(each["ruleId"] in rules and rules[each["ruleId"]].version == each["ver"] for each in wanted):
            return [Redemption(rules[each["ruleId"]], each["code"], each["amount"]) for each in wanted]
    raise Refusal("PRICE_CHANGED")


async def _hold_stock(deps: Deps, purchase: Document) -> list[dict[str, Any]]:
    if purchase["policy"] != STRICT:
        return []
    demand = selling.demand(purchase)
    # When too many hold a product just now the checkout stands as it is, and the same tap goes on with it.
    reserved = await deps.holds.reserve(
        purchase["tenantId"],
        purchase["storeId"],
        purchase["_id"],
        demand,
        purchase["expiresAt"] + HELD_LONGER,
        scarce=purchase["scarce"],
    )
    if reserved.emptied:
        await deps.sold_out(purchase["tenantId"], purchase["storeId"], reserved.emptied)
    if reserved.short:
        raise Refusal("OUT_OF_STOCK", {"lines": _short_lines(purchase, reserved.short)})
    return [{"barcode": barcode, "quantity": quantity} for barcode, quantity in sorted(reserved.held.items())]


def _short_lines(purchase: Document, short: tuple[Shortage, ...]) -> list[dict[str, Any]]:
    left = {each.barcode: each.left for each in short}
    return [
        {"lineId": line["id"], "code": "OUT_OF_STOCK", "barcode": line["barcode"], "left": left[line["barcode"]]}
        for line in purchase["lines"]
        if line["barcode"] in left
    ]
