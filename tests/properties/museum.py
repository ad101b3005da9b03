"""Classic mistakes, each a few lines, each with the checker that it goes through and the property that catches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tests.properties.implementations import fine_tuned, right, right_round, sampled_path, swept


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation; `caught_by` is the property that explains it best."""

    make: Any
    checker: str
    mode: str
    caught_by: str
    dtype: str = "numpy.float64"

    @property
    def name(self) -> str:
        return self.make.__name__


# Exact mode. A maker returns a fresh function, so that mistakes with a memory start without one.


def last_hessian_dropped():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(last), points[:-1], alpha)

    return f


def first_hessian_dropped():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(last), points[1:], alpha)

    return f


def factors_reversed():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(last), points[::-1], alpha)

    return f


def hessians_one_step_late():
    def f(f, w, alpha, nu, mode, delta):
        points = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(points[-1]), points[1:], alpha)

    return f


def all_hessians_at_the_start():
    def f(f, w, alpha, nu, mode, delta):
        return swept(f, f.gradient(fine_tuned(f, w, alpha, nu)[-1]), [w] * nu, alpha)

    return f


def one_step_too_many():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, nu + 1, mode, delta)


def one_step_too_few():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, max(nu - 1, 0), mode, delta)


def outer_gradient_one_step_early():
    def f(f, w, alpha, nu, mode, delta):
        points = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(points[max(nu - 1, 0)]), points[:-1], alpha)

    return f


def hessian_added():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(last), points, -alpha)

    return f


def products_of_hessians_dropped():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        return v - alpha * sum(f.hvp(point, v) for point in points)

    return f


def detached_inner_step():
    def f(f, w, alpha, nu, mode, delta):
        leaf = w.detach().clone().requires_grad_(True)
        fast = leaf
        for step in range(nu):
            (g,) = torch.autograd.grad(f.loss(fast), fast, create_graph=True)
            fast = fast - alpha * (g.detach() if step == nu - 1 else g)
        return torch.autograd.grad(f.loss(fast), leaf)[0]

    return f


def first_order_called_exact():
    return lambda f, w, alpha, nu, mode, delta: f.gradient(fine_tuned(f, w, alpha, nu)[-1])


def at_least_one_step():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, max(nu, 1), mode, delta)


def shortcut_for_one_step():
    def f(f, w, alpha, nu, mode, delta):
        if nu != 1:
            return right(f, w, alpha, nu, mode, delta)
        g = f.gradient(w)
        return f.gradient(w - alpha * g) - alpha * f.hvp(w, g)

    return f


def step_capped_by_the_curvature():
    def f(f, w, alpha, nu, mode, delta):
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

    return f


def unrolled_through_the_last_five_steps():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        return swept(f, f.gradient(last), points[-5:], alpha)

    return f


def hessian_layer_by_layer():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v, first = f.gradient(last), np.arange(len(w)) < 4
        for point in reversed(points):
            v = v - alpha * np.where(first, f.hvp(point, v * first), f.hvp(point, v * ~first))
        return v

    return f


def gradient_clipped():
    def f(f, w, alpha, nu, mode, delta):
        v = right(f, w, alpha, nu, mode, delta)
        return v * min(1.0, 1e7 / max(float(np.linalg.norm(v)), 1e-300))

    return f


def parameters_clipped_to_a_box():
    def f(f, w, alpha, nu, mode, delta):
        return right(f, np.clip(w, -100.0, 100.0), alpha, nu, mode, delta)

    return f


def weight_decay():
    def f(f, w, alpha, nu, mode, delta):
        points = [w]
        for _ in range(nu):
            points.append(points[-1] - alpha * (f.gradient(points[-1]) + 1e-4 * points[-1]))
        return swept(f, f.gradient(points[-1]), points[:-1], alpha)

    return f


def stopped_once_steps_are_small():
    def f(f, w, alpha, nu, mode, delta):
        points = [w]
        for _ in range(nu):
            step = alpha * f.gradient(points[-1])
            if np.linalg.norm(step) < 1e-6:
                break
            points.append(points[-1] - step)
        return swept(f, f.gradient(points[-1]), points[:-1], alpha)

    return f


def stopped_once_the_loss_is_large():
    def f(f, w, alpha, nu, mode, delta):
        return right(f, w, alpha, nu if f.loss(w) < 1000 else 0, mode, delta)

    return f


def silent_float32():
    def f(f, w, alpha, nu, mode, delta):
        return right(f, w.astype(np.float32), alpha, nu, mode, delta).astype(w.dtype)

    return f


def answer_always_float64():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, nu, mode, delta).astype(np.float64)


def parameters_updated_in_place():
    def f(f, w, alpha, nu, mode, delta):
        points = []
        for _ in range(nu):
            points.append(w.copy())
            w -= alpha * f.gradient(w)
        return swept(f, f.gradient(w), points, alpha)

    return f


def gradients_accumulated_across_agents():
    total: dict[int, Any] = {}

    def f(f, w, alpha, nu, mode, delta):
        total[len(w)] = total.get(len(w), 0) + right(f, w, alpha, nu, mode, delta)
        return total[len(w)]

    return f


def trajectory_kept_from_the_last_agent():
    kept: dict[str, Any] = {"key": None}

    def f(f, w, alpha, nu, mode, delta):
        if kept["key"] != (w.tobytes(), alpha, nu):
            kept.update(key=(w.tobytes(), alpha, nu), points=fine_tuned(f, w, alpha, nu))
        *points, last = kept["points"]
        return swept(f, f.gradient(last), points, alpha)

    return f


def trajectory_kept_for_each_agent():
    kept: dict[Any, Any] = {}

    def f(f, w, alpha, nu, mode, delta):
        # The loss is kept beside its trajectory, so that no other object takes its id.
        key = (id(f), alpha, nu, w.dtype)
        if key not in kept:
            kept[key] = (f, fine_tuned(f, w, alpha, nu))
        *points, last = kept[key][1]
        return swept(f, f.gradient(last), points, alpha)

    return f


def noise_of_dropout_left_on():
    rng = np.random.default_rng(0)

    def f(f, w, alpha, nu, mode, delta):
        return right(f, w, alpha, nu, mode, delta) * float(1 + 1e-15 * rng.integers(-1, 2))

    return f


def one_row_for_each_agent():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, nu, mode, delta)[None]


# First-order and Hessian-free modes.


def mode_ignored():
    return lambda f, w, alpha, nu, mode, delta: right(f, w, alpha, nu, "exact", None)


def first_order_one_step_early():
    return lambda f, w, alpha, nu, mode, delta: f.gradient(fine_tuned(f, w, alpha, nu)[max(nu - 1, 0)])


def one_sided_probe():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point)) / delta
        return v

    return f


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


def probe_one_step_late():
    def f(f, w, alpha, nu, mode, delta):
        points = fine_tuned(f, w, alpha, nu)
        v = f.gradient(points[-1])
        for point in reversed(points[1:]):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / (2 * delta)
        return v

    return f


def probe_divided_by_one_delta():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / delta
        return v

    return f


def probes_through_the_last_two_steps():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = fine_tuned(f, w, alpha, nu)
        v = f.gradient(last)
        for point in reversed(points[-2:]):
            v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / (2 * delta)
        return v

    return f


# Stochastic modes.


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


def hessian_batch_reused_in_the_outer_gradient():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        batches = [f.draw("hessian") for _ in range(nu)]
        v = f.gradient(last, batches[-1] if nu else f.draw("outer"))
        for point, batch in zip(reversed(points), reversed(batches), strict=True):
            v = v - alpha * f.hvp(point, v, batch)
        return v

    return f


def first_hessian_batch_for_every_step():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v, batches = f.gradient(last, f.draw("outer")), [f.draw("hessian") for _ in range(nu)]
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, batches[0])
        return v

    return f


def outer_batch_of_inner_size():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("inner"))
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


def stochastic_factors_reversed():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("outer"))
        for point in points:
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


def smaller_of_two_outer_gradients():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = min((f.gradient(last, f.draw("outer")) for _ in range(2)), key=np.linalg.norm)
        for point in reversed(points):
            v = v - alpha * f.hvp(point, v, f.draw("hessian"))
        return v

    return f


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


def each_probe_on_its_own_batch():
    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        v = f.gradient(last, f.draw("outer"))
        for point in reversed(points):
            ahead, behind = (f.gradient(point + s * delta * v, f.draw("hessian")) for s in (1, -1))
            v = v - alpha * (ahead - behind) / (2 * delta)
        return v

    return f


# Rounds.


def alpha_for_beta():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x = w
            for _ in range(setting.tau):
                x = x - setting.alpha * right(f, x, setting.alpha, setting.nu, "exact", None)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


def averaged_before_adapting():
    def f(problems, w, setting):
        def mean(x):
            return sum(f.gradient(x) for f in problems) / len(problems)

        ends = []
        for f in problems:
            x = w
            for _ in range(setting.tau):
                points = [x]
                for _ in range(setting.nu):
                    points.append(points[-1] - setting.alpha * mean(points[-1]))
                x = x - setting.beta * swept(f, f.gradient(points.pop()), points, setting.alpha)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


def weighted_by_sample_count():
    def f(problems, w, setting):
        ends = [f.samples * right_round([f], w, setting) for f in problems]
        return sum(ends) / sum(f.samples for f in problems)

    return f


def added_instead_of_averaged():
    def f(problems, w, setting):
        return w + sum(right_round([f], w, setting) - w for f in problems)

    return f


def agents_one_after_another():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            w = right_round([f], w, setting)
            ends.append(w)
        return sum(ends) / len(ends)

    return f


def stale_trajectory():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x, *_ = points = fine_tuned(f, w, setting.alpha, setting.nu)[:-1] or [w]
            for _ in range(setting.tau):
                outer = f.gradient(fine_tuned(f, x, setting.alpha, setting.nu)[-1])
                x = x - setting.beta * swept(f, outer, points if setting.nu else [], setting.alpha)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


def always_fine_tuned():
    def f(problems, w, setting):
        from dataclasses import replace

        return right_round(problems, w, replace(setting, nu=max(setting.nu, 1)))

    return f


def mean_of_chunk_means():
    def f(problems, w, setting):
        chunks = [problems[i : i + 4] for i in range(0, len(problems), 4)]
        return sum(right_round(chunk, w, setting) for chunk in chunks) / len(chunks)

    return f


def gradient_refreshed_every_fourth_step():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x = w
            for step in range(setting.tau):
                if step < 3 or step % 4 == 0:
                    g = right(f, x, setting.alpha, setting.nu, "exact", None)
                x = x - setting.beta * g
            ends.append(x)
        return sum(ends) / len(ends)

    return f


def server_updated_in_place():
    def f(problems, w, setting):
        result = right_round(problems, w, setting)
        w[:] = result
        return result

    return f


def all_agents_returned():
    return lambda problems, w, setting: np.stack([right_round([f], w, setting) for f in problems])


META, STOCHASTIC, ROUND = "check_meta_gradient", "check_stochastic", "check_round"
MISTAKES = (
    Mistake(last_hessian_dropped, META, "exact", "jacobian_product"),
    Mistake(first_hessian_dropped, META, "exact", "semigroup"),
    Mistake(factors_reversed, META, "exact", "jacobian_product"),
    Mistake(hessians_one_step_late, META, "exact", "jacobian_product"),
    Mistake(all_hessians_at_the_start, META, "exact", "jacobian_product"),
    Mistake(one_step_too_many, META, "exact", "plain_gradient"),
    Mistake(one_step_too_few, META, "exact", "one_step"),
    Mistake(outer_gradient_one_step_early, META, "exact", "one_step"),
    Mistake(hessian_added, META, "exact", "one_step"),
    Mistake(products_of_hessians_dropped, META, "exact", "jacobian_product"),
    Mistake(detached_inner_step, META, "exact", "derivative_of_meta_loss", dtype="torch.float64"),
    Mistake(first_order_called_exact, META, "exact", "slope_in_alpha"),
    Mistake(at_least_one_step, META, "exact", "plain_gradient"),
    Mistake(shortcut_for_one_step, META, "exact", "one_step"),
    Mistake(step_capped_by_the_curvature, META, "exact", "jacobian_product"),
    Mistake(unrolled_through_the_last_five_steps, META, "exact", "semigroup"),
    Mistake(hessian_layer_by_layer, META, "exact", "derivative_of_meta_loss"),
    Mistake(gradient_clipped, META, "exact", "unit_of_loss"),
    Mistake(parameters_clipped_to_a_box, META, "exact", "origin"),
    Mistake(weight_decay, META, "exact", "origin"),
    Mistake(stopped_once_steps_are_small, META, "exact", "slope_in_alpha"),
    Mistake(stopped_once_the_loss_is_large, META, "exact", "zero_level"),
    Mistake(silent_float32, META, "exact", "jacobian_product"),
    Mistake(answer_always_float64, META, "exact", "precision"),
    Mistake(parameters_updated_in_place, META, "exact", "untouched_input"),
    Mistake(gradients_accumulated_across_agents, META, "exact", "no_memory"),
    Mistake(trajectory_kept_from_the_last_agent, META, "exact", "no_memory"),
    Mistake(trajectory_kept_for_each_agent, META, "exact", "second_call"),
    Mistake(noise_of_dropout_left_on, META, "exact", "no_memory"),
    Mistake(one_row_for_each_agent, META, "exact", "returns_a_gradient"),
    Mistake(mode_ignored, META, "first_order", "first_order_formula"),
    Mistake(first_order_one_step_early, META, "first_order", "first_order_error"),
    Mistake(one_sided_probe, META, "hessian_free", "hessian_free_rate"),
    Mistake(normalised_probe, META, "hessian_free", "hessian_free_formula"),
    Mistake(probe_one_step_late, META, "hessian_free", "hessian_free_error"),
    Mistake(probe_divided_by_one_delta, META, "hessian_free", "hessian_free_error"),
    Mistake(probes_through_the_last_two_steps, META, "hessian_free", "hessian_free_error"),
    Mistake(one_batch_for_everything, STOCHASTIC, "stochastic", "independent_batches"),
    Mistake(hessian_on_the_batch_of_its_step, STOCHASTIC, "stochastic", "unbiased_on_quadratics"),
    Mistake(hessian_batch_reused_in_the_outer_gradient, STOCHASTIC, "stochastic", "independent_batches"),
    Mistake(first_hessian_batch_for_every_step, STOCHASTIC, "stochastic", "independent_batches"),
    Mistake(outer_batch_of_inner_size, STOCHASTIC, "stochastic", "batches_by_purpose"),
    Mistake(stochastic_factors_reversed, STOCHASTIC, "stochastic", "noiseless"),
    Mistake(smaller_of_two_outer_gradients, STOCHASTIC, "stochastic", "bias"),
    Mistake(step_extrapolated_from_two_batches, STOCHASTIC, "stochastic", "bias"),
    Mistake(each_probe_on_its_own_batch, STOCHASTIC, "hessian_free_stochastic", "mean_squared_error"),
    Mistake(alpha_for_beta, ROUND, "exact", "affine_on_quadratics"),
    Mistake(averaged_before_adapting, ROUND, "exact", "local_steps"),
    Mistake(weighted_by_sample_count, ROUND, "exact", "affine_on_quadratics"),
    Mistake(added_instead_of_averaged, ROUND, "exact", "agents_twice"),
    Mistake(agents_one_after_another, ROUND, "exact", "order_of_agents"),
    Mistake(stale_trajectory, ROUND, "exact", "local_steps"),
    Mistake(always_fine_tuned, ROUND, "exact", "fedavg"),
    Mistake(mean_of_chunk_means, ROUND, "exact", "agents_twice"),
    Mistake(gradient_refreshed_every_fourth_step, ROUND, "exact", "steps_compose"),
    Mistake(server_updated_in_place, ROUND, "exact", "untouched_input"),
    Mistake(all_agents_returned, ROUND, "exact", "returns_an_iterate"),
)
