import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const dayMs = 24 * 60 * 60_000;

/**
 * Appends texts to `<folder>/<YYYY-MM-DD><ending>`, by the day (UTC) of each. The folder is made when it is missing. Files of days
 * more than `days` ago are removed; absent: none is.
 */
export function dayFiles(folder: string, ending: string, days?: number) {
  let sweptOn = '';
  return async (lines: readonly { readonly at: number; readonly text: string }[]): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const byDay = Map.groupBy(lines, ({ at }) => dayOf(at));
    for (const [day, some] of byDay)
      await appendFile(join(folder, day + ending), some.map(({ text }) => `${text}\n`).join(''), { mode: 0o600 });
    const today = dayOf(Date.now());
    if (days === undefined || today === sweptOn) return;
    sweptOn = today;
    await removeBefore(dayOf(Date.now() - days * dayMs), folder, ending);
  };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

async function removeBefore(day: string, folder: string, ending: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^\d{4}-\d{2}-\d{2}$/.test(name.slice(0, 10)) && name.slice(10) === ending && name.slice(0, 10) < day)
      await rm(join(folder, name), { force: true });
}
