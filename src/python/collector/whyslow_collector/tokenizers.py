"""Tokenizers written by hand: a loop over the characters or words of a text that looks pieces of it up in a table."""

import ast

_TEXT_METHODS = {"split", "lower", "upper", "strip", "replace", "findall", "startswith", "isalpha", "isalnum", "isspace", "casefold", "finditer"}
_TABLES = ("vocab", "token", "ids", "merges", "lookup", "stoi", "word2", "index", "dictionary", "ranks", "pieces")


def looks_like_one(function, resolve):
    """Of its own body, without functions in it."""
    nodes = list(_own(function))
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.While, ast.ListComp, ast.GeneratorExp))]
    if not loops:
        return False
    text = sum(1 for node in nodes if _is_text_work(node, resolve))
    looks = sum(1 for loop in loops for node in ast.walk(loop) if _is_look_up(node))
    pieces = sum(1 for loop in loops for node in ast.walk(loop) if _is_piece(node))
    named = any(part in function.name.lower() for part in ("tokeni", "bpe", "wordpiece", "encode_text", "text_to"))
    return looks > 0 and (text > 0 or pieces > 0 or named) and (named or text + pieces > 0)


def _own(function):
    todo = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))


def _is_text_work(node, resolve):
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TEXT_METHODS:
        return not (resolve(node.func) or "").startswith(("numpy", "torch", "os"))
    return isinstance(node.func, ast.Name) and node.func.id in ("ord", "chr")


def _is_look_up(node):
    """table.get(piece), piece in table, table[piece], where the table is called like one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return _is_table(node.func.value)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return _is_table(node.comparators[0])
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_table(node.value)


def _is_table(node):
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return any(part in name.lower() for part in _TABLES)


def _is_piece(node):
    """text[start:end]."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
