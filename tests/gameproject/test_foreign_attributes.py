"""The names that our server relies on in other packages: an upgrade fails here.

Whoever moves the bounds of these packages in pyproject.toml reads them anew.
"""

import ast
import inspect
import re
import tomllib
from importlib.metadata import version
from typing import Any

import pytest
from autobahn.twisted import util, websocket
from autobahn.websocket import protocol as autobahn
from daphne import cli, http_protocol, server, ws_protocol
from packaging.requirements import Requirement
from twisted.internet import abstract, asyncioreactor, tcp
from twisted.protocols import basic, policies, tls
from twisted.web import http

from gameproject.ops import server as ours
from tests.stack import ROOT

OURS = ("server", "stopping", "upgrades", "bounds", "writes")  # in gameproject/ops
THEIRS = ("autobahn", "daphne", "twisted")

# What we call or override, with its parameters in the version that was read.
CALLED: dict[Any, dict[str, str]] = {
    cli.CommandLineInterface: {"load_asgi_app": "asgi_app_path"},
    server.Server: {
        "run": "",
        "listen_success": "port",
        "kill_all_applications": "",
        "create_application": "protocol, scope",  # in tests
    },
    ws_protocol.WebSocketFactory: {"buildProtocol": "addr", "setProtocolOptions": "*"},
    ws_protocol.WebSocketProtocol: {
        "onConnect": "request",
        "onClose": "wasClean, code, reason",
        "serverAccept": "subprotocol",
        "serverSend": "content, binary",
        "serverClose": "code",
    },
    http_protocol.HTTPFactory: {"buildProtocol": "addr", "acceptableProtocols": ""},
    http_protocol.WebRequest: {"process": ""},
    autobahn.WebSocketProtocol: {
        "_connectionMade": "",
        "_connectionLost": "reason",
        "_dataReceived": "data",
        "_sendAutoPing": "",
        "dropConnection": "abort",
        "onFrameBegin": "",
        "sendCloseFrame": "code, reasonUtf8, isReply",
        "sendData": "data, sync, chopsize",
    },
    autobahn.WebSocketServerProtocol: {"processHandshake": ""},
    websocket.WebSocketAdapterProtocol: {"connectionMade": ""},
    util: {"create_transport_details": "transport, is_server"},
    http.Request: {"handleContentChunk": "data"},
    http.HTTPChannel: {
        "allContentReceived": "",
        "checkPersistence": "request, version",
        "connectionLost": "reason",
        "dataReceived": "data",
    },
    tcp.Connection: {"abortConnection": ""},
    tcp.Port: {"connectionLost": "reason", "doRead": "", "stopReading": ""},
    tls.TLSMemoryBIOProtocol: {"abortConnection": ""},
    asyncioreactor.AsyncioSelectorReactor: {"getWriters": "", "callWhenRunning": "*"},
}

# Attributes that we read or set by name, and the class whose source has them.
NAMED: dict[Any, set[str]] = {
    cli.CommandLineInterface: {"server_class", "entrypoint"},
    server.Server: {
        *("http_factory", "ws_factory", "connections", "signal_handlers"),
        *("server_name", "ping_timeout", "websocket_handshake_timeout"),
    },
    server: {"reactor"},
    ws_protocol.WebSocketProtocol: {
        *("_raw_query_string", "handshake_deferred", "application_queue", "server"),
    },
    ws_protocol.WebSocketFactory: {"server_class", "protocol"},
    http_protocol.HTTPFactory: {"requestFactory", "server"},
    http_protocol.WebRequest: {"ws_factory", "transport.protocol", "wrappedProtocol"},
    autobahn.WebSocketProtocol: {
        *("CONFIG_ATTRS", "autoPingTimeoutCall", "closeHandshakeTimeout"),
        *("current_frame", "is_closed", "state", "transport", "unregisterProducer"),
        *("STATE_CLOSED", "STATE_CLOSING", "STATE_OPEN", "_closeConnection"),
    },
    autobahn.WebSocketServerProtocol: {"countConnections"},
    websocket.WebSocketAdapterProtocol: {"_transport_details", "peer"},
    autobahn.PreparedMessage: {"payloadHybi"},
    http.HTTPChannel: {"_handlingRequest", "callLater", "persistent", "requests"},
    http.HTTPFactory: {"timeOut", "reactor"},
    http.Request: {"channel", "requestHeaders", "responseHeaders"},
    tcp.Connection: {"TLS", "socket"},
    tcp.Port: {"numberAccepts"},
    abstract.FileDescriptor: {"_tempDataLen", "dataBuffer", "offset", "connected"},
    basic.LineReceiver: {"_buffer"},
    tls.TLSMemoryBIOProtocol: {"_appSendBuffer"},
    policies.ProtocolWrapper: {"wrappedProtocol"},
}


@pytest.mark.parametrize("owner", CALLED, ids=lambda one: one.__name__)
def test_what_is_called_takes_what_it_took(owner: Any) -> None:
    for name, parameters in CALLED[owner].items():
        found = [*inspect.signature(getattr(owner, name)).parameters]
        assert parameters == "*" or ", ".join(found[found[:1] == ["self"] :]) == (
            parameters
        ), name


@pytest.mark.parametrize("owner", NAMED, ids=lambda one: one.__name__)
def test_what_is_named_is_there(owner: Any) -> None:
    source = inspect.getsource(owner)

    def is_there(name: str) -> bool:
        named = re.search(rf"\b{re.escape(name)}\b", source)
        return hasattr(owner, name) or named is not None

    assert {name for name in NAMED[owner] if not is_there(name)} == set()


def listed() -> set[str]:
    return {name for names in (*CALLED.values(), *NAMED.values()) for name in names}


def test_every_private_name_of_theirs_is_listed() -> None:
    used = set()
    for stem in OURS:
        tree = ast.parse((ROOT / f"gameproject/ops/{stem}.py").read_text())
        names = [one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)]
        used |= {name for name in names if re.match("_[a-zA-Z]", name)}
    assert used - listed() == set()


def test_everything_that_is_overridden_is_listed() -> None:
    found = set()
    for one in vars(ours).values():
        if inspect.isclass(one) and one.__module__ == ours.__name__:
            above = [
                base
                for base in one.__mro__
                if base.__module__.partition(".")[0] in THEIRS
            ]
            found |= {n for n in vars(one) if any(n in vars(base) for base in above)}
    of_python = {name for name in found if name.startswith("__")}
    assert found - of_python - listed() == {"description"}


@pytest.mark.parametrize("name", THEIRS)
def test_versions_are_those_that_were_read(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [one] = [
        one for one in map(Requirement, project["dependencies"]) if one.name == name
    ]
    assert version(name) in one.specifier
    assert "<" in {part.operator for part in one.specifier}
