"""Which study a plan's entry asks for, and the figures that a finished report's frames redraw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.figures.figure import Figure
from reports.plans.studies import PersonalisationPlan, StudyPlan
from reports.studies.drawings.personalisation import personalisation_figures
from reports.studies.drawings.scaling import scaling_figures
from reports.studies.study import Context, StudyResult, folder_of, read_frames


def run_studies(plans: Sequence[StudyPlan], context: Context) -> list[StudyResult]:
    """Run every study of a plan."""
    return [run_study(plan, context) for plan in plans]


def run_study(plan: StudyPlan, context: Context) -> StudyResult:
    """Run the study that an entry [[studies]] of a plan describes."""
    if isinstance(plan, PersonalisationPlan):
        from reports.studies.personalisation import run_personalisation

        return run_personalisation(plan, context)
    from reports.studies.scaling import run_scaling

    return run_scaling(plan, context)


def stored_figures(out: Path) -> list[Figure]:
    """The figures of the studies of a finished report, from its frames alone."""
    figures: list[Figure] = []
    for name, make in _MAKERS.items():
        frames = read_frames(out, name)
        figures += make(frames) if frames else []
    return figures


def absent_studies(out: Path) -> list[str]:
    """The studies, each named as its plan, that a finished report has no frames of."""
    return [name for name in _MAKERS if not any(folder_of(out, name).glob("*.csv"))]


_MAKERS = {"personalisation": personalisation_figures, "scaling": scaling_figures}
