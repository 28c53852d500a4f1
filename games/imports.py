"""Import a table's codes into a pool: first a preview, then the import.

Either the whole file is imported, or nothing changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from core.on_commit import on_commit
from core.refusals import Refused
from games.codes import EXAMPLES, Codes, Line, codes_in
from games.models import Code, Pool
from games.states import PUBLISHED
from games.tables.files import Table
from games.tables.reading import Reading

BATCH = 10_000  # codes in one statement


@dataclass
class Repeats:
    """Codes that exist already."""

    count: int = 0
    examples: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.count += 1
        if self.count <= EXAMPLES:
            self.examples.append(line)

    @property
    def others(self) -> int:
        """How many more there are."""
        return self.count - len(self.examples)


@dataclass
class Report:
    """What an import would do, or has done."""

    read: int = 0
    added: int = 0
    to_waiting: int = 0  # of those added, given at once to fill backorders
    first: str = ""
    last: str = ""
    in_file: Repeats = field(default_factory=Repeats)
    in_pool: Repeats = field(default_factory=Repeats)
    elsewhere: Repeats = field(default_factory=Repeats)
    pools: list[Pool] = field(default_factory=list)  # that hold those
    with_yes: bool = False  # whether staff accepted those, so they were added


@dataclass
class New:
    """The codes that the pool lacks; `numbers` has those that another pool holds."""

    texts: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def wanted(self, with_yes: bool) -> Sequence[str]:
        if with_yes or not self.numbers:
            return self.texts
        return [text for text in self.texts if text not in self.numbers]


@dataclass(frozen=True)
class Preview:
    """What an import would do."""

    codes: Codes
    report: Report


def preview(pool: Pool, table: Table, reading: Reading) -> Preview:
    """Read the whole table and compare it with all pools, without a change."""
    codes = codes_in(table, reading)
    report = Report(read=len(codes.lines))
    wanted = sort_out(pool, codes.lines, report).wanted(with_yes=False)
    report.added = len(wanted)
    if wanted:
        report.first, report.last = wanted[0], wanted[-1]
    return Preview(codes, report)


def import_codes(pool: Pool, codes: Codes, yes_to: int = 0) -> Report:
    """Add a table's codes to the pool, or `Refused` without a change.

    Codes that another pool holds are left out, unless staff saw how many there are and
    accepted that many (`yes_to`).
    """
    codes.check()
    report = Report(read=len(codes.lines), with_yes=yes_to > 0)
    with transaction.atomic():
        Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
        new = sort_out(pool, codes.lines, report)
        if report.with_yes and report.elsewhere.count > yes_to:
            raise overtaken()
        add(pool, new.wanted(report.with_yes), new.numbers, report)
    return report


def add(
    pool: Pool, texts: Sequence[str], numbers: Mapping[str, int], report: Report
) -> None:
    waiting = pool.backorders.count()
    report.added = pool.add(texts, numbers)
    if report.added < len(texts):
        raise overtaken()
    report.to_waiting = waiting - pool.backorders.count()
    if texts:
        report.first, report.last = texts[0], texts[-1]
    if texts and pool.game.state in PUBLISHED:
        # Players must learn if the game is no longer sold out. Only on commit, because
        # `announce` waits for check-ins, and they may wait for this pool.
        on_commit(pool.game.announce)


def overtaken() -> Refused:
    text = _("Somebody has just added some of these codes. Check the file again.")
    return Refused("invalid", text, field="file")


def sort_out(pool: Pool, lines: Sequence[Line], report: Report) -> New:
    """The codes that the pool lacks, in the file's order; counts the repeats."""
    new, seen, elsewhere = New(), set[str](), set[int]()
    for part in parts_of(lines):
        held = Code.objects.held_among({line.text for line in part})
        for line in part:
            pools = held.get(line.text, {})
            if line.text in seen:
                report.in_file.add(line)
            elif pool.pk in pools:
                report.in_pool.add(line)
            else:
                new.texts.append(line.text)
                if pools:
                    report.elsewhere.add(line)
                    new.numbers[line.text] = max(0, *pools.values()) + 1
                    elsewhere |= pools.keys()
            seen.add(line.text)
    report.pools = list(
        Pool.objects.filter(pk__in=elsewhere).select_related("game")[:EXAMPLES]
    )
    return new


def parts_of(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), BATCH):
        yield lines[start : start + BATCH]
