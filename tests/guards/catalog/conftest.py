"""The catalogue's real doors."""

from tests.integration.catalog.conftest import catalog as catalog
from tests.integration.catalog.conftest import world as world
from tests.integration.catalog.test_scope import recorder as recorder
