"""Modes taken for one another, and central differences that are none."""

from __future__ import annotations

from tests.properties.implementations import fine_tuned, right, swept
from tests.properties.museum.mistake import META, wrong


@wrong(META, "exact", "jacobian_product", "Hessians are replaced by differences of gradients, delta = 0.01")
def hessian_free_called_exact(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, "hessian_free", 1e-2)


@wrong(META, "first_order", "first_order_formula", "Hessians are replaced by differences of gradients, delta = 0.1")
def hessian_free_called_first_order(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, "hessian_free", 0.1)


@wrong(META, "first_order", "first_order_formula", "the gradient is taken at w^(nu-1)")
def first_order_with_a_step_less(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu - 1 if nu > 1 else nu, mode, delta) if nu != 1 else f.gradient(w)


@wrong(META, "first_order", "first_order_formula", "the gradients along fine-tuning and the outer one are added up")
def first_order_added_up(f, w, alpha, nu, mode, delta):
    return sum(f.gradient(point) for point in fine_tuned(f, w, alpha, nu))


@wrong(META, "hessian_free", "hessian_free_formula", "all Hessians are dropped (first order)")
def first_order_called_hessian_free(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, "first_order", None)


@wrong(META, "hessian_free", "hessian_free_formula", "Hessian-vector products are exact (the mode is ignored)")
def exact_called_hessian_free(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, "exact", None)


@wrong(META, "hessian_free", "hessian_free_formula", "differences of gradients, delta = 0.5")
def probes_of_half_the_length(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta / 2)


@wrong(META, "hessian_free", "hessian_free_rate", "the difference is one-sided, backwards")
def backward_probe(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(lambda x, v: (f.gradient(x) - f.gradient(x - delta * v)) / delta, f.gradient(last), points, alpha)
