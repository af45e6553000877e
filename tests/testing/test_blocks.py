"""The contract of a block catches blocks that break it."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import pytest
from keras import layers

from easynas.errors import ExportError
from easynas.nets.block import Block
from easynas.testing import check_block

SHAPE = (6, 6, 2)


@dataclass(frozen=True)
class Sound(Block):
    """Keeps all promises; the blocks below break one."""

    name: str = "own"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("own/width", 1, 8, default=4)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return layers.Conv2D(hp.get("own/width"), 3, activation="relu")(x)


class Building(Sound):
    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        Sound.declare(self, hp)
        layers.Dense(3)


class Growing(Sound):
    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int(f"own/width{len(hp.space)}", 1, 8)


class Dependent(Sound):
    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        Sound.declare(self, hp)
        if hp.get("own/width") > 4:
            hp.Boolean("own/wide")


class Foreign(Sound):
    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        Sound.declare(self, hp)
        hp.Boolean("other/bias")


class Undeclared(Sound):
    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return layers.Conv2D(hp.Int("own/filters", 1, 8), 3)(x)


class Infinite(Sound):
    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return keras.ops.log(Sound.build(self, hp, x) * 0.0)


class Changing(Sound):
    """A different network every time that it is built."""

    calls: list[int] = []  # noqa: RUF012 - shared by all builds on purpose

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        self.calls.append(0)
        return layers.Conv2D(len(self.calls), 3)(x)


class Drifting(Changing):
    """Another function of the same weights every time that it is built."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        self.calls.append(0)
        return Sound.build(self, hp, x) * len(self.calls)


class Coarse(Sound):
    """A range that int8 cannot resolve: one channel drowns the others, which are then all that is kept."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        x = Sound.build(self, hp, x)
        return layers.Concatenate()([x, x + 1e4])[..., : x.shape[-1]]


class Unconvertible(Sound):
    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return keras.ops.erfinv(keras.ops.tanh(Sound.build(self, hp, x)) * 0.5)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Building, "must build no layer"),
        (Growing, "change nothing when called again"),
        (Dependent, "must not depend on the values"),
        (Foreign, "must start with 'own/'"),
        (Undeclared, "only read choices that `declare` registered"),
        (Infinite, "finite numbers"),
        (Changing, "same weights when it is built again"),
        (Drifting, "built again in mixed_bfloat16"),
        (Coarse, "converted to int8"),
    ],
)
def test_a_broken_promise_is_named(broken: type[Block], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_block(broken(), shape=SHAPE, samples=1)


def test_a_block_that_cannot_be_deployed_is_refused() -> None:
    with pytest.raises(ExportError, match="int8"):
        check_block(Unconvertible(), shape=SHAPE, samples=1)


def test_a_block_without_a_fault_passes() -> None:
    check_block(Sound(), shape=SHAPE, samples=2)


def test_the_samples_are_drawn_from_the_seed() -> None:
    built: list[int] = []

    class Recording(Sound):
        def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
            built.append(hp.get("own/width"))
            return Sound.build(self, hp, x)

    check_block(Recording(), shape=SHAPE, samples=2, seed=1)
    first, built[:] = list(built), []
    check_block(Recording(), shape=SHAPE, samples=2, seed=1)
    assert built == first
    assert built[0] == 4
