import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Leaves a file in `TEST_FAILURES` for every package that failed. `npm test` prints them behind everything else: of a log
 * of 9,000 tests it is the end that is read, and often nothing but the end is kept.
 */
export class FailureFile implements Reporter {
  readonly #file: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, `${basename(process.cwd())}.txt`);
  }

  onTestRunStart(): void {
    writeFileSync(this.#file, 'The run began and did not come to its end.\n');
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: string): void {
    const failures = [
      ...modules.flatMap(ofModule),
      ...unhandled.map((error) => told('an error outside the tests', error)),
    ];
    if (reason === 'passed' && failures.length === 0) return rmSync(this.#file);
    writeFileSync(this.#file, failures.join('\n') || `The run ended as ${reason}.\n`);
  }
}

function ofModule(module: TestModule): string[] {
  const own = module.errors().map((error) => told(module.relativeModuleId, error));
  const suites = [...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => told(`${module.relativeModuleId} > ${suite.fullName}`, error)),
  );
  const tests = [...module.children.allTests('failed')].flatMap((test) =>
    (test.result().errors ?? []).map((error) => told(`${module.relativeModuleId} > ${test.fullName}`, error)),
  );
  return [...own, ...suites, ...tests];
}

function told(name: string, error: SerializedError): string {
  const { message, stack, stacks, diff } = error;
  const where = stacks?.map(({ file, line, column }) => `    at ${file}:${line}:${column}`).join('\n') || stack;
  return stripVTControlCharacters([`FAILED ${name}`, message, diff, where].filter(Boolean).join('\n')) + '\n';
}
