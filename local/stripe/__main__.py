"""`python -m local.stripe`: a Stripe for `make run`, for tests and for trying what a checkout does when it fails."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from local.stripe.faults import EFFECTS
from local.stripe.server import PUBLISHABLE_KEY, SECRET_KEY, FakeStripe
from local.stripe.webhooks import Endpoint


def parser() -> argparse.ArgumentParser:
    """The command line."""
    known = "\n".join(f"  {name:18} {meaning}" for name, meaning in EFFECTS.items())
    top = argparse.ArgumentParser(
        prog="python -m local.stripe",
        description=__doc__,
        epilog=f'effects of faults (POST /_control/faults [{{"verb": "create", "effect": "drop"}}]):\n{known}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--port", type=int, default=0, help="0 picks a free one")
    top.add_argument("--data-dir", type=Path, default=None, help="keeps everything; default: nowhere")
    top.add_argument("--endpoint", default="", help="where webhooks go")
    top.add_argument("--secret", action="append", default=[], help="signs webhooks (may be repeated)")
    return top


async def serve(options: argparse.Namespace) -> None:
    """Runs until SIGTERM or SIGINT."""
    endpoints = (Endpoint(options.endpoint, tuple(options.secret)),) if options.endpoint else ()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with FakeStripe(port=options.port, folder=options.data_dir, endpoints=endpoints) as stripe:
        sys.stdout.write(f"stripe: {stripe.url}, keys {SECRET_KEY} and {PUBLISHABLE_KEY}\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    options = parser().parse_args(arguments)
    if options.endpoint and not options.secret:
        parser().error("webhooks need a --secret")
    try:
        asyncio.run(serve(options))
    except OSError as problem:
        sys.stderr.write(f"local.stripe: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
