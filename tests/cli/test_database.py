#!/usr/bin/python3
"""Tests of the commands on a database, alone and beside a running server: project, login, backup,
and who may use the file.

    test_database.py PROGRAM [unittest options]
"""

import fcntl
import hashlib
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess

from support import DatabaseTest, main
from server import condition, filter_of, wait_until

COMMANDS = ("project", "login", "backup", "serve")
KEY_BYTES_MIN = 43  # 256 bits in base64


class Usage(DatabaseTest):
    def test_help_is_there_and_fits_a_terminal(self):
        for name in COMMANDS:
            text = self.succeed(name, "--help")
            for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"):
                self.assertIn(heading, text)
            self.assertIn(name, self.succeed("--help"))
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_wrong_usage_is_64(self):
        for arguments, says in ((["backup"], "takes one file, not 0"),
                                (["backup", "a", "b"], "takes one file, not 2"),
                                (["login", "x"], "'x' is too much"),
                                (["login", "--listen", "nowhere"], "--listen is 'nowhere'"),
                                (["login", "--listen", "127.0.0.1:0"], "the port not 0"),
                                (["project"], "needs create NAME"),
                                (["project", "rotate-keys"], "rotate-keys ID"),
                                (["project", "rotate-keys", "a", "b"], "rotate-keys ID"),
                                (["project", "create", ""], "1 to 200 bytes")):
            self.assert_fails(64, says, *arguments, "--db", self.db)
        self.assertFalse(self.db.exists())

    def test_a_file_that_is_not_there_is_66(self):
        for arguments in (["backup", self.folder / "copy.db"], ["login"], ["project", "list"],
                          ["project", "rotate-keys", "x"]):
            self.assert_fails(66, str(self.db), *arguments, "--db", self.db)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_file_of_another_kind_is_65(self):
        self.db.write_text("name,email\nAda,ada@example.com\n")
        for arguments in (["backup", self.folder / "copy.db"], ["login"], ["project", "list"],
                          ["project", "create", "x"], ["serve"]):
            self.assert_fails(65, "not a database of segmentry", *arguments, "--db", self.db)
        self.assertEqual(list(self.folder.iterdir()), [self.db])

    def test_the_variable_names_the_file(self):
        done = self.run_program("project", "create", "Shop", environment={"SEGMENTRY_DB": str(self.db)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Shop", self.run_program("project", "list", "--db", self.db).stdout)

    def test_output_that_cannot_be_written_is_74(self):
        self.create()
        for arguments in (["project", "list"], ["login"], ["backup", self.folder / "copy.db"]):
            with open("/dev/full", "wb") as full:
                done = self.run_program(*arguments, "--db", self.db, stdout=full)
            self.assertEqual(done.returncode, 74, done.stderr)

    def test_keys_that_could_not_be_shown_can_be_had_anew(self):
        for options in ([], ["--json"]):
            with open("/dev/full", "wb") as full:
                done = self.run_program("project", "create", "Shop", "--db", self.db, *options,
                                        stdout=full)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn("No space left", done.stderr)
            words = re.search(r"segmentry (project rotate-keys \S+) gives", done.stderr)[1].split()
            with open("/dev/full", "wb") as full:
                done = self.run_program(*words, "--db", self.db, *options, stdout=full)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(" ".join(words), done.stderr)
            self.assertIn("sk_", self.succeed(*words, "--db", self.db))

    def test_a_server_whose_link_is_lost_says_so_and_serves(self):
        self.create()
        with open("/dev/full", "wb") as full:
            server = subprocess.Popen(
                [self.program, "serve", "--db", self.db, "--listen", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.stderr.close)
        self.addCleanup(lambda: server.poll() is None and server.kill())
        warned = next(line for line in server.stderr if '"server.no_link"' in line)
        self.assertIn("No space left", warned)
        self.assertIn("segmentry login", warned)
        self.assertNotIn("token", warned)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(60), 0)


class OneServer(DatabaseTest):
    def test_a_second_server_is_refused(self):
        self.create()
        first = self.serve()
        link = self.folder / "link.db"
        link.symlink_to(self.db)
        for name in (self.db, link):
            done = self.run_program("serve", "--db", name, "--listen", "127.0.0.1:0")
            self.assertEqual(done.returncode, 75, done.stderr)
            self.assertIn(f"{name} is in use by process {first.process.pid}", done.stderr)
        self.assertEqual(first.stop(), 0)
        self.assertEqual(self.serve().stop(), 0)

    def test_a_file_with_a_second_name_is_refused(self):
        self.create()
        other = self.folder / "other.db"
        other.hardlink_to(self.db)
        for name in (self.db, other):
            self.assert_fails(66, f"{name} has 2 names, of hard links", "serve", "--db", name,
                              "--listen", "127.0.0.1:0")
        self.assertFalse(list(self.folder.glob("*-lock")))
        other.unlink()
        self.assertEqual(self.serve().stop(), 0)

    def test_a_killed_server_leaves_no_lock(self):
        self.create()
        self.serve().kill()
        self.assertEqual(self.serve().stop(), 0)

    def test_durability_is_chosen(self):
        project = self.create()
        self.assert_fails(64, "--durability is 'none'; it must be full or normal",
                          "serve", "--db", self.db, "--durability", "none")
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("engine.relaxed", "".join(server.lines))
        server = self.serve("--durability", "normal")
        client = self.client(server, project["secretKey"])
        made = client.post("/contacts", {"email": "ada@example.com", "subscribed": True})
        server.kill()
        self.assertIn("engine.relaxed", "".join(server.lines))
        server = self.serve("--durability=full")  # the end of the process takes nothing
        found = self.client(server, project["secretKey"]).get("/contacts/" + made.json["id"])
        self.assertEqual(found.json["email"], "ada@example.com")
        self.assertEqual(server.stop(), 0)

    def test_what_a_dead_process_wrote_is_no_lock(self):
        self.create()
        lock = self.folder / "shop.db-lock"
        lock.write_text(f"{os.getpid()}\n")
        server = self.serve()
        self.assertEqual(lock.read_text(), f"{server.process.pid}\n")
        self.assertEqual(lock.stat().st_mode & 0o777, 0o644 & ~os.umask(os.umask(0)) & 0o777)
        self.assertEqual(server.stop(), 0)

    def test_a_holder_that_has_not_written_its_number_is_another_process(self):
        self.create()
        with open(self.folder / "shop.db-lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_fails(75, "in use by another process", "serve", "--db", self.db)

    def test_two_files_have_two_servers(self):
        self.create()
        first = self.serve()
        self.db = self.folder / "other.db"
        self.create()
        second = self.serve()
        self.assertEqual((first.stop(), second.stop()), (0, 0))


class RotationTest(DatabaseTest):
    def rotate(self, project):
        return json.loads(self.succeed("project", "rotate-keys", project["id"], "--db", self.db,
                                       "--json"))


class BesideAServer(RotationTest):
    def is_known(self, server, key):
        return self.client(server, key).get("/contacts").status == 200

    def test_a_new_project_is_known_within_seconds(self):
        first = self.create("First")
        server = self.serve()
        second = self.create("Second")
        client = self.client(server, second["secretKey"])
        self.assertTrue(wait_until(lambda: client.get("/contacts").status == 200))
        made = client.post("/v1/track", {"event": "signed_up", "email": "ada@example.com"})
        self.assertEqual(made.status, 200, made.text)
        self.assertEqual(client.get("/contacts").json["total"], 1)
        other = self.client(server, first["secretKey"])
        self.assertEqual(other.get("/contacts").json["total"], 0)
        # Once it is known, it stays known: the next looks do not load it twice or forget it.
        third = self.create("Third")
        self.assertTrue(wait_until(lambda: self.is_known(server, third["secretKey"])))
        self.assertEqual(client.get("/contacts").json["total"], 1)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("look_failed", "".join(server.lines))

    def test_a_server_without_sweeps_looks_too(self):
        self.create()
        server = self.serve("--sweep", "0")
        late = self.create("Late")
        self.assertTrue(wait_until(lambda: self.is_known(server, late["secretKey"])))

    def test_old_keys_stop_working_within_seconds(self):
        project = self.create()
        server = self.serve()
        old = self.client(server, project["secretKey"])
        old_public = self.client(server, project["publicKey"])
        self.assertEqual(old.get("/contacts").status, 200)
        event = {"event": "seen", "email": "ada@example.com"}
        self.assertEqual(old_public.post("/v1/track", event).status, 200)
        made = self.rotate(project)
        self.assertEqual((made["id"], made["name"]), (project["id"], "Shop"))
        self.assertTrue(wait_until(lambda: old.get("/contacts").status == 401))
        self.assertEqual(old_public.post("/v1/track", event).status, 401)
        self.assertEqual(self.client(server, made["secretKey"]).get("/contacts").json["total"], 1)
        self.assertEqual(self.client(server, made["publicKey"]).post("/v1/track", event).status, 200)

    def test_commands_work_while_the_server_writes(self):
        project = self.create()
        server = self.serve()
        client = self.client(server, project["secretKey"])
        segment = client.post("/segments", {"name": "All", "trackMembership": True, "condition":
                                            condition(filter_of("data.x", "notExists"))})
        self.assertEqual(segment.status, 201, segment.text)
        for number in range(20):
            self.assertEqual(client.post("/v1/track", {"event": "e", "email": f"{number}@x.io"})
                             .status, 200)
            if number % 10 == 0:
                self.succeed("project", "list", "--db", self.db)
                self.create(f"More {number}")
                self.succeed("backup", self.folder / f"{number}.db", "--db", self.db)
                self.succeed("login", "--db", self.db)
        self.assertEqual(client.get("/contacts").json["total"], 20)
        self.assertEqual(server.stop(), 0)


class Keys(RotationTest):
    def test_rotated_keys_are_new_and_stored_as_a_hash(self):
        project = self.create()
        made = self.rotate(project)
        for name in ("secretKey", "publicKey"):
            self.assertNotEqual(made[name], project[name])
            self.assertEqual(made[name][:3], project[name][:3])
            self.assertGreaterEqual(len(made[name]), KEY_BYTES_MIN)
        content = b"".join(path.read_bytes() for path in self.folder.iterdir())
        self.assertNotIn(made["secretKey"].encode(), content)
        self.assertIn(made["publicKey"].encode(), content)
        listed = json.loads(self.succeed("project", "list", "--db", self.db, "--json"))
        self.assertEqual(listed["publicKey"], made["publicKey"])
        text = self.succeed("project", "rotate-keys", project["id"], "--db", self.db)
        self.assertIn("shown this once", text)

    def test_a_project_that_is_not_there_is_66(self):
        self.create()
        done = self.run_program("project", "rotate-keys", "nobody", "--db", self.db)
        self.assertEqual(done.returncode, 66)
        self.assertIn("no project with the id 'nobody'", done.stderr)
        self.assertIn(str(self.db), done.stderr)


class Login(DatabaseTest):
    def tokens(self):
        with sqlite3.connect(self.db) as db:
            return db.execute("SELECT hash, project, created_at_ms, expires_at_ms FROM tokens"
                              ).fetchall()

    def test_a_link_is_stored_as_a_hash_for_fifteen_minutes(self):
        self.create()
        for listen, address in (("127.0.0.1:8080", "127.0.0.1:8080"), ("9000", "127.0.0.1:9000"),
                                ("localhost:80", "127.0.0.1:80"), ("0.0.0.0:81", "127.0.0.1:81"),
                                ("[::1]:82", "[::1]:82"), ("[::]:83", "[::1]:83"),
                                ("10.1.2.3:84", "10.1.2.3:84")):
            link = self.succeed("login", "--db", self.db, "--listen", listen)
            start = f"http://{address}/login?token="
            self.assertTrue(link.startswith(start), link)
            token = link[len(start):].rstrip("\n")
            self.assertRegex(token, r"^[A-Za-z0-9_-]{43,}$")
            digest = hashlib.sha256(token.encode()).digest()
            found = [row for row in self.tokens() if row[0] == digest]
            self.assertEqual(len(found), 1)
            self.assertIsNone(found[0][1])
            self.assertEqual(found[0][3] - found[0][2], 15 * 60 * 1000)
        self.assertEqual(len({row[0] for row in self.tokens()}), 7)

    def test_links_that_have_expired_are_swept_out(self):
        self.create()
        self.succeed("login", "--db", self.db)
        with sqlite3.connect(self.db) as db:
            db.execute("UPDATE tokens SET expires_at_ms = 1")
        self.succeed("login", "--db", self.db)
        self.assertEqual(len(self.tokens()), 1)


class Backup(DatabaseTest):
    def test_a_copy_has_everything_and_serves(self):
        project = self.create()
        server = self.serve()
        client = self.client(server, project["secretKey"])
        self.assertEqual(client.post("/v1/track", {"event": "e", "email": "a@x.io"}).status, 200)
        copy = self.folder / "copy.db"
        said = self.succeed("backup", copy, "--db", self.db)
        self.assertEqual(said, f"{copy}: {copy.stat().st_size} bytes, checked\n")
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        self.assertEqual(client.post("/v1/track", {"event": "e", "email": "b@x.io"}).status, 200)
        self.assertFalse(list(self.folder.glob("copy.db-*")))
        self.db = copy
        restored = self.client(self.serve(), project["secretKey"])
        self.assertEqual(restored.get("/contacts").json["total"], 1)

    def test_nothing_is_written_over(self):
        self.create()
        copy = self.folder / "copy.db"
        copy.write_text("precious")
        self.assert_fails(74, "copy.db", "backup", copy, "--db", self.db)
        self.assertEqual(copy.read_text(), "precious")
        self.assert_fails(74, "shop.db", "backup", self.db, "--db", self.db)
        self.assertTrue(self.create("Still there"))

    def test_one_that_is_killed_leaves_nothing_of_that_name(self):
        self.create()
        with sqlite3.connect(self.db) as db:  # large enough that killing comes in the middle
            db.execute("CREATE TABLE ballast(bytes BLOB)")
            db.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(1 << 20,)] * 64)
        db.close()
        copy = self.folder / "copy.db"
        partial = self.folder / "copy.db.partial"
        running = subprocess.Popen([self.program, "backup", copy, "--db", self.db],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not partial.exists():
            self.assertIsNone(running.poll())
        running.kill()
        running.communicate()
        self.assertEqual(running.returncode, -signal.SIGKILL)
        self.assertFalse(copy.exists())
        self.assert_fails(74, "copy.db.partial", "backup", copy, "--db", self.db)
        partial.unlink()
        self.succeed("backup", copy, "--db", self.db)
        self.assertFalse(partial.exists())

    def test_a_place_that_cannot_be_written_is_74(self):
        self.create()
        self.assert_fails(74, "No such file or directory", "backup", self.folder / "no" / "copy.db",
                          "--db", self.db)

    def test_a_damaged_database_is_65_and_leaves_no_copy(self):
        project = self.create()
        server = self.serve()
        client = self.client(server, project["secretKey"])
        for number in range(200):
            self.assertEqual(client.post("/contacts", {"email": f"{number}@x.io", "data":
                                                       {"text": "x" * 500}}).status // 100, 2)
        self.assertEqual(server.stop(), 0)
        content = bytearray(self.db.read_bytes())
        for page in range(20, len(content) // 4096):
            content[page * 4096:page * 4096 + 100] = os.urandom(100)
        self.db.write_bytes(content)
        copy = self.folder / "copy.db"
        self.assert_fails(65, "damaged", "backup", copy, "--db", self.db)
        self.assertFalse(copy.exists())

    def test_a_full_disk_is_74_and_leaves_no_copy(self):
        def limit():  # no file may grow further: what a full disk looks like
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

        self.create()
        self.assertGreater(self.db.stat().st_size, 65536)
        copy = self.folder / "copy.db"
        done = self.run_program("backup", copy, "--db", self.db, preexec_fn=limit)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn("copy.db", done.stderr)
        self.assertFalse(copy.exists())


if __name__ == "__main__":
    main()
