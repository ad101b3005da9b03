"""What a task may say of its losses: that they are quadratics, exactly and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    """f_i(w) = (w - c_i)^T A_i (w - c_i) / 2 + e_i: `matrices` A (n, d, d), `centres` c (n, d), `offsets` e (n,)."""

    matrices: Tensor
    centres: Tensor
    offsets: Tensor

    def doubled(self) -> QuadraticForm:
        """The same in float64 on the CPU."""
        return QuadraticForm(*(part.detach().cpu().double() for part in (self.matrices, self.centres, self.offsets)))
