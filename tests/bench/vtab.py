#!/usr/bin/env python3
"""Rows per second through the table model, against a hand-written virtual table."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
subprocess.run([os.path.join(BUILD, "tests/bench-vtab_rows")], check=True)
