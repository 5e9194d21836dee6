"""The client packages say what the contract says, no more and no less, and their types hold."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from mypy import api as mypy

from retailscan.__main__ import main
from retailscan.clients_contract import NOT_FOR_CLIENTS, READS, operations
from retailscan_client import VERSION, RetailScan

ROOT = Path(__file__).parents[2]
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())
CONTRACT = {
    entry["operationId"]: (method, path, entry)
    for path, methods in OPENAPI["paths"].items()
    for method, entry in methods.items()
}
WANTED = CONTRACT.keys() - NOT_FOR_CLIENTS


def test_what_is_committed_is_what_would_be_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clients", "--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", ["python/retailscan_client/models.py", "python/retailscan_client/rooms/scan.py"])
def test_what_is_out_of_date_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "openapi.json", tmp_path / "docs")
    shutil.copytree(ROOT / "clients", tmp_path / "clients", ignore=shutil.ignore_patterns("node_modules"))
    stale = tmp_path / "clients" / name
    stale.write_text(stale.read_text() + "\n# by hand\n")
    assert main(["clients", "--check", "--root", str(tmp_path)]) == 1
    assert name in capsys.readouterr().err


def test_exceptions_to_the_contract_are_still_in_it() -> None:
    assert CONTRACT.keys() >= NOT_FOR_CLIENTS | READS


def test_every_operation_is_a_method_with_its_arguments() -> None:
    client = RetailScan("http://suite")
    assert {operation.room + "." + operation.name for operation in operations(OPENAPI)} == WANTED
    for name in WANTED:
        room, _, method = name.partition(".")
        given = set(inspect.signature(getattr(getattr(client, room), method)).parameters)
        _, _, entry = CONTRACT[name]
        listed = any(p["name"] == "page" for p in entry["parameters"])
        expected = {_python(p["name"]) for p in entry["parameters"]} - ({"page"} if listed else set())
        content = entry.get("requestBody", {}).get("content", {})
        expected |= {"body"} if set(content) == {"application/json"} else {"content", "media"} if content else set()
        assert given == expected, name


def test_no_method_is_left_of_an_operation_that_is_gone() -> None:
    client = RetailScan("http://suite")
    rooms = {name.partition(".")[0] for name in WANTED}
    found = {f"{room}.{name}" for room in rooms for name in vars(type(getattr(client, room))) if name[0] != "_"}
    assert found == WANTED


def test_the_packages_have_the_version_of_the_contract() -> None:
    assert OPENAPI["info"]["version"] == VERSION


def _python(name: str) -> str:
    found = re.sub(r"(?<=[a-z])[A-Z]", lambda letter: "_" + letter[0].lower(), name).replace("-", "_").lower()
    return found + "_" if found == "from" else found


MISUSES: dict[str, Any] = {
    'api.price_ingest.send_price_updates({"updates": [{"storeId": "s", "barcod": "1"}]})': "barcod",
    'api.catalog.read_store("s")["nam"]': "nam",
    'api.import_publish.list_imports(state="done")': "list_imports",
    "api.sessions.read_cart(1)": "read_cart",
    "api.catalog.list_stores()[0]": "not indexable",
}


def test_a_type_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    good = 'for store in api.catalog.list_stores(limit=5):\n    print(store["name"].upper())'
    file.write_text("\n".join(["from retailscan_client import RetailScan", 'api = RetailScan("")', good, *MISUSES, ""]))
    out, _, _ = mypy.run(["--strict", "--config-file", str(ROOT / "pyproject.toml"), str(file)])
    wrong = {int(line): text for line, text in re.findall(r"wrong\.py:(\d+): error: (.*)", out)}
    assert set(wrong) == set(range(5, 5 + len(MISUSES))), out
    for text, part in zip((wrong[line] for line in sorted(wrong)), MISUSES.values(), strict=True):
        assert part in text
