"""`PretrainedImages`: images through a network that was trained before, heads on what it sees, and both trained on."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from easynas.data.backbones import digest, recognise
from easynas.data.dataset import Dataset, Encoder, Learned
from easynas.data.images import ImageEncoder, ingest_images
from easynas.errors import InputError
from easynas.schema import LARGEST_SIDE, Answer
from easynas.tasks.modality import usual_batch

if TYPE_CHECKING:
    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute, ListedDesign
    from easynas.nets.pretrained import Backbone
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.division import Division
    from easynas.tasks.preparation import Prepared
    from easynas.tasks.session import Session


@dataclass(frozen=True)
class PretrainedImages:
    """Images, see `Modality`, with a network that need not be trained: its heads take seconds, the best are averaged.

    Attributes:
        weights: of that network, see `recognise`.
        space: what the user wants to be searched; heads are all there is.
        limited: whether the user limits what the model may cost, which the network of the weights decides.
    """

    weights: str | os.PathLike[str]
    space: Any
    limited: bool
    name = "images"
    takes: ClassVar[Mapping[str, bool]] = {"two_d_array": False, "three_d_array": True}
    convolves = False
    counts_targets = False
    members = 5
    room_kb = math.inf

    @property
    def learned(self) -> str:
        """A short name for the weights."""
        return digest(recognise(self.weights)[1])

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        if self.space != "auto":
            raise InputError(
                f"`space` must be 'auto' where `weights` are given: heads are searched. Received: {self.space!r}."
            )
        if self.limited:
            raise InputError(
                "`max_size_kb`, `max_latency_ms`, `max_params` and `max_macs` must be None where `weights` are given: "
                "they decide what a model costs. Leave one or the other out."
            )
        recognise(self.weights)
        return ingest_images(x, y, sample_weight=sample_weight, target=target)

    def encoder(self, session: "Session", compute: "Compute", division: "Division") -> Learned:
        """The encoder that leaves images as large as any are trained on."""
        encoder = _of(session.data.encoder)
        height, width = encoder.schema.height, encoder.schema.width
        shrink = min(1.0, LARGEST_SIDE / (height * width) ** 0.5)
        return Learned(encoder.at((max(1, round(height * shrink)), max(1, round(width * shrink)))))

    def backbone(self, encoder: Encoder) -> "Backbone":
        """The network, at the size of the images."""
        from easynas.nets.pretrained import Backbone, scale_of

        architecture, path = recognise(self.weights)
        images = _of(encoder)
        return Backbone(architecture, str(path.resolve()), images.reduction.size, scale_of(images.schema))

    def statistics(
        self, encoder: Encoder, train: "Arrays", answer: Answer
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and variance of every feature."""
        assert not isinstance(train.x, dict)  # a backbone gives one array
        return tuple(train.x.mean(axis=0).tolist()), tuple(train.x.var(axis=0).tolist())

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        from easynas.nets.pretrained import head_baseline

        return head_baseline(prepared.answer, prepared.statistics)

    def batch_size(self, samples: int) -> int:
        return usual_batch(samples)

    def references(self) -> "list[Job]":
        return []

    def design(self, session: "Session", prepared: "Prepared") -> "ListedDesign":
        from easynas.nets.pretrained import design_heads
        from easynas.train import recipe

        return design_heads(prepared.answer, prepared.statistics, declare_training=recipe.declare_brief)


def _of(encoder: Encoder) -> ImageEncoder:
    assert isinstance(encoder, ImageEncoder)  # images are ingested with no other
    return encoder
