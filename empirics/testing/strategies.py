"""Hypothesis strategies of problems and cases, built up from small numbers; nothing is filtered.

Every number is a short binary fraction (a multiple of 1/16), so float32 and float64 see the same problem, and counter-
examples are readable. Degenerate cases (d = 1, equal agents, zero weights, points of zero gradient) are not excluded.
"""

from __future__ import annotations

from math import sin
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Problem
from empirics.testing.arrays import Arrays
from empirics.testing.cases import Case
from empirics.testing.examples import meta_examples
from empirics.testing.network_problem import Network
from empirics.testing.problems import Quadratic, Ridge

INSIDE, OUTSIDE = (0.5, 0.25, 0.125), (1 + 2.0**-10, 2.0, 4.0)
REGION = (1.0, *INSIDE, *OUTSIDE)
# Bounds on L are loose for sums: some steps have to be long for alpha hess f to exceed 1 at all.
LONG = (1.0, 0.5, OUTSIDE[0], 4.0, 6.0)

# Multiples of 1/8 up to 2, integers first: a counterexample shrinks to 0, 1 and -1, where effects stay large.
_SIZES = (1.0, 2.0, 0.5, 1.5, 0.25, 0.75, 1.25, 1.75, *(k / 8 for k in range(1, 16, 2)))
entries = st.sampled_from((0.0, *(sign * size for size in _SIZES for sign in (1, -1))))
weights = st.sampled_from(_SIZES)


def vectors(d: int) -> SearchStrategy[tuple[float, ...]]:
    """d entries between -2 and 2."""
    return st.tuples(*[entries] * d)


@st.composite
def quadratics(draw: DrawFn, d: int) -> Quadratic:
    """A = x I + t z z^T, z an integer vector: eigenvalues x (d - 1 times) and x + t norm(z)^2, so L and mu are exact.

    Proof: A z = (x + t norm(z)^2) z, and A u = x u for u orthogonal to z. All of it is exact in binary. Two of them
    commute only if their z are parallel or orthogonal, or a t is 0.
    """
    z = draw(st.tuples(*[st.integers(-2, 2)] * d))
    x, t = draw(entries), draw(entries) / 2
    rows = tuple(tuple(t * z[i] * z[j] + (x if i == j else 0.0) for j in range(d)) for i in range(d))
    return Quadratic(rows, draw(vectors(d)), draw(entries), samples=draw(st.integers(1, 9)))


@st.composite
def ridges(draw: DrawFn, d: int, features: int, kind: str | None = None) -> Ridge:
    """Cosine sums with a linear term, log-cosh sums with weights > 0, or logistic losses of a few samples.

    B, L and rho are known: upper bounds, and exact for a single cosine in one dimension, where sup |s a sin + b|,
    sup |s| a^2 |cos| and sup |s a^3 sin| are attained.
    """
    kind = kind or draw(st.sampled_from(("cosine", "logcosh", "logistic")))
    a = draw(st.tuples(*[vectors(d)] * features))
    zero = (0.0,) * features
    if kind == "logistic":
        return Ridge(kind, a, (1 / features,) * features, zero, (0.0,) * d, samples=features)
    if kind == "logcosh":
        s, b = draw(st.tuples(*[weights] * features)), (0.0,) * d
    else:
        s, b = draw(vectors(features)), draw(vectors(d))
    return Ridge(kind, a, s, draw(vectors(features)), b, draw(entries), samples=draw(st.integers(1, 9)))


@st.composite
def networks(draw: DrawFn) -> Network:
    """One hidden tanh layer of two units on one or two inputs and two samples: d = 6 or 8, no constants known."""
    inputs = draw(st.integers(1, 2))
    x = draw(st.tuples(*[vectors(inputs)] * 2))
    return Network(x, draw(vectors(2)), hidden=2)


def curvature(problem: Problem) -> float:
    """An easy upper bound L of the Hessian's norm: of rank-one terms, or the norm of all entries; at least 1/8."""
    if isinstance(problem, Quadratic):
        return max(sum(x * x for row in problem.A for x in row) ** 0.5, 0.125)
    if isinstance(problem, Ridge):
        terms = zip(problem.s, problem.a, strict=True)
        return max(sum(abs(s) * sum(x * x for x in a) for s, a in terms), 0.125)
    return 4.0


@st.composite
def problems(draw: DrawFn, low: int = 1, high: int = 4) -> Problem:
    """A quadratic or a ridge sum in `low` to `high` dimensions."""
    d = draw(st.integers(low, high))
    return draw(st.one_of(quadratics(d), *(ridges(d, features) for features in (1, 2, 3))))


@st.composite
def around(
    draw: DrawFn,
    problem: Problem,
    mode: str,
    steps: tuple[int, int],
    *,
    region: tuple[float, ...] = REGION,
    probes: tuple[int, int] = (0, 6),
    twists: SearchStrategy[Any] | None = None,
) -> Case:
    """A case about a problem: alpha L in the region (inside, on and just outside alpha L <= 1), delta = 2^-k."""
    w = draw(vectors(problem.d))
    alpha = draw(st.sampled_from(region)) / curvature(problem)
    delta = 2.0 ** -draw(st.integers(*probes)) if Mode(mode).probes else None
    twist = None if twists is None else draw(twists)
    return Case(problem, w, alpha, draw(st.integers(*steps)), mode, delta, twist)


def cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Any problem, 0 to 3 steps."""
    return st.one_of(problems(), networks()).flatmap(lambda problem: around(problem, mode, (0, 3), region=INSIDE))


def unadapted_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """nu = 0, or alpha = 0 with 1 to 3 steps."""
    still = problems().flatmap(lambda problem: around(problem, mode, (1, 3), region=(0.0,)))
    return st.one_of(problems().flatmap(lambda problem: around(problem, mode, (0, 0))), still)


def one_step_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """nu = 1, with long steps among them."""
    return problems().flatmap(lambda problem: around(problem, mode, (1, 1), region=LONG))


@st.composite
def turning(draw: DrawFn) -> Case:
    """Two cosines in the plane whose Hessians at w^0 and w^1 do not commute.

    With a_1 = (p, 0), a_2 = (k, r) and p, k, r != 0 they are neither parallel nor orthogonal, so a_1 a_1^T and
    a_2 a_2^T do not commute, and [H^0, H^1] = (h_1^0 h_2^1 - h_2^0 h_1^1) [a_1 a_1^T, a_2 a_2^T] with
    h_j = -s_j cos(theta_j), s_j != 0. The linear term b makes the first step t (r, -k), orthogonal to a_2: theta_2
    stays at y, |y| <= 1, with cos y > 0, while theta_1 moves from x in (0, 1] by 0.5 to 2, so that cos theta_1 falls
    strictly on [0, pi]. Hence the bracket is s_1 s_2 cos y (cos theta_1^0 - cos theta_1^1), not zero.
    """
    p, k, r, s1, s2 = (draw(weights) * draw(st.sampled_from((1, -1))) for _ in range(5))
    x, y, move = draw(weights) / 2, draw(entries) / 2, 0.5 + draw(weights) * 0.75
    w, steps = draw(vectors(2)), draw(st.integers(2, 4))
    length = abs(s1) * p * p + abs(s2) * (k * k + r * r)
    alpha, t = draw(st.sampled_from(LONG)) / length, move / (p * r)
    phi = (x - p * w[0], y - k * w[0] - r * w[1])
    b = (-t * r / alpha + s1 * sin(x) * p + s2 * sin(y) * k, t * k / alpha + s2 * sin(y) * r)
    return Case(Ridge("cosine", ((p, 0.0), (k, r)), (s1, s2), phi, b), w, alpha, steps)


def turning_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Hessians that do not commute along the trajectory, and ridge sums of two or three features; 2 to 4 steps."""
    general = st.tuples(st.integers(2, 4), st.integers(2, 3)).flatmap(lambda size: ridges(*size))
    return st.one_of(turning(), general.flatmap(lambda problem: around(problem, mode, (2, 4), region=LONG)))


def network_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """tanh networks, 2 or 3 steps."""
    return networks().flatmap(lambda problem: around(problem, mode, (2, 3), region=INSIDE))


def long_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """1 to 8 steps of short length on at most three features."""
    return problems(1, 3).flatmap(lambda problem: around(problem, mode, (1, 8), region=INSIDE))


def short_step_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Quadratics with alpha L = 2^-k, k = 8 to 28 (float32: to 12, below which rounding hides the slope)."""
    least = 12 if arrays.precision == "float32" else 28
    region = tuple(2.0**-power for power in range(8, least + 1, 4))
    sizes = st.integers(1, 4).flatmap(quadratics)
    return sizes.flatmap(lambda problem: around(problem, mode, (1, 4), region=region))


def rescaled_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Powers of two, huge and tiny ones too; exact in binary, so that nothing but the function can differ."""
    far = 16 if arrays.precision == "float32" else 40
    twists = st.sampled_from((1, -1, 4, -4, far, -far))
    return problems(1, 3).flatmap(lambda problem: around(problem, mode, (1, 3), twists=twists))


def wide_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Five or six dimensions."""
    wide = st.integers(5, 6).flatmap(lambda d: st.one_of(quadratics(d), ridges(d, 3)))
    return wide.flatmap(lambda problem: around(problem, mode, (1, 2)))


@st.composite
def moved_cases(draw: DrawFn, mode: str, arrays: Arrays) -> Case:
    """Shifts of up to 256 in every direction."""
    problem = draw(problems(1, 3))
    twists = st.tuples(*[st.integers(-8, 8).map(lambda k: 32.0 * k)] * problem.d)
    return draw(around(problem, mode, (1, 3), twists=twists))


def raised_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Constants from 1 to 2^20, of both signs."""
    twists = st.sampled_from((1.0, -1.0, 1024.0, -1024.0, 2.0**20, -(2.0**20)))
    return problems(1, 3).flatmap(lambda problem: around(problem, mode, (1, 3), twists=twists))


def first_order_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """1 to 4 steps; in one dimension with f'' = -L the bound of S8 is attained."""
    return problems().flatmap(lambda problem: around(problem, mode, (1, 4)))


def probed_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """delta from 1 to 1/64."""
    return problems().flatmap(lambda problem: around(problem, mode, (1, 3)))


def certified_probed_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """delta from 1/2 to 1/1024, a third of the problems quadratic."""
    return problems(1, 3).flatmap(lambda problem: around(problem, mode, (1, 3), probes=(1, 10)))


def finely_probed_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """Ridge sums with delta from 1/256 to 1/2048: then delta^2 is well below delta."""
    smooth = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(lambda size: ridges(*size))
    return smooth.flatmap(lambda problem: around(problem, mode, (1, 2), region=INSIDE, probes=(8, 11)))


def conduct_cases(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """The fixed examples: how a function behaves depends on numbers little."""
    return st.sampled_from(meta_examples(mode))


def one_case(mode: str, arrays: Arrays) -> SearchStrategy[Case]:
    """The first of them."""
    return st.just(meta_examples(mode)[0])
