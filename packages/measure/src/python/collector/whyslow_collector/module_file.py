"""A file of the user's own as a module: one rule for whoever imports it (the passes, `ab`, the gap's ladder, replacements). In a package it bears its
dotted name, so that its relative imports work, and what is next to it is found as well, as `python FILE` finds it."""

import ast
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types

#: Text in place of what files hold, by their real paths: changes that are tried.
_CHANGED = {}
#: What stands in for models, of the package that is used instead.
_STAND_INS = []


def use_instead(changed, package=None):
    """From now on these files hold another text, whoever imports them. `package`: a folder that they import by its name, wherever it is."""
    _CHANGED.update({os.path.realpath(path): text for path, text in changed.items()})
    loader = importlib.machinery.SourceFileLoader
    stats, data = loader.path_stats, loader.get_data

    def path_stats(self, path):
        if os.path.realpath(path) in _CHANGED:
            raise OSError("its bytecode is of another text")
        return stats(self, path)

    def get_data(self, path):
        text = _CHANGED.get(os.path.realpath(path))
        return data(self, path) if text is None else text.encode()

    loader.path_stats, loader.get_data = path_stats, get_data
    if package is not None:
        sys.path.insert(0, os.path.dirname(package))
        _STAND_INS.extend(one for one in vars(importlib.import_module(os.path.basename(package))).values() if hasattr(one, "handed_back"))
        sys.path.pop(0)


def handed_back():
    """Why a model itself answered, and not what stands in for it, since this was asked before; None: it did not."""
    reasons = [one.handed_back for one in _STAND_INS if one.handed_back is not None]
    for one in _STAND_INS:
        one.handed_back = None
    return reasons[0] if reasons else None


def tree_of(path):
    """The file's syntax tree, which knows the file: see named_after."""
    tree = ast.parse(read_source(path), path)
    tree.path = path
    return tree


def named_after(tree, function):
    """How the user names one function of a file: 'service.py:score'."""
    return "%s:%s" % (os.path.basename(getattr(tree, "path", "service.py")), function)


def read_source(path):
    """Text of a Python file, in the encoding that it declares."""
    text = _CHANGED.get(os.path.realpath(path)) if _CHANGED else None
    if text is not None:
        return text
    with open(path, "rb") as file:
        return importlib.util.decode_source(file.read())


def module_name(path):
    """(name, folder that sys.path begins with): dotted where the file lies in a package."""
    # A dot of the file's own name is none of a package.
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0].replace(".", "_")
    names = [stem] if stem != "__init__" else []
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder).isidentifier():
        names.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(names) or stem, folder


def import_file(path, compile_source=None, before=None):
    """
    The module, executed, or as its package has imported it. `compile_source(text, path)` gives its code; `before(module)` is called in front of that.
    """
    name, folder = module_name(path)
    own = os.path.dirname(path)
    sys.path.insert(0, folder)
    if os.getcwd() not in sys.path:
        # As `python -m` and the commands of servers have it.
        sys.path.append(os.getcwd())
    if own != folder:
        # Behind all others: a package's `logging.py` is not to stand for the standard library's.
        sys.path.append(own)
    package, _, stem = name.rpartition(".")
    if package:
        importlib.import_module(package)
    known = sys.modules.get(name)
    if known is not None and _is_of(known, path):
        return known
    if known is not None or not stem.isidentifier():
        stem = "whyslow_user_" + "".join(letter if letter.isalnum() else "_" for letter in stem)
        name = package + "." + stem if package else stem
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    stand_for_main(module)
    if before is not None:
        before(module)
    exec((compile_source or compiled)(read_source(path), path), module.__dict__)
    return module


#: Modules of programs that are run as `__main__` otherwise.
_PROGRAMS = []


def stand_for_main(module):
    """Pickles name classes of a program that was run as `__main__.Scaler`: they are found in its module."""
    _PROGRAMS.append(module)
    main = sys.modules.get("__main__")
    if main is not None and not hasattr(main, "__getattr__"):
        main.__getattr__ = _of_programs


def _of_programs(name):
    found = [] if name.startswith("__") else [vars(one)[name] for one in _PROGRAMS if name in vars(one)]
    if not found:
        raise AttributeError("module '__main__' has no attribute %r" % name)
    return found[0]


def run_main(path, words, code, **more):
    """Runs a file as `python FILE` does: as `__main__`, with its own arguments and folder. An exit of its own with nothing or 0 is an end like any other.
    `more`: names that are defined in it beforehand."""
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = __builtins__
    main.__dict__.update(more)
    sys.modules["__main__"] = main
    sys.argv = [path, *words]
    sys.path.insert(0, os.path.dirname(path))
    try:
        exec(code, main.__dict__)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
    return main


def compiled(source, path):
    return compile(source, path, "exec", dont_inherit=True)


def _is_of(module, path):
    file = getattr(module, "__file__", None)
    return file is not None and os.path.realpath(file) == os.path.realpath(path)
