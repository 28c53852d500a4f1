"""Date and time fields for staff: Thai staff read and type Buddhist years."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.admin import widgets
from django.forms import Script

from core.calendars import in_common_era, shown_year


class Day(widgets.BaseAdminDateWidget):
    """Shows the year in the reader's calendar; its date picker does the same."""

    class Media:
        js = (Script("js/admin/calendar.js", type="module"),)

    def format_value(self, value: Any) -> str | None:
        text = super().format_value(value)
        if text and isinstance(value, date):
            return text.replace(str(value.year), str(shown_year(value.year)))
        return text


class SingleDay(Day, widgets.AdminDateWidget):
    """The same, in a field without a time."""


class Moment(widgets.AdminSplitDateTime):
    def __init__(self, attrs: Any = None) -> None:
        parts = [Day, widgets.BaseAdminTimeWidget]
        forms.MultiWidget.__init__(self, parts, attrs)


class DayField(forms.DateField):
    widget = SingleDay

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            value = in_common_era(value)
        return super().to_python(value)


class MomentField(forms.SplitDateTimeField):
    widget = Moment

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        errors = {"invalid": self.error_messages["invalid_date"]}
        day = DayField(required=False, error_messages=errors)
        self.fields = (day, *self.fields[1:])
