(** T4 and T4_gap: the exact case. T2 and T3 with T1b, and what is left of the floor under full participation. *)
Require Import Space Calculus Smoothness Sampling Expectation Chain NonconvexRate OneRoundCases.
Require ExactRound.

Lemma subsets_large {A} m (l : list A) : (length l < m)%nat -> subsets m l = nil.
Proof using.
  revert m. induction l as [|i l IH]; intros [|m] H; simpl in *; try lia; [reflexivity|]. rewrite !IH by lia. reflexivity.
Qed.
Lemma subsets_all {A} (l : list A) : subsets (length l) l = l :: nil.
Proof using. induction l as [|i l IH]; [reflexivity|]. simpl. rewrite IH, subsets_large by lia. reflexivity. Qed.
Lemma kappa_full n : kappa n n = 0.
Proof using. unfold kappa, Rdiv. destruct (Nat.eqb n 1); [reflexivity|]. ring. Qed.

Section Exact.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta : R) (tau m : nat) (L gamma : R) (W Reach : X -> Prop).
Let h := beta * INR tau * L.
Let x := h * ExactRound.theta beta tau L.
Let s := beta * INR tau.

(** One round in mode exact: a set of agents, the mean of their results. *)
Definition exact_round w : dist X := bind (uniform (subsets m (ExactRound.agents n))) (fun A => ret (ExactRound.server g beta 1 tau A w)).

Lemma reached_exact w0 w A : reached exact_round w0 w -> In A (subsets m (ExactRound.agents n)) -> reached exact_round w0 (ExactRound.server g beta 1 tau A w).
Proof using.
  intros Hw HA. apply (reached_next exact_round w0 w); [assumption|]. apply support_bind_intro with A; [now apply support_uniform|]. exists 1. now left.
Qed.

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis locals_in : forall w i t, Reach w -> (i < n)%nat -> (t <= tau)%nat -> W (ExactRound.local g beta i t w).
Hypothesis servers_in : forall w A, Reach w -> In A (subsets m (ExactRound.agents n)) -> Reach (ExactRound.server g beta 1 tau A w).
Hypothesis gamma_bound : forall w, Reach w -> spread (ExactRound.agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis short : h <= 1.
Variables (F_star : R) (w0 : X).
Hypothesis start_in : Reach w0.
Let F := ExactRound.F n f.
Let G := ExactRound.G n g.
Let A1 := ExactRound.T1b_A n beta tau m L.
Let N1 := ExactRound.T1b_N n beta tau m L gamma.
Hypothesis A_pos : 0 < A1.

Lemma subsets_some : subsets m (ExactRound.agents n) <> nil.
Proof using sizes. clear -sizes. apply subsets_nonempty. unfold ExactRound.agents. rewrite seq_length. lia. Qed.
Lemma exact_proper w : proper (exact_round w).
Proof using sizes. apply proper_bind; [apply uniform_proper, subsets_some|]. intros. apply proper_ret. Qed.
Lemma exact_in w v : Reach w -> support (exact_round w) v -> Reach v.
Proof using servers_in.
  intros Hw Hv. apply support_bind in Hv. destruct Hv as (A & HA & Hv). apply uniform_support in HA. apply support_ret in Hv. subst.
  now apply servers_in.
Qed.
Lemma exact_loss w : ex (exact_round w) F = ExactRound.expected_loss n f g beta 1 tau m w.
Proof using. unfold exact_round, ExactRound.expected_loss. rewrite ex_bind, ex_uniform. apply rmean_ext. intros. apply ex_ret. Qed.
Lemma exact_one w : Reach w -> ex (exact_round w) F <= F w - s * A1 * norm (G w) ^ 2 + s * N1.
Proof using All.
  intros Hw. rewrite exact_loss. apply (ExactRound.T1b n f g beta 1 tau m L gamma W sizes tau_pos beta_pos Rlt_0_1); auto.
Qed.
Lemma s_pos : 0 < s.
Proof using tau_pos beta_pos. pose proof (INR_pos tau tau_pos). now apply Rmult_lt_0_compat. Qed.

(** T4: the mean squared gradient of K rounds. *)
Theorem T4 K : (forall w, Reach w -> F_star <= F w) -> (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => ex (law exact_round w0 k) (fun w => norm (G w) ^ 2)) <= (F w0 - F_star) / (A1 * s * INR K) + N1 / A1.
Proof using All.
  intros below HK. apply (T2 F G exact_round Reach s A1 N1 F_star w0); auto using s_pos, exact_proper, exact_one. exact exact_in.
Qed.

(** ** Full participation *)
Section Full.
Hypothesis full : m = n.
(** The round is a map: the mean of all local results. *)
Definition full_round w := mean (ExactRound.agents n) (fun i => ExactRound.local g beta i tau w).
Definition iterate k := Nat.iter k full_round w0.

Lemma full_law k q : ex (law exact_round w0 k) q = q (iterate k).
Proof using full sizes.
  pose proof (agents_nonempty n (Nat.le_trans _ _ _ (proj1 sizes) (proj2 sizes))) as some. change (OneRound.agents n) with (ExactRound.agents n) in some.
  revert q. induction k as [|k IH]; intros q; [apply ex_ret|]. cbn [law]. rewrite ex_bind, IH. simpl. fold (iterate k). unfold exact_round.
  assert (all : subsets m (ExactRound.agents n) = ExactRound.agents n :: nil).
  { rewrite full. replace n with (length (ExactRound.agents n)) at 1 by apply seq_length. apply subsets_all. }
  rewrite all, ex_bind, ex_uniform. unfold rmean. cbn [rtotal fold_right length INR]. rewrite ex_ret.
  rewrite (ExactRound.server_mean g beta 1 tau (ExactRound.agents n) (iterate k) eq_refl some). fold (full_round (iterate k)). field.
Qed.
Lemma full_A : A1 = (1 - x ^ 2) / 2.
Proof using full. unfold A1, ExactRound.T1b_A. rewrite full, kappa_full. fold h. fold x. field. Qed.
Lemma full_N : N1 = x ^ 2 * gamma ^ 2 / 2.
Proof using full. unfold N1, ExactRound.T1b_N. rewrite full, kappa_full. fold h. fold x. field. Qed.

(** The floor is client drift, x^2 gamma_F^2 / (2 A). *)
Corollary T4_drift K : (forall w, Reach w -> F_star <= F w) -> (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => norm (G (iterate k)) ^ 2) <= (F w0 - F_star) / (A1 * s * INR K) + x ^ 2 * gamma ^ 2 / (2 * A1).
Proof using All.
  intros below HK. pose proof (T4 K below HK) as T. rewrite full_N in T.
  rewrite (rmean_ext _ _ (fun k => norm (G (iterate k)) ^ 2)) in T by (intros; now rewrite full_law).
  replace (x ^ 2 * gamma ^ 2 / (2 * A1)) with (x ^ 2 * gamma ^ 2 / 2 / A1) by (field; lra). exact T.
Qed.
(** With one local step there is none. *)
Lemma one_step : tau = 1%nat -> x = 0.
Proof using. intros single. unfold x, ExactRound.theta. rewrite single. simpl. unfold Rdiv. ring. Qed.
Corollary T4_no_floor K : tau = 1%nat -> (forall w, Reach w -> F_star <= F w) -> (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => norm (G (iterate k)) ^ 2) <= 2 * (F w0 - F_star) / (beta * INR K).
Proof using All.
  intros single below HK. pose proof (T4_drift K below HK) as T. pose proof full_A as eA. rewrite (one_step single) in *.
  replace A1 with (1 / 2) in T by (rewrite eA; field). pose proof (INR_pos K HK). unfold s in T. rewrite single in T. simpl (INR 1) in T.
  eapply Rle_trans; [exact T|]. right. field. lra.
Qed.
End Full.

(** ** Under A7 *)
Variable mu_F : R.
Hypothesis mu_F_pos : 0 < mu_F.
Hypothesis PL : forall w, Reach w -> 2 * mu_F * (F w - F_star) <= norm (G w) ^ 2.

Lemma x_pos : 0 <= x.
Proof using sizes tau_pos beta_pos L_nonneg gradients lipschitz.
  apply (ExactRound.x_nonneg n beta tau m L); assumption.
Qed.
Lemma N_pos : 0 <= N1.
Proof using sizes tau_pos beta_pos L_nonneg gradients lipschitz.
  unfold N1, ExactRound.T1b_N. fold h. fold x. pose proof (OneRound.k_nonneg n tau m sizes tau_pos) as k0.
  assert (h0 : 0 <= h) by (unfold h; pose proof (pos_INR tau); repeat apply Rmult_le_pos; lra).
  assert (0 <= kappa n m * h * (1 + x) ^ 2) by nonneg. pose proof (pow2_ge_0 x).
  apply Rmult_le_pos; [|apply pow2_ge_0]. lra.
Qed.

(** T4_gap: the expected optimality gap after K rounds. *)
Theorem T4_gap K : 2 * A1 * s * mu_F <= 1 ->
  ex (law exact_round w0 K) F - F_star <= (1 - 2 * A1 * s * mu_F) ^ K * (F w0 - F_star) + N1 / (2 * A1 * mu_F).
Proof using All.
  intros small. pose proof (T3 F G exact_round Reach s A1 N1 F_star w0 s_pos A_pos start_in) as T.
  specialize (T (fun w _ => exact_proper w) exact_in exact_one mu_F mu_F_pos PL small K). eapply Rle_trans; [exact T|].
  apply Rplus_le_compat_l. pose proof N_pos as n0.
  assert (0 <= (1 - 2 * A1 * s * mu_F) ^ K) by (apply pow_le; lra).
  assert (0 < A1 * mu_F) by now apply Rmult_lt_0_compat. assert (0 < 2 * A1 * mu_F) by lra. assert (0 <= N1 / (2 * A1 * mu_F)) by nonneg.
  assert ((1 - (1 - 2 * A1 * s * mu_F) ^ K) * (N1 / (2 * A1 * mu_F)) <= 1 * (N1 / (2 * A1 * mu_F))) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** With full participation. *)
Section Full_gap.
Hypothesis full : m = n.
Corollary T4_gap_drift K : 2 * A1 * s * mu_F <= 1 ->
  F (iterate K) - F_star <= (1 - 2 * A1 * s * mu_F) ^ K * (F w0 - F_star) + x ^ 2 * gamma ^ 2 / (4 * A1 * mu_F).
Proof using All.
  intros small. pose proof (T4_gap K small) as T. rewrite (full_N full), (full_law full) in T.
  replace (x ^ 2 * gamma ^ 2 / (4 * A1 * mu_F)) with (x ^ 2 * gamma ^ 2 / 2 / (2 * A1 * mu_F)) by (field; lra). exact T.
Qed.
Corollary T4_gap_no_floor K : tau = 1%nat -> beta * mu_F <= 1 ->
  F (iterate K) - F_star <= (1 - beta * mu_F) ^ K * (F w0 - F_star).
Proof using All.
  intros single small. pose proof (full_A full) as eA. pose proof (T4_gap_drift K) as T. rewrite (one_step single) in *.
  replace A1 with (1 / 2) in T by (rewrite eA; field). unfold s in T. rewrite single in T. simpl (INR 1) in T.
  replace (2 * (1 / 2) * (beta * 1) * mu_F) with (beta * mu_F) in T by field. specialize (T small). eapply Rle_trans; [exact T|]. right. field. lra.
Qed.
End Full_gap.
End Exact.
