"""What goes over the wire at the door of discounts; OpenAPI is generated from these.

The benefits are those of `functions/common/retail/promotion_rules.py`, whose rules are checked there.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from functions.common.retail import barcode, taxes
from functions.common.retail.basket import MOST_UNITS
from functions.common.retail.promotion_rules import (
    MOST_CODE_LENGTH,
    MOST_CODES,
    MOST_MINOR,
    MOST_SLOTS,
    WHOLE,
    normal_code,
)
from functions.common.retail.time_windows import YEARS
from functions.common.wire import Wire
from functions.discount.card_schemas import CardBenefit, CardTakenOff, CardView, ScannedCard  # noqa: F401

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_LAYOUT = dict.fromkeys(map(ord, "\t\n\r"), " ")
MOST_LINES = 100
MOST_UNSAVED = 20

# ---- words ---------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


def _prose(text: str) -> str:
    _plain(text.translate(_LAYOUT))
    return text


def _canonical(text: str) -> str:
    try:
        return barcode.canonical(text)
    except barcode.InvalidCode as problem:
        upc_a = barcode.expand_upc_e(text)
        if upc_a is not None:
            return barcode.canonical(upc_a)
        raise PydanticCustomError(str(problem.code).lower(), "{why}", {"why": problem.message}) from None


def _moment(value: Any) -> Any:
    # Pydantic alone would also take seconds since the epoch, which the contract does not offer.
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("rfc_3339", "must be an RFC 3339 time, as text")
    return value


def _near(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise PydanticCustomError("far_away", "the year must lie between {first} and {last}", _YEARS)
    return moment


def _local(text: str) -> str:
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        raise PydanticCustomError("local_time", "must be a date and time that exist") from None
    if year not in YEARS:
        raise PydanticCustomError("far_away", "the year must lie between {first} and {last}", _YEARS)
    return text


def _rate(text: str) -> str:
    try:
        taxes.Rate(taxes.parse_rate(text))
    except ValueError as problem:
        raise PydanticCustomError("tax_rate", "{why}", {"why": str(problem)}) from None
    return text


def _word(longest: int, shortest: int = 1) -> Any:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=shortest, max_length=longest)


_YEARS = {"first": YEARS[0], "last": YEARS[-1]}
_WHOLE = 10**9

Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]
Name = Annotated[str, _word(200), AfterValidator(_plain)]
Prose = Annotated[str, _word(4000), AfterValidator(_prose)]
Barcode = Annotated[str, _word(48), AfterValidator(_canonical)]
CouponCode = Annotated[str, _word(MOST_CODE_LENGTH), AfterValidator(_plain), AfterValidator(normal_code)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_near)]
LocalTime = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$"),
    AfterValidator(_local),
    Field(description="by the clock of each store", examples=["2026-12-01T00:00"]),
]
Clock = Annotated[str, StringConstraints(strict=True, pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Minor = Annotated[StrictInt, Field(ge=0, le=MOST_MINOR)]
Off = Annotated[StrictInt, Field(ge=1, le=MOST_MINOR)]
Count = Annotated[StrictInt, Field(ge=0, le=_WHOLE)]
Positive = Annotated[StrictInt, Field(ge=1, le=_WHOLE)]
Pieces = Annotated[StrictInt, Field(ge=1, le=MOST_SLOTS)]
BasisPoints = Annotated[StrictInt, Field(ge=1, le=WHOLE, description="1 % is 100")]
Times = Annotated[StrictInt, Field(ge=1, le=_WHOLE)] | None
Measure = Literal["each", "weight", "volume", "length"]
Choose = Literal["cheapest", "most_expensive"]
Status = Literal["draft", "active", "ended"]
Stacking = Literal["stack", "best_deal", "exclusive"]
Rounding = Literal["half_even", "half_up", "half_down"]
StoreIds = Annotated[list[Slug], Field(min_length=1, max_length=500)]

# ---- what a promotion gives ----------------------------------------------------------------------------------


class Excluded(Wire):
    """Which lines are not meant although the pattern would accept them."""

    barcodes: Annotated[list[Barcode], Field(max_length=1000)] = Field(default_factory=list)
    categories: Annotated[list[Slug], Field(max_length=200)] = Field(default_factory=list)
    brands: Annotated[list[Slug], Field(max_length=200)] = Field(default_factory=list)
    tax_classes: Annotated[list[Slug], Field(max_length=50)] = Field(default_factory=list)
    measures: Annotated[list[Measure], Field(max_length=4)] = Field(default_factory=list)


class Match(Excluded):
    """Which lines: each list that is not empty must contain the line's value; an empty pattern means everything."""

    excluded: Excluded | None = None


class PriceOff(Wire):
    """What units together cost less: basis points of their price, an amount, or down to a price for all of them."""

    kind: Literal["percent", "amount", "price"]
    value: Minor


class Slot(Wire):
    """So many units of a kind, as a part of a set."""

    match: Match
    quantity: Pieces


class Percentage(Wire):
    """Basis points off each line that matches, rounded once a line."""

    type: Literal["percentage"]
    match: Match
    basis_points: BasisPoints


class AmountOff(Wire):
    """An amount off each unit that matches, at most the unit's price."""

    type: Literal["amount"]
    match: Match
    amount: Off


class OtherPrice(Wire):
    """Another price per unit, or per kilogram, litre or metre; as a member price for members only."""

    type: Literal["fixed_price", "member_price"]
    match: Match
    price: Minor


class BuyGet(Wire):
    """Of every `buy + get` units that match, `get` cost less; free when `off` is left out."""

    type: Literal["buy_get"]
    match: Match
    buy: Pieces
    get: Pieces
    off: PriceOff = Field(default_factory=lambda: PriceOff(kind="percent", value=WHOLE))
    choose: Choose = "cheapest"
    max_occurrences: Times = None


class NForPrice(Wire):
    """Every `quantity` units that match cost `price` together, the most expensive ones first."""

    type: Literal["n_for_price"]
    match: Match
    quantity: Annotated[StrictInt, Field(ge=2, le=MOST_SLOTS)]
    price: Minor
    max_occurrences: Times = None


class MixAndMatch(Wire):
    """Whoever buys the triggers gets the targets for less. A unit that is a trigger is not a target."""

    type: Literal["mix_and_match"]
    targets: Annotated[list[Slot], Field(min_length=1, max_length=10)]
    off: PriceOff
    triggers: Annotated[list[Slot], Field(max_length=10)] = Field(default_factory=list)
    choose: Choose = "cheapest"
    max_occurrences: Times = None


class CartThreshold(Wire):
    """When what counts costs `threshold` or more, the targets together cost less."""

    type: Literal["cart_threshold"]
    threshold: Minor
    off: PriceOff
    counts: Match = Field(default_factory=Match)
    targets: Match = Field(default_factory=Match)


Benefit = Annotated[
    Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold, Field(discriminator="type")
]


class OpeningHours(Wire):
    """From one time of day to another; past midnight when it closes at or before it opens."""

    opens: Clock
    closes: Clock


class Window(Wire):
    """When the promotion is on, by the clock of each store; what is left out does not restrict."""

    starts: LocalTime | None = None
    ends: LocalTime | None = Field(default=None, description="not included")
    weekdays: Annotated[list[Annotated[StrictInt, Field(ge=1, le=7)]], Field(max_length=7)] = Field(
        default_factory=list, description="1 is Monday; hours past midnight belong to the day they start on"
    )
    hours: Annotated[list[OpeningHours], Field(max_length=20)] = Field(default_factory=list)


class Limits(Wire):
    """How often, and for how much in all, the promotion is given."""

    per_code: Positive | None = None
    per_user: Positive | None = None
    total: Positive | None = None
    budget: Off | None = Field(default=None, description="minor units")


class _Said(Wire):
    """What a promotion says of itself as a rule."""

    name: Name
    benefit: Benefit
    priority: Annotated[StrictInt, Field(ge=-1000, le=1000, description="the higher goes first")] = 0
    stacking: Stacking = "stack"
    window: Window = Field(default_factory=Window)
    groups: Annotated[list[Slug], Field(max_length=50, description="who may have it; empty: everybody")] = Field(
        default_factory=list
    )
    codes: Annotated[list[CouponCode], Field(max_length=MOST_CODES, description="one of them is needed")] = Field(
        default_factory=list
    )
    limits: Limits = Field(default_factory=Limits)


class _Promotion(_Said):
    """A rule that is kept: what it is for, and where it is on."""

    description: Prose | None = None
    store_ids: StoreIds | None = Field(default=None, description="null: all stores of the tenant")


class NewPromotion(_Promotion):
    """A promotion of the tenant. Its id is never given out twice."""

    promotion_id: Slug
    status: Literal["draft", "active"] = "draft"


class PromotionBody(_Promotion):
    """A version of a promotion, whole: what is left out has its default, not what it was before."""

    status: Status


class PromotionView(Wire):
    """A promotion as it is now."""

    promotion_id: str
    name: str
    description: str | None
    status: Status
    store_ids: list[str] | None
    more_stores: bool = Field(description="it is also on in stores that your token does not cover")
    benefit: dict[str, Any]
    priority: int
    stacking: Stacking
    window: dict[str, Any]
    groups: list[str]
    codes: list[str]
    limits: dict[str, Any]
    ver: int
    created_at: datetime
    updated_at: datetime


class PromotionRemoved(Wire):
    """A promotion that is there no longer; its versions are."""

    promotion_id: str
    removed: bool
    ver: int


class Page(Wire):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class PromotionQuery(Page):
    """Filters of the list."""

    status: Status | None = None


class FieldChange(Wire):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class VersionView(Wire):
    """A version: what was done, by whom, what changed, and all the promotion said from then on."""

    ver: int
    action: Literal["created", "updated", "activated", "ended", "removed"]
    changes: list[FieldChange]
    who: str
    role: str
    when: datetime
    request_id: str
    content: dict[str, Any]


# ---- dry runs ------------------------------------------------------------------------------------------------


class TrialLine(Wire):
    """A line of the basket. Without `unitPrice` and `amount` the store's product is asked for what is left out."""

    line_id: Annotated[str, _word(48), AfterValidator(_plain)]
    barcode: Barcode
    quantity: Annotated[StrictInt, Field(ge=1, le=MOST_UNITS * 1_000_000)] | None = Field(
        default=None, description="thousandths of the base unit; default: one piece or pack, one kilogram"
    )
    unit_price: Minor | None = Field(default=None, description="per piece or pack, or per kilogram, litre, metre")
    amount: Minor | None = Field(default=None, description="what a label states for the whole line")
    measure: Measure | None = None
    pack: Positive | None = Field(default=None, description="thousandths of the base unit in one piece")
    category_id: Slug | None = None
    brand_id: Slug | None = None
    tax_class: Slug | None = None

    @model_validator(mode="after")
    def _one_price(self) -> TrialLine:
        if self.unit_price is not None and self.amount is not None:
            raise PydanticCustomError("two_prices", "give unitPrice or amount, not both")
        return self


class CodeCount(Wire):
    """How often a code was redeemed."""

    coupon: CouponCode
    times: Count


class UsageCount(Wire):
    """How often a promotion is taken to have been given before."""

    promotion_id: Slug
    total: Count = 0
    by_user: Count = 0
    spent: Minor = 0
    by_code: Annotated[list[CodeCount], Field(max_length=100)] = Field(default_factory=list)


class UnsavedPromotion(_Said):
    """A promotion that is only tried; with the id of a saved one it is tried in place of that."""

    promotion_id: Slug


class TaxRate(Wire):
    """One tax, in percent."""

    rate: Annotated[str, _word(12), AfterValidator(_rate), Field(examples=["19", "8.875"])]
    name: Annotated[str, _word(60, 0), AfterValidator(_plain)] = ""


class TaxClassRates(Wire):
    """The taxes on a class of goods."""

    tax_class: Slug
    rates: Annotated[list[TaxRate], Field(max_length=10)]


class TaxTable(Wire):
    """How the basket is taxed."""

    classes: Annotated[list[TaxClassRates], Field(min_length=1, max_length=50)]
    default_class: Slug | None = Field(default=None, description="of lines without a class")
    inclusive: StrictBool = Field(default=True, description="prices contain the tax")
    level: Literal["line", "unit"] = Field(default="line", description="where tax is rounded")
    rounding: Rounding = "half_even"


class DryRun(Wire):
    """A basket and who buys it where and when; promotions that are not saved may be tried with it."""

    store_id: Slug
    lines: Annotated[list[TrialLine], Field(min_length=1, max_length=MOST_LINES)]
    at: Moment | None = Field(default=None, description="default: now")
    groups: Annotated[list[Slug], Field(max_length=50)] = Field(default_factory=list)
    codes: Annotated[list[CouponCode], Field(max_length=20)] = Field(default_factory=list)
    usage: Annotated[list[UsageCount], Field(max_length=200)] = Field(default_factory=list)
    saved: Literal["active", "all", "none"] = Field(
        default="active", description="which saved promotions of the store take part; all: drafts too"
    )
    promotions: Annotated[list[UnsavedPromotion], Field(max_length=MOST_UNSAVED)] = Field(default_factory=list)
    rounding: Rounding = "half_even"
    taxes: TaxTable | None = None


class PricedUnitView(Wire):
    """One unit: its price, and what promotions leave of it."""

    price: int
    payable: int
    net: int
    tax: int


class LineView(Wire):
    """One line: `amount` less `discount` is `payable`; `net` and `tax` are `gross`, which is what is paid."""

    line_id: str
    barcode: str
    quantity: int
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    units: list[PricedUnitView]


class TaxPartView(Wire):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class TaxShareView(Wire):
    """What is taxed at one rate."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[TaxPartView]


class TouchView(Wire):
    """A unit (counted from 0) that a promotion used, and how much less it costs for it."""

    line_id: str
    unit: int
    role: Literal["discounted", "trigger"]
    amount: int


class ExplanationView(Wire):
    """What a promotion did, or the reason why it did nothing (docs/promotions.md)."""

    promotion_id: str
    ver: int = Field(description="0: not saved")
    name: str
    discount: int
    times: int
    code: str | None
    touches: list[TouchView]
    reason: str | None
    message: str | None
    missing: int = Field(description="units (TOO_FEW_UNITS) or minor units (BELOW_THRESHOLD, BUDGET_SPENT)")
    others: list[str] = Field(description="the promotions that saved more")


class CodeView(Wire):
    """What became of a code."""

    code: str
    promotion_id: str | None
    reason: str | None
    message: str | None


class DryRunView(Wire):
    """What the basket would cost; money in minor units of `currency`."""

    store_id: str
    currency: str
    at: datetime
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    lines: list[LineView]
    tax_shares: list[TaxShareView]
    promotions: list[ExplanationView] = Field(description="in the order they went")
    codes: list[CodeView]
