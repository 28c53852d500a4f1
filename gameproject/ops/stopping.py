"""How our server ends: what is under way gets its reply, and no wait is long.

Before it exits, Python waits without a bound for all threads of its executors. One of
them may wait for the server's loop, which has stopped, or for a database that doesn't
answer: the process would listen no more, and never end. So it ends after END_SECONDS.
"""

import asyncio
import faulthandler
import signal
from collections.abc import Callable
from typing import Any

FINISH_SECONDS = 3.0  # for the requests and commands that are under way
END_SECONDS = 5.0  # from the signal on: then the process ends, whatever hangs
FLUSH_SECONDS = 0.5  # more, for what is written last
LOOK, QUIET = 0.02, 5  # seconds between looks; so many in a row must find nothing
BACKLOG = 4096  # connections that the kernel may have let in already
RESTARTING = 1012  # close code


def end_in_time() -> None:
    """Have the process end in time once it is told to. Called once the reactor runs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, ending(handler))


def ending(otherwise: Callable[..., object]) -> Callable[..., None]:
    """A handler of a signal, after which the process ends in time.

    The thread of faulthandler needs neither the loop nor the interpreter's lock. It
    writes to the log where each thread was, and exits with 1.
    """

    def end(*how: Any) -> None:
        faulthandler.dump_traceback_later(END_SECONDS, exit=True)
        otherwise(*how)

    return end


async def finish(server: Any) -> None:
    """Take nothing new, and give what is under way FINISH_SECONDS."""
    server.is_stopping = True
    from twisted.internet import reactor

    writers: Callable[[], list[Any]] = getattr(reactor, "getWriters")  # noqa: B009
    last = asyncio.get_running_loop().time() + FINISH_SECONDS
    for port in server.ports:
        close(port)
    close_after_replies([one for one in server.connections if not is_socket(one)])
    sockets = [one for one in server.connections if is_socket(one)]
    for one in sockets:
        hang_up(one)
    await until(lambda: not under_way(server), last)
    for one in sockets:
        if one.state == one.STATE_OPEN:
            one.sendCloseFrame(code=RESTARTING, isReply=False)
    await until(lambda: not writers(), last + FLUSH_SECONDS)
    for application in under_way(server):
        application.cancel()


def close(port: Any) -> None:
    """Take those whom the kernel let in, and close in the same turn of the loop.

    Twisted's own closes one turn later: who came in between would be reset, with a
    request that must not be sent again perhaps.
    """
    from twisted.internet.main import CONNECTION_DONE
    from twisted.python import failure

    reason: Callable[..., Any] = failure.Failure
    port.numberAccepts = BACKLOG
    port.doRead()
    port.stopReading()
    port.connectionLost(reason(CONNECTION_DONE))


def is_socket(connection: Any) -> bool:
    return hasattr(connection, "sendCloseFrame")


def hang_up(socket: Any) -> None:
    """Tell the application that the client has gone: it finishes what it took up.

    Its replies still go out, for the client is there.
    """
    if queue := getattr(socket, "application_queue", None):
        queue.put_nowait({"type": "websocket.disconnect", "code": RESTARTING})


def close_after_replies(requests: list[Any]) -> None:
    """Close each connection after its reply; that of a request to come does so too."""
    for request in requests:
        if channel := getattr(request, "channel", None):
            channel.persistent = channel.checkPersistence(request, b"")


def under_way(server: Any) -> "list[asyncio.Future[None]]":
    """The applications that are still at work."""
    found = [one.get("application_instance") for one in server.connections.values()]
    return [one for one in found if one is not None and not one.done()]


async def until(done: Callable[[], bool], last: float) -> None:
    """Wait for something, until a moment of the loop's clock at the latest.

    Nobody is told when an application ends or a reply is written, and in a turn of the
    loop a request may come: so there are looks, and it must hold for some of them.
    """
    loop = asyncio.get_running_loop()
    quiet = 0
    while quiet < QUIET and loop.time() < last:
        quiet = quiet + 1 if done() else 0
        await asyncio.sleep(LOOK)
