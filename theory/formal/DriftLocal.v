(** D1 under W0+: curvature in [mu, L] only on the balls whose diameters join points of U. Any tau, and mu = L too. *)
Require Import Space Calculus Smoothness Sampling DriftBall DriftPath OneRoundCases.
Require ExactRound OneRound TwoPoints.

Section Curved.
Context {X : space}.
Implicit Types p q u v z : X.
Variables (F : X -> R) (g : X -> X) (mu L : R).

(** The closed ball of diameter [p, q]. *)
Definition ball p q z := inner (z - p) (z - q) <= 0.
Lemma ball_convex p q : convex (ball p q).
Proof using.
  intros x y t Hx Hy Ht. unfold ball in *.
  assert (e : inner (x + t * (y - x) - p) (x + t * (y - x) - q) =
    (1 - t) * inner (x - p) (x - q) + t * inner (y - p) (y - q) - t * (1 - t) * inner (x - y) (x - y)) by (expand; order; ring).
  rewrite e. pose proof (inner_nonneg X (x - y)%V). assert (0 <= t * (1 - t)) by (apply Rmult_le_pos; lra).
  assert (0 <= t * (1 - t) * inner (x - y) (x - y)) by now apply Rmult_le_pos.
  assert (0 <= (1 - t) * - inner (x - p) (x - q)) by (apply Rmult_le_pos; lra). assert (0 <= t * - inner (y - p) (y - q)) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma ball_left p q : ball p q p.
Proof using. unfold ball. replace (p - p)%V with (@zero X) by veq. rewrite inner_zero. lra. Qed.
Lemma ball_right p q : ball p q q.
Proof using. unfold ball. replace (q - q)%V with (@zero X) by veq. rewrite inner_zero_r. lra. Qed.

(** Curvature in [mu, L] on K: g is the gradient of F, and g - c0 is r-Lipschitz, c0 and r the middle and the half width. *)
Definition curved (K : X -> Prop) := (forall u, K u -> gradient F g u) /\
  forall u v, K u -> K v -> norm ((g u - (L + mu) / 2 * u) - (g v - (L + mu) / 2 * v)) <= (L - mu) / 2 * norm (u - v).
(** W0+ *)
Definition curved_on_balls (U : X -> Prop) := forall p q, U p -> U q -> curved (ball p q).

Lemma square_gradient c (u : X) : gradient (fun z : X => c / 2 * norm z ^ 2) (fun z => c * z)%V u.
Proof using.
  intros eps He. exists (eps / (1 + Rabs c)). pose proof (Rabs_pos c). split; [apply Rdiv_lt_0_compat; lra|]. intros y Hy.
  replace (c / 2 * norm y ^ 2 - c / 2 * norm u ^ 2 - inner (c * u) (y - u)) with (c / 2 * norm (y - u) ^ 2) by (rewrite !norm_sq; expand; order; field).
  pose proof (norm_nonneg (y - u)) as n0. set (d := norm (y - u)) in *. rewrite Rabs_mult, (Rabs_right (d ^ 2)) by (apply Rle_ge, pow2_ge_0).
  unfold Rdiv at 1. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. apply Rmult_lt_compat_r with (r := 1 + Rabs c) in Hy; [|lra].
  replace (eps / (1 + Rabs c) * (1 + Rabs c)) with eps in Hy by (field; lra). assert (Rabs c * d <= eps) by (assert (0 <= d * 1) by lra; lra).
  replace (Rabs c * / 2 * d ^ 2) with (Rabs c * d / 2 * d) by field. apply Rmult_le_compat_r; lra.
Qed.
Lemma gradient_add f1 f2 (g1 g2 : X -> X) (u : X) : gradient f1 g1 u -> gradient f2 g2 u -> gradient (fun z => f1 z + f2 z) (fun z => g1 z + g2 z)%V u.
Proof using.
  intros H1 H2 eps He. destruct (H1 (eps / 2) ltac:(lra)) as (d1 & p1 & n1). destruct (H2 (eps / 2) ltac:(lra)) as (d2 & p2 & n2).
  exists (Rmin d1 d2). split; [now apply Rmin_glb_lt|]. intros y Hy. specialize (n1 y (Rlt_le_trans _ _ _ Hy (Rmin_l _ _))). specialize (n2 y (Rlt_le_trans _ _ _ Hy (Rmin_r _ _))).
  replace (f1 y + f2 y - (f1 u + f2 u) - inner (g1 u + g2 u) (y - u)) with ((f1 y - f1 u - inner (g1 u) (y - u)) + (f2 y - f2 u - inner (g2 u) (y - u))) by (rewrite inner_add; ring).
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
Lemma gradient_neg f1 (g1 : X -> X) (u : X) : gradient f1 g1 u -> gradient (fun z => - f1 z) (fun z => -1 * g1 z)%V u.
Proof using.
  intros H1 eps He. destruct (H1 eps He) as (d1 & p1 & n1). exists d1. split; [assumption|]. intros y Hy. specialize (n1 y Hy).
  replace (- f1 y - - f1 u - inner (-1 * g1 u) (y - u)) with (- (f1 y - f1 u - inner (g1 u) (y - u))) by (rewrite inner_scal; ring). now rewrite Rabs_Ropp.
Qed.

Lemma curved_bounds K u v : convex K -> curved K -> K u -> K v ->
  F u + inner (g u) (v - u) + mu / 2 * norm (v - u) ^ 2 <= F v <= F u + inner (g u) (v - u) + L / 2 * norm (v - u) ^ 2.
Proof using.
  intros Kc [grad lip] Hu Hv. set (c0 := (L + mu) / 2) in *. set (r := (L - mu) / 2) in *.
  set (F1 := fun z : X => F z + - c0 / 2 * norm z ^ 2). set (g1 := fun z : X => (g z + - c0 * z)%V).
  assert (gr : forall z, K z -> gradient F1 g1 z) by (intros z Hz; apply (gradient_add F (fun z => - c0 / 2 * norm z ^ 2)); [now apply grad|apply square_gradient]).
  assert (lp : forall a b, K a -> K b -> norm (g1 a - g1 b) <= r * norm (a - b)).
  { intros a b Ha Hb. replace (g1 a - g1 b)%V with ((g a - c0 * a) - (g b - c0 * b))%V by (unfold g1; veq). now apply lip. }
  pose proof (descent K Kc F1 g1 r u v gr lp Hu Hv) as up.
  assert (lp' : forall a b, K a -> K b -> norm (-1 * g1 a - -1 * g1 b) <= r * norm (a - b)).
  { intros a b Ha Hb. replace (-1 * g1 a - -1 * g1 b)%V with (-1 * (g1 a - g1 b))%V by veq. rewrite norm_scal, Rabs_left by lra. pose proof (lp a b Ha Hb). lra. }
  pose proof (descent K Kc (fun z => - F1 z) (fun z => -1 * g1 z)%V r u v (fun z Hz => gradient_neg F1 g1 z (gr z Hz)) lp' Hu Hv) as lo.
  unfold F1, g1 in up, lo. rewrite !inner_scal, !inner_add, !inner_scal in lo. rewrite !inner_add, !inner_scal in up.
  assert (e : norm v ^ 2 = norm u ^ 2 + 2 * inner u (v - u) + norm (v - u) ^ 2) by (rewrite !norm_sq; expand; order; ring).
  rewrite e in up, lo. unfold c0, r in up, lo. split; lra.
Qed.
(** Two points: the inequality of which D1's interpolation inequalities are made. *)
Lemma curved_pair_square (K : X -> Prop) u v : curved K -> K u -> K v -> norm (g u - g v - mu * (u - v)) ^ 2 <= (L - mu) * inner (g u - g v - mu * (u - v)) (u - v).
Proof using.
  intros [_ lip] Hu Hv. pose proof (lip u v Hu Hv) as l. assert (sq : norm ((g u - (L + mu) / 2 * u) - (g v - (L + mu) / 2 * v)) ^ 2 <= ((L - mu) / 2 * norm (u - v)) ^ 2) by (apply pow_incr; split; [apply norm_nonneg|assumption]).
  rewrite Rpow_mult_distr, !norm_sq in sq. rewrite norm_sq. set (dg := (g u - g v)%V). set (d := (u - v)%V) in *.
  replace ((g u - (L + mu) / 2 * u) - (g v - (L + mu) / 2 * v))%V with (dg - (L + mu) / 2 * d)%V in sq by (unfold dg, d; veq). clearbody dg d.
  autorewrite with inner in *. rewrite (inner_sym _ d dg) in *. lra.
Qed.

Variables (U : X -> Prop) (beta : R) (w0 : X) (T : nat).
Hypothesis mu_le_L : mu <= L.
Hypothesis on_balls : curved_on_balls U.
Hypothesis points_in : forall t, (t <= T)%nat -> U (point g beta w0 t).

Let ell := L - mu.
Let f x := F x - F w0 - inner (g w0) (x - w0) - mu / 2 * norm (x - w0) ^ 2.
Let G x : X := (g x - g w0 - mu * (x - w0))%V.

Lemma local_interpolation p q : mu < L -> U p -> U q -> f q + inner (G q) (p - q) + norm (G p - G q) ^ 2 / (2 * ell) <= f p.
Proof using on_balls.
  intros lt Hp Hq. assert (l0 : 0 < ell) by (unfold ell; lra). pose proof (on_balls p q Hp Hq) as cu.
  set (dG := (G p - G q)%V). set (z := (p - / ell * dG)%V). pose proof (curved_pair_square _ p q cu (ball_left p q) (ball_right p q)) as sq.
  replace (g p - g q - mu * (p - q))%V with dG in sq by (unfold dG, G; veq). fold ell in sq.
  assert (Hz : ball p q z).
  { unfold ball, z. replace (p - / ell * dG - p)%V with (- / ell * dG)%V by veq. replace (p - / ell * dG - q)%V with ((p - q) - / ell * dG)%V by veq.
    rewrite inner_scal, inner_add_r, inner_scal_r, inner_scal_r, <- norm_sq. apply Rmult_le_reg_r with (ell * ell); [now apply Rmult_lt_0_compat|].
    replace (- / ell * (inner dG (p - q) + -1 * (/ ell * norm dG ^ 2)) * (ell * ell)) with (norm dG ^ 2 - ell * inner dG (p - q)) by (field; lra). lra. }
  destruct (curved_bounds _ p z (ball_convex p q) cu (ball_left p q) Hz) as [_ up]. destruct (curved_bounds _ q z (ball_convex p q) cu (ball_right p q) Hz) as [lo _].
  assert (up' : f z <= f p + inner (G p) (z - p) + ell / 2 * norm (z - p) ^ 2).
  { clear Hz. clearbody z. unfold f, G, ell. rewrite !norm_sq in *. autorewrite with inner in *. revert up. order. intros up. lra. }
  assert (lo' : f q + inner (G q) (z - q) <= f z).
  { clear Hz. clearbody z. unfold f, G. rewrite !norm_sq in *. autorewrite with inner in *. revert lo. order. intros lo. lra. }
  assert (e1 : inner (G p) (z - p) + ell / 2 * norm (z - p) ^ 2 - inner (G q) (z - q) = - inner (G q) (p - q) - norm dG ^ 2 / (2 * ell)).
  { unfold z, dG. clearbody G. rewrite !norm_sq. expand. order. field. lra. }
  lra.
Qed.
End Curved.

Section Path.
Context {X : space}.
Variables (F : X -> R) (g : X -> X) (mu L beta : R) (U : X -> Prop) (w0 : X) (tau : nat).
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis mu_low : - L <= mu.
Hypothesis mu_le_L : mu <= L.
Hypothesis short : beta * INR tau * L <= 1.
Hypothesis on_balls : curved_on_balls F g mu L U.
Hypothesis points_in : forall t, (t < tau)%nat -> U (point g beta w0 t).
(** P(s) = S_tau(1 - beta s)/tau *)
Definition P s := geo tau (1 - beta * s) / INR tau.
Let psi := (P mu + P L) / 2.
Let omega := (P mu - P L) / 2.
Let ybar : X := mean (seq 0 tau) (fun t => g (point g beta w0 t)).

(** D1, any tau >= 1 and any mu_c in [-L, L], under W0+ for the path's points. *)
Theorem D1_local : 0 <= omega /\ omega < psi /\ norm (ybar - psi * g w0) <= omega * norm (g w0).
Proof using All.
  assert (P_pos : 0 < P L).
  { pose proof (INR_pos tau tau_pos) as t0. assert (t1 : 1 <= INR tau) by (change 1 with (INR 1); now apply le_INR). unfold P. apply Rmult_lt_0_compat; [|now apply Rinv_0_lt_compat].
    assert (m0 : 0 <= 1 - beta * L).
    { destruct (Rle_dec 0 L) as [Hl|]; [|lra]. assert (0 <= beta * L) by (apply Rmult_le_pos; lra). assert (beta * L * 1 <= beta * L * INR tau) by (apply Rmult_le_compat_l; lra). lra. }
    destruct tau as [|T]; [lia|]. rewrite geo_left. pose proof (geo_nonneg T _ m0). assert (0 <= (1 - beta * L) * geo T (1 - beta * L)) by now apply Rmult_le_pos. lra. }
  destruct (Req_dec mu L) as [same|differ].
  - (* F minus L |w|^2 / 2 is affine *)
    assert (o : omega = 0) by (unfold omega; rewrite same; field). assert (ps : psi = P L) by (unfold psi; rewrite same; field).
    rewrite o, ps. split; [lra|split; [assumption|]]. right. rewrite Rmult_0_l.
    assert (aff : forall t, (t < tau)%nat -> g (point g beta w0 t) = ((1 - beta * L) ^ t * g w0)%V).
    { induction t as [|t IH]; intros Ht; [simpl; veq|]. specialize (IH ltac:(lia)). set (v := point g beta w0 t) in *.
      destruct (on_balls (point g beta w0 (S t)) v (points_in (S t) Ht) (points_in t ltac:(lia))) as [_ lip].
      specialize (lip _ _ (ball_left _ _) (ball_right _ _)). rewrite same in lip. replace ((L - L) / 2) with 0 in lip by field. rewrite Rmult_0_l in lip.
      pose proof (norm_nonneg (g (point g beta w0 (S t)) - (L + L) / 2 * point g beta w0 (S t) - (g v - (L + L) / 2 * v))) as nn.
      assert (z : norm (g (point g beta w0 (S t)) - (L + L) / 2 * point g beta w0 (S t) - (g v - (L + L) / 2 * v)) = 0) by lra.
      assert (z2 : norm (g (point g beta w0 (S t)) - (L + L) / 2 * point g beta w0 (S t) - (g v - (L + L) / 2 * v)) ^ 2 = 0) by (rewrite z; ring).
      rewrite norm_sq in z2. apply inner_separates in z2. change (point g beta w0 (S t)) with (v - beta * g v)%V in *.
      apply inner_ext. intros y. assert (e : inner (g (v - beta * g v)%V - (L + L) / 2 * (v - beta * g v)) y = inner (g v - (L + L) / 2 * v) y) by now rewrite z2.
      assert (iv : inner (g v) y = (1 - beta * L) ^ t * inner (g w0) y) by (rewrite IH; now expand).
      autorewrite with inner in *. rewrite iv in e. simpl pow. lra. }
    replace (ybar - P L * g w0)%V with (@zero X); [apply norm_zero|]. apply inner_ext. intros z. unfold ybar. expand. rewrite inner_mean.
    rewrite (rmean_ext _ _ (fun t => (inner (g w0) z) * (1 - beta * L) ^ t)) by (intros t Ht; apply in_seq in Ht; rewrite aff by lia; expand; ring).
    rewrite rmean_scal. unfold rmean, P. rewrite seq_length.
    assert (s : forall k, rtotal (seq 0 k) (fun t => (1 - beta * L) ^ t) = geo k (1 - beta * L)).
    { induction k as [|k IH]; [reflexivity|]. rewrite seq_S, rtotal_app, IH. simpl. ring. }
    rewrite s. unfold Rdiv. ring.
  - assert (lt : mu < L) by lra. destruct tau as [|[|T']] eqn:et; [lia| |].
    + assert (p1 : forall s, P s = 1) by (intros s; unfold P; rewrite et; simpl; field).
      unfold omega, psi. rewrite !p1. split; [lra|split; [lra|]]. right.
      replace (ybar - (1 + 1) / 2 * g w0)%V with (@zero X); [rewrite norm_zero; field|].
      unfold ybar. rewrite ?et. unfold mean. apply inner_ext. intros z. simpl. expand. field.
    + set (T := S T'). assert (HT : (1 <= T)%nat) by (unfold T; lia). assert (sh : beta * INR (S T) * L <= 1) by exact short.
      assert (Uin : forall t, (t <= T)%nat -> U (point g beta w0 t)) by (intros t Ht; apply points_in; unfold T in *; lia).
      pose proof (m_pos' mu L beta T beta_pos lt mu_low sh HT) as m_pos. pose proof (m_lt_u' mu L beta beta_pos lt) as m_lt_u.
      pose proof (m_one mu L beta T beta_pos lt mu_low sh HT) as m_le. pose proof (u_two mu L beta beta_pos mu_low) as u_le. pose proof (short' L beta T sh) as sh'.
      set (u := 1 - beta * mu) in *. set (m := 1 - beta * L) in *. set (ell := L - mu).
      set (f := fun x => F x - F w0 - inner (g w0) (x - w0) - mu / 2 * norm (x - w0) ^ 2). set (G := fun x : X => (g x - g w0 - mu * (x - w0))%V).
      assert (interp : forall p q, U p -> U q -> f q + inner (G q) (p - q) + norm (G p - G q) ^ 2 / (2 * ell) <= f p)
        by (intros p q Hp Hq; exact (local_interpolation F g mu L U w0 on_balls p q lt Hp Hq)).
      set (Z := fun t => ((- / beta) * (point g beta w0 t - w0) - geo t u * g w0)%V).
      assert (el : (u - m) / beta = ell) by (unfold u, m, ell; field; lra).
      assert (dw : forall t, ((- beta) * (geo t u * g w0 + Z t))%V = (point g beta w0 t - w0)%V) by (intros t; unfold Z; apply inner_ext; intros z; expand; field; lra).
      assert (U0 : U w0) by exact (Uin 0%nat (Nat.le_0_l T)).
      assert (f0 : f w0 = 0) by (unfold f; rewrite norm_sq; expand; ring). assert (g0 : G w0 = zero) by (unfold G; veq).
      assert (result : norm (Z (S T)) ^ 2 + (geo (S T) u - geo (S T) m) * inner (Z (S T)) (g w0) <= 0).
      { apply (drift_ball u m beta T (mult_a u m beta T) (mult_b u m beta T) (mult_c u m beta T) beta_pos m_pos m_lt_u HT
          eq_refl (mult_c_end u m beta T HT) (mult_cancel u m beta T beta_pos m_pos m_lt_u)
          (fun t _ => mult_a_def u m beta T beta_pos m_pos m_lt_u t) (fun t _ => mult_b_def u m beta T beta_pos m_pos t)
          (mult_a_nonneg u m beta T beta_pos m_pos m_lt_u m_le u_le sh') (mult_b_nonneg u m beta T beta_pos m_pos m_lt_u) (mult_c_nonneg u m beta T beta_pos m_pos m_lt_u)
          (alpha_signs mu L beta T beta_pos lt mu_low sh HT) (g w0) (fun t => G (point g beta w0 t)) Z (fun t => f (point g beta w0 t))).
        - unfold G. simpl. veq.
        - unfold Z. simpl. veq.
        - intros t. unfold Z, G. rewrite geo_left. change (point g beta w0 (S t)) with (point g beta w0 t - beta * g (point g beta w0 t))%V. apply inner_ext. intros z. expand. unfold u. field. lra.
        - intros t Ht. rewrite dw, el. pose proof (interp w0 (point g beta w0 t) U0 (Uin t ltac:(lia))) as i. rewrite f0, g0 in i.
          replace (norm (zero - G (point g beta w0 t)) ^ 2) with (norm (G (point g beta w0 t)) ^ 2) in i by (rewrite !norm_sq; expand; ring).
          replace (inner (G (point g beta w0 t)) (w0 - point g beta w0 t)) with (- inner (G (point g beta w0 t)) (point g beta w0 t - w0)) in i by (expand; ring). lra.
        - intros t Ht. rewrite el. pose proof (interp (point g beta w0 t) w0 (Uin t ltac:(lia)) U0) as i. rewrite f0, g0, inner_zero in i.
          replace (norm (G (point g beta w0 t) - zero) ^ 2) with (norm (G (point g beta w0 t)) ^ 2) in i by (rewrite !norm_sq; expand; ring). lra.
        - intros t Ht. rewrite !dw, el. pose proof (interp (point g beta w0 t) (point g beta w0 (S t)) (Uin t ltac:(lia)) (Uin (S t) ltac:(lia))) as i.
          replace ((point g beta w0 t - w0) - (point g beta w0 (S t) - w0))%V with (point g beta w0 t - point g beta w0 (S t))%V by veq. exact i. }
      pose proof (INR_pos (S T) ltac:(lia)) as iT. assert (gap : 0 <= geo (S T) u - geo (S T) m) by exact (gap_nonneg u m m_pos m_lt_u (S T)).
      assert (eP : forall s, P s = geo (S T) (1 - beta * s) / INR (S T)) by (intros s; unfold P; rewrite et; reflexivity).
      assert (om : 0 <= omega).
      { unfold omega. rewrite !eP. fold u m. replace ((geo (S T) u / INR (S T) - geo (S T) m / INR (S T)) / 2) with ((geo (S T) u - geo (S T) m) * / (2 * INR (S T))) by (field; lra).
        apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; lra]. }
      split; [assumption|split; [unfold omega, psi; lra|]].
      assert (ey : ybar = (/ INR (S T) * (geo (S T) u * g w0 + Z (S T)))%V).
      { unfold ybar, mean. rewrite ?et, seq_length. unfold Z. fold T. rewrite (moves g beta w0 (S T)). apply inner_ext. intros z. expand. rewrite inner_total. field. split; lra. }
      pose proof (norm_nonneg (g w0)). apply Rsqr_incr_0_var; [|now apply Rmult_le_pos]. rewrite !Rsqr_pow2, Rpow_mult_distr, ey. unfold omega, psi. rewrite !eP. fold u m.
      apply Rmult_le_reg_r with (INR (S T) ^ 2); [now apply pow_lt|].
      replace (((geo (S T) u / INR (S T) - geo (S T) m / INR (S T)) / 2) ^ 2 * norm (g w0) ^ 2 * INR (S T) ^ 2) with ((geo (S T) u - geo (S T) m) ^ 2 / 4 * norm (g w0) ^ 2) by (field; lra).
      replace (norm (/ INR (S T) * (geo (S T) u * g w0 + Z (S T)) - (geo (S T) u / INR (S T) + geo (S T) m / INR (S T)) / 2 * g w0) ^ 2 * INR (S T) ^ 2)
        with (norm (Z (S T)) ^ 2 + (geo (S T) u - geo (S T) m) * inner (Z (S T)) (g w0) + (geo (S T) u - geo (S T) m) ^ 2 / 4 * norm (g w0) ^ 2); [lra|].
      rewrite !norm_sq. expand. order. rewrite ?(inner_sym _ (g w0) (Z (S T))). field. lra.
Qed.
End Path.

(** Curvature at least mu >= 0 is convexity. *)
Lemma curved_convex {X : space} (F : X -> R) (g : X -> X) mu L (K : X -> Prop) : 0 <= mu <= L -> curved F g mu L K -> curved F g 0 L K.
Proof using.
  intros Hm [grad lip]. split; [assumption|]. intros u v Hu Hv. pose proof (lip u v Hu Hv) as l.
  replace ((g u - (L + 0) / 2 * u) - (g v - (L + 0) / 2 * v))%V with (((g u - (L + mu) / 2 * u) - (g v - (L + mu) / 2 * v)) + mu / 2 * (u - v))%V
    by (apply inner_ext; intros z; expand; field).
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_right by lra. lra.
Qed.
(** Curvature everywhere is W0+ for any set. *)
Lemma curved_everywhere {X : space} (F : X -> R) (g : X -> X) mu L U : curved F g mu L (fun _ => True) -> curved_on_balls F g mu L U.
Proof using. intros [grad lip] p q _ _. split; [intros; now apply grad|intros; now apply lip]. Qed.
(** W0+ from Hessians: a symmetric derivative of range [mu, L] on a convex set that holds the balls. *)
Lemma curved_from_hessian {X : space} (F : X -> R) (g : X -> X) (H : X -> X -> X) mu L (K U : X -> Prop) : convex K -> mu <= L ->
  (forall u, K u -> gradient F g u) -> (forall u, K u -> derivative g u (H u)) -> (forall u, K u -> linear (H u)) -> (forall u, K u -> symmetric (H u)) ->
  (forall u d, K u -> mu * norm d ^ 2 <= inner (H u d) d <= L * norm d ^ 2) -> (forall p q z, U p -> U q -> ball p q z -> K z) -> curved_on_balls F g mu L U.
Proof using.
  intros Kc le grad der lin sym range inside p q Hp Hq. split; [intros u Hu; apply grad, (inside p q); assumption|]. intros u v Hu Hv.
  pose proof (inside p q u Hp Hq Hu) as Ku. pose proof (inside p q v Hp Hq Hv) as Kv.
  pose proof (TwoPoints.two_points g H K mu L Kc der lin sym range le v u Kv Ku) as t.
  assert (r0 : 0 <= (L - mu) / 2 * norm (u - v)) by (apply Rmult_le_pos; [lra|apply norm_nonneg]).
  apply Rsqr_incr_0_var; [|assumption]. rewrite !Rsqr_pow2, Rpow_mult_distr, !norm_sq.
  set (dg := (g u - g v)%V) in *. set (d := (u - v)%V) in *. replace ((g u - (L + mu) / 2 * u) - (g v - (L + mu) / 2 * v))%V with (dg - (L + mu) / 2 * d)%V by (unfold dg, d; veq).
  clearbody dg d. autorewrite with inner in *. rewrite (inner_sym _ d dg) in *. lra.
Qed.

(** The pair of T1d under W0+ and W0n. *)
Theorem pair_local {X : space} (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta L mu_c p : R) (tau : nat) (W : X -> Prop) (w : X) :
  (1 <= tau)%nat -> 0 < beta -> - L <= mu_c <= L -> beta * INR tau * L <= 1 -> (forall i, (i < n)%nat -> curved_on_balls (f i) (g i) mu_c L W) ->
  (forall i t, (i < n)%nat -> (t < tau)%nat -> W (OneRound.exact_path g beta w i t)) -> (1 <= n)%nat ->
  OneRound.pair n g beta tau W L p w ((P beta tau mu_c + P beta tau L) / 2) ((P beta tau mu_c - P beta tau L) / 2).
Proof using.
  intros Ht Hb Hm Hs plus inside Hn. right.
  assert (all : forall i, (i < n)%nat -> 0 <= (P beta tau mu_c - P beta tau L) / 2 /\ (P beta tau mu_c - P beta tau L) / 2 < (P beta tau mu_c + P beta tau L) / 2 /\
    norm (mean (seq 0 tau) (fun t => g i (OneRound.exact_path g beta w i t)) - (P beta tau mu_c + P beta tau L) / 2 * g i w) <= (P beta tau mu_c - P beta tau L) / 2 * norm (g i w)).
  { intros i Hi. apply (D1_local (f i) (g i) mu_c L beta W w tau Ht Hb (proj1 Hm) (proj2 Hm) Hs (plus i Hi)). intros t Hlt. now apply inside. }
  split; [apply (all 0%nat); lia|]. intros i Hi. split; [intros; now apply inside|apply all, Hi].
Qed.
