(** S8 and S8p: first-order meta-gradients (Hessians dropped) with batch gradients: bias, second moment, variance. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Expectation NoisyTuning.

Section Dropped.
Context {X : space}.
Implicit Types w u d v : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha L q : R) (W : X -> Prop).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis q_nonneg : 0 <= q.
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.

(** What the factors do to a vector: telescope them, or bound both ends. *)
Lemma sweep_moves nu w v : stays g alpha W nu w -> norm (sweep g H alpha nu w v - v) <= Rmin (alpha * L * geo nu q) (1 + q ^ nu) * norm v.
Proof using alpha_nonneg L_nonneg q_nonneg H_linear H_bound factor_bound.
  intros s. pose proof (norm_nonneg v) as n0.
  assert (first : norm (sweep g H alpha nu w v - v) <= alpha * L * geo nu q * norm v).
  { revert w s. induction nu as [|nu IH]; intros w s.
    - simpl. replace (v - v)%V with (@zero X) by veq. rewrite norm_zero. lra.
    - rewrite sweep_first. pose proof (stays_here _ _ _ _ _ s) as Hw. specialize (IH _ (stays_next _ _ _ _ _ s)). rewrite geo_left.
      set (a := sweep g H alpha nu (step g alpha w) v) in *.
      replace (factor H alpha w a - v)%V with (factor H alpha w (a - v)%V + (- alpha) * H w v)%V
        by (rewrite <- (factor_sub H alpha W H_linear) by assumption; unfold factor; veq).
      eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
      pose proof (factor_bound w (a - v)%V Hw). pose proof (H_bound w v Hw).
      assert (alpha * norm (H w v) <= alpha * (L * norm v)) by now apply Rmult_le_compat_l.
      assert (q * norm (a - v) <= q * (alpha * L * geo nu q * norm v)) by now apply Rmult_le_compat_l. lra. }
  assert (second : norm (sweep g H alpha nu w v - v) <= (1 + q ^ nu) * norm v).
  { eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_left by lra.
    pose proof (sweep_bound g H alpha W q q_nonneg factor_bound nu w v s). lra. }
  unfold Rmin. destruct (Rle_dec (alpha * L * geo nu q) (1 + q ^ nu)); assumption.
Qed.

(** S8 for any bound [C] of the gradient at the end of the trajectory. *)
Lemma S8_core nu w C : stays g alpha W nu w -> norm (g (tuned g alpha nu w)) <= C ->
  norm (g (tuned g alpha nu w) - meta_gradient g H alpha nu w) <= Rmin (alpha * L * geo nu q) (1 + q ^ nu) * C.
Proof using alpha_nonneg L_nonneg q_nonneg H_linear H_bound factor_bound.
  intros s HC. rewrite norm_sub_sym. eapply Rle_trans; [now apply sweep_moves|]. apply Rmult_le_compat_l; [|assumption].
  pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q nu q_nonneg). apply Rmin_glb; [|lra].
  apply Rmult_le_pos; [now apply Rmult_le_pos|assumption].
Qed.
End Dropped.

Section FirstOrder.
Context {X : space} {Xi Xo : Type}.
Implicit Types u v w z : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha : R) (batch : X -> Xi -> X) (noise : dist Xi) (last : X -> Xo -> X) (outer : dist Xo) (w : X).
Variables (W : X -> Prop) (nu : nat) (L rho B q sigma_G D D' : R).

(** nu steps on batches of D, then one gradient on a batch of D'. *)
Definition fo_law : dist X := bind (walk alpha batch noise w nu) (fun p => bind outer (fun o => ret (last (p nu) o))).

Hypothesis noise_proper : proper noise.
Hypothesis outer_proper : proper outer.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis D_pos : 0 < D.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
(** A4 for the batches of D and of D' samples. *)
Hypothesis batch_mean : forall u, W u -> vex noise (batch u) = g u.
Hypothesis batch_noise : forall u, W u -> ex noise (fun xi => norm (batch u xi - g u) ^ 2) <= sigma_G ^ 2 / D.
Hypothesis last_mean : forall u, W u -> vex outer (last u) = g u.
Hypothesis last_noise : forall u, W u -> ex outer (fun o => norm (last u o - g u) ^ 2) <= sigma_G ^ 2 / D'.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk alpha batch noise w l) p -> W (p l).

Let E_l := E alpha q sigma_G D.
Let m_l := m alpha rho q sigma_G D.
Let paths := walk alpha batch noise w nu.
Let true_end := g (tuned g alpha nu w).

Lemma end_in p : support paths p -> W (p nu).
Proof using walk_in. intros Hp. apply walk_in; auto. Qed.
Lemma fo_proper : proper fo_law.
Proof using noise_proper outer_proper.
  apply proper_bind; [now apply walk_proper|]. intros. apply proper_bind; [assumption|]. intros. apply proper_ret.
Qed.
Lemma fo_mean : vex fo_law (fun v => v) = vex paths (fun p => g (p nu)).
Proof using walk_in last_mean.
  unfold fo_law. rewrite vex_bind. apply vex_ext. intros p Hp. rewrite vex_bind, (vex_ext outer _ (last (p nu))).
  - now apply last_mean, end_in.
  - intros o _. exact (vex_ret (last (p nu) o) (fun v => v)).
Qed.
Lemma fo_mean_end : (vex fo_law (fun v => v) - true_end)%V = vex paths (end_error g alpha w nu).
Proof using noise_proper walk_in last_mean.
  rewrite fo_mean. unfold end_error. fold true_end.
  rewrite vex_add, vex_const by now apply walk_proper. reflexivity.
Qed.

(** S8p: bias <= b_FO + min{ L sqrt(E_nu), L m_nu + rho E_nu / 2 }, b_FO with S3q's B_q. *)
Theorem S8p : norm (vex fo_law (fun v => v) - meta_gradient g H alpha nu w) <=
  Rmin (alpha * L * geo nu q) (1 + q ^ nu) * (Rmin 1 (q ^ nu) * B) + Rmin (L * sqrt (E_l nu)) (L * m_l nu + rho * E_l nu / 2).
Proof using noise_proper alpha_nonneg L_nonneg rho_nonneg q_nonneg D_pos Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_bound H_lipschitz batch_mean batch_noise last_mean exact_in walk_in.
  replace (vex fo_law (fun v => v) - meta_gradient g H alpha nu w)%V with
    ((true_end - meta_gradient g H alpha nu w) + (vex fo_law (fun v => v) - true_end))%V by veq.
  eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat.
  - apply (S8_core g H alpha L q W); auto. apply (end_gradient g H alpha W B q); auto.
  - rewrite fo_mean_end. apply (end_bias g H alpha batch noise w) with (W := W); auto.
Qed.
(** The same without A3. *)
Theorem S8_first : norm (vex fo_law (fun v => v) - meta_gradient g H alpha nu w) <=
  Rmin (alpha * L * geo nu q) (1 + q ^ nu) * (Rmin 1 (q ^ nu) * B) + L * sqrt (E_l nu).
Proof using noise_proper alpha_nonneg L_nonneg q_nonneg D_pos Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_bound batch_mean batch_noise last_mean exact_in walk_in.
  replace (vex fo_law (fun v => v) - meta_gradient g H alpha nu w)%V with
    ((true_end - meta_gradient g H alpha nu w) + (vex fo_law (fun v => v) - true_end))%V by veq.
  eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat.
  - apply (S8_core g H alpha L q W); auto. apply (end_gradient g H alpha W B q); auto.
  - rewrite fo_mean_end. apply jensen; [now apply walk_proper|apply Rmult_le_pos; [assumption|apply sqrt_pos]|].
    rewrite Rpow_mult_distr, <- (Rsqr_pow2 (sqrt _)), Rsqr_sqrt by now apply E_nonneg.
    apply (end_moment g H alpha batch noise w) with (W := W); auto.
Qed.
(** S8, stochastic first order: bias <= b_FO + alpha L sigma_G sqrt(S_nu(q^2) / D). *)
Theorem S8_stochastic : 0 <= sigma_G -> norm (vex fo_law (fun v => v) - meta_gradient g H alpha nu w) <=
  Rmin (alpha * L * geo nu q) (1 + q ^ nu) * B + alpha * L * sigma_G * sqrt (geo nu (q ^ 2) / D).
Proof using noise_proper alpha_nonneg L_nonneg rho_nonneg q_nonneg D_pos Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_bound H_lipschitz batch_mean batch_noise last_mean exact_in walk_in.
  intros Hs. eapply Rle_trans; [exact S8p|]. apply Rplus_le_compat.
  - apply Rmult_le_compat_l.
    + pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q nu q_nonneg). apply Rmin_glb; [|lra]. apply Rmult_le_pos; [now apply Rmult_le_pos|assumption].
    + assert (B0 : 0 <= B) by (pose proof (g_bound w (stays_here _ _ _ _ _ exact_in)); pose proof (norm_nonneg (g w)); lra).
      rewrite <- (Rmult_1_l B) at 2. apply Rmult_le_compat_r; [assumption|apply Rmin_l].
  - eapply Rle_trans; [apply Rmin_l|]. unfold E_l. rewrite sqrt_E by assumption. rewrite sqrt_div_alt by assumption. right. unfold Rdiv. ring.
Qed.
(** The mean squared distance from the gradient at the true end point, so also the variance. *)
Theorem S8_moment : ex fo_law (fun v => norm (v - true_end) ^ 2) <= sigma_G ^ 2 / D' + L ^ 2 * E_l nu.
Proof using noise_proper outer_proper alpha_nonneg L_nonneg q_nonneg D_pos Wconvex g_derivative H_linear factor_bound g_lipschitz batch_mean batch_noise last_mean last_noise exact_in walk_in.
  unfold fo_law. rewrite ex_bind. fold paths.
  apply Rle_trans with (ex paths (fun p => sigma_G ^ 2 / D' + norm (end_error g alpha w nu p) ^ 2)).
  - apply ex_le; [now apply walk_proper|]. intros p Hp. pose proof (end_in p Hp) as Wp. rewrite ex_bind.
    rewrite (ex_ext outer _ (fun o => norm (last (p nu) o - true_end) ^ 2))
      by (intros o _; exact (ex_ret (last (p nu) o) (fun v => norm (v - true_end) ^ 2))).
    rewrite (variance_split outer (last (p nu)) true_end outer_proper). unfold variance. rewrite last_mean by assumption.
    pose proof (last_noise (p nu) Wp). unfold end_error. fold true_end. lra.
  - rewrite ex_add, ex_const by now apply walk_proper. apply Rplus_le_compat_l.
    apply (end_moment g H alpha batch noise w) with (W := W); auto.
Qed.
(** S8, stochastic first order: variance <= sigma_G^2/D' + alpha^2 L^2 sigma_G^2 S_nu(q^2)/D. *)
Theorem S8_variance : variance fo_law (fun v => v) <= sigma_G ^ 2 / D' + alpha ^ 2 * L ^ 2 * sigma_G ^ 2 * geo nu (q ^ 2) / D.
Proof using noise_proper outer_proper alpha_nonneg L_nonneg q_nonneg D_pos Wconvex g_derivative H_linear factor_bound g_lipschitz batch_mean batch_noise last_mean last_noise exact_in walk_in.
  eapply Rle_trans; [apply (variance_least _ _ true_end), fo_proper|]. eapply Rle_trans; [exact S8_moment|].
  apply Rplus_le_compat_l. right. unfold E_l, E. field. lra.
Qed.
End FirstOrder.
