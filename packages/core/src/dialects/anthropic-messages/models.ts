import { Failure } from '../../conversation/failure.ts';
import { compact, isArray, isObject, number, text, type JsonObject } from '../../json.ts';
import type { Effort } from '../../conversation/conversation.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import type { ListedModel, ModelCard, ModelLists } from '../dialect.ts';

const defaultLimit = 20;
const maxLimit = 1000;

/** N2: `GET /v1/models` as Anthropic answers it, in pages, and with what is known of each model. */
export const models: ModelLists = {
  encodeList(cards, query) {
    const page = pageOf(cards, query);
    return {
      data: page.cards.map(modelInfo),
      has_more: page.more,
      first_id: page.cards[0]?.id ?? null,
      last_id: page.cards.at(-1)?.id ?? null,
    };
  },
  encodeOne: modelInfo,
  firstPage: { limit: String(maxLimit) },
  decodeList(body) {
    if (!isArray(body.data)) throw new Failure('bad-upstream', 'The list of models has no "data".');
    const last = text(body.last_id);
    return {
      models: body.data.flatMap((model) => (isObject(model) ? decodeModel(model) : [])),
      ...(body.has_more === true && last !== undefined && { nextPage: { limit: String(maxLimit), after_id: last } }),
    };
  },
};

function decodeModel(model: JsonObject): readonly ListedModel[] {
  const id = text(model.id);
  if (id === undefined || id === '') return [];
  const created = Date.parse(text(model.created_at) ?? '');
  return [
    {
      id,
      ...compact({
        displayName: text(model.display_name),
        created: Number.isNaN(created) ? undefined : Math.floor(created / 1000),
        contextWindow: number(model.max_input_tokens),
        maxOutputTokens: number(model.max_tokens),
      }),
    },
  ];
}

function pageOf(cards: readonly ModelCard[], query: URLSearchParams): { cards: readonly ModelCard[]; more: boolean } {
  const asked = Number.parseInt(query.get('limit') ?? '', 10);
  const limit = Math.min(Math.max(Number.isNaN(asked) ? defaultLimit : asked, 1), maxLimit);
  const before = query.get('before_id');
  if (before !== null) {
    const end = cards.findIndex((card) => card.id === before);
    const start = Math.max(0, end - limit);
    return { cards: cards.slice(start, Math.max(0, end)), more: start > 0 };
  }
  const after = query.get('after_id');
  const start = after === null ? 0 : cards.findIndex((card) => card.id === after) + 1;
  return { cards: cards.slice(start, start + limit), more: start + limit < cards.length };
}

function modelInfo({ id, displayName, created, facts }: ModelCard): JsonObject {
  return {
    type: 'model',
    id,
    display_name: displayName ?? id,
    // "May be set to an epoch value if the release date is unknown."
    created_at: new Date((created ?? 0) * 1000).toISOString().replace('.000Z', 'Z'),
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: /\b(haiku|sonnet|opus|fable|mythos)\b/.exec(id)?.[1] ?? null,
    max_input_tokens: facts.contextWindow ?? null,
    max_tokens: facts.maxOutputTokens ?? null,
    capabilities: capabilities(facts),
  };
}

function capabilities(facts: ModelFacts): JsonObject | null {
  if (!facts.thinking) return null;
  const thinks = facts.thinking;
  const effort = (word: Effort) => support(facts.efforts?.includes(word) === true);
  return {
    batch: support(false),
    citations: support(facts.documents === true),
    code_execution: support(false),
    context_management: {
      supported: false,
      clear_thinking_20251015: null,
      clear_tool_uses_20250919: null,
      compact_20260112: null,
    },
    effort: {
      supported: (facts.efforts?.length ?? 0) > 0,
      low: effort('low'),
      medium: effort('medium'),
      high: effort('high'),
      xhigh: effort('xhigh'),
      max: effort('max'),
    },
    image_input: support(facts.images === true),
    pdf_input: support(facts.documents === true),
    server_tools: {
      supported: facts.webSearch === true,
      web_search: support(facts.webSearch === true),
      code_execution: support(false),
    },
    structured_outputs: support(facts.structuredOutput === true),
    thinking: {
      supported: thinks.some((form) => form === 'adaptive' || form === 'budget'),
      types: {
        adaptive: support(thinks.includes('adaptive')),
        between_tools: support(thinks.includes('between-tools')),
        // True on a model that does not think at all.
        disabled: support(thinks.includes('disabled') || thinks.length === 0),
        enabled: support(thinks.includes('budget')),
      },
    },
  };
}

function support(supported: boolean): JsonObject {
  return { supported };
}
