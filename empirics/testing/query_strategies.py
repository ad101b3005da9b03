"""Agents with a query loss of their own, made from cases of one loss an agent."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from empirics.testing.agent import Problem, SupportQuery
from empirics.testing.cases import Case
from empirics.testing.network_problem import Network
from empirics.testing.problems import Quadratic, Ridge
from empirics.testing.rounds import RoundCase
from empirics.testing.sampled import SampledCase
from empirics.testing.strategies import quadratics, ridges, vectors


@singledispatch
def queries(support: Problem) -> SearchStrategy[Problem]:
    """Losses of the same family, shape and level as the support loss: one module and one loss function serve both."""
    raise NotImplementedError(type(support).__name__)


@queries.register
def _(support: Quadratic) -> SearchStrategy[Problem]:
    return quadratics(support.d).map(lambda drawn: replace(drawn, e=support.e))


@queries.register
def _(support: Ridge) -> SearchStrategy[Problem]:
    return ridges(support.d, len(support.s), support.kind).map(lambda drawn: replace(drawn, e=support.e))


@queries.register
def _(support: Network) -> SearchStrategy[Problem]:
    inputs = st.tuples(*[vectors(len(support.x[0]))] * len(support.y))
    return st.builds(lambda x, y: replace(support, x=x, y=y), inputs, vectors(len(support.y)))


@singledispatch
def with_queries(case: Any) -> SearchStrategy[Any]:
    """The case with a query loss for each of its agents."""
    raise NotImplementedError(type(case).__name__)


@with_queries.register
def _(case: Case) -> SearchStrategy[Case]:
    return _agent(case.problem).map(lambda agent: case.but(problem=agent))


@with_queries.register
def _(case: RoundCase) -> SearchStrategy[RoundCase]:
    return st.tuples(*map(_agent, case.problems)).map(lambda agents: case.but(problems=agents))


@with_queries.register
def _(case: SampledCase) -> SearchStrategy[SampledCase]:
    return _agent(case.base).map(lambda agent: case.but(base=agent))


def _agent(support: Any) -> SearchStrategy[SupportQuery]:
    return queries(support).map(lambda query: SupportQuery(support, query))
