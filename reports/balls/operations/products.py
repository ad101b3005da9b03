"""Products of matrices and vectors, each by ball matrices: far quicker than entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from flint import arb, arb_mat

from reports.balls.arrays import boxed, unbroadcast
from reports.balls.jets import Jet, Part, mapped, of_matrices
from reports.balls.operations.operation import Call, Operation, Site, bilinear

aten = torch.ops.aten
Form = tuple[int, int, int]


def product(
    a: Jet, b: Jet, forms: tuple[Form, Form], turned: tuple[bool, bool], order: int, shape: tuple[int, ...]
) -> Part:
    """The coefficient of t^order of a b, both read as stacks of matrices of these forms and, if asked, transposed."""
    sums: list[arb_mat] | None = None
    for i in range(order + 1):
        left = a.matrices(i, forms[0], turned[0])
        right = b.matrices(order - i, forms[1], turned[1]) if left is not None else None
        if left is None or right is None:
            continue
        terms = [x * y for x, y in zip(left, right, strict=True)]
        sums = terms if sums is None else [x + y for x, y in zip(sums, terms, strict=True)]
    return None if sums is None else of_matrices(sums, shape)


def _forms(site: Site) -> tuple[Form, Form, Form]:
    """Stacks of matrices that the two factors and their product are: vectors are columns, and a row in a dot."""
    first, second = site.shapes[-2:]
    if len(first) == 3:
        return _form(first), _form(second), (first[0], first[1], second[2])
    if len(first) == 1:
        return (1, 1, first[0]), (1, second[0], 1), (1, 1, 1)
    (rows, inner), columns = first, second[1] if len(second) == 2 else 1
    return (1, rows, inner), (1, inner, columns), (1, rows, columns)


def _form(shape: tuple[int, ...]) -> Form:
    return shape[0], shape[1], shape[2]


def _product(call: Call, order: int) -> Part:
    left, right, _ = call.site.note
    a, b = call.inputs[-2:]
    return product(a, b, (left, right), (False, False), order, call.site.shape)


def _product_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    (left, right, out), site = call.site.note, call.site
    a, b = call.inputs[-2:]
    return [
        product(adjoint, b, (out, right), (False, True), order, site.shapes[-2]) if site.wanted[-2] else None,
        product(a, adjoint, (left, out), (True, False), order, site.shapes[-1]) if site.wanted[-1] else None,
    ]


def _factor(site: Site, place: int) -> Any:
    factor = site.arguments[place]
    return None if factor == 1 else factor if isinstance(factor, int) else arb(factor)


def _scaled(part: Part, factor: Any) -> Part:
    return part if factor is None else mapped(lambda x: x * factor, part)


def _added(call: Call, order: int) -> Part:
    """beta c + alpha a b."""
    site = call.site
    own = _scaled(call.inputs[0][order], _factor(site, 3))
    part = _scaled(_product(call, order), _factor(site, 4))
    if own is None:
        return part
    if part is None:
        return np.broadcast_to(own, site.shape)
    return boxed(part + own)


def _added_back(call: Call, order: int, adjoint: Jet) -> list[Part]:
    site, part = call.site, adjoint[order]
    own = _scaled(mapped(lambda x: unbroadcast(x, site.shapes[0]), part), _factor(site, 3)) if site.wanted[0] else None
    alpha = _factor(site, 4)
    return [own, *(_scaled(back, alpha) for back in _product_back(call, order, adjoint))]


def _added_degree(degrees: list[float], site: Site) -> float:
    return max(degrees[0], degrees[1] + degrees[2])


PRODUCT = Operation(_product, _product_back, operands=(0, 1), degree=bilinear, prepare=_forms)
ADDED = Operation(_added, _added_back, operands=(0, 1, 2), degree=_added_degree, prepare=_forms)

TABLE = {
    **dict.fromkeys((aten.mm.default, aten.bmm.default, aten.mv.default, aten.dot.default), PRODUCT),
    **dict.fromkeys((aten.addmm.default, aten.baddbmm.default, aten.addmv.default), ADDED),
}
