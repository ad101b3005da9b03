(** T1d: one round of Meta-FedAvg with noisy, biased local gradients and sampled agents. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun.

(** The reals as a space: sums of reals are sums of vectors. *)
Definition Rspace : space.
Proof using. refine (@Space R 0 Rplus Rmult Rmult _ _ _ _ _ _); intros; try ring; [nra|nra]. Defined.

Lemma rmean_of_sample {A} m (l : list A) (r : A -> R) : (1 <= m <= length l)%nat ->
  rmean (subsets m l) (fun a => rmean a r) = rmean l r.
Proof using.
  intros Hm. pose proof (@mean_of_sample A Rspace r m l 1 Hm) as e.
  assert (conv : forall k : list A, @inner Rspace (@mean A Rspace k r) 1 = rmean k r).
  { intros k. rewrite (@inner_mean A Rspace). apply rmean_ext. intros i _. apply Rmult_1_r. }
  rewrite conv in e. rewrite <- e. apply rmean_ext. intros a _. now rewrite conv.
Qed.
Lemma total_map {A C} {X : space} (h : A -> C) l (y : C -> X) : total (map h l) y = total l (fun i => y (h i)).
Proof using. induction l as [|i l IH]; [reflexivity|]. simpl. now rewrite IH. Qed.

Section Round.
Context {X : space} {Xi : Type}.
Implicit Types u v w z : X.

Variable n : nat.
Definition agents := seq 0 n.
Variables (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau m : nat).

Definition F w := rmean agents (fun i => f i w).
Definition G w := mean agents (fun i => g i w).
(** The law of agent [i]'s local result. *)
Definition result w i : dist X := run (noisy i) (noise i) beta w tau.
(** The server moves by [beta_s] times the mean move. *)
Definition server w (results : list X) : X := (w + beta_s * mean results (fun v => v - w))%V.
(** E [F(w_(k+1)) | w_k = w]: over all sets of [m] agents, and over the independent runs of the agents in the set. *)
Definition expected_loss w :=
  rmean (subsets m agents) (fun A => ex (draws (map (result w) A)) (fun results => F (server w results))).

Variables (W : X -> Prop) (L gamma b sigma p : R) (w : X).

Definition h := beta * INR tau * L.
Definition H := beta_s * h.
Definition theta := rtotal (seq 0 tau) (fun t => geo t p) / INR tau ^ 2.
Definition chi := rtotal (seq 0 tau) (fun t => sqrt (geo t (p ^ 2))) / INR tau.
Definition x := h * theta.
Definition b0 := (1 + x) * b + h * chi * sigma / INR tau.

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis beta_s_pos : 0 < beta_s.
Hypothesis L_nonneg : 0 <= L.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis p_nonneg : 0 <= p.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v ->
  norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
Hypothesis w_in : W w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Hypothesis servers_in : forall A results, In A (subsets m agents) -> support (draws (map (result w) A)) results -> W (server w results).
Hypothesis gamma_bound : spread agents (fun i => g i w) <= gamma ^ 2.

Let a := G w.
Let k := kappa n m.
Let s := beta_s * beta * INR tau.

Lemma agents_size : length agents = n.
Proof using. apply seq_length. Qed.
Lemma agents_some : agents <> nil.
Proof using bias gradients lipschitz noise_proper runs_in sizes step_lipschitz tau_pos variance_bound. unfold agents. destruct n; [lia|discriminate]. Qed.
Lemma agent i : In i agents -> (i < n)%nat.
Proof using sizes tau_pos. intros Hi. apply in_seq in Hi. lia. Qed.
Lemma INR_tau : 0 < INR tau.
Proof using sizes tau_pos. apply lt_0_INR. lia. Qed.
Lemma INR_m : 0 < INR m.
Proof using sizes tau_pos. apply lt_0_INR. lia. Qed.
Lemma s_pos : 0 < s.
Proof using beta_pos beta_s_pos sizes tau_pos. unfold s. pose proof INR_tau. repeat apply Rmult_lt_0_compat; assumption. Qed.
Lemma H_nonneg : 0 <= H.
Proof using L_nonneg beta_pos beta_s_pos sizes tau_pos. unfold H, h. pose proof INR_tau. repeat apply Rmult_le_pos; lra. Qed.
Lemma k_nonneg : 0 <= k.
Proof using sizes tau_pos.
  unfold k, kappa. destruct (Nat.eqb_spec n 1); [lra|].
  assert (INR m <= INR n) by (apply le_INR; lia). pose proof INR_m.
  assert (1 < INR n) by (change 1 with (INR 1); apply lt_INR; lia).
  apply Rmult_le_pos; [lra|]. left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
Qed.
Lemma result_proper i : (i < n)%nat -> proper (result w i).
Proof using noise_proper. intros Hi. exact (run_proper (noisy i) (noise i) beta w (noise_proper i Hi) tau). Qed.

Lemma F_descent u v : W u -> W v -> F v <= F u + inner (G u) (v - u) + L / 2 * norm (v - u) ^ 2.
Proof using Wconvex bias gradients lipschitz noise_proper runs_in sizes step_lipschitz tau_pos variance_bound.
  intros Hu Hv. unfold F, G. rewrite inner_mean, <- (rmean_const agents (L / 2 * norm (v - u) ^ 2) agents_some).
  rewrite <- !rmean_add. apply rmean_le. intros i Hi. apply agent in Hi. apply (descent W Wconvex); auto.
Qed.

(** The mean gradient of agent [i]'s run, and the variance of its result, in units of beta tau. *)
Let chain i := chain (noisy i) (noise i) beta w tau.
Let e i : X := (/ INR tau * vex (chain i) snd)%V.
Let var i := variance (result w i) (fun v => v) / (beta * INR tau) ^ 2.

Lemma result_mean i : (i < n)%nat -> vex (result w i) (fun v => v - w)%V = ((- (beta * INR tau)) * e i)%V.
Proof using noise_proper sizes tau_pos.
  intros Hi. pose proof (result_proper i Hi) as P. rewrite vex_add, vex_const by assumption.
  assert (vex (result w i) (fun v => v) = vex (chain i) fst) as ->.
  { apply inner_ext. intros z. rewrite !inner_vex. symmetry. apply (chain_run (noisy i) (noise i) beta w tau (fun v => inner v z)). }
  unfold chain. rewrite (martingale_mean (noisy i) (noise i) beta w (noise_proper i Hi) tau).
  fold (chain i). unfold e. pose proof INR_tau. apply inner_ext. intros z. expand. field. lra.
Qed.

Lemma sampled_moment A : In A (subsets m agents) ->
  ex (draws (map (result w) A)) (fun r => norm (mean r (fun v => v - w)%V) ^ 2) =
  (beta * INR tau) ^ 2 * (norm (mean A e) ^ 2 + rmean A var / INR m).
Proof using beta_pos noise_proper sizes tau_pos.
  intros HA. pose proof INR_tau as Ht. pose proof INR_m as Hm.
  assert (agent_of : forall i, In i A -> (i < n)%nat) by (intros i Hi; apply agent, (subsets_incl m agents A HA i Hi)).
  assert (P : forall d, In d (map (result w) A) -> proper d).
  { intros d Hd. apply in_map_iff in Hd. destruct Hd as (i & <- & Hi). now apply result_proper, agent_of. }
  assert (size : length A = m) by exact (subsets_size m agents A HA).
  rewrite (ex_ext _ _ (fun r => (/ INR m) ^ 2 * norm (total r (fun v => v - w)%V) ^ 2)).
  2:{ intros r Hr. apply length_draws in Hr. rewrite map_length, size in Hr. unfold mean. rewrite Hr, !norm_sq. expand. ring. }
  rewrite ex_scal, second_moment_split, vex_draws, variance_draws, total_map, rtotal_map by (assumption || now apply proper_draws).
  rewrite (total_ext A _ (fun i => (- (beta * INR tau)) * e i)%V) by (intros; apply result_mean; auto).
  rewrite (rtotal_ext A _ (fun i => (beta * INR tau) ^ 2 * var i)).
  - rewrite total_scal, rtotal_scal. unfold mean, rmean. rewrite size, !norm_sq. expand. field. lra.
  - intros i Hi. unfold var. replace (variance (result w i) (fun v => v - w)%V) with (variance (result w i) (fun v => v)); [field; lra|].
    pose proof (result_proper i (agent_of i Hi)) as Pi. unfold variance. apply ex_ext. intros v _. do 2 f_equal.
    rewrite vex_add, vex_const by assumption. veq.
Qed.

Lemma expansion : expected_loss w <= F w + s * (- inner a (mean agents e) +
  H / 2 * (norm (mean agents e) ^ 2 + k * spread agents e + rmean agents var / INR m)).
Proof using Wconvex beta_pos beta_s_pos bias gradients lipschitz noise_proper runs_in servers_in sizes step_lipschitz tau_pos variance_bound w_in.
  pose proof agents_size as size. pose proof s_pos as Hs.
  assert (Hm : (1 <= m <= length agents)%nat) by (rewrite size; lia).
  unfold k. replace (kappa n m) with (kappa (length agents) m) by now rewrite size.
  rewrite <- (square_of_sample e m agents Hm).
  rewrite (inner_sym _ a), <- (mean_of_sample e m agents a Hm), <- (rmean_of_sample m agents var Hm).
  replace (F w) with (rmean (subsets m agents) (fun _ => F w)) by (apply rmean_const, subsets_nonempty; lia).
  replace (- rmean (subsets m agents) (fun A => inner (mean A e) a)) with (-1 * rmean (subsets m agents) (fun A => inner (mean A e) a)) by ring.
  replace (rmean (subsets m agents) (fun A => rmean A var) / INR m) with (/ INR m * rmean (subsets m agents) (fun A => rmean A var))
    by (unfold Rdiv; ring).
  rewrite <- !rmean_scal, <- !rmean_add, <- rmean_scal, <- rmean_add, <- rmean_scal, <- rmean_add. apply rmean_le. intros A HA.
  assert (agent_of : forall i, In i A -> (i < n)%nat) by (intros i Hi; apply agent, (subsets_incl m agents A HA i Hi)).
  assert (P : forall d, In d (map (result w) A) -> proper d).
  { intros d Hd. apply in_map_iff in Hd. destruct Hd as (i & <- & Hi). now apply result_proper, agent_of. }
  assert (sizeA : length A = m) by exact (subsets_size m agents A HA).
  pose proof (proper_draws _ P) as PD. pose proof INR_m as HINR.
  apply Rle_trans with (ex (draws (map (result w) A)) (fun r => F w + (beta_s * inner (mean r (fun v => v - w)%V) a + L / 2 * beta_s ^ 2 * norm (mean r (fun v => v - w)%V) ^ 2))).
  - apply ex_le; [assumption|]. intros r Hr. pose proof (F_descent w (server w r) w_in (servers_in A r HA Hr)) as D.
    replace (server w r - w)%V with (beta_s * mean r (fun v => v - w))%V in D by (unfold server; veq).
    rewrite norm_scal, Rabs_right, inner_scal_r in D by lra. fold a in D. rewrite (inner_sym _ _ a). lra.
  - rewrite !ex_add, ex_const, !ex_scal, sampled_moment by assumption.
    assert (first : ex (draws (map (result w) A)) (fun r => inner (mean r (fun v => v - w)%V) a) = - (beta * INR tau) * inner (mean A e) a).
    { rewrite (ex_ext _ _ (fun r => / INR m * inner (total r (fun v => v - w)%V) a)).
      2:{ intros r Hr. apply length_draws in Hr. rewrite map_length, sizeA in Hr. unfold mean. rewrite Hr. now expand. }
      rewrite ex_scal, <- inner_vex, vex_draws, total_map by assumption.
      rewrite (total_ext A _ (fun i => (- (beta * INR tau)) * e i)%V) by (intros; apply result_mean; auto).
      rewrite total_scal. unfold mean. rewrite sizeA. expand. ring. }
    rewrite first. right. unfold H, h, s. unfold Rdiv. ring.
Qed.

(** ** The constants *)
Section Constants.
Variables (psi omega eps zeta c V : R).

(** What a pair (psi, omega) has to give: the L2 distance of the mean expected gradient of a run from psi grad F_i(w). *)
Hypothesis reached : forall i, (i < n)%nat ->
  ex (chain i) (fun r => norm (/ INR tau * snd r - psi * g i w) ^ 2) <= (omega * norm (g i w) + b0) ^ 2.
(** What V has to give; the first summand on the right is paid from the common budget. *)
Hypothesis varied : forall i, (i < n)%nat ->
  H / (2 * INR m) * var i <= c * variance (chain i) (fun r => / INR tau * snd r)%V + H / (2 * INR m) * V.
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ b0 = 0.
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c.
Hypothesis c_sampling : 0 < k -> H * k < 2 * c.

Definition A := psi * (1 - H * psi / 2) - Rabs (1 - H * psi) * eps / 2 - c * (1 + zeta) * omega ^ 2.
Definition Q0 := (1 + zeta) * omega ^ 2 * gamma ^ 2 + (1 + / zeta) * b0 ^ 2.
Definition N := c * Q0 + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)) + H * V / (2 * INR m).

Let R0 i : X := (e i - psi * g i w)%V.
Let v i := variance (chain i) (fun r => / INR tau * snd r)%V.

Lemma c_nonneg : 0 <= c.
Proof using L_nonneg beta_pos beta_s_pos c_large eps_pos sizes tau_pos.
  pose proof H_nonneg. assert (0 <= Rabs (1 - H * psi) / (2 * eps)); [|lra].
  apply Rmult_le_pos; [apply Rabs_pos|]. left. apply Rinv_0_lt_compat. lra.
Qed.
Lemma chain_ok i : (i < n)%nat -> proper (chain i).
Proof using beta noise_proper noisy tau w. intros Hi. exact (chain_proper (noisy i) (noise i) beta w (noise_proper i Hi) tau). Qed.

Lemma agent_budget i : (i < n)%nat -> norm (R0 i) ^ 2 + v i <= (omega * norm (g i w) + b0) ^ 2.
Proof using e noise_proper reached.
  intros Hi. pose proof (chain_ok i Hi) as P. eapply Rle_trans; [|exact (reached i Hi)].
  rewrite (variance_split (chain i) (fun r => / INR tau * snd r)%V (psi * g i w)%V P).
  rewrite vex_scal. right. reflexivity.
Qed.

(** One budget for R, s and v. *)
Lemma budget : norm (mean agents R0) ^ 2 + spread agents R0 + rmean agents v <= (1 + zeta) * omega ^ 2 * norm a ^ 2 + Q0.
Proof using bias e gamma_bound gradients lipschitz noise_proper reached runs_in sizes step_lipschitz tau_pos variance_bound zeta_range.
  rewrite <- mean_square, <- rmean_add by apply agents_some.
  apply Rle_trans with (rmean agents (fun i => (1 + zeta) * omega ^ 2 * norm (g i w) ^ 2 + (1 + / zeta) * b0 ^ 2)).
  - apply rmean_le. intros i Hi. apply agent in Hi. eapply Rle_trans; [exact (agent_budget i Hi)|].
    destruct zeta_range as [Hz|[Hz Hb]].
    + pose proof (pow2_ge_0 (zeta * (omega * norm (g i w)) - b0)) as sq.
      apply Rmult_le_reg_l with zeta; [assumption|].
      replace (zeta * ((1 + zeta) * omega ^ 2 * norm (g i w) ^ 2 + (1 + / zeta) * b0 ^ 2)) with
        (zeta * (1 + zeta) * omega ^ 2 * norm (g i w) ^ 2 + (zeta + 1) * b0 ^ 2) by (field; lra). lra.
    + rewrite Hz, Hb. right. ring.
  - rewrite rmean_add, rmean_scal, rmean_const, mean_square by apply agents_some. fold (G w). fold a. unfold Q0.
    assert (0 <= (1 + zeta) * omega ^ 2) by (apply Rmult_le_pos; [destruct zeta_range as [|[]]; lra|apply pow2_ge_0]).
    assert ((1 + zeta) * omega ^ 2 * spread agents (fun i => g i w) <= (1 + zeta) * omega ^ 2 * gamma ^ 2) by (apply Rmult_le_compat_l; assumption).
    lra.
Qed.

Lemma sampling_young : H * k / 2 * spread agents e <= c * spread agents R0 + H * k * psi ^ 2 * gamma ^ 2 * (c / (2 * c - H * k)).
Proof using L_nonneg beta_pos beta_s_pos bias c_large c_sampling chain eps_pos gamma_bound gradients lipschitz noise_proper runs_in sizes step_lipschitz tau_pos variance_bound.
  pose proof H_nonneg as HH. pose proof k_nonneg as Hk. pose proof (spread_nonneg agents R0) as HS. pose proof c_nonneg as c0.
  destruct (Req_dec (H * k) 0) as [z|nz].
  - replace (H * k / 2) with 0 by lra. rewrite z. assert (0 <= c * spread agents R0) by nra. lra.
  - assert (Hpos : 0 < H * k) by (assert (0 <= H * k) by nra; lra).
    assert (k <> 0) by (intros z; rewrite z in nz; lra). assert (H <> 0) by (intros z; rewrite z in nz; lra).
    assert (lt : H * k < 2 * c) by (apply c_sampling; lra).
    set (t := H * k / (2 * c - H * k)). assert (ht : 0 < t) by (apply Rdiv_lt_0_compat; lra).
    pose proof (spread_young agents (fun i => psi * g i w)%V R0 t agents_some ht) as y.
    rewrite spread_scal in y. replace (1 + / t) with (2 * c / (H * k)) in y by (unfold t; field; repeat split; lra).
    replace (1 + t) with (2 * c / (2 * c - H * k)) in y by (unfold t; field; lra).
    rewrite (spread_ext agents e (fun i => psi * g i w + R0 i)%V) by (intros; unfold R0; veq).
    apply Rle_trans with (H * k / 2 * (2 * c / (2 * c - H * k) * (psi ^ 2 * gamma ^ 2) + 2 * c / (H * k) * spread agents R0)).
    + apply Rmult_le_compat_l; [lra|]. eapply Rle_trans; [exact y|]. apply Rplus_le_compat_r.
      apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
      apply Rmult_le_compat_l; [apply pow2_ge_0|exact gamma_bound].
    + right. field. repeat split; lra.
Qed.

Theorem one_round : expected_loss w <= F w - beta_s * beta * INR tau * A * norm a ^ 2 + beta_s * beta * INR tau * N.
Proof using L_nonneg R0 Wconvex beta_pos beta_s_pos bias c_large c_sampling eps_pos gamma_bound gradients lipschitz noise_proper reached runs_in servers_in sizes step_lipschitz tau_pos variance_bound varied w_in zeta_range.
  pose proof expansion as E. pose proof sampling_young as Y. pose proof budget as Bu. pose proof H_nonneg as HH.
  pose proof c_nonneg as c0. pose proof INR_m as Hm. fold s. set (R := mean agents R0) in *. set (S := spread agents R0) in *.
  assert (em : mean agents e = (psi * a + R)%V).
  { unfold R, a, G. rewrite <- mean_scal, <- mean_add. apply mean_ext. intros. unfold R0. veq. }
  rewrite em in E.
  assert (cross : - (1 - H * psi) * inner a R <= Rabs (1 - H * psi) * (eps * norm a ^ 2 / 2 + norm R ^ 2 / (2 * eps))).
  { assert (yo : Rabs (inner a R) <= eps * norm a ^ 2 / 2 + norm R ^ 2 / (2 * eps)).
    { assert (sq : 0 <= (eps * norm a - norm R) ^ 2 / (2 * eps)).
      { apply Rmult_le_pos; [apply pow2_ge_0|]. left. apply Rinv_0_lt_compat. lra. }
      replace ((eps * norm a - norm R) ^ 2 / (2 * eps)) with (eps * norm a ^ 2 / 2 + norm R ^ 2 / (2 * eps) - norm a * norm R) in sq by (field; lra).
      pose proof (cauchy a R). pose proof (cauchy_neg a R). apply Rabs_le. lra. }
    apply Rle_trans with (Rabs (- (1 - H * psi) * inner a R)); [apply Rle_abs|].
    rewrite Rabs_mult, Rabs_Ropp. apply Rmult_le_compat_l; [apply Rabs_pos|assumption]. }
  assert (noise_part : H / 2 * (rmean agents var / INR m) <= c * rmean agents v + H * V / (2 * INR m)).
  { replace (H / 2 * (rmean agents var / INR m)) with (rmean agents (fun i => H / (2 * INR m) * var i)) by (rewrite rmean_scal; field; lra).
    replace (H * V / (2 * INR m)) with (H / (2 * INR m) * V) by (field; lra).
    rewrite <- (rmean_const agents (H / (2 * INR m) * V) agents_some), <- rmean_scal, <- rmean_add. apply rmean_le. intros i Hi. now apply varied, agent. }
  set (D := Rabs (1 - H * psi)) in *.
  assert (cR : D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2 <= c * norm R ^ 2).
  { replace (D * (norm R ^ 2 / (2 * eps)) + H / 2 * norm R ^ 2) with ((D / (2 * eps) + H / 2) * norm R ^ 2) by (field; lra).
    apply Rmult_le_compat_r; [apply pow2_ge_0|assumption]. }
  assert (bud : c * (norm R ^ 2 + S + rmean agents v) <= c * ((1 + zeta) * omega ^ 2 * norm a ^ 2 + Q0)) by (apply Rmult_le_compat_l; assumption).
  assert (nn : norm (psi * a + R) ^ 2 = psi ^ 2 * norm a ^ 2 + 2 * psi * inner a R + norm R ^ 2).
  { rewrite !norm_sq. expand. order. ring. }
  rewrite nn in E. rewrite inner_add_r, inner_scal_r, <- norm_sq in E.
  eapply Rle_trans; [exact E|].
  replace (F w - s * A * norm a ^ 2 + s * N) with (F w + s * (- A * norm a ^ 2 + N)) by ring.
  pose proof s_pos. apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|]. unfold A, N. fold D. lra.
Qed.
End Constants.

(** ** The pairs *)
Lemma gathered_mean i path err psi K : (i < n)%nat -> path 0%nat = w -> (forall t, (t < tau)%nat -> W (path t)) -> 0 <= err ->
  (forall t, (t < tau)%nat -> norm (path t - beta * g i (path t) - path (S t)) <= beta * err) ->
  0 <= K -> norm (mean (seq 0 tau) (fun t => g i (path t)) - psi * g i w) <= K ->
  ex (chain i) (fun r => norm (/ INR tau * snd r - psi * g i w) ^ 2) <= (x * err + b0 + K) ^ 2.
Proof using L_nonneg b_nonneg beta_pos bias lipschitz noise_proper p_nonneg runs_in sigma_nonneg sizes step_lipschitz tau_pos variance_bound.
  intros Hi start inside He stepped HK near. pose proof INR_tau as Ht.
  pose proof (gathered (g i) (noisy i) (noise i) beta w W L b sigma p tau (noise_proper i Hi) beta_pos L_nonneg b_nonneg sigma_nonneg
    p_nonneg tau_pos (fun u v => lipschitz i u v Hi) (fun u v => step_lipschitz i u v Hi) (fun v => bias i v Hi)
    (fun v => variance_bound i v Hi) (fun t v (l : (t < tau)%nat) => runs_in i t v Hi (Nat.lt_le_incl _ _ l)) path err start inside He stepped tau (Nat.le_refl _)) as ga.
  fold (chain i) in ga. set (T := total (seq 0 tau) (fun r => g i (path r))) in *. set (c := rtotal (seq 0 tau) _) in *.
  assert (ec : c = INR tau * (x * err + b0)).
  { unfold c, drift_bound. rewrite rtotal_add, rtotal_const, seq_length.
    rewrite (rtotal_ext _ _ (fun t => L * (beta * (err + b)) * geo t p + L * (beta * sigma) * sqrt (geo t (p ^ 2)))) by (intros; ring).
    rewrite rtotal_add, !rtotal_scal. unfold x, b0, x, chi, theta, h. field. lra. }
  assert (c0 : 0 <= c).
  { unfold c. rewrite <- (Rmult_0_r (INR (length (seq 0 tau)))), <- rtotal_const. apply rtotal_le. intros r _.
    pose proof (drift_bound_nonneg beta b sigma p beta_pos b_nonneg sigma_nonneg p_nonneg err He r). nra. }
  assert (c1 : 0 <= x * err + b0) by (apply Rmult_le_reg_l with (INR tau); [assumption|]; rewrite <- ec; lra).
  apply (minkowski_ex (chain i) (fun r => / INR tau * norm (snd r - T)) (fun _ => K)); [now apply chain_ok|assumption|assumption| | |].
  - rewrite (ex_ext _ _ (fun r => (/ INR tau) ^ 2 * norm (snd r - T) ^ 2)) by (intros; ring). rewrite ex_scal.
    apply Rle_trans with ((/ INR tau) ^ 2 * c ^ 2); [apply Rmult_le_compat_l; [apply pow2_ge_0|assumption]|]. right. rewrite ec. field. lra.
  - rewrite ex_const by now apply chain_ok. lra.
  - intros r _. split; [apply norm_nonneg|]. unfold mean in near. rewrite seq_length in near. fold T in near.
    replace (/ INR tau * snd r - psi * g i w)%V with (/ INR tau * (snd r - T) + (/ INR tau * T - psi * g i w))%V by veq.
    eapply Rle_trans; [apply triangle|]. rewrite norm_scal, Rabs_right; [lra|]. pose proof (Rinv_0_lt_compat _ Ht). lra.
Qed.

(** (1, x) always. *)
Lemma pair_one i : (i < n)%nat ->
  ex (chain i) (fun r => norm (/ INR tau * snd r - 1 * g i w) ^ 2) <= (x * norm (g i w) + b0) ^ 2.
Proof using L_nonneg b_nonneg beta_pos beta_s bias lipschitz noise_proper p_nonneg runs_in sigma_nonneg sizes step_lipschitz tau_pos variance_bound w_in.
  intros Hi. replace (x * norm (g i w) + b0) with (x * norm (g i w) + b0 + 0) by ring.
  apply (gathered_mean i (fun _ => w)); auto; try lra.
  - apply norm_nonneg.
  - intros t _. replace (w - beta * g i w - w)%V with ((- beta) * g i w)%V by veq. rewrite norm_scal, Rabs_Ropp, Rabs_right by lra. lra.
  - assert (some : seq 0 tau <> nil) by (destruct tau; [lia|discriminate]).
    replace (mean (seq 0 tau) (fun _ => g i w) - 1 * g i w)%V with (@zero X); [rewrite norm_zero; lra|].
    apply inner_ext. intros z. expand. rewrite inner_mean, rmean_const by assumption. ring.
Qed.

(** Any pair that holds along the exact paths, such as D1's, when W holds those paths. *)
Definition exact_path i t : X := Nat.iter t (fun v => v - beta * g i v)%V w.
Lemma pair_exact psi omega i : (i < n)%nat -> 0 <= omega -> (forall t, (t < tau)%nat -> W (exact_path i t)) ->
  norm (mean (seq 0 tau) (fun t => g i (exact_path i t)) - psi * g i w) <= omega * norm (g i w) ->
  ex (chain i) (fun r => norm (/ INR tau * snd r - psi * g i w) ^ 2) <= (omega * norm (g i w) + b0) ^ 2.
Proof using L_nonneg b_nonneg beta_pos bias lipschitz noise_proper p_nonneg runs_in sigma_nonneg sizes step_lipschitz tau_pos variance_bound.
  intros Hi Ho inside near. replace (omega * norm (g i w) + b0) with (x * 0 + b0 + omega * norm (g i w)) by ring.
  apply (gathered_mean i (exact_path i)); auto; try lra.
  - intros t _. replace (exact_path i t - beta * g i (exact_path i t) - exact_path i (S t))%V with (@zero X) by (simpl; veq).
    rewrite norm_zero. lra.
  - pose proof (norm_nonneg (g i w)). nra.
Qed.

(** ** The two forms of V *)
Definition V_deviation := (b * geo (pred tau) p + sigma * sqrt (geo tau (p ^ 2))) ^ 2 / INR tau ^ 2.
Definition V_martingale c := sigma ^ 2 / INR tau * (2 * c / (2 * c - H / INR m)).

Lemma run_inside i : (i < n)%nat -> forall t v, (t < tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
Proof using runs_in sizes tau_pos. intros Hi t v Ht. apply (runs_in i t v Hi). lia. Qed.
Lemma half_factor : 0 <= H / (2 * INR m).
Proof using L_nonneg beta_pos beta_s_pos sizes tau_pos. pose proof INR_m. apply Rmult_le_pos; [exact H_nonneg|left; apply Rinv_0_lt_compat; lra]. Qed.
Lemma paid_nonneg i : (i < n)%nat -> 0 <= variance (chain i) (fun r => / INR tau * snd r)%V.
Proof using beta noise_proper noisy w. intros Hi. apply variance_nonneg, chain_ok, Hi. Qed.
Lemma var_le i B : variance (result w i) (fun v => v) <= (beta * INR tau) ^ 2 * B -> var i <= B.
Proof using beta_pos sizes tau_pos.
  intros le. pose proof INR_tau as Ht. assert (pos : 0 < beta * INR tau) by now apply Rmult_lt_0_compat.
  apply Rmult_le_reg_r with ((beta * INR tau) ^ 2); [now apply pow_lt|]. unfold var, Rdiv.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r by (apply pow_nonzero; lra). lra.
Qed.

Lemma varied_deviation c i : (i < n)%nat -> 0 <= c ->
  H / (2 * INR m) * var i <= c * variance (chain i) (fun r => / INR tau * snd r)%V + H / (2 * INR m) * V_deviation.
Proof using L_nonneg b_nonneg beta_pos beta_s_pos bias noise_proper p_nonneg runs_in sigma_nonneg sizes step_lipschitz tau_pos variance_bound.
  intros Hi Hc. pose proof (paid_nonneg i Hi) as v0. pose proof INR_tau as Ht. pose proof half_factor as HH.
  assert (le : var i <= V_deviation).
  { apply var_le. eapply Rle_trans; [apply (variance_result (g i) (noisy i) (noise i) beta w W b sigma p tau); auto; exact (run_inside i Hi)|].
    right. unfold V_deviation. field. lra. }
  assert (0 <= c * variance (chain i) (fun r => / INR tau * snd r)%V) by now apply Rmult_le_pos.
  assert (H / (2 * INR m) * var i <= H / (2 * INR m) * V_deviation) by now apply Rmult_le_compat_l. lra.
Qed.
Lemma varied_zero c i : (i < n)%nat -> 0 <= c -> sigma = 0 ->
  H / (2 * INR m) * var i <= c * variance (chain i) (fun r => / INR tau * snd r)%V + H / (2 * INR m) * 0.
Proof using noise_proper runs_in sizes tau_pos variance_bound.
  intros Hi Hc none. pose proof (paid_nonneg i Hi) as v0.
  assert (z : var i = 0).
  { unfold var, result. rewrite (variance_without_noise (noisy i) (noise i) beta w W sigma tau); auto; [unfold Rdiv; ring|exact (run_inside i Hi)]. }
  rewrite z. assert (0 <= c * variance (chain i) (fun r => / INR tau * snd r)%V) by now apply Rmult_le_pos. lra.
Qed.

Lemma young_split q c s0 s1 : 0 <= q -> q < 2 * c -> q / 2 * (s0 + s1) ^ 2 <= c * s1 ^ 2 + q / 2 * (s0 ^ 2 * (2 * c / (2 * c - q))).
Proof using.
  intros Hq Hc. apply Rmult_le_reg_l with (2 * c - q); [lra|].
  replace ((2 * c - q) * (c * s1 ^ 2 + q / 2 * (s0 ^ 2 * (2 * c / (2 * c - q))))) with
    ((2 * c - q) * (q / 2 * (s0 + s1) ^ 2) + (q * s0 - (2 * c - q) * s1) ^ 2 / 2) by (field; lra).
  pose proof (pow2_ge_0 (q * s0 - (2 * c - q) * s1)). lra.
Qed.
Lemma varied_martingale c i : (i < n)%nat -> H / INR m < 2 * c ->
  H / (2 * INR m) * var i <= c * variance (chain i) (fun r => / INR tau * snd r)%V + H / (2 * INR m) * V_martingale c.
Proof using L_nonneg beta_pos beta_s_pos noise_proper runs_in sigma_nonneg sizes tau_pos variance_bound.
  intros Hi Hc. pose proof INR_tau as Ht. pose proof INR_m as Hm. pose proof half_factor as HH. pose proof (paid_nonneg i Hi) as v0.
  set (q := H / INR m) in *. assert (eq : H / (2 * INR m) = q / 2) by (unfold q; field; lra). rewrite eq in *.
  set (u := variance (chain i) (fun r => / INR tau * snd r)%V) in *.
  assert (eu : variance (chain i) snd = INR tau ^ 2 * u).
  { unfold u, variance. rewrite <- ex_scal. apply ex_ext. intros r _. rewrite vex_scal, !norm_sq. expand. field. lra. }
  assert (st : sqrt (INR tau) ^ 2 = INR tau) by (apply sqrt_pow; lra).
  assert (sp : 0 < sqrt (INR tau)) by now apply sqrt_lt_R0.
  assert (le : var i <= (sigma / sqrt (INR tau) + sqrt u) ^ 2).
  { apply var_le. eapply Rle_trans; [apply (variance_martingale (noisy i) (noise i) beta w W sigma tau); auto; exact (run_inside i Hi)|].
    fold (chain i). rewrite eu, sqrt_mult, sqrt_pow2 by (try apply pow2_ge_0; lra). right.
    replace (INR tau) with (sqrt (INR tau) ^ 2) at 2 3 by exact st. field. lra. }
  pose proof (young_split q c (sigma / sqrt (INR tau)) (sqrt u) ltac:(lra) Hc) as y.
  rewrite sqrt_pow in y by assumption. replace ((sigma / sqrt (INR tau)) ^ 2) with (sigma ^ 2 / INR tau) in y
    by (rewrite <- st at 1; field; lra).
  eapply Rle_trans; [apply Rmult_le_compat_l; [exact HH|exact le]|]. exact y.
Qed.

(** ** T1d *)
Definition pair psi omega :=
  (psi = 1 /\ omega = x) \/
  (0 <= omega /\ forall i, (i < n)%nat -> (forall t, (t < tau)%nat -> W (exact_path i t)) /\
    norm (mean (seq 0 tau) (fun t => g i (exact_path i t)) - psi * g i w) <= omega * norm (g i w)).
Definition variance_form c V :=
  V = V_deviation \/ (sigma = 0 /\ V = 0) \/ (H / INR m < 2 * c /\ V = V_martingale c).

Theorem T1d psi omega eps zeta c V :
  pair psi omega -> variance_form c V -> 0 < eps -> (0 < zeta \/ zeta = 0 /\ b0 = 0) ->
  Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c -> (0 < k -> H * k < 2 * c) ->
  expected_loss w <= F w - beta_s * beta * INR tau * A psi omega eps zeta c * norm (G w) ^ 2
                         + beta_s * beta * INR tau * N psi omega zeta c V.
Proof using L_nonneg Wconvex b_nonneg beta_pos beta_s_pos bias gamma_bound gradients lipschitz noise_proper p_nonneg runs_in servers_in sigma_nonneg sizes step_lipschitz tau_pos variance_bound w_in.
  intros HP HV He Hz Hc Hs. pose proof (c_nonneg psi eps c He Hc) as c0. apply one_round; try assumption.
  - intros i Hi. destruct HP as [[-> ->]|[Ho HP]]; [now apply pair_one|]. destruct (HP i Hi). now apply pair_exact.
  - intros i Hi. destruct HV as [->|[[none ->]|[Hq ->]]]; [now apply varied_deviation|now apply varied_zero|now apply varied_martingale].
Qed.
End Round.
