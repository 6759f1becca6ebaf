#!/usr/bin/python3
"""Check that the parts keep to themselves: who includes what, and what the core asks of others.

    laws.py SOURCE_DIR [--library LIBRARY --nm NM]

The core may use a few headers and functions of the C library, cJSON and utf8proc, and no writable
data: so it can have no I/O, no clock, no threads, no globals. The programs see its public headers
alone, and nothing of each other.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

C_HEADERS = {"math.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
             "string.h"}
# The vector instructions of a machine: functions that the compiler itself has.
VECTOR_HEADERS = {"emmintrin.h", "wasm_simd128.h"}
LIBRARY_HEADERS = {"cJSON.h", "utf8proc.h"}
# Who may include what: libraries stay in their rooms, and the API stands above all others.
ROOMS = {"sqlite3.h": {"store"}, "civetweb.c": {"http"}, "civetweb.h": {"http"},
         "openssl": {"engine", "webhooks"}, "zlib.h": {"http"}, "curl": {"webhooks"},
         "store": {"store", "engine", "api", "transfer"},
         "engine": {"engine", "webhooks", "api", "transfer"},
         "webhooks": {"webhooks", "api", "command_listen.c"},
         "http": {"http", "api", "command_listen.c"},
         "transfer": {"transfer", "command_import.c", "command_export.c"}}
# Compiled as part of one of our own units, which adds what its interface lacks.
LIBRARY_SOURCES = {"civetweb.c"}
# <stdio.h> is there for snprintf and <stdlib.h> for the default allocator: the symbols say so.
FUNCTIONS = re.compile(
    r"mem(cpy|move|set|cmp|chr|mem)|str(len|cmp|ncmp|chr|tod)|v?snprintf|realloc|free"
    r"|ceil|floor|nextafter|cJSON_\w+|utf8proc_\w+")
# What compilers call on their own: population count, stack protector, fortified twins, the GOT.
COMPILER_FUNCTIONS = re.compile(
    r"__popcount[ds]i2|__stack_chk_fail|__(memcpy|memmove|memset|v?snprintf|strncpy)_chk"
    r"|_GLOBAL_OFFSET_TABLE_")
WRITABLE = set("bBdDsScC")


def includes_of(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match[1] == "<", match[2]


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h"))


def check_core(root):
    own = {path.name for path in (root / "core/src").glob("*.h")}
    public = {f"segmentry/{path.name}" for path in (root / "core/include/segmentry").glob("*.h")}
    for path in sources(root / "core"):
        is_public = path.is_relative_to(root / "core/include")
        for number, is_system, name in includes_of(path):
            allowed = C_HEADERS | LIBRARY_HEADERS | VECTOR_HEADERS if is_system else public | own
            if is_public:
                allowed = {"stdbool.h", "stddef.h", "stdint.h"} if is_system else public
            if name not in allowed:
                yield f"{path.relative_to(root)}:{number}: includes {name}"


def check_program(root, name):
    public = {f"segmentry/{path.name}" for path in (root / "core/include/segmentry").glob("*.h")}
    headers = {path.relative_to(root / name / "src").as_posix()
               for path in (root / name / "src").rglob("*.h")}
    for path in sources(root / name / "src"):
        own = headers | {sibling.name for sibling in path.parent.glob("*.h")}
        for number, is_system, included in includes_of(path):
            if not is_system and included not in public | own | LIBRARY_SOURCES:
                yield f"{path.relative_to(root)}:{number}: includes {included}"


def check_rooms(root):
    """Each library of the server, and each room, is known to the rooms named here alone."""
    for path in sources(root / "native/src"):
        room = path.relative_to(root / "native/src").parts[0]
        for number, _, included in includes_of(path):
            library = included.split("/")[0]
            if library in ROOMS and room not in ROOMS[library]:
                yield f"{path.relative_to(root)}:{number}: includes {included}"


def check_library(library, nm):
    """Each line of nm: member:address? type name."""
    listing = subprocess.run([nm, "-A", library], check=True, capture_output=True, text=True).stdout
    symbols = [(line.split(":")[1], *line.split()[-2:]) for line in listing.splitlines()]
    defined = {name for _, kind, name in symbols if kind not in "Uw"}
    if not defined:
        yield f"{library}: has no symbols"
    for member, kind, name in symbols:
        if kind in "Uw" and name not in defined and not (
                FUNCTIONS.fullmatch(name) or COMPILER_FUNCTIONS.fullmatch(name)):
            yield f"{member}: uses {name}"
        # Tables of pointers are constant, but filled in by the loader: section .data.rel.ro.
        if kind in WRITABLE and not is_relocated_constant(library, nm, member, name):
            yield f"{member}: has the writable variable {name}"


def is_relocated_constant(library, nm, member, name):
    listing = subprocess.run([nm, "-A", "-f", "sysv", library], check=True, capture_output=True,
                             text=True).stdout
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[0].endswith(f"{member}:{name}"):
            return fields[6].startswith(".data.rel.ro")
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--library")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    broken = [*check_core(options.root), *check_program(options.root, "native"),
              *check_program(options.root, "wasm"), *check_rooms(options.root)]
    if options.library:
        broken += check_library(options.library, options.nm)
    print("\n".join(broken) if broken else "all laws are kept")
    return 1 if broken else 0


sys.exit(main())
