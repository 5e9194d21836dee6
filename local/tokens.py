"""Tokens for a developer, a test or a benchmark, by role. Pure but for the keys of the local issuer."""

from __future__ import annotations

from collections.abc import Sequence

from functions.common.auth import ROLES, SHOPPER
from local.issuer import Issuer
from local.processes import LocalError

EVERY_STORE = "*"


def mint(
    issuer: Issuer,
    role: str,
    *,
    tenant: str | None = None,
    stores: Sequence[str] | str = (),
    sub: str | None = None,
    lives_s: int = 3600,
) -> str:
    """A token as its holder would really have it.

    A shopper with one store holds a session token (as after check-in), without a store the identity provider's.
    Everybody else belongs to a tenant; no stores means all of the tenant's. Raises LocalError.
    """
    if role not in ROLES:
        raise LocalError(f"there is no role {role}; there are {', '.join(sorted(ROLES))}.")
    names = [stores] if isinstance(stores, str) else list(stores)
    who = sub or f"{role}-{tenant or 'anywhere'}"
    if role == SHOPPER:
        return _shopper(issuer, tenant, names, who, lives_s)
    if not tenant:
        raise LocalError(f"a token for {role} needs a tenant.")
    return issuer.identity_token(who, role=role, tenant_id=tenant, store_ids=names or [EVERY_STORE], lives_s=lives_s)


def _shopper(issuer: Issuer, tenant: str | None, stores: list[str], sub: str, lives_s: int) -> str:
    if not stores:
        return issuer.identity_token(sub, lives_s=lives_s)
    if len(stores) > 1 or not tenant:
        raise LocalError("a shopper's session belongs to one store of one tenant: name both.")
    return issuer.session_token(sub, tenant_id=tenant, store_id=stores[0], lives_s=lives_s)
