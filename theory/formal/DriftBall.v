(** D1, the algebra: given the multipliers a, b, c of the proof, the interpolation inequalities imply the drift ball.
    [f], [G] are value and gradient of F minus its quadratic model of curvature mu at the start, along the path. *)
Require Import Space Calculus Smoothness.

Fixpoint sum1 (h : nat -> R) (t : nat) : R := match t with O => 0 | S t => sum1 h t + h (S t) end.

Section DriftBall.
Context {X : space}.
Variables (u m beta : R) (T : nat) (a b c : nat -> R).
(** tau = S T; u = 1 - beta mu, m = 1 - beta L. *)
Let del := u - m.
Let A t := geo t m.
Let B t := geo t u.
Let phi t := B t - A t.
Let psi t := u ^ t - m ^ t.
Let D := phi (S T).
Definition alpha_psi t := (u * b t + m * a t) * psi t + c t * ((u - m + u * m) * psi t - m * psi (S t)) + c (pred t) * (psi t - m * psi (pred t)).

Hypothesis beta_pos : 0 < beta.
Hypothesis m_pos : 0 < m.
Hypothesis m_lt_u : m < u.
Hypothesis T_pos : (1 <= T)%nat.
Hypothesis c_start : c 0 = 0.
Hypothesis c_end : c T = 0.
Hypothesis cancel : forall t, (t < T)%nat -> b (S t) + c (S t) = a (S t) + c t.
Hypothesis a_def : forall t, (t < T)%nat -> beta * (B (S t) * a (S t) + u ^ t * c t) = D * u ^ (T - S t).
Hypothesis b_def : forall t, (t < T)%nat -> beta * (A (S t) * b (S t) - m ^ S t * c (S t)) = D * m ^ (T - S t).
Hypothesis a_nonneg : forall t, (t < T)%nat -> 0 <= a (S t).
Hypothesis b_nonneg : forall t, 0 <= b t.
Hypothesis c_nonneg : forall t, 0 <= c t.
Hypothesis alpha_nonneg : forall t, (1 <= t <= T)%nat -> 0 <= alpha_psi t.

Lemma psi_pos t : 0 < psi (S t).
Proof using m_lt_u m_pos.
  unfold psi. induction t as [|t IH]; [simpl; lra|]. change (0 < u * u ^ S t - m * m ^ S t).
  pose proof (pow_lt m (S t) m_pos). nra.
Qed.
Lemma phi_next t : phi (S t) = phi t + psi t.
Proof using A B. unfold phi, psi, A, B. simpl. ring. Qed.
Lemma phi_pos t : 0 < phi (S (S t)).
Proof using A B m_lt_u m_pos psi.
  induction t as [|t IH]; [unfold phi, A, B; simpl; lra|]. rewrite phi_next. pose proof (psi_pos (S t)). lra.
Qed.

(** The coefficient of |Z_t|^2 that step t - 1 leaves, and the one that step t adds. *)
Let zp t := del * a (pred t) + (a (pred t) + b (pred t)) * (1 - u) + c (pred t) * del * (1 - u).
Let zm t := - del * a t + 2 * del * (1 - u) * a t + (a t + b t) * (- (1 - u) + (1 - u) ^ 2) - c t * del * (1 - u).

Lemma pow_u t : u ^ t = 1 - (1 - u) * B t.
Proof using. unfold B. induction t as [|t IH]; [simpl; ring|]. rewrite geo_left. simpl. rewrite IH. ring. Qed.
Lemma pow_m t : m ^ t = 1 - (1 - m) * A t.
Proof using. unfold A. induction t as [|t IH]; [simpl; ring|]. rewrite geo_left. simpl. rewrite IH. ring. Qed.
Lemma B_next t : B (S t) = 1 + u * B t.
Proof using. apply geo_left. Qed.
Lemma A_next t : A (S t) = 1 + m * A t.
Proof using. apply geo_left. Qed.

(** The null vector: the form vanishes on the path of curvature L. *)
Lemma row t : (S t < T)%nat -> (zp (S (S t)) + zm (S (S t))) * phi (S (S t)) = alpha_psi (S (S t)) - alpha_psi (S t).
Proof using T_pos a_def b_def beta_pos cancel.
  intros Ht.
  assert (e3 : B (S t) * a (S t) + u ^ t * c t = u * (B (S (S t)) * a (S (S t)) + u ^ S t * c (S t))).
  { apply Rmult_eq_reg_l with beta; [|lra]. rewrite a_def by lia.
    transitivity (u * (beta * (B (S (S t)) * a (S (S t)) + u ^ S t * c (S t)))); [|ring]. rewrite a_def by lia.
    replace (T - S t)%nat with (S (T - S (S t))) by lia. simpl. ring. }
  assert (e4 : A (S t) * b (S t) - m ^ S t * c (S t) = m * (A (S (S t)) * b (S (S t)) - m ^ S (S t) * c (S (S t)))).
  { apply Rmult_eq_reg_l with beta; [|lra]. rewrite b_def by lia.
    transitivity (m * (beta * (A (S (S t)) * b (S (S t)) - m ^ S (S t) * c (S (S t))))); [|ring]. rewrite b_def by lia.
    replace (T - S t)%nat with (S (T - S (S t))) by lia. simpl. ring. }
  pose proof (cancel (S t) Ht) as e1.
  apply Rminus_diag_uniq.
  transitivity (- del ^ 2 * A (S (S t)) * (b (S (S t)) + c (S (S t)) - (a (S (S t)) + c (S t)))
    + del * (B (S t) * a (S t) + u ^ t * c t - u * (B (S (S t)) * a (S (S t)) + u ^ S t * c (S t)))
    + del * (A (S t) * b (S t) - m ^ S t * c (S t) - m * (A (S (S t)) * b (S (S t)) - m ^ S (S t) * c (S (S t))))).
  2:{ rewrite e1, e3, e4. ring. }
  unfold zp, zm, alpha_psi, phi, psi, del. simpl pred. rewrite !B_next, !A_next.
  assert (pu : u ^ S t = 1 - (1 - u) * (1 + u * B t)) by (rewrite <- B_next; apply pow_u).
  assert (pm : m ^ S t = 1 - (1 - m) * (1 + m * A t)) by (rewrite <- A_next; apply pow_m).
  change (u ^ S (S (S t))) with (u * (u * u ^ S t)). change (u ^ S (S t)) with (u * u ^ S t).
  change (m ^ S (S (S t))) with (m * (m * m ^ S t)). change (m ^ S (S t)) with (m * m ^ S t).
  rewrite pu, pm, (pow_u t), (pow_m t). ring.
Qed.
Lemma last_row : zp (S T) * phi (S T) + alpha_psi T = 2 * del / beta * D.
Proof using T_pos a_def b_def beta_pos c_end.
  destruct (Nat.lt_exists_pred 0 T T_pos) as (t & et & _).
  assert (e3 : B T * a T + u ^ t * c t = D / beta).
  { pose proof (a_def t ltac:(lia)) as e. rewrite <- et in e. replace (T - T)%nat with 0%nat in e by lia. simpl pow in e.
    apply Rmult_eq_reg_l with beta; [|lra]. rewrite e. field. lra. }
  assert (e4 : A T * b T = D / beta).
  { pose proof (b_def t ltac:(lia)) as e. rewrite <- et, c_end in e. replace (T - T)%nat with 0%nat in e by lia. simpl pow in e.
    apply Rmult_eq_reg_l with beta; [|lra]. replace (beta * (A T * b T)) with (beta * (A T * b T - m ^ T * 0)) by ring. rewrite e. field. lra. }
  transitivity (del * (B T * a T + u ^ t * c t) + del * (A T * b T)); [|rewrite e3, e4; field; lra].
  unfold zp, alpha_psi, phi, psi, del. cbn [pred]. rewrite c_end. rewrite et. cbn [pred]. rewrite !B_next, !A_next.
  assert (pu : u ^ S t = 1 - (1 - u) * (1 + u * B t)) by (rewrite <- B_next; apply pow_u).
  assert (pm : m ^ S t = 1 - (1 - m) * (1 + m * A t)) by (rewrite <- A_next; apply pow_m).
  rewrite pu, pm, (pow_u t), (pow_m t). ring.
Qed.

(** ** The quadratic form *)
Variables (e : X) (G Z : nat -> X) (f : nat -> R).
Hypothesis G_start : G 0%nat = zero.
Hypothesis Z_start : Z 0%nat = zero.
Hypothesis Z_next : forall t, Z (S t) = (u * Z t + G t)%V.
Let Y t : X := (Z (S t) - Z t)%V.

Definition summand t := 2 * del * a t * inner (G t) (Z t) + (a t + b t) * norm (G t) ^ 2 +
  c t * (2 * del * inner (G (S t)) (Z (S t) - Z t) + norm (G t - G (S t)) ^ 2).

Lemma Z_one : Z 1%nat = zero.
Proof using G_start Z_next Z_start. rewrite Z_next, Z_start, G_start. veq. Qed.

Lemma summand_split t : summand (S t) =
  zp (S (S t)) * norm (Z (S (S t))) ^ 2 + zm (S t) * norm (Z (S t)) ^ 2 +
  (alpha_psi (S t) / psi (S t) - c t * (1 - m * psi t / psi (S t))) * norm (Y (S t)) ^ 2 +
  c (S t) * (1 - m * psi (S t) / psi (S (S t))) * norm (Y (S (S t))) ^ 2 +
  c (S t) * (m * psi (S t) / psi (S (S t))) * norm (Y (S (S t)) - psi (S (S t)) / psi (S t) * Y (S t)) ^ 2.
Proof using Z_next m_lt_u m_pos.
  pose proof (psi_pos t) as p1. pose proof (psi_pos (S t)) as p2.
  assert (g1 : G (S t) = (Y (S t) + (1 - u) * Z (S t))%V) by (unfold Y; rewrite (Z_next (S t)); veq).
  assert (g2 : G (S (S t)) = (Y (S (S t)) + (1 - u) * Z (S (S t)))%V) by (unfold Y; rewrite (Z_next (S (S t))); veq).
  assert (z2 : Z (S (S t)) = (Z (S t) + Y (S t))%V) by (unfold Y; veq).
  unfold summand. fold (Y (S t)). rewrite g1, g2, z2. generalize (Y (S t)) as y, (Y (S (S t))) as y', (Z (S t)) as z. intros y y' z.
  unfold zp, zm, alpha_psi, del. cbn [pred]. rewrite !norm_sq. expand. order. field. split; lra.
Qed.

(** Picone: a difference against the null vector. *)
Lemma picone (z y : X) t : 0 < phi (S t) -> 0 < psi (S t) ->
  psi (S t) / phi (S (S t)) * norm (z + y) ^ 2 <= psi (S t) / phi (S t) * norm z ^ 2 + norm y ^ 2 * 1.
Proof using A B.
  intros p1 p2. pose proof (phi_next (S t)) as e1. set (p := phi (S t)) in *. set (q := psi (S t)) in *. rewrite e1.
  assert (0 <= norm (q * z - p * y) ^ 2 / (p * (p + q))).
  { apply Rmult_le_pos; [apply pow2_ge_0|]. left. apply Rinv_0_lt_compat. nra. }
  replace (q / p * norm z ^ 2 + norm y ^ 2 * 1) with (q / (p + q) * norm (z + y) ^ 2 + norm (q * z - p * y) ^ 2 / (p * (p + q))); [lra|].
  rewrite !norm_sq. expand. order. field. lra.
Qed.

Lemma form t : (t < T)%nat ->
  (zp (S (S t)) + alpha_psi (S t) / phi (S (S t))) * norm (Z (S (S t))) ^ 2 + c (S t) * (1 - m * psi (S t) / psi (S (S t))) * norm (Y (S (S t))) ^ 2
  <= sum1 summand (S t).
Proof using G_start T_pos Z_next Z_start a_def alpha_nonneg b_def beta_pos c_nonneg c_start cancel m_lt_u m_pos.
  assert (square : forall t, 0 <= c (S t) * (m * psi (S t) / psi (S (S t))) * norm (Y (S (S t)) - psi (S (S t)) / psi (S t) * Y (S t)) ^ 2).
  { intros k. pose proof (psi_pos k). pose proof (psi_pos (S k)). apply Rmult_le_pos; [|apply pow2_ge_0]. apply Rmult_le_pos; [apply c_nonneg|].
    apply Rmult_le_pos; [apply Rmult_le_pos; lra|left; apply Rinv_0_lt_compat; lra]. }
  induction t as [|t IH]; intros Ht; change (sum1 summand (S ?k)) with (sum1 summand k + summand (S k)).
  - simpl sum1. pose proof (summand_split 0) as s. pose proof (square 0%nat) as sq. rewrite Z_one, c_start, norm_zero in s.
    assert (y1 : Y 1%nat = Z 2%nat) by (unfold Y; rewrite Z_one; veq). rewrite y1 in s, sq.
    assert (p : phi 2 = psi 1) by (rewrite (phi_next 1); unfold phi, A, B; simpl; ring). rewrite p. lra.
  - specialize (IH ltac:(lia)). pose proof (summand_split (S t)) as s. pose proof (square (S t)) as sq. pose proof (row t Ht) as r.
    pose proof (phi_pos t) as p1. pose proof (psi_pos (S t)) as p2. pose proof (phi_pos (S t)) as p3.
    pose proof (picone (Z (S (S t))) (Y (S (S t))) (S t) p1 p2) as pi.
    assert (z2 : Z (S (S (S t))) = (Z (S (S t)) + Y (S (S t)))%V) by (unfold Y; veq). rewrite <- z2 in pi.
    assert (al : 0 <= alpha_psi (S (S t))) by (apply alpha_nonneg; lia).
    set (n2 := norm (Z (S (S t))) ^ 2) in *. set (n3 := norm (Z (S (S (S t)))) ^ 2) in *. set (y2 := norm (Y (S (S t))) ^ 2) in *.
    set (al2 := alpha_psi (S (S t))) in *. set (al1 := alpha_psi (S t)) in *. set (q := psi (S (S t))) in *. set (p := phi (S (S t))) in *.
    assert (coef : zp (S (S t)) + zm (S (S t)) + al1 / p = al2 / p).
    { apply Rmult_eq_reg_r with p; [|lra]. replace ((zp (S (S t)) + zm (S (S t)) + al1 / p) * p) with ((zp (S (S t)) + zm (S (S t))) * p + al1) by (field; lra).
      rewrite r. field. lra. }
    assert (scaled : al2 / phi (S (S (S t))) * n3 <= al2 / p * n2 + al2 / q * y2).
    { apply Rmult_le_compat_l with (r := al2 / q) in pi; [|apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; lra]].
      replace (al2 / q * (q / phi (S (S (S t))) * n3)) with (al2 / phi (S (S (S t))) * n3) in pi by (field; lra).
      replace (al2 / q * (q / p * n2 + y2 * 1)) with (al2 / p * n2 + al2 / q * y2) in pi by (field; lra). exact pi. }
    assert (e2 : (zp (S (S t)) + zm (S (S t)) + al1 / p) * n2 = al2 / p * n2) by now rewrite coef.
    lra.
Qed.

(** ** D1 *)
Let Dw t : X := ((- beta) * (B t * e + Z t))%V.
Let ell := del / beta.
Hypothesis from_start : forall t, (1 <= t <= T)%nat -> f t + norm (G t) ^ 2 / (2 * ell) <= inner (G t) (Dw t).
Hypothesis to_start : forall t, (1 <= t <= T)%nat -> norm (G t) ^ 2 / (2 * ell) <= f t.
Hypothesis consecutive : forall t, (1 <= t < T)%nat -> f (S t) + inner (G (S t)) (Dw t - Dw (S t)) + norm (G t - G (S t)) ^ 2 / (2 * ell) <= f t.

Let lin t := (a t * B t + c (pred t) * u ^ pred t) * inner (G t) e.

(** The weighted interpolation inequalities: values cancel, and what is left is linear in e beside the form. *)
Lemma weighted t : (t < T)%nat ->
  sum1 summand (S t) <= - (2 * del) * (sum1 lin (S t) + c (S t) * u ^ S t * inner (G (S (S t))) e) - 2 * ell * c (S t) * f (S (S t)).
Proof using T_pos a_nonneg b_nonneg beta_pos c_end c_nonneg c_start cancel consecutive from_start m_lt_u to_start.
  assert (l0 : 0 < ell) by (unfold ell, del; apply Rdiv_lt_0_compat; lra).
  assert (bl : beta * ell = del) by (unfold ell; field; lra).
  assert (one : forall t, (t < T)%nat -> summand (S t) <=
    - (2 * del) * (a (S t) * B (S t) * inner (G (S t)) e + c (S t) * u ^ S t * inner (G (S (S t))) e) + 2 * ell * (c t * f (S t) - c (S t) * f (S (S t)))).
  { intros k Hk. pose proof (from_start (S k) ltac:(lia)) as i1. pose proof (to_start (S k) ltac:(lia)) as i2.
    assert (i3 : c (S k) * (f (S (S k)) + inner (G (S (S k))) (Dw (S k) - Dw (S (S k))) + norm (G (S k) - G (S (S k))) ^ 2 / (2 * ell)) <= c (S k) * f (S k)).
    { destruct (Nat.eq_dec (S k) T) as [->|ne]; [rewrite c_end; lra|]. apply Rmult_le_compat_l; [apply c_nonneg|]. apply consecutive. lia. }
    apply Rmult_le_compat_l with (r := a (S k)) in i1; [|now apply a_nonneg]. apply Rmult_le_compat_l with (r := b (S k)) in i2; [|apply b_nonneg].
    unfold Dw in i1, i3. rewrite inner_scal_r, inner_add_r, inner_scal_r in i1.
    assert (dd : ((- beta) * (B (S k) * e + Z (S k)) - (- beta) * (B (S (S k)) * e + Z (S (S k))))%V = (beta * (u ^ S k * e + (Z (S (S k)) - Z (S k))))%V).
    { apply inner_ext. intros z. expand. unfold B. change (geo (S (S k)) u) with (geo (S k) u + u ^ S k). ring. }
    rewrite dd, inner_scal_r, inner_add_r, inner_scal_r in i3.
    unfold summand. pose proof (cancel k Hk) as ca.
    set (n1 := norm (G (S k)) ^ 2) in *. set (n2 := norm (G (S k) - G (S (S k))) ^ 2) in *.
    set (ge := inner (G (S k)) e) in *. set (gz := inner (G (S k)) (Z (S k))) in *. set (ge' := inner (G (S (S k))) e) in *.
    set (gy := inner (G (S (S k))) (Z (S (S k)) - Z (S k))) in *.
    set (fk := f (S k)) in *. set (fk' := f (S (S k))) in *. set (U := u ^ S k) in *.
    assert (h1 : 2 * ell * (a (S k) * (fk + n1 / (2 * ell))) <= 2 * ell * (a (S k) * (- beta * (B (S k) * ge + gz)))) by (apply Rmult_le_compat_l; lra).
    assert (h2 : 2 * ell * (b (S k) * (n1 / (2 * ell))) <= 2 * ell * (b (S k) * fk)) by (apply Rmult_le_compat_l; lra).
    assert (h3 : 2 * ell * (c (S k) * (fk' + beta * (U * ge' + gy) + n2 / (2 * ell))) <= 2 * ell * (c (S k) * fk)) by (apply Rmult_le_compat_l; lra).
    replace (2 * ell * (a (S k) * (fk + n1 / (2 * ell)))) with (2 * ell * a (S k) * fk + a (S k) * n1) in h1 by (field; lra).
    replace (2 * ell * (b (S k) * (n1 / (2 * ell)))) with (b (S k) * n1) in h2 by (field; lra).
    replace (2 * ell * (c (S k) * (fk' + beta * (U * ge' + gy) + n2 / (2 * ell)))) with
      (2 * ell * c (S k) * fk' + 2 * (beta * ell) * c (S k) * (U * ge' + gy) + c (S k) * n2) in h3 by (field; lra).
    replace (2 * ell * (a (S k) * (- beta * (B (S k) * ge + gz)))) with (- (2 * (beta * ell)) * a (S k) * (B (S k) * ge + gz)) in h1 by ring.
    rewrite bl in h1, h3.
    assert (val : 2 * ell * fk * (b (S k) + c (S k)) = 2 * ell * fk * (a (S k) + c k)) by now rewrite ca. lra. }
  induction t as [|t IH]; intros Ht.
  - pose proof (one 0%nat Ht) as o. change (sum1 summand 1) with (0 + summand 1). unfold sum1, lin. cbn [pred]. rewrite c_start in *. lra.
  - specialize (IH ltac:(lia)). pose proof (one (S t) Ht) as o.
    change (sum1 summand (S (S t))) with (sum1 summand (S t) + summand (S (S t))). change (sum1 lin (S (S t))) with (sum1 lin (S t) + lin (S (S t))).
    set (s1 := sum1 summand (S t)) in *. set (s2 := sum1 lin (S t)) in *. unfold lin. cbn [pred]. lra.
Qed.

Lemma linear_part t : (t < T)%nat -> beta * sum1 lin (S t) = D * u ^ (T - S t) * inner (Z (S (S t))) e.
Proof using G_start T_pos Z_next Z_start a_def.
  induction t as [|t IH]; intros Ht.
  - change (sum1 lin 1) with (0 + lin 1%nat). unfold lin. cbn [pred]. pose proof (a_def 0%nat Ht) as d. rewrite (Z_next 1), Z_one. expand.
    transitivity (beta * (B 1 * a 1%nat + u ^ 0 * c 0%nat) * inner (G 1%nat) e); [ring|]. rewrite d. ring.
  - change (sum1 lin (S (S t))) with (sum1 lin (S t) + lin (S (S t))). unfold lin at 2. cbn [pred]. pose proof (a_def (S t) Ht) as d.
    rewrite (Z_next (S (S t))). expand.
    transitivity (beta * sum1 lin (S t) + beta * (B (S (S t)) * a (S (S t)) + u ^ S t * c (S t)) * inner (G (S (S t))) e); [ring|].
    rewrite d, IH by lia. replace (T - S t)%nat with (S (T - S (S t))) by lia. simpl. ring.
Qed.

Theorem drift_ball : norm (Z (S T)) ^ 2 + D * inner (Z (S T)) e <= 0.
Proof using G_start T_pos Z_next Z_start a_def a_nonneg alpha_nonneg b_def b_nonneg beta_pos c_end c_nonneg c_start cancel consecutive from_start lin m_lt_u m_pos to_start zm zp.
  destruct (Nat.lt_exists_pred 0 T T_pos) as (t & et & _).
  pose proof (form t ltac:(lia)) as fo. pose proof (weighted t ltac:(lia)) as we. pose proof (linear_part t ltac:(lia)) as li.
  rewrite <- et in *. rewrite c_end in *. pose proof last_row as la.
  assert (p : 0 < phi (S T)) by (rewrite et; apply phi_pos).
  assert (co : zp (S T) + alpha_psi T / phi (S T) = 2 * del / beta).
  { apply Rmult_eq_reg_r with (phi (S T)); [|lra]. replace ((zp (S T) + alpha_psi T / phi (S T)) * phi (S T)) with (zp (S T) * phi (S T) + alpha_psi T) by (field; lra).
    rewrite la. reflexivity. }
  rewrite co in fo. replace (T - T)%nat with 0%nat in li by lia. simpl pow in li.
  assert (d0 : 0 < del) by (unfold del; lra).
  assert (main : 2 * del / beta * norm (Z (S T)) ^ 2 <= - (2 * del) * sum1 lin T) by lra.
  assert (e1 : sum1 lin T = D * inner (Z (S T)) e / beta) by (apply Rmult_eq_reg_l with beta; [rewrite li; field; lra|lra]).
  rewrite e1 in main. apply Rmult_le_reg_l with (2 * del / beta); [apply Rdiv_lt_0_compat; lra|].
  replace (2 * del / beta * (norm (Z (S T)) ^ 2 + D * inner (Z (S T)) e)) with (2 * del / beta * norm (Z (S T)) ^ 2 - - (2 * del) * (D * inner (Z (S T)) e / beta)) by (field; lra).
  lra.
Qed.
End DriftBall.
