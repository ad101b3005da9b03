(** T4c: the gap at a fixed point of the full round when every agent's loss is convex; no PL. *)
Require Import Space Calculus Smoothness Sampling OneRoundCases DriftLocal FixedPoint.
Require ExactRound OneRound.

(** Gradient steps of length at most 1/L on a function that is convex and L-smooth on the balls of U. *)
Section Convex.
Context {X : space}.
Variables (F : X -> R) (g : X -> X) (L beta : R) (U : X -> Prop) (w : X) (T : nat).
Hypothesis L_pos : 0 < L.
Hypothesis beta_range : 0 < beta /\ beta * L <= 1.
Hypothesis on_balls : curved_on_balls F g 0 L U.

Lemma cocoercive u v : U u -> U v -> norm (g u - g v) ^ 2 <= L * inner (g u - g v) (u - v).
Proof using on_balls.
  intros Hu Hv. pose proof (curved_pair_square F g 0 L _ u v (on_balls u v Hu Hv) (ball_left u v) (ball_right u v)) as s.
  replace (g u - g v - 0 * (u - v))%V with (g u - g v)%V in s by veq. lra.
Qed.
Lemma no_growth v : U v -> U (v - beta * g v)%V -> norm (g (v - beta * g v)) <= norm (g v).
Proof using L_pos beta_range on_balls.
  intros Hv Hy. set (y := (v - beta * g v)%V) in *. pose proof (cocoercive y v Hy Hv) as c. replace (y - v)%V with ((- beta) * g v)%V in c by (unfold y; veq).
  set (d := (g y - g v)%V) in *. replace (g y) with (g v + d)%V by (unfold d; veq). set (e := g v) in *. rewrite inner_scal_r in c.
  assert (b : beta * L * norm d ^ 2 <= 1 * norm d ^ 2) by (apply Rmult_le_compat_r; [apply pow2_ge_0|apply beta_range]).
  assert (bL : 0 < beta * L) by (apply Rmult_lt_0_compat; [apply beta_range|assumption]).
  assert (k : norm d ^ 2 <= - inner d e) by (apply Rmult_le_reg_l with (beta * L); lra).
  apply Rsqr_incr_0_var; [|apply norm_nonneg]. rewrite !Rsqr_pow2, !norm_sq. rewrite norm_sq in k. expand. rewrite (inner_sym _ e d).
  pose proof (inner_nonneg X d). lra.
Qed.
Definition walk t : X := Nat.iter t (fun v => v - beta * g v)%V w.
Hypothesis walk_in : forall t, (t < T)%nat -> U (walk t).
Lemma walk_gradient t : (t < T)%nat -> norm (g (walk t)) <= norm (g w).
Proof using L_pos beta_range on_balls walk_in.
  induction t as [|t IH]; intros Ht; [simpl; lra|]. assert (Ht' : (t < T)%nat) by (clear -Ht; lia).
  eapply Rle_trans; [apply (no_growth (walk t)); [now apply walk_in|exact (walk_in (S t) Ht)]|now apply IH].
Qed.
Lemma walk_far t : (t < T)%nat -> norm (w - walk t) <= beta * INR t * norm (g w).
Proof using L_pos beta_range on_balls walk_in.
  induction t as [|t IH]; intros Ht; [simpl; replace (w - w)%V with (@zero X) by veq; rewrite norm_zero; lra|]. assert (Ht' : (t < T)%nat) by (clear -Ht; lia). specialize (IH Ht').
  rewrite S_INR. change (walk (S t)) with (walk t - beta * g (walk t))%V. replace (w - (walk t - beta * g (walk t)))%V with ((w - walk t) + beta * g (walk t))%V by veq.
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_right by lra.
  pose proof (walk_gradient t Ht'). assert (beta * norm (g (walk t)) <= beta * norm (g w)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
(** The loss at w against any u, through the gradient at any v. *)
Lemma three_points u v : U w -> U u -> U v -> F w - F u <= inner (g v) (w - u) + L / 2 * norm (w - v) ^ 2.
Proof using on_balls.
  intros Hw Hu Hv. destruct (curved_bounds F g 0 L _ v w (ball_convex v w) (on_balls v w Hv Hw) (ball_left v w) (ball_right v w)) as [_ a].
  destruct (curved_bounds F g 0 L _ v u (ball_convex v u) (on_balls v u Hv Hu) (ball_left v u) (ball_right v u)) as [b _].
  replace (inner (g v) (w - u)) with (inner (g v) (w - v) - inner (g v) (u - v)) by (expand; ring). lra.
Qed.
End Convex.

(** 0 + 1 + 4 + ... + (n-1)^2. *)
Lemma squares_sum n : 6 * rtotal (seq 0 n) (fun t => INR t ^ 2) = (INR n - 1) * INR n * (2 * INR n - 1).
Proof using.
  induction n as [|n IH]; [simpl; ring|]. rewrite seq_S, rtotal_app, Rmult_plus_distr_l, IH, S_INR. simpl (rtotal (_ :: nil) _). ring.
Qed.

Section Gap.
Context {X : space}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (beta beta_s : R) (tau : nat) (L mu_c gamma : R) (W : X -> Prop) (w : X).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_pos : 0 < L.
Let h := beta * INR tau * L.
Hypothesis short : h <= 1.
(** Every F_i convex: W0+ with mu_c >= 0. *)
Hypothesis mu_range : 0 <= mu_c <= L.
Hypothesis W0plus : forall i, (i < n)%nat -> curved_on_balls (f i) (g i) mu_c L W.
Hypothesis w_in : W w.
Hypothesis locals_in : forall i t, (i < n)%nat -> (t < tau)%nat -> W (ExactRound.local g beta i t w).
Hypothesis gamma_bound : spread (ExactRound.agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis fixed : ExactRound.server g beta beta_s tau (ExactRound.agents n) w = w.

Lemma short_step : beta * L <= 1.
Proof using tau_pos beta_pos L_pos short.
  assert (1 <= INR tau) by (change 1 with (INR 1); now apply le_INR). assert (0 < beta * L) by now apply Rmult_lt_0_compat.
  assert (beta * L * 1 <= beta * L * INR tau) by (apply Rmult_le_compat_l; lra). unfold h in short. lra.
Qed.

Lemma convex_balls i : (i < n)%nat -> curved_on_balls (f i) (g i) 0 L W.
Proof using mu_range W0plus. intros Hi p q Hp Hq. exact (curved_convex (f i) (g i) mu_c L _ mu_range (W0plus i Hi p q Hp Hq)). Qed.
(** For every u in W, so for the infimum over W. *)
Lemma gap_from_gradients u : W u -> ExactRound.F n f w - ExactRound.F n f u <=
  h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * rmean (ExactRound.agents n) (fun i => norm (g i w) ^ 2).
Proof using All.
  intros Hu. pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some. pose proof (INR_pos tau tau_pos) as t0.
  assert (tsome : seq 0 tau <> nil) by (destruct tau; [lia|discriminate]).
  assert (one : forall i, In i (ExactRound.agents n) -> f i w - f i u <= inner (ExactRound.average_gradient g beta tau i w) (w - u) +
    h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * norm (g i w) ^ 2).
  { intros i Hi. apply in_seq in Hi. assert (Hn : (i < n)%nat) by lia.
    unfold ExactRound.average_gradient. rewrite inner_mean. rewrite <- (rmean_const (seq 0 tau) (f i w - f i u) tsome).
    apply Rle_trans with (rmean (seq 0 tau) (fun t => inner (g i (ExactRound.local g beta i t w)) (w - u) + L / 2 * beta ^ 2 * norm (g i w) ^ 2 * INR t ^ 2)).
    - apply rmean_le. intros t Ht. apply in_seq in Ht. pose proof (proj2 Ht : (t < tau)%nat) as Htau.
      eapply Rle_trans; [apply (three_points (f i) (g i) L W w (convex_balls i Hn) u (ExactRound.local g beta i t w) w_in Hu (locals_in i t Hn Htau))|].
      apply Rplus_le_compat_l.
      pose proof (walk_far (f i) (g i) L beta W w tau L_pos (conj beta_pos short_step) (convex_balls i Hn) (fun t Ht => locals_in i t Hn Ht) t Htau) as far.
      change (walk (g i) beta w t) with (ExactRound.local g beta i t w) in far.
      replace (L / 2 * beta ^ 2 * norm (g i w) ^ 2 * INR t ^ 2) with (L / 2 * (beta * INR t * norm (g i w)) ^ 2) by ring.
      apply Rmult_le_compat_l; [lra|]. apply pow_incr. split; [apply norm_nonneg|exact far].
    - rewrite rmean_add. apply Rplus_le_compat_l. rewrite rmean_scal. unfold rmean. rewrite seq_length. right.
      pose proof (squares_sum tau) as sq. set (Q := rtotal (seq 0 tau) (fun t => INR t ^ 2)) in *.
      replace Q with ((INR tau - 1) * INR tau * (2 * INR tau - 1) / 6) by (rewrite <- sq; field). unfold h. field. split; lra. }
  unfold ExactRound.F. replace (rmean (ExactRound.agents n) (fun i => f i w) - rmean (ExactRound.agents n) (fun i => f i u))
    with (rmean (ExactRound.agents n) (fun i => f i w + -1 * f i u)) by (rewrite rmean_add, rmean_scal; ring).
  apply Rle_trans with (rmean (ExactRound.agents n) (fun i => inner (ExactRound.average_gradient g beta tau i w) (w - u) +
    h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * norm (g i w) ^ 2)).
  - apply rmean_le. intros i Hi. pose proof (one i Hi). lra.
  - rewrite rmean_add, rmean_scal, <- inner_mean. rewrite (mean_path_zero n g beta beta_s tau w) by assumption. rewrite inner_zero. lra.
Qed.

(** T4c for any pair (psi, omega) of T1d. *)
Theorem T4c psi omega : 0 <= omega -> omega < psi ->
  (forall i, (i < n)%nat -> norm (ExactRound.average_gradient g beta tau i w - psi * g i w) <= omega * norm (g i w)) ->
  forall u, W u -> ExactRound.F n f w - ExactRound.F n f u <=
  h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * gamma ^ 2 * (psi ^ 2 / ((psi + omega) * (psi - omega))).
Proof using All.
  intros o wide pair u Hu. eapply Rle_trans; [now apply gap_from_gradients|].
  pose proof (mean_gradient_square n f g beta beta_s tau gamma w n_pos tau_pos beta_pos beta_s_pos gamma_bound fixed psi omega o pair wide) as ms.
  pose proof (INR_pos tau tau_pos) as t0. assert (1 <= INR tau) by (change 1 with (INR 1); now apply le_INR).
  assert (c0 : 0 <= h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2))).
  { apply Rmult_le_pos; [nonneg|]. apply Rmult_le_pos; [apply Rmult_le_pos; lra|]. left. apply Rinv_0_lt_compat. pose proof (pow_lt (INR tau) 2 t0). lra. }
  replace (h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * gamma ^ 2 * (psi ^ 2 / ((psi + omega) * (psi - omega))))
    with (h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * (gamma ^ 2 * psi ^ 2 / ((psi + omega) * (psi - omega)))) by (unfold Rdiv; ring).
  now apply Rmult_le_compat_l.
Qed.
(** With D1's pair. *)
Corollary T4c_curved u : W u -> ExactRound.F n f w - ExactRound.F n f u <=
  h ^ 2 / L * ((INR tau - 1) * (2 * INR tau - 1) / (12 * INR tau ^ 2)) * gamma ^ 2 * (((P beta tau mu_c + P beta tau L) / 2) ^ 2 / (P beta tau mu_c * P beta tau L)).
Proof using All.
  intros Hu. destruct (curved_pair n f g beta tau w n_pos tau_pos beta_pos L mu_c W ltac:(lra) ltac:(lra) short W0plus locals_in) as (o & wd & pr).
  pose proof (T4c _ _ o wd pr u Hu) as t. rewrite (product_of_P beta tau L mu_c) in t. exact t.
Qed.
End Gap.
