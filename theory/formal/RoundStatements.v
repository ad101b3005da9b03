(** T1a, T1b, T1c, T2, T3, T4 in the terms of the record, in every mode, from A1 to A7 to the expected loss after one round and after K. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun HessianFree FirstOrder OneDraw.
Require OneRound OneRoundCases ExactCase Chain NonconvexRate MetaConstants.
Require Import Constants Setting SettingFacts RecordForms FineTuningStatements NoiseStatements Assumed.

(** ** With L_F, gamma_F, b and sigma^2 that hold, derived or given *)
Section Given.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis domain : sets s.
Hypothesis drawn : agents_drawn s.
Hypothesis h_free : given_h s = None.
Hypothesis step_free : given_beta_s s = None.
Implicit Types (i : nat) (w u v : X s).
Hypothesis gradients : forall i u, (i < n s)%nat -> W0 s u -> gradient (F_i s i) (grad_F_i s i) u.
Hypothesis smooth : forall i u v, (i < n s)%nat -> W0 s u -> W0 s v -> norm (grad_F_i s i u - grad_F_i s i v) <= L_F s * norm (u - v).
Hypothesis spread_small : forall w, W0 s w -> spread (seq 0 (n s)) (fun i => grad_F_i s i w) <= gamma_F s ^ 2.
Hypothesis agent_ok : forall i, (i < n s)%nat -> proper (draws_of s i).
Hypothesis bias_small : forall i w, (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b s.
Hypothesis variance_small : forall i w, (i < n s)%nat -> W0 s w -> variance (draws_of s i) (local_gradient s i w) <= sigma2 s.
Hypothesis L_F_nonneg : 0 <= L_F s.
Hypothesis gamma_F_nonneg : 0 <= gamma_F s.

Let W0convex : convex (W0 s) := proj2 domain.
Let sizes : (1 <= m s <= n s)%nat := conj (m_one s ranges) (proj1 drawn).
Let sampling := proj1 (proj2 drawn).
Let equal := proj2 (proj2 drawn).
Let sigma := sqrt (sigma2 s).
Lemma server_step : beta_s s = 1. Proof using step_free. unfold beta_s. now rewrite step_free. Qed.
Lemma next_loss_is w : next_loss s w = OneRound.expected_loss (n s) (F_i s) (local_gradient s) (draws_of s) (beta s) 1 (tau s) (m s) w.
Proof using drawn step_free. rewrite next_loss_subset by exact drawn. now rewrite server_step. Qed.

Section One.
Variable w : X s.
Hypothesis held : W0_holds_round s w.
Let w_in : W0 s w := proj1 held.
Let runs_in : forall i t v, (i < n s)%nat -> (t <= tau s)%nat -> support (run (local_gradient s i) (draws_of s i) (beta s) w t) v -> W0 s v := proj1 (proj2 held).
Lemma servers_in A results : In A (subsets (m s) (OneRound.agents (n s))) -> support (draws (map (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w) A)) results ->
  W0 s (OneRound.server 1 w results).
Proof using held drawn step_free. intros HA Hr. rewrite <- server_step. now apply (server_held s drawn w A). Qed.
Lemma b_nonneg : 0 <= b s.
Proof using ranges held bias_small. pose proof (bias_small 0%nat w (first_agent s ranges) w_in) as e. pose proof (norm_nonneg (mean_gradient s 0%nat w - grad_F_i s 0%nat w)). lra. Qed.
Lemma sigma2_nonneg : 0 <= sigma2 s.
Proof using ranges held agent_ok variance_small.
  pose proof (variance_small 0%nat w (first_agent s ranges) w_in) as e. pose proof (variance_nonneg (draws_of s 0%nat) (local_gradient s 0%nat w) (agent_ok 0%nat (first_agent s ranges))). lra.
Qed.
Lemma sigma_square : sigma ^ 2 = sigma2 s.
Proof using ranges held agent_ok variance_small. unfold sigma. rewrite <- (Rsqr_pow2 (sqrt _)). apply Rsqr_sqrt, sigma2_nonneg. Qed.
Let var_ok i v (Hi : (i < n s)%nat) (Hv : W0 s v) : variance (draws_of s i) (local_gradient s i v) <= sigma ^ 2.
Proof using ranges held agent_ok variance_small. rewrite sigma_square. now apply variance_small. Qed.
Let short_is : h s <= 1 -> OneRound.h (beta s) (tau s) (L_F s) <= 1.
Proof using h_free. intros e. now rewrite <- h_is. Qed.

Lemma sigma_zero : (if Req_EM_T sigma 0 then 0 else OneRound.h (beta s) (tau s) (L_F s) / INR (m s)) = (if is_zero (sigma2 s) then 0 else h s / INR (m s)).
Proof using ranges held agent_ok variance_small h_free.
  unfold is_zero. rewrite <- h_is by assumption. destruct (Req_EM_T sigma 0) as [z|nz], (Req_EM_T (sigma2 s) 0) as [z'|nz']; try reflexivity; exfalso.
  - apply nz'. rewrite <- sigma_square, z. ring.
  - apply nz. unfold sigma. rewrite z'. apply sqrt_0.
Qed.
Lemma M_is : OneRoundCases.T1a_M (n s) (beta s) (tau s) (m s) (L_F s) sigma = M s.
Proof using ranges held agent_ok variance_small h_free drawn.
  unfold OneRoundCases.T1a_M. rewrite sigma_zero. unfold M. rewrite (kappa_is s sampling), <- h_is by assumption. destruct (is_zero (sigma2 s)); lra.
Qed.
Lemma T1a_A_is : OneRoundCases.T1a_A (n s) (beta s) (tau s) (m s) (L_F s) sigma = T1a_A s.
Proof using ranges held agent_ok variance_small h_free drawn.
  unfold OneRoundCases.T1a_A, T1a_A. rewrite M_is, <- (p_is s h_free), <- (x_is s h_free). field.
Qed.
Lemma T1a_N_is : OneRoundCases.T1a_N (n s) (beta s) (tau s) (m s) (L_F s) (gamma_F s) (b s) sigma = T1a_N s.
Proof using ranges held agent_ok variance_small h_free drawn.
  pose proof (b0_is s h_free) as e. fold sigma in e.
  unfold OneRoundCases.T1a_N, T1a_N. rewrite M_is, <- (p_is s h_free), <- (x_is s h_free), <- e, sigma_square, <- (h_is s h_free), <- (kappa_is s sampling).
  unfold Rdiv. ring.
Qed.
Lemma T1a_round : h s <= 1 -> next_loss s w <= F s w - beta s * INR (tau s) * T1a_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1a_N s.
Proof using All.
  intros short. rewrite next_loss_is, <- T1a_A_is, <- T1a_N_is, (F_equal s w equal), (grad_F_equal s w equal).
  apply (OneRoundCases.T1a (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) (b s) sigma w); first [exact servers_in | apply sqrt_pos | now apply spread_small | auto using b_nonneg, tau_one, beta_pos].
Qed.
Lemma T1c_round : h s <= 1 -> tau s = 1%nat -> next_loss s w <= F s w - beta s * INR (tau s) * T1c_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1c_N s.
Proof using All.
  intros short one. rewrite next_loss_is, (F_equal s w equal), (grad_F_equal s w equal).
  assert (eN : OneRoundCases.T1c_N (n s) (beta s) (tau s) (m s) (L_F s) (gamma_F s) (b s) sigma = T1c_N s).
  { unfold OneRoundCases.T1c_N, T1c_N. rewrite sigma_square, <- (h_is s h_free), <- (kappa_is s sampling). unfold Rdiv. ring. }
  rewrite <- eN. change (T1c_A s) with OneRoundCases.T1c_A.
  apply (OneRoundCases.T1c (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) (b s) sigma w); first [exact servers_in | apply sqrt_pos | now apply spread_small | auto using b_nonneg, tau_one, beta_pos].
Qed.
Lemma T1b_round : h s <= 1 -> b s = 0 -> sigma2 s = 0 -> next_loss s w <= F s w - beta s * INR (tau s) * T1b_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1b_N s.
Proof using All.
  intros short bz sz. rewrite next_loss_is, (F_equal s w equal), (grad_F_equal s w equal).
  assert (eA : ExactCase.exact_A (n s) (beta s) (tau s) (m s) (L_F s) = T1b_A s).
  { unfold ExactCase.exact_A, T1b_A. rewrite <- (p_is s h_free), <- (x_is s h_free), <- (h_is s h_free), <- (kappa_is s sampling). field. }
  assert (eN : ExactCase.exact_N (n s) (beta s) (tau s) (m s) (L_F s) (gamma_F s) = T1b_N s).
  { unfold ExactCase.exact_N, T1b_N. rewrite <- (p_is s h_free), <- (x_is s h_free), <- (h_is s h_free), <- (kappa_is s sampling). field. }
  rewrite <- eA, <- eN.
  apply (ExactCase.T1b (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) w); first [exact servers_in | now apply spread_small
    | intros i v Hi Hv; rewrite <- bz; now apply bias_small | intros i v Hi Hv; rewrite pow_ne_zero, <- sz by lia; now apply variance_small | auto using tau_one, beta_pos].
Qed.
(** The case in use: T1c for one local step, T1b without bias and noise, else T1a. *)
Lemma round_by_case : h s <= 1 -> next_loss s w <= F s w - beta s * INR (tau s) * A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * N s.
Proof using All.
  intros short. unfold A, N. destruct (Nat.eqb_spec (tau s) 1) as [one|many]; [now apply T1c_round|]. unfold is_zero.
  destruct (Req_EM_T (b s) 0) as [bz|bn], (Req_EM_T (sigma2 s) 0) as [sz|sn]; cbn [andb]; first [now apply T1b_round | now apply T1a_round].
Qed.
Lemma N_nonneg : 0 <= N s.
Proof using All.
  pose proof b_nonneg as b0'. pose proof sigma2_nonneg as s0. pose proof (OneRoundCases.INR_pos (m s) (m_one s ranges)) as m0. pose proof (tau_pos s ranges) as t0.
  assert (k0 : 0 <= kappa s) by (rewrite (kappa_is s sampling); apply (OneRound.k_nonneg (n s) (tau s) (m s)); auto using tau_one).
  assert (h0 : 0 <= h s) by (rewrite (h_is s h_free); apply OneRoundCases.h_nonneg; auto using beta_pos).
  assert (x0 : 0 <= x s).
  { unfold x. apply Rmult_le_pos; [assumption|]. unfold theta. apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat, pow_lt; assumption].
    rewrite <- (Rmult_0_r (INR (length (seq 0 (tau s))))), <- rtotal_const. apply rtotal_le. intros. apply geo_nonneg. unfold p.
    assert (0 <= h s / INR (tau s)) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]). lra. }
  assert (hk : 0 <= h s * kappa s) by now apply Rmult_le_pos.
  assert (im : 0 <= / INR (m s)) by (left; now apply Rinv_0_lt_compat). assert (it : 0 <= / INR (tau s)) by (left; now apply Rinv_0_lt_compat).
  assert (M0 : 0 <= M s) by (unfold M; assert (0 <= h s / INR (m s)) by (unfold Rdiv; now apply Rmult_le_pos); destruct (is_zero (sigma2 s)); lra).
  unfold N, T1a_N, T1b_N, T1c_N, Rdiv. pose proof (pow2_ge_0 (gamma_F s)). pose proof (pow2_ge_0 (x s)). pose proof (pow2_ge_0 (b s)). pose proof (pow2_ge_0 (b0 s)).
  pose proof (pow2_ge_0 (x s + 1)). pose proof (pow2_ge_0 (b s + gamma_F s)).
  destruct (Nat.eqb (tau s) 1), (is_zero (b s) && is_zero (sigma2 s))%bool;
    repeat first [assumption | apply Rplus_le_le_0_compat | apply Rmult_le_pos | lra].
Qed.
End One.
End Given.

(** ** K rounds, from any inequality for one *)
Section Rates.
Variable s : setting.
Hypothesis ranges : in_range s.
Implicit Types w v : X s.
Variables (w_0 : X s) (rate A1 N1 : R).
Let Reach := Chain.reached (round s) w_0.
Hypothesis round_ok : forall w, proper (round s w).
Hypothesis rate_pos : 0 < rate.
Hypothesis held : W0_holds_run s w_0.
Hypothesis descends : forall w, Reach w -> next_loss s w <= F s w - rate * A1 * norm (grad_F s w) ^ 2 + rate * N1.
Hypothesis A_pos : 0 < A1.
Let start : Reach w_0 := Chain.reached_start (round s) w_0.
Lemma round_step w v : Reach w -> support (round s w) v -> Reach v. Proof using. intros Hw Hv. now apply (Chain.reached_next (round s) w_0 w). Qed.
Lemma T2_run k : Setting.A1 s -> (1 <= k)%nat -> rmean (seq 0 k) (fun j => ex (iterate s w_0 j) (fun w => norm (grad_F s w) ^ 2)) <= (F s w_0 - F_star s) / (A1 * rate * INR k) + N1 / A1.
Proof using round_ok held descends A_pos rate_pos.
  intros a1 Hk. apply (Chain.T2 (F s) (grad_F s) (round s) Reach rate A1 N1 (F_star s) w_0); auto.
  - exact round_step.
  - intros w Hw. apply a1, (proj1 (held w Hw)).
Qed.
Lemma T3_exact k : A7 s -> 2 * A1 * rate * mu_F s <= 1 -> ex (iterate s w_0 k) (F s) - F_star s <=
  (1 - 2 * A1 * rate * mu_F s) ^ k * (F s w_0 - F_star s) + (1 - (1 - 2 * A1 * rate * mu_F s) ^ k) * (N1 / (2 * A1 * mu_F s)).
Proof using ranges round_ok held descends A_pos rate_pos.
  intros a7 small. apply (Chain.T3 (F s) (grad_F s) (round s) Reach rate A1 N1 (F_star s) w_0) with (mu_F := mu_F s); auto using mu_F_pos.
  - exact round_step.
  - intros w Hw. apply a7, (proj1 (held w Hw)).
Qed.
Lemma T3_run k : A7 s -> 0 <= N1 -> 2 * A1 * rate * mu_F s <= 1 ->
  ex (iterate s w_0 k) (F s) - F_star s <= (1 - 2 * A1 * rate * mu_F s) ^ k * (F s w_0 - F_star s) + N1 / (2 * A1 * mu_F s).
Proof using ranges round_ok held descends A_pos rate_pos.
  intros a7 n0 small. eapply Rle_trans; [exact (T3_exact k a7 small)|]. apply Rplus_le_compat_l. pose proof (mu_F_pos s ranges) as m0.
  assert (p0 : 0 <= (1 - 2 * A1 * rate * mu_F s) ^ k) by (apply pow_le; lra).
  assert (0 < 2 * A1 * mu_F s) by (repeat apply Rmult_lt_0_compat; lra).
  assert (q0 : 0 <= N1 / (2 * A1 * mu_F s)) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  assert ((1 - (1 - 2 * A1 * rate * mu_F s) ^ k) * (N1 / (2 * A1 * mu_F s)) <= 1 * (N1 / (2 * A1 * mu_F s))) by (apply Rmult_le_compat_r; lra). lra.
Qed.
End Rates.

(** ** From A1 to A7, in the mode in use *)
Section Derived.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Hypothesis drawn : agents_drawn s.
(** The server's step is 1. *)
Hypothesis step_free : given_beta_s s = None.
Implicit Types (i : nat) (w u v : X s).
Let held_sets : sets s := proj1 dom.
Let paths : W_holds_paths s := proj1 (proj2 dom).
Let noisy := proj1 (proj2 (proj2 dom)).
Let h_free := no_h s free.

Section Modes.
Hypothesis a2 : A2 s.
Hypothesis a3 : A3 s.
Hypothesis a6 : A6 s.
Hypothesis noise : the_mode s = mode_exact \/ A4 s /\ shared_probes s.

Lemma mode_cases : the_mode s = mode_exact \/ the_mode s = mode_stochastic \/ the_mode s = mode_first_order \/ the_mode s = mode_first_order_stochastic \/
  the_mode s = mode_hessian_free \/ the_mode s = mode_hessian_free_stochastic.
Proof using. clear. destruct (the_mode s); tauto. Qed.
Lemma agent_ok i : (i < n s)%nat -> proper (draws_of s i).
Proof using ranges noise.
  intros Hi. destruct noise as [e|[a4 _]]; [|now apply agent_proper]. unfold draws_of. rewrite e. apply proper_ret.
Qed.
Lemma still (y : X s) : variance (ret (nothing s)) (fun _ => y) <= 0.
Proof using.
  eapply Rle_trans; [apply (variance_least _ _ y), proper_ret|]. rewrite ex_ret. replace (y - y)%V with (@zero (X s)) by veq. rewrite norm_zero. lra.
Qed.
Lemma bias_holds i w : (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b s.
Proof using ranges free dom a2 a3 a6 noise.
  intros Hi Hw. unfold b. rewrite (no_b s free). unfold is_mode.
  assert (on : the_mode s <> mode_exact -> A4 s /\ shared_probes s) by (intros ne; destruct noise; [contradiction|assumption]).
  destruct mode_cases as [e|[e|[e|[e|[e|e]]]]]; rewrite e; try (destruct (on ltac:(rewrite e; discriminate)) as [a4 shared]).
  - unfold mean_gradient, draws_of, local_gradient. rewrite e. rewrite (vex_ret (nothing s) (fun _ => grad_F_i s i w)).
    replace (grad_F_i s i w - grad_F_i s i w)%V with (@zero (X s)) by veq. rewrite norm_zero. lra.
  - unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (sgd_is s i w r e))). apply sgd_bias_2; auto.
  - unfold mean_gradient, draws_of, local_gradient. rewrite e. rewrite (vex_ret (nothing s) (fun _ => grad s i (tuned_point s i (nu s) w))). now apply first_order_error.
  - unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (fo_is s i w r e))). apply fo_bias_2; auto.
  - unfold mean_gradient, draws_of, local_gradient. rewrite e. rewrite (vex_ret (nothing s) (fun _ => hf_gradient (grad s i) (alpha s) (delta s) (nu s) w)).
    apply hessian_free_error; auto. now apply (proj1 (proj2 (proj2 (proj2 dom)))).
  - unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (hf_is s i w r e))). apply hf_bias; auto. now apply (proj2 (proj2 (proj2 (proj2 dom)))).
Qed.
Lemma variance_holds i w : (i < n s)%nat -> W0 s w -> variance (draws_of s i) (local_gradient s i w) <= sigma2 s.
Proof using ranges free dom a2 a3 a6 noise.
  intros Hi Hw. pose proof (agent_ok i Hi) as ok. unfold sigma2. rewrite (no_sigma2 s free). unfold is_mode.
  assert (on : the_mode s <> mode_exact -> A4 s /\ shared_probes s) by (intros ne; destruct noise; [contradiction|assumption]).
  destruct mode_cases as [e|[e|[e|[e|[e|e]]]]]; rewrite e; try (destruct (on ltac:(rewrite e; discriminate)) as [a4 shared]).
  - unfold draws_of, local_gradient. rewrite e. apply still.
  - eapply Rle_trans; [apply (variance_least _ _ (grad_F_i s i w)), ok|]. rewrite (sgd_is s i w (fun v => norm (v - grad_F_i s i w) ^ 2) e). apply sgd_moment; auto.
  - unfold draws_of, local_gradient. rewrite e. apply still.
  - rewrite (image_variance _ _ _ (fun r => eq_sym (fo_is s i w r e))). apply fo_variance; auto.
  - unfold draws_of, local_gradient. rewrite e. apply still.
  - eapply Rle_trans; [apply (variance_least _ _ (grad_F_i s i w)), ok|]. rewrite (hf_is s i w (fun v => norm (v - grad_F_i s i w) ^ 2) e). apply hf_moment; auto.
    now apply (proj2 (proj2 (proj2 (proj2 dom)))).
Qed.
Lemma gradients i u : (i < n s)%nat -> W0 s u -> gradient (F_i s i) (grad_F_i s i) u.
Proof using ranges free dom a2 a6. intros Hi Hu. now apply F_gradient. Qed.
Lemma smooth i u v : (i < n s)%nat -> W0 s u -> W0 s v -> norm (grad_F_i s i u - grad_F_i s i v) <= L_F s * norm (u - v).
Proof using ranges free dom a2 a3 a6. intros Hi Hu Hv. now apply L_F_smooth. Qed.
Lemma L_F_nonneg : 0 <= L_F s.
Proof using ranges free.
  rewrite L_F_is by assumption. apply (L_meta_nonneg (alpha s) (alpha_nonneg s ranges) (L s) (rho s) (q s) (q_nonneg s ranges free) (L_nonneg s ranges) (rho_nonneg s ranges)).
  apply Rmult_le_pos; [|now apply B_nonneg]. apply Rmin_glb; [lra|]. apply pow_le. now apply q_nonneg.
Qed.
Hypothesis a5 : A5 s.
Lemma spread_holds w : equal_weights s -> W0 s w -> spread (seq 0 (n s)) (fun i => grad_F_i s i w) <= gamma_F s ^ 2.
Proof using ranges free dom a2 a3 a5 a6. intros e Hw. rewrite <- variance_uniform, <- e. apply gamma_F_spread; auto using equal_weighted. Qed.
Lemma gamma_F_nonneg : 0 <= gamma_F s.
Proof using ranges free.
  rewrite gamma_F_is by assumption. unfold MetaConstants.gamma_F. pose proof (alpha_nonneg s ranges). pose proof (L_nonneg s ranges). pose proof (rho_nonneg s ranges).
  pose proof (B_nonneg s ranges). pose proof (q_nonneg s ranges free) as q0. pose proof (gamma_G_nonneg s ranges). pose proof (gamma_H_nonneg s ranges).
  pose proof (geo_nonneg (nu s) (q s) q0). pose proof (pow_le (q s) (nu s) q0). pose proof (pow_le (q s) (pred (nu s)) q0). pose proof (pos_INR (nu s)).
  assert (0 <= alpha s * L s * geo (nu s) (q s)) by (repeat apply Rmult_le_pos; assumption).
  assert (0 <= rtotal (seq 0 (nu s)) (fun l => geo l (q s))).
  { rewrite <- (Rmult_0_r (INR (length (seq 0 (nu s))))), <- rtotal_const. apply rtotal_le. intros. now apply geo_nonneg. }
  assert (0 <= Rmin 1 (q s ^ nu s)) by (apply Rmin_glb; lra).
  apply Rplus_le_le_0_compat; [repeat apply Rmult_le_pos; lra|].
  repeat apply Rmult_le_pos; try assumption. apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; assumption.
Qed.
End Modes.

Ltac noisy_now a4 shared := right; split; [exact a4|exact shared].
Ltac supplied := first [assumption | exact h_free | exact step_free | exact held_sets | apply agent_ok; assumption | intros; now apply gradients | intros; now apply smooth
  | intros; apply spread_holds; try assumption; exact (proj2 (proj2 drawn)) | apply bias_holds; assumption | apply variance_holds; assumption | apply L_F_nonneg | apply gamma_F_nonneg].

(** ** T1a, T1b, T1c *)
Theorem T1a : assumes_T1a s -> modes_T1a s -> requires_T1a s -> forall w low, W0_holds_round s w ->
  next_loss s w - low <= Constants.T1a s (F s w - low) (norm (grad_F s w)).
Proof using ranges free dom drawn step_free.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & shared) _ r w low held. unfold requires_T1a in r. assert (short : h s <= 1) by tauto. assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _).
  pose proof (T1a_round s ranges held_sets drawn h_free step_free) as T. unfold Constants.T1a.
  enough (next_loss s w <= F s w - beta s * INR (tau s) * T1a_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1a_N s) by lra. apply T; supplied.
Qed.
Theorem T1b : assumes_T1b s -> modes_T1b s -> requires_T1b s -> forall w low, W0_holds_round s w ->
  next_loss s w - low <= Constants.T1b s (F s w - low) (norm (grad_F s w)).
Proof using ranges free dom drawn step_free.
  intros (a1 & a2 & a3 & a5 & a6) mode r w low held. unfold requires_T1b in r. assert (short : h s <= 1) by tauto. assert (bz : b s = 0) by tauto. assert (sz : sigma2 s = 0) by tauto.
  assert (noise : the_mode s = mode_exact \/ A4 s /\ shared_probes s) by (left; exact mode).
  pose proof (T1b_round s ranges held_sets drawn h_free step_free) as T. unfold Constants.T1b.
  enough (next_loss s w <= F s w - beta s * INR (tau s) * T1b_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1b_N s) by lra. apply T; supplied.
Qed.
Theorem T1c : assumes_T1c s -> modes_T1c s -> requires_T1c s -> forall w low, W0_holds_round s w ->
  next_loss s w - low <= Constants.T1c s (F s w - low) (norm (grad_F s w)).
Proof using ranges free dom drawn step_free.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & shared) _ r w low held. unfold requires_T1c in r. assert (short : h s <= 1) by tauto. assert (one : tau s = 1%nat) by tauto.
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _).
  pose proof (T1c_round s ranges held_sets drawn h_free step_free) as T. unfold Constants.T1c.
  enough (next_loss s w <= F s w - beta s * INR (tau s) * T1c_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1c_N s) by lra. apply T; supplied.
Qed.

(** ** T2, T3 *)
Section Run.
Variable w_0 : X s.
Hypothesis held : W0_holds_run s w_0.
Let round_rate : 0 < beta s * INR (tau s) := Rmult_lt_0_compat _ _ (beta_pos s ranges) (tau_pos s ranges).
Theorem T2 : assumes_T2 s -> modes_T2 s -> requires_T2 s ->
  rmean (seq 0 (K s)) (fun k => ex (iterate s w_0 k) (fun w => norm (grad_F s w) ^ 2)) <= Constants.T2 s (F s w_0 - F_star s).
Proof using ranges free dom drawn step_free held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & shared) _ r. unfold requires_T2 in r. assert (short : h s <= 1) by tauto. assert (pos : A s > 0) by tauto.
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (at_least_one _ (K_one s ranges)) as K0. pose proof (tau_pos s ranges) as t0. pose proof (beta_pos s ranges) as be0.
  eapply Rle_trans; [apply (T2_run s w_0 (beta s * INR (tau s)) (A s) (N s) (fun w => round_proper s drawn w ranges (agent_ok noise)) round_rate held); [|exact pos|exact a1|exact (K_one s ranges)]|].
  - intros w Hw. apply (round_by_case s ranges held_sets drawn h_free step_free); try supplied. exact (held w Hw).
  - right. unfold Constants.T2. field. repeat split; lra.
Qed.
Theorem T3 : assumes_T3 s -> modes_T3 s -> requires_T3 s -> ex (iterate s w_0 (K s)) (F s) - F_star s <= Constants.T3 s (F s w_0 - F_star s).
Proof using ranges free dom drawn step_free held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & a7 & shared) _ r. unfold requires_T3 in r. assert (short : h s <= 1) by tauto. assert (pos : A s > 0) by tauto.
  assert (small : 2 * A s * (beta s * INR (tau s)) * mu_F s <= 1) by (let e := fresh in assert (e := proj1 (proj2 (proj2 r))); lra).
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (mu_F_pos s ranges) as m0.
  eapply Rle_trans; [apply (T3_run s ranges w_0 (beta s * INR (tau s)) (A s) (N s) (fun w => round_proper s drawn w ranges (agent_ok noise)) round_rate held); [|exact pos|exact a7| |exact small]|].
  - intros w Hw. apply (round_by_case s ranges held_sets drawn h_free step_free); try supplied. exact (held w Hw).
  - apply (N_nonneg s ranges held_sets drawn h_free step_free) with (w := w_0); try supplied. apply held, Chain.reached_start.
  - right. unfold Constants.T3. replace (1 - 2 * A s * (beta s * INR (tau s)) * mu_F s) with (1 - 2 * A s * INR (tau s) * beta s * mu_F s) by ring.
    set (z := (1 - 2 * A s * INR (tau s) * beta s * mu_F s)). replace (1 - 2 * (A s) * (INR (tau s)) * (beta s) * (mu_F s)) with z by (unfold z; ring). field. split; lra.
Qed.

(** ** T4: what is left as K grows *)
Lemma share_falls gap a eps : 0 < a -> 0 < eps -> exists k0, forall k, (k0 <= k)%nat -> (1 <= k)%nat -> gap / (a * INR k) <= eps.
Proof using.
  intros Ha He. set (k0 := Z.to_nat (up (gap / (a * eps)))). exists k0.
  assert (big : gap / (a * eps) < INR k0).
  { destruct (archimed (gap / (a * eps))) as [above _]. unfold k0. rewrite INR_IZR_INZ. eapply Rlt_le_trans; [exact above|]. apply IZR_le. lia. }
  intros k le one.
  assert (k0' : 0 < INR k) by now apply at_least_one. assert (INR k0 <= INR k) by now apply le_INR.
  assert (ae : 0 < a * eps) by now apply Rmult_lt_0_compat.
  assert (gap / (a * eps) * (a * eps) <= INR k * (a * eps)) by (apply Rmult_le_compat_r; lra).
  replace (gap / (a * eps) * (a * eps)) with gap in H0 by (field; lra).
  apply Rmult_le_reg_r with (a * INR k); [now apply Rmult_lt_0_compat|]. replace (gap / (a * INR k) * (a * INR k)) with gap by (field; lra). lra.
Qed.
Theorem T4 : assumes_T4 s -> modes_T4 s ->
  (requires_T4 s -> forall eps, 0 < eps -> exists k0, forall k, (k0 <= k)%nat -> (1 <= k)%nat ->
    rmean (seq 0 k) (fun j => ex (iterate s w_0 j) (fun w => norm (grad_F s w) ^ 2)) <= Constants.T4 s + eps) /\
  (requires_T4_T4_gap s -> forall eps, 0 < eps -> exists k0, forall k, (k0 <= k)%nat -> ex (iterate s w_0 k) (F s) - F_star s <= T4_gap s + eps).
Proof using ranges free dom drawn step_free held.
  intros (a1 & a2 & a3 & a5 & a6 & a7) mode. assert (noise : the_mode s = mode_exact \/ A4 s /\ shared_probes s) by (left; exact mode).
  pose proof (tau_pos s ranges) as t0. pose proof (beta_pos s ranges) as be0. assert (r0 : 0 < beta s * INR (tau s)) by now apply Rmult_lt_0_compat.
  assert (one : h s <= 1 -> b s = 0 -> sigma2 s = 0 -> forall w, Chain.reached (round s) w_0 w ->
    next_loss s w <= F s w - beta s * INR (tau s) * T1b_A s * norm (grad_F s w) ^ 2 + beta s * INR (tau s) * T1b_N s).
  { intros short bz sz w Hw. apply (T1b_round s ranges held_sets drawn h_free step_free); try supplied. exact (held w Hw). }
  split.
  - intros r eps He. unfold requires_T4 in r. assert (short : h s <= 1) by tauto. assert (bz : b s = 0) by tauto. assert (sz : sigma2 s = 0) by tauto. assert (pos : T1b_A s > 0) by tauto.
    destruct (share_falls (F s w_0 - F_star s) (T1b_A s * (beta s * INR (tau s))) eps) as (k0 & small); [now apply Rmult_lt_0_compat|exact He|].
    exists k0. intros k le k1. pose proof (T2_run s w_0 (beta s * INR (tau s)) (T1b_A s) (T1b_N s) (fun w => round_proper s drawn w ranges (agent_ok noise)) round_rate held (one short bz sz) pos k a1 k1) as T.
    specialize (small k le k1). unfold Constants.T4. lra.
  - intros r eps He. unfold requires_T4_T4_gap in r. assert (short : h s <= 1) by tauto. assert (bz : b s = 0) by tauto. assert (sz : sigma2 s = 0) by tauto. assert (pos : T1b_A s > 0) by tauto.
    set (lam := 2 * T1b_A s * (beta s * INR (tau s)) * mu_F s).
    assert (lam1 : lam <= 1) by (unfold lam; let e := fresh in assert (e := proj1 (proj2 (proj2 (proj2 (proj2 r))))); lra).
    pose proof (mu_F_pos s ranges) as m0. assert (lam0 : 0 < lam) by (unfold lam; repeat apply Rmult_lt_0_compat; lra).
    assert (n0 : 0 <= T1b_N s).
    { unfold T1b_N. pose proof (N_nonneg s ranges held_sets drawn h_free step_free) as nn.
      assert (k0 : 0 <= kappa s) by (rewrite (kappa_is s (proj1 (proj2 drawn))); apply (OneRound.k_nonneg (n s) (tau s) (m s)); [exact (conj (m_one s ranges) (proj1 drawn))|now apply tau_one]).
      assert (h0 : 0 <= h s) by (rewrite (h_is s h_free); apply OneRoundCases.h_nonneg; [now apply beta_pos|apply L_F_nonneg]).
      pose proof (pow2_ge_0 (x s)). pose proof (pow2_ge_0 (x s + 1)). pose proof (pow2_ge_0 (gamma_F s)).
      repeat first [assumption | apply Rmult_le_pos | apply Rplus_le_le_0_compat | lra]. }
    set (gap := F s w_0 - F_star s). destruct (pow_lt_1_zero (1 - lam) ltac:(rewrite Rabs_right; lra) (eps / (1 + Rabs gap))) as (k0 & small).
    { apply Rdiv_lt_0_compat; [exact He|]. pose proof (Rabs_pos gap). lra. }
    exists k0. intros k le. specialize (small k le). pose proof (T3_run s ranges w_0 (beta s * INR (tau s)) (T1b_A s) (T1b_N s) (fun w => round_proper s drawn w ranges (agent_ok noise)) round_rate held (one short bz sz) pos k a7 n0 lam1) as T.
    fold lam gap in T. eapply Rle_trans; [exact T|]. rewrite Rplus_comm. apply Rplus_le_compat.
    + right. unfold T4_gap. field. split; lra.
    + pose proof (Rabs_pos gap) as g0. pose proof (Rle_abs gap) as ga. assert (p0 : 0 <= (1 - lam) ^ k) by (apply pow_le; lra). rewrite Rabs_right in small by lra.
      assert ((1 - lam) ^ k * gap <= (1 - lam) ^ k * (1 + Rabs gap)) by (apply Rmult_le_compat_l; lra).
      assert ((1 - lam) ^ k * (1 + Rabs gap) <= eps / (1 + Rabs gap) * (1 + Rabs gap)) by (apply Rmult_le_compat_r; lra).
      replace (eps / (1 + Rabs gap) * (1 + Rabs gap)) with eps in H0 by (field; lra). lra.
Qed.
End Run.
End Derived.
