import dataclasses
import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.data.labels import LabelsTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.export import EXACT, export
from easynas.deploy.exported import QUANTIZATIONS, alike
from easynas.deploy.measure import Interpreter
from easynas.errors import ExportError, InputError
from tests.deploy.conftest import TRAINING

WITHOUT_ONNX = importlib.util.find_spec("tf2onnx") is None or importlib.util.find_spec("onnxruntime") is None


@pytest.fixture(scope="module")
def reports(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    return {name: export(bundle, folder / f"{name}.tflite", quantization=name) for name in QUANTIZATIONS}


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_file_recognises_unseen_images_as_keras_does(quantization, reports, bundle, digits):
    images, labels = digits
    unseen = slice(TRAINING.stop, None)
    keras_labels = bundle.predict(bundle.answers(images[unseen]))
    file_labels = bundle.predict(Interpreter(reports[quantization].path).run(images[unseen]))
    assert (file_labels == keras_labels).mean() >= (0.995 if quantization in EXACT else 0.985)
    assert (file_labels == labels[unseen]).mean() > 0.85


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_report_says_what_the_file_does(quantization, reports, bundle):
    report = reports[quantization]
    received = Interpreter(report.path).run(bundle.samples)
    expected = bundle.answers(bundle.samples)
    assert report.agreement == (received.argmax(1) == expected.argmax(1)).mean()
    assert report.max_difference == pytest.approx(np.abs(received - expected).max(), abs=1e-6)
    assert (report.format, report.quantization, report.samples) == ("tflite", quantization, 200)
    assert report.size_kb == report.path.stat().st_size / 1024
    assert 0 < report.latency_ms < 100


def test_quantizations_are_what_they_say(reports):
    sizes = [reports[name].size_kb for name in QUANTIZATIONS]
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * sizes[3]
    assert reports["float32"].max_difference < 1e-5
    assert 1e-6 < reports["float16"].max_difference < 0.01
    assert reports["int8"].max_difference > 1e-4


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_inputs_and_outputs_stay_float32(quantization, reports):
    with pytest.warns(UserWarning, match="deprecat"):  # the interpreter announces its successor
        interpreter = tf.lite.Interpreter(str(reports[quantization].path))
    interpreter.allocate_tensors()
    assert interpreter.get_input_details()[0]["dtype"] is np.float32
    assert interpreter.get_output_details()[0]["dtype"] is np.float32


def test_no_quantization_is_float32(coloured, tmp_path):
    assert export(coloured, tmp_path / "model.tflite").quantization == "float32"


def test_a_report_is_one_readable_line(reports):
    line = str(reports["int8"])
    assert "\n" not in line
    for part in ("int8.tflite", "kB", "ms", "200 samples"):
        assert part in line


def test_nothing_is_written_to_the_terminal(coloured, tmp_path, capfd):
    for name, quantization in (("a.tflite", "int8"), ("b.keras", None), ("saved", None)):
        export(coloured, tmp_path / name, quantization=quantization)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_saved_model_folder_serves_raw_images_and_replaces_an_earlier_one(bundle, tmp_path):
    path = tmp_path / "new" / "saved"
    export(bundle, path)
    report = export(bundle, path)
    loaded = tf.saved_model.load(str(path))
    served = loaded.serve(bundle.samples.astype(np.float32))
    np.testing.assert_allclose(served, bundle.answers(bundle.samples), atol=1e-5)
    assert (report.format, report.latency_ms, report.agreement) == ("saved_model", None, 1.0)
    assert list(path.parent.iterdir()) == [path]


def test_a_keras_file_loads_alone(bundle, tmp_path):
    report = export(bundle, tmp_path / "model.keras")
    loaded = keras.models.load_model(report.path)
    np.testing.assert_allclose(loaded.predict(bundle.samples, verbose=0), bundle.answers(bundle.samples), atol=1e-6)
    assert report.format == "keras"


@pytest.mark.skipif(WITHOUT_ONNX, reason="needs tf2onnx and onnxruntime")
def test_an_onnx_file_agrees_with_keras(bundle, tmp_path):
    report = export(bundle, tmp_path / "model.onnx")
    assert report.agreement == 1
    assert report.max_difference < 1e-5
    assert report.latency_ms > 0


@pytest.mark.skipif(not WITHOUT_ONNX, reason="the packages are installed")
def test_onnx_without_its_packages_names_them(coloured, tmp_path):
    with pytest.raises(ExportError, match="pip install tf2onnx onnxruntime"):
        export(coloured, tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("name", "quantization", "message"),
    [
        ("model.h5", None, r"\.tflite, \.c, \.keras or \.onnx"),
        ("model.tflite", "int4", "float32, float16, dynamic, int8"),
        ("model.keras", "int8", r"\.tflite"),
        ("folder", "float16", r"\.tflite"),
    ],
)
def test_an_unknown_format_or_quantization_is_refused(coloured, tmp_path, name, quantization, message):
    with pytest.raises(InputError, match=message):
        export(coloured, tmp_path / name, quantization=quantization)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_content_is_never_replaced(coloured, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").touch()
    (tmp_path / "model.tflite").mkdir()
    (tmp_path / "file").touch()
    for name in ("precious", "model.tflite", "file"):
        with pytest.raises(InputError, match="choose another name"):
            export(coloured, tmp_path / name)
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_a_model_that_does_not_convert_leaves_the_old_file(coloured, tmp_path, capfd):
    layer = keras.layers.Resizing(4, 4, interpolation="bicubic")
    network = keras.Sequential([layer, keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
    network.build((None, 8, 8, 3))
    model, device = assemble(coloured.encoder, coloured.target.answer, network)
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    with pytest.raises(ExportError, match=r"TFLite.*ResizeBicubic"):
        export(dataclasses.replace(coloured, model=model, device=device), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert capfd.readouterr() == ("", "")


class Contrary(Bundle):
    """Expects the reverse of what its model answers, so that every file disagrees with it."""

    def answers(self, samples, *, batch_size=256):
        return Bundle.answers(self, samples, batch_size=batch_size)[:, ::-1]


def test_a_file_that_disagrees_is_an_error_or_a_warning(coloured, tmp_path):
    contrary = Contrary(**{field.name: getattr(coloured, field.name) for field in dataclasses.fields(coloured)})
    for name in ("model.tflite", "model.keras", "folder"):
        with pytest.raises(ExportError, match="must answer as the Keras model"):
            export(contrary, tmp_path / name)
    assert not list(tmp_path.iterdir())
    report = export(contrary, tmp_path / "model.tflite", quantization="int8")
    assert report.agreement < 0.99
    assert "changes the answer" in str(report)


def test_agreement_is_that_of_the_labels_that_predict_gives(coloured, tmp_path):
    """The thresholds lie between what Keras and the file answer for one sample, which so gets another label."""
    path, expected = tmp_path / "model.tflite", coloured.answers(coloured.samples)
    assert export(coloured, path, quantization="dynamic").agreement == 1.0
    received = Interpreter(path).run(coloured.samples)
    ratios = np.sort([answers[:, 1] / answers[:, 0] for answers in (expected, received)], axis=0)
    between = np.sqrt(ratios[0] * ratios[1])[np.argmax(ratios[1] - ratios[0])]
    thresholds = (1.0, float(between), 1e6)
    decided = dataclasses.replace(coloured, target=dataclasses.replace(coloured.target, thresholds=thresholds))
    report = export(decided, path, quantization="dynamic")
    assert report.agreement == (decided.predict(received) == decided.predict(expected)).mean() < 1.0
    assert "changes the answer" in str(report)


@pytest.mark.parametrize(
    ("thresholds", "same"),
    [
        ((), [True, True, False]),
        ((0.4, 0.8), [False, True, True]),
        ((0.6, 0.6), [True, True, True]),
        ((0.6, 0.5), [True, True, False]),
    ],
)
def test_samples_agree_where_all_labels_are_on_the_same_side_of_their_thresholds(thresholds, same):
    target = LabelsTarget(("a", "b"), "list", thresholds=thresholds)
    expected, received = np.array([[0.3], [0.9], [0.55]]), np.array([[0.45], [0.9], [0.45]])
    assert alike(np.tile(expected, 2), np.tile(received, 2), target).tolist() == same


def test_probabilities_that_are_not_finite_are_refused(coloured, tmp_path):
    broken = keras.models.clone_model(coloured.model)
    broken.layers[-1].bias.assign([np.nan, 0.0, 0.0])
    with pytest.raises(ExportError, match="NaN"):
        export(dataclasses.replace(coloured, model=broken, device=broken), tmp_path / "model.tflite")
