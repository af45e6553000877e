"""`Blueprint`: what the shipped network consists of, in steps that people understand."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from easynas.deploy.bundle import Bundle
from easynas.report.verdict import thresholds_of
from easynas.report.words import count_words, network_words
from easynas.search.study import Study
from easynas.search.trial import Done

_PATTERNS = {"Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"}


@dataclass(frozen=True)
class Part:
    """One step of a network, or one of several networks side by side.

    Attributes:
        title: in a few words.
        detail: in a few more.
        size: how much there is of it, as text; may be empty.
        sheets: how many maps of patterns to draw, from 2 to 6; 0 for none.
        side: how large to draw them, from 6 to 32.
    """

    title: str
    detail: str
    size: str = ""
    sheets: int = 0
    side: int = 0


@dataclass(frozen=True)
class Blueprint:
    """The way from a sample to an answer.

    Attributes:
        first: what goes in.
        parts: the steps, one after the other; or the networks, where they are `averaged`.
        averaged: whether the parts stand side by side and their answers are averaged.
        last: what comes out.
    """

    first: Part
    parts: tuple[Part, ...]
    averaged: bool
    last: Part


@dataclass
class _Stage:
    """Layers that work at the same resolution."""

    side: tuple[int, ...]
    channels: int = 0
    layers: int = 0
    weights: int = 0
    kernels: set[int] = field(default_factory=set)


def blueprint(bundle: Bundle, study: Study, *, modality: str) -> Blueprint:
    """The blueprint of the shipped model.

    Args:
        bundle: the model.
        study: whose shipped trial says what was averaged.
        modality: "images", "texts" or "tables".
    """
    first, last = _first(bundle, modality), _last(bundle)
    shipped = study.shipped
    if shipped is None:
        return Blueprint(first, tuple(_steps(bundle)), averaged=False, last=last)
    copies = sum(_is_network(layer) for layer in bundle.device.layers)
    numbers = shipped.job.members or (shipped.job.id,)
    if copies <= 1 and modality == "images":
        return Blueprint(first, tuple(_steps(bundle)), averaged=False, last=last)
    trials = {trial.job.id: trial for trial in study.trials if isinstance(trial, Done)}
    each = max(1, copies // len(numbers))
    parts = tuple(_network(trials[number], modality, each) for number in numbers if number in trials)
    return Blueprint(first, parts, averaged=len(parts) * each > 1, last=last)


def _is_network(layer: Any) -> bool:
    return hasattr(layer, "layers")


def _network(trial: Done, modality: str, copies: int) -> Part:
    """One of the networks that are averaged."""
    values = trial.job.values
    name = str(values.get("network", "your own network" if values else "linear"))  # without choices it is the baseline
    title, does = network_words(modality, name)
    origin = f"trial {trial.job.id}" + (
        f", {copies} copies trained on different parts of the data" if copies > 1 else ""
    )
    size = f"{count_words(trial.metrics['parameters'])} weights" if "parameters" in trial.metrics else ""
    return Part(title, f"{does[:1].upper()}{does[1:]} ({origin})." if does else origin, size)


def _first(bundle: Bundle, modality: str) -> Part:
    encoder: Any = bundle.encoder
    match modality:
        case "images":
            schema = encoder.schema
            colour = "grey" if schema.channels == 1 else f"{schema.channels} channels"
            mirrored = "; its mirror image goes the same way, and both answers are averaged"
            looks = mirrored if _looks_both_ways(bundle.device) else ""
            return Part("Your image", f"{schema.height} × {schema.width} pixels, {colour}{looks}")
        case "texts":
            return Part("Your text", f"its first {encoder.schema.words} words, and pieces of words")
        case _:
            return Part("Your row", f"{len(encoder.used)} of {len(encoder.columns)} columns are used")


def _looks_both_ways(model: Any) -> bool:
    """Whether an image is turned around somewhere inside."""
    return any(
        type(each).__name__ == "Flip" or (_is_network(each) and _looks_both_ways(each)) for each in model.operations
    )


def _last(bundle: Bundle) -> Part:
    answer = bundle.target.answer
    match answer.kind:
        case "classes":
            wins = "the largest multiple of its threshold wins" if thresholds_of(bundle.target) else "the largest wins"
            return Part("Answer", f"a probability for each of {answer.outputs} classes; {wins}")
        case "labels":
            return Part(
                "Answer", f"a probability for each of {answer.outputs} labels; those above a threshold are given"
            )
        case "numbers":
            return Part("Answer", "a number in your units" if answer.outputs == 1 else f"{answer.outputs} numbers")


def _steps(bundle: Bundle) -> Iterator[Part]:
    """The stages of one network for images."""
    encoder: Any = bundle.encoder
    if encoder.schema.shape[:2] != encoder.inputs[:2]:
        height, width = encoder.inputs[:2]
        yield Part("Make smaller", f"reduced to {height} × {width} pixels, as much as the time allows")
    yield Part("Scale", "brightness becomes numbers around 0")
    stages = list(_stages(bundle.device))
    for number, stage in enumerate(stages, start=1):
        seen = "small patterns" if number == 1 else "patterns of these patterns"
        size = " and ".join(f"{kernel} × {kernel}" for kernel in sorted(stage.kernels)) or "1 × 1"
        detail = (
            f"{stage.layers} {'layers look' if stage.layers > 1 else 'layer looks'} for {seen} in windows of {size}, "
            f"on {' × '.join(map(str, stage.side))} places; {stage.channels} kinds of pattern"
        )
        sheets = min(max(round(math.log2(stage.channels)) - 2, 2), 6)
        side = max(6, round(32 * (stage.side[0] / stages[0].side[0]) ** 0.6))
        yield Part(f"Stage {number}", detail, f"{count_words(stage.weights)} weights", sheets, side)
    if stages:
        yield Part("Summarise", f"one number for each of {stages[-1].channels} kinds of pattern, for the whole image")


def _stages(model: Any) -> Iterator[_Stage]:
    """Layers with pattern detectors, gathered by the resolution of what they give."""
    current: _Stage | None = None
    for layer in _flat(model):
        if type(layer).__name__ not in _PATTERNS:
            continue
        *side, channels = layer.output.shape[1:]
        if tuple(side) == (1,) * len(side):
            continue  # attention over channels, not a pattern
        if current is None or current.side != tuple(side):
            if current is not None:
                yield current
            current = _Stage(tuple(side))
        current.layers += 1
        current.channels = max(current.channels, channels)
        current.weights += layer.count_params()
        current.kernels |= {int(size) for size in layer.kernel_size if size > 1}
    if current is not None:
        yield current


def _flat(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield from _flat(layer) if _is_network(layer) else [layer]
