"""`rackfocus evaluate`: networks on pictures, the stabiliser on clips, autofocus on videos; a module each."""
