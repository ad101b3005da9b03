"""A constant as an exact fraction, with its enclosure, its hypotheses and its formula."""

import theory

found = theory.quantity("L_F").evaluate(alpha=1, L=1, rho="1/2", B=3, nu=1)
print(theory.quantity("L_F").latex)
print(found.exact, found.value, found.enclosure)
for hypothesis in theory.quantity("T2").checks(
    alpha="1/10", beta=1, L=1, rho="1/2", B=3, nu=2, tau=5, n=10, m=5, K=100, F0_gap=2, gamma_G="1/2", gamma_H="1/4"
):
    print(hypothesis.name, "holds" if hypothesis.holds else "fails", hypothesis.detail)
