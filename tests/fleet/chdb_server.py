"""A current ClickHouse behind the HTTP interface: the engine is chdb's (PyPI), in this process.

What a server does with a request is done here with its parts: settings of the URL are set, a table that came along in
a form is a temporary one, the statement and its rows go to the engine as they are. Both shards of the cluster `fsa`
are the engine itself, so a Distributed table reads each row twice; the second shard of `away` is a port where nobody
listens.
"""
import email
import socket
import urllib.parse

from http_door import Door

SHARD = "<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>{}</port></replica></shard>"
CONFIG = """<clickhouse>
  <tcp_port>{own}</tcp_port>
  <remote_servers><fsa>{here}{here}</fsa><away>{here}{nobody}</away></remote_servers>
</clickhouse>
"""
OWN_PORT = 9000  # never opened: a shard with the engine's own port is the engine
NOT_SETTINGS = {"query", "wait_end_of_query"}  # parameters of the interface itself


def tables_of(content_type, body, parameters):
    """(name, columns, format, rows) of each table that came along."""
    form = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for part in form.get_payload():
        name = part.get_param("name", header="Content-Disposition")
        yield name, parameters.pop(f"{name}_structure"), parameters.pop(f"{name}_format"), part.get_payload(decode=True)


class Engine:
    def __init__(self, folder):
        from chdb import session  # not everywhere: who has none skips
        folder.mkdir(parents=True)
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            away = nobody.getsockname()[1]
        config = folder / "config.xml"
        config.write_text(CONFIG.format(own=OWN_PORT, here=SHARD.format(OWN_PORT), nobody=SHARD.format(away)))
        self.session = session.Session(f"{folder / 'data'}?config-file={config}")
        self.away = away
        self.asked = []
        self.door = Door(self.answer)

    def ask(self, sql):
        return self.session.query(sql, "TabSeparated").bytes().decode()

    def answer(self, target, content_type, body):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query, strict_parsing=True))
        self.asked.append(parameters["query"])
        try:
            return 200, self.run(parameters, content_type or "", body)
        except RuntimeError as error:
            return 500, str(error).encode()

    def run(self, parameters, content_type, body):
        tables = []
        if content_type.startswith("multipart/form-data"):
            tables, body = list(tables_of(content_type, body, parameters)), b""
        for name, value in parameters.items():
            if name not in NOT_SETTINGS:
                self.session.query(f"SET {name} = '{value}'")
        for name, columns, form, rows in tables:
            self.session.query(f"CREATE TEMPORARY TABLE {name} ({columns})")
            self.session.query(f"INSERT INTO {name} FORMAT {form}\n{rows.decode()}")
        try:
            return self.session.query(f"{parameters['query']}\n{body.decode()}", "TabSeparated").bytes()
        finally:
            for name, *_ in tables:
                self.session.query(f"DROP TEMPORARY TABLE {name}")

    def close(self):
        self.door.close()
        self.session.close()
