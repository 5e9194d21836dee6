"""The dashboard's door with a source that a test plays."""

from tests.functional.admin.conftest import api as api
from tests.functional.admin.conftest import person as person
from tests.functional.admin.conftest import world as world
from tests.functional.admin.test_platform import played as played
from tests.functional.admin.test_platform import time as time
