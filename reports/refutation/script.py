"""A counterexample as a script of a few lines: numpy and the standard library, nothing of this project."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy

from empirics.algorithm.modes import Mode
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement
from reports.refutation.family import Instance
from reports.refutation.targets import source
from theory.enclosure.scope import Scope
from theory.language.algebra import Expr, PowerGain, S
from theory.tables import Table

_GRADIENTS = {
    "explicit-quadratic": (
        "A, c = (np.array(x, dtype=float) for x in ({A}, {c}))\n"
        "n = len(A)\n"
        "loss = lambda i, w: (w - c[i]) @ A[i] @ (w - c[i]) / 2\n"
        "grad = lambda i, w: A[i] @ (w - c[i])\n"
        "hess = lambda i, w: A[i]\n"
    ),
    "explicit-cosine": (
        "a, s, phi = (np.array(x, dtype=float) for x in ({a}, {s}, {phi}))\n"
        "n = len(s)\n"
        "loss = lambda i, w: s[i] @ np.cos(a @ w + phi[i])\n"
        "grad = lambda i, w: -a.T @ (s[i] * np.sin(a @ w + phi[i]))\n"
        "hess = lambda i, w: -(a.T * (s[i] * np.cos(a @ w + phi[i]))) @ a\n"
    ),
    "explicit-spline": (
        "knots, bends, slope, at = np.array({knots}, float), np.array({curvature}, float), {slope}, {at}\n"
        "n = len(bends)\n"
        "rise = np.pad(np.diff(bends, axis=1) / np.diff(knots), ((0, 0), (1, 1)))\n"
        "kink = np.diff(rise, axis=1)  # f'' is the broken line through (knots, bends)\n"
        "ramp = lambda x: np.maximum(x - knots, 0)\n"
        "part = lambda i, x: bends[i, 0] * (x - knots[0]) + kink[i] @ ramp(x) ** 2 / 2\n"
        "grad = lambda i, w: np.array([slope[i] + part(i, w[0]) - part(i, at)])\n"
        "hess = lambda i, w: np.array([[bends[i, 0] + kink[i] @ ramp(w[0])]])\n"
    ),
}
_SWEEP = """
def path(i, w, noise=()):
    points = [w]
    for l in range(nu):
        points.append(points[-1] - alpha * (grad(i, points[-1]) + (noise[l](points[-1]) if noise else 0)))
    return points

def sweep(i, points, v, product):
    for l in reversed(range(nu)):
        v = v - alpha * product(l, points[l], v)
    return v

def meta(i, w):  # P^0 ... P^{nu-1} grad f(w^nu), the exact meta-gradient
    points = path(i, w)
    return sweep(i, points, grad(i, points[-1]), lambda l, x, v: hess(i, x) @ v)

def free(i, w):  # Hessians by central differences
    points = path(i, w)
    difference = lambda l, x, v: (grad(i, x + delta * v) - grad(i, x - delta * v)) / (2 * delta)
    return sweep(i, points, grad(i, points[-1]), difference)
"""
_NOISE = """
g, amp, freq, phase = {gradient}, {amplitude}, {frequency}, {phi}
direction, ripple = np.array({u}, float), np.array({v}, float)

def batch(size, moving):  # (probability, mean of the signs s1, mean of the signs s2) of a batch
    one = lambda on: [(comb(size, k) / 2**size, (2 * k - size) / size) for k in range(size + 1)] if on else [(1.0, 0.0)]
    return [(p * r, s, t) for p, s in one(moving and g) for r, t in one(amp)]

def added(i, s, t):  # what a batch adds to a gradient, and to a Hessian-vector product
    slope = lambda x: s * g * direction[i] - t * amp * freq * np.sin(freq * ripple[i] @ x + phase[i]) * ripple[i]
    bend = lambda x, v: -t * amp * freq**2 * np.cos(freq * ripple[i] @ x + phase[i]) * (ripple[i] @ v) * ripple[i]
    return slope, bend

def outcomes(i, w, mode):  # every (probability, meta-gradient)
    inner, outer, hessian = batch(D, True), batch(D_prime, True), batch(D_H, False)
    for drawn in product(inner, repeat=nu):
        points = path(i, w, [added(i, s, t)[0] for _, s, t in drawn])
        for p, s, t in outer:
            v = grad(i, points[-1]) + added(i, s, t)[0](points[-1])
            for used in product(hessian, repeat=0 if mode == "first_order" else nu):
                chance = prod([x[0] for x in (*drawn, *used)]) * p
                if mode == "first_order":
                    yield chance, v
                elif mode == "hessian_free":
                    noisy = lambda l, x: grad(i, x) + added(i, 0, used[l][2])[0](x)
                    diff = lambda l, x, z: (noisy(l, x + delta * z) - noisy(l, x - delta * z)) / (2 * delta)
                    yield chance, sweep(i, points, v, diff)
                else:
                    yield chance, sweep(i, points, v, lambda l, x, z: hess(i, x) @ z + added(i, 0, used[l][2])[1](x, z))
"""
_RUN = """
def local(i, w):
    for _ in range(tau):
        w = w - beta * {step}
    return w

F = lambda w: np.mean([loss(i, path(i, w)[-1]) for i in range(n)])
dF = lambda w: np.mean([meta(i, w) for i in range(n)], axis=0)
paths, squared = [w], []
for _ in range(K):  # every subset of m agents in every round
    squared.append(np.mean([dF(x) @ dF(x) for x in paths]))
    paths = [np.mean(chosen, axis=0) for x in paths for chosen in combinations([local(i, x) for i in range(n)], m)]
"""


def script(instance: Instance, measurement: Measurement, table: Table, *, title: str, squared: bool) -> str:
    """The text of the script; it prints both sides and exits 1 unless measured > claimed."""
    cell, made = instance.cell, instance.task
    arguments = dict(made.arguments)
    noise = arguments.pop("noise", None)
    for name in ("A", "c", "a", "s", "phi", "knots", "curvature", "slope", "at"):
        arguments.setdefault(name, None)
    sweep = _SWEEP if Mode(measurement.setting.mode).probes else _SWEEP.partition("def free")[0]
    lines = [
        f'"""{title}"""',
        "from itertools import combinations, product",
        "from math import comb, exp, log, prod, sqrt",
        "import numpy as np",
        "",
        _numbers(cell, measurement.inputs),
        _GRADIENTS[made.factory].format(**arguments) + sweep,
    ]
    if noise is not None and isinstance(cell, NoiseCell):
        lines.append(_NOISE.format(**noise))
    lines.append(_left(cell, measurement))
    if squared:
        lines.append("measured = measured ** 2")
    lines += [
        "",
        "# the claimed right side, with the constants of this instance",
        *_right(measurement, table),
        "",
        'print(f"measured {measured:.12g} > claimed {claimed:.12g}" if measured > claimed else "not a counterexample")',
        "raise SystemExit(0 if measured > claimed else 1)",
    ]
    return "\n".join(lines) + "\n"


def _numbers(cell: PointsCell | NoiseCell | RunCell, inputs: Mapping[str, str]) -> str:
    found = {"alpha": _number(inputs["alpha"]), "nu": str(cell.nu)}
    for name in ("delta", "D", "D_prime", "D_H"):
        value = getattr(cell, name, None)
        if value is not None:
            found[name] = str(int(value)) if name != "delta" else _number(str(value))
    if isinstance(cell, RunCell):
        found |= {"beta": _number(inputs["beta"]), "tau": str(cell.tau), "m": inputs["m"], "K": str(cell.rounds)}
        at = cell.start
    else:
        at = cell.at
    text = "; ".join(f"{name} = {value}" for name, value in found.items())
    text += f"\nw = np.array({[float(value) for value in at or [0]]})"
    pair = getattr(cell, "pair", None)
    return text + (f"; u = np.array({[float(value) for value in pair]})" if pair else "")


def _number(text: str) -> str:
    value = Fraction(text)
    return text if "/" not in text else repr(float(value)) if Fraction(float(value)) == value else f"({text})"


def _left(cell: PointsCell | NoiseCell | RunCell, measurement: Measurement) -> str:
    text, mode = source(measurement).script, Mode(measurement.setting.mode)
    if "F0_gap" in measurement.inputs:
        text = text.replace("{F0_gap}", repr(float(Fraction(measurement.inputs["F0_gap"]))))
    if isinstance(cell, NoiseCell):
        return f'mode = "{mode.full_batch}"\n{text}'
    if isinstance(cell, RunCell):
        step = "free(i, w)" if mode.probes else "meta(i, w)" if mode.curved else "grad(i, path(i, w)[-1])"
        return _RUN.format(step=step) + text
    return text


def _right(measurement: Measurement, table: Table) -> list[str]:
    scope = table.scope(measurement.inputs)
    order = _needed(measurement.quantity, scope)
    derived = {name: scope.case(name).expression for name in order if _derived(name, scope)}
    uses_series = any(expression.has(S) for expression in derived.values())
    lines = ["S = lambda j, x: sum(x**k for k in range(int(j)))"] if uses_series else []
    given = [name for name in scope.inputs if name in order]
    skipped = ("alpha", "nu", "delta", "D", "D_prime", "D_H", "beta", "tau", "m", "K")
    rows = [f"{_name(name)} = {_number(str(scope.inputs[name]))}" for name in given if name not in skipped]
    lines += ["; ".join(rows[at : at + 4]) for at in range(0, len(rows), 4)]
    for name, expression in derived.items():
        lines.append(f"{'claimed' if name == measurement.quantity else _name(name)} = {code(expression)}")
    return lines


def _derived(name: str, scope: Scope) -> bool:
    """Whether a quantity follows from the inputs by its formula."""
    return name in scope.formulas and name not in scope.inputs


def _needed(quantity: str, scope: Scope) -> list[str]:
    """Everything a quantity needs, each after what it needs itself."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if _derived(name, scope):
            for item in sorted(str(symbol) for symbol in scope.case(name).expression.free_symbols):
                visit(item)
        order.append(name)

    visit(quantity)
    return order


def _name(name: str) -> str:
    return name.replace(".", "_").replace("lambda", "lambda_")


def code(expression: Expr) -> str:
    """An expression of the theory as Python source.

    >>> from theory.language.symbols import L, nu
    >>> code(2 * L**nu + S(nu, L))
    '2*L**nu + S(nu, L)'
    """
    if expression.is_Rational:
        return str(expression) if expression.is_Integer else f"({expression.p}/{expression.q})"
    if expression is sympy.E:
        return "exp(1)"
    if expression.is_Symbol:
        return _name(str(expression))
    if expression.is_Add:
        return " + ".join(code(part) for part in expression.args)
    if expression.is_Mul:
        return "*".join(_fenced(part) for part in expression.args)
    if expression.is_Pow:
        base, exponent = expression.args
        if exponent == sympy.Rational(1, 2):
            return f"sqrt({code(base)})"
        bare = (exponent.is_Symbol or exponent.is_Integer) and not exponent.could_extract_minus_sign()
        return f"{_fenced(base)}**{code(exponent) if bare else f'({code(exponent)})'}"
    if isinstance(expression, PowerGain):
        base, gain, power = (code(part) for part in expression.args)
        return f"(({base} + {gain})**({power}) - ({base})**({power}))"
    if isinstance(expression, sympy.Sum):
        index, low, high = expression.limits[0]
        return f"sum({code(expression.function)} for {index} in range({code(low)}, {code(high)} + 1))"
    name = {"Min": "min", "Max": "max", "Abs": "abs"}.get(type(expression).__name__, type(expression).__name__)
    return f"{name}({', '.join(code(part) for part in expression.args)})"


def _fenced(part: Expr) -> str:
    return f"({code(part)})" if part.is_Add or (part.is_Number and part < 0) else code(part)
