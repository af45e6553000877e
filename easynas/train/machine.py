"""What this machine is good at, measured in a fraction of a second."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

_IMAGES, _SIDE, _CHANNELS = 64, 16, 32  # a convolution as in the middle of a small network: 151 M multiply-accumulates
_MACS = _IMAGES * _SIDE**2 * 9 * _CHANNELS**2
_REPEATS = 25  # a millisecond or two each, so that what disturbs for a moment does not decide
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
    kinds = ("float32", "bfloat16") if _may_have_bfloat16() else ("float32",)
    samples = {dtype: _sample(dtype) for dtype in kinds}
    # By turns, and of each the best, which is the least disturbed one: both see the same moments.
    seconds = [[_seconds(*samples[dtype]) for dtype in kinds] for _ in range(_REPEATS)]
    plain, *half = (_MACS / min(each) for each in zip(*seconds, strict=True))
    return Machine(_TRAINING_SHARE * max(plain, *half), bfloat16=max(half, default=0.0) > _FASTER * plain)


def greet() -> None:
    """Uses TensorFlow for the first time, which is when it looks for devices and talks about it."""
    keras.ops.zeros(1)


def _sample(dtype: str) -> tuple[Any, Any]:
    """Images and a kernel."""
    rng = np.random.default_rng(0)
    shapes = ((_IMAGES, _SIDE, _SIDE, _CHANNELS), (3, 3, _CHANNELS, _CHANNELS))
    x, kernel = (keras.ops.cast(rng.normal(size=shape).astype("float32"), dtype) for shape in shapes)
    return x, kernel


def _seconds(x: Any, kernel: Any) -> float:
    """What their convolution takes, its result included."""
    started = time.perf_counter()
    float(keras.ops.conv(x, kernel, padding="same")[0, 0, 0, 0])
    return time.perf_counter() - started


def _may_have_bfloat16() -> bool:
    """Whether the processor lists bfloat16 instructions; without them bfloat16 is emulated and slow."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = cpuinfo.read_text(encoding="utf-8")
    return "avx512_bf16" in flags or "amx_bf16" in flags
