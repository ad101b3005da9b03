"""The study `personalisation`: does training with more fine-tuning steps pay, when, and against what?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.plans.studies import Level, PersonalisationPlan
from reports.studies.allowed import PathConstants, allowed_frame
from reports.studies.arms import Arm, arms, checkpoints
from reports.studies.comparisons import comparisons_frame
from reports.studies.drawings.personalisation import personalisation_figures
from reports.studies.execution import StudyCell, execute_all
from reports.studies.frames import (
    Trained,
    curves_frame,
    means_frame,
    objective_of,
    pilots_frame,
    results_frame,
    splits_frame,
    targets_frame,
)
from reports.studies.page import personalisation_headline, personalisation_section
from reports.studies.study import Context, StudyResult
from reports.studies.training import PILOT, Curvature, Scene, Training

NAME = "personalisation"


@dataclass(frozen=True)
class Steps:
    """The step sizes of the study, chosen on the pilot seed: one alpha for all, a beta for every level and arm."""

    curvature: float
    alpha: float
    betas: dict[tuple[str, Arm], float]


def run_personalisation(plan: PersonalisationPlan, context: Context) -> StudyResult:
    """Choose step sizes on the pilot seed, train and test every arm on every seed, compare."""
    seeds = context.seeds if context.seeds > 1 else plan.seeds
    curved = [Curvature(scene(plan, level, PILOT, context)) for level in plan.levels]
    measured = execute_all(curved, context.records, context.workers)
    curvature = max(float(record.facts["largest"]) for record in measured)
    pilots = pilot_cells(plan, context, 1.0 / curvature)
    piloted = _trained(pilots, context)
    steps = Steps(curvature, 1.0 / curvature, _best(piloted))
    trained = _trained(training_cells(plan, context, steps, seeds), context)
    paths = [PathConstants(scene(plan, level, PILOT, context), steps.alpha) for level in plan.levels]
    constants = execute_all(paths, context.records, context.workers)
    names = [level.name for level in plan.levels]
    results = results_frame(trained)
    spreads = {level.name: float(one.arrays["spread"][0]) for level, one in zip(plan.levels, measured, strict=True)}
    frames = {
        "results": results,
        "means": means_frame(results),
        "curves": curves_frame(trained),
        "targets": targets_frame(trained),
        "comparisons": comparisons_frame(
            results, plan.compared, {"seen": plan.seen * plan.held_out, "new": plan.new * plan.held_out}
        ),
        "pilots": pilots_frame(piloted),
        "splits": splits_frame(names, [one.facts["split"] for one in measured]),
        "allowed": allowed_frame(plan, list(zip(names, constants, strict=True)), trained),
    }
    used: list[StudyCell] = [*curved, *paths, *pilots, *(one.cell for one in trained)]
    diverged = [one for one in trained if one.record.facts["diverged"] is not None]
    backends = sorted({str(one.record.facts["backend"]) for one in trained})
    section = personalisation_section(plan, seeds, steps.curvature, spreads, frames, len(diverged), backends)
    return StudyResult(
        NAME,
        personalisation_headline(frames),
        frames,
        [section],
        personalisation_figures(frames),
        [cell.key for cell in used],
    )


def scene(plan: PersonalisationPlan, level: Level, index: int, context: Context) -> Scene:
    """A level on one seed."""
    own = context.versions([name for name in (plan.data, plan.model) if name is not None])
    return Scene(level, index, context.root, plan, context.device, tuple(own.items()))


def pilot_cells(plan: PersonalisationPlan, context: Context, alpha: float) -> list[Training]:
    """Every arm at every server step of the grid, on the pilot seed of every level."""
    judged = (0, *sorted({max(1, plan.pilot_rounds * part // 4) for part in (2, 3, 4)}))
    return [
        Training(scene(plan, level, PILOT, context), arm, alpha, alpha * multiple, judged, 0)
        for level in plan.levels
        for arm in arms(plan)
        for multiple in plan.betas
    ]


def training_cells(plan: PersonalisationPlan, context: Context, steps: Steps, seeds: int) -> list[Training]:
    """Every arm on every seed of every level, with its step sizes."""
    return [
        Training(
            scene(plan, level, index, context), arm, steps.alpha, steps.betas[level.name, arm],
            tuple(checkpoints(arm, plan)), plan.steps,
        )
        for level in plan.levels
        for index in range(seeds)
        for arm in arms(plan)
    ]  # fmt: skip


def _trained(cells: Sequence[Training], context: Context) -> list[Trained]:
    records = execute_all(cells, context.records, context.workers)
    return [Trained(cell, record) for cell, record in zip(cells, records, strict=True)]


def _best(pilots: Sequence[Trained]) -> dict[tuple[str, Arm], float]:
    """The server step with the smallest objective, for each level and arm; the smaller step of equals."""
    best: dict[tuple[str, Arm], Trained] = {}
    for one in sorted(pilots, key=lambda pilot: pilot.cell.beta):
        place = (one.cell.scene.level.name, one.cell.arm)
        if place not in best or objective_of(one) < objective_of(best[place]):
            best[place] = one
    return {place: one.cell.beta for place, one in best.items()}
