"""The local Pub/Sub server: Google's gRPC API on one port, for the unmodified Google clients."""

from pathlib import Path

from local.faults import Faults
from local.issuer import Issuer
from local.pubsub_pull import PullOutlet
from local.pubsub_push import PUSH_WINDOW, PushOutlet
from local.pubsub_servicer import Servicer
from local.pubsub_store import Store
from local.pubsub_subscription import Subscription
from local.push import Pusher
from local.rpc import GrpcServer


class PubSubServer:
    """Start, stop, look inside. `port=0` picks a free one, known after `start`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data_dir: Path | None = None,
        issuer: Issuer,
        faults: Faults | None = None,
        push_window: int = PUSH_WINDOW,
    ) -> None:
        self._issuer = issuer
        self._push_window = push_window
        self._store = Store(data_dir, faults)
        self._grpc = GrpcServer(host, port)
        self._pusher = Pusher(push_window)
        self._servicer = Servicer(self._store, self._plug)

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._grpc.port

    async def start(self) -> None:
        """Reads the journal, serves, and pushes on what was left over; raises OSError when the port is taken."""
        self._store.open()
        for subscription in self._store.subscriptions.values():
            self._plug(subscription)
        await self._grpc.start(self._servicer.services())
        for subscription in list(self._store.subscriptions.values()):
            subscription.pump()

    async def stop(self) -> None:
        """Stops serving and pushing; what is unacknowledged stays in the journal. Safe to repeat."""
        for subscription in self._store.subscriptions.values():
            subscription.closed = True
        for pull in self._servicer.pulls.values():
            pull.close()
        await self._grpc.stop()
        self._pusher.close()
        self._store.close()

    def stats(self) -> dict[str, dict[str, int | float | str]]:
        """Figures per subscription: depth, oldest age, sent, delivered, failures, dead letters."""
        return {name: s.report() for name, s in sorted(self._store.subscriptions.items())}

    def _plug(self, subscription: Subscription) -> None:
        pull = self._servicer.pulls.get(subscription.serial)
        if pull is None:
            pull = self._servicer.pulls[subscription.serial] = PullOutlet(subscription)
        push = subscription.pb.push_config
        if isinstance(subscription.outlet, PushOutlet) and subscription.outlet.config == push:
            return
        if push.push_endpoint:
            subscription.outlet = PushOutlet(subscription, self._pusher, self._issuer, self._push_window)
        else:
            subscription.outlet = pull
