"""Whether a file is an input: the sample is its path, holds it, or names it."""

import os

#: A longer text is no path.
_LONGEST = 4096
_MOST_MEMBERS = 64
_DEEPEST = 3


def is_input(path, sample, depth=0):
    """Whether a path that was opened during the sample's prediction is its input."""
    if isinstance(sample, (str, os.PathLike)):
        return _is_named(os.fspath(path), os.fspath(sample))
    if depth >= _DEEPEST or not isinstance(sample, (dict, list, tuple)):
        return False
    members = list(sample.values() if isinstance(sample, dict) else sample)
    return any(is_input(path, one, depth + 1) for one in members[:_MOST_MEMBERS])


def _is_named(path, name):
    """The path itself, a file in the folder, or a file of that name wherever it lies: images/0001.png of the sample 0001."""
    if not isinstance(path, str) or not isinstance(name, str) or not 0 < len(name) <= _LONGEST or "\n" in name:
        return False
    own, given = os.path.abspath(path), os.path.abspath(name)
    return own == given or own.startswith(given + os.sep) or _stem(own) == _stem(given)


def _stem(path):
    return os.path.splitext(os.path.basename(path))[0]
