"""`Scaling`: from the user's units to numbers that float32 holds well."""

from dataclasses import dataclass
from typing import Self

import numpy as np

LIMIT = 1e30  # of scaled numbers: as large as they may be


@dataclass(frozen=True)
class Scaling:
    """From user's units to numbers about as large as 1: `(number - centre) / scale`.

    Attributes:
        centre: median of the training samples.
        scale: half the range that holds 90 % of them; positive.
    """

    centre: float
    scale: float

    @classmethod
    def learn(cls, values: np.ndarray) -> Self:
        """The scaling of float64 `values` `(n,)`, of which NaN are left out."""
        present = values[~np.isnan(values)]
        if not len(present):
            return cls(0.0, 1.0)
        low, centre, high = np.quantile(present, (0.05, 0.5, 0.95))
        # Halves first: the range of all float64 is no float64.
        half = (high / 2 - low / 2) or (present.max() / 2 - present.min() / 2) or 1.0
        return cls(float(centre), float(max(half, np.finfo(np.float64).tiny)))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scaled `values`, float32."""
        with np.errstate(over="ignore"):
            # Not divided: a compiled graph makes a product of a division, and the two differ in their last digit.
            scaled = (values - self.centre) * (1.0 / self.scale)
        return np.clip(scaled, -LIMIT, LIMIT).astype(np.float32)
