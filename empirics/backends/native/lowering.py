"""A recorded graph of one agent as a program of the compiled engine.

The graph computes a gradient and a Hessian-vector product and is cut into four phases: what depends on the samples
alone, on the point, what only the gradient needs, and what depends on v. Views cost nothing: torch makes them on meta
tensors, and an instruction reads through their strides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.fx import GraphModule, Node

from empirics.backends.native.instructions import PHASES
from empirics.backends.native.tensors import Value, allotted, covers, matrix_strides
from empirics.backends.native.writer import GRADIENT, PRIMAL, SAMPLES, TANGENT, Draft, Writer


def lowered(graph: GraphModule, parts: int, width: int, operations: Callable[..., Value]) -> Draft:
    """The program of a graph (point parts, data, vector parts) -> (gradient parts, product parts).

    There are `parts` of each but the data; `operations(writer, node, arguments)` writes one node.
    """
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    groups = {"point": placeholders[:parts], "batch": placeholders[parts:-parts], "vector": placeholders[-parts:]}
    writer, phases = Writer(width), _phases(graph, set(groups["point"]), set(groups["vector"]))
    values: dict[Node, Any] = {}
    for area, nodes in groups.items():
        offset = 0
        for node in nodes:
            shape = tuple(node.meta["val"].shape)
            value = values[node] = allotted(shape, matrix_strides(shape, width), width)
            value.storage.area, value.storage.offset = area, offset
            offset += value.storage.size
    for writer.phase in range(len(PHASES)):
        before = dict(writer.copies)
        for node in graph.graph.nodes:
            if phases.get(node) == writer.phase:
                values[node] = operations(writer, node, lambda argument: values[argument])
        first = {GRADIENT: 0, TANGENT: parts}.get(writer.phase)
        if first is not None:
            results: Any = graph.graph.output_node().args[0]
            area = "gradient" if first == 0 else "result"
            _deliver(writer, area, [values[node] for node in results[first : first + parts]])
            # The engine asks for products without the gradient, whose copies are then not there.
            writer.copies = before
    data = tuple(values[node] for node in groups["batch"])
    return Draft(data, tuple(map(tuple, writer.steps)), tuple(writer.constants), tuple(writer.storages))


def _phases(graph: GraphModule, point: set[Node], vector: set[Node]) -> dict[Node, int]:
    """When each call is made; both sets are changed: what depends on their nodes is added."""
    calls = [node for node in graph.graph.nodes if node.op in ("call_function", "get_attr")]
    for node in calls:
        for kind in (point, vector):
            if any(argument in kind for argument in node.all_input_nodes):
                kind.add(node)
    needed: set[Node] = set()
    for node in reversed(calls):
        if node in vector or node in needed:
            needed.update(node.all_input_nodes)
    return {
        node: TANGENT if node in vector else SAMPLES if node not in point else PRIMAL if node in needed else GRADIENT
        for node in calls
    }


def _deliver(writer: Writer, area: str, results: list[Any]) -> None:
    """Put results where the engine reads them; the writer gets the steps, and storages their places.

    A result is computed there when nothing else needs it, else copied.
    """
    offset = 0
    for given in results:
        value = given if isinstance(given, Value) else writer.constant(given)
        strides = matrix_strides(value.shape, writer.width)
        target = allotted(value.shape, strides, writer.width)
        storage, born = value.storage, value.storage.uses[0][0] if value.storage.uses else None
        if storage.area is None and born == writer.phase and covers(value, strides, target.storage.size):
            storage.area, storage.offset = area, offset
        else:
            target.storage.area, target.storage.offset = area, offset
            writer.elementwise("copy", value, into=target)
        offset += target.storage.size
