"""Where the slack of a rate sits, for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.analyses.suite_file import irremovable
from reports.measure.waterfall import STAGES, Waterfall
from reports.sections import Section, SectionTable


def slack_section(found: Sequence[Waterfall], proved: Sequence[float | None]) -> Section | None:
    """The table of the page: one line a run, one column a factor. proved: what `certified` says of each run."""
    if not found:
        return None
    lines = [
        [
            f"{w.bound} on {w.task}, {w.mode.replace('_', ' ')}", w.nu, w.tau, w.m, *w.factors, math.prod(w.factors),
            None if value is None else irremovable(value, w.values[-1]),
        ]
        for w, value in zip(found, proved, strict=True)
    ]  # fmt: skip
    columns = (
        "Run", "nu", "tau", "m", *(f"to {stage}" for stage in STAGES[1:]), "product = predicted / measured",
        "of which no proof can remove",
    )  # fmt: skip
    return Section(
        "slack",
        "Where the slack of T2 and T3 sits",
        (
            "The right sides of T2 and T3 with their constants replaced, one after another, by what the run itself "
            "met. Each column is the factor that one replacement gains (below 1: it loses); their product is exactly "
            "predicted / measured. The "
            "replaced constants are suprema over points of the run: they attribute slack and certify nothing. The last "
            "column is certified: an instance with the same step, constants and number of local steps has a left side "
            "so many times the measured one, so that no proof from these constants gains more than the rest. It is "
            "known for exact gradients of all agents and at least two local steps.",
        ),
        (SectionTable("Slack of T2 and T3, factor by factor.", columns, lines, folded=True),),
    )
