"""Exported files where neither TensorFlow nor scikit-learn is: numpy, an interpreter and `easynas.runtime`."""

import importlib.util
import json
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import easynas

WITHOUT_LITERT = importlib.util.find_spec("ai_edge_litert") is None
PROGRAM = """
import json, sys
import numpy as np
import easynas.runtime
images = np.load("images.npy")
texts, rows = json.load(open("samples.json"))
predicted = {
    name: easynas.runtime.load(f"{name}.tflite").predict(samples)
    for name, samples in (("images", images), ("texts", texts), ("rows", rows))
}
heavy = sorted({"tensorflow", "keras", "pandas", "sklearn", "scipy"} & set(sys.modules))
print(json.dumps({"predicted": predicted, "heavy": heavy}))
"""


def installed(folder: Path) -> Path:
    """A new environment that has what a device needs of this one, and nothing else."""
    venv.create(folder, with_pip=False)
    place = next(folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages")
    package = Path(easynas.__file__).parent
    needed = [Path(importlib.util.find_spec(name).origin).parent for name in ("numpy", "ai_edge_litert", "flatbuffers")]
    needed += [needed[0].parent / name for name in ("numpy.libs", "backports", "google", "tqdm", "ml_dtypes")]
    extras = [needed[0].parent / name for name in ("typing_extensions.py",)]
    for path in (package, *needed, *extras):
        if path.exists():
            (place / path.name).symlink_to(path)
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"


@pytest.mark.slow
@pytest.mark.skipif(WITHOUT_LITERT, reason="needs ai-edge-litert")
def test_images_texts_and_tables_are_predicted_without_tensorflow(files: dict[str, list], tmp_path: Path) -> None:
    python = installed(tmp_path / "environment")
    expected, folder = files
    ran = subprocess.run([str(python), "-c", PROGRAM], check=False, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    received = json.loads(ran.stdout)
    assert received["heavy"] == []
    assert received["predicted"] == expected


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(WITHOUT_LITERT, reason="needs ai-edge-litert")
def test_a_device_is_profiled_without_tensorflow_and_networks_are_put_in_order(tmp_path: Path) -> None:
    """From a device to a prediction elsewhere, with the time of real networks on this machine as the truth."""
    from easynas.deploy.measure import latency
    from easynas.deploy.quantize import quantize
    from easynas.runtime import Profile
    from tests.runtime.small import tower_bundle

    python = installed(tmp_path / "environment")
    command = "-m", "easynas.runtime.profile", "pi.json", "--seconds", "3"
    ran = subprocess.run(
        [str(python), *command],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "rank correlation" in ran.stdout
    profile = Profile.load(tmp_path / "pi.json")
    assert profile.unsupported == ()
    assert len(profile.costs) > 100
    assert min(cost.probes for cost in profile.costs.values()) >= 5
    contents = [
        quantize(tower_bundle(width), numbers, integers=False, agreement=lambda content: 1.0).content
        for width in (4, 12, 32)
        for numbers in ("float32", "int8")
    ]
    measured = np.array([latency(content, seconds=0.2).median_ms for content in contents])
    predicted = np.array([profile.predict(content) for content in contents])
    assert spearmanr(predicted, measured).statistic > 0.8
    assert np.median(np.abs(predicted / measured - 1)) < 0.5


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list], Path]:
    """A folder with three files and samples, and what Keras predicts."""
    from easynas.deploy.export import export
    from tests.runtime.small import image_bundle, table_bundle, text_bundle

    folder = tmp_path_factory.mktemp("files")
    bundles = {"images": image_bundle(), "texts": text_bundle(), "rows": table_bundle()}
    expected = {}
    for name, bundle in bundles.items():
        export(bundle, folder / f"{name}.tflite")
        expected[name] = bundle.predict(bundle.answers(bundle.samples)).tolist()
    np.save(folder / "images.npy", bundles["images"].samples)
    texts, table = bundles["texts"].samples.tolist(), bundles["rows"].samples.columns
    rows = [
        {name: cells[row].item() if isinstance(cells[row], np.generic) else cells[row] for name, cells in table.items()}
        for row in range(len(bundles["rows"].samples))
    ]
    (folder / "samples.json").write_text(json.dumps([texts, rows]))
    return expected, folder
