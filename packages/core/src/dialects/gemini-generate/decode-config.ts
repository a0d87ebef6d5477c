import type { Conversation, OutputForm, Reasoning, Sampling } from '../../conversation/conversation.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { toJsonSchema } from './json-schema.ts';
import { leftover, malformed, members, read, readBoolean, readNumber, readObject, readText } from './members.ts';
import { effortOfLevel } from './vocabulary.ts';

interface DecodedConfig extends Pick<Conversation, 'sampling' | 'maxOutputTokens' | 'reasoning' | 'output'> {
  /** Members that only Gemini has. */
  readonly rest?: JsonObject;
}

/** `generationConfig`. @throws Failure naming the member that is malformed. */
export function decodeConfig(config: JsonObject): DecodedConfig {
  const maxOutputTokens = numeric(config, 'maxOutputTokens');
  const thinking = readObject(config, 'thinkingConfig');
  const reasoning = thinking && decodeThinking(thinking);
  const form = decodeOutput(config);
  const thinkingRest = thinking && leftover(thinking, thinkingMembers);
  const rest: JsonObject = {
    ...leftover(config, form ? configMembers : formlessMembers),
    ...(thinkingRest && { thinkingConfig: thinkingRest }),
  };
  return {
    sampling: decodeSampling(config),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(reasoning && { reasoning }),
    ...(form && { output: form }),
    ...(Object.keys(rest).length > 0 && { rest }),
  };
}

const samplingMembers = [
  ...['temperature', 'topP', 'topK', 'seed', 'stopSequences', 'presencePenalty', 'frequencyPenalty'],
  ...['candidateCount', 'responseLogprobs', 'logprobs', 'maxOutputTokens', 'thinkingConfig'],
];
const formMembers = [
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'responseFormat',
];
const configMembers = members(...samplingMembers, ...formMembers);
/** When the form is one that the hub has no word for (`text/x.enum`), its members are kept as they are. */
const formlessMembers = members(...samplingMembers);
const thinkingMembers = members('includeThoughts', 'thinkingBudget', 'thinkingLevel');

function decodeSampling(config: JsonObject): Sampling {
  const temperature = numeric(config, 'temperature');
  const topP = numeric(config, 'topP');
  const topK = numeric(config, 'topK');
  const seed = numeric(config, 'seed');
  const presencePenalty = numeric(config, 'presencePenalty');
  const frequencyPenalty = numeric(config, 'frequencyPenalty');
  const candidates = numeric(config, 'candidateCount');
  const logprobs = readBoolean(config, 'responseLogprobs');
  const topLogprobs = numeric(config, 'logprobs');
  const stopSequences = decodeStops(read(config, 'stopSequences'));
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(stopSequences && { stopSequences }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(candidates !== undefined && { candidates }),
    ...(logprobs !== undefined && { logprobs }),
    ...(topLogprobs !== undefined && { topLogprobs }),
  };
}

function numeric(config: JsonObject, name: string): number | undefined {
  const value = readNumber(config, name);
  if (value === undefined && read(config, name) !== undefined)
    throw malformed(`generationConfig.${name}`, 'it is a number, or left out.');
  return value;
}

function decodeStops(stops: Json | undefined): readonly string[] | undefined {
  if (stops === undefined) return undefined;
  const words = typeof stops === 'string' ? [stops] : stops;
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw malformed('generationConfig.stopSequences', 'it is a list of strings.');
  return words.length > 0 ? words : undefined;
}

/** Z12, Z13: how much to think, and whether to show it, are told apart. */
function decodeThinking(thinking: JsonObject): Reasoning | undefined {
  const level = readText(thinking, 'thinkingLevel');
  const effort = level === undefined ? undefined : effortOfLevel(level);
  const budget = numeric(thinking, 'thinkingBudget');
  const include = readBoolean(thinking, 'includeThoughts');
  const reasoning: Reasoning = {
    ...(budget === 0 && { mode: 'disabled' as const }),
    ...(budget === -1 && { mode: 'adaptive' as const }),
    ...(budget !== undefined && budget > 0 && { budgetTokens: budget }),
    ...(effort && { effort }),
    ...(include !== undefined && { show: include ? ('summary' as const) : ('none' as const) }),
  };
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

/** O1: a MIME type with a schema of either kind beside it, or the newer `responseFormat` with one text form. */
function decodeOutput(config: JsonObject): OutputForm | undefined {
  const formats = read(config, 'responseFormat');
  const format = Array.isArray(formats) ? formats[0] : formats;
  const inText = isObject(format) ? readObject(format, 'text') : undefined;
  const only = !Array.isArray(formats) || formats.length === 1;
  if (formats !== undefined && !(inText && only)) return undefined;
  const mimeType = readText(inText ?? config, inText ? 'mimeType' : 'responseMimeType');
  // The second spelling is the one of the v1 REST discovery document.
  const schema = inText
    ? read(inText, 'schema')
    : (read(config, 'responseJsonSchema') ?? config['_responseJsonSchema'] ?? read(config, 'responseSchema'));
  if (mimeType !== undefined && mimeType !== 'application/json' && mimeType !== 'text/plain') return undefined;
  if (isObject(schema) && mimeType !== 'text/plain') return { type: 'json-schema', schema: toJsonSchema(schema) };
  if (mimeType === undefined) return undefined;
  return { type: mimeType === 'text/plain' ? 'text' : 'json' };
}
