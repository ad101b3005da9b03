"""A model of one's own as the loss of an agent, and generated losses as models."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from empirics.algorithm.modes import Mode
from empirics.numerics.errors import InputError
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.networks.derivative_checks import refuse_derivatives
from empirics.tasks.networks.layer_kinds import refuse_uncopyable
from empirics.tasks.networks.module_checks import widest
from empirics.tasks.networks.module_traces import calls, first_unlike
from empirics.testing.agent import Problem, SupportQuery, TermSizes
from empirics.testing.models import Model, each_tensor, output


class ModuleProblem(Problem):
    """f(w) = loss(module(x), y), w the parameters of the module one after another, in float64 or float32."""

    PROPERTIES: ClassVar[tuple[str, ...]] = (
        "returns_a_gradient",
        "jacobian_product",
        "semigroup",
        "first_order_formula",
        "hessian_free_formula",
        "no_memory",
        "second_call",
        "untouched_input",
    )

    def __init__(self, module: nn.Module, x: Any, y: Tensor, loss: Callable[[Any, Tensor], Tensor]) -> None:
        """Copy the module in float64; `InputError` names a layer that cannot be copied."""
        refuse_uncopyable(module)
        self._module = copy.deepcopy(module).to(torch.float64)
        x = tuple(x) if isinstance(x, list) else x
        self._x, self._y = each_tensor(_double, x), _double(y)
        self._loss, self._factor, self._constant = loss, 1.0, 0.0
        self._shapes = {name: p.shape for name, p in self._module.named_parameters() if p.requires_grad}
        if not self._shapes:
            raise InputError("the module has no trainable parameter: expected one with requires_grad=True at least")

    @property
    def d(self) -> int:
        """Number of trainable parameters of the module."""
        return sum(shape.numel() for shape in self._shapes.values())

    @property
    def start(self) -> np.ndarray:
        """The module's own trainable parameters (d,)."""
        parameters = dict(self._module.named_parameters())
        return torch.cat([parameters[name].detach().reshape(-1) for name in self._shapes]).numpy()

    def loss(self, w: Any) -> Any:
        """loss(module(x), y) with parameters w."""
        value = self._value(_tensor(w))
        return value if isinstance(w, Tensor) else float(value)

    def gradient(self, w: Any) -> Any:
        """By automatic differentiation, detached."""
        point = _leaf(w)
        return _back(_slope(self._value(point), point), w)

    def hvp(self, w: Any, v: Any) -> Any:
        """By automatic differentiation, twice: the gradient of <grad f(w), v>, detached."""
        point = _leaf(w)
        slope = _slope(self._value(point), point, create_graph=True)
        return _back(_slope(slope @ _tensor(v).detach(), point), w)

    def sizes(self, w: np.ndarray) -> TermSizes:
        """An estimate: a model is a black box, so its terms are taken to be as large as its Hessian and gradient.

        Each of the d coordinates is counted with 64 operations.
        """
        hessian = float(np.linalg.norm([self.hvp(w, unit) for unit in np.eye(self.d)])) + abs(self._factor) * 1e-3
        gradient = float(np.linalg.norm(self.gradient(w))) + hessian * (1 + float(np.linalg.norm(w)))
        return TermSizes(gradient, hessian, hessian, 64 * self.d)

    def scaled(self, factor: float) -> ModuleProblem:
        """The loss times the factor."""
        other = copy.copy(self)
        other._factor, other._constant = factor * self._factor, factor * self._constant
        return other

    def raised(self, constant: float) -> ModuleProblem:
        """The loss plus a constant."""
        other = copy.copy(self)
        other._constant = self._constant + constant
        return other

    def model(self, w: Tensor) -> Model:
        """A copy of the module at w, with the data and the loss function."""
        module = copy.deepcopy(self._module).to(w.dtype)
        parameters = dict(module.named_parameters())
        with torch.no_grad():
            for name, part in self._split(w).items():
                parameters[name].copy_(part)
        x = each_tensor(lambda part: _like(part, w).clone(), self._x)
        return Model(module, x, _like(self._y, w).clone(), self._scaled_loss)

    def refuse_wrong_derivatives(self) -> None:
        """Compare the module's derivatives, which the answers are tested against, with differences of its loss.

        Raises:
            InputError: two evaluations differ, or a derivative of first or second order is not that of the loss; names
                the layer.
        """
        start = torch.tensor(self.start)
        if not torch.equal(self.loss(start), self.loss(start)):
            first, second = (calls(self._module, lambda: output(self._module, {}, self._x)) for _ in range(2))
            words = first_unlike(first, second, torch.equal) or "the module"
            raise InputError(
                f"{words}: two evaluations at the same parameters differ; "
                "expected a function of its parameters and inputs: eval() for dropout, and no state kept in forward"
            )
        module, x = copy.deepcopy(self._module), self._x
        if not isinstance(x, Tensor):
            module, x = _Rows(module, x), torch.arange(len(self._y))
        try:
            refuse_derivatives(AgentModel(module, self._loss), x[None], self._y[None], widest(module, x), smooth=False)
        except InputError as error:
            raise InputError(f"{self._rewritten()}{error}") from None

    def _rewritten(self) -> str:
        """The buffers that a call rewrites, which the derivatives do not know of."""
        module = copy.deepcopy(self._module)
        before = {name: buffer.clone() for name, buffer in module.named_buffers()}
        output(module, {}, self._x)
        names = [name for name, buffer in module.named_buffers() if not torch.equal(buffer, before[name])]
        return f"every call rewrites the buffers {', '.join(names)}: expected eval(); " if names else ""

    def cases(self, mode: str) -> Any:
        """Points near the module's parameters, 1 to 3 steps of 1/16, 1/8 or 1/4."""
        from hypothesis import strategies as st

        from empirics.testing.cases import Case

        start = self.start
        offsets = st.tuples(*[st.integers(-4, 4)] * self.d)
        points = offsets.map(lambda k: tuple(float(x) for x in start + np.array(k) / 16))
        deltas = st.sampled_from((0.25, 0.125)) if Mode(mode).probes else st.none()
        alphas = st.sampled_from((0.0625, 0.125, 0.25))
        return st.builds(Case, st.just(self), points, alphas, st.integers(1, 3), st.just(mode), deltas)

    def __repr__(self) -> str:
        """What has to be filled in by hand."""
        return "module_problem(module, x, y, loss)"

    def _value(self, w: Tensor) -> Tensor:
        x, y = each_tensor(lambda part: _like(part, w), self._x), _like(self._y, w)
        frozen = {name: p for name, p in self._module.named_parameters() if name not in self._shapes}
        constants = {name: _like(part, w).clone() for name, part in (*frozen.items(), *self._module.named_buffers())}
        return self._scaled_loss(output(self._module, {**self._split(w), **constants}, x), y)

    def _scaled_loss(self, output: Any, y: Tensor) -> Tensor:
        return self._factor * self._loss(output, y) + self._constant

    def _split(self, w: Tensor) -> dict[str, Tensor]:
        parts = w.split([shape.numel() for shape in self._shapes.values()])
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}


class _Rows(nn.Module):
    """A module of several inputs as one of the numbers of its samples: the check of derivatives knows one input."""

    def __init__(self, module: nn.Module, x: Any) -> None:
        super().__init__()
        self.module, self._x = module, x

    def forward(self, rows: Tensor) -> Any:
        x = each_tensor(lambda part: part[rows], self._x)
        return self.module(**x) if isinstance(x, dict) else self.module(*x)


def module_problem(
    module: nn.Module,
    x: Any,
    y: Tensor,
    loss: Callable[[Any, Tensor], Tensor] = nn.functional.mse_loss,
    *,
    query: tuple[Any, Tensor] | None = None,
) -> Any:
    """Your model and a plain loss function as a problem for `check_meta_gradient(f, problem=...)`.

    x is a tensor, or the several inputs of module(*x) or module(**x) as a tuple or dict of tensors with a row for each
    sample. With query = (x, y) the first data are the support set, and `on_episodes` is the adapter.

    The model is copied, so its weights do not move; w is its trainable parameters in the order of
    `module.parameters()`. Before f is called the model's own derivatives are compared with differences of its loss: a
    layer with a wrong backward, or one that draws at random, is refused by its name.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> problem = module_problem(model, torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    >>> problem.gradient(np.array([1.0])).tolist()                # 2 (w - 3)
    [-4.0]
    """
    support = ModuleProblem(module, x, y, loss)
    return support if query is None else SupportQuery(support, ModuleProblem(module, *query, loss))


def _double(values: Tensor) -> Tensor:
    values = torch.as_tensor(values)
    return values.to(torch.float64) if values.is_floating_point() else values


def _tensor(w: Any) -> Tensor:
    return w if isinstance(w, Tensor) else torch.tensor(np.asarray(w))


def _like(part: Tensor, w: Tensor) -> Tensor:
    return part.detach().to(w.dtype) if part.is_floating_point() else part.detach()


def _leaf(w: Any) -> Tensor:
    return _tensor(w).detach().clone().requires_grad_()


def _slope(value: Tensor, point: Tensor, *, create_graph: bool = False) -> Tensor:
    """The gradient, 0 where the value does not depend on the point; torch.func would refuse old-style layers."""
    if not value.requires_grad:
        return torch.zeros_like(point)
    return torch.autograd.grad(value, point, create_graph=create_graph, materialize_grads=True, allow_unused=True)[0]


def _back(result: Tensor, like: Any) -> Any:
    return result if isinstance(like, Tensor) else result.detach().numpy()
