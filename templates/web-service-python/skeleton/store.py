"""What the app keeps: in PostgreSQL where DATABASE_URL names one, in memory elsewhere."""

TABLE = "CREATE TABLE IF NOT EXISTS entries (id serial PRIMARY KEY, text text NOT NULL)"


class MemoryStore:
    def __init__(self):
        self._entries = []

    def ping(self):
        pass

    def entries(self):
        return list(self._entries)

    def add(self, text):
        self._entries.append(text)


class PostgresStore:
    def __init__(self, url):
        self._url = url

    def _run(self, query, *values):
        import psycopg

        try:
            with psycopg.connect(self._url, connect_timeout=3, client_encoding="utf8") as connection:
                cursor = connection.execute(query, values)
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as error:
            raise OSError(str(error)) from error

    def migrate(self):
        self._run(TABLE)

    def ping(self):
        self._run("SELECT 1")

    def entries(self):
        return [text for (text,) in self._run("SELECT text FROM entries ORDER BY id")]

    def add(self, text):
        self._run("INSERT INTO entries (text) VALUES (%s)", text)


def open_store(url):
    return PostgresStore(url) if url else MemoryStore()
