(** S3q, C1, C5, T4p, T4c in the terms of the record. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun HessianFree NoisyTuning.
Require OneRound ExactRound BiasedFixedPoint ConvexGap DriftLocal ManySteps FirstOrderFloor MetaConstants StochasticGradient.
Require Import Bool Constants Setting SettingFacts RecordForms FineTuningStatements NoiseStatements Assumed.
Require RoundStatements DriftStatements.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Implicit Types (i : nat) (w u v : X s).
Let held_sets : sets s := proj1 dom.
Let paths : W_holds_paths s := proj1 (proj2 dom).

(** ** S3q *)
Theorem S3q : assumes_S3q s -> W_holds_noisy_paths s -> forall i w, (i < n s)%nat -> W0 s w ->
  (requires_S3q_B_q s -> norm (grad s i (tuned_point s i (nu s) w)) <= B_q s) /\
  (requires_S3q_B_V s -> sqrt (ex (walk (alpha s) (batch_grad s i) (inner_batch s i) w (nu s)) (fun p => norm (grad s i (p (nu s))) ^ 2)) <= B_V s) /\
  (requires_S3q_B_F s -> norm (grad_F_i s i w) <= B_F s) /\
  (requires_S3q_L_F s -> forall u, W0 s u -> norm (grad_F_i s i w - grad_F_i s i u) <= L_F s * norm (w - u)).
Proof using ranges free dom.
  intros (a2 & a3 & a4 & a6) noisy i w Hi Hw. repeat split; intros _.
  - now apply end_of_path.
  - pose proof (B_V_B s ranges free paths i w a2 Hi Hw) as [v0 _]. rewrite <- (sqrt_pow2 (B_V s)) by assumption. apply sqrt_le_1_alt. rewrite B_V_is by assumption.
    apply (StochasticGradient.noisy_end_B_V (grad s i) (hess s i) (alpha s) (batch_grad s i) (inner_batch s i) w (W s));
      first [facts | exact (proj1 held_sets) | now apply batch_proper; auto; simpl; auto | intros; apply batch_mean; auto; simpl; auto | intros; apply batch_noise; auto; simpl; auto
      | now apply (paths w Hw) | intros l p; now apply noisy].
  - unfold B_F. pose proof (sweep_bound (grad s i) (hess s i) (alpha s) (W s) (q s) (q_nonneg s ranges free) (fun v d => factor_bound s ranges free a2 a6 i v d Hi) (nu s) w
      (grad s i (tuned_point s i (nu s) w)) (proj1 (paths w Hw) i Hi)) as sb.
    eapply Rle_trans; [exact sb|]. apply Rmult_le_compat_l; [apply pow_le; now apply q_nonneg|now apply end_of_path].
  - intros u Hu. now apply L_F_smooth.
Qed.

(** ** C5: q = 1 + alpha L *)
Theorem C5 : assumes_C5 s -> given (mu s) = false ->
  (requires_C5_C5_q s -> q s ^ nu s <= C5_q s) /\ (requires_C5_C5_noise s -> (q s ^ 2 + eta2 s) ^ nu s <= C5_noise s) /\
  (requires_C5_C5_B_F s -> B_F s <= C5_B_F s) /\ (requires_C5_C5_L_F s -> L_F s <= C5_L_F s) /\ (requires_C5_C5_gamma_F s -> gamma_F s <= C5_gamma_F s) /\
  (requires_C5_C5_b_FO s -> b_FO s <= C5_b_FO s) /\ (requires_C5_C5_b_HF s -> b_HF s <= C5_b_HF s) /\ (requires_C5_C5_E_nu s -> E_nu s <= C5_E_nu s).
Proof using ranges free.
  intros _ e. pose proof (alpha_nonneg s ranges) as a0. pose proof (q_plain s free e) as eq. pose proof (B_nonneg s ranges) as b0'. pose proof (rho_nonneg s ranges) as r0.
  assert (Bq : B_q s = B s) by (unfold B_q; rewrite (no_q s free), e; reflexivity). pose proof (D_pos s ranges) as d0. pose proof (D_H_pos s ranges) as dh0.
  enough (all : (1 <= nu s)%nat -> 0 < L s -> q s ^ nu s <= C5_q s /\ (q s ^ 2 + eta2 s) ^ nu s <= C5_noise s /\ B_F s <= C5_B_F s /\ L_F s <= C5_L_F s /\ gamma_F s <= C5_gamma_F s /\
    b_FO s <= C5_b_FO s /\ b_HF s <= C5_b_HF s /\ E_nu s <= C5_E_nu s).
  { repeat match goal with |- _ /\ _ => split end; intros (n1 & l1); destruct (all n1 ltac:(lra)) as (p1 & p2 & p3 & p4 & p5 & p6 & p7 & p8); assumption. }
  intros n1 l0. pose proof (at_least_one _ n1) as n0. set (c := C5_c s). assert (c0 : 0 <= c) by (unfold c, C5_c; repeat apply Rmult_le_pos; lra).
  assert (ea : ManySteps.alpha (nu s) c (L s) = alpha s) by (unfold ManySteps.alpha, c, C5_c; field; split; lra).
  assert (eqq : ManySteps.q (nu s) c (L s) = q s) by (unfold ManySteps.q; rewrite ea; lra).
  pose proof (ManySteps.C5_q (nu s) c (L s) n1 c0 l0) as t1. pose proof (ManySteps.C5_power (nu s) c (L s) n1 c0 l0 (sigma_H s) (INR (D_H s)) dh0) as t2.
  pose proof (ManySteps.C5_B_F (nu s) c (L s) n1 c0 l0 (B s) b0') as t3. pose proof (ManySteps.C5_L_F (nu s) c (L s) n1 c0 l0 (B s) (rho s) b0' r0) as t4.
  pose proof (ManySteps.C5_gamma_F (nu s) c (L s) n1 c0 l0 (B s) (rho s) b0' r0 (gamma_G s) (gamma_H s) (gamma_G_nonneg s ranges) (gamma_H_nonneg s ranges)) as t5.
  pose proof (ManySteps.C5_b_FO (nu s) c (L s) n1 c0 l0 (B s) b0') as t6. pose proof (ManySteps.C5_b_HF (nu s) c (L s) n1 c0 l0 (B s) (rho s) r0 (delta s) (Rlt_le _ _ (delta_pos s ranges))) as t7.
  pose proof (proj2 (ManySteps.C5_E (nu s) c (L s) n1 c0 l0 (sigma_G s) (INR (D s)) d0 (nu s) (Nat.le_refl _))) as t8.
  unfold ManySteps.eta2, ManySteps.E, ManySteps.E_top in *. rewrite eqq in *. rewrite ea in *. replace (pred (nu s)) with (nu s - 1)%nat in * by lia.
  repeat match goal with |- _ /\ _ => split end.
  - exact t1.
  - unfold C5_noise. fold c. unfold eta2. eapply Rle_trans; [exact t2|]. right. f_equal. field. repeat split; lra.
  - unfold B_F, C5_B_F. rewrite Bq. fold c. lra.
  - unfold L_F, C5_L_F. rewrite (no_L_F s free), Bq. fold c. replace (nu s * 2)%nat with (2 * nu s)%nat by lia. eapply Rle_trans; [|eapply Rle_trans; [exact t4|]]; right; [ring|field; lra].
  - unfold gamma_F, C5_gamma_F. rewrite (no_gamma_F s free), Bq. fold c. eapply Rle_trans; [|eapply Rle_trans; [exact t5|]]; right; [ring|field; lra].
  - rewrite b_FO_is, <- B_q_is, Bq by assumption. exact t6.
  - rewrite b_HF_is, <- B_q_is, Bq by assumption. replace (pred (nu s)) with (nu s - 1)%nat by lia. eapply Rle_trans; [exact t7|]. right. unfold C5_b_HF. fold c. field. lra.
  - unfold E_nu, C5_E_nu. fold c. eapply Rle_trans; [|eapply Rle_trans; [exact t8|]]; right; [unfold Rdiv; ring|field; repeat split; lra].
Qed.

(** ** T4p *)
Definition noiseless i w : X s := local_gradient s i w (nothing s).
Definition full_round w : X s := ExactRound.server noiseless (beta s) (beta_s s) (tau s) (ExactRound.agents (n s)) w.
Lemma path_held w i t : modes_T4p s -> W0_holds_round s w -> (i < n s)%nat -> (t <= tau s)%nat -> W0 s (BiasedFixedPoint.path (noiseless i) (beta s) w t).
Proof using.
  intros mode (_ & runs & _) Hi Ht. apply (runs i t _ Hi Ht). unfold local_run. assert (e : draws_of s i = ret (nothing s)) by (unfold draws_of; destruct mode as [e|[e|e]]; rewrite e; reflexivity).
  rewrite e. clear -i. induction t as [|t IH]; [exists 1; now left|]. cbn [run]. apply support_bind_intro with (BiasedFixedPoint.path (noiseless i) (beta s) w t); [exact IH|].
  apply support_bind_intro with (nothing s); [exists 1; now left|]. exists 1. now left.
Qed.

(** What [psi a <= omega sqrt (a^2 + gamma^2) + b0] says of [a]. *)
Lemma solved psi omega gamma b0 a : 0 <= omega -> omega < psi -> 0 <= b0 -> 0 <= a -> psi * a <= omega * sqrt (a ^ 2 + gamma ^ 2) + b0 ->
  a <= (b0 * psi + omega * sqrt (gamma ^ 2 * ((psi - omega) * (psi + omega)) + b0 ^ 2)) / ((psi - omega) * (psi + omega)).
Proof using.
  intros o0 lt b0' a0 le. set (d := (psi - omega) * (psi + omega)). assert (d0 : 0 < d) by (unfold d; apply Rmult_lt_0_compat; lra).
  apply Rmult_le_reg_r with d; [exact d0|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  pose proof (pow2_ge_0 gamma) as g2. pose proof (pow2_ge_0 b0) as b2. pose proof (pow2_ge_0 a) as a2. pose proof (pow2_ge_0 omega) as o2.
  set (r := sqrt (gamma ^ 2 * d + b0 ^ 2)). assert (gd : 0 <= gamma ^ 2 * d) by (apply Rmult_le_pos; lra).
  assert (rr : r ^ 2 = gamma ^ 2 * d + b0 ^ 2) by (unfold r; rewrite <- (Rsqr_pow2 (sqrt _)); apply Rsqr_sqrt; lra). assert (r0 : 0 <= r) by apply sqrt_pos.
  assert (or : 0 <= omega * r) by now apply Rmult_le_pos.
  destruct (Rle_lt_dec (psi * a) b0) as [small|large].
  - assert (a * d <= a * (psi * psi)) by (apply Rmult_le_compat_l; [assumption|]; unfold d; replace ((psi - omega) * (psi + omega)) with (psi * psi - omega ^ 2) by ring; lra).
    assert (psi * (psi * a) <= psi * b0) by (apply Rmult_le_compat_l; lra). lra.
  - set (t := sqrt (a ^ 2 + gamma ^ 2)) in *. assert (tt : t ^ 2 = a ^ 2 + gamma ^ 2) by (unfold t; rewrite <- (Rsqr_pow2 (sqrt _)); apply Rsqr_sqrt; lra).
    assert (sq : (psi * a - b0) ^ 2 <= (omega * t) ^ 2) by (apply pow_incr; split; lra).
    rewrite (Rpow_mult_distr omega), tt in sq.
    assert (key : (a * d - b0 * psi) ^ 2 <= (omega * r) ^ 2).
    { rewrite (Rpow_mult_distr omega), rr. assert (m : d * ((psi * a - b0) ^ 2) <= d * (omega ^ 2 * (a ^ 2 + gamma ^ 2))) by (apply Rmult_le_compat_l; lra).
      assert (e1 : (a * d - b0 * psi) ^ 2 - omega ^ 2 * (gamma ^ 2 * d + b0 ^ 2) = d * ((psi * a - b0) ^ 2) - d * (omega ^ 2 * (a ^ 2 + gamma ^ 2))) by (unfold d; ring). lra. }
    assert (a * d - b0 * psi <= omega * r) by (apply Rnot_lt_le; intros gt; assert ((omega * r) ^ 2 < (a * d - b0 * psi) ^ 2) by (simpl; apply Rmult_le_0_lt_compat; lra); lra). lra.
Qed.
Hypothesis server_pos : 0 < beta_s s.
Section Fixed.
Hypothesis equal : equal_weights s.
Hypothesis a2 : A2 s.
Hypothesis a3 : A3 s.
Hypothesis a5 : A5 s.
Hypothesis a6 : A6 s.
Hypothesis plus : W0_plus s.
Hypothesis exact_paths : W0_n s.
Hypothesis order : given (mu s) = true -> - L s <= value (mu s) <= L s.
Hypothesis mode : modes_T4p s.
Hypothesis short : negb (Nat.eqb (tau s) 1) = true -> h s <= 1.
(** With one local step the record asks nothing of h; here h <= 1. *)
Hypothesis one_step : tau s = 1%nat -> h s <= 1.
Variable w : X s.
Hypothesis held : W0_holds_round s w.
Hypothesis fixed : full_round w = w.
Let w_in : W0 s w := proj1 held.
Lemma h_small : h s <= 1.
Proof using short one_step. destruct (Nat.eqb_spec (tau s) 1) as [one|many]; [now apply one_step|now apply short]. Qed.
Lemma near i v : (i < n s)%nat -> W0 s v -> norm (noiseless i v - grad_F_i s i v) <= b s.
Proof using ranges free dom a2 a3 a6 mode.
  intros Hi Hv. unfold noiseless, local_gradient, b. rewrite (no_b s free). unfold is_mode. destruct mode as [e|[e|e]]; rewrite e.
  - replace (grad_F_i s i v - grad_F_i s i v)%V with (@zero (X s)) by veq. rewrite norm_zero. lra.
  - now apply first_order_error.
  - apply hessian_free_error; auto. now apply (proj1 (proj2 (proj2 (proj2 dom)))).
Qed.
Lemma b_nonneg : 0 <= b s.
Proof using ranges free dom a2 a3 a6 mode held.
  pose proof (near 0%nat w (first_agent s ranges) w_in) as e. pose proof (norm_nonneg (noiseless 0%nat w - grad_F_i s 0%nat w)). lra.
Qed.
Lemma ball : 0 <= omega s /\ omega s < psi s /\ OneRound.pair (n s) (grad_F_i s) (beta s) (tau s) (W0 s) (L_F s) (p_d s) w (psi s) (omega s).
Proof using ranges free order plus exact_paths short held.
  unfold psi, omega. rewrite DriftStatements.P_plus_is, DriftStatements.P_minus_is by assumption.
  set (P1 := DriftLocal.P (beta s) (tau s) (mu_c s)). set (P2 := DriftLocal.P (beta s) (tau s) (L_F s)).
  destruct (Nat.eqb_spec (tau s) 1) as [one|many].
  - assert (e1 : P1 = 1) by (unfold P1, DriftLocal.P; rewrite one; simpl; field). assert (e2 : P2 = 1) by (unfold P2, DriftLocal.P; rewrite one; simpl; field).
    rewrite e1, e2. split; [lra|split; [lra|]]. left. unfold OneRound.x, OneRound.theta. rewrite one. simpl. split; field.
  - specialize (short eq_refl). rewrite (DriftStatements.h_real s free) in short. pose proof (DriftStatements.mu_c_range s ranges free order) as range.
    replace (1 / 2 * P1 + 1 / 2 * P2) with ((P1 + P2) / 2) by field. replace (1 / 2 * P1 - 1 / 2 * P2) with ((P1 - P2) / 2) by field.
    destruct (DriftLocal.D1_local (F_i s 0) (grad_F_i s 0) (mu_c s) (L_F s) (beta s) (W0 s) w (tau s) (tau_one s ranges) (beta_pos s ranges) (proj1 range) (proj2 range) short
      (plus 0%nat (first_agent s ranges))) as (o0 & lt & _); [intros t Ht; now apply (exact_paths 0%nat t w (first_agent s ranges))|].
    split; [exact o0|split; [exact lt|]]. apply (DriftLocal.pair_local (n s) (F_i s) (grad_F_i s)); auto.
    + now apply tau_one.
    + now apply beta_pos.
    + now apply n_one.
Qed.
Lemma fixed_bound : sigma2 s = 0 -> norm (grad_F s w) <= T4p_biased s.
Proof using All.
  intros sz. destruct ball as (o0 & lt & pair). pose proof h_small as hs.
  assert (hl : h s <= INR (tau s)) by (pose proof (tau_one s ranges) as t1; apply le_INR in t1; change (INR 1) with 1 in t1; lra).
  pose proof (DriftStatements.short_step s ranges free hl) as st. pose proof b_nonneg as b0'.
  pose proof (BiasedFixedPoint.T4p_biased (n s) (F_i s) (grad_F_i s) noiseless (beta s) (beta_s s) (tau s) (W0 s) (L_F s) (gamma_F s) (b s) (p_d s) w (n_one s ranges) (tau_one s ranges)
    (beta_pos s ranges) server_pos (RoundStatements.L_F_nonneg s ranges free) b0' (DriftStatements.p_d_nonneg s ranges free order st)
    (RoundStatements.smooth s ranges free dom a2 a3 a6) (fun i u v Hi Hu Hv => DriftStatements.step_d s ranges free dom order a2 a3 a6 i u v Hi Hu Hv st) near w_in
    (fun i t Hi Ht => path_held w i t mode held Hi Ht) (RoundStatements.spread_holds s ranges free dom a2 a3 a6 a5 w equal w_in) fixed (psi s) (omega s) o0 pair) as T.
  change (ExactRound.G (n s) (grad_F_i s) w) with (OneRound.G (n s) (grad_F_i s) w) in T. rewrite <- (grad_F_equal s w equal) in T. rewrite <- (DriftStatements.x_d_is s free) in T.
  assert (eb : b0_d s = (1 + x_d s) * b s) by (unfold b0_d; rewrite sz, sqrt_0; unfold Rdiv; ring).
  assert (x0 : 0 <= x_d s).
  { unfold x_d, theta_d. pose proof (tau_pos s ranges) as t0. apply Rmult_le_pos.
    - rewrite (h_is s (no_h s free)). apply OneRoundCases.h_nonneg; [now apply beta_pos|now apply RoundStatements.L_F_nonneg].
    - apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; now apply pow_lt]. rewrite <- (Rmult_0_r (INR (length (seq 0 (tau s))))), <- rtotal_const. apply rtotal_le.
      intros. apply geo_nonneg. exact (DriftStatements.p_d_nonneg s ranges free order st). }
  rewrite <- eb in T. pose proof (solved (psi s) (omega s) (gamma_F s) (b0_d s) (norm (grad_F s w)) o0 lt ltac:(rewrite eb; apply Rmult_le_pos; lra) (norm_nonneg _) T) as S.
  assert (em : psi s - omega s = P_plus s) by (unfold psi, omega; field). assert (ep : psi s + omega s = P_minus s) by (unfold psi, omega; field). rewrite em, ep in S.
  assert (0 < P_plus s /\ 0 < P_minus s) as [pp pm] by (split; lra).
  eapply Rle_trans; [exact S|]. right. unfold T4p_biased. replace (gamma_F s ^ 2 * (P_plus s * P_minus s)) with (gamma_F s ^ 2 * P_minus s * P_plus s) by ring. field. split; lra.
Qed.
Lemma T4p_bound : sigma2 s = 0 -> norm (grad_F s w) ^ 2 <= Constants.T4p s.
Proof using All.
  intros sz. pose proof (fixed_bound sz) as B1. pose proof (norm_nonneg (grad_F s w)) as n0. unfold Constants.T4p, is_zero.
  destruct (Req_EM_T (b s) 0) as [bz|bn]; [|apply pow_incr; split; assumption].
  destruct ball as (o0 & lt & _). assert (em : psi s - omega s = P_plus s) by (unfold psi, omega; field). assert (ep : psi s + omega s = P_minus s) by (unfold psi, omega; field).
  assert (0 < P_plus s /\ 0 < P_minus s) as [pp pm] by (split; lra).
  assert (bd : b0_d s = 0) by (unfold b0_d; rewrite bz, sz, sqrt_0; unfold Rdiv; ring). unfold T4p_biased in B1. rewrite bd in B1.
  apply Rle_trans with (((0 * psi s + omega s * sqrt (gamma_F s ^ 2 * P_minus s * P_plus s + 0 ^ 2)) / P_minus s / P_plus s) ^ 2); [apply pow_incr; split; assumption|]. right.
  set (z := gamma_F s ^ 2 * P_minus s * P_plus s + 0 ^ 2). assert (g2 : 0 <= gamma_F s ^ 2) by apply pow2_ge_0. assert (z0 : 0 <= z).
  { unfold z. assert (0 <= gamma_F s ^ 2 * P_minus s * P_plus s) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). lra. }
  assert (zz : sqrt z ^ 2 = z) by (rewrite <- (Rsqr_pow2 (sqrt _)); now apply Rsqr_sqrt).
  transitivity (omega s ^ 2 * sqrt z ^ 2 / (P_minus s ^ 2 * P_plus s ^ 2)); [field; split; lra|]. rewrite zz. unfold z. field. split; lra.
Qed.
End Fixed.
Theorem T4p : assumes_T4p s -> modes_T4p s -> equal_weights s -> (tau s = 1%nat -> h s <= 1) -> forall w, W0_holds_round s w -> full_round w = w ->
  (requires_T4p s -> norm (grad_F s w) ^ 2 <= Constants.T4p s) /\ (requires_T4p_T4p_gap s -> F s w - F_star s <= T4p_gap s).
Proof using ranges free dom server_pos.
  intros (a1 & a2 & a3 & a5 & a6 & a7 & plus & exact_paths & shared) mode equal one w held fixed.
  assert (main : (negb (Nat.eqb (tau s) 1) = true -> h s <= 1) -> sigma2 s = 0 -> (given (mu s) = true -> - L s <= value (mu s)) -> (given (mu s) = true -> value (mu s) <= L s) ->
    norm (grad_F s w) ^ 2 <= Constants.T4p s) by (intros hs sz m1 m2; apply T4p_bound; auto).
  split.
  - intros (hs & _ & sz & m1 & m2 & _). now apply main.
  - intros (hs & _ & sz & m1 & m2 & _). specialize (main hs sz m1 m2). pose proof (a7 w (proj1 held)) as pl. pose proof (mu_F_pos s ranges) as m0. unfold T4p_gap.
    apply Rmult_le_reg_l with (2 * mu_F s); [lra|]. replace (2 * mu_F s * (1 / 2 * Constants.T4p s / mu_F s)) with (Constants.T4p s) by (field; lra). lra.
Qed.

(** ** T4c *)
Theorem T4c : assumes_T4c s -> modes_T4c s -> equal_weights s -> 0 < L_F s -> (tau s = 1%nat -> h s <= 1) -> forall w, W0_holds_round s w -> full_round w = w ->
  requires_T4c_T4c_gap s -> forall u, W0 s u -> F s w - F s u <= T4c_gap s.
Proof using ranges free dom server_pos.
  intros (a2 & a3 & a5 & a6 & plus & exact_paths) mode equal lpos one w held fixed (hs & _ & sz & bz & convex & m1 & m2 & _) u Hu.
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  assert (short : h s <= 1) by (apply h_small; assumption). rewrite (DriftStatements.h_real s free) in short.
  assert (same : forall i v, noiseless i v = grad_F_i s i v) by (intros; unfold noiseless, local_gradient; unfold modes_T4c in mode; now rewrite mode).
  assert (runs : forall i t, ExactRound.local (grad_F_i s) (beta s) i t w = BiasedFixedPoint.path (noiseless i) (beta s) w t).
  { intros i t. unfold ExactRound.local, BiasedFixedPoint.path. induction t as [|t IH]; [reflexivity|]. simpl. rewrite IH. unfold ExactRound.local_step. now rewrite same. }
  pose proof (DriftStatements.mu_c_range s ranges free order) as range.
  pose proof (ConvexGap.T4c_curved (n s) (F_i s) (grad_F_i s) (beta s) (beta_s s) (tau s) (L_F s) (mu_c s) (gamma_F s) (W0 s) w (n_one s ranges) (tau_one s ranges) (beta_pos s ranges) server_pos lpos short
    ltac:(split; [lra|apply range]) plus (proj1 held)) as T.
  assert (fixed' : ExactRound.server (grad_F_i s) (beta s) (beta_s s) (tau s) (ExactRound.agents (n s)) w = w).
  { rewrite <- fixed at 2. unfold full_round, ExactRound.server. do 2 f_equal. apply mean_ext. intros i _. now rewrite runs. }
  specialize (T ltac:(intros i t Hi Ht; rewrite runs; apply path_held; [left; exact mode|exact held|exact Hi|lia]) (RoundStatements.spread_holds s ranges free dom a2 a3 a6 a5 w equal (proj1 held)) fixed' u Hu).
  rewrite !(F_equal s _ equal). eapply Rle_trans; [exact T|]. right. unfold T4c_gap, psi. rewrite (DriftStatements.P_plus_is s ranges free), (DriftStatements.P_minus_is s ranges free order), (DriftStatements.h_real s free).
  unfold OneRound.h. pose proof (tau_pos s ranges) as t0. set (P1 := DriftLocal.P (beta s) (tau s) (mu_c s)). set (P2 := DriftLocal.P (beta s) (tau s) (L_F s)).
  unfold Rdiv. rewrite ?Rinv_mult. ring.
Qed.

(** ** C1 *)
Definition first_order_path w_0 k : X s := FirstOrderFloor.fo_path (nu s) (grad s) (alpha s) (beta s) (weights s) w_0 k.
Theorem C1 : assumes_C1 s -> weighted s -> modes_C1 s -> requires_C1 s -> 0 < C1_r s -> forall w_0, (forall k, W0 s (first_order_path w_0 k)) ->
  rmean (seq 0 (K s)) (fun k => norm (grad_F s (first_order_path w_0 k)) ^ 2) <= Constants.C1 s (F s w_0 - F_star s).
Proof using ranges free dom.
  intros (a1 & a2 & a3 & a5 & a6) (proper_weights & of_agents) mode (lam & del & _ & _ & m1 & m2) r0 w_0 inside.
  assert (eD : FirstOrderFloor.Delta (nu s) (alpha s) (beta s) (L s) (L_F s) (q s) = C1_Delta s) by (unfold FirstOrderFloor.Delta, FirstOrderFloor.Lambda, C1_Delta, C1_Lambda; field).
  assert (eE : FirstOrderFloor.E0 (nu s) (alpha s) (L s) (rho s) (q s) (gamma_G s) (gamma_H s) = C1_E0 s).
  { unfold FirstOrderFloor.E0, FirstOrderFloor.gamma_J, FirstOrderFloor.gamma_g, C1_E0, C1_gamma_J, C1_gamma_g. replace (pred (nu s)) with (nu s - 1)%nat by lia. ring. }
  pose proof (FirstOrderFloor.C1 (n s) (nu s) (loss s) (grad s) (hess s) (alpha s) (beta s) (L s) (L_F s) (rho s) (q s) (gamma_G s) (gamma_H s) (F_star s) (W s) (W0 s) (weights s)) as T.
  rewrite eD, eE in T. eapply Rle_trans; [apply T with (w0 := w_0) (K := K s) (r := C1_r s);
    first [facts | exact (proj1 held_sets) | exact (proj2 held_sets) | now apply K_one | intros; now apply a3 | intros; now apply a5 | intros; now apply (paths _)
    | (intros i u v Hi Hu Hv; exact (RoundStatements.smooth s ranges free dom a2 a3 a6 i u v Hi Hu Hv)) | (intros u Hu; now apply a1) | exact inside | now apply RoundStatements.L_F_nonneg | lra | idtac]|].
  right. unfold Constants.C1. replace (nu s * 2)%nat with (2 * nu s)%nat by lia. cbv beta. unfold F, F_i.
  unfold Rdiv. rewrite ?Rinv_mult. ring.
Qed.
End Statements.
