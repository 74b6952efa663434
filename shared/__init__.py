"""What bot and functions share: the pure domain, its ports, and the doors to the world."""
