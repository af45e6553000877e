"""`Footprint`: what a network costs in the `.tflite` file that would be shipped, known before it is trained.

How large a file is and how long it takes do not depend on what was learned. So a network is built with random weights,
converted with the quantization of the shipped file, and measured as that file will be. Conversion takes a second; a
network whose weights alone are too much is not converted.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from easynas.data.dataset import Encoder, Target
from easynas.deploy import description
from easynas.deploy.anatomy import Anatomy
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.measure import Interpreter, size_kb
from easynas.deploy.quantize import quantize
from easynas.errors import ExportError
from easynas.nets.block import Block
from easynas.nets.cost import macs
from easynas.nets.network import build, precision
from easynas.nets.quantization import bytes_of
from easynas.runtime.latency import Profile
from easynas.space.dimension import Value

MEASURES = ("latency_ms", "size_kb", "params", "macs")

_ROUNDS, _ROUND_SECONDS, _CALLS = 3, 0.1, 200
"""Times that latency is measured: the least median counts, since other processes can only make a call longer."""

_TEMPERATURE = 1.5  # a trained model may have one, which is a multiplication more
_NOISE = 0.05  # of weights that begin all equal: a file stores equal ones only once, and trained ones differ
_DIGITS = 17  # of a score in the description


@dataclass(frozen=True)
class Footprint:
    """What a network costs as a file.

    Attributes:
        params: numbers in the file that were learned or stand beside them, such as averages.
        macs: multiply-accumulates for one sample.
        size_kb: of the file with its description, in units of 1024 bytes.
        description_kb: what of it is the description, which is the same for all networks.
        latency_ms: for one sample on one thread of this machine, or on the device of a profile; None if unknown.
        whole: whether all of it was measured on a converted file; otherwise the numbers are what it has at least.
    """

    params: int
    macs: int
    size_kb: float
    description_kb: float = 0.0
    latency_ms: float | None = None
    whole: bool = True

    @classmethod
    def together(cls, parts: Sequence["Footprint"]) -> "Footprint":
        """About what one file of several networks costs."""
        latencies = [part.latency_ms for part in parts if part.latency_ms is not None]
        description_kb = max(part.description_kb for part in parts)
        return cls(
            sum(part.params for part in parts),
            sum(part.macs for part in parts),
            sum(part.size_kb - part.description_kb for part in parts) + description_kb,
            description_kb,
            sum(latencies) if latencies else None,
        )

    def excess(self, limits: Mapping[str, float]) -> dict[str, float]:
        """What exceeds `limits`, by how much as a share of each; empty if they are kept as far as is known."""
        known = {name: getattr(self, name) for name in limits}
        return {
            name: float(value / limits[name] - 1)
            for name, value in known.items()
            if value is not None and value > limits[name]
        }


@dataclass(frozen=True, eq=False)
class Prototype:
    """What the files of all networks for some data have in common.

    Attributes:
        encoder: what samples go through.
        target: what answers mean.
        samples: a few raw samples, to calibrate integers with.
        quantization: of the file, one of `QUANTIZATIONS`.
        profile: of the device that the file is for; None: this machine.
    """

    encoder: Encoder
    target: Target
    samples: Any
    quantization: str
    profile: Profile | None = None

    def footprint(self, network: Block, values: Mapping[str, Value], limits: Mapping[str, float]) -> Footprint:
        """What the untrained network of `values` costs; not converted if its weights alone exceed `limits`.

        Args:
            network: as it is shipped.
            values: its choices.
            limits: largest values by names of `MEASURES`; latency is measured only if it has one.

        Raises:
            ExportError: the network cannot be built, or not be converted.
        """
        answer = self.target.answer
        temperature = 1.0 if answer.kind == "numbers" else _TEMPERATURE
        with precision("float32"):
            try:
                model, device = assemble(
                    self.encoder, answer, lambda x: build(network, values, x), temperature=temperature
                )
            except (ValueError, TypeError) as error:  # what a block raises whose choices do not go together
                raise ExportError(f"cannot build: {error}") from error
        least = self._least(device)
        if least.excess(limits):
            return least
        device.set_weights(list(_learned(device)))
        bundle = Bundle(model, device, self.encoder, self.target, self.samples)
        return measured(bundle, self.quantization, timed="latency_ms" in limits, profile=self.profile)

    def _least(self, device: keras.Model) -> Footprint:
        """What the file has at least: kernels become weights of the file one by one, all else may be folded."""
        kernels = sum(int(weight.size) for weight in device.get_weights() if weight.ndim > 1)
        size = kernels * bytes_of(self.quantization) / 1024
        return Footprint(kernels, macs(device), size, whole=False)


def weigh(prototype: Prototype, network: Block, values: Mapping[str, Value], limits: Mapping[str, float]) -> Footprint:
    """`prototype.footprint(network, values, limits)`, for a process of its own."""
    try:
        return prototype.footprint(network, values, limits)
    finally:
        keras.backend.clear_session()


def measured(bundle: Bundle, quantization: str, *, timed: bool, profile: Profile | None = None) -> Footprint:
    """What the file of a bundle costs, as `export` writes it with this quantization.

    Operators that lose too much in int8 are not looked for; `export` leaves them in float where limits allow it.

    Args:
        bundle: a model.
        quantization: of the file, one of `QUANTIZATIONS`.
        timed: whether its latency counts.
        profile: of the device whose latency counts, which is predicted; None: that of this machine is measured.

    Raises:
        ExportError: the bundle cannot be converted, or the profile says nothing of it.
    """
    content = quantize(bundle, quantization, integers=False, agreement=lambda _: 1.0).content
    return of_content(content, bundle, quantization, timed=timed, profile=profile)


def of_content(
    content: bytes, bundle: Bundle, quantization: str, *, timed: bool, profile: Profile | None = None
) -> Footprint:
    """What a file with this content costs; see `measured`."""
    anatomy = Anatomy.of(content)
    facts = {"score": "0" * _DIGITS, "metric": "0" * _DIGITS}
    with tempfile.TemporaryDirectory(prefix="easynas-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        description.append(path, description.of(bundle, quantization=quantization, facts=facts))
        size = size_kb(path)
    latency = _latency(content, profile) if timed else None
    return Footprint(int(anatomy.parameters), int(anatomy.macs), size, size - len(content) / 1024, latency)


def _latency(content: bytes, profile: Profile | None) -> float:
    if profile is not None:
        try:
            return profile.predict(content)
        except ValueError as error:
            raise ExportError(str(error)) from None
    interpreter = Interpreter(content)
    return min(interpreter.latency(runs=_CALLS, seconds=_ROUND_SECONDS).median_ms for _ in range(_ROUNDS))


def _learned(device: keras.Model) -> Iterator[np.ndarray]:
    """Weights as a training might leave them: none are all equal, and variances stay positive."""
    rng = np.random.default_rng(0)
    for weight in device.get_weights():
        equal = np.issubdtype(weight.dtype, np.floating) and weight.size > 1 and np.ptp(weight) == 0
        yield weight + rng.uniform(0.0, _NOISE, weight.shape).astype(weight.dtype) if equal else weight
