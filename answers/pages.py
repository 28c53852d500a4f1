"""What a player has won and answered."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from answers.models import Answer
from games.models import Code
from games.pages import player_of
from users.paging import Page, page_in


@never_cache
@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My prizes and answers, over all games, the newest first."""
    player = player_of(request)
    codes = Code.objects.filter(player=player).select_related("pool__game")
    rows = Answer.objects.current().filter(player=player).select_related("game")
    answers, following = page_in(request, Page).of(rows)
    context = {
        "codes": codes.order_by("-given_at"),
        "answers": answers,
        "next": following,
    }
    return render(request, "answers/mine.html", context)
