"""The TypeScript client's committed JavaScript in Chromium: loaded without a bundler, under a strict policy."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, sync_playwright

from tests.integration.clients.conftest import STORE, Place

pytestmark = [pytest.mark.suite, pytest.mark.slow]

DIST = Path(__file__).parents[3] / "clients" / "typescript" / "dist"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
VISIT = """async ([entrance, shopper, barcode]) => {
    const { RetailScan } = await import("/client/index.js");
    let session = "";
    const api = new RetailScan("", { identity: shopper, session: () => session });
    session = (await api.sessions.checkIn({ storeCode: entrance })).token;
    await api.sessions.addLine({ code: barcode });
    const missing = await api.checkout.readCheckout("nothing").catch((error) => error.code);
    return [(await api.sessions.readCart()).lines[0].barcode, missing];
}"""


def serve(route: Route) -> None:
    """Pages of our own at the suite's address; the API answers for itself."""
    path = urlsplit(route.request.url).path
    if path == "/page.html":
        headers = {"content-security-policy": POLICY}
        route.fulfill(body="<!doctype html><title>app</title>", content_type="text/html", headers=headers)
    elif path.startswith("/client/"):
        route.fulfill(path=DIST / path.removeprefix("/client/"), content_type="text/javascript")
    else:
        route.continue_()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_page_loads_it_as_it_is_and_shops(place: Place) -> None:
    with place.client("brand_manager") as api:
        entrance = api.catalog.read_check_in_code(STORE)["code"]
    given = [entrance, place.token("shopper"), place.barcodes[0]]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto(f"{place.url}/page.html")
        assert page.evaluate(VISIT, given) == [place.barcodes[0], "CHECKOUT_NOT_FOUND"]
        browser.close()
