(** T3p: linear convergence under PL for T1d; T2 and T3 for T1a and T1c. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound Chain NonconvexRate OneRoundCases.

Section Kernel.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau m : nat) (Reach : X -> Prop).
Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis servers_in : forall w A results, Reach w -> In A (subsets m (agents n)) ->
  support (draws (map (result noisy noise beta tau w) A)) results -> Reach (server beta_s w results).

Lemma round_proper w : proper (round n noisy noise beta beta_s tau m w).
Proof using sizes noise_proper.
  apply proper_bind.
  - apply uniform_proper, subsets_nonempty. unfold agents. rewrite seq_length. lia.
  - intros A HA. apply uniform_support in HA. apply proper_bind; [|intros; apply proper_ret]. apply proper_draws. intros d Hd.
    apply in_map_iff in Hd. destruct Hd as (i & <- & Hi). apply run_proper, noise_proper. pose proof (subsets_incl m _ A HA i Hi) as Hj.
    apply in_seq in Hj. lia.
Qed.
Lemma round_in w v : Reach w -> support (round n noisy noise beta beta_s tau m w) v -> Reach v.
Proof using servers_in.
  intros Hw Hv. apply support_bind in Hv. destruct Hv as (A & HA & Hv). apply uniform_support in HA.
  apply support_bind in Hv. destruct Hv as (r & Hr & Hv). apply support_ret in Hv. subst. now apply (servers_in w A r).
Qed.
End Kernel.

Section Rates.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau m : nat) (W Reach : X -> Prop) (L gamma b sigma p : R).
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
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis runs_in : forall w i t v, Reach w -> (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis gamma_bound : forall w, Reach w -> spread (agents n) (fun i => g i w) <= gamma ^ 2.
Variables (F_star mu_F : R) (w0 : X).
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F n f w.
Hypothesis mu_F_pos : 0 < mu_F.
(** A7 *)
Let PL := forall w, Reach w -> 2 * mu_F * (F n f w - F_star) <= norm (G n g w) ^ 2.

Section T1d_rate.
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
Hypothesis servers_in : forall w A results, Reach w -> In A (subsets m (agents n)) ->
  support (draws (map (result noisy noise beta tau w) A)) results -> Reach (server beta_s w results).
Variables (psi omega eps zeta c V : R).
Hypothesis pairs : forall w, Reach w -> pair n g beta tau W L p w psi omega.
Hypothesis form : variance_form beta beta_s tau m L b sigma p c V.
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ b0 beta tau L b sigma p = 0.
Hypothesis c_large : Rabs (1 - H beta beta_s tau L * psi) / (2 * eps) + H beta beta_s tau L / 2 <= c.
Hypothesis c_sampling : 0 < kappa n m -> H beta beta_s tau L * kappa n m < 2 * c.
Let A1 := A beta beta_s tau L psi omega eps zeta c.
Let N1 := N n beta beta_s tau m L gamma b sigma p psi omega zeta c V.
Hypothesis descent : 0 < A1.

(** 2 A H <= 1 always, so lam <= 1 when mu_F <= L. *)
Lemma lam_le_one : mu_F <= L -> 2 * A1 * (beta_s * beta * INR tau) * mu_F <= 1.
Proof using sizes tau_pos beta_pos beta_s_pos L_nonneg eps_pos zeta_range c_large descent mu_F_pos.
  intros le. pose proof (INR_pos tau tau_pos) as t0. set (s := beta_s * beta * INR tau) in *.
  assert (s0 : 0 < s) by (unfold s; repeat apply Rmult_lt_0_compat; assumption).
  set (y := H beta beta_s tau L) in *. assert (eH : y = s * L) by (unfold y, H, h, s; ring).
  assert (y0 : 0 <= y) by (rewrite eH; apply Rmult_le_pos; lra).
  assert (d0 : 0 <= Rabs (1 - y * psi)) by apply Rabs_pos.
  assert (c0 : 0 <= c).
  { assert (0 <= Rabs (1 - y * psi) / (2 * eps)); [|lra]. apply Rmult_le_pos; [assumption|]. left. apply Rinv_0_lt_compat. lra. }
  assert (up : A1 <= psi * (1 - y * psi / 2)).
  { unfold A1, A. fold y. assert (0 <= Rabs (1 - y * psi) * eps) by (apply Rmult_le_pos; lra).
    assert (0 <= c * (1 + zeta) * omega ^ 2).
    { apply Rmult_le_pos; [apply Rmult_le_pos; [assumption|destruct zeta_range as [|[]]; lra]|apply pow2_ge_0]. }
    lra. }
  assert (one : 2 * A1 * y <= 1).
  { assert (A1 * y <= psi * (1 - y * psi / 2) * y) by (apply Rmult_le_compat_r; assumption).
    pose proof (pow2_ge_0 (1 - y * psi)). assert ((1 - y * psi) ^ 2 = 1 - 2 * (psi * (1 - y * psi / 2) * y)) by field. lra. }
  assert (A1 * s * mu_F <= A1 * s * L) by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|assumption]).
  rewrite eH in one. lra.
Qed.

(** Linear convergence of the expected gap, to a floor that grows to N / (2 A mu_F). *)
Theorem T3p K : PL -> 2 * A1 * (beta_s * beta * INR tau) * mu_F <= 1 ->
  let lam := 2 * A1 * (beta_s * beta * INR tau) * mu_F in
  ex (law (round n noisy noise beta beta_s tau m) w0 K) (F n f) - F_star <=
  (1 - lam) ^ K * (F n f w0 - F_star) + (1 - (1 - lam) ^ K) * (N1 / (2 * A1 * mu_F)).
Proof using All.
  intros pl small lam. apply (T3 (F n f) (G n g) (round n noisy noise beta beta_s tau m) Reach (beta_s * beta * INR tau) A1 N1 F_star w0); try assumption.
  - pose proof (INR_pos tau tau_pos). repeat apply Rmult_lt_0_compat; assumption.
  - intros. now apply round_proper.
  - intros w v. now apply round_in.
  - intros w Hw. rewrite round_loss. unfold A1, N1.
    apply (T1d n f g noisy noise beta beta_s tau m W L gamma b sigma p w); auto.
    + intros i t v Hi Ht Hv. now apply (runs_in w i t v).
    + intros A r HA Hr. now apply Reach_in, (servers_in w A r).
Qed.
End T1d_rate.

(** ** Section 3: beta_s = 1 *)
Section Section3.
Hypothesis servers_in : forall w A results, Reach w -> In A (subsets m (agents n)) ->
  support (draws (map (result noisy noise beta tau w) A)) results -> Reach (server 1 w results).
Hypothesis short : h beta tau L <= 1.
Hypothesis gamma_nonneg : 0 <= gamma.
Let s := beta * INR tau.
Let gaps K := ex (law (round n noisy noise beta 1 tau m) w0 K) (F n f) - F_star.
Let mean_gradient K := rmean (seq 0 K) (fun k => ex (law (round n noisy noise beta 1 tau m) w0 k) (fun w => norm (G n g w) ^ 2)).

Section Any.
Variables (A1 N1 : R).
Hypothesis A_pos : 0 < A1.
Hypothesis one : forall w, Reach w -> expected_loss n f noisy noise beta 1 tau m w <= F n f w - s * A1 * norm (G n g w) ^ 2 + s * N1.

Lemma any_T2 K : (1 <= K)%nat -> mean_gradient K <= (F n f w0 - F_star) / (A1 * s * INR K) + N1 / A1.
Proof using All.
  intros HK. apply (T2 (F n f) (G n g) (round n noisy noise beta 1 tau m) Reach s A1 N1 F_star w0); try assumption.
  - pose proof (INR_pos tau tau_pos). now apply Rmult_lt_0_compat.
  - intros. now apply round_proper.
  - intros w v. now apply round_in.
  - intros w Hw. rewrite round_loss. now apply one.
Qed.
Lemma any_T3 K : PL -> 2 * A1 * s * mu_F <= 1 -> gaps K <= (1 - 2 * A1 * s * mu_F) ^ K * (F n f w0 - F_star) + N1 / (2 * A1 * mu_F) * (1 - (1 - 2 * A1 * s * mu_F) ^ K).
Proof using All.
  intros pl small. eapply Rle_trans; [apply (T3 (F n f) (G n g) (round n noisy noise beta 1 tau m) Reach s A1 N1 F_star w0) with (mu_F := mu_F); try assumption|].
  - pose proof (INR_pos tau tau_pos). now apply Rmult_lt_0_compat.
  - intros. now apply round_proper.
  - intros w v. now apply round_in.
  - intros w Hw. rewrite round_loss. now apply one.
  - right. ring.
Qed.
(** T3 as printed: the floor without the factor 1 - (1 - lam)^K, when N >= 0. *)
Lemma any_T3_plain K : PL -> 2 * A1 * s * mu_F <= 1 -> 0 <= N1 -> gaps K <= (1 - 2 * A1 * s * mu_F) ^ K * (F n f w0 - F_star) + N1 / (2 * A1 * mu_F).
Proof using All.
  intros pl small n0. eapply Rle_trans; [exact (any_T3 K pl small)|]. apply Rplus_le_compat_l.
  pose proof (INR_pos tau tau_pos) as t0.
  assert (0 <= (1 - 2 * A1 * s * mu_F) ^ K) by (apply pow_le; lra).
  assert (0 < 2 * A1 * mu_F) by (repeat apply Rmult_lt_0_compat; lra).
  assert (0 <= N1 / (2 * A1 * mu_F)) by nonneg.
  assert (N1 / (2 * A1 * mu_F) * (1 - (1 - 2 * A1 * s * mu_F) ^ K) <= N1 / (2 * A1 * mu_F) * 1) by (apply Rmult_le_compat_l; lra). lra.
Qed.
End Any.

(** T2 with T1a. *)
Theorem T2_T1a K : let A1 := T1a_A n beta tau m L sigma in 0 < A1 -> (1 <= K)%nat ->
  mean_gradient K <= (F n f w0 - F_star) / (A1 * s * INR K) + T1a_N n beta tau m L gamma b sigma / A1.
Proof using All.
  intros A1 pos HK. apply any_T2; try assumption. intros w Hw. unfold s, A1.
  apply (T1a n f g noisy noise beta tau m W L gamma b sigma w); auto; intros; [now apply (runs_in w i t)|now apply Reach_in, (servers_in w A)].
Qed.
(** T3 with T1a. *)
Theorem T3_T1a K : let A1 := T1a_A n beta tau m L sigma in 0 < A1 -> PL -> 2 * A1 * s * mu_F <= 1 ->
  gaps K <= (1 - 2 * A1 * s * mu_F) ^ K * (F n f w0 - F_star) + T1a_N n beta tau m L gamma b sigma / (2 * A1 * mu_F).
Proof using All.
  intros A1 pos pl small. apply any_T3_plain; try assumption.
  - intros w Hw. unfold s, A1.
    apply (T1a n f g noisy noise beta tau m W L gamma b sigma w); auto; intros; [now apply (runs_in w i t)|now apply Reach_in, (servers_in w A)].
  - pose proof (h_nonneg beta tau L beta_pos L_nonneg) as h0. pose proof (INR_pos m (proj1 sizes)). pose proof (INR_pos tau tau_pos).
    pose proof (k_nonneg n tau m sizes tau_pos). assert (0 <= T1a_M n beta tau m L sigma) by (unfold T1a_M; destruct (Req_EM_T sigma 0); [|assert (0 <= h beta tau L / INR m) by nonneg]; assert (0 <= h beta tau L * kappa n m) by nonneg; lra).
    unfold T1a_N. pose proof (pow2_ge_0 gamma). repeat apply Rplus_le_le_0_compat; nonneg. apply Rplus_le_le_0_compat; nonneg.
Qed.
(** T2 and T3 with T1c. *)
Theorem T2_T1c K : tau = 1%nat -> (1 <= K)%nat ->
  mean_gradient K <= (F n f w0 - F_star) / (T1c_A * s * INR K) + T1c_N n beta tau m L gamma b sigma / T1c_A.
Proof using All.
  intros single HK. apply any_T2; try assumption; [unfold T1c_A; lra|]. intros w Hw. unfold s.
  apply (T1c n f g noisy noise beta tau m W L gamma b sigma w); auto; intros; [now apply (runs_in w i t)|now apply Reach_in, (servers_in w A)].
Qed.
Theorem T3_T1c K : tau = 1%nat -> PL -> 2 * T1c_A * s * mu_F <= 1 ->
  gaps K <= (1 - 2 * T1c_A * s * mu_F) ^ K * (F n f w0 - F_star) + T1c_N n beta tau m L gamma b sigma / (2 * T1c_A * mu_F).
Proof using All.
  intros single pl small. apply any_T3_plain; try assumption; [unfold T1c_A; lra| |].
  - intros w Hw. unfold s. apply (T1c n f g noisy noise beta tau m W L gamma b sigma w); auto; intros; [now apply (runs_in w i t)|now apply Reach_in, (servers_in w A)].
  - pose proof (h_nonneg beta tau L beta_pos L_nonneg) as h0. pose proof (INR_pos m (proj1 sizes)).
    pose proof (k_nonneg n tau m sizes tau_pos). unfold T1c_N. apply Rplus_le_le_0_compat; [nonneg|]. apply Rmult_le_pos; [nonneg|].
    apply Rplus_le_le_0_compat; nonneg.
Qed.
End Section3.
End Rates.
