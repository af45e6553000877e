"""Bundles of untrained networks, one of each kind of data."""

import keras
import numpy as np
import pandas as pd

from easynas.data.statistics import TableStatistics
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget
from easynas.data.tokenizer import TextEncoder
from easynas.deploy.bundle import Bundle, assemble
from easynas.nets.network import build
from easynas.nets.table.mlp import MLP
from easynas.nets.text.linear import Linear
from easynas.nets.text.statistics import GramStatistics
from tests.deploy.conftest import chain, encoder_of, tower

TEXTS = ["good film", "bad film", "a good day", "a bad day", "good, good", "bad, bad"]
CLASSES = ClassTarget.learn(["bright", "dark"])


def image_bundle() -> Bundle:
    return tower_bundle(4)


def tower_bundle(width: int) -> Bundle:
    """Two convolutions of this width and its double."""
    keras.utils.set_random_seed(0)
    encoder = encoder_of((12, 12))
    samples = np.random.default_rng(0).integers(0, 17, (20, 12, 12)).astype(np.uint8)
    return Bundle(*assemble(encoder, CLASSES.answer, chain(tower(width, classes=2))), encoder, CLASSES, samples)


def text_bundle() -> Bundle:
    encoder = TextEncoder.learn(TEXTS)
    grams = encoder.encode(TEXTS)["grams"]
    told = GramStatistics.learn(grams, np.array([0, 1] * 3), CLASSES.answer, vocabulary=encoder.schema.gram_vocabulary)
    network = Linear(CLASSES.answer, told)
    model, device = assemble(encoder, CLASSES.answer, lambda x: build(network, {}, x))
    return Bundle(model, device, encoder, CLASSES, np.array(TEXTS, dtype=object))


def table_bundle() -> Bundle:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"size": rng.normal(size=40), "kind": rng.choice(["a", "b", "c"], 40), "count": rng.poisson(90, 40)}
    )
    encoder = TableEncoder.learn(table)
    samples = encoder.check(table)
    network = MLP(CLASSES.answer, TableStatistics.learn(encoder.encode(samples), encoder.sizes))
    model, device = assemble(encoder, CLASSES.answer, lambda x: build(network, {}, x))
    return Bundle(model, device, encoder, CLASSES, samples)
