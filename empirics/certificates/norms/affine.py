"""Tensors that are affine functions of w: their derivative is one matrix, whose norms are computed, not composed."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node

from empirics.certificates.norms import structural, sums
from empirics.certificates.norms.blocks import SPLITTING
from empirics.certificates.norms.bounds import MOST, ONE, TWO
from empirics.certificates.norms.majorants import INFLATION, Monomials
from empirics.certificates.norms.matrices import spectral_norms_up
from empirics.numerics.forward_derivatives import jacfwd

aten = torch.ops.aten
_MANY = 2**24
# Rounding of a matrix's entries relative to the product of the norms of the maps that it is composed of.
SLACK = 2.0**-36

_PRODUCTS = (
    *(aten.mul.Tensor, aten.mul.Scalar, aten.mm.default, aten.bmm.default, aten.matmul.default, aten.mv.default),
    *(aten.dot.default, aten.addmm.default, aten.baddbmm.default, aten.addmv.default, aten.convolution.default),
)
_QUOTIENTS = (aten.div.Tensor, aten.div.Scalar)


def degrees(graph: Graph) -> dict[Node, float]:
    """0 for nodes that do not depend on w, 1 for affine ones, inf for the others."""
    found: dict[Node, float] = {}
    for node in graph.nodes:
        own = [found.get(argument, 0.0) for argument in node.all_input_nodes]
        if node.op == "placeholder":
            found[node] = 0.0 if found else 1.0
        elif max(own, default=0.0) == 0:
            found[node] = 0.0
        else:
            found[node] = _degree(node, own)
    return found


def _degree(node: Node, own: list[float]) -> float:
    target = node.target
    if target in (*structural.TABLE, *sums.TABLE, *SPLITTING, operator.getitem):
        return max(own)
    if target in _QUOTIENTS:
        moving = isinstance(node.args[1], Node) and node.args[1] in node.all_input_nodes[1:]
        return own[0] if not moving or own[-1] == 0 else math.inf
    if target in _PRODUCTS and sum(degree > 0 for degree in _factors(node, own)) <= 1:
        return max(own)
    return math.inf


def _factors(node: Node, own: list[float]) -> list[float]:
    """Degrees of the two factors of a product; equal arguments count twice."""
    by_node = dict(zip(node.all_input_nodes, own, strict=True))
    places = (1, 2) if node.target in (aten.addmm.default, aten.baddbmm.default, aten.addmv.default) else (0, 1)
    factors: list[Any] = [node.args[place] for place in places]
    return [by_node.get(factor, 0.0) if isinstance(factor, Node) else 0.0 for factor in factors]


def frontier(graph: Graph, found: dict[Node, float]) -> list[Node]:
    """Affine tensors that something else than an affine operation reads, and that are no mere selections."""
    selections = {node for node in graph.nodes if node.op == "placeholder"}
    nodes = []
    for node in graph.nodes:
        if found[node] != 1 or node.op == "placeholder":
            continue
        source = node.args[0]
        if source in selections and node.target in (*structural.TABLE, *SPLITTING, operator.getitem):
            selections.add(node)
        elif any(found.get(user, math.inf) != 1 for user in node.users):
            nodes.append(node)
    return nodes


def jacobians(module: GraphModule, nodes: list[Node], w: Tensor, arrays: tuple[Tensor, ...]) -> list[np.ndarray | None]:
    """Of each node, the matrices (N, entries, d) of its derivative; None where they would be too large."""
    sizes = [math.prod(node.meta["val"].shape) for node in nodes]
    chosen = [place for place, size in enumerate(sizes) if size * len(w) * len(arrays[0]) <= _MANY]
    result: list[np.ndarray | None] = [None] * len(nodes)
    if not chosen:
        return result
    part = _extracted(module, [nodes[place] for place in chosen])
    rows = []
    for n in range(len(arrays[0])):
        own = tuple(array[n] for array in arrays)
        rows.append(jacfwd(lambda point, own=own: part(point, *own), w))
    for place, values in zip(chosen, zip(*rows, strict=True), strict=True):
        result[place] = torch.stack(list(values)).reshape(len(rows), sizes[place], len(w)).numpy()
    return result


def _extracted(module: GraphModule, nodes: list[Node]) -> GraphModule:
    made, copies = Graph(), {}
    for node in module.graph.nodes:
        if node.op != "output":
            copies[node] = made.node_copy(node, lambda argument: copies[argument])
    made.output(tuple(copies[node] for node in nodes))
    made.eliminate_dead_code()
    return GraphModule(module, made)


def matrix_norms(matrices: np.ndarray, block_of: np.ndarray, table: Monomials) -> np.ndarray:
    """First-degree coefficients (3, N, width) of a tensor with these derivatives (N, entries, d); 0 elsewhere."""
    majorants = np.zeros((3, len(matrices), table.width))
    # the norm of u -> J u in l_1 is at most sqrt(m) that in l_2, and the sum of its rows' lengths
    for block in range(table.blocks):
        own = matrices[..., block_of == block]
        lengths = np.sqrt(np.square(own).sum(axis=-1)) * INFLATION
        two = spectral_norms_up(own)
        majorants[TWO, :, 1 + block] = two
        majorants[ONE, :, 1 + block] = np.minimum(math.sqrt(own.shape[1]) * two, lengths.sum(axis=1)) * INFLATION
        majorants[MOST, :, 1 + block] = lengths.max(axis=1)
    return majorants
