"""As in production: Firebase signs in, Stripe's own form takes the money; both are played here by their addresses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from local.suite import Suite
from tests.browser import phones
from tests.browser.conftest import Visitor
from tests.journeys.shopping import Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STRIPE = """globalThis.Stripe = (key) => ({
  elements: ({ clientSecret }) => ({ create: () => ({ mount: (box) => {
    box.textContent = `a form for ${key}`;
    globalThis.secret = clientSecret;
  } }) }),
  confirmPayment: async ({ redirect }) => {
    await fetch(`https://api.stripe.com/confirm?secret=${globalThis.secret}&redirect=${redirect}`);
    return {};
  },
});"""
KEYS = {"FIREBASE_API_KEY": "AIza-test", "STRIPE_PUBLISHABLE_KEY": "pk_test_theirs"}
OURS = {"FIREBASE_API_KEY": "", "STRIPE_PUBLISHABLE_KEY": "pk_test_local"}


@pytest_asyncio.fixture(loop_scope="session")
async def configured(suite: Suite) -> AsyncIterator[Suite]:
    """The web app as it is configured elsewhere."""
    await suite.restart_door("storefront", KEYS)
    yield suite
    await suite.restart_door("storefront", OURS)


async def test_firebase_signs_in_and_stripe_takes_the_money(configured: Suite, visitor: Visitor, town: Town) -> None:
    book = await town.shelve(501, 1500)
    asked: dict[str, Any] = {}
    context = await visitor.context()

    async def accounts(route: Route) -> None:
        asked["signIn"] = json.loads(route.request.post_data or "")
        if asked["signIn"]["password"] != "correct":
            await route.fulfill(status=400, json={"error": {"message": "INVALID_LOGIN_CREDENTIALS"}}, headers=ANYBODY)
            return
        given = {"idToken": configured.token("shopper", sub="dorothy"), "refreshToken": "r1", "expiresIn": "3600"}
        await route.fulfill(json=given, headers=ANYBODY)

    async def tokens(route: Route) -> None:
        asked["refresh"] = parse_qs(route.request.post_data or "")
        given = {"id_token": configured.token("shopper", sub="dorothy"), "refresh_token": "r2", "expires_in": "3600"}
        await route.fulfill(json=given, headers=ANYBODY)

    async def stripe(route: Route) -> None:
        secret = parse_qs(route.request.url.partition("?")[2])["secret"][0]
        payment = {
            "intentId": secret.partition("_secret")[0],
            "clientSecret": secret,
            "publishableKey": "pk_test_local",
        }
        assert (await town.confirm(payment, "pm_card_visa")).status_code == 200
        await route.fulfill(json={}, headers=ANYBODY)

    await context.route("https://identitytoolkit.googleapis.com/**", accounts)
    await context.route("https://securetoken.googleapis.com/**", tokens)
    await context.route(
        "https://js.stripe.com/v3/", lambda route: route.fulfill(body=STRIPE, content_type="text/javascript")
    )
    await context.route("https://api.stripe.com/**", stripe)
    page = await context.new_page()
    await page.goto("/shop/")
    assert await page.get_by_text("Development").count() == 0
    await page.get_by_label("E-mail").fill("dorothy@example.org")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is not right.")
    await page.get_by_label("Password").fill("correct")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Check in")).to_be_visible()
    # The app was closed: who it was is remembered, and the refresh token brings a new identity token.
    await page.reload()
    await phones.check_in(page, town)
    assert asked["refresh"] == {"grant_type": ["refresh_token"], "refresh_token": ["r1"]}
    await phones.take(page, book)
    await phones.open_cart(page)
    await page.get_by_role("button", name="Pay €15.00").click()
    await expect(page.get_by_text("a form for pk_test_local")).to_be_visible()
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    allowed = (
        "https://identitytoolkit.googleapis.com/",
        "https://securetoken.googleapis.com/",
        "https://js.stripe.com/",
    )
    visitor.watch.seen = [
        each
        for each in visitor.watch.seen
        if not each.removeprefix("foreign origin: ").startswith((*allowed, "https://api.stripe.com/"))
        # The browser notes the refused password.
        and "status of 400" not in each
    ]


ANYBODY = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
