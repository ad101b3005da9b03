(** The two-point inequality of a function of curvature in [mu, L], from its Hessian. *)
Require Import Space Calculus Smoothness Sampling StepFactor.

Section TwoPoints.
Context {X : space}.
Variables (g : X -> X) (H : X -> X -> X) (W : X -> Prop) (mu L beta : R).
Hypothesis Wconvex : convex W.
Hypothesis g_derivative : forall w, W w -> derivative g w (H w).
Hypothesis H_linear : forall w, W w -> linear (H w).
Hypothesis H_symmetric : forall w, W w -> symmetric (H w).
Hypothesis H_range : forall w d, W w -> mu * norm d ^ 2 <= inner (H w d) d <= L * norm d ^ 2.
Hypothesis mu_le_L : mu <= L.

(** dg - c dw is small, c the middle of the range: the two-point inequality of a function of curvature in [mu, L]. *)
Lemma two_points u v : W u -> W v -> 0 <= inner (g v - g u - mu * (v - u)) (L * (v - u) - (g v - g u)).
Proof using H_linear H_range H_symmetric Wconvex g_derivative mu_le_L.
  intros Hu Hv. set (c := (L + mu) / 2). set (r := (L - mu) / 2).
  assert (lip : norm ((g v - c * v) - (g u - c * u)) <= r * norm (v - u)).
  { apply (mean_value W Wconvex (fun w => g w - c * w)%V (fun w d => H w d - c * d)%V); auto; try (unfold r; lra).
    - intros w Hw eps Heps. destruct (g_derivative w Hw eps Heps) as (delta & Hd & near). exists delta. split; [assumption|].
      intros y Hy. eapply Rle_trans; [|exact (near y Hy)]. right. f_equal. veq.
    - intros w a d Hw. rewrite (proj2 (H_linear w Hw)). veq.
    - intros w d Hw. revert d. apply (numerical_range (fun d => H w d - c * d)%V).
      + destruct (H_linear w Hw) as [add hom]. split; intros; rewrite ?add, ?hom; veq.
      + intros a b. expand. rewrite (H_symmetric w Hw). ring.
      + unfold r. lra.
      + intros d. destruct (H_range w d Hw) as [lo hi]. expand. rewrite <- norm_sq. unfold c, r. apply Rabs_le. split; lra. }
  assert (sq : norm ((g v - c * v) - (g u - c * u)) ^ 2 <= (r * norm (v - u)) ^ 2) by (apply pow_incr; split; [apply norm_nonneg|assumption]).
  rewrite Rpow_mult_distr, !norm_sq in sq. unfold c, r in sq. autorewrite with inner in *.
  assert (e : forall a b : X, inner a b = inner b a) by apply inner_sym.
  revert sq. order. generalize (g u) as gu, (g v) as gv. intros gu gv.
  rewrite ?(e gv gu), ?(e u gu), ?(e v gu), ?(e u gv), ?(e v gv), ?(e v u). intros sq. lra.
Qed.
End TwoPoints.
