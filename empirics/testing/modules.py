"""A model of one's own as the loss of an agent, and generated losses as models."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from empirics.algorithm.modes import Mode
from empirics.testing.problems import Problem, TermSizes


class ModuleProblem(Problem):
    """f(w) = loss(module(x), y), w the parameters of the module one after another, in float64 or float32."""

    PROPERTIES: ClassVar[tuple[str, ...]] = (
        "returns_a_gradient",
        "jacobian_product",
        "semigroup",
        "first_order_formula",
        "hessian_free_formula",
        "no_memory",
        "untouched_input",
    )

    def __init__(self, module: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Any, Tensor], Tensor]) -> None:
        """Copy the module in float64."""
        self._module = copy.deepcopy(module).to(torch.float64)
        self._x, self._y, self._loss, self._factor, self._constant = _double(x), _double(y), loss, 1.0, 0.0
        self._shapes = {name: p.shape for name, p in self._module.named_parameters()}

    @property
    def d(self) -> int:
        """Number of parameters of the module."""
        return sum(shape.numel() for shape in self._shapes.values())

    @property
    def start(self) -> np.ndarray:
        """The module's own parameters (d,)."""
        return torch.cat([p.detach().reshape(-1) for p in self._module.parameters()]).numpy()

    def loss(self, w: Any) -> Any:
        """loss(module(x), y) with parameters w."""
        value = self._value(_tensor(w))
        return value if isinstance(w, Tensor) else float(value)

    def gradient(self, w: Any) -> Any:
        """By automatic differentiation, detached."""
        return _back(torch.func.grad(self._value)(_tensor(w)), w)

    def hvp(self, w: Any, v: Any) -> Any:
        """By automatic differentiation, twice: the gradient of <grad f(w), v>."""
        along = _tensor(v)
        return _back(torch.func.grad(lambda point: torch.func.grad(self._value)(point) @ along)(_tensor(w)), w)

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
        parameters, place = {}, 0
        for name, shape in self._shapes.items():
            parameters[name] = w[place : place + shape.numel()].reshape(shape)
            place += shape.numel()
        x, y = (part.to(w.dtype) if part.is_floating_point() else part for part in (self._x, self._y))
        buffers = {
            name: b.to(w.dtype) if b.is_floating_point() else b.clone() for name, b in self._module.named_buffers()
        }
        output = functional_call(self._module, {**parameters, **buffers}, (x,))
        return self._factor * self._loss(output, y) + self._constant


def module_problem(
    module: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Any, Tensor], Tensor] = nn.functional.mse_loss
) -> ModuleProblem:
    """Your model and a plain loss function as a problem for `check_meta_gradient(f, problem=...)`.

    The model is copied, so its weights do not move; w is its parameters in the order of `module.parameters()`.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> problem = module_problem(model, torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    >>> problem.gradient(np.array([1.0])).tolist()                # 2 (w - 3)
    [-4.0]
    """
    return ModuleProblem(module, x, y, loss)


def _double(values: Tensor) -> Tensor:
    values = torch.as_tensor(values)
    return values.to(torch.float64) if values.is_floating_point() else values


def _tensor(w: Any) -> Tensor:
    return w if isinstance(w, Tensor) else torch.tensor(np.asarray(w))


def _back(result: Tensor, like: Any) -> Any:
    return result if isinstance(like, Tensor) else result.detach().numpy()
