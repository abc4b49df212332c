"""Which code is the user's own: not the standard library's, not an installed package's, not the collector's, not made at run time."""

import os
import sys
import sysconfig

#: As code objects name it, and as the disk does.
_COLLECTOR = os.path.dirname(os.path.dirname(__file__))
_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_PACKAGES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


def _library_folders():
    paths = sysconfig.get_paths()
    found = {paths.get(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.add(os.path.dirname(os.__file__))
    return tuple(os.path.realpath(path) + os.sep for path in found if path)


class Places:
    """Remembers by file, since it is asked at every sample."""

    def __init__(self, files=()):
        self._known = {path: True for path in files}
        self._folders = _library_folders()

    def is_user(self, filename):
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = self._look(filename)
        return known

    def is_own(self, filename):
        return filename.startswith(_COLLECTOR)

    def user_files(self):
        return sorted(path for path, is_user in self._known.items() if is_user and os.path.isfile(path))

    def _look(self, filename):
        if not filename or filename[0] == "<" or not filename.endswith((".py", ".pyw", ".ipynb")):
            return False
        path = os.path.realpath(filename)
        if path.startswith(_OWN + os.sep) or any(name in path for name in _PACKAGES):
            return False
        return not path.startswith(self._folders)


def innermost(traceback, places):
    """File, line and function of the user's own frame that is nearest to where it was thrown; None where there is none."""
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if places.is_user(code.co_filename):
            found = {"file": code.co_filename, "line": traceback.tb_lineno, "function": name_of(code)}
        traceback = traceback.tb_next
    return found


def name_of(code):
    """None at the level of a module."""
    name = getattr(code, "co_qualname", code.co_name)
    return None if name == "<module>" else name.replace(".<locals>", "")


def usable_cpus():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def is_free_threaded():
    """Whether threads run Python at the same time (3.13 and later, built so)."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return enabled is not None and not enabled()


def shown(path):
    """As the user would write it: relative to the working folder where it lies in it."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return path
    return path if relative.startswith("..") else relative
