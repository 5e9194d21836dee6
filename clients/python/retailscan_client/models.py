"""What is sent and answered, as it is on the wire.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Accepted(TypedDict):
    """What has begun: one import for each store. They share the file and the `groupId`."""

    groupId: str
    imports: list[Begun]


class AddLine(TypedDict):
    """What was scanned: the raw content of a symbol, as for a scan."""

    code: str
    """as the scanner read it; a symbology identifier in front is understood"""
    quantity: NotRequired[int | None]
    """thousandths: of a piece, kg, l or m"""
    note: NotRequired[str]
    cartVersion: NotRequired[int | None]
    """the version of the cart that this was decided on"""


class Address(TypedDict):
    """Where the store is."""

    street: NotRequired[str | None]
    postalCode: NotRequired[str | None]
    city: NotRequired[str | None]
    country: NotRequired[str | None]


class AmountOff(TypedDict):
    """An amount off each unit that matches, at most the unit's price."""

    type: Literal["amount"]
    match: Match
    amount: int


class Approved(TypedDict):
    """Who approved it, when, and at which pace it is published."""

    by: str
    at: str
    pace: NotRequired[Literal["gentle", "full"]]
    """default: gentle"""


class AuditView(TypedDict):
    """Who changed what, when, in which request."""

    id: str
    action: str
    entity: str
    entityId: str
    changes: list[ChangeView]
    who: str
    role: str
    when: str
    requestId: str
    ver: int


class Auth(TypedDict):
    """How a connection signs in; with what, its secret says: `token`, or `username` and `password` for basic."""

    kind: NotRequired[Literal["none", "bearer", "basic", "header"]]
    """default: none"""
    header: NotRequired[str]
    """which header carries the token, for kind header; default: X-Api-Key"""


class AvailabilityDay(TypedDict):
    """How much of what a store lists could be bought on a day, by the store's clock, on average of all looks."""

    date: str
    share: int | None
    """millionths of the listed products; null when none are listed"""
    listed: int
    """products at the last look"""
    out: int
    """how many of them were out of stock then"""
    looks: int
    """every five minutes one"""
    lookedAt: str


class BasketDifference(TypedDict):
    """A product of which staff found another quantity than the basket says; thousandths."""

    barcode: str
    name: str
    basket: int
    found: int


class Batch(TypedDict):
    """A batch and what was wrong with it. At most the first 1,000 of each list."""

    batchId: str
    door: Literal["rest", "topic"]
    status: Literal["pending", "done"]
    createdAt: str
    counts: Counts
    rejected: list[Rejection]
    conflicts: list[Conflict]


class BatchAccepted(TypedDict):
    """The batch is safe and on its way."""

    batchId: str
    accepted: int
    statusUrl: str


class BatchItem(TypedDict):
    """The answer to one item: `data` or `error`."""

    index: int
    success: bool
    data: NotRequired[ScanReply | None]
    error: NotRequired[ItemError | None]


class BatchSummary(TypedDict):
    """A batch of updates."""

    batchId: str
    door: Literal["rest", "topic"]
    status: Literal["pending", "done"]
    createdAt: str
    counts: Counts


class Begun(TypedDict):
    """One import that has begun."""

    importId: str
    storeId: str
    state: Literal[
        "waiting_for_upload",
        "fetching",
        "staging",
        "staged",
        "scheduled",
        "publishing",
        "published",
        "partly_published",
        "failed",
        "rejected",
        "cancelled",
        "expired",
        "duplicate",
        "rolling_back",
        "rolled_back",
    ]
    statusUrl: str


class Blocked(TypedDict):
    """Why the item must not be sold."""

    reason: Literal["EXPIRED", "RECALLED_LOT"]
    message: str


class BrandPatch(TypedDict):
    """Only what is given changes; null clears."""

    name: NotRequired[str]
    description: NotRequired[str | None]
    logoUrl: NotRequired[str | None]
    metadata: NotRequired[
        dict[
            str,
            str
            | int
            | float
            | bool
            | list[str | int | float | bool | None]
            | dict[str, str | int | float | bool | None]
            | None,
        ]
    ]


class BrandView(TypedDict):
    """A brand of the tenant."""

    brandId: str
    name: str
    description: str | None
    logoUrl: str | None
    metadata: dict[str, Any]
    ver: int
    createdAt: str
    updatedAt: str


class BulkOutcome(TypedDict):
    """What became of one item of the list."""

    index: int
    barcode: str | None
    outcome: Literal["created", "updated", "unchanged", "rejected"]
    ver: NotRequired[int | None]
    reason: NotRequired[str | None]
    """why it was rejected: a stable code"""
    message: NotRequired[str | None]


class BulkReport(TypedDict):
    """One outcome an item, in the order of the request; the counts add up to the number of items."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    items: list[BulkOutcome]


class BuyGet(TypedDict):
    """Of every `buy + get` units that match, `get` cost less; free when `off` is left out."""

    type: Literal["buy_get"]
    match: Match
    buy: int
    get: int
    off: NotRequired[PriceOff]
    choose: NotRequired[Literal["cheapest", "most_expensive"]]
    """default: cheapest"""
    maxOccurrences: NotRequired[int | None]


class CacheCleared(TypedDict):
    """From now on nothing that was cached for this store before is read."""

    storeId: str
    cleared: Literal[True]


class CacheHealth(TypedDict):
    """Reads of products by scans."""

    hitRate: float | None
    """the share that memory and Redis answered, between 0 and 1"""
    readsPerSecond: float | None


class CardBenefit(TypedDict):
    """What the card brings, in the words of its brand."""

    code: str
    text: str


class CardTakenOff(TypedDict):
    """The visit has no card any more."""

    takenOff: bool


class CardView(TypedDict):
    """The card on a visit."""

    cardId: str
    brandId: str
    maskedNumber: str
    status: Literal["confirmed", "degraded"]
    """degraded: the loyalty system did not answer; groups, points and benefits are those of `asOf`"""
    groups: list[str]
    """whom the holder belongs to: promotions may be for them"""
    points: int | None
    benefits: list[CardBenefit]
    asOf: str | None
    """when the loyalty system said so; null: never"""
    scannedAt: str
    expiresAt: str
    """a checkout has to begin before"""
    inCheckout: bool
    """a checkout has claimed it"""


class CartCard(TypedDict):
    """The brand card of the visit."""

    brandId: str
    maskedNumber: str | None
    attachedUntil: str


class CartChange(TypedDict):
    """A unit price that is another than the cart had."""

    lineId: str
    barcode: str
    name: str
    old: int | None
    new: int | None


class CartCode(TypedDict):
    """A coupon code and what became of it."""

    code: str
    promotionId: str | None
    reason: str | None
    message: str | None


class CartLineView(TypedDict):
    """One line. `amount` less `discount` is `payable`; `net` and `tax` are `gross`."""

    lineId: str
    code: str
    barcode: str
    unitBarcode: str | None
    """of the pack that was scanned"""
    name: str
    quantity: int
    measure: Literal["each", "weight", "volume", "length"]
    pack: int
    """thousandths of the product in one unit of this line"""
    fixed: bool
    """the label says how much it is: the quantity cannot be changed"""
    unitPrice: int | None
    oldPrice: OldPrice | None
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    categoryId: str | None
    brandId: str | None
    taxClass: str | None
    ageRestriction: int | None
    imageUrl: str | None
    note: str
    addedAt: str
    unavailable: CartRemark | None
    """why it cannot be bought; it is not in the totals"""
    warnings: list[CartRemark]


class CartPromotion(TypedDict):
    """A promotion's part in the cart, or the reason why it has none (docs/promotions.md)."""

    promotionId: str
    ver: int
    name: str
    discount: int
    times: int
    code: str | None
    touches: list[CartTouch]
    reason: str | None
    message: str | None
    missing: int


class CartPromotions(TypedDict):
    """What made the cart cheaper, and what nearly did."""

    applied: list[CartPromotion]
    notApplied: list[CartPromotion]


class CartRemark(TypedDict):
    """Something the shopper should know, by a stable code."""

    code: str
    message: str


class CartTaxPart(TypedDict):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class CartTaxShare(TypedDict):
    """What is taxed at one rate (a percentage as text)."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[CartTaxPart]


class CartThreshold(TypedDict):
    """When what counts costs `threshold` or more, the targets together cost less."""

    type: Literal["cart_threshold"]
    threshold: int
    off: PriceOff
    counts: NotRequired[Match]
    targets: NotRequired[Match]


class CartTouch(TypedDict):
    """A unit of a line (counted from 0) that a promotion used, and how much less it costs for it."""

    lineId: str
    unit: int
    role: Literal["discounted", "trigger"]
    amount: int


class CartView(TypedDict):
    """The cart and what it costs now."""

    sessionId: str
    storeId: str
    cartVersion: int
    currency: str
    lines: list[CartLineView]
    touchedLineId: str | None
    """the line that the edit was about"""
    units: int
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    """what is to be paid"""
    taxShares: list[CartTaxShare]
    promotions: CartPromotions
    codes: list[CartCode]
    card: CartCard | None
    checkoutId: str | None
    """the checkout that holds the cart; it cannot be edited meanwhile"""
    expiresAt: str
    """when the visit ends if nothing is done in it"""
    changes: list[CartChange]


class CatalogStockView(TypedDict):
    """What is free to sell, and when its source stated it."""

    quantity: int
    asOf: str | None


class CatalogTaxRate(TypedDict):
    """One tax; several on the same goods add up."""

    name: NotRequired[str]
    percent: str


class Change(TypedDict):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class ChangeLine(TypedDict):
    """What is to change; what is left out stays."""

    quantity: NotRequired[int | None]
    """thousandths: of a piece, kg, l or m"""
    note: NotRequired[str | None]
    cartVersion: NotRequired[int | None]
    """the version of the cart that this was decided on"""


class ChangeView(TypedDict):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class Changes(TypedDict):
    """How to ask only for what is new since the last import that was staged."""

    parameter: str
    next: str
    """where an answer says what to ask with next time"""


class CheckIn(TypedDict):
    """The code scanned at the entrance."""

    storeCode: str
    """the text of the store's signed code, as it was scanned"""


class CheckInCode(TypedDict):
    """What the poster at the entrance carries: signed, so that nobody can print one for another store."""

    storeId: str
    code: str
    codeVersion: int


class CheckedIn(TypedDict):
    """The visit that has begun, its token and its store."""

    sessionId: str
    token: str
    tokenType: NotRequired[Literal["Bearer"]]
    """default: Bearer"""
    tokenExpiresAt: str
    expiresAt: str
    """when the visit ends unless the token is renewed"""
    status: Literal["active", "ended", "handed_over"]
    createdAt: str
    store: StoreOfVisit


class CheckoutApproval(TypedDict):
    """Nothing stands against the basket; a reason may be noted."""

    reason: NotRequired[str]


class CheckoutRejection(TypedDict):
    """The basket is refused, with a reason that the shopper is told."""

    reason: str


class CheckoutSummary(TypedDict):
    """A checkout in a list."""

    checkoutId: str
    state: Literal[
        "open",
        "priced",
        "reserved",
        "payment_pending",
        "paid",
        "exit_issued",
        "exited",
        "closed",
        "cancelling",
        "cancelled",
        "expired",
        "refunded",
    ]
    currency: str
    total: int
    refunded: int
    receiptNumber: int | None
    createdAt: str
    expiresAt: str
    paidAt: str | None


class CheckoutView(TypedDict):
    """A checkout, and the purchase that it becomes."""

    checkoutId: str
    sessionId: str
    storeId: str
    cartVersion: int
    state: Literal[
        "open",
        "priced",
        "reserved",
        "payment_pending",
        "paid",
        "exit_issued",
        "exited",
        "closed",
        "cancelling",
        "cancelled",
        "expired",
        "refunded",
    ]
    currency: str
    lines: list[SoldLine]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    taxShares: list[TaxShare]
    promotions: list[GivenPromotion]
    payment: PaymentView | None
    interventions: list[InterventionView]
    refusal: RefusalView | None
    receiptNumber: int | None
    refunded: int
    createdAt: str
    expiresAt: str
    """until when it can be paid"""
    paidAt: str | None
    exitedAt: str | None


class Checks(TypedDict):
    """Which baskets staff look at before they are paid."""

    spotCheckShare: NotRequired[int]
    """millionths of all baskets; default: 0"""
    riskAmount: NotRequired[int | None]
    """minor units; a total that reaches it is looked at"""
    ageCheck: NotRequired[bool]
    """whether somebody looks at buyers of goods with an age limit; default: true"""


class CodeCount(TypedDict):
    """How often a code was redeemed."""

    coupon: str
    times: int


class CodeView(TypedDict):
    """What became of a code."""

    code: str
    promotionId: str | None
    reason: str | None
    message: str | None


class ColumnView(TypedDict):
    """What becomes of a column."""

    column: str
    use: Literal["field", "metadata", "ignored"]
    fields: list[str]


class Conflict(TypedDict):
    """An update that contradicts one that came first; the first was kept."""

    index: int
    storeId: str
    barcode: str
    field: Literal["price", "stock"]
    kept: int
    offered: int


class ConnectionBody(TypedDict):
    """Where files come from. What signs in there is set on its own, and forgotten when the settings lead elsewhere."""

    settings: HttpsSettings | S3Settings | GsSettings | SftpSettings | RestSettings | GraphqlSettings | SoapSettings


class ConnectionSecret(TypedDict):
    """What signs in. It can be replaced, but never read."""

    secret: Credentials


class ConnectionTrial(TypedDict):
    """Which file of the connection to look at."""

    path: NotRequired[str | None]
    """a file; * ? [...] mean the newest that matches"""


class ConnectionView(TypedDict):
    """A connection, without what signs in."""

    name: str
    kind: str
    settings: dict[str, Any]
    secretSetAt: str | None
    lastTest: LastTest | None
    createdBy: str
    createdAt: str
    updatedAt: str
    ver: int


class Correction(TypedDict):
    """Other values by field or column, as text; null takes a value away. Or leave the row out, or take it in again."""

    values: NotRequired[dict[str, str | None]]
    excluded: NotRequired[bool | None]


class Counts(TypedDict):
    """What became of the updates; the ends and `pending` add up to `received`."""

    received: int
    applied: int
    """newer than what was there"""
    stale: int
    """older than what was there; nothing to do"""
    duplicate: int
    """the same update as one before"""
    conflict: int
    """same source time, sequence and source as one before, with another value"""
    parked: int
    """no such product yet; kept for a day and applied when it is published"""
    rejected: int
    """never applicable; see the reasons"""
    pending: int
    """on its way"""


class Credentials(TypedDict):
    """What a source wants to see, each kind its own; see the settings."""

    token: NotRequired[str | None]
    username: NotRequired[str | None]
    password: NotRequired[str | None]
    accessKeyId: NotRequired[str | None]
    secretAccessKey: NotRequired[str | None]
    sessionToken: NotRequired[str | None]
    serviceAccountKey: NotRequired[str | None]
    privateKey: NotRequired[str | None]
    passphrase: NotRequired[str | None]


class DayClosing(TypedDict):
    """A day of a store. `takings` are `total` less what went back. A revision above 1: something has changed since."""

    storeId: str
    date: str
    revision: int
    complete: bool
    """whether the day was over when it was closed"""
    closedBy: str
    closedAt: str
    currency: str
    timeZone: str
    receipts: ReceiptNumbers
    total: int
    discount: int
    byRate: list[RateSums]
    byMethod: list[MethodSums]
    refunds: RefundSums
    takings: int
    differences: list[Difference]
    differenceCount: int


class DayToClose(TypedDict):
    """A day on the store's calendar."""

    date: str


class DeadLetter(TypedDict):
    """A message that could not be applied."""

    id: str
    status: Literal["parked", "replaying", "resolved"]
    code: str
    reason: str
    subscription: str
    messageId: str
    size: int
    """bytes"""
    times: int
    """how often it ended here"""
    createdAt: str
    resolvedAt: str | None
    replays: list[Replayed]


class DeadLetterContent(TypedDict):
    """A dead letter with what is in it."""

    id: str
    status: Literal["parked", "replaying", "resolved"]
    code: str
    reason: str
    subscription: str
    messageId: str
    size: int
    """bytes"""
    times: int
    """how often it ended here"""
    createdAt: str
    resolvedAt: str | None
    replays: list[Replayed]
    attributes: dict[str, str]
    text: str
    """the first 64 KiB as text; what is not UTF-8 is escaped"""


class Decision(TypedDict):
    """Who decided what, and when."""

    by: str
    at: str
    reason: NotRequired[str | None]


class DeviceBody(TypedDict):
    """A device that wants to be told."""

    token: str
    """the registration token that FCM gave this installation of the app"""
    platform: Literal["android", "ios", "web"]
    language: NotRequired[str]
    """BCP 47, such as de-AT; English when it is none of ours; default: en"""


class DeviceRemoved(TypedDict):
    """A device that is left alone from now on."""

    installationId: str
    removed: bool


class DeviceView(TypedDict):
    """A device of this visit. Its token is not told to anybody."""

    installationId: str
    platform: Literal["android", "ios", "web"]
    language: str
    """the one that notices will be in"""


class Difference(TypedDict):
    """Something that does not add up, for people to look at. `ours` and `theirs` in minor units, or a number."""

    code: str
    checkoutId: str | None
    ours: int | None
    theirs: int | None


class DiscountTaxRate(TypedDict):
    """One tax, in percent."""

    rate: str
    name: NotRequired[str]


class DoorHealth(TypedDict):
    """A door over the last minute or so (Google's figures: five minutes that ended three minutes ago)."""

    service: str
    up: bool | None
    requestsPerSecond: float | None
    errorShare: float | None
    """of its requests, between 0 and 1; null when nobody asked"""
    p95Ms: float | None
    """the 95th percentile of its answers, in milliseconds"""


class DryRun(TypedDict):
    """A basket and who buys it where and when; promotions that are not saved may be tried with it."""

    storeId: str
    lines: list[TrialLine]
    at: NotRequired[str | None]
    """default: now"""
    groups: NotRequired[list[str]]
    codes: NotRequired[list[str]]
    usage: NotRequired[list[UsageCount]]
    saved: NotRequired[Literal["active", "all", "none"]]
    """which saved promotions of the store take part; all: drafts too; default: active"""
    promotions: NotRequired[list[UnsavedPromotion]]
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """default: half_even"""
    taxes: NotRequired[TaxTable | None]


class DryRunView(TypedDict):
    """What the basket would cost; money in minor units of `currency`."""

    storeId: str
    currency: str
    at: str
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    lines: list[LineView]
    taxShares: list[TaxShareView]
    promotions: list[ExplanationView]
    """in the order they went"""
    codes: list[CodeView]


class Element(TypedDict):
    """One GS1 element as scanned."""

    ai: str
    data: str


class Excluded(TypedDict):
    """Which lines are not meant although the pattern would accept them."""

    barcodes: NotRequired[list[str]]
    categories: NotRequired[list[str]]
    brands: NotRequired[list[str]]
    taxClasses: NotRequired[list[str]]
    measures: NotRequired[list[Literal["each", "weight", "volume", "length"]]]


class Exit(TypedDict):
    """The gate may open. `items` is how many things are carried out."""

    opened: Literal[True]
    checkoutId: str
    receiptNumber: int | None
    items: int
    exitedAt: str
    override: bool


class ExplanationView(TypedDict):
    """What a promotion did, or the reason why it did nothing (docs/promotions.md)."""

    promotionId: str
    ver: int
    """0: not saved"""
    name: str
    discount: int
    times: int
    code: str | None
    touches: list[TouchView]
    reason: str | None
    message: str | None
    missing: int
    """units (TOO_FEW_UNITS) or minor units (BELOW_THRESHOLD, BUDGET_SPENT)"""
    others: list[str]
    """the promotions that saved more"""


class FailedRow(TypedDict):
    """One row that was not published, as it came, and what is wrong with it.

    failed: nobody has done anything about it. pending: it is being tried again. retried: it was, and failed
    again.
    resolved: it was published after all, by a retry or by a corrected file.
    """

    line: int | None
    """where it begins in the file; null for what the file does not name"""
    barcode: str | None
    status: Literal["pending", "failed", "retried", "resolved"]
    faults: list[Fault]
    values: dict[str, Any]
    raw: list[str | None] | None
    """the cells as they came, of a row that could not be read"""
    attempts: int
    """how often it was tried again"""
    resolvedBy: str | None
    """the import or the retry that published it"""


class FailureView(TypedDict):
    """What failed of one part of an import, without its rows."""

    batchId: str
    """the import"""
    storeId: str
    reason: str
    """the commonest code"""
    codes: dict[str, int]
    status: Literal["pending", "failed", "retried", "resolved"]
    counts: dict[str, int]
    """rows by status"""
    createdAt: str
    updatedAt: str
    resolvedAt: str | None


class Fault(TypedDict):
    """One thing wrong with a row, and what to do about it."""

    code: str
    severity: Literal["error", "confirm", "warning"]
    field: str
    column: str | None
    value: str
    message: str


class FieldChange(TypedDict):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class Finding(TypedDict):
    """One difference between the provider's list and ours."""

    kind: Literal["missing_here", "missing_there", "amount_differs"]
    intentId: str
    checkoutId: str | None
    storeId: str | None
    state: str | None
    providerStatus: str | None
    currency: str
    ours: Sums | None
    theirs: Sums | None


class FindingCounts(TypedDict):
    """How many of each kind."""

    missingHere: int
    missingThere: int
    amountDiffers: int


class Foreground(TypedDict):
    """Whether the app is what its owner is looking at."""

    inFront: bool


class ForegroundView(TypedDict):
    """Until when the device gets no pushes; say it again before that. Null: it gets them."""

    installationId: str
    quietUntil: str | None


class FoundItem(TypedDict):
    """What staff scanned: a code, and how much of it in thousandths (one piece when it is not said)."""

    code: str
    quantity: NotRequired[int]
    """default: 1000"""


class Freshness(TypedDict):
    """How fresh the price is."""

    priceAsOf: str | None
    """the source's time of the price"""
    updatedAt: str | None
    """when the product last changed here"""
    ver: int
    """grows with every change; send it along when adding to a cart"""


class FreshnessHealth(TypedDict):
    """For how long the oldest price that ERPs have sent waits to be applied."""

    lagSeconds: float | None
    targetSeconds: float
    late: bool | None


class GivenPromotion(TypedDict):
    """A promotion that the basket got."""

    promotionId: str
    ver: int
    name: str
    discount: int
    times: int
    code: str | None
    lines: list[LineDiscount]


class GraphqlSettings(TypedDict):
    """An ERP's GraphQL query. Places are those below `data`."""

    url: str
    auth: NotRequired[Auth]
    items: NotRequired[str | None]
    """where the list of items is; default: the answer itself"""
    required: NotRequired[list[str]]
    """what every item has; if one lacks it, the ERP has changed and nothing is taken"""
    changes: NotRequired[Changes | None]
    kind: Literal["graphql"]
    query: str
    variables: NotRequired[dict[str, Any]]
    item: NotRequired[str | None]
    """where the item is in each of the list, such as node"""
    paging: NotRequired[Paging]


class GsSettings(TypedDict):
    """A file in a bucket of Google Cloud Storage. Secret: `serviceAccountKey`, the key file as text."""

    kind: Literal["gs"]
    bucket: str
    path: NotRequired[str | None]
    """a file; * ? [...] mean the newest that matches"""
    take: NotRequired[Literal["newest", "next"]]
    """of files that match: the newest, or one after the other; default: newest"""


class HandedCart(TypedDict):
    """The cart behind a code; `handed_over` once a till has taken it."""

    status: Literal["active", "handed_over"]
    cart: CartView


class Handover(TypedDict):
    """The cart for a till: all codes for one without a network, any of them (or the id alone) for one that has it."""

    handoverId: str
    cartVersion: int
    expiresAt: str
    codes: list[HandoverCode]


class HandoverCode(TypedDict):
    """One of the codes: its text, and a QR code of it as an SVG document."""

    number: int
    of: int
    lines: int
    text: str
    svg: str


class HistoryStep(TypedDict):
    """When the purchase came into a state, and why."""

    state: Literal[
        "open",
        "priced",
        "reserved",
        "payment_pending",
        "paid",
        "exit_issued",
        "exited",
        "closed",
        "cancelling",
        "cancelled",
        "expired",
        "refunded",
    ]
    at: str
    why: str


class HttpsSettings(TypedDict):
    """A file at a URL."""

    kind: Literal["https"]
    url: str
    auth: NotRequired[Auth]


class ImportPublishApproval(TypedDict):
    """Publish, now or at a time. `confirm` names the codes whose rows are meant as they are."""

    confirm: NotRequired[list[str]]
    publishAt: NotRequired[str | None]
    """RFC 3339, at most 30 days ahead; default: now"""
    pace: NotRequired[Literal["gentle", "full"]]
    """gentle: a little at a time with long pauses, for a store that is open; whoever scans meanwhile hardly
    notices, and 10,000 rows take some 20 seconds. full: without pauses, for a first load or at night, when
    nobody shops. Retries keep it; a roll back is always gentle; default: gentle
    """
    ver: NotRequired[int | None]
    """the version looked at; a later one is a conflict"""


class ImportPublishRejection(TypedDict):
    """Why not."""

    reason: str


class ImportView(TypedDict):
    """One file on its way into one store."""

    importId: str
    groupId: str
    storeId: str
    state: Literal[
        "waiting_for_upload",
        "fetching",
        "staging",
        "staged",
        "scheduled",
        "publishing",
        "published",
        "partly_published",
        "failed",
        "rejected",
        "cancelled",
        "expired",
        "duplicate",
        "rolling_back",
        "rolled_back",
    ]
    name: str
    source: Source
    profile: str
    mode: Literal["partial", "full"]
    currency: str
    counts: dict[str, int]
    """rows by status and by what publishing would do"""
    codes: dict[str, int]
    """how many rows have what wrong with them"""
    toConfirm: dict[str, int]
    """the codes that must be confirmed, and in how many rows"""
    confirmed: list[str]
    corrects: str | None
    duplicateOf: str | None
    approval: Approved | None
    rejection: Decision | None
    publishAt: str | None
    progress: Progress | None
    result: dict[str, int] | None
    """what became of the rows of the file, once all are published"""
    failures: dict[str, int] | None
    """the rows that failed, by what became of them since"""
    error: Reason | None
    links: dict[str, str]
    createdBy: str
    createdAt: str
    updatedAt: str
    finishedAt: str | None
    ver: int


class InitialPrice(TypedDict):
    """The price until the price stream states another one."""

    amount: int
    currency: str
    """ISO 4217"""
    asOf: NotRequired[str | None]
    """when it was stated; default: now"""


class InitialStock(TypedDict):
    """The count until the price stream states another one."""

    quantity: int
    asOf: NotRequired[str | None]
    """when it was counted; default: now"""


class InterventionView(TypedDict):
    """Something that staff look at before the basket is paid."""

    interventionId: str
    kind: Literal["age", "spot_check", "risk"]
    status: Literal["open", "claimed", "approved", "rejected"]
    reason: str | None
    differences: list[BasketDifference] | None


class Issue(TypedDict):
    """A rejected update or a conflict, whichever way it came."""

    kind: Literal["rejected", "conflict"]
    at: str
    storeId: str | None
    barcode: str | None
    code: str
    reason: str
    field: NotRequired[Literal["price", "stock"] | None]
    kept: NotRequired[int | None]
    offered: NotRequired[int | None]
    batchId: str | None
    message: str
    """the message it came in"""
    index: int


class ItemError(TypedDict):
    """Why one item of a batch has no answer; the same codes as for a single scan."""

    code: str
    message: str
    details: NotRequired[Any]


class KeptView(TypedDict):
    """A field that somebody has changed since the import, so that it was left alone; an empty one is the product."""

    barcode: str
    field: str
    imported: Any
    now: Any
    code: NotRequired[str | None]


class KeyDocument(TypedDict):
    """A JSON Web Key Set (RFC 7517); it comes without the usual envelope."""

    keys: list[PublicKey]


class LabelTemplate(TypedDict):
    """How the store's scales print weight, price or count into a barcode."""

    pattern: str
    """such as 2|item5|V|value5|C"""
    kind: Literal["weight", "price", "count"]
    name: NotRequired[str | None]
    decimals: NotRequired[int | None]
    prefixes: NotRequired[list[str] | None]


class LabelView(TypedDict):
    """What the label or the GS1 data said besides the product."""

    source: str | None
    """a label template's name, gs1 or digital_link"""
    measure: str | None
    quantity: int | None
    """thousandths of kg, l, m or m2"""
    count: int | None
    price: int | None
    """minor units"""
    unitPrice: int | None
    """minor units"""
    percentOff: int | None
    """thousandths of a percent; not applied here"""
    lot: str | None
    serial: str | None
    produced: str | None
    packed: str | None
    bestBefore: str | None
    sellBy: str | None
    useBy: str | None
    useByTime: str | None
    coupon: str | None
    elements: list[Element]


class LastTest(TypedDict):
    """How the latest test ended."""

    at: str
    ok: bool
    code: str | None


class Limits(TypedDict):
    """How often, and for how much in all, the promotion is given."""

    perCode: NotRequired[int | None]
    perUser: NotRequired[int | None]
    total: NotRequired[int | None]
    budget: NotRequired[int | None]
    """minor units"""


class LineDiscount(TypedDict):
    """What a promotion takes off one line."""

    lineId: str
    amount: int


class LineView(TypedDict):
    """One line: `amount` less `discount` is `payable`; `net` and `tax` are `gross`, which is what is paid."""

    lineId: str
    barcode: str
    quantity: int
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    units: list[PricedUnitView]


class Match(TypedDict):
    """Which lines: each list that is not empty must contain the line's value; an empty pattern means everything."""

    barcodes: NotRequired[list[str]]
    categories: NotRequired[list[str]]
    brands: NotRequired[list[str]]
    taxClasses: NotRequired[list[str]]
    measures: NotRequired[list[Literal["each", "weight", "volume", "length"]]]
    excluded: NotRequired[Excluded | None]


class MethodSums(TypedDict):
    """What was paid with one method."""

    provider: str
    type: str | None
    brand: str | None
    count: int
    amount: int


class MixAndMatch(TypedDict):
    """Whoever buys the triggers gets the targets for less. A unit that is a trigger is not a target."""

    type: Literal["mix_and_match"]
    targets: list[Slot]
    off: PriceOff
    triggers: NotRequired[list[Slot]]
    choose: NotRequired[Literal["cheapest", "most_expensive"]]
    """default: cheapest"""
    maxOccurrences: NotRequired[int | None]


class ModulePatch(TypedDict):
    """Only what is given changes; `config` is replaced as a whole."""

    name: NotRequired[str]
    version: NotRequired[str]
    config: NotRequired[dict[str, Any]]
    status: NotRequired[Literal["enabled", "disabled"]]
    permissions: NotRequired[list[str]]


class ModuleView(TypedDict):
    """A module of the tenant."""

    moduleId: str
    name: str
    version: str
    config: dict[str, Any]
    status: Literal["enabled", "disabled"]
    permissions: list[str]
    ver: int
    createdAt: str
    updatedAt: str


class NForPrice(TypedDict):
    """Every `quantity` units that match cost `price` together, the most expensive ones first."""

    type: Literal["n_for_price"]
    match: Match
    quantity: int
    price: int
    maxOccurrences: NotRequired[int | None]


class NewBrand(TypedDict):
    """What a product is labelled with and what a brand card belongs to."""

    brandId: str
    name: str
    description: NotRequired[str | None]
    logoUrl: NotRequired[str | None]
    metadata: NotRequired[
        dict[
            str,
            str
            | int
            | float
            | bool
            | list[str | int | float | bool | None]
            | dict[str, str | int | float | bool | None]
            | None,
        ]
    ]


class NewCheckout(TypedDict):
    """The cart as the app shows it: what the shopper agrees to pay."""

    cartVersion: int
    total: int
    """minor units, as the cart showed it"""
    currency: str


class NewModule(TypedDict):
    """A capability the tenant has switched on, with its settings and who may use it."""

    moduleId: str
    name: str
    version: str
    config: NotRequired[dict[str, Any]]
    status: NotRequired[Literal["enabled", "disabled"]]
    """default: enabled"""
    permissions: NotRequired[list[str]]


class NewProduct(TypedDict):
    """A product of one store. The store comes from the path, the tenant from the token."""

    barcode: str
    name: str
    description: NotRequired[str | None]
    brandId: NotRequired[str | None]
    categoryId: NotRequired[str | None]
    status: NotRequired[Literal["active", "inactive"]]
    """default: active"""
    showInQuickProducts: NotRequired[bool]
    """default: false"""
    measure: NotRequired[Literal["each", "weight", "volume", "length"]]
    """default: each"""
    taxClass: NotRequired[str]
    """default: standard"""
    imageUrl: NotRequired[str | None]
    ageRestriction: NotRequired[int | None]
    recalledLots: NotRequired[list[str]]
    units: NotRequired[list[Unit]]
    metadata: NotRequired[
        dict[
            str,
            str
            | int
            | float
            | bool
            | list[str | int | float | bool | None]
            | dict[str, str | int | float | bool | None]
            | None,
        ]
    ]
    price: NotRequired[InitialPrice | None]
    stock: NotRequired[InitialStock | None]


class NewPromotion(TypedDict):
    """A promotion of the tenant. Its id is never given out twice."""

    name: str
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold
    priority: NotRequired[int]
    """the higher goes first; default: 0"""
    stacking: NotRequired[Literal["stack", "best_deal", "exclusive"]]
    """default: stack"""
    window: NotRequired[Window]
    groups: NotRequired[list[str]]
    """who may have it; empty: everybody"""
    codes: NotRequired[list[str]]
    """one of them is needed"""
    limits: NotRequired[Limits]
    description: NotRequired[str | None]
    storeIds: NotRequired[list[str] | None]
    """null: all stores of the tenant"""
    promotionId: str
    status: NotRequired[Literal["draft", "active"]]
    """default: draft"""


class NewRefund(TypedDict):
    """Some lines, or `whole`: all that has not come back yet. `restock`: the goods can be sold again."""

    lines: NotRequired[list[ReturnedLine] | None]
    whole: NotRequired[bool]
    """default: false"""
    reason: str
    restock: NotRequired[bool]
    """default: false"""


class NewStore(TypedDict):
    """A store of the tenant. `storeId` is unique across all tenants and is never given out twice."""

    storeId: str
    name: str
    currency: str
    """ISO 4217"""
    timeZone: str
    """IANA time zone"""
    status: NotRequired[Literal["active", "inactive"]]
    """default: active"""
    stockPolicy: NotRequired[Literal["strict", "sell_in_hand"]]
    """default: strict"""
    labelTemplates: NotRequired[list[str | LabelTemplate]]
    """names of presets or patterns; the first that matches wins"""
    address: NotRequired[Address | None]


class NoticeList(TypedDict):
    """Notices, oldest first."""

    notices: list[NoticeView]
    last: int
    """send it as `after` next time"""


class NoticeView(TypedDict):
    """Something the shopper was told."""

    id: int
    """grows within the visit"""
    kind: Literal[
        "session_expiring",
        "cart_changed",
        "card_accepted",
        "checkout_expiring",
        "checkout_ended",
        "payment_changed",
        "payment_failed",
        "paid",
        "refunded",
    ]
    at: str
    title: str
    text: str
    data: dict[str, Any]
    """what it is about, by kind; amounts in minor units"""


class OldPrice(TypedDict):
    """What a unit cost before its price changed."""

    unitPrice: int
    changedAt: str


class OpeningHours(TypedDict):
    """From one time of day to another; past midnight when it closes at or before it opens."""

    opens: str
    closes: str


class OtherPrice(TypedDict):
    """Another price per unit, or per kilogram, litre or metre; as a member price for members only."""

    type: Literal["fixed_price", "member_price"]
    match: Match
    price: int


class Override(TypedDict):
    """Whom to let out without a pass, and why."""

    checkoutId: str
    reason: str
    """kept for good"""


class Paging(TypedDict):
    """How the next page is found."""

    kind: NotRequired[Literal["none", "cursor", "link", "page"]]
    """default: cursor"""
    parameter: NotRequired[str]
    """what carries the cursor or the page's number; default: cursor"""
    next: NotRequired[str | None]
    """where the next cursor is"""
    more: NotRequired[str | None]
    """where it says whether there is a next page"""
    count: NotRequired[str | None]
    """where it says how many items this page has"""
    total: NotRequired[str | None]
    """where it says how many items all pages have"""
    first: NotRequired[int]
    """the number of the first page; default: 1"""
    size: NotRequired[int | None]
    """how many items a page has"""
    sizeParameter: NotRequired[str | None]


PassShown = TypedDict("PassShown", {"pass": "str"})
"""What the gate has read.

`pass`: the text of the code on the shopper's phone, as it was read.
"""


class PassView(TypedDict):
    """What opens the gate, once. `text` is the content of the code that the gate reads; show it as `pass.svg` does."""

    checkoutId: str
    text: str
    items: int
    issuedAt: str
    expiresAt: str


class PaymentMethod(TypedDict):
    """What was paid with."""

    type: str
    brand: str | None
    last4: str | None


class PaymentView(TypedDict):
    """What the app needs to pay, and how the payment stands."""

    provider: str
    intentId: str
    clientSecret: str | None
    """for the provider's payment sheet; null once nothing is to be paid"""
    publishableKey: str
    status: str
    amount: int
    captured: int
    method: PaymentMethod | None
    error: str | None
    """why the last attempt failed, as the provider names it"""


class Percentage(TypedDict):
    """Basis points off each line that matches, rounded once a line."""

    type: Literal["percentage"]
    match: Match
    basisPoints: int
    """1 % is 100"""


class PlatformError(TypedDict):
    """An error that a door logged."""

    time: str
    door: str
    message: str
    code: str | None
    traceId: str | None
    link: str | None
    """where the trace, or the lines that belong to it, can be read"""


class PlatformHealth(TypedDict):
    """What cannot be told is null, and `unknown` says why."""

    source: Literal["local", "google", "none"]
    asOf: str | None
    """when the source told it; null when it never did"""
    ageSeconds: float | None
    stale: bool
    """the source is away: these are the last known figures"""
    doors: list[DoorHealth] | None
    queues: list[WaitingHealth] | None
    subscriptions: list[WaitingHealth] | None
    cache: CacheHealth | None
    freshness: FreshnessHealth
    errors: list[PlatformError] | None
    unknown: list[UnknownHealth]


class Preview(TypedDict):
    """What a profile makes of a sample: the columns, and the first rows with what is wrong with them."""

    format: str | None
    compression: str | None
    encoding: str | None
    delimiter: str | None
    columns: list[ColumnView]
    rows: list[RowView]
    error: Reason | None


class PriceOff(TypedDict):
    """What units together cost less: basis points of their price, an amount, or down to a price for all of them."""

    kind: Literal["percent", "amount", "price"]
    value: int


class PriceUpdate(TypedDict):
    """One price, one absolute stock count, or both, of one product of one store."""

    storeId: str
    barcode: str
    """GTIN-8, -12, -13 or -14, or an in-store code, with its check digit"""
    price: NotRequired[int | None]
    """minor units: 1.99 EUR is 199"""
    currency: NotRequired[str | None]
    """ISO 4217; when given it must be the store's"""
    stock: NotRequired[int | None]
    """counted, in thousandths: 2 pieces are 2000"""
    sourceTime: NotRequired[str | None]
    """when the source set it (RFC 3339); the newer of two wins. Default: when we received it"""
    sequence: NotRequired[int | None]
    """decides between updates of one source time"""
    source: NotRequired[str | None]
    """who says so; decides between updates of one source time and sequence"""


class PriceUpdateBatch(TypedDict):
    """Updates of any of your stores."""

    updates: list[PriceUpdate]


class PriceView(TypedDict):
    """The current price and when its source stated it."""

    amount: int
    currency: str
    asOf: str


class PricedUnitView(TypedDict):
    """One unit: its price, and what promotions leave of it."""

    price: int
    payable: int
    net: int
    tax: int


class ProductBulk(TypedDict):
    """Up to 500 items, each judged alone: one bad item does not hold back the others."""

    products: list[NewProduct]


class ProductDay(TypedDict):
    """What was sold of a product on a day on which it was among the 500 that brought most."""

    date: str
    quantity: int
    """thousandths"""
    amount: int


class ProductPatch(TypedDict):
    """Only what is given changes; null clears; `metadata` is merged key by key (RFC 7396)."""

    name: NotRequired[str]
    description: NotRequired[str | None]
    brandId: NotRequired[str | None]
    categoryId: NotRequired[str | None]
    status: NotRequired[Literal["active", "inactive"]]
    showInQuickProducts: NotRequired[bool]
    measure: NotRequired[Literal["each", "weight", "volume", "length"]]
    taxClass: NotRequired[str]
    imageUrl: NotRequired[str | None]
    ageRestriction: NotRequired[int | None]
    recalledLots: NotRequired[list[str]]
    units: NotRequired[list[Unit]]
    metadata: NotRequired[
        dict[
            str,
            str
            | int
            | float
            | bool
            | list[str | int | float | bool | None]
            | dict[str, str | int | float | bool | None]
            | None,
        ]
    ]


class ProductView(TypedDict):
    """A product as the catalogue's editors see it."""

    storeId: str
    barcode: str
    name: str
    description: str | None
    brandId: str | None
    categoryId: str | None
    status: Literal["active", "inactive", "deleted"]
    showInQuickProducts: bool
    measure: Literal["each", "weight", "volume", "length"]
    taxClass: str | None
    imageUrl: str | None
    ageRestriction: int | None
    recalledLots: list[str]
    units: list[UnitView]
    metadata: dict[str, Any]
    price: PriceView | None
    stock: CatalogStockView | None
    ver: int
    createdAt: str
    updatedAt: str


class ProfileBody(TypedDict):
    """How files are read: the profile's own fields, checked one by one; see the room's README."""

    profile: dict[str, Any]
    """with `extends` only what differs from a built-in profile"""


class ProfileList(TypedDict):
    """All profiles there are for the tenant."""

    profiles: list[ProfileView]


class ProfileView(TypedDict):
    """A profile, built in or the tenant's own."""

    name: str
    builtIn: bool
    profile: dict[str, Any]
    ver: int | None
    updatedAt: str | None


class Progress(TypedDict):
    """How far the current step is. Totals and times are estimates while a file is being read."""

    rowsDone: int
    rowsTotal: int | None
    rowsPerSecond: float | None
    secondsLeft: float | None


class PromotionBody(TypedDict):
    """A version of a promotion, whole: what is left out has its default, not what it was before."""

    name: str
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold
    priority: NotRequired[int]
    """the higher goes first; default: 0"""
    stacking: NotRequired[Literal["stack", "best_deal", "exclusive"]]
    """default: stack"""
    window: NotRequired[Window]
    groups: NotRequired[list[str]]
    """who may have it; empty: everybody"""
    codes: NotRequired[list[str]]
    """one of them is needed"""
    limits: NotRequired[Limits]
    description: NotRequired[str | None]
    storeIds: NotRequired[list[str] | None]
    """null: all stores of the tenant"""
    status: Literal["draft", "active", "ended"]


class PromotionRemoved(TypedDict):
    """A promotion that is there no longer; its versions are."""

    promotionId: str
    removed: bool
    ver: int


class PromotionView(TypedDict):
    """A promotion as it is now."""

    promotionId: str
    name: str
    description: str | None
    status: Literal["draft", "active", "ended"]
    storeIds: list[str] | None
    moreStores: bool
    """it is also on in stores that your token does not cover"""
    benefit: dict[str, Any]
    priority: int
    stacking: Literal["stack", "best_deal", "exclusive"]
    window: dict[str, Any]
    groups: list[str]
    codes: list[str]
    limits: dict[str, Any]
    ver: int
    createdAt: str
    updatedAt: str


class PublicKey(TypedDict):
    """A public key of RFC 8037."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class PullOrder(TypedDict):
    """A file to be fetched: from a connection, or from an address that needs no credentials."""

    storeIds: list[str]
    profile: NotRequired[str]
    """default: retailscan"""
    mode: NotRequired[Literal["partial", "full"] | None]
    """full withdraws what the file does not name; default: profile's"""
    name: NotRequired[str | None]
    again: NotRequired[bool]
    """take the file although it was brought before; default: false"""
    corrects: NotRequired[str | None]
    """the import whose failed rows this file puts right"""
    connection: NotRequired[str | None]
    """the name of a connection of yours"""
    path: NotRequired[str | None]
    """which file of the connection; default: its own"""
    url: NotRequired[str | None]


class PurchaseView(TypedDict):
    """A purchase as staff see it."""

    checkoutId: str
    sessionId: str
    storeId: str
    cartVersion: int
    state: Literal[
        "open",
        "priced",
        "reserved",
        "payment_pending",
        "paid",
        "exit_issued",
        "exited",
        "closed",
        "cancelling",
        "cancelled",
        "expired",
        "refunded",
    ]
    currency: str
    lines: list[SoldLine]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    taxShares: list[TaxShare]
    promotions: list[GivenPromotion]
    payment: PaymentView | None
    interventions: list[InterventionView]
    refusal: RefusalView | None
    receiptNumber: int | None
    refunded: int
    createdAt: str
    expiresAt: str
    """until when it can be paid"""
    paidAt: str | None
    exitedAt: str | None
    userId: str
    policy: Literal["strict", "sell_in_hand"] | None
    history: list[HistoryStep]


class RateSums(TypedDict):
    """Sums at one tax rate, in percent; minor units."""

    rate: str
    net: int
    tax: int
    gross: int


class Reason(TypedDict):
    """Why a file could not be read (further)."""

    code: str
    message: str
    line: NotRequired[int | None]


class ReceiptLineView(TypedDict):
    """A line; money in minor units, `quantity` in thousandths. `count` is null for what was weighed or measured."""

    lineId: str
    barcode: str
    name: str
    quantity: int
    count: int | None
    measure: str
    unitPrice: int | None
    amount: int
    discount: int
    payable: int
    taxRate: str | None
    """in percent"""


class ReceiptLink(TypedDict):
    """A link that opens the receipt without signing in. The token is told this once."""

    token: str
    path: str
    """below the address of this API: a page; with `/pdf` and `/json` the other forms"""
    expiresAt: str


class ReceiptNumbers(TypedDict):
    """How many receipts the day has, from which number to which."""

    count: int
    first: int | None
    last: int | None


class ReceiptPaymentView(TypedDict):
    """What was paid with."""

    provider: str
    type: str | None
    brand: str | None
    last4: str | None
    amount: int


class ReceiptPromotionView(TypedDict):
    """A promotion that the basket got, and what it took off."""

    name: str
    code: str | None
    discount: int


class ReceiptRefundView(TypedDict):
    """What has gone back since."""

    refundId: str
    amount: int
    at: str
    reason: str


class ReceiptShareView(TypedDict):
    """What was taxed at one rate, in percent; `names` are the taxes it consists of."""

    rate: str
    names: list[str]
    net: int
    tax: int
    gross: int


class ReceiptView(TypedDict):
    """A receipt. The numbers of a store's receipts are 1, 2, 3 and so on, without gaps."""

    number: int
    checkoutId: str
    storeId: str
    storeName: str
    address: list[str]
    issuedAt: str
    timeZone: str
    currency: str
    lines: list[ReceiptLineView]
    promotions: list[ReceiptPromotionView]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    inclusive: bool
    """whether prices contain the tax"""
    shares: list[ReceiptShareView]
    payment: ReceiptPaymentView | None
    refunds: list[ReceiptRefundView]
    refunded: int
    footer: str


class ReconciliationView(TypedDict):
    """What comparing a day (UTC) with the provider came to; `revision` counts how often it was compared."""

    day: str
    checked: int
    counts: FindingCounts
    findings: list[Finding]
    at: str
    revision: int


class RefundRejection(TypedDict):
    """Why a refund that waits for a second person is not given."""

    reason: str


class RefundShare(TypedDict):
    """What goes back at one tax rate; negative where goods that are kept have become dearer."""

    rate: str
    net: int
    tax: int
    gross: int


class RefundSums(TypedDict):
    """What went back on the day, of whichever day the purchases were."""

    count: int
    amount: int
    byRate: list[RateSums]


class RefundView(TypedDict):
    """A refund. `clawedBack` is how much less it is than what was paid, because of promotions that have ended.

    `awaiting_approval`: another manager has to agree. `pending`: on its way. `rejected`: nobody agreed, nothing
    was
    given. Money in minor units of `currency`.
    """

    refundId: str
    checkoutId: str
    state: Literal["awaiting_approval", "pending", "succeeded", "failed", "rejected"]
    amount: int
    currency: str
    clawedBack: int
    goods: list[ReturnedGood]
    shares: list[RefundShare]
    brokenPromotions: list[str]
    reason: str
    restock: bool
    restocked: bool
    by: str
    at: str
    approvedBy: str | None
    approvedAt: str | None
    rejectedBy: NotRequired[str | None]
    rejectedAt: NotRequired[str | None]
    rejectionReason: NotRequired[str | None]
    error: str | None


class RefusalView(TypedDict):
    """Why a checkout did not come to pass."""

    code: str
    message: str


class Rejection(TypedDict):
    """An update that can never be applied."""

    index: int
    """which of the batch's updates, from 0"""
    storeId: str | None
    barcode: str | None
    code: str
    reason: str


class Remark(TypedDict):
    """Something the shopper or the staff should know; `code` is stable."""

    code: str
    message: str


class Removed(TypedDict):
    """Something that is there no longer."""

    id: str
    removed: bool


class ReplayAccepted(TypedDict):
    """What will be replayed; each at the pace of the queue."""

    requestId: str
    """the audit record's"""
    dryRun: bool
    matched: int
    """parked and replayable"""
    enqueued: int


class ReplayMany(TypedDict):
    """Which dead letters to replay: these, or all parked ones with this code."""

    dryRun: NotRequired[bool]
    """default: false"""
    ids: NotRequired[list[str] | None]
    code: NotRequired[str | None]


class ReplayOne(TypedDict):
    """How to replay it."""

    dryRun: NotRequired[bool]
    """default: false"""


class Replayed(TypedDict):
    """That somebody replayed it."""

    by: str
    at: str


class Rescan(TypedDict):
    """All that is really in the shopper's bag."""

    items: list[FoundItem]


class RescanResult(TypedDict):
    """What came of it: `same`, `lowered` (what is missing was taken off) or `extra` (the checkout has ended)."""

    outcome: Literal["same", "lowered", "extra"]
    differences: list[BasketDifference]
    oldTotal: int
    total: int
    intervention: Task


class RestSettings(TypedDict):
    """An ERP's REST list."""

    url: str
    auth: NotRequired[Auth]
    items: NotRequired[str | None]
    """where the list of items is; default: the answer itself"""
    required: NotRequired[list[str]]
    """what every item has; if one lacks it, the ERP has changed and nothing is taken"""
    changes: NotRequired[Changes | None]
    kind: Literal["rest"]
    paging: NotRequired[Paging]
    etag: NotRequired[bool]
    """the first page's ETag stands for the whole list; default: false"""


class Retry(TypedDict):
    """Which codes are meant as they are."""

    confirm: NotRequired[list[str]]


class RetryView(TypedDict):
    """How many failed rows of an import have which status now."""

    batchId: str
    counts: dict[str, int]


class ReturnedGood(TypedDict):
    """What comes back of a product, in thousandths."""

    barcode: str
    quantity: int


class ReturnedLine(TypedDict):
    """What comes back of a line; `quantity` in thousandths: whole pieces, or all of what was weighed."""

    lineId: str
    quantity: int


class RollbackView(TypedDict):
    """A roll back: who asked for it, and what came of it. The result counts products."""

    importId: str
    state: Literal[
        "waiting_for_upload",
        "fetching",
        "staging",
        "staged",
        "scheduled",
        "publishing",
        "published",
        "partly_published",
        "failed",
        "rejected",
        "cancelled",
        "expired",
        "duplicate",
        "rolling_back",
        "rolled_back",
    ]
    by: str
    at: str
    finishedAt: str | None
    result: dict[str, int] | None
    """null while it is under way"""


class RowRetry(TypedDict):
    """Other values by field or column, as text; null takes a value away."""

    confirm: NotRequired[list[str]]
    values: NotRequired[dict[str, str | None]]


class RowView(TypedDict):
    """One row as it is staged. Prices in minor units, stock in thousandths."""

    line: int | None
    """where it begins in the file; null for what the file does not name"""
    barcode: str | None
    name: str | None
    status: Literal["valid", "error", "warning", "confirm", "excluded"]
    action: Literal["create", "update", "unchanged", "return", "withdraw"] | None
    values: dict[str, Any]
    changes: list[Change]
    faults: list[Fault]
    raw: list[str | None] | None
    """the cells as they came, of a row with errors"""


class RulesBody(TypedDict):
    """The rules that differ from the usual ones; see the room's README."""

    rules: dict[str, Any]


class RulesView(TypedDict):
    """All rules, as they are in force."""

    rules: dict[str, Any]
    ver: int | None
    updatedAt: str | None


class RunView(TypedDict):
    """One run: begun, or not and why."""

    id: str
    kind: Literal["cron", "now"]
    by: str | None
    dueAt: str
    at: str
    state: Literal["started", "skipped"]
    code: str | None
    message: str | None
    groupId: str | None
    importIds: list[str]


class S3Settings(TypedDict):
    """A file in an S3 bucket. Secret: `accessKeyId`, `secretAccessKey`, perhaps `sessionToken`."""

    kind: Literal["s3"]
    bucket: str
    region: NotRequired[str]
    """default: us-east-1"""
    endpoint: NotRequired[str | None]
    """of an S3 that is not Amazon's"""
    path: NotRequired[str | None]
    """a file; * ? [...] mean the newest that matches"""
    take: NotRequired[Literal["newest", "next"]]
    """of files that match: the newest, or one after the other; default: newest"""


class SalesDay(TypedDict):
    """What a store sold on a day, by the store's clock; at most a minute or two old. Amounts in minor units."""

    date: str
    currency: str | None
    receipts: int
    total: int
    """before refunds"""
    items: int
    discount: int
    """of purchases that are closed"""
    refunds: int
    refunded: int
    """of what was bought on this day, whenever it came back"""
    cards: int
    """how often a brand card was put on a visit"""
    interventions: int
    """baskets that staff were asked to look at"""
    rejected: int
    """how many of them staff refused"""
    hours: list[int]
    """the total by the hour it was paid in, from 0 to 23"""
    products: list[SoldProduct]
    """those that brought most, at most 50; of purchases that are closed"""
    summedAt: str


class ScanBatch(TypedDict):
    """Several symbols, answered one by one."""

    items: list[ScanRequest]


class ScanBatchReply(TypedDict):
    """The answers in the order of the items."""

    found: int
    failed: int
    items: list[BatchItem]


class ScanReply(TypedDict):
    """Everything about one scanned item."""

    product: ScannedProduct
    scanned: Scanned
    quantity: int | None
    """thousandths of the base unit; null while it must be asked for"""
    measure: Literal["each", "weight", "volume", "length"]
    askQuantity: bool
    unitPrice: int | None
    """minor units for one base unit"""
    price: int | None
    """minor units for the quantity; null while it is not known"""
    currency: str
    """ISO 4217"""
    priceSource: Literal["list", "label", "label_unit", "pack", "none"]
    stock: ScanStockView
    label: LabelView | None
    blocked: Blocked | None
    warnings: list[Remark]
    freshness: Freshness


class ScanRequest(TypedDict):
    """One symbol."""

    code: str
    """the raw content of the symbol as the scanner gave it, group separators (U+001D) and a symbology identifier
    such as ]C1 included; at most 512 characters are a code
    """
    symbology: NotRequired[
        Literal[
            "ean_13",
            "ean_8",
            "upc_a",
            "upc_e",
            "itf_14",
            "gs1_128",
            "gs1_databar",
            "gs1_datamatrix",
            "gs1_qr",
            "gs1_dotcode",
            "datamatrix",
            "qr",
        ]
        | None
    ]
    """what kind of symbol it was, if the scanner says so and the content does not"""
    quantity: NotRequired[int | None]
    """thousandths of the base unit (a piece, kg, l or m): how many, or the answer to askQuantity"""


class ScanStockView(TypedDict):
    """What the shelf should hold."""

    available: int | None
    """thousandths of the base unit"""
    level: Literal["in_stock", "low", "out_of_stock", "unknown"]
    asOf: str | None
    """the source's time of the figure"""


class Scanned(TypedDict):
    """How the code was read."""

    kind: Literal["gtin", "upc_e", "variable_measure", "gs1", "digital_link", "internal", "coupon"]
    barcode: str
    """the canonical barcode that was looked up"""
    symbology: (
        Literal[
            "ean_13",
            "ean_8",
            "upc_a",
            "upc_e",
            "itf_14",
            "gs1_128",
            "gs1_databar",
            "gs1_datamatrix",
            "gs1_qr",
            "gs1_dotcode",
            "datamatrix",
            "qr",
        ]
        | None
    )
    unit: ScannedUnit | None


class ScannedCard(TypedDict):
    """A brand card: `code` as it was scanned, or the number that was typed with its brand."""

    code: NotRequired[str | None]
    """`brand:number` as a phone shows it, or the number alone"""
    cardNumber: NotRequired[str | None]
    brandId: NotRequired[str | None]


class ScannedProduct(TypedDict):
    """The product behind a code."""

    id: str
    barcode: str
    """the product's own barcode in canonical form"""
    name: str
    brandId: str | None
    categoryId: str | None
    imageUrl: str | None
    measure: Literal["each", "weight", "volume", "length"]
    taxClass: str | None
    ageRestriction: int | None
    """the age in years from which it may be sold"""


class ScannedUnit(TypedDict):
    """The pack whose barcode was scanned."""

    name: str | None
    barcode: str
    quantity: int
    """thousandths of the base unit in one pack"""


class ScheduleBody(TypedDict):
    """When a connection is pulled, and for which stores."""

    connection: str
    storeIds: list[str]
    profile: NotRequired[str]
    """default: retailscan"""
    mode: NotRequired[Literal["partial", "full"]]
    """default: partial"""
    cron: str
    """five fields: minute, hour, day, month, weekday"""
    timeZone: str
    """IANA time zone"""
    autoApprove: NotRequired[Literal["never", "when_clean"]]
    """when_clean publishes at once what has neither errors nor anything to confirm; default: never"""
    enabled: NotRequired[bool]
    """default: true"""
    path: NotRequired[str | None]
    """which file of the connection; default: its own"""


class ScheduleView(TypedDict):
    """A schedule and its latest runs, newest first."""

    name: str
    connection: str
    storeIds: list[str]
    profile: str
    mode: str
    cron: str
    timeZone: str
    autoApprove: str
    enabled: bool
    path: str | None
    nextAt: str | None
    runs: list[RunView]
    createdBy: str
    createdAt: str
    updatedAt: str
    ver: int


class SessionToken(TypedDict):
    """A token for this store only. Send it as `Authorization: Bearer ...` on every other call."""

    sessionId: str
    token: str
    tokenType: NotRequired[Literal["Bearer"]]
    """default: Bearer"""
    tokenExpiresAt: str
    expiresAt: str
    """when the visit ends unless the token is renewed"""


class SessionView(TypedDict):
    """A visit."""

    sessionId: str
    storeId: str
    status: Literal["active", "ended", "handed_over"]
    createdAt: str
    expiresAt: str


class SftpSettings(TypedDict):
    """A file over SFTP. Secret: `password`, or `privateKey` (OpenSSH or PKCS#8) and perhaps `passphrase`."""

    kind: Literal["sftp"]
    host: str
    port: NotRequired[int]
    """default: 22"""
    username: str
    hostKey: str
    """the server's public key, as in known_hosts without the name"""
    path: NotRequired[str | None]
    """a file; * ? [...] mean the newest that matches"""
    take: NotRequired[Literal["newest", "next"]]
    """of files that match: the newest, or one after the other; default: newest"""


class Slot(TypedDict):
    """So many units of a kind, as a part of a set."""

    match: Match
    quantity: int


class SoapSettings(TypedDict):
    """An ERP's SOAP operation. Places are those in its result."""

    url: str
    auth: NotRequired[Auth]
    items: NotRequired[str | None]
    """where the list of items is; default: the answer itself"""
    required: NotRequired[list[str]]
    """what every item has; if one lacks it, the ERP has changed and nothing is taken"""
    changes: NotRequired[Changes | None]
    kind: Literal["soap"]
    operation: str
    wsdl: NotRequired[str | None]
    """default: the url with ?wsdl"""
    service: NotRequired[str | None]
    port: NotRequired[str | None]
    arguments: NotRequired[dict[str, Any]]
    paging: NotRequired[Paging]


class SoldLine(TypedDict):
    """A line; money in minor units, `quantity` in thousandths."""

    lineId: str
    barcode: str
    unitBarcode: str | None
    name: str
    quantity: int
    measure: str
    unitPrice: int | None
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    taxClass: str | None
    ageRestriction: int | None
    imageUrl: str | None
    note: str


class SoldProduct(TypedDict):
    """A product among those that brought most on a day."""

    barcode: str
    name: str
    quantity: int
    """thousandths"""
    amount: int


class Source(TypedDict):
    """The file, and what it turned out to be."""

    kind: str
    name: str
    size: NotRequired[int | None]
    """bytes, as they came"""
    sha256: NotRequired[str | None]
    media: NotRequired[str | None]
    format: NotRequired[str | None]
    compression: NotRequired[str | None]
    encoding: NotRequired[str | None]
    delimiter: NotRequired[str | None]
    columns: NotRequired[list[str]]
    unknownColumns: NotRequired[list[str]]
    connection: NotRequired[str | None]
    path: NotRequired[str | None]


class StockOut(TypedDict):
    """A product of which nothing could be bought for a time; at most five minutes old."""

    barcode: str
    name: str | None
    """null until the shelves have been looked at since it ran out"""
    since: str | None
    """null when it can be bought again"""
    until: str | None
    """when the last time that is over ended"""
    times: int
    """how often within three months"""
    seconds: int
    """how long in all within three months, with what lasts"""


class StoreOfVisit(TypedDict):
    """What the app needs to know about the store it is in."""

    storeId: str
    name: str
    currency: str
    timeZone: str


class StorePatch(TypedDict):
    """Only what is given changes. The currency stays: prices are stored in it."""

    name: NotRequired[str]
    timeZone: NotRequired[str]
    """IANA time zone"""
    status: NotRequired[Literal["active", "inactive"]]
    stockPolicy: NotRequired[Literal["strict", "sell_in_hand"]]
    labelTemplates: NotRequired[list[str | LabelTemplate]]
    """names of presets or patterns; the first that matches wins"""
    address: NotRequired[Address | None]


class StoreSales(TypedDict):
    """What a store sold in a period; at most a minute or two old. Amounts in minor units, before refunds."""

    storeId: str
    currency: str | None
    days: int
    """on which something happened"""
    receipts: int
    total: int
    items: int
    discount: int
    refunds: int
    refunded: int
    cards: int
    interventions: int
    rejected: int


class StoreView(TypedDict):
    """A store of the tenant."""

    storeId: str
    name: str
    currency: str
    timeZone: str
    status: Literal["active", "inactive"]
    stockPolicy: Literal["strict", "sell_in_hand"]
    labelTemplates: list[str | dict[str, Any]]
    address: dict[str, str | None] | None
    codeVersion: int
    ver: int
    createdAt: str
    updatedAt: str


class Sums(TypedDict):
    """Money in minor units."""

    captured: int
    refunded: int


class Task(TypedDict):
    """An intervention with the basket it is about."""

    interventionId: str
    checkoutId: str
    storeId: str
    kind: Literal["age", "spot_check", "risk"]
    status: Literal["open", "claimed", "approved", "rejected"]
    claimedBy: str | None
    at: str
    reason: str | None
    differences: list[BasketDifference] | None
    state: Literal[
        "open",
        "priced",
        "reserved",
        "payment_pending",
        "paid",
        "exit_issued",
        "exited",
        "closed",
        "cancelling",
        "cancelled",
        "expired",
        "refunded",
    ]
    currency: str
    total: int
    units: int
    ageLimit: int | None
    lines: list[SoldLine]
    expiresAt: str


class TaxClassRates(TypedDict):
    """The taxes on a class of goods."""

    taxClass: str
    rates: list[DiscountTaxRate]


class TaxPart(TypedDict):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class TaxPartView(TypedDict):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class TaxRate(TypedDict):
    """One tax; several on the same goods add up."""

    name: NotRequired[str]
    percent: str


class TaxShare(TypedDict):
    """What is taxed at one rate, a percentage as text."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[TaxPart]


class TaxShareView(TypedDict):
    """What is taxed at one rate."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[TaxPartView]


class TaxTable(TypedDict):
    """How the basket is taxed."""

    classes: list[TaxClassRates]
    defaultClass: NotRequired[str | None]
    """of lines without a class"""
    inclusive: NotRequired[bool]
    """prices contain the tax; default: true"""
    level: NotRequired[Literal["line", "unit"]]
    """where tax is rounded; default: line"""
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """default: half_even"""


class TaxesInput(TypedDict):
    """How the goods are taxed. `classes` go by the tax class of products, `default` is that of goods without one."""

    inclusive: NotRequired[bool]
    """whether prices contain the tax; default: true"""
    level: NotRequired[Literal["line", "unit"]]
    """where tax is rounded; default: line"""
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """default: half_even"""
    default: NotRequired[str | None]
    classes: dict[str, list[CatalogTaxRate]]


class TaxesOutput(TypedDict):
    """How the goods are taxed. `classes` go by the tax class of products, `default` is that of goods without one."""

    inclusive: NotRequired[bool]
    """whether prices contain the tax; default: true"""
    level: NotRequired[Literal["line", "unit"]]
    """where tax is rounded; default: line"""
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """default: half_even"""
    default: NotRequired[str | None]
    classes: dict[str, list[TaxRate]]


class TenantSettingsBody(TypedDict):
    """All of a tenant's settings; what is left out goes back to its default."""

    taxes: NotRequired[TaxesInput | None]
    """null: receipts say nothing about taxes"""
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """of weighed goods and percentages; default: half_even"""
    checks: NotRequired[Checks]
    refundLimit: NotRequired[int | None]
    """minor units; a refund above it needs a second person"""
    receiptFooter: NotRequired[str]
    """printed at the end of every receipt"""


class TenantSettingsView(TypedDict):
    """A tenant's settings; version 0 are the defaults, which nobody has changed yet."""

    taxes: NotRequired[TaxesOutput | None]
    """null: receipts say nothing about taxes"""
    rounding: NotRequired[Literal["half_even", "half_up", "half_down"]]
    """of weighed goods and percentages; default: half_even"""
    checks: NotRequired[Checks]
    refundLimit: NotRequired[int | None]
    """minor units; a refund above it needs a second person"""
    receiptFooter: NotRequired[str]
    """printed at the end of every receipt"""
    ver: int
    updatedAt: str | None


class Ticket(TypedDict):
    """PUT the file there with exactly these headers, once; then say so at `uploadedUrl`."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expiresAt: str
    uploadedUrl: str


class TimelinePoint(TypedDict):
    """A price (minor units) or stock (thousandths) as its source stated it."""

    at: str
    value: int
    before: int | None
    currency: str | None


class TouchView(TypedDict):
    """A unit (counted from 0) that a promotion used, and how much less it costs for it."""

    lineId: str
    unit: int
    role: Literal["discounted", "trigger"]
    amount: int


class TrialLine(TypedDict):
    """A line of the basket. Without `unitPrice` and `amount` the store's product is asked for what is left out."""

    lineId: str
    barcode: str
    quantity: NotRequired[int | None]
    """thousandths of the base unit; default: one piece or pack, one kilogram"""
    unitPrice: NotRequired[int | None]
    """per piece or pack, or per kilogram, litre, metre"""
    amount: NotRequired[int | None]
    """what a label states for the whole line"""
    measure: NotRequired[Literal["each", "weight", "volume", "length"] | None]
    pack: NotRequired[int | None]
    """thousandths of the base unit in one piece"""
    categoryId: NotRequired[str | None]
    brandId: NotRequired[str | None]
    taxClass: NotRequired[str | None]


class TrialResult(TypedDict):
    """Whether a connection works. `found`: the file's name, or the number of items and their fields."""

    ok: bool
    code: str | None
    message: str | None
    where: str | None
    found: dict[str, Any] | None


class Unit(TypedDict):
    """A pack or unit sold under a barcode of its own."""

    name: str
    barcode: str
    quantity: int
    """thousandths of the base unit"""
    price: NotRequired[int | None]
    """minor units of the store's currency"""


class UnitView(TypedDict):
    """A pack or unit sold under a barcode of its own."""

    name: str
    barcode: str
    quantity: int
    price: int | None


class UnknownHealth(TypedDict):
    """Why a field of this answer is null."""

    field: str
    reason: str


class UnsavedPromotion(TypedDict):
    """A promotion that is only tried; with the id of a saved one it is tried in place of that."""

    name: str
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold
    priority: NotRequired[int]
    """the higher goes first; default: 0"""
    stacking: NotRequired[Literal["stack", "best_deal", "exclusive"]]
    """default: stack"""
    window: NotRequired[Window]
    groups: NotRequired[list[str]]
    """who may have it; empty: everybody"""
    codes: NotRequired[list[str]]
    """one of them is needed"""
    limits: NotRequired[Limits]
    promotionId: str


class UploadAccepted(TypedDict):
    """Imports that wait for their file."""

    groupId: str
    imports: list[Begun]
    upload: Ticket


class UploadOrder(TypedDict):
    """A large file, to be PUT to a URL: one import for each store."""

    storeIds: list[str]
    profile: NotRequired[str]
    """default: retailscan"""
    mode: NotRequired[Literal["partial", "full"] | None]
    """full withdraws what the file does not name; default: profile's"""
    name: NotRequired[str | None]
    again: NotRequired[bool]
    """take the file although it was brought before; default: false"""
    corrects: NotRequired[str | None]
    """the import whose failed rows this file puts right"""
    media: NotRequired[str]
    """the content type of the PUT; default: application/octet-stream"""


class UsageCount(TypedDict):
    """How often a promotion is taken to have been given before."""

    promotionId: str
    total: NotRequired[int]
    """default: 0"""
    byUser: NotRequired[int]
    """default: 0"""
    spent: NotRequired[int]
    """default: 0"""
    byCode: NotRequired[list[CodeCount]]


class VersionView(TypedDict):
    """A version: what was done, by whom, what changed, and all the promotion said from then on."""

    ver: int
    action: Literal["created", "updated", "activated", "ended", "removed"]
    changes: list[FieldChange]
    who: str
    role: str
    when: str
    requestId: str
    content: dict[str, Any]


class WaitingHealth(TypedDict):
    """What waits in a subscription or a queue; those of other tenants are not shown."""

    name: str
    depth: int | None
    oldestAgeSeconds: float | None
    late: bool | None


class WebhookReceived(TypedDict):
    """The event is kept, or was before."""

    received: bool


class Window(TypedDict):
    """When the promotion is on, by the clock of each store; what is left out does not restrict."""

    starts: NotRequired[str | None]
    """by the clock of each store"""
    ends: NotRequired[str | None]
    """not included"""
    weekdays: NotRequired[list[int]]
    """1 is Monday; hours past midnight belong to the day they start on"""
    hours: NotRequired[list[OpeningHours]]


class Withdrawn(TypedDict):
    """A product that is no longer sold; its version counter goes on."""

    storeId: str
    barcode: str
    status: Literal["deleted"]
    ver: int
