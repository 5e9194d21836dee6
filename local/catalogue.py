"""The demo catalogue: 3 tenants, 12 stores, 10,000 products. The same every time; no brand in it is real."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.common.product_edits import micros
from functions.common.product_names import searchable
from functions.common.products import ProductDocument, Unit, new_document, price_field, stock_field
from functions.common.retail.barcode import canonical, check_digit

SOURCE = "demo"
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Tenant:
    """A retail chain. `factor` turns the price list's cents into this chain's minor units."""

    id: str
    name: str
    currency: str
    factor: int
    digits: str
    assortment: int
    stores: tuple[tuple[str, str, str], ...]
    label_templates: tuple[Any, ...]
    taxes: tuple[str, str, str]
    """What the tax is called here, the standard rate and the one of food, in percent."""


# Weight in grams behind item and verifier digit; the three layouts cover both kinds, with and without verifier.
_VERIFIED = {"name": "deli-counter", "pattern": "28|item4|V|value5|C", "kind": "weight"}

TENANTS = (
    Tenant(
        "fresko",
        "Fresko Märkte",
        "EUR",
        1,
        "400",
        1_000,
        (
            ("fresko-berlin-mitte", "Fresko Berlin Mitte", "Europe/Berlin"),
            ("fresko-hamburg-hafen", "Fresko Hamburg Hafen", "Europe/Berlin"),
            ("fresko-muenchen-ost", "Fresko München Ost", "Europe/Berlin"),
            ("fresko-wien-prater", "Fresko Wien Prater", "Europe/Vienna"),
        ),
        ("odoo-weight", "odoo-price", _VERIFIED),
        ("MwSt.", "19", "7"),
    ),
    Tenant(
        "nordmarkt",
        "Nordmarkt",
        "SEK",
        11,
        "730",
        900,
        (
            ("nordmarkt-goteborg", "Nordmarkt Göteborg", "Europe/Stockholm"),
            ("nordmarkt-malmo", "Nordmarkt Malmö", "Europe/Stockholm"),
            ("nordmarkt-stockholm-city", "Nordmarkt Stockholm City", "Europe/Stockholm"),
            ("nordmarkt-uppsala", "Nordmarkt Uppsala", "Europe/Stockholm"),
        ),
        ("ean13-price-verified",),
        ("Moms", "25", "12"),
    ),
    Tenant(
        "casaverde",
        "Casa Verde",
        "MXN",
        20,
        "750",
        600,
        (
            ("casaverde-cancun", "Casa Verde Cancún", "America/Cancun"),
            ("casaverde-cdmx-roma", "Casa Verde Roma Norte", "America/Mexico_City"),
            ("casaverde-guadalajara", "Casa Verde Guadalajara", "America/Mexico_City"),
            ("casaverde-tijuana", "Casa Verde Tijuana", "America/Tijuana"),
        ),
        ("upca-weight",),
        ("IVA", "16", "0"),
    ),
)

_BRANDS = (
    "Almhof", "Bergquell", "Brisa", "Casita", "Donnerhall", "Fjällby", "Grünland", "Havsvind", "Isbjörk", "Kornfeld",
    "La Palapa", "Lindgård", "Mühlbach", "Nube", "Ostsee", "Piedra Azul", "Sommerwiese", "Tierra Roja", "Valle",
    "Waldrand",
)  # fmt: skip
_KINDS = ("Classic", "Organic", "Light", "Family", "Extra", "Mini", "Fine", "Rustic", "Farm", "Premium")

# category, noun, sizes, price in cents from-to, tax class, minimum age
_GOODS = (
    ("dairy", "Whole Milk", ("1 l", "0.5 l"), 89, 189, "reduced", None),
    ("dairy", "Yoghurt", ("150 g", "500 g"), 49, 249, "reduced", None),
    ("dairy", "Gouda", ("200 g", "400 g"), 199, 549, "reduced", None),
    ("dairy", "Butter", ("250 g",), 169, 349, "reduced", None),
    ("bakery", "Rye Bread", ("500 g", "1 kg"), 149, 449, "reduced", None),
    ("bakery", "Toast", ("500 g",), 99, 229, "reduced", None),
    ("pantry", "Spaghetti", ("500 g", "1 kg"), 79, 299, "reduced", None),
    ("pantry", "Basmati Rice", ("500 g", "1 kg"), 149, 499, "reduced", None),
    ("pantry", "Olive Oil", ("0.5 l", "0.75 l"), 449, 1399, "reduced", None),
    ("pantry", "Tomato Passata", ("400 g", "700 g"), 69, 199, "reduced", None),
    ("pantry", "Muesli", ("375 g", "750 g"), 199, 549, "reduced", None),
    ("snacks", "Chocolate", ("100 g", "200 g"), 89, 399, "reduced", None),
    ("snacks", "Salted Crisps", ("150 g", "175 g"), 129, 299, "reduced", None),
    ("snacks", "Oat Biscuits", ("200 g", "300 g"), 119, 349, "reduced", None),
    ("drinks", "Mineral Water", ("0.5 l", "1.5 l"), 29, 129, "standard", None),
    ("drinks", "Apple Juice", ("1 l",), 119, 329, "standard", None),
    ("drinks", "Lemonade", ("0.33 l", "1 l"), 59, 199, "standard", None),
    ("drinks", "Espresso Beans", ("250 g", "1 kg"), 449, 1899, "reduced", None),
    ("alcohol", "Lager", ("0.33 l", "0.5 l"), 79, 199, "standard", 16),
    ("alcohol", "Red Wine", ("0.75 l",), 399, 1899, "standard", 16),
    ("alcohol", "Gin", ("0.5 l", "0.7 l"), 1299, 3999, "standard", 18),
    ("household", "Washing Powder", ("1.2 kg", "2.4 kg"), 399, 1499, "standard", None),
    ("household", "Kitchen Rolls", ("4 rolls",), 199, 499, "standard", None),
    ("household", "Dish Soap", ("500 ml", "1 l"), 99, 349, "standard", None),
    ("care", "Toothpaste", ("75 ml",), 89, 449, "standard", None),
    ("care", "Shampoo", ("250 ml", "400 ml"), 149, 699, "standard", None),
    ("care", "Hand Cream", ("75 ml", "100 ml"), 129, 599, "standard", None),
    ("frozen", "Spinach", ("450 g", "750 g"), 129, 299, "reduced", None),
    ("frozen", "Pizza Margherita", ("320 g", "3 x 300 g"), 199, 699, "reduced", None),
    ("pets", "Cat Food", ("85 g", "400 g"), 49, 249, "standard", None),
)  # fmt: skip
_WEIGHED = (
    "Bananas", "Apples Elstar", "Tomatoes on the Vine", "Potatoes", "Carrots", "Grapes", "Emmental, cut",
    "Salami, sliced", "Salmon Fillet", "Minced Beef", "Olives, green", "Lemons",
)  # fmt: skip
_PACKABLE = {"drinks", "alcohol"}
WEIGHED = len(_WEIGHED)


def store_ids(tenant_id: str) -> tuple[str, ...]:
    """The demo stores of one tenant."""
    return next(tuple(store for store, _, _ in each.stores) for each in TENANTS if each.id == tenant_id)


def stores(now: datetime) -> Iterator[dict[str, Any]]:
    """The documents of all stores, as catalog itself would write them."""
    for tenant in TENANTS:
        for store_id, name, zone in tenant.stores:
            fields: dict[str, Any] = {
                "name": name,
                "currency": tenant.currency,
                "timeZone": zone,
                "status": "active",
                "stockPolicy": "sell_in_hand" if store_id.endswith("mitte") else "strict",
                "labelTemplates": list(tenant.label_templates),
                "address": None,
                "codeVersion": 1,
                "codeIssuedAt": now,
            }
            yield {"_id": store_id, "tenantId": tenant.id, **_new_record("store", store_id, fields, now)}


def settings(now: datetime) -> Iterator[dict[str, Any]]:
    """The documents of every tenant's settings: its taxes, and what the receipt says last."""
    for tenant in TENANTS:
        name, standard, reduced = tenant.taxes
        rates = {"standard": standard, "reduced": reduced}
        fields: dict[str, Any] = {
            "taxes": {
                "inclusive": True,
                "level": "line",
                "rounding": "half_up",
                "default": "standard",
                "classes": {key: [{"name": name, "percent": percent}] for key, percent in rates.items()},
            },
            "rounding": "half_up",
            "checks": {"spotCheckShare": 0, "riskAmount": 20_000 * tenant.factor, "ageCheck": True},
            "refundLimit": 10_000 * tenant.factor,
            "receiptFooter": f"{tenant.name} says thank you.",
        }
        record = _new_record("tenant", "settings", fields, now)
        yield {"name": "settings", "tenantId": tenant.id, **record}


def brands(now: datetime) -> Iterator[dict[str, Any]]:
    """The documents of every tenant's brands."""
    for tenant in TENANTS:
        for name in _BRANDS:
            fields: dict[str, Any] = {"name": name, "description": None, "logoUrl": None, "metadata": {}}
            record = _new_record("brand", _slug(name), fields, now)
            yield {"brandId": _slug(name), "tenantId": tenant.id, **record}


def first_brands() -> dict[str, str]:
    """Tenant -> the brand that its cards belong to when they do not say."""
    return {tenant.id: _slug(_BRANDS[0]) for tenant in TENANTS}


def products(now: datetime) -> Iterator[ProductDocument]:
    """The documents of all products: every store of a tenant sells the same, each at a price of its own."""
    for tenant in TENANTS:
        goods = list(_assortment(tenant))
        for number, (store_id, _, _) in enumerate(tenant.stores):
            for index, item in enumerate(goods):
                yield _product(tenant, store_id, item, now, shift=(index * 7 + number * 3) % 5 - 2)


@dataclass(frozen=True, slots=True)
class _Item:
    barcode: str
    name: str
    brand_id: str | None
    category: str
    cents: int
    tax_class: str
    age: int | None = None
    measure: str = "each"
    stock: int = 0
    recalled: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    quick: bool = False


def _assortment(tenant: Tenant) -> Iterator[_Item]:
    chance = random.Random(f"retailscan {tenant.id}")
    for number, name in enumerate(_WEIGHED):
        yield _Item(
            barcode=_scale_code(tenant, number),
            name=name,
            brand_id=None,
            category="fresh",
            cents=chance.randrange(99, 2499),
            tax_class="reduced",
            measure="weight",
            stock=chance.randrange(5_000, 60_000),
            quick=number < 6,
        )
    for number in range(tenant.assortment - WEIGHED):
        category, noun, sizes, low, high, tax, age = _GOODS[number % len(_GOODS)]
        brand = _BRANDS[number // len(_GOODS) % len(_BRANDS)]
        kind = _KINDS[chance.randrange(len(_KINDS))]
        cents = chance.randrange(low, high) // 10 * 10 + 9
        yield _Item(
            barcode=gtin(tenant, number),
            name=f"{brand} {kind} {noun} {chance.choice(sizes)}",
            brand_id=_slug(brand),
            category=category,
            cents=cents,
            tax_class=tax,
            age=age,
            stock=chance.randrange(0, 240) * 1000,
            recalled=(f"L{chance.randrange(1000, 9999)}",) if number % 211 == 17 else (),
            units=_packs(tenant, number, cents) if category in _PACKABLE else (),
        )


def _packs(tenant: Tenant, number: int, cents: int) -> tuple[Unit, ...]:
    price = cents * 6 * 93 // 100 * tenant.factor
    return ({"name": "6-pack", "barcode": gtin(tenant, 50_000 + number), "quantity": 6_000, "price": price},)


def gtin(tenant: Tenant, number: int) -> str:
    """The tenant's n-th number: its prefix, a made-up company 9999, five digits, the check digit."""
    body = f"{tenant.digits}9999{number:05d}"
    return body + check_digit(body)


def _scale_code(tenant: Tenant, number: int) -> str:
    """What a label of the tenant's scales looks like without weight or price: value and verifier digit zero."""
    item = 1_001 + number
    if tenant.id == "fresko":
        body = f"28{item:04d}0" + "00000" if number % 2 else f"21{item:05d}00000"
    elif tenant.id == "nordmarkt":
        body = f"2{item:05d}0" + "00000"
    else:
        body = f"2{item:05d}00000"
    return canonical(body + check_digit(body))


def _product(tenant: Tenant, store_id: str, item: _Item, now: datetime, *, shift: int) -> ProductDocument:
    at = micros(now)
    amount = max(1, item.cents * (100 + shift) // 100) * tenant.factor
    event = f"{SOURCE}-{store_id}-{item.barcode}"
    document = new_document(
        tenant_id=tenant.id,
        store_id=store_id,
        barcode=item.barcode,
        name=item.name,
        now=now,
        brand_id=item.brand_id,
        category_id=item.category,
        show_in_quick_products=item.quick,
        measure="weight" if item.measure == "weight" else "each",
        tax_class=item.tax_class,
        age_restriction=item.age,
        recalled_lots=item.recalled,
        units=item.units,
        price=price_field(amount, tenant.currency, {"t": at, "q": 0, "s": SOURCE, "e": event}),
        stock=stock_field(item.stock, {"t": at, "q": 0, "s": SOURCE, "e": event}),
    )
    return {**document, **searchable(item.name)}  # type: ignore[typeddict-item]


def _new_record(entity: str, name: str, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        **fields,
        "ver": 1,
        "deletedAt": None,
        "createdAt": now,
        "updatedAt": now,
        "edit": {"op": f"{SOURCE}.{name}"},
    }


_PLAIN = str.maketrans("äöüå ", "aoua-")


def _slug(name: str) -> str:
    plain = name.lower().translate(_PLAIN)
    return "".join(char for char in plain if char.isalnum() or char == "-")


def load(uri: str, database: str) -> int:
    """Put the catalogue into MongoDB unless it is there; how many products were added. What exists stays as it is.

    Written past catalog's door: 10,000 products over HTTP would take a minute of every first start.
    """
    from pymongo import MongoClient
    from pymongo.database import Database
    from pymongo.errors import BulkWriteError

    now = datetime.now(UTC).replace(microsecond=0)
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri, w="majority") as client:
        target: Database[dict[str, Any]] = client[database]
        ids = [store for tenant in TENANTS for store, _, _ in tenant.stores]
        for document in settings(now):
            one = {"tenantId": document["tenantId"], "name": document["name"]}
            target.tenant_settings.update_one(one, {"$setOnInsert": document}, upsert=True)
        if target.products.count_documents({"storeId": {"$in": ids}}) >= total():
            return 0
        added = 0
        for name, documents in (("stores", stores(now)), ("brands", brands(now)), ("products", products(now))):
            for chunk in _chunks(documents):
                try:
                    done = len(target[name].insert_many(chunk, ordered=False).inserted_ids)
                except BulkWriteError as problem:
                    if any(error["code"] != 11000 for error in problem.details["writeErrors"]):
                        raise
                    done = int(problem.details["nInserted"])
                added += done if name == "products" else 0
        return added


def total() -> int:
    """How many products the catalogue has."""
    return sum(tenant.assortment * len(tenant.stores) for tenant in TENANTS)


def _chunks(documents: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for document in documents:
        chunk.append(document)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
