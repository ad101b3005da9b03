"""A network that states no constants, with those that are proved of it on a ball about its start."""

from __future__ import annotations

from fractions import Fraction

from empirics import Task
from empirics.graphs.recording import UntraceableError
from empirics.numerics.errors import InputError

RADIUS = Fraction(1, 4)
# parameters up to which the proof takes seconds; wider networks keep constants that are estimated
WIDEST = 300


def on_its_ball(task: Task, radius: Fraction) -> Task:
    """The task with certified constants on the ball of that radius about its start, where these can be proved.

    Anything but a smooth network without constants is left as it is, and so is a network that is too wide, or that uses
    an operation without a rule: its constants are then estimated, and its rows decide nothing.
    """
    network = task.network()
    if network is None or task.certified or not task.smooth or task.d > WIDEST:
        return task
    from empirics.certificates.certified_constants import certificate

    try:
        return network.stating(certificate(task, network.start, float(radius)).local_constants)
    except (InputError, UntraceableError):
        return task
