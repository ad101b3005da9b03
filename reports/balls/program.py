"""A recorded loss made ready for ball arithmetic: which operations move with w, and what does not move, once."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
import torch
from flint import arb
from torch import Tensor
from torch.fx import GraphModule, Node

from reports.balls.arrays import constant, exact
from reports.balls.jets import Jet
from reports.balls.operations.operation import ANY, Call, Operation, Site, UnknownOperationError, numbers
from reports.balls.operations.structural import OPERAND, after
from reports.balls.operations.structural import TABLE as STRUCTURAL
from reports.balls.operations.table import OPERATIONS

aten = torch.ops.aten
# Only the shape of their first argument matters.
_ALIKE = {
    *(aten.new_full.default, aten.full_like.default, aten.new_zeros.default, aten.zeros_like.default),
    *(aten.new_ones.default, aten.ones_like.default),
}


@dataclass(frozen=True, eq=False)
class Source:
    """Where an operand comes from: a step's place in the program (-1 is w), or a node or number that does not move."""

    step: int | None
    fixed: Any = None
    condition: bool = False


@dataclass(frozen=True, eq=False)
class Step:
    """One operation that moves with w."""

    operation: Operation
    site: Site
    sources: tuple[Source, ...]


class Program:
    """The steps of one agent's loss, in order, and the values of what does not move at any precision.

    The loss is the result of the last step, a single number; without steps it does not depend on w.
    """

    def __init__(self, graph: GraphModule, d: int, own: Mapping[str, Tensor]) -> None:
        """Take (w, arrays in order) -> (loss,).

        Raises:
            UnknownOperationError: an operation is not in the table.
        """
        self.d = d
        self._places: dict[Node, int] = {}
        self._run: dict[Node, Any] = {}
        self._exact: set[Node] = set()
        self._jets: dict[int, dict[Any, Any]] = {}
        self._inputs: dict[int, list[list[Any]]] = {}
        self.steps: list[Step] = []
        self.degrees: list[float] = []
        given = iter(own.values())
        nodes = _needed(graph)
        for node in graph.graph.nodes:
            if node.op == "placeholder":
                if not self._places and not self._run:
                    self._places[node] = -1
                else:
                    self._hold(node, next(given))
            elif node.op == "get_attr":
                self._hold(node, getattr(graph, str(node.target)))
            elif node.op == "call_function" and node in nodes:
                self._take(node)
            elif node.op == "output":
                self._output = node.args[0][0]  # type: ignore[index]
        self._drop_unused()

    @property
    def out(self) -> int | None:
        """The step whose result is the loss; -1 is w itself, None a loss that does not depend on w."""
        return self._places.get(self._output)

    @property
    def degree(self) -> float:
        """The degree of the loss as a polynomial in w, at most; infinite where it is not known to be one."""
        return 0.0 if self.out is None else self._degree(self.out)

    @property
    def numbers(self) -> int:
        """How many numbers its steps compute."""
        return sum(math.prod(step.site.shape) for step in self.steps)

    def operand(self, source: Source) -> Any:
        """The jet (or condition) of what does not move, at the working precision."""
        known = self._jets.setdefault(flint.ctx.prec, {})
        key = (source.fixed, source.condition)
        if key not in known:
            known[key] = self._evaluated(source.fixed, source.condition)
        return known[key]

    def inputs(self) -> list[list[Any]]:
        """For every step its operands at the working precision, None for those that move; worked out once."""
        bits = flint.ctx.prec
        if bits not in self._inputs:
            self._inputs[bits] = [
                [self.operand(source) if source.step is None else None for source in step.sources]
                for step in self.steps
            ]
        return self._inputs[bits]

    def constant_loss(self) -> arb:
        """The loss where it does not depend on w."""
        return self.operand(Source(None, self._output)).first.item()

    def _hold(self, node: Node, value: Any) -> None:
        self._run[node] = value
        self._exact.add(node)

    def _take(self, node: Node) -> None:
        moving = any(argument in self._places for argument in node.all_input_nodes)
        if node.target in _ALIKE:
            self._hold(node, _alike(node, self._run))
        elif moving and not _several(node):
            self._append(node)
        elif moving:
            # Its results are steps of their own.
            self._places[node] = -2
        else:
            self._run[node] = _executed(node, self._run)
            if self._stays_exact(node):
                self._exact.add(node)

    def _stays_exact(self, node: Node) -> bool:
        """Whether torch rounds nothing: integers, entries that only move, and what is made from no tensor."""
        if node.target is operator.getitem:
            return node.args[0] in self._exact
        value = self._run[node]
        if isinstance(value, Tensor) and not value.is_floating_point():
            return True
        inputs = node.all_input_nodes
        return not inputs or (node.target in STRUCTURAL and all(argument in self._exact for argument in inputs))

    def _append(self, node: Node) -> None:
        operation, site, sources = self._site(node)
        site, sources = self._joined(site, sources)
        self.degrees.append(operation.degree([self._degree_of(source) for source in sources], site))
        self._places[node] = len(self.steps)
        self.steps.append(Step(operation, site, tuple(sources)))

    def _joined(self, site: Site, sources: list[Source]) -> tuple[Site, list[Source]]:
        """A rearrangement of a rearrangement, as one of what the first one took."""
        place = sources[0].step
        if len(sources) != 1 or place is None or place < 0:
            return site, sources
        before = self.steps[place]
        note = after(before.site.note, site.note)
        if note is None:
            return site, sources
        joined = Site(site.target, None, site.arguments, before.site.shapes, site.shape, before.site.wanted, note)
        return joined, list(before.sources)

    def _drop_unused(self) -> None:
        """Keep the steps that the loss still needs."""
        used: set[int] = set()
        rest = [] if self.out is None or self.out < 0 else [self.out]
        while rest:
            place = rest.pop()
            if place not in used:
                used.add(place)
                rest += [
                    source.step for source in self.steps[place].sources if source.step is not None and source.step >= 0
                ]
        new = {old: place for place, old in enumerate(sorted(used))} | {-1: -1}
        self.degrees = [self.degrees[old] for old in sorted(used)]
        self.steps = [
            Step(
                self.steps[old].operation,
                self.steps[old].site,
                tuple(
                    source if source.step is None else replace(source, step=new[source.step])
                    for source in self.steps[old].sources
                ),
            )
            for old in sorted(used)
        ]
        self._places = {node: new[place] for node, place in self._places.items() if place in new}

    def _degree(self, place: int) -> float:
        return 1.0 if place == -1 else self.degrees[place]

    def _degree_of(self, source: Source) -> float:
        return 0.0 if source.step is None else self._degree(source.step)

    def _site(self, node: Node) -> tuple[Operation, Site, list[Source]]:
        parent: Any = node
        component: Any = None
        if node.target is operator.getitem:
            parent, component = node.args
        operation = OPERATIONS.get(parent.target)
        if operation is None:
            raise UnknownOperationError(f"{parent.target} has no rule in ball arithmetic")
        arguments = _arguments(parent)
        places = range(len(arguments)) if operation.operands == ANY else operation.operands
        sources: list[Source] = []
        for place in places:
            if place < len(arguments) and arguments[place] is not None:
                every = operation.operands == ANY
                arguments[place] = self._taken(arguments[place], place in operation.conditions, every, node, sources)
        arguments = [self._plain(argument, parent) for argument in arguments]
        shape = tuple(node.meta["val"].shape)
        site = Site(parent.target, component, arguments, [self._shape(source) for source in sources], shape)
        site.wanted = [source.step is not None and not source.condition for source in sources]
        site.note = None if operation.prepare is None else operation.prepare(site)
        return operation, site, sources

    def _taken(self, argument: Any, condition: bool, every: bool, node: Node, sources: list[Source]) -> Any:
        """The argument without its operands, which are added to the sources."""
        if isinstance(argument, (list, tuple)):
            return [self._taken(part, condition, every, node, sources) for part in argument]
        if not isinstance(argument, Node):
            if every:
                return argument
            sources.append(Source(None, _in_precision(argument, node)))
            return argument
        moving = argument in self._places
        if every and not moving and not _floating(self._run[argument]):
            return argument
        sources.append(Source(self._places.get(argument), argument, condition))
        return OPERAND

    def _plain(self, argument: Any, node: Node) -> Any:
        """An argument as torch takes it, nodes replaced by their values."""
        if isinstance(argument, (list, tuple)):
            return [self._plain(part, node) for part in argument]
        if not isinstance(argument, Node):
            return argument
        if argument in self._places:
            raise UnknownOperationError(f"{node.target} with a place or a count that depends on w has no rule")
        return self._run[argument]

    def _shape(self, source: Source) -> tuple[int, ...]:
        if source.step == -1:
            return (self.d,)
        if source.step is not None:
            return self.steps[source.step].site.shape
        return tuple(self._run[source.fixed].shape) if isinstance(source.fixed, Node) else ()

    def _evaluated(self, fixed: Any, condition: bool) -> Any:
        if not isinstance(fixed, Node):
            return Jet([constant(arb(fixed), ())])
        value = self._run[fixed]
        if condition:
            return value.cpu().numpy().astype(np.int8)
        if fixed in self._exact:
            return Jet([exact(value)])
        operation, site, sources = self._site(fixed)
        call = Call(site, [self.operand(source) for source in sources], wide=False)
        return Jet([operation.forward(call, 0)])


def as_numbers(value: Any) -> Jet:
    """A jet, also of a condition."""
    return Jet([numbers(value)]) if isinstance(value, np.ndarray) else value


def _needed(graph: GraphModule) -> set[Node]:
    """The nodes that the result depends on."""
    found: set[Node] = set()
    rest = [graph.graph.output_node()]
    while rest:
        node = rest.pop()
        if node not in found:
            found.add(node)
            rest += node.all_input_nodes
    return found


def _several(node: Node) -> bool:
    return isinstance(node.meta.get("val"), (tuple, list))


def _floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _arguments(node: Node) -> list[Any]:
    """All arguments of the operation's schema in order, defaults filled in."""
    schema = node.target._schema.arguments  # type: ignore[union-attr]
    given = dict(zip((argument.name for argument in schema), node.args, strict=False)) | dict(node.kwargs)
    return [given.get(argument.name, argument.default_value) for argument in schema]


def _in_precision(number: Any, node: Node) -> Any:
    """A number as the operation uses it: torch rounds it to the precision of the result."""
    value = node.meta["val"]
    single = isinstance(number, float) and isinstance(value, Tensor) and value.dtype == torch.float32
    return float(np.float32(number)) if single else number


def _alike(node: Node, known: Mapping[Node, Any]) -> Any:
    """A tensor whose entries do not depend on the one that lent it its shape."""
    lent: Any = node.args[0]
    value = lent.meta["val"]
    return _executed(node, {**known, lent: torch.zeros(value.shape, dtype=value.dtype)})


@torch.no_grad()
def _executed(node: Node, known: Mapping[Node, Any]) -> Any:
    def value(argument: Any) -> Any:
        if isinstance(argument, (list, tuple)):
            return [value(part) for part in argument]
        return known[argument] if isinstance(argument, Node) else argument

    keywords = {name: value(argument) for name, argument in node.kwargs.items()}
    return node.target(*(value(argument) for argument in node.args), **keywords)  # type: ignore[operator]
