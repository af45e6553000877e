"""`Profile`: what operators take on a device, and from that what a `.tflite` file takes there, without running it.

A sum over operators from a table of measurements, as ProxylessNAS predicts latency (Cai et al. 2019, section 3.2). Our
table has costs of sizes instead of entries: a line through measurements of each kind of operator, so that any width and
any resolution has a time.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from easynas.runtime.operators import CALL, SIZES, Operator, read_operators

FORMAT = 1  # of a profile's file; changes when an older easynas could not read it
_SUMMING = ("CONV", "DEPTHWISE", "FULLY", "BATCH", CALL)  # beginnings of kinds that say nothing about others


@dataclass(frozen=True)
class Cost:
    """What one kind of operator takes.

    Attributes:
        tile: channels that enter and leave which the device seems to take at a time, full or not.
        ms: milliseconds for each of `Operator.sizes(tile)`, `(8,)`.
        error: root mean square of the relative errors for probes that were left out of the fit.
        probes: how many there were.
    """

    tile: tuple[int, int]
    ms: tuple[float, ...]
    error: float
    probes: int

    def of(self, operator: Operator) -> float:
        """Milliseconds that an operator of this kind takes."""
        return float(np.dot(self.ms, operator.sizes(self.tile)))


@dataclass(frozen=True)
class Accuracy:
    """How well small networks, none of whose times the profile had seen, were predicted.

    Attributes:
        median: relative error; half of the networks had a smaller one.
        p90: nine of ten had a smaller one.
        rank: correlation of the order by predicted and by measured time (Spearman), at most 1.
        networks: how many there were.
    """

    median: float
    p90: float
    rank: float
    networks: int


@dataclass(frozen=True)
class Part:
    """What the operators of one kind take of a file's time.

    Attributes:
        kind: of the operators, "CALL" for what a call takes beside them.
        count: how many there are.
        ms: of all of them together.
        measured: whether the profile measured this kind; otherwise the time is a guess from others.
    """

    kind: str
    count: int
    ms: float
    measured: bool


@dataclass(frozen=True)
class Profile:
    """What operators take on one device; made by `easynas.runtime.calibrate` or `easynas profile`.

    Attributes:
        device: what it was measured on, in words by name: processor, system, interpreter.
        threads: of the interpreter.
        costs: of every kind of operator that was measured.
        accuracy: for networks in "float32", "int8" and "dynamic".
        unsupported: kinds of operators that the interpreter there cannot run.
    """

    device: Mapping[str, str]
    threads: int
    costs: Mapping[str, Cost]
    accuracy: Mapping[str, Accuracy]
    unsupported: tuple[str, ...] = ()

    def predict(self, file: str | Path | bytes) -> float:
        """Milliseconds that one call of a `.tflite` file for one sample takes on the device.

        Args:
            file: its path, or its content.

        Raises:
            ValueError: there is no such file, it is no TFLite model, or the profile knows nothing of its numbers.
        """
        return sum(self._ms(operator) for operator in read_operators(content_of(file)))

    def parts(self, file: str | Path | bytes) -> tuple[Part, ...]:
        """What takes how much of that, the most first; arguments and errors as of `predict`."""
        operators = read_operators(content_of(file))
        counts, ms = Counter(operator.kind for operator in operators), Counter[str]()
        for operator in operators:
            ms[operator.kind] += self._ms(operator)  # type: ignore[assignment]
        return tuple(Part(kind, counts[kind], float(spent), kind in self.costs) for kind, spent in ms.most_common())

    def save(self, path: str | Path) -> None:
        """Writes the profile as JSON."""
        content = {"format": FORMAT, **asdict(self)}
        Path(path).write_text(json.dumps(content, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The profile that `save` wrote.

        Raises:
            ValueError: there is none, it is damaged, or a newer easynas wrote it.
        """
        if not Path(path).is_file():
            raise ValueError(f"A profile must be a file that `easynas profile` wrote. Received {str(path)!r}: no file.")
        try:
            content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] > FORMAT:
                raise ValueError(f"it is of format {content['format']}, this easynas reads {FORMAT}; upgrade easynas")
            return cls(
                device={str(name): str(value) for name, value in content["device"].items()},
                threads=int(content["threads"]),
                costs={kind: _cost(cost) for kind, cost in content["costs"].items()},
                accuracy={numbers: Accuracy(**each) for numbers, each in content["accuracy"].items()},
                unsupported=tuple(content["unsupported"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"A profile must be as `easynas profile` wrote it. Received {str(path)!r}: {error}."
            ) from error

    def _ms(self, operator: Operator) -> float:
        cost = self.costs.get(operator.kind)
        if cost is not None:
            return cost.of(operator)
        numbers = operator.kind.rpartition(" ")[2]
        others = self._others.get("float32" if numbers == "bool" else numbers)
        if others is None:
            raise ValueError(
                f"Numbers of a file must be of a type that the profile has measured: {sorted(self._others)}. "
                f"Received {operator.kind!r}; measure the file itself with `export`."
            )
        return float(np.median([other.of(operator) for other in others]))

    @cached_property
    def _others(self) -> dict[str, list[Cost]]:
        """What operators without weights take, by their numbers: a guess for one that was not measured."""
        found: dict[str, list[Cost]] = {}
        for kind, cost in self.costs.items():
            if not kind.startswith(_SUMMING):
                found.setdefault(kind.rpartition(" ")[2], []).append(cost)
        return found


def _cost(content: dict[str, Any]) -> Cost:
    entering, leaving = content["tile"]
    ms = tuple(map(float, content["ms"]))
    if len(ms) != SIZES:
        raise ValueError(f"a kind of operators has {len(ms)} costs instead of {SIZES}")
    return Cost((int(entering), int(leaving)), ms, float(content["error"]), int(content["probes"]))


def content_of(file: str | Path | bytes) -> bytes:
    """The content of a `.tflite` file, of which this is the path, or the content already.

    Raises:
        ValueError: there is no such file.
    """
    if isinstance(file, bytes):
        return file
    if not Path(file).is_file():
        raise ValueError(f"`file` must be an existing `.tflite` file. Received {str(file)!r}.")
    return Path(file).read_bytes()
