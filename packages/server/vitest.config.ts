import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

/** What needs a container engine is run by `pnpm containers`. */
export default mergeConfig(base, defineConfig({ test: { exclude: ['test/containers/**'] } }));
