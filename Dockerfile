# The bot in a container. docs/operating.md says how to run it; sandboxes of its own belong to Modal, not into this container.
FROM node:24-bookworm-slim

# git clones the demo and asks remotes for their branches; bubblewrap is for local sandboxes, where the container may use it.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 THREADBOX_HOME=/data

# The packages first: they change less often than the code.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY LICENSE manifest.yml ./
COPY handlers handlers
COPY src src

# Everything that is kept. The code stays root's, so that a bot cannot change itself.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node

EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/cli/main.ts", "start"]
