"""The records as definitions of the proof assistant Coq: every right side, side condition and list of assumptions.

The theorems of theory/formal speak of these definitions and of nothing else, so a change of a record changes what has
to be proved. Two files are written: `constants` has the numbers, `assumptions` what each statement supposes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy

from theory.language import algebra, conditions
from theory.language.algebra import Expr
from theory.language.conditions import Condition, Otherwise
from theory.language.modes import MODES
from theory.language.options import OPTIONS
from theory.language.records import DERIVED, Formula, Hypothesis, Statement, dependencies
from theory.language.symbols import INPUTS, LAST, Symbol

_NOTE = "(** Written from the records by `python -m theory formal --write`; not edited by hand."
_OPTIONAL = ("mu",)  # inputs whose absence is a case of its own
_RELATIONS = {"<=": "<=", ">=": ">=", "<": "<", ">": ">", "==": "="}
_TAKEN = {"S", "O", "R", "I", "in", "at", "fun", "end", "mod"}
# numbers that the proofs leave free: whatever is given for them, a theorem holds
_FREE = ("beta_s", "T1d.c", "C1.r")
# what no input decides, by its name in the records and in Setting.v
_SUPPOSED = {"W0+": "W0_plus", "W0n": "W0_n", "shared probes": "shared_probes"}


def coq_name(text: str) -> str:
    """A name that Coq accepts.

    >>> coq_name("T1a.N"), coq_name("in")
    ('T1a_N', 'in_')
    """
    plain = text.replace(".", "_").replace("'", "_prime")
    return plain + "_" if plain in _TAKEN else plain


def _negative(e: Expr) -> bool:
    """Whether the number in front of a term is negative; a sum is never called so."""
    return bool(e.as_coeff_Mul()[0] < 0)


def _divides(factor: Expr) -> bool:
    """Whether a factor is a power with a negative exponent."""
    return factor.is_Pow and _negative(factor.as_base_exp()[1])


class Printer:
    """Terms over the records `c : constants`; a quantity measured at a point is an argument of its own."""

    def __init__(self, formulas: Mapping[str, Formula]) -> None:
        self.formulas = {name: item for name, item in formulas.items() if item.provenance == DERIVED}
        self.measured = {item.name for item in INPUTS if item.record.rank == LAST}

    def arguments(self, name: str) -> list[str]:
        """The measured quantities that a formula needs, directly or through others."""
        return sorted(self.measured & dependencies(self.formulas, name))

    def binders(self, names: Iterable[str]) -> str:
        """The binders of a definition that uses these symbols."""
        needed = sorted({item for name in names for item in self.arguments(name)})
        return "(c : constants)" + (f" ({' '.join(needed)} : R)" if needed else "")

    def symbol(self, item: Any, bound: frozenset[str]) -> str:
        """The value of a symbol, natural or real."""
        name = coq_name(str(item))
        if str(item) in bound or str(item) in self.measured:
            return name
        if str(item) in _OPTIONAL:
            return f"(value ({name} c))"
        return f"({' '.join([name, 'c', *self.arguments(str(item))])})"

    def natural(self, e: Expr, bound: frozenset[str]) -> str:
        """A natural number. Subtraction is Coq's, which stops at 0: there the records' terms vanish by convention."""
        if e.is_Symbol:
            return self.symbol(e, bound)
        if e.is_Integer and e >= 0:
            return str(e)
        if e.is_Add:
            plus = sorted(self.natural(term, bound) for term in e.args if not _negative(term))
            minus = sorted(self.natural(-term, bound) for term in e.args if _negative(term))
            return "(" + " + ".join(plus) + "".join(f" - {term}" for term in minus) + ")"
        if e.is_Mul and not _negative(e):
            return "(" + " * ".join(sorted(self.natural(factor, bound) for factor in e.args)) + ")"
        raise ValueError(f"{e}: expected a natural number; teach theory/printing/coq.py its form")

    def real(self, e: Expr, bound: frozenset[str] = frozenset()) -> str:
        """A real number."""
        if e.is_Symbol:
            text = self.symbol(e, bound)
            return f"(INR {text})" if e.is_integer else text
        if e.is_Rational:
            whole = str(abs(e.p)) if e.q == 1 else f"({abs(e.p)} / {e.q})"
            return whole if e >= 0 else f"(- {whole})"
        if e.is_Add:
            return self._sum(e, bound)
        if e.is_Mul:
            return self._product(e, bound)
        if e.is_Pow:
            base, exponent = e.as_base_exp()
            return self._power(base, exponent, bound)
        if isinstance(e, sympy.exp):
            return f"(exp {self.real(e.args[0], bound)})"
        if isinstance(e, algebra.S):
            return f"(geo {self.natural(e.args[0], bound)} {self.real(e.args[1], bound)})"
        if isinstance(e, algebra.PowerGain):
            base, gain = (self.real(argument, bound) for argument in e.args[:2])
            power = self.natural(e.args[2], bound)
            return f"(({base} + {gain}) ^ {power} - {base} ^ {power})"
        if isinstance(e, sympy.Sum):
            index, low, high = e.limits[0]
            count, inner = self.natural(high + 1 - low, bound), bound | {str(index)}
            body = self.real(e.function, inner)
            return f"(rtotal (seq {self.natural(low, bound)} {count}) (fun {coq_name(str(index))} => {body}))"
        for kind, name in ((sympy.Max, "Rmax"), (sympy.Min, "Rmin")):
            if isinstance(e, kind):
                first, *others = sorted(self.real(argument, bound) for argument in e.args)
                for other in others:
                    first = f"({name} {first} {other})"
                return first
        if isinstance(e, sympy.Abs):
            return f"(Rabs {self.real(e.args[0], bound)})"
        raise ValueError(f"{e}: expected a real number; teach theory/printing/coq.py its form")

    def _sum(self, e: Expr, bound: frozenset[str]) -> str:
        plus = sorted(self.real(term, bound) for term in e.args if not _negative(term))
        minus = sorted(self.real(-term, bound) for term in e.args if _negative(term))
        head = " + ".join(plus) if plus else "0"
        return "(" + head + "".join(f" - {term}" for term in minus) + ")"

    def _product(self, e: Expr, bound: frozenset[str]) -> str:
        if _negative(e):
            return f"(- {self.real(-e, bound)})"
        number, factors = e.as_coeff_mul()
        above = [] if number == 1 else [self.real(number)]
        above += sorted(self.real(factor, bound) for factor in factors if not _divides(factor))
        below = sorted(self.real(1 / factor, bound) for factor in factors if _divides(factor))
        head = " * ".join(above) if above else "1"
        return "(" + head + "".join(f" / {factor}" for factor in below) + ")"

    def _power(self, base: Expr, exponent: Expr, bound: frozenset[str]) -> str:
        if _negative(exponent):
            return f"(/ {self.real(base**-exponent, bound)})"
        if exponent == algebra.HALF:
            return f"(sqrt {self.real(base, bound)})"
        return f"({self.real(base, bound)} ^ {self.natural(exponent, bound)})"

    def condition(self, item: Condition) -> str:
        """Whether a condition is met, as a boolean."""
        match item:
            case Otherwise():
                return "true"
            case conditions.Given():
                return self._given(item.symbol)
            case conditions.AnyGiven():
                return "(" + " || ".join(map(self._given, item.symbols)) + ")"
            case conditions.ModeIs():
                return f"(is_mode c mode_{item.mode.name})"
            case conditions.Chosen():
                return f"(is_{item.option.name} c {item.option.name}_{item.value})"
            case conditions.IsOne():
                return f"(Nat.eqb {self.symbol(item.symbol, frozenset())} 1)"
            case conditions.AllZero():
                return "(" + " && ".join(f"is_zero {self.real(one)}" for one in item.symbols) + ")"
            case conditions.GivenZero():
                return f"(is_zero {self.real(item.symbol)})"
            case conditions.Not():
                return f"(negb {self.condition(item.condition)})"
            case conditions.AllOf():
                return "(" + " && ".join(map(self.condition, item.conditions)) + ")"
        raise ValueError(f"{item}: unknown condition; teach theory/printing/coq.py its form")

    def _given(self, item: Symbol) -> str:
        field = item.name if item.name in _OPTIONAL else f"given_{item.name}"
        return f"(given ({coq_name(field)} c))"

    def formula(self, item: Formula) -> str:
        """The definition of a quantity; one that may be given takes the given value first."""
        body = self.real(item.cases[-1].expression)
        for case in reversed(item.cases[:-1]):
            body = f"if {self.condition(case.when)} then {self.real(case.expression)}\n  else {body}"
        if item.symbol.record.key:
            field = f"given_{coq_name(item.name)} c"
            body = f"match {field} with Some v => v | None =>\n  {body} end"
        return f"Definition {coq_name(item.name)} {self.binders([item.name])} : R :=\n  {body}."

    def hypothesis(self, item: Hypothesis) -> str:
        """A side condition, as a proposition."""
        if item.left.is_integer and item.right.is_integer:
            text = f"{self.natural(item.left, frozenset())} {_RELATIONS[item.relation]} "
            text = f"({text}{self.natural(item.right, frozenset())})%nat"
        else:
            text = f"{self.real(item.left)} {_RELATIONS[item.relation]} {self.real(item.right)}"
        asked = [self.condition(item.when)]
        if item.optional in _OPTIONAL:
            asked.append(f"(given ({item.optional} c))")
        elif item.optional in self.formulas:
            asked.append(f"(given (given_{coq_name(item.optional)} c))")
        return "".join(f"{one} = true -> " for one in asked if one != "true") + text

    def hypotheses(self, name: str, items: Iterable[Hypothesis]) -> str:
        """All side conditions of a statement."""
        found = list(items)
        used = {str(symbol) for item in found for symbol in (item.left.free_symbols | item.right.free_symbols)}
        for item in found:
            used |= {one.name for one in getattr(item.when, "asks", ())}
        text = " /\\\n  ".join(f"({self.hypothesis(item)})" for item in found) or "True"
        return f"Definition requires_{coq_name(name)} {self.binders(used)} : Prop :=\n  {text}."


def _fields() -> Iterator[tuple[str, str]]:
    for item in INPUTS:
        if item.record.rank != LAST:
            kind = "nat" if item.record.range.integer else "R"
            yield coq_name(item.name), f"option {kind}" if item.name in _OPTIONAL else kind


def _in_range(printer: Printer) -> Iterator[str]:
    for item in INPUTS:
        allowed, text = item.record.range, printer.real(item)
        if item.record.rank == LAST or item.name in _OPTIONAL or allowed.lower is None:
            continue
        if not allowed.integer:
            yield f"{allowed.lower} {'<' if allowed.open_below else '<='} {text}"
        elif allowed.lower > 0:
            yield f"({allowed.lower} <= {printer.natural(item, frozenset())})%nat"
        if allowed.upper is not None and not allowed.integer:
            yield f"{text} <= {allowed.upper}"


def _order(formulas: Mapping[str, Formula]) -> list[Formula]:
    """The formulas with what they use first."""
    done: dict[str, Formula] = {}

    def visit(name: str) -> None:
        if name in done or name not in formulas:
            return
        asked = {one.name for case in formulas[name].cases for one in case.when.asks}
        for used in sorted(formulas[name].names | asked):
            if used != name:
                visit(used)
        done[name] = formulas[name]

    for name in formulas:
        visit(name)
    return list(done.values())


def constants(table: Any) -> str:
    """The file Constants.v: inputs, quantities and side conditions of a table."""
    printer = Printer(table.formulas)
    keys = [coq_name(item.name) for item in printer.formulas.values() if item.symbol.record.key]
    words = {"mode": [f"mode_{mode.name}" for mode in MODES]}
    words |= {name: [f"{name}_{value}" for value in option.values] for name, option in OPTIONS.items()}
    kinds = {name: name if name == "mode" else f"{name}_option" for name in words}
    fields = [
        *_fields(),
        *((f"the_{word}", kind) for word, kind in kinds.items()),
        *((f"given_{key}", "option R") for key in keys),
    ]
    lines = [f"{_NOTE} Inputs, quantities, side conditions. *)", "Require Import Reals List Bool.",
             "Require Import Smoothness Sampling.", "Open Scope R_scope.", ""]  # fmt: skip
    lines += [f"Inductive {kinds[name]} := {' | '.join(values)}." for name, values in words.items()]
    lines += ["", "Record constants := {", ";\n".join(f"  {name} : {kind}" for name, kind in fields), "}.", ""]
    lines += [
        "Definition given {A} (o : option A) : bool := match o with Some _ => true | None => false end.",
        "Definition value (o : option R) : R := match o with Some v => v | None => 0 end.",
        "Definition is_zero (v : R) : bool := if Req_EM_T v 0 then true else false.",
    ]
    for name, values in words.items():
        cases = " | ".join(f"{value}, {value} => true" for value in values)
        lines.append(
            f"Definition is_{name} (c : constants) (v : {kinds[name]}) : bool := "
            f"match the_{name} c, v with {cases} | _, _ => false end."
        )
    ranges = " /\\\n  ".join(_in_range(printer))
    free = " /\\ ".join(f"given_{key} c = None" for key in keys if key not in map(coq_name, _FREE))
    lines += ["", f"Definition in_range (c : constants) : Prop :=\n  {ranges}.",
              f"Definition nothing_given (c : constants) : Prop :=\n  {free}.", ""]  # fmt: skip
    lines += [printer.formula(item) + "\n" for item in _order(printer.formulas)]
    for item in table.statements.values():
        if item.provenance == DERIVED:
            lines += [text + "\n" for text in _side(printer, table, item)]
    return "\n".join(lines)


def _side(printer: Printer, table: Any, statement: Statement) -> Iterator[str]:
    """The side conditions of each right side of a statement, and the modes it speaks of."""
    shown = [line.quantity.name for line in statement.lines if line.quantity is not None]
    for name in dict.fromkeys(shown):
        used = dependencies(table.formulas, name) - {name}
        others = [item for other in table.formulas if other in used for item in table.formulas[other].hypotheses]
        found = [*table.formulas[name].hypotheses, *(item for item in others if item.optional)]
        unlike = [item for place, item in enumerate(found) if item not in found[:place]]
        yield printer.hypotheses(name if name == statement.id else f"{statement.id}_{name}", unlike)
    modes = " \\/ ".join(f"the_mode c = mode_{mode.name}" for mode in statement.modes)
    yield f"Definition modes_{coq_name(statement.id)} (c : constants) : Prop := {modes}."


def assumptions(table: Any) -> str:
    """The file Assumed.v: what each statement supposes of the setting, A1 to A7 by their names."""
    lines = [f"{_NOTE} What each statement supposes. *)", "Require Import Constants Setting.", ""]
    for item in table.statements.values():
        if item.provenance == DERIVED:
            found = " /\\ ".join([*(f"{name} s" for name in item.assumptions), *_supposed(table, item)])
            lines.append(f"Definition assumes_{coq_name(item.id)} (s : setting) : Prop := {found}.")
    return "\n".join(lines) + "\n"


def _supposed(table: Any, statement: Statement) -> Iterator[str]:
    """What no input decides, of every quantity that the statement uses, under the condition where it is asked."""
    printer, used = Printer(table.formulas), set[str]()
    for quantity in statement.quantities:
        used |= dependencies(table.formulas, quantity.name)
    found = [one for name in sorted(used & set(table.formulas)) for one in table.formulas[name].assumed]
    for name in dict.fromkeys(one.name for one in found):
        asked = {printer.condition(one.when) for one in found if one.name == name} - {"true"}
        where = "".join(f"{one.replace(' c ', ' s ')} = true -> " for one in sorted(asked))
        yield f"({where}{_SUPPOSED[name]} s)" if where else f"{_SUPPOSED[name]} s"
