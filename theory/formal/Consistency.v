(** The assumptions do not contradict each other: in every mode there is a setting that meets A1 to A7, W0+, W0n and all the rest at once. It is the
    plainest one, a constant loss; settings where bounds are attained are in Parabola.v and UnitRound.v. *)
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
  W := fun _ => True; W0 := fun _ => True; F_star := 0; weights := uniform (seq 0 2); Sample := unit; sample_grad := fun _ _ _ => @zero OneRound.Rspace;
  sample_hess := fun _ _ _ _ => @zero OneRound.Rspace; one_sample := fun _ => ret tt; batch := fun _ k => batch_law (ret tt) k |}.

Section Constant.
Variables (md : mode) (dr : drift_option).
Let s := constant_loss md dr.
Let X := OneRound.Rspace.
Lemma grad_zero i (w : X) : grad_F_i s i w = zero.
Proof using dr md. unfold grad_F_i, meta_gradient, factor. cbn. ring. Qed.
Lemma ex_zero {A : Type} (d : dist A) : vex d (fun _ => @zero X) = zero.
Proof using. unfold vex. induction d as [|a d IH]; [reflexivity|]. cbn [total fold_right]. fold (total d (fun pa : R * A => (fst pa * @zero X)%V)). rewrite IH. veq. Qed.
Lemma weights_proper : proper (weights s).
Proof using dr md. apply uniform_proper. discriminate. Qed.
Lemma F_zero (w : X) : F s w = 0.
Proof using dr md. unfold F. rewrite (ex_ext _ _ (fun _ => 0)) by reflexivity. now rewrite ex_const by exact weights_proper. Qed.
Lemma grad_all_zero (w : X) : grad_F s w = zero.
Proof using dr md. unfold grad_F. rewrite (vex_ext _ _ (fun _ => @zero X)) by (intros; apply grad_zero). apply ex_zero. Qed.
Lemma constant_gradient (u : X) : gradient (fun _ => 0) (fun _ => @zero X) u.
Proof using. intros e He. exists 1. split; [lra|]. intros y _. rewrite inner_zero. replace (0 - 0 - 0) with 0 by ring. rewrite Rabs_R0. pose proof (norm_nonneg (y - u)). apply Rmult_le_pos; lra. Qed.

Lemma norm_difference_zero : norm (@zero X - @zero X) = 0.
Proof using. replace (zero - @zero X)%V with (@zero X) by veq. apply norm_zero. Qed.
Lemma L_F_nonneg_here : 0 <= L_F s.
Proof using dr md. unfold L_F, q, B_q. cbn. lra. Qed.
Lemma moments_zero {A : Type} (d : dist A) c : proper d -> 0 <= c -> ex d (fun _ => norm (@zero X - @zero X) ^ 2) <= c.
Proof using. intros Hd Hc. rewrite (ex_ext d _ (fun _ => 0)) by (intros; rewrite norm_difference_zero; ring). now rewrite ex_const. Qed.

Theorem consistent : in_range s /\ nothing_given s /\ domain s /\ agents_drawn s /\ (A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ A7 s) /\ shared_probes s /\
  W0_plus s /\ W0_n s /\ (forall w, W0_holds_run s w) /\ (forall w, W0_holds_round s w).
Proof using dr md.
  assert (run : forall w, W0_holds_round s w) by (intros w; split; [exact I|split; intros; exact I]).
  assert (lin : linear (fun _ : X => @zero X)) by (split; intros; veq).
  assert (der : forall u : X, derivative (fun _ : X => @zero X) u (fun _ => zero)).
  { intros u e He. exists 1. split; [lra|]. intros y _. replace (zero - @zero X - zero)%V with (@zero X) by veq. rewrite norm_zero. pose proof (norm_nonneg (y - u)). apply Rmult_le_pos; lra. }
  split; [unfold in_range; cbn; repeat split; try lra; lia|]. split; [unfold nothing_given; cbn; tauto|].
  split; [unfold domain, sets, convex, W_holds_paths, W_holds_noisy_paths, W_holds_probes, W_holds_noisy_probes; cbn; repeat split; intros; try exact I; intros l Hl; exact I|].
  split; [split; [cbn; lia|split; reflexivity]|].
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
    { intros w _. split; [unfold variance; rewrite ex_zero; apply moments_zero; [exact weights_proper|cbn; lra]|]. exists (fun _ => 0). split; [|split; [intros; lra|rewrite (ex_const (weights s)) by exact weights_proper; cbn; lra]].
      intros i d _. unfold H_bar. change (norm (@zero X - vex (weights s) (fun _ => @zero X)) <= 0 * norm d). rewrite ex_zero, norm_difference_zero. lra. }
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

(** And the side conditions of the rounds, here h = 5/8 and one local step. *)
Lemma q_here : q s = 2. Proof using. unfold q. cbn. ring. Qed.
Lemma L_F_here : L_F s = 5. Proof using. unfold L_F, B_q. rewrite q_here. cbn. ring. Qed.
Lemma h_here : h s = 5 / 8. Proof using. unfold h. cbn [given_h]. change (given_h s) with (@None R). cbv iota. rewrite L_F_here. cbn. field. Qed.
Lemma x_here : x s = 0. Proof using. unfold x, theta. change (tau s) with 1%nat. cbn [seq rtotal fold_right geo]. unfold Rdiv. ring. Qed.
Lemma pair_here : T1d_psi s = 1 /\ T1d_omega s = 0.
Proof using.
  unfold T1d_psi, T1d_omega, psi, omega, P_plus, P_minus, x_d, theta_d. change (tau s) with 1%nat. cbn [seq rtotal fold_right geo pow]. simpl INR.
  destruct (is_drift s drift_ball); split; field.
Qed.
Lemma A_here : T1d_A s = 1 / 2.
Proof using.
  destruct pair_here as [e1 e2]. unfold T1d_A, is_zero. rewrite e1, e2. destruct (Req_EM_T 0 0); [|contradiction]. unfold T1d_H. rewrite h_here. change (beta_s s) with 1. change (eps s) with 1.
  rewrite Rabs_left by lra. field.
Qed.
Theorem side_conditions : requires_T1a s /\ requires_T1c s /\ requires_T1d s /\ requires_T2 s /\ requires_T2p s /\ requires_T3 s /\ requires_T3p s /\ requires_C2 s /\ requires_D1_omega s.
Proof using.
  assert (ma : T1a_A s = 1 / 2) by (unfold T1a_A; rewrite x_here; field). assert (a : A s = 1 / 2) by reflexivity. pose proof h_here as eh. pose proof A_here as ea.
  assert (ek : kappa s = 1) by (unfold kappa; cbn; field). assert (ec : T1d_c s = 1 / 2).
  { change (T1d_c s) with (T1d_c_eps s). unfold T1d_c_eps, T1d_H. rewrite (proj1 pair_here), eh. change (beta_s s) with 1. change (eps s) with 1. rewrite Rabs_left by lra. field. }
  assert (eH : T1d_H s = 5 / 8) by (unfold T1d_H; rewrite eh; change (beta_s s) with 1; field).
  assert (el : T3p_lam s = 1 / 8) by (unfold T3p_lam; rewrite ea; change (beta_s s) with 1; cbn; field).
  unfold requires_T1a, requires_T1c, requires_T1d, requires_T2, requires_T2p, requires_T3, requires_T3p, requires_C2, requires_D1_omega. rewrite ma, a, ea, eh, ek, ec, eH, el.
  repeat split; intros; try discriminate; try reflexivity; cbn; lra.
Qed.
End Constant.
