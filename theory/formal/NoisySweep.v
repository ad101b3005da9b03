(** A random vector under a chain of noisy maps, fresh noise at each: second moment, mean and variance of the result. *)
Require Import Space Smoothness Sampling Expectation.

Section Minkowski.
Context {A I : Type}.
(** Minkowski for a finite sum of non-negative random numbers. *)
Lemma minkowski_sum (d : dist A) (l : list I) (r : I -> A -> R) (c : I -> R) : proper d ->
  (forall i, In i l -> 0 <= c i) -> (forall i a, In i l -> support d a -> 0 <= r i a) ->
  (forall i, In i l -> ex d (fun a => r i a ^ 2) <= c i ^ 2) ->
  ex d (fun a => rtotal l (fun i => r i a) ^ 2) <= rtotal l c ^ 2.
Proof using.
  intros Hd. induction l as [|i l IH]; intros Hc Hr Hm.
  - simpl. rewrite ex_const by assumption. lra.
  - assert (c0 : 0 <= rtotal l c).
    { rewrite <- (Rmult_0_r (INR (length l))), <- rtotal_const. apply rtotal_le. intros. apply Hc. now right. }
    apply (minkowski_ex d (r i) (fun a => rtotal l (fun j => r j a)) (fun a => rtotal (i :: l) (fun j => r j a)) (c i) (rtotal l c)).
    + assumption.
    + apply Hc. now left.
    + assumption.
    + apply Hm. now left.
    + apply IH; intros; [apply Hc|apply Hr|apply Hm]; auto; now right.
    + intros a Ha. simpl. split; [|lra]. assert (0 <= r i a) by (apply Hr; [now left|assumption]).
      assert (0 <= rtotal l (fun j => r j a)); [|lra].
      rewrite <- (Rmult_0_r (INR (length l))), <- rtotal_const. apply rtotal_le. intros. apply Hr; [now right|assumption].
Qed.
(** An expectation is at most an L2 bound. *)
Lemma ex_le_l2 (d : dist A) (r : A -> R) c : proper d -> 0 <= c -> ex d (fun a => r a ^ 2) <= c ^ 2 -> ex d r <= c.
Proof using.
  intros Hd Hc H. pose proof (cauchy_ex d r (fun _ => 1) Hd) as q. cbv beta in q. rewrite (ex_const d (1 ^ 2) Hd) in q.
  rewrite (ex_ext d (fun a => r a * 1) r) in q by (intros; ring).
  apply Rnot_lt_le. intros lt. assert (c ^ 2 < ex d r ^ 2) by (simpl; nra). lra.
Qed.
(** Cauchy-Schwarz with L2 bounds. *)
Lemma ex_product (d : dist A) (r t : A -> R) c c' : proper d -> 0 <= c -> 0 <= c' ->
  ex d (fun a => r a ^ 2) <= c ^ 2 -> ex d (fun a => t a ^ 2) <= c' ^ 2 -> ex d (fun a => r a * t a) <= c * c'.
Proof using.
  intros Hd Hc Hc' Hr Ht. pose proof (cauchy_ex d r t Hd) as q.
  assert (t0 : 0 <= ex d (fun a => t a ^ 2)) by (apply ex_nonneg; [assumption|intros; apply pow2_ge_0]).
  assert (le : ex d (fun a => r a ^ 2) * ex d (fun a => t a ^ 2) <= c ^ 2 * c' ^ 2).
  { apply Rle_trans with (c ^ 2 * ex d (fun a => t a ^ 2)); [now apply Rmult_le_compat_r|]. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption]. }
  assert (cc : 0 <= c * c') by now apply Rmult_le_pos.
  apply Rnot_lt_le. intros lt. set (P := ex d (fun a => r a * t a)) in *. assert ((c * c') ^ 2 < P ^ 2) by (simpl; nra). rewrite Rpow_mult_distr in H. lra.
Qed.
End Minkowski.

Section Backward.
Context {X : space} {Z : Type}.
Implicit Types u v : X.
Variables (start : dist X) (hess : dist Z) (noisy : nat -> Z -> X -> X) (avg : nat -> X -> X) (q eta2 s2 : R) (nu : nat).

Fixpoint law j : dist X := match j with O => start | S j => bind (law j) (fun v => bind hess (fun z => ret (noisy j z v))) end.
Definition center j : X := vex (law j) (fun v => v).

Hypothesis start_proper : proper start.
Hypothesis hess_proper : proper hess.
Lemma law_proper j : proper (law j).
Proof using start_proper hess_proper.
  induction j; [assumption|]. apply proper_bind; [assumption|]. intros. apply proper_bind; [assumption|]. intros. apply proper_ret.
Qed.
Lemma law_next j r : ex (law (S j)) r = ex (law j) (fun v => ex hess (fun z => r (noisy j z v))).
Proof using. cbn [law]. rewrite ex_bind. apply ex_ext. intros v _. rewrite ex_bind. apply ex_ext. intros z _. now rewrite ex_ret. Qed.

Hypothesis unbiased : forall j v, (j < nu)%nat -> support (law j) v -> vex hess (fun z => noisy j z v) = avg j v.
Lemma center_next j : (j < nu)%nat -> center (S j) = vex (law j) (avg j).
Proof using unbiased.
  intros Hj. unfold center. apply inner_ext. intros y. rewrite !inner_vex, law_next. apply ex_ext. intros v Hv.
  now rewrite <- inner_vex, unbiased.
Qed.

Hypothesis q_nonneg : 0 <= q.
Hypothesis eta2_nonneg : 0 <= eta2.
Hypothesis noise : forall j v, (j < nu)%nat -> support (law j) v -> ex hess (fun z => norm (noisy j z v - avg j v) ^ 2) <= eta2 * norm v ^ 2.
Hypothesis bounded : forall j v, (j < nu)%nat -> support (law j) v -> norm (avg j v) <= q * norm v.
Hypothesis lipschitz : forall j u v, (j < nu)%nat -> support (law j) u -> support (law j) v -> norm (avg j u - avg j v) <= q * norm (u - v).
Hypothesis start_variance : variance start (fun v => v) <= s2.

Let C2 := norm (center 0) ^ 2.
Let a := q ^ 2 + eta2.

Lemma step_moment j y : (j < nu)%nat ->
  ex (law (S j)) (fun v => norm (v - y) ^ 2) <= ex (law j) (fun v => norm (avg j v - y) ^ 2) + eta2 * ex (law j) (fun v => norm v ^ 2).
Proof using start_proper hess_proper unbiased noise.
  intros Hj. rewrite law_next. rewrite <- ex_scal, <- ex_add. apply ex_le; [apply law_proper|]. intros v Hv.
  rewrite (variance_split hess (fun z => noisy j z v) y hess_proper). unfold variance. rewrite unbiased by assumption.
  pose proof (noise j v Hj Hv). lra.
Qed.
(** The second moment grows by at most q^2 + eta^2 a map. *)
Lemma law_moment j : (j <= nu)%nat -> ex (law j) (fun v => norm v ^ 2) <= a ^ j * (s2 + C2).
Proof using start_proper hess_proper unbiased noise bounded start_variance q_nonneg eta2_nonneg.
  induction j as [|j IH]; intros Hj.
  - pose proof (second_moment_split start (fun v => v) start_proper) as e. change (norm (vex start (fun v => v)) ^ 2) with C2 in e.
    change (ex start (fun v => norm v ^ 2) <= 1 * (s2 + C2)). rewrite e. lra.
  - specialize (IH ltac:(lia)). pose proof (step_moment j zero ltac:(lia)) as s.
    rewrite (ex_ext (law (S j)) _ (fun v => norm v ^ 2)) in s by (intros; do 2 f_equal; veq).
    assert (b : ex (law j) (fun v => norm (avg j v - zero) ^ 2) <= q ^ 2 * ex (law j) (fun v => norm v ^ 2)).
    { rewrite <- ex_scal. apply ex_le; [apply law_proper|]. intros v Hv. replace (avg j v - zero)%V with (avg j v) by veq.
      rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|]. now apply bounded. }
    assert (a0 : 0 <= a) by (unfold a; pose proof (pow2_ge_0 q); lra).
    apply Rmult_le_compat_l with (r := a) in IH; [|assumption]. simpl pow at 2. unfold a in *. lra.
Qed.
(** The variance of the result. *)
Lemma law_variance j : (j <= nu)%nat -> variance (law j) (fun v => v) <= a ^ j * s2 + C2 * (a ^ j - q ^ (2 * j)).
Proof using start_proper hess_proper unbiased noise bounded lipschitz start_variance q_nonneg eta2_nonneg.
  induction j as [|j IH]; intros Hj.
  - simpl pow. eapply Rle_trans; [exact start_variance|]. lra.
  - specialize (IH ltac:(lia)). pose proof (law_moment j ltac:(lia)) as mo. pose proof (step_moment j (center (S j)) ltac:(lia)) as s.
    unfold variance at 1. fold (center (S j)). rewrite center_next in s |- * by lia. fold (variance (law j) (avg j)) in s.
    pose proof (variance_lipschitz (law j) (avg j) (fun v => v) q (law_proper j) q_nonneg (fun u v Hu Hv => lipschitz j u v ltac:(lia) Hu Hv)) as vl.
    pose proof (pow2_ge_0 q) as q2.
    assert (c1 : q ^ 2 * variance (law j) (fun v => v) <= q ^ 2 * (a ^ j * s2 + C2 * (a ^ j - q ^ (2 * j)))) by now apply Rmult_le_compat_l.
    assert (c2 : eta2 * ex (law j) (fun v => norm v ^ 2) <= eta2 * (a ^ j * (s2 + C2))) by now apply Rmult_le_compat_l.
    replace (q ^ (2 * S j)) with (q ^ 2 * q ^ (2 * j)) by (rewrite <- pow_add; f_equal; lia). change (a ^ S j) with (a * a ^ j).
    replace (a * a ^ j * s2 + C2 * (a * a ^ j - q ^ 2 * q ^ (2 * j))) with
      (q ^ 2 * (a ^ j * s2 + C2 * (a ^ j - q ^ (2 * j))) + eta2 * (a ^ j * (s2 + C2))) by (unfold a; ring). lra.
Qed.
End Backward.
