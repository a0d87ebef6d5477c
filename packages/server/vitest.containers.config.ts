import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

/** `pnpm containers`: the rows that need an engine. They need root and minutes, so `pnpm test` leaves them out. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      dir: 'test/containers',
      globalSetup: 'test/containers/setup.ts',
      fileParallelism: false,
      testTimeout: 120_000,
      teardownTimeout: 60_000,
    },
  }),
);
