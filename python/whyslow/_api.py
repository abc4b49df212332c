"""What `import whyslow` gives: one function for each command, with a typed result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional, Sequence, Union

from ._command import install as _install
from ._command import run
from ._documents import Check, Comparison, Report

PathLike = Union[str, 'os.PathLike[str]']


def why(model: PathLike, **options: Any) -> Report:
    """Measures a model's prediction and explains where its time goes."""
    return Report.of(run([_path(model)], options))


def fix(model: PathLike, output: Optional[PathLike] = None, **options: Any) -> Report:
    """Tries remedies and writes a folder with what is proven faster to `output` (by default MODEL-fast).

    If `require` is not reached, `Report.speedup_low` is below it: no exception is raised.
    """
    return Report.of(run(['fix', _path(model)], {'out': None if output is None else _path(output), **options}))


def compare(*models: PathLike, **options: Any) -> Comparison:
    """One model on the engines that are installed, or several models on one engine."""
    return Comparison.of(run(['compare', *map(_path, models)], options))


def check(model: PathLike, baseline: Optional[PathLike] = None, against: Optional[PathLike] = None, **options: Any) -> Check:
    """Whether a model is slower than a baseline model (`baseline`) or than an earlier report (`against`)."""
    places = {'baseline': baseline, 'against': against}
    given = {name: _path(place) for name, place in places.items() if place is not None}
    return Check.of(run(['check', _path(model)], {**given, **options}))


def install(*packages: str) -> Path:
    """Installs npm packages that whyslow uses, such as onnxruntime-node, in a folder of the user, which is returned."""
    return _install(packages)


def _path(path: PathLike) -> str:
    text = os.fspath(path)
    # A name that begins with a dash would be a flag.
    return os.path.join(os.curdir, text) if text.startswith('-') else text
