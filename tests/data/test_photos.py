"""Images in files: one size for all, read when they are asked for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from easynas.data.dataset import Dataset
from easynas.data.fingerprint import fingerprint
from easynas.data.images import ImageEncoder, ingest_images
from easynas.data.photos import Photos, as_paths
from easynas.data.store import Store
from easynas.errors import InputError


def save(folder: Path, *sizes: tuple[int, int], grey: bool = False) -> list[str]:
    """Files of noise with these heights and widths; the mean grows from one to the next."""
    rng = np.random.default_rng(0)
    paths = []
    for index, size in enumerate(sizes):
        noise = rng.integers(0, 100, (*size, *([] if grey else [3]))) + index * 100 // len(sizes)
        paths.append(str(folder / f"{index:03}.png"))
        Image.fromarray(noise.astype(np.uint8)).save(paths[-1])
    return paths


def of(paths: list[str]) -> Photos:
    return Photos.of(np.array(paths, dtype=object))


@pytest.mark.parametrize(
    ("sizes", "common"),
    [
        ([(20, 30)] * 4, (20, 30)),
        ([(500, 500)] * 4, (128, 128)),
        ([(200, 800)] * 3, (64, 256)),
        ([(100, 100), (60, 60), (80, 80)], (62, 62)),
        ([(100, 200), (200, 100)] * 3, (100, 100)),
    ],
)
def test_the_common_size_is_that_of_small_images_and_never_more_than_networks_use(
    sizes: list[tuple[int, int]], common: tuple[int, int], tmp_path: Path
) -> None:
    assert of(save(tmp_path, *sizes)).size == (*common, 3)


def test_grey_files_have_no_channels(tmp_path: Path) -> None:
    assert of(save(tmp_path, (9, 8), (9, 8), grey=True)).shape == (2, 9, 8)


def test_rows_and_slices_are_decoded(tmp_path: Path) -> None:
    paths = save(tmp_path, *[(6, 5)] * 5)
    photos = of(paths)
    everything = np.stack([np.array(Image.open(path)) for path in paths])
    assert np.array_equal(photos[:], everything)
    assert np.array_equal(photos[np.array([3, 1])], everything[[3, 1]])
    assert photos[:0].shape == (0, 6, 5, 3)


def test_broken_files_are_named_before_anything_is_decoded(tmp_path: Path) -> None:
    paths = save(tmp_path, *[(6, 5)] * 5)
    Path(paths[2]).write_text("no image")
    with pytest.raises(InputError, match=r"1 of 5 that cannot: '.*002\.png' \(damaged or no image\)"):
        of(paths)


@pytest.mark.parametrize("container", [list, np.array, pd.Series, lambda paths: [Path(each) for each in paths]])
def test_paths_may_come_in_any_container(container: type, tmp_path: Path) -> None:
    paths = save(tmp_path, *[(6, 5)] * 3)
    found = as_paths(container(paths))
    assert found is not None
    assert found.tolist() == paths
    data = ingest_images(container(paths), [0, 1, 0])
    assert data.samples[np.array([1])].shape == (1, 6, 5, 3)


def test_files_are_stored_at_the_resolution_of_the_trainings(tmp_path: Path) -> None:
    data = ingest_images(save(tmp_path, *[(40, 40)] * 6), [0, 1] * 3)
    assert isinstance(data.encoder, ImageEncoder)
    seen: list[tuple[int, int]] = []
    store = Store.write(
        tmp_path / "store",
        data,
        data.encoder.at((10, 10)),
        train=np.array([0, 2, 3, 5]),
        validation=np.array([1, 4]),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    blocks = data.samples[np.array([1, 4])].astype(float).reshape(2, 10, 4, 10, 4, 3).mean(axis=(2, 4))
    assert np.abs(store.validation().x - blocks).max() <= 0.5
    assert seen == [(4, 6), (6, 6)]


def test_the_same_files_elsewhere_are_the_same_data(tmp_path: Path) -> None:
    def data(folder: str, level: int) -> Dataset:
        (tmp_path / folder).mkdir()
        paths = save(tmp_path / folder, *[(6, 5)] * 4)
        Image.fromarray(np.full((6, 5, 3), level, np.uint8)).save(paths[0])
        return ingest_images(paths, [0, 1, 0, 1])

    assert fingerprint(data("a", 0)) == fingerprint(data("b", 0))
    assert fingerprint(data("c", 0)) != fingerprint(data("d", 255))


def test_files_to_predict_are_brought_to_the_size_of_fit(tmp_path: Path) -> None:
    encoder = ingest_images(
        np.random.default_rng(0).integers(0, 256, (4, 8, 6, 3), dtype=np.uint8), [0, 1, 0, 1]
    ).encoder
    assert encoder.check(save(tmp_path, (30, 40), (90, 50)))[:].shape == (2, 8, 6, 3)


def test_files_are_refused_where_fit_saw_other_units(tmp_path: Path) -> None:
    encoder = ingest_images(np.random.default_rng(0).random((4, 8, 6, 3)), [0, 1, 0, 1]).encoder
    with pytest.raises(InputError, match=r"pixels from 0 to 255.*3 channels of float64"):
        encoder.check(save(tmp_path, (8, 6)))
