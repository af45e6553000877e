"""Trials of a small network on real digits, in this process."""

import math
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.dataset import ingest
from easynas.data.images import ImageEncoder, ingest_images
from easynas.data.split import folds, split
from easynas.data.store import Arrays, Store
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.deploy.judge import FileJudge
from easynas.nets.baseline import Baseline
from easynas.nets.text.linear import Linear
from easynas.nets.text.statistics import TextStatistics
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE
from easynas.search.trial import Done, Failed, Job
from easynas.train import weights
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring

pytestmark = pytest.mark.slow

PATIENCE = (2.5, 10.0, 40.0)
"""Seconds in which a training should succeed: the first are enough, unless the machine is slow or very busy."""


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
    folder = tmp_path_factory.mktemp("study")
    digits = load_digits()
    data = ingest_images(digits.images, digits.target)
    train, validation = split(data.y, seed=0)
    store = Store.write(folder / "data", data, data.encoder.at((8, 8)), train=train, validation=validation)
    network = Baseline(Answer("classes", 10), data.encoder.schema.mean, data.encoder.schema.variance)
    return Evaluator(
        network, store, Scoring("accuracy", Answer("classes", 10)), 0, "float32", 64, 1, folder / "weights"
    )


@pytest.fixture(scope="module")
def learned(evaluator: Evaluator) -> tuple[Done, float]:
    """A trial, and the seconds that it was given."""
    for seconds in PATIENCE:
        trial = evaluator(Job(0, {}), deadline=Deadline.after(seconds), bar=-math.inf)
        if isinstance(trial, Done) and trial.score > 0.9:
            break
    assert isinstance(trial, Done)
    return trial, seconds


@pytest.fixture(scope="module")
def done(learned: tuple[Done, float]) -> Done:
    return learned[0]


@pytest.fixture(scope="module")
def seconds(learned: tuple[Done, float]) -> float:
    return learned[1]


def test_a_candidate_learns_within_its_time(done: Done, seconds: float) -> None:
    assert done.score > 0.9
    assert done.seconds < seconds + GRACE
    assert not done.dropped


def test_a_candidate_tells_what_its_first_slice_was_worth(done: Done) -> None:
    assert 0.5 < done.metrics["first_slice_score"] <= 1.0


def test_a_candidate_that_cannot_catch_up_is_dropped_early(evaluator: Evaluator, seconds: float) -> None:
    trial = evaluator(Job(1, {}), deadline=Deadline.after(3 * seconds), bar=1.1)
    assert isinstance(trial, Done)
    assert trial.dropped
    assert trial.seconds < 2 * seconds


def test_what_is_no_candidate_sets_no_bar_and_obeys_none(evaluator: Evaluator, seconds: float) -> None:
    trial = replace(evaluator, candidate=False, mirrored=True)(Job(2, {}), deadline=Deadline.after(seconds), bar=1.1)
    assert isinstance(trial, Done)
    assert not trial.dropped
    assert "first_slice_score" not in trial.metrics
    assert trial.metrics["mirrored_score"] < trial.metrics["usual_score"] - 0.2


def test_training_goes_on_from_inherited_weights(evaluator: Evaluator, done: Done, seconds: float) -> None:
    trial = replace(evaluator, inherit=0)(Job(3, {}), deadline=Deadline.after(seconds), bar=-math.inf)
    assert isinstance(trial, Done)
    assert trial.metrics["first_slice_score"] > 0.9
    before, after = (weights.load(Path(evaluator.folder) / f"{number}.npz")[0] for number in (0, 3))
    assert [array.shape for array in before] == [array.shape for array in after]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_rate_that_is_not_annealed_leads_elsewhere(evaluator: Evaluator) -> None:
    job = Job(7, {"train/epochs": 2})  # steps, not seconds, end it, so that it can be repeated
    found = []
    for annealed in (True, True, False):
        replace(evaluator, annealed=annealed)(job, deadline=Deadline.after(60.0), bar=-math.inf)
        found.append(weights.load(Path(evaluator.folder) / "7.npz")[0][-2])
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)
    assert np.abs(found[2] - found[0]).max() > 0.01


def test_a_promotion_goes_on_from_the_weights_of_its_trial(evaluator: Evaluator, done: Done, seconds: float) -> None:
    still = {"train/rate": 1e-12}
    jobs = (Job(5, still, continues=done.job.id, trained=1 / 3), Job(6, still))
    trials = [evaluator(job, deadline=Deadline.after(seconds), bar=-math.inf) for job in jobs]
    assert [trial.fidelity for trial in trials if isinstance(trial, Done)] == [1.0, 1.0]
    kernels = [weights.load(Path(evaluator.folder) / f"{number}.npz")[0][-2] for number in (done.job.id, 5, 6)]
    assert kernels[0].ndim == 2
    assert np.allclose(kernels[0], kernels[1], atol=1e-6)
    assert not np.allclose(kernels[0], kernels[2], atol=1e-2)


def test_a_dropped_promotion_has_done_what_its_weights_had_and_a_part_of_the_rest(
    evaluator: Evaluator, done: Done, seconds: float
) -> None:
    job = Job(8, {}, fidelity=1.0, continues=done.job.id, trained=0.4)
    trial = evaluator(job, deadline=Deadline.after(2 * seconds), bar=1.1)
    assert isinstance(trial, Done)
    assert 0.4 + 0.6 * 0.3 < trial.fidelity < 0.9


def test_a_promotion_whose_weights_are_gone_says_so(evaluator: Evaluator, seconds: float) -> None:
    trial = evaluator(Job(7, {}, continues=77, trained=0.5), deadline=Deadline.after(seconds), bar=-math.inf)
    assert isinstance(trial, Failed)
    assert trial.reason == "cannot build: the weights of trial 77 are gone"


def test_a_network_that_cannot_be_built_is_a_failed_trial(evaluator: Evaluator, seconds: float) -> None:
    broken = replace(evaluator, network=Baseline(Answer("classes", 10), (0.0, 900.0), (1.0, 1.0)))
    trial = broken(Job(4, {}), deadline=Deadline.after(seconds), bar=-math.inf)
    assert isinstance(trial, Failed)
    assert trial.reason.startswith("cannot build: ")


def test_half_the_batch_is_tried_when_memory_ran_out(evaluator: Evaluator) -> None:
    assert evaluator.lighter() == replace(evaluator, batch_size=32)
    assert replace(evaluator, batch_size=1).lighter().batch_size == 1


def test_weights_that_have_no_room_are_a_failed_trial(evaluator: Evaluator, seconds: float) -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, most))
    try:
        trial = evaluator(Job(9, {}), deadline=Deadline.after(seconds), bar=-math.inf)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, most))
    assert isinstance(trial, Failed)
    assert trial.reason == "the weights could not be written: File too large"
    assert {path.name for path in evaluator.folder.glob("9.*")} <= {"9.running"}  # which the study deletes


def test_no_fold_knows_the_labels_that_it_is_asked_for(tmp_path: Path) -> None:
    """Random labels cannot be learned: whoever scores better than chance was told the answers."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=12)) for _ in range(300)]
    data = ingest(check_texts(texts), rng.integers(2, size=300), learn=lambda x: (x, TextEncoder.learn(x)))
    encoder, answer = data.encoder, data.target.answer
    assert isinstance(encoder, TextEncoder)
    rows = np.arange(300)
    numbers = folds(data.y, count=3, seed=0)
    store = Store.write(tmp_path / "data", data, encoder, train=rows, validation=rows, folds=numbers)

    def network(part: Arrays) -> Linear:
        assert isinstance(part.x, dict)
        return Linear(answer, TextStatistics.learn(part.x, part.y, answer, encoder.schema).grams)

    evaluate = Evaluator(network(store.train()), store, Scoring.of(None, answer), 0, "float32", 32, 1, tmp_path)
    values = {"train/optimizer": "adamw", "train/epochs": 5, "train/smoothing": 0.0}
    told = evaluate(Job(0, values), deadline=Deadline.after(60.0), bar=-math.inf)
    own = replace(evaluate, fold_networks=tuple(network(part.train) for part in store.parts()))
    honest = own(Job(1, values), deadline=Deadline.after(60.0), bar=-math.inf)
    assert isinstance(told, Done)
    assert isinstance(honest, Done)
    assert told.score > 0.65  # so the test would notice
    assert 0.38 < honest.score < 0.62
    assert len(weights.load(tmp_path / "1.npz")) == 3
    assert weights.load_answers(tmp_path / "1.npz").shape == (300, 2)


def test_where_there_are_folds_a_candidate_may_be_judged_by_the_first_alone(
    evaluator: Evaluator, tmp_path: Path, seconds: float
) -> None:
    digits = load_digits()
    data = ingest_images(digits.images[:300], digits.target[:300])
    rows, numbers = np.arange(300), folds(data.y, count=3, seed=0)
    assert isinstance(data.encoder, ImageEncoder)
    encoder = data.encoder.at((8, 8))
    store = Store.write(tmp_path / "data", data, encoder, train=rows, validation=rows, folds=numbers)
    whole = replace(evaluator, store=store, folder=tmp_path, candidate=False, mirrored=True)
    kept = {}
    for number, once in enumerate((True, False)):
        trial = replace(whole, once=once)(Job(number, {}), deadline=Deadline.after(2 * seconds), bar=-math.inf)
        assert isinstance(trial, Done)
        assert trial.metrics["mirrored_score"] < trial.metrics["usual_score"]
        path = whole.weights_path(number)
        kept[once] = (len(weights.load(path)), len(weights.load_answers(path)))
        y = data.y[numbers == 0] if once else data.y
        assert trial.score == pytest.approx((weights.load_answers(path).argmax(axis=1) == y).mean())
    assert kept == {True: (1, 100), False: (3, 300)}


def judged(evaluator: Evaluator) -> Evaluator:
    """The evaluator of digits whose networks are scored as int8 files."""
    digits = load_digits()
    data = ingest_images(digits.images, digits.target)
    encoder = data.encoder.at((8, 8)).reduced
    assert isinstance(evaluator.store, Store)
    samples = encoder.encode(data.samples[evaluator.store.rows()[0][:100]])
    judge = FileJudge(evaluator.network, encoder, data.target, samples, "int8", seconds=2.0, seed=0)
    return replace(evaluator, judge=judge)


def test_a_trial_has_the_score_of_its_file_beside_that_of_its_network(
    evaluator: Evaluator, done: Done, seconds: float
) -> None:
    job = Job(20, {"quantization": "int8"}, continues=done.job.id)
    trial = judged(evaluator)(job, deadline=Deadline.after(seconds + 4.0), bar=-math.inf)
    assert isinstance(trial, Done)
    assert trial.metrics["float_score"] > 0.9
    assert 0.85 < trial.score <= 1.0
    assert 64 <= trial.metrics["file_samples"] <= len(evaluator.store.validation().y)
    assert trial.metrics["weights_kb"] == trial.metrics["parameters"] / 1024
    plain = judged(evaluator)(
        replace(job, id=21, values={"quantization": "float16"}), deadline=Deadline.after(seconds), bar=-math.inf
    )
    assert isinstance(plain, Done)
    assert "float_score" not in plain.metrics
    assert plain.metrics["weights_kb"] == 2 * trial.metrics["weights_kb"]


def test_a_network_without_channels_goes_on_from_what_counted(evaluator: Evaluator, done: Done, seconds: float) -> None:
    job = Job(22, {}, continues=done.job.id, pruned=0.4)
    final = replace(judged(evaluator), candidate=False)
    trial = final(job, deadline=Deadline.after(3 * seconds + 4.0), bar=-math.inf)
    assert isinstance(trial, Done)
    assert trial.metrics["parameters"] < 0.8 * done.metrics["parameters"]
    assert trial.metrics["macs"] < 0.8 * done.metrics["macs"]
    assert trial.score > 0.8
    sizes = [sum(each.size for each in weights.load(evaluator.weights_path(number))[0]) for number in (0, 22)]
    assert sizes[1] == trial.metrics["parameters"] < sizes[0]
