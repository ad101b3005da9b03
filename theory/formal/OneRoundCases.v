(** T1a and T1c: the general case and tau = 1, the first from T1d, the second from the round's expansion. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound.

(** The L2 triangle inequality of the spread. *)
Lemma spread_triangle {A} {X : space} (l : list A) (y z : A -> X) c d : l <> nil -> 0 <= c -> 0 <= d ->
  spread l y <= c ^ 2 -> spread l z <= d ^ 2 -> spread l (fun i => y i + z i)%V <= (c + d) ^ 2.
Proof using.
  intros Hl Hc Hd Hy Hz. pose proof (spread_nonneg l y) as y0. pose proof (spread_nonneg l z) as z0.
  assert (small : forall t, 0 < t -> spread l (fun i => y i + z i)%V <= (1 + t) * c ^ 2 + (1 + / t) * d ^ 2).
  { intros t Ht. pose proof (Rinv_0_lt_compat t Ht). eapply Rle_trans; [exact (spread_young l y z t Hl Ht)|].
    apply Rplus_le_compat; apply Rmult_le_compat_l; lra. }
  destruct (Req_dec c 0) as [zc|nc]; [|destruct (Req_dec d 0) as [zd|nd]].
  - apply Rnot_lt_le. intros lt. set (v := spread l (fun i => y i + z i)%V) in *. rewrite zc in *.
    set (r := v - d ^ 2) in *. assert (Hr : 0 < r) by (unfold r; lra). set (t := 2 * (d ^ 2 + 1) / r).
    assert (d2 : 0 <= d ^ 2) by apply pow2_ge_0. assert (Ht : 0 < t) by (apply Rdiv_lt_0_compat; lra). specialize (small t Ht).
    assert (/ t * d ^ 2 <= r / 2); [|unfold r in *; lra].
    replace (/ t * d ^ 2) with (r / 2 * (d ^ 2 / (d ^ 2 + 1))) by (unfold t; field; lra).
    assert (d ^ 2 / (d ^ 2 + 1) <= 1) by (apply Rmult_le_reg_r with (d ^ 2 + 1); [lra|unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra]).
    assert (r / 2 * (d ^ 2 / (d ^ 2 + 1)) <= r / 2 * 1) by (apply Rmult_le_compat_l; lra). lra.
  - apply Rnot_lt_le. intros lt. set (v := spread l (fun i => y i + z i)%V) in *. rewrite zd in *.
    set (r := v - c ^ 2) in *. assert (Hr : 0 < r) by (unfold r; lra). set (t := r / (2 * (c ^ 2 + 1))).
    assert (c2 : 0 <= c ^ 2) by apply pow2_ge_0. assert (Ht : 0 < t) by (apply Rdiv_lt_0_compat; lra). specialize (small t Ht).
    assert (t * (c ^ 2 + 1) = r / 2) by (unfold t; field; lra). unfold r in *; lra.
  - assert (cp : 0 < c) by lra. assert (dp : 0 < d) by lra. specialize (small (d / c) ltac:(now apply Rdiv_lt_0_compat)).
    eapply Rle_trans; [exact small|]. right. field. lra.
Qed.

Lemma INR_pos t : (1 <= t)%nat -> 0 < INR t.
Proof using. intros. apply lt_0_INR. lia. Qed.

Lemma agents_nonempty n : (1 <= n)%nat -> agents n <> nil.
Proof using. intros. unfold agents. destruct n; [lia|discriminate]. Qed.
(** Products and quotients of things that are visibly at least 0. *)
Ltac nonneg := unfold Rdiv; repeat first [assumption | apply pow2_ge_0 | apply Rmult_le_pos | (left; apply Rinv_0_lt_compat; assumption) | lra].

Section OneRound.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta : R) (tau m : nat) (W : X -> Prop) (L gamma b sigma : R) (w : X).
(** Section 3: beta_s = 1, H = h, and p = 1 + h/tau. *)
Let h := h beta tau L.
Let k := kappa n m.
Definition plain_p := 1 + OneRound.h beta tau L / INR tau.
Let x := x beta tau L plain_p.
Let b0 := b0 beta tau L b sigma plain_p.

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
Hypothesis w_in : W w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall A results, In A (subsets m (agents n)) -> support (draws (map (result noisy noise beta tau w) A)) results -> W (server 1 w results).
Hypothesis gamma_bound : spread (agents n) (fun i => g i w) <= gamma ^ 2.
Hypothesis short : h <= 1.

Lemma p_is : plain_p = 1 + beta * L.
Proof using tau_pos. unfold plain_p, OneRound.h. pose proof (INR_pos tau tau_pos). field. lra. Qed.
Lemma p_pos : 0 <= plain_p.
Proof using tau_pos beta_pos L_nonneg. rewrite p_is. assert (0 <= beta * L) by (apply Rmult_le_pos; lra). lra. Qed.
Lemma plain_step i u v : (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= plain_p * norm (u - v).
Proof using tau_pos beta_pos L_nonneg lipschitz.
  intros Hi Hu Hv. rewrite p_is. pose proof (lipschitz i u v Hi Hu Hv) as l.
  replace ((u - beta * g i u) - (v - beta * g i v))%V with ((u - v) + (- beta) * (g i u - g i v))%V by veq.
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
  assert (beta * norm (g i u - g i v) <= beta * (L * norm (u - v))) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma h_nonneg : 0 <= h.
Proof using beta_pos L_nonneg. unfold h, OneRound.h. pose proof (pos_INR tau). repeat apply Rmult_le_pos; lra. Qed.
Lemma m_pos : 0 < INR m.
Proof using sizes. exact (INR_pos m (proj1 sizes)). Qed.

(** T1a *)
Definition T1a_M := 1 / 2 + h * k + (if Req_EM_T sigma 0 then 0 else h / INR m).
Definition T1a_A := 1 / 2 - 2 * T1a_M * x ^ 2.
Definition T1a_N := 2 * T1a_M * (x ^ 2 * gamma ^ 2 + b0 ^ 2) + h / INR tau * (sigma ^ 2 / INR m) + h * k * gamma ^ 2.

(** A ratio M / (2M - q) is at most 1 when q <= M. *)
Lemma ratio_le M q : 0 < M -> q <= M -> M / (2 * M - q) <= 1.
Proof using. intros. apply Rmult_le_reg_r with (2 * M - q); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. Qed.

(** One round in the general case: T1d with the pair (1, x), eps = zeta = 1, c = M and the martingale form of V. *)
Theorem T1a : expected_loss n f noisy noise beta 1 tau m w <=
  F n f w - beta * INR tau * T1a_A * norm (G n g w) ^ 2 + beta * INR tau * T1a_N.
Proof using All.
  pose proof h_nonneg as h0. pose proof m_pos as m0. pose proof (k_nonneg n tau m sizes tau_pos) as k0. fold k in k0.
  pose proof (INR_pos tau tau_pos) as t0.
  assert (eH : H beta 1 tau L = h) by (unfold H; fold h; ring).
  assert (hk : 0 <= h * k) by now apply Rmult_le_pos.
  assert (hm : 0 <= h / INR m) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  set (M := T1a_M). assert (M0 : 1 / 2 + h * k <= M) by (unfold M, T1a_M; destruct (Req_EM_T sigma 0); lra).
  set (V := if Req_EM_T sigma 0 then 0 else V_martingale beta 1 tau m L sigma M).
  assert (form : variance_form beta 1 tau m L b sigma plain_p M V).
  { unfold V. destruct (Req_EM_T sigma 0) as [z|nz]; [right; left; now split|right; right; split; [|reflexivity]].
    rewrite eH. unfold M, T1a_M. destruct (Req_EM_T sigma 0); [contradiction|lra]. }
  pose proof (T1d n f g noisy noise beta 1 tau m W L gamma b sigma plain_p w sizes tau_pos beta_pos Rlt_0_1 L_nonneg b_nonneg sigma_nonneg
    p_pos Wconvex gradients lipschitz plain_step noise_proper bias variance_bound w_in runs_in servers_in gamma_bound
    1 x 1 1 M V (or_introl (conj eq_refl eq_refl)) form Rlt_0_1 (or_introl Rlt_0_1)) as T.
  rewrite eH in T. specialize (T ltac:(rewrite Rabs_right; lra) ltac:(fold k; lra)).
  eapply Rle_trans; [exact T|]. rewrite Rmult_1_l.
  assert (bt : 0 < beta * INR tau) by now apply Rmult_lt_0_compat.
  assert (eA : A beta 1 tau L 1 x 1 1 M = T1a_A).
  { unfold A, T1a_A. rewrite eH, Rabs_right by lra. fold M. field. }
  assert (leN : N n beta 1 tau m L gamma b sigma plain_p 1 x 1 M V <= T1a_N).
  { unfold N, T1a_N, Q0. rewrite eH. fold k M. fold b0.
    assert (first : h * k * 1 ^ 2 * gamma ^ 2 * (M / (2 * M - h * k)) <= h * k * gamma ^ 2).
    { pose proof (ratio_le M (h * k) ltac:(lra) ltac:(lra)) as r. assert (0 <= h * k * gamma ^ 2) by (apply Rmult_le_pos; [assumption|apply pow2_ge_0]).
      replace (h * k * 1 ^ 2 * gamma ^ 2 * (M / (2 * M - h * k))) with (h * k * gamma ^ 2 * (M / (2 * M - h * k))) by ring.
      assert (h * k * gamma ^ 2 * (M / (2 * M - h * k)) <= h * k * gamma ^ 2 * 1) by (apply Rmult_le_compat_l; assumption). lra. }
    assert (second : h * V / (2 * INR m) <= h / INR tau * (sigma ^ 2 / INR m)).
    { unfold V. destruct (Req_EM_T sigma 0) as [z|nz].
      - rewrite z. right. field. lra.
      - unfold V_martingale. rewrite eH. pose proof (ratio_le M (h / INR m) ltac:(lra)) as r.
        assert (hM : h / INR m <= M) by (unfold M, T1a_M; destruct (Req_EM_T sigma 0); [contradiction|lra]). specialize (r hM).
        assert (0 <= h / INR tau * (sigma ^ 2 / INR m)).
        { nonneg. }
        replace (h * (sigma ^ 2 / INR tau * (2 * M / (2 * M - h / INR m))) / (2 * INR m))
          with (h / INR tau * (sigma ^ 2 / INR m) * (M / (2 * M - h / INR m))).
        + assert (h / INR tau * (sigma ^ 2 / INR m) * (M / (2 * M - h / INR m)) <= h / INR tau * (sigma ^ 2 / INR m) * 1)
            by (apply Rmult_le_compat_l; assumption). lra.
        + assert (2 * M - h / INR m <> 0) by lra. set (D := 2 * M - h / INR m) in *. field. repeat split; lra. }
    replace (M * ((1 + 1) * x ^ 2 * gamma ^ 2 + (1 + / 1) * b0 ^ 2)) with (2 * M * (x ^ 2 * gamma ^ 2 + b0 ^ 2)) by (field; lra).
    lra. }
  rewrite eA. assert (beta * INR tau * N n beta 1 tau m L gamma b sigma plain_p 1 x 1 M V <= beta * INR tau * T1a_N) by (apply Rmult_le_compat_l; lra).
  lra.
Qed.

(** T1c: one local step. *)
Hypothesis gamma_nonneg : 0 <= gamma.
Definition T1c_A := 1 / 2.
Definition T1c_N := b ^ 2 / 2 + h / 2 * (sigma ^ 2 / INR m + k * (gamma + b) ^ 2).

Theorem T1c : tau = 1%nat -> expected_loss n f noisy noise beta 1 tau m w <=
  F n f w - beta * INR tau * T1c_A * norm (G n g w) ^ 2 + beta * INR tau * T1c_N.
Proof using All.
  intros single. pose proof h_nonneg as h0. pose proof m_pos as m0. pose proof (k_nonneg n tau m sizes tau_pos) as k0. fold k in k0.
  pose proof (INR_pos tau tau_pos) as t0. pose proof (agents_nonempty n (Nat.le_trans _ _ _ (proj1 sizes) (proj2 sizes))) as some.
  assert (eH : H beta 1 tau L = h) by (unfold H; fold h; ring).
  pose proof (expansion n f g noisy noise beta 1 tau m W L b sigma plain_p w sizes tau_pos beta_pos Rlt_0_1 Wconvex gradients lipschitz
    plain_step noise_proper bias variance_bound w_in runs_in servers_in) as E. cbv beta in E. rewrite eH in E. fold k in E.
  assert (er : forall i, (i < n)%nat -> (/ INR tau * vex (chain (noisy i) (noise i) beta w tau) snd)%V = expected (noisy i) (noise i) w).
  { intros i Hi. rewrite single. cbn [chain]. rewrite !vex_bind, vex_ret. cbn [fst snd]. rewrite vex_bind.
    rewrite (vex_ext (noise i) _ (fun _ => zero + expected (noisy i) (noise i) w)%V) by (intros; now rewrite vex_ret).
    rewrite vex_const by now apply noise_proper. apply inner_ext. intros z. simpl INR. expand. field. }
  set (e := fun i => expected (noisy i) (noise i) w). set (a := G n g w) in *. set (r := fun i => (e i - g i w)%V).
  rewrite (mean_ext (agents n) _ e), (spread_ext (agents n) _ e) in E
    by (intros i Hi; apply er, (agent n tau m sizes tau_pos); assumption).
  set (va := rmean (agents n) (fun i => variance (result noisy noise beta tau w i) (fun v => v) / (beta * INR tau) ^ 2)) in *.
  assert (va_le : va <= sigma ^ 2).
  { unfold va. rewrite <- (rmean_const (agents n) (sigma ^ 2) some). apply rmean_le. intros i Hi. apply (agent n tau m sizes tau_pos) in Hi.
    assert (bt : 0 < beta * INR tau) by now apply Rmult_lt_0_compat.
    apply Rmult_le_reg_r with ((beta * INR tau) ^ 2); [now apply pow_lt|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by (apply pow_nonzero; lra).
    eapply Rle_trans; [apply (variance_result (g i) (noisy i) (noise i) beta w W b sigma plain_p tau); auto using p_pos|].
    - intros u v. now apply plain_step.
    - intros t v Ht Hv. apply (runs_in i t v Hi); [lia|assumption].
    - rewrite single. simpl geo. simpl INR. replace (0 + 1) with 1 by ring. rewrite sqrt_1. right. ring. }
  assert (ri : forall i, In i (agents n) -> norm (r i) <= b) by (intros i Hi; apply (agent n tau m sizes tau_pos) in Hi; unfold r, e; now apply bias).
  assert (rsq : rmean (agents n) (fun i => norm (r i) ^ 2) <= b ^ 2).
  { rewrite <- (rmean_const (agents n) (b ^ 2) some). apply rmean_le. intros i Hi. apply pow_incr. split; [apply norm_nonneg|now apply ri]. }
  rewrite (mean_square (agents n) r some) in rsq. pose proof (spread_nonneg (agents n) r) as sr. set (R0 := mean (agents n) r) in *.
  assert (em : mean (agents n) e = (a + R0)%V).
  { unfold R0, a, G. rewrite <- mean_add. apply mean_ext. intros. unfold r. veq. }
  assert (sp : spread (agents n) e <= (gamma + b) ^ 2).
  { rewrite (spread_ext (agents n) e (fun i => g i w + r i)%V) by (intros; unfold r; veq).
    apply spread_triangle; try assumption. pose proof (pow2_ge_0 (norm R0)). lra. }
  rewrite em in E. rewrite inner_add_r, <- norm_sq in E.
  assert (nn : norm (a + R0) ^ 2 = norm a ^ 2 + 2 * inner a R0 + norm R0 ^ 2) by (rewrite !norm_sq; expand; order; ring).
  assert (n0 : 0 <= norm (a + R0) ^ 2) by apply pow2_ge_0.
  eapply Rle_trans; [exact E|]. replace (1 * beta * INR tau) with (beta * INR tau) by ring.
  replace (F n f w - beta * INR tau * T1c_A * norm a ^ 2 + beta * INR tau * T1c_N)
    with (F n f w + beta * INR tau * (- T1c_A * norm a ^ 2 + T1c_N)) by ring.
  apply Rplus_le_compat_l, Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. unfold T1c_A, T1c_N.
  assert (q1 : h / 2 * norm (a + R0) ^ 2 <= 1 / 2 * norm (a + R0) ^ 2) by (apply Rmult_le_compat_r; lra).
  assert (q2 : h / 2 * (k * spread (agents n) e) <= h / 2 * (k * (gamma + b) ^ 2)).
  { apply Rmult_le_compat_l; [lra|]. now apply Rmult_le_compat_l. }
  assert (q3 : h / 2 * (va / INR m) <= h / 2 * (sigma ^ 2 / INR m)).
  { apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|assumption]. }
  lra.
Qed.
End OneRound.
