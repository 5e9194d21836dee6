"""Profiles and rules of a tenant: its own, or those that everybody has."""

from __future__ import annotations

from typing import Any, Protocol

from functions.common.errors import Malformed
from functions.common.mongo import Document
from functions.import_publish.domain import profiles
from functions.import_publish.domain.rules import Rules


class Settings(Protocol):
    """What a tenant has set; see `repository.Settings`."""

    async def profile(self, tenant_id: str, name: str) -> Document | None: ...
    async def profiles(self, tenant_id: str) -> list[Document]: ...
    async def rules(self, tenant_id: str) -> Document | None: ...


async def profile_of(settings: Settings, tenant_id: str, name: str) -> dict[str, Any]:
    """The profile of a name as an import keeps it. Raises Malformed when there is none."""
    own = await settings.profile(tenant_id, name)
    if own is not None:
        return dict(own["profile"])
    built_in = profiles.BUILT_IN.get(name)
    if built_in is None:
        raise Malformed("there is no such profile", code="UNKNOWN_PROFILE", field="profile")
    return built_in.to_dict()


async def rules_of(settings: Settings, tenant_id: str) -> dict[str, Any]:
    """The rules as an import keeps them."""
    own = await settings.rules(tenant_id)
    return dict(own["rules"]) if own is not None else Rules().to_dict()
