"""Where points may lie so that everything a statement looks at stays where the task's constants hold.

Quadratics have unbounded gradients, so B and gamma_G exist on a ball only. Each cell gets the ball it needs: the
points W0 it searches or starts from, and W, which holds everything reached from there.
"""

from __future__ import annotations

import math

import numpy as np

from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.measure.task_instance import TaskInstance, upwards


def on_points(instance: TaskInstance, cell: PointsCell | NoiseCell) -> tuple[TaskInstance, float]:
    """The instance with constants that hold for all points of norm at most the returned radius, and that radius.

    From norm(w) <= r a fine-tuning step of agent i ends within norm(I - alpha A_i) r + alpha (norm(A_i c_i) + sure
    gradient noise); Hessian-free probes reach delta norm(v) further, norm(v) <= q^nu B and B <= L (R + norm(c)).
    """
    start = float(cell.radius) if cell.at is None else _largest_norm(cell)
    _refuse_beyond(instance, cell, start)
    if not instance.quadratic:
        return instance, start
    alpha, A, c = instance.alpha(cell), instance.arrays["A"], instance.arrays["c"]
    noise = sum(float(instance.noise_arrays[name]) for name in ("noise_gradient",))
    noise += float(instance.noise_arrays["noise_amplitude"]) * float(instance.noise_arrays["noise_frequency"])
    eigenvalues = np.abs(1.0 - alpha * np.linalg.eigvalsh(A))
    q = float(eigenvalues.max())
    push = alpha * (float(np.linalg.norm(np.einsum("nij,nj->ni", A, c), axis=1).max()) + noise)
    reach = widest = start
    for _ in range(cell.nu):
        reach = q * reach + push
        widest = max(widest, reach)
    if cell.delta is not None:
        probe = float(cell.delta) * (max(1.0, q) + alpha * noise) ** cell.nu
        L, centre = float(np.abs(np.linalg.eigvalsh(A)).max()), float(np.linalg.norm(c, axis=1).max())
        if probe * L >= 1:
            raise ValueError(
                f"task {instance.name}: probe step delta = {cell.delta} is too large for a ball; "
                f"choose one below {1 / L:.3g}"
            )
        widest = (widest + probe * (L * centre + noise)) / (1.0 - probe * L)
    return instance.on_ball(widest if _dyadic(widest) else upwards(widest)), start


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


def _dyadic(x: float) -> bool:
    """Whether x has so few bits that the few operations above were exact (the hand-made instances)."""
    return (x * 2.0**20).is_integer()
