/** A small job that takes a model six turns, decided from nothing but what the request shows. */
import type { Question } from '../e2e/vendors/server.ts';
import type { Call, Refusal, Reply, Vendor } from '../e2e/vendors/vendor.ts';
import type { Hands } from './hands.ts';

export const prompt =
  'Say "evening" instead of "morning" in greeting.txt, count its words, and look at the other two files.';
export const files = { 'greeting.txt': 'Good morning, Köln.\n', 'a.txt': 'alpha-7\n', 'b.txt': 'beta-9\n' };
export const farewell = 'All is done: evening, 3 words, alpha-7, beta-9. Schönen Abend!';
/** Calls that do work: one a turn, and the one that is refused. */
export const turns = 6;

export interface Task {
  decide(question: Question): Reply | Refusal;
  /** What came of it, as the agent reported: call id to text. */
  results(): ReadonlyMap<string, string>;
  /** The proofs of its thoughts, as they were given out. */
  readonly seals: readonly string[];
  /** What it was asked that has nothing to do with the job. */
  readonly strays: readonly Question[];
}

export function createTask(vendor: Vendor, agent: Hands, folder: string): Task {
  const file = (name: string) => `${folder}/${name}`;
  const greeting = file('greeting.txt');
  const steps: readonly (readonly Call[])[] = [
    [agent.read('call_read1', greeting)],
    [agent.replace('call_edit2', greeting, 'Good morning, Köln.', 'Good evening, Köln.')],
    [agent.run('call_run3', `wc -w < ${greeting} > ${file('words.txt')} && cat ${file('words.txt')}`)],
    [agent.read('call_both4a', file('a.txt')), agent.read('call_both4b', file('b.txt'))],
    [agent.run('call_again5', `cat ${greeting}`)],
  ];
  let refused = false;
  let last: ReadonlyMap<string, string> = new Map();
  const seals: string[] = [];
  const strays: Question[] = [];

  return {
    results: () => last,
    seals,
    strays,
    decide(question) {
      const said = question.seen.pieces;
      if (!said.some((piece) => piece.type === 'text' && piece.text.includes(prompt))) {
        strays.push(question);
        return { thought: 'An aside.', seal: 'c2VhbC1hc2lkZQ==', text: 'An aside.', calls: [] };
      }
      const results = said.filter((piece) => piece.type === 'result');
      last = new Map(results.map(({ id, text }) => [id, text]));
      const done = steps.findIndex((calls) => results.length < calls.length + before(steps, calls));
      const step = done < 0 ? steps.length : done;
      if (step === 4 && !refused) {
        refused = true;
        return vendor.refusal(1);
      }
      const seal = Buffer.from(`seal of ${vendor.dialect}, turn ${step}, and more of it`).toString('base64');
      seals.push(seal);
      const thought = `Step ${step + 1} of the job comes next.`;
      const calls = steps[step];
      return calls ? { thought, seal, calls } : { thought, seal, text: farewell, calls: [] };
    },
  };
}

function before(steps: readonly (readonly Call[])[], until: readonly Call[]): number {
  return steps.slice(0, steps.indexOf(until)).reduce((sum, calls) => sum + calls.length, 0);
}
