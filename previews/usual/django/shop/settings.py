"""Settings: what belongs to a preview comes from its environment."""

import os
import secrets
from urllib.parse import urlparse

database = urlparse(os.environ["DATABASE_URL"])

ALLOWED_HOSTS = [os.environ["ALLOWED_HOSTS"]]
CSRF_TRUSTED_ORIGINS = [os.environ["CSRF_TRUSTED_ORIGINS"]]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": database.hostname,
        "NAME": database.path.lstrip("/"),
        "PORT": database.port,
        "USER": database.username,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop"]
# It refuses what is asked under another host.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "shop.urls"
# A preview has one process and no sessions to keep.
SECRET_KEY = secrets.token_hex()
