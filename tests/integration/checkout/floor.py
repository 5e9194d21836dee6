"""A shop with a real MongoDB and a provider in memory: shelves, shoppers with carts, and what becomes of them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.checkout import advancing, opening, pricing, sweeping
from functions.checkout.core import Deps
from functions.checkout.opening import Wanted
from functions.checkout.papers.issuing import Papers
from functions.checkout.payments.provider import Intent
from functions.common import brand_cards, clock, mongo, quotes, redemptions, stores, tenants
from functions.common.auth import SHOPPER, Principal
from functions.common.cart_lines import CartLine, to_document
from functions.common.carts import Carts
from functions.common.mongo import Document
from functions.common.products import new_document, price_field, stock_field
from functions.common.promotion_source import Promotions
from functions.common.purchases import Purchases
from functions.common.retail import promotion_codec
from functions.common.retail.promotion_rules import Rule
from functions.common.stock_holds import Emptied, StockHolds
from retailscan import audit, audit_purchases
from tests.integration.checkout.purse import Purse

TENANT, STORE = "acme", "acme-centre"
PEN, INK, WINE = "4006381333931", "4006381333948", "4006381333962"
MARK: Any = {"t": 1, "q": 0, "s": "erp", "e": "first"}
_numbers = itertools.count(1)


async def _no_reminder(_at: datetime) -> None:
    """Who wants a window closed here fires the sweep."""


class Floor:
    """One store. `policy` is its stock policy."""

    def __init__(self) -> None:
        self.purse = Purse()
        self.sold_out: list[str] = []
        self.deps = self.fresh()

    def fresh(self) -> Deps:
        """The dependencies as another process would have them."""
        purchases = Purchases()
        return Deps(
            purchases=purchases,
            carts=Carts(),
            payments=self.purse,
            papers=Papers(purchases, stores.find, tenants.settings_of),
            holds=StockHolds(),
            cards=brand_cards,
            redemptions=redemptions,
            rules=Promotions(),
            store=stores.find,
            terms=tenants.settings_of,
            products=quotes.products_of,
            remind=_no_reminder,
            sold_out=self.note_sold_out,
        )

    async def note_sold_out(self, _tenant: str, _store: str, emptied: Sequence[Emptied]) -> None:
        """What other shoppers would be told."""
        self.sold_out += [each.barcode for each in emptied]

    async def open(
        self, policy: str = "strict", *, store: str = STORE, checks: Mapping[str, Any] | None = None
    ) -> None:
        """A store, and its tenant's settings."""
        now = clock.now()
        await mongo.collection("stores").insert_one(
            {
                "_id": store,
                "tenantId": TENANT,
                "name": "Centre",
                "currency": "EUR",
                "timeZone": "Europe/Berlin",
                "status": "active",
                "stockPolicy": policy,
                "ver": 1,
                "createdAt": now,
                "updatedAt": now,
            }
        )
        await mongo.collection("tenant_settings").update_one(
            {"tenantId": TENANT, "name": "settings"},
            {
                "$set": {
                    "taxes": {"classes": {"standard": [{"name": "VAT", "percent": "19"}]}, "default": "standard"},
                    "checks": dict(checks or {}),
                    "ver": 1,
                    "createdAt": now,
                    "updatedAt": now,
                }
            },
            upsert=True,
        )

    async def shelf(
        self, barcode: str, price: int, avail: int | None, *, store: str = STORE, age: int | None = None
    ) -> None:
        """A product with a price, and so many pieces on the shelf; None: nobody keeps its stock."""
        kept = None if avail is None else stock_field(avail * 1000, MARK)
        document = dict(
            new_document(
                tenant_id=TENANT,
                store_id=store,
                barcode=barcode,
                name=f"Product {barcode[-3:]}",
                now=clock.now(),
                price=price_field(price, "EUR", MARK),
                stock=kept,
                age_restriction=age,
            )
        )
        if kept is not None and avail is not None:
            document["stock"] = {**kept, "count": avail * 1000}
        await mongo.collection("products").insert_one(document)

    async def promotion(self, rule: Rule) -> None:
        """An active promotion of all stores."""
        kept = promotion_codec.to_dict(rule)
        own = {"tenantId": TENANT, "promotionId": rule.id, "ver": rule.version, "status": "active", "deletedAt": None}
        await mongo.collection("promotions").insert_one({**kept, **own, "storeIds": None})

    async def price(self, barcode: str, price: int, store: str = STORE) -> None:
        """The price is another now."""
        await mongo.collection("products").update_one(
            {"storeId": store, "barcode": barcode}, {"$set": {"price.amount": price}, "$inc": {"ver": 1}}
        )

    async def avail(self, barcode: str, store: str = STORE) -> tuple[int, int, int]:
        """Pieces that are free, held, and sold."""
        product = await mongo.collection("products").find_one({"storeId": store, "barcode": barcode})
        assert product is not None
        kept = product["stock"]
        held = sum(hold["n"] for hold in kept["holds"])
        return kept["avail"] // 1000, held // 1000, kept["sold"] // 1000

    async def shopper(self, goods: Mapping[str, int], *, store: str = STORE, codes: tuple[str, ...] = ()) -> Shopper:
        """Somebody with so many pieces of each in the cart."""
        name = f"shopper-{next(_numbers)}"
        session_id = f"{store}.{hashlib.md5(name.encode()).hexdigest()}"
        now, lines, total = clock.now(), [], 0
        for number, (barcode, pieces) in enumerate(goods.items()):
            product = await mongo.collection("products").find_one({"storeId": store, "barcode": barcode})
            assert product is not None
            amount = product["price"]["amount"] * pieces
            total += amount
            line = CartLine(
                id=f"{number:08x}",
                code=barcode,
                barcode=barcode,
                name=product["name"],
                quantity=pieces * 1000,
                unit_price=product["price"]["amount"],
                amount=amount,
                ver=product["ver"],
                added_at=now,
                age_restriction=product["ageRestriction"],
            )
            lines.append(to_document(line))
        await mongo.collection("sessions").insert_one(
            {
                "_id": session_id,
                "tenantId": TENANT,
                "storeId": store,
                "userId": name,
                "status": "active",
                "createdAt": now,
                "expiresAt": now + timedelta(minutes=30),
                "cart": {"ver": 1, "lines": lines, "codes": list(codes), "total": total},
                "checkout": None,
                "card": None,
            }
        )
        caller = Principal(name, SHOPPER, TENANT, frozenset({store}), now.timestamp() + 3600, session_id)
        return Shopper(self, caller, total)

    async def sweep(self, deps: Deps | None = None) -> int:
        """What Cloud Scheduler does every minute."""
        return await sweeping.sweep(deps or self.deps, clock.now())

    async def purchases(self, **query: Any) -> list[Document]:
        """All that were ever begun."""
        return await mongo.collection("purchases").find(query).to_list()

    async def findings(self) -> list[str]:
        """What the auditor has to say, with the provider's ledger beside ours."""
        database = mongo.database()
        found = await audit.findings(database, None)
        return found + [each async for each in audit_purchases.charges(database, self.purse.ledger())]


class Shopper:
    """One shopper with a cart, and what the app does."""

    def __init__(self, floor: Floor, caller: Principal, total: int) -> None:
        self.floor, self.caller, self.total = floor, caller, total

    async def check_out(
        self, key: str = "tap", *, total: int | None = None, cart_ver: int = 1, deps: Deps | None = None
    ) -> tuple[Document, Intent | None]:
        """Tap the button; with the same key it is the same tap."""
        digest = hashlib.sha256(f"{self.caller.sub} {key}".encode()).hexdigest()
        wanted = Wanted(cart_ver, self.total if total is None else total, "EUR")
        return await opening.check_out(deps or self.floor.deps, self.caller, wanted, digest, clock.now())

    async def agree(self) -> int:
        """See what the cart costs now, promotions and all."""
        caller = self.caller
        visit = await Carts().read(TENANT, caller.store_id, caller.session_id, caller.sub)
        assert visit is not None
        _, _, priced, _ = await pricing.gather(self.floor.deps, visit, "", clock.now())
        self.total = priced.total
        return self.total

    async def buy(self, key: str = "tap") -> Document:
        """Check out, pay, and have the webhook seen to."""
        purchase, intent = await self.check_out(key)
        if intent is not None:
            self.floor.purse.pay(intent.id)
        return await self.look(purchase["_id"])

    async def look(self, checkout_id: str | None = None, deps: Deps | None = None) -> Document:
        """What becomes of it when somebody looks after it."""
        return await advancing.look_after(deps or self.floor.deps, await self.purchase(checkout_id))

    async def purchase(self, checkout_id: str | None = None) -> Document:
        """The purchase as it is kept: this one, or the last."""
        query = {"_id": checkout_id} if checkout_id else {"sessionId": self.caller.session_id}
        found = await mongo.collection("purchases").find_one(query, sort=[("createdAt", -1)])
        assert found is not None
        return found

    async def show_card(self, *groups: str, minutes: int = 10) -> None:
        """A brand card on the visit, for somebody who belongs to these groups."""
        session_id, now = self.caller.session_id, clock.now()
        until = now + timedelta(minutes=minutes)
        card_id = f"{STORE}.{hashlib.md5(session_id.encode()).hexdigest()}"
        await mongo.collection("discountcards").insert_one(
            {
                "_id": card_id,
                "tenantId": TENANT,
                "storeId": self.caller.store_id,
                "sessionId": session_id,
                "userId": self.caller.sub,
                "brandId": "brand",
                "cardKey": hashlib.sha256(session_id.encode()).hexdigest(),
                "maskedNumber": "..1234",
                "groups": list(groups),
                "points": 10,
                "benefits": [],
                "status": "confirmed",
                "asOf": now,
                "scannedAt": now,
                "expiresAt": until,
                "usedBy": None,
            }
        )
        card = {"cardId": card_id, "brandId": "brand", "groups": list(groups), "attachedUntil": until}
        await mongo.collection("sessions").update_one({"_id": session_id}, {"$set": {"card": card}})

    async def card(self) -> Document:
        """The card of the visit as it is kept."""
        found = await mongo.collection("discountcards").find_one({"sessionId": self.caller.session_id})
        assert found is not None
        return found

    async def visit(self) -> Document:
        """The visit as it is kept."""
        found = await mongo.collection("sessions").find_one({"_id": self.caller.session_id})
        assert found is not None
        return found
