"""A room that says back what it is told, so that the local cloud is tested without the rooms of the product."""

import textwrap
from pathlib import Path

CARD = """
room: echo
purpose: Says back what it was told, to try the local cloud.
doors:
  http: {kind: http, target: echo, public: true, cpu: 1, memory: 256Mi, concurrency: 8, minInstances: 0,
    maxInstances: 1, timeout: 5, routes: [/v1/echo]}
  events:
    kind: events
    target: echo_events
    public: false
    cpu: 1
    memory: 256Mi
    concurrency: 8
    minInstances: 0
    maxInstances: 1
    timeout: 5
    subscriptions:
      words: {topic: words, path: "/push/words/{tenantId}", ackDeadline: 10, minBackoff: 0.1, maxBackoff: 1}
    queues:
      later: {path: /tasks/later, maxDispatchesPerSecond: 50, maxConcurrentDispatches: 5, maxAttempts: 5,
        minBackoff: 1, maxBackoff: 9}
    schedules:
      tick: {path: /jobs/tick, every: 60}
topics:
  words: {perTenant: true, description: What somebody said.}
"""

MAIN = '''
"""See the card."""
from functions.common import auth, mongo
from functions.common.events import EventDoor, Job, Message
from functions.common.http import Call, HttpDoor, Reply


async def ready() -> dict[str, str]:
    await mongo.ping()
    return {"mongo": "ok"}


door = HttpDoor("echo", ready=ready)
events = EventDoor("echo", ready=ready)


@door.get("/v1/echo/heard", summary="What was heard.", auth=auth.session())
async def heard(call: Call) -> Reply:
    words = mongo.collection("words").find({"tenant": call.principal.tenant_id})
    return Reply([word["text"] async for word in words])


@door.get("/v1/echo/{word}", summary="Say it back.", auth=auth.public())
async def say(call: Call) -> Reply:
    if call.params["word"] == "boom":
        raise RuntimeError("somebody@example.com said boom")
    return Reply({"word": call.params["word"], "answer": "first"})


@events.push("/push/words/{tenantId}", subscription="words", topic="words-{tenantId}")
async def hear(message: Message) -> None:
    await mongo.collection("words").insert_one(
        {"tenant": message.params["tenantId"], "text": message.data.decode()}
    )


@events.job("/jobs/tick")
async def tick(job: Job) -> None:
    await mongo.collection("words").insert_one({"tenant": "clock", "text": "tick"})


echo = door.entry()
echo_events = events.entry()
'''


def write(folder: Path) -> Path:
    """A functions folder with this one room of two doors."""
    room = folder / "functions" / "echo"
    room.mkdir(parents=True)
    (room / "function.yaml").write_text(textwrap.dedent(CARD))
    (room / "main.py").write_text(MAIN)
    return room.parent
