import { stdout } from 'node:process';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Flags } from '../config/resolve.ts';
import { examine, type Report } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/faults.ts';

export interface DoctorFlags extends Flags {
  readonly upstream?: string;
  readonly calls: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `proxy doctor`: what is wrong with this set-up, each fault with its mend. Exit code 1 when there is one. */
export async function doctor({ upstream, calls, timeout, json, ...flags }: DoctorFlags): Promise<void> {
  const report = await examine({
    cwd: process.cwd(),
    env: process.env,
    flags,
    calls,
    timeoutMs: timeout * 1000,
    ...(upstream !== undefined && { upstream }),
  });
  stdout.write(`${json ? JSON.stringify(report, null, 2) : forPeople(report)}\n`);
  if (report.findings.some(({ severity }) => severity === 'fault')) process.exitCode = 1;
}

function forPeople({ checks, findings }: Report): string {
  const seen = checks.map(
    ({ subject, what, ok }) => `${ok ? styleText('green', '✔') : styleText('red', '✘')} ${subject}: ${what}`,
  );
  if (findings.length === 0) return [...seen, styleText('green', 'No fault was found.')].join('\n');
  const table = new Table({
    head: ['fault', 'where', 'seen', 'mend'],
    colWidths: [...widths],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const finding of [...findings].sort(faultsFirst)) table.push(rowOf(finding));
  return [...seen, table.toString(), countOf(findings)].join('\n');
}

const widths = [28, 24, 40, 48] as const;

function rowOf({ id, severity, subject, seen, mend }: Finding): string[] {
  return [styleText(severity === 'fault' ? 'red' : 'yellow', id), subject, seen, mend];
}

function faultsFirst(a: Finding, b: Finding): number {
  return Number(a.severity === 'warning') - Number(b.severity === 'warning');
}

function countOf(findings: readonly Finding[]): string {
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  return `${faults} fault${faults === 1 ? '' : 's'}, ${findings.length - faults} to look at.`;
}
