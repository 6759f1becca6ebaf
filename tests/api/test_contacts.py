#!/usr/bin/python3
"""The routes of contacts and their fields.

    test_contacts.py PROGRAM [--short] [unittest options]
"""

import suite
from suite import ApiTest, setUpModule, tearDownModule


class Contacts(ApiTest):
    def test_a_new_one_is_201_and_an_old_one_200(self):
        first = self.api.post("/contacts", {"email": " Ada@X.io ", "data": {"plan": "pro"}})
        made = self.ok(first, 201)
        self.assertEqual(made["_meta"], {"isNew": True, "isUpdate": False})
        self.assertEqual((made["email"], made["subscribed"], made["data"]),
                         ("ada@x.io", False, {"plan": "pro"}))
        again = self.ok(self.api.post("/contacts", {"email": "ADA@x.io", "data": {"n": 1}}))
        self.assertEqual(again["_meta"], {"isNew": False, "isUpdate": True})
        self.assertEqual((again["id"], again["data"]), (made["id"], {"plan": "pro", "n": 1}))
        self.assertEqual(set(made) - {"_meta"},
                         {"id", "email", "subscribed", "data", "createdAt", "updatedAt"})

    def test_subscribed_that_is_left_out_stays(self):
        self.contact("a@x.io", subscribed=True)
        self.assertTrue(self.contact("a@x.io")["subscribed"])
        self.assertFalse(self.contact("a@x.io", subscribed=False)["subscribed"])

    def test_every_flip_is_tracked(self):
        made = self.contact("a@x.io", subscribed=True)
        self.ok(self.api.patch(f"/contacts/{made['id']}", {"subscribed": False}))
        self.ok(self.api.patch(f"/contacts/{made['id']}", {"subscribed": False}))
        self.contact("a@x.io", subscribed=True)
        self.assertEqual([name for name, _ in self.event_names()],
                         ["contact.unsubscribed", "contact.subscribed"])

    def test_data_is_merged_key_by_key(self):
        made = self.contact("a@x.io", {"plan": "pro", "city": "Ghent", "n": 1})
        changed = self.ok(self.api.patch(f"/contacts/{made['id']}", {"data": {
            "plan": None, "city": "", "n": 2, "once": {"value": 5, "persistent": False},
            "id": "x", "email": "z@x.io", "unsubscribeUrl": "u", "createdAt": "now"}}))
        self.assertEqual(changed["data"], {"city": "Ghent", "n": 2})
        self.assertEqual(changed["email"], "a@x.io")

    def test_numbers_keep_their_digits(self):
        body = b'{"email":"a@x.io","data":{"big":12345678901234567890,"price":1.50}}'
        answer = self.api.send("POST", "/contacts", raw=body)
        self.assertIn('"big":12345678901234567890', answer.text)
        self.assertIn('"price":1.50', self.api.get(f"/contacts/{answer.json['id']}").text)

    def test_get_patch_delete(self):
        made = self.contact("a@x.io")
        path = f"/contacts/{made['id']}"
        self.assertEqual(self.ok(self.api.get(path))["email"], "a@x.io")
        self.assertEqual(self.ok(self.api.patch(path, {"email": "B@x.io"}))["email"], "b@x.io")
        self.contact("taken@x.io")
        self.refused(self.api.patch(path, {"email": "taken@x.io"}), 409, "CONFLICT")
        self.assertEqual(self.api.delete(path).status, 204)
        for answer in (self.api.get(path), self.api.patch(path, {}), self.api.delete(path)):
            self.refused(answer, 404, "CONTACT_NOT_FOUND")

    def test_what_is_wrong_is_422(self):
        for body, field in (({}, "email"), ({"email": 5}, "email"), ({"email": "nope"}, "email"),
                            ({"email": "a@x.io", "subscribed": 1}, "subscribed"),
                            ({"email": "a@x.io", "data": []}, "data"),
                            ({"email": "a" * 320 + "@x.io"}, "email")):
            with self.subTest(body=body):
                self.refused(self.api.post("/contacts", body), 422, "VALIDATION_ERROR", field)
        made = self.contact("a@x.io")
        self.refused(self.api.patch(f"/contacts/{made['id']}", {"data": {"x": "y" * 70000}}), 422,
                     "VALIDATION_ERROR")
        self.refused(self.api.patch(f"/contacts/{made['id']}", {"email": "nope"}), 422,
                     "VALIDATION_ERROR", "email")

    def test_data_is_no_larger_than_an_import_reads_again(self):
        def texts(name):
            return {f"{name}{i}": "x" * 60000 for i in range(17)}

        made = self.contact("a@x.io", texts("a"))
        path = f"/contacts/{made['id']}"
        for refused in (self.api.patch(path, {"data": texts("b")}),
                        self.api.post("/contacts", {"email": "a@x.io", "data": texts("b")}),
                        self.api.post("/v1/track", {"email": "a@x.io", "event": "e",
                                                    "data": texts("b")})):
            self.refused(refused, 422, "VALIDATION_ERROR", "data")
        # What is there can be replaced, and made smaller.
        self.ok(self.api.patch(path, {"data": {name: "y" * 60000 for name in texts("a")}}))
        self.ok(self.api.patch(path, {"data": {name: None for name in texts("a")}}))
        self.assertEqual(len(self.ok(self.api.patch(path, {"data": texts("b")}))["data"]), 17)

    def test_the_list_goes_by_cursor(self):
        for i in range(5):
            self.contact(f"c{i}@x.io")
        first = self.ok(self.api.get("/contacts?limit=2"))
        self.assertEqual(([row["email"] for row in first["data"]], first["hasMore"],
                          first["total"]), (["c4@x.io", "c3@x.io"], True, 5))
        second = self.ok(self.api.get(f"/contacts?limit=2&cursor={first['cursor']}"))
        self.assertNotIn("total", second)
        third = self.ok(self.api.get(f"/contacts?limit=2&cursor={second['cursor']}"))
        self.assertEqual(([row["email"] for row in third["data"]], third["hasMore"],
                          third["cursor"]), (["c0@x.io"], False, None))
        found = self.ok(self.api.get("/contacts?search=C3"))
        self.assertEqual((found["total"], found["data"][0]["email"]), (1, "c3@x.io"))

    def test_a_page_of_large_contacts_is_shorter_than_asked_for(self):
        large = {f"text{i}": "x" * 60000 for i in range(16)}
        for i in range(20):
            self.contact(f"c{i}@x.io", large)
        first = self.ok(self.api.get("/contacts?limit=1000"))
        self.assertTrue(16 <= len(first["data"]) < 20, len(first["data"]))
        self.assertEqual((first["total"], first["hasMore"]), (20, True))
        rest = self.ok(self.api.get(f"/contacts?limit=1000&cursor={first['cursor']}"))
        self.assertEqual([row["email"] for row in first["data"] + rest["data"]],
                         [f"c{i}@x.io" for i in reversed(range(20))])
        self.refused(self.api.get("/contacts?limit=1001"), 400, "BAD_REQUEST")

    def test_lookup_tells_which_exist(self):
        self.contact("a@x.io")
        answer = self.ok(self.api.post("/contacts/lookup", {"emails": ["A@x.io", "b@x.io", "no"]}))
        self.assertEqual(answer, {"found": ["A@x.io"], "notFound": ["b@x.io", "no"]})
        self.refused(self.api.post("/contacts/lookup", {"emails": ["a@x.io"] * 501}), 422,
                     "VALIDATION_ERROR", "emails")
        self.refused(self.api.post("/contacts/lookup", {}), 422, "VALIDATION_ERROR", "emails")

    def test_fields_and_values(self):
        self.contact("a@x.io", {"plan": "pro", "age": 30, "vip": True, "since": "2026-01-01"})
        self.contact("b@x.io", {"plan": "pro", "tags": ["x"]}, subscribed=True)
        self.contact("c@x.io", {"plan": "free"})
        fields = {row["field"]: row for row in self.ok(self.api.get("/contacts/fields"))["fields"]}
        self.assertEqual({name: fields[name]["type"] for name in fields},
                         {"email": "string", "subscribed": "boolean", "createdAt": "date",
                          "updatedAt": "date", "data.plan": "string", "data.age": "number",
                          "data.vip": "boolean", "data.since": "date", "data.tags": "array"})
        self.assertEqual((fields["data.plan"]["isCustom"], fields["email"]["isCustom"]),
                         (True, False))
        self.assertEqual((fields["data.plan"]["coverage"], fields["data.age"]["coverage"]),
                         (100, 33.3))
        plans = self.ok(self.api.get("/contacts/fields/data.plan/values"))
        self.assertEqual((plans["values"], plans["counts"]), (["pro", "free"], [2, 1]))
        one = self.ok(self.api.get("/contacts/fields/data.plan/values?limit=1"))
        self.assertEqual(one["values"], ["pro"])
        flags = self.ok(self.api.get("/contacts/fields/subscribed/values"))
        self.assertEqual((flags["values"], flags["counts"]), ([False, True], [2, 1]))
        self.assertEqual(self.ok(self.api.get("/contacts/fields/data.none/values"))["values"], [])
        self.refused(self.api.get("/contacts/fields/email/values"), 400, "BAD_REQUEST")


if __name__ == "__main__":
    suite.main(__doc__)
