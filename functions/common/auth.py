"""Who is calling: tokens verified against an allow-list, once, and remembered until they expire.

RFC 8725 (JWT best practices): algorithms come from us, keys from a fixed JWKS, `iss`, `aud`, `exp`, `nbf` and
`typ` are checked, `jku`/`jwk`/`x5u` headers are never followed. Tokens of the identity provider (Firebase) are
RS256/ES256; session tokens and store codes are ours and Ed25519.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from functions.common import certificates, clock, log, settings
from functions.common.errors import Forbidden, Unauthenticated, Unavailable
from functions.common.once import Once

SHOPPER, STORE_STAFF, STORE_MANAGER = "shopper", "store_staff", "store_manager"
BRAND_MANAGER, ERP, OPERATOR, GATE = "brand_manager", "erp", "operator", "gate"
ROLES = frozenset({SHOPPER, STORE_STAFF, STORE_MANAGER, BRAND_MANAGER, ERP, OPERATOR, GATE})
SESSION_AUDIENCE = "retailscan"
SESSION_TYP = "session+jwt"
LEEWAY_SECONDS = 30
_MAX_TOKEN = 8192
_CACHE_SIZE = 20_000
_REFETCH_SECONDS = 60.0
_JWKS_TTL_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Principal:
    """The verified caller. `store_ids` holds "*" when the token covers every store of its tenant."""

    sub: str
    role: str
    tenant_id: str
    store_ids: frozenset[str]
    expires_at: float
    session_id: str = ""

    @property
    def store_id(self) -> str:
        """The one store of a session token."""
        (store_id,) = self.store_ids
        return store_id

    def may_use_store(self, store_id: str) -> bool:
        """Whether the token names this store; that the store is the tenant's own is `stores.scope_for`'s part."""
        return store_id in self.store_ids or "*" in self.store_ids


class KeySet:
    """Public keys by `kid`, from inline JSON or from a URL fetched at most once a minute."""

    def __init__(self, source: str) -> None:
        self._url = source if source.startswith(("http://", "https://")) else ""
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._attempted_at = float("-inf")
        if source and not self._url:
            self._keys = self._read(json.loads(source))

    @staticmethod
    def _read(document: Mapping[str, Any]) -> dict[str, Any]:
        from jwt import PyJWK

        return {key["kid"]: PyJWK(key) for key in document.get("keys", ()) if key.get("kid")}

    async def get(self, kid: str) -> Any | None:
        """The key with this id, or None. Keys stay usable while their URL cannot be reached."""
        now = clock.seconds()
        stale = now - self._fetched_at > _JWKS_TTL_SECONDS
        if self._url and (kid not in self._keys or stale) and now - self._attempted_at > _REFETCH_SECONDS:
            self._attempted_at = now
            await self._fetch(now)
        return self._keys.get(kid)

    async def _fetch(self, now: float) -> None:
        import httpx

        try:
            async with httpx.AsyncClient(verify=certificates.trusted(), timeout=2.0) as client:
                response = await client.get(self._url)
                response.raise_for_status()
                self._keys = self._read(response.json())
                self._fetched_at = now
        except (httpx.HTTPError, ValueError, KeyError) as error:
            log.warning("jwks.fetch_failed", error=type(error).__name__)
            if not self._keys:
                self._attempted_at = now - _REFETCH_SECONDS + 1
                raise Unavailable("the keys that verify tokens cannot be fetched", retry_after=1) from error


class Verifier:
    """Verifies tokens of one issuer and remembers each until it expires."""

    def __init__(
        self,
        *,
        issuer: str,
        keys: KeySet,
        algorithms: frozenset[str],
        audience: str | None,
        principal: Callable[[Mapping[str, Any]], Principal],
        typ: str | None = None,
        leeway: int = LEEWAY_SECONDS,
    ) -> None:
        self._issuer, self._keys, self._algorithms = issuer, keys, algorithms
        self._audience, self._principal, self._typ, self._leeway = audience, principal, typ, leeway
        self._known: dict[tuple[str, str], Principal] = {}

    def known(self, token: str, audience: str = "") -> Principal | None:
        """The principal of a token that was verified before and has not expired."""
        principal = self._known.get((token, audience))
        if principal is not None and principal.expires_at > clock.seconds():
            return principal
        return None

    async def verify(self, token: str, audience: str = "") -> Principal:
        """The principal of a genuine, current token.

        Raises Unauthenticated with a stable code, Unavailable when the keys cannot be had.
        """
        known = self.known(token, audience)
        if known is not None:
            return known
        claims = await self.claims(token, audience)
        principal = self._principal(claims)
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[token, audience] = principal
        return principal

    async def claims(self, token: str, audience: str = "") -> dict[str, Any]:
        """The claims of a genuine, current token; raises like `verify`."""
        import jwt

        if len(token) > _MAX_TOKEN:
            refuse("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            refuse("the token is not a JWT")
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in self._algorithms:
            refuse("the token's algorithm is not allowed")
        if not isinstance(kid, str) or len(kid) > 200:
            refuse("the token names no key")
        if self._typ is not None and header.get("typ") != self._typ:
            refuse("the token is of another type")
        key = await self._keys.get(kid)
        if key is None or key.algorithm_name != algorithm:
            refuse("the token's key is not known")
        try:
            decoded: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=audience or self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            refuse("the token has expired", code="TOKEN_EXPIRED")
        except (jwt.InvalidTokenError, ValueError, TypeError):
            refuse("the token does not verify")
        return decoded


def refuse(message: str, code: str = "UNAUTHENTICATED") -> NoReturn:
    """Say no to a token."""
    raise Unauthenticated(message, code=code)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        refuse(f"the token's {name} is not usable")
    return value


def _identity(claims: Mapping[str, Any]) -> Principal:
    role = claims.get("role", SHOPPER)
    if not isinstance(role, str) or role not in ROLES:
        refuse("the token's role is not known")
    expires_at = float(claims["exp"])
    if role == SHOPPER:
        return Principal(_text(claims, "sub"), role, "", frozenset(), expires_at)
    stores = claims.get("storeIds", [])
    if not isinstance(stores, list) or not all(isinstance(s, str) and 0 < len(s) <= 64 for s in stores):
        refuse("the token's storeIds are not usable")
    return Principal(_text(claims, "sub"), role, _text(claims, "tenantId"), frozenset(stores), expires_at)


def _session(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        sub=_text(claims, "sub"),
        role=SHOPPER,
        tenant_id=_text(claims, "tenantId"),
        store_ids=frozenset({_text(claims, "storeId")}),
        expires_at=float(claims["exp"]),
        session_id=_text(claims, "sid"),
    )


def _service_account(claims: Mapping[str, Any]) -> Principal:
    allowed = settings.common().push_service_accounts.split(",")
    email = claims.get("email")
    if not isinstance(email, str) or email not in allowed or claims.get("email_verified") is not True:
        log.security("push.caller_refused")
        raise Forbidden("this service account may not call this door", code="CALLER_NOT_ALLOWED")
    return Principal(email, "service", "", frozenset(), float(claims["exp"]))


def _build_identity() -> Verifier:
    common = settings.common()
    return Verifier(
        issuer=common.identity_issuer,
        keys=KeySet(common.identity_jwks),
        algorithms=frozenset({"RS256", "ES256"}),
        audience=common.identity_audience,
        principal=_identity,
    )


def _build_session() -> Verifier:
    common = settings.common()
    return Verifier(
        issuer=common.session_issuer,
        keys=KeySet(common.session_jwks),
        algorithms=frozenset({"EdDSA"}),
        audience=SESSION_AUDIENCE,
        principal=_session,
        typ=SESSION_TYP,
        leeway=0,
    )


def _build_push() -> Verifier:
    common = settings.common()
    return Verifier(
        issuer=common.push_issuer,
        keys=KeySet(common.push_jwks),
        algorithms=frozenset({"RS256"}),
        audience=None,
        principal=_service_account,
    )


identity_verifier = Once(_build_identity)
session_verifier = Once(_build_session)
push_verifier = Once(_build_push)


def reset() -> None:
    """Forget keys and verified tokens (tests)."""
    for verifier in (identity_verifier, session_verifier, push_verifier):
        verifier.replace(None)


class Spec:
    """Who may call a route."""

    __slots__ = ("allowed", "scheme", "verifier")

    def __init__(self, scheme: str, verifier: Once[Verifier] | None, allowed: frozenset[str]) -> None:
        self.scheme = scheme
        self.verifier = verifier
        self.allowed = allowed

    def known(self, token: str) -> Principal | None:
        """The hot path: a token seen before, whose role is allowed here."""
        if self.verifier is None:
            return None
        principal = self.verifier().known(token)
        return principal if principal is not None and principal.role in self.allowed else None

    async def check(self, token: str | None) -> Principal | None:
        """The caller, or None on a public route. Raises Unauthenticated or Forbidden."""
        if self.verifier is None:
            return None
        if token is None:
            refuse("send a bearer token in the Authorization header")
        principal = await self.verifier().verify(token)
        if principal.role not in self.allowed:
            raise Forbidden(f"this needs one of the roles: {', '.join(sorted(self.allowed))}", code="ROLE_NOT_ALLOWED")
        return principal


def public() -> Spec:
    """Anybody."""
    return Spec("public", None, frozenset())


def session() -> Spec:
    """A shopper who has checked in: the token is bound to one store."""
    return Spec("session", session_verifier, frozenset({SHOPPER}))


def identity() -> Spec:
    """A signed-in shopper (the identity provider's token)."""
    return Spec("identity", identity_verifier, frozenset({SHOPPER}))


def roles(*allowed: str) -> Spec:
    """Staff and machines with one of these roles."""
    unknown = set(allowed) - ROLES
    if unknown:
        raise ValueError(f"unknown roles: {unknown}")
    return Spec("identity", identity_verifier, frozenset(allowed))


def sign(private_jwk: str, claims: Mapping[str, Any], typ: str) -> str:
    """A compact EdDSA JWS of `claims` by an Ed25519 private JWK (JSON text with `kid`), with header `typ`."""
    import jwt

    jwk = json.loads(private_jwk)
    key = jwt.PyJWK(jwk, algorithm="EdDSA")
    return jwt.encode(dict(claims), key.key, algorithm="EdDSA", headers={"kid": jwk["kid"], "typ": typ})


def public_jwks(private_jwk: str) -> dict[str, Any]:
    """The JWKS document that verifies what `sign` made with this key."""
    jwk = json.loads(private_jwk)
    return {"keys": [{k: jwk[k] for k in ("kty", "crv", "x", "kid")} | {"alg": "EdDSA", "use": "sig"}]}
