"""Where arzip meets the operating system: files made whole, streams that lose nothing, folders."""
