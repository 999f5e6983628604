"""The two programs under test: ours and the FastAPI peer, each with its own database, its own Redis database, the same limits."""

import base64
import contextlib
import http.client
import os
import pathlib
import secrets
import socket
import subprocess
import time
import urllib.parse

BENCH = pathlib.Path(__file__).resolve().parent
REDCAP_URL = "https://redcap.bench.example/"
PROJECT = "18"
DET_PATH = "/api/webhooks/redcap/det"
# High enough that no round meets it, and the same for both: each request still asks Redis.
LIMIT_PER_MINUTE = 6_000_000


class CouldNotMeasure(Exception):
    """The only thing that makes the bench fail."""


def database_url(variable, name):
    """The private server's URL of one role, pointed at the database `name`."""
    return urllib.parse.urlsplit(os.environ[variable])._replace(path="/" + name).geturl()


def psql(url, sql):
    """Rows of `sql` as lists of text."""
    done = subprocess.run(
        [os.environ["TEST_PG_BIN"] + "/psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql,
         url.replace("+asyncpg", "")],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise CouldNotMeasure(f"psql: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()]


class Side:
    """One contestant: `script` is bench/ours or bench/peer, `row` tells its databases apart."""

    def __init__(self, script, row, redis_database, folder):
        self.name, self.script, self.database = script, str(BENCH / script), f"bench_{script}_{row}"
        self.owner_url = database_url("TEST_DATABASE_URL", self.database)
        self.redis_url = os.environ["TEST_REDIS_URL"].rsplit("/", 1)[0] + f"/{redis_database}"
        self.secret, self.folder, self.port = secrets.token_urlsafe(32), folder, None
        self.log = open(pathlib.Path(folder) / f"{script}.log", "ab")
        self.environment = os.environ | self._variables()

    def _variables(self):
        ours = self.name == "ours"
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        return {
            "ENVIRONMENT": "production",
            "DATABASE_URL": database_url("TEST_RUNTIME_DATABASE_URL", self.database) if ours else self.owner_url,
            "MIGRATION_DATABASE_URL": self.owner_url, "REDIS_URL": self.redis_url, "SESSION_STORAGE_BACKEND": "redis",
            "JWT_SECRET_KEY": secrets.token_urlsafe(32), "SESSION_SECRET_KEY": secrets.token_urlsafe(32),
            "REDCAP_ENCRYPTION_KEY": key, "ALLOWED_ORIGINS": "https://app.bench.example",
            "RATE_LIMIT_PER_MINUTE": str(LIMIT_PER_MINUTE), "AUTH_RATE_LIMIT_PER_MINUTE": "10",
            "REDCAP_DET_RATE_LIMIT_PER_MINUTE": str(LIMIT_PER_MINUTE), "REDCAP_DET_IDEMPOTENCY_TTL_SECONDS": "86400",
            "BENCH_PASSWORD": secrets.token_urlsafe(18), "BENCH_REDCAP_URL": REDCAP_URL, "BENCH_PROJECT_ID": PROJECT,
            "BENCH_REDCAP_TOKEN": secrets.token_hex(16).upper(), "BENCH_WEBHOOK_SECRET": self.secret,
            "BENCH_DIR": self.folder,
        }

    def prepare(self):
        """Creates the database and the study."""
        psql(os.environ["TEST_ADMIN_DATABASE_URL"], f"CREATE DATABASE {self.database} OWNER metricis_owner")
        self.command("prepare")

    def command(self, *words):
        done = subprocess.run([self.script, *words], env=self.environment, stdout=self.log, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise CouldNotMeasure(f"bench/{self.name} {' '.join(words)} failed:\n{self.tail()}")

    def tail(self):
        return "\n".join(pathlib.Path(self.log.name).read_text(errors="replace").splitlines()[-15:])

    @contextlib.contextmanager
    def running(self, *commands):
        """Starts `commands` (a `{port}` in them is filled in) and gives (processes, milliseconds until health says 200)."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        processes, begun = [], time.monotonic()
        try:
            for words in commands:
                words = [word.format(port=self.port) for word in words]
                processes.append(subprocess.Popen([self.script, *words], env=self.environment, stdout=self.log,
                                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL))
            self._wait_ready(processes)
            yield processes, (time.monotonic() - begun) * 1000
        finally:
            self._stop(processes)

    def _wait_ready(self, processes):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in processes):
                raise CouldNotMeasure(f"bench/{self.name} ended at its start:\n{self.tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/api/health")[0] == 200:
                    return
            time.sleep(0.001)
        raise CouldNotMeasure(f"bench/{self.name} was not ready within a minute:\n{self.tail()}")

    def _stop(self, processes):
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
