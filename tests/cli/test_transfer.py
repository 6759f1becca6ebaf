#!/usr/bin/python3
"""Tests of moving a project in and out: segmentry import and export.

    test_transfer.py PROGRAM [unittest options]
"""

import datetime
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from support import DatabaseTest, main
from server import Client, condition, filter_of, in_segment, is_equal, wait_until

DEMO = Path(__file__).resolve().parent.parent.parent / "native" / "demo"
FILES = ("contacts.ndjson", "events.ndjson", "emails.ndjson", "segments.json", "members.ndjson",
         "changes.ndjson")
CREATED = "2024-01-01T00:00:00.000Z"
UPDATED = "2024-02-01T00:00:00.000Z"
PRO = is_equal("data.plan", "pro")


def contact(name, **members):
    return {"id": name, "email": f"{name}@example.com", "subscribed": True, "createdAt": CREATED,
            "updatedAt": UPDATED, **members}


def event(contact_id, name, at=CREATED, **members):
    return {"contactId": contact_id, "name": name, "createdAt": at, **members}


def disk_is_full():
    """No file may grow further."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (262144, 262144))


class TransferTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        self.data.mkdir()
        self.project = self.create()

    def write(self, contacts, events=(), emails=(), segments=None, members=(), changes=()):
        """Rows are objects, or text as it is."""
        for name, rows in (("contacts", contacts), ("events", events), ("emails", emails),
                           ("members", members), ("changes", changes)):
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (self.data / f"{name}.ndjson").write_text("".join(f"{line}\n" for line in lines))
        if segments is not None:
            (self.data / "segments.json").write_text(json.dumps(segments))

    def command(self, name, *arguments, project=None):
        return [name, "--db", self.db, "--project", (project or self.project)["id"], *arguments]

    def import_data(self, *options, data=None, project=None):
        return json.loads(self.succeed(*self.command("import", "--data", data or self.data,
                                                     "--json", *options, project=project)))

    def export_data(self, name="out", project=None):
        out = self.folder / name
        self.succeed(*self.command("export", "--out", out, project=project))
        return out

    def rows(self, folder, name):
        text = (folder / f"{name}.ndjson").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def exported(self):
        """Everything that the project has: rows of each file, segments too."""
        out = self.export_data(f"out{len(list(self.folder.iterdir()))}")
        found = {name: self.rows(out, name)
                 for name in ("contacts", "events", "emails", "members", "changes")}
        found["segments"] = json.loads((out / "segments.json").read_text())
        return found

    def refuse(self, status, *says, options=()):
        """An import that fails says why, and leaves the project as it was."""
        before = self.exported()
        done = self.run_program(*self.command("import", "--data", self.data, *options))
        self.assertEqual(done.returncode, status, done.stderr)
        for part in says:
            self.assertIn(part, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.exported(), before)
        return done.stderr

    def api(self, *options):
        server = self.serve(*options)
        client = Client(server.port, self.project["secretKey"])
        self.addCleanup(client.close)
        return server, client

    def emails_of(self, client, segment_id):
        page = client.get(f"/segments/{segment_id}/contacts?pageSize=100")
        self.assertEqual(page.status, 200, page.text)
        return sorted(row["email"].split("@")[0] for row in page.json["data"])


class Usage(TransferTest):
    def test_help_is_there_and_fits_a_terminal(self):
        for name in ("import", "export"):
            text = self.succeed(name, "--help")
            for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"):
                self.assertIn(heading, text)
            self.assertIn(name, self.succeed("--help"))
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_wrong_usage_is_64(self):
        for arguments in (["import"], ["import", "--project", "x"], ["import", "--data", "x"],
                          ["import", "--project", "x", "--data", "y", "z"], ["export"],
                          ["export", "--project", "x"], ["export", "--out", "x"],
                          ["export", "--project", "x", "--out", "y", "z"]):
            self.assert_fails(64, f"segmentry {arguments[0]}: needs --project", *arguments)

    def test_what_is_not_there_is_66(self):
        nobody = {"id": "nobody"}
        self.write([])
        self.assert_fails(66, "no project with the id 'nobody'",
                          *self.command("import", "--data", self.data, project=nobody))
        self.assert_fails(66, "no project with the id 'nobody'",
                          *self.command("export", "--out", self.folder / "out", project=nobody))
        self.assertFalse((self.folder / "out").exists())
        self.assert_fails(66, "none/contacts.ndjson",
                          *self.command("import", "--data", self.folder / "none"))
        self.assert_fails(66, "none.json", *self.command(
            "import", "--data", self.data, "--segments", self.folder / "none.json"))
        self.db = self.folder / "none.db"
        self.assert_fails(66, "none.db", *self.command("import", "--data", self.data))
        self.assert_fails(66, "none.db", *self.command("export", "--out", self.folder / "out"))
        self.assertFalse((self.folder / "out").exists())
        self.assertFalse(self.db.exists())

    def test_a_file_of_another_kind_is_65(self):
        self.write([])
        self.db.write_text("name,email\nAda,ada@example.com\n")
        self.assert_fails(65, "not a database", *self.command("import", "--data", self.data))
        self.assert_fails(65, "not a database",
                          *self.command("export", "--out", self.folder / "out"))

    def test_a_folder_in_the_place_of_a_file_is_66(self):
        self.write([contact("ada")])
        (self.data / "events.ndjson").unlink()
        (self.data / "events.ndjson").mkdir()
        self.refuse(66, "events.ndjson")


class Import(TransferTest):
    def test_the_demo_has_the_counts_of_eval(self):
        cases = DEMO / "segments.json"
        counts = self.import_data("--segments", cases, data=DEMO / "sample")
        self.assertEqual(
            [counts[name] for name in ("contactsCreated", "eventsAdded", "segmentsCreated")],
            [300, 1450, len(json.loads(cases.read_text()))])
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        evaluated = self.succeed("eval", "--data", DEMO / "sample", "--cases", cases, "--now", now)
        expected = {row["name"]: row["count"] for row in map(json.loads, evaluated.splitlines())}
        _, client = self.api()
        found = {row["name"]: row["memberCount"] for row in client.get("/segments").json}
        self.assertEqual(found, expected)
        self.assertGreater(sum(expected.values()), 0)

    def test_everything_of_a_line_comes_in(self):
        data = {"plan": "pro", "n": 12345678901234567890, "empty": "", "none": None, "email": "x"}
        line = json.dumps(contact("ada", email="  Ada@Example.COM ", subscribed=False, data=data))
        self.write([line, contact("bob", data=None), contact("cyd")],
                   [event("ada", "bought", "2024-03-04T05:06:07.089Z", data={"sum": 1.10}, id="e1"),
                    event("ada", "bought", "2024-03-04T05:06:07.089Z"),
                    event("bob", "segment.x.entry")],
                   [{"contactId": "ada", "sentAt": CREATED, "openedAt": UPDATED, "messageId": "m"},
                    {"contactId": "bob", "clickedAt": "2024-05-01"}])
        counts = self.import_data()
        self.assertEqual(counts, {"contactsCreated": 3, "contactsUpdated": 0,
                                  "contactsUnchanged": 0, "eventsAdded": 3, "eventsKnown": 0,
                                  "emailsAdded": 3, "emailsKnown": 0, "segmentsCreated": 0,
                                  "segmentsUpdated": 0, "membersAdded": 0,
                                  "changesAdded": 0})
        found = self.exported()
        self.assertEqual(found["contacts"], [
            contact("ada", email="ada@example.com", subscribed=False, data=data),
            contact("bob", data={}), contact("cyd", data={})])
        self.assertEqual([(row["contactId"], row["name"], row["createdAt"], row.get("data"))
                          for row in found["events"]],
                         [("ada", "bought", "2024-03-04T05:06:07.089Z", None),
                          ("ada", "bought", "2024-03-04T05:06:07.089Z", {"sum": 1.1}),
                          ("bob", "segment.x.entry", CREATED, None)])
        self.assertEqual(found["events"][1]["id"], "e1")
        self.assertEqual(len({row["id"] for row in found["events"]}), 3)
        self.assertEqual(found["emails"], [
            {"contactId": "ada", "sentAt": CREATED, "messageId": "m"},
            {"contactId": "ada", "openedAt": UPDATED, "messageId": "m"},
            {"contactId": "bob", "clickedAt": "2024-05-01T00:00:00.000Z"}])
        self.assertIn("12345678901234567890", (self.folder / max(
            path.name for path in self.folder.glob("out*")) / "contacts.ndjson").read_text())

    def test_what_was_imported_is_served(self):
        self.write([contact("ada", data={"plan": "pro"}), contact("bob")],
                   [event("ada", "bought")])
        self.import_data()
        _, client = self.api()
        self.assertEqual(client.get("/contacts/ada").json["data"], {"plan": "pro"})
        self.assertEqual(client.get("/events").json["events"][0]["name"], "bought")
        made = client.post("/segments", {"name": "Buyers", "condition": condition(
            filter_of("event.bought", "triggered"), filter_of("data.plan", "equals", "pro"))})
        self.assertEqual(made.json["memberCount"], 1, made.text)

    def test_long_ids_work_in_the_server(self):
        name = "i" * 200
        self.write([contact(name, email="long@example.com")],
                   segments=[{"name": "Hand", "type": "STATIC"}])
        self.import_data()
        _, client = self.api()
        hand = client.get("/segments").json[0]["id"]
        added = client.post(f"/segments/{hand}/members", {"emails": ["long@example.com"]})
        self.assertEqual(added.json["added"], 1, added.text)
        self.assertEqual(self.emails_of(client, hand), ["long"])
        opened = client.post("/v1/email-activity",
                             [{"email": "long@example.com", "activity": "opened", "at": CREATED}])
        self.assertEqual(opened.json["data"]["accepted"], 1, opened.text)
        preview = client.post("/segments/preview", {"condition": condition(
            filter_of("email.opened", "triggered"))})
        self.assertEqual(preview.json["count"], 1, preview.text)

    def test_other_projects_are_left_alone(self):
        other = self.create("Other")
        self.write([contact("ada")], segments=[{"name": "Pro", "condition": PRO}])
        self.import_data(project=other)
        self.assertEqual(self.exported()["contacts"], [])
        self.import_data()
        self.assertEqual([row["id"] for row in self.exported()["contacts"]], ["ada"])


class BadLines(TransferTest):
    def test_one_bad_line_and_nothing_is_imported(self):
        self.write([contact("ada"), contact("bob", subscribed="yes"), contact("cyd")],
                   [event("nobody", "bought")])
        said = self.refuse(2, "contacts.ndjson:2: subscribed: is neither true nor false; must be "
                              "true or false",
                           'events.ndjson:1: contactId: there is no contact with the id "nobody"',
                           "nothing was imported", "--skip-bad-lines")
        self.assertEqual(len(said.splitlines()), 3)

    def test_bad_lines_can_be_left_out(self):
        self.write([contact("ada"), "{", contact("bob", email="bob"), contact("cyd")],
                   [event("ada", "bought"), event("bob", "bought")])
        done = self.run_program(*self.command("import", "--data", self.data, "--skip-bad-lines"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual([line.split(": ")[0] for line in done.stderr.splitlines()],
                         ["contacts.ndjson:2", "contacts.ndjson:3", "events.ndjson:2"])
        self.assertIn("2 contacts created", done.stdout)
        found = self.exported()
        self.assertEqual([row["id"] for row in found["contacts"]], ["ada", "cyd"])
        self.assertEqual(len(found["events"]), 1)

    def test_addresses_are_checked(self):
        for email in ("ada", "a@b@c", "@b", "a@", "a b@c", "\t@\n"):
            self.write([contact("ada", email=email)])
            self.refuse(2, "contacts.ndjson:1: email: is not an address; it must have one @")

    def test_an_address_or_id_stands_once(self):
        self.write([contact("ada"), contact("bob", email="ADA@example.com"), contact("ada")])
        self.refuse(2, "contacts.ndjson:2: email: an earlier line has this address",
                    'contacts.ndjson:3: id: "ada" is there already')

    def test_more_contacts_than_a_batch_holds(self):
        count = 20000
        self.write([contact(f"c{number}", data={"text": "x" * 300}) for number in range(count)],
                   [event(f"c{number}", f"e{number % 900}") for number in range(count)])
        self.assertEqual(self.import_data()["contactsCreated"], count)
        found = self.exported()
        self.assertEqual([row["id"] for row in found["contacts"]],
                         [f"c{number}" for number in range(count)])
        self.assertEqual(sorted((row["contactId"], row["name"]) for row in found["events"]),
                         sorted((f"c{number}", f"e{number % 900}") for number in range(count)))

    def test_a_line_of_a_megabyte(self):
        texts = {f"t{number}": "x" * 65000 for number in range(16)}
        self.write([contact("ada", data=texts), contact("bob", data=texts)] +
                   [contact(f"c{number}", data=texts) for number in range(6)])
        self.assertEqual(self.import_data()["contactsCreated"], 8)
        self.assertEqual(self.exported()["contacts"][7]["data"], texts)


class Again(TransferTest):
    def test_the_same_files_change_nothing(self):
        self.write([contact("ada", data={"plan": "pro"}), contact("bob")],
                   [event("ada", "bought"), event("ada", "bought"), event("bob", "seen")],
                   [{"contactId": "ada", "sentAt": CREATED, "messageId": "m"},
                    {"contactId": "ada", "openedAt": CREATED}],
                   [{"name": "Pro", "condition": PRO, "trackMembership": True},
                    {"name": "Hand", "type": "STATIC", "members": ["bob@example.com"]}])
        self.import_data()
        before = self.exported()
        counts = self.import_data()
        self.assertEqual(
            counts, {"contactsCreated": 0, "contactsUpdated": 0, "contactsUnchanged": 2,
                     "eventsAdded": 0, "eventsKnown": 3, "emailsAdded": 0, "emailsKnown": 2,
                     "segmentsCreated": 0, "segmentsUpdated": 2, "membersAdded": 0,
                     "changesAdded": 0})
        after = self.exported()
        for segment in before["segments"] + after["segments"]:
            del segment["updatedAt"]
        self.assertEqual(after, before)

    def test_a_later_export_adds_what_is_new(self):
        self.write([contact("ada", data={"plan": "free", "kept": 1})],
                   [event("ada", "bought"), event("ada", "bought")])
        self.import_data()
        later = "2025-01-01T00:00:00.000Z"
        self.write([contact("ada", subscribed=False, updatedAt=later, createdAt=later,
                            data={"plan": "pro", "new": 2}), contact("bob")],
                   [event("ada", "bought"), event("ada", "bought"), event("ada", "bought"),
                    event("ada", "bought", later), event("ada", "seen"), event("bob", "bought")])
        counts = self.import_data()
        self.assertEqual([counts[name] for name in ("contactsCreated", "contactsUpdated",
                                                    "eventsAdded", "eventsKnown")], [1, 1, 4, 2])
        self.assertEqual(self.exported()["contacts"], [
            contact("ada", subscribed=False, updatedAt=later,
                    data={"kept": 1, "plan": "pro", "new": 2}), contact("bob", data={})])

    def test_data_that_grows_too_large_is_refused(self):
        def texts(name):
            return {f"{name}{i}": "x" * 60000 for i in range(17)}

        self.write([contact("ada", data=texts("a"))])
        self.import_data()
        before = self.exported()
        self.write([contact("bob"), contact("ada", data=texts("b"))])
        refused = self.run_program(*self.command("import", "--data", self.data))
        self.assertEqual(refused.returncode, 65)
        self.assertIn("ada@example.com", refused.stderr)
        self.assertEqual(self.exported(), before)

    def test_an_older_export_sets_no_instant_back(self):
        self.write([contact("ada")])
        self.import_data()
        self.write([contact("ada", updatedAt=CREATED)])
        self.assertEqual(self.import_data()["contactsUnchanged"], 1)
        self.assertEqual(self.exported()["contacts"][0]["updatedAt"], UPDATED)

    def test_contacts_are_known_by_address_and_ids_kept_if_free(self):
        self.write([contact("ada"), contact("bob")])
        self.import_data()
        # The address of ada under another id; the id of bob with another address.
        self.write([contact("x", email="ada@example.com"), contact("bob", email="new@example.com"),
                    contact("cyd")],
                   [event("x", "of ada"), event("bob", "of new"), event("cyd", "of cyd")])
        self.import_data()
        found = self.exported()
        ids = {row["email"]: row["id"] for row in found["contacts"]}
        self.assertEqual([ids[f"{name}@example.com"] for name in ("ada", "bob", "cyd")],
                         ["ada", "bob", "cyd"])
        self.assertNotIn(ids["new@example.com"], ("ada", "bob", "cyd", "x"))
        self.assertEqual({row["name"]: row["contactId"] for row in found["events"]},
                         {"of ada": "ada", "of new": ids["new@example.com"], "of cyd": "cyd"})


class Segments(TransferTest):
    def setUp(self):
        super().setUp()
        self.write([contact("ada", data={"plan": "pro", "seats": 3}),
                    contact("bob", data={"plan": "pro"}), contact("cyd")])

    def import_segments(self, *segments):
        (self.data / "segments.json").write_text(json.dumps(segments))
        return self.import_data()

    def refuse_segments(self, status, *says, segments):
        (self.data / "segments.json").write_text(
            segments if isinstance(segments, str) else json.dumps(segments))
        return self.refuse(status, *says)

    def test_references_by_name_and_by_id_in_any_order(self):
        seats = condition(filter_of("data.seats", "exists"))
        self.import_segments(
            {"name": "Both", "condition": {"logic": "AND", "groups": [
                {"filters": [in_segment("Pro, yes")], "conditions": seats},
                {"filters": [in_segment("some id")]}]}},
            {"name": "Not both", "condition": condition(in_segment("Both", "notMemberOfSegment"))},
            {"name": "Pro, yes", "condition": PRO, "description": "They pay"},
            {"id": "some id", "name": "Seats", "condition": seats})
        found = {row["name"]: row for row in self.exported()["segments"]}
        self.assertEqual(found["Seats"]["id"], "some id")
        self.assertEqual(found["Pro, yes"]["description"], "They pay")
        self.assertEqual(found["Not both"]["condition"],
                         condition(in_segment("Both", "notMemberOfSegment")))
        self.assertEqual([group["filters"] for group in found["Both"]["condition"]["groups"]],
                         [[in_segment("Pro, yes")], [in_segment("Seats")]])
        _, client = self.api()
        counts = {row["name"]: row["memberCount"] for row in client.get("/segments").json}
        self.assertEqual(counts, {"Both": 1, "Not both": 2, "Pro, yes": 2, "Seats": 1})
        for row in client.get("/segments").json:
            if row["name"] == "Both":
                self.assertEqual(self.emails_of(client, row["id"]), ["ada"])

    def test_references_into_the_project(self):
        self.import_segments({"name": "Pro", "condition": PRO})
        pro = self.exported()["segments"][0]["id"]
        self.import_segments({"name": "Also", "condition": condition(in_segment(pro))})
        _, client = self.api()
        self.assertEqual({row["memberCount"] for row in client.get("/segments").json}, {2})

    def test_cycles_and_unknown_segments_are_refused(self):
        chicken = condition(in_segment("Egg"))
        egg = condition(in_segment("Chicken"))
        self.refuse_segments(1, '[0] "Chicken": condition.groups[0].filters[0].field: ', "Egg",
                             '[1] "Egg": condition.groups[0].filters[0].field: ',
                             "nothing was imported",
                             segments=[{"name": "Chicken", "condition": chicken},
                                       {"name": "Egg", "condition": egg}])
        self.refuse_segments(1, '[0] "Own": condition.groups[0].filters[0].field: ',
                             segments=[{"name": "Own", "condition": condition(in_segment("Own"))}])
        self.refuse_segments(1, '[0] "Lost": condition.groups[0].filters[0].field: ',
                             segments=[{"name": "Lost", "condition": condition(in_segment("no"))}])

    def test_a_cycle_through_the_project_is_refused(self):
        self.import_segments({"name": "A", "condition": PRO},
                             {"name": "B", "condition": condition(in_segment("A"))})
        b_id = [row["id"] for row in self.exported()["segments"] if row["name"] == "B"][0]
        self.refuse_segments(1, '[0] "A": condition.groups[0].filters[0].field: ',
                             segments=[{"name": "A", "condition": condition(in_segment(b_id))}])

    def test_what_is_wrong_is_named(self):
        bad = condition({"field": "data.plan", "operator": "is", "value": 1})
        for segments, says in (
                ([7], "[0]: must be an object"),
                ([{"condition": PRO}], "[0]: name: is missing or no string"),
                ([{"name": 5, "condition": PRO}], "[0]: name: must be a string"),
                ([{"name": "!?", "condition": PRO}], '[0] "!?": name: '),
                ([{"name": "x" * 300, "condition": PRO}], "name: "),
                ([{"name": "A", "condition": PRO}, {"name": "a", "condition": PRO}],
                 '[1] "a": name: an earlier segment of the file has this name'),
                ([{"name": "A", "condition": bad}], '"A": condition.groups[0].filters[0].operator'),
                ([{"name": "A"}], '[0] "A": condition: '),
                ([{"name": "A", "condition": PRO, "type": "X"}], "type: must be DYNAMIC or STATIC"),
                ([{"name": "A", "condition": PRO, "type": "STATIC"}], "a static segment has none"),
                ([{"name": "A", "condition": PRO, "members": []}], "a dynamic segment has none"),
                ([{"name": "A", "type": "STATIC", "members": 1}], "members: must be an array"),
                ([{"name": "A", "type": "STATIC", "members": [1]}], "members[0]: must be a string"),
                ([{"name": "A", "type": "STATIC", "members": ["ada", "zoe@example.com"]}],
                 "members[1]: no contact has this address or id"),
                ([{"name": "A", "condition": PRO, "trackMembership": 1}],
                 "trackMembership: must be true or false"),
                ([{"name": "A", "condition": PRO, "id": ""}], "id: must have 1 to 248 bytes"),
                ([{"name": "A", "condition": PRO, "createdAt": "now"}], "createdAt: must be an ISO"),
                ({}, "must be an array")):
            self.refuse_segments(1, says, segments=segments)
        self.refuse_segments(65, "segments.json: not JSON", segments="[")

    def test_a_segment_of_the_other_type_is_refused(self):
        self.import_segments({"name": "A", "condition": PRO})
        self.refuse_segments(1, '[0] "A": type: ', segments=[{"name": "A", "type": "STATIC"}])

    def test_a_definition_replaces_that_of_the_same_name(self):
        self.import_segments({"name": "VIP", "condition": PRO, "description": "old"})
        before = self.exported()["segments"][0]
        seats = condition(filter_of("data.seats", "exists"))
        self.import_segments({"name": "Vip", "condition": seats})
        after = self.exported()["segments"]
        self.assertEqual([(row["id"], row["name"], row["condition"]) for row in after],
                         [(before["id"], "Vip", seats)])
        self.assertNotIn("description", after[0])

    def test_members_of_static_segments(self):
        self.import_segments({"name": "Hand", "type": "STATIC",
                              "members": ["ada@example.com", "cyd", "ada"]})
        found = self.exported()["members"]
        self.assertEqual(sorted(row["contactId"] for row in found), ["ada", "cyd"])
        self.write([contact("bob"), contact("dan")],
                   members=[{"segment": "Hand", "contactId": "bob", "since": CREATED},
                            {"segment": "Hand", "contactId": "dan"}])
        counts = self.import_segments({"name": "Hand", "type": "STATIC", "members": ["cyd"]})
        self.assertEqual(counts["membersAdded"], 2)
        found = {row["contactId"]: row["since"] for row in self.exported()["members"]}
        self.assertEqual(sorted(found), ["ada", "bob", "cyd", "dan"])
        self.assertEqual(found["bob"], CREATED)
        _, client = self.api()
        hand = client.get("/segments").json[0]
        self.assertEqual(hand["memberCount"], 4)
        self.assertEqual(self.emails_of(client, hand["id"]), ["ada", "bob", "cyd", "dan"])

    def test_a_membership_that_cannot_be_is_a_bad_line(self):
        self.write([contact("ada")], members=[
            {"segment": "No", "contactId": "ada"}, {"segment": "Free", "contactId": "ada"},
            {"segment": "Hand", "contactId": "zoe"}, {"segment": "Hand"}, {"contactId": "ada"},
            {"segment": "Hand", "contactId": "ada", "since": "now"}])
        self.refuse_segments(
            2, "members.ndjson:1: segment: there is no segment with this name or id",
            "members.ndjson:2: segment: is dynamic and not tracked",
            'members.ndjson:3: contactId: there is no contact with the id "zoe"',
            "members.ndjson:4: contactId: is missing", "members.ndjson:5: segment: is missing",
            'members.ndjson:6: since: "now" is not an ISO 8601 date',
            segments=[{"name": "Free", "condition": PRO}, {"name": "Hand", "type": "STATIC"}])


class Tracked(TransferTest):
    """Moving in must not welcome everybody anew."""

    def setUp(self):
        super().setUp()
        self.write([contact("ada", data={"plan": "pro"}), contact("bob", data={"plan": "pro"}),
                    contact("cyd")], [event("cyd", "seen")],
                   segments=[{"name": "Follows", "trackMembership": True,
                              "condition": condition(in_segment("Pro"))},
                             {"name": "Pro", "condition": PRO, "trackMembership": True}])

    def names(self, client):
        return [row["name"] for row in client.get("/events?limit=1000").json["events"]]

    def wait_for_a_sweep(self, client):
        """A segment that only time fills: when its entry is there, a sweep has been."""
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1))
        client.post("/contacts", {"email": "clock@example.com", "data": {"at": soon.isoformat(
            timespec="milliseconds").replace("+00:00", "Z")}})
        client.post("/segments", {"name": "Clock", "trackMembership": True, "condition": condition(
            filter_of("data.at", "within", 1, "hours"))})
        self.assertTrue(wait_until(lambda: "segment.clock.entry" in self.names(client)))

    def test_members_are_there_without_entries(self):
        self.import_data()
        _, client = self.api("--sweep", "100ms")
        for row in client.get("/segments").json:
            self.assertEqual(self.emails_of(client, row["id"]), ["ada", "bob"], row)
            self.assertEqual(row["memberCount"], 2)
        self.wait_for_a_sweep(client)
        self.assertEqual(sorted(self.names(client)), ["seen", "segment.clock.entry"])
        client.post("/contacts", {"email": "cyd@example.com", "data": {"plan": "pro"}})
        self.assertTrue({"segment.pro.entry", "segment.follows.entry"} <= set(self.names(client)))
        client.post("/contacts", {"email": "ada@example.com", "data": {"plan": "free"}})
        self.assertTrue({"segment.pro.exit", "segment.follows.exit"} <= set(self.names(client)))

    def test_a_second_import_moves_its_own_contacts_silently(self):
        self.import_data()
        self.write([contact("ada", data={"plan": "free"}), contact("cyd", data={"plan": "pro"}),
                    contact("dan", data={"plan": "pro"})])
        (self.data / "segments.json").unlink()
        self.import_data()
        members = {(row["segment"], row["contactId"]) for row in self.exported()["members"]}
        self.assertEqual(members, {(name, who) for name in ("Pro", "Follows")
                                   for who in ("bob", "cyd", "dan")})
        _, client = self.api("--sweep", "100ms")
        self.wait_for_a_sweep(client)
        self.assertEqual(sorted(self.names(client)), ["seen", "segment.clock.entry"])

    def test_what_the_files_do_not_touch_fires_as_ever(self):
        self.import_data()
        server, client = self.api("--sweep", "0")
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1))
        at = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        client.post("/contacts", {"email": "late@example.com", "data": {"at": at}})
        client.post("/segments", {"name": "Late", "trackMembership": True, "condition": condition(
            filter_of("data.at", "within", 1, "hours"))})
        self.assertEqual(server.stop(), 0)
        time.sleep(1.1)
        self.write([contact("eve", data={"plan": "pro"})])
        (self.data / "segments.json").unlink()
        self.import_data()
        _, client = self.api("--sweep", "100ms")
        self.assertTrue(wait_until(lambda: "segment.late.entry" in self.names(client)))
        self.assertNotIn("segment.pro.entry", self.names(client))

    def test_since_comes_along(self):
        with open(self.data / "members.ndjson", "w", encoding="utf-8") as out:
            for name in ("ada", "cyd"):
                out.write(json.dumps({"segment": "Pro", "contactId": name, "since": CREATED}) + "\n")
        self.import_data()
        since = {(row["segment"], row["contactId"]): row["since"]
                 for row in self.exported()["members"]}
        self.assertEqual(set(since), {(name, who) for name in ("Pro", "Follows")
                                      for who in ("ada", "bob")}) # cyd does not match any more
        self.assertEqual(since["Pro", "ada"], CREATED)
        self.assertGreater(since["Pro", "bob"], UPDATED)


class History(TransferTest):
    """Who entered and left before the import."""

    JANUARY, MARCH, MAY = (f"2024-0{month}-01T00:00:00.000Z" for month in (1, 3, 5))

    def change(self, who, kind, at, segment="Pro", **members):
        return {"segment": segment, "contactId": who, "type": kind, "at": at, **members}

    def of(self, who, segment="Pro"):
        """The history of a contact, without the segment."""
        return [(row["type"], row["at"], row["cause"]) for row in self.exported()["changes"]
                if (row["contactId"], row["segment"]) == (who, segment)]

    def since(self):
        return {(row["segment"], row["contactId"]): row["since"]
                for row in self.exported()["members"]}

    def setUp(self):
        super().setUp()
        self.people = [contact("ada", data={"plan": "pro"}), contact("bob"), contact("cyd"),
                       contact("dan", data={"plan": "pro"})]
        self.segments = [{"name": "Pro", "condition": PRO, "trackMembership": True,
                          "createdAt": CREATED},
                         {"name": "Hand", "type": "STATIC", "createdAt": CREATED}]

    def test_a_history_comes_along_and_ends_with_who_matches(self):
        self.write(self.people, segments=self.segments, changes=[
            self.change("ada", "entry", self.MAY, cause="CLOCK"),  # in no order of time
            self.change("ada", "entry", self.JANUARY, cause="DATA"),
            self.change("ada", "exit", self.MARCH, cause="DATA"),
            self.change("bob", "entry", self.JANUARY), self.change("bob", "exit", self.MARCH),
            self.change("cyd", "entry", self.JANUARY)])
        counts = self.import_data()
        self.assertEqual((counts["changesAdded"], counts["membersAdded"]), (6, 0))
        self.assertEqual(self.of("ada"), [("entry", self.JANUARY, "DATA"),
                                          ("exit", self.MARCH, "DATA"),
                                          ("entry", self.MAY, "CLOCK")])
        self.assertEqual(self.of("bob"), [("entry", self.JANUARY, "DEFINITION"),
                                          ("exit", self.MARCH, "DEFINITION")])
        # cyd was a member and does not match; dan matches and was none.
        (entry, exited), (entered,) = self.of("cyd"), self.of("dan")
        self.assertEqual((entry, exited[0], exited[2]),
                         (("entry", self.JANUARY, "DEFINITION"), "exit", "DEFINITION"))
        self.assertEqual((entered[0], entered[1] > UPDATED), ("entry", True))
        since = self.since()
        self.assertEqual(set(since), {("Pro", "ada"), ("Pro", "dan")})
        self.assertEqual(since["Pro", "ada"], self.MAY)

    def test_members_of_static_segments_follow_from_it(self):
        self.write(self.people, segments=self.segments,
                   members=[{"segment": "Hand", "contactId": "bob"},
                            {"segment": "Hand", "contactId": "cyd", "since": self.MAY}],
                   changes=[self.change("ada", "entry", self.JANUARY, "Hand", cause="MANUAL"),
                            self.change("ada", "exit", self.MARCH, "Hand", cause="MANUAL"),
                            self.change("bob", "entry", self.MARCH, "Hand", cause="MANUAL")])
        self.assertEqual(self.import_data()["membersAdded"], 2)
        since = self.since()
        self.assertEqual({key[1]: at for key, at in since.items() if key[0] == "Hand"},
                         {"bob": self.MARCH, "cyd": self.MAY})
        _, client = self.api("--sweep", "0")
        hand = next(row for row in client.get("/segments").json if row["name"] == "Hand")
        self.assertEqual((hand["memberCount"], self.emails_of(client, hand["id"])),
                         (2, ["bob", "cyd"]))
        feed = client.get(f"/segments/{hand['id']}/changes").json["data"]
        self.assertEqual(sorted((row["type"], row["at"], row["contact"]["id"]) for row in feed),
                         [("entry", self.JANUARY, "ada"), ("entry", self.MARCH, "bob"),
                          ("entry", self.MAY, "cyd"), ("exit", self.MARCH, "ada")])

    def test_who_enters_or_leaves_twice_does_so_once(self):
        self.write(self.people, segments=self.segments, changes=[
            self.change("ada", "exit", self.JANUARY), self.change("ada", "entry", self.MARCH),
            self.change("ada", "entry", self.MAY)])
        self.assertEqual(self.import_data()["changesAdded"], 1)
        self.assertEqual(self.of("ada"), [("entry", self.MARCH, "DEFINITION")])

    def test_a_segment_that_is_there_keeps_its_own(self):
        self.write(self.people, segments=self.segments,
                   changes=[self.change("ada", "entry", self.JANUARY)])
        self.import_data()
        before = self.exported()["changes"]
        self.write(self.people, segments=self.segments,
                   changes=[self.change("ada", "entry", self.MARCH),
                            self.change("bob", "entry", self.MARCH),
                            self.change("bob", "exit", self.MAY)])
        self.assertEqual(self.import_data()["changesAdded"], 0)
        self.assertEqual(self.exported()["changes"], before)

    def test_it_goes_beside_contacts_that_were_there(self):
        self.write(self.people)
        self.import_data()
        self.write(self.people, segments=self.segments,
                   changes=[self.change("ada", "entry", self.JANUARY),
                            self.change("bob", "entry", self.JANUARY)])
        self.import_data()
        self.assertEqual(self.since()["Pro", "ada"], self.JANUARY)
        self.assertEqual([kind for kind, _, _ in self.of("bob")], ["entry", "exit"])

    def test_what_cannot_be_is_a_bad_line(self):
        self.write(self.people, segments=[*self.segments, {"name": "Free", "condition": PRO}],
                   changes=[self.change("zoe", "entry", CREATED),
                            self.change("ada", "entered", CREATED),
                            self.change("ada", "entry", "now"),
                            self.change("ada", "entry", "2999-01-01"),
                            self.change("ada", "entry", CREATED, "No"),
                            self.change("ada", "entry", CREATED, "Free"),
                            self.change("ada", "exit", CREATED, cause="DELETE"),
                            {"segment": "Pro", "contactId": "ada"}, "{"])
        self.refuse(2, 'changes.ndjson:1: contactId: there is no contact with the id "zoe"',
                    'changes.ndjson:2: type: must be "entry" or "exit"',
                    'changes.ndjson:3: at: "now" is not an ISO 8601 date',
                    "changes.ndjson:4: at: lies in the future",
                    "changes.ndjson:5: segment: there is no segment with this name or id",
                    "changes.ndjson:6: segment: is dynamic and not tracked",
                    "changes.ndjson:7: cause: must be DATA, CLOCK, DEFINITION or MANUAL",
                    "changes.ndjson:8: type: is missing", "changes.ndjson:9: not JSON")


class RoundTrip(TransferTest):
    def test_export_and_import_give_the_same(self):
        self.import_data("--segments", DEMO / "segments.json", data=DEMO / "sample")
        server, client = self.api("--sweep", "0")
        for index, row in enumerate(client.get("/segments").json):
            if index % 3 == 0:
                changed = client.patch(f"/segments/{row['id']}", {"trackMembership": True})
                self.assertEqual(changed.status, 200, changed.text)
                self.assertEqual(client.post(f"/segments/{row['id']}/compute").status, 200)
        client.post("/v1/track", {"event": "odd \"name\" \\ \u00e9", "email": "odd+x@example.com",
                                  "data": {"text": "a\nb\t\u0001\"\\"}})
        client.send("POST", "/contacts", headers={"Content-Type": "application/json"},
                    raw=b'{"email":"lines@example.com","data":{"list":[1,\n 2,\r\n 3],"n":1e2}}')
        opened = client.post("/v1/email-activity", [
            {"email": "lines@example.com", "activity": "opened", "at": CREATED,
             "messageId": "m\"1"}])
        self.assertEqual(opened.json["data"]["accepted"], 1, opened.text)
        hand = client.post("/segments", {"name": "By \"hand\"", "type": "STATIC",
                                         "description": "x\ny"}).json
        hands = f"/segments/{hand['id']}/members"
        client.post(hands, {"emails": ["lines@example.com", "odd+x@example.com"]})
        client.delete(hands, {"emails": ["odd+x@example.com"]})
        self.assertEqual(server.stop(), 0)
        first = self.export_data("first")
        self.assertIn('"type":"exit","cause":"MANUAL"', (first / "changes.ndjson").read_text())
        counts = {row["name"]: row["memberCount"] for row in self.segments_of(self.project)}

        self.db = self.folder / "other.db"
        self.project = self.create("Copy")
        self.import_data(data=first)
        second = self.export_data("second")
        for name in FILES:
            before, after = ((folder / name).read_text() for folder in (first, second))
            self.assertGreater(len(before), 100, name)
            self.assertEqual(sorted(after.splitlines()), sorted(before.splitlines()), name)
        self.assertEqual({row["name"]: row["memberCount"]
                          for row in self.segments_of(self.project)}, counts)

    def segments_of(self, project):
        server, client = self.api("--sweep", "0")
        rows = client.get("/segments").json
        self.assertEqual(server.stop(), 0)
        return rows

    def test_eval_reads_an_export(self):
        self.import_data("--segments", DEMO / "segments.json", data=DEMO / "sample")
        out = self.export_data()
        now = "2026-06-01T12:00:00Z"
        expected = self.succeed("eval", "--data", DEMO / "sample", "--cases",
                                DEMO / "segments.json", "--now", now)
        found = self.succeed("eval", "--data", out, "--cases", out / "segments.json", "--now", now)
        self.assertEqual(found, expected)

    def test_an_empty_project(self):
        out = self.export_data()
        self.assertEqual([(out / name).read_text() for name in FILES], ["", "", "", "[]\n", "", ""])
        self.assertEqual(sum(self.import_data(data=out).values()), 0)


class Export(TransferTest):
    def test_files_are_private_and_never_written_over(self):
        self.write([contact("ada")])
        self.import_data()
        out = self.export_data()
        self.assertEqual(out.stat().st_mode & 0o777, 0o700)
        self.assertEqual({path.name: path.stat().st_mode & 0o777 for path in out.iterdir()},
                         {name: 0o600 for name in FILES})
        (out / "contacts.ndjson").unlink()
        (out / "emails.ndjson").write_text("precious")
        self.assert_fails(74, "events.ndjson: is there already",
                          *self.command("export", "--out", out))
        self.assertEqual((out / "emails.ndjson").read_text(), "precious")
        self.assertFalse((out / "contacts.ndjson").exists())

    def test_a_place_that_cannot_be_written_is_74(self):
        self.assert_fails(74, "No such file or directory",
                          *self.command("export", "--out", self.folder / "no" / "out"))
        (self.folder / "file").write_text("")
        self.assert_fails(74, "file", *self.command("export", "--out", self.folder / "file"))

    def test_a_full_disk_is_74_and_leaves_nothing(self):
        self.write([contact(f"c{number}", data={"text": "x" * 1000}) for number in range(1000)])
        self.import_data()
        done = self.run_program(*self.command("export", "--out", self.folder / "out"),
                                preexec_fn=disk_is_full)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn("contacts.ndjson: cannot be written", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_beside_a_server(self):
        _, client = self.api()
        client.post("/v1/track", {"event": "bought", "email": "ada@example.com"})
        out = self.export_data()
        self.assertEqual([row["email"] for row in self.rows(out, "contacts")], ["ada@example.com"])
        self.assertEqual([row["name"] for row in self.rows(out, "events")], ["bought"])


class OneAtATime(TransferTest):
    def start_import(self):
        """An import that waits for the rest of its contacts, with some of them read."""
        pipe = self.data / "contacts.ndjson"
        os.mkfifo(pipe)
        process = subprocess.Popen(
            [self.program, *map(str, self.command("import", "--data", self.data))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        out = open(pipe, "w", encoding="utf-8")
        self.addCleanup(out.close)
        for number in range(20000):
            out.write(json.dumps(contact(f"c{number}")) + "\n")
        out.flush()
        return process, out

    def test_beside_a_server_it_is_refused(self):
        self.write([contact("ada")])
        server, client = self.api()
        done = self.run_program(*self.command("import", "--data", self.data))
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(f"{self.db} is in use by process {server.process.pid}", done.stderr)
        self.assertEqual(client.get("/contacts").json["total"], 0)

    def test_no_server_starts_beside_it(self):
        process, out = self.start_import()
        self.assert_fails(75, f"in use by process {process.pid}", "serve", "--db", self.db,
                          "--listen", "127.0.0.1:0")
        out.close()
        self.assertEqual(process.wait(60), 0, process.stderr.read())
        self.assertEqual(len(self.exported()["contacts"]), 20000)

    def test_one_that_is_killed_leaves_nothing(self):
        process, _ = self.start_import()
        process.kill()
        process.wait(60)
        self.assertEqual(self.exported()["contacts"], [])
        (self.data / "contacts.ndjson").unlink()
        self.write([contact("c1")])
        self.assertEqual(self.import_data()["contactsCreated"], 1)

    def test_a_disk_that_takes_no_more_leaves_nothing(self):
        self.write([contact(f"c{number}", data={"text": "x" * 1000}) for number in range(3000)])
        done = self.run_program(*self.command("import", "--data", self.data),
                                preexec_fn=disk_is_full)
        self.assertEqual(done.returncode, 66, done.stderr)
        self.assertIn("shop.db: disk I/O error", done.stderr)
        self.assertEqual(self.exported()["contacts"], [])
        self.assertEqual(self.import_data()["contactsCreated"], 3000)


if __name__ == "__main__":
    main()
