(** T1d at omega = 0 (zeta = infinity), T1b as a case of T1d, and T1*. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound OneRoundCases.

Lemma limit_le X Y Z : 0 <= Z -> (forall zeta, 0 < zeta -> X <= Y + (1 + / zeta) * Z) -> X <= Y + Z.
Proof using.
  intros HZ all. apply Rnot_lt_le. intros lt. set (r := X - Y - Z). assert (Hr : 0 < r) by (unfold r; lra).
  specialize (all (2 * (Z + 1) / r) ltac:(apply Rdiv_lt_0_compat; lra)).
  assert (/ (2 * (Z + 1) / r) * Z <= r / 2).
  { replace (/ (2 * (Z + 1) / r) * Z) with (r / 2 * (Z / (Z + 1))) by (field; lra).
    assert (Z / (Z + 1) <= 1) by (apply Rmult_le_reg_r with (Z + 1); [lra|unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra]).
    assert (r / 2 * (Z / (Z + 1)) <= r / 2 * 1) by (apply Rmult_le_compat_l; lra). lra. }
  unfold r in *. lra.
Qed.

Section More.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau m : nat) (W : X -> Prop) (L gamma b sigma p : R) (w : X).
Let HH := H beta beta_s tau L.
Let k := kappa n m.
Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_nonneg : 0 <= L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis p_nonneg : 0 <= p.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
Hypothesis w_in : W w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall A results, In A (subsets m (agents n)) -> support (draws (map (result noisy noise beta tau w) A)) results -> W (server beta_s w results).
Hypothesis gamma_bound : spread (agents n) (fun i => g i w) <= gamma ^ 2.

(** omega = 0, for instance at tau = 1 or mu_c = L: Q0 = b0^2. *)
Theorem T1d_no_drift psi eps c V :
  pair n g beta tau W L p w psi 0 -> variance_form beta beta_s tau m L b sigma p c V -> 0 < eps ->
  Rabs (1 - HH * psi) / (2 * eps) + HH / 2 <= c -> (0 < k -> HH * k < 2 * c) ->
  expected_loss n f noisy noise beta beta_s tau m w <= F n f w
    - beta_s * beta * INR tau * (psi * (1 - HH * psi / 2) - Rabs (1 - HH * psi) * eps / 2) * norm (G n g w) ^ 2
    + beta_s * beta * INR tau * (c * b0 beta tau L b sigma p ^ 2 + HH * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - HH * k)) + HH * V / (2 * INR m)).
Proof using All.
  intros HP HV He Hc Hs. pose proof (INR_pos tau tau_pos) as t0. set (s := beta_s * beta * INR tau) in *. assert (s0 : 0 < s) by (unfold s; repeat apply Rmult_lt_0_compat; assumption).
  assert (c0 : 0 <= c).
  { pose proof (H_nonneg n beta beta_s tau m L sizes tau_pos beta_pos beta_s_pos L_nonneg) as h0. fold HH in h0. assert (0 <= Rabs (1 - HH * psi) / (2 * eps)); [|lra].
    apply Rmult_le_pos; [apply Rabs_pos|]. left. apply Rinv_0_lt_compat. lra. }
  set (bb := b0 beta tau L b sigma p). pose proof (pow2_ge_0 bb) as b2.
  set (Y := F n f w - s * (psi * (1 - HH * psi / 2) - Rabs (1 - HH * psi) * eps / 2) * norm (G n g w) ^ 2 + s * (HH * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - HH * k)) + HH * V / (2 * INR m))).
  apply Rle_trans with (Y + s * (c * bb ^ 2)); [|unfold Y; lra]. apply limit_le; [apply Rmult_le_pos; [lra|now apply Rmult_le_pos]|]. intros zeta Hz.
  pose proof (T1d n f g noisy noise beta beta_s tau m W L gamma b sigma p w sizes tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg Wconvex gradients lipschitz
    step_lipschitz noise_proper bias variance_bound w_in runs_in servers_in gamma_bound psi 0 eps zeta c V HP HV He (or_introl Hz) Hc Hs) as T.
  eapply Rle_trans; [exact T|]. fold s. unfold A, N, Q0. fold HH k bb. unfold Y. right. ring.
Qed.

(** T1b's N is not below T1d's at eps = 1, c = 1/2 + h kappa (1 + x)/(2 x), and its A is the same. *)
Theorem T1b_in_T1d x : 0 < x -> beta_s = 1 -> HH <= 1 -> let c := 1 / 2 + HH * k * (1 + x) / (2 * x) in
  A beta beta_s tau L 1 x 1 0 c = 1 / 2 * (1 - x ^ 2 - k * HH * x * (1 + x)) /\
  N n beta beta_s tau m L gamma 0 0 p 1 x 0 c 0 <= 1 / 2 * (x ^ 2 + k * HH * (1 + x) ^ 2) * gamma ^ 2.
Proof using sizes tau_pos beta_pos beta_s_pos L_nonneg.
  intros Hx one short c. pose proof (H_nonneg n beta beta_s tau m L sizes tau_pos beta_pos beta_s_pos L_nonneg) as h0. fold HH in h0.
  pose proof (k_nonneg n tau m sizes tau_pos) as k0. fold k in k0. assert (hk : 0 <= HH * k) by now apply Rmult_le_pos. split.
  - unfold A. fold HH. rewrite Rabs_right by lra. unfold c. field. lra.
  - assert (eb : b0 beta tau L 0 0 p = 0) by (unfold b0, Rdiv; ring). unfold N, Q0. fold HH k. rewrite eb. set (q := HH * k) in *.
    assert (m0 : 0 < INR m) by exact (INR_pos m (proj1 sizes)). assert (xq : 0 < x + q) by lra.
    assert (e1 : c / (2 * c - q) = 1 / 2 * ((x + q * (1 + x)) / (x + q))) by (unfold c, q; field; fold q; repeat split; lra).
    assert (r : (x + q * (1 + x)) / (x + q) <= 1 + x).
    { apply Rmult_le_reg_r with (x + q); [assumption|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. assert (0 <= x * x) by nra. lra. }
    rewrite e1. replace (HH * 0 / (2 * INR m)) with 0 by (field; lra). replace (0 ^ 2) with 0 by ring. rewrite Rmult_0_r, Rplus_0_r.
    apply Rmult_le_compat_l with (r := q * gamma ^ 2) in r; [|apply Rmult_le_pos; [assumption|apply pow2_ge_0]].
    replace (k * HH) with q by (unfold q; ring). replace (c * ((1 + 0) * x ^ 2 * gamma ^ 2 + 0)) with (1 / 2 * (x ^ 2 + q * (1 + x) * x) * gamma ^ 2) by (unfold c; fold q; field; lra).
    replace (q * 1 ^ 2 * gamma ^ 2 * (1 / 2 * ((x + q * (1 + x)) / (x + q)))) with (1 / 2 * (q * gamma ^ 2 * ((x + q * (1 + x)) / (x + q)))) by ring. lra.
Qed.

(** T1*: the pair (1, x), eps = 1, c = 1/2 and V in its second form. *)
Theorem T1_star zeta : HH <= 1 -> HH * k < 1 -> HH / INR m < 1 -> 0 < zeta \/ zeta = 0 /\ b0 beta tau L b sigma p = 0 -> let xx := x beta tau L p in
  expected_loss n f noisy noise beta beta_s tau m w <= F n f w
    - beta_s * beta * INR tau * ((1 - (1 + zeta) * xx ^ 2) / 2) * norm (G n g w) ^ 2
    + beta_s * beta * INR tau * (((1 + zeta) * xx ^ 2 * gamma ^ 2 + (1 + / zeta) * b0 beta tau L b sigma p ^ 2
      + HH * k / (1 - HH * k) * gamma ^ 2 + HH / INR m / (1 - HH / INR m) * (sigma ^ 2 / INR tau)) / 2).
Proof using All.
  intros short sampling noise_share Hz xx. pose proof (INR_pos tau tau_pos) as t0. pose proof (INR_pos m (proj1 sizes)) as m0.
  pose proof (H_nonneg n beta beta_s tau m L sizes tau_pos beta_pos beta_s_pos L_nonneg) as h0. fold HH in h0.
  assert (up : Rabs (1 - HH * 1) / (2 * 1) + HH / 2 <= 1 / 2) by (rewrite Rabs_right by lra; lra).
  assert (form : variance_form beta beta_s tau m L b sigma p (1 / 2) (V_martingale beta beta_s tau m L sigma (1 / 2))) by (right; right; split; [fold HH; lra|reflexivity]).
  assert (share : 0 < kappa n m -> H beta beta_s tau L * kappa n m < 2 * (1 / 2)) by (intros _; fold HH k; lra).
  pose proof (T1d n f g noisy noise beta beta_s tau m W L gamma b sigma p w sizes tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg Wconvex gradients lipschitz
    step_lipschitz noise_proper bias variance_bound w_in runs_in servers_in gamma_bound 1 xx 1 zeta (1 / 2) (V_martingale beta beta_s tau m L sigma (1 / 2)) (or_introl (conj eq_refl eq_refl))
    form Rlt_0_1 Hz up share) as T.
  eapply Rle_trans; [exact T|]. unfold A, N, Q0, V_martingale. fold HH k. rewrite Rabs_right by lra. set (bb := b0 beta tau L b sigma p). set (e := HH / INR m) in *.
  set (C := HH * k) in *.
  replace (HH * (sigma ^ 2 / INR tau * (2 * (1 / 2) / (2 * (1 / 2) - e))) / (2 * INR m)) with (e / (1 - e) * (sigma ^ 2 / INR tau) / 2).
  2:{ assert (z : HH / (2 * INR m) = e / 2) by (unfold e; field; lra). replace (HH * (sigma ^ 2 / INR tau * (2 * (1 / 2) / (2 * (1 / 2) - e))) / (2 * INR m))
        with (HH / (2 * INR m) * (sigma ^ 2 / INR tau * (2 * (1 / 2) / (2 * (1 / 2) - e)))) by (unfold Rdiv; ring). rewrite z. clearbody e. field. repeat split; lra. }
  replace (C * 1 ^ 2 * gamma ^ 2 * (1 / 2 / (2 * (1 / 2) - C))) with (C / (1 - C) * gamma ^ 2 / 2) by (field; lra).
  generalize (e / (1 - e) * (sigma ^ 2 / INR tau)) (C / (1 - C) * gamma ^ 2) (/ zeta). intros a c iz. right. field.
Qed.
End More.
