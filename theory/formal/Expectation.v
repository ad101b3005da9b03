(** Finitely supported distributions: weighted lists of outcomes. *)
Require Import Space Sampling.

Definition dist (A : Type) := list (R * A).
Definition ret {A} (a : A) : dist A := (1, a) :: nil.
Definition bind {A C} (d : dist A) (k : A -> dist C) : dist C :=
  flat_map (fun pa => map (fun rc => (fst pa * fst rc, snd rc)) (k (snd pa))) d.
(** Expectation of a real, and of a vector. *)
Definition ex {A} (d : dist A) (f : A -> R) := rtotal d (fun pa => fst pa * f (snd pa)).
Definition vex {A} {X : space} (d : dist A) (y : A -> X) : X := total d (fun pa => fst pa * y (snd pa))%V.
Definition proper {A} (d : dist A) := (forall pa, In pa d -> 0 <= fst pa) /\ ex d (fun _ => 1) = 1.
Definition support {A} (d : dist A) a := exists p, In (p, a) d.
(** Independent draws, one from each distribution of a list. *)
Fixpoint draws {A} (ds : list (dist A)) : dist (list A) :=
  match ds with nil => ret nil | d :: ds => bind d (fun a => bind (draws ds) (fun l => ret (a :: l))) end.

Section Expectation.
Context {A : Type}.
Implicit Types d : dist A.

Lemma ex_add d f g : ex d (fun a => f a + g a) = ex d f + ex d g.
Proof using. unfold ex. rewrite <- rtotal_add. apply rtotal_ext. intros. ring. Qed.
Lemma ex_scal d c f : ex d (fun a => c * f a) = c * ex d f.
Proof using. unfold ex. rewrite <- rtotal_scal. apply rtotal_ext. intros. ring. Qed.
Lemma ex_const d c : proper d -> ex d (fun _ => c) = c.
Proof using.
  intros [_ one]. transitivity (c * ex d (fun _ => 1)); [rewrite <- ex_scal|rewrite one; ring].
  unfold ex. apply rtotal_ext. intros. ring.
Qed.
Lemma ex_ext d f g : (forall a, support d a -> f a = g a) -> ex d f = ex d g.
Proof using. intros e. unfold ex. apply rtotal_ext. intros [p a] Hi. simpl. rewrite e; [reflexivity|now exists p]. Qed.
Lemma ex_le d f g : proper d -> (forall a, support d a -> f a <= g a) -> ex d f <= ex d g.
Proof using.
  intros [nonneg _] H. unfold ex. apply rtotal_le. intros [p a] Hi. apply Rmult_le_compat_l; [exact (nonneg _ Hi)|].
  apply H. now exists p.
Qed.
Lemma ex_nonneg d f : proper d -> (forall a, support d a -> 0 <= f a) -> 0 <= ex d f.
Proof using. intros Hd H. rewrite <- (ex_const d 0 Hd). now apply ex_le. Qed.
Lemma ex_ret (a : A) f : ex (ret a) f = f a.
Proof using. unfold ex, ret. simpl. ring. Qed.
Lemma proper_ret (a : A) : proper (ret a).
Proof using. split; [intros pa [<-|[]]; simpl; lra|]. apply ex_ret. Qed.
End Expectation.

Lemma ex_bind {A C} (d : dist A) (k : A -> dist C) f : ex (bind d k) f = ex d (fun a => ex (k a) f).
Proof using.
  unfold ex, bind. induction d as [|[p a] d IH]; [reflexivity|]. simpl. rewrite rtotal_app, IH. f_equal.
  rewrite rtotal_map, <- rtotal_scal. apply rtotal_ext. intros. simpl. ring.
Qed.
Lemma support_ret {A} (a b : A) : support (ret a) b -> a = b.
Proof using. intros (p & [e|[]]). congruence. Qed.
Lemma support_bind {A C} (d : dist A) (k : A -> dist C) c : support (bind d k) c -> exists a, support d a /\ support (k a) c.
Proof using.
  intros (p & Hp). unfold bind in Hp. apply in_flat_map in Hp. destruct Hp as ([r a] & Hr & Hm).
  apply in_map_iff in Hm. destruct Hm as ([s c'] & e & Hs). simpl in *. inversion e; subst.
  exists a. split; [now exists r|now exists s].
Qed.
Lemma support_bind_intro {A C} (d : dist A) (k : A -> dist C) a c : support d a -> support (k a) c -> support (bind d k) c.
Proof using.
  intros (p & Hp) (r & Hr). exists (p * r). unfold bind. apply in_flat_map. exists (p, a). split; [assumption|].
  apply in_map_iff. now exists (r, c).
Qed.
Lemma proper_bind {A C} (d : dist A) (k : A -> dist C) : proper d -> (forall a, support d a -> proper (k a)) -> proper (bind d k).
Proof using.
  intros Hd Hk. split.
  - intros pa Hp. unfold bind in Hp. apply in_flat_map in Hp. destruct Hp as ([r a] & Hr & Hm).
    apply in_map_iff in Hm. destruct Hm as ([s c'] & e & Hs). rewrite <- e. simpl.
    apply Rmult_le_pos; [exact (proj1 Hd _ Hr)|]. exact (proj1 (Hk a (ex_intro _ r Hr)) _ Hs).
  - rewrite ex_bind, (ex_ext d _ (fun _ => 1)); [apply Hd|]. intros a Ha. apply Hk, Ha.
Qed.

Section VectorExpectation.
Context {A : Type} {X : space}.
Implicit Types (d : dist A) (y : A -> X).

Lemma inner_vex d y z : inner (vex d y) z = ex d (fun a => inner (y a) z).
Proof using. unfold vex, ex. rewrite inner_total. apply rtotal_ext. intros. now expand. Qed.

(** Second moment = square of the mean + variance. *)
Definition variance d y := ex d (fun a => norm (y a - vex d y) ^ 2).
Lemma variance_split d y z : proper d -> ex d (fun a => norm (y a - z) ^ 2) = norm (vex d y - z) ^ 2 + variance d y.
Proof using.
  intros Hd. unfold variance. set (e := vex d y).
  transitivity (ex d (fun a => norm (e - z) ^ 2 + (norm (y a - e) ^ 2 + (2 * inner (y a) (e - z) + -2 * inner e (e - z))))).
  - apply ex_ext. intros. rewrite !norm_sq. expand. order. ring.
  - rewrite !ex_add, !ex_const, ex_scal, <- inner_vex by assumption. fold e. ring.
Qed.
Lemma second_moment_split d y : proper d -> ex d (fun a => norm (y a) ^ 2) = norm (vex d y) ^ 2 + variance d y.
Proof using.
  intros Hd. pose proof (variance_split d y zero Hd) as e.
  replace (vex d y - zero)%V with (vex d y) in e by veq. rewrite <- e. apply ex_ext. intros. do 2 f_equal. veq.
Qed.
Lemma variance_nonneg d y : proper d -> 0 <= variance d y.
Proof using. intros Hd. apply ex_nonneg; [assumption|]. intros. apply pow2_ge_0. Qed.
Lemma variance_least d y z : proper d -> variance d y <= ex d (fun a => norm (y a - z) ^ 2).
Proof using. intros Hd. rewrite (variance_split d y z Hd). pose proof (pow2_ge_0 (norm (vex d y - z))). lra. Qed.
Lemma jensen d y c : proper d -> 0 <= c -> ex d (fun a => norm (y a) ^ 2) <= c ^ 2 -> norm (vex d y) <= c.
Proof using.
  intros Hd Hc H. rewrite second_moment_split in H by assumption. pose proof (variance_nonneg d y Hd).
  pose proof (norm_nonneg (vex d y)). apply Rsqr_incr_0_var; [unfold Rsqr; nra|assumption].
Qed.
(** Twice the variance is the mean squared distance of two independent copies. *)
Lemma variance_copy d y : proper d -> ex d (fun a => ex d (fun b => norm (y a - y b) ^ 2)) = 2 * variance d y.
Proof using.
  intros Hd. transitivity (ex d (fun a => norm (y a - vex d y) ^ 2 + variance d y)).
  - apply ex_ext. intros a _.
    rewrite (ex_ext d (fun b => norm (y a - y b) ^ 2) (fun b => norm (y b - y a) ^ 2)) by (intros; now rewrite norm_sub_sym).
    rewrite variance_split by assumption. now rewrite norm_sub_sym.
  - rewrite ex_add, ex_const by assumption. fold (variance d y). ring.
Qed.
Lemma variance_lipschitz d y z p : proper d -> 0 <= p ->
  (forall a b, support d a -> support d b -> norm (y a - y b) <= p * norm (z a - z b)) -> variance d y <= p ^ 2 * variance d z.
Proof using.
  intros Hd Hp H. pose proof (variance_copy d y Hd). pose proof (variance_copy d z Hd).
  assert (le : ex d (fun a => ex d (fun b => norm (y a - y b) ^ 2)) <= ex d (fun a => p ^ 2 * ex d (fun b => norm (z a - z b) ^ 2))).
  { apply ex_le; [assumption|]. intros a Ha. rewrite <- ex_scal. apply ex_le; [assumption|]. intros b Hb.
    pose proof (H a b Ha Hb). pose proof (norm_nonneg (y a - y b)). rewrite <- Rpow_mult_distr. apply pow_incr. lra. }
  rewrite ex_scal, !variance_copy in le by assumption. lra.
Qed.

(** Cauchy-Schwarz and Minkowski in the L2 norm of a distribution. *)
Lemma cauchy_ex d (s t : A -> R) : proper d -> ex d (fun a => s a * t a) ^ 2 <= ex d (fun a => s a ^ 2) * ex d (fun a => t a ^ 2).
Proof using.
  intros Hd. set (S := ex d (fun a => s a ^ 2)). set (T := ex d (fun a => t a ^ 2)). set (P := ex d (fun a => s a * t a)).
  assert (form : forall u v, 0 <= u ^ 2 * S + (2 * u * v * P + v ^ 2 * T)).
  { intros u v. unfold S, T, P. rewrite <- !ex_scal, <- !ex_add. apply ex_nonneg; [assumption|]. intros.
    replace (_ + _) with ((u * s a + v * t a) ^ 2) by ring. apply pow2_ge_0. }
  assert (HS : 0 <= S) by (apply ex_nonneg; [assumption|intros; apply pow2_ge_0]).
  assert (HT : 0 <= T) by (apply ex_nonneg; [assumption|intros; apply pow2_ge_0]).
  destruct (Req_dec T 0) as [z|nz].
  - destruct (Req_dec P 0) as [p|np]; [rewrite p; nra|].
    pose proof (form 1 (- (S + 1) / (2 * P))) as q. rewrite z in q.
    replace (1 ^ 2 * S + (2 * 1 * (- (S + 1) / (2 * P)) * P + (- (S + 1) / (2 * P)) ^ 2 * 0)) with (-1) in q by (field; assumption). lra.
  - pose proof (form T (- P)) as q. assert (0 < T) by lra. nra.
Qed.
Lemma minkowski_ex d (s t e : A -> R) c c' : proper d -> 0 <= c -> 0 <= c' ->
  ex d (fun a => s a ^ 2) <= c ^ 2 -> ex d (fun a => t a ^ 2) <= c' ^ 2 ->
  (forall a, support d a -> 0 <= e a <= s a + t a) -> ex d (fun a => e a ^ 2) <= (c + c') ^ 2.
Proof using.
  intros Hd Hc Hc' Hs Ht H.
  apply Rle_trans with (ex d (fun a => s a ^ 2 + (2 * (s a * t a) + t a ^ 2))).
  - apply ex_le; [assumption|]. intros a Ha. specialize (H a Ha). nra.
  - rewrite !ex_add, ex_scal. pose proof (cauchy_ex d s t Hd) as q.
    set (S := ex d (fun a => s a ^ 2)) in *. set (T := ex d (fun a => t a ^ 2)) in *. set (P := ex d (fun a => s a * t a)) in *.
    assert (HT : 0 <= T) by (apply ex_nonneg; [assumption|intros; apply pow2_ge_0]).
    assert (cd : 0 <= c * c') by nra.
    assert (S * T <= c ^ 2 * c' ^ 2).
    { apply Rle_trans with (c ^ 2 * T); [apply Rmult_le_compat_r; assumption|]. apply Rmult_le_compat_l; [apply pow2_ge_0|assumption]. }
    assert (P <= c * c') by (apply Rsqr_incr_0_var; [unfold Rsqr; lra|assumption]). lra.
Qed.
End VectorExpectation.

Lemma vex_bind {A C} {X : space} (d : dist A) (k : A -> dist C) (y : C -> X) : vex (bind d k) y = vex d (fun a => vex (k a) y).
Proof using. apply inner_ext. intros z. rewrite !inner_vex, ex_bind. apply ex_ext. intros. now rewrite inner_vex. Qed.
Lemma vex_ret {A} {X : space} (a : A) (y : A -> X) : vex (ret a) y = y a.
Proof using. apply inner_ext. intros z. now rewrite inner_vex, ex_ret. Qed.
Lemma vex_add {A} {X : space} (d : dist A) (y z : A -> X) : vex d (fun a => y a + z a)%V = (vex d y + vex d z)%V.
Proof using. apply inner_ext. intros v. expand. rewrite !inner_vex, <- ex_add. apply ex_ext. intros. now expand. Qed.
Lemma vex_scal {A} {X : space} (d : dist A) c (y : A -> X) : vex d (fun a => c * y a)%V = (c * vex d y)%V.
Proof using. apply inner_ext. intros v. expand. rewrite !inner_vex, <- ex_scal. apply ex_ext. intros. now expand. Qed.
Lemma vex_const {A} {X : space} (d : dist A) (z : X) : proper d -> vex d (fun _ => z) = z.
Proof using. intros Hd. apply inner_ext. intros v. now rewrite inner_vex, ex_const. Qed.
Lemma vex_ext {A} {X : space} (d : dist A) (y z : A -> X) : (forall a, support d a -> y a = z a) -> vex d y = vex d z.
Proof using. intros e. apply inner_ext. intros v. rewrite !inner_vex. apply ex_ext. intros a Ha. now rewrite e. Qed.

(** ** Independent draws *)
Section Draws.
Context {A : Type} {X : space}.
Variable y : A -> X.

Lemma proper_draws (ds : list (dist A)) : (forall d, In d ds -> proper d) -> proper (draws ds).
Proof using.
  induction ds as [|d ds IH]; intros H; [apply proper_ret|]. simpl.
  apply proper_bind; [apply H; now left|]. intros a _. apply proper_bind; [apply IH; intros; apply H; now right|].
  intros. apply proper_ret.
Qed.
Lemma length_draws (ds : list (dist A)) l : support (draws ds) l -> length l = length ds.
Proof using.
  revert l. induction ds as [|d ds IH]; intros l H; simpl in H.
  - apply support_ret in H. now subst.
  - apply support_bind in H. destruct H as (a & _ & H). apply support_bind in H. destruct H as (k & Hk & H).
    apply support_ret in H. subst. simpl. f_equal. now apply IH.
Qed.
Lemma vex_draws (ds : list (dist A)) : (forall d, In d ds -> proper d) ->
  vex (draws ds) (fun l => total l y) = total ds (fun d => vex d y).
Proof using.
  induction ds as [|d ds IH]; intros H; [simpl draws; now rewrite vex_ret|]. simpl draws. simpl total.
  assert (P : proper (draws ds)) by (apply proper_draws; intros; apply H; now right).
  rewrite vex_bind. rewrite (vex_ext d _ (fun a => y a + total ds (fun d => vex d y))%V).
  - rewrite vex_add, vex_const by (apply H; now left). reflexivity.
  - intros a _. rewrite vex_bind. rewrite <- IH by (intros; apply H; now right).
    rewrite <- (vex_const (draws ds) (y a) P) at 1. rewrite <- vex_add. apply vex_ext. intros l _. now rewrite vex_ret.
Qed.
Lemma variance_draws (ds : list (dist A)) : (forall d, In d ds -> proper d) ->
  variance (draws ds) (fun l => total l y) = rtotal ds (fun d => variance d y).
Proof using.
  intros H. unfold variance at 1. rewrite vex_draws by assumption.
  induction ds as [|d ds IH]; [unfold draws; rewrite ex_ret; simpl; replace (zero - zero)%V with (@zero X) by veq; rewrite norm_zero; ring|].
  simpl draws. simpl total. simpl rtotal.
  assert (Hd : proper d) by (apply H; now left).
  assert (Hds : forall d, In d ds -> proper d) by (intros; apply H; now right).
  assert (P : proper (draws ds)) by now apply proper_draws.
  specialize (IH Hds). set (T := total ds (fun d => vex d y)) in *. rewrite ex_bind.
  rewrite (ex_ext d _ (fun a => norm (y a - vex d y) ^ 2 + rtotal ds (fun d => variance d y))).
  - rewrite ex_add, ex_const by assumption. reflexivity.
  - intros a _. rewrite ex_bind.
    rewrite (ex_ext (draws ds) _ (fun l => norm (y a - vex d y) ^ 2 +
      (2 * inner (total l y) (y a - vex d y) + -2 * inner T (y a - vex d y)) + norm (total l y - T) ^ 2)).
    + rewrite !ex_add, !ex_const, ex_scal by assumption. rewrite <- inner_vex, vex_draws by assumption. fold T. rewrite IH. ring.
    + intros l _. rewrite ex_ret. change (total (a :: l) y) with (y a + total l y)%V.
      generalize (total l y) as t. intros t. generalize (vex d y) as e. intros e. generalize (y a) as u. intros u.
      rewrite !norm_sq. expand. order. ring.
Qed.
End Draws.

(** ** The uniform law on a list *)
Definition uniform {A} (l : list A) : dist A := map (fun a => (/ INR (length l), a)) l.
Lemma ex_uniform {A} (l : list A) f : ex (uniform l) f = rmean l f.
Proof using. unfold ex, uniform, rmean. rewrite rtotal_map. cbn [fst snd]. rewrite (rtotal_scal l (/ INR (length l)) f). unfold Rdiv. ring. Qed.
Lemma uniform_proper {A} (l : list A) : l <> nil -> proper (uniform l).
Proof using.
  intros Hl. split; [|now rewrite ex_uniform, rmean_const]. intros pa Hp. apply in_map_iff in Hp. destruct Hp as (a & <- & _).
  simpl. left. now apply Rinv_0_lt_compat, size_pos.
Qed.
Lemma uniform_support {A} (l : list A) a : support (uniform l) a -> In a l.
Proof using. intros (p & Hp). apply in_map_iff in Hp. destruct Hp as (a' & e & H). inversion e; subst. assumption. Qed.
Lemma support_uniform {A} (l : list A) a : In a l -> support (uniform l) a.
Proof using. intros H. exists (/ INR (length l)). now apply (in_map (fun a => (/ INR (length l), a))). Qed.
Lemma vex_uniform {A} {X : space} (l : list A) (y : A -> X) : vex (uniform l) y = mean l y.
Proof using. apply inner_ext. intros z. now rewrite inner_vex, ex_uniform, inner_mean. Qed.
Lemma variance_uniform {A} {X : space} (l : list A) (y : A -> X) : variance (uniform l) y = spread l y.
Proof using. unfold variance, spread. now rewrite ex_uniform, vex_uniform. Qed.
