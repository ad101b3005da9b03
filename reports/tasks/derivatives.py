"""A task's gradients and Hessian-vector products, by every way in, held against its own recorded loss.

float64 looks at all agents and names suspects; balls decide. Neither believes what the task says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import flint
import torch
from flint import arb_mat
from torch import Tensor
from torch.func import grad, vmap

from empirics import Task
from empirics.certificates.norms.recorded_losses import RecordedLoss, agent_losses
from reports.balls import ball
from reports.balls.ball import BallLoss, column, norm

# what a task promises of its derivatives, relative to 1 + their norm
PROMISED = 2.0**-30
# torch rounds as well, on either side: whoever comes near the promise is a suspect, and balls tell
_SUSPECT = PROMISED / 2
# suspects that balls look at, the worst first, and agents that they look at whatever float64 says; so many only while
# a derivative in balls, of d entries, takes a tenth of a second
AGENTS, _ENTRIES_OF_BALLS = 8, 2**16
# numbers of points and parameters at work at once, 8 MB: derivatives keep some dozens of such
NUMBERS = 2**20
_ENTRIES = 4  # of a point that are shown; a longer one is told by its norm
_GRADIENT, _PRODUCT = "gradient", "Hessian-vector product"
recorded_loss = lru_cache(maxsize=8)(agent_losses)


@torch.no_grad()
def wrong_derivative(
    task: Task,
    blocks: Sequence[Tensor],
    losses: Callable[[int], BallLoss],
    recorded: Task | None = None,
    agents: Sequence[int] | None = None,
) -> str | None:
    """What is wrong with a derivative of some agent at some of the points; None where nothing is.

    `raw_gradient`, `raw_hvp` along unit vectors and both parts of `raw_linearisation` have to be within
    2^-30 (1 + norm) of the derivatives of the loss. All agents are compared with torch's derivatives of the recorded
    loss; up to 8 suspects, and at the first and the last point up to 8 agents spread over all, with balls (of many
    parameters fewer, at the last point only). What balls do not confirm is not wrong.

    Args:
        task: any task whose loss can be recorded.
        blocks: points (R, n, d), few enough at once for the task's own methods: see `in_blocks`.
        losses: the ball loss of an agent.
        recorded: a task of the same losses whose recording is kept, where there is one.
        agents: those that balls look at; `looked_at` of the task when absent.

    Raises:
        UntraceableError: the loss cannot be recorded.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> task = QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[1.0], [0.0]])
    >>> losses, points = recorded_losses(task).__getitem__, torch.zeros(1, 2, 1).double()
    >>> task.raw_hvp = lambda w, v: v * torch.tensor([[2.0], [4.0 + 2.0**-20]])
    >>> wrong_derivative(task, [points], losses)
    'the Hessian-vector product of agent 1 (raw_hvp) at w = [0.0] differs from that of the loss by 9.54e-07, expec...
    """
    found = recorded_loss(task if recorded is None else recorded)
    agents = looked_at(task) if agents is None else agents
    last = (len(blocks) - 1, len(blocks[-1]) - 1)
    ends = {last} if wide(task) else {(0, 0), last}
    suspects: list[_Look] = []
    spread: list[_Look] = []
    for number, block in enumerate(blocks):
        for one in _compared(task, found, block):
            suspects += one.worst()
            spread += [one.at(row, agent) for place, row in sorted(ends) if place == number for agent in agents]
    worst = sorted(suspects, key=lambda look: -look.off)[: _most(task)]
    enclosed = _Enclosed(losses)
    with flint.ctx.workprec(ball.BITS):
        return next((why for look in (*worst, *spread) if (why := look.wrong(enclosed.of(look))) is not None), None)


def in_blocks(task: Task, points: Tensor) -> list[Tensor]:
    """Points (P, n or 1, d) as views (R, n, d) on which a derivative of the task needs some hundred megabytes at most.

    No points make no view.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=torch.zeros(1000, 20, 20).double(), c=torch.zeros(1000, 20).double())
    >>> [tuple(block.shape) for block in in_blocks(task, torch.zeros(4, 1, 20).double())]
    [(2, 1000, 20), (2, 1000, 20)]
    """
    if not len(points):
        return []
    return list(points.expand(-1, task.n, -1).split(max(1, NUMBERS // (task.n * numbers(task)))))


def numbers(task: Task) -> int:
    """What one agent's derivative at one point takes in: w and the agent's arrays."""
    return task.d + task.values_per_agent


def looked_at(task: Task, first: int = 0) -> list[int]:
    """Agents whose derivatives balls look at: one, and up to 8 spread over all, fewer of many parameters.

    >>> from empirics import QuadraticTask
    >>> looked_at(QuadraticTask(A=torch.ones(15, 1, 1).double(), c=torch.zeros(15, 1).double()), first=1)
    [0, 1, 2, 4, 6, 8, 10, 12, 14]
    """
    return [first] if wide(task) else sorted({first, *some(range(task.n), _most(task))})


def wide(task: Task) -> bool:
    """Whether a derivative has so many parameters that balls look at one agent and one point."""
    return _most(task) == 1


def _most(task: Task) -> int:
    return max(1, min(AGENTS, _ENTRIES_OF_BALLS // task.d))


def directions(count: int, d: int) -> Tensor:
    """Unit vectors (count, d) along which Hessian-vector products are looked at: sin(k), sin(2 k), ... of the k-th."""
    v = torch.sin(torch.outer(torch.arange(1, count + 1).double(), torch.arange(1, d + 1).double()))
    return v / v.norm(dim=-1, keepdim=True)


def some(sequence: Sequence, count: int) -> list:
    """At most that many of a sequence, spread over it, its ends among them.

    >>> some(range(100), 4)
    [0, 33, 66, 99]
    """
    if len(sequence) <= count:
        return list(sequence)
    if count == 1:
        return [sequence[0]]
    return [sequence[round(k * (len(sequence) - 1) / (count - 1))] for k in range(count)]


@dataclass(frozen=True, eq=False)
class _Look:
    """One derivative of one agent at one point (d,), and how far float64 finds it off, relative to 1 + its norm."""

    what: str
    way: str
    agent: int
    w: Tensor
    v: Tensor
    given: Tensor
    off: float

    def wrong(self, mine: arb_mat) -> str | None:
        """What is wrong with it, `mine` being the loss's own in balls."""
        who = f"the {self.what} of agent {self.agent} ({self.way}) at {place(self.w)}"
        size = norm(mine)
        if not bool(torch.isfinite(self.given).all()):
            return f"{who} is not finite, expected one of norm {float(size.mid()):.9g}" if size.is_finite() else None
        difference = norm(mine - column(self.given.tolist()))
        if not difference > PROMISED * (1 + size):
            return None
        exact = torch.tensor([float(x.mid()) for x in ball.entries(mine)], dtype=torch.float64)
        entry = int((exact - self.given).abs().argmax())
        return (
            f"{who} differs from that of the loss by {float(difference.mid()):.3g}, expected at most "
            f"2^-30 (1 + {float(size.mid()):.3g}): its entry {entry} is {float(self.given[entry]):.12g}, that of the "
            f"loss {float(exact[entry]):.12g}"
        )


@dataclass(frozen=True, eq=False)
class _Enclosed:
    """Derivatives of the losses in balls, each worked out once for all the ways in that are held against it."""

    losses: Callable[[int], BallLoss]
    known: dict[tuple[str, int, bytes, bytes], arb_mat] = field(default_factory=dict)

    def of(self, look: _Look) -> arb_mat:
        """That of the look's agent at its point, along its direction."""
        along = b"" if look.what == _GRADIENT else look.v.numpy().tobytes()
        key = look.what, look.agent, look.w.numpy().tobytes(), along
        if key not in self.known:
            loss, at = self.losses(look.agent), column(look.w.tolist())
            self.known[key] = loss.gradient(at) if not along else loss.hvp(at, column(look.v.tolist()))
        return self.known[key]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """One derivative of all agents at points (R, n, d), and how far it is off, (R, n)."""

    what: str
    way: str
    w: Tensor
    v: Tensor
    given: Tensor
    off: Tensor

    def at(self, row: int, agent: int) -> _Look:
        """That of one agent at one point, its numbers copied."""
        w, v, given = (part[row, agent].double().clone() for part in (self.w, self.v, self.given))
        return _Look(self.what, self.way, agent, w, v, given, float(self.off[row, agent]))

    def worst(self) -> list[_Look]:
        """The worst suspects."""
        values, places = self.off.flatten().topk(min(AGENTS, self.off.numel()))
        return [self.at(*divmod(int(k), self.off.shape[1])) for k in places[values > _SUSPECT]]


def _compared(task: Task, found: RecordedLoss, block: Tensor) -> Iterator[_Comparison]:
    w = block.to(task.dtype).contiguous()
    v = directions(len(w), task.d)[:, None].to(task.dtype).expand_as(w).contiguous()
    gradients, products = _derivatives(found, w, v)
    expected = {_GRADIENT: gradients, _PRODUCT: products}

    def compared(what: str, way: str, given: Tensor) -> _Comparison:
        if given.shape != w.shape:
            raise ValueError(f"{way} returns shape {tuple(given.shape)}: expected {tuple(w.shape)}")
        off = (given - expected[what]).norm(dim=-1) / (1 + expected[what].norm(dim=-1))
        return _Comparison(what, way, w, v, given, off.nan_to_num(nan=torch.inf))

    yield compared(_GRADIENT, "raw_gradient", task.raw_gradient(w))
    yield compared(_PRODUCT, "raw_hvp", task.raw_hvp(w, v))
    gradient, product = task.raw_linearisation(w)
    yield compared(_GRADIENT, "raw_linearisation", gradient)
    yield compared(_PRODUCT, "raw_linearisation", product(v))


def _derivatives(found: RecordedLoss, w: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients and Hessian-vector products of the recorded losses by torch, a few agents at once."""

    def of_one(at: Tensor, along: Tensor, *own: Tensor) -> tuple[Tensor, Tensor]:
        def slope(point: Tensor) -> tuple[Tensor, Tensor]:
            gradient = grad(found.loss)(point, *own)
            return (gradient * along).sum(), gradient

        # reverse over reverse: more operations have it than have a forward derivative
        product, gradient = grad(slope, has_aux=True)(at)
        return gradient, product

    own = tuple(0 for _ in found.arrays)
    of_all = vmap(vmap(of_one, in_dims=(0, 0, *own)), in_dims=(0, 0, *(None for _ in own)))
    taken = w.shape[-1] + sum(array[0].numel() for array in found.arrays)
    step = max(1, NUMBERS // (len(w) * taken))
    gradients, products = torch.empty_like(w), torch.empty_like(w)
    for start, stop in pairwise([*range(0, w.shape[1], step), w.shape[1]]):
        arrays = (array[start:stop] for array in found.arrays)
        gradients[:, start:stop], products[:, start:stop] = of_all(w[:, start:stop], v[:, start:stop], *arrays)
    return gradients, products


def place(w: Tensor) -> str:
    """A point (d,) in words: its entries where they are few, else its norm.

    >>> place(torch.tensor([3.0, 4.0])), place(torch.ones(9))
    ('w = [3.0, 4.0]', 'a point of norm 3')
    """
    return f"w = {w.tolist()}" if len(w) <= _ENTRIES else f"a point of norm {float(w.norm()):.6g}"
