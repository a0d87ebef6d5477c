import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { WriteError, writeText } from '../config/text-file.ts';

/** `proxy init`: a configuration to edit, every option explained. */
export function init(file: string, force: boolean): void {
  const path = resolve(file);
  if (existsSync(path) && !force) {
    process.stderr.write(`${path} is there already. Use --force to replace it, or name another file.\n`);
    process.exitCode = 1;
    return;
  }
  // The file may come to hold keys: nobody else on this machine needs to read it.
  try {
    // JSON has no comments: it gets what they stand around.
    const text = path.endsWith('.json') ? `${JSON.stringify(parse(template), null, 2)}\n` : template;
    writeText(path, text, 0o600);
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(`Wrote ${path}. Edit it, then run: proxy check, and: proxy serve\n`);
}

export const template = `# @proxy configuration. Every option is described in the README.
# \${NAME} is replaced by the environment variable NAME (a .env file beside this one is read too): keep keys there.
# Editors complete and check it with the JSON Schema that "proxy schema" prints.
# 每个选项在 README.zh-CN.md 中都有说明。密钥请写进环境变量或 .env 文件，用 \${NAME} 引用。

server:
  port: 3000
  # Without access keys only 127.0.0.1 is possible; with them the default is 0.0.0.0.
  # host: 0.0.0.0
  # drainSeconds: 30        # how long running requests may go on after a signal to stop
  # maxBodyMb: 100
  # maxUploadMb: 2048       # of a form with files, which is sent on as it comes in

# Who may call. Clients send one of these as their API key.
# accessKeys:
#   - \${PROXY_ACCESS_KEY}
#   - key: \${TEAM_KEY}
#     name: team
#     limits: { requestsPerMinute: 60, tokensPerMinute: 200000, concurrency: 4 }
#   - key: \${ANN_KEY}
#     name: ann-laptop
#     user: ann
#     models: ["claude-*", "!*opus*"]

# All keys of a user together. See docs/limits.md.
# users:
#   - name: ann
#     limits: { budgets: [{ amount: 20, of: usd, per: month }] }

# Who may administer: GET /admin/api/openapi.json describes the API. Without a key, this machine alone.
# admin:
#   key: \${ADMIN_KEY}

# For every access key without limits of its own.
# limits: { requestsPerMinute: 600 }

# Who is let in, and what may be asked for (docs/guards.md).
# guards:
#   trustedProxies: 1
#   deny: [203.0.113.0/24]
#   bans: { errors: 10, windowSeconds: 86400 }
#   perAddress: { requests: 100, windowSeconds: 60 }
#   models: { deny: ["*opus*"] }
#   maxOutputTokens: 8000

# How many calls run at once; the others wait their turn.
# queue: { maxRunning: 100, maxWaiting: 1000, waitSeconds: 60 }

# Where users, keys, bans and calls are kept: a SQLite file (the default), postgres://..., memory,
# or none (memory, and calls are not kept).
# storage: data/proxy.db
# Under which upstream keys lie there that "proxy credentials add" stores.
# encryptionKey: \${ENCRYPTION_KEY}

# Answer 400 instead of leaving out what an upstream's API cannot express.
# strict: true
# Show errors as replies of the model, status 200, to chat programs that show nothing else.
# errorsAsCompletions: true

# Where models live. A caller asks for "name/model", or for a bare name that a route or a list below knows.
upstreams:
  # The demo model needs no key. Remove it once you have an upstream of your own.
  - name: demo
    provider: demo

  # - name: openai
  #   provider: openai
  #   apiKeys:
  #     - \${OPENAI_API_KEY}

  # - name: claude
  #   provider: anthropic
  #   apiKeys: [ '\${ANTHROPIC_API_KEY}', '\${ANTHROPIC_API_KEY_2}' ]
  #   strategy: round-robin  # failover (default), random, weighted, least-busy, cost-first, power-of-two, …: docs/routing.md

  # - name: local
  #   provider: openai-compatible
  #   baseUrl: http://127.0.0.1:8000/v1
  #   models:
  #     gpt-*: llama-4       # public name: the upstream's own name
  #     '*': '*'

  # - name: azure
  #   provider: azure
  #   resource: my-resource          # https://my-resource.openai.azure.com
  #   apiKeys: [ '\${AZURE_OPENAI_API_KEY}' ]
  #   models: { gpt-5.5: my-deployment }

  # - name: vertex
  #   provider: vertex
  #   project: my-project
  #   location: us-east5
  #   apiKeys: [ '\${SERVICE_ACCOUNT_JSON}' ]  # or { file: service-account.json }
  #   connection: { proxy: http://proxy:3128 }

# OpenAI-compatible vendors that we do not know.
# vendors:
#   acme: { baseUrl: https://api.acme.test/v1, keyHeader: x-acme-key, models: [ acme-* ], facts: { topK: true } }

# Where bare model names go; the targets are tried in this order.
# routes:
#   - model: claude-*
#     targets: [ claude, openai/gpt-6.1-sol ]

# log: { level: info, pretty: true }
# timeouts: { headersMs: 600000, idleMs: 300000 }
`;
