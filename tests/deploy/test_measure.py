import time

import numpy as np
import pytest
import tensorflow as tf

from easynas.deploy.export import export
from easynas.deploy.measure import Interpreter, latency, size_kb, time_calls
from easynas.deploy.silence import Silence
from easynas.errors import InputError


@pytest.fixture(scope="module")
def path(coloured, tmp_path_factory):
    return export(coloured, tmp_path_factory.mktemp("measure") / "model.tflite").path


def test_batches_and_single_images_give_the_same_probabilities_as_keras(path, coloured):
    interpreter = Interpreter(path)
    expected = coloured.answers(coloured.samples)
    assert interpreter.input_shapes == {"image": (8, 8, 3)}
    np.testing.assert_allclose(interpreter.run(coloured.samples), expected, atol=1e-5)
    np.testing.assert_allclose(interpreter.run(coloured.samples[3:4]), expected[3:4], atol=1e-5)


def test_no_images_give_no_rows(path):
    assert Interpreter(path).run(np.zeros((0, 8, 8, 3))).shape == (0, 3)


def test_quantised_inputs_and_outputs_are_translated(bundle, tmp_path):
    path = tmp_path / "all_int8.tflite"
    signature = tf.TensorSpec((1, 24, 24), tf.float32)
    graph = tf.function(lambda x: bundle.model(x, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None].astype(np.float32)] for sample in bundle.samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with Silence():
        path.write_bytes(converter.convert())
    received = Interpreter(path).run(bundle.samples)
    expected = bundle.answers(bundle.samples)
    assert received.dtype == np.float32
    assert expected.max(axis=1).mean() > 0.5  # otherwise wrong inputs would hardly show
    np.testing.assert_allclose(received, expected, atol=0.1)


def test_a_model_for_any_batch_runs_one_image_at_a_time(coloured, tmp_path):
    path = tmp_path / "any_batch.tflite"
    with Silence():
        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(coloured.model).convert())
    np.testing.assert_allclose(Interpreter(path).run(coloured.samples), coloured.answers(coloured.samples), atol=1e-5)


def test_an_interpreter_says_nothing(path, capfd, recwarn):
    Interpreter(path)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_latency_is_positive_and_its_percentiles_are_ordered(path):
    measured = latency(path, runs=50)
    assert measured.runs == 50
    assert 0 < measured.median_ms <= measured.p90_ms < 1000


def test_timing_ends_with_its_time():
    start = time.perf_counter()
    measured = time_calls(lambda: time.sleep(0.01), runs=1000, seconds=0.2)
    assert time.perf_counter() - start < 0.5
    assert 1 <= measured.runs <= 20
    assert measured.median_ms >= 10


def test_a_call_longer_than_the_time_is_timed_once():
    assert time_calls(lambda: time.sleep(0.05), runs=10, seconds=0.01).runs == 1


def test_the_size_of_a_folder_is_that_of_its_files(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(bytes(1024))
    (tmp_path / "inner" / "b").write_bytes(bytes(512))
    assert size_kb(tmp_path) == 1.5
    assert size_kb(tmp_path / "a") == 1


def test_a_missing_or_foreign_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        latency(tmp_path / "nowhere.tflite")
    foreign = tmp_path / "foreign.tflite"
    foreign.write_bytes(b"no model at all")
    with pytest.raises(InputError, match="TFLite model"):
        Interpreter(foreign)
