"""Messages of Amazon SNS, signed with a key of our own."""

import base64
import json
import subprocess

TOPIC = "arn:aws:sns:eu-central-1:123456789012:ses"
SIGNED = {"Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
          "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token",
                                       "TopicArn", "Type")}


class Signer:
    def __init__(self, folder, name):
        self.key = folder / f"{name}.key"
        self.certificate = folder / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=sns.test", "-keyout", self.key, "-out", self.certificate],
                       check=True, capture_output=True, timeout=60)

    def sign(self, message):
        """Adds the signature, as Amazon documents it."""
        text = "".join(f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]]
                       if name in message)
        digest = "-sha1" if message["SignatureVersion"] == "1" else "-sha256"
        made = subprocess.run(["openssl", "dgst", digest, "-sign", self.key], input=text.encode(),
                              check=True, capture_output=True, timeout=60)
        return {**message, "Signature": base64.b64encode(made.stdout).decode()}


def message_of(event, **members):
    return {"Type": "Notification", "MessageId": "sns-1", "TopicArn": TOPIC,
            "Message": event if isinstance(event, str) else json.dumps(event),
            "Timestamp": "2026-06-01T10:05:01.000Z", "SignatureVersion": "2",
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/x.pem", **members}
