"""Says how wide a thumbnail would be."""

import os

import functions_framework


@functions_framework.http
def thumbnail(request):
    return f"at most {os.environ['MAX_WIDTH']} wide"
