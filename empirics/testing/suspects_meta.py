"""What classic mistakes would have given for one agent's meta-gradient: no number in them is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.agent import Problem, SupportQuery
from empirics.testing.cases import Case

Mistakes = Iterable[tuple[str, np.ndarray]]
_MOST_KEPT = 6


def meta_mistakes(case: Case) -> Mistakes:
    """Sentences, each with the answer (d,) that it would explain."""
    agent, w, alpha, nu, mode = case.problem, case.point, case.alpha, case.nu, Mode(case.mode)
    f = agent.support
    points = oracles.trajectory(agent, w, alpha, nu)
    outer = oracles.gradient_at(agent.query, points[-1])
    hessians = [oracles.hessian_at(f, point) for point in points]
    right = oracles.meta_gradient_of(agent, w, alpha, nu, case.mode, case.delta)
    exact = _swept(outer, hessians[:nu], alpha)
    if mode.probes or not mode.curved:
        yield "Hessian-vector products are exact (the mode is ignored)", exact
    if mode.curved:
        yield "all Hessians are dropped (first order)", outer
    yield "the answer is zero (no graph to w, or a .grad that was cleared)", np.zeros(len(w))
    yield "w is returned as it was", w
    yield "the fine-tuned parameters w^nu are returned", points[-1]
    yield 'new parameters w - g are returned (say returns="parameters")', w - right
    yield "the meta step is taken from the fine-tuned point w^nu", w - points[-1] + right
    yield "nothing is adapted (the plain gradient at w)", oracles.gradient_at(agent.query, w)
    yield "the sign of the whole answer is wrong", -right
    yield from _step_counts(case)
    yield "w is rounded to float32", _at(case, w.astype(np.float32).astype(np.float64))
    yield "the answer is rounded to float32", right.astype(np.float32).astype(np.float64)
    if agent.query is not agent.support:
        yield from _exchanged_losses(case)
    if mode.probes and case.delta is not None:
        yield from _probes(f, points, outer, alpha, case.delta)
    if not nu:
        return
    if mode.curved:
        yield from _factors(outer, hessians, alpha, nu)
    gradients = [oracles.gradient_at(f, point) for point in points]
    yield from _along_the_path(case, gradients, right)
    early = oracles.gradient_at(agent.query, points[-2])
    yield "the outer gradient is taken at w^(nu-1)", _swept(early, hessians[:nu], alpha)
    yield "the outer gradient is taken at w", _swept(oracles.gradient_at(agent.query, w), hessians[:nu], alpha)
    yield "fine-tuning goes up the loss (the sign of its step is wrong)", _at(case.but(alpha=-alpha), w)


def _at(case: Case, w: np.ndarray) -> np.ndarray:
    """What is right on the case from another start."""
    return oracles.meta_gradient_of(case.problem, w, case.alpha, case.nu, case.mode, case.delta)


def _step_counts(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    nu, w = case.nu, case.point
    fewer = "nu - 1 steps are taken" if Mode(case.mode).curved else "the gradient is taken at w^(nu-1)"
    yield fewer, _at(case.but(nu=max(nu - 1, 0)), w)
    yield "nu + 1 steps are taken", _at(case.but(nu=nu + 1), w)
    yield "one step at least is taken, also for nu = 0", _at(case.but(nu=max(nu, 1)), w)
    for most in range(1, _MOST_KEPT):
        yield f"at most {most} step{'s are' if most > 1 else ' is'} taken", _at(case.but(nu=min(nu, most)), w)


def _factors(outer: np.ndarray, hessians: list[np.ndarray], alpha: float, nu: int) -> Iterator[tuple[str, np.ndarray]]:
    """Factors that are dropped, exchanged, moved, cut or taken in part."""
    before = hessians[:nu]
    yield "the factors are multiplied in the reverse order", _swept(outer, before[::-1], alpha)
    yield "the last Hessian factor is dropped", _swept(outer, before[:-1], alpha)
    yield "the first Hessian factor is dropped", _swept(outer, before[1:], alpha)
    yield "each Hessian is taken one step later, at w^(l+1)", _swept(outer, hessians[1:], alpha)
    yield "all Hessians are taken at w", _swept(outer, before[:1] * nu, alpha)
    yield "all Hessians are taken at w^nu", _swept(outer, hessians[-1:] * nu, alpha)
    yield "the Hessian is added instead of subtracted", _swept(outer, before, -alpha)
    yield "products of Hessians (alpha^2 terms) are dropped", outer - alpha * sum(before) @ outer
    yield "only the first Hessian factor is kept", _swept(outer, before[:1], alpha)
    yield "only the last Hessian factor is kept", _swept(outer, before[-1:], alpha)
    for kept in range(2, _MOST_KEPT):
        yield f"only the last {kept} Hessian factors are kept", _swept(outer, before[-kept:], alpha)
    yield "only the diagonal of each Hessian is kept", _swept(outer, [np.diag(np.diag(h)) for h in before], alpha)
    for cut in range(1, len(outer)):
        inside = np.arange(len(outer)) < cut
        blocks = [np.where(inside[:, None] == inside, h, 0.0) for h in before]
        words = f"each Hessian is taken in blocks (layer by layer): the first {cut} coordinates apart from the rest"
        yield words, _swept(outer, blocks, alpha)


def _along_the_path(case: Case, gradients: list[np.ndarray], right: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Sums over the steps of fine-tuning."""
    nu, w = case.nu, case.point
    total = np.sum(gradients[:-1], axis=0)
    yield "the gradients along fine-tuning are added up (Reptile)", total
    yield "the gradients along fine-tuning are averaged (Reptile)", total / nu
    yield "w - w^nu is returned (Reptile)", case.alpha * total
    yield "the gradients along fine-tuning and the outer one are added up", total + gradients[-1]
    yield "gradients of the fine-tuning steps are added to the answer (.grad is not cleared)", right + total
    yield "the plain gradient at w is added to the answer (.grad is not cleared)", right + gradients[0]
    each = [_at(case.but(nu=steps), w) for steps in range(nu + 1)]
    yield "the outer losses after each step are added up", np.sum(each[1:], axis=0)
    yield "the outer losses after each step are averaged", np.mean(each[1:], axis=0)
    yield "the outer losses at w and after each step are added up", np.sum(each, axis=0)


def _exchanged_losses(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    support, query = case.problem.support, case.problem.query
    w, alpha, nu = case.point, case.alpha, case.nu
    yield "the outer loss is the support loss", _at(case.but(problem=support), w)
    yield "everything is done on the query loss", _at(case.but(problem=query), w)
    yield "support and query are exchanged", _at(case.but(problem=SupportQuery(query, support)), w)
    yield "the outer loss is support plus query", _at(case, w) + _at(case.but(problem=support), w)
    for words, path, curved in (
        ("the Hessians are those of the query loss", support, query),
        ("fine-tuning goes down the query loss, and the Hessians are the support loss's", query, support),
    ):
        *points, last = oracles.trajectory(path, w, alpha, nu)
        hessians = [oracles.hessian_at(curved, point) for point in points]
        yield words, _swept(oracles.gradient_at(query, last), hessians, alpha)


def _probes(
    f: Problem, points: list[np.ndarray], outer: np.ndarray, alpha: float, delta: float
) -> Iterator[tuple[str, np.ndarray]]:
    """The mistakes of central differences along the reverse sweep."""

    def difference(at: np.ndarray, step: np.ndarray) -> np.ndarray:
        return oracles.gradient_at(f, at + step) - oracles.gradient_at(f, at - step)

    one_sided = backward = normalised = late = single = outer
    for place in range(len(points) - 2, -1, -1):
        at, after = points[place], points[place + 1]
        here = oracles.gradient_at(f, at)
        one_sided = one_sided - alpha / delta * (oracles.gradient_at(f, at + delta * one_sided) - here)
        backward = backward - alpha / delta * (here - oracles.gradient_at(f, at - delta * backward))
        size = float(np.linalg.norm(normalised))
        normalised = normalised - alpha * size / (2 * delta) * difference(at, delta * normalised / (size or 1.0))
        late = late - alpha / (2 * delta) * difference(after, delta * late)
        single = single - alpha / delta * difference(at, delta * single)
    yield "the difference is one-sided", one_sided
    yield "the difference is one-sided, backwards", backward
    yield "the probe direction is normalised", normalised
    yield "the probes are at w^(l+1)", late
    yield "the difference is divided by delta, not by 2 delta", single
    for kept in range(1, _MOST_KEPT):
        v = outer
        for at in reversed(points[:-1][-kept:]):
            v = v - alpha / (2 * delta) * difference(at, delta * v)
        yield f"only the last {kept} factor{'s are' if kept > 1 else ' is'} kept", v


def _swept(v: np.ndarray, hessians: list[np.ndarray], alpha: float) -> np.ndarray:
    """P^0 P^1 ... v for the Hessians listed from the first factor to the last."""
    for matrix in reversed(hessians):
        v = v - alpha * matrix @ v
    return v
