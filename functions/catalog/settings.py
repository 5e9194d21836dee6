"""The environment of the catalogue alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Catalog:
    """`STORE_CODE_KEY`: the Ed25519 private key (JWK with `kid`) that signs codes at entrances, and snapshots."""

    store_code_key: str = dataclasses.field(repr=False)


load = Once(lambda: settings.load(Catalog))
