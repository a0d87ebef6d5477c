// node restart-on-change.mjs --watch <folder or file>… -- <program> [args…]: runs a program, and again whenever something changed that it
// is made of. A program that ended by itself waits for the next change. Plain JavaScript, no dependencies.
import { spawn } from 'node:child_process';
import { existsSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write a file in several steps. */
const settleMs = 200;

const words = process.argv.slice(2);
const program = words.slice(words.indexOf('--') + 1);
const watched = words.slice(0, words.indexOf('--')).filter((word) => word !== '--watch');

let child = start();
let timer;
let stopping = false;

for (const path of watched) {
  if (existsSync(path) && statSync(path).isDirectory()) watch(path, { recursive: true }, changed);
  // Its folder: a watch on a file stays with the old one when an editor replaces it, and finds none that is still to come.
  else watch(dirname(path), (_event, name) => name === basename(path) && changed());
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    if (signal !== 'SIGHUP') stopping = true;
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    else if (stopping) process.exit(0);
  });

function start() {
  const [command, ...args] = program;
  const started = spawn(command, args, { stdio: 'inherit' });
  started.on('exit', (code) => {
    if (stopping) process.exit(code ?? 0);
    if (code !== null && started === child) console.log(`It ended with ${code}. Waiting for a change.`);
  });
  return started;
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(restart, settleMs);
}

function restart() {
  const old = child;
  const again = () => {
    if (stopping) return;
    console.log('Something changed: starting again.');
    child = start();
  };
  if (old.exitCode !== null || old.signalCode !== null) return again();
  old.once('exit', again);
  old.kill('SIGTERM');
}
