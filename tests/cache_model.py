"""What the product cache's Lua scripts must do, said a second time in Python: a double for unit tests, and the
oracle that the property test holds the real scripts against."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any, TypeVar

from functions.common import product_scripts
from functions.common.redis import CacheDown

T = TypeVar("T")

_NAMES = {
    sha1(text.encode(), usedforsecurity=False).hexdigest(): name
    for name, text in {
        "read": product_scripts.READ,
        "store": product_scripts.STORE,
        "clear_store": product_scripts.CLEAR_STORE,
        "clear_all": product_scripts.CLEAR_ALL,
        "adopt": product_scripts.ADOPT,
    }.items()
}


class CacheModel:
    """A Redis that knows only our scripts. `now` is its clock in microseconds; move it with `advance`."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000_000
        self.epochs: dict[str, int] = {}
        self.made_on = ""
        self.values: dict[str, tuple[bytes, int]] = {}
        self.published: list[str] = []
        self.full = False

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)

    def epoch(self, name: str) -> int:
        # Every look at the clock is later than the one before, as it is in Redis.
        if name not in self.epochs:
            self.now += 1
            self.epochs[name] = self.now
        return self.epochs[name]

    def token(self, store: str) -> str:
        return f"{self.epoch('')}.{self.epoch(store)}"

    def lookup(self, key: str) -> bytes | None:
        value, expires = self.values.get(key, (b"", 0))
        return value if expires > self.now else None

    def read(self, store: str, *barcodes: str) -> list[Any]:
        token = self.token(store)
        found = [self.lookup(f"product:{token}:{store}:{barcode}") for barcode in barcodes]
        return [token.encode(), str(self.now).encode(), *found]

    def store(self, store: str, expected: str, deadline: str, *flat: Any) -> list[Any]:
        token = self.token(store)
        if expected and expected != token:
            return [b"moved"]
        if deadline and self.now > int(deadline):
            return [b"late"]
        reply: list[Any] = [b"ok"]
        changed = []
        for at in range(0, len(flat), 4):
            ver, ttl, payload, barcode = int(flat[at]), int(flat[at + 1]), flat[at + 2], flat[at + 3]
            key = f"product:{token}:{store}:{barcode}"
            standing = self.lookup(key)
            if standing is not None and not wins(ver, payload, standing):
                reply.append(standing)
                continue
            changed.append(f"{ver:016d} {barcode}")
            if self.full:
                self.values.pop(key, None)
                reply.append(-1)
            else:
                self.values[key] = (b"%016d|%b" % (ver, payload), self.now + ttl * 1000)
                reply.append(2 if payload == b"" and standing is not None and len(standing) > 17 else 1)
        if not expected and changed:
            self.published.append("\n".join(["P" + store, *changed]))
        return reply

    def clear_store(self, store: str) -> int:
        self._bump(store, "S" + store)
        return 1

    def clear_all(self, within: int) -> int:
        current = self.epochs.get("")
        if int(within) > 0 and current is not None and self.now - current < int(within):
            return 0
        self._bump("", "A")
        return 1

    def adopt(self, run_id: str) -> int:
        if self.made_on == run_id:
            return 0
        known, self.made_on = self.made_on, run_id
        if not known:
            return 0
        self._bump("", "A")
        return 1

    def _bump(self, name: str, message: str) -> None:
        self.epochs[name] = max(self.now, self.epochs.get(name, 0) + 1)
        self.published.append(message)


def wins(ver: int, payload: bytes, standing: bytes) -> bool:
    """Whether a value replaces the one that is there."""
    standing_ver, standing_payload = int(standing[:16]), standing[17:]
    if ver != standing_ver:
        return ver > standing_ver
    return ver <= 1 or (standing_payload == b"" and payload != b"")


class ModelRedis:
    """`functions.common.redis.Cache` over the model. `down`: nothing answers. `gate`: called before each script."""

    def __init__(self, model: CacheModel | None = None) -> None:
        self.model = model or CacheModel()
        self.down = False
        self.down_since: float | None = None
        self.calls: list[str] = []
        self.gate: Callable[[str], Awaitable[None]] | None = None

    async def run(self, call: Callable[[Any], Awaitable[T]]) -> T:
        if self.down:
            raise CacheDown("down")
        return await call(self)

    async def execute_command(self, _command: str, script: str, _keys: int, *arguments: Any) -> Any:
        name = _NAMES[script]
        self.calls.append(name)
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate(name)
        texts = [a.decode() if name != "store" and isinstance(a, bytes) else a for a in arguments]
        if name == "store":
            texts[1:3] = [t.decode() if isinstance(t, bytes) else str(t) for t in texts[1:3]]
        return getattr(self.model, name)(*texts)
