(** The theorems are not empty: C2 is attained, and T4p holds with ratio 0.979 on two agents on the line. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun Chain OneRoundCases DriftLocal FixedPoint ConvexGap.
Require ExactRound OneRound LocalAverage.

Definition line := OneRound.Rspace.
Lemma norm_line (u : line) : norm u = Rabs u.
Proof using. unfold norm. change (@inner line u u) with (Rsqr u). apply sqrt_Rsqr_abs. Qed.
Lemma norm_line_sq (u : line) : norm u ^ 2 = u * u.
Proof using. rewrite norm_sq. reflexivity. Qed.

(** Agents with F_i = k w^2 / 2 + a w. *)
Section Parabola.
Variables (k a : R).
Definition parabola (w : line) : R := k * (w * w) / 2 + a * w.
Definition slope (w : line) : line := k * w + a.
Lemma parabola_gradient u : gradient parabola slope u.
Proof using.
  intros eps He. pose proof (Rabs_pos k). exists (eps / (1 + Rabs k)). split; [apply Rdiv_lt_0_compat; lra|]. intros y Hy. rewrite norm_line in *.
  change (@add line y (@scal line (-1) u)) with (y + -1 * u) in *. change (@inner line (slope u) (y + -1 * u)) with (slope u * (y + -1 * u)).
  set (d := y + -1 * u) in *. assert (all : forall y u : R, k * (y * y) / 2 + a * y - (k * (u * u) / 2 + a * u) - (k * u + a) * (y + -1 * u) = k * / 2 * ((y + -1 * u) * (y + -1 * u))) by (intros; field).
  match goal with |- Rabs ?e <= _ => replace e with (k * / 2 * (d * d)) by (symmetry; exact (all y u)) end.
  rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. pose proof (Rabs_pos d). apply Rmult_lt_compat_r with (r := 1 + Rabs k) in Hy; [|lra].
  replace (eps / (1 + Rabs k) * (1 + Rabs k)) with eps in Hy by (field; lra). assert (Rabs k * Rabs d <= eps) by (rewrite Rmult_comm; lra).
  replace (Rabs k * / 2 * (Rabs d * Rabs d)) with (Rabs k * Rabs d * / 2 * Rabs d) by ring. apply Rmult_le_compat_r; lra.
Qed.
Lemma parabola_curved mu L U : mu <= k <= L -> curved_on_balls parabola slope mu L U.
Proof using.
  intros Hk. apply curved_everywhere. split; [intros; apply parabola_gradient|]. intros u v _ _. rewrite !norm_line.
  set (d := @add line u (@scal line (-1) v)). assert (ed : d = u + -1 * v) by reflexivity.
  assert (all : forall u v : R, k * u + a + -1 * ((L + mu) / 2 * u) + -1 * (k * v + a + -1 * ((L + mu) / 2 * v)) = (k - (L + mu) / 2) * (u + -1 * v)) by (intros; field).
  match goal with |- Rabs ?e <= _ => replace e with ((k - (L + mu) / 2) * d) by (symmetry; exact (all u v)) end.
  rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|]. apply Rabs_le. lra.
Qed.
End Parabola.

(** C2: F = w^2 / 2, n = m = K = tau = beta = 1. *)
Definition unit_f (_ : nat) := parabola 1 0.
Definition unit_g (_ : nat) := slope 1 0.
Definition no_noise (_ : nat) := ret tt.
Definition exact_gradient (i : nat) (v : line) (_ : unit) : line := unit_g i v.
Example C2_attained (w : line) :
  rmean (seq 0 1) (fun r => ex (law (LocalAverage.all_round 1 exact_gradient no_noise 1 1 1) w r) (fun v => rmean (seq 0 1) (fun t => ex (LocalAverage.joint 1 exact_gradient no_noise 1 v t)
    (fun l => norm (mean (seq 0 1) (fun i => unit_g i (LocalAverage.average l))) ^ 2)))) =
  2 * (rmean (seq 0 1) (fun i => unit_f i w) - 0) / (1 * INR 1 * INR 1) + rmean (seq 0 1) (fun t => (OneRound.h 1 1 1 * LocalAverage.D 0 0 0 0 t / INR 1 + 0) ^ 2)
  + OneRound.h 1 1 1 * 0 ^ 2 / (INR 1 * INR 1) + kappa 1 1 * OneRound.h 1 1 1 * LocalAverage.D 0 0 0 0 1 ^ 2 / INR 1 ^ 2.
Proof using.
  unfold rmean. cbn [seq rtotal fold_right length]. unfold law. rewrite ex_ret. cbn [LocalAverage.joint]. rewrite ex_ret. cbn [seq map]. rewrite norm_line_sq.
  unfold LocalAverage.average, mean. cbn. unfold unit_f, unit_g, parabola, slope, LocalAverage.D, OneRound.h. cbn. field.
Qed.
(** C2 applies to it. *)
Example C2_applies (w : line) K : (1 <= K)%nat ->
  rmean (seq 0 K) (fun r => ex (law (LocalAverage.all_round 1 exact_gradient no_noise 1 1 1) w r) (fun v => rmean (seq 0 1) (fun t => ex (LocalAverage.joint 1 exact_gradient no_noise 1 v t)
    (fun l => norm (mean (seq 0 1) (fun i => unit_g i (LocalAverage.average l))) ^ 2)))) <=
  2 * (rmean (seq 0 1) (fun i => unit_f i w) - 0) / (1 * INR 1 * INR K) + rmean (seq 0 1) (fun t => (OneRound.h 1 1 1 * LocalAverage.D 0 0 0 0 t / INR 1 + 0) ^ 2)
  + OneRound.h 1 1 1 * 0 ^ 2 / (INR 1 * INR 1) + kappa 1 1 * OneRound.h 1 1 1 * LocalAverage.D 0 0 0 0 1 ^ 2 / INR 1 ^ 2.
Proof using.
  intros HK. apply (LocalAverage.C2 1 unit_f unit_g exact_gradient no_noise 1 1 1 (fun _ => True) (fun _ => True) 1 0 0 0 0 0); auto; try lra; try (intros; exact I).
  - intros x y t _ _ _. exact I.
  - intros. apply parabola_gradient.
  - intros i u v _ _ _. rewrite !norm_line. right. rewrite Rmult_1_l. f_equal. unfold unit_g, slope. cbn. ring.
  - intros i u v _ _ _. right. rewrite Rmult_0_l, norm_line. replace (@add line _ _) with 0; [apply Rabs_R0|]. unfold unit_g, slope. cbn. ring.
  - intros. apply proper_ret.
  - intros i v _ _. unfold expected, no_noise. rewrite vex_ret. right. unfold exact_gradient. replace (unit_g i v - unit_g i v)%V with (@zero line) by veq. apply norm_zero.
  - intros i v _ _. unfold variance, no_noise. rewrite ex_ret, vex_ret. right. rewrite norm_sq. expand. ring.
  - intros u _. unfold spread, rmean, mean. cbn [seq rtotal total fold_right length INR]. right. rewrite norm_line_sq. unfold unit_g, slope. cbn. field.
  - intros u _. unfold rmean. cbn. unfold unit_f, parabola. nra.
Qed.

(** T4p: beta = 1/2, tau = 2, k = (1, 0), a = (4, -3): w = 0 is fixed, |grad F(0)|^2 = 1/4, the bound is 49/192. *)
Definition pair_k (i : nat) : R := match i with O => 1 | _ => 0 end.
Definition pair_a (i : nat) : R := match i with O => 4 | _ => -3 end.
Definition two_f i := parabola (pair_k i) (pair_a i).
Definition two_g i := slope (pair_k i) (pair_a i).
Lemma two_fixed : ExactRound.server two_g (1 / 2) 1 2 (ExactRound.agents 2) (0 : line) = 0.
Proof using. unfold ExactRound.server, ExactRound.agents, mean, ExactRound.local, ExactRound.local_step, two_g, slope. cbn. field. Qed.
Lemma two_gradient : norm (ExactRound.G 2 two_g (0 : line)) ^ 2 = 1 / 4.
Proof using. rewrite norm_line_sq. unfold ExactRound.G, ExactRound.agents, mean, two_g, slope. cbn. field. Qed.
Lemma two_spread : spread (ExactRound.agents 2) (fun i => two_g i (0 : line)) = (7 / 2) ^ 2.
Proof using. unfold spread, rmean, ExactRound.agents. cbn [seq rtotal fold_right length INR]. rewrite !norm_line_sq. unfold mean, two_g, slope. cbn. field. Qed.
Lemma two_curved i : (i < 2)%nat -> curved_on_balls (two_f i) (two_g i) 0 1 (fun _ => True).
Proof using. intros _. apply parabola_curved. unfold pair_k. destruct i; lra. Qed.

Example T4p_applies : norm (ExactRound.G 2 two_g (0 : line)) ^ 2 <= 49 / 192.
Proof using.
  pose proof (T4p_curved 2 two_f two_g (1 / 2) 1 2 (7 / 2) (0 : line) ltac:(lia) ltac:(lia) ltac:(lra) Rlt_0_1 (Req_le _ _ two_spread) two_fixed 1 0 (fun _ => True)
    ltac:(lra) ltac:(lra) ltac:(simpl; lra) two_curved (fun _ _ _ _ => I)) as t.
  eapply Rle_trans; [exact t|]. right. unfold P. simpl. field.
Qed.
Example T4c_applies (u : line) : ExactRound.F 2 two_f (0 : line) - ExactRound.F 2 two_f u <= 2401 / 3072.
Proof using.
  pose proof (T4c_curved 2 two_f two_g (1 / 2) 1 2 1 0 (7 / 2) (fun _ => True) (0 : line) ltac:(lia) ltac:(lia) ltac:(lra) Rlt_0_1 Rlt_0_1 ltac:(simpl; lra) ltac:(lra)
    two_curved I (fun _ _ _ _ => I) (Req_le _ _ two_spread) two_fixed u I) as t.
  eapply Rle_trans; [exact t|]. right. unfold P. simpl. field.
Qed.
