#!/usr/bin/python3
"""What is wrong is refused with its place, changes nothing, and harms nobody.

    test_input.py PROGRAM [--short] [unittest options]

How HTTP itself can be abused is in tests/http.
"""

import json
import re
import socket
import threading
import urllib.parse
from pathlib import Path

import suite
from suite import PRO, UNKNOWN, ApiTest, setUpModule, tearDownModule
from server import condition, filter_of, in_segment, is_equal
from routes import project_routes
from state import State

TEXT, FLAG, NUMBER, OBJECT, ARRAY, CONDITION = "text flag number object array condition".split()
VALUES = {TEXT: ["x"], FLAG: [True], NUMBER: [5, -1.5, 1e300], OBJECT: [{}, {"a": {}}],
          ARRAY: [[], [[]]]}
VALUES[CONDITION] = []  # no value of these is one

# What each body has: the status of a mistake, a good body, the types of its members, and which of
# them must be there. A list is a batch of such items.
CONTACT = {"email": "new@x.io", "subscribed": True, "data": {"plan": "pro"}}
CONTACT_TYPES = {"email": TEXT, "subscribed": FLAG, "data": OBJECT}
EVENT = {"event": "seen", **CONTACT}
EVENT_TYPES = {"event": TEXT, **CONTACT_TYPES}
SEGMENT = {"name": "New", "description": "Text", "condition": PRO, "trackMembership": True}
SEGMENT_TYPES = {"name": TEXT, "description": TEXT, "condition": CONDITION, "trackMembership": FLAG}
CAMPAIGN = {"name": "New", "subject": "s", "body": "b", "from": "a@x.io", "segmentId": UNKNOWN,
            "audienceType": "FILTERED", "audienceCondition": PRO}
CAMPAIGN_TYPES = {**{name: TEXT for name in CAMPAIGN}, "audienceCondition": CONDITION}
WEBHOOK = {"name": "New", "url": "https://x.io/", "events": ["a"], "headers": {"X-Key": "k"},
           "condition": PRO, "enabled": True}
WEBHOOK_TYPES = {"name": TEXT, "url": TEXT, "events": ARRAY, "headers": OBJECT,
                 "condition": CONDITION, "enabled": FLAG}
EMAILS = {"emails": ["old@x.io"]}
BULK = (422, {"contactIds": [UNKNOWN], "mode": "ids"}, {"contactIds": ARRAY, "mode": TEXT},
        ("contactIds",))
BODIES = {
    ("POST", "/segments"): (400, {**SEGMENT, "type": "DYNAMIC"},
                            {**SEGMENT_TYPES, "type": TEXT}, ("name", "condition")),
    ("PATCH", "/segments/:id"): (400, SEGMENT, SEGMENT_TYPES, ()),
    ("POST", "/segments/preview"): (
        400, {"condition": PRO, "sample": 5, "segmentId": ":dynamic"},
        {"condition": CONDITION, "sample": NUMBER, "segmentId": TEXT}, ("condition",)),
    ("POST", "/segments/explain"): (
        400, {"condition": PRO, "contactId": ":old"}, {"condition": CONDITION, "contactId": TEXT},
        ("condition", "contactId")),
    ("POST", "/segments/:id/members"): (
        400, {**EMAILS, "createMissing": True, "subscribed": True},
        {"emails": ARRAY, "createMissing": FLAG, "subscribed": FLAG}, ("emails",)),
    ("DELETE", "/segments/:id/members"): (400, EMAILS, {"emails": ARRAY}, ("emails",)),
    ("POST", "/campaigns"): (400, CAMPAIGN, CAMPAIGN_TYPES, (
        "name", "subject", "body", "from", "audienceType", "audienceCondition")),
    ("PUT", "/campaigns/:id"): (400, CAMPAIGN, CAMPAIGN_TYPES, ()),
    ("POST", "/campaigns/:id/send"): (
        400, {"scheduledFor": "2999-01-01"}, {"scheduledFor": TEXT}, ()),
    ("POST", "/webhooks"): (400, WEBHOOK, WEBHOOK_TYPES, ("url", "events")),
    ("PATCH", "/webhooks/:id"): (400, WEBHOOK, WEBHOOK_TYPES, ()),
    ("POST", "/webhooks/:id/replay"): (
        400, {"from": "2026-01-01", "to": "2026-01-02", "status": "PARKED", "dryRun": True},
        {"from": TEXT, "to": TEXT, "status": TEXT, "dryRun": FLAG}, ("from", "to")),
    ("POST", "/contacts"): (422, CONTACT, CONTACT_TYPES, ("email",)),
    ("PATCH", "/contacts/:id"): (422, {**CONTACT, "email": "old@x.io"}, CONTACT_TYPES, ()),
    ("POST", "/contacts/bulk-subscribe"): BULK,
    ("POST", "/contacts/bulk-unsubscribe"): BULK,
    ("POST", "/contacts/bulk-delete"): BULK,
    ("POST", "/contacts/lookup"): (422, EMAILS, {"emails": ARRAY}, ("emails",)),
    ("POST", "/v1/track"): (422, EVENT, EVENT_TYPES, ("event", "email")),
    ("POST", "/v1/track/batch"): (
        422, [{**EVENT, "timestamp": "2026-01-01"}], {**EVENT_TYPES, "timestamp": TEXT},
        ("event", "email")),
    ("POST", "/v1/email-activity"): (
        422, [{"email": "old@x.io", "activity": "opened", "at": "2026-01-01", "messageId": "m"}],
        {"email": TEXT, "activity": TEXT, "at": TEXT, "messageId": TEXT},
        ("email", "activity", "at")),
}
# These need no body, and pass over what one says.
ORDERS = {("POST", "/segments/:id/refresh"), ("POST", "/segments/:id/compute"),
          ("POST", "/campaigns/:id/cancel"), ("POST", "/campaigns/:id/sent"),
          ("POST", "/webhooks/:id/test"), ("POST", "/webhooks/:id/rotate-secret"),
          ("POST", "/deliveries/:id/retry")}

NOT_JSON = [
    b"{", b"{'a': 1}", b'{"a": 1,}', b"[1 2]", b"{} {}", b"nul", b"NaN", b"[Infinity]", b"[01]",
    b"[1.]", b'"\\x"', b'"\t"', b'["\xff"]', b'["\xed\xa0\x80"]', b'["\\ud800"]', b'["\\u0000"]',
    b'{"a": "b\x00"}', b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b"[" * 100000, b"\xef\xbb\xbf", b"/* */ {}", b"\xfe\xff\x00{\x00}"]


class InputTest(ApiTest):
    def setUp(self):
        super().setUp()
        self.old = self.contact("old@x.io", {"plan": "pro"})
        self.dynamic = self.segment("Dynamic", trackMembership=True)
        self.fixed = self.static("Fixed", ["old@x.io"])
        self.contact("old@x.io", subscribed=True)  # somebody whom the campaign can be sent to
        self.campaign = self.ok(self.api.post("/campaigns", CAMPAIGN), 201)["data"]
        self.webhook = self.ok(self.api.post("/webhooks", WEBHOOK), 201)
        self.delivery = self.ok(self.api.post(f"/webhooks/{self.webhook['id']}/test"), 201)

    def path(self, method, pattern):
        of = {"/segments/:id": self.dynamic, "/contacts/:id": self.old}.get(pattern, self.fixed)
        if (method, pattern) in ORDERS:
            of = self.dynamic
        if pattern.startswith("/campaigns"):
            of = self.campaign
        if pattern.startswith("/webhooks"):
            of = self.webhook
        if pattern.startswith("/deliveries"):
            of = self.delivery
        return pattern.replace(":id", of["id"])

    def body(self, good):
        """The good body, with the id of a segment or a contact where one is meant."""
        text = json.dumps(good).replace(":dynamic", self.dynamic["id"])
        return json.loads(text.replace(":old", self.old["id"]))

    def shown(self):
        state = State(self.api)
        return (state.contacts, state.events, state.members,
                {id: {**row, "memberCountAt": None} for id, row in state.segments.items()})


class Bodies(InputTest):
    def test_every_body_is_described_here(self):
        routes = {(route.method, route.pattern) for route in project_routes() if route.has_body}
        self.assertEqual(set(BODIES) | ORDERS, routes)

    def test_good_bodies_are_good(self):
        """So that what is refused below is refused for its one mistake."""
        for (method, pattern), (_, good, _, _) in BODIES.items():
            answer = self.api.send(method, self.path(method, pattern), self.body(good))
            self.assertIn(answer.status, (200, 201, 202), answer.text)
            if isinstance(good, list):
                self.assertEqual(answer.json["data"]["accepted"], 1, answer.text)
            if pattern == "/segments":
                self.assertEqual(self.api.delete(f"/segments/{answer.json['id']}").status, 204)

    def test_what_is_not_json(self):
        before = self.shown()
        for method, pattern in (*BODIES, *ORDERS):
            for raw in NOT_JSON:
                with self.subTest(method=method, pattern=pattern, raw=raw[:40]):
                    answer = self.api.send(method, self.path(method, pattern), raw=raw)
                    error = self.refused(answer, 400, "INVALID_REQUEST_BODY")
                    self.assertRegex(error["message"], r"line \d+, column \d+")
        self.assertEqual(self.shown(), before)

    def test_bodies_of_another_type(self):
        before = self.shown()
        for (method, pattern), (status, good, _, _) in BODIES.items():
            wrong = [None, True, 5, "x", {} if isinstance(good, list) else []]
            for body in wrong:
                with self.subTest(method=method, pattern=pattern, body=body):
                    raw = json.dumps(body).encode()
                    answer = self.api.send(method, self.path(method, pattern), raw=raw)
                    self.assertEqual(answer.status, status, answer.text)
                    found = {list: "an array", dict: "an object", str: "a string", int: "a number",
                             bool: "a boolean", type(None): "null"}[type(body)]
                    if not isinstance(good, list):
                        self.assertEqual(answer.error["message"],
                                         f"the body must be a JSON object, not {found}")
        self.assertEqual(self.shown(), before)

    def wrong_members(self, types, required):
        for name, wanted in types.items():
            for kind, values in VALUES.items():
                for value in values if kind != wanted else ():
                    yield name, value
            if wanted == CONDITION:
                yield name, {}
            if wanted == NUMBER:
                yield name, 1.5
            if name in required:
                yield name, None

    def test_members_of_another_type(self):
        before = self.shown()
        for (method, pattern), (status, good, types, required) in BODIES.items():
            for name, value in self.wrong_members(types, required):
                with self.subTest(method=method, pattern=pattern, name=name, value=value):
                    body = self.body(good)
                    (body[0] if isinstance(body, list) else body)[name] = value
                    answer = self.api.send(method, self.path(method, pattern), body)
                    self.has_place(answer, status, isinstance(body, list), name)
        self.assertEqual(self.shown(), before)

    def has_place(self, answer, status, is_batch, name):
        if is_batch:
            data = self.ok(answer)["data"]
            self.assertEqual((data["accepted"], data["rejected"]), (0, 1), answer.text)
            self.assertEqual(data["results"][0]["error"]["field"], name, answer.text)
            return
        self.assertEqual(answer.status, status, answer.text)
        fields = [problem["field"] for problem in answer.error["errors"]]
        self.assertTrue(any(re.match(rf"{name}\b", field) for field in fields), answer.text)

    def test_all_mistakes_are_told_at_once(self):
        answer = self.api.post("/v1/track", {"event": 5, "email": 5, "subscribed": 5, "data": 5})
        error = self.refused(answer, 422, "VALIDATION_ERROR")
        self.assertEqual({problem["field"] for problem in error["errors"]},
                         {"event", "email", "subscribed", "data"})

    def test_members_that_nobody_knows_are_passed_over(self):
        for (method, pattern), (_, good, _, _) in BODIES.items():
            body = self.body(good)
            (body[0] if isinstance(body, list) else body)["unheard-of"] = {"of": ["x"]}
            answer = self.api.send(method, self.path(method, pattern), body)
            self.assertIn(answer.status, (200, 201, 202), answer.text)
            if pattern == "/segments":
                self.assertEqual(self.api.delete(f"/segments/{answer.json['id']}").status, 204)

    def test_a_member_that_is_given_twice_is_refused(self):
        raw = b'{"email":"a@x.io","data":{"x":1},"d\\u0061ta":{"y":1,"z":2,"\\u0079":2},"email":"b@x.io"}'
        before = self.shown()
        error = self.refused(self.api.send("POST", "/contacts", raw=raw), 422, "VALIDATION_ERROR")
        self.assertEqual({(problem["field"], problem["code"]) for problem in error["errors"]},
                         {(name, "duplicate_member") for name in ("email", "data", "data.y")})
        self.assertEqual(len(error["errors"]), 3)
        answer = self.api.send("POST", "/v1/track/batch", raw=(
            b'[{"event":"a","email":"a@x.io","data":{"b":1,"b":1}},{"event":"a","event":"b"}]'))
        self.assertEqual([(row["error"]["field"], row["error"]["message"])
                          for row in self.ok(answer)["data"]["results"]],
                         [("data.b", "data.b stands here twice"),
                          ("event", "event stands here twice")])
        raw = b'{"name":"A","name":"B","condition":' + json.dumps(PRO).encode() + b"}"
        self.refused(self.api.send("POST", "/segments", raw=raw), 400, "BAD_REQUEST", "name")
        self.assertEqual(self.shown(), before)
        # Nobody asks for it, and nobody is misled.
        self.ok(self.api.send("POST", "/contacts", raw=b'{"x":1,"email":"a@x.io","x":2}'), 201)


class Texts(InputTest):
    ODD = ["Robert'); DROP TABLE contacts;--", '"quoted"', "back\\slash", "tab\there", "null\u2400",
           "\U0001f680", "\u202egnol", "e\u0301", "a,b", "${x}", "%s%n", "../../etc", "</script>",
           "\u2028", "\x7f", "\ufffe", " ", "a" * 240]

    def test_odd_texts_come_back_as_they_were(self):
        for i, text in enumerate(self.ODD):
            with self.subTest(text=text):
                data = {text: text, "list": [text, {text: [text]}]}
                made = self.contact(f"odd{i}@x.io", data)
                self.assertEqual(made["data"], data)
                self.assertEqual(self.ok(self.api.get(f"/contacts/{made['id']}"))["data"], data)
                self.ok(self.api.post("/v1/track", {"event": text, "email": f"odd{i}@x.io",
                                                    "data": data}))
                event = self.ok(self.api.get("/events?limit=1"))["events"][0]
                self.assertEqual((event["name"], event["data"]), (text, data))
                if not re.search(r"[\x00-\x1f\x7f]", text):  # a query has no control characters
                    named = self.ok(self.api.get(
                        f"/events?eventName={urllib.parse.quote(text)}"))
                    self.assertEqual(len(named["events"]), 1)
                    values = self.ok(self.api.get(
                        f"/contacts/fields/{urllib.parse.quote('data.' + text, safe='')}/values"))
                    self.assertEqual(values["values"], [text])
                for used in (is_equal(f"data.{text}", text),
                             condition(filter_of(f"event.{text}", "triggered"))):
                    found = self.ok(self.api.post("/segments/preview", {"condition": used,
                                                                        "sample": 5}))
                    self.assertEqual([row["id"] for row in found["sample"]], [made["id"]])

    def test_odd_addresses(self):
        for email in ("a'b@x.io", '"a"@x.io', "ä@exämple.io", "a+b%c@x.io", "a\\b@x.io"):
            made = self.contact(email)
            self.assertEqual(made["email"], email)
            found = self.ok(self.api.get(f"/contacts?search={urllib.parse.quote(email)}"))
            self.assertEqual([row["id"] for row in found["data"]], [made["id"]])
        for email in ("a b@x.io", "a@x.io\nBcc: b@x.io", "@", "a@", "@b", "a\x00@x.io", "a@b@c",
                      "a" * 316 + "@x.io"):
            answer = self.api.post("/contacts", {"email": email})
            self.assertIn(answer.status, (400, 422), answer.text)

    def test_odd_ids_and_queries(self):
        before = self.shown()
        odd = ["%00", "%0d%0aX-A:%20b", "%2e%2e", "..%2f..", "%ff", "%E2%28%A1", "%", "%zz", "x" * 5000,
               "'%20OR%201=1--", "0", "-1", UNKNOWN.upper(), UNKNOWN + "%00", "%20", ":id"]
        for route in project_routes():
            for text in odd if ":" in route.pattern else ():
                path = re.sub(r":\w+", lambda _: text, route.pattern)
                with self.subTest(method=route.method, path=path[:80]):
                    body = {"emails": [], "condition": PRO} if route.has_body else None
                    answer = self.api.send(route.method, path, body)
                    # Any text may be the name of an event, and nothing is known of these.
                    allowed = (200, 400, 422) if ":name" in route.pattern else (400, 404)
                    self.assertIn(answer.status, allowed, answer.text)
                    self.assertNotIn("X-A", answer.headers)
        for query in ("limit=%00", "cursor=%00", "search=%00", "search=%ff", "limit=1e1",
                      "limit=99999999999999999999", "cursor=-1", "limit=%2B1", "limit=1&limit=2"):
            with self.subTest(query=query):
                self.refused(self.api.get(f"/contacts?{query}"), 400, "BAD_REQUEST")
        for search in ("%25", "_", "'", "\\", "*", "["):  # none of these stands for another
            found = self.ok(self.api.get(f"/contacts?search={urllib.parse.quote(search)}"))
            self.assertEqual(found["total"], 0)
        self.assertEqual(self.shown(), before)


class Limits(InputTest):
    def test_bodies_of_100_megabytes(self):
        """Declared, and in chunks without an end: refused early, and not kept in memory."""
        status = Path(f"/proc/{suite.world.server.process.pid}/status")

        def memory_kib():
            return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1])

        before = memory_kib()
        for path in ("/contacts", f"/segments/{self.fixed['id']}/members", "/v1/track/batch"):
            for how in (f"Content-Length: {100 << 20}", "Transfer-Encoding: chunked"):
                with self.subTest(path=path, how=how):
                    self.assertIn(b" 413 ", self.send_much(path, how))
        self.assertLess(memory_kib() - before, 64 * 1024)
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 1)

    def send_much(self, path, how):
        """Sends up to 100 MB, until something is answered."""
        head = (f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                f"{self.project['secretKey']}\r\nContent-Type: application/json\r\n{how}\r\n\r\n")
        piece = b" " * 65536
        if "chunked" in how:
            piece = b"10000\r\n" + piece + b"\r\n"
        with socket.create_connection(("127.0.0.1", suite.world.server.port), timeout=30) as made:
            made.sendall(head.encode())
            made.setblocking(False)
            left = 1600
            answer = b""
            while left > 0:
                try:
                    answer += made.recv(65536)
                    break
                except BlockingIOError:
                    pass
                try:
                    made.setblocking(True)
                    made.sendall(piece)
                    left -= 1
                except OSError:
                    break
                finally:
                    made.setblocking(False)
            made.setblocking(True)
            try:
                answer += made.recv(65536)
            except OSError:
                pass
            return answer

    def test_a_request_that_breaks_off_is_not_carried_out(self):
        raw = json.dumps({"emails": [f"c{i}@x.io" for i in range(1000)], "createMissing": True})
        head = (f"POST /segments/{self.fixed['id']}/members HTTP/1.1\r\nHost: h\r\nAuthorization: "
                f"Bearer {self.project['secretKey']}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(raw)}\r\n\r\n").encode()
        for size in (0, 1, len(raw) // 2, len(raw) - 1):
            with socket.create_connection(("127.0.0.1", suite.world.server.port)) as made:
                made.sendall(head + raw[:size].encode())
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 1)

    def test_conditions_have_limits(self):
        filters = [filter_of("data.plan", "equals", str(i)) for i in range(1001)]
        self.assertEqual(self.ok(self.api.post("/segments/preview", {
            "condition": condition(*filters[:1000])}))["count"], 0)
        deep = PRO
        for _ in range(32):
            deep = {"logic": "AND", "groups": [{"filters": [], "conditions": deep}]}
        for given in (condition(*filters), deep, is_equal("data.plan", "x" * 1025),
                      is_equal("data." + "x" * 260, "x")):
            error = self.refused(self.api.post("/segments/preview", {"condition": given}), 400,
                                 "INVALID_CONDITION")
            self.assertIn("limit_exceeded", [problem["code"] for problem in error["errors"]])

    def test_data_has_limits(self):
        deep = {}
        for _ in range(32):
            deep = {"a": deep}
        for data in (deep, {"a": ["x"] * 10000}, {"a": "x" * 65537},
                     {f"f{i}": i for i in range(4097)}):
            self.refused(self.api.post("/contacts", {"email": "a@x.io", "data": data}), 422,
                         "VALIDATION_ERROR")
        self.assertEqual(self.ok(self.api.get("/contacts"))["total"], 1)

    def test_a_project_full_of_fields_goes_on(self):
        """`plan` is one of the 4,096."""
        for name, count in (("a", 3000), ("b", 1095)):
            made = self.contact(f"{name}@x.io", {f"{name}{i}": i for i in range(count - 1)})
            self.ok(self.api.patch(f"/contacts/{made['id']}",
                                   {"data": {f"{name}{count - 1}": "the last"}}))
        body = {"email": "c@x.io", "data": {"one-more": 1}}
        for path in ("/contacts", "/v1/track"):
            self.refused(self.api.post(path, {"event": "e", **body}), 422, "VALIDATION_ERROR")
        self.contact("c@x.io", {"a1": 5, "plan": "pro"})
        self.assertEqual(self.emails_of(self.dynamic), ["c@x.io", "old@x.io"])

    def test_a_project_full_of_event_names_goes_on(self):
        """Each segment keeps two, so that entries have room however many names there are."""
        names = [f"event-{i}" for i in range(4100)]

        def track(number):
            client = self.client(self.project["secretKey"])
            results.append(client.post("/v1/track/batch", [
                {"event": name, "email": f"c{number}@x.io"} for name in names[number::41]
            ]).json["data"])

        results = []
        threads = [threading.Thread(target=track, args=(i,)) for i in range(41)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted = sum(result["accepted"] for result in results)
        self.assertGreater(accepted, 4000)
        self.assertLess(accepted, 4096)
        self.assertEqual(accepted + sum(result["rejected"] for result in results), 4100)
        self.refused(self.api.post("/v1/track", {"event": "more", "email": "old@x.io"}), 422,
                     "VALIDATION_ERROR", "event")
        self.contact("new@x.io", {"plan": "pro"})
        entered = self.ok(self.api.get("/events?eventName=segment.dynamic.entry"))["events"]
        self.assertIn("new@x.io", [event["contact"]["email"] for event in entered])


class References(InputTest):
    def change(self, segment, given):
        return self.api.patch(f"/segments/{segment['id']}", {"condition": given})

    def is_cycle(self, answer, field="condition.groups[0].filters[0].field"):
        error = self.refused(answer, 400, "INVALID_CONDITION", field)
        self.assertIn("segment_cycle", [problem["code"] for problem in error["errors"]])

    def test_a_segment_cannot_refer_to_itself(self):
        self.is_cycle(self.change(self.dynamic, condition(in_segment(self.dynamic["id"]))))
        self.is_cycle(self.change(self.dynamic, condition(
            in_segment(self.dynamic["id"], "notMemberOfSegment"))))

    def test_a_long_way_round_is_a_cycle_too(self):
        last = self.dynamic
        for i in range(200):
            last = self.segment(f"Step {i}", condition(in_segment(last["id"])),
                                trackMembership=i % 2 == 0)
        self.is_cycle(self.change(self.dynamic, condition(in_segment(last["id"]))))
        nested = {"logic": "OR", "groups": [{"filters": [], "conditions": condition(
            in_segment(last["id"]))}]}
        self.is_cycle(self.change(self.dynamic, nested),
                      "condition.groups[0].conditions.groups[0].filters[0].field")
        preview = {"condition": condition(in_segment(last["id"])), "segmentId": self.dynamic["id"]}
        self.is_cycle(self.api.post("/segments/preview", preview))
        self.assertEqual(self.emails_of(last), [])  # the odd steps look at what nobody has computed
        self.ok(self.api.post(f"/segments/{last['id']}/refresh"))

    def test_a_circle_through_events_comes_to_rest(self):
        first = self.segment("First", {"logic": "OR", "groups": [
            {"filters": [filter_of("event.segment.second.entry", "triggered")]},
            {"filters": [filter_of("data.plan", "equals", "pro")]}]}, trackMembership=True)
        second = self.segment("Second", condition(
            filter_of("event.segment.first.entry", "triggered")), trackMembership=True)
        self.contact("a@x.io", {"plan": "pro"})
        for made in (first, second):
            for _ in range(2):
                self.ok(self.api.post(f"/segments/{made['id']}/compute"))
        self.assertEqual(self.emails_of(second), ["a@x.io", "old@x.io"])
        entries = [name for name, email in self.event_names() if email == "a@x.io"]
        self.assertEqual(sorted(entries), ["segment.dynamic.entry", "segment.first.entry",
                                           "segment.second.entry"])

    def test_what_is_not_there(self):
        for used in (in_segment(UNKNOWN), in_segment("x"), in_segment(self.old["id"]),
                     filter_of("segment.", "memberOfSegment")):
            answer = self.change(self.dynamic, condition(used))
            self.refused(answer, 400, "INVALID_CONDITION", "condition.groups[0].filters[0].field")
        self.assertEqual(self.ok(self.api.get(f"/segments/{self.dynamic['id']}"))["condition"], PRO)


if __name__ == "__main__":
    suite.main(__doc__)
