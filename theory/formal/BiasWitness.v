(** S5' is attained at nu = 1: f' = (u^2 - 3)/2 on [-1, 1], alpha = L = rho = 1, q = 2, w = -1 (so w^1 = 0), two-point noise. *)
Require Import Space Calculus Smoothness Sampling Expectation NoisyTuning NoisySweep StochasticGradient ExactRoundWitness StochasticGradientWitness.

Definition curve (u : line) : line := ((u * u - 3) / 2)%R.
Definition curve_hess (u d : line) : line := (u * d)%R.
Definition halves : dist R := (1 / 2, 1 / 2) :: (1 / 2, - (1 / 2)) :: nil.
Definition moved (u : line) (xi : R) : line := (curve u + xi)%R.
Definition unit_ball (u : line) := Rabs u <= 1.

Definition curve_oracle := oracle (X := line) 1 moved halves (fun u (_ : unit) => curve u) sure (fun u (_ : unit) d => curve_hess u d) sure (-1)%R 1.
Lemma curve_gradient : meta_gradient curve curve_hess 1 1 (-1 : R) = -3.
Proof using. unfold meta_gradient, tuned, step, curve, curve_hess, sweep, factor. cbn. field. Qed.
Lemma curve_walk l p : (l <= 1)%nat -> support (walk (X := line) 1 moved halves (-1)%R l) p -> Rabs (p l) <= 1.
Proof using.
  intros Hl Hp. destruct l as [|[|l]]; [| |lia].
  - apply support_ret in Hp. subst p. apply Rabs_le. lra.
  - cbn [walk] in Hp. apply support_bind in Hp. destruct Hp as (r & Hr & Hp). apply support_bind in Hp. destruct Hp as (xi & Hx & Hp).
    apply support_ret in Hp. subst p. apply support_ret in Hr. subst r. rewrite extend_new. unfold noisy_step, moved, curve. cbn.
    destruct Hx as (c & [e|[e|[]]]); inversion e; subst; apply Rabs_le; lra.
Qed.

Example S5_second_attained : norm (vex curve_oracle (fun v => v) - meta_gradient curve curve_hess 1 1 (-1 : R)) =
  2 ^ 1 * Rmin (1 * sqrt (E_l 1 2 (1 / 2) 1 1)) (1 * m_l 1 1 2 (1 / 2) 1 1 + 1 * E_l 1 2 (1 / 2) 1 1 / 2)
  + 1 * 1 * (3 / 2) * 2 ^ pred 1 * rtotal (seq 1 (pred 1)) (fun l => sqrt (E_l 1 2 (1 / 2) 1 l)).
Proof using.
  assert (e : E_l 1 2 (1 / 2) 1 1 = 1 / 4) by (unfold E_l, E; simpl; field).
  assert (z : m_l 1 1 2 (1 / 2) 1 1 = 0) by (unfold m_l, m, E; simpl; field).
  assert (r : sqrt (1 / 4) = 1 / 2) by (replace (1 / 4) with ((1 / 2) ^ 2) by (simpl; field); apply sqrt_pow2; lra).
  rewrite e, z, r, Rmin_right by lra. rewrite curve_gradient.
  assert (mean : vex curve_oracle (fun v => v) = - (11 / 4)).
  { unfold vex, curve_oracle, oracle, paths, swept, outer_law, noisy_factor, sure, halves. cbn -[Rplus Rmult Ropp Rminus Rdiv IZR].
    unfold extend, noisy_step, moved, curve, curve_hess. cbn. field. }
  rewrite mean, norm_line. cbn. rewrite Rabs_right by lra. field.
Qed.

(** The hypotheses of S5' hold for it, so the theorem applies (and is an equality there). *)
Example S5_second_applies : norm (vex curve_oracle (fun v => v) - meta_gradient curve curve_hess 1 1 (-1 : R)) <=
  2 ^ 1 * Rmin (1 * sqrt (E_l 1 2 (1 / 2) 1 1)) (1 * m_l 1 1 2 (1 / 2) 1 1 + 1 * E_l 1 2 (1 / 2) 1 1 / 2)
  + 1 * 1 * (3 / 2) * 2 ^ pred 1 * rtotal (seq 1 (pred 1)) (fun l => sqrt (E_l 1 2 (1 / 2) 1 l)).
Proof using.
  apply (S5_second curve curve_hess 1 moved halves (fun u (_ : unit) => curve u) sure (fun u (_ : unit) d => curve_hess u d) sure (-1)%R unit_ball 1 1 1 (3 / 2) 2 (1 / 2) 1); try lra.
  - split; [intros pa [<-|[<-|[]]]; simpl; lra|unfold ex, halves; simpl; field].
  - apply proper_ret.
  - intros x y t Hx Hy Ht. unfold unit_ball in *. cbn. apply Rabs_le. unfold Rabs in *. destruct (Rcase_abs x), (Rcase_abs y); split; nra.
  - intros u _ eps He. exists eps. split; [assumption|]. intros y Hy. rewrite norm_line in *. unfold curve, curve_hess.
    change (@add line y (@scal line (-1) u)) with (y + -1 * u) in *. rewrite norm_line. cbn.
    replace ((y * y - 3) / 2 + -1 * ((u * u - 3) / 2) + -1 * (u * (y + -1 * u))) with ((y + -1 * u) * (y + -1 * u) / 2) by field.
    unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. pose proof (Rabs_pos (y + -1 * u)). nra.
  - intros u _. split; intros; unfold curve_hess; cbn; ring.
  - intros u d Hu. rewrite !norm_line. unfold factor, curve_hess, unit_ball in *. cbn. replace (d + -1 * (1 * (u * d))) with ((1 - u) * d) by ring.
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|]. apply Rabs_le. unfold Rabs in Hu. destruct (Rcase_abs u); lra.
  - intros u Hu. rewrite norm_line. unfold curve, unit_ball in *. apply Rabs_le. unfold Rabs in Hu. destruct (Rcase_abs u); split; nra.
  - intros u v Hu Hv. rewrite !norm_line. unfold curve, unit_ball in *. cbn. replace ((u * u - 3) / 2 + -1 * ((v * v - 3) / 2)) with ((u + v) / 2 * (u + -1 * v)) by field.
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|]. apply Rabs_le. unfold Rabs in Hu, Hv. destruct (Rcase_abs u), (Rcase_abs v); lra.
  - intros u d Hu. rewrite !norm_line. unfold curve_hess. rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|exact Hu].
  - intros u v d _ _. rewrite !norm_line. unfold curve_hess. cbn. replace (u * d + -1 * (v * d)) with ((u + -1 * v) * d) by ring. rewrite Rabs_mult. lra.
  - intros u _. unfold vex, halves, total, moved. cbn. field.
  - intros u _. unfold ex, halves. cbn [rtotal fold_right fst snd]. rewrite !norm_sq_line. unfold moved. cbn.
    replace (curve u + 1 / 2 + -1 * curve u) with (1 / 2) by ring. replace (curve u + - (1 / 2) + -1 * curve u) with (- (1 / 2)) by ring. lra.
  - intros u _. unfold sure. apply (vex_ret tt (fun _ => curve u)).
  - intros u d _. unfold sure. apply (vex_ret tt (fun _ => curve_hess u d)).
  - intros l Hl. unfold unit_ball, tuned, step, curve. destruct l as [|[|l]]; [| |lia]; cbn; apply Rabs_le; lra.
  - intros l p Hl Hp. exact (curve_walk l p Hl Hp).
Qed.
