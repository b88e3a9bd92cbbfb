"""Where arzip meets the operating system.

newfile.py       files that appear under their names only when they are complete
temporary.py     the temporary files that these are until then
transport.py     bytes into files and out of them: all of them, or an error
userfolders.py   the user's folders for caches and data
cpus.py          how many CPUs this process may use
heap.py          memory that goes back as soon as it is free
"""
