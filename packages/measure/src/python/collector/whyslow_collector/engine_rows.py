"""Models of rows of features in the libraries that made them, asked as their users do: of a NumPy array, or with `row=dataframe` of a pandas DataFrame
that is there before. The difference is what the library spends on names and types of columns."""

import json
import re

from .errors import Contract

#: Arrays and parameters of scikit-learn's own estimators, which skops asks about since they are compiled.
_OWN_TYPES = re.compile(r"sklearn\.(tree\._tree\.Tree|ensemble\._hist_gradient_boosting\.\w+\.\w+|_loss\.\w+\.\w+)$")


class Rows:
    """`_open(file)` sets `features`; `_ask(rows)` is what is timed."""

    columns = None
    dtype = "float32"
    output = "prediction"

    def __init__(self, asked):
        entries = asked.get("configEntries", {})
        self.threads = asked.get("threads")
        self._is_frame = entries.get("row") == "dataframe"
        self._call = entries.get("call")
        self._open(asked["file"])
        self.inputs = [{"name": "input", "isTensor": True, "dtype": self.dtype, "shape": ["batch", self.features]}]
        self.outputs = [{"name": self.output, "isTensor": True, "dtype": None, "shape": None}]

    def bound(self, feeds):
        if "input" not in feeds:
            raise ValueError("no value for the input input")
        rows = feeds["input"]
        if self._is_frame:
            import pandas

            rows = pandas.DataFrame(rows, columns=self.columns)
        ask = self._ask
        return lambda: ask(rows)

    def host(self, results):
        return [(self.output, _columns(results))]

    def end_profiling(self):
        return None


class SklearnModel(Rows):
    """`.skops` alone: skops refuses what is of no type that it knows. Pickles are not opened."""

    def _open(self, file):
        import skops.io

        named = skops.io.get_untrusted_types(file=file)
        unknown = [one for one in named if not _OWN_TYPES.match(one)]
        if unknown:
            raise Contract("it holds objects of types that skops does not trust: %s" % ", ".join(sorted(unknown)[:3]))
        self._model = _of_this_version(lambda: skops.io.load(file, trusted=named))
        self.features = int(getattr(self._model, "n_features_in_", 0))
        names = getattr(self._model, "feature_names_in_", None)
        self.columns = None if names is None else list(names)
        if self.threads is not None and hasattr(self._model, "n_jobs"):
            self._model.n_jobs = self.threads
        self._ask = getattr(self._model, "predict_proba", None) or self._model.predict
        if self._call == "unchecked":
            self._ask = _unchecked(self._ask)


def _of_this_version(load):
    """What another version of scikit-learn saved may predict something else in this one: its trees of 1.2 give counts where later ones have shares."""
    import warnings

    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return load()
        except InconsistentVersionWarning as told:
            versions = (told.original_sklearn_version, told.current_sklearn_version)
            raise Contract("it was saved by scikit-learn %s, and this Python has %s: save it with that, or name an environment with --python" % versions) from None


def _unchecked(ask):
    """Without scikit-learn's checks of values and parameters."""
    import sklearn

    def asked(rows):
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            return ask(rows)

    return asked


class XgboostModel(Rows):
    """`Booster.inplace_predict`; `call=matrix`, and all that linear boosters have, is `Booster.predict(DMatrix(rows))`, as most write it."""

    def _open(self, file):
        import xgboost

        self._xgboost = xgboost
        self._model = xgboost.Booster()
        self._model.load_model(file)
        # It has no trees to leave out, and no prediction in place.
        self._is_linear = json.loads(self._model.save_config())["learner"]["gradient_booster"]["name"] == "gblinear"
        best = self._model.attr("best_iteration")
        if best is not None and self._model.attr("scikit_learn") is not None and not self._is_linear:
            # The classes for scikit-learn, which saved it, end there (formats/xgboost/learner.ts).
            self._model = self._model[: int(best) + 1]
        if self.threads is not None:
            self._model.set_param({"nthread": self.threads})
        self.features = int(self._model.num_features())
        self.columns = self._model.feature_names

    def _ask(self, rows):
        if self._call != "matrix" and not self._is_linear:
            return self._model.inplace_predict(rows, validate_features=False)
        names = self.columns if not self._is_frame else None
        return self._model.predict(self._xgboost.DMatrix(rows, feature_names=names))


class LightgbmModel(Rows):
    """`Booster.predict`."""

    dtype = "float64"

    def _open(self, file):
        import lightgbm

        self._model = lightgbm.Booster(model_file=file)
        self.features = int(self._model.num_feature())
        self.columns = self._model.feature_name()
        self._words = {} if self.threads is None else {"num_threads": self.threads}

    def _ask(self, rows):
        return self._model.predict(rows, **self._words)


class CatboostModel(Rows):
    """`CatBoost.predict` of a model in JSON: what it gives is raw, as the class's `prediction_type` says by default."""

    output = "margin"

    def _open(self, file):
        import catboost

        self._model = catboost.CatBoost()
        self._model.load_model(file, format="json")
        self.features = len(self._model.feature_names_)
        self.columns = self._model.feature_names_
        self._words = {} if self.threads is None else {"thread_count": self.threads}

    def _ask(self, rows):
        return self._model.predict(rows, **self._words)


def _columns(results):
    """One score a row is a column of its own, as in the graph that is read of the file."""
    import numpy

    array = numpy.asarray(results)
    return array.reshape(-1, 1) if array.ndim == 1 else array


CLASSES = {"sklearn": SklearnModel, "xgboost": XgboostModel, "lightgbm": LightgbmModel, "catboost": CatboostModel}
