"""Replacements for loops of a Python program, run next to them: reads one plan (JSON) from standard input, writes one answer (JSON) to standard output.

Plan: file, call, arguments (of a script), isScript (null: to be told by the file), data (what --data named; null: its own samples), lines (of
hot places; null: all), modules (files of the user's own that it imports: file, lines of each), budgetMs. The program runs as it is, but for a look at the values in front of each loop that a replacement was
generated for. Python 3.9 or newer; NumPy as the program has it.
"""
import os
import sys

if __name__ == "__main__":
    # The one argument: the folder that holds whyslow_collector.
    sys.path[:1] = [os.path.dirname(os.path.abspath(__file__)), sys.argv.pop(1)]

WRITES = sys.dont_write_bytecode
sys.dont_write_bytecode = True

import ast
import importlib.machinery
import importlib.util

import rewrites
from whyslow_collector import module_file, samples, target
from whyslow_collector.finishing import finished
from whyslow_collector.wire import answer_once
from prove import Beside, Seen, copies, live, prove, shared, take_turns
from uses import as_list, needs_list
from vectorize import Refused, check_names_after, numpy_names, places, propose

sys.dont_write_bytecode = WRITES

#: Values of a place that are kept, and calls of the program that are looked at.
MOST_SEEN = 2
MOST_SAMPLES = 4
MOST_BYTES = 1 << 30


class Enough(BaseException):
    """Every place was seen: what comes after it in a script need not run."""


class Candidate:
    def __init__(self, place, proposal):
        self.place = place
        self.proposal = proposal
        self.seen = []
        self.bytes = 0

    def look(self, local, outer, _):
        if len(self.seen) >= MOST_SEEN or self.bytes > MOST_BYTES:
            return
        stops = [node.id for stop in self.proposal.stops if stop is not None for node in ast.walk(stop) if isinstance(node, ast.Name)]
        names = dict.fromkeys([*self.proposal.operands, *self.proposal.scalars, *([self.proposal.written] if self.proposal.written else []), *stops])
        seen = live(names, local, outer)
        overlapping = shared(seen, self.proposal)
        values = copies(seen)
        self.bytes += sum(getattr(one, "nbytes", 0) or (len(one) * 32 if isinstance(one, (list, tuple)) else 0) for one in values.values())
        self.seen.append(Seen(values, self.place.function is None, overlapping))


def find(tree, lines):
    """Candidates, and why others are none; of nested places the outermost that can be replaced."""
    known = numpy_names(tree) or {"np"}
    found, refused, taken = [], [], []
    for place in places(tree):
        statement = place.statement
        first, last = statement.lineno, statement.end_lineno
        if lines is not None and not any(first <= line <= last for line in lines):
            continue
        if any(start <= first and last <= end for start, end in taken):
            continue
        try:
            proposal = propose(statement, place.before, known)
            check_names_after(place, proposal.written)
            proposal.needs_list = needs_list(place, proposal, known)
            found.append(Candidate(place, proposal))
            taken.append((first, last))
        except Refused as error:
            refused.append({"line": first, "endLine": last, "function": place.function, "reason": str(error)})
    return found, refused


def lines_of(one):
    """The first and the last of a candidate's statement."""
    statement = one.place.statement
    return statement.lineno, statement.end_lineno


def lies_in(those, first, last):
    """Whether lines lie in the statement of one of the candidates."""
    return any(begin <= first and last <= end for begin, end in map(lines_of, those))


class Source:
    """A file of the program: what may stand in place of its hot lines, and why nothing may."""

    def __init__(self, file, lines):
        self.file = file
        with open(file, "rb") as held:
            self.text = held.read()
        self.tree = ast.parse(self.text, file)
        self.known = numpy_names(self.tree) or {"np"}
        candidates, self.refused = find(self.tree, lines)
        others, reasons = rewrites.find(self.tree, lines, self.known)
        others = [one for one in others if not lies_in(candidates, *lines_of(one))]
        self.candidates = [one for one in candidates if not lies_in(others, *lines_of(one))] + others
        self.refused = [row for row in self.refused if not lies_in(others, row["line"], row["line"])] + reasons

    def refuse(self, one, reason):
        line, end = lines_of(one)
        self.refused.append({"line": line, "endLine": end, "function": one.place.function, "reason": reason})

    def code(self, numbers):
        return compile(instrument(self.tree, self.candidates, numbers), self.file, "exec")


class Loader(importlib.machinery.SourceFileLoader):
    """Code of a file of the program that the program imports, with a look in front of each place."""

    codes, look = None, None

    def get_code(self, fullname):
        return self.codes[os.path.realpath(self.path)]

    def exec_module(self, module):
        module.__whyslow_look__ = self.look
        super().exec_module(module)


class Finder:
    def __init__(self, codes, look):
        self.codes = codes
        self.loader = type("Loader", (Loader,), {"codes": codes, "look": staticmethod(look)})

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or os.path.realpath(spec.origin) not in self.codes:
            return None
        spec.loader = self.loader(spec.loader.name, spec.loader.path)
        return spec


def instrument(tree, candidates, numbers):
    """A look in front of each place. `numbers`: of each candidate."""
    by_statement = {id(one.place.statement): numbers[one] for one in candidates}

    def visit(body):
        changed = []
        for statement in body:
            k = by_statement.get(id(statement))
            if k is not None:
                look = ast.parse("__whyslow_look__(%d, locals(), globals())" % k).body[0]
                for node in ast.walk(look):
                    ast.copy_location(node, statement)
                changed.append(look)
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(statement, field, None)
                if inner:
                    setattr(statement, field, visit(inner))
            for handler in getattr(statement, "handlers", None) or []:
                handler.body = visit(handler.body)
            changed.append(statement)
        return changed

    tree.body = visit(tree.body)
    return ast.fix_missing_locations(tree)


def run(plan, codes, candidates, is_script):
    """Runs the program until every place was seen. `codes`: of its files, by path."""
    path = plan["file"]

    def look(k, local, outer):
        candidates[k].look(local, outer, (MOST_SEEN, MOST_BYTES))
        if is_script and all(one.seen or getattr(one, "why", None) for one in candidates):
            raise Enough

    sys.meta_path.insert(0, Finder(codes, look))
    code = codes[os.path.realpath(path)]
    if is_script:
        module_file.run_main(path, plan.get("arguments") or (), code, __whyslow_look__=look)
        return
    sys.argv = [path]
    module = module_file.import_file(path, lambda *_: code, lambda made: setattr(made, "__whyslow_look__", look))
    found = target.target_of(module, plan["call"])
    call = target.whole(found.steps(found.loaded()))
    for sample in samples.read(found, plan.get("data"), most=MOST_SAMPLES)[0] or [None]:
        finished(call(sample))
        if all(len(one.seen) >= MOST_SEEN for one in candidates):
            return


def described(candidate, known, budget_ms):
    """What is told of one place. Raises Refused."""
    proposal, place = candidate.proposal, candidate.place
    if not candidate.seen:
        raise Refused("it did not run")
    if proposal.needs_list:
        proposal.statements = as_list(proposal.statements, dtype_of(candidate, known))
    equal = prove(proposal, candidate.seen, known)
    largest = max(candidate.seen, key=lambda one: max(len(one.values[name]) for name in proposal.operands))
    pairs, conversion = take_turns(proposal, largest, known, budget_ms)
    operands = [largest.values[one] for one in proposal.operands]
    lists = [one for one in proposal.operands if isinstance(largest.values[one], (list, tuple))
             and not (one == proposal.written and proposal.result == "store")]
    elements = max(getattr(one, "size", None) or len(one) for one in operands)
    kinds = dict.fromkeys(str(one.dtype) if hasattr(one, "dtype") else "list of %s" % type(one[0]).__name__ for one in operands if len(one))
    return {
        "line": place.statement.lineno,
        "endLine": place.statement.end_lineno,
        "function": place.function,
        "form": "numpy",
        "what": proposal.form,
        "code": pasted(proposal, lists, known),
        "pairsMs": pairs,
        "conversionMs": conversion if lists else None,
        "equal": equal,
        "elements": elements,
        "kinds": list(kinds),
        "asList": proposal.needs_list,
        "calls": len(candidate.seen),
    }


def dtype_of(candidate, known):
    """Type of the array that it makes of what was seen; None if it makes none, and prove() says why."""
    first = candidate.seen[0]
    beside = Beside(candidate.proposal, first.module_level, known)
    try:
        return str(getattr(beside.after.run(beside.converted(first.values))[1], "dtype", None))
    except Exception:
        return None


def pasted(proposal, lists, known):
    """Lines to put in place of the loop, with the name that the program has for NumPy."""
    alias = "np" if "np" in known else sorted(known)[0]
    statements = [ast.unparse(one) for one in proposal.statements]
    if alias != "np":
        renamed = [ast.parse(one) for one in statements]
        for tree in renamed:
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id == "np":
                    node.id = alias
        statements = [ast.unparse(one) for one in renamed]
    made = ["%s = %s.asarray(%s)  # once, where it is made" % (one, alias, one) for one in lists]
    return made + statements


def names_of(file):
    """What the names of a file stand for."""
    looked = [one for one in list(sys.modules.values()) if getattr(one, "__whyslow_look__", None)]
    module = next((one for one in looked if os.path.realpath(getattr(one, "__file__", None) or "") == os.path.realpath(file)), None)
    return dict(vars(module)) if module is not None else {}


def answer(plan):
    sources = [Source(plan["file"], plan["lines"]), *imported_sources(plan)]
    own = sources[0]
    candidates = [one for source in sources for one in source.candidates]
    replacements, failed, ran = [], None, False
    if candidates and importlib.util.find_spec("numpy") is None:
        for source in sources:
            for one in source.candidates:
                source.refuse(one, "NumPy is not in this Python: pip install numpy")
    elif candidates:
        is_script = plan.get("isScript")
        if is_script is None:
            is_script = plan["call"] is None and target.kind_of(own.tree, None, bool(plan.get("data"))) == "script"
        ran = True
        try:
            numbers = {one: k for k, one in enumerate(candidates)}
            codes = {os.path.realpath(one.file): one.code(numbers) for one in sources if one is own or one.candidates}
            run(plan, codes, candidates, is_script)
        except Enough:
            pass
        except BaseException as error:
            failed = "%s: %s" % (type(error).__name__, error)
        share = plan["budgetMs"] / len(candidates)
        replacements = [row for source in sources for row in proven(source, share)]
    refused = [row for source in sources for row in source.refused]
    return {"replacements": replacements, "refused": refused, "failed": failed, "ran": ran}


def imported_sources(plan):
    """Those that can be read."""
    found = []
    for one in plan.get("modules") or []:
        try:
            found.append(Source(one["file"], one["lines"]))
        except (OSError, SyntaxError, ValueError):
            continue
    return found


def proven(source, budget_ms):
    """What is told of each place of a file that has something in its place; the others are refused."""
    found = []
    for one in source.candidates:
        try:
            if isinstance(one, rewrites.Rewrite):
                told = rewrites.described(one, source.known, names_of(source.file), budget_ms)
            else:
                told = described(one, source.known, budget_ms)
            found.append({**told, "file": source.file})
        except Refused as error:
            source.refuse(one, str(error))
        except Exception as error:
            source.refuse(one, "it could not be tried (%s: %s)" % (type(error).__name__, error))
    return found


if __name__ == "__main__":
    answer_once(answer)
