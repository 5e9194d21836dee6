"""An ERP that speaks GraphQL, by gql: a query of the tenant's own, page by page through its variables.

Settings: `url`, `auth`, `query`, `variables`, `items`, `item`, `required`, `paging` {parameter, next, more, count,
total}, `changes` {parameter, next}. Paths start below `data`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from functions.import_publish.sources import erp_pages, http_pull
from functions.import_publish.sources.erp_pages import Answer, Position, Shape
from functions.import_publish.sources.jobs import Job, Page
from functions.import_publish.sources.problems import SourceProblem

if TYPE_CHECKING:
    from gql import GraphQLRequest

_PASSING = {"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "THROTTLED", "RATE_LIMITED"}
_CHANGED = {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}


async def pages(job: Job, start: Position | None) -> AsyncIterator[Page]:
    """Every page from `start` on. Raises SourceProblem."""
    from gql import Client
    from gql.transport.exceptions import TransportError

    request = read_query(str(job.settings["query"]))
    shape = Shape.of(job.settings)

    def turn(_position: Position | None, answer: Answer, _count: int) -> Position | None:
        found = erp_pages.cursor(shape, answer.document)
        return None if found is None else {"cursor": found}

    async with Client(transport=_transport(job), execute_timeout=None) as session:

        async def ask(position: Position | None) -> Answer:
            request.variable_values = _variables(job, position)
            try:
                return Answer(await session.execute(request))
            except TransportError as error:
                raise _problem(error) from None

        async for page in erp_pages.pages(job, ask, start, turn):
            yield page


def read_query(text: str) -> GraphQLRequest:
    """The query. Raises SourceProblem for what is not exactly one operation that only reads."""
    from gql import gql
    from graphql import GraphQLError, OperationDefinitionNode, OperationType

    try:
        request = gql(text)
    except (GraphQLError, RecursionError):
        raise SourceProblem("SOURCE_SETTINGS", "the query is not GraphQL") from None
    operations = [each for each in request.document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise SourceProblem("SOURCE_SETTINGS", "exactly one query is needed: nothing is changed in the ERP")
    return request


def _transport(job: Job) -> Any:
    import httpx
    from gql.transport.httpx import HTTPXAsyncTransport

    from functions.import_publish.sources import web

    class Guarded(web.Transport):
        """The body is read here, so that what is wrong with it is said in our words."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if response.status_code != 200:
                await response.aclose()
                web.refuse_status(response)
            response.request = request
            text = erp_pages.decode(await response.aread(), response.headers.get("content-type", ""))
            erp_pages.parse_json(text)
            return httpx.Response(200, content=text.encode(), headers={"content-type": "application/json"})

    return HTTPXAsyncTransport(
        url=str(http_pull.within(str(job.settings["url"]), job.path)),
        json_deserialize=erp_pages.parse_json,
        headers=http_pull.credentials(job.settings, job.secret) | {"user-agent": web.AGENT, "accept-encoding": "gzip"},
        transport=Guarded(job.guard, job.budget, job.budget.page_bytes),
        timeout=httpx.Timeout(job.budget.silence_seconds, connect=job.budget.connect_seconds),
        trust_env=False,
        follow_redirects=False,
    )


def _variables(job: Job, position: Position | None) -> dict[str, Any]:
    paging, changes = job.settings.get("paging") or {}, job.settings.get("changes") or {}
    variables = dict(job.settings.get("variables") or {})
    if position is not None:
        variables[paging["parameter"]] = position["cursor"]
    if changes and job.checkpoint.get("changes"):
        variables[changes["parameter"]] = job.checkpoint["changes"]
    return variables


def _problem(error: Exception) -> SourceProblem:
    """What the ERP says in its `errors`; its own words stay with it, they may hold anything."""
    cause: BaseException | None = error
    while cause is not None:
        # What our own transport has found comes wrapped in gql's.
        if isinstance(cause, SourceProblem):
            return cause
        cause = cause.__cause__
    errors = getattr(error, "errors", None) or []
    codes = {str((each.get("extensions") or {}).get("code", "")) for each in errors if isinstance(each, dict)}
    if codes & _PASSING:
        return SourceProblem("SOURCE_FAILS", "the ERP answers with an error of its own", passing=True)
    if codes & _CHANGED or any("Cannot query field" in str(each.get("message", "")) for each in errors):
        return SourceProblem("ERP_SCHEMA_CHANGED", "the ERP does not know a field of the query any more", where="query")
    return SourceProblem("ERP_BAD_ANSWER", "the ERP answers with errors, or with nothing that is GraphQL")
