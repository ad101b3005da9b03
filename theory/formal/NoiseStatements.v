(** S5, S5p, S5s, S6, S8s, S8p, S9s, S9p in the terms of the record: bias, mean squared error and variance of the stochastic modes, A4's 1/D derived for
    batches of independent samples and for subsets of a data set. *)
Require Import Space Calculus Smoothness Sampling Expectation HessianFree NoisyTuning NoisySweep StochasticGradient FirstOrder NoisyHessianFree OneDraw.
Require ThirdOrder.
Require Import Constants Setting SettingFacts RecordForms Assumed.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis domain : sets s.
Hypothesis paths : W_holds_paths s.
Hypothesis noisy_paths : W_holds_noisy_paths s.
Implicit Types (i : nat) (w u : X s).

Let Wconvex : convex (W s) := proj1 domain.
Let stay i w (Hi : (i < n s)%nat) (Hw : W0 s w) : stays (grad s i) (alpha s) (W s) (nu s) w := proj1 (paths w Hw) i Hi.

(** The laws of the local gradient that the proofs speak of. *)
Definition sgd i w : dist (X s) :=
  oracle (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_hess s i) (hess_batch s i) w (nu s).
Definition fo i w : dist (X s) := fo_law (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) w (nu s).
Definition hf i w : dist (X s) :=
  hf_oracle (alpha s) (delta s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_grad s i) (hess_batch s i) w (nu s).
Lemma sgd_is i w r : the_mode s = mode_stochastic -> ex (draws_of s i) (fun o => r (local_gradient s i w o)) = ex (sgd i w) r.
Proof using. intros e. unfold draws_of, local_gradient. rewrite e. symmetry. apply oracle_draw. Qed.
Lemma fo_is i w r : the_mode s = mode_first_order_stochastic -> ex (draws_of s i) (fun o => r (local_gradient s i w o)) = ex (fo i w) r.
Proof using.
  intros e. unfold draws_of, local_gradient. rewrite e, ex_bind. unfold fo. rewrite fo_draw. apply ex_ext. intros o _. rewrite ex_ret. now destruct o.
Qed.
Lemma hf_is i w r : the_mode s = mode_hessian_free_stochastic -> ex (draws_of s i) (fun o => r (local_gradient s i w o)) = ex (hf i w) r.
Proof using. intros e. unfold draws_of, local_gradient. rewrite e. symmetry. apply oracle_draw. Qed.

Section Agent.
Hypothesis a2 : A2 s.
Hypothesis a4 : A4 s.
Hypothesis a6 : A6 s.
Variables (i : nat) (w : X s).
Hypothesis Hi : (i < n s)%nat.
Hypothesis Hw : W0 s w.

(** The premise at hand by its form: trying all facts in turn takes half a minute. *)
Ltac in_sizes := first [assumption | simpl; auto].
Ltac noise_facts := intros; lazymatch goal with
  | |- 0 <= alpha _ => now apply alpha_nonneg
  | |- 0 <= L _ => now apply L_nonneg
  | |- 0 <= rho _ => now apply rho_nonneg
  | |- 0 <= rho_2 _ => now apply rho_2_nonneg
  | |- 0 <= q _ => now apply q_nonneg
  | |- 0 <= sigma_G _ => now apply sigma_G_nonneg
  | |- 0 < delta _ => now apply delta_pos
  | |- 0 < INR (D _) => now apply D_pos
  | |- 0 < INR (D_prime _) => now apply D_prime_pos
  | |- 0 < INR (D_H _) => now apply D_H_pos
  | |- convex _ => exact Wconvex
  | |- proper _ => apply batch_proper; in_sizes
  | |- stays _ _ _ _ _ => now apply stay
  | |- linear (hess _ _ _) => now apply H_linear
  | |- symmetric _ => now apply H_symmetric
  | |- derivative (grad _ _) _ _ => now apply g_derivative
  | |- norm (factor _ _ _ _) <= _ => now apply factor_bound
  | |- norm (grad _ _ _) <= _ => now apply g_bound
  | |- norm (hess _ _ _ _) <= _ => now apply H_bound
  | |- norm (grad _ _ _ - _) <= _ => now apply g_lipschitz
  | |- vex _ _ = hess _ _ _ _ => apply hess_mean; in_sizes
  | |- vex _ _ = grad _ _ _ => apply batch_mean; in_sizes
  | |- ex (hess_batch _ _) _ <= _ => apply hess_noise; in_sizes
  | |- ex _ _ <= _ => apply batch_noise; in_sizes
  | |- W _ (?p ?l) => now apply (noisy_paths i w l p)
  | |- _ => assumption
  end.

Section Smooth.
Hypothesis a3 : A3 s.
Lemma sgd_bias : norm (vex (sgd i w) (fun v => v) - grad_F_i s i w) <= b_sto s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw.
  rewrite b_sto_is by assumption.
  apply (S5_contractive (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_hess s i) (hess_batch s i) w (W s));
    first [noise_facts | intros; now apply a3].
Qed.
Lemma sgd_bias_2 : norm (vex (sgd i w) (fun v => v) - grad_F_i s i w) <= b_sto_2 s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw.
  rewrite b_sto_2_is by assumption.
  apply (S5_second_contractive (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_hess s i) (hess_batch s i) w (W s));
    first [noise_facts | intros; now apply a3].
Qed.
Lemma sgd_bias_3 : third_order s -> norm (vex (sgd i w) (fun v => v) - grad_F_i s i w) <= b_sto_3 s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw.
  intros third. destruct (third i Hi) as (T & derived & lipschitz). rewrite b_sto_3_is by assumption.
  apply (ThirdOrder.S5_third (grad s i) (hess s i) T (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_hess s i) (hess_batch s i) w (W s));
    first [noise_facts | intros; now apply a3 | intros; now apply derived | exact lipschitz].
Qed.
Lemma sgd_moment : ex (sgd i w) (fun v => norm (v - grad_F_i s i w) ^ 2) <= sigma_F2 s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw.
  unfold sigma_F2. rewrite b_sto_is, V_is, Rplus_comm by assumption.
  apply (S6_contractive (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_hess s i) (hess_batch s i) w (W s));
    first [noise_facts | intros; now apply a3].
Qed.
Lemma fo_bias_2 : norm (vex (fo i w) (fun v => v) - grad_F_i s i w) <= b_FO_sto_2 s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw.
  rewrite b_FO_sto_2_is, b_FO_is, E_nu_is, m_nu_is by assumption.
  apply (S8p (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) w (W s));
    first [noise_facts | intros; now apply a3].
Qed.
End Smooth.

Lemma fo_bias : norm (vex (fo i w) (fun v => v) - grad_F_i s i w) <= b_FO s + L s * sqrt (E_nu s).
Proof using ranges free domain paths noisy_paths a2 a4 a6 Hi Hw.
  rewrite b_FO_is, E_nu_is by assumption.
  apply (S8_first (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) w (W s));
    noise_facts.
Qed.
Lemma fo_variance : variance (fo i w) (fun v => v) <= var_FO_sto s.
Proof using ranges free domain paths noisy_paths a2 a4 a6 Hi Hw.
  rewrite var_FO_sto_is.
  apply (S8_variance (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) w (W s));
    noise_facts.
Qed.

Section Probes.
Hypothesis a3 : A3 s.
Hypothesis probes : shared_probes s.
Hypothesis probing : the_mode s = mode_hessian_free_stochastic.
Hypothesis probes_in : W_holds_noisy_probes s.
Ltac probe_facts := first [noise_facts | intros; lazymatch goal with
  | |- derivative _ _ _ => now apply batch_derivative
  | |- norm (hess _ _ _ _ - _) <= _ => now apply a3
  | |- batch_hess _ _ _ _ _ = _ => now apply batch_hom
  | |- HessianFree.probes _ _ _ _ => now apply probes_in with (i := i) (w := w)
  end].
Lemma hf_bias : norm (vex (hf i w) (fun v => v) - grad_F_i s i w) <= b_HF_sto_2 s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw probes probing probes_in.
  rewrite b_HF_sto_2_is, b_sto_2_is, B_V_is by assumption.
  apply (S9p (grad s i) (hess s i) (alpha s) (delta s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_grad s i) (batch_hess s i) (hess_batch s i) w (W s));
    probe_facts.
Qed.
Lemma hf_moment : ex (hf i w) (fun v => norm (v - grad_F_i s i w) ^ 2) <= mse_HF_sto s.
Proof using ranges free domain paths noisy_paths a2 a3 a4 a6 Hi Hw probes probing probes_in.
  unfold mse_HF_sto. rewrite b_HF_sto_is, b_sto_is, V_is, B_V_is, Rplus_comm by assumption.
  apply (S9s_contractive (grad s i) (hess s i) (alpha s) (delta s) (batch_grad s i) (inner_batch s i) (batch_grad s i) (outer_batch s i) (batch_grad s i) (batch_hess s i) (hess_batch s i) w (W s));
    probe_facts.
Qed.
End Probes.
Lemma agent_proper : proper (draws_of s i).
Proof using ranges a4 Hi.
  assert (d : proper (inner_batch s i)) by (apply batch_proper; auto; simpl; auto). assert (d' : proper (outer_batch s i)) by (apply batch_proper; auto; simpl; auto).
  assert (dH : proper (hess_batch s i)) by (apply batch_proper; auto; simpl; auto).
  unfold draws_of. destruct (the_mode s); try apply proper_ret; try now apply draw_proper.
  apply proper_bind; [now apply fo_draw_proper|]. intros. apply proper_ret.
Qed.
End Agent.

(** ** S5, S5p, S6 *)
Theorem S5 : assumes_S5 s -> modes_S5 s -> requires_S5_b_sto s -> forall i w, (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b_sto s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6) mode _ i w Hi Hw. unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (sgd_is i w r mode))). now apply sgd_bias.
Qed.
Theorem S5p : assumes_S5p s -> modes_S5p s -> requires_S5p_b_sto_2 s -> forall i w, (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b_sto_2 s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6) mode _ i w Hi Hw. unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (sgd_is i w r mode))). now apply sgd_bias_2.
Qed.
Theorem S5s : assumes_S5s s -> third_order s -> modes_S5s s -> requires_S5s_b_sto_3 s -> forall i w, (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b_sto_3 s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6) third mode _ i w Hi Hw. unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (sgd_is i w r mode))). now apply sgd_bias_3.
Qed.
Theorem S6 : assumes_S6 s -> modes_S6 s -> requires_S6_sigma_F2 s -> forall i w, (i < n s)%nat -> W0 s w ->
  ex (draws_of s i) (fun o => norm (local_gradient s i w o - grad_F_i s i w) ^ 2) <= sigma_F2 s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6) mode _ i w Hi Hw. rewrite (sgd_is i w (fun v => norm (v - grad_F_i s i w) ^ 2) mode). now apply sgd_moment.
Qed.

(** ** S8s, S8p *)
Lemma E_nu_root : L s * sqrt (E_nu s) = alpha s * L s * sigma_G s * sqrt (geo (nu s) (q s ^ 2)) / sqrt (INR (D s)).
Proof using ranges. rewrite E_nu_is. unfold E_l. rewrite sqrt_E by (first [now apply alpha_nonneg|now apply D_pos|now apply sigma_G_nonneg]). unfold Rdiv. ring. Qed.
Theorem S8p : assumes_S8p s -> modes_S8p s -> requires_S8p_b_FO_sto_2 s -> forall i w, (i < n s)%nat -> W0 s w -> norm (mean_gradient s i w - grad_F_i s i w) <= b_FO_sto_2 s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6) mode _ i w Hi Hw. unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (fo_is i w r mode))). now apply fo_bias_2.
Qed.
Theorem S8s : assumes_S8s s -> modes_S8s s -> forall i w, (i < n s)%nat -> W0 s w ->
  (requires_S8s_b_FO_sto s -> norm (mean_gradient s i w - grad_F_i s i w) <= b_FO_sto s) /\
  (requires_S8s_var_FO_sto s -> variance (draws_of s i) (local_gradient s i w) <= var_FO_sto s).
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a4 & a6) mode i w Hi Hw. split; intros _.
  - unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (fo_is i w r mode))). eapply Rle_trans; [now apply fo_bias|].
    rewrite E_nu_root. unfold b_FO_sto. right. unfold Rdiv. ring.
  - rewrite (image_variance _ _ _ (fun r => eq_sym (fo_is i w r mode))). now apply fo_variance.
Qed.

(** ** S9s, S9p *)
Theorem S9p : assumes_S9p s -> modes_S9p s -> requires_S9p_b_HF_sto_2 s -> W_holds_noisy_probes s -> forall i w, (i < n s)%nat -> W0 s w ->
  norm (mean_gradient s i w - grad_F_i s i w) <= b_HF_sto_2 s.
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6 & shared) mode _ probes i w Hi Hw. unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (hf_is i w r mode))). now apply hf_bias.
Qed.
Lemma B_V_B i w : A2 s -> (i < n s)%nat -> W0 s w -> 0 <= B_V s <= B s.
Proof using ranges free paths.
  intros a2 Hi Hw. rewrite B_V_is by assumption. split; [|apply Rmin_l].
  apply (B_noisy_nonneg (grad s i) (alpha s) w (W s)); first [facts | now apply stay].
Qed.
Theorem S9s : assumes_S9s s -> modes_S9s s -> W_holds_noisy_probes s -> forall i w, (i < n s)%nat -> W0 s w ->
  (requires_S9s_b_HF_sto s -> norm (mean_gradient s i w - grad_F_i s i w) <= b_HF_sto s) /\
  (requires_S9s_mse_HF_sto s -> ex (draws_of s i) (fun o => norm (local_gradient s i w o - grad_F_i s i w) ^ 2) <= mse_HF_sto s).
Proof using ranges free domain paths noisy_paths.
  intros (a2 & a3 & a4 & a6 & shared) mode probes i w Hi Hw. split; intros _.
  - unfold mean_gradient. rewrite (image_mean _ _ _ (fun r => eq_sym (hf_is i w r mode))). eapply Rle_trans; [now apply hf_bias|].
    rewrite b_HF_sto_2_is, b_HF_sto_is by assumption. pose proof (B_V_B i w a2 Hi Hw) as [v0 v1]. apply Rplus_le_compat.
    + rewrite b_sto_2_is, b_sto_is by assumption. apply Rmin_l.
    + apply delta_term_le; try solve [facts]. simpl. rewrite Rmult_1_r. now apply Rmult_le_compat_r.
  - rewrite (hf_is i w (fun v => norm (v - grad_F_i s i w) ^ 2) mode). now apply hf_moment.
Qed.
End Statements.
