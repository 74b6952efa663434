"""The catalogue's data files and their loader; the values are defined in shared/domain/catalog.py."""
