(** A4 for batches: from the noise of one sample to the noise of a mean of D samples, drawn independently or without replacement. *)
Require Import Space Calculus Smoothness Sampling Expectation Paths NoisyTuning NoisySweep StochasticGradient.

Lemma size_pos n : (1 <= n)%nat -> 0 < INR n.
Proof using. intros Hn. apply lt_0_INR. lia. Qed.

Section Batches.
Context {X : space} {S : Type}.
Implicit Types (y : S -> X).

(** D independent samples. *)
Definition batch_law (one : dist S) (D : nat) : dist (list S) := draws (repeat one D).
Lemma batch_proper one D : proper one -> proper (batch_law one D).
Proof using. intros Hp. apply proper_draws. intros d Hd. apply repeat_spec in Hd. now subst. Qed.
Lemma batch_length one D l : support (batch_law one D) l -> length l = D.
Proof using. intros Hl. apply length_draws in Hl. now rewrite repeat_length in Hl. Qed.
Lemma rtotal_repeat (one : dist S) D (r : dist S -> R) : rtotal (repeat one D) r = INR D * r one.
Proof using. rewrite (rtotal_ext _ r (fun _ => r one)), rtotal_const, repeat_length; [reflexivity|]. intros d Hd. apply repeat_spec in Hd. now subst. Qed.
Lemma batch_unbiased one D y : proper one -> (1 <= D)%nat -> vex (batch_law one D) (fun l => mean l y) = vex one y.
Proof using.
  intros Hp HD. assert (D0 : 0 < INR D) by (apply lt_0_INR; lia).
  assert (all : forall d, In d (repeat one D) -> proper d) by (intros d Hd; apply repeat_spec in Hd; now subst).
  rewrite (vex_ext _ _ (fun l => / INR D * total l y)%V) by (intros l Hl; unfold mean; now rewrite (batch_length one D l Hl)).
  rewrite vex_scal. unfold batch_law. rewrite vex_draws by assumption. apply inner_ext. intros z. rewrite inner_scal, inner_total, rtotal_repeat. field. lra.
Qed.
(** The variance of a mean of D independent samples is 1/D of one sample's. *)
Theorem batch_variance one D y : proper one -> (1 <= D)%nat ->
  ex (batch_law one D) (fun l => norm (mean l y - vex one y) ^ 2) = ex one (fun s => norm (y s - vex one y) ^ 2) / INR D.
Proof using.
  intros Hp HD. assert (D0 : 0 < INR D) by (apply lt_0_INR; lia).
  assert (all : forall d, In d (repeat one D) -> proper d) by (intros d Hd; apply repeat_spec in Hd; now subst).
  pose proof (variance_draws y (repeat one D) all) as v. rewrite rtotal_repeat in v. fold (batch_law one D) in v.
  unfold variance at 1 in v. unfold batch_law in v at 2. rewrite vex_draws in v by assumption.
  assert (t : total (repeat one D) (fun d => vex d y) = (INR D * vex one y)%V) by (apply inner_ext; intros z; rewrite inner_total, rtotal_repeat; now expand).
  rewrite t in v. fold (variance one y).
  rewrite (ex_ext _ _ (fun l => (/ INR D) ^ 2 * norm (total l y - INR D * vex one y) ^ 2)).
  - rewrite ex_scal, v. field. lra.
  - intros l Hl. unfold mean. rewrite (batch_length one D l Hl), !norm_sq. expand. field. lra.
Qed.

(** D samples of a finite data set without replacement: every subset with the same probability. *)
Definition subset_law (data : list S) (D : nat) : dist (list S) := map (fun a => (/ INR (length (subsets D data)), a)) (subsets D data).
Lemma subset_ex data D r : ex (subset_law data D) r = rmean (subsets D data) r.
Proof using. unfold ex, subset_law, rmean. rewrite rtotal_map. cbn [fst snd]. rewrite rtotal_scal. unfold Rdiv. ring. Qed.
Lemma subset_proper data D : (1 <= D <= length data)%nat -> proper (subset_law data D).
Proof using.
  intros HD. pose proof (count_pos D data (proj2 HD)) as c. unfold count in c. split.
  - intros pa Hp. apply in_map_iff in Hp. destruct Hp as (a & <- & _). left. now apply Rinv_0_lt_compat.
  - rewrite subset_ex. apply rmean_const, subsets_nonempty. lia.
Qed.
Lemma subset_unbiased data D y : (1 <= D <= length data)%nat -> vex (subset_law data D) (fun l => mean l y) = mean data y.
Proof using. intros HD. apply inner_ext. intros z. rewrite inner_vex, subset_ex. now apply mean_of_sample. Qed.
Theorem subset_variance data D y : (1 <= D <= length data)%nat ->
  ex (subset_law data D) (fun l => norm (mean l y - mean data y) ^ 2) <= rmean data (fun s => norm (y s - mean data y) ^ 2) / INR D.
Proof using.
  intros HD. assert (D0 : 0 < INR D) by (apply lt_0_INR; lia). assert (some : data <> nil) by (destruct data; [simpl in HD; lia|discriminate]).
  rewrite subset_ex. pose proof (square_of_sample (fun s => y s - mean data y)%V D data HD) as q.
  assert (m0 : forall l : list S, l <> nil -> mean l (fun s => y s - mean data y)%V = (mean l y - mean data y)%V).
  { intros l Hl. apply inner_ext. intros z. expand. rewrite !inner_mean. rewrite (rmean_ext l _ (fun s => inner (y s) z + -1 * inner (mean data y) z)) by (intros; now expand).
    rewrite rmean_add, rmean_const by assumption. now rewrite inner_mean. }
  rewrite (rmean_ext (subsets D data) _ (fun a => norm (mean a (fun s => y s - mean data y)%V) ^ 2)).
  2:{ intros a Ha. rewrite m0; [reflexivity|]. apply subsets_size in Ha. destruct a; [simpl in Ha; lia|discriminate]. }
  rewrite q, (m0 data some). replace (mean data y - mean data y)%V with (@zero X) by veq. rewrite norm_zero.
  assert (s : spread data (fun s => y s - mean data y)%V = rmean data (fun s => norm (y s - mean data y) ^ 2)).
  { unfold spread. apply rmean_ext. intros i _. rewrite m0 by assumption. do 2 f_equal. veq. }
  rewrite s. set (v := rmean data _). assert (v0 : 0 <= v) by (unfold v; rewrite <- s; apply spread_nonneg).
  assert (k : kappa (length data) D <= / INR D).
  { unfold kappa. destruct (Nat.eqb_spec (length data) 1) as [e|ne]; [left; now apply Rinv_0_lt_compat|].
    assert (1 < INR (length data)) by (change 1 with (INR 1); apply lt_INR; lia). assert (1 <= INR D) by (change 1 with (INR 1); apply le_INR; lia).
    apply Rmult_le_reg_r with (INR D * (INR (length data) - 1)); [apply Rmult_lt_0_compat; lra|].
    replace ((INR (length data) - INR D) / (INR D * (INR (length data) - 1)) * (INR D * (INR (length data) - 1))) with (INR (length data) - INR D) by (field; lra).
    replace (/ INR D * (INR D * (INR (length data) - 1))) with (INR (length data) - 1) by (field; lra). lra. }
  unfold Rdiv. apply Rmult_le_compat_r with (r := v) in k; [|assumption]. lra.
Qed.
End Batches.

(** S5' and S6 with A4 as it is written: noise of one sample, and batches of D, D', D_H independent samples. *)
Section Samples.
Context {X : space} {S : Type}.
Implicit Types u v w d : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha : R) (one : dist S) (grad_of : X -> S -> X) (hess_of : X -> S -> X -> X) (w : X).
Variables (W : X -> Prop) (nu D D' D_H : nat) (L rho B q sigma_G sigma_H : R).
Hypothesis one_proper : proper one.
Hypothesis sizes : (1 <= D)%nat /\ (1 <= D')%nat /\ (1 <= D_H)%nat.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
(** A4; [e] bounds the spectral norm of one sample's Hessian noise. *)
Hypothesis grad_mean : forall u, W u -> vex one (grad_of u) = g u.
Hypothesis grad_noise : forall u, W u -> ex one (fun s => norm (grad_of u s - g u) ^ 2) <= sigma_G ^ 2.
Hypothesis hess_mean : forall u d, W u -> vex one (fun s => hess_of u s d) = H u d.
Hypothesis hess_noise : forall u, W u -> exists e : S -> R, (forall s d, norm (hess_of u s d - H u d) <= e s * norm d) /\ ex one (fun s => e s ^ 2) <= sigma_H ^ 2.

Let batch u l := mean l (grad_of u).
Let hessian u l d := mean l (fun s => hess_of u s d).
Let inner_law := batch_law one D.
Definition sgd_oracle := oracle alpha batch inner_law batch (batch_law one D') hessian (batch_law one D_H) w nu.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk alpha batch inner_law w l) p -> W (p l).

Lemma gradient_batch n u : (1 <= n)%nat -> W u -> ex (batch_law one n) (fun l => norm (batch u l - g u) ^ 2) <= sigma_G ^ 2 / INR n.
Proof using one_proper grad_mean grad_noise.
  intros Hn Hu. rewrite <- (grad_mean u Hu). unfold batch. rewrite (batch_variance one n (grad_of u) one_proper Hn), (grad_mean u Hu).
  apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat, size_pos|now apply grad_noise].
Qed.
Lemma hessian_batch n u d : (1 <= n)%nat -> W u -> ex (batch_law one n) (fun l => norm (hessian u l d - H u d) ^ 2) <= sigma_H ^ 2 / INR n * norm d ^ 2.
Proof using one_proper hess_mean hess_noise.
  intros Hn Hu. rewrite <- (hess_mean u d Hu). unfold hessian. rewrite (batch_variance one n (fun s => hess_of u s d) one_proper Hn), (hess_mean u d Hu).
  replace (sigma_H ^ 2 / INR n * norm d ^ 2) with (norm d ^ 2 * sigma_H ^ 2 / INR n) by (unfold Rdiv; ring).
  apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat, size_pos|]. destruct (hess_noise u Hu) as (e & He & Hs).
  apply Rle_trans with (ex one (fun s => norm d ^ 2 * e s ^ 2)).
  - apply ex_le; [assumption|]. intros s _. rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|rewrite Rmult_comm; apply He].
  - rewrite ex_scal. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
Qed.
(** S5' for batches of independent samples. *)
Theorem S5_second_samples : norm (vex sgd_oracle (fun v => v) - meta_gradient g H alpha nu w) <=
  q ^ nu * Rmin (L * sqrt (E_l alpha q sigma_G (INR D) nu)) (L * m_l alpha rho q sigma_G (INR D) nu + rho * E_l alpha q sigma_G (INR D) nu / 2)
  + alpha * rho * B * q ^ pred nu * rtotal (seq 1 (pred nu)) (fun l => sqrt (E_l alpha q sigma_G (INR D) l)).
Proof using one_proper sizes alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_bound H_lipschitz grad_mean grad_noise hess_mean exact_in walk_in.
  destruct sizes as (s1 & s2 & s3). unfold sgd_oracle. apply (S5_second g H alpha batch inner_law batch (batch_law one D') hessian (batch_law one D_H) w W); auto using batch_proper, size_pos.
  - now apply batch_proper.
  - intros u Hu. unfold batch, inner_law. rewrite batch_unbiased by assumption. now apply grad_mean.
  - intros u Hu. now apply gradient_batch.
  - intros u Hu. unfold batch. rewrite batch_unbiased by assumption. now apply grad_mean.
  - intros u d Hu. unfold hessian. rewrite (batch_unbiased one D_H (fun s => hess_of u s d)) by assumption. now apply hess_mean.
Qed.
(** S6 for batches of independent samples. *)
Theorem S6_samples : ex sgd_oracle (fun v => norm (v - meta_gradient g H alpha nu w) ^ 2) <=
  (q ^ 2 + eta2 alpha sigma_H (INR D_H)) ^ nu * sigma_G ^ 2 / INR D' + B ^ 2 * ((q ^ 2 + eta2 alpha sigma_H (INR D_H)) ^ nu - q ^ (2 * nu)) + bias_sto alpha nu L rho q sigma_G (INR D) B ^ 2.
Proof using one_proper sizes alpha_nonneg L_nonneg rho_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound g_bound g_lipschitz H_bound H_lipschitz grad_mean grad_noise hess_mean hess_noise exact_in walk_in.
  destruct sizes as (s1 & s2 & s3). unfold sgd_oracle. apply (S6 g H alpha batch inner_law batch (batch_law one D') hessian (batch_law one D_H) w W); auto using batch_proper, size_pos.
  - now apply batch_proper.
  - intros u Hu. unfold batch, inner_law. rewrite batch_unbiased by assumption. now apply grad_mean.
  - intros u Hu. now apply gradient_batch.
  - intros u Hu. unfold batch. rewrite batch_unbiased by assumption. now apply grad_mean.
  - intros u Hu. now apply gradient_batch.
  - intros u d Hu. unfold hessian. rewrite (batch_unbiased one D_H (fun s => hess_of u s d)) by assumption. now apply hess_mean.
  - intros u d Hu. now apply hessian_batch.
Qed.
End Samples.
