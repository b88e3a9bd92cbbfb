"""What arzip must do with any bytes whatever, as functions that a fuzzer calls."""
