#!/usr/bin/python3
"""Fields and events as a whole: who refers to one, and taking it away from every contact.

    test_fields_events.py PROGRAM [unittest options]
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import suite
from suite import ApiTest, OwnServerTest, setUpModule, tearDownModule
from server import Client, condition, filter_of, in_segment, is_equal

FIELD_PIECE = 4000  # contacts and events that one transaction takes
EVENT_PIECE = 20000


def has(field):
    return condition(filter_of(field, "exists"))


def did(name):
    return condition(filter_of(f"event.{name}", "triggered"))


class RemovalTest(ApiTest):
    def campaign(self, given, name="May"):
        return self.ok(self.api.post("/campaigns", {
            "name": name, "subject": "s", "body": "b", "from": "a@x.io", "audienceType": "FILTERED",
            "audienceCondition": given}), 201)["data"]

    def field_usage(self, field):
        return self.ok(self.api.get(f"/contacts/fields/{quote(field, safe='')}/usage"))

    def event_usage(self, name):
        return self.ok(self.api.get(f"/events/{quote(name, safe='')}/usage"))

    def delete_field(self, field):
        return self.api.delete(f"/contacts/fields/{quote(field, safe='')}")

    def delete_event(self, name):
        return self.api.delete(f"/events/{quote(name, safe='')}")

    def fields(self):
        return [row["field"] for row in self.ok(self.api.get("/contacts/fields"))["fields"]
                if row["isCustom"]]

    def data_of(self, contact):
        return self.ok(self.api.get(f"/contacts/{contact['id']}"))["data"]

    def count(self, given):
        return self.ok(self.api.post("/segments/preview", {"condition": given}))["count"]

    def track(self, name, email):
        self.ok(self.api.post("/v1/track", {"event": name, "email": email}))


class Fields(RemovalTest):
    def test_usage_names_segments_and_active_campaigns(self):
        self.contact("a@x.io", {"plan": "pro"})
        self.contact("b@x.io", {"plan": None, "planet": 1})
        self.assertEqual(self.field_usage("data.plan"),
                         {"usedInSegments": [], "usedInCampaigns": [], "usedInWorkflows": [],
                          "contactCount": 1,
                          "canDelete": True})
        nested = {"logic": "AND", "groups": [{"filters": [], "conditions": has("data.plan")}]}
        segment = self.segment("Pro", nested)
        self.segment("Other", has("data.planet"))
        campaign = self.campaign(is_equal("data.plan", "pro"))
        cancelled = self.campaign(has("data.plan"), "Gone")
        self.ok(self.api.post(f"/campaigns/{cancelled['id']}/cancel"))
        self.assertEqual(self.field_usage("data.plan"),
                         {"usedInSegments": [{"id": segment["id"], "name": "Pro"}],
                          "usedInCampaigns": [{"id": campaign["id"], "name": "May",
                                               "status": "DRAFT"}],
                          "usedInWorkflows": [], "contactCount": 1, "canDelete": False})
        self.assertEqual(self.field_usage("data.unheard"),
                         {"usedInSegments": [], "usedInCampaigns": [], "usedInWorkflows": [],
                          "contactCount": 0,
                          "canDelete": True})

    def test_usage_counts_what_lies_below_a_field(self):
        city = self.segment("City", has("data.address.city"))
        self.assertEqual(self.field_usage("data.address")["usedInSegments"],
                         [{"id": city["id"], "name": "City"}])
        self.assertEqual(self.field_usage("data.address.street")["usedInSegments"], [])
        self.assertEqual(self.field_usage("data.addr")["usedInSegments"], [])
        self.refused(self.delete_field("data.address"), 409, "CONFLICT")

    def test_usage_of_built_in_fields(self):
        self.contact("a@x.io")
        segment = self.segment("Subscribed", is_equal("subscribed", True))
        self.assertEqual(self.field_usage("subscribed"),
                         {"usedInSegments": [{"id": segment["id"], "name": "Subscribed"}],
                          "usedInCampaigns": [], "usedInWorkflows": [], "contactCount": 1, "canDelete": False})
        for field in ("email", "createdAt", "updatedAt"):
            self.assertEqual(self.field_usage(field)["canDelete"], False)

    def test_what_is_no_field_is_400(self):
        for field in ("plan", "data.", "data", "event.x", "data." + "a" * 252):
            with self.subTest(field=field):
                self.refused(self.api.get(f"/contacts/fields/{field}/usage"), 400, "BAD_REQUEST",
                             "field")
                self.refused(self.delete_field(field), 400, "BAD_REQUEST", "field")
        for field in ("email", "subscribed", "createdAt", "updatedAt"):
            self.refused(self.delete_field(field), 400, "BAD_REQUEST", "field")

    def test_a_field_in_use_is_409(self):
        made = self.contact("a@x.io", {"plan": "pro"})
        segment = self.segment("Pro", has("data.plan"))
        campaign = self.campaign(has("data.plan"))
        error = self.refused(self.delete_field("data.plan"), 409, "CONFLICT")
        self.assertIn("1 segment, 1 active campaign and 0 webhooks", error["message"])
        self.assertEqual(self.api.delete(f"/segments/{segment['id']}").status, 204)
        self.refused(self.delete_field("data.plan"), 409, "CONFLICT")
        self.assertEqual(self.data_of(made), {"plan": "pro"})
        self.ok(self.api.post(f"/campaigns/{campaign['id']}/cancel"))
        self.assertEqual(self.ok(self.delete_field("data.plan")), {"deletedFrom": 1})
        self.assertEqual(self.data_of(made), {})

    def test_the_rest_stays_as_it_was_sent(self):
        made = self.api.send("POST", "/contacts", raw=b'{"email": "a@x.io", "data": {"plan": "pro",'
                             b' "n": 12345678901234567890, "list": [{"plan": 1}, "a,b"],'
                             b' "text": "{\\"plan\\": 1}", "deep": {"plan": 2}}}').json
        before = self.ok(self.api.get(f"/contacts/{made['id']}"))
        self.assertEqual(self.ok(self.delete_field("data.plan")), {"deletedFrom": 1})
        answer = self.api.get(f"/contacts/{made['id']}")
        self.assertIn('"n":12345678901234567890', answer.text)
        expected = {key: value for key, value in before["data"].items() if key != "plan"}
        self.assertEqual(answer.json, {**before, "data": expected})  # updatedAt too
        self.assertEqual(sorted(self.fields()), ["data.deep", "data.deep.plan", "data.list",
                                                 "data.n", "data.text"])

    def test_every_spelling_of_a_path_goes(self):
        for data, left in (
                ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
                ({"a.b": 1, "a.c": 2}, {"a.c": 2}),
                ({"a.b": 1, "a": {"b": 2}, "b": 3}, {"a": {}, "b": 3}),
                ({"a": {"b": {"c": 1}}}, {"a": {}}),
                ({"a": {"b.c": 1, "b": [1]}}, {"a": {"b.c": 1}}),
                ({"x": {"a": {"b": 1}}, "a": {"b": 0}}, {"x": {"a": {"b": 1}}, "a": {}}),
                ({"a.b": False, "a.b.c": 1}, {"a.b.c": 1})):
            with self.subTest(data=data):
                made = self.contact("a@x.io", data)
                self.assertEqual(self.count(has("data.a.b")), 1)
                self.assertEqual(self.ok(self.delete_field("data.a.b")), {"deletedFrom": 1})
                self.assertEqual(self.data_of(made), left)
                self.assertEqual(self.count(has("data.a.b")), 0)
                self.assertEqual(self.ok(self.delete_field("data.a.b")), {"deletedFrom": 0})
                self.assertEqual(self.api.delete(f"/contacts/{made['id']}").status, 204)

    def test_names_of_any_characters(self):
        for name in ('quo"te', "back\\slash", "spa ce/slash", "é", "\U0001f680", "a.b", "%41"):
            with self.subTest(name=name):
                made = self.contact("a@x.io", {name: 1, "kept": 2})
                self.assertEqual(self.field_usage(f"data.{name}")["contactCount"], 1)
                self.assertEqual(self.ok(self.delete_field(f"data.{name}")), {"deletedFrom": 1})
                self.assertEqual(self.data_of(made), {"kept": 2})
        made = self.api.send("POST", "/contacts",
                             raw=b'{"email": "b@x.io", "data": {"caf\\u00e9": 1, "x": 2}}').json
        self.assertEqual(self.ok(self.delete_field("data.caf\u00e9")), {"deletedFrom": 1})
        self.assertEqual(self.data_of(made), {"x": 2})

    def test_other_projects_keep_theirs(self):
        self.contact("a@x.io", {"plan": "pro"})
        other = self.client(suite.world.projects.pop()["secretKey"])
        theirs = self.ok(other.post("/contacts", {"email": "a@x.io", "data": {"plan": "pro"}}), 201)
        self.ok(other.post("/segments", {"name": "Pro", "condition": has("data.plan")}), 201)
        self.assertEqual(self.field_usage("data.plan")["usedInSegments"], [])
        self.assertEqual(self.ok(self.delete_field("data.plan")), {"deletedFrom": 1})
        self.assertEqual(self.ok(other.get(f"/contacts/{theirs['id']}"))["data"], {"plan": "pro"})

    def test_a_tracked_segment_sees_the_contacts_change(self):
        # Nothing may refer to the field; but a parent that it empties stays, and is asked for.
        self.segment("Has settings", has("data.settings"), trackMembership=True)
        made = self.contact("a@x.io", {"settings": {"theme": "dark"}})
        self.assertEqual(self.ok(self.delete_field("data.settings.theme")), {"deletedFrom": 1})
        self.assertEqual(self.data_of(made), {"settings": {}})
        self.assertEqual(self.event_names(), [("segment.has-settings.entry", "a@x.io")])
        self.assertEqual(self.count(has("data.settings")), 1)


class Events(RemovalTest):
    def test_usage_names_segments_and_active_campaigns(self):
        for email in ("a@x.io", "b@x.io", "a@x.io"):
            self.track("paid", email)
        self.assertEqual(self.event_usage("paid"),
                         {"usedInSegments": [], "usedInCampaigns": [], "usedInWorkflows": [],
                          "totalCount": 3, "uniqueContacts": 2, "canDelete": True})
        segment = self.segment("Payers", did("paid"))
        self.segment("Other", did("paid.late"))
        campaign = self.campaign(did("paid"))
        self.assertEqual(self.event_usage("paid"),
                         {"usedInSegments": [{"id": segment["id"], "name": "Payers"}],
                          "usedInCampaigns": [{"id": campaign["id"], "name": "May",
                                               "status": "DRAFT"}],
                          "usedInWorkflows": [], "totalCount": 3, "uniqueContacts": 2,
                          "canDelete": False})
        self.assertEqual(self.event_usage("unheard")["totalCount"], 0)

    def test_events_with_the_name_of_a_path_can_be_deleted(self):
        for name in ("names", "stats", "contact"):
            self.track(name, "a@x.io")
            self.assertEqual(self.ok(self.delete_event(name)), {"deletedCount": 1})
        self.assertEqual(self.ok(self.api.get("/events/names")), {"eventNames": []})

    def test_an_event_in_use_is_409(self):
        self.track("paid", "a@x.io")
        inner = self.segment("Payers", did("paid"))
        outer = self.segment("Nested", condition(in_segment(inner["id"])))
        self.refused(self.delete_event("paid"), 409, "CONFLICT")
        self.assertEqual(self.api.delete(f"/segments/{outer['id']}").status, 204)
        self.refused(self.delete_event("paid"), 409, "CONFLICT")
        self.assertEqual(self.api.delete(f"/segments/{inner['id']}").status, 204)
        campaign = self.campaign(did("paid"))
        error = self.refused(self.delete_event("paid"), 409, "CONFLICT")
        self.assertIn("0 segments, 1 active campaign and 0 webhooks", error["message"])
        self.ok(self.api.post(f"/campaigns/{campaign['id']}/cancel"))
        self.assertEqual(self.count(did("paid")), 1)
        self.assertEqual(self.ok(self.delete_event("paid")), {"deletedCount": 1})

    def test_deletion_takes_all_of_a_name_and_no_other(self):
        for email in ("a@x.io", "b@x.io", "a@x.io"):
            self.track("paid", email)
            self.track("paid.late", email)
        self.assertEqual(self.ok(self.delete_event("paid")), {"deletedCount": 3})
        self.assertEqual(self.ok(self.delete_event("paid")), {"deletedCount": 0})
        self.assertEqual(self.count(did("paid")), 0)
        self.assertEqual(self.count(did("paid.late")), 2)
        self.assertEqual({name for name, _ in self.event_names()}, {"paid.late"})
        self.assertEqual(self.ok(self.api.get("/events/names"))["eventNames"], ["paid.late"])
        self.track("paid", "b@x.io")
        self.assertEqual(self.event_usage("paid")["totalCount"], 1)
        self.assertEqual(self.count(did("paid")), 1)

    def test_reserved_names_are_422(self):
        self.contact("a@x.io", subscribed=True)
        self.contact("a@x.io", subscribed=False)
        self.assertEqual(self.event_usage("contact.unsubscribed")["canDelete"], False)
        for name in ("contact.unsubscribed", "segment.pro.entry", "email.opened"):
            self.refused(self.delete_event(name), 422, "VALIDATION_ERROR", "event")
        self.assertEqual(len(self.event_names()), 1)

    def test_a_name_that_is_too_long_is_422(self):
        self.refused(self.api.get(f"/events/{'a' * 251}/usage"), 422, "VALIDATION_ERROR", "event")
        self.refused(self.delete_event("a" * 251), 422, "VALIDATION_ERROR", "event")

    def test_names_of_any_characters(self):
        for name in ("a/b c", 'quo"te', "é", "a" * 250):
            self.track(name, "a@x.io")
            self.assertEqual(self.event_usage(name)["totalCount"], 1)
            self.assertEqual(self.ok(self.delete_event(name)), {"deletedCount": 1})

    def test_other_projects_keep_theirs(self):
        self.track("paid", "a@x.io")
        other = self.client(suite.world.projects.pop()["secretKey"])
        self.ok(other.post("/v1/track", {"event": "paid", "email": "a@x.io"}))
        self.assertEqual(self.ok(self.delete_event("paid")), {"deletedCount": 1})
        self.assertEqual(self.ok(other.get("/events/paid/usage"))["totalCount"], 1)


class Crowds(OwnServerTest):
    """Removals that take several transactions."""

    def track_all(self, client, count, event, data):
        def track(at):
            own = Client(client.port, client.key)
            answer = own.post("/v1/track/batch", [
                {"event": event, "email": f"c{i:05}@x.io", "data": data(i)}
                for i in range(at, min(count, at + 250))])
            own.close()
            return answer.json["data"]["rejected"]

        with ThreadPoolExecutor(32) as pool:  # many at once share a wait for the disk
            self.assertEqual(sum(pool.map(track, range(0, count, 250))), 0)

    def totals(self, client):
        def count(given):
            return client.post("/segments/preview", {"condition": given}).json["count"]
        return {"contacts": client.get("/contacts").json["total"], "field": count(has("data.a.b")),
                "kept": count(has("data.a.c")), "event": count(did("seen"))}

    def test_a_field_and_an_event_of_many_contacts(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        count = 2 * FIELD_PIECE + 7
        self.track_all(client, count, "seen", lambda i: {"a": {"b": i, "c": 1}})
        for _ in range(2):  # so many events that they take several transactions
            self.track_all(client, count, "seen", lambda i: None)
        before = {"contacts": count, "field": count, "kept": count, "event": count}
        self.assertEqual(self.totals(client), before)
        self.assertEqual(client.delete("/contacts/fields/data.a.b").json, {"deletedFrom": count})
        self.assertGreater(3 * count, EVENT_PIECE)
        self.assertEqual(client.delete("/events/seen").json, {"deletedCount": 3 * count})
        after = {"contacts": count, "field": 0, "kept": count, "event": 0}
        self.assertEqual(self.totals(client), after)
        server.kill()
        server.start()
        self.assertEqual(self.totals(self.client(server)), after)

    def track_on(self, server, until, tracked):
        client = Client(server.port, self.project["secretKey"])
        while not until.is_set():
            answer = client.post("/v1/track", {"event": "seen", "email": f"c{tracked[0]:05}@x.io"})
            self.assertEqual(answer.status, 200, answer.text)
            tracked[0] += 1
        client.close()

    def test_table_and_file_agree_after_a_deletion_while_others_track(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.track_all(client, EVENT_PIECE + 5000, "seen", lambda i: None)
        until = threading.Event()
        tracked = [0]
        thread = threading.Thread(target=self.track_on, args=(server, until, tracked))
        thread.start()
        time.sleep(0.1)
        answer = client.delete("/events/seen")
        until.set()
        thread.join()
        self.assertEqual(answer.status, 200, answer.text)
        usage = client.get("/events/seen/usage").json
        self.assertEqual(answer.json["deletedCount"] + usage["totalCount"],
                         EVENT_PIECE + 5000 + tracked[0])
        server.kill()
        server.start()
        self.assertEqual(self.client(server).get("/events/seen/usage").json, usage)

    def make_until(self, server, route, body, answers, made, refused):
        """Makes something that refers to what is being deleted, until there is an answer to that."""
        client = self.client(server)
        while not answers:
            answer = client.post(route, {"name": f"New {len(made)}", **body})
            if answer.status == 409 and "is being deleted" in answer.text:
                refused.append(route)
            else:
                made.append((route, answer.status, answer.json.get("data", answer.json)))

    def test_nothing_new_refers_to_what_is_being_deleted(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        self.track_all(client, 2 * FIELD_PIECE + 7, "seen", lambda i: {"a": {"b": i, "c": 1}})
        self.track_all(client, EVENT_PIECE, "seen", lambda i: None)
        for path, given in (("/contacts/fields/data.a", has("data.a.b")),
                            ("/events/seen", did("seen"))):
            made, refused, answers = [], [], []
            bodies = {
                "/segments": {"condition": given},
                "/webhooks": {"url": "https://example.com", "events": ["x"], "condition": given},
                "/campaigns": {"subject": "S", "body": "B", "from": "a@x.io",
                               "audienceType": "FILTERED", "audienceCondition": given}}
            threads = [threading.Thread(target=self.make_until,
                                        args=(server, route, body, answers, made, refused))
                       for route, body in bodies.items()]
            remover = threading.Thread(
                target=lambda path=path: answers.append(self.client(server).delete(path)))
            for thread in (remover, *threads):
                thread.start()
            for thread in (remover, *threads):
                thread.join()
            self.assertEqual({status for _, status, _ in made} - {201}, set())
            if answers[0].status == 409:  # one of them was faster
                self.assertTrue(made)
            else:  # those that are there came after the end
                self.assertEqual(answers[0].status, 200, answers[0].text)
                self.assertTrue(refused)
                self.assertEqual(self.totals(client)["field" if "field" in path else "event"], 0)
                self.assertEqual({row.get("memberCount", 0) for _, _, row in made} - {0}, set())
            for route, _, row in made:
                self.assertIn(client.delete(f"{route}/{row['id']}").status, (200, 204))

    def test_a_removal_that_was_killed_can_be_made_again(self):
        server = self.serve("--sweep", "0")
        client = self.client(server)
        count = 2 * FIELD_PIECE
        self.track_all(client, count, "seen", lambda i: {"a": {"b": i, "c": 1}})
        for path in ("/contacts/fields/data.a.b", "/events/seen"):
            def send(path=path, client=self.client(server)):
                try:
                    client.delete(path)
                except Exception:  # the server was killed
                    pass
            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(0.3)
            server.kill()
            thread.join()
            server.start()
            client = self.client(server)
            totals = self.totals(client)
            self.assertEqual((totals["contacts"], totals["kept"]), (count, count))
            self.assertEqual(client.delete(path).status, 200)
        self.assertEqual(self.totals(client),
                         {"contacts": count, "field": 0, "kept": count, "event": 0})


if __name__ == "__main__":
    suite.main(__doc__)
