# %% [markdown]
# # A strategy of your own
#
# An idea of how to search, written down, checked, and measured against others in seconds: `python
# tutorials/08_your_own_strategy.py`. Results go into a table, so that a search of 40 trials takes no time and can be
# repeated with many seeds.

# %%
from functools import cache

import keras_tuner
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

import easynas
from easynas import Done, Job
from easynas.strategies import create
from easynas.strategies.fresh import Fresh
from easynas.testing import Row, TabulatedEvaluator, check_strategy, simulate

# %% [markdown]
# ## Something to search
#
# Small convolutional networks for scikit-learn's digits. Their filters stay random and only the linear classifier at
# the end is trained, which takes some milliseconds and still tells good architectures from bad ones (Saxe et al., "On
# random weights and unsupervised feature learning", 2011). A choice may depend on another: only a network with a
# second layer has filters there.

# %%
hp = keras_tuner.HyperParameters()
hp.Choice("kernel", [2, 3, 4])
hp.Choice("filters", [4, 8, 12])
hp.Choice("activation", ["relu", "abs", "square"])
hp.Choice("pool", ["mean", "max"])
hp.Boolean("second")
with hp.conditional_scope("second", [True]):
    hp.Choice("second_kernel", [2, 3])
    hp.Choice("second_filters", [4, 8, 12])
space = easynas.SearchSpace(hp)
print(f"{space.size():.0f} networks, for example {space.sample(np.random.default_rng(0))}")

# %%
x, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(x))[:700]
x, y = (x[order] / 16 - 0.3).reshape(-1, 8, 8, 1).astype("float32"), y[order]
TRAIN, HELD_OUT = slice(0, 300), slice(300, 700)
ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0), "abs": np.abs, "square": np.square}
POOLS = {"mean": np.mean, "max": np.max}


def convolve(x: np.ndarray, kernel: int, filters: int, rng: np.random.Generator) -> np.ndarray:
    """Random filters over `(batch, height, width, channels)`."""
    patches = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))
    patches = patches.reshape(*patches.shape[:3], -1)
    weights = rng.normal(scale=2 / np.sqrt(patches.shape[-1]), size=(patches.shape[-1], filters))
    return patches @ weights.astype("float32")


def accuracy(values: dict, seed: int) -> float:
    """Share of held-out digits that a network gets right."""
    rng, activate = np.random.default_rng(seed), ACTIVATIONS[values["activation"]]
    maps = activate(convolve(x, values["kernel"], values["filters"], rng))
    if values["second"]:
        maps = activate(convolve(maps, values["second_kernel"], values["second_filters"], rng))
    thirds = [np.array_split(rows, 3, axis=2) for rows in np.array_split(maps, 3, axis=1)]
    pooled = [POOLS[values["pool"]](part, axis=(1, 2)) for row in thirds for part in row]
    features = np.concatenate(pooled, axis=1)
    return RidgeClassifier(alpha=0.1).fit(features[TRAIN], y[TRAIN]).score(features[HELD_OUT], y[HELD_OUT])


# %% [markdown]
# ## The table
#
# A table is a function from choices to rows. This one is filled when somebody looks: what was computed once is kept.


# %%
@cache
def row(key: str) -> Row:
    return Row(scores=[accuracy(networks[key], seed=0)], seconds=1.0)


networks = {}


def rows(values: dict) -> list[Row]:
    key = space.key(values)
    networks[key] = dict(values)
    return [row(key)]


table = TabulatedEvaluator(space, rows)

# %% [markdown]
# ## The idea
#
# Change one choice of the best network so far; one time in five, start somewhere else. A strategy is two methods:
# `ask` gives the next job, `tell` hears what became of it. All chance comes from the seed and the job's number, so
# that a study that was interrupted goes on as if nothing had happened. `Fresh` remembers what was proposed already.


# %%
class Climber:
    """Changes of the best network, and a few fresh starts."""

    def __init__(self, space: easynas.SearchSpace, seed: int) -> None:
        self.space, self.seed = space, seed
        self._fresh = Fresh(space)
        self._best: Done | None = None

    def ask(self, job_id: int) -> Job | None:
        rng = np.random.default_rng((self.seed, job_id))
        best = self._best
        if best is not None and rng.random() < 0.8:
            values = self._fresh.draw(lambda: self.space.mutate(best.job.values, rng))
            if values is not None:
                return Job(job_id, values, origin=f"change of {best.job.id}")
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: easynas.Done | easynas.Failed) -> None:
        self._fresh.add(dict(trial.job.values))
        if isinstance(trial, Done) and not trial.dropped and (self._best is None or trial.score > self._best.score):
            self._best = trial


# %% [markdown]
# ## Does it keep the contract?
#
# `check_strategy` interrupts it, lets trials fail, asks for several jobs at once, and gives it spaces that run out.
# What passes may be trusted with a night of trainings; what does not is told why.

# %%
check_strategy(Climber)


class Forgetful(Climber):
    def ask(self, job_id: int) -> Job:
        return Job(job_id, self.space.sample(np.random.default_rng((self.seed, job_id))))


try:
    check_strategy(Forgetful)
except AssertionError as error:
    print(str(error).split(" Received")[0])

# %% [markdown]
# ## Is it any good?
#
# One search says little, because chance decides much. Ten of each, and the standard error of their mean, say more.

# %%
SEEDS, TRIALS = 10, 40
strategies = {
    "random": lambda seed: create("random", space, random_state=seed),
    "evolution": lambda seed: create("evolution", space, random_state=seed),
    "climber": lambda seed: Climber(space, seed),
}
curves = {}
for name, make in strategies.items():
    found = [[trial.score for trial in simulate(make(seed), table, trials=TRIALS)] for seed in range(SEEDS)]
    curves[name] = np.maximum.accumulate(found, axis=1)

print(f"best accuracy after    10 trials        20 trials        40 trials   ({len(networks)} networks looked up)")
for name, curve in curves.items():
    mean, error = curve.mean(axis=0), curve.std(axis=0, ddof=1) / np.sqrt(SEEDS)
    print(f"{name:>19}", *(f"  {mean[at - 1]:.4f} ± {error[at - 1]:.4f}" for at in (10, 20, 40)))

# %% [markdown]
# ## Putting it to work
#
# An estimator takes it as `ImageClassifier(search=lambda space, seed: Climber(space, seed))`, and so does
# `easynas.search` for networks of KerasTuner. The published tables of architectures are searched in the same way:
# [benchmarks/nas](../benchmarks/nas/README.md).
#
# Now change something: fewer fresh starts, two choices at once, `space.crossover` of the two best.
