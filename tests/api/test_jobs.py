#!/usr/bin/python3
"""Background jobs: CSV imports and bulk changes.

    test_jobs.py PROGRAM [--short] [unittest options]
"""

import random
import resource
import socket
import sqlite3
import sys
import tempfile
import time
import unittest
from contextlib import closing
from pathlib import Path

import suite
from suite import PRO
from server import BOUNDARY, Client, Server, condition, filter_of, form, wait_until

ENDED = ("COMPLETED", "FAILED")


class Jobs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.db = str(Path(self.folder.name) / "test.db")
        self.server = Server(suite.program, self.db, "--sweep", "0", "--rate", "0")
        self.keys = self.server.create_project("Jobs")
        self.other_keys = self.server.create_project("Other")
        self.server.start()
        self.addCleanup(self.end)
        self.api = self.client()

    def end(self):
        if self.server.process.poll() is None:
            self.server.stop()

    def client(self, keys=None):
        return self.client_of((keys or self.keys)["secretKey"])

    def client_of(self, key):
        client = Client(self.server.port, key)
        self.addCleanup(client.close)
        return client

    def start_again(self):
        self.server.start()
        self.api = self.client()

    def upload(self, content, client=None, headers=None, boundary=BOUNDARY):
        return (client or self.api).upload(form(content, boundary), headers, boundary)

    def job(self, job_id, kind="import", client=None):
        answer = (client or self.api).get(f"/contacts/{kind}/{job_id}")
        self.assertEqual(answer.status, 200, answer.text)
        job = answer.json
        self.assertEqual(job["processed"], job["imported"] + job["updated"] + job["skipped"])
        self.assertLessEqual(job["processed"], job["totalRows"])
        return job

    def wait(self, job_id, kind="import", client=None):
        def ended():
            job = self.job(job_id, kind, client)
            return job if job["status"] in ENDED else None
        job = wait_until(ended, 120)
        self.assertIsNotNone(job)
        return job

    def run_import(self, content, client=None):
        answer = self.upload(content, client)
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual(set(answer.json), {"jobId", "status"})
        self.assertEqual(answer.json["status"], "QUEUED")
        return self.wait(answer.json["jobId"], client=client)

    def run_bulk(self, verb, ids):
        answer = self.api.post(f"/contacts/bulk-{verb}", {"contactIds": ids})
        self.assertEqual(answer.status, 202, answer.text)
        return self.wait(answer.json["jobId"], "bulk")

    def counts(self, job):
        return {name: job[name] for name in ("status", "totalRows", "imported", "updated", "skipped")}

    def assert_counts(self, job, status, **counts):
        wanted = {"imported": 0, "updated": 0, "skipped": 0, **counts}
        wanted["totalRows"] = sum(wanted.values())
        self.assertEqual(self.counts(job), {"status": status, **wanted})

    def contact(self, email, client=None):
        found = (client or self.api).get(f"/contacts?search={email}").json["data"]
        return next((row for row in found if row["email"] == email), None)

    def event_counts(self):
        return {row["name"]: row["count"] for row in self.api.get("/events/stats").json}

    def rows_left(self):
        """Jobs and pieces of input that the file has, whatever their state."""
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            return tuple(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                         for table in ("jobs", "job_inputs"))


class Imports(Jobs):
    def test_contacts_are_created_and_updated(self):
        self.api.post("/contacts", {"email": "old@x.org", "data": {"plan": "free", "kept": 1}})
        job = self.run_import("email,plan\nOLD@x.org,pro\n new@x.org ,pro\nnew@x.org,team\n")
        self.assert_counts(job, "COMPLETED", imported=1, updated=2)
        self.assertEqual(job["errors"], [])
        self.assertEqual(self.contact("old@x.org")["data"], {"plan": "pro", "kept": 1})
        self.assertEqual(self.contact("new@x.org")["data"], {"plan": "team"})

    def test_types_of_values(self):
        cells = {
            "true": True, "FALSE": False, "yes": True, "No": False, "42": 42, "-7": -7, "0": 0,
            "3.14": 3.14, "-0.50": -0.5, "9007199254740991": 9007199254740991,
            "9007199254740992": "9007199254740992", "12345678901234567890": "12345678901234567890",
            "007": "007", "00": "00", "+1": "+1", "1e3": "1e3", "1.": "1.", ".5": ".5", "--1": "--1",
            "-": "-", "1.2.3": "1.2.3", "1 000": "1 000", "0x1F": "0x1F", "NaN": "NaN",
            "null": "null", "truely": "truely", "2026-02-01T00:00:00Z": "2026-02-01T00:00:00Z",
            " trimmed ": "trimmed", "Zoë ☃": "Zoë ☃", '"a ""b"", c"': 'a "b", c',
            '"two\nlines\tand \\"': "two\nlines\tand \\", "\x01": "\x01", "": None, '"  "': None,
        }
        names = [f"c{i}" for i in range(len(cells))]
        job = self.run_import("email," + ",".join(names) + "\na@x.org," + ",".join(cells) + "\n")
        self.assert_counts(job, "COMPLETED", imported=1)
        data = self.contact("a@x.org")["data"]
        for name, (cell, value) in zip(names, cells.items()):
            self.assertEqual((type(data.get(name)), data.get(name)), (type(value), value), cell)

    def test_an_empty_cell_changes_nothing(self):
        self.run_import("email,plan,city\na@x.org,pro,Oslo\n")
        self.run_import("email,plan,city\na@x.org,,Rome\n")
        self.assertEqual(self.contact("a@x.org")["data"], {"plan": "pro", "city": "Rome"})

    def test_names_of_columns(self):
        header = ('id,EMAIL , plan,createdAt,updatedAt,plunk_id,plunk_email,unsubscribeUrl,'
                  'subscribeUrl,manageUrl,,plan,"a ""b"" \\",Id,address.city')
        job = self.run_import(header + "\n1,a@x.org,free,2,3,4,5,6,7,8,9,pro,10,11,Oslo\n")
        self.assert_counts(job, "COMPLETED", imported=1)
        self.assertEqual(self.contact("a@x.org")["data"],
                         {"plan": "pro", 'a "b" \\': 10, "Id": 11, "address.city": "Oslo"})

    def test_subscribed(self):
        self.run_import("email\na@x.org\n")
        self.assertTrue(self.contact("a@x.org")["subscribed"])
        words = {"true": True, "YES": True, "1": True, "false": False, "no": False, "0": False,
                 "": True}
        rows = "".join(f"w{i}@x.org,{word}\n" for i, word in enumerate(words))
        job = self.run_import("email,Subscribed\n" + rows + "bad@x.org,maybe\n")
        self.assert_counts(job, "COMPLETED", imported=len(words), skipped=1)
        for i, (word, value) in enumerate(words.items()):
            self.assertEqual(self.contact(f"w{i}@x.org")["subscribed"], value, word)
        self.assertEqual([(e["row"], e["email"]) for e in job["errors"]], [(9, "bad@x.org")])
        self.assertIn('"maybe"', job["errors"][0]["reason"])
        self.assertIsNone(self.contact("bad@x.org"))

    def test_flips_are_tracked_and_segments_follow(self):
        unsubscribed = condition(filter_of("subscribed", "equals", False))
        segment = self.api.post("/segments", {"name": "Out", "condition": unsubscribed,
                                              "trackMembership": True}).json
        self.run_import("email,subscribed\na@x.org,yes\nb@x.org,no\nc@x.org,yes\n")
        self.run_import("email,subscribed\na@x.org,no\nb@x.org,yes\nc@x.org,\n")
        self.run_import("email\na@x.org\nb@x.org\n")  # a column less: all stays
        self.assertEqual(self.event_counts(), {"contact.subscribed": 1, "contact.unsubscribed": 1,
                                               "segment.out.entry": 2, "segment.out.exit": 1})
        members = self.api.get(f"/segments/{segment['id']}/contacts").json["data"]
        self.assertEqual([row["email"] for row in members], ["a@x.org"])

    def test_rows_that_are_wrong_do_not_stop_the_others(self):
        long = "x" * 65537
        job = self.run_import(
            "email,plan,note\n"
            "a@x.org,pro,\n"           # 2
            "nonsense,pro,\n"          # 3
            ",pro,\n"                  # 4
            "b@x.org,pro\n"            # 5
            "b@x.org,pro,x,y\n"        # 6
            "\n"                       # 7: no row at all
            f"{'y' * 320}@x.org,,\n"   # 8
            f"c@x.org,pro,{long}\n"    # 9
            f"d@x.org,\"{long}\n{long}\",pro\n"  # 10
            "e@x.org,pro,ok")          # 11, without its end
        self.assert_counts(job, "COMPLETED", imported=2, skipped=7)
        errors = [(e["row"], e["email"]) for e in job["errors"]]
        self.assertEqual(errors, [(3, "nonsense"), (4, None), (5, "b@x.org"), (6, "b@x.org"),
                                  (8, "y" * 320), (9, "c@x.org"), (10, "d@x.org")])
        reasons = [e["reason"] for e in job["errors"]]
        for reason, part in zip(reasons, ("not an address", "is empty", "row 5 has 2 fields",
                                          "row 6 has 4 fields", "not an address", "65536", "65536")):
            self.assertIn(part, reason)
        self.assertEqual(self.api.get("/contacts").json["total"], 2)

    def test_a_thousand_errors_are_kept(self):
        job = self.run_import("email\n" + "nonsense\n" * 2500 + "a@x.org\n")
        self.assert_counts(job, "COMPLETED", imported=1, skipped=2500)
        self.assertEqual([e["row"] for e in job["errors"]], list(range(2, 1002)))

    def test_other_ways_of_writing_csv(self):
        for i, content in enumerate((
                "\ufeffemail,plan\r\na@x.org,pro\r\n", "email;plan\na@x.org;pro\n",
                '"email","plan"\n"a@x.org","pro"', "\n\nemail,plan\na@x.org,pro\n")):
            self.run_import(content.replace("a@", f"a{i}@"))
            self.assertEqual(self.contact(f"a{i}@x.org")["data"], {"plan": "pro"}, content)

    def test_a_file_without_rows(self):
        self.assert_counts(self.run_import("email,plan\n"), "COMPLETED")

    def test_too_many_fields_for_a_project(self):
        # 4,096 fields are there at most; a row that brings more is refused, the others are not.
        for start in range(0, 4000, 1000):
            names = [f"f{i}" for i in range(start, start + 1000)]
            job = self.run_import("email," + ",".join(names) + "\na@x.org" + ",1" * 1000 + "\n")
            self.assertEqual(job["skipped"], 0, job["errors"])
        names = [f"g{i}" for i in range(200)]
        rows = [["1" if i // 60 == k else "" for i in range(200)] for k in range(3)]
        content = "".join(f"b{k}@x.org," + ",".join(row) + "\n" for k, row in enumerate(rows))
        job = self.run_import("email," + ",".join(names) + "\n" + content + "c@x.org" + "," * 200)
        self.assert_counts(job, "COMPLETED", imported=2, skipped=2)
        self.assertEqual([e["row"] for e in job["errors"]], [3, 4])
        self.assertIn("4096 different fields", job["errors"][0]["reason"])

    def test_two_projects_at_once(self):
        count = 40000
        rows = "".join(f"c{i}@x.org,{i}\n" for i in range(count))
        large = self.upload("email,n\n" + rows).json["jobId"]
        other = self.client(self.other_keys)
        small = self.run_import("email,n\nc1@x.org,other\nc2@x.org,other\n", other)
        self.assert_counts(small, "COMPLETED", imported=2)
        self.assertEqual(self.job(large)["status"], "RUNNING")
        self.assert_counts(self.wait(large), "COMPLETED", imported=count)
        self.assertEqual(self.contact("c1@x.org", other)["data"], {"n": "other"})
        self.assertEqual(other.get("/contacts").json["total"], 2)
        self.assertEqual(self.contact("c39999@x.org")["data"], {"n": 39999})

    def test_jobs_of_a_project_run_in_their_order(self):
        ids = [self.upload("email,turn\n" + f"a@x.org,{i}\n" * 300).json["jobId"]
               for i in range(5)]
        for job_id in ids:
            self.assertEqual(self.wait(job_id)["processed"], 300)
        self.assertEqual(self.contact("a@x.org")["data"], {"turn": 4})

    def test_other_projects_and_unknown_jobs(self):
        job_id = self.upload("email\na@x.org\n").json["jobId"]
        self.wait(job_id)
        other = self.client(self.other_keys)
        for client, path in ((other, f"import/{job_id}"), (self.api, "import/none"),
                             (self.api, f"bulk/{job_id}")):
            answer = client.get(f"/contacts/{path}")
            self.assertEqual((answer.status, answer.error["code"]), (404, "RESOURCE_NOT_FOUND"))
            self.assertIn("no job", answer.error["message"])

    def test_the_input_is_deleted_and_old_jobs_are(self):
        job_id = self.upload("email\n" + "a@x.org\n" * 100000).json["jobId"]
        self.assert_counts(self.wait(job_id), "COMPLETED", imported=1, updated=99999)
        self.assertEqual(wait_until(lambda: self.rows_left() == (1, 0)), True)
        self.server.stop()
        with closing(sqlite3.connect(self.db)) as db:
            db.execute("UPDATE jobs SET updated_at_ms = updated_at_ms - 31 * 86400000")
            db.commit()
        self.start_again()
        self.assertTrue(wait_until(lambda: self.rows_left() == (0, 0)))
        self.assertEqual(self.api.get(f"/contacts/import/{job_id}").status, 404)

    def test_metrics_count_jobs(self):
        self.run_import("email\na@x.org\n")
        page = self.client_of(None).get("/metrics").text
        self.assertIn("\nsegmentry_jobs 0\n", page)


class Refusals(Jobs):
    """What is no CSV is refused as a whole, before anything of it is imported."""

    def assert_refused(self, answer, status, code, part, field=None):
        self.assertEqual((answer.status, answer.error["code"]), (status, code), answer.text)
        self.assertIn(part, answer.error["message"])
        if field is not None:
            self.assertEqual(answer.error["errors"][0]["field"], field)

    def test_files_that_are_no_csv(self):
        many = "email\n" + "a@x.org\n" * 60000  # more than a piece: some of it is stored by then
        for content, part in (
                ("", "empty"), ("\n\n", "empty"), ("plan\npro\n", '"plan"'),
                ("a@x.org,pro\n", '"a@x.org", "pro"'), ("email,Email\n", "2 times"),
                ("email,n\ra@x.org,1\rb@x.org,2\r", "row 1, field 2 has a CR without a LF"),
                (b"email,name\na@x.org,Jos\xe9\n", "row 2 is not UTF-8"),
                ("email\n".encode("utf-16"), "NUL byte"), (b"PK\x03\x04\x00\x00", "NUL byte"),
                ('email\n"a@x.org\nb@x.org\n', "row 2, field 1: the quote is never closed"),
                ('email\n"a@x.org"x\n', "row 2, field 1"),
                (many + '"a@x.org\n', "row 60002, field 1: the quote is never closed"),
                (many.encode() + b"\xff\n", "row 60002 is not UTF-8"),
                ("email," + "x" * 65537 + "\n", "row 1 has too many bytes in a field"),
                ("email" + "," * 1024 + "\n", "row 1 has too many fields")):
            self.assert_refused(self.upload(content), 422, "VALIDATION_ERROR", part, "file")
        self.assertTrue(wait_until(lambda: self.rows_left() == (0, 0)))
        self.assertEqual(self.api.get("/contacts").json["total"], 0)

    def test_forms(self):
        good = form("email\na@x.org\n")
        self.assert_refused(self.api.upload(form("x", name="upload")), 422,
                            "VALIDATION_ERROR", 'part "upload"', "file")
        self.assert_refused(self.api.upload(form("no", name="subscribed", filename=None)), 422,
                            "VALIDATION_ERROR", 'part "subscribed"', "file")
        twice = good[:-len(f"--{BOUNDARY}--\r\n")] + good
        self.assert_refused(self.api.upload(twice), 422, "VALIDATION_ERROR", "second", "file")
        self.assert_refused(self.api.upload(f"--{BOUNDARY}--\r\n".encode()), 422,
                            "VALIDATION_ERROR", "must have a part", "file")
        self.assert_refused(self.api.upload(good[:-6]), 400, "BAD_REQUEST", "boundary")
        self.assert_refused(self.api.upload(b"email\n"), 400, "BAD_REQUEST", "boundary")
        self.assert_refused(self.api.send("POST", "/contacts/import", raw=b"email\na@x.org\n",
                                          headers={"Content-Type": "text/csv"}),
                            415, "UNSUPPORTED_MEDIA_TYPE", "multipart/form-data")
        self.assertTrue(wait_until(lambda: self.rows_left() == (0, 0)))

    def test_keys(self):
        public = self.client_of(self.keys["publicKey"])
        self.assertEqual(self.upload("email\n", public).status, 403)
        self.assertEqual(self.upload("email\n", self.client_of(None)).status, 401)

    def test_too_large(self):
        head = ("POST /contacts/import HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741825\r\n"
                f"Authorization: Bearer {self.keys['secretKey']}\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as connection:
            connection.sendall(head.encode())
            self.assertIn(b" 413 ", connection.recv(4096))

    def test_damaged_input_fails_the_job(self):
        """What an upload refuses can still be in the file after an upgrade, or by damage."""
        self.server.stop()
        with closing(sqlite3.connect(self.db)) as db:
            for num, content in enumerate(('email\na@x.org\n"b@x.org', "plan\npro\n"), 1):
                db.execute("INSERT INTO jobs VALUES (?, 1, ?, 0, 1, 3, 0, 0, 0, 0, '{}', 0, 0)",
                           (num, f"job{num}"))
                db.execute("INSERT INTO job_inputs VALUES (?, 1, ?, 0, ?)",
                           (num, num, content.encode()))
            db.commit()
        self.start_again()
        job = wait_until(lambda: self.job("job1") if self.job("job1")["status"] in ENDED else None)
        self.assertEqual((job["status"], job["imported"], job["totalRows"]), ("FAILED", 1, 3))
        self.assertEqual([(e["row"], e["email"]) for e in job["errors"]], [(3, None)])
        self.assertIn("never closed", job["errors"][0]["reason"])
        job = wait_until(lambda: self.job("job2") if self.job("job2")["status"] in ENDED else None)
        self.assertEqual((job["status"], job["processed"]), ("FAILED", 0))
        self.assertIn('"plan"', job["errors"][0]["reason"])


class Bulk(Jobs):
    def setUp(self):
        super().setUp()
        self.segment = self.api.post("/segments", {
            "name": "On", "trackMembership": True,
            "condition": condition(filter_of("subscribed", "equals", True))}).json["id"]
        self.run_import("email,subscribed\n" + "".join(
            f"c{i:03}@x.org,{'yes' if i % 2 else 'no'}\n" for i in range(300)))
        self.ids = self.all_ids()

    def all_ids(self):
        ids, cursor = [], ""
        while cursor is not None:
            page = self.api.get(f"/contacts?limit=100{cursor and '&cursor=' + cursor}").json
            ids += [row["id"] for row in page["data"]]
            cursor = page["cursor"]
        return ids

    def test_subscribe_and_unsubscribe(self):
        job = self.run_bulk("subscribe", self.ids + ["nobody"])
        self.assert_counts(job, "COMPLETED", updated=150, skipped=151)
        self.assertEqual(job["errors"], [{"row": 301, "email": None, "reason":
                                          "nobody: there is no contact with this id"}])
        job = self.run_bulk("unsubscribe", self.ids[:10] + self.ids[:10])
        self.assert_counts(job, "COMPLETED", updated=10, skipped=10)
        self.assertEqual(job["errors"], [])
        self.assertEqual(self.event_counts(), {
            "contact.subscribed": 150, "contact.unsubscribed": 10,
            "segment.on.entry": 300, "segment.on.exit": 10})
        self.assertFalse(self.api.get(f"/contacts/{self.ids[0]}").json["subscribed"])

    def test_delete(self):
        other = self.client(self.other_keys)
        theirs = other.post("/contacts", {"email": "c000@x.org"}).json["id"]
        job = self.run_bulk("delete", self.ids[:200] + [theirs, self.ids[0]])
        self.assert_counts(job, "COMPLETED", updated=200, skipped=2)
        self.assertEqual([e["row"] for e in job["errors"]], [201, 202])
        self.assertEqual(self.api.get("/contacts").json["total"], 100)
        self.assertEqual(self.api.get(f"/contacts/{self.ids[0]}").status, 404)
        self.assertEqual(other.get(f"/contacts/{theirs}").status, 200)
        self.assertEqual(self.api.get(f"/segments/{self.segment}/contacts").json["total"], 50)

    def test_bodies(self):
        answer = self.api.post("/contacts/bulk-subscribe", {"ids": self.ids[:2], "mode": "ids"})
        self.assertEqual(self.wait(answer.json["jobId"], "bulk")["totalRows"], 2)
        answer = self.api.post("/contacts/bulk-subscribe", {"contactIds": ["x"] * 1000})
        self.assert_counts(self.wait(answer.json["jobId"], "bulk"), "COMPLETED", skipped=1000)
        self.assertEqual(self.api.get(f"/contacts/import/{answer.json['jobId']}").status, 404)
        for body, field in (({}, "ids"), ({"ids": []}, "ids"), ({"ids": "x"}, "ids"),
                            ({"contactIds": ["x"] * 1001}, "contactIds"),
                            ({"ids": ["x", 1]}, "ids[1]"), ({"contactIds": [None]}, "contactIds[0]"),
                            ({"mode": "query", "filter": {}, "ids": ["x"]}, "mode")):
            for verb in ("subscribe", "unsubscribe", "delete"):
                answer = self.api.post(f"/contacts/bulk-{verb}", body)
                self.assertEqual((answer.status, answer.error["code"]), (422, "VALIDATION_ERROR"))
                self.assertEqual(answer.error["errors"][0]["field"], field)


class Once(Jobs):
    def test_an_import_is_queued_once(self):
        key = {"Idempotency-Key": "k"}
        content = "email,plan\n" + "a@x.org,pro\n" * 50000  # some pieces
        first = self.upload(content, headers=key)
        # A client that sends it again makes up another boundary.
        again = self.upload(content, headers=key, boundary="Other")
        self.assertEqual((first.status, first.text), (again.status, again.text))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        other = self.upload(content + "b@x.org,pro\n", headers=key)
        self.assertEqual((other.status, other.error["code"]), (409, "CONFLICT"))
        self.assert_counts(self.wait(first.json["jobId"]), "COMPLETED", imported=1, updated=49999)
        self.assertTrue(wait_until(lambda: self.rows_left() == (1, 0)))
        self.assertIsNone(self.contact("b@x.org"))

    def test_a_refused_import_is_not_kept(self):
        key = {"Idempotency-Key": "k"}
        self.assertEqual(self.upload("plan\n", headers=key).status, 422)
        self.assertEqual(self.upload("email\na@x.org\n", headers=key).status, 202)

    def test_a_bulk_change_is_queued_once(self):
        contact = self.api.post("/contacts", {"email": "a@x.org"}).json["id"]
        send = lambda ids: self.api.send("POST", "/contacts/bulk-subscribe", {"ids": ids},
                                         {"Idempotency-Key": "k"})
        first = send([contact])
        self.assert_counts(self.wait(first.json["jobId"], "bulk"), "COMPLETED", updated=1)
        self.assertEqual(send([contact]).text, first.text)
        self.assertEqual(send(["x"]).status, 409)
        self.assertEqual(self.rows_left()[0], 1)


class Crashes(Jobs):
    def test_kills_during_an_import(self):
        count = 20000
        segment = self.api.post("/segments", {"name": "Pro", "condition": PRO,
                                              "trackMembership": True}).json
        self.run_import("email,subscribed\n" + "".join(f"c{i}@x.org,no\n" for i in range(0, 500)))
        rows = "".join(f"c{i}@x.org,{'pro' if i % 4 == 0 else 'free'},yes\n" if i % 100 != 99
                       else f"nonsense{i},pro,yes\n" for i in range(count))
        job_id = self.upload("email,plan,subscribed\n" + rows).json["jobId"]
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        kills, processed = 0, 0
        while self.job(job_id)["status"] not in ENDED:
            time.sleep(chance.uniform(0, 0.25))
            self.server.kill()
            kills += 1
            self.start_again()
            before, processed = processed, self.job(job_id)["processed"]
            self.assertGreaterEqual(processed, before)
            if kills == 100:  # on a slow machine the rest may run through
                self.wait(job_id)
        self.assertGreater(kills, 1)
        job = self.job(job_id)
        self.assert_counts(job, "COMPLETED", imported=count * 99 // 100 - 495, updated=495,
                           skipped=count // 100)
        self.assertEqual([e["row"] for e in job["errors"]], list(range(101, count + 2, 100)))
        self.assertEqual(self.api.get("/contacts").json["total"], count * 99 // 100 + 5)
        self.assertEqual(self.event_counts(), {"segment.pro.entry": count // 4,
                                               "contact.subscribed": 495})
        self.assertEqual(self.api.get(f"/segments/{segment['id']}/contacts").json["total"],
                         count // 4)
        self.assertTrue(wait_until(lambda: self.rows_left()[1] == 0))

    def begin_upload(self):
        """Sends half of a file, some pieces of which are stored then."""
        rows = b"email\n" + b"a@x.org\n" * 100000
        head = (f"POST /contacts/import HTTP/1.1\r\nHost: h\r\nContent-Length: {2 * len(rows)}\r\n"
                f"Authorization: Bearer {self.keys['secretKey']}\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n")
        connection = socket.create_connection(("127.0.0.1", self.server.port), 30)
        connection.sendall(head.encode() + form(rows)[:len(rows)])
        self.assertTrue(wait_until(lambda: self.rows_left()[1] > 0))
        self.assertEqual(self.rows_left()[0], 1)
        return connection

    def assert_nothing_left(self):
        self.assertTrue(wait_until(lambda: self.rows_left() == (0, 0)))
        self.assertEqual(self.api.get("/contacts").json["total"], 0)
        self.assert_counts(self.run_import("email\na@x.org\n"), "COMPLETED", imported=1)

    def test_a_client_that_goes_away(self):
        self.begin_upload().close()
        self.assert_nothing_left()

    def test_a_kill_during_an_upload(self):
        with closing(self.begin_upload()):
            self.server.kill()
        self.start_again()
        self.assert_nothing_left()

    def test_a_stop_during_an_upload(self):
        with closing(self.begin_upload()) as connection:
            self.server.process.terminate()
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(self.server.end(), 0)
        self.start_again()
        self.assert_nothing_left()

    def test_a_stop_during_an_import(self):
        count = 20000
        job_id = self.upload("email\n" + "".join(f"c{i}@x.org\n" for i in range(count))).json["jobId"]
        self.assertTrue(wait_until(lambda: self.job(job_id)["processed"] > 0))
        self.assertEqual(self.server.stop(), 0)
        self.start_again()
        self.assert_counts(self.wait(job_id), "COMPLETED", imported=count)

    def test_a_full_disk(self):
        self.server.stop()
        limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"]  # 2 MiB a file
        self.server = Server(suite.program, self.db, "--sweep", "0", "--rate", "0",
                             wrapper=limited).start()
        self.api = self.client()
        answer = self.upload("email\n" + "a@x.org\n" * 1000000)
        self.assertEqual((answer.status, answer.error["code"]), (503, "SERVICE_UNAVAILABLE"))
        self.assert_nothing_left()

    def test_a_disk_that_fills_up_during_an_import(self):
        """The file is stored, its contacts are not: the job waits, and goes on where it was."""
        count = 40000
        rows = "email,turn,padding\n" + "".join(
            f"c{i % (count // 2)}@x.org,{i},{'x' * 20}\n" for i in range(count))

        def limit(size_bytes):
            resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE,
                             (size_bytes, resource.RLIM_INFINITY))

        sizes = [path.stat().st_size for path in Path(self.folder.name).iterdir()]
        limit(max(sizes) + len(rows) * 3 // 2)  # contacts take several times as much as their lines
        job_id = self.upload(rows).json["jobId"]
        other_id = self.upload("email,turn\nc0@x.org,last\n").json["jobId"]
        self.assertTrue(wait_until(
            lambda: any('"write_failed"' in line for line in self.server.lines), 60))
        stuck = self.job(job_id)
        self.assertEqual(stuck["status"], "RUNNING")
        self.assertIn(stuck["processed"], range(1, count))
        self.assertEqual(self.api.get("/contacts").json["total"], stuck["imported"])
        self.assertEqual(self.job(other_id)["status"], "QUEUED")
        limit(resource.RLIM_INFINITY)
        self.assert_counts(self.wait(job_id), "COMPLETED", imported=count // 2, updated=count // 2)
        self.assert_counts(self.wait(other_id), "COMPLETED", updated=1)
        self.assertEqual(self.contact("c0@x.org")["data"]["turn"], "last")
        for i in (1, 999, 1000, 8000, count // 2 - 1):  # what the later row says
            self.assertEqual(self.contact(f"c{i}@x.org")["data"]["turn"], i + count // 2)


if __name__ == "__main__":
    suite.main(__doc__)
