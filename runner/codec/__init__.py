"""The gateway's wire, without I/O: values in, bytes out, and back.

``content`` makes the message, ``requests`` the form bodies, ``answers`` reads what comes back;
``digest`` names what was made. Source of all of it: the gateway's own interface document.
"""
