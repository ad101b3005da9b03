(** S1 in floating point: the error of a computed meta-gradient when every gradient is computed within eta_G and every Hessian-vector product within
    eta_H of the vector's length, the rounding of the vector updates counted in these. *)
Require Import Space Calculus Smoothness Sampling.

Section Rounding.
Context {X : space}.
Implicit Types w v : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha L rho q C eta_G eta_H : R) (W : X -> Prop) (nu : nat) (w : X).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis eta_G_nonneg : 0 <= eta_G.
Hypothesis eta_H_nonneg : 0 <= eta_H.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis end_bound : norm (g (tuned g alpha nu w)) <= C.
(** The computed trajectory and the computed vectors of the reverse sweep: [swept l] is what the factors nu-1, ..., l have made of the last gradient. *)
Variables (point swept : nat -> X).
Hypothesis points_in : forall l, (l <= nu)%nat -> W (point l).
Hypothesis start : point 0%nat = w.
Hypothesis steps : forall l, (l < nu)%nat -> norm (point (S l) - step g alpha (point l)) <= alpha * eta_G.
Hypothesis last : norm (swept nu - g (point nu)) <= eta_G.
Hypothesis products : forall l, (l < nu)%nat -> norm (swept l - factor H alpha (point l) (swept (S l))) <= alpha * eta_H * norm (swept (S l)).

Lemma points_near l : (l <= nu)%nat -> norm (point l - tuned g alpha l w) <= alpha * eta_G * geo l q.
Proof using alpha_nonneg q_nonneg Wconvex g_derivative H_linear factor_bound exact_in points_in start steps.
  induction l as [|l IH]; intros Hl.
  - rewrite start. simpl. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH ltac:(lia)). change (tuned g alpha (S l) w) with (step g alpha (tuned g alpha l w)). set (t := tuned g alpha l w) in *.
    replace (point (S l) - step g alpha t)%V with ((point (S l) - step g alpha (point l)) + (step g alpha (point l) - step g alpha t))%V by veq.
    eapply Rle_trans; [apply triangle|]. pose proof (steps l ltac:(lia)) as st.
    assert (Wt : W t) by (apply exact_in; lia). assert (Wp : W (point l)) by (apply points_in; lia).
    pose proof (step_lipschitz g H alpha W alpha_nonneg Wconvex g_derivative H_linear q q_nonneg factor_bound _ _ Wp Wt) as m.
    rewrite geo_left. assert (q * norm (point l - t) <= q * (alpha * eta_G * geo l q)) by now apply Rmult_le_compat_l. lra.
Qed.

Definition loose := q + alpha * eta_H.
(** What a vector [v] of norm at most [c], known within [d], is known to after the factors l-1, ..., 0. *)
Definition spoilt l d c := loose ^ l * d + alpha * c * rtotal (seq 0 l) (fun k => loose ^ k * q ^ (l - 1 - k) * (eta_H + alpha * rho * eta_G * geo k q)).
Lemma spoilt_next l d c : spoilt (S l) d c = spoilt l (loose * d + alpha * (eta_H + alpha * rho * eta_G * geo l q) * c) (q * c).
Proof using.
  unfold spoilt. rewrite seq_S, rtotal_app. cbn [rtotal fold_right Nat.add]. replace (S l - 1 - l)%nat with 0%nat by lia.
  fold (rtotal (seq 0 l) (fun k => loose ^ k * q ^ (S l - 1 - k) * (eta_H + alpha * rho * eta_G * geo k q))).
  rewrite (rtotal_ext (seq 0 l) _ (fun k => q * (loose ^ k * q ^ (l - 1 - k) * (eta_H + alpha * rho * eta_G * geo k q)))).
  - rewrite rtotal_scal. simpl. ring.
  - intros k Hk. apply in_seq in Hk. replace (S l - 1 - k)%nat with (S (l - 1 - k)) by lia. simpl. ring.
Qed.
Lemma loose_nonneg : 0 <= loose.
Proof using alpha_nonneg q_nonneg eta_H_nonneg. unfold loose. assert (0 <= alpha * eta_H) by now apply Rmult_le_pos. lra. Qed.
Lemma spoilt_le l d d' c : d <= d' -> spoilt l d c <= spoilt l d' c.
Proof using alpha_nonneg q_nonneg eta_H_nonneg. intros Hd. unfold spoilt. apply Rplus_le_compat_r, Rmult_le_compat_l; [apply pow_le, loose_nonneg|assumption]. Qed.

Lemma sweep_error l v d c : (l <= nu)%nat -> norm v <= c -> norm (swept l - v) <= d -> norm (swept 0%nat - sweep g H alpha l w v) <= spoilt l d c.
Proof using alpha_nonneg rho_nonneg q_nonneg eta_G_nonneg eta_H_nonneg Wconvex g_derivative H_linear factor_bound H_lipschitz exact_in points_in start steps products.
  revert v d c. induction l as [|l IH]; intros v d c Hl Hv Hd.
  - unfold spoilt. simpl. lra.
  - cbn [sweep]. rewrite spoilt_next. set (t := tuned g alpha l w). assert (Wt : W t) by (apply exact_in; lia). assert (Wp : W (point l)) by (apply points_in; lia).
    pose proof (norm_nonneg v) as v0. apply IH; [lia| |].
    + eapply Rle_trans; [now apply factor_bound|]. now apply Rmult_le_compat_l.
    + set (u := swept (S l)) in *. pose proof (products l ltac:(lia)) as pr. fold u in pr. pose proof (points_near l ltac:(lia)) as near. fold t in near.
      replace (swept l - factor H alpha t v)%V with ((swept l - factor H alpha (point l) u) + ((factor H alpha (point l) u - factor H alpha (point l) v)
        + (- alpha) * (H (point l) v - H t v)))%V by (unfold factor; veq).
      eapply Rle_trans; [apply triangle|]. eapply Rle_trans; [apply Rplus_le_compat_l, triangle|].
      rewrite (factor_sub H alpha W H_linear) by assumption. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
      pose proof (factor_bound (point l) (u - v)%V Wp) as f. pose proof (H_lipschitz (point l) t v Wp Wt) as h.
      assert (nu0 : norm u <= d + c) by (replace u with ((u - v) + v)%V by veq; eapply Rle_trans; [apply triangle|]; lra).
      assert (ae : 0 <= alpha * eta_H) by now apply Rmult_le_pos.
      assert (e1 : alpha * eta_H * norm u <= alpha * eta_H * (d + c)) by now apply Rmult_le_compat_l.
      assert (e2 : q * norm (u - v) <= q * d) by now apply Rmult_le_compat_l.
      assert (g0 : 0 <= alpha * eta_G * geo l q) by (repeat apply Rmult_le_pos; try assumption; now apply geo_nonneg).
      assert (e3 : rho * norm (point l - t) * norm v <= rho * (alpha * eta_G * geo l q) * c).
      { apply Rmult_le_compat; [apply Rmult_le_pos; [assumption|apply norm_nonneg]|assumption| |assumption]. now apply Rmult_le_compat_l. }
      assert (e4 : alpha * norm (H (point l) v - H t v) <= alpha * (rho * (alpha * eta_G * geo l q) * c)) by (apply Rmult_le_compat_l; [assumption|lra]).
      unfold loose. lra.
Qed.

Theorem rounding_error : norm (swept 0%nat - meta_gradient g H alpha nu w) <=
  loose ^ nu * (eta_G * (1 + alpha * L * geo nu q)) + alpha * C * rtotal (seq 0 nu) (fun k => loose ^ k * q ^ (nu - 1 - k) * (eta_H + alpha * rho * eta_G * geo k q)).
Proof using alpha_nonneg L_nonneg rho_nonneg q_nonneg eta_G_nonneg eta_H_nonneg Wconvex g_derivative H_linear factor_bound g_lipschitz H_lipschitz exact_in end_bound points_in start steps last products.
  unfold meta_gradient. apply (sweep_error nu (g (tuned g alpha nu w)) (eta_G * (1 + alpha * L * geo nu q)) C); [lia|assumption|].
  set (t := tuned g alpha nu w). assert (Wt : W t) by (apply exact_in; lia). pose proof (g_lipschitz (point nu) t (points_in nu (Nat.le_refl _)) Wt) as gl.
  pose proof (points_near nu (Nat.le_refl _)) as near. fold t in near.
  replace (swept nu - g t)%V with ((swept nu - g (point nu)) + (g (point nu) - g t))%V by veq. eapply Rle_trans; [apply triangle|].
  assert (L * norm (point nu - t) <= L * (alpha * eta_G * geo nu q)) by now apply Rmult_le_compat_l. lra.
Qed.
End Rounding.
