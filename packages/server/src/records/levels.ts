/** Things by labels: found without making a text of all of them, as a key would have to be. */
export interface Levels<Thing> {
  /** One value for each label, in their order; the thing is made when it is not there. */
  of(...values: readonly string[]): Thing;
  all(): readonly Thing[];
}

/** A level for each label: its values lead to the next label's, and the last label's to a thing. */
interface Level<Thing extends object> extends Map<string, Level<Thing> | Thing> {}

export function levels<Label extends string, Thing extends object>(
  names: readonly Label[],
  make: (labels: Readonly<Record<Label, string>>) => Thing,
): Levels<Thing> {
  const root: Level<Thing> = new Map();
  const things: Thing[] = [];

  function newThing(values: readonly string[]): Thing {
    const labels = Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
    const thing = make(labels as Record<Label, string>); // of these names
    things.push(thing);
    return thing;
  }

  return {
    of(...values) {
      let level = root;
      const last = names.length - 1;
      for (let depth = 0; depth < last; depth += 1) {
        const value = values[depth] ?? '';
        let next = level.get(value) as Level<Thing> | undefined; // not the last
        if (!next) level.set(value, (next = new Map()));
        level = next;
      }
      const value = values[last] ?? '';
      let thing = level.get(value) as Thing | undefined;
      if (!thing) level.set(value, (thing = newThing(values)));
      return thing;
    },
    all: () => things,
  };
}
