"""Pages that the packages write about themselves: the reference, the catalogues, the notation."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from typer.main import get_command

import theory
from reports.analyses.described import picture_of, statements_by_witness
from reports.pages.html.tasks import drawn
from reports.plans.explained import GRAMMAR, TABLES, keys
from reports.plans.packaged_tasks import packaged_tasks
from reports.tasks.factories import TaskError, make_task
from theory.printing.mathml import mathml, prose_html
from theory.tables import default_table

PUBLIC = ("theory", "empirics", "empirics.estimation", "empirics.testing", "reports")
COMMANDS = {
    "theory": "theory.__main__",
    "reports.build": "reports.build",
    "reports.check": "reports.check",
    "reports.plan": "reports.plan",
    "reports.figures": "reports.figures.__main__",
    "reports.refute": "reports.refute",
    "reports.store": "reports.store",
}
# the same things as symbols, keys, the symbols in which theory/statements/published quotes lemmas of Per-FedAvg (''
# where none is about it), and names in Python
NAMES = (
    ("the loss of agent i", r"f_i", "f_i", "", "task.loss"),
    ("the model", "w", "w", "", "w"),
    ("fine-tuning step", r"\alpha", "alpha", r"\alpha", "alpha"),
    ("number of fine-tuning steps", r"\nu", "nu", "1", "nu"),
    ("meta loss of agent i", r"F_i", "F_i", "", "empirics.meta_loss"),
    ("server's local step", r"\beta", "beta", "", "beta"),
    ("local steps in a round", r"\tau", "tau", "", "tau"),
    ("rounds", "K", "K", "", "rounds"),
    ("agents, and those of a round", "n, m", "n, m", "", "participants"),
    ("bound on gradients", "B", "B", "B", "constants()['B']"),
    ("smoothness of losses", "L", "L", "L", "constants()['L']"),
    ("Lipschitz constant of Hessians", r"\rho", "rho", r"\rho", "constants()['rho']"),
    ("noise of gradients, of Hessians", r"\sigma_G, \sigma_H", "sigma_G, sigma_H", r"\sigma_G, \sigma_H", "noise"),
    ("spread of gradients, of Hessians", r"\gamma_G, \gamma_H", "gamma_G, gamma_H", r"\gamma_G, \gamma_H", "skew"),
    ("batches: inner, outer, Hessian", "D, D', D_H", "D, D_prime, D_H", "D, D', D_H", "D, D_prime, D_H"),
)

_OUTSIDE = re.compile(r"\[[^\]]*\]\((?:\.\./)+((?:examples|theory|empirics|reports|tests|README|CONTRIBUTING)[^)#]*)\)")


def write(folder: Path) -> None:
    """All generated pages, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text("\n".join(page()) + "\n", encoding="utf-8")


def without_outside_links(text: str) -> str:
    """Markdown whose links out of docs/ are the paths themselves.

    >>> without_outside_links("[it](../../examples/claims.toml), [that](faq.md)")
    '`examples/claims.toml`, [that](faq.md)'
    """
    return _OUTSIDE.sub(r"`\1`", text)


# --- Python ----------------------------------------------------------------------------------------------


def python() -> Iterator[str]:
    """Every public name with its signature and docstring."""
    yield "# Python\n"
    for name in PUBLIC:
        module = import_module(name)
        yield f"## {name}\n\n{(module.__doc__ or '').strip()}\n\n```{{py:module}} {name}\n```\n"
        for one in sorted(module.__all__):
            yield from _documented(f"{name}.{one}", getattr(module, one))


def _documented(path: str, found: Any) -> Iterator[str]:
    if isinstance(found, ModuleType):
        yield f"```{{py:data}} {path}\n{_indented(inspect.getdoc(found) or '')}\n```\n"
    elif inspect.isclass(found):
        methods = "\n".join(_methods(found))
        yield f"````{{py:class}} {path}{_signature(found)}\n{_indented(inspect.getdoc(found) or '')}\n{methods}\n````\n"
    elif callable(found):
        yield f"```{{py:function}} {path}{_signature(found)}\n{_indented(inspect.getdoc(found) or '')}\n```\n"
    else:
        yield f"```{{py:data}} {path}\n{_indented(repr(found))}\n```\n"


def _methods(found: type) -> Iterator[str]:
    """Public methods and properties that a class defines itself, each with the first line of its docstring."""
    lines = []
    for name, one in vars(found).items():
        if name.startswith("_") or not (callable(one) or isinstance(one, property | classmethod | staticmethod)):
            continue
        about = (inspect.getdoc(getattr(found, name, one)) or "").split("\n\n")[0].replace("\n", " ")
        signature = "" if isinstance(one, property) else _signature(getattr(found, name, one))
        call = signature.replace("(self, ", "(").replace("(self)", "()")
        lines.append(f"{name}{call}\n    {about}")
    if lines:
        yield _indented("\n".join(lines))


def _signature(found: Callable[..., Any]) -> str:
    try:
        text = str(inspect.signature(found)).split(" -> ")[0]
    except (TypeError, ValueError):
        return "()"
    return re.sub(r"<[^>]*>", "...", " ".join(text.split())).replace("'", "")


def _indented(text: str) -> str:
    """A text as it is, apart from the Markdown around it."""
    return "~~~text\n" + text.replace("~~~", "~ ~ ~") + "\n~~~"


# --- commands, plans -------------------------------------------------------------------------------------


def command_line() -> Iterator[str]:
    """The help of every command and verb, as the command prints it."""
    yield "# Commands\n"
    for name, place in COMMANDS.items():
        app = import_module(place).app
        command: Any = get_command(app)
        yield from _help(f"python -m {name}", command)


def _help(name: str, command: Any, level: int = 2) -> Iterator[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    context.max_content_width = 110
    yield f"{'#' * level} {name}\n\n```text\n{context.get_help()}\n```\n"
    for verb, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            yield from _help(f"{name} {verb}", one, level + 1)


def plan_keys() -> Iterator[str]:
    """Every key of the plan format, table by table."""
    yield "# Plans\n"
    yield "\n\n".join(GRAMMAR) + "\n"
    table = ""
    for key in keys():
        if key.table != table:
            table = key.table
            yield f"\n## {table}\n\n{(TABLES[table].__doc__ or '').splitlines()[0]}\n"
            yield "| key | default | unit | meaning | example |\n|---|---|---|---|---|"
        default = "required" if key.default is None else f"`{key.default}`" if key.default else ""
        unit = key.unit if key.unit not in ("", "1") else ""
        yield f"| `{key.name}` | {default} | {unit} | {_cell(key.meaning)} | `{key.name} = {_cell(key.example)}` |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- catalogues ------------------------------------------------------------------------------------------


_LINES = (
    ".losses { width: 16rem; border: 1px solid currentColor } .losses path { fill: none; stroke: currentColor }"
    " .losses .agent { stroke-width: .6; opacity: .7 } .losses .mean { stroke-width: 1.6 }"
)


def tasks() -> Iterator[str]:
    """Every packaged task: what it is, its constants with their sides, and which statements it is a witness of."""
    yield "# Tasks\n"
    yield "`task=NAME` of `reports.check`; a plan names factory and arguments.\n"
    yield f"<style>{_LINES}</style>\n"
    witnessed = statements_by_witness()
    for name, plan in sorted(packaged_tasks().items()):
        try:
            task = make_task(plan)
        except TaskError as error:
            yield f"## {name}\n\n{error}\n"
            continue
        about = (inspect.getdoc(type(task)) or "").split("\n\n")[0].replace("\n", " ")
        yield f"## {name}\n\n```text\n{about}\n```\n"
        arguments = ", ".join(f"{key} = {value}" for key, value in plan.arguments.items())
        shown = arguments if len(arguments) < 300 else arguments[:300] + " ..."
        yield f"- factory: `{plan.factory}`{f', `{shown}`' if shown else ''}"
        yield f"- {task.n} agent{'s' * (task.n > 1)}, d = {task.d}"
        if plan.about:
            yield f"- {plan.about}"
        if where := witnessed.get(name):
            yield f"- a witness of {', '.join(where)}"
        yield "\n| constant | value | side |\n|---|---|---|"
        yield from (f"| {key} | {one.value:.6g} | {one.side} |" for key, one in task.constants().items())
        drawing, shown = drawn(picture_of(task))
        yield f"\n<figure>{drawing}<figcaption>{shown}</figcaption></figure>\n" if drawing else ""


def theory_text() -> Iterator[str]:
    """Every statement: what it says, in one formula, under which hypotheses, from where, and why."""
    yield "# Statements\n"
    for bound in theory.bounds():
        yield f"## {bound.id}: {bound.title}\n"
        yield f"<p>{prose_html(bound.claim)}</p>\n<div>{mathml(bound.latex)}</div>\n"
        conditions = [item.name for item in bound.hypotheses]
        yield f"- hypotheses: {'; '.join(f'`{one}`' for one in conditions) or 'none beyond the assumptions'}"
        yield f"- assumptions: {', '.join(bound.assumptions) or 'none'}; modes: {', '.join(map(str, bound.modes))}"
        yield f"- {bound.provenance}; `{bound.source}`\n"
        if bound.proof:
            proof = prose_html(bound.proof).replace("\n\n", "</p><p>")
            yield f"<details><summary>Proof</summary><p>{proof}</p></details>\n"


def notation() -> Iterator[str]:
    """Symbols, keys and the symbols of quoted lemmas side by side, then every symbol with meaning and unit."""
    yield "# Notation and glossary\n"
    yield "The fourth column has the symbols in which Lemmas 4.2 to 4.4 of Per-FedAvg (arXiv 2002.07948, nu = 1) are"
    yield "quoted here, and is empty where they speak of no such thing.\n"
    yield "| meaning | symbol | key | in the quoted lemmas | in Python |\n|---|---|---|---|---|"
    for meaning, symbol, key, other, python_name in NAMES:
        quoted = f"${other}$" if other else ""
        yield f"| {meaning} | ${symbol}$ | `{key}` | {quoted} | `{python_name}` |"
    yield "\n## Keys of theory\n\n| key | symbol | meaning | unit |\n|---|---|---|---|"
    for name, symbol in default_table().keys.items():
        record = symbol.record
        yield f"| `{name}` | ${record.latex}$ | {_cell(record.meaning)} | {record.unit} |"
    yield "\n## Quantities\n\n| name | meaning | unit | from |\n|---|---|---|---|"
    for one in theory.quantities():
        yield f"| `{one.name}` | {_cell(one.meaning)} | {one.unit} | {one.provenance} |"


def gallery() -> Iterator[str]:
    """Every example with what it shows, and its text."""
    for path in sorted((Path(__file__).resolve().parent.parent / "examples" / "gallery").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        title = (ast.get_docstring(ast.parse(text)) or path.stem).splitlines()[0]
        yield f"## {title}\n\n```python\n# {path.name}\n{text}```\n"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "python": python,
    "command-line": command_line,
    "plan-keys": plan_keys,
    "tasks": tasks,
    "statements": theory_text,
    "notation": notation,
    "gallery": gallery,
}
