"""What the page says beyond its rows: tightness, planted errors, slack, exponents, claims and published forms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.audit import audit_section
from reports.cells import Item, Outcome, prepared_of
from reports.figures import Figure
from reports.figures.slack import slack_figure
from reports.finding import Finding
from reports.plan import RunCell
from reports.planted import planted_section, run_trials
from reports.rows import Row
from reports.sections import Section
from reports.slack import Waterfall, slack_section, waterfall
from reports.slopes import measure_all, slopes_section
from reports.store import Store
from reports.tightness import tightness, tightness_section
from theory.claims import Claim
from theory.tables import Table

_RATES = ("T2", "T3")


def claims_section(
    claims: Sequence[Claim], findings: Sequence[Finding], rows: Sequence[Row], table: Table
) -> list[Section]:
    """Claims and published forms, absent when there is nothing to say."""
    found = audit_section(claims, [one for one in findings if one.provenance != "claim"], rows, table)
    return [] if found is None else [found]


def suite_sections(rows: Sequence[Row], found: Sequence[Waterfall]) -> list[Section]:
    """What the suite knows about its own bounds: a few seconds of explicit instances, and recorded slack."""
    slack = slack_section(found)
    return [
        tightness_section(tightness(rows)),
        planted_section(run_trials()),
        *([] if slack is None else [slack]),
        slopes_section(measure_all()),
    ]


def suite_figures(found: Sequence[Waterfall]) -> list[Figure]:
    """The figures that go with the sections."""
    return [slack_figure(found)] if found else []


def waterfalls(work: Sequence[Item], outcomes: Sequence[Outcome], records: Path) -> list[Waterfall]:
    """The slack of every recorded run of T2 and T3."""
    store, found = Store(records), []
    for item, outcome in zip(work, outcomes, strict=True):
        if not isinstance(item.cell, RunCell) or item.task.name.startswith("witness"):
            continue
        rates = [statement for statement in item.cell.statements if statement in _RATES]
        arrays = dict(store.read(outcome.key).arrays) if rates else {}
        if "iterates" in arrays:
            prepared = prepared_of(item)
            found += [one for rate in rates if (one := waterfall(prepared, arrays["iterates"], rate)) is not None]
    return sorted(found, key=lambda one: (one.bound, -one.total))
