"""Signing in and out, the first page, and what a reader chooses for all pages."""

from __future__ import annotations

import hashlib

from functions.admin import domain, wiring
from functions.admin.door import door
from functions.admin.menu import MENU
from functions.admin.signing_in import NotSignedIn
from functions.admin.visit import Session, Visit
from functions.common import auth, log, ratelimit
from functions.common.envelope import Reply
from functions.common.errors import Forbidden, TooMany, Unauthenticated

_TRIES_PER_SECOND, _TRIES_AT_ONCE = 0.1, 10


@door.page("/admin")
async def show_home(visit: Visit) -> Reply:
    await visit.with_stores()
    return visit.show("home.html")


@door.page("/admin/sign-in", open_to_all=True)
async def show_sign_in(visit: Visit) -> Reply:
    if visit.me is not None:
        return visit.go(domain.safe_next(visit.query.get("next", domain.HOME)))
    visit.keep(visit.session)
    return _form(visit, visit.query.get("next", ""))


@door.form("/admin/sign-in", open_to_all=True)
async def sign_in(visit: Visit) -> Reply:
    given = {name: visit.field(name) for name in ("email", "password", "role", "tenant", "stores", "name")}
    if given["email"]:
        # Passwords are guessed one account at a time; the local issuer asks for none.
        who = hashlib.sha256(given["email"].lower().encode()).hexdigest()[:32]
        wait = await ratelimit.acquire(f"rate:dashboard:{who}", _TRIES_PER_SECOND, _TRIES_AT_ONCE)
        if wait > 0:
            raise TooMany("too many attempts to sign in", retry_after=max(1, round(wait)))
    try:
        token = await wiring.wiring().provider.token(given)
        principal = await auth.identity_verifier().verify(token)
    except (NotSignedIn, Unauthenticated) as refusal:
        return _form(visit, visit.field("next"), refusal.message, given)
    if principal.role not in domain.PEOPLE:
        raise Forbidden("shoppers and machines have no dashboard", code="ROLE_NOT_ALLOWED")
    log.info("admin.signed_in", role=principal.role, tenantId=principal.tenant_id)
    # A form secret from before the sign-in is worth nothing after it.
    visit.keep(Session.fresh(visit.call.now.timestamp(), token, principal.expires_at))
    return visit.go(domain.safe_next(visit.field("next") or domain.HOME))


@door.form("/admin/sign-out", open_to_all=True)
async def sign_out(visit: Visit) -> Reply:
    visit.keep(None)
    return visit.go("/admin/sign-in")


@door.form("/admin/appearance", open_to_all=True)
async def choose_appearance(visit: Visit) -> Reply:
    if visit.field("language") in domain.LANGUAGES:
        visit.remember("language", visit.field("language"))
    if visit.field("theme") in domain.THEMES:
        visit.remember("theme", visit.field("theme"))
    back = visit.field("next")
    return visit.go("/admin/sign-in" if back == "/admin/sign-in" else domain.safe_next(back))


@door.form("/admin/store")
async def choose_store(visit: Visit) -> Reply:
    """To the same page of another store; the API says whether it is one of theirs."""
    store_id = (await visit.at_store(visit.field("store")))["storeId"]
    wanted = visit.field("place")
    place = next((place for place in MENU if place.key == wanted and visit.role in place.roles), None)
    return visit.go(place.path.format(store=store_id) if place else domain.HOME)


def _form(visit: Visit, back: str, message: str = "", given: dict[str, str] | None = None) -> Reply:
    # What was typed is shown again, but for the password.
    shown = {name: text for name, text in (given or {}).items() if name != "password"}
    template = wiring.wiring().provider.template
    return visit.show("sign_in.html", fields=template, back=back, message=message, given=shown)
