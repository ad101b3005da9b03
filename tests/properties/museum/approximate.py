"""First-order and Hessian-free modes."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import fine_tuned, right
from tests.properties.museum.mistake import META, mistake


@mistake(META, "first_order", "first_order_formula", "the mode is ignored")
def mode_ignored():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, nu, "exact", None)


@mistake(META, "first_order", "first_order_error", "the gradient is taken at w^(nu-1)")
def first_order_one_step_early():
    return lambda f, w, alpha, nu, mode, delta: f.gradient(fine_tuned(f, w, alpha, nu)[max(nu - 1, 0)])


@mistake(META, "hessian_free", "hessian_free_rate", "the difference is one-sided")
def one_sided_probe():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point)) / delta
        return v

    return f


@mistake(META, "hessian_free", "hessian_free_formula", "the probe direction is normalised")
def normalised_probe():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points):
            size = np.linalg.norm(v) or 1.0
            u = v / size
            v = v - alpha * size * (f.gradient(point + delta * u) - f.gradient(point - delta * u)) / (2 * delta)
        return v

    return f


@mistake(META, "hessian_free", "hessian_free_error", "the probes are at w^(l+1)")
def probe_one_step_late():
    def f(f, w, alpha, nu, mode, delta):
        points = fine_tuned(f, w, alpha, nu)
        v = f.gradient(points[-1])
        for point in reversed(points[1:]):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / (2 * delta)
        return v

    return f


@mistake(META, "hessian_free", "hessian_free_error", "divided by delta, not by 2 delta")
def probe_divided_by_one_delta():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / delta
        return v

    return f


@mistake(META, "hessian_free", "hessian_free_error", "only the last 2 factors are kept")
def probes_through_the_last_two_steps():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points[-2:]):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / (2 * delta)
        return v

    return f
