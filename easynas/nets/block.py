"""`Block`, the interface of everything that can be searched.

A block is a `keras_tuner.HyperModel` in two steps: `declare` registers every choice without building a layer, `build`
reads the choices and adds the layers. The set of choices therefore never depends on what happens to be built, a space
can be counted, printed and encoded without a graph, and the same block works in any KerasTuner tuner.
"""

from abc import ABCMeta, abstractmethod
from typing import Any

import keras_tuner


class Block(keras_tuner.HyperModel, metaclass=ABCMeta):  # type: ignore[misc]
    """A part of a network with choices. Subclasses are final: they implement, they do not refine each other.

    Attributes:
        name: what the names of its choices start with; None for a composition, whose parts name their own.
    """

    name: str | None = None

    @abstractmethod
    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """Registers every choice on `hp`, conditions included, under names that start with the block's own name.

        Must build nothing, must not depend on the values that `hp` holds, and calling it twice changes nothing.
        """

    @abstractmethod
    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Adds the layers that `hp.values` describes to the Keras tensor `x` and returns the last tensor."""
