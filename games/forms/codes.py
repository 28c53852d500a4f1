"""Uploading a file of prize codes."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CodesForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TXT or XLSX; one code a row, in the first column."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
