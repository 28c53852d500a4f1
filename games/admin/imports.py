"""The pages that import codes: first upload a file, then check and confirm it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.refusals import Refused
from games.admin.actions import Actions
from games.admin.looks import Shown
from games.codes import codes_in
from games.forms.codes import CodesForm, ReadingForm
from games.imports import Report, import_codes
from games.models import Pool, Upload
from games.tables.files import Table, table_of
from games.tables.guesses import CODE_WORDS
from games.tables.reading import Reading
from users.admin.base import staff_of

IMPORT, LOOK = "games_game_import", "games_game_look"


class Imports(Actions):
    """Nothing is imported until staff have seen how the file was read."""

    def get_urls(self) -> list[URLPattern]:
        def view(route: str, name: str, page: Any) -> URLPattern:
            page = require_http_methods(["GET", "POST"])(page)
            return path(route, self.admin_site.admin_view(page), name=name)

        return [
            view("pools/<int:pk>/import/", IMPORT, self.import_page),
            view("pools/<int:pk>/import/<uuid:key>/", LOOK, self.look_page),
            *super().get_urls(),
        ]

    def pool(self, request: HttpRequest, pk: int) -> Pool:
        pool = get_object_or_404(Pool.objects.select_related("game"), pk=pk)
        if not self.has_change_permission(request, pool.game):
            raise PermissionDenied
        return pool

    def import_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Upload a file; it is stored until it is confirmed."""
        pool, posted = self.pool(request, pk), request.method == "POST"
        form = CodesForm(request.POST, request.FILES) if posted else CodesForm()
        if form.is_valid():
            try:
                upload = store(form.cleaned_data["file"], pool, request)
            except Refused as refused:
                form.add_error("file", str(refused.detail))
            else:
                return redirect(f"admin:{LOOK}", pool.pk, upload.key)
        return self.upload_page(request, pool, form, None)

    def upload_page(
        self, request: HttpRequest, pool: Pool, form: CodesForm, report: Report | None
    ) -> HttpResponse:
        title = _("Import codes into “%(pool)s”") % {"pool": pool}
        context = {"pool": pool, "form": form, "report": report}
        context |= self.page_of(request, pool.game, title)
        return TemplateResponse(request, "admin/games/import.html", context)

    def look_page(self, request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
        """Show how the file was read; staff change that, confirm or cancel."""
        pool, now = self.pool(request, pk), timezone.now()
        uploads = Upload.objects.stored_for(staff_of(request), pool, now)
        upload = uploads.filter(key=key).first()
        if upload is None:
            text = _("This file is no longer stored. Upload it again.")
            messages.error(request, text)
            return redirect(f"admin:{IMPORT}", pool.pk)
        with upload.opened() as file:
            table = Table(file, upload.name)
            if request.method == "POST":
                return self.answer(request, pool, upload, table)
            return self.show(request, pool, table, ReadingForm(table, request.GET))

    def answer(
        self, request: HttpRequest, pool: Pool, upload: Upload, table: Table
    ) -> HttpResponse:
        """Carry out what staff chose: show it again, cancel or import."""
        if "drop" in request.POST:
            upload.delete()
            return redirect("admin:games_game_change", pool.game_id)
        form = ReadingForm(table, request.POST)
        if "import" not in request.POST or form.differs or not form.is_valid():
            look = reverse(f"admin:{LOOK}", args=[pool.pk, upload.key])
            return redirect(f"{look}?{urlencode(form.to_show)}")
        try:
            # Before the transaction, which on SQLite keeps others from writing.
            codes = codes_in(table, Reading(**form.chosen))
            with transaction.atomic():
                upload.take()
                report = import_codes(pool, codes, form.yes_to)
                self.log_change(request, pool.game, history_text(report, pool))
        except Refused as refused:
            messages.error(request, str(refused.detail))
            return self.show(request, pool, table, form)
        return self.upload_page(request, pool, CodesForm(), report)

    def show(
        self, request: HttpRequest, pool: Pool, table: Table, form: ReadingForm
    ) -> HttpResponse:
        title = _("Import codes into “%(pool)s”") % {"pool": pool}
        context = self.page_of(request, pool.game, title)
        context |= {"pool": pool, "table": table, "shown": Shown(pool, table, form)}
        return TemplateResponse(request, "admin/games/look.html", context)


def store(file: Any, pool: Pool, request: HttpRequest) -> Upload:
    """Store a file, or `Refused` if it can't be read."""
    table_of(file).guess(CODE_WORDS)
    file.seek(0)
    return Upload.objects.store(file, pool, staff_of(request))


def history_text(report: Report, pool: Pool) -> str:
    """The entry about an import in the game's history."""
    text = _("Imported %(added)d codes into “%(pool)s”.")
    text %= {"added": report.added, "pool": pool}
    if not (report.with_yes and report.elsewhere.count):
        return text
    more = _("%(count)d of them are in another pool too.")
    return f"{text} {more % {'count': report.elsewhere.count}}"
