(** D1, T1d, T2p, T3p in the terms of the record: both pairs, any server step, any free numbers that the side conditions allow, every mode. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun.
Require OneRound OneRoundCases OneRoundCorollaries Chain NonconvexRate MetaConstants MetaStep DriftLocal CurvatureBelow.
Require Import Bool Constants Setting SettingFacts RecordForms FineTuningStatements NoiseStatements Assumed.
Require RoundStatements.

Section Curved.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis order : given (mu s) = true -> - L s <= value (mu s) <= L s.

(** ** mu_c, and p = 1 - beta mu_c *)
Lemma mu_J_is : mu_J s = CurvatureBelow.mu_J (alpha s) (L s) (q s) (value (mu s)) (nu s).
Proof using.
  unfold mu_J, CurvatureBelow.mu_J. replace (nu s * 2)%nat with (2 * nu s)%nat by lia. rewrite (Rmax_comm (1 - L s * alpha s)), (Rmult_comm (L s)).
  destruct (Rle_dec 0 (value (mu s))) as [pos|neg].
  - rewrite (Rmax_left (value (mu s)) 0), (Rmin_right (value (mu s)) 0) by lra. ring.
  - rewrite (Rmax_right (value (mu s)) 0), (Rmin_left (value (mu s)) 0) by lra. ring.
Qed.
Lemma mu_c_given : given (mu s) = true -> mu_c s = CurvatureBelow.mu_c (alpha s) (L s) (rho s) (B s) (q s) (value (mu s)) (nu s).
Proof using ranges free.
  intros e. unfold mu_c, CurvatureBelow.mu_c. rewrite no_mu_c, e, Rmax_comm, mu_J_is, L_F_is, B_q_is by assumption. unfold MetaConstants.L_F.
  replace (nu s - 1)%nat with (pred (nu s)) by lia. f_equal. ring.
Qed.
Lemma mu_c_plain : given (mu s) = false -> mu_c s = - L_F s.
Proof using free. intros e. unfold mu_c. rewrite no_mu_c, e by assumption. reflexivity. Qed.
Lemma mu_J_small : given (mu s) = true -> mu_J s <= q s ^ (2 * nu s) * L s.
Proof using ranges free order.
  intros e. destruct (order e) as [lo hi]. rewrite mu_J_is. unfold CurvatureBelow.mu_J. pose proof (q_nonneg s ranges free) as q0. pose proof (L_nonneg s ranges) as l0.
  assert (qp : 0 <= q s ^ (2 * nu s)) by now apply pow_le.
  assert (ql : 0 <= q s ^ (2 * nu s) * L s) by now apply Rmult_le_pos.
  destruct (Rle_dec 0 (value (mu s))) as [pos|neg].
  - assert (le : Rmax 0 (1 - alpha s * L s) <= q s).
    { rewrite (q_curved s free e). eapply Rle_trans; [|apply Rmax_r]. pose proof (Rabs_pos (1 - alpha s * L s)). pose proof (Rle_abs (1 - alpha s * L s)). now apply Rmax_lub. }
    assert (pw : Rmax 0 (1 - alpha s * L s) ^ (2 * nu s) <= q s ^ (2 * nu s)) by (apply pow_incr; split; [apply Rmax_l|exact le]).
    assert (p0 : 0 <= Rmax 0 (1 - alpha s * L s) ^ (2 * nu s)) by (apply pow_le, Rmax_l).
    apply Rle_trans with (L s * q s ^ (2 * nu s)); [|right; ring]. apply Rmult_le_compat; assumption.
  - assert (value (mu s) * q s ^ (2 * nu s) <= 0 * q s ^ (2 * nu s)) by (apply Rmult_le_compat_r; lra). lra.
Qed.
Lemma mu_c_range : - L_F s <= mu_c s <= L_F s.
Proof using ranges free order.
  pose proof (RoundStatements.L_F_nonneg s ranges free) as lf. destruct (bool_dec (given (mu s)) true) as [e|ne];
    [|apply not_true_is_false in ne; rewrite mu_c_plain by assumption; lra].
  pose proof (mu_J_small e) as small. unfold mu_c. rewrite no_mu_c, e by assumption. split; [apply Rmax_r|]. apply Rmax_lub; [|lra].
  unfold L_F. rewrite no_L_F by assumption. replace (nu s * 2)%nat with (2 * nu s)%nat by lia.
  set (z := q s ^ (nu s - 1) * B_q s * alpha s * geo (nu s) (q s) * rho s). assert (0 <= z); [|lra].
  unfold z. rewrite B_q_is by assumption. pose proof (q_nonneg s ranges free) as q0. pose proof (B_nonneg s ranges). pose proof (alpha_nonneg s ranges). pose proof (rho_nonneg s ranges).
  pose proof (geo_nonneg (nu s) (q s) q0). pose proof (pow_le (q s) (nu s) q0). pose proof (pow_le (q s) (nu s - 1) q0).
  repeat apply Rmult_le_pos; try assumption. apply Rmin_glb; lra.
Qed.
Lemma p_d_is : p_d s = 1 - beta s * mu_c s.
Proof using ranges free order.
  unfold p_d. rewrite (no_mu_c s free). rewrite (h_is s (no_h s free)). unfold OneRound.h. pose proof (tau_pos s ranges) as t0. cbn [given orb].
  pose proof mu_c_range as range. destruct (bool_dec (given (mu s)) true) as [e|ne]; [rewrite e|apply not_true_is_false in ne as e; rewrite e].
  - destruct (Req_dec (L_F s) 0) as [z|nz].
    + pose proof range as [lo hi]. rewrite z in *. assert (mu_c s = 0) as -> by lra. unfold Rdiv. ring.
    + field. split; lra.
  - rewrite mu_c_plain by assumption. field. lra.
Qed.
End Curved.

Section Derived.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Hypothesis drawn : agents_drawn s.
Hypothesis server_pos : 0 < beta_s s.
Hypothesis order : given (mu s) = true -> - L s <= value (mu s) <= L s.
Implicit Types (i : nat) (w u v : X s).
Let held_sets : sets s := proj1 dom.
Let paths : W_holds_paths s := proj1 (proj2 dom).
Let sizes : (1 <= m s <= n s)%nat := conj (m_one s ranges) (proj1 drawn).
Let sampling := proj1 (proj2 drawn).
Let equal := proj2 (proj2 drawn).
Let h_free := no_h s free.
Let sigma := sqrt (sigma2 s).

Lemma h_real : h s = OneRound.h (beta s) (tau s) (L_F s). Proof using free. now apply h_is. Qed.
Lemma H_real : T1d_H s = OneRound.H (beta s) (beta_s s) (tau s) (L_F s). Proof using free. unfold T1d_H, OneRound.H. now rewrite h_real. Qed.
Lemma x_d_is : x_d s = OneRound.x (beta s) (tau s) (L_F s) (p_d s).
Proof using free. unfold x_d, theta_d, OneRound.x, OneRound.theta. now rewrite <- h_real. Qed.
Lemma b0_d_is : b0_d s = OneRound.b0 (beta s) (tau s) (L_F s) (b s) sigma (p_d s).
Proof using free. unfold b0_d, chi_d, OneRound.b0, OneRound.chi. rewrite <- h_real, <- x_d_is. unfold sigma, Rdiv. ring. Qed.
Lemma P_plus_is : P_plus s = DriftLocal.P (beta s) (tau s) (L_F s).
Proof using ranges free. unfold P_plus, DriftLocal.P. rewrite h_real. unfold OneRound.h. do 2 f_equal. pose proof (tau_pos s ranges). field. lra. Qed.
Lemma P_minus_is : P_minus s = DriftLocal.P (beta s) (tau s) (mu_c s).
Proof using ranges free order. unfold P_minus, DriftLocal.P. now rewrite p_d_is. Qed.

Section Modes.
Hypothesis a2 : A2 s.
Hypothesis a3 : A3 s.
Hypothesis a6 : A6 s.
Lemma step_d i u v : (i < n s)%nat -> W0 s u -> W0 s v -> beta s * L_F s <= 1 ->
  norm (u - beta s * grad_F_i s i u - (v - beta s * grad_F_i s i v)) <= p_d s * norm (u - v).
Proof using ranges free dom order a2 a3 a6.
  intros Hi Hu Hv short. rewrite p_d_is by assumption. destruct (bool_dec (given (mu s)) true) as [e|ne]; [|apply not_true_is_false in ne as e].
  - rewrite mu_c_given by assumption.
    apply (MetaStep.step_mu_c (grad s i) (hess s i) (alpha s) (beta s) (W s) (W0 s) (L s) (rho s) (B s) (q s) (value (mu s)) (nu s));
      first [facts | exact (proj1 held_sets) | exact (proj2 held_sets) | left; now apply beta_pos | intros; now apply a3 | intros y d Hy; now apply (a6 e i y d Hi Hy)
      | intros y Hy; now apply (paths y Hy) | idtac].
    rewrite L_F_is in short by assumption. exact short.
  - rewrite mu_c_plain by assumption. replace (u - beta s * grad_F_i s i u - (v - beta s * grad_F_i s i v))%V with ((u - v) + (- beta s) * (grad_F_i s i u - grad_F_i s i v))%V by veq.
    pose proof (beta_pos s ranges) as be. eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
    pose proof (RoundStatements.smooth s ranges free dom a2 a3 a6 i u v Hi Hu Hv) as l. apply Rmult_le_compat_l with (r := beta s) in l; lra.
Qed.
Lemma p_d_nonneg : beta s * L_F s <= 1 -> 0 <= p_d s.
Proof using ranges free order.
  intros short. rewrite p_d_is by assumption. pose proof (mu_c_range s ranges free order) as [_ hi]. pose proof (beta_pos s ranges) as be.
  assert (beta s * mu_c s <= beta s * L_F s) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma short_step : h s <= INR (tau s) -> beta s * L_F s <= 1.
Proof using ranges free.
  intros le. rewrite h_real in le. unfold OneRound.h in le. pose proof (tau_pos s ranges) as t0. apply Rmult_le_reg_r with (INR (tau s)); [assumption|]. lra.
Qed.

(** ** The pair of the drift in use *)
Hypothesis noise : the_mode s = mode_exact \/ A4 s /\ shared_probes s.
Hypothesis a5 : A5 s.
Hypothesis ball : is_drift s drift_ball = true -> W0_plus s.
Hypothesis exact_paths : is_drift s drift_ball = true -> W0_n s.
Lemma P_nonneg r : 0 <= 1 - beta s * r -> 0 <= DriftLocal.P (beta s) (tau s) r.
Proof using ranges. intros. unfold DriftLocal.P. apply Rmult_le_pos; [now apply geo_nonneg|left; apply Rinv_0_lt_compat; now apply tau_pos]. Qed.
Lemma pair_holds w : W0_holds_round s w -> (is_drift s drift_ball && negb (Nat.eqb (tau s) 1) = true -> h s <= 1) ->
  OneRound.pair (n s) (grad_F_i s) (beta s) (tau s) (W0 s) (L_F s) (p_d s) w (T1d_psi s) (T1d_omega s).
Proof using ranges free order ball exact_paths.
  intros Hw short. unfold T1d_psi, T1d_omega. destruct (is_drift s drift_ball) eqn:e; [|left; split; [reflexivity|now apply x_d_is]].
  destruct (Nat.eqb_spec (tau s) 1) as [one|many].
  - left. unfold psi, omega. rewrite P_plus_is, P_minus_is by assumption. unfold DriftLocal.P, OneRound.x, OneRound.theta. rewrite one. simpl. split; field.
  - specialize (short eq_refl). specialize (ball eq_refl). specialize (exact_paths eq_refl). unfold psi, omega. rewrite P_plus_is, P_minus_is by assumption.
    set (P1 := DriftLocal.P (beta s) (tau s) (mu_c s)). set (P2 := DriftLocal.P (beta s) (tau s) (L_F s)).
    match goal with |- OneRound.pair _ _ _ _ _ _ _ _ ?a ?o => replace a with ((P1 + P2) / 2) by field; replace o with ((P1 - P2) / 2) by field end.
    apply (DriftLocal.pair_local (n s) (F_i s) (grad_F_i s)).
    + now apply tau_one.
    + now apply beta_pos.
    + now apply mu_c_range.
    + rewrite h_real in short. exact short.
    + intros i Hi. now apply ball.
    + intros i t Hi Ht. now apply exact_paths.
    + now apply n_one.
Qed.

(** ** One round *)
Variable w : X s.
Hypothesis held : W0_holds_round s w.
Let w_in : W0 s w := proj1 held.
Let runs_in : forall i t v, (i < n s)%nat -> (t <= tau s)%nat -> support (run (local_gradient s i) (draws_of s i) (beta s) w t) v -> W0 s v := proj1 (proj2 held).
Let servers_in A results (HA : In A (subsets (m s) (OneRound.agents (n s))))
  (Hr : support (draws (map (OneRound.result (local_gradient s) (draws_of s) (beta s) (tau s) w) A)) results) : W0 s (OneRound.server (beta_s s) w results) :=
  server_held s drawn w A results held HA Hr.
Hypothesis h_one : is_drift s drift_ball && negb (Nat.eqb (tau s) 1) = true -> h s <= 1.
Hypothesis h_tau : h s <= INR (tau s).
Hypothesis eps_pos : 0 < eps s.
Hypothesis c_large : T1d_c_eps s <= T1d_c s.
Hypothesis c_sampling : negb (is_zero (kappa s)) = true -> 2 * T1d_c s > T1d_H s * kappa s.
Hypothesis c_budget : is_variance s variance_budget && negb (is_zero (sigma2 s)) = true -> 2 * T1d_c s > T1d_H s * share s.

Lemma b_nonneg : 0 <= b s.
Proof using ranges free dom a2 a3 a6 noise held.
  pose proof (RoundStatements.bias_holds s ranges free dom a2 a3 a6 noise 0%nat w (first_agent s ranges) w_in) as e. pose proof (norm_nonneg (mean_gradient s 0%nat w - grad_F_i s 0%nat w)). lra.
Qed.
Lemma sigma2_nonneg : 0 <= sigma2 s.
Proof using ranges free dom a2 a3 a6 noise held.
  pose proof (RoundStatements.variance_holds s ranges free dom a2 a3 a6 noise 0%nat w (first_agent s ranges) w_in) as e.
  pose proof (variance_nonneg (draws_of s 0%nat) (local_gradient s 0%nat w) (RoundStatements.agent_ok s ranges noise 0%nat (first_agent s ranges))). lra.
Qed.
Lemma sigma_square : sigma ^ 2 = sigma2 s.
Proof using ranges free dom a2 a3 a6 noise held. unfold sigma. rewrite <- (Rsqr_pow2 (sqrt _)). apply Rsqr_sqrt, sigma2_nonneg. Qed.
Lemma form : OneRound.variance_form (beta s) (beta_s s) (tau s) (m s) (L_F s) (b s) sigma (p_d s) (T1d_c s) (V_d s).
Proof using ranges free dom drawn a2 a3 a6 noise held c_budget.
  unfold OneRound.variance_form. unfold V_d, is_zero in *. destruct (Req_EM_T (sigma2 s) 0) as [z|nz].
  - right. left. split; [unfold sigma; rewrite z; apply sqrt_0|reflexivity].
  - cbn [negb] in c_budget. destruct (is_variance s variance_budget).
    + right. right. specialize (c_budget eq_refl). rewrite (share_is s sampling), H_real in c_budget. split; [unfold Rdiv; lra|].
      unfold OneRound.V_martingale. rewrite sigma_square, (share_is s sampling), H_real. unfold Rdiv. ring.
    + left. unfold OneRound.V_deviation. replace (pred (tau s)) with (tau s - 1)%nat by lia. fold sigma. f_equal. f_equal. ring.
Qed.
Lemma room : 0 < Sampling.kappa (n s) (m s) -> OneRound.H (beta s) (beta_s s) (tau s) (L_F s) * Sampling.kappa (n s) (m s) < 2 * T1d_c s.
Proof using free drawn c_sampling.
  intros pos. rewrite <- (kappa_is s sampling), <- H_real in *. unfold is_zero in c_sampling. destruct (Req_EM_T (kappa s) 0) as [z|nz]; [lra|]. specialize (c_sampling eq_refl). lra.
Qed.
Lemma price : Rabs (1 - OneRound.H (beta s) (beta_s s) (tau s) (L_F s) * T1d_psi s) / (2 * eps s) + OneRound.H (beta s) (beta_s s) (tau s) (L_F s) / 2 <= T1d_c s.
Proof using free eps_pos c_large.
  rewrite <- H_real. eapply Rle_trans; [|exact c_large]. unfold T1d_c_eps. rewrite (Rabs_minus_sym 1). right. field. lra.
Qed.
Lemma drawn_part : T1d_H s * kappa s * T1d_psi s ^ 2 * gamma_F s ^ 2 * (T1d_c s / (2 * T1d_c s - T1d_H s * kappa s)) =
  if is_zero (kappa s) then 0 else T1d_psi s ^ 2 * gamma_F s ^ 2 * T1d_H s * T1d_c s * kappa s / (2 * T1d_c s - T1d_H s * kappa s).
Proof using. unfold is_zero. destruct (Req_EM_T (kappa s) 0) as [z|nz]; [rewrite z; ring|unfold Rdiv; ring]. Qed.
Lemma N_is Q : T1d_Q0 s = Q -> T1d_N s = T1d_c s * Q + T1d_H s * kappa s * T1d_psi s ^ 2 * gamma_F s ^ 2 * (T1d_c s / (2 * T1d_c s - T1d_H s * kappa s)) + T1d_H s * V_d s / (2 * INR (m s)).
Proof using ranges drawn c_sampling.
  intros <-. rewrite drawn_part. unfold T1d_N. rewrite (share_is s sampling). pose proof (at_least_one _ (m_one s ranges)) as m0. unfold Rdiv. rewrite Rinv_mult. destruct (is_zero (kappa s)); field; lra.
Qed.
Ltac round_facts := first [exact sizes | exact server_pos | exact (proj2 held_sets) | exact w_in | exact runs_in | exact servers_in | exact form | exact price | exact room | exact eps_pos | exact b_nonneg
  | now apply tau_one | now apply beta_pos | now apply RoundStatements.L_F_nonneg | apply sqrt_pos | (apply p_d_nonneg; now apply short_step)
  | intros; now apply RoundStatements.gradients | intros; now apply RoundStatements.smooth | (intros i u v Hi Hu Hv; apply step_d; auto; now apply short_step)
  | intros; now apply RoundStatements.agent_ok | intros; now apply RoundStatements.bias_holds | (intros; rewrite sigma_square; now apply RoundStatements.variance_holds)
  | now apply (RoundStatements.spread_holds s ranges free dom a2 a3 a6 a5 w equal) | idtac].
Lemma T1d_round : next_loss s w <= F s w - beta_s s * beta s * INR (tau s) * T1d_A s * norm (grad_F s w) ^ 2 + beta_s s * beta s * INR (tau s) * T1d_N s.
Proof using All.
  rewrite (next_loss_subset s drawn), (F_equal s w equal), (grad_F_equal s w equal). pose proof (pair_holds w held h_one) as pair. unfold T1d_A. pose proof N_is as eN. unfold T1d_Q0 in eN. unfold is_zero in *.
  assert (zeta_pos : 0 < zeta s) by (split_range; assumption).
  destruct (Req_EM_T (T1d_omega s) 0) as [oz|on].
  - rewrite oz in pair. rewrite (eN _ eq_refl).
    eapply Rle_trans; [apply (OneRoundCorollaries.T1d_no_drift (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) (b s) sigma (p_d s) w)
      with (psi := T1d_psi s) (eps := eps s) (c := T1d_c s) (V := V_d s); round_facts; exact pair|].
    rewrite <- H_real, <- b0_d_is, <- (kappa_is s sampling), (Rabs_minus_sym 1). right. unfold Rdiv. ring.
  - destruct (Req_EM_T (b0_d s) 0) as [bz|bn].
    + rewrite (eN _ eq_refl).
      eapply Rle_trans; [apply (OneRound.T1d (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) (b s) sigma (p_d s) w)
        with (psi := T1d_psi s) (omega := T1d_omega s) (eps := eps s) (zeta := 0) (c := T1d_c s) (V := V_d s); round_facts; try exact pair; right; split; [reflexivity|now rewrite <- b0_d_is]|].
      unfold OneRound.A, OneRound.N, OneRound.Q0. rewrite <- H_real, <- b0_d_is, <- (kappa_is s sampling), (Rabs_minus_sym 1), bz. right. unfold Rdiv. generalize (/ 0). intros r0. ring.
    + rewrite (eN _ eq_refl).
      eapply Rle_trans; [apply (OneRound.T1d (n s) (F_i s) (grad_F_i s) (local_gradient s) (draws_of s) (beta s) (beta_s s) (tau s) (m s) (W0 s) (L_F s) (gamma_F s) (b s) sigma (p_d s) w)
        with (psi := T1d_psi s) (omega := T1d_omega s) (eps := eps s) (zeta := zeta s) (c := T1d_c s) (V := V_d s); round_facts; try exact pair; left; exact zeta_pos|].
      unfold OneRound.A, OneRound.N, OneRound.Q0. rewrite <- H_real, <- b0_d_is, <- (kappa_is s sampling), (Rabs_minus_sym 1). right. unfold Rdiv. ring.
Qed.
End Modes.
End Derived.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis dom : domain s.
Implicit Types (i : nat) (w u v : X s).

(** ** S4m *)
Theorem S4m : assumes_S4m s -> requires_S4m_mu_c s -> forall i w u, (i < n s)%nat -> W0 s w -> W0 s u ->
  inner (grad_F_i s i w - grad_F_i s i u) (w - u) >= mu_c s * norm (w - u) ^ 2.
Proof using ranges free dom.
  intros (a2 & a3 & a6) _ i w u Hi Hw Hu. pose proof (proj1 dom : sets s) as held. apply Rle_ge. destruct (bool_dec (given (mu s)) true) as [e|ne]; [|apply not_true_is_false in ne as e].
  - rewrite mu_c_given by assumption.
    apply (CurvatureBelow.S4m (grad s i) (hess s i) (alpha s) (W s) (W0 s) (L s) (rho s) (B s) (q s) (value (mu s)) (nu s));
      first [facts | exact (proj1 (proj1 dom)) | exact (proj2 (proj1 dom)) | intros; now apply a3 | intros y d Hy; now apply (a6 e i y d Hi Hy) | intros y Hy; now apply (proj1 (proj2 dom) y Hy)].
  - rewrite mu_c_plain by assumption. pose proof (RoundStatements.smooth s ranges free dom a2 a3 a6 i w u Hi Hw Hu) as l. pose proof (norm_nonneg (w - u)) as n0.
    pose proof (cauchy_neg (grad_F_i s i w - grad_F_i s i u) (w - u)) as c. apply Rmult_le_compat_r with (r := norm (w - u)) in l; [|assumption]. lra.
Qed.

(** ** D1 *)
Theorem D1 : assumes_D1 s -> requires_D1_omega s -> forall i w, (i < n s)%nat ->
  (forall t, (t < tau s)%nat -> W0 s (OneRound.exact_path (grad_F_i s) (beta s) w i t)) ->
  norm (mean (seq 0 (tau s)) (fun t => grad_F_i s i (OneRound.exact_path (grad_F_i s) (beta s) w i t)) - psi s * grad_F_i s i w) <= omega s * norm (grad_F_i s i w).
Proof using ranges free.
  intros (a2 & a3 & a6 & plus) r i w Hi inside. unfold requires_D1_omega in r. assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; tauto).
  unfold psi, omega. rewrite P_plus_is, P_minus_is by assumption. destruct (Nat.eqb_spec (tau s) 1) as [one|many].
  - unfold DriftLocal.P. rewrite one. unfold mean, OneRound.exact_path. simpl. right.
    transitivity (norm (@zero (X s))); [f_equal; apply inner_ext; intros z; expand; field|rewrite norm_zero; field].
  - assert (short : h s <= 1) by tauto. rewrite h_real in short by assumption. pose proof (mu_c_range s ranges free order) as [lo hi].
    pose proof (DriftLocal.D1_local (F_i s i) (grad_F_i s i) (mu_c s) (L_F s) (beta s) (W0 s) w (tau s) (tau_one s ranges) (beta_pos s ranges) lo hi short (plus i Hi) inside) as [_ [_ d]].
    set (P1 := DriftLocal.P (beta s) (tau s) (mu_c s)) in *. set (P2 := DriftLocal.P (beta s) (tau s) (L_F s)) in *.
    replace (1 / 2 * P1 + 1 / 2 * P2) with ((P1 + P2) / 2) by field. replace (1 / 2 * P1 - 1 / 2 * P2) with ((P1 - P2) / 2) by field. exact d.
Qed.

(** ** T1d, T2p, T3p *)
Hypothesis drawn : agents_drawn s.
Hypothesis server_pos : 0 < beta_s s.
(** With D1's pair and one local step the record asks nothing of h; here h <= 1. *)
Hypothesis one_step : is_drift s drift_ball = true -> tau s = 1%nat -> h s <= 1.

Lemma h_below : (is_drift s drift_ball && negb (Nat.eqb (tau s) 1) = true -> h s <= 1) -> (negb (is_drift s drift_ball) = true -> h s <= INR (tau s)) -> h s <= INR (tau s).
Proof using ranges one_step.
  intros ball plain. assert (1 <= INR (tau s)) by (change 1 with (INR 1); apply le_INR; now apply tau_one).
  destruct (is_drift s drift_ball); [|now apply plain]. destruct (Nat.eqb_spec (tau s) 1) as [one|many]; [specialize (one_step eq_refl one)|specialize (ball eq_refl)]; lra.
Qed.
Lemma price_ok : 0 < eps s -> (given (given_T1d_c s) = true -> T1d_c s >= T1d_c_eps s) -> T1d_c_eps s <= T1d_c s.
Proof using. intros _ H. unfold T1d_c in *. destruct (given_T1d_c s); [specialize (H eq_refl); lra|lra]. Qed.
Theorem T1d : assumes_T1d s -> modes_T1d s -> requires_T1d s -> forall w low, W0_holds_round s w ->
  next_loss s w - low <= Constants.T1d s (F s w - low) (norm (grad_F s w)).
Proof using ranges free dom drawn server_pos one_step.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & plus & exact_paths & shared) _ (h1 & ht & he & cg & ck & cb & pos & m1 & m2 & _) w low held.
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  unfold Constants.T1d. enough (next_loss s w <= F s w - beta_s s * beta s * INR (tau s) * T1d_A s * norm (grad_F s w) ^ 2 + beta_s s * beta s * INR (tau s) * T1d_N s) by lra.
  apply T1d_round; auto using h_below, price_ok.
Qed.

Section Run.
Variable w_0 : X s.
Hypothesis held : W0_holds_run s w_0.
Let round_rate : 0 < beta_s s * beta s * INR (tau s) := Rmult_lt_0_compat _ _ (Rmult_lt_0_compat _ _ server_pos (beta_pos s ranges)) (tau_pos s ranges).
Theorem T2p : assumes_T2p s -> modes_T2p s -> requires_T2p s ->
  rmean (seq 0 (K s)) (fun k => ex (iterate s w_0 k) (fun w => norm (grad_F s w) ^ 2)) <= Constants.T2p s (F s w_0 - F_star s).
Proof using ranges free dom drawn server_pos one_step held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & plus & exact_paths & shared) _ (h1 & ht & he & cg & ck & cb & pos & m1 & m2 & _).
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (at_least_one _ (K_one s ranges)) as K0. pose proof (tau_pos s ranges) as t0. pose proof (beta_pos s ranges) as be0.
  eapply Rle_trans; [apply (RoundStatements.T2_run s w_0 (beta_s s * beta s * INR (tau s)) (T1d_A s) (T1d_N s) (fun w => round_proper s drawn w ranges (RoundStatements.agent_ok s ranges noise)) round_rate held);
    [|exact pos|exact a1|exact (K_one s ranges)]|].
  - intros w Hw. apply T1d_round; auto using h_below, price_ok.
  - right. unfold Constants.T2p. field. repeat split; lra.
Qed.
Theorem T3p : assumes_T3p s -> modes_T3p s -> requires_T3p s -> ex (iterate s w_0 (K s)) (F s) - F_star s <= Constants.T3p s (F s w_0 - F_star s).
Proof using ranges free dom drawn server_pos one_step held.
  intros (a1 & a2 & a3 & a4 & a5 & a6 & a7 & plus & exact_paths & shared) _ (h1 & ht & he & cg & ck & cb & pos & small & m1 & m2 & _).
  assert (order : given (mu s) = true -> - L s <= value (mu s) <= L s) by (intros e; split; [now apply m1|now apply m2]).
  assert (noise := or_intror (conj a4 shared) : the_mode s = mode_exact \/ _). pose proof (mu_F_pos s ranges) as m0.
  assert (el : 2 * T1d_A s * (beta_s s * beta s * INR (tau s)) * mu_F s = T3p_lam s) by (unfold T3p_lam; ring).
  eapply Rle_trans; [apply (RoundStatements.T3_exact s ranges w_0 (beta_s s * beta s * INR (tau s)) (T1d_A s) (T1d_N s) (fun w => round_proper s drawn w ranges (RoundStatements.agent_ok s ranges noise)) round_rate held);
    [|exact pos|exact a7|now rewrite el]|].
  - intros w Hw. apply T1d_round; auto using h_below, price_ok.
  - rewrite el. right. unfold Constants.T3p. field. split; lra.
Qed.
End Run.
End Statements.
