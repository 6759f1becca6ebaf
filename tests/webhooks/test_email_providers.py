#!/usr/bin/python3
"""What Amazon SES reports over SNS: whose messages count, and what becomes of them.

    test_email_providers.py PROGRAM [--short] [unittest options]

The messages are signed with a key of our own, whose certificate the server is given.
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
import suite  # noqa: E402
from sns import TOPIC, Signer, message_of  # noqa: E402
from server import condition, filter_of, wait_until  # noqa: E402
from suite import OwnServerTest  # noqa: E402

MAIL = {"timestamp": "2026-06-01T10:00:00.000Z", "messageId": "mail-1",
        "destination": ["ada@example.com"]}
OPENED = {"eventType": "Open", "mail": MAIL, "open": {"timestamp": "2026-06-01T10:05:00.000Z"}}


class EmailProviderTest(OwnServerTest):
    def setUp(self):
        super().setUp()
        self.signer = Signer(self.folder, "sns")
        self.server = self.serve("--sweep", "0", "--sns-topics", f"arn:aws:sns:x:1:other,{TOPIC}",
                                 "--sns-certificate", str(self.signer.certificate))
        self.api = self.client(self.server)
        self.path = self.api.get("/v1/email-providers/ses").json["path"]

    def send(self, message, path=None):
        """As SNS does: without a key in a header, and JSON that is called text."""
        client = self.client(self.server)
        client.key = None
        return client.send("POST", path or self.path, raw=json.dumps(message).encode(),
                           headers={"Content-Type": "text/plain; charset=UTF-8",
                                    "x-amz-sns-message-type": message.get("Type", "")})

    def counts(self, answer):
        self.assertEqual(answer.status, 200, answer.text)
        return {name: count for name, count in answer.json["data"].items() if count}

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.error["code"]), (status, code), answer.text)
        return answer.error["message"]

    def count_of(self, operator_field):
        preview = self.api.post("/segments/preview",
                                {"condition": condition(filter_of(operator_field, "triggered"))})
        self.assertEqual(preview.status, 200, preview.text)
        return preview.json["count"]

    def test_an_event_becomes_an_activity_once(self):
        self.api.post("/contacts", {"email": "ada@example.com"})
        for version in ("1", "2"):
            signed = self.signer.sign(message_of(OPENED, SignatureVersion=version))
            expected = {"recorded": 1} if version == "1" else {"duplicates": 1}
            self.assertEqual(self.counts(self.send(signed)), expected)
        self.assertEqual(self.count_of("email.opened"), 1)
        self.assertEqual(self.count_of("email.clicked"), 0)

    def test_every_kind(self):
        self.api.post("/contacts", {"email": "ada@example.com"})
        at = {"timestamp": "2026-06-01T10:05:00.000Z"}
        whom = [{"emailAddress": "ada@example.com"}]
        events = {"sent": {"eventType": "Send", "send": {}},
                  "delivered": {"eventType": "Delivery",
                                "delivery": {**at, "recipients": ["ada@example.com"]}},
                  "clicked": {"eventType": "Click", "click": at},
                  "bounced": {"eventType": "Bounce", "bounce": {**at, "bouncedRecipients": whom}},
                  "complained": {"notificationType": "Complaint",
                                 "complaint": {**at, "complainedRecipients": whom}}}
        for activity, event in events.items():
            self.assertEqual(self.count_of(f"email.{activity}"), 0)
            signed = self.signer.sign(message_of({**event, "mail": MAIL}, Subject="Amazon SES"))
            self.assertEqual(self.counts(self.send(signed)), {"recorded": 1}, activity)
            self.assertEqual(self.count_of(f"email.{activity}"), 1)

    def test_what_is_no_activity_is_passed_over(self):
        self.assertEqual(self.counts(self.send(self.signer.sign(message_of(OPENED)))),
                         {"unknown": 1})
        for event in ({"eventType": "Reject", "mail": MAIL},
                      "Successfully validated SNS topic for Amazon SES event publishing."):
            self.assertEqual(self.counts(self.send(self.signer.sign(message_of(event)))), {})
        self.refused(self.send(self.signer.sign(message_of({"some": "thing"}))), 422,
                     "VALIDATION_ERROR")

    def test_who_is_not_believed(self):
        other = Signer(self.folder, "other")
        good = self.signer.sign(message_of(OPENED))
        forged = [other.sign(message_of(OPENED)), {**good, "Message": json.dumps({})},
                  {**good, "Timestamp": "2026-06-01T10:05:02.000Z"}, {**good, "Signature": ""},
                  {**good, "SignatureVersion": "1"}, {**good, "Signature": "!!!!"}]
        for message in forged:
            self.assertIn("signature",
                          self.refused(self.send(message), 403, "FORBIDDEN"))
        strange = self.signer.sign(message_of(OPENED, TopicArn=TOPIC + "x"))
        self.assertIn("--sns-topics", self.refused(self.send(strange), 403, "FORBIDDEN"))
        self.refused(self.send({}), 422, "VALIDATION_ERROR")
        self.refused(self.send({"Type": "Notification"}), 422,
                     "VALIDATION_ERROR")

    def test_the_address_has_a_key_of_its_own(self):
        self.assertRegex(self.path, r"^/v1/email-providers/ses/[0-9a-f-]{36}\?key=in_[\w-]{43}$")
        message = self.signer.sign(message_of(OPENED))
        bare, _, key = self.path.partition("?key=")
        wrong = [bare, bare + "?key=", bare + "?key=" + key[:-1], bare + "?key=" + "in_" + "A" * 43,
                 f"{bare}?key={self.project['secretKey']}", f"{bare}?key={self.project['publicKey']}",
                 bare[:-1] + ("0" if bare[-1] != "0" else "1") + "?key=" + key]
        for path in wrong:
            self.refused(self.send(message, path), 403, "FORBIDDEN")
        public = self.client(self.server)
        public.key = self.project["publicKey"]
        self.assertEqual(public.get("/v1/email-providers/ses").status, 403)
        public.key = key
        self.assertEqual(public.get("/contacts").status, 401)

    def test_the_key_changes_with_the_project_s(self):
        rotated = subprocess.run([suite.program, "project", "rotate-keys", self.project["id"],
                                  "--db", self.db, "--json"], check=True, capture_output=True,
                                 timeout=60)
        self.api.key = json.loads(rotated.stdout)["secretKey"]

        def new_path():
            answer = self.api.get("/v1/email-providers/ses")
            return answer.json["path"] if answer.status == 200 else None

        path = wait_until(new_path)
        self.assertNotEqual(path, self.path)
        message = self.signer.sign(message_of(OPENED))
        self.refused(self.send(message), 403, "FORBIDDEN")
        self.assertEqual(self.counts(self.send(message, path)), {"unknown": 1})

    def test_a_subscription_is_confirmed_only_with_amazon(self):
        for url in ("http://127.0.0.1:9/", "https://example.com/",
                    "https://sns.eu-central-1.amazonaws.com.example.com/"):
            confirmation = self.signer.sign(message_of("You have chosen to subscribe.",
                                                       Type="SubscriptionConfirmation", Token="t",
                                                       SubscribeURL=url))
            self.refused(self.send(confirmation), 503, "SERVICE_UNAVAILABLE")
        strange = self.signer.sign(message_of("x", Type="SubscriptionConfirmation", Token="t",
                                              SubscribeURL="https://sns.x.amazonaws.com/",
                                              TopicArn="arn:aws:sns:x:1:unknown"))
        self.refused(self.send(strange), 403, "FORBIDDEN")


class SettingsTest(OwnServerTest):
    def test_without_topics_nothing_counts(self):
        signer = Signer(self.folder, "sns")
        server = self.serve("--sweep", "0", "--sns-certificate", str(signer.certificate))
        api = self.client(server)
        path = api.get("/v1/email-providers/ses").json["path"]
        answer = api.send("POST", path, signer.sign(message_of(OPENED)))
        self.assertEqual(answer.status, 403, answer.text)

    def test_wrong_settings_are_refused(self):
        for options in (["--sns-topics", "ses"], ["--sns-certificate", "/nowhere/x.pem"]):
            done = self.run_program("serve", "--db", self.db, *options, status=64)
            self.assertIn(options[0], done.stderr)


if __name__ == "__main__":
    suite.main(__doc__)
