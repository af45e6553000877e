"""How networks are trained: the choices that are searched together with the architecture.

Stochastic gradient descent with Nesterov momentum, AdamW (Loshchilov & Hutter 2019), or Muon; weight decay decoupled
from the gradient in all and not applied to biases and normalisation; label smoothing (Szegedy et al. 2016).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import keras
import keras_tuner

from easynas.nets.design import EPOCHS
from easynas.schema import Answer
from easynas.space.dimension import Value
from easynas.train.muon import Muon

_BATCH = 128
"""Samples in the batch that the peak rates below belong to; they scale with the square root of the batch."""

_PEAK = {"muon": 0.016, "sgd": 0.1, "adamw": 0.004}
_DECAY = {"muon": 0.05, "sgd": 0.005, "adamw": 0.05}
_MOMENTUM = 0.9


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    Attributes:
        optimizer: "muon", "sgd" or "adamw".
        peak: largest learning rate.
        decay: share of a weight that a step of learning rate 1 takes away.
        smoothing: label smoothing in [0, 1).
        epochs: most times that the samples are seen; the training ends then, annealed, although there was more time.
    """

    optimizer: str
    peak: float
    decay: float
    smoothing: float
    epochs: float = math.inf

    @classmethod
    def of(cls, values: Mapping[str, Value], *, batch_size: int) -> "Recipe":
        """The recipe among a genotype's values; absent ones take their default."""
        optimizer = str(values.get("train/optimizer", "sgd"))
        return cls(
            optimizer=optimizer,
            peak=_PEAK[optimizer] * float(values.get("train/rate", 1.0)) * (batch_size / _BATCH) ** 0.5,
            decay=_DECAY[optimizer] * float(values.get("train/decay", 1.0)),
            smoothing=float(values.get("train/smoothing", 0.1)),
            epochs=float(values.get("train/epochs", math.inf)),
        )

    def build(self) -> keras.optimizers.Optimizer:
        match self.optimizer:
            case "muon":
                optimizer = Muon(self.peak, weight_decay=self.decay)
            case "sgd":
                optimizer = keras.optimizers.SGD(self.peak, momentum=_MOMENTUM, nesterov=True, weight_decay=self.decay)
            case _:
                optimizer = keras.optimizers.AdamW(self.peak, weight_decay=self.decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer

    def loss(self, answer: Answer) -> keras.losses.Loss:
        """What is minimised; classes are smoothed. Answers may have an axis of members, whose losses are averaged."""
        match answer.kind:
            case "classes":
                return keras.losses.CategoricalCrossentropy(label_smoothing=self.smoothing)
            case "labels":
                return keras.losses.BinaryCrossentropy()
            case "numbers":
                return keras.losses.MeanSquaredError()


def declare_brief(hp: keras_tuner.HyperParameters) -> None:
    """Registers the choices of a training that ends after a few epochs, before the network fits noise."""
    hp.Choice("train/optimizer", ["adamw", "sgd"], default="adamw")
    hp.Choice("train/rate", [0.25, 0.5, 1.0, 2.0, 4.0], default=1.0)
    hp.Choice("train/decay", [0.2, 1.0, 3.0], default=1.0)
    hp.Choice("train/smoothing", [0.0, 0.05, 0.1], default=0.0)
    hp.Choice("train/epochs", list(EPOCHS), default=8)


def declare(hp: keras_tuner.HyperParameters) -> None:
    """Registers the choices of training networks of images; rate and decay are multiples of what is usual."""
    hp.Choice("train/optimizer", list(_PEAK), default="muon")
    hp.Choice("train/rate", [0.25, 0.5, 1.0, 2.0], default=1.0)
    hp.Choice("train/decay", [0.2, 1.0, 3.0], default=1.0)
    hp.Choice("train/smoothing", [0.0, 0.1, 0.2], default=0.1)
