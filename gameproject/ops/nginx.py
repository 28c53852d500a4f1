"""nginx in front: `deploy/nginx/*.conf` filled in for one machine."""

import re
import resource
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import override

from core.refusals import DETAILS, STATUS
from gameproject.bare import API_PATHS, as_json, as_page
from gameproject.boundary import FROM_ANYBODY

TEMPLATES = Path(__file__).parents[2] / "deploy/nginx"
# Requests at a time that one daphne may hold, where they wait in line: as many as its
# backlog; nginx has no line of its own, it would refuse. And sockets that it may hold.
REQUESTS_AT_ONCE, SOCKETS_AT_ONCE = 4096, 20_000
# Of one address at a time, in venues: sockets, and requests for pages.
VENUES_AT_ONCE = 4
# What nginx refuses by itself; all other statuses say "invalid".
REFUSED = ("forbidden", "not_found", "too_large", "rate_limited", "unavailable")
LANGUAGES = ("en", "th")
# nginx sends these as they are for it, not as the client said them.
NGINX_SAYS = {b"host", b"content-length"}


@dataclass(frozen=True)
class Site:
    """What differs from one machine to the next. Paths are absolute."""

    conf: Path  # where the filled-in files stand
    run: Path  # sockets and temporary files
    logs: Path
    static: Path
    media: Path
    daphnes: int = 2
    listen: str = "127.0.0.1:8080"
    names: str = "_"
    language: str = "en"
    user: str = ""  # of nginx's workers, where its master is root
    staff: Sequence[str] = ()  # networks that may open /admin/; empty: all
    cache: Path | None = None  # best in memory; `run` holds it otherwise
    venue: int = 1000  # players who may share an address

    def socket(self, place: int) -> Path:
        return self.run / f"daphne-{place}.sock"


def render(site: Site) -> Path:
    """Write the configuration; the path of its main file."""
    site.conf.mkdir(parents=True, exist_ok=True)
    values = values_of(site)
    Path(values["CACHE"]).mkdir(parents=True, exist_ok=True)
    for template in TEMPLATES.glob("*.conf"):
        text = re.sub("@([A-Z_]+)@", lambda m: values[m[1]], template.read_text())
        (site.conf / template.name).write_text(text)
    return site.conf / "nginx.conf"


def values_of(site: Site) -> dict[str, str]:
    """What stands for each `@NAME@`."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = 65_536 if files == resource.RLIM_INFINITY else min(files, 65_536)
    return {
        "CONF": str(site.conf),
        "RUN": str(site.run),
        "CACHE": str(site.cache or site.run / "cache"),
        "LOGS": str(site.logs),
        "STATIC": str(site.static),
        "MEDIA": str(site.media),
        "LISTEN": f"{site.listen} backlog=4096",
        "NAMES": site.names,
        "LANGUAGE": site.language,
        "USER": f"user {site.user};" if site.user else "",
        "FILES": str(files),
        "CONNECTIONS": str(min(files, 32_768)),
        "PAGE_SERVERS": servers(site, REQUESTS_AT_ONCE),
        "SOCKET_SERVERS": servers(site, SOCKETS_AT_ONCE),
        "STAFF": "\n".join(
            [*(f"allow {network};" for network in site.staff), "deny all;"]
            if site.staff
            else []
        ),
        "HEADERS": "\n".join(passed_on(name.decode()) for name in sorted(NAMES)),
        "ADDRESS_CONNECTIONS": str(VENUES_AT_ONCE * site.venue),
        "API_PATHS": "|".join(API_PATHS),
        "REFUSED_CODES": entries({"default": "invalid", **CODES}),
        "REFUSED_JSON": entries(refusals(as_json)),
        "REFUSED_PAGE": entries(refusals(as_page)),
    }


NAMES = FROM_ANYBODY - NGINX_SAYS
CODES = {str(STATUS[code]): code for code in REFUSED}


def passed_on(name: str) -> str:
    """The line that tells Django what the client says in this header."""
    return f"proxy_set_header {name.title()} $http_{name.replace('-', '_')};"


def refusals(form: Callable[[str, str, str], str]) -> dict[str, str]:
    """What is said in each language, by code and language."""
    found = {}
    for language in LANGUAGES:
        with override(language):
            for code in ("invalid", *REFUSED):
                found[f"{code} {language}"] = form(code, str(DETAILS[code]), language)
    return found


def entries(values: Mapping[str, str]) -> str:
    """The lines of a map."""
    return "\n    ".join(f"{quoted(key)} {quoted(values[key])};" for key in values)


def quoted(text: str) -> str:
    """nginx has no way to write a dollar that begins no variable."""
    assert "$" not in text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def servers(site: Site, at_once: int) -> str:
    """The lines of an upstream.

    nginx takes none of them out for its failures: a stranger can cause some. A dead one
    is left within the same request.
    """
    limits = f"max_conns={at_once} max_fails=0"
    return "\n    ".join(
        f"server unix:{site.socket(place)} {limits};" for place in range(site.daphnes)
    )


def command(conf: Path) -> list[str]:
    """How nginx is run in the foreground; `FileNotFoundError` if it isn't there."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not found:
        raise FileNotFoundError("nginx is missing. On Debian: apt-get install nginx")
    return [found, "-p", str(conf.parent), "-c", str(conf), "-g", "daemon off;"]
