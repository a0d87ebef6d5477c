import { Failure } from '../conversation/failure.ts';
import type { Notice, Report } from '../conversation/notice.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest, Vector } from './embedding.ts';
import type { EmbeddingCaller, EmbeddingForm } from './form.ts';
import { splitInputs, type Share } from './split.ts';

interface EmbeddingDestination {
  readonly form: EmbeddingForm;
  /** The upstream's own name. */
  readonly model: string;
}

interface EmbeddingSettings {
  /** The door's path, with its holes. */
  readonly path: string;
  /** The name that the caller asked for. */
  readonly model: string;
  /** Tokens of an input, rather too many than too few. */
  estimate(input: EmbeddingInput): number;
}

/** One request for embeddings turned towards one place: as many calls as that takes, and the way back. */
interface EmbeddingTranslation {
  readonly bodies: readonly JsonObject[];
  /** Grows when the replies are read. */
  readonly notices: readonly Notice[];
  /** The replies of all calls, in their order. @throws Failure `bad-upstream` when a vector is missing. */
  whole(replies: readonly EmbeddingAnswer[]): WholeEmbeddings;
  /** Tokens of the calls that were answered, where others were not: those are holes. */
  spent(replies: readonly (EmbeddingAnswer | undefined)[]): number;
}

export interface EmbeddingAnswer {
  readonly body: JsonObject;
  readonly headers: HeaderMap;
}

interface WholeEmbeddings {
  readonly body: JsonObject;
  readonly inputTokens: number;
  /** No vendor told the tokens. */
  readonly estimated: boolean;
}

/** @throws Failure `bad-request` naming the field, when the request is malformed or the place can do nothing with it. */
export function translateEmbeddings(
  caller: EmbeddingCaller,
  body: JsonObject,
  { form, model }: EmbeddingDestination,
  settings: EmbeddingSettings,
): EmbeddingTranslation {
  const notices: Notice[] = [];
  const report: Report = (notice) => {
    const field = caller.fieldNames[notice.field] ?? notice.field;
    // Every call of a split request says the same.
    if (!notices.some((one) => one.field === field && one.type === notice.type)) notices.push({ ...notice, field });
  };
  const request = caller.decodeRequest(body, { path: settings.path, report });
  const shares = splitInputs(request.inputs, form, model, (input) => settings.estimate(input));
  const bodies = shares.map(({ inputs }) => form.encodeRequest({ ...request, inputs }, { model, report }));

  function whole(answers: readonly EmbeddingAnswer[]): WholeEmbeddings {
    const replies = answers.map(({ body, headers }) => form.decodeReply(body, headers));
    const reply = joined(request, shares, replies);
    reply.vectors.forEach(({ truncated }, index) => {
      if (truncated) report(cut(request.inputs[index]));
    });
    const estimated = reply.inputTokens === undefined;
    const inputTokens = reply.inputTokens ?? request.inputs.reduce((sum, input) => sum + settings.estimate(input), 0);
    if (estimated) report(estimateTold);
    const { path, model } = settings;
    const told = { path, model, request, inputTokens, estimated };
    return { body: caller.encodeReply(reply, told), inputTokens, estimated };
  }

  function spent(answers: readonly (EmbeddingAnswer | undefined)[]): number {
    return shares.reduce((sum, { inputs }, index) => {
      const answer = answers[index];
      const guess = inputs.reduce((tokens, input) => tokens + settings.estimate(input), 0);
      return answer ? sum + (toldBy(form, answer) ?? guess) : sum;
    }, 0);
  }

  return { bodies, notices, whole, spent };
}

/** Undefined when it tells nothing, or is no reply. */
function toldBy(form: EmbeddingForm, { body, headers }: EmbeddingAnswer): number | undefined {
  try {
    return form.decodeReply(body, headers).inputTokens;
  } catch {
    return undefined;
  }
}

const estimateTold: Notice = {
  type: 'approximated',
  field: 'reply.usage',
  detail: 'The upstream did not tell how many tokens it read: they are estimated.',
};

function cut(input: EmbeddingInput | undefined): Notice {
  const detail = 'The upstream cut it to what its model can read.';
  return { type: 'approximated', field: input?.at ?? 'input', detail };
}

/** Every vector back at the place of its input. */
function joined(
  { inputs }: EmbeddingRequest,
  shares: readonly Share[],
  replies: readonly EmbeddingReply[],
): EmbeddingReply {
  const vectors: Vector[] = [];
  shares.forEach(({ places }, share) => {
    places.forEach((place, index) => {
      const vector = replies[share]?.vectors[index];
      if (!vector)
        throw new Failure('bad-upstream', `The upstream answered without an embedding for "${inputs[place]?.at}".`);
      vectors[place] = vector;
    });
  });
  const counts = replies.map(({ inputTokens }) => inputTokens);
  if (counts.includes(undefined)) return { vectors };
  return { vectors, inputTokens: counts.reduce<number>((sum, count = 0) => sum + count, 0) };
}
