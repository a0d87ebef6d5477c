import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// Vitest hands these to Node as --conditions, and `import` among them makes require() load ESM: Express then breaks
// ("isPromise is not a function").
export default defineConfig({ ...base, ssr: { resolve: { conditions: ['@proxy/source', 'node'] } } });
