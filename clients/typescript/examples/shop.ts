/**
 * A visit: check in with the code at the entrance, scan, fill the cart, check out, pay, get the pass for the gate.
 * `examples/run.ts` gives it what a phone has: a shopper's token, scanned codes, and a way to pay.
 */
import { ApiError, RetailScan } from "retailscan-client";
import type { CartView, CheckoutView, PassView, PaymentView } from "retailscan-client";

export interface Phone {
    /** Where the suite is. */
    url: string;
    /** Of the identity provider, fresh whenever it is asked for. */
    identity: () => Promise<string>;
    /** The text of the code at the entrance. */
    entrance: string;
    /** Symbols as the camera reads them. */
    codes: string[];
    /** Stripe's payment sheet: true once the shopper has paid there. */
    pay: (payment: PaymentView) => Promise<boolean>;
    say: (line: string) => void;
}

export async function shop(phone: Phone): Promise<PassView | undefined> {
    let session = "";
    const api = new RetailScan(phone.url, { identity: phone.identity, session: () => session });

    const visit = await api.sessions.checkIn({ storeCode: phone.entrance });
    session = visit.token;
    phone.say(`welcome to ${visit.store.name}`);

    for (const code of phone.codes) await take(api, phone, code);
    const cart = await api.sessions.readCart();
    phone.say(`${cart.lines.length} lines, ${money(cart.total, cart.currency)}`);

    const checkout = await checkOut(api, phone, cart);
    if (!checkout.payment || !(await phone.pay(checkout.payment))) {
        await api.checkout.cancelCheckout(checkout.checkoutId);
        return undefined;
    }
    const paid = await settled(api, checkout);
    phone.say(`${paid.state}, receipt ${paid.receiptNumber}`);
    return api.checkout.readPass(paid.checkoutId);
}

/** Shows the product, and puts it into the cart unless it is not sold here. */
async function take(api: RetailScan, phone: Phone, code: string): Promise<void> {
    try {
        const found = await api.scan.scanSymbol({ code });
        phone.say(`${found.product.name}: ${found.price === null ? "no price" : money(found.price, found.currency)}`);
        await api.sessions.addLine({ code });
    } catch (error) {
        if (!(error instanceof ApiError && error.code === "PRODUCT_NOT_FOUND")) throw error;
        phone.say(`${code} is not sold here`);
    }
}

/** Says which cart and which total the shopper has seen. If it has changed, they see the new one first. */
async function checkOut(api: RetailScan, phone: Phone, cart: CartView): Promise<CheckoutView> {
    for (;;) {
        try {
            const { cartVersion, total, currency } = cart;
            return await api.checkout.checkOut({ cartVersion, total, currency });
        } catch (error) {
            if (!(error instanceof ApiError && CHANGED.has(error.code))) throw error;
            cart = await api.sessions.readCart();
            phone.say(`the cart has changed: ${money(cart.total, cart.currency)}`);
        }
    }
}

const CHANGED = new Set(["CART_CHANGED", "PRICE_CHANGED"]);

/** The suite hears of the payment from Stripe; then there is a pass. */
async function settled(api: RetailScan, checkout: CheckoutView): Promise<CheckoutView> {
    while (checkout.state === "payment_pending" || checkout.state === "paid") {
        await new Promise((resolve) => setTimeout(resolve, 300));
        checkout = await api.checkout.readCheckout(checkout.checkoutId);
    }
    return checkout;
}

/** Minor units for people. */
function money(amount: number, currency: string): string {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
