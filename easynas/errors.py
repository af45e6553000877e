"""The error tree. Everything that easynas raises on purpose is an `EasynasError`.

EasynasError
├── InputError          the caller's data or settings; also a ValueError
│   ├── BudgetError     the time budget is malformed or too short for this data
│   └── NotFittedError  something was asked of an estimator before `fit`; also scikit-learn's NotFittedError
├── SearchError         the search ended without a single model
├── StudyError          the journal of a study cannot be read, or belongs to other data
└── ExportError         a model could not be converted or the converted file disagrees with it

A message says what must hold, what was received, and what to do.
"""

import sklearn.exceptions


class EasynasError(Exception):
    """Base of all errors raised by easynas."""


class InputError(EasynasError, ValueError):
    """The data or a setting is not usable."""


class BudgetError(InputError):
    """The time budget is malformed or too short."""


class NotFittedError(InputError, sklearn.exceptions.NotFittedError):  # type: ignore[misc]
    """The estimator has no model yet."""


class SearchError(EasynasError):
    """No trial produced a model."""


class StudyError(EasynasError):
    """The journal cannot be used."""


class ExportError(EasynasError):
    """The model cannot be exported as asked."""
