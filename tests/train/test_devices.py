"""One training on two devices, which are shares of the processor here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from easynas.train.devices import spread

SCRIPT = """
import json, math, sys
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from sklearn.datasets import load_digits
from easynas.data.images import ingest_images
from easynas.data.split import split
from easynas.data.store import Store
from easynas.nets.baseline import Baseline
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.search.trial import Job
from easynas.train import weights
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring

folder = Path(sys.argv[1])
digits = load_digits()
data = ingest_images(digits.images, digits.target)
train, validation = split(data.y, seed=0)
store = Store.write(folder / "data", data, data.encoder.at((8, 8)), train=train, validation=validation)
network = Baseline(Answer("classes", 10), data.encoder.schema.mean, data.encoder.schema.variance)
scoring = Scoring("accuracy", Answer("classes", 10))
evaluate = Evaluator(network, store, scoring, 0, "float32", 64, 1, folder / "weights", candidate=False)
first = replace(evaluate, spread_over="CPU")(Job(0, {}), deadline=Deadline.after(12.0), bar=-math.inf)
again = replace(evaluate, inherit=0)(Job(1, {}), deadline=Deadline.after(3.0), bar=-math.inf)
shapes = [array.shape for array in weights.load(folder / "weights" / "0.npz")[0]]
print(json.dumps([first.score, first.metrics, again.score, again.metrics, shapes]))
"""


def test_one_device_is_what_it_always_was() -> None:
    with spread(None) as devices:
        assert devices == 1
    with spread("CPU") as devices:
        assert devices == 1


@pytest.mark.slow
def test_two_devices_train_one_network(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    score, metrics, again, single, _ = json.loads(ran.stdout.splitlines()[-1])
    assert (metrics["devices"], single["devices"]) == (2.0, 1.0)
    assert metrics["epochs"] > 3
    assert score > 0.9
    assert again > 0.9  # the weights that were written are those of one network
