"""What a model of rows refuses: it is asked itself, with a row that it was given in which one value is missing or infinite."""

import math
import sys
import warnings

#: Columns that are asked one by one.
_MOST_COLUMNS = 256


def refused_of(model, call, names):
    """{missing, infinite: numbers of columns in which it raises an error, as scikit-learn does; None: all}; {} if no row of the call can be changed.
    `names`: of columns in the model's order."""
    given = call.args[0] if call.args else next(call.kwargs[name] for name in ("X", "data", "x") if name in call.kwargs)
    words = {name: value for name, value in call.kwargs.items() if name not in ("X", "data", "x")}

    def refuses(rows):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(model, call.method)(_matrix(model, call.method, rows), **words)
        except Exception:  # each library has its own
            return True
        return False

    try:
        row = _first_row(given)
        if row is None or refuses(row):
            return {}
        return {name: _columns(row, value, refuses, names) for name, value in (("missing", math.nan), ("infinite", math.inf))}
    except Exception:  # of a table that is not changed as others are
        return {}


def _columns(row, value, refuses, names):
    if not hasattr(row, "iloc") or row.shape[1] > _MOST_COLUMNS:
        return None if refuses(_with(row, 0, value)) else []
    # Columns of a DataFrame have steps of their own. A text is never infinite.
    asked = [at for at in range(row.shape[1]) if value != value or row.dtypes.iloc[at].kind in "fiub"]
    found = [at for at in asked if refuses(_with(row, at, value))]
    if asked and len(found) == len(asked):
        return None
    given = [row.columns[at] for at in found]
    return found if names is None else [names.index(one) for one in given if one in names]


def _first_row(given):
    """The first row of a DataFrame, an array or lists, for writing into; None: it is none of them."""
    import numpy

    if hasattr(given, "iloc") and given.ndim == 2 and len(given):
        return given.iloc[:1]
    if hasattr(given, "tocsr"):
        given = given.tocsr()[:1].toarray()
    if isinstance(given, list) and given and not isinstance(given[0], dict):
        given = numpy.array(given)
    if type(given) is numpy.ndarray and given.ndim == 2 and len(given) and given.dtype.kind in "fiub":
        return given[:1].astype(given.dtype if given.dtype.kind == "f" else numpy.float64)
    return None


def _with(row, at, value):
    row = row.copy()
    if not hasattr(row, "iloc"):
        row[0, at] = value
        return row
    name = row.columns[at]
    if str(row[name].dtype) == "category":
        row[name] = row[name].mask([True])
        return row
    row[name] = [value] if row[name].dtype.kind in "fiub" else [None]
    return row


def _matrix(model, method, rows):
    """As a booster of XGBoost takes it."""
    library = sys.modules.get("xgboost")
    if library is None or type(model) is not library.Booster or method != "predict":
        return rows
    return library.DMatrix(rows, feature_names=model.feature_names)
