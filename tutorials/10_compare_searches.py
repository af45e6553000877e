# %% [markdown]
# # Architecture search for researchers
#
# A controller that learns by reinforcement, evolution, and a predictor, side by side on a published benchmark:
# `python tutorials/10_compare_searches.py`, about half a minute. It needs a checkout of easynas, whose tests bring the
# table, and matplotlib (`pip install matplotlib`).

# %%
from pathlib import Path

import keras_tuner
import matplotlib as mpl
import numpy as np

import easynas
from easynas.nets.nb201 import EDGES, OPERATIONS, Skeleton, paths
from easynas.strategies import create
from easynas.testing import Row, TabulatedEvaluator, simulate

# %% [markdown]
# ## The benchmark
#
# NAS-Bench-201 (Dong and Yang, 2020): a cell has six edges with one of five operations each, and somebody trained all
# 15,625 of them on CIFAR-10, three times. What took months of a GPU is looked up here, and the truth is known: the test
# accuracy, which no strategy sees.

# %%
table = np.load(Path(__file__).parent.parent / "tests" / "tables" / "nb201_cifar10.npz")
codes = {str(name): code for code, name in enumerate(table["op_names"])}
names = [f"nb201/edge_{source}_{target}" for source, target in EDGES]
assert set(codes) == set(OPERATIONS)


def place(values: dict) -> int:
    """The row of a cell."""
    return sum(codes[values[name]] * len(codes) ** edge for edge, name in enumerate(names))


def rows(values: dict) -> list[Row]:
    """What the table says: validation accuracies of up to three trainings, and how long one of them took."""
    at = place(values)
    scores = table["val200_c10"][at]
    seconds = 200 * table["train_s_per_epoch_c10valid"][at] / 10
    return [Row(scores[scores > 0] / 100, float(seconds))]


def truth(values: dict) -> float:
    """Test accuracy in percent."""
    return float(table["test200_c10"][place(values)]) / 100


hp = keras_tuner.HyperParameters()
Skeleton().declare(hp)
space = easynas.SearchSpace(hp)
best, median = table["test200_c10"].max() / 100, np.median(table["test200_c10"]) / 100
print(f"{space.size():,.0f} cells; test accuracy of the best {best:.2f} %, of half of them less than {median:.2f} %")

# %% [markdown]
# ## Four ways to search
#
# - **random**: what everything else has to beat.
# - **evolution**: the best of a few changes in one place, and the oldest dies (Real et al., 2019).
# - **controller**: an LSTM says a cell edge by edge and is rewarded for good ones (Zoph and Le, 2017).
# - **bananas**: an ensemble of networks predicts accuracies from the paths through a cell (White et al., 2021);
#   `encode` shows it these paths.

# %%
METHODS = {
    "random": {},
    "evolution": {},
    "controller": {},
    "bananas": {"encode": paths},
}
SEEDS, TRIALS = 5, 120


def searched(name: str, seed: int) -> np.ndarray:
    """Test accuracy of the incumbent, which is the best by validation, after each trial."""
    strategy = create(name, space, random_state=seed, **METHODS[name])
    trials = simulate(strategy, TabulatedEvaluator(space, rows, seed=seed), trials=TRIALS)
    scores = np.asarray([trial.score for trial in trials])
    incumbents = [int(scores[: end + 1].argmax()) for end in range(len(scores))]
    return np.asarray([truth(trials[incumbent].job.values) for incumbent in incumbents])


curves = {name: np.stack([searched(name, seed) for seed in range(SEEDS)]) for name in METHODS}

# %% [markdown]
# ## What came out
#
# The same number of trainings for all, several seeds, and the error of the mean beside it: one search says little.
# Regret is what is missing to the best cell; it is judged on the test set, which decided nothing.

# %%
print(f"regret after      {'   '.join(f'{at:>5} trials' for at in (20, 60, TRIALS))}")
for name, found in curves.items():
    regret = best - found
    mean, error = regret.mean(axis=0), regret.std(axis=0, ddof=1) / np.sqrt(SEEDS)
    print(f"{name:>12}", *(f"  {mean[at - 1]:5.2f} ± {error[at - 1]:.2f}" for at in (20, 60, TRIALS)))

# %%
mpl.use("agg")  # a file, wherever this runs; leave it out in a notebook
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, found in curves.items():
    regret = best - found
    mean, error = regret.mean(axis=0), regret.std(axis=0, ddof=1) / np.sqrt(SEEDS)
    axes.plot(1 + np.arange(TRIALS), mean, label=name)
    axes.fill_between(1 + np.arange(TRIALS), mean - error, mean + error, alpha=0.2)
axes.set(xlabel="trainings", ylabel="regret on the test set, points", ylim=(0, 4), title="NAS-Bench-201, CIFAR-10")
axes.legend(frameon=False)
figure.savefig("searches.svg")
print("searches.svg shows the whole curves.")

# %% [markdown]
# ## What to make of it
#
# - A predictor that sees paths needs the fewest trainings. The seconds that it thinks do not count here, nor where a
#   training takes an hour; where it takes seconds they do.
# - Evolution and the controller learn, and pass what chance finds within 60 trainings. Which of the two is better, five
#   seeds do not tell: look at the errors.
# - Change one thing: bananas without `encode`, which sees the names of edges alone; `SEEDS` or `TRIALS`; or add
#   `"bayesian"`, `"tpe"` or `"local"` to `METHODS`.
#
# [benchmarks/nas](../benchmarks/nas/README.md) has fifty seeds of all strategies, simulated time, and latencies of real
# devices; [which strategy when](../docs/strategies.md) says what follows.
#
# The same cells are a space for your own images: `ImageClassifier("1h", space="nb201", search="bananas")`.
