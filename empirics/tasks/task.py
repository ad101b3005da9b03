"""The abstract task: n losses f_i on R^d, evaluated for all agents (and many replicas) at once."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from empirics.numerics.checks import array
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Draws
from empirics.numerics.rounding import step_factor_up
from empirics.numerics.shown import html_table
from empirics.tasks.float_errors import FloatErrors
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.sampler import AlmostSureBounds, Batch, ExactSamples, Sampler

Block = tuple[slice, slice]
_LOSSES = ("raw_loss", "raw_gradient", "raw_hvp", "raw_linearisation")


class Task(ABC):
    r"""n agents' losses f_i : R^d -> R; agents are the second-last axis of points, replicas any axes before it.

    A task of your own is one subclass with three methods; parameters carry the agents axis first, and come back
    either as (n, ...) or, when every replica runs its own selection of m agents, as (R, m, ...), so that ordinary
    broadcasting against points (R, n, d) serves both:

    >>> class Bowls(Task):
    ...     '''f_i(w) = norm(w - c_i)^2 / 2.'''
    ...     def __init__(self, c):
    ...         super().__init__(d=len(c[0]), parameters={"c": c})
    ...     def raw_loss(self, w):
    ...         return (w - self.parameter("c")).square().sum(-1) / 2
    ...     def raw_gradient(self, w):
    ...         return w - self.parameter("c")
    ...     def raw_hvp(self, w, v):
    ...         return v
    >>> Bowls([[0.0, 0.0], [3.0, 4.0]]).loss([0.0, 0.0])
    tensor([ 0.0000, 12.5000], dtype=torch.float64)

    It then runs in every mode; on the CPU the compiled engine takes over where a task is large and its operations are
    known, which it learns by recording them for one agent. To be checked against the theory a task also overrides
    `own_constants` (A2, A3, A5, A6), `loss_lower_bound` (A1) and, when they hold on a part of R^d only, `contains` and
    `everywhere`; for stochastic modes it passes a `Sampler`, or takes a `Noise` as the tasks of this package do.
    """

    family: str = "custom"
    spreads_follow_agents: bool = False
    """Whether `own_constants` works gamma_G and gamma_H out from the agents at hand, so that it may be asked of copies;
    a class that overrides it says so again."""

    def __init_subclass__(cls, **options: Any) -> None:
        """A class with constants of its own, which may be numbers that somebody wrote down for its agents."""
        super().__init_subclass__(**options)
        if "own_constants" in vars(cls) and "spreads_follow_agents" not in vars(cls):
            cls.spreads_follow_agents = False

    def __init__(
        self,
        d: int,
        parameters: Mapping[str, Any],
        *,
        shared: Mapping[str, Any] | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        """Take parameters (n, ...) of the agents and `shared` ones that all agents have in common."""
        own = {name: array(name, value, "(n, ...)", tuple(range(1, 9))) for name, value in parameters.items()}
        common = {name: array(name, value, "any shape", tuple(range(9))) for name, value in (shared or {}).items()}
        if not own:
            raise InputError("parameters is empty: expected at least one array with the agents axis first")
        counts = {name: len(value) for name, value in own.items()}
        if len(set(counts.values())) != 1:
            raise InputError(f"parameters disagree on the number of agents: {counts}; expected one length of axis 0")
        wide = any(value.dtype == torch.float64 for value in (*own.values(), *common.values()))
        self._dtype = torch.float64 if wide else torch.float32
        self._parameters = {name: value.to(self._dtype).contiguous() for name, value in own.items()}
        self._shared = {name: value.to(self._dtype).contiguous() for name, value in common.items()}
        self._d = d
        self.sampler: Sampler = sampler or ExactSamples()
        self._selection: Tensor | None = None
        self._cache: dict[str, Any] = {}

    @abstractmethod
    def raw_loss(self, w: Tensor) -> Tensor:
        """Losses (R, n) at points (R, n, d)."""

    @abstractmethod
    def raw_gradient(self, w: Tensor) -> Tensor:
        """Gradients (R, n, d) at points (R, n, d)."""

    @abstractmethod
    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """Hessians at points (R, n, d) times vectors (R, n, d)."""

    def raw_linearisation(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Gradients (R, n, d) at points (R, n, d), and the map v -> Hessian at those points times v.

        A task overrides it where the two share work that is worth keeping between the calls.
        """
        return self.raw_gradient(w), lambda v: self.raw_hvp(w, v)

    def blocks(self, replicas: int) -> list[Block]:
        """Cuts of points (R, n, d) along replicas and agents that are best worked on one at a time; uncut by default.

        A task whose work on one agent is large cuts it so that a block stays in a core's cache.
        """
        return [(slice(None), slice(None))]

    def block(self, rows: slice, agents: slice) -> Task:
        """The task of one cut."""
        return self

    def unpadded(self) -> tuple[Task, ...]:
        """The agents as tasks of their own where data of unequal size were padded to be stacked, else itself."""
        return (self,)

    def float_errors(self, radius: float) -> FloatErrors | None:
        """How far a computed loss and its derivatives may be from the exact ones at points of norm at most radius.

        None where nothing is proved of how they are computed.
        """
        return None

    def quadratic(self) -> QuadraticForm | None:
        """Matrices, centres and offsets where the losses are those quadratics and nothing else, else None."""
        return None

    def network(self) -> Any:
        """The task itself where its losses are those of a module (`NetworkTask`) and nothing else, else None."""
        return None

    def on_ball(self, radius: float) -> Self:
        """The task with its constants stated on norm(w) <= radius, where they need a ball; else itself."""
        return self

    @property
    def centre(self) -> Tensor:
        """The point (d,) about which the task is looked at: the origin, or the middle of where its constants hold."""
        return torch.zeros(self.d, dtype=torch.float64)

    @property
    def local(self) -> LocalConstants | None:
        """Constants that hold on a ball about `centre` only, with what every batch obeys there; None by default."""
        return None

    @property
    def radius(self) -> float | None:
        """Radius of the ball about `centre` on which the constants hold; None where they hold everywhere."""
        return None

    @property
    def smooth(self) -> bool:
        """Whether every loss is three times differentiable, as A2 and A3 ask."""
        return True

    @property
    def certified(self) -> bool:
        """Whether its constants are stated; else they can only be estimated."""
        return True

    @property
    def on_demand(self) -> bool:
        """Whether agents are made as they take part, none of them being stored."""
        return False

    def unchanged_since(self, origin: type[Task]) -> bool:
        """Whether the losses and their derivatives are still those of that class, so that what it says of them holds.

        A subclass that overrides one of them is another task, and so is an instance on which one was replaced.
        """
        return self.keeps(origin, _LOSSES)

    def keeps(self, origin: type[Task], names: Sequence[str]) -> bool:
        """Whether these methods are that class's own, neither overridden nor replaced on the instance."""
        own = vars(self)
        return all(name not in own and getattr(type(self), name) is getattr(origin, name) for name in names)

    def own_constants(self) -> dict[str, Constant]:
        """Constants among L, mu, rho, B, gamma_G, gamma_H that the task can state, each with its side."""
        return {}

    def third_derivative_change(self) -> Constant | None:
        """A Lipschitz constant rho_2 of the third derivative of every f_i, for S5s; None where none is known."""
        return None

    def loss_lower_bound(self) -> Constant:
        """A number below (1/n) sum_i inf f_i, the infimum over the set on which the constants hold.

        It is below F^(nu)(w) for every nu and every w from which fine-tuning stays in that set, so below F*.
        """
        raise InputError(f"a task of family {self.family} states no lower bound of its losses: override it")

    def contains(self, w: Any) -> Tensor:
        """Whether each point (..., n) lies in the set on which the constants hold (R^d unless overridden)."""
        points, leading = self.as_points(w)
        return torch.ones((*leading, points.shape[1]), dtype=torch.bool, device=self.device)

    @property
    def everywhere(self) -> bool:
        """Whether the stated constants hold on all of R^d; a task that overrides `contains` overrides this too."""
        return True

    @property
    def curved_everywhere(self) -> bool:
        """Whether L and mu hold on all of R^d, where other constants may hold on a part of it only."""
        return self.everywhere

    @property
    def n(self) -> int:
        """Number of agents (of participants, in a selection)."""
        return self.ids.shape[-1]

    @property
    def d(self) -> int:
        """Dimension of the model."""
        return self._d

    @property
    def values_per_agent(self) -> int:
        """Numbers in one agent's parameters: what a selection gathers."""
        return sum(value[0].numel() for value in self._parameters.values())

    @property
    def dtype(self) -> torch.dtype:
        """Precision of points and parameters, float64 or float32."""
        return self._dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(iter(self._parameters.values())).device

    @property
    def ids(self) -> Tensor:
        """Global indices of the agents, (n,) or, in a selection, (R, m)."""
        if self._selection is not None:
            return self._selection
        if "ids" not in self._cache:
            self._cache["ids"] = torch.arange(len(next(iter(self._parameters.values()))), device=self.device)
        return self._cache["ids"]

    def parameter(self, name: str) -> Tensor:
        """An agents' parameter, (n, ...) or (R, m, ...) in a selection; gathered on first use."""
        if self._selection is None:
            return self._parameters[name]
        if name not in self._cache:
            gathered = self._parameters[name].index_select(0, self._selection.flatten())
            self._cache[name] = gathered.unflatten(0, self._selection.shape)
        return self._cache[name]

    def whole(self, name: str) -> Tensor:
        """A parameter of all agents, (n, ...), also in a selection."""
        return self._parameters[name]

    def agents_parameters(self) -> dict[str, Tensor]:
        """All agents' parameters (n, ...) by name."""
        return dict(self._parameters)

    def alone(self, parameters: Mapping[str, Tensor]) -> Self:
        """The task of other agents, with these parameters."""
        view = copy.copy(self)
        view._parameters, view._selection, view._cache = dict(parameters), None, {}
        return view

    def copies(self, counts: Sequence[int]) -> Self:
        """The task of so many copies of each agent: its plain means are this task's, weighted by the counts.

        >>> from empirics import QuadraticTask
        >>> weighed = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[0.0], [3.0]], radius=1.0).copies([1, 2])
        >>> float(weighed.gradient([0.0]).mean()), round(weighed.constants()["gamma_G"].value, 6)
        (-2.0, 1.414214)
        """
        agents = torch.repeat_interleave(torch.arange(self.n, device=self.device), torch.tensor(list(counts)))
        return self.alone({name: value[agents] for name, value in self.agents_parameters().items()})

    def common(self, name: str) -> Tensor:
        """A parameter that all agents share."""
        return self._shared[name]

    def arrays(self) -> dict[str, np.ndarray]:
        """Every parameter as a NumPy array: all that an independent implementation of the formula needs."""
        tensors = {**self._parameters, **self._shared}
        arrays = {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}
        return {**arrays, **{name: np.array(value) for name, value in self.sampler.scalars().items()}}

    def predict(self, points: Any, x: Any) -> Tensor:
        """What the models at points, (d,) or (..., n, d), say of x (n, samples, ...), agent i's of x[i].

        Only tasks that are made from samples predict.

        Raises:
            InputError: the task has none, or points or x have another shape.
        """
        raise InputError(f"{type(self).__name__} predicts nothing: expected a task of samples, such as NetworkTask")

    def as_points(self, w: Any, name: str = "w") -> tuple[Tensor, tuple[int, ...]]:
        """What a user gave as w, (d,) or (..., n, d), as points (R, n, d) where the task lies, and its leading axes.

        Raises:
            InputError: another shape, or an entry that is not a finite number; the message calls it `name`.
        """
        tensor = _as_tensor(name, w).to(self.device, self.dtype)
        if tensor.dim() == 1 and len(tensor) == self.d:
            tensor = tensor.expand(self.n, self.d)
        if tensor.shape[-2:] != (self.n, self.d):
            expected = f"({self.d},) or (..., {self.n}, {self.d})"
            raise InputError(f"{name} has shape {tuple(tensor.shape)}: expected {expected}")
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{name} has an entry that is infinite or nan: expected finite numbers")
        return tensor.reshape(-1, self.n, self.d), tuple(tensor.shape[:-2])

    def loss(self, w: Any) -> Tensor:
        """f_i(w_i), shape (..., n), at w (..., n, d) or (d,)."""
        points, leading = self.as_points(w)
        return self.raw_loss(points).reshape(*leading, -1)

    def gradient(self, w: Any) -> Tensor:
        """Gradients of f_i at w_i, shape (..., n, d), at w (..., n, d) or (d,)."""
        points, leading = self.as_points(w)
        return self.raw_gradient(points).reshape(*leading, *points.shape[-2:])

    def hvp(self, w: Any, v: Any) -> Tensor:
        """Hessians of f_i at w_i times v_i, shape (..., n, d)."""
        (points, vectors), leading = self._pair(w, v)
        return self.raw_hvp(points, vectors).reshape(*leading, *points.shape[-2:])

    def hessian(self, w: Any) -> Tensor:
        """Hessians of f_i at w_i, shape (..., n, d, d), from d Hessian-vector products."""
        points, leading = self.as_points(w)
        basis = torch.eye(self.d, dtype=self.dtype, device=self.device)
        columns = [self.raw_hvp(points, unit.expand(points.shape)) for unit in basis]
        return torch.stack(columns, dim=-1).reshape(*leading, self.n, self.d, self.d)

    def draw_batch(self, draws: Draws, purpose: str, size: int) -> Batch:
        """One batch of `size` samples for every agent and every replica of `draws`."""
        self.sampler.check(self, size)
        return self.draw_batches(draws, (purpose,), (size,))[0]

    def draw_batches(self, draws: Draws, purposes: Sequence[str], sizes: Sequence[int]) -> tuple[Batch, ...]:
        """Independent batches, one a purpose; all random words come from one call of the generator."""
        blocks = [self.sampler.blocks(size) for size in sizes]
        words = draws.words(purposes, self.ids, max(blocks))
        batches: dict[int, Batch] = {}
        for size in set(sizes):
            rows = [row for row, own in enumerate(sizes) if own == size]
            used = words if len(rows) == len(sizes) else tuple(word[rows] for word in words)
            w0, w1, w2, w3 = (word[..., : self.sampler.blocks(size)] for word in used)
            values = self.sampler.draw(self, (w0, w1, w2, w3), size)
            batches.update({row: Batch(size, values[place]) for place, row in enumerate(rows)})
        return tuple(batches[row] for row in range(len(sizes)))

    def batch_gradient(self, w: Any, batch: Batch) -> Tensor:
        """Gradient of the batch loss, shape (..., n, d)."""
        points, leading = self.as_points(w)
        return self.sampler.gradient(self, points, batch.values).reshape(*leading, *points.shape[-2:])

    def batch_hvp(self, w: Any, v: Any, batch: Batch) -> Tensor:
        """Hessian of the batch loss times v, shape (..., n, d)."""
        (points, vectors), leading = self._pair(w, v)
        return self.sampler.hvp(self, points, vectors, batch.values).reshape(*leading, *points.shape[-2:])

    def select(self, agents: Tensor) -> Self:
        """The task of a selection (R, m) of agents, its own for each replica; draws keep the agents' identities."""
        self._refuse_selection("select")
        if agents.dim() != 2 or agents.dtype != torch.int64:
            raise InputError(f"agents has shape {tuple(agents.shape)}, {agents.dtype}: expected int64 of shape (R, m)")
        view = copy.copy(self)
        view._selection = agents.to(self.device)
        view._cache = {}
        return view

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same task on another device or in another precision (float64 or float32)."""
        self._refuse_selection("to")
        if dtype not in (None, torch.float32, torch.float64):
            raise InputError(f"dtype = {dtype}: expected torch.float64 or torch.float32")
        moved = copy.copy(self)
        moved._dtype = dtype or self._dtype
        moved._parameters = {name: cast(value, device, moved._dtype) for name, value in self._parameters.items()}
        moved._shared = {name: cast(value, device, moved._dtype) for name, value in self._shared.items()}
        moved._cache = {}
        return moved

    def constants(self) -> dict[str, Constant]:
        """Constants of A2-A6 with their side: among L, mu, rho, B, gamma_G, gamma_H and, always, sigma_G, sigma_H."""
        self._refuse_selection("constants")
        if "constants" not in self._cache:
            self._cache["constants"] = {**self.own_constants(), **self.sampler.constants(self)}
        return dict(self._cache["constants"])

    def _repr_html_(self) -> str:
        """Agents, dimension, and every stated constant with its side, as a notebook shows them."""
        stated = [] if self._selection is not None else self.constants().items()
        lines = [(name, f"{one.value:.6g}", one.side, one.note) for name, one in stated]
        return html_table(f"{type(self).__name__}: {self.n} agents, d = {self.d}", lines)

    def almost_sure_bounds(self) -> AlmostSureBounds:
        """Bounds that hold for every batch, whatever is drawn."""
        return self.sampler.almost_sure_bounds(self, self.constants())

    def almost_sure_norms(self) -> dict[str, float]:
        """`gradient` >= norm of any batch gradient and `hessian` >= norm of any batch Hessian, where known."""
        sure = self.almost_sure_bounds()
        bounds = {} if sure.gradient is None else {"gradient": sure.gradient}
        if sure.curvature_low is not None and sure.curvature_high is not None:
            bounds["hessian"] = max(abs(sure.curvature_low), abs(sure.curvature_high))
        return bounds

    def almost_sure_step_factor(self, alpha: float) -> float:
        """At least norm(I - alpha H) for every batch Hessian H: max |1 - alpha x| over its eigenvalue range."""
        sure = self.almost_sure_bounds()
        if sure.curvature_low is None or sure.curvature_high is None:
            raise InputError(f"a task of family {self.family} states no L: expected one to bound its step factor")
        return step_factor_up(alpha, sure.curvature_low, sure.curvature_high)

    def _refuse_selection(self, what: str) -> None:
        if self._selection is not None:
            raise InputError(f"{what} of a selection of agents: ask the task that it was selected from")

    def _pair(self, w: Any, v: Any) -> tuple[tuple[Tensor, Tensor], tuple[int, ...]]:
        points, leading = self.as_points(w)
        vectors, other = self.as_points(v, "v")
        if leading != other:
            # A point serves many vectors and the reverse, as long as ordinary broadcasting allows it.
            try:
                leading = tuple(torch.broadcast_shapes(leading, other))
            except RuntimeError:
                raise InputError(f"w and v have leading axes {leading} and {other}: expected equal ones") from None
            points = points.expand((*leading, self.n, self.d)) if points.shape[0] == 1 else points
            vectors = vectors.expand((*leading, self.n, self.d)) if vectors.shape[0] == 1 else vectors
            points, vectors = points.reshape(-1, self.n, self.d), vectors.reshape(-1, self.n, self.d)
        return (points, vectors), leading


def cast(value: Tensor, device: str | torch.device | None, dtype: torch.dtype) -> Tensor:
    """To a device and, unless they are integers, to a precision."""
    return value.to(device, dtype) if value.is_floating_point() else value.to(device)


def _as_tensor(name: str, w: Any) -> Tensor:
    if isinstance(w, Tensor):
        return w.detach()
    entries = np.asarray(w)
    if entries.dtype.kind not in "iuf":
        raise InputError(f"{name} is not a numeric array (dtype {entries.dtype}): expected real numbers")
    # torch refuses to share memory that is not writable without a warning.
    return torch.as_tensor(entries if entries.flags.writeable else entries.copy())
