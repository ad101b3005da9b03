"""The theory as checked by the proof assistant Coq: which theorem, in which file, on which bytes.

The .v files beside this one hold the proofs. Constants.v and Assumed.v are printed from the records, and the files
whose names end in Statements.v have one theorem for one statement, under its identifier, in those terms and no others.

>>> from theory.formal.listing import machine_checked
>>> machine_checked("S4").theorem, machine_checked("S4").file
('S4', 'FineTuningStatements.v')
>>> machine_checked("per_fedavg.L_F") is None
True
"""
