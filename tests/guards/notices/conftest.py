"""The room's real doors, as its own tests have them."""

from tests.integration.notify.conftest import fcm as fcm
from tests.integration.notify.conftest import held_clock as held_clock
from tests.integration.notify.conftest import room as room
from tests.integration.notify.conftest import world as world
