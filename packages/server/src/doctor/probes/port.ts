import { createServer } from 'node:net';
import { addressOf } from '../../config/address.ts';
import type { Config } from '../../config/config.ts';
import { isOurs } from '../../is-ours.ts';
import { found, type Finding } from '../faults.ts';

/** Whether the server could listen. Where it runs already, it does. */
export async function probePort({ server: { host, port } }: Pick<Config, 'server'>): Promise<readonly Finding[]> {
  const subject = `${host}:${port}`;
  switch (await codeOfListening(host, port)) {
    case undefined:
      return [];
    case 'EADDRINUSE':
      if (await isOurs(addressOf(host, port))) return [];
      return [found('port-in-use', subject, `Another program listens on port ${port}.`)];
    case 'EACCES':
      return [found('port-not-allowed', subject, `This user may not listen on port ${port}.`)];
    default:
      return [found('host-unknown', subject, `This machine cannot listen on ${host}.`)];
  }
}

function codeOfListening(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen(port, host, () => void server.close(() => resolve(undefined)));
  });
}
