"""Other people's services, as small processes beside the suite: started when a door's card asks for their settings.

Each is `python -m MODULE --port PORT --data-dir FOLDER ...` on 127.0.0.1 and answers `/health`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from functions.common.cards import Door
from local.environment import ROOT, tool_environment
from local.forkserver import ForkServer
from local.processes import HOST, Child


@dataclass(frozen=True, slots=True)
class StandIn:
    """One of them. `gives`: the settings of doors that it brings about, `{url}` being where it listens.

    In `arguments` stands `{gateway}` for the URL of the gateway.
    """

    name: str
    called: str
    module: str
    gives: Mapping[str, str]
    arguments: tuple[str, ...] = field(default=())


STAND_INS = (
    StandIn(
        "loyalty",
        "the loyalty system",
        "local.loyalty",
        {"LOYALTY_URL": "{url}", "LOYALTY_KEY": "local-loyalty-key"},
    ),
    StandIn(
        "stripe",
        "Stripe",
        "local.stripe",
        {
            "STRIPE_API_BASE": "{url}",
            "STRIPE_API_KEY": "sk_test_local",
            "STRIPE_PUBLISHABLE_KEY": "pk_test_local",
            "STRIPE_WEBHOOK_SECRETS": "whsec_local",
        },
        ("--endpoint", "{gateway}/v1/webhooks/stripe", "--secret", "whsec_local"),
    ),
    StandIn("fcm", "Firebase Cloud Messaging", "local.fcm", {"FCM_ENDPOINT": "{url}"}),
)
NAMES = tuple(each.name for each in STAND_INS)


def wanted(doors: Iterable[Door]) -> tuple[StandIn, ...]:
    """Those whose settings a door asks for."""
    asked = {name for door in doors for name in (*door.secrets, *door.env)}
    return tuple(each for each in STAND_INS if not asked.isdisjoint(each.gives))


def settings_of(ports: Mapping[str, int]) -> dict[str, str]:
    """What all of them give to doors, by the name of the variable."""
    return {
        name: text.format(url=f"http://{HOST}:{ports[each.name]}")
        for each in STAND_INS
        for name, text in each.gives.items()
    }


def child(stand_in: StandIn, data_dir: Path, port: int, gateway: str, forks: ForkServer | None = None) -> Child:
    """Its process; not started."""
    folder = data_dir / stand_in.name
    argv = [sys.executable, "-m", stand_in.module, "--port", str(port), "--data-dir", str(folder)]
    argv += [argument.format(gateway=gateway) for argument in stand_in.arguments]
    log = data_dir / "logs" / f"{stand_in.name}.log"
    return Child(stand_in.called, argv, log=log, env=tool_environment(), cwd=ROOT, forks=forks)
