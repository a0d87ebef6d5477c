import type { Shape } from './shape.ts';

/**
 * Marks each delta once. It is one byte, so that no read can cut it, and occurs nowhere else in the mock's answers:
 * whoever counts it counts deltas without parsing.
 */
export const mark = '~';

const words =
  'the answer naïve to life, "quoted" and\nbroken over lines: über alles — a model talks so on and on'.split(' ');

/** The text of delta number `index`; it is the same for index + 100. */
export function piece(shape: Shape, index: number): string {
  let text = '';
  for (let word = index % 100; text.length < shape.deltaLength - 1; word++) text += ` ${words[word % words.length]}`;
  return text.slice(0, shape.deltaLength - 1) + mark;
}

/** The text of the first `deltas` deltas together. */
export function wholeText(shape: Shape, deltas: number): string {
  let text = '';
  for (let index = 0; index < deltas; index++) text += piece(shape, index);
  return text;
}

/** What the mock answers to requests that do not stream. */
export const replyText = 'Hello! “How” can I help you today?\n';
