"""The annotation GUI: pick focus targets, see the shot, annotate a data set (Sec. 5.1).

`server` is what a browser talks to and what was opened, `session` one video of it, `work` what goes on in the
background, `page` what a browser shows.
"""
