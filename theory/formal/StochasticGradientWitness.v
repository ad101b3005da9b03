(** S6 is not empty and not loose: f = -w^2/2, alpha = 1/2, nu = 1, w = 0, two-point gradient noise attain it. *)
Require Import Space Calculus Smoothness Sampling Expectation NoisyTuning NoisySweep StochasticGradient ExactRoundWitness.

Definition down (w : line) : line := (- w)%R.
Definition down_hess (w d : line) : line := (- d)%R.
Definition coin : dist R := (1 / 2, 1) :: (1 / 2, -1) :: nil.
Definition tossed (u : line) (xi : R) : line := (- u + xi)%R.
Definition sure : dist unit := ret tt.
Definition small (u : line) := Rabs u <= 1 / 2.

Lemma norm_sq_line (u : line) : norm u ^ 2 = (u * u)%R.
Proof using. rewrite norm_sq. reflexivity. Qed.
Lemma coin_proper : proper coin.
Proof using. split; [intros pa [<-|[<-|[]]]; simpl; lra|unfold ex, coin; simpl; field]. Qed.
Lemma coin_mean u : vex coin (tossed u) = down u.
Proof using. unfold vex, coin, total, tossed, down. cbn. field. Qed.
Lemma coin_noise u : ex coin (fun xi => norm (tossed u xi - down u) ^ 2) <= 1 ^ 2 / 1.
Proof using.
  unfold ex, coin. cbn [rtotal fold_right fst snd]. rewrite !norm_sq_line. unfold tossed, down. cbn. right. field.
Qed.

Definition law_of_oracle := oracle (X := line) (1 / 2) tossed coin tossed coin (fun u (z : unit) d => down_hess u d) sure 0 1.
Lemma end_zero : meta_gradient down down_hess (1 / 2) 1 (0 : line) = 0.
Proof using. unfold meta_gradient, tuned, step, down, down_hess. cbn. unfold factor. cbn. field. Qed.

Example S6_attained : ex law_of_oracle (fun v => norm (v - meta_gradient down down_hess (1 / 2) 1 (0 : line)) ^ 2) =
  V (1 / 2) 1 (3 / 2) 1 0 1 1 (1 / 2) + bias_sto (1 / 2) 1 1 0 (3 / 2) 1 1 (1 / 2) ^ 2.
Proof using.
  rewrite end_zero.
  assert (r : sqrt (E_l (1 / 2) (3 / 2) 1 1 1) = 1 / 2).
  { unfold E_l, E. replace ((1 / 2) ^ 2 * 1 ^ 2 / 1 * geo 1 ((3 / 2) ^ 2)) with ((1 / 2) ^ 2) by (simpl; field). apply sqrt_pow2. lra. }
  unfold V, bias_sto. rewrite r. unfold roots, eta2, law_of_oracle, ex, oracle, paths, swept, outer_law, noisy_factor, sure, coin.
  cbn -[norm Rplus Rmult Ropp Rminus Rdiv IZR pow]. rewrite !norm_sq_line. unfold extend, noisy_step, tossed, down_hess. cbn. field.
Qed.

(** The hypotheses of S6 hold for it, so the theorem applies (and is an equality there). *)
Example S6_applies : ex law_of_oracle (fun v => norm (v - meta_gradient down down_hess (1 / 2) 1 (0 : line)) ^ 2) <=
  ((3 / 2) ^ 2 + eta2 (1 / 2) 0 1) ^ 1 * 1 ^ 2 / 1 + (1 / 2) ^ 2 * (((3 / 2) ^ 2 + eta2 (1 / 2) 0 1) ^ 1 - (3 / 2) ^ (2 * 1)) + bias_sto (1 / 2) 1 1 0 (3 / 2) 1 1 (1 / 2) ^ 2.
Proof using.
  apply (S6 down down_hess (1 / 2) tossed coin tossed coin (fun u (z : unit) d => down_hess u d) sure 0 small 1 1 0 (1 / 2) (3 / 2) 1 0 1 1 1);
    try lra; try (intros; apply coin_mean); try (intros; apply coin_noise); try exact coin_proper.
  - apply proper_ret.
  - intros x y t Hx Hy Ht. unfold small in *. cbn. apply Rabs_le. unfold Rabs in *. destruct (Rcase_abs x), (Rcase_abs y); split; nra.
  - intros u _ eps He. exists 1. split; [lra|]. intros y _. rewrite !norm_line. unfold down, down_hess. cbn.
    replace (- y + -1 * - u + -1 * - (y + -1 * u)) with 0 by ring. rewrite Rabs_R0. pose proof (Rabs_pos (y + -1 * u)). nra.
  - intros u _. split; intros; unfold down_hess; cbn; ring.
  - intros u d _. rewrite !norm_line. unfold factor, down_hess. cbn. replace (d + -1 * (1 / 2 * - d)) with (3 / 2 * d) by field.
    rewrite Rabs_mult, (Rabs_right (3 / 2)) by lra. lra.
  - intros u Hu. rewrite norm_line. unfold down. rewrite Rabs_Ropp. exact Hu.
  - intros u v _ _. rewrite !norm_line. unfold down. cbn. replace (- u + -1 * - v) with (- (u + -1 * v)) by ring. rewrite Rabs_Ropp. lra.
  - intros u v d _ _. rewrite !norm_line. unfold down_hess. cbn. replace (- d + -1 * - d) with 0 by ring. rewrite Rabs_R0. lra.
  - intros u d _. unfold sure. apply (vex_ret tt (fun _ => down_hess u d)).
  - intros u d _. unfold sure. rewrite (ex_ret tt (fun _ => norm (down_hess u d - down_hess u d) ^ 2)), !norm_sq_line. unfold down_hess. cbn.
    replace ((- d + -1 * - d) * (- d + -1 * - d)) with 0 by ring. lra.
  - intros l Hl. unfold small, tuned, step, down. destruct l as [|[|l]]; [| |lia]; cbn; apply Rabs_le; lra.
  - intros l p Hl Hp. unfold small. destruct l as [|[|l]]; [| |lia].
    + destruct Hp as (c & [e|[]]). inversion e. subst. cbn. rewrite Rabs_R0. lra.
    + cbn [walk] in Hp. apply support_bind in Hp. destruct Hp as (r & Hr & Hp). apply support_bind in Hp. destruct Hp as (xi & Hx & Hp).
      apply support_ret in Hp. subst p. apply support_ret in Hr. subst r. rewrite extend_new. unfold noisy_step, tossed. cbn.
      destruct Hx as (c & [e|[e|[]]]); inversion e; subst; apply Rabs_le; lra.
Qed.
