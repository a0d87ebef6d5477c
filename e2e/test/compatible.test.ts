/** Every OpenAI-compatible vendor we ship a row for, at its own path, with its key and its own words. */
import { providerByName, providerNames } from '@proxy/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, upstreamWords, type DialectName, type PlaceWords } from '../dialects.ts';
import { accessKey, startGateway, type RunningGateway } from '../gateway.ts';
import { play } from '../play.ts';
import { items, type Members } from '../rules/json.ts';
import { imageIn, parallelTools, reasoning, text, type Scenario } from '../scenarios.ts';
import { framesBeforeError } from '../stages.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

const key = 'key-of-the-vendor';
const model = 'open-model-70b';
/** Azure, Bedrock, Vertex and the four vendors of their own dialects have suites of their own. */
const own = new Set(['anthropic', 'azure', 'bedrock', 'gemini', 'openai', 'vertex']);
const vendors = providerNames.filter((name) => !own.has(name) && providerByName(name)?.baseUrl !== undefined);

const upstreams = new Map<string, Upstream>();
let gateway: RunningGateway;

beforeAll(async () => {
  for (const name of vendors) upstreams.set(name, await startUpstream('openai-chat', wordsOf(name)));
  gateway = await startGateway({
    upstreams: vendors.map((name) => ({
      name,
      provider: providerByName(name) ?? expect.fail(name),
      baseUrl: at(name).url + basePath(name),
      credentials: [{ id: name, secret: key }],
      models: { [model]: model },
    })),
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
});

function at(name: string): Upstream {
  return upstreams.get(name) ?? expect.fail(`${name} was not started.`);
}

function targetOf(name: string) {
  return { url: gateway.url, key: accessKey, model: `${name}/${model}` };
}

function hello(client: DialectName, name: string) {
  return clients[client].open(targetOf(name), { user: 'Greet me.' });
}

function basePath(name: string): string {
  return new URL(providerByName(name)?.baseUrl ?? '').pathname.replace(/\/$/, '');
}

/** The vendor's own switches are no words of OpenAI's: what is left must be a request that its types allow. */
function wordsOf(name: string): PlaceWords {
  const base = basePath(name);
  const path = `${/\/v\d+$/.test(base) ? base : `${base}/v1`}/chat/completions`;
  return {
    ...upstreamWords['openai-chat'],
    model,
    path: new RegExp(`^${path}$`),
    unwrapped(asked) {
      const { enable_thinking: _, thinking: __, chat_template_kwargs: ___, reasoning: ____, ...body } = asked.body;
      const messages = items(body['messages']).map((message) => withoutThoughts(message));
      return { ...asked, body: { ...body, messages } };
    },
    faults: ({ body, headers }) => [
      ...(headers['content-type'] === 'application/json' ? [] : ['content-type']),
      ...['store', 'metadata', 'prompt_cache_key', 'safety_identifier'].filter((member) => member in body),
    ],
  };
}

test('there are the seventeen of the acceptance list, and more', () => {
  for (const name of [
    'deepseek', 'dashscope', 'moonshot', 'zhipu', 'minimax', 'siliconflow', 'openrouter', 'groq', 'together', 'fireworks',
    'mistral', 'xai', 'cohere', 'ollama', 'vllm', 'lmstudio', 'llamacpp',
  ]) expect(vendors).toContain(name); // prettier-ignore
});

describe.each(vendors)('%s', (name) => {
  describe.each(dialectNames)('%s client', (client) => {
    for (const scenario of played(name))
      test.each([
        ['whole', false],
        ['streamed', true],
      ])(`${scenario.name}, %s`, async (_, stream) => {
        const stage = { client, upstream: at(name), target: targetOf(name), upstreamKey: key };
        await play(stage, scenario, stream);
      });

    test.each([
      ['whole', false],
      ['streamed', true],
    ])('a refusal, %s', async (_, stream) => {
      at(name).script({ type: 'error', status: 400 });
      const { error } = await hello(client, name).turn({ stream });
      expect(error?.status).toBe(400);
      expect(at(name).requests).toHaveLength(1);
    });

    test('an error amid a stream is an error in the client’s dialect', async () => {
      at(name).script({ type: 'answer', fixture: 'error-midstream' });
      const outcome = await hello(client, name).turn({ stream: true });
      expect(outcome.error, JSON.stringify(outcome)).toBeDefined();
      expect(at(name).requests).toHaveLength(1);
    });

    test('a connection cut amid a stream is no clean end', async () => {
      at(name).script({ type: 'cut', fixture: 'text', frames: framesBeforeError['openai-chat'] });
      const outcome = await hello(client, name).turn({ stream: true });
      expect(outcome.error, JSON.stringify(outcome)).toBeDefined();
    });
  });
});

function withoutThoughts(message: Members): Members {
  const { reasoning: _, reasoning_content: __, ...rest } = message;
  return rest;
}

/** The text's fixture has OpenAI's cache writes, which at OpenRouter would lie outside of the prompt (B5, in the core's tests). */
function played(name: string): readonly Scenario[] {
  return [...(name === 'openrouter' ? [] : [text]), parallelTools, reasoning, imageIn];
}
