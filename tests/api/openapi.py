"""docs/openapi.json, read for tests: its operations, and whether an answer is as they say.

It is read more strictly than clients must: a member that is not described is a mistake. Schemas
that only narrow another one (behind `allOf`) are left as they are.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

# The interpreter may be another one than the system's, which is where the package lies.
sys.path.append("/usr/lib/python3/dist-packages")
from jsonschema import Draft202012Validator  # noqa: E402

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"

# What `default` stands for: any other status has to be described by itself.
DEFAULT_STATUSES = {405, 408, 413, 417, 431, 500, 505}
# Headers that every answer has or may have, and that HTTP explains.
COMMON_HEADERS = {"date", "content-length", "content-type", "connection", "cache-control",
                  "content-security-policy", "referrer-policy", "x-content-type-options",
                  "transfer-encoding"}
CORS_HEADERS = {"access-control-allow-origin", "access-control-expose-headers"}


check_schema = Draft202012Validator.check_schema


def walk(value):
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from walk(member)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def strict(schema):
    """The same schema, where objects have no members but those described."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: member if name == "allOf" else strict(member) for name, member in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@dataclass(frozen=True)
class Operation:
    method: str         # in capitals
    path: str           # /segments/{id}
    id: str
    security: tuple     # names of schemes; none for everybody
    parameters: tuple   # described, references resolved
    body: dict = None   # the schema of JSON, or None; see content_types
    content_types: tuple = ()
    responses: dict = None

    def __hash__(self):
        return hash(self.id)

    def parameter(self, where, name):
        return next((p for p in self.parameters if (p["in"], p["name"]) == (where, name)), None)

    @property
    def is_idempotent_by_key(self):
        return self.parameter("header", "Idempotency-Key") is not None


class Description:
    def __init__(self, text):
        self.document = json.loads(text)
        components = self.document["components"]
        self.plain = {"components": components}
        self.strict = {"components": {**components, "schemas": strict(components["schemas"])}}
        self.operations = [self._operation(path, method, item)
                           for path, item in self.document["paths"].items()
                           for method in METHODS if method in item]

    def resolve(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def _operation(self, path, method, item):
        said = item[method]
        parameters = [self.resolve(p) for p in [*item.get("parameters", []),
                                                *said.get("parameters", [])]]
        content = said.get("requestBody", {}).get("content", {})
        return Operation(
            method.upper(), path, said["operationId"],
            tuple(name for way in said["security"] for name in way), tuple(parameters),
            content.get(JSON, {}).get("schema"), tuple(content),
            {status: self.resolve(answer) for status, answer in said["responses"].items()})

    def by_id(self, operation_id):
        return next(op for op in self.operations if op.id == operation_id)

    def find(self, method, path):
        """The operation of a request; a literal segment goes before a parameter."""
        wanted = path.partition("?")[0].split("/")
        def fits(op):
            parts = op.path.split("/")
            return len(parts) == len(wanted) and all(
                part.startswith("{") or part == given for part, given in zip(parts, wanted))
        found = [op for op in self.operations if op.method == method and fits(op)]
        return min(found, key=lambda op: op.path.count("{"), default=None)

    def mistakes(self, schema, value, is_strict=True):
        """What is wrong with a value, as texts."""
        root = {**(strict(schema) if is_strict else schema),
                **(self.strict if is_strict else self.plain)}
        return [f"{'/'.join(map(str, e.absolute_path)) or 'the value'}: {e.message}"
                for e in Draft202012Validator(root).iter_errors(value)]

    def answer_mistakes(self, op, answer):
        """What is wrong with a real answer of an operation."""
        described = op.responses.get(str(answer.status))
        if described is None and answer.status in DEFAULT_STATUSES:
            described = op.responses["default"]
        if described is None:
            return [f"the status {answer.status} is not described"]
        return self._header_mistakes(op, described, answer) + self._body_mistakes(described, answer)

    def _header_mistakes(self, op, described, answer):
        known = {name.lower(): self.resolve(header)
                 for name, header in described.get("headers", {}).items()}
        allowed = COMMON_HEADERS | (CORS_HEADERS if "publicKey" in op.security else set())
        sent = {name.lower(): value for name, value in answer.headers.items()}
        wrong = [f"the header {name} is not described" for name in sent
                 if name not in known and name not in allowed
                 and not (name == "allow" and answer.status == 405)]
        for name, header in known.items():
            if name not in sent:
                wrong += [f"the header {name} is missing"] if header.get("required") else []
                continue
            is_number = header["schema"].get("type") == "integer"
            value = int(sent[name]) if is_number else sent[name]
            wrong += [f"header {name}: {m}" for m in self.mistakes(header["schema"], value)]
        return wrong

    def _body_mistakes(self, described, answer):
        if "content" not in described:
            return [] if answer.text == "" else ["there is a body, and none is described"]
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        content = described["content"].get(kind, described["content"].get("*/*"))
        if content is None:
            return [f"the Content-Type {kind} is not described"]
        value = answer.json if kind == JSON else answer.text
        return self.mistakes(content.get("schema", {}), value)


def as_pattern(path):
    """/segments/{id} as the table of routes writes it."""
    return re.sub(r"\{(\w+)\}", r":\1", path)
