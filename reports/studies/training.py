"""One arm on one seed: train it, then test what it is worth after fine-tuning, at several rounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirics import DivergedError, MetaFedAvg, Task, split_statistics
from empirics.tasks.networks.network import NetworkTask
from reports.plans.studies import Level, PersonalisationPlan
from reports.records.seeds import child_seed
from reports.records.store import record_key
from reports.studies.adaptation import adapted, curvature, gradient_spread, objective
from reports.studies.agents import CLASSES, Population, digits, in_float32, network, population
from reports.studies.arms import Arm
from reports.studies.execution import Made, StudyCell, code_version
from reports.tasks.own_network import module_of, network_task, samples_in

PILOT = -1  # the seed whose split and start serve to choose step sizes, and nothing else


@dataclass(frozen=True)
class Scene:
    """A level, a seed and the shape of the experiment: everything that all arms on this seed share.

    index: which seed of the study, or PILOT. own: the versions of a user's data and module, by their names.
    """

    level: Level
    index: int
    root: int
    plan: PersonalisationPlan
    device: str
    own: tuple[tuple[str, str], ...] = ()

    @property
    def seed(self) -> int:
        """The seed of this scene's split, start and power iterations."""
        return child_seed(self.root, "personalisation", self.level.name, self.index)

    def tasks(self) -> tuple[NetworkTask, NetworkTask, NetworkTask]:
        """The training task, and all agents' own and held-out samples."""
        made, model = self.population(), self.plan.model
        widths = [made.x.shape[-1], *self.plan.hidden, CLASSES]
        module = network(widths, self.seed) if model is None else module_of(model, self.seed)
        return made.tasks(module, self.device)

    def population(self) -> Population:
        """The agents and their samples."""
        p = self.plan
        source = digits() if p.data is None else in_float32(samples_in(p.data))
        return population(
            self.level, self.seed, seen=p.seen, new=p.new, samples=p.samples, held_out=p.held_out, source=source
        )

    @property
    def title(self) -> str:
        """What the agents and their samples are called."""
        data = "digits" if self.plan.data is None else Path(self.plan.data).name
        return f"{data}, {self.level.name}"

    def description(self) -> dict[str, Any]:
        """What all arms of the scene share, as plain JSON values."""
        shared = ("seen", "new", "samples", "held_out", "hidden", "tau", "delta", "model")
        plan = self.plan.model_dump(mode="json", include=set(shared))
        level = self.level.model_dump(mode="json")
        return {"level": level, "index": self.index, "root": self.root, **plan, "own": dict(self.own)}


@dataclass(frozen=True)
class Training(StudyCell):
    """Train an arm for the largest of the tested rounds, and test the iterates after these rounds.

    The record holds accuracy and loss (tested, steps + 1, agents) on held-out samples, and the training objective
    (tested,); after a divergence the last finite iterate stands for the later ones.
    """

    scene: Scene
    arm: Arm
    alpha: float
    beta: float
    tested: tuple[int, ...]
    steps: int

    def description(self) -> dict[str, Any]:
        """Everything that decides the record."""
        own = {"mode": self.arm.mode, "nu": self.arm.nu, "alpha": self.alpha, "beta": self.beta, "steps": self.steps}
        cell = {"task": self.scene.title, "statements": [], **self.scene.description(), **own}
        cell["tested"] = list(self.tested)
        return {"kind": "training", "cell": cell, "device": self.scene.device, "code": code_version()}

    @property
    def weight(self) -> float:
        """Gradients, with a product as two."""
        return max(self.tested) * self.arm.price(2.0)

    @property
    def batch(self) -> str:
        """On a GPU the seeds of an arm are the replicas of one run; on a CPU seeds are spread over processes."""
        if not self.scene.device.startswith("cuda"):
            return self.key
        return record_key({**self.description(), "cell": {**self.description()["cell"], "index": None}})

    @property
    def settings(self) -> MetaFedAvg:
        """The settings of the arm's run on one seed."""
        delta = self.scene.plan.delta if self.arm.mode.probes else None
        tau = self.scene.plan.tau
        return MetaFedAvg(self.alpha, self.arm.nu, self.beta, tau, mode=self.arm.mode, chunk=1, delta=delta)

    def make(self) -> Made:
        """Train on the seen agents, then test on all; a run that diverges is tested up to its last finite round."""
        tasks = self.scene.tasks()
        started, diverged = time.perf_counter(), None
        try:
            run = self.settings.run(tasks[0], tasks[0].start, max(self.tested))
        except DivergedError as error:
            run, diverged = error.partial, error.divergence.round
        facts = {"seconds": time.perf_counter() - started, "backend": run.backend, "diverged": diverged}
        return self._tested(tasks, run.iterates[0], facts)

    def make_with(self, others: Sequence[StudyCell]) -> list[Made]:
        """Train all seeds as replicas of one run, each on its own agents; one by one where some run diverges."""
        cells = [self, *(cell for cell in others if isinstance(cell, Training))]
        scenes = [cell.scene.tasks() for cell in cells]
        seen = [tasks[0] for tasks in scenes]
        started = time.perf_counter()
        try:
            settings = replace(self.settings, chunk=len(cells))
            starts = torch.stack([task.start for task in seen])
            run = settings.run(side_by_side(seen), starts, max(self.tested), replicas=len(cells))
        except DivergedError:
            return super().make_with(others)
        facts = {"seconds": (time.perf_counter() - started) / len(cells), "backend": run.backend, "diverged": None}
        return [
            cell._tested(tasks, iterates, facts)
            for cell, tasks, iterates in zip(cells, scenes, run.iterates, strict=True)
        ]

    def _tested(
        self, tasks: tuple[NetworkTask, NetworkTask, NetworkTask], iterates: Tensor, facts: dict[str, Any]
    ) -> Made:
        """What the iterates (rounds + 1, d) are worth after the tested rounds."""
        seen, own, held = tasks
        last = len(iterates) - 1
        models = iterates[[min(k, last) for k in self.tested]]
        accuracy, loss = adapted(own, held, models, self.alpha, self.steps)
        goal = objective(seen, models, self.alpha, self.arm.nu)
        arrays = {"accuracy": accuracy.astype(np.float32), "loss": loss.astype(np.float32), "objective": goal}
        return {**facts, "d": seen.d}, arrays


def side_by_side(tasks: Sequence[NetworkTask]) -> Task:
    """One task in which replica r runs on the agents of tasks[r]; all tasks have equally many agents."""
    x, y = (torch.cat([task.parameter(name) for task in tasks]) for name in ("x", "y"))
    every = network_task(tasks[0].module, x.cpu().numpy(), y.cpu().numpy()).to(tasks[0].device)
    return every.select(torch.arange(every.n, device=every.device).reshape(len(tasks), -1))


@dataclass(frozen=True)
class Curvature(StudyCell):
    """How curved the agents' losses are along FedAvg from a pilot start, and how far apart their gradients are.

    FedAvg takes the step 1 / L, L the largest norm of a Hessian found at the start.
    """

    scene: Scene

    def description(self) -> dict[str, Any]:
        """Everything that decides the record."""
        cell = {"task": self.scene.title, "statements": [], **self.scene.description()}
        cell["rounds"] = self.scene.plan.pilot_rounds
        return {"kind": "curvature", "cell": cell, "device": self.scene.device, "code": code_version()}

    @property
    def weight(self) -> float:
        """Gradients along the path, and the power iterations that follow."""
        return self.scene.plan.pilot_rounds + 60.0

    def make(self) -> Made:
        """Power iterations at the start and along the path."""
        seen, _, _ = self.scene.tasks()
        rounds = self.scene.plan.pilot_rounds
        first = float(curvature(seen, seen.start.unsqueeze(0), self.scene.seed).max())
        run = MetaFedAvg(0.0, 0, 1.0 / first, self.scene.plan.tau, chunk=1).run(seen, seen.start, rounds)
        places = sorted({rounds * part // 4 for part in range(5)})
        path: Tensor = run.iterates[0, torch.tensor(places)]
        sizes = curvature(seen, path, self.scene.seed)
        arrays = {"curvature": sizes, "rounds": np.array(places), "spread": gradient_spread(seen, path)}
        made = self.scene.population()
        split = split_statistics(list(np.concatenate([made.y, made.y_held], axis=1)))
        return {"largest": max(first, float(sizes.max())), "first_step": 1.0 / first, "split": split}, arrays
