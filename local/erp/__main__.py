"""`python -m local.erp rest|soap|graphql|files|sftp`: an ERP to import from, which misbehaves on demand."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local.environment import ERP_PORTS
from local.erp.assortment import Assortment
from local.erp.misbehaviour import KINDS, Misbehaviour

_PATHS = {"rest": "/rest/products", "soap": "/soap", "graphql": "/graphql", "files": "/files/products.csv"}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    known = "\n".join(f"  {name:15} {meaning}" for name, meaning in KINDS.items())
    top = argparse.ArgumentParser(
        prog="python -m local.erp",
        description=__doc__,
        epilog=f"misbehaviour (name or name:times, with commas between; POST /_misbehave while it runs):\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("kind", choices=[*_PATHS, "sftp"])
    top.add_argument("--port", type=int, default=0, help="default: the one that `make run` lets imports fetch from")
    top.add_argument("--items", type=int, default=120, help="how many products it has")
    top.add_argument("--misbehave", default="", help="from the start: see below")
    return top


async def serve(options: argparse.Namespace) -> None:
    """Runs until it is interrupted."""
    port = options.port or ERP_PORTS[options.kind]
    if options.kind == "sftp":
        await _serve_sftp(port, options.items)
        return
    from local.erp.web import Erp

    erp = Erp(Assortment(options.items), port=port, misbehave=options.misbehave)
    print(f"{options.kind}: {erp.url}{_PATHS[options.kind]}   switch: {erp.url}/_misbehave, {erp.url}/_touch")
    await erp.server().serve()


async def _serve_sftp(port: int, items: int) -> None:
    from local.erp.sftp import PASSWORD, USER, Drop

    with tempfile.TemporaryDirectory(prefix="retailscan-drop-") as name:
        folder = Path(name)
        (folder / "products.csv").write_text(Assortment(items).csv())
        async with Drop(folder, port=port) as drop:
            print(f"sftp: port {port}, user {USER}, password {PASSWORD}, folder {folder}\nhost key: {drop.host_key}")
            await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        Misbehaviour(Misbehaviour.parse(options.misbehave))
    except ValueError as problem:
        parser().error(str(problem))
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
