"""Muon: momentum, orthogonal for every convolution (Jordan et al. 2024, "Muon: an optimizer for hidden layers").

The kernel of a convolution is a matrix of inputs by filters, and its momentum is brought near the closest
semi-orthogonal one by five Newton-Schulz steps, so that all directions move alike. Updates have the size of Adam's (Liu
et al. 2025, "Muon is scalable for LLM training", §2.2), and everything else is Adam's: biases, normalisation, dense and
depthwise layers. What differs from `keras.optimizers.Muon`: that one leaves convolutions to Adam.
"""

from typing import Any

import keras
from keras import ops

_MOMENTUM = 0.9
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7  # of Adam (Kingma & Ba 2015)
_STEPS, _QUINTIC = 5, (3.4445, -4.7750, 2.0315)  # of Newton-Schulz, tuned by Jordan et al.
_SIZE = 0.2  # root mean square of an update, as Adam's usually is (Liu et al.)


class Muon(keras.optimizers.Optimizer):  # type: ignore[misc]
    """For networks of convolutions.

    Args:
        learning_rate: as of Adam.
        weight_decay: share of a weight that a step of learning rate 1 takes away.
    """

    def __init__(self, learning_rate: float = 0.016, *, weight_decay: float = 0.05) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, name="muon")

    def build(self, variables: list[Any]) -> None:
        """Makes the momenta, and second moments where Adam needs them."""
        if self.built:
            return
        super().build(variables)
        self._first = [self.add_variable_from_reference(each, name="first") for each in variables]
        self._second = [
            None if is_convolution(each) else self.add_variable_from_reference(each, name="second")
            for each in variables
        ]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        first, second = self._first[index], self._second[index]
        rate, gradient = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        if second is None:
            self.assign(first, _MOMENTUM * first + gradient)
            direction = _SIZE * _orthogonal(gradient + _MOMENTUM * first)
        else:
            step = ops.cast(self.iterations + 1, variable.dtype)
            self.assign_add(first, (1.0 - _BETA_1) * (gradient - first))
            self.assign_add(second, (1.0 - _BETA_2) * (ops.square(gradient) - second))
            deviation = ops.sqrt(second / (1.0 - ops.power(_BETA_2, step)))
            direction = first / (1.0 - ops.power(_BETA_1, step)) / (deviation + _EPSILON)
        self.assign_sub(variable, rate * direction)


def is_convolution(variable: Any) -> bool:
    """Whether a variable is the kernel of a convolution that mixes channels."""
    return len(variable.shape) == 4 and variable.shape[3] > 1 and "depthwise" not in variable.path


def _orthogonal(kernel: Any) -> Any:
    """The nearest semi-orthogonal matrix, about, times the root of its longer side; `(height, width, in, out)`."""
    rows, columns = kernel.shape[0] * kernel.shape[1] * kernel.shape[2], kernel.shape[3]
    x = ops.reshape(kernel, (rows, columns))
    x = x if rows <= columns else ops.transpose(x)
    x = x / (ops.norm(x) + _EPSILON)
    a, b, c = _QUINTIC
    for _ in range(_STEPS):
        square = x @ ops.transpose(x)
        x = a * x + (b * square + c * square @ square) @ x
    x = x if rows <= columns else ops.transpose(x)
    return ops.reshape(x, kernel.shape) * max(rows, columns) ** 0.5
