"""What predictions are fed with: the module's own samples, or what --data names, by the rules of packages/code/src/turns/read-samples.ts. A folder gives
one sample for each of its files, in the order of their names. `.json` is a list of samples or one, `.jsonl` one a line, `.csv` and `.tsv` rows as
dictionaries, `.npy` and `.npz` rows of arrays (never pickles), `.txt` lines; of any other file the sample is its absolute path. Numbers of one axis
alone, in an array or a list, are one sample."""

import csv
import itertools
import json
import os
import re
import time

from .errors import Contract

#: Iterables may be endless, and each of their items large or slow to make.
MOST = 10_000
MOST_BYTES = 512_000_000
MOST_SECONDS = 20


def warn_of_made_up(target, data, send):
    """Sent before anything of the file is called."""
    if target.made_up and not data:
        send("warning", text=target.made_up)


def read(target, data, send=lambda kind, **told: None, most=MOST):
    """(list, 'module' | 'data' | 'none'). `send`: of a warning."""
    if data:
        return from_path(data)[:most], "data"
    if target.samples is None:
        return [], "none"
    found, why = taken(target.own_samples(), most)
    if not found:
        raise Contract("samples() gave none")
    if why:
        send("warning", text="of samples() the first %s are used: %s" % (format(len(found), ","), why))
    return found, "module"


def taken(items, most=MOST, most_bytes=MOST_BYTES, now=time.monotonic):
    """(the first items, why there are no more; None where there are none)."""
    found, size, start = [], 0, now()
    for one in items:
        if len(found) == most:
            return found, "no more than so many are kept"
        found.append(one)
        size += bytes_of(one)
        if size >= most_bytes:
            return found, "they hold %d MB" % (size // 1_000_000)
        if now() - start >= MOST_SECONDS:
            return found, "making them took %d s" % MOST_SECONDS
    return found, None


def bytes_of(value, depth=0):
    """Bytes of arrays and texts, including those in lists and dictionaries."""
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    if isinstance(value, (bytes, bytearray, str)):
        return len(value)
    if depth > 4 or not isinstance(value, (list, tuple, dict)):
        return getattr(value, "size", 0) * 8 if isinstance(getattr(value, "size", 0), int) else 0
    items = list(value.values()) if isinstance(value, dict) else value
    if not items:
        return 0
    looked = items[:: max(1, len(items) // 16)][:16]
    return int(8 * len(items) + sum(bytes_of(one, depth + 1) for one in looked) * len(items) / len(looked))


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
    return os.path.abspath(path)


def _many(path):
    ending = os.path.splitext(path)[1].lower()
    if ending == ".json":
        found = _json(path)
        return found if isinstance(found, list) and not _are_numbers(found) else [found]
    if ending in (".jsonl", ".ndjson"):
        return [_parsed(line, "%s:%d" % (path, at)) for at, line in enumerate(_lines(path), 1)]
    if ending in (".csv", ".tsv"):
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, delimiter="," if ending == ".csv" else "\t")
            return [{key: _number(value) for key, value in row.items()} for row in itertools.islice(rows, MOST)]
    if ending == ".txt":
        return _lines(path)
    if ending == ".npy":
        array = _numpy().load(path, allow_pickle=False)
        return list(array) if array.ndim > 1 else [array]
    if ending == ".npz":
        return _rows(dict(_numpy().load(path, allow_pickle=False)))
    return [os.path.abspath(path)]


def _rows(arrays):
    """Side by side, where all are as long and one at least has more than one axis."""
    counts = {len(one) if one.ndim else None for one in arrays.values()}
    names = list(arrays)
    if len(counts) != 1 or None in counts or all(one.ndim < 2 for one in arrays.values()):
        return [arrays if len(names) != 1 else arrays[names[0]]]
    return [row[0] if len(names) == 1 else dict(zip(names, row)) for row in zip(*arrays.values())]


def _are_numbers(items):
    return bool(items) and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in items)


def _json(path):
    return _parsed(_text(path), path)


def _parsed(text, where):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Contract("--data %s is not JSON: %s" % (where, error)) from None


def _lines(path):
    return [line for line in re.split(r"\r?\n", _text(path)) if line.strip()]


def _text(path):
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise Contract("--data %s is not text in UTF-8" % path) from None


#: As JavaScript reads a number, but for hexadecimal digits.
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$", re.ASCII)


def _number(text):
    if not isinstance(text, str) or not _NUMBER.match(text):
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)


def _numpy():
    try:
        import numpy
    except ImportError:
        raise Contract("--data names NumPy arrays, and this Python has no NumPy: pip install numpy") from None
    return numpy
