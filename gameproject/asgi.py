"""The ASGI application: pages and API over HTTP, and players' sockets."""

import asyncio
import os
import re
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gameproject.settings")
pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from answers.pages import mine_view  # noqa: E402
from batch.api import batch_view  # noqa: E402
from core.origins import SameOrigin  # noqa: E402
from gameproject.boundary import Boundary  # noqa: E402
from gameproject.gathering import Gathering  # noqa: E402
from gameproject.ops.collector import idle_collector  # noqa: E402
from gameproject.ops.lifespan import lifespan, start  # noqa: E402
from gameproject.sign_in_line import SignInLine  # noqa: E402
from games import events  # noqa: E402
from live.consumer import GameConsumer  # noqa: E402
from live.http import answers_view, checkins_view, redemptions_view  # noqa: E402
from live.joining import join_view  # noqa: E402

routes = [
    path("ws/games/<game:slug>/", GameConsumer.as_asgi()),
    re_path(
        "", WebsocketDenier.as_asgi()
    ),  # else the router raises, and the response is a 500
]
sockets = SameOrigin(URLRouter(routes))

# In a rush these arrive by the hundred: those that arrive together share one call.
gathered = [
    ("POST", re.compile(r"/games/(?P<slug>[a-z0-9-]{1,60})/join/"), join_view),
    ("POST", re.compile(r"/api/answers"), answers_view),
    ("POST", re.compile(r"/api/checkins"), checkins_view),
    ("POST", re.compile(r"/api/redemptions"), redemptions_view),
    ("POST", re.compile(r"/(?:api/)?batch"), batch_view),
    ("GET", re.compile(r"/me/"), mine_view),
]


class Application(ProtocolTypeRouter):
    """Routes by protocol, on the event loop that also sends broadcasts."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start()  # with the first scope (a lifespan too), unless the server did
        events.loop = asyncio.get_running_loop()
        await super().__call__(scope, receive, send)


ways = {
    "http": Gathering(SignInLine(pages), gathered),
    "websocket": sockets,
    "lifespan": lifespan,
}
application = Boundary(idle_collector.watch(Application(ways)))
