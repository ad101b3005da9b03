(** The record's terms in the forms that the proofs use: every step is algebra, so a changed coefficient or power breaks it. *)
Require Import Space Calculus Smoothness Sampling StepFactor NoisyTuning StochasticGradient NoisyHessianFree OneRoundCases.
Require MetaConstants OneRound.
Require Import Constants.

Ltac split_range := match goal with H : in_range _ |- _ => let r := fresh "r" in pose proof H as r; unfold in_range in r;
  repeat match type of r with _ /\ _ => let A := fresh "range" in destruct r as [A r] end end.
Lemma at_least_one k : (1 <= k)%nat -> 0 < INR k.
Proof using. intros. apply lt_0_INR. lia. Qed.

Section Forms.
Variable c : constants.
Hypothesis ranges : in_range c.
Hypothesis free : nothing_given c.

Lemma alpha_nonneg : 0 <= alpha c. Proof using ranges. split_range. assumption. Qed.
Lemma beta_pos : 0 < beta c. Proof using ranges. split_range. assumption. Qed.
Lemma L_nonneg : 0 <= L c. Proof using ranges. split_range. assumption. Qed.
Lemma rho_nonneg : 0 <= rho c. Proof using ranges. split_range. assumption. Qed.
Lemma B_nonneg : 0 <= B c. Proof using ranges. split_range. assumption. Qed.
Lemma sigma_G_nonneg : 0 <= sigma_G c. Proof using ranges. split_range. assumption. Qed.
Lemma gamma_G_nonneg : 0 <= gamma_G c. Proof using ranges. split_range. assumption. Qed.
Lemma gamma_H_nonneg : 0 <= gamma_H c. Proof using ranges. split_range. assumption. Qed.
Lemma rho_2_nonneg : 0 <= rho_2 c. Proof using ranges. split_range. assumption. Qed.
Lemma delta_pos : 0 < delta c. Proof using ranges. split_range. assumption. Qed.
Lemma mu_F_pos : 0 < mu_F c. Proof using ranges. split_range. assumption. Qed.
Lemma D_one : (1 <= D c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma D_prime_one : (1 <= D_prime c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma D_H_one : (1 <= D_H c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma tau_one : (1 <= tau c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma n_one : (1 <= n c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma m_one : (1 <= m c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma K_one : (1 <= K c)%nat. Proof using ranges. split_range. assumption. Qed.
Lemma D_pos : 0 < INR (D c). Proof using ranges. apply at_least_one, D_one. Qed.
Lemma D_prime_pos : 0 < INR (D_prime c). Proof using ranges. apply at_least_one, D_prime_one. Qed.
Lemma D_H_pos : 0 < INR (D_H c). Proof using ranges. apply at_least_one, D_H_one. Qed.
Lemma tau_pos : 0 < INR (tau c). Proof using ranges. apply at_least_one, tau_one. Qed.

Lemma no_q : given_q c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_L_F : given_L_F c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_mu_c : given_mu_c c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_gamma_F : given_gamma_F c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_b : given_b c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_sigma2 : given_sigma2 c = None. Proof using free. unfold nothing_given in free. tauto. Qed.
Lemma no_h : given_h c = None. Proof using free. unfold nothing_given in free. tauto. Qed.

Lemma q_curved : given (mu c) = true -> q c = Rmax (Rabs (1 - alpha c * value (mu c))) (Rabs (1 - alpha c * L c)).
Proof using free.
  intros e. unfold q. rewrite no_q, e, Rmax_comm, (Rabs_minus_sym 1 (alpha c * value (mu c))), (Rabs_minus_sym 1 (alpha c * L c)).
  now rewrite (Rmult_comm (L c)).
Qed.
Lemma q_plain : given (mu c) = false -> q c = 1 + alpha c * L c.
Proof using free. intros e. unfold q. rewrite no_q, e. ring. Qed.
Lemma q_nonneg : 0 <= q c.
Proof using ranges free.
  destruct (given (mu c)) eqn:e.
  - rewrite q_curved by assumption. eapply Rle_trans; [apply Rabs_pos|apply Rmax_l].
  - rewrite q_plain by assumption. assert (0 <= alpha c * L c) by (apply Rmult_le_pos; [apply alpha_nonneg|apply L_nonneg]). lra.
Qed.
Lemma q_large : given (mu c) = false -> 1 <= q c ^ nu c.
Proof using ranges free.
  intros e. apply pow_R1_Rle. rewrite q_plain by assumption. assert (0 <= alpha c * L c) by (apply Rmult_le_pos; [apply alpha_nonneg|apply L_nonneg]). lra.
Qed.

Lemma E_nu_is : E_nu c = E_l (alpha c) (q c) (sigma_G c) (INR (D c)) (nu c).
Proof using. unfold E_nu, E_l, E. unfold Rdiv. ring. Qed.
Lemma m_nu_is : m_nu c = m_l (alpha c) (rho c) (q c) (sigma_G c) (INR (D c)) (nu c).
Proof using ranges.
  unfold m_nu, m_l. rewrite m_sum. replace (pred (nu c)) with (nu c - 1)%nat by lia.
  rewrite (rtotal_ext _ _ (fun j => q c ^ (nu c - 1 - j) * E (alpha c) (q c) (sigma_G c) (INR (D c)) j)) by (intros; unfold E, Rdiv; ring). unfold Rdiv. ring.
Qed.
Lemma B_q_is : B_q c = Rmin 1 (q c ^ nu c) * B c.
Proof using ranges free.
  unfold B_q. rewrite no_q. destruct (given (mu c)) eqn:e; cbn [given orb].
  - rewrite Rmin_comm. ring.
  - rewrite Rmin_left by now apply q_large. ring.
Qed.
Lemma B_V_is : B_V c = B_noisy (alpha c) (nu c) (L c) (B c) (q c) (sigma_G c) (INR (D c)).
Proof using ranges free.
  unfold B_V, B_noisy, NoisyTuning.B_V. rewrite no_q, E_nu_is. unfold E_l. destruct (given (mu c)) eqn:e; cbn [given orb].
  - apply Rmin_comm.
  - symmetry. apply Rmin_left. pose proof (q_large e) as g. pose proof B_nonneg.
    assert (0 <= L c * sqrt (E (alpha c) (q c) (sigma_G c) (INR (D c)) (nu c))) by (apply Rmult_le_pos; [apply L_nonneg|apply sqrt_pos]).
    assert (1 * B c <= q c ^ nu c * B c) by now apply Rmult_le_compat_r. lra.
Qed.
Lemma L_F_is : L_F c = MetaConstants.L_F (nu c) (alpha c) (L c) (rho c) (B c) (q c).
Proof using ranges free.
  unfold L_F, MetaConstants.L_F. rewrite no_L_F, B_q_is. replace (pred (nu c)) with (nu c - 1)%nat by lia. replace (nu c * 2)%nat with (2 * nu c)%nat by lia. ring.
Qed.
Lemma gamma_F_is : gamma_F c = MetaConstants.gamma_F (nu c) (alpha c) (L c) (rho c) (B c) (q c) (gamma_G c) (gamma_H c).
Proof using ranges free.
  unfold gamma_F, MetaConstants.gamma_F. rewrite no_gamma_F, B_q_is. replace (pred (nu c)) with (nu c - 1)%nat by lia. ring.
Qed.
Lemma b_sto_is : b_sto c = bias_sto (alpha c) (nu c) (L c) (rho c) (q c) (sigma_G c) (INR (D c)) (Rmin 1 (q c ^ nu c) * B c).
Proof using ranges free.
  rewrite (bias_sto_is (alpha c) (nu c) (L c) (rho c) (q c) (sigma_G c) (INR (D c)) alpha_nonneg sigma_G_nonneg D_pos), <- B_q_is.
  unfold b_sto. replace (pred (nu c)) with (nu c - 1)%nat by lia. unfold Rdiv. ring.
Qed.
Lemma summed_roots : rtotal (seq 1 (nu c - 1)) (fun l => alpha c * sigma_G c * sqrt (geo l (q c ^ 2)) / sqrt (INR (D c)))
  = roots (alpha c) (nu c) (q c) (sigma_G c) (INR (D c)).
Proof using ranges.
  unfold roots. replace (pred (nu c)) with (nu c - 1)%nat by lia. apply rtotal_ext. intros l _. unfold E_l.
  rewrite (sqrt_E (alpha c) (q c) (sigma_G c) (INR (D c)) alpha_nonneg D_pos) by apply sigma_G_nonneg. unfold Rdiv. ring.
Qed.
Lemma b_sto_2_is : b_sto_2 c = Rmin (bias_sto (alpha c) (nu c) (L c) (rho c) (q c) (sigma_G c) (INR (D c)) (Rmin 1 (q c ^ nu c) * B c))
  (q c ^ nu c * (L c * m_l (alpha c) (rho c) (q c) (sigma_G c) (INR (D c)) (nu c) + rho c * E_l (alpha c) (q c) (sigma_G c) (INR (D c)) (nu c) / 2)
   + alpha c * rho c * B_noisy (alpha c) (nu c) (L c) (B c) (q c) (sigma_G c) (INR (D c)) * q c ^ pred (nu c) * roots (alpha c) (nu c) (q c) (sigma_G c) (INR (D c))).
Proof using ranges free.
  unfold b_sto_2. rewrite <- b_sto_is, <- B_V_is, <- m_nu_is, <- E_nu_is, summed_roots. replace (pred (nu c)) with (nu c - 1)%nat by lia.
  rewrite Rmin_comm. f_equal. field.
Qed.
Lemma b_sto_3_is : let E_l := StochasticGradient.E_l (alpha c) (q c) (sigma_G c) (INR (D c)) in
  let roots := rtotal (seq 1 (nu c - 1)) (fun l => sqrt (E_l l)) in let errors := rtotal (seq 1 (nu c - 1)) E_l in
  b_sto_3 c = alpha c * rho c * B c * q c ^ (nu c - 1) * (alpha c * rho c / 2 * rtotal (seq 1 (nu c - 2)) (fun j => E_l j * geo (nu c - 1 - j) (q c)))
    + q c ^ nu c * (L c * m_l (alpha c) (rho c) (q c) (sigma_G c) (INR (D c)) (nu c) + rho c * E_l (nu c) / 2)
    + alpha c * rho_2 c * B c * q c ^ (nu c - 1) * errors / 2 + alpha c ^ 2 * rho c ^ 2 * B c * q c ^ (nu c - 2) * (roots ^ 2 - errors) / 2
    + alpha c * rho c * L c * q c ^ (nu c - 1) * (roots * sqrt (E_l (nu c))).
Proof using ranges.
  intros E_l roots errors. pose proof summed_roots as sr. unfold StochasticGradient.roots in sr. replace (pred (nu c)) with (nu c - 1)%nat in sr by lia. fold E_l roots in sr.
  unfold b_sto_3. rewrite sr, m_nu_is, E_nu_is. fold E_l.
  rewrite (rtotal_ext (seq 1 (nu c - 1)) (fun l => alpha c ^ 2 * sigma_G c ^ 2 * geo l (q c ^ 2) / INR (D c)) E_l) by (intros; unfold E_l, StochasticGradient.E_l, E, Rdiv; ring).
  rewrite (rtotal_ext (seq 1 (nu c - 2)) (fun l => alpha c ^ 2 * sigma_G c ^ 2 * geo (nu c - 1 - l) (q c) * geo l (q c ^ 2) / INR (D c)) (fun j => E_l j * geo (nu c - 1 - j) (q c)))
    by (intros; unfold E_l, StochasticGradient.E_l, E, Rdiv; ring).
  fold errors. field.
Qed.
Lemma eta2_is : eta2 c = StochasticGradient.eta2 (alpha c) (sigma_H c) (INR (D_H c)).
Proof using. unfold eta2, StochasticGradient.eta2. unfold Rdiv. ring. Qed.
Lemma V_is : V c = StochasticGradient.V (alpha c) (nu c) (q c) (sigma_G c) (sigma_H c) (INR (D_prime c)) (INR (D_H c))
  (B_noisy (alpha c) (nu c) (L c) (B c) (q c) (sigma_G c) (INR (D c))).
Proof using ranges free.
  unfold V, StochasticGradient.V. rewrite <- B_V_is, eta2_is. rewrite <- (pow_mult (q c) 2). unfold Rdiv. ring.
Qed.
Lemma delta_sum : rtotal (seq 0 (nu c)) (fun l => (q c ^ 2 + eta2 c) ^ (nu c - 1 - l) * q c ^ l) =
  rtotal (seq 0 (nu c)) (fun l => q c ^ l * (q c ^ 2 + StochasticGradient.eta2 (alpha c) (sigma_H c) (INR (D_H c))) ^ (nu c - 1 - l)).
Proof using. apply rtotal_ext. intros. rewrite eta2_is. ring. Qed.
Lemma b_HF_sto_is : b_HF_sto c = b_sto c + delta_term (alpha c) (delta c) (nu c) (rho c) (q c) (sigma_G c) (sigma_H c) (INR (D_prime c)) (INR (D_H c)) (B c * B_V c).
Proof using ranges free. unfold b_HF_sto, delta_term. rewrite delta_sum. unfold Rdiv. ring. Qed.
Lemma b_HF_sto_2_is : b_HF_sto_2 c = b_sto_2 c + delta_term (alpha c) (delta c) (nu c) (rho c) (q c) (sigma_G c) (sigma_H c) (INR (D_prime c)) (INR (D_H c)) (B_V c ^ 2).
Proof using ranges free. unfold b_HF_sto_2, delta_term. rewrite delta_sum. unfold Rdiv. ring. Qed.
Lemma b_FO_is : b_FO c = Rmin (alpha c * L c * geo (nu c) (q c)) (1 + q c ^ nu c) * (Rmin 1 (q c ^ nu c) * B c).
Proof using ranges free.
  unfold b_FO. rewrite B_q_is. replace (L c * alpha c * geo (nu c) (q c)) with (alpha c * L c * geo (nu c) (q c)) by ring.
  replace (q c ^ nu c + 1) with (1 + q c ^ nu c) by ring. rewrite (Rmin_comm (1 + q c ^ nu c)). ring.
Qed.
Lemma b_HF_is : b_HF c = 1 / 2 * alpha c * rho c * delta c * (Rmin 1 (q c ^ nu c) * B c) ^ 2 * q c ^ pred (nu c) * geo (nu c) (q c).
Proof using ranges free. unfold b_HF. rewrite B_q_is. replace (pred (nu c)) with (nu c - 1)%nat by lia. field. Qed.
Lemma b_FO_sto_2_is : b_FO_sto_2 c = b_FO c + Rmin (L c * sqrt (E_nu c)) (L c * m_nu c + rho c * E_nu c / 2).
Proof using.
  unfold b_FO_sto_2. rewrite Rplus_comm. f_equal. rewrite Rmin_comm. f_equal. field.
Qed.
Lemma var_FO_sto_is : var_FO_sto c = sigma_G c ^ 2 / INR (D_prime c) + alpha c ^ 2 * L c ^ 2 * sigma_G c ^ 2 * geo (nu c) (q c ^ 2) / INR (D c).
Proof using. unfold var_FO_sto, Rdiv. ring. Qed.

(** ** Section 3: with whatever values L_F, gamma_F, b, sigma^2 are given *)
Section Rounds.
Hypothesis drawn : the_sampling c = sampling_subset.
Hypothesis h_free : given_h c = None.
Let sigma := sqrt (sigma2 c).
Lemma kappa_is : kappa c = Sampling.kappa (n c) (m c).
Proof using drawn. unfold kappa, is_sampling, Sampling.kappa. rewrite drawn. destruct (Nat.eqb (n c) 1); [reflexivity|]. unfold Rdiv. rewrite ?Rinv_mult. ring. Qed.
Lemma share_is : share c = / INR (m c).
Proof using drawn. unfold share, is_sampling. rewrite drawn. reflexivity. Qed.
Lemma h_is : h c = OneRound.h (beta c) (tau c) (L_F c).
Proof using h_free. unfold h, OneRound.h. rewrite h_free. ring. Qed.
Lemma p_is : p c = plain_p (beta c) (tau c) (L_F c).
Proof using h_free. unfold p, plain_p. rewrite <- h_is. ring. Qed.
Lemma x_is : x c = OneRound.x (beta c) (tau c) (L_F c) (p c).
Proof using h_free. unfold x, theta, OneRound.x, OneRound.theta. rewrite <- h_is. unfold Rdiv. ring. Qed.
Lemma b0_is : b0 c = OneRound.b0 (beta c) (tau c) (L_F c) (b c) sigma (p c).
Proof using h_free. unfold b0, chi, OneRound.b0, OneRound.chi. rewrite <- h_is, <- x_is. unfold sigma, Rdiv. ring. Qed.
End Rounds.
End Forms.
