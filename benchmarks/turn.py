"""Whole turns over HTTP: one client's latency, eight clients' throughput, start and memory.

The baseline of the same run is /healthz of the same server: what HTTP alone costs here.
"""

import http.client
import json
import re
import statistics
import tempfile
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.client import chat
from tests.apps import LiveServer, running_server

WARM_UP, TURNS, CLIENTS, TURNS_EACH = 60, 400, 8, 150


def main() -> None:
    """Measure and print one JSON line per figure."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with running_server(home, SHOPBELL_LOG_LEVEL="warning"):
            pass  # the home is filled once: a start after that is what a shop sees every day
        began = time.perf_counter()
        with running_server(home, SHOPBELL_LOG_LEVEL="warning") as server:
            put("start to ready", seconds=time.perf_counter() - began)
            chat(server.url, WARM_UP)
            one_client(server)
            eight_clients(server)
            stations(server)
            put("memory (RSS)", megabytes=_rss(server.process.pid))


def one_client(server: LiveServer) -> None:
    """One shopper after another."""
    floor = statistics.median(_health(server.url, TURNS))
    times = chat(server.url, TURNS)
    cuts = statistics.quantiles(times, n=20)
    p50 = statistics.median(times)
    put(
        "turn over HTTP, one client",
        p50_ms=p50,
        p95_ms=cuts[18],
        healthz_p50_ms=floor,
        times_healthz=p50 / floor,
    )


def eight_clients(server: LiveServer) -> None:
    """Eight shoppers at once, in processes of their own."""
    with ProcessPoolExecutor(CLIENTS) as pool:
        list(pool.map(chat, [server.url] * CLIENTS, [1] * CLIENTS))  # processes are up
        began = time.perf_counter()
        results = list(pool.map(chat, [server.url] * CLIENTS, [TURNS_EACH] * CLIENTS))
        seconds = time.perf_counter() - began
    times = sorted(t for result in results for t in result)
    put(
        "eight clients",
        turns_per_second=len(times) / seconds,
        p50_ms=statistics.median(times),
        p99_ms=times[int(len(times) * 0.99)],
    )


def stations(server: LiveServer) -> None:
    """Where a turn's time goes, from the server's own histogram."""
    with urllib.request.urlopen(f"{server.url}/metrics") as response:
        text = response.read().decode()
    found = re.findall(r'_(sum|count)\{[^}]*station="(\w+)"[^}]*\} ([\d.e+-]+)', text)
    sums = {name: float(value) for kind, name, value in found if kind == "sum"}
    counts = {name: float(value) for kind, name, value in found if kind == "count"}
    total = sum(sums.values()) or 1.0
    for name, seconds in sorted(sums.items(), key=lambda item: -item[1]):
        mean = 1000 * seconds / counts[name]
        put(f"station {name}", mean_ms=mean, share=seconds / total)


def _health(url: str, count: int) -> list[float]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _rss(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(r"VmRSS:\s+(\d+)", status)
    return int(match.group(1)) / 1024 if match else 0.0


def put(figure: str, **values: float) -> None:
    """Print one figure."""
    print(json.dumps({"figure": figure, **{k: round(v, 3) for k, v in values.items()}}))


if __name__ == "__main__":
    main()
