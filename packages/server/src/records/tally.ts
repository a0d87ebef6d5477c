/** Sums by labels, until somebody reads them. A counter of prom-client makes a text of all its labels at each count. */
export interface Tally<Label extends string> {
  add(labels: Labels<Label>, amount?: number): void;
  /** What came since the last time. */
  drain(): readonly Sum<Label>[];
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

interface Sum<Label extends string> {
  readonly labels: Labels<Label>;
  readonly sum: number;
}

/** A level for each label: its values lead to the next label's, and the last label's to a sum. */
interface Level<Label extends string> extends Map<string, Level<Label> | Mutable<Sum<Label>>> {}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createTally<Label extends string>(names: readonly Label[]): Tally<Label> {
  const root: Level<Label> = new Map();
  const sums: Mutable<Sum<Label>>[] = [];

  function newSum(labels: Labels<Label>): Mutable<Sum<Label>> {
    const sum = { labels, sum: 0 };
    sums.push(sum);
    return sum;
  }

  return {
    add(labels, amount = 1) {
      let at: Level<Label> | Mutable<Sum<Label>> = root;
      for (let depth = 0; at instanceof Map; depth += 1) {
        const name = names[depth] as Label; // there are as many levels as names
        const value = labels[name];
        let next = at.get(value);
        if (!next) at.set(value, (next = depth + 1 === names.length ? newSum(labels) : new Map()));
        at = next;
      }
      at.sum += amount;
    },
    drain() {
      const counted = sums.filter(({ sum }) => sum > 0).map((each) => ({ ...each }));
      for (const each of sums) each.sum = 0;
      return counted;
    },
  };
}
