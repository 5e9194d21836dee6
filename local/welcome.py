"""What `make run` prints when everything is ready: lines to paste, with tokens that work."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from local import catalogue
from local.provision import PROJECT

if TYPE_CHECKING:
    from local.suite import Suite

TENANT = catalogue.TENANTS[0]
STORE = TENANT.stores[0][0]
BARCODE = catalogue.gtin(TENANT, 0)
NEW = catalogue.gtin(TENANT, 70_000)
BOUGHT = catalogue.gtin(TENANT, 1)
LIVES_S = 24 * 3600
VISITED = frozenset({"catalog", "sessions", "checkout", "exit_gate"})
_VISIT = r"""# a visit, each line after the one before: check in
field() { grep -o "\"$1\":\"\?[^\",}]*" | head -1 | sed 's/[^:]*:"\?//'; }
CODE=$(curl -s @STORE@/check-in-code @brand_manager@ | field code)
VISIT=$(curl -s @URL@/v1/sessions @guest@ @JSON@ -d "{\"storeCode\": \"$CODE\"}" | field token)
# the cart
CART=$(curl -s @URL@/v1/cart/lines @SHOPPER@ @JSON@ -d '{"code": "@BARCODE@", "quantity": 1000}'); echo "$CART"
# the checkout, of the cart and the total that were shown
SEEN="\"cartVersion\": $(echo "$CART" | field cartVersion), \"total\": $(echo "$CART" | field total)"
PAY=$(curl -s @URL@/v1/checkouts @SHOPPER@ @JSON@ -H "idempotency-key: $(date +%s%N)" \
  -d "{$SEEN, \"currency\": \"@CURRENCY@\"}"); echo "$PAY"
# the payment, as the app makes it at Stripe, and what has become of it
curl -s @STRIPE@/v1/payment_intents/$(echo "$PAY" | field intentId)/confirm -d payment_method=pm_card_visa \
  -d key=$(echo "$PAY" | field publishableKey) -d client_secret=$(echo "$PAY" | field clientSecret) | field status
PAID=@URL@/v1/checkouts/$(echo "$PAY" | field checkoutId); sleep 2; curl -s $PAID @SHOPPER@ | field state
# the gate
PASS=$(curl -s $PAID/pass @SHOPPER@ | field text); curl -s @STORE@/exits @gate@ @JSON@ -d "{\"pass\": \"$PASS\"}"

"""


def publish_line(pubsub: str, update: Mapping[str, object], python: str) -> str:
    """A Pub/Sub publish with Google's own client, as one line of shell."""
    topic = f"projects/{PROJECT}/topics/price-updates-{TENANT.id}"
    code = (
        "from google.cloud.pubsub_v1 import PublisherClient as P; "
        f'print(P().publish("{topic}", b"""{json.dumps(update)}""").result())'
    )
    return f"PUBSUB_EMULATOR_HOST={pubsub} {python} -c '{code}'"


def visit_lines(suite: Suite, folder: str) -> list[str]:
    """A visit from the entrance to the gate, one line after the other; nothing where its rooms do not run."""
    if "stripe" not in suite.others or not set(suite.rooms or VISITED) >= VISITED:
        return []
    values = {
        "URL": suite.gateway_url,
        "STRIPE": suite.stand_in_url("stripe"),
        "STORE": f"{suite.gateway_url}/v1/stores/{STORE}",
        "BARCODE": BOUGHT,
        "CURRENCY": TENANT.currency,
        "JSON": "-H 'content-type: application/json'",
        "SHOPPER": '-H "authorization: Bearer $VISIT"',
        **{role: f'-H "authorization: Bearer $(cat {folder}/{role})"' for role in ("guest", "brand_manager", "gate")},
    }
    text = _VISIT
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.splitlines()


def write_tokens(suite: Suite) -> Path:
    """A file a role, so that the lines to paste stay short; good for a day. Returns their folder."""
    folder = suite.data_dir / "tokens"
    folder.mkdir(mode=0o700, exist_ok=True)
    tokens = {"shopper": suite.token("shopper", tenant=TENANT.id, stores=STORE, lives_s=LIVES_S)}
    tokens["guest"] = suite.token("shopper", sub="guest", lives_s=LIVES_S)
    for role in ("store_staff", "store_manager", "brand_manager", "erp", "operator", "gate"):
        tokens[role] = suite.token(role, tenant=TENANT.id, lives_s=LIVES_S)
    for role, token in tokens.items():
        (folder / role).write_text(token)
    return folder


def lines(suite: Suite) -> list[str]:
    """The banner."""
    url, folder = suite.gateway_url, _short(write_tokens(suite))
    batch = {"updates": [{"storeId": STORE, "barcode": BARCODE, "price": 149, "currency": TENANT.currency}]}
    single = {"storeId": STORE, "barcode": BARCODE, "price": 139, "currency": TENANT.currency}

    def bearer(role: str) -> str:
        return f'-H "authorization: Bearer $(cat {folder}/{role})"'

    return [
        "",
        f"ready after {suite.ready_after:.1f} s: {url}   interactive: {url}/docs   figures: {url}/dev/status",
        f"mongodb: {suite.mongo_uri}   redis: {suite.redis_url}   logs: {_short(suite.data_dir / 'logs')}",
        "",
        f"# the shopper's web app: sign in with any name, enter {STORE}, scan {BARCODE}",
        f"{url}/shop/",
        "",
        "# the dashboard: sign in as whoever you like",
        f"{url}/admin",
        "",
        "# scan, as the shopper's phone",
        f"curl -s {url}/v1/scan/{BARCODE} {bearer('shopper')}",
        "",
        *visit_lines(suite, folder),
        "# a new price, as the ERP over REST; then how the latest batch went",
        f"curl -s {url}/v1/price-updates {bearer('erp')} -H 'content-type: application/json' "
        f"-H \"idempotency-key: $(date +%s%N)\" -d '{json.dumps(batch)}'",
        f"curl -s '{url}/v1/price-updates?limit=1' {bearer('erp')}",
        "",
        "# a new price, as the ERP with Google's own Pub/Sub client",
        publish_line(suite.pubsub_endpoint, single, _short(Path(sys.executable))),
        "",
        "# a file of products, as the brand manager: what is wrong with it, and live when you approve",
        f"printf 'barcode,name,price\\n{NEW},Elderflower Soda,1.99\\n' > /tmp/goods.csv; "
        f"{_short(Path(sys.executable))} -m retailscan import /tmp/goods.csv --store {STORE} --approve --watch "
        f"--url {url} --token-file {folder}/brand_manager",
        "",
        "# a token for anybody else",
        f"curl -s {url}/dev/token -d '{json.dumps({'role': 'operator', 'tenantId': catalogue.TENANTS[1].id})}'",
        "",
        "`make demo` in another terminal plays the whole story. Ctrl-C stops everything; the data stays.",
        "",
    ]


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
