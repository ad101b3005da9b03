"""How close every bound comes to what happens: its tightest row on a witness beside the tightest on the other tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.judging.closeness import ATTAINED, CLOSE, comparable, net, ratio_of, tightest
from reports.judging.rows import Row
from reports.sections import Section, SectionTable
from theory.tables import Table

_WITNESS = "witness-"


@dataclass(frozen=True)
class Tightness:
    """A right side's tightest comparable row on the tasks of the witnesses and on the others; not both are None."""

    witness: Row | None
    elsewhere: Row | None

    @property
    def best(self) -> Row:
        """The tighter of the two."""
        found = tightest(row for row in (self.witness, self.elsewhere) if row is not None)
        assert found is not None
        return found

    @property
    def words(self) -> str:
        """'attained', 'within x', or 'no row above r'; of one round it is said that the ratio is net."""
        best = ratio_of(self.best)
        shared = " (net ratio)" if net(self.best) else ""
        if best >= ATTAINED:
            return f"attained{shared}"
        return f"within {1 / best:.4g}{shared}" if best >= CLOSE else f"no row above {best:.2g}{shared}"


def tightness(rows: Sequence[Row], table: Table) -> list[Tightness]:
    """One entry for every bound and quantity with a comparable row, in the order of the table."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in filter(comparable, rows):
        groups.setdefault((row.bound, row.quantity), []).append(row)
    order = {name: place for place, name in enumerate(table.statements)}
    return [
        Tightness(
            tightest(row for row in mine if row.task.startswith(_WITNESS)),
            tightest(row for row in mine if not row.task.startswith(_WITNESS)),
        )
        for (_, mine) in sorted(groups.items(), key=lambda entry: (order.get(entry[0][0], len(order)), entry[0][1]))
    ]


def tightness_section(found: Sequence[Tightness]) -> Section | None:
    """The table of the page; None without a comparable row."""
    if not found:
        return None
    return Section(
        "tightness",
        "Tightness",
        (
            "Every right side beside the rows that come closest to it. Witnesses are explicit instances made to attain "
            "a bound. Identities, and rows on which a side is zero, have no ratio; that of one round (T1) is net: "
            "without the shift and the descent that both sides carry.",
        ),
        (
            SectionTable(
                "Measured / predicted on the tightest witness and on the tightest of the other tasks.",
                ("Bound", "quantity", "finding", "witness", "its row", "other tasks", "its row"),
                [[t.best.bound, t.best.quantity, t.words, *_shown(t.witness), *_shown(t.elsewhere)] for t in found],
                folded=True,
            ),
        ),
    )


def _shown(row: Row | None) -> tuple[float | None, str]:
    return (None, "") if row is None else (row.tightness, row.row_id)
