#!/usr/bin/env python3
"""fsa_services against what an independent reader found in a real hive of Windows 7.

Ground truth: regipy's plugin `services` in the shared evidence, which lists every key below Services with its
values. A key is a service when it has a Type, Start or ImagePath; each fact that both tell is compared.
Differences that are meant:
- of a string that is not ended by a NUL (enterceptAgent's Description) regipy drops the last letters;
- of a list in the place of a string (NDProxy's DisplayName) we tell the first string.
"""
import gzip
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
HIVE = os.path.join(SHARED, "dev/hives/mkorman90+regipy/SYSTEM")
TRUTH = os.path.join(SHARED, "dev/groundtruth/regipy/hives__mkorman90+regipy__SYSTEM.json.gz")
TYPES = {1: "KERNEL_DRIVER", 2: "FILE_SYSTEM_DRIVER", 4: "ADAPTER", 8: "RECOGNIZER_DRIVER", 0x10: "OWN_PROCESS",
         0x20: "SHARE_PROCESS", 0x110: "OWN_PROCESS(Interactive)", 0x120: "SHARE_PROCESS(Interactive)"}
STARTS = ["BOOT_START", "SYSTEM_START", "AUTO_START", "DEMAND_START", "DISABLED"]
TEXTS = {"path": "ImagePath", "display_name": "DisplayName", "user_account": "ObjectName", "service_group": "Group",
         "description": "Description"}
totals = {"passed": 0, "failed": 0, "skipped": 0}


def test(name, wrong):
    totals["failed" if wrong else "passed"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def rows(control_set):
    sql = "SELECT * FROM fsa_services WHERE control_set = %d" % control_set
    return json.loads(subprocess.check_output([FSA, "-f", "json", "-e", HIVE, sql]))


def dll_of(service):
    """ServiceDll of Parameters, else of the key itself."""
    for key in service["parameters"]:
        if key["path"].lower().endswith("\\%s\\parameters" % service["name"].lower()):
            for value in key["values"]:
                if value["name"].lower() == "servicedll":
                    return value["value"]
    values = {v["name"].lower(): v["value"] for v in service["values"]}
    return values.get("servicedll")


def compare(row, service):
    values = {v["name"].lower(): v["value"] for v in service["values"]}
    wrong = []
    for column, name in TEXTS.items():
        told = values.get(name.lower()) or None
        if isinstance(told, list):
            told = told[0]
        if row[column] != told and not (told and row["name"] == "enterceptAgent" and row[column].startswith(told)):
            wrong.append("%s %r, regipy has %r" % (column, row[column], told))
    if row["service_type"] != TYPES.get(values.get("type")):
        wrong.append("service_type %r, regipy has %r" % (row["service_type"], values.get("type")))
    if row["start_type"] != (STARTS[values["start"]] if "start" in values else None):
        wrong.append("start_type %r, regipy has %r" % (row["start_type"], values.get("start")))
    if row["service_dll"] != dll_of(service):
        wrong.append("service_dll %r, regipy has %r" % (row["service_dll"], dll_of(service)))
    return wrong


def main():
    if not os.path.exists(TRUTH) or not os.path.exists(HIVE):
        print("skipped: no shared evidence\n0 passed, 0 failed, 1 skipped")
        return
    with gzip.open(TRUTH) as file:
        truth = json.load(file)["services"]
    for path, found in sorted(truth.items()):
        number = int(path.split("\\")[1][-3:])
        services = {}
        for service in found["services"]:
            names = {v["name"].lower() for v in service["values"] or []}
            if names & {"type", "start", "imagepath"}:
                services[service["name"]] = service
        ours = {row["name"]: row for row in rows(number)}
        test("%s: the same services" % path, sorted(set(ours) ^ set(services)) or None)
        for name in sorted(set(ours) & set(services)):
            test("%s\\%s" % (path, name), compare(ours[name], services[name]) or None)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    sys.exit(1 if totals["failed"] else 0)


if __name__ == "__main__":
    main()
