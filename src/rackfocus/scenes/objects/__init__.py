"""The objects of scenes, as meshes: each function returns parts about the origin, standing on `z = 0`.

They face the camera (`-y`).
"""
