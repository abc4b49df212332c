"""The process of `ab` and of the gap's ladder, without a process of its own: what a file is, how it is called, and that nothing is timed that did not
run. The standard library alone; no test looks at how long something takes."""

import collections
import datetime
import os
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "packages", "measure", "src", "python", "collector"))

from whyslow_collector import contestant, target, value_tree  # noqa: E402
from whyslow_collector.errors import Contract  # noqa: E402


def session_of(source, call=None):
    """A session that has the file open, and its samples."""
    path = os.path.join(tempfile.mkdtemp(), "user.py")
    with open(path, "w") as file:
        file.write(textwrap.dedent(source))
    session = contestant.Session(lambda message: None)
    opened = session.answer({"ask": "open", "file": path, "call": call})
    return session, opened


def outputs(source, call=None, sample=3):
    session, _ = session_of(source, call)
    session.own = [sample]
    tree, buffers = session.output({"sample": 0})["value"]
    return value_tree.decode(tree, buffers)


class Programs(unittest.TestCase):
    def test_generators_run_to_their_end_and_are_timed(self):
        source = """
            ran = []
            def {stage}(x):
                yield x
                yield x
                ran.append(x)
            {rest}
        """
        for stage, rest in (("predict", ""), ("preprocess", "def predict(rows): return len(rows)")):
            session, _ = session_of(source.format(stage=stage, rest=rest))
            session.own = [3]
            ran = sys.modules[session.target.stages[0][1].__module__].ran
            contestant.time_passes(target.whole(session.steps), lambda: [3], 0, 1, iter(range(0, 10**12, 10**6)).__next__)
            self.assertEqual(ran, [3])
            contestant.time_with_gaps(target.whole(session.steps), lambda: [3], 1, 0)
            self.assertEqual(ran, [3, 3])

    def test_what_a_changed_program_imports_is_part_of_its_import(self):
        from unittest import mock

        path = os.path.join(tempfile.mkdtemp(), "user.py")
        with open(path, "w") as file:
            file.write("def predict(x): return x\n")
        at = [0]
        with mock.patch.object(contestant, "use_instead", lambda changed, package: at.__setitem__(0, at[0] + 5_000_000_000)):
            with mock.patch.object(contestant.time, "perf_counter_ns", lambda: at[0]):
                opened = contestant.Session(lambda message: None).answer({"ask": "open", "file": path, "call": None, "instead": {"changed": {}, "package": "fast"}})
        self.assertEqual(opened["importMs"], 5000)

    def test_what_a_generator_gives(self):
        self.assertEqual(outputs("def predict(x):\n    yield x\n    yield x + 1\n"), [3, 4])
        self.assertEqual(outputs("async def predict(x):\n    yield x\n    yield x + 1\n"), [3, 4])
        self.assertEqual(outputs("async def predict(x):\n    return (one for one in (x, x))\n"), [3, 3])
        self.assertEqual(outputs("def predict(x):\n    return map(str, (x, x))\n"), ["3", "3"])

    def test_an_asynchronous_load_and_predictions_share_a_loop(self):
        source = """
            import asyncio
            async def load():
                return asyncio.get_running_loop()
            async def predict(model, x):
                return [model is asyncio.get_running_loop(), x]
        """
        self.assertEqual(outputs(source), [True, 3])

    def test_a_wrapper_that_takes_whatever_it_is_given(self):
        source = """
            def traced(function):
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper
            def load():
                return 7
            @traced
            def predict(model, x):
                return [model, x]
        """
        self.assertEqual(outputs(source), [7, 3])
        self.assertEqual(outputs(source, "predict"), [7, 3])
        self.assertEqual(outputs(source.replace("@traced", "@(lambda function: lambda *args: eval('function(*args)', {'function': function, 'args': args}))")), [7, 3])

    def test_an_object_that_holds_the_stages(self):
        source = """
            class Service:
                def load(self):
                    return 7
                def predict(self, model, x):
                    return [model, x]
            pipeline = Service()
        """
        self.assertEqual(outputs(source), [7, 3])
        self.assertEqual(outputs(source.replace("pipeline = Service()", "pipeline = Service")), [7, 3])
        _, opened = session_of("def make(): return 1\ndef use(): return 2\npipeline = make()\n")
        self.assertEqual(opened["stages"], [])

    def test_which_predict_is_a_function(self):
        for source, stages in (
            ("predict = [1, 2].count(1)\nprint(predict)\n", []),
            ("def show(x): return x\npredict = show(3)\n", []),
            ("from math import sqrt as predict\nprint(predict(4))\n", []),
            ("predict = lambda x: x\n", ["predict"]),
            ("from math import sqrt as predict\ndef samples(): return [4]\n", ["predict"]),
            ("def score(x): return x\n", ["score"]),
        ):
            self.assertEqual(session_of(source)[1]["stages"], stages, source)
        with self.assertRaisesRegex(Contract, "has a predict that is no function but an int"):
            session_of("def samples(): return [1]\npredict = len([1])\n")

    def test_a_file_is_the_same_for_every_command(self):
        """Of what passes of `pipeline` call, by the same rules as `ab`; a script is one for both."""
        for source, called in (
            ("def load():\n    return 7\ndef predict(x):\n    return x\n", 3),
            ("def load():\n    return 7\ndef predict(x, scale=2):\n    return x * scale\n", 6),
            ("def load():\n    return 7\ndef predict(session):\n    return session\n", 7),
            ("def load():\n    return 7\ndef preprocess(x):\n    return x + 1\nclass pipeline:\n    def predict(self, model, x):\n        return [model, x]\n", [7, 4]),
            ("def score(x):\n    return x + 1\n", 4),
            ("def score(x):\n    return x + 2\ndef main():\n    pass\n", 5),
            ("import sys\nsys.path.append('models')\ndef clean(x):\n    return x + 1\ndef score(x):\n    return clean(x) * 2\n", 8),
            ("load = None\ndef samples(): return [1]\ndef predict(x): return -x\n", -3),
        ):
            session, opened = session_of(source)
            tree = target.parse(session.file)
            self.assertNotEqual(target.kind_of(tree, None, True), "script", source)
            steps = target.whole(session.steps)
            self.assertEqual(value_tree.decode(*value_tree.encode_value(steps(3))), called, source)
        for source in (
            "def main():\n    pass\nif __name__ == '__main__':\n    main()\n",
            "def main(words):\n    pass\nif __name__ == '__main__':\n    main([])\n",
            "def job():\n    pass\nif __name__ == '__main__':\n    job()\n",
            "def score(x):\n    return x\nprint(score(3))\n",
        ):
            session, opened = session_of(source)
            self.assertEqual((opened["stages"], target.kind_of(target.parse(session.file), None, True)), ([], "script"), source)

    def test_a_sample_has_the_members_that_a_function_of_several_takes(self):
        source = "def predict(a, b, c=5):\n    return [a, b, c]\n"
        for sample, given in (({"b": 2, "a": 1}, [1, 2, 5]), ({"a": 1, "b": 2, "c": 3}, [1, 2, 3]), ({"x": 1, "y": 2}, [1, 2, 5]), ([1, 2], [1, 2, 5])):
            self.assertEqual(outputs(source, sample=sample), given)

    def test_a_sample_is_needed_where_a_parameter_has_none_else(self):
        for source, needed in (
            ("def predict(x): return x\n", True),
            ("def predict(x=1): return x\n", False),
            ("def predict(): return 1\n", False),
            ("def load(): return 7\ndef predict(x): return x\n", False),
            ("def load(): return 7\ndef predict(model, x): return x\n", True),
            ("def load(): return 7\ndef preprocess(x): return x\ndef predict(model, x): return x\n", True),
        ):
            self.assertEqual(session_of(source)[1]["takesSample"], needed, source)

    def test_what_went_wrong_and_where(self):
        for source, reason, line in (
            ("def predict(x):\n    raise ValueError('bad\\nrow')\n", "ValueError: bad row", 2),
            ("def predict(x):\n    exit(3)\n", "it called exit(3)", 2),
        ):
            session, _ = session_of(source)
            session.own = [1]
            try:
                session.output({"sample": 0})
            except BaseException as error:
                told = contestant.failure(error, session)["failed"]
            self.assertEqual((told["reason"], told["line"], told["stage"], told["sample"]), (reason, line, "predict", 0))

    def test_a_file_of_a_package(self):
        folder = tempfile.mkdtemp()
        for name, source in (("__init__", ""), ("beside_d", "f = 7"), ("service", "from .beside_d import f\nfrom beside_d import f as g\ndef predict(): return [f, g]\n")):
            os.makedirs(os.path.join(folder, "app_d"), exist_ok=True)
            with open(os.path.join(folder, "app_d", name + ".py"), "w") as file:
                file.write(source)
        session = contestant.Session(lambda message: None)
        session.answer({"ask": "open", "file": os.path.join(folder, "app_d", "service.py"), "call": None})
        self.assertEqual(target.whole(session.steps)(None), [7, 7])

    def test_asynchronous_samples(self):
        session, _ = session_of("async def samples():\n    yield 1\n    yield 2\ndef predict(x): return x\n")
        self.assertEqual(len(session.samples({"most": 5})["samples"]), 2)
        self.assertEqual(session.own, [1, 2])


Pair = collections.namedtuple("Pair", "a b")


class Samples(unittest.TestCase):
    def stays(self, value):
        return value_tree.kept_home(value, value_tree.encode_value(value))

    def test_plain_values_travel(self):
        for value in (None, True, 3, 2**70, -0.0, float("nan"), "a", b"a", [1, 2.5, "x"], [1.5, float("nan")], (1, 2), (), [], {}, {1, 2}):
            self.assertIsNone(self.stays(value), value)
            self.assertIsNone(self.stays({"of": [value, (value, {"k": value})]}), value)

    def test_what_would_arrive_as_something_else_stays(self):
        class Row:
            def __init__(self):
                self.x = 1

        for name, value in (
            ("Pair", Pair(1, 2)),
            ("Row", Row()),
            ("dict with keys that are no text", {1: "a"}),
            ("date", datetime.date(2020, 1, 1)),
            ("bytearray", bytearray(b"a")),
            ("frozenset", frozenset([1])),
            ("OrderedDict", collections.OrderedDict(a=1)),
            ("function", lambda x: x),
        ):
            self.assertEqual(self.stays(value), name)
            self.assertEqual(self.stays([1, {"k": (value, 2)}]), name)

    def test_arrays_travel_where_they_arrive_as_they_are(self):
        try:
            import numpy as np
        except ImportError:
            self.skipTest("without NumPy")
        grid = np.arange(6, dtype=np.float32).reshape(2, 3)
        for value in (grid, grid.astype(bool), np.float32(1.5), np.zeros((0, 3)), np.array([1 + 2j])):
            self.assertIsNone(self.stays(value), value)
        for value in (grid.T, grid.astype(">f4"), np.array(["a"]), np.array([1, None]), np.array(3), np.zeros(2, "M8[s]"), np.ma.array([1])):
            self.assertIsNotNone(self.stays(value), value)

    def test_what_a_program_writes_into_its_own_sample_reaches_no_other_call(self):
        source = """
            import threading
            def samples():
                return [{1: [1, 2]}, {1: [1, 2], 2: threading.Lock()}]
            def predict(x):
                return x[1].pop()
        """
        session, _ = session_of(source)
        self.assertEqual(session.samples({"most": 5})["stays"], "dict with keys that are no text")
        session.keep({})
        told = [session.output({"sample": sample}) for sample in (0, 0, 1, 1)]
        self.assertEqual([value_tree.decode(*one["value"]) for one in told], [2, 2, 2, 1])
        self.assertEqual([(one["wroteInput"], one["copied"]) for one in told], [(True, True)] * 2 + [(True, False)] * 2)


if __name__ == "__main__":
    unittest.main()
