"""A web server of our own, in place of those that data sets are downloaded from."""
import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror:
    """A web server on 127.0.0.1. `answer(name, wanted)` gives status, body, the length that it claims, and further headers.

    The body is bytes, or an iterator over pieces of it. wanted: the first byte that is asked for, or None.
    `asked` has all names, `begun` all these.
    """

    def __init__(self, answer):
        asked, begun = self.asked, self.begun = [], []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path.lstrip("/"))
                wanted = self.headers["Range"]
                begun.append(int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else None)
                status, body, length, *headers = answer(asked[-1], begun[-1])
                self.reply(status, length, *headers)
                with contextlib.suppress(ConnectionError):
                    for piece in [body] if isinstance(body, bytes) else body:
                        self.wfile.write(piece)

            def do_HEAD(self):
                self.reply(200, 0)

            def reply(self, status, length, headers=()):
                self.send_response(status)
                for header in [("Content-Length", str(length)), *headers]:
                    self.send_header(*header)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def sends(content, status=200):
    return status, content, len(content)


@contextlib.contextmanager
def starter(monkeypatch, module):
    """A function that starts mirrors, one for each of its arguments, and lets them be the module's; at the end they stop."""
    with contextlib.ExitStack() as stack:

        def start(*answers):
            started = [stack.enter_context(contextlib.closing(Mirror(answer))) for answer in answers]
            monkeypatch.setattr(module, "MIRRORS", tuple(mirror.url for mirror in started))
            return started

        yield start
