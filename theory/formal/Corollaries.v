(** What follows from the statements, in the terms of the record: S4 for short steps and convex losses, S6 and S7 against Per-FedAvg, S10 for the infimum over w,
    a bound of theta, when T3p's side condition holds by itself, and W0+ from A2, A3, A6. *)
Require Import Space Calculus Smoothness Sampling HessianFree ManySteps.
Require DriftLocal CurvatureBelow MetaCurvature MetaConstants.
Require Import Bool Constants Setting SettingFacts RecordForms Assumed.
Require FineTuningStatements RoundStatements DriftStatements.

Lemma geo_le j x y : 0 <= x <= y -> geo j x <= geo j y.
Proof using. intros H. induction j as [|j IH]; [simpl; lra|]. simpl. apply Rplus_le_compat; [assumption|]. now apply pow_incr. Qed.
(** y^2 times the sum of S_t(1 + y) is the power less its first two terms. *)
Lemma geo_power n y : y * geo n (1 + y) = (1 + y) ^ n - 1.
Proof using. induction n as [|n IH]; [simpl; ring|]. simpl. rewrite Rmult_plus_distr_l, IH. ring. Qed.
Lemma geo_sum n y : y ^ 2 * rtotal (seq 0 n) (fun t => geo t (1 + y)) = (1 + y) ^ n - 1 - INR n * y.
Proof using.
  induction n as [|n IH]; [simpl; ring|]. rewrite seq_S, rtotal_app, Rmult_plus_distr_l, IH, S_INR. cbn [rtotal fold_right]. change (0 + n)%nat with n.
  replace (y ^ 2 * (geo n (1 + y) + 0)) with (y * (y * geo n (1 + y))) by ring. rewrite geo_power. simpl. ring.
Qed.

Section Numbers.
Variable c : constants.
Hypothesis ranges : in_range c.
Hypothesis free : nothing_given c.
Let a0 := alpha_nonneg c ranges.
Let l0 := L_nonneg c ranges.
Let r0 := rho_nonneg c ranges.
Let b0 := B_nonneg c ranges.

Lemma L_F_nonneg : 0 <= L_F c.
Proof using ranges free.
  rewrite L_F_is by assumption. apply (L_meta_nonneg (alpha c) a0 (L c) (rho c) (q c) (q_nonneg c ranges free) l0 r0). apply Rmult_le_pos; [|assumption]. apply Rmin_glb; [lra|]. apply pow_le. now apply q_nonneg.
Qed.
Theorem theta_exponential : 0 < h c -> theta c <= (exp (h c) - 1 - h c) / h c ^ 2.
Proof using ranges.
  intros h0. pose proof (tau_pos c ranges) as t0. unfold theta, p. rewrite (Rplus_comm (h c / INR (tau c))). set (y := h c / INR (tau c)). assert (ey : INR (tau c) * y = h c) by (unfold y; field; lra).
  assert (y0 : 0 < y) by (apply Rdiv_lt_0_compat; lra). pose proof (geo_sum (tau c) y) as g. rewrite ey in g.
  assert (up : (1 + y) ^ tau c <= exp (h c)).
  { rewrite <- ey, <- exp_power. apply pow_incr. split; [lra|apply exp_above]. }
  set (T := rtotal (seq 0 (tau c)) (fun t => geo t (1 + y))) in *. apply Rmult_le_reg_r with (h c ^ 2); [now apply pow_lt|].
  replace ((exp (h c) - 1 - h c) / h c ^ 2 * h c ^ 2) with (exp (h c) - 1 - h c) by (field; lra).
  replace (T / INR (tau c) ^ 2 * h c ^ 2) with (y ^ 2 * T) by (rewrite <- ey; field; lra). lra.
Qed.

(** T3p asks lam <= 1: so it is when mu_F <= L_F. *)
Theorem T3p_lam_small : T1d_c_eps c <= T1d_c c -> 0 < beta_s c -> 0 < T1d_A c -> mu_F c <= L_F c -> T3p_lam c <= 1.
Proof using ranges free.
  intros large server pos le. pose proof (tau_pos c ranges) as t0. pose proof (beta_pos c ranges) as be0. pose proof (L_F_nonneg) as lf.
  assert (e0 : 0 < eps c) by (split_range; assumption). assert (z0 : 0 < zeta c) by (split_range; assumption).
  assert (eH : T1d_H c = beta_s c * (INR (tau c) * L_F c * beta c)) by (unfold T1d_H, h; now rewrite (no_h c free)).
  assert (H0 : 0 <= T1d_H c) by (rewrite eH; repeat apply Rmult_le_pos; lra). set (y := T1d_H c) in *. set (ps := T1d_psi c) in *.
  assert (d0 : 0 <= 1 / 2 * Rabs (y * ps - 1) * eps c) by (pose proof (Rabs_pos (y * ps - 1)); repeat apply Rmult_le_pos; lra).
  assert (c0 : 0 <= T1d_c c).
  { eapply Rle_trans; [|exact large]. unfold T1d_c_eps. fold y ps. pose proof (Rabs_pos (y * ps - 1)). apply Rplus_le_le_0_compat; [|lra].
    apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]. }
  assert (up : T1d_A c <= (1 - 1 / 2 * y * ps) * ps).
  { pose proof (pow2_ge_0 (T1d_omega c)) as o2. pose proof (Rmult_le_pos _ _ o2 c0) as oc. assert (ocz : 0 <= T1d_omega c ^ 2 * T1d_c c * (zeta c + 1)) by (apply Rmult_le_pos; lra).
    unfold T1d_A. fold y ps. destruct (is_zero (T1d_omega c)); [lra|]. destruct (is_zero (b0_d c)); [lra|]. lra. }
  assert (one : 2 * T1d_A c * y <= 1).
  { assert (T1d_A c * y <= (1 - 1 / 2 * y * ps) * ps * y) by (apply Rmult_le_compat_r; assumption). pose proof (pow2_ge_0 (1 - y * ps)).
    assert ((1 - y * ps) ^ 2 = 1 - 2 * ((1 - 1 / 2 * y * ps) * ps * y)) by field. lra. }
  unfold T3p_lam. eapply Rle_trans; [|exact one]. rewrite eH. replace (2 * INR (tau c) * T1d_A c * beta c * beta_s c * mu_F c) with (2 * INR (tau c) * T1d_A c * beta c * beta_s c * (mu_F c)) by ring.
  replace (2 * T1d_A c * (beta_s c * (INR (tau c) * L_F c * beta c))) with (2 * INR (tau c) * T1d_A c * beta c * beta_s c * L_F c) by ring. apply Rmult_le_compat_l; [|assumption]. repeat apply Rmult_le_pos; lra.
Qed.

(** ** Short steps: q <= 2, or q <= 1 for convex losses *)
Lemma B_q_plain : given (mu c) = false -> B_q c = B c.
Proof using free. intros e. unfold B_q. rewrite (no_q c free), e. reflexivity. Qed.
Theorem S4_short : given (mu c) = false -> alpha c * L c <= 1 -> L_F c <= 4 ^ nu c * L c + alpha c * rho c * B c * 2 ^ (nu c - 1) * (2 ^ nu c - 1).
Proof using ranges free.
  intros e short. unfold L_F. rewrite (no_L_F c free), B_q_plain, (q_plain c free e) by assumption. set (q := 1 + alpha c * L c). pose proof (Rmult_le_pos _ _ a0 l0) as al0. assert (q2 : 0 <= q <= 2) by (unfold q; lra).
  apply Rplus_le_compat.
  - apply Rmult_le_compat_r; [assumption|]. replace 4 with (2 ^ 2) by ring. rewrite <- pow_mult, Nat.mul_comm. now apply pow_incr.
  - replace (2 ^ nu c - 1) with (geo (nu c) (1 + 1)) by (pose proof (geo_power (nu c) 1) as g; rewrite Rmult_1_l in g; rewrite g; f_equal; f_equal; ring).
    replace (alpha c * rho c * B c * 2 ^ (nu c - 1) * geo (nu c) (1 + 1)) with (2 ^ (nu c - 1) * B c * alpha c * geo (nu c) (1 + 1) * rho c) by ring.
    pose proof (pow_le q (nu c - 1) (proj1 q2)). pose proof (geo_nonneg (nu c) q (proj1 q2)).
    repeat (apply Rmult_le_compat; try assumption; try lra; try (repeat apply Rmult_le_pos; assumption)).
    + now apply pow_incr.
    + apply geo_le. lra.
Qed.
Theorem S4_convex : given (mu c) = true -> 0 <= value (mu c) <= L c -> alpha c * L c <= 1 -> L_F c <= L c + alpha c * INR (nu c) * rho c * B c.
Proof using ranges free.
  intros e [m0 ml] short. assert (q1 : q c <= 1).
  { assert (0 <= alpha c * value (mu c)) by now apply Rmult_le_pos. assert (alpha c * value (mu c) <= alpha c * L c) by now apply Rmult_le_compat_l.
    rewrite (q_curved c free e), !Rabs_right by lra. apply Rmax_lub; lra. }
  pose proof (q_nonneg c ranges free) as q0. assert (power : forall k, 0 <= q c ^ k <= 1) by (intros k; split; [now apply pow_le|rewrite <- (pow1 k); now apply pow_incr]).
  assert (bq : 0 <= B_q c <= B c).
  { rewrite (B_q_is c ranges free). pose proof (proj1 (power (nu c))). assert (0 <= Rmin 1 (q c ^ nu c)) by (apply Rmin_glb; lra). pose proof (Rmin_l 1 (q c ^ nu c)).
    split; [now apply Rmult_le_pos|]. rewrite <- (Rmult_1_l (B c)) at 2. now apply Rmult_le_compat_r. }
  pose proof (geo_nonneg (nu c) (q c) q0) as g0. pose proof (geo_le (nu c) (q c) 1 (conj q0 q1)) as g1. rewrite geo_one in g1.
  unfold L_F. rewrite (no_L_F c free). apply Rplus_le_compat.
  - rewrite <- (Rmult_1_l (L c)) at 2. apply Rmult_le_compat_r; [assumption|]. apply power.
  - replace (alpha c * INR (nu c) * rho c * B c) with (1 * B c * alpha c * INR (nu c) * rho c) by ring.
    destruct bq as [bq0 bq1]. pose proof (power (nu c - 1)%nat) as [p0 p1].
    repeat (apply Rmult_le_compat; try assumption; try lra; try (repeat apply Rmult_le_pos; assumption)).
Qed.

(** ** One step: S6 and S7 against Lemmas 4.3 and 4.4 of Per-FedAvg *)
Hypothesis one : nu c = 1%nat.
Hypothesis plain : given (mu c) = false.
Hypothesis short : alpha c * L c <= 1.
Lemma q_two : 1 <= q c <= 2.
Proof using ranges free plain short. rewrite (q_plain c free plain). assert (0 <= alpha c * L c) by now apply Rmult_le_pos. lra. Qed.
Lemma squares_below_four : q c ^ 2 <= 4.
Proof using ranges free plain short. pose proof q_two. replace 4 with (2 ^ 2) by ring. apply pow_incr. lra. Qed.
Theorem S7_per_fedavg : gamma_F2 c <= 5 / 12 * (192 * gamma_G c ^ 2 + 3 * alpha c ^ 2 * B c ^ 2 * gamma_H c ^ 2).
Proof using ranges free one plain short.
  pose proof squares_below_four as q4. pose proof (gamma_G_nonneg c ranges) as g0. pose proof (gamma_H_nonneg c ranges) as h0.
  assert (eq : gamma_F c = q c ^ 2 * gamma_G c + alpha c * B c * gamma_H c).
  { unfold gamma_F. rewrite (no_gamma_F c free), one, (B_q_plain plain), (q_plain c free plain). simpl. ring. }
  unfold gamma_F2. rewrite eq. set (x := gamma_G c) in *. set (y := alpha c * B c * gamma_H c). assert (y0 : 0 <= y) by (repeat apply Rmult_le_pos; assumption).
  assert (up : q c ^ 2 * x <= 4 * x) by (apply Rmult_le_compat_r; assumption). assert (lo : 0 <= q c ^ 2 * x) by (apply Rmult_le_pos; [apply pow2_ge_0|assumption]).
  apply Rle_trans with ((4 * x + y) ^ 2); [apply pow_incr; lra|]. pose proof (pow2_ge_0 (8 * x - y / 2)) as sq.
  replace (5 / 12 * (192 * x ^ 2 + 3 * alpha c ^ 2 * B c ^ 2 * gamma_H c ^ 2)) with ((4 * x + y) ^ 2 + (8 * x - y / 2) ^ 2) by (unfold y; field). lra.
Qed.
Theorem S6_per_fedavg : sigma_F2 c <= / 3 * (12 * (B c ^ 2 + sigma_G c ^ 2 * (/ INR (D_prime c) + (alpha c * L c) ^ 2 / INR (D c))) * (1 + sigma_H c ^ 2 * alpha c ^ 2 / (4 * INR (D_H c))) - 12 * B c ^ 2).
Proof using ranges free one plain short.
  pose proof squares_below_four as q4. pose proof (D_pos c ranges) as d0. pose proof (D_prime_pos c ranges) as d1. pose proof (D_H_pos c ranges) as d2.
  assert (eb : b_sto c ^ 2 = q c ^ 2 * (alpha c * L c) ^ 2 * sigma_G c ^ 2 / INR (D c)).
  { unfold b_sto. rewrite one. cbn [Nat.sub seq rtotal fold_right geo pow]. rewrite Rplus_0_l, sqrt_1. set (r := sqrt (INR (D c))). assert (rr : r * r = INR (D c)) by (apply sqrt_sqrt; lra).
    pose proof (sqrt_lt_R0 _ d0 : 0 < r) as rp. rewrite <- rr. simpl. field. lra. }
  assert (ev : V c = (q c ^ 2 + eta2 c) * sigma_G c ^ 2 / INR (D_prime c) + B c ^ 2 * eta2 c).
  { unfold V, B_V. rewrite (no_q c free), plain, one. cbn [given orb]. simpl. field. lra. }
  assert (ee : sigma_H c ^ 2 * alpha c ^ 2 / (4 * INR (D_H c)) = eta2 c / 4) by (unfold eta2; field; lra).
  assert (e0 : 0 <= eta2 c) by (unfold eta2; apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  assert (ge : forall x, 0 <= x -> q c ^ 2 * x <= 4 * x) by (intros; now apply Rmult_le_compat_r).
  assert (s0 : 0 <= sigma_G c ^ 2 / INR (D_prime c)) by (apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  assert (s1 : 0 <= (alpha c * L c) ^ 2 * sigma_G c ^ 2 / INR (D c)) by (apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  pose proof (ge _ s0) as g0. pose proof (ge _ s1) as g1. assert (g2 : 0 <= eta2 c * ((alpha c * L c) ^ 2 * sigma_G c ^ 2 / INR (D c))) by now apply Rmult_le_pos.
  unfold sigma_F2. rewrite eb, ev, ee. unfold Rdiv in *. lra.
Qed.
End Numbers.

(** S10: the infimum over w does not increase with nu either. *)
Theorem S10_infimum (s : setting) : in_range s -> sets s -> W_holds_paths s -> assumes_S10 s -> requires_S10 s -> alpha s * L s <= 2 -> forall i low, (i < n s)%nat ->
  (forall w, W0 s w -> low <= loss s i (tuned_point s i (nu s) w)) -> forall w, W0 s w -> low <= loss s i (tuned_point s i (nu s - 1) w).
Proof using.
  intros ranges held paths a some short i low Hi all w Hw. pose proof (FineTuningStatements.S10 s ranges held paths a some i w Hi Hw) as d. specialize (all w Hw). unfold Constants.S10 in d.
  set (g := norm (grad s i (tuned_point s i (nu s - 1) w))) in *. assert (0 <= (1 - 1 / 2 * L s * alpha s) * alpha s * g ^ 2); [|lra].
  apply Rmult_le_pos; [|apply pow2_ge_0]. apply Rmult_le_pos; [lra|now apply alpha_nonneg].
Qed.

(** W0+ follows from S4 and S4m when W holds the fine-tuning trajectories from the balls whose diameters join points of W0. *)
Theorem W0_plus_from_balls (s : setting) : in_range s -> nothing_given s -> sets s -> assumes_S4m s -> requires_S4m_mu_c s ->
  (forall i x y z, (i < n s)%nat -> W0 s x -> W0 s y -> DriftLocal.ball x y z -> stays (grad s i) (alpha s) (W s) (nu s) z) -> W0_plus s.
Proof using.
  intros ranges free held (a2 & a3 & a6) (m1 & m2) balls i Hi. assert (Wconvex := proj1 held).
  assert (curved : forall mu0, (forall w d, W s w -> mu0 * norm d ^ 2 <= inner (hess s i w d) d) -> mu_c s = CurvatureBelow.mu_c (alpha s) (L s) (rho s) (B s) (q s) mu0 (nu s) ->
    DriftLocal.curved_on_balls (F_i s i) (grad_F_i s i) (mu_c s) (L_F s) (W0 s)).
  { intros mu0 range em. rewrite em, L_F_is by assumption.
    apply (MetaCurvature.meta_curved (loss s i) (grad s i) (hess s i) (alpha s) (W s) (W0 s) (L s) (rho s) (B s) (q s) mu0 (nu s)); first [facts | exact Wconvex | intros; now apply a3 | exact range | intros x y z; now apply balls]. }
  destruct (bool_dec (given (mu s)) true) as [e|ne]; [|apply not_true_is_false in ne as e].
  - apply (curved (value (mu s))); [intros w d Hw; now apply (a6 e i w d Hi Hw)|now apply DriftStatements.mu_c_given].
  - apply (curved (- L s)).
    + intros w d Hw. pose proof (H_bound s a2 i w d Hi Hw) as hb. pose proof (cauchy_neg (hess s i w d) d) as cs. pose proof (norm_nonneg d) as d0. apply Rmult_le_compat_r with (r := norm d) in hb; [|assumption].
      replace (norm d ^ 2) with (norm d * norm d) by ring. lra.
    + rewrite DriftStatements.mu_c_plain, L_F_is by assumption. unfold CurvatureBelow.mu_c, CurvatureBelow.mu_J, MetaConstants.L_F. pose proof (L_nonneg s ranges) as l0.
      replace (pred (nu s)) with (nu s - 1)%nat by (clear; lia). destruct (Rle_dec 0 (- L s)) as [z|nz].
      * assert (L s = 0) as -> by lra. rewrite Rmax_left; [ring|]. right. ring.
      * rewrite Rmax_left; [reflexivity|]. right. ring.
Qed.
