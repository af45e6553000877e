"""`ImageClassifier` and `ImageRegressor`: from images to a network."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from easynas import spaces
from easynas.data.dataset import Dataset, Encoder, Learned
from easynas.data.images import ImageEncoder, ingest_images
from easynas.schema import Answer
from easynas.tasks.base import Estimator
from easynas.tasks.classifier import Classifier
from easynas.tasks.limits import are_given
from easynas.tasks.looks import began_with_one_look
from easynas.tasks.modality import usual_batch
from easynas.tasks.pretrained import PretrainedImages
from easynas.tasks.regressor import Regressor

if TYPE_CHECKING:
    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute
    from easynas.nets.images import ImageDesign
    from easynas.nets.whitening import Whitening
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.division import Division
    from easynas.tasks.preparation import Prepared
    from easynas.tasks.session import Session


_PRUNED_SHARE = 0.4
"""Of the effort that is best for accuracy alone, where channels are to go: small files are wanted then, and larger
networks leave too little time for what is left of them."""


class Images:
    """Images, see `Modality`: networks as large as the time allows, the best of them trained as long as possible."""

    name = "images"
    takes: ClassVar[Mapping[str, bool]] = {"two_d_array": False, "three_d_array": True}
    convolves = True
    counts_targets = False
    members = 1
    room_kb = math.inf
    learned = None

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        return ingest_images(x, y, sample_weight=sample_weight, target=target)

    def encoder(self, session: "Session", compute: "Compute", division: "Division") -> Learned:
        """The encoder that reduces images to the resolution that the time allows."""
        from easynas.nets.images import choose_resolution

        encoder = _of(session.data.encoder)
        resolution, reason = choose_resolution(encoder.schema, compute)
        session.note(reason)
        return Learned(encoder.at(resolution))

    def backbone(self, encoder: Encoder) -> None:
        return None

    def statistics(self, encoder: Encoder, train: "Arrays", answer: Answer) -> "Whitening | None":
        """The whitening of small images with few channels."""
        from easynas.nets.layers import LARGEST_SIDE
        from easynas.nets.whitening import MOST_CHANNELS, SIDE, Whitening

        schema = _of(encoder).schema
        height, width, channels = _of(encoder).inputs
        if channels > MOST_CHANNELS or min(height, width) < SIDE or height * width > LARGEST_SIDE**2:
            return None
        return Whitening.of(np.asarray(train.x), mean=schema.mean, variance=schema.variance)

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        from easynas.nets.baseline import Baseline

        encoder = _of(prepared.encoder)
        return Baseline(prepared.answer, encoder.schema.mean, encoder.schema.variance), {}

    def batch_size(self, samples: int) -> int:
        return usual_batch(samples)

    def references(self) -> "list[Job]":
        return []

    def design(self, session: "Session", prepared: "Prepared") -> "ImageDesign":
        from easynas.nets.images import design_images
        from easynas.nets.quantization import declaring
        from easynas.nets.sizing import count_effort
        from easynas.train import recipe

        encoder, space = _of(prepared.encoder), session.settings.space
        return design_images(
            encoder.schema,
            prepared.answer,
            shape=encoder.inputs,
            compute=prepared.compute,
            block=spaces.create(space) if isinstance(space, str) else space,
            whitening=prepared.statistics,
            declare_training=declaring(recipe.declare, prepared.quantizations),
            seed=session.settings.seed,
            once=bool(session.settings.pruning) or began_with_one_look(session.study.trials),
            share=_PRUNED_SHARE if session.settings.pruning else 1.0,
            count=lambda *network: float(session.aside(count_effort, *network)),
        )


def _of(encoder: Encoder) -> ImageEncoder:
    assert isinstance(encoder, ImageEncoder)  # images are ingested with no other
    return encoder


class _Image(Estimator):
    """What both estimators of images have beside the settings of all.

    Args:
        weights: path of the weights of a network of `keras.applications` that was trained before on other images,
            without its classifier; which one is found out, see `easynas.data.backbones`. Then small heads are searched
            on what it sees, and it is trained with the best one where there is time for that. "mobilenet_v2:path" says
            which one it must be; None trains from scratch.
    """

    def __init__(
        self,
        time_budget: float | str = "10m",
        *,
        weights: str | os.PathLike[str] | None = None,
        metric: str | None = None,
        search: Any = "auto",
        space: Any = "auto",
        quantization: str | None = None,
        pruning: float | str | None = None,
        max_latency_ms: float | None = None,
        max_size_kb: float | None = None,
        max_params: int | None = None,
        max_macs: int | None = None,
        profile: Any = None,
        max_trials: int | None = None,
        n_jobs: int | None = None,
        engine: Any = "local",
        directory: str | Path | None = None,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        super().__init__(
            time_budget,
            metric=metric,
            search=search,
            space=space,
            quantization=quantization,
            pruning=pruning,
            max_latency_ms=max_latency_ms,
            max_size_kb=max_size_kb,
            max_params=max_params,
            max_macs=max_macs,
            profile=profile,
            max_trials=max_trials,
            n_jobs=n_jobs,
            engine=engine,
            directory=directory,
            random_state=random_state,
            verbose=verbose,
        )
        self.weights = weights

    def _modality(self) -> "Images | PretrainedImages":
        return Images() if self.weights is None else PretrainedImages(self.weights, self.space, are_given(self))


class ImageClassifier(_Image, Classifier):
    """Classifies images `(n, height, width)` or `(n, height, width, channels)` of any numeric type and range.

    Labels may be integers, texts or booleans, in arrays, lists or pandas, and come back in their dtype; or any number
    of them a sample. See `Estimator` for all other settings.
    """


class ImageRegressor(_Image, Regressor):
    """Predicts numbers from images `(n, height, width)` or `(n, height, width, channels)`, see `ImageClassifier`."""
