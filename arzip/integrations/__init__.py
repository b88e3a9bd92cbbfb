"""Where other libraries meet arzip: each hook is one file, named for the library.

`hooks` registers them when those libraries are imported, so that installing arzip is all that a
user does. None of them imports its library before the user has.
"""
