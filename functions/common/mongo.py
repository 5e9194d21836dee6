"""MongoDB: one client a process, and the scoped collection that cannot build a query without its scope.

Time-outs as in docs/decisions: the inner one is always shorter than the handler's budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.common import settings

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.cursor import AsyncCursor
    from pymongo.asynchronous.database import AsyncDatabase
    from pymongo.results import InsertOneResult, UpdateResult

Document = dict[str, Any]

_FORBIDDEN = frozenset(
    {"$where", "$function", "$accumulator", "$out", "$merge", "$lookup", "$graphLookup", "$unionWith"}
)
_client: AsyncMongoClient[Document] | None = None
_loop: asyncio.AbstractEventLoop | None = None
_collections: dict[tuple[str, str, bool], AsyncCollection[Document]] = {}
"""The client's, by database, name and whether a majority must have what is read: a checkout would make ten anew."""


def client() -> AsyncMongoClient[Document]:
    """This process's client, built on first use inside the running event loop (after the server's fork)."""
    global _client, _loop
    loop = asyncio.get_running_loop()
    if _client is None or _loop is not loop:
        from pymongo import AsyncMongoClient

        common = settings.common()
        _collections.clear()
        _client = AsyncMongoClient(
            common.mongodb_uri,
            appname=common.k_service,
            tz_aware=True,
            w="majority",
            retryWrites=True,
            serverSelectionTimeoutMS=8000,
            connectTimeoutMS=1500,
            socketTimeoutMS=3000,
            heartbeatFrequencyMS=1000,
            maxPoolSize=20,
        )
        _loop = loop
    return _client


def database() -> AsyncDatabase[Document]:
    """The product's database."""
    return client()[settings.common().mongodb_database]


def collection(name: str) -> AsyncCollection[Document]:
    """A collection, unscoped: for what belongs to no tenant. Tenants' data goes through `Scoped`."""
    return _collection(name, of_majority=False)


def cache_source(name: str) -> AsyncCollection[Document]:
    """The collection as a cache must read it: from the primary, only what a majority has."""
    return _collection(name, of_majority=True)


def _collection(name: str, *, of_majority: bool) -> AsyncCollection[Document]:
    owner = client()
    key = (settings.common().mongodb_database, name, of_majority)
    known = _collections.get(key)
    if known is None:
        from pymongo import ReadPreference
        from pymongo.read_concern import ReadConcern

        kept_in = owner[key[0]]
        known = _collections[key] = (
            kept_in.get_collection(name, read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("majority"))
            if of_majority
            else kept_in[name]
        )
    return known


async def close() -> None:
    """Close the client, if there is one."""
    global _client, _loop
    if _client is not None and _loop is asyncio.get_running_loop():
        await _client.close()
    _client = _loop = None
    _collections.clear()


async def ping() -> None:
    """Raise when no primary answers within two seconds."""
    async with asyncio.timeout(2.0):
        await client().admin.command("ping")


def is_outage(error: BaseException) -> bool:
    """Whether the error says that MongoDB cannot be reached or has no primary now."""
    from pymongo import errors

    if isinstance(error, errors.OperationFailure):
        return (
            error.has_error_label("RetryableWriteError")
            or error.has_error_label("TransientTransactionError")
            or (error.code in {91, 189, 10107, 11600, 11602, 13435, 13436})
        )
    return isinstance(error, errors.ConnectionFailure | errors.ExecutionTimeout | errors.WaitQueueTimeoutError)


async def change_one(
    collection: AsyncCollection[Document],
    query: Mapping[str, Any],
    update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    projection: Mapping[str, Any] | None = None,
    upsert: bool = False,
) -> Document | None:
    """Update one document and return it as it is afterwards; for an update that may be carried out twice.

    The driver's own `find_one_and_update` is retryable: MongoDB keeps a copy of every document that it returns
    (`config.image_collection`), one more write each time. Here nothing is kept. When the answer is lost the command is
    sent once more; if it had been carried out, the second finds what the first has left: None, or the document again.
    Raises what the driver raises.
    """
    from pymongo import errors

    command: Document = {"findAndModify": collection.name, "query": query, "update": update, "new": True}
    command |= {"writeConcern": collection.write_concern.document}
    if projection is not None:
        command["fields"] = projection
    if upsert:
        command["upsert"] = True
    for last in (False, True):
        try:
            answer = await collection.database.command(command, codec_options=collection.codec_options)
            refused = answer.get("writeConcernError")
            if refused is not None:
                raise errors.WriteConcernError(refused.get("errmsg", ""), refused.get("code"), refused)
        except (errors.AutoReconnect, errors.WriteConcernError) as error:
            if last or not is_outage(error):
                raise
        else:
            found: Document | None = answer["value"]
            return found
    raise AssertionError("unreachable")


class Scoped:
    """A collection seen through a scope, such as `{"tenantId": t, "storeId": s}`.

    Every filter, insert and first `$match` carries the scope. A filter that names a scope field itself, and
    operators that reach outside the collection or run code, raise ValueError: a bug, never a caller's mistake.
    """

    __slots__ = ("_collection", "scope")

    def __init__(self, collection: AsyncCollection[Document], **scope: str) -> None:
        if not scope or not all(isinstance(v, str) and v for v in scope.values()):
            raise ValueError("a scoped collection needs its scope")
        self._collection = collection
        self.scope: dict[str, str] = scope

    def filter(self, query: Mapping[str, Any] | None = None) -> Document:
        """`query` within the scope."""
        query = query or {}
        _refuse(query, self.scope)
        return {**self.scope, **query}

    async def find_one(self, query: Mapping[str, Any] | None = None, **options: Any) -> Document | None:
        """The first document, or None."""
        return await self._collection.find_one(self.filter(query), **options)

    def find(self, query: Mapping[str, Any] | None = None, **options: Any) -> AsyncCursor[Document]:
        """A cursor over the documents."""
        return self._collection.find(self.filter(query), **options)

    async def count(self, query: Mapping[str, Any] | None = None, **options: Any) -> int:
        """How many documents match."""
        return await self._collection.count_documents(self.filter(query), **options)

    async def insert_one(self, document: Mapping[str, Any]) -> InsertOneResult:
        """Insert, with the scope's fields set by the scope alone."""
        for key in self.scope:
            if key in document and document[key] != self.scope[key]:
                raise ValueError(f"the document's {key} is not the scope's")
        return await self._collection.insert_one({**document, **self.scope})

    async def update_one(
        self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False
    ) -> UpdateResult:
        """Update one document; the scope's fields cannot be written."""
        self._refuse_scope_write(update)
        return await self._collection.update_one(self.filter(query), update, upsert=upsert)

    async def find_one_and_update(
        self, query: Mapping[str, Any], update: Mapping[str, Any], **options: Any
    ) -> Document | None:
        """Update one document and return it (before, unless `return_document` says after)."""
        self._refuse_scope_write(update)
        return await self._collection.find_one_and_update(self.filter(query), update, **options)

    async def change_one(
        self, query: Mapping[str, Any], update: Mapping[str, Any], *, projection: Mapping[str, Any] | None = None
    ) -> Document | None:
        """Update one document and return it afterwards; the update may be carried out twice (`change_one`)."""
        self._refuse_scope_write(update)
        return await change_one(self._collection, self.filter(query), update, projection=projection)

    async def delete_one(self, query: Mapping[str, Any]) -> int:
        """Delete at most one document; returns how many."""
        return (await self._collection.delete_one(self.filter(query))).deleted_count

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> list[Document]:
        """The result of a pipeline that starts with the scope's `$match`."""
        for stage in pipeline:
            _refuse(stage, {})
        cursor = await self._collection.aggregate([{"$match": self.filter()}, *pipeline], **options)
        return [document async for document in cursor]

    def _refuse_scope_write(self, update: Mapping[str, Any]) -> None:
        for operator, fields in update.items():
            if not operator.startswith("$"):
                raise ValueError("replace documents by field, not whole")
            if isinstance(fields, Mapping) and any(key in fields for key in self.scope):
                raise ValueError("the scope of a document never changes")


def _refuse(value: Any, scope: Mapping[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in scope:
                raise ValueError(f"the filter names {key}, which is the scope's")
            if key in _FORBIDDEN:
                raise ValueError(f"{key} is not allowed in a scoped query")
            _refuse(inner, scope)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse(inner, scope)
