"""Factors of the product that are dropped, exchanged, moved or cut; steps that are miscounted."""

from __future__ import annotations

import numpy as np
import torch

from tests.properties.implementations import fine_tuned, right, swept
from tests.properties.museum.mistake import META, wrong


@wrong(META, "exact", "jacobian_product", "the last Hessian factor is dropped")
def last_hessian_dropped(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[:-1], alpha)


@wrong(META, "exact", "semigroup", "the first Hessian factor is dropped")
def first_hessian_dropped(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[1:], alpha)


@wrong(META, "exact", "jacobian_product", "multiplied in the reverse order")
def factors_reversed(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[::-1], alpha)


@wrong(META, "exact", "jacobian_product", "each Hessian is taken one step later")
def hessians_one_step_late(f, w, alpha, nu, mode, delta):
    points = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(points[-1]), points[1:], alpha)


@wrong(META, "exact", "jacobian_product", "all Hessians are taken at w")
def all_hessians_at_the_start(f, w, alpha, nu, mode, delta):
    return swept(f.hvp, f.gradient(fine_tuned(f, w, alpha, nu)[-1]), [w] * nu, alpha)


@wrong(META, "exact", "plain_gradient", "nu + 1 steps are taken")
def one_step_too_many(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu + 1, mode, delta)


@wrong(META, "exact", "one_step", "nu - 1 steps are taken")
def one_step_too_few(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, max(nu - 1, 0), mode, delta)


@wrong(META, "exact", "one_step", "the outer gradient is taken at w^(nu-1)")
def outer_gradient_one_step_early(f, w, alpha, nu, mode, delta):
    points = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(points[max(nu - 1, 0)]), points[:-1], alpha)


@wrong(META, "exact", "one_step", "the Hessian is added instead of subtracted")
def hessian_added(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points, -alpha)


@wrong(META, "exact", "jacobian_product", "products of Hessians (alpha^2 terms) are dropped")
def products_of_hessians_dropped(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    v = f.gradient(last)
    return v - alpha * sum(f.hvp(point, v) for point in points)


@wrong(META, "exact", "derivative_of_meta_loss", "the last Hessian factor is dropped", dtype="torch.float64")
def detached_inner_step(f, w, alpha, nu, mode, delta):
    leaf = w.detach().clone().requires_grad_(True)
    fast = leaf
    for step in range(nu):
        (g,) = torch.autograd.grad(f.loss(fast), fast, create_graph=True)
        fast = fast - alpha * (g.detach() if step == nu - 1 else g)
    return torch.autograd.grad(f.loss(fast), leaf)[0]


@wrong(META, "exact", "slope_in_alpha", "all Hessians are dropped (first order)")
def first_order_called_exact(f, w, alpha, nu, mode, delta):
    return f.gradient(fine_tuned(f, w, alpha, nu)[-1])


@wrong(META, "exact", "plain_gradient", "one step at least is taken, also for nu = 0")
def at_least_one_step(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, max(nu, 1), mode, delta)


@wrong(META, "exact", "one_step", "multiplies another gradient, than in the formula")
def shortcut_for_one_step(f, w, alpha, nu, mode, delta):
    if nu != 1:
        return right(f, w, alpha, nu, mode, delta)
    g = f.gradient(w)
    return f.gradient(w - alpha * g) - alpha * f.hvp(w, g)


@wrong(META, "exact", "semigroup", "only the last 5 Hessian factors are kept")
def unrolled_through_the_last_five_steps(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[-5:], alpha)


@wrong(META, "exact", "derivative_of_meta_loss", "in blocks (layer by layer): the first 4 coordinates apart")
def hessian_layer_by_layer(f, w, alpha, nu, mode, delta):
    first = np.arange(len(w)) < 4
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(
        lambda x, v: np.where(first, f.hvp(x, v * first), f.hvp(x, v * ~first)), f.gradient(last), points, alpha
    )
