"""What predictions are fed with: the module's own samples, or what --data names. A folder gives one sample for each of its files, in the order
of their names. `.json` is a list of samples or one, `.jsonl` one a line, `.csv` rows as dictionaries, `.npy` and `.npz` rows of arrays (never
pickles), `.txt` lines; of any other file the sample is its path."""

import csv
import itertools
import json
import os

from .errors import Contract

MOST = 10_000


def read(samples, data):
    """(list, 'module' | 'data' | 'none')."""
    if data:
        return from_path(data), "data"
    if samples is None:
        return [], "none"
    given = samples() if callable(samples) else samples
    found = list(itertools.islice(iter(given), MOST))
    if not found:
        raise Contract("samples() gave none")
    return found, "module"


def from_path(path):
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
        files = [one for one in (os.path.join(path, name) for name in names) if os.path.isfile(one)]
        found = [_single(one) for one in files[:MOST]]
    elif os.path.isfile(path):
        found = _many(path)
    else:
        raise Contract("--data %s: there is no such file or folder" % path)
    if not found:
        raise Contract("--data %s: there are no samples in it" % path)
    return found[:MOST]


def _single(path):
    """The sample that a file in a folder is."""
    ending = os.path.splitext(path)[1].lower()
    if ending == ".json":
        return _json(path)
    if ending == ".npy":
        return _numpy().load(path, allow_pickle=False)
    if ending == ".npz":
        return dict(_numpy().load(path, allow_pickle=False))
    if ending == ".txt":
        return _text(path)
    return path


def _many(path):
    ending = os.path.splitext(path)[1].lower()
    if ending == ".json":
        found = _json(path)
        return found if isinstance(found, list) else [found]
    if ending in (".jsonl", ".ndjson"):
        return [json.loads(line) for line in _text(path).splitlines() if line.strip()]
    if ending == ".csv":
        with open(path, newline="", encoding="utf-8-sig") as file:
            return [{key: _number(value) for key, value in row.items()} for row in itertools.islice(csv.DictReader(file), MOST)]
    if ending == ".txt":
        return [line for line in _text(path).splitlines() if line]
    if ending == ".npy":
        return list(_numpy().load(path, allow_pickle=False))
    if ending == ".npz":
        arrays = dict(_numpy().load(path, allow_pickle=False))
        counts = {len(one) if one.ndim else None for one in arrays.values()}
        if len(counts) != 1 or None in counts:
            return [arrays]
        names = list(arrays)
        rows = zip(*(arrays[name] for name in names))
        return [row[0] if len(names) == 1 else dict(zip(names, row)) for row in rows]
    return [path]


def _json(path):
    try:
        return json.loads(_text(path))
    except ValueError as error:
        raise Contract("--data %s is not JSON: %s" % (path, error)) from None


def _text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise Contract("--data %s is not text in UTF-8" % path) from None


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            pass
    return text


def _numpy():
    try:
        import numpy
    except ImportError:
        raise Contract("--data names NumPy arrays, and this Python has no NumPy: pip install numpy") from None
    return numpy
