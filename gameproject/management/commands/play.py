"""`manage.py play`: the whole product on one machine, without PostgreSQL and Redis."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from gameproject import demo
from gameproject.ops import serving


class Command(BaseCommand):
    help = "Serve the site from one process on SQLite, with demo content."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("host", nargs="?", default="127.0.0.1")
        parser.add_argument("port", nargs="?", type=int, default=8000)
        parser.add_argument(
            "--reload",
            action="store_true",
            help="for development: restart when the code changes; needs DEBUG",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if options["reload"] and not settings.DEBUG:
            raise CommandError("--reload needs DEBUG=true; see `make dev`.")
        call_command("migrate", verbosity=0)
        if not options["reload"]:
            call_command("collectstatic", interactive=False, verbosity=0)
        sign_ins = demo.make()
        self.stdout.write(f"\n  Gameproject  http://{host}:{port}/")
        self.stdout.write(f"  Staff        http://{host}:{port}/admin/\n\n")
        for line in sign_ins:
            self.stdout.write(f"  {line}")
        self.stdout.write("\n  Ctrl-C stops it; the data stays.\n\n")
        self.stdout.flush()
        serve = reloading if options["reload"] else serving_alone
        os.execv(sys.executable, [sys.executable, *serve(host, port)])  # noqa: S606


def serving_alone(host: str, port: int) -> list[str]:
    return serving.daphne(f"tcp:port={port}:interface={host}:backlog=4096")


def reloading(host: str, port: int) -> list[str]:
    """Static files come from their source folders, and browsers do not cache them."""
    manage = str(settings.BASE_DIR / "manage.py")
    return [manage, "runserver", "--nostatic", f"{host}:{port}"]
