"""What a fitted estimator keeps: little, what is needed, and the same after saving."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import easynas
from easynas.data.dataset import Dataset
from easynas.data.frame import Table
from easynas.data.images import ingest_images
from easynas.report import specimens
from easynas.report.specimens import FILE, MOST_ANSWERS, MOST_BYTES, errors, find_twins, keep, load
from easynas.report.twins import Twins
from easynas.schema import Answer
from tests.report.made import fitted, images


def kept(data: Dataset, answers: np.ndarray, *, folds: np.ndarray | None = None) -> specimens.Specimens:
    everything = np.arange(len(data.y))
    validation = everything if folds is not None else everything[::2]
    train = everything if folds is not None else everything[1::2]
    twins = find_twins(data, None)
    return keep(
        data, None, train=train, validation=validation, folds=folds, answers=answers[validation], twins=twins, seed=0
    )


@pytest.mark.parametrize("kind", ["images", "texts", "labels", "tables", "numbers"])
def test_saved_specimens_come_back(tmp_path: Path, kind: str) -> None:
    made = fitted(kind, tmp_path)
    made.specimens.save(tmp_path, made.bundle.encoder)
    again = load(tmp_path, made.bundle.encoder)
    assert again is not None
    for name in ("y", "answers", "rows", "y_train", "frequencies"):
        assert np.array_equal(getattr(again, name), getattr(made.specimens, name))
    assert again.twins == made.specimens.twins
    for part in ("held_out", "train"):
        before, after = getattr(made.specimens, part), getattr(again, part)
        if isinstance(before, Table):
            assert all(np.array_equal(before.columns[name], after.columns[name]) for name in before.columns)
        else:
            assert np.array_equal(before, after)


def test_folds_are_kept_with_the_samples_they_belong_to(tmp_path: Path) -> None:
    x, y = images(40)
    data = ingest_images(x, y)
    folds = np.arange(40) % 5
    answers = np.full((40, 2), 0.5)
    made = kept(data, answers, folds=folds)
    assert made.folds is not None
    places = [next(row for row in range(40) if np.array_equal(x[row], each)) for each in made.held_out]
    assert made.folds.tolist() == (np.asarray(places) % 5).tolist()
    made.save(tmp_path, data.encoder)
    again = load(tmp_path, data.encoder)
    assert again is not None
    assert again.train is again.held_out


@pytest.mark.slow
def test_few_large_images_are_kept_and_the_worst_are_among_them() -> None:
    x = np.random.default_rng(0).integers(0, 255, (400, 256, 256), dtype=np.uint8)
    y = np.arange(400) % 2
    answers = np.stack([1.0 - y, y], axis=1) * 0.8 + 0.1
    answers[10] = [0.001, 0.999]  # it is of class 0
    made = kept(ingest_images(x, y), answers)
    assert made.held_out.nbytes <= 1.6 * MOST_BYTES
    assert len(made.y) == 200
    worst = made.rows[np.argmax(errors(made.answers[made.rows], made.y[made.rows], Answer("classes", 2)))]
    assert made.answers[worst].tolist() == pytest.approx([0.001, 0.999])


def test_of_very_many_answers_some_are_kept() -> None:
    count = 2 * MOST_ANSWERS + 10
    data = ingest_images(
        np.arange(count, dtype=np.float32)[:, None, None] + np.zeros((1, 2, 2), np.float32), np.arange(count) % 2
    )
    everything = np.arange(count)
    answers = np.full((count, 2), 0.5)
    made = keep(
        data,
        None,
        train=everything,
        validation=everything,
        folds=None,
        answers=answers,
        twins=Twins(0, 0, 0, 0),
        seed=0,
    )
    assert len(made.y) == MOST_ANSWERS


def test_twins_are_counted_with_their_contradictions() -> None:
    x, _ = images(20)
    y = np.arange(20) % 2
    x[5], x[6], x[8] = x[1], x[2], x[1]  # 8 should be answered otherwise than 1
    data = ingest_images(x, y)
    held_out = Dataset(x[[3, 1]], y[[3, 1]], None, data.encoder, data.target)
    assert find_twins(data, held_out) == Twins(checked=20, repeated=3, contradictory=3, shared=2)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert load(tmp_path, fitted("images", tmp_path).bundle.encoder) is None


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    made = fitted("images", tmp_path)
    (tmp_path / FILE).write_bytes(b"no archive")
    with pytest.raises(easynas.InputError, match="must be as `save` wrote it"):
        load(tmp_path, made.bundle.encoder)
    replace(made.specimens, folds=None).save(tmp_path, made.bundle.encoder)
    with np.load(tmp_path / FILE) as stored:
        arrays = {name: stored[name] for name in stored.files if name != "answers"}
    np.savez(tmp_path / FILE, **arrays)
    with pytest.raises(easynas.InputError, match="damaged"):
        load(tmp_path, made.bundle.encoder)
