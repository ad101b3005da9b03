"""JAX code on pytrees of parameters, with x64 off and on."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from empirics.testing import (
    Case,
    CheckFailedError,
    Network,
    Ridge,
    check_meta_gradient,
    check_round,
    on_jax,
    on_jax_episodes,
    replay,
)
from empirics.testing.pytrees import Layout

jax = pytest.importorskip("jax")
ROOT = Path(__file__).resolve().parents[2]


def adapted(loss, params, alpha, nu):
    for _ in range(nu):
        params = jax.tree_util.tree_map(lambda p, g: p - alpha * g, params, jax.grad(loss)(params))
    return params


def maml(loss, params, alpha, nu):
    return jax.grad(lambda start: loss(adapted(loss, start, alpha, nu)))(params)


def episodes(support, query, params, alpha, nu):
    return jax.grad(lambda start: query(adapted(support, start, alpha, nu)))(params)


def graph_stopped(loss, params, alpha, nu):
    return jax.grad(lambda start: loss(jax.lax.stop_gradient(adapted(loss, start, alpha, nu))))(params)


def first_order(loss, params, alpha, nu):
    return jax.grad(loss)(adapted(loss, params, alpha, nu))


def test_a_loop_on_pytrees_passes_in_single_precision():
    report = check_meta_gradient(on_jax(maml), nu=2, max_examples=1)
    assert report.checker == "check_meta_gradient"


def test_episodes_pass():
    check_meta_gradient(on_jax_episodes(episodes), nu=1, max_examples=1)


@pytest.mark.parametrize(("train", "words"), [(graph_stopped, "the answer is zero"), (first_order, "first order")])
def test_wrong_loops_are_named(train, words):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_jax(train), nu=1, max_examples=1)
    assert words in caught.value.failures[0].cause


class Layer(NamedTuple):
    kernel: Any
    bias: Any


TREES = {
    "nested dicts": {"params": {"dense": {"kernel": 0.0, "bias": 0.0}}},
    "pairs in a list": [(0.0, 0.0), (0.0, 0.0)],
    "named tuple": {"head": Layer(0.0, 0.0), "body": [0.0]},
    "one array": 0.0,
}
TREE = pytest.mark.parametrize("like", TREES.values(), ids=TREES)


@TREE
@pytest.mark.parametrize("d", [1, 2, 5, 8])
def test_a_tree_holds_every_number_once_and_gives_it_back(like, d):
    layout, w = Layout.like(like, d), jax.numpy.arange(1.0, d + 1)
    tree = layout.split(w)
    assert jax.tree_util.tree_structure(tree) == jax.tree_util.tree_structure(like)
    assert sorted(float(x) for leaf in jax.tree_util.tree_leaves(tree) for x in leaf.ravel()) == list(range(1, d + 1))
    assert layout.joined(tree).tolist() == w.tolist()


NETWORK = Network(((1.0,), (-0.5,)), (0.75, -1.0), hidden=2)
SIX = (0.5, -0.25, 1.0, 0.75, -1.0, 0.5)
RIDGE = Case(Ridge("cosine", ((1.0, 0.0), (1.0, 1.0)), (1.0, 1.0), (0.5, 0.0), (-3.25, 3.75)), (0.0, 0.0), 0.25, 1)
on_case = partial(replay, dtype="jax.float32")


def test_the_loss_on_a_tree_is_that_of_the_flat_vector():
    for layout in (Layout.named(NETWORK), Layout.like(TREES["named tuple"], 6)):
        found = layout.loss(NETWORK)(layout.split(jax.numpy.asarray(SIX)))
        assert float(found) == pytest.approx(float(NETWORK.loss(np.array(SIX))), rel=1e-6)


@TREE
def test_a_loop_is_right_on_any_tree(like):
    assert on_case("jacobian_product", on_jax(maml, like=like), Case(NETWORK, SIX, 0.25, 2)).holds
    assert on_case("jacobian_product", on_jax(maml, like=like), RIDGE).holds


def on_a_layer(loss, params, alpha, nu):
    """Knows its params by name."""

    def tuned(p):
        for _ in range(nu):
            g = jax.grad(loss)(p)
            p = Layer(kernel=p.kernel - alpha * g.kernel, bias=p.bias - alpha * g.bias)
        return loss(p)

    return jax.grad(tuned)(params)


def test_code_that_knows_its_names_passes_on_its_own_tree():
    check_meta_gradient(on_jax(on_a_layer, like=Layer(0.0, 0.0)), nu=1, max_examples=1)


def rejected(train, **options):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_jax(train, **options), nu=1, max_examples=1)
    return caught.value.failures[0]


def test_leaves_in_another_structure_are_said():
    found = rejected(lambda *a: jax.tree_util.tree_leaves(maml(*a)))
    assert "expected the structure of params, PyTreeDef({'bias': *" in str(found.error)


def values_zipped(loss, params, alpha, nu):
    """Trees of dicts are in alphabetical order after jax, and in that of their making before."""
    found = maml(loss, params, alpha, nu)
    return dict(zip(params, found.values(), strict=True))


def test_values_in_another_order_fail():
    found = on_case("jacobian_product", on_jax(values_zipped), RIDGE)
    assert not found.holds
    assert found.found[::-1] == pytest.approx(found.expected, rel=1e-5)


@pytest.mark.parametrize(
    ("like", "words"),
    [
        (TREES["nested dicts"], "like={'params': {'dense': {'bias': 0, 'kernel': 1}}})"),
        (TREES["named tuple"], "# like has to be filled in by hand"),
    ],
    ids=["literal", "class"],
)
def test_the_script_has_the_structure(like, words):
    assert words in rejected(first_order, like=like).script


def params_written_to(loss, params, alpha, nu):
    found = maml(loss, params, alpha, nu)
    params.update({name: value + 1 for name, value in params.items()})
    return found


def listed():
    kept = []

    def train(*given):
        kept.append(maml(*given))
        return kept[-1]

    return train


@pytest.mark.parametrize(
    ("train", "name", "words"),
    [(params_written_to, "untouched_input", "params"), (listed(), "kept_memory", "every call keeps")],
)
def test_conduct_is_looked_at(train, name, words):
    assert on_case("jacobian_product", on_jax(train), RIDGE).holds
    found = on_case(name, on_jax(train), RIDGE)
    assert not found.holds
    assert words in found.cause
    assert on_case(name, on_jax(maml), RIDGE).holds


def test_a_tree_without_leaves_is_refused():
    with pytest.raises(ValueError, match="expected a pytree with a leaf at least"):
        on_jax(maml, like={"params": ()})


def test_flat_vectors_pass():
    def f(problem, w, alpha, nu, mode, delta):
        def value(point):
            for _ in range(nu):
                point = point - alpha * jax.grad(problem.loss)(point)
            return problem.loss(point)

        return jax.grad(value)(w)

    check_meta_gradient(f, dtype="jax.float32", nu=1, max_examples=1)


def test_a_round_passes():
    def f(agents, w, setting):
        ends = []
        for agent in agents:
            x = w
            for _ in range(setting.tau):
                x = x - setting.beta * jax.grad(lambda p, a=agent: a.loss(p - setting.alpha * a.gradient(p)))(x)
            ends.append(x)
        return sum(ends) / len(ends)

    check_round(f, dtype="jax.float32", nu=1, max_examples=1)


def test_double_precision_where_x64_is_on():
    program = (
        "import jax; jax.config.update('jax_enable_x64', True)\n"
        "from empirics.testing import check_meta_gradient, on_jax\n"
        "from tests.properties.test_jax import maml\n"
        "print(check_meta_gradient(on_jax(maml), nu=1, max_examples=1))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "properties hold" in done.stdout


def test_double_precision_is_refused_where_x64_is_off():
    with pytest.raises(ValueError, match="jax computes in float32 here"):
        check_meta_gradient(on_jax(maml), dtype="jax.float64")
