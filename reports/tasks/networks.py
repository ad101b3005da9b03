"""A task that states no constants, with those that are proved of it on a ball about its centre."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

import torch

from empirics import NetworkTask, Task
from empirics.graphs.recording import UntraceableError
from empirics.numerics.errors import InputError
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.networks.sample_subsets import SampleSubsets
from empirics.tasks.on_ball import stating
from empirics.tasks.sampler import AlmostSureBounds

RADIUS = Fraction(1, 4)
# what every statement asks of a task
_NEEDED = {"L", "rho", "B", "gamma_G", "gamma_H", "loss"}
# why there is no proof: of the loss, of its recording, or of numbers that leave float64
_NOTHING_PROVED = (InputError, UntraceableError, ArithmeticError)


def radius_of(text: str) -> Fraction:
    """The radius that stands behind an @.

    Raises:
        ValueError: it is no number > 0 that float64 holds.

    >>> radius_of("1/4")
    Fraction(1, 4)
    """
    try:
        radius = Fraction(text)
        if 0 < float(radius) < math.inf:
            return radius
    except (ValueError, ArithmeticError):
        pass
    raise ValueError(f"@{text}: expected a radius > 0 such as 1/4 behind the @")


def on_its_ball(task: Task, radius: Fraction) -> Task:
    """The task with certified constants on the ball of that radius about its centre, where these can be proved.

    A network's are about its start, and hold for its batches of samples. A task is left as it is where its losses are
    quadratics, which have better constants, where constants are stated on a ball already, and where nothing is proved
    (`unproved` says why).
    """
    network = task.network()
    if task.local is not None or not task.smooth or task.quadratic() is not None:
        return task
    try:
        return _other_on_ball(task, float(radius)) if network is None else _network_on_ball(network, float(radius))
    except _NOTHING_PROVED:
        return task


def unproved(task: Task) -> str:
    """Why nothing is proved of a network about its start; '' where something is, and for other tasks."""
    network = task.network()
    if network is None:
        return ""
    try:
        _network_on_ball(network, float(RADIUS))
    except _NOTHING_PROVED as error:
        return str(error)
    return ""


def states_constants(task: Task) -> bool:
    """Whether a task says anything of its constants itself.

    >>> from empirics import CosineTask
    >>> states_constants(CosineTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]]))
    True
    """
    return bool(task.own_constants())


def _network_on_ball(network: NetworkTask, radius: float) -> Task:
    if type(network.sampler) is not SampleSubsets:  # whose constants may be anything
        return network.stating(_proof(network, radius))
    return network.stating(_proved(_Network(_content(network), radius, network)))


@dataclass(frozen=True)
class _Network:
    """A network on a ball, known by what its loss computes: a task is made several times, a proof takes seconds."""

    content: str
    radius: float
    network: NetworkTask = field(compare=False)


@lru_cache(maxsize=32)
def _proved(asked: _Network) -> LocalConstants:
    return _proof(asked.network, asked.radius)


def _proof(network: NetworkTask, radius: float) -> LocalConstants:
    from empirics.certificates.certified_constants import certificate
    from reports.certificates.over_ball import DIMENSIONS, certified_over_ball

    local = certificate(network, network.start, radius).local_constants
    if network.d > DIMENSIONS:
        return local
    better = certified_over_ball(network, network.start, radius)
    return replace(local, constants={name: better[name] for name in local.constants}, lowest=better["loss"])


def _content(network: NetworkTask) -> str:
    """A digest of the recorded loss, the data, the start and the sampler: equal ones have the same constants."""
    from empirics.certificates.norms.recorded_losses import agent_losses

    loss = agent_losses(network)
    kept = [getattr(loss.plain, str(node.target)) for node in loss.plain.graph.nodes if node.op == "get_attr"]
    digest = hashlib.sha256(f"{loss.plain.code} {network.sampler!r}".encode())
    for tensor in (network.start, *loss.arrays, *kept):
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


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
    first = stating(task, LocalConstants(centre, radius, own, nothing, found["loss"]))
    constants = first.constants()
    sure = first.sampler.almost_sure_bounds(first, constants)
    if not first.sampler.noiseless and None in (sure.gradient, sure.curvature_low, sure.curvature_high):
        return task  # batches without a sure bound could lead anywhere
    return stating(task, LocalConstants(centre, radius, constants, sure, found["loss"]))
