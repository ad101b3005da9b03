"""A loss that is known through samples, a log of which batch fed which call, and the exact law of an estimator."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.numerics.errors import InputError
from empirics.testing.agent import Agent, Problem, TermSizes, Vector
from empirics.testing.arrays import Arrays, numbers
from empirics.testing.ask import answer
from empirics.testing.cases import AtPoint
from empirics.testing.oracles import gradient_at
from empirics.testing.tolerances import SLACK

PURPOSES = ("inner", "outer", "hessian")
_MOST_DRAWS = 12
# nu + 1 + nu batches, of two outcomes each
MOST_STEPS = 4


@dataclass(frozen=True, repr=False)
class SampledCase(AtPoint):
    """Two equally likely samples, base + noise and base - noise; `noise` None means that both are the base.

    Batches for the outer gradient are of its query loss, all others of its support loss.
    """

    base: Agent
    noise: Problem | None
    w: Vector
    alpha: float
    nu: int
    mode: str = Mode.STOCHASTIC
    delta: float | None = None

    @property
    def problem(self) -> Agent:
        """The mean loss, which full-batch modes see."""
        return self.base

    def of(self, change: Callable[[Agent], Agent]) -> SampledCase:
        """The same about another mean loss."""
        return self.but(base=change(self.base))

    @property
    def full_batch_mode(self) -> str:
        """The mode that this one estimates."""
        return Mode(self.mode).full_batch


@dataclass(frozen=True)
class Drawn:
    """One batch: the `index`-th that was drawn, for which purpose, and which of the two samples it holds."""

    index: int
    purpose: str
    sign: int


@dataclass(frozen=True)
class Call:
    """One evaluation of `kind` loss, gradient or hvp on a batch, at w."""

    kind: str
    batch: Drawn
    w: tuple[float, ...]


@dataclass(eq=False)
class Samples:
    """What a checked stochastic function is given in place of a problem.

    `draw(purpose)`, purpose one of "inner", "outer", "hessian", gives a fresh batch of D, D' or D_H samples; `loss`,
    `gradient` and `hvp` take the batch as their last argument, and every call is written to `calls`.
    """

    case: SampledCase
    choices: tuple[int, ...] = ()
    drawn: list[Drawn] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def d(self) -> int:
        """Length of w and of every gradient."""
        return self.case.base.d

    def draw(self, purpose: str) -> Drawn:
        """A fresh batch for a purpose."""
        if purpose not in PURPOSES:
            raise InputError(f"purpose = {purpose!r}: expected one of {', '.join(PURPOSES)}")
        index = len(self.drawn)
        most = max(_MOST_DRAWS, 4 * self.case.nu + 2)
        if index == most:
            raise InputError(f"more than {most} batches drawn: expected at most 2 nu + 1 of them")
        choice = self.choices[index] if index < len(self.choices) else 0
        self.drawn.append(Drawn(index, purpose, 1 - 2 * choice))
        return self.drawn[-1]

    def loss(self, w: Any, batch: Drawn) -> Any:
        """The loss of a batch at w, logged."""
        return self._evaluate("loss", batch, w)

    def gradient(self, w: Any, batch: Drawn) -> Any:
        """The gradient of a batch at w, logged."""
        return self._evaluate("gradient", batch, w)

    def hvp(self, w: Any, v: Any, batch: Drawn) -> Any:
        """The Hessian of a batch at w times v, logged."""
        return self._evaluate("hvp", batch, w, v)

    def _evaluate(self, kind: str, batch: Drawn, w: Any, *more: Any) -> Any:
        if not isinstance(batch, Drawn):
            raise InputError(f"batch = {batch!r}: expected what draw(purpose) returned")
        self.calls.append(Call(kind, batch, tuple(float(x) for x in numbers(w, self.d))))
        base = self.case.base.query if batch.purpose == "outer" else self.case.base.support
        value = getattr(base, kind)(w, *more)
        if self.case.noise is None:
            return value
        return value + batch.sign * getattr(self.case.noise, kind)(w, *more)


@dataclass(frozen=True, eq=False)
class Law:
    """Every value of an estimator with its probability, and the log of its first run."""

    values: np.ndarray
    probabilities: np.ndarray
    first: Samples

    @property
    def mean(self) -> np.ndarray:
        """The exact mean (d,) over all batches."""
        return self.probabilities @ self.values

    def mean_squared_distance(self, point: np.ndarray) -> float:
        """E norm(g - point)^2."""
        return float(self.probabilities @ np.sum((self.values - point) ** 2, axis=1))


@dataclass(frozen=True)
class AskSampled:
    """The checked stochastic function f(samples, w, alpha, nu, mode, delta) and the arrays that it is given."""

    f: Callable[..., Any]
    arrays: Arrays

    def __call__(self, case: SampledCase) -> np.ndarray:
        """The answer when every draw yields the first sample, (d,) in float64."""
        return numbers(self.raw(case), case.base.d)

    def raw(self, case: SampledCase, w: Any = None) -> Any:
        """The same as it is, at the given array or at a fresh one."""
        return self._call(Samples(case), self.arrays.make(case.w) if w is None else w)

    def call_on(self, case: SampledCase, w: Any) -> list[str]:
        """What a call at w leaves changed beside w: nothing else is handed over that could be."""
        numbers(self.raw(case, w), case.base.d)
        return []

    def once(self, case: SampledCase, choices: tuple[int, ...] = ()) -> tuple[np.ndarray, Samples]:
        """One answer, when the j-th draw yields sample choices[j] (then 0), and its log."""
        samples = Samples(case, choices)
        return numbers(self._call(samples, self.arrays.make(case.w)), samples.d), samples

    def _call(self, samples: Samples, w: Any) -> Any:
        case = samples.case
        return answer(self.f, samples, w, case.alpha, case.nu, case.mode, case.delta)

    def law(self, case: SampledCase) -> Law:
        """All answers: the tree of draws is walked to its last leaf, whatever the function draws.

        Each draw has two equally likely outcomes, so a run with k draws has probability 2^-k and these sum to 1.
        """
        values, probabilities, first, choices = [], [], None, ()
        while True:
            value, samples = self.once(case, choices)
            first = first or samples
            values.append(value)
            probabilities.append(0.5 ** len(samples.drawn))
            made = [(1 - batch.sign) // 2 for batch in samples.drawn]
            while made and made[-1] == 1:
                made.pop()
            if not made:
                return Law(np.array(values), np.array(probabilities), first)
            choices = (*made[:-1], 1)

    def rounding(self, case: SampledCase) -> float:
        """At least the rounding error of any one answer."""
        return sampled_rounding(case, self.arrays.eps)


def sampled_rounding(case: SampledCase, eps: float) -> float:
    """The bound of `tolerances`, for the worst of the noisy trajectories and with 1 + alpha H for every factor.

    The sizes of quadratics and ridge sums depend on norm(w) alone, so those at a probe are the ones at its norm.
    """
    paths = itertools.product((1, -1), repeat=case.nu) if case.noise is not None else [(1,) * case.nu]
    return SLACK * max(_path_rounding(case, signs, eps) for signs in paths)


def _path_rounding(case: SampledCase, signs: tuple[int, ...], eps: float) -> float:
    alpha, w, drift, steps = case.alpha, case.point, 0.0, []
    for sign in signs:
        size = _sizes(case, case.base.support, float(np.linalg.norm(w)))
        steps.append((float(np.linalg.norm(w)), drift))
        drift = (1 + alpha * (size.hessian + size.third * drift)) * drift
        drift += alpha * size.operations * eps * size.gradient + eps * (steps[-1][0] + alpha * size.gradient)
        w = w - alpha * _sampled_gradient(case, w, sign)
    last = _sizes(case, case.base.query, float(np.linalg.norm(w)))
    error = (last.hessian + last.third * drift) * drift + last.operations * eps * last.gradient
    if not Mode(case.mode).curved:
        return error
    length = last.gradient
    for norm, drift in reversed(steps):
        size = _sizes(case, case.base.support, norm)
        product = size.operations * eps * size.hessian * length
        if case.delta is not None:
            probe = _sizes(case, case.base.support, norm + case.delta * length)
            product += probe.operations * eps * probe.gradient / case.delta
            product += eps * size.hessian * (norm + case.delta * length) / case.delta
        factor = 1 + alpha * (size.hessian + size.third * drift)
        error = factor * error + alpha * (size.third * drift * length + product) + eps * factor * length
        length = factor * length
    return error


def _sampled_gradient(case: SampledCase, w: np.ndarray, sign: int) -> np.ndarray:
    mean = gradient_at(case.base.support, w)
    return mean if case.noise is None else mean + sign * gradient_at(case.noise, w)


def _sizes(case: SampledCase, loss: Problem, norm: float) -> TermSizes:
    at = np.zeros(case.base.d)
    at[0] = norm
    base = loss.sizes(at)
    if case.noise is None:
        return base
    more = case.noise.sizes(at)
    return TermSizes(
        base.gradient + more.gradient,
        base.hessian + more.hessian,
        base.third + more.third,
        base.operations + more.operations,
    )
