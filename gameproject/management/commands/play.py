"""`manage.py play`: the whole product on one machine, no PostgreSQL, no Redis."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from gameproject import demo, serving


class Command(BaseCommand):
    help = "Prepare the embedded default, with demo content, and serve it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("host", nargs="?", default="127.0.0.1")
        parser.add_argument("port", nargs="?", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        sign_ins = demo.make()
        self.stdout.write(f"\n  Gameproject  http://{host}:{port}/")
        self.stdout.write(f"  Staff        http://{host}:{port}/admin/\n\n")
        for line in sign_ins:
            self.stdout.write(f"  {line}")
        self.stdout.write("\n  Ctrl-C stops it; the data stays.\n\n")
        self.stdout.flush()
        command = serving.daphne(f"tcp:port={port}:interface={host}:backlog=4096")
        os.execv(sys.executable, [sys.executable, *command])  # noqa: S606
