"""Agents with a query loss of their own, made from cases of one loss an agent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from empirics.testing.agent import SupportQuery
from empirics.testing.network_problem import Network
from empirics.testing.problems import Quadratic, Ridge
from empirics.testing.strategies import quadratics, ridges, vectors

Generated = Quadratic | Ridge | Network


@st.composite
def with_queries(draw: DrawFn, case: Any) -> Any:
    """The case with a query loss for each of its agents."""
    return case.of(lambda support: SupportQuery(support, draw(queries(support))))


def queries(support: Generated) -> SearchStrategy[Generated]:
    """Losses of the same family, shape and level as the support loss: one module and one loss function serve both."""
    if isinstance(support, Quadratic):
        return quadratics(support.d).map(lambda drawn: replace(drawn, e=support.e))
    if isinstance(support, Ridge):
        return ridges(support.d, len(support.s), support.kind).map(lambda drawn: replace(drawn, e=support.e))
    inputs = st.tuples(*[vectors(len(support.x[0]))] * len(support.y))
    return st.builds(lambda x, y: replace(support, x=x, y=y), inputs, vectors(len(support.y)))
