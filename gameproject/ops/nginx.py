"""The nginx configuration: `deploy/nginx/*.conf`, filled in for one machine."""

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
# Requests that one daphne may hold at a time, waiting in line: as many as its backlog,
# because nginx has no queue and would refuse. And sockets that it may hold.
REQUESTS_AT_ONCE, SOCKETS_AT_ONCE = 4096, 20_000
# Times VENUE_SIZE: sockets, and requests for pages, of one address at a time.
VENUES_AT_ONCE = 4
# Refusals that nginx gives by itself; all other statuses say "invalid".
REFUSED = ("forbidden", "not_found", "too_large", "rate_limited", "unavailable")
LANGUAGES = ("en", "th")
# nginx sets these itself.
SET_BY_NGINX = {b"host", b"content-length"}


@dataclass(frozen=True)
class Site:
    """What differs between machines. Paths are absolute."""

    conf: Path  # folder of the filled-in files
    run: Path  # sockets and temporary files
    logs: Path
    static: Path
    media: Path
    daphnes: int = 2
    listen: str = "127.0.0.1:8080"
    names: str = "_"
    language: str = "en"
    user: str = ""  # of nginx's workers, if its master is root
    staff: Sequence[str] = ()  # networks that may open /admin/; empty: all
    cache: Path | None = None  # best in memory; None: in `run`
    venue: int = 1000  # players who may share an address

    def socket(self, place: int) -> Path:
        return self.run / f"daphne-{place}.sock"


def render(site: Site) -> Path:
    """Write the configuration; returns the path of its main file."""
    site.conf.mkdir(parents=True, exist_ok=True)
    values = values_of(site)
    Path(values["CACHE"]).mkdir(parents=True, exist_ok=True)
    for template in TEMPLATES.glob("*.conf"):
        text = re.sub("@([A-Z_]+)@", lambda m: values[m[1]], template.read_text())
        (site.conf / template.name).write_text(text)
    return site.conf / "nginx.conf"


def values_of(site: Site) -> dict[str, str]:
    """The value of each `@NAME@`."""
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
        "HEADERS": "\n".join(forward(name.decode()) for name in sorted(FORWARDED)),
        "ADDRESS_CONNECTIONS": str(VENUES_AT_ONCE * site.venue),
        "API_PATHS": "|".join(API_PATHS),
        "REFUSED_CODES": entries({"default": "invalid", **CODES}),
        "REFUSED_JSON": entries(refusals(as_json)),
        "REFUSED_PAGE": entries(refusals(as_page)),
    }


FORWARDED = FROM_ANYBODY - SET_BY_NGINX
CODES = {str(STATUS[code]): code for code in REFUSED}


def forward(name: str) -> str:
    """The line that passes a header of the client on to Django."""
    return f"proxy_set_header {name.title()} $http_{name.replace('-', '_')};"


def refusals(form: Callable[[str, str, str], str]) -> dict[str, str]:
    """The text of each refusal, by code and language."""
    texts = {}
    for language in LANGUAGES:
        with override(language):
            for code in ("invalid", *REFUSED):
                texts[f"{code} {language}"] = form(code, str(DETAILS[code]), language)
    return texts


def entries(values: Mapping[str, str]) -> str:
    """The lines of an nginx map."""
    return "\n    ".join(f"{quoted(key)} {quoted(values[key])};" for key in values)


def quoted(text: str) -> str:
    """A string of nginx, which has no way to write a dollar sign."""
    assert "$" not in text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def servers(site: Site, at_once: int) -> str:
    """The server lines of an upstream.

    nginx never takes one out for its failures, because a stranger can cause some. From
    a dead one it goes on to the next within the same request.
    """
    limits = f"max_conns={at_once} max_fails=0"
    return "\n    ".join(
        f"server unix:{site.socket(place)} {limits};" for place in range(site.daphnes)
    )


def command(conf: Path) -> list[str]:
    """Runs nginx in the foreground; `FileNotFoundError` if it is not installed."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx:
        raise FileNotFoundError("nginx is missing. On Debian: apt-get install nginx")
    return [nginx, "-p", str(conf.parent), "-c", str(conf), "-g", "daemon off;"]
