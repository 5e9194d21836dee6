"""The doors of brand cards, and the collections of redemptions."""

from tests.integration.discount.conftest import cards as cards
from tests.integration.discount.conftest import world as world
