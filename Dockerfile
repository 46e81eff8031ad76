# The service in an image of its own: a static binary and nothing to log in to.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.work go.mod go.sum ./
COPY cmd/go.mod cmd/go.sum cmd/
RUN go mod download
COPY . .
# What --version says. The build does not see the git history.
ARG VERSION=""
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -X 'main.stamp=$VERSION'" -o /dspy-metrics ./cmd/dspy-metrics

# What is linked into the program asks for its licenses to come along.
RUN mkdir /licenses && cp LICENSE /licenses && packaging/licenses /dspy-metrics > /licenses/THIRD_PARTY_LICENSES

# Certificates, time zones and a user, but no shell: the service asks itself.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /dspy-metrics /dspy-metrics
COPY --from=build /licenses /licenses
USER 65532:65532
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/dspy-metrics", "health"]
ENTRYPOINT ["/dspy-metrics"]
