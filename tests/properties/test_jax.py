"""JAX code on pytrees of parameters, with x64 off and on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from empirics.testing import CheckFailedError, check_meta_gradient, check_round, on_jax, on_jax_episodes

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
