#!/usr/bin/python3
"""Sessions of the dashboard: a one-time link, its cookie, and what that may do.

    test_sessions.py PROGRAM [--short] [unittest options]
"""

import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import suite
from suite import PRO
from server import Client, Server


class Sessions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Server(suite.program, str(Path(folder.name) / "test.db"), "--rate", "0")
        self.first = self.server.create_project("First")
        self.second = self.server.create_project("Second")
        self.start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())

    def start(self):
        self.server.start()
        self.http = Client(self.server.port)
        self.addCleanup(self.http.close)

    def link(self):
        parts = urlsplit(self.server.login_link)
        self.assertEqual(parts.port, self.server.port)
        return f"{parts.path}?{parts.query}"

    def log_in(self):
        answer = self.http.get(self.link())
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"))
        return answer.headers["Set-Cookie"].split(";")[0]

    def origin(self):
        return f"http://127.0.0.1:{self.server.port}"

    def send(self, method, path, cookie, body=None, **headers):
        sent = {"Cookie": cookie}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.http.send(method, path, body, sent)

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self):
        cookie = self.http.get(self.link()).headers["Set-Cookie"]
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        self.assertEqual(attributes,
                         {"Path=/", "Max-Age=2592000", "HttpOnly", "SameSite=Strict"})
        self.assertNotIn(cookie.split("=")[1].split(";")[0], "".join(self.server.lines))

    def test_the_cookie_is_secure_behind_tls(self):
        answer = self.http.send("GET", self.link(), headers={"X-Forwarded-Proto": "https"})
        self.assertIn("Secure", answer.headers["Set-Cookie"])

    def test_a_link_works_once(self):
        self.log_in()
        for path in (self.link(), "/login", "/login?token=", "/login?token=ln_unknown"):
            answer = self.http.get(path)
            self.assertEqual(answer.status, 401, path)
            self.assertIn("segmentry login", answer.text)
            self.assertIsNone(answer.headers.get("Set-Cookie"))

    def test_looking_at_a_link_does_not_use_it(self):
        answer = self.http.send("HEAD", self.link())
        self.assertEqual((answer.status, answer.headers.get("Set-Cookie")), (200, None))
        self.log_in()

    def test_links_are_not_sessions_nor_keys(self):
        token = self.link().split("=")[1]
        self.assertEqual(self.send("GET", "/session", f"segmentry_session={token}").status, 401)
        session = self.log_in().split("=")[1]
        self.assertEqual(self.http.get(f"/login?token={session}").status, 401)
        answer = self.http.send("GET", "/segments", headers={"Authorization": f"Bearer {session}"})
        self.assertEqual(answer.status, 401)

    def test_the_session_lists_projects_without_secrets(self):
        answer = self.send("GET", "/session", self.log_in())
        self.assertEqual(answer.status, 200)
        self.assertEqual([(p["id"], p["name"], p["publicKey"]) for p in answer.json["projects"]],
                         [(p["id"], p["name"], p["publicKey"]) for p in (self.first, self.second)])
        self.assertNotIn("sk_", answer.text)

    def test_a_key_is_no_session(self):
        answer = self.http.send("GET", "/session",
                                headers={"Authorization": f"Bearer {self.first['secretKey']}"})
        self.assertEqual(answer.status, 403)

    def test_a_header_names_the_project(self):
        cookie = self.log_in()
        made = self.send("POST", "/segments", cookie, {"name": "Pro", "condition": PRO},
                         Origin=self.origin(), Segmentry_Project=self.second["id"])
        self.assertEqual(made.status, 201)
        self.assertEqual(made.json["projectId"], self.second["id"])
        self.assertEqual(self.send("GET", "/segments", cookie).json, [])  # the oldest project
        here = self.send("GET", "/segments", cookie, Segmentry_Project=self.second["id"])
        self.assertEqual(len(here.json), 1)
        none = self.send("GET", "/segments", cookie, Segmentry_Project="nowhere")
        self.assertEqual((none.status, none.error["code"]), (404, "RESOURCE_NOT_FOUND"))

    def test_a_change_needs_an_origin_of_this_server(self):
        cookie = self.log_in()
        body = {"email": "a@x.org"}
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Origin": f"http://127.0.0.1:{self.server.port + 1}"}):
            answer = self.http.send("POST", "/contacts", body, {"Cookie": cookie, **headers})
            self.assertEqual((answer.status, answer.error["code"]), (403, "FORBIDDEN"))
        self.assertEqual(self.send("POST", "/contacts", cookie, body,
                                   Origin=self.origin()).status, 201)

    def test_tracking_does_not_look_at_cookies(self):
        body = {"event": "paid", "email": "a@x.org"}
        answer = self.send("POST", "/v1/track", self.log_in(), body, Origin=self.origin())
        self.assertEqual((answer.status, answer.error["code"]), (401, "MISSING_AUTH"))

    def rotate(self, cookie, project_id, **headers):
        return self.send("POST", f"/projects/{project_id}/rotate-keys", cookie,
                         Origin=self.origin(), **headers)

    def may(self, project, kind, path):
        """The status of a call with a key of a project."""
        key = {"Authorization": f"Bearer {project[kind]}"}
        if path == "/v1/track":
            return self.http.send("POST", path, {"event": "a", "email": "a@x.io"}, key).status
        return self.http.send("GET", path, headers=key).status

    def test_keys_are_rotated_at_once(self):
        cookie = self.log_in()
        answer = self.rotate(cookie, self.second["id"])
        self.assertEqual(answer.status, 200, answer.text)
        made = answer.json
        self.assertEqual((made["id"], made["name"]), (self.second["id"], "Second"))
        for project, status in ((self.second, 401), (made, 200), (self.first, 200)):
            self.assertEqual((self.may(project, "secretKey", "/segments"),
                              self.may(project, "publicKey", "/v1/track")), (status, status))
        listed = self.send("GET", "/session", cookie).json["projects"][1]
        self.assertEqual(listed["publicKey"], made["publicKey"])
        self.assertNotIn(made["secretKey"], "".join(self.server.lines))
        self.server.kill()
        self.start()
        self.assertEqual((self.may(self.second, "secretKey", "/segments"),
                          self.may(made, "secretKey", "/segments")), (401, 200))

    def test_no_key_rotates_keys(self):
        for project in (self.first, self.second):
            key = {"Authorization": f"Bearer {project['secretKey']}"}
            answer = self.http.send("POST", f"/projects/{self.first['id']}/rotate-keys",
                                    headers=key)
            self.assertEqual((answer.status, answer.error["code"]), (403, "FORBIDDEN"))
        cookie = self.log_in()
        self.assertEqual(self.send("POST", f"/projects/{self.first['id']}/rotate-keys",
                                   cookie).status, 403)  # no Origin: another site's form
        answer = self.rotate(cookie, "nowhere")
        self.assertEqual((answer.status, answer.error["code"]), (404, "RESOURCE_NOT_FOUND"))
        self.assertEqual(self.may(self.first, "secretKey", "/segments"), 200)

    def test_rotations_at_once_leave_one_pair_of_keys(self):
        cookie = self.log_in()
        def rotate(_):
            http = Client(self.server.port)
            try:
                return http.send("POST", f"/projects/{self.first['id']}/rotate-keys",
                                 headers={"Cookie": cookie, "Origin": self.origin()}).json
            finally:
                http.close()
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(rotate, range(16)))
        works = [keys for keys in made if self.may(keys, "secretKey", "/segments") == 200]
        self.assertEqual(len(works), 1)
        self.server.kill()
        self.start()
        self.assertEqual(self.may(works[0], "secretKey", "/segments"), 200)

    def test_logging_out_ends_the_session(self):
        cookie = self.log_in()
        answer = self.send("POST", "/logout", cookie, Origin=self.origin())
        self.assertEqual(answer.status, 204)
        self.assertIn("Max-Age=0", answer.headers["Set-Cookie"])
        self.assertEqual(self.send("GET", "/session", cookie).status, 401)

    def test_sessions_outlive_a_restart(self):
        cookie = self.log_in()
        self.server.kill()
        self.start()
        self.assertEqual(self.send("GET", "/session", cookie).status, 200)


class NoProjects(unittest.TestCase):
    def test_a_session_without_any_project(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(suite.program, str(Path(folder) / "test.db")).start()
            http = Client(server.port)
            parts = urlsplit(server.login_link)
            answer = http.get(f"{parts.path}?{parts.query}")
            cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
            self.assertEqual(http.send("GET", "/session", headers=cookie).json, {"projects": []})
            self.assertEqual(http.send("GET", "/segments", headers=cookie).status, 404)
            http.close()
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    suite.main(__doc__)
