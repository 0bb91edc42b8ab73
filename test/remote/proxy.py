# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy for tests and benchmarks of remotes: adds a delay, counts what a client asks, and fails in chosen ways.

The delay stands for the round trip of a network: half of it in each direction, and a whole one before the first bytes of a
connection, for its handshake. A round trip is counted when a client sends after it was answered, or for the first
time; what it sends without waiting is one round trip with what it sent before.
"""

import asyncio
import collections
import random
import selectors
import threading

CHUNK = 1 << 16

# What goes wrong, for each connection. "status" answers requests of HTTP itself.
FAULTS = ("refuse", "cut", "truncate", "garble", "stall", "silent", "late", "status")
LATE_SECONDS = 2.0
REASONS = {403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


class Counts:
    def __init__(self):
        self.connections = self.round_trips = self.bytes_up = self.bytes_down = 0

    def copy(self):
        out = Counts()
        out.__dict__.update(self.__dict__)
        return out

    def since(self, before):
        out = Counts()
        for name, value in self.__dict__.items():
            setattr(out, name, value - getattr(before, name))
        return out

    @property
    def bytes(self):
        return self.bytes_up + self.bytes_down


class Proxy:
    """Listens on `port` of 127.0.0.1, in a thread of its own. `delay` (seconds), `fault` and `status` may be changed."""

    def __init__(self, target_port, seed=1):
        self.target_port, self.delay, self.fault, self.status = target_port, 0.0, None, 503
        self.counts = Counts()
        self.random = random.Random(seed)
        # select() takes microseconds where epoll takes whole milliseconds.
        self.loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self.port = None
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK, backlog=512))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()
        server.close()
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks))
        self.loop.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def break_connections(self):
        """Ends what is open, so that the next request meets the fault that is set now."""
        def end():
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
        self.loop.call_soon_threadsafe(end)

    async def _serve(self, reader, writer):
        self.counts.connections += 1
        connection = Connection(self, self.fault)
        try:
            await connection.run(reader, writer)
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


class Connection:
    def __init__(self, proxy, fault):
        self.proxy, self.fault = proxy, fault
        self.was_answered = True  # nothing was asked yet

    async def run(self, reader, writer):
        if self.fault == "refuse":
            return
        if self.fault == "silent":
            while await reader.read(CHUNK):
                pass
            return
        if self.fault == "status":
            await self.answer_with_status(reader, writer)
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.proxy.target_port, limit=CHUNK)
        ways = [asyncio.ensure_future(self.pipe(reader, back, True)), asyncio.ensure_future(self.pipe(there, writer, False))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self.fault is None and ways[0].done():
                await asyncio.wait(ways, timeout=1)
        finally:
            for way in ways:
                way.cancel()
            back.close()

    async def pipe(self, source, sink, is_up):
        """Chunks are passed on in order, each a delay after it came; reading does not wait for that."""
        queue, arrived, counts = collections.deque(), asyncio.Event(), self.proxy.counts

        async def read():
            while chunk := await source.read(CHUNK):
                if is_up:
                    counts.bytes_up += len(chunk)
                    counts.round_trips += self.was_answered
                    self.was_answered = False
                else:
                    counts.bytes_down += len(chunk)
                    self.was_answered = True
                queue.append((self.proxy.loop.time() + self.proxy.delay / 2, chunk))
                arrived.set()
            queue.append((0, b""))
            arrived.set()

        reading = asyncio.ensure_future(read())
        try:
            is_first = is_up
            while True:
                while not queue:
                    arrived.clear()
                    await arrived.wait()
                due, chunk = queue.popleft()
                if is_first:
                    due, is_first = due + self.proxy.delay, False
                await asyncio.sleep(max(0, due - self.proxy.loop.time()))
                if not chunk:
                    break
                if self.fault and not await self.pass_badly(chunk, sink, is_up):
                    return
                if not self.fault:
                    sink.write(chunk)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        finally:
            reading.cancel()

    async def pass_badly(self, chunk, sink, is_up):
        """False: the connection ends."""
        if self.fault == "late":
            await asyncio.sleep(LATE_SECONDS if not is_up else 0)
            sink.write(chunk)
        elif self.fault == "garble":
            changed = bytearray(chunk)
            for _ in range(1 + len(chunk) // 4096):
                changed[self.proxy.random.randrange(len(changed))] ^= 1 << self.proxy.random.randrange(8)
            sink.write(changed)
        elif is_up:
            sink.write(chunk)
        elif self.fault == "cut":
            sink.write(chunk[:len(chunk) // 2])
            await sink.drain()
            sink.transport.abort()
            return False
        elif self.fault == "truncate":
            sink.write(chunk[:-1 - len(chunk) // 8])
            await sink.drain()
            return False
        elif self.fault == "stall":
            sink.write(chunk[:len(chunk) // 2])
            await sink.drain()
            await asyncio.sleep(3600)
        return True

    async def answer_with_status(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.decode("latin-1").split("\r\n"):
                name, _, value = line.partition(":")
                if name.lower() == "content-length":
                    await reader.readexactly(int(value))
            status = self.proxy.status
            body = b"no\n"
            writer.write(f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
