"""Check-in's real door."""

from tests.integration.sessions.conftest import check_in as check_in
from tests.integration.sessions.conftest import shopping as shopping
