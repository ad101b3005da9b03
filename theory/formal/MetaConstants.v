(** L_F of S4 and gamma_F of S7 in the form that the proofs use, with S3q's B_q. *)
Require Import Space Smoothness Sampling.

Section Constants.
Variables (nu : nat) (alpha L rho B q gamma_G gamma_H : R).
Definition L_F := q ^ (2 * nu) * L + alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q.
Definition gamma_F := q ^ nu * gamma_G * (1 + alpha * L * geo nu q) +
  alpha * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)).
End Constants.
