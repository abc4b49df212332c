"""What nodes of a program's source name, set and define."""

import ast

DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTIONS = (*DEFS, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS)
#: What makes a dictionary.
_DICTIONARIES = ("dict", "defaultdict", "OrderedDict")


def names_of(node):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {one.asname or one.name.split(".")[0] for one in node.names}
    found = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
    return (found,) if isinstance(found, str) else ()


def last_name(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rpartition(".")[2]
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def imported_names(tree):
    """What names of this file stand for: {'np': 'numpy', 'append': 'numpy.append'}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = node.module + "." + alias.name
    return found


def full_name(node, names):
    """'numpy.append', by what names stand for, or as it is written; None: it has no name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([names.get(node.id, node.id), *parts]) if isinstance(node, ast.Name) else None


def binds(target, name):
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(target))


def sets(node, name):
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((one.asname or one.name.split(".")[0]) == name for one in node.names)
    return isinstance(node, (*DEFS, ast.ClassDef)) and node.name == name


def functions_of(node):
    """Those of a module's, a class's or a function's own body, by name."""
    return {one.name: one for one in node.body if isinstance(one, DEFS)}


def targets_of(node):
    """Names that an assignment sets."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def is_main_guard(node):
    """Whether it is `if __name__ == '__main__'`."""
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def class_methods(cls):
    return {name: one for name, one in functions_of(cls).items() if is_decorated(one, "classmethod")}


def has_function(cls, name):
    return any(isinstance(one, (*DEFS, ast.ClassDef)) and one.name == name for one in cls.body)


def has_plain(cls, name):
    return has_function(cls, name) and name not in class_methods(cls)


def is_by_name(node):
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def is_dictionary(node):
    is_made = isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)) and last_name(node.func) in _DICTIONARIES
    return is_made or isinstance(node, (ast.Dict, ast.DictComp))


def decorator_name(decorator):
    return last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)


def is_decorated(function, name):
    return any(isinstance(one, ast.Name) and one.id == name for one in function.decorator_list)


def by_place(words):
    """Parameters that can be given without their names."""
    return [*words.posonlyargs, *words.args]


def defaults_of(words):
    """By name of the parameter."""
    places = by_place(words)
    found = dict(zip([one.arg for one in places[len(places) - len(words.defaults) :]], words.defaults))
    found.update((one.arg, value) for one, value in zip(words.kwonlyargs, words.kw_defaults) if value is not None)
    return found


def parameters_of(words):
    more = [one for one in (words.vararg, words.kwarg) if one is not None]
    return {one.arg for one in [*by_place(words), *words.kwonlyargs, *more]}


def dependency_of(name, words):
    """Of a parameter of FastAPI's, what gives it: `model=Depends(get_model)`."""
    stated = next((one.annotation for one in [*by_place(words), *words.kwonlyargs] if one.arg == name), None)
    for one in (defaults_of(words).get(name), stated):
        for inner in ast.walk(one) if one is not None else ():
            if isinstance(inner, ast.Call) and last_name(inner.func) in ("Depends", "Security") and inner.args:
                return last_name(inner.args[0])
    return None
