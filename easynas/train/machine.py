"""What this machine is good at, measured in a fraction of a second."""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

_IMAGES, _SIDE, _CHANNELS = 64, 16, 32  # a convolution as in the middle of a small network: 151 M multiply-accumulates
_MACS = _IMAGES * _SIDE**2 * 9 * _CHANNELS**2
_REPEATS = 7
_FASTER = 1.15  # bfloat16 rounds more: it must pay
_TRAINING_SHARE = 0.9
"""Multiply-accumulates a second of whole trainings (three times those of the forward pass a sample) as a share of what
the bare convolution of the probe reaches; measured for small plain and residual networks on two cores."""


@dataclass(frozen=True)
class Machine:
    """The speed of this machine.

    Attributes:
        macs_per_second: multiply-accumulates a second that training on all cores is expected to reach.
        bfloat16: whether training in mixed bfloat16 is faster than in float32.
    """

    macs_per_second: float
    bfloat16: bool

    @property
    def precision(self) -> str:
        """Name of the Keras dtype policy to train in."""
        return "mixed_bfloat16" if self.bfloat16 else "float32"


def probe() -> Machine:
    """Times a convolution in float32, and in bfloat16 where the processor says that it has it."""
    plain = _rate("float32")
    half = _rate("bfloat16") if _may_have_bfloat16() else 0.0
    return Machine(_TRAINING_SHARE * max(plain, half), bfloat16=half > _FASTER * plain)


def greet() -> None:
    """Uses TensorFlow for the first time, which is when it looks for devices and talks about it."""
    keras.ops.zeros(1)


def _rate(dtype: str) -> float:
    """Multiply-accumulates a second of the best of some convolutions; the best is the least disturbed one."""
    rng = np.random.default_rng(0)
    x = keras.ops.cast(rng.normal(size=(_IMAGES, _SIDE, _SIDE, _CHANNELS)).astype("float32"), dtype)
    kernel = keras.ops.cast(rng.normal(size=(3, 3, _CHANNELS, _CHANNELS)).astype("float32"), dtype)
    best = float("inf")
    for _ in range(_REPEATS):
        started = time.perf_counter()
        float(keras.ops.conv(x, kernel, padding="same")[0, 0, 0, 0])
        best = min(best, time.perf_counter() - started)
    return _MACS / best


def _may_have_bfloat16() -> bool:
    """Whether the processor lists bfloat16 instructions; without them bfloat16 is emulated and slow."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = cpuinfo.read_text(encoding="utf-8")
    return "avx512_bf16" in flags or "amx_bf16" in flags
