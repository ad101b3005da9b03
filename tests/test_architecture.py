"""The house: folders import downwards only, no file imports in a circle, and nothing is told apart by a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

import pytest

from empirics import MODES
from tests.architecture import imported, imports, modules, room

# from the ground up; rooms of one set stand side by side and import nothing of one another
FLOORS = {
    "theory": [
        {"language"}, {"enclosure"}, {"printing"}, {"statements"}, {"views"}, {"tables"},
        {"growth", "admissibility", "planning"}, {"claims", "sharp"}, {"formal"}, {"text", "macros", "topics"},
        {"tabulated"}, {"theory"}, {"__main__"},
    ],
    "empirics": [
        {"numerics"}, {"graphs"}, {"tasks"}, {"task"}, {"algorithm"}, {"backends"}, {"runs"}, {"certificates"},
        {"estimation"}, {"testing"}, {"empirics"}, {"__main__"},
    ],
    "reports": [
        {"sections", "wrong_versions", "refusal", "staging", "interrupts"}, {"user_objects"}, {"judging"}, {"cells"},
        {"balls"}, {"certificates"}, {"tasks"}, {"measure"}, {"statements"}, {"plans"}, {"records"}, {"upkeep"},
        {"analyses"}, {"refutation"}, {"figures"}, {"settings"}, {"studies"}, {"pages"}, {"saved"}, {"reports"},
        {"request", "progress"}, {"manifest"}, {"contents", "outputs"}, {"refinement"},
        {"pipeline", "recheck", "rehearsal"},
        {"build", "check", "plan", "refute", "store", "__main__"},
    ],
}  # fmt: skip
# what a floor would allow, and the concept does not
ONLY = {"theory.enclosure": {"language"}, "theory.printing": {"language"}, "theory.statements": {"language"}}
ORDERED = [module for module in modules() if module.split(".")[0] in FLOORS]


def place(module: str) -> str:
    """The room of a module; a command's file stands above all others."""
    return "__main__" if module.endswith(".__main__") else room(module).split(".")[-1]


def floor(module: str) -> int:
    package = module.split(".")[0]
    return next(level for level, rooms in enumerate(FLOORS[package]) if place(module) in rooms)


@pytest.mark.parametrize("module", ORDERED)
def test_arrows_point_down(module: str) -> None:
    for other in imports(module):
        if other.split(".")[0] != module.split(".")[0]:
            continue
        if place(other) != place(module) or "__main__" in (place(other), place(module)):
            assert floor(other) < floor(module), f"{module} imports {other}"
        allowed = ONLY.get(room(module))
        assert allowed is None or place(other) in allowed | {place(module)}, f"{module} imports {other}"


def test_no_file_imports_in_a_circle() -> None:
    TopologicalSorter({module: imports(module) for module in modules()}).prepare()


def test_the_walk_sees_every_kind_of_import() -> None:
    known = {"reports.pipeline", "reports.judging", "reports.judging.rows"}
    for text in (
        "import reports.judging.rows",
        "from reports.judging import rows",
        "from reports.judging.rows import Row",
        "def f():\n    from reports.judging import rows",
        "if TYPE_CHECKING:\n    from reports.judging.rows import Row",
    ):
        assert "reports.judging.rows" in imported(text, known), text


def told_apart(tree: ast.AST) -> Iterator[ast.AST]:
    """Comparisons with a mode's name, prefixes of one, and tests for a subclass of Task or a family's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
            if any(isinstance(part, ast.Constant) and part.value in {*MODES, "stochastic"} for part in sides):
                yield node
            if any(
                isinstance(side, ast.Attribute) and side.attr == "family" for side in (node.left, *node.comparators)
            ):
                yield node
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            if name in ("startswith", "endswith", "removesuffix") and any(
                isinstance(word, str) and word.strip("_") in {*MODES, "stochastic"} for word in words
            ):
                yield node
            if name in ("isinstance", "issubclass"):
                kinds = [part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)]
                if any(kind.endswith(("Task", "Population")) and kind != "Task" for kind in kinds):
                    yield node


@pytest.mark.parametrize("module", modules())
def test_nothing_is_told_apart_by_a_name(module: str) -> None:
    path = modules()[module]
    found = [f"{path}:{node.lineno}" for node in told_apart(ast.parse(path.read_text(encoding="utf-8")))]  # type: ignore[attr-defined]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        'mode == "exact"', '"stochastic" in mode', 'mode in ("first_order", "exact")', 'task.family == "quadratic"',
        'mode.startswith("first_order")', "isinstance(task, QuadraticTask)",
    ],
)  # fmt: skip
def test_the_walk_sees_what_is_told_apart(text: str) -> None:
    assert list(told_apart(ast.parse(text)))
