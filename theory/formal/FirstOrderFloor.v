(** C1: mode FO with one local step and all agents; its floor is of second order in the heterogeneity. *)
Require Import Space Calculus Smoothness Sampling Expectation Heterogeneity OneRoundCases.

Section Linear.
Context {X : space}.
Variable T : X -> X.
Hypothesis T_linear : linear T.
Lemma linear_zero : T zero = zero.
Proof using T_linear. destruct T_linear as [_ hom]. replace (@zero X) with (0 * @zero X)%V at 1 by veq. rewrite hom. veq. Qed.
Lemma linear_vex {A} (P : dist A) (y : A -> X) : T (vex P y) = vex P (fun i => T (y i)).
Proof using T_linear.
  destruct T_linear as [add hom]. unfold vex. induction P as [|pa l IH]; [apply linear_zero|]. cbn [total fold_right]. now rewrite add, hom; f_equal.
Qed.
Lemma linear_sub u v : T (u - v)%V = (T u - T v)%V.
Proof using T_linear. destruct T_linear as [add hom]. now rewrite add, hom. Qed.
End Linear.

Section Sweep.
Context {X : space}.
Variables (g : X -> X) (H : X -> X -> X) (alpha q L : R) (W : X -> Prop).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis q_nonneg : 0 <= q.
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.

Lemma sweep_linear nu w : stays g alpha W nu w -> linear (sweep g H alpha nu w).
Proof using H_linear.
  induction nu as [|nu IH]; intros s; [split; reflexivity|]. destruct IH as [add hom]; [intros l Hl; apply s; lia|].
  destruct (H_linear _ (s nu ltac:(lia))) as [hadd hhom]. simpl. split.
  - intros u v. rewrite <- add. f_equal. unfold factor. rewrite hadd. veq.
  - intros a u. rewrite <- hom. f_equal. unfold factor. rewrite hhom. veq.
Qed.

Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis L_nonneg : 0 <= L.
(** |J^T v - v| <= alpha L S_nu(q) |v|. *)
Lemma sweep_near nu w v : stays g alpha W nu w -> norm (sweep g H alpha nu w v - v) <= alpha * L * geo nu q * norm v.
Proof using All.
  revert w. induction nu as [|nu IH]; intros w s.
  - simpl. replace (v - v)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - rewrite sweep_first. pose proof (stays_here _ _ _ _ _ s) as Hw. specialize (IH _ (stays_next _ _ _ _ _ s)). rewrite geo_left.
    set (u := sweep g H alpha nu (step g alpha w) v) in *.
    replace (factor H alpha w u - v)%V with (factor H alpha w (u - v)%V + (- alpha) * H w v)%V
      by (rewrite <- (factor_sub H alpha W H_linear) by assumption; unfold factor; veq).
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
    pose proof (factor_bound w (u - v)%V Hw) as f1. pose proof (H_bound w v Hw) as f2.
    assert (q * norm (u - v) <= q * (alpha * L * geo nu q * norm v)) by now apply Rmult_le_compat_l.
    assert (alpha * norm (H w v) <= alpha * (L * norm v)) by now apply Rmult_le_compat_l. lra.
Qed.
End Sweep.

Section FirstOrder.
Context {X : space}.
Variables (n nu : nat) (f : nat -> X -> R) (g : nat -> X -> X) (H : nat -> X -> X -> X).
Variables (alpha beta L L_F rho q gamma_G gamma_H F_star : R) (W W0 : X -> Prop).
(** The weights of the agents. *)
Variable P : dist nat.
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis P_proper : proper P.
Hypothesis P_agents : forall i, support P i -> (i < n)%nat.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis beta_pos : 0 < beta.
Hypothesis q_nonneg : 0 <= q.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Hypothesis Wconvex : convex W.
Hypothesis W0convex : convex W0.
(** A2 (without the bound B), A3, A5 *)
Hypothesis f_gradient : forall i w, (i < n)%nat -> W w -> gradient (f i) (g i) w.
Hypothesis g_derivative : forall i w, (i < n)%nat -> W w -> derivative (g i) w (H i w).
Hypothesis H_linear : forall i w, (i < n)%nat -> W w -> linear (H i w).
Hypothesis H_symmetric : forall i w, (i < n)%nat -> W w -> symmetric (H i w).
Hypothesis H_bound : forall i w d, (i < n)%nat -> W w -> norm (H i w d) <= L * norm d.
Hypothesis factor_bound : forall i w d, (i < n)%nat -> W w -> norm (factor (H i) alpha w d) <= q * norm d.
Hypothesis g_lipschitz : forall i w u, (i < n)%nat -> W w -> W u -> norm (g i w - g i u) <= L * norm (w - u).
Hypothesis H_lipschitz : forall i w u d, (i < n)%nat -> W w -> W u -> norm (H i w d - H i u d) <= rho * norm (w - u) * norm d.
Hypothesis g_spread : forall w, W w -> variance P (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar P H w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ ex P (fun i => e i ^ 2) <= gamma_H ^ 2.
(** W holds the trajectories from W0, of every agent and of the average loss. *)
Hypothesis W_agents : forall i w, (i < n)%nat -> W0 w -> stays (g i) alpha W nu w.
Hypothesis W_mean : forall w, W0 w -> stays (g_bar P g) alpha W nu w.

Let F w := ex P (fun i => meta_loss (f i) (g i) alpha nu w).
Let G w : X := vex P (fun i => meta_gradient (g i) (H i) alpha nu w).
(** The FO direction. *)
Definition fo w : X := vex P (fun i => g i (tuned (g i) alpha nu w)).
(** S4 gives it; any smoothness constant of every F_i will do. *)
Hypothesis smooth : forall i u v, (i < n)%nat -> W0 u -> W0 v ->
  norm (meta_gradient (g i) (H i) alpha nu u - meta_gradient (g i) (H i) alpha nu v) <= L_F * norm (u - v).

Definition gamma_J := alpha * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)).
Definition gamma_g := gamma_G * (1 + alpha * L * geo nu q).
Definition E0 := gamma_J * gamma_g.
Definition Lambda := 1 - alpha * L * geo nu q.
Definition Delta := Lambda - beta * L_F / 2.


Lemma added_nonneg k : 0 <= added alpha rho q gamma_G gamma_H k.
Proof using alpha_nonneg q_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg.
  unfold added. rewrite <- (Rmult_0_r (INR (length (seq 0 k)))), <- rtotal_const. apply rtotal_le. intros l _.
  pose proof (geo_nonneg l q q_nonneg). assert (0 <= rho * (alpha * gamma_G * geo l q)) by nonneg. lra.
Qed.
Lemma gamma_J_is : gamma_J = alpha * q ^ pred nu * added alpha rho q gamma_G gamma_H nu.
Proof using.
  unfold gamma_J, added. f_equal. rewrite rtotal_add, rtotal_const, seq_length. f_equal. rewrite <- rtotal_scal. apply rtotal_ext. intros. ring.
Qed.
Lemma E0_nonneg : 0 <= E0.
Proof using alpha_nonneg q_nonneg L_nonneg rho_nonneg gamma_G_nonneg gamma_H_nonneg.
  unfold E0, gamma_g. rewrite gamma_J_is. pose proof (added_nonneg nu). pose proof (geo_nonneg nu q q_nonneg). pose proof (pow_le q (pred nu) q_nonneg).
  assert (0 <= alpha * L * geo nu q) by nonneg. apply Rmult_le_pos; [nonneg|]. apply Rmult_le_pos; lra.
Qed.

Section Point.
Variable w : X.
Hypothesis w_in : W0 w.
Let c l := tuned (g_bar P g) alpha l w.

Lemma bar_linear u : W u -> linear (H_bar P H u).
Proof using P_agents H_linear.
  intros Hu. split.
  - intros a d. unfold H_bar. rewrite <- vex_add. apply vex_ext. intros i Hi. apply (H_linear i u (P_agents i Hi) Hu).
  - intros a d. unfold H_bar. rewrite <- vex_scal. apply vex_ext. intros i Hi. apply (H_linear i u (P_agents i Hi) Hu).
Qed.
Lemma bar_factor u d : W u -> norm (factor (H_bar P H) alpha u d) <= q * norm d.
Proof using P_proper P_agents q_nonneg factor_bound. intros Hu. now apply (factor_bar n P H alpha q W). Qed.

(** The Jacobians' spread, as operator bounds. *)
Lemma jacobians k : (k <= nu)%nat -> exists j : nat -> R, l2 P j (alpha * q ^ pred k * added alpha rho q gamma_G gamma_H k) /\
  (forall i, (i < n)%nat -> 0 <= j i) /\
  (forall i v, (i < n)%nat -> norm (sweep (g i) (H i) alpha k w v - sweep (g_bar P g) (H_bar P H) alpha k w v) <= j i * norm v).
Proof using All.
  clear smooth. induction k as [|k IH]; intros Hk.
  - exists (fun _ => 0). unfold added. simpl. rewrite Rmult_0_r. split; [now apply l2_zero|split; [intros; lra|]]. intros i v _.
    replace (v - v)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - destruct (IH ltac:(lia)) as (j & lj & j0 & near). assert (Wc : W (c k)) by (apply W_mean; [assumption|lia]).
    destruct (H_spread (c k) Wc) as (e & He & He0 & Hm).
    pose proof (parting n P g H alpha q gamma_G W P_proper P_agents alpha_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound gamma_G_nonneg g_spread
      nu w (fun i Hi => W_agents i w Hi w_in) (W_mean w w_in) k ltac:(lia)) as part. fold (c k) in part.
    set (m := fun i => norm (tuned (g i) alpha k w - c k)) in *. pose proof (pow_le q k q_nonneg) as qk.
    exists (fun i => q * j i + q ^ k * alpha * (rho * m i + e i)). split; [|split].
    + replace (alpha * q ^ pred (S k) * added alpha rho q gamma_G gamma_H (S k)) with
        (q * (alpha * q ^ pred k * added alpha rho q gamma_G gamma_H k) + q ^ k * alpha * (rho * (alpha * gamma_G * geo k q) + gamma_H)).
      * apply (l2_add P P_proper (fun i => q * j i) (fun i => q ^ k * alpha * (rho * m i + e i))).
        -- now apply l2_scal.
        -- apply l2_scal; [nonneg|]. apply (l2_add P P_proper (fun i => rho * m i) e); [now apply l2_scal|now split|].
           intros i Hi. pose proof (He0 i (P_agents i Hi)). pose proof (norm_nonneg (tuned (g i) alpha k w - c k)) as m0. fold (m i) in m0.
           assert (0 <= rho * m i) by nonneg. lra.
        -- intros i Hi. pose proof (He0 i (P_agents i Hi)). pose proof (j0 i (P_agents i Hi)). pose proof (norm_nonneg (tuned (g i) alpha k w - c k)) as m0. fold (m i) in m0.
           assert (0 <= rho * m i) by nonneg. assert (0 <= q ^ k * alpha * (rho * m i + e i)) by (apply Rmult_le_pos; [nonneg|lra]).
           assert (0 <= q * j i) by nonneg. lra.
      * unfold added. rewrite seq_S, rtotal_app. simpl rtotal. destruct k; simpl; ring.
    + intros i Hi. pose proof (He0 i Hi). pose proof (j0 i Hi). pose proof (norm_nonneg (tuned (g i) alpha k w - c k)) as m0. fold (m i) in m0.
      assert (0 <= rho * m i) by nonneg. assert (0 <= q ^ k * alpha * (rho * m i + e i)) by (apply Rmult_le_pos; [nonneg|lra]).
      assert (0 <= q * j i) by nonneg. lra.
    + intros i v Hi. simpl. fold (c k). set (t := tuned (g i) alpha k w). assert (Wt : W t) by (apply W_agents; [assumption..|lia]).
      set (a := factor (H i) alpha t v). set (b := factor (H_bar P H) alpha (c k) v).
      assert (sl : stays (g_bar P g) alpha W k w) by (intros l Hl; apply W_mean; [assumption|lia]).
      replace (sweep (g i) (H i) alpha k w a - sweep (g_bar P g) (H_bar P H) alpha k w b)%V with
        ((sweep (g i) (H i) alpha k w a - sweep (g_bar P g) (H_bar P H) alpha k w a) + sweep (g_bar P g) (H_bar P H) alpha k w (a - b))%V
        by (rewrite (linear_sub _ (sweep_linear (g_bar P g) (H_bar P H) alpha W bar_linear k w sl)); veq).
      eapply Rle_trans; [apply triangle|].
      pose proof (near i a Hi) as n1. pose proof (factor_bound i t v Hi Wt) as n2. fold a in n2.
      pose proof (sweep_bound (g_bar P g) (H_bar P H) alpha W q q_nonneg bar_factor k w (a - b)%V sl) as n3.
      assert (eq : (a - b)%V = ((- alpha) * ((H i t v - H i (c k) v) + (H i (c k) v - H_bar P H (c k) v)))%V) by (unfold a, b, factor; veq).
      assert (n4 : norm (a - b) <= alpha * ((rho * m i + e i) * norm v)).
      { rewrite eq, norm_scal, Rabs_Ropp, Rabs_right by lra. apply Rmult_le_compat_l; [assumption|]. eapply Rle_trans; [apply triangle|].
        pose proof (H_lipschitz i t (c k) v Hi Wt Wc) as h1. pose proof (He i v Hi) as h2. change (norm (t - c k)) with (m i) in h1. lra. }
      assert (j i * norm a <= j i * (q * norm v)) by (apply Rmult_le_compat_l; [now apply j0|assumption]).
      assert (q ^ k * norm (a - b) <= q ^ k * (alpha * ((rho * m i + e i) * norm v))) by now apply Rmult_le_compat_l. lra.
Qed.

(** The agents' FO directions against their mean. *)
Lemma directions : l2 P (fun i => norm (g i (tuned (g i) alpha nu w) - fo w)) gamma_g.
Proof using All.
  clear smooth. assert (Wc : W (c nu)) by (apply W_mean; [assumption|lia]).
  pose proof (parting n P g H alpha q gamma_G W P_proper P_agents alpha_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound gamma_G_nonneg g_spread
      nu w (fun i Hi => W_agents i w Hi w_in) (W_mean w w_in) nu (Nat.le_refl nu)) as part. fold (c nu) in part.
  assert (ends : l2 P (fun i => norm (g i (tuned (g i) alpha nu w) - g_bar P g (c nu))) gamma_g).
  { replace gamma_g with (L * (alpha * gamma_G * geo nu q) + gamma_G) by (unfold gamma_g; ring).
    apply (l2_add P P_proper (fun i => L * norm (tuned (g i) alpha nu w - c nu)) (fun i => norm (g i (c nu) - g_bar P g (c nu)))).
    - now apply l2_scal.
    - split; [assumption|exact (g_spread (c nu) Wc)].
    - intros i Hi. pose proof (P_agents i Hi) as Hn. split; [apply norm_nonneg|]. set (u := tuned (g i) alpha nu w).
      assert (Wu : W u) by exact (W_agents i w Hn w_in nu (Nat.le_refl nu)).
      replace (g i u - g_bar P g (c nu))%V with ((g i u - g i (c nu)) + (g i (c nu) - g_bar P g (c nu)))%V by veq.
      eapply Rle_trans; [apply triangle|]. pose proof (g_lipschitz i u (c nu) Hn Wu Wc). lra. }
  destruct ends as [g0 m]. split; [assumption|]. eapply Rle_trans; [|exact m]. apply (variance_least P (fun i => g i (tuned (g i) alpha nu w)) _ P_proper).
Qed.

(** grad F = C u + E: C averages the Jacobians, E is a covariance. *)
Let C v : X := vex P (fun i => sweep (g i) (H i) alpha nu w v).
Let E : X := (G w - C (fo w))%V.

Lemma E_small : norm E <= E0.
Proof using All.
  destruct (jacobians nu (Nat.le_refl nu)) as (j & lj & j0 & near). rewrite <- gamma_J_is in lj. pose proof directions as ld.
  set (d := fun i => (g i (tuned (g i) alpha nu w) - fo w)%V).
  assert (sb : stays (g_bar P g) alpha W nu w) by now apply W_mean.
  pose proof (sweep_linear (g_bar P g) (H_bar P H) alpha W bar_linear nu w sb) as lin.
  assert (zero_mean : vex P d = zero).
  { unfold d. rewrite vex_add, vex_const by exact P_proper. unfold fo. veq. }
  assert (eE : E = vex P (fun i => sweep (g i) (H i) alpha nu w (d i) - sweep (g_bar P g) (H_bar P H) alpha nu w (d i))%V).
  { rewrite vex_add, vex_scal, <- (linear_vex _ lin), zero_mean, (linear_zero _ lin).
    unfold E, G, C. replace (vex P (fun i => meta_gradient (g i) (H i) alpha nu w) - vex P (fun i => sweep (g i) (H i) alpha nu w (fo w)))%V
      with (vex P (fun i => meta_gradient (g i) (H i) alpha nu w - sweep (g i) (H i) alpha nu w (fo w)))%V by (rewrite vex_add, vex_scal; reflexivity).
    rewrite (vex_ext P _ (fun i => sweep (g i) (H i) alpha nu w (d i))); [veq|]. intros i Hi. pose proof (P_agents i Hi) as Hn. unfold d, meta_gradient.
    symmetry. apply (linear_sub _ (sweep_linear (g i) (H i) alpha W (fun w => H_linear i w Hn) nu w (W_agents i w Hn w_in))). }
  assert (mid : norm E <= ex P (fun i => j i * norm (d i))).
  { apply norm_le_of_inner.
    - apply ex_nonneg; [exact P_proper|]. intros i Hi. apply Rmult_le_pos; [apply j0, P_agents, Hi|apply norm_nonneg].
    - intros z. rewrite eE, inner_vex, Rmult_comm, <- ex_scal. apply ex_le; [exact P_proper|]. intros i Hi.
      eapply Rle_trans; [apply cauchy|]. rewrite (Rmult_comm (norm z)). apply Rmult_le_compat_r; [apply norm_nonneg|]. apply near, P_agents, Hi. }
  eapply Rle_trans; [exact mid|]. destruct lj as [jj lj]. destruct ld as [gg ld]. unfold E0.
  apply Rsqr_incr_0_var; [|now apply Rmult_le_pos]. rewrite !Rsqr_pow2, Rpow_mult_distr. eapply Rle_trans; [apply (cauchy_ex P j (fun i => norm (d i)) P_proper)|].
  apply Rmult_le_compat; [| |exact lj|exact ld]; (apply ex_nonneg; [exact P_proper|intros; apply pow2_ge_0]).
Qed.

Lemma C_near v : norm (C v - v) <= alpha * L * geo nu q * norm v.
Proof using All.
  clear smooth. replace (C v - v)%V with (vex P (fun i => sweep (g i) (H i) alpha nu w v - v)%V).
  - pose proof (geo_nonneg nu q q_nonneg). apply norm_vex_bound; [exact P_proper|pose proof (norm_nonneg v); nonneg|]. intros i Hi. pose proof (P_agents i Hi) as Hn.
    apply (sweep_near (g i) (H i) alpha q L W); auto.
  - unfold C. rewrite vex_add, vex_const by exact P_proper. reflexivity.
Qed.
Lemma C_bound v : norm (C v) <= q ^ nu * norm v.
Proof using All.
  clear smooth. apply norm_vex_bound; [exact P_proper|pose proof (norm_nonneg v); pose proof (pow_le q nu q_nonneg); nonneg|]. intros i Hi. pose proof (P_agents i Hi) as Hn.
  apply (sweep_bound (g i) (H i) alpha W q); auto.
Qed.

Lemma aligned : Lambda * norm (fo w) ^ 2 - E0 * norm (fo w) <= inner (G w) (fo w).
Proof using All.
  pose proof E_small as es. pose proof (C_near (fo w)) as cn. set (u := fo w) in *. pose proof (norm_nonneg u) as u0.
  replace (G w) with (u + ((C u - u) + E))%V by (unfold E; fold u; veq). rewrite !inner_add, inner_scal.
  pose proof (cauchy_neg (C u - u)%V u) as c1. pose proof (cauchy_neg E u) as c2. rewrite inner_add, inner_scal in c1. rewrite norm_sq.
  assert (norm (C u - u) * norm u <= alpha * L * geo nu q * norm u * norm u) by now apply Rmult_le_compat_r.
  assert (norm E * norm u <= E0 * norm u) by now apply Rmult_le_compat_r. unfold Lambda.
  assert (e : norm u * norm u = inner u u) by (rewrite <- norm_sq; ring).
  replace (alpha * L * geo nu q * norm u * norm u) with (alpha * L * geo nu q * inner u u) in * by (rewrite <- e; ring). lra.
Qed.
Lemma gradient_size : norm (G w) <= q ^ nu * norm (fo w) + E0.
Proof using All.
  pose proof E_small. pose proof (C_bound (fo w)). replace (G w) with (C (fo w) + E)%V by (unfold E; veq). eapply Rle_trans; [apply triangle|]. lra.
Qed.

Hypothesis next_in : W0 (w - beta * fo w)%V.
Hypothesis Delta_pos : 0 < Delta.
(** One FO step. *)
Lemma fo_step : F (w - beta * fo w)%V <= F w - beta * Delta / 2 * norm (fo w) ^ 2 + beta * E0 ^ 2 / (2 * Delta).
Proof using All.
  set (v := (w - beta * fo w)%V) in *. pose proof aligned as al. set (u := fo w) in *.
  assert (D : F v <= F w + inner (G w) (v - w) + L_F / 2 * norm (v - w) ^ 2).
  { unfold F, G. rewrite inner_vex, <- (ex_const P (L_F / 2 * norm (v - w) ^ 2) P_proper), <- !ex_add. apply ex_le; [exact P_proper|]. intros i Hi. pose proof (P_agents i Hi) as Hn.
    apply (descent W0 W0convex (meta_loss (f i) (g i) alpha nu) (meta_gradient (g i) (H i) alpha nu) L_F w v); auto.
    intros z Hz. apply (S1 (f i) (g i) (H i) alpha W alpha_nonneg) with (q := q); auto. }
  replace (v - w)%V with ((- beta) * u)%V in D by (unfold v; veq). rewrite inner_scal_r, norm_scal, Rabs_Ropp, Rabs_right in D by lra.
  set (N := norm u) in *. pose proof (pow2_ge_0 (Delta * N - E0)) as sq.
  assert (yo : E0 * N <= Delta / 2 * N ^ 2 + E0 ^ 2 / (2 * Delta)).
  { apply Rmult_le_reg_l with (2 * Delta); [lra|]. replace (2 * Delta * (Delta / 2 * N ^ 2 + E0 ^ 2 / (2 * Delta))) with (Delta ^ 2 * N ^ 2 + E0 ^ 2) by (field; lra). lra. }
  assert (beta * (Lambda * N ^ 2 - E0 * N) <= beta * inner (G w) u) by (apply Rmult_le_compat_l; lra).
  assert (beta * (E0 * N) <= beta * (Delta / 2 * N ^ 2 + E0 ^ 2 / (2 * Delta))) by (apply Rmult_le_compat_l; lra).
  replace (beta * E0 ^ 2 / (2 * Delta)) with (beta * (E0 ^ 2 / (2 * Delta))) by (field; lra).
  replace (L_F / 2 * (beta * N) ^ 2) with (beta * (Lambda - Delta) * N ^ 2) in D by (unfold Delta; field). lra.
Qed.
End Point.

(** ** K rounds *)
Variable w0 : X.
Definition fo_path k := Nat.iter k (fun w => w - beta * fo w)%V w0.
Hypothesis path_in : forall k, W0 (fo_path k).
Hypothesis Delta_pos : 0 < Delta.
Hypothesis bounded_below : forall w, W0 w -> F_star <= F w.

Lemma fo_sum K : beta * Delta / 2 * rtotal (seq 0 K) (fun k => norm (fo (fo_path k)) ^ 2) <= F w0 - F (fo_path K) + INR K * (beta * E0 ^ 2 / (2 * Delta)).
Proof using All.
  induction K as [|K IH]; [simpl; lra|]. rewrite seq_S, rtotal_app, S_INR. simpl (rtotal (_ :: nil) _).
  pose proof (fo_step (fo_path K) (path_in K) (path_in (S K)) Delta_pos) as st. change (fo_path K - beta * fo (fo_path K))%V with (fo_path (S K)) in st. lra.
Qed.

(** The mean squared gradient of F along the FO path: the floor is of order E0^2. *)
Theorem C1 K r : (1 <= K)%nat -> 0 < r ->
  rmean (seq 0 K) (fun k => norm (G (fo_path k)) ^ 2) <=
  (1 + r) * q ^ (2 * nu) * (2 * (F w0 - F_star) / (Delta * beta * INR K) + E0 ^ 2 / Delta ^ 2) + (1 + / r) * E0 ^ 2.
Proof using All.
  intros HK Hr. pose proof (INR_pos K HK) as K0. pose proof (fo_sum K) as su. pose proof (bounded_below (fo_path K) (path_in K)) as lo.
  pose proof E0_nonneg as e0. pose proof (pow_le q nu q_nonneg) as qn.
  assert (Ksome : seq 0 K <> nil) by (destruct K; [lia|discriminate]).
  apply Rle_trans with (rmean (seq 0 K) (fun k => (1 + r) * q ^ (2 * nu) * norm (fo (fo_path k)) ^ 2 + (1 + / r) * E0 ^ 2)).
  - apply rmean_le. intros k _. pose proof (gradient_size (fo_path k) (path_in k)) as gs. pose proof (norm_nonneg (G (fo_path k))) as g0.
    set (N := norm (fo (fo_path k))) in *. assert (sq : norm (G (fo_path k)) ^ 2 <= (q ^ nu * N + E0) ^ 2) by (apply pow_incr; lra).
    eapply Rle_trans; [exact sq|]. replace (q ^ (2 * nu)) with ((q ^ nu) ^ 2) by (rewrite <- pow_mult; f_equal; lia).
    pose proof (pow2_ge_0 (r * (q ^ nu * N) - E0)) as yo. apply Rmult_le_reg_l with r; [assumption|].
    replace (r * ((1 + r) * (q ^ nu) ^ 2 * N ^ 2 + (1 + / r) * E0 ^ 2)) with (r * (1 + r) * (q ^ nu) ^ 2 * N ^ 2 + (r + 1) * E0 ^ 2) by (field; lra). lra.
  - rewrite rmean_add, rmean_scal, rmean_const by exact Ksome. apply Rplus_le_compat_r, Rmult_le_compat_l.
    + apply Rmult_le_pos; [lra|now apply pow_le].
    + unfold rmean. rewrite seq_length. set (T := rtotal _ _) in *. apply Rmult_le_reg_l with (beta * Delta / 2 * INR K).
      * apply Rmult_lt_0_compat; [|assumption]. assert (0 < beta * Delta) by now apply Rmult_lt_0_compat. lra.
      * replace (beta * Delta / 2 * INR K * (T / INR K)) with (beta * Delta / 2 * T) by (field; lra).
        replace (beta * Delta / 2 * INR K * (2 * (F w0 - F_star) / (Delta * beta * INR K) + E0 ^ 2 / Delta ^ 2)) with (F w0 - F_star + INR K * (beta * E0 ^ 2 / (2 * Delta))) by (field; repeat split; lra). lra.
Qed.
(** With r = Delta / q^nu the floor is (q^nu / Delta + 1)^2 E0^2. *)
Corollary C1_floor K : (1 <= K)%nat -> 0 < q ->
  rmean (seq 0 K) (fun k => norm (G (fo_path k)) ^ 2) <=
  (1 + Delta / q ^ nu) * q ^ (2 * nu) * (2 * (F w0 - F_star) / (Delta * beta * INR K)) + (q ^ nu / Delta + 1) ^ 2 * E0 ^ 2.
Proof using All.
  intros HK Hq. pose proof (pow_lt q nu Hq) as qn. pose proof (INR_pos K HK) as K0. pose proof (C1 K (Delta / q ^ nu) HK ltac:(now apply Rdiv_lt_0_compat)) as c.
  eapply Rle_trans; [exact c|]. right. replace (q ^ (2 * nu)) with ((q ^ nu) ^ 2) by (rewrite <- pow_mult; f_equal; lia). field. repeat split; lra.
Qed.
End FirstOrder.

(** In general, q = 1 + alpha L, Lambda is 2 - q^nu. *)
Lemma Lambda_general nu alpha L : Lambda nu alpha L (1 + alpha * L) = 2 - (1 + alpha * L) ^ nu.
Proof using.
  unfold Lambda. assert (g : alpha * L * geo nu (1 + alpha * L) = (1 + alpha * L) ^ nu - 1); [|lra].
  induction nu as [|nu IH]; [simpl; ring|]. simpl. rewrite Rmult_plus_distr_l, IH. ring.
Qed.
