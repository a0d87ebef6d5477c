import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { onTestFinished } from 'vitest';

export const accessKey = 'worker-access-key';

const folder = fileURLToPath(new URL('..', import.meta.url));

export interface Deployment {
  /** The very text that `pnpm deploycf` uploads. */
  readonly script: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
}

/** What wrangler would upload, put together by wrangler itself, short of uploading it. */
export function deployment(): Deployment {
  const out = mkdtempSync(join(tmpdir(), 'proxy-worker-'));
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', XDG_CONFIG_HOME: out, CI: 'true' };
  try {
    execFileSync('wrangler', ['deploy', '--dry-run', '--outdir', out], { cwd: folder, env, stdio: 'pipe' });
    const script = readFileSync(join(out, 'worker.js'), 'utf8');
    return { script, ...compatibility() };
  } finally {
    rmSync(out, { recursive: true });
  }
}

function compatibility() {
  const text = readFileSync(join(folder, 'wrangler.jsonc'), 'utf8');
  const date = /"compatibility_date": "([^"]+)"/.exec(text)?.[1] ?? '';
  const flags = /"compatibility_flags": (\[[^\]]*\])/.exec(text)?.[1] ?? '[]';
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) as string[] }; // a list of texts, as wrangler.jsonc's schema wants
}

/** The deployed text in workerd, on a socket, under these variables and secrets; `printed` is what its console has said so far. */
export async function running(
  deployed: Deployment,
  bindings: Readonly<Record<string, string | object>>,
): Promise<{ readonly url: string; readonly printed: () => string }> {
  let printed = '';
  const keep = (data: Buffer) => void (printed += data.toString());
  const worker = new Miniflare({
    modules: true,
    ...deployed,
    bindings: bindings as Record<string, string>, // objects are JSON variables
    port: 0,
    handleRuntimeStdio: (out: Readable, errors: Readable) =>
      void [out, errors].map((stream) => stream.on('data', keep)),
  });
  onTestFinished(() => worker.dispose());
  return { url: (await worker.ready).origin, printed: () => printed };
}

export interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
  /** Settles when the connection has closed before the answer ended. */
  readonly cut: Promise<void>;
}

/** An upstream on this machine's own socket. */
export async function upstream(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    const cut = new Promise<void>((resolve) => {
      response.on('close', () => void (response.writableFinished || resolve()));
    });
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Seen['body']; // the tests look at it
      const one = { url: request.url ?? '', headers: request.headers, body, cut };
      seen.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server on a host and port has such an address
  return { url: `http://127.0.0.1:${port}`, seen };
}
