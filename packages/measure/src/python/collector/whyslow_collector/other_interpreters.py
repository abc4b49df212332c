"""Which other Python the user's code starts: what runs there is not seen. Starting one is an audit event of the standard library
(https://docs.python.org/3/library/audit_events.html); `os.exec` and `os.system` are not looked at."""

import os
import re
import sys

_PYTHON = re.compile(r"pythonw?[\d.]*(\.exe)?", re.I)


class OtherInterpreters:
    def __init__(self):
        self.found = set()

    def start(self):
        sys.addaudithook(self._told)

    def _told(self, event, given):
        if event != "subprocess.Popen":
            return
        executable, words = given[0], given[1]
        first = words[0] if isinstance(words, (list, tuple)) and words else words
        path = executable or first
        if isinstance(path, (str, os.PathLike)) and _PYTHON.fullmatch(os.path.basename(os.fspath(path))) and not _is_ours(os.fspath(path)):
            self.found.add(os.fspath(path))

    def warn(self, send):
        for path in sorted(self.found)[:3]:
            told = "it starts another Python (%s): what runs there is not in this report; to measure it, name its file, and the Python with --python %s"
            send("warning", text=told % (path, path))


def _is_ours(path):
    """A link to the same file in another environment has other packages."""
    return os.path.abspath(path) in (os.path.abspath(sys.executable), os.path.abspath(getattr(sys, "_base_executable", sys.executable)))
