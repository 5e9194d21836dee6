/**
 * What is sent and answered, as it is on the wire.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */

/** What has begun: one import for each store. They share the file and the `groupId`. */
export interface Accepted {
    groupId: string;
    imports: Begun[];
}

/** What was scanned: the raw content of a symbol, as for a scan. */
export interface AddLine {
    /** as the scanner read it; a symbology identifier in front is understood */
    code: string;
    /** thousandths: of a piece, kg, l or m */
    quantity?: number | null;
    note?: string;
    /** the version of the cart that this was decided on */
    cartVersion?: number | null;
}

/** Where the store is. */
export interface Address {
    street?: string | null;
    postalCode?: string | null;
    city?: string | null;
    country?: string | null;
}

/** An amount off each unit that matches, at most the unit's price. */
export interface AmountOff {
    type: "amount";
    match: Match;
    amount: number;
}

/** Who approved it, when, and at which pace it is published. */
export interface Approved {
    by: string;
    at: string;
    /** default: gentle */
    pace?: "gentle" | "full";
}

/** Who changed what, when, in which request. */
export interface AuditView {
    id: string;
    action: string;
    entity: string;
    entityId: string;
    changes: ChangeView[];
    who: string;
    role: string;
    when: string;
    requestId: string;
    ver: number;
}

/** How a connection signs in; with what, its secret says: `token`, or `username` and `password` for basic. */
export interface Auth {
    /** default: none */
    kind?: "none" | "bearer" | "basic" | "header";
    /** which header carries the token, for kind header; default: X-Api-Key */
    header?: string;
}

/** How much of what a store lists could be bought on a day, by the store's clock, on average of all looks. */
export interface AvailabilityDay {
    date: string;
    /** millionths of the listed products; null when none are listed */
    share: number | null;
    /** products at the last look */
    listed: number;
    /** how many of them were out of stock then */
    out: number;
    /** every five minutes one */
    looks: number;
    lookedAt: string;
}

/** A product of which staff found another quantity than the basket says; thousandths. */
export interface BasketDifference {
    barcode: string;
    name: string;
    basket: number;
    found: number;
}

/** A batch and what was wrong with it. At most the first 1,000 of each list. */
export interface Batch {
    batchId: string;
    door: "rest" | "topic";
    status: "pending" | "done";
    createdAt: string;
    counts: Counts;
    rejected: Rejection[];
    conflicts: Conflict[];
}

/** The batch is safe and on its way. */
export interface BatchAccepted {
    batchId: string;
    accepted: number;
    statusUrl: string;
}

/** The answer to one item: `data` or `error`. */
export interface BatchItem {
    index: number;
    success: boolean;
    data?: ScanReply | null;
    error?: ItemError | null;
}

/** A batch of updates. */
export interface BatchSummary {
    batchId: string;
    door: "rest" | "topic";
    status: "pending" | "done";
    createdAt: string;
    counts: Counts;
}

/** One import that has begun. */
export interface Begun {
    importId: string;
    storeId: string;
    state:
        | "waiting_for_upload"
        | "fetching"
        | "staging"
        | "staged"
        | "scheduled"
        | "publishing"
        | "published"
        | "partly_published"
        | "failed"
        | "rejected"
        | "cancelled"
        | "expired"
        | "duplicate"
        | "rolling_back"
        | "rolled_back";
    statusUrl: string;
}

/** Why the item must not be sold. */
export interface Blocked {
    reason: "EXPIRED" | "RECALLED_LOT";
    message: string;
}

/** Only what is given changes; null clears. */
export interface BrandPatch {
    name?: string;
    description?: string | null;
    logoUrl?: string | null;
    metadata?: Record<string, string | number | boolean | (string | number | boolean | null)[] | Record<string, string | number | boolean | null> | null>;
}

/** A brand of the tenant. */
export interface BrandView {
    brandId: string;
    name: string;
    description: string | null;
    logoUrl: string | null;
    metadata: Record<string, unknown>;
    ver: number;
    createdAt: string;
    updatedAt: string;
}

/** What became of one item of the list. */
export interface BulkOutcome {
    index: number;
    barcode: string | null;
    outcome: "created" | "updated" | "unchanged" | "rejected";
    ver?: number | null;
    /** why it was rejected: a stable code */
    reason?: string | null;
    message?: string | null;
}

/** One outcome an item, in the order of the request; the counts add up to the number of items. */
export interface BulkReport {
    created: number;
    updated: number;
    unchanged: number;
    rejected: number;
    items: BulkOutcome[];
}

/** Of every `buy + get` units that match, `get` cost less; free when `off` is left out. */
export interface BuyGet {
    type: "buy_get";
    match: Match;
    buy: number;
    get: number;
    off?: PriceOff;
    /** default: cheapest */
    choose?: "cheapest" | "most_expensive";
    maxOccurrences?: number | null;
}

/** From now on nothing that was cached for this store before is read. */
export interface CacheCleared {
    storeId: string;
    cleared: true;
}

/** Reads of products by scans. */
export interface CacheHealth {
    /** the share that memory and Redis answered, between 0 and 1 */
    hitRate: number | null;
    readsPerSecond: number | null;
}

/** What the card brings, in the words of its brand. */
export interface CardBenefit {
    code: string;
    text: string;
}

/** The visit has no card any more. */
export interface CardTakenOff {
    takenOff: boolean;
}

/** The card on a visit. */
export interface CardView {
    cardId: string;
    brandId: string;
    maskedNumber: string;
    /** degraded: the loyalty system did not answer; groups, points and benefits are those of `asOf` */
    status: "confirmed" | "degraded";
    /** whom the holder belongs to: promotions may be for them */
    groups: string[];
    points: number | null;
    benefits: CardBenefit[];
    /** when the loyalty system said so; null: never */
    asOf: string | null;
    scannedAt: string;
    /** a checkout has to begin before */
    expiresAt: string;
    /** a checkout has claimed it */
    inCheckout: boolean;
}

/** The brand card of the visit. */
export interface CartCard {
    brandId: string;
    maskedNumber: string | null;
    attachedUntil: string;
}

/** A unit price that is another than the cart had. */
export interface CartChange {
    lineId: string;
    barcode: string;
    name: string;
    old: number | null;
    new: number | null;
}

/** A coupon code and what became of it. */
export interface CartCode {
    code: string;
    promotionId: string | null;
    reason: string | null;
    message: string | null;
}

/** One line. `amount` less `discount` is `payable`; `net` and `tax` are `gross`. */
export interface CartLineView {
    lineId: string;
    code: string;
    barcode: string;
    /** of the pack that was scanned */
    unitBarcode: string | null;
    name: string;
    quantity: number;
    measure: "each" | "weight" | "volume" | "length";
    /** thousandths of the product in one unit of this line */
    pack: number;
    /** the label says how much it is: the quantity cannot be changed */
    fixed: boolean;
    unitPrice: number | null;
    oldPrice: OldPrice | null;
    amount: number;
    discount: number;
    payable: number;
    net: number;
    tax: number;
    gross: number;
    categoryId: string | null;
    brandId: string | null;
    taxClass: string | null;
    ageRestriction: number | null;
    imageUrl: string | null;
    note: string;
    addedAt: string;
    /** why it cannot be bought; it is not in the totals */
    unavailable: CartRemark | null;
    warnings: CartRemark[];
}

/** A promotion's part in the cart, or the reason why it has none (docs/promotions.md). */
export interface CartPromotion {
    promotionId: string;
    ver: number;
    name: string;
    discount: number;
    times: number;
    code: string | null;
    touches: CartTouch[];
    reason: string | null;
    message: string | null;
    missing: number;
}

/** What made the cart cheaper, and what nearly did. */
export interface CartPromotions {
    applied: CartPromotion[];
    notApplied: CartPromotion[];
}

/** Something the shopper should know, by a stable code. */
export interface CartRemark {
    code: string;
    message: string;
}

/** One tax's part in a share. */
export interface CartTaxPart {
    name: string;
    rate: string;
    tax: number;
}

/** What is taxed at one rate (a percentage as text). */
export interface CartTaxShare {
    rate: string;
    net: number;
    tax: number;
    gross: number;
    parts: CartTaxPart[];
}

/** When what counts costs `threshold` or more, the targets together cost less. */
export interface CartThreshold {
    type: "cart_threshold";
    threshold: number;
    off: PriceOff;
    counts?: Match;
    targets?: Match;
}

/** A unit of a line (counted from 0) that a promotion used, and how much less it costs for it. */
export interface CartTouch {
    lineId: string;
    unit: number;
    role: "discounted" | "trigger";
    amount: number;
}

/** The cart and what it costs now. */
export interface CartView {
    sessionId: string;
    storeId: string;
    cartVersion: number;
    currency: string;
    lines: CartLineView[];
    /** the line that the edit was about */
    touchedLineId: string | null;
    units: number;
    subtotal: number;
    discount: number;
    net: number;
    tax: number;
    /** what is to be paid */
    total: number;
    taxShares: CartTaxShare[];
    promotions: CartPromotions;
    codes: CartCode[];
    card: CartCard | null;
    /** the checkout that holds the cart; it cannot be edited meanwhile */
    checkoutId: string | null;
    /** when the visit ends if nothing is done in it */
    expiresAt: string;
    changes: CartChange[];
}

/** What is free to sell, and when its source stated it. */
export interface CatalogStockView {
    quantity: number;
    asOf: string | null;
}

/** One tax; several on the same goods add up. */
export interface CatalogTaxRate {
    name?: string;
    percent: string;
}

/** One field before and after. */
export interface Change {
    field: string;
    before: unknown;
    after: unknown;
}

/** What is to change; what is left out stays. */
export interface ChangeLine {
    /** thousandths: of a piece, kg, l or m */
    quantity?: number | null;
    note?: string | null;
    /** the version of the cart that this was decided on */
    cartVersion?: number | null;
}

/** One field before and after. */
export interface ChangeView {
    field: string;
    before: unknown;
    after: unknown;
}

/** How to ask only for what is new since the last import that was staged. */
export interface Changes {
    parameter: string;
    /** where an answer says what to ask with next time */
    next: string;
}

/** The code scanned at the entrance. */
export interface CheckIn {
    /** the text of the store's signed code, as it was scanned */
    storeCode: string;
}

/** What the poster at the entrance carries: signed, so that nobody can print one for another store. */
export interface CheckInCode {
    storeId: string;
    code: string;
    codeVersion: number;
}

/** The visit that has begun, its token and its store. */
export interface CheckedIn {
    sessionId: string;
    token: string;
    /** default: Bearer */
    tokenType?: "Bearer";
    tokenExpiresAt: string;
    /** when the visit ends unless the token is renewed */
    expiresAt: string;
    status: "active" | "ended" | "handed_over";
    createdAt: string;
    store: StoreOfVisit;
}

/** Nothing stands against the basket; a reason may be noted. */
export interface CheckoutApproval {
    reason?: string;
}

/** The basket is refused, with a reason that the shopper is told. */
export interface CheckoutRejection {
    reason: string;
}

/** A checkout in a list. */
export interface CheckoutSummary {
    checkoutId: string;
    state:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    currency: string;
    total: number;
    refunded: number;
    receiptNumber: number | null;
    createdAt: string;
    expiresAt: string;
    paidAt: string | null;
}

/** A checkout, and the purchase that it becomes. */
export interface CheckoutView {
    checkoutId: string;
    sessionId: string;
    storeId: string;
    cartVersion: number;
    state:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    currency: string;
    lines: SoldLine[];
    subtotal: number;
    discount: number;
    net: number;
    tax: number;
    total: number;
    taxShares: TaxShare[];
    promotions: GivenPromotion[];
    payment: PaymentView | null;
    interventions: InterventionView[];
    refusal: RefusalView | null;
    receiptNumber: number | null;
    refunded: number;
    createdAt: string;
    /** until when it can be paid */
    expiresAt: string;
    paidAt: string | null;
    exitedAt: string | null;
}

/** Which baskets staff look at before they are paid. */
export interface Checks {
    /** millionths of all baskets; default: 0 */
    spotCheckShare?: number;
    /** minor units; a total that reaches it is looked at */
    riskAmount?: number | null;
    /** whether somebody looks at buyers of goods with an age limit; default: true */
    ageCheck?: boolean;
}

/** How often a code was redeemed. */
export interface CodeCount {
    coupon: string;
    times: number;
}

/** What became of a code. */
export interface CodeView {
    code: string;
    promotionId: string | null;
    reason: string | null;
    message: string | null;
}

/** What becomes of a column. */
export interface ColumnView {
    column: string;
    use: "field" | "metadata" | "ignored";
    fields: string[];
}

/** An update that contradicts one that came first; the first was kept. */
export interface Conflict {
    index: number;
    storeId: string;
    barcode: string;
    field: "price" | "stock";
    kept: number;
    offered: number;
}

/** Where files come from. What signs in there is set on its own, and forgotten when the settings lead elsewhere. */
export interface ConnectionBody {
    settings: HttpsSettings | S3Settings | GsSettings | SftpSettings | RestSettings | GraphqlSettings | SoapSettings;
}

/** What signs in. It can be replaced, but never read. */
export interface ConnectionSecret {
    secret: Credentials;
}

/** Which file of the connection to look at. */
export interface ConnectionTrial {
    /** a file; * ? [...] mean the newest that matches */
    path?: string | null;
}

/** A connection, without what signs in. */
export interface ConnectionView {
    name: string;
    kind: string;
    settings: Record<string, unknown>;
    secretSetAt: string | null;
    lastTest: LastTest | null;
    createdBy: string;
    createdAt: string;
    updatedAt: string;
    ver: number;
}

/** Other values by field or column, as text; null takes a value away. Or leave the row out, or take it in again. */
export interface Correction {
    values?: Record<string, string | null>;
    excluded?: boolean | null;
}

/** What became of the updates; the ends and `pending` add up to `received`. */
export interface Counts {
    received: number;
    /** newer than what was there */
    applied: number;
    /** older than what was there; nothing to do */
    stale: number;
    /** the same update as one before */
    duplicate: number;
    /** same source time, sequence and source as one before, with another value */
    conflict: number;
    /** no such product yet; kept for a day and applied when it is published */
    parked: number;
    /** never applicable; see the reasons */
    rejected: number;
    /** on its way */
    pending: number;
}

/** What a source wants to see, each kind its own; see the settings. */
export interface Credentials {
    token?: string | null;
    username?: string | null;
    password?: string | null;
    accessKeyId?: string | null;
    secretAccessKey?: string | null;
    sessionToken?: string | null;
    serviceAccountKey?: string | null;
    privateKey?: string | null;
    passphrase?: string | null;
}

/** A day of a store. `takings` are `total` less what went back. A revision above 1: something has changed since. */
export interface DayClosing {
    storeId: string;
    date: string;
    revision: number;
    /** whether the day was over when it was closed */
    complete: boolean;
    closedBy: string;
    closedAt: string;
    currency: string;
    timeZone: string;
    receipts: ReceiptNumbers;
    total: number;
    discount: number;
    byRate: RateSums[];
    byMethod: MethodSums[];
    refunds: RefundSums;
    takings: number;
    differences: Difference[];
    differenceCount: number;
}

/** A day on the store's calendar. */
export interface DayToClose {
    date: string;
}

/** A message that could not be applied. */
export interface DeadLetter {
    id: string;
    status: "parked" | "replaying" | "resolved";
    code: string;
    reason: string;
    subscription: string;
    messageId: string;
    /** bytes */
    size: number;
    /** how often it ended here */
    times: number;
    createdAt: string;
    resolvedAt: string | null;
    replays: Replayed[];
}

/** A dead letter with what is in it. */
export interface DeadLetterContent {
    id: string;
    status: "parked" | "replaying" | "resolved";
    code: string;
    reason: string;
    subscription: string;
    messageId: string;
    /** bytes */
    size: number;
    /** how often it ended here */
    times: number;
    createdAt: string;
    resolvedAt: string | null;
    replays: Replayed[];
    attributes: Record<string, string>;
    /** the first 64 KiB as text; what is not UTF-8 is escaped */
    text: string;
}

/** Who decided what, and when. */
export interface Decision {
    by: string;
    at: string;
    reason?: string | null;
}

/** A device that wants to be told. */
export interface DeviceBody {
    /** the registration token that FCM gave this installation of the app */
    token: string;
    platform: "android" | "ios" | "web";
    /** BCP 47, such as de-AT; English when it is none of ours; default: en */
    language?: string;
}

/** A device that is left alone from now on. */
export interface DeviceRemoved {
    installationId: string;
    removed: boolean;
}

/** A device of this visit. Its token is not told to anybody. */
export interface DeviceView {
    installationId: string;
    platform: "android" | "ios" | "web";
    /** the one that notices will be in */
    language: string;
}

/** Something that does not add up, for people to look at. `ours` and `theirs` in minor units, or a number. */
export interface Difference {
    code: string;
    checkoutId: string | null;
    ours: number | null;
    theirs: number | null;
}

/** One tax, in percent. */
export interface DiscountTaxRate {
    rate: string;
    name?: string;
}

/** A door over the last minute or so (Google's figures: five minutes that ended three minutes ago). */
export interface DoorHealth {
    service: string;
    up: boolean | null;
    requestsPerSecond: number | null;
    /** of its requests, between 0 and 1; null when nobody asked */
    errorShare: number | null;
    /** the 95th percentile of its answers, in milliseconds */
    p95Ms: number | null;
}

/** A basket and who buys it where and when; promotions that are not saved may be tried with it. */
export interface DryRun {
    storeId: string;
    lines: TrialLine[];
    /** default: now */
    at?: string | null;
    groups?: string[];
    codes?: string[];
    usage?: UsageCount[];
    /** which saved promotions of the store take part; all: drafts too; default: active */
    saved?: "active" | "all" | "none";
    promotions?: UnsavedPromotion[];
    /** default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
    taxes?: TaxTable | null;
}

/** What the basket would cost; money in minor units of `currency`. */
export interface DryRunView {
    storeId: string;
    currency: string;
    at: string;
    subtotal: number;
    discount: number;
    net: number;
    tax: number;
    total: number;
    lines: LineView[];
    taxShares: TaxShareView[];
    /** in the order they went */
    promotions: ExplanationView[];
    codes: CodeView[];
}

/** One GS1 element as scanned. */
export interface Element {
    ai: string;
    data: string;
}

/** Which lines are not meant although the pattern would accept them. */
export interface Excluded {
    barcodes?: string[];
    categories?: string[];
    brands?: string[];
    taxClasses?: string[];
    measures?: ("each" | "weight" | "volume" | "length")[];
}

/** The gate may open. `items` is how many things are carried out. */
export interface Exit {
    opened: true;
    checkoutId: string;
    receiptNumber: number | null;
    items: number;
    exitedAt: string;
    override: boolean;
}

/** What a promotion did, or the reason why it did nothing (docs/promotions.md). */
export interface ExplanationView {
    promotionId: string;
    /** 0: not saved */
    ver: number;
    name: string;
    discount: number;
    times: number;
    code: string | null;
    touches: TouchView[];
    reason: string | null;
    message: string | null;
    /** units (TOO_FEW_UNITS) or minor units (BELOW_THRESHOLD, BUDGET_SPENT) */
    missing: number;
    /** the promotions that saved more */
    others: string[];
}

/**
 * One row that was not published, as it came, and what is wrong with it.  failed: nobody has done anything about it.
 * pending: it is being tried again. retried: it was, and failed again. resolved: it was published after all, by a retry
 * or by a corrected file.
 */
export interface FailedRow {
    /** where it begins in the file; null for what the file does not name */
    line: number | null;
    barcode: string | null;
    status: "pending" | "failed" | "retried" | "resolved";
    faults: Fault[];
    values: Record<string, unknown>;
    /** the cells as they came, of a row that could not be read */
    raw: (string | null)[] | null;
    /** how often it was tried again */
    attempts: number;
    /** the import or the retry that published it */
    resolvedBy: string | null;
}

/** What failed of one part of an import, without its rows. */
export interface FailureView {
    /** the import */
    batchId: string;
    storeId: string;
    /** the commonest code */
    reason: string;
    codes: Record<string, number>;
    status: "pending" | "failed" | "retried" | "resolved";
    /** rows by status */
    counts: Record<string, number>;
    createdAt: string;
    updatedAt: string;
    resolvedAt: string | null;
}

/** One thing wrong with a row, and what to do about it. */
export interface Fault {
    code: string;
    severity: "error" | "confirm" | "warning";
    field: string;
    column: string | null;
    value: string;
    message: string;
}

/** One field before and after. */
export interface FieldChange {
    field: string;
    before: unknown;
    after: unknown;
}

/** One difference between the provider's list and ours. */
export interface Finding {
    kind: "missing_here" | "missing_there" | "amount_differs";
    intentId: string;
    checkoutId: string | null;
    storeId: string | null;
    state: string | null;
    providerStatus: string | null;
    currency: string;
    ours: Sums | null;
    theirs: Sums | null;
}

/** How many of each kind. */
export interface FindingCounts {
    missingHere: number;
    missingThere: number;
    amountDiffers: number;
}

/** Whether the app is what its owner is looking at. */
export interface Foreground {
    inFront: boolean;
}

/** Until when the device gets no pushes; say it again before that. Null: it gets them. */
export interface ForegroundView {
    installationId: string;
    quietUntil: string | null;
}

/** What staff scanned: a code, and how much of it in thousandths (one piece when it is not said). */
export interface FoundItem {
    code: string;
    /** default: 1000 */
    quantity?: number;
}

/** How fresh the price is. */
export interface Freshness {
    /** the source's time of the price */
    priceAsOf: string | null;
    /** when the product last changed here */
    updatedAt: string | null;
    /** grows with every change; send it along when adding to a cart */
    ver: number;
}

/** For how long the oldest price that ERPs have sent waits to be applied. */
export interface FreshnessHealth {
    lagSeconds: number | null;
    targetSeconds: number;
    late: boolean | null;
}

/** A promotion that the basket got. */
export interface GivenPromotion {
    promotionId: string;
    ver: number;
    name: string;
    discount: number;
    times: number;
    code: string | null;
    lines: LineDiscount[];
}

/** An ERP's GraphQL query. Places are those below `data`. */
export interface GraphqlSettings {
    url: string;
    auth?: Auth;
    /** where the list of items is; default: the answer itself */
    items?: string | null;
    /** what every item has; if one lacks it, the ERP has changed and nothing is taken */
    required?: string[];
    changes?: Changes | null;
    kind: "graphql";
    query: string;
    variables?: Record<string, unknown>;
    /** where the item is in each of the list, such as node */
    item?: string | null;
    paging?: Paging;
}

/** A file in a bucket of Google Cloud Storage. Secret: `serviceAccountKey`, the key file as text. */
export interface GsSettings {
    kind: "gs";
    bucket: string;
    /** a file; * ? [...] mean the newest that matches */
    path?: string | null;
    /** of files that match: the newest, or one after the other; default: newest */
    take?: "newest" | "next";
}

/** The cart behind a code; `handed_over` once a till has taken it. */
export interface HandedCart {
    status: "active" | "handed_over";
    cart: CartView;
}

/** The cart for a till: all codes for one without a network, any of them (or the id alone) for one that has it. */
export interface Handover {
    handoverId: string;
    cartVersion: number;
    expiresAt: string;
    codes: HandoverCode[];
}

/** One of the codes: its text, and a QR code of it as an SVG document. */
export interface HandoverCode {
    number: number;
    of: number;
    lines: number;
    text: string;
    svg: string;
}

/** When the purchase came into a state, and why. */
export interface HistoryStep {
    state:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    at: string;
    why: string;
}

/** A file at a URL. */
export interface HttpsSettings {
    kind: "https";
    url: string;
    auth?: Auth;
}

/** Publish, now or at a time. `confirm` names the codes whose rows are meant as they are. */
export interface ImportPublishApproval {
    confirm?: string[];
    /** RFC 3339, at most 30 days ahead; default: now */
    publishAt?: string | null;
    /**
     * gentle: a little at a time with long pauses, for a store that is open; whoever scans meanwhile hardly notices,
     * and 10,000 rows take some 20 seconds. full: without pauses, for a first load or at night, when nobody shops.
     * Retries keep it; a roll back is always gentle; default: gentle
     */
    pace?: "gentle" | "full";
    /** the version looked at; a later one is a conflict */
    ver?: number | null;
}

/** Why not. */
export interface ImportPublishRejection {
    reason: string;
}

/** One file on its way into one store. */
export interface ImportView {
    importId: string;
    groupId: string;
    storeId: string;
    state:
        | "waiting_for_upload"
        | "fetching"
        | "staging"
        | "staged"
        | "scheduled"
        | "publishing"
        | "published"
        | "partly_published"
        | "failed"
        | "rejected"
        | "cancelled"
        | "expired"
        | "duplicate"
        | "rolling_back"
        | "rolled_back";
    name: string;
    source: Source;
    profile: string;
    mode: "partial" | "full";
    currency: string;
    /** rows by status and by what publishing would do */
    counts: Record<string, number>;
    /** how many rows have what wrong with them */
    codes: Record<string, number>;
    /** the codes that must be confirmed, and in how many rows */
    toConfirm: Record<string, number>;
    confirmed: string[];
    corrects: string | null;
    duplicateOf: string | null;
    approval: Approved | null;
    rejection: Decision | null;
    publishAt: string | null;
    progress: Progress | null;
    /** what became of the rows of the file, once all are published */
    result: Record<string, number> | null;
    /** the rows that failed, by what became of them since */
    failures: Record<string, number> | null;
    error: Reason | null;
    links: Record<string, string>;
    createdBy: string;
    createdAt: string;
    updatedAt: string;
    finishedAt: string | null;
    ver: number;
}

/** The price until the price stream states another one. */
export interface InitialPrice {
    amount: number;
    /** ISO 4217 */
    currency: string;
    /** when it was stated; default: now */
    asOf?: string | null;
}

/** The count until the price stream states another one. */
export interface InitialStock {
    quantity: number;
    /** when it was counted; default: now */
    asOf?: string | null;
}

/** Something that staff look at before the basket is paid. */
export interface InterventionView {
    interventionId: string;
    kind: "age" | "spot_check" | "risk";
    status: "open" | "claimed" | "approved" | "rejected";
    reason: string | null;
    differences: BasketDifference[] | null;
}

/** A rejected update or a conflict, whichever way it came. */
export interface Issue {
    kind: "rejected" | "conflict";
    at: string;
    storeId: string | null;
    barcode: string | null;
    code: string;
    reason: string;
    field?: "price" | "stock" | null;
    kept?: number | null;
    offered?: number | null;
    batchId: string | null;
    /** the message it came in */
    message: string;
    index: number;
}

/** Why one item of a batch has no answer; the same codes as for a single scan. */
export interface ItemError {
    code: string;
    message: string;
    details?: unknown;
}

/** A field that somebody has changed since the import, so that it was left alone; an empty one is the product. */
export interface KeptView {
    barcode: string;
    field: string;
    imported: unknown;
    now: unknown;
    code?: string | null;
}

/** A JSON Web Key Set (RFC 7517); it comes without the usual envelope. */
export interface KeyDocument {
    keys: PublicKey[];
}

/** How the store's scales print weight, price or count into a barcode. */
export interface LabelTemplate {
    /** such as 2|item5|V|value5|C */
    pattern: string;
    kind: "weight" | "price" | "count";
    name?: string | null;
    decimals?: number | null;
    prefixes?: string[] | null;
}

/** What the label or the GS1 data said besides the product. */
export interface LabelView {
    /** a label template's name, gs1 or digital_link */
    source: string | null;
    measure: string | null;
    /** thousandths of kg, l, m or m2 */
    quantity: number | null;
    count: number | null;
    /** minor units */
    price: number | null;
    /** minor units */
    unitPrice: number | null;
    /** thousandths of a percent; not applied here */
    percentOff: number | null;
    lot: string | null;
    serial: string | null;
    produced: string | null;
    packed: string | null;
    bestBefore: string | null;
    sellBy: string | null;
    useBy: string | null;
    useByTime: string | null;
    coupon: string | null;
    elements: Element[];
}

/** How the latest test ended. */
export interface LastTest {
    at: string;
    ok: boolean;
    code: string | null;
}

/** How often, and for how much in all, the promotion is given. */
export interface Limits {
    perCode?: number | null;
    perUser?: number | null;
    total?: number | null;
    /** minor units */
    budget?: number | null;
}

/** What a promotion takes off one line. */
export interface LineDiscount {
    lineId: string;
    amount: number;
}

/** One line: `amount` less `discount` is `payable`; `net` and `tax` are `gross`, which is what is paid. */
export interface LineView {
    lineId: string;
    barcode: string;
    quantity: number;
    amount: number;
    discount: number;
    payable: number;
    net: number;
    tax: number;
    gross: number;
    units: PricedUnitView[];
}

/** Which lines: each list that is not empty must contain the line's value; an empty pattern means everything. */
export interface Match {
    barcodes?: string[];
    categories?: string[];
    brands?: string[];
    taxClasses?: string[];
    measures?: ("each" | "weight" | "volume" | "length")[];
    excluded?: Excluded | null;
}

/** What was paid with one method. */
export interface MethodSums {
    provider: string;
    type: string | null;
    brand: string | null;
    count: number;
    amount: number;
}

/** Whoever buys the triggers gets the targets for less. A unit that is a trigger is not a target. */
export interface MixAndMatch {
    type: "mix_and_match";
    targets: Slot[];
    off: PriceOff;
    triggers?: Slot[];
    /** default: cheapest */
    choose?: "cheapest" | "most_expensive";
    maxOccurrences?: number | null;
}

/** Only what is given changes; `config` is replaced as a whole. */
export interface ModulePatch {
    name?: string;
    version?: string;
    config?: Record<string, unknown>;
    status?: "enabled" | "disabled";
    permissions?: string[];
}

/** A module of the tenant. */
export interface ModuleView {
    moduleId: string;
    name: string;
    version: string;
    config: Record<string, unknown>;
    status: "enabled" | "disabled";
    permissions: string[];
    ver: number;
    createdAt: string;
    updatedAt: string;
}

/** Every `quantity` units that match cost `price` together, the most expensive ones first. */
export interface NForPrice {
    type: "n_for_price";
    match: Match;
    quantity: number;
    price: number;
    maxOccurrences?: number | null;
}

/** What a product is labelled with and what a brand card belongs to. */
export interface NewBrand {
    brandId: string;
    name: string;
    description?: string | null;
    logoUrl?: string | null;
    metadata?: Record<string, string | number | boolean | (string | number | boolean | null)[] | Record<string, string | number | boolean | null> | null>;
}

/** The cart as the app shows it: what the shopper agrees to pay. */
export interface NewCheckout {
    cartVersion: number;
    /** minor units, as the cart showed it */
    total: number;
    currency: string;
}

/** A capability the tenant has switched on, with its settings and who may use it. */
export interface NewModule {
    moduleId: string;
    name: string;
    version: string;
    config?: Record<string, unknown>;
    /** default: enabled */
    status?: "enabled" | "disabled";
    permissions?: string[];
}

/** A product of one store. The store comes from the path, the tenant from the token. */
export interface NewProduct {
    barcode: string;
    name: string;
    description?: string | null;
    brandId?: string | null;
    categoryId?: string | null;
    /** default: active */
    status?: "active" | "inactive";
    /** default: false */
    showInQuickProducts?: boolean;
    /** default: each */
    measure?: "each" | "weight" | "volume" | "length";
    /** default: standard */
    taxClass?: string;
    imageUrl?: string | null;
    ageRestriction?: number | null;
    recalledLots?: string[];
    units?: Unit[];
    metadata?: Record<string, string | number | boolean | (string | number | boolean | null)[] | Record<string, string | number | boolean | null> | null>;
    price?: InitialPrice | null;
    stock?: InitialStock | null;
}

/** A promotion of the tenant. Its id is never given out twice. */
export interface NewPromotion {
    name: string;
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold;
    /** the higher goes first; default: 0 */
    priority?: number;
    /** default: stack */
    stacking?: "stack" | "best_deal" | "exclusive";
    window?: Window;
    /** who may have it; empty: everybody */
    groups?: string[];
    /** one of them is needed */
    codes?: string[];
    limits?: Limits;
    description?: string | null;
    /** null: all stores of the tenant */
    storeIds?: string[] | null;
    promotionId: string;
    /** default: draft */
    status?: "draft" | "active";
}

/** Some lines, or `whole`: all that has not come back yet. `restock`: the goods can be sold again. */
export interface NewRefund {
    lines?: ReturnedLine[] | null;
    /** default: false */
    whole?: boolean;
    reason: string;
    /** default: false */
    restock?: boolean;
}

/** A store of the tenant. `storeId` is unique across all tenants and is never given out twice. */
export interface NewStore {
    storeId: string;
    name: string;
    /** ISO 4217 */
    currency: string;
    /** IANA time zone */
    timeZone: string;
    /** default: active */
    status?: "active" | "inactive";
    /** default: strict */
    stockPolicy?: "strict" | "sell_in_hand";
    /** names of presets or patterns; the first that matches wins */
    labelTemplates?: (string | LabelTemplate)[];
    address?: Address | null;
}

/** Notices, oldest first. */
export interface NoticeList {
    notices: NoticeView[];
    /** send it as `after` next time */
    last: number;
}

/** Something the shopper was told. */
export interface NoticeView {
    /** grows within the visit */
    id: number;
    kind:
        | "session_expiring"
        | "cart_changed"
        | "card_accepted"
        | "checkout_expiring"
        | "checkout_ended"
        | "payment_changed"
        | "payment_failed"
        | "paid"
        | "refunded";
    at: string;
    title: string;
    text: string;
    /** what it is about, by kind; amounts in minor units */
    data: Record<string, unknown>;
}

/** What a unit cost before its price changed. */
export interface OldPrice {
    unitPrice: number;
    changedAt: string;
}

/** From one time of day to another; past midnight when it closes at or before it opens. */
export interface OpeningHours {
    opens: string;
    closes: string;
}

/** Another price per unit, or per kilogram, litre or metre; as a member price for members only. */
export interface OtherPrice {
    type: "fixed_price" | "member_price";
    match: Match;
    price: number;
}

/** Whom to let out without a pass, and why. */
export interface Override {
    checkoutId: string;
    /** kept for good */
    reason: string;
}

/** How the next page is found. */
export interface Paging {
    /** default: cursor */
    kind?: "none" | "cursor" | "link" | "page";
    /** what carries the cursor or the page's number; default: cursor */
    parameter?: string;
    /** where the next cursor is */
    next?: string | null;
    /** where it says whether there is a next page */
    more?: string | null;
    /** where it says how many items this page has */
    count?: string | null;
    /** where it says how many items all pages have */
    total?: string | null;
    /** the number of the first page; default: 1 */
    first?: number;
    /** how many items a page has */
    size?: number | null;
    sizeParameter?: string | null;
}

/** What the gate has read. */
export interface PassShown {
    /** the text of the code on the shopper's phone, as it was read */
    pass: string;
}

/** What opens the gate, once. `text` is the content of the code that the gate reads; show it as `pass.svg` does. */
export interface PassView {
    checkoutId: string;
    text: string;
    items: number;
    issuedAt: string;
    expiresAt: string;
}

/** What was paid with. */
export interface PaymentMethod {
    type: string;
    brand: string | null;
    last4: string | null;
}

/** What the app needs to pay, and how the payment stands. */
export interface PaymentView {
    provider: string;
    intentId: string;
    /** for the provider's payment sheet; null once nothing is to be paid */
    clientSecret: string | null;
    publishableKey: string;
    status: string;
    amount: number;
    captured: number;
    method: PaymentMethod | null;
    /** why the last attempt failed, as the provider names it */
    error: string | null;
}

/** Basis points off each line that matches, rounded once a line. */
export interface Percentage {
    type: "percentage";
    match: Match;
    /** 1 % is 100 */
    basisPoints: number;
}

/** An error that a door logged. */
export interface PlatformError {
    time: string;
    door: string;
    message: string;
    code: string | null;
    traceId: string | null;
    /** where the trace, or the lines that belong to it, can be read */
    link: string | null;
}

/** What cannot be told is null, and `unknown` says why. */
export interface PlatformHealth {
    source: "local" | "google" | "none";
    /** when the source told it; null when it never did */
    asOf: string | null;
    ageSeconds: number | null;
    /** the source is away: these are the last known figures */
    stale: boolean;
    doors: DoorHealth[] | null;
    queues: WaitingHealth[] | null;
    subscriptions: WaitingHealth[] | null;
    cache: CacheHealth | null;
    freshness: FreshnessHealth;
    errors: PlatformError[] | null;
    unknown: UnknownHealth[];
}

/** What a profile makes of a sample: the columns, and the first rows with what is wrong with them. */
export interface Preview {
    format: string | null;
    compression: string | null;
    encoding: string | null;
    delimiter: string | null;
    columns: ColumnView[];
    rows: RowView[];
    error: Reason | null;
}

/** What units together cost less: basis points of their price, an amount, or down to a price for all of them. */
export interface PriceOff {
    kind: "percent" | "amount" | "price";
    value: number;
}

/** One price, one absolute stock count, or both, of one product of one store. */
export interface PriceUpdate {
    storeId: string;
    /** GTIN-8, -12, -13 or -14, or an in-store code, with its check digit */
    barcode: string;
    /** minor units: 1.99 EUR is 199 */
    price?: number | null;
    /** ISO 4217; when given it must be the store's */
    currency?: string | null;
    /** counted, in thousandths: 2 pieces are 2000 */
    stock?: number | null;
    /** when the source set it (RFC 3339); the newer of two wins. Default: when we received it */
    sourceTime?: string | null;
    /** decides between updates of one source time */
    sequence?: number | null;
    /** who says so; decides between updates of one source time and sequence */
    source?: string | null;
}

/** Updates of any of your stores. */
export interface PriceUpdateBatch {
    updates: PriceUpdate[];
}

/** The current price and when its source stated it. */
export interface PriceView {
    amount: number;
    currency: string;
    asOf: string;
}

/** One unit: its price, and what promotions leave of it. */
export interface PricedUnitView {
    price: number;
    payable: number;
    net: number;
    tax: number;
}

/** Up to 500 items, each judged alone: one bad item does not hold back the others. */
export interface ProductBulk {
    products: NewProduct[];
}

/** What was sold of a product on a day on which it was among the 500 that brought most. */
export interface ProductDay {
    date: string;
    /** thousandths */
    quantity: number;
    amount: number;
}

/** Only what is given changes; null clears; `metadata` is merged key by key (RFC 7396). */
export interface ProductPatch {
    name?: string;
    description?: string | null;
    brandId?: string | null;
    categoryId?: string | null;
    status?: "active" | "inactive";
    showInQuickProducts?: boolean;
    measure?: "each" | "weight" | "volume" | "length";
    taxClass?: string;
    imageUrl?: string | null;
    ageRestriction?: number | null;
    recalledLots?: string[];
    units?: Unit[];
    metadata?: Record<string, string | number | boolean | (string | number | boolean | null)[] | Record<string, string | number | boolean | null> | null>;
}

/** A product as the catalogue's editors see it. */
export interface ProductView {
    storeId: string;
    barcode: string;
    name: string;
    description: string | null;
    brandId: string | null;
    categoryId: string | null;
    status: "active" | "inactive" | "deleted";
    showInQuickProducts: boolean;
    measure: "each" | "weight" | "volume" | "length";
    taxClass: string | null;
    imageUrl: string | null;
    ageRestriction: number | null;
    recalledLots: string[];
    units: UnitView[];
    metadata: Record<string, unknown>;
    price: PriceView | null;
    stock: CatalogStockView | null;
    ver: number;
    createdAt: string;
    updatedAt: string;
}

/** How files are read: the profile's own fields, checked one by one; see the room's README. */
export interface ProfileBody {
    /** with `extends` only what differs from a built-in profile */
    profile: Record<string, unknown>;
}

/** All profiles there are for the tenant. */
export interface ProfileList {
    profiles: ProfileView[];
}

/** A profile, built in or the tenant's own. */
export interface ProfileView {
    name: string;
    builtIn: boolean;
    profile: Record<string, unknown>;
    ver: number | null;
    updatedAt: string | null;
}

/** How far the current step is. Totals and times are estimates while a file is being read. */
export interface Progress {
    rowsDone: number;
    rowsTotal: number | null;
    rowsPerSecond: number | null;
    secondsLeft: number | null;
}

/** A version of a promotion, whole: what is left out has its default, not what it was before. */
export interface PromotionBody {
    name: string;
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold;
    /** the higher goes first; default: 0 */
    priority?: number;
    /** default: stack */
    stacking?: "stack" | "best_deal" | "exclusive";
    window?: Window;
    /** who may have it; empty: everybody */
    groups?: string[];
    /** one of them is needed */
    codes?: string[];
    limits?: Limits;
    description?: string | null;
    /** null: all stores of the tenant */
    storeIds?: string[] | null;
    status: "draft" | "active" | "ended";
}

/** A promotion that is there no longer; its versions are. */
export interface PromotionRemoved {
    promotionId: string;
    removed: boolean;
    ver: number;
}

/** A promotion as it is now. */
export interface PromotionView {
    promotionId: string;
    name: string;
    description: string | null;
    status: "draft" | "active" | "ended";
    storeIds: string[] | null;
    /** it is also on in stores that your token does not cover */
    moreStores: boolean;
    benefit: Record<string, unknown>;
    priority: number;
    stacking: "stack" | "best_deal" | "exclusive";
    window: Record<string, unknown>;
    groups: string[];
    codes: string[];
    limits: Record<string, unknown>;
    ver: number;
    createdAt: string;
    updatedAt: string;
}

/** A public key of RFC 8037. */
export interface PublicKey {
    kty: "OKP";
    crv: "Ed25519";
    x: string;
    kid: string;
    alg: "EdDSA";
    use: "sig";
}

/** A file to be fetched: from a connection, or from an address that needs no credentials. */
export interface PullOrder {
    storeIds: string[];
    /** default: retailscan */
    profile?: string;
    /** full withdraws what the file does not name; default: profile's */
    mode?: "partial" | "full" | null;
    name?: string | null;
    /** take the file although it was brought before; default: false */
    again?: boolean;
    /** the import whose failed rows this file puts right */
    corrects?: string | null;
    /** the name of a connection of yours */
    connection?: string | null;
    /** which file of the connection; default: its own */
    path?: string | null;
    url?: string | null;
}

/** A purchase as staff see it. */
export interface PurchaseView {
    checkoutId: string;
    sessionId: string;
    storeId: string;
    cartVersion: number;
    state:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    currency: string;
    lines: SoldLine[];
    subtotal: number;
    discount: number;
    net: number;
    tax: number;
    total: number;
    taxShares: TaxShare[];
    promotions: GivenPromotion[];
    payment: PaymentView | null;
    interventions: InterventionView[];
    refusal: RefusalView | null;
    receiptNumber: number | null;
    refunded: number;
    createdAt: string;
    /** until when it can be paid */
    expiresAt: string;
    paidAt: string | null;
    exitedAt: string | null;
    userId: string;
    policy: "strict" | "sell_in_hand" | null;
    history: HistoryStep[];
}

/** Sums at one tax rate, in percent; minor units. */
export interface RateSums {
    rate: string;
    net: number;
    tax: number;
    gross: number;
}

/** Why a file could not be read (further). */
export interface Reason {
    code: string;
    message: string;
    line?: number | null;
}

/** A line; money in minor units, `quantity` in thousandths. `count` is null for what was weighed or measured. */
export interface ReceiptLineView {
    lineId: string;
    barcode: string;
    name: string;
    quantity: number;
    count: number | null;
    measure: string;
    unitPrice: number | null;
    amount: number;
    discount: number;
    payable: number;
    /** in percent */
    taxRate: string | null;
}

/** A link that opens the receipt without signing in. The token is told this once. */
export interface ReceiptLink {
    token: string;
    /** below the address of this API: a page; with `/pdf` and `/json` the other forms */
    path: string;
    expiresAt: string;
}

/** How many receipts the day has, from which number to which. */
export interface ReceiptNumbers {
    count: number;
    first: number | null;
    last: number | null;
}

/** What was paid with. */
export interface ReceiptPaymentView {
    provider: string;
    type: string | null;
    brand: string | null;
    last4: string | null;
    amount: number;
}

/** A promotion that the basket got, and what it took off. */
export interface ReceiptPromotionView {
    name: string;
    code: string | null;
    discount: number;
}

/** What has gone back since. */
export interface ReceiptRefundView {
    refundId: string;
    amount: number;
    at: string;
    reason: string;
}

/** What was taxed at one rate, in percent; `names` are the taxes it consists of. */
export interface ReceiptShareView {
    rate: string;
    names: string[];
    net: number;
    tax: number;
    gross: number;
}

/** A receipt. The numbers of a store's receipts are 1, 2, 3 and so on, without gaps. */
export interface ReceiptView {
    number: number;
    checkoutId: string;
    storeId: string;
    storeName: string;
    address: string[];
    issuedAt: string;
    timeZone: string;
    currency: string;
    lines: ReceiptLineView[];
    promotions: ReceiptPromotionView[];
    subtotal: number;
    discount: number;
    net: number;
    tax: number;
    total: number;
    /** whether prices contain the tax */
    inclusive: boolean;
    shares: ReceiptShareView[];
    payment: ReceiptPaymentView | null;
    refunds: ReceiptRefundView[];
    refunded: number;
    footer: string;
}

/** What comparing a day (UTC) with the provider came to; `revision` counts how often it was compared. */
export interface ReconciliationView {
    day: string;
    checked: number;
    counts: FindingCounts;
    findings: Finding[];
    at: string;
    revision: number;
}

/** Why a refund that waits for a second person is not given. */
export interface RefundRejection {
    reason: string;
}

/** What goes back at one tax rate; negative where goods that are kept have become dearer. */
export interface RefundShare {
    rate: string;
    net: number;
    tax: number;
    gross: number;
}

/** What went back on the day, of whichever day the purchases were. */
export interface RefundSums {
    count: number;
    amount: number;
    byRate: RateSums[];
}

/**
 * A refund. `clawedBack` is how much less it is than what was paid, because of promotions that have ended.
 * `awaiting_approval`: another manager has to agree. `pending`: on its way. `rejected`: nobody agreed, nothing was
 * given. Money in minor units of `currency`.
 */
export interface RefundView {
    refundId: string;
    checkoutId: string;
    state: "awaiting_approval" | "pending" | "succeeded" | "failed" | "rejected";
    amount: number;
    currency: string;
    clawedBack: number;
    goods: ReturnedGood[];
    shares: RefundShare[];
    brokenPromotions: string[];
    reason: string;
    restock: boolean;
    restocked: boolean;
    by: string;
    at: string;
    approvedBy: string | null;
    approvedAt: string | null;
    rejectedBy?: string | null;
    rejectedAt?: string | null;
    rejectionReason?: string | null;
    error: string | null;
}

/** Why a checkout did not come to pass. */
export interface RefusalView {
    code: string;
    message: string;
}

/** An update that can never be applied. */
export interface Rejection {
    /** which of the batch's updates, from 0 */
    index: number;
    storeId: string | null;
    barcode: string | null;
    code: string;
    reason: string;
}

/** Something the shopper or the staff should know; `code` is stable. */
export interface Remark {
    code: string;
    message: string;
}

/** Something that is there no longer. */
export interface Removed {
    id: string;
    removed: boolean;
}

/** What will be replayed; each at the pace of the queue. */
export interface ReplayAccepted {
    /** the audit record's */
    requestId: string;
    dryRun: boolean;
    /** parked and replayable */
    matched: number;
    enqueued: number;
}

/** Which dead letters to replay: these, or all parked ones with this code. */
export interface ReplayMany {
    /** default: false */
    dryRun?: boolean;
    ids?: string[] | null;
    code?: string | null;
}

/** How to replay it. */
export interface ReplayOne {
    /** default: false */
    dryRun?: boolean;
}

/** That somebody replayed it. */
export interface Replayed {
    by: string;
    at: string;
}

/** All that is really in the shopper's bag. */
export interface Rescan {
    items: FoundItem[];
}

/** What came of it: `same`, `lowered` (what is missing was taken off) or `extra` (the checkout has ended). */
export interface RescanResult {
    outcome: "same" | "lowered" | "extra";
    differences: BasketDifference[];
    oldTotal: number;
    total: number;
    intervention: Task;
}

/** An ERP's REST list. */
export interface RestSettings {
    url: string;
    auth?: Auth;
    /** where the list of items is; default: the answer itself */
    items?: string | null;
    /** what every item has; if one lacks it, the ERP has changed and nothing is taken */
    required?: string[];
    changes?: Changes | null;
    kind: "rest";
    paging?: Paging;
    /** the first page's ETag stands for the whole list; default: false */
    etag?: boolean;
}

/** Which codes are meant as they are. */
export interface Retry {
    confirm?: string[];
}

/** How many failed rows of an import have which status now. */
export interface RetryView {
    batchId: string;
    counts: Record<string, number>;
}

/** What comes back of a product, in thousandths. */
export interface ReturnedGood {
    barcode: string;
    quantity: number;
}

/** What comes back of a line; `quantity` in thousandths: whole pieces, or all of what was weighed. */
export interface ReturnedLine {
    lineId: string;
    quantity: number;
}

/** A roll back: who asked for it, and what came of it. The result counts products. */
export interface RollbackView {
    importId: string;
    state:
        | "waiting_for_upload"
        | "fetching"
        | "staging"
        | "staged"
        | "scheduled"
        | "publishing"
        | "published"
        | "partly_published"
        | "failed"
        | "rejected"
        | "cancelled"
        | "expired"
        | "duplicate"
        | "rolling_back"
        | "rolled_back";
    by: string;
    at: string;
    finishedAt: string | null;
    /** null while it is under way */
    result: Record<string, number> | null;
}

/** Other values by field or column, as text; null takes a value away. */
export interface RowRetry {
    confirm?: string[];
    values?: Record<string, string | null>;
}

/** One row as it is staged. Prices in minor units, stock in thousandths. */
export interface RowView {
    /** where it begins in the file; null for what the file does not name */
    line: number | null;
    barcode: string | null;
    name: string | null;
    status: "valid" | "error" | "warning" | "confirm" | "excluded";
    action: "create" | "update" | "unchanged" | "return" | "withdraw" | null;
    values: Record<string, unknown>;
    changes: Change[];
    faults: Fault[];
    /** the cells as they came, of a row with errors */
    raw: (string | null)[] | null;
}

/** The rules that differ from the usual ones; see the room's README. */
export interface RulesBody {
    rules: Record<string, unknown>;
}

/** All rules, as they are in force. */
export interface RulesView {
    rules: Record<string, unknown>;
    ver: number | null;
    updatedAt: string | null;
}

/** One run: begun, or not and why. */
export interface RunView {
    id: string;
    kind: "cron" | "now";
    by: string | null;
    dueAt: string;
    at: string;
    state: "started" | "skipped";
    code: string | null;
    message: string | null;
    groupId: string | null;
    importIds: string[];
}

/** A file in an S3 bucket. Secret: `accessKeyId`, `secretAccessKey`, perhaps `sessionToken`. */
export interface S3Settings {
    kind: "s3";
    bucket: string;
    /** default: us-east-1 */
    region?: string;
    /** of an S3 that is not Amazon's */
    endpoint?: string | null;
    /** a file; * ? [...] mean the newest that matches */
    path?: string | null;
    /** of files that match: the newest, or one after the other; default: newest */
    take?: "newest" | "next";
}

/** What a store sold on a day, by the store's clock; at most a minute or two old. Amounts in minor units. */
export interface SalesDay {
    date: string;
    currency: string | null;
    receipts: number;
    /** before refunds */
    total: number;
    items: number;
    /** of purchases that are closed */
    discount: number;
    refunds: number;
    /** of what was bought on this day, whenever it came back */
    refunded: number;
    /** how often a brand card was put on a visit */
    cards: number;
    /** baskets that staff were asked to look at */
    interventions: number;
    /** how many of them staff refused */
    rejected: number;
    /** the total by the hour it was paid in, from 0 to 23 */
    hours: number[];
    /** those that brought most, at most 50; of purchases that are closed */
    products: SoldProduct[];
    summedAt: string;
}

/** Several symbols, answered one by one. */
export interface ScanBatch {
    items: ScanRequest[];
}

/** The answers in the order of the items. */
export interface ScanBatchReply {
    found: number;
    failed: number;
    items: BatchItem[];
}

/** Everything about one scanned item. */
export interface ScanReply {
    product: ScannedProduct;
    scanned: Scanned;
    /** thousandths of the base unit; null while it must be asked for */
    quantity: number | null;
    measure: "each" | "weight" | "volume" | "length";
    askQuantity: boolean;
    /** minor units for one base unit */
    unitPrice: number | null;
    /** minor units for the quantity; null while it is not known */
    price: number | null;
    /** ISO 4217 */
    currency: string;
    priceSource: "list" | "label" | "label_unit" | "pack" | "none";
    stock: ScanStockView;
    label: LabelView | null;
    blocked: Blocked | null;
    warnings: Remark[];
    freshness: Freshness;
}

/** One symbol. */
export interface ScanRequest {
    /**
     * the raw content of the symbol as the scanner gave it, group separators (U+001D) and a symbology identifier such
     * as ]C1 included; at most 512 characters are a code
     */
    code: string;
    /** what kind of symbol it was, if the scanner says so and the content does not */
    symbology?:
        | "ean_13"
        | "ean_8"
        | "upc_a"
        | "upc_e"
        | "itf_14"
        | "gs1_128"
        | "gs1_databar"
        | "gs1_datamatrix"
        | "gs1_qr"
        | "gs1_dotcode"
        | "datamatrix"
        | "qr"
        | null;
    /** thousandths of the base unit (a piece, kg, l or m): how many, or the answer to askQuantity */
    quantity?: number | null;
}

/** What the shelf should hold. */
export interface ScanStockView {
    /** thousandths of the base unit */
    available: number | null;
    level: "in_stock" | "low" | "out_of_stock" | "unknown";
    /** the source's time of the figure */
    asOf: string | null;
}

/** How the code was read. */
export interface Scanned {
    kind: "gtin" | "upc_e" | "variable_measure" | "gs1" | "digital_link" | "internal" | "coupon";
    /** the canonical barcode that was looked up */
    barcode: string;
    symbology:
        | "ean_13"
        | "ean_8"
        | "upc_a"
        | "upc_e"
        | "itf_14"
        | "gs1_128"
        | "gs1_databar"
        | "gs1_datamatrix"
        | "gs1_qr"
        | "gs1_dotcode"
        | "datamatrix"
        | "qr"
        | null;
    unit: ScannedUnit | null;
}

/** A brand card: `code` as it was scanned, or the number that was typed with its brand. */
export interface ScannedCard {
    /** `brand:number` as a phone shows it, or the number alone */
    code?: string | null;
    cardNumber?: string | null;
    brandId?: string | null;
}

/** The product behind a code. */
export interface ScannedProduct {
    id: string;
    /** the product's own barcode in canonical form */
    barcode: string;
    name: string;
    brandId: string | null;
    categoryId: string | null;
    imageUrl: string | null;
    measure: "each" | "weight" | "volume" | "length";
    taxClass: string | null;
    /** the age in years from which it may be sold */
    ageRestriction: number | null;
}

/** The pack whose barcode was scanned. */
export interface ScannedUnit {
    name: string | null;
    barcode: string;
    /** thousandths of the base unit in one pack */
    quantity: number;
}

/** When a connection is pulled, and for which stores. */
export interface ScheduleBody {
    connection: string;
    storeIds: string[];
    /** default: retailscan */
    profile?: string;
    /** default: partial */
    mode?: "partial" | "full";
    /** five fields: minute, hour, day, month, weekday */
    cron: string;
    /** IANA time zone */
    timeZone: string;
    /** when_clean publishes at once what has neither errors nor anything to confirm; default: never */
    autoApprove?: "never" | "when_clean";
    /** default: true */
    enabled?: boolean;
    /** which file of the connection; default: its own */
    path?: string | null;
}

/** A schedule and its latest runs, newest first. */
export interface ScheduleView {
    name: string;
    connection: string;
    storeIds: string[];
    profile: string;
    mode: string;
    cron: string;
    timeZone: string;
    autoApprove: string;
    enabled: boolean;
    path: string | null;
    nextAt: string | null;
    runs: RunView[];
    createdBy: string;
    createdAt: string;
    updatedAt: string;
    ver: number;
}

/** A token for this store only. Send it as `Authorization: Bearer ...` on every other call. */
export interface SessionToken {
    sessionId: string;
    token: string;
    /** default: Bearer */
    tokenType?: "Bearer";
    tokenExpiresAt: string;
    /** when the visit ends unless the token is renewed */
    expiresAt: string;
}

/** A visit. */
export interface SessionView {
    sessionId: string;
    storeId: string;
    status: "active" | "ended" | "handed_over";
    createdAt: string;
    expiresAt: string;
}

/** A file over SFTP. Secret: `password`, or `privateKey` (OpenSSH or PKCS#8) and perhaps `passphrase`. */
export interface SftpSettings {
    kind: "sftp";
    host: string;
    /** default: 22 */
    port?: number;
    username: string;
    /** the server's public key, as in known_hosts without the name */
    hostKey: string;
    /** a file; * ? [...] mean the newest that matches */
    path?: string | null;
    /** of files that match: the newest, or one after the other; default: newest */
    take?: "newest" | "next";
}

/** So many units of a kind, as a part of a set. */
export interface Slot {
    match: Match;
    quantity: number;
}

/** An ERP's SOAP operation. Places are those in its result. */
export interface SoapSettings {
    url: string;
    auth?: Auth;
    /** where the list of items is; default: the answer itself */
    items?: string | null;
    /** what every item has; if one lacks it, the ERP has changed and nothing is taken */
    required?: string[];
    changes?: Changes | null;
    kind: "soap";
    operation: string;
    /** default: the url with ?wsdl */
    wsdl?: string | null;
    service?: string | null;
    port?: string | null;
    arguments?: Record<string, unknown>;
    paging?: Paging;
}

/** A line; money in minor units, `quantity` in thousandths. */
export interface SoldLine {
    lineId: string;
    barcode: string;
    unitBarcode: string | null;
    name: string;
    quantity: number;
    measure: string;
    unitPrice: number | null;
    amount: number;
    discount: number;
    payable: number;
    net: number;
    tax: number;
    gross: number;
    taxClass: string | null;
    ageRestriction: number | null;
    imageUrl: string | null;
    note: string;
}

/** A product among those that brought most on a day. */
export interface SoldProduct {
    barcode: string;
    name: string;
    /** thousandths */
    quantity: number;
    amount: number;
}

/** The file, and what it turned out to be. */
export interface Source {
    kind: string;
    name: string;
    /** bytes, as they came */
    size?: number | null;
    sha256?: string | null;
    media?: string | null;
    format?: string | null;
    compression?: string | null;
    encoding?: string | null;
    delimiter?: string | null;
    columns?: string[];
    unknownColumns?: string[];
    connection?: string | null;
    path?: string | null;
}

/** A product of which nothing could be bought for a time; at most five minutes old. */
export interface StockOut {
    barcode: string;
    /** null until the shelves have been looked at since it ran out */
    name: string | null;
    /** null when it can be bought again */
    since: string | null;
    /** when the last time that is over ended */
    until: string | null;
    /** how often within three months */
    times: number;
    /** how long in all within three months, with what lasts */
    seconds: number;
}

/** What the app needs to know about the store it is in. */
export interface StoreOfVisit {
    storeId: string;
    name: string;
    currency: string;
    timeZone: string;
}

/** Only what is given changes. The currency stays: prices are stored in it. */
export interface StorePatch {
    name?: string;
    /** IANA time zone */
    timeZone?: string;
    status?: "active" | "inactive";
    stockPolicy?: "strict" | "sell_in_hand";
    /** names of presets or patterns; the first that matches wins */
    labelTemplates?: (string | LabelTemplate)[];
    address?: Address | null;
}

/** What a store sold in a period; at most a minute or two old. Amounts in minor units, before refunds. */
export interface StoreSales {
    storeId: string;
    currency: string | null;
    /** on which something happened */
    days: number;
    receipts: number;
    total: number;
    items: number;
    discount: number;
    refunds: number;
    refunded: number;
    cards: number;
    interventions: number;
    rejected: number;
}

/** A store of the tenant. */
export interface StoreView {
    storeId: string;
    name: string;
    currency: string;
    timeZone: string;
    status: "active" | "inactive";
    stockPolicy: "strict" | "sell_in_hand";
    labelTemplates: (string | Record<string, unknown>)[];
    address: Record<string, string | null> | null;
    codeVersion: number;
    ver: number;
    createdAt: string;
    updatedAt: string;
}

/** Money in minor units. */
export interface Sums {
    captured: number;
    refunded: number;
}

/** An intervention with the basket it is about. */
export interface Task {
    interventionId: string;
    checkoutId: string;
    storeId: string;
    kind: "age" | "spot_check" | "risk";
    status: "open" | "claimed" | "approved" | "rejected";
    claimedBy: string | null;
    at: string;
    reason: string | null;
    differences: BasketDifference[] | null;
    state:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    currency: string;
    total: number;
    units: number;
    ageLimit: number | null;
    lines: SoldLine[];
    expiresAt: string;
}

/** The taxes on a class of goods. */
export interface TaxClassRates {
    taxClass: string;
    rates: DiscountTaxRate[];
}

/** One tax's part in a share. */
export interface TaxPart {
    name: string;
    rate: string;
    tax: number;
}

/** One tax's part in a share. */
export interface TaxPartView {
    name: string;
    rate: string;
    tax: number;
}

/** One tax; several on the same goods add up. */
export interface TaxRate {
    name?: string;
    percent: string;
}

/** What is taxed at one rate, a percentage as text. */
export interface TaxShare {
    rate: string;
    net: number;
    tax: number;
    gross: number;
    parts: TaxPart[];
}

/** What is taxed at one rate. */
export interface TaxShareView {
    rate: string;
    net: number;
    tax: number;
    gross: number;
    parts: TaxPartView[];
}

/** How the basket is taxed. */
export interface TaxTable {
    classes: TaxClassRates[];
    /** of lines without a class */
    defaultClass?: string | null;
    /** prices contain the tax; default: true */
    inclusive?: boolean;
    /** where tax is rounded; default: line */
    level?: "line" | "unit";
    /** default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
}

/** How the goods are taxed. `classes` go by the tax class of products, `default` is that of goods without one. */
export interface TaxesInput {
    /** whether prices contain the tax; default: true */
    inclusive?: boolean;
    /** where tax is rounded; default: line */
    level?: "line" | "unit";
    /** default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
    default?: string | null;
    classes: Record<string, CatalogTaxRate[]>;
}

/** How the goods are taxed. `classes` go by the tax class of products, `default` is that of goods without one. */
export interface TaxesOutput {
    /** whether prices contain the tax; default: true */
    inclusive?: boolean;
    /** where tax is rounded; default: line */
    level?: "line" | "unit";
    /** default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
    default?: string | null;
    classes: Record<string, TaxRate[]>;
}

/** All of a tenant's settings; what is left out goes back to its default. */
export interface TenantSettingsBody {
    /** null: receipts say nothing about taxes */
    taxes?: TaxesInput | null;
    /** of weighed goods and percentages; default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
    checks?: Checks;
    /** minor units; a refund above it needs a second person */
    refundLimit?: number | null;
    /** printed at the end of every receipt */
    receiptFooter?: string;
}

/** A tenant's settings; version 0 are the defaults, which nobody has changed yet. */
export interface TenantSettingsView {
    /** null: receipts say nothing about taxes */
    taxes?: TaxesOutput | null;
    /** of weighed goods and percentages; default: half_even */
    rounding?: "half_even" | "half_up" | "half_down";
    checks?: Checks;
    /** minor units; a refund above it needs a second person */
    refundLimit?: number | null;
    /** printed at the end of every receipt */
    receiptFooter?: string;
    ver: number;
    updatedAt: string | null;
}

/** PUT the file there with exactly these headers, once; then say so at `uploadedUrl`. */
export interface Ticket {
    method: "PUT";
    url: string;
    headers: Record<string, string>;
    expiresAt: string;
    uploadedUrl: string;
}

/** A price (minor units) or stock (thousandths) as its source stated it. */
export interface TimelinePoint {
    at: string;
    value: number;
    before: number | null;
    currency: string | null;
}

/** A unit (counted from 0) that a promotion used, and how much less it costs for it. */
export interface TouchView {
    lineId: string;
    unit: number;
    role: "discounted" | "trigger";
    amount: number;
}

/** A line of the basket. Without `unitPrice` and `amount` the store's product is asked for what is left out. */
export interface TrialLine {
    lineId: string;
    barcode: string;
    /** thousandths of the base unit; default: one piece or pack, one kilogram */
    quantity?: number | null;
    /** per piece or pack, or per kilogram, litre, metre */
    unitPrice?: number | null;
    /** what a label states for the whole line */
    amount?: number | null;
    measure?: "each" | "weight" | "volume" | "length" | null;
    /** thousandths of the base unit in one piece */
    pack?: number | null;
    categoryId?: string | null;
    brandId?: string | null;
    taxClass?: string | null;
}

/** Whether a connection works. `found`: the file's name, or the number of items and their fields. */
export interface TrialResult {
    ok: boolean;
    code: string | null;
    message: string | null;
    where: string | null;
    found: Record<string, unknown> | null;
}

/** A pack or unit sold under a barcode of its own. */
export interface Unit {
    name: string;
    barcode: string;
    /** thousandths of the base unit */
    quantity: number;
    /** minor units of the store's currency */
    price?: number | null;
}

/** A pack or unit sold under a barcode of its own. */
export interface UnitView {
    name: string;
    barcode: string;
    quantity: number;
    price: number | null;
}

/** Why a field of this answer is null. */
export interface UnknownHealth {
    field: string;
    reason: string;
}

/** A promotion that is only tried; with the id of a saved one it is tried in place of that. */
export interface UnsavedPromotion {
    name: string;
    benefit: Percentage | AmountOff | OtherPrice | BuyGet | NForPrice | MixAndMatch | CartThreshold;
    /** the higher goes first; default: 0 */
    priority?: number;
    /** default: stack */
    stacking?: "stack" | "best_deal" | "exclusive";
    window?: Window;
    /** who may have it; empty: everybody */
    groups?: string[];
    /** one of them is needed */
    codes?: string[];
    limits?: Limits;
    promotionId: string;
}

/** Imports that wait for their file. */
export interface UploadAccepted {
    groupId: string;
    imports: Begun[];
    upload: Ticket;
}

/** A large file, to be PUT to a URL: one import for each store. */
export interface UploadOrder {
    storeIds: string[];
    /** default: retailscan */
    profile?: string;
    /** full withdraws what the file does not name; default: profile's */
    mode?: "partial" | "full" | null;
    name?: string | null;
    /** take the file although it was brought before; default: false */
    again?: boolean;
    /** the import whose failed rows this file puts right */
    corrects?: string | null;
    /** the content type of the PUT; default: application/octet-stream */
    media?: string;
}

/** How often a promotion is taken to have been given before. */
export interface UsageCount {
    promotionId: string;
    /** default: 0 */
    total?: number;
    /** default: 0 */
    byUser?: number;
    /** default: 0 */
    spent?: number;
    byCode?: CodeCount[];
}

/** A version: what was done, by whom, what changed, and all the promotion said from then on. */
export interface VersionView {
    ver: number;
    action: "created" | "updated" | "activated" | "ended" | "removed";
    changes: FieldChange[];
    who: string;
    role: string;
    when: string;
    requestId: string;
    content: Record<string, unknown>;
}

/** What waits in a subscription or a queue; those of other tenants are not shown. */
export interface WaitingHealth {
    name: string;
    depth: number | null;
    oldestAgeSeconds: number | null;
    late: boolean | null;
}

/** The event is kept, or was before. */
export interface WebhookReceived {
    received: boolean;
}

/** When the promotion is on, by the clock of each store; what is left out does not restrict. */
export interface Window {
    /** by the clock of each store */
    starts?: string | null;
    /** not included */
    ends?: string | null;
    /** 1 is Monday; hours past midnight belong to the day they start on */
    weekdays?: number[];
    hours?: OpeningHours[];
}

/** A product that is no longer sold; its version counter goes on. */
export interface Withdrawn {
    storeId: string;
    barcode: string;
    status: "deleted";
    ver: number;
}
