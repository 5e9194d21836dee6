"""The rules of brands, modules and stores."""

from __future__ import annotations

from datetime import UTC, datetime

from functions.catalog import records
from functions.common.product_edits import Editor

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ANN = Editor("ann", "brand_manager", "req-1", "op1", NOW)
BOB = Editor("bob", "brand_manager", "req-2", "op2", NOW)
BRAND = {**records.new("brand", "faber", {"name": "Faber", "metadata": {}}, ANN).fresh, "brandId": "faber"}


def test_a_new_record_is_version_one_and_audited() -> None:
    write = records.new("brand", "faber", {"name": "Faber"}, ANN)
    assert (write.fresh["ver"], write.fresh["deletedAt"], write.fresh["createdAt"]) == (1, None, NOW)
    assert (write.entry["action"], write.entry["entity"], write.entry["entityId"]) == ("created", "brand", "faber")
    assert write.entry["changes"] == [{"field": "name", "before": None, "after": "Faber"}]


def test_an_edit_sets_what_differs_and_nothing_else() -> None:
    write = records.edited("brand", "faber", BRAND, {"name": "Faber-Castell"}, records.BRAND_FIELDS, BOB)
    assert write is not None
    assert set(write.fresh) == {"name", "updatedAt", "edit"}
    assert write.entry["ver"] == 2
    assert records.edited("brand", "faber", BRAND, {"name": "Faber"}, records.BRAND_FIELDS, BOB) is None


def test_removing_twice_is_removing_once() -> None:
    write = records.removed("brand", "faber", BRAND, BOB)
    assert write is not None
    assert write.fresh["deletedAt"] == NOW
    assert records.removed("brand", "faber", {**BRAND, **write.fresh}, BOB) is None


def test_a_record_that_comes_back_has_its_new_contents() -> None:
    removed = {**BRAND, "deletedAt": NOW, "metadata": {"old": 1}}
    write = records.revived("brand", "faber", removed, {"name": "Faber", "metadata": {}}, BOB)
    assert write.fresh["deletedAt"] is None
    assert write.fresh["metadata"] == {}
    assert [change["field"] for change in write.entry["changes"]] == ["metadata"]


def test_a_repeated_request_recognises_what_it_made() -> None:
    assert records.made_by(BRAND, ANN)
    assert not records.made_by(BRAND, BOB)
    assert not records.made_by({}, ANN)


def test_the_next_code_voids_the_one_before_also_of_a_store_that_never_had_one() -> None:
    assert records.next_code({}, ANN) == {"codeVersion": 2, "codeIssuedAt": NOW}
    assert records.next_code({"codeVersion": 7}, ANN)["codeVersion"] == 8
    write = records.marked("store", "berlin", {"ver": 3}, "code_rotated", records.next_code({}, ANN), ANN)
    assert (write.entry["action"], write.entry["ver"]) == ("code_rotated", 4)


def test_the_code_of_a_version_always_says_the_same() -> None:
    store = {"_id": "berlin", "tenantId": "acme", "codeVersion": 3, "codeIssuedAt": NOW}
    claims = records.store_code_claims(store)
    assert claims == records.store_code_claims(dict(store))
    assert (claims["aud"], claims["storeId"], claims["tenantId"], claims["codeVersion"]) == (
        "check-in",
        "berlin",
        "acme",
        3,
    )
    assert claims["exp"] - claims["iat"] == 3650 * 86400
    assert records.store_code_claims({"_id": "b", "tenantId": "t"})["iat"] == 0
