"""The records of the statements: complete, consistent with the table, hypotheses as stated."""

from __future__ import annotations

import pytest

import theory
from theory.language.homogeneity import check_hypothesis
from theory.language.modes import MODE_NAMES
from theory.language.records import dependencies
from theory.language.setting import ASSUMPTIONS
from theory.tables import default_table

IDS = [
    *[
        "S1",
        "S2",
        "S3",
        "S3q",
        "S4",
        "S4m",
        "S5",
        "S5p",
        "S5s",
        "S6",
        "S7",
        "S8",
        "S8p",
        "S8s",
        "S9",
        "S9p",
        "S9s",
        "S10",
    ],
    *["D1", "T1a", "T1b", "T1c", "T1d", "T2", "T2p", "T3", "T3p", "T4", "T4c", "T4p", "C1", "C2", "C4", "C5", "C6"],
    *["per_fedavg.L_F", "per_fedavg.bias", "per_fedavg.sigma_F2", "per_fedavg.gamma_F2", "maml.C_L"],
]
EVAL_NAMES = [
    "q",
    "B_F",
    "L_F",
    "L_F_pointwise",
    "b_sto",
    "b_sto_2",
    "V",
    "sigma_F2",
    "gamma_F",
    "b_FO",
    "b_FO_sto",
    "var_FO_sto",
    "b_HF",
    "b_HF_sto",
    "h",
    "kappa",
    "theta",
    "chi",
    "x",
    "A",
    "N",
    *[
        "B_V",
        "b_FO_sto_2",
        "b_HF_sto_2",
        "b_sto_3",
        "mu_c",
        "P_plus",
        "P_minus",
        "psi",
        "omega",
        "T1d.A",
        "T1d.N",
        "T1d",
        "T2p",
        "T3p",
    ],
    *["T4p", "T4p_gap", "T4c_gap", "C1_E0", "C1", "C2", "theta_d", "chi_d", "x_d", "b0_d", "V_d"],
    "T2",
    "T3",
    "per_fedavg.L_F",
    "per_fedavg.bias",
    "per_fedavg.sigma_F2",
    "per_fedavg.gamma_F2",
    "maml.C_L",
]
HYPOTHESES = {
    "T1a": {"h <= 1", "T1a.A > 0", "sampling of m agents"},
    "T1b": {"h <= 1", "T1b.A > 0", "b = 0", "sigma^2 = 0"},
    "T1c": {"h <= 1", "tau = 1", "sampling of m agents"},
    "T1d": {"h <= 1", "h <= tau", "eps > 0", "c >= c_eps", "2 c > H kappa", "2 c > H s_m", "T1d.A > 0"},
    "T3p": {"h <= 1", "h <= tau", "eps > 0", "c >= c_eps", "2 c > H kappa", "2 c > H s_m", "T1d.A > 0", "lam_K <= 1"},
    "T4p": {"h <= 1", "m = n", "sigma^2 = 0"},
    "T4c": {"h <= 1", "m = n", "sigma^2 = 0", "b = 0", "mu_c >= 0"},
    "C1": {"Lambda > 0", "Delta_F > 0", "tau = 1", "m = n"},
    "C2": {"beta L_F <= 1", "beta_s = 1", "drawn as without replacement", "sampling of m agents"},
    "S10": {"nu >= 1"},
    "T2": {"h <= 1", "A > 0"},
    "T3": {"h <= 1", "A > 0", "2 A beta tau mu_F <= 1"},
    "T4": {"h <= 1", "T1b.A > 0", "b = 0", "sigma^2 = 0"},
    "per_fedavg.L_F": {"nu = 1", "alpha L <= 1"},
    "maml.C_L": {"L > 0"},
}


def test_every_statement_is_there_in_order() -> None:
    assert [bound.id for bound in theory.bounds()] == IDS


def test_every_contracted_quantity_is_there() -> None:
    names = [quantity.name for quantity in theory.quantities()]
    assert set(EVAL_NAMES) <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("bound", theory.bounds(), ids=lambda bound: bound.id)
def test_record_is_complete(bound: theory.Bound) -> None:
    assert bound.title
    assert bound.claim.endswith(".")
    assert len(bound.proof) > 100
    assert bound.kind in ("identity", "deterministic", "expectation")
    assert bound.provenance in ("derived", "published")
    assert bound.source
    assert set(bound.modes) <= set(MODE_NAMES)
    assert bound.modes
    assert set(bound.assumptions) <= set(ASSUMPTIONS)
    assert bound.quantity == bound.quantities[0]
    assert all(name in default_table().formulas for name in bound.quantities)
    for hypothesis in bound.hypotheses:
        check_hypothesis(hypothesis)


@pytest.mark.parametrize("bound", theory.bounds(), ids=lambda bound: bound.id)
def test_assumptions_match_the_constants_used(bound: theory.Bound) -> None:
    """A statement whose constant contains rho needs A3, sigma needs A4, gamma needs A5, mu_F needs A7."""
    used = frozenset().union(*(dependencies(default_table().formulas, name) for name in bound.quantities))
    needs = {"rho": "A3", "sigma_G": "A4", "sigma_H": "A4", "gamma_G": "A5", "gamma_H": "A5", "mu_F": "A7"}
    quiet = not any("stochastic" in mode for mode in bound.modes)
    for key, assumption in needs.items():
        if key in used and not (quiet and assumption == "A4"):
            assert assumption in bound.assumptions, (key, assumption)


@pytest.mark.parametrize(("id", "names"), HYPOTHESES.items())
def test_hypotheses_are_those_of_the_theory(id: str, names: set[str]) -> None:
    found = {item.name for item in theory.bound(id).hypotheses} - {"-L <= mu", "mu <= L", "-L_F <= mu_c", "mu_c <= L_F"}
    assert found == names


def test_every_mode_has_bias_or_error_bounds_and_rates() -> None:
    for mode in MODE_NAMES:
        ids = {bound.id for bound in theory.bounds() if mode in bound.modes}
        assert {"T1c", "T2", "T3"} <= ids
        assert ids & {"S4", "S5", "S8", "S8s", "S9", "S9s"}


@pytest.mark.parametrize(
    ("inputs", "case"),
    [
        ({"tau": 1}, "T1c"),
        ({"tau": 5}, "T1b"),
        ({"tau": 5, "mode": "first_order", "nu": 0, "alpha": 1, "L": 1, "B": 3}, "T1b"),
        ({"tau": 5, "mode": "first_order", "nu": 1, "alpha": 1, "L": 1, "B": 3}, "T1a"),
        ({"tau": 5, "mode": "hessian_free", "nu": 2, "alpha": 1, "L": 1, "B": 3, "rho": 0, "delta": 1}, "T1b"),
        ({"tau": 5, "mode": "hessian_free", "nu": 2, "alpha": 1, "L": 1, "B": 3, "rho": 1, "delta": 1}, "T1a"),
        ({"tau": 5, "b": 0, "sigma2": 0, "mode": "stochastic"}, "T1b"),
        ({"tau": 5, "b": 0, "sigma2": "1e-300"}, "T1a"),
    ],
)
def test_round_case(inputs: dict[str, object], case: str) -> None:
    assert theory.round_case(**inputs) == case


def test_round_case_without_noise_is_the_exact_one_however_many_steps() -> None:
    """nu = 10^4: the zero of sigma_F^2 is found without expanding 10^4-digit numbers."""
    quiet = dict(alpha="0.1", L=3, rho=0, B=1, sigma_G=0, sigma_H=0, D=1, D_prime=1, D_H=1, nu=10_000, tau=2)
    assert theory.round_case(**quiet, mode="stochastic") == "T1b"


def test_round_case_asks_for_what_decides_it() -> None:
    with pytest.raises(theory.InputError, match="tau"):
        theory.round_case()
    with pytest.raises(theory.InputError, match="B"):
        theory.round_case(tau=2, mode="first_order", nu=1, alpha=1, L=1)


def test_lazy_names_survive_importing_every_submodule() -> None:
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(theory.__path__):
        if module.name != "__main__":
            importlib.import_module(f"theory.{module.name}")
    for _ in range(2):
        assert theory.quantity("q").name == "q"
        assert theory.bound("S4").id == "S4"
        assert len(theory.bounds()) == len(IDS)
    for name in theory.__all__:
        assert callable(getattr(theory, name))
    with pytest.raises(AttributeError, match="no attribute 'quantitee'"):
        theory.quantitee  # noqa: B018
