"""Two ways to ask the same of an engine, in turns, on what the user's code asked last: `predict` against the direct call. Results are compared
first; whether they differ is told, not judged."""

import sys

from . import instead_of_preparing, values, vectorizers
from .clock import in_turns
from .instead_of_columns import by_columns
from .instead_of_forest import by_trees
from .torch_model import without_gradients

_BUDGET_MS = 700
_SMALL_ROWS = 32
#: Of the inputs of a model of transformers: 0 for what is padding.
_MASK = "attention_mask"
#: How scikit-learn's checks are left out.
_CHECKS = "sklearn.config_context("
#: Models of rows of features: what stands around them is their library's wrapper.
_TABULAR = ("scikit-learn", "xgboost", "lightgbm", "catboost")


def alternatives(run, libraries):
    found = []
    for number, session in enumerate(libraries.sessions):
        if session.last is None or session.ran is None or not session.runs:
            continue
        try:
            tries = [(_rule_of(session, way), *way) for way in _ways(session, libraries.matrices)]
            twice = _asked_twice(session)
        except Exception:
            # A library that cannot be asked so: the other sessions are.
            continue
        if session.engine == "pytorch":
            tries.extend(_torch(session))
        if session.engine == "keras" and session.training:
            tries.append(_keras_training(session))
        if twice is not None:
            row = _tried(session, *twice[1])
            found.extend([{**row, "model": number, "callsPerPrediction": twice[0]}] if row else [])
        found.extend({**row, "model": number} for row in (_tried(session, *one) for one in tries) if row)
    return found


def _asked_twice(session):
    """How often a classifier was asked for labels and probabilities of one input in one prediction, and (rule, now, instead, (call, call)): the label taken
    from the probabilities. None: it was not."""
    if session.engine not in _TABULAR:
        return None
    labels, probabilities = (
        [args for method, args, kwargs in session.in_one_prediction if method == name and not kwargs] for name in ("predict", "predict_proba")
    )
    pairs = [args for args in labels if any(_are_same(args, other) for other in probabilities)]
    classes = getattr(pairs[-1][0], "classes_", None) if pairs else None
    # Several outputs have classes each.
    if classes is None or not len(classes) or hasattr(classes[0], "__len__") and not isinstance(classes[0], (str, bytes)):
        return None
    numpy = sys.modules["numpy"]
    model, x = pairs[-1]
    classes = numpy.asarray(classes)

    def once():
        scores = model.predict_proba(x)
        return classes[numpy.argmax(scores, axis=1)], scores

    instead = "taking the class with the highest probability as the label"
    ways = (lambda: (model.predict(x), model.predict_proba(x)), once)
    return len(pairs), ("repeated-prediction", "Asking for predict(x) and predict_proba(x)", instead, ways)


def _are_same(args, others):
    """The same objects, a model and its one input."""
    return len(args) == len(others) == 2 and all(one is other for one, other in zip(args, others))


def prepared(libraries, predictions):
    """Of preprocessing by libraries."""
    return instead_of_preparing.found(libraries.preparations, predictions, _tried)


def _rule_of(session, way):
    """Keras's predict, scikit-learn's checks and XGBoost's DMatrix are ways to ask; what else stands around rows of features is the library's wrapper."""
    now, instead, _ = way
    asks = session.engine not in _TABULAR or _CHECKS in instead or "DMatrix" in now
    return "predict-call-overhead" if asks else "wrapper-overhead"


def _tried(session, rule, now, instead, ways):
    try:
        equal = compare(ways[0](), ways[1]())
        timed = in_turns(ways[0], ways[1], _BUDGET_MS)
    except Exception:
        return None
    return {**session.ran, "rule": rule, "now": now, "instead": instead, "equal": equal, **timed}


def _ways(session, matrices=()):
    """(now, instead, (call, call)) of those that this engine has. `matrices`: DMatrix objects with what they were made of."""
    method, args, kwargs = session.last
    model, given = args[0], args[1:]
    bound = lambda: getattr(model, method)(*given, **kwargs)  # noqa: E731
    if not given or rows_of(parts_of(given[0])[0] if session.engine == "keras" else given[0]) > _SMALL_ROWS:
        return []
    if session.engine == "keras" and method == "predict":
        return _keras(model, given, kwargs, bound)
    if session.engine == "scikit-learn" and method in ("predict", "predict_proba"):
        return _sklearn(model, method, given, kwargs, bound)
    if session.engine == "xgboost" and method in ("predict", "predict_proba"):
        return _xgboost(model, method, given, kwargs, matrices)
    if session.engine == "lightgbm" and method in ("predict", "predict_proba"):
        return _lightgbm(model, method, given, kwargs, bound)
    if session.engine == "catboost" and method in ("predict", "predict_proba"):
        return _catboost(model, method, given, kwargs, bound)
    return []


def _torch(session):
    """(rule, now, instead, (call, call)): without gradients, out of training mode, without positions that are padding in all texts."""
    torch = sys.modules.get("torch")
    _, args, kwargs = session.last
    model = args[0]
    if torch is None:
        return
    bound = lambda: model(*args[1:], **kwargs)  # noqa: E731
    if session.gradients:
        name = without_gradients(torch, model)

        def without():
            with getattr(torch, name)():
                return bound()

        yield "gradient-tracking", "model(x)", "with torch.%s(): model(x)" % name, (bound, without)
    if session.training and hasattr(model, "eval"):

        def settled():
            model.eval()
            try:
                return bound()
            finally:
                model.train()

        yield "training-mode", "model.train()", "model.eval()", (bound, settled)
    shorter = _without_padding(torch, kwargs)
    if shorter is not None and len(args) == 1:
        yield "padding-waste", "The model with all padding", "without what is padding in all texts, it", (bound, lambda: model(**shorter))


def _without_padding(torch, kwargs):
    """The words of the call without the positions behind its longest text; None: there are none, or there is no mask."""
    mask = kwargs.get(_MASK)
    if not isinstance(mask, torch.Tensor) or mask.dim() != 2 or not mask.numel():
        return None
    used = mask.ne(0).any(0).nonzero()
    longest = int(used[-1]) + 1 if len(used) else 0
    if not 0 < longest < mask.shape[1]:
        return None
    is_of_tokens = lambda one: isinstance(one, torch.Tensor) and one.dim() == 2 and one.shape == mask.shape  # noqa: E731
    return {name: one[:, :longest] if is_of_tokens(one) else one for name, one in kwargs.items()}


def _keras_training(session):
    """(rule, now, instead, (call, call)): out of training mode."""
    _, args, kwargs = session.last
    model, given = args[0], args[1:]
    ways = [lambda training=training: model(*given, **{**kwargs, "training": training}) for training in (True, False)]
    return "training-mode", "model(x, training=True)", "model(x, training=False)", ways


def _keras(model, given, kwargs, bound):
    x = given[0]
    ways = [("model.predict(x)", "model(x, training=False).numpy()", (bound, lambda: host(model(x, training=False))))]
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        function = tensorflow.function(lambda value: model(value, training=False))

        def tensor_of(one):
            tensor = tensorflow.convert_to_tensor(one)
            return tensorflow.cast(tensor, tensorflow.float32) if tensor.dtype == tensorflow.float64 else tensor

        tensor = of_each(tensor_of, x)
        told = "tf.function(model)(x).numpy()"
        ways.append(("model.predict(x)", told, (bound, lambda: host(function(tensor)))))
    return ways


def _is_structure(value):
    """Several arrays by name or in order, and no list of numbers, which is an array itself."""
    if isinstance(value, (list, tuple)):
        return any(_is_structure(one) or getattr(one, "shape", ()) != () for one in value)
    return isinstance(value, dict)


def of_each(function, value):
    """The structure with what a function makes of each of its arrays."""
    if not _is_structure(value):
        return function(value)
    if isinstance(value, dict):
        return {name: of_each(function, one) for name, one in value.items()}
    return [of_each(function, one) for one in value]


def parts_of(value):
    """The arrays of a structure, one at least."""
    found = []
    of_each(found.append, value)
    return found or [None]


def host(value):
    if _is_structure(value):
        return of_each(host, value)
    value = value.detach() if hasattr(value, "detach") else value
    return value.numpy() if hasattr(value, "numpy") else value


def _sklearn(model, method, given, kwargs, bound):
    sklearn = sys.modules.get("sklearn")

    known = sklearn.get_config()
    without = {name: True for name in ("assume_finite", "skip_parameter_validation") if known.get(name) is False}

    def unchecked():
        with sklearn.config_context(**without):
            return bound()

    words = ", ".join("%s=True" % name for name in without)
    ways = [("%s(x)" % method, "with %s%s): %s(x)" % (_CHECKS, words, method), (bound, unchecked))] if without else []
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
        asked = _steps_asked(model, method, x)
        if asked is not None:
            told = "its fitted steps, called one after the other on arrays of their columns in place of a DataFrame,"
            ways.append(("%s(DataFrame)" % method, told, (bound, asked)))
    asked = _terms_asked(model, method, x)
    if asked is not None:
        told = "its terms counted into rows, and its fitted steps on these, without sparse matrices,"
        ways.append(("%s(texts)" % method, told, (bound, asked)))
    asked = by_trees(model, method, x)
    if asked is not None:
        ways.append(("%s(%s)" % (method, "DataFrame" if hasattr(x, "to_numpy") else "x"), "each tree's tree_.predict(array)", (bound, asked)))
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


def _terms_asked(model, method, texts):
    """None: the model does not begin with texts, or with texts that are read by the program's own functions. Texts in columns are those of by_columns."""
    try:
        told, rest = vectorizers.split(model)
        if "column" in told[0]:
            return None
        from .text_rows import TextRows

        rows = TextRows(told)
        rows.matrix(texts)
        last = getattr(rest, method)
    except Exception:
        return None
    return lambda: last(rows.matrix(texts))


def _steps_asked(model, method, frame):
    """None: the model is of another kind, or its steps do not take arrays."""
    try:
        return by_columns(model, method, frame)
    except Exception:
        return None


def _xgboost(model, method, given, kwargs, matrices):
    xgboost = sys.modules.get("xgboost")
    x = given[0]
    if xgboost is None or not set(kwargs) <= {"output_margin", "iteration_range"}:
        return []
    if isinstance(x, xgboost.DMatrix):
        made_of = next((data for matrix, data in matrices if matrix is x), None)
        source = x.get_data().toarray() if made_of is None else made_of
        told = "predict(DMatrix(DataFrame))" if values.fact(source)["kind"] == "dataframe" else "predict(DMatrix(x))"
        # A booster with names of its columns refuses a matrix without.
        made = lambda: xgboost.DMatrix(source, feature_names=x.feature_names, feature_types=x.feature_types)  # noqa: E731
        return _in_place(model, told, lambda: model.predict(made(), **kwargs), source, kwargs)
    if not hasattr(model, "get_booster"):
        return []
    told = "%s(%s)" % (method, "DataFrame" if values.fact(x)["kind"] == "dataframe" else "x")
    bound = lambda: getattr(model, method)(x, **kwargs)  # noqa: E731
    answered = _answered(model, "margin" if kwargs.get("output_margin") else method)
    return _in_place(model.get_booster(), told, bound, x, kwargs, answered)


def _in_place(booster, told, bound, source, kwargs, answered=("", lambda one: one)):
    """The trees asked by their Booster, of an array, as they are set and on one thread."""
    array = _array(source, "float32")
    if array is None:
        return []
    wanted = {"iteration_range": kwargs["iteration_range"]} if "iteration_range" in kwargs else {}
    if kwargs.get("output_margin"):
        wanted["predict_type"] = "margin"
    single = booster.copy()
    single.set_param({"nthread": 1})
    then, answer = answered
    in_place = lambda one: lambda: answer(one.inplace_predict(array, **wanted))  # noqa: E731
    instead = "Booster.inplace_predict(array)"
    return [
        (told, instead + then, (bound, in_place(booster))),
        (told, instead + then + " with nthread=1", (bound, in_place(single))),
    ]


def _lightgbm(model, method, given, kwargs, bound):
    if kwargs:
        return []
    x = given[0]
    booster = getattr(model, "booster_", model)
    told = "%s(%s)" % (method, "DataFrame" if values.fact(x)["kind"] == "dataframe" else "x")
    then, answer = _answered(model, method)
    ways = [(told, "Booster.predict(x, num_threads=1)" + then, (bound, lambda: answer(booster.predict(x, num_threads=1))))]
    array = _array(x, "float64")
    if array is not None and array is not x:
        by_array = lambda: answer(booster.predict(array, num_threads=1))  # noqa: E731
        ways.append((told, "Booster.predict(array, num_threads=1)" + then, (bound, by_array)))
    return ways


def _catboost(model, method, given, kwargs, bound):
    if kwargs or len(given) > 1:
        return []
    x = given[0]
    ask = getattr(model, method)
    told = "%s(%s)" % (method, "DataFrame" if values.fact(x)["kind"] == "dataframe" else "x")
    ways = [(told, "%s(x, thread_count=1)" % method, (bound, lambda: ask(x, thread_count=1)))]
    array = _array(x, "float32")
    if array is not None and array is not x:
        ways.append((told, "%s(array, thread_count=1)" % method, (bound, lambda: ask(array, thread_count=1))))
    return ways


def _array(x, dtype):
    """An array of numbers alone, as one block; None if it is something else."""
    import numpy

    try:
        array = numpy.ascontiguousarray(x.to_numpy() if hasattr(x, "to_numpy") else x, dtype=dtype)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 2 else None


def _answered(model, method):
    """How the scikit-learn class makes its answer of what its Booster gives (of two classes the second's probability alone), in words and as a call."""
    import numpy

    classes = getattr(model, "classes_", None)
    if method == "predict_proba":
        return "", lambda one: numpy.column_stack((1 - one, one)) if one.ndim == 1 else one
    if method != "predict" or classes is None:
        return "", lambda one: one
    classes = numpy.asarray(classes)
    if len(classes) == 2:
        return " > 0.5", lambda one: classes[(one > 0.5).astype(int)] if one.ndim == 1 else classes[one.argmax(axis=1)]
    return ".argmax(axis=1)", lambda one: classes[one.argmax(axis=1)]


def rows_of(value):
    told = values.fact(value)
    if told["shape"]:
        return told["shape"][0]
    rows = getattr(value, "num_row", None)
    return rows() if callable(rows) else told["length"] or 0


def compare(one, other):
    """'bits', 'rounding' (within 1e-4 of the largest, as packages/measure/src/outputs has it) or 'different'."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return "bits" if one == other else "different"
    if _is_structure(one) or _is_structure(other):
        ones, others = parts_of(one), parts_of(other)
        each = {compare(*pair) for pair in zip(ones, others)} if len(ones) == len(others) else {"different"}
        return next(told for told in ("different", "rounding", "bits") if told in each)
    one, other = numpy.asarray(host(one)), numpy.asarray(host(other))
    if one.shape != other.shape:
        one, other = numpy.squeeze(one), numpy.squeeze(other)
    if one.shape != other.shape:
        return "different"
    if one.dtype == other.dtype and one.tobytes() == other.tobytes():
        return "bits"
    if one.dtype.kind not in "fc" or other.dtype.kind not in "fc":
        return "bits" if numpy.array_equal(one, other) else "different"
    scale = numpy.abs(one[numpy.isfinite(one)]).max(initial=0)
    return "rounding" if numpy.allclose(one, other, rtol=0, atol=1e-4 * scale, equal_nan=True) else "different"
