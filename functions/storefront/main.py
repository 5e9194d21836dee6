"""The door of the shopper's web app: its files. Everything else it does is done by the public API."""

from __future__ import annotations

from functions.common import auth, web
from functions.common.http import Call, HttpDoor, Reply
from functions.storefront.pages import pages, ready

door = HttpDoor("storefront", ready=ready)


@door.get("/shop", auth=auth.public(), summary="Where the app begins", page=True)
async def enter(call: Call) -> Reply:
    """Relative addresses in the app need the slash."""
    return web.redirect("/shop/", status=308)


@door.get("/shop/", auth=auth.public(), summary="The app", page=True)
async def open_app(call: Call) -> Reply:
    return await _file(call, "index.html")


@door.get("/shop/config.json", auth=auth.public(), summary="How this environment signs in and pays", page=True)
async def read_config(call: Call) -> Reply:
    return _made(pages().config, "application/json")


@door.get("/shop/shell.js", auth=auth.public(), summary="What the app consists of", page=True)
async def read_shell(call: Call) -> Reply:
    return _made(pages().shell(), web.KINDS[".js"])


@door.get("/shop/{file:path}", auth=auth.public(), summary="A file of the app", page=True)
async def read_file(call: Call) -> Reply:
    return await _file(call, call.params["file"])


async def _file(call: Call, name: str) -> Reply:
    return await pages().folder.reply(
        name, known=call.header("if-none-match"), encodings=call.header("accept-encoding")
    )


def _made(content: bytes, kind: str) -> Reply:
    own = (("Content-Type", kind), ("Cache-Control", "no-cache"))
    return Reply(raw=content, headers=(*own, *pages().headers))


storefront = door.entry()
