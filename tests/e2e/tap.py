"""A pass-through proxy that keeps every request a function sends, so that tests can read what left it.

The emulator delivers no e-mail and no SMS, and checks neither length nor form
of what is published: here the whole request can be seen.
"""

import asyncio
import json
import threading
from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import ClientSession, web
from yarl import URL

# Fields of one connection, not of the message.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    target: str
    body: str


class Tap:
    def __init__(self, port: int, upstream: str):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.upstream = upstream
        self.requests: list[Request] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._call(self._start(port))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def _start(self, port: int) -> None:
        self.session = ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._relay)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()

    async def _relay(self, request: web.Request) -> web.Response:
        body, path = await request.read(), request.rel_url.raw_path_qs
        target = request.headers.get("X-Amz-Target", "")
        self.requests.append(Request(request.method, path, target, body.decode("utf-8", "replace")))
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = URL(self.upstream + path, encoded=True)
        async with self.session.request(request.method, url, headers=headers, data=body or None) as response:
            content = await response.read()
            headers = {name: value for name, value in response.headers.items() if name.lower() not in HOP_BY_HOP}
            return web.Response(status=response.status, headers=headers, body=content)

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

    async def _stop(self) -> None:
        await self.runner.cleanup()
        await self.session.close()

    def stop(self) -> None:
        self._call(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
