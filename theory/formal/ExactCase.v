(** T1b: one round without bias and noise, from T1d. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound OneRoundCases OneRoundCorollaries.

Lemma theta_pos tau p : 0 <= p -> (2 <= tau)%nat -> 0 < theta tau p.
Proof using.
  intros p0 two. unfold theta. assert (t0 : 0 < INR tau) by (apply lt_0_INR; lia).
  apply Rdiv_lt_0_compat; [|now apply pow_lt]. destruct tau as [|[|r]]; [lia|lia|].
  change (seq 0 (S (S r))) with (0%nat :: 1%nat :: seq 2 r). cbn [rtotal fold_right]. fold (rtotal (seq 2 r) (fun t => geo t p)).
  assert (0 <= rtotal (seq 2 r) (fun t => geo t p)).
  { rewrite <- (Rmult_0_r (INR (length (seq 2 r)))), <- rtotal_const. apply rtotal_le. intros. now apply geo_nonneg. }
  simpl geo. lra.
Qed.

Section Exact.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta : R) (tau m : nat) (W : X -> Prop) (L gamma : R) (w : X).
Let h := h beta tau L.
Let k := kappa n m.
Let p := plain_p beta tau L.
Let x := x beta tau L p.
Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis gamma_nonneg : 0 <= gamma.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= 0.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= 0 ^ 2.
Hypothesis w_in : W w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall A results, In A (subsets m (agents n)) -> support (draws (map (result noisy noise beta tau w) A)) results -> W (server 1 w results).
Hypothesis gamma_bound : spread (agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis short : h <= 1.

Definition exact_A := 1 / 2 * (1 - x ^ 2 - k * h * x * (1 + x)).
Definition exact_N := 1 / 2 * (x ^ 2 + k * h * (1 + x) ^ 2) * gamma ^ 2.

Theorem T1b : expected_loss n f noisy noise beta 1 tau m w <= F n f w - beta * INR tau * exact_A * norm (G n g w) ^ 2 + beta * INR tau * exact_N.
Proof using All.
  pose proof (h_nonneg beta tau L beta_pos L_nonneg) as h0. fold h in h0. pose proof (k_nonneg n tau m sizes tau_pos) as k0. fold k in k0.
  pose proof (INR_pos tau tau_pos) as t0. assert (p0 : 0 <= p) by (apply p_pos; assumption).
  assert (eH : H beta 1 tau L = h) by (unfold H, h; ring). assert (eb : b0 beta tau L 0 0 p = 0) by (unfold b0, Rdiv; ring).
  assert (step : forall i u v, (i < n)%nat -> W u -> W v -> norm (u - beta * g i u - (v - beta * g i v)) <= p * norm (u - v))
    by (apply (plain_step n g beta tau W L); assumption).
  assert (T : forall c, 1 / 2 <= c -> (0 < k -> h * k < 2 * c) ->
    expected_loss n f noisy noise beta 1 tau m w <= F n f w - 1 * beta * INR tau * A beta 1 tau L 1 x 1 0 c * norm (G n g w) ^ 2
      + 1 * beta * INR tau * N n beta 1 tau m L gamma 0 0 p 1 x 0 c 0).
  { intros c half room. apply (T1d n f g noisy noise beta 1 tau m W L gamma 0 0 p w); auto; try lra.
    - left. now split.
    - right. left. now split.
    - rewrite eH, Rmult_1_r, Rabs_right by lra. lra.
    - rewrite eH. exact room. }
  assert (x0 : 0 <= x).
  { unfold x, OneRound.x. apply Rmult_le_pos; [exact h0|]. destruct (Nat.eq_dec tau 1) as [one|many].
    - unfold theta. rewrite one. simpl. unfold Rdiv. rewrite Rplus_0_r. right. ring.
    - left. apply theta_pos; [exact p0|lia]. }
  rewrite Rmult_1_l in T.
  destruct (Rle_lt_or_eq_dec _ _ x0) as [xp|xz].
  - set (c := 1 / 2 + h * k * (1 + x) / (2 * x)).
    assert (hk : 0 <= h * k) by now apply Rmult_le_pos.
    assert (cq : h * k * (1 + x) / (2 * x) = h * k / 2 + h * k / (2 * x)) by (field; lra).
    assert (q0 : 0 <= h * k / (2 * x)) by (apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; lra]).
    specialize (T c ltac:(unfold c; lra) ltac:(intros _; unfold c; lra)).
    pose proof (T1b_in_T1d n beta 1 tau m L gamma p sizes tau_pos beta_pos Rlt_0_1 L_nonneg x xp eq_refl) as E. cbv zeta in E. rewrite eH in E. fold k in E. specialize (E short). fold c in E.
    destruct E as [eA leN]. rewrite eA in T. fold exact_A in T. eapply Rle_trans; [exact T|].
    assert (beta * INR tau * N n beta 1 tau m L gamma 0 0 p 1 x 0 c 0 <= beta * INR tau * exact_N); [|lra].
    apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|exact leN].
  - symmetry in xz. destruct (Nat.eq_dec tau 1) as [one|many].
    + pose proof (T1c n f g noisy noise beta tau m W L gamma 0 0 w sizes tau_pos beta_pos L_nonneg (Rle_refl 0) (Rle_refl 0) Wconvex gradients lipschitz
        noise_proper bias variance_bound w_in runs_in servers_in gamma_bound short gamma_nonneg one) as C.
      eapply Rle_trans; [exact C|]. unfold T1c_A, T1c_N, exact_A, exact_N. fold h k. rewrite xz. right. unfold Rdiv. ring.
    + assert (hz : h = 0).
      { pose proof (theta_pos tau p p0 ltac:(lia)) as th. unfold x, OneRound.x in xz. apply Rmult_integral in xz. destruct xz as [z|z]; [exact z|lra]. }
      specialize (T (1 / 2) (Rle_refl _) ltac:(intros _; rewrite hz; lra)). eapply Rle_trans; [exact T|].
      unfold A, N, Q0, exact_A, exact_N. rewrite eH, eb, xz, hz. fold k. replace (Rabs (1 - 0 * 1)) with 1 by (rewrite Rabs_right; lra). unfold Rdiv.
      generalize (/ 0) (/ (2 * (1 * / 2) - 0 * k)) (/ (2 * INR m)). intros r0 r1 r2. right. field.
Qed.
End Exact.
