"""Chooses the portfolio of images by what candidates reached, and says what that is worth on data it did not see.

    cd benchmarks
    python -m portfolio.choose
    python -m portfolio.choose --write

Greedy submodular selection, as for the portfolio of Auto-sklearn 2.0 (Feurer et al. 2022): again and
again the candidate is added with which the best of the list is best on average. Scores become errors between 0, the
best candidate of a setting, and 1, its median or worse, as in TabRepo (Salinas & Erickson 2024); every problem counts
the same. What differs: the list is an order, of which a short fit uses the first one only, so every prefix is judged.

The lines printed are the mean errors of the best of the first designs of a list on problems that were left out when it
was chosen, beside those of the present portfolio and of random lists.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from runner import read_results

import easynas.nets
from easynas.nets.portfolio import FILE, Known, known_designs, render
from portfolio.collect import RESULTS
from portfolio.trainings import key

KEPT = 9
"""Most designs that are chosen; the others of the present portfolio follow."""

RANDOM_LISTS = 200
_SETTING = ("problem", "images", "side", "budget", "seed")

Errors = np.ndarray[Any, np.dtype[np.float64]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what lists are worth, and writes the one that was chosen if asked; `arguments` are the command line's."""
    options = _options(arguments)
    records = list(read_results(options.out))
    problems, names, errors = table(records)
    length = min(KEPT, len(names))
    for line in validated(problems, names, errors, length):
        print(json.dumps(line))
    alone = dict(zip(names, weights(problems) @ errors, strict=True))
    columns = useful(errors, weights(problems), greedy(errors, weights(problems), length))
    chosen = [Known(**json.loads(names[column])) for column in columns]
    print(json.dumps({"chosen": [each._asdict() for each in chosen]}))
    if options.write is not None:
        made = (
            f"By benchmarks/portfolio, from {len(records)} trainings of {len(names)} candidates in {len(errors)} "
            f"settings of {', '.join(sorted(set(problems)))}."
        )
        options.write.write_text(render((*chosen, *others(chosen, alone)), made), encoding="utf-8")


def table(records: Sequence[dict[str, Any]]) -> tuple[list[str], list[str], Errors]:
    """Errors of candidates in all settings in which each of them was trained; a failed training is the worst.

    Returns:
        the problem of every setting; the candidates; and errors `(settings, candidates)` from 0 to 1.

    Raises:
        ValueError: there is no setting in which all were trained, or only one candidate.
    """
    found: dict[tuple[Any, ...], dict[str, float]] = {}
    for each in records:
        setting = tuple(each[name] for name in _SETTING)
        found.setdefault(setting, {})[key(Known(**each["candidate"]))] = each.get("score", -np.inf)
    names = sorted({name for scores in found.values() for name in scores})
    complete = {setting: scores for setting, scores in found.items() if len(scores) == len(names)}
    if not complete or len(names) < 2:
        raise ValueError(
            f"At least two candidates must have been trained in the same setting. Received: {len(records)} trainings "
            f"of {len(names)} candidates in {len(found)} settings, none complete. Let `portfolio.collect` go on."
        )
    errors = [scaled(np.array([scores[name] for name in names])) for scores in complete.values()]
    return [str(setting[0]) for setting in complete], names, np.stack(errors)


def scaled(scores: Errors) -> Errors:
    """Errors of one setting: 0 for the best score, 1 for the median and all below."""
    best, median = np.max(scores), np.median(scores)
    if not best > median:
        return np.where(scores == best, 0.0, 1.0)
    return np.asarray(np.clip((best - scores) / (best - median), 0.0, 1.0))


def weights(problems: Sequence[str]) -> Errors:
    """Of settings, so that every problem counts the same; they sum to 1."""
    _, which, counts = np.unique(problems, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (len(counts) * counts[which]))


def greedy(errors: Errors, weight: Errors, length: int) -> list[int]:
    """Columns in the order of a list: each is the best addition to those before it; of equal ones the best alone."""
    chosen: list[int] = []
    best = np.ones(len(errors))
    alone = weight @ errors
    for _ in range(length):
        together = weight @ np.minimum(best[:, None], errors)
        column = min(set(range(errors.shape[1])) - set(chosen), key=lambda each: (together[each], alone[each], each))
        chosen.append(column)
        best = np.minimum(best, errors[:, column])
    return chosen


def useful(errors: Errors, weight: Errors, columns: Sequence[int]) -> list[int]:
    """A list up to the last design that makes it better: what follows was ordered by chance."""
    values = prefixes(errors, weight, columns)
    return list(columns[: int(np.argmax(values <= values[-1])) + 1])


def prefixes(errors: Errors, weight: Errors, columns: Sequence[int]) -> Errors:
    """Mean error of the best of the first one, two, ... designs of a list."""
    return np.asarray(weight @ np.minimum.accumulate(errors[:, columns], axis=1))


def validated(problems: Sequence[str], names: Sequence[str], errors: Errors, length: int) -> Iterator[dict[str, Any]]:
    """What lists are worth on each problem when it was left out, and on all of them."""
    lists: dict[str, list[Errors]] = {"chosen": [], "present": [], "random": []}
    present = [names.index(name) for name in map(key, known_designs()) if name in names][:length]
    rng = np.random.default_rng(0)
    for problem in sorted(set(problems)):
        left_out = np.array([each == problem for each in problems])
        if left_out.all():
            return
        seen, unseen = errors[~left_out], errors[left_out]
        weight_seen = weights([each for each in problems if each != problem])
        weight = weights([problem] * len(unseen))
        drawn = [rng.permutation(len(names))[:length] for _ in range(RANDOM_LISTS)]
        found = {
            "chosen": prefixes(unseen, weight, greedy(seen, weight_seen, length)),
            "present": prefixes(unseen, weight, present),
            "random": np.mean([prefixes(unseen, weight, each.tolist()) for each in drawn], axis=0),
        }
        for name, each in found.items():
            lists[name].append(each)
        yield {"left_out": problem, **{name: np.round(each, 3).tolist() for name, each in found.items()}}
    means = {name: np.round(np.mean(each, axis=0), 3).tolist() for name, each in lists.items()}
    yield {"left_out": "mean", **means}


def others(chosen: Sequence[Known], alone: Mapping[str, float]) -> tuple[Known, ...]:
    """The other designs of the present portfolio, the best first: for other data, and for who asks for a kind.

    Args:
        chosen: what comes before them.
        alone: mean error of candidates by their keys; designs that are not among them come last, as they did.
    """
    left = [each for each in known_designs() if key(each) not in set(map(key, chosen))]
    return tuple(sorted(left, key=lambda each: alone.get(key(each), np.inf)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="what `portfolio.collect` wrote")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=Path(easynas.nets.__path__[0]) / FILE,
        help="write the table that the package reads, or this file",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
