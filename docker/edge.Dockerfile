# A gateway: what `pip install quietwatch` brings, nothing of the hub's. Built from the top of the project:
#   docker build -f docker/edge.Dockerfile -t quietwatch-edge .
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
COPY docker/edge.lock /tmp/edge.lock
RUN pip install --no-cache-dir --require-hashes --no-deps -r /tmp/edge.lock
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
COPY docker/start.sh docker/simulated.sh /usr/local/bin/
RUN useradd --system --uid 10001 --groups dialout quietwatch \
 && install -d -o quietwatch -g quietwatch /var/lib/quietwatch
USER quietwatch
WORKDIR /var/lib/quietwatch
VOLUME /var/lib/quietwatch
ENTRYPOINT ["start.sh"]
CMD ["quietwatch", "edge", "run", "/run/quietwatch/edge.toml"]
