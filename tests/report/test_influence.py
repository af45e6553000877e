"""What a model looks at is found by hiding it."""

import numpy as np

from easynas.data.frame import Table
from easynas.report.influence import Word, erase, occlude, permute, telling_words
from easynas.report.mistakes import Example
from easynas.search.budget import Deadline


def example(sample: np.ndarray) -> Example:
    return Example(sample, "", "", None, 0, right=True)


def test_the_part_of_an_image_that_decides_is_found() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 20:, :8] = 255  # below on the left
    losses = occlude(lambda x: x[:, 20:, :8].mean(axis=(1, 2))[:, None] / 255.0, example(image))
    assert losses.shape == (7, 7)
    assert np.unravel_index(losses.argmax(), losses.shape) == (6, 0)
    assert losses[0, 6] == 0


def test_images_smaller_than_the_raster_work_too() -> None:
    losses = occlude(lambda x: x.reshape(len(x), -1).mean(axis=1)[:, None], example(np.ones((1, 3, 5, 3), np.float32)))
    assert losses.shape == (3, 5)
    assert np.allclose(losses, 0, atol=1e-6)


def test_the_word_that_decides_is_found_and_the_text_stays_whole() -> None:
    text = "not a  good film"

    def answers(x: np.ndarray) -> np.ndarray:
        return np.asarray([[("good" in each) - 0.1 * ("not" in each)] for each in x])

    words = erase(answers, example(np.asarray([text], dtype=object)))
    assert "".join(word.text for word in words) == text
    weights = {word.text: round(word.weight, 3) for word in words if not word.text.isspace()}
    assert weights == {"not": -0.1, "a": 0.0, "good": 1.0, "film": 0.0}


def test_a_long_text_is_cut_and_an_empty_one_has_no_words() -> None:
    def zeros(x: np.ndarray) -> np.ndarray:
        return np.zeros((len(x), 1))

    words = erase(zeros, example(np.asarray(["word " * 500], dtype=object)))
    assert words[-1].text == " …"
    assert sum(word.text == "word" for word in words) == 60
    assert erase(zeros, example(np.asarray([""], dtype=object))) == []


def test_words_are_gathered_over_texts() -> None:
    told = [
        (1, [Word("Good", 0.5), Word(",", 0.9), Word("rare", 0.9) if n == 0 else Word("film", -0.1)]) for n in range(4)
    ]
    assert telling_words(told) == {1: [Word("good", 0.5)]}


def test_the_column_that_decides_is_found() -> None:
    rng = np.random.default_rng(0)
    table = Table({"idle": rng.normal(size=200), "busy": rng.normal(size=200)})

    def score(answers: np.ndarray, y: np.ndarray) -> float:
        return float(-np.mean((answers - y) ** 2))

    columns = permute(
        lambda x: x.columns["busy"][:, None], score, table, table.columns["busy"][:, None], Deadline.after(60)
    )
    assert [column.name for column in columns] == ["busy", "idle"]
    assert columns[0].loss > 1.5  # twice the variance of a standard normal
    assert columns[1].loss == 0


def test_columns_without_time_are_left_out() -> None:
    table = Table({"a": np.zeros(5), "b": np.zeros(5)})
    assert permute(lambda x: np.zeros((len(x), 1)), lambda *_: 0.0, table, np.zeros(5), Deadline.after(0)) == []
