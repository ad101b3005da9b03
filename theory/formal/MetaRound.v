(** One round of Meta-FedAvg with any noisy local meta-gradients: T1d with L_F of S4 and gamma_F of S7. *)
Require Import Space Calculus Smoothness Sampling Heterogeneity HeterogeneityQ Expectation LocalRun.
Require OneRound.

Section MetaRound.
Context {X : space} {Om : Type}.
Implicit Types u v w d : X.
Variables (n nu tau m : nat) (f : nat -> X -> R) (g : nat -> X -> X) (H : nat -> X -> X -> X).
Variables (alpha beta beta_s : R) (noisy : nat -> X -> Om -> X) (draw : nat -> dist Om).
Variables (L rho B q gamma_G gamma_H b sigma : R) (W W0 : X -> Prop).

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis q_nonneg : 0 <= q.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
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
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
(** A5 *)
Hypothesis g_spread : forall w, W w -> spread (seq 0 n) (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar n H w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ rmean (seq 0 n) (fun i => e i ^ 2) <= gamma_H ^ 2.
(** W holds the exact fine-tuning trajectories from W0. *)
Hypothesis W_agents : forall i w, (i < n)%nat -> W0 w -> stays (g i) alpha W nu w.
Hypothesis W_mean : forall w, W0 w -> stays (g_bar n g) alpha W nu w.

Let F i := meta_loss (f i) (g i) alpha nu.
Let G i := meta_gradient (g i) (H i) alpha nu.
(** The mode's local gradient: bias b, variance sigma^2. *)
Hypothesis draw_ok : forall i, (i < n)%nat -> proper (draw i).
Hypothesis bias_ok : forall i v, (i < n)%nat -> W0 v -> norm (vex (draw i) (noisy i v) - G i v) <= b.
Hypothesis variance_ok : forall i v, (i < n)%nat -> W0 v -> variance (draw i) (noisy i v) <= sigma ^ 2.

Variable w : X.
Hypothesis w_in : W0 w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (draw i) beta w t) v -> W0 v.
Hypothesis servers_in : forall A results, In A (subsets m (OneRound.agents n)) -> support (draws (map (OneRound.result noisy draw beta tau w) A)) results -> W0 (OneRound.server beta_s w results).

(** L_F and gamma_F, both in S3q's form. *)
Definition L_F := q ^ (2 * nu) * L + alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q.
Definition gamma_F := q ^ nu * gamma_G * (1 + alpha * L * geo nu q) +
  alpha * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)).

Lemma some_agent : (0 < n)%nat.
Proof using sizes. destruct sizes as [one le]. exact (Nat.le_trans _ _ _ one le). Qed.
Lemma B_nonneg' : 0 <= B.
Proof using sizes w_in W_agents g_bound.
  pose proof (g_bound 0%nat w some_agent (stays_here _ _ _ _ _ (W_agents 0%nat w some_agent w_in))). pose proof (norm_nonneg (g 0%nat w)). lra.
Qed.
Lemma B_q_nonneg' : 0 <= Rmin 1 (q ^ nu) * B.
Proof using sizes w_in W_agents g_bound q_nonneg.
  pose proof B_nonneg'. pose proof (pow_le q nu q_nonneg). apply Rmult_le_pos; [apply Rmin_glb; lra|assumption].
Qed.
Lemma L_F_nonneg : 0 <= L_F.
Proof using sizes w_in W_agents g_bound q_nonneg alpha_nonneg L_nonneg rho_nonneg.
  pose proof (L_meta_nonneg alpha alpha_nonneg L rho q q_nonneg L_nonneg rho_nonneg nu _ B_q_nonneg') as l. exact l.
Qed.
Lemma smooth i u v : (i < n)%nat -> W0 u -> W0 v -> norm (G i u - G i v) <= L_F * norm (u - v).
Proof using alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound g_bound g_lipschitz H_lipschitz L_nonneg rho_nonneg W_agents.
  intros Hi Hu Hv. unfold G, L_F. apply (S4_contractive (g i) (H i) alpha W alpha_nonneg Wconvex) with (L := L) (rho := rho) (B := B) (q := q); auto.
Qed.
(** p = 1 + beta L_F always serves; StepLipschitz gives 1 - beta mu_c. *)
Lemma step_smooth i u v : (i < n)%nat -> W0 u -> W0 v -> norm (u - beta * G i u - (v - beta * G i v)) <= (1 + beta * L_F) * norm (u - v).
Proof using alpha_nonneg beta_pos Wconvex g_derivative H_linear q_nonneg factor_bound g_bound g_lipschitz H_lipschitz L_nonneg rho_nonneg W_agents.
  intros Hi Hu Hv. replace (u - beta * G i u - (v - beta * G i v))%V with ((u - v) + (- beta) * (G i u - G i v))%V by veq.
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. pose proof (smooth i u v Hi Hu Hv) as s.
  apply Rmult_le_compat_l with (r := beta) in s; lra.
Qed.
(** T1d from A2, A3, A5 and the mode's bias and variance to the expected decrease of the meta loss in one round. *)
Theorem T1d_meta p psi omega eps zeta c U :
  0 <= p -> (forall i u v, (i < n)%nat -> W0 u -> W0 v -> norm (u - beta * G i u - (v - beta * G i v)) <= p * norm (u - v)) ->
  OneRound.pair n G beta tau W0 L_F p w psi omega -> OneRound.variance_form beta beta_s tau m L_F b sigma p c U -> 0 < eps ->
  (0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L_F b sigma p = 0) ->
  Rabs (1 - OneRound.H beta beta_s tau L_F * psi) / (2 * eps) + OneRound.H beta beta_s tau L_F / 2 <= c ->
  (0 < kappa n m -> OneRound.H beta beta_s tau L_F * kappa n m < 2 * c) ->
  OneRound.expected_loss n F noisy draw beta beta_s tau m w <=
  OneRound.F n F w - beta_s * beta * INR tau * OneRound.A beta beta_s tau L_F psi omega eps zeta c * norm (OneRound.G n G w) ^ 2
    + beta_s * beta * INR tau * OneRound.N n beta beta_s tau m L_F gamma_F b sigma p psi omega zeta c U.
Proof using sizes tau_pos alpha_nonneg beta_pos beta_s_pos q_nonneg L_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg b_nonneg sigma_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz g_spread H_spread W_agents W_mean draw_ok bias_ok variance_ok w_in runs_in servers_in.
  intros p_nonneg step_ok.
  apply (OneRound.T1d n F G noisy draw beta beta_s tau m W0 L_F gamma_F b sigma p w); auto.
  - exact L_F_nonneg.
  - intros i u Hi Hu. unfold F, G. apply (S1 (f i) (g i) (H i) alpha W alpha_nonneg) with (q := q); auto.
  - exact smooth.
  - unfold gamma_F, G, OneRound.agents. apply (S7_contractive n g H alpha L rho B q gamma_G gamma_H W); auto. exact some_agent.
Qed.
End MetaRound.
