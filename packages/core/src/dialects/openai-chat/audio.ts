import { base64OfBytes, bytesOfBase64, isBase64 } from '../../bytes/base64.ts';
import type { MediaPart } from '../../conversation/message.ts';
import { object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext } from '../dialect.ts';
import { audioType } from './content.ts';
import { name as dialect } from './vocabulary.ts';

export interface AudioCollector {
  take(audio: JsonObject): void;
  part(): MediaPart | undefined;
}

/** Spoken replies come in pieces: an id, base64 data, the transcript, and when it expires. */
export function audioCollector({ conversation }: DecodeReplyContext): AudioCollector {
  const pieces: string[] = [];
  const known: Record<string, Json> = {};
  let transcript = '';
  return {
    take(audio) {
      if (text(audio.data)) pieces.push(text(audio.data) ?? '');
      if (text(audio.id)) known.id = audio.id ?? null;
      if (typeof audio.expires_at === 'number') known.expires_at = audio.expires_at;
      transcript += text(audio.transcript) ?? '';
    },
    part() {
      if (pieces.length === 0 && transcript === '') return undefined;
      // The reply does not say its format: it is the one that was asked for.
      const format = text(object(conversation?.extras?.[dialect]?.audio)?.format) ?? 'wav';
      return {
        type: 'media',
        kind: 'audio',
        source: { type: 'base64', mediaType: audioType(format), data: joinBase64(pieces) },
        extras: { [dialect]: { ...known, ...(transcript !== '' && { transcript }) } },
      };
    },
  };
}

/** Each piece is encoded by itself; only pieces without padding can be put end to end. */
function joinBase64(pieces: readonly string[]): string {
  const inner = pieces.slice(0, -1);
  if (inner.every((piece) => piece.length % 4 === 0 && !piece.endsWith('=')) || !pieces.every(isBase64))
    return pieces.join('');
  const bytes = pieces.map(bytesOfBase64);
  const whole = new Uint8Array(bytes.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of bytes) {
    whole.set(piece, at);
    at += piece.length;
  }
  return base64OfBytes(whole);
}
