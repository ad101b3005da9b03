(** The assumptions do not contradict each other: in every mode there is a setting that meets A1 to A7, W0+, W0n and all the rest at once. It is the
    plainest one, a constant loss; that bounds are attained is shown in the files named Witness, in terms of their own. *)
Require Import Space Calculus Smoothness Sampling Heterogeneity Expectation LocalRun HessianFree NoisyTuning NoisySweep Batches.
Require OneRound DriftLocal.
Require Import Constants Setting.

Definition plain (md : mode) (dr : drift_option) : constants := {|
  alpha := 1; beta := 1 / 8; L := 1; mu := None; rho := 1; B := 1; sigma_G := 1; sigma_H := 1; gamma_G := 1; gamma_H := 1;
  D := 1; D_prime := 1; D_H := 1; nu := 1; tau := 1; n := 2; m := 1; K := 1; delta := 1; mu_F := 1; rho_2 := 1; eps := 1; zeta := 1; p_max := 1;
  eta_G := 1; eta_H := 1; the_mode := md; the_drift := dr; the_variance := variance_recursion; the_sampling := sampling_subset;
  given_q := None; given_L_F := None; given_mu_c := None; given_gamma_F := None; given_b := None; given_sigma2 := None; given_h := None; given_beta_s := None;
  given_T1d_c := None; given_C1_r := None |}.
Definition constant_loss (md : mode) (dr : drift_option) : setting := {|
  X := OneRound.Rspace; numbers := plain md dr; loss := fun _ _ => 0; grad := fun _ _ => @zero OneRound.Rspace; hess := fun _ _ _ => @zero OneRound.Rspace;
  W := fun _ => True; W0 := fun _ => True; F_star := 0; Sample := unit; sample_grad := fun _ _ _ => @zero OneRound.Rspace;
  sample_hess := fun _ _ _ _ => @zero OneRound.Rspace; one_sample := fun _ => ret tt; batch := fun _ k => batch_law (ret tt) k |}.

Section Constant.
Variables (md : mode) (dr : drift_option).
Let s := constant_loss md dr.
Let X := OneRound.Rspace.
Lemma mean_zero {A : Type} (l : list A) : mean l (fun _ => @zero X) = zero.
Proof. assert (e : total l (fun _ => @zero X) = zero) by (induction l as [|a l IH]; [reflexivity|cbn [total fold_right]; fold (total l (fun _ : A => @zero X)); rewrite IH; veq]). unfold mean. rewrite e. veq. Qed.
Lemma grad_zero i (w : X) : grad_F_i s i w = zero.
Proof. unfold grad_F_i, meta_gradient, factor. cbn. ring. Qed.
Lemma F_zero (w : X) : F s w = 0.
Proof. unfold F, OneRound.F. rewrite (rmean_ext _ _ (fun _ => 0)) by reflexivity. unfold rmean. rewrite rtotal_const. unfold Rdiv. ring. Qed.
Lemma grad_all_zero (w : X) : grad_F s w = zero.
Proof. unfold grad_F, OneRound.G. rewrite (mean_ext _ _ (fun _ => @zero X)) by (intros; apply grad_zero). apply mean_zero. Qed.
Lemma spread_zero (l : list nat) c : 0 <= c -> spread l (fun _ => @zero X) <= c.
Proof.
  intros Hc. unfold spread. rewrite (rmean_ext l _ (fun _ => 0)).
  - unfold rmean. rewrite rtotal_const. unfold Rdiv. rewrite Rmult_0_r, Rmult_0_l. exact Hc.
  - intros i _. rewrite mean_zero. replace (zero - @zero X)%V with (@zero X) by veq. rewrite norm_zero. ring.
Qed.
Lemma constant_gradient (u : X) : gradient (fun _ => 0) (fun _ => @zero X) u.
Proof. intros e He. exists 1. split; [lra|]. intros y _. rewrite inner_zero. replace (0 - 0 - 0) with 0 by ring. rewrite Rabs_R0. pose proof (norm_nonneg (y - u)). apply Rmult_le_pos; lra. Qed.

Lemma ex_zero {A : Type} (d : dist A) : vex d (fun _ => @zero X) = zero.
Proof. unfold vex. induction d as [|a d IH]; [reflexivity|]. cbn [total fold_right]. fold (total d (fun pa : R * A => (fst pa * @zero X)%V)). rewrite IH. veq. Qed.
Lemma norm_difference_zero : norm (@zero X - @zero X) = 0.
Proof. replace (zero - @zero X)%V with (@zero X) by veq. apply norm_zero. Qed.
Lemma L_F_nonneg_here : 0 <= L_F s.
Proof. unfold L_F, q, B_q. cbn. lra. Qed.
Lemma moments_zero {A : Type} (d : dist A) c : proper d -> 0 <= c -> ex d (fun _ => norm (@zero X - @zero X) ^ 2) <= c.
Proof. intros Hd Hc. rewrite (ex_ext d _ (fun _ => 0)) by (intros; rewrite norm_difference_zero; ring). now rewrite ex_const. Qed.

Theorem consistent : in_range s /\ nothing_given s /\ domain s /\ agents_drawn s /\ (A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ A7 s) /\ shared_probes s /\
  W0_plus s /\ W0_n s /\ (forall w, W0_holds_run s w) /\ (forall w, W0_holds_round s w).
Proof.
  assert (run : forall w, W0_holds_round s w) by (intros w; split; [exact I|split; intros; exact I]).
  assert (lin : linear (fun _ : X => @zero X)) by (split; intros; veq).
  assert (der : forall u : X, derivative (fun _ : X => @zero X) u (fun _ => zero)).
  { intros u e He. exists 1. split; [lra|]. intros y _. replace (zero - @zero X - zero)%V with (@zero X) by veq. rewrite norm_zero. pose proof (norm_nonneg (y - u)). apply Rmult_le_pos; lra. }
  split; [unfold in_range; cbn; repeat split; try lra; lia|]. split; [unfold nothing_given; cbn; tauto|].
  split; [unfold domain, sets, convex, W_holds_paths, W_holds_noisy_paths, W_holds_probes, W_holds_noisy_probes; cbn; repeat split; intros; try exact I; intros l Hl; exact I|].
  split; [split; [cbn; lia|reflexivity]|].
  split; [|split; [|split; [|split; [|split; [|exact run]]]]].
  - split; [intros w _; rewrite F_zero; cbn; lra|]. split.
    { intros i w _ _. split; [apply constant_gradient|split; [apply der|split; [exact lin|split; [intros u v; cbn; ring|split; [change (norm (@zero X) <= 1); rewrite norm_zero; lra|]]]]].
      intros d. change (norm (@zero X) <= 1 * norm d). rewrite norm_zero. pose proof (norm_nonneg d). lra. }
    split; [intros i w u d _ _ _; change (norm (@zero X - @zero X) <= 1 * norm (w - u) * norm d); rewrite norm_difference_zero; pose proof (norm_nonneg (w - u)); pose proof (norm_nonneg d); repeat apply Rmult_le_pos; lra|].
    split.
    { intros i _. split; [apply proper_ret|]. split; [intros k _; constructor|]. intros u _. split; [apply ex_zero|]. split; [apply moments_zero; [apply proper_ret|cbn; lra]|].
      split; [intros d; apply ex_zero|]. exists (fun _ => 0). split; [intros z d; change (norm (@zero X - @zero X) <= 0 * norm d); rewrite norm_difference_zero; lra|].
      rewrite (ex_ext _ _ (fun _ => 0)) by (intros; ring). rewrite ex_const by apply proper_ret. cbn. lra. }
    split.
    { intros w _. split; [apply spread_zero; cbn; lra|]. exists (fun _ => 0). split; [|split; [intros; lra|unfold rmean; cbn; lra]].
      intros i d _. unfold H_bar. change (norm (@zero X - mean (seq 0 2) (fun _ => @zero X)) <= 0 * norm d). rewrite mean_zero, norm_difference_zero. lra. }
    split; [intros e; discriminate e|]. intros w _. rewrite F_zero, grad_all_zero, norm_zero. cbn. lra.
  - intros _ i u z _ _. split; [apply der|]. intros a d. change (@zero X = (a * @zero X)%V). veq.
  - intros i _ p q _ _. split.
    + intros u _. intros e He. destruct (constant_gradient u e He) as (r & Hr & near). exists r. split; [exact Hr|]. intros y Hy. specialize (near y Hy).
      assert (Fz : forall v : X, F_i s i v = 0) by (intros; unfold F_i, meta_loss; reflexivity). rewrite !Fz, grad_zero. exact near.
    + intros u v _ _. rewrite !grad_zero. assert (mz : mu_c s = - L_F s) by reflexivity. rewrite mz.
      replace (zero - (L_F s + - L_F s) / 2 * u - (zero - (L_F s + - L_F s) / 2 * v))%V with (@zero X) by (apply inner_ext; intros z; expand; field).
      rewrite norm_zero. pose proof L_F_nonneg_here. pose proof (norm_nonneg (u - v)). apply Rmult_le_pos; lra.
  - intros i t w _ _ _. exact I.
  - intros w v _. apply run.
Qed.
End Constant.
