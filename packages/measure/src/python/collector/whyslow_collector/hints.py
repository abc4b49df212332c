"""What the user does next about an error that has a usual cause in programs that are imported, not run."""

import ast
import re

from .module_file import read_source
from .names_in_source import functions_of, is_main_guard
from .web_samples import GIVE_REAL_ONES


def hint_of(error, run, in_call):
    """Words behind the reason; '' if there is nothing to say."""
    if isinstance(error, SystemExit):
        wanted = _wanted(error)
        return "" if wanted is None else ": %s; give its arguments behind --, as in -- --model FILE" % wanted
    hidden = _hidden(error, run.plan["file"])
    if hidden:
        return "; %s is set under if __name__ == '__main__', which is not run: set it above, or in load()" % hidden
    lacking = re.match(r"(?:\w+\.)*(\w+)\(\) missing \d+ required positional argument", str(error)) if in_call and isinstance(error, TypeError) else None
    if lacking and lacking[1] in run.stage_names:
        return "; give a sample that is a list with a value for each, or a load() that gives the first"
    if in_call and run.made_up:
        return "; the request was made up: " + GIVE_REAL_ONES
    return ""


def _wanted(error):
    """What argparse lacks; None: it was something else that exited."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_name == "error" and frame.f_globals.get("__name__") == "argparse":
            return frame.f_locals.get("message")
        trace = trace.tb_next
    return None


def _hidden(error, file):
    """A name that only the part of the file that is not run gives a value; None: it is another error."""
    text = str(error)
    if isinstance(error, NameError):
        names = set(re.findall("'(\\w+)'", text)[:1])
    elif isinstance(error, (AttributeError, TypeError)) and "'NoneType' object" in text:
        names = None
    else:
        return None
    try:
        tree = ast.parse(read_source(file))
    except (OSError, SyntaxError, ValueError):
        return None
    guards = [node for node in tree.body if is_main_guard(node)]
    below = {name for guard in guards for name in _set_in(guard)}
    called = {node.func.id for guard in guards for node in ast.walk(guard) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for name, function in functions_of(tree).items():
        if name in called:
            shared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
            below |= shared & _set_in(function)
    if names is None:
        # Of a variable that is None until then.
        names = {name for node in tree.body if _is_none(node) for name in _set_in(node)}
    return next(iter(sorted(names & below)), None)


def _set_in(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _is_none(node):
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant) and node.value.value is None
