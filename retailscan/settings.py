"""What each variable of the environment means; `functions.common.settings.Common` says how it is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from functions.common import settings
from functions.common.cards import Card, doors
from retailscan import Complaint, rooms

MEANINGS = {
    "ENVIRONMENT": "local, test, staging or prod; a label in logs and metrics",
    "K_SERVICE": "set by Cloud Run: the service's name",
    "K_REVISION": "set by Cloud Run: the revision's name",
    "GOOGLE_CLOUD_PROJECT": "the project that holds the topics and queues",
    "MONGODB_URI": "where MongoDB is; a replica set, with credentials",
    "MONGODB_DATABASE": "the database of the suite",
    "REDIS_URL": "where Redis is; without it scans are slower and nothing else changes",
    "REDIS_TIMEOUT_SECONDS": "how long a call to Redis may take before the caller goes on without it",
    "SERVICE_URL": "this door's own URL: the first part of the audience that callers' OIDC tokens carry",
    "DOOR_URLS": "JSON, service to URL: where the tasks of this door go",
    "PUBSUB_EMULATOR_HOST": "host:port of a Pub/Sub without TLS and credentials; empty for Google's",
    "CLOUD_TASKS_EMULATOR_HOST": "host:port of a Cloud Tasks without TLS and credentials; empty for Google's",
    "CLOUD_TASKS_LOCATION": "the region of the queues",
    "IDENTITY_ISSUER": "`iss` of the identity provider's tokens",
    "IDENTITY_AUDIENCE": "`aud` of the identity provider's tokens",
    "IDENTITY_JWKS": "the identity provider's keys: a URL, or the JSON itself",
    "SESSION_ISSUER": "`iss` of session tokens and store codes",
    "SESSION_JWKS": "the public keys of session tokens: a URL, or the JSON itself",
    "PUSH_ISSUER": "`iss` of the OIDC tokens of Pub/Sub, Cloud Tasks and Cloud Scheduler",
    "PUSH_JWKS": "their keys: a URL, or the JSON itself",
    "PUSH_SERVICE_ACCOUNTS": "the service accounts, with commas between, that may call event doors",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "where traces and metrics go (OTLP over HTTP); empty: nowhere",
    "OTEL_TRACES_SAMPLE": "the share of new traces that is kept, 0 to 1; a caller's decision is followed",
    "LOG_LEVEL": "DEBUG, INFO, NOTICE, WARNING, ERROR or CRITICAL",
    "HANDLER_BUDGET_SECONDS": "after so long a request is answered with 504",
    "RATE_LIMIT_SCALE": "multiplies every rate limit and burst; lower it in an emergency",
    "TEST": "1 lets FAILPOINT work; never in production",
    "FAILPOINT": "name:kill9, name:raise, name:sleep:ms[:p] or @file: breaks a door at a named point, in tests",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment, as docs/settings.md shows it."""

    name: str
    kind: str
    default: str
    secret: bool
    meaning: str
    used_by: str


def variables(cards: Iterable[Card]) -> list[Variable]:
    """Every variable: those all doors share, then each room's own. Raises Complaint when one has no meaning."""
    cards = tuple(cards)
    secrets = {name for door in doors(cards) for name in door.secrets}
    found = list(_fields(settings.Common, MEANINGS, "every door", secrets))
    shared = {variable.name for variable in found}
    for card in cards:
        for kind in rooms.settings_of(card.room):
            own = _fields(kind, MEANINGS | dict(card.settings), card.room, secrets)
            found += [variable for variable in own if variable.name not in shared]
    if mute := sorted({variable.name for variable in found if not variable.meaning}):
        raise Complaint(
            f"Nobody says what {', '.join(mute)} means: write it in the card's `settings` (or in "
            "retailscan/settings.py for a variable of every door)."
        )
    return found


def _fields(kind: Any, meanings: dict[str, str], used_by: str, secrets: set[str]) -> Iterator[Variable]:
    for field in dataclasses.fields(kind):
        name = field.name.upper()
        required = field.default is dataclasses.MISSING
        default = "required" if required else f"`{field.default}`" if field.default != "" else ""
        shown = getattr(field.type, "__name__", str(field.type))
        secret = not field.repr or name in secrets
        yield Variable(name, shown, default, secret, meanings.get(name, ""), used_by)
