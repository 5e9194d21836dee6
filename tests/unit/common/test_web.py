"""Static files and the headers of pages, through a real door."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from functions.common import auth, web
from functions.common.http import Call, HttpDoor, Reply
from tests.support import World, client_of

SECRET = "the owner's own"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = tmp_path / "static"
    (files / "vendor" / "lib-1.2.3").mkdir(parents=True)
    (files / "index.html").write_text("<!doctype html><title>x</title>" + " " * 600)
    (files / "app.js").write_text("export const one = 1;\n")
    (files / "vendor" / "lib-1.2.3" / "lib.js").write_text("/* lib */" * 100)
    (files / "notes.py").write_text(SECRET)
    (tmp_path / "secret.txt").write_text(SECRET)
    return files


@pytest.fixture
async def client(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    door = HttpDoor("example")
    folder = web.Folder(root, web.Policy(camera=True))

    @door.get("/x/{file:path}", auth=auth.public(), summary="A file", page=True)
    async def file(call: Call) -> Reply:
        return await folder.reply(
            call.params["file"], known=call.header("if-none-match"), encodings=call.header("accept-encoding")
        )

    @door.get("/x/", auth=auth.public(), summary="A page", page=True)
    async def made(call: Call) -> Reply:
        return web.page("<p>hello", web.Policy(), headers=(("Set-Cookie", "a=b"),))

    from starlette.applications import Starlette
    from starlette.routing import Route

    with World().installed():
        app = Starlette(routes=[Route("/{path:path}", door.entry(), methods=["GET", "HEAD", "POST"])])
        async with client_of(app) as found:
            yield found


async def test_a_file_comes_as_it_is_with_its_own_kind(client: httpx.AsyncClient) -> None:
    reply = await client.get("/x/app.js")
    assert (reply.status_code, reply.text) == (200, "export const one = 1;\n")
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_an_unchanged_file_costs_an_empty_answer(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/x/index.html")).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        reply = await client.get("/x/index.html", headers={"if-none-match": known})
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", tag)
    assert (await client.get("/x/index.html", headers={"if-none-match": '"other"'})).status_code == 200


async def test_text_is_packed_only_for_those_who_take_it_and_has_another_tag(client: httpx.AsyncClient) -> None:
    packed = await client.get("/x/index.html", headers={"accept-encoding": "br, gzip"})
    plain = await client.get("/x/index.html", headers={"accept-encoding": "gzip;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == "Accept-Encoding"


def test_packing_the_same_file_twice_makes_the_same_bytes(root: Path) -> None:
    made = web._load(root / "index.html")
    assert made == web._load(root / "index.html")
    assert made.packed is not None
    assert gzip.decompress(made.packed) == made.plain


async def test_only_what_carries_its_version_is_kept_for_ever(client: httpx.AsyncClient, root: Path) -> None:
    assert (await client.get("/x/index.html")).headers["cache-control"] == "no-cache"
    assert "immutable" in (await client.get("/x/vendor/lib-1.2.3/lib.js")).headers["cache-control"]
    asked_by_version = await web.Folder(root, web.Policy()).reply("app.js", versioned=True)
    assert "immutable" in dict(asked_by_version.headers)["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "vendor/../../secret.txt",
        "%2fetc%2fpasswd",
        "notes.py",
        "vendor",
        "nul%00.js",
        "",
    ],
)
async def test_no_path_leads_out_of_the_folder_or_to_other_kinds_of_file(client: httpx.AsyncClient, path: str) -> None:
    reply = await client.get(httpx.URL("http://door", raw_path=b"/x/" + path.encode()))
    assert SECRET not in reply.text
    assert reply.status_code == 404 or not path


async def test_a_link_out_of_the_folder_is_not_a_way_out_for_a_caller(client: httpx.AsyncClient) -> None:
    assert (await client.get("/x/./app.js/../../secret.txt")).status_code == 404


async def test_a_page_is_nobody_elses(client: httpx.AsyncClient) -> None:
    reply = await client.get("/x/?utm=1")
    assert (reply.text, reply.headers["cache-control"], reply.headers["set-cookie"]) == ("<p>hello", "no-store", "a=b")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


async def test_pages_and_files_carry_a_strict_policy(client: httpx.AsyncClient) -> None:
    for path in ("/x/", "/x/app.js"):
        headers = (await client.get(path)).headers
        rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["frame-ancestors"] == rules["base-uri"] == rules["frame-src"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"].startswith("camera=(self), microphone=()")


def test_a_policy_names_only_what_it_was_given() -> None:
    csp = web.Policy(script=["https://js.example"], frame=["https://js.example"], wasm=True).csp()
    assert "script-src 'self' 'wasm-unsafe-eval' https://js.example;" in csp
    assert "frame-src https://js.example;" in csp
    assert "connect-src 'self';" in csp


def test_a_redirect_keeps_its_cookies() -> None:
    reply = web.redirect("/x/", headers=(("Set-Cookie", "a=b"),))
    assert (reply.status, dict(reply.headers)) == (303, {"Location": "/x/", "Set-Cookie": "a=b"})


def test_a_page_is_no_operation_of_the_contract() -> None:
    door = HttpDoor("example")

    @door.get("/x/", auth=auth.public(), summary="A page", page=True)
    async def made(call: Call) -> Reply:
        return web.page("", web.Policy())

    assert [(route.page, route.raw_reply) for route in door.routes] == [(True, True)]
