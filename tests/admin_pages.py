"""Filling in the admin's forms as a browser would: what stands there is sent back."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client


class FormReader(HTMLParser):
    """The values of one form, by name, each a list."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.values = form_id, {}
        self.inside, self.in_template = False, False
        self.select, self.textarea, self.text = "", "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("id") == self.form_id
        if tag == "template":
            self.in_template = True
        if not self.inside or self.in_template:
            return
        name = said.get("name", "")
        if tag == "input" and name:
            self.take_input(name, said)
        if tag == "select":
            self.select = name
        if tag == "option" and self.select and "selected" in said:
            self.add(self.select, said.get("value", ""))
        if tag == "textarea":
            self.textarea, self.text = name, ""

    def take_input(self, name: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text")
        if kind in ("submit", "file", "button"):
            return
        if kind not in ("checkbox", "radio") or "checked" in said:
            self.add(name, said.get("value", "on" if kind == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "template":
            self.in_template = False
        if tag == "select":
            self.select = ""
        if tag == "textarea" and self.textarea:
            self.add(self.textarea, self.text.removeprefix("\r\n").removeprefix("\n"))
            self.textarea = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


def values_in(response: HttpResponse, form_id: str) -> dict[str, Any]:
    """What a browser would send if one pressed the form's button at once."""
    reader = FormReader(form_id)
    reader.feed(response.content.decode())
    return reader.values


def save(
    client: Client, url: str, form_id: str = "game_form", **changes: Any
) -> HttpResponse:
    """Open the page, change these values, and press “Save”."""
    sent = values_in(client.get(url), form_id) | changes | {"_save": "Save"}
    return client.post(url, {name: said for name, said in sent.items()})


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    """The form's errors by field."""
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)
