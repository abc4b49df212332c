"""A forest of scikit-learn asked tree by tree: its own predict checks the rows again and starts a task of joblib for each tree, which for a few rows takes
far longer than the trees."""

import sys


def by_trees(model, method, x):
    """A call that gives what `model.method(x)` gives; None if the model is no forest of one output."""
    if not type(model).__module__.startswith("sklearn.ensemble._forest") or getattr(model, "n_outputs_", 0) != 1:
        return None
    numpy = sys.modules["numpy"]
    try:
        rows = numpy.ascontiguousarray(x.to_numpy() if hasattr(x, "to_numpy") else x, dtype=numpy.float32)
    except (TypeError, ValueError):
        return None
    trees = [one.tree_ for one in model.estimators_]
    if rows.ndim != 2 or not trees:
        return None
    classes = getattr(model, "classes_", None)

    def asked():
        total = sum(one.predict(rows) for one in trees) / len(trees)
        if classes is None:
            return total[:, 0]
        return total if method == "predict_proba" else classes[total.argmax(axis=1)]

    return asked
