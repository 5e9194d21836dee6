# One recipe for every room: docker build --build-arg FUNCTION=scan .
# Each door of the room runs this image with its own FUNCTION_TARGET (the card's `target`).
#
# The base is named by tag; the build pins it by digest, which it looks up in its own registry mirror:
#   --build-arg PYTHON=python:3.11-slim-bookworm@sha256:...   (cloudbuild.yaml, _PYTHON)
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes -r requirements.txt
# Not before: what stands above it is the same for every room, and made once for all of them.
ARG FUNCTION
COPY functions/__init__.py functions/
COPY functions/common functions/common
COPY functions/${FUNCTION} functions/${FUNCTION}
# For the job `python -m retailscan migrate`, which brings about this room's own collections.
COPY retailscan retailscan
# A room that needs more than the others has a locked file of its own.
RUN if [ -f functions/${FUNCTION}/requirements.txt ]; then \
      python -m pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes \
        -r functions/${FUNCTION}/requirements.txt; fi
# Bytecode is part of the image: the file system is read-only for the service, and a cold start should not compile.
RUN python -m compileall -q /app

FROM ${PYTHON}
ARG FUNCTION
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin retailscan
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app/functions /app/functions
COPY --from=build /app/retailscan /app/retailscan
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FUNCTION_USE_ASGI=1 \
    FUNCTION_SOURCE=/app/functions/${FUNCTION}/main.py \
    WORKERS=1 \
    FORWARDED_ALLOW_IPS=
WORKDIR /app
USER 10001
CMD ["functions-framework"]
