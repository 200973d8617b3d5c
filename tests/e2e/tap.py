"""A pass-through proxy that keeps every request a function sends, so that tests can read what left it.

The emulator delivers no e-mail and no SMS, and checks neither length nor form
of what is published: here the whole request can be seen.
"""

import http.client
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    target: str
    body: str


class Tap:
    def __init__(self, port: int, upstream_port: int):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.requests: list[Request] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def relay(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append(
                    Request(self.command, self.path, self.headers.get("X-Amz-Target", ""), body.decode("utf-8", "replace"))
                )
                connection = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=60)
                try:
                    headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                    connection.request(self.command, self.path, body, headers | {"Connection": "close"})
                    response = connection.getresponse()
                    content = response.read()
                    self.send_response(response.status)
                    for name, value in response.getheaders():
                        if name.lower() not in HOP_BY_HOP:
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                finally:
                    connection.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = relay

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def published(self, topic_arn: str) -> list[dict]:
        """The publishes to one topic as they left the function: subject, attributes and the text of each protocol."""
        out = []
        for request in self.requests:
            form = {name: values[0] for name, values in parse_qs(request.body).items()}
            if form.get("Action") != "Publish" or form.get("TopicArn") != topic_arn:
                continue
            attributes, number = {}, 1
            while name := form.get(f"MessageAttributes.entry.{number}.Name"):
                value = f"MessageAttributes.entry.{number}.Value"
                attributes[name] = (form[f"{value}.DataType"], form.get(f"{value}.StringValue", ""))
                number += 1
            texts = json.loads(form["Message"]) if form.get("MessageStructure") == "json" else {"default": form["Message"]}
            out.append({"subject": form.get("Subject", ""), "attributes": attributes, "texts": texts})
        return out

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
