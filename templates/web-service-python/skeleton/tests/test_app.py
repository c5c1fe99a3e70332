import threading
import unittest
import urllib.error
import urllib.request

from app import create_server
from store import MemoryStore


class AppTest(unittest.TestCase):
    def setUp(self):
        self.store = MemoryStore()
        self.server = create_server(self.store, 0, "127.0.0.1")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def get(self, path):
        address = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        try:
            with urllib.request.urlopen(address) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_entries_are_text_not_markup(self):
        self.store.add("<b>bold</b>")
        status, body = self.get("/")
        self.assertEqual(status, 200)
        self.assertIn("&lt;b&gt;bold&lt;/b&gt;", body)

    def test_health(self):
        self.assertEqual(self.get("/healthz"), (200, "ok\n"))

    def test_health_without_its_database(self):
        def ping():
            raise OSError("refused")

        self.store.ping = ping
        self.assertEqual(self.get("/healthz")[0], 503)

    def test_no_such_page(self):
        self.assertEqual(self.get("/nothing")[0], 404)


if __name__ == "__main__":
    unittest.main()
