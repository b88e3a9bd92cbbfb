"""The .arz format, as docs/format.md specifies it: frames and segments as bytes.

layout.py   the document's sections 1 to 3: varints and checks, headers, segments, the index
writer.py   makes frames: a compact one at once, a long one as its segments come
reader.py   takes a frame apart, from front to back, as its bytes come
locate.py   finds all segments of a file without decoding, for seeking and listing

Nothing here reads files, decodes payloads or decides how input is cut: see codec.py for what a
payload means and streams/ for the rest.
"""
