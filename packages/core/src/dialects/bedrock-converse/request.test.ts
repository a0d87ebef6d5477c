import { describe, expect, test } from 'vitest';
import type { Message, Part } from '../../conversation/message.ts';
import { Failure } from '../../conversation/failure.ts';
import { assistant, call, look, result, said, system, user } from '../../testing/anthropic.ts';
import { encode, sonnet45, turns } from '../../testing/bedrock.ts';

const nova = 'us.amazon.nova-pro-v1:0';
const llama = 'us.meta.llama4-maverick-17b-instruct-v1:0';
const text = (words: string) => ({ text: words });
const toolUse = (id: string) => ({ toolUse: { toolUseId: id, name: 'look', input: {} } });
const toolResult = (id: string, words: string) => ({ toolResult: { toolUseId: id, content: [text(words)] } });

describe('turns', () => {
  test('S1 instructions in front are the system’s; amid the turns they speak from within the user’s', () => {
    const { body, fields } = encode({
      messages: [
        system('One.', 'top'),
        system('Two.'),
        user('Hi'),
        assistant(said('Yes?')),
        { ...system('Three.'), at: 'm[4]' },
        user('Go.'),
      ],
    });
    expect(body.system).toEqual([text('One.'), text('Two.')]);
    expect(body.messages).toEqual([
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [text('Yes?')] },
      { role: 'user', content: [text('<system-reminder>\nThree.\n</system-reminder>'), text('Go.')] },
    ]);
    expect(fields).toEqual(['approximated m[4]']);
  });

  test('T3, T11 results of one turn come in one user turn, in the order of their calls, before the user’s words', () => {
    expect(
      turns(user('Hi'), assistant(call('a'), call('b')), result('b', 'B'), user('And?'), result('a', 'A'), user('So?')),
    ).toEqual([
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [toolUse('a'), toolUse('b')] },
      { role: 'user', content: [toolResult('a', 'A'), toolResult('b', 'B'), text('And?'), text('So?')] },
    ]);
  });

  test('T12 empty texts are left out, and an empty result says that it is empty', () => {
    expect(
      turns(user('Hi'), assistant(said(' '), call('a')), {
        role: 'tool',
        results: [{ callId: 'a', kind: 'function', content: [], failed: false }],
      }),
    ).toEqual([
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [toolUse('a')] },
      { role: 'user', content: [toolResult('a', '(no output)')] },
    ]);
  });

  test('T13 a failed result says so to models that are told, and to others by its text alone', () => {
    const failed: Message = {
      role: 'tool',
      results: [{ callId: 'a', kind: 'function', content: [said('No.')], failed: true, at: 'r' }],
    };
    const messages = [user('Hi'), assistant(call('a')), failed];
    expect(JSON.stringify(encode({ messages }).body)).toContain('"status":"error"');
    const { body, fields } = encode({ messages }, llama);
    expect(JSON.stringify(body)).not.toContain('status');
    expect(fields).toContain('dropped r.status');
  });

  test('T14 calls in the history have their tools declared, though the caller sends none', () => {
    const { body, fields } = encode({ messages: [user('Hi'), assistant(call('a')), result('a', 'A')] });
    expect(body.toolConfig).toEqual({
      tools: [{ toolSpec: { name: 'look', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
    expect(fields).toEqual(['defaulted tools']);
    expect(encode({}).body.toolConfig).toBeUndefined();
  });

  test('T15 a last turn of the assistant’s is gone on with, or asked to be', () => {
    const messages = [user('Hi'), assistant(said('Once '))];
    expect(encode({ messages }).body.messages).toEqual([
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [text('Once')] },
    ]);
    expect(encode({ messages }, 'us.anthropic.claude-opus-4-6-v1').fields).toEqual(['approximated messages']);
  });

  test('T9 what the model wrote is an object, whatever it wrote', () => {
    const inputs = ['', 'null', '[1]', '{"a":1', '{"a":12345678901234567890}'].map((written) => {
      const { body } = encode({ messages: [user('Hi'), assistant({ ...call('a'), arguments: written })] });
      return /"input":(.*?),?"?\}\}\]\}/.exec(JSON.stringify(body))?.[1];
    });
    expect(inputs).toEqual(
      ['{}', '{}', '{"input":[1]', '{"input":"{\\"a\\":1"', '{"a":12345678901234567890'].map((piece) =>
        expect.stringContaining(piece),
      ),
    );
  });
});

describe('reasoning', () => {
  const signed = (issuer: string): Part => ({
    type: 'reasoning',
    text: 'Hm.',
    seal: { issuer, value: 'c2ln' },
    at: 'here',
  });
  test('B2, Z1, Z2 only what this place signed goes back; unsigned and foreign thoughts, and turns of nothing else, do not', () => {
    expect(turns(user('Hi'), assistant(signed('bedrock-converse'), said('Yes?')), user('Go.'))).toEqual([
      { role: 'user', content: [text('Hi')] },
      {
        role: 'assistant',
        content: [{ reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } }, text('Yes?')],
      },
      { role: 'user', content: [text('Go.')] },
    ]);
    for (const part of [signed('anthropic-messages'), { type: 'reasoning', text: 'Hm.', at: 'here' } as const]) {
      const { body, fields } = encode({ messages: [user('Hi'), assistant(part), user('Go.')] });
      expect(body.messages).toEqual([{ role: 'user', content: [text('Hi'), text('Go.')] }]);
      expect(fields).toEqual(['dropped here']);
    }
  });

  test('a5, B2 each family has its own field for thinking', () => {
    const asked = { reasoning: { effort: 'high' } as const, maxOutputTokens: 30_000 };
    const fieldsOf = (model: string) => encode(asked, model).body;
    expect(fieldsOf(sonnet45)).toMatchObject({
      inferenceConfig: { maxTokens: 30_000 },
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 24_576 } },
    });
    expect(fieldsOf('global.anthropic.claude-opus-4-6-v1')).toMatchObject({
      additionalModelRequestFields: { thinking: { type: 'adaptive' } },
      outputConfig: { effort: 'high' },
    });
    expect(fieldsOf('us.amazon.nova-2-lite-v1:0').additionalModelRequestFields).toEqual({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' },
    });
    expect(fieldsOf('openai.gpt-oss-120b-1:0').additionalModelRequestFields).toEqual({ reasoning_effort: 'high' });
    expect(encode(asked, llama)).toMatchObject({ fields: ['dropped reasoning'] });
  });

  test('C4 a forced choice outranks thinking on old models', () => {
    const { body, fields } = encode({
      tools: [look],
      toolChoice: { type: 'required' },
      reasoning: { budgetTokens: 2000 },
      maxOutputTokens: 9000,
    });
    expect(body.toolConfig).toMatchObject({ toolChoice: { any: {} } });
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'disabled' } });
    expect(fields).toEqual(['dropped reasoning']);
  });
});

describe('tools', () => {
  const chosen = (toolChoice: Parameters<typeof encode>[0]['toolChoice'], model?: string) =>
    encode({ tools: [look, { ...look, name: 'hear' }], ...(toolChoice && { toolChoice }) }, model);

  test('a4, C1 the choices', () => {
    expect(chosen(undefined).body.toolConfig).not.toHaveProperty('toolChoice');
    expect(chosen({ type: 'auto' }).body.toolConfig).toMatchObject({ toolChoice: { auto: {} } });
    expect(chosen({ type: 'required' }).body.toolConfig).toMatchObject({ toolChoice: { any: {} } });
    expect(chosen({ type: 'tool', tool: { name: 'look', kind: 'function' } }).body.toolConfig).toMatchObject({
      toolChoice: { tool: { name: 'look' } },
    });
    expect(chosen({ type: 'required' }, llama)).toMatchObject({
      body: { toolConfig: { toolChoice: { auto: {} } } },
      fields: ['approximated toolChoice'],
    });
  });

  test('C2 none: no tools are offered, unless the history holds calls', () => {
    expect(chosen({ type: 'none' }).body.toolConfig).toBeUndefined();
    const { body, fields } = encode({
      tools: [look],
      toolChoice: { type: 'none' },
      messages: [user('Hi'), assistant(call('a')), result('a', 'A')],
    });
    expect(body.toolConfig).toEqual({
      tools: [expect.objectContaining({ toolSpec: expect.objectContaining({ name: 'look' }) as unknown })],
    });
    expect(fields).toEqual(['approximated toolChoice']);
  });

  test('C5 allowed tools: only those are offered', () => {
    const { body } = chosen({ type: 'allowed', mode: 'required', tools: [{ name: 'hear', kind: 'function' }] });
    expect(JSON.stringify(body.toolConfig)).not.toContain('look');
    expect(body.toolConfig).toMatchObject({ toolChoice: { any: {} } });
  });

  test('a4 one call at a time is asked of Claude in its own words', () => {
    expect(encode({ tools: [look], parallelToolCalls: false }).body.additionalModelRequestFields).toEqual({
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(encode({ tools: [look], parallelToolCalls: false }, nova).fields).toEqual(['dropped parallelToolCalls']);
  });

  test('J7 strict only where the model and the schema allow it', () => {
    const closed = { type: 'object', properties: {}, additionalProperties: false };
    const strict = (model: string) =>
      encode({ tools: [{ ...look, parameters: closed, strict: true, at: 't' }] }, model);
    expect(JSON.stringify(strict(sonnet45).body)).toContain('"strict":true');
    expect(strict('anthropic.claude-3-haiku-20240307-v1:0').fields).toEqual(['dropped t.strict']);
  });

  test('J8 names of more than 64 characters are shortened', () => {
    const { body } = encode({ tools: [{ ...look, name: `mcp__${'x'.repeat(90)}` }] });
    expect(JSON.stringify(body.toolConfig)).toMatch(/"name":"[a-zA-Z0-9_-]{1,64}"/);
  });
});

describe('media', () => {
  const media = (part: Partial<Extract<Part, { type: 'media' }>>) =>
    encode({
      messages: [
        {
          role: 'user',
          parts: [
            {
              type: 'media',
              kind: 'image',
              source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' },
              at: 'here',
              ...part,
            },
            said('?'),
          ],
        },
      ],
    });
  const block = (part: Parameters<typeof media>[0]) =>
    (media(part).body.messages as { content: unknown[] }[])[0]?.content[0]; // as encoded above

  test('M1 formats go by their names', () => {
    expect(block({})).toEqual({ image: { format: 'png', source: { bytes: 'AAAA' } } });
    expect(block({ source: { type: 'base64', mediaType: 'image/jpg', data: 'AAAA' } })).toMatchObject({
      image: { format: 'jpeg' },
    });
    expect(block({ kind: 'audio', source: { type: 'base64', mediaType: 'audio/mp3', data: 'AAAA' } })).toMatchObject({
      audio: { format: 'mp3' },
    });
    expect(() => media({ source: { type: 'base64', mediaType: 'image/tiff', data: 'AAAA' } })).toThrow(
      'png, jpeg, gif, webp',
    );
  });

  test('M2 Bedrock fetches from S3 alone', () => {
    expect(block({ source: { type: 'url', url: 's3://b/c.png' } })).toEqual({
      image: { format: 'png', source: { s3Location: { uri: 's3://b/c.png' } } },
    });
    for (const source of [
      { type: 'url', url: 'https://x.test/c.png' } as const,
      { type: 'file', dialect: 'openai-chat', id: 'f' } as const,
    ]) {
      const thrown = () => media({ source });
      expect(thrown).toThrow(Failure);
      expect(thrown).toThrow(expect.objectContaining({ details: { field: 'here' } }) as Error);
    }
  });

  test('M3 images stand in results as they are', () => {
    const image: Part = {
      type: 'media',
      kind: 'image',
      source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' },
    };
    const answered: Message = {
      role: 'tool',
      results: [{ callId: 'a', kind: 'function', content: [image], failed: false }],
    };
    expect(JSON.stringify(turns(user('Hi'), assistant(call('a')), answered))).toContain(
      '"content":[{"image":{"format":"png"',
    );
  });

  test('M4 documents have plain names, no two alike, and words beside them', () => {
    const document = (name?: string): Part => ({
      type: 'media',
      kind: 'document',
      source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBE' },
      ...(name !== undefined && { name }),
    });
    const { body, fields } = encode({
      messages: [{ role: 'user', parts: ['a.b_c.pdf', 'a.b c.pdf', undefined, 'Grün!'].map(document) }],
    });
    expect([...JSON.stringify(body).matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name)).toEqual([
      'a b c pdf', 'a b c pdf (2)', 'document', 'Grn',
    ]); // prettier-ignore
    expect(JSON.stringify(body)).toContain('{"text":"The document is attached."}');
    expect(fields).toEqual(['defaulted messages']);
  });
});

describe('the rest', () => {
  test('P1, P2 cache marks are points of their own behind what they mark, four at most', () => {
    const marked: Part = { type: 'text', text: 'A', cache: { ttl: '12h' } };
    const { body } = encode({
      tools: [{ ...look, cache: {} }],
      messages: [{ role: 'system', authority: 'system', placement: 'top', parts: [marked] }, user('Hi')],
      cache: {},
    });
    expect(body.system).toEqual([text('A'), { cachePoint: { type: 'default', ttl: '1h' } }]);
    expect((body.toolConfig as { tools: unknown[] }).tools[1]).toEqual({ cachePoint: { type: 'default' } });
    expect(body.messages).toEqual([{ role: 'user', content: [text('Hi'), { cachePoint: { type: 'default' } }] }]);
    const many = encode({ messages: [{ role: 'user', parts: Array.from({ length: 6 }, () => marked) }] });
    expect(JSON.stringify(many.body).split('cachePoint')).toHaveLength(5);
    expect(many.fields).toEqual(['dropped cache']);
    expect(encode({ cache: {} }, llama)).toMatchObject({ fields: ['dropped cache'] });
  });

  test('O1, O2 a schema is a text, within what is taken; elsewhere it is asked for in words', () => {
    const output = {
      type: 'json-schema',
      name: 'n',
      schema: { type: 'object', properties: { a: { type: 'string', maxLength: 3 } } },
    } as const;
    const { textFormat } = encode({ output }).body.outputConfig as {
      textFormat: { structure: { jsonSchema: { schema: string } } };
    };
    expect(JSON.parse(textFormat.structure.jsonSchema.schema)).toMatchObject({ additionalProperties: false });
    const asked = encode({ output }, llama);
    expect(asked.body.outputConfig).toBeUndefined();
    expect(JSON.stringify(asked.body.system)).toContain('Answer with JSON that follows this schema');
    expect(asked.fields).toEqual(['approximated output']);
  });

  test('Q1, Q4, Q5, Q6 what Converse has no member for is said to the model, or named', () => {
    const sampling = {
      temperature: 1.5,
      topP: 0.5,
      topK: 9,
      seed: 1,
      candidates: 2,
      stopSequences: ['\n', 'END'],
      logprobs: true,
    };
    const claude = encode({ sampling });
    expect(claude.body).toMatchObject({
      inferenceConfig: { temperature: 1, stopSequences: ['END'] },
      additionalModelRequestFields: { top_k: 9 },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
    });
    expect(claude.fields.sort()).toEqual([
      'approximated sampling.temperature', 'dropped sampling.candidates', 'dropped sampling.logprobs', 'dropped sampling.seed',
      'dropped sampling.stopSequences', 'dropped sampling.topP',
    ]); // prettier-ignore
    expect(encode({ sampling: { topK: 9 } }, nova).body.additionalModelRequestFields).toEqual({
      inferenceConfig: { topK: 9 },
    });
    expect(encode({ sampling: { topK: 9, topP: 0.5 } }, llama)).toMatchObject({
      body: { inferenceConfig: { topP: 0.5 } },
      fields: ['dropped sampling.topK'],
    });
    expect(encode({ sampling: { temperature: 0.5 } }, 'us.anthropic.claude-opus-5-5').fields).toEqual([
      'dropped sampling.temperature',
    ]);
  });

  test('service tiers are Bedrock’s own words', () => {
    expect(encode({ serviceTier: 'flex' }).body.serviceTier).toEqual({ type: 'flex' });
    expect(encode({ serviceTier: 'auto' }).body.serviceTier).toBeUndefined();
    expect(encode({ serviceTier: 'scale' }).fields).toEqual(['dropped serviceTier']);
  });
});
