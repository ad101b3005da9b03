(** Written from the records by `python -m theory formal --write`; not edited by hand. Inputs, quantities, side conditions. *)
Require Import Reals List Bool.
Require Import Smoothness Sampling.
Open Scope R_scope.

Inductive mode := mode_exact | mode_stochastic | mode_first_order | mode_first_order_stochastic | mode_hessian_free | mode_hessian_free_stochastic.
Inductive drift_option := drift_plain | drift_ball.
Inductive variance_option := variance_recursion | variance_budget.
Inductive sampling_option := sampling_subset | sampling_replacement | sampling_full.

Record constants := {
  alpha : R;
  beta : R;
  L : R;
  mu : option R;
  rho : R;
  B : R;
  sigma_G : R;
  sigma_H : R;
  gamma_G : R;
  gamma_H : R;
  D : nat;
  D_prime : nat;
  D_H : nat;
  nu : nat;
  tau : nat;
  n : nat;
  m : nat;
  K : nat;
  delta : R;
  mu_F : R;
  rho_2 : R;
  eps : R;
  zeta : R;
  p_max : R;
  eta_G : R;
  eta_H : R;
  the_mode : mode;
  the_drift : drift_option;
  the_variance : variance_option;
  the_sampling : sampling_option;
  given_q : option R;
  given_L_F : option R;
  given_mu_c : option R;
  given_gamma_F : option R;
  given_b : option R;
  given_sigma2 : option R;
  given_h : option R;
  given_beta_s : option R;
  given_T1d_c : option R;
  given_C1_r : option R
}.

Definition given {A} (o : option A) : bool := match o with Some _ => true | None => false end.
Definition value (o : option R) : R := match o with Some v => v | None => 0 end.
Definition is_zero (v : R) : bool := if Req_EM_T v 0 then true else false.
Definition is_mode (c : constants) (v : mode) : bool := match the_mode c, v with mode_exact, mode_exact => true | mode_stochastic, mode_stochastic => true | mode_first_order, mode_first_order => true | mode_first_order_stochastic, mode_first_order_stochastic => true | mode_hessian_free, mode_hessian_free => true | mode_hessian_free_stochastic, mode_hessian_free_stochastic => true | _, _ => false end.
Definition is_drift (c : constants) (v : drift_option) : bool := match the_drift c, v with drift_plain, drift_plain => true | drift_ball, drift_ball => true | _, _ => false end.
Definition is_variance (c : constants) (v : variance_option) : bool := match the_variance c, v with variance_recursion, variance_recursion => true | variance_budget, variance_budget => true | _, _ => false end.
Definition is_sampling (c : constants) (v : sampling_option) : bool := match the_sampling c, v with sampling_subset, sampling_subset => true | sampling_replacement, sampling_replacement => true | sampling_full, sampling_full => true | _, _ => false end.

Definition in_range (c : constants) : Prop :=
  0 <= (alpha c) /\
  0 < (beta c) /\
  0 <= (L c) /\
  0 <= (rho c) /\
  0 <= (B c) /\
  0 <= (sigma_G c) /\
  0 <= (sigma_H c) /\
  0 <= (gamma_G c) /\
  0 <= (gamma_H c) /\
  (1 <= (D c))%nat /\
  (1 <= (D_prime c))%nat /\
  (1 <= (D_H c))%nat /\
  (1 <= (tau c))%nat /\
  (1 <= (n c))%nat /\
  (1 <= (m c))%nat /\
  (1 <= (K c))%nat /\
  0 < (delta c) /\
  0 < (mu_F c) /\
  0 <= (rho_2 c) /\
  0 < (eps c) /\
  0 < (zeta c) /\
  0 < (p_max c) /\
  (p_max c) <= 1 /\
  0 <= (eta_G c) /\
  0 <= (eta_H c).
Definition nothing_given (c : constants) : Prop :=
  given_q c = None /\ given_L_F c = None /\ given_mu_c c = None /\ given_gamma_F c = None /\ given_b c = None /\ given_sigma2 c = None /\ given_h c = None.

Definition q (c : constants) : R :=
  match given_q c with Some v => v | None =>
  if (given (mu c)) then (Rmax (Rabs (((L c) * (alpha c)) - 1)) (Rabs (((alpha c) * (value (mu c))) - 1)))
  else (((L c) * (alpha c)) + 1) end.

Definition E_nu (c : constants) : R :=
  (((alpha c) ^ 2) * ((sigma_G c) ^ 2) * (geo (nu c) ((q c) ^ 2)) / (INR (D c))).

Definition m_nu (c : constants) : R :=
  ((1 / 2) * (alpha c) * (rho c) * (rtotal (seq 1 ((nu c) - 1)) (fun j => (((alpha c) ^ 2) * ((q c) ^ ((nu c) - 1 - j)) * ((sigma_G c) ^ 2) * (geo j ((q c) ^ 2)) / (INR (D c)))))).

Definition B_V (c : constants) : R :=
  if ((given (mu c)) || (given (given_q c))) then (Rmin ((((q c) ^ (nu c)) * (B c)) + ((L c) * (sqrt (E_nu c)))) (B c))
  else (B c).

Definition B_q (c : constants) : R :=
  if ((given (mu c)) || (given (given_q c))) then ((B c) * (Rmin ((q c) ^ (nu c)) 1))
  else (B c).

Definition S1 (c : constants) : R :=
  ((((((alpha c) * (eta_H c)) + (q c)) ^ (nu c)) * (((L c) * (alpha c) * (geo (nu c) (q c))) + 1) * (eta_G c)) + ((B_q c) * (alpha c) * (rtotal (seq 0 (nu c)) (fun l => (((((alpha c) * (eta_H c)) + (q c)) ^ l) * (((alpha c) * (eta_G c) * (geo l (q c)) * (rho c)) + (eta_H c)) * ((q c) ^ ((nu c) - 1 - l))))))).

Definition S1_relative (c : constants) (grad_norm : R) : R :=
  (2 * (S1 c) / grad_norm).

Definition S2 (c : constants) : R :=
  ((q c) ^ (nu c)).

Definition S3 (c : constants) (grad_norm_i : R) : R :=
  (((q c) ^ ((nu c) * 2)) * grad_norm_i).

Definition B_F (c : constants) : R :=
  (((q c) ^ (nu c)) * (B_q c)).

Definition L_F (c : constants) : R :=
  match given_L_F c with Some v => v | None =>
  ((((q c) ^ ((nu c) * 2)) * (L c)) + (((q c) ^ ((nu c) - 1)) * (B_q c) * (alpha c) * (geo (nu c) (q c)) * (rho c))) end.

Definition L_F_pointwise (c : constants) (grad_norm_i : R) : R :=
  ((((q c) ^ (((nu c) * 2) - 1)) * (alpha c) * (geo (nu c) (q c)) * (rho c) * grad_norm_i) + (((q c) ^ ((nu c) * 2)) * (L c))).

Definition mu_J (c : constants) : R :=
  ((((Rmax (1 - ((L c) * (alpha c))) 0) ^ ((nu c) * 2)) * (Rmax (value (mu c)) 0)) + (((q c) ^ ((nu c) * 2)) * (Rmin (value (mu c)) 0))).

Definition mu_c (c : constants) : R :=
  match given_mu_c c with Some v => v | None =>
  if (given (mu c)) then (Rmax ((mu_J c) - (((q c) ^ ((nu c) - 1)) * (B_q c) * (alpha c) * (geo (nu c) (q c)) * (rho c))) (- (L_F c)))
  else (- (L_F c)) end.

Definition S4m (c : constants) : R :=
  (- (mu_c c)).

Definition b_sto (c : constants) : R :=
  (((((q c) ^ ((nu c) - 1)) * (B_q c) * (alpha c) * (rho c) * (rtotal (seq 1 ((nu c) - 1)) (fun l => (sqrt (geo l ((q c) ^ 2)))))) + (((q c) ^ (nu c)) * (L c) * (sqrt (geo (nu c) ((q c) ^ 2))))) * (alpha c) * (sigma_G c) / (sqrt (INR (D c)))).

Definition b_sto_2 (c : constants) : R :=
  (Rmin (((((1 / 2) * (E_nu c) * (rho c)) + ((L c) * (m_nu c))) * ((q c) ^ (nu c))) + (((q c) ^ ((nu c) - 1)) * (B_V c) * (alpha c) * (rho c) * (rtotal (seq 1 ((nu c) - 1)) (fun l => ((alpha c) * (sigma_G c) * (sqrt (geo l ((q c) ^ 2))) / (sqrt (INR (D c)))))))) (b_sto c)).

Definition b_sto_3 (c : constants) : R :=
  (((((1 / 2) * (E_nu c) * (rho c)) + ((L c) * (m_nu c))) * ((q c) ^ (nu c))) + (((q c) ^ ((nu c) - 1)) * (L c) * (alpha c) * (rho c) * (rtotal (seq 1 ((nu c) - 1)) (fun l => ((alpha c) * (sigma_G c) * (sqrt (geo l ((q c) ^ 2))) / (sqrt (INR (D c)))))) * (sqrt (E_nu c))) + ((1 / 2) * (((rtotal (seq 1 ((nu c) - 1)) (fun l => ((alpha c) * (sigma_G c) * (sqrt (geo l ((q c) ^ 2))) / (sqrt (INR (D c)))))) ^ 2) - (rtotal (seq 1 ((nu c) - 1)) (fun l => (((alpha c) ^ 2) * ((sigma_G c) ^ 2) * (geo l ((q c) ^ 2)) / (INR (D c)))))) * ((alpha c) ^ 2) * ((q c) ^ ((nu c) - 2)) * ((rho c) ^ 2) * (B c)) + ((1 / 2) * ((alpha c) ^ 2) * ((q c) ^ ((nu c) - 1)) * ((rho c) ^ 2) * (B c) * (rtotal (seq 1 ((nu c) - 2)) (fun l => (((alpha c) ^ 2) * ((sigma_G c) ^ 2) * (geo ((nu c) - 1 - l) (q c)) * (geo l ((q c) ^ 2)) / (INR (D c)))))) + ((1 / 2) * ((q c) ^ ((nu c) - 1)) * (B c) * (alpha c) * (rho_2 c) * (rtotal (seq 1 ((nu c) - 1)) (fun l => (((alpha c) ^ 2) * ((sigma_G c) ^ 2) * (geo l ((q c) ^ 2)) / (INR (D c))))))).

Definition eta2 (c : constants) : R :=
  (((alpha c) ^ 2) * ((sigma_H c) ^ 2) / (INR (D_H c))).

Definition V (c : constants) : R :=
  ((((((q c) ^ 2) + (eta2 c)) ^ (nu c) - ((q c) ^ 2) ^ (nu c)) * ((B_V c) ^ 2)) + (((((q c) ^ 2) + (eta2 c)) ^ (nu c)) * ((sigma_G c) ^ 2) / (INR (D_prime c)))).

Definition sigma_F2 (c : constants) : R :=
  (((b_sto c) ^ 2) + (V c)).

Definition gamma_F (c : constants) : R :=
  match given_gamma_F c with Some v => v | None =>
  (((((INR (nu c)) * (gamma_H c)) + ((alpha c) * (gamma_G c) * (rho c) * (rtotal (seq 0 (nu c)) (fun l => (geo l (q c)))))) * ((q c) ^ ((nu c) - 1)) * (B_q c) * (alpha c)) + ((((L c) * (alpha c) * (geo (nu c) (q c))) + 1) * ((q c) ^ (nu c)) * (gamma_G c))) end.

Definition gamma_F2 (c : constants) : R :=
  ((gamma_F c) ^ 2).

Definition b_FO (c : constants) : R :=
  ((B_q c) * (Rmin (((q c) ^ (nu c)) + 1) ((L c) * (alpha c) * (geo (nu c) (q c))))).

Definition b_FO_sto_2 (c : constants) : R :=
  ((Rmin (((1 / 2) * (E_nu c) * (rho c)) + ((L c) * (m_nu c))) ((L c) * (sqrt (E_nu c)))) + (b_FO c)).

Definition b_FO_sto (c : constants) : R :=
  (((L c) * (alpha c) * (sigma_G c) * (sqrt (geo (nu c) ((q c) ^ 2))) / (sqrt (INR (D c)))) + (b_FO c)).

Definition var_FO_sto (c : constants) : R :=
  ((((L c) ^ 2) * ((alpha c) ^ 2) * ((sigma_G c) ^ 2) * (geo (nu c) ((q c) ^ 2)) / (INR (D c))) + (((sigma_G c) ^ 2) / (INR (D_prime c)))).

Definition b_HF (c : constants) : R :=
  ((1 / 2) * ((B_q c) ^ 2) * ((q c) ^ ((nu c) - 1)) * (alpha c) * (delta c) * (geo (nu c) (q c)) * (rho c)).

Definition b_HF_sto_2 (c : constants) : R :=
  (((1 / 2) * ((((sigma_G c) ^ 2) / (INR (D_prime c))) + ((B_V c) ^ 2)) * (alpha c) * (delta c) * (rho c) * (rtotal (seq 0 (nu c)) (fun l => (((((q c) ^ 2) + (eta2 c)) ^ ((nu c) - 1 - l)) * ((q c) ^ l))))) + (b_sto_2 c)).

Definition b_HF_sto (c : constants) : R :=
  (((1 / 2) * ((((sigma_G c) ^ 2) / (INR (D_prime c))) + ((B c) * (B_V c))) * (alpha c) * (delta c) * (rho c) * (rtotal (seq 0 (nu c)) (fun l => (((((q c) ^ 2) + (eta2 c)) ^ ((nu c) - 1 - l)) * ((q c) ^ l))))) + (b_sto c)).

Definition mse_HF_sto (c : constants) : R :=
  (((b_HF_sto c) ^ 2) + (V c)).

Definition S10 (c : constants) (grad_norm_i : R) : R :=
  (- ((1 - ((1 / 2) * (L c) * (alpha c))) * (alpha c) * (grad_norm_i ^ 2))).

Definition h (c : constants) : R :=
  match given_h c with Some v => v | None =>
  ((INR (tau c)) * (L_F c) * (beta c)) end.

Definition p_d (c : constants) : R :=
  if ((given (given_mu_c c)) || (given (mu c))) then (1 - ((h c) * (mu_c c) / (INR (tau c)) / (L_F c)))
  else (((h c) / (INR (tau c))) + 1).

Definition theta_d (c : constants) : R :=
  ((rtotal (seq 0 (tau c)) (fun t => (geo t (p_d c)))) / ((INR (tau c)) ^ 2)).

Definition chi_d (c : constants) : R :=
  ((rtotal (seq 0 (tau c)) (fun t => (sqrt (geo t ((p_d c) ^ 2))))) / (INR (tau c))).

Definition x_d (c : constants) : R :=
  ((h c) * (theta_d c)).

Definition b (c : constants) : R :=
  match given_b c with Some v => v | None =>
  if (is_mode c mode_exact) then 0
  else if (is_mode c mode_stochastic) then (b_sto_2 c)
  else if (is_mode c mode_first_order) then (b_FO c)
  else if (is_mode c mode_first_order_stochastic) then (b_FO_sto_2 c)
  else if (is_mode c mode_hessian_free) then (b_HF c)
  else (b_HF_sto_2 c) end.

Definition sigma2 (c : constants) : R :=
  match given_sigma2 c with Some v => v | None =>
  if (is_mode c mode_exact) then 0
  else if (is_mode c mode_stochastic) then (sigma_F2 c)
  else if (is_mode c mode_first_order) then 0
  else if (is_mode c mode_first_order_stochastic) then (var_FO_sto c)
  else if (is_mode c mode_hessian_free) then 0
  else (mse_HF_sto c) end.

Definition b0_d (c : constants) : R :=
  ((((x_d c) + 1) * (b c)) + ((chi_d c) * (h c) * (sqrt (sigma2 c)) / (INR (tau c)))).

Definition P_plus (c : constants) : R :=
  ((geo (tau c) (1 - ((h c) / (INR (tau c))))) / (INR (tau c))).

Definition P_minus (c : constants) : R :=
  ((geo (tau c) (p_d c)) / (INR (tau c))).

Definition psi (c : constants) : R :=
  (((1 / 2) * (P_minus c)) + ((1 / 2) * (P_plus c))).

Definition omega (c : constants) : R :=
  (((1 / 2) * (P_minus c)) - ((1 / 2) * (P_plus c))).

Definition kappa (c : constants) : R :=
  if (is_sampling c sampling_full) then 0
  else if (is_sampling c sampling_replacement) then (/ (INR (m c)))
  else if (Nat.eqb (n c) 1) then 0
  else (((INR (n c)) - (INR (m c))) / ((INR (n c)) - 1) / (INR (m c))).

Definition share (c : constants) : R :=
  if (is_sampling c sampling_full) then (p_max c)
  else (/ (INR (m c))).

Definition p (c : constants) : R :=
  (((h c) / (INR (tau c))) + 1).

Definition theta (c : constants) : R :=
  ((rtotal (seq 0 (tau c)) (fun t => (geo t (p c)))) / ((INR (tau c)) ^ 2)).

Definition chi (c : constants) : R :=
  ((rtotal (seq 0 (tau c)) (fun t => (sqrt (geo t ((p c) ^ 2))))) / (INR (tau c))).

Definition x (c : constants) : R :=
  ((h c) * (theta c)).

Definition b0 (c : constants) : R :=
  ((((x c) + 1) * (b c)) + ((chi c) * (h c) * (sqrt (sigma2 c)) / (INR (tau c)))).

Definition M (c : constants) : R :=
  if (is_zero (sigma2 c)) then (((h c) * (kappa c)) + (1 / 2))
  else (((h c) * (kappa c)) + ((h c) / (INR (m c))) + (1 / 2)).

Definition T1a_A (c : constants) : R :=
  ((1 / 2) - (2 * ((x c) ^ 2) * (M c))).

Definition T1b_A (c : constants) : R :=
  ((1 / 2) - ((1 / 2) * ((x c) + 1) * (h c) * (kappa c) * (x c)) - ((1 / 2) * ((x c) ^ 2))).

Definition T1c_A (c : constants) : R :=
  (1 / 2).

Definition A (c : constants) : R :=
  if (Nat.eqb (tau c) 1) then (T1c_A c)
  else if (is_zero (b c) && is_zero (sigma2 c)) then (T1b_A c)
  else (T1a_A c).

Definition T1a_N (c : constants) : R :=
  ((((gamma_F c) ^ 2) * (h c) * (kappa c)) + ((h c) * (sigma2 c) / (INR (m c)) / (INR (tau c))) + (2 * ((((gamma_F c) ^ 2) * ((x c) ^ 2)) + ((b0 c) ^ 2)) * (M c))).

Definition T1b_N (c : constants) : R :=
  ((1 / 2) * (((((x c) + 1) ^ 2) * (h c) * (kappa c)) + ((x c) ^ 2)) * ((gamma_F c) ^ 2)).

Definition T1c_N (c : constants) : R :=
  (((1 / 2) * (((((b c) + (gamma_F c)) ^ 2) * (kappa c)) + ((sigma2 c) / (INR (m c)))) * (h c)) + ((1 / 2) * ((b c) ^ 2))).

Definition N (c : constants) : R :=
  if (Nat.eqb (tau c) 1) then (T1c_N c)
  else if (is_zero (b c) && is_zero (sigma2 c)) then (T1b_N c)
  else (T1a_N c).

Definition T1 (c : constants) (F0_gap grad_norm : R) : R :=
  (((INR (tau c)) * (N c) * (beta c)) + F0_gap - ((A c) * (INR (tau c)) * (beta c) * (grad_norm ^ 2))).

Definition T1a (c : constants) (F0_gap grad_norm : R) : R :=
  (((INR (tau c)) * (T1a_N c) * (beta c)) + F0_gap - ((INR (tau c)) * (T1a_A c) * (beta c) * (grad_norm ^ 2))).

Definition T1b (c : constants) (F0_gap grad_norm : R) : R :=
  (((INR (tau c)) * (T1b_N c) * (beta c)) + F0_gap - ((INR (tau c)) * (T1b_A c) * (beta c) * (grad_norm ^ 2))).

Definition T1c (c : constants) (F0_gap grad_norm : R) : R :=
  (((INR (tau c)) * (T1c_N c) * (beta c)) + F0_gap - ((INR (tau c)) * (T1c_A c) * (beta c) * (grad_norm ^ 2))).

Definition beta_s (c : constants) : R :=
  match given_beta_s c with Some v => v | None =>
  1 end.

Definition T1d_H (c : constants) : R :=
  ((beta_s c) * (h c)).

Definition T1d_psi (c : constants) : R :=
  if (is_drift c drift_ball) then (psi c)
  else 1.

Definition T1d_c_eps (c : constants) : R :=
  (((1 / 2) * (Rabs (((T1d_H c) * (T1d_psi c)) - 1)) / (eps c)) + ((1 / 2) * (T1d_H c))).

Definition T1d_c (c : constants) : R :=
  match given_T1d_c c with Some v => v | None =>
  (T1d_c_eps c) end.

Definition T1d_omega (c : constants) : R :=
  if (is_drift c drift_ball) then (omega c)
  else (x_d c).

Definition T1d_A (c : constants) : R :=
  if (is_zero (T1d_omega c)) then (((1 - ((1 / 2) * (T1d_H c) * (T1d_psi c))) * (T1d_psi c)) - ((1 / 2) * (Rabs (((T1d_H c) * (T1d_psi c)) - 1)) * (eps c)))
  else if (is_zero (b0_d c)) then (((1 - ((1 / 2) * (T1d_H c) * (T1d_psi c))) * (T1d_psi c)) - (((T1d_omega c) ^ 2) * (T1d_c c)) - ((1 / 2) * (Rabs (((T1d_H c) * (T1d_psi c)) - 1)) * (eps c)))
  else (((1 - ((1 / 2) * (T1d_H c) * (T1d_psi c))) * (T1d_psi c)) - (((T1d_omega c) ^ 2) * ((zeta c) + 1) * (T1d_c c)) - ((1 / 2) * (Rabs (((T1d_H c) * (T1d_psi c)) - 1)) * (eps c))).

Definition T1d_Q0 (c : constants) : R :=
  if (is_zero (T1d_omega c)) then ((b0_d c) ^ 2)
  else if (is_zero (b0_d c)) then (((T1d_omega c) ^ 2) * ((gamma_F c) ^ 2))
  else ((((/ (zeta c)) + 1) * ((b0_d c) ^ 2)) + (((T1d_omega c) ^ 2) * ((gamma_F c) ^ 2) * ((zeta c) + 1))).

Definition V_d (c : constants) : R :=
  if (is_zero (sigma2 c)) then 0
  else if (is_variance c variance_budget) then (2 * (T1d_c c) * (sigma2 c) / ((2 * (T1d_c c)) - ((T1d_H c) * (share c))) / (INR (tau c)))
  else (((((b c) * (geo ((tau c) - 1) (p_d c))) + ((sqrt (geo (tau c) ((p_d c) ^ 2))) * (sqrt (sigma2 c)))) ^ 2) / ((INR (tau c)) ^ 2)).

Definition T1d_N (c : constants) : R :=
  if (is_zero (kappa c)) then (((1 / 2) * (T1d_H c) * (V_d c) * (share c)) + ((T1d_Q0 c) * (T1d_c c)))
  else ((((T1d_psi c) ^ 2) * ((gamma_F c) ^ 2) * (T1d_H c) * (T1d_c c) * (kappa c) / ((2 * (T1d_c c)) - ((T1d_H c) * (kappa c)))) + ((1 / 2) * (T1d_H c) * (V_d c) * (share c)) + ((T1d_Q0 c) * (T1d_c c))).

Definition T1d (c : constants) (F0_gap grad_norm : R) : R :=
  (((INR (tau c)) * (T1d_N c) * (beta c) * (beta_s c)) + F0_gap - ((INR (tau c)) * (T1d_A c) * (beta c) * (beta_s c) * (grad_norm ^ 2))).

Definition T2 (c : constants) (F0_gap : R) : R :=
  (((N c) / (A c)) + (F0_gap / (A c) / (INR (K c)) / (INR (tau c)) / (beta c))).

Definition T2p (c : constants) (F0_gap : R) : R :=
  (((T1d_N c) / (T1d_A c)) + (F0_gap / (INR (K c)) / (INR (tau c)) / (T1d_A c) / (beta c) / (beta_s c))).

Definition T3 (c : constants) (F0_gap : R) : R :=
  ((((1 - (2 * (A c) * (INR (tau c)) * (beta c) * (mu_F c))) ^ (K c)) * F0_gap) + ((1 / 2) * (N c) / (A c) / (mu_F c))).

Definition T3p_lam (c : constants) : R :=
  (2 * (INR (tau c)) * (T1d_A c) * (beta c) * (beta_s c) * (mu_F c)).

Definition T3p (c : constants) (F0_gap : R) : R :=
  ((((1 - (T3p_lam c)) ^ (K c)) * F0_gap) + ((1 / 2) * (1 - ((1 - (T3p_lam c)) ^ (K c))) * (T1d_N c) / (T1d_A c) / (mu_F c))).

Definition T4 (c : constants) : R :=
  ((T1b_N c) / (T1b_A c)).

Definition T4_gap (c : constants) : R :=
  ((1 / 2) * (T1b_N c) / (T1b_A c) / (mu_F c)).

Definition T4c_gap (c : constants) : R :=
  ((1 / 12) * ((2 * (INR (tau c))) - 1) * ((INR (tau c)) - 1) * ((gamma_F c) ^ 2) * ((h c) ^ 2) * ((psi c) ^ 2) / ((INR (tau c)) ^ 2) / (L_F c) / (P_minus c) / (P_plus c)).

Definition T4p_biased (c : constants) : R :=
  ((((b0_d c) * (psi c)) + ((omega c) * (sqrt ((((gamma_F c) ^ 2) * (P_minus c) * (P_plus c)) + ((b0_d c) ^ 2))))) / (P_minus c) / (P_plus c)).

Definition T4p (c : constants) : R :=
  if (is_zero (b c)) then (((gamma_F c) ^ 2) * ((omega c) ^ 2) / (P_minus c) / (P_plus c))
  else ((T4p_biased c) ^ 2).

Definition T4p_gap (c : constants) : R :=
  ((1 / 2) * (T4p c) / (mu_F c)).

Definition C1_Lambda (c : constants) : R :=
  (1 - ((L c) * (alpha c) * (geo (nu c) (q c)))).

Definition C1_Delta (c : constants) : R :=
  ((C1_Lambda c) - ((1 / 2) * (L_F c) * (beta c))).

Definition C1_gamma_J (c : constants) : R :=
  ((((INR (nu c)) * (gamma_H c)) + ((alpha c) * (gamma_G c) * (rho c) * (rtotal (seq 0 (nu c)) (fun l => (geo l (q c)))))) * ((q c) ^ ((nu c) - 1)) * (alpha c)).

Definition C1_gamma_g (c : constants) : R :=
  ((((L c) * (alpha c) * (geo (nu c) (q c))) + 1) * (gamma_G c)).

Definition C1_E0 (c : constants) : R :=
  ((C1_gamma_J c) * (C1_gamma_g c)).

Definition C1_r (c : constants) : R :=
  match given_C1_r c with Some v => v | None =>
  ((C1_Delta c) / ((q c) ^ (nu c))) end.

Definition C1 (c : constants) (F0_gap : R) : R :=
  ((((((C1_E0 c) ^ 2) / ((C1_Delta c) ^ 2)) + (2 * F0_gap / (C1_Delta c) / (INR (K c)) / (beta c))) * ((C1_r c) + 1) * ((q c) ^ ((nu c) * 2))) + (((/ (C1_r c)) + 1) * ((C1_E0 c) ^ 2))).

Definition C2 (c : constants) (F0_gap : R) : R :=
  (((((((b c) + (gamma_F c)) * (geo (tau c) (p_d c))) + ((sqrt (geo (tau c) ((p_d c) ^ 2))) * (sqrt (sigma2 c)))) ^ 2) * (h c) * (kappa c) / ((INR (tau c)) ^ 2)) + ((h c) * (sigma2 c) / (INR (n c)) / (INR (tau c))) + ((rtotal (seq 0 (tau c)) (fun t => (((((((b c) + (gamma_F c)) * (geo t (p_d c))) + ((sqrt (geo t ((p_d c) ^ 2))) * (sqrt (sigma2 c)))) * (h c) / (INR (tau c))) + (b c)) ^ 2))) / (INR (tau c))) + (2 * F0_gap / (INR (K c)) / (INR (tau c)) / (beta c))).

Definition C4_Sigma (c : constants) : R :=
  ((((gamma_F c) ^ 2) * (kappa c)) + ((sigma2 c) / (INR (m c)) / (INR (tau c)))).

Definition C4_h (c : constants) (F0_gap : R) : R :=
  if (is_zero (C4_Sigma c)) then (1 / 10)
  else (Rmin ((3 / 5) * (sqrt (L_F c)) * (sqrt 5) * (sqrt F0_gap) / (sqrt (C4_Sigma c)) / (sqrt (INR (K c)))) (1 / 10)).

Definition C4_beta (c : constants) (F0_gap : R) : R :=
  ((C4_h c F0_gap) / (INR (tau c)) / (L_F c)).

Definition C4 (c : constants) (F0_gap : R) : R :=
  (((((11 / 20) * ((gamma_F c) ^ 2)) + (2 * (sigma2 c) / (INR (tau c)))) * ((C4_h c F0_gap) ^ 2)) + ((101 / 5) * (L_F c) * F0_gap / (INR (K c))) + ((9 / 2) * ((b c) ^ 2)) + (3 * (sqrt (C4_Sigma c)) * (sqrt (L_F c)) * (sqrt F0_gap) / (sqrt (INR (K c))))).

Definition C5_c (c : constants) : R :=
  ((INR (nu c)) * (L c) * (alpha c)).

Definition C5_q (c : constants) : R :=
  (exp (C5_c c)).

Definition C5_noise (c : constants) : R :=
  (exp ((((C5_c c) ^ 2) * ((sigma_H c) ^ 2) / ((L c) ^ 2) / (INR (D_H c)) / (INR (nu c))) + (2 * (C5_c c)))).

Definition C5_B_F (c : constants) : R :=
  ((B c) * (exp (C5_c c))).

Definition C5_L_F (c : constants) : R :=
  ((((exp (C5_c c)) - 1) * (B c) * (exp (C5_c c)) * (rho c) / (L c)) + ((L c) * (exp (2 * (C5_c c))))).

Definition C5_gamma_F (c : constants) : R :=
  ((((((exp (C5_c c)) - (C5_c c) - 1) * (gamma_G c) * (rho c) / (L c)) + ((C5_c c) * (gamma_H c))) * (B c) * (exp (C5_c c)) / (L c)) + ((exp (2 * (C5_c c))) * (gamma_G c))).

Definition C5_b_FO (c : constants) : R :=
  (((exp (C5_c c)) - 1) * (B c)).

Definition C5_b_HF (c : constants) : R :=
  ((1 / 2) * ((B c) ^ 2) * ((exp (C5_c c)) - 1) * (delta c) * (exp (C5_c c)) * (rho c) / (L c)).

Definition C5_E_nu (c : constants) : R :=
  (((C5_c c) ^ 2) * ((sigma_G c) ^ 2) * (exp (2 * (C5_c c))) / ((L c) ^ 2) / (INR (D c)) / (INR (nu c))).

Definition requires_S1 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S1_S1_relative (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S1 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S2 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S3 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S3_B_F (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S3 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S3q_B_q (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S3q_B_V (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S3q_B_F (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S3q_L_F (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S3q (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S4_L_F (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S4_L_F_pointwise (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S4 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S4m_mu_c (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S4m (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S5_b_sto (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S5 (c : constants) : Prop := the_mode c = mode_stochastic.

Definition requires_S5p_b_sto_2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S5p (c : constants) : Prop := the_mode c = mode_stochastic.

Definition requires_S5s_b_sto_3 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S5s (c : constants) : Prop := the_mode c = mode_stochastic.

Definition requires_S6_sigma_F2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S6 (c : constants) : Prop := the_mode c = mode_stochastic.

Definition requires_S7_gamma_F2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S7 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_S8_b_FO (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S8 (c : constants) : Prop := the_mode c = mode_first_order.

Definition requires_S8p_b_FO_sto_2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S8p (c : constants) : Prop := the_mode c = mode_first_order_stochastic.

Definition requires_S8s_b_FO_sto (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S8s_var_FO_sto (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S8s (c : constants) : Prop := the_mode c = mode_first_order_stochastic.

Definition requires_S9_b_HF (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S9 (c : constants) : Prop := the_mode c = mode_hessian_free.

Definition requires_S9p_b_HF_sto_2 (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S9p (c : constants) : Prop := the_mode c = mode_hessian_free_stochastic.

Definition requires_S9s_b_HF_sto (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_S9s_mse_HF_sto (c : constants) : Prop :=
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_S9s (c : constants) : Prop := the_mode c = mode_hessian_free_stochastic.

Definition requires_S10 (c : constants) : Prop :=
  (((nu c) >= 1)%nat).

Definition modes_S10 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_D1_omega (c : constants) : Prop :=
  ((negb (Nat.eqb (tau c) 1)) = true -> (h c) <= 1) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_D1 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_T1a (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((is_sampling c sampling_full) = true -> (share c) <= (/ (INR (m c)))) /\
  ((T1a_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T1a (c : constants) : Prop := the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T1b (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((b c) = 0) /\
  ((sigma2 c) = 0) /\
  ((T1b_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T1b (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_T1c (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((is_sampling c sampling_full) = true -> (share c) <= (/ (INR (m c)))) /\
  (((tau c) = 1)%nat) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T1c (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T1d (c : constants) : Prop :=
  (((is_drift c drift_ball) && (negb (Nat.eqb (tau c) 1))) = true -> (h c) <= 1) /\
  ((negb (is_drift c drift_ball)) = true -> (h c) <= (INR (tau c))) /\
  ((eps c) > 0) /\
  ((given (given_T1d_c c)) = true -> (T1d_c c) >= (T1d_c_eps c)) /\
  ((negb (is_zero (kappa c))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (kappa c))) /\
  (((is_variance c variance_budget) && (negb (is_zero (sigma2 c)))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (share c))) /\
  ((T1d_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_T1d (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T2 (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T2 (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T2p (c : constants) : Prop :=
  (((is_drift c drift_ball) && (negb (Nat.eqb (tau c) 1))) = true -> (h c) <= 1) /\
  ((negb (is_drift c drift_ball)) = true -> (h c) <= (INR (tau c))) /\
  ((eps c) > 0) /\
  ((given (given_T1d_c c)) = true -> (T1d_c c) >= (T1d_c_eps c)) /\
  ((negb (is_zero (kappa c))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (kappa c))) /\
  (((is_variance c variance_budget) && (negb (is_zero (sigma2 c)))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (share c))) /\
  ((T1d_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_T2p (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T3 (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((A c) > 0) /\
  ((2 * (A c) * (INR (tau c)) * (beta c) * (mu_F c)) <= 1) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T3 (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T3p (c : constants) : Prop :=
  (((is_drift c drift_ball) && (negb (Nat.eqb (tau c) 1))) = true -> (h c) <= 1) /\
  ((negb (is_drift c drift_ball)) = true -> (h c) <= (INR (tau c))) /\
  ((eps c) > 0) /\
  ((given (given_T1d_c c)) = true -> (T1d_c c) >= (T1d_c_eps c)) /\
  ((negb (is_zero (kappa c))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (kappa c))) /\
  (((is_variance c variance_budget) && (negb (is_zero (sigma2 c)))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (share c))) /\
  ((T1d_A c) > 0) /\
  ((T3p_lam c) <= 1) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_T3p (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_T4 (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((b c) = 0) /\
  ((sigma2 c) = 0) /\
  ((T1b_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition requires_T4_T4_gap (c : constants) : Prop :=
  ((h c) <= 1) /\
  ((b c) = 0) /\
  ((sigma2 c) = 0) /\
  ((T1b_A c) > 0) /\
  ((2 * (INR (tau c)) * (T1b_A c) * (beta c) * (mu_F c)) <= 1) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_T4 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_T4c_T4c_gap (c : constants) : Prop :=
  ((negb (Nat.eqb (tau c) 1)) = true -> (h c) <= 1) /\
  (((m c) = (n c))%nat) /\
  ((sigma2 c) = 0) /\
  ((b c) = 0) /\
  ((mu_c c) >= 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_T4c (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_T4p (c : constants) : Prop :=
  ((negb (Nat.eqb (tau c) 1)) = true -> (h c) <= 1) /\
  (((m c) = (n c))%nat) /\
  ((sigma2 c) = 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition requires_T4p_T4p_gap (c : constants) : Prop :=
  ((negb (Nat.eqb (tau c) 1)) = true -> (h c) <= 1) /\
  (((m c) = (n c))%nat) /\
  ((sigma2 c) = 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_T4p (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_first_order \/ the_mode c = mode_hessian_free.

Definition requires_C1 (c : constants) : Prop :=
  ((C1_Lambda c) > 0) /\
  ((C1_Delta c) > 0) /\
  (((tau c) = 1)%nat) /\
  (((m c) = (n c))%nat) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_C1 (c : constants) : Prop := the_mode c = mode_first_order.

Definition requires_C2 (c : constants) : Prop :=
  ((h c) <= (INR (tau c))) /\
  ((given (given_beta_s c)) = true -> (beta_s c) = 1) /\
  ((negb (is_sampling c sampling_subset)) = true -> (((INR (n c)) - 1) * (INR (m c)) * (kappa c)) = ((INR (n c)) - (INR (m c)))) /\
  ((is_sampling c sampling_full) = true -> (share c) <= (/ (INR (m c)))) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_C2 (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_C4 (c : constants) (F0_gap : R) : Prop :=
  (F0_gap > 0) /\
  ((L_F c) > 0) /\
  ((is_sampling c sampling_full) = true -> (share c) <= (/ (INR (m c)))) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)).

Definition modes_C4 (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.

Definition requires_C5_C5_q (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_noise (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_B_F (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_L_F (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_gamma_F (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_b_FO (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_b_HF (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition requires_C5_C5_E_nu (c : constants) : Prop :=
  (((nu c) >= 1)%nat) /\
  ((L c) > 0).

Definition modes_C5 (c : constants) : Prop := the_mode c = mode_exact.

Definition requires_C6_T2p (c : constants) : Prop :=
  (((is_drift c drift_ball) && (negb (Nat.eqb (tau c) 1))) = true -> (h c) <= 1) /\
  ((negb (is_drift c drift_ball)) = true -> (h c) <= (INR (tau c))) /\
  ((eps c) > 0) /\
  ((given (given_T1d_c c)) = true -> (T1d_c c) >= (T1d_c_eps c)) /\
  ((negb (is_zero (kappa c))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (kappa c))) /\
  (((is_variance c variance_budget) && (negb (is_zero (sigma2 c)))) = true -> (2 * (T1d_c c)) > ((T1d_H c) * (share c))) /\
  ((T1d_A c) > 0) /\
  ((given (mu c)) = true -> (- (L c)) <= (value (mu c))) /\
  ((given (mu c)) = true -> (value (mu c)) <= (L c)) /\
  ((given (given_mu_c c)) = true -> (- (L_F c)) <= (mu_c c)) /\
  ((given (given_mu_c c)) = true -> (mu_c c) <= (L_F c)).

Definition modes_C6 (c : constants) : Prop := the_mode c = mode_exact \/ the_mode c = mode_stochastic \/ the_mode c = mode_first_order \/ the_mode c = mode_first_order_stochastic \/ the_mode c = mode_hessian_free \/ the_mode c = mode_hessian_free_stochastic.
