(** C2's rounds, where all agents run, give w_(k+1) the law that T1d's rounds give it, where only the sampled ones do. *)
Require Import Space Sampling Expectation LocalRun NonconvexRate LocalAverage.
Require OneRound.

Section Exchange.
Lemma ex_total {A B} (d : dist A) (l : list B) q : ex d (fun a => rtotal l (fun b => q b a)) = rtotal l (fun b => ex d (q b)).
Proof using.
  induction l as [|b l IH]; simpl.
  - unfold ex. rewrite (rtotal_ext d _ (fun _ => 0 * 0)) by (intros; ring). rewrite rtotal_const. ring.
  - now rewrite ex_add, IH.
Qed.
Lemma ex_swap {A B} (d : dist A) (e : dist B) q : ex d (fun a => ex e (q a)) = ex e (fun b => ex d (fun a => q a b)).
Proof using.
  transitivity (rtotal e (fun pb => ex d (fun a => fst pb * q a (snd pb)))).
  - unfold ex at 2. apply (ex_total d e (fun pb a => fst pb * q a (snd pb))).
  - unfold ex at 2. apply rtotal_ext. intros pb _. apply ex_scal.
Qed.
Lemma ex_draws_cons {A} (d : dist A) ds q : ex (draws (d :: ds)) q = ex d (fun a => ex (draws ds) (fun k => q (a :: k))).
Proof using. simpl draws. rewrite ex_bind. apply ex_ext. intros a _. rewrite ex_bind. apply ex_ext. intros. apply ex_ret. Qed.
Lemma ex_pointwise {A} (d : dist A) q r : (forall a, q a = r a) -> ex d q = ex d r.
Proof using. intros e. apply ex_ext. intros. apply e. Qed.
Lemma draws_same {A B} (l : list A) (D D' : A -> dist B) q : (forall i q, In i l -> ex (D i) q = ex (D' i) q) -> ex (draws (map D l)) q = ex (draws (map D' l)) q.
Proof using.
  revert q. induction l as [|i l IH]; intros q same; [reflexivity|]. cbn [map]. rewrite !ex_draws_cons, same by now left. apply ex_pointwise. intros a.
  apply IH. intros. apply same. now right.
Qed.
Lemma draws_sure {A B} (l : list A) (h : A -> B) q : ex (draws (map (fun i => ret (h i)) l)) q = q (map h l).
Proof using. revert q. induction l as [|i l IH]; intros q; [apply ex_ret|]. cbn [map]. rewrite ex_draws_cons, ex_ret. now rewrite IH. Qed.
(** Independent steps after independent draws are independent draws of the composed steps. *)
Lemma draws_bind {A B C} (l : list A) (D : A -> dist B) (st : B -> dist C) q :
  ex (draws (map D l)) (fun k => ex (draws (map st k)) q) = ex (draws (map (fun i => bind (D i) st) l)) q.
Proof using.
  revert q. induction l as [|i l IH]; intros q; [cbn [map draws]; rewrite ex_ret; reflexivity|]. cbn [map]. rewrite !ex_draws_cons, ex_bind. apply ex_pointwise. intros b.
  rewrite (ex_pointwise (draws (map D l)) _ (fun k => ex (st b) (fun c => ex (draws (map st k)) (fun r => q (c :: r))))) by (intros k; cbn [map]; apply ex_draws_cons).
  rewrite ex_swap. apply ex_pointwise. intros c. apply IH.
Qed.
(** Sampling positions of all draws = drawing only the sampled. *)
Lemma draws_subsets {A B} m (l : list A) (D : A -> dist B) q : (forall i, In i l -> proper (D i)) ->
  ex (draws (map D l)) (fun k => rtotal (subsets m k) q) = rtotal (subsets m l) (fun a => ex (draws (map D a)) q).
Proof using.
  revert m q. induction l as [|i l IH]; intros m q P; [destruct m; cbn [map draws]; rewrite ex_ret; cbn [subsets rtotal fold_right map draws]; [now rewrite ex_ret|reflexivity]|].
  assert (Pl : forall j, In j l -> proper (D j)) by (intros; apply P; now right). assert (Pi : proper (D i)) by (apply P; now left).
  destruct m as [|m].
  - rewrite (ex_pointwise _ _ (fun _ => q nil + 0)) by (intros k; destruct k; reflexivity). rewrite ex_const; [cbn [subsets rtotal fold_right map draws]; now rewrite ex_ret|].
    apply proper_draws. intros d Hd. apply in_map_iff in Hd. destruct Hd as (j & <- & Hj). now apply P.
  - cbn [map]. rewrite ex_draws_cons.
    rewrite (ex_pointwise _ _ (fun b => ex (draws (map D l)) (fun k => rtotal (subsets m k) (fun a => q (b :: a))) + ex (draws (map D l)) (fun k => rtotal (subsets (S m) k) q))).
    + rewrite ex_add, ex_const by assumption. cbn [subsets]. rewrite rtotal_app, rtotal_map, (IH (S m) q Pl). f_equal.
      rewrite (ex_pointwise _ _ (fun b => rtotal (subsets m l) (fun a => ex (draws (map D a)) (fun k => q (b :: k))))) by (intros b; apply (IH m (fun a => q (b :: a)) Pl)).
      rewrite ex_total. apply rtotal_ext. intros a _. cbn [map]. now rewrite ex_draws_cons.
    + intros b. rewrite <- ex_add. apply ex_pointwise. intros k. cbn [subsets]. now rewrite rtotal_app, rtotal_map.
Qed.
Lemma subsets_count {A B} m (l : list A) (k : list B) : length l = length k -> length (subsets m l) = length (subsets m k).
Proof using.
  revert m k. induction l as [|i l IH]; intros m [|j k] e; try discriminate; destruct m; try reflexivity. simpl in *.
  rewrite !app_length, !map_length, (IH m k), (IH (S m) k) by lia. reflexivity.
Qed.
Lemma draws_tagged {A B} (l : list A) (D : A -> dist B) q : ex (draws (map (fun i => bind (D i) (fun v => ret (i, v))) l)) (fun k => q (map snd k)) = ex (draws (map D l)) q.
Proof using.
  revert q. induction l as [|i l IH]; intros q; [cbn [map draws]; now rewrite !ex_ret|]. cbn [map]. rewrite !ex_draws_cons, ex_bind. apply ex_pointwise. intros v.
  rewrite ex_ret. cbn [map snd]. apply (IH (fun k => q (v :: k))).
Qed.
End Exchange.

Section Law.
Context {X : space} {Xi : Type}.
Variables (n : nat) (noisy : nat -> X -> Xi -> X) (noise : nat -> dist Xi) (beta : R) (tau m : nat).
Hypothesis sizes : (1 <= m <= n)%nat.
Hypothesis noise_proper : forall i, (i < n)%nat -> proper (noise i).
Let tagged w t i : dist (nat * X) := bind (run (noisy i) (noise i) beta w t) (fun v => ret (i, v)).

(** The joint run is n independent runs. *)
Lemma joint_law w t q : ex (joint n noisy noise beta w t) q = ex (draws (map (tagged w t) (seq 0 n))) q.
Proof using.
  revert q. induction t as [|t IH]; intros q.
  - cbn [joint]. rewrite ex_ret, <- (draws_sure (seq 0 n) (fun i => (i, w)) q). apply draws_same. intros i r _. unfold tagged. cbn [run]. rewrite ex_bind, !ex_ret. reflexivity.
  - cbn [joint]. rewrite ex_bind, IH. etransitivity; [exact (draws_bind (seq 0 n) (tagged w t) (agent_step noisy noise beta) q)|]. apply draws_same. intros i r _. unfold tagged. cbn [run]. rewrite !ex_bind. apply ex_pointwise. intros v.
    rewrite ex_ret. unfold agent_step. cbn [fst snd]. rewrite !ex_bind. apply ex_pointwise. intros xi. now rewrite !ex_ret.
Qed.
Theorem same_law w q : ex (all_round n noisy noise beta tau m w) q = ex (round n noisy noise beta 1 tau m w) q.
Proof using sizes noise_proper.
  assert (len : forall l, support (joint n noisy noise beta w tau) l -> length l = length (OneRound.agents n)).
  { intros l Hl. pose proof (joint_fst n noisy noise beta w tau l Hl) as e. rewrite <- (map_length fst l), e. reflexivity. }
  unfold all_round, round. rewrite !ex_bind, ex_uniform.
  rewrite (ex_ext _ _ (fun l => / INR (length (subsets m (OneRound.agents n))) * rtotal (subsets m l) (fun A => q (average A)))).
  2:{ intros l Hl. rewrite ex_bind, ex_uniform. unfold rmean. rewrite (subsets_count m l (OneRound.agents n) (len l Hl)). unfold Rdiv. rewrite Rmult_comm. f_equal.
      apply rtotal_ext. intros A _. apply ex_ret. }
  rewrite ex_scal, joint_law, (draws_subsets m (seq 0 n) (tagged w tau)).
  - unfold rmean, Rdiv. rewrite (Rmult_comm (rtotal _ _)). f_equal. apply rtotal_ext. intros A HA. rewrite ex_bind.
    rewrite <- (draws_tagged A (OneRound.result noisy noise beta tau w)). apply ex_ext. intros k Hk. rewrite ex_ret. f_equal.
    apply length_draws in Hk. rewrite map_length in Hk. apply subsets_size in HA. unfold OneRound.server.
    assert (ne : map snd k <> nil). { intros z. apply map_eq_nil in z. subst k. simpl in Hk. destruct sizes. lia. }
    apply inner_ext. intros z. unfold average. expand. rewrite !inner_mean. rewrite (rmean_map_list snd k).
    rewrite (rmean_ext k (fun i => inner (snd i - w) z) (fun i => inner (snd i) z + -1 * inner w z)) by (intros; now expand).
    rewrite rmean_add, rmean_const; [ring|]. intros e. apply ne. now rewrite e.
  - intros i Hi. apply in_seq in Hi. apply proper_bind; [apply run_proper, noise_proper; exact (proj2 Hi)|]. intros. apply proper_ret.
Qed.
End Law.
