"""The environment of the gate alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Gate:
    """`EXIT_JWKS`: the public keys of exit passes, an inline JSON Web Key Set; while keys change, old and new."""

    exit_jwks: str


load = Once(lambda: settings.load(Gate))
