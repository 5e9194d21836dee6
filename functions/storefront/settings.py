"""This room's own environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Storefront:
    """Both keys are public: they are told to every browser."""

    stripe_publishable_key: str = ""
    firebase_api_key: str = ""


load = Once(lambda: settings.load(Storefront))
