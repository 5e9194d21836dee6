"""The least that functions_framework.aio can serve."""

from __future__ import annotations

from starlette.requests import Request


async def constant(_request: Request) -> str:
    """Always the same."""
    return "ok"
