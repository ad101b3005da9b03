"""Where points may lie so that everything a statement looks at stays where the task's constants hold.

Quadratics have unbounded gradients, so B and gamma_G exist on a ball only. Each cell gets the ball it needs: the
points W0 it searches or starts from, and W, which holds everything reached from there.
"""

from __future__ import annotations

import math
from fractions import Fraction

from empirics.certificates.confinement import fine_tuning_sizes
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.measure.task_instance import TaskInstance, above, upwards


def on_points(instance: TaskInstance, cell: PointsCell | NoiseCell) -> tuple[TaskInstance, float]:
    """The instance with constants that hold for all points of norm at most the returned radius, and that radius.

    From norm(w) <= r a fine-tuning step of agent i ends within norm(I - alpha A_i) r + alpha (norm(A_i c_i) + sure
    gradient noise); Hessian-free probes reach delta norm(v) further, norm(v) <= q^nu B and B <= L (R + norm(c)).
    """
    start = float(cell.radius) if cell.at is None else _largest_norm(cell)
    _refuse_beyond(instance, cell, start)
    if not instance.quadratic:
        return instance, start
    task = instance.task
    sure = task.sampler.almost_sure_noise(task)
    if sure is None and isinstance(cell, NoiseCell):
        raise ValueError(f"task {instance.name}: its sampler states no almost-sure bound of its noise: no ball will do")
    noise, bent = (Fraction(bound) for bound in sure or (0, 0))
    alpha, (q, L, pull, centre) = Fraction(instance.alpha(cell)), _sizes(instance, instance.alpha(cell))
    # norms of points of several entries are rounded, those of single numbers are not
    reach = widest = Fraction(start if task.d == 1 else upwards(start))
    for _ in range(cell.nu):
        reach = q * reach + alpha * (pull + noise)
        widest = max(widest, reach)
    if cell.delta is not None:
        probe = cell.delta * (max(1, q) + alpha * bent) ** cell.nu
        if probe * L >= 1:
            raise ValueError(
                f"task {instance.name}: probe step delta = {cell.delta} is too large for a ball; "
                f"choose one below {float(cell.delta / (probe * L)):.3g}"
            )
        widest = (widest + probe * (L * centre + noise)) / (1 - probe * L)
    return instance.on_ball(above(widest)), start


def _sizes(instance: TaskInstance, alpha: float) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Bounds on norm(I - alpha A_i), norm(A_i), norm(A_i c_i) and norm(c_i) over the agents, exact where d = 1."""
    form = instance.task.quadratic()
    assert form is not None
    form = form.doubled()
    if instance.task.d == 1:
        A, c, _ = form.arrays()
        pairs = [(Fraction(float(a)), Fraction(float(b))) for a, b in zip(A.ravel(), c.ravel(), strict=True)]
        q = max(abs(1 - Fraction(alpha) * A) for A, _ in pairs)
        return q, max(abs(A) for A, _ in pairs), max(abs(A * c) for A, c in pairs), max(abs(c) for _, c in pairs)
    q, L, pull, centre = (Fraction(float(part.max())) for part in fine_tuning_sizes(form, alpha))
    return q, L, pull, centre


def _refuse_beyond(instance: TaskInstance, cell: PointsCell | NoiseCell, start: float) -> None:
    """On a network's ball a fine-tuning step moves by at most alpha G and a probe by delta q^nu G.

    G bounds gradients: B, and for cells with noise the sure bound on batch gradients.
    """
    task, local = instance.task, instance.task.local
    if local is None:
        return
    alpha = instance.alpha(cell)
    if cell.at is not None:
        start = math.dist([float(x) for x in cell.at], local.centre.tolist())
    gradient = local.almost_sure.gradient if isinstance(cell, NoiseCell) else local.constants["B"].value
    assert gradient is not None, "a ball about a start has a bound for every batch"
    reach = start + alpha * cell.nu * gradient
    if cell.delta is not None:
        reach += float(cell.delta) * task.almost_sure_step_factor(alpha) ** cell.nu * gradient
    if not upwards(reach) <= local.radius:
        raise ValueError(
            f"task {instance.name}: from points {start:.4g} about its start a cell looks up to {reach:.4g} away, but "
            f"its constants hold up to {local.radius:.4g}; choose a smaller radius of points, alpha or delta"
        )


def _largest_norm(cell: PointsCell | NoiseCell) -> float:
    points = [cell.at or [], getattr(cell, "pair", None) or []]
    return max(math.hypot(*map(float, point)) for point in points if point)
