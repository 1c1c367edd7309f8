"""The Python code that the thrift compiler makes of osquery.thrift, made anew for every run."""
import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile

from . import ROOT

IDL = os.path.join(ROOT, "extension/osquery/osquery.thrift")


def generate():
    """Makes the package `osq` and lets it be imported until this process ends."""
    folder = tempfile.mkdtemp(prefix="fsa-thrift-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["thrift", "--gen", "py", "-out", folder, IDL], check=True)
    sys.path.insert(0, folder)


generate()

# The library logs connections that fail and what handlers raise; here both happen on purpose.
logging.disable(logging.ERROR)

from osq import Extension, ExtensionManager, ttypes  # noqa: E402,F401 - it exists since generate()
