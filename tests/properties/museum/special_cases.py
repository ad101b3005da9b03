"""Code that does something else for special numbers: thresholds, decay, another precision."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import path, right, swept
from tests.properties.museum.mistake import META, wrong


@wrong(META, "exact", "jacobian_product", "none of the known mistakes")
def step_capped_by_the_curvature(f, w, alpha, nu, mode, delta):
    points, steps = [w], []
    for _ in range(nu):
        g = f.gradient(points[-1])
        bend = float(g @ f.hvp(points[-1], g))
        steps.append(min(alpha, float(g @ g) / bend) if bend > 0 else alpha)
        points.append(points[-1] - steps[-1] * g)
    v = f.gradient(points.pop())
    for point, step in zip(reversed(points), reversed(steps), strict=True):
        v = v - step * f.hvp(point, v)
    return v


@wrong(META, "exact", "unit_of_loss", "a gradient is clipped or normalised, or a fixed number")
def gradient_clipped(f, w, alpha, nu, mode, delta):
    v = right(f, w, alpha, nu, mode, delta)
    return v * min(1.0, 1e7 / max(float(np.linalg.norm(v)), 1e-300))


@wrong(META, "exact", "origin", "parameters are clipped")
def parameters_clipped_to_a_box(f, w, alpha, nu, mode, delta):
    return right(f, np.clip(w, -100.0, 100.0), alpha, nu, mode, delta)


@wrong(META, "exact", "origin", "the fine-tuning steps have weight decay 0.0001")
def weight_decay(f, w, alpha, nu, mode, delta):
    *points, last = path(w, nu, lambda x: x - alpha * (f.gradient(x) + 1e-4 * x))
    return swept(f.hvp, f.gradient(last), points, alpha)


@wrong(META, "exact", "slope_in_alpha", "compared with a fixed number")
def stopped_once_steps_are_small(f, w, alpha, nu, mode, delta):
    points = [w]
    for _ in range(nu):
        step = alpha * f.gradient(points[-1])
        if np.linalg.norm(step) < 1e-6:
            break
        points.append(points[-1] - step)
    return swept(f.hvp, f.gradient(points[-1]), points[:-1], alpha)


@wrong(META, "exact", "zero_level", "a decision is made on the value of the loss")
def stopped_once_the_loss_is_large(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu if f.loss(w) < 1000 else 0, mode, delta)


@wrong(META, "exact", "jacobian_product", "something is computed or stored in float32")
def silent_float32(f, w, alpha, nu, mode, delta):
    return right(f, w.astype(np.float32), alpha, nu, mode, delta).astype(w.dtype)


@wrong(META, "exact", "precision", "the answer has another dtype than w")
def answer_always_float64(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta).astype(np.float64)
