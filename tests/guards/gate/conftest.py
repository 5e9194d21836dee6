"""The gate's door."""

from tests.integration.exit_gate.conftest import gate as gate
from tests.integration.exit_gate.conftest import issuer as issuer

__all__ = ["gate", "issuer"]
