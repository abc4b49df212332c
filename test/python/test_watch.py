"""What the hooks write down of a program that whyslow watches: planted packages with the names of the real ones, in a process of their own."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SITE = os.path.join(ROOT, "packages", "measure", "src", "python", "collector", "watch")

PACKAGES = {
    "uvicorn/__init__.py": "",
    "uvicorn/config.py": """
        class Config:
            port = 8123
            def __init__(self, app):
                self.app = app
            def load(self):
                self.loaded_app = self.app
    """,
    "gunicorn/__init__.py": "",
    "gunicorn/workers/__init__.py": "",
    "gunicorn/workers/base.py": """
        class Worker:
            def __init__(self, app):
                self.app = app
            def load_wsgi(self):
                self.wsgi = self.app
    """,
    "onnxruntime/__init__.py": "__version__ = '1.99'\nfrom .capi.onnxruntime_inference_collection import InferenceSession\n",
    "onnxruntime/capi/__init__.py": "",
    "onnxruntime/capi/onnxruntime_inference_collection.py": """
        class Session:
            def run(self, names, feeds):
                return [feeds]
        class InferenceSession(Session):
            def __init__(self, path):
                self._model_path = path
    """,
    "sitecustomize.py": "import os\nos.environ['USERS_SITE'] = 'ran'\n",
}


def lines_of(program):
    """By their kind, in the order in which they were written."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**PACKAGES, "program.py": program}.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(textwrap.dedent(text))
        records = os.path.join(folder, "records")
        os.mkdir(records)
        environment = {**os.environ, "WHYSLOW_WATCH": records, "PYTHONPATH": os.pathsep.join([SITE, folder])}
        subprocess.run([sys.executable, os.path.join(folder, "program.py")], env=environment, check=True, timeout=60)
        found = {}
        for name in os.listdir(records):
            with open(os.path.join(records, name), encoding="utf-8") as file:
                for line in map(json.loads, file):
                    found.setdefault(line[0], []).append(line[1:])
        return found


class Watched(unittest.TestCase):
    def test_asgi(self):
        found = lines_of("""
            import asyncio, os
            import onnxruntime
            from uvicorn.config import Config
            session = onnxruntime.InferenceSession("/a/model.onnx")
            async def app(scope, receive, send):
                await asyncio.sleep(0.01)
                session.run(None, {})
                await send({"type": "http.response.start", "status": 201 if os.environ["USERS_SITE"] == "ran" else 500})
            config = Config(app)
            config.load()
            async def sent(message): pass
            async def main():
                ask = lambda path: config.loaded_app({"type": "http", "method": "POST", "path": path}, None, sent)
                await asyncio.gather(asyncio.create_task(ask("/a?b")), asyncio.create_task(ask("/c")))
            asyncio.run(main())
        """)
        self.assertEqual([(line[0], line[3], line[4]) for line in found["request"]], [(1, "POST", "/a"), (2, "POST", "/c")])
        self.assertEqual([(number, status) for number, _, status in found["end"]], [(1, 201), (2, 201)])
        self.assertEqual(found["model"], [[1, "onnxruntime", "1.99", "/a/model.onnx", None]])
        self.assertEqual(sorted(line[4] for line in found["call"]), [1, 2])
        self.assertEqual(found["server"], [[8123]])
        self.assertLessEqual({1, 2}, {line[3] for line in found["slice"]})
        begun = {number: at for number, _, at, *_ in found["request"]}
        for _, _, start, end, number in found["call"]:
            self.assertLess(begun[number], start)
            self.assertLess(start, end)

    def test_wsgi_counts_the_time_until_the_answer_is_closed(self):
        found = lines_of("""
            import time
            from gunicorn.workers.base import Worker
            def app(environ, start_response):
                start_response("404 Not Found", [])
                def parts():
                    yield b"a"
                    until = time.thread_time() + 0.01
                    while time.thread_time() < until: pass
                    yield b"b"
                return parts()
            worker = Worker(app)
            worker.load_wsgi()
            answer = worker.wsgi({"REQUEST_METHOD": "GET", "PATH_INFO": "/x"}, lambda *given: None)
            assert b"".join(answer) == b"ab"
            answer.close()
        """)
        self.assertEqual([line[3:] for line in found["request"]], [["GET", "/x"]])
        self.assertEqual([line[2] for line in found["end"]], [404])
        (slice,) = found["slice"]
        self.assertEqual(slice[3], 1)
        self.assertGreaterEqual(slice[4], 10)

    def test_threads_of_http_server(self):
        found = lines_of("""
            import http.server, threading, urllib.request
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                def log_message(self, *given): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for _ in range(3):
                urllib.request.urlopen("http://127.0.0.1:%d/y?z" % server.server_port).read()
            server.shutdown()
        """)
        self.assertEqual([line[4] for line in found["request"]], ["/y"] * 3)
        self.assertEqual([line[2] for line in found["end"]], [200] * 3)
        self.assertEqual(len(found["server"]), 1)


if __name__ == "__main__":
    unittest.main()
