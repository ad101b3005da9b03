(** Why laws are finite lists here. An expectation that is linear, positive and defined for every function, the form in which the proofs use it, has
    a bounded support on the natural numbers already: a geometric or Gaussian law needs an expectation of some functions only, and then each step of
    each proof a premise that its functions are among them. *)
Require Import Space Sampling Classical_Prop ZArith.

Section Expectation.
Variable E : (nat -> R) -> R.
Hypothesis same : forall f g, (forall k, f k = g k) -> E f = E g.
Hypothesis additive : forall f g, E (fun k => f k + g k) = E f + E g.
Hypothesis homogeneous : forall c f, E (fun k => c * f k) = c * E f.
Hypothesis positive : forall f, (forall k, 0 <= f k) -> 0 <= E f.

Definition from (j k : nat) : R := if Nat.leb j k then 1 else 0.
Lemma monotone f g : (forall k, f k <= g k) -> E f <= E g.
Proof using same additive homogeneous positive.
  intros le. pose proof (positive (fun k => g k + -1 * f k)) as d. rewrite additive, homogeneous in d. assert (0 <= E g + -1 * E f); [|lra]. apply d. intros k. specialize (le k). lra.
Qed.
Lemma finite_sum n (c : nat -> R) (h : nat -> nat -> R) : E (fun k => rtotal (seq 0 n) (fun j => c j * h j k)) = rtotal (seq 0 n) (fun j => c j * E (h j)).
Proof using same additive homogeneous.
  induction n as [|n IH].
  - rewrite (same _ (fun k => 0 * 0)) by (intros; simpl; ring). rewrite (homogeneous 0 (fun _ => 0)). simpl. ring.
  - rewrite seq_S, rtotal_app, <- IH. cbn [rtotal fold_right]. change (0 + n)%nat with n. rewrite Rplus_0_r, <- homogeneous, <- additive. apply same. intros k.
    rewrite rtotal_app. cbn [rtotal fold_right]. change (0 + n)%nat with n. ring.
Qed.
Lemma partial n m (a : nat -> R) : (forall j, 0 <= a j) -> (n <= m)%nat -> rtotal (seq 0 n) a <= rtotal (seq 0 m) a.
Proof using.
  intros a0 le. induction le as [|m le IH]; [lra|]. rewrite seq_S, rtotal_app. cbn [rtotal fold_right]. change (0 + m)%nat with m. specialize (a0 m). lra.
Qed.
Lemma cut n k (a : nat -> R) : rtotal (seq 0 n) (fun j => a j * from j k) = rtotal (seq 0 (Nat.min n (S k))) a.
Proof using.
  induction n as [|n IH]; [reflexivity|]. rewrite seq_S, rtotal_app, IH. cbn [rtotal fold_right]. change (0 + n)%nat with n. unfold from. destruct (Nat.leb_spec n k) as [le|gt].
  - replace (Nat.min (S n) (S k)) with (S n) by lia. replace (Nat.min n (S k)) with n by lia. rewrite seq_S, rtotal_app. cbn [rtotal fold_right]. change (0 + n)%nat with n. ring.
  - replace (Nat.min (S n) (S k)) with (Nat.min n (S k)) by lia. ring.
Qed.
(** From some number on nothing has weight. *)
Theorem bounded_support : exists j, E (from j) = 0.
Proof using same additive homogeneous positive.
  apply NNPP. intros none. assert (pos : forall j, 0 < E (from j)).
  { intros j. assert (0 <= E (from j)) by (apply positive; intros k; unfold from; destruct (Nat.leb j k); lra).
    destruct (Req_dec (E (from j)) 0) as [z|nz]; [exfalso; apply none; now exists j|lra]. }
  set (a := fun j => / E (from j)). assert (a0 : forall j, 0 <= a j) by (intros j; left; now apply Rinv_0_lt_compat).
  set (f := fun k => rtotal (seq 0 (S k)) a). assert (big : forall n, INR n <= E f).
  { intros n. apply Rle_trans with (E (fun k => rtotal (seq 0 n) (fun j => a j * from j k))).
    - rewrite finite_sum, (rtotal_ext _ _ (fun _ => 1)) by (intros j _; unfold a; field; specialize (pos j); lra). rewrite rtotal_const, seq_length. lra.
    - apply monotone. intros k. rewrite cut. apply partial; [exact a0|lia]. }
  destruct (archimed (E f)) as [above _]. specialize (big (Z.to_nat (up (E f)))). rewrite INR_IZR_INZ in big.
  assert (f0 : 0 <= E f) by (specialize (pos 0%nat); apply positive; intros k; unfold f; rewrite <- (Rmult_0_r (INR (length (seq 0 (S k))))), <- rtotal_const; apply rtotal_le; auto).
  rewrite Z2Nat.id in big by (apply le_IZR; lra). lra.
Qed.
End Expectation.
