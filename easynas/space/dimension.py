"""One declared choice of a space, seen as a number or a category."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Value = bool | int | float | str

_STEP = 0.2  # standard deviation of a mutation in the unit interval, as in evolution strategies on normalised boxes
_FEW = 5  # with so few values a neighbour is any other value
_LISTED = 1024  # so many values are looked up instead of computed
_DRAWN = 2  # neighbours of a value in a long range, besides those a step away


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
            return cls(parameter, _stepped(parameter), categorical=False)
        if kind == "Int":
            return cls(parameter, parameter.max_value - parameter.min_value + 1, categorical=False)
        return cls(parameter, 1 if parameter.max_value == parameter.min_value else math.inf, categorical=False)

    @cached_property
    def name(self) -> str:
        return str(self.parameter.name)

    @property
    def width(self) -> int:
        """Numbers in the encoding."""
        return int(self.count) if self.categorical else 1

    @property
    def default(self) -> Value:
        """The declared default, or the value next to it: KerasTuner lets a default lie between two steps."""
        return self.nearest(_plain(self.parameter.default))

    def active(self, values: Mapping[str, Value]) -> bool:
        for name, allowed in self._conditions:  # noqa: SIM110 - a generator takes three times as long
            if values.get(name) not in allowed:
                return False
        return True

    @cached_property
    def _kind(self) -> tuple[bool, bool]:
        """Whether its values are booleans, and whether they are texts."""
        declared = _plain(self.parameter.default)
        return isinstance(declared, bool), isinstance(declared, str)

    @cached_property
    def _conditions(self) -> tuple[tuple[str, frozenset[Value]], ...]:
        """Names of choices above, and with which of their values this one is active."""
        return tuple((condition.name, frozenset(condition.values)) for condition in self.parameter.conditions)

    def hangs_from(self, other: "Dimension") -> bool:
        """Whether the innermost condition of this choice is a value of `other`."""
        conditions = self.parameter.conditions
        return bool(conditions) and conditions[-1].name == other.name and conditions[:-1] == other.parameter.conditions

    def contains(self, value: object) -> bool:
        """Whether `value` is one of this choice's, up to rounding; `True` is not the number 1."""
        if not isinstance(value, bool | int | float | str):
            return False
        if (isinstance(value, bool), isinstance(value, str)) != self._kind:
            return False
        if value in self._places:
            return True
        if isinstance(value, float) and not math.isfinite(value):
            return False
        nearest = self.nearest(value)
        return value == nearest or _close(value, nearest)

    def nearest(self, value: Value) -> Value:
        """The value of this choice that is closest to `value`, in the type that it was declared with."""
        if math.isinf(self.count):
            return float(self._within_range(value))
        place = self._places.get(value)
        return self.at(self.position(value)) if place is None else self._table[place]

    def values(self) -> list[Value]:
        """All values of a choice with a finite number of them, in order."""
        return list(self._table)

    @cached_property
    def _table(self) -> list[Value]:
        if self._numerical and self.parameter.step is None and self.count > 1:
            return list(range(self.parameter.min_value, self.parameter.max_value + 1))
        return [self._from_probability(_middle(index, self.count)) for index in range(int(self.count))]

    @cached_property
    def _places(self) -> dict[Value, int]:
        """Indices of the values, of a choice that has not too many."""
        return {value: index for index, value in enumerate(self._table)} if self.count <= _LISTED else {}

    def at(self, position: float) -> Value:
        """The value at a position in the unit interval."""
        bounded = min(max(position, 0.0), 1.0)
        if self.count <= _LISTED and not self._numerical:
            return self._table[min(int(bounded * self.count), int(self.count) - 1)]
        return self._from_probability(bounded)

    def _from_probability(self, position: float) -> Value:
        if type(self.parameter).__name__ == "Fixed":
            return _plain(self.parameter.default)
        value = _plain(self.parameter.prob_to_value(position))
        return self._within_range(value) if self._numerical else value

    def position(self, value: Value) -> float:
        """Where the value nearest to `value` lies in the unit interval; `at(position(value))` is that value."""
        if self.count == 1:
            return 0.5
        if not self._numerical:
            place = self._places.get(value)
            if place is None:
                place = min(range(len(self._table)), key=lambda i: _distance(self._table[i], value))
            return _middle(place, self.count)
        within = self._within_range(value)
        if self.parameter.step is None:
            return float(min(max(self.parameter.value_to_prob(within), 0.0), 1.0))
        return _middle(min(round(self._steps(within)), int(self.count) - 1), self.count)

    @property
    def _numerical(self) -> bool:
        return hasattr(self.parameter, "sampling")

    def _within_range(self, value: Any) -> Any:
        return min(max(value, self.parameter.min_value), self.parameter.max_value)

    def _steps(self, value: Any) -> float:
        """How many steps lie before a value of the range; KerasTuner's own inverse rounds down, 0.3 / 0.1 to 2."""
        low, high, step = self.parameter.min_value, self.parameter.max_value, self.parameter.step
        match self.parameter.sampling:
            case "linear":
                return float((value - low) / step)
            case "log":
                return math.log(value / low, step)
        return math.log((high - value + low) / low, step)  # KerasTuner counts these down from the largest

    def sample(self, rng: np.random.Generator) -> Value:
        return self.at(rng.random())

    def neighbour(self, value: Value, rng: np.random.Generator) -> Value:
        """Another value: any for few or unordered ones, a near one otherwise. The same only if there is no other."""
        value = self.nearest(value)
        if self.count == 1:
            return value
        if self.categorical or self.count <= _FEW:
            others = [each for each in self._table if each != value]
            return others[int(rng.integers(len(others)))]
        position = self.position(value)
        for _ in range(32):
            moved = self.at(float(np.clip(position + rng.normal(scale=_STEP), 0.0, 1.0)))
            if moved != value:
                return moved
        return self.at(1.0 - position)

    def neighbours(self, value: Value, rng: np.random.Generator) -> list[Value]:
        """Other values, each once: all of few or unordered ones; else those a step away, and a few drawn near ones."""
        value = self.nearest(value)
        if self.count == 1:
            return []
        if self.categorical or self.count <= _FEW:
            return [each for each in self.values() if each != value]
        near = self._adjacent(value) + [self.neighbour(value, rng) for _ in range(_DRAWN)]
        return [each for each in dict.fromkeys(near) if each != value]

    def _adjacent(self, value: Any) -> list[Value]:
        """The values before and after one of a long range; a continuous one has a step of half a mutation's."""
        if self._numerical and self.parameter.step is None and math.isfinite(self.count):
            return [self._within_range(value - 1), self._within_range(value + 1)]
        step = 0.5 * _STEP if math.isinf(self.count) else 1.0 / self.count
        position = self.position(value)
        return [self.at(position - step), self.at(position + step)]

    def encode(self, value: Value) -> list[float]:
        if not self.categorical:
            return [self.position(value)]
        return [float(each == value) for each in self._table]

    def decode(self, numbers: np.ndarray) -> Value:
        if not self.categorical:
            return self.at(float(numbers[0]))
        return self._table[int(np.argmax(numbers))]


def _stepped(parameter: Any) -> int:
    """How many values KerasTuner's `values` goes through, without going through them."""
    low, high, step = parameter.min_value, parameter.max_value, parameter.step
    if parameter.sampling == "linear":
        return int((high - low) // step) + 1
    return int(math.log(high / low, step) + 1e-8) + 1


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
