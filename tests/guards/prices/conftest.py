"""Two tenants' shops behind the real price doors."""

from tests.integration.price_ingest.conftest import apply as apply
from tests.integration.price_ingest.conftest import outbox as outbox
from tests.integration.price_ingest.conftest import shop as shop
from tests.integration.price_ingest.conftest import world as world
