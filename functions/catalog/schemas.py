"""What goes over the wire at the catalogue's door; OpenAPI is generated from these."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from functions.catalog import domain, plain_json
from functions.catalog.tenant_schemas import TenantSettingsBody, TenantSettingsView  # noqa: F401
from functions.common.retail.currencies import EXPONENTS
from functions.common.wire import Wire

METADATA = plain_json.METADATA
CONFIG = plain_json.CONFIG
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_LAYOUT = dict.fromkeys(map(ord, "\t\n\r"))

# ---- words ------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    if plain_json.has_control_characters(text):
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


def _prose(text: str) -> str:
    _plain(text.translate(_LAYOUT))
    return text


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise PydanticCustomError("not_https", "must be an https:// address")
    return text


def _rfc_3339(value: Any) -> Any:
    # Pydantic alone would also take seconds since the epoch, which the contract does not offer.
    if not isinstance(value, datetime | str) or (isinstance(value, str) and not _RFC_3339.fullmatch(value)):
        raise PydanticCustomError("rfc_3339", "must be an RFC 3339 time, as text")
    return value


def _known_currency(text: str) -> str:
    if text not in EXPONENTS:
        raise PydanticCustomError("unknown_currency", "must be an ISO 4217 currency")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(text: str) -> str:
    if text not in _zones():
        raise PydanticCustomError("unknown_time_zone", "must be a time zone of the IANA database")
    return text


def _flat(value: Any) -> Any:
    return _bounded(value, METADATA)


def _nested(value: Any) -> Any:
    return _bounded(value, CONFIG)


def _bounded(value: Any, limits: plain_json.Limits) -> Any:
    try:
        plain_json.check(value, limits)
    except plain_json.NotPlain as problem:
        raise PydanticCustomError("not_plain_json", "{why}", {"why": str(problem)}) from None
    return value


def _stream_owned(value: Any) -> Any:
    raise PydanticCustomError(
        "owned_by_price_stream",
        "price and stock come from the price stream: send them to POST /v1/price-updates",
    )


def _none() -> Any:
    return None


def _absent() -> Any:
    """A field that may be left out but is never null; `model_fields_set` says which it was."""
    return Field(default_factory=_none)


def _word(longest: int, shortest: int = 1) -> Any:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=shortest, max_length=longest)


def _key_schema(limits: plain_json.Limits, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "maxProperties": limits.keys,
        "propertyNames": {"pattern": plain_json.KEY_PATTERN},
        "additionalProperties": value,
    }


_SCALAR: list[dict[str, Any]] = [
    {"type": "string", "maxLength": METADATA.text},
    {"type": "integer", "minimum": -plain_json.MOST_INT, "maximum": plain_json.MOST_INT},
    {"type": "number"},
    {"type": "boolean"},
    {"type": "null"},
]
_LIST = {"type": "array", "maxItems": METADATA.nodes, "items": {"anyOf": _SCALAR}}
_FLAT = {"anyOf": [*_SCALAR, _LIST, _key_schema(METADATA, {"anyOf": _SCALAR})]}

Slug = Annotated[str, StringConstraints(strict=True, pattern=domain.SLUG_PATTERN)]
Name = Annotated[str, _word(200), AfterValidator(_plain)]
Line = Annotated[str, _word(120), AfterValidator(_plain)]
Prose = Annotated[str, _word(4000), AfterValidator(_prose)]
Code = Annotated[str, _word(48), AfterValidator(_plain)]
ImageUrl = Annotated[str, _word(500), AfterValidator(_plain), AfterValidator(_https)]
Currency = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217", examples=["EUR"]),
]
TimeZone = Annotated[
    str,
    _word(60),
    AfterValidator(_known_zone),
    Field(description="IANA time zone", examples=["Europe/Berlin"]),
]
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]
Minor = Annotated[StrictInt, Field(ge=0, le=domain.MOST_MINOR)]
Thousandths = Annotated[StrictInt, Field(ge=0, le=domain.MOST_THOUSANDTHS)]
Metadata = Annotated[dict[str, Any], BeforeValidator(_flat), WithJsonSchema(_key_schema(METADATA, _FLAT))]
Config = Annotated[dict[str, Any], BeforeValidator(_nested), WithJsonSchema(_key_schema(CONFIG, {}))]
StreamOwned = SkipJsonSchema[Annotated[None, BeforeValidator(_stream_owned)]]

ProductStatus = Literal["active", "inactive"]
Measure = Literal["each", "weight", "volume", "length"]


# ---- products ---------------------------------------------------------------------------------------------


class Unit(Wire):
    """A pack or unit sold under a barcode of its own."""

    name: Line
    barcode: Code
    quantity: Annotated[StrictInt, Field(ge=1, le=domain.MOST_THOUSANDTHS, description="thousandths of the base unit")]
    price: Minor | None = Field(default=None, description="minor units of the store's currency")


class InitialPrice(Wire):
    """The price until the price stream states another one."""

    amount: Minor
    currency: Currency
    as_of: Moment | None = Field(default=None, description="when it was stated; default: now")


class InitialStock(Wire):
    """The count until the price stream states another one."""

    quantity: Thousandths
    as_of: Moment | None = Field(default=None, description="when it was counted; default: now")


class NewProduct(Wire):
    """A product of one store. The store comes from the path, the tenant from the token."""

    barcode: Code
    name: Name
    description: Prose | None = None
    brand_id: Slug | None = None
    category_id: Slug | None = None
    status: ProductStatus = "active"
    show_in_quick_products: StrictBool = False
    measure: Measure = "each"
    tax_class: Slug = "standard"
    image_url: ImageUrl | None = None
    age_restriction: Annotated[StrictInt, Field(ge=1, le=99)] | None = None
    recalled_lots: Annotated[list[Code], Field(max_length=50)] = Field(default_factory=list)
    units: Annotated[list[Unit], Field(max_length=domain.MOST_UNITS)] = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)
    price: InitialPrice | None = None
    stock: InitialStock | None = None


class ProductPatch(Wire):
    """Only what is given changes; null clears; `metadata` is merged key by key (RFC 7396)."""

    name: Name = _absent()
    description: Prose | None = None
    brand_id: Slug | None = None
    category_id: Slug | None = None
    status: ProductStatus = _absent()
    show_in_quick_products: StrictBool = _absent()
    measure: Measure = _absent()
    tax_class: Slug = _absent()
    image_url: ImageUrl | None = None
    age_restriction: Annotated[StrictInt, Field(ge=1, le=99)] | None = None
    recalled_lots: Annotated[list[Code], Field(max_length=50)] = _absent()
    units: Annotated[list[Unit], Field(max_length=domain.MOST_UNITS)] = _absent()
    metadata: Metadata = _absent()
    price: StreamOwned = None
    stock: StreamOwned = None


class ProductBulk(Wire):
    """Up to 500 items, each judged alone: one bad item does not hold back the others."""

    products: Annotated[list[Any], Field(min_length=1, max_length=domain.MOST_BULK)] = Field(
        json_schema_extra={"items": {"$ref": "#/components/schemas/NewProduct"}}
    )


class PriceView(Wire):
    """The current price and when its source stated it."""

    amount: int
    currency: str
    as_of: datetime


class StockView(Wire):
    """What is free to sell, and when its source stated it."""

    quantity: int
    as_of: datetime | None


class UnitView(Wire):
    """A pack or unit sold under a barcode of its own."""

    name: str
    barcode: str
    quantity: int
    price: int | None


class ProductView(Wire):
    """A product as the catalogue's editors see it."""

    store_id: str
    barcode: str
    name: str
    description: str | None
    brand_id: str | None
    category_id: str | None
    status: Literal["active", "inactive", "deleted"]
    show_in_quick_products: bool
    measure: Measure
    tax_class: str | None
    image_url: str | None
    age_restriction: int | None
    recalled_lots: list[str]
    units: list[UnitView]
    metadata: dict[str, Any]
    price: PriceView | None
    stock: StockView | None
    ver: int
    created_at: datetime
    updated_at: datetime


class Withdrawn(Wire):
    """A product that is no longer sold; its version counter goes on."""

    store_id: str
    barcode: str
    status: Literal["deleted"]
    ver: int


class BulkOutcome(Wire):
    """What became of one item of the list."""

    index: int
    barcode: str | None
    outcome: Literal["created", "updated", "unchanged", "rejected"]
    ver: int | None = None
    reason: str | None = Field(default=None, description="why it was rejected: a stable code")
    message: str | None = None


class BulkReport(Wire):
    """One outcome an item, in the order of the request; the counts add up to the number of items."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    items: list[BulkOutcome]


class Page(Wire):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class ProductQuery(Page):
    """Filters of the product list; all that are given must match."""

    status: Literal["active", "inactive", "deleted"] | None = Field(
        default=None, description="default: active and inactive"
    )
    category_id: Slug | None = None
    brand_id: Slug | None = None
    quick: bool | None = None
    q: Annotated[str, _word(100), AfterValidator(_plain)] | None = Field(
        default=None,
        description="every word must start a word of the name; digits also find barcodes that start so",
    )
    sort: Literal["name", "createdAt", "barcode"] = "name"
    order: Literal["asc", "desc"] = "asc"


class ChangeView(Wire):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class AuditView(Wire):
    """Who changed what, when, in which request."""

    id: str
    action: str
    entity: str
    entity_id: str
    changes: list[ChangeView]
    who: str
    role: str
    when: datetime
    request_id: str
    ver: int


# ---- brands and modules -----------------------------------------------------------------------------------


class NewBrand(Wire):
    """What a product is labelled with and what a brand card belongs to."""

    brand_id: Slug
    name: Name
    description: Prose | None = None
    logo_url: ImageUrl | None = None
    metadata: Metadata = Field(default_factory=dict)


class BrandPatch(Wire):
    """Only what is given changes; null clears."""

    name: Name = _absent()
    description: Prose | None = None
    logo_url: ImageUrl | None = None
    metadata: Metadata = _absent()


class BrandView(Wire):
    """A brand of the tenant."""

    brand_id: str
    name: str
    description: str | None
    logo_url: str | None
    metadata: dict[str, Any]
    ver: int
    created_at: datetime
    updated_at: datetime


Version = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{1,5}\.\d{1,5}\.\d{1,5}$")]
Permission = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,39}(:[a-z][a-z0-9_]{0,39}){0,2}$")
]
ModuleStatus = Literal["enabled", "disabled"]


class NewModule(Wire):
    """A capability the tenant has switched on, with its settings and who may use it."""

    module_id: Slug
    name: Name
    version: Version
    config: Config = Field(default_factory=dict)
    status: ModuleStatus = "enabled"
    permissions: Annotated[list[Permission], Field(max_length=50)] = Field(default_factory=list)


class ModulePatch(Wire):
    """Only what is given changes; `config` is replaced as a whole."""

    name: Name = _absent()
    version: Version = _absent()
    config: Config = _absent()
    status: ModuleStatus = _absent()
    permissions: Annotated[list[Permission], Field(max_length=50)] = _absent()


class ModuleView(Wire):
    """A module of the tenant."""

    module_id: str
    name: str
    version: str
    config: dict[str, Any]
    status: ModuleStatus
    permissions: list[str]
    ver: int
    created_at: datetime
    updated_at: datetime


class Removed(Wire):
    """Something that is there no longer."""

    id: str
    removed: bool


# ---- stores -----------------------------------------------------------------------------------------------


class Address(Wire):
    """Where the store is."""

    street: Line | None = None
    postal_code: Annotated[str, _word(20), AfterValidator(_plain)] | None = None
    city: Line | None = None
    country: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")] | None = None


StockPolicy = Literal["strict", "sell_in_hand"]
StoreStatus = Literal["active", "inactive"]


class LabelTemplate(Wire):
    """How the store's scales print weight, price or count into a barcode."""

    pattern: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z|]{3,40}$")] = Field(
        description="such as 2|item5|V|value5|C"
    )
    kind: Literal["weight", "price", "count"]
    name: Line | None = None
    decimals: Annotated[StrictInt, Field(ge=0, le=4)] | None = None
    prefixes: (
        Annotated[list[Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,6}$")]], Field(max_length=20)]
        | None
    ) = None


TemplateName = Annotated[str, _word(64), AfterValidator(_plain)]
LabelTemplates = Annotated[
    list[TemplateName | LabelTemplate],
    Field(max_length=20, description="names of presets or patterns; the first that matches wins"),
]


class NewStore(Wire):
    """A store of the tenant. `storeId` is unique across all tenants and is never given out twice."""

    store_id: Slug
    name: Name
    currency: Currency
    time_zone: TimeZone
    status: StoreStatus = "active"
    stock_policy: StockPolicy = "strict"
    label_templates: LabelTemplates = Field(default_factory=list)
    address: Address | None = None


class StorePatch(Wire):
    """Only what is given changes. The currency stays: prices are stored in it."""

    name: Name = _absent()
    time_zone: TimeZone = _absent()
    status: StoreStatus = _absent()
    stock_policy: StockPolicy = _absent()
    label_templates: LabelTemplates = _absent()
    address: Address | None = None


class StoreView(Wire):
    """A store of the tenant."""

    store_id: str
    name: str
    currency: str
    time_zone: str
    status: StoreStatus
    stock_policy: StockPolicy
    label_templates: list[str | dict[str, Any]]
    address: dict[str, str | None] | None
    code_version: int
    ver: int
    created_at: datetime
    updated_at: datetime


class CheckInCode(Wire):
    """What the poster at the entrance carries: signed, so that nobody can print one for another store."""

    store_id: str
    code: StrictStr
    code_version: int


class CacheCleared(Wire):
    """From now on nothing that was cached for this store before is read."""

    store_id: str
    cleared: Literal[True]


class PublicKey(Wire):
    """A public key of RFC 8037."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class KeyDocument(Wire):
    """A JSON Web Key Set (RFC 7517); it comes without the usual envelope."""

    keys: list[PublicKey]
