"""`TextClassifier` and `TextRegressor`: from texts in any language to a network."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from easynas.data.dataset import Dataset, Encoder, Learned, ingest
from easynas.data.features import FeatureEncoder, without_features
from easynas.data.preset import Preset
from easynas.data.subwords import learn
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.errors import InputError
from easynas.schema import Answer
from easynas.tasks.base import Estimator
from easynas.tasks.classifier import Classifier
from easynas.tasks.limits import are_given
from easynas.tasks.modality import usual_batch
from easynas.tasks.regressor import Regressor

if TYPE_CHECKING:
    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute, ListedDesign
    from easynas.nets.text.statistics import TextStatistics
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.division import Division
    from easynas.tasks.preparation import Prepared
    from easynas.tasks.session import Session

_PRETRAINED = "pretrained"  # the space of networks on a pretrained encoder
_FEATURE_SHARE = 0.4  # of the budget may go into what a pretrained encoder says of the texts
_PATIENCE = 1.25  # times that, if the machine gets slower meanwhile
_READ_BYTES_PER_SECOND = 1e8  # of its weights, until it can be asked
_TRIED = 16  # texts that tell how long it takes
_HELD_OUT = 0.25  # samples that are held out, for each that is trained on


@dataclass(frozen=True)
class Texts:
    """Texts, see `Modality`: small networks of different kinds, trained for a few epochs, the best of them averaged.

    Attributes:
        pretrained: folder of a pretrained encoder; None for none.
        space: where networks are searched.
        limited: whether limits are given.
    """

    pretrained: str | Path | None = None
    space: Any = "auto"
    limited: bool = False

    name = "texts"
    takes: ClassVar[Mapping[str, bool]] = {"two_d_array": False, "string": True, "allow_nan": True}
    convolves = False
    counts_targets = True
    members = 5
    room_kb = math.inf
    learned = None

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        preset = self._preset()

        def learned(texts: np.ndarray) -> tuple[np.ndarray, TextEncoder]:
            encoder = TextEncoder.learn(texts)
            return texts, encoder if preset is None else replace(encoder, subwords=learn(texts.tolist(), preset))

        return ingest(check_texts(x), y, sample_weight=sample_weight, target=target, learn=learned)

    def encoder(self, session: "Session", compute: "Compute", division: "Division") -> Learned:
        """The encoder that was learned with the data, with a pretrained one where that is asked for and can be paid."""
        encoder = session.data.encoder
        assert isinstance(encoder, TextEncoder)  # texts are ingested with no other
        schema = encoder.schema
        session.note(
            f"A text is its first {schema.words} words, of a vocabulary of {schema.vocabulary:,}, and up to "
            f"{schema.grams:,} of {schema.gram_vocabulary:,} n-grams of words and characters."
        )
        preset = self._preset()
        if preset is None:
            return Learned(encoder)
        return Learned(self._featured(session, compute, FeatureEncoder(encoder, preset)))

    def backbone(self, encoder: Encoder) -> None:
        return None

    def statistics(self, encoder: Encoder, train: "Arrays", answer: Answer) -> "TextStatistics":
        from easynas.nets.text.statistics import TextStatistics

        assert isinstance(train.x, dict)  # as `TextEncoder.encode` gives them
        texts = encoder.texts if isinstance(encoder, FeatureEncoder) else encoder
        assert isinstance(texts, TextEncoder)
        return TextStatistics.learn(train.x, train.y, answer, texts.schema)

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        from easynas.nets.texts import text_baseline

        return text_baseline(prepared.answer, prepared.statistics, samples=prepared.compute.samples)

    def batch_size(self, samples: int) -> int:
        return usual_batch(samples)

    def references(self) -> "list[Job]":
        return []

    def design(self, session: "Session", prepared: "Prepared") -> "ListedDesign":
        from easynas.nets.quantization import declaring
        from easynas.nets.texts import design_texts
        from easynas.train import recipe

        return design_texts(
            prepared.answer,
            prepared.statistics,
            samples=prepared.compute.samples,
            space=session.settings.space,
            declare_training=declaring(recipe.declare_brief, prepared.quantizations),
        )

    def _preset(self) -> Preset | None:
        """The pretrained encoder, if there is one.

        Raises:
            InputError: its folder cannot be used, or the space or the limits and the encoder do not belong together.
        """
        if self.pretrained is None:
            if self.space == _PRETRAINED:
                raise InputError(
                    'The space "pretrained" must have a pretrained encoder. Received `encoder=None`; give the folder '
                    "of a KerasHub preset, or another space."
                )
            return None
        if isinstance(self.space, str) and self.space not in ("auto", _PRETRAINED):
            raise InputError(
                f'With `encoder`, `space` must be "auto", "pretrained" or a block that takes "features". Received '
                f"{self.space!r}, whose networks would not use the encoder; leave one of them out."
            )
        if self.limited:
            raise InputError(
                "`max_size_kb`, `max_latency_ms`, `max_params` and `max_macs` must be None where an `encoder` is "
                "given, which is most of what a model costs. Leave one or the other out."
            )
        return Preset.open(self.pretrained)

    def _featured(self, session: "Session", compute: "Compute", encoder: FeatureEncoder) -> Encoder:
        """The encoder, or the one without features if computing these would take too much of the time."""
        count = round(compute.samples * (1 + _HELD_OUT))
        allowed = _FEATURE_SHARE * session.settings.seconds
        until = time.monotonic() + min(_PATIENCE * allowed, session.deadline.left / 2)
        expected = encoder.preset.size / _READ_BYTES_PER_SECOND
        if expected <= allowed:
            expected = _seconds(encoder, session.data.samples, count)
        named = f"The pretrained encoder ({encoder.preset.depth} layers of width {encoder.preset.width})"
        if expected <= allowed:
            session.note(
                f"{named} reads up to {encoder.texts.inputs['subwords'][0][0]} subwords of a text, once for all "
                f"trainings, in about {expected:.0f} s; it is not trained."
            )
            return replace(encoder, until=until)
        session.note(
            f"{named} needs about {expected:.0f} s for {count:,} texts and may take {allowed:.0f} s, so it is left "
            "out. Give a larger budget, a smaller encoder or fewer texts."
        )
        return without_features(encoder)


def _seconds(encoder: FeatureEncoder, samples: np.ndarray, count: int) -> float:
    """How long the features of `count` texts take, about."""
    tried = samples[np.linspace(0, len(samples) - 1, min(len(samples), _TRIED)).astype(int)]
    encoder.encode(tried[:1])  # builds its network
    started = time.monotonic()
    encoder.encode(tried)
    return (time.monotonic() - started) / len(tried) * count


class _Textual(Estimator):
    """What both estimators of texts have beside the settings of all.

    Args:
        encoder: folder of a pretrained encoder, a KerasHub preset of BERT or DistilBERT as `save_to_preset` writes it;
            None for none. Its features are computed once, and networks on them are searched beside the others.
    """

    def __init__(
        self,
        time_budget: float | str = "10m",
        *,
        encoder: str | Path | None = None,
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
        self.encoder = encoder

    def _modality(self) -> Texts:
        return Texts(self.encoder, self.space, are_given(self))


class TextClassifier(_Textual, Classifier):
    """Classifies texts `(n,)` in any language: a list, an array or a pandas Series of `str`; see `Estimator`.

    Missing texts count as empty. Labels may be integers, texts or booleans; or any number of them a text.

    Args:
        encoder: folder of a pretrained encoder, a KerasHub preset of BERT or DistilBERT as `save_to_preset` writes it;
            None for none. Its features are computed once, and networks on them are searched beside the others.
    """


class TextRegressor(_Textual, Regressor):
    """Predicts numbers from texts `(n,)` in any language, see `TextClassifier`."""
