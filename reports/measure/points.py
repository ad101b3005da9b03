"""Deterministic statements at points (S1-S4, S7-S10): search in float64, then balls at the instance found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch
from flint import arb
from torch import Tensor

import empirics
import theory
from empirics.algorithm.meta_gradients import fine_tuning, trajectory
from reports.balls import ball
from reports.balls.ball import BallMeta, Vector, column, norm
from reports.judging.finding import Enclosed, Finding, Setting, Withheld
from reports.measure.domain import on_points
from reports.measure.estimates import ON_BALL, ball_estimates, rough, with_estimates
from reports.measure.oracle import dense_loss, dense_meta_gradient
from reports.measure.search import Box, maximise
from reports.measure.slices import Evaluated, evaluated
from reports.measure.subject import Subject, downwards
from reports.plans.plan import PointsCell

PAIR_GAP = 2.0**-12  # two-point statements look at pairs this far apart, relative to the radius
_TWO_POINTS = {"S2", "S4"}
# a right side whose own input was rounded to the safe side must not be called violated for that rounding
_INPUT_SLACK = Fraction(1, 2**48)


@dataclass(frozen=True)
class Point:
    """The instance a statement is checked on: a point, a second one for two-point statements, and the agent."""

    w: np.ndarray
    u: np.ndarray | None
    agent: int


def record_points(subject: Subject, cell: PointsCell, seed: int) -> dict[str, np.ndarray]:
    """Search every statement's worst instance; the arrays hold points and agents."""
    if rough(subject) is not None:
        return {}
    alpha = subject.alpha(cell)
    found = ball_estimates(subject, cell, seed)
    subject, radius = on_points(with_estimates(subject, found), cell)
    for index, statement in enumerate(cell.statements):
        w, u = _instance(subject, cell, radius, statement, seed + index)
        left = _objectives(subject, alpha, cell)[statement](w[None], None if u is None else u[None])[0]
        found[f"{statement}_agent"] = np.asarray(int(left.argmax()))
        found[f"{statement}_w"] = w.numpy()
        if u is not None:
            found[f"{statement}_u"] = u.numpy()
        found[f"{statement}_float64"] = np.asarray(float(left.max()))
    return found


def _instance(
    subject: Subject, cell: PointsCell, radius: float, statement: str, seed: int
) -> tuple[Tensor, Tensor | None]:
    d = subject.task.d
    if cell.at is not None:
        w = torch.tensor([float(x) for x in cell.at], dtype=torch.float64)
        return w, torch.tensor(
            [float(x) for x in cell.pair or []], dtype=torch.float64
        ) if statement in _TWO_POINTS else None
    objective = _objectives(subject, subject.alpha(cell), cell)[statement]

    def pair(x: Tensor) -> tuple[Tensor, Tensor | None]:
        if statement not in _TWO_POINTS:
            return subject.centre + x[:, 0], None
        first = x[:, 0] * (1 - PAIR_GAP)
        return subject.centre + first, subject.centre + first + PAIR_GAP * x[:, 1]

    best = maximise(
        lambda x: objective(*pair(x)).amax(dim=-1), Box(2 if statement in _TWO_POINTS else 1, d, radius), seed=seed
    )
    w, u = pair(best[None])
    return w[0], None if u is None else u[0]


Objective = Callable[[Tensor, Tensor | None], Tensor]


def _objectives(subject: Subject, alpha: float, cell: PointsCell) -> dict[str, Objective]:
    """For each statement the quantity to maximise, (P, d) and perhaps (P, d) -> (P, n), on the engine."""
    task, nu = subject.task, cell.nu

    def at(function: Evaluated) -> Objective:
        return lambda w, _: evaluated(task, w, function)

    def ratio(function: Evaluated) -> Objective:
        def quotient(w: Tensor, u: Tensor | None) -> Tensor:
            assert u is not None
            at_w, at_u = evaluated(task, torch.cat([w, u]), function).split(len(w))
            return (at_w - at_u).norm(dim=-1) / (w - u).norm(dim=-1)[:, None]

        return quotient

    def meta(part: empirics.Task, w: Tensor) -> Tensor:
        return trajectory(part, w, alpha, nu).exact()

    def tuned(part: empirics.Task, w: Tensor) -> Tensor:
        return fine_tuning(part, w, alpha, nu)[-1]

    def growth(part: empirics.Task, w: Tensor) -> Tensor:
        return meta(part, w).norm(dim=-1) / part.raw_gradient(w).norm(dim=-1)

    def first_order_error(part: empirics.Task, w: Tensor) -> Tensor:
        path = trajectory(part, w, alpha, nu)
        return (path.exact() - path.outer).norm(dim=-1)

    def hessian_free_error(part: empirics.Task, w: Tensor) -> Tensor:
        assert cell.delta is not None, "the plan checks that S9 comes with delta"
        path = trajectory(part, w, alpha, nu)
        return (path.exact() - path.hessian_free(float(cell.delta))).norm(dim=-1)

    def descent(part: empirics.Task, w: Tensor) -> Tensor:
        before = fine_tuning(part, w, alpha, nu - 1)[-1]
        gradient = part.raw_gradient(before)
        after = torch.sub(before, gradient, alpha=alpha)
        L = subject.constants["L"].value
        return part.raw_loss(after) - part.raw_loss(before) + alpha * (1 - alpha * L / 2) * gradient.square().sum(-1)

    def spread_of_agents(w: Tensor, _: Tensor | None) -> Tensor:
        g = evaluated(task, w, meta)
        return (g - g.mean(dim=1, keepdim=True)).square().sum(-1).mean(-1).sqrt()[:, None].expand(-1, task.n)

    return {
        "S1": at(lambda part, w: meta(part, w).norm(dim=-1)),
        "S2": ratio(tuned),
        "S3": at(growth),
        "S4": ratio(meta),
        "S7": spread_of_agents,
        "S8": at(first_order_error),
        "S9": at(hessian_free_error),
        "S10": at(descent),
    }


def point_findings(subject: Subject, cell: PointsCell, arrays: dict[str, np.ndarray]) -> list[Finding]:
    """The rows of a cell: each left side in balls at the recorded instance, beside its right side's exact inputs."""
    if rough(subject) is not None:
        return [_withheld(subject, cell, statement) for statement in cell.statements]
    findings = []
    subject, _ = on_points(with_estimates(subject, arrays), cell)
    with flint.ctx.workprec(ball.BITS):
        for statement in cell.statements:
            u = arrays.get(f"{statement}_u")
            point = Point(arrays[f"{statement}_w"], u, int(arrays[f"{statement}_agent"]))
            findings += _Measured(subject, cell, point, float(arrays[f"{statement}_float64"])).findings(statement)
    return findings


_QUANTITY = {"S1": "S1_relative", "S4": "L_F", "S7": "gamma_F", "S8": "b_FO", "S9": "b_HF"}


def _withheld(subject: Subject, cell: PointsCell, statement: str) -> Finding:
    """The row of a statement that needs a smoothness which the network was declared not to have."""
    alpha = subject.alpha(cell)
    mode = {"S8": "first_order", "S9": "hessian_free"}.get(statement, "exact")
    setting = Setting(subject.name, mode, cell.nu, subject.task.n, alpha)
    return Finding(
        statement,
        theory.bound(statement).provenance,
        _QUANTITY.get(statement, statement),
        subject.inputs(alpha, cell.nu, mode=mode),
        setting,
        Withheld(rough(subject) or ""),
        None,
        label=cell.label,
    )


def _slack(rounded: arb) -> Fraction:
    """Relative slack on the left side for a right side whose input had to be rounded; none for an exact input."""
    return Fraction(0) if arb(float(rounded.mid())) == rounded else _INPUT_SLACK


@dataclass(frozen=True)
class _Measured:
    """One statement at one instance."""

    subject: Subject
    cell: PointsCell
    point: Point
    in_float64: float

    @property
    def alpha(self) -> float:
        return self.subject.alpha(self.cell)

    @property
    def meta(self) -> BallMeta:
        return self.meta_of(self.point.agent)

    def meta_of(self, agent: int) -> BallMeta:
        return BallMeta(self.subject.losses[agent], ball.ball(self.alpha), self.cell.nu)

    @property
    def w(self) -> Vector:
        return column(self.point.w)

    @property
    def u(self) -> Vector:
        assert self.point.u is not None
        return column(self.point.u)

    def findings(self, statement: str) -> list[Finding]:
        return getattr(self, f"_{statement}")()

    def _finding(
        self, bound: str, quantity: str, left: arb, *, mode: str = "exact", trivial: float | None = None,
        slack: Fraction = Fraction(0), **more: Any,
    ) -> Finding:  # fmt: skip
        subject, cell = self.subject, self.cell
        lower, upper = ball.bounds(left)
        lower -= slack * max(abs(lower), abs(upper))
        provenance = theory.bound(bound).provenance
        setting = Setting(subject.name, mode, cell.nu, subject.task.n, self.alpha)
        inputs = subject.inputs(self.alpha, cell.nu, mode=mode, **more)
        how = f"Arb balls at {flint.ctx.prec} bits"
        label = f"{cell.label}delta{cell.delta}".replace("/", "_") if mode == "hessian_free" else cell.label
        return Finding(
            bound,
            provenance,
            quantity,
            inputs,
            setting,
            Enclosed(lower, upper, how),
            trivial,
            subject.constants,
            self._witness(),
            label,
            note=ON_BALL if subject.stated else "",
        )

    def _witness(self) -> dict[str, Any]:
        point = self.point
        witness: dict[str, Any] = {"agent": point.agent, "float64": self.in_float64}
        if point.w.size <= 8:
            witness["w"] = point.w.tolist()
            if point.u is not None:
                witness["u"] = point.u.tolist()
        return witness

    def _value(self, quantity: str, **more: Any) -> float:
        return theory.quantity(quantity).value(**self.subject.inputs(self.alpha, self.cell.nu, **more))

    def _S1(self) -> list[Finding]:
        subject, nu = self.subject, self.cell.nu
        loss = dense_loss(subject.task.family, subject.arrays, self.point.agent)
        expected = dense_meta_gradient(loss, self.point.w, self.alpha, nu)
        engine = empirics.meta_gradient(subject.task, torch.as_tensor(self.point.w), self.alpha, nu)[
            self.point.agent
        ].numpy()
        scale = float(np.linalg.norm(expected))
        radius = float(np.linalg.norm(self.point.w)) + self.alpha * nu * self._value("B_F") * 1.01
        eta = subject.rounding(self.alpha, nu, radius)
        residual = ball.ball(float(np.linalg.norm(engine - expected))) / scale
        size = downwards(scale)
        return [self._finding("S1", "S1_relative", residual, eta_G=eta.gradient, eta_H=eta.hessian, grad_norm=size)]

    def _S2(self) -> list[Finding]:
        moved = self.meta.trajectory(self.w)[-1] - self.meta.trajectory(self.u)[-1]
        return [self._finding("S2", "S2", norm(moved) / norm(self.w - self.u))]

    def _S3(self) -> list[Finding]:
        size = norm(self.meta.exact(self.w))
        factor = size / norm(self.meta.f.gradient(self.w))
        return [self._finding("S3", "S3", factor, grad_norm_i=1), self._finding("S3", "B_F", size)]

    def _S4(self) -> list[Finding]:
        ratio = norm(self.meta.exact(self.w) - self.meta.exact(self.u)) / norm(self.w - self.u)
        grad_norm = norm(self.meta.f.gradient(self.u))
        rows = [
            self._finding("S4", "L_F", ratio),
            self._finding(
                "S4", "L_F_pointwise", ratio, slack=_slack(grad_norm), grad_norm_i=ball.float_below(grad_norm)
            ),
        ]
        if self.cell.nu == 1 and self.alpha * self.subject.constants["L"].value <= 1:
            rows.append(self._finding("per_fedavg.L_F", "per_fedavg.L_F", ratio))
        if self.subject.constants["rho"].value > 0:
            rows.append(self._finding("maml.C_L", "maml.C_L", self._slope(ratio, grad_norm)))
        return rows

    def _slope(self, ratio: arb, grad_norm: arb) -> arb:
        """What multi-step MAML's smoothness leaves to C_L: (ratio - L (1 + alpha L)^{2 nu}) / norm(grad f_i(u))."""
        L = ball.ball(self.subject.constants["L"].value)
        flat = L
        for _ in range(2 * self.cell.nu):
            flat = flat * (1 + ball.ball(self.alpha) * L)
        excess = ratio - flat
        return arb(0) if excess < 0 or grad_norm == 0 else excess / grad_norm

    def _S7(self) -> list[Finding]:
        gradients = [self.meta_of(i).exact(self.w) for i in range(self.subject.task.n)]
        centre = ball.mean(gradients)
        squared = sum((ball.squared_norm(g - centre) for g in gradients), arb(0)) / len(gradients)
        B_F = self._value("B_F")
        rows = [self._finding("S7", "gamma_F", ball.root(squared), trivial=B_F)]
        if self.cell.nu == 1 and self.alpha * self.subject.constants["L"].value <= 1:
            rows.append(self._finding("per_fedavg.gamma_F2", "per_fedavg.gamma_F2", squared, trivial=B_F**2))
        return rows

    def _S8(self) -> list[Finding]:
        error = norm(self.meta.exact(self.w) - self.meta.first_order(self.w))
        trivial = (1 + self._value("S2")) * self.subject.constants["B"].value
        return [self._finding("S8", "b_FO", error, mode="first_order", trivial=trivial)]

    def _S9(self) -> list[Finding]:
        assert self.cell.delta is not None, "the plan checks that S9 comes with delta"
        delta = float(self.cell.delta)
        error = norm(self.meta.exact(self.w) - self.meta.hessian_free(self.w, ball.ball(delta)))
        trivial = 2 * self._value("B_F")
        return [self._finding("S9", "b_HF", error, mode="hessian_free", trivial=trivial, delta=delta)]

    def _S10(self) -> list[Finding]:
        points = self.meta.trajectory(self.w)
        change = self.meta.f.loss(points[-1]) - self.meta.f.loss(points[-2])
        grad_norm = norm(self.meta.f.gradient(points[-2]))
        # at alpha L <= 2 the right side is a decrease, so a larger norm makes it smaller; beyond, the reverse
        shrinking = self.alpha * self.subject.constants["L"].value <= 2
        value = ball.float_above(grad_norm) if shrinking else ball.float_below(grad_norm)
        return [self._finding("S10", "S10", change, slack=_slack(grad_norm), grad_norm_i=value)]
