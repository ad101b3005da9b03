"""One agent's meta-gradient as it comes out of code that people have: another quantity, or a part of the right one."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import fine_tuned, right, swept
from tests.properties.museum.mistake import META, wrong


@wrong(META, "exact", "one_step", "the answer is zero")
def nothing_comes_back(f, w, alpha, nu, mode, delta):
    return 0 * w


@wrong(META, "exact", "one_step", "w is returned as it was")
def parameters_unchanged(f, w, alpha, nu, mode, delta):
    return w.copy()


@wrong(META, "exact", "one_step", "new parameters w - g are returned")
def parameters_for_gradients(f, w, alpha, nu, mode, delta):
    return w - right(f, w, alpha, nu, mode, delta)


@wrong(META, "exact", "one_step", "the fine-tuned parameters w^nu are returned")
def fine_tuned_parameters(f, w, alpha, nu, mode, delta):
    return fine_tuned(f, w, alpha, nu)[-1].copy()


@wrong(META, "exact", "one_step", "the meta step is taken from the fine-tuned point w^nu")
def difference_from_the_fine_tuned(f, w, alpha, nu, mode, delta):
    return w - (fine_tuned(f, w, alpha, nu)[-1] - right(f, w, alpha, nu, mode, delta))


@wrong(META, "exact", "jacobian_product", "only the last Hessian factor is kept")
def only_the_last_hessian(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[-1:], alpha)


@wrong(META, "exact", "jacobian_product", "only the first Hessian factor is kept")
def only_the_first_hessian(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[:1], alpha)


@wrong(META, "exact", "jacobian_product", "all Hessians are taken at w^nu")
def hessians_at_the_end(f, w, alpha, nu, mode, delta):
    last = fine_tuned(f, w, alpha, nu)[-1]
    return swept(f.hvp, f.gradient(last), [last] * nu, alpha)


@wrong(META, "exact", "derivative_of_meta_loss", "only the diagonal of each Hessian is kept")
def hessians_made_diagonal(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    units = np.eye(len(w), dtype=w.dtype)
    return swept(
        lambda x, v: np.array([unit @ f.hvp(x, unit) for unit in units], dtype=w.dtype) * v,
        f.gradient(last),
        points,
        alpha,
    )


@wrong(META, "exact", "one_step", "the gradients along fine-tuning are added up (Reptile)")
def reptile_sum(f, w, alpha, nu, mode, delta):
    return sum((f.gradient(point) for point in fine_tuned(f, w, alpha, nu)[:-1]), 0 * w) if nu else f.gradient(w)


@wrong(META, "exact", "jacobian_product", "the gradients along fine-tuning are averaged (Reptile)")
def reptile_mean(f, w, alpha, nu, mode, delta):
    return reptile_sum(f, w, alpha, nu, mode, delta) / max(nu, 1)


@wrong(META, "exact", "one_step", "w - w^nu is returned (Reptile)")
def reptile_difference(f, w, alpha, nu, mode, delta):
    return w - fine_tuned(f, w, alpha, nu)[-1] if nu else f.gradient(w)


@wrong(META, "exact", "one_step", "gradients of the fine-tuning steps are added to the answer")
def gradients_not_cleared(f, w, alpha, nu, mode, delta):
    inner = sum((f.gradient(point) for point in fine_tuned(f, w, alpha, nu)[:-1]), 0 * w)
    return right(f, w, alpha, nu, mode, delta) + inner


@wrong(META, "exact", "jacobian_product", "the outer losses after each step are added up")
def losses_of_all_steps(f, w, alpha, nu, mode, delta):
    steps = range(1, nu + 1) if nu else [0]
    return sum(right(f, w, alpha, step, mode, delta) for step in steps)


@wrong(META, "exact", "jacobian_product", "the outer losses after each step are averaged")
def mean_loss_of_all_steps(f, w, alpha, nu, mode, delta):
    return losses_of_all_steps(f, w, alpha, nu, mode, delta) / max(nu, 1)


@wrong(META, "exact", "one_step", "the outer gradient is taken at w")
def outer_gradient_at_the_start(f, w, alpha, nu, mode, delta):
    return swept(f.hvp, f.gradient(w), fine_tuned(f, w, alpha, nu)[:-1], alpha)


@wrong(META, "exact", "one_step", "the sign of the whole answer is wrong")
def ascent_direction(f, w, alpha, nu, mode, delta):
    return -right(f, w, alpha, nu, mode, delta)


@wrong(META, "exact", "one_step", "the answer is 0.5 times the right one")
def halved(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta) / 2


@wrong(META, "exact", "one_step", "the answer is 1 times alpha the right one")
def times_the_step(f, w, alpha, nu, mode, delta):
    return alpha * right(f, w, alpha, nu, mode, delta)


@wrong(META, "exact", "jacobian_product", "the answer is 1 / nu times the right one")
def divided_by_the_steps(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta) / max(nu, 1)


@wrong(META, "exact", "jacobian_product", "at most 2 steps are taken")
def two_steps_at_most(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, min(nu, 2), mode, delta)


@wrong(META, "exact", "one_step", "nothing is adapted")
def never_adapted(f, w, alpha, nu, mode, delta):
    return f.gradient(w)


@wrong(META, "exact", "one_step", "fine-tuning goes up the loss")
def fine_tuned_uphill(f, w, alpha, nu, mode, delta):
    return right(f, w, -alpha, nu, mode, delta)


@wrong(META, "exact", "jacobian_product", "the answer is rounded to float32")
def answer_stored_in_float32(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta).astype(np.float32).astype(w.dtype)


@wrong(META, "exact", "origin", "stored with few digits")
def start_stored_in_float16(f, w, alpha, nu, mode, delta):
    return right(f, w.astype(np.float16).astype(w.dtype), alpha, nu, mode, delta)
