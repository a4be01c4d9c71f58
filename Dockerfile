# Build:  docker build -t destination-hubspot/destination-hubspot:0.1.0 .
#         docker buildx build --platform linux/amd64,linux/arm64 ...    (both are built and tested by the release workflow)
#
# Arguments, both with defaults:
#   BUILD_IMAGE  Rust with the musl target of the machine, so that the program is static, and `apk`.
#   BASE_IMAGE   what the program runs on. Anything that has sh, sleep and mv, which the Airbyte platform starts a
#                connector with; the steps below use nothing else of it but echo, mkdir, chown and test.
# By digest, so that a build can be repeated and nobody changes what is under it; the tags are for people.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-alpine@sha256:606fd313a0f49743ee2a7bd49a0914bab7deedb12791f3a846a34a4711db7ed2
ARG BASE_IMAGE=docker.io/library/alpine:3.22@sha256:14358309a308569c32bdc37e2e0e9694be33a9d99e68afb0f5ff33cc1f695dce

FROM ${BUILD_IMAGE} AS build
# The TLS library (aws-lc-sys) is C, and includes a kernel header where there is one.
RUN apk add --no-cache binutils ca-certificates gcc linux-headers make musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY src ./src
# What a registry entry is made of, and the page beside the form.
COPY metadata.yaml ./
COPY docs/setup.md ./docs/
# A member of the workspace, which cargo has to find; it is not built here.
COPY integration_tests/sandbox ./integration_tests/sandbox
# The target by name: any Rust image that has it will do, and two architectures that share the cache below do not write
# to the same file.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    target="$(uname -m)-unknown-linux-musl" \
    && cargo build --release --locked --target "$target" --package destination-hubspot --bin destination-hubspot \
    && cp "target/$target/release/destination-hubspot" /destination-hubspot
# Static: it asks for no library of the image it will run on.
RUN readelf --dynamic /destination-hubspot > /tmp/dynamic && ! grep NEEDED /tmp/dynamic

FROM ${BASE_IMAGE}
# The version of Cargo.toml, which the program is asked for below: a label cannot be wrong.
ARG VERSION=0.1.0
LABEL io.airbyte.name="destination-hubspot/destination-hubspot" \
      io.airbyte.version="${VERSION}" \
      org.opencontainers.image.title="destination-hubspot" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
# Airbyte asks for a user of this name, and mounts files into /airbyte.
RUN echo 'airbyte:x:1000:' >> /etc/group \
    && echo 'airbyte:x:1000:1000::/airbyte:/bin/sh' >> /etc/passwd \
    && mkdir -p /airbyte \
    && chown 1000:1000 /airbyte
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=1000:1000 /destination-hubspot /airbyte/destination-hubspot
RUN test "$(/airbyte/destination-hubspot --version)" = "destination-hubspot ${VERSION}"
USER 1000:1000
WORKDIR /airbyte
ENV AIRBYTE_ENTRYPOINT="/airbyte/destination-hubspot"
ENTRYPOINT ["/airbyte/destination-hubspot"]
