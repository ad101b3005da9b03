(** C4: linear speed-up. The step that balances the optimisation term with sampling and noise, every constant a number. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound Chain NonconvexRate OneRoundCases Growth.

(** ** Numbers for h <= 1/10 *)
Lemma x_small beta tau L : (1 <= tau)%nat -> 0 <= h beta tau L <= 1 / 10 -> x beta tau L (plain_p beta tau L) <= 5171 / 10000 * h beta tau L.
Proof using.
  intros Ht Hh. unfold x, theta, plain_p. set (hh := h beta tau L) in *.
  pose proof (theta_three hh tau (1725 / 10000) Ht ltac:(lra) ltac:(lra) ltac:(lra)) as th. set (T := rtotal _ _ / _) in *.
  assert (hh ^ 2 <= 1 / 100) by (replace (1 / 100) with ((1 / 10) ^ 2) by field; apply pow_incr; lra).
  assert (T <= 5171 / 10000) by lra. assert (hh * T <= hh * (5171 / 10000)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma total_roots n : rtotal (seq 0 n) (fun t => sqrt (INR t)) <= 2 / 3 * (INR n * sqrt (INR n)).
Proof using.
  induction n as [|n IH]; [simpl; lra|]. rewrite seq_S, rtotal_app, S_INR. simpl (rtotal (_ :: nil) _). rewrite Rplus_0_r. pose proof (pos_INR n) as n0.
  set (u := sqrt (INR n)) in *. set (v := sqrt (INR n + 1)). assert (u2 : u ^ 2 = INR n) by (apply sqrt_pow; lra). assert (v2 : v ^ 2 = INR n + 1) by (apply sqrt_pow; lra).
  assert (u0 : 0 <= u) by apply sqrt_pos. assert (v0 : 0 <= v) by apply sqrt_pos. assert (uv : u <= v) by (apply sqrt_le_1; lra).
  rewrite <- v2. rewrite <- u2 in IH. assert (d : v ^ 2 - u ^ 2 = 1) by lra.
  (* 2 (v^3 - u^3) - 3 u (v^2 - u^2) = (v - u)^2 (2 v + u) *)
  assert (0 <= (v - u) ^ 2 * (2 * v + u)) by (apply Rmult_le_pos; [apply pow2_ge_0|lra]).
  assert (3 * u * (v ^ 2 - u ^ 2) = 3 * u) by (rewrite d; ring). lra.
Qed.
Lemma chi_small beta tau L : (1 <= tau)%nat -> 0 <= h beta tau L <= 1 / 10 -> chi tau (plain_p beta tau L) ^ 2 <= 4947 / 10000 * INR tau.
Proof using.
  intros Ht Hh. pose proof (INR_pos tau Ht) as t0. assert (t1 : 1 <= INR tau) by (change 1 with (INR 1); now apply le_INR).
  unfold chi, plain_p. set (hh := h beta tau L) in *. set (y := hh / INR tau). assert (y0 : 0 <= y) by (unfold y; apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]).
  assert (ey : INR tau * y = hh) by (unfold y; field; lra). assert (y1 : y <= 1 / 10) by (assert (1 * y <= INR tau * y) by (apply Rmult_le_compat_r; lra); lra).
  set (y' := 2 * y + y ^ 2). assert (y'0 : 0 <= y') by (unfold y'; pose proof (pow2_ge_0 y); lra).
  assert (ep : (1 + y) ^ 2 = 1 + y') by (unfold y'; ring). rewrite ep. set (s := sqrt (1113 / 1000)). assert (s2 : s ^ 2 = 1113 / 1000) by (apply sqrt_pow; lra).
  assert (one : forall t, In t (seq 0 tau) -> sqrt (geo t (1 + y')) <= s * sqrt (INR t)).
  { intros t Hi. apply in_seq in Hi. pose proof (pos_INR t). assert (tt : INR t <= INR tau) by (apply le_INR; lia).
    assert (z1 : INR t * y' <= 21 / 100).
    { apply Rle_trans with (INR tau * y'); [apply Rmult_le_compat_r; assumption|]. unfold y'. replace (INR tau * (2 * y + y ^ 2)) with (2 * (INR tau * y) + INR tau * y * y) by ring. rewrite ey.
      assert (hh * y <= 1 / 10 * (1 / 10)) by (apply Rmult_le_compat; lra). lra. }
    assert (z0 : 0 <= INR t * y') by now apply Rmult_le_pos.
    pose proof (geo_three y' (18 / 100) t (21 / 100) y'0 z1 ltac:(lra) ltac:(lra)) as gt.
    assert ((INR t * y') ^ 2 <= (21 / 100) ^ 2) by (apply pow_incr; lra).
    assert (INR t * (1 + INR t * y' / 2 + 18 / 100 * (INR t * y') ^ 2) <= INR t * (1113 / 1000)) by (apply Rmult_le_compat_l; lra).
    unfold s. rewrite <- sqrt_mult by lra. apply sqrt_le_1; [apply geo_nonneg; lra|nonneg|lra]. }
  assert (sum : rtotal (seq 0 tau) (fun t => sqrt (geo t (1 + y'))) <= s * (2 / 3 * (INR tau * sqrt (INR tau)))).
  { apply Rle_trans with (rtotal (seq 0 tau) (fun t => s * sqrt (INR t))); [now apply rtotal_le|]. rewrite rtotal_scal. apply Rmult_le_compat_l; [apply sqrt_pos|apply total_roots]. }
  assert (sum0 : 0 <= rtotal (seq 0 tau) (fun t => sqrt (geo t (1 + y')))).
  { rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. apply sqrt_pos. }
  set (T := rtotal _ _) in *. assert (le : T / INR tau <= s * (2 / 3) * sqrt (INR tau)).
  { apply Rmult_le_reg_r with (INR tau); [assumption|]. replace (T / INR tau * INR tau) with T by (field; lra). lra. }
  assert (0 <= T / INR tau) by nonneg. eapply Rle_trans; [apply pow_incr; split; [assumption|exact le]|].
  rewrite !Rpow_mult_distr, s2, sqrt_pow by lra. lra.
Qed.

Lemma kappa_le_one n m : (1 <= m <= n)%nat -> kappa n m <= 1.
Proof using.
  intros Hm. unfold kappa. destruct (Nat.eqb_spec n 1); [lra|]. assert (INR m <= INR n) by (apply le_INR; lia).
  assert (1 <= INR m) by (change 1 with (INR 1); apply le_INR; lia). assert (1 < INR n) by (change 1 with (INR 1); apply lt_INR; lia).
  assert (d : 0 < INR m * (INR n - 1)) by (apply Rmult_lt_0_compat; lra). apply Rmult_le_reg_r with (INR m * (INR n - 1)); [assumption|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. assert (1 * (INR n - 1) <= INR m * (INR n - 1)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Section SpeedUp.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta : R) (tau m : nat) (W Reach : X -> Prop) (L gamma b sigma F_star : R) (w0 : X).
Let hh := h beta tau L.
Let k := kappa n m.
Let p := plain_p beta tau L.
Let xx := x beta tau L p.
Let bb := b0 beta tau L b sigma p.
Definition Sigma := sigma ^ 2 / (INR m * INR tau) + kappa n m * gamma ^ 2.

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_pos : 0 < L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis runs_in : forall w i t v, Reach w -> (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall w A results, Reach w -> In A (subsets m (agents n)) ->
  support (draws (map (result noisy noise beta tau w) A)) results -> Reach (server 1 w results).
Hypothesis gamma_bound : forall w, Reach w -> spread (agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F n f w.
Let Gap := F n f w0 - F_star.
Let mean_gradient K := rmean (seq 0 K) (fun k => ex (law (round n noisy noise beta 1 tau m) w0 k) (fun w => norm (G n g w) ^ 2)).
Hypothesis small : hh <= 1 / 10.

Lemma hh_pos : 0 < hh.
Proof using tau_pos beta_pos L_pos. unfold hh, h. pose proof (INR_pos tau tau_pos). repeat apply Rmult_lt_0_compat; assumption. Qed.

(** T2p with (1, x), eps = zeta = 1, c = 1/2 and the martingale form of V. *)
Lemma balanced K : (1 <= K)%nat -> mean_gradient K <= 20108 / 10000 * (L * Gap / (hh * INR K) + (xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10))).
Proof using All.
  intros HK. pose proof hh_pos as h0. pose proof (INR_pos K HK) as K0. pose proof (INR_pos tau tau_pos) as t0. pose proof (INR_pos m (proj1 sizes)) as m0.
  assert (m1 : 1 <= INR m) by (change 1 with (INR 1); apply le_INR, sizes).
  pose proof (k_nonneg n tau m sizes tau_pos) as k0. fold k in k0. pose proof (kappa_le_one n m sizes) as k1. fold k in k1.
  assert (eH : H beta 1 tau L = hh) by (unfold H; fold hh; ring).
  assert (hk : 0 <= hh * k <= 1 / 10) by (split; [apply Rmult_le_pos; lra|]; assert (hh * k <= hh * 1) by (apply Rmult_le_compat_l; lra); lra).
  assert (hm : 0 <= hh / INR m <= 1 / 10).
  { split; [apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]|]. apply Rmult_le_reg_r with (INR m); [assumption|]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  pose proof (x_small beta tau L tau_pos (conj (Rlt_le _ _ h0) small)) as xs. fold hh p xx in xs.
  assert (x0 : 0 <= xx).
  { unfold xx, x, theta, Rdiv. fold hh. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat, pow_lt].
    rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. apply geo_nonneg, p_pos; try assumption; lra. }
  assert (x2 : xx ^ 2 <= (5171 / 100000) ^ 2) by (apply pow_incr; lra).
  set (V := V_martingale beta 1 tau m L sigma (1 / 2)). set (A1 := A beta 1 tau L 1 xx 1 1 (1 / 2)). set (N1 := N n beta 1 tau m L gamma b sigma p 1 xx 1 (1 / 2) V).
  assert (eA : A1 = 1 / 2 - xx ^ 2) by (unfold A1, A; rewrite eH, Rabs_right by lra; field).
  assert (A0 : 4973 / 10000 <= A1) by (rewrite eA; lra).
  pose proof (T2p n f g noisy noise beta 1 tau m W Reach L gamma b sigma p sizes tau_pos beta_pos Rlt_0_1 (Rlt_le _ _ L_pos) b_nonneg sigma_nonneg
    (p_pos beta tau L tau_pos beta_pos (Rlt_le _ _ L_pos)) Wconvex gradients lipschitz
    (fun i u v => plain_step n g beta tau W L tau_pos beta_pos (Rlt_le _ _ L_pos) lipschitz i u v) noise_proper bias variance_bound Reach_in runs_in servers_in gamma_bound
    1 xx 1 1 (1 / 2) V F_star w0 (fun w _ => or_introl (conj eq_refl eq_refl))) as T. fold A1 N1 in T. rewrite eH in T.
  specialize (T ltac:(right; right; rewrite eH; split; [lra|reflexivity]) Rlt_0_1 (or_introl Rlt_0_1) ltac:(rewrite Rabs_right; lra) ltac:(fold k; lra) ltac:(lra) start_in bounded_below K HK).
  fold (mean_gradient K) in T. fold Gap in T. eapply Rle_trans; [exact T|].
  assert (N0 : N1 <= xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10)).
  { unfold N1, N, Q0. rewrite eH. fold k bb. unfold V, V_martingale. rewrite eH. unfold Sigma. fold k.
    assert (r1 : 1 / 2 / (2 * (1 / 2) - hh * k) <= / (18 / 10)).
    { apply Rmult_le_reg_r with (2 * (1 / 2) - hh * k); [lra|]. unfold Rdiv at 1. rewrite (Rmult_assoc (1 * / 2)), Rinv_l by lra. lra. }
    assert (r2 : 1 / 2 / (2 * (1 / 2) - hh / INR m) <= / (18 / 10)).
    { apply Rmult_le_reg_r with (2 * (1 / 2) - hh / INR m); [lra|]. unfold Rdiv at 1. rewrite (Rmult_assoc (1 * / 2)), Rinv_l by lra. lra. }
    assert (q1 : 0 <= hh * k * gamma ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
    assert (q2 : 0 <= hh * (sigma ^ 2 / (INR m * INR tau))).
    { apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [apply pow2_ge_0|]. left. apply Rinv_0_lt_compat. now apply Rmult_lt_0_compat. }
    apply Rmult_le_compat_l with (r := hh * k * gamma ^ 2) in r1; [|assumption]. apply Rmult_le_compat_l with (r := hh * (sigma ^ 2 / (INR m * INR tau))) in r2; [|assumption].
    replace (hh * k * 1 ^ 2 * gamma ^ 2 * (1 / 2 / (2 * (1 / 2) - hh * k))) with (hh * k * gamma ^ 2 * (1 / 2 / (2 * (1 / 2) - hh * k))) by ring.
    replace (hh * (sigma ^ 2 / INR tau * (2 * (1 / 2) / (2 * (1 / 2) - hh / INR m))) / (2 * INR m))
      with (hh * (sigma ^ 2 / (INR m * INR tau)) * (1 / 2 / (2 * (1 / 2) - hh / INR m))).
    - replace (1 / 2 * ((1 + 1) * xx ^ 2 * gamma ^ 2 + (1 + / 1) * bb ^ 2)) with (xx ^ 2 * gamma ^ 2 + bb ^ 2) by field. lra.
    - assert (nz : 2 * (1 / 2) - hh / INR m <> 0) by lra. set (Dn := 2 * (1 / 2) - hh / INR m) in *. field. repeat split; lra. }
  assert (G0 : 0 <= Gap) by (unfold Gap; pose proof (bounded_below w0 start_in); lra).
  assert (iA : / A1 <= 20108 / 10000) by (apply Rmult_le_reg_r with A1; [lra|]; rewrite Rinv_l by lra; lra).
  assert (e1 : Gap / (A1 * (1 * beta * INR tau) * INR K) = / A1 * (L * Gap / (hh * INR K))) by (unfold hh, h; field; repeat split; lra).
  assert (S0 : 0 <= L * Gap / (hh * INR K)).
  { apply Rmult_le_pos; [apply Rmult_le_pos; lra|]. left. apply Rinv_0_lt_compat. now apply Rmult_lt_0_compat. }
  assert (Z0 : 0 <= xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10)).
  { assert (0 <= Sigma).
    { unfold Sigma. fold k. apply Rplus_le_le_0_compat; [|apply Rmult_le_pos; [assumption|apply pow2_ge_0]]. apply Rmult_le_pos; [apply pow2_ge_0|].
      left. apply Rinv_0_lt_compat. now apply Rmult_lt_0_compat. }
    assert (0 <= hh * Sigma) by (apply Rmult_le_pos; lra). assert (0 <= xx ^ 2 * gamma ^ 2) by (apply Rmult_le_pos; apply pow2_ge_0). pose proof (pow2_ge_0 bb). lra. }
  rewrite e1. unfold Rdiv at 1. fold (N1 / A1).
  assert (i0 : 0 < / A1) by (apply Rinv_0_lt_compat; lra).
  assert (N1 / A1 <= / A1 * (xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10))) by (unfold Rdiv at 1; rewrite Rmult_comm; apply Rmult_le_compat_l; lra).
  assert (/ A1 * (L * Gap / (hh * INR K) + (xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10))) <= 20108 / 10000 * (L * Gap / (hh * INR K) + (xx ^ 2 * gamma ^ 2 + bb ^ 2 + hh * Sigma / (18 / 10)))) by (apply Rmult_le_compat_r; lra).
  unfold Rdiv in *. lra.
Qed.

(** The floors that do not depend on the choice of h. *)
Lemma floors : 20108 / 10000 * (xx ^ 2 * gamma ^ 2 + bb ^ 2) <= hh ^ 2 * (55 / 100 * gamma ^ 2 + 2 * sigma ^ 2 / INR tau) + 45 / 10 * b ^ 2.
Proof using tau_pos beta_pos L_pos b_nonneg sigma_nonneg small.
  pose proof hh_pos as h0. pose proof (INR_pos tau tau_pos) as t0.
  pose proof (x_small beta tau L tau_pos (conj (Rlt_le _ _ h0) small)) as xs. fold hh p xx in xs.
  assert (x0 : 0 <= xx).
  { unfold xx, x, theta, Rdiv. fold hh. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat, pow_lt].
    rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. apply geo_nonneg, p_pos; try assumption; lra. }
  assert (x2 : xx ^ 2 <= (5171 / 10000) ^ 2 * hh ^ 2) by (rewrite <- Rpow_mult_distr; apply pow_incr; lra).
  assert (g2 : xx ^ 2 * gamma ^ 2 <= (5171 / 10000) ^ 2 * hh ^ 2 * gamma ^ 2) by (apply Rmult_le_compat_r; [apply pow2_ge_0|assumption]).
  pose proof (chi_small beta tau L tau_pos (conj (Rlt_le _ _ h0) small)) as cs. fold p in cs.
  set (u := (1 + xx) * b). set (v := hh * chi tau p * sigma / INR tau). assert (eb : bb = u + v) by reflexivity.
  assert (b2 : bb ^ 2 <= 2 * u ^ 2 + 2 * v ^ 2) by (rewrite eb; pose proof (pow2_ge_0 (u - v)); lra).
  assert (u2 : u ^ 2 <= (105171 / 100000) ^ 2 * b ^ 2).
  { unfold u. rewrite Rpow_mult_distr. apply Rmult_le_compat_r; [apply pow2_ge_0|]. apply pow_incr. lra. }
  assert (v2 : v ^ 2 <= 4947 / 10000 * (hh ^ 2 * (sigma ^ 2 / INR tau))).
  { replace (v ^ 2) with (hh ^ 2 * (sigma ^ 2 / INR tau ^ 2) * chi tau p ^ 2) by (unfold v; field; lra).
    apply Rle_trans with (hh ^ 2 * (sigma ^ 2 / INR tau ^ 2) * (4947 / 10000 * INR tau)).
    - apply Rmult_le_compat_l; [|assumption]. apply Rmult_le_pos; [apply pow2_ge_0|]. apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat, pow_lt].
    - right. field. lra. }
  assert (z : 0 <= hh ^ 2 * (sigma ^ 2 / INR tau)) by (apply Rmult_le_pos; [apply pow2_ge_0|apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]]).
  assert (g0 : 0 <= hh ^ 2 * gamma ^ 2) by (apply Rmult_le_pos; apply pow2_ge_0). pose proof (pow2_ge_0 b).
  replace (hh ^ 2 * (55 / 100 * gamma ^ 2 + 2 * sigma ^ 2 / INR tau)) with (55 / 100 * (hh ^ 2 * gamma ^ 2) + 2 * (hh ^ 2 * (sigma ^ 2 / INR tau))) by (field; lra). lra.
Qed.

(** Sigma > 0 and the balancing h. *)
Theorem C4 K : (1 <= K)%nat -> 0 < Sigma -> hh = Rmin (1 / 10) (sqrt (18 / 10 * L * Gap / (INR K * Sigma))) ->
  mean_gradient K <= 3 * sqrt (L * Gap * Sigma / INR K) + 202 / 10 * (L * Gap / INR K) + hh ^ 2 * (55 / 100 * gamma ^ 2 + 2 * sigma ^ 2 / INR tau) + 45 / 10 * b ^ 2
  /\ hh ^ 2 <= 18 / 10 * L * Gap / (INR K * Sigma).
Proof using All.
  intros HK HS choice. pose proof (balanced K HK) as ba. pose proof floors as fl. pose proof hh_pos as h0. pose proof (INR_pos K HK) as K0.
  assert (G0 : 0 <= Gap) by (unfold Gap; pose proof (bounded_below w0 start_in); lra).
  assert (KS : 0 < INR K * Sigma) by now apply Rmult_lt_0_compat.
  set (q := sqrt (18 / 10 * L * Gap / (INR K * Sigma))) in *.
  assert (LG : 0 <= L * Gap) by (apply Rmult_le_pos; lra).
  assert (arg : 0 <= 18 / 10 * L * Gap / (INR K * Sigma)) by (apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]).
  assert (q2 : q ^ 2 = 18 / 10 * L * Gap / (INR K * Sigma)) by now apply sqrt_pow.
  assert (hq : hh <= q) by (rewrite choice; apply Rmin_r). assert (q0 : 0 < q) by lra.
  split; [|rewrite <- q2; apply pow_incr; lra].
  set (u := q * Sigma / (18 / 10)). assert (u0 : 0 <= u) by (unfold u; apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra]).
  assert (eu : L * Gap / INR K = q * u).
  { unfold u. replace (q * (q * Sigma / (18 / 10))) with (q ^ 2 * Sigma / (18 / 10)) by field. rewrite q2. field. split; lra. }
  assert (s1 : hh * Sigma / (18 / 10) <= u) by (unfold u; assert (hh * Sigma <= q * Sigma) by (apply Rmult_le_compat_r; lra); lra).
  assert (s2 : L * Gap / (hh * INR K) <= 10 * (L * Gap / INR K) + u).
  { replace (L * Gap / (hh * INR K)) with (L * Gap / INR K * / hh) by (field; split; lra). assert (p0 : 0 <= L * Gap / INR K) by (rewrite eu; apply Rmult_le_pos; lra).
    revert choice. unfold Rmin. destruct (Rle_dec (1 / 10) q); intros e; rewrite e.
    - replace (/ (1 / 10)) with 10 by field. lra.
    - replace (L * Gap / INR K * / q) with u by (rewrite eu; field; lra). lra. }
  assert (s3 : 40216 / 10000 * u <= 3 * sqrt (L * Gap * Sigma / INR K)).
  { assert (arg' : 0 <= L * Gap * Sigma / INR K) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|left; now apply Rinv_0_lt_compat]).
    apply Rsqr_incr_0_var; [|apply Rmult_le_pos; [lra|apply sqrt_pos]]. rewrite !Rsqr_pow2, !Rpow_mult_distr, sqrt_pow by assumption.
    assert (e2 : L * Gap * Sigma / INR K = 18 / 10 * u ^ 2).
    { replace (L * Gap * Sigma / INR K) with (L * Gap / INR K * Sigma) by (field; lra). rewrite eu. unfold u. field. }
    rewrite e2. pose proof (pow2_ge_0 u). lra. }
  assert (LK : 0 <= L * Gap / INR K) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  lra.
Qed.
(** Sigma = 0: h = 1/10, and the drift floor stays. *)
Theorem C4_no_noise K : (1 <= K)%nat -> Sigma = 0 -> hh = 1 / 10 ->
  mean_gradient K <= 202 / 10 * (L * Gap / INR K) + 55 / 10000 * gamma ^ 2 + 45 / 10 * b ^ 2.
Proof using All.
  intros HK HS choice. pose proof (balanced K HK) as ba. pose proof floors as fl. pose proof (INR_pos K HK) as K0. pose proof (INR_pos tau tau_pos) as t0. pose proof (INR_pos m (proj1 sizes)) as m0.
  assert (G0 : 0 <= Gap) by (unfold Gap; pose proof (bounded_below w0 start_in); lra).
  assert (LK : 0 <= L * Gap / INR K) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|left; now apply Rinv_0_lt_compat]).
  rewrite HS, choice in ba. rewrite choice in fl. replace (L * Gap / (1 / 10 * INR K)) with (10 * (L * Gap / INR K)) in ba by (field; lra).
  assert (none : sigma ^ 2 = 0).
  { unfold Sigma in HS. pose proof (k_nonneg n tau m sizes tau_pos) as k0. assert (0 <= kappa n m * gamma ^ 2) by (apply Rmult_le_pos; [assumption|apply pow2_ge_0]).
    assert (mt : 0 < / (INR m * INR tau)) by (apply Rinv_0_lt_compat; now apply Rmult_lt_0_compat). unfold Rdiv in HS. pose proof (pow2_ge_0 sigma).
    assert (0 <= sigma ^ 2 * / (INR m * INR tau)) by (apply Rmult_le_pos; lra). assert (z : sigma ^ 2 * / (INR m * INR tau) = 0) by lra.
    destruct (Rmult_integral _ _ z); lra. }
  rewrite none in fl. replace (2 * 0 / INR tau) with 0 in fl by (field; lra). lra.
Qed.
End SpeedUp.
