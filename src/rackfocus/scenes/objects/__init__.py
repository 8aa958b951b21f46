"""The things that stand in a scene, as meshes."""
