import { defineConfig } from 'vitest/config';
import { FailureFile } from './vitest.failures.ts';

const failures = process.env['TEST_FAILURES'];

/** Workspace packages are tested from their sources, so a test never waits for a build or runs against a stale one. */
export default defineConfig({
  resolve: { conditions: ['@proxy/source'] },
  ssr: { resolve: { conditions: ['@proxy/source', 'node'] } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    ...(failures !== undefined && { reporters: ['default', new FailureFile(failures)] }),
    setupFiles: [new URL('vitest.seed.ts', import.meta.url).pathname],
  },
});
