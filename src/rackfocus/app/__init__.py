"""The annotation GUI: pick focus targets, see the shot, annotate a data set (Sec. 5.1).

`workspace` is what was opened, `session` one video of it, `server` what a browser talks to.
"""
