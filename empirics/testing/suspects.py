"""What classic mistakes would have given: a wrong answer that equals one of these names its own cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.cases import Case
from empirics.testing.problems import Problem
from empirics.testing.rounds import RoundCase, local_paths, next_iterate

_SINGLE = float(np.finfo(np.float32).eps)


Mistakes = Iterable[tuple[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Observation:
    """What a checked function answered on a case, what is right, its rounding, and what each mistake would give."""

    found: np.ndarray
    expected: np.ndarray
    tolerance: float
    mistakes: dict[str, np.ndarray]

    @property
    def wrong(self) -> bool:
        """Whether the answer is not the right one."""
        return float(np.linalg.norm(self.found - self.expected)) > self.tolerance

    def is_given_by(self, sentence: str) -> bool:
        """Whether the mistake gives the answer to rounding."""
        value = self.mistakes.get(sentence)
        return value is not None and float(np.linalg.norm(self.found - value)) <= 4 * self.tolerance

    def shows(self, sentence: str) -> bool:
        """Whether the mistake can be seen: far from what is right."""
        value = self.mistakes.get(sentence, self.expected)
        return float(np.linalg.norm(value - self.expected)) > 16 * self.tolerance


def observed(case: Case, found: np.ndarray, tolerance: float, more: Mistakes = ()) -> Observation:
    """An answer of full-batch code, beside the classic mistakes and those that the caller adds."""
    expected = oracles.meta_gradient_of(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta)
    return Observation(found, expected, tolerance, dict([*_meta_gradients(case), *more]))


def observed_round(case: RoundCase, found: np.ndarray, tolerance: float) -> Observation:
    """The same for a round."""
    return Observation(found, next_iterate(case), tolerance, dict(_rounds(case)))


def diagnosis(observations: Sequence[Observation]) -> str:
    """The mistakes that give every answer, of which one at least is wrong; no text where none does.

    A shrunk case is small enough for several mistakes to coincide: a second, larger one tells most of them apart, and
    those that remain are all named.
    """
    if not any(each.wrong for each in observations):
        return ""
    told = [
        sentence
        for sentence in observations[0].mistakes
        if all(each.is_given_by(sentence) for each in observations)
        and any(each.wrong and each.shows(sentence) for each in observations)
    ]
    if not told:
        return ""
    same = "" if len(told) == 1 else " (the cases that failed do not tell these apart)"
    return f"the answer is, to rounding, what comes out when {'; or '.join(told)}{same}"


def single_precision(case: Case, observation: Observation) -> str:
    """That the answer is off by no more than float32 allows, or no text."""
    error = float(np.linalg.norm(observation.found - observation.expected))
    if observation.tolerance < error <= case.rounding(_SINGLE):
        return "the answer is right to single precision only: something is computed or stored in float32"
    return ""


def _meta_gradients(case: Case) -> Mistakes:
    f, w, alpha, nu = case.problem, case.point, case.alpha, case.nu
    points = oracles.trajectory(f, w, alpha, nu)
    outer = oracles.gradient_at(f, points[-1])
    hessians = [oracles.hessian_at(f, point) for point in points]
    mode = Mode(case.mode)
    if mode.probes or not mode.curved:
        yield "Hessian-vector products are exact (the mode is ignored)", _swept(outer, hessians[:nu], alpha)
    if mode.curved:
        yield "all Hessians are dropped (first order)", outer
    yield "the answer is zero (no graph to w, or a .grad that was cleared)", np.zeros(len(w))
    yield "w is returned as it was", w
    right = oracles.meta_gradient_of(f, w, alpha, nu, case.mode, case.delta)
    yield 'new parameters w - g are returned (say returns="parameters")', w - right
    yield "the meta step is taken from the fine-tuned point w^nu", w - points[-1] + right
    yield "nothing is adapted (the plain gradient at w)", oracles.gradient_at(f, w)
    yield "nu - 1 steps are taken", oracles.jacobian_product(f, w, alpha, max(nu - 1, 0))
    yield "nu + 1 steps are taken", oracles.jacobian_product(f, w, alpha, nu + 1)
    if mode.probes and case.delta is not None:
        yield from _probes(f, points, outer, alpha, case.delta)
    if not nu:
        return
    yield "the factors are multiplied in the reverse order", _swept(outer, hessians[:nu][::-1], alpha)
    yield "the last Hessian factor is dropped", _swept(outer, hessians[: nu - 1], alpha)
    yield "the first Hessian factor is dropped", _swept(outer, hessians[1:nu], alpha)
    yield "each Hessian is taken one step later, at w^(l+1)", _swept(outer, hessians[1:], alpha)
    yield "all Hessians are taken at w", _swept(outer, hessians[:1] * nu, alpha)
    yield "the Hessian is added instead of subtracted", _swept(outer, hessians[:nu], -alpha)
    yield "products of Hessians (alpha^2 terms) are dropped", outer - alpha * sum(hessians[:nu]) @ outer
    yield "only the last Hessian factor is kept", _swept(outer, hessians[nu - 1 : nu], alpha)
    total = np.sum([oracles.gradient_at(f, point) for point in points[:-1]], axis=0)
    yield "the gradients along fine-tuning are added up (Reptile)", total
    early = oracles.gradient_at(f, points[-2])
    if not mode.curved:
        yield "the gradient is taken at w^(nu-1)", early
    yield "the outer gradient is taken at w^(nu-1)", _swept(early, hessians[:nu], alpha)
    yield "the sign of the whole answer is wrong", -_swept(outer, hessians[:nu], alpha)


def _probes(f: Problem, points: list[np.ndarray], outer: np.ndarray, alpha: float, delta: float) -> Mistakes:
    one_sided = normalised = late = outer
    for place in range(len(points) - 2, -1, -1):
        at = points[place]
        step = oracles.gradient_at(f, at + delta * one_sided) - oracles.gradient_at(f, at)
        one_sided = one_sided - alpha / delta * step
        unit = normalised / (np.linalg.norm(normalised) or 1.0)
        step = oracles.gradient_at(f, at + delta * unit) - oracles.gradient_at(f, at - delta * unit)
        normalised = normalised - alpha * np.linalg.norm(normalised) / (2 * delta) * step
        after = points[place + 1]
        step = oracles.gradient_at(f, after + delta * late) - oracles.gradient_at(f, after - delta * late)
        late = late - alpha / (2 * delta) * step
    yield "the difference is one-sided", one_sided
    yield "the probe direction is normalised", normalised
    yield "the probes are at w^(l+1)", late


def _swept(v: np.ndarray, hessians: list[np.ndarray], alpha: float) -> np.ndarray:
    """P^0 P^1 ... v for the Hessians listed from the first factor to the last."""
    for matrix in reversed(hessians):
        v = v - alpha * matrix @ v
    return v


def _rounds(case: RoundCase) -> Mistakes:
    setting, paths = case.setting, local_paths(case)
    ends = np.array([path[-1] for path in paths])
    counts = np.array([getattr(problem, "samples", 1) for problem in case.problems], dtype=float)
    if setting.mode != Mode.EXACT:
        yield "meta-gradients are exact (the mode is ignored)", next_iterate(case.but(mode=Mode.EXACT, delta=None))
    if Mode(setting.mode).curved:
        first_order = case.but(mode=Mode.FIRST_ORDER, delta=None)
        yield "all Hessians are dropped (first order)", next_iterate(first_order)
    yield "the server's w is returned as it was", case.point
    yield "local meta steps are taken from the fine-tuned points", _from_the_fine_tuned(case)
    yield "alpha and beta are exchanged", next_iterate(case.but(alpha=setting.beta, beta=setting.alpha))
    yield "alpha stands for beta", next_iterate(case.but(beta=setting.alpha))
    yield "beta stands for alpha", next_iterate(case.but(alpha=setting.beta))
    yield "agents are weighted by their numbers of data points", counts @ ends / counts.sum()
    yield "agents are added instead of averaged", case.point + (ends - case.point).sum(axis=0)
    yield "the sign of the meta step is wrong", next_iterate(case.but(beta=-setting.beta))
    yield "one local step is taken", next_iterate(case.but(tau=1))
    yield "tau - 1 local steps are taken", next_iterate(case.but(tau=setting.tau - 1))
    yield "tau + 1 local steps are taken", next_iterate(case.but(tau=setting.tau + 1))
    yield "nothing is fine-tuned (plain FedAvg)", next_iterate(case.but(nu=0))
    yield "nu + 1 fine-tuning steps are taken", next_iterate(case.but(nu=setting.nu + 1))


def _from_the_fine_tuned(case: RoundCase) -> np.ndarray:
    """x <- x^nu - beta g(x) in place of x <- x - beta g(x)."""
    setting, ends = case.setting, []
    for problem in case.problems:
        x = case.point
        for _ in range(setting.tau):
            step = oracles.meta_gradient_of(problem, x, setting.alpha, setting.nu, setting.mode, setting.delta)
            x = oracles.trajectory(problem, x, setting.alpha, setting.nu)[-1] - setting.beta * step
        ends.append(x)
    return np.mean(ends, axis=0)
