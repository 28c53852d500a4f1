"""How our server stops: open requests get their replies, and no wait is long.

Before it exits, Python waits without a limit for all threads of its executors. One may
wait for the stopped event loop, or for a database that doesn't answer. The process
would not listen any more, and never end. So it ends after END_SECONDS in any case.
"""

import asyncio
import faulthandler
import signal
from collections.abc import Callable
from typing import Any

FINISH_SECONDS = 3.0  # for open requests and commands
END_SECONDS = 5.0  # from the signal to the end of the process, whatever hangs
FLUSH_SECONDS = 0.5  # more, to write what is left
POLL_SECONDS, POLLS = 0.02, 5  # this many checks in a row must succeed
BACKLOG = 4096  # connections that the kernel may have accepted
RESTARTING = 1012  # close code


def end_in_time() -> None:
    """Make sure that a signal ends the process in time. Call once the reactor runs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, ending(handler))


def ending(handler: Callable[..., object]) -> Callable[..., None]:
    """A signal handler that runs this one, and ends the process in time.

    The thread of faulthandler needs neither the event loop nor the interpreter's lock.
    It logs where each thread was, and exits with 1.
    """

    def end(*how: Any) -> None:
        faulthandler.dump_traceback_later(END_SECONDS, exit=True)
        handler(*how)

    return end


async def finish(server: Any) -> None:
    """Accept nothing new, and give open requests and commands FINISH_SECONDS."""
    server.is_stopping = True
    from twisted.internet import reactor

    writers: Callable[[], list[Any]] = getattr(reactor, "getWriters")  # noqa: B009
    last = asyncio.get_running_loop().time() + FINISH_SECONDS
    for port in server.ports:
        close(port)
    sockets = [it for it in server.connections if is_socket(it)]
    close_after_replies([it for it in server.connections if not is_socket(it)])
    for socket in sockets:
        disconnect(socket)
    await until(lambda: not running(server), last)
    for socket in sockets:
        if socket.state == socket.STATE_OPEN:
            socket.sendCloseFrame(code=RESTARTING, isReply=False)
    await until(lambda: not writers(), last + FLUSH_SECONDS)
    for application in running(server):
        application.cancel()


def close(port: Any) -> None:
    """Accept what the kernel has let in, and close in the same turn of the loop.

    Twisted would close one turn later. A connection in between would be reset, perhaps
    with a request that must not be sent again.
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


def disconnect(socket: Any) -> None:
    """Tell the application that the client has gone, so that it finishes its commands.

    The client is still there, and gets the replies.
    """
    if queue := getattr(socket, "application_queue", None):
        queue.put_nowait({"type": "websocket.disconnect", "code": RESTARTING})


def close_after_replies(requests: list[Any]) -> None:
    """Close each connection after its reply, also if its request is yet to come."""
    for request in requests:
        if channel := getattr(request, "channel", None):
            channel.persistent = channel.checkPersistence(request, b"")


def running(server: Any) -> "list[asyncio.Future[None]]":
    """The application instances that have not finished."""
    tasks = [it.get("application_instance") for it in server.connections.values()]
    return [task for task in tasks if task is not None and not task.done()]


async def until(done: Callable[[], bool], last: float) -> None:
    """Wait until it is done, or until `last` by the loop's clock.

    No event says that an application has ended or a reply is written, and a new request
    may arrive at any turn. So this polls, and it must be done several times in a row.
    """
    loop = asyncio.get_running_loop()
    successes = 0
    while successes < POLLS and loop.time() < last:
        successes = successes + 1 if done() else 0
        await asyncio.sleep(POLL_SECONDS)
