import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';
import fc from 'fast-check';

/**
 * As much of vitest as the core's tests use, on vitest's own matchers, in plain JavaScript: vitest itself needs Node.
 * Tests are collected while the bundle loads and run when asked, since workerd allows little work before a request.
 */
chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
chai.config.truncateThreshold = 2000;
// As in vitest.seed.ts.
fc.configureGlobal({ seed: 20_261_121 });

export const expect = chai.expect;
export { expectTypeOf } from 'expect-type';

type Body = (...args: readonly unknown[]) => unknown;
type Row = unknown;

interface Collected {
  readonly name: string;
  readonly run: () => unknown;
}

const collected: Collected[] = [];
const path: string[] = [];

function addTest(name: string, ...rest: readonly unknown[]): void {
  const run = rest.find((one): one is () => unknown => typeof one === 'function');
  if (!run) throw new Error(`"${name}" has no body.`);
  collected.push({ name: [...path, name].join(' > '), run });
}

function addGroup(name: string, body: () => void): void {
  path.push(name);
  body();
  path.pop();
}

function each(add: (name: string, run: () => void) => void) {
  return (rows: readonly Row[]) => (name: string, body: Body) => {
    rows.forEach((row, index) => {
      const args: readonly unknown[] = Array.isArray(row) ? row : [row];
      let next = 0;
      const filled = name.replace(/%(s|i|d|j|o|#|\$)/g, (mark) =>
        mark === '%#' ? String(index) : String(args[next++]),
      );
      add(filled, () => body(...args));
    });
  };
}

export const test = Object.assign(addTest, { each: each((name, run) => addTest(name, run)) });
export const it = test;
export const describe = Object.assign(addGroup, { each: each((name, run) => addGroup(name, run as () => void)) });

export interface Report {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly error: string }[];
}

/** Runs what was collected, one after another. */
export async function run(): Promise<Report> {
  let passed = 0;
  const failures: { name: string; error: string }[] = [];
  for (const { name, run: body } of collected) {
    try {
      await body();
      passed += 1;
    } catch (error) {
      failures.push({
        name,
        error: error instanceof Error ? `${error.message}\n${error.stack ?? ''}`.slice(0, 2000) : String(error),
      });
    }
  }
  return { passed, failures };
}
