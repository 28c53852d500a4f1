"""What a process starts once, under any server."""

from functools import cache
from typing import Any

from gameproject.ops.collector import collect_seldom
from gameproject.ops.warming import warm
from games.scheduler import Scheduler


@cache
def start() -> Scheduler:
    """Warm the process up, tune the collector and start the scheduler: once.

    Our own server calls this before it listens. Under others the first scope calls it:
    the lifespan, if there is one. Importing the application starts nothing.
    """
    warm()
    collect_seldom()
    scheduler = Scheduler()
    scheduler.start()
    return scheduler


async def lifespan(_scope: Any, receive: Any, send: Any) -> None:
    """Handle the ASGI lifespan: the server says when it starts and stops."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    start().stop()
    await send({"type": "lifespan.shutdown.complete"})
