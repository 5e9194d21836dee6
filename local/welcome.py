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
LIVES_S = 24 * 3600


def publish_line(pubsub: str, update: Mapping[str, object], python: str) -> str:
    """A Pub/Sub publish with Google's own client, as one line of shell."""
    topic = f"projects/{PROJECT}/topics/price-updates-{TENANT.id}"
    code = (
        "from google.cloud.pubsub_v1 import PublisherClient as P; "
        f'print(P().publish("{topic}", b"""{json.dumps(update)}""").result())'
    )
    return f"PUBSUB_EMULATOR_HOST={pubsub} {python} -c '{code}'"


def write_tokens(suite: Suite) -> Path:
    """A file a role, so that the lines to paste stay short; good for a day. Returns their folder."""
    folder = suite.data_dir / "tokens"
    folder.mkdir(mode=0o700, exist_ok=True)
    tokens = {"shopper": suite.token("shopper", tenant=TENANT.id, stores=STORE, lives_s=LIVES_S)}
    for role in ("store_staff", "store_manager", "brand_manager", "erp", "operator"):
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
        "# scan, as the shopper's phone",
        f"curl -s {url}/v1/scan/{BARCODE} {bearer('shopper')}",
        "",
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
