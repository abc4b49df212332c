"""A fitted estimator of scikit-learn as the file that `skops.io.dump` writes of it (a zip of a description and arrays), by the standard library and NumPy.
Categories that are texts become their places in the encoder's list, since the format's readers know numbers alone; `texts` of the answer has them, by
column. https://skops.readthedocs.io/en/stable/persistence.html"""

import copy
import io
import json
import math
import zipfile

from .errors import Contract

_ENCODERS = ("OneHotEncoder", "OrdinalEncoder")
#: Neither fits a row: what was given to make the estimator, or is kept of its training.
_LEFT_OUT = ("_rng", "random_state", "callbacks", "loss_curve_", "_random_state", "_optimizer", "train_score_", "_loss", "named_estimators_")


def write(model, file):
    """(codes of texts, what is known where anything else is refused), both by column, the columns that are dropped, and those of texts to which None is
    unknown. Throws Contract where texts cannot become numbers."""
    texts = Texts()
    numbered = _numbered(model, None, texts)
    with zipfile.ZipFile(file, "w") as archive:
        schema = {**_Writer(archive).node(numbered), "protocol": 2}
        archive.writestr("schema.json", json.dumps(schema))
    return texts, texts.strict, texts.dropped, sorted(set(texts) - texts.none_filled)


def by_skops(model, file):
    """The same as skops itself writes it, for scikit-learn to open; None: skops is not installed, or does not write it."""
    try:
        import skops.io

        skops.io.dump(_numbered(model, None, Texts()), file)
    except Exception:
        return None
    return file


class Texts(dict):
    """Codes of texts, by column."""

    def __init__(self):
        super().__init__()
        #: What encoders know that refuse anything else, by column.
        self.strict = {}
        #: Columns that the model drops, whatever they hold.
        self.dropped = set()
        #: Columns in which an imputer fills None; in others None is a text that no encoder knows, and NaN alone is missing.
        self.none_filled = set()


class _Writer:
    def __init__(self, archive):
        self._archive = archive
        # Names as those of Python's id(), by which the format is known.
        self._arrays = 10**8

    def node(self, value):
        import numpy

        if value is None or isinstance(value, (bool, int, float, str)):
            return self._head("builtins", type(value).__name__, "JsonNode", json.dumps(value))
        if isinstance(value, numpy.generic):
            return self.node(value.item()) if value.dtype.names is None else self._opaque(value)
        if isinstance(value, numpy.ndarray):
            return self._array(value)
        if isinstance(value, slice):
            content = {name: getattr(value, name) for name in ("start", "stop", "step")}
            return self._head("builtins", "slice", "SliceNode", content)
        if isinstance(value, (list, tuple)):
            return self._head("builtins", type(value).__name__, "ListNode", [self.node(one) for one in value])
        if isinstance(value, dict):
            return self._head("builtins", "dict", "DictNode", {str(name): self.node(one) for name, one in value.items()})
        return self._object(value)

    def _head(self, module, name, loader, content):
        return {"__class__": name, "__module__": module, "__loader__": loader, "content": content}

    def _array(self, value):
        if value.dtype.kind == "O":
            return self._head("numpy", "ndarray", "NdArrayNode", [self.node(one) for one in value.tolist()]) | {"type": "json"}
        import numpy

        self._arrays += 1
        name = "%d.npy" % self._arrays
        buffer = io.BytesIO()
        numpy.save(buffer, numpy.ascontiguousarray(value), allow_pickle=False)
        self._archive.writestr(name, buffer.getvalue())
        return {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": name}

    def _object(self, value):
        state = _state_of(value)
        if state is None:
            return self._opaque(value)
        kept = {name: one for name, one in state.items() if name not in _LEFT_OUT}
        return self._head(type(value).__module__, type(value).__name__, "ObjectNode", self.node(kept))

    def _opaque(self, value):
        import numpy

        name = getattr(value, "__name__", "")
        if isinstance(value, numpy.ufunc) and getattr(numpy, name, None) is value:
            return {"__class__": name, "__module__": "numpy", "__loader__": "FunctionNode"}
        return self._head(type(value).__module__, type(value).__name__, "ObjectNode", {})


def _state_of(value):
    """Its fields; None: it has none that are data."""
    if isinstance(value, type) or callable(value) and not hasattr(value, "get_params"):
        return None
    if type(value).__module__ == "sklearn.tree._tree":
        return value.__reduce__()[2]
    given = getattr(value, "__getstate__", lambda: None)()
    state = given if isinstance(given, dict) else getattr(value, "__dict__", None)
    return state if isinstance(state, dict) and type(value).__module__.split(".")[0] in ("sklearn", "builtins", "numpy") else None


def _numbered(model, columns, texts, are_given=True):
    """The estimator with codes in place of texts; the same object where there are none. `columns`: of the model's input that it is given; None: all.
    `are_given`: they are what the model is given, but for values that are missing."""
    name = type(model).__name__
    if hasattr(model, "best_estimator_"):
        return _numbered(model.best_estimator_, columns, texts, are_given)
    if hasattr(model, "steps"):
        twin = copy.copy(model)
        twin.steps, given = [], columns
        for label, step in model.steps:
            twin.steps.append((label, step if step is None or isinstance(step, str) else _numbered(step, given, texts, are_given)))
            if hasattr(step, "get_support"):
                given = [given[at] if given is not None else at for at in map(int, step.get_support(indices=True))]
            are_given = are_given and (step is None or isinstance(step, str) or _fills_missing(step))
        return twin
    if name == "ColumnTransformer" and columns is None:
        twin = copy.copy(model)
        places = places_of(model)
        used = {at for label, step, _ in model.transformers_ if not isinstance(step, str) or step != "drop" for at in places[label]}
        texts.dropped.update(set(range(model.n_features_in_)) - used)
        twin.transformers_ = [
            (label, step if isinstance(step, str) else _numbered(step, places[label], texts, are_given), places[label]) for label, step, _ in model.transformers_
        ]
        if hasattr(twin, "_transformer_to_input_indices"):
            twin._transformer_to_input_indices = {key: list(map(int, value)) for key, value in model._transformer_to_input_indices.items()}
        return twin
    if name in _ENCODERS:
        return _codes(model, columns, texts, are_given)
    if hasattr(model, "get_support") and not hasattr(model, "support_"):
        # Of some it follows from the model that chose, and only scikit-learn knows how.
        twin = copy.copy(model)
        twin.support_ = model.get_support()
        return twin
    if name == "SimpleImputer" and model.statistics_.dtype.kind in "OU":
        return _imputer(model, columns, texts)
    return model


def _fills_missing(step):
    missing = getattr(step, "missing_values", None)
    return type(step).__name__ == "SimpleImputer" and isinstance(missing, float) and missing != missing


def places_of(model):
    """Columns of the input, by transformer."""
    known = getattr(model, "_transformer_to_input_indices", None)
    if known is not None:
        return {label: list(map(int, known.get(label, []))) for label, _, _ in model.transformers_}
    names = list(getattr(model, "feature_names_in_", []))
    return {label: [names.index(one) if isinstance(one, str) else one for one in columns] for label, _, columns in model.transformers_}


def _codes(encoder, columns, texts, are_given):
    import numpy

    categories = []
    for at, known in enumerate(encoder.categories_):
        column = columns[at] if columns is not None else at
        is_text = known.dtype.kind in "OU"
        # NaN stays what it is, and None is refused: the rows of a program may have both.
        codes = _table([one for one in known.tolist() if one == one], column, texts) if is_text else None
        if encoder.handle_unknown == "error" and are_given:
            values = [one for one in known.tolist() if one == one]
            texts.strict[column] = [one for one in values if one in texts.strict.get(column, values)]
        if not is_text:
            categories.append(known)
            continue
        categories.append(numpy.array([codes.get(one, math.nan) for one in known.tolist()], numpy.float64))
    if any(one is not other for one, other in zip(categories, encoder.categories_)):
        encoder = copy.copy(encoder)
        encoder.categories_ = categories
    return encoder


def _imputer(imputer, columns, texts):
    import numpy

    missing = imputer.missing_values
    if isinstance(missing, str) and missing != "nan":
        raise Contract("an imputer of texts for %r" % missing)
    if missing is None:
        texts.none_filled.update(range(len(imputer.statistics_)) if columns is None else columns)
    twin = copy.copy(imputer)
    twin.missing_values = float("nan")
    twin.statistics_ = numpy.array(
        [_table([one], columns[at] if columns is not None else at, texts)[one] for at, one in enumerate(imputer.statistics_.tolist())], numpy.float64
    )
    for name in ("_fill_dtype", "_fit_dtype"):
        vars(twin).pop(name, None)
    return twin


def _table(values, column, texts):
    """The codes of a column's texts, with these among them."""
    table = texts.setdefault(column, {})
    for one in values:
        if isinstance(one, str):
            table.setdefault(one, len(table))
        else:
            raise Contract("a category for missing texts" if one is None or one != one else "a column of texts and numbers")
    return table
