"""Stochastic modes: batches that are shared, swapped or selected."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import sampled_path
from tests.properties.museum.mistake import STOCHASTIC, mistake


@mistake(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def one_batch_for_everything():
    def f(f, w, alpha, nu, mode, delta):
        batch, points = f.draw("inner"), [w]
        for _ in range(nu):
            points.append(points[-1] - alpha * f.gradient(points[-1], batch))
        v = f.gradient(points.pop(), batch)
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, batch)
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "unbiased_on_quadratics", "feeds several calls")
def hessian_on_the_batch_of_its_step():
    def f(f, w, alpha, nu, mode, delta):
        points, batches = [w], []
        for _ in range(nu):
            batches.append(f.draw("inner"))
            points.append(points[-1] - alpha * f.gradient(points[-1], batches[-1]))
        v = f.gradient(points.pop(), f.draw("outer"))
        for point, batch in zip(reversed(points), reversed(batches), strict=True):
            v = v - alpha * f.hvp(point, v, batch)
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def hessian_batch_reused_in_the_outer_gradient():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        batches = [f.draw("hessian") for _ in range(nu)]
        v = f.gradient(last, batches[-1] if nu else f.draw("outer"))
        for point, batch in zip(reversed(points), reversed(batches), strict=True):
            v = v - alpha * f.hvp(point, v, batch)
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "independent_batches", "feeds several calls")
def first_hessian_batch_for_every_step():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v, batches = f.gradient(last, f.draw("outer")), [f.draw("hessian") for _ in range(nu)]
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, batches[0])
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "batches_by_purpose", "a batch is drawn with the size meant for another purpose")
def outer_batch_of_inner_size():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("inner"))
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "noiseless", "multiplied in the reverse order")
def stochastic_factors_reversed():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("outer"))
        for point in points:
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "bias", "too many")
def smaller_of_two_outer_gradients():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = min((f.gradient(last, f.draw("outer")) for _ in range(2)), key=np.linalg.norm)
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


@mistake(STOCHASTIC, "stochastic", "bias", "too many")
def step_extrapolated_from_two_batches():
    def f(f, w, alpha, nu, mode, delta):
        points = [w]
        for _ in range(nu):
            now, before = (f.gradient(points[-1], f.draw("inner")) for _ in range(2))
            points.append(points[-1] - alpha * (3 * now - 2 * before))
        v = f.gradient(points.pop(), f.draw("outer"))
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


@mistake(STOCHASTIC, "hessian_free_stochastic", "mean_squared_error", "too many")
def each_probe_on_its_own_batch():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("outer"))
        for point in reversed(points):
            ahead, behind = (f.gradient(point + s * delta * v, f.draw("hessian")) for s in (1, -1))
            v = v - alpha * (ahead - behind) / (2 * delta)
        return v

    return f
