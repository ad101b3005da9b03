(** C2: the mean squared gradient at the average of all local iterates, the published left side. *)
Require Import Space Calculus Smoothness Sampling Expectation LocalRun NonconvexRate OneRoundCases.
Require OneRound.

Lemma total_map_list {A C} {X : space} (h : A -> C) l (y : C -> X) : mean (map h l) y = mean l (fun i => y (h i)).
Proof using. unfold mean. now rewrite map_length, OneRound.total_map. Qed.
Lemma rmean_map_list {A C} (h : A -> C) l y : rmean (map h l) y = rmean l (fun i => y (h i)).
Proof using. unfold rmean. now rewrite map_length, rtotal_map. Qed.
(** A convex set holds the mean of its points. *)
Lemma convex_mean {A} {X : space} (W : X -> Prop) (l : list A) (y : A -> X) : convex W -> l <> nil -> (forall i, In i l -> W (y i)) -> W (mean l y).
Proof using.
  intros Wc. induction l as [|i l IH]; intros nz inside; [congruence|]. destruct l as [|j l].
  - replace (mean (i :: nil) y) with (y i); [apply inside; now left|]. unfold mean. simpl. apply inner_ext. intros z. expand. field.
  - set (k := j :: l) in *. assert (Wk : W (mean k y)) by (apply IH; [discriminate|intros; apply inside; now right]).
    assert (pos : 0 < INR (length k)) by (apply size_pos; discriminate). set (c := INR (length k)) in *.
    replace (mean (i :: k) y) with (y i + c / (c + 1) * (mean k y - y i))%V.
    + apply Wc; [apply inside; now left|assumption|]. split; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
      apply Rmult_le_reg_r with (c + 1); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
    + assert (ek : INR (length (i :: k)) = c + 1) by exact (S_INR (length k)). unfold mean. rewrite ek. fold c. change (total (i :: k) y) with (y i + total k y)%V. apply inner_ext. intros z. expand. field. lra.
Qed.
(** The mean minimises the mean squared distance. *)
Lemma spread_min {A} {X : space} (l : list A) (y : A -> X) z : l <> nil -> spread l y <= rmean l (fun i => norm (y i - z) ^ 2).
Proof using.
  intros Hl. unfold spread. set (e := mean l y).
  rewrite (rmean_ext l (fun i => norm (y i - z) ^ 2) (fun i => norm (y i - e) ^ 2 + (norm (e - z) ^ 2 + (2 * inner (y i) (e - z) + -2 * inner e (e - z))))).
  - rewrite !rmean_add, !rmean_const, rmean_scal, <- inner_mean by assumption. fold e. pose proof (pow2_ge_0 (norm (e - z))). lra.
  - intros i _. rewrite !norm_sq. expand. order. ring.
Qed.
Lemma ex_draws {A} (ds : list (dist A)) q : (forall d, In d ds -> proper d) -> ex (draws ds) (fun l => rtotal l q) = rtotal ds (fun d => ex d q).
Proof using.
  induction ds as [|d ds IH]; intros H; [simpl draws; now rewrite ex_ret|]. simpl draws.
  assert (P : proper (draws ds)) by (apply proper_draws; intros; apply H; now right). rewrite ex_bind.
  rewrite (ex_ext d _ (fun a => q a + rtotal ds (fun d => ex d q))).
  - rewrite ex_add, ex_const by (apply H; now left). reflexivity.
  - intros a _. rewrite ex_bind, <- IH by (intros; apply H; now right).
    rewrite (ex_ext (draws ds) _ (fun l => q a + rtotal l q)) by (intros; now rewrite ex_ret). now rewrite ex_add, ex_const.
Qed.

Section LocalAverage.
Context {X : space} {Xi : Type}.
Variables (n : nat) (f : nat -> X -> R) (g : nat -> X -> X) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi).
Variables (beta : R) (tau m : nat) (W Reach : X -> Prop) (L gamma b sigma p F_star : R).
Let agents := seq 0 n.
Let F u := rmean agents (fun i => f i u).
Let G u : X := mean agents (fun i => g i u).

(** All n agents run: the state lists agent and iterate. *)
Definition state := list (nat * X).
Definition agent_step (iv : nat * X) : dist (nat * X) := bind (noise (fst iv)) (fun xi => ret (fst iv, (snd iv - beta * noisy (fst iv) (snd iv) xi)%V)).
Fixpoint joint w (t : nat) : dist state :=
  match t with O => ret (map (fun i => (i, w)) (seq 0 n)) | S t => bind (joint w t) (fun l => draws (map agent_step l)) end.
Definition average (l : state) : X := mean l snd.
(** The server averages the results of m of them. *)
Definition all_round w : dist X := bind (joint w tau) (fun l => bind (uniform (subsets m l)) (fun A => ret (average A))).

Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis tau_pos : (1 <= tau)%nat.
Hypothesis beta_pos : 0 < beta.
Hypothesis L_nonneg : 0 <= L.
(** h <= tau *)
Hypothesis short_step : beta * L <= 1.
Hypothesis b_nonneg : 0 <= b.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis gamma_nonneg : 0 <= gamma.
Hypothesis p_nonneg : 0 <= p.
Hypothesis Wconvex : convex W.
Hypothesis gradients : forall i u, (i < n)%nat -> W u -> gradient (f i) (g i) u.
Hypothesis lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm (g i u - g i v) <= L * norm (u - v).
Hypothesis step_lipschitz : forall i u v, (i < n)%nat -> W u -> W v -> norm ((u - beta * g i u) - (v - beta * g i v)) <= p * norm (u - v).
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Hypothesis bias : forall i v, (i < n)%nat -> W v -> norm (expected (noisy i) (noise i) v - g i v) <= b.
Hypothesis variance_bound : forall i v, (i < n)%nat -> W v -> variance (noise i) (noisy i v) <= sigma ^ 2.
Hypothesis gamma_bound : forall u, W u -> spread agents (fun i => g i u) <= gamma ^ 2.
(** [Reach] holds the global iterates of this run: w_0 and, with a point, every result of a round from it. [W] is convex and holds the local iterates from them (at t = 0: themselves). *)
Hypothesis rounds_in : forall w v, Reach w -> support (all_round w) v -> Reach v.
Hypothesis joint_in : forall w t l iv, Reach w -> (t <= tau)%nat -> support (joint w t) l -> In iv l -> W (snd iv).

Let e (iv : nat * X) : X := expected (noisy (fst iv)) (noise (fst iv)) (snd iv).
Let ebar (l : state) : X := mean l e.

Lemma draws_fst (l l' : state) : support (draws (map agent_step l)) l' -> map fst l' = map fst l.
Proof using.
  revert l'. induction l as [|iv l IH]; intros l' H; simpl in H.
  - apply support_ret in H. now subst.
  - apply support_bind in H. destruct H as (iv' & H1 & H). apply support_bind in H. destruct H as (k & Hk & H). apply support_ret in H. subst. simpl.
    f_equal; [|now apply IH]. apply support_bind in H1. destruct H1 as (xi & _ & H1). apply support_ret in H1. now subst.
Qed.
Lemma joint_fst w t l : support (joint w t) l -> map fst l = agents.
Proof using.
  revert l. induction t as [|t IH]; intros l H; cbn [joint] in H.
  - apply support_ret in H. subst. rewrite map_map. simpl. apply map_id.
  - apply support_bind in H. destruct H as (k & Hk & H). rewrite (draws_fst k l H). now apply IH.
Qed.

(** What is known of a state: its agents, and that its points lie in W. *)
Definition good (l : state) := map fst l = agents /\ forall iv, In iv l -> W (snd iv).
Lemma joint_good w t l : Reach w -> (t <= tau)%nat -> support (joint w t) l -> good l.
Proof using joint_in. intros Hw Ht Hl. split; [now apply (joint_fst w t)|]. intros iv Hi. now apply (joint_in w t l). Qed.
Lemma good_size l : good l -> length l = n.
Proof using. intros [Hf _]. rewrite <- (map_length fst l), Hf. apply seq_length. Qed.
Lemma n_pos : 0 < INR n.
Proof using sizes. apply INR_pos. clear -sizes. lia. Qed.
Lemma good_some l : good l -> l <> nil.
Proof using sizes. clear -sizes. intros [Hf _] z. subst l. simpl in Hf. unfold agents in Hf. destruct n; [lia|discriminate]. Qed.
Lemma good_agent l iv : good l -> In iv l -> (fst iv < n)%nat.
Proof using. intros [Hf _] Hi. apply (in_map fst) in Hi. rewrite Hf in Hi. apply in_seq in Hi. exact (proj2 Hi). Qed.
Lemma good_average l : good l -> W (average l).
Proof using sizes Wconvex. intros Hg. exact (convex_mean W l snd Wconvex (good_some l Hg) (proj2 Hg)). Qed.
Lemma good_F l u : good l -> F u = rmean l (fun iv => f (fst iv) u).
Proof using. intros [Hf _]. unfold F. now rewrite <- Hf, rmean_map_list. Qed.
Lemma good_G l u : good l -> G u = mean l (fun iv => g (fst iv) u).
Proof using. intros [Hf _]. unfold G. now rewrite <- Hf, total_map_list. Qed.
Lemma agents_some : agents <> nil.
Proof using sizes. clear -sizes. unfold agents. destruct n; [lia|discriminate]. Qed.
Lemma F_descent u v : W u -> W v -> F v <= F u + inner (G u) (v - u) + L / 2 * norm (v - u) ^ 2.
Proof using sizes Wconvex gradients lipschitz.
  intros Hu Hv. unfold F, G. rewrite inner_mean, <- (rmean_const agents (L / 2 * norm (v - u) ^ 2) agents_some).
  rewrite <- !rmean_add. apply rmean_le. intros i Hi. apply in_seq in Hi. pose proof (proj2 Hi : (i < n)%nat) as Hn. apply (descent W Wconvex); auto.
Qed.

Lemma step_proper l d : good l -> In d (map agent_step l) -> proper d.
Proof using noise_proper.
  intros Hg Hd. apply in_map_iff in Hd. destruct Hd as (iv & <- & Hi). apply proper_bind; [apply noise_proper, (good_agent l); assumption|]. intros. apply proper_ret.
Qed.
Lemma step_ex iv q : ex (agent_step iv) q = ex (noise (fst iv)) (fun xi => q (fst iv, (snd iv - beta * noisy (fst iv) (snd iv) xi)%V)).
Proof using. unfold agent_step. rewrite ex_bind. apply ex_ext. intros. now rewrite ex_ret. Qed.
Lemma step_mean iv : (fst iv < n)%nat -> vex (agent_step iv) snd = (snd iv - beta * e iv)%V.
Proof using noise_proper.
  intros Hi. pose proof (noise_proper _ Hi) as P. unfold agent_step. rewrite vex_bind.
  rewrite (vex_ext _ _ (fun xi => snd iv + (- beta) * noisy (fst iv) (snd iv) xi)%V) by (intros; rewrite vex_ret; simpl; veq).
  rewrite vex_add, vex_const, vex_scal by assumption. unfold e, expected. veq.
Qed.
Lemma step_variance iv : (fst iv < n)%nat -> W (snd iv) -> variance (agent_step iv) snd <= beta ^ 2 * sigma ^ 2.
Proof using noise_proper variance_bound.
  intros Hi Hv. eapply Rle_trans; [|apply Rmult_le_compat_l; [apply pow2_ge_0|exact (variance_bound _ _ Hi Hv)]]. right.
  unfold variance. rewrite step_mean, step_ex, <- ex_scal by assumption. apply ex_ext. intros xi _. cbn [fst snd]. unfold e, expected. rewrite !norm_sq. expand. order. ring.
Qed.

(** A step of the average: a gradient step of F with an error. *)
Lemma average_step l : good l -> (forall l', support (draws (map agent_step l)) l' -> W (average l')) ->
  ex (draws (map agent_step l)) (fun l' => F (average l')) <=
  F (average l) - beta / 2 * norm (G (average l)) ^ 2 + beta / 2 * norm (ebar l - G (average l)) ^ 2 + beta ^ 2 * L * sigma ^ 2 / (2 * INR n).
Proof using sizes beta_pos L_nonneg short_step Wconvex gradients lipschitz noise_proper variance_bound.
  intros Hg HW. pose proof n_pos as n0. pose proof (good_size l Hg) as size. pose proof (fun d => step_proper l d Hg) as SP.
  pose proof (proper_draws _ SP) as P. set (u := average l) in *. set (a := G u) in *.
  assert (len : forall l', support (draws (map agent_step l)) l' -> INR (length l') = INR n).
  { intros l' Hl. apply length_draws in Hl. rewrite map_length, size in Hl. now rewrite Hl. }
  set (M := fun l' : list (nat * X) => (/ INR n * total l' snd - u)%V).
  assert (vM : vex (draws (map agent_step l)) (fun l' => total l' snd) = total l (fun iv => snd iv - beta * e iv)%V).
  { rewrite vex_draws, OneRound.total_map by exact SP. apply total_ext. intros iv Hi. now apply step_mean, (good_agent l). }
  assert (eM : vex (draws (map agent_step l)) M = ((- beta) * ebar l)%V).
  { unfold M. rewrite vex_add, vex_const, vex_scal, vM by assumption. rewrite total_add, !total_scal. unfold u, average, ebar, mean. rewrite size. veq. }
  assert (varM : variance (draws (map agent_step l)) M <= beta ^ 2 * sigma ^ 2 / INR n).
  { assert (sc : variance (draws (map agent_step l)) M = (/ INR n) ^ 2 * variance (draws (map agent_step l)) (fun l' => total l' snd)).
    { unfold variance. rewrite <- ex_scal. apply ex_ext. intros l' _. unfold M. rewrite vex_add, vex_const, vex_scal by assumption. rewrite !norm_sq. expand. order. ring. }
    rewrite sc, variance_draws, rtotal_map by exact SP.
    assert (le : rtotal l (fun iv => variance (agent_step iv) snd) <= INR n * (beta ^ 2 * sigma ^ 2)).
    { rewrite <- size, <- rtotal_const. apply rtotal_le. intros iv Hi. apply step_variance; [now apply (good_agent l)|now apply Hg]. }
    apply Rle_trans with ((/ INR n) ^ 2 * (INR n * (beta ^ 2 * sigma ^ 2))); [apply Rmult_le_compat_l; [apply pow2_ge_0|exact le]|]. right. field. lra. }
  apply Rle_trans with (ex (draws (map agent_step l)) (fun l' => F u + (inner (M l') a + L / 2 * norm (M l') ^ 2))).
  - apply ex_le; [assumption|]. intros l' Hl. pose proof (F_descent u (average l') (good_average l Hg) (HW l' Hl)) as D. fold a in D.
    replace (average l' - u)%V with (M l') in D by (unfold M, average, mean; now rewrite (len l' Hl)). rewrite (inner_sym _ _ a). lra.
  - rewrite !ex_add, ex_const, !ex_scal, second_moment_split, <- inner_vex, eM by assumption.
    assert (n1 : norm ((- beta) * ebar l) ^ 2 = beta ^ 2 * norm (ebar l) ^ 2) by (rewrite !norm_sq; expand; ring).
    assert (n2 : norm (ebar l - a) ^ 2 = norm (ebar l) ^ 2 - 2 * inner (ebar l) a + norm a ^ 2) by (rewrite !norm_sq; expand; order; ring).
    rewrite n1, inner_scal, n2. apply Rmult_le_compat_l with (r := L / 2) in varM; [|lra].
    replace (beta ^ 2 * L * sigma ^ 2 / (2 * INR n)) with (L / 2 * (beta ^ 2 * sigma ^ 2 / INR n)) by (field; lra).
    assert (q : L / 2 * (beta ^ 2 * norm (ebar l) ^ 2) <= beta / 2 * norm (ebar l) ^ 2).
    { replace (L / 2 * (beta ^ 2 * norm (ebar l) ^ 2)) with (beta * L * (beta / 2 * norm (ebar l) ^ 2)) by field.
      assert (0 <= beta / 2 * norm (ebar l) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
      assert (beta * L * (beta / 2 * norm (ebar l) ^ 2) <= 1 * (beta / 2 * norm (ebar l) ^ 2)) by now apply Rmult_le_compat_r. lra. }
    lra.
Qed.

(** L2 over the agents of a state. *)
Let rms (l : state) := sqrt (spread l snd).
Lemma rms_sq l : rms l ^ 2 = spread l snd.
Proof using. apply sqrt_pow, spread_nonneg. Qed.
Lemma rms_nonneg l : 0 <= rms l.
Proof using. apply sqrt_pos. Qed.

Lemma average_error l : good l -> norm (ebar l - G (average l)) <= L * rms l + b.
Proof using sizes L_nonneg b_nonneg lipschitz bias Wconvex.
  intros Hg. pose proof (good_some l Hg) as some. set (u := average l). pose proof (good_average l Hg) as Wu. fold u in Wu. pose proof (rms_nonneg l) as r0.
  assert (rhs : 0 <= L * rms l + b) by (assert (0 <= L * rms l) by nonneg; lra).
  rewrite (good_G l u Hg). set (r := fun iv => (e iv - g (fst iv) u)%V).
  assert (er : (ebar l - mean l (fun iv => g (fst iv) u))%V = mean l r) by (unfold r, ebar; rewrite mean_add, mean_scal; reflexivity). rewrite er.
  apply Rsqr_incr_0_var; [|assumption]. rewrite !Rsqr_pow2.
  pose proof (mean_square l r some) as ms. pose proof (spread_nonneg l r) as s0.
  apply Rle_trans with (rmean l (fun iv => norm (r iv) ^ 2)); [lra|]. rewrite <- ex_uniform.
  apply (minkowski_ex (uniform l) (fun iv => L * norm (snd iv - u)) (fun _ => b)); [now apply uniform_proper|nonneg|assumption| | |].
  - rewrite ex_uniform, (rmean_ext l _ (fun iv => L ^ 2 * norm (snd iv - u) ^ 2)) by (intros; ring). rewrite rmean_scal, Rpow_mult_distr, rms_sq. right. reflexivity.
  - rewrite ex_const by now apply uniform_proper. lra.
  - intros iv Hi. apply uniform_support in Hi. pose proof (good_agent l iv Hg Hi) as Hn. pose proof (proj2 Hg iv Hi) as Wv. split; [apply norm_nonneg|].
    unfold r, e. replace (expected (noisy (fst iv)) (noise (fst iv)) (snd iv) - g (fst iv) u)%V with
      ((g (fst iv) (snd iv) - g (fst iv) u) + (expected (noisy (fst iv)) (noise (fst iv)) (snd iv) - g (fst iv) (snd iv)))%V by veq.
    eapply Rle_trans; [apply triangle|]. pose proof (lipschitz _ _ _ Hn Wv Wu). pose proof (bias _ _ Hn Wv). lra.
Qed.

Lemma spread_step l : good l -> ex (draws (map agent_step l)) (fun l' => spread l' snd) <= (p * rms l + beta * (gamma + b)) ^ 2 + (beta * sigma) ^ 2.
Proof using sizes beta_pos b_nonneg gamma_nonneg p_nonneg Wconvex step_lipschitz noise_proper bias variance_bound gamma_bound.
  intros Hg. pose proof n_pos as n0. pose proof (good_size l Hg) as size. pose proof (fun d => step_proper l d Hg) as SP. pose proof (good_some l Hg) as some.
  pose proof (proper_draws _ SP) as P. set (u := average l). pose proof (good_average l Hg) as Wu. fold u in Wu. set (z := (u - beta * G u)%V). pose proof (rms_nonneg l) as r0.
  apply Rle_trans with (ex (draws (map agent_step l)) (fun l' => / INR n * rtotal l' (fun iv => norm (snd iv - z) ^ 2))).
  - apply ex_le; [assumption|]. intros l' Hl. apply length_draws in Hl. rewrite map_length, size in Hl.
    assert (some' : l' <> nil) by (intros zz; rewrite zz in Hl; simpl in Hl; rewrite <- Hl in n0; simpl in n0; lra).
    eapply Rle_trans; [apply (spread_min l' snd z some')|]. unfold rmean. rewrite Hl. right. unfold Rdiv. ring.
  - rewrite ex_scal, ex_draws, rtotal_map by exact SP.
    assert (one : forall iv, In iv l -> ex (agent_step iv) (fun iv' => norm (snd iv' - z) ^ 2) <= norm (snd iv - beta * e iv - z) ^ 2 + (beta * sigma) ^ 2).
    { intros iv Hi. pose proof (good_agent l iv Hg Hi) as Hn. rewrite variance_split by (apply (SP (agent_step iv)), in_map, Hi).
      rewrite step_mean by assumption. apply Rplus_le_compat_l. rewrite Rpow_mult_distr. apply step_variance; [assumption|now apply Hg]. }
    apply Rle_trans with (rmean l (fun iv => norm (snd iv - beta * e iv - z) ^ 2 + (beta * sigma) ^ 2)).
    + unfold rmean. rewrite size. unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. now apply rtotal_le.
    + rewrite rmean_add, rmean_const by assumption. apply Rplus_le_compat_r. rewrite <- ex_uniform.
      apply (minkowski_ex (uniform l) (fun iv => p * norm (snd iv - u)) (fun iv => beta * (norm (g (fst iv) u - G u) + b))); [now apply uniform_proper|nonneg|apply Rmult_le_pos; lra| | |].
      * rewrite ex_uniform, (rmean_ext l _ (fun iv => p ^ 2 * norm (snd iv - u) ^ 2)) by (intros; ring). rewrite rmean_scal, Rpow_mult_distr, rms_sq. right. reflexivity.
      * rewrite (ex_ext _ _ (fun iv => beta ^ 2 * (norm (g (fst iv) u - G u) + b) ^ 2)) by (intros; ring). rewrite ex_scal, Rpow_mult_distr. apply Rmult_le_compat_l; [apply pow2_ge_0|].
        apply (minkowski_ex (uniform l) (fun iv => norm (g (fst iv) u - G u)) (fun _ => b)); [now apply uniform_proper|assumption|assumption| | |].
        -- rewrite ex_uniform. eapply Rle_trans; [|exact (gamma_bound u Wu)]. right. unfold spread. fold (G u). now rewrite <- (proj1 Hg), rmean_map_list.
        -- rewrite ex_const by now apply uniform_proper. lra.
        -- intros iv _. pose proof (norm_nonneg (g (fst iv) u - G u)). lra.
      * intros iv Hi. apply uniform_support in Hi. pose proof (good_agent l iv Hg Hi) as Hn. pose proof (proj2 Hg iv Hi) as Wv. split; [apply norm_nonneg|].
        set (v := snd iv) in *. set (i := fst iv) in *. unfold z, e. fold v i.
        replace (v - beta * expected (noisy i) (noise i) v - (u - beta * G u))%V with
          (((v - beta * g i v) - (u - beta * g i u)) + ((- beta) * (expected (noisy i) (noise i) v - g i v) + (- beta) * (g i u - G u)))%V by veq.
        pose proof (triangle ((v - beta * g i v) - (u - beta * g i u)) ((- beta) * (expected (noisy i) (noise i) v - g i v) + (- beta) * (g i u - G u))) as t1.
        pose proof (triangle ((- beta) * (expected (noisy i) (noise i) v - g i v)) ((- beta) * (g i u - G u))) as t2.
        rewrite !norm_scal, Rabs_Ropp, Rabs_right in t2 by lra. pose proof (step_lipschitz i v u Hn Wv Wu). pose proof (bias i v Hn Wv) as bi.
        apply Rmult_le_compat_l with (r := beta) in bi; [|lra]. lra.
Qed.

(** Dispersion of the local iterates: beta D_t. *)
Definition D t := (gamma + b) * geo t p + sigma * sqrt (geo t (p ^ 2)).
Lemma D_nonneg t : 0 <= D t.
Proof using b_nonneg sigma_nonneg gamma_nonneg p_nonneg.
  unfold D. pose proof (geo_nonneg t p p_nonneg). pose proof (sqrt_pos (geo t (p ^ 2))). assert (0 <= (gamma + b) * geo t p) by (apply Rmult_le_pos; lra).
  assert (0 <= sigma * sqrt (geo t (p ^ 2))) by nonneg. lra.
Qed.
Lemma joint_proper w t : Reach w -> (t <= tau)%nat -> proper (joint w t).
Proof using noise_proper joint_in.
  intros Hw. induction t as [|t IH]; intros Ht; [apply proper_ret|]. assert (Ht' : (t <= tau)%nat) by (clear -Ht; lia).
  apply proper_bind; [now apply IH|]. intros l Hl. apply proper_draws. intros d Hd. exact (step_proper l d (joint_good w t l Hw Ht' Hl) Hd).
Qed.
Lemma dispersion w t : Reach w -> (t <= tau)%nat -> ex (joint w t) (fun l => spread l snd) <= (beta * D t) ^ 2.
Proof using sizes beta_pos b_nonneg sigma_nonneg gamma_nonneg p_nonneg Wconvex step_lipschitz noise_proper bias variance_bound gamma_bound joint_in.
  intros Hw. induction t as [|t IH]; intros Ht.
  - cbn [joint]. rewrite ex_ret. assert (z : spread (map (fun i => (i, w)) (seq 0 n)) snd = 0); [|rewrite z; apply pow2_ge_0].
    unfold spread. rewrite rmean_map_list, total_map_list. simpl snd.
    assert (ew : mean (seq 0 n) (fun _ => w) = w) by (apply inner_ext; intros z; rewrite inner_mean; apply rmean_const, agents_some).
    rewrite ew. rewrite (rmean_ext _ _ (fun _ => 0)) by (intros; rewrite norm_sq; expand; ring). apply rmean_const, agents_some.
  - assert (Ht' : (t <= tau)%nat) by (clear -Ht; lia). specialize (IH Ht'). pose proof (joint_proper w t Hw Ht') as P. cbn [joint]. rewrite ex_bind.
    apply Rle_trans with (ex (joint w t) (fun l => (p * rms l + beta * (gamma + b)) ^ 2 + (beta * sigma) ^ 2)).
    + apply ex_le; [assumption|]. intros l Hl. apply spread_step, (joint_good w t l Hw Ht' Hl).
    + rewrite ex_add, ex_const by assumption. pose proof (D_nonneg t) as d0.
      assert (mk : ex (joint w t) (fun l => (p * rms l + beta * (gamma + b)) ^ 2) <= (p * (beta * D t) + beta * (gamma + b)) ^ 2).
      { assert (bg : 0 <= beta * (gamma + b)) by (apply Rmult_le_pos; lra).
        apply (minkowski_ex (joint w t) (fun l => p * rms l) (fun _ => beta * (gamma + b))); [assumption|apply Rmult_le_pos; [assumption|apply Rmult_le_pos; lra]|assumption| | |].
        - rewrite (ex_ext _ _ (fun l : state => p ^ 2 * spread l snd)) by (intros; rewrite <- rms_sq; ring). rewrite ex_scal, (Rpow_mult_distr p).
          apply Rmult_le_compat_l; [apply pow2_ge_0|assumption].
        - rewrite ex_const by assumption. lra.
        - intros l _. pose proof (rms_nonneg l). assert (0 <= p * rms l) by nonneg. lra. }
      assert (A0 : 0 <= beta * (gamma + b) * geo (S t) p) by (pose proof (geo_nonneg (S t) p p_nonneg); apply Rmult_le_pos; [apply Rmult_le_pos|]; lra).
      assert (s0 : 0 <= beta * sigma) by (apply Rmult_le_pos; lra).
      pose proof (two_parts p (beta * (gamma + b) * geo (S t) p) (geo t (p ^ 2)) (beta * sigma) A0 (geo_nonneg t (p ^ 2) (pow2_ge_0 p)) s0) as tp.
      unfold D. rewrite (geo_left t (p ^ 2)). replace (beta * ((gamma + b) * geo (S t) p + sigma * sqrt (1 + p ^ 2 * geo t (p ^ 2)))) with
        (beta * (gamma + b) * geo (S t) p + beta * sigma * sqrt (1 + p ^ 2 * geo t (p ^ 2))) by ring.
      eapply Rle_trans; [|exact tp]. apply Rplus_le_compat_r. eapply Rle_trans; [exact mk|]. right. f_equal. unfold D. rewrite (geo_left t p). ring.
Qed.

(** Local steps one after the other, then the sampling. *)
Let grad_at w t := ex (joint w t) (fun l => norm (G (average l)) ^ 2).
Let step_cost t := beta / 2 * (L * (beta * D t) + b) ^ 2 + beta ^ 2 * L * sigma ^ 2 / (2 * INR n).

Lemma local_descent w t : Reach w -> (S t <= tau)%nat ->
  ex (joint w (S t)) (fun l => F (average l)) <= ex (joint w t) (fun l => F (average l)) - beta / 2 * grad_at w t + step_cost t.
Proof using All.
  intros Hw Ht. assert (Ht' : (t <= tau)%nat) by (clear -Ht; lia). pose proof (joint_proper w t Hw Ht') as P. cbn [joint]. rewrite ex_bind.
  apply Rle_trans with (ex (joint w t) (fun l => F (average l) + (- (beta / 2) * norm (G (average l)) ^ 2 + (beta / 2 * (L * rms l + b) ^ 2 + beta ^ 2 * L * sigma ^ 2 / (2 * INR n))))).
  - apply ex_le; [assumption|]. intros l Hl. pose proof (joint_good w t l Hw Ht' Hl) as Hg.
    assert (HW : forall l', support (draws (map agent_step l)) l' -> W (average l')).
    { intros l' Hl'. apply good_average, (joint_good w (S t) l' Hw Ht). cbn [joint]. now apply support_bind_intro with l. }
    pose proof (average_step l Hg HW) as st. pose proof (average_error l Hg) as er.
    assert (sq : norm (ebar l - G (average l)) ^ 2 <= (L * rms l + b) ^ 2) by (apply pow_incr; split; [apply norm_nonneg|assumption]).
    apply Rmult_le_compat_l with (r := beta / 2) in sq; [|lra]. eapply Rle_trans; [exact st|]. lra.
  - rewrite !ex_add, !ex_scal, ex_const by assumption. fold (grad_at w t). unfold step_cost. pose proof (D_nonneg t) as d0.
    assert (mk : ex (joint w t) (fun l => (L * rms l + b) ^ 2) <= (L * (beta * D t) + b) ^ 2).
    { apply (minkowski_ex (joint w t) (fun l => L * rms l) (fun _ => b)); [assumption|apply Rmult_le_pos; [assumption|apply Rmult_le_pos; lra]|assumption| | |].
      - rewrite (ex_ext _ _ (fun l : state => L ^ 2 * spread l snd)) by (intros; rewrite <- rms_sq; ring). rewrite ex_scal, (Rpow_mult_distr L).
        apply Rmult_le_compat_l; [apply pow2_ge_0|]. now apply dispersion.
      - rewrite ex_const by assumption. lra.
      - intros l _. pose proof (rms_nonneg l). assert (0 <= L * rms l) by nonneg. lra. }
    apply Rmult_le_compat_l with (r := beta / 2) in mk; [|lra]. lra.
Qed.
Lemma local_descents w t : Reach w -> (t <= tau)%nat ->
  ex (joint w t) (fun l => F (average l)) <= F w - beta / 2 * rtotal (seq 0 t) (grad_at w) + rtotal (seq 0 t) step_cost.
Proof using All.
  intros Hw. induction t as [|t IH]; intros Ht.
  - cbn [joint]. rewrite ex_ret. unfold average. rewrite total_map_list. simpl.
    assert (ew : mean (seq 0 n) (fun _ => w) = w) by (apply inner_ext; intros z; rewrite inner_mean; apply rmean_const, agents_some). rewrite ew. lra.
  - specialize (IH ltac:(clear -Ht; lia)). pose proof (local_descent w t Hw Ht). rewrite seq_S, !rtotal_app. simpl (rtotal (_ :: nil) _). lra.
Qed.
Lemma sampled l : good l -> (forall A, In A (subsets m l) -> W (average A)) ->
  ex (uniform (subsets m l)) (fun A => F (average A)) <= F (average l) + L / 2 * (kappa n m * spread l snd).
Proof using sizes Wconvex gradients lipschitz L_nonneg.
  intros Hg HW. pose proof (good_size l Hg) as size. assert (Hm : (1 <= m <= length l)%nat) by now rewrite size. set (u := average l) in *.
  assert (some : subsets m l <> nil) by now apply subsets_nonempty. rewrite ex_uniform.
  set (c0 := F u - inner (G u) u + L / 2 * norm u ^ 2).
  apply Rle_trans with (rmean (subsets m l) (fun A => c0 + (inner (average A) (G u - L * u) + L / 2 * norm (average A) ^ 2))).
  - apply rmean_le. intros A HA. pose proof (F_descent u (average A) (good_average l Hg) (HW A HA)) as Ds. fold u in Ds.
    eapply Rle_trans; [exact Ds|]. right. unfold c0. rewrite !norm_sq. expand. order. generalize (G u) as gu. intros gu. rewrite ?(inner_sym _ u gu), ?(inner_sym _ (average A) gu), ?(inner_sym _ (average A) u). field.
  - rewrite !rmean_add, rmean_const, rmean_scal by assumption.
    assert (e1 : rmean (subsets m l) (fun A => inner (average A) (G u - L * u)) = inner u (G u - L * u)) by exact (mean_of_sample snd m l (G u - L * u)%V Hm).
    assert (e2 : rmean (subsets m l) (fun A => norm (average A) ^ 2) = norm u ^ 2 + kappa n m * spread l snd) by (rewrite <- size; exact (square_of_sample snd m l Hm)).
    rewrite e1, e2. right. unfold c0. rewrite !norm_sq. expand. generalize (G u) as gu. intros gu. rewrite ?(inner_sym _ u gu). field.
Qed.

Let round_cost := rtotal (seq 0 tau) step_cost + L / 2 * (kappa n m * (beta * D tau) ^ 2).
Lemma sampled_in w l A : Reach w -> support (joint w tau) l -> In A (subsets m l) -> W (average A).
Proof using sizes Wconvex joint_in.
  intros Hw Hl HA. pose proof (joint_good w tau l Hw (Nat.le_refl tau) Hl) as Hg. apply (convex_mean W A snd Wconvex).
  - apply subsets_size in HA. clear -HA sizes. destruct A; [simpl in HA; lia|discriminate].
  - intros iv Hi. apply (proj2 Hg). exact (subsets_incl m l A HA iv Hi).
Qed.
Lemma whole_round w : Reach w -> ex (all_round w) F <= F w - beta / 2 * rtotal (seq 0 tau) (grad_at w) + round_cost.
Proof using All.
  intros Hw. pose proof (joint_proper w tau Hw (Nat.le_refl tau)) as P. pose proof (local_descents w tau Hw (Nat.le_refl tau)) as ld.
  unfold all_round. rewrite ex_bind.
  apply Rle_trans with (ex (joint w tau) (fun l => F (average l) + L / 2 * kappa n m * spread l snd)).
  - apply ex_le; [assumption|]. intros l Hl. rewrite ex_bind. rewrite (ex_ext _ _ (fun A => F (average A))) by (intros; now rewrite ex_ret).
    eapply Rle_trans; [apply sampled; [exact (joint_good w tau l Hw (Nat.le_refl tau) Hl)|intros A HA; exact (sampled_in w l A Hw Hl HA)]|]. right. ring.
  - rewrite ex_add, ex_scal. pose proof (dispersion w tau Hw (Nat.le_refl tau)) as di. pose proof (OneRound.k_nonneg n tau m sizes tau_pos) as k0.
    assert (c0 : 0 <= L / 2 * kappa n m) by (apply Rmult_le_pos; lra). apply Rmult_le_compat_l with (r := L / 2 * kappa n m) in di; [|assumption].
    unfold round_cost. lra.
Qed.
Lemma all_proper w : Reach w -> proper (all_round w).
Proof using sizes noise_proper joint_in.
  intros Hw. apply proper_bind; [now apply joint_proper|]. intros l Hl. pose proof (joint_good w tau l Hw (Nat.le_refl tau) Hl) as Hg.
  apply proper_bind; [|intros; apply proper_ret]. apply uniform_proper, subsets_nonempty. rewrite (good_size l Hg). apply sizes.
Qed.

(** ** K rounds *)
Variable w0 : X.
Hypothesis start_in : Reach w0.
Hypothesis bounded_below : forall w, Reach w -> F_star <= F w.
Let law := Chain.law all_round w0.
Lemma law_inside k w : support (law k) w -> Reach w.
Proof using rounds_in start_in. exact (Chain.law_in all_round Reach w0 start_in rounds_in k w). Qed.
Lemma law_good k : proper (law k).
Proof using sizes joint_in rounds_in start_in noise_proper. exact (Chain.law_proper all_round Reach w0 start_in all_proper rounds_in k). Qed.
Lemma rounds_sum K : beta / 2 * rtotal (seq 0 K) (fun k => ex (law k) (fun w => rtotal (seq 0 tau) (grad_at w))) <= F w0 - ex (law K) F + INR K * round_cost.
Proof using All.
  induction K as [|K IH]; [unfold law; cbn [Chain.law]; rewrite ex_ret; simpl; lra|]. rewrite seq_S, rtotal_app, S_INR. simpl (rtotal (_ :: nil) _).
  assert (nx : ex (law (S K)) F <= ex (law K) F - beta / 2 * ex (law K) (fun w => rtotal (seq 0 tau) (grad_at w)) + round_cost).
  { unfold law. cbn [Chain.law]. fold law. rewrite ex_bind. pose proof (law_good K) as P.
    apply Rle_trans with (ex (law K) (fun w => F w + (- (beta / 2) * rtotal (seq 0 tau) (grad_at w) + round_cost))).
    - apply ex_le; [assumption|]. intros w Hw. pose proof (whole_round w (law_inside K w Hw)). lra.
    - rewrite !ex_add, ex_scal, ex_const by assumption. lra. }
  lra.
Qed.

Let h := OneRound.h beta tau L.
(** The left side averages over rounds and local steps the squared gradient at the average of all n local iterates. *)
Theorem C2 K : (1 <= K)%nat ->
  rmean (seq 0 K) (fun k => ex (law k) (fun w => rmean (seq 0 tau) (fun t => ex (joint w t) (fun l => norm (G (average l)) ^ 2)))) <=
  2 * (F w0 - F_star) / (beta * INR tau * INR K) + rmean (seq 0 tau) (fun t => (h * D t / INR tau + b) ^ 2)
  + h * sigma ^ 2 / (INR n * INR tau) + kappa n m * h * D tau ^ 2 / INR tau ^ 2.
Proof using All.
  intros HK. pose proof (INR_pos K HK) as K0. pose proof (INR_pos tau tau_pos) as t0. pose proof n_pos as n0. pose proof (rounds_sum K) as su.
  assert (lo : F_star <= ex (law K) F).
  { rewrite <- (ex_const (law K) F_star) by apply law_good. apply ex_le; [apply law_good|]. intros w Hw. now apply bounded_below, (law_inside K). }
  assert (el : rmean (seq 0 K) (fun k => ex (law k) (fun w => rmean (seq 0 tau) (grad_at w))) =
    rtotal (seq 0 K) (fun k => ex (law k) (fun w => rtotal (seq 0 tau) (grad_at w))) / (INR tau * INR K)).
  { unfold rmean. rewrite !seq_length. rewrite (rtotal_ext (seq 0 K) _ (fun k => / INR tau * ex (law k) (fun w => rtotal (seq 0 tau) (grad_at w)))).
    - rewrite rtotal_scal. field. split; lra.
    - intros k _. rewrite <- ex_scal. apply ex_ext. intros w _. unfold Rdiv. ring. }
  unfold grad_at in el at 1. rewrite el. set (T := rtotal (seq 0 K) _) in *.
  assert (ec : round_cost = beta * INR tau / 2 * (rmean (seq 0 tau) (fun t => (h * D t / INR tau + b) ^ 2) + h * sigma ^ 2 / (INR n * INR tau) + kappa n m * h * D tau ^ 2 / INR tau ^ 2)).
  { unfold round_cost, step_cost. rewrite rtotal_add, rtotal_const, seq_length, rtotal_scal. unfold rmean. rewrite seq_length.
    rewrite (rtotal_ext (seq 0 tau) (fun t => (h * D t / INR tau + b) ^ 2) (fun t => (L * (beta * D t) + b) ^ 2)) by (intros; f_equal; f_equal; unfold h, OneRound.h; field; lra).
    unfold h, OneRound.h. field. split; lra. }
  rewrite ec in su. set (C := rmean (seq 0 tau) (fun t => (h * D t / INR tau + b) ^ 2) + h * sigma ^ 2 / (INR n * INR tau) + kappa n m * h * D tau ^ 2 / INR tau ^ 2) in *.
  apply Rle_trans with (2 * (F w0 - F_star) / (beta * INR tau * INR K) + C); [|unfold C; lra].
  apply Rmult_le_reg_l with (beta / 2 * (INR tau * INR K)); [repeat apply Rmult_lt_0_compat; lra|].
  replace (beta / 2 * (INR tau * INR K) * (T / (INR tau * INR K))) with (beta / 2 * T) by (field; split; lra).
  replace (beta / 2 * (INR tau * INR K) * (2 * (F w0 - F_star) / (beta * INR tau * INR K) + C)) with (F w0 - F_star + INR K * (beta * INR tau / 2 * C)) by (field; repeat split; lra).
  lra.
Qed.
(** Exact mode with all agents: only the drift is left. *)
Corollary C2_exact K : (1 <= K)%nat -> m = n -> b = 0 -> sigma = 0 ->
  rmean (seq 0 K) (fun k => ex (law k) (fun w => rmean (seq 0 tau) (fun t => ex (joint w t) (fun l => norm (G (average l)) ^ 2)))) <=
  2 * (F w0 - F_star) / (beta * INR tau * INR K) + gamma ^ 2 * (h ^ 2 / INR tau ^ 3) * rtotal (seq 0 tau) (fun t => geo t p ^ 2).
Proof using All.
  intros HK full nb ns. pose proof (INR_pos tau tau_pos) as t0. pose proof n_pos as n0. eapply Rle_trans; [exact (C2 K HK)|].
  assert (k0 : kappa n m = 0) by (rewrite full; unfold kappa, Rdiv; destruct (Nat.eqb n 1); [reflexivity|ring]). rewrite k0, ns.
  replace (h * 0 ^ 2 / (INR n * INR tau)) with 0 by (field; split; lra). replace (0 * h * D tau ^ 2 / INR tau ^ 2) with 0 by (field; lra).
  assert (drift_only : rmean (seq 0 tau) (fun t => (h * D t / INR tau + b) ^ 2) = gamma ^ 2 * (h ^ 2 / INR tau ^ 3) * rtotal (seq 0 tau) (fun t => geo t p ^ 2)); [|rewrite drift_only; lra].
  unfold rmean. rewrite seq_length. rewrite (rtotal_ext _ _ (fun t => gamma ^ 2 * h ^ 2 / INR tau ^ 2 * geo t p ^ 2)).
  - rewrite rtotal_scal. field. lra.
  - intros t _. unfold D. rewrite nb, ns. field. lra.
Qed.
End LocalAverage.
