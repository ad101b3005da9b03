(** The stochastic oracles as functions of one draw of all their batches, which is how a round of Meta-FedAvg uses them. *)
Require Import Space Calculus Smoothness Sampling Expectation Paths NoisyTuning NoisySweep StochasticGradient FirstOrder NoisyHessianFree.

(** The order of independent draws is free. *)
Lemma ex_swap {A C} (d : dist A) (k : dist C) (r : A -> C -> R) : ex d (fun a => ex k (fun c => r a c)) = ex k (fun c => ex d (fun a => r a c)).
Proof using.
  induction d as [|[p a] d IH].
  - unfold ex at 1. simpl. unfold ex. rewrite (rtotal_ext k _ (fun _ => 0)) by (intros; simpl; ring). rewrite rtotal_const. ring.
  - change (p * ex k (fun c => r a c) + ex d (fun a => ex k (fun c => r a c)) = ex k (fun c => p * r a c + ex d (fun a => r a c))).
    now rewrite ex_add, ex_scal, IH.
Qed.
Lemma draws_cons {A} (d : dist A) ds r : ex (draws (d :: ds)) r = ex (draws ds) (fun l => ex d (fun a => r (a :: l))).
Proof using.
  simpl draws. rewrite ex_bind, ex_swap. apply ex_ext. intros a _. rewrite ex_bind. apply ex_ext. intros l _. now rewrite ex_ret.
Qed.

Section Draw.
Context {X : space} {Xi Xo Z : Type}.
Variables (alpha : R) (batch : X -> Xi -> X) (noise : dist Xi) (last : X -> Xo -> X) (outer : dist Xo).
Variables (product : (nat -> X) -> nat -> Z -> X -> X) (hess : dist Z) (nu : nat).

(** The trajectory and the sweep as functions of the outcomes, the latest outcome first. *)
Fixpoint path_of (w : X) (xs : list Xi) : nat -> X :=
  match xs with nil => fun _ => w | xi :: xs => extend (length xs) (path_of w xs) (noisy_step alpha batch (path_of w xs (length xs)) xi) end.
Fixpoint sweep_of (p : nat -> X) (zs : list Z) (v : X) : X :=
  match zs with nil => v | z :: zs => product p (length zs) z (sweep_of p zs v) end.
Definition draw := (list Xi * (Xo * list Z))%type.
Definition draw_law : dist draw :=
  bind (draws (repeat noise nu)) (fun xs => bind outer (fun o => bind (draws (repeat hess nu)) (fun zs => ret (xs, (o, zs))))).
Definition meta_of (w : X) (s : draw) : X :=
  let p := path_of w (fst s) in sweep_of p (snd (snd s)) (last (p nu) (fst (snd s))).

Hypothesis noise_proper : proper noise.
Hypothesis outer_proper : proper outer.
Hypothesis hess_proper : proper hess.

Lemma repeat_proper {A} (d : dist A) n : proper d -> proper (draws (repeat d n)).
Proof using. intros Hd. apply proper_draws. intros k Hk. apply repeat_spec in Hk. now subst. Qed.
Lemma repeat_length_draws {A} (d : dist A) n l : support (draws (repeat d n)) l -> length l = n.
Proof using. intros Hl. apply length_draws in Hl. now rewrite repeat_length in Hl. Qed.
Lemma draw_proper : proper draw_law.
Proof using noise_proper outer_proper hess_proper.
  apply proper_bind; [now apply repeat_proper|]. intros xs _. apply proper_bind; [assumption|]. intros o _.
  apply proper_bind; [now apply repeat_proper|]. intros. apply proper_ret.
Qed.
Lemma walk_draws w t r : ex (walk alpha batch noise w t) r = ex (draws (repeat noise t)) (fun xs => r (path_of w xs)).
Proof using.
  revert r. induction t as [|t IH]; intros r; [cbn [walk repeat draws]; now rewrite !ex_ret|].
  cbn [walk repeat]. rewrite draws_cons, ex_bind, IH. apply ex_ext. intros xs Hxs. rewrite ex_bind. apply ex_ext. intros xi _.
  rewrite ex_ret. cbn [path_of]. now rewrite (repeat_length_draws noise t xs Hxs).
Qed.
Lemma swept_draws p j r : ex (law (outer_law last outer nu p) hess (product p) j) r =
  ex outer (fun o => ex (draws (repeat hess j)) (fun zs => r (sweep_of p zs (last (p nu) o)))).
Proof using.
  revert r. induction j as [|j IH]; intros r.
  - cbn [law repeat draws]. rewrite outer_law_ex. apply ex_ext. intros o _. now rewrite ex_ret.
  - rewrite law_next, IH. apply ex_ext. intros o _. cbn [repeat]. rewrite draws_cons. apply ex_ext. intros zs Hzs.
    apply ex_ext. intros z _. cbn [sweep_of]. now rewrite (repeat_length_draws hess j zs Hzs).
Qed.
(** The law of [meta_of] under one draw, for any noisy products. *)
Theorem oracle_draw w r : ex (bind (walk alpha batch noise w nu) (fun p => law (outer_law last outer nu p) hess (product p) nu)) r = ex draw_law (fun s => r (meta_of w s)).
Proof using.
  rewrite ex_bind, walk_draws. unfold draw_law. rewrite ex_bind. apply ex_ext. intros xs _.
  rewrite swept_draws, ex_bind. apply ex_ext. intros o _. rewrite ex_bind. apply ex_ext. intros zs _. now rewrite ex_ret.
Qed.
(** First order: one draw without Hessians. *)
Definition fo_draw_law : dist (list Xi * Xo) := bind (draws (repeat noise nu)) (fun xs => bind outer (fun o => ret (xs, o))).
Definition fo_of (w : X) (s : list Xi * Xo) : X := last (path_of w (fst s) nu) (snd s).
Lemma fo_draw_proper : proper fo_draw_law.
Proof using noise_proper outer_proper.
  apply proper_bind; [now apply repeat_proper|]. intros xs _. apply proper_bind; [assumption|]. intros. apply proper_ret.
Qed.
Theorem fo_draw w r : ex (fo_law alpha batch noise last outer w nu) r = ex fo_draw_law (fun s => r (fo_of w s)).
Proof using.
  unfold fo_law, fo_draw_law. rewrite !ex_bind, walk_draws. apply ex_ext. intros xs _. rewrite !ex_bind. apply ex_ext. intros o _. now rewrite !ex_ret.
Qed.
End Draw.

(** Mean and variance of a law that is the image of another. *)
Lemma image_mean {A} {X : space} (o : dist X) (d : dist A) (y : A -> X) : (forall r, ex o r = ex d (fun s => r (y s))) -> vex d y = vex o (fun v => v).
Proof using. intros H. apply inner_ext. intros z. rewrite !inner_vex. symmetry. apply (H (fun v => inner v z)). Qed.
Lemma image_variance {A} {X : space} (o : dist X) (d : dist A) (y : A -> X) : (forall r, ex o r = ex d (fun s => r (y s))) -> variance d y = variance o (fun v => v).
Proof using. intros H. unfold variance. rewrite (image_mean o d y H). symmetry. apply (H (fun v => norm (v - vex o (fun v => v)) ^ 2)). Qed.
