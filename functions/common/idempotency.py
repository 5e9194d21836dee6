"""Write doors may be repeated: same key, same body, same answer, one effect.

IETF draft-ietf-httpapi-idempotency-key-header-07: 400 when a required key is missing, 409 while the first is in
flight, 422 for another body. The record lives in MongoDB (72 h) and is scoped by tenant, caller, operation and key;
its lease runs on the server's clock, and its fence makes a dead attempt's successor resume and a zombie's late
reply void. Handlers derive their ids from `call.idempotency_id`, so that resuming finds what the dead attempt made.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from functions.common import http, log, mongo
from functions.common.envelope import JSON_HEADERS, Response
from functions.common.errors import Conflict, Malformed, Problem, Unprocessable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

COLLECTION = "idempotency"
LEASE = timedelta(seconds=20)
KEPT = timedelta(hours=72)
_NONCE = 12


def key_of(call: http.Call) -> str | None:
    """The record's id for the request's Idempotency-Key, None without one; Malformed when a required one is missing."""
    key = call.header("idempotency-key")
    if key is None:
        if call.route.idempotency == "required":
            raise Malformed(
                "send an Idempotency-Key header, one per intended effect",
                code="IDEMPOTENCY_KEY_REQUIRED",
                field="Idempotency-Key",
            )
        return None
    if not 0 < len(key) <= 255 or not key.isprintable():
        raise Malformed("send 1 to 255 printable characters", code="IDEMPOTENCY_KEY_INVALID", field="Idempotency-Key")
    caller = call.principal
    scope = [
        caller.tenant_id,
        caller.role,
        caller.sub,
        call.route.operation_id,
        sorted(call.params.items()),
        key,
    ]
    return hashlib.sha256(orjson.dumps(scope)).hexdigest()


def fingerprint(content: bytes) -> str:
    """The hash of a JSON body whatever its spacing and the order of its keys."""
    canonical = orjson.dumps(orjson.loads(content), option=orjson.OPT_SORT_KEYS) if content else b""
    return hashlib.sha256(canonical).hexdigest()


def _fingerprint_of(call: http.Call) -> str:
    if call.route.media:
        return hashlib.sha256(call.content_type.encode() + b"\n" + call.content).hexdigest()
    return fingerprint(call.content)


async def run(call: http.Call, request_id: bytes, started: float) -> Response:
    """Answer a keyed request: by its handler once, by the stored reply ever after.

    Raises Unprocessable (422) for another body and Conflict (409) while the first attempt is in flight.
    """
    assert call.idempotency_id is not None
    mine = _fingerprint_of(call)
    owner = secrets.token_hex(8)
    record = await _claim(call, mine, owner)
    if record["fp"] != mine:
        raise Unprocessable("this idempotency key was used with another body; use a new key for a new effect")
    if record["owner"] != owner:
        if record["state"] == "done":
            return _replay(call, record)
        raise Conflict(
            "the first request with this key is still being served; repeat it to get its answer",
            code="IDEMPOTENCY_IN_FLIGHT",
            retry_after=1,
        )
    try:
        reply = await call.route.handler(call)
    except Problem as problem:
        await _release(call, owner, forget=problem.status < 500)
        raise
    except Exception:
        await _release(call, owner, forget=False)
        raise
    response = http.render(reply, call.route, request_id, started)
    await _store(call, owner, response)
    return response


async def _claim(call: http.Call, mine: str, owner: str) -> dict[str, Any]:
    from pymongo.errors import DuplicateKeyError

    free = {
        "$or": [
            {"$eq": [{"$type": "$state"}, "missing"]},
            {
                "$and": [
                    {"$eq": ["$state", "in_progress"]},
                    {"$lt": ["$lockedUntil", "$$NOW"]},
                    {"$eq": ["$fp", mine]},
                ]
            },
        ]
    }
    taken = {
        "state": "in_progress",
        "fp": mine,
        "owner": owner,
        "tenantId": call.principal.tenant_id,
        "operation": call.route.operation_id,
        "lockedUntil": {"$add": ["$$NOW", int(LEASE.total_seconds() * 1000)]},
        "expireAt": {"$add": ["$$NOW", int(KEPT.total_seconds() * 1000)]},
    }
    pipeline = [{"$replaceWith": {"$cond": [free, {"$mergeObjects": ["$$ROOT", taken]}, "$$ROOT"]}}]
    for last in (False, True):
        try:
            # Carried out twice it finds the owner's own claim.
            records = mongo.collection(COLLECTION)
            record = await mongo.change_one(records, {"_id": call.idempotency_id}, pipeline, upsert=True)
        except DuplicateKeyError:  # two first requests raced to insert; the second look finds the record
            if last:
                raise
        else:
            assert record is not None
            return record
    raise AssertionError("unreachable")


async def _store(call: http.Call, owner: str, response: Response) -> None:
    stored = {
        "state": "done",
        "status": response.status,
        "sealed": _seal(call, response.body),
        "headers": [[k.decode(), v.decode()] for k, v in response.headers if k == b"location"],
    }
    # Whoever takes over makes it their own, so this is the owner's record or none; stored twice it is the same.
    mine = {"_id": call.idempotency_id, "owner": owner}
    kept = await mongo.change_one(mongo.collection(COLLECTION), mine, {"$set": stored}, projection={"_id": 1})
    if kept is None:
        log.warning("idempotency.fenced", operation=call.route.operation_id)


async def _release(call: http.Call, owner: str, *, forget: bool) -> None:
    """After a refusal forget the claim; after an unknown outcome end its lease, so that a repeat resumes."""
    records = mongo.collection(COLLECTION)
    mine = {"_id": call.idempotency_id, "owner": owner, "state": "in_progress"}
    try:
        if forget:
            await records.delete_one(mine)
        else:
            await records.update_one(mine, [{"$set": {"lockedUntil": {"$subtract": ["$$NOW", 1]}}}])
    except Exception as error:  # the lease ends by itself; the first error is the one to report
        log.warning("idempotency.release_failed", error=type(error).__name__)


def _seal(call: http.Call, body: bytes) -> bytes:
    """The reply as it is kept. Only the caller's own key opens it, and of that no more than a hash is kept:

    replies hold tokens and payment secrets that are stored nowhere else.
    """
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(call).encrypt(nonce, body, None)


def _cipher(call: http.Call) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    assert call.idempotency_id is not None
    key = call.header("idempotency-key") or ""
    return AESGCM(hmac.digest(key.encode(), b"reply:" + call.idempotency_id.encode(), "sha256"))


def _replay(call: http.Call, record: dict[str, Any]) -> Response:
    kept = bytes(record["sealed"])
    body = _cipher(call).decrypt(kept[:_NONCE], kept[_NONCE:], None)
    headers = [*JSON_HEADERS, (b"idempotent-replayed", b"true"), (b"content-length", b"%d" % len(body))]
    headers += [(k.encode(), v.encode()) for k, v in record.get("headers", ())]
    return Response(record["status"], body, headers)
