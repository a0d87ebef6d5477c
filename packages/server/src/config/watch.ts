import { readFileSync, unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** Editors and container mounts tell of a change in several steps: what stays the same for so long has come to rest. */
const settleMs = 300;
/** Network folders, and what a virtual machine mounts of its host, tell nothing: they are looked at from time to time. */
const pollMs = 1500;

/**
 * Calls `changed` when the file's content is another and has come to rest. Survives files that are replaced by rename,
 * swapped symbolic links, and files that are written in pieces. Returns what stops it.
 */
export function watchContent(path: string, changed: () => void): () => void {
  let known = contentOf(path);
  let timer: NodeJS.Timeout | undefined;
  let seen: string | undefined;

  /** Waits until two looks in a row show the same new content. */
  function look(): void {
    timer = undefined;
    const content = contentOf(path);
    // An empty or missing file is one that is just being written.
    if (content === undefined || content.trim() === '' || content === known) return;
    if (content !== seen) {
      seen = content;
      return soon();
    }
    known = content;
    seen = undefined;
    changed();
  }
  // Not put off by the next event: a log or a database in the same folder may change at any moment.
  function soon(): void {
    timer ??= setTimeout(look, settleMs);
  }

  // The folder, not the file: a watch on a file stays with the old one after a rename.
  const folder = watch(dirname(path), { persistent: false }, soon);
  folder.on('error', () => undefined); // polling goes on
  const file = watchedAlone(path, soon);
  watchFile(path, { interval: pollMs, persistent: false }, soon);
  return () => {
    clearTimeout(timer);
    folder.close();
    file?.close();
    unwatchFile(path, soon);
  };
}

/** The file as well: a folder hears nothing of one that is mounted into it by itself, and such a file is never another. */
function watchedAlone(path: string, changed: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, changed).on('error', () => undefined);
  } catch {
    // There is none yet.
    return undefined;
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
