"""Tasks that several tests share, built once."""

from __future__ import annotations

from functools import cache

import numpy as np

from empirics import CosineTask, LogCoshTask, LogisticTask, Noise, QuadraticTask, SplineTask, Task
from empirics.tasks.factories import small_cosine, small_logcosh, small_logistic, small_quadratic

FAMILIES = ("quadratic", "indefinite", "cosine", "cosine_own", "cosine_linear", "logcosh", "logcosh_own", "logistic")
NOISY = ("quadratic", "cosine", "logcosh")


def unit_noise(n: int, d: int, *, gradient: float = 0.3, amplitude: float = 0.1, frequency: float = 1.5) -> Noise:
    """Noise in directions that are not coordinates."""
    rng = np.random.default_rng(11)
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in rng.normal(size=(2, n, d)))
    return Noise(gradient, amplitude, frequency, u, v, rng.uniform(0, 6, size=n))


@cache
def task(name: str) -> Task:
    """A small noiseless task of the family."""
    rng = np.random.default_rng(3)
    n, d, features = 4, 3, 5
    a, s = rng.normal(size=(n, features, d)) / 2, rng.uniform(0.2, 1, size=(n, features))
    phi = rng.uniform(0, 6, size=(n, features))
    if name == "quadratic":
        return small_quadratic(4, 4, radius=8.0)
    if name == "indefinite":
        return small_quadratic(4, 4, mu=-0.5, radius=8.0)
    if name == "cosine":
        return small_cosine(4)
    if name == "cosine_own":
        return CosineTask(a, s * rng.choice([-1, 1], size=s.shape), phi)
    if name == "cosine_linear":
        return CosineTask(a[0], s, phi, linear=rng.normal(size=(n, d)))
    if name == "logcosh":
        return small_logcosh(4)
    if name == "logcosh_own":
        return LogCoshTask(a, s, phi)
    if name == "logistic":
        return small_logistic(4, 4, 12)
    if name == "logistic_ragged":
        x, y = rng.normal(size=(3, 6, 2)), rng.choice([-1, 1], size=(3, 6))
        return LogisticTask(x, y, counts=[6, 3, 5])
    if name == "spline":
        return SplineTask([-1.0, 0.0, 0.5, 2.0], [[1.0, -1.0, 2.0, 0.0], [0.5, 0.5, -1.0, 1.0]], [0.3, -0.2], at=0.25)
    raise KeyError(name)


@cache
def noisy(name: str) -> Task:
    """The same with noise in general directions."""
    plain = task(name)
    noise = unit_noise(plain.n, plain.d)
    arrays = plain.arrays()
    if name == "quadratic":
        return QuadraticTask(arrays["A"], arrays["c"], arrays["e"], radius=8.0, noise=noise)
    family = {"cosine": CosineTask, "logcosh": LogCoshTask}[name]
    return family(arrays["a"], arrays["s"], arrays["phi"], noise=noise)


def points(subject: Task, replicas: int, *, seed: int = 5, scale: float = 1.0) -> np.ndarray:
    """Random points (replicas, n, d)."""
    return scale * np.random.default_rng(seed).normal(size=(replicas, subject.n, subject.d))


def options(mode: str) -> dict:
    """What `meta_gradient` needs in a mode."""
    given: dict = {"delta": 1e-3} if mode.startswith("hessian_free") else {}
    return {**given, "batches": (3, 5, 70)} if mode.endswith("stochastic") else given


def settings_options(mode: str) -> dict:
    """What `MetaFedAvg` needs in a mode."""
    given: dict = {"delta": 1e-3} if mode.startswith("hessian_free") else {}
    return {**given, "D": 3, "D_prime": 5, "D_H": 4} if mode.endswith("stochastic") else given
