"""Strategies of sampled losses: a mean loss and the noise that its two samples add or subtract."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Problem
from empirics.testing.arrays import Arrays
from empirics.testing.examples import sampled_examples
from empirics.testing.problems import Quadratic, Ridge
from empirics.testing.sampled import SampledCase
from empirics.testing.strategies import curvature, problems, quadratics, ridges, turning, vectors, weights

_REGION = (0.25, 0.5, 1.0)


@st.composite
def _about(draw: DrawFn, base: Problem, noise: Problem | None, w: tuple[float, ...], mode: str) -> SampledCase:
    """alpha L on or inside alpha L <= 1, one or two steps, delta = 2^-k."""
    alpha = draw(st.sampled_from(_REGION)) / curvature(base)
    delta = 2.0 ** -draw(st.integers(1, 6)) if Mode(mode).probes else None
    return SampledCase(base, noise, w, alpha, draw(st.integers(1, 2)), mode, delta)


@st.composite
def noiseless_cases(draw: DrawFn, mode: str, arrays: Arrays) -> SampledCase:
    """Equal samples of Hessians that do not commute, or of any ridge sum or quadratic."""
    if draw(st.booleans()):
        case = draw(turning())
        delta = 0.125 if Mode(mode).probes else None
        return SampledCase(case.problem, None, case.w, case.alpha, case.nu, mode, delta)
    base = draw(problems(1, 3))
    return draw(_about(base, None, draw(vectors(base.d)), mode))


@st.composite
def sampled_quadratics(draw: DrawFn, mode: str, arrays: Arrays) -> SampledCase:
    """Samples A +- t z z^T with a gradient noise that is not zero at w.

    The noise is (w - c')^T t z z^T (w - c')/2 with c' = w - k z at the start w, so its gradient there is
    t norm(z)^2 k z, with t, k > 0 and z_0 = 1: not zero. Its Hessian t z z^T is not zero either.
    """
    d = draw(st.integers(1, 3))
    base, w = draw(quadratics(d)), draw(vectors(d))
    z = (1, *draw(st.tuples(*[st.integers(-1, 1)] * (d - 1))))
    t, k = draw(weights), draw(weights)
    noise = Quadratic(
        tuple(tuple(t * z[i] * z[j] for j in range(d)) for i in range(d)),
        tuple(x - k * y for x, y in zip(w, z, strict=True)),
    )
    return draw(_about(base, noise, w, mode))


@st.composite
def sampled_ridges(draw: DrawFn, mode: str, arrays: Arrays) -> SampledCase:
    """Ridge sums with known B, L and rho; the noise is one cosine with a linear term, so sigma_G and sigma_H are known.

    With two equally likely signs norm(gradient noise) = norm(grad noise) <= B of the noise, and likewise L for sigma_H.
    """
    d = draw(st.integers(1, 2))
    base = draw(ridges(d, draw(st.integers(1, 2))))
    a = (draw(weights), *draw(vectors(d - 1)))
    noise = Ridge("cosine", (a,), (draw(weights),), draw(vectors(1)), draw(vectors(d)))
    return draw(_about(base, noise, draw(vectors(d)), mode))


def conduct_cases(mode: str, arrays: Arrays) -> SearchStrategy[SampledCase]:
    """The fixed examples: how a function behaves depends on numbers little."""
    return st.sampled_from(sampled_examples(mode))


def one_case(mode: str, arrays: Arrays) -> SearchStrategy[SampledCase]:
    """The first of them."""
    return st.just(sampled_examples(mode)[0])
