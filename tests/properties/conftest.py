"""The matrix of the museum at the end of a run."""

from __future__ import annotations


def pytest_terminal_summary(terminalreporter):
    """With -v, the matrix mistake x property of the mistakes that ran."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    found = [value for report in reports for key, value in report.user_properties if key == "museum"]
    if found and terminalreporter.config.get_verbosity() > 0:
        from tests.properties.matrix import table

        terminalreporter.section("mistake x property (x: caught)")
        terminalreporter.write_line(table({(checker, name): caught for checker, name, caught in found}))
