"""JAX training code on pytrees of parameters, made checkable."""

from __future__ import annotations

import operator
from ast import literal_eval
from collections.abc import Callable
from importlib import import_module
from typing import Any

from empirics.numerics.errors import InputError
from empirics.testing.agent import Agent
from empirics.testing.pytrees import Layout


class OnJax:
    """A function for `check_meta_gradient` that calls train(loss, params, alpha, nu)."""

    adapter = "on_jax"

    def __init__(self, train: Callable[..., Any], like: Any = None) -> None:
        """Keep the training code, its name for messages, and the structure of its params."""
        if like is not None and not import_module("jax").tree_util.tree_leaves(like):
            raise InputError(f"like = {like!r}: expected a pytree with a leaf at least, or None")
        self.train, self.like = train, like
        self.__qualname__ = f"{self.adapter}({getattr(train, '__qualname__', 'train')})"

    @property
    def dtype(self) -> str:
        """The precision that jax computes in: float32 where x64 is off."""
        jax = import_module("jax")
        return "jax.float64" if jax.config.jax_enable_x64 else "jax.float32"

    def __call__(self, problem: Agent, w: Any, alpha: float, nu: int, mode: str, delta: float | None) -> Any:
        """The meta-gradient (d,), the leaves of the returned pytree one after another in the order of w."""
        layout = self._layout(problem)
        params = layout.split(w)
        return layout.joined(self._answered(problem, layout, params, alpha, nu))

    def changes(self, problem: Agent, w: Any, alpha: float, nu: int, mode: str, delta: float | None) -> list[str]:
        """What a call leaves changed of params, whose arrays cannot change but whose dicts and lists can."""
        layout = self._layout(problem)
        params = layout.split(w)
        flatten = import_module("jax").tree_util.tree_flatten
        leaves, structure = flatten(params)
        self._answered(problem, layout, params, alpha, nu)
        after, structure_after = flatten(params)
        return [] if structure == structure_after and all(map(operator.is_, leaves, after)) else ["params"]

    def stated(self) -> tuple[list[str], str]:
        """Lines, and arguments beside `train`, of a script that makes this again; the leaves of `like` are numbered."""
        if self.like is None:
            return [], ""
        leaves, structure = import_module("jax").tree_util.tree_flatten(self.like)
        text = repr(structure.unflatten(range(len(leaves))))
        try:
            literal_eval(text)
        except (ValueError, SyntaxError):
            return ["# like has to be filled in by hand"], ", like=like"
        return [], f", like={text}"

    def _layout(self, problem: Agent) -> Layout:
        return Layout.named(problem) if self.like is None else Layout.like(self.like, problem.d)

    def _answered(self, problem: Agent, layout: Layout, params: Any, alpha: float, nu: int) -> Any:
        return self.train(layout.loss(problem.support), params, alpha, nu)


class OnJaxEpisodes(OnJax):
    """A function for `check_meta_gradient` that calls train(support, query, params, alpha, nu)."""

    adapter = "on_jax_episodes"
    episodes = True

    def _answered(self, problem: Agent, layout: Layout, params: Any, alpha: float, nu: int) -> Any:
        return self.train(layout.loss(problem.support), layout.loss(problem.query), params, alpha, nu)


def on_jax(train: Callable[..., Any], *, like: Any = None) -> OnJax:
    """Make train(loss, params, alpha, nu) -> meta-gradient checkable by `check_meta_gradient`.

    params is a dict of arrays of several shapes, whose names are not in the order of the flat w, or has the structure
    of the pytree `like`: nested dicts, lists, tuples, named tuples, what jax is told about. Its leaves do not matter;
    those of params have other shapes from loss to loss, and none of them has numbers where w has fewer than leaves.
    loss(params) is a scalar that jax can differentiate, compile and map; the answer has the structure of params. The
    dtype is jax's own: float32 unless x64 is on. Needs jax.
    """
    return OnJax(train, like)


def on_jax_episodes(train: Callable[..., Any], *, like: Any = None) -> OnJaxEpisodes:
    """The same for train(support, query, params, alpha, nu): fine-tuning on one loss, outer gradient of another."""
    return OnJaxEpisodes(train, like)
