import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { instanceOf } from '../src/demo/instance.ts';
import { pieces } from '../src/demo/model.ts';
import { withDemo } from '../src/demo/transport.ts';
import { thingsIn } from '../src/demo/things.ts';

const demo = withDemo({ send: () => Promise.reject(new Error('Nothing may leave the process.')) }, 0);

interface Message {
  readonly content: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: string;
    readonly function: { name: string; arguments: string };
  }[];
}
interface Completion {
  readonly choices: readonly { readonly message: Message; readonly finish_reason: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

function text(body: object, signal = new AbortController().signal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = { method: 'POST', url: 'demo://local/v1/chat/completions', headers: {}, signal };
    const limits = { headersTimeoutMs: 1000, idleTimeoutMs: 1000 };
    void demo
      .send({ ...request, ...limits, body: JSON.stringify({ model: 'demo', ...body }) })
      .then(({ body: source }) => {
        let out = '';
        source.start({
          write(chunk) {
            out += String(chunk);
            return true;
          },
          end: () => resolve(out),
          fail: reject,
        });
      }, reject);
  });
}

async function complete(body: object): Promise<Completion> {
  return JSON.parse(await text(body)) as Completion;
}

async function firstChoice(body: object) {
  const { choices } = await complete(body);
  const choice = choices[0];
  if (!choice) throw new Error('no choice');
  return {
    ...choice,
    calls: (choice.message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => [
      name,
      JSON.parse(args) as unknown,
    ]),
  };
}

const user = (content: unknown) => [{ role: 'user', content }];
const tool = (name: string, parameters: object = {}, description = '') => ({
  type: 'function',
  function: { name, description, parameters },
});
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

describe('tool calls', () => {
  test('one call for each thing that is asked about, with the arguments that the schema asks for', async () => {
    const body = { messages: user('Weather in Paris and New York?'), tools: [tool('get_weather', city)] };
    const { calls, finish_reason } = await firstChoice(body);
    expect(finish_reason).toBe('tool_calls');
    expect(calls).toEqual([
      ['get_weather', { city: 'Paris' }],
      ['get_weather', { city: 'New York' }],
    ]);
  });

  test('问两个城市，就调用两次', async () => {
    const body = { messages: user('北京和上海的天气怎么样？'), tools: [tool('get_weather', city)] };
    expect((await firstChoice(body)).calls).toEqual([
      ['get_weather', { city: '北京' }],
      ['get_weather', { city: '上海' }],
    ]);
  });

  test('two tools when both are asked for', async () => {
    const tools = [tool('get_weather', city), tool('get_time', city), tool('send_mail')];
    const { calls } = await firstChoice({ messages: user('What are the weather and the time in Oslo?'), tools });
    expect(calls).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_time', { city: 'Oslo' }],
    ]);
  });

  test('one at most when parallel calls are off', async () => {
    const body = {
      messages: user('Weather in Paris and Rome?'),
      tools: [tool('get_weather', city)],
      parallel_tool_calls: false,
    };
    expect((await firstChoice(body)).calls).toEqual([['get_weather', { city: 'Paris' }]]);
  });

  test('a tool without parameters is called with an empty object', async () => {
    expect((await firstChoice({ messages: user('Refresh'), tools: [tool('refresh')] })).calls).toEqual([
      ['refresh', {}],
    ]);
  });

  test('none, a named one, and any are obeyed', async () => {
    const common = { messages: user('Hello'), tools: [tool('alpha'), tool('beta')] };
    expect((await firstChoice({ ...common, tool_choice: 'none' })).calls).toEqual([]);
    const named = { type: 'function', function: { name: 'beta' } };
    expect((await firstChoice({ ...common, tool_choice: named })).calls).toEqual([['beta', {}]]);
    expect((await firstChoice({ ...common, tool_choice: 'required' })).calls).toHaveLength(1);
  });

  test('an agent with many tools gets an answer, unless the user names a tool', async () => {
    const tools = ['Bash', 'Read', 'Write', 'Edit', 'Glob', 'Grep', 'Task', 'WebFetch', 'TodoWrite'].map((name) =>
      tool(name, { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] }),
    );
    expect((await firstChoice({ messages: user('hello there'), tools })).calls).toEqual([]);
    // Whatever the prompt says, a command it makes up does no harm.
    const named = { messages: user('Use Bash to run "rm -rf /"'), tools };
    expect((await firstChoice(named)).calls).toEqual([['Bash', { command: 'echo demo' }]]);
    expect((await firstChoice({ model: 'demo-tools', messages: user('hello'), tools })).calls).toHaveLength(1);
  });

  test('results are answered from, by the names of their calls', async () => {
    const messages = [
      ...user('Weather?'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: '21 degrees' }] },
    ];
    const { message, finish_reason } = await firstChoice({ messages, tools: [tool('get_weather', city)] });
    expect(finish_reason).toBe('stop');
    expect(message.content).toBe('Here is what the tools found. get_weather says: 21 degrees');
  });

  test('an agent that adds reminders is answered, not led in a circle', async () => {
    const reminder = '<system-reminder>Read and Bash are tools. 3 files in "Downloads".</system-reminder>';
    const tools = ['Bash', 'Read', 'Edit', 'Write', 'Glob', 'Grep', 'Task', 'Skill', 'Plan'].map((name) => tool(name));
    const asked = user([
      { type: 'text', text: reminder },
      { type: 'text', text: 'Use Bash' },
    ]);
    expect((await firstChoice({ messages: user(`${reminder}\nhello`), tools })).calls).toEqual([]);
    expect((await firstChoice({ messages: asked, tools })).calls).toEqual([['Bash', {}]]);
    const after = [
      ...asked,
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'Bash', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ...user(`${reminder} Use Bash`),
    ];
    const { calls, message } = await firstChoice({ messages: after, tools });
    expect([calls, message.content]).toEqual([[], 'Here is what the tools found. Bash says: done']);
  });

  test('call ids differ from call to call and from turn to turn', async () => {
    const body = { messages: user('Weather in Paris and Rome?'), tools: [tool('get_weather', city)] };
    const later = { ...body, messages: [...user('Hi'), { role: 'assistant', content: 'Hi' }, ...body.messages] };
    const ids = await Promise.all(
      [body, later].map(
        async (each) => (await complete(each)).choices[0]?.message.tool_calls?.map(({ id }) => id) ?? [],
      ),
    );
    expect(new Set(ids.flat()).size).toBe(4);
  });
});

describe('answers', () => {
  test('the same request gives the same bytes', async () => {
    const body = {
      messages: user('Weather in Paris?'),
      tools: [tool('get_weather', city)],
      stream: true,
      stream_options: { include_usage: true },
    };
    expect(await text(body)).toBe(await text(body));
  });

  test('max tokens cut, and say so', async () => {
    const { choices, usage } = await complete({ messages: user('Hi'), max_completion_tokens: 7 });
    expect(choices[0]?.finish_reason).toBe('length');
    expect(usage.completion_tokens).toBe(7);
    expect(pieces(choices[0]?.message.content ?? '')).toHaveLength(7);
  });

  test('a stop sequence ends the answer before it', async () => {
    const { message, finish_reason } = await firstChoice({ messages: user('Say one two three four'), stop: ['three'] });
    expect([message.content, finish_reason]).toEqual(['one two ', 'stop']);
  });

  test('reasoning comes when it is asked for, and only then', async () => {
    const messages = user('Hi');
    expect((await firstChoice({ messages, reasoning_effort: 'low' })).message.reasoning_content).toContain(
      'The user wrote',
    );
    expect((await firstChoice({ messages, model: 'demo-reasoner' })).message.reasoning_content).toBeDefined();
    expect(
      (await firstChoice({ messages, model: 'demo-reasoner', reasoning_effort: 'none' })).message.reasoning_content,
    ).toBeUndefined();
    expect((await firstChoice({ messages })).message.reasoning_content).toBeUndefined();
  });

  test('pictures and files are looked at', async () => {
    const gif = Buffer.from('GIF89a\x02\x00\x03\x00\x00\x00', 'latin1').toString('base64');
    const parts = [
      { type: 'image_url', image_url: { url: `data:image/gif;base64,${gif}` } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ];
    expect((await firstChoice({ messages: user(parts) })).message.content).toBe(
      'The image is image/gif, 2 x 3 pixels, 12 bytes. The image is at https://example.com/a.png, which the demo model does not fetch. ' +
        'The file called "a.pdf" is application/pdf, 5 bytes.',
    );
  });

  test('several choices, json_object, and usage that adds up', async () => {
    const { choices, usage } = await complete({ messages: user('Hi'), n: 2, response_format: { type: 'json_object' } });
    expect(choices).toHaveLength(2);
    expect(JSON.parse(choices[1]?.message.content ?? '')).toEqual({ answer: 'Hi' });
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
  });

  test('a stream says the same as the whole reply, in many pieces', async () => {
    const body = { messages: user('Tell me'), reasoning_effort: 'high' };
    const events = (await text({ ...body, stream: true })).split('\n\n').filter((line) => line !== '');
    expect(events.pop()).toBe('data: [DONE]');
    const deltas = events.map(
      (event) => (JSON.parse(event.slice(6)) as { choices: { delta: Partial<Message> }[] }).choices[0]?.delta,
    );
    const { message } = await firstChoice(body);
    expect(deltas.map((delta) => delta?.content ?? '').join('')).toBe(message.content);
    expect(deltas.map((delta) => delta?.reasoning_content ?? '').join('')).toBe(message.reasoning_content);
    expect(deltas.length).toBeGreaterThan(20);
  });

  test('an unknown path and rubbish are refused', async () => {
    const send = async (url: string, body: string) =>
      (
        await demo.send({
          method: 'POST',
          url,
          headers: {},
          body,
          signal: new AbortController().signal,
          headersTimeoutMs: 1,
          idleTimeoutMs: 1,
        })
      ).status;
    expect(await send('demo://local/v1/embeddings', '{}')).toBe(404);
    expect(await send('demo://local/v1/chat/completions', 'rubbish')).toBe(400);
  });

  test('an aborted call writes nothing more', async () => {
    const controller = new AbortController();
    const response = await withDemo(demo, 5).send({
      ...{
        method: 'POST',
        url: 'demo://local/v1/chat/completions',
        headers: {},
        headersTimeoutMs: 1,
        idleTimeoutMs: 1,
      },
      body: JSON.stringify({ model: 'demo', stream: true, messages: user('Hi') }),
      signal: controller.signal,
    });
    let writes = 0;
    response.body.start({
      write: () => (writes += 1) < 3 || (controller.abort(), true),
      end: () => (writes += 1000),
      fail: () => (writes += 1000),
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(writes).toBe(3);
  });
});

describe('instances of a schema', () => {
  const none = thingsIn('');

  test.each<readonly [string, object, unknown]>([
    [
      'required members only',
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['b'] },
      { b: 1 },
    ],
    ['the first enum value', { enum: ['x', 'y'] }, 'x'],
    ['a constant', { const: 7 }, 7],
    ['a reference', { $ref: '#/$defs/a', $defs: { a: { type: 'boolean' } } }, true],
    ['the first alternative', { anyOf: [{ type: 'integer', minimum: 5 }, { type: 'null' }] }, 5],
    [
      'all of several',
      {
        allOf: [
          { type: 'object', properties: { a: { const: 1 } }, required: ['a'] },
          { properties: { b: { const: 2 } }, required: ['b'] },
        ],
      },
      { a: 1, b: 2 },
    ],
    ['a list', { type: 'array', items: { type: 'string', format: 'date' }, minItems: 2 }, ['2026-01-01', '2026-01-01']],
    ['bounds', { type: 'number', exclusiveMinimum: 3, maximum: 4 }, 3.5],
    ['a multiple', { type: 'integer', minimum: 4, multipleOf: 5 }, 5],
    ["Gemini's shouting", { type: 'OBJECT', properties: { n: { type: 'INTEGER' } }, required: ['n'] }, { n: 1 }],
    ['a pattern', { type: 'string', pattern: '^\\d{3}$' }, '123'],
    ['lengths', { type: 'string', minLength: 6, maxLength: 6 }, 'demo..'],
  ])('%s', (_, schema, instance) => {
    expect(instanceOf(schema, none)).toEqual(instance);
  });

  test('names and numbers of the prompt go where they fit', () => {
    const schema = {
      type: 'object',
      properties: { days: { type: 'integer', maximum: 10 }, city: { type: 'string' }, unit: { enum: ['C', 'F'] } },
      required: ['days', 'city', 'unit'],
    };
    expect(instanceOf(schema, thingsIn('The weather in Rome in F for 40 or 3 days'))).toEqual({
      days: 3,
      city: 'Rome',
      unit: 'F',
    });
  });

  test('a recursive schema ends', () => {
    const tree = {
      type: 'object',
      properties: {
        children: { type: 'array', items: { $ref: '#' } },
        next: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
      },
      required: ['children', 'next'],
    };
    expect(JSON.stringify(instanceOf(tree, none)).length).toBeLessThan(5000);
  });

  test('what it makes is valid: generated schemas', () => {
    const leaf = fc.oneof(
      fc.record({ type: fc.constant('string'), minLength: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -50, max: 50 }) }),
      fc.record({ type: fc.constant('boolean') }),
      fc.record({ enum: fc.array(fc.string(), { minLength: 1 }) }),
    );
    const { schema: schemas } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.integer({ min: 0, max: 3 }) }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('schema'), { maxKeys: 4 }).map((properties) => ({
          type: 'object',
          properties,
          required: Object.keys(properties),
          additionalProperties: false,
        })),
      ),
    }));
    fc.assert(
      fc.property(schemas, fc.string(), (schema, prompt) => {
        const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
        expect(validator.safeParse(instanceOf(schema, thingsIn(prompt))).error).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
