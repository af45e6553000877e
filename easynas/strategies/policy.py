"""`Policy`: an LSTM that writes a sequence of decisions, and learns which ones pay.

At every step the network reads the option that was taken before and gives a distribution over the options of the
present step (Zoph & Le 2017, section 3.1, without skip connections). It is trained with Keras, on any backend, but read
with numpy: an LSTM cell is a few lines, and a sequence of 30 steps then takes a millisecond.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

UNITS = 100
"""Size of the LSTM and of its embeddings (Zoph et al. 2018, "Learning transferable architectures", appendix)."""

_INITIAL = 0.1  # weights start uniformly between minus and plus this (the same)
_START, _SKIPPED, _SPECIAL = 0, 1, 2  # words before the first step and after an inactive one; then come all options
_NEVER = -1e9  # log-probability of an option that belongs to another step


class State(NamedTuple):
    """What the LSTM remembers, `(sequences, UNITS)` each."""

    hidden: np.ndarray
    cell: np.ndarray


class Policy:
    """A distribution over sequences of decisions.

    Args:
        options: how many options every step has, `(steps,)`.
        seed: of the initial weights.
        batch: most sequences in an update.
        learning_rate: of Adam.
        entropy: weight of the entropy in the loss.
        clip: by which share an update may change the probability of an option (PPO); None: by any (REINFORCE).
    """

    def __init__(
        self,
        options: Sequence[int],
        *,
        seed: int,
        batch: int,
        learning_rate: float,
        entropy: float,
        clip: float | None,
    ) -> None:
        self._ends = np.cumsum(options, dtype=int)
        self._starts = self._ends - np.array(options, dtype=int)
        self._batch = batch
        self._learning_rate = learning_rate
        self._entropy = entropy
        self._clip = clip
        self._foreign = _foreign(self._starts, self._ends)
        self._model: Any = None
        self._set(_initial_weights(len(self._foreign.T), np.random.default_rng(seed)))

    def begin(self) -> State:
        """The state before the first step of one sequence."""
        return self._read(np.array([_START]), State(np.zeros((1, UNITS)), np.zeros((1, UNITS))))

    def logits(self, step: int, state: State) -> np.ndarray:
        """Log-probabilities of the options of a step, but for a constant, `(options[step],)`."""
        part = slice(self._starts[step], self._ends[step])
        logits: np.ndarray = (state.hidden @ self._output[:, part] + self._bias[part])[0]
        return logits

    def advance(self, step: int, option: int | None, state: State) -> State:
        """The state after a step in which `option` was taken; None: it was inactive."""
        word = _SKIPPED if option is None else _SPECIAL + self._starts[step] + option
        return self._read(np.array([word]), state)

    def learn(self, options: np.ndarray, active: np.ndarray, advantages: np.ndarray, *, times: int) -> None:
        """Makes sequences with a positive advantage more probable, and the others less.

        Args:
            options: what was decided, `(sequences, steps)`.
            active: which of the decisions counted, `(sequences, steps)`.
            advantages: how much better than expected the sequences were, `(sequences,)`.
            times: steps of gradient descent on these sequences.
        """
        taken = self._starts + options
        words = np.where(active, _SPECIAL + taken, _SKIPPED)
        words = np.concatenate([np.full((len(words), 1), _START), words[:, :-1]], axis=1)
        before = np.zeros(taken.shape)  # counts with a clip alone
        if self._clip is not None:
            before = np.take_along_axis(self._log_probabilities(words), taken[:, :, None], axis=2)[:, :, 0]
        facts = np.stack([taken, active, np.broadcast_to(advantages[:, None], taken.shape), before], axis=-1)
        if self._model is None:
            self._model = self._build()
        for _ in range(times):
            self._model.train_on_batch(self._padded(words), self._padded(facts).astype("float32"))
        self._set(self._model.get_weights())

    def _set(self, weights: list[np.ndarray]) -> None:
        self._weights = weights
        self._embedding, self._kernel, self._recurrent, self._gates, self._output, self._bias = weights

    def _read(self, words: np.ndarray, state: State) -> State:
        """One step of the LSTM for `(sequences,)` words; gates in the order of Keras."""
        gates = self._embedding[words] @ self._kernel + state.hidden @ self._recurrent + self._gates
        enter, keep, new, leave = np.split(gates, 4, axis=-1)
        cell = _sigmoid(keep) * state.cell + _sigmoid(enter) * np.tanh(new)
        return State(_sigmoid(leave) * np.tanh(cell), cell)

    def _log_probabilities(self, words: np.ndarray) -> np.ndarray:
        """Of all options in all steps of given sequences `(sequences, steps)`; `(sequences, steps, all options)`."""
        state = State(np.zeros((len(words), UNITS)), np.zeros((len(words), UNITS)))
        logits = []
        for step, column in enumerate(words.T):
            state = self._read(column, state)
            logits.append(state.hidden @ self._output + self._bias + self._foreign[step])
        stacked = np.stack(logits, axis=1)
        stacked -= stacked.max(axis=-1, keepdims=True)
        result: np.ndarray = stacked - np.log(np.exp(stacked).sum(axis=-1, keepdims=True))
        return result

    def _padded(self, rows: np.ndarray) -> np.ndarray:
        """As many rows as an update can have, so that Keras traces the network once; empty ones count for nothing."""
        return np.concatenate([rows, np.zeros((self._batch - len(rows), *rows.shape[1:]), rows.dtype)])

    def _build(self) -> Any:
        """The same network in Keras. It is small, so it leaves an accelerator to the networks that are searched."""
        steps, total = self._foreign.shape
        with keras.device("cpu:0"):
            words = keras.Input((steps,), dtype="int32")
            # Whatever is drawn without a seed, if only to be replaced, comes from the user's own random state.
            x = keras.layers.Embedding(_SPECIAL + total, UNITS, embeddings_initializer="zeros", dtype="float32")(words)
            x = keras.layers.LSTM(
                UNITS,
                return_sequences=True,
                kernel_initializer="zeros",
                recurrent_initializer="zeros",
                seed=0,
                dtype="float32",
            )(x)
            model = keras.Model(words, keras.layers.Dense(total, kernel_initializer="zeros", dtype="float32")(x))
            optimizer = keras.optimizers.Adam(self._learning_rate)
            model.compile(optimizer, loss=_loss(self._foreign, self._entropy, self._clip), jit_compile=False)
            model.set_weights(self._weights)
        return model


def _loss(foreign: np.ndarray, entropy: float, clip: float | None) -> Any:
    """The policy gradient's loss for Keras, averaged over active decisions."""

    def loss(facts: Any, logits: Any) -> Any:
        taken, active, advantage, before = (facts[..., index] for index in range(4))
        log_all = ops.log_softmax(logits + foreign, axis=-1)
        log_taken = ops.sum(log_all * ops.one_hot(ops.cast(taken, "int32"), foreign.shape[1]), axis=-1)
        if clip is None:
            gain = log_taken * advantage
        else:  # Schulman et al. 2017, "Proximal policy optimization algorithms", equation 7
            ratio = ops.exp(log_taken - before)
            gain = ops.minimum(ratio * advantage, ops.clip(ratio, 1.0 - clip, 1.0 + clip) * advantage)
        disorder = -ops.sum(ops.exp(log_all) * ops.maximum(log_all, _NEVER), axis=-1)
        return -ops.sum(active * (gain + entropy * disorder)) / ops.maximum(ops.sum(active), 1.0)

    return loss


def _foreign(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """0 for the options of a step and `_NEVER` for those of others, `(steps, all options)`."""
    every = np.arange(ends[-1] if len(ends) else 0)
    own = (every >= starts[:, None]) & (every < ends[:, None])
    return np.where(own, 0.0, _NEVER).astype("float32")


def _initial_weights(total: int, rng: np.random.Generator) -> list[np.ndarray]:
    """In the order of the Keras model: embedding; kernel, recurrent kernel and bias of the LSTM; kernel and bias."""
    shapes = [
        (_SPECIAL + total, UNITS),
        (UNITS, 4 * UNITS),
        (UNITS, 4 * UNITS),
        (4 * UNITS,),
        (UNITS, total),
        (total,),
    ]
    return [rng.uniform(-_INITIAL, _INITIAL, shape).astype("float32") for shape in shapes]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))
