(** p = 1 - beta mu_c: a meta-gradient step stretches no more than the curvature bounds of S4m allow. *)
Require Import Space Calculus Smoothness Taylor HessianFree StepFactor Sampling Paths CurvatureBelow.

Section Cut.
Context {X : space}.
Variable W : X -> Prop.
Hypothesis Wconvex : convex W.
(** Lipschitz up to a quadratic remainder is Lipschitz. *)
Lemma cut_lipschitz (S : X -> X) c K : 0 <= K ->
  (forall u w, W u -> W w -> norm (S w - S u) <= c * norm (w - u) + K * norm (w - u) ^ 2) ->
  forall u w, W u -> W w -> norm (S w - S u) <= c * norm (w - u).
Proof using Wconvex.
  intros HK near u w Hu Hw. set (d := (w - u)%V). pose proof (norm_nonneg d) as d0.
  apply Rnot_lt_le. intros gap. set (e := norm (S w - S u) - c * norm d) in *. assert (e0 : 0 < e) by (unfold e; lra). clear gap.
  assert (k0 : 0 <= K * norm d ^ 2) by (apply Rmult_le_pos; [assumption|now apply pow_le]).
  destruct (archimed_cor1 (e / (1 + K * norm d ^ 2))) as (N & HN & Npos); [apply Rdiv_lt_0_compat; lra|].
  assert (n0 : 0 < INR N) by now apply lt_0_INR. set (s := / INR N) in *. assert (s0 : 0 < s) by now apply Rinv_0_lt_compat.
  set (at_ := fun k : nat => (u + (INR k * s) * d)%V).
  assert (inside : forall k, (k <= N)%nat -> W (at_ k)).
  { intros k Hk. apply Wconvex; [assumption|assumption|]. apply le_INR in Hk. pose proof (pos_INR k). split; [nra|].
    replace 1 with (INR N * s) by (unfold s; field; lra). apply Rmult_le_compat_r; lra. }
  assert (sum : forall k, (k <= N)%nat -> norm (S (at_ k) - S (at_ 0%nat)) <= INR k * (c * norm d * s + K * norm d ^ 2 * s ^ 2)).
  { induction k as [|k IH]; intros Hk.
    - replace (S (at_ 0%nat) - S (at_ 0%nat))%V with (@zero X) by veq. rewrite norm_zero. simpl. lra.
    - specialize (IH ltac:(lia)). pose proof (near (at_ k) (at_ (Datatypes.S k)) (inside k ltac:(lia)) (inside (Datatypes.S k) Hk)) as n.
      assert (eq : (at_ (Datatypes.S k) - at_ k)%V = (s * d)%V) by (unfold at_; rewrite S_INR; veq).
      rewrite eq, norm_scal, Rabs_right in n by lra. rewrite S_INR.
      pose proof (triangle (S (at_ (Datatypes.S k)) - S (at_ k)) (S (at_ k) - S (at_ 0%nat))) as t.
      replace (S (at_ (Datatypes.S k)) - S (at_ k) + (S (at_ k) - S (at_ 0%nat)))%V with (S (at_ (Datatypes.S k)) - S (at_ 0%nat))%V in t by veq. lra. }
  specialize (sum N (Nat.le_refl _)).
  assert (aN : at_ N = w) by (unfold at_; replace (INR N * s) with 1 by (unfold s; field; lra); unfold d; veq).
  assert (a0 : at_ 0%nat = u) by (unfold at_; simpl INR; rewrite Rmult_0_l; veq). rewrite aN, a0 in sum.
  replace (INR N * (c * norm d * s + K * norm d ^ 2 * s ^ 2)) with (c * norm d + K * norm d ^ 2 * s) in sum by (unfold s; field; lra).
  assert (small : K * norm d ^ 2 * s < e).
  { apply Rle_lt_trans with ((1 + K * norm d ^ 2) * s); [nra|]. apply Rmult_lt_compat_l with (r := 1 + K * norm d ^ 2) in HN; [|lra].
    replace ((1 + K * norm d ^ 2) * (e / (1 + K * norm d ^ 2))) with e in HN by (field; lra). exact HN. }
  unfold e in small. lra.
Qed.
End Cut.

Section StepLipschitz.
Context {X : space}.
Implicit Types w u d v : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha beta : R) (W W0 : X -> Prop) (L rho B q mu : R) (nu : nat).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis beta_nonneg : 0 <= beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis Wconvex : convex W.
Hypothesis W0convex : convex W0.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis H_symmetric : forall w, W w -> symmetric (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
Hypothesis H_range : forall w d, W w -> mu * norm d ^ 2 <= inner (H w d) d.
Hypothesis trajectories_in : forall w, W0 w -> stays g alpha W nu w.

Let muJ := mu_J alpha L q mu nu.
Let C := Rmin 1 (q ^ nu) * B.
Let c2 := alpha * rho * C * q ^ pred nu * geo nu q.
Let P := Rmax (Rabs (1 - beta * muJ)) (Rabs (1 - beta * (q ^ (2 * nu) * L))).

Lemma push_linear p k : (forall l, (l < k)%nat -> W (p l)) -> linear (push H alpha p k).
Proof using H_linear.
  induction k as [|k IH]; intros Hp; [split; reflexivity|]. destruct (IH (fun l Hl => Hp l ltac:(lia))) as [add hom].
  destruct (factor_linear H alpha W H_linear (p k) (Hp k (Nat.lt_succ_diag_r k))) as [fadd fhom]. split; intros; simpl; rewrite ?add, ?hom; auto.
Qed.
Lemma push_size p k d : (forall l, (l < k)%nat -> W (p l)) ->
  Rmax 0 (1 - alpha * L) ^ k * norm d <= norm (push H alpha p k d) <= q ^ k * norm d.
Proof using alpha_nonneg q_nonneg factor_bound H_bound.
  induction k as [|k IH]; intros Hp; [simpl; lra|]. destruct (IH (fun l Hl => Hp l ltac:(lia))) as [lo hi]. cbn [push]. set (y := push H alpha p k d) in *.
  assert (Wk : W (p k)) by (apply Hp; lia). pose proof (norm_nonneg y) as y0. set (r := Rmax 0 (1 - alpha * L)) in *. assert (r0 : 0 <= r) by apply Rmax_l. split.
  - apply Rle_trans with (r * norm y); [simpl pow; rewrite Rmult_assoc; now apply Rmult_le_compat_l|].
    pose proof (triangle (factor H alpha (p k) y) (alpha * H (p k) y)) as t.
    replace (factor H alpha (p k) y + alpha * H (p k) y)%V with y in t by (unfold factor; veq). rewrite norm_scal, Rabs_right in t by lra.
    pose proof (H_bound (p k) y Wk) as hb. apply Rmult_le_compat_l with (r := alpha) in hb; [|assumption]. pose proof (norm_nonneg (factor H alpha (p k) y)).
    unfold r, Rmax. destruct (Rle_dec 0 (1 - alpha * L)); lra.
  - eapply Rle_trans; [now apply factor_bound|]. simpl pow. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.

(** The Jacobian's part of the curvature: J^T H J has its range in [mu_J, q^(2 nu) L]. *)
Lemma middle_bound w d : W0 w ->
  let p := fun l => tuned g alpha l w in norm (d - beta * psweep H alpha p nu (H (p nu) (push H alpha p nu d))) <= P * norm d.
Proof using alpha_nonneg beta_nonneg L_nonneg q_nonneg H_linear H_symmetric factor_bound H_bound H_range trajectories_in.
  intros Hw p. assert (Wp : forall l, (l <= nu)%nat -> W (p l)) by (intros l Hl; now apply trajectories_in).
  assert (Wp' : forall l, (l < nu)%nat -> W (p l)) by (intros; apply Wp; lia). assert (Wn : W (p nu)) by now apply Wp.
  revert d. apply (q_from_range beta muJ (q ^ (2 * nu) * L) beta_nonneg (fun d => psweep H alpha p nu (H (p nu) (push H alpha p nu d)))).
  - destruct (psweep_linear H alpha W H_linear p nu Wp') as [a1 h1]. destruct (H_linear (p nu) Wn) as [a2 h2]. destruct (push_linear p nu Wp') as [a3 h3].
    split; intros; [now rewrite a3, a2, a1|now rewrite h3, h2, h1].
  - intros d e. rewrite (psweep_adjoint H alpha W) by assumption. rewrite (H_symmetric (p nu) Wn). rewrite (inner_sym _ d), (psweep_adjoint H alpha W) by assumption. apply inner_sym.
  - intros d. rewrite (psweep_adjoint H alpha W) by assumption. destruct (push_size p nu d Wp') as [lo hi]. set (y := push H alpha p nu d) in *.
    assert (e2 : forall x : R, x ^ (2 * nu) = (x ^ nu) ^ 2) by (intros x; rewrite <- pow_mult; f_equal; lia).
    assert (hi2 : norm y ^ 2 <= q ^ (2 * nu) * norm d ^ 2) by (rewrite e2, <- Rpow_mult_distr; apply pow_incr; split; [apply norm_nonneg|assumption]).
    split.
    + eapply Rle_trans; [|now apply H_range]. unfold muJ, mu_J. destruct (Rle_dec 0 mu) as [pos|neg]; rewrite Rmult_assoc.
      * apply Rmult_le_compat_l; [assumption|]. rewrite e2, <- Rpow_mult_distr. apply pow_incr. split; [|assumption]. apply Rmult_le_pos; [apply pow_le, Rmax_l|apply norm_nonneg].
      * nra.
    + eapply Rle_trans; [apply cauchy|]. pose proof (H_bound (p nu) y Wn) as hb. pose proof (norm_nonneg y). apply Rmult_le_compat_r with (r := norm y) in hb; [|assumption].
      apply Rmult_le_compat_l with (r := L) in hi2; [|assumption]. lra.
Qed.

Lemma H_lip_g w u : W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Proof using Wconvex g_derivative H_linear H_bound L_nonneg.
  intros Hw Hu. apply (mean_value W Wconvex g H L u w); auto. intros. now apply (H_hom H W H_linear).
Qed.
Definition excess := q ^ nu * (rho / 2 * (q ^ nu) ^ 2 + L * remainder alpha rho q nu).
Lemma excess_nonneg : 0 <= excess.
Proof using alpha_nonneg rho_nonneg q_nonneg L_nonneg.
  unfold excess. pose proof (remainder_nonneg alpha rho q alpha_nonneg rho_nonneg q_nonneg nu). pose proof (pow_le q nu q_nonneg). pose proof (pow2_ge_0 (q ^ nu)).
  apply Rmult_le_pos; [assumption|]. apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
Qed.

Lemma step_near u w : W0 u -> W0 w ->
  norm ((w - beta * meta_gradient g H alpha nu w) - (u - beta * meta_gradient g H alpha nu u)) <= (P + beta * c2) * norm (w - u) + beta * excess * norm (w - u) ^ 2.
Proof using alpha_nonneg beta_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear H_symmetric factor_bound g_bound H_bound H_lipschitz H_range trajectories_in.
  intros Hu Hw. pose proof (trajectories_in u Hu) as su. pose proof (trajectories_in w Hw) as sw.
  pose proof (middle_bound w (w - u)%V Hw) as mb. cbv zeta in mb.
  pose proof (end_gradient g H alpha W B q alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound g_bound nu u su) as size. fold C in size.
  unfold meta_gradient. rewrite !sweep_is. set (pw := fun l => tuned g alpha l w) in *. set (pu := fun l => tuned g alpha l u) in *.
  change (tuned g alpha nu w) with (pw nu). change (tuned g alpha nu u) with (pu nu) in *. set (d := (w - u)%V) in *.
  assert (in_w : forall l, (l < nu)%nat -> W (pw l)) by (intros; apply sw; lia). assert (in_u : forall l, (l < nu)%nat -> W (pu l)) by (intros; apply su; lia).
  assert (Ww : W (pw nu)) by (apply sw; lia). assert (Wu : W (pu nu)) by (apply su; lia). pose proof (norm_nonneg d) as d0. pose proof (pow_le q nu q_nonneg) as q0.
  set (M := psweep H alpha pw nu (H (pw nu) (push H alpha pw nu d))) in *. set (C2 := (psweep H alpha pw nu (g (pu nu)) - psweep H alpha pu nu (g (pu nu)))%V).
  set (rest := (g (pw nu) - g (pu nu) - H (pw nu) (push H alpha pw nu d))%V).
  assert (S2u : forall l, (l <= nu)%nat -> norm (pw l - pu l) <= q ^ l * norm d).
  { intros l Hl. apply (S2 g H alpha W alpha_nonneg Wconvex g_derivative H_linear q q_nonneg factor_bound); intros k Hk; [apply sw|apply su]; lia. }
  assert (tt : norm (pw nu - pu nu - push H alpha pw nu d) <= remainder alpha rho q nu * norm d ^ 2).
  { pose proof (tuned_taylor g H alpha W rho q alpha_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound H_lipschitz nu w u sw su) as t. fold pw in t.
    change (tuned g alpha nu u) with (pu nu) in t. change (tuned g alpha nu w) with (pw nu) in t.
    replace (u - w)%V with (-1 * d)%V in t by (unfold d; veq). rewrite (proj2 (push_linear pw nu in_w)), norm_scal, Rabs_left in t by lra.
    rewrite norm_sub_sym in t. replace (-1 * push H alpha pw nu d - (pu nu - pw nu))%V with (pw nu - pu nu - push H alpha pw nu d)%V in t by veq.
    replace (- -1 * norm d) with (norm d) in t by ring. exact t. }
  assert (rb : norm rest <= (rho / 2 * (q ^ nu) ^ 2 + L * remainder alpha rho q nu) * norm d ^ 2).
  { pose proof (taylor W Wconvex g H rho (pw nu) (pu nu) g_derivative (fun w a d Hw => H_hom H W H_linear w a d Hw) (fun w d Hw => H_lipschitz w (pw nu) d Hw Ww) rho_nonneg Ww Wu) as ty.
    set (r1 := (g (pu nu) - g (pw nu) - H (pw nu) (pu nu - pw nu))%V) in *.
    replace rest with ((-1) * r1 + H (pw nu) (pw nu - pu nu - push H alpha pw nu d))%V.
    2:{ unfold rest, r1. destruct (H_linear (pw nu) Ww) as [ad ho]. rewrite !ad, !ho. veq. }
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_left by lra. pose proof (H_bound (pw nu) (pw nu - pu nu - push H alpha pw nu d)%V Ww) as hb.
    apply Rmult_le_compat_l with (r := L) in tt; [|assumption]. rewrite (norm_sub_sym (pu nu)) in ty.
    assert (sq : norm (pw nu - pu nu) ^ 2 <= (q ^ nu * norm d) ^ 2) by (apply pow_incr; split; [apply norm_nonneg|now apply S2u]).
    rewrite Rpow_mult_distr in sq. apply Rmult_le_compat_l with (r := rho / 2) in sq; [|lra]. lra. }
  assert (second : norm C2 <= c2 * norm d).
  { pose proof (psweep_moves H alpha W rho q alpha_nonneg H_linear q_nonneg factor_bound rho_nonneg H_lipschitz pw pu nu (g (pu nu)) (fun l Hl => conj (in_w l Hl) (in_u l Hl))) as mv. fold C2 in mv.
    assert (sum : rtotal (seq 0 nu) (fun l => norm (pw l - pu l)) <= geo nu q * norm d).
    { apply Rle_trans with (rtotal (seq 0 nu) (fun l => norm d * q ^ l)).
      - apply rtotal_le. intros l Hl. apply in_seq in Hl. rewrite Rmult_comm. apply S2u. lia.
      - rewrite rtotal_scal. right. rewrite Rmult_comm. f_equal. clear. induction nu as [|k IH]; [reflexivity|]. rewrite seq_S, rtotal_app, IH. simpl. ring. }
    pose proof (pow_le q (pred nu) q_nonneg) as q1. pose proof (geo_nonneg nu q q_nonneg) as g0. pose proof (norm_nonneg (g (pu nu))) as n0.
    eapply Rle_trans; [exact mv|]. replace (c2 * norm d) with (alpha * rho * q ^ pred nu * (geo nu q * norm d) * C) by (unfold c2; ring).
    apply Rmult_le_compat; [|assumption| |assumption].
    - repeat apply Rmult_le_pos; try assumption. rewrite <- (Rmult_0_r (INR (length (seq 0 nu)))), <- rtotal_const. apply rtotal_le. intros. apply norm_nonneg.
    - apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|assumption]. }
  replace (w - beta * psweep H alpha pw nu (g (pw nu)) - (u - beta * psweep H alpha pu nu (g (pu nu))))%V with
    ((d - beta * M) + ((- beta) * psweep H alpha pw nu rest + (- beta) * C2))%V.
  2:{ unfold rest, C2, M, d. destruct (psweep_linear H alpha W H_linear pw nu in_w) as [ad ho]. rewrite !ad, !ho. veq. }
  eapply Rle_trans; [apply triangle|]. pose proof (triangle ((- beta) * psweep H alpha pw nu rest) ((- beta) * C2)) as t2.
  rewrite !norm_scal, Rabs_Ropp, Rabs_right in t2 by lra.
  pose proof (psweep_bound H alpha W q q_nonneg factor_bound pw nu rest in_w) as pb. apply Rmult_le_compat_l with (r := q ^ nu) in rb; [|assumption].
  assert (t3 : norm (psweep H alpha pw nu rest) <= excess * norm d ^ 2) by (unfold excess; lra).
  apply Rmult_le_compat_l with (r := beta) in t3; [|assumption]. apply Rmult_le_compat_l with (r := beta) in second; [|assumption]. lra.
Qed.

(** The step's factor from the Jacobian's range and S4's second term. *)
Theorem step_factor u w : W0 u -> W0 w ->
  norm ((w - beta * meta_gradient g H alpha nu w) - (u - beta * meta_gradient g H alpha nu u)) <= (P + beta * c2) * norm (w - u).
Proof using alpha_nonneg beta_nonneg L_nonneg rho_nonneg q_nonneg Wconvex W0convex g_derivative H_linear H_symmetric factor_bound g_bound H_bound H_lipschitz H_range trajectories_in.
  revert u w. apply (cut_lipschitz W0 W0convex (fun w => w - beta * meta_gradient g H alpha nu w)%V (P + beta * c2) (beta * excess)).
  - apply Rmult_le_pos; [assumption|exact excess_nonneg].
  - exact step_near.
Qed.
Lemma mu_J_le w d : W0 w -> 0 < norm d -> muJ <= q ^ (2 * nu) * L.
Proof using alpha_nonneg L_nonneg q_nonneg factor_bound H_bound H_range trajectories_in.
  intros Hw d0. set (p := fun l => tuned g alpha l w). assert (Wp : forall l, (l <= nu)%nat -> W (p l)) by (intros l Hl; now apply trajectories_in).
  assert (Wn : W (p nu)) by now apply Wp. destruct (push_size p nu d (fun l Hl => Wp l (Nat.lt_le_incl _ _ Hl))) as [lo hi]. set (y := push H alpha p nu d) in *.
  assert (e2 : forall x : R, x ^ (2 * nu) = (x ^ nu) ^ 2) by (intros x; rewrite <- pow_mult; f_equal; lia).
  assert (hi2 : norm y ^ 2 <= q ^ (2 * nu) * norm d ^ 2) by (rewrite e2, <- Rpow_mult_distr; apply pow_incr; split; [apply norm_nonneg|assumption]).
  assert (low : muJ * norm d ^ 2 <= mu * norm y ^ 2).
  { unfold muJ, mu_J. destruct (Rle_dec 0 mu) as [pos|neg]; rewrite Rmult_assoc; [|nra].
    apply Rmult_le_compat_l; [assumption|]. rewrite e2, <- Rpow_mult_distr. apply pow_incr. split; [|assumption]. apply Rmult_le_pos; [apply pow_le, Rmax_l|lra]. }
  pose proof (H_range (p nu) y Wn) as hr. pose proof (cauchy (H (p nu) y) y) as cs. pose proof (H_bound (p nu) y Wn) as hb. pose proof (norm_nonneg y).
  apply Rmult_le_compat_r with (r := norm y) in hb; [|assumption]. apply Rmult_le_compat_l with (r := L) in hi2; [|assumption].
  apply Rmult_le_reg_r with (norm d ^ 2); [now apply pow_lt|]. lra.
Qed.
(** p = 1 - beta mu_c, the p of T1d, for beta L_F <= 1. *)
Theorem step_mu_c u w : W0 u -> W0 w -> beta * (q ^ (2 * nu) * L + c2) <= 1 ->
  norm ((w - beta * meta_gradient g H alpha nu w) - (u - beta * meta_gradient g H alpha nu u)) <= (1 - beta * mu_c alpha L rho B q mu nu) * norm (w - u).
Proof using alpha_nonneg beta_nonneg L_nonneg rho_nonneg q_nonneg Wconvex W0convex g_derivative H_linear H_symmetric factor_bound g_bound H_bound H_lipschitz H_range trajectories_in.
  intros Hu Hw short. set (LF := q ^ (2 * nu) * L + c2) in *. pose proof (norm_nonneg (w - u)) as n0.
  assert (eq : mu_c alpha L rho B q mu nu = Rmax (- LF) (muJ - c2)) by reflexivity. rewrite eq.
  assert (second : - LF <= muJ - c2 -> norm ((w - beta * meta_gradient g H alpha nu w) - (u - beta * meta_gradient g H alpha nu u)) <= (1 - beta * (muJ - c2)) * norm (w - u)).
  { intros _. pose proof (step_factor u w Hu Hw) as sf. destruct (Req_dec (norm (w - u)) 0) as [z|nz]; [rewrite z in *; lra|].
    pose proof (mu_J_le w (w - u)%V Hw ltac:(lra)) as le.
    assert (c0 : 0 <= c2).
    { unfold c2, C. pose proof (g_bound _ (trajectories_in w Hw nu (Nat.le_refl _))). pose proof (norm_nonneg (g (tuned g alpha nu w))). pose proof (pow_le q nu q_nonneg).
      pose proof (pow_le q (pred nu) q_nonneg). pose proof (geo_nonneg nu q q_nonneg). repeat apply Rmult_le_pos; try assumption; try lra. apply Rmin_glb; lra. }
    pose proof (Rmult_le_pos _ _ beta_nonneg c0) as bc. assert (small : beta * (q ^ (2 * nu) * L) <= 1) by (unfold LF in short; lra).
    assert (le' : beta * muJ <= beta * (q ^ (2 * nu) * L)) by now apply Rmult_le_compat_l.
    assert (eP : P <= 1 - beta * muJ) by (unfold P; apply Rmax_lub; rewrite Rabs_right; lra).
    eapply Rle_trans; [exact sf|]. apply Rmult_le_compat_r; [assumption|lra]. }
  unfold Rmax. destruct (Rle_dec (- LF) (muJ - c2)) as [le|gt]; [now apply second|].
  replace ((w - beta * meta_gradient g H alpha nu w) - (u - beta * meta_gradient g H alpha nu u))%V
    with ((w - u) + (- beta) * (meta_gradient g H alpha nu w - meta_gradient g H alpha nu u))%V by veq.
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
  pose proof (S4_contractive g H alpha W alpha_nonneg Wconvex g_derivative H_linear L rho B q q_nonneg factor_bound g_bound H_lip_g H_lipschitz L_nonneg rho_nonneg nu w u
    (trajectories_in w Hw) (trajectories_in u Hu)) as lip. fold C c2 LF in lip. apply Rmult_le_compat_l with (r := beta) in lip; [|assumption]. lra.
Qed.
End StepLipschitz.
