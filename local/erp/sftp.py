"""The ERP that drops files: an SFTP server on a folder, with a host key of its own and one user."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncssh

from local.processes import HOST, free_port

USER, PASSWORD = "retailscan", "demo-drop"


class Drop:
    """The server. In a test: `async with Drop(folder) as drop: drop.port, drop.host_key`."""

    def __init__(self, folder: Path, *, port: int = 0, authorized_keys: str | None = None) -> None:
        self._folder, self._authorized = folder, authorized_keys
        self.port = port or free_port()
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._server: asyncssh.SSHAcceptor | None = None
        self.logins: list[str] = []

    @property
    def host_key(self) -> str:
        """The public key that a connection must name."""
        return self._key.export_public_key().decode().strip()

    async def __aenter__(self) -> Self:
        folder, logins, keys = self._folder, self.logins, self._authorized

        class Login(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                logins.append(username)
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (USER, PASSWORD)

        options: dict[str, Any] = {}
        if keys is not None:
            options["authorized_client_keys"] = asyncssh.import_authorized_keys(keys)
        self._server = await asyncssh.create_server(
            Login,
            HOST,
            self.port,
            server_host_keys=[self._key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(folder)),
            **options,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
