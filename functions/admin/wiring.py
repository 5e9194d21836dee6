"""The dependencies of the dashboard, built on first use, after the server's fork."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from functions.admin import rendering, settings, signing_in
from functions.admin.api import Api
from functions.admin.sealing import Sealer
from functions.admin.visit import POLICY, Session, Surroundings, Visit, session_of, without_token
from functions.common import auth, certificates, web
from functions.common import settings as common_settings
from functions.common.errors import Unauthenticated
from functions.common.once import Once, OncePerLoop
from functions.common.settings import SettingsError

if TYPE_CHECKING:
    import httpx

    from functions.common.http import Call

HERE = Path(__file__).parent
templates = rendering.Templates(HERE / "templates")
assets = rendering.Assets(HERE / "static")
files: Once[web.Folder] = Once(lambda: web.Folder(HERE / "static", POLICY))
_LOCAL = frozenset({"local", "test"})


@dataclass(frozen=True, slots=True)
class Wiring:
    """What belongs to one event loop."""

    around: Surroundings
    client: httpx.AsyncClient
    provider: signing_in.Provider


def _build() -> Wiring:
    import httpx

    own, common = settings.load(), common_settings.common()
    if not own.public_api_url:
        raise SettingsError("PUBLIC_API_URL is empty: the dashboard would not know where the API is")
    client = httpx.AsyncClient(
        base_url=own.public_api_url,
        verify=certificates.trusted(),
        timeout=httpx.Timeout(own.dashboard_api_seconds, connect=2.0),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        follow_redirects=False,
        trust_env=False,
    )
    around = Surroundings(
        sealer=_sealer(own.dashboard_key),
        render=templates.render,
        asset=assets.url,
        hosts=frozenset({urlsplit(own.public_api_url).netloc}),
        secure=common.environment not in _LOCAL,
        upload_origin=own.upload_origin,
    )
    return Wiring(around, client, signing_in.provider(own, common.environment, client))


wiring = OncePerLoop(_build)
"""What the pages need."""


def _sealer(keys: str) -> Sealer:
    try:
        return Sealer(keys)
    except ValueError as error:
        raise SettingsError(f"DASHBOARD_KEY cannot be used: {error}") from error


async def visit(call: Call, *, signed_in: bool = True) -> Visit:
    """The visit of a request. A cookie that is over, or whose token no longer verifies, signs nobody in."""
    built = wiring()
    session = session_of(call, built.around)
    me = None
    if session is not None and session.token:
        try:
            me = await auth.identity_verifier().verify(session.token) if signed_in else None
        except Unauthenticated:
            session = without_token(session)
    session = session or Session.fresh(call.now.timestamp())
    return Visit(call, built.around, session, me, Api(built.client, session.token, call.request_id))


def replace(**parts: Any) -> None:
    """Put other parts in place for this event loop (tests)."""
    import dataclasses

    wiring.replace(dataclasses.replace(wiring(), **parts))


async def close() -> None:
    """Close what this event loop opened (tests)."""
    if (built := wiring.built) is not None:
        await built.client.aclose()
    wiring.replace(None)


async def ready() -> dict[str, str]:
    """The pages need the API, which says itself whether it is ready; the first reader should not wait for imports."""
    wiring()
    templates.warm()
    return {}
