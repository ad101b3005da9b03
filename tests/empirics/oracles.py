"""Independent implementations, in NumPy and plain Python, that share no code with the package."""

from __future__ import annotations

import hashlib
import math

import numpy as np

MASK = 0xFFFFFFFF


def losses(family: str, arrays: dict[str, np.ndarray], w: np.ndarray) -> np.ndarray:
    """f_i(w_i) (n,) from the formula of the family, w (n, d)."""
    if family == "quadratic":
        x = w - arrays["c"]
        return np.array([x[i] @ arrays["A"][i] @ x[i] / 2 for i in range(len(w))]) + arrays["e"]
    a, phi = _features(arrays, len(w)), arrays.get("phi", 0.0)
    theta = np.array([a[i] @ w[i] for i in range(len(w))]) + phi
    linear = np.array([b @ x for b, x in zip(arrays.get("b", np.zeros_like(w)), w, strict=True)])
    profile = {"cosine": np.cos, "logcosh": _logcosh, "logistic": lambda t: np.logaddexp(0.0, -t)}[family]
    return (arrays["s"] * profile(theta)).sum(axis=1) + linear


def gradients(family: str, arrays: dict[str, np.ndarray], w: np.ndarray) -> np.ndarray:
    """Gradients (n, d) from the formula."""
    if family == "quadratic":
        return np.array([arrays["A"][i] @ (w[i] - arrays["c"][i]) for i in range(len(w))])
    a, phi = _features(arrays, len(w)), arrays.get("phi", 0.0)
    theta = np.array([a[i] @ w[i] for i in range(len(w))]) + phi
    slope = {"cosine": lambda t: -np.sin(t), "logcosh": np.tanh, "logistic": lambda t: -1 / (1 + np.exp(t))}[family]
    pulled = arrays["s"] * slope(theta)
    return np.array([pulled[i] @ a[i] for i in range(len(w))]) + arrays.get("b", 0.0)


def hessians(family: str, arrays: dict[str, np.ndarray], w: np.ndarray) -> np.ndarray:
    """Dense Hessians (n, d, d) from the formula."""
    if family == "quadratic":
        return arrays["A"]
    a, phi = _features(arrays, len(w)), arrays.get("phi", 0.0)
    theta = np.array([a[i] @ w[i] for i in range(len(w))]) + phi
    bend = {
        "cosine": lambda t: -np.cos(t),
        "logcosh": lambda t: 1 / np.cosh(t) ** 2,
        "logistic": lambda t: 1 / (2 + np.exp(t) + np.exp(-t)),
    }[family]
    weights = arrays["s"] * bend(theta)
    return np.array([a[i].T @ np.diag(weights[i]) @ a[i] for i in range(len(w))])


def noise_gradients(arrays: dict[str, np.ndarray], w: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Gradient of s1 g <u, w> + s2 a cos(k <v, w> + phi), signs (n, 2) being means."""
    g, a, k, wave = _noise(arrays, w)
    first = signs[:, :1] * g * arrays["noise_u"]
    return first - (signs[:, 1] * a * k * np.sin(wave))[:, None] * arrays["noise_v"]


def noise_hessians(arrays: dict[str, np.ndarray], w: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Its Hessian."""
    _, a, k, wave = _noise(arrays, w)
    v = arrays["noise_v"]
    return -(signs[:, 1] * a * k**2 * np.cos(wave))[:, None, None] * v[:, :, None] * v[:, None, :]


def dense_meta_gradient(family, arrays, w, alpha, nu, mode, delta=None, inner=None, outer=None, hessian=None):
    """The meta-gradient (n, d) by forward accumulation of dense Jacobians; signs of the batches may be given."""
    n, d = w.shape
    zero = np.zeros((n, 2))
    noisy = inner is not None
    inner, hessian = (inner, hessian) if noisy else ([zero] * nu, [zero] * nu)
    outer = outer if noisy else zero
    trajectory = [w]
    for step in range(nu):
        trajectory.append(trajectory[-1] - alpha * _batch_gradient(family, arrays, trajectory[-1], inner[step]))
    v = _batch_gradient(family, arrays, trajectory[-1], outer)
    if mode.startswith("first_order"):
        return v
    for step in range(nu - 1, -1, -1):
        point = trajectory[step]
        if mode.startswith("hessian_free"):
            ahead = _batch_gradient(family, arrays, point + delta * v, hessian[step])
            behind = _batch_gradient(family, arrays, point - delta * v, hessian[step])
            v = v - alpha * (ahead - behind) / (2 * delta)
        else:
            matrices = hessians(family, arrays, point)
            if "noise_u" in arrays:
                matrices = matrices + noise_hessians(arrays, point, hessian[step])
            v = np.array([(np.eye(d) - alpha * matrices[i]) @ v[i] for i in range(n)])
    return v


def _batch_gradient(family, arrays, w, signs):
    exact = gradients(family, arrays, w)
    return exact + noise_gradients(arrays, w, signs) if "noise_u" in arrays else exact


def _features(arrays: dict[str, np.ndarray], n: int) -> np.ndarray:
    return np.broadcast_to(arrays["a"], (n, *arrays["a"].shape[-2:]))


def _logcosh(t: np.ndarray) -> np.ndarray:
    return np.logaddexp(t, -t) - math.log(2)


def _noise(arrays: dict[str, np.ndarray], w: np.ndarray):
    g, a, k = (float(arrays[f"noise_{name}"]) for name in ("gradient", "amplitude", "frequency"))
    return g, a, k, k * (arrays["noise_v"] * w).sum(axis=1) + arrays["noise_phi"]


def philox_words(
    seed: int, round_: int, step: int, purpose: str, index: int, agent: int, replica: int, slot: int = 0
) -> list[int]:
    """Philox4x32-10 in plain Python integers, keyed and counted as documented."""
    digest = hashlib.blake2b(f"{seed}|{round_}|{step}|{purpose}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "little")
    return philox_block([index, agent, replica, slot], [key & MASK, key >> 32])


def philox_block(counter: list[int], key: list[int]) -> list[int]:
    """Ten rounds on four 32-bit words."""
    c, k = list(counter), list(key)
    for _ in range(10):
        low, high = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(high >> 32) ^ c[1] ^ k[0], high & MASK, (low >> 32) ^ c[3] ^ k[1], low & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def sign_pair(
    seed: int, round_: int, step: int, purpose: str, agent: int, replica: int, size: int, slot: int = 0
) -> list[float]:
    """The two sign means of a batch, bit by bit."""
    sums = [0, 0]
    for sample in range(size):
        words = philox_words(seed, round_, step, purpose, sample // 64, agent, replica, slot)
        bit = sample % 64
        for sign in range(2):
            sums[sign] += 1 if (words[2 * sign + bit // 32] >> (bit % 32)) & 1 else -1
    return [total / size for total in sums]


def keys63(seed: int, round_: int, step: int, purpose: str, agent: int, replica: int, count: int) -> list[int]:
    """Two 63-bit keys a block."""
    keys: list[int] = []
    for block in range(-(-count // 2)):
        words = philox_words(seed, round_, step, purpose, block, agent, replica)
        keys += [((words[1] << 32) | words[0]) % 2**63, ((words[3] << 32) | words[2]) % 2**63]
    return keys[:count]


def participants(seed: int, round_: int, replica: int, agents: int, count: int) -> list[int]:
    """The first distinct candidates, key modulo agents, or the others when they would be more than half."""
    few, chosen, number = min(count, agents - count), set(), 0
    while len(chosen) < few:
        words = philox_words(seed, round_, 0, "participants", number // 2, 0, replica)
        pair = words[:2] if number % 2 == 0 else words[2:]
        chosen.add(((pair[1] << 32 | pair[0]) % 2**63) % agents)
        number += 1
    return sorted(chosen if few == count else set(range(agents)) - chosen)


def floyd(keys: list[int], population: int) -> list[int]:
    """A subset of range(population), one member a key."""
    chosen: list[int] = []
    for t, key in enumerate(keys):
        last = population - len(keys) + t
        drawn = key % (last + 1)
        chosen.append(last if drawn in chosen else drawn)
    return chosen
