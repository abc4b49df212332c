"""Tests of %%whyslow: cells as programs, and in IPython if it is installed."""

import ast
import importlib.util
import json
import os
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from whyslow import WhyslowError, _cells


def run(text):
    """The program's names; its cell has run once."""
    names = {'__name__': 'cell'}
    exec(compile(text, 'cell.py', 'exec'), names)
    names['result'] = names[_cells.FUNCTION]()
    return names


class Programs(unittest.TestCase):
    def test_lines_are_those_that_the_notebook_shows(self):
        text = _cells.program('a = 1\nb = a + 1\n', [], {})
        self.assertEqual(text.split('\n')[:3], ['def whyslow_cell(*_):', ' a = 1', ' b = a + 1'])

    def test_what_a_cell_uses_comes_from_the_cells_before_and_nothing_else(self):
        before = [
            'import math\nimport os\nunused = os.getcwd()',
            'def half(x):\n    return math.floor(x / scale)',
            'values = []\nvalues.append(7)\nprint(values)',
            'scale = 2',
        ]
        text = _cells.program('out.append(half(values[0]))', ['out = []', *before], {'out': [], 'half': None, 'values': []})
        self.assertNotIn('getcwd', text)
        self.assertNotIn('print', text)
        self.assertEqual(run(text)['out'], [3])

    def test_objects_that_earlier_cells_change_are_changed(self):
        before = ['class Model:\n    training = True\n    def eval(self):\n        self.training = False', 'model = Model()', 'model.eval()']
        self.assertEqual(run(_cells.program('seen.append(model.training)', [*before, 'seen = []'], {}))['seen'], [False])

    def test_what_changes_a_model_is_kept_whatever_becomes_of_its_result(self):
        before = [
            'class Weights(list):\n    grad = True\n    def fill(self, value):\n        self.append(value)',
            'class Model:\n    training = True\n    def __init__(self):\n        self.weights = [Weights()]\n    def parameters(self):\n        return self.weights'
            '\n    def eval(self):\n        self.training = False\n        return self\n    def load(self, values):\n        self.values = values\n        return ()',
            'model = Model()',
            'def freeze(m):\n    m.frozen = True\n    return m',
        ]
        for change, seen, value in [
            ('_ = model.eval()', 'model.training', False),
            ('missing = model.load([7])', 'model.values', [7]),
            ('missing, _ = model.load([7]), 0', 'model.values', [7]),
            ('freeze(model)', 'model.frozen', True),
            ('_ = freeze(m=model)', 'model.frozen', True),
            ('_ = [freeze(*[model])]', 'model.frozen', True),
            ('setattr(model, "frozen", True)', 'model.frozen', True),
            ('for p in model.parameters():\n    p.fill(3)', 'model.weights[0]', [3]),
            ('for k, p in enumerate(model.parameters()):\n    p.grad = k', 'model.weights[0].grad', 0),
            ('for p in model.weights: p += [4]', 'model.weights[0]', [4]),
            ('for p in model.weights:\n    q = p\n    q.fill(5)', 'model.weights[0]', [5]),
            ('[p.fill(6) for p in model.parameters()]', 'model.weights[0]', [6]),
            ('with open(model.eval() and "/dev/null") as file: pass', 'model.training', False),
        ]:
            with self.subTest(change=change):
                text = _cells.program(f'seen.append({seen})', [*before, change, 'seen = []'], {})
                self.assertEqual(run(text)['seen'], [value])

    def test_what_only_reads_a_model_is_not_kept(self):
        before = ['model = [1, 2]', 'print(len(model))', 'sizes = str(model), sorted(model)', 'for p in model:\n    print(p)', 'seen = []']
        self.assertEqual(run(_cells.program('seen.append(model[0])', before, {}))['seen'], [1])
        text = _cells.program('seen.append(model[0])', before, {})
        self.assertNotIn('print', text)
        self.assertNotIn('sizes', text)
        text = _cells.program('seen.append(np.one)', ['import math as np', 'seen = []', 'x = np.sin(1)'], {})
        self.assertNotIn('sin', text)

    def test_display_prints_where_there_is_no_ipython(self):
        text = _cells.program('seen.append(1)\ndisplay(seen)', ['seen = []'], {'display': print, 'seen': []})
        self.assertIn('\ndisplay = print\n', text)
        self.assertEqual(run(text)['seen'], [1])

    def test_texts_over_several_lines_stay(self):
        cell = 'text = """one\n  two\nthree"""\nkept.append(text)'
        self.assertEqual(run(_cells.program(cell, ['kept = []'], {}))['kept'], ['one\n  two\nthree'])
        cell = 'who = 1\ntext = f"""one\n  {who}\nthree"""\nkept.append(text)'
        self.assertEqual(run(_cells.program(cell, ['kept = []'], {}))['kept'], ['one\n  1\nthree'])

    def test_a_variable_that_the_cell_changes_is_the_notebooks(self):
        text = _cells.program('count = count + 1\n', ['count = 4'], {'count': 4})
        self.assertEqual(run(text)['count'], 5)
        self.assertEqual(ast.parse(text).body[0].body[1].lineno, 2)

    def test_what_cannot_stand_alone_is_refused_in_a_line(self):
        for cell, before, known, says in [
            ('model(x)', ['x = 1'], {'model': 1, 'x': 1}, 'no statement of the cells before assigns model, which the cell uses'),
            ('a = (', [], {}, 'line 2 of the cell: '),
            ("get_ipython().system('ls')", [], {}, 'other magics or shell commands'),
            ('# nothing', [], {}, 'the cell is empty'),
            ('with open("a") as f:\n    pass\ncount += 1', ['count = 1'], {}, 'the cell changes count'),
        ]:
            with self.subTest(cell=cell), self.assertRaisesRegex(WhyslowError, says):
                _cells.program(cell, before, known)

    def test_arguments_and_what_functions_bind_are_not_wanted_of_the_notebook(self):
        cell = 'f = lambda a: [b + a for b in (1, 2)]\ndef g(c, *d, **e):\n    h = c\n    return h\nresult = f(1), g(2)'
        self.assertEqual(_cells.needed(ast.parse(cell), []), ([], set()))


@unittest.skipUnless(importlib.util.find_spec('IPython'), 'IPython is not installed')
class Magic(unittest.TestCase):
    def test_a_cell_is_measured_with_what_it_needs_and_a_model_by_its_flags(self):
        from IPython.core.interactiveshell import InteractiveShell

        with tempfile.TemporaryDirectory() as folder:
            command = Path(folder, 'command.py')
            asked = Path(folder, 'asked.json')
            empty = {'schema': 'whyslow-report/2', 'areas': {}, 'findings': [], 'trials': []}
            command.write_text(
                textwrap.dedent(f"""
                import json, os, sys
                words = sys.argv[1:]
                text = open(words[1]).read() if words[0] == 'pipeline' else None
                json.dump([words, text, os.environ.get('PYTHONPATH')], open({str(asked)!r}, 'w'))
                print(json.dumps(dict({empty!r}, answer='It is measured at ' + words[1] + ':2')))
                """),
                'utf-8',
            )
            shell = InteractiveShell.instance()
            with mock.patch.dict(os.environ, {'WHYSLOW_COMMAND': f'{sys.executable} {command}'}):
                shell.run_cell('%load_ext whyslow')
                shell.run_cell('%time value = 21', store_history=True)
                shell.run_cell('value = 20\nother = 3', store_history=True)
                result = shell.run_cell('%%whyslow --quick\nvalue * 2', store_history=True).result
                words, text, path = json.loads(asked.read_text('utf-8'))
                self.assertEqual(str(result), 'It is measured at cell.py:2')
                self.assertEqual((words[0], words[2:4]), ('pipeline', ['--call=whyslow_cell', '--quick']))
                self.assertEqual(text, 'def whyslow_cell(*_):\n value * 2\n\nvalue = 20\n')
                self.assertEqual(path.split(os.pathsep)[0], os.getcwd())
                shell.run_cell('%whyslow model.onnx --threads 2')
                self.assertEqual(json.loads(asked.read_text('utf-8'))[0][:3], ['model.onnx', '--threads', '2'])


if __name__ == '__main__':
    unittest.main()
