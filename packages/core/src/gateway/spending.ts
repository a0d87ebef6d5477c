import { longFiles } from '../bytes/lift.ts';
import { holds } from '../bytes/search.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { MediaPart, Message, Part } from '../conversation/message.ts';
import type { AskedPictures, Bounds, Door, RequestBounds } from '../dialects/dialect.ts';
import { base64StringTokens, estimateBodyTokens } from '../limits/estimate.ts';
import { matchesPattern } from '../models/facts.ts';
import type { Caller, Most, Spending, SpendingTarget } from '../ports.ts';
import type { Incoming } from './incoming.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';

/** What a call can cost at the most; undefined for operations that cost nothing. `docs/limits.md` says what it rests on. */
export function spendingOf(caller: Caller, inbound: Incoming, plan: Plan): Spending | undefined {
  const { door } = inbound.knock;
  if (!costs(door)) return undefined;
  const unseen = unseenCosts[door.operation];
  return {
    caller,
    model: inbound.glance.model,
    targets: plan.possible().map((target) => spendingTarget(inbound, target)),
    outputField: inbound.dialect.fieldNames.maxOutputTokens ?? 'max_tokens',
    most: () => mostOf(inbound, plan),
    unseen,
  };
}

export function spendingTarget({ glance }: Incoming, { upstream, model, settings }: Target): SpendingTarget {
  // Vertex has another word for it.
  const region = settings.location ?? settings.region;
  return {
    upstream: upstream.name,
    provider: upstream.provider.name,
    model,
    askedModel: glance.model,
    region,
  };
}

const spendingOperations = new Set<string>([
  'generate',
  'complete',
  'embed',
  'moderate',
  'rerank',
  'generate-image',
  'edit-image',
  'vary-image',
  'speak',
  'transcribe',
  'translate-audio',
  'create-batch',
  'realtime',
  'live',
  'other',
]);

function costs({ operation, method, socket }: Door): boolean {
  return spendingOperations.has(operation) && (method !== 'GET' || socket !== undefined);
}

/** What an upstream reports of these, if anything, it reports to others, or later. */
const unseenCosts: Readonly<Record<string, string>> = {
  'create-batch': 'A batch is paid for later, unseen',
  other: 'What this path costs is not known here',
};

/** For a model nobody knows, and for its window. */
const unknownOutputTokens = 128_000;
const unknownWindow = 1_000_000;
/** What vendors write around a prompt and its tools beyond what the caller's own JSON takes. */
const aroundTokens = 1000;

function mostOf(inbound: Incoming, plan: Plan): Most {
  let window = 0;
  let maxOutput = 0;
  for (const { facts } of plan.possible()) {
    window = Math.max(window, facts.contextWindow ?? unknownWindow);
    maxOutput = Math.max(maxOutput, facts.maxOutputTokens ?? unknownOutputTokens);
  }
  const { knock, upload, body } = inbound;
  const { operation, socket } = knock.door;
  // A session's next reply, with all that was said before it.
  if (socket) return { inputTokens: window, outputTokens: maxOutput };
  const asked = upload ? {} : boundsOf(inbound);
  const images = pictures.has(operation) ? { count: 1, ...(!upload && picturesOf(inbound)) } : undefined;
  const imageCount = images?.count ?? 0;
  if (images && plan.possible().every(({ model }) => withoutTokens.some((pattern) => matchesPattern(pattern, model))))
    return { inputTokens: 0, outputTokens: 0, images };
  const candidates = asked.candidates ?? 1;
  const rounds = asked.rounds ?? 0;
  const prompt = upload ? uploadTokens(inbound) : promptTokens(inbound, plan, window, asked.elsewhere === true);
  const perReply = outputRules[operation]?.(body.length) ?? asked.maxOutputTokens ?? maxOutput;
  return {
    inputTokens: rounds > 0 ? Math.max(prompt, window) * (rounds + 1) : prompt,
    outputTokens: perReply * Math.max(candidates, imageCount, 1) + (asked.prediction ? body.length : 0),
    candidates: candidates > 1 ? candidates : undefined,
    images,
    searches: rounds > 0 ? rounds : undefined,
    audioSeconds: upload && !images ? upload.mostBytes / audioBytesPerSecond : undefined,
  };
}

const pictures = new Set<string>(['generate-image', 'edit-image', 'vary-image']);
/** Paid for by the picture, and no tokens are told. */
const withoutTokens = ['dall-e*', 'imagen*'];
/** gpt-image-1 takes 6240 for its largest picture, and as much as 400 for parts on the way. */
const pictureTokens = 8192;
const transcriptTokens = 16_384;

/** By operation, from the bytes of the request; the others say it themselves or have it from their model. */
const outputRules: Readonly<Record<string, (bytes: number) => number>> = {
  embed: () => 0,
  moderate: () => 0,
  rerank: () => 0,
  // Speech: about twenty tokens a second, in which fifteen characters are spoken.
  speak: (bytes) => bytes * 4,
  transcribe: () => transcriptTokens,
  'translate-audio': () => transcriptTokens,
  'generate-image': () => pictureTokens,
  'edit-image': () => pictureTokens,
  'vary-image': () => pictureTokens,
};

function boundsOf({ dialect, top }: Incoming): RequestBounds {
  try {
    return dialect.bounds?.of(top) ?? {};
  } catch {
    // No JSON object as far as anybody can tell here: all is possible.
    return { elsewhere: true };
  }
}

function picturesOf({ dialect, top }: Incoming): AskedPictures | undefined {
  try {
    return dialect.bounds?.pictures?.(top);
  } catch {
    return undefined; // as above
  }
}

/** No vocabulary has a token of less than a byte. */
function promptTokens(inbound: Incoming, plan: Plan, window: number, elsewhere: boolean): number {
  const { body, dialect } = inbound;
  const bytes = body.length + aroundTokens;
  if (elsewhere) return Math.max(bytes, window);
  if (inbound.knock.door.relay || !mayHoldMedia(body, dialect.bounds)) return bytes;
  const perImage = Math.max(...plan.possible().map(({ model }) => imageTokens(model)));
  return bytes + mediaTokens(inbound, perImage, window);
}

/** A word may be written with escapes as well: `"imag\\u0065"`. */
function mayHoldMedia(body: Uint8Array, bounds: Bounds | undefined): boolean {
  if (bounds?.media.some((word) => holds(body, word)) ?? true) return true;
  return body.includes(backslash) && holds(body, escapeBegun) && asciiEscapes.some((text) => holds(body, text));
}

const backslash = 0x5c;
const escapeBegun = '\\u00';
const asciiEscapes = ['\\u002', '\\u003', '\\u004', '\\u005', '\\u006', '\\u007'];

/** The dearest picture: 1600 tokens with older Claudes, 4800 with those of high resolution, 2500 with OpenAI, 1300 a tile with Gemini. */
const mostImageTokens = 6000;
/** It was given the prices of text, and its pictures so many more tokens. */
const dearImages = { match: 'gpt-4o-mini*', tokens: 48_200 };

function imageTokens(model: string): number {
  return matchesPattern(dearImages.match, model) ? dearImages.tokens : mostImageTokens;
}

/** Sound at six kilobits a second, heard in thirty-two tokens. */
const audioBytesPerSecond = 750;
const audioBytesPerToken = 20;

/** What images and files add to the bytes of the body, or take from them. */
function mediaTokens(inbound: Incoming, perImage: number, window: number): number {
  const parts = partsOf(inbound);
  // Nobody here can read it, and what reads it later may find anything in it.
  if (!parts) return window;
  let tokens = 0;
  for (const { kind, source } of parts) {
    if (source.type === 'text') continue;
    if (kind === 'image') tokens += perImage;
    else if (kind === 'audio' && source.type === 'base64')
      tokens += (source.data.length * 3) / 4 / audioBytesPerToken - source.data.length;
    else tokens += window;
  }
  const files = longFiles(inbound.body);
  const read = parts.filter(({ source, kind }) => source.type === 'base64' && kind !== 'audio').length;
  // Of a long text that only begins like a picture every byte counts.
  if (files.length <= read) for (const { start, end } of files) tokens -= end - start;
  return Math.ceil(tokens);
}

function partsOf(inbound: Incoming): readonly MediaPart[] | undefined {
  let conversation: Conversation;
  try {
    ({ conversation } = inbound.decoded());
  } catch {
    return undefined;
  }
  return conversation.messages.flatMap(contentOf).filter((part) => part.type === 'media');
}

function contentOf(message: Message): readonly Part[] {
  return message.role === 'tool' ? message.results.flatMap(({ content }) => content) : message.parts;
}

/** As long as a form is still coming in, as much as it may become. */
function uploadTokens({ upload, knock }: Incoming): number {
  const bytes = upload?.mostBytes ?? 0;
  return pictures.has(knock.door.operation) ? bytes : Math.ceil(bytes / audioBytesPerToken) + aroundTokens;
}

/** Tokens of the prompt, rather as many as there will be than as there may be. A form that is only kept costs nothing; another as much as a file in base64, however long it will be. */
export function estimateOf({ upload, knock, body }: Incoming): number {
  if (!upload) return estimateBodyTokens(body);
  return knock.door.relay?.model === 'none' ? 0 : base64StringTokens;
}
