"""What every block for texts promises."""

from collections.abc import Callable
from dataclasses import replace

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from easynas.deploy.silence import Silence
from easynas.nets.block import Block
from easynas.nets.network import OneOf, precision
from easynas.nets.text.bag import Bag
from easynas.nets.text.cnn import CNN
from easynas.nets.text.gru import GRU
from easynas.nets.text.linear import Linear
from easynas.nets.text.sepconv import SepConv
from easynas.nets.text.transformer import Transformer
from easynas.schema import Answer
from easynas.space.space import SearchSpace, Values
from tests.nets.text.drawn import CLASSES, SCHEMA, answered, drawn_texts, network, padded, statistics

BLOCKS: dict[str, Callable[[Answer], Block]] = {
    "linear": lambda answer: Linear(answer, statistics("grams", answer)),
    "bag": lambda answer: Bag(answer, statistics("grams", answer)),
    "cnn": lambda answer: CNN(answer, statistics("words", answer)),
    "sepconv": lambda answer: SepConv(answer, statistics("words", answer)),
    "gru": lambda answer: GRU(answer, statistics("words", answer)),
    "transformer": lambda answer: Transformer(answer, statistics("words", answer)),
}
EVERY = pytest.mark.parametrize("name", BLOCKS)
TEXTS = drawn_texts(6)


def space(block: Block) -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    block.declare(hp)
    return SearchSpace(hp)


def redrawn(model: keras.Model, seed: int = 0) -> keras.Model:
    """Other trained weights, none zero; constants stay."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(0.3 * rng.standard_normal(variable.shape))
    return model


def drawn(name: str, seed: int) -> Values:
    return space(BLOCKS[name](CLASSES)).sample(np.random.default_rng(seed))


@EVERY
def test_choices_are_named_after_the_block_and_declared_alike_twice(name: str) -> None:
    hp = keras_tuner.HyperParameters()
    block = BLOCKS[name](CLASSES)
    block.declare(hp)
    once = hp.get_config()
    block.declare(hp)
    assert hp.get_config() == once
    assert all(choice.name.startswith(f"{name}/") for choice in hp.space)


@EVERY
def test_padding_never_changes_an_answer(name: str) -> None:
    values, longer = drawn(name, 1), replace(SCHEMA, words=SCHEMA.words + 7, grams=SCHEMA.grams + 7)
    model = redrawn(network(BLOCKS[name](CLASSES), values))
    other = network(BLOCKS[name](CLASSES), values, longer)
    other.set_weights(model.get_weights())
    answers = answered(model, TEXTS)
    np.testing.assert_allclose(answered(other, padded(TEXTS, 7)), answers, atol=1e-5)
    assert np.ptp(answers, axis=0).max() > 1e-3  # the texts were told apart


@EVERY
@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_every_kind_of_answer_is_given(name: str, kind: str) -> None:
    answer = Answer(kind, 3)  # type: ignore[arg-type]
    answers = answered(redrawn(network(BLOCKS[name](answer))), TEXTS)
    assert answers.shape == (6, 3)
    sums = answers.sum(axis=1)
    probable = ((answers >= 0) & (answers <= 1)).all()
    assert probable == (kind != "numbers")
    assert np.allclose(sums, 1) == (kind == "classes")


@EVERY
def test_a_text_without_words_has_an_answer(name: str) -> None:
    assert np.isfinite(answered(redrawn(network(BLOCKS[name](CLASSES))), TEXTS)[0]).all()


@EVERY
def test_it_is_built_in_bfloat16_with_the_same_weights(name: str) -> None:
    block = BLOCKS[name](CLASSES)
    model = redrawn(network(block))
    with precision("mixed_bfloat16"):
        other = network(block)
    other.set_weights(model.get_weights())
    np.testing.assert_allclose(answered(other, TEXTS), answered(model, TEXTS), atol=0.05)


@EVERY
def test_constants_are_not_trained(name: str) -> None:
    model = network(BLOCKS[name](CLASSES))
    constants = [keras.ops.convert_to_numpy(variable).copy() for variable in model.non_trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="sparse_categorical_crossentropy", run_eagerly=True)
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in model.trainable_variables]
    model.train_on_batch(TEXTS, np.arange(6) % 3)
    for constant, variable in zip(constants, model.non_trainable_variables, strict=True):
        if "seed" not in variable.path:
            np.testing.assert_array_equal(variable, constant)
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.trainable_variables, strict=True))


@EVERY
@pytest.mark.parametrize("quantization", ["float32", pytest.param("dynamic", marks=pytest.mark.slow)])
def test_it_converts_to_tflite_with_built_in_operators(name: str, quantization: str) -> None:
    model = redrawn(network(BLOCKS[name](CLASSES), drawn(name, 2)))
    signature = {key: tf.TensorSpec((1, array.shape[1]), tf.int32, name=key) for key, array in TEXTS.items()}
    with Silence():
        graph = tf.function(lambda arrays: model(arrays, training=False)).get_concrete_function(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
        if quantization == "dynamic":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    expected = answered(model, TEXTS)
    for row in range(len(expected)):
        for detail in interpreter.get_input_details():
            key = "words" if "words" in detail["name"] else "grams"
            interpreter.set_tensor(detail["index"], TEXTS[key][row : row + 1])
        interpreter.invoke()
        received = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        np.testing.assert_allclose(received, expected[row], atol=1e-5 if quantization == "float32" else 0.1)


@pytest.mark.slow
def test_all_of_them_make_one_space_that_saves_and_loads(tmp_path: object) -> None:
    block = OneOf(tuple(make(CLASSES) for make in BLOCKS.values()))
    for name in BLOCKS:
        model = redrawn(network(block, {"network": name}))
        model.save(f"{tmp_path}/{name}.keras")
        again = keras.models.load_model(f"{tmp_path}/{name}.keras")
        np.testing.assert_allclose(answered(again, TEXTS), answered(model, TEXTS), atol=1e-6)


def test_informed_vectors_start_with_the_evidence_and_others_do_not() -> None:
    evidence = statistics("words").evidence
    for informed in (True, False):
        vectors = (
            network(CNN(CLASSES, statistics("words")), {"cnn/informed": informed}).get_layer("vectors").get_weights()
        )
        assert np.allclose(vectors[0][:, :3], evidence) == informed
        assert 0.2 < vectors[0][:, 3:].std() < 0.3


def test_more_outputs_than_a_vector_has_numbers_are_mixed() -> None:
    many = Answer("labels", 40)
    block = CNN(many, statistics("words", many))
    first, second = (network(block, {"cnn/embedding": 32}).get_layer("vectors").get_weights()[0] for _ in range(2))
    np.testing.assert_array_equal(first[:, :16], second[:, :16])
    assert (first[:, :16].std(axis=0) > 0.01).all()
