"""Cleaning a recorded graph of tensor operations: less work, the same numbers up to the order of a sum.

The graphs are those of make_fx: calls of aten operations, one output, no effect but their results (recording removes
writes in place). Every pass changes the graph that it is given and keeps its value; `cleaned` applies them all.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node

aten = torch.ops.aten

_RENAMINGS = {
    *(aten.view.default, aten._unsafe_view.default, aten.expand.default, aten.alias.default, aten.detach.default),
    *(aten.reshape.default, aten.clone.default, aten._to_copy.default, aten.squeeze.dims, aten.permute.default),
    *(aten.transpose.int, aten.slice.Tensor),
}
# Zero whenever their first tensor argument is.
_KEEP_ZERO = {
    *(*_RENAMINGS, aten.select.int, aten.unsqueeze.default, aten.squeeze.dim),
    *(aten.neg.default, aten.sum.dim_IntList, aten.mul.Scalar, aten.div.Scalar, aten.tanh_backward.default),
    *(aten.gelu_backward.default, aten.sigmoid_backward.default, aten.div.Tensor),
}
# Zero when either of their first two arguments is.
_BILINEAR = {aten.mul.Tensor, aten.bmm.default, aten.mm.default}
# The arguments (gradient of the output, input, weight) that results 0 and 1 of a convolution's backward are linear in.
_CONVOLUTION_BACKWARD = {0: (0, 2), 1: (0, 1)}
# Their results have the shape of their first argument, and entries that are all the same.
_ALIKE = {
    aten.zeros_like.default: 0,
    aten.new_zeros.default: 0,
    aten.ones_like.default: 1,
    aten.new_ones.default: 1,
    aten.full_like.default: None,
    aten.fill.Scalar: None,
    # not written yet, so nothing that counts reads it: as zeros it is the same in every run, and no bound sees its bits
    **dict.fromkeys((aten.new_empty.default, aten.empty_like.default, aten.empty.memory_format), 0),
}
_ZEROS = {aten._efficientzerotensor.default, aten.zeros.default, aten.zeros_like.default, aten.new_zeros.default}


def cleaned(graph: GraphModule) -> GraphModule:
    """The same graph, changed: without zeros, copies, repeated and unused operations, its products and sums joined.

    >>> from torch.fx.experimental.proxy_tensor import make_fx
    >>> recorded = make_fx(lambda a: (a * 1 + torch.zeros_like(a)) * 2 + 2 * a)(torch.ones(3))
    >>> sorted(node.target.__name__ for node in cleaned(recorded).graph.nodes if node.op == "call_function")
    ['add.Tensor', 'mul.Tensor']
    """
    nodes = graph.graph
    for turn in (
        _without_templates,
        _without_zeros,
        _without_renamings,
        _without_repetitions,
        _without_renamings,
        _joined,
    ):
        turn(nodes)
        nodes.eliminate_dead_code()
    nodes.lint()
    graph.recompile()
    return graph


def accumulating(graph: GraphModule) -> GraphModule:
    """The same graph, changed: products are added onto one that nothing else uses. The last pass, after `split`."""
    fresh = (aten.bmm.default, aten.baddbmm.default, aten.baddbmm_.default)
    for node in graph.graph.nodes:
        if node.target is aten.baddbmm.default and node.args[0].target in fresh and len(node.args[0].users) == 1:
            node.target = aten.baddbmm_.default
    graph.recompile()
    return graph


def split(graph: GraphModule, inputs: int, outputs: int) -> tuple[GraphModule, GraphModule]:
    """Cut a graph (a, v) -> (p(a), t(a, v)) into new ones, a -> (p, residuals) and (residuals, v) -> t.

    `inputs` counts the graph's arguments a, the rest are v; `outputs` counts the results p, the rest are t. What t
    needs and can be computed from a alone is a residual, computed once for any number of v.
    """
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    moving: set[Node] = set(placeholders[inputs:])
    for node in graph.graph.nodes:
        if any(argument in moving for argument in node.all_input_nodes):
            moving.add(node)
    results = _results(graph)
    late = [node for node in graph.graph.nodes if node in moving and node.op != "output"]
    early = [node for node in graph.graph.nodes if node not in moving and node.op != "output"]
    needed = {argument for node in late for argument in node.all_input_nodes} | set(results[outputs:])
    residuals = [node for node in early if node in needed]
    first = _extracted(graph, early, (*results[:outputs], *residuals))
    return first, _extracted(graph, [*residuals, *late], tuple(results[outputs:]), inputs=set(residuals))


def _results(graph: GraphModule) -> list[Any]:
    given: Any = graph.graph.output_node().args[0]
    return list(given)


def _extracted(
    graph: GraphModule, nodes: list[Node], results: tuple[Any, ...], inputs: set[Node] | None = None
) -> GraphModule:
    made, copies = Graph(), {}
    for node in nodes:
        if inputs and node in inputs:
            copies[node] = made.placeholder(node.name)
        else:
            copies[node] = made.node_copy(node, lambda argument: copies[argument])
    made.output(tuple(copies[result] if isinstance(result, Node) else result for result in results))
    made.eliminate_dead_code()
    return GraphModule(graph, made)


def _shape(node: Any) -> Any:
    value = node.meta.get("val") if isinstance(node, Node) else None
    return (tuple(value.shape), tuple(value.stride()), value.dtype) if isinstance(value, Tensor) else None


def _without_zeros(graph: Graph) -> None:
    """Results that are zero by construction do not enter products, and sums with them are their other term."""
    zeros: set[Node] = set()
    for node in list(graph.nodes):
        tensors = [argument for argument in node.args if isinstance(argument, Node)]
        if node.op != "call_function" or (not tensors and node.target not in _ZEROS):
            continue
        if node.target in _ZEROS or _annihilated(node, tensors, zeros):
            zeros.add(node)
        elif node.target in (aten.add.Tensor, aten.sub.Tensor) and len(tensors) == 2:
            first, second = tensors
            if first in zeros and second in zeros:
                zeros.add(node)
            elif second in zeros and _same_kind(first, node):
                node.replace_all_uses_with(first)
            elif first in zeros and node.target is aten.add.Tensor and not node.kwargs and _same_kind(second, node):
                node.replace_all_uses_with(second)
    for node in zeros:
        _fill(graph, node)


def _without_templates(graph: Graph) -> None:
    """A tensor of equal entries does not depend on the one that lent it its shape."""
    for node in list(graph.nodes):
        if node.target not in _ALIKE:
            continue
        entry = node.args[1] if _ALIKE[node.target] is None else _ALIKE[node.target]
        _replace(graph, node, aten.full.default if entry else aten.zeros.default, (entry,) if entry else ())


def _replace(graph: Graph, node: Node, made: Any, arguments: tuple[Any, ...]) -> None:
    """Put another operation in a node's place: made(shape of the node, *arguments), of its precision and place."""
    value = node.meta["val"]
    kind = {"dtype": value.dtype, "device": value.device}
    _substitute(graph, node, made, (list(value.shape), *arguments), kind)


def _substitute(graph: Graph, node: Node, target: Any, arguments: tuple[Any, ...], kind: dict[str, Any]) -> None:
    with graph.inserting_before(node):
        made = graph.call_function(target, arguments, kind)
    made.meta = dict(node.meta)
    node.replace_all_uses_with(made)


def _annihilated(node: Node, tensors: list[Node], zeros: set[Node]) -> bool:
    if node.target in _KEEP_ZERO:
        return tensors[0] in zeros
    if node.target in _BILINEAR:
        return any(argument in zeros for argument in tensors)
    if node.target is aten.convolution.default and node.args[2] is None:
        return any(argument in zeros for argument in tensors)
    if node.target is operator.getitem and tensors[0].target is aten.convolution_backward.default:
        factors = _CONVOLUTION_BACKWARD.get(node.args[1], ())  # type: ignore[arg-type]
        return any(tensors[0].args[place] in zeros for place in factors)
    return False


def _fill(graph: Graph, node: Node) -> None:
    """A zero that is used after all: made directly, instead of through the products that led to it."""
    if node.target not in _ZEROS and node.users:
        _replace(graph, node, aten.zeros.default, ())


def _same_kind(node: Node, other: Node) -> bool:
    mine, its = _shape(node), _shape(other)
    return mine is not None and its is not None and (mine[0], mine[2]) == (its[0], its[2])


def _without_renamings(graph: Graph) -> None:
    """Views and copies with the layout of their argument, transposes that cancel, and multiplications by one."""
    for node in list(graph.nodes):
        if node.op != "call_function" or not node.args or not isinstance(node.args[0], Node):
            continue
        source = node.args[0]
        unit = node.target in (aten.mul.Scalar, aten.mul.Tensor, aten.div.Tensor) and node.args[1] == 1
        renamed = node.target in _RENAMINGS and _shape(node) == _shape(source) and not _reorders(node)
        if (unit or renamed) and _same_kind(source, node):
            node.replace_all_uses_with(source)
        elif _undoes(node, source):
            node.replace_all_uses_with(source.args[0])


def _undoes(node: Node, source: Node) -> bool:
    if node.target is aten.transpose.int and source.target is aten.transpose.int:
        return set(node.args[1:]) == set(source.args[1:])
    if node.target is aten.permute.default and source.target is aten.permute.default:
        order, inner = node.args[1], source.args[1]
        return [inner[place] for place in order] == sorted(inner)  # type: ignore[index, union-attr]
    return False


def _reorders(node: Node) -> bool:
    """Whether equal layouts may still mean different entries: axes exchanged, or another part cut out."""
    if node.target is aten.permute.default:
        return list(node.args[1]) != sorted(node.args[1])  # type: ignore[arg-type]
    return node.target in (aten.transpose.int, aten.slice.Tensor)


def _without_repetitions(graph: Graph) -> None:
    """One node for each operation on the same arguments."""
    seen: dict[Any, Node] = {}
    for node in list(graph.nodes):
        if node.op != "call_function":
            continue
        key = (node.target, _frozen(node.args), _frozen(node.kwargs))
        if key in seen:
            node.replace_all_uses_with(seen[key])
        else:
            seen[key] = node


def _frozen(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(part) for part in value)
    if isinstance(value, dict):
        return tuple(sorted((name, _frozen(part)) for name, part in value.items()))
    # 1, 1.0 and True are equal but not the same argument.
    return value if isinstance(value, Node) else (type(value), value)


def _joined(graph: Graph) -> None:
    """c + a b as one product that starts from c, where a b is used only there."""
    for node in list(graph.nodes):
        if node.target is not aten.add.Tensor or node.kwargs or len(node.args) != 2:
            continue
        for product, other in (node.args, node.args[::-1]):
            if (
                isinstance(product, Node)
                and isinstance(other, Node)
                and product.target is aten.bmm.default
                and len(product.users) == 1
                and _same_kind(product, node)
            ):
                _substitute(graph, node, aten.baddbmm.default, (other, *product.args), {})
                break
