(** D1: the mean gradient along a path of gradient steps lies in a ball. *)
Require Import Space Calculus Smoothness Sampling DriftBall.

Section Multipliers.
Variables (u m beta : R) (T : nat).
Let psi t := u ^ t - m ^ t.
Let phi t := geo t u - geo t m.
Definition mult_c t := match t with O => 0 | S _ => phi (S T) / beta * (psi (T - t) / (u - m)) * phi (S t) / (geo (S t) m * geo t u) end.
Definition mult_a t := (phi (S T) * u ^ (T - t) / beta - mult_c (pred t) * u ^ pred t) / geo t u.
Definition mult_b t := (phi (S T) * m ^ (T - t) / beta + mult_c t * m ^ t) / geo t m.

Hypothesis beta_pos : 0 < beta.
Hypothesis m_pos : 0 < m.
Hypothesis m_lt_u : m < u.

Lemma geo_pos x t : 0 < x -> 0 < geo (S t) x.
Proof using. intros Hx. rewrite geo_left. pose proof (geo_nonneg t x ltac:(lra)). nra. Qed.
Lemma power_geo x t : x ^ t = 1 - (1 - x) * geo t x.
Proof using. induction t as [|t IH]; [simpl; ring|]. rewrite geo_left. simpl. rewrite IH. ring. Qed.
Lemma power_lt t : m ^ t <= u ^ t.
Proof using m_lt_u m_pos. apply pow_incr. lra. Qed.
Lemma gap_nonneg t : 0 <= phi t.
Proof using m_lt_u m_pos. unfold phi. induction t as [|t IH]; simpl; [lra|]. pose proof (power_lt t). lra. Qed.

Lemma mult_c_end : (1 <= T)%nat -> mult_c T = 0.
Proof using.
  intros _. assert (all : forall k, k = T -> mult_c k = 0); [|now apply all].
  intros [|k] e; [reflexivity|]. unfold mult_c, psi. replace (T - S k)%nat with 0%nat by lia. simpl pow. unfold Rdiv. ring.
Qed.
Lemma mult_c_nonneg t : 0 <= mult_c t.
Proof using beta_pos m_lt_u m_pos.
  destruct t as [|t]; [simpl; lra|]. unfold mult_c. pose proof (geo_pos m (S t) m_pos). pose proof (geo_pos u t ltac:(lra)).
  pose proof (gap_nonneg (S T)). pose proof (gap_nonneg (S (S t))). pose proof (power_lt (T - S t)).
  assert (0 < geo (S (S t)) m * geo (S t) u) by now apply Rmult_lt_0_compat.
  unfold Rdiv. repeat apply Rmult_le_pos; try assumption; try (left; apply Rinv_0_lt_compat; lra). unfold psi. lra.
Qed.
Lemma mult_b_nonneg t : 0 <= mult_b t.
Proof using beta_pos m_lt_u m_pos.
  unfold mult_b. pose proof (mult_c_nonneg t). pose proof (gap_nonneg (S T)). pose proof (pow_lt m t m_pos). pose proof (pow_lt m (T - t) m_pos).
  destruct t as [|t]; [unfold Rdiv; simpl geo; rewrite Rinv_0; lra|]. pose proof (geo_pos m t m_pos).
  apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat].
  assert (0 <= phi (S T) * m ^ (T - S t) / beta) by (apply Rmult_le_pos; [nra|left; now apply Rinv_0_lt_compat]). nra.
Qed.
Lemma mult_a_def t : beta * (geo (S t) u * mult_a (S t) + u ^ t * mult_c t) = phi (S T) * u ^ (T - S t).
Proof using beta_pos m_lt_u m_pos. unfold mult_a. cbn [pred]. pose proof (geo_pos u t ltac:(lra)). field. split; lra. Qed.
Lemma mult_b_def t : beta * (geo (S t) m * mult_b (S t) - m ^ S t * mult_c (S t)) = phi (S T) * m ^ (T - S t).
Proof using beta_pos m_pos. unfold mult_b. pose proof (geo_pos m t m_pos). field. split; lra. Qed.
Lemma mult_cancel t : (t < T)%nat -> mult_b (S t) + mult_c (S t) = mult_a (S t) + mult_c t.
Proof using beta_pos m_lt_u m_pos.
  intros Ht. unfold mult_a, mult_b. cbn [pred]. pose proof (geo_pos m t m_pos) as p1. pose proof (geo_pos u t ltac:(lra)) as p2.
  pose proof (geo_pos m (S t) m_pos) as p3.
  destruct t as [|t].
  - unfold mult_c, psi, phi. replace (geo 2 m) with (1 + m) in * by (simpl; ring). replace (geo 2 u) with (1 + u) by (simpl; ring). simpl geo.
    simpl pow. set (U := u ^ (T - 1)). set (M := m ^ (T - 1)). set (P := geo T u + u ^ T - (geo T m + m ^ T)). field. repeat split; lra.
  - unfold mult_c, psi. pose proof (geo_pos u (S t) ltac:(lra)) as p4. pose proof (geo_pos u t ltac:(lra)) as p5.
    replace (T - S t)%nat with (S (T - S (S t))) by lia.
    set (U := u ^ (T - S (S t))). set (M := m ^ (T - S (S t))). change (u ^ S (T - S (S t))) with (u * U). change (m ^ S (T - S (S t))) with (m * M).
    set (P := phi (S T)). unfold phi.
    assert (gu : geo (S (S (S t))) u = 1 + u * geo (S (S t)) u) by apply geo_left. assert (gm : geo (S (S (S t))) m = 1 + m * geo (S (S t)) m) by apply geo_left.
    assert (gu' : geo (S (S t)) u = 1 + u * geo (S t) u) by apply geo_left.
    rewrite (power_geo u (S t)), (power_geo m (S (S t))). rewrite gu, gm in *. rewrite gu' in *.
    set (B := geo (S t) u) in *. set (A := geo (S (S t)) m) in *. field. repeat split; lra.
Qed.

(** ** Signs: h = beta tau L <= 1 enters here. *)
Hypothesis m_le_one : m <= 1.
Hypothesis u_le : u <= 2 - m.
Hypothesis short : (1 - m) * INR (S T) <= 1.

Lemma geo_le_count t : geo t m <= INR t.
Proof using m_le_one m_pos. induction t as [|t IH]; [simpl; lra|]. rewrite S_INR. simpl geo. assert (m ^ t <= 1) by (rewrite <- (pow1 t); apply pow_incr; lra). lra. Qed.
Lemma geo_grows x t : 0 < x -> geo t x <= geo (S t) x.
Proof using. intros. simpl. pose proof (pow_lt x t H). lra. Qed.

(** (tau - 1)(B_t - A_t) <= A_t B_(t-1), by induction on t. *)
Lemma gap_le t : (t <= T)%nat -> INR T * phi (S t) <= geo (S t) m * geo t u.
Proof using m_le_one m_lt_u m_pos short u_le.
  induction t as [|t IH]; intros Ht; [unfold phi; simpl; lra|]. specialize (IH ltac:(lia)).
  pose proof (geo_le_count (S t)) as a_le. assert (INR (S t) <= INR T) by (apply le_INR; lia).
  pose proof (geo_grows u t ltac:(lra)) as b_le. pose proof (geo_nonneg t u ltac:(lra)) as b0. pose proof (geo_nonneg (S t) m ltac:(lra)) as a0.
  pose proof (power_geo u t) as pu. pose proof (power_geo m (S t)) as pm. pose proof (power_geo u (S t)) as pu'. rewrite S_INR in short.
  assert (e1 : phi (S (S t)) = phi (S t) + (u ^ S t - m ^ S t)) by (unfold phi; change (geo (S (S t)) ?x) with (geo (S t) x + x ^ S t); ring).
  assert (e2 : geo (S (S t)) m = geo (S t) m + m ^ S t) by reflexivity. assert (e3 : geo (S t) u = geo t u + u ^ t) by reflexivity.
  rewrite e1, e2, pm, pu'. set (Q := phi (S t)) in *. set (s := INR T) in *. set (A := geo (S t) m) in *. set (B := geo t u) in *.
  rewrite pu in e3. set (B' := geo (S t) u) in *. set (lam := 1 - m) in *. set (l := u - 1).
  assert (l_le : l <= lam) by (unfold l, lam; lra). assert (lam0 : 0 <= lam) by (unfold lam; lra).
  assert (eB : B' = B + (1 + l * B)) by (rewrite e3; unfold l; ring).
  assert (key : 0 <= A * (1 + l * B) + B' - lam * A * B' - s * l * B' - s * lam * A).
  { replace (A * (1 + l * B) + B' - lam * A * B' - s * l * B' - s * lam * A) with
      ((A + B') * (1 - s * lam) - lam * A * (1 + l * B) + (lam - l) * (s * B' - A * B)) by (rewrite eB; ring).
    assert (k1 : 0 <= (lam - l) * (s * B' - A * B)).
    { apply Rmult_le_pos; [lra|]. assert (A * B <= s * B) by (apply Rmult_le_compat_r; lra). assert (s * B <= s * B') by (apply Rmult_le_compat_l; lra). lra. }
    assert (k2 : (A + B') * lam <= (A + B') * (1 - s * lam)) by (apply Rmult_le_compat_l; lra).
    assert (k3 : 0 <= lam * (B' - l * A * B)).
    { apply Rmult_le_pos; [assumption|]. assert (lA : l * A <= 1).
      { assert (l * A <= lam * A) by (apply Rmult_le_compat_r; lra). assert (lam * A <= lam * s) by (apply Rmult_le_compat_l; lra). lra. }
      assert (l * A * B <= 1 * B) by (apply Rmult_le_compat_r; lra). lra. }
    lra. }
  replace (1 - (1 - u) * B') with (1 + l * B') by (unfold l; ring).
  assert (expand_left : (A + (1 - lam * A)) * B' - s * (Q + (1 + l * B' - (1 - lam * A))) =
    (A * B - s * Q) + (A * (1 + l * B) + B' - lam * A * B' - s * l * B' - s * lam * A)) by (rewrite eB; ring).
  lra.
Qed.

Lemma psi_le k : psi (S k) <= (u - m) * INR (S k) * u ^ k.
Proof using m_lt_u m_pos.
  induction k as [|k IH]; [unfold psi; simpl; lra|]. rewrite (S_INR (S k)).
  replace (psi (S (S k))) with (u * psi (S k) + (u - m) * m ^ S k) by (unfold psi; simpl; ring).
  pose proof (power_lt (S k)). assert (u * psi (S k) <= u * ((u - m) * INR (S k) * u ^ k)) by (apply Rmult_le_compat_l; lra).
  assert ((u - m) * m ^ S k <= (u - m) * u ^ S k) by (apply Rmult_le_compat_l; lra). simpl pow in *. lra.
Qed.
Lemma power_count t : (t <= T)%nat -> u ^ t * (INR T - INR t) <= INR T.
Proof using m_le_one m_lt_u m_pos short u_le.
  induction t as [|t IH]; intros Ht; [simpl; lra|]. specialize (IH ltac:(lia)). rewrite S_INR in *.
  assert (INR (S t) <= INR T) as le by (apply le_INR; lia). rewrite S_INR in le. pose proof (pos_INR t).
  assert (step : u * (INR T - (INR t + 1)) <= INR T - INR t).
  { assert (u * (INR T - (INR t + 1)) <= (1 + (1 - m)) * (INR T - (INR t + 1))) by (apply Rmult_le_compat_r; lra).
    assert ((1 - m) * (INR T - (INR t + 1)) <= (1 - m) * (INR T + 1)) by (apply Rmult_le_compat_l; lra). lra. }
  pose proof (pow_lt u t ltac:(lra)). simpl pow.
  replace (u * u ^ t * (INR T - (INR t + 1))) with (u ^ t * (u * (INR T - (INR t + 1)))) by ring.
  eapply Rle_trans; [apply Rmult_le_compat_l; [lra|exact step]|exact IH].
Qed.

(** The factor of c_t besides D / beta, times the denominators. *)
Lemma product_le t : (S t < T)%nat -> psi (T - S t) / (u - m) * phi (S (S t)) * u ^ S t <= u ^ (T - S (S t)) * (geo (S (S t)) m * geo (S t) u).
Proof using m_le_one m_lt_u m_pos short u_le.
  intros Ht. set (k := (T - S (S t))%nat). replace (T - S t)%nat with (S k) by (unfold k; lia).
  assert (e : INR (S k) = INR T - INR (S t)) by (rewrite <- minus_INR by lia; f_equal; unfold k; lia).
  pose proof (psi_le k) as ps. pose proof (power_count (S t) ltac:(lia)) as pc. pose proof (gap_le (S t) ltac:(lia)) as ga.
  pose proof (gap_nonneg (S (S t))) as g0. pose proof (pow_lt u k ltac:(lra)) as uk. pose proof (pow_lt u (S t) ltac:(lra)) as ut.
  assert (E : psi (S k) / (u - m) <= INR (S k) * u ^ k).
  { apply Rmult_le_reg_r with (u - m); [lra|]. replace (psi (S k) / (u - m) * (u - m)) with (psi (S k)) by (field; lra). lra. }
  set (P := phi (S (S t))) in *. set (U := u ^ S t) in *. set (V := u ^ k) in *.
  assert (PU : 0 <= P * U) by nra.
  assert (s1 : psi (S k) / (u - m) * (P * U) <= INR (S k) * V * (P * U)) by (apply Rmult_le_compat_r; assumption).
  assert (VP : 0 <= V * P) by nra.
  assert (s2 : V * P * (U * INR (S k)) <= V * P * INR T) by (apply Rmult_le_compat_l; [assumption|rewrite e; assumption]).
  assert (s3 : V * (INR T * P) <= V * (geo (S (S t)) m * geo (S t) u)) by (apply Rmult_le_compat_l; [lra|exact ga]).
  lra.
Qed.

Lemma mult_a_nonneg t : (t < T)%nat -> 0 <= mult_a (S t).
Proof using beta_pos m_le_one m_lt_u m_pos short u_le.
  intros Ht. unfold mult_a. cbn [pred]. pose proof (geo_pos u t ltac:(lra)) as p2. pose proof (gap_nonneg (S T)) as D0.
  apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat].
  pose proof (pow_lt u (T - S t) ltac:(lra)) as pk.
  assert (DB : 0 <= phi (S T) / beta) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  destruct t as [|t].
  - simpl mult_c. replace (phi (S T) * u ^ (T - 1) / beta - 0 * u ^ 0) with (phi (S T) / beta * u ^ (T - 1)) by (field; lra). nra.
  - pose proof (product_le t Ht) as pr. unfold mult_c. pose proof (geo_pos m (S t) m_pos) as p3. pose proof (geo_pos u t ltac:(lra)) as p4.
    set (W := geo (S (S t)) m * geo (S t) u) in *. assert (W0 : 0 < W) by (unfold W; now apply Rmult_lt_0_compat).
    replace (phi (S T) * u ^ (T - S (S t)) / beta - phi (S T) / beta * (psi (T - S t) / (u - m)) * phi (S (S t)) / W * u ^ S t)
      with (phi (S T) / beta * ((u ^ (T - S (S t)) * W - psi (T - S t) / (u - m) * phi (S (S t)) * u ^ S t) / W)) by (field; lra).
    apply Rmult_le_pos; [assumption|]. apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat].
Qed.

Lemma bernoulli k : 1 - INR k * (1 - m) <= m ^ k.
Proof using m_le_one m_pos.
  induction k as [|k IH]; [simpl; lra|]. rewrite S_INR. simpl pow. pose proof (pos_INR k). pose proof (pow_lt m k m_pos).
  assert (m * (1 - INR k * (1 - m)) <= m * m ^ k) by (apply Rmult_le_compat_l; lra).
  assert (0 <= INR k * ((1 - m) * (1 - m))) by (apply Rmult_le_pos; [assumption|apply Rmult_le_pos; lra]). lra.
Qed.
Lemma psi_ge t : (u - m) * INR (S t) * m ^ t <= psi (S t).
Proof using m_lt_u m_pos.
  induction t as [|t IH]; [unfold psi; simpl; lra|]. rewrite (S_INR (S t)).
  replace (psi (S (S t))) with (u * psi (S t) + (u - m) * m ^ S t) by (unfold psi; simpl; ring).
  assert (0 <= psi (S t)) by (unfold psi; pose proof (power_lt (S t)); lra).
  assert (m * ((u - m) * INR (S t) * m ^ t) <= m * psi (S t)) by (apply Rmult_le_compat_l; lra).
  assert (m * psi (S t) <= u * psi (S t)) by (apply Rmult_le_compat_r; lra). simpl pow in *. lra.
Qed.
Lemma psi_ge_expanding t : 1 <= u -> (u - m) * geo t m <= psi t.
Proof using m_lt_u m_pos.
  intros Hu. induction t as [|t IH]; [unfold psi; simpl; lra|].
  replace (psi (S t)) with (u * psi t + (u - m) * m ^ t) by (unfold psi; simpl; ring). simpl geo.
  assert (0 <= psi t) by (unfold psi; pose proof (power_lt t); lra). nra.
Qed.
Lemma psi_short t : u <= 1 -> (u - m) * geo t m - psi t <= (u - m) * (1 - m) * (INR t * (INR t - 1) / 2).
Proof using m_le_one m_lt_u m_pos.
  intros Hu. induction t as [|t IH]; [unfold psi; simpl; lra|]. rewrite S_INR.
  replace ((u - m) * geo (S t) m - psi (S t)) with ((u - m) * geo t m - psi t + (1 - u) * psi t) by (unfold psi; simpl; ring).
  assert (up : psi t <= (u - m) * INR t).
  { destruct t as [|t]; [unfold psi; simpl; lra|]. eapply Rle_trans; [apply psi_le|].
    assert (u ^ t <= 1) by (rewrite <- (pow1 t); apply pow_incr; lra). pose proof (pos_INR (S t)).
    assert (0 <= (u - m) * INR (S t)) by (apply Rmult_le_pos; lra). nra. }
  assert (0 <= psi t) by (unfold psi; pose proof (power_lt t); lra).
  assert ((1 - u) * psi t <= (1 - m) * psi t) by (apply Rmult_le_compat_r; lra).
  assert ((1 - m) * psi t <= (1 - m) * ((u - m) * INR t)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma mult_c_le t : u <= 1 -> (t < T)%nat -> mult_c (S t) * INR T <= phi (S T) / beta * INR (T - S t).
Proof using beta_pos m_le_one m_lt_u m_pos short u_le.
  intros Hu Ht. unfold mult_c. pose proof (gap_le (S t) ltac:(lia)) as ga. pose proof (gap_nonneg (S T)) as D0.
  pose proof (geo_pos m (S t) m_pos) as p3. pose proof (geo_pos u t ltac:(lra)) as p4. pose proof (gap_nonneg (S (S t))) as g0.
  assert (DB : 0 <= phi (S T) / beta) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  assert (E : psi (T - S t) / (u - m) <= INR (T - S t)).
  { apply Rmult_le_reg_r with (u - m); [lra|]. replace (psi (T - S t) / (u - m) * (u - m)) with (psi (T - S t)) by (field; lra).
    destruct (T - S t)%nat as [|k]; [unfold psi; simpl; lra|]. eapply Rle_trans; [apply psi_le|].
    assert (u ^ k <= 1) by (rewrite <- (pow1 k); apply pow_incr; lra). pose proof (pos_INR (S k)).
    assert (0 <= (u - m) * INR (S k)) by (apply Rmult_le_pos; lra). nra. }
  assert (E0 : 0 <= psi (T - S t) / (u - m)).
  { apply Rmult_le_pos; [unfold psi; pose proof (power_lt (T - S t)); lra|left; apply Rinv_0_lt_compat; lra]. }
  set (W := geo (S (S t)) m * geo (S t) u) in *. assert (W0 : 0 < W) by (unfold W; now apply Rmult_lt_0_compat).
  set (e := psi (T - S t) / (u - m)) in *. set (P := phi (S (S t))) in *. set (DD := phi (S T) / beta) in *.
  assert (w1 : INR T * P / W <= 1).
  { apply Rmult_le_reg_r with W; [assumption|]. replace (INR T * P / W * W) with (INR T * P) by (field; lra). lra. }
  replace (DD * e * P / W * INR T) with (DD * (e * (INR T * P / W))) by (field; lra).
  apply Rmult_le_compat_l; [assumption|]. assert (e * (INR T * P / W) <= e * 1) by (apply Rmult_le_compat_l; assumption). lra.
Qed.

Lemma alpha_nonneg t : (t < T)%nat -> 0 <= alpha_psi u m mult_a mult_b mult_c (S t).
Proof using beta_pos m_le_one m_lt_u m_pos short u_le.
  intros Ht. pose proof (mult_a_nonneg t Ht) as a0. pose proof (mult_b_nonneg (S t)) as b0. pose proof (mult_c_nonneg (S t)) as c0. pose proof (mult_c_nonneg t) as c1.
  assert (ps : 0 <= psi (S t)) by (unfold psi; pose proof (power_lt (S t)); lra). pose proof (pow_lt u t ltac:(lra)) as ut.
  pose proof (geo_pos m t m_pos) as pA. pose proof (pow_lt m (S t) m_pos) as mt. pose proof (gap_nonneg (S T)) as D0.
  assert (DB : 0 <= phi (S T) / beta) by (apply Rmult_le_pos; [assumption|left; now apply Rinv_0_lt_compat]).
  assert (split : alpha_psi u m mult_a mult_b mult_c (S t) =
    m * mult_a (S t) * psi (S t) + mult_c (S t) * (u - m) * psi (S t) + mult_c t * (u - m) * u ^ t
    + (u * mult_b (S t) * psi (S t) - mult_c (S t) * (u - m) * m ^ S (S t))).
  { unfold alpha_psi, psi. cbn [pred]. simpl pow. ring. }
  rewrite split.
  assert (t1 : 0 <= m * mult_a (S t) * psi (S t)) by (repeat first [assumption | lra | apply Rmult_le_pos]).
  assert (t2 : 0 <= mult_c (S t) * (u - m) * psi (S t)) by (repeat first [assumption | lra | apply Rmult_le_pos]).
  assert (t3 : 0 <= mult_c t * (u - m) * u ^ t) by (repeat first [assumption | lra | apply Rmult_le_pos]).
  assert (t4 : 0 <= u * mult_b (S t) * psi (S t) - mult_c (S t) * (u - m) * m ^ S (S t)); [|lra].
  set (A := geo (S t) m) in *. set (c := mult_c (S t)) in *. set (DD := phi (S T) / beta) in *. set (k := (T - S t)%nat).
  assert (eb : mult_b (S t) = (DD * m ^ k + c * m ^ S t) / A) by (unfold mult_b; fold A; fold c; fold k; unfold DD; field; split; lra).
  rewrite eb.
  replace (u * ((DD * m ^ k + c * m ^ S t) / A) * psi (S t) - c * (u - m) * m ^ S (S t))
    with ((u * DD * m ^ k * psi (S t) + c * m ^ S t * (u * psi (S t) - m * ((u - m) * A))) / A) by (simpl pow; field; lra).
  apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat].
  pose proof (pow_lt m k m_pos) as mk.
  assert (first : 0 <= u * DD * m ^ k * psi (S t)) by (repeat first [assumption | lra | apply Rmult_le_pos]).
  assert (cm : 0 <= c * m ^ S t) by (apply Rmult_le_pos; lra).
  destruct (Rle_dec 1 u) as [Hu|Hu].
  - pose proof (psi_ge_expanding (S t) Hu) as pe. fold A in pe. assert (m * ((u - m) * A) <= u * psi (S t)).
    { apply Rle_trans with (m * psi (S t)); [apply Rmult_le_compat_l; lra|apply Rmult_le_compat_r; lra]. }
    assert (0 <= c * m ^ S t * (u * psi (S t) - m * ((u - m) * A))) by (apply Rmult_le_pos; lra). lra.
  - assert (Hu' : u <= 1) by lra. pose proof (psi_short (S t) Hu') as sh. fold A in sh. pose proof (psi_ge t) as pg.
    pose proof (mult_c_le t Hu' Ht) as cl. fold c DD k in cl.
    destruct (Nat.eq_dec (S t) T) as [et|ne].
    + assert (zc : c = 0) by (unfold c; rewrite et; apply mult_c_end; lia). rewrite zc. lra.
    + assert (ek : exists k', k = S k') by (exists (pred k); unfold k; lia). destruct ek as (k' & ek).
      assert (sum : INR k' + 1 + INR (S t) = INR T).
      { rewrite <- (S_INR k'), <- ek, <- plus_INR. f_equal. unfold k. lia. }
      pose proof (bernoulli k') as be. pose proof (pos_INR k') as k0. pose proof (pos_INR t) as t0. rewrite S_INR in *.
      set (s := INR T) in *. set (lam := 1 - m) in *. assert (lam0 : 0 <= lam) by (unfold lam; lra).
      assert (spos : 0 < s) by lra.
      set (x := (u - m) * lam * ((INR t + 1) * (INR t + 1 - 1) / 2)) in *.
      assert (neg : - (m * x) <= u * psi (S t) - m * ((u - m) * A)).
      { assert (m * psi (S t) <= u * psi (S t)) by (apply Rmult_le_compat_r; lra).
        assert (m * ((u - m) * A - psi (S t)) <= m * x) by (apply Rmult_le_compat_l; lra). lra. }
      assert (neg' : - (c * m ^ S t * (m * x)) <= c * m ^ S t * (u * psi (S t) - m * ((u - m) * A))).
      { replace (- (c * m ^ S t * (m * x))) with (c * m ^ S t * - (m * x)) by ring. apply Rmult_le_compat_l; assumption. }
      assert (x0 : 0 <= x) by (unfold x; repeat first [assumption | lra | apply Rmult_le_pos]).
      (* c <= DD k / T, and k / T <= 1 *)
      assert (c_le : c <= DD).
      { apply Rmult_le_reg_r with s; [assumption|]. eapply Rle_trans; [exact cl|]. apply Rmult_le_compat_l; [assumption|].
        rewrite ek, S_INR. lra. }
      assert (up : c * m ^ S t * (m * x) <= DD * m ^ S t * (m * x)).
      { apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat_r; lra. }
      assert (small : lam * (INR t / 2) <= m ^ k').
      { assert (lam * (INR t / 2) + INR k' * lam <= lam * (s + 1)) by (replace (lam * (INR t / 2) + INR k' * lam) with (lam * (INR t / 2 + INR k')) by ring; apply Rmult_le_compat_l; lra). lra. }
      assert (low : DD * m ^ S k' * (m * ((u - m) * (INR t + 1) * m ^ t)) <= u * DD * m ^ k * psi (S t)).
      { rewrite ek. replace (u * DD * m ^ S k' * psi (S t)) with (DD * m ^ S k' * (u * psi (S t))) by ring.
        apply Rmult_le_compat_l; [apply Rmult_le_pos; [assumption|left; now apply pow_lt]|].
        apply Rle_trans with (m * psi (S t)); [apply Rmult_le_compat_l; lra|apply Rmult_le_compat_r; lra]. }
      assert (fin : DD * m ^ S t * (m * x) <= DD * m ^ S k' * (m * ((u - m) * (INR t + 1) * m ^ t))).
      { replace (DD * m ^ S t * (m * x)) with (DD * m ^ S t * m * ((u - m) * (INR t + 1)) * (lam * (INR t / 2))) by (unfold x; field).
        replace (DD * m ^ S k' * (m * ((u - m) * (INR t + 1) * m ^ t))) with (DD * m ^ S t * m * ((u - m) * (INR t + 1)) * m ^ k') by (simpl pow; ring).
        apply Rmult_le_compat_l; [|exact small]. repeat first [assumption | lra | apply Rmult_le_pos]. }
      lra.
Qed.
End Multipliers.

Section Path.
Context {X : space}.
Implicit Types x y z : X.
Variables (F : X -> R) (g : X -> X) (mu L beta : R) (w0 : X) (T : nat).
Hypothesis beta_pos : 0 < beta.
Hypothesis mu_lt_L : mu < L.
Hypothesis mu_low : - L <= mu.
Hypothesis short : beta * INR (S T) * L <= 1.
Hypothesis T_pos : (1 <= T)%nat.
(** Curvature in [mu, L]. *)
Hypothesis upper : forall x y, F y <= F x + inner (g x) (y - x) + L / 2 * norm (y - x) ^ 2.
Hypothesis lower : forall x y, F x + inner (g x) (y - x) + mu / 2 * norm (y - x) ^ 2 <= F y.
Let u := 1 - beta * mu.
Let m := 1 - beta * L.

Lemma beta_L : 0 <= beta * L < 1.
Proof using T_pos beta_pos mu_low mu_lt_L short.
  assert (L0 : 0 <= L) by lra. assert (bl : 0 <= beta * L) by (apply Rmult_le_pos; lra). split; [assumption|].
  assert (2 <= INR (S T)) by (replace 2 with (INR 2) by (simpl; ring); apply le_INR; lia).
  assert (beta * L * 2 <= beta * L * INR (S T)) by (apply Rmult_le_compat_l; assumption). lra.
Qed.
Lemma m_pos' : 0 < m.
Proof using T_pos beta_pos mu_low mu_lt_L short. pose proof beta_L. unfold m. lra. Qed.
Lemma m_lt_u' : m < u.
Proof using beta_pos mu_lt_L. unfold m, u. assert (beta * mu < beta * L) by (apply Rmult_lt_compat_l; lra). lra. Qed.
Lemma m_one : m <= 1.
Proof using T_pos beta_pos mu_low mu_lt_L short. pose proof beta_L. unfold m. lra. Qed.
Lemma u_two : u <= 2 - m.
Proof using beta_pos mu_low. unfold u, m. assert (beta * - L <= beta * mu) by (apply Rmult_le_compat_l; lra). lra. Qed.
Lemma short' : (1 - m) * INR (S T) <= 1.
Proof using short. unfold m. replace ((1 - (1 - beta * L)) * INR (S T)) with (beta * INR (S T) * L) by ring. assumption. Qed.

Let ell := L - mu.
Let f x := F x - F w0 - inner (g w0) (x - w0) - mu / 2 * norm (x - w0) ^ 2.
Let G x : X := (g x - g w0 - mu * (x - w0))%V.

Lemma interpolation p q : f q + inner (G q) (p - q) + norm (G p - G q) ^ 2 / (2 * ell) <= f p.
Proof using lower mu_lt_L upper w0.
  assert (l0 : 0 < ell) by (unfold ell; lra). set (z := (p - / ell * (G p - G q))%V).
  pose proof (upper p z) as up. pose proof (lower q z) as lo.
  assert (up' : f z <= f p + inner (G p) (z - p) + ell / 2 * norm (z - p) ^ 2).
  { clearbody z. unfold f, G, ell. rewrite !norm_sq in *. autorewrite with inner in *. revert up. order. intros up. lra. }
  assert (lo' : f q + inner (G q) (z - q) <= f z).
  { clearbody z. unfold f, G. rewrite !norm_sq in *. autorewrite with inner in *. revert lo. order. intros lo. lra. }
  assert (e1 : inner (G p) (z - p) + ell / 2 * norm (z - p) ^ 2 - inner (G q) (z - q) = - inner (G q) (p - q) - norm (G p - G q) ^ 2 / (2 * ell)).
  { unfold z. clearbody G. rewrite !norm_sq. expand. order. field. lra. }
  lra.
Qed.

Definition point t : X := Nat.iter t (fun x => x - beta * g x)%V w0.
Definition mean_gradient : X := (/ INR (S T) * total (seq 0 (S T)) (fun t => g (point t)))%V.

Lemma moves t : (point t - w0)%V = ((- beta) * total (seq 0 t) (fun s => g (point s)))%V.
Proof using.
  induction t as [|t IH]; [simpl; veq|]. rewrite seq_S.
  assert (s : total (seq 0 t ++ (0 + t)%nat :: nil) (fun s => g (point s)) = (total (seq 0 t) (fun s => g (point s)) + g (point t))%V).
  { apply inner_ext. intros z. expand. rewrite !inner_total, rtotal_app. simpl. ring. }
  rewrite s. change (point (S t)) with (point t - beta * g (point t))%V.
  transitivity ((point t - w0) - beta * g (point t))%V; [veq|]. rewrite IH. veq.
Qed.

(** P(s) = S_tau(1 - s h/tau)/tau with h = beta tau L, tau = S T. *)
Definition P_plus := geo (S T) m / INR (S T).
Definition P_minus := geo (S T) u / INR (S T).

Lemma alpha_signs t : (1 <= t <= T)%nat -> 0 <= alpha_psi u m (mult_a u m beta T) (mult_b u m beta T) (mult_c u m beta T) t.
Proof using T_pos beta_pos mu_low mu_lt_L short.
  intros Ht. destruct t as [|t]; [lia|].
  exact (alpha_nonneg u m beta T beta_pos m_pos' m_lt_u' m_one u_two short' t ltac:(lia)).
Qed.

Theorem D1 : 0 <= inner (mean_gradient - P_plus * g w0) (P_minus * g w0 - mean_gradient).
Proof using T_pos beta_pos f lower mu_low mu_lt_L short upper.
  set (Z := fun t => ((- / beta) * (point t - w0) - geo t u * g w0)%V).
  pose proof m_pos' as m_pos. pose proof m_lt_u' as m_lt_u.
  assert (el : (u - m) / beta = ell) by (unfold u, m, ell; field; lra).
  assert (dw : forall t, ((- beta) * (geo t u * g w0 + Z t))%V = (point t - w0)%V).
  { intros t. unfold Z. apply inner_ext. intros z. expand. field. lra. }
  pose proof (drift_ball u m beta T (mult_a u m beta T) (mult_b u m beta T) (mult_c u m beta T) beta_pos m_pos m_lt_u T_pos
    eq_refl (mult_c_end u m beta T T_pos) (mult_cancel u m beta T beta_pos m_pos m_lt_u)
    (fun t _ => mult_a_def u m beta T beta_pos m_pos m_lt_u t) (fun t _ => mult_b_def u m beta T beta_pos m_pos t)
    (mult_a_nonneg u m beta T beta_pos m_pos m_lt_u m_one u_two short') (mult_b_nonneg u m beta T beta_pos m_pos m_lt_u) (mult_c_nonneg u m beta T beta_pos m_pos m_lt_u) alpha_signs
    (g w0) (fun t => G (point t)) Z (fun t => f (point t))) as ball.
  assert (result : norm (Z (S T)) ^ 2 + (geo (S T) u - geo (S T) m) * inner (Z (S T)) (g w0) <= 0).
  { apply ball.
    - unfold G. simpl. veq.
    - unfold Z. simpl. veq.
    - intros t. unfold Z, G. rewrite geo_left. change (point (S t)) with (point t - beta * g (point t))%V. apply inner_ext. intros z. expand. unfold u. field. lra.
    - intros t _. rewrite dw, el. pose proof (interpolation w0 (point t)) as i.
      assert (f0 : f w0 = 0) by (unfold f; rewrite norm_sq; expand; ring). assert (g0 : G w0 = zero) by (unfold G; veq). rewrite f0, g0 in i.
      replace (norm (zero - G (point t)) ^ 2) with (norm (G (point t)) ^ 2) in i by (rewrite !norm_sq; expand; ring).
      replace (inner (G (point t)) (w0 - point t)) with (- inner (G (point t)) (point t - w0)) in i by (expand; ring). lra.
    - intros t _. rewrite el. pose proof (interpolation (point t) w0) as i.
      assert (f0 : f w0 = 0) by (unfold f; rewrite norm_sq; expand; ring). assert (g0 : G w0 = zero) by (unfold G; veq). rewrite f0, g0, inner_zero in i.
      replace (norm (G (point t) - zero) ^ 2) with (norm (G (point t)) ^ 2) in i by (rewrite !norm_sq; expand; ring). lra.
    - intros t _. rewrite !dw, el. pose proof (interpolation (point t) (point (S t))) as i.
      replace ((point t - w0) - (point (S t) - w0))%V with (point t - point (S t))%V by veq. exact i. }
  assert (tot : mean_gradient = (/ INR (S T) * (geo (S T) u * g w0 + Z (S T)))%V).
  { unfold mean_gradient, Z. rewrite moves. apply inner_ext. intros z. expand. rewrite inner_total. field. split; [lra|]. apply not_0_INR. lia. }
  rewrite tot. unfold P_plus, P_minus. pose proof (lt_0_INR (S T) ltac:(lia)) as HT.
  replace (inner _ _) with ((/ INR (S T)) ^ 2 * - (norm (Z (S T)) ^ 2 + (geo (S T) u - geo (S T) m) * inner (Z (S T)) (g w0))).
  - apply Rmult_le_pos; [apply pow2_ge_0|lra].
  - rewrite norm_sq. expand. order. field. lra.
Qed.

(** The pair (psi, omega) of T1d. *)
Corollary D1_ball : norm (mean_gradient - (P_minus + P_plus) / 2 * g w0) <= (P_minus - P_plus) / 2 * norm (g w0).
Proof using T_pos beta_pos f lower mu_low mu_lt_L short upper.
  pose proof D1 as d. pose proof m_pos' as m_pos. pose proof m_lt_u' as m_lt_u.
  assert (om : 0 <= (P_minus - P_plus) / 2).
  { unfold P_minus, P_plus. pose proof (gap_nonneg u m m_pos m_lt_u (S T)) as gp. pose proof (lt_0_INR (S T) ltac:(lia)) as HT.
    replace ((geo (S T) u / INR (S T) - geo (S T) m / INR (S T)) / 2) with ((geo (S T) u - geo (S T) m) * / (2 * INR (S T))) by (field; lra).
    apply Rmult_le_pos; [assumption|left; apply Rinv_0_lt_compat; lra]. }
  pose proof (norm_nonneg (g w0)). apply Rsqr_incr_0_var; [|nra]. rewrite !Rsqr_pow2, Rpow_mult_distr, !norm_sq.
  autorewrite with inner in *. revert d. order. intros d. lra.
Qed.
End Path.
