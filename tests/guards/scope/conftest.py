"""A mall of its own: here its doors are left open."""

from tests.security.conftest import mall as mall
from tests.security.conftest import open_mall as open_mall
