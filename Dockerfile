# Build:  docker build -t destination-hubspot/destination-hubspot:0.1.0 .
# The build stage's own target is musl, so the program is static and the final stage needs nothing but certificates.

FROM rust:1.95-alpine AS build
# The TLS library (aws-lc-sys) is C, and includes a kernel header where there is one.
RUN apk add --no-cache gcc linux-headers make musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY src ./src
# A member of the workspace, which cargo has to find; it is not built here.
COPY integration_tests/sandbox ./integration_tests/sandbox
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package destination-hubspot --bin destination-hubspot \
    && cp target/release/destination-hubspot /destination-hubspot

FROM alpine:3.22
LABEL io.airbyte.name="destination-hubspot/destination-hubspot" \
      io.airbyte.version="0.1.0" \
      org.opencontainers.image.title="destination-hubspot" \
      org.opencontainers.image.licenses="MIT"
# The platform starts the connector through `sh`, and mounts files into /airbyte.
RUN apk add --no-cache ca-certificates \
    && addgroup -g 1000 airbyte \
    && adduser -D -u 1000 -G airbyte airbyte \
    && mkdir -p /airbyte \
    && chown airbyte:airbyte /airbyte
# Outside /airbyte, so that nothing mounted there can hide it.
COPY --from=build /destination-hubspot /usr/local/bin/destination-hubspot
USER airbyte
WORKDIR /airbyte
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/destination-hubspot"
ENTRYPOINT ["/usr/local/bin/destination-hubspot"]
