"""The annotation page: pick focus targets, preview the result, annotate a data set (Sec. 5.1).

`server` has the web server and the opened folder, `session` one open video, `work` the background work, and
`page` the user interface.
"""
