"""Confirmation questions to staff before a form is saved: “Save anyway?”"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLE, SAVE = _("Save anyway?"), _("Save anyway")
YES = "save_anyway"  # form field: the keys of the confirmed questions
NOT_REPEATED = ("csrfmiddlewaretoken",)


@dataclass(frozen=True)
class Question:
    """What staff must confirm before they save.

    `key` identifies what is asked: a yes counts for this key only. `template`, if any,
    shows `context` below `text`.
    """

    key: str
    text: str
    title: str | Promise = TITLE
    yes: str | Promise = SAVE
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Unconfirmed(Exception):
    """Staff haven't confirmed these questions.

    It is raised inside the request's transaction, so nothing is saved.
    """

    def __init__(self, form: forms.ModelForm, questions: Sequence[Question]) -> None:
        super().__init__()
        self.form, self.questions = form, questions


def ask(
    request: HttpRequest, form: forms.ModelForm, questions: Sequence[Question]
) -> None:
    """Raise `Unconfirmed` unless staff have confirmed all of these questions."""
    confirmed = request.POST.getlist(YES)
    if left := [question for question in questions if question.key not in confirmed]:
        raise Unconfirmed(form, left)


def page(
    request: HttpRequest, unconfirmed: Unconfirmed, context: dict[str, Any]
) -> HttpResponse:
    """The page with the questions, whose button sends the form again, confirmed."""
    questions = unconfirmed.questions
    only = questions[0] if len(questions) == 1 else None
    context |= {
        "title": only.title if only else TITLE,
        "yes": only.yes if only else SAVE,
        "questions": questions,
        "sent": [*sent_again(request, unconfirmed.form), *yeses(questions)],
    }
    for question in questions:
        context |= question.context
    return TemplateResponse(request, "admin/ask.html", context)


def yeses(questions: Sequence[Question]) -> list[tuple[str, str]]:
    return [(YES, question.key) for question in questions]


def sent_again(
    request: HttpRequest, form: forms.ModelForm
) -> Iterator[tuple[str, str]]:
    """Names and values of hidden inputs. Files are stored: they can't be sent again."""
    for name, values in request.POST.lists():
        if name not in NOT_REPEATED:
            yield from ((name, value) for value in values)
    for name in request.FILES:
        keep = getattr(form.fields.get(name), "keep", None)
        if keep:
            yield f"{name}-kept", keep(form.cleaned_data[name])
