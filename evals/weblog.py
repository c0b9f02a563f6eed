"""A made-up service log, for a domain that is all template: one JSON event per record.

Same program, other seed: training and test events share hosts, routes and messages, as the log of one service does from one
day to the next, and share no event. Nothing here is real data.
"""
import json
import random

HOSTS = [f"web-{zone}-{n:02d}" for zone in ("fra", "ams", "iad") for n in range(1, 9)]
ROUTES = [
    ("GET", "/api/v2/orders/{id}", (200, 200, 200, 200, 404)),
    ("GET", "/api/v2/orders?customer={id}&limit={small}", (200, 200, 200, 400)),
    ("POST", "/api/v2/orders", (201, 201, 201, 409, 422)),
    ("PATCH", "/api/v2/orders/{id}/status", (200, 200, 409)),
    ("GET", "/api/v2/customers/{id}/addresses", (200, 200, 403)),
    ("DELETE", "/api/v2/carts/{id}/items/{small}", (204, 204, 404)),
    ("GET", "/static/app.{hex6}.js", (200, 304, 304)),
    ("GET", "/healthz", (200,)),
    ("POST", "/api/v2/sessions", (201, 201, 401, 429)),
]
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "orders-mobile/4.18.2 (iOS 17.5.1; iPhone14,5)",
    "orders-mobile/4.17.0 (Android 14; Pixel 8)",
    "kube-probe/1.29",
]
LEVELS = {2: "info", 3: "info", 4: "warn", 5: "error"}
TROUBLE = [
    "upstream payment-gateway did not answer within {ms} ms, attempt {small} of 3",
    "connection pool of postgres-primary is exhausted: {small} of 32 in use, waited {ms} ms",
    "cache key orders:{id} expired during refresh; served the stale copy ({ms} ms old)",
    "retrying message {hex6} on queue invoice-mail after delivery failure number {small}",
]


def _fill(rng, pattern):
    return pattern.format(id=rng.randrange(100000, 999999), small=rng.randrange(1, 33), ms=rng.randrange(20, 9000),
                          hex6=f"{rng.getrandbits(24):06x}")


def _event(rng, clock):
    stamp = f"2026-03-{1 + clock // 86400000 % 28:02d}T{clock // 3600000 % 24:02d}:{clock // 60000 % 60:02d}:{clock // 1000 % 60:02d}.{clock % 1000:03d}Z"
    head = {"time": stamp, "service": "orders-frontend", "host": rng.choice(HOSTS)}
    if rng.random() < 0.12:
        return head | {"level": "warn", "event": "dependency", "message": _fill(rng, rng.choice(TROUBLE)),
                       "trace_id": f"{rng.getrandbits(48):012x}"}
    method, path, statuses = rng.choice(ROUTES)
    status = rng.choice(statuses) if rng.random() > 0.01 else 503
    return head | {
        "level": LEVELS[status // 100], "event": "request", "method": method, "path": _fill(rng, path), "status": status,
        "bytes": 0 if status in (204, 304) else rng.randrange(120, 48000), "duration_ms": round(rng.lognormvariate(3.2, 0.9), 1),
        "client": {"ip": f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
                   "agent": "kube-probe/1.29" if path == "/healthz" else rng.choice(AGENTS[:-1])},
        "trace_id": f"{rng.getrandbits(48):012x}"}


def events(seed):
    """Endless JSON lines."""
    rng = random.Random(seed)
    clock = rng.randrange(28 * 86400000)
    while True:
        clock += int(rng.expovariate(1 / 180))
        yield json.dumps(_event(rng, clock), separators=(", ", ": "))
