import { describe, expect, test } from 'vitest';
import { buildGatewayOptions, secretsOf } from '../src/config/build.ts';
import { ConfigError } from '../src/config/problems.ts';
import { template } from '../src/cli/init.ts';
import { folder, load } from './support.ts';

/** The problems of a YAML configuration; none when it is good. */
function problemsOf(yaml: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    load(folder({ 'proxy.config.yaml': yaml }), env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const demo = 'upstreams: [{ name: a, provider: demo }]\n';

describe('errors name the path and the mend', () => {
  const table: readonly (readonly [string, string, string])[] = [
    [
      'a misspelt provider',
      'upstreams: [{ name: a, provider: demo }, { name: b, provider: openia }]',
      'upstreams[1].provider: "openia" is not a provider. Did you mean "openai"? Known: anthropic,',
    ],
    [
      'a misspelt option',
      'upstreams: [{ name: a, provider: demo, baseURL: x }]',
      'upstreams[0]: "baseURL" is not an option here. Did you mean "baseUrl"? Known: name, provider,',
    ],
    ['a misspelt section', 'upstream: []', '"upstream" is not an option here. Did you mean "upstreams"?'],
    [
      'an option that resembles nothing',
      'server: { wibble: 1 }',
      'server: "wibble" is not an option here. Known: host, port,',
    ],
    ['a port out of range', 'server: { port: 70000 }', 'server.port: must be a whole number from 0 to 65535.'],
    ['a word where a number belongs', 'server: { port: many }', 'server.port: must be a whole number from 0 to 65535.'],
    [
      'a check of keys every month, for which no timer waits',
      'checkKeys: { everyMinutes: 43200 }',
      'checkKeys.everyMinutes: must be a number from 0 to 35791 (24 days).',
    ],
    [
      'a wait for longer than a timer waits',
      'queue: { waitSeconds: 99999999 }',
      'queue.waitSeconds: must be a number from 0 to 2147483 (24 days).',
    ],
    [
      'heartbeats without a pause',
      'queue: { heartbeatSeconds: 0 }',
      'queue.heartbeatSeconds: must be a number from 0.01 to 2147483 (24 days).',
    ],
    [
      'a price over midnight, which would hold at no hour',
      'prices: [{ model: x, input: 1, hoursUtc: [[22, 2]] }]',
      'prices[0].hoursUtc[0]: must be hours of a day such as [16, 24]',
    ],
    [
      'a price that ends before it begins',
      'prices: [{ model: x, input: 1, from: 2026-05-01, until: 2026-01-01 }]',
      'prices[0].until: is before "from": the price would never hold.',
    ],
    [
      'a breaker that never opens',
      'upstreams: [{ name: a, provider: demo, breaker: { failures: 5, of: 3 } }]',
      'upstreams[0].breaker.of: must not be less than "failures"',
    ],
    [
      'a day that is in no calendar',
      'prices: [{ model: x, input: 1, from: 2026-13-01 }]',
      'prices[0].from: must be a day such as 2026-01-31.',
    ],
    ['a missing name', 'upstreams: [{ provider: demo }]', 'upstreams[0].name: must be a text.'],
    [
      'a slash in a name',
      'upstreams: [{ name: a/b, provider: demo }]',
      'upstreams[0].name: must not hold a slash or white space',
    ],
    [
      'an address without a scheme',
      'upstreams: [{ name: a, provider: openai, baseUrl: api.openai.com }]',
      'upstreams[0].baseUrl: must begin with http:// or https://.',
    ],
    [
      'a password in an address',
      'upstreams: [{ name: a, provider: openai, baseUrl: "https://me:pass@host/v1" }]',
      'upstreams[0].baseUrl: must not hold user:password@.',
    ],
    [
      'an access key of digits alone',
      `${demo}accessKeys: [12345678901234567890]`,
      'accessKeys[0]: must be a text: put it in quotes.',
    ],
    [
      'an upstream key of digits alone',
      'upstreams: [{ name: a, provider: openai, apiKeys: [12345678901234567890] }]',
      'upstreams[0].apiKeys[0]: must be a text: put it in quotes.',
    ],
    [
      'an address that is none',
      'upstreams: [{ name: a, provider: openai-compatible, baseUrl: "https://host:99999/v1" }]',
      'upstreams[0].baseUrl: is no address: look at its host and port.',
    ],
    [
      'a key with a character that was copied along and is not seen',
      'upstreams: [{ name: a, provider: openai, apiKeys: ["sk-0123\\u200b4567"] }]',
      'upstreams[0].apiKeys[0].key: holds a character that no header can carry',
    ],
    [
      'a header with white space in its name',
      'upstreams: [{ name: a, provider: demo, headers: { "x team": a } }]',
      'upstreams[0].headers.x team: is no name of a header',
    ],
    [
      'a header that cannot be sent',
      'upstreams: [{ name: a, provider: demo, headers: { x-team: 团队 } }]',
      'upstreams[0].headers.x-team: holds a character that no header can carry.',
    ],
    [
      'a compatible upstream without an address',
      'upstreams: [{ name: a, provider: openai-compatible }]',
      'upstreams[0].baseUrl: is missing, and provider "openai-compatible" has no address of its own.',
    ],
    [
      'a vendor without a key',
      'upstreams: [{ name: a, provider: anthropic }]',
      'upstreams[0].apiKeys: is missing, and ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is not set.',
    ],
    [
      'an empty list of keys',
      'upstreams: [{ name: a, provider: openai, apiKeys: [] }]',
      'upstreams[0].apiKeys: must not be empty',
    ],
    [
      'one key that is no list',
      'upstreams: [{ name: a, provider: openai, apiKeys: sk-secret }]',
      'upstreams[0].apiKeys: must be a list of keys',
    ],
    [
      'a misspelt strategy',
      'upstreams: [{ name: a, provider: demo, strategy: roundrobbin }]',
      'upstreams[0].strategy: "roundrobbin" is not a strategy. Did you mean "round-robin"?',
    ],
    [
      'a dialect that the provider lacks',
      'upstreams: [{ name: a, provider: anthropic, apiKeys: [k-12345], dialects: [openai-chat] }]',
      'upstreams[0].dialects[0]: provider "anthropic" does not speak "openai-chat", only anthropic-messages.',
    ],
    [
      'models that are neither list nor map',
      'upstreams: [{ name: a, provider: demo, models: gpt-x }]',
      'upstreams[0].models: must be a list of model names, or a map',
    ],
    [
      'two upstreams of one name',
      'upstreams: [{ name: a, provider: demo }, { name: a, provider: demo }]',
      'upstreams[1].name: "a" is the name of upstreams[0] already.',
    ],
    [
      'a route to nowhere',
      `${demo}routes: [{ model: x, targets: [bb/gpt] }]`,
      'routes[0].targets[0]: "bb" is not an upstream.',
    ],
    [
      'a route that is there twice',
      `${demo}routes: [{ model: x, targets: [a] }, { model: x, targets: [a] }]`,
      'routes[1].model: "x" has a route already, routes[0].',
    ],
    [
      'an access key that is there twice',
      `${demo}accessKeys: [abcdef, abcdef]`,
      'accessKeys[1].key: is the same as accessKeys[0].key.',
    ],
    [
      'a misspelt limit',
      `${demo}accessKeys: [{ key: abcdef, limits: { requestPerMinute: 3 } }]`,
      'accessKeys[0].limits: "requestPerMinute" is not an option here. Did you mean "requestsPerMinute"?',
    ],
    [
      'an access key whose end is no time',
      `${demo}accessKeys: [{ key: abcdef, expiresAt: true }]`,
      'accessKeys[0].expiresAt: must be a time: 2026-12-31',
    ],
    [
      'an access key that ends later than any date',
      `${demo}accessKeys: [{ key: abcdef, expiresAt: 9000000000000000 }]`,
      'accessKeys[0].expiresAt: must be a time: 2026-12-31',
    ],
    [
      'a budget in no time zone',
      `${demo}limits: { budgets: [{ amount: 1, of: usd, per: day, timeZone: Mars/Olympus }] }`,
      'limits.budgets[0].timeZone: "Mars/Olympus" is no time zone. Write an IANA name such as Europe/Berlin.',
    ],
    [
      'a budget that is filled on a day that never comes',
      `${demo}limits: { budgets: [{ amount: 1, of: usd, per: 0 0 30 2 * }] }`,
      'limits.budgets[0].per: must be minute, hour, day, week, month, total or a cron expression. "0 0 30 2 *" never comes;',
    ],
    [
      'a misspelt log level',
      'log: { level: warning }',
      'log.level: "warning" is not a log level. Did you mean "warn"?',
    ],
    [
      'an unset variable',
      'accessKeys: ["${NOT_SET_HERE}"]',
      'accessKeys[0]: the environment variable NOT_SET_HERE is not set.',
    ],
    [
      'a misspelt fact',
      'modelFacts: [{ match: x, facts: { topk: true } }]',
      'modelFacts[0].facts: "topk" is not an option here. Did you mean "topK"?',
    ],
    [
      'an upstream that is this proxy',
      'server: { port: 4000 }\nupstreams: [{ name: a, provider: openai, baseUrl: "http://localhost:4000/v1" }]',
      'upstreams[0].baseUrl: http://localhost:4000/v1 is this proxy itself.',
    ],
    [
      'one origin, checked and unchecked',
      'upstreams: [{ name: a, provider: openai, baseUrl: "https://h/v1", insecureSkipVerify: true }, { name: b, provider: anthropic, baseUrl: "https://h" }]',
      'upstreams[0].insecureSkipVerify: upstreams[1] is at the same address and is reached in another way.',
    ],
    ['text that is no YAML', 'upstreams: [', 'It is not YAML: '],
    ['a list instead of sections', '- a\n- b', 'must be a section, not a list.'],
  ];
  test.each(table)('%s', (_, yaml, problem) => {
    expect(problemsOf(yaml).join('\n')).toContain(problem);
  });

  test('every problem is told at once', () => {
    expect(problemsOf('server: { port: x }\nlog: { level: loud }\nstrict: maybe')).toHaveLength(3);
  });

  test('no message repeats what may be a secret', () => {
    const secret = 'sk-very-secret-value-1234567890';
    const files = [
      `upstreams: [{ name: a, provider: openai, apiKeys: ${secret} }]`,
      `upstreams: [{ name: a, provider: openai, apiKeys: [[${secret}]] }]`,
      `accessKeys: { ${secret}: 1 `,
      `accessKeys: [${secret}, ${secret}]`,
    ];
    for (const file of files) {
      const problems = problemsOf(file);
      expect(problems).not.toEqual([]);
      expect(problems.join('\n')).not.toContain(secret);
    }
  });

  test('broken JSON does not show the text around the fault', () => {
    const cwd = folder({ 'proxy.config.json': '{"accessKeys": ["sk-secret-secret", oops]}' });
    expect(() => load(cwd)).toThrow(/It is not JSON/);
    expect(() => load(cwd)).not.toThrow(/sk-secret/);
  });
});

describe('what a file may say', () => {
  test('short forms, wildcards, references and routes', () => {
    const cwd = folder({
      'proxy.config.yaml': `
server: { port: "\${MY_PORT}", host: 0.0.0.0 }
accessKeys: ["\${KEY_A}", { key: plain-key-b, name: team, limits: { requestsPerMinute: 5 } }]
strict: true
upstreams:
  - name: main
    provider: openai
    apiKeys: [sk-one-123456, { key: sk-two-123456, weight: 3 }]
    strategy: weighted
    models: { "fast": gpt-small, "claude-*": gpt-large }
  - name: local
    provider: openai-compatible
    baseUrl: http://127.0.0.1:9/v1
    headers: { X-Team: blue, x-price: "$\${not-a-reference}" }
routes:
  - { model: gpt-*, targets: [main, local/llama, { upstream: local }] }
modelFacts: [{ match: llama*, facts: { images: false } }]
timeouts: { headersMs: 1000 }
log: { level: debug }
`,
    });
    const config = load(cwd, { MY_PORT: '4321', KEY_A: 'from-env-key' });
    expect(config.server).toMatchObject({ port: 4321, host: '0.0.0.0', maxBodyMb: 100 });
    expect(config.accessKeys.map(({ key }) => key)).toEqual(['from-env-key', 'plain-key-b']);
    expect(config.routes[0]?.targets).toEqual([
      { upstream: 'main' },
      { upstream: 'local', model: 'llama' },
      { upstream: 'local' },
    ]);
    const options = buildGatewayOptions(config, { transport: { send: () => Promise.reject(new Error('unused')) } });
    const [main, local] = options.upstreams;
    expect(main?.provider.name).toBe('openai');
    expect(main?.credentials.map(({ secret, weight }) => [secret, weight])).toEqual([
      ['sk-one-123456', undefined],
      ['sk-two-123456', 3],
    ]);
    expect(local?.headers).toEqual({ 'x-team': 'blue', 'x-price': '${not-a-reference}' });
    expect(options).toMatchObject({ strict: true, timeouts: { headersMs: 1000 }, maxBodyBytes: 100 * 1024 * 1024 });
  });

  test('credential ids name the upstream and the place, never the key', () => {
    const cwd = folder({ 'proxy.config.yaml': 'upstreams: [{ name: a, provider: openai, apiKeys: [sk-abcdefghij] }]' });
    const options = buildGatewayOptions(load(cwd), { transport: { send: () => Promise.reject(new Error('unused')) } });
    expect(options.upstreams[0]?.credentials[0]?.id).toMatch(/^a#1-[0-9a-f]{6}$/);
  });

  test('an empty file is a file that says nothing', () => {
    expect(load(folder({ 'proxy.config.yaml': '\nupstreams:\n  # nothing yet\n' })).upstreams[0]?.provider).toBe(
      'demo',
    );
  });

  test('the file that init writes is good as it is', () => {
    expect(problemsOf(template)).toEqual([]);
  });

  test('the file that init writes is good with every comment taken as an example', () => {
    const all = template.replace(/^( *)# ?( *(?:[\w'*-]+:|- ).*)$/gm, '$1$2').replace(/\n(?:# .*|.*每个选项.*)/g, '');
    const env = Object.fromEntries(
      [
        'PROXY_ACCESS_KEY',
        'TEAM_KEY',
        'ADMIN_KEY',
        'ENCRYPTION_KEY',
        'ANN_KEY',
        'OPENAI_API_KEY',
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_API_KEY_2',
        'AZURE_OPENAI_API_KEY',
        'SERVICE_ACCOUNT_JSON',
      ].map((name) => [name, `value-of-${name}`]),
    );
    expect(problemsOf(all, env)).toEqual([]);
    const config = load(folder({ 'proxy.config.yaml': all }), env);
    expect(config.upstreams.map(({ name }) => name)).toEqual(['demo', 'openai', 'claude', 'local', 'azure', 'vertex']);
    expect(config.routes).toHaveLength(1);
  });

  test('a route that no name leads to is told of', () => {
    const file =
      'upstreams: [{ name: a, provider: demo }]\nroutes: [{ model: a/x, targets: [a] }, { model: b/x, targets: [a] }]';
    expect(load(folder({ 'proxy.config.yaml': file })).notes).toEqual([
      'routes[0] is never taken: "a/x" always means the upstream "a". Give it another name.',
    ]);
  });

  test('all secrets are known to the log', () => {
    const cwd = folder({
      'proxy.config.yaml':
        'accessKeys: [mine-123]\nupstreams: [{ name: a, provider: openai, apiKeys: [theirs-123], headers: { x-api-token: third-123, x-team: blue } }]',
    });
    expect(secretsOf(load(cwd))).toEqual(['mine-123', 'theirs-123', 'third-123']);
  });
});

describe('environment, .env and flags', () => {
  test('a vendor key alone makes a working upstream', () => {
    const config = load(folder(), {
      OPENAI_API_KEY: 'sk-a',
      ANTHROPIC_AUTH_TOKEN: 'tok',
      GOOGLE_API_KEY: 'AIza',
      DEEPSEEK_API_KEY: 'ds',
    });
    expect(config.upstreams.map(({ name }) => name)).toEqual(['anthropic', 'gemini', 'openai', 'deepseek']);
    expect(config.notes).toEqual([]);
  });

  test('base URLs can be moved', () => {
    const env = {
      OPENAI_API_KEY: 'sk-a',
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      GEMINI_API_KEY: 'g',
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:2',
    };
    expect(load(folder(), env).upstreams.map(({ baseUrl }) => baseUrl)).toEqual([
      'http://127.0.0.1:2',
      'http://127.0.0.1:1/v1',
    ]);
  });

  test('a client set-up in the same shell does not make the proxy call itself', () => {
    const config = load(folder(), {
      PORT: '3000',
      ANTHROPIC_API_KEY: 'any',
      ANTHROPIC_BASE_URL: 'http://localhost:3000',
    });
    expect(config.upstreams.map(({ name }) => name)).toEqual(['demo']);
    expect(config.notes.join()).toContain('this proxy itself');
  });

  test('A4 .env is read, the real environment wins, and flags win over both', () => {
    const cwd = folder({ '.env': 'PORT=4001\nLOG_LEVEL=debug\nOPENAI_API_KEY=from-dotenv\n' });
    expect(load(cwd)).toMatchObject({ server: { port: 4001 }, log: { level: 'debug' } });
    expect(load(cwd).upstreams[0]?.apiKeys).toEqual([{ key: 'from-dotenv' }]);
    const env = { PORT: '4002', OPENAI_API_KEY: 'from-env' };
    expect(load(cwd, env).server.port).toBe(4002);
    expect(load(cwd, env).upstreams[0]?.apiKeys).toEqual([{ key: 'from-env' }]);
    expect(load(cwd, env, { port: 4003 }).server.port).toBe(4003);
  });

  test('A2 the port is 3000 when nobody says', () => {
    expect(load(folder()).server.port).toBe(3000);
  });

  test('bad values are told by the name of their variable', () => {
    expect(() => load(folder(), { PORT: '80x', LOG_LEVEL: 'inof' })).toThrow(
      /PORT: "80x" is not a port[\s\S]*LOG_LEVEL: "inof" is not a log level. Did you mean "info"/,
    );
  });

  test('a HOST that is no address belongs to somebody else', () => {
    const config = load(folder(), { HOST: 'x86_64-conda-linux-gnu' });
    expect(config.server.host).toBe('127.0.0.1');
    expect(config.notes.join()).toContain('x86_64-conda-linux-gnu');
  });

  test('upstreams in the file keep the environment out, except for the key of an upstream at its vendor', () => {
    const file =
      'upstreams: [{ name: a, provider: openai }, { name: b, provider: anthropic, baseUrl: "https://elsewhere.example" }]';
    const config = load(folder({ 'proxy.config.yaml': file }), {
      OPENAI_API_KEY: 'sk-env',
      ANTHROPIC_API_KEY: 'sk-ant-env',
      GEMINI_API_KEY: 'g',
    });
    expect(config.upstreams).toEqual([
      { name: 'a', provider: 'openai', apiKeys: [{ key: 'sk-env' }] },
      { name: 'b', provider: 'anthropic', baseUrl: 'https://elsewhere.example' },
    ]);
  });

  test('a named file must be there', () => {
    expect(() => load(folder(), {}, { config: 'nowhere.yaml' })).toThrow(
      /There is no file .*nowhere\.yaml.*proxy init/,
    );
  });

  test("somebody else's config.json is left alone", () => {
    const config = load(folder({ 'config.json': '{"theme": "dark"}' }));
    expect(config.upstreams[0]?.provider).toBe('demo');
    expect(config.notes.join()).toContain('not a configuration of this program');
  });
});

describe('safe by default', () => {
  test('without an access key only this machine is listened to', () => {
    expect(load(folder()).server.host).toBe('127.0.0.1');
  });

  test('with one, everybody may come', () => {
    expect(load(folder(), { PROXY_ACCESS_KEY: 'a-secret-of-ours' }).server.host).toBe('0.0.0.0');
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])('without one, %s is refused with the mend', (host) => {
    expect(() => load(folder(), {}, { host })).toThrow(
      /Refusing to listen on .*Set PROXY_ACCESS_KEY.*or listen on 127\.0\.0\.1/,
    );
  });

  test.each(['127.0.0.1', 'localhost', '::1', '127.8.8.8', '::ffff:127.0.0.1'])('%s needs no key', (host) => {
    expect(load(folder(), {}, { host }).server.host).toBe(host);
  });

  test('C10 the sample key of the documentation protects nothing', () => {
    const config = load(folder(), { PROXY_ACCESS_KEY: 'your-proxy-access-key' });
    expect(config.server.host).toBe('127.0.0.1');
    expect(config.notes.join()).toContain('no secret');
    expect(() => load(folder(), { PROXY_ACCESS_KEY: 'your-proxy-access-key' }, { host: '0.0.0.0' })).toThrow(
      /everybody knows/,
    );
  });
});

describe('Bedrock', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };
  const upstreams = (env: Readonly<Record<string, string>>) => load(folder(), env).upstreams;

  test('AWS’s own variables make an upstream, if they say where', () => {
    expect(upstreams({ ...keys, AWS_SESSION_TOKEN: 'token', AWS_REGION: 'eu-west-1' })).toEqual([
      {
        name: 'bedrock',
        provider: 'bedrock',
        apiKeys: [{ key: 'AKIAEXAMPLE:wJalrXUtnFEMI:token' }],
        settings: { region: 'eu-west-1' },
      },
    ]);
    expect(upstreams({ AWS_BEARER_TOKEN_BEDROCK: 'ABSKabc', AWS_DEFAULT_REGION: 'us-east-1' })).toMatchObject([
      { apiKeys: [{ key: 'ABSKabc' }], settings: { region: 'us-east-1' } },
    ]);
    expect(upstreams({ AWS_CREDENTIALS: 'a:b:us-east-1, c:d:us-west-2' })).toMatchObject([
      { provider: 'bedrock', apiKeys: [{ key: 'a:b:us-east-1' }, { key: 'c:d:us-west-2' }] },
    ]);
    expect(upstreams(keys)).toMatchObject([{ provider: 'demo' }]);
    expect(upstreams({ AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_REGION: 'eu-west-1' })).toMatchObject([
      { provider: 'demo' },
    ]);
  });

  test('a file names region and keys; the region reaches the gateway', () => {
    const yaml = 'upstreams: [{ name: b, provider: bedrock, region: eu-central-1, apiKeys: ["AKIA:secret"] }]';
    const options = buildGatewayOptions(load(folder({ 'proxy.config.yaml': yaml })), {
      transport: { send: () => Promise.reject() },
    });
    expect(options.upstreams[0]).toMatchObject({ settings: { region: 'eu-central-1' }, provider: { name: 'bedrock' } });
    const keyless = 'upstreams: [{ name: b, provider: bedrock }]';
    expect(problemsOf(keyless, { ...keys, AWS_REGION: 'eu-west-1' })).toEqual([]);
  });

  test.each([
    ['a missing region', 'apiKeys: ["a:b"]', 'upstreams[0].region: is missing. It is an AWS region, like us-east-1.'],
    [
      'a malformed region',
      'apiKeys: ["a:b"], region: Frankfurt',
      'upstreams[0].region: "Frankfurt" is not an AWS region',
    ],
    ['a malformed key', 'apiKeys: ["a:"], region: us-east-1', 'upstreams[0].apiKeys[0]: An AWS credential is written'],
    [
      'a missing key',
      'region: us-east-1',
      'AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY is not set',
    ],
    [
      'an unknown setting',
      'apiKeys: ["a:b"], settings: { regoin: x }',
      'upstreams[0].regoin: "regoin" is not a setting of "bedrock". Did you mean "region"?',
    ],
  ])('%s is named', (_, members, problem) => {
    expect(problemsOf(`upstreams: [{ name: b, provider: bedrock, ${members} }]`).join('\n')).toContain(problem);
  });

  test('each part of an AWS credential is a secret', () => {
    const yaml = 'upstreams: [{ name: b, provider: bedrock, apiKeys: ["AKIA:0123456789abcdefghij:us-east-1"] }]';
    expect(secretsOf(load(folder({ 'proxy.config.yaml': yaml })))).toEqual([
      'AKIA:0123456789abcdefghij:us-east-1',
      '0123456789abcdefghij',
    ]);
  });

  test('another provider has no region', () => {
    expect(problemsOf('upstreams: [{ name: a, provider: demo, region: x }]')).toEqual([
      'upstreams[0].region: provider "demo" has no settings.',
    ]);
  });
});
