(** C6 over K rounds when every agent takes part independently of the others: T2p with what inclusion costs. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun Chain OneRoundCases WeightedMeans OtherSampling.
Require OneRound.

Section Rounds.
Context {X : space} {Xi : Type}.
Variables (n : nat) (P : dist nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau : nat) (W Reach : X -> Prop) (L gamma b sigma p : R).
Let H := OneRound.H beta beta_s tau L.
Let bb := OneRound.b0 beta tau L b sigma p.
Let s := beta_s * beta * INR tau.
Hypothesis P_proper : proper P.
Hypothesis P_agents : forall i, support P i -> (i < n)%nat.
Hypothesis n_pos : (1 <= n)%nat.
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
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds them and the local iterates; no run need stay in it from its other points. *)
Hypothesis Reach_in : forall w, Reach w -> W w.
Hypothesis runs_in : forall w i t v, Reach w -> (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis gamma_bound : forall w, Reach w -> variance P (fun i => g i w) <= gamma ^ 2.
Variables (psi omega eps zeta c V F_star : R) (w0 : X).
Hypothesis pairs : forall w, Reach w -> OneRound.pair n g beta tau W L p w psi omega.
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ bb = 0.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F P f w.
Variables (r c' : R).
Hypothesis r_range : 0 < r <= 1.
Hypothesis P_uniform : P = uniform (seq 0 n).
Let k := (1 - r) / (r * INR n).
Let share := / (r * INR n).
Hypothesis form : V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/ (H * share < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * share))).
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 + c' <= c.
Hypothesis c'_large : H * k < 2 * c'.
Let A1 := A_inclusion H k psi omega eps zeta c c'.
Hypothesis descent : 0 < A1.
Let included_round := moved beta_s (fun w => included n noisy noise beta tau w r).
Hypothesis rounds_in : forall w v, Reach w -> support (included_round w) v -> Reach v.

Theorem C6_inclusion_rate K : (1 <= K)%nat ->
  rmean (seq 0 K) (fun j => ex (law included_round w0 j) (fun w => norm (G P g w) ^ 2)) <=
  (F P f w0 - F_star) / (A1 * s * INR K) + N_inclusion H k share psi omega bb gamma zeta c V c' / A1.
Proof using All.
  intros HK. apply (T2 (F P f) (G P g) included_round Reach s A1 (N_inclusion H k share psi omega bb gamma zeta c V c') F_star w0); try assumption.
  - unfold s. pose proof (INR_pos tau tau_pos). apply Rmult_lt_0_compat; [now apply Rmult_lt_0_compat|assumption].
  - intros w Hw. apply moved_proper, proper_bind; [|intros; apply proper_ret]. apply proper_draws. exact (chance_proper n noisy noise beta tau w noise_proper r r_range).
  - intros w Hw. unfold included_round at 1. rewrite moved_ex.
    apply (C6_inclusion n P f g noisy noise beta beta_s tau W L gamma b sigma p w P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg
      p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound (Reach_in w Hw) (fun i t v => runs_in w i t v Hw) (gamma_bound w Hw) r r_range P_uniform); auto.
    intros d Hd. apply Reach_in, (rounds_in w); [assumption|]. now apply moved_support.
Qed.
End Rounds.
