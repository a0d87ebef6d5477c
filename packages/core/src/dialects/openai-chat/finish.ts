import { Failure } from '../../conversation/failure.ts';
import type { Finish } from '../../conversation/reply.ts';
import { text, type JsonObject } from '../../json.ts';
import { failedFinishes, finishReasons, finishWords, isFailedFinish } from './vocabulary.ts';
import type { ChatFinishReason } from './wire.ts';

/** Why a choice ended; undefined while it has not. Unknown words end it too (F1). */
export function decodeFinish(choice: JsonObject): Finish | undefined {
  const word = text(choice.finish_reason);
  if (!word) return undefined;
  const reason = finishReasons[word.toLowerCase()] ?? 'other';
  const native = text(choice.native_finish_reason);
  if (native === undefined || native === word) return isChatWord(word) ? { reason } : { reason, raw: word };
  // The native word may be more exact than Chat's; it is believed where both agree.
  const exact = finishReasons[native.toLowerCase()];
  return { reason: exact && finishWords[exact] === word ? exact : reason, raw: native };
}

/** Some vendors report their own breakdown as a reason to finish. */
export function failureOfFinish(choice: JsonObject): Failure | undefined {
  const word = text(choice.finish_reason);
  if (word === undefined || !isFailedFinish(word)) return undefined;
  return new Failure(failedFinishes[word], `The upstream gave up on the reply (finish_reason "${word}").`, {
    told: true,
    code: word,
  });
}

/** `refused`: the reply holds the model's own refusal, beside which OpenAI says `stop`. */
export function encodeFinish(
  finish: Finish,
  refused: boolean,
): {
  readonly finish_reason: ChatFinishReason;
  readonly native_finish_reason?: string;
} {
  const word = refused && finish.reason === 'refusal' ? 'stop' : finishWords[finish.reason];
  // F4: a pause is no end, which no word of Chat's says.
  const native = finish.raw ?? (finish.reason === 'pause' ? 'pause_turn' : word);
  return { finish_reason: word, ...(native !== word && { native_finish_reason: native }) };
}

function isChatWord(word: string): boolean {
  return Object.values(finishWords).some((known) => known === word) || word === 'function_call';
}
