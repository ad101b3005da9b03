(** The reverse sweep along any sequence of points: bound, adjoint, and how it changes with the points. *)
Require Import Space Calculus Smoothness Sampling.

Section Paths.
Context {X : space}.
Implicit Types w u d v : X.
Implicit Types p t : nat -> X.
Variables (g : X -> X) (H : X -> X -> X) (alpha : R).

(** P(p 0) ... P(p (k-1)) v, and its adjoint P(p (k-1)) ... P(p 0) d. *)
Fixpoint psweep p k v : X := match k with O => v | S l => psweep p l (factor H alpha (p l) v) end.
Fixpoint push p k d : X := match k with O => d | S l => factor H alpha (p l) (push p l d) end.
Lemma sweep_is nu w v : sweep g H alpha nu w v = psweep (fun l => tuned g alpha l w) nu v.
Proof using. revert v. induction nu as [|nu IH]; intros v; [reflexivity|]. simpl. apply IH. Qed.

Variables (W : X -> Prop) (rho q : R).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis q_nonneg : 0 <= q.
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.

Lemma factor_linear w : W w -> linear (factor H alpha w).
Proof using H_linear.
  intros Hw. destruct (H_linear w Hw) as [add hom]. split; intros; unfold factor; rewrite ?add, ?hom; veq.
Qed.
Lemma psweep_linear p k : (forall l, (l < k)%nat -> W (p l)) -> linear (psweep p k).
Proof using H_linear.
  induction k as [|k IH]; intros Hp; [split; reflexivity|]. specialize (IH (fun l Hl => Hp l ltac:(lia))).
  destruct IH as [add hom]. destruct (factor_linear (p k) (Hp k (Nat.lt_succ_diag_r k))) as [fadd fhom].
  split; intros; simpl; rewrite ?fadd, ?fhom, ?add, ?hom; reflexivity.
Qed.
Lemma psweep_sub p k v v' : (forall l, (l < k)%nat -> W (p l)) -> (psweep p k v - psweep p k v')%V = psweep p k (v - v')%V.
Proof using H_linear. intros Hp. destruct (psweep_linear p k Hp) as [add hom]. now rewrite add, hom. Qed.
Lemma psweep_bound p k v : (forall l, (l < k)%nat -> W (p l)) -> norm (psweep p k v) <= q ^ k * norm v.
Proof using q_nonneg factor_bound.
  revert v. induction k as [|k IH]; intros v Hp; [simpl; lra|].
  simpl psweep. eapply Rle_trans; [apply IH; intros; apply Hp; lia|].
  pose proof (factor_bound (p k) v (Hp k (Nat.lt_succ_diag_r k))) as f. pose proof (pow_le q k q_nonneg).
  replace (q ^ S k * norm v) with (q ^ k * (q * norm v)) by (simpl; ring). now apply Rmult_le_compat_l.
Qed.
Lemma psweep_adjoint p k v d : (forall w, W w -> symmetric (H w)) -> (forall l, (l < k)%nat -> W (p l)) ->
  inner (psweep p k v) d = inner v (push p k d).
Proof using.
  intros sym. revert v. induction k as [|k IH]; intros v Hp; [reflexivity|].
  simpl. rewrite IH by (intros; apply Hp; lia). unfold factor. expand. rewrite (sym (p k)) by (apply Hp; lia). ring.
Qed.

(** The last j of nu factors applied to v. *)
Fixpoint tail nu p j v : X := match j with O => v | S j => factor H alpha (p (nu - S j)%nat) (tail nu p j v) end.
Lemma tail_all nu p v : tail nu p nu v = psweep p nu v.
Proof using.
  assert (all : forall j, (j <= nu)%nat -> psweep p (nu - j) (tail nu p j v) = psweep p nu v).
  { induction j as [|j IH]; intros Hj; [now rewrite Nat.sub_0_r|]. rewrite <- IH by lia. replace (nu - j)%nat with (S (nu - S j)) by lia. reflexivity. }
  rewrite <- (all nu (Nat.le_refl _)), Nat.sub_diag. reflexivity.
Qed.
Lemma tail_size nu p j v : (forall l, (l <= nu)%nat -> W (p l)) -> (j <= nu)%nat -> norm (tail nu p j v) <= q ^ j * norm v.
Proof using q_nonneg factor_bound.
  intros Hp. induction j as [|j IH]; intros Hj; [simpl; lra|]. specialize (IH ltac:(lia)). cbn [tail].
  eapply Rle_trans; [apply factor_bound, Hp; lia|]. simpl pow. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.

Hypothesis rho_nonneg : 0 <= rho.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.

Lemma factor_moves w u d : W w -> W u -> norm (factor H alpha w d - factor H alpha u d) <= alpha * rho * norm (w - u) * norm d.
Proof using alpha_nonneg H_lipschitz.
  intros Hw Hu. replace (factor H alpha w d - factor H alpha u d)%V with ((- alpha) * (H w d - H u d))%V by (unfold factor; veq).
  rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. rewrite !Rmult_assoc. apply Rmult_le_compat_l; [assumption|].
  rewrite <- Rmult_assoc. now apply H_lipschitz.
Qed.
(** Moving the points moves the swept vector: one factor at a time. *)
Lemma psweep_moves p t k v : (forall l, (l < k)%nat -> W (p l) /\ W (t l)) ->
  norm (psweep p k v - psweep t k v) <= alpha * rho * q ^ pred k * rtotal (seq 0 k) (fun l => norm (p l - t l)) * norm v.
Proof using alpha_nonneg H_linear q_nonneg factor_bound rho_nonneg H_lipschitz.
  revert v. induction k as [|k IH]; intros v Hp.
  - simpl. replace (v - v)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - destruct (Hp k (Nat.lt_succ_diag_r k)) as [Wp Wt]. assert (before : forall l, (l < k)%nat -> W (p l)) by (intros; apply Hp; lia).
    simpl psweep. set (a := factor H alpha (p k) v). set (b := factor H alpha (t k) v).
    replace (psweep p k a - psweep t k b)%V with (psweep p k (a - b) + (psweep p k b - psweep t k b))%V
      by (rewrite <- psweep_sub by assumption; veq).
    eapply Rle_trans; [apply triangle|].
    pose proof (psweep_bound p k (a - b)%V before) as b1. pose proof (factor_moves (p k) (t k) v Wp Wt) as b2. fold a b in b2.
    specialize (IH b (fun l Hl => Hp l ltac:(lia))). pose proof (factor_bound (t k) v Wt) as b3. fold b in b3.
    set (s := rtotal (seq 0 k) (fun l => norm (p l - t l))) in *.
    assert (s0 : 0 <= s).
    { unfold s. rewrite <- (Rmult_0_r (INR (length (seq 0 k)))), <- rtotal_const. apply rtotal_le. intros. apply norm_nonneg. }
    pose proof (pow_le q k q_nonneg) as q0. pose proof (pow_le q (pred k) q_nonneg) as q1.
    assert (c1 : norm (psweep p k (a - b)) <= q ^ k * (alpha * rho * norm (p k - t k) * norm v)).
    { eapply Rle_trans; [exact b1|]. now apply Rmult_le_compat_l. }
    assert (c2 : norm (psweep p k b - psweep t k b) <= alpha * rho * q ^ pred k * s * (q * norm v)).
    { eapply Rle_trans; [exact IH|]. apply Rmult_le_compat_l; [|assumption]. repeat apply Rmult_le_pos; assumption. }
    eapply Rle_trans; [exact (Rplus_le_compat _ _ _ _ c1 c2)|]. rewrite seq_S, rtotal_app. fold s. simpl rtotal. right.
    destruct k as [|k]; [unfold s; simpl; ring|]. simpl pred. simpl pow. ring.
Qed.
End Paths.
