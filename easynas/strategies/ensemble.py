"""An ensemble of small feed-forward networks in numpy, all trained at once: the predictor of BANANAS.

White et al. 2021 train five networks of ten layers of 20 units with Adam at a rate of 0.01. These have two hidden
layers, enough for tens of trials in milliseconds, and each sees a bootstrap sample (Breiman 1996), which
makes networks that agree on everything told differ elsewhere.
"""

import itertools
import math

import numpy as np

MEMBERS = 5
_WIDTH = 20
_STEPS, _RATE = 200, 0.01
_DECAY = 1e-3  # of weights, a step's share of the rate
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # of Adam (Kingma & Ba 2015)


class Ensemble:
    """Networks fitted to points and standardized values with the mean absolute error, as in the paper.

    Args:
        x: points `(n, columns)`.
        y: values `(n,)` of about mean 0 and variance 1.
        rng: draws initial weights and samples.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
        sizes = [x.shape[1], _WIDTH, _WIDTH, 1]
        self._weights = [
            rng.normal(scale=math.sqrt(2.0 / before), size=(MEMBERS, before, after))
            for before, after in itertools.pairwise(sizes)
        ]
        self._biases = [np.zeros((MEMBERS, 1, after)) for after in sizes[1:]]
        drawn = rng.integers(len(x), size=(MEMBERS, len(x)))
        self._train(x[drawn], y[drawn][:, :, None])

    def predict(self, x: np.ndarray) -> np.ndarray:
        """What each network says of points `(m, columns)`: `(MEMBERS, m)`."""
        return np.asarray(self._forward(np.broadcast_to(x, (MEMBERS, *x.shape)))[-1][:, :, 0])

    def _forward(self, x: np.ndarray) -> list[np.ndarray]:
        values = [x]
        for layer, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            linear = values[-1] @ weight + bias
            values.append(linear if layer == len(self._weights) - 1 else np.maximum(linear, 0.0))
        return values

    def _train(self, x: np.ndarray, y: np.ndarray) -> None:
        parameters = [*self._weights, *self._biases]
        first = [np.zeros_like(each) for each in parameters]
        second = [np.zeros_like(each) for each in parameters]
        for step in range(1, _STEPS + 1):
            rate = _RATE * 0.5 * (1.0 + math.cos(math.pi * step / _STEPS))
            corrected = rate * math.sqrt(1.0 - _BETAS[1] ** step) / (1.0 - _BETAS[0] ** step)
            for index, gradient in enumerate(self._gradients(x, y)):
                first[index] += (1.0 - _BETAS[0]) * (gradient - first[index])
                second[index] += (1.0 - _BETAS[1]) * (gradient**2 - second[index])
                parameters[index] -= corrected * first[index] / (np.sqrt(second[index]) + _EPSILON)
            for index in range(len(self._weights)):
                self._weights[index] *= 1.0 - rate * _DECAY

    def _gradients(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Of the mean absolute error by the weights, then by the biases."""
        values = self._forward(x)
        error = np.sign(values[-1] - y) / x.shape[1]
        weights: list[np.ndarray] = []
        biases: list[np.ndarray] = []
        for layer in reversed(range(len(self._weights))):
            weights.insert(0, values[layer].transpose(0, 2, 1) @ error)
            biases.insert(0, error.sum(axis=1, keepdims=True))
            error = (error @ self._weights[layer].transpose(0, 2, 1)) * (values[layer] > 0.0)
        return weights + biases
