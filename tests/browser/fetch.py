"""Prints what is at an address, for the bearer of a token."""

import sys
import urllib.request

address, token = sys.argv[1:]
request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
with urllib.request.urlopen(request, timeout=60) as answer:
    sys.stdout.write(answer.read().decode())
