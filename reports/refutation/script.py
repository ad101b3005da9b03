"""A counterexample as a script that decides it in balls: numpy and python-flint, nothing of this project."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy

from empirics.algorithm.modes import Mode
from reports.cells.cell import TaskPlan
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.judging.measurement import Measurement
from reports.judging.ratio import one_round
from reports.measure.task_instance import TaskInstance
from reports.refutation.equations import equations
from reports.refutation.family import Instance
from theory.enclosure.scope import Scope
from theory.language.algebra import Expr, Kept, PowerGain, S
from theory.tables import Table

_BITS = 400
_BITS_A_STEP = 4  # what a step of a run may lose where differences cancel
_HELPERS = """
number = np.vectorize(lambda x: arb(float(x)), otypes=[object])  # a decimal is the double it denotes, exactly
norm = lambda v: abs(v[0]) if len(v) == 1 else (v @ v).nonnegative_part().sqrt()
"""
_GRADIENTS = {
    "explicit-quadratic": (
        "A, c = number({A}), number({c})\n"
        "n = len(A)\n"
        "loss = lambda i, w: (w - c[i]) @ A[i] @ (w - c[i]) / 2\n"
        "grad = lambda i, w: A[i] @ (w - c[i])\n"
        "hess = lambda i, w: A[i]\n"
    ),
    "explicit-cosine": (
        "a, s, phi = number({a}), number({s}), number({phi})\n"
        "n = len(s)\n"
        "loss = lambda i, w: s[i] @ np.cos(a @ w + phi[i])\n"
        "grad = lambda i, w: -a.T @ (s[i] * np.sin(a @ w + phi[i]))\n"
        "hess = lambda i, w: -(a.T * (s[i] * np.cos(a @ w + phi[i]))) @ a\n"
    ),
    "explicit-spline": (
        "knots, bends, slope, at = number({knots}), number({curvature}), number({slope}), arb({at})\n"
        "n = len(bends)\n"
        "rise = np.diff(bends, axis=1) / np.diff(knots)\n"
        "rise = np.hstack([number(np.zeros((n, 1))), rise, number(np.zeros((n, 1)))])\n"
        "kink = np.diff(rise, axis=1)  # f'' is the broken line through (knots, bends)\n"
        "ramp = lambda x: np.array([arb(x - knot).max(arb(0)) for knot in knots])\n"
        "part = lambda i, x: bends[i, 0] * (x - knots[0]) + kink[i] @ ramp(x) ** 2 / 2\n"
        "area = lambda i, x: bends[i, 0] * (x - knots[0]) ** 2 / 2 + kink[i] @ ramp(x) ** 3 / 6\n"
        "loss = lambda i, w: (slope[i] - part(i, at)) * (w[0] - at) + area(i, w[0]) - area(i, at)\n"
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
g, amp, freq, phase = arb({gradient}), arb({amplitude}), arb({frequency}), number({phi})
direction, ripple = number({u}), number({v})

def batch(size, moving):  # (probability, mean of the signs s1, mean of the signs s2) of a batch
    share = lambda k: (arb(comb(size, k)) / 2**size, arb(2 * k - size) / size)
    one = lambda on: [share(k) for k in range(size + 1)] if on else [(arb(1), arb(0))]
    return [(p * r, s, t) for p, s in one(moving and g != 0) for r, t in one(amp != 0)]

def added(i, s, t):  # what a batch adds to a gradient, and to a Hessian-vector product
    slope = lambda x: s * g * direction[i] - t * amp * freq * (freq * ripple[i] @ x + phase[i]).sin() * ripple[i]
    bend = lambda x, v: -t * amp * freq**2 * (freq * ripple[i] @ x + phase[i]).cos() * (ripple[i] @ v) * ripple[i]
    return slope, bend

def outcomes(i, w, mode):  # every (probability, meta-gradient)
    inner, outer, hessian = batch(D, True), batch(D_prime, True), batch(D_H, False)
    for drawn in product(inner, repeat=nu):
        points = path(i, w, [added(i, s, t)[0] for _, s, t in drawn])
        for p, s, t in outer:
            v = grad(i, points[-1]) + added(i, s, t)[0](points[-1])
            for used in product(hessian, repeat=0 if mode == "first_order" else nu):
                chance = prod([x[0] for x in (*drawn, *used)], start=p)
                if mode == "first_order":
                    yield chance, v
                elif mode == "hessian_free":
                    noisy = lambda l, x: grad(i, x) + added(i, 0, used[l][2])[0](x)
                    diff = lambda l, x, z: (noisy(l, x + delta * z) - noisy(l, x - delta * z)) / (2 * delta)
                    yield chance, sweep(i, points, v, diff)
                else:
                    yield chance, sweep(i, points, v, lambda l, x, z: hess(i, x) @ z + added(i, 0, used[l][2])[1](x, z))
"""
# on quadratics a round is a random affine map, so a linear recursion gives E w and E w w^T whatever K and n are
_DIRECTIONS = """
g, direction = arb({gradient}), number({u})
"""
_RUN = """
eye, zero = number(np.eye(len(w))), number(np.zeros((len(w), len(w))))
trace = lambda x: sum(x[j, j] for j in range(len(x)))

def power(x, k):
    half = power(x, k // 2) if k else eye
    return half @ half @ (x if k % 2 else eye) if k else eye

def steps_of(i, count):  # local steps of an agent: w -> R w + t + noise of covariance N
    P = eye - alpha * A[i]
    sweep = power(P, nu)
    update = A[i] @ (sweep @ sweep if {curved} else sweep)
    step, C = eye - beta * update, zero
    if {noise}:  # of the gradient of a batch, at the end of a noisy trajectory
        C = g**2 * np.outer(direction[i], direction[i])
        along = sum([power(P, j) @ C @ power(P, j) for j in range(nu)], zero)
        C = C / arb(D_prime) + A[i] @ along @ A[i] * (alpha**2 / D)
        C = sweep @ C @ sweep if {curved} else C
    R = power(step, count)
    return R, (eye - R) @ c[i], sum([power(step, t) @ C @ power(step, t) for t in range(count)], zero) * beta**2

rounds = [steps_of(i, tau) for i in range(n)]
bowls = [A[i] @ power(eye - alpha * A[i], 2 * nu) for i in range(n)]  # F_i = (w - c_i)^T bowl_i (w - c_i) / 2
bowl, pull = np.mean(bowls, axis=0), np.mean([bowls[i] @ c[i] for i in range(n)], axis=0)
height = np.mean([c[i] @ bowls[i] @ c[i] for i in range(n)]) / 2
F = lambda first, second: trace(bowl @ second) / 2 - pull @ first + height  # E F(w) from E w and E w w^T
square = lambda first, second: trace(bowl @ bowl @ second) - 2 * pull @ bowl @ first + pull @ pull  # E |grad F(w)|^2
outer = lambda a, b: (  # E (R_a w + t_a)(R_b w + t_b)^T
    a[0] @ second @ b[0].T + np.outer(a[0] @ first, b[1]) + np.outer(a[1], b[0] @ first) + np.outer(a[1], b[1])
)
first, second, states = w, np.outer(w, w), []
before = F(first, second)
for _ in range(K):  # m of n agents are drawn: P(i) = m/n, P(i and j) = m (m - 1) / (n (n - 1))
    states.append((first, second))
    total = [sum(x[1:], x[0]) for x in zip(*rounds)]
    own = sum([outer(a, a) for a in rounds], zero)
    pairs = (outer(total, total) - own) * (arb(m - 1) / (m * n * max(n - 1, 1)))
    first, second = (total[0] @ first + total[1]) / arb(n), (own + total[2]) / arb(m * n) + pairs
after, squares = F(first, second), [square(*state) for state in states]
"""
_LOCAL_RUN = """
def local_squares(t):  # E |grad F|^2 at the mean of all n agents after t local steps, in every round
    R, push, noise = [np.mean(x, axis=0) for x in zip(*[steps_of(i, t) for i in range(n)])]
    moved = lambda first, second: R @ second @ R.T + np.outer(R @ first, push) + np.outer(push, R @ first + push)
    return [square(R @ first + push, moved(first, second) + noise / arb(n)) for first, second in states]

"""
# every agent takes part and nothing is drawn: one path, for any loss
_PATH = """
first = lambda i, w: grad(i, path(i, w)[-1])  # Hessians dropped

def together(w, count):  # the mean of all agents after local steps from w
    ends = []
    for i in range(n):
        at = w
        for _ in range(count):
            at = at - beta * {gradient}(i, at)
        ends.append(at)
    return np.mean(ends, axis=0)

F = lambda w: np.mean([loss(i, path(i, w)[-1]) for i in range(n)])
square = lambda w: sum(np.mean([meta(i, w) for i in range(n)], axis=0) ** 2)  # |grad F(w)|^2
before, states = F(w), []
for _ in range(K):
    states.append(w)
    w = together(w, tau)
after, squares = F(w), [square(state) for state in states]
"""
_LOCAL_PATH = """
def local_squares(t):  # |grad F|^2 at the mean of all agents after t local steps, in every round
    return [square(together(state, t)) for state in states]

"""
_VERDICT = """
measured, claimed = arb(measured), arb(claimed)  # balls around both sides; > asks for all of them
said = f"measured {float(measured):.12g} > claimed {float(claimed):.12g}"
print(said if measured > claimed else "not a counterexample")
raise SystemExit(0 if measured > claimed else 1)"""


def script(instance: Instance, measurement: Measurement, table: Table, *, title: str, left: str) -> str:
    """The text of the script; it prints both sides and exits 1 unless measured > claimed.

    left: the line that computes `measured` from the functions above it.
    """
    cell, made = instance.cell, _written_out(instance.task)
    arguments = dict(made.arguments)
    noise = arguments.pop("noise", None)
    for name in ("A", "c", "a", "s", "phi", "knots", "curvature", "slope", "at"):
        arguments.setdefault(name, None)
    mode = Mode(measurement.setting.mode)
    affine = isinstance(cell, RunCell) and made.factory == "explicit-quadratic"
    lines = [
        f'"""{title}"""',
        "from itertools import product",
        "from math import comb, prod",
        "import numpy as np",
        "from flint import arb, arb_mat, ctx",
        "",
        f"ctx.prec = {_bits(cell, affine)}  # bits of the balls; their radii hold every rounding",
        _HELPERS,
        _numbers(cell, measurement.inputs),
        _GRADIENTS[made.factory].format(**arguments),
    ]
    if not affine:
        lines[-1] += _SWEEP if mode.probes else _SWEEP.partition("def free")[0]
    if noise is not None and (mode.draws or not affine):
        lines.append((_DIRECTIONS if affine else _NOISE).format(**noise))
    lines.append(_left(left, cell, measurement, affine))
    lines += ["", *_constants_words(measurement, table), *_right(measurement, table)]
    lines.append(_VERDICT)
    return "\n".join(lines) + "\n"


def _written_out(task: TaskPlan) -> TaskPlan:
    """The task itself, or the quadratics that its factory makes."""
    if task.factory in _GRADIENTS:
        return task
    form = TaskInstance.of(task).task.quadratic()
    assert form is not None  # stored witnesses and families are written out, but for quadratics
    A, c, _ = form.doubled().arrays()
    return task.model_copy(update={"factory": "explicit-quadratic", "arguments": {"A": A.tolist(), "c": c.tolist()}})


def _bits(cell: PointsCell | NoiseCell | RunCell, affine: bool) -> int:
    """More for a run: a recursion takes a round at once, a path every step of it."""
    if not isinstance(cell, RunCell):
        return _BITS
    return _BITS + _BITS_A_STEP * (cell.rounds + cell.tau if affine else cell.rounds * cell.tau)


def _numbers(cell: PointsCell | NoiseCell | RunCell, inputs: Mapping[str, str]) -> str:
    found = {"alpha": _number(inputs["alpha"]), "nu": str(cell.nu)}
    if getattr(cell, "delta", None) is not None:
        found["delta"] = _number(inputs.get("delta", str(getattr(cell, "delta", None))))
    for name in ("D", "D_prime", "D_H"):
        value = getattr(cell, name, None)
        if value is not None:
            found[name] = str(value)
    if isinstance(cell, RunCell):
        rounds = 1 if one_round(inputs) else cell.rounds  # a row about one round is about the first of its run
        found |= {"beta": _number(inputs["beta"]), "tau": str(cell.tau), "m": inputs["m"], "K": str(rounds)}
    text = "; ".join(f"{name} = {value}" for name, value in found.items())
    points = {"w": (cell.start if isinstance(cell, RunCell) else cell.at) or [0], "u": getattr(cell, "pair", None)}
    named = [f"{name} = number({[float(x) for x in point]})" for name, point in points.items() if point]
    return "\n".join([text, *named])


def _number(text: str) -> str:
    value = Fraction(text)
    if Fraction(float(value)) == value:
        return f"arb({float(value)!r})"
    return f"arb({value.numerator})/{value.denominator}"


def _left(text: str, cell: PointsCell | NoiseCell | RunCell, measurement: Measurement, affine: bool) -> str:
    mode = Mode(measurement.setting.mode)
    if isinstance(cell, NoiseCell):
        return f'mode = "{mode.full_batch}"\n{text}'
    if not isinstance(cell, RunCell):
        return text
    shift = _number(measurement.inputs["F0_gap"])
    gradient = "free" if mode.probes else "meta" if mode.curved else "first"
    run = _RUN.format(curved=mode.curved, noise=mode.draws) if affine else _PATH.format(gradient=gradient)
    local = (_LOCAL_RUN if affine else _LOCAL_PATH) if "local_squares" in text else ""
    return run + local + text.replace("{F0_gap}", shift)


def _constants_words(measurement: Measurement, table: Table) -> list[str]:
    asked = [rule.name for rule in equations(table.formulas[measurement.quantity].hypotheses)]
    lines = ["# the claimed right side, with the constants of this instance"]
    return [*lines, f"# (which only bound, and are stated so that {', '.join(asked)} exactly)"] if asked else lines


def _right(measurement: Measurement, table: Table) -> list[str]:
    scope = table.scope(measurement.inputs)
    order = _needed(measurement.quantity, scope)
    derived = {name: scope.case(name).expression for name in order if _derived(name, scope)}
    uses_series = any(expression.has(S) for expression in derived.values())
    lines = ["S = lambda j, x: sum(x**k for k in range(int(j)))"] if uses_series else []
    lines += ["grad_norm = squares[0].sqrt()"] if "grad_norm" in order else []
    given = [name for name in scope.inputs if name in order]
    skipped = ("alpha", "nu", "delta", "D", "D_prime", "D_H", "beta", "tau", "m", "K", "n", "grad_norm")
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
    """An expression of the theory as Python source over python-flint's balls; counts stay integers.

    >>> from theory.language.symbols import L, nu
    >>> code(2 * L**nu + S(nu, L) / 3)
    '2*arb(L)**nu + arb(1)/3*S(nu, L)'
    """
    if expression.is_Rational:
        return str(expression) if expression.is_Integer else f"arb({expression.p})/{expression.q}"
    if expression is sympy.E:
        return "arb(1).exp()"
    if expression.is_Symbol:
        return _name(str(expression))
    if expression.is_Add:
        return " + ".join(code(part) for part in expression.args)
    if expression.is_Mul:
        return "*".join(_fenced(part) for part in expression.args)
    if expression.is_Pow:
        base, exponent = expression.args
        if exponent == sympy.Rational(1, 2):
            return f"arb({code(base)}).sqrt()"
        bare = (exponent.is_Symbol or exponent.is_Integer) and not exponent.could_extract_minus_sign()
        # an integer to a negative power would be a float
        return f"arb({code(base)})**{code(exponent) if bare else f'({code(exponent)})'}"
    if isinstance(expression, PowerGain):
        base, gain, power = (code(part) for part in expression.args)
        return f"(arb({base} + {gain})**({power}) - arb({base})**({power}))"
    if isinstance(expression, sympy.Sum):
        index, low, high = expression.limits[0]
        return f"sum({code(expression.function)} for {index} in range({code(low)}, {code(high)} + 1))"
    if isinstance(expression, S):
        return f"S({', '.join(code(part) for part in expression.args)})"
    if isinstance(expression, Kept):
        return f"({code(expression.args[0])})"
    parts = [f"arb({code(part)})" for part in expression.args]
    if isinstance(expression, sympy.Abs | sympy.exp | sympy.log):
        return f"abs({parts[0]})" if isinstance(expression, sympy.Abs) else f"{parts[0]}.{expression.func.__name__}()"
    choose = {sympy.Min: "min", sympy.Max: "max"}[type(expression)]
    return parts[0] + "".join(f".{choose}({part})" for part in parts[1:])


def _fenced(part: Expr) -> str:
    return f"({code(part)})" if part.is_Add or (part.is_Number and part < 0) else code(part)
