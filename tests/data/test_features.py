"""Features of a pretrained encoder: the same whatever is encoded beside a text."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from easynas.data.backbone import features
from easynas.data.features import FeatureEncoder, Late, divided, without_features
from easynas.data.registry import encoder_of, to_config
from easynas.data.subwords import learn
from easynas.data.tokenizer import TextEncoder
from easynas.errors import InputError
from tests.presets.written import HERE, expected, preset

TEXTS = np.array(expected("bert").texts, dtype=object)


@pytest.fixture(scope="module")
def encoder() -> FeatureEncoder:
    texts = replace(TextEncoder.learn(TEXTS), subwords=learn(TEXTS.tolist(), preset("bert")))
    return FeatureEncoder(texts, preset("bert"))


def test_features_are_those_of_each_text_alone(encoder: FeatureEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert {name: array.shape for name, array in together.items()} == {
        name: (len(TEXTS), *shape) for name, (shape, _) in encoder.inputs.items()
    }
    ids = encoder.texts.encode(TEXTS)["subwords"]
    np.testing.assert_allclose(together["features"], np.asarray(features(preset("bert"))(ids)), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS[7:8])["features"][0], together["features"][7], atol=1e-5)
    assert np.ptp(together["features"], axis=0).min() > 0.1  # texts differ
    assert encoder.encode(TEXTS[:0])["features"].shape == (0, 16)


def test_room_for_subwords_follows_the_texts() -> None:
    short = learn(["one two", "three"] * 10, preset("bert"))
    assert 4 <= short.most < 48
    assert learn(TEXTS.tolist(), preset("bert")).most == 48


def test_it_is_divided_into_ids_and_a_network(encoder: FeatureEncoder) -> None:
    first, extended = divided(encoder)
    assert first is encoder.texts
    ids = first.encode(TEXTS[:5])
    assert isinstance(ids, dict)
    np.testing.assert_allclose(extended(ids)["features"], encoder.encode(TEXTS[:5])["features"], atol=1e-5)
    plain = TextEncoder.learn(TEXTS)
    assert divided(plain)[0] is plain


def test_it_is_made_again_from_its_configuration(encoder: FeatureEncoder, tmp_path: Path) -> None:
    config = json.loads(json.dumps(to_config(encoder)))
    again = encoder_of(config)
    np.testing.assert_array_equal(again.encode(TEXTS[:3])["features"], encoder.encode(TEXTS[:3])["features"])
    moved = shutil.copytree(HERE / "distilbert", tmp_path / "other")
    with pytest.raises(InputError, match="the pretrained encoder it began with"):
        encoder_of({**config, "preset": str(moved)})


def test_texts_for_another_encoder_are_other_data(encoder: FeatureEncoder) -> None:
    assert encoder.learned == encoder.texts.learned == preset("bert").identity
    assert TextEncoder.learn(TEXTS).learned == ""


def test_it_stops_where_it_would_be_late(encoder: FeatureEncoder) -> None:
    with pytest.raises(Late):
        replace(encoder, until=0.0).encode(TEXTS[:3])
    plain = without_features(encoder)
    assert set(plain.inputs) == {"words", "grams"}
    assert without_features(plain) is plain
