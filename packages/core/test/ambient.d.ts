interface ImportMeta {
  /** Vite's; the other runtimes' test bundle provides the same. */
  glob<T = string>(
    pattern: string | string[],
    options: { query: '?raw'; import: 'default'; eager: true },
  ): Record<string, T>;
}
