# The hub with its map. Built from the top of the project:
#   docker build -f docker/hub.Dockerfile -t quietwatch-hub .
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY wire wire
COPY edge edge
COPY hub hub
COPY firmware_sim firmware_sim
COPY quietwatch quietwatch
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
RUN apt-get update -q=2 \
 && apt-get install -q=2 -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY docker/hub.lock /tmp/hub.lock
RUN pip install --no-cache-dir --require-hashes --no-deps -r /tmp/hub.lock
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
COPY docker/start.sh /usr/local/bin/
COPY docker/prepare.py docker/hub.toml docker/edge.toml /usr/local/share/quietwatch/
RUN useradd --system --uid 10001 quietwatch \
 && install -d -o quietwatch -g quietwatch /var/lib/quietwatch
USER quietwatch
WORKDIR /var/lib/quietwatch
VOLUME /var/lib/quietwatch
EXPOSE 8443
ENTRYPOINT ["start.sh"]
CMD ["quietwatch", "hub", "run", "/run/quietwatch/hub.toml"]
