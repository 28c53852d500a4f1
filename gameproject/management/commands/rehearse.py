"""`manage.py rehearse`: a load test with a thousand virtual players."""

import json
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from core.rate_limits import BURST, of_address
from gameproject.loadtest import report, table
from gameproject.loadtest.chaos import NotRestarted
from gameproject.loadtest.coordinator import Coordinator, WorkerLost
from gameproject.loadtest.doors import JOINS, play_doors
from gameproject.loadtest.fixtures import Fixtures
from gameproject.loadtest.plan import Address, Plan
from gameproject.loadtest.removal import PREFIX, remove
from gameproject.loadtest.summary import summarize
from gameproject.ops.nginx import VENUES_AT_ONCE
from games.models import Game

DEFAULT_ADDRESS = "http://127.0.0.1:8080"  # of `make serve`


class Command(BaseCommand):
    help = (
        "Send virtual players to a running site and report which promises it kept. "
        "Needs the site's own settings. Removes everything that it makes there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("address", nargs="?", default=DEFAULT_ADDRESS, help="address of the site")
        add("--players", type=int, default=1000, help="virtual players, at least 2")
        add("--ramp", type=float, default=0.0, help="seconds over which they arrive")
        add("--game", default="", help="slug of the game to copy; empty: a new puzzle")
        add(
            "--answer-share",
            type=float,
            default=1.0,
            help="share of players who answer, above 0 and up to 1",
        )
        add(
            "--flow",
            choices=["one-socket", "legacy"],
            default="one-socket",
            help="legacy: the baseline, with seven calls and five sockets per player",
        )
        add(
            "--hold",
            type=float,
            default=0.0,
            help="seconds to stay connected at the end",
        )
        add(
            "--wait",
            type=float,
            default=5.0,
            help="seconds before staff pause the game",
        )
        add(
            "--processes",
            type=int,
            default=0,
            help="client processes; 0: chosen by --players",
        )
        add(
            "--kill",
            action="store_true",
            help="kill a daphne of this machine in the middle of each phase; its "
            "supervisor must start it again, as `make serve` does",
        )
        add(
            "--doors",
            action="store_true",
            help="also join, sign in, check in and play without sockets; meanwhile the "
            "public list has a game that anybody may join",
        )
        add("--json", action="store_true", help="print the result as JSON")
        add("--report", type=Path, help="write an HTML file with plots")
        add(
            "--clean",
            action="store_true",
            help="only remove what an interrupted rehearsal left",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["clean"]:
            remove(PREFIX)
            return
        plan = plan_from(options)
        for number in (signal.SIGINT, signal.SIGTERM):  # in the background too
            signal.signal(number, signal.default_int_handler)
        run = self.rehearse(plan)
        result = summarize(run)
        if options["report"]:
            options["report"].write_text(report.html(run, result))
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=1))
        else:
            table.show(result, Console())
        if not result["passed"]:
            sys.exit(1)

    def rehearse(self, plan: Plan) -> Coordinator:
        """Run the rehearsal. Whatever happens, all that it made is removed."""
        try:
            with (
                table.progress(Console(stderr=True)) as on_progress,
                Fixtures(plan) as fixtures,
            ):
                run = Coordinator(plan, fixtures, on_progress)
                run.rehearse(then=play_doors if plan.doors else None)
        except (WorkerLost, NotRestarted) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. All that it made is removed.", returncode=130
            ) from None
        return run


def plan_from(options: dict[str, Any]) -> Plan:
    """The plan, or a `CommandError` that says what to do."""
    players, slug = options["players"], options["game"]
    if players < 2 or options["wait"] <= 0 or not 0 < options["answer_share"] <= 1:
        raise CommandError(
            "--players must be at least 2, --wait above 0, and --answer-share above 0 "
            "and at most 1."
        )
    check_room_for(players)
    if options["doors"]:
        check_joins(players)
    try:
        address = Address.parse(options["address"])
    except ValueError as error:
        raise CommandError(str(error)) from None
    if slug and not Game.objects.filter(slug=slug).exists():
        raise CommandError(f"There is no game {slug}.")
    check_served(address)
    return Plan(
        address,
        players,
        options["ramp"],
        options["answer_share"],
        slug,
        options["flow"] == "legacy",
        options["processes"] or min(4, max(2, players // 1000)),
        options["wait"],
        options["hold"],
        options["kill"],
        options["doors"],
    )


def check_room_for(players: int) -> None:
    """Refuse more players than the sockets that one address may open."""
    if players > VENUES_AT_ONCE * settings.VENUE_SIZE:
        raise CommandError(
            f"{players:,} players come from one address, which may open "
            f"{VENUES_AT_ONCE * settings.VENUE_SIZE:,} sockets. Start the site and the "
            f"rehearsal with VENUE_SIZE={-(-players // VENUES_AT_ONCE)}."
        )


def check_joins(players: int) -> None:
    """Refuse more strangers than may join from one address at once."""
    joins, most = JOINS * players, of_address("joins").capacity
    if joins > most:
        raise CommandError(
            f"{joins:,} strangers join from one address, and only {most:,} may. Start "
            f"the site and the rehearsal with VENUE_SIZE={-(-joins // BURST)}."
        )


def check_served(address: Address) -> None:
    try:
        with urlopen(f"{address.origin}/healthz", timeout=10):  # noqa: S310
            return
    except OSError as error:
        raise CommandError(
            f"Nothing answers at {address.origin} ({error}). "
            "Start it in another terminal first: make serve"
        ) from None
