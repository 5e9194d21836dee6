"""The gate's door."""

from tests.integration.exit_gate.conftest import gate as gate

__all__ = ["gate"]
