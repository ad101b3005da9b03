(** C6, the constants: T1d's inequality for any weights over the agents and any second moment of the sampled mean. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRoundCases.
Require OneRound.

Lemma variance_young {A} {X : space} (d : dist A) (y z : A -> X) t : proper d -> 0 < t ->
  variance d (fun i => y i + z i)%V <= (1 + t) * variance d y + (1 + / t) * variance d z.
Proof using.
  intros Hd Ht. unfold variance. rewrite <- !ex_scal, <- ex_add. apply ex_le; [assumption|]. intros i _. rewrite vex_add.
  replace (y i + z i - (vex d y + vex d z))%V with ((y i - vex d y) + (z i - vex d z))%V by veq. rewrite !norm_sq. now apply young.
Qed.
Lemma variance_scal {A} {X : space} (d : dist A) (y : A -> X) c : variance d (fun i => c * y i)%V = c ^ 2 * variance d y.
Proof using. unfold variance. rewrite <- ex_scal. apply ex_ext. intros i _. rewrite vex_scal, !norm_sq. expand. ring. Qed.
Lemma variance_ext {A} {X : space} (d : dist A) (y z : A -> X) : (forall i, support d i -> y i = z i) -> variance d y = variance d z.
Proof using. intros e. unfold variance. rewrite (vex_ext d y z e). apply ex_ext. intros i Hi. now rewrite e. Qed.

Section Constants.
Context {X : space}.
(** [P] gives agent i its weight; e is the expected mean gradient of its run, v the variance of that before the noise, var the variance of its result. *)
Variables (P : dist nat) (g e : nat -> X) (v var : nat -> R).
Variables (H k share psi omega b0 gamma eps zeta c V : R).
Hypothesis P_proper : proper P.
Hypothesis H_nonneg : 0 <= H.
Hypothesis k_nonneg : 0 <= k.
Hypothesis gamma_bound : variance P g <= gamma ^ 2.
Hypothesis agent_budget : forall i, support P i -> norm (e i - psi * g i) ^ 2 + v i <= (omega * norm (g i) + b0) ^ 2.
(** [share] stands where T1 has 1/m. *)
Hypothesis varied : forall i, support P i -> H * share / 2 * var i <= c * v i + H * share / 2 * V.
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ b0 = 0.
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c.
Let a : X := vex P g.
Let R0 i : X := (e i - psi * g i)%V.

Definition A := psi * (1 - H * psi / 2) - Rabs (1 - H * psi) * eps / 2 - c * (1 + zeta) * omega ^ 2.
Definition Q0 := (1 + zeta) * omega ^ 2 * gamma ^ 2 + (1 + / zeta) * b0 ^ 2.
Definition N := c * Q0 + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)) + H * share * V / 2.

Lemma c_nonneg : 0 <= c.
Proof using H_nonneg eps_pos c_large.
  assert (0 <= Rabs (1 - H * psi) / (2 * eps)); [|lra]. apply Rmult_le_pos; [apply Rabs_pos|]. left. apply Rinv_0_lt_compat. lra.
Qed.
(** One budget for R, s and v. *)
Lemma budget : ex P (fun i => norm (R0 i) ^ 2) + ex P v <= (1 + zeta) * omega ^ 2 * norm a ^ 2 + Q0.
Proof using P_proper gamma_bound agent_budget zeta_range.
  rewrite <- ex_add. apply Rle_trans with (ex P (fun i => (1 + zeta) * omega ^ 2 * norm (g i) ^ 2 + (1 + / zeta) * b0 ^ 2)).
  - apply ex_le; [assumption|]. intros i Hi. eapply Rle_trans; [exact (agent_budget i Hi)|]. destruct zeta_range as [Hz|[Hz Hb]].
    + pose proof (pow2_ge_0 (zeta * (omega * norm (g i)) - b0)) as sq. apply Rmult_le_reg_l with zeta; [assumption|].
      replace (zeta * ((1 + zeta) * omega ^ 2 * norm (g i) ^ 2 + (1 + / zeta) * b0 ^ 2)) with
        (zeta * (1 + zeta) * omega ^ 2 * norm (g i) ^ 2 + (zeta + 1) * b0 ^ 2) by (field; lra). lra.
    + rewrite Hz, Hb. right. ring.
  - rewrite ex_add, ex_scal, ex_const, (second_moment_split P g) by assumption. fold a. unfold Q0.
    assert (0 <= (1 + zeta) * omega ^ 2) by (apply Rmult_le_pos; [destruct zeta_range as [|[]]; lra|apply pow2_ge_0]).
    assert ((1 + zeta) * omega ^ 2 * variance P g <= (1 + zeta) * omega ^ 2 * gamma ^ 2) by (apply Rmult_le_compat_l; assumption). lra.
Qed.
Lemma cross : - (1 - H * psi) * inner a (vex P R0) <= Rabs (1 - H * psi) * (eps * norm a ^ 2 / 2 + norm (vex P R0) ^ 2 / (2 * eps)).
Proof using eps_pos.
  set (R := vex P R0). assert (yo : Rabs (inner a R) <= eps * norm a ^ 2 / 2 + norm R ^ 2 / (2 * eps)).
  { assert (sq : 0 <= (eps * norm a - norm R) ^ 2 / (2 * eps)).
    { apply Rmult_le_pos; [apply pow2_ge_0|]. left. apply Rinv_0_lt_compat. lra. }
    replace ((eps * norm a - norm R) ^ 2 / (2 * eps)) with (eps * norm a ^ 2 / 2 + norm R ^ 2 / (2 * eps) - norm a * norm R) in sq by (field; lra).
    pose proof (cauchy a R). pose proof (cauchy_neg a R). apply Rabs_le. lra. }
  apply Rle_trans with (Rabs (- (1 - H * psi) * inner a R)); [apply Rle_abs|]. rewrite Rabs_mult, Rabs_Ropp. apply Rmult_le_compat_l; [apply Rabs_pos|assumption].
Qed.
Lemma mean_split : vex P e = (psi * a + vex P R0)%V.
Proof using. unfold R0, a. rewrite <- vex_scal, <- vex_add. apply vex_ext. intros. veq. Qed.
Lemma noise_part : H / 2 * (share * ex P var) <= c * ex P v + H * share * V / 2.
Proof using P_proper varied.
  replace (H / 2 * (share * ex P var)) with (ex P (fun i => H * share / 2 * var i)) by (rewrite ex_scal; field).
  replace (H * share * V / 2) with (ex P (fun _ => H * share / 2 * V)) by (rewrite ex_const by assumption; field).
  rewrite <- ex_scal, <- ex_add. apply ex_le; assumption.
Qed.

(** Sampling enters through the variance of e over the agents. *)
Hypothesis c_sampling : 0 < k -> H * k < 2 * c.
Lemma sampling_young : H * k / 2 * variance P e <= c * variance P R0 + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)).
Proof using P_proper H_nonneg k_nonneg gamma_bound eps_pos c_large c_sampling.
  pose proof c_nonneg as c0. pose proof (variance_nonneg P R0 P_proper) as HS. destruct (Req_dec (H * k) 0) as [z|nz].
  - replace (H * k / 2) with 0 by lra. rewrite z. assert (0 <= c * variance P R0) by now apply Rmult_le_pos. lra.
  - assert (Hpos : 0 < H * k) by (assert (0 <= H * k) by (now apply Rmult_le_pos); lra).
    assert (k <> 0) by (intros z; rewrite z in nz; lra). assert (H <> 0) by (intros z; rewrite z in nz; lra).
    assert (lt : H * k < 2 * c) by (apply c_sampling; lra).
    set (t := H * k / (2 * c - H * k)). assert (ht : 0 < t) by (apply Rdiv_lt_0_compat; lra).
    pose proof (variance_young P (fun i => psi * g i)%V R0 t P_proper ht) as y.
    rewrite variance_scal in y. replace (1 + / t) with (2 * c / (H * k)) in y by (unfold t; field; repeat split; lra).
    replace (1 + t) with (2 * c / (2 * c - H * k)) in y by (unfold t; field; lra).
    rewrite (variance_ext P e (fun i => psi * g i + R0 i)%V) by (intros; unfold R0; veq).
    apply Rle_trans with (H * k / 2 * (2 * c / (2 * c - H * k) * (psi ^ 2 * gamma ^ 2) + 2 * c / (H * k) * variance P R0)).
    + apply Rmult_le_compat_l; [lra|]. eapply Rle_trans; [exact y|]. apply Rplus_le_compat_r.
      apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
      apply Rmult_le_compat_l; [apply pow2_ge_0|exact gamma_bound].
    + right. field. repeat split; lra.
Qed.

Theorem weighted : - inner a (vex P e) + H / 2 * (norm (vex P e) ^ 2 + k * variance P e + share * ex P var) <= - A * norm a ^ 2 + N.
Proof using All.
  pose proof sampling_young as Y. pose proof budget as Bu. pose proof c_nonneg as c0. pose proof cross as cr. pose proof noise_part as np.
  rewrite (second_moment_split P R0 P_proper) in Bu. rewrite mean_split. set (R := vex P R0) in *. set (D := Rabs (1 - H * psi)) in *.
  assert (cR : D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2 <= c * norm R ^ 2).
  { replace (D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2) with ((D / (2 * eps) + H / 2) * norm R ^ 2) by (field; lra).
    apply Rmult_le_compat_r; [apply pow2_ge_0|assumption]. }
  apply Rmult_le_compat_l with (r := c) in Bu; [|assumption].
  assert (nn : norm (psi * a + R) ^ 2 = psi ^ 2 * norm a ^ 2 + 2 * psi * inner a R + norm R ^ 2) by (rewrite !norm_sq; expand; order; ring).
  rewrite nn, inner_add_r, inner_scal_r, <- norm_sq. unfold A, N. fold D. lra.
Qed.

(** Independent inclusion: the mean of the squares in place of the variance, at the price c' <= c for each R_i. *)
Variable c' : R.
Hypothesis c'_sampling : H * k < 2 * c'.
Hypothesis c'_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 + c' <= c.
Let loss := H * k * psi ^ 2 * (c' / (2 * c' - H * k)).
Definition A_inclusion := A - loss.
Definition N_inclusion := c * Q0 + loss * gamma ^ 2 + H * share * V / 2.

Theorem weighted_inclusion : - inner a (vex P e) + H / 2 * (norm (vex P e) ^ 2 + k * ex P (fun i => norm (e i) ^ 2) + share * ex P var) <= - A_inclusion * norm a ^ 2 + N_inclusion.
Proof using P_proper H_nonneg k_nonneg gamma_bound agent_budget varied eps_pos zeta_range c_large c'_sampling c'_large.
  pose proof budget as Bu. pose proof c_nonneg as c0. pose proof cross as cr. pose proof noise_part as np.
  assert (Hk : 0 <= H * k) by now apply Rmult_le_pos. assert (c'0 : 0 < c') by lra.
  assert (Y : H * k / 2 * ex P (fun i => norm (e i) ^ 2) <= c' * ex P (fun i => norm (R0 i) ^ 2) + loss * (norm a ^ 2 + gamma ^ 2)).
  { apply Rle_trans with (ex P (fun i => c' * norm (R0 i) ^ 2 + loss * norm (g i) ^ 2)).
    - rewrite <- ex_scal. apply ex_le; [assumption|]. intros i _. replace (e i) with (psi * g i + R0 i)%V by (unfold R0; veq).
      assert (tri : norm (psi * g i + R0 i) ^ 2 <= (Rabs psi * norm (g i) + norm (R0 i)) ^ 2).
      { apply pow_incr. split; [apply norm_nonneg|]. rewrite <- norm_scal. apply triangle. }
      pose proof (OneRound.young_split (H * k) c' (Rabs psi * norm (g i)) (norm (R0 i)) Hk c'_sampling) as y.
      assert (ep : (Rabs psi * norm (g i)) ^ 2 = psi ^ 2 * norm (g i) ^ 2) by (rewrite Rpow_mult_distr, <- (pow2_abs psi); reflexivity). rewrite ep in y.
      apply Rmult_le_compat_l with (r := H * k / 2) in tri; [|lra]. eapply Rle_trans; [exact tri|]. eapply Rle_trans; [exact y|]. right. unfold loss. field. lra.
    - rewrite ex_add, !ex_scal. apply Rplus_le_compat_l. apply Rmult_le_compat_l.
      + unfold loss. apply Rmult_le_pos; [nonneg|]. apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra].
      + rewrite (second_moment_split P g P_proper). fold a. lra. }
  assert (sR : ex P (fun i => norm (R0 i) ^ 2) = norm (vex P R0) ^ 2 + variance P R0) by (apply second_moment_split; assumption).
  pose proof (variance_nonneg P R0 P_proper) as vR. rewrite mean_split. set (R := vex P R0) in *. set (D := Rabs (1 - H * psi)) in *.
  set (S2 := ex P (fun i => norm (R0 i) ^ 2)) in *.
  assert (cR : D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2 + c' * S2 <= c * S2).
  { replace (D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2) with ((D / (2 * eps) + H / 2) * norm R ^ 2) by (field; lra).
    assert (n0 : 0 <= norm R ^ 2) by apply pow2_ge_0.
    assert (d0 : 0 <= D / (2 * eps)) by (apply Rmult_le_pos; [apply Rabs_pos|left; apply Rinv_0_lt_compat; lra]).
    assert ((D / (2 * eps) + H / 2) * norm R ^ 2 <= (D / (2 * eps) + H / 2) * S2) by (apply Rmult_le_compat_l; lra).
    assert ((D / (2 * eps) + H / 2 + c') * S2 <= c * S2) by (apply Rmult_le_compat_r; lra). lra. }
  apply Rmult_le_compat_l with (r := c) in Bu; [|assumption].
  assert (nn : norm (psi * a + R) ^ 2 = psi ^ 2 * norm a ^ 2 + 2 * psi * inner a R + norm R ^ 2) by (rewrite !norm_sq; expand; order; ring).
  rewrite nn, inner_add_r, inner_scal_r, <- norm_sq. unfold A_inclusion, N_inclusion, A. fold D. lra.
Qed.
End Constants.
