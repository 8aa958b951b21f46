"""`rackfocus evaluate`: networks on images, the stabiliser on clips, autofocus on videos; one module each."""
