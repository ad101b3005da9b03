"""Any task with constants that hold on a ball: the same losses, and another answer to what is known of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from torch import Tensor

from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.task import Task


def stating(task: Task, local: LocalConstants) -> Task:
    """The task with these constants on their ball, in place of what its class states; its losses are the same.

    Args:
        task: of one's own; a network states constants itself (`NetworkTask.stating`).
        local: what holds on the ball, `lowest` included.

    Raises:
        InputError: the ball's centre is of another dimension, or nothing is said of the losses' infima there.

    >>> import torch
    >>> from empirics import LogCoshTask
    >>> from empirics.tasks.sampler import AlmostSureBounds
    >>> sure, lowest = AlmostSureBounds(None, -1.0, 1.0), Constant(0.0, "lower")
    >>> local = LocalConstants(torch.zeros(1), 0.5, {"L": Constant(1.0, "upper")}, sure, lowest)
    >>> task = stating(LogCoshTask(a=[[1.0]], s=[[1.0]], phi=[[0.0]]), local)
    >>> sorted(task.constants()), task.radius, task.contains([1.0]).tolist()
    (['L', 'sigma_G', 'sigma_H'], 0.5, [False])
    """
    if local.centre.shape != (task.d,):
        raise InputError(f"centre has shape {tuple(local.centre.shape)}: expected ({task.d},)")
    if local.lowest is None:
        raise InputError("local.lowest = None: expected a lower bound of the losses on the ball")
    task._refuse_selection("stating")
    return _restored(type(task), {**vars(task), "_stated": local, "_cache": {}})


@cache
def _on_ball(kind: type[Task]) -> type[Task]:
    """The class of such tasks, under the name of their own."""
    if issubclass(kind, _OnBall):
        return kind
    return type(kind.__name__, (_OnBall, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})


def _restored(kind: type[Task], state: dict[str, Any]) -> Task:
    made = object.__new__(_on_ball(kind))
    vars(made).update(state)
    return made


_Base = Task if TYPE_CHECKING else object


class _OnBall(_Base):
    """What a task says of its constants once they are stated on a ball."""

    _stated: LocalConstants

    def __copy__(self) -> Task:
        """Views of a task are copies of it."""
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __reduce__(self) -> tuple:
        """By the task's own class: the one made here has no name to be found by."""
        return _restored, (type(self).__mro__[2], vars(self))

    @property
    def centre(self) -> Tensor:
        """That of the ball."""
        return self._stated.centre

    @property
    def local(self) -> LocalConstants:
        """What holds on the ball."""
        return self._stated

    @property
    def radius(self) -> float:
        """That of the ball."""
        return self._stated.radius

    @property
    def certified(self) -> bool:
        """True: constants are stated."""
        return True

    @property
    def everywhere(self) -> bool:
        """False: they hold on the ball."""
        return False

    def own_constants(self) -> dict[str, Constant]:
        """Those stated."""
        stated = self._stated.constants
        return {name: constant for name, constant in stated.items() if not name.startswith("sigma")}

    def loss_lower_bound(self) -> Constant:
        """That stated."""
        assert self._stated.lowest is not None  # `stating` asks for it
        return self._stated.lowest

    def contains(self, w: Any) -> Tensor:
        """Whether each point lies in the ball."""
        points, leading = self.as_points(w)
        return self._stated.contains(points).reshape(*leading, self.n)
