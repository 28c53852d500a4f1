"""One way to ask staff before their form is saved: “Save all the same?”"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLE, SAVE = _("Save anyway?"), _("Save anyway")
YES = "save_anyway"  # of the form: the keys of what staff have said yes to
LEFT_OUT = ("csrfmiddlewaretoken",)


@dataclass(frozen=True)
class Question:
    """What staff should know before they save.

    `key` says what they are asked: a yes to it is none to anything else. `template`
    shows more than `text` can, of `context`.
    """

    key: str
    text: str
    title: str | Promise = TITLE
    yes: str | Promise = SAVE
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Unconfirmed(Exception):
    """Staff haven't said yes to these questions.

    Raised inside the request's transaction, so that nothing at all is saved.
    """

    def __init__(self, form: forms.ModelForm, questions: Sequence[Question]) -> None:
        super().__init__()
        self.form, self.questions = form, questions


def ask(
    request: HttpRequest, form: forms.ModelForm, questions: Sequence[Question]
) -> None:
    """`Unconfirmed` unless staff have said yes to all of these."""
    said = request.POST.getlist(YES)
    if asked := [one for one in questions if one.key not in said]:
        raise Unconfirmed(form, asked)


def page(
    request: HttpRequest, asked: Unconfirmed, context: dict[str, Any]
) -> HttpResponse:
    """The questions, and the form sent again with a yes."""
    only = asked.questions[0] if len(asked.questions) == 1 else None
    context |= {
        "title": only.title if only else TITLE,
        "yes": only.yes if only else SAVE,
        "questions": asked.questions,
        "sent": [*sent_again(request, asked.form), *yeses(asked.questions)],
    }
    for question in asked.questions:
        context |= question.context
    return TemplateResponse(request, "admin/ask.html", context)


def yeses(questions: Sequence[Question]) -> list[tuple[str, str]]:
    return [(YES, question.key) for question in questions]


def sent_again(
    request: HttpRequest, form: forms.ModelForm
) -> Iterator[tuple[str, str]]:
    """Names and values for hidden inputs. A file can't be sent again: it is kept."""
    for name, values in request.POST.lists():
        if name not in LEFT_OUT:
            yield from ((name, value) for value in values)
    for name in request.FILES:
        keep = getattr(form.fields.get(name), "keep", None)
        if keep:
            yield f"{name}-kept", keep(form.cleaned_data[name])
