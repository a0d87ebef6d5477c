import { spliceMembers } from '../bytes/splice.ts';
import type { Notice } from '../conversation/notice.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import { inboundOf } from './decode.ts';
import type { Inbound } from './translation.ts';

/** The request without its tools, in whichever dialect; itself when it has none. */
export function withoutTools<Some extends Inbound>(inbound: Some): Some {
  const named = toolMembers.filter((name) => inbound.top.get(name) !== undefined);
  if (named.length === 0) return inbound;
  const detail = 'Tools are not let through here.';
  const notices = named.map((field): Notice => ({ type: 'dropped', field, detail }));
  return withBody(inbound, spliceMembers(inbound.body, { remove: named }), notices);
}

/** What tells of tools at the top of a request, in all dialects. */
const toolMembers = [
  ...['tools', 'tool_choice', 'parallel_tool_calls', 'max_tool_calls', 'functions', 'function_call'],
  ...['toolConfig', 'tool_config'],
];

/** The request asking for no more than `most` tokens of output; `facts` are those of the model it goes to. */
export function withOutputCap<Some extends Inbound>(inbound: Some, most: number, facts: ModelFacts): Some {
  const [place = '', within] = placeOf(inbound, facts);
  const set = within === undefined ? cappedMember(inbound, place, most) : cappedWithin(inbound, place, within, most);
  const thinking = cappedThinking(inbound.top.get('thinking'), most);
  const changes = { ...set.members, ...(thinking && { thinking }) };
  const capped = { ...inbound, maxOutputTokens: most };
  if (Object.keys(changes).length === 0) return capped;
  const texts = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, JSON.stringify(value)]));
  const detail = `At most ${most} tokens may be written here.`;
  const notice: Notice = { type: set.given ? 'approximated' : 'defaulted', field: set.field, detail };
  return withBody(capped, spliceMembers(inbound.body, { set: texts }), [notice]);
}

interface Capped {
  readonly members: JsonObject;
  /** Where the caller said more than is allowed, or where it should have said something. */
  readonly field: string;
  readonly given: boolean;
}

/** Other spellings that are taken for the same. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  max_completion_tokens: ['max_tokens'],
  generationConfig: ['generation_config'],
  maxOutputTokens: ['max_output_tokens'],
};

/** The member that bounds the output, and the one within that where it is nested. */
function placeOf({ dialect, knock }: Inbound, { maxTokensField }: ModelFacts): readonly string[] {
  const place = dialect.fieldNames.maxOutputTokens ?? 'max_tokens';
  if (knock.door.operation === 'complete') return ['max_tokens'];
  if (place === 'max_completion_tokens') return [maxTokensField ?? 'max_tokens'];
  return place.split('.');
}

function cappedMember({ top }: Inbound, place: string, most: number): Capped {
  const chat = ['max_completion_tokens', 'max_tokens'];
  const names = chat.includes(place) ? chat : [place];
  const said = names.filter((name) => typeof top.get(name) === 'number');
  const over = said.filter((name) => Number(top.get(name)) > most);
  const changed = said.length === 0 ? [place] : over;
  return {
    members: Object.fromEntries(changed.map((name) => [name, most])),
    field: changed[0] ?? place,
    given: said.length > 0,
  };
}

function cappedWithin({ top }: Inbound, place: string, within: string, most: number): Capped {
  const holders = [place, ...(aliases[place] ?? [])];
  const holder = holders.find((name) => isObject(top.get(name))) ?? place;
  const found = top.get(holder);
  const held = isObject(found) ? found : {};
  const names = [within, ...(aliases[within] ?? [])];
  const said = names.filter((name) => typeof held[name] === 'number');
  const changed = said.length === 0 ? [within] : said.filter((name) => Number(held[name]) > most);
  const field = `${holder}.${changed[0] ?? within}`;
  if (changed.length === 0) return { members: {}, field, given: true };
  const members = { [holder]: { ...held, ...Object.fromEntries(changed.map((name) => [name, most])) } };
  return { members, field, given: said.length > 0 };
}

/** Claude's least budget; it must be below the limit of the output. */
const minThinkingBudget = 1024;

function cappedThinking(thinking: Json | undefined, most: number): JsonObject | undefined {
  if (!isObject(thinking) || typeof thinking.budget_tokens !== 'number' || thinking.budget_tokens < most)
    return undefined;
  if (most <= minThinkingBudget) return { type: 'disabled' };
  return { ...thinking, budget_tokens: Math.max(minThinkingBudget, Math.floor(most / 2)) };
}

/** The same request with another body. */
function withBody<Some extends Inbound>(inbound: Some, body: Uint8Array, notices: readonly Notice[]): Some {
  const { top, decoded } = inboundOf(inbound.dialect, inbound.knock, body);
  return { ...inbound, body, top, decoded, notices: [...(inbound.notices ?? []), ...notices] };
}
