"""`Modality`: what differs between images, texts and tables. Everything else of a fit is the same for all of them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from easynas.data.dataset import Dataset, Encoder, Learned
from easynas.schema import Answer

if TYPE_CHECKING:
    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute, Design
    from easynas.nets.pretrained import Backbone
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.division import Division
    from easynas.tasks.preparation import Prepared
    from easynas.tasks.session import Session


_SMALLEST_BATCH, _LARGEST_BATCH, _STEPS_PER_EPOCH = 16, 128, 24


class Modality(Protocol):
    """A kind of data. TensorFlow is imported by its methods, not by its module, so `fit` decides when."""

    name: str
    """What its search spaces are listed under, see `easynas.spaces`."""

    takes: ClassVar[Mapping[str, bool]]
    """What samples may be, as scikit-learn's `InputTags` has it."""

    convolves: bool
    """Whether its networks spend their time in convolutions, which may be faster with half the digits."""

    counts_targets: bool
    """Whether what `statistics` tells depends on what is to be predicted, so that no fold may know that of all."""

    members: int
    """Most networks that are combined into one; 1 where the best one is trained for most of the time instead."""

    room_kb: float
    """Kilobytes of weights that all networks of a model should take together; a single network may take more."""

    @property
    def learned(self) -> str | None:
        """A short name for weights that were trained before, so that a study is not continued with others."""

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        """Samples and targets, checked; an `InputError` says what is wrong with them."""

    def encoder(self, session: "Session", compute: "Compute", division: "Division") -> Learned:
        """The encoder that the samples go through, given what the time can buy; choices are noted in the session."""

    def backbone(self, encoder: Encoder) -> "Backbone | None":
        """The pretrained network that all samples are seen through; None for none."""

    def statistics(self, encoder: Encoder, train: "Arrays", answer: Answer) -> Any:
        """What networks need to know of the training samples beforehand; None where it is nothing."""

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        """The network of the first seconds, without any choice, and how it is trained."""

    def batch_size(self, samples: int) -> int:
        """Samples a training step, given those to train on."""

    def references(self) -> "list[Job]":
        """What networks are compared with."""

    def design(self, session: "Session", prepared: "Prepared") -> "Design":
        """Where to search."""


def usual_batch(samples: int) -> int:
    """About 24 steps an epoch, between 16 and 128 samples, a power of two."""
    return int(min(max(2 ** round(math.log2(samples / _STEPS_PER_EPOCH + 1)), _SMALLEST_BATCH), _LARGEST_BATCH))
