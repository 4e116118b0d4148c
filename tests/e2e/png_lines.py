#!/usr/bin/python3
"""png_lines.py FILE RRGGBB...: of each colour, how many pixels there are and how high they lie (0: bottom, 1: top)."""
import sys

import cairocffi

surface = cairocffi.ImageSurface.create_from_png(sys.argv[1])
width, height, stride, data = surface.get_width(), surface.get_height(), surface.get_stride(), bytes(surface.get_data())
for colour in sys.argv[2:]:
    wanted = bytes.fromhex(colour)[::-1]  # cairo keeps blue, green, red
    rows = [y for y in range(height) for x in range(width) if data[y * stride + 4 * x : y * stride + 4 * x + 3] == wanted]
    print(colour, len(rows), round(1 - sum(rows) / len(rows) / (height - 1), 3) if rows else "-")
