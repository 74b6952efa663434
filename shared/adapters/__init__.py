"""The doors: one API behind each, plain values on our side. No type of a client library passes out."""
