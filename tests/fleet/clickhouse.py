"""ClickHouse servers on this machine, for the tests of the store: Debian's 18.16 or a current one, as the packages have them.

Each has a folder and a configuration of its own and listens on the loopback address alone; nothing of an installed
server's configuration is read.
"""
import os
import shutil
import socket
import subprocess
import time
import urllib.request

CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>{folder}/server.log</log><errorlog>{folder}/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <remote_servers><fsa>{shards}</fsa></remote_servers>
</yandex>
"""
SHARD = "<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>{}</port></replica></shard>"
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
    <quota>default</quota></default></users>
  <quotas><default/></quotas>
</yandex>
"""


def program():
    """How a server is started, or None where there is none."""
    if shutil.which("clickhouse-server"):
        return ["clickhouse-server"]
    return ["clickhouse", "server"] if shutil.which("clickhouse") else None


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Servers:
    """`count` servers that know each other as the cluster `fsa`; ends those that it started."""

    def __init__(self, folder, count):
        self.http, self.tcp = free_ports(count), free_ports(count)
        self.running = []
        shards = "".join(SHARD.format(port) for port in self.tcp)
        for number in range(count):
            place = folder / f"server{number}"
            place.mkdir(parents=True)
            (place / "users.xml").write_text(USERS)
            (place / "config.xml").write_text(CONFIG.format(folder=place, http=self.http[number], tcp=self.tcp[number],
                                                            shards=shards))
            self.running.append(subprocess.Popen(
                [*program(), f"--config-file={place / 'config.xml'}"], cwd=place, stdout=subprocess.DEVNULL,
                stderr=(place / "stderr").open("wb"), env={**os.environ, "CLICKHOUSE_WATCHDOG_ENABLE": "0"}))
        for number in range(count):
            self.wait(number, folder)

    def wait(self, number, folder):
        for _ in range(300):
            try:
                if self.ask("SELECT 1", number) == "1\n":
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((folder / f"server{number}" / "stderr").read_text()[-2000:])

    def ask(self, sql, number=0):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http[number]}/", sql.encode(), timeout=30) as answer:
            return answer.read().decode()

    def kill(self, number):
        self.running[number].kill()
        self.running[number].wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in range(len(self.running)):
            self.kill(number)
