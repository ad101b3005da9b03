(** The setting of every statement: agents with losses, gradients and Hessians, the sets W and W0, the law of one sample and of a batch, and the
    numbers. A1 to A7 and what the statements suppose besides are propositions about it, under their own names. *)
Require Import Space Calculus Smoothness Sampling Heterogeneity Expectation LocalRun HessianFree NoisyTuning NoisySweep StochasticGradient FirstOrder
  NoisyHessianFree OneDraw Batches.
Require OneRound DriftLocal Chain NonconvexRate OtherSampling.
Require Import Constants.

Record setting := Setting {
  X : space;                                  (* R^d: Euclidean.v *)
  numbers : constants;                        (* alpha, beta, L, ..., the mode *)
  loss : nat -> X -> R;                       (* f_i; agents are numbered from 0 *)
  grad : nat -> X -> X;                       (* its gradient *)
  hess : nat -> X -> X -> X;                  (* its Hessian at a point, as a linear map *)
  W : X -> Prop;
  W0 : X -> Prop;
  F_star : R;
  weights : dist nat;                         (* 1/n for every agent, but in C6 *)
  Sample : Type;
  sample_grad : nat -> X -> Sample -> X;      (* gradient and Hessian of one sample's loss *)
  sample_hess : nat -> X -> Sample -> X -> X;
  one_sample : nat -> dist Sample;            (* the law of one sample of agent i *)
  batch : nat -> nat -> dist (list Sample) }. (* the law of a batch of agent i, by its size *)
Coercion numbers : setting >-> constants.

Section Setting.
Variable s : setting.
Implicit Types w u v d : X s.

(** The objects of section 1. *)
Definition tuned_point i l w : X s := tuned (grad s i) (alpha s) l w.
Definition F_i i w : R := meta_loss (loss s i) (grad s i) (alpha s) (nu s) w.
Definition grad_F_i i w : X s := meta_gradient (grad s i) (hess s i) (alpha s) (nu s) w.
Definition F w : R := ex (weights s) (fun i => F_i i w).
Definition grad_F w : X s := vex (weights s) (fun i => grad_F_i i w).
Definition batch_grad i u (l : list (Sample s)) : X s := mean l (sample_grad s i u).
Definition batch_hess i u (l : list (Sample s)) d : X s := mean l (fun z => sample_hess s i u z d).
Definition inner_batch i := batch s i (D s).
Definition outer_batch i := batch s i (D_prime s).
Definition hess_batch i := batch s i (D_H s).

(** Section 1 weighs all agents alike; C6, and what is proved for it on the way, lets them differ. *)
Definition weighted : Prop := proper (weights s) /\ forall i, support (weights s) i -> (i < n s)%nat.
Definition equal_weights : Prop := weights s = uniform (seq 0 (n s)).

(** ** A1 to A7 *)
Definition A1 : Prop := forall w, W0 s w -> F_star s <= F w.
(** Twice differentiable, the Hessian being linear and symmetric; |grad f_i| <= B, |hess f_i| <= L. *)
Definition A2 : Prop := forall i w, (i < n s)%nat -> W s w ->
  gradient (loss s i) (grad s i) w /\ derivative (grad s i) w (hess s i w) /\ linear (hess s i w) /\ symmetric (hess s i w) /\
  norm (grad s i w) <= B s /\ forall d, norm (hess s i w d) <= L s * norm d.
Definition A3 : Prop := forall i w u d, (i < n s)%nat -> W s w -> W s u -> norm (hess s i w d - hess s i u d) <= rho s * norm (w - u) * norm d.
(** A batch of k samples: independent ones, or a subset of a finite data set of which one sample is a uniform draw. *)
Inductive sampled {S} (one : dist S) (k : nat) : dist (list S) -> Prop :=
  | independently : sampled one k (batch_law one k)
  | without_replacement data : (k <= length data)%nat -> one = uniform data -> sampled one k (subset_law data k).
Definition A4 : Prop := forall i, (i < n s)%nat -> proper (one_sample s i) /\ (forall k, In k (D s :: D_prime s :: D_H s :: nil) -> sampled (one_sample s i) k (batch s i k)) /\
  forall u, W s u -> vex (one_sample s i) (sample_grad s i u) = grad s i u /\
    ex (one_sample s i) (fun z => norm (sample_grad s i u z - grad s i u) ^ 2) <= sigma_G s ^ 2 /\
    (forall d, vex (one_sample s i) (fun z => sample_hess s i u z d) = hess s i u d) /\
    exists e : Sample s -> R, (forall z d, norm (sample_hess s i u z d - hess s i u d) <= e z * norm d) /\ ex (one_sample s i) (fun z => e z ^ 2) <= sigma_H s ^ 2.
(** Operator norms enter through bounds e_i: any numbers with |(hess f_i - hess f) d| <= e_i |d|, so also the norms themselves. *)
Definition A5 : Prop := forall w, W s w -> variance (weights s) (fun i => grad s i w) <= gamma_G s ^ 2 /\
  exists e : nat -> R, (forall i d, (i < n s)%nat -> norm (hess s i w d - H_bar (weights s) (hess s) w d) <= e i * norm d) /\
    (forall i, (i < n s)%nat -> 0 <= e i) /\ ex (weights s) (fun i => e i ^ 2) <= gamma_H s ^ 2.
(** Where mu is given. *)
Definition A6 : Prop := given (mu s) = true -> forall i w d, (i < n s)%nat -> W s w -> value (mu s) * norm d ^ 2 <= inner (hess s i w d) d <= L s * norm d ^ 2.
Definition A7 : Prop := forall w, W0 s w -> 2 * mu_F s * (F w - F_star s) <= norm (grad_F w) ^ 2.

(** ** What W and W0 hold *)
Definition sets : Prop := convex (W s) /\ convex (W0 s).
Definition W_holds_paths : Prop := forall w, W0 s w -> (forall i, (i < n s)%nat -> stays (grad s i) (alpha s) (W s) (nu s) w) /\
  stays (g_bar (weights s) (grad s)) (alpha s) (W s) (nu s) w.
Definition W_holds_noisy_paths : Prop := forall i w l p, (i < n s)%nat -> W0 s w -> (l <= nu s)%nat ->
  support (walk (alpha s) (batch_grad i) (inner_batch i) w l) p -> W s (p l).
Definition W_holds_probes : Prop := forall i w, (i < n s)%nat -> W0 s w -> probes_in (grad s i) (alpha s) (delta s) (W s) (nu s) w (grad s i (tuned_point i (nu s) w)).
Definition W_holds_noisy_probes : Prop := forall i w p j v, (i < n s)%nat -> W0 s w ->
  support (StochasticGradient.paths (alpha s) (batch_grad i) (inner_batch i) w (nu s)) p -> (j < nu s)%nat ->
  support (hf_swept (alpha s) (delta s) (batch_grad i) (outer_batch i) (batch_grad i) (hess_batch i) (nu s) p j) v -> probes (delta s) (W s) (p (nu s - S j)%nat) v.
(** In the mode in use. *)
Definition domain : Prop := sets /\ W_holds_paths /\
  (the_mode s = mode_stochastic \/ the_mode s = mode_first_order_stochastic \/ the_mode s = mode_hessian_free_stochastic -> W_holds_noisy_paths) /\
  (the_mode s = mode_hessian_free -> W_holds_probes) /\ (the_mode s = mode_hessian_free_stochastic -> W_holds_noisy_probes).
(** Both probes of one product share one batch, and the Hessian of a sample is the derivative of its gradient. *)
Definition shared_probes : Prop := the_mode s = mode_hessian_free_stochastic -> forall i u z, (i < n s)%nat -> W s u ->
  derivative (fun x => sample_grad s i x z) u (sample_hess s i u z) /\ forall a d, sample_hess s i u z (a * d)%V = (a * sample_hess s i u z d)%V.

(** ** The local gradient of every mode, and its law *)
Definition outcomes := draw (Xi := list (Sample s)) (Xo := list (Sample s)) (Z := list (Sample s)).
Definition nothing : outcomes := (nil, (nil, nil)).
Definition draws_of i : dist outcomes :=
  match the_mode s with
  | mode_stochastic | mode_hessian_free_stochastic => draw_law (inner_batch i) (outer_batch i) (hess_batch i) (nu s)
  | mode_first_order_stochastic => bind (fo_draw_law (inner_batch i) (outer_batch i) (nu s)) (fun o => ret (fst o, (snd o, nil)))
  | _ => ret nothing
  end.
Definition local_gradient i w (o : outcomes) : X s :=
  match the_mode s with
  | mode_exact => grad_F_i i w
  | mode_stochastic => meta_of (alpha s) (batch_grad i) (batch_grad i) (noisy_factor (alpha s) (batch_hess i) (nu s)) (nu s) w o
  | mode_first_order => grad s i (tuned_point i (nu s) w)
  | mode_first_order_stochastic => fo_of (alpha s) (batch_grad i) (batch_grad i) (nu s) w (fst o, fst (snd o))
  | mode_hessian_free => hf_gradient (grad s i) (alpha s) (delta s) (nu s) w
  | mode_hessian_free_stochastic => meta_of (alpha s) (batch_grad i) (batch_grad i) (noisy_probe (alpha s) (delta s) (batch_grad i) (nu s)) (nu s) w o
  end.
Definition mean_gradient i w : X s := vex (draws_of i) (local_gradient i w).

(** ** Thrice differentiable, with a Lipschitz third derivative: S5s *)
Definition third_order : Prop := forall i, (i < n s)%nat -> exists T : X s -> X s -> X s -> X s,
  (forall w d, W s w -> derivative (fun u => hess s i u d) w (fun e => T w e d) /\ linear (fun e => T w e d)) /\
  forall w u e d, W s w -> W s u -> norm (T w e d - T u e d) <= rho_2 s * norm (w - u) * norm e * norm d.

(** ** One round, and K of them *)
Definition local_run i t w : dist (X s) := run (local_gradient i) (draws_of i) (beta s) w t.
(** The law of the next iterate: m agents without replacement, m draws from the weights with replacement, or every agent with its weight. *)
Definition round w : dist (X s) :=
  match the_sampling s with
  | sampling_subset => NonconvexRate.round (n s) local_gradient draws_of (beta s) (beta_s s) (tau s) (m s) w
  | sampling_replacement => OtherSampling.moved (beta_s s) (fun w => OtherSampling.replaced (weights s) local_gradient draws_of (beta s) (tau s) w (m s)) w
  | sampling_full => OtherSampling.moved (beta_s s) (fun w => OtherSampling.everyone (weights s) local_gradient draws_of (beta s) (tau s) w) w
  end.
Definition next_loss w : R := ex (round w) F.
Definition iterate w_0 k : dist (X s) := Chain.law round w_0 k.
(** W0 holds the round from w: all local iterates of all agents, and every result of the server. *)
Definition W0_holds_round w : Prop := W0 s w /\ (forall i t v, (i < n s)%nat -> (t <= tau s)%nat -> support (local_run i t w) v -> W0 s v) /\
  forall v, support (round w) v -> W0 s v.
(** All rounds of a run. *)
Definition W0_holds_run w_0 : Prop := forall w, Chain.reached round w_0 w -> W0_holds_round w.
(** m of n agents, all of the same weight, are drawn without replacement. *)
Definition agents_drawn : Prop := (m s <= n s)%nat /\ the_sampling s = sampling_subset /\ equal_weights.
(** C6's ways to draw. *)
Definition drawn_by_weight : Prop := weighted /\
  (the_sampling s = sampling_replacement \/ the_sampling s = sampling_full /\ forall pa, In pa (weights s) -> fst pa <= p_max s).

(** ** W0+ and W0n *)
Definition W0_plus : Prop := forall i, (i < n s)%nat ->
  DriftLocal.curved_on_balls (F_i i) (grad_F_i i) (mu_c s) (L_F s) (W0 s).
(** From every point whose round W0 holds, so from every w_k; in mode exact that is no further premise. *)
Definition W0_n : Prop := forall i t w, (i < n s)%nat -> (t < tau s)%nat -> W0_holds_round w -> W0 s (OneRound.exact_path grad_F_i (beta s) w i t).
End Setting.
