"""Presets are read from a folder; what cannot be used is said in one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from easynas.data.backbone import backbone, features
from easynas.data.preset import Preset
from easynas.errors import InputError
from tests.presets.written import HERE, NAMES, expected, preset


@pytest.mark.parametrize("name", NAMES)
def test_the_network_says_what_keras_hub_says(name: str) -> None:
    _, ids, states = expected(name)
    there = ids[::14] > 0
    found = np.asarray(backbone(preset(name))(ids[::14]))
    np.testing.assert_allclose(found[there], states[there], atol=1e-5)
    means = [state[row].mean(axis=0) for state, row in zip(states, there, strict=True)]
    np.testing.assert_allclose(np.asarray(features(preset(name))(ids[::14])), means, atol=1e-5)


def test_a_preset_written_now_by_keras_hub_is_read_exactly(tmp_path: Path) -> None:
    keras_hub: Any = pytest.importorskip("keras_hub", reason="keras-hub brings 75 MB; the stored presets are its own")
    for kind, name in (("Bert", "bert"), ("DistilBert", "distilbert")):
        pieces = list(preset(name).pieces)
        network = getattr(keras_hub.models, f"{kind}Backbone")(
            vocabulary_size=len(pieces), num_layers=3, num_heads=4, hidden_dim=32, intermediate_dim=48
        )
        tokenizer = getattr(keras_hub.models, f"{kind}Tokenizer")(pieces, lowercase=True)
        for each in (network, tokenizer):
            each.save_to_preset(str(tmp_path / name))
        ids = expected(name).ids[:9]
        inputs = {"token_ids": np.maximum(ids - 1, 0), "padding_mask": ids > 0, "segment_ids": np.zeros_like(ids)}
        said = network({each: inputs[each] for each in network.input})
        said = np.asarray(said["sequence_output"] if isinstance(said, dict) else said)
        found = np.asarray(backbone(Preset.open(tmp_path / name))(ids))
        np.testing.assert_allclose(found[ids > 0], said[ids > 0], atol=1e-5)


def test_other_weights_are_another_preset(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(HERE / "bert", tmp_path / "bert"))
    assert Preset.open(copy).identity == preset("bert").identity
    content = bytearray((copy / "model.weights.h5").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "model.weights.h5").write_bytes(content)
    assert Preset.open(copy).identity != preset("bert").identity


def edited(file: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / file).read_text())
        change(content)
        (folder / file).write_text(json.dumps(content))

    return edit


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "without config.json"),
    "no tokenizer": (lambda folder: shutil.rmtree(folder / "assets"), "with its tokenizer"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), "not as KerasHub writes it"),
    "a list": (lambda folder: (folder / "tokenizer.json").write_text("[]"), "not as KerasHub writes it"),
    "another network": (edited("config.json", lambda found: found.update(class_name="T5Backbone")), "T5Backbone with"),
    "no size": (edited("config.json", lambda found: found["config"].pop("num_heads")), "does not say 'num_heads'"),
    "other rules": (edited("tokenizer.json", lambda found: found["config"].update(split=False)), "`split=True`"),
    "too small": (edited("config.json", lambda found: found["config"].update(vocabulary_size=9)), "for 9 vectors"),
    "no words": (
        lambda folder: (folder / "assets/tokenizer/vocabulary.txt").write_text("a\nb\n"),
        r"without '\[CLS\]'",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_preset_is_refused_in_a_sentence(case: str, tmp_path: Path) -> None:
    breaks, sentence = BROKEN[case]
    copy = Path(shutil.copytree(HERE / "bert", tmp_path / "bert"))
    breaks(copy)
    with pytest.raises(InputError, match=sentence):
        Preset.open(copy)


@pytest.mark.parametrize(("given", "sentence"), [("nowhere", "nothing is downloaded"), (3, "a path. Received: 3")])
def test_what_is_no_folder_is_refused_in_a_sentence(given: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Preset.open(given)


def test_weights_that_do_not_fit_are_refused_in_a_sentence(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(HERE / "bert", tmp_path / "bert"))
    edited("config.json", lambda found: found["config"].update(num_layers=5))(copy)
    with pytest.raises(InputError, match="transformer_encoder_2"):
        backbone(Preset.open(copy))
    (copy / "model.weights.h5").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be read"):
        backbone(Preset.open(copy))
