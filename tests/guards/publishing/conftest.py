"""One store whose imports are published by the real verbs, and the room behind its doors."""

from tests.integration.import_publish.conftest import room as room
from tests.integration.import_publish.publish.conftest import shop as shop
from tests.integration.import_publish.publish.conftest import world as world
