(** T2 and T3: from one round to K rounds. The rounds are a Markov chain; [kernel w] is the law of the next iterate. *)
Require Import Space Sampling Expectation.

Section Rates.
Context {X : space}.
Variables (F : X -> R) (G : X -> X) (kernel : X -> dist X) (W : X -> Prop) (s A N F_star : R) (w0 : X).

Fixpoint law (k : nat) : dist X := match k with O => ret w0 | S k => bind (law k) kernel end.

Definition reached (v : X) := exists k, support (law k) v.
Lemma reached_start : reached w0.
Proof using. exists O. exists 1. now left. Qed.
Lemma reached_next w v : reached w -> support (kernel w) v -> reached v.
Proof using. intros (k & Hk) Hv. exists (S k). cbn [law]. now apply support_bind_intro with w. Qed.

Hypothesis s_pos : 0 < s.
Hypothesis A_pos : 0 < A.
Hypothesis start_in : W w0.
Hypothesis kernel_proper : forall w, W w -> proper (kernel w).
Hypothesis kernel_in : forall w v, W w -> support (kernel w) v -> W v.
Hypothesis bounded_below : forall w, W w -> F_star <= F w.
Hypothesis one_round : forall w, W w -> ex (kernel w) F <= F w - s * A * norm (G w) ^ 2 + s * N.

(** [W] need only hold the points that the run from w_0 can reach; these form the least such set. *)
Lemma law_in k v : support (law k) v -> W v.
Proof using kernel_in start_in.
  revert v. induction k as [|k IH]; intros v Hv; cbn [law] in Hv.
  - apply support_ret in Hv. now subst.
  - apply support_bind in Hv. destruct Hv as (u & Hu & Hv). apply (kernel_in u); auto.
Qed.
Lemma law_proper k : proper (law k).
Proof using kernel_in kernel_proper start_in. induction k as [|k IH]; [apply proper_ret|]. apply proper_bind; [assumption|]. intros. now apply kernel_proper, (law_in k). Qed.

Lemma next_round k : ex (law (S k)) F <= ex (law k) F - s * A * ex (law k) (fun w => norm (G w) ^ 2) + s * N.
Proof using kernel_in kernel_proper one_round start_in.
  cbn [law]. rewrite ex_bind.
  apply Rle_trans with (ex (law k) (fun w => F w + (- (s * A) * norm (G w) ^ 2 + s * N))).
  - apply ex_le; [apply law_proper|]. intros w Hw. pose proof (one_round w (law_in k w Hw)). lra.
  - rewrite !ex_add, ex_scal, ex_const by apply law_proper. lra.
Qed.

Lemma summed K : s * A * rtotal (seq 0 K) (fun k => ex (law k) (fun w => norm (G w) ^ 2)) <= F w0 - ex (law K) F + INR K * (s * N).
Proof using kernel_in kernel_proper one_round start_in.
  induction K as [|K IH]; [cbn [law seq]; rewrite ex_ret; simpl; lra|].
  rewrite seq_S, rtotal_app, S_INR. pose proof (next_round K) as r.
  replace (rtotal ((0 + K)%nat :: nil) (fun k => ex (law k) (fun w => norm (G w) ^ 2))) with (ex (law K) (fun w => norm (G w) ^ 2)) by (simpl; ring).
  lra.
Qed.

Theorem T2 K : (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => ex (law k) (fun w => norm (G w) ^ 2)) <= (F w0 - F_star) / (A * s * INR K) + N / A.
Proof using A_pos bounded_below kernel_in kernel_proper one_round s_pos start_in.
  intros HK. assert (0 < INR K) by (apply lt_0_INR; lia). pose proof (summed K) as su.
  assert (F_star <= ex (law K) F).
  { rewrite <- (ex_const (law K) F_star) by apply law_proper. apply ex_le; [apply law_proper|]. intros w Hw. now apply bounded_below, (law_in K). }
  unfold rmean. rewrite seq_length. set (T := rtotal _ _) in *.
  apply Rmult_le_reg_l with (s * A * INR K); [repeat apply Rmult_lt_0_compat; assumption|].
  replace (s * A * INR K * (T / INR K)) with (s * A * T) by (field; lra).
  replace (s * A * INR K * ((F w0 - F_star) / (A * s * INR K) + N / A)) with (F w0 - F_star + INR K * (s * N)) by (field; lra). lra.
Qed.

Variable mu_F : R.
Hypothesis mu_F_pos : 0 < mu_F.
Hypothesis PL : forall w, W w -> 2 * mu_F * (F w - F_star) <= norm (G w) ^ 2.
Let lam := 2 * A * s * mu_F.
Hypothesis lam_le_one : lam <= 1.

Theorem T3 K : ex (law K) F - F_star <= (1 - lam) ^ K * (F w0 - F_star) + (1 - (1 - lam) ^ K) * (N / (2 * A * mu_F)).
Proof using A_pos PL kernel_in kernel_proper lam_le_one mu_F_pos one_round s_pos start_in.
  induction K as [|K IH]; [cbn [law]; rewrite ex_ret; simpl; lra|].
  assert (step : ex (law (S K)) F - F_star <= (1 - lam) * (ex (law K) F - F_star) + s * N).
  { pose proof (next_round K) as r.
    assert (pl : 2 * mu_F * (ex (law K) F - F_star) <= ex (law K) (fun w => norm (G w) ^ 2)).
    { replace (2 * mu_F * (ex (law K) F - F_star)) with (ex (law K) (fun w => 2 * mu_F * F w + - (2 * mu_F * F_star))).
      - apply ex_le; [apply law_proper|]. intros w Hw. pose proof (PL w (law_in K w Hw)). lra.
      - rewrite ex_add, ex_scal, ex_const by apply law_proper. ring. }
    assert (0 < s * A) by now apply Rmult_lt_0_compat.
    assert (s * A * (2 * mu_F * (ex (law K) F - F_star)) <= s * A * ex (law K) (fun w => norm (G w) ^ 2)) by (apply Rmult_le_compat_l; lra).
    unfold lam. lra. }
  eapply Rle_trans; [exact step|].
  apply Rle_trans with ((1 - lam) * ((1 - lam) ^ K * (F w0 - F_star) + (1 - (1 - lam) ^ K) * (N / (2 * A * mu_F))) + s * N).
  - apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
  - right. simpl. unfold lam. field. lra.
Qed.
End Rates.
