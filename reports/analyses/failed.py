"""The cells of a plan that gave no row, and why: a report without them is not the whole one."""

from __future__ import annotations

from collections.abc import Sequence

from reports.records.attempts import Failure
from reports.sections import Section, SectionTable


def failed_section(failed: Sequence[Failure]) -> list[Section]:
    """A section that names them, absent when every cell has its record."""
    if not failed:
        return []
    lines = [(one.cell, one.reason) for one in failed]
    return [
        Section(
            "failed-cells",
            "Cells that failed",
            (
                f"{len(failed)} cells gave no record and no row, so that nothing below speaks about them. The command "
                "of this report with --retry-failed runs them again.",
            ),
            (SectionTable("What failed, and why", ("cell", "reason"), lines),),
        )
    ]
