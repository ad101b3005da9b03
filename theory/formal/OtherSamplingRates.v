(** C6 over K rounds: T2p for weighted agents, with replacement and with everyone. *)
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
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F P f w.
Let A1 := A H psi omega eps zeta c.
Hypothesis descent : 0 < A1.
Let V_ok share := V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/ (H * share < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * share))).

(** The server adds beta_s times the move that M draws. *)
Definition moved (M : X -> dist X) w : dist X := bind (M w) (fun d => ret (w + beta_s * d)%V).
Lemma reached_moved (M : X -> dist X) w d : reached (moved M) w0 w -> support (M w) d -> reached (moved M) w0 (w + beta_s * d)%V.
Proof using.
  intros Hw Hd. apply (reached_next (moved M) w0 w); [assumption|]. apply support_bind_intro with d; [assumption|]. exists 1. now left.
Qed.
Lemma any_move (M : X -> dist X) N1 : (forall w, Reach w -> proper (M w)) -> (forall w d, Reach w -> support (M w) d -> Reach (w + beta_s * d)%V) ->
  (forall w, Reach w -> ex (M w) (fun d => F P f (w + beta_s * d)%V) <= F P f w - s * A1 * norm (G P g w) ^ 2 + s * N1) -> forall K, (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => ex (law (moved M) w0 k) (fun w => norm (G P g w) ^ 2)) <= (F P f w0 - F_star) / (A1 * s * INR K) + N1 / A1.
Proof using tau_pos beta_pos beta_s_pos start_in bounded_below descent.
  intros MP MW one K HK. apply (T2 (F P f) (G P g) (moved M) Reach s A1 N1 F_star w0); try assumption.
  - unfold s. pose proof (INR_pos tau tau_pos). apply Rmult_lt_0_compat; [now apply Rmult_lt_0_compat|assumption].
  - intros w Hw. apply proper_bind; [now apply MP|]. intros. apply proper_ret.
  - intros w v Hw Hv. apply support_bind in Hv. destruct Hv as (d & Hd & Hv). apply support_ret in Hv. subst. now apply MW.
  - intros w Hw. unfold moved. rewrite ex_bind. rewrite (ex_ext _ _ (fun d => F P f (w + beta_s * d)%V)) by (intros; now rewrite ex_ret). now apply one.
Qed.

(** m draws with replacement. *)
Theorem C6_replacement_rate m K : (1 <= m)%nat -> (1 <= K)%nat -> V_ok (/ INR m) -> H * / INR m < 2 * c ->
  (forall w d, Reach w -> support (replaced P noisy noise beta tau w m) d -> Reach (w + beta_s * d)%V) ->
  rmean (seq 0 K) (fun k => ex (law (moved (fun w => replaced P noisy noise beta tau w m)) w0 k) (fun w => norm (G P g w) ^ 2)) <=
  (F P f w0 - F_star) / (A1 * s * INR K) + N H (/ INR m) (/ INR m) psi omega bb gamma zeta c V / A1.
Proof using All.
  intros Hm HK HV Hs HW. apply any_move; try assumption.
  - intros w Hw. exact (replaced_proper n P noisy noise beta tau w P_proper P_agents noise_proper m).
  - intros w Hw. exact (C6_replacement n P f g noisy noise beta beta_s tau W L gamma b sigma p w P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg
      p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound (Reach_in w Hw) (fun i t v => runs_in w i t v Hw) (gamma_bound w Hw) m Hm
      psi omega eps zeta c V (fun d Hd => Reach_in _ (HW w d Hw Hd)) (pairs w Hw) HV eps_pos zeta_range c_large Hs).
Qed.
(** Every agent, with its weight. *)
Theorem C6_full_rate p_max K : (forall pa, In pa P -> fst pa <= p_max) -> 0 <= p_max -> (1 <= K)%nat -> V_ok p_max ->
  (forall w d, Reach w -> support (everyone P noisy noise beta tau w) d -> Reach (w + beta_s * d)%V) ->
  rmean (seq 0 K) (fun k => ex (law (moved (fun w => everyone P noisy noise beta tau w)) w0 k) (fun w => norm (G P g w) ^ 2)) <=
  (F P f w0 - F_star) / (A1 * s * INR K) + N H 0 p_max psi omega bb gamma zeta c V / A1.
Proof using All.
  intros Hp Hp0 HK HV HW. apply any_move; try assumption.
  - intros w Hw. apply proper_bind; [|intros; apply proper_ret]. apply proper_draws. exact (moves_proper n P noisy noise beta tau w P_agents noise_proper).
  - intros w Hw. apply (C6_full n P f g noisy noise beta beta_s tau W L gamma b sigma p w P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg
      p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound (Reach_in w Hw) (fun i t v => runs_in w i t v Hw) (gamma_bound w Hw)); auto.
Qed.
End Rounds.
