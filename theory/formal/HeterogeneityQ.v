(** S3q for S3 and S7: B_F = q^nu B_q, and gamma_F with B_q, because the average loss obeys S3 as well. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Expectation Heterogeneity.

Section Derivatives.
Context {X : space}.
Implicit Types (G : X -> X) (T : X -> X) (w : X).
Lemma derivative_zero w : derivative (fun _ : X => zero) w (fun _ => zero).
Proof using. intros eps He. exists 1. split; [lra|]. intros y _. replace (zero - zero - zero)%V with (@zero X) by veq. rewrite norm_zero. pose proof (norm_nonneg (y - w)). nra. Qed.
Lemma derivative_add G1 G2 T1 T2 w : derivative G1 w T1 -> derivative G2 w T2 -> derivative (fun u => G1 u + G2 u)%V w (fun d => T1 d + T2 d)%V.
Proof using.
  intros d1 d2 eps He. destruct (d1 (eps / 2)) as (r1 & H1 & n1); [lra|]. destruct (d2 (eps / 2)) as (r2 & H2 & n2); [lra|].
  exists (Rmin r1 r2). split; [now apply Rmin_glb_lt|]. intros y Hy. pose proof (Rmin_l r1 r2). pose proof (Rmin_r r1 r2).
  specialize (n1 y ltac:(lra)). specialize (n2 y ltac:(lra)).
  replace (G1 y + G2 y - (G1 w + G2 w) - (T1 (y - w)%V + T2 (y - w)%V))%V with ((G1 y - G1 w - T1 (y - w)%V) + (G2 y - G2 w - T2 (y - w)%V))%V by veq.
  eapply Rle_trans; [apply triangle|]. lra.
Qed.
Lemma derivative_scal G T w a : derivative G w T -> derivative (fun u => a * G u)%V w (fun d => a * T d)%V.
Proof using.
  intros der eps He. pose proof (Rabs_pos a) as a0. destruct (der (eps / (1 + Rabs a))) as (r & Hr & near); [apply Rdiv_lt_0_compat; lra|].
  exists r. split; [assumption|]. intros y Hy. specialize (near y Hy). pose proof (norm_nonneg (y - w)) as n0.
  replace (a * G y - a * G w - a * T (y - w)%V)%V with (a * (G y - G w - T (y - w)%V))%V by veq. rewrite norm_scal.
  apply Rle_trans with (Rabs a * (eps / (1 + Rabs a) * norm (y - w))); [now apply Rmult_le_compat_l|].
  replace (Rabs a * (eps / (1 + Rabs a) * norm (y - w))) with (eps * norm (y - w) * (Rabs a / (1 + Rabs a))) by (field; lra).
  assert (Rabs a / (1 + Rabs a) <= 1) by (apply Rmult_le_reg_r with (1 + Rabs a); [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra).
  assert (0 <= eps * norm (y - w)) by (apply Rmult_le_pos; lra). nra.
Qed.
Lemma derivative_total {A} (l : list A) (y : A -> X -> X) (T : A -> X -> X) w :
  (forall i, In i l -> derivative (y i) w (T i)) -> derivative (fun u => total l (fun i => y i u)) w (fun d => total l (fun i => T i d)).
Proof using.
  induction l as [|i l IH]; intros H; [apply derivative_zero|]. simpl. apply derivative_add; [apply H; now left|]. apply IH. intros. apply H. now right.
Qed.
End Derivatives.

Section HeterogeneityQ.
Context {X : space}.
Implicit Types w u d v : X.
Variables (n : nat) (P : dist nat).
Variables (g : nat -> X -> X) (H : nat -> X -> X -> X) (alpha L rho B q gamma_G gamma_H : R) (W : X -> Prop).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis P_proper : proper P.
Hypothesis P_agents : forall i, support P i -> (i < n)%nat.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis q_nonneg : 0 <= q.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall i w, (i < n)%nat -> W w -> derivative (g i) w (H i w).
Hypothesis H_linear : forall i w, (i < n)%nat -> W w -> linear (H i w).
Hypothesis factor_bound : forall i w d, (i < n)%nat -> W w -> norm (factor (H i) alpha w d) <= q * norm d.
Hypothesis g_bound : forall i w, (i < n)%nat -> W w -> norm (g i w) <= B.
Hypothesis g_lipschitz : forall i w u, (i < n)%nat -> W w -> W u -> norm (g i w - g i u) <= L * norm (w - u).
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Hypothesis g_spread : forall w, W w -> variance P (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar P H w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ ex P (fun i => e i ^ 2) <= gamma_H ^ 2.
Variables (nu : nat) (w : X).
Hypothesis stays_agents : forall i, (i < n)%nat -> stays (g i) alpha W nu w.
Hypothesis stays_mean : stays (g_bar P g) alpha W nu w.

Lemma bar_derivative u : W u -> derivative (g_bar P g) u (H_bar P H u).
Proof using P_agents g_derivative.
  intros Hu. unfold g_bar, H_bar, vex. apply (derivative_total P (fun pa v => (fst pa * g (snd pa) v)%V) (fun pa d => (fst pa * H (snd pa) u d)%V)).
  intros [p i] Hp. apply derivative_scal, g_derivative; [|assumption]. apply P_agents. now exists p.
Qed.
Lemma bar_linear u : W u -> linear (H_bar P H u).
Proof using P_agents H_linear.
  intros Hu. unfold H_bar. split; intros.
  - rewrite <- vex_add. apply vex_ext. intros i Hi. apply (H_linear i u); auto.
  - rewrite <- vex_scal. apply vex_ext. intros i Hi. apply (H_linear i u); auto.
Qed.
(** At the end of the average loss's trajectory its gradient is at most B_q. *)
Lemma bar_end : norm (g_bar P g (tuned (g_bar P g) alpha nu w)) <= Rmin 1 (q ^ nu) * B.
Proof using n_pos P_proper P_agents alpha_nonneg q_nonneg L_nonneg rho_nonneg Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_lipschitz gamma_G_nonneg gamma_H_nonneg g_spread H_spread stays_agents stays_mean.
  apply (end_gradient (g_bar P g) (H_bar P H) alpha W B q); auto using bar_derivative, bar_linear.
  - intros u d Hu. now apply (factor_bar n P H alpha q W).
  - intros u Hu. eapply g_bar_bound; eauto.
Qed.

(** S7 with S3q's B_q. *)
Theorem S7_contractive :
  variance P (fun i => meta_gradient (g i) (H i) alpha nu w) <=
  (q ^ nu * gamma_G * (1 + alpha * L * geo nu q) +
   alpha * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q))) ^ 2.
Proof using n_pos P_proper P_agents alpha_nonneg q_nonneg L_nonneg rho_nonneg Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_lipschitz gamma_G_nonneg gamma_H_nonneg g_spread H_spread stays_agents stays_mean.
  eapply Rle_trans; [apply (variance_least P _ (meta_gradient (g_bar P g) (H_bar P H) alpha nu w) P_proper)|].
  set (c := tuned (g_bar P g) alpha nu w). assert (Wc : W c) by (apply stays_mean; auto).
  assert (B0 : 0 <= Rmin 1 (q ^ nu) * B) by (pose proof bar_end; pose proof (norm_nonneg (g_bar P g (tuned (g_bar P g) alpha nu w))); lra).
  assert (ends : l2 P (fun i => norm (g i (tuned (g i) alpha nu w) - g_bar P g c)) (L * (alpha * gamma_G * geo nu q) + gamma_G)).
  { apply (l2_add P P_proper (fun i => L * norm (tuned (g i) alpha nu w - c)) (fun i => norm (g i c - g_bar P g c))).
    - apply l2_scal; [assumption|]. unfold c. eapply parting; eauto.
    - split; [assumption|exact (g_spread c Wc)].
    - intros i Hi. apply P_agents in Hi. split; [apply norm_nonneg|]. set (u := tuned (g i) alpha nu w).
      assert (Wu : W u) by (apply stays_agents; auto).
      replace (g i u - g_bar P g c)%V with ((g i u - g i c) + (g i c - g_bar P g c))%V by veq.
      eapply Rle_trans; [apply triangle|]. pose proof (g_lipschitz i u c Hi Wu Wc). lra. }
  assert (r : l2 P (fun i => norm (sweep (g i) (H i) alpha nu w (g i (tuned (g i) alpha nu w)) - sweep (g_bar P g) (H_bar P H) alpha nu w (g_bar P g c)))
     (q ^ nu * (L * (alpha * gamma_G * geo nu q) + gamma_G) + alpha * q ^ pred nu * added alpha rho q gamma_G gamma_H nu * (Rmin 1 (q ^ nu) * B))).
  { apply (sweeping n P g H alpha rho q gamma_G gamma_H W) with (nu := nu); auto. exact bar_end. }
  destruct r as [_ r]. eapply Rle_trans; [exact r|]. right. f_equal.
  assert (e : added alpha rho q gamma_G gamma_H nu = INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)).
  { unfold added. rewrite rtotal_add, rtotal_const, seq_length. f_equal. rewrite <- rtotal_scal. apply rtotal_ext. intros. ring. }
  rewrite e. ring.
Qed.
End HeterogeneityQ.

(** S3 with S3q's B_q: norm(grad F_i) <= q^nu B_q. *)
Theorem S3_contractive {X : space} (g : X -> X) (H : X -> X -> X) alpha (W : X -> Prop) B q nu (w : X) :
  0 <= alpha -> convex W -> (forall w, W w -> derivative g w (H w)) -> (forall w, W w -> linear (H w)) -> 0 <= q ->
  (forall w d, W w -> norm (factor H alpha w d) <= q * norm d) -> (forall w, W w -> norm (g w) <= B) -> stays g alpha W nu w ->
  norm (meta_gradient g H alpha nu w) <= q ^ nu * (Rmin 1 (q ^ nu) * B).
Proof using.
  intros ha Wc der lin hq fb gb s. unfold meta_gradient. eapply Rle_trans; [now apply (sweep_bound g H alpha W q)|].
  apply Rmult_le_compat_l; [now apply pow_le|]. now apply (end_gradient g H alpha W B q).
Qed.
