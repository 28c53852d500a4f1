"""The list of answers, read-only, and the page that verifies receipts."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from answers import receipts
from answers.models import Answer
from core.calendars import written
from games.admin.listing import RelatedUsedFilter
from users.admin.base import StaffAdmin

MAX_ID = 2**63 - 1


class ReceiptForm(forms.Form):
    """A receipt as JSON, or only its sequence and HMAC."""

    receipt = forms.CharField(
        label=_("Receipt"),
        max_length=2000,
        help_text=_("The receipt as JSON, or its sequence and its HMAC."),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    def clean_receipt(self) -> dict[str, Any]:
        text: str = self.cleaned_data["receipt"]
        receipt = parse(text)
        sequence, hmac = receipt.get("sequence"), receipt.get("hmac")
        if type(sequence) is not int or not isinstance(hmac, str):
            raise ValidationError(_("A receipt has a sequence and an HMAC."))
        return receipt

    def answer(self) -> Answer | None:
        """The answer of a genuine receipt; None if it is not genuine."""
        receipt = self.cleaned_data["receipt"]
        if not 0 < receipt["sequence"] <= MAX_ID:
            return None
        answers = Answer.objects.select_related("game", "player")
        answer = answers.filter(pk=receipt["sequence"]).first()
        if answer is None or not receipts.is_genuine(answer, receipt["hmac"]):
            return None
        # The HMAC proves the answer. The other fields must match it too.
        ours = receipts.make(answer) | {"hmac": receipt["hmac"]}
        return answer if ours == ours | receipt else None


def parse(text: str) -> dict[str, Any]:
    """The fields of a pasted receipt; empty if it can't be read."""
    words = text.replace(",", " ").split()
    if len(words) == 2 and words[0].isdecimal():
        return {"sequence": int(words[0]), "hmac": words[1]}
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return receipt if isinstance(receipt, dict) else {}


@admin.register(Answer)
class AnswerAdmin(StaffAdmin):
    staff_may = frozenset()
    list_display = (
        *("player", "game", "question", "in_words"),
        *("verdict", "points", "current", "submitted_at"),
    )
    list_filter = (
        "verdict",
        "current",
        ("game", RelatedUsedFilter),
    )
    list_select_related = ("game", "player")
    search_fields = ("player__name",)
    folded_search_field = "player__name_key"
    linked_by = ("player",)
    date_hierarchy = "submitted_at"
    ordering = ("-pk",)
    show_full_result_count = False
    fields = readonly_fields = (*list_display, "receipt")
    change_list_template = "admin/answers/answer/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        page = require_http_methods(["GET", "POST"])(self.verify)
        view = self.admin_site.admin_view(page)
        return [
            path("verify/", view, name="answers_answer_verify"),
            *super().get_urls(),
        ]

    @admin.display(description=_("answer"))
    def in_words(self, answer: Answer) -> str:
        kind, rules = answer.game.question_kind, answer.game.rules
        return answer.meaning or kind.in_words(rules, answer.question, answer.value)

    @admin.display(description=_("receipt"))
    def receipt(self, answer: Answer) -> str:
        return json.dumps(answer.reply()["receipt"])

    def verify(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = ReceiptForm(request.POST) if posted else ReceiptForm()
        checked = form.is_valid()
        answer = form.answer() if checked else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Verify a receipt"),
            "form": form,
            "checked": checked,
            "answer": answer,
            "in_words": self.in_words(answer) if answer else "",
            "submitted": written(answer.submitted_at, "H:i:s") if answer else "",
        }
        return TemplateResponse(request, "admin/answers/verify.html", context)
