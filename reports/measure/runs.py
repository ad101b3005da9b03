"""The rate statements on a recorded run: T1 at the first round, T2, T3, and T4's floors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np

import theory
from empirics.certificates import closed_form
from reports.balls import ball
from reports.judging.finding import Enclosed, Evidence, Finding, Sampled, Setting, Withheld
from reports.measure.course import Course
from reports.measure.estimates import ALONG_RUN, rough
from reports.measure.limit import limit_floors
from reports.measure.moments import Moments, covered, exact_moments
from reports.measure.one_round import enumerable, expected_round
from reports.measure.path import mean_squared_gradient
from reports.measure.prepare import Prepared
from reports.measure.subject import exact, upwards
from reports.measure.trajectories import Rounding, losses, squared_gradients

_BETTING = "betting bound over independent float64 runs"
_NOTHING = Withheld("")  # replaced by the refusal that kept the run from being made


def run_findings(prepared: Prepared, arrays: Mapping[str, np.ndarray], course: Course | None = None) -> list[Finding]:
    """The rows of a cell, read off the recorded iterates; `course` shares what others evaluate along them too."""
    if course is None and "iterates" in arrays:
        course = Course(prepared, arrays["iterates"])
    if "tf32" in arrays:
        prepared = replace(prepared, refusal="precision: float32 products had TF32 factors, certified rows need ieee")
    measured = _Measured(prepared, course, float(arrays.get("float64_distance", 0.0)))
    if rough(prepared.subject) is not None:
        return [measured.without_constants(statement) for statement in prepared.cell.statements]
    rows = []
    for statement in prepared.cell.statements:
        rows += {"T1": measured.T1, "T2": measured.T2, "T3": measured.T3, "T4": measured.T4}[statement]()
    return rows


@dataclass(frozen=True)
class _Measured:
    prepared: Prepared
    course: Course | None
    distance: float = 0.0

    @cached_property
    def _rounding(self) -> Rounding:
        assert self.course is not None
        return Rounding(self.prepared, self.course.iterates, self.distance)

    @cached_property
    def _moments(self) -> Moments | None:
        return exact_moments(self.prepared) if covered(self.prepared) else None

    def _finding(
        self, bound: str, quantity: str, evidence: Evidence, trivial: float | None, *, rounds: int | None,
        extra: dict[str, float] | None = None, witness: dict[str, Any] | None = None,
    ) -> Finding:  # fmt: skip
        p, s = self.prepared, self.prepared.settings
        replicas = evidence.values.size if isinstance(evidence, Sampled) else 1
        setting = Setting(
            p.subject.name, p.cell.mode, s.nu, p.subject.task.n, s.alpha, s.tau, s.participants_of(p.subject.task.n),
            s.beta, K=rounds, seeds=1 if p.surely_one_path else p.seeds, replicas=replicas,
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
            note=p.cell.note or (ALONG_RUN if p.subject.stated else ""),
        )

    def without_constants(self, statement: str) -> Finding:
        """The row of a network that was declared not smooth: it has no L and no rho, and nothing to compare with."""
        case = {"T1": "T1c" if self.prepared.settings.tau == 1 else "T1a"}.get(statement, statement)
        return self._finding(case, case, _NOTHING, None, rounds=self.prepared.cell.rounds)

    def T1(self) -> list[Finding]:
        """One round from w_0: F(w_1) - F(w_0) shifted by F(w_0) - F_low, F_low = F(w_0) - B_F beta tau G_max.

        A round moves the server by at most beta tau G_max surely, and F is B_F-Lipschitz, so the shifted loss lies in
        [0, 2 B_F beta tau G_max] whatever is drawn.
        """
        p, s = self.prepared, self.prepared.settings
        reach = upwards(p.B_F * s.beta * s.tau * self._largest_step())
        case = theory.round_case(**p.inputs)
        extra = {"F0_gap": reach, "grad_norm": 0.0}
        if self.course is None:
            return [self._finding(case, case, _NOTHING, 2 * reach, rounds=1, extra=extra)]
        if enumerable(p):
            return [self._enumerated_round(case, reach)]
        iterates = self.course.iterates
        loss = losses(p, iterates[:, :2])
        start_gradient = math.sqrt(float(squared_gradients(p, iterates[:1, :1])[0, 0]))
        # A > 0, so the larger norm makes the right side smaller
        grad_norm = upwards(start_gradient + self._rounding.gradient)
        extra["grad_norm"] = grad_norm
        values = np.clip(loss[:, 1] - loss[:, 0] + reach, 0.0, 2 * reach)
        evidence = Sampled(values, 0.0, 2 * reach, upwards(2 * self._rounding.loss), _BETTING)
        witness = self._net(float((loss[:, 1] - loss[:, 0]).mean()), grad_norm)
        return [self._finding(case, case, evidence, 2 * reach, rounds=1, extra=extra, witness=witness)]

    def _enumerated_round(self, case: str, reach: float) -> Finding:
        done = expected_round(self.prepared)
        grad_norm = ball.float_above(done.gradient_norm)
        with flint.ctx.workprec(ball.BITS):
            lower, upper = ball.bounds(done.after - done.before + ball.ball(reach))
            change = float((done.after - done.before).mid())
            if grad_norm != 0 and not done.gradient_norm.is_exact():
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
        sure = p.subject.task.almost_sure_norms()["gradient"]
        if s.mode == "first_order_stochastic":
            return sure
        return upwards(p.subject.task.almost_sure_step_factor(s.alpha) ** s.nu * sure)

    def T2(self) -> list[Finding]:
        """The mean over k < K of norm(grad F(w_k))^2."""
        p, trivial = self.prepared, self.prepared.B_F**2
        if self.course is None:
            return [self._finding("T2", "T2", _NOTHING, trivial, rounds=p.cell.rounds)]
        values = self.course.squared_gradients.mean(axis=1)
        witness = self._engine(values)
        if p.surely_one_path:
            evidence = self._one_path(float(values[0]))
        elif self._moments is not None:
            evidence = self._moments.mean_squared_gradient
        else:
            high, error, how = upwards(trivial), self._rounding.gradient, _BETTING
            if p.subject.estimated:
                high, how = max(high, upwards(2 * float(values.max()))), f"{_BETTING}, their range estimated"
            rounding = upwards(2 * p.B_F * error + error**2)
            evidence = Sampled(np.clip(values, 0.0, high), 0.0, high, rounding, how)
        return [self._finding("T2", "T2", evidence, trivial, rounds=p.cell.rounds, witness=witness)]

    def _one_path(self, value: float) -> Enclosed:
        """Without randomness: float64 with its proved rounding bound; where that does not decide, the run in balls."""
        p = self.prepared
        if p.subject.promised_only and p.subject.in_balls and (enclosed := mean_squared_gradient(p)) is not None:
            return enclosed
        error = self._rounding.gradient + p.L_F * self._rounding.path
        margin = Fraction(upwards(2 * p.B_F * error + error**2))
        evidence = Enclosed(Fraction(value) - margin, Fraction(value) + margin, "float64 with a proved rounding bound")
        predicted = theory.quantity("T2").evaluate(**p.inputs).value
        decided = predicted is None or not evidence.lower <= Fraction(predicted) <= evidence.upper
        if decided or not p.subject.in_balls:
            return evidence
        if self._moments is not None:
            return self._moments.mean_squared_gradient
        return mean_squared_gradient(p) or evidence

    def _engine(self, values: np.ndarray) -> dict[str, Any]:
        """What the engine's own runs gave, beside an expectation that may have been computed exactly."""
        return {"engine_mean": float(values.mean()), "engine_runs": int(values.size)}

    def T3(self) -> list[Finding]:
        """The optimality gap F(w_K) - F* of a quadratic task."""
        p, top = self.prepared, self._largest_gap()
        if self.course is None:
            return [self._finding("T3", "T3", _NOTHING, top, rounds=p.cell.rounds)]
        values = self.course.gaps[:, -1]
        if self._moments is not None:
            evidence: Evidence = self._moments.gap
        else:
            evidence = Sampled(np.clip(values, 0.0, top), 0.0, top, self._rounding.gap, _BETTING)
        return [self._finding("T3", "T3", evidence, top, rounds=p.cell.rounds, witness=self._engine(values))]

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
