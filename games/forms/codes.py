"""The forms to upload a file of prize codes, and to choose how it is read."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from games.tables.files import Table
from games.tables.reading import Reading, Row
from games.tables.workbooks import MAX_COLUMNS

Choices = Sequence[tuple[str, str | Promise]]

ENCODINGS: Choices = (
    ("utf-8-sig", gettext_lazy("UTF-8")),
    ("utf-16", gettext_lazy("UTF-16 (Unicode text of Excel)")),
    ("cp874", gettext_lazy("Thai Windows (874)")),
    ("cp1252", gettext_lazy("Western European Windows (1252)")),
)
DELIMITERS: Choices = (
    ("comma", gettext_lazy("comma ,")),
    ("semicolon", gettext_lazy("semicolon ;")),
    ("tab", gettext_lazy("tab")),
    ("pipe", gettext_lazy("vertical bar |")),
    ("none", gettext_lazy("nothing: one cell per row")),
)
MARKS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "none": ""}
NAMES = {mark: name for name, mark in MARKS.items()}
TABLE = ("encoding", "delimiter", "sheet")  # they decide which columns there are
HEADERS: Choices = (
    ("yes", gettext_lazy("contains the column names and is skipped")),
    ("no", gettext_lazy("contains a code, like the others")),
)


class CodesForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, TXT or XLSX; one code per row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )


class ReadingForm(forms.Form):
    """How a table is read, and whether codes of other pools are added too.

    `shown` holds the values with which the table was shown. Nothing is imported with
    other values.
    """

    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=ENCODINGS)
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Columns are separated by"), choices=DELIMITERS
    )
    sheet = forms.TypedChoiceField(label=gettext_lazy("Sheet"), coerce=int)
    header = forms.TypedChoiceField(
        label=gettext_lazy("The first row"), choices=HEADERS, coerce="yes".__eq__
    )
    column = forms.TypedChoiceField(
        label=gettext_lazy("The codes are in column"), coerce=int
    )

    def __init__(self, table: Table, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, use_required_attribute=False, **kwargs)
        self.table = table
        for name in ("encoding", "delimiter") if table.is_workbook else ("sheet",):
            del self.fields[name]
        names = [(str(place), name) for place, name in enumerate(table.sheets)]
        self.offer("sheet", names)
        self.offer("column", [(str(n), letters(n)) for n in range(MAX_COLUMNS)])

    def offer(self, name: str, choices: Choices) -> None:
        if name in self.fields:
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def showing(self, reading: Reading, rows: Sequence[Row]) -> "ReadingForm":
        """The form beside a table that was read with `reading`."""
        form = ReadingForm(self.table, initial=values_of(reading))
        width = max((len(row.cells) for row in rows), default=1)
        visible = set(range(min(width, MAX_COLUMNS))) - self.table.hidden.columns
        first = rows[0].cells if rows else []
        columns = sorted({*visible, reading.column})
        form.offer("column", [(str(n), label_of(n, first)) for n in columns])
        return form

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid choices, by the field names of `Reading`."""
        self.full_clean()
        chosen = dict(getattr(self, "cleaned_data", {}))
        if "delimiter" in chosen:
            chosen["delimiter"] = MARKS[chosen["delimiter"]]
        return chosen

    @property
    def sent(self) -> dict[str, str]:
        return {name: self.data[name] for name in self.fields if name in self.data}

    @property
    def shown(self) -> str:
        """The value of the hidden input: what the form shows."""
        return urlencode({name: self.initial[name] for name in self.fields})

    @property
    def differs(self) -> bool:
        """Whether staff changed a choice since the table was shown."""
        return dict(parse_qsl(self.data.get("shown", ""))) != self.sent

    @property
    def to_show(self) -> dict[str, str]:
        """The choices to show next, without the columns if the table is another one."""
        before = dict(parse_qsl(self.data.get("shown", "")))
        table = {name: self.sent[name] for name in TABLE if name in self.sent}
        same = all(before.get(name) == value for name, value in table.items())
        return self.sent if same else table

    @property
    def yes_to(self) -> int:
        """The number of other pools' codes that staff saw and accepted."""
        text = self.data.get("elsewhere", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def values_of(reading: Reading) -> dict[str, str]:
    """A reading as values of the form's fields."""
    return {
        "encoding": reading.encoding,
        "delimiter": NAMES.get(reading.delimiter, "none"),
        "sheet": str(reading.sheet),
        "header": "yes" if reading.header else "no",
        "column": str(reading.column),
    }


def label_of(place: int, first: Sequence[str]) -> str:
    """A column's letters, and its cell in the first row."""
    cell = first[place][:40] if place < len(first) else ""
    return f"{letters(place)} · {cell}" if cell else letters(place)


def letters(place: int) -> str:
    """The name of a column in spreadsheets: A to Z, then AA."""
    before, last = divmod(place, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)
