"""Evidence whose scan takes long, and a caller that waits for it."""
import os
import subprocess
import threading
import time

from osquery_thrift import ON_WINDOWS, PATIENCE, evidence, native
from osquery_thrift.operators import EQ

from .stage import FSA

SCAN_SECONDS = 6 if ON_WINDOWS else 3  # how long the scan takes beside which others are served


class Scan(threading.Thread):
    """A generate that reads all of much evidence and finds nothing."""

    WHERE = {"eventid": [(EQ, "5")]}

    def __init__(self, extension, folder):
        super().__init__(daemon=True)
        self.core, self.folder, self.answer, self.seconds = extension.core, folder, None, 0
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            where = {**self.WHERE, "evidence": [(EQ, self.folder)]}
            self.answer = self.core.generate("fsa_event_log", where, ["record_id"], timeout=120 * PATIENCE)
        except Exception as error:  # the tests that break it off look at it
            self.answer = error
        self.seconds = time.monotonic() - began


def slow_folder(folder):
    """Evidence whose scan takes SCAN_SECONDS on this machine, as the extension names it."""
    trial, slow = os.path.join(folder, "trial"), os.path.join(folder, "slow")
    evidence.log_folder(trial, 40)
    scan = [FSA, "-e", native(trial), "SELECT count(*) FROM fsa_event_log WHERE eventid = 5"]
    for _ in range(2):  # the first look is slower: the files are new
        began = time.monotonic()
        subprocess.run(scan, check=True, stdout=subprocess.DEVNULL, timeout=120 * PATIENCE)
        seconds = time.monotonic() - began
    files = 40 * SCAN_SECONDS / seconds
    evidence.log_folder(slow, int(min(max(files, 20), 4000)))
    return native(slow)
