# %% [markdown]
# # With KerasTuner and scikit-learn
#
# Estimators inside scikit-learn, strategies that tune what is no network, KerasTuner's models under a time budget, and
# strategies inside KerasTuner's tuners: `python tutorials/09_kerastuner_and_scikit_learn.py`, about a minute. All
# data come with scikit-learn.

# %%
import tempfile

import keras
import keras_tuner
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import easynas
from easynas.interop.keras_tuner import Oracle

# %% [markdown]
# ## An estimator in scikit-learn's tools
#
# Everything that takes an estimator takes ours: pipelines, cross-validation, `clone`, grids. Each fit has its time
# budget, so the whole takes folds times budget: two times fifteen seconds here.

# %%
wine, cultivar = load_wine(return_X_y=True, as_frame=True)
pipeline = make_pipeline(StandardScaler(), easynas.TabularClassifier("15s", random_state=0, verbose=0))
print("accuracy of two folds:", cross_val_score(pipeline, wine, cultivar, cv=2).round(3))

# %% [markdown]
# Nothing needs scaling, by the way: an estimator takes the table as it is. A pipeline is for steps of your own.

# %%
again = clone(pipeline).set_params(tabularclassifier__metric="balanced_accuracy")
print(again.named_steps["tabularclassifier"].metric)

# %% [markdown]
# ## A strategy for scikit-learn's own models
#
# A strategy knows nothing of networks. Declare choices, ask, try, tell: here it tunes a support vector machine. Images
# are held out from all of it, to be honest in the end.

# %%
digits = load_digits()
x, x_test, y, y_test = train_test_split(digits.data / 16, digits.target, test_size=0.4, random_state=0)

hp = keras_tuner.HyperParameters()
hp.Choice("kernel", ["linear", "rbf"])
hp.Float("C", 1e-2, 1e3, sampling="log")
with hp.conditional_scope("kernel", ["rbf"]):
    hp.Float("gamma", 1e-4, 1e1, sampling="log")
strategy = easynas.strategies.create("bayesian", easynas.SearchSpace(hp), random_state=0)

told = []
for number in range(20):
    job = strategy.ask(number)
    score = cross_val_score(SVC(**job.values), x, y, cv=3).mean()
    told.append(easynas.Done(job, score=score, seconds=0.0))
    strategy.tell(told[-1])

best = max(told, key=lambda trial: trial.score)
print(f"best of {len(told)}: {best.job.values}, accuracy in cross-validation {best.score:.3f}")
print(f"on the images held out: {SVC(**best.job.values).fit(x, y).score(x_test, y_test):.3f}")

# %% [markdown]
# ## A KerasTuner model under a time budget
#
# `easynas.search` takes any hypermodel as it is, and ends with the clock: each training runs in a process of its own,
# which can be ended, crash, or run out of memory without harm.

# %%
images, images_test = x.reshape(-1, 8, 8, 1).astype("float32"), x_test.reshape(-1, 8, 8, 1).astype("float32")


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """A compiled network, as KerasTuner wants it."""
    model = keras.Sequential([keras.Input((8, 8, 1))])
    for layer in range(hp.Int("layers", 1, 2)):
        model.add(keras.layers.Conv2D(hp.Choice(f"filters_{layer}", [8, 16, 32]), 3, activation="relu"))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dropout(hp.Float("dropout", 0.0, 0.5)))
    model.add(keras.layers.Dense(10, activation="softmax"))
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


found = easynas.search(build, images, y, time_budget="20s", random_state=0, verbose=0)
print(found.leaderboard()[["trial", "status", "score"]].head(5).to_string(index=False))
loss, accuracy = found.best_model().evaluate(images_test, y_test, verbose=0)
print(f"best network on the images held out: {accuracy:.3f}")

# %% [markdown]
# ## A strategy inside KerasTuner's tuner
#
# Who has a tuner that works keeps it and changes its oracle. Trials and saved projects stay KerasTuner's; it counts
# trials, so the time is what it takes. Here the tuner trains in its own way; the one of KerasTuner does too, once
# `tensorboard` is installed.


# %%
class Tuner(keras_tuner.Tuner):
    """Trains each network for three epochs."""

    def run_trial(self, trial: object, x: object, y: object) -> dict[str, float]:
        """What the objective is taken from."""
        model = self.hypermodel.build(trial.hyperparameters)
        history = model.fit(x, y, epochs=3, validation_split=0.25, verbose=0).history
        return {"val_accuracy": max(history["val_accuracy"])}


oracle = Oracle("evolution", "val_accuracy", max_trials=4, seed=0)
tuner = Tuner(oracle, build, directory=tempfile.mkdtemp(prefix="easynas-tutorial-"))
tuner.search(images, y)
[chosen] = tuner.get_best_hyperparameters()
print("KerasTuner's choice:", chosen.values)

# %% [markdown]
# ## Which way round?
#
# | you have | use |
# |---|---|
# | data, and no network | an estimator: `easynas.ImageClassifier` and its like |
# | a KerasTuner hypermodel, and little time | `easynas.search(hypermodel, x, y, time_budget="10m")` |
# | a KerasTuner tuner | `Oracle` as its oracle |
# | anything that gets a score | `easynas.strategies.create`, ask and tell |
# | Optuna's samplers, or a study of its | `easynas.interop.optuna.OptunaStrategy` |
#
# Now change something: another strategy (`easynas.strategies.names()`), or a longer budget.
