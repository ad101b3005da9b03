(** W0+ for the meta losses, from A2-A6: curvature in [mu_c, L_F] of S4m and S4 on the balls, when W holds the trajectories that start in them. *)
Require Import Space Calculus Smoothness HessianFree StepFactor Sampling Heterogeneity Expectation LocalRun CurvatureBelow MetaStep.
Require DriftLocal OneRound MetaRound.

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

Let L_F := MetaRound.L_F nu alpha L rho B q.
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

(** D1's pair of T1d for the meta losses of n agents, from A2-A6; U holds their exact local paths from w (W0n). *)
Section Agents.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (H : nat -> X -> X -> X) (alpha beta : R) (W U : X -> Prop) (L rho B q mu : R) (nu tau : nat) (w d : X).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis Wconvex : convex W.
Hypothesis f_gradient : forall i w, (i < n)%nat -> W w -> gradient (f i) (g i) w.
Hypothesis g_derivative : forall i w, (i < n)%nat -> W w -> derivative (g i) w (H i w).
Hypothesis H_linear : forall i w, (i < n)%nat -> W w -> linear (H i w).
Hypothesis H_symmetric : forall i w, (i < n)%nat -> W w -> symmetric (H i w).
Hypothesis factor_bound : forall i w d, (i < n)%nat -> W w -> norm (factor (H i) alpha w d) <= q * norm d.
Hypothesis g_bound : forall i w, (i < n)%nat -> W w -> norm (g i w) <= B.
Hypothesis H_bound : forall i w d, (i < n)%nat -> W w -> norm (H i w d) <= L * norm d.
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
Hypothesis H_range : forall i w d, (i < n)%nat -> W w -> mu * norm d ^ 2 <= inner (H i w d) d.
Hypothesis trajectories_in : forall i x y z, (i < n)%nat -> U x -> U y -> DriftLocal.ball x y z -> stays (g i) alpha W nu z.
Let G i u := meta_gradient (g i) (H i) alpha nu u.
Hypothesis paths_in : forall i t, (i < n)%nat -> (t < tau)%nat -> U (OneRound.exact_path G beta w i t).
Hypothesis d_nonzero : 0 < norm d.
Let LF := MetaRound.L_F nu alpha L rho B q.
Let muc := mu_c alpha L rho B q mu nu.
Hypothesis short : beta * INR tau * LF <= 1.

Theorem pair_meta p : OneRound.pair n G beta tau U LF p w ((DriftLocal.P beta tau muc + DriftLocal.P beta tau LF) / 2) ((DriftLocal.P beta tau muc - DriftLocal.P beta tau LF) / 2).
Proof using All.
  assert (range : - LF <= muc <= LF).
  { assert (Hn : (0 < n)%nat) by exact n_pos.
    apply (muc_range (f 0%nat) (g 0%nat) (H 0%nat) alpha W U L rho B q mu nu) with (w := w) (d := d); auto.
    - intros x y z. now apply trajectories_in.
    - exact (paths_in 0%nat 0%nat Hn tau_pos). }
  apply (DriftLocal.pair_local n (fun i => meta_loss (f i) (g i) alpha nu) G beta LF muc p tau U w tau_pos beta_pos range short); auto.
  intros i Hi. apply (meta_curved (f i) (g i) (H i) alpha W U L rho B q mu nu); auto.
  intros x y z. now apply trajectories_in.
Qed.
End Agents.

(** T1d with D1's pair and p = 1 - beta mu_c, from A2-A6, W0+ being derived: one round in any mode. *)
Section Round.
Context {X : space} {Om : Type}.
Implicit Types u v : X.
Variables (n nu tau m : nat) (f : nat -> X -> R) (g : nat -> X -> X) (H : nat -> X -> X -> X).
Variables (alpha beta beta_s : R) (noisy : nat -> X -> Om -> X) (draw : nat -> dist Om).
Variables (L rho B q mu gamma_G gamma_H b sigma : R) (W W0 : X -> Prop) (w d : X).
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
(** A2, A3, A6, A5. *)
Hypothesis f_gradient : forall i w, (i < n)%nat -> W w -> gradient (f i) (g i) w.
Hypothesis g_derivative : forall i w, (i < n)%nat -> W w -> derivative (g i) w (H i w).
Hypothesis H_linear : forall i w, (i < n)%nat -> W w -> linear (H i w).
Hypothesis H_symmetric : forall i w, (i < n)%nat -> W w -> symmetric (H i w).
Hypothesis factor_bound : forall i w d, (i < n)%nat -> W w -> norm (factor (H i) alpha w d) <= q * norm d.
Hypothesis g_bound : forall i w, (i < n)%nat -> W w -> norm (g i w) <= B.
Hypothesis H_bound : forall i w d, (i < n)%nat -> W w -> norm (H i w d) <= L * norm d.
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
Hypothesis H_range : forall i w d, (i < n)%nat -> W w -> mu * norm d ^ 2 <= inner (H i w d) d.
Hypothesis g_spread : forall w, W w -> spread (seq 0 n) (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar n H w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ rmean (seq 0 n) (fun i => e i ^ 2) <= gamma_H ^ 2.
(** W holds the agents' fine-tuning trajectories from the balls whose diameters join points of W0, and the mean loss's from W0. *)
Hypothesis W_agents : forall i x y z, (i < n)%nat -> W0 x -> W0 y -> DriftLocal.ball x y z -> stays (g i) alpha W nu z.
Hypothesis W_mean : forall w, W0 w -> stays (g_bar n g) alpha W nu w.
Let F i := meta_loss (f i) (g i) alpha nu.
Let G i u := meta_gradient (g i) (H i) alpha nu u.
Hypothesis draw_ok : forall i, (i < n)%nat -> proper (draw i).
Hypothesis bias_ok : forall i v, (i < n)%nat -> W0 v -> norm (vex (draw i) (noisy i v) - G i v) <= b.
Hypothesis variance_ok : forall i v, (i < n)%nat -> W0 v -> variance (draw i) (noisy i v) <= sigma ^ 2.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (draw i) beta w t) v -> W0 v.
Hypothesis servers_in : forall A results, In A (subsets m (OneRound.agents n)) -> support (draws (map (OneRound.result noisy draw beta tau w) A)) results -> W0 (OneRound.server beta_s w results).
(** W0n *)
Hypothesis paths_in : forall i t, (i < n)%nat -> (t < tau)%nat -> W0 (OneRound.exact_path G beta w i t).
Hypothesis d_nonzero : 0 < norm d.
Let LF := MetaRound.L_F nu alpha L rho B q.
Let gF := MetaRound.gamma_F nu alpha L rho B q gamma_G gamma_H.
Let muc := mu_c alpha L rho B q mu nu.
Let p := 1 - beta * muc.
Let psi := (DriftLocal.P beta tau muc + DriftLocal.P beta tau LF) / 2.
Let omega := (DriftLocal.P beta tau muc - DriftLocal.P beta tau LF) / 2.
Let HH := OneRound.H beta beta_s tau LF.
Hypothesis short : beta * INR tau * LF <= 1.

Theorem T1d_meta_curved eps zeta c V : OneRound.variance_form beta beta_s tau m LF b sigma p c V -> 0 < eps ->
  (0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau LF b sigma p = 0) -> Rabs (1 - HH * psi) / (2 * eps) + HH / 2 <= c -> (0 < kappa n m -> HH * kappa n m < 2 * c) ->
  OneRound.expected_loss n F noisy draw beta beta_s tau m w <=
  OneRound.F n F w - beta_s * beta * INR tau * OneRound.A beta beta_s tau LF psi omega eps zeta c * norm (OneRound.G n G w) ^ 2
    + beta_s * beta * INR tau * OneRound.N n beta beta_s tau m LF gF b sigma p psi omega zeta c V.
Proof using All.
  assert (Hn : (0 < n)%nat) by (clear -sizes; lia). assert (w_in : W0 w) by exact (paths_in 0%nat 0%nat Hn tau_pos).
  assert (stay : forall i u, (i < n)%nat -> W0 u -> stays (g i) alpha W nu u) by (intros i u Hi Hu; exact (W_agents i u u u Hi Hu Hu (DriftLocal.ball_left u u))).
  assert (range : - LF <= muc <= LF).
  { apply (muc_range (f 0%nat) (g 0%nat) (H 0%nat) alpha W W0 L rho B q mu nu) with (w := w) (d := d); auto. intros x y z. now apply W_agents. }
  assert (one : beta * LF <= 1).
  { assert (0 <= LF) by lra. assert (1 <= INR tau) by (change 1 with (INR 1); now apply le_INR). assert (0 <= beta * LF) by (apply Rmult_le_pos; lra).
    assert (beta * LF * 1 <= beta * LF * INR tau) by (apply Rmult_le_compat_l; lra). lra. }
  assert (p0 : 0 <= p) by (unfold p; assert (beta * muc <= beta * LF) by (apply Rmult_le_compat_l; lra); lra).
  intros HV He Hz Hc Hs.
  apply (MetaRound.T1d_meta n nu tau m f g H alpha beta beta_s noisy draw L rho B q gamma_G gamma_H b sigma W W0); auto.
  - intros i u v Hi Hu Hv. apply (MetaStep.H_lip_g (g i) (H i) W L); auto.
  - intros i u v Hi Hu Hv. apply (step_mu_c (g i) (H i) alpha beta W W0 L rho B q mu nu); auto; lra.
  - apply (pair_meta n f g H alpha beta W W0 L rho B q mu nu tau w d); auto.
Qed.
End Round.
