(** T4p and T4p_gap: the gradient and the gap at every fixed point of the full round, for any server step. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun Heterogeneity DriftPath OneRoundCases Growth DriftLocal.
Require ExactRound OneRound.

Section FixedPoint.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta beta_s : R) (tau : nat) (gamma : R) (w : X).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis gamma_bound : spread (ExactRound.agents n) (fun i => g i w) <= gamma ^ 2.
(** All agents take part, and the round leaves w where it is. *)
Hypothesis fixed : ExactRound.server g beta beta_s tau (ExactRound.agents n) w = w.
Let a := ExactRound.G n g w.

Lemma mean_path_zero : mean (ExactRound.agents n) (fun i => ExactRound.average_gradient g beta tau i w) = zero.
Proof using n_pos tau_pos beta_pos beta_s_pos fixed.
  pose proof (agents_nonempty n n_pos) as some. pose proof (INR_pos tau tau_pos) as t0.
  pose proof (ExactRound.server_moves n g beta beta_s tau n (conj n_pos (Nat.le_refl n)) tau_pos (ExactRound.agents n) w some) as e. rewrite fixed in e.
  set (y := mean _ _) in *. assert (s0 : 0 < beta_s * beta * INR tau) by (repeat apply Rmult_lt_0_compat; assumption).
  apply inner_ext. intros z. assert (q : inner (w - w) z = inner (- (beta_s * beta * INR tau) * y)%V z) by now rewrite e.
  autorewrite with inner in *. apply Rmult_eq_reg_l with (beta_s * beta * INR tau); lra.
Qed.

Section Pair.
Variables (psi omega : R).
Hypothesis omega_nonneg : 0 <= omega.
Hypothesis pair : forall i, (i < n)%nat -> norm (ExactRound.average_gradient g beta tau i w - psi * g i w) <= omega * norm (g i w).

Lemma balance : psi ^ 2 * norm a ^ 2 <= omega ^ 2 * (norm a ^ 2 + gamma ^ 2).
Proof using All.
  pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some.
  set (r := fun i => (ExactRound.average_gradient g beta tau i w - psi * g i w)%V).
  assert (em : mean (ExactRound.agents n) r = ((- psi) * a)%V).
  { unfold r, a, ExactRound.G. rewrite mean_add, mean_path_zero. rewrite (mean_ext _ (fun i => -1 * (psi * g i w))%V (fun i => (- psi) * g i w)%V) by (intros; veq).
    rewrite mean_scal. veq. }
  pose proof (mean_square (ExactRound.agents n) r some) as ms. rewrite em in ms. pose proof (spread_nonneg (ExactRound.agents n) r) as s0.
  assert (up : rmean (ExactRound.agents n) (fun i => norm (r i) ^ 2) <= rmean (ExactRound.agents n) (fun i => omega ^ 2 * norm (g i w) ^ 2)).
  { apply rmean_le. intros i Hi. apply in_seq in Hi. rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|apply pair; lia]. }
  rewrite rmean_scal, (mean_square (ExactRound.agents n) (fun i => g i w) some) in up. fold (ExactRound.G n g w) in up. fold a in up.
  assert (e : norm ((- psi) * a) ^ 2 = psi ^ 2 * norm a ^ 2) by (rewrite !norm_sq; expand; ring). rewrite e in ms.
  assert (omega ^ 2 * spread (ExactRound.agents n) (fun i => g i w) <= omega ^ 2 * gamma ^ 2) by (apply Rmult_le_compat_l; [apply pow2_ge_0|assumption]).
  lra.
Qed.

Hypothesis wide : omega < psi.

(** With P_+ = psi - omega > 0 and P_- = psi + omega. *)
Theorem T4p : norm a ^ 2 <= omega ^ 2 * gamma ^ 2 / ((psi + omega) * (psi - omega)).
Proof using All.
  pose proof balance as bl. assert (d : 0 < (psi + omega) * (psi - omega)) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_le_reg_r with ((psi + omega) * (psi - omega)); [assumption|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra.
Qed.
(** Under PL at the fixed point. *)
Theorem T4p_gap F_star mu_F : 0 < mu_F -> 2 * mu_F * (ExactRound.F n f w - F_star) <= norm a ^ 2 ->
  ExactRound.F n f w - F_star <= omega ^ 2 * gamma ^ 2 / (2 * mu_F * ((psi + omega) * (psi - omega))).
Proof using All.
  intros Hm PL. pose proof T4p as t. assert (d : 0 < (psi + omega) * (psi - omega)) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_le_reg_l with (2 * mu_F); [lra|]. eapply Rle_trans; [exact PL|]. eapply Rle_trans; [exact t|]. right. field. repeat split; lra.
Qed.
(** Mean squared gradient of the agents at the fixed point. *)
Lemma mean_gradient_square : rmean (ExactRound.agents n) (fun i => norm (g i w) ^ 2) <= gamma ^ 2 * psi ^ 2 / ((psi + omega) * (psi - omega)).
Proof using All.
  pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some.
  rewrite (mean_square (ExactRound.agents n) (fun i => g i w) some). fold (ExactRound.G n g w). fold a. pose proof T4p as t.
  assert (d : 0 < (psi + omega) * (psi - omega)) by (apply Rmult_lt_0_compat; lra).
  replace (gamma ^ 2 * psi ^ 2 / ((psi + omega) * (psi - omega))) with (omega ^ 2 * gamma ^ 2 / ((psi + omega) * (psi - omega)) + gamma ^ 2); [lra|].
  field. split; lra.
Qed.
End Pair.

(** ** The pair (1, x) *)
Section Plain.
Variables (L : R) (W : X -> Prop).
Hypothesis L_nonneg : 0 <= L.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis w_in : W w.
Hypothesis locals_in : forall i t, (i < n)%nat -> (t <= tau)%nat -> W (ExactRound.local g beta i t w).
Hypothesis short : beta * INR tau * L <= 1.
Let x := beta * INR tau * L * ExactRound.theta beta tau L.

Lemma x_range : 0 <= x < 1.
Proof using n_pos tau_pos beta_pos L_nonneg short.
  split; [apply (ExactRound.x_nonneg n beta tau n L (conj n_pos (Nat.le_refl n))); assumption|].
  pose proof (INR_pos tau tau_pos). assert (0 <= beta * INR tau * L) by nonneg.
  pose proof (x_below_one (beta * INR tau * L) tau tau_pos ltac:(lra)) as q. unfold x, ExactRound.theta. lra.
Qed.
(** Without W0+. *)
Theorem T4p_plain : norm a ^ 2 <= x ^ 2 * gamma ^ 2 / (1 - x ^ 2).
Proof using All.
  pose proof x_range as r. replace (1 - x ^ 2) with ((1 + x) * (1 - x)) by ring. apply (T4p 1 x); try lra.
  intros i Hi. apply (ExactRound.pair_one n g beta beta_s tau n L W (conj n_pos (Nat.le_refl n))); assumption.
Qed.
Theorem T4p_gap_plain F_star mu_F : 0 < mu_F -> 2 * mu_F * (ExactRound.F n f w - F_star) <= norm a ^ 2 ->
  ExactRound.F n f w - F_star <= x ^ 2 * gamma ^ 2 / (2 * mu_F * (1 - x ^ 2)).
Proof using All.
  intros Hm PL. pose proof x_range as r. replace (1 - x ^ 2) with ((1 + x) * (1 - x)) by ring. apply (T4p_gap 1 x); try lra.
  intros i Hi. apply (ExactRound.pair_one n g beta beta_s tau n L W (conj n_pos (Nat.le_refl n))); assumption.
Qed.
End Plain.

(** ** D1's pair under W0+, mu_c in [-L, L], tau >= 1 *)
Section Curved.
Variables (L mu_c : R) (W : X -> Prop).
Hypothesis mu_low : - L <= mu_c.
Hypothesis mu_le_L : mu_c <= L.
Hypothesis short : beta * INR tau * L <= 1.
Hypothesis W0plus : forall i, (i < n)%nat -> curved_on_balls (f i) (g i) mu_c L W.
Hypothesis locals_in : forall i t, (i < n)%nat -> (t < tau)%nat -> W (ExactRound.local g beta i t w).
Let Pm := P beta tau mu_c.
Let Pp := P beta tau L.
Let psi := (Pm + Pp) / 2.
Let omega := (Pm - Pp) / 2.

Lemma curved_pair : 0 <= omega /\ omega < psi /\ forall i, (i < n)%nat -> norm (ExactRound.average_gradient g beta tau i w - psi * g i w) <= omega * norm (g i w).
Proof using n_pos tau_pos beta_pos mu_low mu_le_L short W0plus locals_in.
  assert (all : forall i, (i < n)%nat -> 0 <= omega /\ omega < psi /\ norm (ExactRound.average_gradient g beta tau i w - psi * g i w) <= omega * norm (g i w)).
  { intros i Hi. exact (D1_local (f i) (g i) mu_c L beta W w tau tau_pos beta_pos mu_low mu_le_L short (W0plus i Hi) (fun t Ht => locals_in i t Hi Ht)). }
  destruct (all 0%nat n_pos) as (o & wd & _). split; [assumption|split; [assumption|]]. intros i Hi. apply all, Hi.
Qed.
Lemma product_of_P : (psi + omega) * (psi - omega) = Pm * Pp.
Proof using. unfold psi, omega. field. Qed.

(** The floor under W0+: omega^2 gamma_F^2 / (P_+ P_-). *)
Theorem T4p_curved : norm a ^ 2 <= omega ^ 2 * gamma ^ 2 / (Pm * Pp).
Proof using All. destruct curved_pair as (o & wd & pr). rewrite <- product_of_P. now apply T4p. Qed.
Theorem T4p_gap_curved F_star mu_F : 0 < mu_F -> 2 * mu_F * (ExactRound.F n f w - F_star) <= norm a ^ 2 ->
  ExactRound.F n f w - F_star <= omega ^ 2 * gamma ^ 2 / (2 * mu_F * (Pm * Pp)).
Proof using All. intros Hm PL. destruct curved_pair as (o & wd & pr). rewrite <- product_of_P. now apply T4p_gap. Qed.
End Curved.
End FixedPoint.
