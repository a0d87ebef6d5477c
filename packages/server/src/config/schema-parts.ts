import * as z from 'zod';
import { nearest, unknownName } from './problems.ts';

/** An object in which every unknown key is an error that guesses what was meant. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, Object.keys(shape)) : undefined),
  });
}

/** One of a few words. */
export function oneOf<const Names extends readonly string[]>(what: string, names: Names) {
  return z.enum(names, {
    error: ({ input }) => (typeof input === 'string' ? unknownName(input, what, names) : undefined),
  });
}

/** A whole number; `"3000"` counts, because that is what `${PORT}` becomes. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const wanted = `must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}.`;
  return z.preprocess(numeric, z.int({ error: wanted }).min(min, wanted).max(max, wanted)).meta({ orReference: true });
}

/** ECMA-262: no date is later, and none that is can be told. */
export const latestMs = 8.64e15;

/** A number that is not negative. */
export function quantity() {
  const wanted = 'must be a number that is not negative.';
  return z.preprocess(numeric, z.number({ error: wanted }).min(0, wanted)).meta({ orReference: true });
}

/** A timer that is set for longer goes off at once. */
const maxTimerMs = 2 ** 31 - 1;

/** How long a timer waits, in units of so many milliseconds. */
export function timer(unitMs: number, min = 0) {
  const max = Math.floor(maxTimerMs / unitMs);
  const wanted = `must be a number from ${min} to ${max} (24 days).`;
  return z
    .preprocess(numeric, z.number({ error: wanted }).min(min, wanted).max(max, wanted))
    .meta({ orReference: true });
}

/** A text is short for `{key}`. YAML takes one of digits alone for a number, which may be another than was written. */
export function keyAlone(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value === 'string') return { key: value };
  if (typeof value !== 'number') return value;
  context.addIssue({ code: 'custom', message: 'must be a text: put it in quotes.' });
  return z.NEVER;
}

/** true or false; `"true"` counts, because that is what `${STRICT}` becomes. */
export function flag() {
  return z
    .preprocess(
      (value) => (value === 'true' ? true : value === 'false' ? false : value),
      z.boolean({ error: 'must be true or false.' }),
    )
    .meta({ orReference: true });
}

/** For descriptions of paths: what the server writes stays where it runs, whoever's file names it. */
export const belowStart =
  'relative to the directory in which the server is started, wherever the configuration file lies';
/** What it reads belongs to the file that names it. */
export const besideFile = 'relative to the configuration file';

/** A text with something in it. */
export function words() {
  return z.string({ error: 'must be a text.' }).min(1, 'must not be empty.');
}

// RFC 9110 §5.5, as undici holds to it.
const sendableText = /^[\t\x20-\x7e\x80-\xff]*$/;
const sendableName = /^[!#$%&'*+.^_`|~\w-]+$/;

/** A text that a header can carry, or one that is not sent. The message repeats nothing of it: it may be a secret. */
export function headerText(unsent = /^(?!)/) {
  return words().refine(
    (text) => sendableText.test(text) || unsent.test(text),
    'holds a character that no header can carry, such as a line break or one that is not seen. Copy it again.',
  );
}

/** Headers to be sent along. */
export function headers() {
  return z.record(z.string(), z.string()).superRefine((all, context) => {
    for (const [name, value] of Object.entries(all)) {
      if (!sendableName.test(name))
        context.addIssue({ code: 'custom', path: [name], message: 'is no name of a header: letters, digits and "-".' });
      if (!sendableText.test(value))
        context.addIssue({ code: 'custom', path: [name], message: 'holds a character that no header can carry.' });
    }
  });
}

function numeric(value: unknown): unknown {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  return keys
    .map((key) => {
      const near = nearest(key, known);
      return `"${key}" is not an option here.${near === undefined ? '' : ` Did you mean "${near}"?`}`;
    })
    .concat(`Known: ${known.join(', ')}.`)
    .join(' ');
}
