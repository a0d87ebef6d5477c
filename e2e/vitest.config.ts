import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Workspace packages are dependencies to vite, so their source condition must be set for the server build too.
  resolve: { conditions: ['@proxy/source'] },
  ssr: { resolve: { conditions: ['@proxy/source', 'node', 'import', 'default'] } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
});
