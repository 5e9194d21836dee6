"""One request of one person: who it is, in which language, what the API says to it, and the page that answers."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from functions.admin import domain, formatting, messages
from functions.admin.api import Api, path
from functions.admin.menu import MENU
from functions.admin.sealing import Sealer
from functions.common import log, web
from functions.common.auth import Principal
from functions.common.envelope import Reply
from functions.common.errors import Forbidden, NotFound, Problem, Unauthenticated

if TYPE_CHECKING:
    from datetime import date

    from functions.common.http import Call

FORM = "application/x-www-form-urlencoded"
POLICY = web.Policy()
_LONGEST_SECONDS = 3600
"""Somebody is signed in for as long as the identity token is good, and never longer than this."""
_UTC = ZoneInfo("UTC")
_YEAR = 365 * 86400


class SignInNeeded(Unauthenticated):
    """Nobody is signed in, or not any more."""


class CrossSite(Forbidden):
    """The form was not sent by a page of ours."""

    code = "CROSS_SITE"


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie holds: the identity token, the secret of this session's forms, until when (Unix seconds)."""

    token: str
    csrf: str
    expires_at: float

    @classmethod
    def fresh(cls, now: float, token: str = "", expires_at: float = 0.0) -> Session:
        """A new one, with a form secret of its own."""
        end = min(expires_at or now + _LONGEST_SECONDS, now + _LONGEST_SECONDS)
        return cls(token, secrets.token_urlsafe(24), end)


class Renderer(Protocol):
    """Templates."""

    def __call__(self, template: str, context: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all visits share. `hosts`: the names we are reached by; `secure`: cookies go over HTTPS alone.

    `upload_origin`: where large files go, from the pages that bring files.
    """

    sealer: Sealer
    render: Renderer
    asset: Callable[[str], str]
    hosts: frozenset[str]
    secure: bool
    upload_origin: str

    @property
    def cookie(self) -> str:
        """The name of the cookie; the prefix makes browsers insist on HTTPS (RFC 6265bis)."""
        return "__Secure-dashboard" if self.secure else "dashboard"


class Visit:
    """See the module. `me` is None while nobody is signed in."""

    def __init__(
        self,
        call: Call,
        around: Surroundings,
        session: Session,
        me: Principal | None,
        api: Api,
    ) -> None:
        self.call, self.around, self.session, self.me, self.api = call, around, session, me, api
        self.cookies = cookies_of(call)
        self.language = domain.chosen_language(self.cookies.get("admin_language"), call.header("accept-language"))
        theme = self.cookies.get("admin_theme", "auto")
        self.theme = theme if theme in domain.THEMES else "auto"
        self.zone, self.currency = _UTC, ""
        self.store: dict[str, Any] | None = None
        self.stores: list[dict[str, Any]] = []
        self._cookies: list[tuple[str, str]] = []

    # --- what was asked

    @property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        found: dict[str, str] = self.call.query
        return found

    @property
    def page_number(self) -> int:
        """The `page` asked for, from 1."""
        text = self.query.get("page", "1")
        return max(1, min(int(text), 10_000)) if text.isdigit() and len(text) < 6 else 1

    @property
    def is_part(self) -> bool:
        """Whether a script asks for a part of the page, not a browser for all of it."""
        return self.call.header("hx-request") == "true"

    def field(self, name: str) -> str:
        """A field of the form, without the space around it; empty when it is not there."""
        return self.fields(name)[0].strip() if name in self.call.body else ""

    def fields(self, name: str) -> list[str]:
        """All fields of that name, such as ticked boxes."""
        found: list[str] = self.call.body.get(name, [])
        return found

    @property
    def role(self) -> str:
        """The role of whoever is signed in; empty for nobody."""
        return self.me.role if self.me is not None else ""

    def may(self, *roles: str) -> bool:
        """Whether this person has one of the roles."""
        return self.role in roles

    def demand(self, allowed: frozenset[str]) -> None:
        """Raises SignInNeeded or Forbidden unless somebody with such a role is signed in."""
        if self.me is None:
            raise SignInNeeded("sign in first")
        if self.me.role not in allowed:
            raise Forbidden("your role does not include this page", code="ROLE_NOT_ALLOWED")

    def demand_own_form(self) -> None:
        """Raises CrossSite unless one of our pages sent this form in this very session."""
        call = self.call
        reached = {call.header(name) for name in ("host", "x-forwarded-host")} - {None}
        hosts = self.around.hosts | frozenset(str(each) for each in reached)
        given = call.header("x-csrf-token") or self.field("csrf")
        ours = domain.is_same_origin(call.header("origin"), call.header("sec-fetch-site"), hosts)
        if not ours or not hmac.compare_digest(given.encode(), self.session.csrf.encode()):
            log.security("admin.form_refused", origin=(call.header("origin") or "")[:100], own=ours)
            raise CrossSite("this form was not sent by a page of yours, or the page is too old; open it again")

    async def at_store(self, store_id: str | None = None) -> dict[str, Any]:
        """The store of the address: times and money of the page are its. Raises what the API raises."""
        wanted = store_id if store_id is not None else self.call.params["storeId"]
        self.store = (await self.api.get(path("/v1/stores/{store}", store=wanted))).data
        assert self.store is not None
        self.zone, self.currency = ZoneInfo(self.store["timeZone"]), self.store["currency"]
        return self.store

    async def with_stores(self) -> list[dict[str, Any]]:
        """The stores this person may choose from; none for roles the API shows none to."""
        if self.may(domain.OPERATOR):
            return self.stores
        self.stores = (await self.api.get("/v1/stores", limit=100)).data
        return self.stores

    # --- what is answered

    @property
    def today(self) -> date:
        """The day that it is in the zone of this page."""
        return self.call.now.astimezone(self.zone).date()

    def say(self, message: str, **values: object) -> str:
        """A message in the reader's language."""
        return messages.translate(self.language, message, **values)

    def show(
        self,
        template: str,
        *,
        status: int = 200,
        headers: web.Headers = (),
        policy: web.Policy = POLICY,
        **context: Any,
    ) -> Reply:
        """A page from a template."""
        html = self.around.render(template, {**self._context(), **context})
        return web.page(html, policy, status=status, headers=(*headers, *self._cookies))

    def show_part(self, template: str, title: str = "", section: str = "", **context: Any) -> Reply:
        """A part of a page: alone for a script, and on a page of its own for a browser without one."""
        if self.is_part:
            return self.show(template, **context)
        return self.show("whole.html", part=template, heading=title, of=section, **context)

    def go(self, location: str) -> Reply:
        """On to another page; a script is told so, because it would take that page for a part of this one."""
        if self.is_part:
            return Reply(raw=b"", status=200, headers=(("HX-Redirect", location), *self._cookies))
        return web.redirect(location, headers=tuple(self._cookies))

    def download(self, content: bytes, media: str, name: str) -> Reply:
        """A file to keep, never to be shown by the browser itself."""
        own = (("Content-Type", media), ("Content-Disposition", f'attachment; filename="{name}"'))
        return Reply(raw=content, headers=(*own, ("Cache-Control", "no-store"), *POLICY.headers()))

    def to_sign_in(self) -> Reply:
        """Ask who it is, and come back here afterwards when it is a page that was asked for."""
        here = self.call.header("hx-current-url") or self.address()
        parts = urlsplit(here)
        back = domain.safe_next(parts.path + (f"?{parts.query}" if parts.query else ""))
        return self.go(f"/admin/sign-in?next={quote(back, safe='')}" if back != domain.HOME else "/admin/sign-in")

    def problem(self, problem: Problem) -> Reply:
        """What went wrong, as a page, or as a notice on the page that is there."""
        if self.is_part:
            headers = (("HX-Retarget", "#notices"), ("HX-Reswap", "innerHTML"))
            return self.show("notice.html", status=problem.status, headers=headers, problem=problem)
        return self.show("problem.html", status=problem.status, problem=problem)

    def keep(self, session: Session | None) -> None:
        """Put the session into the cookie, or take it out."""
        around, life = self.around, 0
        value = ""
        if session is not None:
            self.session = session
            life = max(0, int(session.expires_at - self.call.now.timestamp()))
            content = {"t": session.token, "c": session.csrf, "e": session.expires_at}
            value = around.sealer.seal(around.cookie, content)
        self._set(around.cookie, value, life, "HttpOnly; SameSite=Strict")

    def remember(self, name: str, value: str) -> None:
        """A choice that is no secret, for a year."""
        self._set(f"admin_{name}", value, _YEAR, "HttpOnly; SameSite=Lax")

    def _set(self, name: str, value: str, life: int, flags: str) -> None:
        secure = "; Secure" if self.around.secure else ""
        self._cookies.append(("Set-Cookie", f"{name}={value}; Path=/admin; Max-Age={life}; {flags}{secure}"))

    def address(self) -> str:
        """This page, to come back to."""
        if self.call.route.method != "GET":
            return domain.HOME
        # The raw address is not kept; the pattern with its values is the same.
        place = self.call.route.path
        for name, value in self.call.params.items():
            place = place.replace(f"{{{name}}}", quote(value, safe=""))
        asked = "&".join(f"{quote(k)}={quote(v)}" for k, v in self.query.items())
        return place + (f"?{asked}" if asked else "")

    def _context(self) -> dict[str, Any]:
        language = self.language
        entries = [place for place in MENU if self.role in place.roles]
        return {
            "_": self.say,
            "asset": self.around.asset,
            "csrf": self.session.csrf,
            "day": lambda text: formatting.day(text, language),
            "duration": lambda seconds: formatting.duration(seconds, language),
            "home": domain.HOME,
            "language": language,
            "lasting": lambda seconds: formatting.lasting(seconds, language),
            "languages": domain.LANGUAGES,
            "me": self.me,
            "menu": entries,
            "money": lambda amount, currency=None: formatting.money(amount, currency or self.currency, language),
            "number": lambda value: formatting.number(value, language),
            "percent": lambda millionths: formatting.percent(millionths, language),
            "place": self.call.route.path,
            "quantity": lambda value: formatting.quantity(value, language),
            "query": self.query,
            "rate": lambda value, digits=1: formatting.rate(value, language, digits),
            "share": lambda value: formatting.share(value, language),
            "store": self.store,
            "stores": self.stores,
            "theme": self.theme,
            "themes": domain.THEMES,
            "url": path,
            "visit": self,
            "when": lambda text: formatting.moment(text, language, self.zone),
        }


def cookies_of(call: Call) -> dict[str, str]:
    """The cookies of a request; whatever cannot be read is none."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in call.headers:
        if name == b"cookie":
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
    return {name: morsel.value for name, morsel in jar.items()}


def session_of(call: Call, around: Surroundings) -> Session | None:
    """The session of the cookie while it lasts."""
    text = cookies_of(call).get(around.cookie)
    held = around.sealer.open(around.cookie, text) if text else None
    if held is None or held["e"] <= call.now.timestamp():
        return None
    return Session(held["t"], held["c"], held["e"])


def without_token(session: Session) -> Session:
    """The same forms, signed in as nobody."""
    return replace(session, token="")


__all__ = ["FORM", "CrossSite", "NotFound", "Session", "SignInNeeded", "Surroundings", "Visit", "session_of"]
