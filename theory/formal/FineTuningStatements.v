(** S1, S2, S3, S3q, S4, S4m, S7, S8, S9, S10 in the terms of the record. *)
Require Import Space Calculus Smoothness Sampling Expectation Heterogeneity HessianFree FirstOrder.
Require HeterogeneityQ CurvatureBelow Rounding MetaConstants.
Require Import Constants Setting SettingFacts RecordForms Assumed.

Section Statements.
Variable s : setting.
Hypothesis ranges : in_range s.
Hypothesis free : nothing_given s.
Hypothesis domain : sets s.
Hypothesis paths : W_holds_paths s.
Implicit Types (i : nat) (w u : X s).

Let Wconvex : convex (W s) := proj1 domain.
Let stay i w (Hi : (i < n s)%nat) (Hw : W0 s w) : stays (grad s i) (alpha s) (W s) (nu s) w := proj1 (paths w Hw) i Hi.
Let q0 : 0 <= q s := q_nonneg s ranges free.

(** ** S1: the gradient of F_i, and the rounding error of the reverse sweep *)
Definition computed i w (point swept : nat -> X s) : Prop := point 0%nat = w /\ (forall l, (l <= nu s)%nat -> W s (point l)) /\
  (forall l, (l < nu s)%nat -> norm (point (S l) - step (grad s i) (alpha s) (point l)) <= alpha s * eta_G s) /\
  norm (swept (nu s) - grad s i (point (nu s))) <= eta_G s /\
  forall l, (l < nu s)%nat -> norm (swept l - factor (hess s i) (alpha s) (point l) (swept (S l))) <= alpha s * eta_H s * norm (swept (S l)).

Lemma end_of_path i w : A2 s -> A6 s -> (i < n s)%nat -> W0 s w -> norm (grad s i (tuned_point s i (nu s) w)) <= B_q s.
Proof using ranges free domain paths.
  intros a2 a6 Hi Hw. rewrite B_q_is by assumption.
  apply (end_gradient (grad s i) (hess s i) (alpha s) (W s) (B s) (q s)); auto using alpha_nonneg, g_derivative, H_linear, g_bound. intros; now apply factor_bound.
Qed.

Lemma F_gradient i w : A2 s -> A6 s -> (i < n s)%nat -> W0 s w -> gradient (F_i s i) (grad_F_i s i) w.
Proof using ranges free domain paths.
  intros a2 a6 Hi Hw. apply (Smoothness.S1 (loss s i) (grad s i) (hess s i) (alpha s) (W s) (alpha_nonneg s ranges)) with (q := q s); facts.
Qed.
Theorem S1 : assumes_S1 s -> forall i w, (i < n s)%nat -> W0 s w ->
  gradient (F_i s i) (grad_F_i s i) w /\
  (requires_S1 s -> forall point swept, computed i w point swept -> norm (swept 0%nat - grad_F_i s i w) <= Constants.S1 s) /\
  (forall point swept point' swept', computed i w point swept -> computed i w point' swept' -> 0 < norm (swept' 0%nat) ->
    requires_S1_S1_relative s -> norm (swept 0%nat - swept' 0%nat) <= Constants.S1_relative s (norm (swept' 0%nat)) * norm (swept' 0%nat)).
Proof using ranges free domain paths.
  intros (a2 & a3 & a6) i w Hi Hw.
  assert (err : forall point swept, computed i w point swept -> norm (swept 0%nat - grad_F_i s i w) <= Constants.S1 s).
  { intros point swept (start & inside & steps & last & products).
    eapply Rle_trans; [apply (Rounding.rounding_error (grad s i) (hess s i) (alpha s) (L s) (rho s) (q s) (B_q s) (eta_G s) (eta_H s) (W s) (nu s) w) with (point := point); try solve [facts | now apply end_of_path | intros; now apply a3 | split_range; assumption]|].
    - right. unfold Constants.S1, Rounding.loose. replace (alpha s * eta_H s + q s) with (q s + alpha s * eta_H s) by ring.
      rewrite (rtotal_ext _ (fun k => (q s + alpha s * eta_H s) ^ k * q s ^ (nu s - 1 - k) * (eta_H s + alpha s * rho s * eta_G s * geo k (q s)))
        (fun l => (q s + alpha s * eta_H s) ^ l * (alpha s * eta_G s * geo l (q s) * rho s + eta_H s) * q s ^ (nu s - 1 - l))) by (intros; ring). ring. }
  split; [|split; [intros _; exact err|]].
  - now apply F_gradient.
  - intros p v p' v' c c' pos _. pose proof (err p v c) as e. pose proof (err p' v' c') as e'.
    replace (v 0%nat - v' 0%nat)%V with ((v 0%nat - grad_F_i s i w) + (grad_F_i s i w - v' 0%nat))%V by veq. eapply Rle_trans; [apply triangle|].
    rewrite (norm_sub_sym (grad_F_i s i w)). unfold Constants.S1_relative.
    replace (2 * Constants.S1 s / norm (v' 0%nat) * norm (v' 0%nat)) with (2 * Constants.S1 s) by (field; lra). lra.
Qed.

(** ** S2 *)
Theorem S2 : assumes_S2 s -> requires_S2 s -> forall i w u, (i < n s)%nat -> W0 s w -> W0 s u ->
  norm (tuned_point s i (nu s) w - tuned_point s i (nu s) u) <= Constants.S2 s * norm (w - u).
Proof using ranges free domain paths.
  intros (a2 & a6) _ i w u Hi Hw Hu.
  apply (Smoothness.S2 (grad s i) (hess s i) (alpha s) (W s) (alpha_nonneg s ranges) Wconvex (fun v => g_derivative s a2 i v Hi) (fun v => H_linear s a2 i v Hi) (q s) q0); auto.
  intros; now apply factor_bound.
Qed.

(** ** S3 *)
Theorem S3 : assumes_S3 s -> forall i w, (i < n s)%nat -> W0 s w ->
  (requires_S3 s -> norm (grad_F_i s i w) <= Constants.S3 s (norm (grad s i w))) /\ (requires_S3_B_F s -> norm (grad_F_i s i w) <= B_F s).
Proof using ranges free domain paths.
  intros (a2 & a6) i w Hi Hw. split; intros _.
  - eapply Rle_trans; [apply (Smoothness.S3_meta (grad s i) (hess s i) (alpha s) (W s) Wconvex (fun v => g_derivative s a2 i v Hi) (fun v => H_linear s a2 i v Hi) (q s) q0); auto|].
    + intros; now apply factor_bound.
    + unfold Constants.S3. right. replace (nu s * 2)%nat with (2 * nu s)%nat by lia. ring.
  - unfold B_F. pose proof (sweep_bound (grad s i) (hess s i) (alpha s) (W s) (q s) q0 (fun v d => factor_bound s ranges free a2 a6 i v d Hi) (nu s) w (grad s i (tuned_point s i (nu s) w)) (stay i w Hi Hw)) as sb.
    eapply Rle_trans; [exact sb|]. apply Rmult_le_compat_l; [now apply pow_le|now apply end_of_path].
Qed.

(** ** S4 *)
Lemma L_F_smooth i w u : A2 s -> A3 s -> A6 s -> (i < n s)%nat -> W0 s w -> W0 s u -> norm (grad_F_i s i w - grad_F_i s i u) <= L_F s * norm (w - u).
Proof using ranges free domain paths.
  intros a2 a3 a6 Hi Hw Hu. rewrite L_F_is by assumption. unfold MetaConstants.L_F.
    apply (Smoothness.S4_contractive (grad s i) (hess s i) (alpha s) (W s) (alpha_nonneg s ranges) Wconvex) with (L := L s) (rho := rho s) (B := B s) (q := q s); first [facts | intros; now apply a3].
Qed.
Theorem S4 : assumes_S4 s -> forall i w u, (i < n s)%nat -> W0 s w -> W0 s u ->
  (requires_S4_L_F s -> norm (grad_F_i s i w - grad_F_i s i u) <= L_F s * norm (w - u)) /\
  (requires_S4_L_F_pointwise s -> norm (grad_F_i s i w - grad_F_i s i u) <= L_F_pointwise s (norm (grad s i u)) * norm (w - u)).
Proof using ranges free domain paths.
  intros (a2 & a3 & a6) i w u Hi Hw Hu. split; intros _.
  - now apply L_F_smooth.
  - eapply Rle_trans; [apply (Smoothness.S4_pointwise (grad s i) (hess s i) (alpha s) (W s) (alpha_nonneg s ranges) Wconvex) with (L := L s) (rho := rho s) (q := q s); first [facts | intros; now apply a3]|].
    right. unfold L_F_pointwise. replace (pred (2 * nu s)) with (nu s * 2 - 1)%nat by lia. replace (2 * nu s)%nat with (nu s * 2)%nat by lia. ring.
Qed.

(** ** S7, for any weights *)
Lemma gamma_F_spread w : weighted s -> A2 s -> A3 s -> A5 s -> A6 s -> W0 s w -> variance (weights s) (fun i => grad_F_i s i w) <= gamma_F s ^ 2.
Proof using ranges free domain paths.
  intros (proper_weights & of_agents) a2 a3 a5 a6 Hw. rewrite gamma_F_is by assumption. unfold MetaConstants.gamma_F.
  apply (HeterogeneityQ.S7_contractive (n s) (weights s) (grad s) (hess s) (alpha s) (L s) (rho s) (B s) (q s) (gamma_G s) (gamma_H s) (W s)); first [facts | intros; now apply a3 | intros; now apply a5 | intros; now apply (proj2 (paths w Hw))].
Qed.
Theorem S7 : assumes_S7 s -> weighted s -> requires_S7_gamma_F2 s -> forall w, W0 s w -> variance (weights s) (fun i => grad_F_i s i w) <= gamma_F2 s.
Proof using ranges free domain paths.
  intros (a2 & a3 & a5 & a6) weights_ok _ w Hw. unfold gamma_F2. now apply gamma_F_spread.
Qed.

(** ** S8 *)
Lemma first_order_error i w : A2 s -> A6 s -> (i < n s)%nat -> W0 s w -> norm (grad s i (tuned_point s i (nu s) w) - grad_F_i s i w) <= b_FO s.
Proof using ranges free domain paths.
  intros a2 a6 Hi Hw. rewrite b_FO_is, <- B_q_is by assumption.
  apply (S8_core (grad s i) (hess s i) (alpha s) (L s) (q s) (W s)); first [facts | intros; now apply end_of_path].
Qed.
Theorem S8 : assumes_S8 s -> requires_S8_b_FO s -> forall i w, (i < n s)%nat -> W0 s w ->
  norm (grad s i (tuned_point s i (nu s) w) - grad_F_i s i w) <= b_FO s.
Proof using ranges free domain paths.
  intros (a2 & a6) _ i w Hi Hw. now apply first_order_error.
Qed.

(** ** S9 *)
Lemma hessian_free_error i w : A2 s -> A3 s -> A6 s -> W_holds_probes s -> (i < n s)%nat -> W0 s w ->
  norm (hf_gradient (grad s i) (alpha s) (delta s) (nu s) w - grad_F_i s i w) <= b_HF s.
Proof using ranges free domain paths.
  intros a2 a3 a6 probes Hi Hw. rewrite b_HF_is by assumption.
  apply (HessianFree.S9_contractive (grad s i) (hess s i) (alpha s) (delta s) (W s) (rho s) (B s) (q s)); first [facts | intros; now apply a3 | intros; now apply probes].
Qed.
Theorem S9 : assumes_S9 s -> requires_S9_b_HF s -> W_holds_probes s -> forall i w, (i < n s)%nat -> W0 s w ->
  norm (hf_gradient (grad s i) (alpha s) (delta s) (nu s) w - grad_F_i s i w) <= b_HF s.
Proof using ranges free domain paths.
  intros (a2 & a3 & a6) _ probes i w Hi Hw. now apply hessian_free_error.
Qed.

(** ** S10 *)
Theorem S10 : assumes_S10 s -> requires_S10 s -> forall i w, (i < n s)%nat -> W0 s w ->
  loss s i (tuned_point s i (nu s) w) - loss s i (tuned_point s i (nu s - 1) w) <= Constants.S10 s (norm (grad s i (tuned_point s i (nu s - 1) w))).
Proof using ranges domain paths.
  intros a2 some i w Hi Hw. unfold requires_S10 in some. assert (le : (1 <= nu s)%nat) by tauto. pose proof (stay i w Hi Hw) as st.
  unfold tuned_point, Constants.S10. assert (e : S (nu s - 1) = nu s) by lia. rewrite <- e in st.
  pose proof (Smoothness.S10 (loss s i) (grad s i) (alpha s) (W s) (alpha_nonneg s ranges) Wconvex (fun v => f_gradient s a2 i v Hi) (L s)
    (fun v u => g_lipschitz s ranges domain a2 i v u Hi) (nu s - 1)%nat w st) as d. rewrite e in d. lra.
Qed.
End Statements.
