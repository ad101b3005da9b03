"""Stochastic modes: batches that are shared, swapped or selected."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import path, sampled_hvp, sampled_path, swept
from tests.properties.museum.mistake import STOCHASTIC, wrong


def on_listed_batches(f, v, points, batches, alpha):
    """The sweep with a given batch for the Hessian at each of the points."""
    left = list(batches)
    return swept(lambda x, v: f.hvp(x, v, left.pop()), v, points, alpha)


@wrong(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def one_batch_for_everything(f, w, alpha, nu, mode, delta):
    batch = f.draw("inner")
    *points, last = path(w, nu, lambda x: x - alpha * f.gradient(x, batch))
    return swept(lambda x, v: f.hvp(x, v, batch), f.gradient(last, batch), points, alpha)


@wrong(STOCHASTIC, "stochastic", "unbiased_on_quadratics", "feeds several calls")
def hessian_on_the_batch_of_its_step(f, w, alpha, nu, mode, delta):
    points, batches = [w], []
    for _ in range(nu):
        batches.append(f.draw("inner"))
        points.append(points[-1] - alpha * f.gradient(points[-1], batches[-1]))
    v = f.gradient(points.pop(), f.draw("outer"))
    return on_listed_batches(f, v, points, batches, alpha)


@wrong(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def hessian_batch_reused_in_the_outer_gradient(f, w, alpha, nu, mode, delta):
    *points, last = sampled_path(f, w, alpha, nu)
    batches = [f.draw("hessian") for _ in range(nu)]
    v = f.gradient(last, batches[-1] if nu else f.draw("outer"))
    return on_listed_batches(f, v, points, batches, alpha)


@wrong(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def first_hessian_batch_for_every_step(f, w, alpha, nu, mode, delta):
    *points, last = sampled_path(f, w, alpha, nu)
    v, batches = f.gradient(last, f.draw("outer")), [f.draw("hessian") for _ in range(nu)]
    return swept(lambda x, v: f.hvp(x, v, batches[0]), v, points, alpha)


@wrong(STOCHASTIC, "stochastic", "batches_by_purpose", "a batch is drawn with the size meant for another purpose")
def outer_batch_of_inner_size(f, w, alpha, nu, mode, delta):
    *points, last = sampled_path(f, w, alpha, nu)
    return swept(sampled_hvp(f), f.gradient(last, f.draw("inner")), points, alpha)


@wrong(STOCHASTIC, "stochastic", "noiseless", "multiplied in the reverse order")
def stochastic_factors_reversed(f, w, alpha, nu, mode, delta):
    *points, last = sampled_path(f, w, alpha, nu)
    return swept(sampled_hvp(f), f.gradient(last, f.draw("outer")), points[::-1], alpha)


@wrong(STOCHASTIC, "stochastic", "bias", "too many")
def smaller_of_two_outer_gradients(f, w, alpha, nu, mode, delta):
    *points, last = sampled_path(f, w, alpha, nu)
    v = min((f.gradient(last, f.draw("outer")) for _ in range(2)), key=np.linalg.norm)
    return swept(sampled_hvp(f), v, points, alpha)


@wrong(STOCHASTIC, "stochastic", "bias", "too many")
def step_extrapolated_from_two_batches(f, w, alpha, nu, mode, delta):
    def extrapolated(x):
        now, before = (f.gradient(x, f.draw("inner")) for _ in range(2))
        return x - alpha * (3 * now - 2 * before)

    *points, last = path(w, nu, extrapolated)
    return swept(sampled_hvp(f), f.gradient(last, f.draw("outer")), points, alpha)


@wrong(STOCHASTIC, "hessian_free_stochastic", "mean_squared_error", "too many")
def each_probe_on_its_own_batch(f, w, alpha, nu, mode, delta):
    def on_two_batches(x, v):
        ahead, behind = (f.gradient(x + s * delta * v, f.draw("hessian")) for s in (1, -1))
        return (ahead - behind) / (2 * delta)

    *points, last = sampled_path(f, w, alpha, nu)
    return swept(on_two_batches, f.gradient(last, f.draw("outer")), points, alpha)
