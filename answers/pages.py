"""What a player has won and answered."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from answers.models import Answer
from core.paging import Page, page_in
from games.extensions import registry
from games.models import Code
from games.pages import player_of
from games.personal import lines_won
from users.models import Player


@never_cache
@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My prizes and answers, over all games, the newest first.

    What could not go with a guest who signed in to an account stands here too.
    """
    player = player_of(request)
    same = Player.objects.same_as(player.pk if player else None).values("pk")
    found = Code.objects.filter(player__in=same).select_related("pool__game", "player")
    codes = list(found.order_by("-given_at"))
    rows = Answer.objects.current().filter(player__in=same)
    rows = rows.select_related("game", "player")
    answers, following = page_in(request, Page).of(rows)
    context = {
        "codes": codes,
        "void": registry.void_codes(code.pk for code in codes),
        "lines": lines_won(same, timezone.now()),
        "answers": answers,
        "next": following,
        "was_guest": any(
            one.player_id != request.user.pk for one in (*codes, *answers)
        ),
    }
    return render(request, "answers/mine.html", context)
