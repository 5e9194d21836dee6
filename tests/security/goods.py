"""Two tenants and what they own: documents, their ids, and a request that works for each operation."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from functions.common import products
from functions.common.cart_lines import CartLine, to_document
from functions.common.product_names import name_key, name_tokens
from functions.common.products import Watermark
from functions.import_publish.domain import duplicates, failures, staged
from functions.import_publish.domain.profiles import BUILT_IN, Profile
from functions.import_publish.domain.rules import Rules
from tests.security import bought

TENANT, STORE, OTHER_STORE = "acme", "acme-centre", "acme-north"
RIVAL, RIVAL_STORE = "bolt", "bolt-centre"
ANN, BOB = "ann", "bob"
SECRET = "nobody else may read this"
"""It stands in every text of the rival."""

MILK, CHEESE, PEN = "4006381333931", "3012345678902", "5012345678900"
NEW, PACK, UNKNOWN = "5000112637922", "4006381333948", "4012345678901"
BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
WATERMARK: Watermark = {"t": int(BORN.timestamp() * 1_000_000), "q": 1, "s": "erp", "e": "e-1"}

Documents = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Names:
    """How a kind of thing is called by whom it belongs to; `unknown` is nobody's."""

    mine: str
    rival: str
    unknown: str
    other_store: str | None = None
    """It belongs to the tenant, to a store that the caller's token does not name."""


def _visit(store: str, digit: str) -> str:
    return f"{store}.{digit * 32}"


NAMES = {
    "storeId": Names(STORE, RIVAL_STORE, "nowhere", OTHER_STORE),
    "barcode": Names(MILK, PEN, UNKNOWN, CHEESE),
    "code": Names(MILK, PEN, UNKNOWN, CHEESE),
    "brandId": Names("acme-dairy", "bolt-dairy", "no-such-brand"),
    "moduleId": Names("acme-offers", "bolt-offers", "no-such-module"),
    "batchId": Names("pb-acme", "pb-bolt", "pb-nobody", "pb-north"),
    "installationId": Names("acme-phone", "bolt-phone", "no-such-phone", "north-phone"),
    "deadLetterId": Names("a" * 32, "b" * 32, "0" * 32),
    "importId": Names("1a" * 16, "1b" * 16, "1d" * 16, "1c" * 16),
    "corrects": Names("1a" * 16, "1b" * 16, "1d" * 16, "1c" * 16),
    "profile": Names("acme-csv", "bolt-csv", "no-such-profile"),
    "profileName": Names("acme-csv", "bolt-csv", "no-such-profile"),
    "connection": Names("acme-sap", "bolt-sap", "no-such-connection"),
    "schedule": Names("acme-nightly", "bolt-nightly", "no-such-schedule"),
    # Nobody's: a line of a file.
    "line": Names("2", "777777777", "888888888", "777777777"),
    "promotionId": Names("acme-week", "bolt-week", "no-such-promotion", "north-week"),
    "lineId": Names("0a0a0a0a", "0b0b0b0b", "00000000", "0c0c0c0c"),
    # Of nobody: any text may be tried as a code.
    "coupon": Names("MILK", "BOLT", "NOBODYS", "NORTH"),
    "handoverId": Names(_visit(STORE, "1"), _visit(RIVAL_STORE, "2"), _visit("nowhere", "0"), _visit(OTHER_STORE, "3")),
    "sessionId": Names(_visit(STORE, "a"), _visit(RIVAL_STORE, "b"), _visit("nowhere", "0"), _visit(OTHER_STORE, "c")),
    "checkoutId": Names(
        bought.checkout_id(STORE, "a"),
        bought.checkout_id(RIVAL_STORE, "b"),
        bought.checkout_id("nowhere", "0"),
        bought.checkout_id(OTHER_STORE, "c"),
    ),
    "refundId": Names("a1" * 12, "b1" * 12, "0" * 24, "c1" * 12),
    "interventionId": Names(
        f"{bought.checkout_id(STORE, '1')}.1",
        f"{bought.checkout_id(RIVAL_STORE, '2')}.1",
        f"{bought.checkout_id('nowhere', '0')}.1",
        f"{bought.checkout_id(OTHER_STORE, '3')}.1",
    ),
    # Whoever has a link may read; a link is more than the name of a checkout.
    "receiptToken": Names(
        bought.link(bought.checkout_id(STORE, "a")),
        f"{bought.checkout_id(RIVAL_STORE, 'b')}.{'x' * 43}",
        f"{bought.checkout_id('nowhere', '0')}.{'x' * 43}",
        f"{bought.checkout_id(OTHER_STORE, 'c')}.{'x' * 43}",
    ),
    "date": Names("2026-10-01", "2026-10-02", "2026-10-04", "2026-10-03"),
}
"""The ids in paths, queries and bodies, by their name in the contract."""


@dataclass(frozen=True)
class Sample:
    """What an operation works with: a body with everything its schema knows, and where ids stand in it."""

    body: Any = None
    ids: Mapping[tuple[str | int, ...], str] | None = None
    path: Mapping[str, str] | None = None
    """Path parameters that are not the tenant's own things of `NAMES`."""
    query: Mapping[str, str] | None = None
    """Query parameters that it cannot do without."""
    content: bytes | None = None
    """A body that is not JSON."""
    media: str = "text/csv"
    headers: Mapping[str, str] | None = None
    """Headers that it cannot do without."""


def _product(barcode: str, name: str) -> dict[str, Any]:
    return {
        "barcode": barcode,
        "name": name,
        "description": "From oats",
        "brandId": "acme-dairy",
        "categoryId": "drinks",
        "status": "active",
        "showInQuickProducts": True,
        "measure": "each",
        "taxClass": "reduced",
        "imageUrl": "https://img.test/milk.png",
        "ageRestriction": 18,
        "recalledLots": ["L1"],
        "units": [{"name": "six", "barcode": PACK, "quantity": 6000, "price": 899}],
        "metadata": {"shelf": "A1"},
        "price": {"amount": 199, "currency": "EUR", "asOf": "2026-11-01T08:00:00Z"},
        "stock": {"quantity": 5000, "asOf": "2026-11-01T08:00:00Z"},
    }


_PATCH = {
    name: value for name, value in _product(MILK, "Oat milk").items() if name not in ("barcode", "price", "stock")
}
_LABELS = ["ean13-weight-verified", {"pattern": "2|item5|V|value5|C", "kind": "price", "name": "Scale", "decimals": 2}]
_STORE = {
    "name": "Market square",
    "timeZone": "Europe/Berlin",
    "status": "active",
    "stockPolicy": "strict",
    "labelTemplates": _LABELS,
    "address": {"street": "Markt 1", "postalCode": "10115", "city": "Berlin", "country": "DE"},
}
_SETTINGS = {
    "taxes": {
        "inclusive": True,
        "level": "line",
        "rounding": "half_even",
        "default": "standard",
        "classes": {"standard": [{"name": "VAT", "percent": "19"}], "reduced": [{"name": "VAT", "percent": "7"}]},
    },
    "rounding": "half_even",
    "checks": {"spotCheckShare": 20_000, "riskAmount": 20_000, "ageCheck": True},
    "refundLimit": 10_000,
    "receiptFooter": "Thank you",
}
_MODULE = {
    "name": "Offers",
    "version": "1.2.3",
    "config": {"mostOffers": 3},
    "status": "enabled",
    "permissions": ["offers:read"],
}
_BRAND = {
    "name": "Dairy",
    "description": "Milk",
    "logoUrl": "https://img.test/dairy.png",
    "metadata": {"founded": 1900},
}
_UPDATE = {
    "storeId": STORE,
    "barcode": MILK,
    "price": 219,
    "currency": "EUR",
}
"""As people may send it, too; what only an ERP states is tried in the room's own tests."""
_SCHEDULED, _PUBLISHED, _UNDONE = "2a" * 16, "3a" * 16, "4a" * 16
_FILE = f"barcode,name,price\n{NEW},Rye bread,2.99\n".encode()
_ORDER = {
    "storeIds": [STORE],
    "profile": "acme-csv",
    "mode": "partial",
    "name": "bread.csv",
    "again": True,
    "corrects": "1a" * 16,
}
_ORDERED: dict[tuple[str | int, ...], str] = {
    ("storeIds", 0): "storeId",
    ("profile",): "profile",
    ("corrects",): "corrects",
}
_REST = {
    "kind": "rest",
    "url": "https://erp.acme.example/products",
    "auth": {"kind": "header", "header": "X-Api-Key"},
    "items": "data.items",
    "required": ["sku", "price"],
    "paging": {"kind": "cursor", "parameter": "cursor", "next": "meta.next", "size": 100, "sizeParameter": "limit"},
    "changes": {"parameter": "since", "next": "meta.asOf"},
    "etag": True,
}
_NIGHTLY = {
    "connection": "acme-sap",
    "storeIds": [STORE],
    "profile": "acme-csv",
    "mode": "full",
    "cron": "30 5 * * 1-6",
    "timeZone": "Europe/Berlin",
    "autoApprove": "when_clean",
    "enabled": True,
    "path": "prices.csv",
}
_NAMED: dict[tuple[str | int, ...], str] = {
    ("storeIds", 0): "storeId",
    ("profile",): "profile",
    ("connection",): "connection",
}

_MATCH = {
    "barcodes": [MILK],
    "categories": ["drinks"],
    "brands": ["acme-dairy"],
    "taxClasses": ["standard"],
    "measures": ["each"],
    "excluded": {"brands": ["acme-unused"]},
}
_RULE = {
    "name": "Milk week",
    "benefit": {
        "type": "mix_and_match",
        "triggers": [{"match": _MATCH, "quantity": 2}],
        "targets": [{"match": {"categories": ["drinks"]}, "quantity": 1}],
        "off": {"kind": "percent", "value": 5000},
        "choose": "cheapest",
        "maxOccurrences": 2,
    },
    "priority": 10,
    "stacking": "best_deal",
    "window": {
        "starts": "2026-11-01T00:00",
        "ends": "2026-12-01T00:00",
        "weekdays": [5],
        "hours": [{"opens": "17:00", "closes": "19:00"}],
    },
    "groups": ["member"],
    "codes": ["MILK"],
    "limits": {"perCode": 1, "perUser": 1, "total": 100, "budget": 10000},
}
_PROMOTION = {**_RULE, "description": "All milk", "status": "active", "storeIds": [STORE]}
_LINE = {
    "lineId": "1",
    "barcode": MILK,
    "quantity": 2000,
    "amount": 318,
    "measure": "each",
    "pack": 1000,
    "categoryId": "drinks",
    "brandId": "acme-dairy",
    "taxClass": "standard",
}
_DRY_RUN = {
    "storeId": STORE,
    "lines": [{"lineId": "2", "barcode": MILK}, _LINE],
    "at": "2026-11-20T17:30:00+01:00",
    "groups": ["member"],
    "codes": ["MILK"],
    "usage": [
        {"promotionId": "acme-week", "total": 1, "byUser": 1, "spent": 1, "byCode": [{"coupon": "MILK", "times": 1}]}
    ],
    "saved": "all",
    "promotions": [{"promotionId": "acme-week", **_RULE}],
    "rounding": "half_up",
    "taxes": {
        "classes": [{"taxClass": "standard", "rates": [{"rate": "19", "name": "VAT"}]}],
        "defaultClass": "standard",
        "inclusive": True,
        "level": "line",
        "rounding": "half_even",
    },
}

SAMPLES: dict[str, Sample] = {
    "catalog.create_product": Sample(_product(NEW, "Rye bread"), {("brandId",): "brandId"}),
    "catalog.load_products": Sample(
        {"products": [_product(NEW, "Rye bread")]}, {("products", 0, "brandId"): "brandId"}
    ),
    "catalog.edit_product": Sample(_PATCH, {("brandId",): "brandId"}),
    "catalog.create_brand": Sample({"brandId": "fresh", **_BRAND}),
    "catalog.edit_brand": Sample(_BRAND),
    "catalog.remove_brand": Sample(path={"brandId": "acme-unused"}),
    "catalog.create_module": Sample({"moduleId": "fresh", **_MODULE}),
    "catalog.edit_module": Sample(_MODULE),
    "catalog.open_store": Sample({"storeId": "acme-south", "currency": "EUR", **_STORE}, {("storeId",): "storeId"}),
    "catalog.edit_store": Sample(_STORE),
    "catalog.put_tenant_settings": Sample(_SETTINGS),
    "admin.list_store_sales": Sample(query={"from": "2026-10-01", "to": "2026-10-31"}),
    "admin.list_product_sales": Sample(query={"from": "2026-10-01", "to": "2026-10-31"}),
    "import_publish.upload_file": Sample(query={"storeId": STORE, "name": "bread.csv"}, content=_FILE),
    "import_publish.request_upload_url": Sample({**_ORDER, "media": "text/csv"}, _ORDERED),
    "import_publish.pull_file": Sample(
        {**_ORDER, "connection": "acme-sap", "path": "bread.csv"}, {**_ORDERED, ("connection",): "connection"}
    ),
    "import_publish.correct_import_row": Sample({"values": {"price": "2.99"}, "excluded": False}),
    "import_publish.approve_import": Sample({"confirm": [], "pace": "full", "ver": 1}),
    "import_publish.unschedule_import": Sample(path={"importId": _SCHEDULED}),
    "import_publish.reject_import": Sample({"reason": "old prices"}),
    "import_publish.put_import_profile": Sample({"profile": {"extends": "retailscan", "decimal": ","}}),
    "import_publish.preview_import": Sample(content=_FILE),
    "import_publish.list_failed_rows": Sample(path={"importId": _PUBLISHED}),
    "import_publish.export_failures": Sample(path={"importId": _PUBLISHED}),
    "import_publish.retry_import": Sample({"confirm": ["PRICE_JUMP"]}, path={"importId": _PUBLISHED}),
    "import_publish.retry_row": Sample(
        {"confirm": ["PRICE_JUMP"], "values": {"price": "2.99"}}, path={"importId": _PUBLISHED}
    ),
    "import_publish.roll_back_import": Sample(path={"importId": _PUBLISHED}),
    "import_publish.read_rollback": Sample(path={"importId": _UNDONE}),
    "import_publish.list_kept": Sample(path={"importId": _UNDONE}),
    "import_publish.put_connection": Sample({"settings": _REST}),
    "import_publish.put_connection_secret": Sample({"secret": {"token": "t0ken"}}),
    "import_publish.test_connection": Sample({"path": "prices.csv"}),
    "import_publish.remove_connection": Sample(path={"connection": "acme-unused"}),
    "import_publish.put_schedule": Sample(_NIGHTLY, _NAMED),
    "import_publish.put_import_rules": Sample({"rules": {"maxPrice": 100_000}}),
    "discount.create_promotion": Sample({"promotionId": "fresh", **_PROMOTION}, {("storeIds", 0): "storeId"}),
    "discount.replace_promotion": Sample(_PROMOTION, {("storeIds", 0): "storeId"}),
    "discount.dry_run": Sample(
        _DRY_RUN,
        {
            ("storeId",): "storeId",
            ("lines", 0, "barcode"): "barcode",
            ("lines", 1, "barcode"): "barcode",
            ("lines", 1, "brandId"): "brandId",
            ("usage", 0, "promotionId"): "promotionId",
            ("promotions", 0, "promotionId"): "promotionId",
        },
    ),
    "discount.accept_card": Sample({"cardNumber": "9780123456784", "brandId": "acme-dairy"}, {("brandId",): "brandId"}),
    "notify.put_device": Sample({"token": "token-of-a-phone", "platform": "android", "language": "de"}),
    "notify.put_in_front": Sample({"inFront": True}),
    "price_ingest.send_price_updates": Sample(
        {"updates": [_UPDATE]}, {("updates", 0, "storeId"): "storeId", ("updates", 0, "barcode"): "barcode"}
    ),
    "price_ingest.replay_dead_letter": Sample({"dryRun": False}),
    "price_ingest.replay_dead_letters": Sample({"dryRun": False, "ids": ["a" * 32]}, {("ids", 0): "deadLetterId"}),
    "scan.scan_symbol": Sample({"code": MILK, "symbology": "ean_13", "quantity": 2000}, {("code",): "code"}),
    "scan.scan_batch": Sample(
        {"items": [{"code": MILK, "symbology": "ean_13", "quantity": 2000}]}, {("items", 0, "code"): "code"}
    ),
    "exit_gate.open_gate": Sample({"pass": "put-in-by-the-mall-which-has-the-key"}),
    "exit_gate.let_out": Sample(
        {"checkoutId": bought.checkout_id(STORE, "a"), "reason": "phone is empty"}, {("checkoutId",): "checkoutId"}
    ),
    "checkout.close_day": Sample({"date": "2026-10-01"}),
    "checkout.check_out": Sample({"cartVersion": 1, "total": 143, "currency": "EUR"}),
    "checkout.reject_refund": Sample(body={"reason": "it was worn"}),
    "checkout.refund_purchase": Sample(
        {"lines": [{"lineId": "00000001", "quantity": 1000}], "whole": False, "reason": "sour", "restock": True},
        {("lines", 0, "lineId"): "lineId"},
    ),
    "checkout.cancel_checkout": Sample(path={"checkoutId": bought.checkout_id(STORE, "4")}),
    "checkout.approve_intervention": Sample({"reason": "of age"}),
    "checkout.reject_intervention": Sample({"reason": "too young"}),
    "checkout.rescan_intervention": Sample(
        {"items": [{"code": MILK, "quantity": 1000}]}, {("items", 0, "code"): "code"}
    ),
    "sessions.check_in": Sample({"storeCode": "put-in-by-the-mall-which-has-the-key"}),
    "sessions.add_line": Sample(
        {"code": MILK, "quantity": 2000, "note": "cold", "cartVersion": 1}, {("code",): "code"}
    ),
    "sessions.change_line": Sample({"quantity": 2000, "note": "cold", "cartVersion": 1}),
}
"""A new operation with a body needs an entry here; without a body it works with the tenant's own things."""


def documents(now: datetime) -> Documents:
    """What both tenants have, as the doors themselves leave it. Visits last for an hour from `now`."""
    made: Documents = {}
    for tenant, stores in ((TENANT, (STORE, OTHER_STORE)), (RIVAL, (RIVAL_STORE,))):
        _records(made, tenant)
        for store in stores:
            _shop(made, tenant, store, now)
    return made


def _text(tenant: str, text: str) -> str:
    return f"{text}, {SECRET}" if tenant == RIVAL else text


def _add(made: Documents, collection: str, **document: Any) -> None:
    there = made.setdefault(collection, [])
    # An id of its own, the same every time: what was not touched must be the same byte for byte.
    document.setdefault("_id", ObjectId(f"{zlib.crc32(collection.encode()):08x}{len(there):016x}"))
    there.append(document)


def _records(made: Documents, tenant: str) -> None:
    stamps: dict[str, Any] = {"ver": 1, "deletedAt": None, "createdAt": BORN, "updatedAt": BORN, "tenantId": tenant}
    for brand in (f"{tenant}-dairy", f"{tenant}-unused"):
        fields: dict[str, Any] = {"description": None, "logoUrl": None, "metadata": {}}
        _add(made, "brands", brandId=brand, name=_text(tenant, brand), **fields, **stamps)
    module = {"version": "1.0.0", "config": {}, "status": "enabled", "permissions": []}
    _add(made, "modules", moduleId=f"{tenant}-offers", name=_text(tenant, "Offers"), **module, **stamps)
    stamp = {"tenantId": tenant, "ver": 1, "createdAt": BORN, "updatedAt": BORN}
    said = {**_SETTINGS, "receiptFooter": _text(tenant, "Thank you")}
    _add(made, "tenant_settings", name="settings", deletedAt=None, **said, **stamp)
    _add(made, "reconciliations", **bought.compared(tenant=tenant, name=_text(tenant, "checkout"), now=BORN))
    profile = {"extends": "retailscan", "name": f"{tenant}-csv", "title": _text(tenant, "Till")}
    described = Profile.from_dict(profile).to_dict()
    _add(made, "import_profiles", name=f"{tenant}-csv", profile=described, updatedBy=_text(tenant, "manager"), **stamp)
    _sources(made, tenant, stamp)
    _add(made, "import_rules", rules={"maxPrice": 50_000}, updatedBy=_text(tenant, "manager"), **stamp)
    _promotions(made, tenant)
    parked = {
        "status": "parked",
        "code": "NOT_JSON",
        "subscription": "price-updates",
        "topic": f"price-updates-{tenant}",
    }
    _add(
        made, "dead_letters",
        _id=("a" if tenant == TENANT else "b") * 32, tenantId=tenant, reason=_text(tenant, "not JSON"), **parked,
        messageId="m1", publishTime="2026-11-01T08:00:00Z", attributes=[], data=_text(tenant, "{{").encode(), size=2,
        times=1, createdAt=BORN, updatedAt=BORN, replays=[],
    )  # fmt: skip
    _add(
        made, "replay_requests",
        _id=f"{tenant}:r1", tenantId=tenant, by=_text(tenant, "operator"), role="operator", at=BORN, dryRun=True,
        ids=[], code=None,
    )  # fmt: skip
    _add(
        made,
        "idempotency",
        _id=f"{tenant}-key",
        tenantId=tenant,
        state="done",
        fp="",
        owner="",
        expireAt=BORN + timedelta(days=3650),
    )


def _promotions(made: Documents, tenant: str) -> None:
    """One that everybody of the tenant knows, and one of the store that the caller's token does not name."""
    owned = {TENANT: (("acme-week", [STORE]), ("north-week", [OTHER_STORE])), RIVAL: (("bolt-week", None),)}[tenant]
    for promotion_id, store_ids in owned:
        said = {
            "name": _text(tenant, promotion_id), "description": _text(tenant, "All milk"), "status": "active",
            "storeIds": store_ids, "priority": 0, "stacking": "stack", "window": {}, "groups": [], "codes": [],
            "limits": {}, "benefit": {"type": "percentage", "match": {}, "basisPoints": 1000},
        }  # fmt: skip
        own = {"tenantId": tenant, "promotionId": promotion_id, "ver": 1}
        stamps = {"deletedAt": None, "createdAt": BORN, "updatedAt": BORN, "edit": {"op": "x"}}
        _add(made, "promotions", **own, **said, **stamps, audit=[], outbox=[])
        _add(
            made, "promotion_versions",
            **own, action="created", changes=[{"field": "storeIds", "before": None, "after": store_ids}], content=said,
            who=_text(tenant, "manager"), role="brand_manager", when=BORN, requestId="r1",
        )  # fmt: skip


def _sources(made: Documents, tenant: str, stamp: Mapping[str, Any]) -> None:
    by = {"createdBy": _text(tenant, "manager"), "updatedBy": _text(tenant, "manager")}
    # Kept before such addresses were refused: whoever tests the connection is told so, and nothing leaves the house.
    settings = {"kind": "https", "url": "https://127.0.0.1/prices.csv", "auth": {"kind": "none"}}
    for name in ("sap", "unused"):
        _add(made, "import_connections", name=f"{tenant}-{name}", kind="https", settings=settings, **by, **stamp)
    nightly = {**_NIGHTLY, "connection": f"{tenant}-sap", "storeIds": [STORE if tenant == TENANT else RIVAL_STORE]}
    run = {
        "id": "0" * 16, "kind": "now", "by": _text(tenant, "operator"), "dueAt": BORN, "at": BORN, "state": "skipped",
        "code": "STILL_RUNNING", "message": _text(tenant, "not yet"), "groupId": None, "importIds": [],
    }  # fmt: skip
    _add(
        made, "import_schedules",
        name=f"{tenant}-nightly", **nightly | {"profile": f"{tenant}-csv"}, nextAt=BORN + timedelta(days=3650),
        lease={"fence": 1, "until": None}, runs=[run], **by, **stamp,
    )  # fmt: skip


def _card(made: Documents, tenant: str, store: str, digit: str, user: str, now: datetime) -> dict[str, Any]:
    """A brand card on the visit, from a scan that takes as long to be over as the visit does."""
    end = now + timedelta(hours=1)
    said: dict[str, Any] = {"brandId": f"{tenant}-dairy", "maskedNumber": "****6784", "groups": ["member"]}
    answer = {"points": 12, "benefits": [{"code": "member", "text": _text(tenant, "Member prices")}], "asOf": now}
    _add(
        made, "discountcards",
        _id=f"{store}.{digit * 31}d", tenantId=tenant, storeId=store, sessionId=_visit(store, digit), userId=user,
        cardKey=f"{zlib.crc32(store.encode()):08x}" * 8, status="confirmed", scannedAt=end, expiresAt=end, usedBy=None,
        outbox=[], **said, **answer,
    )  # fmt: skip
    return {"cardId": f"{store}.{digit * 31}d", "attachedUntil": end, **said}


def _notices(made: Documents, tenant: str, store: str, visit: Mapping[str, Any], now: datetime) -> None:
    """What a shopper was told, and on which phone."""
    name = {STORE: "acme-phone", OTHER_STORE: "north-phone", RIVAL_STORE: "bolt-phone"}[store]
    phone = {"platform": "android", "language": "en", "registeredAt": now, "inFrontUntil": None}
    told = {
        "id": 1, "event": "e1", "kind": "paid", "text": "paid", "count": 1, "at": BORN, "push": None,
        "data": {"checkoutId": _text(tenant, "c1"), "total": 1, "currency": "EUR"},
    }  # fmt: skip
    _add(
        made, "notices",
        **visit, tenantId=tenant, storeId=store, ver=1, lastId=1, expiresAt=now + timedelta(hours=1),
        devices=[{"id": name, "token": _text(tenant, f"token-of-{name}"), **phone}], notices=[told], digest=None,
        cartAt=None, seen=["e1"],
    )  # fmt: skip


def _shop(made: Documents, tenant: str, store: str, now: datetime) -> None:
    own = {"tenantId": tenant, "storeId": store}
    _add(
        made, "stores",
        _id=store, tenantId=tenant, name=_text(tenant, store), currency="EUR", timeZone="Europe/Berlin",
        status="active", stockPolicy="strict", labelTemplates=[],
        address=None, codeVersion=1, codeIssuedAt=BORN, ver=1, deletedAt=None,
        createdAt=BORN, updatedAt=BORN,
    )  # fmt: skip
    special = {STORE: None, OTHER_STORE: CHEESE, RIVAL_STORE: PEN}[store]
    for number, barcode in enumerate(filter(None, (MILK, special))):
        name = _text(tenant, f"Product {barcode}")
        document: Any = products.new_document(
            tenant_id=tenant, store_id=store, barcode=barcode, name=name, now=BORN,
            tax_class="standard", price=products.price_field(159, "EUR", WATERMARK),
            stock=products.stock_field(9_000, WATERMARK),
        )  # fmt: skip
        _add(made, "products", **document, nameKey=name_key(name), nameTokens=name_tokens(name), audit=[])
        _add(
            made, "audit_log",
            _id=f"{store}.{number}", **own, entity="product", entityId=barcode, action="created", changes=[],
            who=_text(tenant, "manager"), role="brand_manager", when=BORN, requestId="r1", ver=1,
        )  # fmt: skip
        count = {"kind": "count", "q": 9_000, "at": WATERMARK["t"], "by": _text(tenant, "erp"), "avail": 9_000}
        _add(
            made, "stock_movements",
            _id=f"{store}:{barcode}:e-1", **own, barcode=barcode, **count, old=None, state="done", recordedAt=BORN,
        )  # fmt: skip
    digit, user = {STORE: ("a", ANN), OTHER_STORE: ("c", BOB), RIVAL_STORE: ("b", BOB)}[store]
    visit = {"userId": user, "status": "active", "createdAt": now, "expiresAt": now + timedelta(hours=1)}
    card = _card(made, tenant, store, digit, user, now)
    _add(made, "sessions", _id=_visit(store, digit), **own, **visit, **_cart(tenant, store, now), card=card)
    _notices(made, tenant, store, {"_id": _visit(store, digit), "userId": user}, now)
    date = {STORE: "2026-10-01", OTHER_STORE: "2026-10-03", RIVAL_STORE: "2026-10-02"}[store]
    sold = {"user": user, "session": _visit(store, digit), "barcode": MILK, "name": _text(tenant, "Oat milk")}
    for name, document in bought.documents(tenant=tenant, store=store, digit=digit, date=date, now=now, **sold):
        _add(made, name, **document)
    _add(
        made, "price_points",
        _id=f"{tenant}:{store}:{MILK}:price:1", **own, barcode=special or MILK, field="price", at=BORN, value=159,
        old=None, currency="EUR", expiresAt=now + timedelta(days=92),
    )  # fmt: skip
    _add(
        made, "stock_outs",
        _id=f"{tenant}:{store}:{MILK}", **own, barcode=special or MILK, name=_text(tenant, "Oat milk"), rev=1,
        seen=[{"v": 1, "at": BORN, "out": True}], since=BORN, until=None, times=1, seconds=0,
    )  # fmt: skip
    _add(
        made, "availability_days",
        _id=f"{tenant}:{store}:{date}", **own, day=date, slot=1, looks=1, listed=2, out=1, sumListed=2, sumOut=1,
        lookedAt=BORN,
    )  # fmt: skip
    best = {"barcode": MILK, "name": _text(tenant, "Oat milk"), "quantity": 1000, "amount": 159}
    _add(
        made, "sales_products",
        _id=f"{tenant}:{store}:{date}", **own, day=date, rev=1, products=[best],
    )  # fmt: skip
    _add(
        made, "sales_days",
        _id=f"{tenant}:{store}:{date}", **own, day=date, rev=1, currency="EUR", receipts=1, total=159, items=1,
        discount=0, refunds=0, refunded=0, cards=0, hours=[0] * 24, products=[best], summedAt=BORN,
    )  # fmt: skip
    _add(
        made, "sales_receipts",
        _id=f"{tenant}:{store}.{digit}", **own, kind="purchase", day=date, hour=9, total=159, currency="EUR", items=1,
        expiresAt=now + timedelta(days=400),
    )  # fmt: skip
    batch = {STORE: "pb-acme", OTHER_STORE: "pb-north", RIVAL_STORE: "pb-bolt"}[store]
    ends = {"createdAt": BORN, "expiresAt": now + timedelta(days=30)}
    _add(
        made, "price_batches",
        _id=f"{tenant}:{batch}", tenantId=tenant, batchId=batch, door="rest", by=_text(tenant, "erp"), storeIds=[store],
        received=1, **ends,
    )  # fmt: skip
    _add(
        made, "price_batch_parts",
        _id=f"{tenant}:{batch}:1", tenantId=tenant, batchId=batch, counts={"received": 1, "rejected": 1}, at=BORN,
        expiresAt=ends["expiresAt"],
    )  # fmt: skip
    _add(
        made, "price_issues",
        _id=f"{tenant}:{batch}/0", **own, batchId=batch, message="m1", index=0, barcode=MILK, kind="rejected",
        code="FIELD_INVALID", reason=_text(tenant, "price"), at=BORN, expiresAt=ends["expiresAt"],
    )  # fmt: skip
    _import(made, own, "staged", {STORE: "1a", OTHER_STORE: "1c", RIVAL_STORE: "1b"}[store] * 16, now)
    _published(made, own, {STORE: _PUBLISHED, OTHER_STORE: "3c" * 16, RIVAL_STORE: "3b" * 16}[store], now)
    if store == STORE:
        _import(made, own, "scheduled", _SCHEDULED, now)
    _undone(made, own, {STORE: _UNDONE, OTHER_STORE: "4c" * 16, RIVAL_STORE: "4b" * 16}[store], now)
    kept = {"v": 100, "c": "EUR", "k": [WATERMARK["t"], 1, "erp"], "e": "e-2"}
    _add(
        made, "parked_updates",
        _id=f"{store}:{NEW}", **own, barcode=NEW, price=kept, rev=1, expiresAt=now + timedelta(days=1),
    )  # fmt: skip


def _cart(tenant: str, store: str, now: datetime) -> dict[str, Any]:
    """A cart with one line and a code, on its way to a till."""
    digit, line_id, coupon = {
        STORE: ("1", "0a0a0a0a", "MILK"),
        OTHER_STORE: ("3", "0c0c0c0c", "NORTH"),
        RIVAL_STORE: ("2", "0b0b0b0b", "BOLT"),
    }[store]
    line = CartLine(
        id=line_id, code=MILK, barcode=MILK, name=_text(tenant, "Milk"), quantity=1000, unit_price=159, amount=159,
        ver=products.first_version(BORN), added_at=now, tax_class="standard", note=_text(tenant, "cold"),
    )  # fmt: skip
    cart = {"ver": 1, "lines": [to_document(line)], "codes": [coupon], "total": 159, "updatedAt": now, "quotedAt": now}
    offered = {"id": _visit(store, digit), "cartVer": 1, "at": now, "expiresAt": now + timedelta(hours=1)}
    return {"cart": cart, "handover": offered}


def _import(made: Documents, own: dict[str, str], state: str, import_id: str, now: datetime) -> None:
    """A file with one row, staged; an ERP has brought it, so that every kind of caller may see it."""
    tenant = own["tenantId"]
    row = {"r": 2, "b": NEW, "v": {"name": _text(tenant, "Rye bread"), "price": 199}, "a": "create"}
    counted = staged.tally([row])
    added = {"counts": counted.counts, "codes": counted.codes, "confirms": counted.confirms}
    _add(
        made, "imports",
        _id=import_id, **own, groupId=import_id, state=state, name=_text(tenant, "bread.csv"),
        source={"kind": "upload", "name": _text(tenant, "bread.csv"), "object": _text(tenant, "bread.csv"),
                "format": "csv", "columns": ["barcode", "name", "price"]},
        profile=BUILT_IN["retailscan"].to_dict(), rules=Rules().to_dict(), mode="partial", currency="EUR",
        timeZone="Europe/Berlin", again=False, corrects=None, autoApprove=None, duplicateOf=None, **added, chunks=1,
        confirmed=[], editedBy=[], approval=None, publishAt=None, work={"fence": 1, "until": None, "owner": None},
        progress=None, result=None, error=None, createdBy=f"erp-{tenant}", createdAt=BORN, updatedAt=BORN,
        startedAt=None, finishedAt=None, stagedAt=now, dueAt=now + timedelta(days=7), ver=1,
    )  # fmt: skip
    _add(
        made, "product_staging",
        _id=f"{import_id}:000000", **own, importId=import_id, n=0, kind="rows", first=2, last=2,
        keys=duplicates.pack(NEW).to_bytes(8, "little"), **added, rows=[row], state="staged", attempts=0, result=None,
        fence=1, ver=1, expireAt=now + timedelta(days=8),
    )  # fmt: skip


def _published(made: Documents, own: dict[str, str], import_id: str, now: datetime) -> None:
    """A file that was published but for one row."""
    _import(made, own, "partly_published", import_id, now)
    document = made["imports"][-1]
    document |= {
        "approval": {"by": _text(own["tenantId"], "manager"), "at": BORN},
        "published": {"chunks": 1, "rows": 1, "rejected": 1, "startedAt": now},
        "result": {"rows": 1, "rejected": 1, "failed": 0, "excluded": 0},
        "finishedAt": now,
    }
    wrong = ["PRICE_NOT_A_NUMBER", "price", "price", _text(own["tenantId"], "much"), "Write digits.", "error"]
    values = {"name": _text(own["tenantId"], "Rye bread")}
    row = {"r": 2, "b": NEW, "v": values, "raw": [NEW, values["name"], _text(own["tenantId"], "much")], "e": [wrong]}
    items = [failures.item(row)]
    _add(
        made, "import_failures",
        _id=f"{import_id}:000000", **own, batchId=import_id, n=0, items=items, **failures.summary(items),
        createdBy=document["createdBy"], createdAt=BORN, updatedAt=BORN, resolvedAt=None, rev=1,
    )  # fmt: skip


def _undone(made: Documents, own: dict[str, str], import_id: str, now: datetime) -> None:
    """A file that was taken back, but for a name that somebody had changed since."""
    _import(made, own, "rolled_back", import_id, now)
    who = _text(own["tenantId"], "manager")
    asked = {"by": who, "role": "brand_manager", "at": BORN, "chunks": 1, "done": 1}
    made["imports"][-1]["rollback"] = {**asked, "result": {"kept": 1}, "finishedAt": now}
    kept = {"row": 0, "barcode": MILK, "field": "name", "imported": "Milk", "now": _text(own["tenantId"], "Oat milk")}
    _add(
        made, "import_undo",
        _id=f"{import_id}:000000:back", **own, importId=import_id, n=-1, kind="rollback", op=f"{import_id}:0:back",
        by=who, role="brand_manager", at=BORN, attempt=1, rows=[], kept=[kept], result={"kept": 1},
        expireAt=now + timedelta(days=30),
    )  # fmt: skip
