"""Demo content: games of several kinds, a player and a member of staff."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from games.models import Game, Winner
from games.pictures import prepare
from users.models import Player

PICTURE = Path(__file__).with_name("demo.webp")

# Kind, slug, title, text, minutes until it closes, codes, settings.
GAMES: list[tuple[str, str, str, str, int, int, dict[str, Any]]] = [
    (
        "announce",
        "winners",
        "Last week’s winners",
        "Congratulations! Sign in to see your own prize.",
        0,
        0,
        {"winners": ["Player, a bicycle", "Somchai, a tote bag", "Malee, a mug"]},
    ),
    (
        "score",
        "derby",
        "Lions against Tigers",
        "Guess the final score before kick-off.",
        24 * 60,
        20,
        {"home": "Lions", "away": "Tigers", "prize_for": "points"},
    ),
    (
        "number",
        "sweets",
        "How many sweets are in the jar?",
        "The closest guess wins. You may change yours until closing.",
        24 * 60,
        3,
        {"digits": 4, "rule": "closest"},
    ),
    (
        "choice",
        "quiz",
        "The two-minute quiz",
        "Three questions and a vote, at your own pace.",
        0,
        50,
        {
            "questions": [
                {
                    "text": "Which of these is the largest planet?",
                    "options": ["Mars", "*Jupiter", "Venus", "Earth"],
                },
                {
                    "text": "Which of these are mammals?",
                    "type": "multiple",
                    "options": ["*Whale", "Shark", "*Bat", "Penguin"],
                },
                {
                    "text": "Water boils at 100 °C at sea level.",
                    "type": "truefalse",
                    "options": ["*true"],
                },
                {
                    "text": "What shall we play next?",
                    "type": "vote",
                    "options": ["Another quiz", "A picture puzzle", "A draw"],
                },
            ]
        },
    ),
    (
        "puzzle",
        "shadow",
        "Whose shadow is this?",
        "Type what you see. The first fifty right answers win a coffee.",
        0,
        50,
        {"accepted": ["elephant", "ช้าง"]},
    ),
]


@transaction.atomic
def make() -> list[str]:
    """Make the demo unless staff exist; return the lines to print.

    Only the first start's lines hold passwords.
    """
    if Player.objects.filter(is_staff=True).exists():
        return [
            "The sign-ins were shown at the first start. A new password:",
            'SECRET_KEY="$(cat var/secret-key)" .venv/bin/python manage.py \\',
            "    changepassword staff",
        ]
    now = timezone.now()
    staff, player = secrets.token_urlsafe(9), secrets.token_urlsafe(6)
    Player.objects.create_superuser("Staff", staff)
    Player.objects.create_user("Player", player)
    for spec in GAMES:
        _make_game(*spec, now=now)
    return [
        f"Sign in as staff:   Staff  / {staff}",
        f"Sign in as player:  Player / {player}",
        "These passwords are shown this once.",
    ]


def _make_game(
    kind: str,
    slug: str,
    title: str,
    text: str,
    minutes: int,
    codes: int,
    settings: dict[str, Any],
    *,
    now: datetime,
) -> None:
    game = Game(kind=kind, slug=slug, title=title, text=text, settings=settings)
    game.full_clean(exclude=["kind", "state"])
    if minutes:
        game.closes_at = now + timedelta(minutes=minutes)
    if kind == "puzzle":
        game.picture_alt = "The shadow of a large animal"
        game.picture = prepare(SimpleUploadedFile("demo.webp", PICTURE.read_bytes()))
    game.save()
    Winner.objects.make_for(game)
    if codes:
        pool = game.pools.create(name="Coffee voucher")
        pool.add(secrets.token_hex(4).upper() for _code in range(codes))
    game.schedule(now)
