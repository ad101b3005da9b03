"""What a task may say of its losses: that they are quadratics, exactly and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    """f_i(w) = (w - c_i)^T A_i (w - c_i) / 2 + e_i: `matrices` A (n, d, d), `centres` c (n, d), `offsets` e (n,)."""

    matrices: Tensor
    centres: Tensor
    offsets: Tensor

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three as arrays, of numbers that lie on the CPU."""
        return self.matrices.numpy(), self.centres.numpy(), self.offsets.numpy()

    def doubled(self) -> QuadraticForm:
        """The same in float64 on the CPU."""
        return QuadraticForm(*(part.detach().cpu().double() for part in (self.matrices, self.centres, self.offsets)))
