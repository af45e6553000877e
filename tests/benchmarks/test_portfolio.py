"""The portfolio of images: candidates, their trainings, and the list that is chosen by these."""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from easynas import spaces
from easynas.nets.design import PASSES, Compute
from easynas.nets.images import design_images
from easynas.nets.portfolio import Known, known_designs, parse
from easynas.schema import Answer, ImageSchema
from easynas.train import recipe

ROOT = Path(__file__).parents[2]
NAMES = [f"design {number}" for number in range(4)]

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A module of the benchmarks, which are a folder of scripts and no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module


def line(problem: str, candidate: Known, **found: Any) -> dict[str, Any]:
    setting = {"problem": problem, "images": 1000, "side": 32, "budget": 20.0, "seed": 0}
    return {**setting, "candidate": candidate._asdict(), **found}


def designs(count: int) -> list[Known]:
    return [Known("vgg/width", share, {"network": "vgg"}) for share in np.linspace(0.1, 1.0, count).tolist()]


def lines(scores: dict[str, Sequence[float]]) -> list[dict[str, Any]]:
    """A training for each score: of the first, second, ... candidate."""
    return [
        line(problem, candidate, score=score)
        for problem, own in scores.items()
        for candidate, score in zip(designs(len(own)), own, strict=True)
    ]


def test_an_error_is_0_for_the_best_and_1_from_the_median_on(load: Load) -> None:
    scaled = load("portfolio.choose").scaled
    found = scaled(np.array([0.9, 0.8, 0.7, 0.1, -np.inf]))
    np.testing.assert_allclose(found, [0.0, 0.5, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(scaled(np.array([0.5, 0.5])), [0.0, 0.0])


def test_the_best_alone_comes_first_and_then_what_is_good_where_it_is_not(load: Load) -> None:
    errors = np.array([[0.1, 0.0, 0.9, 1.0], [0.1, 0.2, 1.0, 1.0], [0.9, 1.0, 0.9, 0.0]])
    assert load("portfolio.choose").greedy(errors, np.full(3, 1 / 3), 4) == [0, 3, 1, 2]


def test_what_no_longer_makes_a_list_better_is_left_out(load: Load) -> None:
    choose = load("portfolio.choose")
    errors, weight = np.array([[0.1, 0.0, 0.9, 1.0], [0.1, 0.2, 1.0, 1.0], [0.9, 1.0, 0.9, 0.0]]), np.full(3, 1 / 3)
    assert choose.useful(errors, weight, [0, 3, 1, 2]) == [0, 3, 1]
    assert choose.useful(errors, weight, [0, 2, 1]) == [0, 2, 1]
    assert choose.useful(errors, weight, [2]) == [2]


def test_many_settings_of_one_problem_count_as_much_as_one_of_another(load: Load) -> None:
    found = load("portfolio.choose").weights(["a", "b", "a", "a"])
    np.testing.assert_allclose(found, [1 / 6, 1 / 2, 1 / 6, 1 / 6])


def test_what_generalizes_is_better_than_a_random_list_on_problems_that_were_left_out(load: Load) -> None:
    choose, rng = load("portfolio.choose"), np.random.default_rng(0)
    quality = np.linspace(0.0, 1.0, 20)
    scores = {name: (quality + 0.1 * rng.normal(size=20)).tolist() for name in "abcd"}
    problems, names, errors = choose.table(lines(scores))
    [*each, mean] = choose.validated(problems, names, errors, 3)
    assert [found["left_out"] for found in each] == list("abcd")
    assert mean["chosen"][0] < 0.5 * mean["random"][0]
    assert mean["chosen"] == sorted(mean["chosen"], reverse=True)


def test_settings_in_which_a_candidate_is_missing_do_not_count(load: Load) -> None:
    choose = load("portfolio.choose")
    records = lines({"a": [0.5, 0.6, 0.9], "b": [0.9, 0.1, 0.5]})
    problems, _, errors = choose.table(records[:-1])
    assert problems == ["a"]
    assert errors.shape == (1, 3)
    failed = [*records[:-1], line("b", designs(3)[2], error="out of memory")]
    assert choose.table(failed)[2][1].tolist() == [0.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="none complete"):
        choose.table([])


def test_the_table_that_is_written_has_what_was_chosen_and_all_others(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, table = tmp_path / "portfolio.jsonl", tmp_path / "portfolio.json"
    records = lines({"a": [0.5, 0.6, 0.9], "b": [0.8, 0.1, 0.7]})
    out.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    load("portfolio.choose").main(["--out", str(out), "--write", str(table)])
    written = parse(table.read_text(encoding="utf-8"))
    assert [each.share for each in written[:2]] == [0.1, 1.0]
    assert set(map(load("portfolio.trainings").key, written[2:])) == set(
        map(load("portfolio.trainings").key, known_designs())
    )
    assert "6 trainings of 3 candidates in 2 settings of a, b" in table.read_text(encoding="utf-8")
    assert json.loads(capsys.readouterr().out.splitlines()[0])["left_out"] == "a"


def test_designs_that_were_not_chosen_follow_by_how_good_they_are(load: Load) -> None:
    choose, key = load("portfolio.choose"), load("portfolio.trainings").key
    first, second, third, *rest = known_designs()
    found = choose.others([second], {key(third): 0.1, key(first): 0.7})
    assert found == (third, first, *rest)


def test_candidates_are_scaled_by_the_compute(load: Load) -> None:
    found = list(load("portfolio.trainings").candidates(drawn=30, related=20))
    assert len({load("portfolio.trainings").key(each) for each in found}) == len(found)
    assert all(each.knob not in each.values and 0 < each.share <= 1 for each in found)
    assert {str(each.values["network"]) for each in found} >= {"vgg", "resnet", "mbconv", "sepconv", "regnet"}


def test_relatives_of_the_portfolio_differ_from_it_in_one_choice_and_then_in_two(load: Load) -> None:
    known = list(load("portfolio.trainings").candidates(drawn=0, related=0))
    related = list(load("portfolio.trainings").candidates(drawn=0, related=2 * len(known)))[len(known) :]
    for number, (parent, child) in enumerate(zip(2 * known, related, strict=True)):
        assert (child.knob, child.share) == (parent.knob, parent.share)
        assert child.values["network"] == parent.values["network"]
        changed = [name for name, value in parent.values.items() if child.values.get(name) != value]
        assert len(changed) <= 1 + number // len(known)


def test_choices_that_the_images_do_not_have_are_left_out(load: Load) -> None:
    trainings = load("portfolio.trainings")
    compute = Compute(1.0, 1e10, 1_000)
    design = design_images(
        ImageSchema((12, 12, 1), "uint8", (100.0,), (4000.0,)),
        Answer("classes", 3),
        shape=(12, 12, 1),
        compute=compute,
        block=spaces.create("auto"),
        whitening=None,
        declare_training=recipe.declare,
        seed=0,
    )
    [first, *_] = known_designs()
    job = trainings.Ready(design, None, compute).job(0, first)
    assert first.values["whiten"]
    assert "whiten" not in job.values
    assert job.values["network"] == first.values["network"]


@pytest.mark.slow
def test_a_candidate_is_trained_with_the_compute_that_there_is(load: Load, tmp_path: Path) -> None:
    trainings, collect = load("portfolio.trainings"), load("portfolio.collect").collect
    setting = trainings.Setting("digits", 1_000, 32, 0.3, 0)
    [found] = collect(setting, [known_designs()[0]], Path(), workers=1)
    assert found["score"] >= 0.8
    ready = trainings.prepare(setting, Path(), tmp_path)
    values = dict(ready.job(0, known_designs()[0]).values)
    values.pop("train/epochs")
    spent = PASSES * found["epochs"] * ready.design.sizing.effort(values) * setting.images
    assert spent == pytest.approx(setting.budget * trainings.SPEED, rel=0.1)
    assert trainings.key(Known(**found["candidate"])) == trainings.key(known_designs()[0])
