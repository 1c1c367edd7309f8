"""osquery's side of the wire, made of Thrift's own Python library: an independent peer for fsa.ext.

manager.py is the core that an extension registers with, client.py asks as the core asks, wire.py writes
messages byte by byte, extension.py runs fsa.ext, evidence.py makes what takes long to read.
"""
import importlib.util
import os
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
ON_WINDOWS = os.environ.get("FSA_SYSTEM") == "windows"
SUFFIX, WINE = (".exe", [os.environ.get("FSA_WINE", "wine")]) if ON_WINDOWS else ("", [])
PROGRAM = os.path.join(BUILD, "bin/fsa.ext" + SUFFIX)
SANITIZED = os.environ.get("FSA_SANITIZED") == "1"

# A sanitized program, or one under Wine, is that much slower; limits of time are multiplied by it.
PATIENCE = 5 if SANITIZED or ON_WINDOWS else 1


def native(path):
    """A path of this machine as the programs name it: Wine calls the root Z:."""
    return "Z:" + path.replace("/", "\\") if ON_WINDOWS else path


def missing():
    """Why the tests cannot run here, or None."""
    if not os.path.exists(PROGRAM):
        return "fsa.ext is not built"
    if not shutil.which("thrift"):
        return "no thrift compiler (package thrift-compiler)"
    if not importlib.util.find_spec("thrift"):
        return "no thrift for Python (package python3-thrift)"
    return None
