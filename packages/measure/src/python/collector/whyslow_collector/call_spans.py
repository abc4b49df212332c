"""Where in the source a call stands whose instruction is known. Python 3.11 and newer say so (PEP 657). Before, the file is compiled once more with each call on a
line of its own: that changes no instruction, and the line of an instruction is then the call."""

import ast
import dis
import functools

from .module_file import read_source


def span_of(code, at):
    """(line, end line, column, end column) of the call at the instruction; None: it is not known."""
    if at < 0:
        return None
    if not hasattr(code, "co_positions"):
        return _by_lines(code).get(at)
    found = list(code.co_positions())[at // 2]
    return None if None in found else found


@functools.lru_cache(maxsize=None)
def _by_lines(code):
    """Spans of all calls of a function, by the offset of their instruction."""
    try:
        text = read_source(code.co_filename)
        tree = ast.parse(text)
        compiled = lambda: compile(tree, code.co_filename, "exec", dont_inherit=True)  # noqa: E731
        plain = list(_codes(compiled()))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        spans = {}
        for line, node in enumerate(calls, len(text) + 1):
            spans[line] = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        for line, node in zip(spans, calls):
            # The call of a method has the line at which its name ends.
            node.lineno = node.end_lineno = node.func.end_lineno = line
        own = [twin for one, twin in zip(plain, _codes(compiled())) if one == code]
    except (OSError, SyntaxError, ValueError):
        return {}
    if len(own) != 1 or own[0].co_code != code.co_code:
        return {}
    starts, line, found = dict(dis.findlinestarts(own[0])), None, {}
    for instruction in dis.get_instructions(own[0]):
        line = starts.get(instruction.offset, line)
        if instruction.opname.startswith("CALL") and line in spans:
            found[instruction.offset] = spans[line]
    return found


def _codes(code):
    yield code
    for one in code.co_consts:
        if hasattr(one, "co_consts"):
            yield from _codes(one)
