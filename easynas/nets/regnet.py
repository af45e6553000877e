"""`RegNet`: widths that grow along a quantised line. Radosavovic et al., "Designing Network Design Spaces" (2020).

Equations 2 to 4 turn (depth, w0, wa, wm) into the width of every unit, equal neighbours form a stage, and stage widths
are fitted to the group width. Units are the paper's X block with a bottleneck ratio of 1, or Y with squeeze-and-excite.
There: exactly four stages, each of which halves. Here: as many as the line gives, and a stage halves only while the
image is large enough; the first keeps the resolution because images are small.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.layers import can_halve, conv_norm_act, squeeze_excite, stem

WIDTH_QUANTUM = 8


@dataclass(frozen=True)
class RegNet(Block):
    """Residual units of grouped convolutions whose widths follow a quantised line."""

    name: str = "regnet"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int(f"{self.name}/depth", 3, 14, default=6)
        hp.Int(f"{self.name}/w0", 8, 64, step=8, default=16)
        hp.Int(f"{self.name}/wa", 4, 48, step=4, default=16)
        hp.Float(f"{self.name}/wm", 1.5, 3.0, step=0.25, default=2.0)
        hp.Choice(f"{self.name}/group_width", [8, 16, 32, 64], default=16)
        hp.Boolean(f"{self.name}/squeeze_excite", default=False)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        stages = fit_groups(
            stage_widths(
                hp.get(f"{self.name}/depth"),
                initial=hp.get(f"{self.name}/w0"),
                slope=hp.get(f"{self.name}/wa"),
                ratio=hp.get(f"{self.name}/wm"),
            ),
            hp.get(f"{self.name}/group_width"),
        )
        attention = hp.get(f"{self.name}/squeeze_excite")
        x = stem(x, stages[0].width)
        for number, stage in enumerate(stages):
            halves = number > 0 and can_halve(x)
            for index in range(stage.units):
                x = _unit(x, stage, strides=2 if halves and index == 0 else 1, attention=attention)
        return x


@dataclass(frozen=True)
class Stage:
    """Units of equal width: `units` of `width` channels in groups of `group_width`, which divides `width`."""

    width: int
    units: int
    group_width: int


def stage_widths(depth: int, *, initial: int, slope: float, ratio: float) -> list[tuple[int, int]]:
    """(width, units) of every stage, widths increasing in multiples of 8, units adding up to `depth`.

    Args:
        depth: number of units, d in the paper.
        initial: width that the line starts from, w0.
        slope: growth of the line per unit, wa.
        ratio: factor between the widths of neighbouring stages before rounding, wm; above 1.
    """
    widths = []
    for unit in range(depth):
        exponent = round(math.log((initial + slope * unit) / initial, ratio))
        widths.append(WIDTH_QUANTUM * max(1, round(initial * ratio**exponent / WIDTH_QUANTUM)))
    return [(width, len(list(units))) for width, units in groupby(widths)]


def fit_groups(stages: Sequence[tuple[int, int]], group_width: int) -> list[Stage]:
    """Rounds every width to a multiple of the group width; groups never exceed the stage's width."""
    fitted = []
    for width, units in stages:
        group = min(group_width, width)
        fitted.append(Stage(width=max(group, round(width / group) * group), units=units, group_width=group))
    return fitted


def _unit(x: Any, stage: Stage, *, strides: int, attention: bool) -> Any:
    inner = conv_norm_act(x, stage.width, kernel=1)
    inner = conv_norm_act(inner, stage.width, strides=strides, groups=stage.width // stage.group_width)
    if attention:
        inner = squeeze_excite(inner)
    inner = conv_norm_act(inner, stage.width, kernel=1, activation=None)
    if strides > 1 or x.shape[-1] != stage.width:
        x = conv_norm_act(x, stage.width, kernel=1, strides=strides, activation=None)
    return layers.Activation("relu")(layers.Add()([x, inner]))
