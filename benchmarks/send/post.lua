-- What wrk posts: the file that MMS_BODY names, the same each time.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = assert(io.open(os.getenv("MMS_BODY"), "rb")):read("*a")
