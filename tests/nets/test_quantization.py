"""The numbers of the file are a choice of a space like any other."""

from dataclasses import dataclass
from itertools import islice

import keras_tuner
import numpy as np

from easynas.nets.block import Block
from easynas.nets.design import list_designs
from easynas.nets.network import OneOf
from easynas.nets.quantization import bytes_of, choices_in, declaring, quantization_of
from easynas.nets.sizing import leanest
from easynas.space.space import SearchSpace


@dataclass(frozen=True)
class Wide(Block):
    name: str = "wide"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("wide/width", 2, 50)

    def build(self, hp: keras_tuner.HyperParameters, x: object) -> object:
        raise AssertionError("nobody should build it")


def train(hp: keras_tuner.HyperParameters) -> None:
    hp.Choice("train/epochs", [1, 8])


def space(*choices: str) -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    Wide().declare(hp)
    declaring(train, choices)(hp)
    return SearchSpace(hp)


def test_several_quantizations_are_a_choice_and_one_is_none() -> None:
    searched = space("int8", "float16")
    assert searched.default()["quantization"] == "int8"
    assert {searched.sample(np.random.default_rng(seed))["quantization"] for seed in range(20)} == {"int8", "float16"}
    assert "quantization" not in space("int8").names
    assert choices_in(space("int8")) == [{}]


def test_a_genotype_without_the_choice_has_the_default() -> None:
    assert quantization_of({"quantization": "int8"}, "dynamic") == "int8"
    assert quantization_of({}, "dynamic") == "dynamic"
    assert [bytes_of(each) for each in ("float32", "float16", "dynamic", "int8")] == [4, 2, 1, 1]


def test_designs_known_to_be_good_come_in_all_quantizations() -> None:
    known = [{"network": "wide", "wide/width": width, "train/epochs": 8} for width in (3, 4, 5)]
    design = list_designs(OneOf((Wide(),)), "auto", known, declaring(train, ("dynamic", "int8")))
    found = [(each["wide/width"], each["quantization"]) for each in islice(design.portfolio(), 3)]
    assert found == [(3, "dynamic"), (4, "int8"), (5, "dynamic")]


def test_the_smallest_network_is_asked_about_in_each_quantization() -> None:
    found = leanest(space("dynamic", "int8"), free={"wide/width"})
    assert [(each["wide/width"], each["quantization"]) for each in found] == [(2, "dynamic"), (2, "int8")]
