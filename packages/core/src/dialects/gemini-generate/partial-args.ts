import { isObject, type Json, type JsonObject } from '../../json.ts';
import { readBoolean, readNumber, readText } from './members.ts';

/** Elements of one array that a stream may name; beyond it a path is rubbish. */
const maxElements = 100_000;

type Container = Record<string, Json> | Json[];

/** Assembles the arguments of a call that Vertex streams piece by piece, each piece with the path of its place (D9). */
export function partialArguments(): { add(pieces: readonly Json[]): void; value(): JsonObject } {
  // Without a prototype, so that no name a model writes means anything.
  const root: Record<string, Json> = Object.create(null) as Record<string, Json>; // Object.create is typed any
  return {
    add(pieces) {
      for (const piece of pieces) if (isObject(piece)) place(root, piece);
    },
    value: () => root,
  };
}

function place(root: Record<string, Json>, piece: JsonObject): void {
  const steps = stepsOf(readText(piece, 'jsonPath') ?? '');
  const last = steps.pop();
  if (last === undefined) return;
  let container: Container = root;
  steps.forEach((step, depth) => {
    const next = steps[depth + 1] ?? last;
    const found = get(container, step);
    const inner = isContainer(found)
      ? found
      : typeof next === 'number'
        ? []
        : (Object.create(null) as Record<string, Json>); // as above
    set(container, step, inner);
    container = inner;
  });
  const text = readText(piece, 'stringValue');
  const before = get(container, last);
  // The pieces of one string follow one another under the same path.
  if (text !== undefined) set(container, last, typeof before === 'string' ? before + text : text);
  else set(container, last, readNumber(piece, 'numberValue') ?? readBoolean(piece, 'boolValue') ?? null);
}

/** `$.a.b[0]['c d']` as its steps (RFC 9535); wildcards and filters do not occur. */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, dotted, index, single, double] of path.matchAll(
    /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g,
  )) {
    if (dotted !== undefined) steps.push(dotted);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push((single ?? double ?? '').replace(/\\(.)/g, '$1'));
  }
  return steps.some((step) => typeof step === 'number' && step >= maxElements) ? [] : steps;
}

function get(container: Container, step: string | number): Json | undefined {
  if (Array.isArray(container)) return typeof step === 'number' ? container[step] : undefined;
  return container[String(step)];
}

function set(container: Container, step: string | number, value: Json): void {
  if (!Array.isArray(container)) container[String(step)] = value;
  else if (typeof step === 'number') {
    while (container.length < step) container.push(null);
    container[step] = value;
  }
}

function isContainer(value: Json | undefined): value is Container {
  return typeof value === 'object' && value !== null;
}
