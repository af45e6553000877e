"""`compress`: a bundle made smaller by training its network again, step after step, each keeping what was done before.

The order is that of the tools: channels go first, then weights become zero, then they share values, then they learn to
be rounded. Every step is a share of the time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Self

import keras
import numpy as np

from easynas.deploy.bundle import Bundle, rebuilt
from easynas.deploy.exported import alike
from easynas.deploy.silence import Silence
from easynas.errors import ExportError, InputError
from easynas.search.budget import Deadline

PATTERNS = ("2:4", "block")
FEW = 200
"""Steps of a training below which a network has hardly recovered."""

RATE = 1e-3  # after channels went, much has to be learned again
_CHECKED = 8  # samples on which a twin must answer as its network does
_MARK = "TF_USE_LEGACY_KERAS"
_SHARES = {"channels": 3.0, "pruning": 3.0, "clusters": 1.0, "quantization": 2.0}
"""Of the time, for the steps that are asked for."""

Step = Callable[[keras.Model, Deadline], tuple[keras.Model, str]]
"""Takes a network that may be changed, gives the one that became of it, and a sentence."""


@dataclass(frozen=True)
class Compression:
    """What is to be done to a network; None leaves a step out.

    Attributes:
        channels: share of the channels that are taken out for good, in (0, 1).
        pruning: share of the weights that become zero, in (0, 1).
        pattern: where those may be: None, anywhere; "2:4", two of any four in a row; "block", groups of four.
        clusters: different values of a layer's weights, from 2 to 256.
        quantization: "int8": the training rounds as an int8 file will.
    """

    channels: float | None = None
    pruning: float | None = None
    pattern: str | None = None
    clusters: int | None = None
    quantization: str | None = None

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """The compression with these settings.

        Raises:
            InputError: a setting that cannot be used, or none at all.
        """
        for name in ("channels", "pruning"):
            _check_share(name, settings[name])
        if settings["pattern"] not in (None, *PATTERNS) or (settings["pattern"] and settings["pruning"] is None):
            raise InputError(
                f"`pattern` must be None or one of {', '.join(PATTERNS)}, and goes with `pruning`. "
                f"Received: {settings['pattern']!r} with pruning={settings['pruning']!r}."
            )
        clusters = settings["clusters"]
        if clusters is not None and not (isinstance(clusters, int) and 2 <= clusters <= 256):
            raise InputError(f"`clusters` must be None or a whole number from 2 to 256. Received: {clusters!r}.")
        if settings["quantization"] not in (None, "int8"):
            raise InputError(
                f'`quantization` must be None or "int8" here. Received: {settings["quantization"]!r}; '
                "`export` knows others, which need no training."
            )
        if all(value is None for value in settings.values()):
            names = ", ".join(f"`{field.name}`" for field in fields(cls) if field.name != "pattern")
            raise InputError(f"At least one of {names} must be given. Received none; say what is to be done.")
        return cls(**settings)


def compress(
    bundle: Bundle, samples: Any, y: np.ndarray, compression: Compression, *, deadline: Deadline, seed: int
) -> tuple[Bundle, tuple[str, ...]]:
    """Returns a smaller bundle, and a sentence for each step and for the result.

    Args:
        bundle: stays as it is.
        samples: checked raw samples to train on, in the encoder's container.
        y: what `bundle.target.encode` makes of their labels or numbers.
        compression: what to do.
        deadline: when to end; every step trains at least twice, even if the time is over.
        seed: of the order of the samples.

    Raises:
        ExportError: the network has no twin, and training it aware of int8 is not all that was asked for; or a part of
            it is boosted trees.
    """
    bundle.require_learned()
    with Silence():  # the tools print
        from easynas.deploy.tuning import Lesson, clone
        from easynas.deploy.twin import NoTwinError

        lesson = Lesson.of(bundle, samples, y, seed=seed)
        network, notes = clone(bundle.device), []
        steps = _steps(lesson, compression)
        for number, (name, step) in enumerate(steps):
            rest = sum(_SHARES[later] for later, _ in steps[number:])
            until = deadline.within(deadline.left * _SHARES[name] / rest)
            try:
                network, note = step(network, until)
            except NoTwinError as error:
                if set(dict(steps)) != {"quantization"}:
                    raise ExportError(f"{error} It can be quantized by `export`, without a training.") from error
                note = f"No training for int8: {error} The file is quantized after training all the same."
            notes.append(note)
        smaller = rebuilt(bundle, network)
        before, after = bundle.answers(bundle.samples), smaller.answers(bundle.samples)
        same = float(alike(before, after, bundle.target).mean())
        notes.append(f"Same answer as before for {same:.1%} of {len(bundle.samples)} samples.")
        return smaller, tuple(notes)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """The tools leave a mark in the environment by which processes that start later would take Keras 2 for Keras."""
    before = os.environ.get(_MARK)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_MARK, None)
        else:
            os.environ[_MARK] = before


def _steps(lesson: Any, compression: Compression) -> list[tuple[str, Step]]:
    """The steps that are asked for, in their order."""
    with _environment_kept():
        from easynas.deploy.aware import train_aware
        from easynas.deploy.cluster import cluster
        from easynas.deploy.prune import prune
        from easynas.deploy.tuning import tune
        from easynas.deploy.twin import Twin
        from easynas.train.channels import STEPS, without_channels

    def twin_of(network: keras.Model) -> Twin:
        return Twin.of(network, lesson.bundle.device_inputs(lesson.samples[:_CHECKED]))

    def fewer_channels(network: keras.Model, until: Deadline) -> tuple[keras.Model, str]:
        smaller = without_channels(network, lesson.batches(STEPS), lesson.loss, float(compression.channels or 0.0))
        twin = twin_of(smaller)
        tune(twin.model, lesson, until, rate=RATE)
        twin.bring_back(twin.model)
        return (
            smaller,
            f"{network.count_params():,} parameters became {smaller.count_params():,} without some channels.",
        )

    def zeros(network: keras.Model, until: Deadline) -> tuple[keras.Model, str]:
        share = float(compression.pruning or 0.0)
        prune(twin_of(network), lesson, until, sparsity=share, pattern=compression.pattern)
        return (
            network,
            f"{_zeros(network):.0%} of the weights are zero, which makes files smaller once compressed only.",
        )

    def few_values(network: keras.Model, until: Deadline) -> tuple[keras.Model, str]:
        steps = cluster(twin_of(network), lesson, until, clusters=int(compression.clusters or 0))
        said = f"A layer's weights have {compression.clusters} values, which helps once files are compressed only"
        return network, said + _trained(steps)

    def rounded(network: keras.Model, until: Deadline) -> tuple[keras.Model, str]:
        steps, left = train_aware(twin_of(network), lesson, until)
        return network, "Trained for int8" + (f", which left out: {', '.join(left)}" if left else "") + _trained(steps)

    known = {"channels": fewer_channels, "pruning": zeros, "clusters": few_values, "quantization": rounded}
    return [(name, step) for name, step in known.items() if getattr(compression, name) is not None]


def _trained(steps: int) -> str:
    """The end of a sentence: how long a network was trained again."""
    return f"; {steps:,} steps." + (" That is little: more time would help." if steps < FEW else "")


def _zeros(network: keras.Model) -> float:
    kernels = [np.ravel(weight) for weight in network.get_weights() if weight.ndim > 1]
    return float(np.mean(np.concatenate(kernels) == 0)) if kernels else 0.0


def _check_share(name: str, share: object) -> None:
    if share is None:
        return
    if isinstance(share, bool) or not isinstance(share, Real) or not 0 < float(share) < 1:
        raise InputError(f"`{name}` must be None or a share between 0 and 1. Received: {share!r}.")
