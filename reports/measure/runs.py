"""Meta-FedAvg runs and what the rate statements say of them: T1 at the first round, T2, T3, and T4's floors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np
import torch

import empirics
import theory
from empirics import MetaFedAvg, closed_form, confinement
from reports import ball
from reports.finding import Enclosed, Evidence, Finding, Sampled, Setting, Withheld
from reports.inputs import Subject, exact, upwards
from reports.measure.limit import limit_floors
from reports.measure.one_round import enumerable, expected_round
from reports.measure.path import mean_squared_gradient
from reports.plan import RunCell
from reports.rows import StatedConstant

_NOTHING = Withheld("")  # replaced by the refusal that kept the run from being made
_BETTING = "betting bound over independent float64 runs"
_STOCHASTIC = ("stochastic", "first_order_stochastic", "hessian_free_stochastic")


@dataclass(frozen=True)
class Prepared:
    """A run cell with its numbers: exact theory inputs, the engine's settings, and why it may not apply."""

    subject: Subject
    cell: RunCell
    constants: dict[str, StatedConstant]
    inputs: dict[str, str]
    settings: MetaFedAvg
    start: torch.Tensor
    refusal: str | None

    @cached_property
    def L_F(self) -> float:
        """The smoothness constant that enters the right sides."""
        return theory.quantity("L_F").value(**self.inputs)

    @cached_property
    def B_F(self) -> float:
        """The bound on norm(grad F_i)."""
        return theory.quantity("B_F").value(**self.inputs)

    @property
    def quadratic(self) -> bool:
        """Whether the closed forms Q1-Q3 apply."""
        return self.subject.task.family == "quadratic"

    @property
    def surely_one_path(self) -> bool:
        """Whether every replica is the same: no batches and no sampling of agents."""
        return (
            self.cell.mode not in _STOCHASTIC
            and (self.settings.participants or self.subject.task.n) == self.subject.task.n
        )


def prepare(subject: Subject, cell: RunCell) -> Prepared:
    """Choose beta as the cell asks, confine the run, and complete the exact inputs.

    A quadratic run gets the smallest ball that no possible run with these settings leaves, whatever is drawn; the step
    does not depend on that ball. When none can be proved, the cell's rows say so instead of a verdict.
    """
    task, alpha = subject.task, subject.alpha(cell)
    sizes = {name: getattr(cell, name) for name in ("D", "D_prime", "D_H") if getattr(cell, name) is not None}
    delta = None if cell.delta is None else float(cell.delta)
    more: dict[str, Any] = {
        "mode": cell.mode,
        "tau": cell.tau,
        "n": task.n,
        "m": cell.m or task.n,
        "K": cell.rounds,
        **sizes,
    }
    if delta is not None:
        more["delta"] = delta
    rate = _rate_constants(subject, cell, alpha)
    more |= {name: constant.value for name, constant in rate.items()}
    # the largest step depends neither on the ball nor on the start, but theory wants every key of the right side
    beta = _step(cell, subject.on_ball(1.0).inputs(alpha, cell.nu, **more, F0_gap=1))
    settings = MetaFedAvg(alpha, cell.nu, beta, cell.tau, participants=cell.m, mode=cell.mode, delta=delta, **sizes)
    start = _start(subject, cell)
    subject, refusal = _confined(subject, settings, start, cell)
    inputs = subject.inputs(alpha, cell.nu, **more, beta=beta, F0_gap=_start_gap(subject, alpha, cell, start))
    return Prepared(subject, cell, {**subject.constants, **rate}, inputs, settings, start, refusal)


def _rate_constants(subject: Subject, cell: RunCell, alpha: float) -> dict[str, StatedConstant]:
    """L_F and mu_F of a quadratic task from the closed form (Q1); other tasks take L_F from S4."""
    if subject.task.family != "quadratic":
        return {}
    smooth = closed_form.smoothness(subject.task, alpha, cell.nu)
    rate = {"L_F": StatedConstant(value=smooth.value, side=smooth.side)}  # type: ignore[arg-type]
    if {"T3", "T4"} & set(cell.statements):
        strong = closed_form.pl_constant(subject.task, alpha, cell.nu)
        rate["mu_F"] = StatedConstant(value=strong.value, side=strong.side)  # type: ignore[arg-type]
    return rate


def _step(cell: RunCell, inputs: dict[str, str]) -> float:
    if cell.beta is not None:
        return float(cell.beta)
    assert cell.fraction is not None
    rate = "T3" if "T3" in cell.statements else "T2"
    return float(cell.fraction * Fraction(theory.admissible(rate, **inputs).beta))


def _confined(subject: Subject, settings: MetaFedAvg, start: torch.Tensor, cell: RunCell) -> tuple[Subject, str | None]:
    if subject.task.family != "quadratic":
        return subject, None
    found = confinement.ball(subject.task, settings, start, rounds=cell.rounds)
    if not math.isfinite(found.radius_W):
        return subject.on_ball(1.0), f"W0: {found.reason}"
    bounded = subject.on_ball(upwards(found.radius_W))
    proof = confinement.ball(bounded.task, settings, start, rounds=cell.rounds)
    return bounded, None if proof.holds else f"W0: {proof.reason}"


def _start(subject: Subject, cell: RunCell) -> torch.Tensor:
    if cell.start is not None:
        return torch.tensor([float(x) for x in cell.start], dtype=torch.float64)
    d = subject.task.d
    return torch.full((d,), 1.0 / math.sqrt(d), dtype=torch.float64)


def _start_gap(subject: Subject, alpha: float, cell: RunCell, start: torch.Tensor) -> float:
    """F(w_0) - F_low with F_low <= F*: at least the gap that T2 and T3 speak of, so the right side stays sound."""
    task = subject.task
    value = float(empirics.meta_loss(task, start, alpha, cell.nu).mean())
    low = _lowest(subject, alpha, cell.nu)
    return upwards(value - low + 1e-13 * (abs(value) + abs(low)))


def _lowest(subject: Subject, alpha: float, nu: int) -> float:
    """A certified lower bound of F*: the closed form of a quadratic task with a minimum, else the task's own."""
    task = subject.task
    if task.family == "quadratic":
        try:
            return closed_form.minimum_bound(task, alpha, nu).value
        except empirics.InputError:
            pass
    return task.loss_lower_bound().value


def record_run(prepared: Prepared, seed: int, device: str = "cpu") -> dict[str, np.ndarray]:
    """The server iterates (replicas, rounds + 1, d) of a cell; none when its hypotheses already fail."""
    if prepared.refusal is not None:
        return {}
    cell = prepared.cell
    replicas = 1 if prepared.surely_one_path else cell.replicas
    run = prepared.settings.run(
        prepared.subject.task.to(device), prepared.start, cell.rounds, seed=seed, replicas=replicas
    )
    return {"iterates": run.iterates.cpu().numpy()}


def run_findings(prepared: Prepared, arrays: dict[str, np.ndarray]) -> list[Finding]:
    """The rows of a cell, read off the recorded iterates."""
    measured = _Measured(prepared, arrays.get("iterates"))
    rows = []
    for statement in prepared.cell.statements:
        rows += {"T1": measured.T1, "T2": measured.T2, "T3": measured.T3, "T4": measured.T4}[statement]()
    return rows


def squared_gradients(prepared: Prepared, iterates: np.ndarray) -> np.ndarray:
    """norm(grad F(w_k))^2 at every iterate, (replicas, rounds + 1)."""
    task, settings = prepared.subject.task, prepared.settings
    w = torch.as_tensor(iterates)[..., None, :].expand(*iterates.shape[:-1], task.n, task.d)
    gradient = empirics.meta_gradient(task, w, settings.alpha, settings.nu).mean(dim=-2)
    return gradient.square().sum(-1).numpy()


def gaps(prepared: Prepared, iterates: np.ndarray) -> np.ndarray:
    """F(w_k) - F* at every iterate of a quadratic run, from the form (w - w*)^T M (w - w*)/2, which does not cancel."""
    task, settings = prepared.subject.task, prepared.settings
    mean = closed_form.meta_matrices(task, settings.alpha, settings.nu).mean(dim=0)
    offset = torch.as_tensor(iterates) - closed_form.minimiser(task, settings.alpha, settings.nu)
    return (0.5 * (offset * (offset @ mean)).sum(-1)).numpy()


def losses(prepared: Prepared, iterates: np.ndarray) -> np.ndarray:
    """F(w_k) at every iterate."""
    task, settings = prepared.subject.task, prepared.settings
    w = torch.as_tensor(iterates)[..., None, :].expand(*iterates.shape[:-1], task.n, task.d)
    return empirics.meta_loss(task, w, settings.alpha, settings.nu).mean(dim=-1).numpy()


@dataclass(frozen=True)
class _Measured:
    prepared: Prepared
    iterates: np.ndarray | None

    @property
    def _radius(self) -> float:
        p = self.prepared
        reach = (
            float(np.linalg.norm(self.iterates, axis=-1).max()) if self.iterates is not None else float(p.start.norm())
        )
        return reach + p.settings.alpha * p.settings.nu * p.B_F * 1.01 + p.settings.beta * p.B_F

    @cached_property
    def _evaluation_error(self) -> float:
        """S1: the error of grad F evaluated at a given iterate."""
        p = self.prepared
        return p.subject.meta_gradient_rounding(p.settings.alpha, p.settings.nu, self._radius)

    @cached_property
    def _path_error(self) -> float:
        """How far a float64 path without randomness may be from the exact one after all its local steps.

        A local step is growth-Lipschitz and errs by beta eta and the rounding of the update, where eta is S1 and, in
        Hessian-free mode, eta_G / delta a step more; averaging the agents' results adds m roundings a round.
        """
        p, s = self.prepared, self.prepared.settings
        q = theory.quantity("q").value(**p.inputs)
        eta = self._evaluation_error
        if s.delta is not None and s.nu > 0:
            raw = p.subject.rounding(s.alpha, s.nu, self._radius).gradient
            eta += s.alpha * raw / float(s.delta) * sum(q**j for j in range(s.nu))
        per_step = s.beta * eta + 2.0**-51 * (self._radius + s.beta * p.B_F)
        averaging = (p.subject.task.n + 2) * 2.0**-53 * self._radius
        growth, total = self._growth(q), 0.0
        for _ in range(p.cell.rounds):
            for _ in range(s.tau):
                total = growth * total + per_step
            total += averaging
        return upwards(total)

    def _growth(self, q: float) -> float:
        """A Lipschitz constant of w -> w - beta g_i(w): from the update matrices, else 1 + beta times that of g_i."""
        p, s = self.prepared, self.prepared.settings
        if p.quadratic:
            mode = "first_order" if s.mode == "first_order" else "exact"
            low, high = closed_form.update_range(p.subject.task, s.alpha, s.nu, mode)
            return upwards(float(np.maximum(np.abs(1 - s.beta * low), np.abs(1 - s.beta * high)).max()))
        of_g = q**s.nu * p.subject.constants["L"].value if s.mode == "first_order" else p.L_F
        return 1.0 + s.beta * of_g

    def _finding(
        self, bound: str, quantity: str, evidence: Evidence, trivial: float, *, rounds: int | None,
        extra: dict[str, float] | None = None, witness: dict[str, Any] | None = None,
    ) -> Finding:  # fmt: skip
        p, s = self.prepared, self.prepared.settings
        replicas = evidence.values.size if isinstance(evidence, Sampled) else 1
        setting = Setting(
            p.subject.name, p.cell.mode, s.nu, p.subject.task.n, s.alpha, s.tau, s.participants_of(p.subject.task.n),
            s.beta, K=rounds, replicas=replicas,
        )  # fmt: skip
        inputs = {**p.inputs, **{key: exact(value) for key, value in (extra or {}).items()}}
        if p.refusal is not None:
            evidence = Withheld(p.refusal)
        step = f"f{p.cell.fraction}".replace("/", "_") if p.cell.fraction is not None else ""
        label = "-".join(part for part in (p.cell.label, step) if part)
        return Finding(
            bound,
            theory.bound(bound).provenance,
            quantity,
            inputs,
            setting,
            evidence,
            trivial,
            p.constants,
            witness,
            label,
        )

    def _evidence(
        self, values: np.ndarray, low: float, high: float, path_rounding: float, evaluation_rounding: float
    ) -> Evidence:
        """One path without randomness is enclosed by its rounding; otherwise replicas are independent observations."""
        if self.prepared.surely_one_path:
            value, margin = Fraction(float(values[0])), Fraction(upwards(path_rounding))
            return Enclosed(value - margin, value + margin, "float64 with a proved rounding bound")
        values = np.clip(values, low, high)
        return Sampled(values, low, high, upwards(evaluation_rounding), _BETTING)

    def T1(self) -> list[Finding]:
        """One round from w_0: F(w_1) - F(w_0) shifted by F(w_0) - F_low, F_low = F(w_0) - B_F beta tau G_max.

        A round moves the server by at most beta tau G_max surely, and F is B_F-Lipschitz, so the shifted loss lies in
        [0, 2 B_F beta tau G_max] whatever is drawn.
        """
        p, s = self.prepared, self.prepared.settings
        reach = upwards(p.B_F * s.beta * s.tau * self._largest_step())
        case = theory.round_case(**p.inputs)
        extra = {"F0_gap": reach, "grad_norm": 0.0}
        if self.iterates is None:
            return [self._finding(case, case, _NOTHING, 2 * reach, rounds=1, extra=extra)]
        if enumerable(p):
            return [self._enumerated_round(case, reach)]
        loss = losses(p, self.iterates[:, :2])
        start_gradient = math.sqrt(float(squared_gradients(p, self.iterates[:1, :1])[0, 0]))
        # A > 0, so the larger norm makes the right side smaller
        grad_norm = upwards(start_gradient + self._evaluation_error)
        extra["grad_norm"] = grad_norm
        rounding = upwards(1e-13 * (float(np.abs(loss).max()) + p.B_F * self._radius))
        values = np.clip(loss[:, 1] - loss[:, 0] + reach, 0.0, 2 * reach)
        evidence = Sampled(values, 0.0, 2 * reach, rounding, _BETTING)
        change = float((loss[:, 1] - loss[:, 0]).mean())
        witness = self._net(change, grad_norm)
        return [self._finding(case, case, evidence, 2 * reach, rounds=1, extra=extra, witness=witness)]

    def _enumerated_round(self, case: str, reach: float) -> Finding:
        done = expected_round(self.prepared)
        grad_norm = ball.float_above(done.gradient_norm)
        with flint.ctx.workprec(ball.BITS):
            lower, upper = ball.bounds(done.after - done.before + ball.ball(reach))
            change = float((done.after - done.before).mid())
        # the input grad_norm may be two ulps above the norm itself; that alone must not refute
        lower -= abs(upper) / 2**48
        over = "" if done.subsets == 1 else f"exact expectation over {done.subsets} subsets of agents, "
        evidence = Enclosed(lower, upper, f"{over}Arb balls at {ball.BITS} bits")
        extra, witness = {"F0_gap": reach, "grad_norm": grad_norm}, self._net(change, grad_norm)
        return self._finding(case, case, evidence, 2 * reach, rounds=1, extra=extra, witness=witness)

    def _net(self, change: float, grad_norm: float) -> dict[str, float] | None:
        """The ratio without the common shift: (E F(w_1) - F(w_0) + A beta tau norm(grad F)^2) / (beta tau N)."""
        p, s = self.prepared, self.prepared.settings
        N = theory.quantity("N").evaluate(**p.inputs).value
        if not N:
            return None
        scale = s.beta * s.tau
        A = theory.quantity("A").value(**p.inputs)
        return {"net_ratio": (change + A * scale * grad_norm**2) / (scale * N)}

    def _largest_step(self) -> float:
        """G_max >= norm(g_i) surely, in the mode of the run."""
        p, s = self.prepared, self.prepared.settings
        B = p.subject.constants["B"].value
        if s.mode == "exact":
            return p.B_F
        if s.mode == "first_order":
            return B
        if s.mode == "hessian_free":
            return upwards(theory.quantity("S2").value(**p.inputs) * B)
        sure = p.subject.task.sure_bounds()["gradient"]
        if s.mode == "first_order_stochastic":
            return sure
        return upwards(p.subject.task.sure_step_factor(s.alpha) ** s.nu * sure)

    def T2(self) -> list[Finding]:
        """The mean over k < K of norm(grad F(w_k))^2."""
        p, trivial = self.prepared, self.prepared.B_F**2
        if self.iterates is None:
            return [self._finding("T2", "T2", _NOTHING, trivial, rounds=p.cell.rounds)]
        values = squared_gradients(p, self.iterates[:, :-1]).mean(axis=1)
        path = self._evaluation_error + p.L_F * self._path_error
        errors = [2 * p.B_F * e + e * e for e in (path, self._evaluation_error)]
        evidence = self._evidence(values, 0.0, upwards(trivial), *errors)
        if isinstance(evidence, Enclosed) and self._undecided("T2", evidence):
            evidence = mean_squared_gradient(p) or evidence
        return [self._finding("T2", "T2", evidence, trivial, rounds=p.cell.rounds)]

    def _undecided(self, quantity: str, evidence: Enclosed) -> bool:
        """Whether the right side lies inside the float64 enclosure, so that balls are worth their time."""
        predicted = theory.quantity(quantity).evaluate(**self.prepared.inputs).value
        return predicted is not None and evidence.lower <= Fraction(predicted) <= evidence.upper

    def T3(self) -> list[Finding]:
        """The optimality gap F(w_K) - F* of a quadratic task."""
        p = self.prepared
        top = self._largest_gap()
        if self.iterates is None:
            return [self._finding("T3", "T3", _NOTHING, top, rounds=p.cell.rounds)]
        values = gaps(p, self.iterates[:, -1:])[:, 0]
        evaluation = 1e-12 * (1.0 + top)
        evidence = self._evidence(values, 0.0, top, evaluation + p.B_F * self._path_error, evaluation)
        return [self._finding("T3", "T3", evidence, top, rounds=p.cell.rounds)]

    def _largest_gap(self) -> float:
        """F_up - F* over the ball that no run leaves: at most norm(M) (R + norm(w*))^2 / 2."""
        p, s = self.prepared, self.prepared.settings
        reach = float(p.subject.task.radius) + float(closed_form.minimiser(p.subject.task, s.alpha, s.nu).norm())  # type: ignore[attr-defined]
        return upwards(0.5 * p.L_F * reach**2)

    def T4(self) -> list[Finding]:
        """The floors of the exact case: what is left at the limit of the run, from Q2 in balls."""
        p = self.prepared
        floors = limit_floors(p)
        return [
            self._finding("T4", "T4", floors.squared_gradient, p.B_F**2, rounds=None),
            self._finding("T4", "T4_gap", floors.gap, self._largest_gap(), rounds=None),
        ]
