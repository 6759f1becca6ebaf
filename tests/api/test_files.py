#!/usr/bin/python3
"""Files that are no database, or not to be had; and a disk that is full.

    test_files.py PROGRAM [--short] [unittest options]
"""

import http.client
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import suite
from suite import PRO, OwnServerTest
from server import Client, condition, in_segment, wait_until
from state import State

BAD_DATA = 65
NO_INPUT = 66
NOBODY = 65534


class MovedFiles(OwnServerTest):
    def test_a_file_that_is_not_there_any_more_takes_no_changes(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.assertEqual(client.post("/contacts", {"email": "first@x.io"}).status, 201)
        away = self.folder / "away.db"
        for in_its_place in (None, b"", Path(self.db).read_bytes()):
            with self.subTest(in_its_place=in_its_place and len(in_its_place)):
                os.rename(self.db, away)
                if in_its_place is not None:
                    Path(self.db).write_bytes(in_its_place)
                server.lines.clear()
                self.assertEqual(client.post("/contacts", {"email": "lost@x.io"}).status, 503)
                failed = wait_until(lambda: [x for x in server.lines if "write_failed" in x])
                self.assertIn(f"{self.db} is gone, or another file now", failed[0])
                self.assertEqual(client.get("/ready").status, 503)
                os.rename(away, self.db)
                self.assertEqual(client.get("/ready").status, 200)
        self.assertEqual(client.post("/contacts", {"email": "last@x.io"}).status, 201)
        server.kill()
        client = self.client(server.start())
        emails = [row["email"] for row in client.get("/contacts").json["data"]]
        self.assertEqual(emails, ["last@x.io", "first@x.io"])


class BadFiles(OwnServerTest):
    def refused(self, path, status, *words):
        """Both commands end, say which file and why, and leave it as it is."""
        before = path.read_bytes() if path.is_file() else None
        for arguments in (["serve", "--listen", "127.0.0.1:0"], ["project", "list"]):
            done = self.run_program(*arguments, "--db", path, status=status)
            self.assertEqual(done.stdout, "")
            self.assertIn(str(path), done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
        if before is not None:
            self.assertEqual(path.read_bytes(), before)

    def filled(self):
        """A database with something in it, stopped."""
        server = self.serve()
        client = self.client(server)
        made = client.post("/segments", {"name": "Fixed", "type": "STATIC"}).json
        client.post(f"/segments/{made['id']}/members", {
            "emails": [f"c{i}@x.io" for i in range(500)], "createMissing": True})
        self.assertEqual(server.stop(), 0)
        return Path(self.db)

    def test_what_is_no_database(self):
        for name, content in (("zeros", bytes(100000)), ("text", b"not a database\n" * 1000),
                              ("short", b"x"), ("almost", b"SQLite format 3")):
            with self.subTest(name=name):
                path = self.folder / name
                path.write_bytes(content)
                self.refused(path, BAD_DATA, "not a database")

    def test_a_database_of_something_else(self):
        path = self.folder / "else.db"
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE things(name)")
        other.close()
        self.refused(path, BAD_DATA)

    def test_a_truncated_database(self):
        path = self.filled()
        whole = path.read_bytes()
        for size in (17, 100, 512, 4096, len(whole) // 2, len(whole) - 4096):
            with self.subTest(size=size):
                path.write_bytes(whole[:size])
                done = subprocess.run([suite.program, "serve", "--db", str(path), "--listen",
                                       "127.0.0.1:0"], stderr=subprocess.PIPE, timeout=60,
                                      text=True, check=False)
                self.assertEqual(done.returncode, BAD_DATA, done.stderr)
                self.assertIn(str(path), done.stderr)

    def test_a_database_with_zeros_in_it(self):
        path = self.filled()
        whole = path.read_bytes()
        page = 4096
        path.write_bytes(whole[:page] + bytes(len(whole) - page))
        self.refused(path, BAD_DATA)

    def test_a_database_of_a_newer_version(self):
        path = self.filled()
        with sqlite3.connect(path) as newer:
            newer.execute("PRAGMA user_version = 1000000")
        newer.close()
        self.refused(path, BAD_DATA, "newer version")

    def test_a_path_that_is_no_file(self):
        self.refused(self.folder, NO_INPUT, "not a file")
        os.mkfifo(self.folder / "pipe")
        self.refused(self.folder / "pipe", NO_INPUT, "not a file")

    def test_a_path_that_leads_nowhere(self):
        self.run_program("serve", "--db", self.folder / "no" / "such.db", status=NO_INPUT)
        self.run_program("project", "list", "--db", self.folder / "none.db", status=NO_INPUT)
        self.assertEqual(list(self.folder.iterdir()), [])

    def as_nobody(self, *paths):
        """Options of a process without the rights of root, which no mode of a file keeps out."""
        if os.geteuid() != 0:
            return {}
        for path in (self.folder, *paths):
            os.chown(path, NOBODY, NOBODY)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def test_a_file_or_directory_without_rights(self):
        path = self.filled()
        program = shutil.copy(suite.program, self.folder)  # where nobody may be looking
        nobody = self.as_nobody(path)
        for mode, folder_mode in ((0o444, 0o755), (0o000, 0o755), (0o600, 0o555)):
            with self.subTest(mode=oct(mode), folder_mode=oct(folder_mode)):
                path.chmod(mode)
                self.folder.chmod(folder_mode)
                try:
                    done = self.run_command(
                        [program, "serve", "--db", str(path), "--listen", "127.0.0.1:0"],
                        NO_INPUT, **nobody)
                    self.assertIn(str(path), done.stderr)
                finally:
                    self.folder.chmod(0o700)


class FullDisk(OwnServerTest):
    """A limit on the size of files, which needs no rights; and a small file system, which does."""

    WORKERS = 8
    # What is left when it is called full: less than each of check_refusals needs.
    ROOM_BYTES = 300000

    def setUp(self):
        super().setUp()
        self.answered = []
        self.refused = []
        self.wrong = []

    def write(self, number):
        """Until the disk is full."""
        client = Client(self.server.port, self.project["secretKey"])
        for i in range(10000):
            email = f"c{number}-{i}@x.io"
            try:
                answer = client.post("/v1/track", {
                    "event": "bought", "email": email,
                    "data": {"plan": "pro", "padding": "x" * 2000}})
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                break
            if answer.status == 200:
                self.answered.append(email)
                continue
            if answer.status != 503 or answer.error["code"] != "SERVICE_UNAVAILABLE":
                self.wrong.append(answer.text)
            self.refused.append(email)
            break
        client.close()

    def fill(self):
        threads = [threading.Thread(target=self.write, args=(i,)) for i in range(self.WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong, [])
        self.assertEqual(len(self.refused), self.WORKERS)

    def create(self, client):
        self.fixed = client.post("/segments", {"name": "Fixed", "type": "STATIC"}).json
        self.pro = client.post("/segments", {"name": "Pro", "condition": PRO,
                                             "trackMembership": True}).json
        client.post("/segments", {"name": "Chain", "trackMembership": True,
                                  "condition": condition(in_segment(self.pro["id"]))})

    def check_refusals(self, client):
        """Nothing of any kind is taken, and reads go on."""
        before = State(client)
        for method, path, body in (
                ("POST", f"/segments/{self.fixed['id']}/members",
                 {"emails": [f"n{i}@x.io" for i in range(3000)], "createMissing": True}),
                ("POST", "/contacts", {"email": "n@x.io", "data": {
                    f"text{i}": "x" * 60000 for i in range(10)}}),
                ("POST", "/segments", {"name": "New", "condition": PRO,
                                       "description": "x" * 500000})):
            answer = client.send(method, path, body)
            self.assertEqual(answer.status, 503, answer.text)
            self.assertEqual(answer.error["code"], "SERVICE_UNAVAILABLE")
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        after = State(client)
        self.assertEqual((after.contacts, after.events, after.members, set(after.segments)),
                         (before.contacts, before.events, before.members, set(before.segments)))
        self.assertEqual(client.get("/ready").status, 200)
        self.assertTrue(any('"write_failed"' in line for line in self.server.lines))

    def check_all(self, client):
        """Exactly what was answered is there, and all of it agrees."""
        path = f"/segments/{self.pro['id']}"
        before = client.get(path).json["memberCountAt"]
        self.assertTrue(wait_until(lambda: client.get(path).json["memberCountAt"] > before, 60))
        state = State(client)
        emails = sorted(event["contact"]["email"] for event in state.events
                        if event["name"] == "bought")
        self.assertEqual(emails, sorted(self.answered))
        self.assertEqual(sorted(row["email"] for row in state.contacts.values()),
                         sorted(set(self.answered)))
        state.check(self, int(time.time() * 1000))

    def recover(self, client):
        for i in range(20):
            email = f"after{i}@x.io"
            answer = client.post("/v1/track", {"event": "bought", "email": email,
                                               "data": {"plan": "pro"}})
            self.assertEqual(answer.status, 200, answer.text)
            self.answered.append(email)
        self.check_all(client)

    def run_full(self, make_full, make_room):
        client = self.client(self.server)
        self.create(client)
        make_full()
        self.fill()
        self.check_refusals(client)
        make_room()
        self.recover(client)
        self.refused.clear()
        make_full()
        self.fill()
        self.server.kill()  # in the middle of it, with room again only afterwards

    def test_a_limit_on_the_size_of_files(self):
        self.server = self.serve("--sweep", "100ms")

        def limit(size_bytes):
            resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE,
                             (size_bytes, resource.RLIM_INFINITY))

        def make_full():
            sizes = [path.stat().st_size for path in self.folder.iterdir()]
            limit(max(sizes) + self.ROOM_BYTES)

        self.run_full(make_full, lambda: limit(resource.RLIM_INFINITY))
        self.server.start()
        self.recover(self.client(self.server))

    def test_a_file_system_without_room(self):
        """In a name space of its own, where everybody may mount; not every system allows that."""
        place = self.folder / "place"
        place.mkdir()
        script = (f'mount -t tmpfs -o size=12m tmpfs {place} && cp {self.db} {place}/own.db && '
                  f'exec "$@"')
        wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        allowed = shutil.which("unshare") and subprocess.run(
            [*wrapper, f"mount -t tmpfs tmpfs {place}"], stderr=subprocess.DEVNULL,
            check=False).returncode == 0
        if not allowed:
            self.skipTest("no file system may be mounted here")
        self.run_program("project", "create", "Unused", "--db", self.db)
        self.server = self.serve("--sweep", "100ms", wrapper=[*wrapper, script, "sh"],
                                 place=str(place / "own.db"))
        inside = Path(f"/proc/{self.server.process.pid}/root{place}")
        ballast = inside / "ballast"

        def make_full():
            """All but a little is taken."""
            free = shutil.disk_usage(inside).free
            ballast.write_bytes(bytes(free - self.ROOM_BYTES))

        self.run_full(make_full, ballast.unlink)


if __name__ == "__main__":
    suite.main(__doc__)
