(** S7: how far the agents' meta-gradients lie apart. *)
Require Import Space Calculus Smoothness Sampling.

(** [a] is at most [c] in the agents' L2 norm. *)
Definition l2 (l : list nat) (a : nat -> R) c := 0 <= c /\ rmean l (fun i => a i ^ 2) <= c ^ 2.

Lemma cauchy_mean (l : list nat) (a b : nat -> R) : rmean l (fun i => a i * b i) ^ 2 <= rmean l (fun i => a i ^ 2) * rmean l (fun i => b i ^ 2).
Proof.
  set (A := rmean l (fun i => a i ^ 2)). set (C := rmean l (fun i => b i ^ 2)). set (P := rmean l (fun i => a i * b i)).
  assert (pos : forall d, 0 <= rmean l (fun i => d i ^ 2)).
  { intros d. apply Rle_trans with (rmean l (fun _ => 0)); [unfold rmean; rewrite rtotal_const; unfold Rdiv; right; ring|].
    apply rmean_le. intros. apply pow2_ge_0. }
  assert (form : forall s t, 0 <= s ^ 2 * A + 2 * s * t * P + t ^ 2 * C).
  { intros s t. pose proof (pos (fun i => s * a i + t * b i)) as q. unfold A, P, C. rewrite <- !rmean_scal, <- !rmean_add.
    eapply Rle_trans; [exact q|]. right. apply rmean_ext. intros. ring. }
  pose proof (pos a) as HA. fold A in HA. pose proof (pos b) as HC. fold C in HC.
  destruct (Req_dec C 0) as [z|nz].
  - destruct (Req_dec P 0) as [p|np]; [rewrite p; nra|].
    pose proof (form 1 (- (A + 1) / (2 * P))) as q. rewrite z in q.
    replace (1 ^ 2 * A + 2 * 1 * (- (A + 1) / (2 * P)) * P + (- (A + 1) / (2 * P)) ^ 2 * 0) with (-1) in q by (field; assumption). lra.
  - pose proof (form C (- P)) as q. assert (0 < C) by lra. nra.
Qed.

Lemma l2_add (l : list nat) (a b e : nat -> R) c d : l2 l a c -> l2 l b d -> (forall i, In i l -> 0 <= e i <= a i + b i) -> l2 l e (c + d).
Proof.
  intros [Hc Ha] [Hd Hb] H. split; [lra|].
  apply Rle_trans with (rmean l (fun i => a i ^ 2 + (2 * (a i * b i) + b i ^ 2))).
  - apply rmean_le. intros i Hi. specialize (H i Hi). nra.
  - rewrite !rmean_add, rmean_scal. pose proof (cauchy_mean l a b) as q.
    set (A := rmean l (fun i => a i ^ 2)) in *. set (B := rmean l (fun i => b i ^ 2)) in *. set (P := rmean l (fun i => a i * b i)) in *.
    assert (0 <= B).
    { apply Rle_trans with (rmean l (fun _ => 0)); [unfold rmean; rewrite rtotal_const; unfold Rdiv; right; ring|].
      apply rmean_le. intros. apply pow2_ge_0. }
    assert (A * B <= c ^ 2 * d ^ 2).
    { apply Rle_trans with (c ^ 2 * B); [apply Rmult_le_compat_r; assumption|]. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption]. }
    assert (P <= c * d).
    { assert (cd : 0 <= c * d) by nra. assert (sq : P ^ 2 <= (c * d) ^ 2) by (rewrite Rpow_mult_distr; lra).
      apply Rsqr_incr_0_var; [unfold Rsqr; lra|assumption]. }
    nra.
Qed.
Lemma l2_scal (l : list nat) (a : nat -> R) c k : 0 <= k -> l2 l a c -> l2 l (fun i => k * a i) (k * c).
Proof.
  intros Hk [Hc Ha]. split; [nra|].
  replace (rmean l (fun i => (k * a i) ^ 2)) with (k ^ 2 * rmean l (fun i => a i ^ 2))
    by (rewrite <- rmean_scal; apply rmean_ext; intros; ring).
  replace ((k * c) ^ 2) with (k ^ 2 * c ^ 2) by ring. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
Qed.
Lemma l2_le (l : list nat) (a e : nat -> R) c : l2 l a c -> (forall i, In i l -> 0 <= e i <= a i) -> l2 l e c.
Proof.
  intros [Hc Ha] H. split; [assumption|]. eapply Rle_trans; [|exact Ha]. apply rmean_le. intros i Hi. specialize (H i Hi). nra.
Qed.
Lemma l2_zero l : l2 l (fun _ => 0) 0.
Proof. split; [lra|]. unfold rmean. rewrite rtotal_const. unfold Rdiv. right. ring. Qed.

Section Heterogeneity.
Context {X : space}.
Implicit Types w u d v : X.

Lemma norm_mean_le (l : list nat) (y : nat -> X) c : l <> nil -> 0 <= c -> (forall i, In i l -> norm (y i) <= c) -> norm (mean l y) <= c.
Proof.
  intros Hl Hc H. apply norm_le_of_inner; [assumption|]. intros z. rewrite inner_mean, <- (rmean_const l (c * norm z) Hl).
  apply rmean_le. intros i Hi. pose proof (cauchy (y i) z). pose proof (H i Hi). pose proof (norm_nonneg z). nra.
Qed.
(** The mean minimises the mean squared distance. *)
Lemma spread_least (l : list nat) (y : nat -> X) z : l <> nil -> spread l y <= rmean l (fun i => norm (y i - z) ^ 2).
Proof.
  intros Hl. pose proof (mean_square l (fun i => y i - z)%V Hl) as e.
  rewrite e. replace (spread l (fun i => y i - z)%V) with (spread l y); [pose proof (pow2_ge_0 (norm (mean l (fun i => y i - z)%V))); lra|].
  unfold spread. apply rmean_ext. intros i Hi. do 2 f_equal. apply inner_ext. intros v. expand. rewrite !inner_mean.
  rewrite (rmean_ext l (fun j => inner (y j - z) v) (fun j => inner (y j) v + -1 * inner z v)) by (intros; now expand).
  rewrite rmean_add, rmean_const by assumption. ring.
Qed.

Variable n : nat.
Let agents := seq 0 n.
Variables (g : nat -> X -> X) (H : nat -> X -> X -> X) (alpha L rho B q gamma_G gamma_H : R) (W : X -> Prop).

(** The average loss: its gradient and its Hessian. *)
Definition g_bar w : X := mean (seq 0 n) (fun i => g i w).
Definition H_bar w d : X := mean (seq 0 n) (fun i => H i w d).

Hypothesis n_pos : (1 <= n)%nat.
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
Hypothesis g_spread : forall w, W w -> spread agents (fun i => g i w) <= gamma_G ^ 2.
Hypothesis H_spread : forall w, W w -> exists e : nat -> R,
  (forall i d, (i < n)%nat -> norm (H i w d - H_bar w d) <= e i * norm d) /\
  (forall i, (i < n)%nat -> 0 <= e i) /\ rmean agents (fun i => e i ^ 2) <= gamma_H ^ 2.

Variables (nu : nat) (w : X).
Hypothesis stays_agents : forall i, (i < n)%nat -> stays (g i) alpha W nu w.
Hypothesis stays_mean : stays g_bar alpha W nu w.

Let agent i : In i agents -> (i < n)%nat.
Proof. intros Hi. apply in_seq in Hi. lia. Qed.
Let some : agents <> nil.
Proof. unfold agents. destruct n; [lia|discriminate]. Qed.

Lemma B_nonneg : 0 <= B.
Proof. pose proof (g_bound 0 w ltac:(lia) (stays_here _ _ _ _ _ (stays_agents 0%nat ltac:(lia)))). pose proof (norm_nonneg (g 0%nat w)). lra. Qed.
Lemma factor_bar u d : W u -> norm (factor H_bar alpha u d) <= q * norm d.
Proof.
  intros Hu. replace (factor H_bar alpha u d) with (mean agents (fun i => factor (H i) alpha u d)).
  - apply norm_mean_le; [exact some|pose proof (norm_nonneg d); nra|]. intros i Hi. apply agent in Hi. now apply factor_bound.
  - unfold factor, H_bar. apply inner_ext. intros z. expand. rewrite !inner_mean.
    rewrite (rmean_ext agents _ (fun i => inner d z + -1 * (alpha * inner (H i u d) z))) by (intros; now expand).
    rewrite rmean_add, rmean_const, !rmean_scal by exact some. reflexivity.
Qed.
Lemma g_bar_bound u : W u -> norm (g_bar u) <= B.
Proof. intros Hu. apply norm_mean_le; [exact some|exact B_nonneg|]. intros i Hi. apply agent in Hi. now apply g_bound. Qed.

(** Trajectories part by at most alpha gamma_G S_l(q). *)
Lemma parting l : (l <= nu)%nat -> l2 agents (fun i => norm (tuned (g i) alpha l w - tuned g_bar alpha l w)) (alpha * gamma_G * geo l q).
Proof.
  induction l as [|l IH]; intros Hl.
  - simpl geo. rewrite Rmult_0_r. apply l2_le with (fun _ => 0); [apply l2_zero|]. intros i _. simpl.
    replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - rewrite geo_left. replace (alpha * gamma_G * (1 + q * geo l q)) with (q * (alpha * gamma_G * geo l q) + alpha * gamma_G) by ring.
    specialize (IH ltac:(lia)). set (c := tuned g_bar alpha l w) in *.
    assert (Wc : W c) by (apply stays_mean; lia).
    apply (l2_add agents (fun i => q * norm (tuned (g i) alpha l w - c)) (fun i => alpha * norm (g i c - g_bar c))).
    + now apply l2_scal.
    + apply l2_scal; [assumption|]. split; [assumption|exact (g_spread c Wc)].
    + intros i Hi. apply agent in Hi. split; [apply norm_nonneg|]. set (v := tuned (g i) alpha l w) in *.
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
  l2 agents (fun i => norm (v i - v0)) D ->
  l2 agents (fun i => norm (sweep (g i) (H i) alpha k w (v i) - sweep g_bar H_bar alpha k w v0))
     (q ^ k * D + alpha * q ^ pred k * added k * V).
Proof.
  revert V D v v0. induction k as [|k IH]; intros V D v v0 Hk HV Hv HD.
  - simpl. unfold added. simpl. replace (1 * D + alpha * 1 * 0 * V) with D by ring. exact HD.
  - set (c := tuned g_bar alpha k w). assert (Wc : W c) by (apply stays_mean; lia).
    destruct (H_spread c Wc) as (e & He & He0 & Hm). pose proof (parting k ltac:(lia)) as part. fold c in part.
    pose proof (factor_bar c v0 Wc) as b0.
    assert (next : l2 agents (fun i => norm (factor (H i) alpha (tuned (g i) alpha k w) (v i) - factor H_bar alpha c v0))
      (q * D + alpha * V * (rho * (alpha * gamma_G * geo k q) + gamma_H))).
    { apply (l2_add agents (fun i => q * norm (v i - v0)) (fun i => alpha * V * (rho * norm (tuned (g i) alpha k w - c) + e i))).
      - now apply l2_scal.
      - apply l2_scal; [nra|].
        apply (l2_add agents (fun i => rho * norm (tuned (g i) alpha k w - c)) e); [now apply l2_scal|now split|].
        intros i Hi. apply agent in Hi. pose proof (norm_nonneg (tuned (g i) alpha k w - c)). pose proof (He0 i Hi). nra.
      - intros i Hi. apply agent in Hi. split; [apply norm_nonneg|]. set (u := tuned (g i) alpha k w).
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

Theorem S7 :
  spread agents (fun i => meta_gradient (g i) (H i) alpha nu w) <=
  (q ^ nu * gamma_G * (1 + alpha * L * geo nu q) +
   alpha * B * q ^ pred nu * (INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q))) ^ 2.
Proof.
  eapply Rle_trans; [apply (spread_least agents _ (meta_gradient g_bar H_bar alpha nu w) some)|].
  set (c := tuned g_bar alpha nu w). assert (Wc : W c) by (apply stays_mean; lia).
  assert (ends : l2 agents (fun i => norm (g i (tuned (g i) alpha nu w) - g_bar c)) (L * (alpha * gamma_G * geo nu q) + gamma_G)).
  { apply (l2_add agents (fun i => L * norm (tuned (g i) alpha nu w - c)) (fun i => norm (g i c - g_bar c))).
    - apply l2_scal; [assumption|]. now apply parting.
    - split; [assumption|exact (g_spread c Wc)].
    - intros i Hi. apply agent in Hi. split; [apply norm_nonneg|]. set (u := tuned (g i) alpha nu w).
      assert (Wu : W u) by (apply stays_agents; [assumption|lia]).
      replace (g i u - g_bar c)%V with ((g i u - g i c) + (g i c - g_bar c))%V by veq.
      eapply Rle_trans; [apply triangle|]. pose proof (g_lipschitz i u c Hi Wu Wc). lra. }
  destruct (sweeping nu B _ _ _ (Nat.le_refl nu) B_nonneg (g_bar_bound c Wc) ends) as [_ r].
  eapply Rle_trans; [exact r|]. right. f_equal.
  assert (e : added nu = INR nu * gamma_H + alpha * rho * gamma_G * rtotal (seq 0 nu) (fun l => geo l q)).
  { unfold added. rewrite rtotal_add, rtotal_const, seq_length. f_equal. rewrite <- rtotal_scal. apply rtotal_ext. intros. ring. }
  rewrite e. ring.
Qed.
End Heterogeneity.
