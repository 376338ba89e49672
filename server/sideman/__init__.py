"""sideman: a networked improvisation server that learns from the musicians' flow and plays along with them."""

__version__ = "0.1.0"
