"""Successive halving with real trainings in real workers: what is promoted goes on from what it has learned."""

import math
from contextlib import closing
from pathlib import Path

import keras_tuner
import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.images import ingest_images
from easynas.data.split import split
from easynas.data.store import Store
from easynas.engines import Local
from easynas.nets.baseline import Baseline
from easynas.search.budget import Deadline
from easynas.search.incumbent import rank_key
from easynas.search.loop import Engine, run_search
from easynas.search.study import Study
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.asha import ASHA
from easynas.strategies.random import Random
from easynas.train import weights
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring

pytestmark = pytest.mark.slow

START, TRIAL = 2.0, 5.0
WARM, STARTS = 99, 3
"""A number that no job of the search has; and how many trainings of a third there are, of which one is promoted."""


def warm(engine: Engine) -> None:
    """The first job of a worker waits until TensorFlow is imported, which may take longer than a training here."""
    engine.submit(Job(WARM, {}), deadline=Deadline.after(20.0), bar=math.inf)
    while not engine.poll(timeout=1.0):
        pass


def likeness(one: Trial, other: Trial, study: Study) -> float:
    """Correlation of the dense kernels of two trials; about 0 for networks of different random weights."""
    kernels = [weights.load(study.weights_path(trial.job.id))[0][-2].ravel() for trial in (one, other)]
    return float(np.corrcoef(kernels)[0, 1])


def test_promotions_go_on_from_what_was_learned(tmp_path: Path) -> None:
    digits = load_digits()
    data = ingest_images(digits.images, digits.target)
    train, validation = split(data.y, seed=0)
    store = Store.write(tmp_path / "data", data, data.encoder, train=train, validation=validation)
    network = Baseline(data.target.answer, data.encoder.schema.mean, data.encoder.schema.variance)
    hp = keras_tuner.HyperParameters()
    hp.Choice("train/smoothing", [0.0, 0.05, 0.1, 0.15, 0.2])
    space = SearchSpace(hp)
    strategy = ASHA(space, seed=0, around=lambda: Random(space, seed=0), least=1 / 3)
    with Study.open(tmp_path / "study", {"task": "t", "data": "d", "metric": "accuracy"}) as study:
        evaluate = Evaluator(
            network, store, Scoring.of(None, data.target.answer), 0, "float32", 64, 1, study.weights_folder
        )
        with closing(Local().start(evaluate, workers=1, threads=1, log=tmp_path / "workers.log")) as engine:
            warm(engine)
            run_search(
                strategy,
                engine,
                study,
                Deadline.after(120.0),
                trial_seconds=TRIAL,
                max_trials=STARTS + 1,
                start_seconds=START,
            )
        *started, promoted = [trial for trial in study.trials if isinstance(trial, Done)]
        before = max(started, key=rank_key)
        assert before.score > 0.5  # it has learned something
        assert promoted.job.continues == before.job.id
        assert promoted.job.values == before.job.values
        assert promoted.job.trained == before.fidelity < promoted.fidelity == promoted.job.fidelity == 1.0
        like = {trial.job.id: likeness(trial, promoted, study) for trial in started}
        assert like.pop(before.job.id) > 0.7
        assert all(likeness < 0.3 for likeness in like.values())
