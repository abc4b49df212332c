"""Single calls of the user's code that can be done in another way, in turns, on what they were given: JSON of many numbers against their bytes, a DataFrame of a
few rows against an array, a file that is read each time against what was read once. Results are compared first; what cannot be tried so stays modelled."""

import ast
import json
import os
import sys

from .clock import in_turns
from .module_file import read_source

_BUDGET_MS = 400
#: Fewer numbers are text in no time.
_LEAST_NUMBERS = 256
_MOST_ROWS = 32
#: Readers of a file that they are given by its path.
_READERS = {
    "io.open", "open", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "pandas.read_csv", "pandas.read_json", "pandas.read_parquet",
    "pathlib.Path.read_text", "pathlib.Path.read_bytes",
}  # fmt: skip
#: Callees whose first arguments are kept.
TRIED = {"json.loads", "json.dumps", "pandas.DataFrame", *_READERS}


def instead_of_calls(calls, patterns):
    """Alternatives to patterns that were called: rows as alternatives.py has them, each with the lines to paste."""
    found, nodes = [], {}
    sites = [site for site in calls.sites.values() if site.count and site.given is not None and site.place is not None]
    for pattern in patterns:
        if pattern["once"] or pattern["pattern"] not in ("json", "file-read", "dataframe-made"):
            continue
        site = next((one for one in sites if _is_at(one, pattern)), None)
        node = None if site is None else _node_at(pattern, nodes)
        if node is None:
            continue
        try:
            way, rule = _BY_PATTERN[pattern["pattern"]]
            row = way(_given_to(site, node), node, pattern["callee"])
        except Exception:
            continue  # It cannot be asked so.
        if row is not None:
            found.append({"file": pattern["file"], "line": pattern["line"], "function": pattern["function"], "rule": rule, **row})
    return found


def _is_at(site, pattern):
    last = (pattern["callee"] or "").rsplit(".", 1)[-1]
    place = site.place
    return place["file"] == pattern["file"] and pattern["line"] <= place["line"] <= pattern["endLine"] and _called(site).rsplit(".", 1)[-1] == last


def _given_to(site, node):
    """Before 3.12 native functions do not tell their arguments: a path that is a constant, or a name of the module, is the same in each call."""
    given = [one for one in site.given if one is not None]
    if given or not node.args:
        return given
    first = node.args[0]
    value = first.value if isinstance(first, ast.Constant) else None
    if isinstance(first, ast.Name):
        path = os.path.abspath(site.place["file"])
        module = next((one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == path), None)
        value = getattr(module, first.id, None)
    return [value, value] if isinstance(value, (str, os.PathLike)) else []


def _called(site):
    from .calls import called

    return called(site.callee)


def _node_at(pattern, known):
    """The call, where its text is all that has to be known of it."""
    file = pattern["file"]
    if file not in known:
        try:
            source = read_source(os.path.abspath(file))
            known[file] = (source, ast.parse(source))
        except (OSError, SyntaxError, ValueError):
            known[file] = ("", ast.Module(body=[], type_ignores=[]))
    source, tree = known[file]
    last = (pattern["callee"] or "").rsplit(".", 1)[-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno == pattern["line"] and getattr(node.func, "attr", getattr(node.func, "id", None)) == last:
            node.text = ast.get_source_segment(source, node) or last + "(…)"
            return node
    return None


def _timed(now, instead, ways, told):
    """`told`: {equal, on, code}."""
    return {"now": now, "instead": instead, **told, **in_turns(ways[0], ways[1], _BUDGET_MS)}


# JSON ---------------------------------------------------------------------------------------------------------------------------------------


def _json(given, node, callee):
    if node.keywords or len(node.args) != 1:
        return None
    return (_parsed if callee.endswith("loads") else _written)(given[0])


def _parsed(text):
    """The arrays as bytes, the rest as JSON."""
    value = json.loads(text)
    rest, arrays = _apart(value)
    if not arrays:
        return None
    header, bodies = json.dumps(rest), [one.tobytes() for one in arrays]
    read = _reader()
    kinds = [one.typecode for one in arrays]

    def instead():
        return json.loads(header), [read(body, kind) for body, kind in zip(bodies, kinds)]

    back = [list(one) for one in instead()[1]]
    equal = "bits" if all(_bits(a) == _bits(b) for a, b in zip(back, [one.tolist() for one in arrays])) else "different"
    code = [
        "x = np.frombuffer(body)  # float64; who sends it writes np.asarray(x).tobytes()"
        if "numpy" in sys.modules
        else "x = array('d'); x.frombytes(body)  # who sends it writes array('d', x).tobytes()"
    ]
    on = "%s numbers in %s kB of text" % (format(sum(map(len, arrays)), ","), format(len(text) // 1000, ","))
    return _timed("json.loads(text)", "the bytes of the numbers", (lambda: json.loads(text), instead), {"equal": equal, "on": on, "code": code})


def _written(value):
    rest, arrays = _apart(value)
    if not arrays:
        return None
    plain = _lists(value)

    def instead():
        from array import array

        return [array(made.typecode, one).tobytes() for made, one in zip(arrays, plain)], json.dumps(rest)

    equal = "bits" if [one.tobytes() for one in arrays] == instead()[0] else "different"
    on = "%s numbers" % format(sum(map(len, arrays)), ",")
    code = ["body = np.asarray(x).tobytes()  # read by np.frombuffer(body)" if "numpy" in sys.modules else "body = array('d', x).tobytes()"]
    return _timed("json.dumps(value)", "the bytes of the numbers", (lambda: json.dumps(value), instead), {"equal": equal, "on": on, "code": code})


def _is_numbers(value):
    kinds = set(map(type, value)) if isinstance(value, list) and len(value) >= _LEAST_NUMBERS else set()
    return kinds in ({float}, {int}) and (kinds == {float} or all(-(2**63) <= one < 2**63 for one in value))


def _apart(value):
    """(what is left, arrays of numbers), the lists of numbers in their order; where most of it is none, there are no arrays."""
    from array import array

    arrays = [array("d" if type(one[0]) is float else "q", one) for one in _lists(value)]
    return _without(value), arrays


def _lists(value):
    if _is_numbers(value):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for one in inner for found in _lists(one)]


def _without(value):
    if _is_numbers(value):
        return None
    if isinstance(value, dict):
        return {key: _without(one) for key, one in value.items()}
    return [_without(one) for one in value] if isinstance(value, list) else value


def _reader():
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        return lambda body, kind: numpy.frombuffer(body, "float64" if kind == "d" else "int64")
    from array import array

    def read(body, kind):
        made = array(kind)
        made.frombytes(body)
        return made

    return read


def _bits(numbers):
    return [one.hex() if isinstance(one, float) else int(one) for one in map(_plain, numbers)]


def _plain(number):
    return number.item() if hasattr(number, "item") else number


# DataFrames ---------------------------------------------------------------------------------------------------------------------------------


def _frame(given, node, _):
    """pd.DataFrame([{…}]) of numbers: an array of the same columns in their order."""
    numpy = sys.modules.get("numpy")
    if node.keywords or len(node.args) != 1 or numpy is None:
        return None
    pandas, data = sys.modules["pandas"], given[0]
    rows = data if isinstance(data, list) else None
    if not rows or len(rows) > _MOST_ROWS or not all(isinstance(row, dict) and list(row) == list(rows[0]) for row in rows):
        return None
    names = tuple(rows[0])
    made = pandas.DataFrame(data).to_numpy()
    dtype = made.dtype
    if dtype == object:
        return None

    def instead():
        return numpy.array([[row[name] for name in names] for row in rows], dtype)

    equal = "bits" if instead().tobytes() == made.tobytes() and instead().shape == made.shape else "different"
    each = ", ".join(map(repr, names)) + ("," if len(names) == 1 else "")
    told = dtype if dtype != numpy.float64 else None
    code = ["x = np.array([[row[name] for name in (%s)] for row in rows]%s)  # for what takes an array" % (each, ", %r" % str(told) if told is not None else "")]
    on = "%d rows of %d columns" % made.shape if len(rows) > 1 else "a row of %d columns" % len(names)
    return _timed("pd.DataFrame(rows)", "np.array of the columns", (lambda: pandas.DataFrame(data), instead), {"equal": equal, "on": on, "code": code})


# Files --------------------------------------------------------------------------------------------------------------------------------------


def _file(given, node, callee):
    """A file of one path in all calls that were seen, and that did not change."""
    paths = {os.path.abspath(os.fspath(one)) for one in given if isinstance(one, (str, os.PathLike))}
    if len(paths) != 1 or len(given) < 2 or not all(isinstance(one, ast.Constant) for one in [*node.args[1:], *(word.value for word in node.keywords)]):
        return None
    path = given[0]
    more = [one.value for one in node.args[1:]]
    words = {one.arg: one.value.value for one in node.keywords}
    read = _read(callee, path, more, words)
    kept = read()
    equal = "bits" if _same_file(kept, read()) else "different"
    name = callee.rsplit(".", 1)[-1]
    on = "a file of %s kB, of one path in all calls that were seen" % format(os.path.getsize(path) // 1000, ",")
    kind = node.text if len(node.text) <= 80 and "\n" not in node.text else name + "(…)"
    code = ["kept = %s%s  # once, when the model is loaded" % (kind, ".read()" if name == "open" else "")]
    return _timed(kind, "what was read once", (read, lambda: kept), {"equal": equal, "on": on, "code": code})


def _read(callee, path, more, words):
    last = callee.rsplit(".", 1)[-1]
    if last == "open":
        mode = more[0] if more else words.get("mode", "r")
        if set(mode) & set("wax+"):
            raise ValueError("it writes")

        def read():
            with open(path, *more, **words) as file:
                return file.read()

        return read
    if last in ("read_text", "read_bytes"):
        return lambda: getattr(path, last)(*more, **words)
    module = sys.modules[callee.split(".", 1)[0]]
    reader = getattr(module, last)
    return lambda: reader(path, *more, **words)


def _same_file(one, other):
    if hasattr(one, "equals"):
        return bool(one.equals(other))
    if hasattr(one, "tobytes") and hasattr(one, "dtype"):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return isinstance(one, (str, bytes)) and one == other


_BY_PATTERN = {
    "json": (_json, "json-in-the-loop"),
    "dataframe-made": (_frame, "dataframe-conversion"),
    "file-read": (_file, "file-in-the-loop"),
}
