#!/usr/bin/python3
"""The server as a process: options, restarts, exit statuses; and the command for projects.

    test_process.py PROGRAM [--short] [unittest options]
"""

import json
import re
import signal
import subprocess

import suite
from suite import PRO, OwnServerTest, setUpModule, tearDownModule
from server import Client, Server


class Restarts(OwnServerTest):
    """Servers that are stopped and started again, and their options."""

    def test_sigterm_ends_in_order_and_everything_is_there_again(self):
        server = self.serve()
        client = self.client(server)
        fixed = client.post("/segments", {"name": "Beta", "type": "STATIC"}).json
        client.post(f"/segments/{fixed['id']}/members", {"emails": ["a@x.io"],
                                                         "createMissing": True})
        before = client.get("/segments").json[0]
        self.assertEqual(server.stop(), 0)
        server.start()
        client = self.client(server)
        after = client.get("/segments").json[0]
        self.assertEqual({**after, "memberCountAt": None}, {**before, "memberCountAt": None})
        page = client.get(f"/segments/{fixed['id']}/contacts").json
        self.assertEqual([row["email"] for row in page["data"]], ["a@x.io"])

    def test_a_segment_that_is_tracked_again_knows_who_was_in_it(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        made = client.post("/segments", {"name": "Pro", "condition": PRO,
                                         "trackMembership": True}).json
        path = f"/segments/{made['id']}"
        for name in ("a", "b"):
            client.post("/contacts", {"email": f"{name}@x.io", "data": {"plan": "pro"}})
        client.patch(path, {"trackMembership": False})
        self.assertEqual(server.stop(), 0)
        server.start()
        client = self.client(server)
        client.post("/contacts", {"email": "a@x.io", "data": {"plan": "free"}})
        client.patch(path, {"trackMembership": True})
        self.assertEqual(client.post(f"{path}/compute").json,
                         {"added": 0, "removed": 1, "total": 1})
        self.assertEqual(client.post("/contacts", {"email": "b@x.io"}).status, 200)

    def test_a_project_that_asks_too_often_is_429_with_retry_after(self):
        server = self.serve("--rate", "5")
        client = self.client(server)
        for _ in range(5):
            self.assertEqual(client.get("/segments").status, 200)
        answer = client.get("/segments")
        self.assertEqual((answer.status, answer.error["code"]), (429, "RATE_LIMIT_EXCEEDED"))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(client.get("/health").status, 200)

    def test_variables_stand_in_for_options(self):
        server = Server(suite.program, self.db, environment={"SEGMENTRY_RATE": "1",
                                                       "SEGMENTRY_SWEEP": "1s"})
        self.project = server.create_project("Own")
        server.start()
        client = self.client(server)
        self.assertEqual([client.get("/segments").status for _ in range(2)], [200, 429])
        self.assertEqual(server.stop(), 0)


class Logs(OwnServerTest):
    """A server whose standard error is a pipe that nobody reads."""

    # Of some 200 bytes each: more than the pipe and the server's two buffers of 1 MiB hold.
    REQUESTS = 16000

    def start(self):
        self.project = Server(suite.program, self.db).create_project("Own")
        self.process = subprocess.Popen(
            [suite.program, "serve", "--db", self.db, "--listen", "127.0.0.1:0", "--rate", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/login", line)
            if found:
                client = Client(int(found[1]), self.project["secretKey"])
                self.addCleanup(client.close)
                return client
        return self.fail("the server did not start")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()

    def test_requests_go_on_and_what_was_dropped_is_told(self):
        client = self.start()
        for _ in range(self.REQUESTS):
            self.assertEqual(client.get("/health").status, 200)
        self.process.send_signal(signal.SIGTERM)  # it ends once it is read, or does not wait long
        lines = [json.loads(line) for line in self.process.stderr]
        self.assertEqual(self.process.wait(60), 0)
        dropped = [line for line in lines if line["event"] == "log.dropped"]
        count = sum(int(line["message"].split()[0]) for line in dropped)
        kept = sum(line["event"] == "request" for line in lines)
        self.assertTrue(dropped)
        # Two more were logged than requests, if they were dropped: that it ends, and that it has.
        self.assertIn(kept + count - self.REQUESTS, (0, 1, 2))

    def test_a_server_that_nobody_reads_ends(self):
        client = self.start()
        for _ in range(2000):
            self.assertEqual(client.get("/health").status, 200)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(30), 0)


class Commands(OwnServerTest):
    def test_projects_are_created_and_listed(self):
        db = self.folder / "a.db"
        self.run_program("project", "create", "Shop", "--db", db, "--json")
        self.assertIn("sk_", self.run_program("project", "create", "Café", "--db", db).stdout)
        listed = self.run_program("project", "list", "--db", db).stdout
        self.assertNotIn("sk_", listed)
        self.assertEqual(len(listed.splitlines()), 2)
        self.assertIn("Café", listed)
        self.assertEqual(self.run_program("project", "list", "--db", db, "--json").stdout.count(
            '"publicKey":"pk_'), 2)

    def test_wrong_usage_is_64(self):
        for arguments in (["project"], ["project", "create"], ["project", "create", ""],
                          ["project", "create", "a\nb"], ["project", "list", "more"],
                          ["project", "drop", "x"], ["serve", "more"], ["serve", "--sweep", "x"],
                          ["serve", "--sweep", "10"], ["serve", "--rate", "-1"],
                          ["serve", "--rate", "5x"], ["serve", "--port", "1"]):
            with self.subTest(arguments=arguments):
                self.assertTrue(self.run_program(*arguments, status=64).stderr)

    def test_an_address_that_is_taken_is_69(self):
        address = f"127.0.0.1:{suite.world.server.port}"
        for command in (["serve", "--db", self.folder / "a.db"], ["listen"]):
            done = self.run_program(*command, "--listen", address, status=69)
            self.assertIn(address, done.stderr)
            self.assertIn("--listen gives another address", done.stderr)

    def test_an_address_that_is_none_is_64_and_makes_no_database(self):
        db = self.folder / "a.db"
        for command in (["serve", "--db", db], ["listen"]):
            for address in ("127.0.0.1:99999", "999999", "abc:80", "nowhere", "[::1]"):
                done = self.run_program(*command, "--listen", address, status=64)
                self.assertIn(f'the address to listen on is "{address}"; allowed are PORT', done.stderr)
        self.assertFalse(db.exists())


if __name__ == "__main__":
    suite.main(__doc__)
