"""Any torch module as a task: one network, n agents with samples of their own."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.workers import keep_freed_memory, spread
from empirics.tasks.local_constants import LocalConstants
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.networks.dense_form import DenseForm, dense_form, loss_name
from empirics.tasks.networks.dense_sweeps import DenseSweeps
from empirics.tasks.networks.derivative_checks import refuse_derivatives
from empirics.tasks.networks.fingerprint import Fingerprint, fingerprint
from empirics.tasks.networks.layer_kinds import declared_smooth, refuse_layers
from empirics.tasks.networks.module_checks import probe, refuse_hidden, widest
from empirics.tasks.networks.network_data import (
    as_samples,
    as_targets,
    fits,
    in_precision,
    own_copy,
    parameter_count,
    refuse_labels,
    refuse_shapes,
)
from empirics.tasks.networks.sample_means import refuse_other_means
from empirics.tasks.networks.sample_subsets import SampleSubsets
from empirics.tasks.networks.sweeps import Sweeps
from empirics.tasks.networks.traced import TracedSweeps
from empirics.tasks.task import Block, Task, cast

_BLOCK_BYTES = 2**20
_OF_SAMPLES = ("sample_loss", "sample_gradient", "sample_hvp")


class NetworkTask(Task):
    r"""f_i(w) = loss(module_w(x_i), y_i), a mean over agent i's samples, w the parameters one after another.

    w has the trainable ones (requires_grad) in the order of module.parameters(), each once however often it is used;
    frozen ones are constants of the function. The module is copied, in the mode it is in (`train` or `eval`): the one
    given is never touched. A batch is D of the agent's samples, drawn without replacement.

    What torch differentiates must be the loss. Every layer's options are looked at; the loss is compared with its mean
    over single samples for all agents, gradient and Hessian-vector product with differences (layers of known kinds once
    for each architecture and shape); what differs is refused by the layer's name.

    Gradients and Hessian-vector products take one of three paths (`path`): `dense`, written out by hand, for
    multilayer perceptrons (`form`); `traced`, the graph of torch.func recorded once per shape and cleaned, for any
    other module; `eager`, torch.func itself, where tracing fails. On the CPU a run of a dense tanh network or of a
    recorded module is handed to the compiled engine, where that is installed and knows all operations of the module
    (`Run.backend` names what computed a run).

    The constants L, rho, B of A2 and A3 do not exist on all of R^d for a network; none is stated, they are estimated
    on a set. `smooth` says whether they exist locally. A network declared not smooth runs, and statements that need
    A2 or A3 do not apply to it.

    Args:
        module: any module x -> output with samples on axis 0, without BatchNorm or dropout in training mode, and
            without state.
        x: samples (n, samples, ...), the same number for every agent; float32 makes a float32 task. Integers stay
            integers when the module has an Embedding, else they become float64.
        y: targets (n, samples) or (n, samples, ...); integers are kept as they are.
        loss: loss(output, y) -> mean over samples.
        smooth: whether loss and module are three times continuously differentiable in w. None: they are if every
            submodule is of a known smooth kind (tanh, softplus, GELU, ...) and the loss is cross-entropy or mse;
            otherwise it has to be declared.

    Raises:
        InputError: bad input; BatchNorm or dropout; an output that is random, stateful or mixes samples; a loss that
            is no mean over samples; derivatives that are not those of the loss; smoothness neither declared nor known.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> task = NetworkTask(model, x=[[[2.0]], [[1.0]]], y=[[[0.0]], [[3.0]]], loss=nn.functional.mse_loss)
    >>> task.gradient([1.0])                                      # 2 x (x w - y)
    tensor([[ 8.],
            [-4.]], dtype=torch.float64)
    >>> task.path, task.smooth
    ('traced', True)
    """

    family = "network"

    def __init__(
        self, module: nn.Module, x: Any, y: Any, loss: Callable[[Any, Any], Any], *, smooth: bool | None = None
    ) -> None:
        """Check, copy and probe the module."""
        refuse_layers(module)
        d = parameter_count(module)
        self._smooth = declared_smooth(module, loss, smooth)
        samples, targets = as_samples(module, x), as_targets(y)
        floating = samples if samples.is_floating_point() else torch.zeros(len(samples), 1, dtype=torch.float64)
        super().__init__(d, {"x": floating}, sampler=SampleSubsets())
        self._loss = loss
        self.module: nn.Module = own_copy(module, self.dtype)
        # kept: while another thread records, the module has other parameters
        self._start = _joined(self.module)
        self._parameters = {"x": samples, "y": cast(targets, None, self.dtype)}
        refuse_shapes(samples, targets)
        agents, outputs = probe(self.module, samples)
        refuse_labels(loss, outputs[0], targets)
        refuse_other_means(loss, agents, outputs, self._parameters["y"])
        form = dense_form(self.module, loss)
        self.form: DenseForm | None = form if form is not None and fits(form, samples, targets) else None
        self._local: LocalConstants | None = None
        self._widest = widest(self.module, samples[0])
        if self.form is None:
            self._refuse_other_derivatives(module)
        self._made: Fingerprint = self._now()
        self.sweeps: Sweeps = self._chosen()
        keep_freed_memory()

    @property
    def path(self) -> str:
        """How derivatives are computed: `dense`, `traced` or `eager`."""
        if self.form is None:
            # Whether the module can be recorded shows when it is.
            w = self.start.expand(1, self.n, self.d)
            _, points, data = next(self._blocks(w, self.parameter("x"), self.parameter("y")))
            self.sweeps.gradient(points[:1].contiguous(), *(part[:1] for part in data))
        return self.sweeps.path

    @property
    def samples(self) -> int:
        """Samples of each agent."""
        return self._parameters["x"].shape[1]

    @property
    def start(self) -> Tensor:
        """The module's own parameters (d,): the natural w0."""
        return self._start.clone()

    def network(self) -> NetworkTask | None:
        """Itself, unless a subclass changes what is computed of samples."""
        own = all(getattr(type(self), name) is getattr(NetworkTask, name) for name in _OF_SAMPLES)
        return self if own and self.unchanged_since(NetworkTask) else None

    @property
    def centre(self) -> Tensor:
        """The middle of the ball of its stated constants, else its start."""
        return self.start if self._local is None else self._local.centre

    @property
    def local(self) -> LocalConstants | None:
        """The constants that `stating` was given."""
        return self._local

    @property
    def radius(self) -> float | None:
        """That of the ball of its stated constants."""
        return None if self._local is None else self._local.radius

    @property
    def smooth(self) -> bool:
        """Whether loss and module are three times continuously differentiable in w, known or declared."""
        return self._smooth

    @property
    def certified(self) -> bool:
        """Whether constants are stated."""
        return self._local is not None

    @property
    def loss_name(self) -> str | None:
        """cross_entropy or mse, or None for a loss of one's own."""
        return loss_name(self._loss)

    def outputs(self, w: Any, x: Any = None) -> Tensor:
        """The module's outputs (..., n, samples, ...) at w (..., n, d) or (d,), on its samples or on x (n, ...)."""
        points, leading = self.as_points(w)
        if x is None:
            samples = self.parameter("x")
        else:
            samples = as_samples(self.module, x).to(self.device)
            samples = samples.to(self.dtype) if samples.is_floating_point() else samples
            if len(samples) != self.n:
                raise InputError(f"x has {len(samples)} agents: expected {self.n}")
        parts = [self.sweeps.outputs(points, *data) for _, points, data in self._blocks(points, samples)]
        return torch.cat(parts).unflatten(0, (*leading, self.n))

    def predict(self, points: Any, x: Any) -> Tensor:
        """Outputs (..., n, samples, ...) on x (n, samples, ...), or classes (..., n, samples) under cross-entropy.

        >>> model = nn.Linear(1, 2, bias=False)
        >>> task = NetworkTask(model, x=[[[1.0]], [[1.0]]], y=[[0], [1]], loss=nn.functional.cross_entropy)
        >>> task.predict([2.0, 1.0], [[[3.0]], [[-3.0]]]).tolist()  # scores (6, 3) and (-6, -3)
        [[0], [1]]
        """
        outputs = self.outputs(points, x)
        if self.loss_name != "cross_entropy" or self._parameters["y"].is_floating_point():
            return outputs
        leading = outputs.dim() - self._parameters["y"].dim()  # the classes' axis is the one after the samples'
        return outputs.argmax(leading + 1)

    def blocks(self, replicas: int) -> list[Block]:
        """Some agents of one replica or, when those are few, several whole replicas."""
        return list(self._cuts(replicas, self.n, self.samples))

    def block(self, rows: slice, agents: slice) -> NetworkTask:
        """A view with the data of those agents."""
        own = (rows, agents) if self._selection is not None and self._selection.dim() == 2 else agents
        view = copy.copy(self)
        view._selection = self.ids[own]
        view._cache = {name: self.parameter(name)[own] for name in ("x", "y")}
        return view

    def raw_loss(self, w: Tensor) -> Tensor:
        """Losses (R, n) on the agents' own samples."""
        return self.sample_loss(w, self.parameter("x"), self.parameter("y"))

    def raw_gradient(self, w: Tensor) -> Tensor:
        """Gradients (R, n, d) on the agents' own samples."""
        return self.sample_gradient(w, self.parameter("x"), self.parameter("y"))

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """Hessian-vector products (R, n, d) on the agents' own samples."""
        return self.sample_hvp(w, v, self.parameter("x"), self.parameter("y"))

    def raw_linearisation(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Gradients (R, n, d) and the Hessian at w as a map: forward and backward sweep are kept between the calls."""
        gradient = w.new_empty(w.shape)
        blocks = list(self._blocks(w, self.parameter("x"), self.parameter("y")))
        products: list[Callable[[Tensor], Tensor]] = [torch.neg] * len(blocks)

        def linearise(place: int) -> None:
            rows, points, (x, y) = blocks[place]
            gradient.view(-1, self.d)[rows], products[place] = self.sweeps.linearisation(points, x, y)

        def product(v: Tensor) -> Tensor:
            result, vectors = v.new_empty(v.shape), v.reshape(-1, self.d)

            def one(place: int) -> None:
                rows = blocks[place][0]
                result.view(-1, self.d)[rows] = products[place](vectors[rows])

            spread(one, range(len(blocks)))
            return result

        spread(linearise, range(len(blocks)))
        return gradient, product

    def sample_loss(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Losses (R, n) on samples x, y, (n, S, ...) or (R, n, S, ...)."""
        result = w.new_empty(w.shape[:2])
        self._spread(result.view(-1), self.sweeps.loss, w, x, y)
        return result

    def sample_gradient(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Gradients (R, n, d) on samples x, y."""
        result = w.new_empty(w.shape)
        self._spread(result.view(-1, self.d), self.sweeps.gradient, w, x, y)
        return result

    def sample_hvp(self, w: Tensor, v: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Hessian-vector products (R, n, d) on samples x, y."""
        result, vectors = w.new_empty(w.shape), v.reshape(-1, self.d)

        def one(block: tuple[slice, Tensor, list[Tensor]]) -> None:
            rows, points, (own_x, own_y) = block
            result.view(-1, self.d)[rows] = self.sweeps.hvp(points, own_x, own_y, vectors[rows])

        spread(one, self._blocks(w, x, y))
        return result

    def stating(self, local: LocalConstants) -> Self:
        """The same task with certified constants on a ball (`empirics.tasks.networks.layerwise`)."""
        self._refuse_selection("stating")
        stated = copy.copy(self)
        stated._local, stated._cache = local, {}
        return stated

    def own_constants(self) -> dict[str, Constant]:
        """Those stated on a ball, else none."""
        stated = {} if self._local is None else self._local.constants
        return {name: constant for name, constant in stated.items() if not name.startswith("sigma")}

    @property
    def everywhere(self) -> bool:
        """False once constants are stated: they hold on their ball."""
        return self._local is None

    def contains(self, w: Any) -> Tensor:
        """Whether each point lies in the ball of the stated constants; everywhere when none is stated."""
        if self._local is None:
            return super().contains(w)
        points, leading = self.as_points(w)
        return self._local.contains(points).reshape(*leading, self.n)

    def loss_lower_bound(self) -> Constant:
        """0 for cross-entropy and mse, of another loss what is stated on the ball.

        Raises InputError for another loss of which nothing is stated.
        """
        if self.loss_name is not None:
            return Constant(0.0, "lower", f"{self.loss_name} >= 0")
        if self._local is not None and self._local.lowest is not None:
            return self._local.lowest
        raise InputError(
            "a NetworkTask with a loss of one's own states no lower bound: take cross_entropy or mse_loss of "
            "torch.nn.functional, or override loss_lower_bound in a subclass"
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """x, y, `start`, the module's own parameters, and of a dense network its widths, activation and loss."""
        arrays = {**super().arrays(), "start": self.start.cpu().numpy().copy()}
        if self.form is None:
            return arrays
        form = {name: np.array(getattr(self.form, name)) for name in ("widths", "activation", "loss")}
        return {**arrays, **form}

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same task on another device or in another precision; integers stay integers."""
        self.refuse_changes()
        moved = super().to(device, dtype)
        moved.module = in_precision(copy.deepcopy(self.module).to(device), moved.dtype)
        moved._start, moved._made = _joined(moved.module), moved._now()
        moved.sweeps = moved._chosen()
        return moved

    def refuse_changes(self) -> None:
        """Raise InputError where module or loss compute something else than when the task was made."""
        self._made.refuse_changes(AgentModel(self.module, self._loss))

    def _now(self) -> Fingerprint:
        return fingerprint(AgentModel(self.module, self._loss), *(part[0] for part in self._parameters.values()))

    def _refuse_other_derivatives(self, given: nn.Module) -> None:
        model, x, y = AgentModel(self.module, self._loss), self._parameters["x"], self._parameters["y"]
        refuse_hidden(model, given, x[0], y[0])
        refuse_derivatives(model, x, y, self._widest, self._smooth)

    def _chosen(self) -> Sweeps:
        if self.form is not None:
            return DenseSweeps(self.form)
        return TracedSweeps(AgentModel(self.module, self._loss), self._made)

    def _spread(self, result: Tensor, sweep: Callable[..., Tensor], w: Tensor, *data: Tensor) -> None:
        """Fill `result`, whose first axis is that of R n agents, block by block."""

        def one(block: tuple[slice, Tensor, list[Tensor]]) -> None:
            rows, points, parts = block
            result[rows] = sweep(points, *parts)

        spread(one, self._blocks(w, *data))

    def _agents_at_once(self, samples: int) -> int:
        """A power of two for which one tensor of a block stays well inside a core's cache; everything on a GPU."""
        if self.device.type != "cpu":
            return 2**31
        size = max(self.d, samples * self._widest) * self.dtype.itemsize
        return 2 ** max(0, round(math.log2(_BLOCK_BYTES / size)))

    def _blocks(self, w: Tensor, *data: Tensor) -> Iterator[tuple[slice, Tensor, list[Tensor]]]:
        """Cut points (R, n, d) and data, (n, ...) or (R, n, ...), along the flat axis of R n agents."""
        replicas, n = w.shape[:2]
        own = [part.dim() > whole.dim() for part, whole in zip(data, self._parameters.values(), strict=False)]
        for rows, some in self._cuts(replicas, n, data[0].shape[2 if own[0] else 1]):
            count = min(rows.stop, replicas) - rows.start
            parts = [
                part[rows, some].flatten(0, 1) if mine else _repeated(part[some], count)
                for part, mine in zip(data, own, strict=True)
            ]
            block, first = w[rows, some].flatten(0, 1), rows.start * n + some.start
            yield slice(first, first + len(block)), block, parts

    def _cuts(self, replicas: int, n: int, samples: int) -> Iterator[Block]:
        """Some agents of one replica or, when those are few, several whole replicas."""
        target = self._agents_at_once(samples)
        agents, together = min(target, n), max(1, target // n)
        for first in range(0, replicas, together):
            for start in range(0, n, agents):
                yield slice(first, first + together), slice(start, start + agents)


def _joined(module: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in module.parameters()])


def _repeated(part: Tensor, count: int) -> Tensor:
    return part if count == 1 else part.expand(count, *part.shape).flatten(0, 1)
