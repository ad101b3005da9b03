(** Fine-tuning with batch gradients: the law of the noisy trajectory, its mean squared error E_l and its bias m_l. *)
Require Import Space Calculus Smoothness Taylor Sampling Expectation.

Section NoisyTuning.
Context {X : space} {Xi : Type}.
Implicit Types u v w z : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha : R) (batch : X -> Xi -> X) (noise : dist Xi) (w : X).

(** [walk t] is the law of the first t + 1 points, a fresh batch at each step. *)
Definition extend t (p : nat -> X) x l := if (l <=? t)%nat then p l else x.
Definition noisy_step u xi : X := (u - alpha * batch u xi)%V.
Fixpoint walk (t : nat) : dist (nat -> X) :=
  match t with O => ret (fun _ => w) | S t => bind (walk t) (fun p => bind noise (fun xi => ret (extend t p (noisy_step (p t) xi)))) end.

Hypothesis noise_proper : proper noise.

Lemma walk_proper t : proper (walk t).
Proof using noise_proper.
  induction t; [apply proper_ret|]. apply proper_bind; [assumption|]. intros. apply proper_bind; [assumption|]. intros. apply proper_ret.
Qed.
Lemma extend_old t p x l : (l <= t)%nat -> extend t p x l = p l.
Proof using. intros Hl. unfold extend. apply Nat.leb_le in Hl. now rewrite Hl. Qed.
Lemma extend_new t p x : extend t p x (S t) = x.
Proof using. unfold extend. assert ((S t <=? t)%nat = false) as -> by (apply Nat.leb_gt; lia). reflexivity. Qed.
(** Later steps do not move earlier points. *)
Lemma walk_old t l f : (l <= t)%nat -> ex (walk (S t)) (fun p => f (p l)) = ex (walk t) (fun p => f (p l)).
Proof using noise_proper.
  intros Hl. cbn [walk]. rewrite ex_bind. apply ex_ext. intros p _. rewrite ex_bind, (ex_ext noise _ (fun _ => f (p l))).
  - now apply ex_const.
  - intros xi _. now rewrite ex_ret, extend_old.
Qed.
Lemma walk_new t f : ex (walk (S t)) (fun p => f (p (S t))) = ex (walk t) (fun p => ex noise (fun xi => f (noisy_step (p t) xi))).
Proof using.
  cbn [walk]. rewrite ex_bind. apply ex_ext. intros p _. rewrite ex_bind. apply ex_ext. intros xi _. now rewrite ex_ret, extend_new.
Qed.
Lemma walk_point t l p : (l <= t)%nat -> support (walk t) p -> exists p', support (walk l) p' /\ p' l = p l.
Proof using.
  revert p. induction t as [|t IH]; intros p Hl Hp.
  - assert (l = 0)%nat as -> by lia. now exists p.
  - destruct (Nat.eq_dec l (S t)) as [->|ne]; [now exists p|].
    cbn [walk] in Hp. apply support_bind in Hp. destruct Hp as (r & Hr & Hp). apply support_bind in Hp. destruct Hp as (xi & _ & Hp).
    apply support_ret in Hp. subst. rewrite extend_old by lia. apply IH; [lia|assumption].
Qed.
Lemma walk_start t p : support (walk t) p -> p 0%nat = w.
Proof using.
  intros Hp. destruct (walk_point t 0 p (Nat.le_0_l _) Hp) as (r & Hr & <-). simpl in Hr. apply support_ret in Hr. now subst.
Qed.

Variables (W : X -> Prop) (nu : nat) (L rho q sigma_G D : R).
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis q_nonneg : 0 <= q.
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
(** A4 for a batch of D samples. *)
Hypothesis D_pos : 0 < D.
Hypothesis batch_mean : forall u, W u -> vex noise (batch u) = g u.
Hypothesis batch_noise : forall u, W u -> ex noise (fun xi => norm (batch u xi - g u) ^ 2) <= sigma_G ^ 2 / D.
(** W holds the exact and the noisy trajectories. *)
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk l) p -> W (p l).

Lemma walk_W t l p : (t <= nu)%nat -> (l <= t)%nat -> support (walk t) p -> W (p l).
Proof using walk_in. intros Ht Hl Hp. destruct (walk_point t l p Hl Hp) as (r & Hr & <-). apply walk_in; [lia|assumption]. Qed.

Definition E l := alpha ^ 2 * sigma_G ^ 2 / D * geo l (q ^ 2).
Definition err l (p : nat -> X) : X := (p l - tuned g alpha l w)%V.

Lemma E_nonneg l : 0 <= E l.
Proof using D_pos.
  unfold E. apply Rmult_le_pos; [|apply geo_nonneg, pow2_ge_0]. apply Rmult_le_pos; [|left; now apply Rinv_0_lt_compat].
  apply Rmult_le_pos; apply pow2_ge_0.
Qed.

Lemma sqrt_E l : 0 <= sigma_G -> sqrt (E l) = alpha * sigma_G / sqrt D * sqrt (geo l (q ^ 2)).
Proof using alpha_nonneg D_pos.
  intros Hs. unfold E. rewrite sqrt_mult_alt.
  - f_equal. rewrite sqrt_div_alt by assumption. f_equal. rewrite <- Rpow_mult_distr. apply sqrt_pow2. nra.
  - apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|left; now apply Rinv_0_lt_compat].
Qed.

Lemma noisy_step_mean u : W u -> vex noise (noisy_step u) = step g alpha u.
Proof using noise_proper batch_mean.
  intros Hu. unfold noisy_step, step. rewrite <- (batch_mean u Hu).
  rewrite (vex_ext noise _ (fun xi => u + (- alpha) * batch u xi)%V) by (intros; veq).
  rewrite vex_add, vex_const, vex_scal by assumption. veq.
Qed.
Lemma noisy_step_moment u z : W u ->
  ex noise (fun xi => norm (noisy_step u xi - z) ^ 2) <= norm (step g alpha u - z) ^ 2 + alpha ^ 2 * sigma_G ^ 2 / D.
Proof using noise_proper batch_mean batch_noise.
  intros Hu. rewrite (variance_split noise (noisy_step u) z noise_proper), noisy_step_mean by assumption. apply Rplus_le_compat_l.
  unfold variance. rewrite noisy_step_mean by assumption.
  rewrite (ex_ext noise _ (fun xi => alpha ^ 2 * norm (batch u xi - g u) ^ 2)).
  - rewrite ex_scal. unfold Rdiv. rewrite Rmult_assoc. apply Rmult_le_compat_l; [apply pow2_ge_0|now apply batch_noise].
  - intros xi _. unfold noisy_step, step. rewrite !norm_sq. expand. order. ring.
Qed.

(** E norm(e_l)^2 <= E_l: orthogonal increments. *)
Lemma error_moment t l : (t <= nu)%nat -> (l <= t)%nat -> ex (walk t) (fun p => norm (err l p) ^ 2) <= E l.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in.
  revert l. induction t as [|t IH]; intros l Ht Hl.
  - assert (l = 0)%nat as -> by lia. cbn [walk]. rewrite ex_ret. unfold err. simpl. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero.
    pose proof (E_nonneg 0). simpl in *. lra.
  - destruct (Nat.eq_dec l (S t)) as [->|ne].
    2:{ unfold err. rewrite (walk_old t l (fun x => norm (x - tuned g alpha l w) ^ 2)) by lia. apply IH; lia. }
    unfold err. rewrite (walk_new t (fun x => norm (x - tuned g alpha (S t) w) ^ 2)). change (tuned g alpha (S t) w) with (step g alpha (tuned g alpha t w)).
    set (c := tuned g alpha t w). assert (Hc : W c) by (apply exact_in; lia).
    apply Rle_trans with (ex (walk t) (fun p => q ^ 2 * norm (err t p) ^ 2 + alpha ^ 2 * sigma_G ^ 2 / D)).
    + apply ex_le; [apply walk_proper|]. intros p Hp. assert (Wp : W (p t)) by (apply (walk_W t t p); [lia|lia|assumption]).
      eapply Rle_trans; [exact (noisy_step_moment (p t) (step g alpha c) Wp)|]. apply Rplus_le_compat_r.
      rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|].
      exact (step_lipschitz g H alpha W alpha_nonneg Wconvex g_derivative H_linear q q_nonneg factor_bound (p t) c Wp Hc).
    + rewrite ex_add, ex_scal, ex_const by apply walk_proper. specialize (IH t ltac:(lia) (Nat.le_refl _)).
      unfold E at 1. rewrite geo_left. apply Rmult_le_compat_l with (r := q ^ 2) in IH; [|apply pow2_ge_0]. unfold E in IH. lra.
Qed.

(** m_l, as a recursion and as the sum of S5'. *)
Fixpoint m l := match l with O => 0 | S l => q * m l + alpha * rho / 2 * E l end.
Lemma m_sum l : m l = alpha * rho / 2 * rtotal (seq 1 (pred l)) (fun j => q ^ (l - 1 - j) * E j).
Proof using.
  assert (E0 : E 0 = 0) by (unfold E; simpl; ring).
  induction l as [|l IH]; [simpl; ring|]. destruct l as [|l]; [simpl; rewrite E0; ring|].
  change (m (S (S l))) with (q * m (S l) + alpha * rho / 2 * E (S l)). rewrite IH. simpl pred.
  rewrite seq_S, rtotal_app. cbn [rtotal fold_right]. replace (S (S l) - 1 - (1 + l))%nat with 0%nat by lia. simpl pow at 3. change (1 + l)%nat with (S l).
  rewrite (rtotal_ext (seq 1 l) (fun j => q ^ (S (S l) - 1 - j) * E j) (fun j => q * (q ^ (S l - 1 - j) * E j))).
  - rewrite rtotal_scal. ring.
  - intros j Hj. apply in_seq in Hj. replace (S (S l) - 1 - j)%nat with (S (S l - 1 - j)) by lia. simpl. ring.
Qed.

Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
Hypothesis rho_nonneg : 0 <= rho.

Lemma m_nonneg l : 0 <= m l.
Proof using alpha_nonneg q_nonneg D_pos rho_nonneg.
  induction l as [|l IH]; simpl; [lra|]. pose proof (E_nonneg l). assert (0 <= alpha * rho) by nra. nra.
Qed.

(** A norm of an expectation is at most the expectation of the norm. *)
Lemma norm_vex_le {A} {Y : space} (d : dist A) (y : A -> Y) (r : A -> R) : proper d -> (forall a, support d a -> norm (y a) <= r a) -> norm (vex d y) <= ex d r.
Proof using.
  intros Hd Hr. apply norm_le_of_inner.
  - apply ex_nonneg; [assumption|]. intros a Ha. pose proof (Hr a Ha). pose proof (norm_nonneg (y a)). lra.
  - intros z. rewrite inner_vex. rewrite Rmult_comm, <- ex_scal. apply ex_le; [assumption|]. intros a Ha.
    pose proof (cauchy (y a) z). pose proof (Hr a Ha). pose proof (norm_nonneg z). nra.
Qed.
(** A linear map passes through an expectation. *)
Lemma vex_linear {A} {Y Z : space} (d : dist A) (T : Y -> Z) (y : A -> Y) : linear T -> vex d (fun a => T (y a)) = T (vex d y).
Proof using.
  intros [add hom]. unfold vex. induction d as [|[c a] d IH]; simpl.
  - replace (@zero Y) with (0 * @zero Y)%V by veq. rewrite hom. veq.
  - rewrite add, hom. now rewrite IH.
Qed.

(** norm(E e_l) <= m_l: the noise has mean zero, and a gradient's remainder is quadratic. *)
Lemma error_mean t l : (t <= nu)%nat -> (l <= t)%nat -> norm (vex (walk t) (err l)) <= m l.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in H_lipschitz rho_nonneg.
  revert l. induction t as [|t IH]; intros l Ht Hl.
  - assert (l = 0)%nat as -> by lia. cbn [walk]. rewrite vex_ret. unfold err. simpl. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - destruct (Nat.eq_dec l (S t)) as [->|ne].
    2:{ replace (vex (walk (S t)) (err l)) with (vex (walk t) (err l)); [apply IH; lia|].
        apply inner_ext. intros z. rewrite !inner_vex. symmetry. apply (walk_old t l (fun x => inner (x - tuned g alpha l w) z)). lia. }
    set (c := tuned g alpha t w). assert (Hc : W c) by (apply exact_in; lia).
    assert (W_p : forall p, support (walk t) p -> W (p t)) by (intros p Hp; apply (walk_W t t p); [lia|lia|assumption]).
    assert (e : vex (walk (S t)) (err (S t)) = vex (walk t) (fun p => factor H alpha c (err t p) + (- alpha) * (g (p t) - g c - H c (p t - c)))%V).
    { apply inner_ext. intros z. rewrite !inner_vex. etransitivity; [exact (walk_new t (fun x => inner (x - tuned g alpha (S t) w) z))|].
      apply ex_ext. intros p Hp. rewrite <- (inner_vex noise (fun xi => noisy_step (p t) xi - tuned g alpha (S t) w)%V).
      rewrite vex_add, noisy_step_mean, vex_const by auto. f_equal. change (tuned g alpha (S t) w) with (step g alpha c).
      unfold step, factor, err. fold c. veq. }
    rewrite e, vex_add, vex_scal.
    assert (lin : linear (factor H alpha c)).
    { split; intros; unfold factor; [rewrite (proj1 (H_linear c Hc)); veq|rewrite (proj2 (H_linear c Hc)); veq]. }
    rewrite (vex_linear _ _ _ lin). specialize (IH t ltac:(lia) (Nat.le_refl _)).
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra.
    pose proof (factor_bound c (vex (walk t) (err t)) Hc) as f.
    assert (rem : norm (vex (walk t) (fun p => g (p t) - g c - H c (p t - c))%V) <= rho / 2 * E t).
    { apply Rle_trans with (ex (walk t) (fun p => rho / 2 * norm (err t p) ^ 2)).
      - apply norm_vex_le; [apply walk_proper|]. intros p Hp. apply (taylor W Wconvex); auto; intros; now apply (H_hom H W H_linear).
      - rewrite ex_scal. apply Rmult_le_compat_l; [lra|]. apply error_moment; lia. }
    simpl m. assert (alpha * norm (vex (walk t) (fun p => g (p t) - g c - H c (p t - c))%V) <= alpha * (rho / 2 * E t)) by (apply Rmult_le_compat_l; assumption).
    assert (q * norm (vex (walk t) (err t)) <= q * m t) by (apply Rmult_le_compat_l; assumption). lra.
Qed.

(** The gradient at the noisy end point: L2 error, bias, L2 size. *)
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis L_nonneg : 0 <= L.
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.

Definition end_error (p : nat -> X) : X := (g (p nu) - g (tuned g alpha nu w))%V.
Lemma end_moment : ex (walk nu) (fun p => norm (end_error p) ^ 2) <= L ^ 2 * E nu.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in g_lipschitz.
  apply Rle_trans with (ex (walk nu) (fun p => L ^ 2 * norm (err nu p) ^ 2)).
  - apply ex_le; [apply walk_proper|]. intros p Hp. rewrite <- Rpow_mult_distr. apply pow_incr. split; [apply norm_nonneg|].
    apply g_lipschitz; [apply (walk_W nu nu p); auto|apply exact_in; auto].
  - rewrite ex_scal. apply Rmult_le_compat_l; [apply pow2_ge_0|]. apply error_moment; lia.
Qed.
Lemma end_bias : norm (vex (walk nu) end_error) <= Rmin (L * sqrt (E nu)) (L * m nu + rho * E nu / 2).
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in H_lipschitz rho_nonneg g_lipschitz L_nonneg H_bound.
  pose proof (E_nonneg nu) as E0. apply Rmin_glb.
  - apply jensen; [apply walk_proper|apply Rmult_le_pos; [assumption|apply sqrt_pos]|]. rewrite Rpow_mult_distr, <- (Rsqr_pow2 (sqrt _)), Rsqr_sqrt by assumption. exact end_moment.
  - set (c := tuned g alpha nu w). assert (Hc : W c) by (apply exact_in; auto).
    rewrite (vex_ext (walk nu) end_error (fun p => H c (err nu p) + (g (p nu) - g c - H c (p nu - c)))%V) by (intros; unfold end_error, err; fold c; veq).
    rewrite vex_add, (vex_linear _ _ _ (H_linear c Hc)). eapply Rle_trans; [apply triangle|].
    apply Rplus_le_compat.
    + eapply Rle_trans; [now apply H_bound|]. apply Rmult_le_compat_l; [assumption|]. apply error_mean; lia.
    + apply Rle_trans with (ex (walk nu) (fun p => rho / 2 * norm (err nu p) ^ 2)).
      * apply norm_vex_le; [apply walk_proper|]. intros p Hp. assert (W (p nu)) by (apply (walk_W nu nu p); auto).
        apply (taylor W Wconvex); auto; intros; now apply (H_hom H W H_linear).
      * rewrite ex_scal. pose proof (error_moment nu nu (Nat.le_refl _) (Nat.le_refl _)). unfold Rdiv. nra.
Qed.
(** The L2 size of the noisy end gradient: at most B_V = min(B, q^nu B + L sqrt(E_nu)). *)
Variable B : R.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Definition B_V := Rmin B (q ^ nu * B + L * sqrt (E nu)).
Lemma B_nonneg : 0 <= B.
Proof using exact_in g_bound. pose proof (g_bound _ (exact_in 0%nat (Nat.le_0_l _))). pose proof (norm_nonneg (g (tuned g alpha 0 w))). lra. Qed.
Lemma B_V_nonneg : 0 <= B_V.
Proof using q_nonneg L_nonneg exact_in g_bound.
  pose proof B_nonneg. pose proof (pow_le q nu q_nonneg). pose proof (sqrt_pos (E nu)).
  apply Rmin_glb; [assumption|]. assert (0 <= q ^ nu * B) by now apply Rmult_le_pos. assert (0 <= L * sqrt (E nu)) by now apply Rmult_le_pos. lra.
Qed.
Lemma end_size : ex (walk nu) (fun p => norm (g (p nu)) ^ 2) <= B_V ^ 2.
Proof using noise_proper alpha_nonneg Wconvex g_derivative H_linear q_nonneg factor_bound D_pos batch_mean batch_noise exact_in walk_in g_lipschitz L_nonneg g_bound.
  pose proof B_nonneg as B0. pose proof (E_nonneg nu) as E0. pose proof (pow_le q nu q_nonneg) as q0. pose proof (sqrt_pos (E nu)) as s0.
  unfold B_V, Rmin. destruct (Rle_dec B (q ^ nu * B + L * sqrt (E nu))) as [le|gt].
  - rewrite <- (ex_const (walk nu) (B ^ 2) (walk_proper nu)). apply ex_le; [apply walk_proper|]. intros p Hp.
    apply pow_incr. split; [apply norm_nonneg|]. apply g_bound, (walk_W nu nu p); auto.
  - apply (minkowski_ex (walk nu) (fun _ => q ^ nu * B) (fun p => norm (end_error p))).
    + apply walk_proper.
    + now apply Rmult_le_pos.
    + now apply Rmult_le_pos.
    + rewrite ex_const by apply walk_proper. lra.
    + rewrite Rpow_mult_distr, <- (Rsqr_pow2 (sqrt _)), Rsqr_sqrt by assumption. exact end_moment.
    + intros p Hp. split; [apply norm_nonneg|]. set (c := tuned g alpha nu w).
      replace (g (p nu)) with (g c + end_error p)%V by (unfold end_error; fold c; veq). eapply Rle_trans; [apply triangle|].
      pose proof (S3 g H alpha W Wconvex g_derivative H_linear q q_nonneg factor_bound nu w exact_in) as s3. fold c in s3.
      pose proof (g_bound w (stays_here _ _ _ _ _ exact_in)) as b. assert (q ^ nu * norm (g w) <= q ^ nu * B) by now apply Rmult_le_compat_l. lra.
Qed.
End NoisyTuning.
