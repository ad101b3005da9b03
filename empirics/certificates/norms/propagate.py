"""Bounds of a recorded loss over a ball: every operation's rule in turn."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Node
from torch.fx.node import map_arg

from empirics.certificates.norms import affine, structural
from empirics.certificates.norms.blocks import SPLITTING, blocks_of
from empirics.certificates.norms.bounds import Ball, Bound, NoRuleError, constant, finished
from empirics.certificates.norms.functions import ORDER
from empirics.certificates.norms.majorants import INFLATION, monomials
from empirics.certificates.norms.recorded_losses import RecordedLoss
from empirics.certificates.norms.rows import picked
from empirics.certificates.norms.rule import Site
from empirics.certificates.norms.table import TABLE

aten = torch.ops.aten
_BLOCKS = 8
# Operations that only move numbers do not round.
_EXACT = set(structural.TABLE)


@dataclass(frozen=True, eq=False)
class LossBounds:
    """Bounds on N losses over a ball.

    Args:
        ball: over which they hold.
        block_of: the block of every entry of w, (d,).
        majorants: of the losses' derivatives, (N, width).
        low: at most every value of the loss on the ball, (N,).
    """

    ball: Ball
    block_of: np.ndarray
    majorants: np.ndarray
    low: np.ndarray

    def norm(self, order: int) -> np.ndarray:
        """At least the norms (N,) of the derivative of that order, 1 to 4, everywhere on the ball."""
        return self.ball.table.norm(self.majorants, order)


@torch.no_grad()
def loss_bounds(loss: RecordedLoss, centre: Tensor, radius: float) -> LossBounds:
    r"""Bounds on the derivatives of every recorded loss over norm(w - centre) <= radius.

    Args:
        loss: recorded; float64.
        centre: (d,).
        radius: of the ball; infinity for all of R^d.

    Raises:
        NoRuleError: an operation without a rule; the message names it.
        UnboundedError: an operation that may not be smooth on the ball.

    >>> from empirics import QuadraticTask
    >>> from empirics.certificates.norms.recorded_losses import agent_losses
    >>> task = QuadraticTask(A=[[[2.0, 0.0], [0.0, 1.0]]], c=[[0.5, 0.0]])
    >>> found = loss_bounds(agent_losses(task), torch.zeros(2).double(), 1.0)
    >>> [round(float(found.norm(order)[0]), 6) for order in (2, 3)]                 # norm(A), 0
    [2.0, 0.0]
    """
    graph = loss.graph.graph
    block_of = blocks_of(graph, len(centre), _BLOCKS)
    ball = Ball(monomials(int(block_of.max()) + 1, ORDER), radius)
    run = _Run(loss, centre, ball, block_of)
    result = run.result()
    count = loss.count
    majorants = np.broadcast_to(result.majorants[0], (count, ball.table.width))
    return LossBounds(ball, block_of, majorants, np.broadcast_to(result.low, (count,)))


class _Run:
    """One pass through a graph."""

    def __init__(self, loss: RecordedLoss, centre: Tensor, ball: Ball, block_of: np.ndarray) -> None:
        self.loss, self.centre, self.ball, self.block_of = loss, centre, ball, block_of
        self.graph = loss.graph.graph
        self.degrees = affine.degrees(self.graph)
        self.values = _values(loss, centre)
        nodes = affine.frontier(self.graph, self.degrees)
        self.matrices = dict(zip(nodes, affine.jacobians(loss.graph, nodes, centre, loss.arrays), strict=True))
        self.known: dict[Node, Bound] = {}

    def result(self) -> Bound:
        """The bound of the output."""
        last = {argument: node for node in self.graph.nodes for argument in _read(node)}
        given: Any = self.graph.output_node().args[0]
        first = True
        for node in self.graph.nodes:
            if node.op == "output":
                break
            if node.op == "placeholder" and first:
                first = False
                places = np.arange(len(self.centre))[None]
                self.known[node] = structural.selected(places, self.values[node], self.block_of, self.ball)
                self.known[node] = finished(self.ball, self.values[node], self.known[node], exact=True)
            elif isinstance(self.values[node], np.ndarray):
                self.known[node] = self._bound(node)
            for argument in _read(node):
                # majorants of large tensors are large: what nothing further reads is dropped
                if last[argument] is node:
                    self.known.pop(argument, None)
        return self.known[given[0]]

    def _bound(self, node: Node) -> Bound:
        value = self.values[node]
        if self.degrees[node] == 0:
            return constant(value, self.ball.table)
        if value.dtype != np.float64:
            raise NoRuleError(f"{node.target}: no bound is known for it, with a result in {value.dtype}")
        site = self._site(node)
        rough = self._rough(node, site)
        exact = site.source.target in _EXACT or site.source.target in SPLITTING
        if rough.places is not None:
            rough = structural.selected(rough.places, value, self.block_of, self.ball)
        matrix = self.matrices.get(node)
        if matrix is not None:
            rough = replace(rough, majorants=self._sharper(rough.majorants, matrix))
        terms = max((self.known[argument].entries for argument in _read(node) if argument in self.known), default=0)
        return finished(self.ball, value, rough, terms=terms, exact=exact)

    def _sharper(self, majorants: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """Norms of the matrix itself in place of composed ones, plus the rounding of its entries."""
        first = slice(1, 1 + self.ball.table.blocks)
        exact = affine.matrix_norms(matrices, self.block_of, self.ball.table)[..., first]
        composed = np.array(np.broadcast_to(majorants, (3, len(matrices), self.ball.table.width)))
        own = composed[..., first]
        composed[..., first] = np.minimum(own, (exact + affine.SLACK * np.minimum(own, 1e300)) * INFLATION)
        return composed

    def _site(self, node: Node) -> Site:
        source: Any = node
        target: Any = node.target
        if node.target is operator.getitem:
            source = node.args[0]
            place = node.args[1]
            target = source.target
            if target in SPLITTING:
                splitting = target
                target = lambda *given: splitting(*given)[place]  # noqa: E731
            elif place != 0:
                raise NoRuleError(f"{target}: no bound is known for its result number {place}")
        schema = source.target._schema.arguments
        arguments = list(source.args)
        for argument in schema[len(arguments) :]:
            if argument.kwarg_only and (source.target in structural.TABLE or source.target in SPLITTING):
                # what moves numbers takes only hints about memory by name
                break
            if argument.name in source.kwargs:
                arguments.append(source.kwargs[argument.name])
            elif argument.has_default_value():
                arguments.append(argument.default_value)
            else:
                break
        resolved = tuple(self._resolved(argument) for argument in arguments)
        value = self.values[node]
        return Site(target, resolved, value, self.ball, source)

    def _resolved(self, argument: Any) -> Any:
        if isinstance(argument, Node):
            return self.known[argument]
        if isinstance(argument, (list, tuple)):
            return type(argument)(self._resolved(part) for part in argument)
        return argument

    def _rough(self, node: Node, site: Site) -> Bound:
        source: Any = site.source
        if source.target in SPLITTING:
            return structural.moved()(site)
        if source.target is aten.gather.default and source.args[0].target is aten._log_softmax.default:
            logs = source.args[0]
            dim, index = source.args[1], self.values[source.args[2]]
            count, *shape = self.values[logs].shape
            axis = dim % len(shape)
            shape[axis] = 1
            if axis == logs.args[1] % len(shape) and list(index.shape[1:]) == shape and len(index) <= count:
                return picked(site, self.known[logs.args[0]], self.values[logs], dim, index)
        rule = TABLE.get(source.target)
        if rule is None:
            raise NoRuleError(f"{source.target}: no bound is known for this operation")
        return rule(site)


def _read(node: Node) -> list[Node]:
    """Whose bounds a node's rule reads: one of several results reads what its operation does, so does a choice."""
    own = node.all_input_nodes
    if node.target in (operator.getitem, aten.gather.default):
        own = [*own, *own[0].all_input_nodes]
    return own


def _values(loss: RecordedLoss, centre: Tensor) -> dict[Node, Any]:
    """Every node's value, (N, ...) arrays, (1, ...) for those that are the same for all; tuples for several results."""
    graph = loss.graph.graph
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    shared = {placeholders[0]}
    found: dict[Node, list[Any]] = {node: [] for node in graph.nodes}
    for n in range(loss.count):
        own: dict[Node, Any] = dict(zip(placeholders, (centre, *(array[n] for array in loss.arrays)), strict=True))
        for node in graph.nodes:
            if node.op == "output":
                break
            if n == 0 and node.op != "placeholder" and all(argument in shared for argument in node.all_input_nodes):
                shared.add(node)
            if node.op == "get_attr":
                own[node] = getattr(loss.graph, str(node.target))
            elif node.op == "call_function":
                if node in shared and n > 0:
                    own[node] = found[node][0]
                    continue
                given, named = (map_arg(part, own.__getitem__) for part in (node.args, node.kwargs))
                own[node] = node.target(*given, **named)  # type: ignore[operator]
            if n == 0 or node not in shared:
                found[node].append(own[node])
    return {node: _stacked(values) for node, values in found.items() if values}


def _stacked(values: list[Any]) -> Any:
    if isinstance(values[0], Tensor):
        found = torch.stack(values).cpu()
        # a type that numpy does not have
        return (found.float() if found.dtype == torch.bfloat16 else found).numpy()
    return values


def taylor(at_centre: list[np.ndarray], last: np.ndarray, radius: float) -> np.ndarray:
    r"""sup over the ball of a derivative's norm, from norms of it and of the next ones at the centre.

        norm(D(w)) <= sum_j norm(D_j(w_0)) r^j/j! + sup norm(D_k) r^k/k!

    >>> float(taylor([np.array(1.0), np.array(2.0)], np.array(4.0), 1.0).round(9))     # 1 + 2 + 4/2
    5.0
    """
    total = np.zeros_like(last)
    for j, norm in enumerate(at_centre):
        total = total + norm * radius**j / math.factorial(j)
    return (total + last * radius ** len(at_centre) / math.factorial(len(at_centre))) * INFLATION
