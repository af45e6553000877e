"""What texts say, in a few numbers."""

import json

import numpy as np
import pytest

from easynas.data.topics import learn_topics
from easynas.runtime.topics import Topics

SEA = ["wave", "tide", "salt", "harbour", "sail", "reef", "shore", "gull", "anchor", "storm"]
WOOD = ["moss", "fern", "oak", "trail", "owl", "bark", "berry", "stream", "deer", "pine"]


def drawn(rows: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Texts of two themes, and their themes."""
    rng = np.random.default_rng(seed)
    theme = rng.integers(0, 2, rows)
    return [" ".join(rng.choice([SEA, WOOD][each], 5, replace=False)) for each in theme], theme


@pytest.fixture(scope="module")
def topics() -> Topics:
    found = learn_topics(drawn(400)[0])
    assert found is not None
    return found


def test_topics_tell_themes_apart_that_nobody_named(topics: Topics) -> None:
    assert len(topics.scale) == 8  # one for 48 texts
    texts, theme = drawn(100, seed=1)
    numbers = topics.numbers(texts)[:, :2]
    centres = np.stack([numbers[theme == each].mean(axis=0) for each in (0, 1)])
    nearest = ((numbers[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == theme).mean() > 0.98


def test_numbers_have_about_unit_spread_and_survive_json(topics: Topics) -> None:
    texts, _ = drawn(400)
    np.testing.assert_allclose(topics.numbers(texts).std(axis=0), 1.0, rtol=0.02)
    again = Topics.from_config(json.loads(json.dumps(topics.to_config())))
    np.testing.assert_array_equal(again.numbers(texts), topics.numbers(texts))


def test_a_text_has_the_same_topics_in_any_company(topics: Topics) -> None:
    texts, _ = drawn(1300)
    np.testing.assert_array_equal(topics.numbers(texts[700:701])[0], topics.numbers(texts)[700])
    assert (topics.numbers(["", "quite unknown"])[0] == 0).all()


@pytest.mark.parametrize("texts", [[], [""] * 400, ["a"] * 400, drawn(60)[0]], ids=["none", "blank", "equal", "few"])
def test_where_there_is_little_to_tell_there_are_no_topics(texts: list[str]) -> None:
    assert learn_topics(texts) is None
