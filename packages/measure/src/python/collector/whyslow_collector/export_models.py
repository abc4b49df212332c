"""A model of the user's, opened in their program, as a file that whyslow reads; the inputs that it was given as NumPy files, one a call; and what stands in for
its calls (packages/code/src/ship/stand_in.py): `kind`, and which output of the file's model is what a method gives."""

import os

from . import estimator_file, refused_by, torch_model, vectorizers
from .errors import Contract

#: Of the file's outputs, what methods give.
_OUTPUTS = {
    "predict_proba": "prediction",
    "decision_function": "margin",
    "inplace_predict": "prediction",
    "predict_on_batch": "prediction",
}
#: Words of calls that change nothing of what a call gives.
_IDLE = {"verbose", "validate_features", "batch_size", "steps", "workers", "thread_count", "num_threads", "callbacks", "n_jobs", "check_input"}
#: What a call names its rows.
_GIVEN = ("X", "data", "x")
#: Words that may be given with what is meant without them.
_PLAIN = {"pred_leaf": False, "pred_contrib": False, "pred_contribs": False, "pred_interactions": False, "approx_contribs": False, "training": False,
          "iteration_range": None, "base_margin": None, "num_iteration": None, "start_iteration": 0, "missing": None, "strict_shape": False, "ntree_end": 0,
          "ntree_start": 0, "mask": None}  # fmt: skip


def kept(args, kwargs, matrices):
    """Copies of what a call was given; of a DMatrix what it was made of."""

    def one(value):
        made_of = next((data for matrix, data in matrices if matrix is value), None)
        value = value if made_of is None else made_of
        module = type(value).__module__.split(".")[0]
        if module in ("numpy", "pandas", "scipy") and hasattr(value, "copy"):
            return value.copy()
        if isinstance(value, (list, tuple)):
            return type(value)(map(one, value)) if type(value) in (list, tuple) else value
        if type(value) is dict:
            return {name: one(member) for name, member in value.items()}
        return torch_model.copied(value)

    return tuple(map(one, args)), {name: one(value) for name, value in kwargs.items()}


def exported(session, calls, folder):
    """{file, data, standIn, batch}. Throws Contract where there is none."""
    engine, model = session.engine, session.target
    if engine == "pytorch":
        from .torch_calls import of_torch

        return of_torch(model, calls, folder)
    if engine == "keras":
        return of_keras(model, calls, folder)
    if engine == "onnxruntime":
        return of_onnxruntime(model, session, calls, folder)
    if engine in _ROWS:
        return of_rows(model, engine, calls, folder)
    raise Contract("a model of %s is not taken out of a program" % engine)


def is_finite(arrays):
    """No value is NaN or infinite."""
    import numpy

    return all(one.dtype.kind != "f" or bool(numpy.isfinite(one).all()) for one in map(numpy.asarray, arrays))


def save(folder, number, arrays):
    import numpy

    data = os.path.join(folder, "data")
    os.makedirs(data, exist_ok=True)
    numpy.savez(os.path.join(data, "%03d.npz" % number), **arrays)
    return data


# Rows of features ---------------------------------------------------------------------------------------------------------------------------


def _sklearn(model, folder):
    file = os.path.join(folder, "model.skops")
    return file, estimator_file.write(model, file)


def _xgboost(model, folder):
    file = os.path.join(folder, "model.ubj")
    if type(model).__name__ == "Booster":
        # Its own predict takes all trees, whatever the class that saved it would take.
        model = model.copy()
        model.set_attr(scikit_learn=None)
    elif getattr(model, "best_iteration", None) is not None and getattr(model, "booster", None) != "gblinear":
        # The classes for scikit-learn end there, and engines that open the file do not.
        best = model.best_iteration
        model = model.get_booster()[: best + 1]
        model.set_attr(best_iteration=None, best_score=None)
    model.save_model(file)
    return file, ({}, {}, (), ())


def _lightgbm(model, folder):
    file = os.path.join(folder, "model.txt")
    getattr(model, "booster_", model).save_model(file)
    return file, ({}, {}, (), ())


def _catboost(model, folder):
    file = os.path.join(folder, "model.json")
    model.save_model(file, format="json")
    return file, ({}, {}, (), ())


_ROWS = {"scikit-learn": _sklearn, "xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}


def of_rows(model, engine, calls, folder):
    import numpy

    from .text_rows import TextRows

    methods, count, is_sparse = {}, None, False
    for call in calls:
        given = _given(call)
        if given is None:
            raise Contract("a call of %s() gives its rows under a name that is not known" % call.method)
        is_sparse = is_sparse or hasattr(given, "tocsr")
        if is_sparse and engine != "scikit-learn":
            raise Contract("its rows are a sparse matrix (%s), which is not read: rows of an array (x.toarray()) are" % type(given).__name__)
        told = _method(call, engine, model)
        known = methods.setdefault(call.method, told)
        if known != told:
            raise Contract("%s() is called in several ways" % call.method)
        count = given.shape[0] if hasattr(given, "tocsr") else len(given) if hasattr(given, "__len__") else 1
    of_texts = _of_texts(model, engine, calls)
    has_columns = not of_texts or "column" in of_texts[0][0]
    by_place = engine == "lightgbm"
    names = _names_of(model) if has_columns else None
    if by_place and hasattr(_given(calls[0]), "columns"):
        # It goes by their places, and keeps other names than theirs.
        names = list(map(str, _given(calls[0]).columns))
    categories = _categories(model, engine, calls)
    refused = refused_by.refused_of(model, calls[0], names) if has_columns else {}
    told_texts, model = of_texts or (None, model)
    file, (texts, strict, dropped, unknown_none) = _ROWS[engine](model, folder)
    texts, strict = ({str(at): table for at, table in one.items()} for one in (categories or texts, strict))
    spec = {"kind": "rows", "columns": names, "texts": texts, "strict": strict, "refused": refused, "methods": methods, "idle": sorted(_IDLE)}
    if of_texts:
        spec["vectorizers"], spec["zeros"] = told_texts, isinstance(_given(calls[0]), vectorizers.Texts)
    if by_place:
        spec["byPlace"] = True
    if engine in ("lightgbm", "xgboost"):
        spec["onlyNumbers"] = True
    if unknown_none:
        spec["unknownNone"] = unknown_none
    if is_sparse:
        spec["zeros"] = True
    try:
        rows = [_plain_rows(call, spec) for call in calls]
    except Contract:
        if engine == "catboost" and model.get_cat_feature_indices():
            raise Contract("its categorical features are texts, which are not read") from None
        if not dropped:
            raise
        # Whatever they hold is no number that counts.
        spec["texts"] = {**{str(at): {} for at in dropped}, **texts}
        rows = [_plain_rows(call, spec) for call in calls]
    stacked = [one for one in rows if one is not None]
    data = None
    if stacked:
        whole = numpy.concatenate(stacked)
        data = os.path.join(folder, "data.npz")
        numpy.savez(data, input=whole)
    batch = max((len(one) for one in stacked), default=count or 1)
    own = estimator_file.by_skops(model, os.path.join(folder, "own.skops")) if engine == "scikit-learn" else None
    notes = ["its texts become rows by their %d terms, without scikit-learn" % TextRows(told_texts).width] if of_texts else []
    return {"file": file, "data": data, "standIn": spec, "batch": batch, "program": own, "notes": notes}


def _of_texts(model, engine, calls):
    """(vectorizers, the model of their rows) of a model that is given texts, or rows that the program's own call of a vectorizer made of them; None: of others."""
    makers = {id(one.vectorizer): one.vectorizer for one in map(_given, calls) if isinstance(one, vectorizers.Texts)}
    if not makers:
        return vectorizers.split(model)
    [maker, *others] = makers.values()
    if others or not all(isinstance(_given(call), vectorizers.Texts) for call in calls):
        raise Contract("its rows are of several vectorizers")
    if engine != "scikit-learn":
        raise Contract("its rows are a sparse matrix, in which what is not stored may mean missing or zero; give an array (x.toarray())")
    return [vectorizers.told_of(maker)], model


def _given(call):
    """Its rows; None: they are given under a name that is not known."""
    return call.args[0] if call.args else next((call.kwargs[name] for name in _GIVEN if name in call.kwargs), None)


def _categories(model, engine, calls):
    """Codes of the categories of a DataFrame's columns, which LightGBM numbers as it was trained on them, by column; {}: no column has any."""
    frames = [one for one in map(_given, calls) if hasattr(one, "dtypes") and hasattr(one, "columns")]
    columns = {tuple(at for at, dtype in enumerate(one.dtypes) if str(dtype) == "category") for one in frames}
    if columns <= {()}:
        return {}
    known = getattr(getattr(model, "booster_", model), "pandas_categorical", None) or ()
    if engine == "scikit-learn":
        return {}
    if engine != "lightgbm" or len(columns) > 1 or len(frames) < len(calls) or len(known) != len(next(iter(columns))):
        raise Contract("columns of categories (the dtype category) of %s are not read" % engine)
    # Pairs, since the names of an object of JSON are texts.
    return {at: [[one.item() if hasattr(one, "item") else one, code] for code, one in enumerate(each)] for at, each in zip(next(iter(columns)), known)}


def _names_of(model):
    """Of its columns, as it was fitted on them; None: it was given arrays."""
    for owner in (model, *(step for _, step in getattr(model, "steps", ())[:1])):
        for name in ("feature_names_in_", "feature_name_", "feature_names_"):
            found = getattr(owner, name, None)
            if found is not None and len(found) and all(isinstance(one, str) for one in found):
                return list(map(str, found))
    names = getattr(model, "feature_names", None)
    if names is None and callable(getattr(model, "feature_name", None)):
        names = model.feature_name()
    made_up = names is None or all(one == "Column_%d" % at for at, one in enumerate(names))
    return None if made_up else list(map(str, names))


def _method(call, engine, model):
    """Which output, and its form."""
    words = {name: value for name, value in call.kwargs.items() if name not in _GIVEN}
    wants_margin = words.pop("output_margin", False) or words.pop("raw_score", False) or words.pop("predict_type", "value") == "margin"
    prediction_type = words.pop("prediction_type", None)
    _check_words(call, words, "more than rows")
    result = _array_of(call.result)
    if result is None:
        raise Contract("%s() gives %s" % (call.method, type(call.result).__name__))
    output = _OUTPUTS.get(call.method, "prediction")
    if wants_margin:
        output = "margin"
    elif type(_last_of(model)).__name__ == "IsolationForest":
        output = {"predict": "label", "decision_function": "prediction"}.get(call.method)
    elif call.method == "predict" and engine == "catboost" and prediction_type is not None:
        output = {"Probability": "prediction", "RawFormulaVal": "margin", "Class": "label"}.get(prediction_type)
    elif call.method == "predict" and engine == "catboost" and not hasattr(model, "classes_"):
        output = "margin"
    elif call.method == "predict" and hasattr(model, "predict_proba") or call.method == "predict" and _classifies(model):
        output = "label"
    if output is None or call.method == "predict_log_proba":
        raise Contract("%s() of this kind is not read" % call.method)
    form = "list" if isinstance(call.result, list) else "array"
    columns = 1 if result.ndim < 2 else result.shape[1]
    classes = _classes_of(model, engine) if output == "label" else None
    meant = _meant(call.kwargs)
    return {"words": meant, "output": output, "ndim": result.ndim, "dtype": result.dtype.str, "columns": columns, "form": form, "classes": classes}


def _check_words(call, words, several):
    """Throws Contract if one of the words changes what the call gives. `several`: what positional arguments are if there are more than one."""
    odd = [name for name, value in words.items() if name not in _IDLE and not (name in _PLAIN and (value == _PLAIN[name] or value is None))]
    if odd or len(call.args) > 1:
        raise Contract("%s() is called with %s" % (call.method, odd[0] if odd else several))


def _meant(words):
    """Those that change what a call gives, or would with another value."""
    return {name: value for name, value in words.items() if name not in _IDLE and name not in _GIVEN}


def _classes_of(model, engine):
    """Of libraries whose files number the classes: what stands for the numbers; None: the numbers themselves."""
    import numpy

    if engine not in ("xgboost", "lightgbm") or not hasattr(model, "classes_"):
        return None
    classes = numpy.asarray(model.classes_).tolist()
    return None if classes == list(range(len(classes))) else classes


def _classifies(model):
    last = _last_of(model)
    return type(last).__module__.startswith("sklearn") and hasattr(last, "classes_")


def _last_of(model):
    """What predicts at the end of a pipeline."""
    return model.steps[-1][1] if getattr(model, "steps", None) else model


def _array_of(value):
    import numpy

    if isinstance(value, (list, tuple)) or isinstance(value, numpy.ndarray):
        return numpy.asarray(value)
    return None


def _plain_rows(call, spec):
    """What the call was given, as the file's model takes it; None: whyslow makes rows up."""
    import numpy

    from .text_rows import reader_of

    given = _given(call)
    try:
        matrix = reader_of(spec, strict=False).matrix(given, isinstance(given, vectorizers.Texts))
    except Exception as error:
        raise Contract("rows of the type %s are not read: %s" % (type(given).__name__, error)) from error
    return numpy.asarray(matrix, numpy.float64)


# Keras, ONNX Runtime ------------------------------------------------------------------------------------------------------------------------


def of_keras(model, calls, folder):
    import numpy

    file = os.path.join(folder, "model.keras")
    model.save(file)
    names = [one.name for one in model.inputs]
    data, methods, most, finite = None, {}, 1, True
    for number, call in enumerate(calls):
        _check_words(call, {name: value for name, value in call.kwargs.items() if name != "x"}, "more than its inputs")
        given = call.args[0] if call.args else call.kwargs.get("x")
        many = list(given.values()) if isinstance(given, dict) else list(given) if isinstance(given, (list, tuple)) and len(names) > 1 else [given]
        by_name = list(given) if isinstance(given, dict) else names
        arrays = [numpy.asarray(one, str(of.dtype)) for one, of in zip(many, model.inputs)]
        if len(arrays) != len(names) or set(by_name) != set(names):
            raise Contract("its inputs are given in a way that is not known")
        most = max(most, len(arrays[0]))
        data = save(folder, number, dict(zip(by_name, arrays)))
        finite = finite and is_finite(arrays)
        result = call.result
        form = "list" if isinstance(result, (list, tuple)) else "dict" if isinstance(result, dict) else "one"
        known = methods.setdefault(call.method, {"form": form, "names": list(result) if form == "dict" else None, "tensor": call.method == "__call__", "words": _meant(call.kwargs)})
        if known["form"] != form or known["words"] != _meant(call.kwargs):
            raise Contract("%s() is called in several ways" % call.method)
    spec = {"kind": "keras", "inputs": names, "dtypes": [str(one.dtype) for one in model.inputs], "methods": methods, "idle": sorted(_IDLE), "finite": finite}
    return {"file": file, "data": data, "standIn": spec, "batch": most}


def of_onnxruntime(session, seen, calls, folder):
    file = seen.model_file or getattr(session, "_model_path", None)
    if not file and getattr(session, "_model_bytes", None):
        file = os.path.join(folder, "model.onnx")
        with open(file, "wb") as written:
            written.write(session._model_bytes)
    if not file or not os.path.isfile(file):
        raise Contract("the session was not opened from a file")
    data, finite = None, True
    for number, call in enumerate(calls):
        feeds = call.args[1] if len(call.args) > 1 else call.kwargs.get("input_feed")
        if call.method != "run" or not isinstance(feeds, dict) or len(call.args) > 2 or not set(call.kwargs) <= {"output_names", "input_feed"}:
            raise Contract("%s() is called in a way that is not known" % call.method)
        data = save(folder, number, feeds)
        finite = finite and is_finite(feeds.values())
    return {"file": os.path.abspath(file), "data": data, "standIn": {"kind": "onnxruntime", "finite": finite}, "batch": 1}
