#!/usr/bin/env python3
"""embed.py FILE NAME - prints C that defines the file's bytes, which are ASCII, as the string NAME."""
import sys

data = open(sys.argv[1], "rb").read()
print('#include "page.h"\n\nconst char %s[] = {' % sys.argv[2])
for i in range(0, len(data), 24):
    print("\t" + " ".join("%d," % byte for byte in data[i : i + 24]))
print("\t0,\n};")
