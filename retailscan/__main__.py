"""`retailscan migrate | audit | dead-letters | openapi | docs`: what an operator or the build runs, one at a time."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from retailscan import Complaint

ROOT = Path(__file__).resolve().parent.parent


def parser() -> argparse.ArgumentParser:
    """The command line. `job` names the module of this package that does the work; it is imported only then."""
    top = argparse.ArgumentParser(prog="retailscan", description="Operate and describe a RetailScan suite.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    migrate = commands.add_parser(
        "migrate", help="bring about collections, indexes, TTLs and validators; drops nothing, may be repeated"
    )
    migrate.add_argument("--dry-run", action="store_true", help="only say what would be changed")
    migrate.set_defaults(job="migrate")

    audit = commands.add_parser("audit", help="check, read-only, the invariants that must hold whatever has happened")
    audit.add_argument("--most", type=int, default=50, help="print at most so many findings")
    audit.set_defaults(job="audit")

    dead = commands.add_parser("dead-letters", help="list, look at and replay messages that could not be applied")
    dead.set_defaults(job="dead_letters")
    actions = dead.add_subparsers(required=True, metavar="ACTION", dest="action")
    listing = actions.add_parser("list", help="newest first, without their content")
    listing.add_argument("--status", choices=("parked", "replaying", "resolved"))
    listing.add_argument("--code", help="only those refused with this code")
    listing.add_argument("--page", type=int, default=1)
    listing.add_argument("--limit", type=int, default=50)
    show = actions.add_parser("show", help="one, with its content")
    show.add_argument("id")
    replay = actions.add_parser("replay", help="publish again to the topic it came from, once")
    replay.add_argument("id", nargs="*")
    replay.add_argument("--code", help="all parked ones refused with this code")
    replay.add_argument("--by", default="command line", help="who asks, for the record")
    for action in (listing, show, replay):
        action.add_argument("--tenant", required=True, help="the tenant whose messages they are")
        action.add_argument("--json", action="store_true", help="one JSON object a line")

    for name, text in (
        ("openapi", "write docs/openapi.json from the routes and schemas of every room"),
        ("docs", "write README's table of rooms, docs/events.md, docs/endpoints.md and docs/settings.md"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--check", action="store_true", help="write nothing, fail when a file is out of date")
        command.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
        command.set_defaults(job=name)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(argv)
    run = importlib.import_module(f"retailscan.{options.job}").run
    try:
        outcome = run(options)
        status: int = asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome
    except Complaint as complaint:
        print(complaint, file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
