"""What is done before release: the built-in models' parameters are made here."""
