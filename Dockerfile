# The program in a container; deploy/compose.yaml shows how to run it.
FROM python:3.13-slim-bookworm AS build
# A mirror, where the public index is far: docker build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/mms-runner
WORKDIR /source
# First and alone: this layer is made anew only where a dependency changes.
COPY requirements.lock ./
RUN /opt/mms-runner/bin/pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
# The package holds links to these two.
COPY schemas schemas
COPY campaigns campaigns
COPY runner runner
# The build back end is in the lock file, so nothing is fetched here.
RUN /opt/mms-runner/bin/pip install --no-index --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
# git names the commit that is in force.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
# A fixed id, so that the owner of volumes and secrets can be named outside.
RUN groupadd --gid 10001 mms-runner \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin mms-runner \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/mms-runner
COPY --from=build /opt/mms-runner /opt/mms-runner
# Nothing is written but the state: the root may be read-only.
ENV PATH=/opt/mms-runner/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    STATE_DIRECTORY=/var/lib/mms-runner \
    MMS_RUNNER_WORKSPACE=/srv/mms/campaigns
VOLUME /var/lib/mms-runner
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["mms-runner"]
CMD ["daemon", "--log-format", "json"]
