"""The server's table of routes, read from its source: so that a test of all routes forgets none."""

import re
from collections import namedtuple
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent / "native" / "src" / "api" / "routes.c"

# access is what follows SEG_HTTP_ACCESS_: NONE, PUBLIC, SECRET or SESSION; has_body says that it
# reads JSON.
Route = namedtuple("Route", "method pattern access has_body")

MACRO = re.compile(r"#define (\w+)\([^)]*\)((?:.*\\\n)+.*)")
METHOD = re.compile(r'\.method = "(\w+)"')
ACCESS = re.compile(r"SEG_HTTP_ACCESS_(\w+)")
# A line of the table begins with a macro or a brace.
ENTRY = re.compile(r"^    (\w+)?[({](.*?)[)}],$", re.MULTILINE | re.DOTALL)


def one(expression, *texts):
    """What the first of the texts says."""
    for text in texts:
        found = expression.search(text)
        if found:
            return found[1]
    raise AssertionError(f"{SOURCE}: cannot be read at {texts[0]}")


def api_routes():
    text = SOURCE.read_text()
    macros = {match[1]: match[2] for match in MACRO.finditer(text)}
    table = text[text.index("api_routes[] = {"):]
    table = table[:table.index("\n};")]
    routes = []
    for macro, entry in ENTRY.findall(table):
        body = macros.get(macro, "")
        verb = re.match(r'"([A-Z]+)"', entry)
        routes.append(Route(verb[1] if verb else one(METHOD, entry, body),
                            one(re.compile(r'"(/[^"]*)"'), entry), one(ACCESS, entry, body),
                            "SEG_HTTP_JSON" in entry + body))
    if len(routes) != len(re.findall(r'"/', table)) or len(set(routes)) != len(routes):
        raise AssertionError(f"{SOURCE}: {len(routes)} routes were read, which are not all")
    return routes


def project_routes():
    """Those that belong to a project: who calls is known by a key."""
    return [route for route in api_routes() if route.access in ("PUBLIC", "SECRET")]
