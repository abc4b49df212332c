"""Two ways to ask the same of an engine, in turns, on what the user's code asked last: `predict` against the direct call. Results are compared
first; whether they differ is told, not judged."""

import sys

from . import values
from .clock import in_turns

_BUDGET_MS = 700
_SMALL_ROWS = 32


def alternatives(run, libraries):
    found = []
    for session in libraries.sessions:
        if session.last is None or session.ran is None or not session.runs:
            continue
        tries = [("predict-call-overhead", *way) for way in _ways(session)]
        if session.engine == "pytorch":
            tries.extend(_torch(session))
        found.extend(row for row in (_tried(session, *one) for one in tries) if row)
    return found


def _tried(session, rule, now, instead, ways):
    try:
        equal = compare(ways[0](), ways[1]())
        timed = in_turns(ways[0], ways[1], _BUDGET_MS)
    except Exception:
        return None
    return {**session.ran, "rule": rule, "now": now, "instead": instead, "equal": equal, **timed}


def _ways(session):
    """(now, instead, (call, call)) of those that this engine has."""
    method, args, kwargs = session.last
    model, given = args[0], args[1:]
    bound = lambda: getattr(model, method)(*given, **kwargs)  # noqa: E731
    if not given or rows_of(given[0]) > _SMALL_ROWS:
        return []
    if session.engine == "keras" and method == "predict":
        return _keras(model, given, kwargs, bound)
    if session.engine == "scikit-learn" and method in ("predict", "predict_proba"):
        return _sklearn(model, method, given, kwargs, bound)
    if session.engine == "xgboost" and method == "predict":
        return _xgboost(model, given, kwargs, bound)
    return []


def _torch(session):
    """(rule, now, instead, (call, call)): without gradients, and out of training mode."""
    torch = sys.modules.get("torch")
    _, args, kwargs = session.last
    model = args[0]
    if torch is None:
        return
    bound = lambda: model(*args[1:], **kwargs)  # noqa: E731
    if session.gradients:

        def without():
            with torch.inference_mode():
                return bound()

        yield "gradient-tracking", "model(x)", "with torch.inference_mode(): model(x)", (bound, without)
    if session.training and hasattr(model, "eval"):

        def settled():
            model.eval()
            try:
                return bound()
            finally:
                model.train()

        yield "training-mode", "model.train()", "model.eval()", (bound, settled)


def _keras(model, given, kwargs, bound):
    x = given[0]
    ways = [("model.predict(x)", "model(x, training=False).numpy()", (bound, lambda: _host(model(x, training=False))))]
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        function = tensorflow.function(lambda value: model(value, training=False))
        tensor = tensorflow.convert_to_tensor(x)
        if tensor.dtype == tensorflow.float64:
            tensor = tensorflow.cast(tensor, tensorflow.float32)
        told = "tf.function(model)(x).numpy()"
        ways.append(("model.predict(x)", told, (bound, lambda: _host(function(tensor)))))
    return ways


def _host(value):
    value = value.detach() if hasattr(value, "detach") else value
    return value.numpy() if hasattr(value, "numpy") else value


def _sklearn(model, method, given, kwargs, bound):
    sklearn = sys.modules.get("sklearn")

    def unchecked():
        with sklearn.config_context(assume_finite=True):
            return bound()

    ways = [("%s(x)" % method, "with sklearn.config_context(assume_finite=True): %s(x)" % method, (bound, unchecked))]
    x = given[0]
    if values.fact(x)["kind"] == "dataframe":
        import numpy

        array = numpy.ascontiguousarray(x.to_numpy())
        if array.dtype != object:
            import warnings

            def by_array():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return getattr(model, method)(array, **kwargs)

            ways.append(("%s(DataFrame)" % method, "%s(array) of a model fitted without names" % method, (bound, by_array)))
    jobs = getattr(model, "n_jobs", None)
    if jobs not in (None, 1):

        def alone():
            model.n_jobs = 1
            try:
                return bound()
            finally:
                model.n_jobs = jobs

        ways.append(("%s(x) with n_jobs=%s" % (method, jobs), "%s(x) with n_jobs=1" % method, (bound, alone)))
    return ways


def _xgboost(model, given, kwargs, bound):
    xgboost = sys.modules.get("xgboost")
    x = given[0]
    if xgboost is None:
        return []
    if isinstance(x, xgboost.DMatrix):
        data = x.get_data()
        import numpy

        dense = numpy.ascontiguousarray(data.toarray().astype(numpy.float32))
        booster = model

        def by_matrix():
            return booster.predict(xgboost.DMatrix(dense), **kwargs)

        return [("predict(DMatrix(x))", "inplace_predict(x)", (by_matrix, lambda: booster.inplace_predict(dense)))]
    if hasattr(model, "get_booster") and values.fact(x)["kind"] == "dataframe":
        array = x.to_numpy()
        return [("predict(DataFrame)", "predict(array)", (bound, lambda: type(model).predict(model, array, **kwargs)))]
    return []


def rows_of(value):
    told = values.fact(value)
    if told["shape"]:
        return told["shape"][0]
    rows = getattr(value, "num_row", None)
    return rows() if callable(rows) else told["length"] or 0


def compare(one, other):
    """'bits', 'rounding' or 'different'."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return "bits" if one == other else "different"
    one, other = numpy.asarray(_host(one)), numpy.asarray(_host(other))
    if one.shape != other.shape:
        one, other = numpy.squeeze(one), numpy.squeeze(other)
    if one.shape != other.shape:
        return "different"
    if one.dtype == other.dtype and one.tobytes() == other.tobytes():
        return "bits"
    if one.dtype.kind not in "fc" or other.dtype.kind not in "fc":
        return "bits" if numpy.array_equal(one, other) else "different"
    return "rounding" if numpy.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True) else "different"
