"""What has a name but is no statement or quantity: assumptions, sets, lemmas, symbols, options, and T5 to T7."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from theory.growth import exponents
from theory.language.modes import MODES, LocalCost
from theory.language.options import OPTIONS, Option
from theory.language.records import Lemma
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS, SETTING
from theory.language.symbols import Symbol
from theory.printing.plain import indented, proof_lines, wrapped
from theory.statements.lemmas import LEMMAS
from theory.tables import Table


def topics(table: Table) -> Mapping[str, Callable[[], str]]:
    """Every topic by name, as text on demand."""
    found: dict[str, Callable[[], str]] = {
        "setting": _setting,
        "S": _sums,
        "T5": _exponents,
        "T6": _planning,
        "T7": _costs,
    }
    named = {**ASSUMPTIONS, **SETS}
    found |= {name: lambda name=name, text=text: _assumed(name, text, table) for name, text in named.items()}
    found |= {lemma.id: lambda lemma=lemma: describe_lemma(lemma) for lemma in LEMMAS}
    found |= {name: lambda option=option: _option(option) for name, option in OPTIONS.items()}
    found |= {key: lambda symbol=symbol: _symbol(symbol) for key, symbol in table.keys.items()}
    return found | {name: lambda symbol=symbol: _symbol(symbol) for name, symbol in table.symbols.items()}


def _assumed(name: str, text: str, table: Table) -> str:
    """An assumption in words, what it is given as, and the statements that ask for it."""
    asking = [
        item.id
        for item in map(table.bound, table.statements)
        if name in (*item.assumptions, *(one.name for one in item.assumed))
    ]
    given = [f"Given as     {', '.join(_GIVEN[name])}"] if name in _GIVEN else []
    asked = indented(f"Asked by {', '.join(asking) or 'every statement'}").strip()
    return "\n".join([f"{name}  {_TITLES[name]}", "", wrapped(text), "", *given, asked])


_TITLES = {
    "W0": "where the server and the agents may be", "W": "where fine-tuning and probes may be",
    "A1": "a lower bound of F", "A2": "bounded gradients and Hessians", "A3": "Lipschitz Hessians",
    "A4": "independent unbiased noise", "A5": "bounded heterogeneity", "A6": "curvature from below",
    "A7": "the Polyak-Lojasiewicz inequality", "W0+": "curvature on the balls about segments",
    "W0n": "exact local paths stay inside",
}  # fmt: skip
_GIVEN = {
    "A1": ("F0_gap = F(w_0) - F*",), "A2": ("B", "L"), "A3": ("rho",), "A4": ("sigma_G", "sigma_H"),
    "A5": ("gamma_G", "gamma_H"), "A6": ("mu",), "A7": ("mu_F",),
}  # fmt: skip


def describe_lemma(lemma: Lemma) -> str:
    """A lemma with its proof."""
    lines = [f"{lemma.id}  {lemma.title}", "", wrapped(lemma.claim), "", "Proof", *proof_lines(lemma.proof)]
    return "\n".join(lines)


def _setting() -> str:
    modes = [f"  {name}: {text}" for name, text in GRADIENTS.items()]
    return "\n\n".join([*map(wrapped, SETTING.split("\n\n")), "\n".join(["g_i by mode", *map(indented, modes)])])


def _sums() -> str:
    return "S(j, x)  sum of the first j powers\n\nS_j(x) = 1 + x + ... + x^(j-1), S_0 = 0, S_j(1) = j"


def _symbol(symbol: Symbol) -> str:
    record = symbol.record
    rows = [
        f"{symbol.name}  {record.meaning}",
        f"LaTeX        {record.latex}",
        f"Unit         {record.unit}",
        f"Range        {record.range}",
    ]
    return "\n".join([*rows, *([f"Published    {record.published}"] if record.published else [])])


def _option(option: Option) -> str:
    return f"{option.name}  {option.meaning}\nValues       {', '.join(option.values)} (default {option.default})"


def _exponents() -> str:
    rows = []
    for row in exponents():
        remark = f"; {row.remark}" if row.remark else ""
        rows.append(
            f"  {row.statement:<5}{row.term}: {row.behaviour} as {row.variable} goes {row.toward}, {row.regime}{remark}"
        )
    head = "What the bounds predict; a bound's exponent is an upper bound, the truth may fall faster."
    return "\n".join(["T5  Floors and exponents", "", wrapped(head), "", *rows])


def _planning() -> str:
    text = (
        "Given epsilon, the constants and a price per sample gradient, per sample Hessian-vector product and per "
        "communicated vector: the cheapest (beta, tau, K, m, D, D', D_H), nu fixed, for which T2's right side is at "
        "most epsilon^2. It is infeasible where a bias floor exceeds epsilon^2. Counts and prices are those of T7."
    )
    return f"T6  Planning\n\n{wrapped(text)}"


def _costs() -> str:
    counts = ("gradients", "hessian_vector_products", "sample_gradients", "sample_hessian_vector_products")
    rows = [f"  {mode.name}: {_counted(mode.cost, counts)}; memory {mode.cost.memory} vectors" for mode in MODES]
    sent = "Communication per round: 2 m d numbers for parameters of dimension d."
    return "\n".join(["T7  Cost of one local step of one agent", "", *rows, "", sent])


def _counted(cost: LocalCost, counts: tuple[str, ...]) -> str:
    found = {name.replace("_", " "): getattr(cost, name) for name in counts}
    return ", ".join(f"{number} {name}" for name, number in found.items() if number != 0)
