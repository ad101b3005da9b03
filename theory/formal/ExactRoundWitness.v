(** T1b is not empty and not loose: n = 2, m = 1, tau = 1, F_0 = w^2/2 + w, F_1 = w^2/2 - w at w = 0 attain it. *)
Require Import Space Calculus Smoothness Sampling.
Require ExactRound OneRound.

Definition line := OneRound.Rspace.
Definition sign (i : nat) : R := match i with O => 1 | _ => -1 end.
Definition f (i : nat) (w : line) : R := w * w / 2 + sign i * w.
Definition g (i : nat) (w : line) : line := w + sign i.

Lemma norm_line (u : line) : norm u = Rabs u.
Proof using. unfold norm. change (@inner line u u) with (Rsqr u). apply sqrt_Rsqr_abs. Qed.
Lemma f_gradient i (u : line) : gradient (f i) (g i) u.
Proof using.
  intros eps He. exists eps. split; [assumption|]. intros y Hy. rewrite norm_line in *.
  change (@add line y (@scal line (-1) u)) with (y + -1 * u) in *. unfold f, g. cbn.
  set (d := y + -1 * u) in *. replace (y * y / 2 + sign i * y - (u * u / 2 + sign i * u) - (u + sign i) * d) with (d * d / 2) by (unfold d; field).
  rewrite Rabs_right by (assert (0 <= d * d) by nra; lra).
  assert (d * d = Rabs d * Rabs d) by (rewrite <- Rabs_mult, Rabs_right; nra). pose proof (Rabs_pos d). nra.
Qed.

Example attained beta : 0 < beta <= 1 ->
  let all := fun _ : line => True in
  ExactRound.expected_loss 2 f g beta 1 1 1 (0 : line) =
  ExactRound.F 2 f (0 : line) - beta * INR 1 * ExactRound.T1b_A 2 beta 1 1 1 * norm (ExactRound.G 2 g (0 : line)) ^ 2 + beta * INR 1 * ExactRound.T1b_N 2 beta 1 1 1 1.
Proof using.
  intros Hb all.
  unfold ExactRound.expected_loss, ExactRound.F, ExactRound.G, ExactRound.server, ExactRound.local, ExactRound.local_step, ExactRound.agents, rmean, mean, ExactRound.T1b_A, ExactRound.T1b_N.
  cbn -[norm Rplus Rmult Ropp Rminus Rdiv IZR INR]. rewrite norm_line.
  unfold f, g, ExactRound.theta, kappa. cbn -[Rplus Rmult Ropp Rminus Rdiv IZR Rabs].
  replace (/ (1 + 1) * (0 + 1 + (0 + -1 + 0))) with 0 by field. rewrite Rabs_R0. field.
Qed.

(** The hypotheses of T1b hold for it, so the theorem applies (and is an equality there). *)
Example applies beta : 0 < beta <= 1 ->
  ExactRound.expected_loss 2 f g beta 1 1 1 (0 : line) <=
  ExactRound.F 2 f (0 : line) - beta * INR 1 * ExactRound.T1b_A 2 beta 1 1 1 * norm (ExactRound.G 2 g (0 : line)) ^ 2 + beta * INR 1 * ExactRound.T1b_N 2 beta 1 1 1 1.
Proof using.
  intros Hb. apply (ExactRound.T1b 2 f g beta 1 1 1 1 1 (fun _ => True)); try lia; try lra; try (intros; exact I).
  - intros x y t _ _ _. exact I.
  - intros. apply f_gradient.
  - intros i u v _ _ _. rewrite !norm_line. cbn. unfold g. right. rewrite Rmult_1_l. f_equal. ring.
  - unfold spread, mean, rmean. cbn -[norm Rplus Rmult Ropp Rminus Rdiv IZR INR]. rewrite !norm_line. unfold g. cbn -[Rplus Rmult Ropp Rminus Rdiv IZR Rabs pow].
    replace (0 + 1 + -1 * (/ (1 + 1) * (0 + 1 + (0 + -1 + 0)))) with 1 by field.
    replace (0 + -1 + -1 * (/ (1 + 1) * (0 + 1 + (0 + -1 + 0)))) with (-1) by field.
    rewrite Rabs_R1, Rabs_left by lra. right. field.
  - simpl. lra.
Qed.
