# Segmentry in a container: docker build -t segmentry .
#
# The first stage is a Debian machine that builds as any other does; the second one has the program
# and what it links.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates make \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make build \
 && cmake --install build/release --prefix /usr/local --strip \
 && rm -rf /var/lib/apt/lists/*

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libcurl4 libsqlite3-0 libssl3 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/segmentry --create-home segmentry
COPY --from=build /usr/local/bin/segmentry /usr/local/bin/segmentry
COPY --from=build /usr/local/share/doc/segmentry /usr/local/share/doc/segmentry
# By number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /var/lib/segmentry
VOLUME /var/lib/segmentry
ENV SEGMENTRY_DB=/var/lib/segmentry/segmentry.db \
    SEGMENTRY_LISTEN=0.0.0.0:8080
EXPOSE 8080
# The image has no HTTP client; bash can open the connection itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["bash", "-c", "exec 3<>\"/dev/tcp/127.0.0.1/${SEGMENTRY_LISTEN##*:}\" && printf 'GET /ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["segmentry"]
CMD ["serve"]
