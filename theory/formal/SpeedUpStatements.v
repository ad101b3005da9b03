(** C2 and C4 in the terms of the record. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun.
Require OneRound LocalAverage SpeedUp Chain NonconvexRate.
Require Import Bool Constants Setting SettingFacts RecordForms Assumed.
Require RoundStatements DriftStatements.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Hypothesis drawn : agents_drawn s.
Implicit Types (i : nat) (w u v : X s).
Let sizes : (1 <= m s <= n s)%nat := conj (m_one s ranges) (proj1 drawn).
Let equal := proj2 (proj2 drawn).
Let sigma := sqrt (sigma2 s).

(** ** C2: all agents run, and the state lists them with their iterates *)
Definition agents_after w t := LocalAverage.joint (n s) (local_gradient s) (draws_of s) (beta s) w t.
Definition averaged_round w : dist (X s) := LocalAverage.all_round (n s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) w.
Definition W0_holds_averages w_0 : Prop := forall w, Chain.reached averaged_round w_0 w -> W0 s w /\
  forall t l iv, (t <= tau s)%nat -> support (agents_after w t) l -> In iv l -> W0 s (snd iv).
Lemma sigma2_at w : A2 s -> A3 s -> A6 s -> the_mode s = mode_exact \/ A4 s /\ shared_probes s -> W0 s w -> 0 <= b s /\ sigma ^ 2 = sigma2 s.
Proof using ranges free dom.
  intros a2 a3 a6 noise Hw. pose proof (RoundStatements.bias_holds s ranges free dom a2 a3 a6 noise 0%nat w (first_agent s ranges) Hw) as e. pose proof (norm_nonneg (mean_gradient s 0%nat w - grad_F_i s 0%nat w)).
  pose proof (RoundStatements.variance_holds s ranges free dom a2 a3 a6 noise 0%nat w (first_agent s ranges) Hw) as v.
  pose proof (variance_nonneg (draws_of s 0%nat) (local_gradient s 0%nat w) (RoundStatements.agent_ok s ranges noise 0%nat (first_agent s ranges))).
  split; [lra|]. unfold sigma. rewrite <- (Rsqr_pow2 (sqrt _)). apply Rsqr_sqrt. lra.
Qed.
Theorem C2 : assumes_C2 s -> modes_C2 s -> requires_C2 s -> forall w_0, W0_holds_averages w_0 ->
  rmean (seq 0 (K s)) (fun k => ex (Chain.law averaged_round w_0 k) (fun w => rmean (seq 0 (tau s)) (fun t => ex (agents_after w t) (fun l => norm (grad_F s (LocalAverage.average l)) ^ 2)))) <=
  Constants.C2 s (F s w_0 - F_star s).
Proof using ranges free dom drawn.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & shared) _ (ht & _ & _ & _ & m1 & m2 & _) w_0 held.
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (DriftStatements.short_step s ranges free ht) as st.
  pose proof (held w_0 (Chain.reached_start _ _)) as [w0_in _]. destruct (sigma2_at w_0 a2 a3 a6 noise w0_in) as [b0' sq].
  pose proof (LocalAverage.C2 (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (Chain.reached averaged_round w_0) (L_F s) (gamma_F s) (b s) sigma (p_d s) (F_star s)) as T.
  rewrite (F_equal s w_0 equal), (rmean_ext _ _ (fun k => ex (Chain.law averaged_round w_0 k) (fun w => rmean (seq 0 (tau s)) (fun t => ex (agents_after w t)
    (fun l => norm (OneRound.G (n s) (grad_F_i s) (LocalAverage.average l)) ^ 2))))).
  2:{ intros k _. apply ex_ext. intros w _. apply rmean_ext. intros t _. apply ex_ext. intros l _. now rewrite (grad_F_equal s _ equal). }
  eapply Rle_trans; [apply T with (w0 := w_0) (K := K s);
    first [exact sizes | now apply tau_one | now apply beta_pos | now apply RoundStatements.L_F_nonneg | exact st | exact b0' | apply sqrt_pos | now apply RoundStatements.gamma_F_nonneg
    | now apply DriftStatements.p_d_nonneg | exact (proj2 (proj1 dom)) | (intros i u Hi Hu; now apply RoundStatements.gradients) | (intros i u v Hi Hu Hv; now apply RoundStatements.smooth)
    | (intros i u v Hi Hu Hv; now apply DriftStatements.step_d) | (intros i Hi; now apply RoundStatements.agent_ok) | (intros i v Hi Hv; now apply RoundStatements.bias_holds)
    | (intros i v Hi Hv; rewrite sq; now apply RoundStatements.variance_holds) | (intros u Hu; now apply (RoundStatements.spread_holds s ranges free dom a2 a3 a6 a5 u equal))
    | (intros w v Hw Hv; now apply (Chain.reached_next averaged_round w_0 w)) | (intros w t l iv Hw Ht Hl Hiv; now apply (proj2 (held w Hw) t l iv)) | apply Chain.reached_start
    | (intros w Hw; change (F_star s <= OneRound.F (n s) (F_i s) w); rewrite <- (F_equal s w equal); apply a1, (proj1 (held w Hw))) | now apply K_one | idtac]|].
  right. unfold OneRound.F, OneRound.agents, Constants.C2, LocalAverage.D, rmean. cbv beta. rewrite !seq_length, <- (DriftStatements.h_real s free), <- (kappa_is s (proj1 (proj2 drawn))), sq. fold sigma.
  rewrite (rtotal_ext _ (fun t => (h s * ((gamma_F s + b s) * geo t (p_d s) + sigma * sqrt (geo t (p_d s ^ 2))) / INR (tau s) + b s) ^ 2)
    (fun t => (((b s + gamma_F s) * geo t (p_d s) + sqrt (geo t (p_d s ^ 2)) * sigma) * h s / INR (tau s) + b s) ^ 2)) by (intros; unfold Rdiv; ring).
  unfold Rdiv. rewrite ?Rinv_mult. ring.
Qed.

(** ** C4 *)
Hypothesis step_free : given_beta_s s = None.
Theorem C4 : assumes_C4 s -> modes_C4 s -> forall w_0, W0_holds_run s w_0 -> requires_C4 s (F s w_0 - F_star s) -> beta s = C4_beta s (F s w_0 - F_star s) ->
  rmean (seq 0 (K s)) (fun k => ex (iterate s w_0 k) (fun w => norm (grad_F s w) ^ 2)) <= Constants.C4 s (F s w_0 - F_star s).
Proof using ranges free dom drawn step_free.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & shared) _ w_0 held (gap & lpos & _) choice. assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _).
  set (g := F s w_0 - F_star s) in *. assert (g0 : 0 < g) by lra. pose proof (tau_pos s ranges) as t0. pose proof (at_least_one _ (K_one s ranges)) as k0. pose proof (at_least_one _ (m_one s ranges)) as m0.
  assert (w0_in : W0 s w_0) by exact (proj1 (held w_0 (Chain.reached_start _ _))). destruct (sigma2_at w_0 a2 a3 a6 noise w0_in) as [b0' sq].
  assert (one : beta_s s = 1) by (unfold beta_s; now rewrite step_free).
  assert (eh : h s = C4_h s g) by (rewrite (DriftStatements.h_real s free); unfold OneRound.h; rewrite choice; unfold C4_beta; field; split; lra).
  assert (hh : OneRound.h (beta s) (tau s) (L_F s) <= 1 / 10).
  { rewrite <- (DriftStatements.h_real s free), eh. unfold C4_h. destruct (is_zero (C4_Sigma s)); [lra|apply Rmin_r]. }
  assert (eS : SpeedUp.Sigma (n s) (tau s) (m s) (gamma_F s) sigma = C4_Sigma s).
  { unfold SpeedUp.Sigma, C4_Sigma. rewrite sq, <- (kappa_is s (proj1 (proj2 drawn))). unfold Rdiv. rewrite Rinv_mult. ring. }
  assert (S0 : 0 <= C4_Sigma s).
  { unfold C4_Sigma. pose proof (pow2_ge_0 (gamma_F s)). assert (0 <= sigma2 s) by (rewrite <- sq; apply pow2_ge_0).
    assert (0 <= kappa s) by (rewrite (kappa_is s (proj1 (proj2 drawn))); apply (OneRound.k_nonneg (n s) (tau s) (m s)); [exact sizes|now apply tau_one]).
    assert (0 <= / INR (m s)) by (left; now apply Rinv_0_lt_compat). assert (0 <= / INR (tau s)) by (left; now apply Rinv_0_lt_compat).
    unfold Rdiv. apply Rplus_le_le_0_compat; repeat first [assumption | apply Rmult_le_pos]. }
  pose proof (SpeedUp.C4 (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (Chain.reached (round s) w_0) (L_F s) (gamma_F s) (b s) sigma (F_star s) w_0) as T.
  pose proof (SpeedUp.C4_no_noise (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (Chain.reached (round s) w_0) (L_F s) (gamma_F s) (b s) sigma (F_star s) w_0) as T'.
  assert (eg : F s w_0 - F_star s = OneRound.F (n s) (F_i s) w_0 - F_star s) by (now rewrite (F_equal s w_0 equal)). fold g in eg.
  rewrite (rmean_ext _ _ (fun k => ex (iterate s w_0 k) (fun w => norm (OneRound.G (n s) (grad_F_i s) w) ^ 2))).
  2:{ intros k _. apply ex_ext. intros w _. now rewrite (grad_F_equal s w equal). }
  unfold iterate. assert (er : round s = (fun w => NonconvexRate.round (n s) (local_gradient s) (draws_of s) (beta s) 1 (tau s) (m s) w)) by (unfold round; now rewrite (proj1 (proj2 drawn)), one).
  assert (served : forall w A results, Chain.reached (round s) w_0 w -> In A (subsets (m s) (OneRound.agents (n s))) ->
    support (draws (map (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w) A)) results -> Chain.reached (round s) w_0 (OneRound.server 1 w results)).
  { intros w A r Hw HA Hr. rewrite er in *. now apply (NonconvexRate.reached_servers (n s) (local_gradient s) (draws_of s) (beta s) 1 (tau s) (m s) w_0 w A r). }
  Ltac now_facts sizes lpos dom drawn equal held sq served a1 := first [exact sizes | now apply tau_one | now apply beta_pos | exact lpos | assumption | apply sqrt_pos | exact (proj2 (proj1 dom))
    | (intros i u Hi Hu; now apply RoundStatements.gradients) | (intros i u v Hi Hu Hv; now apply RoundStatements.smooth)
    | (intros i Hi; now apply RoundStatements.agent_ok) | (intros i v Hi Hv; now apply RoundStatements.bias_holds)
    | (intros i v Hi Hv; rewrite sq; now apply RoundStatements.variance_holds) | (intros w Hw; apply RoundStatements.spread_holds; auto; first [exact (proj2 (proj2 drawn)) | exact (proj1 (held w Hw))])
    | (intros w Hw; exact (proj1 (held w Hw))) | (intros w i t v Hw Hi Ht Hv; now apply (proj1 (proj2 (held w Hw)) i t v)) | exact served | apply Chain.reached_start
    | (intros w Hw; change (F_star s <= OneRound.F (n s) (F_i s) w); rewrite <- (F_equal s w equal); apply a1, (proj1 (held w Hw))) | now apply K_one | idtac].
  destruct (Req_dec (C4_Sigma s) 0) as [z|nz].
  - assert (e10 : C4_h s g = 1 / 10) by (unfold C4_h, is_zero; destruct (Req_EM_T (C4_Sigma s) 0); [reflexivity|contradiction]).
    rewrite er. eapply Rle_trans; [apply T' with (K := K s); now_facts sizes lpos dom drawn equal held sq served a1; first [now rewrite eS | now rewrite <- (DriftStatements.h_real s free), eh]|].
    rewrite <- eg. unfold Constants.C4. rewrite e10, z, sqrt_0.
    assert (sz : sigma2 s = 0 \/ 0 < sigma2 s) by (assert (0 <= sigma2 s) by (rewrite <- sq; apply pow2_ge_0); lra).
    assert (0 <= sigma2 s / INR (tau s)) by (apply Rmult_le_pos; [destruct sz; lra|left; now apply Rinv_0_lt_compat]). unfold Rdiv in *. lra.
  - assert (S1 : 0 < C4_Sigma s) by lra.
    assert (root : sqrt (18 / 10 * L_F s * g / (INR (K s) * C4_Sigma s)) = 3 / 5 * sqrt (L_F s) * sqrt 5 * sqrt g / sqrt (C4_Sigma s) / sqrt (INR (K s))).
    { pose proof (sqrt_lt_R0 _ S1) as rs. pose proof (sqrt_lt_R0 _ k0) as rk. symmetry. apply Rsqr_inj.
      - repeat apply Rmult_le_pos; try apply sqrt_pos; try lra; left; now apply Rinv_0_lt_compat.
      - apply sqrt_pos.
      - rewrite Rsqr_sqrt.
        + unfold Rsqr. transitivity (9 / 25 * (sqrt (L_F s) * sqrt (L_F s)) * (sqrt 5 * sqrt 5) * (sqrt g * sqrt g) / (sqrt (C4_Sigma s) * sqrt (C4_Sigma s)) / (sqrt (INR (K s)) * sqrt (INR (K s)))); [field; split; lra|].
          rewrite !sqrt_sqrt by lra. field. split; lra.
        + apply Rmult_le_pos; [repeat apply Rmult_le_pos; lra|left; apply Rinv_0_lt_compat; now apply Rmult_lt_0_compat]. }
    assert (eC : C4_h s g = Rmin (1 / 10) (sqrt (18 / 10 * L_F s * g / (INR (K s) * C4_Sigma s)))).
    { unfold C4_h, is_zero. destruct (Req_EM_T (C4_Sigma s) 0); [contradiction|]. rewrite root, Rmin_comm. reflexivity. }
    rewrite er. eapply Rle_trans; [eapply proj1; apply T with (K := K s); now_facts sizes lpos dom drawn equal held sq served a1; first [now rewrite eS | (rewrite eS, <- eg, <- (DriftStatements.h_real s free), eh; exact eC)]|].
    rewrite eS, <- eg. rewrite <- (DriftStatements.h_real s free), eh, sq. unfold Constants.C4.
    assert (root' : sqrt (L_F s * g * C4_Sigma s / INR (K s)) = sqrt (C4_Sigma s) * sqrt (L_F s) * sqrt g / sqrt (INR (K s))).
    { rewrite sqrt_div_alt by exact k0. rewrite !sqrt_mult_alt by (try apply Rmult_le_pos; lra). unfold Rdiv. ring. }
    rewrite root'. right. field. pose proof (sqrt_lt_R0 _ k0). repeat split; lra.
Qed.
End Statements.
