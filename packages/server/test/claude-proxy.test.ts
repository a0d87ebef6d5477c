import { expect, test } from 'vitest';
import { buildGatewayOptions } from '../src/config/build.ts';
import { loadConfig } from '../src/config/load.ts';
import { folder, load } from './support.ts';

// What the predecessor's README shows, and what its users' files hold.
const sample = {
  upstream: [
    { name: 'openai-main', baseUrl: 'https://api.openai.com/v1', apiKeys: ['sk-1', 'sk-2'], serviceType: 'openai' },
    {
      name: 'gem',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
      apiKeys: ['AIza1'],
      serviceType: 'gemini',
      description: 'kept',
    },
    {
      name: 'relay',
      baseUrl: 'https://relay.example/',
      apiKeys: ['k1'],
      serviceType: 'claude',
      insecureSkipVerify: true,
    },
    {
      name: 'old',
      baseUrl: 'http://127.0.0.1:9',
      apiKeys: ['k1'],
      serviceType: 'openaiold',
      modelMapping: { opus: 'big', 'claude-opus-4': 'exact', haiku: 'small' },
    },
    { name: 'keyless', baseUrl: 'https://x.example', apiKeys: [], serviceType: 'custom' },
  ],
  currentUpstream: 0,
  loadBalance: 'round-robin',
  somethingElse: { kept: true },
};

function loadSample(change: object, env: Readonly<Record<string, string>> = {}) {
  return load(folder({ 'config.json': JSON.stringify({ ...sample, ...change }) }), env);
}

test('D20, D26 the file is read as it is, and only the current upstream is routed to', () => {
  const config = loadSample({ currentUpstream: 1 });
  expect(config.upstreams).toEqual([
    {
      name: 'gem',
      provider: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
      apiKeys: [{ key: 'AIza1' }],
      strategy: 'round-robin',
    },
  ]);
  expect(config.routes).toEqual([{ model: '*', targets: [{ upstream: 'gem' }] }]);
  expect(config.health).toMatchObject({ upstreamCount: 5, currentUpstream: 1, loadBalance: 'round-robin' });
});

test('D6 OpenAI itself also gets Responses; openaiold says max_tokens and openai max_completion_tokens elsewhere', () => {
  expect(loadSample({}).upstreams[0]).toMatchObject({ provider: 'openai' });
  expect(loadSample({ currentUpstream: 3 }).upstreams[0]).toMatchObject({
    provider: 'openai-compatible',
    facts: { maxTokensField: 'max_tokens' },
  });
  const elsewhere = [{ name: 'x', baseUrl: 'http://127.0.0.1:9', apiKeys: ['k'], serviceType: 'openai' }];
  expect(loadSample({ upstream: elsewhere }).upstreams[0]).toMatchObject({
    provider: 'openai-compatible',
    facts: { maxTokensField: 'max_completion_tokens' },
  });
});

test('D30 modelMapping is by exact name, then by the longest word', () => {
  expect(loadSample({ currentUpstream: 3 }).upstreams[0]?.models).toEqual({
    opus: 'big',
    '*opus*': 'big',
    'claude-opus-4': 'exact',
    '*claude-opus-4*': 'exact',
    haiku: 'small',
    '*haiku*': 'small',
    '*': '*',
  });
});

test('D26 a current upstream without a key is an error for callers, not a reason to move on', () => {
  const config = loadSample({ currentUpstream: 4 });
  expect(config.notes.join()).toContain('"keyless" has no API key');
  const options = buildGatewayOptions(config, { transport: { send: () => Promise.reject(new Error('unused')) } });
  expect(options.upstreams.map(({ name, credentials }) => [name, credentials])).toEqual([['keyless', []]]);
});

test('D23 LOAD_BALANCE_STRATEGY is the default, the file wins, and failover is what is left', () => {
  const silent = { loadBalance: undefined };
  expect(loadSample({}, { LOAD_BALANCE_STRATEGY: 'random' }).health.loadBalance).toBe('round-robin');
  expect(loadSample(silent, { LOAD_BALANCE_STRATEGY: 'random' }).upstreams[0]?.strategy).toBe('random');
  expect(loadSample(silent).upstreams[0]?.strategy).toBe('failover');
});

test('D29 insecureSkipVerify stays with its upstream', () => {
  expect(loadSample({ currentUpstream: 2 }).upstreams[0]?.insecureSkipVerify).toBe(true);
  expect(loadSample({ currentUpstream: 0 }).upstreams[0]).not.toHaveProperty('insecureSkipVerify');
});

test('the current upstream may be a name, and a number past the end is the last', () => {
  expect(loadSample({ currentUpstream: 'GEM' }).upstreams[0]?.name).toBe('gem');
  expect(loadSample({ currentUpstream: 99 }).upstreams[0]?.name).toBe('keyless');
});

test('an unknown service type is told with a guess', () => {
  const upstream = [{ name: 'x', baseUrl: 'https://x.example', apiKeys: ['k'], serviceType: 'cluade' }];
  expect(() => loadSample({ upstream })).toThrow(
    /upstream\[0\]\.serviceType: "cluade" is not a service type\. Did you mean "claude"/,
  );
});

test('D21 a broken config.json: a start goes on and says so, a reload refuses', () => {
  const cwd = folder({ 'config.json': '{' });
  const config = loadConfig({ cwd, env: {}, flags: {}, tolerant: true });
  expect(config.upstreams).toEqual([]);
  expect(config.notes.join()).toContain('cannot be read');
  expect(() => load(cwd)).toThrow(/It is not JSON/);
});

test('A13, C8 HEALTH_CHECK_ENABLED, HEALTH_CHECK_PATH and REQUEST_TIMEOUT work', () => {
  const config = loadSample({}, { HEALTH_CHECK_ENABLED: 'false', HEALTH_CHECK_PATH: 'alive', REQUEST_TIMEOUT: '5000' });
  expect(config.health).toMatchObject({ enabled: false, path: '/alive' });
  expect(config.timeouts).toEqual({ headersMs: 5000 });
});
