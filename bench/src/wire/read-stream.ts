import type { Shape } from './shape.ts';

export interface Streamed {
  readonly text: string;
  readonly finished: boolean;
  readonly events: number;
}

/** Reads a whole event stream the plain way, for checking. @throws when data is neither JSON nor `[DONE]`. */
export function readStream(shape: Shape, body: string): Streamed {
  let text = '';
  let finished = false;
  let events = 0;
  for (const event of body.split(/\r?\n\r?\n/)) {
    const data = event
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trimStart())
      .join('\n');
    if (data === '') continue;
    events++;
    finished ||= data.includes(shape.finishMark);
    if (data !== '[DONE]') text += shape.textOfEvent(JSON.parse(data));
  }
  return { text, finished, events };
}
