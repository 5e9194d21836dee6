"""The committed Pub/Sub schema of price updates: it compiles, has the door's fields, and takes its own examples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
)

from functions.common.cards import FUNCTIONS
from functions.price_ingest import reading
from functions.price_ingest.schemas import PriceUpdate

PROTO = Path(FUNCTIONS) / "price_ingest" / "price-updates.proto"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The message class of the schema, compiled by protoc."""
    protoc = pytest.importorskip("grpc_tools.protoc")
    compiled = tmp_path_factory.mktemp("schema") / "schema.pb"
    arguments = [f"-I{PROTO.parent}", f"--descriptor_set_out={compiled}", str(PROTO)]
    assert protoc.main(["protoc", *arguments]) == 0
    files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("retailscan.prices.v1.PriceUpdates"))


def test_the_schema_has_the_fields_that_the_door_reads(schema: Any) -> None:
    whole, one = schema.DESCRIPTOR, schema.DESCRIPTOR.fields_by_name["updates"].message_type
    names = {field.json_name for field in one.fields}
    assert names == reading.FIELDS == {field.alias for field in PriceUpdate.model_fields.values()}
    assert {field.json_name for field in whole.fields} == names | {"updates"}
    assert list(whole.file.message_types_by_name) == ["PriceUpdates"], "Pub/Sub allows one top-level message"


def test_the_examples_in_the_schema_pass_it_and_the_door(schema: Any) -> None:
    examples = re.findall(r"^//\s+(\{.*\})$", PROTO.read_text(), re.MULTILINE)
    assert examples
    complete = [orjson.loads(example) for example in examples if "..." not in example]
    for example in complete:
        json_format.ParseDict(example, schema())
        json_format.ParseDict({"updates": [example]}, schema())
        envelope = reading.Envelope("m1", 0, 2**62, {example["storeId"]: "EUR"})
        assert reading.read([example], envelope)[1] == []


@pytest.mark.parametrize("change", [{"tenantId": "t2"}, {"price": 1.5}, {"price": "cheap"}, {"storeId": 1}])
def test_what_the_door_refuses_by_shape_the_schema_refuses_at_the_topic(schema: Any, change: dict[str, Any]) -> None:
    update = {"storeId": "s1", "barcode": "4006381333931", "price": 199} | change
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({"updates": [update]}, schema())
