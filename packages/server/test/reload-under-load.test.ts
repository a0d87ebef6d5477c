import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, start, until } from './support.ts';

const edits = 100;
const callers = 6;

/** Every third edit is broken in one of the ways in which people break files. */
const broken = [
  (model: string) => `upstreams: [{ name: a, provider: demmo, models: [steady, ${model}] }]\n`,
  (model: string) => `upstreams: [{ name: a, provider: demo, models: [steady, ${model}]\n`,
  (model: string) => `upstream: [{ name: a, provider: demo, models: [${model}] }]\n`,
  (model: string) => `routes: [{ model: ${model}, targets: [nowhere/${model}] }]\n`,
];

const whole = (model: string) => `upstreams: [{ name: a, provider: demo, models: [steady, ${model}] }]\n`;

test('D22 a hundred edits under load, a third of them broken: no request fails, and each time the right configuration holds', async () => {
  const cwd = folder({ 'proxy.config.yaml': whole('first') });
  const path = join(cwd, 'proxy.config.yaml');
  const server = await start({ cwd });
  const load = keepAsking(server.url);
  let current = 'first';

  for (let edit = 0; edit < edits; edit += 1) {
    const model = `edit-${edit}`;
    const wrong = edit % 3 === 2 ? broken[edit % broken.length] : undefined;
    const answeredBefore = load.answered();
    const lines = server.log.lines.length;
    write(path, (wrong ?? whole)(model), edit % 2 === 0);
    const told = () => server.log.lines.slice(lines).join('').includes('cannot be used');
    // The watch is waited for now and then; SIGHUP and the reload endpoint call this.
    if (edit % 10 === 0)
      await until(`edit ${edit} is noticed`, wrong ? told : () => modelOf(server.config()) === model);
    else expect(server.reload(), `edit ${edit}`).toBe(!wrong);
    expect(told(), `edit ${edit} told`).toBe(wrong !== undefined);
    if (!wrong) current = model;
    expect(await modelsAt(server.url)).toEqual(['steady', current]);
    await until('requests go on', () => load.answered() > answeredBefore);
  }

  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(edits);
}, 120_000);

/** As editors do it: in place, or as a new file with the old one's name. */
function write(path: string, text: string, inPlace: boolean): void {
  if (inPlace) return writeFileSync(path, text);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function modelOf({ upstreams }: { readonly upstreams: readonly { readonly models?: unknown }[] }): unknown {
  return (upstreams[0]?.models as readonly string[] | undefined)?.[1]; // the files of this test list them
}

async function modelsAt(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v1/models`);
  const { data } = (await answer.json()) as { data: readonly { id: string }[] };
  return data.map(({ id }) => id);
}

/** Callers that ask one after another, whole and streamed by turns, until they are stopped. */
function keepAsking(url: string) {
  const failures: string[] = [];
  let answered = 0;
  const stopped = new AbortController();

  async function ask(stream: boolean): Promise<void> {
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'steady',
        max_tokens: 50,
        stream,
        messages: [{ role: 'user', content: 'Say yes' }],
      }),
    });
    const text = await answer.text();
    const complete = stream ? text.includes('event: message_stop') : text.includes('"stop_reason":"end_turn"');
    if (answer.status !== 200 || !complete) failures.push(`${answer.status} ${text.slice(0, 200)}`);
    answered += 1;
  }

  const running = Array.from({ length: callers }, async (_, caller) => {
    for (let turn = caller; !stopped.signal.aborted; turn += 1)
      await ask(turn % 2 === 0).catch((error: unknown) => failures.push(String(error)));
  });
  return {
    answered: () => answered,
    async stop() {
      stopped.abort();
      await Promise.all(running);
      return { failures, answered };
    },
  };
}
