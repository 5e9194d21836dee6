"""The one client that really talks to Google, against a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.pipeline import Failed, google
from infra.pipeline.google import Refused, Rest
from infra.pipeline.smoke import Answer, ask
from tests.infra.pipeline.fake import FakeClock


@dataclass
class Server:
    """What it is asked, and what it answers next (the last answer for ever)."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, Any, str]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    said = Server()

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            super().handle()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == "/token":
                assert self.headers["metadata-flavor"] == "Google"
                status, content = 200, b'{"access_token": "t", "expires_in": 600}'
            else:
                status, content = said.answers.pop(0) if len(said.answers) > 1 else said.answers[0]
            sent = json.loads(body) if body else None
            said.asked.append((self.command, self.path, sent, self.headers.get("authorization", "")))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.url = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setattr(google, "METADATA", f"{said.url}/token")
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield said
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_a_call_carries_the_builds_token_which_is_asked_for_once(server: Server) -> None:
    server.answers = [(200, b'{"name": "scan"}')]
    rest = Rest(clock=FakeClock())
    assert rest("PATCH", f"{server.url}/v2/x", {"traffic": []}, params={"updateMask": "traffic"}) == {"name": "scan"}
    rest("GET", f"{server.url}/v2/x")
    assert server.asked[1] == ("PATCH", "/v2/x?updateMask=traffic", {"traffic": []}, "Bearer t")
    assert [path for _, path, _, _ in server.asked].count("/token") == 1


def test_a_token_is_asked_for_again_before_it_ends(server: Server) -> None:
    server.answers = [(200, b"{}")]
    clock = FakeClock()
    rest = Rest(clock=clock)
    rest("GET", f"{server.url}/v2/x")
    clock.sleep(481)
    rest("GET", f"{server.url}/v2/x")
    assert [path for _, path, _, _ in server.asked].count("/token") == 2


def test_a_person_brings_a_token(server: Server) -> None:
    server.answers = [(200, b"")]
    assert Rest(given="mine", clock=FakeClock())("GET", f"{server.url}/v2/x") == {}
    assert server.asked == [("GET", "/v2/x", None, "Bearer mine")]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_be_asked_twice_is_asked_again(server: Server, status: int) -> None:
    server.answers = [(status, b"later"), (status, b"later"), (200, b'{"ok": true}')]
    clock = FakeClock()
    begun = clock.now
    assert Rest(given="t", clock=clock)("GET", f"{server.url}/v2/x") == {"ok": True}
    assert clock.now - begun == 6.0


def test_what_may_not_be_asked_twice_is_not(server: Server) -> None:
    server.answers = [(503, b"later")]
    with pytest.raises(Refused, match="503: POST"):
        Rest(given="t", clock=FakeClock())("POST", f"{server.url}/v2/jobs/x:run", {})
    assert len(server.asked) == 1


def test_a_refusal_is_told_with_googles_words(server: Server) -> None:
    server.answers = [(403, b'{"error": {"message": "Permission denied on scan"}}')]
    with pytest.raises(Refused, match="Permission denied on scan") as refused:
        Rest(given="t", clock=FakeClock())("GET", f"{server.url}/v2/x")
    assert refused.value.status == 403
    assert len(server.asked) == 1


def test_a_google_that_cannot_be_reached_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "METADATA", "http://127.0.0.1:9/token")
    with pytest.raises(Failed, match="there is no metadata server"):
        Rest(clock=FakeClock())("GET", "http://127.0.0.1:9/v2/x")
    with pytest.raises(Failed, match=r"GET http://127\.0\.0\.1:9/v2/x: "):
        Rest(given="t", clock=FakeClock())("GET", "http://127.0.0.1:9/v2/x")


def test_a_door_is_asked_over_http(server: Server) -> None:
    server.answers = [(401, b'{"success": false}'), (404, b"<html>"), (200, b"[]")]
    assert ask("GET", f"{server.url}/v1/scan", None, {}) == Answer(401, {"success": False})
    assert ask("GET", f"{server.url}/v1/scan", None, {}) == Answer(404, None)
    assert ask("POST", f"{server.url}/v1/scan", {"code": "4"}, {"authorization": "Bearer x"}) == Answer(200, [])
    assert server.asked[-1] == ("POST", "/v1/scan", {"code": "4"}, "Bearer x")
    with pytest.raises(Failed, match="127"):
        ask("GET", "http://127.0.0.1:9/", None, {})
