"""The factor oracle as a plugin: it enters by the same door as a stranger's model."""
