# A server of a model, or of a folder that `whyslow fix` wrote: see docs/serving.md.
#   docker build --tag whyslow .
#   docker run --publish 8000:8000 --volume "$PWD/fast:/model:ro" --stop-timeout 30 whyslow

FROM node:20-slim AS build
# The CPU needs no libraries of CUDA, which the install script would download.
ENV ONNXRUNTIME_NODE_INSTALL=skip
WORKDIR /build
COPY . .
RUN npm ci --no-audit --no-fund && mkdir /packed && npm pack --pack-destination /packed
# gRPC and libraries that are called through C are optional for whyslow, and expected of a server.
RUN npm install --prefix /installed --no-audit --no-fund /packed/whyslow-*.tgz @grpc/grpc-js koffi

FROM node:20-slim
# The server needs Node alone.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* /usr/local/bin/yarn*
# At the root, the packages are found by whyslow and by the folder that is mounted at /model.
COPY --from=build /installed/node_modules /node_modules
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1
USER node
WORKDIR /home/node
EXPOSE 8000 8001
# A model may take a minute to open.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/v2/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/node_modules/.bin/whyslow"]
CMD ["serve", "/model", "--host", "0.0.0.0", "--port", "8000"]
