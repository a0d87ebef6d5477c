import { describe, expect, test } from 'vitest';

/** Structure that the compiler cannot hold. Each complaint says where and what to do. */

const sources = import.meta.glob('../src/**/*.ts', { query: '?raw', import: 'default', eager: true });
const documents = import.meta.glob('../../../*.md', { query: '?raw', import: 'default', eager: true });
const everything = Object.keys(
  import.meta.glob(
    [
      '../../../{packages,docs,examples,bench,e2e,runtimes,scripts,worker}/**/*.{ts,md,mjs,json}',
      '!**/node_modules/**',
      '!**/dist/**',
    ],
    {
      query: '?raw',
      import: 'default',
      eager: false as true, // only the names are wanted
    },
  ),
)
  // A glob never finds the file it stands in.
  .concat('./tidy.test.ts')
  .map((path) => new URL(path, 'file:///packages/core/test/').pathname.slice(1));

interface SourceFile {
  /** Below src: `bytes/sse.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly target: string;
  readonly names: readonly string[];
  readonly line: number;
}

const files: readonly SourceFile[] = Object.entries(sources).map(([path, text]) => {
  const own = path.replace('../src/', '');
  return { path: own, text, imports: importsOf(own, text) };
});
const product = files.filter(({ path }) => !path.endsWith('.test.ts') && !path.startsWith('testing/'));
const byPath = new Map(files.map((file) => [file.path, file]));

/** Who may import whom; design section 7. A folder not named on the right is out of reach, type imports included. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  json: [],
  'recent-map': [],
  bytes: [],
  conversation: ['json'],
  models: ['conversation', 'json'],
  embeddings: ['dialects', 'conversation', 'bytes', 'json'],
  dialects: ['models', 'conversation', 'bytes', 'json'],
  auth: ['dialects', 'conversation', 'bytes', 'json'],
  ports: ['bytes', 'conversation', 'dialects', 'json'],
  keys: ['auth', 'ports', 'conversation', 'json'],
  limits: ['ports', 'recent-map', 'conversation', 'json'],
  budgets: ['limits', 'ports', 'models', 'conversation', 'json'],
  memory: ['ports', 'limits', 'recent-map', 'conversation', 'json'],
  providers: ['auth', 'dialects', 'embeddings', 'models', 'conversation', 'bytes', 'json'],
  translate: ['dialects', 'models', 'conversation', 'bytes', 'json'],
  gateway: [
    'translate',
    'providers',
    'auth',
    'dialects',
    'embeddings',
    'models',
    'conversation',
    'keys',
    'limits',
    'memory',
    'recent-map',
    'ports',
    'bytes',
    'json',
    'web',
  ],
  web: ['gateway', 'ports', 'conversation'],
  translators: ['translate', 'dialects', 'models', 'conversation', 'bytes', 'json'],
};

describe('tidy', () => {
  test('imports follow the arrows of the design', () => {
    const wrong = product.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => {
          const [from, to] = [folderOf(path), folderOf(target)];
          return from !== 'index' && from !== to && !arrows[from]?.includes(to);
        })
        .map(({ target, line }) => `src/${path}:${line} imports ${target}: move what it needs down, or hand it in.`),
    );
    expect(wrong).toEqual([]);
  });

  test('no dialect imports another', () => {
    const wrong = product.flatMap(({ path, imports }) => {
      const own = /^dialects\/([a-z-]+)\//.exec(path)?.[1];
      return imports
        .filter(({ target }) => {
          const other = /^dialects\/([a-z-]+)\//.exec(target)?.[1];
          return own !== undefined && other !== undefined && own !== other;
        })
        .map(({ target, line }) => `src/${path}:${line} imports ${target}: put what both need into dialects/.`);
    });
    expect(wrong).toEqual([]);
  });

  test('no import cycle, type imports included', () => {
    expect(cyclesIn(product)).toEqual([]);
  });

  test('nothing of Node in the core', () => {
    const forbidden = /(?:from\s+|import\()'node:|\bprocess\.|\bBuffer\b(?!\.\w+View)|\brequire\(|\b__dirname\b/;
    const wrong = files.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          forbidden.test(line.replace(/\/\/.*|^\s*\*.*/, ''))
            ? [`src/${path}:${index + 1} uses Node: use a Web standard, or a port.`]
            : [],
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('every dialect folder has the same files', () => {
    const required = [
      'index.ts', 'wire.ts', 'vocabulary.ts', 'decode-request.ts', 'encode-request.ts', 'reply.ts', 'decode-stream.ts',
      'encode-stream.ts', 'errors.ts', 'watch.ts', 'wire.test.ts',
    ]; // prettier-ignore
    const folders = new Set(
      product.map(({ path }) => /^dialects\/([a-z-]+)\//.exec(path)?.[1]).filter((name) => name !== undefined),
    );
    expect(folders.size).toBeGreaterThanOrEqual(4);
    const missing = [...folders].flatMap((folder) =>
      required
        .filter((name) => !byPath.has(`dialects/${folder}/${name}`))
        .map((name) => `src/dialects/${folder}/${name} is missing.`),
    );
    expect(missing).toEqual([]);
  });

  test('every file is reached from an entry', () => {
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { target } of byPath.get(path)?.imports ?? []) visit(target);
    };
    visit('index.ts');
    expect(product.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });

  test('no dead exports', () => {
    const used = new Set(
      files.flatMap(({ imports }) => imports.flatMap(({ target, names }) => names.map((name) => `${target}#${name}`))),
    );
    const dead = product
      .filter(({ path }) => path !== 'index.ts')
      .flatMap(({ path, text }) =>
        exportsOf(text)
          .filter((name) => !used.has(`${path}#${name}`) && !used.has(`${path}#*`))
          .map((name) => `src/${path}: nobody imports "${name}": drop the export.`),
      );
    expect(dead).toEqual([]);
  });

  test('no test is switched off or singled out, and nothing is left to do', () => {
    const marks = /\b(?:test|it|describe)\.(?:only|skip|todo)\b|\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b/;
    const wrong = files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (marks.test(line) ? [`src/${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  test('every path named in ARCHITECTURE.md exists', () => {
    const text = documents['../../../ARCHITECTURE.md'] ?? '';
    expect(text).not.toBe('');
    const named = [...text.matchAll(/`((?:packages|docs|examples|bench|e2e|runtimes|scripts|worker)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.length).toBeGreaterThan(10);
    const missing = named.filter(
      (path) => !everything.some((known) => known === path || known.startsWith(`${path.replace(/\/$/, '')}/`)),
    );
    expect(missing).toEqual([]);
  });
});

/** The first folder below src, or the file's own name at the top. */
function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.ts$/, '');
}

function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s+(?:type\s+)?([^;'"]*?)\s*from\s+'(\.[^']+)';/gm)) {
    const [, clause = '', specifier = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    found.push({ target: resolve(path, specifier), names: namesIn(clause), line });
  }
  return found;
}

function namesIn(clause: string): readonly string[] {
  if (clause.startsWith('*')) return ['*'];
  return clause
    .replace(/[{}]/g, '')
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((name) => name !== '');
}

function exportsOf(text: string): readonly string[] {
  const declared = [
    ...text.matchAll(
      /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|type|interface)\s+(\w+)/gm,
    ),
  ].map(([, name = '']) => name);
  return declared;
}

function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const piece of specifier.split('/')) {
    if (piece === '..') parts.pop();
    else if (piece !== '.') parts.push(piece);
  }
  return parts.join('/');
}

function cyclesIn(all: readonly SourceFile[]): readonly string[] {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const { target } of byPath.get(path)?.imports ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const { path } of all) visit(path, []);
  return cycles;
}
