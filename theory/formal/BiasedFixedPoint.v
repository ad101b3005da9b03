(** T4p for the modes FO and HF without noise: fixed points of the round with a biased gradient field. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun Heterogeneity OneRound OneRoundCases.
Require ExactRound.

Section Sure.
Context {X : space}.
Variables (gt : X -> X) (beta : R) (w : X).
(** Without noise the run is a path. *)
Definition path t : X := Nat.iter t (fun v => v - beta * gt v)%V w.
Lemma sure_chain t q : ex (chain (fun v (_ : unit) => gt v) (ret tt) beta w t) q = q (path t, total (seq 0 t) (fun s => gt (path s))).
Proof using.
  revert q. induction t as [|t IH]; intros q; [apply ex_ret|]. rewrite chain_next, IH, ex_ret. cbn [fst snd].
  unfold expected. rewrite vex_ret. f_equal. rewrite seq_S. f_equal. apply inner_ext. intros z. expand. rewrite !inner_total, rtotal_app. simpl. ring.
Qed.
Lemma sure_support t v : support (run (fun v (_ : unit) => gt v) (ret tt) beta w t) v -> v = path t.
Proof using.
  revert v. induction t as [|t IH]; intros v Hv; cbn [run] in Hv.
  - apply support_ret in Hv. now subst.
  - apply support_bind in Hv. destruct Hv as (u & Hu & Hv). apply support_bind in Hv. destruct Hv as (xi & _ & Hv). apply support_ret in Hv. subst.
    now rewrite (IH u Hu).
Qed.
End Sure.

Section BiasedFixedPoint.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g gt : nat -> X -> X) (beta beta_s : R) (tau : nat) (W : X -> Prop) (L gamma b p : R) (w : X).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_nonneg : 0 <= L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis p_nonneg : 0 <= p.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
(** [gt i] is what agent [i] follows; it is within b of the gradient. *)
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (gt i v - g i v) <= b.
Hypothesis w_in : W w.
Hypothesis paths_in : forall i t, (i < n)%nat -> (t <= tau)%nat -> W (path (gt i) beta w t).
Hypothesis gamma_bound : spread (ExactRound.agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis fixed : ExactRound.server gt beta beta_s tau (ExactRound.agents n) w = w.
Variables (psi omega : R).
Hypothesis omega_nonneg : 0 <= omega.
Hypothesis paired : pair n g beta tau W L p w psi omega.
Let a := ExactRound.G n g w.
Let x := x beta tau L p.

(** At a fixed point of the biased round: psi |a| <= omega sqrt(|a|^2 + gamma_F^2) + (1 + x) b. *)
Theorem T4p_biased : psi * norm a <= omega * sqrt (norm a ^ 2 + gamma ^ 2) + (1 + x) * b.
Proof using All.
  pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some. pose proof (INR_pos tau tau_pos) as t0.
  set (noisy := fun i (v : X) (_ : unit) => gt i v). set (noise := fun _ : nat => ret tt).
  assert (proper_noise : forall i, (i < n)%nat -> proper (noise i)) by (intros; apply proper_ret).
  assert (bias' : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b).
  { intros i v Hi Hv. unfold expected, noise. rewrite vex_ret. now apply bias. }
  assert (var' : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= 0 ^ 2).
  { intros i v Hi Hv. unfold variance, noise. rewrite ex_ret, vex_ret. right. rewrite norm_sq. expand. ring. }
  assert (runs' : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v).
  { intros i t v Hi Ht Hv. apply sure_support in Hv. subst. now apply paths_in. }
  set (r := fun i => (ExactRound.average_gradient gt beta tau i w - psi * g i w)%V).
  assert (eb : b0 beta tau L b 0 p = (1 + x) * b) by (unfold b0; fold x; unfold Rdiv; ring).
  assert (x0 : 0 <= x).
  { unfold x, OneRound.x, theta, h, Rdiv. apply Rmult_le_pos; [nonneg|]. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat, pow_lt].
    rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. now apply geo_nonneg. }
  assert (b1 : 0 <= (1 + x) * b) by (apply Rmult_le_pos; lra).
  assert (near : forall i, (i < n)%nat -> norm (r i) <= omega * norm (g i w) + (1 + x) * b).
  { intros i Hi. assert (reached : ex (chain (noisy i) (noise i) beta w tau) (fun r => norm (/ INR tau * snd r - psi * g i w) ^ 2) <= (omega * norm (g i w) + b0 beta tau L b 0 p) ^ 2).
    { destruct paired as [[-> ->]|[_ HP]].
      - apply (pair_one n g noisy noise beta beta_s tau n W L b 0 p w (conj n_pos (Nat.le_refl n))); auto; lra.
      - destruct (HP i Hi). apply (pair_exact n g noisy noise beta tau n W L b 0 p w (conj n_pos (Nat.le_refl n))); auto; lra. }
    rewrite eb in reached. unfold noisy, noise in reached. rewrite sure_chain in reached. cbn [snd] in reached.
    pose proof (norm_nonneg (g i w)). assert (0 <= omega * norm (g i w)) by nonneg.
    apply Rsqr_incr_0_var; [|lra]. rewrite !Rsqr_pow2. eapply Rle_trans; [|exact reached]. right. do 2 f_equal. unfold r, ExactRound.average_gradient, mean.
    rewrite seq_length. reflexivity. }
  assert (em : mean (ExactRound.agents n) r = ((- psi) * a)%V).
  { unfold r, a, ExactRound.G. rewrite mean_add.
    assert (z : mean (ExactRound.agents n) (fun i => ExactRound.average_gradient gt beta tau i w) = zero).
    { pose proof (ExactRound.server_moves n gt beta beta_s tau n (conj n_pos (Nat.le_refl n)) tau_pos (ExactRound.agents n) w some) as e. rewrite fixed in e.
      set (y := mean _ _) in *. assert (s0 : 0 < beta_s * beta * INR tau) by (repeat apply Rmult_lt_0_compat; assumption).
      apply inner_ext. intros z. assert (q : inner (w - w) z = inner (- (beta_s * beta * INR tau) * y)%V z) by now rewrite e.
      autorewrite with inner in *. apply Rmult_eq_reg_l with (beta_s * beta * INR tau); lra. }
    rewrite z, (mean_ext _ (fun i => -1 * (psi * g i w))%V (fun i => (- psi) * g i w)%V) by (intros; veq). rewrite mean_scal. veq. }
  pose proof (mean_square (ExactRound.agents n) r some) as ms. rewrite em in ms. pose proof (spread_nonneg (ExactRound.agents n) r) as s0.
  set (Gs := sqrt (norm a ^ 2 + gamma ^ 2)). pose proof (pow2_ge_0 (norm a)). pose proof (pow2_ge_0 gamma).
  assert (eG : Gs ^ 2 = norm a ^ 2 + gamma ^ 2) by (apply sqrt_pow; lra). pose proof (sqrt_pos (norm a ^ 2 + gamma ^ 2)) as G0. fold Gs in G0.
  assert (l : rmean (ExactRound.agents n) (fun i => norm (r i) ^ 2) <= (omega * Gs + (1 + x) * b) ^ 2).
  { rewrite <- ex_uniform. apply (minkowski_ex (uniform (ExactRound.agents n)) (fun i => omega * norm (g i w)) (fun _ => (1 + x) * b)); try nonneg.
    - now apply uniform_proper.
    - rewrite ex_uniform, (rmean_ext _ _ (fun i => omega ^ 2 * norm (g i w) ^ 2)) by (intros; ring). rewrite rmean_scal, Rpow_mult_distr. apply Rmult_le_compat_l; [apply pow2_ge_0|].
      rewrite (mean_square (ExactRound.agents n) (fun i => g i w) some), eG. fold (ExactRound.G n g w). fold a. lra.
    - rewrite ex_uniform, rmean_const by exact some. lra.
    - intros i Hi. apply uniform_support, in_seq in Hi. split; [apply norm_nonneg|]. apply near. lia. }
  rewrite ms in l. assert (l0 : 0 <= omega * Gs + (1 + x) * b) by (assert (0 <= omega * Gs) by nonneg; lra).
  assert (sq : (psi * norm a) ^ 2 <= (omega * Gs + (1 + x) * b) ^ 2).
  { replace ((psi * norm a) ^ 2) with (norm ((- psi) * a) ^ 2); [lra|]. rewrite !Rpow_mult_distr, !norm_sq. expand. ring. }
  destruct (Rle_dec 0 (psi * norm a)); [|lra]. apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2; assumption|assumption].
Qed.
End BiasedFixedPoint.

(** One local step: |a| <= b. *)
Theorem T4p_biased_one_step {X : space} (n : nat) (g gt : nat -> X -> X) (beta beta_s b : R) (w : X) :
  (1 <= n)%nat -> 0 < beta -> 0 < beta_s -> 0 <= b -> (forall i, (i < n)%nat -> norm (gt i w - g i w) <= b) ->
  ExactRound.server gt beta beta_s 1 (ExactRound.agents n) w = w -> norm (ExactRound.G n g w) <= b.
Proof using.
  intros n_pos beta_pos beta_s_pos b_nonneg bias fixed.
  pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some.
  pose proof (ExactRound.server_moves n gt beta beta_s 1 n (conj n_pos (Nat.le_refl n)) (Nat.le_refl 1) (ExactRound.agents n) w some) as e. rewrite fixed in e.
  assert (z : mean (ExactRound.agents n) (fun i => gt i w) = zero).
  { rewrite (mean_ext _ _ (fun i => gt i w)) in e.
    2:{ intros i _. unfold ExactRound.average_gradient, mean. simpl. apply inner_ext. intros z. expand. field. }
    set (y := mean _ _) in *. assert (s0 : 0 < beta_s * beta) by now apply Rmult_lt_0_compat.
    apply inner_ext. intros z. assert (q : inner (w - w) z = inner (- (beta_s * beta * INR 1) * y)%V z) by now rewrite e.
    simpl in q. autorewrite with inner in *. apply Rmult_eq_reg_l with (beta_s * beta); lra. }
  assert (eG : ExactRound.G n g w = mean (ExactRound.agents n) (fun i => g i w - gt i w)%V).
  { unfold ExactRound.G. rewrite mean_add, mean_scal, z. veq. }
  rewrite eG. apply norm_mean_le; try assumption. intros i Hi. apply in_seq in Hi. rewrite norm_sub_sym. apply bias. lia.
Qed.
