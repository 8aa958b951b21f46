"""The objects of scenes, as meshes."""
