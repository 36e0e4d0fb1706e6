# The server as an image. uWebSockets.js 20.69 is linked against glibc 2.38: Debian trixie has 2.41,
# bookworm only 2.36, and Alpine has no glibc at all.

FROM node:22-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY protocol protocol
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:22-trixie-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=7777
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Migrations are SQL: they are read from where they are written.
COPY --from=build /app/src/projection/migrations src/projection/migrations
USER node
EXPOSE 7777
# The slim image has no curl; node is there anyway.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js", "start"]
