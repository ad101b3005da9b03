(** Written from the records by `python -m theory formal --write`; not edited by hand. What each statement supposes. *)
Require Import Constants Setting.

Definition assumes_S1 (s : setting) : Prop := A2 s /\ A3 s /\ A6 s.
Definition assumes_S2 (s : setting) : Prop := A2 s /\ A6 s.
Definition assumes_S3 (s : setting) : Prop := A2 s /\ A6 s.
Definition assumes_S3q (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S4 (s : setting) : Prop := A2 s /\ A3 s /\ A6 s.
Definition assumes_S4m (s : setting) : Prop := A2 s /\ A3 s /\ A6 s.
Definition assumes_S5 (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S5p (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S5s (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S6 (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S7 (s : setting) : Prop := A2 s /\ A3 s /\ A5 s /\ A6 s.
Definition assumes_S8 (s : setting) : Prop := A2 s /\ A6 s.
Definition assumes_S8p (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s.
Definition assumes_S8s (s : setting) : Prop := A2 s /\ A4 s /\ A6 s.
Definition assumes_S9 (s : setting) : Prop := A2 s /\ A3 s /\ A6 s.
Definition assumes_S9p (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s /\ shared_probes s.
Definition assumes_S9s (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A6 s /\ shared_probes s.
Definition assumes_S10 (s : setting) : Prop := A2 s.
Definition assumes_D1 (s : setting) : Prop := A2 s /\ A3 s /\ A6 s /\ W0_plus s.
Definition assumes_T1a (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Definition assumes_T1b (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A5 s /\ A6 s.
Definition assumes_T1c (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Definition assumes_T1d (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ ((is_drift s drift_ball) = true -> W0_plus s) /\ ((is_drift s drift_ball) = true -> W0_n s) /\ shared_probes s.
Definition assumes_T2 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Definition assumes_T2p (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ ((is_drift s drift_ball) = true -> W0_plus s) /\ ((is_drift s drift_ball) = true -> W0_n s) /\ shared_probes s.
Definition assumes_T3 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ A7 s /\ shared_probes s.
Definition assumes_T3p (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ A7 s /\ ((is_drift s drift_ball) = true -> W0_plus s) /\ ((is_drift s drift_ball) = true -> W0_n s) /\ shared_probes s.
Definition assumes_T4 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A5 s /\ A6 s /\ A7 s.
Definition assumes_T4c (s : setting) : Prop := A2 s /\ A3 s /\ A5 s /\ A6 s /\ W0_plus s /\ W0_n s.
Definition assumes_T4p (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A5 s /\ A6 s /\ A7 s /\ W0_plus s /\ W0_n s /\ shared_probes s.
Definition assumes_C1 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A5 s /\ A6 s.
Definition assumes_C2 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Definition assumes_C4 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ shared_probes s.
Definition assumes_C5 (s : setting) : Prop := A2 s /\ A3 s /\ A4 s /\ A5 s.
Definition assumes_C6 (s : setting) : Prop := A1 s /\ A2 s /\ A3 s /\ A4 s /\ A5 s /\ A6 s /\ ((is_drift s drift_ball) = true -> W0_plus s) /\ ((is_drift s drift_ball) = true -> W0_n s) /\ shared_probes s.
