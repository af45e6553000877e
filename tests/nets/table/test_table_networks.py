"""The networks for tables: their choices, their answers, and that they can be shipped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from easynas.data.statistics import TableStatistics
from easynas.deploy.silence import Silence
from easynas.nets.block import Block
from easynas.nets.head import apart
from easynas.nets.network import build
from easynas.nets.table.front import clean
from easynas.nets.table.linear import Linear
from easynas.nets.table.mlp import MLP
from easynas.nets.table.numbers import places
from easynas.nets.table.realmlp import RealMLP
from easynas.nets.table.resnet import ResNet
from easynas.nets.table.tabm import TabM
from easynas.nets.table.transformer import Transformer
from easynas.nets.table.trees import Trees
from easynas.nets.tables import design_tables
from easynas.schema import Answer
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace
from easynas.train import recipe

NETWORKS = (Linear, MLP, RealMLP, TabM, ResNet, Transformer, Trees)
SIZES = (5, 40)
Arrays = dict[str, np.ndarray]


def samples(rows: int = 60, *, numbers: bool = True, categories: bool = True) -> Arrays:
    """Encoded arrays with missing, rare, and far values; the second category column has many."""
    rng = np.random.default_rng(0)
    found: Arrays = {}
    if numbers:
        found["numbers"] = rng.standard_t(2, (rows, 3)).astype(np.float32)
        found["numbers"][::7, 1] = np.nan
        found["numbers"][0] = (1e30, np.nan, -1e30)
    if categories:
        found["categories"] = np.stack([rng.integers(0, size, rows) for size in SIZES], axis=1).astype(np.int32)
    return found


def inputs_of(arrays: Arrays) -> dict[str, Any]:
    return {name: keras.Input(x.shape[1:], dtype=x.dtype.name, name=name) for name, x in arrays.items()}


def model_of(network: Block, values: Mapping[str, Value], arrays: Arrays) -> keras.Model:
    inputs = inputs_of(arrays)
    return keras.Model(inputs, build(network, values, inputs))


def network_of(kind: Any, arrays: Arrays, answer: Answer | None = None) -> Any:
    sizes = SIZES if "categories" in arrays else ()
    return kind(answer or Answer("classes", 3), TableStatistics.learn(arrays, sizes))


@pytest.mark.parametrize("kind", NETWORKS)
def test_choices_depend_on_nothing_and_begin_with_the_name(kind: Any) -> None:
    network = network_of(kind, samples())
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    declared = hp.get_config()["space"]
    space = SearchSpace(hp)
    for seed in range(3):
        again = keras_tuner.HyperParameters()
        again.values = dict(space.sample(np.random.default_rng(seed)))
        network.declare(again)
        network.declare(again)
        assert again.get_config()["space"] == declared
    assert all(name.startswith(f"{network.name}/") for name in space.names)


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_design_answers_with_probabilities(kind: Any) -> None:
    arrays = samples()
    network = network_of(kind, arrays)
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    space = SearchSpace(hp)
    rng = np.random.default_rng(0)
    for values in (space.default(), *(space.sample(rng) for _ in range(2))):
        answers = np.asarray(model_of(network, values, arrays)(arrays))
        assert answers.shape == (60, 3)
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("part", "answer"),
    [("numbers", Answer("labels", 4)), ("categories", Answer("numbers", 2, (0.0, 0.0), (1.0, 1.0)))],
)
@pytest.mark.parametrize("kind", NETWORKS)
def test_either_part_of_a_table_is_enough(kind: Any, answer: Answer, part: str) -> None:
    arrays = samples(numbers=part == "numbers", categories=part == "categories")
    answers = np.asarray(model_of(network_of(kind, arrays, answer), {}, arrays)(arrays))
    assert answers.shape == (60, answer.outputs)
    assert np.isfinite(answers).all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_saved_network_needs_built_in_layers_alone(kind: Any, tmp_path: Path) -> None:
    arrays = samples()
    model = model_of(network_of(kind, arrays), {}, arrays)
    model.save(tmp_path / "model.keras")
    layers = [type(layer).__module__.partition(".")[0] for layer in model.layers]
    assert set(layers) == {"keras"}
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(again(arrays), model(arrays), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("embedding", ["none", "periodic", "bins"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_tflite_file_answers_alike_in_float_and_dynamic(kind: Any, embedding: str) -> None:
    arrays = samples()
    network = network_of(kind, arrays)
    model = model_of(network, {f"{network.name}/embedding": embedding}, arrays)
    expected = np.asarray(model(arrays))
    for quantized, error in ((False, 1e-5), (True, 0.05)):
        received = tflite_answers(model, arrays, quantized=quantized)
        np.testing.assert_allclose(received, expected, atol=error)


def tflite_answers(model: keras.Model, arrays: Arrays, *, quantized: bool) -> np.ndarray:
    signature = {name: tf.TensorSpec((1, *x.shape[1:]), x.dtype, name=name) for name, x in arrays.items()}
    with Silence():
        graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
        if quantized:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        interpreter = tf.lite.Interpreter(model_content=converter.convert())
        interpreter.allocate_tensors()
    answers = []
    for row in range(len(next(iter(arrays.values())))):
        for detail in interpreter.get_input_details():
            name = "numbers" if detail["dtype"] == np.float32 else "categories"
            interpreter.set_tensor(detail["index"], arrays[name][row : row + 1])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.array(answers)


def test_numbers_are_centred_clipped_and_filled() -> None:
    arrays = samples(rows=500)
    statistics = TableStatistics.learn(arrays, SIZES).numbers
    assert statistics is not None
    cleaned = np.asarray(clean(arrays["numbers"], statistics))
    assert (cleaned[np.isnan(arrays["numbers"])] == 0).all()
    assert np.abs(cleaned).max() <= 3.0001
    np.testing.assert_allclose(np.median(cleaned, axis=0), 0, atol=0.01)


def test_places_say_how_many_training_samples_are_smaller() -> None:
    arrays = samples(rows=500, categories=False)
    statistics = TableStatistics.learn(arrays, ()).numbers
    assert statistics is not None
    share = np.asarray(places(arrays["numbers"], statistics)).mean(axis=2)[:, 0]
    rank = arrays["numbers"][:, 0].argsort().argsort() / 499
    np.testing.assert_allclose(share, rank, atol=0.03)


def test_a_category_that_training_never_saw_changes_no_indicator() -> None:
    arrays = {"categories": np.array([[2], [3], [4]] * 20, np.int32)}
    network = Linear(Answer("classes", 2), TableStatistics.learn(arrays, (9,)))
    model = model_of(network, {}, arrays)
    logits = keras.Model(model.inputs, model.get_layer("logits").output)
    bias = model.get_layer("logits").bias
    np.testing.assert_allclose(logits([np.array([[1], [7]], np.int32)]), np.stack([bias, bias]), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Linear, MLP])
def test_a_network_learns_what_only_bends_and_missing_cells_tell(kind: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 2)).astype(np.float32)
    y = ((np.abs(x[:, 0]) > 0.7) ^ (rng.random(800) < 0.02)).astype(np.int32)
    x[:, 1] = np.where((y == 1) & (rng.random(800) < 0.5), np.nan, x[:, 1])
    keras.utils.set_random_seed(0)
    model = model_of(network_of(kind, {"numbers": x}, Answer("classes", 2)), {}, {"numbers": x})
    model.compile(keras.optimizers.AdamW(0.02), "sparse_categorical_crossentropy", jit_compile=False)
    model.fit({"numbers": x[:600]}, y[:600], epochs=8, batch_size=50, verbose=0)
    answers = np.asarray(model({"numbers": x[600:]})).argmax(axis=1)
    assert (answers == y[600:]).mean() > 0.92  # a straight line reaches 0.75 by the missing cells alone


def test_members_answer_for_themselves_and_their_mean_is_the_answer() -> None:
    arrays = samples()
    model = model_of(network_of(TabM, arrays), {"tabm/members": 4}, arrays)
    each = np.asarray(apart(model)(arrays))
    assert each.shape == (60, 4, 3)
    assert each.std(axis=1).max() > 0.01
    np.testing.assert_allclose(each.mean(axis=1), model(arrays), atol=1e-6)
    alone = model_of(network_of(MLP, arrays), {}, arrays)
    assert apart(alone) is alone


@pytest.mark.slow
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_single_number_converts_to_tflite(kind: Any) -> None:
    arrays = samples()
    model = model_of(network_of(kind, arrays, Answer("numbers", 1, (0.0,), (1.0,))), {}, arrays)
    np.testing.assert_allclose(tflite_answers(model, arrays, quantized=False), np.asarray(model(arrays)), atol=1e-5)


def test_trees_have_no_choices_of_a_training() -> None:
    arrays = samples()
    statistics = TableStatistics.learn(arrays, SIZES)
    designed = design_tables(Answer("classes", 3), statistics, space="auto", declare_training=recipe.declare_brief)
    grown = [values for values in designed.portfolio() if values["network"] == "trees"]
    assert grown
    assert all(name.startswith("trees/") or name == "network" for values in grown for name in values)
    alone = design_tables(Answer("classes", 3), statistics, space="trees", declare_training=recipe.declare_brief)
    assert all(name.startswith("trees/") for name in alone.space.names)
    without = design_tables(
        Answer("classes", 3), statistics, space="auto", declare_training=recipe.declare_brief, grown=False
    )
    assert not any(name.startswith("trees/") for name in without.space.names)
    assert "trees" not in [values["network"] for values in without.portfolio()]
