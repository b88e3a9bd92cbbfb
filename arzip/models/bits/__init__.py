"""What predicts bits from counts: slots of contexts, the match, and the mixer of all experts."""
