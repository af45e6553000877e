"""What is special about `.tflite` and `.c` files: integers, exceptions, what they say about themselves, C."""

import json
import shutil
import subprocess
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.data.numbers import NumberTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.export import export
from easynas.deploy.measure import Interpreter
from easynas.deploy.quantize import quantize
from easynas.errors import InputError
from easynas.runtime import Image, load
from tests.deploy.conftest import chain, encoder_of, tower
from tests.runtime.small import table_bundle, text_bundle


def details(path):
    """Types of the input and of the output."""
    with pytest.warns(UserWarning, match="deprecat"):  # the interpreter announces its successor
        interpreter = tf.lite.Interpreter(str(path))
    return interpreter.get_input_details()[0]["dtype"], interpreter.get_output_details()[0]["dtype"]


@pytest.fixture(scope="module")
def unequal():
    """A network that answers two numbers, one a hundred thousand times as large as the other."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    target = NumberTarget.learn(np.stack([rng.normal(5000, 1000, 50), rng.normal(0, 0.01, 50)], axis=1))
    encoder = encoder_of((8, 8, 3), dtype="float32")
    layers = [*tower(8)[:-1], keras.layers.Dense(2)]
    samples = rng.uniform(0, 16, (64, 8, 8, 3)).astype(np.float32)
    return Bundle(*assemble(encoder, target.answer, chain(layers)), encoder, target, samples)


@pytest.mark.slow
def test_numbers_of_different_size_all_survive_int8(unequal, tmp_path):
    report = export(unequal, tmp_path / "model.tflite", quantization="int8")
    assert report.agreement == 1.0
    assert report.max_difference < 0.05  # standard deviations
    assert "the last layer" in str(report)
    plain = quantize(unequal, "int8", integers=True, agreement=lambda _: 1.0)  # one scale for both
    received = Interpreter(plain.content).run(unequal.samples)
    difference = np.abs(received - unequal.answers(unequal.samples)) / unequal.target.answer.scale
    assert difference[:, 1].max() > 0.1
    assert difference[:, 0].max() < 0.05


@pytest.mark.parametrize(("quantization", "kind"), [("int8", np.int8), ("int16x8", np.int16)])
def test_files_can_take_and_give_integers(quantization, kind, bundle, tmp_path):
    report = export(bundle, tmp_path / "model.tflite", quantization=quantization, integers=True)
    assert details(report.path) == (kind, kind)
    assert report.agreement > 0.95


def test_integers_need_a_quantization(coloured, tmp_path):
    with pytest.raises(InputError, match="int8, int16x8"):
        export(coloured, tmp_path / "model.tflite", quantization="float16", integers=True)


def one_convolution_in_float(content):
    """An agreement that only a file with a convolution in float has."""
    graph = Interpreter(content, delegates=False).graph()
    made = [operator["outputs"][0] for operator in graph.operators if operator["op_name"] == "CONV_2D"]
    return 1.0 if any(graph.tensors[index]["dtype"] is np.float32 for index in made) else 0.9


@pytest.mark.slow
def test_operators_that_lose_too_much_stay_in_float(bundle):
    made = quantize(bundle, "int8", integers=False, agreement=one_convolution_in_float)
    assert one_convolution_in_float(made.content) == 1.0
    assert 1 <= len(made.kept) <= 4
    assert not quantize(bundle, "int8", integers=False, agreement=lambda _: 1.0).kept


def only_float_between(content):
    """An agreement that only a file without integers between its operators has."""
    graph = Interpreter(content, delegates=False).graph()
    made = [index for operator in graph.operators for index in operator["outputs"]]
    return 1.0 if all(graph.tensors[index]["dtype"] is np.float32 for index in made) else 0.9


@pytest.mark.slow
def test_weights_alone_are_int8_where_exceptions_do_not_help(bundle, tmp_path):
    made = quantize(bundle, "int8", integers=False, agreement=only_float_between)
    assert made.weights_only
    assert not made.kept
    plain = quantize(bundle, "int8", integers=False, agreement=lambda _: 1.0)
    assert not plain.weights_only
    assert len(made.content) < 1.1 * len(plain.content)
    np.testing.assert_allclose(
        Interpreter(made.content).run(bundle.device_inputs(bundle.samples)), bundle.answers(bundle.samples), atol=0.05
    )
    refused = quantize(bundle, "int8", integers=False, agreement=only_float_between, fits=lambda _: False)
    assert not refused.weights_only  # it would break a limit


@pytest.mark.slow
@pytest.mark.parametrize("make", [text_bundle, table_bundle])
def test_texts_and_tables_are_quantized_too(make, tmp_path):
    bundle = make()
    report = export(bundle, tmp_path / "model.tflite", quantization="int8")
    assert report.max_difference < 0.1
    operators = Interpreter(report.path, delegates=False).graph()
    assert any(tensor["dtype"] is np.int8 for tensor in operators.tensors.values())


def test_a_file_describes_itself_and_the_runtime_reads_it(bundle, digits, tmp_path):
    report = export(bundle, tmp_path / "model.tflite", quantization="int8", facts={"score": 0.5})
    with zipfile.ZipFile(report.path) as archive:
        description = json.loads(archive.read("easynas.json"))
        labels = archive.read("labels.txt").decode().splitlines()
    assert labels == bundle.target.to_config()["labels"]
    assert (description["score"], description["quantization"]) == (0.5, "int8")
    model = load(report.path)
    assert isinstance(model, Image)
    images = digits[0][:200]
    expected = bundle.predict(Interpreter(report.path).run(images)).tolist()
    assert model.predict(images) == expected
    assert model.predict(images[:, :, :, None]) == expected
    assert len(set(expected)) == 10


@pytest.mark.parametrize("shape", [(24, 24), (2, 23, 24), (2, 24, 24, 3)])
def test_the_runtime_refuses_images_of_another_shape(shape, bundle, tmp_path):
    report = export(bundle, tmp_path / "model.tflite")
    with pytest.raises(ValueError, match=r"\(n, 24, 24\)"):
        load(report.path).predict(np.zeros(shape))


def test_the_runtime_refuses_a_file_that_says_nothing(tmp_path):
    (tmp_path / "strange.tflite").write_bytes(b"no model")
    for name in ("strange.tflite", "absent.tflite"):
        with pytest.raises(ValueError, match="that easynas exported"):
            load(tmp_path / name)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_array_in_c_is_the_file_and_names_its_labels(bundle, tmp_path):
    report = export(bundle, tmp_path / "my-model.c", quantization="int8", integers=True)
    assert report.format == "c"
    main = """
    #include <stdio.h>
    #include "my-model.c"
    int main(void) {
        fwrite(my_model, 1, my_model_length, stdout);
        fprintf(stderr, "%u %s", my_model_arena_bytes, my_model_labels[9]);
        return 0;
    }
    """
    (tmp_path / "main.c").write_text(main)
    subprocess.run(["cc", "main.c", "-o", "main"], check=True, cwd=tmp_path)
    ran = subprocess.run(["./main"], check=True, cwd=tmp_path, capture_output=True)
    assert ran.stderr.decode().split() == [str(round(report.arena_kb * 1024)), str(bundle.target.classes[9])]
    probabilities = Interpreter(ran.stdout).run(bundle.samples)
    assert (probabilities.argmax(1) == bundle.answers(bundle.samples).argmax(1)).mean() == report.agreement
