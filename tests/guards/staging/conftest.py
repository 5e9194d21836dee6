"""The room of imports behind its real doors."""

from tests.integration.import_publish.conftest import later as later
from tests.integration.import_publish.conftest import room as room
