(** One round in exact mode: the drift, T1d for any pair (psi, omega), T1b. *)
Require Import Space Calculus Smoothness Sampling.

Section Round.
Context {X : space}.
Implicit Types w u v : X.

(** [n] agents, numbered from 0. *)
Variable n : nat.
Definition agents := seq 0 n.
Variables (f : nat -> X -> R) (g : nat -> X -> X).

Definition F w := rmean agents (fun i => f i w).
Definition G w := mean agents (fun i => g i w).

Variables (beta beta_s : R) (tau m : nat).

Definition local_step i w : X := (w - beta * g i w)%V.
Definition local i t w : X := Nat.iter t (local_step i) w.
(** The server moves by [beta_s] times the mean move of the sampled agents. *)
Definition server (a : list nat) w : X := (w + beta_s * mean a (fun i => local i tau w - w))%V.

Variables (L gamma : R) (W : X -> Prop).
Let h := beta * INR tau * L.
Let H := beta_s * h.
Let p := 1 + h / INR tau.
Definition theta := rtotal (seq 0 tau) (fun t => geo t (1 + beta * INR tau * L / INR tau)) / INR tau ^ 2.
Let x := h * theta.
Let k := kappa n m.

(** [Y i / tau], the mean gradient along agent [i]'s local run. *)
Definition average_gradient i w : X := mean (seq 0 tau) (fun t => g i (local i t w)).

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_nonneg : 0 <= L.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).

Lemma agents_size : length agents = n.
Proof using. apply seq_length. Qed.
Lemma agents_some : agents <> nil.
Proof using gradients lipschitz sizes tau_pos. unfold agents. destruct n; [lia|discriminate]. Qed.
Lemma agent i : In i agents -> (i < n)%nat.
Proof using sizes tau_pos. intros Hi. apply in_seq in Hi. lia. Qed.
Lemma INR_tau : 0 < INR tau.
Proof using sizes tau_pos. apply lt_0_INR. lia. Qed.

Lemma F_descent u v : W u -> W v -> F v <= F u + inner (G u) (v - u) + L / 2 * norm (v - u) ^ 2.
Proof using Wconvex gradients lipschitz sizes tau_pos.
  intros Hu Hv. unfold F, G. rewrite inner_mean, <- (rmean_const agents (L / 2 * norm (v - u) ^ 2) agents_some).
  rewrite <- !rmean_add. apply rmean_le. intros i Hi. apply agent in Hi.
  apply (descent W Wconvex); auto.
Qed.

Lemma local_moves i t w : (local i t w - w)%V = ((- beta) * total (seq 0 t) (fun s => g i (local i s w)))%V.
Proof using.
  induction t as [|t IH]; [simpl; veq|].
  rewrite seq_S. simpl. unfold local_step at 1. fold (local i t w).
  assert (e : (local i t w)%V = (w + (- beta) * total (seq 0 t) (fun s => g i (local i s w)))%V) by (rewrite <- IH; veq).
  assert (s : total (seq 0 t ++ t :: nil) (fun s => g i (local i s w)) =
    (total (seq 0 t) (fun s => g i (local i s w)) + g i (local i t w))%V).
  { apply inner_ext. intros z. expand. rewrite !inner_total, rtotal_app. simpl. ring. }
  rewrite s. set (gg := g i (local i t w)). set (S := total (seq 0 t) _) in *. rewrite e. veq.
Qed.

Lemma server_moves a w : a <> nil -> (server a w - w)%V = ((- (beta_s * beta * INR tau)) * mean a (fun i => average_gradient i w))%V.
Proof using sizes tau_pos.
  intros Ha. unfold server.
  rewrite (mean_ext a (fun i => local i tau w - w)%V (fun i => (- (beta * INR tau)) * average_gradient i w)%V).
  - rewrite mean_scal. veq.
  - intros i _. rewrite local_moves. unfold average_gradient, mean. rewrite seq_length. pose proof INR_tau.
    apply inner_ext. intros z. expand. field. lra.
Qed.

(** With [beta_s = 1] the server takes the mean of the local results. *)
Lemma server_mean a w : beta_s = 1 -> a <> nil -> server a w = mean a (fun i => local i tau w).
Proof using.
  intros one Ha. unfold server. rewrite one. apply inner_ext. intros z. expand. rewrite !inner_mean.
  rewrite (rmean_ext a _ (fun i => inner (local i tau w) z + - inner w z)) by (intros; expand; ring).
  rewrite rmean_add, rmean_const by assumption. ring.
Qed.

Variable w : X.
Hypothesis w_in : W w.
Hypothesis locals_in : forall i t, (i < n)%nat -> (t <= tau)%nat -> W (local i t w).
Hypothesis servers_in : forall a, In a (subsets m agents) -> W (server a w).
Hypothesis gamma_bound : spread agents (fun i => g i w) <= gamma ^ 2.

Let a := G w.
Let U i := fun psi : R => (average_gradient i w - psi * g i w)%V.

(** ** Drift *)
Lemma p_value : p = 1 + beta * L.
Proof using h sizes tau_pos. unfold p, h. pose proof INR_tau. field. lra. Qed.

Lemma drift i t : (i < n)%nat -> (t <= tau)%nat -> norm (local i t w - w) <= beta * norm (g i w) * geo t p.
Proof using L_nonneg beta_pos h lipschitz locals_in sizes tau_pos w_in.
  intros Hi. induction t as [|t IH]; intros Ht.
  - simpl. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH ltac:(lia)). rewrite geo_left. simpl. fold (local i t w). unfold local_step.
    set (v := local i t w) in *. set (d := (v - w)%V) in *.
    replace (v - beta * g i v - w)%V with (d + ((- beta) * (g i v - g i w) + (- beta) * g i w))%V by (unfold d; veq).
    pose proof (triangle d ((- beta) * (g i v - g i w) + (- beta) * g i w)) as t1.
    pose proof (triangle ((- beta) * (g i v - g i w)) ((- beta) * g i w)) as t2.
    rewrite !norm_scal, Rabs_Ropp, Rabs_right in t2 by lra.
    pose proof (lipschitz i v w Hi (locals_in i t Hi ltac:(lia)) w_in) as l. fold d in l.
    rewrite p_value in *. set (r := geo t (1 + beta * L)) in *.
    assert (beta * norm (g i v - g i w) <= beta * L * (beta * norm (g i w) * r)).
    { apply Rle_trans with (beta * (L * norm d)); [apply Rmult_le_compat_l; lra|].
      rewrite <- Rmult_assoc. apply Rmult_le_compat_l; [nra|assumption]. }
    lra.
Qed.

Lemma x_nonneg : 0 <= x.
Proof using L_nonneg beta_pos p sizes tau_pos.
  assert (0 <= p) by (rewrite p_value; nra). pose proof INR_tau.
  unfold x, h, theta. repeat apply Rmult_le_pos; try lra.
  - rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros. now apply geo_nonneg.
  - left. now apply Rinv_0_lt_compat, pow_lt.
Qed.

(** The pair (1, x) always serves. *)
Lemma pair_one i : (i < n)%nat -> norm (average_gradient i w - 1 * g i w) <= x * norm (g i w).
Proof using L_nonneg beta_pos beta_s lipschitz locals_in p sizes tau_pos w_in.
  intros Hi. pose proof INR_tau as Ht. pose proof (norm_nonneg (g i w)) as Hg.
  apply norm_le_of_inner; [apply Rmult_le_pos; [exact x_nonneg|assumption]|].
  intros z. pose proof (norm_nonneg z) as Hz. unfold average_gradient. expand. rewrite inner_mean.
    assert (some : seq 0 tau <> nil) by (destruct tau; [lia|discriminate]).
    apply Rle_trans with (rmean (seq 0 tau) (fun t => L * (beta * norm (g i w)) * norm z * geo t p)).
    + rewrite <- (rmean_const (seq 0 tau) (-1 * (1 * inner (g i w) z)) some), <- rmean_add. apply rmean_le.
      intros t Ht'. apply in_seq in Ht'.
      pose proof (drift i t Hi ltac:(lia)) as d.
      pose proof (lipschitz i (local i t w) w Hi (locals_in i t Hi ltac:(lia)) w_in) as l.
      pose proof (cauchy (g i (local i t w) - g i w) z) as c. autorewrite with inner in c.
      assert (norm (g i (local i t w) - g i w) <= L * (beta * norm (g i w) * geo t p)) by nra. nra.
    + right. rewrite rmean_scal. unfold rmean. rewrite seq_length. unfold x, h, theta. fold h. fold p.
      unfold h. field. lra.
Qed.

(** ** The round, before the constants *)
Definition expected_loss := rmean (subsets m agents) (fun s => F (server s w)).

Lemma expansion :
  expected_loss <= F w + beta_s * beta * INR tau *
    (- inner a (mean agents (fun i => average_gradient i w)) +
     H / 2 * (norm (mean agents (fun i => average_gradient i w)) ^ 2 + k * spread agents (fun i => average_gradient i w))).
Proof using Wconvex beta_pos beta_s_pos gradients h lipschitz servers_in sizes tau_pos w_in.
  pose proof agents_size as size. unfold k. replace (kappa n m) with (kappa (length agents) m) by now rewrite size.
  assert (Hm : (1 <= m <= length agents)%nat) by (rewrite size; lia).
  set (s := beta_s * beta * INR tau).
  rewrite <- (square_of_sample (fun i => average_gradient i w) m agents Hm).
  rewrite (inner_sym _ a), <- (mean_of_sample (fun i => average_gradient i w) m agents a Hm).
  replace (F w) with (rmean (subsets m agents) (fun _ => F w)) by (apply rmean_const, subsets_nonempty; lia).
  replace (- rmean (subsets m agents) (fun b => inner (mean b (fun i => average_gradient i w)) a))
    with (-1 * rmean (subsets m agents) (fun b => inner (mean b (fun i => average_gradient i w)) a)) by ring.
  rewrite <- !rmean_scal, <- rmean_add, <- rmean_scal, <- rmean_add. apply rmean_le. intros b Hb.
  assert (Hne : b <> nil) by (apply subsets_size in Hb; destruct b; [simpl in Hb; lia|discriminate]).
  pose proof (F_descent w (server b w) w_in (servers_in b Hb)) as D.
  rewrite (server_moves b w Hne), norm_scal, inner_scal_r, Rabs_Ropp in D. fold s in D. fold a in D.
  assert (0 < s) by (unfold s; pose proof INR_tau; repeat apply Rmult_lt_0_compat; assumption).
  rewrite Rabs_right in D by lra. rewrite (inner_sym _ _ a).
  assert (eH : H = s * L) by (unfold s, H, h; ring). rewrite eH. lra.
Qed.

(** ** T1d, exact mode *)
Section T1d.
Variables (psi omega eps c : R).
Hypothesis pair : forall i, (i < n)%nat -> norm (average_gradient i w - psi * g i w) <= omega * norm (g i w).

Let R0 := mean agents (fun i => U i psi).
Let S0 := spread agents (fun i => U i psi).

Lemma mean_split : mean agents (fun i => average_gradient i w) = (psi * a + R0)%V.
Proof using. unfold R0, U, a, G. rewrite <- mean_scal, <- mean_add. apply mean_ext. intros. veq. Qed.
Lemma spread_split : spread agents (fun i => average_gradient i w) = spread agents (fun i => psi * g i w + U i psi)%V.
Proof using. apply spread_ext. intros. unfold U. veq. Qed.

(** The one budget that R and s share. *)
Lemma budget : norm R0 ^ 2 + S0 <= omega ^ 2 * (norm a ^ 2 + gamma ^ 2).
Proof using U gamma_bound gradients lipschitz pair sizes tau_pos.
  unfold R0, S0. rewrite <- mean_square by apply agents_some.
  apply Rle_trans with (omega ^ 2 * rmean agents (fun i => norm (g i w) ^ 2)).
  - rewrite <- rmean_scal. apply rmean_le. intros i Hi. apply agent in Hi. unfold U.
    pose proof (pair i Hi) as b. pose proof (norm_nonneg (average_gradient i w - psi * g i w)). nra.
  - rewrite mean_square by apply agents_some. fold (G w). fold a. pose proof (pow2_ge_0 omega). nra.
Qed.

Hypothesis eps_pos : 0 < eps.
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c.
Hypothesis c_sampling : 0 < k -> H * k < 2 * c.

Definition T1d_A := psi * (1 - H * psi / 2) - Rabs (1 - H * psi) * eps / 2 - c * omega ^ 2.
Definition T1d_N := c * (omega ^ 2 * gamma ^ 2) + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)).

Lemma H_nonneg : 0 <= H.
Proof using L_nonneg beta_pos beta_s_pos h sizes tau_pos. unfold H, h. pose proof INR_tau. repeat apply Rmult_le_pos; lra. Qed.
Lemma k_nonneg : 0 <= k.
Proof using sizes tau_pos.
  unfold k, kappa. destruct (Nat.eqb_spec n 1); [lra|].
  assert (INR m <= INR n) by (apply le_INR; lia). assert (0 < INR m) by (apply lt_0_INR; lia).
  assert (1 < INR n) by (change 1 with (INR 1); apply lt_INR; lia).
  apply Rmult_le_pos; [lra|]. left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
Qed.

(** Dividing by 2c - H kappa is harmless also when kappa = 0 and c = 0. *)
Lemma sampling_young : H * k / 2 * spread agents (fun i => psi * g i w + U i psi)%V <=
  c * S0 + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)).
Proof using L_nonneg beta_pos beta_s_pos c_large c_sampling eps_pos gamma_bound gradients lipschitz sizes tau_pos.
  pose proof H_nonneg as HH. pose proof k_nonneg as Hk. pose proof (spread_nonneg agents (fun i => U i psi)) as HS. fold S0 in HS.
  assert (c0 : 0 <= c).
  { assert (0 <= Rabs (1 - H * psi) / (2 * eps)); [|lra].
    apply Rmult_le_pos; [apply Rabs_pos|]. left. apply Rinv_0_lt_compat. lra. }
  destruct (Req_dec (H * k) 0) as [z|nz].
  - replace (H * k / 2) with 0 by lra. rewrite z. assert (0 <= c * S0) by nra. lra.
  - assert (Hpos : 0 < H * k) by (assert (0 <= H * k) by nra; lra).
    assert (k <> 0) by (intros e; rewrite e in nz; lra). assert (H * k < 2 * c) as lt by (apply c_sampling; lra).
    set (t := H * k / (2 * c - H * k)).
    assert (ht : 0 < t) by (apply Rdiv_lt_0_compat; lra).
    pose proof (spread_young agents (fun i => psi * g i w)%V (fun i => U i psi) t agents_some ht) as y.
    rewrite spread_scal in y. fold S0 in y.
    replace (1 + / t) with (2 * c / (H * k)) in y by (unfold t; field; split; [lra|split; [intros e; rewrite e in nz; lra|intros e; rewrite e in nz; lra]]).
    replace (1 + t) with (2 * c / (2 * c - H * k)) in y by (unfold t; field; lra).
    apply Rle_trans with (H * k / 2 * (2 * c / (2 * c - H * k) * (psi ^ 2 * gamma ^ 2) + 2 * c / (H * k) * S0)).
    + apply Rmult_le_compat_l; [lra|]. eapply Rle_trans; [exact y|]. apply Rplus_le_compat_r.
      apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
      apply Rmult_le_compat_l; [apply pow2_ge_0|exact gamma_bound].
    + right. field. split; [lra|]. split; intros e; rewrite e in nz; lra.
Qed.

Theorem T1d_exact :
  expected_loss <= F w - beta_s * beta * INR tau * T1d_A * norm a ^ 2 + beta_s * beta * INR tau * T1d_N.
Proof using L_nonneg Wconvex beta_pos beta_s_pos c_large c_sampling eps_pos gamma_bound gradients lipschitz pair servers_in sizes tau_pos w_in.
  pose proof expansion as E. rewrite mean_split, spread_split in E.
  pose proof sampling_young as Y. pose proof budget as Bu. pose proof H_nonneg as HH.
  assert (cross : - (1 - H * psi) * inner a R0 <= Rabs (1 - H * psi) * (eps * norm a ^ 2 / 2 + norm R0 ^ 2 / (2 * eps))).
  { assert (yo : Rabs (inner a R0) <= eps * norm a ^ 2 / 2 + norm R0 ^ 2 / (2 * eps)).
    { assert (sq : 0 <= (eps * norm a - norm R0) ^ 2 / (2 * eps)).
      { apply Rmult_le_pos; [apply pow2_ge_0|]. left. apply Rinv_0_lt_compat. lra. }
      replace ((eps * norm a - norm R0) ^ 2 / (2 * eps)) with (eps * norm a ^ 2 / 2 + norm R0 ^ 2 / (2 * eps) - norm a * norm R0) in sq
        by (field; lra).
      pose proof (cauchy a R0). pose proof (cauchy_neg a R0). apply Rabs_le. lra. }
    apply Rle_trans with (Rabs (- (1 - H * psi) * inner a R0)); [apply Rle_abs|].
    rewrite Rabs_mult, Rabs_Ropp. apply Rmult_le_compat_l; [apply Rabs_pos|assumption]. }
  set (D := Rabs (1 - H * psi)) in *.
  assert (cR : D * (norm R0 ^ 2 / (2 * eps)) + H / 2 * norm R0 ^ 2 <= c * norm R0 ^ 2).
  { pose proof (pow2_ge_0 (norm R0)).
    replace (D * (norm R0 ^ 2 / (2 * eps)) + H / 2 * norm R0 ^ 2) with ((D / (2 * eps) + H / 2) * norm R0 ^ 2) by (field; lra).
    nra. }
  assert (c0 : 0 <= c).
  { assert (0 <= D / (2 * eps)); [|lra].
    apply Rmult_le_pos; [apply Rabs_pos|]. left. apply Rinv_0_lt_compat. lra. }
  assert (bud : c * (norm R0 ^ 2 + S0) <= c * (omega ^ 2 * (norm a ^ 2 + gamma ^ 2))) by (apply Rmult_le_compat_l; assumption).
  assert (sp : 0 < beta_s * beta * INR tau) by (pose proof INR_tau; repeat apply Rmult_lt_0_compat; assumption).
  assert (nn : norm (psi * a + R0) ^ 2 = psi ^ 2 * norm a ^ 2 + 2 * psi * inner a R0 + norm R0 ^ 2).
  { rewrite !norm_sq. expand. rewrite (inner_sym _ R0 a). ring. }
  rewrite nn in E. rewrite inner_add_r, inner_scal_r, <- norm_sq in E.
  eapply Rle_trans; [exact E|].
  replace (F w - beta_s * beta * INR tau * T1d_A * norm a ^ 2 + beta_s * beta * INR tau * T1d_N)
    with (F w + beta_s * beta * INR tau * (- T1d_A * norm a ^ 2 + T1d_N)) by ring.
  apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|]. unfold T1d_A, T1d_N. fold D. lra.
Qed.
End T1d.

(** ** T1b *)
Definition T1b_A := 1 / 2 * (1 - x ^ 2 - k * h * x * (1 + x)).
Definition T1b_N := 1 / 2 * (x ^ 2 + k * h * (1 + x) ^ 2) * gamma ^ 2.

Theorem T1b : beta_s = 1 -> h <= 1 ->
  expected_loss <= F w - beta * INR tau * T1b_A * norm a ^ 2 + beta * INR tau * T1b_N.
Proof using L_nonneg Wconvex beta_pos beta_s_pos gamma_bound gradients lipschitz locals_in servers_in sizes tau_pos w_in.
  intros one short. pose proof expansion as E. rewrite (mean_split 1), (spread_split 1) in E.
  pose proof (budget 1 x pair_one) as Bu. pose proof H_nonneg as HH. pose proof k_nonneg as Hk.
  assert (eH : H = h) by (unfold H; rewrite one; ring). rewrite eH in *.
  set (R0 := mean agents (fun i => U i 1)) in *. set (S0 := spread agents (fun i => U i 1)) in *.
  assert (hS : 0 <= S0) by apply spread_nonneg.
  assert (spr : spread agents (fun i => 1 * g i w + U i 1)%V <= (1 + x) ^ 2 * gamma ^ 2 + x * (1 + x) * norm a ^ 2).
  { pose proof x_nonneg as x0. pose proof (pow2_ge_0 (norm R0)). pose proof (pow2_ge_0 (norm a)). pose proof (pow2_ge_0 gamma).
    pose proof (spread_shift agents (fun i => 1 * g i w)%V (fun i => U i 1) x (norm a ^ 2 + gamma ^ 2) agents_some x0) as y.
    rewrite spread_scal in y. fold S0 in y. nra. }
  assert (sp : 0 < beta * INR tau) by (pose proof INR_tau; now apply Rmult_lt_0_compat).
  assert (nn : norm (1 * a + R0) ^ 2 = norm a ^ 2 + 2 * inner a R0 + norm R0 ^ 2).
  { rewrite !norm_sq. expand. rewrite (inner_sym _ R0 a). ring. }
  assert (n0 : 0 <= norm (1 * a + R0) ^ 2) by apply pow2_ge_0.
  rewrite inner_add_r, inner_scal_r, <- norm_sq, one in E. eapply Rle_trans; [exact E|].
  replace (F w - beta * INR tau * T1b_A * norm a ^ 2 + beta * INR tau * T1b_N)
    with (F w + 1 * beta * INR tau * (- T1b_A * norm a ^ 2 + T1b_N)) by ring.
  apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|]. unfold T1b_A, T1b_N.
  assert (c1 : h / 2 * norm (1 * a + R0) ^ 2 <= 1 / 2 * norm (1 * a + R0) ^ 2) by nra.
  assert (hk : 0 <= h * k) by nra.
  assert (c2 : h * k * spread agents (fun i => 1 * g i w + U i 1)%V <= h * k * ((1 + x) ^ 2 * gamma ^ 2 + x * (1 + x) * norm a ^ 2))
    by (apply Rmult_le_compat_l; assumption).
  lra.
Qed.
End Round.
