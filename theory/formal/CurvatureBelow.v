(** S4m: a lower bound of the curvature of a meta loss. No derivative of the meta-gradient is needed: a bound for close
    points with a cubic remainder, and a segment cut into ever smaller pieces. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Paths.

Section Monotone.
Context {X : space}.
Implicit Types u v w x y : X.
Variable W : X -> Prop.
Hypothesis Wconvex : convex W.

(** Monotone up to a cubic remainder is monotone. *)
Lemma cut_segment (G : X -> X) c K : 0 <= K ->
  (forall u w, W u -> W w -> c * norm (w - u) ^ 2 - K * norm (w - u) ^ 3 <= inner (G w - G u) (w - u)) ->
  forall u w, W u -> W w -> c * norm (w - u) ^ 2 <= inner (G w - G u) (w - u).
Proof using Wconvex.
  intros HK near u w Hu Hw. set (d := (w - u)%V). pose proof (norm_nonneg d) as d0.
  apply Rnot_lt_le. intros gap. set (e := c * norm d ^ 2 - inner (G w - G u) d) in *.
  assert (e0 : 0 < e) by (unfold e; lra). clear gap.
  assert (k0 : 0 <= K * norm d ^ 3) by (apply Rmult_le_pos; [assumption|now apply pow_le]).
  destruct (archimed_cor1 (e / (1 + K * norm d ^ 3))) as (N & HN & Npos); [apply Rdiv_lt_0_compat; lra|].
  assert (n0 : 0 < INR N) by now apply lt_0_INR.
  set (s := / INR N) in *. assert (s0 : 0 < s) by now apply Rinv_0_lt_compat.
  set (at_ := fun k : nat => (u + (INR k * s) * d)%V).
  assert (inside : forall k, (k <= N)%nat -> W (at_ k)).
  { intros k Hk. apply Wconvex; [assumption|assumption|]. apply le_INR in Hk. pose proof (pos_INR k). split; [nra|].
    replace 1 with (INR N * s) by (unfold s; field; lra). apply Rmult_le_compat_r; lra. }
  assert (sum : forall k, (k <= N)%nat -> INR k * (c * norm d ^ 2 * s - K * norm d ^ 3 * s ^ 2) <= inner (G (at_ k) - G (at_ 0%nat)) d).
  { induction k as [|k IH]; intros Hk.
    - replace (G (at_ 0%nat) - G (at_ 0%nat))%V with (@zero X) by veq. rewrite inner_zero. simpl. lra.
    - specialize (IH ltac:(lia)). pose proof (near (at_ k) (at_ (S k)) (inside k ltac:(lia)) (inside (S k) Hk)) as n.
      assert (eq : (at_ (S k) - at_ k)%V = (s * d)%V) by (unfold at_; rewrite S_INR; veq).
      rewrite eq, norm_scal, Rabs_right, inner_scal_r in n by lra.
      assert (n' : c * norm d ^ 2 * s - K * norm d ^ 3 * s ^ 2 <= inner (G (at_ (S k)) - G (at_ k)) d).
      { apply Rmult_le_reg_l with s; [assumption|]. eapply Rle_trans; [|exact n]. right. ring. }
      rewrite S_INR. autorewrite with inner in *. lra. }
  specialize (sum N (Nat.le_refl _)).
  assert (aN : at_ N = w) by (unfold at_; replace (INR N * s) with 1 by (unfold s; field; lra); unfold d; veq).
  assert (a0 : at_ 0%nat = u) by (unfold at_; simpl INR; rewrite Rmult_0_l; veq). rewrite aN, a0 in sum.
  replace (INR N * (c * norm d ^ 2 * s - K * norm d ^ 3 * s ^ 2)) with (c * norm d ^ 2 - K * norm d ^ 3 * s) in sum by (unfold s; field; lra).
  assert (small : K * norm d ^ 3 * s < e).
  { apply Rle_lt_trans with ((1 + K * norm d ^ 3) * s); [nra|]. apply Rmult_lt_compat_l with (r := 1 + K * norm d ^ 3) in HN; [|lra].
    replace ((1 + K * norm d ^ 3) * (e / (1 + K * norm d ^ 3))) with e in HN by (field; lra). exact HN. }
  unfold e in small. lra.
Qed.

(** A mu-monotone gradient is that of a function above its quadratic models of curvature mu. *)
Lemma above_model F g mu x y :
  (forall u, W u -> gradient F g u) ->
  (forall u v, W u -> W v -> mu * norm (v - u) ^ 2 <= inner (g v - g u) (v - u)) ->
  W x -> W y -> F x + inner (g x) (y - x) + mu / 2 * norm (y - x) ^ 2 <= F y.
Proof using Wconvex.
  intros grad mono Hx Hy. set (d := (y - x)%V).
  pose (phi := fun t => F (x + t * d)%V). pose (lin := fun t : R => inner (g x) d * t). pose (para := fun t : R => mu / 2 * norm d ^ 2 * (t * t)).
  assert (M : (lin + para - phi)%F 1 - (lin + para - phi)%F 0 <= 0).
  { apply mean_value_le with (f' := fun t => inner (g x) d * 1 + mu / 2 * norm d ^ 2 * (1 * t + t * 1) - inner (g (x + t * d)%V) d); intros t Ht;
    assert (Wt : W (x + t * d)%V) by (apply Wconvex; assumption).
    - apply derivable_pt_lim_minus; [apply derivable_pt_lim_plus|].
      + apply derivable_pt_lim_scal, derivable_pt_lim_id.
      + apply derivable_pt_lim_scal, derivable_pt_lim_mult; apply derivable_pt_lim_id.
      + apply (along_line F x d t (inner (g (x + t * d)%V))); [now apply grad|intros; apply inner_scal_r].
    - pose proof (mono x _ Hx Wt) as m. assert (e : (x + t * d - x)%V = (t * d)%V) by veq.
      rewrite e, norm_scal, Rabs_right, inner_scal_r in m by lra.
      destruct (Req_dec t 0) as [->|nz]; [assert (x0 : (x + 0 * d)%V = x) by veq; rewrite x0; lra|].
      assert (m' : mu * norm d ^ 2 * t <= inner (g (x + t * d)%V - g x) d).
      { apply Rmult_le_reg_l with t; [lra|]. eapply Rle_trans; [|exact m]. right. ring. }
      rewrite inner_add, inner_scal in m'. lra. }
  unfold plus_fct, minus_fct, phi, lin, para in M.
  assert (e1 : (x + 1 * d)%V = y) by (unfold d; veq). assert (e0 : (x + 0 * d)%V = x) by veq.
  rewrite e1, e0 in M. lra.
Qed.
End Monotone.

Section CurvatureBelow.
Context {X : space}.
Implicit Types w u d v : X.
Variables (f : X -> R) (g : X -> X) (H : X -> X -> X) (alpha : R) (W W0 : X -> Prop) (L rho B q mu : R) (nu : nat).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis Wconvex : convex W.
Hypothesis W0convex : convex W0.
Hypothesis f_gradient : forall w, W w -> gradient f g w.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis H_symmetric : forall w, W w -> symmetric (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
(** A6: no eigenvalue of a Hessian is below mu. *)
Hypothesis H_range : forall w d, W w -> mu * norm d ^ 2 <= inner (H w d) d.
Hypothesis trajectories_in : forall w, W0 w -> stays g alpha W nu w.

Let G w := meta_gradient g H alpha nu w.
Definition mu_J := if Rle_dec 0 mu then mu * Rmax 0 (1 - alpha * L) ^ (2 * nu) else mu * q ^ (2 * nu).
Definition mu_c := Rmax (- (q ^ (2 * nu) * L + alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q))
  (mu_J - alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q).

(** Trajectories do not come together faster than (1 - alpha L)_+ a step. *)
Lemma tuned_apart l w u : stays g alpha W l w -> stays g alpha W l u ->
  Rmax 0 (1 - alpha * L) ^ l * norm (w - u) <= norm (tuned g alpha l w - tuned g alpha l u).
Proof using alpha_nonneg g_lipschitz.
  intros sw su. set (r := Rmax 0 (1 - alpha * L)). assert (r0 : 0 <= r) by apply Rmax_l.
  induction l as [|l IH]; [simpl; lra|].
  specialize (IH (fun k Hk => sw k ltac:(lia)) (fun k Hk => su k ltac:(lia))).
  change (tuned g alpha (S l) w) with (step g alpha (tuned g alpha l w)). change (tuned g alpha (S l) u) with (step g alpha (tuned g alpha l u)).
  assert (Wx : W (tuned g alpha l w)) by (apply sw; lia). assert (Wy : W (tuned g alpha l u)) by (apply su; lia).
  set (x := tuned g alpha l w) in *. set (y := tuned g alpha l u) in *.
  pose proof (norm_nonneg (x - y)) as n0. pose proof (norm_nonneg (step g alpha x - step g alpha y)) as n1.
  assert (one : (1 - alpha * L) * norm (x - y) <= norm (step g alpha x - step g alpha y)).
  { pose proof (triangle (step g alpha x - step g alpha y) (alpha * (g x - g y))) as t.
    replace (step g alpha x - step g alpha y + alpha * (g x - g y))%V with (x - y)%V in t by (unfold step; veq).
    rewrite norm_scal, Rabs_right in t by lra. pose proof (g_lipschitz x y Wx Wy).
    assert (alpha * norm (g x - g y) <= alpha * (L * norm (x - y))) by now apply Rmult_le_compat_l. lra. }
  apply Rle_trans with (r * norm (x - y)).
  - simpl pow. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
  - unfold r, Rmax. destruct (Rle_dec 0 (1 - alpha * L)); [assumption|lra].
Qed.

(** The Jacobian of a trajectory is its linear model up to a quadratic remainder. *)
Fixpoint remainder l := match l with O => 0 | S l => q * remainder l + alpha * rho / 2 * (q ^ l) ^ 2 end.
Lemma remainder_nonneg l : 0 <= remainder l.
Proof using alpha_nonneg rho_nonneg q_nonneg.
  induction l as [|l IH]; simpl; [lra|]. assert (0 <= alpha * rho) by nra. pose proof (pow2_ge_0 (q ^ l)). simpl in *. nra.
Qed.
Lemma tuned_taylor l w u : stays g alpha W l w -> stays g alpha W l u ->
  norm (tuned g alpha l u - tuned g alpha l w - push H alpha (fun k => tuned g alpha k w) l (u - w)) <= remainder l * norm (u - w) ^ 2.
Proof using alpha_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound H_lipschitz.
  intros sw su. induction l as [|l IH].
  - simpl. replace (u - w - (u - w))%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH (fun k Hk => sw k ltac:(lia)) (fun k Hk => su k ltac:(lia))).
    pose proof (S2 g H alpha W alpha_nonneg Wconvex g_derivative H_linear q q_nonneg factor_bound l u w (fun k Hk => su k ltac:(lia)) (fun k Hk => sw k ltac:(lia))) as s2.
    change (tuned g alpha (S l) w) with (step g alpha (tuned g alpha l w)). change (tuned g alpha (S l) u) with (step g alpha (tuned g alpha l u)).
    assert (Wx : W (tuned g alpha l w)) by (apply sw; lia). assert (Wy : W (tuned g alpha l u)) by (apply su; lia).
    simpl push. set (x := tuned g alpha l w) in *. set (y := tuned g alpha l u) in *. set (j := push H alpha _ l (u - w)) in *.
    assert (rem : norm (g y - g x - H x (y - x)) <= rho / 2 * norm (y - x) ^ 2).
    { apply (taylor W Wconvex); auto; intros; now apply (H_hom H W H_linear). }
    replace (step g alpha y - step g alpha x - factor H alpha x j)%V with
      (factor H alpha x (y - x - j) + (- alpha) * (g y - g x - H x (y - x)))%V
      by (rewrite <- (factor_sub H alpha W H_linear) by assumption; unfold step, factor; veq).
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
    pose proof (factor_bound x (y - x - j)%V Wx) as fb.
    assert (c1 : q * norm (y - x - j) <= q * (remainder l * norm (u - w) ^ 2)) by now apply Rmult_le_compat_l.
    assert (sq : norm (y - x) ^ 2 <= (q ^ l * norm (u - w)) ^ 2) by (apply pow_incr; split; [apply norm_nonneg|assumption]).
    assert (c2 : alpha * norm (g y - g x - H x (y - x)) <= alpha * (rho / 2 * (q ^ l * norm (u - w)) ^ 2)).
    { apply Rmult_le_compat_l; [assumption|]. eapply Rle_trans; [exact rem|]. apply Rmult_le_compat_l; [lra|assumption]. }
    cbn [remainder]. rewrite Rpow_mult_distr in c2. lra.
Qed.

Lemma curvature_near u w : W0 u -> W0 w ->
  (mu_J - alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q) * norm (w - u) ^ 2 - L * q ^ nu * remainder nu * norm (w - u) ^ 3
  <= inner (G w - G u) (w - u).
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz H_range trajectories_in.
  intros Hu Hw. pose proof (trajectories_in u Hu) as su. pose proof (trajectories_in w Hw) as sw.
  pose proof (end_gradient g H alpha W B q alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound g_bound nu u su) as size.
  set (C := Rmin 1 (q ^ nu) * B) in *. pose proof (pow_le q nu q_nonneg) as q0. pose proof (remainder_nonneg nu) as r0.
  unfold G, meta_gradient. rewrite !sweep_is. set (pw := fun l => tuned g alpha l w) in *. set (pu := fun l => tuned g alpha l u) in *.
  change (tuned g alpha nu w) with (pw nu). change (tuned g alpha nu u) with (pu nu) in *. set (d := (w - u)%V).
  assert (in_w : forall l, (l < nu)%nat -> W (pw l)) by (intros; apply sw; lia). assert (in_u : forall l, (l < nu)%nat -> W (pu l)) by (intros; apply su; lia).
  pose proof (norm_nonneg d) as d0.
  set (A := psweep H alpha pw nu (g (pw nu) - g (pu nu))). set (C2 := (psweep H alpha pw nu (g (pu nu)) - psweep H alpha pu nu (g (pu nu)))%V).
  assert (split : (psweep H alpha pw nu (g (pw nu)) - psweep H alpha pu nu (g (pu nu)))%V = (A + C2)%V).
  { unfold A, C2. rewrite <- (psweep_sub H alpha W H_linear) by assumption. veq. }
  rewrite split, inner_add.
  assert (second : - (alpha * rho * C * q ^ pred nu * geo nu q * norm d ^ 2) <= inner C2 d).
  { pose proof (psweep_moves H alpha W rho q alpha_nonneg H_linear q_nonneg factor_bound rho_nonneg H_lipschitz pw pu nu (g (pu nu)) (fun l Hl => conj (in_w l Hl) (in_u l Hl))) as mv.
    fold C2 in mv. pose proof (cauchy_neg C2 d) as cs.
    assert (sum : rtotal (seq 0 nu) (fun l => norm (pw l - pu l)) <= geo nu q * norm d).
    { apply Rle_trans with (rtotal (seq 0 nu) (fun l => norm d * q ^ l)).
      - apply rtotal_le. intros l Hl. apply in_seq in Hl. rewrite Rmult_comm.
        apply (S2 g H alpha W alpha_nonneg Wconvex g_derivative H_linear q q_nonneg factor_bound); intros k Hk; [apply sw|apply su]; lia.
      - rewrite rtotal_scal. right. rewrite Rmult_comm. f_equal. clear. induction nu as [|k IH]; [reflexivity|].
        rewrite seq_S, rtotal_app, IH. simpl. ring. }
    pose proof (pow_le q (pred nu) q_nonneg) as q1. pose proof (geo_nonneg nu q q_nonneg) as g0. pose proof (norm_nonneg (g (pu nu))) as n0.
    assert (norm C2 <= alpha * rho * q ^ pred nu * (geo nu q * norm d) * C).
    { eapply Rle_trans; [exact mv|]. apply Rmult_le_compat; [|assumption| |assumption].
      - repeat apply Rmult_le_pos; try assumption. rewrite <- (Rmult_0_r (INR (length (seq 0 nu)))), <- rtotal_const. apply rtotal_le. intros. apply norm_nonneg.
      - apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|assumption]. }
    assert (norm C2 * norm d <= alpha * rho * q ^ pred nu * (geo nu q * norm d) * C * norm d) by now apply Rmult_le_compat_r.
    replace (alpha * rho * C * q ^ pred nu * geo nu q * norm d ^ 2) with (alpha * rho * q ^ pred nu * (geo nu q * norm d) * C * norm d) by ring. lra. }
  assert (first : mu_J * norm d ^ 2 - L * q ^ nu * remainder nu * norm d ^ 3 <= inner A d).
  { unfold A. rewrite (psweep_adjoint H alpha W) by assumption.
    pose proof (tuned_taylor nu w u sw su) as tt. fold pw in tt. change (tuned g alpha nu u) with (pu nu) in tt. change (tuned g alpha nu w) with (pw nu) in tt.
    set (J := push H alpha pw nu) in *.
    assert (Jneg : J (u - w)%V = (-1 * J d)%V).
    { assert (hom : forall k a v, (k <= nu)%nat -> push H alpha pw k (a * v) = (a * push H alpha pw k v)%V).
      { induction k as [|k IH]; intros a v Hk; [reflexivity|]. simpl. rewrite IH by lia. apply (factor_linear H alpha W H_linear). apply in_w. lia. }
      unfold J. rewrite <- hom by lia. f_equal. unfold d. veq. }
    rewrite Jneg in tt. rewrite (norm_sub_sym u w) in tt. fold d in tt.
    set (D := (pw nu - pu nu)%V). set (e := (pu nu - pw nu - -1 * J d)%V) in *. set (gd := (g (pw nu) - g (pu nu))%V) in *.
    assert (eJ : J d = (D + e)%V) by (unfold e, D; veq). rewrite eJ, inner_add_r.
    assert (Ww : W (pw nu)) by (apply sw; lia). assert (Wu : W (pu nu)) by (apply su; lia).
    assert (mono : mu * norm D ^ 2 <= inner gd D).
    { apply (monotone W Wconvex g H); auto. intros; now apply (H_hom H W H_linear). }
    assert (lower : mu_J * norm d ^ 2 <= mu * norm D ^ 2).
    { unfold mu_J. destruct (Rle_dec 0 mu) as [pos|neg]; rewrite Rmult_assoc.
      - apply Rmult_le_compat_l; [assumption|]. replace (2 * nu)%nat with (nu * 2)%nat by lia. rewrite pow_mult, <- Rpow_mult_distr. apply pow_incr. split.
        + apply Rmult_le_pos; [apply pow_le, Rmax_l|assumption].
        + now apply tuned_apart.
      - assert (norm D ^ 2 <= q ^ (2 * nu) * norm d ^ 2); [|nra]. replace (2 * nu)%nat with (nu * 2)%nat by lia. rewrite pow_mult, <- Rpow_mult_distr.
        apply pow_incr. split; [apply norm_nonneg|]. now apply (S2 g H alpha W). }
    assert (gs : norm gd <= L * (q ^ nu * norm d)).
    { eapply Rle_trans; [now apply g_lipschitz|]. apply Rmult_le_compat_l; [assumption|]. now apply (S2 g H alpha W). }
    pose proof (cauchy_neg gd e) as cs. pose proof (norm_nonneg gd). pose proof (norm_nonneg e).
    assert (norm gd * norm e <= L * (q ^ nu * norm d) * (remainder nu * norm d ^ 2)) by (apply Rmult_le_compat; assumption).
    replace (L * q ^ nu * remainder nu * norm d ^ 3) with (L * (q ^ nu * norm d) * (remainder nu * norm d ^ 2)) by ring. lra. }
  lra.
Qed.

(** S4m: the meta-gradient is mu_c-monotone on W0. *)
Theorem S4m u w : W0 u -> W0 w -> mu_c * norm (w - u) ^ 2 <= inner (meta_gradient g H alpha nu w - meta_gradient g H alpha nu u) (w - u).
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex W0convex g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz H_range trajectories_in.
  intros Hu Hw. unfold mu_c. unfold Rmax at 1. destruct (Rle_dec _ _) as [le|gt].
  - revert u w Hu Hw. apply (cut_segment W0 W0convex G _ (L * q ^ nu * remainder nu)).
    + repeat apply Rmult_le_pos; [assumption|now apply pow_le|apply remainder_nonneg].
    + exact curvature_near.
  - pose proof (S4_contractive g H alpha W alpha_nonneg Wconvex g_derivative H_linear L rho B q q_nonneg factor_bound g_bound g_lipschitz H_lipschitz L_nonneg rho_nonneg nu w u
      (trajectories_in w Hw) (trajectories_in u Hu)) as lip.
    pose proof (cauchy_neg (meta_gradient g H alpha nu w - meta_gradient g H alpha nu u) (w - u)) as cs. pose proof (norm_nonneg (w - u)) as n0.
    set (LF := q ^ (2 * nu) * L + _) in *. apply Rmult_le_compat_r with (r := norm (w - u)) in lip; [|assumption].
    replace (- LF * norm (w - u) ^ 2) with (- (LF * norm (w - u) * norm (w - u))) by ring. lra.
Qed.

(** S4m in terms of the meta loss: F - mu_c norm(w)^2 / 2 is convex on W0. *)
Theorem S4m_loss x y : W0 x -> W0 y ->
  meta_loss f g alpha nu x + inner (meta_gradient g H alpha nu x) (y - x) + mu_c / 2 * norm (y - x) ^ 2 <= meta_loss f g alpha nu y.
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex W0convex f_gradient g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz H_range trajectories_in.
  intros Hx Hy. apply (above_model W0 W0convex (meta_loss f g alpha nu) (meta_gradient g H alpha nu)); auto.
  - intros u Hu. apply (S1 f g H alpha W alpha_nonneg) with (q := q); auto.
  - intros. now apply S4m.
Qed.
(** mu_c <= L_F as soon as W0 has two points. *)
Corollary S4m_below_L_F u w : W0 u -> W0 w -> 0 < norm (w - u) ->
  mu_c <= q ^ (2 * nu) * L + alpha * rho * (Rmin 1 (q ^ nu) * B) * q ^ pred nu * geo nu q.
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex W0convex g_derivative H_linear H_symmetric factor_bound g_bound g_lipschitz H_lipschitz H_range trajectories_in.
  intros Hu Hw n0. pose proof (S4m u w Hu Hw) as low.
  pose proof (S4_contractive g H alpha W alpha_nonneg Wconvex g_derivative H_linear L rho B q q_nonneg factor_bound g_bound g_lipschitz H_lipschitz L_nonneg rho_nonneg nu w u
    (trajectories_in w Hw) (trajectories_in u Hu)) as lip.
  pose proof (cauchy (meta_gradient g H alpha nu w - meta_gradient g H alpha nu u) (w - u)) as cs. set (LF := q ^ (2 * nu) * L + _) in *.
  apply Rmult_le_compat_r with (r := norm (w - u)) in lip; [|lra].
  apply Rmult_le_reg_r with (norm (w - u) * norm (w - u)); [now apply Rmult_lt_0_compat|].
  replace (mu_c * norm (w - u) ^ 2) with (mu_c * (norm (w - u) * norm (w - u))) in low by ring.
  replace (LF * norm (w - u) * norm (w - u)) with (LF * (norm (w - u) * norm (w - u))) in lip by ring. lra.
Qed.
End CurvatureBelow.
