"""Tests of the installed wheel: test/measured/pack.test.ts builds it, installs it and runs this file.

WHYSLOW_TEST_MODEL is a model, WHYSLOW_TEST_REPORTS a folder of report documents.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import whyslow
from whyslow import _command

MODEL = os.environ['WHYSLOW_TEST_MODEL']
REPORTS = Path(os.environ['WHYSLOW_TEST_REPORTS'])


class Command(unittest.TestCase):
    def test_version(self):
        printed = subprocess.run([sys.executable, '-m', 'whyslow', '--version'], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(printed.decode().strip(), whyslow.__version__)

    def test_exit_code_and_message_are_those_of_the_command(self):
        ended = subprocess.run([sys.executable, '-m', 'whyslow', 'absent.onnx'], stderr=subprocess.PIPE)
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr.decode(), r'^whyslow: absent\.onnx: no such file')

    def test_installs_known_packages_alone(self):
        ended = subprocess.run([sys.executable, '-m', 'whyslow', 'install', 'left-pad'], stderr=subprocess.PIPE)
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr.decode(), r'^whyslow: whyslow uses no package left-pad; .*onnxruntime-node')

    def test_a_missing_engine_is_installed_by_the_python_command(self):
        with tempfile.TemporaryDirectory() as empty:
            env = {**os.environ, 'WHYSLOW_PACKAGES': empty}
            ended = subprocess.run(
                [sys.executable, '-m', 'whyslow', MODEL], cwd=empty, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE
            )
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr.decode(), r'onnxruntime-node was not found .*; python\S* -m whyslow install onnxruntime-node\n$')


class Flags(unittest.TestCase):
    def test_values(self):
        given = {'quick': True, 'save': False, 'data': None, 'threads': 2, 'shape': {'x': [1, 3], 'y': '2'}, 'value': ['a=1', 'b=2']}
        expected = ['--quick', '--threads=2', '--shape=x=1x3', '--shape=y=2', '--value=a=1', '--value=b=2']
        self.assertEqual(_command.flags(given), expected)

    def test_names(self):
        self.assertEqual(_command.flags({'max_loss': 0.01}), ['--max-loss=0.01'])


class Errors(unittest.TestCase):
    def test_the_message_is_the_commands_line(self):
        with self.assertRaises(whyslow.WhyslowError) as raised:
            whyslow.why('absent.onnx')
        self.assertRegex(str(raised.exception), r'^absent\.onnx: no such file; [^\n]+$')
        self.assertEqual(raised.exception.exit_code, 2)

    def test_an_option_that_does_not_exist(self):
        with self.assertRaisesRegex(whyslow.WhyslowError, 'unknown option'):
            whyslow.why(MODEL, colour='red')

    def test_an_interrupt_ends_the_child(self):
        # The child says that it listens, then that it has ended.
        with tempfile.TemporaryDirectory() as folder:
            ready, ended = Path(folder, 'ready'), Path(folder, 'ended')
            os.mkfifo(ready)
            script = (
                "const fs = require('fs');"
                f"process.on('SIGINT', () => {{ fs.writeFileSync({json.dumps(str(ended))}, ''); process.exit(130) }});"
                f"fs.writeFileSync({json.dumps(str(ready))}, 'ready'); setInterval(() => {{}}, 1000)"
            )

            def interrupt():
                ready.read_text()
                os.kill(os.getpid(), signal.SIGINT)

            waiting = threading.Thread(target=interrupt)
            waiting.start()
            with self.assertRaises(KeyboardInterrupt):
                _command.communicate([_command.find_node(), '-e', script], os.environ)
            waiting.join()
            self.assertTrue(ended.exists())


class Documents(unittest.TestCase):
    def test_reports_of_every_kind_are_read(self):
        reports = [json.loads(path.read_text('utf-8')) for path in sorted(REPORTS.glob('**/*.json'))]
        reports = [one for one in reports if isinstance(one, dict) and str(one.get('schema')).startswith('whyslow-report/')]
        self.assertGreater(len(reports), 0)
        for document in reports:
            report = whyslow.Report.of(document)
            self.assertEqual(str(report), document['answer'])
            self.assertEqual(len(report.findings), len(document['findings']))
            self.assertIs(report.document, document)
            self.assertNotIn('<script', report._repr_html_())

    def test_html_is_escaped(self):
        empty = {'areas': {}, 'findings': [], 'trials': []}
        report = whyslow.Report.of({'answer': '<script>', **empty})
        self.assertIn('&lt;script&gt;', report._repr_html_())
        self.assertIsNone(report.latency)
        self.assertIsNone(report.speedup)


@unittest.skipUnless(os.environ.get('WHYSLOW_TEST_FULL'), 'measures (npm run test:full)')
class Measured(unittest.TestCase):
    def test_why_and_check(self):
        report = whyslow.why(MODEL, quick=True, duration='0.3s')
        self.assertGreater(report.latency.p50_ms, 0)
        self.assertNotEqual(report.answer, '')
        with tempfile.TemporaryDirectory() as folder:
            earlier = Path(folder, 'report.json')
            earlier.write_text(json.dumps(report.document), 'utf-8')
            check = whyslow.check(MODEL, against=earlier, fail_above=1000, quick=True, duration='0.3s')
        self.assertTrue(check.passed)


if __name__ == '__main__':
    unittest.main()
