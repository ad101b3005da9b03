(** C5: many fine-tuning steps. With alpha = c/(nu L) and q = 1 + alpha L every constant is bounded uniformly in nu. *)
Require Import Space Smoothness Sampling OneRoundCases.
From Coq Require Import Rpower SeqProp.

Lemma geo_count j y : 1 <= y -> geo j y <= INR j * y ^ j.
Proof using.
  intros Hy. induction j as [|j IH]; [simpl; lra|]. rewrite S_INR. simpl. pose proof (pow_R1_Rle y j Hy). pose proof (pos_INR j).
  assert (y ^ j <= y * y ^ j) by (assert (1 * y ^ j <= y * y ^ j) by (apply Rmult_le_compat_r; lra); lra).
  assert (INR j * y ^ j <= INR j * (y * y ^ j)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma exp_power y n : exp y ^ n = exp (INR n * y).
Proof using. induction n as [|n IH]; [simpl; rewrite Rmult_0_l, exp_0; reflexivity|]. rewrite S_INR. simpl. rewrite IH, <- exp_plus. f_equal. ring. Qed.
Lemma exp_above y : 1 + y <= exp y.
Proof using. destruct (Req_dec y 0) as [->|n]; [rewrite exp_0; lra|]. left. now apply exp_ineq1. Qed.
(** 1 + y >= exp (y / (1 + y)). *)
Lemma exp_below y : 0 <= y -> exp (y / (1 + y)) <= 1 + y.
Proof using.
  intros Hy. pose proof (exp_above (- (y / (1 + y)))) as e. replace (1 + - (y / (1 + y))) with (/ (1 + y)) in e by (field; lra). rewrite exp_Ropp in e.
  apply Rinv_le_contravar in e; [|apply Rinv_0_lt_compat; lra]. rewrite !Rinv_inv in e. exact e.
Qed.
Lemma root_le u v : 0 <= v -> u <= v ^ 2 -> sqrt u <= v.
Proof using. intros Hv H. rewrite <- (sqrt_pow2 v Hv). now apply sqrt_le_1_alt. Qed.

Section ManySteps.
Variables (nu : nat) (c L : R).
Hypothesis nu_pos : (1 <= nu)%nat.
Hypothesis c_nonneg : 0 <= c.
Hypothesis L_pos : 0 < L.
Definition alpha := c / (INR nu * L).
Definition q := 1 + alpha * L.

Lemma nu0 : 0 < INR nu.
Proof using nu_pos. now apply INR_pos. Qed.
Lemma alpha_L : alpha * L = c / INR nu.
Proof using nu_pos L_pos. unfold alpha. pose proof nu0. field. split; lra. Qed.
Lemma alpha_nonneg : 0 <= alpha.
Proof using nu_pos L_pos c_nonneg. unfold alpha. pose proof nu0. apply Rmult_le_pos; [assumption|]. left. apply Rinv_0_lt_compat. now apply Rmult_lt_0_compat. Qed.
Lemma alpha_nu : alpha * INR nu = c / L.
Proof using nu_pos L_pos. unfold alpha. pose proof nu0. field. split; lra. Qed.
Lemma q_one : 1 <= q.
Proof using nu_pos L_pos c_nonneg. unfold q. pose proof alpha_nonneg. assert (0 <= alpha * L) by (apply Rmult_le_pos; lra). lra. Qed.

Theorem C5_q : q ^ nu <= exp c.
Proof using nu_pos L_pos c_nonneg.
  pose proof nu0 as n0. apply Rle_trans with (exp (alpha * L) ^ nu); [apply pow_incr; split; [pose proof q_one; lra|apply exp_above]|].
  rewrite exp_power, alpha_L. right. f_equal. field. lra.
Qed.
Lemma q_power l : (l <= nu)%nat -> 1 <= q ^ l <= exp c.
Proof using nu_pos L_pos c_nonneg.
  intros Hl. pose proof q_one as q1. split; [now apply pow_R1_Rle|]. eapply Rle_trans; [apply Rle_pow; [assumption|exact Hl]|exact C5_q].
Qed.
Lemma exp_c : 1 <= exp c.
Proof using c_nonneg. pose proof (exp_above c). lra. Qed.
Lemma geo_is : alpha * L * geo nu q = q ^ nu - 1.
Proof using. pose proof (geo_left nu q) as g. simpl in g. unfold q in *. lra. Qed.
Lemma geo_le : alpha * geo nu q <= (exp c - 1) / L.
Proof using nu_pos L_pos c_nonneg.
  pose proof geo_is as g. pose proof C5_q. apply Rmult_le_reg_r with L; [assumption|]. replace ((exp c - 1) / L * L) with (exp c - 1) by (field; lra). lra.
Qed.
Lemma geo_pos : 0 <= geo nu q.
Proof using nu_pos L_pos c_nonneg. apply geo_nonneg. pose proof q_one. lra. Qed.
Lemma q_pred : 0 <= q ^ pred nu <= exp c.
Proof using nu_pos L_pos c_nonneg. destruct (q_power (pred nu) (Nat.le_pred_l nu)). lra. Qed.

Variables (B rho : R).
Hypothesis B_nonneg : 0 <= B.
Hypothesis rho_nonneg : 0 <= rho.

Theorem C5_B_F : q ^ nu * B <= exp c * B.
Proof using nu_pos L_pos c_nonneg B_nonneg. apply Rmult_le_compat_r; [assumption|exact C5_q]. Qed.

Lemma squared : q ^ (2 * nu) <= exp (2 * c).
Proof using nu_pos L_pos c_nonneg.
  replace (2 * nu)%nat with (nu * 2)%nat by apply Nat.mul_comm. rewrite pow_mult. replace (exp (2 * c)) with (exp c ^ 2) by (rewrite exp_power; f_equal; simpl; ring).
  apply pow_incr. pose proof C5_q. destruct (q_power nu (Nat.le_refl nu)). lra.
Qed.
Lemma second_term : alpha * (q ^ pred nu * geo nu q) <= exp c * (exp c - 1) / L.
Proof using nu_pos L_pos c_nonneg.
  pose proof q_pred as qp. pose proof geo_le as gl. pose proof geo_pos as g0. pose proof alpha_nonneg as a0. assert (0 <= alpha * geo nu q) by now apply Rmult_le_pos.
  replace (alpha * (q ^ pred nu * geo nu q)) with (q ^ pred nu * (alpha * geo nu q)) by ring. replace (exp c * (exp c - 1) / L) with (exp c * ((exp c - 1) / L)) by (unfold Rdiv; ring).
  apply Rmult_le_compat; lra.
Qed.
Theorem C5_L_F : q ^ (2 * nu) * L + alpha * rho * B * q ^ pred nu * geo nu q <= exp (2 * c) * L + rho * B / L * exp c * (exp c - 1).
Proof using nu_pos L_pos c_nonneg B_nonneg rho_nonneg.
  pose proof squared as sq. pose proof second_term as st. assert (rb : 0 <= rho * B) by now apply Rmult_le_pos.
  apply Rmult_le_compat_r with (r := L) in sq; [|lra]. apply Rmult_le_compat_l with (r := rho * B) in st; [|assumption].
  replace (rho * B / L * exp c * (exp c - 1)) with (rho * B * (exp c * (exp c - 1) / L)) by (field; lra). lra.
Qed.

Variables (gamma_G gamma_H : R).
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Lemma geo_total : alpha ^ 2 * rtotal (seq 0 nu) (fun l => geo l q) <= (exp c - 1 - c) / L ^ 2.
Proof using nu_pos L_pos c_nonneg.
  assert (e : forall n, alpha * L * rtotal (seq 0 n) (fun l => geo l q) = geo n q - INR n).
  { induction n as [|n IH]; [simpl; ring|]. rewrite seq_S, rtotal_app, S_INR, Rmult_plus_distr_l, IH. simpl (rtotal (_ :: nil) _).
    pose proof (geo_left n q) as g. simpl in g. simpl. unfold q in *. lra. }
  pose proof (e nu) as en. pose proof geo_is as g. pose proof alpha_L as aL. pose proof nu0 as n0. pose proof C5_q as cq. assert (aLn : alpha * L * INR nu = c) by (rewrite aL; field; lra).
  apply Rmult_le_reg_r with (L ^ 2); [now apply pow_lt|]. replace ((exp c - 1 - c) / L ^ 2 * L ^ 2) with (exp c - 1 - c) by (field; lra).
  replace (alpha ^ 2 * rtotal (seq 0 nu) (fun l => geo l q) * L ^ 2) with (alpha * L * (alpha * L * rtotal (seq 0 nu) (fun l => geo l q))) by ring. rewrite en. lra.
Qed.
Theorem C5_gamma_F :
  q ^ nu * gamma_G * (1 + alpha * L * geo nu q) + alpha * B * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)) <=
  exp (2 * c) * gamma_G + B * exp c / L * (c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L).
Proof using nu_pos L_pos c_nonneg B_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg.
  pose proof geo_is as g. pose proof squared as sq. pose proof q_pred as qp. pose proof geo_total as gt. pose proof alpha_nu as an. pose proof alpha_nonneg as a0.
  rewrite g. replace (q ^ nu * gamma_G * (1 + (q ^ nu - 1))) with (q ^ (2 * nu) * gamma_G) by (replace (2 * nu)%nat with (nu + nu)%nat by (simpl; now rewrite Nat.add_0_r); rewrite pow_add; ring).
  apply Rmult_le_compat_r with (r := gamma_G) in sq; [|assumption].
  assert (T0 : 0 <= rtotal (seq 0 nu) (fun l => geo l q)).
  { rewrite <- (Rmult_0_r (INR (length (seq 0 nu)))), <- rtotal_const. apply rtotal_le. intros l _. apply geo_nonneg. pose proof q_one. lra. }
  set (T := rtotal (seq 0 nu) (fun l => geo l q)) in *. assert (rg : 0 <= rho * gamma_G) by now apply Rmult_le_pos.
  assert (in1 : alpha * (INR nu * gamma_H + alpha * rho * gamma_G * T) <= (c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L) / L).
  { apply Rmult_le_compat_l with (r := rho * gamma_G) in gt; [|assumption].
    replace ((c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L) / L) with (c / L * gamma_H + rho * gamma_G * ((exp c - 1 - c) / L ^ 2)) by (field; lra). rewrite <- an. lra. }
  assert (in0 : 0 <= alpha * (INR nu * gamma_H + alpha * rho * gamma_G * T)).
  { apply Rmult_le_pos; [assumption|]. pose proof (pos_INR nu). apply Rplus_le_le_0_compat; [now apply Rmult_le_pos|]. apply Rmult_le_pos; [|assumption]. apply Rmult_le_pos; [now apply Rmult_le_pos|assumption]. }
  assert (all : q ^ pred nu * (alpha * (INR nu * gamma_H + alpha * rho * gamma_G * T)) <= exp c * ((c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L) / L)) by (apply Rmult_le_compat; lra).
  apply Rmult_le_compat_l with (r := B) in all; [|assumption].
  replace (B * exp c / L * (c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L)) with (B * (exp c * ((c * gamma_H + rho * gamma_G * (exp c - 1 - c) / L) / L))) by (field; lra). lra.
Qed.

Theorem C5_b_FO : Rmin (alpha * L * geo nu q) (1 + q ^ nu) * B <= (exp c - 1) * B.
Proof using nu_pos L_pos c_nonneg B_nonneg.
  apply Rmult_le_compat_r; [assumption|]. eapply Rle_trans; [apply Rmin_l|]. rewrite geo_is. pose proof C5_q. lra.
Qed.
Theorem C5_b_HF delta : 0 <= delta ->
  1 / 2 * alpha * rho * delta * B ^ 2 * q ^ pred nu * geo nu q <= delta * rho * B ^ 2 / (2 * L) * exp c * (exp c - 1).
Proof using nu_pos L_pos c_nonneg rho_nonneg.
  intros Hd. pose proof second_term as st. assert (k : 0 <= 1 / 2 * rho * delta * B ^ 2) by (apply Rmult_le_pos; [apply Rmult_le_pos; [lra|assumption]|apply pow2_ge_0]).
  apply Rmult_le_compat_l with (r := 1 / 2 * rho * delta * B ^ 2) in st; [|assumption].
  replace (delta * rho * B ^ 2 / (2 * L) * exp c * (exp c - 1)) with (1 / 2 * rho * delta * B ^ 2 * (exp c * (exp c - 1) / L)) by (field; lra). lra.
Qed.

(** ** Noise *)
Variables (sigma_G sigma_H D D' D_H : R).
Hypothesis sigma_G_nonneg : 0 <= sigma_G.
Hypothesis D_pos : 0 < D.
Hypothesis D'_pos : 0 < D'.
Hypothesis D_H_pos : 0 < D_H.
Definition E l := alpha ^ 2 * sigma_G ^ 2 / D * geo l (q ^ 2).
Definition eta2 := alpha ^ 2 * sigma_H ^ 2 / D_H.
Definition E_top := c ^ 2 * exp (2 * c) * sigma_G ^ 2 / (INR nu * L ^ 2 * D).

Lemma geo_square l : (l <= nu)%nat -> 0 <= geo l (q ^ 2) <= INR nu * exp (2 * c).
Proof using nu_pos L_pos c_nonneg.
  intros Hl. pose proof q_one as q1. assert (q2 : 1 <= q ^ 2) by now apply pow_R1_Rle. split; [apply geo_nonneg; lra|].
  eapply Rle_trans; [apply geo_count; assumption|]. assert (INR l <= INR nu) by now apply le_INR. pose proof (pos_INR l). pose proof (pow_R1_Rle (q ^ 2) l q2).
  apply Rmult_le_compat; try lra. rewrite <- pow_mult. eapply Rle_trans; [apply Rle_pow; [assumption|]|exact squared]. now apply Nat.mul_le_mono_l.
Qed.
Theorem C5_E l : (l <= nu)%nat -> 0 <= E l <= E_top.
Proof using nu_pos L_pos c_nonneg D_pos.
  intros Hl. destruct (geo_square l Hl) as [g0 g1]. pose proof nu0 as n0. unfold E, E_top.
  assert (k : 0 <= alpha ^ 2 * sigma_G ^ 2 / D) by (apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]). split; [now apply Rmult_le_pos|].
  apply Rmult_le_compat_l with (r := alpha ^ 2 * sigma_G ^ 2 / D) in g1; [|assumption]. eapply Rle_trans; [exact g1|]. right. unfold alpha. field. repeat split; lra.
Qed.
Theorem C5_power : (q ^ 2 + eta2) ^ nu <= exp (2 * c + c ^ 2 * sigma_H ^ 2 / (INR nu * L ^ 2 * D_H)).
Proof using nu_pos L_pos c_nonneg D_H_pos.
  pose proof nu0 as n0. pose proof q_one as q1.
  assert (e0 : 0 <= eta2) by (unfold eta2; apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  assert (q2 : 1 <= q ^ 2) by now apply pow_R1_Rle.
  assert (one : q ^ 2 + eta2 <= exp (2 * (alpha * L) + eta2)).
  { rewrite exp_plus. replace (exp (2 * (alpha * L))) with (exp (alpha * L) ^ 2) by (rewrite exp_power; f_equal; simpl; ring).
    assert (q ^ 2 <= exp (alpha * L) ^ 2) by (apply pow_incr; split; [lra|apply exp_above]). pose proof (exp_above eta2).
    assert (q ^ 2 * (1 + eta2) <= exp (alpha * L) ^ 2 * exp eta2) by (apply Rmult_le_compat; lra).
    assert (1 * eta2 <= q ^ 2 * eta2) by (apply Rmult_le_compat_r; lra). lra. }
  eapply Rle_trans; [apply pow_incr; split; [|exact one]; lra|]. rewrite exp_power, alpha_L. right. f_equal. unfold eta2, alpha. field. repeat split; lra.
Qed.

(** S5's bias falls as nu^(-1/2). *)
Definition b_sto := alpha * sigma_G / sqrt D * (q ^ nu * L * sqrt (geo nu (q ^ 2)) + alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (geo l (q ^ 2)))).
Lemma root_geo l : (l <= nu)%nat -> sqrt (geo l (q ^ 2)) <= sqrt (INR nu) * exp c.
Proof using nu_pos L_pos c_nonneg.
  intros Hl. apply root_le; [apply Rmult_le_pos; [apply sqrt_pos|left; apply exp_pos]|]. pose proof nu0.
  replace ((sqrt (INR nu) * exp c) ^ 2) with (INR nu * exp (2 * c)); [apply geo_square, Hl|].
  rewrite Rpow_mult_distr, <- Rsqr_pow2, Rsqr_sqrt by lra. f_equal. rewrite exp_power. f_equal; simpl; ring.
Qed.
Lemma count_sum h u : (forall l, In l (seq 1 (pred nu)) -> h l <= u) -> 0 <= u -> rtotal (seq 1 (pred nu)) h <= INR nu * u.
Proof using.
  intros Hh Hu. apply Rle_trans with (rtotal (seq 1 (pred nu)) (fun _ => u)); [now apply rtotal_le|]. rewrite rtotal_const, seq_length.
  apply Rmult_le_compat_r; [assumption|]. apply le_INR, Nat.le_pred_l.
Qed.
Lemma in_steps l : In l (seq 1 (pred nu)) -> (l <= nu)%nat.
Proof using. clear. intros Hl. apply in_seq in Hl. lia. Qed.
Theorem C5_b_sto : b_sto <= sigma_G / sqrt D * (c * exp (2 * c)) * (1 + c * rho * B / L ^ 2) / sqrt (INR nu).
Proof using nu_pos L_pos c_nonneg B_nonneg rho_nonneg sigma_G_nonneg D_pos.
  pose proof nu0 as n0. pose proof alpha_nonneg as a0. set (s := sqrt (INR nu)). assert (s0 : 0 < s) by now apply sqrt_lt_R0. assert (s2 : s ^ 2 = INR nu) by (unfold s; rewrite <- Rsqr_pow2; apply Rsqr_sqrt; lra).
  set (d := sqrt D). assert (d0 : 0 < d) by now apply sqrt_lt_R0. pose proof (exp_pos c) as ec. pose proof q_pred as qp. pose proof C5_q as cq. destruct (q_power nu (Nat.le_refl nu)) as [q1 _].
  pose proof (root_geo nu (Nat.le_refl nu)) as rg. fold s in rg. assert (se : 0 <= s * exp c) by (apply Rmult_le_pos; lra).
  pose proof (count_sum (fun l => sqrt (geo l (q ^ 2))) (s * exp c) (fun l Hl => root_geo l (in_steps l Hl)) se) as ct.
  assert (e2 : exp (2 * c) = exp c ^ 2) by (rewrite exp_power; f_equal; simpl; ring).
  set (T := rtotal _ _) in *. pose proof (sqrt_pos (geo nu (q ^ 2))) as r0. assert (T0 : 0 <= T).
  { unfold T. rewrite <- (Rmult_0_r (INR (length (seq 1 (pred nu))))), <- rtotal_const. apply rtotal_le. intros. apply sqrt_pos. }
  assert (k1 : q ^ nu * L * sqrt (geo nu (q ^ 2)) <= exp c * L * (s * exp c)) by (apply Rmult_le_compat; [apply Rmult_le_pos; lra|assumption|apply Rmult_le_compat_r; lra|assumption]).
  assert (rb : 0 <= rho * B) by now apply Rmult_le_pos.
  assert (k2 : alpha * rho * B * q ^ pred nu * T <= rho * B * (exp c * (c / L * (s * exp c)))).
  { rewrite <- alpha_nu. replace (alpha * rho * B * q ^ pred nu * T) with (rho * B * (q ^ pred nu * (alpha * T))) by ring.
    apply Rmult_le_compat_l; [assumption|]. apply Rmult_le_compat; [lra|now apply Rmult_le_pos|lra|]. rewrite Rmult_assoc. now apply Rmult_le_compat_l. }
  assert (kk : 0 <= alpha * sigma_G / d) by (apply Rmult_le_pos; [now apply Rmult_le_pos|left; now apply Rinv_0_lt_compat]).
  unfold b_sto. fold d T. apply Rle_trans with (alpha * sigma_G / d * (exp c * L * (s * exp c) + rho * B * (exp c * (c / L * (s * exp c))))); [apply Rmult_le_compat_l; lra|].
  right. rewrite e2. unfold alpha. rewrite <- s2. field. repeat split; lra.
Qed.

(** S5' and S5s: m_l, and the two sharper forms of the bias. *)
Definition m l := alpha * rho / 2 * rtotal (seq 1 (pred l)) (fun j => q ^ (l - 1 - j) * E j).
Definition b_sto_2 := q ^ nu * Rmin (L * sqrt (E nu)) (L * m nu + rho * E nu / 2) + alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (E l)).
Lemma root_E l : sqrt (E l) = alpha * sigma_G / sqrt D * sqrt (geo l (q ^ 2)).
Proof using nu_pos L_pos c_nonneg sigma_G_nonneg D_pos.
  pose proof alpha_nonneg as a0. unfold E. assert (d0 : 0 < sqrt D) by now apply sqrt_lt_R0. assert (q1 := q_one).
  replace (alpha ^ 2 * sigma_G ^ 2 / D) with ((alpha * sigma_G / sqrt D) ^ 2).
  - rewrite sqrt_mult by (try apply pow2_ge_0; apply geo_nonneg, pow2_ge_0). f_equal. apply sqrt_pow2. apply Rmult_le_pos; [now apply Rmult_le_pos|left; now apply Rinv_0_lt_compat].
  - rewrite <- (Rsqr_sqrt D) at 2 by lra. rewrite Rsqr_pow2. field. lra.
Qed.
Theorem C5_b_sto_2 : b_sto_2 <= b_sto.
Proof using nu_pos L_pos c_nonneg B_nonneg rho_nonneg sigma_G_nonneg D_pos.
  destruct (q_power nu (Nat.le_refl nu)) as [q1 _]. unfold b_sto_2, b_sto.
  rewrite (rtotal_ext _ (fun l => sqrt (E l)) (fun l => alpha * sigma_G / sqrt D * sqrt (geo l (q ^ 2)))) by (intros; apply root_E). rewrite rtotal_scal.
  assert (q ^ nu * Rmin (L * sqrt (E nu)) (L * m nu + rho * E nu / 2) <= q ^ nu * (L * sqrt (E nu))) by (apply Rmult_le_compat_l; [lra|apply Rmin_l]).
  rewrite root_E in *. lra.
Qed.
Lemma m_le l : (l <= nu)%nat -> 0 <= m l <= c * rho / (2 * L) * exp c * E_top.
Proof using nu_pos L_pos c_nonneg rho_nonneg D_pos.
  intros Hl. pose proof alpha_nonneg as a0. pose proof alpha_nu as an. pose proof (exp_pos c) as ec. unfold m. assert (ar : 0 <= alpha * rho / 2) by (assert (0 <= alpha * rho) by (now apply Rmult_le_pos); lra).
  assert (Et : 0 <= E_top) by (destruct (C5_E 0 (Nat.le_0_l nu)); lra).
  assert (each : forall j, In j (seq 1 (pred l)) -> 0 <= q ^ (l - 1 - j) * E j <= exp c * E_top).
  { intros j Hj. apply in_seq in Hj. destruct (C5_E j ltac:(clear -Hj Hl; lia)) as [e0 e1]. destruct (q_power (l - 1 - j) ltac:(clear -Hj Hl; lia)) as [q0 q1].
    split; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat; lra. }
  assert (eE : 0 <= exp c * E_top) by (apply Rmult_le_pos; lra).
  assert (up : rtotal (seq 1 (pred l)) (fun j => q ^ (l - 1 - j) * E j) <= INR nu * (exp c * E_top)).
  { apply Rle_trans with (rtotal (seq 1 (pred l)) (fun _ => exp c * E_top)); [apply rtotal_le; intros j Hj; apply each, Hj|]. rewrite rtotal_const, seq_length.
    apply Rmult_le_compat_r; [assumption|]. apply le_INR. clear -Hl. lia. }
  assert (lo : 0 <= rtotal (seq 1 (pred l)) (fun j => q ^ (l - 1 - j) * E j)).
  { rewrite <- (Rmult_0_r (INR (length (seq 1 (pred l))))), <- rtotal_const. apply rtotal_le. intros j Hj. apply each, Hj. }
  split; [now apply Rmult_le_pos|]. apply Rmult_le_compat_l with (r := alpha * rho / 2) in up; [|assumption].
  replace (c * rho / (2 * L) * exp c * E_top) with (c / L * (rho / 2) * (exp c * E_top)) by (field; lra). rewrite <- an. lra.
Qed.

(** S5s: of order 1/nu at fixed D. *)
Variable rho_2 : R.
Hypothesis rho_2_nonneg : 0 <= rho_2.
Definition b_sto_3 := alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) m + q ^ nu * L * m nu
  + 1 / 2 * (alpha * rho_2 * B * q ^ pred nu * rtotal (seq 1 (pred nu)) E
    + 2 * alpha ^ 2 * rho ^ 2 * B * q ^ (nu - 2) * rtotal (seq 1 (pred nu)) (fun j => rtotal (seq 1 (pred j)) (fun l => sqrt (E l * E j)))
    + 2 * alpha * rho * L * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (E l * E nu)) + q ^ nu * rho * E nu).
Theorem C5_b_sto_3 : b_sto_3 <= exp c * E_top *
  (c ^ 2 * rho ^ 2 * B / (2 * L ^ 2) * exp c + c * rho / 2 * exp c + 1 / 2 * (c * rho_2 * B / L + 2 * (c ^ 2 * rho ^ 2 * B / L ^ 2) + 2 * c * rho + rho)).
Proof using nu_pos L_pos c_nonneg B_nonneg rho_nonneg rho_2_nonneg D_pos.
  pose proof nu0 as n0. pose proof alpha_nonneg as a0. pose proof alpha_nu as an. pose proof (exp_pos c) as ec. pose proof q_pred as qp. destruct (q_power nu (Nat.le_refl nu)) as [q1 cq].
  destruct (q_power (nu - 2) (Nat.le_sub_l nu 2)) as [q3 q4].
  assert (Et : 0 <= E_top) by (destruct (C5_E 0 (Nat.le_0_l nu)); lra). set (M := c * rho / (2 * L) * exp c * E_top).
  assert (M0 : 0 <= M) by (destruct (m_le 0 (Nat.le_0_l nu)); unfold M; lra).
  assert (root : forall l j, (l <= nu)%nat -> (j <= nu)%nat -> sqrt (E l * E j) <= E_top).
  { intros l j Hl Hj. destruct (C5_E l Hl). destruct (C5_E j Hj). apply root_le; [assumption|]. simpl. rewrite Rmult_1_r. apply Rmult_le_compat; assumption. }
  pose proof (count_sum m M (fun l Hl => proj2 (m_le l (in_steps l Hl))) M0) as s1.
  pose proof (count_sum E E_top (fun l Hl => proj2 (C5_E l (in_steps l Hl))) Et) as s2.
  pose proof (count_sum (fun l => sqrt (E l * E nu)) E_top (fun l Hl => root l nu (in_steps l Hl) (Nat.le_refl nu)) Et) as s4.
  assert (nE : 0 <= INR nu * E_top) by (apply Rmult_le_pos; lra).
  assert (s3 : rtotal (seq 1 (pred nu)) (fun j => rtotal (seq 1 (pred j)) (fun l => sqrt (E l * E j))) <= INR nu * (INR nu * E_top)).
  { apply count_sum; [|assumption]. intros j Hj. apply in_steps in Hj. apply Rle_trans with (rtotal (seq 1 (pred j)) (fun _ => E_top)).
    - apply rtotal_le. intros l Hl. apply root; [|assumption]. apply in_seq in Hl. clear -Hl Hj. lia.
    - rewrite rtotal_const, seq_length. apply Rmult_le_compat_r; [assumption|]. apply le_INR. clear -Hj. lia. }
  set (S1 := rtotal (seq 1 (pred nu)) m) in *. set (S2 := rtotal (seq 1 (pred nu)) E) in *. set (S4 := rtotal (seq 1 (pred nu)) (fun l => sqrt (E l * E nu))) in *.
  set (S3 := rtotal (seq 1 (pred nu)) (fun j => rtotal (seq 1 (pred j)) (fun l => sqrt (E l * E j)))) in *.
  assert (up : forall k u S U, 0 <= k -> 0 <= u <= exp c -> S <= U -> 0 <= U -> k * u * S <= k * exp c * U).
  { intros k u S U Hk Hu HS HU. apply Rle_trans with (k * u * U); [apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|assumption]|].
    apply Rmult_le_compat_r; [assumption|]. apply Rmult_le_compat_l; lra. }
  assert (nM : 0 <= INR nu * M) by (apply Rmult_le_pos; lra).
  assert (k1 : 0 <= alpha * rho * B) by (apply Rmult_le_pos; [now apply Rmult_le_pos|assumption]). pose proof (up (alpha * rho * B) _ _ _ k1 qp s1 nM) as t1.
  pose proof (up L (q ^ nu) (m nu) M (Rlt_le _ _ L_pos) ltac:(lra) (proj2 (m_le nu (Nat.le_refl nu))) M0) as t2.
  assert (k3 : 0 <= alpha * rho_2 * B) by (apply Rmult_le_pos; [now apply Rmult_le_pos|assumption]). pose proof (up (alpha * rho_2 * B) _ _ _ k3 qp s2 nE) as t3.
  assert (k4 : 0 <= 2 * alpha ^ 2 * rho ^ 2 * B).
  { apply Rmult_le_pos; [|assumption]. apply Rmult_le_pos; [|apply pow2_ge_0]. pose proof (pow2_ge_0 alpha). lra. }
  assert (nnE : 0 <= INR nu * (INR nu * E_top)) by (apply Rmult_le_pos; lra). pose proof (up (2 * alpha ^ 2 * rho ^ 2 * B) (q ^ (nu - 2)) _ _ k4 ltac:(lra) s3 nnE) as t4.
  assert (k5 : 0 <= 2 * alpha * rho * L) by (apply Rmult_le_pos; [|lra]; apply Rmult_le_pos; [lra|assumption]). pose proof (up (2 * alpha * rho * L) _ _ _ k5 qp s4 nE) as t5.
  pose proof (up rho (q ^ nu) (E nu) E_top rho_nonneg ltac:(lra) (proj2 (C5_E nu (Nat.le_refl nu))) Et) as t6.
  unfold b_sto_3. fold S1 S2 S3 S4.
  apply Rle_trans with (alpha * rho * B * exp c * (INR nu * M) + L * exp c * M + 1 / 2 * (alpha * rho_2 * B * exp c * (INR nu * E_top)
    + 2 * alpha ^ 2 * rho ^ 2 * B * exp c * (INR nu * (INR nu * E_top)) + 2 * alpha * rho * L * exp c * (INR nu * E_top) + rho * exp c * E_top)); [lra|].
  right. unfold M. replace (alpha) with (c / L / INR nu) by (rewrite <- an; field; lra). field. split; lra.
Qed.

Definition V := (q ^ 2 + eta2) ^ nu * sigma_G ^ 2 / D' + B ^ 2 * ((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)).
(** V between two expressions with the same limit. *)
Lemma q_low : exp (2 * c - 2 * c ^ 2 / INR nu) <= q ^ (2 * nu).
Proof using nu_pos L_pos c_nonneg.
  pose proof nu0 as n0. pose proof alpha_L as aL. assert (y0 : 0 <= c / INR nu) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  pose proof (exp_below (c / INR nu) y0) as el. unfold q. rewrite aL. set (y := c / INR nu) in *.
  apply Rle_trans with (exp (y / (1 + y)) ^ (2 * nu)); [|apply pow_incr; split; [left; apply exp_pos|exact el]].
  rewrite exp_power, mult_INR. simpl (INR 2). assert (le : 2 * c - 2 * c ^ 2 / INR nu <= (1 + 1) * INR nu * (y / (1 + y))).
  { assert (ec : c = INR nu * y) by (unfold y; field; lra). rewrite ec. replace (2 * (INR nu * y) - 2 * (INR nu * y) ^ 2 / INR nu) with (2 * INR nu * (y * (1 - y))) by (field; lra).
    replace ((1 + 1) * INR nu * (y / (1 + y))) with (2 * INR nu * (y / (1 + y))) by ring. apply Rmult_le_compat_l; [lra|]. apply Rmult_le_reg_r with (1 + y); [lra|].
    replace (y / (1 + y) * (1 + y)) with y by (field; lra). assert (0 <= y * y ^ 2) by (apply Rmult_le_pos; [assumption|apply pow2_ge_0]). lra. }
  destruct le as [lt|eq]; [left; now apply exp_increasing|right; now rewrite eq].
Qed.
Lemma V_bounds : let up := exp (2 * c + c ^ 2 * sigma_H ^ 2 / (INR nu * L ^ 2 * D_H)) in let low := exp (2 * c - 2 * c ^ 2 / INR nu) in
  low * sigma_G ^ 2 / D' <= V <= up * sigma_G ^ 2 / D' + B ^ 2 * (up - low).
Proof using nu_pos L_pos c_nonneg D'_pos D_H_pos.
  intros up low. pose proof C5_power as cp. fold up in cp. pose proof q_low as ql. fold low in ql. pose proof q_one as q1.
  assert (e0 : 0 <= eta2) by (unfold eta2; apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  assert (mid : q ^ (2 * nu) <= (q ^ 2 + eta2) ^ nu) by (rewrite pow_mult; apply pow_incr; pose proof (pow2_ge_0 q); lra).
  assert (k : 0 <= sigma_G ^ 2 / D') by (apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]). pose proof (pow2_ge_0 B) as b0.
  unfold V. set (P := (q ^ 2 + eta2) ^ nu) in *. split.
  - assert (low * (sigma_G ^ 2 / D') <= P * (sigma_G ^ 2 / D')) by (apply Rmult_le_compat_r; lra). assert (0 <= B ^ 2 * (P - q ^ (2 * nu))) by (apply Rmult_le_pos; lra). unfold Rdiv in *. lra.
  - assert (P * (sigma_G ^ 2 / D') <= up * (sigma_G ^ 2 / D')) by (apply Rmult_le_compat_r; lra). assert (B ^ 2 * (P - q ^ (2 * nu)) <= B ^ 2 * (up - low)) by (apply Rmult_le_compat_l; lra). unfold Rdiv in *. lra.
Qed.
End ManySteps.

(** V tends to e^(2c) sigma_G^2 / D'. *)
Lemma small_tail a k : Un_cv (fun n => exp (a + k / INR (S n))) (exp a).
Proof using.
  apply (continuity_seq exp (fun n => a + k / INR (S n)) a); [apply derivable_continuous_pt, derivable_pt_exp|].
  intros eps He. destruct (archimed (Rabs k / eps)) as [ar _]. assert (k0 : 0 <= Rabs k / eps) by (apply Rmult_le_pos; [apply Rabs_pos|left; now apply Rinv_0_lt_compat]).
  assert (z : (0 <= up (Rabs k / eps))%Z) by (apply le_IZR; lra). exists (Z.to_nat (up (Rabs k / eps))). intros n Hn. unfold R_dist. replace (a + k / INR (S n) - a) with (k / INR (S n)) by ring.
  pose proof (INR_pos (S n) ltac:(lia)) as n0. unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ INR (S n))) by (left; now apply Rinv_0_lt_compat).
  apply Rmult_lt_reg_r with (INR (S n)); [assumption|]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  assert (IZR (up (Rabs k / eps)) <= INR n) by (rewrite <- (Z2Nat.id _ z), <- INR_IZR_INZ; now apply le_INR). rewrite S_INR.
  apply Rmult_lt_reg_r with (/ eps); [now apply Rinv_0_lt_compat|]. replace (eps * (INR n + 1) * / eps) with (INR n + 1) by (field; lra). unfold Rdiv in *. lra.
Qed.
Lemma constant_limit a : Un_cv (fun _ => a) a.
Proof using. intros eps He. exists 0%nat. intros n _. unfold R_dist. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. assumption. Qed.
Theorem C5_V c L B sigma_G sigma_H D' D_H : 0 <= c -> 0 < L -> 0 < D' -> 0 < D_H ->
  Un_cv (fun n => V (S n) c L B sigma_G sigma_H D' D_H) (exp (2 * c) * sigma_G ^ 2 / D').
Proof using.
  intros Hc HL HD' HDH. set (kk := c ^ 2 * sigma_H ^ 2 / (L ^ 2 * D_H)). set (up := fun n => exp (2 * c + kk / INR (S n))). set (low := fun n => exp (2 * c + - (2 * c ^ 2) / INR (S n))).
  assert (cu : Un_cv up (exp (2 * c))) by apply small_tail. assert (cl : Un_cv low (exp (2 * c))) by apply small_tail.
  assert (bounds : forall n, low n * (sigma_G ^ 2 / D') <= V (S n) c L B sigma_G sigma_H D' D_H <= up n * (sigma_G ^ 2 / D') + B ^ 2 * (up n - low n)).
  { intros n. pose proof (V_bounds (S n) c L ltac:(lia) Hc HL B sigma_G sigma_H D' D_H HD' HDH) as vb. cbv zeta in vb. pose proof (INR_pos (S n) ltac:(lia)) as n0. unfold up, low.
    replace (2 * c + kk / INR (S n)) with (2 * c + c ^ 2 * sigma_H ^ 2 / (INR (S n) * L ^ 2 * D_H)) by (unfold kk; field; repeat split; lra).
    replace (2 * c + - (2 * c ^ 2) / INR (S n)) with (2 * c - 2 * c ^ 2 / INR (S n)) by (field; lra). unfold Rdiv in *. lra. }
  assert (l1 : Un_cv (fun n => low n * (sigma_G ^ 2 / D')) (exp (2 * c) * (sigma_G ^ 2 / D'))) by (apply CV_mult; [assumption|apply constant_limit]).
  assert (l2 : Un_cv (fun n => up n * (sigma_G ^ 2 / D') + B ^ 2 * (up n - low n)) (exp (2 * c) * (sigma_G ^ 2 / D') + B ^ 2 * (exp (2 * c) - exp (2 * c)))).
  { apply CV_plus; apply CV_mult; try apply constant_limit; try assumption. now apply CV_minus. }
  replace (exp (2 * c) * (sigma_G ^ 2 / D') + B ^ 2 * (exp (2 * c) - exp (2 * c))) with (exp (2 * c) * (sigma_G ^ 2 / D')) in l2 by ring.
  replace (exp (2 * c) * sigma_G ^ 2 / D') with (exp (2 * c) * (sigma_G ^ 2 / D')) by (unfold Rdiv; ring). set (l := exp (2 * c) * (sigma_G ^ 2 / D')) in *.
  intros eps He. destruct (l1 eps He) as (n1 & H1). destruct (l2 eps He) as (n2 & H2). exists (Nat.max n1 n2). intros n Hn.
  specialize (H1 n ltac:(lia)). specialize (H2 n ltac:(lia)). specialize (bounds n). unfold R_dist in *. apply Rabs_def2 in H1, H2. apply Rabs_def1; lra.
Qed.
