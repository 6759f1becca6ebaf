"""What the tests of the commands on a database have in common: a folder, the program, a server."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from server import Client, Server  # noqa: E402


def main():
    """Runs the tests of a file: `test_X.py PROGRAM [unittest options]`."""
    DatabaseTest.program = sys.argv.pop(1)
    unittest.main()


class DatabaseTest(unittest.TestCase):
    program = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.db = self.folder / "shop.db"

    def run_program(self, *arguments, environment=None, **options):
        return subprocess.run([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=120, check=False, text=True,
                              env={**os.environ, **(environment or {})},
                              **{"stdout": subprocess.PIPE, **options})

    def succeed(self, *arguments):
        done = self.run_program(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def create(self, name="Shop"):
        return json.loads(self.succeed("project", "create", name, "--db", self.db, "--json"))

    def serve(self, *options):
        server = Server(self.program, self.db, *options).start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def client(self, server, key):
        client = Client(server.port, key)
        self.addCleanup(client.close)
        return client

    def assert_fails(self, status, says, *arguments):
        done = self.run_program(*arguments)
        self.assertEqual(done.returncode, status, (arguments, done.stderr))
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")
