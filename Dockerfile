# Built in one stage, run in another that holds nothing but the program, its dependencies and Node.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.base.json ./
COPY packages packages
RUN npx --yes pnpm@12 install --frozen-lockfile --prefer-offline --filter proxy-workspace --filter "./packages/*"
RUN npx --yes pnpm@12 --filter "./packages/*" exec tsup --silent
RUN npx --yes pnpm@12 --filter @proxy/server deploy --prod --legacy --prefer-offline out

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=node:node /build/out ./
RUN mkdir -p data && chown node:node data
USER node
# 6543 where PROXY_PORT=6543 says so, as ai-proxy's users are used to.
EXPOSE 3000 6543
# The limit of its own is for Podman, which knows of --timeout and does not keep it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "-e", "const{PROXY_PORT:a,PORT:b}=process.env;fetch(`http://127.0.0.1:${a||b||3000}/api/health`,{signal:AbortSignal.timeout(4e3)}).then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/main.js", "serve"]
