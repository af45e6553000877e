"""`TextClassifier` and `TextRegressor`: from texts in any language to a network."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from easynas.data.dataset import Dataset, Encoder, ingest
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.schema import Answer
from easynas.tasks.classifier import Classifier
from easynas.tasks.modality import usual_batch
from easynas.tasks.regressor import Regressor

if TYPE_CHECKING:
    import numpy as np

    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute, ListedDesign
    from easynas.nets.text.statistics import TextStatistics
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.phases import Prepared
    from easynas.tasks.session import Session


class Texts:
    """Texts, see `Modality`: small networks of different kinds, trained for a few epochs, the best of them averaged."""

    name = "texts"
    takes: ClassVar[Mapping[str, bool]] = {"two_d_array": False, "string": True, "allow_nan": True}
    convolves = False
    counts_targets = True
    members = 5
    learned = None

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        return ingest(check_texts(x), y, sample_weight=sample_weight, target=target, learn=_learn)

    def encoder(self, session: "Session", compute: "Compute") -> TextEncoder:
        """The encoder that was learned with the data."""
        encoder = _of(session.data.encoder)
        schema = encoder.schema
        session.note(
            f"A text is its first {schema.words} words, of a vocabulary of {schema.vocabulary:,}, and up to "
            f"{schema.grams:,} of {schema.gram_vocabulary:,} n-grams of words and characters."
        )
        return encoder

    def backbone(self, encoder: Encoder) -> None:
        return None

    def statistics(self, encoder: Encoder, train: "Arrays", answer: Answer) -> "TextStatistics":
        from easynas.nets.text.statistics import TextStatistics

        assert isinstance(train.x, dict)  # as `TextEncoder.encode` gives them
        return TextStatistics.learn(train.x, train.y, answer, _of(encoder).schema)

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        from easynas.nets.texts import text_baseline

        return text_baseline(prepared.answer, prepared.statistics, samples=prepared.compute.samples)

    def batch_size(self, samples: int) -> int:
        return usual_batch(samples)

    def references(self) -> "list[Job]":
        return []

    def design(self, session: "Session", prepared: "Prepared") -> "ListedDesign":
        from easynas.nets.texts import design_texts
        from easynas.train import recipe

        return design_texts(
            prepared.answer,
            prepared.statistics,
            samples=prepared.compute.samples,
            space=session.settings.space,
            declare_training=recipe.declare_brief,
        )


def _learn(texts: "np.ndarray") -> "tuple[np.ndarray, TextEncoder]":
    return texts, TextEncoder.learn(texts)


def _of(encoder: Encoder) -> TextEncoder:
    assert isinstance(encoder, TextEncoder)  # texts are ingested with no other
    return encoder


class TextClassifier(Classifier):
    """Classifies texts `(n,)` in any language: a list, an array or a pandas Series of `str`; see `Estimator`.

    Missing texts count as empty. Labels may be integers, texts or booleans; or any number of them a text.
    """

    def _modality(self) -> Texts:
        return Texts()


class TextRegressor(Regressor):
    """Predicts numbers from texts `(n,)` in any language; see `Estimator`."""

    def _modality(self) -> Texts:
        return Texts()
