"""What the web app is made of and what its pages may do, by environment."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from functions.common.settings import SettingsError
from functions.storefront import pages
from functions.storefront.settings import Storefront

SOURCES = sorted(path for path in pages.STATIC.rglob("*.*") if "vendor" not in path.parts)
SCRIPTS = [path for path in SOURCES if path.suffix == ".js"]


def csp(built: pages.Pages) -> dict[str, str]:
    text = dict(built.headers)["Content-Security-Policy"]
    return dict(rule.split(" ", 1) for rule in text.split("; "))


def test_on_a_developers_machine_nothing_leads_to_another_origin() -> None:
    built = pages.build(Storefront(pages.LOCAL_STRIPE_KEY), "local")
    assert json.loads(built.config) == {
        "development": True,
        "signIn": "local",
        "firebaseKey": None,
        "payment": "local",
    }
    assert "http" not in json.dumps(csp(built))


def test_in_production_only_firebase_and_stripe_may_be_asked_besides_us() -> None:
    built = pages.build(Storefront("pk_live_1", "AIza"), "prod")
    config = json.loads(built.config)
    assert (config["development"], config["signIn"], config["payment"]) == (False, "firebase", "stripe")
    rules = csp(built)
    origins = set(re.findall(r"https://[^ ;]+", " ".join(rules.values())))
    assert all(origin.endswith((".stripe.com", ".googleapis.com")) for origin in origins)
    assert rules["script-src"].startswith("'self' 'wasm-unsafe-eval' https://js.stripe.com")
    assert "'unsafe-inline'" not in json.dumps(rules)


@pytest.mark.parametrize("environment", ["prod", "staging", "dev", "test"])
@pytest.mark.parametrize(
    ("own", "missing"),
    [
        (Storefront("pk_live_1", ""), "FIREBASE_API_KEY must"),
        (Storefront("", "AIza"), "STRIPE_PUBLISHABLE_KEY must"),
        (Storefront(pages.LOCAL_STRIPE_KEY, "AIza"), "STRIPE_PUBLISHABLE_KEY must"),
        (Storefront(), "FIREBASE_API_KEY, STRIPE_PUBLISHABLE_KEY must"),
    ],
)
def test_where_people_could_not_sign_in_or_pay_the_shop_does_not_open(
    environment: str, own: Storefront, missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing):
        pages.build(own, environment)


def test_the_app_consists_of_all_its_own_files() -> None:
    text = pages.build(Storefront(), "local").shell().decode()
    shell = json.loads(text.removeprefix("self.SHELL = ").removesuffix(";\n"))
    own = {str(path.relative_to(pages.STATIC)) for path in SOURCES} - {"sw.js"}
    assert set(shell["files"]) == own | {"./", "config.json"}


def test_another_file_is_another_version(tmp_path: Path) -> None:
    from functions.common import web

    (tmp_path / "a.js").write_text("one")
    before = pages.shell(web.Folder(tmp_path, web.Policy()))
    (tmp_path / "a.js").write_text("two")
    assert pages.shell(web.Folder(tmp_path, web.Policy())) != before


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_out_of_text(path: Path) -> None:
    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
    )
    assert found == []


def test_pages_hold_no_inline_script_or_style() -> None:
    html = (pages.STATIC / "index.html").read_text()
    assert re.findall(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", html) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_import_leads_to_a_file(path: Path) -> None:
    names = re.findall(r"""(?:from|import\()\s*["'](\.[^"']+)["']""", path.read_text())
    assert [name for name in names if not (path.parent / name).resolve().is_file()] == []


def test_all_scripts_of_the_app_are_small() -> None:
    # What reads codes without the browser's help is others' and fetched only when it is needed.
    assert sum(len(gzip.compress(path.read_bytes())) for path in SCRIPTS) < 40_000
