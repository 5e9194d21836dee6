"""What must hold of purchases, whoever was killed: charged once, never oversold, one receipt, no standstill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.common import clock
from functions.common.retail import purchase_states as states

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

SOLD = frozenset({states.EXIT_ISSUED, states.EXITED, states.CLOSED, states.REFUNDED})
"""Paid, and all that follows from it is done."""
STILL = timedelta(minutes=15)
LATE = timedelta(seconds=60)
LEFT = timedelta(minutes=45)
"""After so long nothing may be held for a purchase that has ended."""
DECIDED = ("approved", "rejected")
COUNTED = ("pending", "succeeded")
"""Refunds whose money is the customer's again."""


class Charge(NamedTuple):
    """What a payment provider's ledger says of one payment; minor units."""

    intent_id: str
    checkout_id: str
    received: int
    refunded: int
    currency: str


async def money(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Money: what was paid is what the lines cost, and no more comes back than was paid."""
    query = {"totals": {"$type": "object"}}
    shown = {"state": 1, "totals": 1, "lines.gross": 1, "payment": 1, "refunds": 1, "refunded": 1}
    async for each in database["purchases"].find(query, shown):
        for sentence in _money(each):
            yield f"money: {each['_id']} {sentence}"


def _money(each: Mapping[str, Any]) -> Iterable[str]:
    total, payment = each["totals"]["total"], each.get("payment") or {}
    captured = payment.get("captured", 0)
    if total != sum(line["gross"] for line in each["lines"]):
        yield f"costs {total}, its lines {sum(line['gross'] for line in each['lines'])}"
    if each["state"] in states.BOUGHT and captured != total:
        yield f"is {each['state']}, costs {total} and {captured} was paid"
    if each["state"] in states.GIVEN_UP and captured and not payment.get("mismatch"):
        yield f"is {each['state']}, and {captured} was paid"
    back = sum(refund["amount"] for refund in each["refunds"] if refund["state"] in COUNTED)
    if back != each["refunded"]:
        yield f"says that {each['refunded']} came back, its refunds {back}"
    if each["refunded"] > captured:
        yield f"gives back {each['refunded']} of {captured}"


async def charges(database: AsyncDatabase[dict[str, Any]], ledger: Iterable[Charge]) -> AsyncIterator[str]:
    """Money: the provider's ledger and ours agree; a checkout is charged once at most."""
    paid: dict[str, list[Charge]] = {}
    for charge in ledger:
        if charge.received:
            paid.setdefault(charge.checkout_id, []).append(charge)
    shown = {"state": 1, "totals.total": 1, "payment": 1, "currency": 1, "refunded": 1, "refunds": 1}
    async for each in database["purchases"].find({}, shown):
        theirs = paid.pop(each["_id"], [])
        kept = [charge for charge in theirs if charge.received > charge.refunded or each["refunded"]]
        if len(kept) > 1:
            yield f"money: {each['_id']} was charged {len(kept)} times"
        for sentence in _charge(each, theirs):
            yield f"money: {each['_id']} {sentence}"
    for checkout_id in paid:
        yield f"money: the provider was paid for {checkout_id}, which is no purchase"


def _charge(each: Mapping[str, Any], theirs: Iterable[Charge]) -> Iterable[str]:
    own = (each.get("payment") or {}).get("intentId")
    mine = next((charge for charge in theirs if charge.intent_id == own), None)
    bought = each["state"] in states.BOUGHT
    if bought and each["totals"]["total"] and mine is None:
        yield f"is {each['state']}, and the provider knows of no payment"
    for charge in theirs:
        if (not bought or charge is not mine) and charge.received != charge.refunded:
            yield f"is {each['state']}, and the provider keeps {charge.received - charge.refunded}"
    if bought and mine is not None:
        if (mine.received, mine.currency) != (each["totals"]["total"], each["currency"]):
            yield f"costs {each['totals']['total']} {each['currency']}, paid was {mine.received} {mine.currency}"
        settled = all(refund["state"] != "pending" for refund in each["refunds"])
        if settled and mine.refunded != each["refunded"]:
            yield f"gave back {each['refunded']}, by the provider {mine.refunded}"


async def stock(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Stock: a purchase holds or has sold what it takes, once; what has ended unpaid holds and sold nothing."""
    purchases, products = database["purchases"], database["products"]
    held: dict[str, set[tuple[str, str]]] = {}
    shown = {"storeId": 1, "barcode": 1, "stock.holds": 1}
    async for product in products.find({"stock.holds.exp": {"$exists": True}}, shown):
        orders = [hold["order"] for hold in product["stock"]["holds"]]
        place = (product["storeId"], product["barcode"])
        for order in sorted(set(orders)):
            held.setdefault(order, set()).add(place)
            if orders.count(order) > 1:
                yield f"stock: {order} holds {place[1]} twice"
    late = clock.now() - LEFT
    async for each in purchases.find({"_id": {"$in": list(held)}}, {"state": 1, "updatedAt": 1}):
        ended = each["state"] in states.GIVEN_UP or each["state"] in SOLD
        if ended and each["updatedAt"] < late:
            yield f"stock: {each['_id']} is {each['state']} and still holds stock"
    async for sentence in _sales(database):
        yield sentence


async def _sales(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    shown = {"storeId": 1, "state": 1, "policy": 1, "lines.barcode": 1, "lines.quantity": 1}
    async for each in database["purchases"].find({"policy": {"$exists": True}}, shown):
        done = each["state"] in SOLD and (each["policy"] == "strict" or each["state"] != states.EXIT_ISSUED)
        never = each["state"] in states.GIVEN_UP
        if not (done or never):
            continue
        sold: dict[str, int] = {}
        entries = database["stock_movements"].find(
            {"storeId": each["storeId"], "id": each["_id"], "kind": "sale", "state": "done"}, {"barcode": 1, "q": 1}
        )
        async for entry in entries:
            sold[entry["barcode"]] = sold.get(entry["barcode"], 0) + entry["q"]
        wanted: dict[str, int] = {}
        for line in each["lines"] if done else ():
            wanted[line["barcode"]] = wanted.get(line["barcode"], 0) + line["quantity"]
        if each["state"] == states.REFUNDED and each["policy"] != "strict" and not sold:
            continue  # paid back before anything had left the store
        if sold != wanted:
            yield f"stock: {each['_id']} is {each['state']}, takes {wanted} and sold {sold}"


async def receipts(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Receipts: whoever has bought has exactly one, numbers have no gaps, and passes are used once, by the paid."""
    purchases = database["purchases"]
    numbers: dict[str, list[int]] = {}
    shown = {"storeId": 1, "state": 1, "receipt.number": 1, "pass": 1, "paidAt": 1}
    async for each in purchases.find({}, shown):
        number = (each.get("receipt") or {}).get("number")
        if number is not None:
            numbers.setdefault(each["storeId"], []).append(number)
        if number is None and each["state"] in SOLD - {states.REFUNDED}:
            yield f"receipts: {each['_id']} is {each['state']} without a receipt"
        if each["state"] not in states.BOUGHT and (number is not None or each.get("pass") is not None):
            yield f"receipts: {each['_id']} is {each['state']} and has a receipt or a pass"
        used = (each.get("pass") or {}).get("usedAt")
        if used is not None and each["state"] in (states.PAID, states.EXIT_ISSUED):
            yield f"receipts: the pass of {each['_id']} was used, and it is {each['state']}"
    for store, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"receipts: the {len(found)} numbers of {store} have gaps or doubles, up to {max(found)}"


async def liveness(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Liveness: nobody waits for a purchase that nobody goes on with, and nothing stays locked for it."""
    late = clock.now() - STILL
    stuck = await database["purchases"].count_documents({"dueAt": {"$lt": late}})
    if stuck:
        yield f"liveness: {stuck} purchases have stood still for longer than fifteen minutes"
    going = list(states.MOVES.keys() - states.ENDED)
    lost = await database["purchases"].count_documents({"state": {"$in": going}, "dueAt": {"$exists": False}})
    if lost:
        yield f"liveness: {lost} purchases are neither over nor looked after"
    async for sentence in _locks(database, late):
        yield sentence


async def _locks(database: AsyncDatabase[dict[str, Any]], late: datetime) -> AsyncIterator[str]:
    locked: dict[str, str] = {}
    query = {"status": "active", "checkout.at": {"$lt": late}}
    async for visit in database["sessions"].find(query, {"checkout.id": 1}):
        locked[visit["checkout"]["id"]] = visit["_id"]
    over = {"_id": {"$in": list(locked)}, "state": {"$in": sorted(states.GIVEN_UP)}, "updatedAt": {"$lt": late}}
    async for each in database["purchases"].find(over, {"state": 1}):
        yield f"liveness: the cart of {locked[each['_id']]} is locked by {each['_id']}, which is {each['state']}"


async def outbox(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Outbox: what happened to purchases has been told."""
    late = await database["purchases"].count_documents({"outbox.at": {"$lt": clock.now() - LATE}})
    if late:
        yield f"outbox: {late} purchases hold events older than a minute"


async def deeds(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Audit: every refund and every decision of staff is written down in the purchase."""
    query = {"$or": [{"refunds.0": {"$exists": True}}, {"interventions.0": {"$exists": True}}]}
    shown = {"storeId": 1, "refunds.id": 1, "interventions.status": 1, "audit.action": 1}
    async for each in database["purchases"].find(query, shown):
        actions = [entry["action"] for entry in each.get("audit", ())]
        for deed, done in (
            ("refund", len(each.get("refunds") or ())),
            ("intervention", sum(one["status"] in DECIDED for one in each.get("interventions") or ())),
        ):
            written = sum(action.startswith(f"{deed}.") for action in actions)
            if written < done:
                yield f"audit: {each['_id']} had {done} deeds of the kind {deed}, {written} are written down"


CHECKS = (money, stock, receipts, liveness, outbox, deeds)
