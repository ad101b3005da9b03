(** What A1 to A6 give: the hypotheses that the proofs of the single statements are written with, among them A4's 1/D for both ways to draw a batch. *)
Require Import Space Calculus Smoothness Sampling StepFactor Heterogeneity HeterogeneityQ Expectation LocalRun HessianFree NoisyTuning NoisySweep
  StochasticGradient FirstOrder NoisyHessianFree OneDraw Batches MetaStep.
Require OneRound NonconvexRate.
Require Import Constants Setting RecordForms.

(** A batch of k samples: a mean over it is unbiased, with 1/k of one sample's variance. *)
Section Drawn.
Context {S : Type} {Y : space}.
Variables (one : dist S) (k : nat) (law : dist (list S)).
Hypothesis one_proper : proper one.
Hypothesis k_one : (1 <= k)%nat.
Hypothesis drawn : sampled one k law.

Lemma sampled_proper : proper law.
Proof using one_proper k_one drawn. destruct drawn as [|data len e]; [now apply batch_proper|now apply subset_proper]. Qed.
Lemma sampled_mean (y : S -> Y) : vex law (fun l => mean l y) = vex one y.
Proof using one_proper k_one drawn.
  destruct drawn as [|data len e]; [now apply batch_unbiased|]. rewrite subset_unbiased by (split; assumption). now rewrite e, vex_uniform.
Qed.
Lemma sampled_noise (y : S -> Y) : ex law (fun l => norm (mean l y - vex one y) ^ 2) <= ex one (fun z => norm (y z - vex one y) ^ 2) / INR k.
Proof using one_proper k_one drawn.
  destruct drawn as [|data len e]; [right; now apply batch_variance|].
  rewrite e, vex_uniform, ex_uniform. eapply Rle_trans; [apply subset_variance; split; assumption|]. right. reflexivity.
Qed.
End Drawn.

(** The derivative of a mean of vector fields. *)
Lemma derivative_mean {A : Type} {Y : space} (l : list A) (y : A -> Y -> Y) (T : A -> Y -> Y) w :
  (forall z, In z l -> derivative (y z) w (T z)) -> derivative (fun u => mean l (fun z => y z u)) w (fun d => mean l (fun z => T z d)).
Proof using.
  intros all. unfold mean. apply (derivative_scal (fun u => total l (fun z => y z u)) (fun d => total l (fun z => T z d))). clear -all.
  induction l as [|a l IH]; [apply derivative_zero|]. cbn [total fold_right].
  apply (derivative_add (y a) (fun u => total l (fun z => y z u)) (T a) (fun d => total l (fun z => T z d))); [apply all; now left|].
  apply IH. intros z Hz. apply all. now right.
Qed.

Section Facts.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis domain : sets s.

Let Wconvex : convex (W s) := proj1 domain.
Lemma first_agent : (0 < n s)%nat. Proof using ranges. exact (n_one s ranges). Qed.

Section Smooth.
Hypothesis a2 : A2 s.
Lemma f_gradient i w : (i < n s)%nat -> W s w -> gradient (loss s i) (grad s i) w. Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma g_derivative i w : (i < n s)%nat -> W s w -> derivative (grad s i) w (hess s i w). Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma H_linear i w : (i < n s)%nat -> W s w -> linear (hess s i w). Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma H_symmetric i w : (i < n s)%nat -> W s w -> symmetric (hess s i w). Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma g_bound i w : (i < n s)%nat -> W s w -> norm (grad s i w) <= B s. Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma H_bound i w d : (i < n s)%nat -> W s w -> norm (hess s i w d) <= L s * norm d. Proof using a2. intros Hi Hw. apply (a2 i w Hi Hw). Qed.
Lemma g_lipschitz i w u : (i < n s)%nat -> W s w -> W s u -> norm (grad s i w - grad s i u) <= L s * norm (w - u).
Proof using ranges domain a2.
  intros Hi Hw Hu. apply (MetaStep.H_lip_g (grad s i) (hess s i) (W s) (L s)); auto using g_derivative, H_linear, H_bound. now apply L_nonneg.
Qed.
Hypothesis a6 : A6 s.
Lemma factor_bound i w d : (i < n s)%nat -> W s w -> norm (factor (hess s i) (alpha s) w d) <= q s * norm d.
Proof using ranges free a2 a6.
  intros Hi Hw. unfold factor. destruct (given (mu s)) eqn:e.
  - rewrite q_curved by assumption. apply q_from_range; [now apply alpha_nonneg|now apply H_linear|now apply H_symmetric|]. intros v. now apply a6.
  - rewrite q_plain by assumption. apply q_general; [now apply alpha_nonneg|]. intros v. now apply H_bound.
Qed.
End Smooth.

Section Noise.
Hypothesis a4 : A4 s.
Variable i : nat.
Hypothesis Hi : (i < n s)%nat.
Let one_proper : proper (one_sample s i) := proj1 (a4 i Hi).
Let law k (H : In k (D s :: D_prime s :: D_H s :: nil)) := proj1 (proj2 (a4 i Hi)) k H.
Let noise := proj2 (proj2 (a4 i Hi)).
Lemma one_size k : In k (D s :: D_prime s :: D_H s :: nil) -> (1 <= k)%nat.
Proof using ranges. intros [<-|[<-|[<-|[]]]]; [now apply D_one|now apply D_prime_one|now apply D_H_one]. Qed.
Section Size.
Variable k : nat.
Hypothesis Hk : In k (D s :: D_prime s :: D_H s :: nil).
Lemma batch_proper : proper (batch s i k). Proof using ranges a4 Hi Hk. apply (sampled_proper (one_sample s i) k); auto using one_size. Qed.
Lemma batch_mean u : W s u -> vex (batch s i k) (batch_grad s i u) = grad s i u.
Proof using ranges a4 Hi Hk. intros Hu. unfold batch_grad. rewrite (sampled_mean (one_sample s i) k); auto using one_size. apply (noise u Hu). Qed.
Lemma batch_noise u : W s u -> ex (batch s i k) (fun l => norm (batch_grad s i u l - grad s i u) ^ 2) <= sigma_G s ^ 2 / INR k.
Proof using ranges a4 Hi Hk.
  intros Hu. destruct (noise u Hu) as (mean_is & small & _). unfold batch_grad. rewrite <- mean_is in small |- *.
  eapply Rle_trans; [apply (sampled_noise (one_sample s i) k); auto using one_size|].
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, at_least_one; auto using one_size|exact small].
Qed.
Lemma hess_mean u d : W s u -> vex (batch s i k) (fun l => batch_hess s i u l d) = hess s i u d.
Proof using ranges a4 Hi Hk.
  intros Hu. unfold batch_hess. rewrite (sampled_mean (one_sample s i) k _ one_proper (one_size k Hk) (law k Hk) (fun z => sample_hess s i u z d)). apply (noise u Hu).
Qed.
Lemma hess_noise u d : W s u -> ex (batch s i k) (fun l => norm (batch_hess s i u l d - hess s i u d) ^ 2) <= sigma_H s ^ 2 / INR k * norm d ^ 2.
Proof using ranges a4 Hi Hk.
  intros Hu. destruct (noise u Hu) as (_ & _ & mean_is & e & bound & small). specialize (mean_is d).
  unfold batch_hess. pose proof (sampled_noise (one_sample s i) k _ one_proper (one_size k Hk) (law k Hk) (fun z => sample_hess s i u z d)) as v.
  rewrite mean_is in v. eapply Rle_trans; [exact v|]. pose proof (at_least_one k (one_size k Hk)) as k0.
  replace (sigma_H s ^ 2 / INR k * norm d ^ 2) with (norm d ^ 2 * sigma_H s ^ 2 / INR k) by (unfold Rdiv; ring).
  apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|].
  apply Rle_trans with (ex (one_sample s i) (fun z => norm d ^ 2 * e z ^ 2)).
  - apply ex_le; [exact one_proper|]. intros z _. rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|]. rewrite Rmult_comm. apply bound.
  - rewrite ex_scal. apply Rmult_le_compat_l; [apply pow2_ge_0|exact small].
Qed.
End Size.
Hypothesis probes : shared_probes s.
Hypothesis probing : the_mode s = mode_hessian_free_stochastic.
Lemma batch_derivative u l : W s u -> derivative (fun v => batch_grad s i v l) u (batch_hess s i u l).
Proof using probes probing Hi. intros Hu. apply (derivative_mean l (fun z v => sample_grad s i v z) (fun z => sample_hess s i u z)). intros z _. now apply (probes probing i u z Hi Hu). Qed.
Lemma batch_hom u l a d : W s u -> batch_hess s i u l (a * d)%V = (a * batch_hess s i u l d)%V.
Proof using probes probing Hi.
  intros Hu. unfold batch_hess. rewrite <- mean_scal. apply mean_ext. intros z _. now apply (probes probing i u z Hi Hu).
Qed.
End Noise.
End Facts.

(** Equal weights: means over the list of agents, and rounds of m of n agents. *)
Section Equal.
Variable s : setting.
Implicit Types w : X s.
Lemma equal_weighted : in_range s -> equal_weights s -> weighted s.
Proof using.
  intros ranges e. unfold weighted. rewrite e. pose proof (n_one s ranges) as n1. split.
  - apply uniform_proper. destruct (n s); [lia|discriminate].
  - intros i Hi. apply uniform_support, in_seq in Hi. lia.
Qed.
Lemma F_equal w : equal_weights s -> F s w = OneRound.F (n s) (F_i s) w.
Proof using. intros e. unfold F. now rewrite e, ex_uniform. Qed.
Lemma grad_F_equal w : equal_weights s -> grad_F s w = OneRound.G (n s) (grad_F_i s) w.
Proof using. intros e. unfold grad_F. now rewrite e, vex_uniform. Qed.
Hypothesis drawn : agents_drawn s.
Lemma round_subset w : round s w = NonconvexRate.round (n s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (m s) w.
Proof using drawn. unfold round. now rewrite (proj1 (proj2 drawn)). Qed.
Lemma next_loss_subset w : next_loss s w = OneRound.expected_loss (n s) (F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (m s) w.
Proof using drawn.
  unfold next_loss. rewrite round_subset, <- NonconvexRate.round_loss. apply ex_ext. intros v _. apply F_equal, drawn.
Qed.
Lemma server_held w A results : W0_holds_round s w -> In A (subsets (m s) (OneRound.agents (n s))) ->
  support (draws (map (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w) A)) results -> W0 s (OneRound.server (beta_s s) w results).
Proof using drawn. intros (_ & _ & held) HA Hr. apply held. rewrite round_subset. now apply NonconvexRate.server_in_round with A. Qed.
Lemma round_proper w : in_range s -> (forall i, (i < n s)%nat -> proper (draws_of s i)) -> proper (round s w).
Proof using drawn. intros ranges agents_ok. rewrite round_subset. apply NonconvexRate.round_proper; [split; [now apply m_one|apply drawn]|exact agents_ok]. Qed.
End Equal.

(** Closes a goal that is one of these facts. *)
Ltac facts := intros; first [assumption | now apply alpha_nonneg | now apply L_nonneg | now apply rho_nonneg | now apply q_nonneg | now apply B_nonneg | now apply n_one
  | now apply delta_pos | now apply sigma_G_nonneg | now apply gamma_G_nonneg | now apply gamma_H_nonneg | now apply D_pos | now apply D_prime_pos | now apply D_H_pos
  | now apply tau_one | now apply m_one | now apply beta_pos | now apply f_gradient | now apply g_derivative | now apply H_linear | now apply H_symmetric | now apply factor_bound
  | now apply g_bound | now apply H_bound | now apply g_lipschitz | now auto].
