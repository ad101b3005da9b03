"""Small reference tasks with known constants, from a seed."""

from __future__ import annotations

import numpy as np

from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError
from empirics.tasks.cosine import CosineTask
from empirics.tasks.logcosh import LogCoshTask
from empirics.tasks.logistic import LogisticTask
from empirics.tasks.noise import Noise
from empirics.tasks.quadratic import QuadraticTask

_HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def small_quadratic(
    n: int = 5,
    d: int = 4,
    *,
    mu: float = 0.25,
    L: float = 1.0,
    spread: float = 1.0,
    seed: int = 0,
    radius: float | None = None,
    noise: Noise | None = None,
) -> QuadraticTask:
    r"""Quadratics whose L and mu are exactly the given ones, in bases that do not commute.

    A_i = Q_i diag(x) Q_i^T with Q_i a signed permutation of the Hadamard basis H/2 (in blocks of four), and
    x = mu + (L - mu)(0, 1/4, 3/4, 1) in an order of the agent's own. Entries of Q_i are 0 and +-1/2, so A_i is exact in
    floating point when mu and L are short dyadic numbers, its eigenvalues are exactly x, and `constants` proves it.
    A negative mu makes every f_i indefinite. Centres are multiples of 1/16 in [-spread, spread].

    Args:
        n: agents.
        d: 1 or a multiple of 4.
        mu, L: smallest and largest eigenvalue, mu <= L. With d = 1 agents alternate between them.
        spread: size of the centres, in [W].
        seed: seed of bases and centres.
        radius, noise: as in `QuadraticTask`.

    >>> constants = small_quadratic().constants()
    >>> constants["L"].value, constants["L"].side, constants["mu"].value, constants["mu"].side
    (1.0, 'exact', 0.25, 'exact')
    """
    n, d, rng = _sizes(n, d, seed)
    if d != 1 and d % 4:
        raise InputError(f"d = {d}: expected 1 or a multiple of 4, for which the basis is exact")
    mu, L = real("mu", mu), real("L", L)
    if mu > L:
        raise InputError(f"mu = {mu:g}, L = {L:g}: expected mu <= L")
    levels = mu + (L - mu) * np.array([0.0, 0.25, 0.75, 1.0])
    if d == 1:
        matrices = levels[[0, 3]][np.arange(n) % 2].reshape(n, 1, 1)
    else:
        matrices = np.stack([_conjugated(levels, d, rng) for _ in range(n)])
    centres = np.round(rng.uniform(-spread, spread, size=(n, d)) * 16) / 16
    return QuadraticTask(matrices, centres, radius=radius, noise=noise)


def small_cosine(n: int = 5, d: int = 3, features: int = 4, *, seed: int = 0, noise: Noise | None = None) -> CosineTask:
    """Nonconvex: shared features of norm about 1, weights about 1/features, phases within one radian of each other.

    >>> small_cosine().loss([0.0, 0.0, 0.0]).shape
    torch.Size([5])
    """
    n, d, rng = _sizes(n, d, seed)
    a, s, phi = _ridges(n, d, features, rng)
    return CosineTask(a, s * rng.choice([-1.0, 1.0], size=features), phi, noise=noise)


def small_logcosh(
    n: int = 5, d: int = 3, features: int = 4, *, seed: int = 0, noise: Noise | None = None
) -> LogCoshTask:
    """Convex: features, weights and phases as in `small_cosine`, weights positive.

    >>> small_logcosh().constants()["mu"].value
    0.0
    """
    n, d, rng = _sizes(n, d, seed)
    a, s, phi = _ridges(n, d, features, rng)
    return LogCoshTask(a, s, phi, noise=noise)


def small_logistic(n: int = 5, d: int = 4, samples: int = 20, *, seed: int = 0) -> LogisticTask:
    """Synthetic classes about agents' own means, sample norms (intercept counted) at most 1, no two agents alike.

    >>> small_logistic().constants()["B"].value <= 1.0 + 1e-9
    True
    """
    n, d, rng = _sizes(n, d, seed)
    y = rng.choice([-1.0, 1.0], size=(n, samples))
    x = rng.normal(size=(n, samples, d - 1)) + y[..., None] * rng.normal(size=(n, 1, d - 1))
    x = np.concatenate([x, np.ones((n, samples, 1))], axis=-1)
    return LogisticTask(x / np.linalg.norm(x, axis=-1).max(), y, intercept=False)


def _sizes(n: int, d: int, seed: int) -> tuple[int, int, np.random.Generator]:
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    return integer("n", n, at_least=1), integer("d", d, at_least=1), rng


def _conjugated(levels: np.ndarray, d: int, rng: np.random.Generator) -> np.ndarray:
    """Blocks of signed and permuted H/2 diag(x) H/2, their rows mixed across blocks by one more permutation."""
    matrix = np.zeros((d, d))
    for start in range(0, d, 4):
        basis = rng.choice([-1.0, 1.0], size=(4, 1)) * _HADAMARD[rng.permutation(4)]
        matrix[start : start + 4, start : start + 4] = (basis * rng.permutation(levels)) @ basis.T
    order = rng.permutation(d)
    return matrix[np.ix_(order, order)]


def _ridges(n: int, d: int, features: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = integer("features", features, at_least=1)
    a = rng.normal(size=(features, d)) / np.sqrt(d)
    s = rng.uniform(0.5, 1.5, size=(n, features)) / features
    phi = rng.uniform(0, 2 * np.pi, size=features) + rng.uniform(-0.5, 0.5, size=(n, features))
    return a, s, phi
