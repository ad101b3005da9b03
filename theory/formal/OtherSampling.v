(** C6: one round with weights over the agents: draws with replacement, full participation, independent inclusion. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun OneRoundCases WeightedMeans.
Require OneRound.

Lemma total_repeat {A} {X : space} (d : A) m (h : A -> X) : total (repeat d m) h = (INR m * h d)%V.
Proof using. induction m as [|m IH]; [simpl; veq|]. rewrite S_INR. simpl. rewrite IH. veq. Qed.
Lemma rtotal_repeat {A} (d : A) m h : rtotal (repeat d m) h = INR m * h d.
Proof using. induction m as [|m IH]; [simpl; ring|]. rewrite S_INR. simpl. rewrite IH. ring. Qed.
Lemma variance_shift {A} {X : space} (d : dist A) (y : A -> X) z : proper d -> variance d (fun a => y a - z)%V = variance d y.
Proof using. intros Hd. unfold variance. rewrite vex_add, vex_const by assumption. apply ex_ext. intros a _. do 2 f_equal. veq. Qed.
(** A mixture's variance: within and between. *)
Lemma variance_bind {A} {X : space} (P : dist A) (D : A -> dist X) : proper P -> (forall i, support P i -> proper (D i)) ->
  variance (bind P D) (fun v => v) = ex P (fun i => variance (D i) (fun v => v)) + variance P (fun i => vex (D i) (fun v => v)).
Proof using.
  intros HP HD. unfold variance at 1. rewrite vex_bind, ex_bind. set (e := vex P (fun i => vex (D i) (fun v => v))).
  unfold variance at 2. fold e. rewrite <- ex_add. apply ex_ext. intros i Hi. rewrite (variance_split (D i) (fun v => v) e (HD i Hi)). ring.
Qed.

(** The server adds beta_s times the move that M draws. *)
Definition moved {X : space} beta_s (M : X -> dist X) w : dist X := bind (M w) (fun d => ret (w + beta_s * d)%V).
Lemma moved_support {X : space} beta_s (M : X -> dist X) w d : support (M w) d -> support (moved beta_s M w) (w + beta_s * d)%V.
Proof using. intros Hd. apply support_bind_intro with d; [assumption|]. exists 1. now left. Qed.
Lemma moved_ex {X : space} beta_s (M : X -> dist X) w q : ex (moved beta_s M w) q = ex (M w) (fun d => q (w + beta_s * d)%V).
Proof using. unfold moved. rewrite ex_bind. apply ex_ext. intros. now rewrite ex_ret. Qed.
Lemma moved_proper {X : space} beta_s (M : X -> dist X) w : proper (M w) -> proper (moved beta_s M w).
Proof using. intros HM. apply proper_bind; [assumption|]. intros. apply proper_ret. Qed.

Section Sampling.
Context {X : space} {Xi : Type}.
Variables (n : nat) (P : dist nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta beta_s : R) (tau : nat) (W : X -> Prop) (L gamma b sigma p : R) (w : X).
(** F and its gradient, weighted by P. *)
Definition F u := ex P (fun i => f i u).
Definition G u : X := vex P (fun i => g i u).
Let result := OneRound.result noisy noise beta tau w.
Let H := OneRound.H beta beta_s tau L.
Let s := beta_s * beta * INR tau.
Let a := G w.
Let chain i := chain (noisy i) (noise i) beta w tau.
Let e i : X := (/ INR tau * vex (chain i) snd)%V.
Let var i := variance (result i) (fun v => v) / (beta * INR tau) ^ 2.
Let vv i := variance (chain i) (fun r => / INR tau * snd r)%V.

Hypothesis P_proper : proper P.
Hypothesis P_agents : forall i, support P i -> (i < n)%nat.
Hypothesis n_pos : (1 <= n)%nat.
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
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
Hypothesis w_in : W w.
Hypothesis runs_in : forall i t v, (i < n)%nat -> (t <= tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v.
(** A5 with the weights. *)
Hypothesis gamma_bound : variance P (fun i => g i w) <= gamma ^ 2.

Lemma F_descent u v : W u -> W v -> F v <= F u + inner (G u) (v - u) + L / 2 * norm (v - u) ^ 2.
Proof using P_proper P_agents Wconvex gradients lipschitz.
  intros Hu Hv. unfold F, G. rewrite inner_vex, <- (ex_const P (L / 2 * norm (v - u) ^ 2) P_proper), <- !ex_add. apply ex_le; [assumption|].
  intros i Hi. apply P_agents in Hi. apply (descent W Wconvex); auto.
Qed.
Lemma result_proper i : (i < n)%nat -> proper (result i).
Proof using noise_proper. intros Hi. exact (run_proper (noisy i) (noise i) beta w (noise_proper i Hi) tau). Qed.
Lemma result_mean i : (i < n)%nat -> vex (result i) (fun v => v - w)%V = ((- (beta * INR tau)) * e i)%V.
Proof using noise_proper tau_pos beta_pos.
  intros Hi. rewrite vex_add, vex_const by now apply result_proper.
  assert (vex (result i) (fun v => v) = vex (chain i) fst) as ->.
  { apply inner_ext. intros z. rewrite !inner_vex. symmetry. apply (chain_run (noisy i) (noise i) beta w tau (fun v => inner v z)). }
  unfold chain. rewrite (martingale_mean (noisy i) (noise i) beta w (noise_proper i Hi) tau). fold (chain i). unfold e. pose proof (INR_pos tau tau_pos).
  apply inner_ext. intros z. expand. field. lra.
Qed.
Lemma result_variance i : (i < n)%nat -> variance (result i) (fun v => v - w)%V = (beta * INR tau) ^ 2 * var i.
Proof using noise_proper tau_pos beta_pos.
  intros Hi. rewrite variance_shift by now apply result_proper. unfold var. pose proof (INR_pos tau tau_pos). field. split; lra.
Qed.

(** ** The constants *)
Section Constants.
Variables (k share psi omega eps zeta c V : R).
Hypothesis share_nonneg : 0 <= share.
Hypothesis pairs : OneRound.pair n g beta tau W L p w psi omega.
(** T1d's forms of V, with [share] for 1/m. *)
Hypothesis form : V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/
  (H * share < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * share))).
Hypothesis eps_pos : 0 < eps.
Hypothesis zeta_range : 0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L b sigma p = 0.
Hypothesis c_large : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c.

Lemma H_nonneg : 0 <= H.
Proof using n_pos tau_pos beta_pos beta_s_pos L_nonneg. apply (OneRound.H_nonneg n beta beta_s tau n L (conj n_pos (Nat.le_refl n))); assumption. Qed.

Lemma budget_of i : support P i -> norm (e i - psi * g i w) ^ 2 + vv i <= (omega * norm (g i w) + OneRound.b0 beta tau L b sigma p) ^ 2.
Proof using P_agents n_pos tau_pos beta_pos L_nonneg b_nonneg sigma_nonneg p_nonneg lipschitz step_lipschitz noise_proper bias variance_bound w_in runs_in pairs.
  intros Hi. apply P_agents in Hi. assert (ch : proper (chain i)) by exact (chain_proper (noisy i) (noise i) beta w (noise_proper i Hi) tau).
  assert (reached : ex (chain i) (fun r => norm (/ INR tau * snd r - psi * g i w) ^ 2) <= (omega * norm (g i w) + OneRound.b0 beta tau L b sigma p) ^ 2).
  { destruct pairs as [[e1 e2]|[Ho HP]].
    - rewrite e1, e2. exact (OneRound.pair_one n g noisy noise beta beta tau n W L b sigma p w (conj n_pos (Nat.le_refl n)) tau_pos beta_pos L_nonneg b_nonneg sigma_nonneg p_nonneg
        lipschitz step_lipschitz noise_proper bias variance_bound w_in runs_in i Hi).
    - destruct (HP i Hi) as [inside near]. exact (OneRound.pair_exact n g noisy noise beta tau n W L b sigma p w (conj n_pos (Nat.le_refl n)) tau_pos beta_pos L_nonneg b_nonneg sigma_nonneg p_nonneg
        lipschitz step_lipschitz noise_proper bias variance_bound runs_in psi omega i Hi Ho inside near). }
  eapply Rle_trans; [|exact reached]. rewrite (variance_split (chain i) (fun r => / INR tau * snd r)%V (psi * g i w)%V ch), vex_scal. right. reflexivity.
Qed.
Lemma varied_of i : support P i -> H * share / 2 * var i <= c * vv i + H * share / 2 * V.
Proof using P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg step_lipschitz noise_proper bias variance_bound runs_in share_nonneg form eps_pos c_large.
  intros Hi. apply P_agents in Hi. assert (ch : proper (chain i)) by exact (chain_proper (noisy i) (noise i) beta w (noise_proper i Hi) tau).
  pose proof (INR_pos tau tau_pos) as Ht. pose proof H_nonneg as H0. pose proof (c_nonneg H psi eps c H0 eps_pos c_large) as c0.
  assert (v0 : 0 <= vv i) by now apply variance_nonneg. assert (q0 : 0 <= H * share / 2) by nonneg. assert (cv : 0 <= c * vv i) by nonneg.
  assert (inside : forall t v, (t < tau)%nat -> support (run (noisy i) (noise i) beta w t) v -> W v) by (intros t v l; apply (runs_in i t v Hi); lia).
  assert (bt : 0 < beta * INR tau) by now apply Rmult_lt_0_compat.
  assert (le : forall B, variance (result i) (fun v => v) <= (beta * INR tau) ^ 2 * B -> var i <= B).
  { intros B le. apply Rmult_le_reg_r with ((beta * INR tau) ^ 2); [now apply pow_lt|]. unfold var, Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by (apply pow_nonzero; lra). lra. }
  destruct form as [->|[[none ->]|[Hq ->]]].
  - assert (u : var i <= OneRound.V_deviation tau b sigma p).
    { apply le. eapply Rle_trans; [apply (variance_result (g i) (noisy i) (noise i) beta w W b sigma p tau); auto|]. right. unfold OneRound.V_deviation. field. lra. }
    assert (H * share / 2 * var i <= H * share / 2 * OneRound.V_deviation tau b sigma p) by now apply Rmult_le_compat_l. lra.
  - assert (z : var i = 0).
    { unfold var, result, OneRound.result. rewrite (variance_without_noise (noisy i) (noise i) beta w W sigma tau); auto. unfold Rdiv. ring. }
    rewrite z. lra.
  - set (q := H * share) in *. set (u := vv i) in *.
    assert (eu : variance (chain i) snd = INR tau ^ 2 * u).
    { unfold u, vv, variance. rewrite <- ex_scal. apply ex_ext. intros r _. rewrite vex_scal, !norm_sq. expand. field. lra. }
    assert (st : sqrt (INR tau) ^ 2 = INR tau) by (apply sqrt_pow; lra). assert (sp : 0 < sqrt (INR tau)) by now apply sqrt_lt_R0.
    assert (up : var i <= (sigma / sqrt (INR tau) + sqrt u) ^ 2).
    { apply le. eapply Rle_trans; [apply (variance_martingale (noisy i) (noise i) beta w W sigma tau); auto|].
      fold (chain i). rewrite eu, sqrt_mult, sqrt_pow2 by (try apply pow2_ge_0; lra). right.
      replace (INR tau) with (sqrt (INR tau) ^ 2) at 2 3 by exact st. field. lra. }
    pose proof (OneRound.young_split q c (sigma / sqrt (INR tau)) (sqrt u) ltac:(lra) Hq) as y.
    rewrite sqrt_pow in y by assumption. replace ((sigma / sqrt (INR tau)) ^ 2) with (sigma ^ 2 / INR tau) in y by (rewrite <- st at 1; field; lra).
    eapply Rle_trans; [apply Rmult_le_compat_l; [exact q0|exact up]|]. exact y.
Qed.

(** Any law of the server's move with the right mean, and a second moment in terms of the runs. *)
Variable M : dist X.
Hypothesis M_proper : proper M.
Hypothesis M_in : forall d, support M d -> W (w + beta_s * d)%V.
Hypothesis M_mean : vex M (fun d => d) = ((- (beta * INR tau)) * vex P e)%V.
Definition loss_after := ex M (fun d => F (w + beta_s * d)%V).

Lemma one_move S : variance M (fun d => d) <= (beta * INR tau) ^ 2 * S ->
  loss_after <= F w + s * (- inner a (vex P e) + H / 2 * (norm (vex P e) ^ 2 + S)).
Proof using P_proper P_agents Wconvex gradients lipschitz w_in M_proper M_in M_mean L_nonneg beta_s_pos.
  intros HS. unfold loss_after.
  apply Rle_trans with (ex M (fun d => F w + (beta_s * inner d a + L / 2 * beta_s ^ 2 * norm d ^ 2))).
  - apply ex_le; [assumption|]. intros d Hd. pose proof (F_descent w (w + beta_s * d)%V w_in (M_in d Hd)) as D.
    replace (w + beta_s * d - w)%V with (beta_s * d)%V in D by veq. rewrite norm_scal, inner_scal_r in D. fold a in D. rewrite (inner_sym _ d a).
    rewrite Rpow_mult_distr, pow2_abs in D. lra.
  - rewrite !ex_add, ex_const, !ex_scal, second_moment_split, <- inner_vex, M_mean by assumption.
    assert (c0 : 0 <= L / 2 * beta_s ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]). apply Rmult_le_compat_l with (r := L / 2 * beta_s ^ 2) in HS; [|assumption].
    assert (nn : norm ((- (beta * INR tau)) * vex P e) ^ 2 = (beta * INR tau) ^ 2 * norm (vex P e) ^ 2) by (rewrite !norm_sq; expand; ring).
    rewrite nn, inner_scal, (inner_sym _ (vex P e) a). unfold H, OneRound.H, OneRound.h, s. lra.
Qed.

Hypothesis k_nonneg : 0 <= k.
Hypothesis c_sampling : 0 < k -> H * k < 2 * c.
Lemma after_sampling : variance M (fun d => d) <= (beta * INR tau) ^ 2 * (k * variance P e + share * ex P var) ->
  loss_after <= F w - s * A H psi omega eps zeta c * norm a ^ 2 + s * N H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V.
Proof using All.
  intros HS. eapply Rle_trans; [exact (one_move _ HS)|].
  pose proof (weighted P (fun i => g i w) e vv var H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma eps zeta c V P_proper H_nonneg k_nonneg gamma_bound
    budget_of varied_of eps_pos zeta_range c_large c_sampling) as T. fold (G w) in T. fold a in T.
  assert (s0 : 0 <= s) by (unfold s; pose proof (INR_pos tau tau_pos); repeat apply Rmult_le_pos; lra).
  replace (F w - s * A H psi omega eps zeta c * norm a ^ 2 + s * N H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V)
    with (F w + s * (- A H psi omega eps zeta c * norm a ^ 2 + N H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V)) by ring.
  apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. lra.
Qed.
End Constants.

(** ** m draws with replacement, each with fresh batches *)
Variable m : nat.
Hypothesis m_pos : (1 <= m)%nat.
Definition replaced : dist X := bind (draws (repeat (bind P (OneRound.result noisy noise beta tau w)) m)) (fun l => ret (mean l (fun v => v - w))%V).

Lemma mixture_proper : proper (bind P result).
Proof using P_proper P_agents noise_proper. apply proper_bind; [assumption|]. intros i Hi. now apply result_proper, P_agents. Qed.
Lemma mixtures_proper d : In d (repeat (bind P result) m) -> proper d.
Proof using P_proper P_agents noise_proper. intros Hd. apply repeat_spec in Hd. subst. exact mixture_proper. Qed.
Lemma mixture_mean : vex (bind P result) (fun v => v - w)%V = ((- (beta * INR tau)) * vex P e)%V.
Proof using P_agents noise_proper tau_pos beta_pos.
  rewrite vex_bind, <- vex_scal. apply vex_ext. intros i Hi. now apply result_mean, P_agents.
Qed.
Lemma mixture_variance : variance (bind P result) (fun v => v - w)%V = (beta * INR tau) ^ 2 * (variance P e + ex P var).
Proof using P_proper P_agents noise_proper tau_pos beta_pos.
  rewrite variance_shift by exact mixture_proper. rewrite variance_bind; [|assumption|intros i Hi; now apply result_proper, P_agents].
  rewrite Rplus_comm, Rmult_plus_distr_l, <- ex_scal. f_equal.
  - rewrite (variance_ext P _ (fun i => (- (beta * INR tau)) * e i + w)%V).
    + transitivity (variance P (fun i => (- (beta * INR tau)) * e i)%V); [|rewrite variance_scal; ring].
      rewrite <- (variance_shift P (fun i => (- (beta * INR tau)) * e i + w)%V w P_proper). apply variance_ext. intros. veq.
    + intros i Hi. rewrite <- result_mean by now apply P_agents. rewrite vex_add, vex_const by now apply result_proper, P_agents. veq.
  - apply ex_ext. intros i Hi. apply P_agents in Hi. rewrite <- result_variance by assumption. symmetry. apply variance_shift. now apply result_proper.
Qed.
Lemma replaced_as_sum q : ex replaced q = ex (draws (repeat (bind P result) m)) (fun l => q (/ INR m * total l (fun v => v - w))%V).
Proof using.
  unfold replaced. rewrite ex_bind. apply ex_ext. intros l Hl. rewrite ex_ret. apply length_draws in Hl. rewrite repeat_length in Hl. unfold mean. now rewrite Hl.
Qed.
Lemma replaced_proper : proper replaced.
Proof using P_proper P_agents noise_proper. apply proper_bind; [apply proper_draws, mixtures_proper|]. intros. apply proper_ret. Qed.
Lemma replaced_mean : vex replaced (fun d => d) = ((- (beta * INR tau)) * vex P e)%V.
Proof using P_proper P_agents noise_proper tau_pos beta_pos m_pos.
  pose proof (INR_pos m m_pos) as m0. transitivity (/ INR m * vex (draws (repeat (bind P result) m)) (fun l => total l (fun v => v - w)))%V.
  - apply inner_ext. intros z. rewrite inner_vex, replaced_as_sum. expand. rewrite inner_vex, <- ex_scal. apply ex_ext. intros. now expand.
  - rewrite vex_draws by exact mixtures_proper. rewrite total_repeat, mixture_mean. apply inner_ext. intros z. expand. field. lra.
Qed.
(** The second moment: 1/m before the spread and before the variance. *)
Theorem replaced_variance : variance replaced (fun d => d) = (beta * INR tau) ^ 2 * (/ INR m * variance P e + / INR m * ex P var).
Proof using P_proper P_agents noise_proper tau_pos beta_pos m_pos.
  pose proof (INR_pos m m_pos) as m0. transitivity ((/ INR m) ^ 2 * variance (draws (repeat (bind P result) m)) (fun l => total l (fun v => v - w)%V)).
  - unfold variance. rewrite replaced_as_sum, <- ex_scal. apply ex_ext. intros l _.
    assert (e0 : vex replaced (fun d => d) = (/ INR m * vex (draws (repeat (bind P result) m)) (fun l => total l (fun v => v - w)))%V).
    { apply inner_ext. intros z. rewrite inner_vex, replaced_as_sum. expand. rewrite inner_vex, <- ex_scal. apply ex_ext. intros. now expand. }
    rewrite e0, !norm_sq. expand. ring.
  - rewrite variance_draws by exact mixtures_proper. rewrite rtotal_repeat, mixture_variance. field. lra.
Qed.

(** One round with replacement: T1d with kappa = 1/m and 1/m. *)
Theorem C6_replacement psi omega eps zeta c V :
  (forall d, support replaced d -> W (w + beta_s * d)%V) ->
  OneRound.pair n g beta tau W L p w psi omega ->
  V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/ (H * / INR m < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * / INR m))) ->
  0 < eps -> 0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L b sigma p = 0 -> Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c -> H * / INR m < 2 * c ->
  ex replaced (fun d => F (w + beta_s * d)%V) <= F w - s * A H psi omega eps zeta c * norm (G w) ^ 2
    + s * N H (/ INR m) (/ INR m) psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V.
Proof using P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound w_in runs_in gamma_bound m_pos.
  intros HW HP HV He Hz Hc Hs. pose proof (Rinv_0_lt_compat _ (INR_pos m m_pos)) as m0.
  apply after_sampling; try assumption; try lra.
  - exact replaced_proper.
  - exact replaced_mean.
  - rewrite replaced_variance. lra.
Qed.

(** ** Every agent, with its weight *)
Definition weighted_move (pa : R * nat) : dist X := bind (OneRound.result noisy noise beta tau w (snd pa)) (fun v => ret (fst pa * (v - w))%V).
Definition everyone : dist X := bind (draws (map weighted_move P)) (fun l => ret (total l (fun d => d))).
Variable p_max : R.
Hypothesis p_max_bound : forall pa, In pa P -> fst pa <= p_max.

Lemma in_P pa : In pa P -> support P (snd pa).
Proof using. intros Hp. exists (fst pa). now destruct pa. Qed.
Lemma moves_proper d : In d (map weighted_move P) -> proper d.
Proof using P_agents noise_proper.
  intros Hd. apply in_map_iff in Hd. destruct Hd as (pa & <- & Hp). apply proper_bind; [now apply result_proper, P_agents, in_P|]. intros. apply proper_ret.
Qed.
Lemma move_mean pa : In pa P -> vex (weighted_move pa) (fun d => d) = (fst pa * (- (beta * INR tau) * e (snd pa)))%V.
Proof using P_agents noise_proper tau_pos beta_pos.
  intros Hp. unfold weighted_move. rewrite vex_bind, <- result_mean by now apply P_agents, in_P. rewrite <- vex_scal. apply vex_ext. intros. now rewrite vex_ret.
Qed.
Lemma move_variance pa : In pa P -> variance (weighted_move pa) (fun d => d) = fst pa ^ 2 * ((beta * INR tau) ^ 2 * var (snd pa)).
Proof using P_agents noise_proper tau_pos beta_pos.
  intros Hp. rewrite <- result_variance by now apply P_agents, in_P. unfold variance. rewrite move_mean by assumption. unfold weighted_move. rewrite ex_bind, <- ex_scal.
  apply ex_ext. intros v _. rewrite ex_ret, result_mean by now apply P_agents, in_P. rewrite !norm_sq. expand. ring.
Qed.
Lemma everyone_mean : vex everyone (fun d => d) = ((- (beta * INR tau)) * vex P e)%V.
Proof using P_agents noise_proper tau_pos beta_pos.
  unfold everyone. rewrite vex_bind. rewrite (vex_ext _ _ (fun l => total l (fun d => d))) by (intros; now rewrite vex_ret).
  rewrite vex_draws by exact moves_proper. rewrite OneRound.total_map. unfold vex at 2. rewrite <- total_scal. apply total_ext. intros pa Hp. rewrite move_mean by assumption. veq.
Qed.
Lemma everyone_variance : variance everyone (fun d => d) <= (beta * INR tau) ^ 2 * (0 * variance P e + p_max * ex P var).
Proof using P_proper P_agents noise_proper tau_pos beta_pos p_max_bound.
  assert (ev : variance everyone (fun d => d) = variance (draws (map weighted_move P)) (fun l => total l (fun d => d))).
  { unfold variance. assert (em : vex everyone (fun d => d) = vex (draws (map weighted_move P)) (fun l => total l (fun d => d))).
    { unfold everyone. rewrite vex_bind. apply vex_ext. intros. now rewrite vex_ret. }
    rewrite em. unfold everyone. rewrite ex_bind. apply ex_ext. intros. now rewrite ex_ret. }
  rewrite ev, variance_draws by exact moves_proper. rewrite rtotal_map, Rmult_0_l, Rplus_0_l. unfold ex.
  rewrite <- !rtotal_scal. apply rtotal_le. intros pa Hp. rewrite move_variance by assumption.
  assert (w0 : 0 <= fst pa) by exact (proj1 P_proper pa Hp). pose proof (p_max_bound pa Hp) as pm.
  assert (v0 : 0 <= var (snd pa)).
  { unfold var, Rdiv. apply Rmult_le_pos; [apply variance_nonneg, result_proper, P_agents, in_P, Hp|].
    left. apply Rinv_0_lt_compat, pow_lt, Rmult_lt_0_compat; [assumption|exact (INR_pos tau tau_pos)]. }
  assert (x0 : 0 <= fst pa * ((beta * INR tau) ^ 2 * var (snd pa))) by nonneg.
  replace (fst pa ^ 2 * ((beta * INR tau) ^ 2 * var (snd pa))) with (fst pa * (fst pa * ((beta * INR tau) ^ 2 * var (snd pa)))) by ring.
  replace ((beta * INR tau) ^ 2 * (p_max * (fst pa * var (snd pa)))) with (p_max * (fst pa * ((beta * INR tau) ^ 2 * var (snd pa)))) by ring.
  now apply Rmult_le_compat_r.
Qed.

(** One round with every agent: T1d with kappa = 0 and max p_i for 1/m. *)
Theorem C6_full psi omega eps zeta c V : 0 <= p_max ->
  (forall d, support everyone d -> W (w + beta_s * d)%V) ->
  OneRound.pair n g beta tau W L p w psi omega ->
  V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/ (H * p_max < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * p_max))) ->
  0 < eps -> 0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L b sigma p = 0 -> Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c ->
  ex everyone (fun d => F (w + beta_s * d)%V) <= F w - s * A H psi omega eps zeta c * norm (G w) ^ 2
    + s * N H 0 p_max psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V.
Proof using P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound w_in runs_in gamma_bound p_max_bound.
  intros pm HW HP HV He Hz Hc. apply after_sampling; try assumption; try lra.
  - apply proper_bind; [apply proper_draws, moves_proper|]. intros. apply proper_ret.
  - exact everyone_mean.
  - exact everyone_variance.
Qed.

(** ** Independent inclusion with probability r and weights 1/(r n), P uniform *)
Variable r : R.
Hypothesis r_range : 0 < r <= 1.
Hypothesis P_uniform : P = uniform (seq 0 n).
Definition coin : dist bool := (r, true) :: (1 - r, false) :: nil.
Definition chance_move (i : nat) : dist X :=
  bind coin (fun on => if on then bind (OneRound.result noisy noise beta tau w i) (fun v => ret (/ (r * INR n) * (v - w))%V) else ret zero).
Definition included : dist X := bind (draws (map chance_move (seq 0 n))) (fun l => ret (total l (fun d => d))).

Lemma ex_coin q : ex coin q = r * q true + (1 - r) * q false.
Proof using. unfold ex, coin. simpl. ring. Qed.
Lemma chance_proper d : In d (map chance_move (seq 0 n)) -> proper d.
Proof using noise_proper r_range.
  intros Hd. apply in_map_iff in Hd. destruct Hd as (i & <- & Hi). apply in_seq in Hi. apply proper_bind.
  - split; [intros pa [<-|[<-|[]]]; simpl; lra|]. rewrite ex_coin. ring.
  - intros [|] _; [|apply proper_ret]. apply proper_bind; [exact (result_proper i (proj2 Hi))|]. intros. apply proper_ret.
Qed.
Lemma chance_mean i : (i < n)%nat -> vex (chance_move i) (fun d => d) = (/ INR n * (- (beta * INR tau) * e i))%V.
Proof using noise_proper tau_pos beta_pos r_range n_pos.
  intros Hi. pose proof (INR_pos n n_pos) as n0. apply inner_ext. intros z. rewrite inner_vex. unfold chance_move. rewrite ex_bind, ex_coin, ex_ret, ex_bind, inner_zero.
  rewrite (ex_ext _ _ (fun v => / (r * INR n) * inner (v - w) z)) by (intros; rewrite ex_ret; now expand). rewrite ex_scal, <- inner_vex.
  fold result. rewrite (result_mean i Hi). expand. field. split; lra.
Qed.
Lemma chance_variance i : (i < n)%nat -> variance (chance_move i) (fun d => d) =
  (beta * INR tau) ^ 2 * (/ INR n * ((1 - r) / (r * INR n) * norm (e i) ^ 2 + / (r * INR n) * var i)).
Proof using noise_proper tau_pos beta_pos r_range n_pos.
  intros Hi. pose proof (INR_pos n n_pos) as n0. pose proof (result_proper i Hi) as rp.
  assert (cp : proper (chance_move i)) by (apply chance_proper, in_map, in_seq; split; [apply Nat.le_0_l|exact Hi]).
  pose proof (second_moment_split (chance_move i) (fun d => d) cp) as sm. rewrite (chance_mean i Hi) in sm.
  assert (m2 : ex (chance_move i) (fun d => norm d ^ 2) = r * ((/ (r * INR n)) ^ 2 * (norm ((- (beta * INR tau)) * e i) ^ 2 + (beta * INR tau) ^ 2 * var i))).
  { unfold chance_move. rewrite ex_bind, ex_coin, ex_ret, ex_bind, norm_zero.
    rewrite (ex_ext _ _ (fun v => (/ (r * INR n)) ^ 2 * norm (v - w) ^ 2)) by (intros; rewrite ex_ret, !norm_sq; expand; ring). rewrite ex_scal. fold result.
    rewrite (second_moment_split (result i) (fun v => v - w)%V rp), (result_mean i Hi), (result_variance i Hi). ring. }
  assert (n1 : norm (/ INR n * (- (beta * INR tau) * e i)) ^ 2 = (beta * INR tau) ^ 2 * (/ INR n) ^ 2 * norm (e i) ^ 2) by (rewrite !norm_sq; expand; ring).
  assert (n2 : norm ((- (beta * INR tau)) * e i) ^ 2 = (beta * INR tau) ^ 2 * norm (e i) ^ 2) by (rewrite !norm_sq; expand; ring).
  rewrite n2 in m2. rewrite m2, n1 in sm. apply Rplus_eq_reg_l with ((beta * INR tau) ^ 2 * (/ INR n) ^ 2 * norm (e i) ^ 2). rewrite <- sm. field. split; lra.
Qed.
Lemma uniform_ex q : ex P q = rmean (seq 0 n) q.
Proof using P_uniform. rewrite P_uniform. apply ex_uniform. Qed.
Lemma included_mean : vex included (fun d => d) = ((- (beta * INR tau)) * vex P e)%V.
Proof using noise_proper tau_pos beta_pos r_range n_pos P_uniform.
  unfold included. rewrite vex_bind. rewrite (vex_ext _ _ (fun l => total l (fun d => d))) by (intros; now rewrite vex_ret).
  rewrite vex_draws by exact chance_proper. rewrite OneRound.total_map.
  rewrite (total_ext _ _ (fun i => / INR n * (- (beta * INR tau) * e i))%V) by (intros i Hi; apply in_seq in Hi; exact (chance_mean i (proj2 Hi))).
  apply inner_ext. intros z. expand. rewrite inner_total, inner_vex, uniform_ex. unfold rmean. rewrite seq_length. unfold Rdiv.
  rewrite (rtotal_ext _ _ (fun i => / INR n * - (beta * INR tau) * inner (e i) z)) by (intros; expand; ring). rewrite rtotal_scal. ring.
Qed.
(** The second moment as printed: the mean of the squares, not the spread. *)
Theorem included_variance : variance included (fun d => d) =
  (beta * INR tau) ^ 2 * ((1 - r) / (r * INR n) * ex P (fun i => norm (e i) ^ 2) + / (r * INR n) * ex P var).
Proof using noise_proper tau_pos beta_pos r_range n_pos P_uniform.
  assert (ev : variance included (fun d => d) = variance (draws (map chance_move (seq 0 n))) (fun l => total l (fun d => d))).
  { unfold variance. assert (em : vex included (fun d => d) = vex (draws (map chance_move (seq 0 n))) (fun l => total l (fun d => d))).
    { unfold included. rewrite vex_bind. apply vex_ext. intros. now rewrite vex_ret. }
    rewrite em. unfold included. rewrite ex_bind. apply ex_ext. intros. now rewrite ex_ret. }
  rewrite ev, variance_draws by exact chance_proper. rewrite rtotal_map, !uniform_ex.
  rewrite (rtotal_ext _ _ (fun i => (beta * INR tau) ^ 2 * (/ INR n * ((1 - r) / (r * INR n) * norm (e i) ^ 2 + / (r * INR n) * var i))))
    by (intros i Hi; apply in_seq in Hi; exact (chance_variance i (proj2 Hi))).
  rewrite !rtotal_scal. f_equal. rewrite rtotal_add, !rtotal_scal. unfold rmean. rewrite seq_length. unfold Rdiv. ring.
Qed.

(** One round with independent inclusion, k = (1-r)/(rn) and 1/(rn): N gets gamma_F^2 and A loses, both at H k psi^2 c'/(2c' - Hk). *)
Theorem C6_inclusion psi omega eps zeta c c' V : let k := (1 - r) / (r * INR n) in let share := / (r * INR n) in
  (forall d, support included d -> W (w + beta_s * d)%V) ->
  OneRound.pair n g beta tau W L p w psi omega ->
  V = OneRound.V_deviation tau b sigma p \/ (sigma = 0 /\ V = 0) \/ (H * share < 2 * c /\ V = sigma ^ 2 / INR tau * (2 * c / (2 * c - H * share))) ->
  0 < eps -> 0 < zeta \/ zeta = 0 /\ OneRound.b0 beta tau L b sigma p = 0 -> Rabs (1 - H * psi) / (2 * eps) + H / 2 + c' <= c -> H * k < 2 * c' ->
  ex included (fun d => F (w + beta_s * d)%V) <= F w - s * A_inclusion H k psi omega eps zeta c c' * norm (G w) ^ 2
    + s * N_inclusion H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V c'.
Proof using P_proper P_agents n_pos tau_pos beta_pos beta_s_pos L_nonneg b_nonneg sigma_nonneg p_nonneg Wconvex gradients lipschitz step_lipschitz noise_proper bias variance_bound w_in runs_in gamma_bound r_range P_uniform.
  intros k share HW HP HV He Hz Hc Hs. pose proof (INR_pos n n_pos) as n0. assert (rn : 0 < r * INR n) by (apply Rmult_lt_0_compat; lra).
  assert (k0 : 0 <= k) by (unfold k; apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]).
  assert (sh0 : 0 <= share) by (left; now apply Rinv_0_lt_compat). pose proof H_nonneg as H0.
  assert (c'0 : 0 <= c') by (assert (0 <= H * k) by (now apply Rmult_le_pos); lra).
  assert (Hc0 : Rabs (1 - H * psi) / (2 * eps) + H / 2 <= c) by lra.
  assert (M_proper : proper included) by (apply proper_bind; [apply proper_draws, chance_proper|]; intros; apply proper_ret).
  pose proof (one_move included M_proper HW included_mean _ (Req_le _ _ included_variance)) as om. unfold loss_after in om. eapply Rle_trans; [exact om|].
  pose proof (weighted_inclusion P (fun i => g i w) e vv var H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma eps zeta c V P_proper H0 k0 gamma_bound
    (budget_of psi omega HP) (varied_of share psi eps c V sh0 HV He Hc0) He Hz Hc0 c' Hs Hc) as T. fold (G w) in T. fold a in T.
  assert (s0 : 0 <= s) by (unfold s; pose proof (INR_pos tau tau_pos); repeat apply Rmult_le_pos; lra).
  replace (F w - s * A_inclusion H k psi omega eps zeta c c' * norm (G w) ^ 2 + s * N_inclusion H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V c')
    with (F w + s * (- A_inclusion H k psi omega eps zeta c c' * norm a ^ 2 + N_inclusion H k share psi omega (OneRound.b0 beta tau L b sigma p) gamma zeta c V c')) by (unfold a; ring).
  apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. fold k share. lra.
Qed.
End Sampling.
