"""First-order and Hessian-free modes."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import difference, fine_tuned, right, swept
from tests.properties.museum.mistake import META, wrong


@wrong(META, "first_order", "first_order_formula", "the mode is ignored")
def mode_ignored(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, "exact", None)


@wrong(META, "first_order", "first_order_error", "the gradient is taken at w^(nu-1)")
def first_order_one_step_early(f, w, alpha, nu, mode, delta):
    return f.gradient(fine_tuned(f, w, alpha, nu)[max(nu - 1, 0)])


@wrong(META, "hessian_free", "hessian_free_rate", "the difference is one-sided")
def one_sided_probe(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(lambda x, v: (f.gradient(x + delta * v) - f.gradient(x)) / delta, f.gradient(last), points, alpha)


@wrong(META, "hessian_free", "hessian_free_formula", "the probe direction is normalised")
def normalised_probe(f, w, alpha, nu, mode, delta):
    def normalised(x, v):
        size = np.linalg.norm(v) or 1.0
        return size * difference(f, delta)(x, v / size)

    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(normalised, f.gradient(last), points, alpha)


@wrong(META, "hessian_free", "hessian_free_error", "the probes are at w^(l+1)")
def probe_one_step_late(f, w, alpha, nu, mode, delta):
    points = fine_tuned(f, w, alpha, nu)
    return swept(difference(f, delta), f.gradient(points[-1]), points[1:], alpha)


@wrong(META, "hessian_free", "hessian_free_error", "divided by delta, not by 2 delta")
def probe_divided_by_one_delta(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(lambda x, v: 2 * difference(f, delta)(x, v), f.gradient(last), points, alpha)


@wrong(META, "hessian_free", "hessian_free_error", "only the last 2 factors are kept")
def probes_through_the_last_two_steps(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(difference(f, delta), f.gradient(last), points[-2:], alpha)
