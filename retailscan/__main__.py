"""`retailscan import | migrate | audit | dead-letters | openapi | docs | clients`: for an operator or the build."""

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

    importing = commands.add_parser(
        "import",
        help="bring a file of products, see what was found, let it go live",
        # Else `--token abc` would be taken for --token-file, and be quoted in its complaint.
        allow_abbrev=False,
    )
    _add_import(importing)
    importing.set_defaults(job="import_file")

    for name, text in (
        ("openapi", "write docs/openapi.json from the routes and schemas of every room"),
        ("docs", "write README's table of rooms and docs/{endpoints,events,settings,import-codes}.md"),
        ("clients", "write what is generated of the client packages in clients/ from docs/openapi.json"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--check", action="store_true", help="write nothing, fail when a file is out of date")
        command.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
        command.set_defaults(job=name)
    return top


def _add_import(command: argparse.ArgumentParser) -> None:
    # A token is never an argument: everybody on the machine could read it.
    command.add_argument("file", nargs="?", type=Path, help="CSV, NDJSON, JSON or XLSX, also gzip or zip")
    command.add_argument("--store", help="the store it is for")
    command.add_argument("--import", dest="import_id", metavar="ID", help="go on with this import instead of a file")
    command.add_argument("--profile", default="retailscan", help="how it is read: retailscan, shopify, or your own")
    command.add_argument("--mode", choices=("full", "partial"), help="full: withdraw what the file does not name")
    command.add_argument("--again", action="store_true", help="though the same file was imported before")
    command.add_argument("--corrects", metavar="ID", help="the import whose failed rows these are, corrected")
    command.add_argument("--approve", action="store_true", help="publish what is good without looking at it first")
    command.add_argument(
        "--confirm", nargs="+", default=[], metavar="CODE", help="with --approve: also rows with these codes"
    )
    command.add_argument(
        "--pace", choices=("gentle", "full"), help="with --approve: full for a store that is closed; else gentle"
    )
    command.add_argument("--watch", action="store_true", help="stay, with progress bars, until there is news")
    command.add_argument("--failures", type=Path, metavar="OUT.csv", help="where rows that failed are written")
    command.add_argument("--url", help="the suite's address; else RETAILSCAN_URL")
    command.add_argument("--token-file", type=Path, help="a file with your token; else RETAILSCAN_TOKEN")
    command.add_argument("--json", action="store_true", help="the import at its end as one JSON object")


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
