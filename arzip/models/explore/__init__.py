"""What looks at predictions instead of coding: all conditionals, the likeliest bytes, dice."""
