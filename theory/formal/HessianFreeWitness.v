(** S9s is not empty, and the tempting bound b_sto + b_HF is false: f'' = |x| at 0, alpha = 1, nu = 1, delta = 1/2, skew outer noise. *)
Require Import Space Calculus Smoothness HessianFree Sampling Expectation NoisyTuning NoisySweep StochasticGradient NoisyHessianFree ExactRoundWitness StochasticGradientWitness.

Definition bowl (u : line) : line := (u * Rabs u / 2)%R.
Definition bowl_hess (u d : line) : line := (Rabs u * d)%R.
Definition skew : dist R := (1 / 3, 1) :: (2 / 3, - (1 / 2)) :: nil.
Definition shifted (u : line) (o : R) : line := (bowl u + o)%R.
Definition near (u : line) := Rabs u <= 1 / 2.

Lemma skew_proper : proper skew.
Proof using. split; [intros pa [<-|[<-|[]]]; simpl; lra|unfold ex, skew; simpl; field]. Qed.
Lemma bowl_remainder (y u : R) : Rabs (y * Rabs y / 2 - u * Rabs u / 2 - Rabs u * (y - u)) <= Rabs (y - u) * Rabs (y - u) / 2.
Proof using.
  assert (sq : Rabs (y - u) * Rabs (y - u) = (y - u) * (y - u)) by (rewrite <- Rabs_mult; apply Rabs_right, Rle_ge, Rle_0_sqr). rewrite sq. apply Rabs_le.
  unfold Rabs. destruct (Rcase_abs y), (Rcase_abs u); split; nra.
Qed.
Lemma bowl_derivative (u : line) : derivative bowl u (bowl_hess u).
Proof using.
  intros eps He. exists eps. split; [assumption|]. intros y Hy. rewrite norm_line in *. unfold bowl, bowl_hess.
  change (@add line y (@scal line (-1) u)) with (y + -1 * u) in *. rewrite norm_line. cbn.
  pose proof (bowl_remainder y u) as r. replace (y - u) with (y + -1 * u) in r by ring.
  replace (y * Rabs y / 2 + -1 * (u * Rabs u / 2) + -1 * (Rabs u * (y + -1 * u))) with (y * Rabs y / 2 - u * Rabs u / 2 - Rabs u * (y + -1 * u)) by ring.
  eapply Rle_trans; [exact r|]. pose proof (Rabs_pos (y + -1 * u)). nra.
Qed.
Lemma bowl_lipschitz (u v : R) : Rabs u <= 1 / 2 -> Rabs v <= 1 / 2 -> Rabs (u * Rabs u / 2 + -1 * (v * Rabs v / 2)) <= 1 / 2 * Rabs (u + -1 * v).
Proof using. intros Hu Hv. unfold Rabs in *. destruct (Rcase_abs u), (Rcase_abs v); repeat destruct (Rcase_abs _); nra. Qed.

Lemma walk_at_zero l p : (l <= 1)%nat -> support (walk 1 (fun u (_ : unit) => bowl u) sure (0 : line) l) p -> p l = 0 /\ p 0%nat = 0.
Proof using.
  intros Hl Hp. destruct l as [|[|l]]; [| |lia].
  - apply support_ret in Hp. subst p. split; reflexivity.
  - cbn [walk] in Hp. apply support_bind in Hp. destruct Hp as (r & Hr & Hp). apply support_bind in Hp. destruct Hp as (xi & Hx & Hp).
    apply support_ret in Hp. subst p. apply support_ret in Hr. subst r. rewrite extend_new, extend_old by lia. split; [|reflexivity].
    unfold noisy_step, bowl. cbn. rewrite Rabs_R0. field.
Qed.
Lemma zero_gradient : meta_gradient bowl bowl_hess 1 1 (0 : line) = 0.
Proof using. unfold meta_gradient, tuned, step, bowl, bowl_hess, sweep, factor. cbn. repeat (rewrite ?Rabs_R0, ?Rmult_0_l, ?Rmult_0_r; unfold Rdiv). ring. Qed.

Definition hf_law := hf_oracle (X := line) 1 (1 / 2) (fun u (_ : unit) => bowl u) sure shifted skew (fun u (_ : unit) => bowl u) sure 0 1.
Lemma hf_law_mean : vex hf_law (fun v => v) = - (1 / 24).
Proof using.
  unfold vex, hf_law, hf_oracle, hf_swept, StochasticGradient.paths, outer_law, noisy_probe, sure, skew. cbn -[Rplus Rmult Ropp Rminus Rdiv IZR Rabs].
  unfold extend, noisy_step, shifted, bowl. cbn -[Rplus Rmult Ropp Rminus Rdiv IZR Rabs]. rewrite Rabs_R0.
  repeat match goal with |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra] end. field.
Qed.

(** The hypotheses of S9s hold, for every D (the inner gradients are exact). *)
Example S9s_applies D : 0 < D -> norm (vex hf_law (fun v => v) - meta_gradient bowl bowl_hess 1 1 (0 : line)) <=
  bias_sto 1 1 (1 / 2) 1 1 1 D (1 / 8) + delta_term 1 (1 / 2) 1 1 1 1 0 1 1 ((1 / 8) ^ 2).
Proof using.
  intros HD. apply (S9s_bias bowl bowl_hess 1 (1 / 2) (fun u (_ : unit) => bowl u) sure shifted skew (fun u (_ : unit) => bowl u) (fun u _ => bowl_hess u) sure 0 near 1 (1 / 2) 1 (1 / 8) 1 1 0 D 1 1); try lra; try exact HD.
  - apply proper_ret.
  - exact skew_proper.
  - apply proper_ret.
  - intros x y t Hx Hy Ht. unfold near in *. cbn. apply Rabs_le. unfold Rabs in *. destruct (Rcase_abs x), (Rcase_abs y); split; nra.
  - intros u _. apply bowl_derivative.
  - intros u _. split; intros; unfold bowl_hess; cbn; ring.
  - intros u d Hu. rewrite !norm_line. unfold factor, bowl_hess, near in *. cbn. replace (d + -1 * (1 * (Rabs u * d))) with ((1 - Rabs u) * d) by ring.
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|]. pose proof (Rabs_pos u). rewrite Rabs_right; lra.
  - intros u Hu. rewrite norm_line. unfold bowl, near in *. unfold Rdiv. rewrite !Rabs_mult, Rabs_Rabsolu, (Rabs_right (/ 2)) by lra. pose proof (Rabs_pos u). nra.
  - intros u v Hu Hv. rewrite !norm_line. unfold bowl. cbn. now apply bowl_lipschitz.
  - intros u v d _ _. rewrite !norm_line. unfold bowl_hess. cbn. replace (Rabs u * d + -1 * (Rabs v * d)) with ((Rabs u - Rabs v) * d) by ring.
    rewrite Rabs_mult, Rmult_1_l. apply Rmult_le_compat_r; [apply Rabs_pos|]. replace (u + -1 * v) with (u - v) by ring. apply Rabs_triang_inv2.
  - intros u _. unfold sure. apply (vex_ret tt (fun _ => bowl u)).
  - intros u _. unfold sure. rewrite (ex_ret tt (fun _ => norm (bowl u - bowl u) ^ 2)), norm_sq_line. cbn. replace ((bowl u + -1 * bowl u) * (bowl u + -1 * bowl u)) with 0 by ring. apply Rlt_le, Rdiv_lt_0_compat; lra.
  - intros u _. unfold vex, skew, total, shifted. cbn. field.
  - intros u _. unfold ex, skew. cbn [rtotal fold_right fst snd]. rewrite !norm_sq_line. unfold shifted. cbn.
    replace (bowl u + 1 + -1 * bowl u) with 1 by ring. replace (bowl u + - (1 / 2) + -1 * bowl u) with (- (1 / 2)) by ring. lra.
  - intros u _. unfold sure. apply (vex_ret tt (fun _ => bowl u)).
  - intros u z _ _. apply bowl_derivative.
  - intros u z a d _. unfold bowl_hess. cbn. ring.
  - intros u d _. unfold sure. apply (vex_ret tt (fun _ => bowl_hess u d)).
  - intros u d _. unfold sure. rewrite (ex_ret tt (fun _ => norm (bowl_hess u d - bowl_hess u d) ^ 2)), !norm_sq_line. cbn.
    replace ((bowl_hess u d + -1 * bowl_hess u d) * (bowl_hess u d + -1 * bowl_hess u d)) with 0 by ring. lra.
  - intros l Hl. assert (z : tuned bowl 1 l (0 : line) = 0) by (destruct l as [|[|l]]; [reflexivity| |lia]; unfold tuned, step, bowl; cbn; rewrite Rabs_R0; field).
    unfold near. rewrite z, Rabs_R0. lra.
  - intros l p Hl Hp. unfold near. destruct (walk_at_zero l p Hl Hp) as [-> _]. rewrite Rabs_R0. lra.
  - intros p j v Hp Hj Hv. destruct (walk_at_zero 1 p (Nat.le_refl _) Hp) as [e1 e0]. destruct j as [|j]; [|lia]. change (1 - 1)%nat with 0%nat.
    unfold hf_swept in Hv. cbn [law] in Hv. unfold outer_law in Hv. apply support_bind in Hv. destruct Hv as (o & Ho & Hv). apply support_ret in Hv. subst v.
    rewrite e1, e0. unfold probes, near, shifted, bowl. cbn. rewrite !Rabs_R0.
    destruct Ho as (c & [e|[e|[]]]); inversion e; subst; split; apply Rabs_le; unfold Rdiv; lra.
Qed.
(** b_sto + b_HF, with b_HF of S9, is not a bound: at D = 10^6 it is below 1/200, and the bias is 1/24. *)
Example tempting_bound_fails :
  bias_sto 1 1 (1 / 2) 1 1 1 1000000 (1 / 8) + 1 / 2 * 1 * 1 * (1 / 2) * (1 / 8) ^ 2 * 1 ^ pred 1 * geo 1 1 <
  norm (vex hf_law (fun v => v) - meta_gradient bowl bowl_hess 1 1 (0 : line)).
Proof using.
  assert (r : sqrt (E_l 1 1 1 1000000 1) = 1 / 1000).
  { unfold E_l, E. replace (1 ^ 2 * 1 ^ 2 / 1000000 * geo 1 (1 ^ 2)) with ((1 / 1000) ^ 2) by (simpl; field). apply sqrt_pow2. lra. }
  rewrite zero_gradient, hf_law_mean, norm_line. unfold bias_sto. rewrite r. unfold roots. cbn. rewrite Rabs_left by lra. lra.
Qed.
