"""The whole path of a request, beside wrk and beside a loop of `requests.post`."""
