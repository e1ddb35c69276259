"""Asks a service for the class of an image: python client.py photo.jpg http://127.0.0.1:8571"""

import json
import os
import sys
import urllib.request

file, service = sys.argv[1:3]
headers = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {os.environ.get('FT_CADIS_TOKEN')}"}
with open(file, "rb") as image:
    request = urllib.request.Request(f"{service}/predict?n=10000", image.read(), headers)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["verdict"], answer["className"], answer["radius"])
