"""What goes over the wire about brand cards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.common.wire import Wire


def _plain(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


_Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]


def _text(longest: int) -> object:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=6, max_length=longest)


class ScannedCard(Wire):
    """A brand card: `code` as it was scanned, or the number that was typed with its brand."""

    code: Annotated[str, _text(100), AfterValidator(_plain)] | None = Field(
        default=None,
        description="`brand:number` as a phone shows it, or the number alone",
        examples=["acme:9780123456"],
    )
    card_number: Annotated[str, _text(48), AfterValidator(_plain)] | None = None
    brand_id: _Slug | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ScannedCard:
        by_number = self.card_number is not None and self.brand_id is not None
        if (self.code is not None) == by_number or (
            self.code is not None and (self.card_number is not None or self.brand_id is not None)
        ):
            raise PydanticCustomError("code_or_number", "give code, or cardNumber with brandId")
        return self


class CardBenefit(Wire):
    """What the card brings, in the words of its brand."""

    code: str
    text: str


class CardView(Wire):
    """The card on a visit."""

    card_id: str
    brand_id: str
    masked_number: str
    status: Literal["confirmed", "degraded"] = Field(
        description="degraded: the loyalty system did not answer; groups, points and benefits are those of `asOf`"
    )
    groups: list[str] = Field(description="whom the holder belongs to: promotions may be for them")
    points: int | None
    benefits: list[CardBenefit]
    as_of: datetime | None = Field(description="when the loyalty system said so; null: never")
    scanned_at: datetime
    expires_at: datetime = Field(description="a checkout has to begin before")
    in_checkout: bool = Field(description="a checkout has claimed it")


class CardTakenOff(Wire):
    """The visit has no card any more."""

    taken_off: bool
