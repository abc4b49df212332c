"""What whyslow starts in the user's own interpreter: `python FOLDER`. The standard library alone, CPython 3.9 to 3.14.

The order matters: the way to whyslow is put aside before anything of the user's can print into it, and this folder leaves `sys.path` before
anything of the user's is imported."""

import sys

keeps_bytecode = sys.dont_write_bytecode
sys.dont_write_bytecode = True  # none next to the package's own files
from whyslow_collector import main  # noqa: E402

sys.dont_write_bytecode = keeps_bytecode
sys.path.pop(0)
main.main()
