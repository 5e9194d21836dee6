"""Purchases that are paid, who issues their papers, and checkout's door."""

from tests.integration.checkout.papers.conftest import papers as papers
from tests.integration.checkout.papers.conftest import world as world
from tests.integration.checkout.papers.test_days import door as days_door
from tests.integration.checkout.papers.test_doors import door as door

__all__ = ["days_door", "door", "papers", "world"]
