"""The web app's files, and the two that are made here: what it is configured with, and what it consists of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.common import settings, web
from functions.common.once import Once
from functions.storefront.settings import Storefront, load

STATIC = Path(__file__).parent / "static"
LOCAL = "local"
LOCAL_STRIPE_KEY = "pk_test_local"
"""Of the Stripe that plays along on a developer's machine: there is no script to load for it."""

_STRIPE_SCRIPTS = ("https://js.stripe.com", "https://*.js.stripe.com")
_STRIPE_FRAMES = (*_STRIPE_SCRIPTS, "https://hooks.stripe.com")
_FIREBASE = ("https://identitytoolkit.googleapis.com", "https://securetoken.googleapis.com")


@dataclass(frozen=True, slots=True)
class Pages:
    """All that this room answers with. `shell` reads every file, which the first page need not wait for."""

    folder: web.Folder
    headers: web.Headers
    config: bytes
    shell: Once[bytes]


def build(own: Storefront, environment: str) -> Pages:
    """The pages for one environment: on a developer's machine anybody signs in, elsewhere Firebase says who is who.

    Raises SettingsError where people could not sign in or pay.
    """
    _demand(own, environment)
    stripe = own.stripe_publishable_key not in ("", LOCAL_STRIPE_KEY)
    firebase = own.firebase_api_key
    policy = web.Policy(
        script=_STRIPE_SCRIPTS if stripe else (),
        frame=_STRIPE_FRAMES if stripe else (),
        connect=(*(("https://api.stripe.com",) if stripe else ()), *(_FIREBASE if firebase else ())),
        camera=True,
        wasm=True,
    )
    folder = web.Folder(STATIC, policy)
    config: dict[str, Any] = {
        "development": environment == LOCAL,
        "signIn": "firebase" if firebase else LOCAL,
        "firebaseKey": firebase or None,
        "payment": "stripe" if stripe else LOCAL,
    }
    return Pages(folder, policy.headers(), json.dumps(config).encode(), Once(lambda: shell(folder)))


def _demand(own: Storefront, environment: str) -> None:
    """Elsewhere than on a developer's machine nobody says who he is, and nobody pays with a card that is none."""
    missing = [
        name
        for name, value in (
            ("FIREBASE_API_KEY", own.firebase_api_key),
            ("STRIPE_PUBLISHABLE_KEY", own.stripe_publishable_key.replace(LOCAL_STRIPE_KEY, "")),
        )
        if not value
    ]
    if missing and environment != LOCAL:
        raise settings.SettingsError(f"settings of the shop: {', '.join(missing)} must be set in {environment}")


def shell(folder: web.Folder) -> bytes:
    """The script that tells the service worker which files make up the app, and when one of them is another.

    What is fetched only when needed (WebAssembly, other people's scripts) is kept when it was fetched, not before.
    """
    needed = sorted(name for name in folder.names if not name.startswith(("vendor/", "sw.js")))
    described = {"version": folder.version, "files": ["./", "config.json", *needed]}
    return f"self.SHELL = {json.dumps(described)};\n".encode()


pages = Once(lambda: build(load(), settings.common().environment))


async def ready() -> dict[str, str]:
    """There is nothing to wait for; without its settings the shop is never ready."""
    pages()
    return {}
