"""Instances a second of the search for counterexamples, in the batches that it uses."""

from __future__ import annotations

import time

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.peers import Setting
from reports.pages.speed_records import Search
from reports.refutation.families.catalogue import families_for
from reports.refutation.family import Family, Target
from reports.refutation.search import POPULATION, Question, decode, ratios
from theory.tables import default_table

_TARGETS: tuple[Target, ...] = (("S4", "L_F"), ("S8", "b_FO"), ("T1b", "T1b"))
_SHORTEST = 0.2  # seconds


def rates(setting: Setting, repeat: int) -> list[Search]:
    """One row for each family of a few statements; an instance is a left side, a right side and its hypotheses."""
    torch.set_num_threads(setting.threads)
    places = [(target, family) for target in _TARGETS for family in families_for(target)]
    return [
        Search(
            name=f"{target[0]} on {family.name}",
            batch=POPULATION,
            instances=POPULATION * len(family.options),
            rates=measured_rates(target, family, POPULATION, repeat),
            machine=describe(setting.threads, "cpu"),
        )
        for target, family in places
    ]


def measured_rates(target: Target, family: Family, batch: int, repeat: int) -> list[float]:
    """Instances a second, `repeat` times: batches of uniform points of the family's box, all of its options in turn."""
    question, box = Question(target, target[1], default_table()), family.box()
    points = np.random.default_rng(0).uniform(box[:, 0], box[:, 1], (batch, len(box)))

    def evaluate() -> None:
        for option in family.options:
            ratios(question, family, option, decode(family, points))

    evaluate()
    found = []
    for _ in range(repeat):
        count, started, taken = 0, time.perf_counter(), 0.0
        while taken < _SHORTEST:
            evaluate()
            count, taken = count + batch * len(family.options), time.perf_counter() - started
        found.append(count / taken)
    return found
