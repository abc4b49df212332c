"""What the file is: a module that has stages, one function of it, or a script; and the stages as they are called.

The contract: `load()` -> model, `samples()` -> list or iterable, `preprocess(sample)` -> x, `predict(model, x)` or `predict(x)`,
`postprocess(y)` -> result, of the module itself or methods of what it calls `pipeline`. All but `predict` may be missing."""

import ast
import importlib.util
import inspect
import os
import sys

from .errors import Contract

STAGES = ("preprocess", "predict", "postprocess")
#: An object or class of the module that has the functions as methods, in place of the module.
HOLDER = "pipeline"


def read_source(path):
    """Text of a Python file, in the encoding that it declares."""
    with open(path, "rb") as file:
        return importlib.util.decode_source(file.read())


def parse(path):
    try:
        return ast.parse(read_source(path), path)
    except SyntaxError as error:
        version = "%d.%d" % sys.version_info[:2]
        raise Contract("%s:%s: %s (read by Python %s)" % (error.filename, error.lineno, error.msg, version)) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise Contract("%s is not Python source: %s" % (path, error)) from None


def kind_of(tree, call, has_data):
    """'function', 'stages' or 'script'. A file that has a `predict` but nothing to feed it with runs as it is."""
    if call:
        return "function"
    functions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    names = set(functions) | _assigned(tree)
    if HOLDER in names and "predict" not in names:
        return "stages"
    if "predict" not in names:
        return "script"
    if has_data or "samples" in names or "predict" not in functions:
        return "stages"
    arguments = functions["predict"].args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - (1 if "load" in names else 0)
    return "stages" if required <= 0 else "script"


def _assigned(tree):
    """Names that the module's top level gives a value by assignment, class or import."""
    found = set()
    for node in tree.body:
        if isinstance(node, (ast.ClassDef,)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def module_name(path):
    """(name, folder that sys.path begins with): dotted where the file lies in a package, so that its relative imports work."""
    # A dot of the file's own name is none of a package.
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0].replace(".", "_")
    names = [stem] if stem != "__init__" else []
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder).isidentifier():
        names.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(names) or stem, folder


def import_file(path, compile_source):
    """The module, executed. `compile_source(text, path)` gives its code."""
    name, folder = module_name(path)
    sys.path.insert(0, folder)
    if "." in name:
        importlib.import_module(name.rsplit(".", 1)[0])
    if name in sys.modules or not all(part.isidentifier() for part in name.split(".")):
        name = "whyslow_user_" + "".join(letter if letter.isalnum() else "_" for letter in name)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile_source(read_source(path), path), module.__dict__)
    return module


class Target:
    """`load` and `samples` may be None; `stages` are pairs of a name and the user's own function."""

    def __init__(self, kind, stages, load=None, samples=None):
        self.kind = kind
        self.stages = stages
        self.load = load
        self.samples = samples

    def described(self):
        return {"kind": self.kind, "stages": [name for name, _ in self.stages], "places": [_place(one) for _, one in self.stages]}


def target_of(module, kind, call):
    if kind == "function":
        return Target(kind, [(call, _called(module, call))], getattr(module, "load", None), getattr(module, "samples", None))
    holder = module
    if not hasattr(module, "predict"):
        holder = getattr(module, HOLDER, None)
        holder = holder() if inspect.isclass(holder) else holder
        if not callable(getattr(holder, "predict", None)):
            raise Contract("%s has no predict: name a function with --call module:function" % module.__file__)
    found = [(name, getattr(holder, name)) for name in STAGES if callable(getattr(holder, name, None))]
    given = [getattr(holder, name, None) for name in ("load", "samples")]
    return Target("stages", found, *given)


def _called(module, call):
    found = module
    for part in call.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        offered = [name for name, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == module.__name__]
        told = "it has " + ", ".join(sorted(offered)[:8]) if offered else "it has no functions"
        raise Contract("%s has no function %s; %s" % (module.__file__, call, told))
    return found


def _place(function):
    try:
        code = inspect.unwrap(function).__code__
        return {"file": code.co_filename, "line": code.co_firstlineno}
    except (AttributeError, ValueError):
        return None


def bind(function, model, has_model, loop):
    """
    `function(value)` as the driver calls it. With a model it is given that first where it takes two arguments and more; one that takes none
    is given nothing. Coroutines run to their end, generators until they are empty: what was not done was not measured.
    """
    required, most = _arity(function)
    if most == 0:
        call = lambda value: function()  # noqa: E731
    elif has_model and most >= 2 and (required >= 2 or _first_name(function) in ("model", "session", "net", "interpreter")):
        call = lambda value: function(model, value)  # noqa: E731
    else:
        call = function
    if inspect.iscoroutinefunction(function):
        return lambda value: loop().run_until_complete(call(value))
    if inspect.isgeneratorfunction(function):
        return lambda value: list(call(value))
    return call


def _arity(function):
    """(positional arguments that it needs, that it takes at most); of what does not tell (1, 1)."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1, 1
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    required = sum(1 for one in positional if one.default is one.empty)
    return required, 99 if any(one.kind is one.VAR_POSITIONAL for one in parameters) else len(positional)


def _first_name(function):
    try:
        return next(iter(inspect.signature(function).parameters), "")
    except (TypeError, ValueError):
        return ""
