(** S9s and S9p: the stochastic Hessian-free meta-gradient; both probes of a product share one batch of D_H samples. *)
Require Import Space Calculus Smoothness Taylor HessianFree Sampling Expectation Paths NoisyTuning NoisySweep StochasticGradient ThirdOrder.

(** The derivative of an expectation. *)
Lemma derivable_ex {A} (d : dist A) (r : A -> R -> R) (r' : A -> R) t :
  (forall a, support d a -> derivable_pt_lim (r a) t (r' a)) -> derivable_pt_lim (fun s => ex d (fun a => r a s)) t (ex d r').
Proof using.
  induction d as [|[c a] d IH]; intros der.
  - apply derivable_pt_lim_const.
  - change (derivable_pt_lim ((mult_real_fct c (r a)) + (fun s => ex d (fun a => r a s)))%F t (c * r' a + ex d r')).
    apply derivable_pt_lim_plus.
    + apply derivable_pt_lim_scal, der. exists c. now left.
    + apply IH. intros b (p & Hb). apply der. exists p. now right.
Qed.

Section NoisyProbe.
Context {X : space} {Z : Type}.
Implicit Types u v d : X.
Variables (g : X -> X) (H : X -> X -> X) (sample : X -> Z -> X) (hessian : X -> Z -> X -> X) (hess : dist Z) (W : X -> Prop) (s2 : R).
Hypothesis hess_proper : proper hess.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis s2_nonneg : 0 <= s2.
(** The Hessian of a batch is the derivative of its gradient; s2 bounds the noise of its action. *)
Hypothesis sample_derivative : forall u z, W u -> support hess z -> derivative (fun x => sample x z) u (hessian u z).
Hypothesis hessian_hom : forall u z a d, W u -> hessian u z (a * d)%V = (a * hessian u z d)%V.
Hypothesis hess_noise : forall u d, W u -> ex hess (fun z => norm (hessian u z d - H u d) ^ 2) <= s2 * norm d ^ 2.

(** The gradient noise at two points differs by at most s |y - x| in the L2 norm. *)
Lemma noise_difference x y : W x -> W y ->
  ex hess (fun z => norm ((sample y z - g y) - (sample x z - g x)) ^ 2) <= s2 * norm (y - x) ^ 2.
Proof using hess_proper Wconvex g_derivative H_linear s2_nonneg sample_derivative hessian_hom hess_noise.
  intros Hx Hy. set (d := (y - x)%V). pose proof (norm_nonneg d) as d0.
  set (N := fun z => ((sample y z - g y) - (sample x z - g x))%V). set (M := ex hess (fun z => norm (N z) ^ 2)).
  assert (M0 : 0 <= M) by (apply ex_nonneg; [assumption|intros; apply pow2_ge_0]).
  pose (phi := fun t : R => ex hess (fun z => inner (sample (x + t * d)%V z) (N z) - inner (g (x + t * d)%V) (N z))).
  assert (mv : phi 1 - phi 0 <= sqrt s2 * norm d * sqrt M).
  { apply mean_value_le with (f' := fun t => ex hess (fun z => inner (hessian (x + t * d)%V z d) (N z) - inner (H (x + t * d)%V d) (N z))); intros t Ht;
    assert (Wt : W (x + t * d)%V) by (apply Wconvex; assumption).
    - apply (derivable_ex hess (fun z t => inner (sample (x + t * d)%V z) (N z) - inner (g (x + t * d)%V) (N z))). intros z Hz. apply derivable_pt_lim_minus.
      + apply (along_line (fun u => inner (sample u z) (N z)) x d t (fun e => inner (hessian (x + t * d)%V z e) (N z))).
        * exact (derivative_component (fun u => sample u z) _ _ (N z) (sample_derivative _ z Wt Hz)).
        * intros. now rewrite hessian_hom, inner_scal.
      + apply (along_line (fun u => inner (g u) (N z)) x d t (fun e => inner (H (x + t * d)%V e) (N z))).
        * exact (derivative_component g _ _ (N z) (g_derivative _ Wt)).
        * intros. now rewrite (H_hom H W H_linear), inner_scal.
    - apply Rle_trans with (ex hess (fun z => norm (hessian (x + t * d)%V z d - H (x + t * d)%V d) * norm (N z))).
      + apply ex_le; [assumption|]. intros z _. pose proof (cauchy (hessian (x + t * d)%V z d - H (x + t * d)%V d) (N z)) as c. rewrite inner_add, inner_scal in c. lra.
      + apply ex_product; [assumption|apply Rmult_le_pos; [apply sqrt_pos|assumption]|apply sqrt_pos| |].
        * rewrite Rpow_mult_distr, <- (Rsqr_pow2 (sqrt s2)), Rsqr_sqrt by assumption. now apply hess_noise.
        * rewrite <- (Rsqr_pow2 (sqrt M)), Rsqr_sqrt by assumption. apply Rle_refl. }
  assert (e : phi 1 - phi 0 = M).
  { unfold phi, M. assert (e1 : (x + 1 * d)%V = y) by (unfold d; veq). assert (e0 : (x + 0 * d)%V = x) by veq. rewrite e1, e0.
    transitivity (ex hess (fun z => inner (sample y z) (N z) - inner (g y) (N z) + -1 * (inner (sample x z) (N z) - inner (g x) (N z)))).
    - rewrite ex_add, ex_scal. ring.
    - apply ex_ext. intros z _. rewrite norm_sq. unfold N at 5. expand. ring. }
  rewrite e in mv. change (M <= s2 * norm d ^ 2).
  pose proof (sqrt_pos M) as r0. pose proof (sqrt_sqrt M M0) as rr. pose proof (sqrt_pos s2) as s0. pose proof (sqrt_sqrt s2 s2_nonneg) as ss.
  destruct (Req_dec (sqrt M) 0) as [z|nz].
  - rewrite z in rr. assert (M = 0) as -> by lra. apply Rmult_le_pos; [assumption|apply pow2_ge_0].
  - assert (le : sqrt M <= sqrt s2 * norm d) by (apply Rmult_le_reg_r with (sqrt M); lra).
    assert (sq : sqrt M * sqrt M <= (sqrt s2 * norm d) * (sqrt s2 * norm d)) by (apply Rmult_le_compat; assumption).
    replace (s2 * norm d ^ 2) with ((sqrt s2 * norm d) * (sqrt s2 * norm d)) by (rewrite <- ss at 3; ring). lra.
Qed.
End NoisyProbe.

Section NoisyHessianFree.
Context {X : space} {Xi Xo Z : Type}.
Implicit Types u v w : X.
Variables (g : X -> X) (H : X -> X -> X) (alpha delta : R) (batch : X -> Xi -> X) (noise : dist Xi) (last : X -> Xo -> X) (outer : dist Xo).
Variables (sample : X -> Z -> X) (hessian : X -> Z -> X -> X) (hess : dist Z) (w : X).
Variables (W : X -> Prop) (nu : nat) (L rho B q sigma_G sigma_H D D' D_H : R).

(** The law of the swept vector given the trajectory p, and of the meta-gradient. *)
Definition noisy_probe (p : nat -> X) j z v : X := let u := p (nu - S j)%nat in
  (v - alpha / (2 * delta) * (sample (u + delta * v)%V z - sample (u - delta * v)%V z))%V.
Definition hf_swept p j : dist X := law (outer_law last outer nu p) hess (noisy_probe p) j.
Let paths := StochasticGradient.paths alpha batch noise w nu.
Definition hf_oracle : dist X := bind paths (fun p => hf_swept p nu).

Hypothesis noise_proper : proper noise.
Hypothesis outer_proper : proper outer.
Hypothesis hess_proper : proper hess.
Hypothesis alpha_nonneg : 0 <= alpha.
Hypothesis delta_pos : 0 < delta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis q_nonneg : 0 <= q.
Hypothesis D_pos : 0 < D.
Hypothesis D'_pos : 0 < D'.
Hypothesis D_H_pos : 0 < D_H.
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis factor_bound : forall w d, W w -> norm (factor H alpha w d) <= q * norm d.
Hypothesis g_bound : forall w, W w -> norm (g w) <= B.
Hypothesis g_lipschitz : forall w u, W w -> W u -> norm (g w - g u) <= L * norm (w - u).
Hypothesis H_bound : forall w d, W w -> norm (H w d) <= L * norm d.
Hypothesis H_lipschitz : forall w u d, W w -> W u -> norm (H w d - H u d) <= rho * norm (w - u) * norm d.
Hypothesis batch_mean : forall u, W u -> vex noise (batch u) = g u.
Hypothesis batch_noise : forall u, W u -> ex noise (fun xi => norm (batch u xi - g u) ^ 2) <= sigma_G ^ 2 / D.
Hypothesis last_mean : forall u, W u -> vex outer (last u) = g u.
Hypothesis last_noise : forall u, W u -> ex outer (fun o => norm (last u o - g u) ^ 2) <= sigma_G ^ 2 / D'.
(** The probes' batch: unbiased gradients whose derivative is the batch's Hessian. *)
Hypothesis sample_mean : forall u, W u -> vex hess (sample u) = g u.
Hypothesis sample_derivative : forall u z, W u -> support hess z -> derivative (fun x => sample x z) u (hessian u z).
Hypothesis hessian_hom : forall u z a d, W u -> hessian u z (a * d)%V = (a * hessian u z d)%V.
Hypothesis hess_mean : forall u d, W u -> vex hess (fun z => hessian u z d) = H u d.
Hypothesis hess_noise : forall u d, W u -> ex hess (fun z => norm (hessian u z d - H u d) ^ 2) <= sigma_H ^ 2 / D_H * norm d ^ 2.
Hypothesis exact_in : stays g alpha W nu w.
Hypothesis walk_in : forall l p, (l <= nu)%nat -> support (walk alpha batch noise w l) p -> W (p l).
(** W holds every probe point. *)
Hypothesis probes_W : forall p j v, support paths p -> (j < nu)%nat -> support (hf_swept p j) v -> probes delta W (p (nu - S j)%nat) v.

Let E_l := StochasticGradient.E_l alpha q sigma_G D.
Let m_l := StochasticGradient.m_l alpha rho q sigma_G D.
Let eta2 := StochasticGradient.eta2 alpha sigma_H D_H.
Let B_noisy := StochasticGradient.B_noisy alpha nu L B q sigma_G D.
Let bias_sto := StochasticGradient.bias_sto alpha nu L rho q sigma_G D.
Let V := StochasticGradient.V alpha nu q sigma_G sigma_H D' D_H.
Let grad := meta_gradient g H alpha nu w.
Let a := q ^ 2 + eta2.

Lemma on_path p l : support paths p -> (l <= nu)%nat -> W (p l).
Proof using walk_in. intros Hp Hl. now apply (walk_W alpha batch noise w W nu walk_in nu l p). Qed.
Lemma hf_paths_proper : proper paths.
Proof using noise_proper. now apply walk_proper. Qed.
Lemma hf_swept_proper p j : proper (hf_swept p j).
Proof using outer_proper hess_proper. apply law_proper; [now apply outer_law_proper|assumption]. Qed.
Lemma hf_oracle_proper : proper hf_oracle.
Proof using noise_proper outer_proper hess_proper. apply proper_bind; [apply hf_paths_proper|]. intros. apply hf_swept_proper. Qed.
Lemma eta2_pos : 0 <= eta2.
Proof using D_H_pos. now apply StochasticGradient.eta2_nonneg. Qed.

(** One noisy product: its mean is the exact central difference, its noise no larger than a batch Hessian's. *)
Lemma noisy_probe_mean p j v : probes delta W (p (nu - S j)%nat) v -> vex hess (fun z => noisy_probe p j z v) = hf_factor g alpha delta (p (nu - S j)%nat) v.
Proof using hess_proper sample_mean.
  intros [plus minus]. unfold noisy_probe, hf_factor. cbv zeta. set (u := p (nu - S j)%nat) in *. rewrite <- (sample_mean _ plus), <- (sample_mean _ minus).
  rewrite (vex_ext hess _ (fun z => v + (- (alpha / (2 * delta))) * (sample (u + delta * v)%V z + (-1) * sample (u - delta * v)%V z))%V) by (intros; veq).
  rewrite vex_add, vex_const, vex_scal, vex_add, vex_scal by assumption.
  change (fun a0 : Z => sample (u + delta * v)%V a0) with (sample (u + delta * v)%V). change (fun a0 : Z => sample (u - delta * v)%V a0) with (sample (u - delta * v)%V). veq.
Qed.
Lemma noisy_probe_noise p j v : probes delta W (p (nu - S j)%nat) v ->
  ex hess (fun z => norm (noisy_probe p j z v - hf_factor g alpha delta (p (nu - S j)%nat) v) ^ 2) <= eta2 * norm v ^ 2.
Proof using hess_proper Wconvex g_derivative H_linear delta_pos D_H_pos sample_derivative hessian_hom hess_noise.
  intros [plus minus]. unfold noisy_probe, hf_factor. cbv zeta. set (u := p (nu - S j)%nat) in *.
  assert (s0 : 0 <= sigma_H ^ 2 / D_H) by (apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]).
  pose proof (noise_difference g H sample hessian hess W (sigma_H ^ 2 / D_H) hess_proper Wconvex g_derivative H_linear s0 sample_derivative hessian_hom hess_noise _ _ minus plus) as nd.
  replace (u + delta * v - (u - delta * v))%V with (2 * delta * v)%V in nd by veq. rewrite norm_scal, Rabs_right in nd by lra.
  rewrite (ex_ext hess _ (fun z => (alpha / (2 * delta)) ^ 2 * norm (sample (u + delta * v)%V z - g (u + delta * v)%V - (sample (u - delta * v)%V z - g (u - delta * v)%V)) ^ 2)).
  2:{ intros z _. set (s1 := sample (u + delta * v)%V z). set (s2 := sample (u - delta * v)%V z). set (g1 := g (u + delta * v)%V). set (g2 := g (u - delta * v)%V).
      replace (v - alpha / (2 * delta) * (s1 - s2) - (v - alpha / (2 * delta) * (g1 - g2)))%V with ((- (alpha / (2 * delta))) * (s1 - g1 - (s2 - g2)))%V by veq.
      rewrite norm_scal, Rpow_mult_distr, pow2_abs. ring. }
  rewrite ex_scal. apply Rmult_le_compat_l with (r := (alpha / (2 * delta)) ^ 2) in nd; [|apply pow2_ge_0].
  eapply Rle_trans; [exact nd|]. right. unfold eta2, StochasticGradient.eta2. field. lra.
Qed.

(** The sums that the products leave, on the second moment [K + sigma_G^2/D'] of the start. *)
Definition delta_term K := 1 / 2 * alpha * rho * delta * (K + sigma_G ^ 2 / D') * rtotal (seq 0 nu) (fun l => q ^ l * (q ^ 2 + eta2) ^ (nu - 1 - l)).
Fixpoint products j := match j with O => 0 | S j => q * products j + a ^ j end.
Lemma products_nonneg j : 0 <= products j.
Proof using q_nonneg D_H_pos.
  induction j as [|j IH]; simpl; [lra|]. pose proof eta2_pos. assert (0 <= a) by (unfold a; pose proof (pow2_ge_0 q); lra). pose proof (pow_le a j H1).
  assert (0 <= q * products j) by now apply Rmult_le_pos. lra.
Qed.
Lemma products_sum : products nu = rtotal (seq 0 nu) (fun l => q ^ l * a ^ (nu - 1 - l)).
Proof using.
  rewrite <- (sum_reversed nu (fun l => q ^ l * a ^ (nu - 1 - l))).
  assert (all : forall n, products n = rtotal (seq 0 n) (fun i => q ^ (n - S i) * a ^ i)).
  { induction n as [|n IH]; [reflexivity|]. simpl products. rewrite IH, seq_S, rtotal_app. cbn [rtotal fold_right]. change (0 + n)%nat with n.
    replace (S n - S n)%nat with 0%nat by lia. simpl pow at 3.
    rewrite (rtotal_ext (seq 0 n) (fun i => q ^ (S n - S i) * a ^ i) (fun i => q * (q ^ (n - S i) * a ^ i))), rtotal_scal; [ring|].
    intros i Hi. apply in_seq in Hi. replace (S n - S i)%nat with (S (n - S i)) by lia. simpl. ring. }
  rewrite all. apply rtotal_ext. intros i Hi. apply in_seq in Hi. do 2 f_equal. lia.
Qed.

(** Given the trajectory: second moment, variance, and distance of the mean from the product of factors. *)
Section Given.
Variable p : nat -> X.
Hypothesis Hp : support paths p.
Let start := outer_law last outer nu p.
Let avg j v := hf_factor g alpha delta (p (nu - S j)%nat) v.

Lemma given_end : W (p nu).
Proof using Hp walk_in. now apply on_path. Qed.
Lemma given_mean : center start hess (noisy_probe p) 0 = g (p nu).
Proof using Hp walk_in last_mean. apply (outer_law_mean g last outer W nu); auto using given_end. Qed.
Lemma given_moment j : (j <= nu)%nat -> ex (hf_swept p j) (fun v => norm v ^ 2) <= a ^ j * (sigma_G ^ 2 / D' + norm (g (p nu)) ^ 2).
Proof using Hp walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W.
  intros Hj. rewrite <- given_mean. apply (law_moment start hess (noisy_probe p) avg q eta2 (sigma_G ^ 2 / D') nu); auto.
  - now apply outer_law_proper.
  - intros. now apply noisy_probe_mean, probes_W.
  - apply eta2_pos.
  - intros. now apply noisy_probe_noise, probes_W.
  - intros. apply (hf_factor_bound g H alpha delta W q); auto.
  - apply (outer_law_variance g last outer W nu); auto using given_end.
Qed.
Lemma given_variance : variance (hf_swept p nu) (fun v => v) <= a ^ nu * (sigma_G ^ 2 / D') + norm (g (p nu)) ^ 2 * (a ^ nu - q ^ (2 * nu)).
Proof using Hp walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W.
  rewrite <- given_mean. apply (law_variance start hess (noisy_probe p) avg q eta2 (sigma_G ^ 2 / D') nu); auto.
  - now apply outer_law_proper.
  - intros. now apply noisy_probe_mean, probes_W.
  - apply eta2_pos.
  - intros. now apply noisy_probe_noise, probes_W.
  - intros. apply (hf_factor_bound g H alpha delta W q); auto.
  - intros. apply (hf_factor_lipschitz g H alpha delta W q); auto.
  - apply (outer_law_variance g last outer W nu); auto using given_end.
Qed.
Lemma given_gap j : (j <= nu)%nat ->
  norm (center start hess (noisy_probe p) j - tail H alpha nu p j (g (p nu))) <= alpha * rho * delta / 2 * (sigma_G ^ 2 / D' + norm (g (p nu)) ^ 2) * products j.
Proof using Hp walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg.
  induction j as [|j IH]; intros Hj.
  - rewrite given_mean. simpl. replace (g (p nu) - g (p nu))%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH ltac:(lia)). pose proof (given_moment j ltac:(lia)) as mo. set (u := p (nu - S j)%nat) in *.
    assert (Wu : W u) by (apply on_path; [assumption|lia]). cbn [tail]. fold u.
    rewrite (center_next start hess (noisy_probe p) avg nu) by (try (intros; now apply noisy_probe_mean, probes_W); lia).
    change (law start hess (noisy_probe p) j) with (hf_swept p j).
    rewrite (vex_ext (hf_swept p j) (avg j) (fun v => (hf_factor g alpha delta u v - factor H alpha u v) + factor H alpha u v)%V) by (intros; unfold avg; fold u; veq).
    rewrite vex_add. pose proof (vex_linear (hf_swept p j) (factor H alpha u) (fun v => v) (factor_linear H alpha W H_linear u Wu)) as vl.
    change (vex (hf_swept p j) (factor H alpha u) = factor H alpha u (center start hess (noisy_probe p) j)) in vl. rewrite vl.
    set (c := center start hess (noisy_probe p) j) in *. set (x := tail H alpha nu p j (g (p nu))) in *. set (G2 := sigma_G ^ 2 / D' + norm (g (p nu)) ^ 2) in *.
    replace (vex (hf_swept p j) (fun v => hf_factor g alpha delta u v - factor H alpha u v) + factor H alpha u c - factor H alpha u x)%V
      with (vex (hf_swept p j) (fun v => hf_factor g alpha delta u v - factor H alpha u v) + factor H alpha u (c - x))%V
      by (rewrite <- (factor_sub H alpha W H_linear) by assumption; veq).
    eapply Rle_trans; [apply triangle|].
    assert (k0 : 0 <= alpha * rho * delta / 2) by (assert (0 <= alpha * rho * delta) by (repeat apply Rmult_le_pos; lra); lra).
    assert (c1 : norm (vex (hf_swept p j) (fun v => hf_factor g alpha delta u v - factor H alpha u v)%V) <= alpha * rho * delta / 2 * (a ^ j * G2)).
    { apply Rle_trans with (ex (hf_swept p j) (fun v => alpha * rho * delta / 2 * norm v ^ 2)).
      - apply norm_vex_le; [apply hf_swept_proper|]. intros v Hv. apply (hf_factor_error g H alpha delta W rho); auto.
        now apply probes_W.
      - rewrite ex_scal. now apply Rmult_le_compat_l. }
    pose proof (factor_bound u (c - x)%V Wu) as c2. apply Rmult_le_compat_l with (r := q) in IH; [|assumption].
    simpl products. lra.
Qed.
End Given.

Definition hf_gap p := (vex (hf_swept p nu) (fun v => v) - psweep H alpha p nu (g (p nu)))%V.
Lemma hf_gap_bound p : support paths p ->
  norm (hf_gap p) <= 1 / 2 * alpha * rho * delta * (norm (g (p nu)) ^ 2 + sigma_G ^ 2 / D') * products nu.
Proof using walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg.
  intros Hp. pose proof (given_gap p Hp nu (Nat.le_refl _)) as gg. rewrite tail_all in gg. unfold hf_gap.
  eapply Rle_trans; [exact gg|]. right. set (s := sigma_G ^ 2 / D'). field.
Qed.
Lemma delta_term_is K : delta_term K = 1 / 2 * alpha * rho * delta * (K + sigma_G ^ 2 / D') * products nu.
Proof using. unfold delta_term. now rewrite products_sum. Qed.
Lemma var_last_nonneg : 0 <= sigma_G ^ 2 / D'.
Proof using D'_pos. apply Rmult_le_pos; [apply pow2_ge_0|left; now apply Rinv_0_lt_compat]. Qed.
Lemma delta_term_nonneg K : 0 <= K -> 0 <= delta_term K.
Proof using alpha_nonneg rho_nonneg delta_pos D'_pos D_H_pos q_nonneg.
  intros HK. rewrite delta_term_is. pose proof var_last_nonneg. pose proof (products_nonneg nu). repeat apply Rmult_le_pos; lra.
Qed.

(** ** Bias *)
Lemma hf_bias : norm (vex hf_oracle (fun v => v) - grad) <= norm (vex paths (deviation g H alpha w nu)) + delta_term (B_noisy ^ 2).
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  unfold hf_oracle. rewrite vex_bind.
  assert (e : (vex paths (fun p => vex (hf_swept p nu) (fun v => v)) - grad)%V = (vex paths (deviation g H alpha w nu) + vex paths hf_gap)%V).
  { rewrite <- vex_add. rewrite <- (vex_const paths grad hf_paths_proper) at 1.
    transitivity (vex paths (fun p => vex (hf_swept p nu) (fun v => v) + (-1) * grad)%V); [rewrite vex_add, vex_scal; reflexivity|].
    apply vex_ext. intros p _. unfold deviation, hf_gap, grad. veq. }
  rewrite e. eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat_l. rewrite delta_term_is.
  set (k := 1 / 2 * alpha * rho * delta). assert (k0 : 0 <= k) by (unfold k; repeat apply Rmult_le_pos; lra). pose proof (products_nonneg nu) as p0.
  apply Rle_trans with (ex paths (fun p => k * products nu * (norm (g (p nu)) ^ 2 + sigma_G ^ 2 / D'))).
  - apply norm_vex_le; [apply hf_paths_proper|]. intros p Hp. eapply Rle_trans; [now apply hf_gap_bound|]. right. unfold k. ring.
  - rewrite ex_scal, ex_add, ex_const by apply hf_paths_proper.
    pose proof (noisy_end_B_V g H alpha batch noise w W nu L B q sigma_G D) as s. fold paths B_noisy in s.
    replace (k * (B_noisy ^ 2 + sigma_G ^ 2 / D') * products nu) with (k * products nu * (B_noisy ^ 2 + sigma_G ^ 2 / D')) by ring.
    apply Rmult_le_compat_l; [now apply Rmult_le_pos|]. apply Rplus_le_compat_r. apply s; auto.
Qed.
Lemma stochastic_part : (vex (oracle alpha batch noise last outer hessian hess w nu) (fun v => v) - grad)%V = vex paths (deviation g H alpha w nu).
Proof using noise_proper walk_in last_mean hess_proper H_linear hess_mean.
  unfold grad. rewrite (oracle_bias g H alpha batch noise last outer hessian hess w W); auto.
Qed.
(** S9p: bias <= min{b_sto, b'_sto} + delta term with B_V. *)
Theorem S9p : norm (vex hf_oracle (fun v => v) - grad) <=
  Rmin (bias_sto (Rmin 1 (q ^ nu) * B)) (q ^ nu * (L * m_l nu + rho * E_l nu / 2) + alpha * rho * B_noisy * q ^ pred nu * roots alpha nu q sigma_G D)
  + delta_term (B_noisy ^ 2).
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_mean hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos H_bound.
  eapply Rle_trans; [exact hf_bias|]. apply Rplus_le_compat_r. rewrite <- stochastic_part. unfold grad.
  apply (S5_second_contractive g H alpha batch noise last outer hessian hess w W nu L rho B q sigma_G D); auto.
Qed.
Lemma B_noisy_B : 0 <= B_noisy <= B.
Proof using q_nonneg L_nonneg exact_in g_bound. split; [apply (StochasticGradient.B_noisy_nonneg g alpha w W); auto|apply Rmin_l]. Qed.
Lemma delta_term_le K K' : K <= K' -> delta_term K <= delta_term K'.
Proof using alpha_nonneg rho_nonneg delta_pos D_H_pos q_nonneg.
  intros HK. rewrite !delta_term_is. pose proof (products_nonneg nu). apply Rmult_le_compat_r; [assumption|]. apply Rmult_le_compat_l; [repeat apply Rmult_le_pos; lra|lra].
Qed.
(** S9s: bias <= b_HFs = b_sto + delta term. *)
Theorem S9s_bias : norm (vex hf_oracle (fun v => v) - grad) <= bias_sto B + delta_term (B ^ 2).
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_mean hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  eapply Rle_trans; [exact hf_bias|]. pose proof B_noisy_B as [b0 b1]. apply Rplus_le_compat.
  - rewrite <- stochastic_part. unfold grad. apply (S5_core g H alpha batch noise last outer hessian hess w W nu L rho q sigma_G D); auto. lra.
  - apply delta_term_le. apply pow_incr. lra.
Qed.

(** ** Mean squared error *)
Lemma S9s_core C : 0 <= C -> norm (g (tuned g alpha nu w)) <= C ->
  ex hf_oracle (fun v => norm (v - grad) ^ 2) <= V B_noisy + (bias_sto C + delta_term (B * B_noisy)) ^ 2.
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  intros C0 HC. pose proof B_noisy_B as [b0 b1]. assert (B0 : 0 <= B) by lra.
  pose proof (noisy_end_B_V g H alpha batch noise w W nu L B q sigma_G D) as size. fold paths B_noisy in size.
  assert (size' : ex paths (fun p => norm (g (p nu)) ^ 2) <= B_noisy ^ 2) by (apply size; auto). clear size.
  pose proof (powers_apart alpha q sigma_H D_H D_H_pos nu) as gap. fold eta2 a in gap.
  unfold hf_oracle. rewrite ex_bind.
  apply Rle_trans with (ex paths (fun p => a ^ nu * (sigma_G ^ 2 / D') + ((a ^ nu - q ^ (2 * nu)) * norm (g (p nu)) ^ 2 + norm (deviation g H alpha w nu p + hf_gap p) ^ 2))).
  - apply ex_le; [apply hf_paths_proper|]. intros p Hp.
    rewrite (variance_split (hf_swept p nu) (fun v => v) grad (hf_swept_proper p nu)). pose proof (given_variance p Hp) as gv.
    replace (vex (hf_swept p nu) (fun v => v) - grad)%V with (deviation g H alpha w nu p + hf_gap p)%V by (unfold deviation, hf_gap, grad; veq). lra.
  - rewrite !ex_add, ex_const, ex_scal by apply hf_paths_proper.
    assert (var : (a ^ nu - q ^ (2 * nu)) * ex paths (fun p => norm (g (p nu)) ^ 2) <= (a ^ nu - q ^ (2 * nu)) * B_noisy ^ 2) by (apply Rmult_le_compat_l; lra).
    set (k := 1 / 2 * alpha * rho * delta). assert (k0 : 0 <= k) by (unfold k; repeat apply Rmult_le_pos; lra). pose proof (products_nonneg nu) as p0. pose proof var_last_nonneg as v0.
    assert (kp : 0 <= k * products nu) by now apply Rmult_le_pos. assert (bb : 0 <= B * B_noisy) by now apply Rmult_le_pos.
    assert (main : ex paths (fun p => norm (deviation g H alpha w nu p + hf_gap p) ^ 2) <= (bias_sto C + delta_term (B * B_noisy)) ^ 2).
    { apply (minkowski_ex paths (fun p => norm (deviation g H alpha w nu p)) (fun p => k * products nu * (norm (g (p nu)) ^ 2 + sigma_G ^ 2 / D'))).
      - apply hf_paths_proper.
      - apply StochasticGradient.bias_sto_nonneg; auto.
      - now apply delta_term_nonneg.
      - apply (deviation_l2 g H alpha batch noise w) with (W := W); auto.
      - rewrite (ex_ext paths _ (fun p => (k * products nu) ^ 2 * (norm (g (p nu)) ^ 2 + sigma_G ^ 2 / D') ^ 2)) by (intros; ring).
        rewrite ex_scal, delta_term_is. fold k. replace (k * (B * B_noisy + sigma_G ^ 2 / D') * products nu) with (k * products nu * (B * B_noisy + sigma_G ^ 2 / D')) by ring.
        rewrite (Rpow_mult_distr (k * products nu)). apply Rmult_le_compat_l; [apply pow2_ge_0|].
        apply (minkowski_ex paths (fun p => norm (g (p nu)) ^ 2) (fun _ => sigma_G ^ 2 / D')); auto using hf_paths_proper.
        + apply Rle_trans with (ex paths (fun p => B ^ 2 * norm (g (p nu)) ^ 2)).
          * apply ex_le; [apply hf_paths_proper|]. intros p Hp. assert (norm (g (p nu)) <= B) by now apply g_bound, on_path.
            pose proof (norm_nonneg (g (p nu))). replace ((norm (g (p nu)) ^ 2) ^ 2) with (norm (g (p nu)) ^ 2 * norm (g (p nu)) ^ 2) by ring.
            apply Rmult_le_compat_r; [apply pow2_ge_0|]. apply pow_incr. lra.
          * rewrite ex_scal, Rpow_mult_distr. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
        + rewrite ex_const by apply hf_paths_proper. lra.
        + intros p _. pose proof (pow2_ge_0 (norm (g (p nu)))). lra.
      - intros p Hp. split; [apply norm_nonneg|]. eapply Rle_trans; [apply triangle|]. apply Rplus_le_compat_l.
        eapply Rle_trans; [now apply hf_gap_bound|]. right. unfold k. ring. }
    unfold V, StochasticGradient.V. fold eta2 a. unfold Rdiv in *. lra.
Qed.
(** S9s: E norm(g_i - grad F_i)^2 <= V + b_HFs^2. *)
Theorem S9s_moment : ex hf_oracle (fun v => norm (v - grad) ^ 2) <= V B + (bias_sto B + delta_term (B ^ 2)) ^ 2.
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  pose proof B_noisy_B as [b0 b1]. assert (B0 : 0 <= B) by lra.
  eapply Rle_trans; [apply (S9s_core B B0); apply g_bound, exact_in; lia|]. apply Rplus_le_compat.
  - unfold V, StochasticGradient.V. apply Rplus_le_compat_l. apply Rmult_le_compat_r; [|apply pow_incr; lra].
    pose proof (powers_apart alpha q sigma_H D_H D_H_pos nu). lra.
  - apply pow_incr. split.
    + apply Rplus_le_le_0_compat; [apply StochasticGradient.bias_sto_nonneg; auto|apply delta_term_nonneg; now apply Rmult_le_pos].
    + apply Rplus_le_compat_l, delta_term_le. simpl. apply Rmult_le_compat_l; lra.
Qed.
(** S9s in the contractive regime: B_q in b_sto, B_V in V, and B B_V (not B_V^2) in the delta term. *)
Theorem S9s_contractive : ex hf_oracle (fun v => norm (v - grad) ^ 2) <= V B_noisy + (bias_sto (Rmin 1 (q ^ nu) * B) + delta_term (B * B_noisy)) ^ 2.
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  apply S9s_core; [eapply B_q_nonneg; eauto|]. apply (end_gradient g H alpha W B q); auto.
Qed.
(** The variance about the oracle's own mean is at most the mean squared error. *)
Theorem S9s_variance : variance hf_oracle (fun v => v) <= V B + (bias_sto B + delta_term (B ^ 2)) ^ 2.
Proof using noise_proper walk_in outer_proper last_mean last_noise hess_proper Wconvex g_derivative H_linear alpha_nonneg delta_pos D_H_pos D'_pos q_nonneg factor_bound sample_mean sample_derivative hessian_hom hess_noise probes_W H_lipschitz rho_nonneg g_bound g_lipschitz L_nonneg batch_mean batch_noise exact_in D_pos.
  eapply Rle_trans; [apply (variance_least _ _ grad), hf_oracle_proper|exact S9s_moment].
Qed.
End NoisyHessianFree.
