"""One declared choice of a space, seen as a number or a category."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = bool | int | float | str

_STEP = 0.2  # standard deviation of a mutation in the unit interval, as in evolution strategies on normalised boxes
_FEW = 5  # with so few values a neighbour is any other value


@dataclass(frozen=True)
class Dimension:
    """A `keras_tuner` hyperparameter with its conditions.

    Attributes:
        parameter: the `Choice`, `Int`, `Float`, `Boolean` or `Fixed` of KerasTuner.
        count: how many different values it has; infinite for a `Float` without a step.
        categorical: whether its values have no order; it is then encoded one-hot.
    """

    parameter: Any
    count: float
    categorical: bool

    @classmethod
    def of(cls, parameter: Any) -> "Dimension":
        kind = type(parameter).__name__
        if kind == "Choice":
            ordered = parameter.ordered and len(parameter.values) > 1
            return cls(parameter, len(parameter.values), categorical=not ordered)
        if kind == "Boolean":
            return cls(parameter, 2, categorical=False)
        if kind == "Fixed":
            return cls(parameter, 1, categorical=False)
        if parameter.step is not None:
            return cls(parameter, len(list(parameter.values)), categorical=False)
        if kind == "Int":
            return cls(parameter, parameter.max_value - parameter.min_value + 1, categorical=False)
        return cls(parameter, 1 if parameter.max_value == parameter.min_value else math.inf, categorical=False)

    @property
    def name(self) -> str:
        return str(self.parameter.name)

    @property
    def width(self) -> int:
        """Numbers in the encoding."""
        return int(self.count) if self.categorical else 1

    @property
    def default(self) -> Value:
        return _plain(self.parameter.default)

    def active(self, values: Mapping[str, Value]) -> bool:
        return all(condition.is_active(values) for condition in self.parameter.conditions)

    def parent(self) -> tuple[str, tuple[Value, ...]] | None:
        """The innermost condition: a name and the values under which this choice exists."""
        conditions = self.parameter.conditions
        return (conditions[-1].name, tuple(conditions[-1].values)) if conditions else None

    def contains(self, value: object) -> bool:
        """Whether `value` could have been sampled here; `True` is not the number 1."""
        if not isinstance(value, bool | int | float | str) or isinstance(value, bool) != isinstance(self.default, bool):
            return False
        if isinstance(value, str) != isinstance(self.default, str):
            return False
        if math.isinf(self.count) or type(self.parameter).__name__ == "Int" and self.parameter.step is None:
            whole = math.isinf(self.count) or float(value) == int(value)
            return whole and bool(self.parameter.min_value <= value <= self.parameter.max_value)
        return any(value == each or _close(value, each) for each in self.values())

    def values(self) -> list[Value]:
        """All values of a choice with a finite number of them, in order."""
        kind = type(self.parameter).__name__
        if kind == "Boolean":
            return [False, True]
        if kind == "Fixed":
            return [self.default]
        if kind == "Int" and self.parameter.step is None:
            return list(range(self.parameter.min_value, self.parameter.max_value + 1))
        return [_plain(self.at(_middle(index, self.count))) for index in range(int(self.count))]

    def at(self, position: float) -> Value:
        """The value at a position in the unit interval."""
        if type(self.parameter).__name__ == "Fixed":
            return self.default
        return _plain(self.parameter.prob_to_value(min(max(position, 0.0), 1.0 - 1e-9)))

    def position(self, value: Value) -> float:
        """Where a value lies in the unit interval; `at(position(value))` is the value."""
        if type(self.parameter).__name__ == "Fixed" or self.count == 1:
            return 0.5
        if self.categorical or self.parameter_is_stepped():
            values = self.values()
            return _middle(min(range(len(values)), key=lambda i: _distance(values[i], value)), self.count)
        return float(self.parameter.value_to_prob(value))

    def parameter_is_stepped(self) -> bool:
        return not math.isinf(self.count) and getattr(self.parameter, "step", 1) is not None

    def sample(self, rng: np.random.Generator) -> Value:
        return self.at(rng.random())

    def neighbour(self, value: Value, rng: np.random.Generator) -> Value:
        """Another value: any for few or unordered ones, a near one otherwise. The same only if there is no other."""
        if self.count == 1:
            return value
        if self.categorical or self.count <= _FEW:
            others = [each for each in self.values() if each != value]
            return others[int(rng.integers(len(others)))]
        position = self.position(value)
        for _ in range(32):
            moved = self.at(float(np.clip(position + rng.normal(scale=_STEP), 0.0, 1.0)))
            if moved != value:
                return moved
        return self.at(1.0 - position)

    def encode(self, value: Value) -> list[float]:
        if not self.categorical:
            return [self.position(value)]
        return [float(each == value) for each in self.values()]

    def decode(self, numbers: np.ndarray) -> Value:
        if not self.categorical:
            return self.at(float(numbers[0]))
        return self.values()[int(np.argmax(numbers))]


def _middle(index: int, count: float) -> float:
    return (index + 0.5) / count


def _distance(a: Value, b: Value) -> float:
    if isinstance(a, str) or isinstance(b, str):
        return float(a != b)
    return abs(a - b)


def _close(a: Value, b: Value) -> bool:
    return not isinstance(a, str) and not isinstance(b, str) and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def _plain(value: Any) -> Value:
    """A Python scalar: journals are JSON, and numpy scalars are not."""
    plain: Value = value.item() if isinstance(value, np.generic) else value
    return plain
