"""`Limits`: what the shipped file may cost at most, and `Gauge`, which keeps a search within them.

A limit holds for the `.tflite` file in the quantization that is shipped. Networks that exceed it are refused before
they are trained, by the footprint of the untrained network; what is shipped is measured again when it is trained.
"""

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from easynas.errors import ExportError, InputError
from easynas.nets.quantization import quantization_of
from easynas.runtime.latency import Profile

if TYPE_CHECKING:
    from easynas.deploy.bundle import Bundle
    from easynas.deploy.exported import ExportReport
    from easynas.deploy.footprint import Footprint, Prototype
    from easynas.nets.block import Block
    from easynas.space.space import SearchSpace, Values

UNITS = {"latency_ms": "ms", "size_kb": "kB", "params": "parameters", "macs": "multiply-accumulates"}
"""Of what can be limited; a setting is called the same after `max_`."""

_WHOLE = ("params", "macs")
_DIGITS = 3  # of numbers in sentences


@dataclass(frozen=True)
class Limits:
    """The largest values that the shipped file may have; None where there is no limit.

    Attributes:
        latency_ms: for one sample on one thread of this machine, or on the device of the profile.
        size_kb: of the file, in units of 1024 bytes.
        params: numbers in it that were learned.
        macs: multiply-accumulates for one sample.
        profile: of the device that the file is for; None: this machine.
    """

    latency_ms: float | None = None
    size_kb: float | None = None
    params: float | None = None
    macs: float | None = None
    profile: Profile | None = None

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """The limits among the settings of an estimator.

        Raises:
            InputError: one that is no positive number, or no whole one where things are counted; no profile.
        """
        limits = {name: _positive(name, getattr(estimator, f"max_{name}")) for name in UNITS}
        return cls(**limits, profile=_profile(estimator.profile))

    @property
    def given(self) -> dict[str, float]:
        """Those that there are, by name."""
        return {name: value for name in UNITS if (value := getattr(self, name)) is not None}

    def said(self) -> str:
        """All of them in words, such as "100 kB and 2 ms"."""
        said = " and ".join(f"{value:,.10g} {UNITS[name]}" for name, value in self.given.items())
        if self.latency_ms is None or self.profile is None:
            return said
        return f"{said} (predicted for {self.profile.device['processor']})"

    def fits(self, content: bytes, *, bundle: "Bundle", quantization: str) -> bool:
        """Whether a `.tflite` file of a bundle with this content keeps them."""
        if not self.given:
            return True
        from easynas.deploy.footprint import of_content

        timed = self.latency_ms is not None
        found = of_content(content, bundle, quantization, timed=timed, profile=self.profile)
        return not found.excess(self.given)

    def exceeded(self, report: "ExportReport") -> tuple[str, ...]:
        """A sentence for each limit that a file which was written exceeds; of one that TFLite does not run none."""
        if report.format != "tflite":
            return ()
        try:
            latency = report.latency_ms if self.profile is None else self.profile.predict(report.path)
        except ValueError as error:  # of numbers that the profile does not know
            latency = None
            unknown = (f"`max_latency_ms` was not judged. {error}",) if self.latency_ms is not None else ()
        else:
            unknown = ()
        found = {
            "latency_ms": latency,
            "size_kb": report.size_kb,
            "params": report.parameters,
            "macs": report.macs,
        }
        sentences = (
            f"`max_{name}` is {limit:,.10g}, and this file in {report.quantization} has {_short(value)}."
            for name, limit in self.given.items()
            if (value := found[name]) is not None and value > limit
        )
        return (*sentences, *unknown)


class Gauge:
    """Weighs untrained networks, each once, and says which keep the limits.

    Args:
        limits: at least one.
        prototype: what all files have in common.
        aside: calls a function in another process.
    """

    def __init__(self, limits: Limits, prototype: "Prototype", aside: Callable[..., Any]) -> None:
        self.limits = limits
        self.prototype = prototype
        self._seconds: list[float] = []
        self._aside = aside
        self._weighed: dict[str, Footprint | ExportError] = {}

    @property
    def seconds(self) -> float:
        """What weighing a network takes."""
        return statistics.median(self._seconds) if self._seconds else 0.0

    def footprint(self, network: "Block", values: "Values", quantization: str) -> "Footprint | ExportError":
        """What the file of a network costs, or why there is none; one that is far too large is weighed roughly."""
        from easynas.deploy.footprint import weigh

        key = json.dumps([values, quantization], sort_keys=True)
        if key not in self._weighed:
            started = time.monotonic()
            try:
                self._weighed[key] = self._aside(weigh, self._in(quantization), network, values, self.limits.given)
            except ExportError as error:
                self._weighed[key] = error
            self._seconds.append(time.monotonic() - started)
        return self._weighed[key]

    def refusal(self, network: "Block", values: "Values", quantization: str) -> str | None:
        """Why a network may not be trained, as a sentence; None if it may."""
        found = self.footprint(network, values, quantization)
        if isinstance(found, ExportError):
            return str(found)
        excess = found.excess(self.limits.given)
        return None if not excess else f"refused: its file would have {_in_words(found, excess)}"

    def keeps(self, bundle: "Bundle", quantization: str) -> tuple[bool, str]:
        """Whether the file of a trained model keeps the limits, and what of it was limited, or is too much, in words.

        Raises:
            ExportError: it cannot be converted.
        """
        from easynas.deploy.footprint import measured

        timed = "latency_ms" in self.limits.given
        found = measured(bundle, quantization, timed=timed, profile=self.limits.profile)
        excess = found.excess(self.limits.given)
        return not excess, _in_words(found, excess or self.limits.given)

    def together(self, parts: "Sequence[Footprint]") -> bool:
        """Whether several networks in one file would keep the limits, about."""
        from easynas.deploy.footprint import Footprint

        return not Footprint.together(parts).excess(self.limits.given)

    def smallest(self, network: "Block", networks: "Iterable[tuple[Values, str]]") -> int:
        """The place of the first of the smallest networks that keeps the limits.

        Args:
            network: what the values describe.
            networks: the smallest ones, each with the numbers of its file.

        Raises:
            InputError: none does; it says what is possible.
        """
        from easynas.deploy.footprint import weigh

        limits = self.limits.given
        found: dict[float, tuple[Values, str]] = {}
        reason = ""
        for place, (values, quantization) in enumerate(networks):
            each = self.footprint(network, values, quantization)
            if isinstance(each, ExportError):
                reason = str(each)
                continue
            excess = each.excess(limits)
            if not excess:
                return place
            found.setdefault(sum(excess.values()), (values, quantization))
        if not found:
            raise InputError(f"A limit needs a network that can be converted. Received: {reason}")
        # One that was refused by its weights alone was not converted: without limits it is.
        values, quantization = found[min(found)]
        exact = self._aside(weigh, self._in(quantization), network, values, dict.fromkeys(limits, math.inf))
        excess = exact.excess(limits)
        wanted = ", ".join(f"`max_{name}` must be at least {_up(getattr(exact, name))}" for name in excess)
        raise InputError(
            f"{wanted}: so much takes the smallest network for these data, in {quantization}. "
            f"Received: {self.limits.said()}. Raise the limit, or ask for another `quantization` or `space`."
        )

    def _in(self, quantization: str) -> "Prototype":
        """What files with these numbers have in common."""
        known = self.prototype
        return known if quantization == known.quantization else replace(known, quantization=quantization)


@dataclass(frozen=True)
class Within:
    """The networks of a space that a gauge lets pass, see `nets.sizing.Restriction`.

    Attributes:
        gauge: weighs them.
        network: what values describe, as it is shipped.
        space: of the values.
        baseline: what a trial without choices is.
        choices: names of the choices that are the network's own; all others change nothing.
    """

    gauge: Gauge
    network: "Block"
    space: "SearchSpace"
    baseline: "Block"
    choices: frozenset[str]

    @classmethod
    def of(cls, gauge: Gauge, network: "Block", space: "SearchSpace", baseline: "Block") -> Self:
        """The networks of a space, given what they and the baseline are as they are shipped."""
        from easynas.nets.sizing import choices_of

        return cls(gauge, network, space, baseline, frozenset(choices_of(network)))

    def allows(self, values: Mapping[str, Any]) -> bool:
        """Whether the network of `values` may be trained."""
        return self.refusal(values) is None

    def refusal(self, values: Mapping[str, Any]) -> str | None:
        """Why it may not, as a sentence; None if it may."""
        return self.gauge.refusal(*self._asked(values))

    def footprint(self, values: Mapping[str, Any]) -> "Footprint":
        """What its file costs.

        Raises:
            ExportError: there is no such file.
        """
        found = self.gauge.footprint(*self._asked(values))
        if isinstance(found, ExportError):
            raise found
        return found

    def smallest(self) -> "Values":
        """The first network that keeps the limits, of the smallest of every kind.

        Raises:
            InputError: none does; it says what is possible.
        """
        from easynas.nets.sizing import leanest

        networks = list(leanest(self.space, free=self.choices))
        return networks[self.gauge.smallest(self.network, (self._asked(each)[1:] for each in networks))]

    def _asked(self, values: Mapping[str, Any]) -> "tuple[Block, Values, str]":
        """A network, the choices that are its own, and the numbers of its file."""
        default = self.gauge.prototype.quantization
        if not values:
            return self.baseline, {}, default
        known = self.space.canonical(values)
        own = {name: value for name, value in known.items() if name in self.choices}
        return self.network, own, quantization_of(known, default)


def _in_words(found: "Footprint", names: Iterable[str]) -> str:
    least = "" if found.whole else "at least "
    return " and ".join(f"{least}{_short(getattr(found, name))} {UNITS[name]}" for name in names)


def _short(value: float) -> str:
    return f"{float(f'{value:.{_DIGITS}g}'):,.10g}"


def _up(value: float) -> str:
    """A number of three digits that is no smaller."""
    unit = 10.0 ** (math.floor(math.log10(value)) - _DIGITS + 1)
    return f"{math.ceil(value / unit) * unit:.10g}"


def are_given(estimator: Any) -> bool:
    """Whether an estimator has limits, right or wrong; its profile is not read."""
    return any(getattr(estimator, f"max_{name}") is not None for name in UNITS)


def _profile(profile: object) -> Profile | None:
    if profile is None or isinstance(profile, Profile):
        return profile
    if not isinstance(profile, str | os.PathLike):
        raise InputError(f"`profile` must be None or a file that `easynas profile` wrote. Received: {profile!r}.")
    try:
        return Profile.load(Path(profile))
    except ValueError as error:
        raise InputError(str(error)) from None


def _positive(name: str, value: object) -> float | None:
    if value is None:
        return None
    usual = isinstance(value, Real | np.number) and not isinstance(value, bool)
    number = float(value) if usual else math.nan  # type: ignore[arg-type]
    if not (math.isfinite(number) and number > 0) or (name in _WHOLE and number != int(number)):
        kind = "a whole number of at least 1" if name in _WHOLE else "a number above 0"
        raise InputError(f"`max_{name}` must be None or {kind}. Received: {value!r}.")
    return number
