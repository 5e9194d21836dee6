"""Push prices and stock from a CSV file: barcode,price,stock; a price as people write it, stock in pieces or kg.

RETAILSCAN_URL=… RETAILSCAN_TOKEN=… python push_prices.py prices.csv --store my-store --currency EUR

Run it again with the same file whenever you are not sure that it went through: nothing happens twice.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from retailscan_client import RetailScan
from retailscan_client.models import Batch, PriceUpdate

BATCH = 5_000


def main() -> int:
    """Push the file; 0 when every line was applied or was known already."""
    options = arguments()
    with RetailScan(os.environ["RETAILSCAN_URL"], identity=os.environ["RETAILSCAN_TOKEN"]) as api:
        batches = [(first, push(api, part, key)) for first, key, part in parts(options)]
        wrong = 0
        for first, batch_id in batches:
            report = finished(api, batch_id)
            print(", ".join(f"{count} {name}" for name, count in sorted(report["counts"].items()) if count))
            for rejection in report["rejected"]:
                print(f"line {first + rejection['index']}: {rejection['code']}: {rejection['reason']}", file=sys.stderr)
            wrong += len(report["rejected"])
    return 1 if wrong else 0


def parts(options: argparse.Namespace) -> Iterator[tuple[int, str, list[PriceUpdate]]]:
    """Batches: the number of the first line in the file, the idempotency key, the updates."""
    content = options.file.read_bytes()
    # The same file has the same keys and times, so pushing it twice has one effect, and a newer price stays.
    changed = datetime.fromtimestamp(options.file.stat().st_mtime, UTC).isoformat()
    mark = hashlib.sha256(content + changed.encode() + options.store.encode()).hexdigest()[:32]
    rows = enumerate(csv.DictReader(content.decode("utf-8-sig").splitlines()), start=2)
    while chunk := list(itertools.islice(rows, BATCH)):
        first = chunk[0][0]
        yield first, f"{mark}-{first}", [update(row, options, changed) for _, row in chunk]


def update(row: dict[str, str], options: argparse.Namespace, changed: str) -> PriceUpdate:
    """One line: money becomes integer minor units, quantities become integer thousandths."""
    found: PriceUpdate = {"storeId": options.store, "barcode": row["barcode"], "sourceTime": changed}
    if row.get("price"):
        found["price"] = whole(row["price"], options.digits)
        found["currency"] = options.currency
    if row.get("stock"):
        found["stock"] = whole(row["stock"], 3)
    return found


def whole(text: str, digits: int) -> int:
    """`1.99` with two digits is 199. Raises ValueError for more digits than there are."""
    number = Decimal(text).scaleb(digits)
    if number != int(number):
        raise ValueError(f"{text} has more than {digits} digits behind the point")
    return int(number)


def push(api: RetailScan, updates: list[PriceUpdate], key: str) -> str:
    """Send a batch; its id."""
    return api.price_ingest.send_price_updates({"updates": updates}, idempotency_key=key)["batchId"]


def finished(api: RetailScan, batch_id: str) -> Batch:
    """The report of a batch once it is done."""
    while True:
        report = api.price_ingest.read_price_batch(batch_id)
        if report["status"] == "done":
            return report
        time.sleep(0.5)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Push prices and stock from a CSV file.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--store", required=True)
    parser.add_argument("--currency", required=True)
    parser.add_argument("--digits", type=int, default=2, help="of the currency's minor unit")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
