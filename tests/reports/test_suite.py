"""What stands beside the rows is about the statements that a plan measures, and about these alone."""

from __future__ import annotations

from reports.analyses.suite import Suite, suite_calls
from reports.statements import statements


def about(suite: Suite) -> set[str]:
    return {
        *(trial.planted.statement for trial in suite.trials),
        *(slope.statement for slope in suite.slopes),
        *(witness.bound for witness in suite.witnesses),
    }


def found(*names: str) -> Suite:
    return Suite.of([call.function(*call.arguments) for call in suite_calls(set(names))])


def test_a_plan_about_one_statement_has_the_suite_of_that_statement() -> None:
    suite = found("S8")
    assert about(suite) == {"S8"}
    assert {slope.variable for slope in suite.slopes} == {"alpha", "nu"}
    assert about(found("S8", "S2")) == {"S2", "S8"}


def test_wrong_meta_gradients_stand_with_the_identity() -> None:
    assert len(found("S1").trials) >= 3
    assert all(trial.refuted for trial in found("S1").trials)


def test_the_whole_table_asks_for_every_statement() -> None:
    asked = {call.arguments[0] for call in suite_calls(set(statements())) if isinstance(call.arguments[0], str)}
    assert asked == set(statements())


def test_nothing_measured_has_no_suite() -> None:
    assert suite_calls(set()) == []
