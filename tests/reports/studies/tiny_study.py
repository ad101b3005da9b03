"""The smallest study that has every part of one."""

from __future__ import annotations

from reports.plans.studies import Level, PersonalisationPlan

SKEWED = Level(name="skewed", concentration=0.3)
TINY = {
    "kind": "personalisation",
    "levels": [{"name": "mild", "concentration": 10.0}, {"name": "moved", "labels": 3, "relabelled": 10}],
    "seen": 4, "new": 2, "samples": 8, "held_out": 6, "hidden": [5], "rounds": 4, "tau": 2, "nus": [0, 1, 2],
    "approximate": [1], "steps": 3, "compared": [1, 2], "shown": 2, "betas": [0.5, 1.0], "pilot_rounds": 2,
    "budget_nu": 1, "seeds": 2,
}  # fmt: skip


def tiny(**changes) -> PersonalisationPlan:
    return PersonalisationPlan(**(TINY | changes))
