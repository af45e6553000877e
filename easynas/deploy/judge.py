"""`FileJudge`: makes the `.tflite` file of a network and runs held-out samples through it.

The file is that of `export`, calibrated with the samples that stay with the model, but for one thing: operators that
lose too much in int8 are not looked for, as that takes several conversions. So the file that is shipped agrees with its
network as well as the one that was judged, or better.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from easynas.data.dataset import Encoder, Inputs, Target
from easynas.deploy.bundle import Bundle, assemble, with_weights
from easynas.deploy.export import CHUNK
from easynas.deploy.exported import EXACT
from easynas.deploy.measure import Interpreter
from easynas.deploy.quantize import quantize
from easynas.nets.block import Block
from easynas.nets.network import build, precision
from easynas.nets.quantization import bytes_of, quantization_of
from easynas.search.budget import Deadline
from easynas.space.dimension import Value
from easynas.train.filed import Filed
from easynas.train.weights import Weights

MOST, LEAST = 4_096, 64
"""Samples that go through a file: all up to the first number; as many of them as there is time for, at least the other.
The difference that rounding makes is known to a fraction of a percent by then."""

_SHARE = 0.5  # of what is left for judging when a file is made may be spent on running it


@dataclass(frozen=True, eq=False)
class FileJudge:
    """Judges networks as files, see `Judge`.

    Attributes:
        network: what is shipped, of which the values are those of a job.
        encoder: what the samples went through that a network sees; a file of images begins with what it sees, too.
        target: what answers mean.
        samples: raw samples of the encoder, to calibrate integers with.
        quantization: of the file where values leave it open.
        seconds: what making and running a file takes, about.
        seed: decides which samples go through the file first.
    """

    network: Block
    encoder: Encoder
    target: Target
    samples: Any
    quantization: str
    seconds: float
    seed: int

    def seconds_for(self, values: Mapping[str, Value]) -> float:
        return 0.0 if quantization_of(values, self.quantization) in EXACT else self.seconds

    def weight_bytes(self, values: Mapping[str, Value]) -> int:
        return bytes_of(quantization_of(values, self.quantization))

    def __call__(self, values: Mapping[str, Value], weights: Weights, x: Inputs, *, deadline: Deadline) -> Filed | None:
        quantization = quantization_of(values, self.quantization)
        if quantization in EXACT:  # `export` refuses such files where they answer otherwise
            return None
        with precision("float32"):
            model, device = assemble(self.encoder, self.target.answer, lambda seen: build(self.network, values, seen))
        bundle = with_weights(Bundle(model, device, self.encoder, self.target, self.samples), weights)
        return filed(bundle, quantization, x, deadline=deadline, seed=self.seed)


def filed(bundle: Bundle, quantization: str, x: Inputs, *, deadline: Deadline, seed: int) -> Filed:
    """What a bundle and its file answer for samples.

    Args:
        bundle: a model.
        quantization: of the file, one of `QUANTIZATIONS`.
        x: what the bundle's `device` takes, of at least one sample.
        deadline: until when as many samples as possible are judged; `LEAST` are in any case, and the file is made.
        seed: decides which samples come first.

    Raises:
        ExportError: there is no such file.
    """
    started = time.monotonic()
    interpreter = Interpreter(quantize(bundle, quantization, integers=False, agreement=lambda _: 1.0).content)
    order = np.random.default_rng(seed).permutation(len(keras.tree.flatten(x)[0]))[:MOST]
    until = deadline.within(_SHARE * max(deadline.left, 0.0))
    parts = []
    for at in range(0, len(order), CHUNK):
        if at >= LEAST and until.passed:
            break
        parts.append(interpreter.run(_rows(x, order[at : at + CHUNK])))
    after = np.concatenate(parts)
    judged = np.sort(order[: len(after)])
    after = after[np.argsort(order[: len(after)])]
    return Filed(judged, _before(bundle, x, judged), _plain(after, bundle), time.monotonic() - started)


def _before(bundle: Bundle, x: Inputs, rows: np.ndarray) -> np.ndarray:
    chunks = (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))
    answers = [keras.ops.convert_to_numpy(bundle.device(_rows(x, chunk), training=False)) for chunk in chunks]
    return _plain(np.concatenate(answers), bundle)


def _rows(x: Inputs, rows: np.ndarray) -> Any:
    """Some samples, pixels as real numbers."""
    return keras.tree.map_structure(
        lambda array: array[rows].astype("float32") if array.dtype == np.uint8 else array[rows], x
    )


def _plain(answers: np.ndarray, bundle: Bundle) -> np.ndarray:
    """Answers as networks in training give them: numbers are standardised."""
    answer = bundle.target.answer
    return (answers - np.array(answer.mean)) / np.array(answer.scale) if answer.kind == "numbers" else answers
