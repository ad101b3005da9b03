"""How large the server's step may be (T2), by fine-tuning steps and local steps."""

import theory

known = dict(alpha="1/10", L=1, rho="1/2", B=3, n=10, m=10, K=100, F0_gap=2, gamma_G="1/2", gamma_H="1/4")
print("nu   " + "".join(f"tau = {tau:<8}" for tau in (1, 5, 25)))
for nu in (0, 1, 2, 5, 10):
    steps = [theory.admissible("T2", **known, nu=nu, tau=tau).beta for tau in (1, 5, 25)]
    print(f"{nu:<5}" + "".join(f"{beta:<14.4g}" for beta in steps))
