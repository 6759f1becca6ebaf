"""What the files of tests have in common: one server on one database, and the shape of a test.

A file of tests is a program, `test_….py PROGRAM [--short] [unittest options]`. It takes setUpModule and
tearDownModule from here, and ends with suite.main(__doc__).
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from server import Client, Server, is_equal

UNKNOWN = "01900000-0000-7000-8000-000000000000"
PRO = is_equal("data.plan", "pro")

# A test takes one, or two when it is about two; the server reads them only when it starts.
PROJECTS_PER_TEST = 2

# The program under test; set by main.
program = ""
# Whether to try less: the program is slow, as under a sanitizer. Set by main.
is_short = False
world = None


class World:
    """One server without a sweep, and a stock of empty projects: each test takes its own."""

    def __init__(self, projects):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(program, str(Path(self.folder.name) / "test.db"), "--sweep", "0",
                             "--rate", "0")
        self.projects = [self.server.create_project(f"Project {i}") for i in range(projects)]
        self.server.start()

    def close(self):
        status = self.server.stop()
        self.folder.cleanup()
        return status


def setUpModule():  # the name that unittest looks for
    global world
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    world = World(PROJECTS_PER_TEST * tests.countTestCases())


def tearDownModule():
    status = world.close()
    if status != 0:
        raise AssertionError(f"the server ended with {status}:\n" + "".join(world.server.lines))


class ApiTest(unittest.TestCase):
    """A test with a project of its own."""

    def setUp(self):
        self.project = world.projects.pop()
        self.api = self.client(self.project["secretKey"])

    def client(self, key):
        made = Client(world.server.port, key)
        self.addCleanup(made.close)
        return made

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.text)
        return answer.json

    def refused(self, answer, status, code, field=None):
        """The envelope that every error has."""
        self.assertEqual(answer.status, status, answer.text)
        self.assertIs(answer.json["success"], False)
        self.assertRegex(answer.json["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        error = answer.error
        self.assertEqual((error["code"], error["statusCode"]), (code, status), answer.text)
        self.assertEqual(error["requestId"], answer.headers["X-Request-ID"])
        self.assertTrue(error["message"])
        if field is not None:
            self.assertIn(field, [problem["field"] for problem in error["errors"]], answer.text)
        return error

    def contact(self, email, data=None, **members):
        answer = self.api.post("/contacts", {"email": email, "data": data or {}, **members})
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def segment(self, name="Pro", given=PRO, **members):
        return self.ok(self.api.post("/segments", {"name": name, "condition": given, **members}),
                       201)

    def static(self, name="Beta", emails=(), create=True):
        made = self.ok(self.api.post("/segments", {"name": name, "type": "STATIC"}), 201)
        if emails:
            self.ok(self.api.post(f"/segments/{made['id']}/members",
                                  {"emails": list(emails), "createMissing": create}))
        return made

    def emails_of(self, segment):
        page = self.ok(self.api.get(f"/segments/{segment['id']}/contacts?pageSize=100"))
        return sorted(row["email"] for row in page["data"])

    def event_names(self):
        """Of all events, newest last, with the contact's address."""
        events = self.ok(self.api.get("/events?limit=1000"))["events"]
        return [(event["name"], event["contact"]["email"]) for event in reversed(events)]


class OwnServerTest(unittest.TestCase):
    """A test with a server and a database of its own, to stop, kill, starve or fill."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.db = str(self.folder / "own.db")

    def serve(self, *options, place=None, **more):
        """place is where the server finds the database, if not where it is made."""
        server = Server(program, self.db, "--rate", "0", *options, **more)
        self.project = server.create_project("Own")
        server.db = place or self.db
        server.start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def client(self, server):
        made = Client(server.port, self.project["secretKey"])
        self.addCleanup(made.close)
        return made

    def run_program(self, *arguments, status=0):
        return self.run_command([program, *map(str, arguments)], status)

    def run_command(self, command, status=0, **more):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              text=True, check=False, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


def main(usage):
    global program, is_short
    if len(sys.argv) < 2:
        sys.exit(usage)
    program = sys.argv.pop(1)
    if "--short" in sys.argv:
        sys.argv.remove("--short")
        is_short = True
    unittest.main(module="__main__")
