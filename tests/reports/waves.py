"""The source of a user's module: a right task of waves, and what its subclasses get wrong."""

WAVES = '''
import torch
from empirics import Constant, CosineTask, Noise, QuadraticTask, Sampler, Task
from empirics.tasks.noise import NoisySamples


class Waves(Task):
    """f_i(w) = s_i sum_p cos(w_p + phi_i); norm(grad f_i) <= s_i sqrt(2), Hessian diagonal."""

    slope, wrong, bend, skew, low = 1.0, 0.0, 1.0, 0.0, -2.0
    limits = {"L": 1.0, "rho": 1.0, "B": 1.4143, "gamma_G": 2.0, "gamma_H": 2.0}

    def __init__(self):
        super().__init__(2, {"s": [0.5, 1.0, 0.75], "phi": [0.0, 1.0, 2.0]})

    def angle(self, w):
        return w + self.parameter("phi")[..., None]

    def raw_loss(self, w):
        return self.parameter("s") * torch.cos(self.angle(w)).sum(-1)

    def raw_gradient(self, w):
        return -self.slope * self.parameter("s")[..., None] * torch.sin(self.angle(w)) + self.wrong

    def raw_hvp(self, w, v):
        bent = -self.bend * self.parameter("s")[..., None] * torch.cos(self.angle(w)) * v
        return bent + self.skew * torch.stack([v[..., 1], -v[..., 0]], dim=-1)

    def own_constants(self):
        return {name: Constant(value, "upper") for name, value in self.limits.items()}

    def loss_lower_bound(self):
        return Constant(self.low, "lower")
'''
