"""Requests made up from the contract, good ones and broken ones: the doors always answer as the contract says.

Small here; `make fuzz` makes up two hundred of each kind. Checked on each: no 5xx; only declared statuses, content
types, headers and bodies; what breaks the contract is refused; other methods are 405; nothing without its token.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from typing import Any, cast
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks

from tests.security.contract import operation, spec
from tests.security.goods import CHEESE, MILK, NAMES, NEW, SAMPLES
from tests.security.mall import Mall

FULL = os.environ.get("FAULTS") == "full"
EXAMPLES = 200 if FULL else 4

KNOWN = {
    "storeId": [NAMES["storeId"].mine],
    "barcode": [MILK, NEW, CHEESE],
    "code": [MILK, "]C10104006381333931", "https://id.gs1.org/01/04006381333931"],
    "brandId": [NAMES["brandId"].mine],
    "currency": ["EUR"],
    "timeZone": ["Europe/Berlin"],
    "imageUrl": ["https://img.test/1.png"],
    "logoUrl": ["https://img.test/1.png"],
    "sourceTime": ["2026-11-20T09:30:00Z"],
    "asOf": ["2026-11-20T09:30:00Z"],
}
"""Values that lead further into the doors than made-up ones; half of the time one of them is taken."""

MANY_FORMS = {"discount.create_promotion", "discount.replace_promotion", "discount.dry_run"}
"""Thousands of cases follow from their bodies. The small size sends one of sixteen."""

SEVERAL_PATHS = {"scan.scan_batch", "sessions.read_current_session"}
"""Their paths are also ids of a path with a parameter, so they allow more methods than the contract says of them."""


def tempting() -> dict[str, Any]:
    """The contract with values that exist, and with a body that works for each operation."""
    document = copy.deepcopy(spec())
    for methods in document["paths"].values():
        for found in methods.values():
            sample = SAMPLES.get(found["operationId"])
            for parameter in found.get("parameters", ()):
                if parameter["in"] == "path":
                    known = (sample.path if sample and sample.path else {}).get(parameter["name"])
                    value = known or NAMES[parameter["name"]].mine
                    parameter["schema"] = {"anyOf": [{"const": value}, parameter["schema"]]}
                    parameter["example"] = value
                if parameter["in"] == "query" and sample is not None and parameter["name"] in (sample.query or {}):
                    parameter["example"] = (sample.query or {})[parameter["name"]]
            contents = found.get("requestBody", {}).get("content", {})
            if sample is not None and sample.content is not None:
                # The others differ only in what the file is taken for.
                found["requestBody"]["content"] = {sample.media: contents[sample.media]}
                contents[sample.media]["example"] = sample.content.decode()
            elif sample is not None and contents:
                contents["application/json"]["example"] = sample.body
    for schema in document["components"]["schemas"].values():
        properties = schema.get("properties", {})
        for name in properties.keys() & KNOWN.keys():
            properties[name] = {"anyOf": [{"enum": KNOWN[name]}, properties[name]]}
    return document


load_all_checks()
schema = schemathesis.openapi.from_dict(tempting())
schema.config.seed = int(os.environ.get("SEED") or 20261120)
# The tests send a token that counts; what happens without one is looked at by a check of its own.
schema.config.generation.update(with_security_parameters=False)
# A body may be refused for its size before anybody looks into it.
schema.config.checks.negative_data_rejection.expected_statuses += ["413"]
SIGNED = {"checkout.stripe_webhook", "exit_gate.open_gate"}
"""What they take is signed, and nobody can make that up; that a genuine one works is test_matrix.py's matter."""
seen: dict[str, Counter[int]] = {}
made: Counter[str] = Counter()


def checks(names: set[str]) -> list[CheckFunction]:
    """The checks of schemathesis with these names."""
    return [cast(CheckFunction, CHECKS.get_one(name)) for name in names]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
    phases=list(Phase) if FULL else [Phase.explicit, Phase.generate],
)
@pytest.mark.slow
def test_the_contract_holds_for_whatever_is_sent(case: Case[Any], mall: Mall) -> None:
    op = operation(case.operation.definition.raw["operationId"])
    made[op.id] += 1
    if not FULL and op.id in MANY_FORMS and made[op.id] % 16 != 1:
        return
    # In a process's first request functions-framework's own router answers a path with a line break, in plain text.
    # A question mark that is not escaped is no part of a path.
    if any(set("\n?#") & set(unquote(str(value))) for value in (case.path_parameters or {}).values()):
        return
    if case.body == SAMPLES["sessions.check_in"].body:
        case.body = mall.sample(op).body
    if FULL or op.method == "DELETE":
        mall.restock()
    # Not all rules can be said in JSON Schema: a check digit, a currency that exists, a code that somebody signed.
    excluded = {"positive_data_acceptance"}
    if op.id in SEVERAL_PATHS:
        excluded.add("allow_header_conformance")
    if op.id == "catalog.load_products":
        # What is wrong with an item is said in the item's place of the answer.
        excluded.add("negative_data_rejection")
    reply = case.call_and_validate(base_url=mall.url, headers=mall.caller(op), excluded_checks=checks(excluded))
    seen.setdefault(op.id, Counter())[reply.status_code] += 1


@pytest.mark.slow
def test_what_was_sent_went_all_the_way() -> None:
    """Requests that are all refused at the entrance would prove little."""
    refused = {op for op, statuses in seen.items() if not statuses[operation(op).success]}
    assert refused <= SIGNED
    if FULL:
        print({op: dict(statuses) for op, statuses in seen.items()})  # noqa: T201
