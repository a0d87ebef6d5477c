import type { Conversation } from '../../conversation/conversation.ts';
import type {
  AssistantMessage,
  MediaPart,
  Message,
  Part,
  SystemMessage,
  ToolResult,
} from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import type { JsonObject } from '../../json.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import { sentinel } from './decode-parts.ts';
import { encodeMediaPart, encodePart, type PartWriter } from './encode-parts.ts';
import { geminiName } from './members.ts';
import { outputFormFits } from './encode-config.ts';

/** What the parts of all turns are written with. */
interface Writing extends PartWriter {
  /** Names of the tools called, by call id: most dialects give results no name (T7). */
  readonly callNames: ReadonlyMap<string, string>;
}

interface EncodedContents {
  readonly contents: readonly JsonObject[];
  readonly systemInstruction?: JsonObject;
}

/** The turns as `contents`, and the instructions that stand before them as `systemInstruction`. */
export function encodeContents(conversation: Conversation, context: EncodeRequestContext): EncodedContents {
  const { facts, signer } = context;
  const writer: Writing = {
    // Seals of other issuers stay behind: Gemini would refuse them.
    signature: (seal) => (seal.issuer === signer ? seal.value : undefined),
    callIds: facts.callIds === true,
    resolutions: facts.thinkingControl === 'level',
    callNames: callNamesOf(conversation.messages),
  };
  const { messages } = conversation;
  const firstTurn = messages.findIndex((message) => message.role !== 'system');
  const leading = firstTurn < 0 ? messages : messages.slice(0, firstTurn);
  const turns = firstTurn < 0 ? [] : messages.slice(firstTurn);
  // Instructions that a client keeps beside the turns belong there wherever the hub has put them.
  const system = [...leading, ...turns.filter((turn) => turn.role === 'system' && turn.placement === 'top')];
  const instructions = [
    ...system.flatMap((message) => (message.role === 'system' ? encodeList(message.parts, context, writer) : [])),
    ...formInstruction(conversation, context),
  ];
  const contents = mergeTurns(
    turns.filter((turn) => !(turn.role === 'system' && turn.placement === 'top')),
    context,
    writer,
  );
  const systemExtras = system[0]?.extras?.[geminiName];
  return {
    contents: mended(contents, messages.at(-1)?.at ?? 'contents', context),
    ...(instructions.length > 0 && { systemInstruction: { ...systemExtras, parts: instructions } }),
  };
}

function callNamesOf(messages: readonly Message[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const message of messages)
    if (message.role === 'assistant')
      for (const part of message.parts) if (part.type === 'tool-call') names.set(part.id, part.name);
  return names;
}

/** S7, T15: there must be a turn, and the last one is the user's. */
function mended(
  contents: readonly JsonObject[],
  at: string,
  { facts, report }: EncodeRequestContext,
): readonly JsonObject[] {
  if (contents.length === 0) {
    report({ type: 'defaulted', field: 'contents', detail: 'Gemini needs a turn of the user; "Begin." was sent.' });
    return [{ role: 'user', parts: [{ text: 'Begin.' }] }];
  }
  if (contents.at(-1)?.['role'] !== 'model' || facts.prefill) return contents;
  const detail = 'The model does not go on from a turn of its own; it was asked to continue instead.';
  report({ type: 'approximated', field: at, detail });
  return [...contents, { role: 'user', parts: [{ text: 'Continue.' }] }];
}

/** O4: the wanted form in words, where `responseMimeType` would be refused. */
function formInstruction(conversation: Conversation, { facts }: EncodeRequestContext): readonly JsonObject[] {
  const { output } = conversation;
  if (!output || output.type === 'text' || outputFormFits(conversation, facts)) return [];
  const schema =
    output.type === 'json-schema' ? ` that conforms to this JSON Schema: ${JSON.stringify(output.schema)}` : '';
  return [{ text: `Give your final answer as a JSON object${schema}. Write nothing around it.` }];
}

/**
 * T2, T11: results and the user's next words are one content, results first; turns of the model that follow one another
 * are one, because calls must come right behind a turn of the user. Turns of the user may stand side by side.
 */
function mergeTurns(turns: readonly Message[], context: EncodeRequestContext, writer: Writing): readonly JsonObject[] {
  const merged: { role: string; parts: JsonObject[]; own: JsonObject; results: boolean }[] = [];
  for (const turn of turns) {
    const role = turn.role === 'assistant' ? 'model' : 'user';
    const parts = encodeTurnParts(turn, context, writer);
    if (parts.length === 0) continue;
    const own = turn.extras?.[geminiName] ?? {};
    const before = merged.at(-1);
    if (before?.role === role && (role === 'model' || before.results)) {
      before.parts.push(...parts);
      before.own = { ...before.own, ...own };
      before.results = turn.role === 'tool';
    } else merged.push({ role, parts: [...parts], own, results: turn.role === 'tool' });
  }
  const signs = context.facts.thoughtSignatures === true;
  return merged.map(({ role, parts, own }) => ({
    ...own,
    role,
    parts: role === 'model' && signs ? vouched(parts) : parts,
  }));
}

/** Z4: the first call of a step must be signed; where nobody signed any, the sentinel stands in, and on that one only. */
function vouched(parts: readonly JsonObject[]): readonly JsonObject[] {
  const calls = parts.filter((part) => part['functionCall'] !== undefined);
  if (calls.length === 0 || calls.some((call) => call['thoughtSignature'] !== undefined)) return parts;
  return parts.map((part) => (part === calls[0] ? { ...part, thoughtSignature: sentinel } : part));
}

function encodeTurnParts(turn: Message, context: EncodeRequestContext, writer: Writing): readonly JsonObject[] {
  switch (turn.role) {
    case 'tool':
      return turn.results.flatMap((result) => encodeResult(result, context, writer));
    case 'system':
      return reminder(turn, context, writer);
    case 'user':
      if (turn.name !== undefined)
        context.report({
          type: 'dropped',
          field: `${turn.at ?? 'contents'}.name`,
          detail: 'Gemini knows one user only.',
        });
      return encodeList(turn.parts, context, writer);
    case 'assistant':
      return encodeList(speakable(turn, context), context, writer);
  }
}

/** S1: instructions amid the turns are never the model's words; they join the user's, marked as what they are. */
function reminder(turn: SystemMessage, context: EncodeRequestContext, writer: Writing): readonly JsonObject[] {
  const detail = 'Gemini takes instructions at the beginning only; these stand in a turn of the user.';
  context.report({ type: 'approximated', field: turn.at ?? 'contents', detail });
  return encodeList(turn.parts, context, writer).map((part) =>
    typeof part['text'] === 'string'
      ? { ...part, text: `<system-reminder>\n${part['text']}\n</system-reminder>` }
      : part,
  );
}

/** Reasoning goes back as thoughts to models that think; hidden reasoning of others is nothing without its seal. */
function speakable(turn: AssistantMessage, { facts, signer, report }: EncodeRequestContext): readonly Part[] {
  const thinks = facts.thinkingControl === 'level' || facts.thinkingControl === 'budget';
  return turn.parts.filter((part) => {
    if (part.type !== 'reasoning') return true;
    const ours = part.seal?.issuer === signer;
    if (thinks && (ours || part.text !== '')) return true;
    const detail = thinks
      ? 'Another vendor hid this reasoning; only that vendor can read it.'
      : 'The model takes no thoughts back.';
    if (part.text !== '' || part.redacted) report({ type: 'dropped', field: part.at ?? turn.at ?? 'contents', detail });
    return false;
  });
}

function encodeList(parts: readonly Part[], { report }: EncodeRequestContext, writer: Writing): readonly JsonObject[] {
  return parts.flatMap<JsonObject>((part) => {
    const field = part.at ?? 'contents';
    const drop = (name: string, detail: string) => report({ type: 'dropped', field: `${field}${name}`, detail });
    if (part.type === 'native' && part.dialect !== geminiName) drop('', `Only ${part.dialect} has such a part.`);
    if (part.type === 'server-tool-call' || part.type === 'server-tool-result')
      drop('', 'Gemini takes back no searches that another vendor ran.');
    if (part.type === 'text' && part.citations?.length) drop('.citations', 'Gemini takes no citations back.');
    if (part.type === 'media') reportMediaLosses(part, writer, report, field);
    return encodePart(part, writer) ?? [];
  });
}

function reportMediaLosses(part: MediaPart, writer: Writing, report: Report, place: string): void {
  const drop = (name: string, detail: string) => report({ type: 'dropped', field: `${place}${name}`, detail });
  if (part.source.type === 'text')
    report({ type: 'approximated', field: place, detail: 'A document of plain text was sent as text.' });
  const own = part.extras?.[geminiName];
  if (part.name !== undefined && own?.['displayName'] === undefined) drop('.name', 'Gemini takes no file names.');
  if (part.context !== undefined) drop('.context', 'Gemini takes no words about a document beside it.');
  if (part.citable) drop('.citations', 'Gemini does not cite documents.');
  if (part.detail && part.detail !== 'auto' && !writer.resolutions)
    drop('.detail', 'The model reads all media in one resolution.');
}

/** One functionResponse, and beside it what it cannot hold (M3). */
function encodeResult(result: ToolResult, context: EncodeRequestContext, writer: Writing): readonly JsonObject[] {
  const media = result.content.filter(
    (part): part is MediaPart => part.type === 'media' && part.source.type !== 'text',
  );
  const others = result.content.filter((part) => part.type !== 'media' || part.source.type === 'text');
  const natives = others.flatMap((part) => (part.type === 'native' && part.dialect === geminiName ? part.value : []));
  for (const part of others)
    if (part.type === 'native' && part.dialect !== geminiName)
      context.report({
        type: 'dropped',
        field: part.at ?? result.at ?? 'contents',
        detail: `Only ${part.dialect} has such a part.`,
      });
  const inside = context.facts.mediaInToolResults === true;
  // A FunctionResponsePart has no mediaResolution, unlike a Part.
  const mediaWriter = inside ? { ...writer, resolutions: false } : writer;
  for (const part of result.content) {
    const field = part.at ?? result.at ?? 'contents';
    if (part.type === 'media') reportMediaLosses(part, mediaWriter, context.report, field);
    if (part.type === 'media' && part.source.type !== 'text' && !inside)
      context.report({
        type: 'approximated',
        field,
        detail: 'The model takes no media within results; it stands behind the result.',
      });
  }
  const encoded = media.map((part) => encodeMediaPart(part, mediaWriter));
  const within = [...natives, ...(inside ? encoded : [])];
  const response: JsonObject = {
    ...result.extras?.[geminiName],
    ...(writer.callIds && result.callId !== '' && { id: result.callId }),
    name: writer.callNames.get(result.callId) ?? result.name ?? 'unknown',
    response: responseOf(result, others, media.length > 0 && !inside),
    ...(within.length > 0 && { parts: within }),
  };
  return [{ functionResponse: response }, ...(inside ? [] : encoded)];
}

/** T13: the response is an object always; T12: never an empty one. */
function responseOf(result: ToolResult, others: readonly Part[], mediaFollows: boolean): JsonObject {
  if (result.structured) return result.structured;
  const text = others
    .flatMap((part) => {
      if (part.type === 'text' || part.type === 'refusal' || part.type === 'reasoning') return part.text;
      return part.type === 'media' && part.source.type === 'text' ? part.source.text : [];
    })
    .join('\n');
  const said = text === '' && mediaFollows ? 'The output is attached.' : text;
  return result.failed ? { error: said } : { output: said };
}
