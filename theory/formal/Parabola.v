(** Settings that meet the hypotheses, and where bounds are attained, in the terms of the records: every agent has the loss a |w|^2 / 2, a = 1 or -1,
    on balls of any space X, R^d among them. *)
Require Import Space Calculus Smoothness Sampling Heterogeneity Expectation HessianFree NoisyTuning NoisySweep Batches.
Require OneRound DriftLocal.
Require Import Constants Setting SettingFacts RecordForms Assumed.

Definition curvatures (md : mode) (sm : sampling_option) (al be bound : R) (m0 : option R) (v t : nat) : constants := {|
  alpha := al; beta := be; L := 1; mu := m0; rho := 0; B := bound; sigma_G := 0; sigma_H := 0; gamma_G := 0; gamma_H := 0;
  D := 1; D_prime := 1; D_H := 1; nu := v; tau := t; n := 1; m := 1; K := 1; delta := 1; mu_F := 1; rho_2 := 0; eps := 1; zeta := 1; p_max := 1;
  eta_G := 0; eta_H := 0; the_mode := md; the_drift := drift_plain; the_variance := variance_recursion; the_sampling := sm;
  given_q := None; given_L_F := None; given_mu_c := None; given_gamma_F := None; given_b := None; given_sigma2 := None; given_h := None; given_beta_s := None;
  given_T1d_c := None; given_C1_r := None |}.
(** W0 has radius r, W radius [bound], and so is the gradient bounded. *)
Definition parabolas (X : space) (a : R) (c : constants) (r : R) : setting := {|
  X := X; numbers := c; loss := fun _ w => a / 2 * norm w ^ 2; grad := fun _ w => (a * w)%V; hess := fun _ _ d => (a * d)%V;
  W := fun w => norm w <= B c; W0 := fun w => norm w <= r; F_star := 0; weights := uniform (seq 0 1); Sample := unit; sample_grad := fun _ w _ => (a * w)%V;
  sample_hess := fun _ _ _ d => (a * d)%V; one_sample := fun _ => ret tt; batch := fun _ k => batch_law (ret tt) k |}.

Lemma double k (x : R) : x ^ (2 * k) = x ^ k * x ^ k.
Proof using. replace (2 * k)%nat with (k + k)%nat by lia. apply pow_add. Qed.
Lemma ball_convex (X : space) r : convex (fun w : X => norm w <= r).
Proof using.
  intros x y t Hx Hy Ht. replace (x + t * (y - x))%V with ((1 - t) * x + t * y)%V by veq. eapply Rle_trans; [apply triangle|]. rewrite !norm_scal, !Rabs_right by lra.
  assert ((1 - t) * norm x <= (1 - t) * r) by (apply Rmult_le_compat_l; lra). assert (t * norm y <= t * r) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Section Parabolas.
Variables (X : space) (a : R) (md : mode) (sm : sampling_option) (al be bound r : R) (m0 : option R) (v t : nat).
Let c := curvatures md sm al be bound m0 v t.
Let s := parabolas X a c r.
Hypothesis sign : a = 1 \/ a = -1.
Hypothesis al_nonneg : 0 <= al.
Hypothesis be_pos : 0 < be.
Hypothesis t_one : (1 <= t)%nat.
Hypothesis noiseless : md = mode_exact \/ md = mode_first_order.
Hypothesis curvature : m0 = None \/ m0 = Some a.
Hypothesis r_nonneg : 0 <= r.
Hypothesis held : forall l, (l <= v)%nat -> Rabs (1 - al * a) ^ l * r <= bound.
Implicit Types w u d : X.

Lemma size : Rabs a = 1.
Proof using sign. destruct sign as [e|e]; rewrite e; [apply Rabs_R1|]. rewrite Rabs_left by lra. ring. Qed.
Lemma norm_a w : norm (a * w) = norm w.
Proof using sign. rewrite norm_scal, size. ring. Qed.
Lemma inside w : norm w <= r -> norm w <= bound.
Proof using held. intros Hw. pose proof (held 0%nat (Nat.le_0_l v)) as h. simpl in h. lra. Qed.
Lemma bound_nonneg : 0 <= bound.
Proof using held r_nonneg. pose proof (held 0%nat (Nat.le_0_l v)) as h. simpl in h. lra. Qed.

Lemma tuned_is i l w : tuned (grad s i) al l w = ((1 - al * a) ^ l * w)%V.
Proof using.
  induction l as [|l IH]; [simpl; veq|]. change (tuned (grad s i) al (S l) w) with (step (grad s i) al (tuned (grad s i) al l w)). rewrite IH. unfold step. cbn [grad s parabolas]. simpl pow. veq.
Qed.
Lemma sweep_is i l w u : sweep (grad s i) (hess s i) al l w u = ((1 - al * a) ^ l * u)%V.
Proof using.
  revert u. induction l as [|l IH]; intros u; [simpl; veq|]. cbn [sweep]. rewrite IH. unfold factor. cbn [hess s parabolas]. simpl pow. apply inner_ext. intros z. change (Setting.X s) with X in *. expand. ring.
Qed.
Lemma grad_F_i_is i w : grad_F_i s i w = (a * (1 - al * a) ^ (2 * v) * w)%V.
Proof using.
  unfold grad_F_i. change (alpha s) with al. change (nu s) with v. unfold meta_gradient. rewrite sweep_is, tuned_is. cbn [grad s parabolas].
  rewrite double. veq.
Qed.
Lemma F_i_is i w : F_i s i w = a / 2 * ((1 - al * a) ^ (2 * v) * norm w ^ 2).
Proof using.
  unfold F_i. change (alpha s) with al. change (nu s) with v. unfold meta_loss. rewrite tuned_is. cbn [loss s parabolas]. rewrite norm_scal, Rpow_mult_distr, pow2_abs, double. ring.
Qed.
Lemma F_is w : F s w = a / 2 * ((1 - al * a) ^ (2 * v) * norm w ^ 2).
Proof using. unfold F. change (weights s) with (uniform (seq 0 1)). rewrite ex_uniform. unfold rmean. cbn [seq rtotal fold_right length]. rewrite F_i_is. simpl INR. field. Qed.
Lemma grad_F_is w : grad_F s w = (a * (1 - al * a) ^ (2 * v) * w)%V.
Proof using.
  unfold grad_F. change (weights s) with (uniform (seq 0 1)). rewrite vex_uniform. unfold mean. cbn [seq total fold_right length]. rewrite grad_F_i_is. simpl INR.
  apply inner_ext. intros z. expand. field.
Qed.

(** ** The hypotheses are met. *)
Theorem met : in_range s /\ nothing_given s /\ domain s /\ equal_weights s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Proof using sign al_nonneg be_pos t_one noiseless curvature r_nonneg held.
  pose proof bound_nonneg as b0. pose proof size as sz.
  assert (moved : forall w l, (l <= v)%nat -> norm w <= r -> norm ((1 - al * a) ^ l * w) <= bound).
  { intros w l Hl Hw. rewrite norm_scal, <- RPow_abs. eapply Rle_trans; [|apply (held l Hl)]. apply Rmult_le_compat_l; [apply pow_le, Rabs_pos|assumption]. }
  assert (none : forall A (d : dist A) (y : X) e, proper d -> 0 <= e -> ex d (fun _ => norm (y - y) ^ 2) <= e).
  { intros A d y e Hd He. replace (y - y)%V with (@zero X) by veq. rewrite norm_zero, ex_const by assumption. simpl. lra. }
  assert (wp : proper (uniform (seq 0 1))) by (apply uniform_proper; discriminate).
  split; [unfold in_range; cbn; repeat split; try lra; lia|]. split; [unfold nothing_given; cbn; tauto|].
  split.
  { split; [split; [exact (ball_convex X bound)|exact (ball_convex X r)]|]. split.
    - intros w Hw. split; [intros i _ l Hl; change (norm (tuned (grad s i) al l w) <= bound); rewrite tuned_is; now apply moved|].
      intros l Hl. change (norm (tuned (g_bar (uniform (seq 0 1)) (grad s)) al l w) <= bound).
      assert (e : tuned (g_bar (uniform (seq 0 1)) (grad s)) al l w = tuned (grad s 0%nat) al l w).
      { clear Hl. induction l as [|l IH]; [reflexivity|]. change (step (g_bar (uniform (seq 0 1)) (grad s)) al (tuned (g_bar (uniform (seq 0 1)) (grad s)) al l w) = step (grad s 0%nat) al (tuned (grad s 0%nat) al l w)).
        rewrite IH. unfold step. f_equal. f_equal. f_equal. unfold g_bar. rewrite vex_uniform. unfold mean. cbn [seq total fold_right length grad s parabolas]. simpl INR. apply inner_ext. intros z. expand. field. }
      rewrite e, tuned_is. now apply moved.
    - split; [|split]; intros e; exfalso; change (the_mode s) with md in e; destruct noiseless as [f|f]; rewrite f in e; [destruct e as [e|[e|e]]|destruct e as [e|[e|e]]| | | |]; discriminate. }
  split; [reflexivity|]. split.
  { intros i w _ Hw. cbn [loss grad hess s parabolas]. change (Setting.X s) with X in *. split; [|split; [|split; [|split; [|split]]]].
    - intros e He. destruct (DriftLocal.square_gradient a w e He) as (x & Hx & near). exists x. split; assumption.
    - intros e He. exists 1. split; [lra|]. intros y _. replace (a * y - a * w - a * (y - w))%V with (@zero X) by veq. rewrite norm_zero. apply Rmult_le_pos; [lra|apply norm_nonneg].
    - split; intros; veq.
    - intros y z. expand. ring.
    - rewrite norm_a. exact Hw.
    - intros d. rewrite norm_a. change (L s) with 1. lra. }
  split.
  { intros i w u d _ _ _. cbn [hess s parabolas]. change (Setting.X s) with X in *. replace (a * d - a * d)%V with (@zero X) by veq. rewrite norm_zero. change (rho s) with 0. right. ring. }
  split.
  { intros i _. split; [apply proper_ret|]. split; [intros k _; constructor|]. intros u _. cbn [sample_grad sample_hess grad hess one_sample s parabolas]. change (Setting.X s) with X in *. split; [apply (vex_ret tt (fun _ => (a * u)%V))|].
    split; [apply none; [apply proper_ret|change (sigma_G s) with 0; lra]|]. split; [intros d; apply (vex_ret tt (fun _ => (a * d)%V))|].
    exists (fun _ => 0). split; [intros z d; replace (a * d - a * d)%V with (@zero X) by veq; rewrite norm_zero; lra|]. change (ex (ret tt) (fun _ : unit => 0 ^ 2) <= 0 ^ 2). rewrite ex_ret. lra. }
  split.
  { intros w _. change (weights s) with (uniform (seq 0 1)). cbn [grad hess s parabolas]. change (Setting.X s) with X in *. split.
    - unfold variance. rewrite vex_const by exact wp. apply none; [exact wp|change (gamma_G s) with 0; lra].
    - exists (fun _ => 0). split; [|split; [intros; lra|rewrite ex_const by exact wp; change (gamma_H s) with 0; lra]].
      intros i d _. unfold H_bar. rewrite vex_const by exact wp. replace (a * d - a * d)%V with (@zero X) by veq. rewrite norm_zero. lra. }
  split.
  { intros g i w d _ _. cbn [hess s parabolas]. change (Setting.X s) with X in *. rewrite inner_scal, <- norm_sq. change (L s) with 1. change (mu s) with m0 in *. pose proof (pow2_ge_0 (norm d)).
    destruct curvature as [e|e]; rewrite e in *; [discriminate|]. cbn [value]. destruct sign as [e1|e1]; rewrite e1; lra. }
  intros e. exfalso. change (the_mode s) with md in e. destruct noiseless as [f|f]; rewrite f in e; discriminate.
Qed.

Lemma q_is : m0 = None -> q s = 1 + al.
Proof using. intros e. unfold q. cbn. rewrite e. cbn. ring. Qed.
Lemma no_rho x : x * rho s = 0.
Proof using. change (rho s) with 0. ring. Qed.
Lemma L_F_here : L_F s = q s ^ (v * 2).
Proof using. unfold L_F. change (given_L_F s) with (@None R). cbv iota. rewrite no_rho. change (nu s) with v. change (L s) with 1. ring. Qed.
Lemma order : (given (mu s) = true -> - L s <= value (mu s)) /\ (given (mu s) = true -> value (mu s) <= L s).
Proof using sign curvature. change (mu s) with m0. change (L s) with 1. destruct curvature as [e|e]; rewrite e; cbn; [split; discriminate|]. destruct sign as [e1|e1]; rewrite e1; split; intros _; lra. Qed.

(** ** Concave: S2, S3, S4, S8 *)
Hypothesis plain_q : m0 = None.
Lemma concave_factor : a = -1 -> 1 - al * a = q s.
Proof using plain_q. intros e. rewrite (q_is plain_q), e. ring. Qed.
Lemma q_positive : 0 < q s.
Proof using plain_q al_nonneg. rewrite (q_is plain_q). lra. Qed.
Theorem S2_attained i w u : a = -1 -> norm (tuned_point s i (nu s) w - tuned_point s i (nu s) u) = Constants.S2 s * norm (w - u).
Proof using plain_q al_nonneg.
  intros e. unfold tuned_point. change (alpha s) with al. change (nu s) with v. rewrite !tuned_is, (concave_factor e). change (Setting.X s) with X in *.
  replace (q s ^ v * w - q s ^ v * u)%V with (q s ^ v * (w - u))%V by veq. rewrite norm_scal, Rabs_right; [reflexivity|]. apply Rle_ge, pow_le, Rlt_le, q_positive.
Qed.
Theorem S3_attained i w : a = -1 -> norm (grad_F_i s i w) = Constants.S3 s (norm (grad s i w)).
Proof using plain_q al_nonneg sign.
  intros e. rewrite grad_F_i_is, (concave_factor e). cbn [grad s parabolas]. change (Setting.X s) with X in *. rewrite norm_a. rewrite norm_scal, Rabs_mult, size, <- RPow_abs, (Rabs_right (q s)) by (apply Rle_ge, Rlt_le, q_positive).
  unfold Constants.S3. change (nu s) with v. rewrite Nat.mul_comm. ring.
Qed.
Theorem B_F_attained i w : a = -1 -> bound = q s ^ v * norm w -> norm (grad_F_i s i w) = B_F s.
Proof using plain_q al_nonneg sign.
  intros e eb. rewrite (S3_attained i w e). cbn [grad s parabolas]. change (Setting.X s) with X in *. rewrite norm_a. unfold Constants.S3, B_F, B_q. change (given (mu s)) with (given m0). rewrite plain_q. cbn [given orb]. change (given_q s) with (@None R). cbn [given].
  change (B s) with bound. change (nu s) with v. rewrite eb. rewrite Nat.mul_comm, double. ring.
Qed.
Theorem S4_attained i w u : a = -1 -> norm (grad_F_i s i w - grad_F_i s i u) = L_F s * norm (w - u).
Proof using plain_q al_nonneg sign.
  intros e. rewrite !grad_F_i_is, L_F_here, (concave_factor e). change (Setting.X s) with X in *. replace (a * q s ^ (2 * v) * w - a * q s ^ (2 * v) * u)%V with (a * (q s ^ (2 * v) * (w - u)))%V by veq.
  rewrite norm_a, norm_scal, Rabs_right by (apply Rle_ge, pow_le, Rlt_le, q_positive). now rewrite Nat.mul_comm.
Qed.
Theorem S4_pointwise_attained i w u : a = -1 -> norm (grad_F_i s i w - grad_F_i s i u) = L_F_pointwise s (norm (grad s i u)) * norm (w - u).
Proof using plain_q al_nonneg sign.
  intros e. rewrite (S4_attained i w u e), L_F_here. unfold L_F_pointwise. change (rho s) with 0. change (nu s) with v. change (L s) with 1. ring.
Qed.
Lemma geo_here k : al * geo k (1 + al) = (1 + al) ^ k - 1.
Proof using. induction k as [|k IH]; [simpl; ring|]. simpl. rewrite Rmult_plus_distr_l, IH. ring. Qed.
Theorem S8_attained i w : a = -1 -> bound = q s ^ v * norm w -> norm (grad s i (tuned_point s i (nu s) w) - grad_F_i s i w) = b_FO s.
Proof using plain_q al_nonneg sign.
  intros e eb. rewrite grad_F_i_is. unfold tuned_point. change (alpha s) with al. change (nu s) with v. rewrite tuned_is. cbn [grad s parabolas]. rewrite (concave_factor e). change (Setting.X s) with X in *.
  pose proof (q_is plain_q) as eq. assert (q1 : 1 <= q s ^ v) by (apply pow_R1_Rle; rewrite eq; lra).
  replace (a * (q s ^ v * w) - a * q s ^ (2 * v) * w)%V with (a * ((- (q s ^ v * (q s ^ v - 1))) * w))%V by (rewrite double; veq).
  rewrite norm_a, norm_scal, Rabs_Ropp, Rabs_right by (apply Rle_ge, Rmult_le_pos; lra).
  unfold b_FO, B_q. change (given (mu s)) with (given m0). rewrite plain_q. cbn [given orb]. change (given_q s) with (@None R). cbn [given]. change (B s) with bound. change (L s) with 1. change (alpha s) with al. change (nu s) with v.
  rewrite eq in *. rewrite Rmult_1_l, geo_here, Rmin_right, eb by lra. ring.
Qed.
End Parabolas.

(** ** Convex: S3q, S4m, S10; q = 1 - alpha *)
Section Convex.
Variables (X : space) (md : mode) (sm : sampling_option) (al be bound r : R) (v t : nat).
Let s := parabolas X 1 (curvatures md sm al be bound (Some 1) v t) r.
Hypothesis al_nonneg : 0 <= al.
Hypothesis al_one : al <= 1.
Implicit Types w u : X.
Let tuned_here i l w : tuned (grad s i) al l w = ((1 - al * 1) ^ l * w)%V := tuned_is X 1 md sm al be bound r (Some 1) v t i l w.
Let grad_here i w : grad_F_i s i w = (1 * (1 - al * 1) ^ (2 * v) * w)%V := grad_F_i_is X 1 md sm al be bound r (Some 1) v t i w.
Let L_F_power : L_F s = q s ^ (v * 2) := L_F_here X 1 md sm al be bound r (Some 1) v t.
Lemma q_convex : q s = 1 - al.
Proof using al_one.
  unfold q. change (given_q s) with (@None R). cbv iota. change (given (mu s)) with true. cbv iota. change (L s) with 1. change (alpha s) with al. change (value (mu s)) with 1.
  rewrite !Rmult_1_l, !Rmult_1_r, Rmax_left, Rabs_left1 by lra. ring.
Qed.
Theorem B_q_attained i w : bound = norm w -> norm (grad s i (tuned_point s i (nu s) w)) = B_q s.
Proof using al_nonneg al_one.
  intros eb. unfold tuned_point. change (alpha s) with al. change (nu s) with v. rewrite tuned_here. cbn [grad s parabolas]. change (Setting.X s) with X in *. rewrite (norm_a X 1 (or_introl eq_refl)).
  rewrite norm_scal, <- RPow_abs. replace (1 - al * 1) with (1 - al) by ring. rewrite Rabs_right by lra. unfold B_q. change (given (mu s)) with true. cbv iota. cbn [orb]. change (B s) with bound. change (nu s) with v.
  rewrite q_convex, Rmin_left, eb; [ring|]. apply Rle_trans with (1 ^ v); [apply pow_incr; split; lra|right; apply pow1].
Qed.
Theorem S4m_attained i w u : inner (grad_F_i s i w - grad_F_i s i u) (w - u) = mu_c s * norm (w - u) ^ 2.
Proof using al_nonneg al_one.
  rewrite !grad_here. change (Setting.X s) with X in *. unfold mu_c. change (given_mu_c s) with (@None R). cbv iota. change (given (mu s)) with true. cbv iota.
  assert (eL : L_F s = (1 - al) ^ (v * 2)) by (now rewrite L_F_power, q_convex).
  assert (eJ : mu_J s = (1 - al) ^ (v * 2)).
  { unfold mu_J. change (value (mu s)) with 1. change (L s) with 1. change (alpha s) with al. change (nu s) with v. rewrite (Rmax_left 1 0), (Rmin_right 1 0), Rmult_1_l, Rmax_left by lra. ring. }
  rewrite eL, eJ, (no_rho X 1 md sm al be bound r (Some 1) v t). assert (p0 : 0 <= (1 - al) ^ (v * 2)) by (apply pow_le; lra). rewrite Rmax_left by lra.
  replace (1 * (1 - al * 1) ^ (2 * v) * w - 1 * (1 - al * 1) ^ (2 * v) * u)%V with ((1 - al) ^ (v * 2) * (w - u))%V by (rewrite Nat.mul_comm; replace (1 - al * 1) with (1 - al) by ring; veq).
  rewrite inner_scal, <- norm_sq. ring.
Qed.
Theorem S10_attained i w : (1 <= v)%nat ->
  loss s i (tuned_point s i (nu s) w) - loss s i (tuned_point s i (nu s - 1) w) = Constants.S10 s (norm (grad s i (tuned_point s i (nu s - 1) w))).
Proof using al_nonneg al_one.
  intros Hv. unfold tuned_point. change (alpha s) with al. change (nu s) with v. rewrite !tuned_here. cbn [loss grad s parabolas]. change (Setting.X s) with X in *. rewrite (norm_a X 1 (or_introl eq_refl)).
  unfold Constants.S10. change (alpha s) with al. change (L s) with 1. destruct v as [|k]; [lia|]. replace (S k - 1)%nat with k by lia. rewrite !norm_scal, !Rpow_mult_distr, !pow2_abs. simpl. field.
Qed.
End Convex.
