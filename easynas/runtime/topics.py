"""`Topics`: what texts say, in a few numbers.

A text is the sum of the vectors of its n-grams, divided by the length of their weights: latent semantic analysis
(Deerwester et al. 1990), and linear scores of what is to be predicted. Vectors and weights are whole numbers: whoever
adds them up, in whatever order, gets the same.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from easynas.runtime.tokenizer import Tokenizer

LARGEST = 2**15 - 1
"""Of the vectors' numbers."""

_CHUNK = 512  # texts at a time


@dataclass(frozen=True, eq=False)
class Topics:
    """Vectors of n-grams; the first row, of the id that stands for nothing, is zero.

    Attributes:
        tokenizer: cuts texts into n-grams.
        vectors: of every id, times its weight, int16 `(vocabulary, topics)`; scores count as topics.
        weights: of every id, uint8 `(vocabulary,)`.
        scale: what a number is multiplied by in the end, for each topic.
    """

    tokenizer: Tokenizer
    vectors: np.ndarray
    weights: np.ndarray
    scale: tuple[float, ...]

    def numbers(self, texts: Sequence[str]) -> np.ndarray:
        """How much of every topic is in `texts`, float32 `(n, topics)`; 0 where they have no n-gram that is known."""
        found = np.zeros((len(texts), len(self.scale)), np.float32)
        for start in range(0, len(texts), _CHUNK):
            ids = self.tokenizer.encode(texts[start : start + _CHUNK])["grams"]
            sums = self.vectors[ids].sum(axis=1, dtype=np.int64).astype(np.float64)
            squares = np.square(self.weights[ids].astype(np.int64)).sum(axis=1).astype(np.float64)
            length = np.sqrt(np.maximum(squares, 1.0))[:, None]
            found[start : start + _CHUNK] = (sums / length * np.array(self.scale)).astype(np.float32)
        return found

    def to_config(self) -> dict[str, Any]:
        """The topics as plain JSON values; arrays as the base64 of their bytes, the smallest first."""
        return {
            "tokenizer": self.tokenizer.to_config(),
            "vectors": base64.b64encode(self.vectors.astype("<i2").tobytes()).decode("ascii"),
            "weights": base64.b64encode(self.weights.tobytes()).decode("ascii"),
            "scale": list(self.scale),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The topics that `to_config` described."""
        vectors = np.frombuffer(base64.b64decode(config["vectors"]), "<i2").astype(np.int16)
        weights = np.frombuffer(base64.b64decode(config["weights"]), np.uint8)
        tokenizer = Tokenizer.from_config(config["tokenizer"])
        return cls(tokenizer, vectors.reshape(len(weights), -1), weights, tuple(config["scale"]))
