# syntax=docker/dockerfile:1
# `make test-image` goes through the same steps without Docker: keep tests/image.sh in line.

# Stage one: build the wheel, and with it the encoder, the heads and the demo's vectors.
FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --retries 0 --extra-index-url "$TORCH_INDEX" torch==2.13.0 build
COPY bot bot
COPY intents intents
COPY knowledge_base knowledge_base
COPY escalation escalation
RUN python -m build --wheel --outdir /wheels \
    && pip install --no-cache-dir --constraint constraints.txt "$(ls /wheels/shopbell-*.whl)[models]"
RUN SHOPBELL_CACHE=/cache SHOPBELL_HOME=/tmp/home shopbell models build --demo --serving-only

# Stage two: the wheel alone. No torch, no compiler, no sources.
FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 \
    SHOPBELL_HOME=/var/lib/shopbell \
    SHOPBELL_CACHE=/opt/shopbell/cache
COPY --from=build /wheels /tmp/wheels
COPY constraints.txt /tmp/constraints.txt
RUN pip install --no-cache-dir --constraint /tmp/constraints.txt /tmp/wheels/shopbell-*.whl \
    && rm -r /tmp/wheels /tmp/constraints.txt \
    && useradd --system --create-home --home-dir /var/lib/shopbell shopbell
COPY --from=build --chown=shopbell:shopbell /cache /opt/shopbell/cache
USER shopbell
VOLUME /var/lib/shopbell
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["shopbell"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
