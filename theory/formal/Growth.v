(** Numbers: how far S_t(1 + y), theta and x are from t, 1/2 and h/2. *)
Require Import Space Smoothness Sampling OneRoundCases.

Lemma power_three y c t Z : 0 <= y -> INR t * y <= Z -> 1 / 2 + c * Z <= 3 * c -> 0 <= c ->
  (1 + y) ^ t <= 1 + INR t * y + (INR t * y) ^ 2 / 2 + c * (INR t * y) ^ 3.
Proof using.
  intros Hy. induction t as [|t IH]; intros Hz Hc c0; [simpl; lra|]. rewrite S_INR in *. pose proof (pos_INR t) as t0.
  set (z := INR t * y) in *. assert (z0 : 0 <= z) by (unfold z; nonneg). replace ((INR t + 1) * y) with (z + y) in * by (unfold z; ring).
  specialize (IH ltac:(lra) Hc c0). simpl ((1 + y) ^ S t).
  assert (step : (1 + y) * (1 + y) ^ t <= (1 + y) * (1 + z + z ^ 2 / 2 + c * z ^ 3)) by (apply Rmult_le_compat_l; lra).
  assert (cz : c * z <= c * Z) by (apply Rmult_le_compat_l; lra).
  assert (0 <= z ^ 2 * y * (3 * c - 1 / 2 - c * z)) by (apply Rmult_le_pos; [nonneg|lra]).
  assert (0 <= c * z * y ^ 2) by nonneg. assert (0 <= c * y ^ 3) by (apply Rmult_le_pos; [assumption|apply pow_le; lra]).
  pose proof (pow2_ge_0 y). lra.
Qed.

Lemma geo_gap y t : y * geo t (1 + y) = (1 + y) ^ t - 1.
Proof using. induction t as [|t IH]; [simpl; ring|]. simpl. rewrite Rmult_plus_distr_l, IH. ring. Qed.

Lemma geo_three y c t Z : 0 <= y -> INR t * y <= Z -> 1 / 2 + c * Z <= 3 * c -> 0 <= c ->
  geo t (1 + y) <= INR t * (1 + INR t * y / 2 + c * (INR t * y) ^ 2).
Proof using.
  intros Hy Hz Hc c0. destruct (Req_dec y 0) as [->|ny].
  - rewrite Rplus_0_r, geo_one, Rmult_0_r. right. field.
  - apply Rmult_le_reg_l with y; [lra|]. rewrite geo_gap. pose proof (power_three y c t Z Hy Hz Hc c0). eapply Rplus_le_compat_r with (r := -1) in H.
    eapply Rle_trans; [|eapply Rle_trans; [exact H|]]; right; field.
Qed.

Lemma total_power d n : rtotal (seq 0 n) (fun t => INR t ^ d) <= INR n ^ S d / INR (S d).
Proof using.
  assert (d0 : 0 < INR (S d)) by (apply lt_0_INR; lia).
  induction n as [|n IH]; [simpl rtotal; simpl (INR 0); rewrite pow_i by lia; unfold Rdiv; lra|].
  rewrite seq_S, rtotal_app. simpl (rtotal (_ :: nil) _). rewrite Rplus_0_r, (S_INR n). pose proof (pos_INR n) as n0. set (a := INR n) in *.
  assert (step : INR (S d) * a ^ d <= (a + 1) ^ S d - a ^ S d).
  { clear IH d0. induction d as [|d IHd]; [simpl; lra|]. rewrite S_INR. assert (e : a ^ S d <= (a + 1) ^ S d) by (apply pow_incr; lra).
    change ((a + 1) ^ S (S d)) with ((a + 1) * (a + 1) ^ S d). change (a ^ S (S d)) with (a * a ^ S d).
    assert (a * (INR (S d) * a ^ d) <= a * ((a + 1) ^ S d - a ^ S d)) by (apply Rmult_le_compat_l; lra). simpl (a ^ S d) in *. lra. }
  apply Rmult_le_reg_l with (INR (S d)); [assumption|]. apply Rmult_le_compat_l with (r := INR (S d)) in IH; [|lra].
  replace (INR (S d) * (a ^ S d / INR (S d))) with (a ^ S d) in IH by (field; lra).
  replace (INR (S d) * ((a + 1) ^ S d / INR (S d))) with ((a + 1) ^ S d) by (field; lra). lra.
Qed.

(** theta <= 1/2 + h/6 + c h^2/4. *)
Lemma theta_three h tau c : (1 <= tau)%nat -> 0 <= h -> 1 / 2 + c * h <= 3 * c -> 0 <= c ->
  rtotal (seq 0 tau) (fun t => geo t (1 + h / INR tau)) / INR tau ^ 2 <= 1 / 2 + h / 6 + c * h ^ 2 / 4.
Proof using.
  intros Ht Hh Hc c0. pose proof (INR_pos tau Ht) as t0. set (y := h / INR tau). assert (y0 : 0 <= y) by (unfold y; nonneg).
  assert (ey : INR tau * y = h) by (unfold y; field; lra).
  apply Rmult_le_reg_r with (INR tau ^ 2); [apply pow_lt; assumption|].
  replace (rtotal (seq 0 tau) (fun t => geo t (1 + y)) / INR tau ^ 2 * INR tau ^ 2) with (rtotal (seq 0 tau) (fun t => geo t (1 + y))) by (field; lra).
  apply Rle_trans with (rtotal (seq 0 tau) (fun t => INR t ^ 1 + (y / 2 * INR t ^ 2 + c * y ^ 2 * INR t ^ 3))).
  - apply rtotal_le. intros t Hi. apply in_seq in Hi. assert (INR t <= INR tau) by (apply le_INR; lia).
    assert (INR t * y <= h) by (rewrite <- ey; apply Rmult_le_compat_r; assumption).
    eapply Rle_trans; [exact (geo_three y c t h y0 H0 Hc c0)|]. right. field.
  - rewrite !rtotal_add, !rtotal_scal. pose proof (total_power 1 tau) as s1. pose proof (total_power 2 tau) as s2. pose proof (total_power 3 tau) as s3.
    simpl (INR 2) in s1. simpl (INR 3) in s2. simpl (INR 4) in s3.
    apply Rmult_le_compat_l with (r := y / 2) in s2; [|lra]. apply Rmult_le_compat_l with (r := c * y ^ 2) in s3; [|nonneg].
    replace ((1 / 2 + h / 6 + c * h ^ 2 / 4) * INR tau ^ 2) with
      (INR tau ^ 2 / (1 + 1) + (y / 2 * (INR tau ^ 3 / (1 + 1 + 1)) + c * y ^ 2 * (INR tau ^ 4 / (1 + 1 + 1 + 1)))) by (rewrite <- ey; field). lra.
Qed.

(** x < 1 whenever h <= 1. *)
Lemma x_below_one h tau : (1 <= tau)%nat -> 0 <= h <= 1 -> h * (rtotal (seq 0 tau) (fun t => geo t (1 + h / INR tau)) / INR tau ^ 2) <= 3 / 4.
Proof using.
  intros Ht Hh. pose proof (theta_three h tau (1 / 4) Ht ltac:(lra) ltac:(lra) ltac:(lra)) as th. set (T := rtotal _ _ / _) in *.
  assert (h ^ 2 <= 1) by (replace 1 with (1 ^ 2) by ring; apply pow_incr; lra).
  assert (T <= 3 / 4) by lra. assert (h * T <= h * (3 / 4)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
