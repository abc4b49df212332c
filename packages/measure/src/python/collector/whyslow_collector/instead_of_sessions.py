"""What is done with engines' sessions in another way, in turns, on what the user's code asked: many rows as one batch against one by one, a model that is opened
once against one that is opened each time."""

import linecache
import os
import sys

from . import values
from .alternatives import compare, host
from .clock import MS, in_turns, now_ns

_BUDGET_MS = 700
_LEAST_ROWS = 4
#: Opening takes what it takes; no more than this is spent on trying it again.
_SLOWEST_OPEN_MS = 3000


def instead_of_sessions(libraries):
    return _tried(libraries, (_batch, _opened_once))


def as_batches(libraries):
    """Of a script, which opens once what it opens."""
    return _tried(libraries, (_batch,))


def _tried(libraries, ways):
    found = []
    for session in libraries.sessions:
        for of_session in ways:
            try:
                row = of_session(session)
            except Exception:
                continue  # A model of one row at a time; a file that is not there any more.
            if row is not None:
                found.append(row)
    return found


# Rows as one batch --------------------------------------------------------------------------------------------------------------------------


def _batch(session):
    """All runs of one prediction, which differ in their input alone."""
    asked = session.in_one_prediction
    if session.ran is None or len(asked) < _LEAST_ROWS:
        return None
    method, (model, *_), kwargs = asked[0]
    if any(one[0] != method or one[1][0] is not model or list(one[2]) != list(kwargs) for one in asked):
        return None
    inputs = [_input_of(one) for one in asked]
    if any(one is None for one in inputs):
        return None
    ask = getattr(model, method) if method != "__call__" else model
    one_by_one = lambda: [ask(*args[1:], **words) for _, args, words in asked]  # noqa: E731
    as_one = lambda: ask(*_with_input(asked[0], _joined(inputs)), **kwargs)  # noqa: E731
    expected, given = one_by_one(), as_one()
    equal = compare(_rows_of(expected), _rows_of([given]))
    rows = "%s runs of one row" % format(len(asked), ",")
    told = _told(session, method)
    return {
        **session.ran,
        "rule": "sequential-calls",
        "now": "one by one",
        "instead": "as one batch",
        "equal": equal,
        "on": rows,
        "code": ["y = " + told],
        **in_turns(one_by_one, as_one, _BUDGET_MS),
    }


def _told(session, method):
    if session.engine == "onnxruntime":
        feeds = _input_of(session.in_one_prediction[0])
        names = ", ".join("%r: np.concatenate([one[%r] for one in rows])" % (name, name) for name in feeds)
        return "session.run(None, {%s})" % names
    joined = "pd.concat(rows)" if values.fact(_input_of(session.in_one_prediction[0]))["kind"] == "dataframe" else "np.concatenate(rows)"
    return "model%s(%s)" % ("" if method == "__call__" else "." + method, joined)


def _input_of(asked):
    """The input of one row: an array, a DataFrame, or a dictionary of arrays; None for anything else."""
    _, args, _ = asked
    given = args[2] if len(args) > 2 and isinstance(args[2], dict) else args[1] if len(args) == 2 else None
    parts = list(given.values()) if isinstance(given, dict) else [given]
    return given if parts and all(_is_row(one) for one in parts) else None


def _is_row(value):
    shape = values.fact(value)["shape"]
    return bool(shape) and len(shape) > 1 and shape[0] == 1


def _with_input(asked, joined):
    _, args, _ = asked
    return [args[1], joined, *args[3:]] if len(args) > 2 else [joined]


def _joined(inputs):
    if isinstance(inputs[0], dict):
        return {name: _joined([one[name] for one in inputs]) for name in inputs[0]}
    if values.fact(inputs[0])["kind"] == "dataframe":
        return sys.modules["pandas"].concat(inputs)
    module = values.module_of(inputs[0])
    if module == "torch":
        return sys.modules["torch"].cat(inputs)
    if module == "tensorflow":
        return sys.modules["tensorflow"].concat(inputs, 0)
    return sys.modules["numpy"].concatenate(inputs)


def _rows_of(outputs):
    """Outputs of several runs as one array; of engines that give several arrays the first."""
    first = [one[0] if isinstance(one, (list, tuple)) else next(iter(one.values())) if isinstance(one, dict) else one for one in outputs]
    return sys.modules["numpy"].concatenate([sys.modules["numpy"].asarray(host(one)) for one in first])


# A model opened once ------------------------------------------------------------------------------------------------------------------------


def _opened_once(session):
    if not session.opens or session.opening is None or session.opened is None or session.last is None:
        return None
    method, args, kwargs = session.last
    start = now_ns()
    again = session.opening()
    if (now_ns() - start) / MS > _SLOWEST_OPEN_MS or again is None:
        return None
    kept = args[0]
    ask = lambda model: getattr(model, method)(*args[1:], **kwargs) if method != "__call__" else model(*args[1:], **kwargs)  # noqa: E731
    equal = compare(_first(ask(kept)), _first(ask(again)))
    line = linecache.getline(os.path.abspath(session.opened["file"]), session.opened["line"]).strip()
    return {
        **session.opened,
        "rule": "model-reloaded-per-call",
        "now": "opened each time",
        "instead": "opened once",
        "equal": equal,
        "on": "the last input, asked of both",
        "code": [(line if line else "model = …") + "  # once, before the first prediction: in load(), or at the module's level"],
        **in_turns(session.opening, lambda: kept, _BUDGET_MS),
    }


def _first(output):
    return output[0] if isinstance(output, (list, tuple)) else output
