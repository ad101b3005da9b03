"""Where the slack of a rate sits, for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.measure.waterfall import STAGES, Waterfall
from reports.sections import Section, SectionTable


def slack_section(found: Sequence[Waterfall]) -> Section | None:
    """The table of the page: one line a run, one column a factor."""
    if not found:
        return None
    lines = [
        [f"{w.bound} on {w.task}, {w.mode.replace('_', ' ')}", w.nu, w.tau, w.m, *w.factors, math.prod(w.factors)]
        for w in found
    ]
    columns = ("Run", "nu", "tau", "m", *(f"to {stage}" for stage in STAGES[1:]), "product = predicted / measured")
    return Section(
        "slack",
        "Where the slack of T2 and T3 sits",
        (
            "The right sides of T2 and T3 with their constants replaced, one after another, by what the run itself "
            "met. Each column is the factor that one replacement gains (below 1: it loses); their product is exactly "
            "predicted / measured. The "
            "replaced constants are suprema over points of the run: they attribute slack and certify nothing.",
        ),
        (SectionTable("Slack of T2 and T3, factor by factor.", columns, lines),),
    )
