"""`python -m local.fcm --port 8219`: FCM on this machine, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from local.fcm.server import FcmServer


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    top = argparse.ArgumentParser(prog="python -m local.fcm", description=__doc__)
    top.add_argument("--port", type=int, default=0, help="default: one that is free")
    top.add_argument("--data-dir", help="taken as every part of the suite takes it; what was sent is kept in memory")
    options = top.parse_args(arguments)
    fcm = FcmServer(port=options.port)
    print(f"fcm: {fcm.url}   what was sent: {fcm.url}/_sent   misbehave: POST {fcm.url}/_trouble", flush=True)
    try:
        asyncio.run(fcm.server().serve())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
