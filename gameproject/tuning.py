"""What the server underneath does at every handshake, and need not."""

import sys


def quiet_autobahn() -> None:
    """Spare daphne a pretty-printed copy of its settings, made twice a handshake for a
    debug line that nobody reads: a fifth of what connecting costs.

    Other servers don't load autobahn; for them there is nothing to do.
    """
    protocol = sys.modules.get("autobahn.websocket.protocol")
    if protocol is not None and hasattr(protocol, "pformat"):
        protocol.pformat = repr  # type: ignore[attr-defined]
