"""A task that states no constants, with those that are proved of it on a ball about its centre."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from empirics import Task
from empirics.graphs.recording import UntraceableError
from empirics.numerics.errors import InputError
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.on_ball import stating
from empirics.tasks.sampler import AlmostSureBounds

RADIUS = Fraction(1, 4)
# parameters up to which the proof takes seconds; wider networks keep constants that are estimated
WIDEST = 300
# what every statement asks of a task
_NEEDED = {"L", "rho", "B", "gamma_G", "gamma_H", "loss"}


def on_its_ball(task: Task, radius: Fraction) -> Task:
    """The task with certified constants on the ball of that radius about its centre, where these can be proved.

    A network's are about its start, and hold for its batches of samples. A task is left as it is where its losses are
    quadratics, which have better constants, where constants are stated on a ball already, and where nothing is proved:
    it is not smooth, too wide, uses an operation without a rule, or cannot be recorded.
    """
    network = task.network()
    if task.local is not None or not task.smooth or task.d > WIDEST or task.quadratic() is not None:
        return task
    try:
        return _other_on_ball(task, float(radius)) if network is None else _network_on_ball(network, float(radius))
    except (InputError, UntraceableError):
        return task


def states_constants(task: Task) -> bool:
    """Whether a task says anything of its constants itself.

    >>> from empirics import CosineTask
    >>> states_constants(CosineTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]]))
    True
    """
    return bool(task.own_constants())


def _network_on_ball(network, radius: float) -> Task:  # noqa: ANN001
    from empirics.certificates.certified_constants import certificate
    from reports.certificates.over_ball import DIMENSIONS, certified_over_ball

    local = certificate(network, network.start, radius).local_constants
    if network.d <= DIMENSIONS:
        better = certified_over_ball(network, network.start, radius)
        local = replace(local, constants={name: better[name] for name in local.constants})
    return network.stating(local)


def _other_on_ball(task: Task, radius: float) -> Task:
    from reports.certificates.over_ball import certified_over_ball

    centre = task.centre.double().cpu()
    found = certified_over_ball(task, centre, radius)
    if not found.keys() >= _NEEDED:
        return task
    own = {
        name: constant for name, constant in found.items() if name not in ("mu_mean", "loss") and name[:5] != "sigma"
    }
    nothing = AlmostSureBounds(None, None, None)
    # a sampler may ask the task on which ball its constants hold before it says what holds for every batch
    first = stating(task, LocalConstants(centre, radius, own, nothing), found["loss"])
    constants = first.constants()
    sure = first.sampler.almost_sure_bounds(first, constants)
    if not first.sampler.noiseless and None in (sure.gradient, sure.curvature_low, sure.curvature_high):
        return task  # batches without a sure bound could lead anywhere
    return stating(task, LocalConstants(centre, radius, constants, sure), found["loss"])
