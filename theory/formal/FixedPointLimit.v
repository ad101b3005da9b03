(** T4p at limits: a limit of the iterates is a fixed point, and T2p's floor tends to T4p's. *)
Require Import Space Calculus Smoothness Sampling Heterogeneity OneRoundCases.
Require ExactRound OneRound ExactRate.

Section Limit.
Context {X : space}.
Variables (n : nat) (g : nat -> X -> X) (beta beta_s : R) (tau : nat) (L : R) (W : X -> Prop) (w0 w : X).
Hypothesis n_pos : (1 <= n)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_nonneg : 0 <= L.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Let p := 1 + beta * L.
Let next := ExactRound.server g beta beta_s tau (ExactRound.agents n).
Definition iterates k := Nat.iter k next w0.
(** W holds the local paths from the iterates and from w (at t = 0: themselves). *)
Let paths_in u := forall i t, (i < n)%nat -> (t <= tau)%nat -> W (ExactRound.local g beta i t u).
Hypothesis iterates_in : forall k, paths_in (iterates k).
Hypothesis w_in : paths_in w.
(** w_k tends to w, in W. *)
Hypothesis tends : Un_cv (fun k => norm (iterates k - w)) 0.

Lemma local_lipschitz i t u v : (i < n)%nat -> (t <= tau)%nat -> paths_in u -> paths_in v -> norm (ExactRound.local g beta i t u - ExactRound.local g beta i t v) <= p ^ t * norm (u - v).
Proof using beta_pos L_nonneg lipschitz.
  intros Hi Ht Hu Hv. induction t as [|t IH]; [simpl; lra|]. assert (Ht' : (t <= tau)%nat) by (clear -Ht; lia). specialize (IH Ht').
  assert (p0 : 0 <= p) by (unfold p; assert (0 <= beta * L) by (apply Rmult_le_pos; lra); lra).
  change (ExactRound.local g beta i (S t) ?x) with (ExactRound.local_step g beta i (ExactRound.local g beta i t x)). unfold ExactRound.local_step.
  set (a := ExactRound.local g beta i t u) in *. set (b := ExactRound.local g beta i t v) in *.
  pose proof (lipschitz i a b Hi (Hu i t Hi Ht') (Hv i t Hi Ht')) as l.
  replace (a - beta * g i a - (b - beta * g i b))%V with ((a - b) + (- beta) * (g i a - g i b))%V by veq.
  eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. apply Rmult_le_compat_l with (r := beta) in l; [|lra].
  apply Rle_trans with (p * norm (a - b)); [unfold p; lra|]. simpl. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.
Lemma next_lipschitz u v : paths_in u -> paths_in v -> norm (next u - next v) <= (1 + beta_s * (p ^ tau + 1)) * norm (u - v).
Proof using n_pos beta_pos beta_s_pos L_nonneg lipschitz.
  intros Hu Hv. pose proof (norm_nonneg (u - v)) as n0. pose proof (agents_nonempty n n_pos) as some. change (OneRound.agents n) with (ExactRound.agents n) in some.
  assert (p0 : 0 <= p ^ tau) by (apply pow_le; unfold p; assert (0 <= beta * L) by (apply Rmult_le_pos; lra); lra).
  set (y := fun i => (ExactRound.local g beta i tau u - u - (ExactRound.local g beta i tau v - v))%V).
  assert (e : (next u - next v)%V = ((u - v) + beta_s * mean (ExactRound.agents n) y)%V).
  { unfold next, ExactRound.server, y. rewrite (mean_add (ExactRound.agents n) (fun i => ExactRound.local g beta i tau u - u)%V), mean_scal. veq. }
  assert (m : norm (mean (ExactRound.agents n) y) <= (p ^ tau + 1) * norm (u - v)).
  { apply norm_mean_le; [assumption|apply Rmult_le_pos; lra|]. intros i Hi. apply in_seq in Hi. unfold y.
    replace (ExactRound.local g beta i tau u - u - (ExactRound.local g beta i tau v - v))%V with ((ExactRound.local g beta i tau u - ExactRound.local g beta i tau v) + -1 * (u - v))%V by veq.
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_left by lra. pose proof (local_lipschitz i tau u v (proj2 Hi) (Nat.le_refl tau) Hu Hv). lra. }
  rewrite e. eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_right by lra. apply Rmult_le_compat_l with (r := beta_s) in m; [|lra]. lra.
Qed.

(** So T4p holds at every limit of the iterates. *)
Theorem limit_is_fixed : next w = w.
Proof using All.
  assert (p0 : 0 <= p ^ tau) by (apply pow_le; unfold p; assert (0 <= beta * L) by (apply Rmult_le_pos; lra); lra).
  set (C := 1 + beta_s * (p ^ tau + 1)). assert (C0 : 0 < C) by (unfold C; assert (0 <= beta_s * (p ^ tau + 1)) by (apply Rmult_le_pos; lra); lra).
  apply inner_separates. rewrite <- norm_sq. assert (z : norm (next w - w) = 0); [|rewrite z; ring].
  pose proof (norm_nonneg (next w - w)) as n0. apply Rle_antisym; [|assumption]. apply Rnot_lt_le. intros pos.
  set (r := norm (next w - w)) in *. destruct (tends (r / (2 * (C + 1)))) as (k & Hk); [apply Rdiv_lt_0_compat; lra|].
  pose proof (Hk k (Nat.le_refl k)) as a. pose proof (Hk (S k) (Nat.le_succ_diag_r k)) as b. unfold R_dist in a, b.
  rewrite Rminus_0_r, Rabs_right in a, b by (apply Rle_ge, norm_nonneg).
  pose proof (next_lipschitz w (iterates k) w_in (iterates_in k)) as l. change (next (iterates k)) with (iterates (S k)) in l. rewrite (norm_sub_sym w (iterates k)) in l. fold C in l.
  pose proof (triangle (next w - iterates (S k)) (iterates (S k) - w)) as t. replace (next w - iterates (S k) + (iterates (S k) - w))%V with (next w - w)%V in t by veq. fold r in t.
  apply Rmult_lt_compat_l with (r := C) in a; [|assumption].
  assert (e : C * (r / (2 * (C + 1))) + r / (2 * (C + 1)) = r / 2) by (field; lra). lra.
Qed.
End Limit.

(** T2p's N/A at eps = psi, exact mode, all agents: the floor of T4p, when H psi <= 1. *)
Theorem T2p_floor n beta beta_s tau L gamma p psi omega : (1 <= n)%nat -> OneRound.H beta beta_s tau L * psi <= 1 -> 0 <= omega -> omega < psi ->
  let c := / (2 * psi) in
  Rabs (1 - OneRound.H beta beta_s tau L * psi) / (2 * psi) + OneRound.H beta beta_s tau L / 2 = c /\
  0 < OneRound.A beta beta_s tau L psi omega psi 0 c /\
  OneRound.N n beta beta_s tau n L gamma 0 0 p psi omega 0 c 0 / OneRound.A beta beta_s tau L psi omega psi 0 c = omega ^ 2 * gamma ^ 2 / ((psi + omega) * (psi - omega)).
Proof using.
  intros Hn Hs Ho Hw c. set (HH := OneRound.H beta beta_s tau L) in *.
  assert (ec : Rabs (1 - HH * psi) / (2 * psi) + HH / 2 = c) by (rewrite Rabs_right by lra; unfold c; field; lra).
  assert (d : 0 < (psi + omega) * (psi - omega)) by (apply Rmult_lt_0_compat; lra).
  assert (eA : OneRound.A beta beta_s tau L psi omega psi 0 c = (psi + omega) * (psi - omega) / (2 * psi)).
  { unfold OneRound.A. fold HH. rewrite Rabs_right by lra. unfold c. field. lra. }
  assert (eb : OneRound.b0 beta tau L 0 0 p = 0) by (unfold OneRound.b0, Rdiv; ring).
  assert (m0 : 0 < INR n) by now apply INR_pos.
  assert (eN : OneRound.N n beta beta_s tau n L gamma 0 0 p psi omega 0 c 0 = omega ^ 2 * gamma ^ 2 / (2 * psi)).
  { unfold OneRound.N, OneRound.Q0. rewrite eb, ExactRate.kappa_full. fold HH. replace (0 ^ 2) with 0 by ring.
    replace (HH * 0 * psi ^ 2 * gamma ^ 2 * (c / (2 * c - HH * 0))) with 0 by (unfold Rdiv; ring). replace (HH * 0 / (2 * INR n)) with 0 by (unfold Rdiv; ring).
    replace ((1 + / 0) * 0) with 0 by ring. unfold c. field. lra. }
  split; [assumption|split; [rewrite eA; apply Rdiv_lt_0_compat; lra|]]. rewrite eA, eN. field. repeat split; lra.
Qed.
