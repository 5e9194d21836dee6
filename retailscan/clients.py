"""`retailscan clients`: what is generated of the client packages in clients/, from docs/openapi.json.

What does not follow from the contract (connection, retries, errors, pages, streams) is written by hand beside it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from retailscan import clients_python, clients_typescript
from retailscan.files import deliver
from retailscan.openapi import FILE


def run(options: argparse.Namespace) -> int:
    """Write the generated files; raises Complaint on `--check` when one is out of date."""
    document = json.loads((options.root / FILE).read_text())
    made = {"python": clients_python.files(document), "typescript": clients_typescript.files(document)}
    files = {Path("clients", language, name): text for language, texts in made.items() for name, text in texts.items()}
    deliver(options.root, files, check=options.check, command="clients")
    return 0
