"""This room's own environment."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Admin:
    """`dashboard_key`: what cookies are sealed with; several with commas between, the first seals and all open.

    `dashboard_sign_in` is `firebase`, or `local` for the issuer of the local cloud, which anybody may ask for anything.
    """

    public_api_url: str
    dashboard_key: str = dataclasses.field(repr=False)
    dashboard_sign_in: str = "firebase"
    firebase_api_key: str = ""
    firebase_auth_url: str = "https://identitytoolkit.googleapis.com"
    dashboard_api_seconds: float = 8.0
    storage_emulator_host: str = ""

    @property
    def upload_origin(self) -> str:
        """Where the bucket of imports is, for browsers: the only other origin that a page may talk to."""
        return self.storage_emulator_host.rstrip("/") or "https://storage.googleapis.com"


@dataclass(frozen=True, slots=True)
class Platform:
    """`operations_source`: where the figures of the page Operations come from, `google`, `local` or `none`."""

    operations_source: str = "none"


load = Once(lambda: settings.load(Admin))
platform = Once(lambda: settings.load(Platform))
