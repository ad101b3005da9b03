(** T1d for every round: the rate of K rounds of Meta-FedAvg. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRound Chain.

Section Rounds.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau m : nat) (W Reach : X -> Prop) (L gamma b sigma p : R).

(** One round: a set of agents, their runs, the server's step. *)
Definition round w : dist X :=
  bind (uniform (subsets m (agents n))) (fun A => bind (draws (map (result noisy noise beta tau w) A)) (fun r => ret (server beta_s w r))).

Lemma round_loss w : ex (round w) (F n f) = expected_loss n f noisy noise beta beta_s tau m w.
Proof using.
  unfold round, expected_loss. rewrite ex_bind, ex_uniform. apply rmean_ext. intros A _. rewrite ex_bind. apply ex_ext.
  intros. apply ex_ret.
Qed.

Lemma server_in_round w A results : In A (subsets m (agents n)) -> support (draws (map (result noisy noise beta tau w) A)) results -> support (round w) (server beta_s w results).
Proof using.
  intros HA Hr. apply support_bind_intro with A; [now apply support_uniform|]. apply support_bind_intro with results; [assumption|]. exists 1. now left.
Qed.
(** The points that the run from w_0 reaches serve as [Reach] below. *)
Lemma reached_servers w0 w A results : reached round w0 w -> In A (subsets m (agents n)) -> support (draws (map (result noisy noise beta tau w) A)) results ->
  reached round w0 (server beta_s w results).
Proof using. intros Hw HA Hr. apply (reached_next round w0 w); [assumption|]. now apply server_in_round with A. Qed.

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
Lemma round_proper w : proper (round w).
Proof using sizes noise_proper.
  apply proper_bind.
  - apply uniform_proper, subsets_nonempty. unfold agents. rewrite seq_length. clear -sizes. lia.
  - intros A HA. apply uniform_support in HA. apply proper_bind; [|intros; apply proper_ret]. apply proper_draws. intros d Hd.
    apply in_map_iff in Hd. destruct Hd as (i & <- & Hi). apply run_proper, noise_proper. pose proof (subsets_incl m _ A HA i Hi) as Hj.
    apply in_seq in Hj. exact (proj2 Hj).
Qed.
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis runs_in : forall w i t v, Reach w -> (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall w A results, Reach w -> In A (subsets m (agents n)) ->
  support (draws (map (result noisy noise beta tau w) A)) results -> Reach (server beta_s w results).
Hypothesis gamma_bound : forall w, Reach w -> spread (agents n) (fun i => g i w) <= gamma ^ 2.

Variables (psi omega eps zeta c V F_star : R) (w0 : X).
Hypothesis pairs : forall w, Reach w -> pair n g beta tau W L p w psi omega.
Hypothesis form : variance_form beta beta_s tau m L b sigma p c V.
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ b0 beta tau L b sigma p = 0.
Hypothesis c_large : Rabs (1 - H beta beta_s tau L * psi) / (2 * eps) + H beta beta_s tau L / 2 <= c.
Hypothesis c_sampling : 0 < kappa n m -> H beta beta_s tau L * kappa n m < 2 * c.
Let A1 := A beta beta_s tau L psi omega eps zeta c.
Let N1 := N n beta beta_s tau m L gamma b sigma p psi omega zeta c V.
Hypothesis descent : 0 < A1.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F n f w.

Theorem T2p K : (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => ex (law round w0 k) (fun w => norm (G n g w) ^ 2)) <=
  (F n f w0 - F_star) / (A1 * (beta_s * beta * INR tau) * INR K) + N1 / A1.
Proof using L_nonneg Reach_in Wconvex b_nonneg beta_pos beta_s_pos bias bounded_below c_large c_sampling descent eps_pos form gamma_bound gradients lipschitz noise_proper p_nonneg pairs runs_in servers_in sigma_nonneg sizes start_in step_lipschitz tau_pos variance_bound zeta_range.
  assert (sub : subsets m (agents n) <> nil) by (apply subsets_nonempty; unfold agents; rewrite seq_length; lia).
  assert (P : forall w A, Reach w -> In A (subsets m (agents n)) -> proper (draws (map (result noisy noise beta tau w) A))).
  { intros w A Hw HA. apply proper_draws. intros d Hd. apply in_map_iff in Hd. destruct Hd as (i & <- & Hi).
    apply (run_proper (noisy i) (noise i) beta w). apply noise_proper. exact (agent n tau m sizes tau_pos i (subsets_incl m _ A HA i Hi)). }
  apply (T2 (F n f) (G n g) round Reach (beta_s * beta * INR tau) A1 N1 F_star w0).
  - pose proof (lt_0_INR tau). repeat apply Rmult_lt_0_compat; auto.
  - exact descent.
  - exact start_in.
  - intros w Hw. apply proper_bind; [now apply uniform_proper|]. intros A HA. apply uniform_support in HA.
    apply proper_bind; [now apply P|]. intros. apply proper_ret.
  - intros w v Hw Hv. apply support_bind in Hv. destruct Hv as (A & HA & Hv). apply uniform_support in HA.
    apply support_bind in Hv. destruct Hv as (r & Hr & Hv). apply support_ret in Hv. subst. now apply (servers_in w A r).
  - exact bounded_below.
  - intros w Hw. rewrite round_loss. unfold A1, N1.
    apply (T1d n f g noisy noise beta beta_s tau m W L gamma b sigma p w); auto.
    + intros i t v Hi Ht Hv. now apply (runs_in w i t v).
    + intros A r HA Hr. now apply Reach_in, (servers_in w A r).
Qed.
End Rounds.
