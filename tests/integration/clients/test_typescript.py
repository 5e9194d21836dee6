"""The TypeScript client: what the compiler says of it, and its committed JavaScript, in Node, on a running suite."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.clients.conftest import STORE, Place, barcode_of

pytestmark = pytest.mark.slow

CLIENT = Path(__file__).parents[3] / "clients" / "typescript"
TSC = CLIENT / "node_modules" / "typescript" / "bin" / "tsc"
BARE = ["--noCheck"]
"""Types are checked once, in a test of their own."""
UNKNOWN = barcode_of(999)
node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

RIGHT = """
import { ApiError, RetailScan } from "retailscan-client";
import type { CartView } from "retailscan-client";

const api = new RetailScan("", { session: async () => "token" });
const cart: CartView = await api.sessions.readCart({ explain: true });
for await (const store of api.catalog.listStores()) store.name.toUpperCase();
try { await api.catalog.readStore("s"); } catch (error) { if (error instanceof ApiError) error.code.toLowerCase(); }
cart.total.toFixed();
"""
WRONG = [
    'await api.priceIngest.sendPriceUpdates({ updates: [{ storeId: "s", barcod: "1" }] });',
    '(await api.catalog.readStore("s")).nam;',
    'api.importPublish.listImports({ state: "done" });',
    'await api.importPublish.uploadFile("x", "text/csv");',
    "await api.sessions.readCart(1);",
    'new RetailScan("", { token: "x" });',
]


@pytest.fixture(scope="module")
def tsc() -> list[str]:
    """The compiler that package-lock.json names, put there by npm the first time."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is not installed")
    if not TSC.exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
        done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot fetch typescript: {done.stderr[-300:]}")
    return ["node", str(TSC)]


def test_the_committed_javascript_is_what_the_compiler_makes_of_the_source(tsc: list[str], tmp_path: Path) -> None:
    subprocess.run([*tsc, *BARE, "--project", str(CLIENT), "--declaration", "--outDir", str(tmp_path)], check=True)
    made = {str(file.relative_to(tmp_path)): file.read_text() for file in tmp_path.rglob("*.js")}
    dist = CLIENT / "dist"
    committed = {str(file.relative_to(dist)): file.read_text() for file in dist.rglob("*.js")}
    assert committed == made, "run `npm run build` in clients/typescript and commit dist/"
    assert "export declare class RetailScan" in (tmp_path / "client.d.ts").read_text()


def test_the_compiler_finds_what_is_wrong_and_nothing_else(tsc: list[str], tmp_path: Path) -> None:
    readme = "\n".join(re.findall(r"```ts\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL))
    (tmp_path / "readme.ts").write_text(f"declare const token: string;\n{readme}")
    (tmp_path / "wrong.ts").write_text(RIGHT + "\n".join(f"// @ts-expect-error\n{line}" for line in WRONG))
    config = {
        "extends": str(CLIENT / "tsconfig.check.json"),
        "compilerOptions": {"rootDir": "/", "paths": {"retailscan-client": [str(CLIENT / "src" / "index.ts")]}},
        "include": [str(tmp_path), str(CLIENT / "src"), str(CLIENT / "examples")],
    }
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    done = subprocess.run([*tsc, "--project", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@node
@pytest.mark.suite
def test_an_app_of_committed_javascript_works(place: Place) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "URL": place.url,
        "SHOPPER": place.token("shopper"),
        "MANAGER": place.token("brand_manager"),
        "ERP": place.token("erp"),
        "STORE": STORE,
        "BARCODE": place.barcodes[2],
        "UNKNOWN": UNKNOWN,
    }
    command = ["node", str(Path(__file__).with_name("drive.mjs"))]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout) == (0, "driven\n"), done.stderr


@pytest.mark.suite
def test_the_example_shops_and_pays(tsc: list[str], place: Place, tmp_path: Path) -> None:
    # As in an app: the package is installed, the app is compiled against it.
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "retailscan-client").symlink_to(CLIENT)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    check = ["--project", str(CLIENT / "tsconfig.check.json"), "--noEmit", "false", "--outDir", str(tmp_path)]
    subprocess.run([*tsc, *BARE, *check], check=True)
    with place.client("brand_manager") as api:
        entrance = api.catalog.read_check_in_code(STORE)["code"]
    stripe = (place.suite.doors.doors["checkout"].child.env or {})["STRIPE_API_BASE"]
    env = {
        "PATH": os.environ["PATH"],
        "RETAILSCAN_URL": place.url,
        "RETAILSCAN_IDENTITY": place.token("shopper"),
        "RETAILSCAN_ENTRANCE": entrance,
        "STRIPE": stripe,
    }
    codes = [place.barcodes[1], UNKNOWN, place.barcodes[1]]
    command = ["node", str(tmp_path / "examples" / "run.js"), *codes]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "welcome to Acme Centre"
    assert lines[1].startswith("Product 2: €")
    assert lines[2] == f"{UNKNOWN} is not sold here"
    assert lines[-2].startswith("exit_issued, receipt ")
    assert lines[-1].startswith("pass ")
