"""A server process on a database file, and a client of it."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time


def filter_of(field, operator, value=None, unit=None):
    made = {"field": field, "operator": operator}
    if value is not None:
        made["value"] = value
    if unit is not None:
        made["unit"] = unit
    return made


def condition(*filters, logic="AND"):
    return {"logic": logic, "groups": [{"filters": list(filters)}]}


def in_segment(segment_id, operator="memberOfSegment"):
    return filter_of(f"segment.{segment_id}", operator)


def is_equal(field, value):
    return condition(filter_of(field, "equals", value))


BOUNDARY = "XyZ"


def form(content, boundary=BOUNDARY, name="file", filename="contacts.csv"):
    """A form of one part; with filename None it is a field and no file."""
    data = content.encode() if isinstance(content, str) else content
    of_file = "" if filename is None else f'; filename="{filename}"'
    return (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n'
            f'Content-Type: text/csv\r\n\r\n').encode() + data + f'\r\n--{boundary}--\r\n'.encode()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body
        self.text = body.decode("utf-8", "replace")
        is_json = "application/json" in (response.headers.get("Content-Type") or "")
        self.json = json.loads(self.text) if is_json and self.text else None

    @property
    def error(self):
        return self.json["error"]


# The server closes a connection that is idle for longer than two seconds.
IDLE_SECONDS_MAX = 1


class Client:
    """Speaks for one project, on one connection while that is fresh."""

    def __init__(self, port, key=None):
        self.port = port
        self.key = key
        self.connection = None
        self.used_at = 0.0

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def send(self, method, path, body=None, headers=None, raw=None):
        sent = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        content = raw
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        if time.monotonic() - self.used_at > IDLE_SECONDS_MAX:
            self.close()
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.connection.request(method, path, body=content, headers=sent)
            response = self.connection.getresponse()
            answer = Answer(response, response.read())
        except Exception:
            self.close()
            raise
        self.used_at = time.monotonic()
        return answer

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, body=None):
        return self.send("POST", path, {} if body is None else body)

    def put(self, path, body):
        return self.send("PUT", path, body)

    def patch(self, path, body):
        return self.send("PATCH", path, body)

    def delete(self, path, body=None):
        return self.send("DELETE", path, body)

    def upload(self, body, headers=None, boundary=BOUNDARY):
        """Sends a form to be imported."""
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.send("POST", "/contacts/import", raw=body, headers={**kind, **(headers or {})})

    def wait_for_job(self, answer, kind="import"):
        """The job that was queued, once it has ended."""
        def ended():
            job = self.get(f"/contacts/{kind}/{answer.json['jobId']}").json
            return job if job["status"] in ("COMPLETED", "FAILED") else None
        job = wait_until(ended, 120)
        assert job is not None, "the job does not end"
        return job


class Server:
    """wrapper is a command line that ends by running the one that follows it, as env does."""

    def __init__(self, program, db, *options, environment=None, wrapper=()):
        self.program = program
        self.wrapper = wrapper
        self.db = db
        self.options = options
        self.environment = environment
        self.process = None
        self.port = 0
        self.lines = []
        self.login_link = ""

    def create_project(self, name):
        made = subprocess.run([self.program, "project", "create", name, "--db", self.db, "--json"],
                              stdout=subprocess.PIPE, check=True, timeout=60)
        return json.loads(made.stdout)

    def start(self):
        self.lines = []
        self.process = subprocess.Popen(
            [*self.wrapper, self.program, "serve", "--db", self.db, "--listen", "127.0.0.1:0", *self.options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(self.environment or {})})
        listening = threading.Event()
        linked = threading.Event()

        def read():
            for line in self.process.stderr:
                self.lines.append(line)
                if '"server.listening"' in line:
                    self.port = int(json.loads(line)["message"].split()[-1])
                    listening.set()
            listening.set()

        def read_output():
            for line in self.process.stdout:
                if "/login?token=" in line:
                    self.login_link = line.strip()
                    linked.set()
            linked.set()

        self.readers = [threading.Thread(target=read, daemon=True),
                        threading.Thread(target=read_output, daemon=True)]
        for reader in self.readers:
            reader.start()
        if not listening.wait(60) or not linked.wait(60) or self.process.poll() is not None:
            raise AssertionError("the server did not start: " + "".join(self.lines))
        return self

    def kill(self):
        self.process.kill()
        self.end()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        status = self.process.wait(60)
        for reader in self.readers:
            reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        if any("Sanitizer" in line for line in self.lines):  # a killed one has no status to tell
            raise AssertionError("a sanitizer has found something:\n" + "".join(self.lines))
        return status


def wait_until(what, seconds=20):
    """What a background thread brings about: asked for until it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    return what()
