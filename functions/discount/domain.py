"""The rules of promotions as things that are edited: versions, states, stores; and a dry run's line. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from functions.common.contracts.discount import PROMOTIONS_CHANGED
from functions.common.product_edits import Change, Editor, Invalid, audit_entry, diff
from functions.common.products import CachedProduct
from functions.common.retail.basket import EACH, Line, priced_line
from functions.common.retail.money import Rounding, divide
from functions.common.retail.promotion_codec import OF_THE_RULE, from_stored, to_dict
from functions.common.retail.promotion_rules import Rule, RuleInvalid

DRAFT, ACTIVE, ENDED, REMOVED = "draft", "active", "ended", "removed"
Status = Literal["draft", "active", "ended"]
ANY_STORE = "*"
FIELDS = (
    "name",
    "description",
    "status",
    "storeIds",
    "priority",
    "stacking",
    "window",
    "groups",
    "codes",
    "limits",
    "benefit",
)
"""What an editor may set; a version holds all of it."""
MOST_ACTIVE = 200
"""Active promotions of a tenant: every basket asks all of them."""


class Refused(ValueError):
    """The state of a promotion does not allow it; `code` is stable, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Write:
    """One decided edit: the fields to set, its entry in the history and its event, if anybody has to know."""

    fresh: Mapping[str, Any]
    entry: Mapping[str, Any]
    event: Mapping[str, Any] | None


# ---- what a promotion says -----------------------------------------------------------------------------------


def rule_of(promotion_id: str, ver: int, content: Mapping[str, Any]) -> Rule:
    """The promotion as baskets are priced by it. Raises Invalid for one that cannot be applied."""
    try:
        return from_stored(promotion_id, ver, content)
    except RuleInvalid as problem:
        raise Invalid(str(problem), code="INVALID_PROMOTION", field=problem.field) from None


def content_of(promotion_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in the one form they are stored in, so that two that say the same are the same. Raises Invalid."""
    plain = to_dict(rule_of(promotion_id, 1, fields))
    store_ids = fields["storeIds"]
    return {
        **{name: plain[name] for name in OF_THE_RULE},
        "description": fields["description"],
        "status": fields["status"],
        "storeIds": None if store_ids is None else sorted(set(store_ids)),
    }


# ---- how it is edited ----------------------------------------------------------------------------------------


def created(tenant_id: str, promotion_id: str, content: Mapping[str, Any], editor: Editor) -> Write:
    """A promotion that never was. Raises Refused when it is to begin as ended."""
    if content["status"] == ENDED:
        raise Refused("STATUS_NOT_ALLOWED", "a promotion begins as draft or active")
    changes = [Change(name, None, content[name]) for name in FIELDS if content[name] not in (None, [], "")]
    write = _write(tenant_id, promotion_id, None, content, changes, 1, editor)
    stamps = {"ver": 1, "deletedAt": None, "createdAt": editor.now}
    return Write({**write.fresh, **stamps}, write.entry, write.event)


def replaced(before: Mapping[str, Any], content: Mapping[str, Any], editor: Editor) -> Write | None:
    """The next version; None when it would say the same as the last.

    Raises Refused for a promotion that has ended, and for going back to draft.
    """
    changes = diff(before, content, FIELDS)
    if not changes:
        return None
    if before["status"] == ENDED:
        raise Refused("PROMOTION_ENDED", "a promotion that has ended stays as it is; make another one")
    if (before["status"], content["status"]) in ((ACTIVE, DRAFT), (DRAFT, ENDED)):
        raise Refused("STATUS_NOT_ALLOWED", f"a promotion does not go from {before['status']} to {content['status']}")
    return _write(before["tenantId"], before["promotionId"], before, content, changes, before["ver"] + 1, editor)


def removed(before: Mapping[str, Any], editor: Editor) -> Write | None:
    """The promotion is gone, its history is not; None when it was already."""
    if before["deletedAt"] is not None:
        return None
    content = {name: before[name] for name in FIELDS}
    write = _write(before["tenantId"], before["promotionId"], before, content, [], before["ver"] + 1, editor, gone=True)
    return Write({"deletedAt": editor.now, **write.fresh}, write.entry, write.event)


def made_by(document: Mapping[str, Any], editor: Editor) -> bool:
    """Whether this very request wrote the promotion last."""
    return str(document["edit"]["op"]).startswith(editor.op + ".")


def _write(
    tenant_id: str,
    promotion_id: str,
    before: Mapping[str, Any] | None,
    content: Mapping[str, Any],
    changes: list[Change],
    ver: int,
    editor: Editor,
    *,
    gone: bool = False,
) -> Write:
    action = REMOVED if gone else _action(before, content)
    entry = {**audit_entry("promotion", promotion_id, action, changes, ver, editor), "content": dict(content)}
    fresh = {**content, "updatedAt": editor.now, "edit": {"op": entry["id"]}}
    was_active = before is not None and before["status"] == ACTIVE
    event = None
    if was_active or (content["status"] == ACTIVE and not gone):
        concerned = _union(before["storeIds"], content["storeIds"]) if before and was_active else content["storeIds"]
        event = {
            "id": f"{tenant_id}:{promotion_id}:{ver}",
            "type": PROMOTIONS_CHANGED[0],
            "version": PROMOTIONS_CHANGED[1],
            "at": editor.now,
            "data": {
                "promotions": [
                    {
                        "promotionId": promotion_id,
                        "ver": ver,
                        "status": REMOVED if gone else content["status"],
                        "storeIds": concerned,
                    }
                ]
            },
        }
    return Write(fresh, entry, event)


def _action(before: Mapping[str, Any] | None, content: Mapping[str, Any]) -> str:
    if before is None:
        return "created"
    if before["status"] == content["status"]:
        return "updated"
    return "activated" if content["status"] == ACTIVE else "ended"


def _union(one: list[str] | None, other: list[str] | None) -> list[str] | None:
    """The stores of both; None is all stores."""
    return None if one is None or other is None else sorted({*one, *other})


# ---- whose it is ---------------------------------------------------------------------------------------------


def covers(claimed: Collection[str], store_ids: Collection[str] | None) -> bool:
    """Whether a token for these stores may decide about a promotion of those: for all stores only one for all."""
    return ANY_STORE in claimed or (store_ids is not None and set(store_ids) <= set(claimed))


def sees(claimed: Collection[str], store_ids: Collection[str] | None) -> bool:
    """Whether a promotion is on in one of the stores of a token."""
    return ANY_STORE in claimed or store_ids is None or not set(store_ids).isdisjoint(claimed)


def shown(claimed: Collection[str], store_ids: list[str] | None) -> tuple[list[str] | None, bool]:
    """The stores of a promotion that a token may know of, and whether there are more."""
    if store_ids is None or ANY_STORE in claimed:
        return store_ids, False
    known = [store_id for store_id in store_ids if store_id in claimed]
    return known, len(known) < len(store_ids)


# ---- a dry run's basket --------------------------------------------------------------------------------------


def line_of(item: Mapping[str, Any], product: CachedProduct | None, rounding: Rounding) -> Line:
    """A line of a dry run: what the item says, and of the store's product what it does not.

    `product` is None when the item states its price. Raises Invalid when there is no price, BasketInvalid.
    """
    said = {name: value for name, value in item.items() if value is not None}
    more: dict[str, Any] = {
        "measure": said.get("measure", product["measure"] if product else EACH),
        "category": said.get("categoryId", product and product["categoryId"]),
        "brand": said.get("brandId", product and product["brandId"]),
        "tax_class": said.get("taxClass", product and product["taxClass"]),
    }
    name, barcode = item["lineId"], item["barcode"]
    if product is None:
        pack = said.get("pack", 1000)
        quantity = said.get("quantity", pack if more["measure"] == EACH else 1000)
        if "amount" in said:
            return Line(name, barcode, quantity, said["amount"], pack=pack, **more)
        return priced_line(name, barcode, quantity, said["unitPrice"], pack=pack, rounding=rounding, **more)
    unit = next((each for each in product["units"] if each["barcode"] == barcode), None)
    if product["price"] is None:
        raise Invalid("this store has no price for the product", code="PRODUCT_NOT_PRICED", field="barcode")
    size = said.get("pack", unit["quantity"] if unit else 1000)
    quantity, price, per = said.get("quantity", size), product["price"]["amount"], 1000
    own = unit.get("price") if unit else None
    if unit and own is not None:
        price, per = own, unit["quantity"]
    return Line(name, barcode, quantity, divide(price * quantity, per, rounding), pack=size, **more)
