(** One agent's noisy local run: its law, its drift from a reference path, its variance. *)
Require Import Space Calculus Smoothness Sampling Expectation.

Lemma sqrt_pow a : 0 <= a -> sqrt a ^ 2 = a.
Proof using. intros. rewrite <- Rsqr_pow2. now apply Rsqr_sqrt. Qed.

Section LocalRun.
Context {X : space} {Xi : Type}.
Implicit Types u v w z : X.

Variables (g : X -> X) (noisy : X -> Xi -> X) (noise : dist Xi) (beta : R) (w : X).

(** The law of the iterate after [t] steps with the noisy gradient, a fresh outcome at each. *)
Fixpoint run (t : nat) : dist X :=
  match t with O => ret w | S t => bind (run t) (fun v => bind noise (fun xi => ret (v - beta * noisy v xi)%V)) end.

(** The mean of the noisy gradient at [v]. *)
Definition expected v : X := vex noise (noisy v).

Variables (W : X -> Prop) (L b sigma p : R) (tau : nat).
Hypothesis noise_proper : proper noise.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis p_nonneg : 0 <= p.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis lipschitz : forall u v, W u -> W v -> norm (g u - g v) <= L * norm (u - v).
Hypothesis step_lipschitz : forall u v, W u -> W v -> norm ((u - beta * g u) - (v - beta * g v)) <= p * norm (u - v).
Hypothesis bias : forall v, W v -> norm (expected v - g v) <= b.
Hypothesis variance_bound : forall v, W v -> variance noise (noisy v) <= sigma ^ 2.
Hypothesis run_in : forall t v, (t < tau)%nat -> support (run t) v -> W v.

Lemma run_proper t : proper (run t).
Proof using noise_proper.
  induction t; [apply proper_ret|]. apply proper_bind; [assumption|]. intros. apply proper_bind; [assumption|].
  intros. apply proper_ret.
Qed.

(** The run together with the sum of its expected gradients. *)
Fixpoint chain (t : nat) : dist (X * X) :=
  match t with
  | O => ret (w, zero)
  | S t => bind (chain t) (fun s => bind noise (fun xi => ret ((fst s - beta * noisy (fst s) xi)%V, (snd s + expected (fst s))%V)))
  end.

Lemma chain_proper t : proper (chain t).
Proof using noise_proper.
  induction t; [apply proper_ret|]. apply proper_bind; [assumption|]. intros. apply proper_bind; [assumption|].
  intros. apply proper_ret.
Qed.
Lemma chain_run t f : ex (chain t) (fun s => f (fst s)) = ex (run t) f.
Proof using.
  revert f. induction t as [|t IH]; intros f; [cbn [chain run]; now rewrite !ex_ret|]. cbn [chain run]. rewrite !ex_bind, <- IH.
  apply ex_ext. intros s _. rewrite !ex_bind. apply ex_ext. intros. now rewrite !ex_ret.
Qed.
Lemma chain_support t s : support (chain t) s -> support (run t) (fst s).
Proof using.
  revert s. induction t as [|t IH]; intros s Hs; simpl in Hs.
  - apply support_ret in Hs. subst. simpl. exists 1. now left.
  - apply support_bind in Hs. destruct Hs as (r & Hr & Hs). apply support_bind in Hs. destruct Hs as (xi & Hx & Hs).
    apply support_ret in Hs. subst. simpl. apply support_bind_intro with (fst r); [now apply IH|].
    apply support_bind_intro with xi; [assumption|]. exists 1. now left.
Qed.
Lemma chain_in t s : (t < tau)%nat -> support (chain t) s -> W (fst s).
Proof using run_in. intros Ht Hs. exact (run_in t _ Ht (chain_support t s Hs)). Qed.
Lemma chain_next t f : ex (chain (S t)) f =
  ex (chain t) (fun s => ex noise (fun xi => f ((fst s - beta * noisy (fst s) xi)%V, (snd s + expected (fst s))%V))).
Proof using. cbn [chain]. rewrite ex_bind. apply ex_ext. intros s _. rewrite ex_bind. apply ex_ext. intros. now rewrite ex_ret. Qed.

(** A step's noise adds at most beta^2 sigma^2 to the mean squared distance from any point. *)
Lemma noise_adds v z : W v ->
  ex noise (fun xi => norm (v - beta * noisy v xi - z) ^ 2) <= norm (v - beta * expected v - z) ^ 2 + (beta * sigma) ^ 2.
Proof using noise_proper variance_bound.
  intros Hv. pose proof (variance_split noise (fun xi => v - beta * noisy v xi)%V z noise_proper) as e.
  rewrite e. clear e.
  assert (m : vex noise (fun xi => v - beta * noisy v xi)%V = (v - beta * expected v)%V).
  { rewrite vex_add, vex_const by assumption. do 2 rewrite vex_scal. reflexivity. }
  rewrite m. apply Rplus_le_compat_l. unfold variance. rewrite m.
  rewrite (ex_ext noise _ (fun xi => beta ^ 2 * norm (noisy v xi - vex noise (noisy v)) ^ 2)).
  - rewrite ex_scal. pose proof (variance_bound v Hv) as b0. unfold variance in b0. rewrite Rpow_mult_distr.
    apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
  - intros xi _. rewrite !norm_sq. unfold expected. expand. order. ring.
Qed.

(** sqrt((A + p D)^2 + noise) fits: the induction step of the drift and of the deviation. *)
Lemma two_parts A D s : 0 <= A -> 0 <= D -> 0 <= s ->
  (A + p * (s * sqrt D)) ^ 2 + s ^ 2 <= (A + s * sqrt (1 + p ^ 2 * D)) ^ 2.
Proof using.
  intros HA HD Hs. pose proof (sqrt_pos D) as r. pose proof (sqrt_pos (1 + p ^ 2 * D)) as r'.
  assert (e : sqrt D ^ 2 = D) by now apply sqrt_pow.
  assert (0 <= p ^ 2 * D) by (apply Rmult_le_pos; [apply pow2_ge_0|assumption]).
  assert (e' : sqrt (1 + p ^ 2 * D) ^ 2 = 1 + p ^ 2 * D) by (apply sqrt_pow; lra).
  assert (le : p * sqrt D <= sqrt (1 + p ^ 2 * D)).
  { apply Rsqr_incr_0_var; [|assumption]. unfold Rsqr. nra. }
  set (x := sqrt D) in *. set (y := sqrt (1 + p ^ 2 * D)) in *.
  assert (A * s * (p * x) <= A * s * y) by (apply Rmult_le_compat_l; [nra|assumption]).
  replace ((A + p * (s * x)) ^ 2 + s ^ 2) with (A ^ 2 + 2 * (A * s * (p * x)) + s ^ 2 * (1 + p ^ 2 * x ^ 2)) by ring.
  replace ((A + s * y) ^ 2) with (A ^ 2 + 2 * (A * s * y) + s ^ 2 * y ^ 2) by ring. rewrite e, e'. lra.
Qed.
Lemma geo_square_nonneg t : 0 <= geo t (p ^ 2).
Proof using. apply geo_nonneg, pow2_ge_0. Qed.

(** ** Drift from a reference path that misses the exact step by at most beta e *)
Section Drift.
Variables (path : nat -> X) (e : R).
Hypothesis path_start : path 0%nat = w.
Hypothesis path_in : forall t, (t < tau)%nat -> W (path t).
Hypothesis e_nonneg : 0 <= e.
Hypothesis path_step : forall t, (t < tau)%nat -> norm (path t - beta * g (path t) - path (S t)) <= beta * e.

Definition drift_bound t := beta * (e + b) * geo t p + beta * sigma * sqrt (geo t (p ^ 2)).

Lemma drift_bound_nonneg t : 0 <= drift_bound t.
Proof using b_nonneg beta_pos e_nonneg p_nonneg sigma_nonneg.
  unfold drift_bound. pose proof (geo_nonneg t p p_nonneg). pose proof (sqrt_pos (geo t (p ^ 2))).
  assert (0 <= beta * (e + b)) by nra. assert (0 <= beta * sigma) by nra. nra.
Qed.

Lemma drift t : (t <= tau)%nat -> ex (chain t) (fun s => norm (fst s - path t) ^ 2) <= drift_bound t ^ 2.
Proof using b_nonneg beta_pos bias e_nonneg noise_proper p_nonneg path_in path_start path_step run_in sigma_nonneg step_lipschitz tau_pos variance_bound.
  induction t as [|t IH]; intros Ht.
  - cbn [chain]. rewrite ex_ret. simpl. rewrite path_start. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero.
    pose proof (pow2_ge_0 (drift_bound 0)). simpl in *. lra.
  - specialize (IH ltac:(lia)). rewrite chain_next.
    apply Rle_trans with (ex (chain t) (fun s => (p * norm (fst s - path t) + beta * (e + b)) ^ 2 + (beta * sigma) ^ 2)).
    + apply ex_le; [apply chain_proper|]. intros s Hs. pose proof (chain_in t s ltac:(lia) Hs) as Ws.
      eapply Rle_trans; [exact (noise_adds (fst s) (path (S t)) Ws)|]. apply Rplus_le_compat_r, pow_incr.
      split; [apply norm_nonneg|]. set (v := fst s) in *. set (r := path t) in *.
      replace (v - beta * expected v - path (S t))%V with
        (((v - beta * g v) - (r - beta * g r)) + ((- beta) * (expected v - g v) + (r - beta * g r - path (S t))))%V by veq.
      pose proof (triangle ((v - beta * g v) - (r - beta * g r)) ((- beta) * (expected v - g v) + (r - beta * g r - path (S t)))) as t1.
      pose proof (triangle ((- beta) * (expected v - g v)) (r - beta * g r - path (S t))) as t2.
      rewrite norm_scal, Rabs_Ropp, Rabs_right in t2 by lra.
      pose proof (step_lipschitz v r Ws (path_in t ltac:(lia))). pose proof (bias v Ws). pose proof (path_step t ltac:(lia)) as ps. fold r in ps. nra.
    + rewrite ex_add, ex_const by apply chain_proper.
      assert (m : ex (chain t) (fun s => (p * norm (fst s - path t) + beta * (e + b)) ^ 2) <= (p * drift_bound t + beta * (e + b)) ^ 2).
      { assert (0 <= beta * (e + b)) by nra. pose proof (drift_bound_nonneg t).
        apply (minkowski_ex (chain t) (fun s => p * norm (fst s - path t)) (fun _ => beta * (e + b))).
        - apply chain_proper.
        - nra.
        - assumption.
        - rewrite (ex_ext _ _ (fun s => p ^ 2 * norm (fst s - path t) ^ 2)) by (intros; ring). rewrite ex_scal, Rpow_mult_distr.
          apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
        - rewrite ex_const by apply chain_proper. lra.
        - intros s _. pose proof (norm_nonneg (fst s - path t)). nra. }
      pose proof (two_parts (beta * (e + b) * geo (S t) p) (geo t (p ^ 2)) (beta * sigma)) as tp.
      assert (0 <= beta * (e + b) * geo (S t) p) by (pose proof (geo_nonneg (S t) p p_nonneg); apply Rmult_le_pos; nra).
      specialize (tp H (geo_square_nonneg t) ltac:(nra)).
      unfold drift_bound at 1. rewrite (geo_left t (p ^ 2)). eapply Rle_trans; [|exact tp].
      apply Rplus_le_compat_r. eapply Rle_trans; [exact m|]. right. f_equal. unfold drift_bound. rewrite (geo_left t p). ring.
Qed.

(** The expected gradients along the run against the gradients along the path, summed. *)
Lemma gathered t : (t <= tau)%nat ->
  ex (chain t) (fun s => norm (snd s - total (seq 0 t) (fun r => g (path r))) ^ 2) <=
  (rtotal (seq 0 t) (fun r => L * drift_bound r + b)) ^ 2.
Proof using L_nonneg b_nonneg beta_pos bias e_nonneg lipschitz noise_proper p_nonneg path_in path_start path_step run_in sigma_nonneg step_lipschitz tau_pos variance_bound.
  induction t as [|t IH]; intros Ht.
  - cbn [chain]. rewrite ex_ret. simpl. replace (zero - zero)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH ltac:(lia)). pose proof (drift t ltac:(lia)) as dr. pose proof (drift_bound_nonneg t) as d0.
    rewrite chain_next, seq_S, rtotal_app. simpl rtotal at 2. rewrite Rplus_0_r.
    set (T := total (seq 0 t) (fun r => g (path r))) in *. set (c := rtotal (seq 0 t) _) in *.
    assert (c0 : 0 <= c).
    { unfold c. rewrite <- (Rmult_0_r (INR (length (seq 0 t)))), <- rtotal_const. apply rtotal_le. intros r _. pose proof (drift_bound_nonneg r). nra. }
    assert (eT : total (seq 0 t ++ (0 + t)%nat :: nil) (fun r => g (path r)) = (T + g (path t))%V).
    { apply inner_ext. intros z. unfold T. expand. rewrite !inner_total, rtotal_app. simpl. ring. }
    rewrite eT.
    rewrite (ex_ext (chain t) _ (fun s => norm (snd s + expected (fst s) - (T + g (path t))) ^ 2)).
    2:{ intros s _. simpl snd. apply ex_const, noise_proper. }
    apply (minkowski_ex (chain t) (fun s => norm (snd s - T)) (fun s => L * norm (fst s - path t) + b)).
    + apply chain_proper.
    + exact c0.
    + nra.
    + exact IH.
    + apply (minkowski_ex (chain t) (fun s => L * norm (fst s - path t)) (fun _ => b)); [apply chain_proper|nra|assumption| | |].
      * rewrite (ex_ext _ _ (fun s => L ^ 2 * norm (fst s - path t) ^ 2)) by (intros; ring). rewrite ex_scal, Rpow_mult_distr.
        apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
      * rewrite ex_const by apply chain_proper. lra.
      * intros s _. pose proof (norm_nonneg (fst s - path t)). nra.
    + intros s Hs. pose proof (chain_in t s ltac:(lia) Hs) as Ws. split; [apply norm_nonneg|].
      set (v := fst s) in *. set (r := path t) in *.
      replace (snd s + expected v - (T + g r))%V with ((snd s - T) + ((expected v - g v) + (g v - g r)))%V by veq.
      pose proof (triangle (snd s - T) ((expected v - g v) + (g v - g r))). pose proof (triangle (expected v - g v) (g v - g r)).
      pose proof (bias v Ws). pose proof (lipschitz v r Ws (path_in t ltac:(lia))). lra.
Qed.
End Drift.

(** ** The martingale part *)
Lemma martingale t : (t <= tau)%nat ->
  ex (chain t) (fun s => norm (w - fst s - beta * snd s) ^ 2) <= INR t * (beta * sigma) ^ 2.
Proof using noise_proper run_in tau_pos variance_bound.
  induction t as [|t IH]; intros Ht.
  - cbn [chain]. rewrite ex_ret. simpl. replace (w - w - beta * zero)%V with (@zero X) by veq. rewrite norm_zero. lra.
  - specialize (IH ltac:(lia)). rewrite chain_next, S_INR.
    apply Rle_trans with (ex (chain t) (fun s => norm (w - fst s - beta * snd s) ^ 2 + (beta * sigma) ^ 2)).
    + apply ex_le; [apply chain_proper|]. intros s Hs. pose proof (chain_in t s ltac:(lia) Hs) as Ws.
      pose proof (noise_adds (fst s) (w - beta * (snd s + expected (fst s)))%V Ws) as na. simpl fst. simpl snd.
      set (v := fst s) in *.
      rewrite (ex_ext noise _ (fun xi => norm (v - beta * noisy v xi - (w - beta * (snd s + expected v))) ^ 2)).
      2:{ intros xi _. rewrite !norm_sq. expand. ring. }
      eapply Rle_trans; [exact na|]. right. f_equal. rewrite !norm_sq. expand. order. ring.
    + rewrite ex_add, ex_const by apply chain_proper. lra.
Qed.
Lemma martingale_mean t : vex (chain t) fst = (w - beta * vex (chain t) snd)%V.
Proof using noise_proper.
  induction t as [|t IH].
  - cbn [chain]. rewrite !vex_ret. simpl. veq.
  - cbn [chain]. rewrite !vex_bind.
    rewrite (vex_ext (chain t) _ (fun s => fst s + (- beta) * expected (fst s))%V).
    2:{ intros s _. rewrite vex_bind. rewrite (vex_ext noise _ (fun xi => fst s + (- beta) * noisy (fst s) xi)%V)
          by (intros; rewrite vex_ret; simpl; veq). rewrite vex_add, vex_const, vex_scal by assumption. reflexivity. }
    rewrite (vex_ext (chain t) (fun s => vex _ snd) (fun s => snd s + expected (fst s))%V).
    2:{ intros s _. rewrite vex_bind. rewrite (vex_ext noise _ (fun _ => snd s + expected (fst s))%V) by (intros; now rewrite vex_ret).
        now apply vex_const. }
    rewrite !vex_add, vex_scal, IH. veq.
Qed.

(** ** The two bounds of the variance of the local result *)
Lemma variance_chain t : variance (chain t) fst = variance (run t) (fun v => v).
Proof using.
  unfold variance. assert (vex (chain t) fst = vex (run t) (fun v => v)) as ->.
  { apply inner_ext. intros z. rewrite !inner_vex. apply (chain_run t (fun v => inner v z)). }
  apply (chain_run t (fun v => norm (v - vex (run t) (fun v => v)) ^ 2)).
Qed.

Theorem variance_martingale :
  variance (run tau) (fun v => v) <= (sqrt (INR tau) * (beta * sigma) + beta * sqrt (variance (chain tau) snd)) ^ 2.
Proof using beta_pos noise_proper run_in sigma_nonneg tau_pos variance_bound.
  rewrite <- variance_chain. unfold variance at 1. rewrite (martingale_mean tau).
  set (q := vex (chain tau) snd). pose proof (pos_INR tau) as p0. pose proof (variance_nonneg (chain tau) snd (chain_proper tau)) as v0.
  assert (bs : 0 <= beta * sigma) by nra. pose proof (sqrt_pos (INR tau)). pose proof (sqrt_pos (variance (chain tau) snd)).
  apply (minkowski_ex (chain tau) (fun s => norm (w - fst s - beta * snd s)) (fun s => beta * norm (snd s - q))); [apply chain_proper|nra|nra| | |].
  - eapply Rle_trans; [exact (martingale tau (Nat.le_refl _))|]. right. now rewrite (Rpow_mult_distr (sqrt (INR tau))), sqrt_pow.
  - rewrite (ex_ext _ _ (fun s => beta ^ 2 * norm (snd s - q) ^ 2)) by (intros; ring). rewrite ex_scal. fold (variance (chain tau) snd).
    right. now rewrite Rpow_mult_distr, sqrt_pow.
  - intros s _. split; [apply norm_nonneg|].
    replace (fst s - (w - beta * q))%V with ((-1) * (w - fst s - beta * snd s) + (- beta) * (snd s - q))%V by veq.
    eapply Rle_trans; [apply triangle|]. rewrite !norm_scal, Rabs_Ropp, (Rabs_right beta), Rabs_left by lra. lra.
Qed.

Theorem variance_deviation t : (S t <= tau)%nat ->
  variance (run (S t)) (fun v => v) <= (beta * b * geo t p + beta * sigma * sqrt (geo (S t) (p ^ 2))) ^ 2.
Proof using b_nonneg beta_pos bias noise_proper p_nonneg run_in sigma_nonneg step_lipschitz tau_pos variance_bound.
  assert (next : forall k, (k < tau)%nat ->
    variance (run (S k)) (fun v => v) <= variance (run k) (fun v => v - beta * expected v)%V + (beta * sigma) ^ 2).
  { intros k Hk. set (z := vex (run k) (fun v => v - beta * expected v)%V).
    eapply Rle_trans; [apply (variance_least _ _ z), run_proper|]. cbn [run]. rewrite ex_bind.
    eapply Rle_trans; [apply (ex_le (run k) _ (fun v => norm (v - beta * expected v - z) ^ 2 + (beta * sigma) ^ 2)); [apply run_proper|]|].
    - intros v Hv. rewrite ex_bind. rewrite (ex_ext noise _ (fun xi => norm (v - beta * noisy v xi - z) ^ 2)) by (intros; now rewrite ex_ret).
      apply noise_adds, (run_in k); assumption.
    - rewrite ex_add, ex_const by apply run_proper. unfold variance. fold z. lra. }
  assert (bs : 0 <= beta * sigma) by nra.
  induction t as [|t IH]; intros Ht.
  - eapply Rle_trans; [apply next; lia|]. cbn [run]. unfold variance. rewrite ex_ret, vex_ret.
    replace (w - beta * expected w - (w - beta * expected w))%V with (@zero X) by veq. rewrite norm_zero. simpl geo.
    replace (0 + 1) with 1 by ring. rewrite sqrt_1. right. ring.
  - specialize (IH ltac:(lia)). eapply Rle_trans; [apply next; lia|].
    set (s := beta * b * geo t p + beta * sigma * sqrt (geo (S t) (p ^ 2))) in *.
    assert (s0 : 0 <= s).
    { unfold s. pose proof (geo_nonneg t p p_nonneg). pose proof (sqrt_pos (geo (S t) (p ^ 2))). assert (0 <= beta * b) by nra. nra. }
    assert (dev : variance (run (S t)) (fun v => v - beta * expected v)%V <= (p * s + beta * b) ^ 2).
    { unfold variance at 1.
      set (y := fun v : X => (v - beta * g v)%V). set (r := fun v : X => (expected v - g v)%V).
      assert (em : vex (run (S t)) (fun v => v - beta * expected v)%V = (vex (run (S t)) y - beta * vex (run (S t)) r)%V).
      { rewrite (vex_ext _ _ (fun v => y v + (- beta) * r v)%V) by (intros; unfold y, r; veq). rewrite vex_add, vex_scal. veq. }
      rewrite em. assert (0 <= beta * b) by nra.
      apply (minkowski_ex (run (S t)) (fun v => norm (y v - vex (run (S t)) y)) (fun v => beta * norm (r v - vex (run (S t)) r))); [apply run_proper|nra|assumption| | |].
      - fold (variance (run (S t)) y).
        apply Rle_trans with (p ^ 2 * variance (run (S t)) (fun v => v)).
        + apply variance_lipschitz; [apply run_proper|assumption|]. intros u v Hu Hv. apply step_lipschitz; apply (run_in (S t)); assumption || lia.
        + rewrite Rpow_mult_distr. apply Rmult_le_compat_l; [apply pow2_ge_0|exact IH].
      - rewrite (ex_ext _ _ (fun v => beta ^ 2 * norm (r v - vex (run (S t)) r) ^ 2)) by (intros; ring). rewrite ex_scal, Rpow_mult_distr.
        apply Rmult_le_compat_l; [apply pow2_ge_0|]. fold (variance (run (S t)) r).
        eapply Rle_trans; [apply (variance_least _ _ zero), run_proper|].
        rewrite <- (ex_const (run (S t)) (b ^ 2)) by apply run_proper. apply ex_le; [apply run_proper|]. intros v Hv.
        replace (r v - zero)%V with (r v) by veq. apply pow_incr. split; [apply norm_nonneg|]. apply bias, (run_in (S t)); assumption || lia.
      - intros v _. split; [apply norm_nonneg|].
        replace (v - beta * expected v - (vex (run (S t)) y - beta * vex (run (S t)) r))%V with
          ((y v - vex (run (S t)) y) + (- beta) * (r v - vex (run (S t)) r))%V by (unfold y, r; veq).
        eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. lra. }
    pose proof (two_parts (beta * b * geo (S t) p) (geo (S t) (p ^ 2)) (beta * sigma)) as tp.
    assert (0 <= beta * b * geo (S t) p) by (pose proof (geo_nonneg (S t) p p_nonneg); apply Rmult_le_pos; nra).
    specialize (tp H (geo_square_nonneg (S t)) bs). rewrite (geo_left (S t) (p ^ 2)).
    eapply Rle_trans; [|exact tp]. apply Rplus_le_compat_r. eapply Rle_trans; [exact dev|]. right. f_equal. unfold s.
    rewrite (geo_left t p). ring.
Qed.
Corollary variance_result :
  variance (run tau) (fun v => v) <= (beta * b * geo (pred tau) p + beta * sigma * sqrt (geo tau (p ^ 2))) ^ 2.
Proof using b_nonneg beta_pos bias noise_proper p_nonneg run_in sigma_nonneg step_lipschitz tau_pos variance_bound. pose proof (variance_deviation (pred tau)) as d. replace (S (pred tau)) with tau in d by lia. now apply d. Qed.

(** Without noise the run is at one point with probability 1. *)
Lemma ex_zero {A} (d : dist A) r q : proper d -> (forall a, 0 <= r a) -> (forall a, r a = 0 -> q a = 0) -> ex d r = 0 -> ex d q = 0.
Proof using.
  intros [nonneg _] Hr Hq. unfold ex. induction d as [|[c a] d IH]; [reflexivity|]. simpl. intros z.
  assert (Hc : 0 <= c) by exact (nonneg (c, a) (or_introl eq_refl)).
  assert (rest : 0 <= rtotal d (fun pa => fst pa * r (snd pa))).
  { rewrite <- (Rmult_0_r (INR (length d))), <- rtotal_const. apply rtotal_le. intros pa Hp.
    apply Rmult_le_pos; [apply nonneg; now right|apply Hr]. }
  assert (here : 0 <= c * r a) by (apply Rmult_le_pos; [assumption|apply Hr]).
  rewrite IH; [|intros; apply nonneg; now right|lra].
  destruct (Rmult_integral c (r a)) as [zc|zr]; [lra|rewrite zc; ring|rewrite (Hq a zr); ring].
Qed.
Theorem variance_without_noise t : sigma = 0 -> (t <= tau)%nat -> variance (run t) (fun v => v) = 0.
Proof using noise_proper run_in tau_pos variance_bound.
  intros none Ht.
  assert (point : exists c, ex (run t) (fun v => norm (v - c) ^ 2) = 0).
  { induction t as [|t IH].
    - exists w. cbn [run]. rewrite ex_ret. replace (w - w)%V with (@zero X) by veq. rewrite norm_zero. ring.
    - destruct (IH ltac:(lia)) as (c & Hc). exists (c - beta * expected c)%V. apply Rle_antisym; [|apply ex_nonneg; [apply run_proper|intros; apply pow2_ge_0]].
      cbn [run]. rewrite ex_bind.
      apply Rle_trans with (ex (run t) (fun v => norm (v - beta * expected v - (c - beta * expected c)) ^ 2)).
      + apply ex_le; [apply run_proper|]. intros v Hv. rewrite ex_bind.
        rewrite (ex_ext noise _ (fun xi => norm (v - beta * noisy v xi - (c - beta * expected c)) ^ 2)) by (intros; now rewrite ex_ret).
        eapply Rle_trans; [apply noise_adds, (run_in t); assumption|]. rewrite none. right. ring.
      + right. apply (ex_zero (run t) (fun v => norm (v - c) ^ 2)); [apply run_proper|intros; apply pow2_ge_0| |assumption].
        intros v z. rewrite norm_sq in z. apply inner_separates in z. rewrite z. rewrite norm_sq. expand. ring. }
  destruct point as (c & Hc). apply Rle_antisym; [|apply variance_nonneg, run_proper]. rewrite <- Hc. apply variance_least, run_proper.
Qed.
End LocalRun.
