import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Attempt, Candidate, Explanation, LimitTouched } from './explain.ts';

/** For people at a terminal: a paragraph a question, in the order in which it is asked. */
export function explanationText(explanation: Explanation): string {
  const { candidates } = explanation.routing;
  return [
    head(explanation),
    section('Asked', asked(explanation)),
    section('Chosen', chosen(explanation)),
    candidates.length > 0 ? candidateTable(candidates) : undefined,
    section('Attempts', explanation.attempts.map(attemptLine), 'None: no upstream was asked.'),
    section('Limits touched', explanation.limits.map(limitLine)),
    section(
      'Notices',
      explanation.notices.map(({ type, field, detail }) => [type, field, detail].filter(Boolean).join(' ')),
    ),
    section('Cost', costLines(explanation)),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

function head({ requestId, startedAt, outcome }: Explanation): string {
  const { status, durationMs, firstByteMs, failure } = outcome;
  const first = firstByteMs === undefined ? '' : `, first byte after ${Math.round(firstByteMs)} ms`;
  const word = failure
    ? styleText('red', `${status} ${failure.kind}: ${failure.message}`)
    : styleText('green', String(status));
  return `${styleText('bold', requestId)}  ${startedAt}\n${word}, ${Math.round(durationMs)} ms${first}`;
}

function section(title: string, lines: readonly string[], otherwise?: string): string | undefined {
  if (lines.length === 0 && otherwise === undefined) return undefined;
  return [styleText('bold', title), ...(lines.length > 0 ? lines : [otherwise]).map((line) => `  ${line}`)].join('\n');
}

function asked({
  asked: { caller, user, address, dialect, operation, path, door, model, streaming },
}: Explanation): string[] {
  const what = [dialect, operation, streaming ? 'streamed' : undefined].filter(Boolean).join(', ');
  const who = [caller ?? 'nobody known', user && `of ${user}`, address && `from ${address}`].filter(Boolean).join(' ');
  return [
    [model ?? 'no model', what && `(${what})`, path && `at ${path}`, door && `by the door "${door}"`]
      .filter(Boolean)
      .join(' '),
    `by ${who}`,
  ];
}

function chosen({ outcome, routing }: Explanation): string[] {
  const { servedBy, way } = outcome;
  const { route, strategy, affinity } = routing;
  const ways = { relay: 'passed through', convert: 'translated' } as const;
  return [
    servedBy === undefined ? 'no upstream' : `${servedBy}${way ? `, ${ways[way]}` : ''}`,
    ...(route === undefined ? [] : [`by the route "${route}"${strategy === undefined ? '' : ` (${strategy})`}`]),
    ...(affinity === undefined ? [] : [`for its session, told by ${affinity}`]),
  ];
}

function candidateTable(candidates: readonly Candidate[]): string {
  const table = new Table({
    head: ['candidate', 'key', 'strategy', 'numbers', 'so'],
    style: { head: [], border: [] },
  });
  for (const { upstream, model, credential, strategy, scores, branchScores, ...fate } of candidates)
    table.push([`${upstream}/${model}`, credential, strategy, numbers({ ...branchScores, ...scores }), fateOf(fate)]);
  return table.toString();
}

function numbers(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join('\n');
}

function fateOf({
  skipped,
  reason,
  restsUntil,
  attempt,
}: Pick<Candidate, 'skipped' | 'reason' | 'restsUntil' | 'attempt'>) {
  const until = restsUntil === undefined ? '' : ` until ${restsUntil}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  const left = skipped === undefined ? '' : `${skipped}${until}${why}`;
  if (attempt !== undefined) return left === '' ? `attempt ${attempt}` : `attempt ${attempt}, though ${left}`;
  return left === '' ? 'not needed' : left;
}

function attemptLine(attempt: Attempt, index: number): string {
  const { upstream, model, credential, status, afterMs, durationMs, failure, message, restsUntil, removed } = attempt;
  const place = [upstream, model].filter((part) => part !== '').join('/');
  const told = status === 0 ? 'not sent,' : String(status);
  const what = failure === undefined ? told : `${told} ${failure}: ${message ?? ''}`;
  const rest = restsUntil === undefined ? '' : `; the key rests until ${restsUntil}`;
  const gone = removed ? '; the key left the pool' : '';
  return `${index + 1}. at ${Math.round(afterMs)} ms, for ${Math.round(durationMs)} ms: ${place} with ${credential}: ${what}${rest}${gone}`;
}

function limitLine({ budget, of, amount, refillsAt, estimated }: LimitTouched): string {
  const much = of === 'usd' ? dollars(amount / 1e9) : `${amount.toLocaleString('en-US')} ${of}`;
  const filled = refillsAt === undefined ? '' : `, filled again at ${refillsAt}`;
  return `${budget}: ${much}${estimated ? ' (estimated)' : ''}${filled}`;
}

function costLines({ cost }: Explanation): string[] {
  if (!cost) return [];
  const lines = cost.lines.map(({ kind, sum, usd }) => `${kind}: ${sum} = ${dollars(usd)}`);
  const unpriced = cost.unpriced.map((kind) => `${kind}: no price is known, so it is not in the sum`);
  return [...lines, ...unpriced, styleText('bold', dollars(cost.usd))];
}

/** Never as 6e-8. */
function dollars(usd: number): string {
  return `$${usd.toLocaleString('en-US', { maximumFractionDigits: 12, useGrouping: false })}`;
}
