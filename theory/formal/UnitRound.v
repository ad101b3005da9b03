(** Rounds that attain their bounds, in the terms of the records: F = |w|^2 / 2 on a ball of any space, one agent, one local step of length 1 (h = 1),
    without fine-tuning: T1b, T1c, T1d, T2, T2p, T3, T3p, C2 and C6 are equalities there. At the end settings that meet T4p, T4c, C1 and C4. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun.
Require OneRound NonconvexRate OtherSampling LocalAverage Chain.
Require Import Constants Setting SettingFacts RecordForms Assumed Parabola.
Require SpeedUpStatements DriftLocal Corollaries.

Section Unit.
Variables (X : space) (sm : sampling_option) (r : R).
Let s := parabolas X 1 (curvatures mode_exact sm 1 1 r None 0 1) r.
Hypothesis r_nonneg : 0 <= r.
Hypothesis drawn : sm = sampling_subset \/ sm = sampling_full.
Implicit Types w u : X.

Let held l : (l <= 0)%nat -> Rabs (1 - 1 * 1) ^ l * r <= r.
Proof using. intros Hl. apply Nat.le_0_r in Hl. subst. simpl. lra. Qed.
Lemma unit_met : in_range s /\ nothing_given s /\ domain s /\ equal_weights s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Proof using r_nonneg. apply (met X 1 mode_exact sm 1 1 r r None 0 1); auto; lra. Qed.
Lemma F_unit w : F s w = norm w ^ 2 / 2.
Proof using. unfold s. rewrite F_is. simpl. field. Qed.
Lemma grad_unit i w : grad_F_i s i w = w.
Proof using. unfold s. rewrite grad_F_i_is. change (1 * (1 - 1 * 1) ^ (2 * 0) * w = w)%V. simpl. apply inner_ext. intros z. rewrite inner_scal. ring. Qed.
Lemma grad_F_unit w : grad_F s w = w.
Proof using. unfold s. rewrite grad_F_is. change (1 * (1 - 1 * 1) ^ (2 * 0) * w = w)%V. simpl. apply inner_ext. intros z. rewrite inner_scal. ring. Qed.
Lemma A1_unit : A1 s.
Proof using. intros w _. rewrite F_unit. change (F_star s) with 0. change (Setting.X s) with X in *. pose proof (pow2_ge_0 (norm w)). lra. Qed.
Lemma A7_unit : A7 s.
Proof using. intros w _. rewrite F_unit, grad_F_unit. change (F_star s) with 0. change (mu_F s) with 1. change (Setting.X s) with X in *. right. field. Qed.

Ltac run_once := repeat first [rewrite ex_bind | rewrite ex_ret | progress cbv beta].
(** One round ends at 0. *)
Lemma local_unit w q : ex (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w 0) q = q (@zero X).
Proof using.
  unfold OneRound.result. change (tau s) with 1%nat. cbn [run]. run_once. change (draws_of s 0) with (ret (nothing s)). run_once.
  change (local_gradient s 0 w (nothing s)) with (grad_F_i s 0 w). rewrite grad_unit. change (beta s) with 1. f_equal. change (Setting.X s) with X. veq.
Qed.
Lemma round_unit w q : ex (round s w) q = q (@zero X).
Proof using drawn.
  unfold round. change (the_sampling s) with sm. destruct drawn as [e|e]; rewrite e.
  - unfold NonconvexRate.round. rewrite ex_bind, ex_uniform. change (subsets (m s) (OneRound.agents (n s))) with ((0%nat :: nil) :: nil). unfold rmean. cbn [rtotal fold_right length map draws]. run_once.
    rewrite local_unit. run_once. unfold OneRound.server, mean. cbn [total fold_right length]. simpl INR. change (beta_s s) with 1. change (Setting.X s) with X.
    match goal with |- (q ?y + 0) / 1 = _ => replace y with (@zero X) by (apply inner_ext; intros z; expand; field) end. field.
  - unfold OtherSampling.moved, OtherSampling.everyone. change (weights s) with ((/ INR 1, 0%nat) :: nil). cbn [map draws]. unfold OtherSampling.weighted_move. cbn [fst snd]. run_once.
    rewrite local_unit. run_once. f_equal. change (beta_s s) with 1. change (Setting.X s) with X. cbn [total fold_right]. simpl INR. apply inner_ext. intros z. expand. field.
Qed.
Lemma next_unit w : next_loss s w = 0.
Proof using drawn. unfold next_loss. rewrite round_unit, F_unit. change (Setting.X s) with X. rewrite norm_zero. field. Qed.

(** The numbers. *)
Lemma h_unit : h s = 1.
Proof using. unfold h. change (given_h s) with (@None R). cbv iota. change (L_F s) with (L_F s). unfold s. rewrite L_F_here. simpl. ring. Qed.
Lemma kappa_unit : kappa s = 0.
Proof using drawn. unfold kappa, is_sampling. change (the_sampling s) with sm. destruct drawn as [e|e]; rewrite e; reflexivity. Qed.
Lemma gamma_unit : gamma_F s = 0.
Proof using. unfold gamma_F. change (given_gamma_F s) with (@None R). cbv iota. change (gamma_H s) with 0. change (gamma_G s) with 0. ring. Qed.
Lemma b_unit : b s = 0. Proof using. reflexivity. Qed.
Lemma sigma2_unit : sigma2 s = 0. Proof using. reflexivity. Qed.
Lemma x_unit : x s = 0.
Proof using. unfold x, theta. change (tau s) with 1%nat. cbn [seq rtotal fold_right geo]. unfold Rdiv. ring. Qed.
Lemma x_d_unit : x_d s = 0.
Proof using. unfold x_d, theta_d. change (tau s) with 1%nat. cbn [seq rtotal fold_right geo]. unfold Rdiv. ring. Qed.
Lemma b0_d_unit : b0_d s = 0.
Proof using. unfold b0_d. rewrite b_unit, sigma2_unit, sqrt_0. unfold Rdiv. ring. Qed.
Lemma H_unit : T1d_H s = 1.
Proof using. unfold T1d_H. rewrite h_unit. change (beta_s s) with 1. ring. Qed.
Lemma psi_unit : T1d_psi s = 1. Proof using. reflexivity. Qed.
Lemma omega_unit : T1d_omega s = 0.
Proof using. change (T1d_omega s) with (x_d s). exact x_d_unit. Qed.
Lemma zero_unit (A : Type) (p q : A) y : y = 0 -> (if is_zero y then p else q) = p.
Proof using. intros e. unfold is_zero. destruct (Req_EM_T y 0); [reflexivity|contradiction]. Qed.
Lemma T1d_A_unit : T1d_A s = 1 / 2.
Proof using. unfold T1d_A. rewrite zero_unit by exact omega_unit. rewrite H_unit, psi_unit. replace (1 * 1 - 1) with 0 by ring. rewrite Rabs_R0. change (eps s) with 1. field. Qed.
Lemma V_d_unit : V_d s = 0.
Proof using. unfold V_d. now rewrite zero_unit by exact sigma2_unit. Qed.
Lemma T1d_N_unit : T1d_N s = 0.
Proof using drawn.
  unfold T1d_N. rewrite zero_unit by exact kappa_unit. unfold T1d_Q0. rewrite zero_unit by exact omega_unit. rewrite V_d_unit, b0_d_unit. ring.
Qed.
Lemma T1b_A_unit : T1b_A s = 1 / 2. Proof using. unfold T1b_A. rewrite x_unit. field. Qed.
Lemma T1b_N_unit : T1b_N s = 0. Proof using drawn. unfold T1b_N. rewrite x_unit, kappa_unit. ring. Qed.
Lemma T1c_N_unit : T1c_N s = 0. Proof using drawn. unfold T1c_N. rewrite b_unit, sigma2_unit, kappa_unit. unfold Rdiv. ring. Qed.
Lemma A_unit : A s = 1 / 2. Proof using. reflexivity. Qed.
Lemma N_unit : N s = 0. Proof using drawn. change (N s) with (T1c_N s). exact T1c_N_unit. Qed.

(** The side conditions. *)
Lemma order_unit : (given (mu s) = true -> - L s <= value (mu s)) /\ (given (mu s) = true -> value (mu s) <= L s).
Proof using. split; discriminate. Qed.
Lemma requires_T1d_unit : requires_T1d s.
Proof using drawn.
  unfold requires_T1d. rewrite h_unit, T1d_A_unit, kappa_unit, sigma2_unit. change (eps s) with 1. change (tau s) with 1%nat.
  repeat split; intros; try discriminate; try lra; try (simpl; lra); match goal with e : negb (is_zero 0) = true |- _ => rewrite (zero_unit bool true false 0 eq_refl) in e || idtac; unfold is_zero in e; destruct (Req_EM_T 0 0); [discriminate|contradiction] | e : (_ && _)%bool = true |- _ => apply andb_prop in e as [_ e]; unfold is_zero in e; destruct (Req_EM_T 0 0); [discriminate|contradiction] end.
Qed.
Lemma requires_T2_unit : requires_T2 s.
Proof using. unfold requires_T2. rewrite h_unit, A_unit. repeat split; try lra; discriminate. Qed.
Lemma requires_T1b_unit : requires_T1b s.
Proof using. unfold requires_T1b. rewrite h_unit, T1b_A_unit, b_unit, sigma2_unit. repeat split; try lra; discriminate. Qed.

(** W0 holds every run. *)
Lemma local_in i u q : (q <= tau s)%nat -> W0 s u -> forall y, support (local_run s i q u) y -> W0 s y.
Proof using r_nonneg.
  intros Hq Hu y Hy. change (tau s) with 1%nat in Hq. unfold local_run in Hy. destruct q as [|[|q]]; [| |exfalso; apply (Nat.nle_succ_0 q); now apply le_S_n].
  - apply support_ret in Hy. now subst.
  - cbn [run] in Hy. apply support_bind in Hy. destruct Hy as (y1 & H1 & Hy). apply support_bind in Hy. destruct Hy as (o & _ & Hy). apply support_ret in Hy. apply support_ret in H1. subst.
    match goal with |- W0 s (?y - _)%V => change (norm (y - 1 * grad_F_i s i y) <= r); rewrite grad_unit; replace (y - 1 * y)%V with (@zero X) by veq end. rewrite norm_zero. exact r_nonneg.
Qed.

Lemma local_zero w y : support (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w 0) y -> y = zero.
Proof using.
  intros Hy. unfold OneRound.result in Hy. change (tau s) with 1%nat in Hy. cbn [run] in Hy. apply support_bind in Hy. destruct Hy as (y1 & H1 & Hy). apply support_bind in Hy. destruct Hy as (o & _ & Hy).
  apply support_ret in Hy. apply support_ret in H1. subst. match goal with |- (?y - _)%V = _ => change (y - 1 * grad_F_i s 0 y = @zero X)%V; rewrite grad_unit; veq end.
Qed.
Lemma round_zero w y : support (round s w) y -> y = zero.
Proof using drawn.
  unfold round. change (the_sampling s) with sm. destruct drawn as [e|e]; rewrite e; intros Hy.
  - apply support_bind in Hy. destruct Hy as (A & HA & Hy). apply uniform_support in HA. change (In A ((0%nat :: nil) :: nil)) in HA. destruct HA as [<-|[]]. cbn [map draws] in Hy.
    apply support_bind in Hy. destruct Hy as (l & Hl & Hy). apply support_ret in Hy. apply support_bind in Hl. destruct Hl as (u & Hu & Hl). apply support_bind in Hl. destruct Hl as (k & Hk & Hl).
    apply support_ret in Hl. apply support_ret in Hk. apply local_zero in Hu. subst. unfold OneRound.server, mean. cbn [total fold_right length]. simpl INR. change (beta_s s) with 1. change (Setting.X s) with X.
    apply inner_ext. intros z. expand. field.
  - apply support_bind in Hy. destruct Hy as (d & Hd & Hy). apply support_ret in Hy. unfold OtherSampling.everyone in Hd. change (weights s) with ((/ INR 1, 0%nat) :: nil) in Hd. cbn [map draws] in Hd.
    apply support_bind in Hd. destruct Hd as (l & Hl & Hd). apply support_ret in Hd. apply support_bind in Hl. destruct Hl as (u & Hu & Hl). apply support_bind in Hl. destruct Hl as (k & Hk & Hl).
    apply support_ret in Hl. apply support_ret in Hk. unfold OtherSampling.weighted_move in Hu. cbn [fst snd] in Hu. apply support_bind in Hu. destruct Hu as (y1 & H1 & Hu). apply support_ret in Hu. apply local_zero in H1.
    subst. cbn [total fold_right]. simpl INR. change (beta_s s) with 1. change (Setting.X s) with X. apply inner_ext. intros z. expand. field.
Qed.
Theorem unit_run w_0 : W0 s w_0 -> W0_holds_run s w_0.
Proof using r_nonneg drawn.
  intros Hw w (k & Hk). assert (stays_in : forall u y, W0 s u -> support (round s u) y -> W0 s y).
  { intros u y _ Hy. rewrite (round_zero u y Hy). change (norm (@zero X) <= r). rewrite norm_zero. exact r_nonneg. }
  assert (in0 : W0 s w) by exact (Chain.law_in (round s) (W0 s) w_0 Hw stays_in k w Hk).
  split; [exact in0|split; [intros i q y _ Hq Hy; exact (local_in i w q Hq in0 y Hy)|intros y Hy; now apply (stays_in w)]].
Qed.
Lemma drawn_unit : (sm = sampling_subset -> agents_drawn s) /\ (sm = sampling_full -> drawn_by_weight s).
Proof using r_nonneg.
  destruct unit_met as (ranges & _ & _ & e & _). split; intros es.
  - split; [exact (Nat.le_refl 1)|split; [exact es|exact e]].
  - split; [now apply equal_weighted|]. right. split; [exact es|]. intros pa [<-|[]]. change (/ 1 <= 1). lra.
Qed.

(** ** The bounds are attained. *)
Theorem T1b_attained w low : next_loss s w - low = Constants.T1b s (F s w - low) (norm (grad_F s w)).
Proof using drawn. rewrite next_unit, grad_F_unit, F_unit. unfold Constants.T1b. rewrite T1b_A_unit, T1b_N_unit. change (INR (tau s)) with 1. change (beta s) with 1. change (Setting.X s) with X in *. field. Qed.
Theorem T1c_attained w low : next_loss s w - low = Constants.T1c s (F s w - low) (norm (grad_F s w)).
Proof using drawn. rewrite next_unit, grad_F_unit, F_unit. unfold Constants.T1c. rewrite T1c_N_unit. unfold T1c_A. change (INR (tau s)) with 1. change (beta s) with 1. change (Setting.X s) with X in *. field. Qed.
Theorem T1d_attained w low : next_loss s w - low = Constants.T1d s (F s w - low) (norm (grad_F s w)).
Proof using drawn. rewrite next_unit, grad_F_unit, F_unit. unfold Constants.T1d. rewrite T1d_A_unit, T1d_N_unit. change (INR (tau s)) with 1. change (beta s) with 1. change (beta_s s) with 1. change (Setting.X s) with X in *. field. Qed.
Lemma mean_unit w : rmean (seq 0 (K s)) (fun k => ex (iterate s w k) (fun u => norm (grad_F s u) ^ 2)) = norm w ^ 2.
Proof using. change (K s) with 1%nat. unfold rmean. cbn [seq rtotal fold_right length]. unfold iterate. cbn [Chain.law]. rewrite ex_ret, grad_F_unit. simpl INR. change (Setting.X s) with X in *. field. Qed.
Theorem T2_attained w : rmean (seq 0 (K s)) (fun k => ex (iterate s w k) (fun u => norm (grad_F s u) ^ 2)) = Constants.T2 s (F s w - F_star s).
Proof using drawn. rewrite mean_unit, F_unit. unfold Constants.T2. rewrite A_unit, N_unit. change (F_star s) with 0. change (INR (tau s)) with 1. change (INR (K s)) with 1. change (beta s) with 1. change (Setting.X s) with X in *. field. Qed.
(** T2p, and C6 when every agent takes part. *)
Theorem T2p_attained w : rmean (seq 0 (K s)) (fun k => ex (iterate s w k) (fun u => norm (grad_F s u) ^ 2)) = Constants.T2p s (F s w - F_star s).
Proof using drawn.
  rewrite mean_unit, F_unit. unfold Constants.T2p. rewrite T1d_A_unit, T1d_N_unit. change (F_star s) with 0. change (INR (tau s)) with 1. change (INR (K s)) with 1. change (beta s) with 1. change (beta_s s) with 1. change (Setting.X s) with X in *. field.
Qed.
Lemma end_unit w : ex (iterate s w (K s)) (F s) - F_star s = 0.
Proof using drawn. change (K s) with 1%nat. unfold iterate. cbn [Chain.law]. rewrite ex_bind, ex_ret. change (ex (round s w) (F s)) with (next_loss s w). rewrite next_unit. change (F_star s) with 0. ring. Qed.
Theorem T3_attained w : ex (iterate s w (K s)) (F s) - F_star s = Constants.T3 s (F s w - F_star s).
Proof using drawn. rewrite end_unit. unfold Constants.T3. rewrite A_unit, N_unit. change (INR (tau s)) with 1. change (K s) with 1%nat. change (beta s) with 1. change (mu_F s) with 1. simpl. change (Setting.X s) with X in *. field. Qed.
Theorem T3p_attained w : ex (iterate s w (K s)) (F s) - F_star s = Constants.T3p s (F s w - F_star s).
Proof using drawn.
  rewrite end_unit. unfold Constants.T3p, T3p_lam. rewrite T1d_A_unit, T1d_N_unit. change (INR (tau s)) with 1. change (K s) with 1%nat. change (beta s) with 1. change (beta_s s) with 1. change (mu_F s) with 1. simpl. field.
Qed.
Theorem C2_attained w : rmean (seq 0 (K s)) (fun k => ex (Chain.law (SpeedUpStatements.averaged_round s) w k) (fun u => rmean (seq 0 (tau s)) (fun t => ex (SpeedUpStatements.agents_after s u t)
  (fun l => norm (grad_F s (LocalAverage.average l)) ^ 2)))) = Constants.C2 s (F s w - F_star s).
Proof using drawn.
  change (K s) with 1%nat. change (tau s) with 1%nat. unfold rmean. cbn [seq rtotal fold_right length]. cbn [Chain.law]. rewrite ex_ret. unfold SpeedUpStatements.agents_after. cbn [LocalAverage.joint]. rewrite ex_ret.
  rewrite grad_F_unit. change (n s) with 1%nat. cbn [seq map]. unfold LocalAverage.average, mean. cbn [total fold_right length snd]. change (Setting.X s) with X.
  replace (/ INR 1 * (w + zero))%V with w by (simpl INR; apply inner_ext; intros z; expand; field).
  unfold Constants.C2. rewrite h_unit, b_unit, sigma2_unit, kappa_unit, gamma_unit, F_unit, sqrt_0. change (F_star s) with 0. change (tau s) with 1%nat. change (INR (K s)) with 1. change (INR (n s)) with 1. change (beta s) with 1.
  cbn [seq rtotal fold_right geo]. simpl INR. simpl pow. change (Setting.X s) with X in *. field.
Qed.
End Unit.

(** ** The side conditions of T4p, T4c, C1 and C4 can be met as well: one step of fine-tuning, alpha = 1/4, q = 3/4, L_F = mu_c = 9/16. *)
Section Others.
Variables (X : space) (md : mode) (r : R).
Let s := parabolas X 1 (curvatures md sampling_subset (1 / 4) 1 (3 * r) (Some 1) 1 1) r.
Hypothesis r_nonneg : 0 <= r.
Hypothesis noiseless : md = mode_exact \/ md = mode_first_order.
Lemma others_met : in_range s /\ nothing_given s /\ domain s /\ equal_weights s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Proof using r_nonneg noiseless.
  apply (met X 1 md sampling_subset (1 / 4) 1 (3 * r) r (Some 1) 1 1); auto; try lra.
  intros l Hl. rewrite Rabs_right by lra. assert (p1 : (1 - 1 / 4 * 1) ^ l <= 1) by (apply Rle_trans with (1 ^ l); [apply pow_incr; split; lra|right; apply pow1]).
  assert ((1 - 1 / 4 * 1) ^ l * r <= 1 * r) by (apply Rmult_le_compat_r; assumption). lra.
Qed.
Lemma others_q : q s = 3 / 4.
Proof using. transitivity (1 - 1 / 4); [|field]. apply (q_convex X md sampling_subset (1 / 4) 1 (3 * r) r 1 1). lra. Qed.
Lemma others_L_F : L_F s = 9 / 16.
Proof using. unfold s. rewrite L_F_here. fold s. rewrite others_q. simpl. field. Qed.
Lemma others_mu_c : mu_c s = 9 / 16.
Proof using.
  unfold mu_c. change (given_mu_c s) with (@None R). cbv iota. change (given (mu s)) with true. cbv iota.
  assert (eJ : mu_J s = 9 / 16).
  { unfold mu_J. change (value (mu s)) with 1. change (L s) with 1. change (alpha s) with (1 / 4). change (nu s) with 1%nat. rewrite (Rmax_left 1 0), (Rmin_right 1 0), Rmax_left by lra. simpl. field. }
  rewrite others_L_F, eJ. change (rho s) with 0. rewrite Rmult_0_r, Rmax_left by lra. field.
Qed.
Theorem others_curved : W0_plus s.
Proof using r_nonneg noiseless.
  destruct others_met as (ranges & free & (held & _) & _ & a2 & a3 & _ & _ & a6 & _). apply Corollaries.W0_plus_from_balls; auto.
  - split; [exact a2|split; [exact a3|exact a6]].
  - split; intros _; change (L s) with 1; cbn; lra.
  - intros i x y z _ Hx Hy Hz l Hl. change (norm x <= r) in Hx. change (norm y <= r) in Hy. change (norm (tuned (grad s i) (1 / 4) l z) <= 3 * r).
    unfold s. rewrite (tuned_is X 1 md sampling_subset (1 / 4) 1 (3 * r) r (Some 1) 1 1 i l z). change (Setting.X s) with X in *. rewrite norm_scal, Rabs_right by (apply Rle_ge, pow_le; lra).
    assert (p1 : (1 - 1 / 4 * 1) ^ l <= 1) by (apply Rle_trans with (1 ^ l); [apply pow_incr; split; lra|right; apply pow1]). assert (p0 : 0 <= (1 - 1 / 4 * 1) ^ l) by (apply pow_le; lra).
    assert (nz : norm z <= 3 * r).
    { unfold DriftLocal.ball in Hz. autorewrite with inner in Hz. rewrite <- norm_sq in Hz. pose proof (cauchy z x) as c1. pose proof (cauchy z y) as c2. pose proof (cauchy_neg x y) as c3.
      rewrite (inner_sym _ x z) in Hz. pose proof (norm_nonneg z) as n0. pose proof (norm_nonneg x) as n1. pose proof (norm_nonneg y) as n2.
      assert (norm z * norm x <= norm z * r) by (apply Rmult_le_compat_l; assumption). assert (norm z * norm y <= norm z * r) by (apply Rmult_le_compat_l; assumption).
      assert (norm x * norm y <= r * r) by (apply Rmult_le_compat; assumption). apply Rnot_lt_le. intros gt. assert (0 <= r * r) by now apply Rmult_le_pos.
      assert (3 * r * norm z < norm z * norm z) by (apply Rmult_lt_compat_r; lra). assert (r * (3 * r) <= r * norm z) by (apply Rmult_le_compat_l; lra). simpl in Hz. lra. }
    pose proof (norm_nonneg z). assert (fin : (1 - 1 / 4 * 1) ^ l * norm z <= 1 * norm z) by (apply Rmult_le_compat_r; assumption). eapply Rle_trans; [exact fin|]. rewrite Rmult_1_l. exact nz.
Qed.
Theorem others_required : requires_T4p s /\ requires_T4p_T4p_gap s /\ (md = mode_exact -> requires_T4c_T4c_gap s) /\ requires_C1 s.
Proof using noiseless.
  assert (z : sigma2 s = 0) by (unfold sigma2, is_mode; change (given_sigma2 s) with (@None R); change (the_mode s) with md; destruct noiseless as [e|e]; rewrite e; reflexivity).
  assert (la : C1_Lambda s = 3 / 4) by (unfold C1_Lambda; change (L s) with 1; change (alpha s) with (1 / 4); change (nu s) with 1%nat; simpl; field).
  assert (de : C1_Delta s = 15 / 32) by (unfold C1_Delta; rewrite la, others_L_F; change (beta s) with 1; field).
  unfold requires_T4p, requires_T4p_T4p_gap, requires_T4c_T4c_gap, requires_C1. rewrite z, la, de, others_mu_c. change (mu s) with (Some 1). change (L s) with 1. cbn [given value].
  assert (b0 : md = mode_exact -> b s = 0) by (intros e; unfold b, is_mode; change (given_b s) with (@None R); change (the_mode s) with md; rewrite e; reflexivity).
  repeat split; intros; try reflexivity; try discriminate; try lra; auto.
Qed.
End Others.
Section SpeedUp.
Variables (X : space) (r : R) (w : X).
Let s := parabolas X 1 (curvatures mode_exact sampling_subset 1 (1 / 10) r None 0 1) r.
Hypothesis w_nonzero : 0 < norm w.
Theorem C4_required : requires_C4 s (F s w - F_star s) /\ beta s = C4_beta s (F s w - F_star s).
Proof using w_nonzero.
  assert (lf : L_F s = 1) by (unfold s; rewrite L_F_here; simpl; ring). assert (f : F s w = norm w ^ 2 / 2) by (unfold s; rewrite F_is; simpl; field).
  assert (p : 0 < norm w ^ 2) by now apply pow_lt. change (F_star s) with 0. rewrite f. split.
  - unfold requires_C4. rewrite lf. change (Setting.X s) with X in *. repeat split; intros; try discriminate; lra.
  - assert (S0 : C4_Sigma s = 0) by (unfold C4_Sigma, kappa; change (sigma2 s) with 0; cbn; unfold Rdiv; ring).
    unfold C4_beta, C4_h. rewrite zero_unit by exact S0. rewrite lf. change (INR (tau s)) with 1. change (beta s) with (1 / 10). field.
Qed.
End SpeedUp.
