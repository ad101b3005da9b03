(** T1d for the modes first_order and hessian_free, exact, and for the three stochastic ones: from A2-A5 to the expected decrease in one round. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Heterogeneity Expectation LocalRun Paths NoisyTuning FirstOrder NoisySweep StochasticGradient NoisyHessianFree OneDraw MetaRound.
Require OneRound.

(** The three kinds of local gradient, and what T1d says of any of them. *)
Definition decrease {X : space} {Om : Type} (n tau m : nat) (F : nat -> X -> R) (G : nat -> X -> X) (beta beta_s L_F gamma_F b sigma p : R) (W0 : X -> Prop)
  (noisy : nat -> X -> Om -> X) (draw : nat -> dist Om) := forall w : X, W0 w ->
  (forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (draw i) beta w t) v -> W0 v) ->
  (forall A results, In A (subsets m (OneRound.agents n)) -> support (draws (map (OneRound.result noisy draw beta tau w) A)) results -> W0 (OneRound.server beta_s w results)) ->
  forall psi omega eps zeta c U,
  OneRound.pair n G beta tau W0 L_F p w psi omega -> OneRound.variance_form beta beta_s tau m L_F b sigma p c U -> 0 < eps ->
  (0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L_F b sigma p = 0) ->
  Rabs (1 - OneRound.H beta beta_s tau L_F * psi) / (2 * eps) + OneRound.H beta beta_s tau L_F / 2 <= c ->
  (0 < kappa n m -> OneRound.H beta beta_s tau L_F * kappa n m < 2 * c) ->
  OneRound.expected_loss n F noisy draw beta beta_s tau m w <=
  OneRound.F n F w - beta_s * beta * INR tau * OneRound.A beta beta_s tau L_F psi omega eps zeta c * norm (OneRound.G n G w) ^ 2
    + beta_s * beta * INR tau * OneRound.N n beta beta_s tau m L_F gamma_F b sigma p psi omega zeta c U.

Section Modes.
Context {X : space} {Xi Xo Z : Type}.
Implicit Types u v w d : X.
Variables (n nu tau m : nat) (f : nat -> X -> R) (g : nat -> X -> X) (H : nat -> X -> X -> X).
Variables (alpha beta beta_s delta : R) (batch : nat -> X -> Xi -> X) (noise : nat -> dist Xi) (last : nat -> X -> Xo -> X) (outer : nat -> dist Xo).
Variables (sample : nat -> X -> Z -> X) (hessian : nat -> X -> Z -> X -> X) (hess : nat -> dist Z).
Variables (L rho B q sigma_G sigma_H D D' D_H gamma_G gamma_H : R) (W W0 : X -> Prop).

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis q_nonneg : 0 <= q.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis D_pos : 0 < D.
Hypothesis D'_pos : 0 < D'.
Hypothesis D_H_pos : 0 < D_H.
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Hypothesis Wconvex : convex W.
Hypothesis W0convex : convex W0.
(** A2 and A3. *)
Hypothesis f_gradient : forall i w, (i < n)%nat -> W w -> gradient (f i) (g i) w.
Hypothesis g_derivative : forall i w, (i < n)%nat -> W w -> derivative (g i) w (H i w).
Hypothesis H_linear : forall i w, (i < n)%nat -> W w -> linear (H i w).
Hypothesis H_symmetric : forall i w, (i < n)%nat -> W w -> symmetric (H i w).
Hypothesis factor_bound : forall i w d, (i < n)%nat -> W w -> norm (factor (H i) alpha w d) <= q * norm d.
Hypothesis g_bound : forall i w, (i < n)%nat -> W w -> norm (g i w) <= B.
Hypothesis g_lipschitz : forall i w u, (i < n)%nat -> W w -> W u -> norm (g i w - g i u) <= L * norm (w - u).
Hypothesis H_bound : forall i w d, (i < n)%nat -> W w -> norm (H i w d) <= L * norm d.
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
(** A4, at the level of batches of D, D', D_H samples. *)
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis outer_proper : forall i, (i < n)%nat -> proper (outer i).
Hypothesis hess_proper : forall i, (i < n)%nat -> proper (hess i).
Hypothesis batch_mean : forall i u, (i < n)%nat -> W u -> vex (noise i) (batch i u) = g i u.
Hypothesis batch_noise : forall i u, (i < n)%nat -> W u -> ex (noise i) (fun xi => norm (batch i u xi - g i u) ^ 2) <= sigma_G ^ 2 / D.
Hypothesis last_mean : forall i u, (i < n)%nat -> W u -> vex (outer i) (last i u) = g i u.
Hypothesis last_noise : forall i u, (i < n)%nat -> W u -> ex (outer i) (fun o => norm (last i u o - g i u) ^ 2) <= sigma_G ^ 2 / D'.
Hypothesis hess_mean : forall i u d, (i < n)%nat -> W u -> vex (hess i) (fun z => hessian i u z d) = H i u d.
Hypothesis hess_noise : forall i u d, (i < n)%nat -> W u -> ex (hess i) (fun z => norm (hessian i u z d - H i u d) ^ 2) <= sigma_H ^ 2 / D_H * norm d ^ 2.
(** A5 *)
Hypothesis g_spread : forall w, W w -> spread (seq 0 n) (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar n H w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ rmean (seq 0 n) (fun i => e i ^ 2) <= gamma_H ^ 2.
(** W holds the exact and the noisy fine-tuning trajectories from W0. *)
Hypothesis W_agents : forall i w, (i < n)%nat -> W0 w -> stays (g i) alpha W nu w.
Hypothesis W_mean : forall w, W0 w -> stays (g_bar n g) alpha W nu w.
Hypothesis W_walks : forall i w l p, (i < n)%nat -> W0 w -> (l <= nu)%nat -> support (walk alpha (batch i) (noise i) w l) p -> W (p l).


Let F i := meta_loss (f i) (g i) alpha nu.
Let G i := meta_gradient (g i) (H i) alpha nu.
Let LF := L_F nu alpha L rho B q.
Let gF := gamma_F nu alpha L rho B q gamma_G gamma_H.
(** p: 1 + beta L_F, or 1 - beta mu_c (StepLipschitz). *)
Variable p : R.
Hypothesis p_nonneg : 0 <= p.
Hypothesis step_ok : forall i u v, (i < n)%nat -> W0 u -> W0 v -> norm (u - beta * G i u - (v - beta * G i v)) <= p * norm (u - v).
Let E_nu := E_l alpha q sigma_G D nu.
Let m_nu := m_l alpha rho q sigma_G D nu.
Let B_q := Rmin 1 (q ^ nu) * B.
Let B_n := B_noisy alpha nu L B q sigma_G D.
Let b_sto := bias_sto alpha nu L rho q sigma_G D B_q.
Let b_sto_2 := Rmin b_sto (q ^ nu * (L * m_nu + rho * E_nu / 2) + alpha * rho * B_n * q ^ pred nu * roots alpha nu q sigma_G D).
Let V_F := V alpha nu q sigma_G sigma_H D' D_H B_n.

Lemma first_agent : (0 < n)%nat.
Proof using sizes. destruct sizes as [one le]. exact (Nat.le_trans _ _ _ one le). Qed.
Lemma E_nu_nonneg : 0 <= E_nu.
Proof using D_pos. now apply E_l_nonneg. Qed.
Lemma m_nu_nonneg : 0 <= m_nu.
Proof using alpha_nonneg q_nonneg D_pos rho_nonneg. apply m_nonneg; auto. Qed.
Lemma second_nonneg : 0 <= L * m_nu + rho * E_nu / 2.
Proof using alpha_nonneg q_nonneg D_pos rho_nonneg L_nonneg.
  pose proof (Rmult_le_pos _ _ L_nonneg m_nu_nonneg). pose proof (Rmult_le_pos _ _ rho_nonneg E_nu_nonneg). lra.
Qed.
Lemma sigma_part_nonneg : 0 <= sigma_G ^ 2 / D'.
Proof using D'_pos. apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]. Qed.
Lemma V_nonneg C : 0 <= V alpha nu q sigma_G sigma_H D' D_H C.
Proof using D'_pos D_H_pos.
  pose proof (powers_apart alpha q sigma_H D_H D_H_pos nu) as pa. pose proof (StochasticGradient.eta2_nonneg alpha sigma_H D_H D_H_pos) as e0. pose proof (pow2_ge_0 q) as q2.
  unfold V. apply Rplus_le_le_0_compat; [|apply Rmult_le_pos; [apply pow2_ge_0|lra]].
  unfold Rdiv. rewrite Rmult_assoc. apply Rmult_le_pos; [apply pow_le; lra|exact sigma_part_nonneg].
Qed.
Lemma root_square x : 0 <= x -> sqrt x ^ 2 = x.
Proof using. intros Hx. rewrite <- (Rsqr_pow2 (sqrt _)). now apply Rsqr_sqrt. Qed.
Section Sizes.
Variable w : X.
Hypothesis w_in : W0 w.
Lemma B_size : 0 <= B.
Proof using w_in sizes W_agents g_bound.
  pose proof (g_bound 0%nat w first_agent (stays_here _ _ _ _ _ (W_agents 0%nat w first_agent w_in))). pose proof (norm_nonneg (g 0%nat w)). lra.
Qed.
Lemma B_q_size : 0 <= B_q.
Proof using w_in sizes W_agents g_bound q_nonneg.
  pose proof B_size. pose proof (pow_le q nu q_nonneg). unfold B_q. apply Rmult_le_pos; [apply Rmin_glb; lra|assumption].
Qed.
Lemma B_n_size : 0 <= B_n.
Proof using w_in sizes W_agents g_bound q_nonneg L_nonneg. apply (StochasticGradient.B_noisy_nonneg (g 0%nat) alpha w W); auto using first_agent. Qed.
Lemma b_sto_size : 0 <= b_sto.
Proof using w_in sizes W_agents g_bound q_nonneg alpha_nonneg L_nonneg rho_nonneg. apply bias_sto_nonneg; auto. exact B_q_size. Qed.
Lemma b_sto_2_size : 0 <= b_sto_2.
Proof using w_in sizes W_agents g_bound q_nonneg alpha_nonneg L_nonneg rho_nonneg D_pos.
  apply Rmin_glb; [exact b_sto_size|]. pose proof (pow_le q nu q_nonneg). pose proof (pow_le q (pred nu) q_nonneg). pose proof (roots_nonneg alpha nu q sigma_G D). pose proof B_n_size.
  apply Rplus_le_le_0_compat; [apply Rmult_le_pos; [assumption|exact second_nonneg]|]. repeat apply Rmult_le_pos; assumption.
Qed.
End Sizes.

(** Modes first_order and hessian_free with full batches: b_FO and b_HF with B_q, no noise. *)
Lemma no_noise (y : X) : variance (ret tt) (fun _ : unit => y) <= 0 ^ 2.
Proof using.
  eapply Rle_trans; [apply (variance_least _ _ y), proper_ret|]. unfold ex, ret. cbn [rtotal fold_right fst snd].
  replace (y - y)%V with (@zero X) by veq. rewrite norm_zero. lra.
Qed.
Theorem T1d_first_order_exact : decrease n tau m F G beta beta_s LF gF (Rmin (alpha * L * geo nu q) (1 + q ^ nu) * B_q) 0 p W0
  (fun i w (_ : unit) => g i (tuned (g i) alpha nu w)) (fun _ => ret tt).
Proof using p_nonneg step_ok sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_bound H_lipschitz g_spread H_spread W_agents W_mean.
  intros w Hw runs servers psi omega eps zeta c U.
  apply (T1d_meta n nu tau m f g H alpha beta beta_s _ _ L rho B q gamma_G gamma_H _ 0 W W0); auto; try lra.
  - pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q nu q_nonneg). apply Rmult_le_pos; [|exact (B_q_size w Hw)].
    apply Rmin_glb; [|lra]. apply Rmult_le_pos; [now apply Rmult_le_pos|assumption].
  - intros. apply proper_ret.
  - intros i v Hi Hv. rewrite (vex_ret tt (fun _ => g i (tuned (g i) alpha nu v))). apply (S8_core (g i) (H i) alpha L q W); auto.
    apply (end_gradient (g i) (H i) alpha W B q); auto.
  - intros i v Hi Hv. apply no_noise.
Qed.
Theorem T1d_hessian_free_exact : 0 < delta -> (forall i w, (i < n)%nat -> W0 w -> probes_in (g i) alpha delta W nu w (g i (tuned (g i) alpha nu w))) ->
  decrease n tau m F G beta beta_s LF gF (1 / 2 * alpha * rho * delta * B_q ^ 2 * q ^ pred nu * geo nu q) 0 p W0
  (fun i w (_ : unit) => hf_gradient (g i) alpha delta nu w) (fun _ => ret tt).
Proof using p_nonneg step_ok sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz g_spread H_spread W_agents W_mean.
  intros Hdelta pr w Hw runs servers psi omega eps zeta c U.
  apply (T1d_meta n nu tau m f g H alpha beta beta_s _ _ L rho B q gamma_G gamma_H _ 0 W W0); auto; try lra.
  - pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q (pred nu) q_nonneg). apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; [repeat apply Rmult_le_pos; lra|apply pow2_ge_0]|assumption]|assumption].
  - intros. apply proper_ret.
  - intros i v Hi Hv. rewrite (vex_ret tt (fun _ => hf_gradient (g i) alpha delta nu v)). apply (S9_contractive (g i) (H i) alpha delta W rho B q); auto.
  - intros i v Hi Hv. apply no_noise.
Qed.

(** Mode stochastic: b = min(b_sto, b'_sto), sigma^2 = V + b_sto^2. *)
Theorem T1d_stochastic : decrease n tau m F G beta beta_s LF gF b_sto_2 (sqrt (V_F + b_sto ^ 2)) p W0
  (fun i w s => meta_of alpha (batch i) (last i) (noisy_factor alpha (hessian i) nu) nu w s) (fun i => draw_law (noise i) (outer i) (hess i) nu).
Proof using p_nonneg step_ok sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg D_pos D'_pos D_H_pos gamma_G_nonneg gamma_H_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_bound H_lipschitz noise_proper outer_proper hess_proper batch_mean batch_noise last_mean last_noise hess_mean hess_noise g_spread H_spread W_agents W_mean W_walks.
  intros w Hw runs servers psi omega eps zeta c U.
  apply (T1d_meta n nu tau m f g H alpha beta beta_s _ _ L rho B q gamma_G gamma_H b_sto_2 _ W W0); auto.
  - exact (b_sto_2_size w Hw).
  - apply sqrt_pos.
  - intros i Hi. exact (draw_proper (noise i) (outer i) (hess i) nu (noise_proper i Hi) (outer_proper i Hi) (hess_proper i Hi)).
  - intros i v Hi Hv. change (norm (vex (draw_law (noise i) (outer i) (hess i) nu) (meta_of alpha (batch i) (last i) (noisy_factor alpha (hessian i) nu) nu v) - meta_gradient (g i) (H i) alpha nu v) <= b_sto_2). rewrite (image_mean _ _ _ (oracle_draw alpha (batch i) (noise i) (last i) (outer i) (noisy_factor alpha (hessian i) nu) (hess i) nu v)).
    apply (S5_second_contractive (g i) (H i) alpha (batch i) (noise i) (last i) (outer i) (hessian i) (hess i) v W); auto. intros l r. now apply W_walks.
  - intros i v Hi Hv. change (variance (draw_law (noise i) (outer i) (hess i) nu) (meta_of alpha (batch i) (last i) (noisy_factor alpha (hessian i) nu) nu v) <= sqrt (V_F + b_sto ^ 2) ^ 2). rewrite (image_variance _ _ _ (oracle_draw alpha (batch i) (noise i) (last i) (outer i) (noisy_factor alpha (hessian i) nu) (hess i) nu v)).
    rewrite root_square by (apply Rplus_le_le_0_compat; [apply V_nonneg|apply pow2_ge_0]).
    apply (S6_variance (g i) (H i) alpha (batch i) (noise i) (last i) (outer i) (hessian i) (hess i) v W); auto. intros l r. now apply W_walks.
Qed.

(** Mode first order, stochastic: b of S8p, sigma^2 of S8. *)
Definition b_FO := Rmin (alpha * L * geo nu q) (1 + q ^ nu) * (Rmin 1 (q ^ nu) * B) +
  Rmin (L * sqrt (E_l alpha q sigma_G D nu)) (L * m_l alpha rho q sigma_G D nu + rho * E_l alpha q sigma_G D nu / 2).
Definition var_FO := sigma_G ^ 2 / D' + alpha ^ 2 * L ^ 2 * sigma_G ^ 2 * geo nu (q ^ 2) / D.
Theorem T1d_first_order : decrease n tau m F G beta beta_s LF gF b_FO (sqrt var_FO) p W0
  (fun i w s => fo_of alpha (batch i) (last i) nu w s) (fun i => fo_draw_law (noise i) (outer i) nu).
Proof using p_nonneg step_ok sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg D_pos D'_pos gamma_G_nonneg gamma_H_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_bound H_lipschitz noise_proper outer_proper batch_mean batch_noise last_mean last_noise g_spread H_spread W_agents W_mean W_walks.
  intros w Hw runs servers psi omega eps zeta c U.
  apply (T1d_meta n nu tau m f g H alpha beta beta_s _ _ L rho B q gamma_G gamma_H b_FO _ W W0); auto.
  - unfold b_FO. pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q nu q_nonneg). apply Rplus_le_le_0_compat.
    + apply Rmult_le_pos; [|exact (B_q_size w Hw)]. apply Rmin_glb; [|lra]. apply Rmult_le_pos; [now apply Rmult_le_pos|assumption].
    + apply Rmin_glb; [apply Rmult_le_pos; [assumption|apply sqrt_pos]|exact second_nonneg].
  - apply sqrt_pos.
  - intros i Hi. exact (fo_draw_proper (noise i) (outer i) nu (noise_proper i Hi) (outer_proper i Hi)).
  - intros i v Hi Hv. change (norm (vex (fo_draw_law (noise i) (outer i) nu) (fo_of alpha (batch i) (last i) nu v) - meta_gradient (g i) (H i) alpha nu v) <= b_FO). rewrite (image_mean _ _ _ (fo_draw alpha (batch i) (noise i) (last i) (outer i) nu v)).
    apply (S8p (g i) (H i) alpha (batch i) (noise i) (last i) (outer i) v W); auto. intros l r. now apply W_walks.
  - intros i v Hi Hv. change (variance (fo_draw_law (noise i) (outer i) nu) (fo_of alpha (batch i) (last i) nu v) <= sqrt var_FO ^ 2). rewrite (image_variance _ _ _ (fo_draw alpha (batch i) (noise i) (last i) (outer i) nu v)).
    rewrite root_square.
    + apply (S8_variance (g i) (H i) alpha (batch i) (noise i) (last i) (outer i) v W); auto. intros l r. now apply W_walks.
    + unfold var_FO. apply Rplus_le_le_0_compat; [exact sigma_part_nonneg|]. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat].
      apply Rmult_le_pos; [|apply geo_nonneg, pow2_ge_0]. apply Rmult_le_pos; [apply Rmult_le_pos|]; apply pow2_ge_0.
Qed.

(** Mode Hessian free, stochastic: b of S9p; sigma^2 = V + (b_sto + delta term)^2 with B B_V in the delta term. *)
Hypothesis delta_pos : 0 < delta.
Hypothesis sample_mean : forall i u, (i < n)%nat -> W u -> vex (hess i) (sample i u) = g i u.
Hypothesis sample_derivative : forall i u z, (i < n)%nat -> W u -> support (hess i) z -> derivative (fun x => sample i x z) u (hessian i u z).
Hypothesis hessian_hom : forall i u z a d, (i < n)%nat -> W u -> hessian i u z (a * d)%V = (a * hessian i u z d)%V.
Hypothesis W_probes : forall i w p j v, (i < n)%nat -> W0 w -> support (StochasticGradient.paths alpha (batch i) (noise i) w nu) p -> (j < nu)%nat ->
  support (hf_swept alpha delta (last i) (outer i) (sample i) (hess i) nu p j) v -> probes delta W (p (nu - S j)%nat) v.
Definition b_HF := Rmin (bias_sto alpha nu L rho q sigma_G D (Rmin 1 (q ^ nu) * B))
  (q ^ nu * (L * m_l alpha rho q sigma_G D nu + rho * E_l alpha q sigma_G D nu / 2) + alpha * rho * B_noisy alpha nu L B q sigma_G D * q ^ pred nu * roots alpha nu q sigma_G D)
  + delta_term alpha delta nu rho q sigma_G sigma_H D' D_H (B_noisy alpha nu L B q sigma_G D ^ 2).
Definition var_HF := V alpha nu q sigma_G sigma_H D' D_H (B_noisy alpha nu L B q sigma_G D)
  + (bias_sto alpha nu L rho q sigma_G D (Rmin 1 (q ^ nu) * B) + delta_term alpha delta nu rho q sigma_G sigma_H D' D_H (B * B_noisy alpha nu L B q sigma_G D)) ^ 2.
Theorem T1d_hessian_free : decrease n tau m F G beta beta_s LF gF b_HF (sqrt var_HF) p W0
  (fun i w s => meta_of alpha (batch i) (last i) (noisy_probe alpha delta (sample i) nu) nu w s) (fun i => draw_law (noise i) (outer i) (hess i) nu).
Proof using p_nonneg step_ok sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg D_pos D'_pos D_H_pos gamma_G_nonneg gamma_H_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_bound H_lipschitz noise_proper outer_proper hess_proper batch_mean batch_noise last_mean last_noise hess_mean hess_noise g_spread H_spread W_agents W_mean W_walks delta_pos sample_mean sample_derivative hessian_hom W_probes.
  intros w Hw runs servers psi omega eps zeta c U.
  apply (T1d_meta n nu tau m f g H alpha beta beta_s _ _ L rho B q gamma_G gamma_H b_HF _ W W0); auto.
  - unfold b_HF. apply Rplus_le_le_0_compat; [exact (b_sto_2_size w Hw)|]. apply delta_term_nonneg; auto. apply pow2_ge_0.
  - apply sqrt_pos.
  - intros i Hi. exact (draw_proper (noise i) (outer i) (hess i) nu (noise_proper i Hi) (outer_proper i Hi) (hess_proper i Hi)).
  - intros i v Hi Hv. change (norm (vex (draw_law (noise i) (outer i) (hess i) nu) (meta_of alpha (batch i) (last i) (noisy_probe alpha delta (sample i) nu) nu v) - meta_gradient (g i) (H i) alpha nu v) <= b_HF). rewrite (image_mean _ _ _ (oracle_draw alpha (batch i) (noise i) (last i) (outer i) (noisy_probe alpha delta (sample i) nu) (hess i) nu v)).
    apply (S9p (g i) (H i) alpha delta (batch i) (noise i) (last i) (outer i) (sample i) (hessian i) (hess i) v W); auto.
    + intros l r. now apply W_walks.
    + intros r j y. now apply W_probes.
  - intros i v Hi Hv. change (variance (draw_law (noise i) (outer i) (hess i) nu) (meta_of alpha (batch i) (last i) (noisy_probe alpha delta (sample i) nu) nu v) <= sqrt (var_HF) ^ 2). rewrite (image_variance _ _ _ (oracle_draw alpha (batch i) (noise i) (last i) (outer i) (noisy_probe alpha delta (sample i) nu) (hess i) nu v)).
    rewrite root_square by (unfold var_HF; apply Rplus_le_le_0_compat; [apply V_nonneg|apply pow2_ge_0]).
    change (variance (hf_oracle alpha delta (batch i) (noise i) (last i) (outer i) (sample i) (hess i) v nu) (fun y => y) <= var_HF).
    pose proof (hf_oracle_proper alpha delta (batch i) (noise i) (last i) (outer i) (sample i) (hess i) v nu (noise_proper i Hi) (outer_proper i Hi) (hess_proper i Hi)) as hp.
    eapply Rle_trans; [exact (variance_least _ _ (meta_gradient (g i) (H i) alpha nu v) hp)|].
    apply (S9s_contractive (g i) (H i) alpha delta (batch i) (noise i) (last i) (outer i) (sample i) (hessian i) (hess i) v W); auto.
    + intros l r. now apply W_walks.
    + intros r j y. now apply W_probes.
Qed.
End Modes.
