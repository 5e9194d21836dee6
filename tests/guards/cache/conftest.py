"""A real Redis."""

from tests.integration.common.test_product_scripts import connection as connection
