"""The drawing of what is inside a model."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from easynas.data.images import ingest_images
from easynas.deploy.bundle import Bundle, assemble, load, save
from easynas.nets.head import ImageHead
from easynas.nets.network import Fixed, build, model_of
from easynas.report.blueprint import blueprint
from easynas.search.study import Study
from easynas.search.trial import Done, Job
from tests.nets.drawn import image_network, plain
from tests.report.made import images

BOTH = "its mirror image goes the same way"


def model(tmp_path: Path, *, both_ways: bool, copies: int = 1) -> tuple[Bundle, Study]:
    """An untrained model of one network, or the average of several copies, and its study."""
    x, y = images()
    data = ingest_images(x, y)
    head = ImageHead(data.target.answer)
    network = dataclasses.replace(plain(image_network("vgg", channels=1)), head=head, both_ways=both_ways)

    def average(pixels: Any) -> Any:
        if copies == 1:
            return build(network, {}, pixels)
        parts = [model_of(Fixed(network, {}), {}, (12, 12, 1))(pixels) for _ in range(copies)]
        return keras.layers.Average()(parts)

    whole, device = assemble(data.encoder, data.target.answer, average)
    with Study.open(tmp_path / "study", {"metric": "accuracy"}) as study:
        study.append(Done(Job(0, {"network": "vgg"}), 0.9, 1.0, {"parameters": 1e4}))
        study.ship(study.trials[0])
    return Bundle(whole, device, data.encoder, data.target, data.samples[:8]), study


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("both_ways", [True, False])
def test_it_says_whether_the_mirror_image_is_looked_at_too(tmp_path: Path, *, both_ways: bool, copies: int) -> None:
    bundle, study = model(tmp_path, both_ways=both_ways, copies=copies)
    drawn = blueprint(bundle, study, modality="images")
    assert (BOTH in drawn.first.detail) is both_ways
    assert drawn.first.detail.startswith("12 × 12 pixels, grey")
    assert drawn.averaged is (copies > 1)
    save(bundle, tmp_path / "saved")
    assert blueprint(load(tmp_path / "saved"), study, modality="images").first == drawn.first
    np.testing.assert_allclose(bundle.answers(bundle.samples).sum(axis=1), 1.0, atol=1e-4)
