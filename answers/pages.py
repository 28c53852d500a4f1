"""What a player has won and answered."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from answers.models import Answer
from games.arrivals import lines_won
from games.handover import given
from games.models import Code
from games.pages import player_of
from users.paging import Page, page_in


@never_cache
@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My prizes and answers, over all games, the newest first."""
    player = player_of(request)
    found = Code.objects.filter(player=player).select_related("pool__game")
    codes = list(found.order_by("-given_at"))
    rows = Answer.objects.current().filter(player=player).select_related("game")
    answers, following = page_in(request, Page).of(rows)
    context = {
        "codes": codes,
        "void": given.void_codes(code.pk for code in codes),
        "lines": lines_won([player], timezone.now()),
        "answers": answers,
        "next": following,
    }
    return render(request, "answers/mine.html", context)
