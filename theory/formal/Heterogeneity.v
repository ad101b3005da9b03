(** S7: how far the agents' meta-gradients lie apart, for any weights of the agents. *)
Require Import Space Calculus Smoothness Sampling Expectation.

(** [a] is at most [c] in the L2 norm of the agents, weighted by [P]. *)
Definition l2 (P : dist nat) (a : nat -> R) c := 0 <= c /\ ex P (fun i => a i ^ 2) <= c ^ 2.

Section Norm.
Variable P : dist nat.
Hypothesis P_proper : proper P.
Lemma l2_add (a b e : nat -> R) c d : l2 P a c -> l2 P b d -> (forall i, support P i -> 0 <= e i <= a i + b i) -> l2 P e (c + d).
Proof using P_proper. intros [Hc Ha] [Hd Hb] H. split; [lra|]. now apply (minkowski_ex P a b). Qed.
Lemma l2_scal (a : nat -> R) c k : 0 <= k -> l2 P a c -> l2 P (fun i => k * a i) (k * c).
Proof using.
  intros Hk [Hc Ha]. split; [now apply Rmult_le_pos|].
  rewrite (ex_ext P _ (fun i => k ^ 2 * a i ^ 2)) by (intros; ring). rewrite ex_scal, Rpow_mult_distr. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
Qed.
Lemma l2_le (a e : nat -> R) c : l2 P a c -> (forall i, support P i -> 0 <= e i <= a i) -> l2 P e c.
Proof using P_proper. intros [Hc Ha] H. split; [assumption|]. eapply Rle_trans; [|exact Ha]. apply ex_le; [assumption|]. intros i Hi. apply pow_incr. now apply H. Qed.
Lemma l2_zero : l2 P (fun _ => 0) 0.
Proof using P_proper. split; [lra|]. rewrite (ex_const P) by assumption. right. ring. Qed.
End Norm.

Section Heterogeneity.
Context {X : space}.
Implicit Types w u d v : X.

Lemma norm_vex_bound (P : dist nat) (y : nat -> X) c : proper P -> 0 <= c -> (forall i, support P i -> norm (y i) <= c) -> norm (vex P y) <= c.
Proof using.
  intros HP Hc H. apply norm_le_of_inner; [assumption|]. intros z. rewrite inner_vex, <- (ex_const P (c * norm z) HP).
  apply ex_le; [assumption|]. intros i Hi. eapply Rle_trans; [apply cauchy|]. apply Rmult_le_compat_r; [apply norm_nonneg|now apply H].
Qed.

Variables (n : nat) (P : dist nat).
Variables (g : nat -> X -> X) (H : nat -> X -> X -> X) (alpha L rho B q gamma_G gamma_H : R) (W : X -> Prop).

(** The average loss: its gradient and its Hessian. *)
Definition g_bar w : X := vex P (fun i => g i w).
Definition H_bar w d : X := vex P (fun i => H i w d).

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
(** A5: the gradients' spread; for the Hessians, operator bounds [e i] whose mean square is at most gamma_H^2. *)
Hypothesis gamma_G_nonneg : 0 <= gamma_G.
Hypothesis gamma_H_nonneg : 0 <= gamma_H.
Hypothesis g_spread : forall w, W w -> variance P (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ ex P (fun i => e i ^ 2) <= gamma_H ^ 2.

Variables (nu : nat) (w : X).
Hypothesis stays_agents : forall i, (i < n)%nat -> stays (g i) alpha W nu w.
Hypothesis stays_mean : stays g_bar alpha W nu w.

Lemma B_nonneg : 0 <= B.
Proof using n_pos g_bound stays_agents. pose proof (g_bound 0 w ltac:(lia) (stays_here _ _ _ _ _ (stays_agents 0%nat ltac:(lia)))). pose proof (norm_nonneg (g 0%nat w)). lra. Qed.
Lemma factor_bar u d : W u -> norm (factor H_bar alpha u d) <= q * norm d.
Proof using P_proper P_agents q_nonneg factor_bound.
  intros Hu. replace (factor H_bar alpha u d) with (vex P (fun i => factor (H i) alpha u d)).
  - apply norm_vex_bound; [exact P_proper|pose proof (norm_nonneg d); nra|]. intros i Hi. apply P_agents in Hi. now apply factor_bound.
  - unfold factor, H_bar. apply inner_ext. intros z. expand. rewrite !inner_vex.
    rewrite (ex_ext P _ (fun i => inner d z + -1 * (alpha * inner (H i u d) z))) by (intros; now expand).
    rewrite ex_add, ex_const, !ex_scal by exact P_proper. reflexivity.
Qed.
Lemma g_bar_bound u : W u -> norm (g_bar u) <= B.
Proof using n_pos P_proper P_agents g_bound stays_agents. intros Hu. apply norm_vex_bound; [exact P_proper|exact B_nonneg|]. intros i Hi. apply P_agents in Hi. now apply g_bound. Qed.

(** Trajectories part by at most alpha gamma_G S_l(q). *)
Lemma parting l : (l <= nu)%nat -> l2 P (fun i => norm (tuned (g i) alpha l w - tuned g_bar alpha l w)) (alpha * gamma_G * geo l q).
Proof using P_proper P_agents alpha_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound gamma_G_nonneg g_spread stays_agents stays_mean.
  clear n_pos.
  induction l as [|l IH]; intros Hl.
  - simpl geo. rewrite Rmult_0_r. apply (l2_le P P_proper (fun _ => 0)); [now apply l2_zero|]. intros i _. simpl.
    replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - rewrite geo_left. replace (alpha * gamma_G * (1 + q * geo l q)) with (q * (alpha * gamma_G * geo l q) + alpha * gamma_G) by ring.
    specialize (IH ltac:(lia)). set (c := tuned g_bar alpha l w) in *.
    assert (Wc : W c) by (apply stays_mean; lia).
    apply (l2_add P P_proper (fun i => q * norm (tuned (g i) alpha l w - c)) (fun i => alpha * norm (g i c - g_bar c))).
    + now apply l2_scal.
    + apply l2_scal; [assumption|]. split; [assumption|exact (g_spread c Wc)].
    + intros i Hi. apply P_agents in Hi. split; [apply norm_nonneg|]. set (v := tuned (g i) alpha l w) in *.
      assert (Wv : W v) by (apply stays_agents; [assumption|lia]).
      pose proof (step_lipschitz (g i) (H i) alpha W alpha_nonneg Wconvex (fun w => g_derivative i w Hi)
        (fun w => H_linear i w Hi) q q_nonneg (fun w d => factor_bound i w d Hi) v c Wv Wc) as s.
      change (tuned (g i) alpha (S l) w) with (step (g i) alpha v). change (tuned g_bar alpha (S l) w) with (step g_bar alpha c).
      replace (step (g i) alpha v - step g_bar alpha c)%V with
        ((step (g i) alpha v - step (g i) alpha c) + (- alpha) * (g i c - g_bar c))%V by (unfold step; veq).
      eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. lra.
Qed.

(** The spread that the factors of the first [k] steps add, per unit of the swept vector. *)
Definition added k := rtotal (seq 0 k) (fun l => gamma_H + rho * (alpha * gamma_G * geo l q)).

Lemma sweeping k V D (v : nat -> X) v0 : (k <= nu)%nat -> 0 <= V -> norm v0 <= V ->
  l2 P (fun i => norm (v i - v0)) D ->
  l2 P (fun i => norm (sweep (g i) (H i) alpha k w (v i) - sweep g_bar H_bar alpha k w v0))
     (q ^ k * D + alpha * q ^ pred k * added k * V).
Proof using P_proper P_agents alpha_nonneg q_nonneg rho_nonneg Wconvex g_derivative H_linear factor_bound H_lipschitz gamma_G_nonneg gamma_H_nonneg g_spread H_spread stays_agents stays_mean.
  clear n_pos.
  revert V D v v0. induction k as [|k IH]; intros V D v v0 Hk HV Hv HD.
  - simpl. unfold added. simpl. replace (1 * D + alpha * 1 * 0 * V) with D by ring. exact HD.
  - set (c := tuned g_bar alpha k w). assert (Wc : W c) by (apply stays_mean; lia).
    destruct (H_spread c Wc) as (e & He & He0 & Hm). pose proof (parting k ltac:(lia)) as part. fold c in part.
    pose proof (factor_bar c v0 Wc) as b0.
    assert (next : l2 P (fun i => norm (factor (H i) alpha (tuned (g i) alpha k w) (v i) - factor H_bar alpha c v0))
      (q * D + alpha * V * (rho * (alpha * gamma_G * geo k q) + gamma_H))).
    { apply (l2_add P P_proper (fun i => q * norm (v i - v0)) (fun i => alpha * V * (rho * norm (tuned (g i) alpha k w - c) + e i))).
      - now apply l2_scal.
      - apply l2_scal; [nra|].
        apply (l2_add P P_proper (fun i => rho * norm (tuned (g i) alpha k w - c)) e); [now apply l2_scal|now split|].
        intros i Hi. apply P_agents in Hi. pose proof (norm_nonneg (tuned (g i) alpha k w - c)). pose proof (He0 i Hi). nra.
      - intros i Hi. apply P_agents in Hi. split; [apply norm_nonneg|]. set (u := tuned (g i) alpha k w).
        assert (Wu : W u) by (apply stays_agents; [assumption|lia]).
        assert (eq : (factor (H i) alpha u (v i) - factor H_bar alpha c v0)%V =
          (factor (H i) alpha u (v i - v0) + (- alpha) * ((H i u v0 - H i c v0) + (H i c v0 - H_bar c v0)))%V).
        { pose proof (factor_sub (H i) alpha W (fun w => H_linear i w Hi) u (v i) v0 Wu) as s.
          rewrite <- s. unfold factor. veq. }
        rewrite eq. eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
        pose proof (triangle (H i u v0 - H i c v0) (H i c v0 - H_bar c v0)) as t.
        pose proof (factor_bound i u (v i - v0)%V Hi Wu) as f. pose proof (H_lipschitz i u c v0 Hi Wu Wc) as h.
        pose proof (He i v0 Hi) as h'. pose proof (norm_nonneg v0) as n0. pose proof (norm_nonneg (u - c)) as n1. pose proof (He0 i Hi) as n2.
        assert ((rho * norm (u - c) + e i) * norm v0 <= (rho * norm (u - c) + e i) * V)
          by (apply Rmult_le_compat_l; [nra|assumption]).
        assert (alpha * norm (H i u v0 - H i c v0 + (H i c v0 - H_bar c v0)) <= alpha * ((rho * norm (u - c) + e i) * V))
          by (apply Rmult_le_compat_l; lra).
        lra. }
    pose proof (IH (q * V) _ (fun i => factor (H i) alpha (tuned (g i) alpha k w) (v i)) (factor H_bar alpha c v0)
      ltac:(lia) ltac:(nra) ltac:(nra) next) as r.
    replace (q ^ S k * D + alpha * q ^ pred (S k) * added (S k) * V) with
      (q ^ k * (q * D + alpha * V * (rho * (alpha * gamma_G * geo k q) + gamma_H)) + alpha * q ^ pred k * added k * (q * V)).
    + exact r.
    + unfold added. rewrite seq_S, rtotal_app. simpl rtotal. destruct k; simpl; ring.
Qed.
End Heterogeneity.
