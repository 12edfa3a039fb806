FROM node:24-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings Node 24, so the Node binaries among the optional packages stay out.
RUN npm install --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=install /app/node_modules node_modules
COPY . .
RUN mkdir /data && chown 10001:10001 /data
USER 10001
EXPOSE 2024
CMD ["node", "cli/nemops.js", "serve"]
