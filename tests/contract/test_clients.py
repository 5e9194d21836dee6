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
from retailscan.clients_contract import NOT_FOR_CLIENTS, READS, camel, operations
from retailscan_client import VERSION, RetailScan

ROOT = Path(__file__).parents[2]
TYPESCRIPT = ROOT / "clients" / "typescript"
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())
CONTRACT = {
    entry["operationId"]: (method, path, entry)
    for path, methods in OPENAPI["paths"].items()
    for method, entry in methods.items()
}
WANTED = CONTRACT.keys() - NOT_FOR_CLIENTS


def test_what_is_committed_is_what_would_be_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clients", "--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "python/retailscan_client/models.py",
        "python/retailscan_client/rooms/scan.py",
        "typescript/src/models.ts",
        "typescript/dist/rooms/scan.js",
    ],
)
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


def test_every_operation_is_a_method_in_typescript_too() -> None:
    for folder, ending in (("src", "ts"), ("dist", "js")):
        found = set()
        for file in (TYPESCRIPT / folder / "rooms").glob(f"*.{ending}"):
            methods = re.findall(r"^    (\w+)\(", file.read_text(), re.MULTILINE)
            found |= {f"{file.stem}.{method}" for method in methods if method != "constructor"}
        assert found == {name.partition(".")[0] + "." + camel(name.partition(".")[2]) for name in WANTED}


def test_a_browser_can_load_the_javascript_as_it_is() -> None:
    dist = TYPESCRIPT / "dist"
    for file in dist.rglob("*.js"):
        sources = re.findall(r'\b(?:from|import) "([^"]+)";', file.read_text())
        assert all(source.startswith(".") and (file.parent / source).is_file() for source in sources), file
        assert not re.search(r"\b(?:process|require|Buffer|__dirname)\b[.(]", file.read_text()), file
    assert "./rooms/scan.js" in (dist / "client.js").read_text()


def test_no_method_is_left_of_an_operation_that_is_gone() -> None:
    client = RetailScan("http://suite")
    rooms = {name.partition(".")[0] for name in WANTED}
    found = {f"{room}.{name}" for room in rooms for name in vars(type(getattr(client, room))) if name[0] != "_"}
    assert found == WANTED


def test_the_packages_have_the_version_of_the_contract() -> None:
    package = json.loads((TYPESCRIPT / "package.json").read_text())
    assert OPENAPI["info"]["version"] == VERSION == package["version"]
    assert f'VERSION = "{VERSION}"' in (TYPESCRIPT / "dist" / "client.js").read_text()
    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text())
    assert {name: each.get("version") for name, each in lock["packages"].items() if name} == {
        f"node_modules/{name}": version for name, version in package["devDependencies"].items()
    }


def test_the_lock_names_no_registry() -> None:
    assert "://" not in (TYPESCRIPT / "package-lock.json").read_text()


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
    readme = re.findall(r"```python\n(.*?)```", (ROOT / "clients" / "python" / "README.md").read_text(), re.DOTALL)
    (tmp_path / "readme.py").write_text('token = "given"\n' + "".join(readme))
    file.write_text("\n".join(["from retailscan_client import RetailScan", 'api = RetailScan("")', good, *MISUSES, ""]))
    out, _, _ = mypy.run(["--strict", "--config-file", str(ROOT / "pyproject.toml"), str(tmp_path)])
    wrong = {int(line): text for line, text in re.findall(r"wrong\.py:(\d+): error: (.*)", out)}
    assert readme
    assert "readme.py" not in out
    assert set(wrong) == set(range(5, 5 + len(MISUSES))), out
    for text, part in zip((wrong[line] for line in sorted(wrong)), MISUSES.values(), strict=True):
        assert part in text
