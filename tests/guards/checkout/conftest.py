"""The shop of the checkouts' own tests."""

from collections.abc import Iterator

import pytest

from functions.common import failpoints
from tests.integration.checkout.conftest import floor as floor
from tests.integration.checkout.conftest import later as later
from tests.integration.checkout.conftest import told as told
from tests.integration.checkout.conftest import world as world


@pytest.fixture(autouse=True)
def _no_failpoints() -> Iterator[None]:
    yield
    failpoints.configure(None)
