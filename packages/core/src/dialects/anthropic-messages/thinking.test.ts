import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import type { Notice } from '../../conversation/notice.ts';
import { object } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { encode, opus46, sonnet45, user } from '../../testing/anthropic.ts';
import { anthropicMessages } from './index.ts';

describe('Z11 how to think', () => {
  const think = (reasoning: Conversation['reasoning'], facts: ModelFacts, maxOutputTokens = 50_000) => {
    const { body, fields } = encode({ ...(reasoning && { reasoning }), maxOutputTokens }, facts);
    return { thinking: body.thinking, config: body.output_config, max: body.max_tokens, fields };
  };
  test('Z11 new models think adaptively with an effort', () => {
    expect(think({ effort: 'xhigh' }, factsOf('claude-opus-5-5'))).toEqual({
      thinking: { type: 'adaptive' },
      config: { effort: 'xhigh' },
      max: 50_000,
      fields: [],
    });
    expect(think({ effort: 'minimal' }, factsOf('claude-opus-5-5'))).toMatchObject({
      config: { effort: 'low' },
      fields: ['approximated reasoning.effort'],
    });
    expect(think({ effort: 'xhigh' }, opus46).config).toEqual({ effort: 'high' });
    expect(think({ budgetTokens: 20_000 }, factsOf('claude-opus-5-5'))).toMatchObject({
      thinking: { type: 'adaptive' },
      config: { effort: 'high' },
      fields: ['approximated reasoning.budgetTokens'],
    });
  });
  test('Z11 old models get a budget of at least 1024 and below max_tokens', () => {
    expect(think({ effort: 'low' }, sonnet45)).toEqual({
      thinking: { type: 'enabled', budget_tokens: 1024 },
      config: undefined,
      max: 50_000,
      fields: [],
    });
    expect(think({ effort: 'high' }, sonnet45, 4000)).toMatchObject({
      thinking: { budget_tokens: 24_576 },
      max: 28_576,
      fields: ['approximated maxOutputTokens'],
    });
    expect(think({ effort: 'max' }, sonnet45, 64_000)).toMatchObject({
      thinking: { budget_tokens: 32_000 },
      max: 64_000,
    });
    expect(think({ effort: 'medium' }, {}, 500).thinking, 'unknown models think as Claude Code makes them').toEqual({
      type: 'adaptive',
    });
    expect(think({ effort: 'medium' }, { thinking: ['budget'] }, 500)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning'],
    });
    expect(think({ effort: 'low' }, factsOf('claude-3-5-haiku-20241022'), 8000)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning'],
    });
  });
  test('Z11 a budget stays a budget where the model takes both forms', () => {
    expect(think({ budgetTokens: 2048 }, opus46).thinking).toEqual({ type: 'enabled', budget_tokens: 2048 });
    expect(think({ mode: 'adaptive' }, opus46).thinking).toEqual({ type: 'adaptive' });
  });
  test('Z11 thinking is turned off in the model’s own way, or turned down', () => {
    for (const off of [{ mode: 'disabled' }, { effort: 'none' }, { budgetTokens: 0 }] as const) {
      expect(think(off, sonnet45).thinking).toEqual({ type: 'disabled' });
      expect(think(off, factsOf('claude-sonnet-5-5')).thinking).toEqual({ type: 'between_tools' });
      expect(think(off, factsOf('claude-opus-5-5'))).toMatchObject({
        thinking: undefined,
        config: { effort: 'low' },
        fields: ['approximated reasoning.mode'],
      });
      expect(think(off, {})).toMatchObject({
        thinking: undefined,
        config: undefined,
        fields: ['approximated reasoning.mode'],
      });
      expect(think(off, factsOf('claude-3-opus-20240229'), 4000)).toMatchObject({ thinking: undefined, fields: [] });
    }
  });
  test('Z13 what is shown is independent of how much is thought', () => {
    expect(think({ effort: 'low', show: 'summary' }, factsOf('claude-opus-5-5')).thinking).toEqual({
      type: 'adaptive',
      display: 'summarized',
    });
    expect(think({ budgetTokens: 2000, show: 'none' }, sonnet45).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 2000,
      display: 'omitted',
    });
    expect(think({ show: 'summary' }, factsOf('claude-opus-5-5')).thinking).toEqual({
      type: 'adaptive',
      display: 'summarized',
    });
    expect(think({ show: 'summary' }, sonnet45)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning.show'],
    });
    expect(think({ effort: 'low' }, factsOf('claude-opus-5-5')).thinking).toEqual({ type: 'adaptive' });
  });
});

describe('limits and sampling', () => {
  test('Q3 max_tokens is always there: asked, else the model’s own limit, else a cautious one', () => {
    const { maxOutputTokens: _, ...none } = { maxOutputTokens: 1 };
    const conversation = { ...none, messages: [user('Hi')] };
    const max = (facts: ModelFacts, asked?: number) => {
      const notices: Notice[] = [];
      const { body } = anthropicMessages.encodeRequest(
        {
          model: 'm',
          streaming: false,
          tools: [],
          sampling: {},
          ...conversation,
          ...(asked !== undefined && { maxOutputTokens: asked }),
        },
        { facts, signer: 'x', report: (notice) => void notices.push(notice) },
      );
      return [body.max_tokens, ...notices.map(({ type }) => type)];
    };
    expect(max(sonnet45)).toEqual([64_000, 'defaulted']);
    expect(max({})).toEqual([32_000, 'defaulted']);
    expect(max(sonnet45, 128_000)).toEqual([64_000, 'approximated']);
    expect(max({}, 128_000)).toEqual([128_000]);
    expect(max({}, 0)).toEqual([0]);
  });
  test('Q1 H2 temperature is clamped for old models and dropped for new ones', () => {
    const sampling = { temperature: 1.5, topP: 0.9, topK: 5 };
    expect(encode({ sampling }, sonnet45)).toMatchObject({
      body: { temperature: 1, top_k: 5 },
      fields: ['approximated sampling.temperature', 'dropped sampling.topP'],
    });
    expect(encode({ sampling: { topP: 0.9 } }, sonnet45).body.top_p).toBe(0.9);
    const { body, fields } = encode({ sampling });
    expect([body.temperature, body.top_p, body.top_k]).toEqual([undefined, undefined, undefined]);
    expect(fields).toEqual(['dropped sampling.temperature', 'dropped sampling.topP', 'dropped sampling.topK']);
  });
  test('Q1 no temperature but 1 and no top_k while a budget thinks', () => {
    const { body, fields } = encode(
      { sampling: { temperature: 0.5, topK: 5 }, reasoning: { budgetTokens: 2000 } },
      sonnet45,
    );
    expect([body.temperature, body.top_k]).toEqual([undefined, undefined]);
    expect(fields).toEqual(['dropped sampling.temperature', 'dropped sampling.topK']);
  });
  test('Q4 stop sequences of white space alone are left out', () => {
    expect(encode({ sampling: { stopSequences: ['\n', 'END'] } })).toMatchObject({
      body: { stop_sequences: ['END'] },
      fields: ['dropped sampling.stopSequences'],
    });
  });
  test('Q5 Q6 what Messages has no word for is reported, member by member', () => {
    const { fields } = encode({
      sampling: {
        seed: 1,
        presencePenalty: 1,
        frequencyPenalty: 1,
        candidates: 2,
        logprobs: true,
        topLogprobs: 2,
        logitBias: { '1': 1 },
      },
      verbosity: 'low',
      cacheKey: 'k',
      serviceTier: 'flex',
    });
    expect(fields).toEqual(
      ['sampling.seed', 'sampling.presencePenalty', 'sampling.frequencyPenalty', 'sampling.logprobs', 'sampling.topLogprobs',
        'sampling.logitBias', 'sampling.candidates', 'verbosity', 'cacheKey', 'serviceTier'].map((field) => `dropped ${field}`), // prettier-ignore
    );
  });
  test('Q7 an address is sent as a fingerprint, an opaque id and Claude Code’s JSON as they are', () => {
    const id = (endUser: string) => object(encode({ endUser }).body.metadata)?.user_id;
    expect(id('u-17')).toBe('u-17');
    expect(id('{"device_id":"d"}')).toBe('{"device_id":"d"}');
    expect(id('ada@example.com')).toMatch(/^user_[0-9a-f]{16}$/);
    expect(id('x'.repeat(300))).toMatch(/^user_[0-9a-f]{16}$/);
  });
});
