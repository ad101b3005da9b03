(** T1d with the pair of D1: agents of curvature in [mu_c, L] everywhere, exact paths in W. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound DriftBall DriftPath.

Section T1dDrift.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta L mu_c p : R) (T : nat) (W : X -> Prop) (w : X).
(** tau = S T >= 2; at tau = 1 the pair is (1, 0) = (1, x). *)
Hypothesis T_pos : (1 <= T)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis mu_low : - L <= mu_c.
Hypothesis mu_lt_L : mu_c < L.
Hypothesis short : h beta (S T) L <= 1.
Hypothesis upper : forall i x y, (i < n)%nat -> f i y <= f i x + inner (g i x) (y - x) + L / 2 * norm (y - x) ^ 2.
Hypothesis lower : forall i x y, (i < n)%nat -> f i x + inner (g i x) (y - x) + mu_c / 2 * norm (y - x) ^ 2 <= f i y.
Hypothesis paths_in : forall i t, (i < n)%nat -> (t < S T)%nat -> W (exact_path g beta w i t).

Let P s := geo (S T) (1 - beta * s) / INR (S T).

Theorem pair_D1 : pair n g beta (S T) W L p w ((P mu_c + P L) / 2) ((P mu_c - P L) / 2).
Proof using T_pos beta_pos lower mu_low mu_lt_L paths_in short upper.
  right. split.
  - pose proof (m_pos' mu_c L beta T beta_pos mu_lt_L mu_low short T_pos) as mp. pose proof (m_lt_u' mu_c L beta beta_pos mu_lt_L) as ml.
    pose proof (gap_nonneg _ _ mp ml (S T)) as gp. pose proof (lt_0_INR (S T) ltac:(lia)) as HT. unfold P.
    replace ((geo (S T) (1 - beta * mu_c) / INR (S T) - geo (S T) (1 - beta * L) / INR (S T)) / 2)
      with ((geo (S T) (1 - beta * mu_c) - geo (S T) (1 - beta * L)) * / (2 * INR (S T))) by (field; lra).
    apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; lra].
  - intros i Hi. split; [intros t Ht; now apply paths_in|].
    pose proof (D1_ball (f i) (g i) mu_c L beta w T beta_pos mu_lt_L mu_low short T_pos (fun x y => upper i x y Hi) (fun x y => lower i x y Hi)) as d.
    unfold mean. rewrite seq_length. exact d.
Qed.
End T1dDrift.
