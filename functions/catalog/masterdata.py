"""The verbs on what products refer to: brands, modules and stores. One set of verbs for all three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.catalog import domain, records
from functions.catalog.records import RecordWrite
from functions.catalog.service import as_problems
from functions.common import stores
from functions.common.auth import Principal
from functions.common.errors import Conflict, Forbidden, Malformed, NotFound, Problem
from functions.common.mongo import Document
from functions.common.product_edits import AuditEntry, Editor
from functions.common.retail import labels

ROUNDS = 8


class Records(Protocol):
    """One kind of record of a tenant; see `repository.MongoRecords`."""

    async def find(self, tenant_id: str, name: str) -> Document | None: ...
    async def insert(self, tenant_id: str, document: Document, entry: AuditEntry) -> bool: ...
    async def update(
        self, tenant_id: str, name: str, ver: int, fresh: Mapping[str, Any], entry: AuditEntry
    ) -> bool: ...
    async def page(
        self, tenant_id: str, names: Iterable[str] | None, page: int, limit: int
    ) -> tuple[list[Document], int]: ...
    async def names(self, tenant_id: str, among: Iterable[str] | None = None) -> set[str]: ...


class BrandUse(Protocol):
    """Whether products carry a brand."""

    async def brand_in_use(self, tenant_id: str, store_ids: Iterable[str], brand_id: str) -> bool: ...


class StoreCache(Protocol):
    """The product cache, a store at a time."""

    async def clear_store(self, store_id: str) -> None: ...


class Signer(Protocol):
    """Signs store codes."""

    def sign(self, claims: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class Noun:
    """How one kind of record is called, and which of its fields an editor may set."""

    entity: str
    key: str
    fields: tuple[str, ...]
    records: Records

    def unknown(self) -> Problem:
        """The answer for what is not there or not the caller's."""
        return NotFound(f"there is no such {self.entity}", code=f"{self.entity.upper()}_NOT_FOUND")

    def taken(self) -> Problem:
        """The answer for a name in use. The same whoever uses it: another tenant's data is not revealed."""
        return Conflict(f"this {self.key_on_wire} is taken", code=f"{self.entity.upper()}_EXISTS")

    @property
    def key_on_wire(self) -> str:
        """What the name is called in requests."""
        return "storeId" if self.key == "_id" else self.key


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    brands: Noun
    modules: Noun
    stores: Noun
    tenants: Noun
    brand_use: BrandUse
    cache: StoreCache
    signer: Signer


async def create(
    noun: Noun, tenant_id: str, name: str, fields: Mapping[str, Any], editor: Editor, *, revive: bool = True
) -> Document:
    """Make a record, or bring back one that was removed. Repeating the request finds what it has made.

    Raises Conflict when the name is taken.
    """
    write = records.new(noun.entity, name, fields, editor)
    document = {noun.key: name, "tenantId": tenant_id, **write.fresh}
    if await noun.records.insert(tenant_id, document, write.entry):
        return document
    before = await noun.records.find(tenant_id, name)
    if before is not None and records.made_by(before, editor):
        return before
    if before is None or before.get("deletedAt") is None or not revive:
        raise noun.taken()
    write = records.revived(noun.entity, name, before, fields, editor)
    if not await noun.records.update(tenant_id, name, before["ver"], write.fresh, write.entry):
        raise noun.taken()
    return _after(before, write)


async def read(noun: Noun, tenant_id: str, name: str) -> Document:
    """A record of the tenant. Raises NotFound."""
    found = await noun.records.find(tenant_id, name)
    if found is None or found.get("deletedAt") is not None:
        raise noun.unknown()
    return found


async def edit(
    noun: Noun, tenant_id: str, name: str, patch: Mapping[str, Any], editor: Editor, *, seen: int | None
) -> Document:
    """Change what a patch names; nothing is written when nothing changes.

    Raises NotFound, Conflict when the record was edited after the version `seen`.
    """

    def decide(before: Document) -> RecordWrite | None:
        if domain.outdated(seen, before["ver"]):
            raise Conflict(
                "somebody else has edited this since: read it again",
                code="VERSION_CONFLICT",
                details={"ver": before["ver"]},
            )
        with as_problems():
            return records.edited(noun.entity, name, before, patch, noun.fields, editor)

    return await _change(noun, tenant_id, name, decide)


async def remove(noun: Noun, tenant_id: str, name: str, editor: Editor) -> Document:
    """Remove a record; it stays in the audit. Doing it again changes nothing. Raises NotFound."""
    return await _change(
        noun,
        tenant_id,
        name,
        lambda before: records.removed(noun.entity, name, before, editor),
        removed_too=True,
    )


# ---- brands ----------------------------------------------------------------------------------------------


async def remove_brand(deps: Deps, tenant_id: str, brand_id: str, editor: Editor) -> Document:
    """Remove a brand. Raises NotFound, Conflict while products carry it."""
    store_ids = await deps.stores.records.names(tenant_id)
    if await deps.brand_use.brand_in_use(tenant_id, sorted(store_ids), brand_id):
        raise Conflict("products carry this brand", code="BRAND_IN_USE")
    return await remove(deps.brands, tenant_id, brand_id, editor)


# ---- stores ----------------------------------------------------------------------------------------------


async def open_store(
    deps: Deps, caller: Principal, store_id: str, fields: Mapping[str, Any], editor: Editor
) -> Document:
    """Open a store. Its id is never given out twice, not even after it was removed.

    Raises Forbidden when the caller's token does not cover the id, Conflict when it is taken.
    """
    if not caller.may_use_store(store_id):
        raise Forbidden("your token does not cover this storeId", code="STORE_NOT_IN_SCOPE")
    check_labels(fields["labelTemplates"])
    extra = {"codeVersion": 1, "codeIssuedAt": editor.now}
    document = await create(deps.stores, caller.tenant_id, store_id, {**fields, **extra}, editor, revive=False)
    stores.forget(store_id)
    return document


async def read_store(deps: Deps, caller: Principal, store_id: str) -> Document:
    """A store the caller may see. Raises NotFound."""
    if not caller.may_use_store(store_id):
        raise deps.stores.unknown()
    return await read(deps.stores, caller.tenant_id, store_id)


async def edit_store(
    deps: Deps, caller: Principal, store_id: str, patch: Mapping[str, Any], editor: Editor, *, seen: int | None
) -> Document:
    """Change a store. Raises like `edit`."""
    await read_store(deps, caller, store_id)
    if "labelTemplates" in patch:
        check_labels(patch["labelTemplates"])
    document = await edit(deps.stores, caller.tenant_id, store_id, patch, editor, seen=seen)
    stores.forget(store_id)
    # Doors keep the rules of a store (its label templates, its time zone) under its epoch.
    await deps.cache.clear_store(store_id)
    return document


async def close_store(deps: Deps, caller: Principal, store_id: str, editor: Editor) -> Document:
    """Remove a store; its products can no longer be reached. Raises NotFound."""
    if not caller.may_use_store(store_id):
        raise deps.stores.unknown()

    def decide(before: Document) -> RecordWrite | None:
        write = records.removed("store", store_id, before, editor)
        return RecordWrite({**write.fresh, "status": "deleted"}, write.entry) if write is not None else None

    document = await _change(deps.stores, caller.tenant_id, store_id, decide, removed_too=True)
    stores.forget(store_id)
    await deps.cache.clear_store(store_id)
    return document


async def list_stores(deps: Deps, caller: Principal, *, page: int, limit: int) -> tuple[list[Document], int]:
    """The tenant's stores that the caller's token covers."""
    names = None if "*" in caller.store_ids else caller.store_ids
    return await deps.stores.records.page(caller.tenant_id, names, page, limit)


async def check_in_code(deps: Deps, caller: Principal, store_id: str) -> tuple[Document, str]:
    """The signed text for the poster at the entrance. Raises NotFound."""
    store = await read_store(deps, caller, store_id)
    return store, deps.signer.sign(records.store_code_claims(store))


async def rotate_check_in_code(deps: Deps, caller: Principal, store_id: str, editor: Editor) -> tuple[Document, str]:
    """A new code; every poster with the old one is void. Raises NotFound."""
    store = await _mark(
        deps,
        caller,
        store_id,
        lambda before: records.marked(
            "store",
            store_id,
            before,
            "code_rotated",
            records.next_code(before, editor),
            editor,
        ),
    )
    stores.forget(store_id)
    return store, deps.signer.sign(records.store_code_claims(store))


async def clear_cache(deps: Deps, caller: Principal, store_id: str, editor: Editor) -> None:
    """Forget whatever is cached for the store, at once. Audited. Raises NotFound."""
    await _mark(
        deps,
        caller,
        store_id,
        lambda before: records.marked("store", store_id, before, "cache_cleared", {}, editor),
    )
    await deps.cache.clear_store(store_id)


def check_labels(templates: Iterable[str | Mapping[str, object]]) -> None:
    """Raises Malformed for a label template that the scales' codes cannot be read by."""
    for index, template in enumerate(templates):
        try:
            labels.parse_template(template)
        except ValueError as problem:
            field = f"labelTemplates.{index}"
            raise Malformed(str(problem), code="INVALID_LABEL_TEMPLATE", field=field) from None


# ---- how an edit is made ---------------------------------------------------------------------------------


async def _mark(deps: Deps, caller: Principal, store_id: str, decide: Callable[[Document], RecordWrite]) -> Document:
    if not caller.may_use_store(store_id):
        raise deps.stores.unknown()
    return await _change(deps.stores, caller.tenant_id, store_id, decide)


async def _change(
    noun: Noun,
    tenant_id: str,
    name: str,
    decide: Callable[[Document], RecordWrite | None],
    *,
    removed_too: bool = False,
) -> Document:
    """Decide on what is there and write if it is still so, again when it is not."""
    for _ in range(ROUNDS):
        before = await noun.records.find(tenant_id, name)
        if before is None or (before.get("deletedAt") is not None and not removed_too):
            raise noun.unknown()
        write = decide(before)
        if write is None:
            return before
        if await noun.records.update(tenant_id, name, before["ver"], write.fresh, write.entry):
            return _after(before, write)
    raise Conflict("this is being changed all the time: try again", code="CONCURRENT_EDIT", retry_after=1)


def _after(before: Document, write: RecordWrite) -> Document:
    return {**before, **write.fresh, "ver": before["ver"] + 1}
