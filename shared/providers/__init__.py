"""What the clouds say, told as observations, and what is to be done, told to the clouds: one module per family."""
