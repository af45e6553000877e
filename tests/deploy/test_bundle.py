import json
import logging
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble, choose_samples, load, save
from easynas.errors import InputError
from easynas.schema import Answer
from tests.deploy.conftest import TRAINING, chain, encoder_of, tower

LOADS_ALONE = """
import sys, keras, numpy
model = keras.models.load_model(sys.argv[1])
numpy.save(sys.argv[3], model.predict(numpy.load(sys.argv[2]), verbose=0))
assert not [name for name in sys.modules if name.split(".")[0] == "easynas"]
"""


@pytest.mark.slow
def test_the_trained_network_recognises_unseen_raw_images(bundle, digits):
    images, labels = digits
    unseen = slice(TRAINING.stop, None)
    predicted = bundle.predict(bundle.answers(images[unseen]))
    assert predicted.dtype == labels.dtype
    assert (predicted == labels[unseen]).mean() > 0.85


@pytest.mark.parametrize("shape", [(24, 24), (24, 24, 3), (25, 31, 1)])
@pytest.mark.parametrize("size", [(10, 10), (12, 12), (24, 24), (12, 7)])
def test_the_front_of_the_model_reduces_as_the_training_data_were(shape, size):
    encoder = encoder_of(shape, size, dtype="float32")
    images = np.random.default_rng(0).random((4, *shape), np.float32)
    front, device = assemble(encoder, Answer("classes", 2), keras.layers.Identity())
    assert front is device
    np.testing.assert_allclose(front.predict(images, verbose=0), encoder.encode(images), atol=1e-5)


def test_images_of_the_right_size_meet_no_extra_layer():
    model, _ = assemble(encoder_of((8, 8, 3)), Answer("classes", 2), keras.layers.Identity())
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Identity"]


def test_calling_the_model_is_no_training(bundle):
    images = bundle.samples[:16].astype(np.float32)
    expected = bundle.model(images, training=False).numpy()
    statistics = [weight.numpy() for weight in bundle.model.non_trainable_weights]
    np.testing.assert_array_equal(bundle.model(images).numpy(), expected)
    for before, after in zip(statistics, bundle.model.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(before, after.numpy())


def test_augmentation_inside_a_nested_network_is_off():
    inputs = keras.Input((8, 8, 1))
    nested = keras.Model(inputs, chain([keras.layers.RandomTranslation(0.5, 0.5), *tower(4)])(inputs))
    model, _ = assemble(encoder_of((8, 8)), Answer("classes", 10), nested)
    images = np.random.default_rng(0).random((8, 8, 8), np.float32)
    np.testing.assert_array_equal(model(images).numpy(), model(images).numpy())


def test_the_model_shares_its_weights_with_the_network():
    layers = tower(4)
    model, _ = assemble(encoder_of((8, 8)), Answer("classes", 10), chain(layers))
    layers[-1].bias.assign([9.0] + [0.0] * 9)
    assert model(np.zeros((1, 8, 8), np.float32)).numpy().argmax() == 0


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9])
def test_chunks_give_what_one_batch_gives(bundle, n):
    images = bundle.samples[:n]
    received = bundle.answers(images, batch_size=4)
    assert received.shape == (n, 10)
    assert received.dtype == np.float32
    if n:
        np.testing.assert_allclose(received, bundle.model.predict(images, verbose=0), atol=1e-6)


class Counting(keras.layers.Layer):
    """Changes nothing, and counts how often it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def call(self, x):
        self.calls += 1
        return x


def counted(classes=2):
    """A bundle, and the layer in it that counts."""
    counting, encoder = Counting(), encoder_of((4, 4))
    network = chain([keras.layers.Flatten(), counting, keras.layers.Dense(classes, activation="softmax")])
    target = ClassTarget.learn(range(classes))
    samples = np.random.default_rng(0).integers(0, 255, (9, 4, 4)).astype(np.uint8)
    return Bundle(*assemble(encoder, target.answer, network), encoder, target, samples), counting


def test_batches_of_any_size_trace_the_model_once():
    bundle, counting = counted()
    before = counting.calls
    for n in (3, 1, 9, 2, 7, 0):
        assert bundle.answers(bundle.samples[:n], batch_size=4).shape == (n, 2)
    assert counting.calls == before + 1


@pytest.mark.slow
def test_many_models_in_one_process_are_no_retracing_to_warn_of(caplog):
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for _ in range(8):
            bundle, _ = counted()
            bundle.answers(bundle.samples)
    finally:
        logger.removeHandler(caplog.handler)
    assert not [record for record in caplog.records if "retracing" in record.getMessage()]


def test_a_saved_bundle_comes_back_whole(bundle, tmp_path):
    save(bundle, tmp_path / "model")
    back = load(tmp_path / "model")
    assert back.encoder == bundle.encoder
    assert back.target == bundle.target
    np.testing.assert_array_equal(back.samples, bundle.samples)
    assert back.samples.dtype == bundle.samples.dtype
    np.testing.assert_array_equal(back.answers(bundle.samples), bundle.answers(bundle.samples))


def test_saving_again_replaces_the_bundle_and_keeps_other_files(bundle, coloured, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    save(bundle, tmp_path)
    save(coloured, tmp_path)
    assert load(tmp_path).encoder == coloured.encoder
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "bundle.json",
        "model.keras",
        "notes.txt",
        "samples.npz",
    ]


@pytest.mark.slow
def test_the_model_loads_in_a_process_without_easynas(bundle, tmp_path):
    save(bundle, tmp_path)
    np.save(tmp_path / "raw.npy", bundle.samples)
    arguments = [tmp_path / name for name in ("model.keras", "raw.npy", "answers.npy")]
    subprocess.run([sys.executable, "-I", "-c", LOADS_ALONE, *map(str, arguments)], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), bundle.answers(bundle.samples), atol=1e-6)


def test_an_incomplete_or_newer_bundle_is_refused(coloured, tmp_path):
    with pytest.raises(InputError, match=r"bundle\.json"):
        load(tmp_path)
    save(coloured, tmp_path)
    config = json.loads((tmp_path / "bundle.json").read_text())
    (tmp_path / "bundle.json").write_text(json.dumps(config | {"format": 99}))
    with pytest.raises(InputError, match="upgrade"):
        load(tmp_path)


def test_samples_are_balanced_where_the_data_are_not():
    labels = np.repeat([0, 1, 2], [900, 50, 5])
    assert np.bincount(labels[choose_samples(labels, count=65, seed=0)]).tolist() == [30, 30, 5]


def test_samples_follow_the_seed_and_are_not_just_the_first():
    chosen = [choose_samples(np.zeros(100, int), count=10, seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(chosen[0], chosen[1])
    assert (chosen[0] != chosen[2]).any()
    assert chosen[0].max() > 50


def test_samples_never_exceed_the_data():
    assert choose_samples(np.arange(20) % 4, count=256, seed=0).tolist() == list(range(20))


def replace_model(folder, change):
    """Rewrites the members of a saved model, `{name: bytes}`."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def code_in_a_layer(folder):
    def put(members):
        config = json.loads(members["config.json"])
        layer = next(each for each in config["config"]["layers"] if each["class_name"] == "Dense")
        code = keras.layers.Lambda(lambda x: open("hacked", "w") and x).get_config()  # noqa: PTH123, SIM115
        layer |= {"module": "keras.layers", "class_name": "Lambda", "config": code | {"name": layer["config"]["name"]}}
        members["config.json"] = json.dumps(config).encode()

    replace_model(folder, put)


def function_of_the_system(folder):
    def put(members):
        config = json.loads(members["config.json"])
        layer = next(each for each in config["config"]["layers"] if each["class_name"] == "Dense")
        layer |= {"module": "os", "class_name": "mkdir", "config": {"path": "hacked"}}
        members["config.json"] = json.dumps(config).encode()

    replace_model(folder, put)


class Mischief:
    def __reduce__(self):
        return os.mkdir, ("hacked",)


ATTACKS = {
    "code in a layer": code_in_a_layer,
    "a function of the system": function_of_the_system,
    "a path out of the archive": lambda folder: replace_model(folder, lambda m: m.update({"../hacked": b"x"})),
    "an absolute path": lambda folder: replace_model(folder, lambda m: m.update({"/tmp/hacked": b"x"})),
    "pickled samples": lambda folder: np.savez(
        folder / "samples.npz", images=np.array([Mischief()], dtype=object), allow_pickle=True
    ),
    "no archive": lambda folder: (folder / "model.keras").write_bytes(b"PK\x03\x04 and nothing else"),
    "no JSON": lambda folder: (folder / "bundle.json").write_text("{"),
    "a list": lambda folder: (folder / "bundle.json").write_text("[]"),
    "no schema": lambda folder: (folder / "bundle.json").write_text('{"format": 2, "encoder": {}}'),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_folder_from_anybody_runs_no_code(bundle, tmp_path, monkeypatch, attack):
    folder = tmp_path / "model"
    save(bundle, folder)
    ATTACKS[attack](folder)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="damaged or not ours"):
        load(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
