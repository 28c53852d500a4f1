"""`manage.py serve`: the production stack on one machine, to try it."""

import getpass
import os
import resource
import signal
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from gameproject import demo
from gameproject.ops import serving
from gameproject.ops.nginx import Site, command, render
from gameproject.ops.supervisor import Child, NotStarted, Supervisor, is_listening

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
MAX_FOLDER_LENGTH = 85  # bytes: a unix socket's path has at most 107


class Command(BaseCommand):
    help = "Serve the site with several daphnes behind nginx, to try it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--host", default="127.0.0.1", help="address that nginx listens on")
        add("--port", type=int, default=8080)
        add("--daphnes", type=int, default=2, help="how many daphnes")
        add(
            "--staff",
            action="append",
            default=[],
            metavar="NETWORK",
            help="a network that may open /admin/; may be repeated; default: all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.ON_POSTGRES and settings.REDIS_URL):
            raise CommandError(
                "Several daphnes need PostgreSQL and Redis: `make serve`."
            )
        address = (options["host"], options["port"])
        if is_listening(address):
            raise CommandError(
                f"Port {address[1]} is taken; choose another with PORT=."
            )
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        allow_files()
        with folder_for_sockets() as run, folder_for_cache(run) as cache:
            self.serve(replace(site_at(run, options), cache=cache))

    def serve(self, site: Site) -> None:
        supervisor = Supervisor()
        try:
            start(supervisor, site)
            self.announce(site, demo.make())
            supervisor.watch(self.stdout.write)
        except (NotStarted, FileNotFoundError) as error:
            raise CommandError(str(error)) from None
        finally:
            supervisor.stop()
        self.stdout.write("\n  Stopped; the data stays.")

    def announce(self, site: Site, sign_ins: list[str]) -> None:
        self.stdout.write(f"\n  Gameproject  http://{site.listen}/")
        self.stdout.write(f"  Staff        http://{site.listen}/admin/")
        self.stdout.write(f"  Logs         {site.logs}\n\n")
        for line in sign_ins:
            line = line.replace(".venv/bin/python manage.py", "deploy/trial")
            self.stdout.write(f"  {line}")
        self.stdout.write(
            "\n  `make rush` sends a thousand players. Ctrl-C stops it.\n\n"
        )
        self.stdout.flush()


def start(supervisor: Supervisor, site: Site) -> None:
    """Start the daphnes and, once they listen, nginx."""
    for path in site.run.glob("*.sock"):  # of processes that were killed
        path.unlink()
    daphnes = [daphne(site, place) for place in range(site.daphnes)]
    for child in daphnes:
        supervisor.start(child)
    for place, child in enumerate(daphnes):
        child.wait_until(site.socket(place))
    # SIGQUIT lets it pass on the replies that the daphnes still send.
    nginx = Child("nginx", command(render(site)), site.logs, by=signal.SIGQUIT)
    supervisor.start(nginx)
    host, _colon, port = site.listen.rpartition(":")
    nginx.wait_until((host, int(port)))


def daphne(site: Site, place: int) -> Child:
    endpoint = f"unix:{site.socket(place)}:mode=660:backlog=4096"
    arguments = serving.daphne(endpoint)
    return Child(f"daphne-{place}", [sys.executable, *arguments], site.logs)


def site_at(run: Path, options: dict[str, Any]) -> Site:
    logs = settings.DATA_DIR / "log"
    logs.mkdir(parents=True, exist_ok=True)
    return Site(
        conf=run / "conf",
        run=run,
        logs=logs.resolve(),
        static=settings.STATIC_ROOT.resolve(),
        media=settings.MEDIA_ROOT.resolve(),
        daphnes=options["daphnes"],
        listen=f"{options['host']}:{options['port']}",
        language=settings.LANGUAGE_CODE,
        user=getpass.getuser() if os.getuid() == 0 else "",
        staff=options["staff"],
        venue=settings.VENUE_SIZE,
    )


@contextmanager
def folder_for_sockets() -> Iterator[Path]:
    """DATA_DIR/run or, if that path is too long for a socket, a folder in /tmp."""
    run = (settings.DATA_DIR / "run").resolve()
    if len(str(run)) <= MAX_FOLDER_LENGTH:
        run.mkdir(parents=True, exist_ok=True)
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="gameproject-") as folder:
        yield Path(folder)


@contextmanager
def folder_for_cache(run: Path) -> Iterator[Path]:
    """A folder in memory, which a full disk does not affect; else in `run`."""
    place = MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else run
    with tempfile.TemporaryDirectory(prefix="gameproject-", dir=place) as folder:
        yield Path(folder)


def allow_files() -> None:
    """Allow as many open files as this user may have; child processes inherit it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
