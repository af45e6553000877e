"""The package: what it is called, what it needs and what it installs. The tools' settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def version() -> str:
    """The version in `easynas/version.py`, read without importing the package."""
    names: dict[str, str] = {}
    exec((ROOT / "easynas" / "version.py").read_text(encoding="utf-8"), names)
    return names["__version__"]


# Lower bounds are the oldest releases whose interface the code uses; upper bounds the next major release.
# docs/findings.md says with which versions everything was run.
REQUIRED = [
    "cloudpickle>=3,<4",
    "filelock>=3.15,<5",
    "h5py>=3.11,<4",
    "jinja2>=3.1,<4",
    "keras>=3.12,<4",
    "keras-tuner>=1.4.7,<2",
    "markupsafe>=2.1,<4",
    "numpy>=2,<3",
    "pandas>=2.2.2,<4",
    "pebble>=5.1,<6",
    "pillow>=10",
    "psutil>=6,<8",
    "rich>=13.9,<16",
    "scikit-learn>=1.6,<2",
    "scipy>=1.13,<2",
    "tensorflow>=2.18,<3",
    "tensorflow-model-optimization>=0.8.1,<1",
    "tf_keras>=2.18,<3",  # each release pins the TensorFlow of the same number, so pip keeps the two together
    "threadpoolctl>=3.5,<4",
    "typer>=0.12,<1",
    "waitress>=3,<4",
]
PARQUET = ["pyarrow>=15"]
RAY = ["ray>=2.40,<3"]
ONNX = ["onnxruntime>=1.20", "tf2onnx>=1.17"]
RUNTIME = ["ai-edge-litert>=2,<3"]  # all that a device needs beside numpy
OPTUNA = ["optuna>=4,<6"]
BENCH = ["matplotlib>=3.9,<4"]
TEST = [
    *PARQUET,
    *BENCH,  # a tutorial draws with it
    *RAY,
    *OPTUNA,
    *RUNTIME,
    "click>=8.2",
    "hypothesis>=6.100",
    "polars>=1",
    "pytest>=8",
    "pytest-timeout>=2.3",
    "pytest-xdist>=3.6",
]
DOCS = ["mkdocs-material>=9.5,<10", "mkdocstrings[python]>=0.27,<2"]
DEV = [*TEST, *DOCS, "import-linter>=2.1", "mypy>=1.15", "pandas-stubs>=2.2", "pre-commit>=4", "ruff>=0.9"]

setup(
    name="easynas",
    version=version(),
    description="Finds, trains, compresses and ships a Keras network within a time budget.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["easynas", "easynas.*"]),
    package_data={
        "easynas": ["py.typed"],
        "easynas.nets": ["portfolio.json"],
        "easynas.report": ["templates/*"],
        "easynas.samples": ["*.npz", "*LICENSE*"],
    },
    install_requires=REQUIRED,
    extras_require={
        "onnx": ONNX,
        "optuna": OPTUNA,
        "parquet": PARQUET,
        "ray": RAY,
        "runtime": RUNTIME,
        "test": TEST,
        "bench": BENCH,
        "docs": DOCS,
        "dev": DEV,
    },
    entry_points={"console_scripts": ["easynas=easynas.cli:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
