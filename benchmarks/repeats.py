"""Whether a second cross-validation of small tables pays: one division of the samples against two, a JSON line a cell.

    python benchmarks/repeats.py --seeds 0 1
    python benchmarks/repeats.py --show

`one` fits `2 × TRIALS` networks on one division into folds, `two` averages what two fits of `TRIALS` each answer, whose
divisions differ. So both make as many trainings; `two` ships up to twice as many networks. `first` and `second` are the
fits that `two` averages. Budgets are far larger than needed, so other work on the machine changes nothing.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from row_problems import PROBLEMS, load
from runner import append, read_results

HERE = Path(__file__).parent
TRIALS, BUDGET = 6, 900.0
TABLES = ("titanic", "soybean", "imports", "diabetes", "cancer")
SMALLEST = 1e-7  # probability that a smaller one counts as

Samples = tuple[Any, Any]


def main() -> None:
    """Measures what is missing, or shows what was measured."""
    options = _options()
    if not options.show:
        known = {(record["problem"], record["seed"]) for record in read_results(options.out)}
        for seed in options.seeds:
            for problem in TABLES:
                if (problem, seed) not in known:
                    record = {"problem": problem, "seed": seed, **measured(problem, seed, options.data)}
                    append(record, options.out)
                    print(json.dumps(record), flush=True)
    print(table(list(read_results(options.out))))


def measured(problem: str, seed: int, data: Path) -> dict[str, Any]:
    """Scores on the test samples: R2, or log loss and accuracy."""
    train, (x_test, y_test), kind = _samples(problem, data)
    first, second = (_fitted(train, kind, TRIALS, 10 * number + seed) for number in (1, 2))
    one = _fitted(train, kind, 2 * TRIALS, 10 + seed)
    answers = {name: _answers(fit, x_test) for name, fit in {"first": first, "second": second, "one": one}.items()}
    answers["two"] = (answers["first"] + answers["second"]) / 2
    return {name: _scores(each, y_test, getattr(first, "classes_", None)) for name, each in answers.items()}


def table(records: list[dict[str, Any]]) -> str:
    """The records as a table in Markdown."""
    names = ("first", "second", "one", "two")
    lines = [f"| table | seed | measure | {' | '.join(names)} |", "|---|---|---|---|---|---|---|"]
    for record in records:
        for measure in record["one"]:
            figures = " | ".join(f"{record[name][measure]:.4f}" for name in names)
            lines.append(f"| {record['problem']} | {record['seed']} | {measure} | {figures} |")
    return "\n".join(lines)


def _samples(problem: str, data: Path) -> tuple[Samples, Samples, str]:
    """Training and test samples, and the kind of estimator."""
    if problem in PROBLEMS:
        return *load(PROBLEMS[problem], data), PROBLEMS[problem].estimator
    from sklearn.datasets import load_breast_cancer, load_diabetes
    from sklearn.model_selection import train_test_split

    kind = "TabularRegressor" if problem == "diabetes" else "TabularClassifier"
    x, y = (load_diabetes if problem == "diabetes" else load_breast_cancer)(return_X_y=True, as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=0)
    return (x_train, y_train), (x_test, y_test), kind


def _fitted(train: Samples, kind: str, trials: int, seed: int) -> Any:
    import easynas

    return getattr(easynas, kind)(BUDGET, max_trials=trials, random_state=seed, verbose=0).fit(*train)


def _answers(fit: Any, x: Any) -> Any:
    return np.asarray(fit.predict(x), float) if not hasattr(fit, "classes_") else fit.predict_proba(x)


def _scores(answers: Any, y: Any, classes: Any) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, log_loss, r2_score

    if classes is None:
        return {"r2": float(r2_score(y, answers))}
    certain = np.clip(answers, SMALLEST, 1.0)
    certain /= certain.sum(axis=1, keepdims=True)
    return {
        "log_loss": float(log_loss(y, certain, labels=classes)),
        "accuracy": float(accuracy_score(y, classes[certain.argmax(axis=1)])),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA", "."), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "repeats.jsonl")
    parser.add_argument("--show", action="store_true", help="print a table of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
