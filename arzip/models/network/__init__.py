"""What predicts bytes from a trained network, computed in whole numbers."""
