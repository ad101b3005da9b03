(** W0+ for the meta losses, from A2-A6: curvature in [mu_c, L_F] of S4m and S4 on the balls, when W holds the trajectories that start in them. *)
Require Import Space Calculus Smoothness HessianFree StepFactor Sampling Heterogeneity Expectation LocalRun CurvatureBelow MetaStep.
Require DriftLocal OneRound MetaConstants.

Section Meta.
Context {X : space}.
Implicit Types w u d v : X.
Variables (f : X -> R) (g : X -> X) (H : X -> X -> X) (alpha : R) (W U : X -> Prop) (L rho B q mu : R) (nu : nat).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis Wconvex : convex W.
Hypothesis f_gradient : forall w, W w -> gradient f g w.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis H_symmetric : forall w, W w -> symmetric (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
Hypothesis H_range : forall w d, W w -> mu * norm d ^ 2 <= inner (H w d) d.
(** W holds the trajectories from the balls whose diameters join points of U. *)
Hypothesis trajectories_in : forall x y z, U x -> U y -> DriftLocal.ball x y z -> stays g alpha W nu z.

Let L_F := MetaConstants.L_F nu alpha L rho B q.
Let muc := mu_c alpha L rho B q mu nu.
Let M := q ^ (2 * nu) * L.
Let c2 := alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q.
Let muJ := mu_J alpha L q mu nu.
Let G w := meta_gradient g H alpha nu w.

Section Ball.
Variables x y : X.
Hypothesis Ux : U x.
Hypothesis Uy : U y.
Let K := DriftLocal.ball x y.
Let in_K z (Hz : K z) : stays g alpha W nu z := trajectories_in x y z Ux Uy Hz.

Lemma c2_nonneg z : K z -> 0 <= c2.
Proof using alpha_nonneg rho_nonneg q_nonneg g_bound trajectories_in Ux Uy.
  intros Hz. pose proof (g_bound _ (in_K z Hz 0%nat (Nat.le_0_l _))) as b0. pose proof (norm_nonneg (g (tuned g alpha 0 z))).
  pose proof (pow_le q nu q_nonneg). pose proof (pow_le q (pred nu) q_nonneg). pose proof (geo_nonneg nu q q_nonneg).
  unfold c2. repeat apply Rmult_le_pos; try assumption; try lra. apply Rmin_glb; lra.
Qed.
Lemma smooth_in u v : K u -> K v -> norm (G u - G v) <= L_F * norm (u - v).
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound g_bound H_bound H_lipschitz trajectories_in Ux Uy.
  intros Hu Hv. exact (S4_contractive g H alpha W alpha_nonneg Wconvex g_derivative H_linear L rho B q q_nonneg factor_bound g_bound
    (H_lip_g g H W L L_nonneg Wconvex g_derivative H_linear H_bound) H_lipschitz L_nonneg rho_nonneg nu u v (in_K u Hu) (in_K v Hv)).
Qed.
(** G - c0 id is r-Lipschitz: a step of length 1/c0 from step_factor, or S4 when c0 = 0. *)
Lemma curved_in u v : K u -> K v -> norm ((G u - (L_F + muc) / 2 * u) - (G v - (L_F + muc) / 2 * v)) <= (L_F - muc) / 2 * norm (u - v).
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear H_symmetric factor_bound g_bound H_bound H_lipschitz H_range trajectories_in Ux Uy.
  intros Hu Hv. assert (eF : L_F = M + c2) by reflexivity. assert (eM : muc = Rmax (- L_F) (muJ - c2)) by reflexivity.
  assert (flat : muc = - L_F -> norm ((G u - (L_F + muc) / 2 * u) - (G v - (L_F + muc) / 2 * v)) <= (L_F - muc) / 2 * norm (u - v)).
  { intros e. rewrite e. replace ((L_F + - L_F) / 2) with 0 by field. replace ((L_F - - L_F) / 2) with L_F by field.
    replace (G u - 0 * u - (G v - 0 * v))%V with (G u - G v)%V by veq. now apply smooth_in. }
  destruct (Rle_lt_dec (muJ - c2) (- L_F)) as [le|gt]; [apply flat; rewrite eM; now apply Rmax_left|].
  assert (ec : muc = muJ - c2) by (rewrite eM; apply Rmax_right; lra).
  set (c0 := (M + muJ) / 2). assert (c00 : 0 < c0) by (unfold c0; rewrite eF in gt; lra).
  replace ((L_F + muc) / 2) with c0 by (rewrite ec, eF; unfold c0; field). replace ((L_F - muc) / 2) with ((M - muJ) / 2 + c2) by (rewrite ec, eF; field).
  assert (b0 : 0 <= / c0) by (left; now apply Rinv_0_lt_compat).
  pose proof (step_factor g H alpha (/ c0) W K L rho B q mu nu alpha_nonneg b0 L_nonneg rho_nonneg q_nonneg Wconvex (DriftLocal.ball_convex x y) g_derivative H_linear H_symmetric
    factor_bound g_bound H_bound H_lipschitz H_range in_K v u Hv Hu) as sf. fold G in sf. fold muJ M c2 in sf.
  change (meta_gradient g H alpha nu u) with (G u) in sf. change (meta_gradient g H alpha nu v) with (G v) in sf.
  assert (e : norm ((G u - c0 * u) - (G v - c0 * v)) = c0 * norm ((u - / c0 * G u) - (v - / c0 * G v))).
  { rewrite <- (Rabs_right c0) at 3 by lra. rewrite <- norm_scal, norm_sub_sym. f_equal. apply inner_ext. intros z. expand. field. lra. }
  rewrite e. destruct (Req_dec (norm (u - v)) 0) as [z|nz].
  - rewrite z in *. rewrite Rmult_0_r in *. pose proof (norm_nonneg ((u - / c0 * G u) - (v - / c0 * G v))) as n0.
    replace (norm ((u - / c0 * G u) - (v - / c0 * G v))) with 0 by lra. lra.
  - pose proof (norm_nonneg (u - v)) as n0.
    pose proof (mu_J_le g H alpha W K L q mu nu alpha_nonneg L_nonneg q_nonneg factor_bound H_bound H_range in_K v (u - v)%V Hv ltac:(lra)) as ml. fold muJ M in ml.
    assert (eP : Rmax (Rabs (1 - / c0 * muJ)) (Rabs (1 - / c0 * M)) = (M - muJ) / 2 * / c0).
    { replace (1 - / c0 * muJ) with ((M - muJ) / 2 * / c0) by (unfold c0; field; unfold c0 in c00; lra).
      replace (1 - / c0 * M) with (- ((M - muJ) / 2 * / c0)) by (unfold c0; field; unfold c0 in c00; lra).
      assert (0 <= (M - muJ) / 2 * / c0) by (apply Rmult_le_pos; lra). rewrite Rabs_Ropp, Rabs_right by lra. apply Rmax_left. lra. }
    rewrite eP in sf. apply Rmult_le_compat_l with (r := c0) in sf; [|lra]. eapply Rle_trans; [exact sf|]. right. field. lra.
Qed.
End Ball.

(** W0+. *)
Theorem meta_curved : DriftLocal.curved_on_balls (meta_loss f g alpha nu) (meta_gradient g H alpha nu) muc L_F U.
Proof using All.
  intros x y Ux Uy. split.
  - intros z Hz. apply (S1 f g H alpha W alpha_nonneg) with (q := q); auto. now apply (trajectories_in x y).
  - intros u v Hu Hv. now apply (curved_in x y).
Qed.
(** -L_F <= mu_c <= L_F, unless the space is a point. *)
Lemma muc_range w d : U w -> 0 < norm d -> - L_F <= muc <= L_F.
Proof using All.
  intros Uw d0. pose proof (DriftLocal.ball_left w w) as Kw. split; [apply Rmax_l|].
  pose proof (c2_nonneg w w Uw Uw w Kw) as c20.
  pose proof (mu_J_le g H alpha W (DriftLocal.ball w w) L q mu nu alpha_nonneg L_nonneg q_nonneg factor_bound H_bound H_range (fun z Hz => trajectories_in w w z Uw Uw Hz) w d Kw d0) as ml.
  fold muJ M in ml. assert (M0 : 0 <= M) by (unfold M; apply Rmult_le_pos; [now apply pow_le|assumption]).
  assert (eF : L_F = M + c2) by reflexivity. unfold muc, mu_c. fold muJ M c2. apply Rmax_lub; rewrite ?eF; fold muJ M c2; lra.
Qed.
End Meta.
