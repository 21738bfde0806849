# One image; API, worker, beat and the migration are commands of it.
#
#   docker build --build-arg INTAKE_GIT_SHA="$(git rev-parse HEAD)" \
#                --build-arg BUILT_AT="$(date -u +%FT%TZ)" --tag intake .
#
# LOCK=meaning brings the small language model that matches résumés with jobs by meaning;
# PACKAGES="tesseract-ocr tesseract-ocr-eng tesseract-ocr-fra" reads scanned pages.
ARG PYTHON_IMAGE=python:3.11.15-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ARG LOCK=production
WORKDIR /srv/intake
COPY requirements/ requirements/
RUN python -m venv /opt/uv
RUN /opt/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/uv.txt
RUN python -m venv --without-pip /opt/intake
RUN /opt/uv/bin/uv pip install --quiet --no-cache --python /opt/intake/bin/python --compile-bytecode --require-hashes -r requirements/${LOCK}.txt
COPY pyproject.toml ./
COPY app/ app/
COPY migrations/ migrations/
COPY scripts/migrate_to_s3.py scripts/
# A path and a command in place of a wheel: nothing has to be built, and nothing is fetched unhashed.
RUN /opt/intake/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > /tmp/site && echo /srv/intake > "$(cat /tmp/site)/intake.pth"
RUN printf '#!/opt/intake/bin/python\nfrom app.cli import main\n\nmain()\n' > /opt/intake/bin/intake && chmod 755 /opt/intake/bin/intake
RUN /opt/intake/bin/python -m compileall -q app migrations

FROM ${PYTHON_IMAGE}
ARG PACKAGES=""
RUN if [ -n "${PACKAGES}" ]; then apt-get update && apt-get install --yes --no-install-recommends ${PACKAGES} && rm -rf /var/lib/apt/lists/*; fi
RUN groupadd --gid 10001 intake && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/intake --shell /usr/sbin/nologin intake
RUN mkdir -p /var/lib/intake/files && chown -R 10001:10001 /var/lib/intake
COPY --from=build /opt/intake /opt/intake
COPY --from=build /srv/intake /srv/intake
ARG INTAKE_GIT_SHA=""
ARG BUILT_AT=""
LABEL org.opencontainers.image.title="intake" \
      org.opencontainers.image.description="Résumés become hiring decisions, claim files become answers from payers" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${INTAKE_GIT_SHA}" \
      org.opencontainers.image.created="${BUILT_AT}"
# An image that nobody configured refuses to start and names what is missing.
ENV PATH=/opt/intake/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    PORT=8000 \
    LOCAL_STORAGE_DIR=/var/lib/intake/files \
    INTAKE_GIT_SHA=${INTAKE_GIT_SHA}
WORKDIR /srv/intake
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a platform that kills what is unhealthy must not do so because a database is away.
# Worker and beat do not listen; whoever starts them switches this off or puts their own in its place.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-S", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/livez', timeout=4)"]
CMD ["intake", "serve", "--host", "0.0.0.0"]
