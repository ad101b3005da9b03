"""Bias and mean squared error of the stochastic meta-gradients (S5, S5p, S6, S8s, S9s), exactly or by sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np
import torch
from flint import arb

import empirics
import theory
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column, norm
from reports.judging.finding import Enclosed, Evidence, Finding, Sampled, Setting
from reports.measure.domain import on_points
from reports.measure.enumeration import (
    Batches,
    StochasticMeta,
    expectation,
    expected_squared_distance,
    noises,
    tree_size,
)
from reports.measure.search import Box, maximise
from reports.measure.subject import Subject, upwards
from reports.plans.plan import NoiseCell

LARGEST_TREE = 20_000
_ENUMERATION_BITS = 96
_MODE = {
    "S5": "stochastic",
    "S5p": "stochastic",
    "S6": "stochastic",
    "S8s": "first_order_stochastic",
    "S9s": "hessian_free_stochastic",
}


def record_noise(subject: Subject, cell: NoiseCell, seed: int, device: str = "cpu") -> dict[str, np.ndarray]:
    """The point, and for the sampling method the engine's stochastic meta-gradients (2 replicas a pair)."""
    subject, radius = on_points(subject, cell)
    alpha, task = subject.alpha(cell), subject.task
    if cell.at is not None:
        w = torch.tensor([float(x) for x in cell.at], dtype=torch.float64)
    else:
        w = subject.centre + maximise(_leading_bias(subject, cell, alpha), Box(1, task.d, radius), seed=seed)[0]
    found = {"w": w.numpy()}
    modes = sorted({_MODE[statement] for statement in cell.statements})
    for mode in modes if cell.method == "sample" else []:
        found |= _sampled_inner_products(task.to(device), w, alpha, cell, mode, seed)
    return found


def _leading_bias(subject: Subject, cell: NoiseCell, alpha: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a point is searched for: the second difference of the meta-gradient along one noisy fine-tuning step.

    To second order in the noise it is the bias, so the search finds points where the bias is large; which point it
    finds does not enter any verdict.
    """
    task, d = subject.task, subject.task.d
    size = alpha * subject.constants["sigma_G"].value / cell.D**0.5
    directions = torch.as_tensor(subject.noise_arrays["noise_u"])
    directions = directions if bool(directions.any()) else torch.full((task.n, d), d**-0.5, dtype=torch.float64)

    def objective(x: torch.Tensor) -> torch.Tensor:
        w = (subject.centre + x[:, :1, :]).expand(-1, task.n, -1)
        at = [empirics.meta_gradient(task, w + sign * size * directions, alpha, cell.nu) for sign in (-1.0, 0.0, 1.0)]
        return (at[0] - 2 * at[1] + at[2]).norm(dim=-1).amax(dim=-1)

    return objective


def _sampled_inner_products(
    task: empirics.Task, w: torch.Tensor, alpha: float, cell: NoiseCell, mode: str, seed: int
) -> dict[str, np.ndarray]:
    target = empirics.meta_gradient(task, w, alpha, cell.nu)
    drawn = empirics.meta_gradient(
        task,
        w.expand(2 * cell.replicas, task.n, task.d),
        alpha,
        cell.nu,
        mode,
        delta=float(cell.delta) if cell.delta is not None and mode.startswith("hessian_free") else None,
        batches=(cell.D, cell.D_prime, cell.D_H),
        seed=seed,
    )
    error = drawn - target
    squared = error.square().sum(-1).mean(-1)
    products = (error[: cell.replicas] * error[cell.replicas :]).sum(-1).mean(-1)
    return {f"{mode}_squared_error": squared.cpu().numpy(), f"{mode}_product": products.cpu().numpy()}


def noise_findings(subject: Subject, cell: NoiseCell, arrays: dict[str, np.ndarray]) -> list[Finding]:
    """The rows of a cell."""
    subject, _ = on_points(subject, cell)
    measured = (
        _Enumerated(subject, cell, arrays["w"]) if cell.method == "enumerate" else _FromSamples(subject, cell, arrays)
    )
    return [finding for statement in cell.statements for finding in measured.findings(statement)]


@dataclass(frozen=True)
class _Common:
    subject: Subject
    cell: NoiseCell

    @property
    def alpha(self) -> float:
        return self.subject.alpha(self.cell)

    def _inputs(self, mode: str) -> dict[str, str]:
        cell = self.cell
        more: dict[str, Any] = {"D": cell.D, "D_prime": cell.D_prime, "D_H": cell.D_H}
        if cell.delta is not None:
            more["delta"] = float(cell.delta)
        return self.subject.inputs(self.alpha, cell.nu, mode=mode, **more)

    def _largest(self, mode: str) -> float:
        """G_max >= norm(g) surely."""
        gradient = self.subject.task.almost_sure_norms()["gradient"]
        if mode == "first_order_stochastic":
            return gradient
        return upwards(self.subject.task.almost_sure_step_factor(self.alpha) ** self.cell.nu * gradient)

    def _B_F(self) -> float:
        return theory.quantity("B_F").value(**self._inputs("exact"))

    def _bias_trivial(self, mode: str) -> float:
        if mode == "first_order_stochastic":
            factor = theory.quantity("S2").value(**self._inputs("exact"))
            return (1 + factor) * self.subject.constants["B"].value
        return 2 * self._B_F()

    def _error_trivial(self, mode: str) -> float:
        return (self._largest(mode) + self._B_F()) ** 2

    def _finding(
        self, bound: str, quantity: str, evidence: Evidence, trivial: float, witness: dict[str, Any]
    ) -> Finding:
        subject, cell, mode = self.subject, self.cell, _MODE.get(bound, "stochastic")
        setting = Setting(
            subject.name,
            mode,
            cell.nu,
            subject.task.n,
            self.alpha,
            replicas=cell.replicas or None,
            seeds=1 if cell.replicas else None,
        )
        label = f"{cell.label}-D{cell.D}".lstrip("-")
        return Finding(
            bound,
            theory.bound(bound).provenance,
            quantity,
            self._inputs(mode),
            setting,
            evidence,
            trivial,
            subject.constants,
            witness,
            label,
        )

    def _published(self) -> bool:
        return self.cell.nu == 1 and self.alpha * self.subject.constants["L"].value <= 1


@dataclass(frozen=True)
class _Enumerated(_Common):
    """Exact expectations, the largest over the agents."""

    w: np.ndarray

    def findings(self, statement: str) -> list[Finding]:
        with flint.ctx.workprec(_ENUMERATION_BITS):
            return {"S5": self._S5, "S5p": self._S5p, "S6": self._S6, "S8s": self._S8s, "S9s": self._S9s}[statement]()

    def _laws(self, mode: str, *, full: bool) -> list[tuple[StochasticMeta, BallMeta]]:
        cell, subject = self.cell, self.subject
        batches = Batches(cell.D, cell.D_prime, cell.D_H)
        pairs = []
        for f, noise in zip(subject.losses, noises(subject.noise_arrays), strict=True):
            leaves = tree_size(noise, cell.nu, batches, mode)
            if full and leaves > LARGEST_TREE:
                raise ValueError(
                    f"task {subject.name}: enumeration of {mode} at nu = {cell.nu} has {leaves} outcomes, "
                    f"at most {LARGEST_TREE} are walked; use smaller batches or method = 'sample'"
                )
            alpha = ball.ball(self.alpha)
            pairs.append((StochasticMeta(f, noise, alpha, cell.nu, batches), BallMeta(f, alpha, cell.nu)))
        return pairs

    def _worst(self, values: list[arb]) -> tuple[arb, dict[str, Any]]:
        agent = max(range(len(values)), key=lambda i: float(values[i].mid()))
        witness: dict[str, Any] = {"agent": agent}
        if self.w.size <= 8:
            witness["w"] = self.w.tolist()
        return values[agent], witness

    def _row(self, bound: str, quantity: str, values: list[arb], trivial: float) -> Finding:
        worst, witness = self._worst(values)
        lower, upper = ball.bounds(worst)
        how = f"exact expectation (every batch outcome enumerated), Arb balls at {flint.ctx.prec} bits"
        return self._finding(bound, quantity, Enclosed(max(lower, lower * 0), upper, how), trivial, witness)

    @property
    def _point(self) -> Vector:
        return column(self.w)

    @cached_property
    def _stochastic_bias(self) -> list[arb]:
        laws = self._laws("stochastic", full=False)
        return [norm(law.stochastic_mean(self._point) - meta.exact(self._point)) for law, meta in laws]

    def _S5(self) -> list[Finding]:
        bias, trivial = self._stochastic_bias, self._bias_trivial("stochastic")
        rows = [self._row("S5", "b_sto", bias, trivial)]
        if self._published():
            rows.append(self._row("per_fedavg.bias", "per_fedavg.bias", bias, trivial))
        return rows

    def _S5p(self) -> list[Finding]:
        return [self._row("S5p", "b_sto_2", self._stochastic_bias, self._bias_trivial("stochastic"))]

    def _S6(self) -> list[Finding]:
        laws = self._laws("stochastic", full=True)
        errors = [law.stochastic_squared_distance(self._point, meta.exact(self._point)) for law, meta in laws]
        trivial = self._error_trivial("stochastic")
        rows = [self._row("S6", "sigma_F2", errors, trivial)]
        if self._published():
            rows.append(self._row("per_fedavg.sigma_F2", "per_fedavg.sigma_F2", errors, trivial))
        return rows

    def _S8s(self) -> list[Finding]:
        mode = "first_order_stochastic"
        laws = self._laws(mode, full=True)
        means = [law.first_order_mean(self._point) for law, _ in laws]
        bias = [norm(mean - meta.exact(self._point)) for mean, (_, meta) in zip(means, laws, strict=True)]
        variance = [
            expected_squared_distance(law.first_order(self._point), mean)
            for mean, (law, _) in zip(means, laws, strict=True)
        ]
        return [
            self._row("S8s", "b_FO_sto", bias, self._bias_trivial(mode)),
            self._row("S8s", "var_FO_sto", variance, self._error_trivial(mode)),
        ]

    def _S9s(self) -> list[Finding]:
        mode = "hessian_free_stochastic"
        assert self.cell.delta is not None, "the plan checks that S9s comes with delta"
        delta = ball.ball(float(self.cell.delta))
        laws = self._laws(mode, full=True)
        bias, error = [], []
        for law, meta in laws:
            target = meta.exact(self._point)
            outcomes = list(law.hessian_free(self._point, delta))
            bias.append(norm(expectation(outcomes) - target))
            error.append(expected_squared_distance(outcomes, target))
        return [
            self._row("S9s", "b_HF_sto", bias, self._bias_trivial(mode)),
            self._row("S9s", "mse_HF_sto", error, self._error_trivial(mode)),
        ]


@dataclass(frozen=True)
class _FromSamples(_Common):
    """The agents' mean of squared bias and squared error, from independent pairs of meta-gradients.

    Each agent obeys the bound, hence so does the mean over agents of the squares.
    """

    arrays: dict[str, np.ndarray]

    def findings(self, statement: str) -> list[Finding]:
        mode = _MODE[statement]
        quantities = {
            "S5": ("b_sto", None),
            "S5p": ("b_sto_2", None),
            "S6": (None, "sigma_F2"),
            "S8s": ("b_FO_sto", "var_FO_sto"),
            "S9s": ("b_HF_sto", "mse_HF_sto"),
        }[statement]
        largest = upwards(self._largest(mode) + self._B_F()) ** 2
        witness: dict[str, Any] = {"w": self.arrays["w"].tolist()} if self.arrays["w"].size <= 8 else {}
        rows = []
        if quantities[0] is not None:
            values = self.arrays[f"{mode}_product"]
            how = "betting bound on <g - grad F, g' - grad F> over independent pairs"
            evidence = Sampled(values, -largest, largest, largest * 1e-12, how, power=2)
            rows.append(self._finding(statement, quantities[0], evidence, self._bias_trivial(mode), witness))
        # the spread about its own mean is at most the mean squared error, which S8s does not bound: only S6 and S9s
        if quantities[1] is not None and statement != "S8s":
            values = self.arrays[f"{mode}_squared_error"]
            evidence = Sampled(values, 0.0, largest, largest * 1e-12, "betting bound on norm(g - grad F)^2")
            rows.append(self._finding(statement, quantities[1], evidence, self._error_trivial(mode), witness))
        return rows
