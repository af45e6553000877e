"""`TabularClassifier` and `TabularRegressor`: from the rows of a table to a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from easynas.data.columns import TextColumn
from easynas.data.dataset import Dataset, Encoder, Learned, ingest
from easynas.data.frame import Table, frame
from easynas.data.table import TableEncoder
from easynas.schema import Answer
from easynas.tasks.base import Estimator
from easynas.tasks.classifier import Classifier
from easynas.tasks.regressor import Regressor

if TYPE_CHECKING:
    from easynas.data.statistics import TableStatistics
    from easynas.data.store import Arrays
    from easynas.nets.block import Block
    from easynas.nets.design import Compute, ListedDesign
    from easynas.search.trial import Job
    from easynas.space.space import Values
    from easynas.tasks.division import Division
    from easynas.tasks.preparation import Prepared
    from easynas.tasks.session import Session

_SCORING_SHARE = 0.05  # of the budget goes into what texts say of the target, at most


@dataclass(frozen=True)
class Tables:
    """Tables, see `Modality`: small networks of different kinds, the best of them averaged.

    Attributes:
        column_types: kinds of columns that the user names.
    """

    column_types: Mapping[Any, str] | None = None
    name = "tables"
    takes: ClassVar[Mapping[str, bool]] = {"allow_nan": True, "categorical": True, "string": True}
    convolves = False
    counts_targets = False
    members = 5
    room_kb = 4_800.0  # a file of at most 5 MB, with what belongs to it
    learned = None

    def ingest(self, x: Any, y: Any, *, sample_weight: Any, target: Any) -> Dataset:
        def learn(_: Any) -> tuple[Table, TableEncoder]:
            encoder = TableEncoder.learn(x, column_types=self.column_types)
            return encoder.check(x), encoder

        return ingest(frame(x).cells, y, sample_weight=sample_weight, target=target, learn=learn)

    def encoder(self, session: "Session", compute: "Compute", division: "Division") -> Learned:
        """The encoder that was learned with the data, with what its texts say of the target."""
        encoder = _of(session.data.encoder)
        for row in encoder.summary().itertuples():
            session.note(f"Column {row.column!r} is {row.kind}: {row.why}")
        if not any(isinstance(column, TextColumn) for column in encoder.used):
            return Learned(encoder)
        from easynas.data.scores import learn_scores

        seconds, seed = _SCORING_SHARE * session.settings.seconds, session.settings.seed
        learned = learn_scores(encoder, session.data, division.train, folds=division.folds, seconds=seconds, seed=seed)
        for column in _of(learned.encoder).used:
            if isinstance(column, TextColumn) and column.scores:
                session.note(
                    f"The texts of {column.name!r} say something of the target: so many scores of their n-grams are "
                    f"inputs: {column.scores}. A training sample has those of a model that never saw it."
                )
        return learned

    def backbone(self, encoder: Encoder) -> None:
        return None

    def statistics(self, encoder: Encoder, train: "Arrays", answer: Answer) -> "TableStatistics":
        from easynas.data.statistics import TableStatistics

        assert isinstance(train.x, dict)  # as `TableEncoder.encode` gives them
        return TableStatistics.learn(train.x, _of(encoder).sizes)

    def baseline(self, prepared: "Prepared") -> "tuple[Block, Values]":
        from easynas.nets.tables import table_baseline

        return table_baseline(prepared.answer, prepared.statistics)

    def batch_size(self, samples: int) -> int:
        from easynas.nets.table.portfolio import table_batch

        return table_batch(samples)

    def references(self) -> "list[Job]":
        """Gradient-boosted trees."""
        from easynas.train.reference import reference_job

        return [reference_job()]

    def design(self, session: "Session", prepared: "Prepared") -> "ListedDesign":
        from easynas.nets.quantization import declaring
        from easynas.nets.tables import design_tables
        from easynas.train import recipe

        return design_tables(
            prepared.answer,
            prepared.statistics,
            space=session.settings.space,
            declare_training=declaring(recipe.declare_brief, prepared.quantizations),
            grown=session.settings.quantization != "int16x8",  # TFLite lacks what they need
        )


def _of(encoder: Encoder) -> TableEncoder:
    assert isinstance(encoder, TableEncoder)  # tables are ingested with no other
    return encoder


class _Tabular(Estimator):
    """What both estimators of tables have beside the settings of all.

    Args:
        column_types: kinds of columns by their names, "numeric", "categorical", "boolean", "date" or "text";
            those that it does not name are found out.
    """

    def __init__(
        self,
        time_budget: float | str = "10m",
        *,
        column_types: Mapping[Any, str] | None = None,
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
        self.column_types = column_types

    def _modality(self) -> Tables:
        return Tables(self.column_types)

    @property
    def n_features_in_(self) -> int:
        """How many columns `fit` saw."""
        return len(_of(self.bundle_.encoder).columns)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Their names `(columns,)`; of columns without names there is no such attribute."""
        encoder = _of(self.bundle_.encoder)
        if not encoder.named:
            raise AttributeError("`fit` received columns without names.")
        return np.array([column.name for column in encoder.columns], dtype=object)

    @property
    def columns_(self) -> Any:
        """A `DataFrame`: a row a column with its kind, and why it is that kind."""
        return _of(self.bundle_.encoder).summary()


class TabularClassifier(_Tabular, Classifier):
    """Classifies the rows of a table: a pandas or polars DataFrame, a dict of columns, a list of rows, an array.

    Columns may be numbers, categories, booleans, dates and texts, with missing cells everywhere; `columns_` says what
    each was taken for. See `Estimator` for all other settings.
    """


class TabularRegressor(_Tabular, Regressor):
    """Predicts numbers from the rows of a table, see `TabularClassifier`."""
