"""Sample entries for an empty database; run once in each preview."""

import os

from store import PostgresStore

store = PostgresStore(os.environ["DATABASE_URL"])
for text in ("A first entry", "A second one"):
    store.add(text)
