"""`retailscan docs`: README's table of rooms, and docs/{endpoints,events,settings,import-codes}.md.

They are made from the cards and the code.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from functions.common.cards import Card, CardInvalid, Door, doors, load_cards, topics
from functions.common.routing import Route
from functions.import_publish.domain.codes import CODES, Stage
from retailscan import Complaint, rooms
from retailscan.files import deliver
from retailscan.openapi import statuses
from retailscan.settings import variables

BEGIN, END = "<!-- rooms: written by `make docs` -->", "<!-- /rooms -->"
NOTE = "<!-- Written by `make docs` from the cards and the code; edit those instead. -->"


def run(options: argparse.Namespace) -> int:
    """Write the documents; raises Complaint for invalid cards, and on `--check` when one is out of date."""
    try:
        cards = load_cards(options.root / "functions")
    except CardInvalid as invalid:
        raise Complaint(str(invalid)) from invalid
    readme = Path("README.md")
    files = {
        readme: between_markers((options.root / readme).read_text(), rooms_table(cards)),
        Path("docs/endpoints.md"): endpoints(cards),
        Path("docs/events.md"): events(cards),
        Path("docs/settings.md"): settings(cards),
        Path("docs/import-codes.md"): import_codes(),
    }
    deliver(options.root, files, check=options.check, command="docs")
    return 0


def between_markers(text: str, table: str) -> str:
    """The text with what stands between the markers replaced; raises Complaint when they are not there."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise Complaint(f"README.md has lost the line {BEGIN} or {END}.")
    return pattern.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text)


def rooms_table(cards: Iterable[Card]) -> str:
    """One row a room: what for, its doors, the events it takes in and gives out."""
    rows = [
        (
            f"[{card.room}](functions/{card.room}/README.md)",
            card.purpose,
            ", ".join(f"`{door.service}`" for door in card.doors.values()),
            _ways(card),
            card.owner or "",
        )
        for card in cards
    ]
    heads = ["room", "what for", "services", "Pub/Sub: in → out", "owner"]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]  # type: ignore[misc]
    return _table(heads, rows)


def endpoints(cards: Sequence[Card]) -> str:
    """Every HTTP operation: who may call it and what it may answer; and the paths only the platform calls."""
    parts = [
        NOTE,
        "# Endpoints",
        "The whole contract is [openapi.json](openapi.json); the gateway shows it at `/docs`.",
    ]
    for card in cards:
        routes = list(rooms.http_routes([card]))
        parts += [f"## {card.room}", card.purpose]
        if routes:
            heads = ["operation", "who", "what for", "idempotency key", "answers"]
            parts.append(_table(heads, [_operation(route) for route in routes]))
        inner = [(f"`{door.service}`", *row) for door in card.doors.values() for row in _platform_paths(door)]
        if inner:
            parts += ["Called by the platform, with an OIDC token:", _table(["service", "path", "by"], inner)]
    return "\n\n".join(parts) + "\n"


def events(cards: Sequence[Card]) -> str:
    """Topics with owners and readers, and every event with its publishers, consumers and a sample."""
    owned = topics(cards).values()
    parts = [NOTE, "# Topics and events", "## Topics"]
    rows = []
    for topic in sorted(owned, key=lambda topic: topic.name):
        name = f"`{topic.name}-<tenantId>`" if topic.per_tenant else f"`{topic.name}`"
        schema = f"[schema](../functions/{topic.room}/{topic.schema})" if topic.schema else ""
        readers = [
            f"`{door.service}` {subscription.path}"
            for door in doors(cards)
            for subscription in door.subscriptions.values()
            if subscription.topic == topic.name
        ]
        rows.append((name, topic.room, topic.description, schema, "<br>".join(readers) or "nobody yet"))
    parts.append(_table(["topic", "owner", "what", "schema", "pushed to"], rows))
    parts += [
        "## Events",
        "A past-tense fact: `{id, type, version, tenantId, storeId, occurredAt, data}` as JSON, with `eventId`, "
        "`type`, `version`, `tenantId` and `storeId` as attributes to filter on. A fact may arrive twice, with the "
        "same `id`, and late: consumers remember ids and compare versions.",
    ]
    for (kind, version), event in sorted(rooms.event_kinds().items()):
        publishers = [card.room for card in cards if kind in card.publishes]
        consumers = [card.room for card in cards if kind in card.consumes]
        parts += [
            f"### `{kind}` v{version}",
            event.description,
            f"On `{event.topic}`. Published by {_names(publishers)}; consumed by {_names(consumers)}.",
            f"```json\n{json.dumps(event.sample, indent=2, ensure_ascii=False)}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def settings(cards: Sequence[Card]) -> str:
    """Every variable of the environment."""
    rows = [
        (f"`{v.name}`", v.kind, "a secret" if v.secret else v.default, v.used_by, v.meaning) for v in variables(cards)
    ]
    return "\n\n".join([NOTE, "# Settings", _table(["variable", "type", "default", "read by", "what"], rows)]) + "\n"


_STAGES: Mapping[Stage, str] = {
    "file": "Reading the file",
    "row": "Reading a row",
    "rules": "The tenant's rules",
    "live": "Against what is live",
    "import": "The import as a whole",
    "publish": "Publishing",
}


def import_codes() -> str:
    """Every code that a row or a file of an import can get, by what finds it."""
    parts = [NOTE, "# What imports say about files and rows"]
    parts.append(
        "An `error` is never published; a `confirm` is published when it is confirmed, by its code, at the approval; a "
        "`warning` is only told. The message is what a user is told; `{…}` is filled in. Tenants' rules make some "
        "of them milder or stricter."
    )
    for stage, title in _STAGES.items():
        rows = [
            (f"`{code}`", entry.severity, re.sub(r"\{\w+}", "{…}", entry.sentence))
            for code, entry in CODES.items()
            if entry.stage == stage
        ]
        parts += [f"## {title}", _table(["code", "severity", "message"], rows)]
    return "\n\n".join(parts) + "\n"


def _ways(card: Card) -> str:
    subscriptions = [s for door in card.doors.values() for s in door.subscriptions.values()]
    dead = {s.dead_letter for s in subscriptions}
    taken = [s.topic for s in subscriptions if s.topic not in dead]
    given = list(card.publishes) or [name for name in card.topics if name not in taken]
    if not taken and not given:
        return ""
    return f"{_codes(taken) or 'none'} → {_codes(given) or 'none'}"


def _operation(route: Route) -> tuple[str, ...]:
    who = "anybody" if route.auth.scheme == "public" else ", ".join(sorted(route.auth.allowed))
    if route.auth.scheme == "session":
        who += " with a session"
    failures = " ".join(str(status) for status in statuses(route) if status < 500)
    path = route.path.replace(":path}", "}")
    return f"`{route.method} {path}`", who, route.summary, route.idempotency or "", f"{route.status}; {failures}"


def _platform_paths(door: Door) -> list[tuple[str, str]]:
    paths = [(f"`{s.path}`", f"Pub/Sub, `{s.topic}`") for s in door.subscriptions.values()]
    paths += [(f"`{q.path}`", f"Cloud Tasks, queue `{q.name}`") for q in door.queues.values()]
    paths += [(f"`{s.path}`", f"Cloud Scheduler, {s.cron or f'every {s.every} s'}") for s in door.schedules.values()]
    return paths


def _names(found: Sequence[str]) -> str:
    return ", ".join(found) or "no room yet"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_row(line) for line in (heads, ["---"] * len(heads), *rows))


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
