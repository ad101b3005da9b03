"""JAX training code on pytrees of parameters, made checkable."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from empirics.testing.agent import Agent, Problem
from empirics.testing.arrays import WrongResultError


class OnJax:
    """A function for `check_meta_gradient` that calls train(loss, params, alpha, nu)."""

    adapter = "on_jax"

    def __init__(self, train: Callable[..., Any]) -> None:
        """Keep the training code, and its name for messages."""
        self.train = train
        self.__qualname__ = f"{self.adapter}({getattr(train, '__qualname__', 'train')})"

    @property
    def dtype(self) -> str:
        """The precision that jax computes in: float32 where x64 is off."""
        jax = import_module("jax")
        return "jax.float64" if jax.config.jax_enable_x64 else "jax.float32"

    def __call__(self, problem: Agent, w: Any, alpha: float, nu: int, mode: str, delta: float | None) -> Any:
        """The meta-gradient (d,), the leaves of the returned pytree one after another in the order of w."""
        jax = import_module("jax")
        shapes = _shapes(problem)
        params = _split(w, shapes)
        result = self._answered(problem, params, alpha, nu)
        given, expected = (jax.tree_util.tree_structure(tree) for tree in (result, params))
        if given != expected:
            raise WrongResultError(f"a {given}: expected the structure of params, {expected}")
        return jax.numpy.concatenate([jax.numpy.reshape(result[name], -1) for name in shapes])

    def _answered(self, problem: Agent, params: Any, alpha: float, nu: int) -> Any:
        return self.train(_loss(problem.support), params, alpha, nu)


class OnJaxEpisodes(OnJax):
    """A function for `check_meta_gradient` that calls train(support, query, params, alpha, nu)."""

    adapter = "on_jax_episodes"
    episodes = True

    def _answered(self, problem: Agent, params: Any, alpha: float, nu: int) -> Any:
        return self.train(_loss(problem.support), _loss(problem.query), params, alpha, nu)


def on_jax(train: Callable[..., Any]) -> OnJax:
    """Make train(loss, params, alpha, nu) -> meta-gradient checkable by `check_meta_gradient`.

    params is a dict of arrays of several shapes, whose names are not in the order of the flat w, and loss(params) a
    scalar that jax can differentiate, compile and map; the answer has the structure of params. The dtype is jax's own:
    float32 unless x64 is on. Needs jax.
    """
    return OnJax(train)


def on_jax_episodes(train: Callable[..., Any]) -> OnJaxEpisodes:
    """The same for train(support, query, params, alpha, nu): fine-tuning on one loss, outer gradient of another."""
    return OnJaxEpisodes(train)


def _loss(problem: Problem) -> Callable[[Any], Any]:
    shapes = _shapes(problem)

    def loss(params: Any) -> Any:
        numpy = import_module("jax.numpy")
        return problem.loss(numpy.concatenate([numpy.reshape(params[name], -1) for name in shapes]))

    return loss


def _shapes(problem: Agent) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters that the loss has as a module, in the order of w."""
    trainable = problem.support.model(torch.zeros(problem.d)).trainable()
    return {name: tuple(p.shape) for name, p in trainable.items()}


def _split(w: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    parts, start = {}, 0
    for name, shape in shapes.items():
        size = torch.Size(shape).numel()
        parts[name], start = w[start : start + size].reshape(shape), start + size
    return parts
