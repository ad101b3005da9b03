(** S5, S5', S6: bias, second-order bias and mean squared error of the stochastic meta-gradient, all batches independent. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Expectation Paths NoisyTuning NoisySweep.

Lemma sum_from_zero k (r : nat -> R) : r 0%nat = 0 -> rtotal (seq 0 k) r = rtotal (seq 1 (pred k)) r.
Proof using. intros z. destruct k as [|k]; [reflexivity|]. simpl. rewrite z. ring. Qed.

Section Oracle.
Context {X : space} {Xi Xo Z : Type}.
Implicit Types u v w : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha : R) (batch : X -> Xi -> X) (noise : dist Xi) (last : X -> Xo -> X) (outer : dist Xo).
Variables (hessian : X -> Z -> X -> X) (hess : dist Z) (w : X).
Variables (W : X -> Prop) (nu : nat) (L rho B q sigma_G sigma_H D D' D_H : R).

(** Given the trajectory p: the law of the swept vector after j factors, each on its own batch. *)
Definition outer_law (p : nat -> X) : dist X := bind outer (fun o => ret (last (p nu) o)).
Definition noisy_factor (p : nat -> X) j z v : X := (v - alpha * hessian (p (nu - S j)%nat) z v)%V.
Definition swept p j : dist X := law (outer_law p) hess (noisy_factor p) j.
Definition paths := walk alpha batch noise w nu.
Definition oracle : dist X := bind paths (fun p => swept p nu).

Hypothesis noise_proper : proper noise.
Hypothesis outer_proper : proper outer.
Hypothesis hess_proper : proper hess.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis sigma_G_nonneg : 0 <= sigma_G.
Hypothesis D_pos : 0 < D.
Hypothesis D_H_pos : 0 < D_H.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
(** A4 for the batches of D, D' and D_H samples; the Hessian's noise only through its action on a vector that is fixed. *)
Hypothesis batch_mean : forall u, W u -> vex noise (batch u) = g u.
Hypothesis batch_noise : forall u, W u -> ex noise (fun xi => norm (batch u xi - g u) ^ 2) <= sigma_G ^ 2 / D.
Hypothesis last_mean : forall u, W u -> vex outer (last u) = g u.
Hypothesis last_noise : forall u, W u -> ex outer (fun o => norm (last u o - g u) ^ 2) <= sigma_G ^ 2 / D'.
Hypothesis hess_mean : forall u d, W u -> vex hess (fun z => hessian u z d) = H u d.
Hypothesis hess_noise : forall u d, W u -> ex hess (fun z => norm (hessian u z d - H u d) ^ 2) <= sigma_H ^ 2 / D_H * norm d ^ 2.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk alpha batch noise w l) p -> W (p l).

Definition E_l := E alpha q sigma_G D.
Definition m_l := m alpha rho q sigma_G D.
Definition eta2 := alpha ^ 2 * sigma_H ^ 2 / D_H.
Let t := fun l => tuned g alpha l w.

Lemma paths_proper : proper paths.
Proof using noise_proper. now apply walk_proper. Qed.
Lemma path_in p l : support paths p -> (l <= nu)%nat -> W (p l).
Proof using walk_in. intros Hp Hl. now apply (walk_W alpha batch noise w W nu walk_in nu l p). Qed.
Lemma true_in l : (l <= nu)%nat -> W (t l).
Proof using exact_in. intros Hl. now apply exact_in. Qed.
Lemma outer_law_proper p : proper (outer_law p).
Proof using outer_proper. apply proper_bind; [assumption|]. intros. apply proper_ret. Qed.
Lemma outer_law_mean p : W (p nu) -> vex (outer_law p) (fun v => v) = g (p nu).
Proof using last_mean.
  intros Hp. unfold outer_law. rewrite vex_bind, <- last_mean by assumption. apply vex_ext. intros o _. exact (vex_ret (last (p nu) o) (fun v => v)).
Qed.
Lemma outer_law_ex p r : ex (outer_law p) r = ex outer (fun o => r (last (p nu) o)).
Proof using. unfold outer_law. rewrite ex_bind. apply ex_ext. intros o _. now rewrite ex_ret. Qed.
Lemma outer_law_variance p : W (p nu) -> variance (outer_law p) (fun v => v) <= sigma_G ^ 2 / D'.
Proof using last_mean last_noise. intros Hp. unfold variance. rewrite outer_law_mean, outer_law_ex by assumption. now apply last_noise. Qed.
Lemma noisy_factor_mean p j v : support paths p -> (j < nu)%nat -> vex hess (fun z => noisy_factor p j z v) = factor H alpha (p (nu - S j)%nat) v.
Proof using hess_proper hess_mean walk_in.
  intros Hp Hj. unfold noisy_factor, factor. assert (Wp : W (p (nu - S j)%nat)) by (apply path_in; [assumption|lia]).
  rewrite <- (hess_mean _ v Wp). rewrite (vex_ext hess _ (fun z => v + (- alpha) * hessian (p (nu - S j)%nat) z v)%V) by (intros; veq).
  rewrite vex_add, vex_const, vex_scal by assumption. veq.
Qed.

(** ** The mean, given the trajectory and altogether *)
Lemma swept_center p j : support paths p -> (j <= nu)%nat ->
  psweep H alpha p (nu - j) (center (outer_law p) hess (noisy_factor p) j) = psweep H alpha p nu (g (p nu)).
Proof using hess_proper hess_mean last_mean H_linear walk_in.
  intros Hp. induction j as [|j IH]; intros Hj.
  - rewrite Nat.sub_0_r. f_equal. apply outer_law_mean, path_in; auto.
  - rewrite <- IH by lia. rewrite (center_next _ _ _ (fun j v => factor H alpha (p (nu - S j)%nat) v) nu) by (try (intros; now apply noisy_factor_mean); lia).
    replace (nu - j)%nat with (S (nu - S j)) by lia. simpl psweep. f_equal.
    apply (vex_linear (law (outer_law p) hess (noisy_factor p) j) (factor H alpha (p (nu - S j)%nat)) (fun v => v)).
    apply (factor_linear H alpha W H_linear), path_in; [assumption|lia].
Qed.
Lemma swept_mean p : support paths p -> vex (swept p nu) (fun v => v) = psweep H alpha p nu (g (p nu)).
Proof using hess_proper hess_mean last_mean H_linear walk_in.
  intros Hp. rewrite <- (swept_center p nu Hp (Nat.le_refl _)). rewrite Nat.sub_diag. reflexivity.
Qed.
Lemma swept_proper p j : proper (swept p j).
Proof using outer_proper hess_proper. apply law_proper; [apply outer_law_proper|assumption]. Qed.
Lemma oracle_proper : proper oracle.
Proof using noise_proper outer_proper hess_proper. apply proper_bind; [apply paths_proper|]. intros. apply swept_proper. Qed.
Lemma oracle_mean : vex oracle (fun v => v) = vex paths (fun p => psweep H alpha p nu (g (p nu))).
Proof using hess_proper hess_mean last_mean H_linear walk_in. unfold oracle. rewrite vex_bind. apply vex_ext. intros p Hp. now apply swept_mean. Qed.

(** ** S5 *)
Definition deviation p := (psweep H alpha p nu (g (p nu)) - meta_gradient g H alpha nu w)%V.
Definition roots := rtotal (seq 1 (pred nu)) (fun l => sqrt (E_l l)).
(** b_sto, with [C] for the bound of the gradient at the end of the true trajectory. *)
Definition bias_sto C := q ^ nu * (L * sqrt (E_l nu)) + alpha * rho * C * q ^ pred nu * roots.

Lemma E_zero : E_l 0 = 0.
Proof using. unfold E_l, E. simpl. ring. Qed.
Lemma E_l_nonneg l : 0 <= E_l l.
Proof using D_pos. now apply E_nonneg. Qed.
Lemma root_sq l : sqrt (E_l l) ^ 2 = E_l l.
Proof using D_pos. rewrite <- (Rsqr_pow2 (sqrt _)). apply Rsqr_sqrt, E_l_nonneg. Qed.
Lemma roots_all : rtotal (seq 0 nu) (fun l => sqrt (E_l l)) = roots.
Proof using. apply (sum_from_zero nu (fun l => sqrt (E_l l))). rewrite E_zero. apply sqrt_0. Qed.
Lemma roots_nonneg : 0 <= roots.
Proof using. unfold roots. rewrite <- (Rmult_0_r (INR (length (seq 1 (pred nu))))), <- rtotal_const. apply rtotal_le. intros. apply sqrt_pos. Qed.
Lemma bias_sto_nonneg C : 0 <= C -> 0 <= bias_sto C.
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg.
  intros HC. unfold bias_sto. pose proof roots_nonneg. pose proof (pow_le q nu q_nonneg). pose proof (pow_le q (pred nu) q_nonneg). pose proof (sqrt_pos (E_l nu)).
  apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; assumption.
Qed.
(** b_sto as S5 prints it. *)
Lemma bias_sto_is C : bias_sto C = alpha * sigma_G / sqrt D *
  (q ^ nu * L * sqrt (geo nu (q ^ 2)) + alpha * rho * C * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (geo l (q ^ 2)))).
Proof using alpha_nonneg D_pos sigma_G_nonneg.
  unfold bias_sto, roots, E_l. rewrite (sqrt_E alpha q sigma_G D) by assumption.
  rewrite (rtotal_ext _ _ (fun l => alpha * sigma_G / sqrt D * sqrt (geo l (q ^ 2)))) by (intros; now apply sqrt_E).
  rewrite rtotal_scal. ring.
Qed.

Lemma errors_in_l2 l : (l <= nu)%nat -> ex paths (fun p => norm (p l - t l) ^ 2) <= sqrt (E_l l) ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in.
  intros Hl. rewrite root_sq. apply (error_moment g H alpha batch noise w) with (W := W) (nu := nu); auto.
Qed.
Lemma sum_in_l2 : ex paths (fun p => rtotal (seq 0 nu) (fun l => norm (p l - t l)) ^ 2) <= roots ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in.
  rewrite <- roots_all. apply minkowski_sum.
  - apply paths_proper.
  - intros. apply sqrt_pos.
  - intros. apply norm_nonneg.
  - intros l Hl. apply in_seq in Hl. apply errors_in_l2. lia.
Qed.
(** The deviation in the L2 norm: J~ (g~ - g) + (J~ - J) g. *)
Lemma deviation_l2 C : 0 <= C -> norm (g (t nu)) <= C -> ex paths (fun p => norm (deviation p) ^ 2) <= bias_sto C ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg.
  intros C0 HC. pose proof (pow_le q nu q_nonneg) as q0. pose proof (pow_le q (pred nu) q_nonneg) as q1. pose proof roots_nonneg as r0.
  assert (k0 : 0 <= alpha * rho * C * q ^ pred nu) by (repeat apply Rmult_le_pos; assumption).
  apply (minkowski_ex paths (fun p => q ^ nu * norm (end_error g alpha w nu p)) (fun p => alpha * rho * C * q ^ pred nu * rtotal (seq 0 nu) (fun l => norm (p l - t l)))).
  - apply paths_proper.
  - apply Rmult_le_pos; [assumption|]. apply Rmult_le_pos; [assumption|apply sqrt_pos].
  - now apply Rmult_le_pos.
  - rewrite (ex_ext paths _ (fun p => (q ^ nu) ^ 2 * norm (end_error g alpha w nu p) ^ 2)) by (intros; ring).
    rewrite ex_scal, (Rpow_mult_distr (q ^ nu)). apply Rmult_le_compat_l; [apply pow2_ge_0|]. rewrite Rpow_mult_distr, root_sq.
    apply (end_moment g H alpha batch noise w) with (W := W); auto.
  - rewrite (ex_ext paths _ (fun p => (alpha * rho * C * q ^ pred nu) ^ 2 * rtotal (seq 0 nu) (fun l => norm (p l - t l)) ^ 2)) by (intros; ring).
    rewrite ex_scal, (Rpow_mult_distr (alpha * rho * C * q ^ pred nu)). apply Rmult_le_compat_l; [apply pow2_ge_0|]. exact sum_in_l2.
  - intros p Hp. split; [apply norm_nonneg|]. unfold deviation, meta_gradient. rewrite sweep_is. fold t. change (tuned g alpha nu w) with (t nu).
    assert (in_p : forall l, (l < nu)%nat -> W (p l)) by (intros; apply path_in; [assumption|lia]).
    replace (psweep H alpha p nu (g (p nu)) - psweep H alpha t nu (g (t nu)))%V with
      (psweep H alpha p nu (end_error g alpha w nu p) + (psweep H alpha p nu (g (t nu)) - psweep H alpha t nu (g (t nu))))%V.
    2:{ unfold end_error. change (tuned g alpha nu w) with (t nu). rewrite <- (psweep_sub H alpha W H_linear) by assumption. veq. }
    eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat; [now apply (psweep_bound H alpha W q)|].
    eapply Rle_trans; [apply (psweep_moves H alpha W rho q); auto; intros l Hl; split; [now apply in_p|apply true_in; lia]|].
    assert (s0 : 0 <= rtotal (seq 0 nu) (fun l => norm (p l - t l))).
    { rewrite <- (Rmult_0_r (INR (length (seq 0 nu)))), <- rtotal_const. apply rtotal_le. intros. apply norm_nonneg. }
    set (s := rtotal (seq 0 nu) (fun l => norm (p l - t l))) in *.
    replace (alpha * rho * C * q ^ pred nu * s) with (alpha * rho * q ^ pred nu * s * C) by ring.
    apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|assumption].
Qed.
Lemma oracle_bias : (vex oracle (fun v => v) - meta_gradient g H alpha nu w)%V = vex paths deviation.
Proof using noise_proper hess_proper hess_mean last_mean H_linear walk_in.
  rewrite oracle_mean. unfold deviation. rewrite vex_add, vex_const by apply paths_proper. reflexivity.
Qed.
Lemma S5_core C : 0 <= C -> norm (g (t nu)) <= C -> norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <= bias_sto C.
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg.
  intros C0 HC. rewrite oracle_bias. apply jensen; [apply paths_proper|now apply bias_sto_nonneg|now apply deviation_l2].
Qed.

Lemma end_B : norm (g (t nu)) <= B.
Proof using exact_in g_bound. apply g_bound, true_in. lia. Qed.
Lemma B_pos : 0 <= B.
Proof using exact_in g_bound. pose proof end_B. pose proof (norm_nonneg (g (t nu))). lra. Qed.
Lemma B_q_nonneg : 0 <= Rmin 1 (q ^ nu) * B.
Proof using exact_in g_bound q_nonneg. pose proof B_pos. pose proof (pow_le q nu q_nonneg). apply Rmult_le_pos; [apply Rmin_glb; lra|assumption]. Qed.
Lemma end_B_q : norm (g (t nu)) <= Rmin 1 (q ^ nu) * B.
Proof using alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound g_bound exact_in. now apply (end_gradient g H alpha W B q). Qed.

(** S5: norm(E g_i - grad F_i) <= b_sto. *)
Theorem S5 : norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <= alpha * sigma_G / sqrt D *
  (q ^ nu * L * sqrt (geo nu (q ^ 2)) + alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (geo l (q ^ 2)))).
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg sigma_G_nonneg g_bound.
  rewrite <- bias_sto_is. apply S5_core; [exact B_pos|exact end_B].
Qed.
(** S5 with S3q's B_q. *)
Theorem S5_contractive : norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <= bias_sto (Rmin 1 (q ^ nu) * B).
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg g_bound.
  apply S5_core; [exact B_q_nonneg|exact end_B_q].
Qed.

(** ** S5', the other split: J (g~ - g) + (J~ - J) g~ *)
Definition B_noisy := B_V alpha nu L q sigma_G D B.
Lemma S5_second_core C : 0 <= C -> ex paths (fun p => norm (g (p nu)) ^ 2) <= C ^ 2 ->
  norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <=
  q ^ nu * Rmin (L * sqrt (E_l nu)) (L * m_l nu + rho * E_l nu / 2) + alpha * rho * C * q ^ pred nu * roots.
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg H_bound.
  intros C0 HC. pose proof (pow_le q nu q_nonneg) as q0. pose proof (pow_le q (pred nu) q_nonneg) as q1. pose proof roots_nonneg as r0.
  assert (in_t : forall l, (l < nu)%nat -> W (t l)) by (intros; apply true_in; lia).
  rewrite oracle_bias.
  rewrite (vex_ext paths deviation (fun p => psweep H alpha t nu (end_error g alpha w nu p) + (psweep H alpha p nu (g (p nu)) - psweep H alpha t nu (g (p nu))))%V).
  2:{ intros p Hp. unfold deviation, meta_gradient, end_error. rewrite sweep_is. fold t. change (tuned g alpha nu w) with (t nu).
      rewrite <- (psweep_sub H alpha W H_linear) by assumption. veq. }
  rewrite vex_add, (vex_linear paths (psweep H alpha t nu)) by now apply (psweep_linear H alpha W H_linear).
  eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat.
  - eapply Rle_trans; [now apply (psweep_bound H alpha W q)|]. apply Rmult_le_compat_l; [assumption|].
    apply (end_bias g H alpha batch noise w) with (W := W); auto.
  - eapply Rle_trans; [apply (norm_vex_le paths _ (fun p => alpha * rho * q ^ pred nu * (rtotal (seq 0 nu) (fun l => norm (p l - t l)) * norm (g (p nu)))) paths_proper)|].
    + intros p Hp. rewrite <- Rmult_assoc. apply (psweep_moves H alpha W rho q); auto. intros l Hl. split; [apply path_in; [assumption|lia]|now apply in_t].
    + rewrite ex_scal. replace (alpha * rho * C * q ^ pred nu * roots) with (alpha * rho * q ^ pred nu * (roots * C)) by ring.
      apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|].
      apply ex_product; [apply paths_proper|assumption|assumption|exact sum_in_l2|assumption].
Qed.
Lemma noisy_end_B : ex paths (fun p => norm (g (p nu)) ^ 2) <= B ^ 2.
Proof using noise_proper walk_in g_bound.
  rewrite <- (ex_const paths (B ^ 2) paths_proper). apply ex_le; [apply paths_proper|]. intros p Hp. apply pow_incr. split; [apply norm_nonneg|]. apply g_bound, path_in; auto.
Qed.
Lemma noisy_end_B_V : ex paths (fun p => norm (g (p nu)) ^ 2) <= B_noisy ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in g_lipschitz L_nonneg g_bound.
  apply (end_size g H alpha batch noise w) with (W := W); auto.
Qed.
Lemma B_noisy_nonneg : 0 <= B_noisy.
Proof using q_nonneg L_nonneg exact_in g_bound. apply (B_V_nonneg g alpha w W); auto. Qed.

(** S5': norm(E g_i - grad F_i) <= b'_sto. *)
Theorem S5_second : norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <=
  q ^ nu * Rmin (L * sqrt (E_l nu)) (L * m_l nu + rho * E_l nu / 2) + alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (E_l l)).
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg H_bound g_bound.
  apply S5_second_core; [exact B_pos|exact noisy_end_B].
Qed.
(** S5' in S3q's form: min{ b_sto with B_q, the second form with B_V }. *)
Theorem S5_second_contractive : norm (vex oracle (fun v => v) - meta_gradient g H alpha nu w) <=
  Rmin (bias_sto (Rmin 1 (q ^ nu) * B)) (q ^ nu * (L * m_l nu + rho * E_l nu / 2) + alpha * rho * B_noisy * q ^ pred nu * roots).
Proof using noise_proper hess_proper hess_mean last_mean alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg H_bound g_bound.
  apply Rmin_glb; [exact S5_contractive|]. eapply Rle_trans; [exact (S5_second_core B_noisy B_noisy_nonneg noisy_end_B_V)|].
  apply Rplus_le_compat_r, Rmult_le_compat_l; [now apply pow_le|apply Rmin_r].
Qed.

(** ** S6 *)
Lemma eta2_nonneg : 0 <= eta2.
Proof using D_H_pos. unfold eta2. apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat]. Qed.
Lemma powers_apart k : q ^ (2 * k) <= (q ^ 2 + eta2) ^ k.
Proof using D_H_pos. rewrite pow_mult. apply pow_incr. pose proof eta2_nonneg. pose proof (pow2_ge_0 q). lra. Qed.
(** Given the trajectory, the variance of the swept vector. *)
Lemma swept_variance p : support paths p ->
  variance (swept p nu) (fun v => v) <= (q ^ 2 + eta2) ^ nu * (sigma_G ^ 2 / D') + norm (g (p nu)) ^ 2 * ((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)).
Proof using outer_proper hess_proper hess_mean hess_noise last_mean last_noise H_linear q_nonneg factor_bound D_H_pos walk_in.
  intros Hp. assert (in_p : forall j, (j < nu)%nat -> W (p (nu - S j)%nat)) by (intros; apply path_in; [assumption|lia]).
  assert (Wn : W (p nu)) by (apply path_in; auto).
  pose proof (law_variance (outer_law p) hess (noisy_factor p) (fun j v => factor H alpha (p (nu - S j)%nat) v) q eta2 (sigma_G ^ 2 / D') nu) as lv.
  replace (center (outer_law p) hess (noisy_factor p) 0) with (g (p nu)) in lv by (symmetry; now apply outer_law_mean).
  apply lv; auto.
  - apply outer_law_proper.
  - intros. now apply noisy_factor_mean.
  - apply eta2_nonneg.
  - intros j v Hj _. unfold noisy_factor, factor. set (u := p (nu - S j)%nat).
    rewrite (ex_ext hess _ (fun z => alpha ^ 2 * norm (hessian u z v - H u v) ^ 2)) by (intros z _; rewrite !norm_sq; expand; order; ring).
    rewrite ex_scal. replace (eta2 * norm v ^ 2) with (alpha ^ 2 * (sigma_H ^ 2 / D_H * norm v ^ 2)) by (unfold eta2, Rdiv; ring).
    apply Rmult_le_compat_l; [apply pow2_ge_0|]. now apply hess_noise, in_p.
  - intros j u v Hj _ _. rewrite (factor_sub H alpha W H_linear) by now apply in_p. now apply factor_bound, in_p.
  - now apply outer_law_variance.
Qed.
(** V, with [C] for the L2 size of the noisy end gradient. *)
Definition V C := (q ^ 2 + eta2) ^ nu * sigma_G ^ 2 / D' + C ^ 2 * ((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)).
Lemma S6_core C C' : 0 <= C -> norm (g (t nu)) <= C -> ex paths (fun p => norm (g (p nu)) ^ 2) <= C' ^ 2 ->
  ex oracle (fun v => norm (v - meta_gradient g H alpha nu w) ^ 2) <= V C' + bias_sto C ^ 2.
Proof using noise_proper outer_proper hess_proper hess_mean hess_noise last_mean last_noise alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos D_H_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg.
  intros C0 HC HC'. unfold oracle. rewrite ex_bind. pose proof (powers_apart nu) as gap.
  apply Rle_trans with (ex paths (fun p => (q ^ 2 + eta2) ^ nu * (sigma_G ^ 2 / D') + (((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)) * norm (g (p nu)) ^ 2 + norm (deviation p) ^ 2))).
  - apply ex_le; [apply paths_proper|]. intros p Hp.
    rewrite (variance_split (swept p nu) (fun v => v) (meta_gradient g H alpha nu w) (swept_proper p nu)), swept_mean by assumption.
    pose proof (swept_variance p Hp). unfold deviation. lra.
  - rewrite !ex_add, ex_const, ex_scal by apply paths_proper. pose proof (deviation_l2 C C0 HC) as d.
    assert (((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)) * ex paths (fun p => norm (g (p nu)) ^ 2) <= ((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)) * C' ^ 2)
      by (apply Rmult_le_compat_l; [lra|assumption]). unfold V, Rdiv in *. lra.
Qed.
(** S6: E norm(g_i - grad F_i)^2 <= V + b_sto^2. *)
Theorem S6 : ex oracle (fun v => norm (v - meta_gradient g H alpha nu w) ^ 2) <=
  (q ^ 2 + eta2) ^ nu * sigma_G ^ 2 / D' + B ^ 2 * ((q ^ 2 + eta2) ^ nu - q ^ (2 * nu)) + bias_sto B ^ 2.
Proof using noise_proper outer_proper hess_proper hess_mean hess_noise last_mean last_noise alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos D_H_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg g_bound.
  apply S6_core; [exact B_pos|exact end_B|exact noisy_end_B].
Qed.
(** S6 in S3q's form: B_q in the bias, B_V in V. *)
Theorem S6_contractive : ex oracle (fun v => norm (v - meta_gradient g H alpha nu w) ^ 2) <= V B_noisy + bias_sto (Rmin 1 (q ^ nu) * B) ^ 2.
Proof using noise_proper outer_proper hess_proper hess_mean hess_noise last_mean last_noise alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos D_H_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg g_bound.
  apply S6_core; [exact B_q_nonneg|exact end_B_q|exact noisy_end_B_V].
Qed.
(** The variance about the oracle's own mean is at most that too. *)
Theorem S6_variance : variance oracle (fun v => v) <= V B_noisy + bias_sto (Rmin 1 (q ^ nu) * B) ^ 2.
Proof using noise_proper outer_proper hess_proper hess_mean hess_noise last_mean last_noise alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos D_H_pos batch_mean batch_noise exact_in walk_in rho_nonneg H_lipschitz g_lipschitz L_nonneg g_bound.
  eapply Rle_trans; [apply (variance_least _ _ (meta_gradient g H alpha nu w)), oracle_proper|exact S6_contractive].
Qed.
End Oracle.
