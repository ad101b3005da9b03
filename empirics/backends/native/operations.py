"""How each recorded operation of torch is written as steps of a program: one entry of `HANDLERS` an operation.

Truth values and integers are kept as real numbers; nothing is divided or rounded in integers, and every operation that
is not listed is refused.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.fx import Node

from empirics.backends.native.instructions import COMPARISONS, UNARY
from empirics.backends.native.tensors import Value
from empirics.backends.native.writer import UnsupportedError, Writer

aten = torch.ops.aten

Handler = Callable[..., Any]
"""(writer, node, *arguments of the node, Values in place of its nodes) -> what stands for the node; it writes steps."""


def written(writer: Writer, node: Node, given: Callable[[Node], Any]) -> Any:
    """The result of a node: a Value, or a tensor where it is known already. The writer gets the steps.

    Raises:
        UnsupportedError: an operation that programs do not know.
    """
    arguments = [_resolved(argument, given) for argument in node.args]
    if node.target is operator.getitem:
        return arguments[0][arguments[1]]
    if not any(isinstance(argument, Value) for argument in _flat(arguments)):
        return _known(node, arguments)
    if node.target not in HANDLERS:
        raise UnsupportedError(str(node.target))
    return HANDLERS[node.target](writer, node, *arguments)


def _resolved(argument: Any, given: Callable[[Node], Any]) -> Any:
    if isinstance(argument, Node):
        return given(argument)
    return [_resolved(part, given) for part in argument] if isinstance(argument, (list, tuple)) else argument


def _flat(arguments: Sequence[Any]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, (list, tuple)):
            yield from _flat(argument)
        else:
            yield argument


def _known(node: Node, arguments: list[Any]) -> Tensor:
    if node.op == "get_attr":
        return operator.attrgetter(str(node.target))(node.graph.owning_module)
    assert callable(node.target)
    return node.target(*arguments, **node.kwargs)


def _ask(condition: bool, node: Node) -> None:
    if not condition:
        raise UnsupportedError(f"{node.target} {node.args[1:]} {dict(node.kwargs)}")


def _boolean(node: Any) -> bool:
    return isinstance(node, Node) and node.meta["val"].dtype == torch.bool


def _is_number(writer: Writer, value: Value, number: float) -> bool:
    return value.storage is writer.number(number).storage


def _broadcast(value: Value, other: Value) -> Value:
    return value.seen(value.meta.expand(torch.broadcast_shapes(value.shape, other.shape)))


def _view(writer: Writer, node: Node, value: Any, *arguments: Any) -> Value:
    assert callable(node.target)
    target = aten.view.default if node.target in (aten._unsafe_view.default, aten.reshape.default) else node.target
    try:
        return value.seen(target(value.meta, *arguments))
    except RuntimeError:
        return writer.reshaped(value, node.meta["val"].shape)


def _pieces(writer: Writer, node: Node, whole: Value, *arguments: Any) -> list[Value]:
    assert callable(node.target)
    return [whole.seen(meta) for meta in node.target(whole.meta, *arguments)]


def _same(writer: Writer, node: Node, value: Value, *arguments: Any) -> Value:
    return value


def _cast(writer: Writer, node: Node, value: Value) -> Value:
    source: Any = node.args[0]
    _ask(node.meta["val"].is_floating_point() or not source.meta["val"].is_floating_point(), node)
    return value


def _elementwise(operation: str, writer: Writer, node: Node, *arguments: Any) -> Value:
    return writer.elementwise(operation, *map(writer.value, arguments))


def _binary(operation: str, writer: Writer, node: Node, *arguments: Any) -> Value:
    _ask(not node.kwargs, node)
    return _elementwise(operation, writer, node, *arguments)


def _scaled(operation: str, writer: Writer, node: Node, a: Any, b: Any) -> Value:
    _ask(not node.kwargs, node)
    a, b = writer.value(a), writer.value(b)
    return _broadcast(a, b) if _is_number(writer, b, 1.0) else writer.elementwise(operation, a, b)


def _sum(operation: str, writer: Writer, node: Node, a: Any, b: Any, *more: Any) -> Value:
    _ask(not more and not set(node.kwargs) - {"alpha"} and not _boolean(node), node)
    a, b, scale = writer.value(a), writer.value(b), float(node.kwargs.get("alpha", 1))  # type: ignore[arg-type]
    if _is_number(writer, b, 0.0):
        return _broadcast(a, b)
    if _is_number(writer, a, 0.0) and operation == "add" and scale == 1:
        return _broadcast(b, a)
    return writer.elementwise(operation, a, b if scale == 1 else writer.elementwise("mul", b, writer.number(scale)))


def _power(writer: Writer, node: Node, value: Value, exponent: Any) -> Value:
    if exponent == 0:
        one = writer.number(1.0)
        return one.seen(one.meta.expand(value.shape))
    if exponent == 1:
        return value
    if exponent == 2:
        return _square(writer, node, value)
    if exponent == 3:
        return writer.elementwise("mul", _square(writer, node, value), value)
    return writer.elementwise("pow", value, writer.number(float(exponent)))


def _square(writer: Writer, node: Node, value: Value) -> Value:
    return writer.elementwise("mul", value, value)


def _reciprocal_root(writer: Writer, node: Node, value: Value) -> Value:
    return writer.elementwise("reciprocal", writer.elementwise("sqrt", value))


def _sigmoid(writer: Writer, node: Node, value: Value) -> Value:
    falling = writer.elementwise("exp", writer.elementwise("neg", value))
    return writer.elementwise("reciprocal", writer.elementwise("add", falling, writer.number(1.0)))


def _not(writer: Writer, node: Node, value: Value) -> Value:
    _ask(_boolean(node.args[0]), node)
    return writer.elementwise("eq", value, writer.number(0.0))


def _and(writer: Writer, node: Node, *arguments: Any) -> Value:
    _ask(all(map(_boolean, node.args)), node)
    return _elementwise("mul", writer, node, *arguments)


def _clamped(writer: Writer, node: Node, value: Value, low: Any = None, high: Any = None) -> Value:
    if low is not None:
        value = writer.elementwise("maximum", value, writer.number(float(low)))
    return value if high is None else writer.elementwise("minimum", value, writer.number(float(high)))


def _threshold_backward(writer: Writer, node: Node, error: Any, value: Any, threshold: Any) -> Value:
    below = _elementwise("le", writer, node, value, threshold)
    return writer.elementwise("where", below, writer.number(0.0), writer.value(error))


def _replaced(place: Callable[..., Tensor], writer: Writer, node: Node, value: Any, part: Any, *where: Any) -> Value:
    value, part = writer.value(value), writer.value(part)
    out = writer.new(value.shape)
    writer.elementwise("copy", value, into=out)
    writer.elementwise("copy", part, into=out.seen(place(out.meta, *where)))
    return out


def _product(writer: Writer, node: Node, a: Any, b: Any, onto: Value | None = None) -> Value:
    a, b = writer.value(a), writer.value(b)
    flat = len(a.shape) == 2
    if flat:
        a, b = (value.seen(value.meta.unsqueeze(0)) for value in (a, b))
    shape = (a.shape[0], a.shape[1], b.shape[2])
    if onto is not None:
        base: Any = node.args[0]
        owned = base.target in (aten.bmm.default, aten.baddbmm.default) and len(base.users) == 1
        made_now = onto.storage.area is None and onto.storage.uses[0][0] == writer.phase
        if not (owned and onto.shape == shape and made_now):
            held = writer.new(shape, writer.product_strides(shape))
            writer.elementwise("copy", onto, into=held)
            onto = held
    made = writer.product(a, b, onto)
    return made.seen(made.meta.squeeze(0)) if flat else made


def _product_onto(writer: Writer, node: Node, onto: Any, a: Any, b: Any) -> Value:
    _ask(not node.kwargs, node)
    return _product(writer, node, a, b, writer.value(onto))


def _dims(value: Value, dims: Any) -> list[int]:
    return list(dims or range(len(value.shape)))


def _reduced(
    operation: str, neutral: float, writer: Writer, node: Node, value: Value, dims: Any = None, *_: Any
) -> Value:
    dims = _dims(value, dims)
    found = writer.reduced(operation, neutral, value, dims)
    keeps = len(node.meta["val"].shape) == len(value.shape)
    return found if keeps else found.seen(found.meta.squeeze(tuple(dims)))


_total, _highest = partial(_reduced, "sum", 0.0), partial(_reduced, "amax", -math.inf)


def _mean(writer: Writer, node: Node, value: Value, dims: Any = None, *_: Any) -> Value:
    count = math.prod(value.shape[dim] for dim in _dims(value, dims))
    return writer.elementwise("mul", _total(writer, node, value, dims), writer.number(1.0 / count))


def _lowest(writer: Writer, node: Node, value: Value, *dims: Any) -> Value:
    return writer.elementwise("neg", _highest(writer, node, writer.elementwise("neg", value), *dims))


def _all(writer: Writer, node: Node, value: Value, *dims: Any) -> Value:
    return _not(writer, node, _total(writer, node, _not(writer, node, value), *dims))


def _gathered(writer: Writer, node: Node, source: Any, dim: int, index: Any) -> Value:
    source, index = writer.value(source), writer.value(index)
    _ask(bool(index.shape), node)
    out = writer.new(index.shape)
    writer.indexed("gather", out, source, index, dim)
    return out


def _scattered(operation: str, writer: Writer, node: Node, onto: Any, dim: int, index: Any, moved: Any) -> Value:
    onto, index, moved = map(writer.value, (onto, index, moved))
    _ask(bool(index.shape) and not node.kwargs, node)
    out = writer.new(onto.shape)
    writer.elementwise("copy", onto, into=out)
    seen = moved.meta[tuple(slice(0, length) for length in index.shape)] if moved.shape else moved.meta
    writer.indexed(operation, out, moved.seen(seen.expand(index.shape)), index, dim)
    return out


def _joined(writer: Writer, node: Node, parts: Sequence[Any], dim: int = 0) -> Value:
    out, start = writer.new(node.meta["val"].shape), 0
    for value in map(writer.value, parts):
        writer.elementwise("copy", value, into=out.seen(out.meta.narrow(dim, start, value.shape[dim])))
        start += value.shape[dim]
    return out


HANDLERS: dict[Any, Handler] = {
    **{getattr(aten, name).default: partial(_elementwise, name) for name in UNARY if name != "copy"},
    aten.sgn.default: partial(_elementwise, "sign"),
    torch.ops.prims.expm1.default: partial(_elementwise, "expm1"),
    **{
        overload: partial(_binary, name)
        for name in COMPARISONS
        for overload in (getattr(aten, name).Tensor, getattr(aten, name).Scalar)
    },
    **{getattr(aten, name).default: partial(_binary, name) for name in ("maximum", "minimum", "tanh_backward")},
    aten.mul.Tensor: partial(_scaled, "mul"),
    aten.mul.Scalar: partial(_scaled, "mul"),
    aten.div.Tensor: partial(_scaled, "div"),
    aten.div.Scalar: partial(_scaled, "div"),
    aten.add.Tensor: partial(_sum, "add"),
    aten.add.Scalar: partial(_sum, "add"),
    aten.sub.Tensor: partial(_sum, "sub"),
    aten.sub.Scalar: partial(_sum, "sub"),
    aten.pow.Tensor_Scalar: _power,
    aten.square.default: _square,
    aten.rsqrt.default: _reciprocal_root,
    aten.sigmoid.default: _sigmoid,
    aten.bitwise_not.default: _not,
    aten.logical_not.default: _not,
    aten.bitwise_and.Tensor: _and,
    aten.logical_and.default: _and,
    aten.relu.default: partial(_clamped, low=0.0),
    aten.clamp.default: _clamped,
    aten.clamp_min.default: _clamped,
    aten.clamp_max.default: lambda writer, node, value, high: _clamped(writer, node, value, None, high),
    aten.threshold_backward.default: _threshold_backward,
    aten.where.self: partial(_elementwise, "where"),
    aten.masked_fill.Scalar: lambda writer, node, value, mask, fill: _elementwise(
        "where", writer, node, mask, fill, value
    ),
    aten.copy.default: lambda writer, node, value, source: _broadcast(writer.value(source), writer.value(value)),
    aten.slice_scatter.default: partial(_replaced, aten.slice.Tensor),
    aten.select_scatter.default: partial(_replaced, aten.select.int),
    aten.bmm.default: _product,
    aten.mm.default: _product,
    aten.baddbmm.default: _product_onto,
    aten.addmm.default: _product_onto,
    aten.sum.default: _total,
    aten.sum.dim_IntList: _total,
    aten.mean.default: _mean,
    aten.mean.dim: _mean,
    aten.amax.default: _highest,
    aten.amin.default: _lowest,
    aten.all.dims: _all,
    aten.gather.default: _gathered,
    aten.scatter.value: partial(_scattered, "scatter"),
    aten.scatter.src: partial(_scattered, "scatter"),
    aten.scatter_add.default: partial(_scattered, "scatter_add"),
    aten.cat.default: _joined,
    aten._to_copy.default: _cast,
    **dict.fromkeys((aten.clone.default, aten.alias.default, aten.detach.default, aten.lift_fresh_copy.default), _same),
    **dict.fromkeys(
        (
            *(aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.expand.default),
            *(aten.permute.default, aten.transpose.int, aten.t.default, aten.unsqueeze.default, aten.squeeze.dim),
            *(aten.squeeze.dims, aten.squeeze.default, aten.select.int, aten.slice.Tensor),
        ),
        _view,
    ),
    **dict.fromkeys((aten.split.Tensor, aten.split_with_sizes.default, aten.chunk.default, aten.unbind.int), _pieces),
}
