(** S5s: the bias of the stochastic meta-gradient when third derivatives are Lipschitz: of order 1/D at every nu. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Expectation Paths NoisyTuning NoisySweep StochasticGradient.

Lemma sum_reversed n (r : nat -> R) : rtotal (seq 0 n) (fun i => r (n - S i)%nat) = rtotal (seq 0 n) r.
Proof using.
  induction n as [|n IH]; [reflexivity|]. transitivity (r n + rtotal (seq 0 n) r).
  - change (r (S n - 1)%nat + rtotal (seq 1 n) (fun i => r (S n - S i)%nat) = r n + rtotal (seq 0 n) r).
    rewrite <- IH, <- seq_shift, rtotal_map. f_equal. f_equal. lia.
  - rewrite seq_S, rtotal_app. cbn [rtotal fold_right]. change (0 + n)%nat with n. ring.
Qed.
(** Twice the sum over pairs is the square of the sum less the sum of squares, so the order of the terms is free. *)
Lemma sum_pairs n (r : nat -> R) :
  2 * rtotal (seq 0 n) (fun i => rtotal (seq 0 i) (fun k => r i * r k)) = rtotal (seq 0 n) r ^ 2 - rtotal (seq 0 n) (fun i => r i ^ 2).
Proof using.
  induction n as [|n IH]; [simpl; ring|]. rewrite seq_S, !rtotal_app, Rmult_plus_distr_l, IH. cbn [rtotal fold_right]. change (0 + n)%nat with n.
  rewrite rtotal_scal. ring.
Qed.
Lemma pairs_reversed n (r : nat -> R) :
  rtotal (seq 0 n) (fun i => rtotal (seq 0 i) (fun k => r (n - S i)%nat * r (n - S k)%nat)) = rtotal (seq 0 n) (fun j => rtotal (seq 0 j) (fun l => r j * r l)).
Proof using.
  pose proof (sum_pairs n (fun i => r (n - S i)%nat)) as e. cbv beta in e. rewrite (sum_reversed n r), (sum_reversed n (fun i => r i ^ 2)) in e.
  pose proof (sum_pairs n r). lra.
Qed.

(** The sum of the m_l by the E_j that enter them. *)
Section Means.
Variables alpha rho q sigma_G D : R.
Let E := NoisyTuning.E alpha q sigma_G D.
Let m := NoisyTuning.m alpha rho q sigma_G D.
Lemma E_zero : E 0 = 0.
Proof using. unfold E, NoisyTuning.E. simpl. ring. Qed.
Let weighted k := rtotal (seq 0 k) (fun j => E j * geo (k - j) q).
Lemma weighted_next k : alpha * rho / 2 * (weighted (S k) - weighted k) = m (S k).
Proof using.
  unfold m. rewrite m_sum. fold E. rewrite <- (sum_from_zero (S k) (fun j => q ^ (S k - 1 - j) * E j)) by (rewrite E_zero; ring). f_equal.
  unfold weighted. rewrite !seq_S, !rtotal_app. cbn [rtotal fold_right]. change (0 + k)%nat with k. replace (S k - k)%nat with 1%nat by lia. replace (S k - 1 - k)%nat with 0%nat by lia.
  rewrite (rtotal_ext (seq 0 k) (fun j => E j * geo (S k - j) q) (fun j => E j * geo (k - j) q + q ^ (S k - 1 - j) * E j)).
  - rewrite rtotal_add. simpl. ring.
  - intros j Hj. apply in_seq in Hj. replace (S k - j)%nat with (S (k - j)) by lia. replace (S k - 1 - j)%nat with (k - j)%nat by lia. simpl. ring.
Qed.
Lemma sum_means k : rtotal (seq 0 k) m = alpha * rho / 2 * rtotal (seq 1 (k - 2)) (fun j => E j * geo (k - 1 - j) q).
Proof using.
  destruct k as [|k]; [simpl; ring|]. transitivity (alpha * rho / 2 * weighted k).
  - induction k as [|k IH]; [unfold weighted, m; simpl; ring|]. rewrite seq_S, rtotal_app, IH. cbn [rtotal fold_right]. change (0 + S k)%nat with (S k). rewrite <- weighted_next. ring.
  - f_equal. unfold weighted. rewrite (sum_from_zero k (fun j => E j * geo (k - j) q)) by (rewrite E_zero; ring). replace (S k - 2)%nat with (pred k) by lia.
    apply rtotal_ext. intros j _. do 2 f_equal. lia.
Qed.
End Means.

Lemma zero_weight {A} {X : space} (d : dist A) (y : A -> X) : (forall pa, In pa d -> 0 <= fst pa) -> ex d (fun _ => 1) = 0 -> vex d y = zero.
Proof using.
  unfold ex, vex. induction d as [|[p a] d IH]; intros pos z; [reflexivity|]. cbn [rtotal total fold_right fst snd] in *.
  assert (p0 : 0 <= p) by exact (pos (p, a) (or_introl eq_refl)).
  assert (rest : 0 <= rtotal d (fun pa => fst pa * 1)).
  { rewrite <- (Rmult_0_r (INR (length d))), <- rtotal_const. apply rtotal_le. intros pa Hp. rewrite Rmult_1_r. apply pos. now right. }
  unfold rtotal, total in *. rewrite IH by (try lra; intros; apply pos; now right). replace p with 0 by lra. veq.
Qed.
(** A convex set holds the mean of what it holds. *)
Lemma vex_in {A} {X : space} (W : X -> Prop) (d : dist A) (y : A -> X) : convex W -> proper d -> (forall a, support d a -> W (y a)) -> W (vex d y).
Proof using.
  intros conv [pos one] inside. enough (scaled : 0 < ex d (fun _ => 1) -> W (/ ex d (fun _ => 1) * vex d y)%V).
  { rewrite one in scaled. replace (vex d y) with (/ 1 * vex d y)%V by (apply inner_ext; intros z; expand; field). apply scaled. lra. }
  clear one. induction d as [|[p a] d IH]; [unfold ex; simpl; lra|].
  assert (p0 : 0 <= p) by exact (pos (p, a) (or_introl eq_refl)). assert (Wa : W (y a)) by (apply inside; exists p; now left).
  assert (tail_pos : forall pa, In pa d -> 0 <= fst pa) by (intros; apply pos; now right).
  assert (tail_in : forall a, support d a -> W (y a)) by (intros b (r & Hr); apply inside; exists r; now right).
  assert (e1 : ex ((p, a) :: d) (fun _ => 1) = p + ex d (fun _ => 1)) by (unfold ex, rtotal; cbn [fold_right fst snd]; ring).
  assert (e2 : vex ((p, a) :: d) y = (p * y a + vex d y)%V) by reflexivity. rewrite e1, e2. set (s := ex d (fun _ => 1)) in *. intros total_pos.
  assert (s0 : 0 <= s).
  { unfold s, ex. rewrite <- (Rmult_0_r (INR (length d))), <- rtotal_const. apply rtotal_le. intros pa Hp. rewrite Rmult_1_r. now apply tail_pos. }
  destruct (Req_dec s 0) as [z|nz].
  - rewrite (zero_weight d y tail_pos z), z. replace (/ (p + 0) * (p * y a + zero))%V with (y a); [assumption|]. apply inner_ext. intros v. expand. field. lra.
  - specialize (IH tail_pos tail_in ltac:(lra)). pose proof (conv (y a) _ (s / (p + s)) Wa IH) as c.
    replace (/ (p + s) * (p * y a + vex d y))%V with (y a + s / (p + s) * (/ s * vex d y - y a))%V; [apply c|apply inner_ext; intros v; expand; field; split; lra].
    split; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|]. apply Rmult_le_reg_r with (p + s); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
(** Along W the third derivative is bounded by A3. *)
Lemma third_along {X : space} (H : X -> X -> X) (T : X -> X -> X) (W : X -> Prop) rho (w y d : X) :
  derivative (fun u => H u d) w (fun e => T e d) -> (forall a e, T (a * e)%V d = (a * T e d)%V) -> convex W -> W w -> W y ->
  (forall u v, W u -> W v -> norm (H u d - H v d) <= rho * norm (u - v) * norm d) -> norm (T (y - w)%V d) <= rho * norm (y - w) * norm d.
Proof using.
  intros der hom conv Hw Hy lip. set (e := (y - w)%V). pose proof (norm_nonneg e) as e0. apply le_epsilon. intros eps Heps.
  destruct (der (eps / (1 + norm e))) as (delta & Hd & near); [apply Rdiv_lt_0_compat; lra|].
  set (s := Rmin 1 (delta / (2 * (1 + norm e)))). assert (dd : 0 < delta / (2 * (1 + norm e))) by (apply Rdiv_lt_0_compat; lra).
  assert (s0 : 0 < s) by (apply Rmin_glb_lt; lra). assert (s1 : s <= 1) by apply Rmin_l.
  assert (move : (w + s * e - w)%V = (s * e)%V) by veq.
  assert (small : norm (w + s * e - w) < delta).
  { rewrite move, norm_scal, Rabs_right by lra. assert (le : s * (2 * (1 + norm e)) <= delta).
    { apply Rle_trans with (delta / (2 * (1 + norm e)) * (2 * (1 + norm e))); [apply Rmult_le_compat_r; [lra|apply Rmin_r]|right; field; lra]. }
    assert (0 <= s * norm e) by (apply Rmult_le_pos; lra). lra. }
  specialize (near (w + s * e)%V small). assert (Ws : W (w + s * e)%V) by (apply conv; [assumption|assumption|lra]).
  pose proof (lip (w + s * e)%V w Ws Hw) as l. rewrite move, hom in near. rewrite move in l. rewrite norm_scal, Rabs_right in near, l by lra.
  set (a := (H (w + s * e)%V d - H w d)%V) in *. pose proof (triangle a ((-1) * (a - s * T e d))) as t.
  replace (a + -1 * (a - s * T e d))%V with (s * T e d)%V in t by veq. rewrite !norm_scal, (Rabs_right s), (Rabs_left (-1)) in t by lra.
  assert (q : eps / (1 + norm e) * norm e <= eps).
  { apply Rmult_le_reg_r with (1 + norm e); [lra|]. replace (eps / (1 + norm e) * norm e * (1 + norm e)) with (eps * norm e) by (field; lra).
    assert (0 <= eps * norm e) by (apply Rmult_le_pos; lra). lra. }
  apply Rmult_le_reg_l with s; [assumption|]. assert (s * (eps / (1 + norm e) * norm e) <= s * eps) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Section ThirdOrder.
Context {X : space} {Xi Xo Z : Type}.
Implicit Types u v w e d : X.
Variables (g : X -> X) (H : X -> X -> X) (T : X -> X -> X -> X) (alpha : R) (batch : X -> Xi -> X) (noise : dist Xi) (last : X -> Xo -> X) (outer : dist Xo).
Variables (hessian : X -> Z -> X -> X) (hess : dist Z) (w : X).
Variables (W : X -> Prop) (nu : nat) (L rho rho_2 B q sigma_G D : R).

Hypothesis noise_proper : proper noise.
Hypothesis hess_proper : proper hess.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis rho_2_nonneg : 0 <= rho_2.
Hypothesis q_nonneg : 0 <= q.
Hypothesis D_pos : 0 < D.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
(** f in C^3: T w e d is the derivative of w -> H w d in direction e, rho_2-Lipschitz. *)
Hypothesis H_derivative : forall w d, W w -> derivative (fun u => H u d) w (fun e => T w e d).
Hypothesis T_linear : forall w d, W w -> linear (fun e => T w e d).
Hypothesis T_lipschitz : forall w u e d, W w -> W u -> norm (T w e d - T u e d) <= rho_2 * norm (w - u) * norm e * norm d.
Hypothesis batch_mean : forall u, W u -> vex noise (batch u) = g u.
Hypothesis batch_noise : forall u, W u -> ex noise (fun xi => norm (batch u xi - g u) ^ 2) <= sigma_G ^ 2 / D.
Hypothesis last_mean : forall u, W u -> vex outer (last u) = g u.
Hypothesis hess_mean : forall u d, W u -> vex hess (fun z => hessian u z d) = H u d.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk alpha batch noise w l) p -> W (p l).

Let E_l := StochasticGradient.E_l alpha q sigma_G D.
Let m_l := StochasticGradient.m_l alpha rho q sigma_G D.
Let paths := StochasticGradient.paths alpha batch noise w nu.
Let t := fun l => tuned g alpha l w.
Let root l := sqrt (E_l l).

Lemma in_path p l : support paths p -> (l <= nu)%nat -> W (p l).
Proof using walk_in. intros Hp Hl. now apply (walk_W alpha batch noise w W nu walk_in nu l p). Qed.
Lemma proper_paths : proper paths.
Proof using noise_proper. now apply walk_proper. Qed.
Lemma root_nonneg l : 0 <= root l.
Proof using. apply sqrt_pos. Qed.

Definition gap p j := (tail H alpha nu p j (g (p nu)) - tail H alpha nu t j (g (t nu)))%V.
Definition err_at p l := norm (p l - t l).
(** The gap after j factors is first order in the errors. *)
Definition gap_bound p j := q ^ j * L * err_at p nu + alpha * rho * B * q ^ pred j * rtotal (seq 0 j) (fun i => err_at p (nu - S i)).
Lemma gap_size p j : support paths p -> (j <= nu)%nat -> norm (gap p j) <= gap_bound p j.
Proof using alpha_nonneg q_nonneg rho_nonneg H_linear factor_bound g_bound g_lipschitz H_lipschitz exact_in walk_in.
  intros Hp. assert (Wp : forall l, (l <= nu)%nat -> W (p l)) by (intros; now apply in_path). assert (Wt : forall l, (l <= nu)%nat -> W (t l)) by (intros; now apply exact_in).
  induction j as [|j IH]; intros Hj.
  - unfold gap, gap_bound. simpl. pose proof (g_lipschitz (p nu) (t nu) (Wp nu (Nat.le_refl _)) (Wt nu (Nat.le_refl _))). unfold err_at. lra.
  - specialize (IH ltac:(lia)). unfold gap. cbn [tail]. set (l := (nu - S j)%nat). set (y := tail H alpha nu p j (g (p nu))) in *. set (x := tail H alpha nu t j (g (t nu))) in *.
    assert (Wpl : W (p l)) by (apply Wp; unfold l; lia). assert (Wtl : W (t l)) by (apply Wt; unfold l; lia).
    replace (factor H alpha (p l) y - factor H alpha (t l) x)%V with (factor H alpha (t l) (y - x) + (factor H alpha (p l) y - factor H alpha (t l) y))%V
      by (rewrite <- (factor_sub H alpha W H_linear) by assumption; veq).
    eapply Rle_trans; [apply triangle|]. pose proof (factor_bound (t l) (y - x)%V Wtl) as f1.
    pose proof (factor_moves H alpha W rho alpha_nonneg H_lipschitz (p l) (t l) y Wpl Wtl) as f2.
    assert (ys : norm y <= q ^ j * B).
    { eapply Rle_trans; [apply (tail_size H alpha W q); auto; lia|]. apply Rmult_le_compat_l; [now apply pow_le|]. now apply g_bound, Wp. }
    change (y - x)%V with (gap p j) in *. fold (err_at p l) in f2.
    assert (c1 : q * norm (gap p j) <= q * gap_bound p j) by now apply Rmult_le_compat_l.
    assert (e0 : 0 <= err_at p l) by apply norm_nonneg.
    assert (c2 : alpha * rho * err_at p l * norm y <= alpha * rho * err_at p l * (q ^ j * B)) by (apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|assumption]).
    assert (e : gap_bound p (S j) = q * gap_bound p j + alpha * rho * err_at p l * (q ^ j * B)); [|lra].
    unfold gap_bound. rewrite seq_S, rtotal_app. cbn [rtotal fold_right]. change (0 + j)%nat with j. fold l. destruct j as [|j]; simpl; ring.
Qed.

Lemma error_l2 l : (l <= nu)%nat -> ex paths (fun p => err_at p l ^ 2) <= root l ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in.
  intros Hl. unfold root. unfold E_l. rewrite (root_sq alpha q sigma_G D D_pos). apply (error_moment g H alpha batch noise w) with (W := W) (nu := nu); auto.
Qed.
Lemma error_product l j : (l <= nu)%nat -> (j <= nu)%nat -> ex paths (fun p => err_at p l * err_at p j) <= root l * root j.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in.
  intros Hl Hj. apply ex_product; auto using proper_paths, root_nonneg, error_l2.
Qed.
Lemma ex_sum (d : dist (nat -> X)) (l : list nat) (r : nat -> (nat -> X) -> R) : ex d (fun p => rtotal l (fun i => r i p)) = rtotal l (fun i => ex d (r i)).
Proof using.
  induction l as [|i l IH]; simpl.
  - unfold ex. rewrite (rtotal_ext d _ (fun pa => 0 * 1)) by (intros; ring). rewrite rtotal_scal. ring.
  - rewrite ex_add, IH. reflexivity.
Qed.
(** A fixed vector through a moved factor: in the mean the move is m_l to first order. *)
Lemma moved_mean l x : (l <= nu)%nat ->
  norm (vex paths (fun p => factor H alpha (p l) x - factor H alpha (t l) x)%V) <= alpha * (rho * m_l l + rho_2 * E_l l / 2) * norm x.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in H_lipschitz rho_nonneg rho_2_nonneg H_derivative T_linear T_lipschitz.
  intros Hl. assert (Wt : W (t l)) by now apply exact_in. pose proof (norm_nonneg x) as x0.
  rewrite (vex_ext paths _ (fun p => (- alpha) * (T (t l) (err g alpha w l p) x + (H (p l) x - H (t l) x - T (t l) (p l - t l) x)))%V).
  2:{ intros p _. unfold factor, err. fold (t l). change (tuned g alpha l w) with (t l). veq. }
  rewrite vex_scal, vex_add, (vex_linear paths (fun e => T (t l) e x)) by now apply T_linear.
  rewrite norm_scal, Rabs_Ropp, Rabs_right, Rmult_assoc by lra. apply Rmult_le_compat_l; [assumption|].
  eapply Rle_trans; [apply triangle|]. rewrite Rmult_plus_distr_r. apply Rplus_le_compat.
  - assert (em : vex paths (err g alpha w l) = (vex paths (fun p => p l) - t l)%V).
    { transitivity (vex paths (fun p => p l + -1 * t l)%V); [reflexivity|]. rewrite vex_add, vex_const by apply proper_paths. reflexivity. }
    assert (Wm : W (vex paths (fun p => p l))) by (apply vex_in; [assumption|apply proper_paths|]; intros p Hp; now apply in_path).
    apply Rle_trans with (rho * norm (vex paths (err g alpha w l)) * norm x).
    { rewrite em. apply (third_along H (T (t l)) W rho); auto. intros a e. apply (T_linear (t l) x Wt). }
    apply Rmult_le_compat_r; [assumption|]. apply Rmult_le_compat_l; [assumption|].
    apply (error_mean g H alpha batch noise w) with (W := W) (nu := nu); auto.
  - apply Rle_trans with (ex paths (fun p => rho_2 * norm x / 2 * err_at p l ^ 2)).
    + apply norm_vex_le; [apply proper_paths|]. intros p Hp. assert (Wp : W (p l)) by now apply in_path.
      apply (taylor W Wconvex (fun u => H u x) (fun u e => T u e x) (rho_2 * norm x) (t l) (p l)); auto.
      * intros u a d Hu. apply (T_linear u x Hu).
      * intros u d Hu. eapply Rle_trans; [now apply T_lipschitz|]. right. ring.
      * now apply Rmult_le_pos.
    + rewrite ex_scal. pose proof (error_l2 l Hl) as e. unfold root, E_l in e. rewrite (root_sq alpha q sigma_G D D_pos) in e. fold E_l in e.
      replace (rho_2 * E_l l / 2 * norm x) with (rho_2 * norm x / 2 * E_l l) by field. apply Rmult_le_compat_l; [|assumption].
      assert (0 <= rho_2 * norm x) by now apply Rmult_le_pos. lra.
Qed.

Definition bias_third j := q ^ j * (L * m_l nu + rho * E_l nu / 2) + alpha * B * q ^ pred j * rtotal (seq 0 j) (fun i => rho * m_l (nu - S i) + rho_2 * E_l (nu - S i) / 2)
  + alpha * rho * L * q ^ pred j * rtotal (seq 0 j) (fun i => root (nu - S i) * root nu)
  + alpha ^ 2 * rho ^ 2 * B * q ^ pred (pred j) * rtotal (seq 0 j) (fun i => rtotal (seq 0 i) (fun k => root (nu - S i) * root (nu - S k))).
Lemma bias_third_step j : bias_third (S j) = q * bias_third j + (alpha * (rho * m_l (nu - S j) + rho_2 * E_l (nu - S j) / 2) * (q ^ j * B)
  + alpha * rho * (q ^ j * L * (root (nu - S j) * root nu) + alpha * rho * B * q ^ pred j * rtotal (seq 0 j) (fun k => root (nu - S j) * root (nu - S k)))).
Proof using.
  unfold bias_third. rewrite seq_S, !rtotal_app. cbn [rtotal fold_right]. change (0 + j)%nat with j. destruct j as [|[|j]]; simpl; ring.
Qed.

Lemma gap_mean j : (j <= nu)%nat -> norm (vex paths (fun p => gap p j)) <= bias_third j.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in H_lipschitz rho_nonneg rho_2_nonneg H_derivative T_linear T_lipschitz g_bound g_lipschitz L_nonneg H_bound.
  assert (Wt : forall l, (l <= nu)%nat -> W (t l)) by (intros; now apply exact_in).
  induction j as [|j IH]; intros Hj.
  - unfold gap, bias_third. cbn [tail seq rtotal fold_right pow]. rewrite !Rmult_0_r, !Rplus_0_r, Rmult_1_l.
    eapply Rle_trans; [|apply Rmin_r]. apply (end_bias g H alpha batch noise w) with (W := W); auto.
  - specialize (IH ltac:(lia)). rewrite bias_third_step. set (l := (nu - S j)%nat) in *. assert (Hl : (l <= nu)%nat) by (unfold l; lia). assert (Wtl : W (t l)) by now apply Wt.
    set (x := tail H alpha nu t j (g (t nu))).
    assert (xs : norm x <= q ^ j * B).
    { eapply Rle_trans; [apply (tail_size H alpha W q); auto; lia|]. apply Rmult_le_compat_l; [now apply pow_le|]. now apply g_bound, Wt. }
    rewrite (vex_ext paths _ (fun p => factor H alpha (t l) (gap p j) + ((factor H alpha (p l) x - factor H alpha (t l) x) + (factor H alpha (p l) (gap p j) - factor H alpha (t l) (gap p j))))%V).
    2:{ intros p Hp. assert (Wp : W (p l)) by now apply in_path. unfold gap at 1. cbn [tail]. fold l x.
        replace (tail H alpha nu p j (g (p nu))) with (x + gap p j)%V by (unfold gap; fold x; veq).
        rewrite (proj1 (factor_linear H alpha W H_linear (p l) Wp)). veq. }
    rewrite vex_add, (vex_linear paths (factor H alpha (t l))) by now apply (factor_linear H alpha W H_linear).
    eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat.
    + eapply Rle_trans; [now apply factor_bound|]. now apply Rmult_le_compat_l.
    + rewrite vex_add. eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat.
      * eapply Rle_trans; [now apply moved_mean|]. apply Rmult_le_compat_l; [|assumption].
        assert (0 <= m_l l) by (apply m_nonneg; auto). pose proof (E_l_nonneg alpha q sigma_G D D_pos l : 0 <= E_l l).
        apply Rmult_le_pos; [assumption|]. assert (0 <= rho * m_l l) by now apply Rmult_le_pos. assert (0 <= rho_2 * E_l l) by now apply Rmult_le_pos. lra.
      * apply Rle_trans with (ex paths (fun p => alpha * rho * (q ^ j * L * (err_at p l * err_at p nu) + alpha * rho * B * q ^ pred j * rtotal (seq 0 j) (fun k => err_at p l * err_at p (nu - S k))))).
        -- apply norm_vex_le; [apply proper_paths|]. intros p Hp. assert (Wp : W (p l)) by now apply in_path.
           eapply Rle_trans; [apply (factor_moves H alpha W rho alpha_nonneg H_lipschitz); assumption|]. fold (err_at p l).
           assert (e0 : 0 <= err_at p l) by apply norm_nonneg. pose proof (gap_size p j Hp ltac:(lia)) as gs.
           assert (alpha * rho * err_at p l * norm (gap p j) <= alpha * rho * err_at p l * gap_bound p j) by (apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|assumption]).
           rewrite rtotal_scal. unfold gap_bound in *. lra.
        -- rewrite ex_scal, ex_add, !ex_scal, (ex_sum paths (seq 0 j) (fun k p => err_at p l * err_at p (nu - S k)%nat)).
           assert (B0 : 0 <= B) by (pose proof (g_bound _ (Wt nu (Nat.le_refl _))); pose proof (norm_nonneg (g (t nu))); lra).
           pose proof (pow_le q j q_nonneg). pose proof (pow_le q (pred j) q_nonneg).
           apply Rmult_le_compat_l; [now apply Rmult_le_pos|]. apply Rplus_le_compat.
           ++ apply Rmult_le_compat_l; [now apply Rmult_le_pos|]. now apply error_product.
           ++ apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; assumption|]. apply rtotal_le. intros k _. apply error_product; lia.
Qed.

(** S5s: norm(E g_i - grad F_i) <= b''_sto. *)
Theorem S5_third : let roots := rtotal (seq 1 (nu - 1)) root in let errors := rtotal (seq 1 (nu - 1)) E_l in
  norm (vex (oracle alpha batch noise last outer hessian hess w nu) (fun v => v) - meta_gradient g H alpha nu w) <=
  alpha * rho * B * q ^ (nu - 1) * (alpha * rho / 2 * rtotal (seq 1 (nu - 2)) (fun j => E_l j * geo (nu - 1 - j) q)) + q ^ nu * (L * m_l nu + rho * E_l nu / 2)
  + alpha * rho_2 * B * q ^ (nu - 1) * errors / 2 + alpha ^ 2 * rho ^ 2 * B * q ^ (nu - 2) * (roots ^ 2 - errors) / 2 + alpha * rho * L * q ^ (nu - 1) * (roots * root nu).
Proof using noise_proper hess_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise last_mean hess_mean exact_in walk_in H_lipschitz rho_nonneg rho_2_nonneg H_derivative T_linear T_lipschitz g_bound g_lipschitz L_nonneg H_bound.
  intros roots errors. rewrite (oracle_bias g H alpha batch noise last outer hessian hess w W) by auto. fold paths.
  rewrite (vex_ext paths _ (fun p => gap p nu)).
  2:{ intros p _. unfold deviation, gap, meta_gradient. rewrite !tail_all, sweep_is. reflexivity. }
  eapply Rle_trans; [now apply gap_mean|]. right. unfold bias_third, roots, errors.
  replace (nu - 2)%nat with (pred (pred nu)) by lia. replace (nu - 1)%nat with (pred nu) by lia.
  assert (E0 : E_l 0 = 0) by apply E_zero. assert (r0 : root 0 = 0) by (unfold root; rewrite E0; apply sqrt_0).
  rewrite (sum_reversed nu (fun l => rho * m_l l + rho_2 * E_l l / 2)), (sum_reversed nu (fun l => root l * root nu)), (pairs_reversed nu root).
  rewrite (rtotal_ext (seq 0 nu) (fun l => rho * m_l l + rho_2 * E_l l / 2) (fun l => rho * m_l l + rho_2 / 2 * E_l l)) by (intros; field).
  rewrite (rtotal_ext (seq 0 nu) (fun l => root l * root nu) (fun l => root nu * root l)) by (intros; ring).
  rewrite rtotal_add, !rtotal_scal. pose proof (sum_pairs nu root) as pairs.
  rewrite (rtotal_ext (seq 0 nu) (fun i => root i ^ 2) E_l) in pairs by (intros; apply (root_sq alpha q sigma_G D D_pos)).
  pose proof (sum_means alpha rho q sigma_G D nu) as means. change (NoisyTuning.m alpha rho q sigma_G D) with m_l in means. change (NoisyTuning.E alpha q sigma_G D) with E_l in means.
  replace (nu - 2)%nat with (pred (pred nu)) in means by lia. replace (nu - 1)%nat with (pred nu) in means by lia.
  change (rtotal (seq 0 nu) (fun i => m_l i)) with (rtotal (seq 0 nu) m_l). change (rtotal (seq 0 nu) (fun i => E_l i)) with (rtotal (seq 0 nu) E_l).
  change (rtotal (seq 0 nu) (fun i => root i)) with (rtotal (seq 0 nu) root). rewrite means.
  rewrite <- (sum_from_zero nu root r0), <- (sum_from_zero nu E_l E0).
  set (twice := rtotal (seq 0 nu) (fun j => rtotal (seq 0 j) (fun l => root j * root l))) in *. replace twice with ((rtotal (seq 0 nu) root ^ 2 - rtotal (seq 0 nu) E_l) / 2) by lra. field.
Qed.
End ThirdOrder.
