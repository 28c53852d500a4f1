"""What a process starts once, whichever server it runs under."""

from functools import cache
from typing import Any

from gameproject.ops.collector import collect_seldom
from gameproject.ops.warming import warm
from games.scheduler import Scheduler


@cache
def start() -> Scheduler:
    """Warm the process, spare it the collector, start the scheduler: once, on demand.

    Our own server calls this before it listens; under any other the first scope does,
    which is the lifespan where there is one. Importing the application starts nothing.
    """
    warm()
    collect_seldom()
    scheduler = Scheduler()
    scheduler.start()
    return scheduler


async def lifespan(_scope: Any, receive: Any, send: Any) -> None:
    """Answer a server that says when it starts and stops."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    start().stop()
    await send({"type": "lifespan.shutdown.complete"})
