"""whyslow in Python: measures why a model's prediction is slow, explains it, fixes it and proves the fix.

Each function runs the whyslow command and returns its JSON document with types. Keyword arguments are the command's flags:
`threads=2` is `--threads 2`, `quick=True` is `--quick`, `shape={'x': [1, 3, 224, 224]}` is `--shape x=1x3x224x224`.
"""

from ._api import check, compare, fix, install, why
from ._command import WhyslowError
from ._documents import Area, Check, Comparison, Finding, Latency, Report, Trial

try:
    from ._version import __version__
except ImportError:
    # The sources of the repository: scripts/make-wheel.py writes the version of the npm package.
    __version__ = '0.0.0'

__all__ = [
    'Area',
    'Check',
    'Comparison',
    'Finding',
    'Latency',
    'Report',
    'Trial',
    'WhyslowError',
    '__version__',
    'check',
    'compare',
    'fix',
    'install',
    'load_ipython_extension',
    'why',
]


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext whyslow`: the magics `%whyslow` and `%%whyslow`."""
    from ._notebook import load

    load(ipython)
