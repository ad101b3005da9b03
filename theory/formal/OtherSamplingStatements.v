(** C6 in the terms of the record: agents with weights, drawn m times with replacement or all taking part; T1d, T2p and T3p for them. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun.
Require OneRound OneRoundCorollaries Chain WeightedMeans OtherSampling.
Require Import Bool Constants Setting SettingFacts RecordForms FineTuningStatements NoiseStatements Assumed.
Require RoundStatements DriftStatements.

Section Derived.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Hypothesis drawn : drawn_by_weight s.
Hypothesis server_pos : 0 < beta_s s.
Hypothesis order : given (mu s) = true -> - L s <= value (mu s) <= L s.
Hypothesis a2 : A2 s.
Hypothesis a3 : A3 s.
Hypothesis a6 : A6 s.
Hypothesis noise : the_mode s = mode_exact \/ A4 s /\ shared_probes s.
Hypothesis a5 : A5 s.
Hypothesis ball : is_drift s drift_ball = true -> W0_plus s.
Hypothesis exact_paths : is_drift s drift_ball = true -> W0_n s.
Hypothesis h_one : is_drift s drift_ball && negb (Nat.eqb (tau s) 1) = true -> h s <= 1.
Hypothesis h_tau : h s <= INR (tau s).
Hypothesis eps_pos : 0 < eps s.
Hypothesis c_large : T1d_c_eps s <= T1d_c s.
Hypothesis c_sampling : negb (is_zero (kappa s)) = true -> 2 * T1d_c s > T1d_H s * kappa s.
Hypothesis c_budget : is_variance s variance_budget && negb (is_zero (sigma2 s)) = true -> 2 * T1d_c s > T1d_H s * share s.
Implicit Types (i : nat) (w u v : X s).
Let weights_ok : weighted s := proj1 drawn.
Let sigma := sqrt (sigma2 s).
Let short : beta s * L_F s <= 1 := DriftStatements.short_step s ranges free h_tau.
Let replaced w := OtherSampling.replaced (weights s) (local_gradient s) (draws_of s) (beta s) (tau s) w (m s).
Let everyone w := OtherSampling.everyone (weights s) (local_gradient s) (draws_of s) (beta s) (tau s) w.

Lemma round_cases : (kappa s = / INR (m s) /\ share s = / INR (m s) /\ round s = OtherSampling.moved (beta_s s) replaced) \/
  (kappa s = 0 /\ share s = p_max s /\ round s = OtherSampling.moved (beta_s s) everyone /\ forall pa, In pa (weights s) -> fst pa <= p_max s).
Proof using drawn.
  pose proof (proj2 drawn) as d. destruct d as [e|[e pm]]; [left|right]; unfold kappa, share, is_sampling, round; rewrite e; repeat split; try reflexivity. exact pm.
Qed.
Lemma weighted_round_proper w : proper (round s w).
Proof using ranges drawn noise.
  assert (ok : forall i, (i < n s)%nat -> proper (draws_of s i)) by (intros; now apply RoundStatements.agent_ok). destruct weights_ok as [wp wa].
  destruct round_cases as [(_ & _ & e)|(_ & _ & e & _)]; rewrite e; apply OtherSampling.moved_proper.
  - exact (OtherSampling.replaced_proper (n s) (weights s) (local_gradient s) (draws_of s) (beta s) (tau s) w wp wa ok (m s)).
  - apply proper_bind; [|intros; apply proper_ret]. apply proper_draws. exact (OtherSampling.moves_proper (n s) (weights s) (local_gradient s) (draws_of s) (beta s) (tau s) w wa ok).
Qed.

Section Round.
Variable w : X s.
Hypothesis held : W0_holds_round s w.
Let H := T1d_H s.
Let bb := OneRound.b0 (beta s) (tau s) (L_F s) (b s) sigma (p_d s).
Lemma form : V_d s = OneRound.V_deviation (tau s) (b s) sigma (p_d s) \/ (sigma = 0 /\ V_d s = 0) \/
  (H * share s < 2 * T1d_c s /\ V_d s = sigma ^ 2 / INR (tau s) * (2 * T1d_c s / (2 * T1d_c s - H * share s))).
Proof using ranges free dom a2 a3 a6 noise held c_budget.
  pose proof (DriftStatements.sigma_square s ranges free dom a2 a3 a6 noise w held) as sq. fold sigma in sq. unfold V_d, is_zero in *. destruct (Req_EM_T (sigma2 s) 0) as [z|nz].
  - right. left. split; [unfold sigma; rewrite z; apply sqrt_0|reflexivity].
  - cbn [negb] in c_budget. destruct (is_variance s variance_budget).
    + right. right. specialize (c_budget eq_refl). fold H in c_budget |- *. rewrite sq. split; [lra|]. unfold Rdiv. ring.
    + left. unfold OneRound.V_deviation. replace (pred (tau s)) with (tau s - 1)%nat by lia. fold sigma. f_equal. f_equal. ring.
Qed.
Lemma price : Rabs (1 - H * T1d_psi s) / (2 * eps s) + H / 2 <= T1d_c s.
Proof using eps_pos c_large.
  eapply Rle_trans; [|exact c_large]. unfold T1d_c_eps. fold H. rewrite (Rabs_minus_sym 1). right. field. lra.
Qed.
Lemma N_is Q : T1d_Q0 s = Q ->
  T1d_N s = T1d_c s * Q + H * kappa s * T1d_psi s ^ 2 * gamma_F s ^ 2 * (T1d_c s / (2 * T1d_c s - H * kappa s)) + H * share s * V_d s / 2.
Proof using c_sampling.
  intros <-. unfold H. rewrite (DriftStatements.drawn_part s). unfold T1d_N. destruct (is_zero (kappa s)); unfold Rdiv; ring.
Qed.
(** Both ways to draw, before the cases of omega and b0. *)
Lemma drawn_round zeta : 0 < zeta \/ zeta = 0 /\ bb = 0 -> next_loss s w <= F s w - beta_s s * beta s * INR (tau s) * WeightedMeans.A H (T1d_psi s) (T1d_omega s) (eps s) zeta (T1d_c s) * norm (grad_F s w) ^ 2
  + beta_s s * beta s * INR (tau s) * WeightedMeans.N H (kappa s) (share s) (T1d_psi s) (T1d_omega s) bb (gamma_F s) zeta (T1d_c s) (V_d s).
Proof using All.
  intros Hz. destruct weights_ok as [wp wa]. pose proof held as (w_in & runs_in & results_in). pose proof form as vf. pose proof price as cl.
  pose proof (DriftStatements.pair_holds s ranges free order ball exact_paths w held h_one) as pair. pose proof (DriftStatements.H_real s free) as eH. fold H in eH.
  assert (sq : sigma ^ 2 = sigma2 s) by exact (DriftStatements.sigma_square s ranges free dom a2 a3 a6 noise w held).
  pose proof (DriftStatements.b_nonneg s ranges free dom a2 a3 a6 noise w held) as b0'.
  assert (spread_ok : variance (weights s) (fun i => grad_F_i s i w) <= gamma_F s ^ 2) by (apply gamma_F_spread; auto; apply dom).
  unfold next_loss. destruct round_cases as [(ek & es & e)|(ek & es & e & pm)]; rewrite e, OtherSampling.moved_ex, ek, es; rewrite es in vf; rewrite eH in vf, cl |- *.
  - assert (m0 : 0 < INR (m s)) by exact (at_least_one _ (m_one s ranges)).
    assert (nz : / INR (m s) <> 0) by (apply Rinv_neq_0_compat; lra).
    assert (cs : OneRound.H (beta s) (beta_s s) (tau s) (L_F s) * / INR (m s) < 2 * T1d_c s).
    { pose proof c_sampling as cs. rewrite ek in cs. fold H in cs. rewrite eH in cs. unfold is_zero in cs. destruct (Req_EM_T (/ INR (m s)) 0); [contradiction|]. specialize (cs eq_refl). lra. }
    eapply (OtherSampling.C6_replacement (n s) (weights s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (W0 s) (L_F s) (gamma_F s) (b s) sigma (p_d s) w);
      try assumption; first [now apply n_one | now apply tau_one | now apply beta_pos | now apply RoundStatements.L_F_nonneg | apply sqrt_pos | now apply DriftStatements.p_d_nonneg | exact (proj2 (proj1 dom))
      | (intros i u Hi Hu; now apply RoundStatements.gradients) | (intros i u v Hi Hu Hv; now apply RoundStatements.smooth) | (intros i u v Hi Hu Hv; now apply DriftStatements.step_d)
      | (intros i Hi; now apply RoundStatements.agent_ok) | (intros i v Hi Hv; now apply RoundStatements.bias_holds) | (intros i v Hi Hv; rewrite sq; now apply RoundStatements.variance_holds)
      | now apply m_one | (intros d Hd; apply results_in; rewrite e; apply OtherSampling.moved_support; exact Hd)].
  - assert (p0 : 0 <= p_max s) by (split_range; lra).
    eapply (OtherSampling.C6_full (n s) (weights s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (W0 s) (L_F s) (gamma_F s) (b s) sigma (p_d s) w);
      try assumption; first [now apply n_one | now apply tau_one | now apply beta_pos | now apply RoundStatements.L_F_nonneg | apply sqrt_pos | now apply DriftStatements.p_d_nonneg | exact (proj2 (proj1 dom))
      | (intros i u Hi Hu; now apply RoundStatements.gradients) | (intros i u v Hi Hu Hv; now apply RoundStatements.smooth) | (intros i u v Hi Hu Hv; now apply DriftStatements.step_d)
      | (intros i Hi; now apply RoundStatements.agent_ok) | (intros i v Hi Hv; now apply RoundStatements.bias_holds) | (intros i v Hi Hv; rewrite sq; now apply RoundStatements.variance_holds)
      | (intros d Hd; apply results_in; rewrite e; apply OtherSampling.moved_support; exact Hd)].
Qed.
Lemma weighted_round : next_loss s w <= F s w - beta_s s * beta s * INR (tau s) * T1d_A s * norm (grad_F s w) ^ 2 + beta_s s * beta s * INR (tau s) * T1d_N s.
Proof using All.
  pose proof N_is as eN. unfold T1d_Q0 in eN. unfold T1d_A, is_zero in *. fold H. rewrite (Rabs_minus_sym (H * T1d_psi s) 1).
  assert (ebb : b0_d s = bb) by exact (DriftStatements.b0_d_is s free). assert (zeta_pos : 0 < zeta s) by (split_range; assumption).
  set (r := beta_s s * beta s * INR (tau s)) in *. assert (r0 : 0 < r) by (unfold r; pose proof (beta_pos s ranges); pose proof (tau_pos s ranges); repeat apply Rmult_lt_0_compat; assumption).
  destruct (Req_EM_T (T1d_omega s) 0) as [oz|on].
  - rewrite (eN _ eq_refl), ebb. set (rest := H * kappa s * T1d_psi s ^ 2 * gamma_F s ^ 2 * (T1d_c s / (2 * T1d_c s - H * kappa s)) + H * share s * V_d s / 2).
    set (a1 := T1d_psi s * (1 - H * T1d_psi s / 2) - Rabs (1 - H * T1d_psi s) * eps s / 2).
    assert (c0 : 0 <= T1d_c s).
    { pose proof price as pr. assert (0 <= Rabs (1 - H * T1d_psi s) / (2 * eps s)) by (apply Rmult_le_pos; [apply Rabs_pos|left; apply Rinv_0_lt_compat; lra]).
      assert (0 <= H); [|lra]. unfold H. rewrite (DriftStatements.H_real s free). unfold OneRound.H, OneRound.h. pose proof (RoundStatements.L_F_nonneg s ranges free). pose proof (beta_pos s ranges). pose proof (tau_pos s ranges).
      repeat apply Rmult_le_pos; lra. }
    apply Rle_trans with (F s w - r * a1 * norm (grad_F s w) ^ 2 + r * rest + r * (T1d_c s * bb ^ 2)); [|unfold rest, a1; right; unfold Rdiv; ring].
    apply OneRoundCorollaries.limit_le; [apply Rmult_le_pos; [lra|apply Rmult_le_pos; [assumption|apply pow2_ge_0]]|]. intros zeta Hz.
    eapply Rle_trans; [apply (drawn_round zeta); now left|]. fold r. unfold WeightedMeans.A, WeightedMeans.N, WeightedMeans.Q0. rewrite oz. unfold rest, a1, Rdiv. right. ring.
  - destruct (Req_EM_T (b0_d s) 0) as [bz|bn].
    + rewrite (eN _ eq_refl). eapply Rle_trans; [apply (drawn_round 0); right; split; [reflexivity|now rewrite <- ebb]|]. fold r. unfold WeightedMeans.A, WeightedMeans.N, WeightedMeans.Q0.
      rewrite <- ebb, bz. right. unfold Rdiv. generalize (/ 0). intros z0. ring.
    + rewrite (eN _ eq_refl). eapply Rle_trans; [apply (drawn_round (zeta s)); now left|]. fold r. unfold WeightedMeans.A, WeightedMeans.N, WeightedMeans.Q0. rewrite <- ebb. right. unfold Rdiv. ring.
Qed.
End Round.
End Derived.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Hypothesis drawn : drawn_by_weight s.
Hypothesis server_pos : 0 < beta_s s.
(** With D1's pair and one local step the record asks nothing of h; here h <= 1. *)
Hypothesis one_step : is_drift s drift_ball = true -> tau s = 1%nat -> h s <= 1.
Implicit Types w : X s.

(** The assumptions and side conditions that C6, T1d, T2p and T3p share give one round. *)
Lemma one_round : A2 s -> A3 s -> A4 s -> A5 s -> A6 s -> (is_drift s drift_ball = true -> W0_plus s) -> (is_drift s drift_ball = true -> W0_n s) -> shared_probes s -> requires_T1d s ->
  forall w, W0_holds_round s w -> next_loss s w <= F s w - beta_s s * beta s * INR (tau s) * T1d_A s * norm (grad_F s w) ^ 2 + beta_s s * beta s * INR (tau s) * T1d_N s.
Proof using ranges free dom drawn server_pos one_step.
  intros a2 a3 a4 a5 a6 plus exact_paths shared (h1 & ht & he & cg & ck & cb & pos & m1 & m2 & _) w held.
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  apply weighted_round; auto using DriftStatements.h_below, DriftStatements.price_ok.
Qed.
Theorem C6_T1d : assumes_C6 s -> modes_C6 s -> requires_T1d s -> forall w low, W0_holds_round s w -> next_loss s w - low <= Constants.T1d s (F s w - low) (norm (grad_F s w)).
Proof using ranges free dom drawn server_pos one_step.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & plus & exact_paths & shared) _ r w low held. pose proof (one_round a2 a3 a4 a5 a6 plus exact_paths shared r w held). unfold Constants.T1d. lra.
Qed.

Section Run.
Variable w_0 : X s.
Hypothesis held : W0_holds_run s w_0.
Let round_rate : 0 < beta_s s * beta s * INR (tau s) := Rmult_lt_0_compat _ _ (Rmult_lt_0_compat _ _ server_pos (beta_pos s ranges)) (tau_pos s ranges).
Theorem C6 : assumes_C6 s -> modes_C6 s -> requires_C6_T2p s ->
  rmean (seq 0 (K s)) (fun k => ex (iterate s w_0 k) (fun w => norm (grad_F s w) ^ 2)) <= Constants.T2p s (F s w_0 - F_star s).
Proof using ranges free dom drawn server_pos one_step held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & plus & exact_paths & shared) _ r. assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _).
  pose proof (at_least_one _ (K_one s ranges)) as K0. pose proof (tau_pos s ranges) as t0. pose proof (beta_pos s ranges) as be0. assert (pos : T1d_A s > 0) by (unfold requires_C6_T2p in r; tauto).
  eapply Rle_trans; [apply (RoundStatements.T2_run s w_0 (beta_s s * beta s * INR (tau s)) (T1d_A s) (T1d_N s) (weighted_round_proper s ranges drawn noise) round_rate held);
    [intros w Hw; exact (one_round a2 a3 a4 a5 a6 plus exact_paths shared r w (held w Hw))|exact pos|exact a1|exact (K_one s ranges)]|].
  right. unfold Constants.T2p. field. repeat split; lra.
Qed.
Theorem C6_T3p : assumes_C6 s -> A7 s -> modes_C6 s -> requires_T3p s -> ex (iterate s w_0 (K s)) (F s) - F_star s <= Constants.T3p s (F s w_0 - F_star s).
Proof using ranges free dom drawn server_pos one_step held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & plus & exact_paths & shared) a7 _ r. assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (mu_F_pos s ranges) as m0.
  assert (one : requires_T1d s) by (unfold requires_T3p in r; unfold requires_T1d; tauto). assert (pos : T1d_A s > 0) by (unfold requires_T3p in r; tauto).
  assert (small : T3p_lam s <= 1) by (unfold requires_T3p in r; tauto).
  assert (el : 2 * T1d_A s * (beta_s s * beta s * INR (tau s)) * mu_F s = T3p_lam s) by (unfold T3p_lam; ring).
  eapply Rle_trans; [apply (RoundStatements.T3_exact s ranges w_0 (beta_s s * beta s * INR (tau s)) (T1d_A s) (T1d_N s) (weighted_round_proper s ranges drawn noise) round_rate held);
    [intros w Hw; exact (one_round a2 a3 a4 a5 a6 plus exact_paths shared one w (held w Hw))|exact pos|exact a7|now rewrite el]|].
  rewrite el. right. unfold Constants.T3p. field. split; lra.
Qed.
End Run.
End Statements.
