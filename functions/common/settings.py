"""The environment, typed: the only module that reads `os.environ`, and never at import.

A room declares its own frozen dataclass and calls `load(ThatClass)`; a field `mongodb_uri` is read from
`MONGODB_URI`. The standard library does it because pydantic would cost every cold start 70 ms.
"""

from __future__ import annotations

import dataclasses
import os
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class SettingsError(RuntimeError):
    """The environment lacks a variable or holds one that cannot be read; the message names it, not its value."""


@dataclass(frozen=True, slots=True)
class Common:
    """What every door reads. Secrets carry `repr=False`, so that no log line can show them."""

    environment: str = "prod"
    k_service: str = "local"
    k_revision: str = "0"
    google_cloud_project: str = "retailscan-local"
    mongodb_uri: str = dataclasses.field(default="mongodb://127.0.0.1:27017/?replicaSet=rs0", repr=False)
    mongodb_database: str = "retailscan"
    redis_timeout_seconds: float = 0.05
    redis_url: str = dataclasses.field(default="redis://127.0.0.1:6379/0", repr=False)
    service_url: str = ""
    door_urls: str = "{}"
    pubsub_emulator_host: str = ""
    cloud_tasks_emulator_host: str = ""
    cloud_tasks_location: str = "europe-west1"
    identity_issuer: str = ""
    identity_audience: str = ""
    identity_jwks: str = ""
    session_issuer: str = "retailscan-sessions"
    session_jwks: str = ""
    push_issuer: str = "https://accounts.google.com"
    push_jwks: str = ""
    push_service_accounts: str = ""
    otel_exporter_otlp_endpoint: str = ""
    otel_traces_sample: float = 0.1
    log_level: str = "INFO"
    handler_budget_seconds: float = 10.0
    rate_limit_scale: float = 1.0
    test: bool = False
    failpoint: str = ""


def load(kind: type[T], environ: Mapping[str, str] | None = None) -> T:
    """Read the dataclass `kind` from the environment.

    Raises SettingsError naming every variable that is missing or malformed.
    """
    source = os.environ if environ is None else environ
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for field in dataclasses.fields(typing.cast(Any, kind)):
        name = field.name.upper()
        text = source.get(name)
        if text is None:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                wrong.append(f"{name} is not set")
            continue
        try:
            values[field.name] = _convert(text, hints[field.name])
        except ValueError:
            wrong.append(f"{name} is not a valid {getattr(hints[field.name], '__name__', 'value')}")
    if wrong:
        raise SettingsError(f"settings of {kind.__module__}: " + "; ".join(wrong))
    return kind(**values)


def _convert(text: str, kind: Any) -> Any:
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in _TRUE:
            return True
        if lowered in _FALSE:
            return False
        raise ValueError(text)
    if kind in (int, float, str):
        return kind(text)
    raise TypeError(f"settings cannot hold {kind!r}")


_common: Common | None = None


def common() -> Common:
    """The settings every door shares, read once."""
    global _common
    if _common is None:
        _common = load(Common)
    return _common


def override(value: Common | None) -> None:
    """Put other settings in place (tests); None reads the environment again."""
    global _common
    _common = value
