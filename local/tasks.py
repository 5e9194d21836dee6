"""The local Cloud Tasks server: Google's gRPC API on one port, for the unmodified Google client."""

from pathlib import Path

from local.faults import Faults
from local.issuer import Issuer
from local.push import Pusher
from local.rpc import GrpcServer
from local.tasks_servicer import Servicer

# Google's documents say up to 4 h in one place and about 1 h in another; rely on neither.
_TOMBSTONE_S = 3600.0


class TasksServer:
    """Start, stop, look inside. `port=0` picks a free one, known after `start`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data_dir: Path | None = None,
        issuer: Issuer,
        faults: Faults | None = None,
        tombstone_s: float = _TOMBSTONE_S,
    ) -> None:
        self._grpc = GrpcServer(host, port)
        self._pusher = Pusher()
        self._servicer = Servicer(data_dir, self._pusher, issuer, faults, tombstone_s)

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._grpc.port

    async def start(self) -> None:
        """Reads the journal, serves, and goes on with what was left; raises OSError when the port is taken."""
        self._servicer.open()
        await self._grpc.start(self._servicer.services())
        self._servicer.restart()

    async def stop(self) -> None:
        """Stops serving and dispatching; unfinished tasks stay in the journal. Safe to repeat."""
        await self._grpc.stop()
        self._servicer.close()
        self._pusher.close()

    def stats(self) -> dict[str, dict[str, int | float | str]]:
        """Figures per queue: depth, oldest age, dispatched, completed, failures, given up."""
        return {name: queue.report() for name, queue in sorted(self._servicer.queues.items())}
