"""The admin of games, their pools, codes and lists."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from games.admin.backorders import BackorderAdmin
from games.admin.codes import CodeAdmin
from games.admin.games import GameAdmin
from games.admin.lines import InvitationAdmin, WinnerAdmin

__all__ = ["BackorderAdmin", "CodeAdmin", "GameAdmin", "InvitationAdmin", "WinnerAdmin"]

admin.site.site_header = _("Gameproject")
admin.site.site_title = _("Gameproject")
admin.site.index_title = _("Staff")
