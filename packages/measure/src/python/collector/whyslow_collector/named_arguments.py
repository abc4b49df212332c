"""First arguments of calls of native functions, which `sys.setprofile` does not tell: where the source names a variable there, that is it.
Only calls that can be told apart are read: one of that name on its line."""

import ast
import linecache


class NamedArguments:
    #: `opened`: watches what is opened, and is not to see a source that is read here.
    def __init__(self, opened):
        self.opened = opened
        self.files = {}

    def of(self, frame, callee):
        """None: not a variable, or not to be told."""
        file = frame.f_code.co_filename
        if file not in self.files:
            was_on, self.opened.is_on = self.opened.is_on, False
            self.files[file] = calls_in(file)
            self.opened.is_on = was_on
        name = self.files[file].get((frame.f_lineno, callee))
        if name is None:
            return None
        found = frame.f_locals.get(name)
        return frame.f_globals.get(name) if found is None else found


def calls_in(file):
    """The variable that is each call's first argument, by line and name of what is called; None: another, or two such calls."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    names = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        callee = getattr(node.func, "attr", getattr(node.func, "id", None))
        first = node.args[0] if node.args else None
        key = (node.lineno, callee)
        names[key] = first.id if isinstance(first, ast.Name) and key not in names else None
    return names
