# mmexplore for a public demo (docs/deploy.md): small Python, no root, the examples computed while it is built.
#
#   docker build -t mmexplore .
#   docker run --rm -p 8501:8501 --memory 1500m mmexplore
#
# The package index's torch for Linux carries CUDA, several GB that a demo has no use for. Give pip the address of
# torch's own index of CPU builds to leave it out:
#
#   docker build --build-arg TORCH_INDEX=ADDRESS -t mmexplore .

FROM python:3.11-slim AS build
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
# For what comes as source only; it stays out of the image.
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/mmexplore
ENV PATH=/opt/mmexplore/bin:$PATH
WORKDIR /app
# First what it needs, which seldom changes (an empty mmexplore stands for the rest), then mmexplore itself.
COPY pyproject.toml README.md LICENSE ./
COPY mmexplore/__init__.py ./mmexplore/
RUN if [ -n "$TORCH_INDEX" ]; then pip install --index-url "$TORCH_INDEX" torch torchvision; fi \
    && pip install ".[app,encoders]"
COPY mmexplore ./mmexplore
RUN pip install --no-deps --force-reinstall .

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 mmexplore
COPY --from=build /opt/mmexplore /opt/mmexplore
# One arena a core: a server of many threads would otherwise keep what they have let go of.
ENV PATH=/opt/mmexplore/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    NUMBA_CACHE_DIR=/home/mmexplore/numba \
    MMEXPLORE_CACHE=/home/mmexplore/cache \
    MMEXPLORE_DEMO=1
USER mmexplore
RUN mmexplore examples --prepare
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
WORKDIR /home/mmexplore
CMD ["mmexplore", "app", "--host", "0.0.0.0", "--port", "8501", "--no-browser"]
