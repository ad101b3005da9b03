"""Blocks of parameters: entries of w that a loss uses together."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import torch
from torch.fx import Graph, Node

from empirics.certificates.norms.structural import MOVING

aten = torch.ops.aten
SPLITTING = (aten.split_with_sizes.default, aten.split.Tensor, aten.unbind.int, aten.chunk.default)


def blocks_of(graph: Graph, d: int, most: int) -> np.ndarray:
    """A number for each entry of w, (d,): equal where the loss reads the entries in the same tensors.

    More than `most` blocks are joined, neighbours first, the smallest ones first.

    Args:
        graph: of a recorded loss; its first argument is w.
        d: entries of w.
        most: blocks at most.
    """
    first = next(node for node in graph.nodes if node.op == "placeholder")
    known: dict[Node, object] = {first: torch.arange(d)}
    reads: list[np.ndarray] = []
    for node in graph.nodes:
        source = node.args[0] if node.args else None
        if not isinstance(source, Node) or source not in known or node.op != "call_function":
            continue
        others = [argument for argument in node.all_input_nodes if argument is not source]
        if node.target in (*MOVING, *SPLITTING, operator.getitem) and not others:
            given = [known[source], *node.args[1:]]
            known[node] = node.target(*given, **node.kwargs)  # type: ignore[operator]
    for node, places in known.items():
        if isinstance(places, torch.Tensor) and any(user not in known for user in node.users):
            reads.append(np.isin(np.arange(d), places.numpy().ravel()))
    if not reads:
        return np.zeros(d, dtype=np.int64)
    _, found = np.unique(np.stack(reads, axis=1), axis=0, return_inverse=True)
    return _joined(found.ravel(), most)


def _joined(found: np.ndarray, most: int) -> np.ndarray:
    names, firsts, sizes = np.unique(found, return_index=True, return_counts=True)
    groups = [[int(names[place])] for place in np.argsort(firsts)]
    total = {int(name): int(size) for name, size in zip(names, sizes, strict=True)}
    while len(groups) > most:
        size = [sum(total[name] for name in group) for group in groups]
        place = int(np.argmin([a + b for a, b in itertools.pairwise(size)]))
        groups[place : place + 2] = [groups[place] + groups[place + 1]]
    result = np.zeros_like(found)
    for number, group in enumerate(groups):
        result[np.isin(found, group)] = number
    return result
