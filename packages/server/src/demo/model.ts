import { digest } from '../digest.ts';
import { describeMedia } from './describe-media.ts';
import { instanceOf } from './instance.ts';
import type { DemoRequest, DemoTool } from './request.ts';
import { thingsIn, type Things } from './things.ts';

/** What the demo model says: made from the request alone, so that the same request is always answered the same. */
export interface DemoReply {
  readonly id: string;
  /** Pieces as they are streamed: about a word each, which also is what a token costs here. */
  readonly reasoning: readonly string[];
  readonly content: readonly string[];
  readonly calls: readonly DemoCall[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
  readonly completionTokens: number;
}

export interface DemoCall {
  readonly id: string;
  readonly name: string;
  readonly custom: boolean;
  /** JSON, or free text for a custom tool. */
  readonly input: string;
}

/** Beyond this many tools the caller is an agent: its tools are only used when the user names one. */
const agentToolCount = 8;
const maxResultLength = 600;
const maxEcho = 400;

export function demoReply(request: DemoRequest): DemoReply {
  const things = thingsIn(request.prompt);
  const calls = request.results.length > 0 ? [] : callsFor(request, things);
  const reasoning = request.reasoning ? pieces(thoughts(request, calls)) : [];
  const content = calls.length > 0 ? [] : pieces(beforeStop(answer(request, things), request.stop));
  return withinLimit(request, { id: idOf(request), reasoning, content, calls });
}

function callsFor(request: DemoRequest, things: Things): readonly DemoCall[] {
  const wanted = toolsToCall(request, things);
  const [only] = wanted;
  // One tool and several names: ask about each. Several tools: one call each.
  const rounds = wanted.length === 1 && only && takesText(only) ? Math.max(1, Math.min(things.names.length, 4)) : 1;
  const calls = wanted.flatMap((tool) =>
    Array.from({ length: rounds }, (_, turn) => callOf(tool, turn, things, request)),
  );
  const distinct = calls.filter((call, index) => calls.findIndex(({ id }) => id === call.id) === index);
  return request.parallel ? distinct : distinct.slice(0, 1);
}

function toolsToCall({ tools, toolChoice, prompt, model }: DemoRequest, things: Things): readonly DemoTool[] {
  if (toolChoice === 'none' || tools.length === 0) return [];
  if (typeof toolChoice === 'object') return tools.filter(({ name }) => name === toolChoice.name);
  const ranked = tools.map((tool) => ({ tool, score: relevance(tool, things) })).sort((a, b) => b.score - a.score);
  const best = ranked[0];
  if (!best) return [];
  const named = tools.filter(({ name }) => new RegExp(`(?<![\\w])${escaped(name)}(?![\\w])`, 'i').test(prompt));
  if (named.length > 0) return named;
  if (best.score > 0 && tools.length <= agentToolCount)
    return ranked.filter(({ score }) => score > 0 && score >= best.score).map(({ tool }) => tool);
  const anyway = toolChoice === 'required' || model === 'demo-tools' || tools.length <= agentToolCount;
  return anyway ? [best.tool] : [];
}

/** How many words of the tool's name the user used; descriptions are too wordy to tell tools apart. */
function relevance({ name }: DemoTool, { words }: Things): number {
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((part) => part.length > 2 && !verbs.has(part));
  return parts.filter((part) => words.some((word) => word === part || word === `${part}s`)).length;
}

const verbs: ReadonlySet<string> = new Set([
  'get',
  'set',
  'the',
  'for',
  'fetch',
  'find',
  'list',
  'lookup',
  'tool',
  'current',
]);

function takesText({ custom, parameters }: DemoTool): boolean {
  return !custom && /"type":\s*"string"/i.test(JSON.stringify(parameters));
}

function callOf(tool: DemoTool, turn: number, things: Things, request: DemoRequest): DemoCall {
  const input = tool.custom ? 'echo demo' : JSON.stringify(argumentsFor(tool, things, turn));
  return {
    id: `call_${shortDigest(tool.name, input, String(request.turns))}`,
    name: tool.name,
    custom: tool.custom,
    input,
  };
}

/** Tools take objects, whatever an empty schema says. */
function argumentsFor({ parameters }: DemoTool, things: Things, turn: number): unknown {
  const value = instanceOf({ type: 'object', ...(parameters as object) }, things, turn); // the wire reader gave {} for none
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function answer(request: DemoRequest, things: Things): string {
  const { prompt, results, media, schema, jsonObject } = request;
  if (schema !== undefined) return JSON.stringify(instanceOf(schema, things));
  if (jsonObject) return JSON.stringify({ answer: prompt.slice(0, maxEcho) });
  if (results.length > 0) {
    const said = results.map(({ name, text }) => `${name} says: ${text.slice(0, maxResultLength)}`);
    return isChinese(prompt)
      ? `工具的结果如下。${said.join('；')}。`
      : `Here is what the tools found. ${said.join(' ')}`;
  }
  if (media.length > 0) return media.map(describeMedia).join(' ');
  const echo =
    /^(?:please\s+)?(?:say|repeat|echo|reply with|respond with)(?:\s+(?:exactly|only|just|the word))*[:\s]+(.+?)\.?$/is.exec(
      prompt.trim(),
    );
  if (echo?.[1] !== undefined) return echo[1].replace(/^["“'](.*)["”']$/s, '$1');
  const quote = prompt.length > maxEcho ? `${prompt.slice(0, maxEcho)}…` : prompt;
  if (isChinese(prompt)) {
    return `你好，我是 @proxy 内置的演示模型，不会真正思考，但流式输出、工具调用、图片、结构化输出和用量都与真实模型的格式相同。你说的是：“${quote}”`;
  }
  return (
    'Hello from the demo model that is built into @proxy. I do not really think, but streaming, tool calls, images, ' +
    `structured output and usage look as they do with a real model. You said: "${quote}"`
  );
}

function thoughts({ prompt, results, media }: DemoRequest, calls: readonly DemoCall[]): string {
  const steps = [
    `The user wrote ${prompt.length} characters${media.length > 0 ? ` and sent ${media.length} attachments` : ''}.`,
  ];
  if (calls.length > 0) steps.push(`I should call ${calls.map(({ name }) => name).join(' and ')} before I answer.`);
  else if (results.length > 0) steps.push(`${results.length} tool results are in, so I can answer.`);
  else steps.push('No tool is needed, so I can answer at once.');
  return steps.join(' ');
}

function beforeStop(text: string, stop: readonly string[]): string {
  const ends = stop
    .filter((word) => word !== '')
    .map((word) => text.indexOf(word))
    .filter((at) => at >= 0);
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text;
}

/** Cuts at max tokens, as a model would. A call is whole or not there: half an argument helps nobody. */
function withinLimit(request: DemoRequest, reply: Omit<DemoReply, 'finish' | 'completionTokens'>): DemoReply {
  const limit = request.maxTokens ?? Number.POSITIVE_INFINITY;
  const reasoning = reply.reasoning.slice(0, limit);
  const content = reply.content.slice(0, Math.max(0, limit - reasoning.length));
  const callTokens = reply.calls.reduce((sum, { name, input }) => sum + pieces(input).length + pieces(name).length, 0);
  const fits = reasoning.length + callTokens <= limit;
  const calls = fits ? reply.calls : [];
  const cut = reasoning.length < reply.reasoning.length || content.length < reply.content.length || !fits;
  return {
    id: reply.id,
    reasoning,
    content,
    calls,
    finish: cut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop',
    completionTokens: reasoning.length + content.length + (fits ? callTokens : 0),
  };
}

/** Words with the space before them; Chinese by the character, JSON by its punctuation. */
export function pieces(text: string): readonly string[] {
  return text.match(/\s*(?:\p{Script=Han}|[\p{L}\p{N}_'’-]+|[^\p{L}\p{N}\s])|\s+/gu) ?? [];
}

function isChinese(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}

function idOf({ model, prompt, turns }: DemoRequest): string {
  return `chatcmpl-${shortDigest(model, prompt, String(turns))}`;
}

function shortDigest(...parts: readonly string[]): string {
  return digest(JSON.stringify(parts)).slice(0, 24);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
