"""The best constants: closed forms, values known from elsewhere, and instances found otherwise never come above."""

from __future__ import annotations

import itertools
import json
import math
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from theory.language.errors import InputError
from theory.language.records import Case
from theory.sharp.checker import check
from theory.sharp.closed_form import drift_ball
from theory.sharp.constants import Pair, root
from theory.sharp.problem import Problem, stated
from theory.sharp.rationals import evaluated
from theory.sharp.reflections import simplex
from theory.sharp.rounds import _own_constant
from theory.sharp.sharpening import BRACKETED, SHARP, UPPER_ONLY, Sharpened, sharpen
from theory.sharp.text import decimal, sharpened_text
from theory.sharp.wedge import Wedge
from theory.tables import default_table

Q = Fraction


def certified(statement: str, **inputs: object) -> Sharpened:
    """A sharpened constant whose certificate has been checked."""
    found = sharpen(statement, **inputs)
    proved = check(found.certificate)
    assert (proved.get("upper"), proved.get("lower")) == (found.upper, found.lower)
    return found


# --- closed forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "low", "high"),
    [
        ({"h": "1/10", "tau": 2, "A": "3/4"}, 6.6617243e-4, 6.6617804e-4),
        ({"h": "1/2", "tau": 3, "A": "3/5"}, 0.01956327668, 0.01956328645),
    ],
)
def test_values_known_from_elsewhere(inputs: dict[str, object], low: float, high: float) -> None:
    found = certified("T1d", **inputs)
    assert found.word == SHARP
    assert found.upper is not None
    assert found.lower is not None
    assert low <= found.lower <= found.upper <= high
    assert found.ours == found.upper


@pytest.mark.parametrize(
    ("beta", "tau", "mu_c", "psi", "omega"),
    [
        ("61/1000", 4, "-369/500", "0.9908703418362182290000000", None),
        ("117/5000", 10, "-1", "1.006578277483366720162453", None),
        ("253/2000", 4, "-699/1000", None, "0.1574403130263687097343750"),
        ("133/10000", 10, "-1", None, "0.05989941411664840264825933"),
    ],
)
def test_the_drift_ball_of_d1(beta: str, tau: int, mu_c: str, psi: str | None, omega: str | None) -> None:
    pair = Pair(Q(beta) * tau, tau, Q(mu_c))
    for value, known in ((pair.psi, psi), (pair.omega, omega)):
        assert known is None or abs(value - Q(known)) < Q(1, 10**23)


def test_coefficients_of_t1d() -> None:
    pair = Pair(Q(31, 200) * 2, 2, Q(-1))
    eps = Q("0.33")
    c = abs(pair.left) / (2 * eps) + pair.h / 2
    assert abs(pair.A(c) - Q("0.7239397698863636363636364")) < Q(1, 10**24)
    pair = Pair(Q(203, 2000) * 2, 2, Q(-1))
    c = abs(pair.left) / (2 * Q("0.332")) + pair.h / 2
    assert abs(c * pair.omega**2 * Q("0.784") ** 2 - Q("0.002060861887430457831325301")) < Q(1, 10**26)


def test_floors_of_t4p() -> None:
    found = certified("T4p", h=Q(413, 10000) * 10, tau=10)
    assert abs(found.ours * Q("1.73") ** 2 - Q("0.1043613562637385973634645")) < Q(1, 10**24)
    found = certified("T4p_gap", h=Q(79, 800) * 4, tau=4, mu_c="-829/100000", mu_F="0.427")
    assert abs(found.ours * Q("0.948") ** 2 - Q("0.005965517082256884569948915")) < Q(1, 10**26)


@pytest.mark.parametrize("h", ["1/50", "1/3", "1/2", "9/10", 1])
def test_t1b_is_sharp_at_two_steps(h: object) -> None:
    found = certified("T1b", h=h, tau=2)
    x = Q(str(h)) / 4  # the drift of two steps, by hand: h (S_0 + S_1)/4
    assert found.ours == x**2 / 2
    assert found.upper is not None
    assert found.lower is not None
    assert x**2 / 2 <= found.upper <= x**2 / 2 * (1 + Q(1, 10**15))
    assert found.lower >= x**2 / 2 * (1 - Q(1, 10**15))


@pytest.mark.parametrize("mu_c", ["-1", "-1/3", "0", "1/2"])
@pytest.mark.parametrize(("h", "tau"), [("1/10", 2), ("1/2", 3), ("1", 5), ("1/3", 7)])
def test_the_floor_is_attained(h: str, tau: int, mu_c: str) -> None:
    found = certified("T4p", h=h, tau=tau, mu_c=mu_c)
    up, down = ((1 - (1 - s * Q(h) / tau) ** tau) / (s * Q(h)) if s else Q(1) for s in (Q(1), Q(mu_c)))
    assert found.upper == found.lower == found.ours == ((down - up) / 2) ** 2 / (up * down)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_floor_is_attained_with_any_number_of_agents(n: int) -> None:
    assert certified("T4p", h="1/2", tau=3, n=n).gap == 0
    corners, weights = simplex(n)
    for u, v in itertools.product(corners, corners):
        assert evaluated([(Q(1), u, v)], weights) == (1 if u is v else Q(-1, n - 1))


def test_the_gap_is_attained_where_the_mean_is_curved_as_the_quadratics() -> None:
    found = certified("T4p_gap", h="1/10", tau=2)
    assert found.word == SHARP
    assert found.gap == 0
    assert found.sides.given["mu_F"] == Q(1, 40)  # omega/psi = h/4 at two steps
    flatter, steeper = (certified("T4p_gap", h="1/10", tau=2, mu_F=mu_F) for mu_F in ("1/100", "1/10"))
    assert flatter.word == steeper.word == BRACKETED


def test_t2p_is_sharp_over_many_rounds_and_bracketed_over_few() -> None:
    limit = certified("T2p", h="1/10", tau=2)
    assert limit.upper == limit.lower == certified("T4p", h="1/10", tau=2).upper
    few, more = (certified("T2p", h="1", tau=2, K=K, F0_gap=1) for K in (5, 80))
    assert few.word == more.word == BRACKETED
    assert few.gap is not None
    assert more.gap is not None
    assert more.gap < few.gap / 2  # both sides tend to the limit
    assert certified("T2p", h="1/10", tau=2, n=2).word == UPPER_ONLY
    once = certified("T2p", h="1/10", tau=2, K=1, F0_gap=3)
    assert once.upper == once.lower == 6  # a gradient of norm g costs g^2/2


@pytest.mark.parametrize(
    ("eps", "leading", "floor"), [(Q(1, 4), 1.199, 0.0056), (Q(1, 2), 1.381, 0.0033), (Q(1), 2.002, 0.0026)]
)
def test_corollary_of_t2p(eps: Q, leading: float, floor: float) -> None:
    largest = 0.0
    for tau in (2, 5, 20, 60):
        pair = Pair(Q(1, 10), tau, Q(-1))
        c = abs(pair.left) / (2 * eps) + pair.h / 2
        assert pair.eps(c) == eps
        largest = max(largest, float(1 / pair.A(c)))
        assert c * pair.omega**2 / pair.A(c) <= floor
    assert leading - 0.001 < largest <= leading  # rounded up, and no further


def test_the_least_n_of_t1d_when_agents_are_drawn() -> None:
    pair, kappa, A = Pair(Q(1, 2), 3, Q(-1)), Q(1, 2), Q(2, 5)
    grid = [pair.least_c(A) + Q(k, 50) for k in range(200)]
    brute = min(
        c * pair.omega**2 + pair.h * kappa * pair.psi**2 * c / (2 * c - pair.h * kappa) for c in grid if pair.A(c) >= A
    )
    c = pair.best_c(A, kappa)
    found = c * pair.omega**2 + pair.h * kappa * pair.psi**2 * c / (2 * c - pair.h * kappa)
    assert pair.A(c) >= A
    assert found <= brute <= found * Q(101, 100)
    given = {"h": Q(1, 2), "tau": Q(1), "mu_c": Q(-1), "A": Q(1, 2), "n": Q(4), "m": Q(2)}
    assert _own_constant("T1d", given)[1] == Q(1, 12)  # T1c: h kappa/2, kappa = 1/3


def test_our_constants_are_those_of_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "T1d": {"h": "1/10", "tau": 2, "A": "3/4"}, "T4p": {"h": "1/2", "tau": 5}, "T4p_gap": {"h": "1/2", "tau": 5},
        "T2p": {"h": "1/10", "tau": 2},
    }  # fmt: skip
    before = {name: certified(name, **given) for name, given in settings.items()}
    table = default_table()
    wrong = (table.formulas[name] for name in ("T1d.N", "T4p", "T4p_gap"))
    doubled = table.altered(
        *(replace(one, cases=tuple(Case(2 * case.expression, case.when) for case in one.cases)) for one in wrong)
    )
    monkeypatch.setattr("theory.sharp.recorded.quantity", doubled.quantity)
    for name, given in settings.items():
        after = sharpen(name, **given)
        # T4p_gap has a factor of its own and T4p's
        assert after.ours == before[name].ours * (4 if name == "T4p_gap" else 2)
        assert (after.upper, after.lower) == (before[name].upper, before[name].lower)


def test_roots_are_rounded_down() -> None:
    for number in (Q(2), Q(1, 3), Q(1, 10**40), Q(10**40 + 1), Q(9, 16)):
        assert root(number) ** 2 <= number <= (root(number) * (1 + Q(1, 2**50))) ** 2


# --- independent oracles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("h", "tau"), [("1/2", 2), ("1/2", 3), ("1", 4)])
def test_random_quadratics_never_come_above(h: str, tau: int) -> None:
    pytest.importorskip("cvxpy")  # eps > psi at this A: no closed form is sharp
    A = Q(2, 5)
    upper = float(certified("T1d", h=h, tau=tau, A=A).upper or 0)
    best = best_on_the_line(float(Q(h)), tau, float(A))
    assert best <= upper * (1 + 1e-12)
    assert best >= 0.6 * upper


def test_quadratics_on_the_line_reach_t1b_at_two_steps() -> None:
    found = certified("T1b", h="1/10", tau=2)
    best = best_on_the_line(0.1, 2, float(found.sides.given["A"]))
    assert 0.998 * float(found.lower or 0) <= best <= float(found.upper or 0) * (1 + 1e-9)


def best_on_the_line(h: float, tau: int, A: float) -> float:
    """The largest net change over many pairs F_i' = k_i w + a_i, per unit of the spread: floats, nothing shared."""
    generator = np.random.default_rng(5)
    k = np.concatenate([generator.uniform(-1, 1, (2, 60_000)), np.repeat([[1.0], [-1.0]], 60_000, axis=1)], axis=1)
    a = np.stack([np.concatenate([generator.standard_cauchy(60_000)] * 2) + sign for sign in (1, -1)])
    w = np.zeros_like(k)
    for _ in range(tau):
        w = w - h / tau * (k * w + a)
    end = w.mean(axis=0)
    change = (k * end**2 / 2 + a * end).mean(axis=0) / h + A * a.mean(axis=0) ** 2
    return float((change / a.var(axis=0)).max())


@pytest.mark.parametrize("mu_c", [Q(-1), Q(-1, 4), Q(1, 2)])
def test_the_inequalities_between_points_are_those_of_the_class(mu_c: Q) -> None:
    """Quadratics of curvature in [mu_c, 1] satisfy them, the extreme ones with equality, and no others do."""
    problem = Problem(Q(1), 1, mu_c)
    draw = random.Random(3)

    def gap(k: Q, j: Q) -> Q:
        """I_pq of the loss (k w_1^2 + j w_2^2)/2 between two random points."""
        points = [[Q(draw.randint(-9, 9)), Q(draw.randint(-9, 9))] for _ in range(2)]
        gradients = [[k * u, j * v] for u, v in points]
        values = [(k * u**2 + j * v**2) / 2 for u, v in points]
        return values[0] - values[1] - evaluated(problem.form(*points, *gradients), [Q(1), Q(1)])

    for _ in range(200):
        k, j = (mu_c + (1 - mu_c) * Q(draw.randint(0, 10), 10) for _ in range(2))
        assert gap(k, j) >= 0
        assert gap(mu_c, Q(1)) == 0
    assert min(gap(Q(11, 10), Q(11, 10)) for _ in range(20)) < 0
    assert min(gap(mu_c - Q(1, 10), mu_c) for _ in range(20)) < 0


@pytest.mark.parametrize("mu_c", [Q(-1), Q(0)])
def test_the_wedge_is_a_loss_of_the_class(mu_c: Q) -> None:
    draw = random.Random(7)
    wedge = Wedge(Q(1, 3), 1, mu_c)
    problem = Problem(Q(1), 1, mu_c)
    points = [[Q(draw.randint(-40, 40), 7), Q(draw.randint(-40, 40), 7)] for _ in range(14)]
    for w, v in itertools.permutations(points, 2):
        form = problem.form(w, v, wedge.gradient(w), wedge.gradient(v))
        assert wedge.value(w) - wedge.value(v) >= evaluated(form, [Q(1), Q(1)])
    step = Q(1, 10**9)
    for w in points:
        slopes = [
            (wedge.value([w[0] + step * (j == 0), w[1] + step * (j == 1)]) - wedge.value(w)) / step for j in (0, 1)
        ]
        assert all(abs(slope - g) < Q(1, 10**7) for slope, g in zip(slopes, wedge.gradient(w), strict=True))


def test_the_drift_ball_is_exact_for_a_reflection() -> None:
    """Its multipliers prove ybar within omega of psi; the sum of I_pq over them vanishes where the ball is met."""
    h, tau = Q(1, 2), 5
    pair, beta = Pair(h, tau, Q(-1)), h / tau
    c, s = Q(3, 5), Q(4, 5)
    g, w, met = [Q(1), Q(0)], [Q(0), Q(0)], []
    for _ in range(tau):
        gradient = [g[0] + c * w[0] + s * w[1], g[1] + s * w[0] - c * w[1]]
        value = g[0] * w[0] + g[1] * w[1] + (c * w[0] ** 2 + 2 * s * w[0] * w[1] - c * w[1] ** 2) / 2
        met.append((w, gradient, value))
        w = [w[0] - beta * gradient[0], w[1] - beta * gradient[1]]
    ybar = [sum(entry[1][j] for entry in met) / tau for j in (0, 1)]
    away = [ybar[0] - pair.psi, ybar[1]]
    assert away[0] ** 2 + away[1] ** 2 == pair.omega**2
    problem, ones = Problem(h, tau, Q(-1)), [Q(1), Q(1)]
    for (p, q), value in drift_ball(pair).items():
        (u, k, f), (v, j, e) = met[p], met[q]
        assert value >= 0
        assert f - e == evaluated(problem.form(u, v, k, j), ones)


def test_a_table_of_gradients_is_that_of_a_loss_that_can_be_run() -> None:
    """The solver's instance, interpolated (a quadratic programme at every point), is met again by gradient steps."""
    text = (Path(__file__).parent / "certificates" / "T1b_tau5.json").read_text(encoding="utf-8")
    document = json.loads(text)
    problem = stated("T1b", {key: Q(value) for key, value in document["parameters"].items()})
    exact = [[[Q(x) for x in g] for g in row] for row in document["lower"]["gradients"]]
    points = np.array(problem.points(exact)[0], dtype=float)
    gradients, values = np.array(exact[0], dtype=float), np.array([float(Q(x)) for x in document["lower"]["values"][0]])
    w = np.zeros(points.shape[1])
    for t in range(problem.tau):
        assert np.allclose(interpolated_gradient(w, points, gradients, values), gradients[t], atol=2e-5)
        w = w - float(problem.h / problem.tau) * gradients[t]


def interpolated_gradient(w: np.ndarray, points: np.ndarray, gradients: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of the smallest loss of curvature in [-1, 1] with these values and gradients; phi = F + norm(w)^2/2 is convex and
    2-smooth, phi(w) = min over l in the simplex of norm(w - sum l_p z_p)^2 + sum l_p (phi_p - norm(grad phi_p)^2/4)."""
    slopes = gradients + points
    heights = values + (points**2).sum(axis=1) / 2 - (slopes**2).sum(axis=1) / 4
    anchors = points - slopes / 2

    def phi(share: np.ndarray) -> tuple[float, np.ndarray]:
        away = w - share @ anchors
        return float(away @ away + share @ heights), -2 * anchors @ away + heights

    start = np.full(len(points), 1 / len(points))
    found = minimize(
        phi, start, jac=True, method="SLSQP", bounds=[(0, 1)] * len(points), options={"ftol": 1e-16, "maxiter": 1000},
        constraints={"type": "eq", "fun": lambda share: share.sum() - 1, "jac": np.ones_like},
    )  # fmt: skip
    return 2 * (w - found.x @ anchors) - w


# --- with the solver --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tau", "ratio"), [(3, 1.139), (5, 1.270)])
def test_how_far_t1b_is_from_the_best_beyond_two_steps(tau: int, ratio: float) -> None:
    pytest.importorskip("cvxpy")
    found = certified("T1b", h="1/2", tau=tau)
    assert found.word == SHARP
    assert found.upper is not None
    assert round(float(found.ours / found.upper), 3) == ratio


def test_the_solver_meets_the_closed_forms() -> None:
    pytest.importorskip("cvxpy")
    from theory.sharp.checker import lower_value, upper_value
    from theory.sharp.dual import proved_above
    from theory.sharp.primal import attained_below

    given = {"h": Q(1, 2), "tau": Q(3), "mu_c": Q(-1, 2), "A": Q(3, 5)}
    upper = proved_above("T1d", given)
    assert upper is not None
    lower = attained_below("T1d", given, upper["spread"])
    assert lower is not None
    closed = certified("T1d", **given).upper or Q(0)
    assert closed <= upper_value("T1d", given, upper) <= closed * (1 + Q(1, 10**6))
    assert closed * (1 - Q(1, 10**4)) <= lower_value("T1d", given, lower) <= closed


def test_one_of_two_agents() -> None:
    """tau = 1: T1c's h kappa gamma_F^2/2 is attained at w = 0 by w^2/2 +- w; with two steps ours is not attained."""
    pytest.importorskip("cvxpy")
    found = certified("T1d", h="1/2", tau=1, A="1/2", n=2, m=1)
    assert found.ours == Q(1, 4)
    assert abs(float(found.upper or 0) * 4 - 1) < 1e-6
    assert abs(float(found.lower or 0) * 4 - 1) < 1e-6
    two = certified("T1b", h="1/2", tau=2, n=2, m=1)
    assert two.word == SHARP
    assert two.ours > Q(3, 2) * (two.upper or Q(0))
    assert "n = 2, m = 1 only" in sharpened_text(two)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(3, 1), (3, 2), (4, 2)])
def test_more_agents_of_whom_some_are_drawn(n: int, m: int) -> None:
    pytest.importorskip("cvxpy")
    found = certified("T1b", h="1/2", tau=2, n=n, m=m)
    assert found.word == SHARP
    assert found.ours >= (found.upper or Q(0))


@pytest.mark.slow
def test_closed_forms_of_many_steps() -> None:
    found = certified("T1d", h="1/2", tau=20, A="1/2")
    assert found.gap is not None
    assert found.gap < Q(1, 10**15)


def test_no_solver_is_an_error_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "clarabel", None)
    assert sharpen("T1d", h="1/10", tau=2, A="3/4").word == SHARP
    with pytest.raises(InputError, match=r"clarabel is missing: pip install 'meta-fedavg-bounds\[sharp\]'"):
        sharpen("T1b", h="1/2", tau=3)


def test_decimals_are_rounded_to_the_safe_side() -> None:
    text = sharpened_text(sharpen("T4p", h="1/2", tau=5))
    upper, lower = (
        Q(next(line for line in text.splitlines() if side in line).split()[1]) for side in ("upper", "lower")
    )
    assert lower < upper < lower * (1 + Q(1, 10**13))
    assert math.isclose(float(decimal(Q(2, 3))), 2 / 3, rel_tol=1e-14)
