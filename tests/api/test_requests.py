#!/usr/bin/python3
"""What all routes have in common: keys, paths, methods, bodies, queries, and the operators' routes.

    test_requests.py PROGRAM [--short] [unittest options]
"""

import unittest
from pathlib import Path

import suite
from suite import UNKNOWN, ApiTest, setUpModule, tearDownModule
from routes import api_routes, project_routes

ALL = ("PUBLIC", "SECRET")
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


class Operations(ApiTest):
    def test_health_needs_no_key(self):
        self.assertEqual(self.ok(self.client(None).get("/health")), {"status": "ok"})

    def test_ready_needs_no_key(self):
        self.assertEqual(self.ok(self.client(None).get("/ready")), {"status": "ready"})

    def test_metrics_are_prometheus_text(self):
        answer = self.client(None).get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        self.assertRegex(answer.text, r"(?m)^segmentry_projects \d+$")
        self.assertRegex(answer.text, r"(?m)^segmentry_contacts \d+$")


class Keys(ApiTest):
    def each_route(self, key, access, status, code):
        client = self.client(key)
        for route in project_routes():
            if route.access in access:
                path = route.pattern.replace(":id", UNKNOWN).replace(":field", "data.plan")
                with self.subTest(method=route.method, path=path):
                    answer = client.send(route.method, path, {} if route.has_body else None)
                    self.refused(answer, status, code)

    def test_no_key_is_missing_auth(self):
        self.each_route(None, ALL, 401, "MISSING_AUTH")

    def test_an_unknown_key_is_invalid(self):
        self.each_route("sk_" + "A" * 43, ALL, 401, "INVALID_API_KEY")

    def test_a_public_key_is_forbidden_everywhere_but_track(self):
        self.each_route(self.project["publicKey"], ("SECRET",), 403, "FORBIDDEN")
        public = self.client(self.project["publicKey"])
        self.ok(public.post("/v1/track", {"event": "seen", "email": "a@x.io"}))

    def test_a_cut_or_longer_key_is_invalid(self):
        key = self.project["secretKey"]
        for wrong in (key[:-1], key + "A", key[3:], key.lower() + "x"):
            self.refused(self.client(wrong).get("/segments"), 401, "INVALID_API_KEY")

    def test_secret_keys_are_not_in_the_database_nor_the_log(self):
        self.ok(self.api.get("/segments"))
        key = self.project["secretKey"].encode()
        for path in Path(suite.world.folder.name).iterdir():
            self.assertNotIn(key, path.read_bytes())
        self.assertNotIn(self.project["secretKey"], "".join(suite.world.server.lines))


class Documentation(unittest.TestCase):
    def test_every_route_is_described(self):
        text = (DOCS / "API.md").read_text()
        for route in api_routes():
            if route.access != "NONE":  # pages, and what is for operators, are told of in words
                self.assertIn(f"`{route.method} {route.pattern}`", text)


class Requests(ApiTest):
    def test_an_unknown_path_is_404(self):
        self.refused(self.api.get("/nothing"), 404, "RESOURCE_NOT_FOUND")
        self.refused(self.api.get("/segments/"), 404, "RESOURCE_NOT_FOUND")

    def test_a_wrong_method_is_405_with_allow(self):
        answer = self.api.send("PUT", "/segments", {})
        self.refused(answer, 405, "METHOD_NOT_ALLOWED")
        self.assertEqual(set(answer.headers["Allow"].split(", ")), {"GET", "HEAD", "POST"})

    def test_a_body_that_is_not_json_says_where(self):
        for path in ("/segments", "/contacts", "/v1/track"):
            answer = self.api.send("POST", path, raw=b'{"name": \n oops}')
            error = self.refused(answer, 400, "INVALID_REQUEST_BODY")
            self.assertRegex(error["message"], "line 2")

    def test_another_media_type_is_415(self):
        answer = self.api.send("POST", "/contacts", raw=b"email=a",
                               headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_a_body_over_the_limit_is_413(self):
        body = {"email": "a@x.io", "data": {"x": "y" * 1100000}}
        self.refused(self.api.post("/contacts", body), 413, "PAYLOAD_TOO_LARGE")

    def test_orders_need_no_body(self):
        made = self.segment(trackMembership=True)
        for what in ("refresh", "compute"):
            self.ok(self.api.send("POST", f"/segments/{made['id']}/{what}"))

    def test_head_answers_as_get_without_the_body(self):
        answer = self.api.send("HEAD", "/segments")
        self.assertEqual((answer.status, answer.text), (200, ""))

    def test_bodies_that_are_no_objects(self):
        for raw in (b"[]", b"5", b"null", b'"x"'):
            self.refused(self.api.send("POST", "/segments", raw=raw), 400, "BAD_REQUEST")
            self.refused(self.api.send("POST", "/contacts", raw=raw), 422, "VALIDATION_ERROR")
            self.refused(self.api.send("POST", "/v1/track", raw=raw), 422, "VALIDATION_ERROR")

    def test_a_request_id_is_given_back(self):
        answer = self.api.send("GET", "/segments", headers={"X-Request-ID": "mine-1"})
        self.assertEqual(answer.headers["X-Request-ID"], "mine-1")

    def test_queries_out_of_range_are_400(self):
        for path in ("/contacts?limit=0", "/contacts?limit=1001", "/contacts?limit=x",
                     "/contacts?cursor=x", "/events?limit=0", "/events?cursor=5",
                     "/events/stats?startDate=soon", "/contacts/fields/data.x/values?limit=0"):
            with self.subTest(path=path):
                self.refused(self.api.get(path), 400, "BAD_REQUEST")

    def test_control_characters_in_paths_are_400(self):
        for path in ("/segments/%00", "/segments/%0d%0a", "/contacts/a%00b"):
            self.refused(self.api.get(path), 400, "BAD_REQUEST")


if __name__ == "__main__":
    suite.main(__doc__)
