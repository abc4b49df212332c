"""Where servers of Python take a request and end it: ASGI (uvicorn, hypercorn, daphne), WSGI (gunicorn, waitress, Werkzeug) and http.server."""


def asgi(app, requests):
    async def watched(scope, receive, send):
        if scope.get("type") != "http":
            return await app(scope, receive, send)
        begun, status = requests.begin(scope.get("method", ""), scope.get("path", "")), [0]

        async def sending(message):
            if message.get("type") == "http.response.start":
                status[0] = message.get("status", 0)
            await send(message)

        try:
            return await app(scope, receive, sending)
        finally:
            requests.end(begun, status[0], in_thread=False)

    return watched


def wsgi(app, requests):
    def watched(environ, start_response):
        begun, status = requests.begin(environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")), [0]

        def starting(line, *given, **named):
            status[0] = int(line.split(" ", 1)[0])
            return start_response(line, *given, **named)

        try:
            answer = app(environ, starting)
        except BaseException:
            requests.end(begun, 500)
            raise
        return _Answer(answer, lambda: requests.end(begun, status[0]))

    return watched


class _Answer:
    """What a WSGI application returns: the server closes it when it is sent."""

    def __init__(self, parts, done):
        self.parts, self.done = parts, done

    def __iter__(self):
        return iter(self.parts)

    def close(self):
        try:
            if hasattr(self.parts, "close"):
                self.parts.close()
        finally:
            done, self.done = self.done, lambda: None
            done()


def _uvicorn(module, requests):
    load = module.Config.load

    def loading(self):
        load(self)
        self.loaded_app = asgi(self.loaded_app, requests)
        requests.listening(getattr(self, "port", None))

    module.Config.load = loading


def _hypercorn(module, requests):
    load = module.load_application

    def loading(*given, **named):
        app = load(*given, **named)
        return app if type(app).__name__ == "WSGIWrapper" else asgi(app, requests)

    module.load_application = loading


def _gunicorn(module, requests):
    load = module.Worker.load_wsgi

    def loading(self):
        load(self)
        # Its workers for ASGI bring a server of their own, which is watched.
        if "uvicorn" not in type(self).__module__:
            self.wsgi = wsgi(self.wsgi, requests)
            for socket in getattr(self, "sockets", []):
                requests.listening(_port(socket.getsockname()))

    module.Worker.load_wsgi = loading


def _waitress(module, requests):
    create = module.create_server

    def creating(application, *given, **named):
        return create(wsgi(application, requests), *given, **named)

    module.create_server = creating


def _http_server(module, requests):
    handler = module.BaseHTTPRequestHandler
    parse, one, finish, respond = handler.parse_request, handler.handle_one_request, handler.finish, handler.send_response_only

    def done(self):
        begun, self.whyslow_request = getattr(self, "whyslow_request", None), None
        if begun is not None:
            requests.end(begun, getattr(self, "whyslow_status", 0))

    def parse_request(self):
        done(self)
        parsed = parse(self)
        if parsed:
            self.whyslow_request = requests.begin(self.command or "", self.path)
        return parsed

    def handle_one_request(self):
        try:
            return one(self)
        finally:
            done(self)

    def finishing(self):
        try:
            return finish(self)
        finally:
            done(self)

    def send_response_only(self, code, message=None):
        self.whyslow_status = int(code)
        return respond(self, code, message)

    handler.parse_request, handler.handle_one_request, handler.finish = parse_request, handle_one_request, finishing
    handler.send_response_only = send_response_only


def _socketserver(module, requests):
    activate, handle = module.TCPServer.server_activate, module.BaseServer._handle_request_noblock

    def handle_request(self):
        return requests.timed(0, handle, (self,))

    def server_activate(self):
        activate(self)
        requests.listening(_port(self.server_address))

    module.TCPServer.server_activate = server_activate
    module.BaseServer._handle_request_noblock = handle_request


def _anyio(module, requests):
    """Functions that ASGI applications run in threads, as FastAPI's without `async`: the thread's time is the request's."""
    run_sync = module.run_sync

    async def running(function, *args, **named):
        number = requests.current()
        if number == 0:
            return await run_sync(function, *args, **named)

        def watched(*given):
            return requests.timed(number, function, given)

        return await run_sync(watched, *args, **named)

    module.run_sync = running


def _port(address):
    return address[1] if isinstance(address, tuple) and len(address) > 1 else None


#: module -> what patches it once the user's program has imported it.
SERVERS = {
    "uvicorn.config": _uvicorn,
    "hypercorn.utils": _hypercorn,
    "gunicorn.workers.base": _gunicorn,
    "waitress.server": _waitress,
    "http.server": _http_server,
    "socketserver": _socketserver,
    "anyio.to_thread": _anyio,
}
