# What the official node:*-slim has: Debian without anything, Node, npm, the user "node". No compiler, no Python, no git, no certificates.
FROM localhost/debian:bookworm-slim
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY node/bin/node docker-entrypoint.sh /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
RUN cd /usr/local/bin && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
