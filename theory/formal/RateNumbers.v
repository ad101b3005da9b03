(** The numbers of T2 and of T2p's corollary: h <= 1/10. *)
Require Import Space Calculus Smoothness Sampling Expectation Chain OneRoundCases Growth DriftLocal.
Require ExactRound OneRound ExactRate SpeedUp.

(** T2's corollary: x <= 0.0518 and A >= 0.4959, so the leading term has at most 2.02. *)
Theorem T2_numbers n beta tau m L : (1 <= m <= n)%nat -> (1 <= tau)%nat -> 0 <= beta * INR tau * L <= 1 / 10 ->
  beta * INR tau * L * ExactRound.theta beta tau L <= 518 / 10000 /\ 4959 / 10000 <= ExactRound.T1b_A n beta tau m L /\ / ExactRound.T1b_A n beta tau m L <= 202 / 100.
Proof using.
  intros Hm Ht Hh. set (h := beta * INR tau * L) in *. pose proof (INR_pos tau Ht) as t0.
  assert (xs : h * ExactRound.theta beta tau L <= 5171 / 100000) by (pose proof (SpeedUp.x_small beta tau L Ht Hh) as s; unfold OneRound.x, OneRound.theta, plain_p, OneRound.h in s; fold h in s; unfold ExactRound.theta; fold h; lra).
  assert (x0 : 0 <= h * ExactRound.theta beta tau L).
  { apply Rmult_le_pos; [lra|]. unfold ExactRound.theta, Rdiv. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat, pow_lt].
    rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. apply geo_nonneg. fold h. assert (0 <= h * / INR tau) by (apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]). lra. }
  pose proof (SpeedUp.kappa_le_one n m Hm) as k1. pose proof (OneRound.k_nonneg n tau m Hm Ht) as k0.
  assert (lo : 4959 / 10000 <= ExactRound.T1b_A n beta tau m L).
  { unfold ExactRound.T1b_A. fold h. set (x := h * ExactRound.theta beta tau L) in *. assert (x ^ 2 <= (5171 / 100000) ^ 2) by (apply pow_incr; lra).
    assert (kh : 0 <= kappa n m * h <= 1 / 10) by (split; [apply Rmult_le_pos; lra|]; assert (kappa n m * h <= 1 * h) by (apply Rmult_le_compat_r; lra); lra).
    assert (x * (1 + x) <= 5171 / 100000 * (1 + 5171 / 100000)) by (apply Rmult_le_compat; lra). assert (0 <= x * (1 + x)) by (apply Rmult_le_pos; lra).
    assert (kappa n m * h * (x * (1 + x)) <= 1 / 10 * (5171 / 100000 * (1 + 5171 / 100000))) by (apply Rmult_le_compat; lra). lra. }
  split; [lra|split; [assumption|]]. apply Rmult_le_reg_r with (ExactRound.T1b_A n beta tau m L); [lra|]. rewrite Rinv_l by lra. lra.
Qed.

(** ** psi and omega of D1 at mu_c = -L *)
Section EvenOdd.
Variables (y : R).
Hypothesis y_nonneg : 0 <= y.
Let u t := ((1 + y) ^ t + (1 - y) ^ t) / 2.
Let v t := ((1 + y) ^ t - (1 - y) ^ t) / 2.
Lemma u_next t : u (S t) = u t + y * v t.
Proof using. unfold u, v. simpl. field. Qed.
Lemma v_next t : v (S t) = v t + y * u t.
Proof using. unfold u, v. simpl. field. Qed.
Lemma uv_low t : 1 + y ^ 2 * (INR t * (INR t - 1)) / 2 <= u t /\ y * INR t <= v t.
Proof using y_nonneg.
  induction t as [|t [Hu Hv]]; [unfold u, v; simpl; lra|]. rewrite u_next, v_next, S_INR. pose proof (pos_INR t) as t0.
  pose proof (Rmult_le_compat_l y _ _ y_nonneg Hv) as Hv'.
  assert (1 <= u t). { destruct t as [|t]; [unfold u; simpl; lra|]. rewrite S_INR in Hu. pose proof (pos_INR t). assert (0 <= y ^ 2 * ((INR t + 1) * (INR t + 1 - 1))) by (apply Rmult_le_pos; [apply pow2_ge_0|apply Rmult_le_pos; lra]). lra. }
  assert (y * 1 <= y * u t) by now apply Rmult_le_compat_l. lra.
Qed.
Lemma uv_up t : INR t * y <= 1 / 10 -> u t <= 1 + 51 / 100 * (INR t * y) ^ 2 /\ v t <= INR t * y + 18 / 100 * (INR t * y) ^ 3.
Proof using y_nonneg.
  induction t as [|t IH]; intros Hz; [unfold u, v; simpl; lra|]. rewrite u_next, v_next, S_INR in *. pose proof (pos_INR t) as t0. set (z := INR t * y) in *.
  assert (z0 : 0 <= z) by (unfold z; now apply Rmult_le_pos). replace ((INR t + 1) * y) with (z + y) in * by (unfold z; ring). destruct IH as [Hu Hv]; [lra|].
  pose proof (Rmult_le_compat_l y _ _ y_nonneg Hu) as Hu'. pose proof (Rmult_le_compat_l y _ _ y_nonneg Hv) as Hv'.
  assert (yz : 0 <= y * z) by now apply Rmult_le_pos. assert (z2 : z ^ 2 <= 1 / 100) by (replace (1 / 100) with ((1 / 10) ^ 2) by field; apply pow_incr; lra).
  assert (yzz : y * z * z ^ 2 <= y * z * (1 / 100)) by now apply Rmult_le_compat_l. assert (y2 := pow2_ge_0 y).
  assert (0 <= y * z ^ 2) by (apply Rmult_le_pos; [assumption|apply pow2_ge_0]). assert (0 <= z * y ^ 2) by now apply Rmult_le_pos. assert (0 <= y ^ 3) by now apply pow_le. split; lra.
Qed.
Lemma even_sum t : (geo t (1 + y) + geo t (1 - y)) / 2 = rtotal (seq 0 t) u.
Proof using. induction t as [|t IH]; [simpl; field|]. rewrite seq_S, rtotal_app, <- IH. unfold u. simpl. field. Qed.
Lemma odd_sum t : (geo t (1 + y) - geo t (1 - y)) / 2 = rtotal (seq 0 t) v.
Proof using. induction t as [|t IH]; [simpl; field|]. rewrite seq_S, rtotal_app, <- IH. unfold v. simpl. field. Qed.
Lemma even_low t : INR t + y ^ 2 * (INR t * (INR t - 1) * (INR t - 2)) / 6 <= rtotal (seq 0 t) u.
Proof using y_nonneg.
  induction t as [|t IH]; [simpl; lra|]. rewrite seq_S, rtotal_app, S_INR. simpl (rtotal (_ :: nil) _). destruct (uv_low t) as [l _]. lra.
Qed.
Lemma cubes t : rtotal (seq 0 t) (fun s => INR s ^ 3) = (INR t * (INR t - 1)) ^ 2 / 4.
Proof using. induction t as [|t IH]; [simpl; field|]. rewrite seq_S, rtotal_app, S_INR, IH. simpl (rtotal (_ :: nil) _). field. Qed.
Lemma firsts t : rtotal (seq 0 t) (fun s => INR s) = INR t * (INR t - 1) / 2.
Proof using. induction t as [|t IH]; [simpl; field|]. rewrite seq_S, rtotal_app, S_INR, IH. simpl (rtotal (_ :: nil) _). field. Qed.
Lemma sums_up t : INR t * y <= 1 / 10 -> rtotal (seq 0 t) u <= INR t + 17 / 100 * (y ^ 2 * INR t ^ 3) /\
  rtotal (seq 0 t) v <= y * (INR t * (INR t - 1)) / 2 + 45 / 1000 * y ^ 3 * (INR t * (INR t - 1)) ^ 2.
Proof using y_nonneg.
  intros Hz. assert (each : forall s, In s (seq 0 t) -> INR s * y <= 1 / 10).
  { intros s Hs. apply in_seq in Hs. assert (INR s <= INR t) by (apply le_INR; lia). assert (INR s * y <= INR t * y) by now apply Rmult_le_compat_r. lra. }
  split.
  - apply Rle_trans with (rtotal (seq 0 t) (fun s => 1 + 51 / 100 * y ^ 2 * INR s ^ 2)).
    + apply rtotal_le. intros s Hs. destruct (uv_up s (each s Hs)) as [a _]. lra.
    + rewrite rtotal_add, rtotal_const, rtotal_scal, seq_length. pose proof (total_power 2 t) as p2. simpl (INR 3) in p2.
      apply Rmult_le_compat_l with (r := 51 / 100 * y ^ 2) in p2; [|pose proof (pow2_ge_0 y); lra]. lra.
  - apply Rle_trans with (rtotal (seq 0 t) (fun s => y * INR s + 18 / 100 * y ^ 3 * INR s ^ 3)).
    + apply rtotal_le. intros s Hs. destruct (uv_up s (each s Hs)) as [_ a]. lra.
    + rewrite rtotal_add, !rtotal_scal, cubes, firsts. right. field.
Qed.
End EvenOdd.

Section Numbers.
Variables (beta L : R) (tau : nat).
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis L_nonneg : 0 <= L.
Hypothesis beta_pos : 0 < beta.
Let h := beta * INR tau * L.
Hypothesis small : h <= 1 / 10.
Let psi := (P beta tau (- L) + P beta tau L) / 2.
Let omega := (P beta tau (- L) - P beta tau L) / 2.
Let d := 1 - / INR tau.

Lemma ranges : 0 <= h /\ 0 <= d <= 1 /\ 1 <= psi <= 1 + 17 / 10000 /\ 1 + h ^ 2 / 6 * (d * (2 * d - 1)) <= psi /\ 0 <= omega /\ omega <= 10009 / 10000 * (h / 2 * d).
Proof using tau_pos L_nonneg beta_pos small.
  pose proof (INR_pos tau tau_pos) as t0. assert (t1 : 1 <= INR tau) by (change 1 with (INR 1); now apply le_INR). set (y := beta * L). assert (y0 : 0 <= y) by (unfold y; apply Rmult_le_pos; lra).
  assert (ey : INR tau * y = h) by (unfold y, h; ring). assert (h0 : 0 <= h) by (rewrite <- ey; apply Rmult_le_pos; lra).
  assert (i1 : 0 < / INR tau <= 1) by (split; [now apply Rinv_0_lt_compat|]; rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  assert (ep : psi = rtotal (seq 0 tau) (fun t => ((1 + y) ^ t + (1 - y) ^ t) / 2) / INR tau).
  { rewrite <- (even_sum y tau). unfold psi, P. replace (1 - beta * - L) with (1 + y) by (unfold y; ring). fold y. field. lra. }
  assert (eo : omega = rtotal (seq 0 tau) (fun t => ((1 + y) ^ t - (1 - y) ^ t) / 2) / INR tau).
  { rewrite <- (odd_sum y tau). unfold omega, P. replace (1 - beta * - L) with (1 + y) by (unfold y; ring). fold y. field. lra. }
  destruct (sums_up y y0 tau ltac:(lra)) as [pu ou]. pose proof (even_low y y0 tau) as pl.
  assert (dv : forall a b, a <= b * INR tau -> a / INR tau <= b) by (intros a b H; apply Rmult_le_reg_r with (INR tau); [assumption|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra; assumption).
  assert (dl : forall a b, b * INR tau <= a -> b <= a / INR tau) by (intros a b H; apply Rmult_le_reg_r with (INR tau); [assumption|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra; assumption).
  assert (h2 : h ^ 2 <= 1 / 100) by (replace (1 / 100) with ((1 / 10) ^ 2) by field; apply pow_incr; lra).
  assert (d01 : 0 <= d <= 1) by (unfold d; lra). split; [assumption|split; [assumption|]]. rewrite ep, eo.
  assert (one : forall t, 1 <= ((1 + y) ^ t + (1 - y) ^ t) / 2).
  { intros t. destruct (uv_low y y0 t) as [l _]. destruct t as [|t]; [simpl; lra|]. rewrite S_INR in l. pose proof (pos_INR t). assert (0 <= y ^ 2 * ((INR t + 1) * (INR t + 1 - 1))) by (apply Rmult_le_pos; [apply pow2_ge_0|apply Rmult_le_pos; lra]). lra. }
  split; [split|split; [|split]].
  - apply dl. replace (1 * INR tau) with (rtotal (seq 0 tau) (fun _ => 1)) by (rewrite rtotal_const, seq_length; ring). apply rtotal_le. intros t _. apply one.
  - apply dv. eapply Rle_trans; [exact pu|]. replace (y ^ 2 * INR tau ^ 3) with (h ^ 2 * INR tau) by (rewrite <- ey; ring). assert (h ^ 2 * INR tau <= 1 / 100 * INR tau) by (apply Rmult_le_compat_r; lra). lra.
  - apply dl. eapply Rle_trans; [|exact pl]. right. unfold d. rewrite <- ey. field. lra.
  - apply dl. rewrite Rmult_0_l. rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros t _. destruct (uv_low y y0 t) as [_ l]. pose proof (pos_INR t). assert (0 <= y * INR t) by now apply Rmult_le_pos. lra.
  - apply dv. eapply Rle_trans; [exact ou|].
    assert (e1 : y * (INR tau * (INR tau - 1)) / 2 = h / 2 * d * INR tau) by (unfold d; rewrite <- ey; field; lra).
    assert (e2 : 45 / 1000 * y ^ 3 * (INR tau * (INR tau - 1)) ^ 2 = 9 / 100 * h ^ 2 * d * (h / 2 * d * INR tau)) by (unfold d; rewrite <- ey; field; lra).
    rewrite e1, e2. assert (q0 : 0 <= h / 2 * d * INR tau) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra]).
    assert (9 / 100 * h ^ 2 * d <= 9 / 10000). { assert (h ^ 2 * d <= 1 / 100 * 1) by (apply Rmult_le_compat; [apply pow2_ge_0|lra|lra|lra]). lra. }
    assert (9 / 100 * h ^ 2 * d * (h / 2 * d * INR tau) <= 9 / 10000 * (h / 2 * d * INR tau)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** T1d's A and the cost c omega^2 of the drift, at c = c_eps. *)
Definition A_of eps := psi * (1 - h * psi / 2) - Rabs (1 - h * psi) * eps / 2 - (Rabs (1 - h * psi) / (2 * eps) + h / 2) * omega ^ 2.
Definition cost_of eps := (Rabs (1 - h * psi) / (2 * eps) + h / 2) * omega ^ 2.

Lemma A_low eps : 0 < eps <= 1 -> let D := psi - 1 in let w2 := 2504503 / 10000000 * (h ^ 2 * d ^ 2) in
  cost_of eps <= ((1 - h) / (2 * eps) + h / 2) * w2 /\ 1 - h / 2 - (1 - h) * eps / 2 + D * (1 - h + h * eps / 2 - 1 / 10000) - ((1 - h) / (2 * eps) + h / 2) * w2 <= A_of eps.
Proof using tau_pos L_nonneg beta_pos small.
  intros He D w2. destruct ranges as (h0 & d01 & [p1 p2] & _ & o0 & o1). assert (D0 : 0 <= D <= 17 / 10000) by (unfold D; lra).
  assert (hp : h * psi <= 1 / 10 * (1 + 17 / 10000)) by (apply Rmult_le_compat; lra). assert (hp0 : 0 <= h * psi) by (apply Rmult_le_pos; lra).
  assert (ea : Rabs (1 - h * psi) = 1 - h * psi) by (apply Rabs_right; lra).
  assert (wo : omega ^ 2 <= w2).
  { apply Rle_trans with ((10009 / 10000 * (h / 2 * d)) ^ 2); [apply pow_incr; lra|]. unfold w2. replace ((10009 / 10000 * (h / 2 * d)) ^ 2) with ((10009 / 10000) ^ 2 / 4 * (h ^ 2 * d ^ 2)) by field.
    apply Rmult_le_compat_r; [apply Rmult_le_pos; apply pow2_ge_0|lra]. }
  assert (ie : 0 < / (2 * eps)) by (apply Rinv_0_lt_compat; lra).
  assert (cl : Rabs (1 - h * psi) / (2 * eps) + h / 2 <= (1 - h) / (2 * eps) + h / 2).
  { rewrite ea. apply Rplus_le_compat_r, Rmult_le_compat_r; [lra|]. assert (h * 1 <= h * psi) by (apply Rmult_le_compat_l; lra). lra. }
  assert (c0 : 0 <= Rabs (1 - h * psi) / (2 * eps) + h / 2) by (apply Rplus_le_le_0_compat; [apply Rmult_le_pos; [apply Rabs_pos|lra]|lra]).
  assert (cost : cost_of eps <= ((1 - h) / (2 * eps) + h / 2) * w2) by (unfold cost_of; apply Rmult_le_compat; [assumption|apply pow2_ge_0|assumption|assumption]).
  split; [assumption|]. unfold A_of. fold (cost_of eps). rewrite ea. replace psi with (1 + D) by (unfold D; ring).
  assert (0 <= D * (1 / 10000 - h * D / 2)).
  { apply Rmult_le_pos; [lra|]. assert (h * D <= 1 / 10 * (17 / 10000)) by (apply Rmult_le_compat; lra). lra. }
  lra.
Qed.

Section Products.
Let H2 := h ^ 2 * d ^ 2.
Let H1 := h ^ 2 * d.
Lemma products : 0 <= H2 <= h ^ 2 /\ 0 <= H1 <= h ^ 2 /\ h ^ 2 <= 1 / 100 /\ (forall a, 2 * a * H1 - a ^ 2 * h ^ 2 <= H2) /\ 0 <= psi - 1 /\ 1 / 6 * (2 * H2 - H1) <= psi - 1.
Proof using tau_pos L_nonneg beta_pos small.
  destruct ranges as (h0 & d01 & [p1 p2] & p3 & _ & _). assert (hh : h ^ 2 <= 1 / 100) by (replace (1 / 100) with ((1 / 10) ^ 2) by field; apply pow_incr; lra). pose proof (pow2_ge_0 h) as hp.
  assert (d2 : 0 <= d ^ 2 <= 1) by (split; [apply pow2_ge_0|]; replace 1 with (1 ^ 2) by ring; apply pow_incr; lra).
  unfold H1, H2. repeat split; try lra.
  - apply Rmult_le_pos; lra.
  - assert (h ^ 2 * d ^ 2 <= h ^ 2 * 1) by (apply Rmult_le_compat_l; lra). lra.
  - apply Rmult_le_pos; lra.
  - assert (h ^ 2 * d <= h ^ 2 * 1) by (apply Rmult_le_compat_l; lra). lra.
  - intros a. assert (0 <= h ^ 2 * (d - a) ^ 2) by (apply Rmult_le_pos; [assumption|apply pow2_ge_0]). lra.
Qed.
(** eps = 1/4, 1/2, 1. *)
Lemma quarter : / A_of (1 / 4) <= 1199 / 1000 /\ cost_of (1 / 4) / A_of (1 / 4) <= 56 / 10000 /\ 0 < A_of (1 / 4).
Proof using tau_pos L_nonneg beta_pos small.
  destruct (A_low (1 / 4) ltac:(lra)) as [cu al]. destruct products as (b2 & b1 & hh & _ & D0 & D1). destruct ranges as (h0 & _). fold H2 in cu, al.
  replace ((1 - h) / (2 * (1 / 4)) + h / 2) with (2 - 15 / 10 * h) in * by field.
  assert (q1 : 9124 / 10000 * (psi - 1) <= (psi - 1) * (1 - h + h * (1 / 4) / 2 - 1 / 10000)) by (rewrite Rmult_comm; apply Rmult_le_compat_l; lra).
  assert (q2 : 0 <= (h ^ 2 - H2) * (1967 / 10000 - 3756 / 10000 * h)) by (apply Rmult_le_pos; lra).
  assert (q3 : 0 <= (1 / 100 - h ^ 2) * (349 / 1000 - 3756 / 10000 * h)) by (apply Rmult_le_pos; lra).
  assert (q4 : 0 <= h * H2) by (apply Rmult_le_pos; lra). assert (q5 : 0 <= h * h ^ 2) by (apply Rmult_le_pos; lra).
  assert (q6 : 0 <= (1 / 10 - h) * h) by (apply Rmult_le_pos; lra).
  assert (lo : 83403 / 100000 <= A_of (1 / 4)) by lra.
  assert (up : cost_of (1 / 4) <= 4634 / 1000000).
  { assert (r1 : (2 - 15 / 10 * h) * H2 <= (2 - 15 / 10 * h) * h ^ 2) by (apply Rmult_le_compat_l; lra).
    assert (r2 : 0 <= (1 / 10 - h) * h * (2 - 15 / 10 * h)) by (apply Rmult_le_pos; lra).
    assert (r3 : 0 <= (1 / 10 - h) * (185 / 1000 - 15 / 100 * h)) by (apply Rmult_le_pos; lra). lra. }
  assert (i0 : 0 < / A_of (1 / 4)) by (apply Rinv_0_lt_compat; lra).
  split; [|split; [|lra]]; apply Rmult_le_reg_r with (A_of (1 / 4)); try lra; unfold Rdiv; rewrite ?Rmult_assoc, Rinv_l by lra; lra.
Qed.
Lemma half : / A_of (1 / 2) <= 1381 / 1000 /\ cost_of (1 / 2) / A_of (1 / 2) <= 33 / 10000 /\ 0 < A_of (1 / 2).
Proof using tau_pos L_nonneg beta_pos small.
  destruct (A_low (1 / 2) ltac:(lra)) as [cu al]. destruct products as (b2 & b1 & hh & sq & D0 & D1). destruct ranges as (h0 & _). fold H2 in cu, al.
  replace ((1 - h) / (2 * (1 / 2)) + h / 2) with (1 - h / 2) in * by field.
  assert (q1 : 9249 / 10000 * (psi - 1) <= (psi - 1) * (1 - h + h * (1 / 2) / 2 - 1 / 10000)) by (rewrite Rmult_comm; apply Rmult_le_compat_l; lra).
  pose proof (sq 1) as s1. set (k := 578497 / 10000000 + 12522515 / 100000000 * h).
  assert (q2 : 0 <= (H2 - (2 * H1 - h ^ 2)) * k) by (apply Rmult_le_pos; [lra|unfold k; lra]).
  assert (q3 : 0 <= (h ^ 2 - H1) * (15415 / 100000 - 2 * k)) by (apply Rmult_le_pos; [lra|unfold k; lra]).
  assert (q4 : 0 <= (1 / 100 - h ^ 2) * (15415 / 100000 - k)) by (apply Rmult_le_pos; [lra|unfold k; lra]).
  assert (q5 : 0 <= h * H2) by (apply Rmult_le_pos; lra).
  assert (lo : 724114 / 1000000 <= A_of (1 / 2)) by (unfold k in *; lra).
  assert (up : cost_of (1 / 2) <= 23795 / 10000000).
  { assert (r1 : (1 - h / 2) * H2 <= (1 - h / 2) * h ^ 2) by (apply Rmult_le_compat_l; lra).
    assert (r2 : 0 <= (1 / 10 - h) * h * (1 - h / 2)) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra]).
    assert (r3 : 0 <= (1 / 10 - h) * (95 / 1000 - 5 / 100 * h)) by (apply Rmult_le_pos; lra). lra. }
  split; [|split; [|lra]]; apply Rmult_le_reg_r with (A_of (1 / 2)); try lra; unfold Rdiv; rewrite ?Rmult_assoc, Rinv_l by lra; lra.
Qed.
Lemma whole : / A_of 1 <= 2002 / 1000 /\ cost_of 1 / A_of 1 <= 26 / 10000 /\ 0 < A_of 1.
Proof using tau_pos L_nonneg beta_pos small.
  destruct (A_low 1 ltac:(lra)) as [cu al]. destruct products as (b2 & b1 & hh & sq & D0 & D1). destruct ranges as (h0 & _). fold H2 in cu, al.
  replace ((1 - h) / (2 * 1) + h / 2) with (1 / 2) in * by field.
  assert (q1 : 9499 / 10000 * (psi - 1) <= (psi - 1) * (1 - h + h * 1 / 2 - 1 / 10000)) by (rewrite Rmult_comm; apply Rmult_le_compat_l; lra).
  pose proof (sq (4136 / 10000)) as s1. assert (lo : 49951 / 100000 <= A_of 1) by lra.
  assert (up : cost_of 1 <= 126 / 100000) by lra.
  split; [|split; [|lra]]; apply Rmult_le_reg_r with (A_of 1); try lra; unfold Rdiv; rewrite ?Rmult_assoc, Rinv_l by lra; lra.
Qed.
End Products.
End Numbers.

Section Exact.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta : R) (tau : nat) (L gamma F_star : R) (W Reach : X -> Prop) (w0 : X).
Let h := beta * INR tau * L.
Let s := beta * INR tau.
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
(** W0+ at mu_c = -L: without it the pair is (1, x) and the three numbers are larger. *)
Hypothesis W0plus : forall i, (i < n)%nat -> curved_on_balls (f i) (g i) (- L) L W.
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis locals_in : forall w i t, Reach w -> (i < n)%nat -> (t <= tau)%nat -> W (ExactRound.local g beta i t w).
Hypothesis server_in : forall w, Reach w -> Reach (ExactRound.server g beta 1 tau (ExactRound.agents n) w).
Hypothesis gamma_bound : forall w, Reach w -> spread (ExactRound.agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis small : h <= 1 / 10.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= ExactRound.F n f w.
Let mean_gradient K := rmean (seq 0 K) (fun k => norm (ExactRound.G n g (ExactRate.iterate n g beta tau w0 k)) ^ 2).

Lemma corollary eps a floor : 0 < eps -> 0 < A_of beta L tau eps -> / A_of beta L tau eps <= a -> cost_of beta L tau eps / A_of beta L tau eps <= floor ->
  forall K, (1 <= K)%nat -> mean_gradient K <= a * ((ExactRound.F n f w0 - F_star) / (s * INR K)) + floor * gamma ^ 2.
Proof using All.
  intros He HA Ha Hf K HK. pose proof (INR_pos tau tau_pos) as t0. pose proof (INR_pos K HK) as K0. assert (s0 : 0 < s) by (unfold s; now apply Rmult_lt_0_compat).
  assert (all : subsets n (ExactRound.agents n) = ExactRound.agents n :: nil) by (replace n with (length (ExactRound.agents n)) at 1 by apply seq_length; apply ExactRate.subsets_all).
  assert (servers : forall w A, Reach w -> In A (subsets n (ExactRound.agents n)) -> Reach (ExactRound.server g beta 1 tau A w)).
  { intros w A Hw HIn. rewrite all in HIn. destruct HIn as [<-|[]]. now apply server_in. }
  assert (one : forall w, Reach w -> ex (ExactRate.exact_round n g beta tau n w) (ExactRound.F n f) <= ExactRound.F n f w - s * A_of beta L tau eps * norm (ExactRound.G n g w) ^ 2 + s * (cost_of beta L tau eps * gamma ^ 2)).
  { intros w Hw. rewrite ExactRate.exact_loss.
    set (ps := (P beta tau (- L) + P beta tau L) / 2). set (om := (P beta tau (- L) - P beta tau L) / 2). set (cc := Rabs (1 - h * ps) / (2 * eps) + h / 2).
    assert (c_large : Rabs (1 - 1 * (beta * INR tau * L) * ps) / (2 * eps) + 1 * (beta * INR tau * L) / 2 <= cc) by (rewrite Rmult_1_l; fold h; unfold cc; lra).
    pose proof (ExactRound.T1d_exact n f g beta 1 tau n L gamma W (conj n_pos (Nat.le_refl n)) tau_pos beta_pos Rlt_0_1 L_nonneg Wconvex gradients lipschitz w (Reach_in w Hw)
      (fun A HIn => Reach_in _ (servers w A Hw HIn)) (gamma_bound w Hw) ps om eps cc) as T.
    assert (hL : beta * INR tau * L <= 1) by (fold h; lra).
    specialize (T (fun i Hi => proj2 (proj2 (D1_local (f i) (g i) (- L) L beta W w tau tau_pos beta_pos (Rle_refl _) ltac:(lra) hL (W0plus i Hi) (fun t Ht => locals_in w i t Hw Hi (Nat.lt_le_incl _ _ Ht)))))).
    specialize (T He c_large ltac:(rewrite ExactRate.kappa_full; lra)).
    assert (eA : ExactRound.T1d_A beta 1 tau L ps om eps cc = A_of beta L tau eps) by (unfold ExactRound.T1d_A, A_of; fold h ps om; rewrite Rmult_1_l; reflexivity).
    assert (eN : ExactRound.T1d_N n beta 1 tau n L gamma ps om cc = cost_of beta L tau eps * gamma ^ 2).
    { unfold ExactRound.T1d_N. rewrite ExactRate.kappa_full, Rmult_0_r. unfold Rdiv. rewrite !Rmult_0_l, Rplus_0_r. unfold cost_of. fold h ps om. unfold cc. unfold Rdiv. ring. }
    rewrite eA, eN in T. replace (1 * beta * INR tau) with s in T by (unfold s; ring). exact T. }
  pose proof (T2 (ExactRound.F n f) (ExactRound.G n g) (ExactRate.exact_round n g beta tau n) Reach s (A_of beta L tau eps) (cost_of beta L tau eps * gamma ^ 2) F_star w0 s0 HA start_in
    (fun w _ => ExactRate.exact_proper n g beta tau n (conj n_pos (Nat.le_refl n)) w) (ExactRate.exact_in n g beta tau n Reach servers) bounded_below one K HK) as T.
  rewrite (rmean_ext _ _ (fun k => norm (ExactRound.G n g (ExactRate.iterate n g beta tau w0 k)) ^ 2)) in T
    by (intros k _; apply (ExactRate.full_law n g beta tau n (conj n_pos (Nat.le_refl n)) w0 eq_refl k (fun w => norm (ExactRound.G n g w) ^ 2))).
  eapply Rle_trans; [exact T|]. assert (G0 : 0 <= ExactRound.F n f w0 - F_star) by (pose proof (bounded_below w0 start_in); lra).
  assert (q0 : 0 <= (ExactRound.F n f w0 - F_star) / (s * INR K)) by (apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; now apply Rmult_lt_0_compat]).
  apply Rplus_le_compat.
  - replace ((ExactRound.F n f w0 - F_star) / (A_of beta L tau eps * s * INR K)) with (/ A_of beta L tau eps * ((ExactRound.F n f w0 - F_star) / (s * INR K))) by (field; repeat split; lra).
    now apply Rmult_le_compat_r.
  - replace (cost_of beta L tau eps * gamma ^ 2 / A_of beta L tau eps) with (cost_of beta L tau eps / A_of beta L tau eps * gamma ^ 2) by (field; lra).
    apply Rmult_le_compat_r; [apply pow2_ge_0|assumption].
Qed.
(** T2p's corollary: exact mode, all agents, beta <= 1/(10 tau L_F). *)
Theorem T2p_corollary K : (1 <= K)%nat -> let lead := (ExactRound.F n f w0 - F_star) / (s * INR K) in
  mean_gradient K <= 1199 / 1000 * lead + 56 / 10000 * gamma ^ 2 /\ mean_gradient K <= 1381 / 1000 * lead + 33 / 10000 * gamma ^ 2 /\
  mean_gradient K <= 2002 / 1000 * lead + 26 / 10000 * gamma ^ 2.
Proof using All.
  intros HK lead. destruct (quarter beta L tau tau_pos L_nonneg beta_pos small) as (a1 & a2 & a3). destruct (half beta L tau tau_pos L_nonneg beta_pos small) as (b1 & b2 & b3).
  destruct (whole beta L tau tau_pos L_nonneg beta_pos small) as (c1 & c2 & c3).
  split; [|split]; [apply (corollary (1 / 4))|apply (corollary (1 / 2))|apply (corollary 1)]; try assumption; lra.
Qed.
End Exact.
