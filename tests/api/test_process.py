#!/usr/bin/python3
"""The server as a process: options, restarts, ends.

    test_process.py PROGRAM [unittest options]
"""

import datetime
import itertools
import threading

import suite
from suite import PRO, OwnServerTest, setUpModule, tearDownModule
from server import Client, Server, condition, filter_of, in_segment, wait_until


class Restarts(OwnServerTest):
    """Servers of their own, that are stopped, killed, or swept."""

    def load(self, server, answered, until, numbers):
        """Writes until the server is gone, and keeps what was answered."""
        client = Client(server.port, self.project["secretKey"])
        try:
            while not until.is_set():
                email = f"c{next(numbers)}@x.io"
                answer = client.post("/v1/track", {"event": "bought", "email": email,
                                                   "data": {"plan": "pro"}})
                if answer.status == 200:
                    answered.append((email, answer.json["data"]))
        except Exception:  # the server was killed
            pass
        finally:
            client.close()

    def test_what_was_answered_is_there_after_kill_9(self):
        server = self.serve("--sweep", "200ms")
        client = self.client(server)
        made = client.post("/segments", {"name": "Pro", "condition": PRO,
                                         "trackMembership": True}).json
        answered = []
        numbers = itertools.count()
        for seconds in (0.2, 0.5, 0.3):
            until = threading.Event()
            threads = [threading.Thread(target=self.load, args=(server, answered, until, numbers))
                       for _ in range(8)]
            for thread in threads:
                thread.start()
            until.wait(seconds)
            server.kill()
            until.set()
            for thread in threads:
                thread.join()
            server.start()
        client = self.client(server)
        self.assertGreater(len(answered), 0)
        entries = {}
        cursor = ""
        while cursor is not None:
            page = client.get(f"/events?limit=1000{cursor}").json
            for event in page["events"]:
                key = (event["contact"]["email"], event["name"])
                entries[key] = entries.get(key, 0) + 1
            cursor = f"&cursor={page['cursor']}" if page["hasMore"] else None
        for email, data in answered:
            contact = client.get(f"/contacts/{data['contact']}").json
            self.assertEqual(contact["email"], email)
            self.assertEqual(entries.get((email, "bought")), 1)
            self.assertEqual(entries.get((email, "segment.pro.entry")), 1)
        self.assertEqual(set(entries.values()), {1})
        total = client.get("/contacts").json["total"]
        self.assertEqual(client.get(f"/segments/{made['id']}/contacts").json["total"], total)
        self.assertEqual(client.post(f"/segments/{made['id']}/compute").json,
                         {"added": 0, "removed": 0, "total": total})

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

    def test_contacts_leave_by_time_alone_through_a_chain(self):
        server = self.serve("--sweep", "200ms")
        client = self.client(server)
        first = client.post("/segments", {"name": "First", "trackMembership": True, "condition":
                            condition(filter_of("event.seen", "triggeredWithin", 1, "minutes"))})
        self.assertEqual(first.status, 201, first.text)
        ids = [first.json["id"]]
        for name in ("Second", "Third"):
            made = client.post("/segments", {"name": name, "trackMembership": True, "condition":
                               condition(in_segment(ids[-1]))})
            ids.append(made.json["id"])
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=58)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
        client.post("/v1/track/batch", [{"event": "seen", "email": "a@x.io", "timestamp": stamp}])
        names = [f"segment.{name}.{what}" for name in ("first", "second", "third")
                 for what in ("entry", "exit")]

        def moved():
            found = client.get("/events/names").json["eventNames"]
            return set(names) <= set(found)

        self.assertTrue(wait_until(moved))
        events = client.get("/events").json["events"]
        exits = {event["createdAt"] for event in events if event["name"].endswith(".exit")}
        self.assertEqual(len(exits), 1)
        self.assertEqual(len(events), 7)
        for made in ids:
            self.assertEqual(client.get(f"/segments/{made}/contacts").json["total"], 0)

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

    def test_files_that_are_no_database(self):
        zeros = self.folder / "zeros.db"
        zeros.write_bytes(bytes(100000))
        text = self.folder / "text.db"
        text.write_text("not a database\n" * 1000)
        for path in (zeros, text):
            self.run_program("serve", "--db", path, "--listen", "127.0.0.1:0", status=65)
            self.run_program("project", "list", "--db", path, status=65)
        self.run_program("project", "list", "--db", self.folder / "none.db", status=66)
        self.run_program("serve", "--db", self.folder / "no" / "such.db", status=66)

    def test_an_address_that_cannot_be_had_is_69(self):
        db = self.folder / "a.db"
        for address in ("127.0.0.1:99999", "nowhere", f"127.0.0.1:{suite.world.server.port}"):
            done = self.run_program("serve", "--db", db, "--listen", address, status=69)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    suite.main(__doc__)
