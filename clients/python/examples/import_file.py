"""Bring a file of products, say what is wrong with it, wait until somebody approves it and it is live.

RETAILSCAN_URL=… RETAILSCAN_TOKEN=… python import_file.py goods.csv --store my-store
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from retailscan_client import RetailScan
from retailscan_client.models import ImportView

LARGE = 32 << 20
"""Bytes; a larger file goes straight into the bucket."""
READING = {"waiting_for_upload", "fetching", "staging"}
DECIDING = {"staged", "scheduled"}


def main() -> int:
    """Bring the file and see it through; 0 when it is published as a whole."""
    options = arguments()
    with RetailScan(os.environ["RETAILSCAN_URL"], identity=os.environ["RETAILSCAN_TOKEN"]) as api:
        import_id = bring(api, options.file, options.store)
        print(f"import {import_id}", flush=True)
        found = while_in(api, import_id, READING)
        print(f"{found['state']}: {said(found)}", flush=True)
        for row in api.import_publish.list_import_rows(import_id, status="error"):
            for fault in row["faults"]:
                print(f"line {row['line']}: {fault['message']}", file=sys.stderr)
        if found["state"] == "staged":
            print("waiting for somebody to approve it", flush=True)
        found = while_in(api, import_id, DECIDING | {"publishing"})
        print(f"{found['state']}: {said(found)}", flush=True)
    return 0 if found["state"] == "published" else 1


def bring(api: RetailScan, file: Path, store_id: str) -> str:
    """Upload the file; the id of its import."""
    if file.stat().st_size <= LARGE:
        begun = api.import_publish.upload_file(file, "text/csv", store_id=store_id, name=file.name)
        return begun["imports"][0]["importId"]
    asked = api.import_publish.request_upload_url({"storeIds": [store_id], "name": file.name, "media": "text/csv"})
    api.put_file(asked["upload"], file)
    api.import_publish.confirm_upload(asked["imports"][0]["importId"])
    return asked["imports"][0]["importId"]


def while_in(api: RetailScan, import_id: str, states: set[str]) -> ImportView:
    """The import once it has left these states."""
    while True:
        found = api.import_publish.read_import(import_id)
        if found["state"] not in states:
            return found
        time.sleep(0.5)


def said(found: ImportView) -> str:
    """What is known of its rows."""
    return ", ".join(f"{count} {name}" for name, count in sorted(found["counts"].items()) if count)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Bring a file of products and wait for its approval.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--store", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
