/**
 * Runs shop.ts in Node with what a phone would have, from the environment: RETAILSCAN_URL, RETAILSCAN_IDENTITY,
 * RETAILSCAN_ENTRANCE, STRIPE (where Stripe's API is; the local suite's is in /dev/status); scanned codes are arguments.
 */
import { shop } from "./shop.js";

declare const process: { env: Record<string, string | undefined>; argv: string[]; exitCode: number };

const { RETAILSCAN_URL = "", RETAILSCAN_IDENTITY = "", RETAILSCAN_ENTRANCE = "", STRIPE = "" } = process.env;

const pass = await shop({
    url: RETAILSCAN_URL,
    identity: async () => RETAILSCAN_IDENTITY,
    entrance: RETAILSCAN_ENTRANCE,
    codes: process.argv.slice(2),
    // In an app this is Stripe's payment sheet, with the publishable key and the client secret.
    pay: async ({ intentId, clientSecret, publishableKey }) => {
        const answer = await fetch(`${STRIPE}/v1/payment_intents/${intentId}/confirm`, {
            method: "POST",
            headers: { authorization: `Bearer ${publishableKey}` },
            body: new URLSearchParams({ payment_method: "pm_card_visa", client_secret: clientSecret ?? "" }),
        });
        return answer.ok;
    },
    say: console.log,
});
console.log(pass ? `pass ${pass.text}` : "nothing was paid");
process.exitCode = pass ? 0 : 1;
