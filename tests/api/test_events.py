#!/usr/bin/python3
"""The routes of events and email activities.

    test_events.py PROGRAM [--short] [unittest options]
"""

import suite
from suite import UNKNOWN, ApiTest, setUpModule, tearDownModule


class Events(ApiTest):
    def test_track_creates_a_subscribed_contact(self):
        answer = self.ok(self.api.post("/v1/track", {"event": "signed_up", "email": "A@x.io",
                                                     "data": {"plan": "pro"}}))
        self.assertIs(answer["success"], True)
        self.assertEqual(set(answer["data"]), {"contact", "event", "timestamp"})
        made = self.ok(self.api.get(f"/contacts/{answer['data']['contact']}"))
        self.assertEqual((made["email"], made["subscribed"], made["data"]),
                         ("a@x.io", True, {"plan": "pro"}))

    def test_track_leaves_an_old_contact_as_subscribed_as_it_was(self):
        made = self.contact("a@x.io")
        self.ok(self.api.post("/v1/track", {"event": "seen", "email": "a@x.io"}))
        self.assertFalse(self.ok(self.api.get(f"/contacts/{made['id']}"))["subscribed"])

    def test_data_that_is_not_persistent_stays_with_the_event(self):
        data = {"total": 5, "order": {"value": "77", "persistent": False}}
        made = self.ok(self.api.post("/v1/track", {"event": "bought", "email": "a@x.io",
                                                   "data": data}))["data"]
        self.assertEqual(self.ok(self.api.get(f"/contacts/{made['contact']}"))["data"],
                         {"total": 5})
        event = self.ok(self.api.get("/events"))["events"][0]
        self.assertEqual((event["id"], event["name"], event["data"]),
                         (made["event"], "bought", data))

    def test_reserved_names_are_refused(self):
        for name in ("segment.vip.entry", "contact.subscribed", "email.opened"):
            self.refused(self.api.post("/v1/track", {"event": name, "email": "a@x.io"}), 422,
                         "VALIDATION_ERROR", "event")
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 0)

    def test_what_is_wrong_is_422(self):
        for body, field in (({"email": "a@x.io"}, "event"), ({"event": "a"}, "email"),
                            ({"event": 5, "email": "a@x.io"}, "event"),
                            ({"event": "", "email": "a@x.io"}, "event"),
                            ({"event": "x" * 251, "email": "a@x.io"}, "event"),
                            ({"event": "a", "email": "nope"}, "email"),
                            ({"event": "a", "email": "a@x.io", "data": "x"}, "data")):
            with self.subTest(body=body):
                self.refused(self.api.post("/v1/track", body), 422, "VALIDATION_ERROR", field)

    def test_track_answers_pages_of_other_origins_and_nothing_else_does(self):
        client = self.client(self.project["publicKey"])
        asked = client.send("OPTIONS", "/v1/track", headers={
            "Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual(asked.headers["Access-Control-Allow-Origin"], "*")
        answer = client.post("/v1/track", {"event": "a", "email": "a@x.io"})
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertIsNone(self.api.get("/segments").headers["Access-Control-Allow-Origin"])

    def test_a_batch_answers_one_result_per_item(self):
        answer = self.ok(self.api.post("/v1/track/batch", [
            {"event": "a", "email": "a@x.io", "data": {"t": ["]", {"x": "}\\\""}]}}, 5,
            {"event": "b", "email": "a@x.io", "timestamp": "2026-01-02T03:04:05Z"},
            {"event": "b", "email": "nope"}, {"event": "email.x", "email": "a@x.io"},
            {"event": "b", "email": "a@x.io", "timestamp": "2999-01-01"},
            {"event": "b", "email": "b@x.io", "timestamp": "soon"}]))["data"]
        self.assertEqual((answer["accepted"], answer["rejected"]), (2, 5))
        self.assertEqual([row["success"] for row in answer["results"]],
                         [True, False, True, False, False, False, False])
        self.assertEqual(answer["results"][2]["data"]["timestamp"], "2026-01-02T03:04:05.000Z")
        self.assertEqual({row["error"]["code"] for row in answer["results"] if not row["success"]},
                         {"VALIDATION_ERROR"})
        first = self.ok(self.api.get("/events?eventName=a"))["events"][0]
        self.assertEqual(first["data"], {"t": ["]", {"x": "}\\\""}]})

    def test_batches_that_are_wrong(self):
        for path in ("/v1/track/batch", "/v1/email-activity"):
            self.refused(self.api.post(path, {"a": 1}), 422, "VALIDATION_ERROR")
            self.refused(self.api.post(path, [1] * 1001), 422, "VALIDATION_ERROR")
            self.assertEqual(self.ok(self.api.post(path, []))["data"]["results"], [])

    def test_an_activity_counts_once_per_message(self):
        self.contact("a@x.io")
        opened = {"email": "a@x.io", "activity": "opened", "at": "2026-01-01", "messageId": "m1"}
        answer = self.ok(self.api.post("/v1/email-activity", [
            opened, opened, {**opened, "messageId": "m2"}, {**opened, "activity": "clicked"},
            {**opened, "email": "no@x.io"}, {**opened, "activity": "read"},
            {"email": "a@x.io", "activity": "opened"}]))["data"]
        self.assertEqual((answer["accepted"], answer["duplicates"], answer["rejected"]), (3, 1, 3))
        self.assertEqual(answer["results"][1], {"success": True, "duplicate": True})
        self.assertEqual(answer["results"][4]["error"]["code"], "CONTACT_NOT_FOUND")

    def test_events_are_listed_newest_first_by_cursor(self):
        for i in range(5):
            self.ok(self.api.post("/v1/track", {"event": f"e{i}", "email": "a@x.io"}))
        first = self.ok(self.api.get("/events?limit=3"))
        self.assertEqual([event["name"] for event in first["events"]], ["e4", "e3", "e2"])
        second = self.ok(self.api.get(f"/events?limit=3&cursor={first['cursor']}"))
        self.assertEqual(([event["name"] for event in second["events"]], second["hasMore"]),
                         (["e1", "e0"], False))
        self.assertEqual(len(self.ok(self.api.get("/events?eventName=e2"))["events"]), 1)
        self.assertEqual(self.ok(self.api.get("/events?eventName=none"))["events"], [])

    def test_names_and_stats(self):
        self.ok(self.api.post("/v1/track/batch", [
            {"event": "rare", "email": "a@x.io", "timestamp": "2026-01-01"},
            {"event": "often", "email": "a@x.io", "timestamp": "2026-02-01"},
            {"event": "often", "email": "b@x.io", "timestamp": "2026-03-01"}]))
        self.assertEqual(self.ok(self.api.get("/events/names")), {"eventNames": ["often", "rare"]})
        stats = self.ok(self.api.get("/events/stats"))
        self.assertEqual([(row["name"], row["count"]) for row in stats],
                         [("often", 2), ("rare", 1)])
        part = self.ok(self.api.get("/events/stats?startDate=2026-02-01&endDate=2026-02-15"))
        self.assertEqual([(row["name"], row["count"]) for row in part], [("often", 1)])

    def test_counts_of_one_range_after_another(self):
        self.ok(self.api.post("/v1/track/batch", [
            {"event": name, "email": "a@x.io", "timestamp": at}
            for name, at in (("often", "2026-03-28T23:00:00Z"), ("often", "2026-03-29T21:59:59.999Z"),
                             ("rare", "2026-03-29T22:00:00Z"), ("often", "2026-03-28T22:59:59Z"),
                             ("often", "2026-03-30T22:00:00Z"), ("early", "2026-01-01"))]))
        # Two days of Berlin; the first one has 23 hours, since the clocks are put forward.
        bounds = "2026-03-29T00:00:00%2B01:00,2026-03-29T22:00:00Z,2026-03-30T22:00:00Z"
        stats = self.ok(self.api.get(f"/events/stats?bounds={bounds}"))
        self.assertEqual([(row["name"], row["count"], row["counts"]) for row in stats],
                         [("often", 2, [2, 0]), ("rare", 1, [0, 1])])
        self.assertEqual(stats[0]["lastSeenAt"], "2026-03-30T22:00:00.000Z")
        self.assertEqual(self.ok(self.api.get("/events/stats?bounds=2026-05-01,2026-05-02")), [])

    def test_bounds_that_are_wrong(self):
        many = ",".join(f"{year}-01-01" for year in range(1000, 1368))
        for bounds, place in (("2026-05-01", "bounds"), ("2026-05-01,soon", "bounds[1]"),
                              ("2026-05-01,2026-05-01", "bounds[1]"), (",", "bounds[0]"),
                              ("2026-05-02,2026-05-01", "bounds[1]"), (many, "bounds"),
                              ("2026-05-01,2026-05-02,", "bounds[2]")):
            with self.subTest(bounds=bounds[:40]):
                error = self.refused(self.api.get(f"/events/stats?bounds={bounds}"), 400,
                                     "BAD_REQUEST")
                self.assertTrue(error["message"].startswith(place + ":"), error["message"])
        self.refused(self.api.get("/events/stats?bounds=2026-05-01,2026-05-02&startDate=2026-05-01"),
                     400, "BAD_REQUEST")
        most = ",".join(f"{year}-01-01" for year in range(1000, 1367))
        self.assertEqual(self.ok(self.api.get(f"/events/stats?bounds={most}")), [])

    def test_events_of_a_contact(self):
        made = self.contact("a@x.io")
        self.ok(self.api.post("/v1/track", {"event": "mine", "email": "a@x.io"}))
        self.ok(self.api.post("/v1/track", {"event": "other", "email": "b@x.io"}))
        events = self.ok(self.api.get(f"/events/contact/{made['id']}"))["events"]
        self.assertEqual([event["name"] for event in events], ["mine"])
        self.refused(self.api.get(f"/events/contact/{UNKNOWN}"), 404, "CONTACT_NOT_FOUND")


if __name__ == "__main__":
    suite.main(__doc__)
