"""Brings the database to what the app needs; run before each start."""

import os

from store import PostgresStore

PostgresStore(os.environ["DATABASE_URL"]).migrate()
